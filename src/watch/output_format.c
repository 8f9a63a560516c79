/* SPDX-License-Identifier: Apache-2.0
 *
 * Output formats (falco-rules.md 3.1). After a `%` stand perhaps a width and then the longest text that names
 * a field, so that "%proc.name." ends with a full stop and "(%fd.name)" with a bracket; a transformer reaches
 * to its closing bracket. There is no way to write a `%` itself. A width counts bytes, pads and cuts, as
 * Falco's does.
 *
 * Compiling is linear but for the search of the longest name, which tries at most NAME_MAX_ lengths.
 */
#include "watch/output_format.h"
#include "watch/condition_int.h"
#include "watch/field_int.h"

#include "base/text.h"

enum { NAME_MAX_ = 256, WIDTH_MAX = 4096, TOKENS_MAX = 4096 };

typedef PLM_VEC(struct plm_output_token) token_vec;

struct compiler {
    plm_sv text;
    size_t at;    /* where the next token is read */
    size_t start; /* of the token: for messages */
    struct plm_arena *arena;
    token_vec tokens;
    struct plm_output_format *format;
};

static bool is_name_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-' || c == '.';
}

/* Length of the text in brackets at the start of s, brackets included, quotes respected; 0: not closed. */
static size_t bracket_length(plm_sv s, char open, char close)
{
    size_t depth = 0;
    char quote = '\0';
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        if (quote) {
            if (c == '\\')
                i++;
            else if (c == quote)
                quote = '\0';
        } else if (c == '"' || c == '\'') {
            quote = c;
        } else if (c == open) {
            depth++;
        } else if (c == close && --depth == 0) {
            return i + 1;
        }
    }
    return 0;
}

/* ---- what stands after a % ---------------------------------------------------------------------- */

static bool is_field(plm_sv text)
{
    struct plm_fieldref ref;
    return plm_field_resolve(text, &ref, NULL) == 0;
}

/* Length of the longest field at the start of s; 0: none. */
static size_t field_length(plm_sv s)
{
    size_t n = 0;
    while (n < s.n && n < NAME_MAX_ && is_name_char(s.p[n]))
        n++;
    if (n < s.n && s.p[n] == '[') {
        size_t bracket = bracket_length(plm_sv_from_off(s, n), '[', ']');
        if (bracket && is_field(plm_sv_sub(s, 0, n + bracket)))
            return n + bracket;
    }
    for (; n; n--)
        if (s.p[n - 1] != '.' && is_field(plm_sv_sub(s, 0, n)))
            return n;
    return 0;
}

/* Length of a transformer with its arguments at the start of s; 0: none. */
static size_t transformer_length(plm_sv s)
{
    enum plm_transform t;
    size_t n = plm_sv_find(s, '(');
    if (n == SIZE_MAX || !plm_transform_find(plm_sv_sub(s, 0, n), &t))
        return 0;
    size_t length = bracket_length(plm_sv_from_off(s, n), '(', ')');
    if (!length)
        return 0;
    n += length;
    if (n < s.n && s.p[n] == '[')
        n += bracket_length(plm_sv_from_off(s, n), '[', ']');
    return n;
}

/* What the fields inside need; none of them may be for conditions only. */
static int take_fields(struct compiler *c, struct plm_operand *o, plm_err **err)
{
    if (o->kind == PLM_OPERAND_FIELD) {
        if (o->ref.field->flags & PLM_F_FILTER_ONLY)
            return plm_fail(err, PLM_E_PARSE, "%s can be used in conditions only", o->ref.field->name);
        o->ref.for_output = true;
        c->format->needs |= plm_field_needs(&o->ref);
        c->format->needs_metadata |= (o->ref.field->flags & PLM_F_CONTAINER) != 0;
    }
    for (size_t i = 0; i < o->n_args; i++)
        if (take_fields(c, &o->args[i], err) < 0)
            return -1;
    return 0;
}

