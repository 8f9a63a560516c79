/* SPDX-License-Identifier: Apache-2.0
 *
 * Rules of the gates npms and ruby_gems. The original reads installed packages by name in order of first
 * appearance, each with its versions in order; the rules that need the registry are silent where it knows
 * none of the image's packages. Cost: packages times registry rows, by a map of names.
 */
#include "policy/registry_feed.h"
#include "base/map.h"

struct listing {
    struct plm_map *names; /* name -> struct installed */
    struct plm_map *known; /* name -> struct plm_fact_registry, const */
};
struct installed {
    plm_sv_vec versions;
};

static void listing_done(struct listing *l)
{
    plm_map_free(l->names);
    plm_map_free(l->known);
}
PLM_CLEANUP_INPLACE(struct listing, listing_done)

static int list(const struct plm_registry_gate *g, struct plm_policy_eval *ev, struct listing *l,
                plm_err **err)
{
    *l = (struct listing){plm_map_new(), plm_map_new()};
    if (!l->names || !l->known)
        return plm_fail_oom(err);
    for (size_t i = 0; i < ev->facts->packages.n; i++) {
        const struct plm_fact_package *p = &ev->facts->packages.v[i];
        if (!plm_sv_eq(p->type, g->type))
            continue;
        void **slot = plm_map_put(l->names, p->name);
        if (slot && !*slot)
            *slot = plm_arena_make(ev->arena, struct installed);
        if (!slot || !*slot || !plm_sv_vec_add(ev->arena, &((struct installed *)*slot)->versions, p->version))
            return plm_fail_oom(err);
    }
    for (size_t i = 0; i < ev->facts->registry.n; i++) {
        struct plm_fact_registry *f = &ev->facts->registry.v[i];
        if (!plm_sv_eq(f->type, g->type) || !plm_map_get(l->names, f->name))
            continue;
        void **slot = plm_map_put(l->known, f->name);
        if (!slot)
            return plm_fail_oom(err);
        *slot = f;
    }
    return 0;
}

/* Calls `each` for every installed name that the registry knows (or, without a row, does not). */
typedef int each_fn(const struct plm_registry_gate *g, struct plm_policy_eval *ev,
                    const struct plm_policy_rule *r, plm_sv name, const struct installed *in,
                    const struct plm_fact_registry *row, plm_err **err);

static int for_each(const struct plm_registry_gate *g, struct plm_policy_eval *ev,
                    const struct plm_policy_rule *r, each_fn *each, plm_err **err)
{
    plm_auto_done(listing_done) struct listing l = {0};
    if (ev->mode == PLM_POLICY_FIXED && !(ev->facts->known & PLM_FACT_REGISTRY_DATA))
        return plm_fail_id(err, PLM_E_POLICY, "policy.not-checked",
                           "not checked: registry data of %.*s packages", PLM_SV_ARG(g->type));
    if (list(g, ev, &l, err) < 0)
        return -1;
    if (!plm_map_count(l.known) && ev->mode == PLM_POLICY_COMPAT)
        return 0;
    for (size_t i = 0; i < plm_map_count(l.names); i++) {
        plm_sv name = plm_map_key(l.names, i);
        if (each(g, ev, r, name, plm_map_value(l.names, i), plm_map_get(l.known, name), err) < 0)
            return -1;
    }
    return 0;
}

static int newer(const struct plm_registry_gate *g, struct plm_policy_eval *ev,
                 const struct plm_policy_rule *r, plm_sv name, const struct installed *in,
                 const struct plm_fact_registry *row, plm_err **err)
{
    for (size_t i = 0; row && i < in->versions.n; i++) {
        plm_sv version = in->versions.v[i];
        if (version.n && !plm_sv_eq(version, row->latest) &&
            plm_policy_fire(ev, r, PLM_SV_NULL,
                            "%sPackage (%.*s) version (%.*s) installed but is not the latest version (%.*s)",
                            g->newer_prefix, PLM_SV_ARG(name), PLM_SV_ARG(version),
                            PLM_SV_ARG(row->latest)) < 0)
            return plm_fail_oom(err);
    }
    return 0;
}

int plm_registry_newer(const struct plm_registry_gate *g, struct plm_policy_eval *ev,
                       const struct plm_policy_rule *r, plm_err **err)
{
    return for_each(g, ev, r, newer, err);
}

