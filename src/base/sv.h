/* SPDX-License-Identifier: Apache-2.0
 *
 * String views: borrowed, not NUL-terminated, compared as bytes. A view with p == NULL
 * means "not there" and has n == 0; an empty view with p != NULL is a present empty value.
 *
 *     plm_sv line, rest = text;
 *     while (plm_sv_line(&rest, &line))
 *         if (plm_sv_cut(line, ':', &key, &value)) ...
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

typedef struct {
    const char *p;
    size_t n;
} plm_sv;

#define PLM_SV(lit) ((plm_sv){"" lit, sizeof(lit) - 1})
#define PLM_SV_NULL ((plm_sv){NULL, 0})
/* printf("%.*s", PLM_SV_ARG(v)); lengths over INT_MAX are cut */
#define PLM_SV_ARG(v) ((int)((v).n > INT32_MAX ? INT32_MAX : (v).n)), ((v).p ? (v).p : "")

static inline plm_sv plm_sv_from(const char *s)
{
    return (plm_sv){s, s ? strlen(s) : 0};
}

static inline plm_sv plm_sv_n(const char *p, size_t n)
{
    return (plm_sv){p, n};
}

static inline plm_sv plm_sv_sub(plm_sv s, size_t off, size_t n)
{
    if (!s.p && s.n)
        __builtin_unreachable(); /* the invariant above, said to the compiler and to analysers */
    if (off > s.n)
        off = s.n;
    if (n > s.n - off)
        n = s.n - off;
    return (plm_sv){s.p ? s.p + off : NULL, n};
}

static inline plm_sv plm_sv_from_off(plm_sv s, size_t off)
{
    return plm_sv_sub(s, off, s.n);
}

static inline bool plm_sv_eq(plm_sv a, plm_sv b)
{
    return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

static inline bool plm_sv_is(plm_sv a, const char *lit)
{
    return plm_sv_eq(a, plm_sv_from(lit));
}

static inline bool plm_sv_starts(plm_sv s, plm_sv prefix)
{
    return s.n >= prefix.n && (prefix.n == 0 || memcmp(s.p, prefix.p, prefix.n) == 0);
}

static inline bool plm_sv_ends(plm_sv s, plm_sv suffix)
{
    if (!s.p && s.n)
        __builtin_unreachable(); /* as above */
    return s.n >= suffix.n && (suffix.n == 0 || memcmp(s.p + s.n - suffix.n, suffix.p, suffix.n) == 0);
}

/* Byte order, shorter first on a common prefix: the one order of all sorted output. */
int plm_sv_cmp(plm_sv a, plm_sv b);
/* ASCII case only. */
bool plm_sv_ieq(plm_sv a, plm_sv b);
/* Position of c or needle, SIZE_MAX if absent. */
size_t plm_sv_find(plm_sv s, char c);
size_t plm_sv_rfind(plm_sv s, char c);
size_t plm_sv_find_sv(plm_sv s, plm_sv needle);
static inline bool plm_sv_has(plm_sv s, plm_sv needle)
{
    return plm_sv_find_sv(s, needle) != SIZE_MAX;
}
/* Without leading and trailing space, tab, CR, LF, FF, VT. */
plm_sv plm_sv_trim(plm_sv s);
/* Splits at the first c; false (and *head = s, *tail = null) if there is none. */
bool plm_sv_cut(plm_sv s, char c, plm_sv *head, plm_sv *tail);
/* Takes the next line (without LF or CRLF) off *rest; false at the end. */
bool plm_sv_line(plm_sv *rest, plm_sv *line);
/* Takes the next field up to c off *rest; false at the end (rest->p == NULL). "a,,b" gives three fields, "a,"
 * two. */
bool plm_sv_field(plm_sv *rest, char c, plm_sv *field);
/* Takes the next run of non-blank bytes off *rest; false at the end. */
bool plm_sv_word(plm_sv *rest, plm_sv *word);
/* Decimal digits only, the whole view; false on anything else or overflow. */
bool plm_sv_u64(plm_sv s, uint64_t *out);
/* FNV-1a with a final mix; stable across runs and machines. */
uint64_t plm_sv_hash(plm_sv s);
/* Shell-style pattern: '*' (not over '/'), '**' (over '/'), '?', '[..]'. */
bool plm_sv_glob(plm_sv pattern, plm_sv s);
