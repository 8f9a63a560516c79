/* SPDX-License-Identifier: Apache-2.0
 *
 * Gates of the commercial product that compare with something else, by our reading of one-line descriptions:
 * `tag_drift` (packages of the previous image of the tag, here the image that was given as `before`),
 * `image_source_drift` (packages of source code that an image was built from: nothing here relates the two,
 * so these rules cannot be judged) and `stig` (results of STIG evaluations: none are kept here). Cost:
 * linear, by maps of names.
 */
#include "base/map.h"
#include "policy/gate_common.h"

/* ---- tag_drift --------------------------------------------------------------------------- */

/* Type, name and place of a package: two versions of a library in two places are two packages. */
static plm_sv key(struct plm_policy_eval *ev, const struct plm_fact_package *p)
{
    plm_sv place = plm_policy_is_os_package(p->type) ? PLM_SV_NULL : p->location;
    return plm_arena_printf(ev->arena, "%.*s %.*s %.*s", PLM_SV_ARG(p->type), PLM_SV_ARG(p->name),
                            PLM_SV_ARG(place));
}

static int index_packages(struct plm_policy_eval *ev, const struct plm_image_facts *f, struct plm_map *m,
                          plm_err **err)
{
    for (size_t i = 0; i < f->packages.n; i++) {
        plm_sv k = key(ev, &f->packages.v[i]);
        void **slot = k.p && m ? plm_map_put(m, k) : NULL;
        if (!slot)
            return plm_fail_oom(err);
        *slot = &f->packages.v[i];
    }
    return m ? 0 : plm_fail_oom(err);
}

static bool is_of_type(struct plm_policy_eval *ev, const struct plm_policy_rule *r,
                       const struct plm_fact_package *p)
{
    plm_sv_vec types = plm_policy_param_list(ev, r, "package_type");
    for (size_t i = 0; i < types.n; i++)
        if (plm_sv_ieq(types.v[i], p->type) || plm_sv_is(types.v[i], "all"))
            return true;
    return !types.n;
}

enum drift { ADDED, REMOVED, MODIFIED };

static int fire(struct plm_policy_eval *ev, const struct plm_policy_rule *r, enum drift what,
                const struct plm_fact_package *old, const struct plm_fact_package *new)
{
    if (what == MODIFIED)
        return plm_policy_fire(ev, r, PLM_SV_NULL, "Package modified: %.*s from %.*s to %.*s",
                               PLM_SV_ARG(new->name), PLM_SV_ARG(old->full_version),
                               PLM_SV_ARG(new->full_version));
    const struct plm_fact_package *p = what == ADDED ? new : old;
    return plm_policy_fire(ev, r, PLM_SV_NULL, "Package %s: %.*s-%.*s", what == ADDED ? "added" : "removed",
                           PLM_SV_ARG(p->name), PLM_SV_ARG(p->full_version));
}

static int drift(struct plm_policy_eval *ev, const struct plm_policy_rule *r, enum drift what, plm_err **err)
{
    const struct plm_image_facts *before = ev->opt ? ev->opt->before : NULL;
    if (!before || !(before->known & PLM_FACT_PACKAGES))
        return plm_fail_id(err, PLM_E_POLICY, "policy.not-checked", "not checked: no image to compare with");
    const struct plm_image_facts *looped = what == REMOVED ? before : ev->facts;
    plm_auto(plm_map_free) struct plm_map *other = plm_map_new();
    if (index_packages(ev, what == REMOVED ? ev->facts : before, other, err) < 0)
        return -1;
    for (size_t i = 0; i < looped->packages.n; i++) {
        const struct plm_fact_package *p = &looped->packages.v[i];
        const struct plm_fact_package *match = plm_map_get(other, key(ev, p));
        bool is_drift = what == MODIFIED ? match && !plm_sv_eq(match->full_version, p->full_version) : !match;
        if (is_drift && is_of_type(ev, r, p) &&
            fire(ev, r, what, what == REMOVED ? p : match, what == REMOVED ? match : p) < 0)
            return plm_fail_oom(err);
    }
    return plm_arena_check(ev->arena, err);
}
static int added(struct plm_policy_eval *ev, const struct plm_policy_rule *r, plm_err **err)
{
    return drift(ev, r, ADDED, err);
}
static int removed(struct plm_policy_eval *ev, const struct plm_policy_rule *r, plm_err **err)
{
    return drift(ev, r, REMOVED, err);
}
static int modified(struct plm_policy_eval *ev, const struct plm_policy_rule *r, plm_err **err)
{
    return drift(ev, r, MODIFIED, err);
}

static const struct plm_policy_param_type drift_params[] = {
    {.name = "package_type",
     .type = PLM_PARAM_LIST,
     .description = "Only packages of these types: dpkg, rpm, APKG, npm, gem, python, java, go ...",
     .example = "dpkg",
     .otherwise = "every package"},
    {0}};