static int add_field(struct compiler *c, plm_sv key, uint32_t width, plm_err **err)
{
    enum plm_vtype type;
    bool is_list;
    struct plm_operand *o = plm_operand_parse(key, c->arena, err);
    if (!o || plm_operand_resolve(o, c->arena, &type, &is_list, err) < 0 || take_fields(c, o, err) < 0)
        return plm_wrap(err, "invalid formatting token %.*s", PLM_SV_ARG(key));
    struct plm_output_token *t = plm_vec_push(c->arena, &c->tokens);
    if (!t)
        return plm_arena_check(c->arena, err);
    *t = (struct plm_output_token){.key = key, .width = width, .operand = o, .is_list = is_list};
    return 0;
}

static int add_text(struct compiler *c, size_t from, size_t to, plm_err **err)
{
    if (from == to)
        return 0;
    struct plm_output_token *t = plm_vec_push(c->arena, &c->tokens);
    if (!t)
        return plm_arena_check(c->arena, err);
    t->text = plm_sv_sub(c->text, from, to - from);
    return 0;
}

static int read_width(struct compiler *c, uint32_t *out, plm_err **err)
{
    uint32_t width = 0;
    for (; c->at < c->text.n && c->text.p[c->at] >= '0' && c->text.p[c->at] <= '9'; c->at++) {
        width = width * 10 + (uint32_t)(c->text.p[c->at] - '0');
        if (width > WIDTH_MAX)
            return plm_fail(err, PLM_E_PARSE, "a width over %d", WIDTH_MAX);
    }
    *out = width;
    return 0;
}

/* %container.info is what Falco once replaced by suggested fields: printed as nothing. */
static bool skip_container_info(struct compiler *c)
{
    static const char name[] = "container.info";
    plm_sv rest = plm_sv_from_off(c->text, c->at);
    size_t n = sizeof(name) - 1;
    if (!plm_sv_starts(rest, PLM_SV("container.info")) ||
        (rest.n > n && is_name_char(rest.p[n]) && rest.p[n] != '.'))
        return false;
    c->format->had_container_info = true;
    c->at += n;
    return true;
}

static int read_token(struct compiler *c, plm_err **err)
{
    uint32_t width;
    c->start = c->at++;
    if (read_width(c, &width, err) < 0)
        return -1;
    if (c->at == c->text.n)
        return plm_fail(err, PLM_E_PARSE, "invalid formatting syntax: formatting cannot end with a %s",
                        width ? "number" : "%");
    if (skip_container_info(c))
        return 0;
    plm_sv rest = plm_sv_from_off(c->text, c->at);
    size_t n = transformer_length(rest);
    if (!n)
        n = field_length(rest);
    if (!n)
        return plm_fail(err, PLM_E_PARSE, "invalid formatting token %.*s",
                        PLM_SV_ARG(plm_sv_sub(rest, 0, NAME_MAX_)));
    plm_sv key = plm_arena_sv(c->arena, plm_sv_sub(rest, 0, n));
    c->at += n;
    if (!key.p)
        return plm_arena_check(c->arena, err);
    return add_field(c, key, width, err);
}

static int compile(struct compiler *c, plm_err **err)
{
    size_t literal = 0;
    while (c->at < c->text.n) {
        if (c->text.p[c->at] != '%') {
            c->at++;
            continue;
        }
        if (c->tokens.n > TOKENS_MAX)
            return plm_fail(err, PLM_E_LIMIT, "more than %d fields", TOKENS_MAX);
        if (add_text(c, literal, c->at, err) < 0 || read_token(c, err) < 0)
            return -1;
        literal = c->at;
    }
    return add_text(c, literal, c->text.n, err);
}

struct plm_output_format *plm_output_compile(plm_sv text, struct plm_arena *a, size_t *out_offset,
                                             plm_err **err)
{
    struct compiler c = {.text = plm_arena_sv(a, text.p ? text : PLM_SV("")),
                         .arena = a,
                         .format = plm_arena_make(a, struct plm_output_format)};
    if (!c.text.p || !c.format)
        return PLM_NULL(plm_arena_check(a, err));
    if (compile(&c, err) < 0) {
        if (out_offset)
            *out_offset = c.start;
        return NULL;
    }
    c.format->tokens = c.tokens.v;
    c.format->n = c.tokens.n;
    return c.format;
}

/* ---- printing ----------------------------------------------------------------------------------- */

