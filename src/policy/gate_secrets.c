/* SPDX-License-Identifier: Apache-2.0
 *
 * Gate `secrets`: secrets that our own rules found in files of any layer, environment, history and build
 * arguments, by rule id or severity. (`secret_scans` is the original's search by named patterns.)
 */
#include "policy/gate_common.h"

static int found(struct plm_policy_eval *ev, const struct plm_policy_rule *r, plm_err **err)
{
    struct plm_policy_issues w = plm_policy_issues_of(ev, r, PLM_KIND_SECRET, "Secret");
    return plm_policy_issues_fire(ev, r, &w, err);
}

static const struct plm_policy_param_type params[] = {
    {.name = "ids",
     .type = PLM_PARAM_LIST,
     .description = "Ids of rules; `*` stands for any text.",
     .example = "private-key,aws-*",
     .otherwise = "every rule",
     .origin = PLM_ORIGIN_OURS},
    {.name = "exclude_ids",
     .type = PLM_PARAM_LIST,
     .description = "Ids of rules that do not count.",
     .example = "generic-api-key",
     .otherwise = "none",
     .origin = PLM_ORIGIN_OURS},
    PLM_PARAM_SEVERITY,
    PLM_PARAM_SEVERITY_COMPARISON,
    PLM_PARAM_OBJECT_REGEX,
    PLM_PARAM_ORIGIN,
    {0}};

static const struct plm_policy_trigger triggers[] = {{.name = "found",
                                                      .description = "Fires for each secret.",
                                                      .origin = PLM_ORIGIN_OURS,
                                                      .params = params,
                                                      .needs = PLM_FACT_SECRET_RULES,
                                                      .evaluate = found},
                                                     {0}};

static const struct plm_policy_gate secrets = {
    .name = "secrets",
    .description = "Secrets in files, environment, history and build arguments.",
    .origin = PLM_ORIGIN_OURS,
    .triggers = triggers,
};
PLM_REGISTER(plm_policy_gates, struct plm_policy_gate, secrets);
