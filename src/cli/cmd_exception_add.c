/* SPDX-License-Identifier: Apache-2.0
 *
 * plimsoll exception add: a finding, or a row of a policy's verdict, becomes an accepted one. With a saved
 * report the word is looked up there and the exception is as narrow as the finding: its package,
 * object or rule. Asked for on a terminal, taken from options elsewhere.
 */
#include "base/text.h"
#include "cli/exception_common.h"

/* ---- what the word means ----------------------------------------------------------------------- */

struct add {
    struct plm_cli *cli;
    plm_sv word;
    struct plm_exception model; /* reason, owner, until, ticket and the conditions of --where */
    PLM_VEC(struct plm_exception) rows;
};

static int push(struct add *a, const struct plm_exception *x, plm_err **err)
{
    for (size_t i = 0; i < a->rows.n; i++)
        if (plm_exception_same(&a->rows.v[i], x))
            return 0;
    struct plm_exception *slot = plm_vec_push(a->cli->arena, &a->rows);
    if (!slot)
        return plm_arena_check(a->cli->arena, err);
    *slot = *x;
    return 0;
}

static bool is_meant(const struct plm_finding *f, plm_sv word)
{
    bool is_it = plm_sv_ieq(f->id, word) || plm_sv_eq(f->key, word);
    for (size_t k = 0; k < f->aliases.n && !is_it; k++)
        is_it = plm_sv_ieq(f->aliases.v[k], word);
    return is_it;
}

/* As narrow as the finding: a condition that --where gives stays. */
static int add_finding(struct add *a, const struct plm_report *r, const struct plm_finding *f, plm_err **err)
{
    struct plm_arena *arena = a->cli->arena;
    struct plm_exception x = a->model;
    plm_sv head, rest;
    x.id = plm_arena_sv(arena, f->id);
    if (!x.purl.p && f->package < r->packages.n) {
        plm_sv_cut(r->packages.v[f->package].purl, '?', &head, &rest);
        size_t at = plm_sv_rfind(head, '@');
        x.purl = plm_arena_sv(arena, at == SIZE_MAX ? head : plm_sv_sub(head, 0, at));
    } else if (f->package >= r->packages.n) {
        if (!x.object.p && f->object.n)
            x.object = plm_arena_sv(arena, f->object);
        if (!x.path.p && f->path.n)
            x.path = plm_arena_sv(arena, f->path);
    }
    return push(a, &x, err);
}

/* The row of a verdict by its trigger id, or all rows of "gate.trigger". */
static int add_rule(struct add *a, const struct plm_verdict_rule *v, plm_err **err)
{
    struct plm_exception x = a->model;
    plm_sv name = plm_arena_printf(a->cli->arena, "%.*s.%.*s", PLM_SV_ARG(v->gate), PLM_SV_ARG(v->trigger));
    bool is_row = plm_sv_eq(v->trigger_id, a->word);
    if (v->allowlisted || (!is_row && !plm_sv_eq(name, a->word)))
        return 0;
    x.id = is_row ? plm_arena_sv(a->cli->arena, v->trigger_id) : name;
    if (is_row && !x.check.p)
        x.check = name;
    return push(a, &x, err);
}

static int look_up(struct add *a, const char *path, plm_err **err)
{
    plm_auto(plm_report_free) struct plm_report *r = plm_exception_report(a->cli, path, err);
    plm_sv only = plm_config_text(a->cli->config, "package");
    if (!r)
        return -1;
    for (size_t i = 0; i < r->findings.n; i++) {
        const struct plm_finding *f = &r->findings.v[i];
        const struct plm_package *p = f->package < r->packages.n ? &r->packages.v[f->package] : NULL;
        if (!is_meant(f, a->word) ||
            (only.n && !(p && (plm_sv_eq(p->name, only) || plm_sv_eq(p->source_name, only)))))
            continue;
        if (add_finding(a, r, f, err) < 0)
            return -1;
    }
    for (size_t t = 0; !only.n && t <= r->targets.n; t++) {
        const struct plm_verdict *v = t < r->targets.n ? &r->targets.v[t].verdict : &r->verdict;
        for (size_t i = 0; i < v->rules.n; i++)
            if (add_rule(a, &v->rules.v[i], err) < 0)
                return -1;
    }
    if (a->rows.n)
        return 0;
    int rc = plm_fail(err, PLM_E_USAGE, "%s: no finding and no rule of the verdict is %.*s%s%.*s", path,
                      PLM_SV_ARG(a->word), only.n ? " in package " : "", PLM_SV_ARG(only));
    plm_err_hint(err, "plimsoll report %s --group-by none lists them", path);
    return rc;
}

/* ---- the rest of it ------------------------------------------------------------------------------ */

static bool set_flag(plm_sv value, int *out)
{
    if (!plm_sv_is(value, "true") && !plm_sv_is(value, "false"))
        return false;
    *out = plm_sv_is(value, "true");
    return true;
}

static bool set_condition(struct plm_exception *x, plm_sv key, plm_sv value)
{
    const struct {
        const char *key;
        plm_sv *to;
    } rows[] = {{"purl", &x->purl},   {"image", &x->image}, {"path", &x->path},
                {"layer", &x->layer}, {"check", &x->check}, {"object", &x->object}};
    enum plm_kind kind;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        if (plm_sv_is(key, rows[i].key)) {
            *rows[i].to = value;
            return true;
        }
    if (plm_sv_is(key, "kind") && plm_kind_parse(value, &kind)) {
        x->kind = (int)kind;
        return true;
    }
    return plm_sv_is(key, "base") && set_flag(value, &x->base);
}

