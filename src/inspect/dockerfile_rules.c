/* SPDX-License-Identifier: Apache-2.0
 *
 * Runs the rules over one Dockerfile: RUN lines are cut into commands once, then each rule looks at all of
 * it. What a user ignored (a comment, the configuration) is judged all the same and its findings are
 * suppressed, so that a report says what was waved through and why.
 */
#include "inspect/dockerfile_rules_int.h"

#include <stdarg.h>

enum { OBJECT_BYTES = 100, FINDINGS_MAX = 1000 };

/* ---- helpers of the rules --------------------------------------------------------------------------- */

bool plm_df_in(plm_sv s, const char *const *words)
{
    for (size_t i = 0; words[i]; i++)
        if (plm_sv_is(s, words[i]))
            return true;
    return false;
}

bool plm_df_cmd_has(const struct plm_sh_command *c, const char *const *words)
{
    for (size_t i = 1; i < c->words.n; i++)
        if (plm_df_in(c->words.v[i].text, words))
            return true;
    return false;
}

bool plm_df_cmd_is(const struct plm_sh_command *c, const char *name, const char *const *words)
{
    return plm_sv_is(plm_sh_base(c), name) && plm_df_cmd_has(c, words);
}

bool plm_df_cmd_flag(const struct plm_sh_command *c, const char *const *flags)
{
    for (size_t i = 0; flags[i]; i++)
        if (plm_sh_has_flag(c, flags[i]))
            return true;
    return false;
}

static bool is_flag(plm_sv w)
{
    return w.n > 1 && w.p[0] == '-' && !plm_sv_is(w, "--");
}

/* Does a flag of the list stand in this word with its value in the next one? */
static bool takes_next(plm_sv w, const char *const *with_value)
{
    if (plm_sv_starts(w, PLM_SV("--")))
        return plm_df_in(plm_sv_from_off(w, 2), with_value);
    for (size_t i = 1; i < w.n; i++)
        if (plm_df_in(plm_sv_sub(w, i, 1), with_value))
            return i + 1 == w.n;
    return plm_df_in(plm_sv_from_off(w, 1), with_value);
}

void plm_df_cmd_operands(const struct plm_sh_command *c, const char *const *with_value, struct plm_arena *a,
                         plm_sv_vec *out)
{
    for (size_t i = 1; i < c->words.n; i++) {
        plm_sv w = c->words.v[i].text;
        if (is_flag(w)) {
            i += takes_next(w, with_value);
        } else if (!plm_sv_is(w, "--")) {
            plm_sv *to = plm_vec_push(a, out);
            if (to)
                *to = w;
        }
    }
}

bool plm_df_has_cache(const struct plm_df_instr *in, const char *dir)
{
    for (size_t i = 0; i < in->flags.n; i++) {
        if (!plm_sv_is(in->flags.v[i].name, "mount"))
            continue;
        plm_sv rest = in->flags.v[i].value, field, key, value, target = PLM_SV_NULL;
        bool is_cache = false;
        while (plm_sv_field(&rest, ',', &field)) {
            plm_sv_cut(field, '=', &key, &value);
            if (plm_sv_is(key, "type"))
                is_cache = plm_sv_is(value, "cache") || plm_sv_is(value, "tmpfs");
            else if (plm_df_in(key, PLM_DF_WORDS("target", "dst", "destination")))
                target = value;
        }
        while (target.n > 1 && target.p[target.n - 1] == '/')
            target.n--;
        plm_sv d = plm_sv_from(dir);
        bool is_above = plm_sv_starts(d, target) && (d.n == target.n || d.p[target.n] == '/');
        if (is_cache && target.n && is_above)
            return true;
    }
    return false;
}

/* ---- findings ---------------------------------------------------------------------------------------- */

