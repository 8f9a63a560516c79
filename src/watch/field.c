/* SPDX-License-Identifier: Apache-2.0
 *
 * Field names to rows, values to text. Names are found among the registered tables, a handful of short ones:
 * that happens when rules are loaded, never for an event.
 *
 * A row with PLM_F_NAME_SUFFIX stands for all names that continue it: evt.arg.flags is evt.arg with the key
 * "flags". A name that is a row of its own (container.mount.dest) wins over a shorter one that it continues.
 */
#include "watch/field_int.h"

#include "base/text.h"
#include "watch/evtype.h"

enum { VALUES_MAX = 64, ARGUMENT_MAX = 4096 };

/* Loading rules asks for thousands of names: the comparison stops at the first byte that differs. */
static bool is_row(const char *row, plm_sv name)
{
    size_t i = 0;
    while (i < name.n && row[i] == name.p[i] && row[i])
        i++;
    return i == name.n && !row[i];
}

const struct plm_field *plm_field_find(plm_sv name)
{
    PLM_SET_FOREACH (plm_field_classes, struct plm_field_class, c) {
        for (const struct plm_field *f = c->fields; f->name; f++)
            if (is_row(f->name, name))
                return f;
    }
    return NULL;
}

static bool is_name_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
}

/* The longest row that `name` continues after a dot; *rest is what follows it. */
static const struct plm_field *find_prefix(plm_sv name, plm_sv *rest)
{
    for (size_t n = name.n; n-- > 1;) {
        if (name.p[n] != '.')
            continue;
        const struct plm_field *f = plm_field_find(plm_sv_sub(name, 0, n));
        if (f && f->flags & PLM_F_NAME_SUFFIX) {
            *rest = plm_sv_from_off(name, n + 1);
            return rest->n ? f : NULL;
        }
    }
    return NULL;
}

/* "[2]", "[NAME]", "['a b']": what stands inside. */
static bool read_argument(plm_sv text, plm_sv *out)
{
    if (text.n < 3 || text.p[0] != '[' || text.p[text.n - 1] != ']' || text.n > ARGUMENT_MAX)
        return false;
    plm_sv in = plm_sv_sub(text, 1, text.n - 2);
    char quote = in.p[0];
    if (quote == '"' || quote == '\'') {
        if (in.n < 2 || in.p[in.n - 1] != quote)
            return false;
        *out = plm_sv_sub(in, 1, in.n - 2);
        return plm_sv_find(*out, quote) == SIZE_MAX;
    }
    for (size_t i = 0; i < in.n; i++)
        if (strchr("[]\"' \t\r\n", in.p[i]))
            return false;
    *out = in;
    return true;
}

static int set_argument(struct plm_fieldref *ref, plm_sv bracket, plm_err **err)
{
    const struct plm_field *f = ref->field;
    plm_sv arg;
    if (!read_argument(bracket, &arg))
        return plm_fail(err, PLM_E_PARSE, "%s: bad argument %.*s", f->name, PLM_SV_ARG(bracket));
    uint64_t index;
    if (f->flags & PLM_F_ARG_INDEX && plm_sv_u64(arg, &index) && index <= INT32_MAX) {
        ref->has_index = true;
        ref->index = (int64_t)index;
    } else if (!(f->flags & PLM_F_ARG_KEY)) {
        return plm_fail(err, PLM_E_PARSE,
                        f->flags & PLM_F_ARG_INDEX ? "%s: the argument %.*s is not a number"
                                                   : "%s: takes no argument, but %.*s follows",
                        f->name, PLM_SV_ARG(arg));
    }
    ref->key = arg;
    return 0;
}

int plm_field_resolve(plm_sv text, struct plm_fieldref *out, plm_err **err)
{
    size_t at = plm_sv_find(text, '[');
    plm_sv name = at == SIZE_MAX ? text : plm_sv_sub(text, 0, at), rest = PLM_SV_NULL;
    struct plm_fieldref ref = {.field = plm_field_find(name), .text = text};
    if (!ref.field)
        ref.field = find_prefix(name, &rest);
    for (size_t i = 0; i < rest.n && ref.field; i++)
        if (!is_name_char(rest.p[i]) && !(rest.p[i] == '.' && i > 0 && i + 1 < rest.n))
            ref.field = NULL;
    if (!ref.field)
        return plm_fail(err, PLM_E_NOTFOUND, "there is no field %.*s", PLM_SV_ARG(name));
    ref.type = ref.field->type;
    ref.key = rest;
    if (at != SIZE_MAX) {
        if (rest.n)
            return plm_fail(err, PLM_E_PARSE, "%.*s: takes no second argument", PLM_SV_ARG(name));
        if (set_argument(&ref, plm_sv_from_off(text, at), err) < 0)
            return -1;
    }
    if (ref.field->flags & PLM_F_ARG_NEEDED && !ref.key.n)
        return plm_fail(err, PLM_E_PARSE, "%s: needs an argument", ref.field->name);
    if (ref.field->check && ref.field->check(&ref, err) < 0)
        return -1;
    *out = ref;
    return 0;
}

int plm_field_get(const struct plm_view *view, const struct plm_fieldref *ref, struct plm_values *out)
{
    return ref->field->get(view, ref, out);
}

uint32_t plm_field_needs(const struct plm_fieldref *ref)
{
    return ref->field->needs | (ref->field->needs_of ? ref->field->needs_of(ref) : 0);
}

