/* SPDX-License-Identifier: Apache-2.0
 *
 * Results: what -o asks for, where it goes, and the end of a run that made a report.
 *
 * Files are replaced atomically; what is no regular file (a FIFO, /dev/null, a symbolic link such as
 * /dev/stdout) is written in place, because renaming over it would destroy it.
 */
#include "base/fs.h"
#include "base/progress.h"
#include "base/text.h"
#include "base/time.h"
#include "cli/cli.h"

#include <fcntl.h>

#define OUTPUT_MAX   PLM_MIB(2048)
#define TEMPLATE_MAX PLM_MIB(1)

int plm_cli_print(plm_sv text, plm_err **err)
{
    plm_err *e = NULL;
    if (plm_fs_write_all(STDOUT_FILENO, text.p, text.n, &e) == 0)
        return 0;
    if (e && e->sys == EPIPE) {
        plm_err_free(e);
        return 0;
    }
    return plm_err_move(err, &e), plm_wrap(err, "standard output");
}

/* ---- -o -------------------------------------------------------------------------------------- */

static int fail_format(plm_sv name, plm_err **err)
{
    int rc = plm_fail_id(err, PLM_E_USAGE, "usage.format", "-o %.*s: no such format", PLM_SV_ARG(name));
    const struct plm_format *best = NULL;
    size_t best_d = 1 + name.n / 3;
    PLM_SET_FOREACH (plm_formats, struct plm_format, f) {
        size_t d = plm_word_distance(name, plm_sv_from(f->id));
        if (d < best_d || (d == best_d && best && strcmp(f->id, best->id) < 0)) {
            best = f;
            best_d = d;
        }
    }
    if (best)
        plm_err_hint(err, "-o %s; plimsoll list formats", best->id);
    else
        plm_err_hint(err, "plimsoll list formats");
    return rc;
}

static int read_template(struct plm_cli *cli, plm_sv path, struct plm_cli_output *o, plm_err **err)
{
    plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(TEMPLATE_MAX);
    const char *name = plm_arena_cstr(cli->arena, path);
    plm_err *e = NULL;
    if (!name)
        return plm_fail_oom(err);
    if (plm_fs_read(name, TEMPLATE_MAX, &b, &e) < 0) {
        if (e->code != PLM_E_OOM)
            e->code = PLM_E_USAGE;
        return plm_err_move(err, &e), plm_wrap(err, "-o template");
    }
    o->template_text = plm_arena_sv(cli->arena, plm_buf_sv(&b));
    return plm_template_check(o->template_text, err) < 0 ? plm_wrap(err, "%s", name) : 0;
}

/* "DIR/" names a directory to make, anything else a file whose directory is there. */
static int set_path(struct plm_cli *cli, plm_sv path, struct plm_cli_output *o, plm_err **err)
{
    if (!path.n)
        return plm_fail_id(err, PLM_E_USAGE, "usage.value", "-o %s=: a file name is missing", o->format->id);
    if (plm_sv_is(path, "-"))
        return 0;
    if (plm_sv_ends(path, PLM_SV("/"))) {
        const char *dir = plm_arena_cstr(cli->arena, path);
        if (!dir)
            return plm_fail_oom(err);
        if (plm_fs_mkdirs(dir, 0755, err) < 0)
            return plm_wrap(err, "-o %s", o->format->id);
        o->path = plm_arena_printf(cli->arena, "%.*sreport.%s", PLM_SV_ARG(path), o->format->extension);
    } else {
        o->path = plm_arena_sv(cli->arena, path);
    }
    size_t slash = plm_sv_rfind(o->path, '/');
    plm_sv dir = slash == SIZE_MAX ? PLM_SV(".") : slash == 0 ? PLM_SV("/") : plm_sv_sub(o->path, 0, slash);
    const char *dir_name = plm_arena_cstr(cli->arena, dir);
    if (!dir_name)
        return plm_fail_oom(err);
    if (access(dir_name, F_OK) < 0)
        return plm_fail_sys(err, "-o %s=%.*s: directory %s", o->format->id, PLM_SV_ARG(path), dir_name);
    return 0;
}

