/* SPDX-License-Identifier: Apache-2.0
 *
 * The operator `regex`: RE2's POSIX syntax, the whole string must match (falco-rules.md 2.1).
 *
 * RE2 is not at hand, so the expression is translated to PCRE2, piece by piece, and what RE2 refuses in this
 * mode is refused here: no (?...), no back references, no \d \w \s \b \p, repeats up to 1000. A second repeat
 * (`a*?`) repeats the first one instead of making it lazy. Since the whole string must match, "leftmost
 * longest" and backtracking accept the same strings; what differs is time: RE2 is linear, PCRE2 is not, so
 * steps, depth and memory are bounded, and a subject that exhausts them does not match.
 *
 * `.` matches everything but a line feed, `^` and `$` match at lines (RE2's POSIX default), classes are
 * ASCII. Bytes of the subject that are no UTF-8 count as U+FFFD.
 */
#define PCRE2_CODE_UNIT_WIDTH 8

#include "base/text.h"
#include "watch/operators.h"

#include <pcre2.h>

enum {
    PATTERN_MAX = 16 << 10,
    SUBJECT_MAX = 1 << 20,
    OUT_MAX = 1 << 20,
    NEST_MAX = 200,
    REPEAT_MAX = 1000,
    STEPS_MAX = 200000,
    DEPTH_MAX = 20000,
    HEAP_KIB = 8 << 10,
};

struct plm_posix_re {
    pcre2_code *code;
    pcre2_match_context *limits;
};

/* ---- translation ----------------------------------------------------------------------------------------
 */

struct reader {
    plm_sv in;
    size_t at;
    struct plm_buf out;
    size_t groups[NEST_MAX]; /* where in `out` the open groups begin */
    size_t n_groups;
    plm_err **err;
};

static int bad(struct reader *r, const char *what)
{
    return plm_fail(r->err, PLM_E_PARSE, "regular expression: %s at position %zu", what, r->at);
}

static int peek(const struct reader *r, size_t ahead)
{
    return r->at + ahead < r->in.n ? (unsigned char)r->in.p[r->at + ahead] : -1;
}

