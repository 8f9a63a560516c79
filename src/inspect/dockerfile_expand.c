/* SPDX-License-Identifier: Apache-2.0
 *
 * Variables in Dockerfiles: the substitution that the builder itself does, a subset of the shell's
 * (https://docs.docker.com/reference/dockerfile/#environment-replacement). Quotes and escapes are removed in
 * the same pass, so that what a value brings along is not read again. Patterns (#, ##, %, %%, /, //) know `*`
 * and `?` and escapes, and `*` goes over slashes. Values longer than PATTERN_BYTES are not cut by patterns
 * (quadratic): they count as unset.
 */
#include "inspect/dockerfile_int.h"

enum { DEPTH_MAX = 16, PATTERN_BYTES = 4096, VALUE_BYTES = 64 << 10 };

struct expand {
    plm_sv text;
    size_t at;
    const struct plm_df_var *vars;
    char escape;
    struct plm_arena *a;
    bool is_unset, is_bad;
    unsigned depth;
};

const struct plm_df_var *plm_df_var_find(const struct plm_df_var *v, plm_sv name)
{
    bool only_env = false;
    for (; v; v = v->next) {
        if (!v->name.p)
            only_env = true; /* what the parent stage left */
        else if ((v->is_env || !only_env) && plm_sv_eq(v->name, name))
            return v;
    }
    return NULL;
}

static bool is_name_char(char c, bool is_first)
{
    return c == '_' || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           (!is_first && c >= '0' && c <= '9');
}

static int peek(const struct expand *x, size_t ahead)
{
    return x->at + ahead < x->text.n ? (unsigned char)x->text.p[x->at + ahead] : -1;
}

static plm_sv name_at(struct expand *x)
{
    size_t from = x->at;
    while (x->at < x->text.n && is_name_char(x->text.p[x->at], x->at == from))
        x->at++;
    return plm_sv_sub(x->text, from, x->at - from);
}

/* ---- patterns -------------------------------------------------------------------------------------- */

static bool matches(plm_sv pattern, plm_sv s)
{
    size_t p = 0, i = 0, star = SIZE_MAX, mark = 0;
    while (i < s.n) {
        bool is_escaped = p + 1 < pattern.n && pattern.p[p] == '\\';
        char c = p < pattern.n ? pattern.p[p + is_escaped] : 0;
        if (p < pattern.n && !is_escaped && c == '*') {
            star = ++p;
            mark = i;
        } else if (p < pattern.n && ((!is_escaped && c == '?') || c == s.p[i])) {
            p += 1u + is_escaped;
            i++;
        } else if (star != SIZE_MAX) {
            p = star;
            i = ++mark;
        } else {
            return false;
        }
    }
    while (p < pattern.n && pattern.p[p] == '*')
        p++;
    return p == pattern.n;
}

static plm_sv strip(plm_sv value, plm_sv pattern, bool at_end, bool is_greedy)
{
    for (size_t k = 0; k <= value.n; k++) {
        size_t n = is_greedy ? value.n - k : k;
        plm_sv part = at_end ? plm_sv_from_off(value, value.n - n) : plm_sv_sub(value, 0, n);
        if (matches(pattern, part))
            return at_end ? plm_sv_sub(value, 0, value.n - n) : plm_sv_from_off(value, n);
    }
    return value;
}

/* Longest match at each place, as shells do. */
static void replace(plm_sv value, plm_sv pattern, plm_sv with, bool all, struct plm_buf *out)
{
    size_t i = 0;
    bool is_done = false;
    while (i < value.n) {
        size_t n = is_done || !pattern.n ? 0 : value.n - i;
        while (n && !matches(pattern, plm_sv_sub(value, i, n)))
            n--;
        if (n) {
            plm_buf_sv_put(out, with);
            i += n;
            is_done = !all;
        } else {
            plm_buf_byte(out, (unsigned char)value.p[i++]);
        }
    }
}

/* ---- words ----------------------------------------------------------------------------------------- */

static void word(struct expand *x, const char *stop, struct plm_buf *out);

static plm_sv operand(struct expand *x, const char *stop)
{
    plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(VALUE_BYTES);
    word(x, stop, &b);
    if (b.failed) {
        x->is_bad = true;
        return PLM_SV("");
    }
    plm_sv copy = plm_arena_sv(x->a, plm_buf_sv(&b));
    return copy.p ? copy : PLM_SV("");
}

static plm_sv value_of(struct expand *x, plm_sv name)
{
    const struct plm_df_var *v = plm_df_var_find(x->vars, name);
    return v ? v->value : PLM_SV_NULL;
}

static void put_value(struct expand *x, plm_sv value, struct plm_buf *out)
{
    if (!value.p)
        x->is_unset = true;
    plm_buf_sv_put(out, value);
}

