/* SPDX-License-Identifier: Apache-2.0
 *
 * Semantic versions 2.0.0 (https://semver.org): numbers, then -prerelease identifiers, then
 * +build, which does not count. Lenient as npm and Go are: a leading "v" or "=", fewer or more than three
 * numbers (missing ones are 0), a prerelease without its hyphen ("1.0beta").
 *
 * Identifiers of digits compare as numbers and sort before others, which compare as bytes; of
 * two that are equal so far the longer list is greater; any prerelease sorts before its release.
 *
 * Key: per number TAG_NUMBER and the number (zeros at the end left out), then TAG_RELEASE, or
 * TAG_PRE and the identifiers with a tag each. The text ends at a NUL. O(length), no allocation in compare.
 */
#include "version_int.h"

enum { TAG_PRE, TAG_RELEASE, TAG_NUMBER };
enum { ID_END, ID_NUMBER, ID_TEXT };

struct parts {
    plm_sv numbers, pre; /* pre null: a release */
};

static struct parts split(plm_sv v)
{
    plm_sv build;
    struct parts out = {0};
    plm_sv_cut(v, '\0', &v, &build);
    if (v.n && v.p[0] == '=')
        v = plm_sv_from_off(v, 1);
    if (v.n && (v.p[0] == 'v' || v.p[0] == 'V'))
        v = plm_sv_from_off(v, 1);
    plm_sv_cut(v, '+', &v, &build);
    size_t end = 0;
    while (end < v.n && (version_is_digit(v.p[end]) || v.p[end] == '.'))
        end++;
    out.numbers = plm_sv_sub(v, 0, end);
    if (end < v.n)
        out.pre = plm_sv_from_off(v, end + (v.p[end] == '-'));
    return out;
}

/* Takes the next number; an absent or empty one is zero, which has no digits. */
static plm_sv next_number(plm_sv *rest)
{
    plm_sv number = plm_version_take_digits(rest);
    if (rest->n) /* the dot */
        *rest = plm_sv_from_off(*rest, 1);
    return plm_version_strip_zeros(number);
}

static int next_identifier(plm_sv *rest, plm_sv *id)
{
    if (!plm_sv_field(rest, '.', id))
        return ID_END;
    plm_sv tail = *id;
    (void)plm_version_take_digits(&tail);
    return id->n && tail.n == 0 ? ID_NUMBER : ID_TEXT;
}

static int semver_compare(plm_sv a, plm_sv b)
{
    struct parts x = split(a), y = split(b);
    while (x.numbers.n || y.numbers.n) {
        plm_sv m = next_number(&x.numbers), n = next_number(&y.numbers);
        int c = plm_version_cmp_digits(m, n);
        if (c)
            return c;
    }
    if (!x.pre.p || !y.pre.p)
        return (y.pre.p != NULL) - (x.pre.p != NULL);
    for (;;) {
        plm_sv m, n;
        int tm = next_identifier(&x.pre, &m), tn = next_identifier(&y.pre, &n);
        if (tm != tn)
            return tm < tn ? -1 : 1;
        int c = tm == ID_END ? 0 : tm == ID_NUMBER ? plm_version_cmp_digits(m, n) : plm_sv_cmp(m, n);
        if (c || tm == ID_END)
            return c;
    }
}

static void semver_encode(plm_sv v, struct plm_buf *key)
{
    struct parts p = split(v);
    size_t zeros = 0;
    while (p.numbers.n) {
        plm_sv number = next_number(&p.numbers);
        if (number.n == 0) {
            zeros++;
            continue;
        }
        for (; zeros; zeros--) {
            plm_buf_byte(key, TAG_NUMBER);
            plm_buf_byte(key, 0);
        }
        plm_buf_byte(key, TAG_NUMBER);
        plm_version_put_digits(key, number);
    }
    plm_buf_byte(key, p.pre.p ? TAG_PRE : TAG_RELEASE);
    for (int t = p.pre.p ? ID_TEXT : ID_END; t != ID_END;) {
        plm_sv id;
        t = next_identifier(&p.pre, &id);
        plm_buf_byte(key, (unsigned char)t);
        if (t == ID_NUMBER) {
            plm_version_put_digits(key, id);
        } else if (t == ID_TEXT) {
            plm_buf_sv_put(key, id);
            plm_buf_byte(key, 0);
        }
    }
}

static bool is_identifier_byte(char c)
{
    return version_is_digit(c) || version_is_alpha(c) || c == '-';
}

/* Dot-separated, none empty; numbers without leading zeros where strict. */
static bool identifiers_valid(plm_sv s, bool strict)
{
    for (plm_sv id; plm_sv_field(&s, '.', &id);) {
        plm_sv tail = id;
        plm_sv digits = plm_version_take_digits(&tail);
        if (id.n == 0 || (strict && tail.n == 0 && digits.n > 1 && digits.p[0] == '0'))
            return false;
        for (size_t i = 0; i < id.n; i++)
            if (!is_identifier_byte(id.p[i]))
                return false;
    }
    return true;
}

static bool semver_valid(plm_sv v)
{
    plm_sv head, build, core, pre, rest;
    bool has_build = plm_sv_cut(v, '+', &head, &build);
    bool has_pre = plm_sv_cut(head, '-', &core, &pre);
    size_t n = 0;
    rest = core;
    for (plm_sv number; plm_sv_field(&rest, '.', &number); n++) {
        plm_sv tail = number;
        plm_sv digits = plm_version_take_digits(&tail);
        if (digits.n == 0 || tail.n || (digits.n > 1 && digits.p[0] == '0'))
            return false;
    }
    return n == 3 && (!has_pre || identifiers_valid(pre, true)) &&
           (!has_build || identifiers_valid(build, false));
}

static const char *const aliases[] = {"npm", "go",    "golang",   "cargo", "crates.io",
                                      "hex", "swift", "swifturl", NULL};

static const struct plm_scheme semver = {
    .id = "semver",
    .aliases = aliases,
    .summary = "Semantic versions: npm, Go, Cargo, Hex and Swift packages",
    .compare = semver_compare,
    .valid = semver_valid,
    .encode = semver_encode,
};
PLM_REGISTER(plm_schemes, struct plm_scheme, semver);
