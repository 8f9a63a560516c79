/* SPDX-License-Identifier: Apache-2.0
 *
 * Gate `npms`: installed npm packages beside what their registry has. The original has a feed of the whole
 * registry; here the rules that need it can be judged only where facts carry registry data (facts.registry),
 * and are reported as not judged otherwise.
 */
#include "policy/registry_feed.h"

static const struct plm_registry_gate gate = {
    .type = {"npm", 3},
    .newer_prefix = "NPMNOTLATEST ",
    .unknown = "NPMNOTOFFICIAL",
    .unknown_tail = "NPM feed",
    .bad_version = "NPMBADVERSION",
    .denied = "NPM",
    .unavailable = "NPM packages are present but the anchore npm",
};

static int newer(struct plm_policy_eval *ev, const struct plm_policy_rule *r, plm_err **err)
{
    return plm_registry_newer(&gate, ev, r, err);
}
static int unknown(struct plm_policy_eval *ev, const struct plm_policy_rule *r, plm_err **err)
{
    return plm_registry_unknown(&gate, ev, r, err);
}
static int bad_version(struct plm_policy_eval *ev, const struct plm_policy_rule *r, plm_err **err)
{
    return plm_registry_bad_version(&gate, ev, r, err);
}
static int denylist(struct plm_policy_eval *ev, const struct plm_policy_rule *r, plm_err **err)
{
    return plm_registry_denylist(&gate, ev, r, err);
}
static int unavailable(struct plm_policy_eval *ev, const struct plm_policy_rule *r, plm_err **err)
{
    return plm_registry_unavailable(&gate, ev, r, err);
}

static const struct plm_policy_trigger triggers[] = {
    {.name = "newer_version_in_feed",
     .description = "Fires for each installed version that is not the registry's latest.",
     .needs = PLM_FACT_PACKAGES,
     .evaluate = newer},
    {.name = "unknown_in_feeds",
     .description = "Fires for each installed name that the registry does not have.",
     .needs = PLM_FACT_PACKAGES,
     .evaluate = unknown},
    {.name = "version_not_in_feeds",
     .description = "Fires for each installed version that the registry does not have.",
     .needs = PLM_FACT_PACKAGES,
     .evaluate = bad_version},
    {.name = "denylisted_name_version",
     .legacy_name = "blacklisted_name_version",
     .description = "Fires if a package of the name (and version) is installed.",
     .params = plm_registry_denylist_params,
     .needs = PLM_FACT_PACKAGES,
     .evaluate = denylist},
    {.name = "feed_data_unavailable",
     .description = "Fires if there is no registry data (in fixed mode: and such packages are installed).",
     .needs = PLM_FACT_PACKAGES,
     .evaluate = unavailable},
    {0}};

static const struct plm_policy_gate npms = {
    .name = "npms",
    .description = "Installed npm packages and their registry.",
    .triggers = triggers,
    .wants = plm_registry_wants,
};
PLM_REGISTER(plm_policy_gates, struct plm_policy_gate, npms);