/* The operand of -, + and ?, at the operator. */
static void default_op(struct expand *x, plm_sv value, bool counts_empty, struct plm_buf *out)
{
    char op = x->text.p[x->at++];
    plm_sv w = operand(x, "}");
    bool is_set = value.p && (value.n || !counts_empty);
    if (op == '+')
        plm_buf_sv_put(out, is_set ? w : PLM_SV(""));
    else if (op == '-')
        plm_buf_sv_put(out, is_set ? value : w);
    else
        put_value(x, is_set ? value : PLM_SV_NULL, out);
}

static void pattern_op(struct expand *x, plm_sv value, struct plm_buf *out)
{
    char op = x->text.p[x->at++];
    bool is_double = peek(x, 0) == op;
    x->at += is_double;
    plm_sv pattern = operand(x, op == '/' ? "/}" : "}"), with = PLM_SV("");
    if (op == '/' && peek(x, 0) == '/') {
        x->at++;
        with = operand(x, "}");
    }
    if (!value.p || value.n > PATTERN_BYTES || pattern.n > PATTERN_BYTES) {
        x->is_unset = true;
        return;
    }
    if (op == '/')
        replace(value, pattern, with, is_double, out);
    else
        plm_buf_sv_put(out, strip(value, pattern, op == '%', is_double));
}

/* At the byte behind "${". */
static void braces(struct expand *x, struct plm_buf *out)
{
    plm_sv name = name_at(x), value = value_of(x, name);
    int c = peek(x, 0), next = peek(x, 1);
    bool is_op = c == '-' || c == '+' || c == '?';
    if (!name.n || x->depth >= DEPTH_MAX) {
        x->is_bad = true;
        return;
    }
    x->depth++;
    if (c == '}')
        put_value(x, value, out);
    else if (is_op)
        default_op(x, value, false, out);
    else if (c == ':' && (next == '-' || next == '+' || next == '?')) {
        x->at++;
        default_op(x, value, true, out);
    } else if (c == '#' || c == '%' || c == '/')
        pattern_op(x, value, out);
    else
        x->is_bad = true;
    x->depth--;
    if (peek(x, 0) != '}')
        x->is_bad = true;
    else
        x->at++;
}

/* At a '$'. */
static void dollar(struct expand *x, struct plm_buf *out)
{
    x->at++;
    int c = peek(x, 0);
    if (c == '{') {
        x->at++;
        braces(x, out);
    } else if (c >= 0 && is_name_char((char)c, true)) {
        put_value(x, value_of(x, name_at(x)), out);
    } else {
        plm_buf_byte(out, '$');
    }
}

/* Inside double quotes, behind the first. */
static void quoted(struct expand *x, struct plm_buf *out)
{
    while (x->at < x->text.n && !x->is_bad) {
        char c = x->text.p[x->at];
        int next = peek(x, 1);
        if (c == '"') {
            x->at++;
            return;
        }
        if (c == '$') {
            dollar(x, out);
        } else if (c == x->escape && (next == '"' || next == '$' || next == x->escape)) {
            plm_buf_byte(out, (unsigned char)next);
            x->at += 2;
        } else {
            plm_buf_byte(out, (unsigned char)c);
            x->at++;
        }
    }
}

static void word(struct expand *x, const char *stop, struct plm_buf *out)
{
    while (x->at < x->text.n && !x->is_bad) {
        char c = x->text.p[x->at];
        if (c && strchr(stop, c))
            return;
        if (c == '\'') {
            plm_sv rest = plm_sv_from_off(x->text, x->at + 1);
            size_t end = plm_sv_find(rest, '\'');
            plm_buf_sv_put(out, plm_sv_sub(rest, 0, end));
            x->at = end == SIZE_MAX ? x->text.n : x->at + end + 2;
        } else if (c == '"') {
            x->at++;
            quoted(x, out);
        } else if (c == '$') {
            dollar(x, out);
        } else if (c == x->escape && x->at + 1 < x->text.n) {
            plm_buf_byte(out, (unsigned char)x->text.p[x->at + 1]);
            x->at += 2;
        } else {
            plm_buf_byte(out, (unsigned char)c);
            x->at++;
        }
    }
}

plm_sv plm_df_expand(plm_sv text, const struct plm_df_var *vars, char escape, struct plm_arena *a,
                     bool *out_unset)
{
    *out_unset = false;
    bool has_any = false;
    for (size_t i = 0; i < text.n && !has_any; i++)
        has_any = strchr("$'\"", text.p[i]) || text.p[i] == escape;
    if (!has_any)
        return text;
    struct expand x = {.text = text, .vars = vars, .escape = escape, .a = a};
    plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(VALUE_BYTES);
    word(&x, "", &b);
    *out_unset = x.is_unset || x.is_bad || b.failed;
    if (x.is_bad || b.failed)
        return text;
    plm_sv copy = plm_arena_sv(a, plm_buf_sv(&b));
    return copy.p ? copy : PLM_SV("");
}
