/* SPDX-License-Identifier: Apache-2.0
 *
 * Gates `ancestry` and `distro`, documented for the commercial product only: this is our reading of one-line
 * descriptions. An image's ancestor is the base image that it was found to contain (facts.base_digest) or
 * that its labels name (org.opencontainers.image.base.digest and .base.name, OCI image-spec annotations.md);
 * there is no store of analysed images in which further ancestors could be looked up.
 */
#include "policy/gate_common.h"
#include "version/version.h"

static plm_sv label(const struct plm_image_facts *f, const char *key)
{
    const struct plm_image_config *c = &f->config;
    for (size_t i = 0; i < c->label_keys.n && i < c->label_values.n; i++)
        if (plm_sv_is(c->label_keys.v[i], key))
            return c->label_values.v[i];
    return PLM_SV_NULL;
}

static plm_sv base_digest(const struct plm_image_facts *f)
{
    if (f->base_digest.n)
        return f->base_digest;
    return f->parent_digest.n ? f->parent_digest : label(f, "org.opencontainers.image.base.digest");
}
static plm_sv base_tag(const struct plm_image_facts *f)
{
    return label(f, "org.opencontainers.image.base.name");
}

/* Fires if the ancestor is (or is not) listed; an ancestor that is not known is not an allowed one. */
static int compare(struct plm_policy_eval *ev, const struct plm_policy_rule *r, const char *param,
                   plm_sv ancestor, const char *noun, bool is_denylist, plm_err **err)
{
    plm_sv_vec list = plm_policy_param_list(ev, r, param);
    int listed = ancestor.n ? plm_policy_fits(ev, &list, ancestor, err) : 0;
    if (listed < 0)
        return -1;
    if ((listed > 0) != is_denylist)
        return 0;
    plm_sv unknown = PLM_SV("unknown"), said = ancestor.n ? ancestor : unknown;
    return plm_policy_fire(ev, r, PLM_SV_NULL,
                           is_denylist ? "Ancestor image %s %.*s is denylisted"
                                       : "Base image %s %.*s is not in the list of allowed ones",
                           noun, PLM_SV_ARG(said)) < 0
               ? plm_fail_oom(err)
               : 0;
}

static int allowed_digest(struct plm_policy_eval *ev, const struct plm_policy_rule *r, plm_err **err)
{
    return compare(ev, r, "base_digest", base_digest(ev->facts), "digest", false, err);
}
static int allowed_tag(struct plm_policy_eval *ev, const struct plm_policy_rule *r, plm_err **err)
{
    return compare(ev, r, "base_tag", base_tag(ev->facts), "tag", false, err);
}
static int denied_digest(struct plm_policy_eval *ev, const struct plm_policy_rule *r, plm_err **err)
{
    return compare(ev, r, "ancestor_digest", base_digest(ev->facts), "digest", true, err);
}
static int denied_tag(struct plm_policy_eval *ev, const struct plm_policy_rule *r, plm_err **err)
{
    return compare(ev, r, "ancestor_tag", base_tag(ev->facts), "tag", true, err);
}
static int no_ancestors(struct plm_policy_eval *ev, const struct plm_policy_rule *r, plm_err **err)
{
    if (base_digest(ev->facts).n || base_tag(ev->facts).n)
        return 0;
    return plm_policy_fire(ev, r, PLM_SV_NULL, "No ancestor of the image is known") < 0 ? plm_fail_oom(err)
                                                                                        : 0;
}

#define ONE_LIST(variable, parameter, text, sample)                                                          \
    static const struct plm_policy_param_type variable[] = {{.name = parameter,                              \
                                                             .type = PLM_PARAM_LIST,                         \
                                                             .is_required = true,                            \
                                                             .description = text,                            \
                                                             .example = sample},                             \
                                                            {0}}
ONE_LIST(base_digest_params, "base_digest", "Digests of the allowed base images.", "sha256:2ab3...");
ONE_LIST(base_tag_params, "base_tag", "References of the allowed base images; `*` stands for any text.",
         "docker.io/debian:12*");
ONE_LIST(ancestor_digest_params, "ancestor_digest", "Digests of images that must not be ancestors.",
         "sha256:2ab3...");
