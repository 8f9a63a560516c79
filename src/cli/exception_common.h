/* SPDX-License-Identifier: Apache-2.0
 *
 * What the `exception` commands share: which files, and a saved report to hold them against.
 */
#pragma once

#include "cli/cli.h"
#include "match/match.h"

/* The file that `add` and `import` write: the only one of --exceptions, else exceptions.yaml. NULL with
 * USAGE where several are named. */
const char *plm_exception_file(struct plm_cli *cli, plm_err **err);
/* The files of --exceptions, else exceptions.yaml where it is there; NUL-terminated. */
int plm_exception_files(struct plm_cli *cli, plm_sv_vec *out, plm_err **err);
/* A report that -o json wrote; "-": standard input. */
struct plm_report *plm_exception_report(struct plm_cli *cli, const char *path, plm_err **err);
/* Whole text of the file; empty where it does not exist. */
int plm_exception_text(const char *path, struct plm_buf *out, plm_err **err);
/* Adds rows to the file, atomically; its mode stays. */
int plm_exception_write(struct plm_cli *cli, const char *path, const struct plm_exception *rows, size_t n,
                        plm_err **err);
/* "90d", "2026-12-31" or "never" as the last day of x. USAGE on anything else and on days that are over. */
int plm_exception_until(struct plm_cli *cli, plm_sv text, struct plm_exception *x, plm_err **err);
/* The conditions on one line: "purl=pkg:deb/debian/curl image=app:*"; "everywhere" where there is none. */
plm_sv plm_exception_where(struct plm_arena *a, const struct plm_exception *x);
