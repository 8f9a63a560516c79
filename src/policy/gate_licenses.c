/* SPDX-License-Identifier: Apache-2.0
 *
 * Gate `licenses`: licenses of packages. The original splits a package's license text at blanks and compares
 * the words; all matches of an image make one finding, whose id changes with every package. FIXED makes a
 * finding per package and license, with the id "<license>+<package>", compares SPDX ids as well as words, and
 * knows rules about whole expressions: "GPL-2.0-only OR MIT" can be used under MIT.
 */
#include "base/map.h"
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

/* Thousands of packages share a few hundred texts: each is read once per evaluation, and judged once per
 * rule. */
struct license_text {
    plm_sv text;
    const struct plm_spdx *tree; /* NULL: nothing is known */
};
struct license_texts {
    uint32_t *of_package; /* index in texts */
    PLM_VEC(struct license_text) texts;
};

static int read_texts(struct plm_policy_eval *ev, struct license_texts *all, plm_err **err)
{
    plm_auto(plm_map_free) struct plm_map *seen = plm_map_new(); /* text: 1 + its index */
    all->of_package = plm_arena_array(ev->arena, ev->facts->packages.n + 1, sizeof(*all->of_package));
    if (!seen || !all->of_package)
        return plm_fail_oom(err);
    for (size_t i = 0; i < ev->facts->packages.n; i++) {
        plm_sv text = ev->facts->packages.v[i].license;
        void **slot = plm_map_put(seen, text);
        if (!slot)
            return plm_fail_oom(err);
        if (!*slot) {
            struct license_text *t = plm_vec_push(ev->arena, &all->texts);
            if (!t)
                return plm_fail_oom(err);
            t->text = text;
            if (text.n && expression(ev, text, &t->tree, err) < 0)
                return -1;
            *slot = (void *)(uintptr_t)all->texts.n; // NOLINT(performance-no-int-to-ptr): an index in the map
        }
        all->of_package[i] = (uint32_t)((uintptr_t)*slot - 1);
    }
    return 0;
}

