/* SPDX-License-Identifier: Apache-2.0
 *
 * Alpine versions: digits{.digits}{letter}{_suffix{digits}}{~hash}{-rN} (apk-tools,
 * doc/apk-package.5 and src/version.c; the rules follow the Gentoo package manager specification).
 *
 * - The first number compares as a number. A later one with a leading zero on either side
 *   compares as text: "1.01" < "1.1", "1.010" > "1.01"; all of those sort before numbers
 *   without a leading zero.
 * - Suffixes alpha < beta < pre < rc < (none) < cvs < svn < git < hg < p, each with an
 *   optional number; they may repeat.
 * - At one position: pre-release suffix < invalid rest < end < -rN < hash < suffix number <
 *   other suffix < letter < further number.
 * - A rest that does not fit the grammar: texts that begin with '-' are all equal, as in apk
 *   ("1-ruff" = "1--x"); others compare as bytes, so that broken versions keep a usable order.
 *   "-r" without a number is "-r0".
 * apk-tools 2 differs from 3 only between two components with leading zeros of different
 * count; this is the rule of 3. O(length), no allocation in compare.
 */
#include "version_int.h"

enum token {
    TOKEN_ALPHA = 1,
    TOKEN_BETA,
    TOKEN_PRE,
    TOKEN_RC,
    TOKEN_INVALID,
    TOKEN_END,
    TOKEN_REVISION,
    TOKEN_HASH,
    TOKEN_SUFFIX_NUMBER,
    TOKEN_CVS,
    TOKEN_SVN,
    TOKEN_GIT,
    TOKEN_HG,
    TOKEN_P,
    TOKEN_LETTER,
    TOKEN_NUMBER,
    TOKEN_FIRST_NUMBER
};

static const struct {
    const char *name;
    enum token token;
} suffixes[] = {{"alpha", TOKEN_ALPHA}, {"beta", TOKEN_BETA}, {"pre", TOKEN_PRE},
                {"rc", TOKEN_RC},       {"cvs", TOKEN_CVS},   {"svn", TOKEN_SVN},
                {"git", TOKEN_GIT},     {"hg", TOKEN_HG},     {"p", TOKEN_P}};

struct cursor {
    plm_sv rest;
    enum token last; /* 0: at the start */
    plm_sv text;     /* of the token just read */
};

static bool is_suffix(enum token t)
{
    return t <= TOKEN_RC || (t >= TOKEN_CVS && t <= TOKEN_P);
}

/* The run of bytes at the front of c->rest that are lower-case letters, or hexadecimal digits. */
static plm_sv take_run(struct cursor *c, bool hex)
{
    size_t n = 0;
    while (n < c->rest.n &&
           (hex ? version_is_digit(c->rest.p[n]) || (c->rest.p[n] >= 'a' && c->rest.p[n] <= 'f')
                : version_is_lower(c->rest.p[n])))
        n++;
    plm_sv run = plm_sv_sub(c->rest, 0, n);
    c->rest = plm_sv_from_off(c->rest, n);
    return run;
}

static enum token take_number(struct cursor *c, enum token t)
{
    c->text = plm_version_take_digits(&c->rest);
    return c->text.n ? t : TOKEN_INVALID;
}

static enum token take_suffix(struct cursor *c)
{
    plm_sv name = take_run(c, false);
    for (size_t i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++)
        if (plm_sv_is(name, suffixes[i].name))
            return suffixes[i].token;
    return TOKEN_INVALID;
}

