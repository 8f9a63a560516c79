/* SPDX-License-Identifier: Apache-2.0
 *
 * Gate `licenses`: licenses of packages. The original splits a package's license text at blanks and compares
 * the words; all matches of an image make one finding, whose id changes with every package. FIXED makes a
 * finding per package and license, with the id "<license>+<package>", compares SPDX ids as well as words, and
 * knows rules about whole expressions: "GPL-2.0-only OR MIT" can be used under MIT.
 */
#include "codec/spdx.h"
#include "policy/gate_common.h"

/* ---- which packages ---------------------------------------------------------------------- */

static bool type_fits(const plm_sv_vec *types, const struct plm_fact_package *p)
{
    for (size_t i = 0; i < types->n; i++) {
        plm_sv t = types->v[i];
        bool is_class = plm_sv_is(t, "os") || plm_sv_is(t, "non-os");
        if (plm_sv_is(t, "all") || plm_sv_ieq(t, p->type) ||
            (is_class && plm_sv_is(t, "os") == plm_policy_is_os_package(p->type)))
            return true;
    }
    return !types->n;
}

/* ---- licenses as words ------------------------------------------------------------------- */

/* How often the word counts: once where it is one of the items, or once per item that is part of it. */
static size_t times_matched(plm_sv word, const plm_sv_vec *items, bool is_partial)
{
    size_t n = 0;
    for (size_t i = 0; i < items->n; i++)
        n += is_partial ? plm_sv_has(word, items->v[i]) : plm_sv_eq(word, items->v[i]);
    return !is_partial && n > 1 ? 1 : n;
}

static int aggregate(struct plm_policy_eval *ev, const struct plm_policy_rule *r, bool is_partial,
                     plm_err **err)
{
    plm_sv_vec items = plm_policy_param_list(ev, r, "licenses"),
               types = plm_policy_param_list(ev, r, "package_type");
    plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(PLM_MIB(16));
    for (size_t i = 0; i < ev->facts->packages.n; i++) {
        const struct plm_fact_package *p = &ev->facts->packages.v[i];
        plm_sv rest = type_fits(&types, p) ? p->license : PLM_SV_NULL, word;
        while (plm_python_word(&rest, &word))
            for (size_t n = times_matched(word, &items, is_partial); n; n--)
                plm_buf_printf(&b, "%s%.*s(%.*s)", b.n ? ", " : "", PLM_SV_ARG(p->name), PLM_SV_ARG(word));
    }
    if (!b.n || plm_buf_check(&b, err) < 0)
        return b.failed ? -1 : 0;
    plm_sv list = plm_buf_sv(&b);
    return plm_policy_fire(ev, r, PLM_SV_NULL, "%s Packages are installed that have %s licenses: %.*s",
                           is_partial ? "LICSUBMATCH" : "LICFULLMATCH",
                           plm_policy_word(r, "blacklisted", "denylisted"), PLM_SV_ARG(list)) < 0
               ? plm_fail_oom(err)
               : 0;
}

/* ---- licenses as expressions ------------------------------------------------------------- */

/* The package's licenses; *out NULL where nothing is known. A text that is no expression is a list of words,
 * all of which hold. */
static int expression(struct plm_policy_eval *ev, plm_sv text, const struct plm_spdx **out, plm_err **err)
{
    bool is_known = false;
    if (plm_spdx_normalise(text, ev->arena, out, &is_known, err) < 0)
        return -1;
    plm_sv rest = text, word;
    plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(PLM_KIB(64));
    size_t words = 0;
    while (plm_sv_word(&rest, &word)) {
        bool is_operator = plm_sv_ieq(word, PLM_SV("and")) || plm_sv_ieq(word, PLM_SV("or")) ||
                           plm_sv_ieq(word, PLM_SV("with"));
        if (is_operator)
            return 0;
        plm_buf_printf(&b, "%s%.*s", words++ ? " AND " : "", PLM_SV_ARG(word));
    }
    if (is_known || words < 2)
        return 0;
    if (plm_buf_check(&b, err) < 0)
        return -1;
    plm_sv joined = plm_arena_sv(ev->arena, plm_buf_sv(&b));
    return joined.p ? plm_spdx_normalise(joined, ev->arena, out, NULL, err) : plm_fail_oom(err);
}

static int fire_one(struct plm_policy_eval *ev, const struct plm_policy_rule *r,
                    const struct plm_fact_package *p, plm_sv license, const char *code, const char *what,
                    plm_err **err)
{
    plm_sv id = plm_arena_printf(ev->arena, "%.*s+%.*s", PLM_SV_ARG(license), PLM_SV_ARG(p->name));
    if (!id.p || plm_policy_fire(ev, r, id, "%sPackage %.*s %s: %.*s", code, PLM_SV_ARG(p->name), what,
                                 PLM_SV_ARG(license)) < 0)
        return plm_fail_oom(err);
    return 0;
}

