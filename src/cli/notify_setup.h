/* SPDX-License-Identifier: Apache-2.0
 *
 * From `notify:` of the configuration to targets of messages (src/notify) and to the output of watch that
 * uses them.
 */
#pragma once

#include "cli/cli.h"
#include "notify/notify.h"

/* All targets, sorted by name, in cli->arena. */
int plm_cli_notify_targets(struct plm_cli *cli, struct plm_notify_target **out, size_t *out_n, plm_err **err);
/* The one of that name; NULL: CONFIG notify.unknown with the names that there are. */
const struct plm_notify_target *plm_cli_notify_find(const struct plm_notify_target *targets, size_t n,
                                                    plm_sv name, plm_err **err);
/* Kinds, keys and secrets of all targets. CONFIG with the place. */
int plm_cli_notify_check(struct plm_cli *cli, plm_err **err);

/* The sink `notify` of watch for these names ("all": every target), with the queue on disk of --notify-dir.
 * n 0: those of --notify; *out is NULL where none is named. */
struct plm_sink;
int plm_cli_notify_sink(struct plm_cli *cli, const plm_sv *names, size_t n, struct plm_sink **out,
                        plm_err **err);
