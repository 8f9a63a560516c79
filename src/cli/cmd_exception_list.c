/* SPDX-License-Identifier: Apache-2.0
 *
 * plimsoll exception list and lint: what is accepted, by whom and until when; and what is wrong with it.
 */
#include "base/fs.h"
#include "base/text.h"
#include "base/time.h"
#include "cli/db_common.h"
#include "cli/exception_common.h"

#include <limits.h>

/* ---- list --------------------------------------------------------------------------------------- */

/* Against a report the marks are made anew: by its findings and by the rules of its verdicts. */
static void mark_used(struct plm_cli *cli, struct plm_exceptions *e, const struct plm_report *r)
{
    for (size_t i = 0; i < e->rows.n; i++)
        for (size_t k = 0; k < r->findings.n && !e->rows.v[i].is_used; k++)
            e->rows.v[i].is_used = plm_exception_fits(&e->rows.v[i], r, &r->findings.v[k]);
    for (size_t t = 0; t <= r->targets.n; t++) {
        const struct plm_verdict *v = t < r->targets.n ? &r->targets.v[t].verdict : &r->verdict;
        plm_sv image = t < r->targets.n ? r->targets.v[t].reference : PLM_SV_NULL;
        for (size_t i = 0; i < v->rules.n; i++)
            plm_exceptions_rule(&cli->ctx, e, v->rules.v[i].gate, v->rules.v[i].trigger,
                                v->rules.v[i].trigger_id, image);
    }
}

static const char *state_of(const struct plm_exception *x, int64_t now, bool has_report)
{
    if (plm_exception_is_expired(x, now))
        return "expired";
    return !has_report ? "active" : x->is_used ? "used" : "unused";
}

static int put_table(struct plm_cli *cli, const struct plm_exceptions *e, bool has_report,
                     struct plm_buf *out, plm_err **err)
{
    struct plm_cli_table t = {.columns = 7};
    static const char *const heads[] = {"STATE", "UNTIL", "ID", "WHERE", "OWNER", "REASON", "AT"};
    for (size_t i = 0; i < 7; i++)
        plm_sv_vec_add(cli->arena, &t.cells, plm_sv_from(heads[i]));
    for (size_t i = 0; i < e->rows.n; i++) {
        const struct plm_exception *x = &e->rows.v[i];
        plm_sv why = x->ticket.n ? plm_arena_printf(cli->arena, "%.*s (%.*s)", PLM_SV_ARG(x->reason),
                                                    PLM_SV_ARG(x->ticket))
                                 : x->reason;
        const plm_sv cells[] = {plm_sv_from(state_of(x, plm_now(&cli->ctx), has_report)),
                                x->until_text.n ? x->until_text : PLM_SV("never"),
                                x->id,
                                plm_exception_where(cli->arena, x),
                                x->owner.n ? x->owner : PLM_SV("-"),
                                why,
                                plm_arena_printf(cli->arena, "%.*s:%u", PLM_SV_ARG(x->file), x->line)};
        for (size_t c = 0; c < 7; c++)
            plm_sv_vec_add(cli->arena, &t.cells, cells[c]);
    }
    plm_cli_table_put(out, &t, "0000000");
    for (size_t i = 0; i < e->skipped.n; i++) {
        plm_text_escape(out, e->skipped.v[i].file);
        plm_buf_printf(out, ":%u: not carried: ", e->skipped.v[i].line);
        plm_text_escape(out, e->skipped.v[i].what);
        plm_buf_byte(out, '\n');
    }
    return plm_arena_check(cli->arena, err);
}

static void put_key(struct plm_buf *b, const char *comma, const char *key, plm_sv value)
{
    plm_buf_printf(b, "%s\"%s\": ", comma, key);
    if (value.n)
        plm_text_json(b, value);
    else
        plm_buf_str(b, "null");
}

static void put_json(struct plm_cli *cli, const struct plm_exceptions *e, bool has_report, struct plm_buf *b)
{
    plm_buf_str(b, "{\"exceptions\": [");
    for (size_t i = 0; i < e->rows.n; i++) {
        const struct plm_exception *x = &e->rows.v[i];
        put_key(b, i ? ",\n  {" : "\n  {", "id", x->id);
        put_key(b, ", ", "state", plm_sv_from(state_of(x, plm_now(&cli->ctx), has_report)));
        put_key(b, ", ", "until", x->until_text);
        put_key(b, ", ", "reason", x->reason);
        put_key(b, ", ", "owner", x->owner);
        put_key(b, ", ", "ticket", x->ticket);
        put_key(b, ", \"where\": {", "purl", x->purl);
        put_key(b, ", ", "image", x->image);
        put_key(b, ", ", "path", x->path);
        put_key(b, ", ", "layer", x->layer);
        put_key(b, ", ", "check", x->check);
        put_key(b, ", ", "object", x->object);
        put_key(b, ", ", "kind",
                x->kind >= 0 ? plm_sv_from(plm_kind_name((enum plm_kind)x->kind)) : PLM_SV_NULL);
        plm_buf_printf(b, ", \"line\": %u, \"base\": %s}", x->at_line,
                       x->base < 0 ? "null" : (x->base ? "true" : "false"));
        put_key(b, ", ", "file", x->file);
        plm_buf_printf(b, ", \"at\": %u}", x->line);
    }
    plm_buf_str(b, "\n], \"not_carried\": [");
    for (size_t i = 0; i < e->skipped.n; i++) {
        put_key(b, i ? ",\n  {" : "\n  {", "file", e->skipped.v[i].file);
        plm_buf_printf(b, ", \"at\": %u", e->skipped.v[i].line);
        put_key(b, ", ", "what", e->skipped.v[i].what);
        plm_buf_byte(b, '}');
    }
    plm_buf_str(b, "\n]}\n");
}