int plm_cli_output_add(struct plm_cli *cli, plm_sv spec, plm_err **err)
{
    plm_sv name, rest;
    bool has_rest = plm_sv_cut(spec, '=', &name, &rest);
    struct plm_cli_output o = {.format = plm_format_find(name)};
    if (!o.format)
        return fail_format(name, err);
    if (strcmp(o.format->id, "template") == 0) {
        plm_sv file, path;
        bool has_path = plm_sv_cut(rest, '=', &file, &path);
        if (!file.n) {
            int rc = plm_fail_id(err, PLM_E_USAGE, "usage.value", "-o template: the template is missing");
            plm_err_hint(err, "-o template=FILE");
            return rc;
        }
        if (read_template(cli, file, &o, err) < 0 || (has_path && set_path(cli, path, &o, err) < 0))
            return -1;
    } else if (has_rest && set_path(cli, rest, &o, err) < 0) {
        return -1;
    }
    for (size_t i = 0; i < cli->outputs.n; i++)
        if (o.path.p && plm_sv_eq(cli->outputs.v[i].path, o.path))
            return plm_fail_id(err, PLM_E_USAGE, "usage.value", "-o: two formats for one file, %.*s",
                               PLM_SV_ARG(o.path));
    struct plm_cli_output *slot = plm_vec_push(cli->arena, &cli->outputs);
    if (!slot)
        return plm_fail_oom(err);
    *slot = o;
    return 0;
}

int plm_cli_outputs(struct plm_cli *cli, plm_err **err)
{
    const plm_sv *list;
    size_t n = plm_config_list(cli->config, "output", &list);
    for (size_t i = 0; i < n; i++)
        if (plm_cli_output_add(cli, list[i], err) < 0)
            return -1;
    return n ? 0 : plm_cli_output_add(cli, PLM_SV("table"), err);
}

int plm_cli_wants_json(const struct plm_cli *cli, bool *out, plm_err **err)
{
    const plm_sv *list;
    plm_sv where;
    /* A format that a file or variable sets for reports says nothing about a listing. */
    bool is_flag = plm_config_origin(cli->config, "output", &where) == PLM_CFG_FLAG;
    size_t n = is_flag ? plm_config_list(cli->config, "output", &list) : 0;
    *out = n == 1 && plm_sv_is(list[0], "json");
    if (n == 0 || *out || (n == 1 && plm_sv_is(list[0], "table")))
        return 0;
    int rc = plm_fail_id(err, PLM_E_USAGE, "usage.format", "-o %.*s: plimsoll %s has no such format",
                         PLM_SV_ARG(list[0]), cli->command->name);
    plm_err_hint(err, "-o table or -o json");
    return rc;
}

void plm_cli_report_options(const struct plm_cli *cli, struct plm_report_options *out)
{
    const struct plm_config *c = cli->config;
    static const char *const groups[] = {"fix", "package", "layer", "severity", "none"};
    static const char *const sorts[] = {"severity", "risk", "epss", "package", "id"};
    *out = (struct plm_report_options){.width = cli->width,
                                       .color = cli->color,
                                       .is_tty = cli->is_tty,
                                       .one_screen = strcmp(cli->command->name, "check") == 0,
                                       .only_verdict = strcmp(cli->command->name, "policy check") == 0 &&
                                                       !plm_config_flag(c, "detail"),
                                       .show_suppressed = plm_config_flag(c, "show-suppressed"),
                                       .quiet = cli->quiet,
                                       .verbose = cli->verbose};
    plm_sv level = plm_config_text(c, "min-severity");
    if (level.p && !plm_severity_parse(level, &out->min_severity))
        out->min_severity = PLM_SEV_UNKNOWN;
    for (size_t i = 0; i < sizeof(groups) / sizeof(groups[0]); i++)
        if (plm_sv_is(plm_config_text(c, "group-by"), groups[i]))
            out->group_by = (enum plm_group)i;
    for (size_t i = 0; i < sizeof(sorts) / sizeof(sorts[0]); i++)
        if (plm_sv_is(plm_config_text(c, "sort"), sorts[i]))
            out->sort = (enum plm_sort)i;
}

