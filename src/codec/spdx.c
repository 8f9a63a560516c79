/* SPDX-License-Identifier: Apache-2.0
 *
 * SPDX license expressions (SPDX 2.3, annex D) and what packages write instead.
 *
 *     strict   or := and ("OR" and)*       and := with ("AND" with)*
 *              with := "(" or ")" | id ["WITH" exception]
 *     lenient  list := or (("," | ", and" | ", or") or)*      as Debian's machine-readable copyright has it:
 *              a comma binds weakest; names are runs of words; "|", "||", "&", "&&" are operators too
 *
 * One recursive descent serves both; depth is bounded by parentheses (PLM_SPDX_DEPTH_MAX). Names are found by
 * a binary search in the built-in list (feeds/spdx-licenses.tsv), so a text of n names costs O(n log list);
 * dropping equal arms is quadratic in the arms of one operator, of which 4 KiB hold few.
 *
 * Quirks met in packages: "GPL-2 or later" (no operator), "MIT/Apache-2.0" (an OR of Rust and npm),
 * "GPL2 MIT" (an AND of old Alpine packages), "GPLv2+ with exceptions", whole trove classifiers, addresses,
 * and complete license texts, which are too long to be a name.
 */
#include "codec/spdx.h"

#include <string.h>

extern const char plm_codec_spdx_list[];
extern const size_t plm_codec_spdx_list_n;

/* ---- the list ------------------------------------------------------------------------- */

struct row {
    plm_sv key, kind, name, expression;
};

static bool is_alnum(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}

static bool is_filler(plm_sv word)
{
    static const char *const fillers[] = {"the",     "license",  "licence", "licenses",
                                          "version", "licences", "http",    "https"};
    for (size_t i = 0; i < sizeof(fillers) / sizeof(*fillers); i++)
        if (plm_sv_ieq(word, plm_sv_from(fillers[i])))
            return true;
    return false;
}

size_t plm_spdx_fold(plm_sv text, char *out)
{
    size_t n = 0, kept = 0;
    for (size_t i = 0; i < text.n;) { /* words, in lower case */
        size_t from = i;
        while (i < text.n && (is_alnum(text.p[i]) || text.p[i] == '.' || text.p[i] == '+'))
            i++;
        plm_sv word = plm_sv_sub(text, from, i - from);
        for (size_t k = 0; !is_filler(word) && k < word.n; k++)
            out[n++] = lower(word.p[k]);
        if (i == from)
            i++;
    }
    for (size_t i = 0; i < n; i++) /* "gplv2" */
        if (out[i] != 'v' || i + 1 == n || !is_digit(out[i + 1]))
            out[kept++] = out[i];
    n = kept;
    kept = 0;
    for (size_t i = 0; i < n; i++) { /* "2.0" */
        if (out[i] == '.' && i + 1 < n && out[i + 1] == '0' &&
            (i + 2 == n || (out[i + 2] != '.' && !is_digit(out[i + 2]))))
            i++;
        else
            out[kept++] = out[i];
    }
    size_t dots = 0;
    while (dots < kept && out[dots] == '.')
        dots++;
    memmove(out, out + dots, kept - dots);
    kept -= dots;
    while (kept && out[kept - 1] == '.')
        kept--;
    return kept;
}

static struct row row_at(plm_sv list, size_t at, size_t *out_end)
{
    plm_sv rest = plm_sv_from_off(list, at), line = PLM_SV_NULL;
    struct row r = {0};
    plm_sv_cut(rest, '\n', &line, &rest);
    *out_end = at + line.n + 1;
    plm_sv_field(&line, '\t', &r.key);
    plm_sv_field(&line, '\t', &r.kind);
    plm_sv_field(&line, '\t', &r.name);
    if (!plm_sv_field(&line, '\t', &r.expression))
        r.expression = r.name;
    return r;
}

enum { KEY_MAX = 160 }; /* no key of the list is longer, so a longer text cannot be in it */

/* The first row of one of the kinds whose key is the folded text; is_exact: and whose name is it, case aside.
 * The comment lines on top sort before every key. */