static int run_list(struct plm_cli *cli, plm_err **err)
{
    const char *const *words;
    size_t n = plm_config_words(cli->config, &words);
    plm_sv_vec files = {0};
    bool as_json;
    plm_auto(plm_exceptions_free) struct plm_exceptions *e = plm_exceptions_new(err);
    plm_auto_done(plm_buf_done) struct plm_buf out = PLM_BUF(PLM_MIB(64));
    if (!e || plm_cli_wants_json(cli, &as_json, err) < 0 || plm_exception_files(cli, &files, err) < 0)
        return -1;
    for (size_t i = 0; i < files.n; i++)
        if (plm_exceptions_load(&cli->ctx, e, files.v[i].p, err) < 0)
            return -1;
    if (n) {
        plm_auto(plm_report_free) struct plm_report *r = plm_exception_report(cli, words[0], err);
        if (!r)
            return -1;
        mark_used(cli, e, r);
    }
    if (as_json)
        put_json(cli, e, n > 0, &out);
    else if (put_table(cli, e, n > 0, &out, err) < 0)
        return -1;
    if (plm_buf_check(&out, err) < 0 || plm_cli_print(plm_buf_sv(&out), err) < 0)
        return -1;
    return PLM_EXIT_PASSED;
}

static const struct plm_command exception_list = {
    .name = "exception list",
    .arguments = "[REPORT]",
    .summary = "what is accepted: who decided, why, until when",
    .help =
        "Lists the exceptions of the files (--exceptions FILE, else exceptions.yaml), those of other tools "
        "too. With a REPORT (scan -o json=FILE) it also says which were used there.",
    .examples = "plimsoll exception list\twhat is in exceptions.yaml\n"
                "plimsoll exception list app.json --exceptions .trivyignore\twhich rows the report needed\n",
    .max_words = 1,
    .run = run_list,
};
PLM_REGISTER(plm_commands, struct plm_command, exception_list);

/* ---- lint ----------------------------------------------------------------------------------------- */

struct lint {
    struct plm_cli *cli;
    struct plm_buf out;
    size_t faults, warnings;
};

static void __attribute__((format(printf, 4, 5)))
say(struct lint *l, const struct plm_exception *x, bool is_fault, const char *fmt, ...)
{
    va_list ap;
    plm_text_escape(&l->out, x->file);
    plm_buf_printf(&l->out, ":%u: %s: ", x->line, is_fault ? "error" : "warning");
    plm_text_escape(&l->out, x->id);
    plm_buf_str(&l->out, ": ");
    va_start(ap, fmt);
    plm_text_escape(&l->out, plm_arena_vprintf(l->cli->arena, fmt, ap));
    va_end(ap);
    plm_buf_byte(&l->out, '\n');
    l->faults += is_fault;
    l->warnings += !is_fault;
}

static bool is_empty_reason(plm_sv reason)
{
    static const char *const words[] = {"todo", "tbd", "fixme", "test", "temp", "ignore", "none", "n/a", "-"};
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        if (plm_sv_ieq(reason, plm_sv_from(words[i])))
            return true;
    return reason.n < 4;
}

static bool is_everywhere(const struct plm_exception *x)
{
    return !x->purl.p && !x->image.p && !x->path.p && !x->layer.p && !x->check.p && !x->object.p &&
           x->base < 0 && x->kind < 0;
}

