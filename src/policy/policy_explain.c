/* SPDX-License-Identifier: Apache-2.0
 *
 * One evaluation told for people. The evaluator reports which mappings it tried and which rules ran; what
 * became of a row (allowlists, exceptions) is known only at the end, so rules are kept and told afterwards.
 */
#include "base/text.h"
#include "base/time.h"
#include "policy_int.h"

struct ran {
    const struct plm_policy_set *set;
    const struct plm_policy_rule *rule;
    size_t first, end; /* of its rows */
    plm_sv failure;
};

struct explain {
    struct plm_policy_trace trace; /* first: the evaluator hands it back */
    struct plm_arena *a;
    struct plm_buf *b;
    const struct plm_image_facts *facts;
    struct plm_policy_eval ev; /* for patterns */
    struct plm_policy_reference ref;
    PLM_VEC(struct ran) rules;
    size_t mappings;
};

static void put(struct explain *x, plm_sv text)
{
    plm_text_escape(x->b, text);
}

static void __attribute__((format(printf, 2, 3))) say(struct explain *x, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    put(x, plm_arena_vprintf(x->a, fmt, ap));
    va_end(ap);
    plm_buf_byte(x->b, '\n');
}

/* ---- mappings ---------------------------------------------------------------------------------- */

static plm_sv part(plm_sv s)
{
    return s.p ? s : PLM_SV("(none)");
}

static bool fits(struct explain *x, plm_sv pattern, plm_sv text)
{
    plm_err *ignored = NULL;
    int hit = text.p ? plm_policy_pattern(&x->ev, pattern, text, &ignored) : 0;
    plm_err_free(ignored); /* the evaluation itself says what is wrong with it */
    return hit == 1;
}

/* The first part of the image that the mapping does not take. */
static plm_sv why_not(struct explain *x, const struct plm_policy_selector *s)
{
    const struct {
        const char *what;
        plm_sv pattern, text;
    } parts[] = {{"registry", s->registry, x->ref.registry},
                 {"repository", s->repository, x->ref.repository},
                 {"tag", plm_sv_is(s->type, "tag") ? s->value : PLM_SV("*"), x->ref.tag}};
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        if (fits(x, parts[i].pattern, parts[i].text) || (i == 2 && !plm_sv_is(s->type, "tag")))
            continue;
        plm_sv text = part(parts[i].text);
        return plm_arena_printf(x->a, "its %s is %.*s, not %.*s", parts[i].what, PLM_SV_ARG(text),
                                PLM_SV_ARG(parts[i].pattern));
    }
    return plm_arena_printf(x->a, "its %.*s is not %.*s", PLM_SV_ARG(s->type), PLM_SV_ARG(s->value));
}

static plm_sv name_of(const struct plm_policy_selector *s)
{
    return s->name.n ? s->name : s->id.n ? s->id : PLM_SV("(without a name)");
}

static void on_mapping(struct plm_policy_trace *t, const struct plm_policy_mapping *m, bool matches)
{
    struct explain *x = (struct explain *)(void *)t;
    const struct plm_policy_selector *s = &m->select;
    plm_sv name = name_of(s);
    x->mappings++;
    if (matches)
        say(x, "  applies: %.*s (line %u): %.*s/%.*s, %.*s %.*s", PLM_SV_ARG(name), s->line,
            PLM_SV_ARG(s->registry), PLM_SV_ARG(s->repository), PLM_SV_ARG(s->type), PLM_SV_ARG(s->value));
    else {
        plm_sv why = why_not(x, s);
        say(x, "  not:     %.*s (line %u): %.*s", PLM_SV_ARG(name), s->line, PLM_SV_ARG(why));
    }
}

/* ---- rules ---------------------------------------------------------------------------------------- */

static void on_rule(struct plm_policy_trace *t, const struct plm_policy_set *set,
                    const struct plm_policy_rule *rule, const struct plm_policy_result *result,
                    size_t first_row, const plm_err *failure)
{
    struct explain *x = (struct explain *)(void *)t;
    struct ran *r = plm_vec_push(x->a, &x->rules);
    if (!r)
        return;
    plm_auto_free char *text = failure ? plm_err_text(failure) : NULL;
    *r = (struct ran){.set = set,
                      .rule = rule,
                      .first = first_row,
                      .end = result->rows.n,
                      .failure = text ? plm_arena_sv(x->a, plm_sv_from(text)) : PLM_SV_NULL};
}

