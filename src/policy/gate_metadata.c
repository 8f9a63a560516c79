/* SPDX-License-Identifier: Apache-2.0
 *
 * metadata: attributes of the image against a value. Size and number of layers are numbers; the others are
 * text, which in compat mode includes the distribution's version ("10" < "9"). In fixed mode versions are
 * compared part by part, `exists` and `not_exists` need no value, and sizes take any case.
 */
#include "policy/policy_int.h"

static const char *const attributes[] = {"size",           "architecture", "os_type",     "distro",
                                         "distro_version", "like_distro",  "layer_count", NULL};
static const char *const checks[] = {"=",      "!=",         ">",    "<",        ">=",     "<=", "in",
                                     "not_in", "not_exists", "like", "not_like", "exists", NULL};

static const struct plm_policy_param_type params[] = {
    {.name = "attribute",
     .type = PLM_PARAM_ENUM,
     .values = attributes,
     .is_required = true,
     .description = "Attribute of the image.",
     .example = "size"},
    {.name = "check",
     .type = PLM_PARAM_ENUM,
     .values = checks,
     .is_required = true,
     .description = "How it is compared; like and not_like take a regular expression, in and not_in a list.",
     .example = ">"},
    {.name = "value",
     .type = PLM_PARAM_STRING,
     .description = "What it is compared with. A size may end in kb, mb, gb or tb (powers of 1024).",
     .example = "1073741824"},
    {0}};

/* Digits and perhaps a unit; true: *out is the number of bytes, saturated. */
static bool read_size(plm_sv value, bool any_case, uint64_t *out)
{
    static const char *const units[] = {"kb", "mb", "gb", "tb"};
    plm_sv t = plm_sv_trim(value);
    size_t n = 0;
    while (n < t.n && t.p[n] >= '0' && t.p[n] <= '9')
        n++;
    plm_sv unit = plm_sv_trim(plm_sv_from_off(t, n));
    if (!n)
        return false;
    if (!plm_sv_u64(plm_sv_sub(t, 0, n), out))
        *out = UINT64_MAX;
    if (!unit.n)
        return true;
    for (unsigned i = 0; i < 4; i++) {
        plm_sv u = plm_sv_from(units[i]);
        if (!(any_case ? plm_sv_ieq(unit, u) : plm_sv_eq(unit, u)))
            continue;
        if (__builtin_mul_overflow(*out, (uint64_t)1 << (10 * (i + 1)), out))
            *out = UINT64_MAX;
        return true;
    }
    return false;
}

static bool is_whole(plm_sv value, uint64_t *out)
{
    plm_sv t = plm_sv_trim(value);
    for (size_t i = 0; i < t.n; i++)
        if (t.p[i] < '0' || t.p[i] > '9')
            return false;
    if (!t.n)
        return false;
    if (!plm_sv_u64(t, out))
        *out = UINT64_MAX;
    return true;
}

static bool needs_no_value(plm_sv check)
{
    return plm_sv_is(check, "exists") || plm_sv_is(check, "not_exists");
}

/* The value by the attribute's kind. The original wants one even where the check reads none. */
static bool validate(const struct plm_policy *p, const struct plm_policy_rule *r, struct plm_arena *a,
                     plm_sv *why)
{
    plm_sv attribute = plm_policy_param(r, "attribute"), value = plm_policy_param(r, "value");
    bool is_fixed = p->mode == PLM_POLICY_FIXED;
    uint64_t number;
    if (!value.p && is_fixed && needs_no_value(plm_policy_param(r, "check")))
        return true;
    bool ok = value.p && (plm_sv_is(attribute, "size")          ? read_size(value, is_fixed, &number)
                          : plm_sv_is(attribute, "layer_count") ? is_whole(value, &number)
                                                                : true);
    if (!ok)
        *why = value.p ? plm_arena_printf(a, "value '%.*s' is none for %.*s", PLM_SV_ARG(value),
                                          PLM_SV_ARG(attribute))
                       : PLM_SV("the parameter value is required");
    return ok;
}

/* "10.2" against "9": parts between dots, numbers as numbers. */
static int compare_versions(plm_sv a, plm_sv b)
{
    while (a.n || b.n) {
        plm_sv x, y, rest_a, rest_b;
        uint64_t m = 0, n = 0;
        if (!plm_sv_cut(a, '.', &x, &rest_a))
            rest_a = PLM_SV_NULL;
        if (!plm_sv_cut(b, '.', &y, &rest_b))
            rest_b = PLM_SV_NULL;
        bool is_number = (x.n == 0 || plm_sv_u64(x, &m)) && (y.n == 0 || plm_sv_u64(y, &n));
        int order = is_number ? (m > n) - (m < n) : plm_sv_cmp(x, y);
        if (order)
            return order;
        a = rest_a;
        b = rest_b;
    }
    return 0;
}

static bool by_order(plm_sv check, int order)
{
    return plm_sv_is(check, "=")    ? order == 0
           : plm_sv_is(check, "!=") ? order != 0
           : plm_sv_is(check, ">")  ? order > 0
           : plm_sv_is(check, "<")  ? order < 0
           : plm_sv_is(check, ">=") ? order >= 0
                                    : order <= 0;
}

static bool is_ordering(plm_sv check)
{
    return check.n && (check.p[0] == '=' || check.p[0] == '!' || check.p[0] == '<' || check.p[0] == '>');
}

static bool is_listed(struct plm_policy_eval *ev, const struct plm_policy_rule *r, plm_sv text)
{
    plm_sv_vec list = plm_policy_param_list(ev, r, "value");
    for (size_t i = 0; i < list.n; i++)
        if (plm_sv_eq(list.v[i], text))
            return true;
    return false;
}

