/* SPDX-License-Identifier: Apache-2.0
 *
 * Policies in the pipeline: each target's facts through the evaluator, its rows into the verdict.
 *
 * The conditions of --fail-on have judged before; whichever is worse counts. A policy with faults fails what
 * it would be applied to. One that maps nothing to an image has judged nothing: in fixed mode that is said,
 * and is no pass.
 */
#include "scan/scan.h"

struct judging {
    const struct plm_ctx *ctx;
    const struct plm_scan_policy *p;
    struct plm_report *r;
    size_t judged, stopped;
    plm_sv first; /* that it stops */
};

static struct plm_image_facts *facts_of(const struct plm_report *r, uint32_t target)
{
    for (size_t i = 0; i < r->facts.n; i++)
        if (r->facts.v[i]->target == target)
            return r->facts.v[i];
    return NULL;
}

static void raise(struct plm_verdict *v, enum plm_result result)
{
    if (result > v->result)
        v->result = result;
}

static void reason(struct plm_report *r, struct plm_verdict *v, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
static void reason(struct plm_report *r, struct plm_verdict *v, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    plm_sv text = plm_arena_vprintf(r->arena, fmt, ap);
    va_end(ap);
    bool is_added = plm_sv_vec_add(r->arena, &v->reasons, text);
    (void)is_added; /* the arena says it at the end */
}

static int add_rows(struct plm_report *r, struct plm_verdict *v, const struct plm_policy_result *result,
                    plm_err **err)
{
    for (size_t i = 0; i < result->rows.n; i++) {
        const struct plm_policy_row *row = &result->rows.v[i];
        struct plm_verdict_rule *to = plm_vec_push(r->arena, &v->rules);
        if (!to)
            return plm_arena_check(r->arena, err);
        *to = (struct plm_verdict_rule){.gate = plm_arena_sv(r->arena, row->gate),
                                        .trigger = plm_arena_sv(r->arena, row->trigger),
                                        .trigger_id = plm_arena_sv(r->arena, row->trigger_id),
                                        .action = plm_sv_from(plm_action_name(row->action)),
                                        .message = plm_arena_sv(r->arena, row->message),
                                        .allowlisted = row->is_allowlisted};
    }
    return plm_arena_check(r->arena, err);
}

static void say_rows(struct plm_report *r, struct plm_verdict *v, plm_sv name,
                     const struct plm_policy_result *result)
{
    size_t stops = 0, warnings = 0, accepted = 0;
    for (size_t i = 0; i < result->rows.n; i++) {
        const struct plm_policy_row *row = &result->rows.v[i];
        accepted += row->is_allowlisted;
        stops += row->action == PLM_ACTION_STOP;
        warnings += row->action == PLM_ACTION_WARN;
    }
    if (result->denied_image.n)
        reason(r, v, "policy %.*s: the image is denied by %.*s", PLM_SV_ARG(name),
               PLM_SV_ARG(result->denied_image));
    else if (result->allowed_image.n)
        reason(r, v, "policy %.*s: the image is allowed by %.*s, whatever its rules say", PLM_SV_ARG(name),
               PLM_SV_ARG(result->allowed_image));
    reason(r, v, "policy %.*s: %s; %zu stop, %zu warn, %zu accepted", PLM_SV_ARG(name),
           plm_action_name(result->action), stops, warnings, accepted);
}

static void say_problems(struct judging *j, uint32_t target, const struct plm_policy_result *result)
{
    for (size_t i = 0; i < result->problems.n; i++) {
        const struct plm_policy_problem *p = &result->problems.v[i];
        char place[48] = "";
        if (p->line)
            snprintf(place, sizeof(place), "%u:%u: ", p->line, p->column);
        plm_sv text =
            plm_arena_printf(j->r->arena, "%s%.*s: %.*s", place, PLM_SV_ARG(p->type), PLM_SV_ARG(p->details));
        enum plm_severity severity = p->is_warning ? PLM_SEV_LOW : PLM_SEV_MEDIUM;
        if (result->is_init_error)
            plm_diag(j->r, "policy.invalid", severity, target, j->p->name, "%.*s", PLM_SV_ARG(text));
        else
            plm_diag(j->r, "policy.problem", severity, target, j->p->name, "%.*s", PLM_SV_ARG(text));
    }
}

static int judge_target(struct judging *j, uint32_t target, size_t *out_unmapped, plm_err **err)
{
    static const enum plm_result results[] = {[PLM_ACTION_STOP] = PLM_RESULT_FAIL,
                                              [PLM_ACTION_WARN] = PLM_RESULT_WARN,
                                              [PLM_ACTION_GO] = PLM_RESULT_PASS};
    struct plm_report *r = j->r;
    struct plm_verdict *v = &r->targets.v[target].verdict;
    const struct plm_image_facts *facts = facts_of(r, target);
    plm_sv reference = r->targets.v[target].reference;
    v->policy = plm_arena_sv(r->arena, j->p->name);
    if (!facts) {
        plm_diag(r, "policy.no-facts", PLM_SEV_HIGH, target, reference,
                 "policy %.*s could not judge it: nothing is known of it but findings",
                 PLM_SV_ARG(j->p->name));
        raise(v, PLM_RESULT_INCOMPLETE);
        return plm_arena_check(r->arena, err);
    }
    const struct plm_policy_options opt = {
        .exceptions = j->p->exceptions, .before = j->p->before, .trace = j->p->trace};
    struct plm_policy_result result = {0};
    plm_sv tag = j->p->tag.n ? j->p->tag : facts->tag;
    if (plm_policy_evaluate(j->ctx, j->p->policy, facts, tag, &opt, r->arena, &result, err) < 0)
        return plm_wrap(err, "policy %.*s", PLM_SV_ARG(j->p->name));
    if (result.is_init_error) {
        say_problems(j, target, &result);
        reason(r, v, "policy %.*s has faults and judges nothing: stop", PLM_SV_ARG(j->p->name));
        raise(v, PLM_RESULT_FAIL);
        return 0;
    }
    bool has_image_rule = result.allowed_image.p || result.denied_image.p;
    if (!result.is_mapped && !has_image_rule && j->p->mode == PLM_POLICY_FIXED) {
        ++*out_unmapped;
        plm_diag(r, "policy.unmapped", PLM_SEV_MEDIUM, target, reference,
                 "policy %.*s: no mapping fits %.*s, so nothing was applied", PLM_SV_ARG(j->p->name),
                 PLM_SV_ARG(tag.n ? tag : PLM_SV("an image without a tag")));
        reason(r, v, "policy %.*s: nothing applied", PLM_SV_ARG(j->p->name));
        return 0;
    }
    say_problems(j, target, &result);
    say_rows(r, v, j->p->name, &result);
    raise(v, results[result.action]);
    j->judged++;
    if (result.action == PLM_ACTION_STOP && j->stopped++ == 0)
        j->first = tag.n ? tag : reference;
    return add_rows(r, v, &result, err);
}

/* What the targets' verdicts gained, in the report's. */
static int join(struct plm_report *r, uint32_t target, size_t first_rule, size_t first_reason,
                bool is_summed_up, plm_err **err)
{
    const struct plm_verdict *v = &r->targets.v[target].verdict;
    for (size_t i = first_rule; i < v->rules.n; i++) {
        struct plm_verdict_rule *to = plm_vec_push(r->arena, &r->verdict.rules);
        if (to)
            *to = v->rules.v[i];
    }
    for (size_t i = first_reason; i < v->reasons.n && !is_summed_up; i++) {
        if (r->targets.n > 1)
            reason(r, &r->verdict, "%.*s: %.*s", PLM_SV_ARG(r->targets.v[target].reference),
                   PLM_SV_ARG(v->reasons.v[i]));
        else
            reason(r, &r->verdict, "%.*s", PLM_SV_ARG(v->reasons.v[i]));
    }
    raise(&r->verdict, v->result);
    return plm_arena_check(r->arena, err);
}

/* One line for all images: how many it stops, and the first of them. */
static void sum_up(struct judging *j)
{
    struct plm_report *r = j->r;
    if (j->stopped)
        reason(r, &r->verdict, "policy %.*s: stops %zu of %zu images, first %.*s", PLM_SV_ARG(j->p->name),
               j->stopped, j->judged, PLM_SV_ARG(j->first));
    else if (j->judged)
        reason(r, &r->verdict, "policy %.*s: stops none of %zu images", PLM_SV_ARG(j->p->name), j->judged);
}

int plm_scan_policy_judge(const struct plm_ctx *ctx, const struct plm_scan_policy *p, struct plm_report *r,
                          size_t *out_unmapped, plm_err **err)
{
    struct judging j = {.ctx = ctx, .p = p, .r = r};
    *out_unmapped = 0;
    r->verdict.policy = plm_arena_sv(r->arena, p->name);
    for (uint32_t t = 0; t < r->targets.n; t++) {
        size_t rules = r->targets.v[t].verdict.rules.n, reasons = r->targets.v[t].verdict.reasons.n;
        if (p->images_only && !facts_of(r, t))
            continue;
        if (judge_target(&j, t, out_unmapped, err) < 0 || join(r, t, rules, reasons, p->images_only, err) < 0)
            return -1;
    }
    if (p->images_only)
        sum_up(&j);
    return plm_arena_check(r->arena, err);
}