static int unknown(const struct plm_registry_gate *g, struct plm_policy_eval *ev,
                   const struct plm_policy_rule *r, plm_sv name, const struct installed *in,
                   const struct plm_fact_registry *row, plm_err **err)
{
    (void)in;
    if (!row && plm_policy_fire(ev, r, PLM_SV_NULL, "%s Package (%.*s) in container but not in official %s.",
                                g->unknown, PLM_SV_ARG(name), g->unknown_tail) < 0)
        return plm_fail_oom(err);
    return 0;
}

int plm_registry_unknown(const struct plm_registry_gate *g, struct plm_policy_eval *ev,
                         const struct plm_policy_rule *r, plm_err **err)
{
    return for_each(g, ev, r, unknown, err);
}

static int bad_version(const struct plm_registry_gate *g, struct plm_policy_eval *ev,
                       const struct plm_policy_rule *r, plm_sv name, const struct installed *in,
                       const struct plm_fact_registry *row, plm_err **err)
{
    plm_sv_vec said = {0};
    for (size_t i = 0; row && i < in->versions.n; i++) {
        plm_sv version = in->versions.v[i];
        if (plm_policy_listed(&row->versions, version) || plm_policy_listed(&said, version))
            continue;
        plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(PLM_MIB(4));
        plm_python_list(&b, row->versions.v, row->versions.n);
        if (plm_buf_check(&b, err) < 0)
            return -1;
        plm_sv versions = plm_buf_sv(&b);
        if (!plm_sv_vec_add(ev->arena, &said, version) ||
            plm_policy_fire(
                ev, r, PLM_SV_NULL,
                "%s Package (%.*s) version (%.*s) installed but version is not in the official feed for "
                "this package (%.*s)",
                g->bad_version, PLM_SV_ARG(name), PLM_SV_ARG(version), PLM_SV_ARG(versions)) < 0)
            return plm_fail_oom(err);
    }
    return 0;
}

int plm_registry_bad_version(const struct plm_registry_gate *g, struct plm_policy_eval *ev,
                             const struct plm_policy_rule *r, plm_err **err)
{
    return for_each(g, ev, r, bad_version, err);
}

int plm_registry_denylist(const struct plm_registry_gate *g, struct plm_policy_eval *ev,
                          const struct plm_policy_rule *r, plm_err **err)
{
    plm_sv name = plm_policy_param(r, "name"), version = plm_policy_param(r, "version");
    for (size_t i = 0; i < ev->facts->packages.n; i++) {
        const struct plm_fact_package *p = &ev->facts->packages.v[i];
        if (!plm_sv_eq(p->type, g->type) || !plm_sv_eq(p->name, name) ||
            (version.p && !(version.n && plm_sv_eq(p->version, version))))
            continue;
        return plm_policy_fire(ev, r, PLM_SV_NULL, "%s Package is %s: %.*s%s%.*s", g->denied,
                               plm_policy_word(r, "blacklisted", "denylisted"), PLM_SV_ARG(name),
                               version.p ? "-" : "", PLM_SV_ARG(version)) < 0
                   ? plm_fail_oom(err)
                   : 0;
    }
    return 0;
}

int plm_registry_unavailable(const struct plm_registry_gate *g, struct plm_policy_eval *ev,
                             const struct plm_policy_rule *r, plm_err **err)
{
    /* the original says that packages are present without looking for any */
    bool is_present = ev->mode == PLM_POLICY_COMPAT;
    for (size_t i = 0; !is_present && i < ev->facts->packages.n; i++)
        is_present = plm_sv_eq(ev->facts->packages.v[i].type, g->type);
    if (!is_present || (ev->facts->known & PLM_FACT_REGISTRY_DATA))
        return 0;
    return plm_policy_fire(
               ev, r, PLM_SV_NULL,
               "%s feed is not available - will be unable to perform checks that require feed data",
               g->unavailable) < 0
               ? plm_fail_oom(err)
               : 0;
}

void plm_registry_wants(const struct plm_policy_rule *r, struct plm_arena *a, struct plm_policy_wants *out)
{
    (void)r;
    (void)a;
    out->facts |= PLM_FACT_REGISTRY_DATA;
}

const struct plm_policy_param_type plm_registry_denylist_params[] = {
    {.name = "name",
     .type = PLM_PARAM_STRING,
     .is_required = true,
     .description = "Name of the package, exactly.",
     .example = "time_diff"},
    {.name = "version",
     .type = PLM_PARAM_STRING,
     .description = "Version, exactly.",
     .example = "0.2.9",
     .otherwise = "any version"},
    {0}};