struct attribute {
    plm_sv name, text; /* null text: the image has none */
    bool is_number;
    uint64_t number;
};

static struct attribute read_attribute(struct plm_policy_eval *ev, plm_sv name)
{
    const struct plm_image_facts *f = ev->facts;
    struct attribute out = {.name = name};
    out.is_number = plm_sv_is(name, "size") || plm_sv_is(name, "layer_count");
    out.number = plm_sv_is(name, "size") ? f->size : f->layers.n;
    out.text = out.is_number ? plm_arena_printf(ev->arena, "%llu", (unsigned long long)out.number)
               : plm_sv_is(name, "architecture")   ? f->architecture
               : plm_sv_is(name, "os_type")        ? f->os
               : plm_sv_is(name, "distro")         ? f->distro
               : plm_sv_is(name, "distro_version") ? f->distro_version
                                                   : f->like_distro;
    return out;
}

/* 1, 0, -1: the original raises there (an ordering or an expression on what is not there or no text). */
static int holds(struct plm_policy_eval *ev, const struct plm_policy_rule *r, const struct attribute *x,
                 plm_sv check, plm_sv value, plm_err **err)
{
    uint64_t bound = 0;
    bool is_compat = ev->mode == PLM_POLICY_COMPAT;
    if (needs_no_value(check)) {
        bool is_there = x->is_number ? x->number != 0 : x->text.n != 0;
        return is_there == plm_sv_is(check, "exists");
    }
    if (!x->text.p && is_compat && !plm_sv_is(check, "=") && !plm_sv_is(check, "!=") &&
        !plm_sv_is(check, "in") && !plm_sv_is(check, "not_in"))
        return plm_fail(err, PLM_E_POLICY, "the image has no %.*s to compare", PLM_SV_ARG(x->name));
    if (!x->text.p) /* nothing equals, matches or is listed as what is not there */
        return plm_sv_is(check, "!=") || plm_sv_is(check, "not_in") || plm_sv_is(check, "not_like");
    if (is_ordering(check) && x->is_number) {
        bool ok = plm_sv_is(x->name, "size") ? read_size(value, !is_compat, &bound) : is_whole(value, &bound);
        return ok && by_order(check, (x->number > bound) - (x->number < bound));
    }
    if (is_ordering(check)) {
        bool is_text = is_compat || !plm_sv_is(x->name, "distro_version");
        return by_order(check, is_text ? plm_sv_cmp(x->text, value) : compare_versions(x->text, value));
    }
    if (x->is_number && is_compat)
        return plm_fail(err, PLM_E_POLICY, "%.*s is a number: '%.*s' is for text", PLM_SV_ARG(x->name),
                        PLM_SV_ARG(check));
    if (plm_sv_is(check, "in") || plm_sv_is(check, "not_in"))
        return is_listed(ev, r, x->text) == plm_sv_is(check, "in");
    int like = plm_policy_match(ev, value, x->text, err);
    return like < 0 ? -1 : like == plm_sv_is(check, "like");
}

static bool is_unknown(const struct plm_policy_eval *ev, plm_sv attribute)
{
    uint32_t needs = plm_sv_starts(attribute, PLM_SV("distro")) || plm_sv_is(attribute, "like_distro")
                         ? PLM_FACT_PACKAGES
                         : PLM_FACT_CONFIG;
    return (ev->facts->known & needs) == 0;
}

static int evaluate(struct plm_policy_eval *ev, const struct plm_policy_rule *r, plm_err **err)
{
    plm_sv check = plm_policy_param(r, "check"), value = plm_policy_param(r, "value");
    struct attribute x = read_attribute(ev, plm_policy_param(r, "attribute"));
    if (!needs_no_value(check) && !value.n)
        return 0;
    if (is_unknown(ev, x.name) && ev->mode == PLM_POLICY_FIXED)
        return plm_fail(err, PLM_E_POLICY, "the image's %.*s was not looked at", PLM_SV_ARG(x.name));
    int fires = holds(ev, r, &x, check, value, err);
    if (fires <= 0)
        return fires;
    plm_sv shown = value;
    uint64_t number;
    if (x.is_number && value.p &&
        (plm_sv_is(x.name, "size") ? read_size(value, true, &number) : is_whole(value, &number)))
        shown = plm_arena_printf(ev->arena, "%llu", (unsigned long long)number);
    plm_sv actual = x.text.p ? x.text : PLM_SV("None");
    return plm_policy_fire(ev, r, PLM_SV_NULL,
                           "Attribute check for attribute: '%.*s' check: '%.*s' check_value: '%.*s' matched "
                           "image value: '%.*s'",
                           PLM_SV_ARG(x.name), PLM_SV_ARG(check), PLM_SV_ARG(shown), PLM_SV_ARG(actual));
}

static const struct plm_policy_trigger triggers[] = {
    {.name = "attribute",
     .description = "Fires when an attribute of the image compares true with a value.",
     .params = params,
     .validate = validate,
     .evaluate = evaluate},
    {0}};

static void wants(const struct plm_policy_rule *r, struct plm_arena *a, struct plm_policy_wants *out)
{
    (void)r;
    (void)a;
    out->facts |= PLM_FACT_CONFIG | PLM_FACT_PACKAGES;
}

static const struct plm_policy_gate metadata = {.name = "metadata",
                                                .description =
                                                    "Size, platform, distribution and layers of the image.",
                                                .triggers = triggers,
                                                .wants = wants};
PLM_REGISTER(plm_policy_gates, struct plm_policy_gate, metadata);
