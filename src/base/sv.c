/* SPDX-License-Identifier: Apache-2.0
 *
 * String views. plm_sv_glob backtracks to the last star only, so it is linear times the
 * number of stars, never exponential.
 */
#include "base/sv.h"

int plm_sv_cmp(plm_sv a, plm_sv b)
{
    size_t n = a.n < b.n ? a.n : b.n;
    int c = n ? memcmp(a.p, b.p, n) : 0;
    if (c)
        return c;
    return (a.n > b.n) - (a.n < b.n);
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}

bool plm_sv_ieq(plm_sv a, plm_sv b)
{
    if (a.n != b.n)
        return false;
    for (size_t i = 0; i < a.n; i++)
        if (lower(a.p[i]) != lower(b.p[i]))
            return false;
    return true;
}

size_t plm_sv_find(plm_sv s, char c)
{
    const char *q = s.n ? memchr(s.p, c, s.n) : NULL;
    return q ? (size_t)(q - s.p) : SIZE_MAX;
}

size_t plm_sv_rfind(plm_sv s, char c)
{
    const char *q = s.n ? memrchr(s.p, c, s.n) : NULL;
    return q ? (size_t)(q - s.p) : SIZE_MAX;
}

size_t plm_sv_find_sv(plm_sv s, plm_sv needle)
{
    if (needle.n == 0)
        return 0;
    const char *q = s.n >= needle.n ? memmem(s.p, s.n, needle.p, needle.n) : NULL;
    return q ? (size_t)(q - s.p) : SIZE_MAX;
}

static bool is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

plm_sv plm_sv_trim(plm_sv s)
{
    while (s.n && is_space(s.p[0])) {
        s.p++;
        s.n--;
    }
    while (s.n && is_space(s.p[s.n - 1]))
        s.n--;
    return s;
}

bool plm_sv_cut(plm_sv s, char c, plm_sv *head, plm_sv *tail)
{
    size_t at = plm_sv_find(s, c);
    if (at == SIZE_MAX) {
        *head = s;
        *tail = PLM_SV_NULL;
        return false;
    }
    *head = plm_sv_sub(s, 0, at);
    *tail = plm_sv_from_off(s, at + 1);
    return true;
}

bool plm_sv_line(plm_sv *rest, plm_sv *line)
{
    if (rest->n == 0)
        return false;
    plm_sv tail;
    plm_sv_cut(*rest, '\n', line, &tail);
    *rest = tail;
    if (line->n && line->p[line->n - 1] == '\r')
        line->n--;
    return true;
}

bool plm_sv_field(plm_sv *rest, char c, plm_sv *field)
{
    if (!rest->p)
        return false;
    plm_sv tail;
    plm_sv_cut(*rest, c, field, &tail);
    *rest = tail;
    return true;
}

bool plm_sv_word(plm_sv *rest, plm_sv *word)
{
    plm_sv s = *rest;
    while (s.n && is_space(s.p[0])) {
        s.p++;
        s.n--;
    }
    size_t i = 0;
    while (i < s.n && !is_space(s.p[i]))
        i++;
    *word = plm_sv_sub(s, 0, i);
    *rest = plm_sv_from_off(s, i);
    return i > 0;
}

bool plm_sv_u64(plm_sv s, uint64_t *out)
{
    if (s.n == 0)
        return false;
    uint64_t v = 0;
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] < '0' || s.p[i] > '9')
            return false;
        if (__builtin_mul_overflow(v, 10u, &v) || __builtin_add_overflow(v, (uint64_t)(s.p[i] - '0'), &v))
            return false;
    }
    *out = v;
    return true;
}

uint64_t plm_sv_hash(plm_sv s)
{
    uint64_t h = 0xcbf29ce484222325u;
    for (size_t i = 0; i < s.n; i++)
        h = (h ^ (unsigned char)s.p[i]) * 0x100000001b3u;
    h ^= h >> 32;
    h *= 0xd6e8feb86659fd93u;
    return h ^ (h >> 32);
}

/* Matches s[*si] against the class at p[*pi] (just after '['); moves *pi past ']'. */
static bool glob_class(plm_sv p, size_t *pi, char c)
{
    size_t i = *pi;
    bool neg = i < p.n && (p.p[i] == '!' || p.p[i] == '^'), hit = false;
    if (neg)
        i++;
    for (bool first = true; i < p.n && (first || p.p[i] != ']'); first = false) {
        char lo = p.p[i++], hi = lo;
        if (i + 1 < p.n && p.p[i] == '-' && p.p[i + 1] != ']') {
            hi = p.p[i + 1];
            i += 2;
        }
        hit = hit || (c >= lo && c <= hi);
    }
    *pi = i < p.n ? i + 1 : i;
    return hit != neg && c != '/';
}

bool plm_sv_glob(plm_sv p, plm_sv s)
{
    size_t pi = 0, si = 0;
    /* Resume points: the last '*' and the last '**' seen, with the text position each would retry from. */
    size_t star_p = SIZE_MAX, star_s = 0, deep_p = SIZE_MAX, deep_s = 0;
    for (;;) {
        if (pi < p.n && p.p[pi] == '*') {
            bool deep = pi + 1 < p.n && p.p[pi + 1] == '*';
            pi += deep ? 2 : 1;
            /* "**" followed by '/' also matches no directory at all */
            if (deep) {
                deep_p = pi;
                deep_s = si;
                star_p = SIZE_MAX;
                if (pi < p.n && p.p[pi] == '/' &&
                    plm_sv_glob(plm_sv_from_off(p, pi + 1), plm_sv_from_off(s, si)))
                    return true;
            } else {
                star_p = pi;
                star_s = si;
            }
            continue;
        }
        if (si == s.n && pi == p.n)
            return true;
        if (si < s.n && pi < p.n) {
            size_t next = pi + 1;
            bool ok = p.p[pi] == '?'   ? s.p[si] != '/'
                      : p.p[pi] == '[' ? glob_class(p, &next, s.p[si])
                                       : p.p[pi] == s.p[si];
            if (ok) {
                pi = next;
                si++;
                continue;
            }
        }
        if (star_p != SIZE_MAX && star_s < s.n && s.p[star_s] != '/') {
            si = ++star_s;
            pi = star_p;
        } else if (deep_p != SIZE_MAX && deep_s < s.n) {
            si = ++deep_s;
            pi = deep_p;
            star_p = SIZE_MAX;
        } else {
            return false;
        }
    }
}
