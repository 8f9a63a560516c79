/* SPDX-License-Identifier: Apache-2.0
 *
 * Gate `ruby_gems`: installed Ruby gems beside what their registry has. The original has a feed of the whole
 * registry; here the rules that need it can be judged only where facts carry registry data (facts.registry),
 * and are reported as not judged otherwise.
 */
#include "policy/registry_feed.h"

static const struct plm_registry_gate gate = {
    .type = {"gem", 3},
    .newer_prefix = "",
    .unknown = "GEMNOTOFFICIAL",
    .unknown_tail = "GEM feed",
    .bad_version = "GEMBADVERSION",
    .denied = "Gem",
    .unavailable = "Gem packages are present but the anchore gem",
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
    {.name = "newer_version_found_in_feed",
     .description = "Fires for each installed version that is not the registry's latest.",
     .needs = PLM_FACT_PACKAGES,
     .evaluate = newer},
    {.name = "not_found_in_feed",
     .description = "Fires for each installed name that the registry does not have.",
     .needs = PLM_FACT_PACKAGES,
     .evaluate = unknown},
    {.name = "version_not_found_in_feed",
     .description = "Fires for each installed version that the registry does not have.",
     .needs = PLM_FACT_PACKAGES,
     .evaluate = bad_version},
    {.name = "denylist",
     .legacy_name = "blacklist",
     .description = "Fires if a package of the name (and version) is installed.",
     .params = plm_registry_denylist_params,
     .needs = PLM_FACT_PACKAGES,
     .evaluate = denylist},
    {.name = "feed_data_unavailable",
     .description = "Fires if there is no registry data (in fixed mode: and such packages are installed).",
     .needs = PLM_FACT_PACKAGES,
     .evaluate = unavailable},
    {0}};

static const struct plm_policy_gate ruby_gems = {
    .name = "ruby_gems",
    .description = "Installed Ruby gems and their registry.",
    .triggers = triggers,
    .wants = plm_registry_wants,
};
PLM_REGISTER(plm_policy_gates, struct plm_policy_gate, ruby_gems);
