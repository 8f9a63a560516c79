/* SPDX-License-Identifier: Apache-2.0
 *
 * Gates and triggers by name, parameters of rules, and the types of parameters: what each takes, by the
 * validators of the original (regular expressions there, scanners here).
 */
#include "policy/policy_int.h"

const char *plm_action_name(enum plm_action a)
{
    switch (a) {
    case PLM_ACTION_STOP:
        return "stop";
    case PLM_ACTION_WARN:
        return "warn";
    case PLM_ACTION_GO:
        break;
    }
    return "go";
}

const struct plm_policy_gate *plm_policy_gate_find(plm_sv name)
{
    PLM_SET_FOREACH (plm_policy_gates, struct plm_policy_gate, g)
        if (plm_sv_ieq(plm_sv_from(g->name), name))
            return g;
    return NULL;
}

const struct plm_policy_trigger *plm_policy_trigger_find(const struct plm_policy_gate *g, plm_sv name,
                                                         bool *out_is_legacy)
{
    *out_is_legacy = false;
    for (const struct plm_policy_trigger *t = g->triggers; t && t->name; t++) {
        if (plm_sv_ieq(plm_sv_from(t->name), name))
            return t;
        if (t->legacy_name && plm_sv_ieq(plm_sv_from(t->legacy_name), name)) {
            *out_is_legacy = true;
            return t;
        }
    }
    return g->find ? g->find(name) : NULL;
}

plm_sv plm_policy_param(const struct plm_policy_rule *r, const char *name)
{
    for (size_t i = 0; i < r->params.n; i++) {
        const struct plm_policy_param *p = &r->params.v[i];
        if (p->type && strcmp(p->type->name, name) == 0)
            return p->value;
    }
    return PLM_SV_NULL;
}

bool plm_policy_param_bool(const struct plm_policy_rule *r, const char *name, bool otherwise)
{
    plm_sv v = plm_policy_param(r, name);
    return v.p ? plm_sv_ieq(v, PLM_SV("true")) : otherwise;
}

plm_sv_vec plm_policy_param_list(const struct plm_policy_eval *ev, const struct plm_policy_rule *r,
                                 const char *name)
{
    plm_sv_vec out = {0};
    plm_sv rest = plm_sv_trim(plm_policy_param(r, name)), head, tail;
    while (rest.n) {
        bool more = plm_sv_cut(rest, ',', &head, &tail);
        plm_sv *slot = plm_vec_push(ev->arena, &out);
        if (!slot)
            break; /* the arena's failure is found at the end */
        *slot = plm_sv_trim(head);
        if (!more)
            break;
        rest = tail;
        if (!rest.n) { /* "a,": Python's split gives an empty last item */
            slot = plm_vec_push(ev->arena, &out);
            if (slot)
                *slot = PLM_SV("");
        }
    }
    return out;
}

/* ---- values ------------------------------------------------------------------------------ */

static bool is_digits(plm_sv s)
{
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] < '0' || s.p[i] > '9')
            return false;
    return s.n > 0;
}

static bool is_list(plm_sv s, bool of_numbers)
{
    plm_sv rest = s, head, tail;
    for (;;) {
        bool more = plm_sv_cut(rest, ',', &head, &tail);
        if (of_numbers ? !is_digits(plm_sv_trim(head)) : head.n == 0)
            return false;
        if (!more)
            return true;
        rest = tail;
    }
}

/* Blanks, any number of '-', digits, an optional fraction, blanks; each of them may be empty. */
static bool is_float(plm_sv s)
{
    plm_sv t = plm_sv_trim(s);
    size_t i = 0;
    while (i < t.n && t.p[i] == '-')
        i++;
    while (i < t.n && t.p[i] >= '0' && t.p[i] <= '9')
        i++;
    if (i < t.n && t.p[i] == '.')
        for (i++; i < t.n && t.p[i] >= '0' && t.p[i] <= '9';)
            i++;
    return i == t.n;
}

static bool is_one_of(const struct plm_policy *p, const char *const *values, plm_sv value)
{
    /* The renamed words came after the open engine: its bundles know the old ones only. */
    if (p->mode == PLM_POLICY_COMPAT && p->dialect == PLM_DIALECT_LEGACY &&
        (plm_sv_is(value, "allowlist") || plm_sv_is(value, "denylist")))
        return false;
    for (; values && *values; values++)
        if (plm_sv_is(value, *values))
            return true;
    return false;
}

bool plm_policy_value_ok(const struct plm_policy *p, const struct plm_policy_param_type *t, plm_sv value,
                         const char **why)
{
    *why = "text";
    switch (t->type) {
    case PLM_PARAM_STRING:
    case PLM_PARAM_REGEX:
        return true;
    case PLM_PARAM_ENUM:
        *why = "one of the listed words";
        return is_one_of(p, t->values, value);
    case PLM_PARAM_LIST:
        *why = "a list with commas between, no item empty";
        return is_list(value, false);
    case PLM_PARAM_NUMBERS:
        *why = "whole numbers with commas between";
        return is_list(value, true);
    case PLM_PARAM_INTEGER:
        *why = "a whole number";
        return is_digits(plm_sv_trim(value));
    case PLM_PARAM_FLOAT:
        *why = "a number";
        return is_float(value);
    case PLM_PARAM_BOOLEAN:
        *why = "true or false";
        return plm_sv_ieq(value, PLM_SV("true")) || plm_sv_ieq(value, PLM_SV("false"));
    }
    return false;
}
