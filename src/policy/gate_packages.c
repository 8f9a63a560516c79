/* SPDX-License-Identifier: Apache-2.0
 *
 * Gate `packages`: packages that must be there, or must not, and files that changed after a package brought
 * them. `verify` is package_verify.c.
 *
 * The original looks only at the first package of a required name and compares an exact version with a
 * message that names the package where the version should stand; FIXED takes any instance and says the
 * version.
 */
#include "policy/gate_common.h"
#include "policy/package_verify.h"
#include "version/version.h"

/* ---- required_package -------------------------------------------------------------------- */

/* 1: the instance is what the rule requires, 0: not, -1: no way to compare. */
static int satisfies(struct plm_policy_eval *ev, const struct plm_fact_package *p, plm_sv version,
                     bool is_minimum, plm_err **err)
{
    if (!version.p || plm_sv_eq(p->full_version, version))
        return 1;
    if (!is_minimum)
        return 0;
    const struct plm_scheme *s = ev->mode == PLM_POLICY_COMPAT ? plm_policy_distro_scheme(ev->facts)
                                                               : plm_policy_package_scheme(ev->facts, p);
    if (!s)
        return plm_fail(err, PLM_E_POLICY, "unsupported distro, cannot compare package versions");
    return s->compare(p->full_version, version) >= 0;
}

static int fire_required(struct plm_policy_eval *ev, const struct plm_policy_rule *r,
                         const struct plm_fact_package *p, plm_sv version, bool is_minimum)
{
    plm_sv name = plm_policy_param(r, "name");
    if (!p && version.n)
        return plm_policy_fire(ev, r, PLM_SV_NULL,
                               "Required input package (%.*s,%.*s) is not present in container image",
                               PLM_SV_ARG(name), PLM_SV_ARG(version));
    if (!p)
        return plm_policy_fire(ev, r, PLM_SV_NULL,
                               "Required input package (%.*s) is not present in container image",
                               PLM_SV_ARG(name));
    if (is_minimum)
        return plm_policy_fire(
            ev, r, PLM_SV_NULL,
            "Required min-version input package (%.*s) is present (%.*s), but is lower version "
            "than what is specified in policy (%.*s)",
            PLM_SV_ARG(p->name), PLM_SV_ARG(p->full_version), PLM_SV_ARG(version));
    plm_sv said = ev->mode == PLM_POLICY_COMPAT ? name : version;
    return plm_policy_fire(
        ev, r, PLM_SV_NULL,
        "Required input package (%.*s) is present (%.*s), but not at the version specified in "
        "policy (%.*s)",
        PLM_SV_ARG(p->name), PLM_SV_ARG(p->full_version), PLM_SV_ARG(said));
}

static int required_package(struct plm_policy_eval *ev, const struct plm_policy_rule *r, plm_err **err)
{
    plm_sv name = plm_policy_param(r, "name"), version = plm_policy_param(r, "version");
    bool is_minimum = plm_sv_is(plm_policy_param(r, "version_match_type"), "minimum");
    const struct plm_fact_package *first = NULL;
    for (size_t i = 0; i < ev->facts->packages.n; i++) {
        const struct plm_fact_package *p = &ev->facts->packages.v[i];
        if (!plm_sv_eq(p->name, name))
            continue;
        first = first ? first : p;
        int satisfied = satisfies(ev, p, version, is_minimum, err);
        if (satisfied != 0)
            return satisfied < 0 ? -1 : 0;
        if (ev->mode == PLM_POLICY_COMPAT)
            break;
    }
    return fire_required(ev, r, first, version, is_minimum) < 0 ? plm_fail_oom(err) : 0;
}

static const char *const match_types[] = {"exact", "minimum", NULL};
static const struct plm_policy_param_type required_params[] = {
    {.name = "name",
     .type = PLM_PARAM_STRING,
     .is_required = true,
     .description = "Name of the package, exactly.",
     .example = "libssl3"},
    {.name = "version",
     .type = PLM_PARAM_STRING,
     .description = "Version, with release where the package has one.",
     .example = "3.0.11-1~deb12u2",
     .otherwise = "any version"},
    {.name = "version_match_type",
     .type = PLM_PARAM_ENUM,
     .values = match_types,
     .description =
         "Whether exactly this version is required, or this or a later one (as the distribution orders "
         "versions; in fixed mode as the package's ecosystem does).",
     .example = "minimum",
     .otherwise = "exact"},
    {0}};

/* ---- denylist ---------------------------------------------------------------------------- */

static int denylist(struct plm_policy_eval *ev, const struct plm_policy_rule *r, plm_err **err)
{
    plm_sv name = plm_policy_param(r, "name"), version = plm_policy_param(r, "version");
    const char *word = plm_policy_word(r, "blacklisted", "denylisted");
    for (size_t i = 0; i < ev->facts->packages.n; i++) {
        const struct plm_fact_package *p = &ev->facts->packages.v[i];
        if (!plm_sv_eq(p->name, name) || (version.n && !plm_sv_eq(p->version, version)))
            continue;
        if (plm_policy_fire(ev, r, PLM_SV_NULL, "Package is %s: %.*s%s%.*s", word, PLM_SV_ARG(name),
                            version.n ? "-" : "", PLM_SV_ARG(version)) < 0)
            return plm_fail_oom(err);
    }
    return 0;
}

