/* SPDX-License-Identifier: Apache-2.0
 *
 * Files of the `exception` commands.
 */
#include "cli/exception_common.h"

#include "base/fs.h"
#include "base/time.h"

#define USUAL_FILE "exceptions.yaml"
#define FILE_MAX   PLM_MIB(8)

const char *plm_exception_file(struct plm_cli *cli, plm_err **err)
{
    const plm_sv *list;
    size_t n = plm_config_list(cli->config, "exceptions", &list);
    if (n > 1)
        return PLM_NULL(plm_fail(err, PLM_E_USAGE, "--exceptions: name the one file to write"));
    return n ? list[0].p : USUAL_FILE;
}

int plm_exception_files(struct plm_cli *cli, plm_sv_vec *out, plm_err **err)
{
    const plm_sv *list;
    size_t n = plm_config_list(cli->config, "exceptions", &list);
    for (size_t i = 0; i < n; i++)
        plm_sv_vec_add(cli->arena, out, list[i]);
    if (!n && access(USUAL_FILE, F_OK) == 0)
        plm_sv_vec_add(cli->arena, out, PLM_SV(USUAL_FILE));
    if (plm_arena_check(cli->arena, err) < 0)
        return -1;
    if (out->n)
        return 0;
    int rc = plm_fail(err, PLM_E_USAGE, "%s: there is no file of exceptions", cli->command->name);
    plm_err_hint(err, "--exceptions FILE, or plimsoll exception add to begin " USUAL_FILE);
    return rc;
}

struct plm_report *plm_exception_report(struct plm_cli *cli, const char *path, plm_err **err)
{
    size_t max = (size_t)cli->ctx.limits->json_bytes;
    plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(max);
    int rc = strcmp(path, "-") == 0 ? plm_fs_read_fd(STDIN_FILENO, "standard input", max, &b, err)
                                    : plm_fs_read(path, max, &b, err);
    if (rc < 0)
        return NULL;
    struct plm_report *r = plm_report_read(&cli->ctx, plm_buf_sv(&b), path, err);
    if (!r)
        plm_err_hint(err, "name a report that scan -o json=FILE wrote");
    return r;
}

int plm_exception_text(const char *path, struct plm_buf *out, plm_err **err)
{
    plm_err *e = NULL;
    if (plm_fs_read(path, FILE_MAX, out, &e) == 0)
        return 0;
    if (plm_err_code(e) != PLM_E_NOTFOUND)
        return plm_err_move(err, &e);
    plm_err_free(e);
    return 0;
}

int plm_exception_write(struct plm_cli *cli, const char *path, const struct plm_exception *rows, size_t n,
                        plm_err **err)
{
    plm_auto_done(plm_buf_done) struct plm_buf old = PLM_BUF(FILE_MAX), text = PLM_BUF(FILE_MAX);
    struct stat st;
    mode_t mode = stat(path, &st) == 0 ? st.st_mode & 0777 : 0644;
    if (plm_exception_text(path, &old, err) < 0)
        return -1;
    if (plm_exceptions_format(&cli->ctx, path, plm_buf_sv(&old))) {
        int rc = plm_fail(err, PLM_E_USAGE, "%s: that is another tool's file", path);
        plm_err_hint(err, "plimsoll exception import %s --exceptions " USUAL_FILE, path);
        return rc;
    }
    if (plm_exceptions_append(&cli->ctx, plm_buf_sv(&old), path, rows, n, &text, err) < 0)
        return -1;
    return plm_fs_write_atomic(path, plm_buf_sv(&text), mode, err);
}

int plm_exception_until(struct plm_cli *cli, plm_sv text, struct plm_exception *x, plm_err **err)
{
    enum { DAY = 86400 };
    int64_t now = plm_now(&cli->ctx), day;
    uint64_t ms;
    if (plm_sv_is(text, "never"))
        return 0;
    if (text.n == 10 && plm_time_parse(text, &day)) {
        x->until = day + DAY - 1;
    } else if (plm_duration_parse(text, &ms) && ms != UINT64_MAX && ms / 1000 < (uint64_t)100 * 366 * DAY) {
        x->until = (now + (int64_t)(ms / 1000)) / DAY * DAY + DAY - 1;
    } else {
        int rc = plm_fail(err, PLM_E_USAGE, "--until %.*s: not a date", PLM_SV_ARG(text));
        plm_err_hint(err, "its last day (2026-12-31), how long (90d), or never");
        return rc;
    }
    if (x->until < now)
        return plm_fail(err, PLM_E_USAGE, "--until %.*s: that day is over", PLM_SV_ARG(text));
    plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(32);
    plm_time_put_date(&b, x->until);
    x->until_text = plm_arena_sv(cli->arena, plm_buf_sv(&b));
    return plm_arena_check(cli->arena, err);
}

plm_sv plm_exception_where(struct plm_arena *a, const struct plm_exception *x)
{
    const struct {
        const char *key;
        plm_sv value;
    } rows[] = {{"purl", x->purl},   {"image", x->image}, {"path", x->path},
                {"layer", x->layer}, {"check", x->check}, {"object", x->object}};
    plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(PLM_MIB(1));
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        if (rows[i].value.n)
            plm_buf_printf(&b, "%s%s=%.*s", b.n ? " " : "", rows[i].key, PLM_SV_ARG(rows[i].value));
    if (x->kind >= 0)
        plm_buf_printf(&b, "%skind=%s", b.n ? " " : "", plm_kind_name((enum plm_kind)x->kind));
    if (x->at_line)
        plm_buf_printf(&b, "%sline=%u", b.n ? " " : "", x->at_line);
    if (x->base >= 0)
        plm_buf_printf(&b, "%sbase=%s", b.n ? " " : "", x->base ? "true" : "false");
    return b.n ? plm_arena_sv(a, plm_buf_sv(&b)) : PLM_SV("everywhere");
}
