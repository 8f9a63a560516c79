/* SPDX-License-Identifier: Apache-2.0
 *
 * Shared by the `db` commands.
 */
#include "cli/db_common.h"

#include "base/text.h"
#include "base/time.h"

const char *plm_cli_value(struct plm_cli *cli, const char *option)
{
    plm_sv v = plm_config_text(cli->config, option);
    return v.n ? plm_arena_cstr(cli->arena, v) : NULL;
}

const char *plm_cli_db_path(struct plm_cli *cli, plm_err **err)
{
    const char *given = plm_cli_value(cli, "db");
    if (given)
        return given;
    plm_auto_free char *path = plm_db_default_path(&cli->ctx);
    if (!path) {
        (void)!plm_fail_id(err, PLM_E_CONFIG, "config.no-cache",
                           "no place for the vulnerability store is known");
        plm_err_hint(err, "give --db FILE or --cache-dir DIR, or set HOME");
        return NULL;
    }
    const char *kept = plm_arena_cstr(cli->arena, plm_sv_from(path));
    if (!kept)
        (void)!plm_arena_check(cli->arena, err);
    return kept;
}

struct plm_db *plm_cli_db_open(struct plm_cli *cli, plm_err **err)
{
    const char *path = plm_cli_db_path(cli, err);
    if (!path)
        return NULL;
    plm_err *cause = NULL;
    struct plm_db *db = plm_db_open(path, &cause);
    if (!db && plm_err_code(cause) == PLM_E_NOTFOUND) {
        plm_err_free(cause);
        (void)!plm_fail_id(err, PLM_E_STALE, "db.missing", "%s: there are no vulnerability data", path);
        plm_err_hint(err, "plimsoll db update, or db import FILE where there is no network");
        return NULL;
    }
    if (!db)
        (void)!plm_err_move(err, &cause);
    return db;
}

int plm_cli_db_sources(struct plm_cli *cli, bool with_default, plm_db_sources *out, plm_err **err)
{
    const plm_sv *list;
    size_t n = plm_config_list(cli->config, "feed", &list);
    for (size_t i = 0; i < n; i++)
        if (plm_db_source_parse(list[i], cli->arena, out, err) < 0)
            return -1;
    if (n == 0 && with_default && plm_db_sources_default(&cli->ctx, cli->arena, out, err) < 0)
        return -1;
    return plm_db_sources_name(cli->arena, out, err);
}

plm_sv plm_cli_date(struct plm_arena *a, int64_t t)
{
    plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(64);
    if (t <= 0)
        return PLM_SV("-");
    plm_time_put_date(&b, t);
    return plm_arena_sv(a, plm_buf_sv(&b));
}

plm_sv plm_cli_count(struct plm_arena *a, uint64_t n)
{
    return plm_arena_printf(a, "%llu", (unsigned long long)n);
}

void plm_cli_table_put(struct plm_buf *out, const struct plm_cli_table *t, const char *right_aligned)
{
    for (size_t row = 0; row * t->columns < t->cells.n; row++) {
        for (size_t c = 0; c < t->columns; c++) {
            size_t width = 0;
            for (size_t i = c; i < t->cells.n; i += t->columns) {
                size_t w = plm_text_width(t->cells.v[i]);
                width = w > width ? w : width;
            }
            plm_sv cell = t->cells.v[row * t->columns + c];
            size_t own = plm_text_width(cell), pad = width > own ? width - own : 0;
            bool is_right = right_aligned[c] == '1', is_last = c + 1 == t->columns;
            if (is_right)
                plm_buf_printf(out, "%*s", (int)pad, "");
            plm_text_escape(out, cell);
            if (!is_last)
                plm_buf_printf(out, "%*s", (int)(is_right ? 2 : pad + 2), "");
        }
        plm_buf_byte(out, '\n');
    }
}