static void leaves(const struct plm_spdx *e, const plm_sv_vec *items, struct plm_arena *a, plm_sv_vec *out)
{
    for (size_t i = 0; e && i < e->arms.n; i++)
        leaves(e->arms.v[i], items, a, out);
    for (size_t i = 0; e && e->kind == PLM_SPDX_LICENSE && i < items->n; i++)
        if (plm_spdx_matches(items->v[i], e, false) && !plm_policy_listed(out, e->id))
            (void)plm_sv_vec_add(a, out, e->id); /* the arena says if it failed */
}

/* One finding per package and license: words that match, and what they mean in SPDX. */
static int each_license(struct plm_policy_eval *ev, const struct plm_policy_rule *r, bool is_partial,
                        plm_err **err)
{
    plm_sv_vec items = plm_policy_param_list(ev, r, "licenses"),
               types = plm_policy_param_list(ev, r, "package_type");
    const char *what = plm_policy_word(r, "has a blacklisted license", "has a denylisted license");
    for (size_t i = 0; i < ev->facts->packages.n; i++) {
        const struct plm_fact_package *p = &ev->facts->packages.v[i];
        const struct plm_spdx *e = NULL;
        plm_sv_vec found = {0};
        plm_sv rest = type_fits(&types, p) ? p->license : PLM_SV_NULL, word;
        if (!is_partial && rest.n && expression(ev, rest, &e, err) < 0)
            return -1;
        while (plm_python_word(&rest, &word)) {
            while (word.n && (word.p[0] == '(' || word.p[0] == ','))
                word = plm_sv_from_off(word, 1);
            while (word.n && (word.p[word.n - 1] == ')' || word.p[word.n - 1] == ','))
                word.n--;
            if (times_matched(word, &items, is_partial) && !plm_policy_listed(&found, word))
                (void)plm_sv_vec_add(ev->arena, &found, word); /* checked below */
        }
        if (!found.n)
            leaves(e, &items, ev->arena, &found);
        if (plm_arena_check(ev->arena, err) < 0)
            return -1;
        for (size_t k = 0; k < found.n; k++)
            if (fire_one(ev, r, p, found.v[k], is_partial ? "LICSUBMATCH " : "LICFULLMATCH ", what, err) < 0)
                return -1;
    }
    return 0;
}

static int denylist(struct plm_policy_eval *ev, const struct plm_policy_rule *r, bool is_partial,
                    plm_err **err)
{
    return ev->mode == PLM_POLICY_COMPAT ? aggregate(ev, r, is_partial, err)
                                         : each_license(ev, r, is_partial, err);
}
static int exact_match(struct plm_policy_eval *ev, const struct plm_policy_rule *r, plm_err **err)
{
    return denylist(ev, r, false, err);
}
static int partial_match(struct plm_policy_eval *ev, const struct plm_policy_rule *r, plm_err **err)
{
    return denylist(ev, r, true, err);
}

/* ---- ours -------------------------------------------------------------------------------- */

/* Fires for each package whose expression the list does not let pass. */
static int judge(struct plm_policy_eval *ev, const struct plm_policy_rule *r, bool is_allowlist,
                 plm_err **err)
{
    plm_sv_vec items = plm_policy_param_list(ev, r, "licenses"),
               types = plm_policy_param_list(ev, r, "package_type");
    struct plm_spdx_list list = {items.v, items.n}, none = {NULL, 0};
    bool fires_unknown = is_allowlist && plm_policy_param_bool(r, "unknown", true);
    for (size_t i = 0; i < ev->facts->packages.n; i++) {
        const struct plm_fact_package *p = &ev->facts->packages.v[i];
        const struct plm_spdx *e = NULL;
        if (!type_fits(&types, p))
            continue;
        if (expression(ev, p->license, &e, err) < 0)
            return -1;
        plm_sv text = e ? plm_spdx_text(e, ev->arena) : PLM_SV("unknown");
        if (!text.p)
            return plm_fail_oom(err);
        if (!e ? !fires_unknown
               : plm_spdx_judge(e, is_allowlist ? &list : &none, is_allowlist ? &none : &list, NULL) ==
                     PLM_SPDX_OK)
            continue;
        if (fire_one(ev, r, p, text, "",
                     is_allowlist ? "has a license that is not allowed" : "has a denied license", err) < 0)
            return -1;
    }
    return 0;
}
static int not_allowed(struct plm_policy_eval *ev, const struct plm_policy_rule *r, plm_err **err)
{
    return judge(ev, r, true, err);
}
static int denied(struct plm_policy_eval *ev, const struct plm_policy_rule *r, plm_err **err)
{
    return judge(ev, r, false, err);
}

