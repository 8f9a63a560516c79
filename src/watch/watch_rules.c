/* SPDX-License-Identifier: Apache-2.0
 *
 * One compiled rule set of the pipeline: rules, two matchers, the kernel's plan. A reload makes a second one
 * and swaps; nothing of the process table or the metadata belongs to it.
 */
#include "watch/watch_int.h"

static bool operand_waits(const struct plm_operand *o)
{
    if (!o)
        return false;
    if (o->kind == PLM_OPERAND_FIELD)
        return o->ref.field && (o->ref.field->flags & PLM_F_CONTAINER);
    for (size_t i = 0; i < o->n_args; i++)
        if (operand_waits(&o->args[i]))
            return true;
    return false;
}

/* Whether a condition reads metadata: what is not known yet would decide it. Depth is the parser's. */
static bool cond_waits(const struct plm_cond *c)
{
    if (!c)
        return false;
    if (c->kind == PLM_COND_CHECK)
        return operand_waits(c->lhs) || operand_waits(c->rhs);
    for (size_t i = 0; i < c->n_children; i++)
        if (cond_waits(c->children[i]))
            return true;
    return false;
}

static void note_waits(struct plm_ruleset *s)
{
    for (size_t i = 0; i < plm_rules_count(s->rules); i++) {
        const struct plm_rule *r = plm_rules_get(s->rules, i);
        if (!r->is_enabled || !r->needs_metadata || !cond_waits(r->condition))
            continue;
        for (size_t w = 0; w < sizeof(s->waits.w) / sizeof(s->waits.w[0]); w++)
            s->waits.w[w] |= r->types.w[w];
    }
}

int plm_ruleset_load(const struct plm_ctx *ctx, const struct plm_rules_config *conf,
                     struct plm_arena *report_arena, struct plm_load_report *report, struct plm_ruleset *out,
                     plm_err **err)
{
    struct plm_ruleset s = {.arena = plm_arena_new(PLM_MIB(64))};
    if (!s.arena)
        return plm_fail_oom(err);
    s.rules = plm_rules_load(ctx, conf, report_arena, report, err);
    if (s.rules)
        s.matcher = plm_rule_matcher_new(s.rules, err);
    if (s.matcher)
        s.late = plm_rule_matcher_new(s.rules, err);
    if (s.late)
        s.plan = plm_kplan_make(s.rules, s.arena, err);
    if (!s.plan) {
        plm_ruleset_done(&s);
        return -1;
    }
    note_waits(&s);
    *out = s;
    return 0;
}

void plm_ruleset_done(struct plm_ruleset *s)
{
    plm_rule_matcher_free(s->matcher);
    plm_rule_matcher_free(s->late);
    plm_rules_unref(s->rules);
    plm_arena_free(s->arena);
    *s = (struct plm_ruleset){0};
}
