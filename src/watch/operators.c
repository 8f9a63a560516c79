/* SPDX-License-Identifier: Apache-2.0
 *
 * The truth of one check (falco-rules.md 2.1): which operators a type has, operands parsed once for that
 * type, and the comparison of values with them.
 *
 *   - No value: false, for `!=` as well. An empty string is a value.
 *   - A list field (PLM_F_LIST): `in` wants every element in the set, `intersects` any.
 *   - A field of several values that is no list (PLM_F_ANY: fd.ip has both ends, proc.aname all ancestors):
 *     any value may fit. `!=` differs: both ends of a connection must be different, but one ancestor that is
 *     different is enough, as in Falco.
 *   - A right side that is a field has no value: false.
 */
#include "watch/operators.h"

#include "watch/hosts.h"

#include "watch/output_format.h"

struct plm_check {
    const struct plm_cond *cond;
    enum plm_vtype type;
    bool is_host;         /* the operands are host names, the values addresses */
    bool is_list, is_all; /* is_all: every value must fit (`!=` on both ends) */
    size_t n;
    const plm_sv *text; /* STR, PATH, BYTES */
    const struct plm_strset *set;
    const struct plm_pathset *paths;
    struct plm_posix_re **res;
    struct plm_value *values; /* numbers, addresses */
    unsigned *bits;           /* of nets */
};

/* ---- types and operators --------------------------------------------------------------------------------
 */

enum {
    OPS_EQUAL = 1 << PLM_OP_EXISTS | 1 << PLM_OP_EQ | 1 << PLM_OP_NE,
    OPS_SET = 1 << PLM_OP_IN | 1 << PLM_OP_INTERSECTS,
    OPS_ORDER = 1 << PLM_OP_LT | 1 << PLM_OP_LE | 1 << PLM_OP_GT | 1 << PLM_OP_GE,
    OPS_TEXT = 1 << PLM_OP_CONTAINS | 1 << PLM_OP_STARTSWITH | 1 << PLM_OP_ENDSWITH,
    OPS_STRING = OPS_EQUAL | OPS_SET | OPS_ORDER | OPS_TEXT | 1 << PLM_OP_ICONTAINS | 1 << PLM_OP_PMATCH |
                 1 << PLM_OP_GLOB | 1 << PLM_OP_IGLOB | 1 << PLM_OP_REGEX,
    OPS_BYTES = OPS_EQUAL | OPS_TEXT | 1 << PLM_OP_BCONTAINS | 1 << PLM_OP_BSTARTSWITH,
    OPS_NUMBER = OPS_EQUAL | OPS_SET | OPS_ORDER,
    OPS_LIST = OPS_SET | 1 << PLM_OP_EXISTS,
    OPS_NO_RHS = 1 << PLM_OP_PMATCH | 1 << PLM_OP_REGEX,
};

static const unsigned type_ops[] = {
    [PLM_V_STR] = OPS_STRING,          [PLM_V_PATH] = OPS_STRING,          [PLM_V_I64] = OPS_NUMBER,
    [PLM_V_U64] = OPS_NUMBER,          [PLM_V_BOOL] = OPS_EQUAL | OPS_SET, [PLM_V_IP] = OPS_EQUAL | OPS_SET,
    [PLM_V_NET] = OPS_EQUAL | OPS_SET, [PLM_V_PORT] = OPS_NUMBER,          [PLM_V_BYTES] = OPS_BYTES,
    [PLM_V_RELTIME] = OPS_NUMBER,      [PLM_V_ABSTIME] = OPS_NUMBER,
};

static bool is_text(enum plm_vtype t)
{
    return t == PLM_V_STR || t == PLM_V_PATH;
}

/* The field at the bottom of an operand; NULL: none, or several. */
static const struct plm_fieldref *only_field(const struct plm_operand *o)
{
    return o->kind == PLM_OPERAND_FIELD ? &o->ref : NULL;
}

/* ---- compiling ------------------------------------------------------------------------------------------
 */

static int bad_operand(const struct plm_check *c, plm_sv text, plm_err **err)
{
    return plm_fail(err, PLM_E_PARSE, "'%.*s' is no value of type %s for '%s'", PLM_SV_ARG(text),
                    plm_vtype_name(c->type), plm_op_name(c->cond->op));
}