static bool lookup(plm_sv text, const char *kinds, bool is_exact, struct row *out)
{
    char folded[KEY_MAX];
    if (!text.n || text.n > sizeof(folded))
        return false;
    plm_sv key = plm_sv_n(folded, plm_spdx_fold(text, folded));
    plm_sv list = plm_sv_n(plm_codec_spdx_list, plm_codec_spdx_list_n);
    size_t lo = 0, hi = list.n, end;
    while (lo < hi) {
        size_t at = lo + (hi - lo) / 2;
        while (at > lo && list.p[at - 1] != '\n')
            at--;
        struct row r = row_at(list, at, &end);
        if (plm_sv_cmp(r.key, key) < 0)
            lo = end;
        else
            hi = at;
    }
    for (; lo < list.n; lo = end) {
        struct row r = row_at(list, lo, &end);
        if (!plm_sv_eq(r.key, key))
            return false;
        if (r.kind.n && strchr(kinds, r.kind.p[0]) && (!is_exact || plm_sv_ieq(r.name, text))) {
            *out = r;
            return true;
        }
    }
    return false;
}

plm_sv plm_spdx_id(plm_sv id)
{
    struct row r;
    return lookup(id, "ld", true, &r) ? r.expression : PLM_SV_NULL;
}

/* ---- trees ---------------------------------------------------------------------------- */

static bool same(const struct plm_spdx *a, const struct plm_spdx *b)
{
    if (a->kind != b->kind || a->is_plus != b->is_plus || !plm_sv_ieq(a->id, b->id) ||
        !plm_sv_ieq(a->exception, b->exception) || a->arms.n != b->arms.n)
        return false;
    for (size_t i = 0; i < a->arms.n; i++)
        if (!same(a->arms.v[i], b->arms.v[i]))
            return false;
    return true;
}

static void add_arm(struct plm_spdx *e, struct plm_arena *a, const struct plm_spdx *arm)
{
    if (arm->kind == e->kind) {
        for (size_t i = 0; i < arm->arms.n; i++)
            add_arm(e, a, arm->arms.v[i]);
        return;
    }
    for (size_t i = 0; i < e->arms.n; i++)
        if (same(e->arms.v[i], arm))
            return;
    const struct plm_spdx **slot = plm_vec_push(a, &e->arms);
    if (slot)
        *slot = arm;
}

/* Both are not NULL. */
static const struct plm_spdx *join(struct plm_arena *a, enum plm_spdx_kind kind, const struct plm_spdx *left,
                                   const struct plm_spdx *right)
{
    struct plm_spdx *e = plm_arena_make(a, struct plm_spdx);
    if (!e)
        return NULL;
    e->kind = kind;
    add_arm(e, a, left);
    add_arm(e, a, right);
    return e->arms.n == 1 ? e->arms.v[0] : e;
}

static struct plm_spdx *leaf(struct plm_arena *a, plm_sv id, bool is_ref)
{
    struct plm_spdx *e = plm_arena_make(a, struct plm_spdx);
    if (!e)
        return NULL;
    e->kind = PLM_SPDX_LICENSE;
    e->id = plm_arena_sv(a, id);
    e->is_ref = is_ref;
    return e;
}

/* ---- the reader ----------------------------------------------------------------------- */

enum token { T_END, T_OPEN, T_CLOSE, T_AND, T_OR, T_WITH, T_COMMA, T_WORD };

struct reader {
    plm_sv text;
    size_t at, end; /* of the token: its start, what follows it */
    enum token token;
    struct plm_arena *a;
    bool is_lenient, is_unknown; /* is_unknown: something was not recognised */
    unsigned depth;
    plm_err **err;
};

static int fail_at(struct reader *r, enum plm_code code, size_t at, const char *what, plm_sv word)
{
    unsigned line = 1, column = 1;
    for (size_t i = 0; i < at && i < r->text.n; i++) {
        column = r->text.p[i] == '\n' ? 1 : column + 1;
        line += r->text.p[i] == '\n';
    }
    return plm_fail(r->err, code, "license expression, line %u, column %u: %s%s%.*s%s", line, column, what,
                    word.n ? " \"" : "", PLM_SV_ARG(word), word.n ? "\"" : "");
}