static int set_where(struct add *a, plm_err **err)
{
    const plm_sv *list;
    size_t n = plm_config_list(a->cli->config, "where", &list);
    for (size_t i = 0; i < n; i++) {
        plm_sv key, value;
        if (plm_sv_cut(list[i], '=', &key, &value) && value.n && set_condition(&a->model, key, value))
            continue;
        int rc = plm_fail(err, PLM_E_USAGE, "--where %.*s: no such condition", PLM_SV_ARG(list[i]));
        plm_err_hint(err, "purl=, image=, path=, layer=, check=, object=, kind=, base=true|false");
        return rc;
    }
    return 0;
}

/* From its option; asked for where somebody sits there. Null: not given. */
static plm_sv ask(struct add *a, const char *option, const char *question)
{
    plm_sv given = plm_config_text(a->cli->config, option);
    if (given.n || !isatty(STDIN_FILENO) || !isatty(STDERR_FILENO))
        return given;
    plm_auto_free char *line = NULL;
    size_t size = 0;
    fprintf(stderr, "%s: ", question);
    ssize_t n = getline(&line, &size, stdin);
    return n > 0 ? plm_arena_sv(a->cli->arena, plm_sv_trim(plm_sv_n(line, (size_t)n))) : PLM_SV_NULL;
}

static int need(const char *option, const char *what, plm_err **err)
{
    int rc = plm_fail(err, PLM_E_USAGE, "exception add: %s is missing", what);
    plm_err_hint(err, "--%s; on a terminal it is asked for", option);
    return rc;
}

static int set_texts(struct add *a, plm_err **err)
{
    a->model.reason = ask(a, "reason", "why is this acceptable");
    if (!a->model.reason.n)
        return need("reason TEXT", "the reason", err);
    a->model.owner = ask(a, "owner", "who decided");
    if (!a->model.owner.n)
        return need("owner NAME", "the owner", err);
    plm_sv until = ask(a, "until", "until when (a date, 90d, never)");
    if (!until.n)
        return need("until DATE|DUR|never", "its last day", err);
    a->model.ticket = ask(a, "ticket", "ticket (may be empty)");
    return plm_exception_until(a->cli, until, &a->model, err);
}

/* One that stands there already would only confuse. */
static int check_old(struct add *a, const char *path, plm_err **err)
{
    plm_auto_done(plm_buf_done) struct plm_buf text = PLM_BUF(PLM_MIB(8));
    plm_auto(plm_exceptions_free) struct plm_exceptions *e = plm_exceptions_new(err);
    if (!e || plm_exception_text(path, &text, err) < 0 ||
        plm_exceptions_parse(&a->cli->ctx, e, plm_buf_sv(&text), path, err) < 0)
        return -1;
    for (size_t i = 0; i < e->rows.n; i++)
        for (size_t k = 0; k < a->rows.n; k++)
            if (plm_exception_same(&e->rows.v[i], &a->rows.v[k]))
                return plm_fail(err, PLM_E_USAGE, "%s:%u: that exception is there already", path,
                                e->rows.v[i].line);
    return 0;
}

static int run(struct plm_cli *cli, plm_err **err)
{
    const char *const *words;
    size_t n = plm_config_words(cli->config, &words);
    struct add a = {.cli = cli, .word = plm_sv_from(words[0]), .model = {.base = -1, .kind = -1}};
    const char *path = plm_exception_file(cli, err);
    if (!path || set_where(&a, err) < 0)
        return -1;
    if (n > 1 && look_up(&a, words[1], err) < 0)
        return -1;
    if (n == 1) {
        struct plm_exception x = a.model;
        x.id = a.word;
        if (push(&a, &x, err) < 0)
            return -1;
    }
    if (check_old(&a, path, err) < 0 || set_texts(&a, err) < 0)
        return -1;
    plm_auto_done(plm_buf_done) struct plm_buf out = PLM_BUF(PLM_MIB(8));
    for (size_t i = 0; i < a.rows.n; i++) {
        struct plm_exception *x = &a.rows.v[i];
        x->reason = a.model.reason;
        x->owner = a.model.owner;
        x->ticket = a.model.ticket;
        x->until = a.model.until;
        x->until_text = a.model.until_text;
        plm_exception_put(&out, x, 0);
    }
    if (plm_exception_write(cli, path, a.rows.v, a.rows.n, err) < 0 || plm_buf_check(&out, err) < 0)
        return -1;
    plm_cli_note(cli, "%zu exception%s added to %s; scan --exceptions %s reads it", a.rows.n,
                 a.rows.n == 1 ? "" : "s", path, path);
    return plm_cli_print(plm_buf_sv(&out), err) < 0 ? -1 : PLM_EXIT_PASSED;
}

static const struct plm_command exception_add = {
    .name = "exception add",
    .arguments = "ID|KEY [REPORT]",
    .summary = "accept a finding: why, who decided, until when",
    .help =
        "Writes an exception behind those of the file (--exceptions FILE, else exceptions.yaml), whose "
        "remarks and order stay.\n\n"
        "With a REPORT (scan -o json=FILE) the word is a finding's key, id or alias, the trigger id of a "
        "policy's rule, or gate.trigger, and the exception is as narrow as what is found: its package, its "
        "object and path, its rule. Without one the id is taken as it is; --where narrows it.\n\n"
        "Reason, owner and last day are needed; on a terminal what no option gives is asked for.",
    .examples =
        "plimsoll exception add CVE-2024-0567 app.json --reason \"no TLS here\" --owner web --until 90d\tone "
        "vulnerability, in the packages of that report\n"
        "plimsoll exception add DL3008 --where image=app:* --reason \"base pins\" --owner web --until "
        "2027-01-31\ta check, in some images\n",
    .foreign = " ignore suppress waive ",
    .min_words = 1,
    .max_words = 2,
    .run = run,
};
PLM_REGISTER(plm_commands, struct plm_command, exception_add);