static int parse_value(const struct plm_check *c, size_t i, plm_sv text)
{
    struct plm_value *v = &c->values[i];
    switch (c->type) {
    case PLM_V_I64:
        return plm_number_parse(text, true, &v->i) ? 0 : -1;
    case PLM_V_U64:
    case PLM_V_RELTIME:
    case PLM_V_ABSTIME:
        if (!plm_number_parse(text, false, &v->i))
            return -1;
        if (text.n && text.p[0] == '-')
            v->u &= UINT32_MAX; /* ids are 32 bits wide: -1 is 4294967295 */
        return 0;
    case PLM_V_PORT:
        return plm_port_parse(text, &v->u) ? 0 : -1;
    case PLM_V_BOOL:
        v->b = plm_sv_is(text, "true");
        return v->b || plm_sv_is(text, "false") ? 0 : -1;
    case PLM_V_IP:
        return plm_ip_parse(text, &v->ip) ? 0 : -1;
    case PLM_V_NET:
        return plm_net_parse(text, &v->ip, &c->bits[i]) ? 0 : -1;
    case PLM_V_STR:
    case PLM_V_PATH:
    case PLM_V_BYTES:
        return -1;
    }
    return -1;
}

static int compile_values(struct plm_check *c, struct plm_arena *a, plm_err **err)
{
    c->values = plm_arena_array(a, c->n + 1, sizeof *c->values);
    c->bits = plm_arena_array(a, c->n + 1, sizeof *c->bits);
    if (!c->values || !c->bits)
        return plm_fail_oom(err);
    for (size_t i = 0; i < c->n; i++)
        if (parse_value(c, i, c->cond->values[i].text) < 0)
            return bad_operand(c, c->cond->values[i].text, err);
    return 0;
}

/* The operand as the operator compares it. */
static int compile_one_text(struct plm_check *c, size_t i, plm_sv *text, struct plm_arena *a, plm_err **err)
{
    plm_sv t = c->cond->values[i].text;
    text[i] = t.p ? t : PLM_SV("");
    switch (c->cond->op) {
    case PLM_OP_BCONTAINS:
    case PLM_OP_BSTARTSWITH:
        if (plm_hex_parse(t, a, &text[i]))
            return 0;
        return plm_arena_failed(a) ? plm_fail_oom(err) : bad_operand(c, t, err);
    case PLM_OP_REGEX:
        c->res[i] = plm_posix_re_new(text[i], a, err);
        return c->res[i] ? 0 : -1;
    case PLM_OP_EXISTS:
    case PLM_OP_EQ:
    case PLM_OP_NE:
    case PLM_OP_LT:
    case PLM_OP_LE:
    case PLM_OP_GT:
    case PLM_OP_GE:
    case PLM_OP_IN:
    case PLM_OP_INTERSECTS:
    case PLM_OP_PMATCH:
    case PLM_OP_CONTAINS:
    case PLM_OP_ICONTAINS:
    case PLM_OP_STARTSWITH:
    case PLM_OP_ENDSWITH:
    case PLM_OP_GLOB:
    case PLM_OP_IGLOB:
    case PLM_OP_COUNT_:
        return 0;
    }
    return 0;
}

static int compile_text(struct plm_check *c, struct plm_arena *a, plm_err **err)
{
    plm_sv *text = plm_arena_array(a, c->n + 1, sizeof *text);
    c->res = plm_arena_array(a, c->n + 1, sizeof *c->res);
    if (!text || !c->res)
        return plm_fail_oom(err);
    for (size_t i = 0; i < c->n; i++)
        if (compile_one_text(c, i, text, a, err) < 0)
            return -1;
    c->text = text;
    enum plm_op op = c->cond->op;
    if (op == PLM_OP_PMATCH)
        c->paths = plm_pathset_new(text, c->n, a);
    else if (op == PLM_OP_IN || op == PLM_OP_INTERSECTS)
        c->set = plm_strset_new(text, c->n, a);
    return plm_arena_check(a, err);
}

/* falco-rules.md 2.2: the same type on both sides, listness too, and not for every operator. */
static int check_rhs(struct plm_check *c, enum plm_vtype type, bool is_list, plm_err **err)
{
    const struct plm_cond *cond = c->cond;
    if (OPS_NO_RHS >> cond->op & 1 || cond->modifier != PLM_MOD_NONE)
        return plm_fail(err, PLM_E_PARSE, "'%s' takes no field on its right side", plm_op_name(cond->op));
    if (c->type == PLM_V_NET)
        return plm_fail(err, PLM_E_PARSE, "a net is not compared with another field");
    bool same = type == c->type || (is_text(type) && is_text(c->type));
    bool fits = is_list == c->is_list || (is_list && OPS_SET >> cond->op & 1);
    if (!same || !fits)
        return plm_fail(err, PLM_E_PARSE, "the right side is %s%s, the left side %s%s", plm_vtype_name(type),
                        is_list ? " list" : "", plm_vtype_name(c->type), c->is_list ? " list" : "");
    return 0;
}

