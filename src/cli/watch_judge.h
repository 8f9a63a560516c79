/* SPDX-License-Identifier: Apache-2.0
 *
 * --fail-on and exceptions for the commands of `watch`.
 */
#pragma once

#include "cli/cli.h"

struct plm_gate;
struct plm_exceptions;

/* Reads both; *out_exceptions stays as it is where there are none. USAGE, CONFIG. */
int plm_watch_judge_read(struct plm_cli *cli, struct plm_gate **out_gates, size_t *out_n,
                         struct plm_exceptions **out_exceptions, plm_err **err);
/* Finishes the report and sets its verdict. */
int plm_watch_judge(struct plm_cli *cli, struct plm_report *r, const struct plm_gate *gates, size_t n,
                    struct plm_exceptions *exceptions, plm_err **err);
void plm_watch_judge_done(struct plm_exceptions *exceptions);