/* Who waved it through: a comment, the configuration; null: nobody. */
static plm_sv ignored_by(const struct plm_df_rules *r, plm_sv id, plm_sv check_id, uint32_t line)
{
    struct plm_arena *a = r->in->report->arena;
    for (size_t i = 0; i < r->opt->ignored.n; i++)
        if (plm_sv_ieq(r->opt->ignored.v[i], id) || plm_sv_ieq(r->opt->ignored.v[i], check_id))
            return PLM_SV("ignored in the configuration");
    for (size_t i = 0; i < r->df->ignores.n && !r->opt->no_inline_ignores; i++) {
        const struct plm_df_ignore *ig = &r->df->ignores.v[i];
        bool is_here = ig->line == 0 || ig->line == line;
        if (is_here && (plm_sv_ieq(ig->id, id) || plm_sv_ieq(ig->id, check_id)))
            return plm_arena_printf(a, "ignored by the comment on line %u", ig->at);
    }
    return PLM_SV_NULL;
}

static void suppress(struct plm_df_rules *r, struct plm_finding *f, plm_sv reason)
{
    struct plm_suppressed *s = plm_arena_make(r->in->report->arena, struct plm_suppressed);
    if (!s)
        return;
    s->by = PLM_SV("config");
    s->reason = reason;
    f->suppressed = s;
}

/* "RUN apt-get update ...": what a finding is about, cut at a character's edge. */
static plm_sv object_of(struct plm_df_rules *r, const struct plm_df_instr *in)
{
    size_t n = in->args.n > OBJECT_BYTES ? OBJECT_BYTES : in->args.n;
    while (n < in->args.n && n && ((unsigned char)in->args.p[n] & 0xc0) == 0x80)
        n--;
    return plm_arena_printf(r->in->report->arena, "%.*s %.*s%s", PLM_SV_ARG(in->keyword), (int)n, in->args.p,
                            n < in->args.n ? " ..." : "");
}

void plm_df_report(struct plm_df_rules *r, const struct plm_inspect_check *check, const char *id,
                   const char *level, enum plm_severity severity, const struct plm_df_instr *in, plm_sv text)
{
    const char *from = r->df->is_history ? "history" : "dockerfile";
    plm_sv object = in->keyword.n ? object_of(r, in) : r->name;
    struct plm_finding *f =
        plm_inspect_find(r->in, check, object, from, in->line, in->layer, "%.*s", PLM_SV_ARG(text));
    if (!f)
        return;
    plm_sv rule = plm_sv_from(id);
    f->severity = severity;
    f->native_severity = plm_sv_from(level);
    if (!r->df->is_history)
        f->path = plm_arena_sv(r->in->report->arena, r->name);
    if (!plm_sv_eq(f->id, rule)) {
        plm_sv_vec_add(r->in->report->arena, &f->aliases, rule);
        plm_sv_vec_sort_unique(&f->aliases);
    }
    plm_sv reason = ignored_by(r, rule, f->id, in->line);
    if (reason.p)
        suppress(r, f, reason);
}

void plm_df_fail(struct plm_df_judging *j, const struct plm_df_instr *in, const char *fmt, ...)
{
    if (++j->failed > FINDINGS_MAX)
        return;
    va_list ap;
    va_start(ap, fmt);
    plm_sv text = plm_arena_vprintf(j->r->in->report->arena, fmt, ap);
    va_end(ap);
    plm_df_report(j->r, j->check, j->rule->id, j->rule->level, j->severity, in, text);
}

/* ---- the run ----------------------------------------------------------------------------------------- */

static const struct plm_shell *shell_of(struct plm_df_rules *r, const struct plm_df_instr *in)
{
    struct plm_shell *sh = plm_arena_make(r->a, struct plm_shell);
    plm_sv text = plm_df_shell_text(in, r->a);
    if (!text.p && in->is_json) {
        plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(PLM_SH_BYTES_MAX);
        for (size_t i = 0; i < in->words.n; i++) {
            plm_buf_str(&b, i ? " " : "");
            plm_buf_sv_put(&b, in->words.v[i]);
        }
        text = plm_arena_sv(r->a, plm_buf_sv(&b));
    }
    if (!sh || !text.p)
        return NULL;
    plm_auto(plm_err_free) plm_err *e = NULL;
    if (plm_shell_parse(text, r->a, sh, &e) < 0) {
        plm_diag_err(r->in->report, "dockerfile.shell", PLM_SEV_MEDIUM, r->in->target, r->name, e);
        return NULL;
    }
    return sh;
}

