/* SPDX-License-Identifier: Apache-2.0
 *
 * What a policy's words mean, for every form alike: gates, triggers, parameters and their values, versions,
 * ids and references. Problems carry the original's class names. A part's problems count at evaluation only
 * where the mapping that applies reaches it; all of them together are the answer of validation.
 */
#include "base/time.h"
#include "policy/policy_int.h"

/* ---- rules ------------------------------------------------------------------------------- */

/* The open engine does not know what came later; the commercial one does not know ours. */
static bool is_known(const struct plm_policy *p, enum plm_policy_origin origin)
{
    if (p->mode == PLM_POLICY_FIXED)
        return true;
    return origin == PLM_ORIGIN_OPEN || (origin == PLM_ORIGIN_COMMERCIAL && p->dialect != PLM_DIALECT_LEGACY);
}

struct at {
    struct plm_policy *p;
    struct plm_policy_set *set;
    struct plm_policy_rule *rule;
};

/* "rule 'r' (gate.trigger): " in front of each. */
#define FAULT(a, line, column, type, fmt, ...)                                                               \
    plm_policy_problem((a)->p, &(a)->set->problems, type, line, column, "%s '%.*s', %.*s.%.*s: " fmt,        \
                       (a)->rule->id.n ? "rule" : "a rule of policy",                                        \
                       PLM_SV_ARG((a)->rule->id.n ? (a)->rule->id : (a)->set->id),                           \
                       PLM_SV_ARG((a)->rule->gate_text), PLM_SV_ARG((a)->rule->trigger_text), __VA_ARGS__)

static const struct plm_policy_param_type *find_type(const struct plm_policy_trigger *t, plm_sv name,
                                                     const struct plm_policy *p, bool *out_is_alias)
{
    for (const struct plm_policy_param_type *x = t->params; x && x->name; x++) {
        *out_is_alias = x->alias && plm_sv_is(name, x->alias);
        if ((*out_is_alias || plm_sv_is(name, x->name)) && is_known(p, x->origin))
            return x;
    }
    return NULL;
}

/* The parameter that was given for a type: its own name goes before the alias. */
static struct plm_policy_param *given(struct at *a, const struct plm_policy_param_type *t)
{
    struct plm_policy_param *found = NULL;
    bool is_alias;
    for (size_t i = 0; i < a->rule->params.n; i++) {
        struct plm_policy_param *x = &a->rule->params.v[i];
        if (find_type(a->rule->trigger, x->name, a->p, &is_alias) == t && x->value.p && (!found || !is_alias))
            found = x;
    }
    return found;
}

static void check_value(struct at *a, const struct plm_policy_param_type *t)
{
    struct plm_policy_param *x = given(a, t);
    const char *why;
    if (!x) {
        if (t->is_required)
            FAULT(a, a->rule->line, a->rule->column, "ParameterValueInvalidError",
                  "the parameter %s is required", t->name);
        return;
    }
    x->type = t;
    bool is_bool = t->type == PLM_PARAM_BOOLEAN && x->is_json_bool;
    if (x->is_not_text && !is_bool)
        FAULT(a, x->line, 0, "ParameterValueInvalidError", "%s is no text but %.*s", t->name,
              PLM_SV_ARG(x->value));
    else if (!plm_policy_value_ok(a->p, t, x->value, &why))
        FAULT(a, x->line, 0, "ParameterValueInvalidError", "%s '%.*s' is not %s", t->name,
              PLM_SV_ARG(x->value), why);
}

static void check_params(struct at *a)
{
    size_t before = a->set->problems.n;
    bool is_alias;
    for (const struct plm_policy_param_type *t = a->rule->trigger->params; t && t->name; t++)
        if (is_known(a->p, t->origin))
            check_value(a, t);
    plm_sv why = PLM_SV_NULL;
    if (a->set->problems.n == before && a->rule->trigger->validate &&
        !a->rule->trigger->validate(a->p, a->rule, a->p->arena, &why))
        FAULT(a, a->rule->line, a->rule->column, "ParameterValueInvalidError", "%.*s", PLM_SV_ARG(why));
    for (size_t i = 0; i < a->rule->params.n; i++) {
        const struct plm_policy_param *x = &a->rule->params.v[i];
        if (!find_type(a->rule->trigger, x->name, a->p, &is_alias))
            FAULT(a, x->line, 0, "InvalidParameterError", "no such parameter: %.*s", PLM_SV_ARG(x->name));
    }
}

static bool is_eol(const struct plm_policy_rule *r)
{
    return r->trigger && (r->gate->state == PLM_STATE_EOL || r->trigger->state == PLM_STATE_EOL);
}

