/* SPDX-License-Identifier: Apache-2.0
 *
 * Pure parsers of what a daemon was told: dockerd's argument grammar, daemon.json, systemd units.
 * Private to src/audit; the readers that open the files are collect_daemons.c and collect_units.c.
 */
#pragma once

#include "audit/facts.h"

/* The words of /proc/PID/cmdline (NUL-separated) as rows of d->settings. A word that the grammar refuses ends
 * the reading with PARSE: dockerd would not have started with it, so something else is running. */
int plm_settings_argv(struct plm_daemon *d, plm_sv cmdline, plm_sv where, struct plm_arena *a, plm_err **err);
/* The members of a parsed daemon.json as rows; keys that dockerd does not know are kept under their own name.
 * PARSE where the document is no object. */
int plm_settings_json(struct plm_daemon *d, yyjson_val *root, plm_sv where, struct plm_arena *a,
                      plm_err **err);
/* A row unless it is there already (defaults of the environment). */
bool plm_settings_add(struct plm_daemon *d, struct plm_arena *a, plm_sv name, plm_sv value,
                      enum plm_setting_origin origin, plm_sv where);
/* Whether dockerd of any version knows a member of daemon.json by that name. */
bool plm_settings_is_known(plm_sv name);

/* A unit file or drop-in: its rows are appended to out->settings. LIMIT beyond a million settings. */
int plm_unit_parse(plm_sv text, plm_sv path, struct plm_arena *a, struct plm_unit *out, plm_err **err);