static bool shell_is_readable(const plm_sv_vec *shell)
{
    return !shell->n ||
           !plm_df_in(shell->v[0], PLM_DF_WORDS("cmd", "powershell", "pwsh", "cmd.exe", "powershell.exe"));
}

static struct plm_df_item *item_add(struct plm_df_rules *r, const struct plm_df_instr *in, plm_sv_vec shell)
{
    struct plm_df_item *it = plm_vec_push(r->a, &r->items);
    if (!it)
        return NULL;
    it->in = in;
    it->shell = shell;
    it->sh = in->kind == PLM_DF_RUN && shell_is_readable(&shell) ? shell_of(r, in) : NULL;
    return it;
}

static void items(struct plm_df_rules *r)
{
    plm_sv_vec shell = {0};
    for (size_t i = 0; i < r->df->instrs.n; i++) {
        const struct plm_df_instr *in = &r->df->instrs.v[i];
        if (in->kind == PLM_DF_FROM && in->stage != PLM_NONE) {
            uint32_t parent = r->df->stages.v[in->stage].parent;
            shell = (plm_sv_vec){0};
            if (parent != PLM_NONE)
                shell = r->df->stages.v[parent].shell;
        }
        item_add(r, in, shell);
        if (in->kind == PLM_DF_SHELL)
            shell = in->words;
        struct plm_df_item *it = in->trigger ? item_add(r, in->trigger, shell) : NULL;
        if (it)
            it->is_trigger = true;
    }
    size_t n = r->df->stages.n;
    r->is_used = plm_arena_array(r->a, n + 1, sizeof(bool));
    for (uint32_t s = r->is_used && n ? (uint32_t)n - 1 : PLM_NONE; s != PLM_NONE;
         s = r->df->stages.v[s].parent)
        r->is_used[s] = true;
}

static void put_row(struct plm_df_judging *j)
{
    struct plm_arena *a = j->r->in->report->arena;
    struct plm_check_row *row = plm_report_check(j->r->in->report, j->r->in->target);
    if (!row)
        return;
    row->id = plm_sv_from(j->check->id);
    row->title = plm_sv_from(j->check->title);
    row->severity = j->severity;
    row->outcome = j->failed ? PLM_OUT_FAIL : PLM_OUT_PASS;
    row->object = plm_arena_sv(a, j->r->name);
    if (j->failed)
        plm_sv_vec_add(a, &row->evidence, plm_arena_printf(a, "%s: findings: %zu", j->rule->id, j->failed));
    if (j->failed > FINDINGS_MAX)
        plm_diag(j->r->in->report, "inspect.many", PLM_SEV_LOW, j->r->in->target, row->id,
                 "%zu findings of this check; the first %d are listed", j->failed, FINDINGS_MAX);
}

/* image_steps.c judges these in history and Dockerfile together. */
static bool is_judged_by_steps(const char *id)
{
    return plm_df_in(plm_sv_from(id), PLM_DF_WORDS("DL3004", "DL3009", "DL3019", "DL3020"));
}

static void judge_table(struct plm_df_rules *r, const struct plm_df_rule *v)
{
    for (; v->id; v++) {
        struct plm_df_judging j = {.r = r, .rule = v, .check = plm_df_check_of(v->id)};
        bool is_off = v->is_off;
        j.severity = j.check->severity;
        for (size_t i = 0; i < r->opt->overrides.n; i++) {
            if (!plm_sv_ieq(r->opt->overrides.v[i].id, plm_sv_from(v->id)))
                continue;
            j.severity = r->opt->overrides.v[i].severity;
            is_off = false;
        }
        if (is_off || (r->in->opt && is_judged_by_steps(v->id)))
            continue;
        v->judge(&j);
        put_row(&j);
    }
}

