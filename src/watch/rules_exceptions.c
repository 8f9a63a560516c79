/* SPDX-License-Identifier: Apache-2.0
 *
 * Exceptions of rules (falco-rules.md 1.6): named sets of values of some fields for which the rule does not
 * fire. They become text of the condition, so that list names, quoting and operators mean the same there:
 *
 *     fields: [proc.name, fd.name]   values: [[cat, /a], [vi, /b]]
 *         (condition) and not ((proc.name = cat and fd.name = /a) or (proc.name = vi and fd.name = /b))
 *     fields: proc.name              values: [cat, vi]
 *         (condition) and not (proc.name in (cat, vi))
 */
#include "watch/rules_int.h"

#include "base/buf.h"

/* ---- reading ---------------------------------------------------------------------------------------------
 */

static int read_entry(struct plm_rules_loader *l, const struct plm_yaml_node *n,
                      const struct plm_rules_place *at, struct plm_rules_entry *out)
{
    out->is_set = true;
    if (n->kind == PLM_YAML_SCALAR) {
        if (!n->text.n)
            return plm_rules_error(l, PLM_LOAD_ERR_YAML_VALIDATE, at, "Value must be non-empty");
        out->item = plm_arena_sv(l->arena, n->text);
        return out->item.p ? 0 : -1;
    }
    if (n->kind != PLM_YAML_SEQUENCE)
        return plm_rules_error(l, PLM_LOAD_ERR_YAML_VALIDATE, at, "Value must be a scalar or a sequence");
    out->is_list = true;
    out->items = plm_arena_array(l->arena, n->n, sizeof(*out->items));
    if (!out->items)
        return -1;
    for (size_t i = 0; i < n->n; i++)
        if (read_entry(l, n->items[i], plm_rules_place(l, at, "list item", PLM_SV_NULL, n->items[i]),
                       &out->items[out->n++]) < 0)
            return -1;
    return 0;
}

static int read_values(struct plm_rules_loader *l, const struct plm_yaml_node *n,
                       struct plm_rules_exception *x)
{
    const struct plm_rules_place *at = plm_rules_place(l, x->place, "exception values", PLM_SV_NULL, n);
    if (n->kind != PLM_YAML_SEQUENCE)
        return plm_rules_error(l, PLM_LOAD_ERR_YAML_VALIDATE, at, "Rule exception values must be a sequence");
    x->values = plm_arena_array(l->arena, n->n, sizeof(*x->values));
    if (!x->values)
        return -1;
    for (size_t i = 0; i < n->n; i++)
        if (read_entry(l, n->items[i], plm_rules_place(l, at, "exception value", PLM_SV_NULL, n->items[i]),
                       &x->values[x->n++]) < 0)
            return -1;
    return 0;
}

static int read_key(struct plm_rules_loader *l, const struct plm_yaml_node *n, const char *key,
                    const struct plm_rules_place *at, struct plm_rules_entry *out)
{
    const struct plm_yaml_node *v = plm_yaml_get(n, key, NULL);
    if (!v)
        return 0;
    if (v->kind == PLM_YAML_NULL)
        return plm_rules_error(l, PLM_LOAD_ERR_YAML_VALIDATE, at, "Mapping for key '%s' is empty", key);
    return read_entry(l, v, plm_rules_place(l, at, "value for", plm_sv_from(key), v), out);
}

static void warn_keys(struct plm_rules_loader *l, const struct plm_yaml_node *n,
                      const struct plm_rules_place *at)
{
    static const char *const known[] = {"name", "fields", "comps", "values"};
    for (size_t i = 0; i < n->n; i++) {
        plm_sv k = n->keys[i]->text;
        bool is_known = false;
        for (size_t j = 0; j < sizeof(known) / sizeof(known[0]) && !is_known; j++)
            is_known = plm_sv_is(k, known[j]);
        if (!is_known)
            plm_rules_warn(l, PLM_LOAD_UNKNOWN_KEY,
                           plm_rules_place(l, at, "value for", plm_arena_sv(l->arena, k), n->keys[i]),
                           PLM_SV_NULL, "Unknown key '%.*s'", PLM_SV_ARG(k));
    }
}

