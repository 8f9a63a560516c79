/* SPDX-License-Identifier: Apache-2.0
 *
 * Gate `ratchet`: the image may not be worse than another one (`before`: the last release, the tag in
 * production). What was there before passes; what is new fires, under the id it has in every other rule.
 * Without an image to compare with, the rule says what that means by its parameter when_not_checked. Cost:
 * linear, by a map of the earlier ids.
 */
#include "base/map.h"
#include "policy/gate_common.h"

/* Ids of what was there before; versions of packages do not count. */
static int issue_id(struct plm_policy_eval *ev, const struct plm_fact_issue *i, plm_sv *out, plm_err **err)
{
    *out = plm_arena_printf(ev->arena, "%.*s+%.*s", PLM_SV_ARG(i->id), PLM_SV_ARG(i->object));
    return out->p ? 0 : plm_fail_oom(err);
}

static int keep(struct plm_map *m, plm_sv id, plm_err **err)
{
    void **slot = id.p ? plm_map_put(m, id) : NULL;
    if (!slot)
        return plm_fail_oom(err);
    *slot = m;
    return 0;
}

/* The package and the vulnerability, without version or path. */
static plm_sv vulnerability_key(struct plm_policy_eval *ev, const struct plm_fact_vulnerability *v)
{
    return plm_arena_printf(ev->arena, "%.*s+%.*s+%.*s", PLM_SV_ARG(v->id), PLM_SV_ARG(v->package_type),
                            PLM_SV_ARG(v->package));
}

static int vulnerabilities(struct plm_policy_eval *ev, const struct plm_policy_rule *r, plm_err **err)
{
    const struct plm_image_facts *before = ev->opt ? ev->opt->before : NULL;
    if (!before || !(before->known & PLM_FACT_VULNERABILITIES))
        return plm_policy_not_checked(ev, r, "vulnerabilities of an image to compare with", err);
    struct plm_policy_vulnerability_filter filter = plm_policy_vulnerability_filter(r);
    plm_auto(plm_map_free) struct plm_map *old = plm_map_new();
    if (!old)
        return plm_fail_oom(err);
    for (size_t i = 0; i < before->vulnerabilities.n; i++)
        if (keep(old, vulnerability_key(ev, &before->vulnerabilities.v[i]), err) < 0)
            return -1;
    for (size_t i = 0; i < ev->facts->vulnerabilities.n; i++) {
        const struct plm_fact_vulnerability *v = &ev->facts->vulnerabilities.v[i];
        plm_sv key = vulnerability_key(ev, v);
        if (!key.p)
            return plm_fail_oom(err);
        if (!plm_policy_vulnerability_fits(&filter, v) || plm_map_get(old, key))
            continue;
        plm_sv message =
            plm_arena_printf(ev->arena, "%.*s in package %.*s %.*s was not in the image compared with",
                             PLM_SV_ARG(v->id), PLM_SV_ARG(v->package), PLM_SV_ARG(v->version));
        if (!message.p || plm_policy_vulnerability_fire(ev, r, v, message, err) < 0)
            return message.p ? -1 : plm_fail_oom(err);
    }
    return 0;
}

static int issues(struct plm_policy_eval *ev, const struct plm_policy_rule *r, enum plm_kind kind,
                  uint32_t needs, const char *noun, plm_err **err)
{
    const struct plm_image_facts *before = ev->opt ? ev->opt->before : NULL;
    if (!before || !(before->known & needs))
        return plm_policy_not_checked(ev, r, "an image to compare with", err);
    struct plm_policy_issues w = plm_policy_issues_of(ev, r, kind, noun);
    plm_auto(plm_map_free) struct plm_map *old = plm_map_new();
    plm_sv id;
    if (!old)
        return plm_fail_oom(err);
    for (size_t i = 0; i < before->issues.n; i++)
        if (before->issues.v[i].kind == kind &&
            (issue_id(ev, &before->issues.v[i], &id, err) < 0 || keep(old, id, err) < 0))
            return -1;
    for (size_t k = 0; k < ev->facts->issues.n; k++) {
        const struct plm_fact_issue *i = &ev->facts->issues.v[k];
        int fits = plm_policy_issue_fits(ev, &w, i, err);
        if (fits < 0 || issue_id(ev, i, &id, err) < 0)
            return -1;
        if (fits && !plm_map_get(old, id) &&
            plm_policy_fire(ev, r, id, "%s %.*s at %.*s was not in the image compared with: %.*s", noun,
                            PLM_SV_ARG(i->id), PLM_SV_ARG(i->object), PLM_SV_ARG(i->message)) < 0)
            return plm_fail_oom(err);
    }
    return 0;
}

static int checks(struct plm_policy_eval *ev, const struct plm_policy_rule *r, plm_err **err)
{
    return issues(ev, r, PLM_KIND_MISCONFIGURATION, PLM_FACT_CHECKS, "Check", err);
}
static int secrets(struct plm_policy_eval *ev, const struct plm_policy_rule *r, plm_err **err)
{
    return issues(ev, r, PLM_KIND_SECRET, PLM_FACT_SECRET_RULES, "Secret", err);
}

static const struct plm_policy_param_type vulnerability_params[] = {
    PLM_PARAM_SEVERITY,
    PLM_PARAM_SEVERITY_COMPARISON,
    {.name = "package_type",
     .type = PLM_PARAM_ENUM,
     .values = plm_policy_package_types,
     .description = "Packages of the distribution (`os`), of programming languages (`non-os`), or all.",
     .example = "os",
     .otherwise = "all",
     .origin = PLM_ORIGIN_OURS},
    {.name = "fix_available",
     .type = PLM_PARAM_BOOLEAN,
     .description = "Only vulnerabilities that have a fixed version, or only those that have none.",
     .example = "true",
     .origin = PLM_ORIGIN_OURS},
    PLM_PARAM_ORIGIN,
    PLM_PARAM_WHEN_NOT_CHECKED,
    {0}};
static const struct plm_policy_param_type issue_params[] = {
    PLM_PARAM_SEVERITY,
    PLM_PARAM_SEVERITY_COMPARISON,
    {.name = "exclude_ids",
     .type = PLM_PARAM_LIST,
     .description = "Ids that do not count; `*` stands for any text.",
     .example = "DL3008",
     .otherwise = "none",
     .origin = PLM_ORIGIN_OURS},
    PLM_PARAM_OBJECT_REGEX,
    PLM_PARAM_ORIGIN,
    PLM_PARAM_WHEN_NOT_CHECKED,
    {0}};

static const struct plm_policy_trigger triggers[] = {
    {.name = "vulnerabilities",
     .description = "Fires for each vulnerability of a package that the other image does not have.",
     .origin = PLM_ORIGIN_OURS,
     .params = vulnerability_params,
     .needs = PLM_FACT_VULNERABILITIES,
     .evaluate = vulnerabilities},
    {.name = "checks",
     .description = "Fires for each failed check that the other image does not have.",
     .origin = PLM_ORIGIN_OURS,
     .params = issue_params,
     .needs = PLM_FACT_CHECKS,
     .evaluate = checks},
    {.name = "secrets",
     .description = "Fires for each secret that the other image does not have.",
     .origin = PLM_ORIGIN_OURS,
     .params = issue_params,
     .needs = PLM_FACT_SECRET_RULES,
     .evaluate = secrets},
    {0}};

static const struct plm_policy_gate ratchet = {
    .name = "ratchet",
    .description = "No worse than another image.",
    .origin = PLM_ORIGIN_OURS,
    .triggers = triggers,
};
PLM_REGISTER(plm_policy_gates, struct plm_policy_gate, ratchet);