static void put_faults(struct plm_df_rules *r)
{
    for (size_t i = 0; i < r->df->faults.n; i++) {
        const struct plm_df_fault *f = &r->df->faults.v[i];
        plm_diag(r->in->report, "dockerfile.invalid", PLM_SEV_HIGH, r->in->target, r->name,
                 "line %u, column %u: %.*s", f->line, f->column, PLM_SV_ARG(f->text));
    }
    if (r->df->n_faults > r->df->faults.n)
        plm_diag(r->in->report, "dockerfile.invalid", PLM_SEV_HIGH, r->in->target, r->name,
                 "%zu faults; the first %zu are listed", r->df->n_faults, r->df->faults.n);
}

static int check(struct plm_inspection *in, plm_sv text, plm_sv name, const struct plm_dockerfile_options *o,
                 plm_err **err)
{
    static const struct plm_dockerfile_options defaults;
    plm_auto(plm_arena_free) struct plm_arena *a = plm_arena_new(PLM_ARENA_NO_LIMIT);
    if (!a)
        return plm_fail_oom(err);
    plm_auto(plm_err_free) plm_err *e = NULL;
    struct plm_df_rules r = {.a = a, .opt = o ? o : &defaults, .in = in, .name = name};
    r.df = plm_dockerfile_parse(text, a, &e);
    if (!r.df && plm_err_code(e) == PLM_E_OOM)
        return plm_err_move(err, &e);
    if (!r.df) {
        plm_diag_err(in->report, "dockerfile.invalid", PLM_SEV_HIGH, in->target, name, e);
        return 0;
    }
    items(&r);
    if (plm_arena_check(a, err) < 0)
        return -1;
    put_faults(&r);
    judge_table(&r, plm_df_rules_stage);
    judge_table(&r, plm_df_rules_run);
    judge_table(&r, plm_df_rules_packages);
    judge_table(&r, plm_df_rules_labels);
    if (plm_df_shell_checks(&r, err) < 0)
        return -1;
    return plm_arena_check(a, err) < 0 ? -1 : plm_arena_check(in->report->arena, err);
}

int plm_dockerfile_check(plm_sv text, plm_sv name, const struct plm_dockerfile_options *o,
                         struct plm_report *r, uint32_t target, plm_err **err)
{
    struct plm_inspection in = {.report = r, .target = target};
    return check(&in, text, name, o, err);
}

/* ---- the inspector of --dockerfile ------------------------------------------------------------------- */

static bool is_wanted(const struct plm_inspect_options *opt)
{
    return opt->wants[PLM_KIND_MISCONFIGURATION] && opt->dockerfile.p;
}

/* The registries that a site trusts are one list for audit, images and Dockerfiles. */
static struct plm_dockerfile_options options_of(const struct plm_inspect_options *o)
{
    struct plm_dockerfile_options own =
        o->dockerfile_options ? *o->dockerfile_options : (struct plm_dockerfile_options){0};
    if (!own.trusted_registries.n)
        own.trusted_registries = o->allowed_registries;
    return own;
}

int plm_dockerfile_check_with(const struct plm_ctx *ctx, plm_sv text, plm_sv name,
                              const struct plm_inspect_options *o, struct plm_report *r, uint32_t target,
                              plm_err **err)
{
    struct plm_dockerfile_options own = options_of(o);
    struct plm_inspection in = {.ctx = ctx, .report = r, .target = target};
    return o->wants[PLM_KIND_MISCONFIGURATION] ? check(&in, text, name, &own, err) : 0;
}

static int inspect(struct plm_inspection *in, plm_err **err)
{
    const struct plm_inspect_options *o = in->opt;
    plm_sv name = o->dockerfile_name.n ? o->dockerfile_name : PLM_SV("Dockerfile");
    struct plm_dockerfile_options own = options_of(o);
    return check(in, o->dockerfile, name, &own, err);
}

static const struct plm_inspector dockerfile = {
    .id = "dockerfile",
    .summary = "the Dockerfile that was given, by the rules of Hadolint, and its RUN lines as shell text",
    .is_wanted = is_wanted,
    .inspect = inspect,
    .order = 10,
};
PLM_REGISTER(plm_inspectors, struct plm_inspector, dockerfile);
