/* SPDX-License-Identifier: Apache-2.0
 *
 * TOML 1.0: strings, numbers, times, arrays and inline tables.
 *
 * Numbers may have underscores between digits only and no leading zeros; a time's month, day and hour must
 * exist. Doubles are converted by strtod from a copy with a point: the program never calls setlocale.
 */
#include "codec/toml_int.h"

#include "base/buf.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

/* ---- strings ------------------------------------------------------------------------------ */

static int hex_value(int c)
{
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
}

static void put_utf8(struct plm_buf *b, uint32_t cp)
{
    if (cp < 0x80) {
        plm_buf_byte(b, (unsigned char)cp);
        return;
    }
    if (cp < 0x800) {
        plm_buf_byte(b, (unsigned char)(0xc0 | cp >> 6));
    } else {
        if (cp < 0x10000) {
            plm_buf_byte(b, (unsigned char)(0xe0 | cp >> 12));
        } else {
            plm_buf_byte(b, (unsigned char)(0xf0 | cp >> 18));
            plm_buf_byte(b, (unsigned char)(0x80 | (cp >> 12 & 0x3f)));
        }
        plm_buf_byte(b, (unsigned char)(0x80 | (cp >> 6 & 0x3f)));
    }
    plm_buf_byte(b, (unsigned char)(0x80 | (cp & 0x3f)));
}

static int code_point(struct toml_parser *p, struct plm_buf *b, size_t digits)
{
    uint32_t cp = 0;
    for (size_t i = 0; i < digits; i++) {
        int v = hex_value(plm_toml_peek(p, i));
        if (v < 0)
            return plm_toml_fault(p, PLM_E_PARSE, "%zu hexadecimal digits were expected", digits);
        cp = cp << 4 | (uint32_t)v;
    }
    if (cp > 0x10ffff || (cp >= 0xd800 && cp < 0xe000))
        return plm_toml_fault(p, PLM_E_PARSE, "no such character");
    p->at += digits;
    put_utf8(b, cp);
    return 0;
}

/* A backslash at the end of a line of a long string takes all blanks and line ends behind it away. */
static int line_continuation(struct toml_parser *p)
{
    plm_toml_skip_blanks(p);
    bool any = false;
    for (;;) {
        size_t n = plm_toml_peek(p, 0) == '\n'                                  ? 1
                   : plm_toml_peek(p, 0) == '\r' && plm_toml_peek(p, 1) == '\n' ? 2
                                                                                : 0;
        if (!n)
            break;
        any = true;
        p->at += n;
        p->line++;
        p->line_start = p->at;
        plm_toml_skip_blanks(p);
    }
    return any ? 0 : plm_toml_fault(p, PLM_E_PARSE, "unknown escape in a string");
}

static int escape(struct toml_parser *p, struct plm_buf *b, bool is_long)
{
    static const char from[] = "btnfr\"\\", to[] = "\b\t\n\f\r\"\\";
    int c = plm_toml_peek(p, 1);
    const char *at = c > 0 ? strchr(from, c) : NULL;
    p->at++;
    if (at) {
        plm_buf_byte(b, (unsigned char)to[at - from]);
        p->at++;
        return 0;
    }
    if (c == 'u' || c == 'U') {
        p->at++;
        return code_point(p, b, c == 'u' ? 4 : 8);
    }
    if (is_long && (c == ' ' || c == '\t' || c == '\n' || c == '\r'))
        return line_continuation(p);
    return plm_toml_fault(p, PLM_E_PARSE, "unknown escape in a string");
}

/* At the third and last quote of a long string up to two more belong to its text. */
static bool at_long_end(struct toml_parser *p, int quote, struct plm_buf *b)
{
    size_t n = 0;
    while (n < 5 && plm_toml_peek(p, n) == quote)
        n++;
    if (n < 3)
        return false;
    for (size_t i = 3; i < n; i++)
        plm_buf_byte(b, (unsigned char)quote);
    p->at += n;
    return true;
}