#define DRIFT(n, text, fn)                                                                                   \
    {                                                                                                        \
        .name = n, .description = text, .origin = PLM_ORIGIN_COMMERCIAL, .params = drift_params,             \
        .needs = PLM_FACT_PACKAGES, .evaluate = fn                                                           \
    }
static const struct plm_policy_trigger tag_drift_triggers[] = {
    DRIFT("packages_added", "Fires for each package that the other image does not have.", added),
    DRIFT("packages_removed", "Fires for each package that only the other image has.", removed),
    DRIFT("packages_modified", "Fires for each package that the other image has at another version.",
          modified),
    {0}};

static const struct plm_policy_gate tag_drift = {
    .name = "tag_drift",
    .description = "Packages beside those of another image, such as the previous one of the tag.",
    .origin = PLM_ORIGIN_COMMERCIAL,
    .triggers = tag_drift_triggers,
};
PLM_REGISTER(plm_policy_gates, struct plm_policy_gate, tag_drift);

/* ---- image_source_drift ------------------------------------------------------------------ */

static int no_source(struct plm_policy_eval *ev, const struct plm_policy_rule *r, plm_err **err)
{
    (void)ev;
    (void)r;
    return plm_fail_id(err, PLM_E_POLICY, "policy.not-checked",
                       "not checked: no source is related to the image");
}
static int no_related_sources(struct plm_policy_eval *ev, const struct plm_policy_rule *r, plm_err **err)
{
    return plm_policy_fire(ev, r, PLM_SV_NULL, "No source is related to the image") < 0 ? plm_fail_oom(err)
                                                                                        : 0;
}

static const struct plm_policy_param_type source_params[] = {{.name = "package_types",
                                                              .type = PLM_PARAM_LIST,
                                                              .description = "Only packages of these types.",
                                                              .example = "npm,java",
                                                              .otherwise = "every package"},
                                                             {0}};
static const struct plm_policy_trigger source_triggers[] = {
    {.name = "package_downgraded",
     .description = "Would fire for packages older than in the related source; cannot be judged here.",
     .origin = PLM_ORIGIN_COMMERCIAL,
     .params = source_params,
     .evaluate = no_source},
    {.name = "package_removed",
     .description = "Would fire for packages that only the related source has; cannot be judged here.",
     .origin = PLM_ORIGIN_COMMERCIAL,
     .params = source_params,
     .evaluate = no_source},
    {.name = "no_related_sources",
     .description = "Fires: no source is related to an image here.",
     .origin = PLM_ORIGIN_COMMERCIAL,
     .evaluate = no_related_sources},
    {0}};
static const struct plm_policy_gate image_source_drift = {
    .name = "image_source_drift",
    .description = "Packages beside those of the source code.",
    .origin = PLM_ORIGIN_COMMERCIAL,
    .triggers = source_triggers,
};
PLM_REGISTER(plm_policy_gates, struct plm_policy_gate, image_source_drift);

/* ---- stig -------------------------------------------------------------------------------- */

static int no_stig(struct plm_policy_eval *ev, const struct plm_policy_rule *r, plm_err **err)
{
    return plm_policy_fire(ev, r, PLM_SV_NULL, "No STIG evaluation of the image is available") < 0
               ? plm_fail_oom(err)
               : 0;
}
static int stig_outdated(struct plm_policy_eval *ev, const struct plm_policy_rule *r, plm_err **err)
{
    (void)ev;
    (void)r;
    return plm_fail_id(err, PLM_E_POLICY, "policy.not-checked", "not checked: no STIG evaluations are kept");
}
static const struct plm_policy_param_type stig_params[] = {
    {.name = "max_days_since_stig_evaluation",
     .type = PLM_PARAM_INTEGER,
     .is_required = true,
     .description = "Age in days from which an evaluation counts as outdated.",
     .example = "30"},
    {0}};
static const struct plm_policy_trigger stig_triggers[] = {
    {.name = "no_stig_evaluations_available",
     .description = "Fires: no STIG evaluations are kept here.",
     .origin = PLM_ORIGIN_COMMERCIAL,
     .evaluate = no_stig},
    {.name = "stig_evaluations_outdated",
     .description = "Would fire if all evaluations are too old; cannot be judged here.",
     .origin = PLM_ORIGIN_COMMERCIAL,
     .params = stig_params,
     .evaluate = stig_outdated},
    {0}};
static const struct plm_policy_gate stig = {
    .name = "stig",
    .description = "STIG evaluations of the image.",
    .origin = PLM_ORIGIN_COMMERCIAL,
    .triggers = stig_triggers,
};
PLM_REGISTER(plm_policy_gates, struct plm_policy_gate, stig);
