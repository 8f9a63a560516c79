/* SPDX-License-Identifier: Apache-2.0
 *
 * Gates `signature` and `registry`: whom an image comes from. Signatures are judged elsewhere and arrive as
 * issues of the kind signature; where nobody looked at them (`PLM_FACT_SIGNATURE` is not known) the rule says
 * what that means by its parameter when_not_checked. The registry is read from the reference that the image
 * is judged as, which is parsed as mappings parse it: what stands before the first slash is the registry if
 * it has a dot or a colon or is localhost, else docker.io.
 */
#include "policy/gate_common.h"

/* ---- signature --------------------------------------------------------------------------- */

static int not_trusted(struct plm_policy_eval *ev, const struct plm_policy_rule *r, plm_err **err)
{
    struct plm_policy_issues w = plm_policy_issues_of(ev, r, PLM_KIND_SIGNATURE, "Signature");
    if (!(ev->facts->known & PLM_FACT_SIGNATURE))
        return plm_policy_not_checked(ev, r, "signatures of the image", err);
    return plm_policy_issues_fire(ev, r, &w, err);
}

static const struct plm_policy_param_type signature_params[] = {
    {.name = "ids",
     .type = PLM_PARAM_LIST,
     .description = "Ids of findings about signatures; `*` stands for any text.",
     .example = "unsigned",
     .otherwise = "every finding",
     .origin = PLM_ORIGIN_OURS},
    PLM_PARAM_WHEN_NOT_CHECKED,
    {0}};

static const struct plm_policy_trigger signature_triggers[] = {
    {.name = "not_trusted",
     .description = "Fires for each fault of the image's signatures: none, not valid, of somebody else.",
     .origin = PLM_ORIGIN_OURS,
     .params = signature_params,
     .evaluate = not_trusted},
    {0}};

/* Not needed: the rule itself says what their absence means. */
static void wants_signatures(const struct plm_policy_rule *r, struct plm_arena *a,
                             struct plm_policy_wants *out)
{
    (void)r;
    (void)a;
    out->facts |= PLM_FACT_SIGNATURE;
}

static const struct plm_policy_gate signature = {
    .name = "signature",
    .description = "Signatures of the image.",
    .origin = PLM_ORIGIN_OURS,
    .triggers = signature_triggers,
    .wants = wants_signatures,
};
PLM_REGISTER(plm_policy_gates, struct plm_policy_gate, signature);

/* ---- registry ---------------------------------------------------------------------------- */

static plm_sv registry_of(plm_sv reference)
{
    plm_sv host, rest;
    if (!plm_sv_cut(reference, '/', &host, &rest))
        return PLM_SV("docker.io");
    bool is_host = plm_sv_find(host, '.') != SIZE_MAX || plm_sv_find(host, ':') != SIZE_MAX ||
                   plm_sv_is(host, "localhost") || plm_sv_is(host, "localbuild");
    if (plm_sv_is(host, "dockerhub"))
        return PLM_SV("docker.io");
    return is_host ? host : PLM_SV("docker.io");
}

static int host(struct plm_policy_eval *ev, const struct plm_policy_rule *r, plm_err **err)
{
    if (!ev->facts->tag.n)
        return plm_policy_not_checked(ev, r, "registry of the image, which has no reference", err);
    plm_sv registry = registry_of(ev->facts->tag), type = plm_policy_param(r, "type");
    plm_sv_vec list = plm_policy_param_list(ev, r, "registries");
    int listed = plm_policy_fits(ev, &list, registry, err);
    if (listed < 0)
        return -1;
    bool is_denylist = plm_sv_is(type, "denylist") || plm_sv_is(type, "blacklist");
    if ((listed > 0) != is_denylist)
        return 0;
    return plm_policy_fire(ev, r, PLM_SV_NULL, "Image is from the registry %.*s, which is %s",
                           PLM_SV_ARG(registry), is_denylist ? "not allowed" : "not one of those allowed") < 0
               ? plm_fail_oom(err)
               : 0;
}

static const struct plm_policy_param_type registry_params[] = {
    {.name = "registries",
     .type = PLM_PARAM_LIST,
     .is_required = true,
     .description = "Host names, with port where there is one; `*` stands for any text.",
     .example = "docker.io,*.example.com",
     .origin = PLM_ORIGIN_OURS},
    {.name = "type",
     .type = PLM_PARAM_ENUM,
     .values = plm_policy_list_types,
     .description = "Whether these are the registries allowed, or those not allowed.",
     .example = "allowlist",
     .otherwise = "allowlist",
     .origin = PLM_ORIGIN_OURS},
    PLM_PARAM_WHEN_NOT_CHECKED,
    {0}};

static const struct plm_policy_trigger registry_triggers[] = {
    {.name = "host",
     .description = "Fires if the image is from a registry that is not allowed.",
     .origin = PLM_ORIGIN_OURS,
     .params = registry_params,
     .evaluate = host},
    {0}};

static const struct plm_policy_gate registry = {
    .name = "registry",
    .description = "The registry that the image's reference names.",
    .origin = PLM_ORIGIN_OURS,
    .triggers = registry_triggers,
};
PLM_REGISTER(plm_policy_gates, struct plm_policy_gate, registry);