static void put_count(struct explain *x, size_t n, const char *what)
{
    plm_buf_printf(x->b, "%zu %s", n, what);
}

/* What the trigger read, by the facts it needs. */
static void put_read(struct explain *x, const struct plm_policy_rule *r)
{
    const struct plm_image_facts *f = x->facts;
    const struct {
        uint32_t fact;
        size_t n;
        const char *what;
    } rows[] = {
        {PLM_FACT_VULNERABILITIES, f->vulnerabilities.n, "vulnerabilities"},
        {PLM_FACT_FILES, f->files.n, "files"},
        {PLM_FACT_PACKAGES, f->packages.n, "packages"},
        {PLM_FACT_LICENSES, f->packages.n, "packages with their licenses"},
        {PLM_FACT_OWNED, f->packages.n, "packages with their files"},
        {PLM_FACT_STORED, f->stored.n, "retrieved files"},
        {PLM_FACT_CONTENT, f->content.n, "matches of contents"},
        {PLM_FACT_SECRETS, f->secrets.n, "matches of secret patterns"},
        {PLM_FACT_SECRET_RULES, f->issues.n, "findings of secret rules and other checks"},
        {PLM_FACT_CHECKS, f->issues.n, "findings of checks, secrets and the like"},
        {PLM_FACT_MALWARE, f->malware_scanners.n, "malware scanners"},
    };
    bool is_first = true;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        if (!(r->trigger->needs & rows[i].fact))
            continue;
        plm_buf_str(x->b, is_first ? "      read: " : ", ");
        if (f->known & rows[i].fact)
            put_count(x, rows[i].n, rows[i].what);
        else
            plm_buf_printf(x->b, "no %s: nobody looked for them", rows[i].what);
        is_first = false;
    }
    if (r->trigger->needs & PLM_FACT_FEED_AGE) {
        plm_buf_str(x->b, is_first ? "      read: " : ", ");
        plm_buf_str(x->b, "the data's age: ");
        if (f->known & PLM_FACT_FEED_AGE && f->feed_as_of)
            plm_time_put(x->b, f->feed_as_of);
        else
            plm_buf_str(x->b, "not known");
        is_first = false;
    }
    if (strcmp(r->gate->name, "dockerfile") == 0) {
        static const char *const modes[] = {"none", "reconstructed from the history", "as given"};
        plm_buf_str(x->b, is_first ? "      read: " : ", ");
        plm_buf_printf(x->b, "a Dockerfile: %s", modes[f->dockerfile_mode]);
        is_first = false;
    }
    if (!is_first)
        plm_buf_byte(x->b, '\n');
}

static void put_row(struct explain *x, const struct plm_policy_row *row)
{
    say(x, "      %s %.*s", row->is_allowlisted ? "accepted" : plm_action_name(row->action),
        PLM_SV_ARG(row->trigger_id));
    say(x, "        %.*s", PLM_SV_ARG(row->message));
    if (!row->is_allowlisted)
        return;
    plm_sv list = row->allowlist_name.n ? row->allowlist_name : row->allowlist_id;
    if (plm_sv_is(row->allowed_by, "exception"))
        say(x, "        by an exception: %.*s (%.*s, until %.*s)", PLM_SV_ARG(row->reason),
            PLM_SV_ARG(part(row->owner)), PLM_SV_ARG(row->until.n ? row->until : PLM_SV("never")));
    else
        say(x, "        by allowlist %.*s%s%.*s", PLM_SV_ARG(list), row->allowlist_item.n ? ", item " : "",
            PLM_SV_ARG(row->allowlist_item));
}