/* Type and listness of an operand that is resolved. */
static int operand_type(const struct plm_operand *o, struct plm_arena *a, enum plm_vtype *type, bool *is_list,
                        plm_err **err)
{
    struct plm_operand copy = *o; /* resolving again changes nothing but asks */
    return plm_operand_resolve(&copy, a, type, is_list, err);
}

static int check_types(struct plm_check *c, struct plm_arena *a, plm_err **err)
{
    const struct plm_cond *cond = c->cond;
    if (operand_type(cond->lhs, a, &c->type, &c->is_list, err) < 0)
        return -1;
    unsigned ops = c->is_list ? (unsigned)OPS_LIST : type_ops[c->type];
    if (!(ops >> cond->op & 1))
        return plm_fail(err, PLM_E_PARSE, "operator '%s' is not for %s of type %s", plm_op_name(cond->op),
                        c->is_list ? "lists" : "fields", plm_vtype_name(c->type));
    const struct plm_fieldref *f = only_field(cond->lhs);
    c->is_all = cond->op == PLM_OP_NE && f && plm_sv_starts(plm_sv_from(f->field->name), PLM_SV("fd."));
    c->is_host = f && f->field->flags & PLM_F_HOSTNAME && (OPS_EQUAL | OPS_SET) >> cond->op & 1;
    if (!cond->rhs)
        return 0;
    enum plm_vtype type;
    bool is_list;
    if (operand_type(cond->rhs, a, &type, &is_list, err) < 0)
        return -1;
    return check_rhs(c, type, is_list, err);
}

struct plm_check *plm_check_new(const struct plm_cond *cond, struct plm_arena *a, plm_err **err)
{
    struct plm_check *c = plm_arena_make(a, struct plm_check);
    if (!c)
        return PLM_NULL(plm_fail_oom(err));
    c->cond = cond;
    if (check_types(c, a, err) < 0)
        return NULL;
    c->n = cond->rhs || cond->op == PLM_OP_EXISTS ? 0 : cond->n_values;
    bool is_string = is_text(c->type) || c->type == PLM_V_BYTES;
    int rc = cond->rhs || cond->op == PLM_OP_EXISTS ? 0
             : is_string                            ? compile_text(c, a, err)
                                                    : compile_values(c, a, err);
    return rc == 0 ? c : NULL;
}

/* ---- comparing ------------------------------------------------------------------------------------------
 */

static int order(enum plm_vtype type, const struct plm_value *a, const struct plm_value *b)
{
    switch (type) {
    case PLM_V_STR:
    case PLM_V_PATH:
    case PLM_V_BYTES:
        return plm_sv_cmp(a->s, b->s);
    case PLM_V_I64:
        return a->i < b->i ? -1 : a->i > b->i;
    case PLM_V_U64:
    case PLM_V_PORT:
    case PLM_V_RELTIME:
    case PLM_V_ABSTIME:
        return a->u < b->u ? -1 : a->u > b->u;
    case PLM_V_BOOL:
        return (int)a->b - (int)b->b;
    case PLM_V_IP:
    case PLM_V_NET:
        if (a->ip.family != b->ip.family)
            return a->ip.family < b->ip.family ? -1 : 1;
        return memcmp(a->ip.b, b->ip.b, a->ip.family == 4 ? 4 : 16);
    }
    return 0;
}

static bool has_icase(plm_sv s, plm_sv needle)
{
    for (size_t i = 0; i + needle.n <= s.n; i++)
        if (plm_sv_ieq(plm_sv_sub(s, i, needle.n), needle))
            return true;
    return false;
}

/* Text and byte operators that are no order and no set. */
static bool text_fits(enum plm_op op, plm_sv s, plm_sv operand)
{
    switch (op) {
    case PLM_OP_CONTAINS:
    case PLM_OP_BCONTAINS:
        return plm_sv_has(s, operand);
    case PLM_OP_ICONTAINS:
        return has_icase(s, operand);
    case PLM_OP_STARTSWITH:
    case PLM_OP_BSTARTSWITH:
        return plm_sv_starts(s, operand);
    case PLM_OP_ENDSWITH:
        return plm_sv_ends(s, operand);
    case PLM_OP_GLOB:
        return plm_glob_match(operand, s, false);
    case PLM_OP_IGLOB:
        return plm_glob_match(operand, s, true);
    case PLM_OP_EXISTS:
    case PLM_OP_EQ:
    case PLM_OP_NE:
    case PLM_OP_LT:
    case PLM_OP_LE:
    case PLM_OP_GT:
    case PLM_OP_GE:
    case PLM_OP_IN:
    case PLM_OP_INTERSECTS:
    case PLM_OP_PMATCH:
    case PLM_OP_REGEX:
    case PLM_OP_COUNT_:
        return false;
    }
    return false;
}