static enum token scan(struct cursor *c)
{
    enum token last = c->last;
    bool in_numbers = last == TOKEN_FIRST_NUMBER || last == TOKEN_NUMBER;
    if (last == 0)
        return take_number(c, TOKEN_FIRST_NUMBER);
    if (c->rest.n == 0)
        return TOKEN_END;
    char first = c->rest.p[0];
    if (version_is_lower(first) && in_numbers) {
        c->text = plm_sv_sub(c->rest, 0, 1);
        c->rest = plm_sv_from_off(c->rest, 1);
        return TOKEN_LETTER;
    }
    if (version_is_digit(first) && is_suffix(last))
        return take_number(c, TOKEN_SUFFIX_NUMBER);
    c->rest = plm_sv_from_off(c->rest, 1);
    if (first == '.' && in_numbers)
        return take_number(c, TOKEN_NUMBER);
    if (first == '_' && last != TOKEN_HASH && last != TOKEN_REVISION)
        return take_suffix(c);
    if (first == '~' && last != TOKEN_HASH && last != TOKEN_REVISION) {
        c->text = take_run(c, true);
        return c->text.n ? TOKEN_HASH : TOKEN_INVALID;
    }
    if (first == '-' && last != TOKEN_REVISION && c->rest.n && c->rest.p[0] == 'r' &&
        !(c->rest.n > 1 && version_is_alpha(c->rest.p[1]))) {
        c->rest = plm_sv_from_off(c->rest, 1);
        c->text = plm_version_take_digits(&c->rest);
        return TOKEN_REVISION;
    }
    return TOKEN_INVALID;
}

static enum token next_token(struct cursor *c)
{
    plm_sv rest = c->rest;
    c->text = PLM_SV("");
    c->last = scan(c);
    if (c->last == TOKEN_INVALID)
        c->text = rest.n && rest.p[0] == '-' ? PLM_SV("") : rest;
    return c->last;
}

static bool is_numeric(enum token t)
{
    return t == TOKEN_FIRST_NUMBER || t == TOKEN_NUMBER || t == TOKEN_SUFFIX_NUMBER || t == TOKEN_REVISION;
}

static bool as_text(enum token t, plm_sv digits)
{
    return t == TOKEN_NUMBER && digits.n && digits.p[0] == '0';
}

static int compare_text(enum token t, plm_sv a, plm_sv b)
{
    bool numeric =
        t == TOKEN_FIRST_NUMBER || t == TOKEN_NUMBER || t == TOKEN_SUFFIX_NUMBER || t == TOKEN_REVISION;
    if (!numeric || as_text(t, a) || as_text(t, b))
        return plm_sv_cmp(a, b);
    return plm_version_cmp_digits(a, b);
}

static int apk_compare(plm_sv a, plm_sv b)
{
    struct cursor x = {.rest = a}, y = {.rest = b};
    for (;;) {
        enum token tx = next_token(&x), ty = next_token(&y);
        if (tx != ty)
            return tx < ty ? -1 : 1;
        int c = compare_text(tx, x.text, y.text);
        if (c || tx == TOKEN_END || tx == TOKEN_INVALID)
            return c;
    }
}

static void apk_encode(plm_sv v, struct plm_buf *key)
{
    struct cursor c = {.rest = v};
    enum token t;
    do {
        t = next_token(&c);
        plm_buf_byte(key, (unsigned char)t);
        if (as_text(t, c.text) || t == TOKEN_HASH) {
            /* a leading 0 puts the text before every number, whose first byte counts its digits */
            plm_buf_byte(key, 0);
            plm_buf_sv_put(key, c.text);
            plm_buf_byte(key, 0);
        } else if (is_numeric(t)) {
            plm_version_put_digits(key, c.text);
        } else {
            plm_buf_sv_put(key, c.text);
        }
    } while (t != TOKEN_END && t != TOKEN_INVALID);
}

static bool apk_valid(plm_sv v)
{
    struct cursor c = {.rest = v};
    enum token t;
    do {
        t = next_token(&c);
        if (t == TOKEN_INVALID || (t == TOKEN_REVISION && c.text.n == 0))
            return false;
    } while (t != TOKEN_END);
    return true;
}

static const char *const aliases[] = {"alpine",       "wolfi",     "chainguard",
                                      "minimos",      "alpaquita", "bellsoft hardened containers",
                                      "postmarketos", NULL};

static const struct plm_scheme apk = {
    .id = "apk",
    .aliases = aliases,
    .summary = "Alpine, Wolfi and Chainguard packages: 1.2.3a_rc1-r4",
    .compare = apk_compare,
    .valid = apk_valid,
    .encode = apk_encode,
};
PLM_REGISTER(plm_schemes, struct plm_scheme, apk);