static int string_body(struct toml_parser *p, int quote, bool is_long, struct plm_buf *b)
{
    for (;;) {
        int c = plm_toml_peek(p, 0);
        if (c == quote && !is_long) {
            p->at++;
            return 0;
        }
        if (c == quote && at_long_end(p, quote, b))
            return 0;
        bool is_line_end = c == '\n' || (c == '\r' && plm_toml_peek(p, 1) == '\n');
        if (c < 0 || (is_line_end && !is_long))
            return plm_toml_fault(p, PLM_E_PARSE, "a string without its end");
        if (!is_line_end && ((c < ' ' && c != '\t') || c == 0x7f))
            return plm_toml_fault(p, PLM_E_PARSE, "a control character in a string");
        if (c == '\\' && quote == '"') {
            if (escape(p, b, is_long) < 0)
                return -1;
            continue;
        }
        if (!is_line_end || c == '\n') /* a line end is LF in the value, as other readers have it */
            plm_buf_byte(b, (unsigned char)c);
        p->at++;
        if (c == '\n') {
            p->line++;
            p->line_start = p->at;
        }
    }
}

int plm_toml_string(struct toml_parser *p, bool may_be_long, plm_sv *out)
{
    plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(p->text.n + 4);
    int quote = plm_toml_peek(p, 0);
    bool is_long = may_be_long && plm_toml_peek(p, 1) == quote && plm_toml_peek(p, 2) == quote;
    p->at += is_long ? 3 : 1;
    if (is_long) { /* a line end right behind the opening is not part of the text */
        size_t n = plm_toml_peek(p, 0) == '\n'                                  ? 1
                   : plm_toml_peek(p, 0) == '\r' && plm_toml_peek(p, 1) == '\n' ? 2
                                                                                : 0;
        p->at += n;
        p->line += n ? 1 : 0;
        p->line_start = n ? p->at : p->line_start;
    }
    if (string_body(p, quote, is_long, &b) < 0)
        return -1;
    *out = plm_buf_check(&b, NULL) < 0 ? PLM_SV_NULL : plm_arena_sv(p->arena, plm_buf_sv(&b));
    return out->p ? 0 : plm_fail_oom(p->err);
}

/* ---- times -------------------------------------------------------------------------------- */

/* Exactly n digits off *s. */
static bool digits(plm_sv *s, size_t n, unsigned *out)
{
    uint64_t v;
    if (s->n < n || !plm_sv_u64(plm_sv_sub(*s, 0, n), &v))
        return false;
    *out = (unsigned)v;
    *s = plm_sv_from_off(*s, n);
    return true;
}

static bool byte(plm_sv *s, char c)
{
    if (!s->n || s->p[0] != c)
        return false;
    *s = plm_sv_from_off(*s, 1);
    return true;
}

static bool date(plm_sv *s)
{
    static const unsigned days[] = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    unsigned y, m, d;
    if (!digits(s, 4, &y) || !byte(s, '-') || !digits(s, 2, &m) || !byte(s, '-') || !digits(s, 2, &d))
        return false;
    bool is_leap = (y % 4 == 0 && y % 100 != 0) || y % 400 == 0;
    return y >= 1 && m >= 1 && m <= 12 && d >= 1 && d <= days[m - 1] && (m != 2 || d < 29 || is_leap);
}

static bool clock_time(plm_sv *s)
{
    unsigned h, m, sec;
    if (!digits(s, 2, &h) || !byte(s, ':') || !digits(s, 2, &m) || !byte(s, ':') || !digits(s, 2, &sec) ||
        h > 23 || m > 59 || sec > 59)
        return false;
    if (!byte(s, '.'))
        return true;
    size_t n = 0;
    while (n < s->n && s->p[n] >= '0' && s->p[n] <= '9')
        n++;
    *s = plm_sv_from_off(*s, n);
    return n > 0;
}

static bool offset(plm_sv *s)
{
    unsigned h, m;
    if (byte(s, 'Z') || byte(s, 'z'))
        return true;
    return (byte(s, '+') || byte(s, '-')) && digits(s, 2, &h) && byte(s, ':') && digits(s, 2, &m) &&
           h <= 23 && m <= 59;
}

static bool is_time(plm_sv s)
{
    plm_sv rest = s;
    if (s.n > 2 && s.p[2] == ':')
        return clock_time(&rest) && !rest.n;
    if (!date(&rest))
        return false;
    if (!rest.n)
        return true;
    return (byte(&rest, 'T') || byte(&rest, 't') || byte(&rest, ' ')) && clock_time(&rest) &&
           (!rest.n || (offset(&rest) && !rest.n));
}

/* ---- numbers ------------------------------------------------------------------------------ */