static int write_in_place(const char *path, plm_sv data, plm_err **err)
{
    plm_auto_fd int fd = open(path, O_WRONLY | O_TRUNC | O_CLOEXEC | O_NOCTTY);
    if (fd < 0)
        return plm_fail_sys(err, "%s", path);
    return plm_fs_write_all(fd, data.p, data.n, err) < 0 ? plm_wrap(err, "%s", path) : 0;
}

static int write_file(const char *path, plm_sv data, plm_err **err)
{
    struct stat st;
    if (lstat(path, &st) == 0 && !S_ISREG(st.st_mode))
        return write_in_place(path, data, err);
    return plm_fs_write_atomic(path, data, 0644, err);
}

static int write_one(struct plm_cli *cli, const struct plm_cli_output *o, const struct plm_report *r,
                     plm_err **err)
{
    struct plm_report_options opt;
    plm_cli_report_options(cli, &opt);
    opt.template_text = o->template_text;
    if (o->path.p) { /* a file is no terminal */
        opt.color = false;
        opt.is_tty = false;
        opt.width = 100;
    }
    plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(OUTPUT_MAX);
    plm_auto_done(plm_buf_done) struct plm_buf notes = PLM_BUF(PLM_KIB(64));
    opt.notes = &notes;
    if (o->format->write(r, &opt, &b, err) < 0)
        return plm_wrap(err, "-o %s", o->format->id);
    plm_sv rest = plm_buf_sv(&notes), line;
    while (plm_sv_line(&rest, &line))
        plm_cli_note(cli, "%.*s", PLM_SV_ARG(line));
    return o->path.p ? write_file(o->path.p, plm_buf_sv(&b), err) : plm_cli_print(plm_buf_sv(&b), err);
}

int plm_cli_write_outputs(struct plm_cli *cli, const struct plm_report *r, plm_err **err)
{
    plm_err *first = NULL;
    for (int to_stdout = 0; to_stdout < 2; to_stdout++) {
        for (size_t i = 0; i < cli->outputs.n; i++) {
            const struct plm_cli_output *o = &cli->outputs.v[i];
            plm_err *e = NULL;
            if ((o->path.p == NULL) != to_stdout || write_one(cli, o, r, &e) == 0)
                continue;
            if (first) {
                plm_cli_error(cli, e);
                plm_err_free(e);
            } else {
                first = e;
            }
        }
    }
    return first ? plm_err_move(err, &first) : 0;
}

/* ---- the end of a run ------------------------------------------------------------------------- */

static int rank(int code)
{
    static const int ranks[PLM_EXIT_COUNT_] = {
        [PLM_EXIT_USAGE] = 5, [PLM_EXIT_FAILED] = 4, [PLM_EXIT_INCOMPLETE] = 3,
        [PLM_EXIT_STALE] = 2, [PLM_EXIT_EMPTY] = 1,  [PLM_EXIT_PASSED] = 0};
    return code >= 0 && code < PLM_EXIT_COUNT_ ? ranks[code] : ranks[PLM_EXIT_INCOMPLETE];
}

static int by_code(const void *a, const void *b)
{
    return *(const int *)a - *(const int *)b;
}

static bool is_allowed(const struct plm_cli *cli, int code)
{
    const plm_sv *list;
    size_t n = plm_config_list(cli->config, "allow", &list);
    for (size_t i = 0; i < n; i++)
        if ((code == PLM_EXIT_INCOMPLETE && plm_sv_is(list[i], "incomplete")) ||
            (code == PLM_EXIT_EMPTY && plm_sv_is(list[i], "empty")))
            return true;
    return false;
}