/* NULL: memory failed, *err says so. */
static const struct license_texts *texts_of(struct plm_policy_eval *ev, const struct plm_policy_rule *r,
                                            plm_err **err)
{
    void **slot = plm_policy_prepared(ev, r->gate);
    if (slot && *slot)
        return *slot;
    struct license_texts *all = slot ? plm_arena_make(ev->arena, struct license_texts) : NULL;
    if (!all)
        return PLM_NULL(plm_fail_oom(err));
    if (read_texts(ev, all, err) < 0)
        return NULL;
    *slot = all;
    return all;
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

/* The items of a rule, with what the SPDX list calls them: looked up once, not for every license. */
struct items {
    plm_sv_vec texts;
    plm_sv *ids; /* null views: not in the list */
    bool is_partial;
};

static int read_items(struct plm_policy_eval *ev, const struct plm_policy_rule *r, struct items *out,
                      plm_err **err)
{
    out->texts = plm_policy_param_list(ev, r, "licenses");
    out->ids = plm_arena_array(ev->arena, out->texts.n + 1, sizeof(*out->ids));
    for (size_t i = 0; out->ids && i < out->texts.n; i++)
        out->ids[i] = plm_spdx_id(out->texts.v[i]);
    return out->ids ? 0 : plm_fail_oom(err);
}

static bool item_matches(const struct items *items, size_t i, const struct plm_spdx *license)
{
    plm_sv text = items->texts.v[i], id = license->id;
    bool is_plain = plm_sv_find(text, '*') == SIZE_MAX && plm_sv_find(text, ' ') == SIZE_MAX;
    if (is_plain && !plm_sv_ieq(plm_sv_sub(text, 0, 2), plm_sv_sub(id, 0, 2)))
        return items->ids[i].p && plm_sv_eq(items->ids[i], id); /* nothing else can make it the same */
    return plm_spdx_matches(text, license, false);
}

static void leaves(const struct plm_spdx *e, const struct items *items, struct plm_arena *a, plm_sv_vec *out)
{
    for (size_t i = 0; e && i < e->arms.n; i++)
        leaves(e->arms.v[i], items, a, out);
    for (size_t i = 0; e && e->kind == PLM_SPDX_LICENSE && i < items->texts.n; i++)
        if (item_matches(items, i, e) && !plm_policy_listed(out, e->id))
            (void)plm_sv_vec_add(a, out, e->id); /* the arena says if it failed */
}

/* The licenses of one text that the items match: words of it, else what they mean in SPDX. */
static plm_sv_vec matches_of(struct plm_policy_eval *ev, const struct license_text *t,
                             const struct items *items)
{
    plm_sv_vec found = {0};
    plm_sv rest = t->text, word;
    while (plm_python_word(&rest, &word)) {
        while (word.n && (word.p[0] == '(' || word.p[0] == ','))
            word = plm_sv_from_off(word, 1);
        while (word.n && (word.p[word.n - 1] == ')' || word.p[word.n - 1] == ','))
            word.n--;
        if (times_matched(word, &items->texts, items->is_partial) && !plm_policy_listed(&found, word))
            (void)plm_sv_vec_add(ev->arena, &found, word); /* the arena says if it failed */
    }
    if (!found.n && !items->is_partial)
        leaves(t->tree, items, ev->arena, &found);
    return found;
}

/* One finding per package and license. */
static int each_license(struct plm_policy_eval *ev, const struct plm_policy_rule *r, bool is_partial,
                        plm_err **err)
{
    struct items items = {.is_partial = is_partial};
    plm_sv_vec types = plm_policy_param_list(ev, r, "package_type");
    const char *what = plm_policy_word(r, "has a blacklisted license", "has a denylisted license");
    const struct license_texts *all = texts_of(ev, r, err);
    plm_sv_vec *found = all ? plm_arena_array(ev->arena, all->texts.n + 1, sizeof(*found)) : NULL;
    if (!found || read_items(ev, r, &items, err) < 0)
        return all && !found ? plm_fail_oom(err) : -1;
    for (size_t i = 0; i < all->texts.n; i++)
        found[i] = matches_of(ev, &all->texts.v[i], &items);
    if (plm_arena_check(ev->arena, err) < 0)
        return -1;
    for (size_t i = 0; i < ev->facts->packages.n; i++) {
        const struct plm_fact_package *p = &ev->facts->packages.v[i];
        const plm_sv_vec *list = &found[all->of_package[i]];
        for (size_t k = 0; k < list->n && type_fits(&types, p); k++)
            if (fire_one(ev, r, p, list->v[k], is_partial ? "LICSUBMATCH " : "LICFULLMATCH ", what, err) < 0)
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

/* *out: the license that the list does not let pass; null: it passes, or is not known and that is tolerated.
 */
static int fault_of(struct plm_policy_eval *ev, const struct license_text *t,
                    const struct plm_spdx_list *list, bool is_allowlist, bool tolerates_unknown, plm_sv *out,
                    plm_err **err)
{
    struct plm_spdx_list none = {NULL, 0};
    *out = t->tree || tolerates_unknown ? PLM_SV_NULL : PLM_SV("unknown");
    if (!t->tree || plm_spdx_judge(t->tree, is_allowlist ? list : &none, is_allowlist ? &none : list, NULL) ==
                        PLM_SPDX_OK)
        return 0;
    *out = plm_spdx_text(t->tree, ev->arena);
    return out->p ? 0 : plm_fail_oom(err);
}

/* Fires for each package whose expression the list does not let pass. */
static int judge(struct plm_policy_eval *ev, const struct plm_policy_rule *r, bool is_allowlist,
                 plm_err **err)
{
    plm_sv_vec items = plm_policy_param_list(ev, r, "licenses"),
               types = plm_policy_param_list(ev, r, "package_type");
    struct plm_spdx_list list = {items.v, items.n};
    bool tolerates_unknown = !is_allowlist || !plm_policy_param_bool(r, "unknown", true);
    const struct license_texts *all = texts_of(ev, r, err);
    plm_sv *faults = all ? plm_arena_array(ev->arena, all->texts.n + 1, sizeof(*faults)) : NULL;
    if (!faults)
        return all ? plm_fail_oom(err) : -1;
    for (size_t i = 0; i < all->texts.n; i++)
        if (fault_of(ev, &all->texts.v[i], &list, is_allowlist, tolerates_unknown, &faults[i], err) < 0)
            return -1;
    for (size_t i = 0; i < ev->facts->packages.n; i++) {
        const struct plm_fact_package *p = &ev->facts->packages.v[i];
        plm_sv fault = faults[all->of_package[i]];
        if (fault.p && type_fits(&types, p) &&
            fire_one(ev, r, p, fault, "",
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
    const struct license_texts *all = texts_of(ev, r, err);
    for (size_t i = 0; all && i < ev->facts->packages.n; i++) {
        const struct plm_fact_package *p = &ev->facts->packages.v[i];
        if (!all->texts.v[all->of_package[i]].tree && type_fits(&types, p) &&
            fire_one(ev, r, p, PLM_SV("unknown"), "", "has a license that is not known", err) < 0)
            return -1;
    }
    return all ? 0 : -1;
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
