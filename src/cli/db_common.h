/* SPDX-License-Identifier: Apache-2.0
 *
 * What the `db` commands share: where the store is, which feeds, and plain tables.
 */
#pragma once

#include "base/buf.h"
#include "cli/cli.h"
#include "vulndb/vulndb.h"

/* --db, else the default place; in the arena. CONFIG where there is neither. */
const char *plm_cli_db_path(struct plm_cli *cli, plm_err **err);
/* Opens it; STALE "db.missing" with a hint where there is none. */
struct plm_db *plm_cli_db_open(struct plm_cli *cli, plm_err **err);
/* Feeds of --feed and db.feeds; with_default: those of feeds/default.yaml where none are named. */
int plm_cli_db_sources(struct plm_cli *cli, bool with_default, plm_db_sources *out, plm_err **err);
/* One value of an option as a C string, or NULL. */
const char *plm_cli_value(struct plm_cli *cli, const char *option);

/* A table of texts: rows of n cells, the last one not padded. Cells are escaped when printed. */
struct plm_cli_table {
    size_t columns;
    plm_sv_vec cells;
};
void plm_cli_table_put(struct plm_buf *out, const struct plm_cli_table *t, const char *right_aligned);
/* "2026-11-24" or "-". */
plm_sv plm_cli_date(struct plm_arena *a, int64_t t);
plm_sv plm_cli_count(struct plm_arena *a, uint64_t n);