static int read_exception(struct plm_rules_loader *l, const struct plm_yaml_node *n, bool is_append,
                          const struct plm_rules_place *parent, plm_rules_exception_vec *all)
{
    const struct plm_rules_place *at = plm_rules_place(l, parent, "exception", PLM_SV_NULL, n);
    struct plm_rules_exception x = {0};
    if (n->kind != PLM_YAML_MAPPING)
        return plm_rules_error(l, PLM_LOAD_ERR_YAML_VALIDATE, at, "Rule exception must be a mapping");
    if (plm_rules_text(l, n, "name", false, at, &x.name) < 0)
        return -1;
    x.place = plm_rules_place(l, parent, "exception", x.name, n);
    for (size_t i = 0; i < all->n; i++)
        if (plm_sv_eq(all->v[i].name, x.name))
            plm_rules_warn(l, PLM_LOAD_EXCEPTION_NAME_NOT_UNIQUE, x.place, PLM_SV_NULL,
                           "Multiple definitions of exception '%.*s' in the same rule", PLM_SV_ARG(x.name));
    const struct plm_yaml_node *values = plm_yaml_get(n, "values", NULL);
    bool has_values = values && values->kind != PLM_YAML_NULL;
    if (!is_append && !plm_yaml_get(n, "fields", NULL))
        return plm_rules_error(l, PLM_LOAD_ERR_YAML_VALIDATE, x.place,
                               "Item has no mapping for key 'fields'");
    if (read_key(l, n, "fields", x.place, &x.fields) < 0 || read_key(l, n, "comps", x.place, &x.comps) < 0 ||
        (has_values && read_values(l, values, &x) < 0))
        return -1;
    warn_keys(l, n, x.place);
    if (is_append && !x.n)
        plm_rules_warn(l, PLM_LOAD_APPEND_NO_VALUES, x.place, PLM_SV_NULL,
                       "Overriding/appending exception with no values");
    struct plm_rules_exception *slot = plm_vec_push(l->arena, all);
    if (!slot)
        return -1;
    *slot = x;
    return 0;
}

int plm_rules_read_exceptions(struct plm_rules_loader *l, const struct plm_yaml_node *item, bool is_append,
                              const struct plm_rules_place *parent, plm_rules_exception_vec *out)
{
    const struct plm_yaml_node *n = plm_yaml_get(item, "exceptions", NULL);
    if (!n || n->kind == PLM_YAML_NULL)
        return 0;
    const struct plm_rules_place *at = plm_rules_place(l, parent, "exceptions", PLM_SV_NULL, n);
    if (n->kind != PLM_YAML_SEQUENCE)
        return plm_rules_error(l, PLM_LOAD_ERR_YAML_VALIDATE, at, "Rule exceptions must be a sequence");
    for (size_t i = 0; i < n->n; i++)
        if (read_exception(l, n->items[i], is_append, at, out) < 0)
            return -1;
    return 0;
}

/* ---- checking ---------------------------------------------------------------------------------------------
 */

/* An operator as `comps` names it, perhaps with a modifier. */
static bool comp_find(plm_sv text, enum plm_op *op, enum plm_op_modifier *modifier)
{
    plm_sv rest = text, word, second, third;
    *modifier = PLM_MOD_NONE;
    if (!plm_sv_word(&rest, &word) || !plm_op_find(word, op))
        return false;
    if (!plm_sv_word(&rest, &second))
        return true;
    bool takes = *op != PLM_OP_EXISTS && !plm_op_is_list(*op) && !plm_op_is_number(*op);
    return takes && plm_modifier_find(second, modifier) && !plm_sv_word(&rest, &third);
}