static void put_rule(struct explain *x, const struct ran *r, const struct plm_policy_result *result)
{
    enum { SHOWN = 10 };
    const struct plm_policy_rule *rule = r->rule;
    plm_auto_done(plm_buf_done) struct plm_buf params = PLM_BUF(PLM_MIB(4));
    for (size_t i = 0; i < rule->params.n; i++)
        plm_buf_printf(&params, " %.*s=%.*s", PLM_SV_ARG(rule->params.v[i].name),
                       PLM_SV_ARG(rule->params.v[i].value));
    plm_sv text = plm_buf_sv(&params);
    say(x, "    line %u: %s %.*s.%.*s%.*s", rule->line, plm_action_name(rule->action),
        PLM_SV_ARG(rule->gate_text), PLM_SV_ARG(rule->trigger_text), PLM_SV_ARG(text));
    put_read(x, rule);
    if (r->failure.n)
        say(x, "      could not be judged: %.*s", PLM_SV_ARG(r->failure));
    else if (r->end == r->first)
        say(x, "      did not fire");
    else
        say(x, "      fired %zu time%s", r->end - r->first, r->end - r->first == 1 ? "" : "s");
    for (size_t i = r->first; i < r->end && i < result->rows.n; i++) {
        if (i - r->first == SHOWN) {
            say(x, "      and %zu more", r->end - i);
            break;
        }
        put_row(x, &result->rows.v[i]);
    }
}

static void put_rules(struct explain *x, const struct plm_policy_result *result)
{
    const struct plm_policy_set *set = NULL;
    for (size_t i = 0; i < x->rules.n; i++) {
        const struct ran *r = &x->rules.v[i];
        if (r->set != set) {
            plm_sv id = r->set->id;
            say(x, "  rule set %.*s%s%.*s", PLM_SV_ARG(id), r->set->name.n ? ": " : "",
                PLM_SV_ARG(r->set->name));
        }
        set = r->set;
        put_rule(x, r, result);
    }
}

/* ---- the whole --------------------------------------------------------------------------------------- */

static void put_result(struct explain *x, const struct plm_policy_result *result)
{
    for (size_t i = 0; i < result->problems.n; i++) {
        const struct plm_policy_problem *p = &result->problems.v[i];
        say(x, "  %s, line %u: %.*s: %.*s", p->is_warning ? "warning" : "fault", p->line, PLM_SV_ARG(p->type),
            PLM_SV_ARG(p->details));
    }
    if (result->denied_image.p)
        say(x, "  denied image: %.*s", PLM_SV_ARG(result->denied_image));
    else if (result->allowed_image.p)
        say(x, "  allowed image: %.*s, whatever the rules say", PLM_SV_ARG(result->allowed_image));
    say(x, "  %s (%.*s)", plm_action_name(result->action), PLM_SV_ARG(result->reason));
}

int plm_policy_explain(const struct plm_ctx *ctx, struct plm_policy *p, const struct plm_image_facts *facts,
                       plm_sv tag, const struct plm_policy_options *opt, struct plm_arena *a,
                       struct plm_buf *out, struct plm_policy_result *result, plm_err **err)
{
    struct explain x = {.trace = {.mapping = on_mapping, .rule = on_rule}, .a = a, .b = out, .facts = facts};
    struct plm_policy_options mine = *opt;
    mine.trace = &x.trace;
    x.ev = (struct plm_policy_eval){.ctx = ctx, .policy = p, .mode = p->mode, .facts = facts, .arena = a};
    plm_policy_reference_parse(tag, a, &x.ref);
    plm_sv name = p->name.n ? p->name : PLM_SV("without a name");
    say(&x, "policy %.*s (%.*s), %s mode", PLM_SV_ARG(p->id), PLM_SV_ARG(name),
        p->mode == PLM_POLICY_COMPAT ? "compat" : "fixed");
    say(&x, "image %.*s: registry %.*s, repository %.*s, tag %.*s", PLM_SV_ARG(part(tag)),
        PLM_SV_ARG(part(x.ref.registry)), PLM_SV_ARG(part(x.ref.repository)), PLM_SV_ARG(part(x.ref.tag)));
    plm_buf_str(out, "\nmappings\n");
    if (plm_policy_cache_new(&x.ev, err) < 0) {
        plm_policy_cache_free(&x.ev);
        return -1;
    }
    int rc = plm_policy_evaluate(ctx, p, facts, tag, &mine, a, result, err);
    plm_policy_cache_free(&x.ev);
    if (rc < 0)
        return -1;
    if (!result->is_mapped)
        say(&x, "  none of %zu applies: nothing is judged", x.mappings);
    if (x.rules.n)
        plm_buf_str(out, "\nrules, in the order of evaluation\n");
    put_rules(&x, result);
    plm_buf_str(out, "\nresult\n");
    put_result(&x, result);
    return plm_arena_check(a, err) < 0 ? -1 : plm_buf_check(out, err);
}
