/* SPDX-License-Identifier: Apache-2.0
 *
 * What is wrong with a policy, or in it for nothing. Faults are those of loading; the rest are things that a
 * reader would believe and the evaluator does not do. Quadratic in mappings only.
 */
#include "base/time.h"
#include "codec/pyre.h"
#include "policy_int.h"

struct lint {
    const struct plm_ctx *ctx;
    const struct plm_policy *p;
    struct plm_arena *a;
    plm_policy_lints *out;
};

static void __attribute__((format(printf, 4, 5)))
say(struct lint *l, bool is_error, uint32_t line, const char *fmt, ...)
{
    struct plm_policy_lint *x = plm_vec_push(l->a, l->out);
    if (!x)
        return;
    va_list ap;
    va_start(ap, fmt);
    *x = (struct plm_policy_lint){
        .is_error = is_error, .line = line, .what = plm_arena_vprintf(l->a, fmt, ap)};
    va_end(ap);
}

/* ---- expressions ------------------------------------------------------------------------------ */

/* Does a repetition without an upper bound begin at i? */
static bool is_unbounded(plm_sv re, size_t i)
{
    if (i >= re.n)
        return false;
    if (re.p[i] == '*' || re.p[i] == '+')
        return true;
    if (re.p[i] != '{')
        return false;
    plm_sv rest = plm_sv_from_off(re, i);
    size_t end = plm_sv_find(rest, '}');
    return end != SIZE_MAX && end > 1 && rest.p[end - 1] == ',';
}

/* A repeated group that repeats inside, such as (a+)*: the number of ways to match grows exponentially with
 * the text. */
static bool is_explosive(plm_sv re)
{
    enum { DEPTH = 64 };
    bool repeats[DEPTH] = {false};
    size_t depth = 0;
    bool in_class = false;
    for (size_t i = 0; i < re.n; i++) {
        char c = re.p[i];
        if (c == '\\') {
            i++;
        } else if (in_class) {
            in_class = c != ']';
        } else if (c == '[') {
            in_class = true;
        } else if (c == '(' && depth + 1 < DEPTH) {
            repeats[++depth] = false;
        } else if (c == ')' && depth) {
            bool inner = repeats[depth--];
            if (inner && is_unbounded(re, i + 1))
                return true;
            repeats[depth] = repeats[depth] || inner;
        } else if (is_unbounded(re, i)) {
            repeats[depth] = true;
        }
    }
    return false;
}

static int check_regex(struct lint *l, plm_sv re, uint32_t line, const char *what, plm_err **err)
{
    plm_err *fault = NULL;
    plm_auto(plm_pyre_free) struct plm_pyre *x = plm_pyre_new(re, 0, &fault);
    if (!x && plm_err_code(fault) == PLM_E_OOM)
        return plm_err_move(err, &fault);
    if (!x)
        say(l, true, line, "%s: %.*s: not an expression: %s", what, PLM_SV_ARG(re), fault->message);
    else if (is_explosive(re))
        say(l, false, line,
            "%s: %.*s: a repetition inside a repeated group; on some texts it ends at the limit of steps",
            what, PLM_SV_ARG(re));
    plm_err_free(fault);
    return 0;
}

/* "regexp:..." where wildcards are expected. */
static int check_pattern(struct lint *l, plm_sv pattern, uint32_t line, const char *what, plm_err **err)
{
    plm_sv prefix = PLM_SV("regexp:"), bare = plm_sv_trim(pattern);
    if (!plm_sv_starts(bare, prefix))
        return 0;
    if (!plm_sv_starts(pattern, prefix))
        say(l, false, line, "%s: blanks before regexp: make the original cut the expression wrongly", what);
    return check_regex(l, plm_sv_from_off(bare, prefix.n), line, what, err);
}

/* ---- mappings ------------------------------------------------------------------------------------ */