struct plm_value *plm_values_add(const struct plm_view *view, struct plm_values *out)
{
    if (out->n >= VALUES_MAX)
        return plm_arena_make(view->arena, struct plm_value);
    if (out->n == out->cap) {
        size_t cap = out->cap ? out->cap * 4 : 1;
        struct plm_value *v = plm_arena_array(view->arena, cap, sizeof(*v));
        if (!v)
            return NULL;
        if (out->n)
            memcpy(v, out->v, out->n * sizeof(*v));
        out->v = v;
        out->cap = cap;
    }
    return &out->v[out->n++];
}

#define ADD(member, value)                                                                                   \
    struct plm_value *v = plm_values_add(view, out);                                                         \
    if (!v)                                                                                                  \
        return -1;                                                                                           \
    v->member = (value);                                                                                     \
    return 0

int plm_field_str(const struct plm_view *view, struct plm_values *out, plm_sv s)
{
    if (!s.p)
        return 0;
    ADD(s, s);
}
int plm_field_u64(const struct plm_view *view, struct plm_values *out, uint64_t u)
{
    ADD(u, u);
}
int plm_field_i64(const struct plm_view *view, struct plm_values *out, int64_t i)
{
    ADD(i, i);
}
int plm_field_bool(const struct plm_view *view, struct plm_values *out, bool b)
{
    ADD(b, b);
}
int plm_field_ip(const struct plm_view *view, struct plm_values *out, const struct plm_ip *ip)
{
    if (!ip->family)
        return 0;
    ADD(ip, *ip);
}
int plm_field_buf(const struct plm_view *view, struct plm_values *out, const struct plm_buf *b)
{
    if (plm_buf_check(b, NULL) < 0)
        return -1;
    plm_sv s = plm_arena_sv(view->arena, plm_buf_sv(b));
    return s.p ? plm_field_str(view, out, s) : -1;
}
int plm_field_none(const struct plm_view *view, const struct plm_fieldref *ref, struct plm_values *out)
{
    (void)view, (void)ref, (void)out;
    return 0;
}

bool plm_strings_next(plm_sv *rest, plm_sv *out)
{
    if (!rest->n)
        return false;
    size_t at = plm_sv_find(*rest, '\0');
    *out = plm_sv_sub(*rest, 0, at);
    *rest = plm_sv_from_off(*rest, at == SIZE_MAX ? rest->n : at + 1);
    return true;
}

const char *plm_vtype_name(enum plm_vtype t)
{
    switch (t) {
    case PLM_V_STR:
        return "CHARBUF";
    case PLM_V_PATH:
        return "FSPATH";
    case PLM_V_I64:
        return "INT64";
    case PLM_V_U64:
        return "UINT64";
    case PLM_V_BOOL:
        return "BOOL";
    case PLM_V_IP:
        return "IPADDR";
    case PLM_V_NET:
        return "IPNET";
    case PLM_V_PORT:
        return "PORT";
    case PLM_V_BYTES:
        return "BYTEBUF";
    case PLM_V_RELTIME:
        return "RELTIME";
    case PLM_V_ABSTIME:
        return "ABSTIME";
    }
    return "";
}

void plm_value_text(enum plm_vtype type, const struct plm_value *v, struct plm_buf *out)
{
    switch (type) {
    case PLM_V_STR:
    case PLM_V_PATH:
    case PLM_V_BYTES:
        plm_buf_sv_put(out, v->s);
        break;
    case PLM_V_I64:
        plm_buf_printf(out, "%lld", (long long)v->i);
        break;
    case PLM_V_U64:
    case PLM_V_PORT:
    case PLM_V_RELTIME:
    case PLM_V_ABSTIME:
        plm_buf_printf(out, "%llu", (unsigned long long)v->u);
        break;
    case PLM_V_BOOL:
        plm_buf_str(out, v->b ? "true" : "false");
        break;
    case PLM_V_IP:
    case PLM_V_NET:
        plm_ip_text(&v->ip, out);
        break;
    }
}

void plm_value_json(enum plm_vtype type, const struct plm_value *v, struct plm_buf *out)
{
    switch (type) {
    case PLM_V_STR:
    case PLM_V_PATH:
    case PLM_V_BYTES:
        plm_text_json(out, v->s);
        break;
    case PLM_V_I64:
    case PLM_V_U64:
    case PLM_V_PORT:
    case PLM_V_RELTIME:
    case PLM_V_ABSTIME:
    case PLM_V_BOOL:
        plm_value_text(type, v, out);
        break;
    case PLM_V_IP:
    case PLM_V_NET:
        plm_buf_byte(out, '"');
        plm_ip_text(&v->ip, out);
        plm_buf_byte(out, '"');
        break;
    }
}

void plm_values_text(enum plm_vtype type, bool is_list, const struct plm_values *values, struct plm_buf *out)
{
    if (is_list)
        plm_buf_byte(out, '(');
    for (size_t i = 0; i < values->n; i++) {
        if (i)
            plm_buf_byte(out, is_list ? ',' : ' ');
        plm_value_text(type, &values->v[i], out);
    }
    if (is_list)
        plm_buf_byte(out, ')');
}

bool plm_field_text(const struct plm_view *view, const struct plm_fieldref *ref, struct plm_buf *out)
{
    struct plm_values values = {0};
    if (plm_field_get(view, ref, &values) < 0 || !values.n)
        return false;
    plm_values_text(ref->type, ref->field->flags & PLM_F_LIST, &values, out);
    return true;
}