static int hex_digit(int c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* \xHH and \x{H...} behind the x. */
static int read_hex(struct reader *r, uint32_t *out)
{
    bool is_braced = peek(r, 0) == '{';
    r->at += is_braced;
    uint32_t v = 0;
    size_t n = 0;
    for (; n < (is_braced ? 6u : 2u) && hex_digit(peek(r, 0)) >= 0; n++, r->at++)
        v = v << 4 | (uint32_t)hex_digit(peek(r, 0));
    if (!n || (!is_braced && n < 2) || v > 0x10ffff || (v >= 0xd800 && v < 0xe000))
        return bad(r, "invalid escape sequence");
    if (is_braced && peek(r, 0) != '}')
        return bad(r, "invalid escape sequence");
    r->at += is_braced;
    *out = v;
    return 0;
}

/* The character behind a backslash. */
static int read_escape(struct reader *r, uint32_t *out)
{
    static const char names[] = "aftnrv", values[] = "\a\f\t\n\r\v";
    int c = peek(r, 0);
    if (c < 0)
        return bad(r, "trailing \\");
    if (c == 'x') {
        r->at++;
        return read_hex(r, out);
    }
    if (c == '0' || (c >= '1' && c <= '7' && peek(r, 1) >= '0' && peek(r, 1) <= '7')) {
        uint32_t v = 0;
        for (size_t n = 0; n < 3 && peek(r, 0) >= '0' && peek(r, 0) <= '7'; n++, r->at++)
            v = v * 8 + (uint32_t)(peek(r, 0) - '0');
        *out = v;
        return 0;
    }
    const char *name = strchr(names, c);
    bool is_word = (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z');
    if (c >= 0x80 || (is_word && !name))
        return bad(r, "invalid escape sequence");
    r->at++;
    *out = name ? (uint32_t)(unsigned char)values[name - names] : (uint32_t)c;
    return 0;
}

/* One character, escaped or not. */
static int read_char(struct reader *r, uint32_t *out)
{
    if (peek(r, 0) == '\\') {
        r->at++;
        return read_escape(r, out);
    }
    size_t n = plm_utf8_next(plm_sv_from_off(r->in, r->at), out);
    if (!n)
        return bad(r, "invalid UTF-8");
    r->at += n;
    return 0;
}

static void put_char(struct reader *r, uint32_t c)
{
    plm_buf_printf(&r->out, "\\x{%x}", c);
}

/* [:name:] and [:^name:]; 0: it is none. */
static int posix_class(struct reader *r)
{
    static const char *const names[] = {"alnum", "alpha", "ascii", "blank", "cntrl", "digit",  "graph",
                                        "lower", "print", "punct", "space", "upper", "xdigit", "word"};
    plm_sv rest = plm_sv_from_off(r->in, r->at);
    if (!plm_sv_starts(rest, PLM_SV("[:")))
        return 0;
    size_t end = plm_sv_find_sv(rest, PLM_SV(":]"));
    if (end == SIZE_MAX)
        return 0;
    plm_sv name = plm_sv_sub(rest, 2, end - 2);
    if (name.n && name.p[0] == '^')
        name = plm_sv_from_off(name, 1);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (plm_sv_is(name, names[i])) {
            plm_buf_sv_put(&r->out, plm_sv_sub(rest, 0, end + 2));
            r->at += end + 2;
            return 1;
        }
    return bad(r, "invalid character class range");
}

/* Behind the opening bracket. */
static int read_class(struct reader *r)
{
    plm_buf_byte(&r->out, '[');
    if (peek(r, 0) == '^') {
        plm_buf_byte(&r->out, '^');
        r->at++;
    }
    for (bool is_first = true; peek(r, 0) != ']' || is_first; is_first = false) {
        if (peek(r, 0) < 0)
            return bad(r, "missing ]");
        int named = posix_class(r);
        if (named < 0)
            return -1;
        if (named)
            continue;
        uint32_t lo, hi;
        if (read_char(r, &lo) < 0)
            return -1;
        hi = lo;
        if (peek(r, 0) == '-' && peek(r, 1) != ']' && peek(r, 1) >= 0) {
            r->at++;
            if (read_char(r, &hi) < 0)
                return -1;
        }
        if (hi < lo)
            return bad(r, "invalid character class range");
        put_char(r, lo);
        if (hi != lo) {
            plm_buf_byte(&r->out, '-');
            put_char(r, hi);
        }
    }
    r->at++;
    plm_buf_byte(&r->out, ']');
    return 0;
}

static bool read_count(const struct reader *r, size_t *ahead, long *out)
{
    long v = 0;
    size_t n = 0;
    for (int c; c = peek(r, *ahead), c >= '0' && c <= '9'; n++, ++*ahead)
        v = v > REPEAT_MAX ? v : v * 10 + (c - '0');
    *out = v;
    return n > 0;
}

/* {n}, {n,} or {n,m} at r->at: 1 and the text goes to `text`; 0: it is no repeat but text. */
static int read_braces(struct reader *r, plm_sv *text)
{
    size_t ahead = 1;
    long lo, hi = 0;
    if (!read_count(r, &ahead, &lo))
        return 0;
    bool has_hi = false;
    if (peek(r, ahead) == ',') {
        ahead++;
        has_hi = read_count(r, &ahead, &hi);
    }
    if (peek(r, ahead) != '}')
        return 0;
    if (lo > REPEAT_MAX || hi > REPEAT_MAX || (has_hi && hi < lo))
        return bad(r, "bad repetition operator");
    *text = plm_sv_sub(r->in, r->at, ahead + 1);
    r->at += ahead + 1;
    return 1;
}

/* The repeats behind the atom that begins at `start` in the output; each wraps what stands before it. */
static int read_repeats(struct reader *r, size_t start)
{
    plm_buf_str(&r->out, ")");
    for (;;) {
        int c = peek(r, 0);
        plm_sv text = plm_sv_sub(r->in, r->at, 1);
        if (c == '{') {
            int n = read_braces(r, &text);
            if (n < 0)
                return -1;
            if (!n)
                return 0;
        } else if (c == '*' || c == '+' || c == '?') {
            r->at++;
        } else {
            return 0;
        }
        plm_buf_sv_put(&r->out, text);
        c = peek(r, 0);
        if (c != '*' && c != '+' && c != '?' && c != '{')
            return 0;
        if (!plm_buf_reserve(&r->out, 4))
            return 0; /* said at the end */
        memmove(r->out.p + start + 3, r->out.p + start, r->out.n - start);
        memcpy(r->out.p + start, "(?:", 3);
        r->out.n += 3;
        plm_buf_byte(&r->out, ')');
    }
}

/* One atom with its repeats, a bar or the end of a group. */
static int read_piece(struct reader *r)
{
    int c = peek(r, 0);
    size_t start = r->out.n;
    uint32_t ch;
    if (c == '|') {
        r->at++;
        plm_buf_byte(&r->out, '|');
        return 0;
    }
    if (c == '(') {
        if (peek(r, 1) == '?')
            return bad(r, "missing argument to repetition operator");
        if (r->n_groups == NEST_MAX)
            return bad(r, "too deeply nested");
        r->groups[r->n_groups++] = start;
        r->at++;
        plm_buf_str(&r->out, "(?:(?:");
        return 0;
    }
    if (c == ')') {
        if (!r->n_groups)
            return bad(r, "unexpected )");
        r->at++;
        plm_buf_byte(&r->out, ')');
        return read_repeats(r, r->groups[--r->n_groups]);
    }
    if (c == '*' || c == '+' || c == '?')
        return bad(r, "missing argument to repetition operator");
    plm_buf_str(&r->out, "(?:");
    if (c == '[' || c == '.' || c == '^' || c == '$')
        r->at++;
    if (c == '[') {
        if (read_class(r) < 0)
            return -1;
    } else if (c == '.' || c == '^' || c == '$') {
        plm_buf_byte(&r->out, (unsigned char)c);
    } else {
        if (read_char(r, &ch) < 0)
            return -1;
        put_char(r, ch);
    }
    return read_repeats(r, start);
}

static int translate(struct reader *r)
{
    if (r->in.n > PATTERN_MAX)
        return plm_fail(r->err, PLM_E_PARSE, "regular expression of %zu bytes is over the limit", r->in.n);
    while (r->at < r->in.n)
        if (read_piece(r) < 0)
            return -1;
    if (r->n_groups)
        return bad(r, "missing )");
    return plm_buf_check(&r->out, r->err);
}

/* ---- compiling and matching ------------------------------------------------------------------------------
 */

static void *arena_malloc(size_t n, void *a)
{
    return plm_arena_alloc(a, n);
}

static void arena_free(void *p, void *a)
{
    (void)p;
    (void)a;
}

static int compile(struct plm_posix_re *re, plm_sv text, struct plm_arena *a, plm_err **err)
{
    pcre2_general_context *g = pcre2_general_context_create(arena_malloc, arena_free, a);
    pcre2_compile_context *c = g ? pcre2_compile_context_create(g) : NULL;
    re->limits = g ? pcre2_match_context_create(g) : NULL;
    if (!c || !re->limits)
        return plm_fail_oom(err);
    pcre2_set_newline(c, PCRE2_NEWLINE_LF);
    pcre2_set_match_limit(re->limits, STEPS_MAX);
    pcre2_set_depth_limit(re->limits, DEPTH_MAX);
    pcre2_set_heap_limit(re->limits, HEAP_KIB);
    int code;
    PCRE2_SIZE at;
    re->code = pcre2_compile((PCRE2_SPTR)(const void *)text.p, text.n,
                             PCRE2_UTF | PCRE2_MULTILINE | PCRE2_ANCHORED | PCRE2_ENDANCHORED, &code, &at, c);
    if (re->code)
        return 0;
    if (code == PCRE2_ERROR_HEAP_FAILED || plm_arena_failed(a))
        return plm_fail_oom(err);
    PCRE2_UCHAR why[128] = "";
    pcre2_get_error_message(code, why, sizeof why);
    return plm_fail(err, PLM_E_PARSE, "regular expression: %s", (const char *)why);
}

struct plm_posix_re *plm_posix_re_new(plm_sv pattern, struct plm_arena *a, plm_err **err)
{
    struct plm_posix_re *re = plm_arena_make(a, struct plm_posix_re);
    if (!re)
        return PLM_NULL(plm_fail_oom(err));
    struct reader r = {.in = pattern, .out = PLM_BUF(OUT_MAX), .err = err};
    int rc = translate(&r);
    if (rc == 0)
        rc = compile(re, plm_buf_sv(&r.out), a, err);
    plm_buf_done(&r.out);
    return rc == 0 ? re : NULL;
}

static void repair(plm_sv s, struct plm_buf *out)
{
    while (s.n) {
        uint32_t cp;
        size_t n = plm_utf8_next(s, &cp);
        if (n)
            plm_buf_put(out, s.p, n);
        else
            plm_buf_str(out, "\xef\xbf\xbd");
        s = plm_sv_from_off(s, n ? n : 1);
    }
}

bool plm_posix_re_match(const struct plm_posix_re *re, plm_sv s)
{
    struct plm_buf b = PLM_BUF(SUBJECT_MAX);
    if (!plm_utf8_valid(s)) {
        repair(s, &b);
        s = plm_buf_sv(&b);
    }
    bool hit = false;
    pcre2_match_data *data = b.failed ? NULL : pcre2_match_data_create(1, NULL);
    if (data)
        hit = pcre2_match(re->code, (PCRE2_SPTR)(const void *)(s.p ? s.p : ""), s.n, 0, PCRE2_NO_UTF_CHECK,
                          data, re->limits) >= 0;
    if (data)
        pcre2_match_data_free(data);
    plm_buf_done(&b);
    return hit;
}