static bool covers(plm_sv wide, plm_sv narrow)
{
    if (plm_sv_is(wide, "*") || plm_sv_eq(wide, narrow))
        return true;
    bool is_text = plm_sv_find(narrow, '*') == SIZE_MAX && !plm_sv_starts(narrow, PLM_SV("regexp:"));
    size_t star = plm_sv_find(wide, '*');
    /* One star, text beside it: the most that people write. */
    if (!is_text || star == SIZE_MAX || plm_sv_find(plm_sv_from_off(wide, star + 1), '*') != SIZE_MAX ||
        plm_sv_starts(wide, PLM_SV("regexp:")))
        return false;
    return narrow.n >= wide.n - 1 && plm_sv_starts(narrow, plm_sv_sub(wide, 0, star)) &&
           plm_sv_ends(narrow, plm_sv_from_off(wide, star + 1));
}

static bool selects_all_of(const struct plm_policy_selector *wide, const struct plm_policy_selector *narrow)
{
    if (!covers(wide->registry, narrow->registry) || !covers(wide->repository, narrow->repository))
        return false;
    if (plm_sv_eq(wide->type, narrow->type) && plm_sv_is(wide->type, "tag"))
        return covers(wide->value, narrow->value);
    if (plm_sv_is(wide->type, "tag"))
        return plm_sv_is(wide->value, "*");
    return plm_sv_eq(wide->type, narrow->type) && plm_sv_eq(wide->value, narrow->value);
}

static plm_sv label(const struct plm_policy_selector *s)
{
    return s->name.n ? s->name : s->id.n ? s->id : s->repository;
}

static int check_selector(struct lint *l, const struct plm_policy_selector *s, plm_err **err)
{
    bool is_tag = plm_sv_is(s->type, "tag");
    if (check_pattern(l, s->registry, s->line, "registry", err) < 0 ||
        check_pattern(l, s->repository, s->line, "repository", err) < 0 ||
        (is_tag && check_pattern(l, s->value, s->line, "tag", err) < 0))
        return -1;
    if (!is_tag && plm_sv_find(s->value, '*') != SIZE_MAX)
        say(l, false, s->line, "%.*s: wildcards mean nothing in an id or digest", PLM_SV_ARG(label(s)));
    return 0;
}

static int check_mappings(struct lint *l, plm_err **err)
{
    const struct plm_policy *p = l->p;
    for (size_t i = 0; i < p->mappings.n; i++) {
        const struct plm_policy_selector *s = &p->mappings.v[i].select;
        if (check_selector(l, s, err) < 0)
            return -1;
        for (size_t k = 0; k < i; k++) {
            const struct plm_policy_selector *before = &p->mappings.v[k].select;
            if (!selects_all_of(before, s))
                continue;
            plm_sv mine = label(s), theirs = label(before);
            say(l, false, s->line, "mapping %.*s is never reached: %.*s (line %u) takes all of its images",
                PLM_SV_ARG(mine), PLM_SV_ARG(theirs), before->line);
            break;
        }
    }
    if (p->mappings.n == 0)
        say(l, false, 0, "there is no mapping: nothing is ever applied");
    for (size_t i = 0; i < p->allowed.n; i++)
        if (check_selector(l, &p->allowed.v[i], err) < 0)
            return -1;
    for (size_t i = 0; i < p->denied.n; i++)
        if (check_selector(l, &p->denied.v[i], err) < 0)
            return -1;
    return 0;
}

static bool has_id(const plm_sv_vec *ids, plm_sv id)
{
    for (size_t i = 0; i < ids->n; i++)
        if (plm_sv_eq(ids->v[i], id))
            return true;
    return false;
}

static void check_references(struct lint *l)
{
    const struct plm_policy *p = l->p;
    for (size_t i = 0; i < p->sets.n; i++) {
        bool is_used = false;
        for (size_t m = 0; m < p->mappings.n; m++)
            is_used = is_used || has_id(&p->mappings.v[m].set_ids, p->sets.v[i].id);
        if (!is_used)
            say(l, false, p->sets.v[i].line, "rule set %.*s is named by no mapping",
                PLM_SV_ARG(p->sets.v[i].id));
        if (p->sets.v[i].rules.n == 0)
            say(l, false, p->sets.v[i].line, "rule set %.*s has no rule", PLM_SV_ARG(p->sets.v[i].id));
    }
    for (size_t i = 0; i < p->allowlists.n; i++) {
        bool is_used = false;
        for (size_t m = 0; m < p->mappings.n; m++)
            is_used = is_used || has_id(&p->mappings.v[m].allowlist_ids, p->allowlists.v[i].id);
        if (!is_used)
            say(l, false, p->allowlists.v[i].line, "allowlist %.*s is named by no mapping",
                PLM_SV_ARG(p->allowlists.v[i].id));
    }
}