static bool takes_list(plm_sv comp)
{
    enum plm_op op;
    enum plm_op_modifier m;
    return comp_find(comp, &op, &m) && (plm_op_is_list(op) || m != PLM_MOD_NONE);
}

static int check_field(struct plm_rules_loader *l, const struct plm_rules_exception *x,
                       const struct plm_rules_entry *field, bool is_checked)
{
    enum plm_vtype type;
    bool is_list;
    struct plm_operand *o = field->is_list ? NULL : plm_operand_parse(field->item, l->arena, NULL);
    if (o && (!is_checked || plm_operand_resolve(o, l->arena, &type, &is_list, NULL) == 0))
        return 0;
    return plm_rules_error(l, PLM_LOAD_ERR_VALIDATE, x->place, "'%.*s' is not a supported filter field",
                           PLM_SV_ARG(field->item));
}

static int check_comp(struct plm_rules_loader *l, const struct plm_rules_exception *x,
                      struct plm_rules_entry *comp)
{
    enum plm_op op;
    enum plm_op_modifier m;
    comp->item = plm_sv_trim(comp->item);
    if (!comp->is_list && comp_find(comp->item, &op, &m))
        return 0;
    return plm_rules_error(l, PLM_LOAD_ERR_VALIDATE, x->place,
                           "'%.*s' is not a supported comparison operator", PLM_SV_ARG(comp->item));
}

static int default_comps(struct plm_rules_loader *l, struct plm_rules_exception *x)
{
    x->comps = (struct plm_rules_entry){
        .is_set = true, .is_list = x->fields.is_list, .item = PLM_SV("in"), .n = x->fields.n};
    x->comps.items = plm_arena_array(l->arena, x->fields.n, sizeof(*x->comps.items));
    for (size_t i = 0; i < x->fields.n && x->comps.items; i++)
        x->comps.items[i] = (struct plm_rules_entry){.is_set = true, .item = PLM_SV("=")};
    return x->comps.items ? 0 : -1;
}

int plm_rules_check_exception(struct plm_rules_loader *l, struct plm_rules_exception *x, bool check_fields)
{
    if (!x->fields.is_set)
        return plm_rules_error(l, PLM_LOAD_ERR_VALIDATE, x->place,
                               "Rule exception item must have fields property with a list of fields");
    if (!x->comps.is_set && default_comps(l, x) < 0)
        return -1;
    if (!x->fields.is_list) {
        if (x->comps.is_list)
            return plm_rules_error(l, PLM_LOAD_ERR_VALIDATE, x->place,
                                   "Fields and comps must both be strings");
        if (check_comp(l, x, &x->comps) < 0 || check_field(l, x, &x->fields, check_fields) < 0)
            return -1;
        if (!takes_list(x->comps.item))
            return plm_rules_error(l, PLM_LOAD_ERR_VALIDATE, x->place,
                                   "When fields is a single value, comps must be one of (in, pmatch, "
                                   "intersects) or an operator with a modifier");
        return 0;
    }
    if (!x->comps.is_list || x->comps.n != x->fields.n)
        return plm_rules_error(l, PLM_LOAD_ERR_VALIDATE, x->place,
                               "Fields and comps lists must have equal length");
    for (size_t i = 0; i < x->fields.n; i++)
        if (check_comp(l, x, &x->comps.items[i]) < 0 ||
            check_field(l, x, &x->fields.items[i], check_fields) < 0)
            return -1;
    return 0;
}

/* ---- to text ----------------------------------------------------------------------------------------------
 */

/* Blanks need quotes; a text with quotes of its own is taken as it is. */
static void put_quoted(struct plm_buf *b, plm_sv s)
{
    bool quote = plm_sv_find(s, ' ') != SIZE_MAX && s.p[0] != '"' && s.p[0] != '\'';
    plm_buf_str(b, quote ? "\"" : "");
    plm_buf_sv_put(b, s);
    plm_buf_str(b, quote ? "\"" : "");
}