static bool check_action(struct plm_policy_rule *r)
{
    for (int a = PLM_ACTION_STOP; a <= PLM_ACTION_GO; a++)
        if (plm_sv_ieq(r->action_text, plm_sv_from(plm_action_name((enum plm_action)a)))) {
            r->action = (enum plm_action)a;
            return true;
        }
    return false;
}

/* The name as results show it: of the table, or for generated triggers the rule's own text in upper case. */
static plm_sv canonical(struct plm_policy *p, const struct plm_policy_rule *r)
{
    for (const struct plm_policy_trigger *t = r->gate->triggers; t && t->name; t++)
        if (t == r->trigger)
            return plm_sv_from(r->is_legacy ? t->legacy_name : t->name);
    char *upper = plm_arena_cstr(p->arena, r->trigger_text);
    for (size_t i = 0; upper && i < r->trigger_text.n; i++)
        if (upper[i] >= 'a' && upper[i] <= 'z')
            upper[i] = (char)(upper[i] - 32);
    return plm_sv_n(upper, upper ? r->trigger_text.n : 0);
}

static void check_rule(struct at *a)
{
    struct plm_policy_rule *r = a->rule;
    bool is_compat_legacy = a->p->mode == PLM_POLICY_COMPAT && a->p->dialect == PLM_DIALECT_LEGACY;
    if (r->is_broken)
        return;
    if (!r->gate_text.p || !r->trigger_text.p || !check_action(r)) {
        FAULT(a, r->line, r->column, "PolicyError", "%s",
              !r->gate_text.p      ? "no gate is given"
              : !r->trigger_text.p ? "no trigger is given"
                                   : "the action is none of STOP, WARN and GO");
        return;
    }
    r->gate = plm_policy_gate_find(r->gate_text);
    if (!r->gate || !is_known(a->p, r->gate->origin)) {
        r->gate = NULL;
        FAULT(a, r->line, r->column, "GateNotFoundError", "%s", "there is no such gate");
        return;
    }
    const struct plm_policy_trigger *t = plm_policy_trigger_find(r->gate, r->trigger_text, &r->is_legacy);
    if (!t || !is_known(a->p, t->origin) || (is_compat_legacy && t->legacy_name && !r->is_legacy)) {
        FAULT(a, r->line, r->column, "TriggerNotFoundError", "%s", "the gate has no such trigger");
        return;
    }
    r->trigger = t;
    r->trigger_name = canonical(a->p, r);
    if (!is_eol(r))
        check_params(a);
}

/* ---- versions, ids, references ------------------------------------------------------------- */

static bool version_ok(const struct plm_policy *p, plm_sv v)
{
    if (p->dialect == PLM_DIALECT_OURS || plm_sv_is(v, "1_0"))
        return true;
    return p->dialect == PLM_DIALECT_V2 &&
           (plm_sv_is(v, "2") || plm_sv_is(v, "2_0") || plm_sv_is(v, "2.0") || plm_sv_ieq(v, PLM_SV("V2")));
}

/* An unsupported version is found before anything else is looked at: it replaces what the reader found. */
static void check_version(struct plm_policy *p, plm_policy_problems *to, const char *what, plm_sv id,
                          plm_sv v, uint32_t line)
{
    if (version_ok(p, v))
        return;
    to->n = 0;
    plm_policy_problem(p, to, "UnsupportedVersionError", line, 0, "%s '%.*s': version %.*s, expected %s",
                       what, PLM_SV_ARG(id), v.p ? (int)(v.n > 64 ? 64 : v.n) : 4, v.p ? v.p : "None",
                       p->dialect == PLM_DIALECT_LEGACY ? "1_0" : "2");
}

static int add_all(struct plm_policy *p, const plm_policy_problems *from, plm_err **err)
{
    for (size_t i = 0; i < from->n; i++) {
        struct plm_policy_problem *x = plm_vec_push(p->arena, &p->problems);
        if (!x)
            return plm_arena_check(p->arena, err);
        *x = from->v[i];
    }
    return 0;
}

static size_t count_set(const struct plm_policy *p, plm_sv id)
{
    size_t n = 0;
    for (size_t i = 0; i < p->sets.n; i++)
        n += plm_sv_eq(p->sets.v[i].id, id);
    return n;
}
static size_t count_allowlist(const struct plm_policy *p, plm_sv id)
{
    size_t n = 0;
    for (size_t i = 0; i < p->allowlists.n; i++)
        n += plm_sv_eq(p->allowlists.v[i].id, id);
    return n;
}

