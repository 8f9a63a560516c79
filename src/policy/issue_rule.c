/* SPDX-License-Identifier: Apache-2.0
 *
 * Rules about issues: the findings of the image checks, of the secret search and of signatures, after
 * exceptions were applied. One finding of policy per issue, with the id "<issue id>+<object>" (the id alone
 * where it is about nothing in particular), so that allowlists can name one of them or "<issue id>*".
 */
#include "policy/gate_common.h"

/* Is one of the issue's ids the wanted one, or one of the patterns'? 1, 0, -1. */
static int id_fits(struct plm_policy_eval *ev, const struct plm_fact_issue *i, plm_sv id,
                   const plm_sv_vec *patterns, plm_err **err)
{
    for (size_t k = 0; k <= i->aliases.n; k++) {
        plm_sv own = k ? i->aliases.v[k - 1] : i->id;
        if (id.n && plm_sv_ieq(own, id))
            return 1;
        int fits = plm_policy_fits(ev, patterns, own, err);
        if (fits != 0)
            return fits;
    }
    return 0;
}

struct plm_policy_issues plm_policy_issues_of(struct plm_policy_eval *ev, const struct plm_policy_rule *r,
                                              enum plm_kind kind, const char *noun)
{
    return (struct plm_policy_issues){.kind = kind,
                                      .ids = plm_policy_param_list(ev, r, "ids"),
                                      .excluded = plm_policy_param_list(ev, r, "exclude_ids"),
                                      .noun = noun,
                                      .filter = plm_policy_filter(r),
                                      .object_regex = plm_policy_param(r, "object_regex")};
}

int plm_policy_issue_fits(struct plm_policy_eval *ev, const struct plm_policy_issues *w,
                          const struct plm_fact_issue *i, plm_err **err)
{
    if (i->kind != w->kind || !plm_policy_filter_fits(&w->filter, i->severity, i->is_base))
        return 0;
    int fits = !w->id.n && !w->ids.n ? 1 : id_fits(ev, i, w->id, &w->ids, err);
    if (fits > 0 && w->excluded.n) {
        fits = id_fits(ev, i, PLM_SV_NULL, &w->excluded, err);
        fits = fits < 0 ? -1 : !fits;
    }
    if (fits > 0 && w->object_regex.n)
        fits = plm_policy_match(ev, w->object_regex, i->object, err);
    return fits;
}

int plm_policy_issues_fire(struct plm_policy_eval *ev, const struct plm_policy_rule *r,
                           const struct plm_policy_issues *w, plm_err **err)
{
    for (size_t k = 0; k < ev->facts->issues.n; k++) {
        const struct plm_fact_issue *i = &ev->facts->issues.v[k];
        int fits = plm_policy_issue_fits(ev, w, i, err);
        if (fits < 0)
            return -1;
        if (!fits)
            continue;
        plm_sv own = w->id.n ? w->id : i->id;
        plm_sv id = plm_arena_printf(ev->arena, "%.*s%s%.*s", PLM_SV_ARG(own), i->object.n ? "+" : "",
                                     PLM_SV_ARG(i->object));
        if (!id.p ||
            plm_policy_fire(ev, r, id, "%s %.*s%s%.*s: %.*s", w->noun, PLM_SV_ARG(own),
                            i->object.n ? " at " : "", PLM_SV_ARG(i->object), PLM_SV_ARG(i->message)) < 0)
            return plm_fail_oom(err);
    }
    return 0;
}

int plm_policy_check_evaluate(struct plm_policy_eval *ev, const struct plm_policy_rule *r, const char *noun,
                              plm_err **err)
{
    plm_sv id = r->trigger_name.n ? r->trigger_name : r->trigger_text;
    struct plm_policy_issues w = plm_policy_issues_of(ev, r, PLM_KIND_MISCONFIGURATION, noun);
    w.id = id;
    return plm_policy_issues_fire(ev, r, &w, err);
}

const struct plm_policy_param_type plm_policy_check_params[] = {
    PLM_PARAM_OBJECT_REGEX, PLM_PARAM_SEVERITY, PLM_PARAM_SEVERITY_COMPARISON, PLM_PARAM_ORIGIN, {0}};