/* ---- rules ------------------------------------------------------------------------------------------ */

static plm_sv value(const struct plm_policy_rule *r, const char *name)
{
    for (size_t i = 0; i < r->params.n; i++) {
        const struct plm_policy_param *x = &r->params.v[i];
        if (x->type ? strcmp(x->type->name, name) == 0 : plm_sv_is(x->name, name))
            return x->value;
    }
    return PLM_SV_NULL;
}

/* Parameters that say how another one is read. */
static void check_idle_params(struct lint *l, const struct plm_policy_rule *r)
{
    static const struct {
        const char *how, *what;
    } pairs[] = {{"checksum_match", "checksum"},
                 {"checksum_algorithm", "checksum"},
                 {"mode_op", "mode"},
                 {"version_match_type", "version"}};
    plm_sv suffix = PLM_SV("_comparison");
    for (size_t i = 0; i < r->params.n; i++) {
        plm_sv name = r->params.v[i].name;
        plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(PLM_KIB(64));
        if (plm_sv_ends(name, suffix) && !plm_sv_is(name, "severity_comparison"))
            plm_buf_sv_put(&b, plm_sv_sub(name, 0, name.n - suffix.n));
        for (size_t k = 0; k < sizeof(pairs) / sizeof(pairs[0]); k++)
            if (plm_sv_is(name, pairs[k].how))
                plm_buf_str(&b, pairs[k].what);
        const char *what = b.n ? plm_buf_cstr(&b) : NULL;
        if (what && !value(r, what).p)
            say(l, false, r->line, "%.*s.%.*s: %.*s does nothing without %s", PLM_SV_ARG(r->gate_text),
                PLM_SV_ARG(r->trigger_text), PLM_SV_ARG(name), what);
    }
    if (value(r, "max_days_since_fix").p && !plm_sv_ieq(value(r, "fix_available"), PLM_SV("true")))
        say(l, false, r->line, "%.*s.%.*s: max_days_since_fix does nothing without fix_available true",
            PLM_SV_ARG(r->gate_text), PLM_SV_ARG(r->trigger_text));
}

/* Why it never fires; NULL: it may. */
static const char *never(const struct plm_policy_rule *r)
{
    const char *gate = r->gate->name, *trigger = r->trigger->name;
    plm_sv severity = value(r, "severity"), op = value(r, "severity_comparison"), check = value(r, "check");
    if (r->gate->state == PLM_STATE_EOL || r->trigger->state == PLM_STATE_EOL)
        return "it is at the end of its life: Anchore refuses it on upload and ignores it at evaluation";
    if (strcmp(gate, "vulnerabilities") == 0 && strcmp(trigger, "package") == 0) {
        if (plm_sv_is(severity, "critical") && (!op.n || plm_sv_is(op, ">")))
            return "no severity is above critical";
        if ((!severity.n || plm_sv_is(severity, "unknown")) && plm_sv_is(op, "<"))
            return "no severity is below unknown";
    }
    if (strcmp(gate, "dockerfile") == 0 && strcmp(trigger, "instruction") == 0 && !value(r, "value").p &&
        !plm_sv_is(check, "exists") && !plm_sv_is(check, "not_exists"))
        return "its check needs a value";
    if (strcmp(gate, "files") == 0 && strcmp(trigger, "attribute_match") == 0 && !value(r, "checksum").p &&
        !value(r, "mode").p && !plm_sv_ieq(value(r, "skip_missing"), PLM_SV("false")))
        return "it has nothing to check: neither checksum nor mode, and skip_missing";
    if (r->trigger->needs & PLM_FACT_REGISTRY_DATA)
        return "it needs the data of a package registry, which plimsoll does not fetch";
    return NULL;
}

