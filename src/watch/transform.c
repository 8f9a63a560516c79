/* SPDX-License-Identifier: Apache-2.0
 *
 * Operands (falco-rules.md 2.2): a field, or transformers around fields, texts and lists. A transformer whose
 * inside has no value has none; b64 of what is no base64 has none.
 *
 * Each transformer is a row with the types it takes and its function; `getopt` stands in transform_getopt.c.
 */
#include "watch/transform_int.h"

enum { TRANSFORM_TEXT_MAX = 1 << 20 };

static bool is_text(enum plm_vtype t)
{
    return t == PLM_V_STR || t == PLM_V_PATH;
}

/* ---- transformers of one value --------------------------------------------------------------------------
 */

typedef bool map_fn(const struct plm_view *view, plm_sv s, plm_sv *out);

static bool map_case(const struct plm_view *view, plm_sv s, plm_sv *out, char from, char to)
{
    char *p = plm_arena_alloc(view->arena, s.n ? s.n : 1);
    if (!p)
        return false;
    for (size_t i = 0; i < s.n; i++)
        p[i] = s.p[i] >= from && s.p[i] <= to ? (char)(s.p[i] ^ 0x20) : s.p[i];
    *out = plm_sv_n(p, s.n);
    return true;
}

static bool map_lower(const struct plm_view *view, plm_sv s, plm_sv *out)
{
    return map_case(view, s, out, 'A', 'Z');
}

static bool map_upper(const struct plm_view *view, plm_sv s, plm_sv *out)
{
    return map_case(view, s, out, 'a', 'z');
}

static bool map_basename(const struct plm_view *view, plm_sv s, plm_sv *out)
{
    (void)view;
    size_t at = plm_sv_rfind(s, '/');
    *out = at == SIZE_MAX ? s : plm_sv_from_off(s, at + 1);
    return true;
}

static int base64_digit(unsigned char c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    return c == '+' ? 62 : c == '/' ? 63 : -1;
}

static bool map_base64(const struct plm_view *view, plm_sv s, plm_sv *out)
{
    if (s.n % 4)
        return false;
    size_t n = s.n;
    for (int i = 0; i < 2 && n && s.p[n - 1] == '='; i++)
        n--;
    char *p = plm_arena_alloc(view->arena, n + 1);
    if (!p)
        return false;
    uint32_t bits = 0;
    size_t used = 0, made = 0;
    for (size_t i = 0; i < n; i++) {
        int d = base64_digit((unsigned char)s.p[i]);
        if (d < 0)
            return false;
        bits = (bits << 6 | (uint32_t)d) & 0xffffff;
        if ((used += 6) >= 8) {
            used -= 8;
            p[made++] = (char)(bits >> used & 0xff);
        }
    }
    *out = plm_sv_n(p, made);
    return true;
}

static int map_values(const struct plm_view *view, map_fn *fn, const struct plm_values *in,
                      struct plm_values *out)
{
    for (size_t i = 0; i < in->n; i++) {
        plm_sv s;
        if (!fn(view, in->v[i].s.p ? in->v[i].s : PLM_SV(""), &s))
            continue;
        struct plm_value *v = plm_values_add(view, out);
        if (!v)
            return -1;
        v->s = s;
    }
    return 0;
}

/* ---- getting --------------------------------------------------------------------------------------------
 */

/* All values of an argument as texts, in one vector. False: one has no value. */
bool plm_transform_texts(const struct plm_operand *o, const struct plm_view *view, plm_sv_vec *out)
{
    struct plm_values v = {0};
    enum plm_vtype type;
    if (plm_operand_get(o, view, &type, &v) < 0 || !v.n)
        return false;
    for (size_t i = 0; i < v.n; i++) {
        plm_sv *s = plm_vec_push(view->arena, out);
        if (!s)
            return false;
        *s = v.v[i].s;
        if (is_text(type) || type == PLM_V_BYTES)
            continue;
        struct plm_buf b = PLM_BUF(TRANSFORM_TEXT_MAX);
        plm_value_text(type, &v.v[i], &b);
        *s = plm_arena_sv(view->arena, plm_buf_sv(&b));
        plm_buf_done(&b);
    }
    return true;
}

static int put_text(const struct plm_view *view, plm_sv s, struct plm_values *out)
{
    struct plm_value *v = plm_values_add(view, out);
    if (!v)
        return -1;
    v->s = s;
    return 0;
}

/* The texts with sep between them as one value. */
static int put_joined(const struct plm_view *view, const plm_sv_vec *parts, plm_sv sep,
                      struct plm_values *out)
{
    struct plm_buf b = PLM_BUF(TRANSFORM_TEXT_MAX);
    for (size_t i = 0; i < parts->n; i++) {
        if (i)
            plm_buf_sv_put(&b, sep);
        plm_buf_sv_put(&b, parts->v[i]);
    }
    plm_sv s = plm_arena_sv(view->arena, plm_buf_sv(&b));
    bool failed = b.failed;
    plm_buf_done(&b);
    if (failed)
        return 0; /* too long: no value */
    return s.p ? put_text(view, s, out) : -1;
}