static plm_sv token_text(const struct reader *r)
{
    return plm_sv_sub(r->text, r->at, r->end - r->at);
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static bool is_word_byte(const struct reader *r, char c)
{
    if (r->is_lenient)
        return !is_blank(c) && !memchr("(),;|&", c, 6);
    return is_alnum(c) || memchr("-.+:", c, 4);
}

/* "or later", "or any later version", "and newer" belong to the name. */
static bool continues_name(plm_sv after)
{
    static const char *const words[] = {"later", "newer", "greater", "higher", "any"};
    plm_sv word;
    if (!plm_sv_word(&after, &word))
        return false;
    while (word.n && !is_alnum(word.p[word.n - 1]))
        word.n--;
    for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
        if (plm_sv_ieq(word, plm_sv_from(words[i])))
            return true;
    return false;
}

static enum token word_token(const struct reader *r)
{
    static const struct {
        const char *name;
        enum token token;
    } operators[] = {{"and", T_AND}, {"or", T_OR}, {"with", T_WITH}};
    plm_sv word = token_text(r);
    for (size_t i = 0; i < sizeof(operators) / sizeof(*operators); i++)
        if (plm_sv_ieq(word, plm_sv_from(operators[i].name)))
            return r->is_lenient && continues_name(plm_sv_from_off(r->text, r->end)) ? T_WORD
                                                                                     : operators[i].token;
    return T_WORD;
}

static int next(struct reader *r)
{
    r->at = r->end;
    while (r->at < r->text.n && is_blank(r->text.p[r->at]))
        r->at++;
    r->end = r->at;
    if (r->at == r->text.n) {
        r->token = T_END;
        return 0;
    }
    char c = r->text.p[r->end++];
    if (c == '(' || c == ')') {
        r->token = c == '(' ? T_OPEN : T_CLOSE;
    } else if (is_word_byte(r, c)) {
        while (r->end < r->text.n && is_word_byte(r, r->text.p[r->end]))
            r->end++;
        r->token = word_token(r);
    } else if (r->is_lenient) {
        r->token = c == '|' ? T_OR : c == '&' ? T_AND : T_COMMA;
        if (r->end < r->text.n && r->text.p[r->end] == c)
            r->end++;
    } else {
        return fail_at(r, PLM_E_PARSE, r->at, "a byte that is not allowed here", PLM_SV_NULL);
    }
    return 0;
}

/* ---- names ---------------------------------------------------------------------------- */

static int read_text(plm_sv text, bool is_lenient, struct plm_arena *a, const struct plm_spdx **out,
                     bool *is_unknown, plm_err **err);

/* "GPL-2.0-only+" is what the list calls -or-later. */
static struct plm_spdx *plus_leaf(struct plm_arena *a, plm_sv id)
{
    struct plm_spdx *e;
    if (plm_sv_ends(id, PLM_SV("-only"))) {
        plm_sv stem = plm_sv_sub(id, 0, id.n - 5);
        e = leaf(a, plm_arena_printf(a, "%.*s-or-later", PLM_SV_ARG(stem)), false);
    } else {
        e = leaf(a, id, false);
        if (e)
            e->is_plus = !plm_sv_ends(id, PLM_SV("-or-later"));
    }
    return e;
}

static bool is_id_string(plm_sv s)
{
    for (size_t i = 0; i < s.n; i++)
        if (!is_alnum(s.p[i]) && s.p[i] != '-' && s.p[i] != '.')
            return false;
    return s.n != 0;
}

static bool take_prefix(plm_sv *s, plm_sv prefix)
{
    if (!plm_sv_ieq(plm_sv_sub(*s, 0, prefix.n), prefix))
        return false;
    *s = plm_sv_from_off(*s, prefix.n);
    return true;
}

/* [DocumentRef-x:]LicenseRef-y */
static bool is_reference(plm_sv word)
{
    plm_sv document, rest = word;
    if (take_prefix(&rest, PLM_SV("DocumentRef-"))) {
        if (!plm_sv_cut(rest, ':', &document, &rest) || !is_id_string(document))
            return false;
    }
    return take_prefix(&rest, PLM_SV("LicenseRef-")) && is_id_string(rest);
}

/* A name of the list or a reference, exactly or by its key; *out stays NULL where it is neither. */
static int known_name(struct reader *r, plm_sv name, bool is_exact, const struct plm_spdx **out)
{
    struct row row;
    if (is_reference(name)) {
        *out = leaf(r->a, name, true);
    } else if (lookup(name, is_exact ? "ld" : "ldn", is_exact, &row)) {
        bool is_plain = row.kind.p[0] == 'l' || plm_sv_eq(row.expression, row.name);
        if (!is_plain)
            return read_text(row.expression, false, r->a, out, NULL, r->err);
        *out = leaf(r->a, row.expression, false);
    } else if (name.n > 1 && plm_sv_ends(name, PLM_SV("+")) &&
               lookup(plm_sv_sub(name, 0, name.n - 1), is_exact ? "l" : "ln", is_exact, &row)) {
        if (plm_sv_find(row.expression, ' ') == SIZE_MAX)
            *out = plus_leaf(r->a, row.expression);
    }
    return plm_arena_check(r->a, r->err);
}

/* A reference for a name that is in no list; NULL if it holds no letter or digit. */
static const struct plm_spdx *made_reference(struct reader *r, plm_sv name)
{
    static const char prefix[] = "LicenseRef-";
    char *text = plm_arena_alloc(r->a, sizeof(prefix) + PLM_SPDX_REF_MAX);
    if (!text)
        return NULL;
    memcpy(text, prefix, sizeof(prefix));
    size_t head = sizeof(prefix) - 1, n = head;
    for (size_t i = 0; i < name.n && n < head + PLM_SPDX_REF_MAX; i++) {
        char c = name.p ? name.p[i] : '-';
        bool is_kept = is_alnum(c) || c == '.';
        if (is_kept || (n > head && text[n - 1] != '-'))
            text[n++] = is_kept ? c : '-';
    }
    while (n > head && text[n - 1] == '-')
        n--;
    r->is_unknown = true;
    return n > head ? leaf(r->a, plm_sv_n(text, n), true) : NULL;
}

/* "MIT/Apache-2.0", "GPL2 MIT": only where every part is known. */
static int split_name(struct reader *r, plm_sv name, const struct plm_spdx **out)
{
    bool is_or = plm_sv_find(name, '/') != SIZE_MAX;
    const struct plm_spdx *all = NULL;
    plm_sv rest = name, part;
    while (is_or ? plm_sv_field(&rest, '/', &part) : plm_sv_word(&rest, &part)) {
        const struct plm_spdx *e = NULL;
        if (known_name(r, plm_sv_trim(part), false, &e) < 0)
            return -1;
        if (!e)
            return 0;
        all = all ? join(r->a, is_or ? PLM_SPDX_OR : PLM_SPDX_AND, all, e) : e;
        if (!all)
            return plm_fail_oom(r->err);
    }
    *out = all;
    return 0;
}

static int lenient_name(struct reader *r, plm_sv name, const struct plm_spdx **out)
{
    if (known_name(r, name, false, out) < 0 || (!*out && split_name(r, name, out) < 0))
        return -1;
    if (!*out)
        *out = made_reference(r, name);
    return plm_arena_check(r->a, r->err);
}

static int strict_name(struct reader *r, const struct plm_spdx **out)
{
    plm_sv word = token_text(r);
    if (known_name(r, word, true, out) < 0)
        return -1;
    return *out ? 0 : fail_at(r, PLM_E_PARSE, r->at, "not in the SPDX list:", word);
}

/* ---- the grammar ---------------------------------------------------------------------- */

static int set_exception(struct reader *r, const struct plm_spdx **e, plm_sv exception, size_t at)
{
    if (!*e || (*e)->kind != PLM_SPDX_LICENSE || (*e)->exception.p) {
        if (!r->is_lenient)
            return fail_at(r, PLM_E_PARSE, at, "an exception needs one license without one before WITH",
                           PLM_SV_NULL);
        r->is_unknown = true;
        return 0;
    }
    struct plm_spdx *copy = plm_arena_make(r->a, struct plm_spdx);
    if (!copy)
        return plm_fail_oom(r->err);
    *copy = **e;
    copy->exception = plm_arena_sv(r->a, exception);
    *e = copy;
    return plm_arena_check(r->a, r->err);
}

/* The run of words from the current token on; the next token is read. */
static int word_run(struct reader *r, plm_sv *out)
{
    size_t from = r->at, to = from;
    while (r->token == T_WORD) {
        to = r->end;
        if (next(r) < 0)
            return -1;
    }
    *out = plm_sv_sub(r->text, from, to - from);
    return 0;
}

static int lenient_license(struct reader *r, const struct plm_spdx **out)
{
    size_t from = r->at;
    plm_sv name, exception;
    struct row row;
    if (word_run(r, &name) < 0)
        return -1;
    if (r->token != T_WITH)
        return lenient_name(r, name, out);
    if (next(r) < 0)
        return -1;
    size_t at = r->at;
    if (word_run(r, &exception) < 0)
        return -1;
    plm_sv whole = plm_sv_n(r->text.p + from, exception.n ? at + exception.n - from : at - from);
    if (known_name(r, whole, false, out) < 0 || (!*out && lenient_name(r, name, out) < 0))
        return -1;
    if (!*out || lookup(whole, "ldn", false, &row))
        return 0;
    if (lookup(exception, "ex", false, &row))
        return set_exception(r, out, row.expression, at);
    r->is_unknown = true;
    return 0;
}

static int strict_license(struct reader *r, const struct plm_spdx **out)
{
    struct row row;
    if (strict_name(r, out) < 0 || next(r) < 0)
        return -1;
    if (r->token != T_WITH)
        return 0;
    if (next(r) < 0)
        return -1;
    plm_sv word = token_text(r), rest = word;
    size_t at = r->at;
    bool is_addition = take_prefix(&rest, PLM_SV("AdditionRef-")) && is_id_string(rest);
    if (r->token != T_WORD || (!is_addition && !lookup(word, "e", true, &row)))
        return fail_at(r, PLM_E_PARSE, at, "no exception of the SPDX list after WITH", word);
    return set_exception(r, out, is_addition ? word : row.expression, at) < 0 || next(r) < 0 ? -1 : 0;
}

static int read_list(struct reader *r, const struct plm_spdx **out);

static int read_primary(struct reader *r, const struct plm_spdx **out)
{
    if (r->token == T_WORD)
        return r->is_lenient ? lenient_license(r, out) : strict_license(r, out);
    if (r->token != T_OPEN)
        return fail_at(r, PLM_E_PARSE, r->at, "a license is missing", PLM_SV_NULL);
    if (++r->depth > PLM_SPDX_DEPTH_MAX)
        return fail_at(r, PLM_E_LIMIT, r->at, "parentheses nest too deeply", PLM_SV_NULL);
    if (next(r) < 0 || read_list(r, out) < 0)
        return -1;
    r->depth--;
    if (r->token != T_CLOSE)
        return fail_at(r, PLM_E_PARSE, r->at, "a closing parenthesis is missing", PLM_SV_NULL);
    return next(r);
}

/* An operand may be NULL in lenient reading: a name without a letter. */
static int combine(struct reader *r, enum plm_spdx_kind kind, const struct plm_spdx **left,
                   const struct plm_spdx *right)
{
    if (*left && right)
        *left = join(r->a, kind, *left, right);
    else if (right)
        *left = right;
    return plm_arena_check(r->a, r->err);
}

static int read_and(struct reader *r, const struct plm_spdx **out)
{
    if (read_primary(r, out) < 0)
        return -1;
    while (r->token == T_AND) {
        const struct plm_spdx *right = NULL;
        if (next(r) < 0 || read_primary(r, &right) < 0 || combine(r, PLM_SPDX_AND, out, right) < 0)
            return -1;
    }
    return 0;
}

static int read_or(struct reader *r, const struct plm_spdx **out)
{
    if (read_and(r, out) < 0)
        return -1;
    while (r->token == T_OR) {
        const struct plm_spdx *right = NULL;
        if (next(r) < 0 || read_and(r, &right) < 0 || combine(r, PLM_SPDX_OR, out, right) < 0)
            return -1;
    }
    return 0;
}

/* Commas are met only in lenient reading. */
static int read_list(struct reader *r, const struct plm_spdx **out)
{
    if (read_or(r, out) < 0)
        return -1;
    while (r->token == T_COMMA) {
        const struct plm_spdx *right = NULL;
        enum plm_spdx_kind kind = PLM_SPDX_AND;
        if (next(r) < 0)
            return -1;
        if (r->token == T_END || r->token == T_CLOSE)
            break;
        if (r->token == T_AND || r->token == T_OR) {
            kind = r->token == T_OR ? PLM_SPDX_OR : PLM_SPDX_AND;
            if (next(r) < 0)
                return -1;
        }
        if (read_or(r, &right) < 0 || combine(r, kind, out, right) < 0)
            return -1;
    }
    return 0;
}

static int read_text(plm_sv text, bool is_lenient, struct plm_arena *a, const struct plm_spdx **out,
                     bool *is_unknown, plm_err **err)
{
    struct reader r = {.text = text, .a = a, .is_lenient = is_lenient, .err = err};
    const struct plm_spdx *e = NULL;
    if (text.n > PLM_SPDX_TEXT_MAX)
        return plm_fail(err, PLM_E_LIMIT, "license expression of %zu bytes is over the limit of %d", text.n,
                        PLM_SPDX_TEXT_MAX);
    if (next(&r) < 0 || read_list(&r, &e) < 0)
        return -1;
    if (r.token != T_END)
        return fail_at(&r, PLM_E_PARSE, r.at, "an operator is missing before", token_text(&r));
    if (plm_arena_check(a, err) < 0)
        return -1;
    *out = e;
    if (is_unknown)
        *is_unknown = r.is_unknown;
    return 0;
}

int plm_spdx_parse(plm_sv text, struct plm_arena *a, const struct plm_spdx **out, plm_err **err)
{
    return read_text(text, false, a, out, NULL, err);
}

/* ---- normalising ---------------------------------------------------------------------- */

static bool says_nothing(plm_sv text)
{
    static const char *const words[] = {"",    "NOASSERTION", "NONE", "UNKNOWN",
                                        "N/A", "none given",  "-",    "null"};
    for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
        if (plm_sv_ieq(text, plm_sv_from(words[i])))
            return true;
    return false;
}

/* "License :: OSI Approved :: MIT License" is its last part; one that names only a class says nothing. */
static plm_sv of_classifier(plm_sv text)
{
    size_t at = plm_sv_find_sv(text, PLM_SV("::"));
    if (at == SIZE_MAX || !plm_sv_ieq(plm_sv_trim(plm_sv_sub(text, 0, at)), PLM_SV("License")))
        return text;
    while ((at = plm_sv_find_sv(text, PLM_SV("::"))) != SIZE_MAX)
        text = plm_sv_from_off(text, at + 2);
    text = plm_sv_trim(text);
    return plm_sv_ieq(text, PLM_SV("OSI Approved")) ? PLM_SV("") : text;
}

/* The first line of a text that is too long for a name. */
static plm_sv heading(plm_sv text)
{
    plm_sv line;
    while (plm_sv_line(&text, &line)) {
        line = plm_sv_trim(line);
        if (line.n)
            return plm_sv_sub(line, 0, PLM_SPDX_TEXT_MAX);
    }
    return PLM_SV("");
}

int plm_spdx_normalise(plm_sv text, struct plm_arena *a, const struct plm_spdx **out, bool *out_known,
                       plm_err **err)
{
    const struct plm_spdx *e = NULL;
    struct reader r = {.a = a, .err = err};
    bool is_unknown = false;
    text = of_classifier(plm_sv_trim(text));
    if (text.n > PLM_SPDX_TEXT_MAX)
        text = heading(text);
    if (says_nothing(text)) {
        is_unknown = true;
    } else if (known_name(&r, text, false, &e) < 0) {
        return -1;
    } else if (!e && read_text(text, true, a, &e, &is_unknown, NULL) < 0) {
        if (plm_arena_check(a, err) < 0)
            return -1;
        e = made_reference(&r, text);
        is_unknown = true;
    }
    if (plm_arena_check(a, err) < 0)
        return -1;
    *out = e;
    if (out_known)
        *out_known = !is_unknown;
    return 0;
}