static bool takes_regex(const struct plm_policy_rule *r, const struct plm_policy_param *x)
{
    if (x->type && x->type->type == PLM_PARAM_REGEX)
        return true;
    plm_sv check = value(r, "check");
    bool is_like = plm_sv_is(check, "like") || plm_sv_is(check, "not_like");
    return (plm_sv_is(x->name, "value") && is_like) || plm_sv_is(x->name, "regex") ||
           plm_sv_is(x->name, "filename_regex");
}

static bool same_rule(const struct plm_policy_rule *a, const struct plm_policy_rule *b)
{
    if (a->trigger != b->trigger || a->action != b->action || a->params.n != b->params.n ||
        !plm_sv_ieq(a->trigger_text, b->trigger_text))
        return false;
    for (size_t i = 0; i < a->params.n; i++)
        if (!plm_sv_eq(a->params.v[i].name, b->params.v[i].name) ||
            !plm_sv_eq(a->params.v[i].value, b->params.v[i].value))
            return false;
    return true;
}

static void check_origin(struct lint *l, const struct plm_policy_rule *r)
{
    bool is_ours = r->gate->origin == PLM_ORIGIN_OURS || r->trigger->origin == PLM_ORIGIN_OURS;
    plm_sv what = PLM_SV_NULL;
    if (l->p->dialect == PLM_DIALECT_OURS)
        return;
    for (size_t i = 0; i < r->params.n && !is_ours; i++)
        if (r->params.v[i].type && r->params.v[i].type->origin == PLM_ORIGIN_OURS)
            what = r->params.v[i].name;
    if (is_ours || what.n)
        say(l, false, r->line, "%.*s.%.*s%s%.*s is plimsoll's own: Anchore cannot load this bundle",
            PLM_SV_ARG(r->gate_text), PLM_SV_ARG(r->trigger_text), what.n ? ": " : "", PLM_SV_ARG(what));
}

static int check_rules(struct lint *l, const struct plm_policy_set *set, plm_err **err)
{
    for (size_t i = 0; i < set->rules.n; i++) {
        const struct plm_policy_rule *r = &set->rules.v[i];
        if (!r->gate || !r->trigger)
            continue; /* a fault, said as one */
        const char *why = never(r);
        if (why)
            say(l, false, r->line, "%.*s.%.*s never fires: %s", PLM_SV_ARG(r->gate_text),
                PLM_SV_ARG(r->trigger_text), why);
        if (r->action == PLM_ACTION_GO)
            say(l, false, r->line, "%.*s.%.*s: a rule with the action go changes no verdict",
                PLM_SV_ARG(r->gate_text), PLM_SV_ARG(r->trigger_text));
        check_idle_params(l, r);
        check_origin(l, r);
        for (size_t k = 0; k < r->params.n; k++)
            if (takes_regex(r, &r->params.v[k]) &&
                check_regex(l, r->params.v[k].value, r->params.v[k].line ? r->params.v[k].line : r->line,
                            r->trigger->name, err) < 0)
                return -1;
        for (size_t k = 0; k < i; k++)
            if (same_rule(&set->rules.v[k], r)) {
                say(l, false, r->line, "%.*s.%.*s: the same rule stands at line %u; it fires twice",
                    PLM_SV_ARG(r->gate_text), PLM_SV_ARG(r->trigger_text), set->rules.v[k].line);
                break;
            }
    }
    return 0;
}

/* ---- allowlists --------------------------------------------------------------------------------------- */

/* Is there a rule of the gate where the allowlist is used? */
static bool is_gate_used(const struct plm_policy *p, plm_sv allowlist, plm_sv gate)
{
    const struct plm_policy_gate *g = plm_policy_gate_find(gate);
    for (size_t m = 0; m < p->mappings.n; m++) {
        const struct plm_policy_mapping *map = &p->mappings.v[m];
        if (!has_id(&map->allowlist_ids, allowlist))
            continue;
        for (size_t s = 0; s < p->sets.n; s++)
            for (size_t i = 0; has_id(&map->set_ids, p->sets.v[s].id) && i < p->sets.v[s].rules.n; i++)
                if (g && p->sets.v[s].rules.v[i].gate == g)
                    return true;
    }
    return false;
}

