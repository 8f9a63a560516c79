/* SPDX-License-Identifier: Apache-2.0
 *
 * The event types that a condition can be true for (falco-rules.md 2.4). evt.type with =, != and in gives
 * exactly the named ones; evt.num compared with what it can never be gives none or all; any other check
 * gives all, negated or not. `and` intersects, `or` unites, negation goes down to the checks.
 */
#include "watch/rules_int.h"

#include "watch/operators.h"

static void set_without(struct plm_evset *s, const struct plm_evset *minus)
{
    for (size_t i = 0; i < PLM_EVTYPE_MAX / 64; i++)
        s->w[i] &= ~minus->w[i];
}

static const char *field_name(const struct plm_cond *c)
{
    bool is_plain =
        c->lhs->kind == PLM_OPERAND_FIELD && c->lhs->ref.field && !c->rhs && c->modifier == PLM_MOD_NONE;
    return is_plain ? c->lhs->ref.field->name : "";
}

/* evt.num is at least 1. */
static bool num_is_never(const struct plm_cond *c)
{
    int64_t v = 1;
    bool all_zero = c->n_values > 0;
    for (size_t i = 0; i < c->n_values; i++)
        all_zero = all_zero && plm_number_parse(c->values[i].text, false, &v) && v == 0;
    switch (c->op) {
    case PLM_OP_EQ:
    case PLM_OP_IN:
    case PLM_OP_INTERSECTS:
    case PLM_OP_LE:
        return all_zero;
    case PLM_OP_LT:
        return all_zero || v == 1;
    case PLM_OP_EXISTS:
    case PLM_OP_NE:
    case PLM_OP_GT:
    case PLM_OP_GE:
    case PLM_OP_PMATCH:
    case PLM_OP_CONTAINS:
    case PLM_OP_ICONTAINS:
    case PLM_OP_BCONTAINS:
    case PLM_OP_STARTSWITH:
    case PLM_OP_BSTARTSWITH:
    case PLM_OP_ENDSWITH:
    case PLM_OP_GLOB:
    case PLM_OP_IGLOB:
    case PLM_OP_REGEX:
    case PLM_OP_COUNT_:
        break;
    }
    return false;
}

/* evt.num != 0 and its like are always true. */
static bool num_is_always(const struct plm_cond *c)
{
    int64_t v = -1;
    if (c->n_values != 1 || !plm_number_parse(c->values[0].text, false, &v))
        return false;
    return (c->op == PLM_OP_NE && v == 0) || (c->op == PLM_OP_GT && v == 0) ||
           (c->op == PLM_OP_GE && (v == 0 || v == 1));
}

static void check_types(const struct plm_cond *c, bool is_negated, const struct plm_evset *all,
                        struct plm_evset *out)
{
    const char *name = field_name(c);
    bool is_num = strcmp(name, "evt.num") == 0;
    bool is_never = is_num && num_is_never(c), is_always = is_num && num_is_always(c);
    bool is_type = strcmp(name, "evt.type") == 0 && (c->op == PLM_OP_EQ || c->op == PLM_OP_NE ||
                                                     c->op == PLM_OP_IN || c->op == PLM_OP_INTERSECTS);
    if (is_never || is_always) {
        if (is_never == is_negated)
            *out = *all;
        return;
    }
    if (!is_type) {
        *out = *all;
        return;
    }
    struct plm_evset named = {0};
    for (size_t i = 0; i < c->n_values; i++) {
        const struct plm_evtype *t = plm_evtype_find(c->values[i].text);
        if (t)
            plm_evset_add(&named, t->id);
    }
    if ((c->op == PLM_OP_NE) == is_negated) {
        *out = named;
        return;
    }
    *out = *all;
    set_without(out, &named);
}

static void types_of(const struct plm_cond *c, bool is_negated, const struct plm_evset *all,
                     struct plm_evset *out)
{
    if (c->kind == PLM_COND_NOT) {
        types_of(c->children[0], !is_negated, all, out);
        return;
    }
    if (c->kind == PLM_COND_CHECK) {
        check_types(c, is_negated, all, out);
        return;
    }
    bool is_and = (c->kind == PLM_COND_AND) != is_negated;
    for (size_t i = 0; i < c->n_children; i++) {
        struct plm_evset s = {0};
        types_of(c->children[i], is_negated, all, &s);
        for (size_t k = 0; k < PLM_EVTYPE_MAX / 64; k++)
            out->w[k] = i == 0 ? s.w[k] : is_and ? out->w[k] & s.w[k] : out->w[k] | s.w[k];
    }
}

void plm_rules_types_of(const struct plm_cond *tree, struct plm_evset *out, unsigned *out_n)
{
    *out = (struct plm_evset){0};
    struct plm_evset all = {0};
    for (unsigned i = 0; i < plm_evtype_count(); i++)
        if (plm_evtype_get(i))
            plm_evset_add(&all, i);
    types_of(tree, false, &all, out);
    *out_n = 0;
    for (size_t i = 0; i < PLM_EVTYPE_MAX / 64; i++)
        *out_n += (unsigned)__builtin_popcountll(out->w[i]);
}