void plm_cli_exit_add(const struct plm_cli *cli, struct plm_report *r, int code)
{
    if (code == PLM_EXIT_PASSED || code == r->exit_code || is_allowed(cli, code))
        return;
    int loser = code;
    if (rank(code) > rank(r->exit_code)) {
        loser = r->exit_code;
        r->exit_code = code;
    }
    for (size_t i = 0; i < r->exit_also.n; i++)
        if (r->exit_also.v[i] == loser)
            return;
    int *slot = loser == PLM_EXIT_PASSED ? NULL : plm_vec_push(r->arena, &r->exit_also);
    if (slot)
        *slot = loser;
    if (r->exit_also.n)
        qsort(r->exit_also.v, r->exit_also.n, sizeof(*r->exit_also.v), by_code);
}

static void set_exit(const struct plm_cli *cli, struct plm_report *r)
{
    bool incomplete = r->verdict.result == PLM_RESULT_INCOMPLETE;
    bool failed = r->verdict.result == PLM_RESULT_FAIL ||
                  (r->verdict.result == PLM_RESULT_WARN && plm_config_flag(cli->config, "fail-on-warn"));
    for (size_t i = 0; i < r->targets.n; i++) {
        failed |= r->targets.v[i].verdict.result == PLM_RESULT_FAIL;
        incomplete |= r->targets.v[i].is_incomplete;
    }
    for (size_t i = 0; i < r->diagnostics.n; i++)
        incomplete |= r->diagnostics.v[i].severity >= PLM_SEV_HIGH;
    if (failed)
        plm_cli_exit_add(cli, r, PLM_EXIT_FAILED);
    if (incomplete)
        plm_cli_exit_add(cli, r, PLM_EXIT_INCOMPLETE);
}

static void last_line(const struct plm_cli *cli, const struct plm_report *r, uint64_t ms)
{
    plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(PLM_KIB(4));
    const struct plm_counts *c = &r->counts;
    plm_buf_printf(&b, "%llu package%s", (unsigned long long)c->packages, c->packages == 1 ? "" : "s");
    if (c->layers)
        plm_buf_printf(&b, ", %llu layer%s (%llu cached)", (unsigned long long)c->layers,
                       c->layers == 1 ? "" : "s", (unsigned long long)c->layers_cached);
    plm_buf_printf(&b, ", %llu.%02llu s", (unsigned long long)(ms / 1000),
                   (unsigned long long)(ms % 1000 / 10));
    int64_t oldest = 0, now = plm_now(&cli->ctx);
    for (size_t i = 0; i < r->feeds.n; i++)
        if (r->feeds.v[i].as_of && (!oldest || r->feeds.v[i].as_of < oldest))
            oldest = r->feeds.v[i].as_of;
    if (oldest) {
        plm_buf_str(&b, ", data ");
        plm_text_age(&b, now > oldest ? now - oldest : 0);
        plm_buf_str(&b, " old");
    } else {
        plm_buf_str(&b, ", no data");
    }
    plm_cli_note(cli, "%.*s", PLM_SV_ARG(plm_buf_sv(&b)));
}

int plm_cli_finish(struct plm_cli *cli, struct plm_report *r, plm_err **err)
{
    uint64_t ms = plm_clock_ms() - cli->started_ms;
    r->version = PLM_SV(PLM_VERSION);
    r->clock_injected = cli->ctx.now_injected;
    int64_t now = plm_now(&cli->ctx);
    /* With an injected clock two runs over the same input write the same bytes. */
    r->started = cli->ctx.now_injected ? now : now - (int64_t)(ms / 1000);
    r->elapsed_ms = cli->ctx.now_injected ? 0 : ms;
    for (size_t i = 0; cli->ctx.now_injected && i < r->stages.n; i++)
        r->stages.v[i].ms = 0;
    if (plm_host_facts(r, err) < 0)
        return -1;
    set_exit(cli, r);
    plm_progress_free(cli->ctx.progress);
    cli->ctx.progress = NULL;
    if (plm_cli_write_outputs(cli, r, err) < 0)
        return -1;
    if (!cli->no_last_line)
        last_line(cli, r, ms);
    return r->exit_code;
}