static void check_references(struct plm_policy *p, const struct plm_policy_mapping *m)
{
    plm_sv name = m->select.name.n ? m->select.name : m->select.id;
    for (int k = 0; k < 2; k++) {
        const plm_sv_vec *ids = k ? &m->allowlist_ids : &m->set_ids;
        for (size_t i = 0; i < ids->n; i++) {
            plm_sv id = ids->v[i];
            size_t n = k ? count_allowlist(p, id) : count_set(p, id);
            if (n != 1)
                plm_policy_problem(p, &p->problems,
                                   n ? "DuplicateIdentifierFoundError" : "ReferencedObjectNotFoundError",
                                   m->select.line, 0, "mapping '%.*s': %s '%.*s' %s", PLM_SV_ARG(name),
                                   k ? "allowlist" : "policy", PLM_SV_ARG(id),
                                   n ? "stands more than once" : "is not in the file");
        }
    }
}

/* Ids that nothing refers to may repeat without harm to an evaluation; people want to know all the same. */
static void check_ids(struct plm_policy *p)
{
    for (size_t i = 0; i < p->sets.n; i++)
        for (size_t k = 0; k < i; k++)
            if (plm_sv_eq(p->sets.v[i].id, p->sets.v[k].id)) {
                plm_policy_problem(p, &p->problems, "DuplicateIdentifierFoundError", p->sets.v[i].line, 0,
                                   "policy '%.*s' stands in line %u already", PLM_SV_ARG(p->sets.v[i].id),
                                   p->sets.v[k].line);
                break;
            }
    for (size_t i = 0; i < p->allowlists.n; i++)
        for (size_t k = 0; k < i; k++)
            if (plm_sv_eq(p->allowlists.v[i].id, p->allowlists.v[k].id)) {
                plm_policy_problem(p, &p->problems, "DuplicateIdentifierFoundError", p->allowlists.v[i].line,
                                   0, "allowlist '%.*s' stands in line %u already",
                                   PLM_SV_ARG(p->allowlists.v[i].id), p->allowlists.v[k].line);
                break;
            }
}

static void note_eol(struct plm_policy *p, const struct plm_policy_set *set)
{
    for (size_t i = 0; i < set->rules.n; i++) {
        const struct plm_policy_rule *r = &set->rules.v[i];
        const char *successor = !is_eol(r)                  ? NULL
                                : r->trigger->superseded_by ? r->trigger->superseded_by
                                                            : r->gate->superseded_by;
        if (is_eol(r))
            plm_policy_problem(p, &p->problems, "EndOfLifedError", r->line, r->column,
                               "%s.%.*s has ended and does nothing; remove the rule%s%s", r->gate->name,
                               PLM_SV_ARG(r->trigger_name), successor ? " or use " : "",
                               successor ? successor : "");
    }
}

/* Ours may name a day, which is the last one. */
static void check_expiry(struct plm_policy *p, struct plm_policy_allowlist *l)
{
    for (size_t i = 0; i < l->items.n; i++) {
        struct plm_policy_item *item = &l->items.v[i];
        if (!item->expires_text.n || plm_policy_expiry_parse(item->expires_text, &item->expires))
            continue;
        bool is_day = item->expires_text.n == 10;
        if (p->dialect == PLM_DIALECT_OURS && plm_time_parse(item->expires_text, &item->expires)) {
            item->expires += is_day ? 86400 : 0;
            continue;
        }
        plm_policy_problem(p, &l->problems, "Exception", item->line, 0,
                           "'%.*s' is no UTC instant such as 2030-01-31T00:00:00Z",
                           PLM_SV_ARG(item->expires_text));
    }
}

int plm_policy_check(struct plm_policy *p, plm_err **err)
{
    if (p->dialect == PLM_DIALECT_OURS) { /* its reader's faults are the file's */
        p->list_problems = p->problems;
        p->problems = (plm_policy_problems){0};
    }
    for (size_t i = 0; i < p->sets.n; i++) {
        struct plm_policy_set *set = &p->sets.v[i];
        for (size_t k = 0; k < set->rules.n; k++)
            check_rule(&(struct at){p, set, &set->rules.v[k]});
        check_version(p, &set->problems, "policy", set->id, set->version, set->line);
        note_eol(p, set);
        if (add_all(p, &set->problems, err) < 0)
            return -1;
    }
    for (size_t i = 0; i < p->allowlists.n; i++) {
        struct plm_policy_allowlist *l = &p->allowlists.v[i];
        check_expiry(p, l);
        check_version(p, &l->problems, "allowlist", l->id, l->version, l->line);
        if (add_all(p, &l->problems, err) < 0)
            return -1;
    }
    for (size_t i = 0; i < p->mappings.n; i++) {
        if (add_all(p, &p->mappings.v[i].problems, err) < 0 ||
            add_all(p, &p->mappings.v[i].late_problems, err) < 0)
            return -1;
        check_references(p, &p->mappings.v[i]);
    }
    check_ids(p);
    if (add_all(p, &p->list_problems, err) < 0)
        return -1;
    return plm_arena_check(p->arena, err);
}
