/* SPDX-License-Identifier: Apache-2.0
 *
 * Python's `re` (library reference, "Regular expression syntax"; Python 3.8 to 3.10) translated to PCRE2.
 *
 * Most of the two languages is the same text. What is translated or refused:
 *   - \Z is the very end (PCRE2: also before a last line end); \z, \h, \R, \K, \p ... are bad escapes;
 *   - \uXXXX and \UXXXXXXXX are characters; \0 and \ooo octal;
 *   - {,n} is {0,n}; a second repeat (a**, a{2}{3}, a*+) is an error, ?? *? +? and {m,n}? are lazy;
 *   - in a class '[' is a character, so that [[:alpha:]] is no POSIX class;
 *   - (?i) and its like hold for the whole expression wherever they stand; (?a), (?L) and (?u) set what \w
 * means;
 *   - of the extensions only (?: (?P<n> (?P=n) (?# (?= (?! (?<= (?<! (?(id) and (?flags: exist: no atomic
 *     groups, no recursion, no verbs.
 *
 * A line ends in \n only. Text that is no UTF-8 matches up to the bad bytes. Steps, backtracking and heap are
 * bounded, so that (a+)+$ ends in LIMIT instead of an hour.
 */
#define PCRE2_CODE_UNIT_WIDTH 8

#include "codec/pyre.h"

#include "base/buf.h"

#include <pcre2.h>
#include <stdlib.h>

enum {
    PATTERN_MAX = 64 << 10,
    OUT_MAX = 1 << 20,
    STEPS_MAX = 2000000,
    DEPTH_MAX = 100000,
    HEAP_KIB = 32 << 10,
};

struct plm_pyre {
    pcre2_code *code;
    pcre2_match_context *limits;
    bool is_anchored; /* compiled so */
};

/* ---- translation ---------------------------------------------------------------------------------- */

struct reader {
    plm_sv in;
    size_t at;
    struct plm_buf out;
    uint32_t options;
    bool is_bytes, is_verbose;
    plm_err **err;
};

static int bad(struct reader *r, const char *what, size_t at)
{
    return plm_fail(r->err, PLM_E_PARSE, "%s at position %zu", what, at);
}

static int peek(const struct reader *r)
{
    return r->at < r->in.n ? (unsigned char)r->in.p[r->at] : -1;
}

static int peek_at(const struct reader *r, size_t ahead)
{
    return r->at + ahead < r->in.n ? (unsigned char)r->in.p[r->at + ahead] : -1;
}

static bool is_digit(int c)
{
    return c >= '0' && c <= '9';
}