/* False: no value. Out of memory fails the buffer, so that it is no value that was not there. */
static bool token_values(const struct plm_output_token *t, const struct plm_view *view, enum plm_vtype *type,
                         struct plm_values *values, struct plm_buf *out)
{
    if (plm_operand_get(t->operand, view, type, values) < 0) {
        out->failed = PLM_E_OOM;
        return false;
    }
    return values->n > 0;
}

bool plm_output_token_text(const struct plm_output_token *t, const struct plm_view *view, bool is_base64,
                           struct plm_buf *out)
{
    enum plm_vtype type = PLM_V_STR;
    struct plm_values values = {0};
    if (!token_values(t, view, &type, &values, out))
        return false;
    if (is_base64 && type == PLM_V_BYTES)
        plm_text_base64(out, values.v[0].s);
    else
        plm_values_text(type, t->is_list, &values, out);
    return true;
}

static void json_array(enum plm_vtype type, const struct plm_values *values, struct plm_buf *out)
{
    plm_buf_byte(out, '[');
    for (size_t i = 0; i < values->n; i++) {
        if (i)
            plm_buf_byte(out, ',');
        plm_value_json(type, &values->v[i], out);
    }
    plm_buf_byte(out, ']');
}

void plm_output_token_json(const struct plm_output_token *t, const struct plm_view *view, bool is_base64,
                           struct plm_buf *out)
{
    enum plm_vtype type = PLM_V_STR;
    struct plm_values values = {0};
    bool is_time = plm_sv_is(t->key, "evt.time") || plm_sv_is(t->key, "evt.time.iso8601");
    if (is_time && view->event) {
        plm_buf_printf(out, "%llu", (unsigned long long)view->event->ts);
    } else if (!token_values(t, view, &type, &values, out)) {
        plm_buf_str(out, "null");
    } else if (t->is_list) {
        json_array(type, &values, out);
    } else if (values.n == 1 && !(is_base64 && type == PLM_V_BYTES)) {
        plm_value_json(type, &values.v[0], out);
    } else {
        plm_auto_done(plm_buf_done) struct plm_buf text = PLM_BUF(PLM_FIELD_TEXT_MAX);
        if (values.n == 1)
            plm_text_base64(&text, values.v[0].s);
        else
            plm_values_text(type, false, &values, &text);
        plm_text_json(out, plm_buf_sv(&text));
        if (text.failed)
            out->failed = text.failed;
    }
}

void plm_output_put(const struct plm_output_format *f, const struct plm_view *view, bool is_base64,
                    struct plm_buf *out)
{
    for (size_t i = 0; i < f->n; i++) {
        const struct plm_output_token *t = &f->tokens[i];
        size_t start = out->n;
        if (!t->operand)
            plm_buf_sv_put(out, t->text);
        else if (!plm_output_token_text(t, view, is_base64, out))
            plm_buf_str(out, "<NA>");
        if (t->width && out->n - start > t->width)
            out->n = start + t->width;
        while (t->width && out->n - start < t->width && !out->failed)
            plm_buf_byte(out, ' ');
    }
}

void plm_output_escape(struct plm_buf *out, plm_sv text)
{
    plm_auto_done(plm_buf_done) struct plm_buf json = PLM_BUF(out->max);
    plm_text_json(&json, text);
    if (json.failed || json.n < 2) {
        out->failed = json.failed;
        return;
    }
    /* A string in JSON but for its quotes and the escapes of what needs none outside of one. */
    for (size_t i = 1; i + 1 < json.n; i++) {
        bool is_needless = json.p[i] == '\\' && (json.p[i + 1] == '"' || json.p[i + 1] == '\\');
        if (is_needless)
            i++;
        plm_buf_byte(out, (unsigned char)json.p[i]);
    }
}

void plm_output_text(const struct plm_output_format *f, const struct plm_view *view, struct plm_buf *out)
{
    plm_auto_done(plm_buf_done) struct plm_buf raw = PLM_BUF(out->max);
    plm_output_put(f, view, false, &raw);
    if (raw.failed)
        out->failed = raw.failed;
    else
        plm_output_escape(out, plm_buf_sv(&raw));
}
