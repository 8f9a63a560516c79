/* SPDX-License-Identifier: Apache-2.0
 *
 * plimsoll watch check as a function, for `watch -V FILE` too.
 */
#pragma once

#include "cli/cli.h"

/* Loads the files (and directories) in order, prints what falco -V would. Exit code 1 when one is invalid. */
int plm_cli_watch_check(struct plm_cli *cli, const plm_sv *files, size_t n, bool as_json, plm_err **err);
