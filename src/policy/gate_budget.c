/* SPDX-License-Identifier: Apache-2.0
 *
 * Gate `budget`: how many findings of each severity are tolerated. A severity that is not named has no limit;
 * one finding per severity over its budget, whose id does not change with the count.
 */
#include "policy/gate_common.h"

typedef size_t counts[PLM_SEV_COUNT_];

static int fire_over(struct plm_policy_eval *ev, const struct plm_policy_rule *r, const counts n,
                     const char *noun, plm_err **err)
{
    for (int s = PLM_SEV_COUNT_ - 1; s >= 0; s--) {
        uint64_t budget;
        const char *name = plm_policy_severities[s];
        if (!plm_policy_param_number(r, name, &budget) || n[s] <= budget)
            continue;
        plm_sv id = plm_arena_printf(ev->arena, "budget+%s+%s", noun, name);
        if (!id.p || plm_policy_fire(ev, r, id, "%zu %s %s found, %llu are tolerated", n[s], name, noun,
                                     (unsigned long long)budget) < 0)
            return plm_fail_oom(err);
    }
    return 0;
}

static int vulnerabilities(struct plm_policy_eval *ev, const struct plm_policy_rule *r, plm_err **err)
{
    counts n = {0};
    struct plm_policy_vulnerability_filter filter = plm_policy_vulnerability_filter(r);
    for (size_t i = 0; i < ev->facts->vulnerabilities.n; i++) {
        const struct plm_fact_vulnerability *v = &ev->facts->vulnerabilities.v[i];
        enum plm_severity s;
        plm_severity_parse(v->severity, &s);
        n[s] += plm_policy_vulnerability_fits(&filter, v);
    }
    return fire_over(ev, r, n, "vulnerabilities", err);
}

static int issues(struct plm_policy_eval *ev, const struct plm_policy_rule *r, enum plm_kind kind,
                  const char *noun, plm_err **err)
{
    struct plm_policy_issues w = plm_policy_issues_of(ev, r, kind, noun);
    counts n = {0};
    for (size_t i = 0; i < ev->facts->issues.n; i++) {
        int fits = plm_policy_issue_fits(ev, &w, &ev->facts->issues.v[i], err);
        if (fits < 0)
            return -1;
        n[ev->facts->issues.v[i].severity] += fits > 0;
    }
    return fire_over(ev, r, n, noun, err);
}

static int checks(struct plm_policy_eval *ev, const struct plm_policy_rule *r, plm_err **err)
{
    return issues(ev, r, PLM_KIND_MISCONFIGURATION, "checks", err);
}
static int secrets(struct plm_policy_eval *ev, const struct plm_policy_rule *r, plm_err **err)
{
    return issues(ev, r, PLM_KIND_SECRET, "secrets", err);
}

#define BUDGET(n)                                                                                            \
    {                                                                                                        \
        .name = n, .type = PLM_PARAM_INTEGER, .description = "How many " n " ones are tolerated.",           \
        .example = "5", .otherwise = "any number", .origin = PLM_ORIGIN_OURS                                 \
    }
#define BUDGETS                                                                                              \
    BUDGET("critical"), BUDGET("high"), BUDGET("medium"), BUDGET("low"), BUDGET("negligible"),               \
        BUDGET("unknown")

static const struct plm_policy_param_type vulnerability_params[] = {
    BUDGETS,
    {.name = "package_type",
     .type = PLM_PARAM_ENUM,
     .values = plm_policy_package_types,
     .description = "Packages of the distribution (`os`), of programming languages (`non-os`), or all.",
     .example = "os",
     .otherwise = "all",
     .origin = PLM_ORIGIN_OURS},
    {.name = "fix_available",
     .type = PLM_PARAM_BOOLEAN,
     .description = "Counts only vulnerabilities that have a fixed version, or only those that have none.",
     .example = "true",
     .origin = PLM_ORIGIN_OURS},
    PLM_PARAM_ORIGIN,
    {0}};
static const struct plm_policy_param_type issue_params[] = {
    BUDGETS,
    {.name = "exclude_ids",
     .type = PLM_PARAM_LIST,
     .description = "Ids that do not count; `*` stands for any text.",
     .example = "DL3008",
     .otherwise = "none",
     .origin = PLM_ORIGIN_OURS},
    PLM_PARAM_ORIGIN,
    {0}};

static const struct plm_policy_trigger triggers[] = {
    {.name = "vulnerabilities",
     .description = "Fires for each severity of which there are more vulnerabilities than tolerated.",
     .origin = PLM_ORIGIN_OURS,
     .params = vulnerability_params,
     .needs = PLM_FACT_VULNERABILITIES,
     .evaluate = vulnerabilities},
    {.name = "checks",
     .description = "Fires for each severity of which there are more failed checks than tolerated.",
     .origin = PLM_ORIGIN_OURS,
     .params = issue_params,
     .needs = PLM_FACT_CHECKS,
     .evaluate = checks},
    {.name = "secrets",
     .description = "Fires for each severity of which there are more secrets than tolerated.",
     .origin = PLM_ORIGIN_OURS,
     .params = issue_params,
     .needs = PLM_FACT_SECRET_RULES,
     .evaluate = secrets},
    {0}};

static const struct plm_policy_gate budget = {
    .name = "budget",
    .description = "Findings tolerated per severity.",
    .origin = PLM_ORIGIN_OURS,
    .triggers = triggers,
};
PLM_REGISTER(plm_policy_gates, struct plm_policy_gate, budget);