static int get_concat(const struct plm_operand *o, const struct plm_view *view, struct plm_values *out)
{
    plm_sv_vec parts = {0};
    for (size_t i = 0; i < o->n_args; i++)
        if (!plm_transform_texts(&o->args[i], view, &parts))
            return 0;
    return put_joined(view, &parts, PLM_SV(""), out);
}

static int get_join(const struct plm_operand *o, const struct plm_view *view, struct plm_values *out)
{
    plm_sv_vec sep = {0}, parts = {0};
    if (!plm_transform_texts(&o->args[0], view, &sep) || !plm_transform_texts(&o->args[1], view, &parts))
        return 0;
    return put_joined(view, &parts, sep.v[0], out);
}

static bool operand_is_list(const struct plm_operand *o)
{
    switch (o->kind) {
    case PLM_OPERAND_FIELD:
        return o->ref.field->flags & PLM_F_LIST && !o->ref.has_index && !o->ref.key.p;
    case PLM_OPERAND_LIST:
        return true;
    case PLM_OPERAND_TEXT:
        return false;
    case PLM_OPERAND_TRANSFORM:
        break;
    }
    switch (o->transform) {
    case PLM_TR_TOLOWER:
    case PLM_TR_TOUPPER:
    case PLM_TR_BASENAME:
    case PLM_TR_B64:
    case PLM_TR_VAL:
        return operand_is_list(&o->args[0]);
    case PLM_TR_GETOPT:
        return !o->key.p;
    case PLM_TR_NONE:
    case PLM_TR_LEN:
    case PLM_TR_JOIN:
    case PLM_TR_CONCAT:
        return false;
    }
    return false;
}

static int get_len(const struct plm_operand *o, const struct plm_view *view, struct plm_values *out)
{
    struct plm_values in = {0};
    enum plm_vtype type;
    if (plm_operand_get(&o->args[0], view, &type, &in) < 0)
        return -1;
    bool counts = operand_is_list(&o->args[0]);
    for (size_t i = 0; i < (counts ? in.n > 0 : in.n); i++) {
        struct plm_value *v = plm_values_add(view, out);
        if (!v)
            return -1;
        v->u = counts ? in.n : in.v[i].s.n;
    }
    return 0;
}

static int get_mapped(const struct plm_operand *o, const struct plm_view *view, map_fn *fn,
                      enum plm_vtype *out_type, struct plm_values *out)
{
    struct plm_values in = {0};
    if (plm_operand_get(&o->args[0], view, out_type, &in) < 0)
        return -1;
    return map_values(view, fn, &in, out);
}

static int get_transform(const struct plm_operand *o, const struct plm_view *view, enum plm_vtype *out_type,
                         struct plm_values *out)
{
    *out_type = PLM_V_STR;
    switch (o->transform) {
    case PLM_TR_NONE:
    case PLM_TR_VAL:
        return plm_operand_get(&o->args[0], view, out_type, out);
    case PLM_TR_TOLOWER:
        return get_mapped(o, view, map_lower, out_type, out);
    case PLM_TR_TOUPPER:
        return get_mapped(o, view, map_upper, out_type, out);
    case PLM_TR_BASENAME:
        return get_mapped(o, view, map_basename, out_type, out);
    case PLM_TR_B64:
        return get_mapped(o, view, map_base64, out_type, out);
    case PLM_TR_LEN:
        *out_type = PLM_V_U64;
        return get_len(o, view, out);
    case PLM_TR_JOIN:
        return get_join(o, view, out);
    case PLM_TR_CONCAT:
        return get_concat(o, view, out);
    case PLM_TR_GETOPT:
        return plm_transform_getopt(o, view, out);
    }
    return 0;
}

int plm_operand_get(const struct plm_operand *o, const struct plm_view *view, enum plm_vtype *out_type,
                    struct plm_values *out)
{
    switch (o->kind) {
    case PLM_OPERAND_FIELD:
        *out_type = o->ref.type;
        return plm_field_get(view, &o->ref, out);
    case PLM_OPERAND_TRANSFORM:
        return get_transform(o, view, out_type, out);
    case PLM_OPERAND_TEXT:
        *out_type = PLM_V_STR;
        return put_text(view, o->text.p ? o->text : PLM_SV(""), out);
    case PLM_OPERAND_LIST:
        *out_type = PLM_V_STR;
        for (size_t i = 0; i < o->n_args; i++)
            if (plm_operand_get(&o->args[i], view, out_type, out) < 0)
                return -1;
        return 0;
    }
    return 0;
}

/* ---- resolving ------------------------------------------------------------------------------------------
 */