/* Two values of the same type under an operator; membership counts as equality. */
static bool fits(enum plm_op op, enum plm_vtype type, const struct plm_value *v, const struct plm_value *w)
{
    switch (op) {
    case PLM_OP_EQ:
    case PLM_OP_IN:
    case PLM_OP_INTERSECTS:
        return order(type, v, w) == 0;
    case PLM_OP_NE:
        return order(type, v, w) != 0;
    case PLM_OP_LT:
        return order(type, v, w) < 0;
    case PLM_OP_LE:
        return order(type, v, w) <= 0;
    case PLM_OP_GT:
        return order(type, v, w) > 0;
    case PLM_OP_GE:
        return order(type, v, w) >= 0;
    case PLM_OP_EXISTS:
        return true;
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
        return text_fits(op, v->s, w->s);
    }
    return false;
}

/* One value against the i-th operand. */
static bool fits_operand(const struct plm_check *c, const struct plm_value *v, size_t i)
{
    enum plm_op op = c->cond->op;
    if (op == PLM_OP_REGEX)
        return plm_posix_re_match(c->res[i], v->s);
    if (c->type == PLM_V_NET)
        return plm_net_has(&c->values[i].ip, c->bits[i], &v->ip) == (op != PLM_OP_NE);
    if (c->text)
        return fits(op, c->type, v, &(struct plm_value){.s = c->text[i]});
    return fits(op, c->type, v, &c->values[i]);
}

/* One value against all operands. */
static bool value_fits(const struct plm_check *c, const struct plm_value *v)
{
    if (c->paths)
        return plm_pathset_match(c->paths, v->s);
    if (c->set)
        return plm_strset_has(c->set, v->s);
    size_t hits = 0;
    for (size_t i = 0; i < c->n; i++) {
        hits += fits_operand(c, v, i);
        if (hits && (c->cond->modifier == PLM_MOD_NONE || c->cond->modifier == PLM_MOD_ANYOF))
            return true;
    }
    switch (c->cond->modifier) {
    case PLM_MOD_NONE:
    case PLM_MOD_ANYOF:
        return false;
    case PLM_MOD_ONEOF:
        return hits == 1;
    case PLM_MOD_ALLOF:
        return c->n && hits == c->n;
    }
    return false;
}

/* An address against host names: any of them has it, and for `!=` none. Names that are addresses need nobody.
 */
static bool host_fits(const struct plm_check *c, const struct plm_view *view, const struct plm_value *v)
{
    struct plm_ip ip, operand;
    bool has = false;
    if (!plm_ip_parse(v->s, &ip))
        return false;
    for (size_t i = 0; i < c->n && !has; i++)
        has = plm_ip_parse(c->text[i], &operand)
                  ? order(PLM_V_IP, &(struct plm_value){.ip = ip}, &(struct plm_value){.ip = operand}) == 0
                  : plm_hosts_has(view->hosts, c->text[i], &ip);
    return has == (c->cond->op != PLM_OP_NE);
}

static bool value_fits_rhs(const struct plm_check *c, const struct plm_value *v, const struct plm_values *w)
{
    for (size_t i = 0; i < w->n; i++)
        if (fits(c->cond->op, c->type, v, &w->v[i]))
            return true;
    return false;
}

bool plm_check_values(const struct plm_check *c, const struct plm_view *view, const struct plm_values *v)
{
    if (!v->n)
        return false;
    if (c->cond->op == PLM_OP_EXISTS)
        return true;
    struct plm_values w = {0};
    enum plm_vtype type;
    if (c->cond->rhs && (plm_operand_get(c->cond->rhs, view, &type, &w) < 0 || !w.n))
        return false;
    bool wants_all = c->is_all || (c->is_list && c->cond->op == PLM_OP_IN);
    for (size_t i = 0; i < v->n; i++) {
        bool hit = c->cond->rhs ? value_fits_rhs(c, &v->v[i], &w)
                   : c->is_host ? host_fits(c, view, &v->v[i])
                                : value_fits(c, &v->v[i]);
        if (hit != wants_all)
            return hit;
    }
    return wants_all;
}

bool plm_check_test(const struct plm_check *c, const struct plm_view *view)
{
    struct plm_values v = {0};
    enum plm_vtype type;
    if (plm_operand_get(c->cond->lhs, view, &type, &v) < 0)
        return false;
    return plm_check_values(c, view, &v);
}