static bool is_letter(int c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static int hex_value(int c)
{
    return is_digit(c)            ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
}

/* \x, \u, \U: exactly n digits. */
static int put_hex(struct reader *r, size_t n)
{
    size_t start = r->at;
    uint64_t v = 0;
    r->at += 2;
    for (size_t i = 0; i < n; i++, r->at++) {
        int h = hex_value(peek(r));
        if (h < 0)
            return bad(r, "incomplete escape", start);
        v = v << 4 | (unsigned)h;
    }
    if (v > 0x10ffff)
        return bad(r, "bad escape", start);
    plm_buf_printf(&r->out, "\\x{%llx}", (unsigned long long)v);
    return 0;
}

/* \0, \0oo, \ooo: octal; outside of classes \1 to \99 are groups. */
static int put_digits(struct reader *r, bool in_class)
{
    size_t start = r->at, n = 0;
    unsigned v = 0;
    bool is_octal = in_class || peek_at(r, 1) == '0' ||
                    (peek_at(r, 1) <= '3' && is_digit(peek_at(r, 2)) && peek_at(r, 2) < '8' &&
                     is_digit(peek_at(r, 3)) && peek_at(r, 3) < '8');
    r->at++;
    if (!is_octal) {
        for (; n < 2 && is_digit(peek(r)); n++, r->at++)
            v = v * 10 + (unsigned)(peek(r) - '0');
        plm_buf_printf(&r->out, "\\g{%u}", v);
        return 0;
    }
    for (; n < 3 && is_digit(peek(r)) && peek(r) < '8'; n++, r->at++)
        v = v * 8 + (unsigned)(peek(r) - '0');
    if (n == 0 || v > 0377)
        return bad(r, "bad escape", start);
    plm_buf_printf(&r->out, "\\x{%x}", v);
    return 0;
}

static int put_escape(struct reader *r, bool in_class)
{
    int c = peek_at(r, 1);
    size_t start = r->at;
    if (c < 0)
        return bad(r, "bad escape (end of pattern)", start);
    if (is_digit(c))
        return put_digits(r, in_class);
    if (c == 'x')
        return put_hex(r, 2);
    if ((c == 'u' || c == 'U') && !r->is_bytes)
        return put_hex(r, c == 'u' ? 4 : 8);
    const char *known = in_class ? "abfnrtvdDsSwW" : "abfnrtvdDsSwWABZ";
    if (is_letter(c) && !strchr(known, c)) {
        char what[] = "bad escape \\?";
        what[sizeof(what) - 2] = (char)c;
        return bad(r, what, start);
    }
    r->at += 2;
    if (c == 'Z')
        plm_buf_str(&r->out, "\\z");
    else if (c == 'v')
        plm_buf_str(&r->out, "\\x{b}"); /* PCRE2: any vertical blank */
    else if (c >= 0x80)
        plm_buf_byte(&r->out, (unsigned char)c); /* a character of several bytes stands for itself */
    else
        plm_buf_printf(&r->out, "\\%c", c);
    return 0;
}

static int put_class(struct reader *r)
{
    size_t start = r->at++;
    bool is_first = true;
    plm_buf_byte(&r->out, '[');
    if (peek(r) == '^') {
        plm_buf_byte(&r->out, '^');
        r->at++;
    }
    for (;; is_first = false) {
        int c = peek(r);
        if (c < 0)
            return bad(r, "unterminated character set", start);
        if (c == ']' && !is_first) {
            plm_buf_byte(&r->out, ']');
            r->at++;
            return 0;
        }
        if (c == '\\') {
            if (put_escape(r, true) < 0)
                return -1;
            continue;
        }
        if (c == '[' || c == ']')
            plm_buf_byte(&r->out, '\\');
        plm_buf_byte(&r->out, (unsigned char)c);
        r->at++;
    }
}

/* Flags of (?...) behind the question mark. True if they are all known and end in ')' or ':'. */
static bool read_flags(const struct reader *r, uint32_t *on, uint32_t *off, size_t *out_n, bool *ascii)
{
    bool is_off = false;
    size_t n = 2;
    for (int c; (c = peek_at(r, n)) >= 0 && c != ')' && c != ':'; n++) {
        uint32_t bit = c == 'i'   ? PCRE2_CASELESS
                       : c == 'm' ? PCRE2_MULTILINE
                       : c == 's' ? PCRE2_DOTALL
                       : c == 'x' ? PCRE2_EXTENDED
                                  : 0;
        bool is_kind = c == 'a' || c == 'L' || c == 'u';
        if (c == '-' && !is_off)
            is_off = true;
        else if (!bit && !is_kind)
            return false;
        *ascii = *ascii || c == 'a';
        *(is_off ? off : on) |= bit;
    }
    *out_n = n;
    return n > 2 && peek_at(r, n) >= 0;
}

static void put_flag_letters(struct plm_buf *b, uint32_t bits)
{
    static const struct {
        uint32_t bit;
        char letter;
    } rows[] = {{PCRE2_CASELESS, 'i'}, {PCRE2_MULTILINE, 'm'}, {PCRE2_DOTALL, 's'}, {PCRE2_EXTENDED, 'x'}};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        if (bits & rows[i].bit)
            plm_buf_byte(b, (unsigned char)rows[i].letter);
}

static void copy(struct reader *r, size_t n)
{
    plm_buf_sv_put(&r->out, plm_sv_sub(r->in, r->at, n));
    r->at += n;
}

/* "(?"; *opens: a group was opened that a ')' must close. */
static int put_extension(struct reader *r, bool *opens)
{
    size_t start = r->at;
    int c = peek_at(r, 2);
    *opens = true;
    if (c == '#') {
        size_t end = plm_sv_find(plm_sv_from_off(r->in, r->at), ')');
        if (end == SIZE_MAX)
            return bad(r, "missing ), unterminated comment", start);
        r->at += end + 1;
        *opens = false;
        return 0;
    }
    bool is_behind = c == '<' && (peek_at(r, 3) == '=' || peek_at(r, 3) == '!');
    bool is_reference = c == 'P' && peek_at(r, 3) == '=';
    bool is_named = c == 'P' && peek_at(r, 3) == '<';
    if (c == ':' || c == '=' || c == '!' || is_behind) {
        copy(r, is_behind ? 4 : 3);
        return 0;
    }
    if (is_named) {
        size_t end = plm_sv_find(plm_sv_from_off(r->in, r->at), '>');
        if (end == SIZE_MAX)
            return bad(r, "missing >, unterminated name", start + 4);
        copy(r, end + 1);
        return 0;
    }
    if (c == '(' || is_reference) {
        size_t end = plm_sv_find(plm_sv_from_off(r->in, r->at), ')');
        if (end == SIZE_MAX)
            return bad(r, "missing ), unterminated name", start);
        copy(r, end + 1);
        *opens = c == '(';
        return 0;
    }
    uint32_t on = 0, off = 0;
    size_t n = 0;
    bool ascii = false;
    if (!read_flags(r, &on, &off, &n, &ascii))
        return bad(r, "unknown extension", start + 1);
    if (peek_at(r, n) == ')') {
        if (off)
            return bad(r, "missing :", start + n);
        r->options |= on; /* of the whole expression, wherever it stands */
        r->is_verbose = r->is_verbose || (on & PCRE2_EXTENDED);
        r->is_bytes = r->is_bytes || ascii;
        *opens = false;
    } else {
        plm_buf_str(&r->out, "(?");
        put_flag_letters(&r->out, on);
        if (off)
            plm_buf_byte(&r->out, '-');
        put_flag_letters(&r->out, off);
        plm_buf_byte(&r->out, ':');
    }
    r->at += n + 1;
    return 0;
}

/* Length of "{m}", "{m,}", "{,n}", "{m,n}" at r->at; 0: a brace that means itself. */
static size_t repeat_length(const struct reader *r, bool *lacks_min)
{
    size_t n = 1, digits = 0;
    while (is_digit(peek_at(r, n)))
        n++, digits++;
    *lacks_min = digits == 0;
    if (peek_at(r, n) == ',') {
        n++;
        while (is_digit(peek_at(r, n)))
            n++, digits++;
        /* "{,}" is a repeat in Python too: any number */
        return peek_at(r, n) == '}' ? n + 1 : 0;
    }
    return digits && peek_at(r, n) == '}' ? n + 1 : 0;
}

enum unit { NOTHING, UNIT, REPEATED };

/* A repeat and its lazy mark. 0: it was none, 1: done. */
static int put_repeat(struct reader *r, enum unit *unit)
{
    int c = peek(r);
    bool lacks_min = false;
    size_t n = c == '*' || c == '+' || c == '?' ? 1 : c == '{' ? repeat_length(r, &lacks_min) : 0;
    if (!n)
        return 0;
    if (*unit == NOTHING)
        return bad(r, "nothing to repeat", r->at);
    if (*unit == REPEATED)
        return bad(r, "multiple repeat", r->at);
    if (lacks_min && c == '{') {
        plm_buf_str(&r->out, "{0");
        r->at++;
        copy(r, n - 1);
    } else {
        copy(r, n);
    }
    if (peek(r) == '?')
        copy(r, 1);
    *unit = REPEATED;
    return 1;
}

/* What (?x) makes invisible: blanks, and comments to the line's end. */
static bool skip_verbose(struct reader *r)
{
    int c = peek(r);
    if (!r->is_verbose || !(c == ' ' || c == '#' || (c >= '\t' && c <= '\r')))
        return false;
    do
        copy(r, 1);
    while (c == '#' && peek(r) >= 0 && r->in.p[r->at - 1] != '\n');
    return true;
}

static int put_open(struct reader *r, size_t *depth, enum unit *unit)
{
    bool opens = true, is_flags = peek_at(r, 1) == '?';
    size_t before = r->out.n;
    if (peek_at(r, 1) == '*')
        return bad(r, "nothing to repeat", r->at + 1); /* "(*VERB)" */
    if (is_flags && put_extension(r, &opens) < 0)
        return -1;
    if (!is_flags)
        copy(r, 1);
    *depth += opens;
    if (opens)
        *unit = NOTHING;
    else if (r->out.n > before)
        *unit = UNIT; /* (?P=name) */
    return 0;
}

/* A blank group may be repeated, as in Python. */
static int translate(struct reader *r)
{
    size_t depth = 0;
    enum unit unit = NOTHING;
    while (r->at < r->in.n) {
        int c = peek(r), rc = skip_verbose(r) ? 1 : put_repeat(r, &unit);
        if (rc < 0)
            return -1;
        if (rc > 0)
            continue;
        if (c == '(') {
            if (put_open(r, &depth, &unit) < 0)
                return -1;
            continue;
        }
        if (c == ')' && depth-- == 0)
            return bad(r, "unbalanced parenthesis", r->at);
        unit = c == '|' ? NOTHING : UNIT;
        if (c == '\\' || c == '[') {
            if ((c == '[' ? put_class(r) : put_escape(r, false)) < 0)
                return -1;
            continue;
        }
        if (c == '{' || c == '}')
            plm_buf_byte(&r->out, '\\');
        copy(r, 1);
    }
    return depth ? bad(r, "missing ), unterminated subpattern", r->in.n) : plm_buf_check(&r->out, r->err);
}

/* ---- life ----------------------------------------------------------------------------------------- */

/* Leading flags hold for what stands before them too, and (?x) changes how the rest reads: once more with
 * them known. */
static int translate_all(struct reader *r)
{
    if (translate(r) < 0)
        return -1;
    if (!r->is_verbose)
        return 0;
    plm_buf_clear(&r->out);
    r->at = 0;
    return translate(r);
}

static int compile(struct reader *r, struct plm_pyre *re, pcre2_general_context *memory, unsigned flags)
{
    int code;
    PCRE2_SIZE at;
    pcre2_compile_context *how = pcre2_compile_context_create(memory);
    if (!how)
        return plm_fail_oom(r->err);
    (void)pcre2_set_newline(how, PCRE2_NEWLINE_LF);
    uint32_t options = r->options | PCRE2_NEVER_BACKSLASH_C | (flags & PLM_PYRE_ICASE ? PCRE2_CASELESS : 0);
    re->is_anchored = flags & PLM_PYRE_START;
    options |= re->is_anchored ? PCRE2_ANCHORED : 0;
    if (!(flags & PLM_PYRE_BYTES))
        options |= PCRE2_UTF | PCRE2_MATCH_INVALID_UTF | (r->is_bytes ? 0 : PCRE2_UCP);
    re->code = pcre2_compile((PCRE2_SPTR)plm_buf_sv(&r->out).p, r->out.n, options, &code, &at, how);
    pcre2_compile_context_free(how);
    if (!re->code) {
        PCRE2_UCHAR text[256] = {0};
        (void)pcre2_get_error_message(code, text, sizeof(text));
        return plm_fail(r->err, code == PCRE2_ERROR_HEAP_FAILED ? PLM_E_OOM : PLM_E_PARSE,
                        "%s at position %zu", (const char *)text, (size_t)at);
    }
    if (flags & PLM_PYRE_JIT)
        (void)pcre2_jit_compile(re->code, PCRE2_JIT_COMPLETE); /* without it the interpreter does */
    re->limits = pcre2_match_context_create(memory);
    if (!re->limits)
        return plm_fail_oom(r->err);
    (void)pcre2_set_match_limit(re->limits, STEPS_MAX);
    (void)pcre2_set_depth_limit(re->limits, DEPTH_MAX);
    (void)pcre2_set_heap_limit(re->limits, HEAP_KIB);
    return 0;
}

static int build(struct plm_pyre *re, pcre2_general_context *memory, plm_sv pattern, unsigned flags,
                 plm_err **err)
{
    if (pattern.n > PATTERN_MAX)
        return plm_fail(err, PLM_E_LIMIT, "an expression of %zu bytes is over the limit", pattern.n);
    struct reader r = {
        .in = pattern, .out = PLM_BUF(OUT_MAX), .is_bytes = flags & PLM_PYRE_BYTES, .err = err};
    int rc = translate_all(&r) < 0 ? -1 : compile(&r, re, memory, flags);
    plm_buf_done(&r.out);
    return rc;
}

static void *arena_take(PCRE2_SIZE n, void *arena)
{
    return plm_arena_alloc(arena, n);
}

static void arena_keep(void *p, void *arena)
{
    (void)p;
    (void)arena;
}

struct plm_pyre *plm_pyre_new_in(struct plm_arena *a, plm_sv pattern, unsigned flags, plm_err **err)
{
    struct plm_pyre *re = plm_arena_make(a, struct plm_pyre);
    pcre2_general_context *memory = pcre2_general_context_create(arena_take, arena_keep, a);
    if (!re || !memory)
        return PLM_NULL(plm_fail_oom(err));
    return build(re, memory, pattern, flags, err) < 0 ? NULL : re;
}

struct plm_pyre *plm_pyre_new(plm_sv pattern, unsigned flags, plm_err **err)
{
    plm_auto(plm_pyre_free) struct plm_pyre *re = calloc(1, sizeof(*re));
    if (!re)
        return PLM_NULL(plm_fail_oom(err));
    return build(re, NULL, pattern, flags, err) < 0 ? NULL : plm_take(re);
}

void plm_pyre_free(struct plm_pyre *re)
{
    if (!re)
        return;
    pcre2_code_free(re->code);
    pcre2_match_context_free(re->limits);
    free(re);
}

/* ---- matching ------------------------------------------------------------------------------------- */

int plm_pyre_find(const struct plm_pyre *re, plm_sv text, enum plm_pyre_how how, plm_sv *out, plm_err **err)
{
    /* An option at this place would send it to the interpreter. */
    uint32_t options = how == PLM_PYRE_MATCH  ? (re->is_anchored ? 0 : PCRE2_ANCHORED)
                       : how == PLM_PYRE_FULL ? PCRE2_ANCHORED | PCRE2_ENDANCHORED
                                              : 0;
    pcre2_match_data *data = pcre2_match_data_create(1, NULL);
    if (!data)
        return plm_fail_oom(err);
    const char *p = text.p ? text.p : "";
    int rc = pcre2_match(re->code, (PCRE2_SPTR)p, text.n, 0, options, data, re->limits);
    if (rc >= 0 && out) {
        const PCRE2_SIZE *v = pcre2_get_ovector_pointer(data);
        *out = plm_sv_sub(plm_sv_n(p, text.n), v[0], v[1] >= v[0] ? v[1] - v[0] : 0);
    }
    pcre2_match_data_free(data);
    if (rc >= 0)
        return 1;
    if (rc == PCRE2_ERROR_NOMATCH || rc == PCRE2_ERROR_PARTIAL)
        return 0;
    PCRE2_UCHAR why[256] = {0};
    (void)pcre2_get_error_message(rc, why, sizeof(why));
    return plm_fail(err, PLM_E_LIMIT, "the expression gave up: %s", (const char *)why);
}

int plm_pyre_test(const struct plm_pyre *re, plm_sv text, enum plm_pyre_how how, plm_err **err)
{
    return plm_pyre_find(re, text, how, NULL, err);
}
