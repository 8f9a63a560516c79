/* SPDX-License-Identifier: Apache-2.0
 *
 * Gate `checks`: what the checks of the image's configuration, history, Dockerfile and files found, by id or
 * severity. The gates `dockle` and `hadolint` have the same findings under the ids of those programs.
 */
#include "policy/gate_common.h"

static int failed(struct plm_policy_eval *ev, const struct plm_policy_rule *r, plm_err **err)
{
    struct plm_policy_issues w = plm_policy_issues_of(ev, r, PLM_KIND_MISCONFIGURATION, "Check");
    return plm_policy_issues_fire(ev, r, &w, err);
}

static int not_run(struct plm_policy_eval *ev, const struct plm_policy_rule *r, plm_err **err)
{
    if (ev->facts->known & PLM_FACT_CHECKS)
        return 0;
    return plm_policy_fire(ev, r, PLM_SV_NULL, "No checks were run on the image") < 0 ? plm_fail_oom(err) : 0;
}

static const struct plm_policy_param_type params[] = {
    {.name = "ids",
     .type = PLM_PARAM_LIST,
     .description = "Ids of checks, ours or those of other programs; `*` stands for any text.",
     .example = "4.1,DL3002,CIS-DI-*",
     .otherwise = "every check",
     .origin = PLM_ORIGIN_OURS},
    {.name = "exclude_ids",
     .type = PLM_PARAM_LIST,
     .description = "Ids of checks that do not count.",
     .example = "DL3008,DL3018",
     .otherwise = "none",
     .origin = PLM_ORIGIN_OURS},
    PLM_PARAM_SEVERITY,
    PLM_PARAM_SEVERITY_COMPARISON,
    PLM_PARAM_OBJECT_REGEX,
    PLM_PARAM_ORIGIN,
    {0}};

static const struct plm_policy_trigger triggers[] = {{.name = "failed",
                                                      .description = "Fires for each finding of a check.",
                                                      .origin = PLM_ORIGIN_OURS,
                                                      .params = params,
                                                      .needs = PLM_FACT_CHECKS,
                                                      .evaluate = failed},
                                                     {.name = "not_run",
                                                      .description = "Fires if no check was run.",
                                                      .origin = PLM_ORIGIN_OURS,
                                                      .evaluate = not_run},
                                                     {0}};

static const struct plm_policy_gate checks = {
    .name = "checks",
    .description = "Findings of the checks of image and Dockerfile.",
    .origin = PLM_ORIGIN_OURS,
    .triggers = triggers,
};
PLM_REGISTER(plm_policy_gates, struct plm_policy_gate, checks);
