/* SPDX-License-Identifier: Apache-2.0
 *
 * Checks of a resolved condition: fields exist, operators fit the types, values can be read as such
 * (operators.h), event types exist; and what is valid but looks like a mistake (falco-rules.md 2.3). Each
 * node is judged once, however many rules share it.
 */
#include "watch/rules_int.h"

#include "watch/operators.h"

static const struct plm_rules_place *place(struct plm_rules_check *c, const struct plm_cond *n,
                                           uint32_t offset)
{
    return plm_rules_place_in(c->loader, c->place, "condition expression", n->source, offset);
}

static int fault(struct plm_rules_check *c, const struct plm_cond *n, uint32_t offset, const char *what)
{
    return plm_rules_error(c->loader, PLM_LOAD_ERR_COMPILE_CONDITION, place(c, n, offset), "%s", what);
}

/* An unknown field or event type: an error, unless the rule says that it is to be skipped then. */
static int unknown(struct plm_rules_check *c, const struct plm_cond *n, uint32_t offset, plm_sv what)
{
    if (!what.p)
        return -1;
    if (!c->is_quiet)
        return fault(c, n, offset, what.p);
    c->is_unknown = true;
    c->unknown = what;
    c->unknown_place = place(c, n, offset);
    return -1;
}

static int operand(struct plm_rules_check *c, const struct plm_cond *n, struct plm_operand *o)
{
    plm_auto(plm_err_free) plm_err *err = NULL;
    enum plm_vtype type;
    bool is_list;
    if (plm_operand_resolve(o, c->arena, &type, &is_list, &err) == 0)
        return 0;
    if (plm_err_code(err) == PLM_E_OOM)
        return -1;
    if (plm_err_code(err) == PLM_E_NOTFOUND) {
        plm_auto_free char *text = plm_err_text(err);
        return unknown(c, n, o->offset, plm_arena_sv(c->arena, plm_sv_from(text)));
    }
    return fault(c, n, o->offset, err->message);
}

static uint32_t value_offset(const struct plm_cond *n, const struct plm_literal *v)
{
    return v->offset == UINT32_MAX ? n->offset : v->offset;
}

static int event_types(struct plm_rules_check *c, const struct plm_cond *n)
{
    bool is_exact =
        n->op == PLM_OP_EQ || n->op == PLM_OP_NE || n->op == PLM_OP_IN || n->op == PLM_OP_INTERSECTS;
    if (n->lhs->kind != PLM_OPERAND_FIELD || !plm_sv_is(n->lhs->text, "evt.type") || !is_exact || n->rhs)
        return 0;
    for (size_t i = 0; i < n->n_values; i++) {
        plm_sv t = n->values[i].text;
        if (!plm_evtype_find(t))
            return unknown(c, n, value_offset(n, &n->values[i]),
                           plm_arena_printf(c->arena, "unknown event type %.*s", PLM_SV_ARG(t)));
    }
    return 0;
}

/* ---- warnings ---------------------------------------------------------------------------------------------
 */

__attribute__((format(printf, 4, 5))) static void warn(struct plm_rules_check *c, const struct plm_cond *n,
                                                       uint32_t offset, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    plm_sv text = plm_arena_vprintf(c->scratch, fmt, ap);
    va_end(ap);
    plm_rules_warn(c->loader, PLM_LOAD_COMPILE_CONDITION, place(c, n, offset), PLM_SV_NULL, "%.*s",
                   PLM_SV_ARG(text));
}

/* A value that is a field's name or a transformer's call. */
static void warn_value(struct plm_rules_check *c, const struct plm_cond *n, const struct plm_literal *v)
{
    bool is_name = v->text.n > 0 && v->text.p[0] >= 'a' && v->text.p[0] <= 'z';
    struct plm_fieldref ref;
    enum plm_transform t;
    plm_sv name, rest;
    if (!is_name)
        return;
    if (plm_sv_cut(v->text, '(', &name, &rest) && plm_transform_find(name, &t))
        warn(c, n, value_offset(n, v),
             "'%.*s' may be a valid field transformer misused as a const string value", PLM_SV_ARG(v->text));
    else if (plm_sv_cut(v->text, '.', &name, &rest) && memchr(v->text.p, '/', v->text.n) == NULL &&
             plm_field_resolve(v->text, &ref, NULL) == 0)
        warn(c, n, value_offset(n, v), "'%.*s' may be a valid field misused as a const string value",
             PLM_SV_ARG(v->text));
}

static bool has_special(plm_sv s)
{
    for (size_t i = 0; i < s.n; i++)
        if (strchr("\\^$.|?*+()[]{}", s.p[i]))
            return true;
    return false;
}