/* Of a plain text that no id of the gate can be. */
static const char *impossible(plm_sv gate, plm_sv id)
{
    bool is_pattern = plm_sv_find(id, '*') != SIZE_MAX || plm_sv_starts(plm_sv_trim(id), PLM_SV("regexp:"));
    bool is_flaw = plm_sv_starts(id, PLM_SV("CVE-")) || plm_sv_starts(id, PLM_SV("GHSA-"));
    if (is_pattern)
        return NULL;
    if (plm_sv_ieq(gate, PLM_SV("vulnerabilities")) && is_flaw && plm_sv_find(id, '+') == SIZE_MAX)
        return "ids of vulnerabilities are CVE+PACKAGE; CVE+* covers every package";
    if (plm_sv_ieq(gate, PLM_SV("always")) && !plm_sv_is(id, "always"))
        return "the one id of this gate is always";
    return NULL;
}

static int check_allowlist(struct lint *l, const struct plm_policy_allowlist *list, plm_err **err)
{
    int64_t now = plm_now(l->ctx);
    for (size_t i = 0; i < list->items.n; i++) {
        const struct plm_policy_item *x = &list->items.v[i];
        const char *why = impossible(x->gate, x->trigger_id);
        if (!plm_policy_gate_find(x->gate))
            say(l, false, x->line, "allowlist %.*s: %.*s is no gate: the item covers nothing",
                PLM_SV_ARG(list->id), PLM_SV_ARG(x->gate));
        else if (!is_gate_used(l->p, list->id, x->gate))
            say(l, false, x->line,
                "allowlist %.*s: no rule of the gate %.*s is used with it: %.*s covers nothing",
                PLM_SV_ARG(list->id), PLM_SV_ARG(x->gate), PLM_SV_ARG(x->trigger_id));
        else if (why)
            say(l, false, x->line, "allowlist %.*s: %.*s: %s", PLM_SV_ARG(list->id),
                PLM_SV_ARG(x->trigger_id), why);
        if (x->expires && x->expires <= now)
            say(l, false, x->line, "allowlist %.*s: %.*s ended on %.*s", PLM_SV_ARG(list->id),
                PLM_SV_ARG(x->trigger_id), PLM_SV_ARG(x->expires_text));
        if (check_pattern(l, x->trigger_id, x->line, "trigger_id", err) < 0)
            return -1;
    }
    return 0;
}

/* ---- all of it ------------------------------------------------------------------------------------------
 */

static int by_line(const void *a, const void *b)
{
    const struct plm_policy_lint *x = a, *y = b;
    if (x->line != y->line)
        return x->line < y->line ? -1 : 1;
    if (x->column != y->column)
        return x->column < y->column ? -1 : 1;
    return plm_sv_cmp(x->what, y->what);
}

int plm_policy_lint(const struct plm_ctx *ctx, const struct plm_policy *p, struct plm_arena *a,
                    plm_policy_lints *out, plm_err **err)
{
    struct lint l = {.ctx = ctx, .p = p, .a = a, .out = out};
    for (size_t i = 0; i < p->problems.n; i++) {
        const struct plm_policy_problem *x = &p->problems.v[i];
        say(&l, !x->is_warning, x->line, "%.*s: %.*s", PLM_SV_ARG(x->type), PLM_SV_ARG(x->details));
        if (out->n)
            out->v[out->n - 1].column = x->column;
    }
    check_references(&l);
    if (check_mappings(&l, err) < 0)
        return -1;
    for (size_t i = 0; i < p->sets.n; i++)
        if (check_rules(&l, &p->sets.v[i], err) < 0)
            return -1;
    for (size_t i = 0; i < p->allowlists.n; i++)
        if (check_allowlist(&l, &p->allowlists.v[i], err) < 0)
            return -1;
    if (plm_arena_check(a, err) < 0)
        return -1;
    if (out->n)
        qsort(out->v, out->n, sizeof(*out->v), by_line);
    return 0;
}