static int unknown(struct plm_policy_eval *ev, const struct plm_policy_rule *r, plm_err **err)
{
    plm_sv_vec types = plm_policy_param_list(ev, r, "package_type");
    for (size_t i = 0; i < ev->facts->packages.n; i++) {
        const struct plm_fact_package *p = &ev->facts->packages.v[i];
        const struct plm_spdx *e = NULL;
        if (!type_fits(&types, p))
            continue;
        if (expression(ev, p->license, &e, err) < 0)
            return -1;
        if (!e && fire_one(ev, r, p, PLM_SV("unknown"), "", "has a license that is not known", err) < 0)
            return -1;
    }
    return 0;
}

/* ---- the gate ---------------------------------------------------------------------------- */

#define LICENSES(text, sample, from)                                                                         \
    {                                                                                                        \
        .name = "licenses", .type = PLM_PARAM_LIST, .is_required = true, .description = text,                \
        .example = sample, .origin = from                                                                    \
    }
#define PACKAGE_TYPE(from)                                                                                   \
    {                                                                                                        \
        .name = "package_type", .type = PLM_PARAM_LIST,                                                      \
        .description = "Only packages of these types (dpkg, rpm, APKG, npm, python ...), `os` or `non-os`.", \
        .example = "npm,python", .otherwise = "every package", .origin = from                                \
    }
static const struct plm_policy_param_type exact_params[] = {
    LICENSES("Licenses, exactly as packages write them; in fixed mode SPDX ids as well.",
             "GPL-3.0-only,AGPL-3.0-only", PLM_ORIGIN_OPEN),
    PACKAGE_TYPE(PLM_ORIGIN_COMMERCIAL),
    {0}};
static const struct plm_policy_param_type partial_params[] = {
    LICENSES("Parts of the names of licenses.", "GPL,BSD", PLM_ORIGIN_OPEN),
    PACKAGE_TYPE(PLM_ORIGIN_COMMERCIAL),
    {0}};
static const struct plm_policy_param_type denied_params[] = {
    LICENSES("SPDX ids, with exception where one is meant; `*` stands for any text.", "AGPL-*,SSPL-1.0",
             PLM_ORIGIN_OURS),
    PACKAGE_TYPE(PLM_ORIGIN_OURS),
    {0}};
static const struct plm_policy_param_type allowed_params[] = {
    LICENSES("SPDX ids, with exception where one is meant; `*` stands for any text.", "MIT,Apache-2.0,BSD-*",
             PLM_ORIGIN_OURS),
    {.name = "unknown",
     .type = PLM_PARAM_BOOLEAN,
     .description = "Whether a package whose license is not known fires.",
     .example = "false",
     .otherwise = "true",
     .origin = PLM_ORIGIN_OURS},
    PACKAGE_TYPE(PLM_ORIGIN_OURS),
    {0}};
static const struct plm_policy_param_type unknown_params[] = {PACKAGE_TYPE(PLM_ORIGIN_OURS), {0}};

static const struct plm_policy_trigger triggers[] = {
    {.name = "denylist_exact_match",
     .legacy_name = "blacklist_exact_match",
     .description = "Fires if packages have one of the licenses: once in compat mode, else for each package.",
     .params = exact_params,
     .needs = PLM_FACT_LICENSES,
     .evaluate = exact_match},
    {.name = "denylist_partial_match",
     .legacy_name = "blacklist_partial_match",
     .description = "Fires if packages have a license whose name contains one of the texts.",
     .params = partial_params,
     .needs = PLM_FACT_LICENSES,
     .evaluate = partial_match},
    {.name = "denied_expression",
     .description = "Fires for each package that cannot be used without one of the licenses.",
     .origin = PLM_ORIGIN_OURS,
     .params = denied_params,
     .needs = PLM_FACT_LICENSES,
     .evaluate = denied},
    {.name = "not_allowed_expression",
     .description = "Fires for each package that cannot be used under the allowed licenses alone.",
     .origin = PLM_ORIGIN_OURS,
     .params = allowed_params,
     .needs = PLM_FACT_LICENSES,
     .evaluate = not_allowed},
    {.name = "unknown_license",
     .description = "Fires for each package whose license is not known.",
     .origin = PLM_ORIGIN_OURS,
     .params = unknown_params,
     .needs = PLM_FACT_LICENSES,
     .evaluate = unknown},
    {0}};

static const struct plm_policy_gate licenses = {
    .name = "licenses",
    .description = "Licenses of packages.",
    .triggers = triggers,
};
PLM_REGISTER(plm_policy_gates, struct plm_policy_gate, licenses);