ONE_LIST(ancestor_tag_params, "ancestor_tag",
         "References of images that must not be ancestors; `*` stands for any text.", "docker.io/centos:*");

static const struct plm_policy_trigger ancestry_triggers[] = {
    {.name = "allowed_base_image_digest",
     .description = "Fires if the base image is not one of the digests, or not known.",
     .origin = PLM_ORIGIN_COMMERCIAL,
     .params = base_digest_params,
     .needs = PLM_FACT_CONFIG,
     .evaluate = allowed_digest},
    {.name = "allowed_base_image_tag",
     .description =
         "Fires if the base image that the labels name is not one of the references, or not known.",
     .origin = PLM_ORIGIN_COMMERCIAL,
     .params = base_tag_params,
     .needs = PLM_FACT_CONFIG,
     .evaluate = allowed_tag},
    {.name = "denylist_ancestor_image_digest",
     .description = "Fires if the base image is one of the digests.",
     .origin = PLM_ORIGIN_COMMERCIAL,
     .params = ancestor_digest_params,
     .needs = PLM_FACT_CONFIG,
     .evaluate = denied_digest},
    {.name = "denylist_ancestor_image_tag",
     .description = "Fires if the base image that the labels name is one of the references.",
     .origin = PLM_ORIGIN_COMMERCIAL,
     .params = ancestor_tag_params,
     .needs = PLM_FACT_CONFIG,
     .evaluate = denied_tag},
    {.name = "no_ancestors_analyzed",
     .description = "Fires if no base image is known.",
     .origin = PLM_ORIGIN_COMMERCIAL,
     .needs = PLM_FACT_CONFIG,
     .evaluate = no_ancestors},
    {0}};

static const struct plm_policy_gate ancestry = {
    .name = "ancestry",
    .description = "The image that this one was built on.",
    .origin = PLM_ORIGIN_COMMERCIAL,
    .triggers = ancestry_triggers,
};
PLM_REGISTER(plm_policy_gates, struct plm_policy_gate, ancestry);

/* ---- distro ------------------------------------------------------------------------------ */

static int deny(struct plm_policy_eval *ev, const struct plm_policy_rule *r, plm_err **err)
{
    const struct plm_scheme *s = plm_scheme_find(PLM_SV("deb")); /* numbers as numbers, text as text */
    plm_sv distro = plm_policy_param(r, "distro"), version = plm_policy_param(r, "version");
    plm_sv actual = ev->facts->distro_version;
    if (!s || !plm_sv_ieq(distro, ev->facts->distro))
        return 0;
    if (version.n && !actual.n)
        return plm_fail_id(err, PLM_E_POLICY, "policy.not-checked",
                           "the version of the distribution is not known");
    if (version.n && !plm_policy_compare(plm_policy_op(r, "check", "="), s->compare(actual, version)))
        return 0;
    return plm_policy_fire(ev, r, PLM_SV_NULL, "Distribution %.*s %.*s is denied", PLM_SV_ARG(distro),
                           PLM_SV_ARG(actual)) < 0
               ? plm_fail_oom(err)
               : 0;
}

static const struct plm_policy_param_type deny_params[] = {
    {.name = "distro",
     .type = PLM_PARAM_STRING,
     .is_required = true,
     .description = "Name of the distribution (ID of os-release).",
     .example = "debian"},
    {.name = "version",
     .type = PLM_PARAM_STRING,
     .description = "Version to compare with (VERSION_ID of os-release).",
     .example = "11",
     .otherwise = "any version"},
    {.name = "check",
     .type = PLM_PARAM_ENUM,
     .values = plm_policy_comparisons,
     .description = "How the version of the image is compared; numbers count as numbers.",
     .example = "<",
     .otherwise = "="},
    {0}};

static const struct plm_policy_trigger distro_triggers[] = {
    {.name = "deny",
     .description = "Fires if the image is of this distribution and its version compares so.",
     .origin = PLM_ORIGIN_COMMERCIAL,
     .params = deny_params,
     .evaluate = deny},
    {0}};

static const struct plm_policy_gate distro = {
    .name = "distro",
    .description = "The image's distribution.",
    .origin = PLM_ORIGIN_COMMERCIAL,
    .triggers = distro_triggers,
};
PLM_REGISTER(plm_policy_gates, struct plm_policy_gate, distro);