static const struct plm_policy_param_type denylist_params[] = {
    {.name = "name",
     .type = PLM_PARAM_STRING,
     .is_required = true,
     .description = "Name of the package, exactly.",
     .example = "openssh-server"},
    {.name = "version",
     .type = PLM_PARAM_STRING,
     .description = "Version without the release, exactly.",
     .example = "1.0.1",
     .otherwise = "any version"},
    {0}};

/* ---- metadata ---------------------------------------------------------------------------- */

/* Does the package's value meet one pair of parameters? 1, 0, -1. Absent parameters do not restrict. */
static int text_fits(struct plm_policy_eval *ev, const struct plm_policy_rule *r, const char *name,
                     const char *comparison, plm_sv actual, const struct plm_scheme *scheme, plm_err **err)
{
    plm_sv wanted = plm_policy_param(r, name), op = plm_policy_param(r, comparison);
    if (!wanted.p)
        return 1;
    bool is_negative = plm_sv_starts(op, PLM_SV("not_"));
    if (plm_sv_is(op, "like") || plm_sv_is(op, "not_like")) {
        int fits = plm_policy_match(ev, wanted, actual, err);
        return fits < 0 ? -1 : (fits > 0) != is_negative;
    }
    if (plm_sv_is(op, "in") || plm_sv_is(op, "not_in")) {
        plm_sv_vec list = plm_policy_param_list(ev, r, name);
        return plm_policy_listed(&list, actual) != is_negative;
    }
    if (op.n && (op.p[0] == '<' || op.p[0] == '>') && !scheme)
        return plm_fail(err, PLM_E_POLICY, "unsupported distro, cannot compare package versions");
    int order = scheme ? scheme->compare(actual, wanted) : plm_sv_cmp(actual, wanted);
    return plm_policy_compare(plm_policy_op(r, comparison, "="), order);
}

static int metadata(struct plm_policy_eval *ev, const struct plm_policy_rule *r, plm_err **err)
{
    for (size_t i = 0; i < ev->facts->packages.n; i++) {
        const struct plm_fact_package *p = &ev->facts->packages.v[i];
        int fits = text_fits(ev, r, "name", "name_comparison", p->name, NULL, err);
        if (fits > 0)
            fits = text_fits(ev, r, "type", "type_comparison", p->type, NULL, err);
        if (fits > 0)
            fits = text_fits(ev, r, "version", "version_comparison", p->full_version,
                             plm_policy_package_scheme(ev->facts, p), err);
        if (fits < 0)
            return -1;
        if (fits &&
            plm_policy_fire(ev, r, PLM_SV_NULL, "Package metadata matches: name=%.*s version=%.*s type=%.*s",
                            PLM_SV_ARG(p->name), PLM_SV_ARG(p->full_version), PLM_SV_ARG(p->type)) < 0)
            return plm_fail_oom(err);
    }
    return 0;
}

static const char *const text_operators[] = {"=", "!=", "like", "not_like", "in", "not_in", NULL};
static const char *const version_operators[] = {
    "=", "!=", "<", ">", "<=", ">=", "like", "not_like", "in", "not_in", NULL};
#define PAIR(n, what, sample, operators)                                                                     \
    {.name = n, .type = PLM_PARAM_STRING, .description = what, .example = sample},                           \
    {                                                                                                        \
        .name = n "_comparison", .type = PLM_PARAM_ENUM, .values = operators,                                \
        .description = "How the " n " is compared.", .example = "like", .otherwise = "="                     \
    }
static const struct plm_policy_param_type metadata_params[] = {
    PAIR("name", "Name, a list of names (`in`) or an expression (`like`).", "openssl.*", text_operators),
    PAIR("version", "Version with release, as the package's ecosystem orders versions.", "3.0",
         version_operators),
    PAIR("type", "Type of the package: dpkg, rpm, APKG, npm, gem, python, java, go ...", "dpkg",
         text_operators),
    {0}};

/* ---- the gate ---------------------------------------------------------------------------- */

static const struct plm_policy_trigger triggers[] = {
    {.name = "required_package",
     .description = "Fires if a package is not installed, or not at the required version.",
     .params = required_params,
     .needs = PLM_FACT_PACKAGES,
     .evaluate = required_package},
    {.name = "denylist",
     .legacy_name = "blacklist",
     .description = "Fires for each installed package of the name (and version).",
     .params = denylist_params,
     .needs = PLM_FACT_PACKAGES,
     .evaluate = denylist},
    {.name = "verify",
     .description =
         "Fires for each file of a package that is missing, or differs from what the package brought.",
     .params = plm_policy_verify_params,
     .needs = PLM_FACT_PACKAGES | PLM_FACT_FILES | PLM_FACT_OWNED,
     .evaluate = plm_policy_verify},
    {.name = "metadata",
     .description = "Fires for each package that meets every given condition.",
     .origin = PLM_ORIGIN_COMMERCIAL,
     .params = metadata_params,
     .needs = PLM_FACT_PACKAGES,
     .evaluate = metadata},
    {0}};

static const struct plm_policy_gate packages = {
    .name = "packages",
    .description = "Installed packages.",
    .triggers = triggers,
};
PLM_REGISTER(plm_policy_gates, struct plm_policy_gate, packages);