/* What a transformer takes and makes. */
static const struct {
    size_t min_args, max_args;
    bool takes_text, takes_bytes, takes_any;
} shapes[] = {
    [PLM_TR_NONE] = {1, 1, false, false, true},     [PLM_TR_VAL] = {1, 1, false, false, true},
    [PLM_TR_TOLOWER] = {1, 1, true, false, false},  [PLM_TR_TOUPPER] = {1, 1, true, false, false},
    [PLM_TR_BASENAME] = {1, 1, true, false, false}, [PLM_TR_LEN] = {1, 1, true, true, false},
    [PLM_TR_B64] = {1, 1, true, true, false},       [PLM_TR_JOIN] = {2, 2, true, false, true},
    [PLM_TR_CONCAT] = {1, 64, true, false, true},   [PLM_TR_GETOPT] = {2, 2, true, false, false},
};

static int check_shape(const struct plm_operand *o, plm_err **err)
{
    const char *name = plm_transform_name(o->transform);
    size_t n = o->n_args;
    if (n < shapes[o->transform].min_args || n > shapes[o->transform].max_args)
        return plm_fail(err, PLM_E_PARSE, "transformer '%s' takes %zu argument%s, not %zu", name,
                        shapes[o->transform].min_args, shapes[o->transform].min_args == 1 ? "" : "s", n);
    if (o->key.p && o->transform != PLM_TR_GETOPT)
        return plm_fail(err, PLM_E_PARSE, "transformer '%s' takes no [...]", name);
    return 0;
}

static int check_argument(const struct plm_operand *o, size_t i, enum plm_vtype type, bool is_list,
                          plm_err **err)
{
    const char *name = plm_transform_name(o->transform);
    bool fits = shapes[o->transform].takes_any || (shapes[o->transform].takes_text && is_text(type)) ||
                (shapes[o->transform].takes_bytes && type == PLM_V_BYTES) ||
                (o->transform == PLM_TR_LEN && is_list);
    if (!fits)
        return plm_fail(err, PLM_E_PARSE, "transformer '%s' does not take a field of type %s", name,
                        plm_vtype_name(type));
    bool wants_one = (o->transform == PLM_TR_JOIN && i == 0) || (o->transform == PLM_TR_GETOPT && i == 1);
    if (wants_one && is_list)
        return plm_fail(err, PLM_E_PARSE, "argument %zu of '%s' is no list", i + 1, name);
    const struct plm_operand *arg = &o->args[i];
    if (o->transform != PLM_TR_VAL && arg->kind == PLM_OPERAND_FIELD &&
        arg->ref.field->flags & PLM_F_NO_TRANSFORM)
        return plm_fail(err, PLM_E_PARSE, "field '%s' takes no transformer", arg->ref.field->name);
    return 0;
}

static int resolve_transform(struct plm_operand *o, struct plm_arena *a, enum plm_vtype *out_type,
                             bool *out_is_list, plm_err **err)
{
    if (check_shape(o, err) < 0)
        return -1;
    enum plm_vtype first = PLM_V_STR;
    for (size_t i = 0; i < o->n_args; i++) {
        enum plm_vtype type;
        bool is_list;
        if (plm_operand_resolve(&o->args[i], a, &type, &is_list, err) < 0 ||
            check_argument(o, i, type, is_list, err) < 0)
            return -1;
        if (i == 0)
            first = type;
    }
    switch (o->transform) {
    case PLM_TR_NONE:
    case PLM_TR_VAL:
    case PLM_TR_TOLOWER:
    case PLM_TR_TOUPPER:
    case PLM_TR_BASENAME:
    case PLM_TR_B64:
        *out_type = first;
        break;
    case PLM_TR_LEN:
        *out_type = PLM_V_U64;
        break;
    case PLM_TR_JOIN:
    case PLM_TR_CONCAT:
    case PLM_TR_GETOPT:
        *out_type = PLM_V_STR;
        break;
    }
    *out_is_list = operand_is_list(o);
    return 0;
}

int plm_operand_resolve(struct plm_operand *o, struct plm_arena *a, enum plm_vtype *out_type,
                        bool *out_is_list, plm_err **err)
{
    switch (o->kind) {
    case PLM_OPERAND_FIELD:
        if (!o->ref.field && plm_field_resolve(o->text, &o->ref, err) < 0)
            return -1;
        *out_type = o->ref.type;
        break;
    case PLM_OPERAND_TRANSFORM:
        return resolve_transform(o, a, out_type, out_is_list, err);
    case PLM_OPERAND_TEXT:
        *out_type = PLM_V_STR;
        break;
    case PLM_OPERAND_LIST:
        *out_type = PLM_V_STR;
        for (size_t i = 0; i < o->n_args; i++) {
            bool is_list;
            if (plm_operand_resolve(&o->args[i], a, out_type, &is_list, err) < 0)
                return -1;
            if (is_list)
                return plm_fail(err, PLM_E_PARSE, "a list inside a list");
        }
        break;
    }
    *out_is_list = operand_is_list(o);
    return 0;
}