static int put_value(struct plm_rules_loader *l, const struct plm_rules_exception *x,
                     const struct plm_rules_entry *v, plm_sv comp, struct plm_buf *b)
{
    bool needs_list = takes_list(comp);
    if (!v->is_list) {
        bool is_list = needs_list && v->item.n && v->item.p[0] == '(';
        plm_buf_str(b, needs_list && !is_list ? "(" : "");
        if (is_list)
            plm_buf_sv_put(b, v->item);
        else
            put_quoted(b, v->item);
        plm_buf_str(b, needs_list && !is_list ? ")" : "");
        return 0;
    }
    plm_buf_byte(b, '(');
    for (size_t i = 0; i < v->n; i++) {
        if (v->items[i].is_list)
            return plm_rules_error(l, PLM_LOAD_ERR_VALIDATE, x->place,
                                   "Exception values must not be lists of lists");
        plm_buf_str(b, i ? ", " : "");
        put_quoted(b, v->items[i].item);
    }
    plm_buf_byte(b, ')');
    return 0;
}

/* " and not ((f1 = v1 and f2 = v2) or ...)" */
static int put_rows(struct plm_rules_loader *l, const struct plm_rules_exception *x, struct plm_buf *b)
{
    plm_buf_str(b, " and not (");
    for (size_t i = 0; i < x->n; i++) {
        const struct plm_rules_entry *row = &x->values[i];
        if (!row->is_list || row->n != x->fields.n)
            return plm_rules_error(l, PLM_LOAD_ERR_VALIDATE, x->place,
                                   "Fields and values lists must have equal length");
        plm_buf_str(b, i ? " or (" : "(");
        for (size_t k = 0; k < row->n; k++) {
            plm_sv field = x->fields.items[k].item, comp = x->comps.items[k].item;
            plm_buf_printf(b, "%s%.*s %.*s ", k ? " and " : "", PLM_SV_ARG(field), PLM_SV_ARG(comp));
            if (put_value(l, x, &row->items[k], comp, b) < 0)
                return -1;
        }
        plm_buf_byte(b, ')');
    }
    plm_buf_byte(b, ')');
    return 0;
}

/* " and not (f in (v1, v2))" */
static int put_flat(struct plm_rules_loader *l, const struct plm_rules_exception *x, struct plm_buf *b)
{
    plm_buf_printf(b, " and not (%.*s %.*s (", PLM_SV_ARG(x->fields.item), PLM_SV_ARG(x->comps.item));
    for (size_t i = 0; i < x->n; i++) {
        if (x->values[i].is_list)
            return plm_rules_error(l, PLM_LOAD_ERR_VALIDATE, x->place,
                                   "Expected values array to contain a list of strings");
        plm_buf_str(b, i ? ", " : "");
        put_quoted(b, x->values[i].item);
    }
    plm_buf_str(b, "))");
    return 0;
}

int plm_rules_apply_exceptions(struct plm_rules_loader *l, const struct plm_rules_item *x, plm_sv *out)
{
    plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(PLM_RULES_FILE_MAX);
    bool has_values = false;
    *out = x->condition;
    for (size_t i = 0; i < x->exceptions.n; i++)
        has_values |= x->exceptions.v[i].n > 0;
    if (!has_values)
        return 0;
    plm_buf_printf(&b, "(%.*s)", PLM_SV_ARG(x->condition));
    for (size_t i = 0; i < x->exceptions.n; i++) {
        const struct plm_rules_exception *e = &x->exceptions.v[i];
        if (e->n && (e->fields.is_list ? put_rows(l, e, &b) : put_flat(l, e, &b)) < 0)
            return -1;
    }
    if (plm_buf_check(&b, NULL) < 0) {
        l->is_oom = true;
        return -1;
    }
    *out = plm_arena_sv(l->arena, plm_buf_sv(&b));
    return out->p ? 0 : -1;
}