/* The digits of `s` without their underscores; false if one does not stand between two digits. */
static bool without_underscores(plm_sv s, bool is_hex, struct plm_buf *out)
{
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] != '_') {
            plm_buf_byte(out, (unsigned char)s.p[i]);
            continue;
        }
        int before = i ? hex_value((unsigned char)s.p[i - 1]) : -1,
            after = i + 1 < s.n ? hex_value((unsigned char)s.p[i + 1]) : -1;
        if (before < 0 || after < 0 || (!is_hex && (before > 9 || after > 9)))
            return false;
    }
    return s.n > 0;
}

static bool of_base(plm_sv s, unsigned base, uint64_t most, uint64_t *out)
{
    uint64_t v = 0;
    for (size_t i = 0; i < s.n; i++) {
        int d = hex_value((unsigned char)s.p[i]);
        if (d < 0 || (unsigned)d >= base || __builtin_mul_overflow(v, (uint64_t)base, &v) ||
            __builtin_add_overflow(v, (uint64_t)d, &v) || v > most)
            return false;
    }
    *out = v;
    return s.n > 0;
}

/* `digits` has room for all of s and a NUL. */
static bool integer(plm_sv s, struct plm_buf *digits, struct plm_toml_node *n)
{
    bool is_negative = s.n && s.p[0] == '-', has_sign = is_negative || (s.n && s.p[0] == '+');
    plm_sv body = plm_sv_from_off(s, has_sign);
    unsigned base = 10;
    if (body.n > 2 && body.p[0] == '0' && !has_sign)
        base = body.p[1] == 'x' ? 16 : body.p[1] == 'o' ? 8 : body.p[1] == 'b' ? 2 : 10;
    if (base != 10)
        body = plm_sv_from_off(body, 2);
    else if (body.n > 1 && body.p[0] == '0')
        return false;
    uint64_t v;
    plm_buf_clear(digits);
    if (!without_underscores(body, base == 16, digits) ||
        !of_base(plm_buf_sv(digits), base, (uint64_t)INT64_MAX + is_negative, &v))
        return false;
    n->kind = PLM_TOML_INTEGER;
    n->integer = is_negative ? (int64_t)(0 - v) : (int64_t)v;
    n->number = (double)n->integer;
    return true;
}

/* [sign] digits [. digits] [e [sign] digits], the first without leading zeros. */
static bool has_float_shape(plm_sv s)
{
    size_t i = s.n && (s.p[0] == '+' || s.p[0] == '-'), from = i, end_of_digits;
    while (i < s.n && s.p[i] >= '0' && s.p[i] <= '9')
        i++;
    end_of_digits = i;
    if (i == from || (s.p[from] == '0' && i > from + 1))
        return false;
    if (i < s.n && s.p[i] == '.') {
        for (from = ++i; i < s.n && s.p[i] >= '0' && s.p[i] <= '9';)
            i++;
        if (i == from)
            return false;
    }
    if (i < s.n && (s.p[i] == 'e' || s.p[i] == 'E')) {
        i++;
        i += i < s.n && (s.p[i] == '+' || s.p[i] == '-');
        for (from = i; i < s.n && s.p[i] >= '0' && s.p[i] <= '9';)
            i++;
        if (i == from)
            return false;
    }
    return i == s.n && i > end_of_digits; /* an integer that is too large does not become a double */
}

static bool floating(plm_sv s, struct plm_buf *digits, struct plm_toml_node *n)
{
    plm_sv body = plm_sv_from_off(s, s.n && (s.p[0] == '+' || s.p[0] == '-'));
    bool is_negative = s.n && s.p[0] == '-';
    n->kind = PLM_TOML_FLOAT;
    if (plm_sv_is(body, "inf") || plm_sv_is(body, "nan")) {
        n->number = body.p[0] == 'i' ? (is_negative ? -(double)INFINITY : (double)INFINITY) : (double)NAN;
        return true;
    }
    plm_buf_clear(digits);
    if (!without_underscores(s, false, digits) || !has_float_shape(plm_buf_sv(digits)))
        return false;
    n->number = strtod(plm_buf_cstr(digits), NULL);
    return true;
}