/* A regular expression that a cheaper operator can replace. */
static void warn_regex(struct plm_rules_check *c, const struct plm_cond *n, const struct plm_literal *v)
{
    static const char *const better[] = {"=", "endswith", "startswith", "contains"};
    plm_sv s = v->text;
    bool open_start = plm_sv_starts(s, PLM_SV(".*"));
    s = plm_sv_from_off(s, open_start ? 2 : 0);
    bool open_end = plm_sv_ends(s, PLM_SV(".*"));
    s = plm_sv_sub(s, 0, s.n - (open_end ? 2 : 0));
    if (s.n && !has_special(s))
        warn(c, n, value_offset(n, v), "regular expression '%.*s' can be replaced by: %s '%.*s'",
             PLM_SV_ARG(v->text), better[open_end * 2 + open_start], PLM_SV_ARG(s));
}

static bool is_deprecated(const struct plm_operand *o)
{
    return o->kind == PLM_OPERAND_FIELD && o->ref.field && (o->ref.field->flags & PLM_F_DEPRECATED);
}

static void warn_deprecated(struct plm_rules_check *c, const struct plm_cond *n, const struct plm_operand *o)
{
    for (size_t i = 0; i < o->n_args; i++)
        warn_deprecated(c, n, &o->args[i]);
    if (is_deprecated(o))
        plm_rules_warn(c->loader, PLM_LOAD_DEPRECATED_ITEM, place(c, n, o->offset),
                       plm_sv_from(o->ref.field->name), "field '%s' is deprecated", o->ref.field->name);
}

static void warnings(struct plm_rules_check *c, const struct plm_cond *n)
{
    bool is_audit = n->lhs->kind == PLM_OPERAND_FIELD && (plm_sv_starts(n->lhs->text, PLM_SV("ka.")) ||
                                                          plm_sv_starts(n->lhs->text, PLM_SV("jevt.")));
    bool is_na_op = n->op == PLM_OP_EQ || n->op == PLM_OP_NE || plm_op_is_list(n->op);
    for (size_t i = 0; i < n->n_values; i++) {
        warn_value(c, n, &n->values[i]);
        if (n->op == PLM_OP_REGEX)
            warn_regex(c, n, &n->values[i]);
        if (is_audit && is_na_op && plm_sv_is(n->values[i].text, "<NA>"))
            plm_rules_warn(c->loader, PLM_LOAD_UNSAFE_NA_CHECK, place(c, n, n->offset), PLM_SV_NULL,
                           "comparing a field value with <NA> is unsafe and can lead to unpredictable "
                           "behavior of the rule condition. If you need to check for the existence of a "
                           "field, consider using the 'exists' operator instead.");
    }
    warn_deprecated(c, n, n->lhs);
    if (n->rhs)
        warn_deprecated(c, n, n->rhs);
}

/* ---- trees
 * ---------------------------------------------------------------------------------------------------- */

static int check(struct plm_rules_check *c, struct plm_cond *n)
{
    plm_auto(plm_err_free) plm_err *err = NULL;
    if (operand(c, n, n->lhs) < 0 || (n->rhs && operand(c, n, n->rhs) < 0) || event_types(c, n) < 0)
        return -1;
    if (!plm_check_new(n, c->scratch, &err))
        return plm_err_code(err) == PLM_E_OOM ? -1 : fault(c, n, n->offset, err ? err->message : "bad check");
    warnings(c, n);
    return 0;
}

int plm_rules_check_tree(struct plm_rules_check *c, struct plm_cond *n)
{
    if (n->is_checked)
        return 0;
    if (n->kind == PLM_COND_CHECK && check(c, n) < 0)
        return -1;
    for (size_t i = 0; i < n->n_children; i++)
        if (plm_rules_check_tree(c, n->children[i]) < 0)
            return -1;
    n->is_checked = true;
    return 0;
}

static void operand_needs(const struct plm_operand *o, uint32_t *needs, bool *needs_metadata)
{
    if (o->kind == PLM_OPERAND_FIELD && o->ref.field) {
        *needs |= o->ref.field->needs;
        *needs_metadata |= (o->ref.field->flags & PLM_F_CONTAINER) != 0;
    }
    for (size_t i = 0; i < o->n_args; i++)
        operand_needs(&o->args[i], needs, needs_metadata);
}

void plm_rules_needs_of(const struct plm_cond *tree, uint32_t *needs, bool *needs_metadata)
{
    if (tree->lhs)
        operand_needs(tree->lhs, needs, needs_metadata);
    if (tree->rhs)
        operand_needs(tree->rhs, needs, needs_metadata);
    for (size_t i = 0; i < tree->n_children; i++)
        plm_rules_needs_of(tree->children[i], needs, needs_metadata);
}