static void judge(struct lint *l, const struct plm_exceptions *e, size_t at)
{
    enum { YEAR = 366 * 86400 };
    const struct plm_exception *x = &e->rows.v[at];
    int64_t now = plm_now(&l->cli->ctx);
    if (plm_exception_is_expired(x, now))
        say(l, x, false, "ended on %.*s", PLM_SV_ARG(x->until_text));
    else if (!x->until)
        say(l, x, false, "has no end: give it `until`");
    else if (x->until > now + YEAR)
        say(l, x, false, "lasts more than a year (%.*s)", PLM_SV_ARG(x->until_text));
    if (!x->owner.n)
        say(l, x, false, "nobody answers for it: give it `owner`");
    if (is_empty_reason(x->reason))
        say(l, x, false, "the reason says nothing");
    if ((plm_sv_is(x->id, "*") || plm_sv_is(x->id, "**")) && is_everywhere(x))
        say(l, x, true, "suppresses everything: narrow it by id or `where`");
    for (size_t i = 0; i < at; i++)
        if (plm_exception_same(&e->rows.v[i], x))
            say(l, x, false, "the same as %.*s:%u", PLM_SV_ARG(e->rows.v[i].file), e->rows.v[i].line);
        else if (plm_sv_eq(e->rows.v[i].id, x->id) && is_everywhere(&e->rows.v[i]) &&
                 !plm_exception_is_expired(&e->rows.v[i], now))
            say(l, x, false, "is covered by %.*s:%u, which has no condition", PLM_SV_ARG(e->rows.v[i].file),
                e->rows.v[i].line);
}

static int read_one(struct lint *l, struct plm_exceptions *e, const char *path, plm_err **err)
{
    plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(PLM_MIB(8));
    plm_sv_vec faults = {0};
    plm_err *e2 = NULL;
    if (plm_fs_read(path, b.max, &b, err) < 0)
        return -1;
    const char *format = plm_exceptions_format(&l->cli->ctx, path, plm_buf_sv(&b));
    int rc = format ? plm_exceptions_parse_foreign(&l->cli->ctx, e, format, plm_buf_sv(&b), path, &e2)
                    : plm_exceptions_parse_all(&l->cli->ctx, e, plm_buf_sv(&b), path, &faults, &e2);
    if (rc < 0 && plm_err_code(e2) != PLM_E_CONFIG)
        return plm_err_move(err, &e2);
    if (rc < 0) {
        plm_auto_free char *text = plm_err_text(e2);
        plm_text_escape(&l->out, plm_sv_from(text ? text : "?"));
        plm_buf_byte(&l->out, '\n');
        l->faults++;
        plm_err_free(e2);
    }
    for (size_t i = 0; i < faults.n; i++) {
        plm_text_escape(&l->out, faults.v[i]);
        plm_buf_byte(&l->out, '\n');
        l->faults++;
    }
    return 0;
}

static int run_lint(struct plm_cli *cli, plm_err **err)
{
    plm_sv_vec files = {0};
    const char *const *words;
    size_t n = plm_config_words(cli->config, &words);
    struct lint l = {.cli = cli, .out = PLM_BUF(PLM_MIB(16))};
    plm_auto(plm_exceptions_free) struct plm_exceptions *e = plm_exceptions_new(err);
    for (size_t i = 0; i < n; i++)
        plm_sv_vec_add(cli->arena, &files, plm_sv_from(words[i]));
    int rc = e && (n || plm_exception_files(cli, &files, err) == 0) ? 0 : -1;
    for (size_t i = 0; i < files.n && rc == 0; i++)
        rc = read_one(&l, e, files.v[i].p, err);
    for (size_t i = 0; rc == 0 && i < e->rows.n; i++)
        judge(&l, e, i);
    for (size_t i = 0; rc == 0 && i < e->skipped.n; i++) {
        const struct plm_exception at = {.file = e->skipped.v[i].file, .line = e->skipped.v[i].line};
        say(&l, &at, false, "not carried: %.*s", PLM_SV_ARG(e->skipped.v[i].what));
    }
    if (rc == 0) {
        plm_buf_printf(&l.out, "%zu exception%s, %zu error%s, %zu warning%s\n", e->rows.n,
                       e->rows.n == 1 ? "" : "s", l.faults, l.faults == 1 ? "" : "s", l.warnings,
                       l.warnings == 1 ? "" : "s");
        rc = plm_buf_check(&l.out, err) < 0 ? -1 : plm_cli_print(plm_buf_sv(&l.out), err);
    }
    plm_buf_done(&l.out);
    return rc < 0 ? -1 : (l.faults ? PLM_EXIT_FAILED : PLM_EXIT_PASSED);
}

static const struct plm_command exception_lint = {
    .name = "exception lint",
    .arguments = "[FILE...]",
    .summary = "what is wrong with the exceptions: faults, ended, doubled, too wide ones",
    .help = "Ends with 1 where a file has an error: a row that does not read, or one that suppresses "
            "everything. Warnings: no owner, no end or one far away, a reason that says nothing, rows that "
            "say the same, rows of other tools' files that cannot be carried over.",
    .examples = "plimsoll exception lint\texceptions.yaml\n"
                "plimsoll exception lint .grype.yaml exceptions.yaml\tmore files\n",
    .max_words = UINT_MAX,
    .run = run_lint,
};
PLM_REGISTER(plm_commands, struct plm_command, exception_lint);