/* The word of a number, a time or a boolean. A date may be joined to its time by a blank. */
static plm_sv bare_word(struct toml_parser *p)
{
    size_t from = p->at;
    for (;;) {
        int c = plm_toml_peek(p, 0);
        bool is_word = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                       c == '+' || c == '-' || c == '.' || c == ':' || c == '_';
        bool joins = c == ' ' && p->at - from == 10 && p->text.p[from + 4] == '-' &&
                     plm_toml_peek(p, 1) >= '0' && plm_toml_peek(p, 1) <= '9';
        if (!is_word && !joins)
            return plm_sv_sub(p->text, from, p->at - from);
        p->at++;
    }
}

static struct toml_build *scalar(struct toml_parser *p)
{
    struct toml_build *b = plm_toml_make(p, PLM_TOML_BOOL, TOML_VALUE);
    plm_sv s = b ? bare_word(p) : PLM_SV_NULL;
    if (!b)
        return NULL;
    plm_auto_done(plm_buf_done) struct plm_buf digits = PLM_BUF(s.n + 1);
    if (!plm_buf_reserve(&digits, s.n + 1))
        return PLM_NULL(plm_fail_oom(p->err));
    if (plm_sv_is(s, "true") || plm_sv_is(s, "false"))
        b->node.boolean = s.p[0] == 't';
    else if (is_time(s))
        b->node.kind = PLM_TOML_DATETIME;
    else if (!integer(s, &digits, &b->node) && !floating(s, &digits, &b->node))
        return PLM_NULL(s.n ? plm_toml_fault(p, PLM_E_PARSE, "%.*s is no value", PLM_SV_ARG(s))
                            : plm_toml_fault(p, PLM_E_PARSE, "a value was expected"));
    b->node.text = plm_arena_sv(p->arena, s);
    return b->node.text.p ? b : PLM_NULL(plm_fail_oom(p->err));
}

/* ---- arrays and inline tables ------------------------------------------------------------- */

static struct toml_build *array(struct toml_parser *p, unsigned depth)
{
    struct toml_build *list = plm_toml_make(p, PLM_TOML_ARRAY, TOML_VALUE);
    p->at++;
    while (list && plm_toml_skip_lines(p) == 0) {
        if (plm_toml_peek(p, 0) == ']') {
            p->at++;
            return list;
        }
        struct toml_build *v = plm_toml_value(p, depth);
        if (!v || plm_toml_append(p, list, v) < 0 || plm_toml_skip_lines(p) < 0)
            return NULL;
        if (plm_toml_peek(p, 0) == ',')
            p->at++;
        else if (plm_toml_peek(p, 0) != ']')
            return PLM_NULL(plm_toml_fault(p, PLM_E_PARSE, ", or ] was expected in an array"));
    }
    return NULL;
}

/* What dotted keys made inside is closed with it. */
static void close_inline(struct toml_build *table)
{
    table->origin = TOML_VALUE;
    for (size_t i = 0; i < table->node.n; i++) {
        struct toml_build *child = (struct toml_build *)(void *)table->node.items[i];
        if (child->origin == TOML_DOTTED)
            close_inline(child);
    }
}

static struct toml_build *inline_table(struct toml_parser *p, unsigned depth)
{
    struct toml_build *table = plm_toml_make(p, PLM_TOML_TABLE, TOML_HEADER);
    p->at++;
    plm_toml_skip_blanks(p);
    bool is_first = true;
    while (table && !(is_first && plm_toml_peek(p, 0) == '}')) {
        is_first = false;
        plm_toml_skip_blanks(p);
        if (plm_toml_key_value(p, table, depth) < 0)
            return NULL;
        plm_toml_skip_blanks(p);
        if (plm_toml_peek(p, 0) == '}')
            break;
        if (plm_toml_peek(p, 0) != ',')
            return PLM_NULL(plm_toml_fault(p, PLM_E_PARSE, ", or } was expected in an inline table"));
        p->at++;
    }
    if (!table)
        return NULL;
    p->at++;
    close_inline(table);
    return table;
}

struct toml_build *plm_toml_value(struct toml_parser *p, unsigned depth)
{
    if (depth == 0)
        return PLM_NULL(plm_toml_fault(p, PLM_E_LIMIT, "nested too deep"));
    int c = plm_toml_peek(p, 0);
    if (c == '[')
        return array(p, depth - 1);
    if (c == '{')
        return inline_table(p, depth - 1);
    if (c != '"' && c != '\'')
        return scalar(p);
    struct toml_build *b = plm_toml_make(p, PLM_TOML_STRING, TOML_VALUE);
    return b && plm_toml_string(p, true, &b->node.text) == 0 ? b : NULL;
}
