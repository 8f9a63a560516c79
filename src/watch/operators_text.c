/* SPDX-License-Identifier: Apache-2.0
 *
 * Text operands: wildcards, sets of strings, sets of paths (falco-rules.md 2.1).
 *
 * glob is fnmatch(3) without FNM_PATHNAME: `*` crosses `/`, a backslash takes the next byte literally,
 * brackets hold ranges, `!` or `^`, and [:class:]. Own code, because the subject comes from an attacker:
 * fnmatch needs NUL-ended text and may take exponential time over many stars; here one star is remembered at
 * a time, so it is O(pattern × subject) at worst.
 *
 * pmatch compares by components: empty ones are dropped, an operand matches when its components begin the
 * subject's, one with `?*[` by wildcard. Operands without wildcards are looked up by the hash of each prefix
 * of the subject, so a long list costs no more than a short one.
 */
#include "watch/operators.h"

#include <ctype.h>

/* ---- glob ---------------------------------------------------------------------------------------------- */

static unsigned char fold(unsigned char c, bool is_icase)
{
    return is_icase && c >= 'A' && c <= 'Z' ? (unsigned char)(c | 0x20) : c;
}

static const struct {
    const char *name;
    int (*is)(int c);
} classes[] = {
    {"alpha", isalpha}, {"digit", isdigit}, {"alnum", isalnum}, {"upper", isupper},
    {"lower", islower}, {"space", isspace}, {"blank", isblank}, {"punct", ispunct},
    {"print", isprint}, {"graph", isgraph}, {"cntrl", iscntrl}, {"xdigit", isxdigit},
};

/* [:name:] at p[*i]; false: not one (then nothing is taken). */
static bool take_class(plm_sv p, size_t *i, unsigned char c, bool is_icase, bool *hit)
{
    plm_sv rest = plm_sv_from_off(p, *i);
    if (rest.n < 4 || rest.p[0] != '[' || rest.p[1] != ':')
        return false;
    for (size_t k = 0; k < sizeof classes / sizeof *classes; k++) {
        plm_sv name = plm_sv_from(classes[k].name);
        plm_sv body = plm_sv_from_off(rest, 2);
        if (!plm_sv_starts(body, name) || !plm_sv_starts(plm_sv_from_off(body, name.n), PLM_SV(":]")))
            continue;
        if (c < 0x80)
            *hit |=
                classes[k].is(c) || (is_icase && (classes[k].is(tolower(c)) || classes[k].is(toupper(c))));
        *i += name.n + 4;
        return true;
    }
    return false;
}

/* One byte of a bracket, escaped or not; false: the bracket does not end. */
static bool take_byte(plm_sv p, size_t *i, unsigned char *out)
{
    if (*i < p.n && p.p[*i] == '\\')
        ++*i;
    if (*i >= p.n)
        return false;
    *out = (unsigned char)p.p[(*i)++];
    return true;
}

/* A bracket expression behind its `[` at p[*at]. -1: it is no bracket (no end): the `[` is itself. */
static int bracket(plm_sv p, size_t *at, unsigned char c, bool is_icase)
{
    size_t i = *at;
    bool is_not = i < p.n && (p.p[i] == '!' || p.p[i] == '^'), hit = false;
    i += is_not;
    for (bool is_first = true;; is_first = false) {
        if (i >= p.n)
            return -1;
        if (p.p[i] == ']' && !is_first)
            break;
        if (take_class(p, &i, c, is_icase, &hit))
            continue;
        unsigned char lo, hi;
        if (!take_byte(p, &i, &lo))
            return -1;
        hi = lo;
        if (i + 1 < p.n && p.p[i] == '-' && p.p[i + 1] != ']') {
            i++;
            if (!take_byte(p, &i, &hi))
                return -1;
        }
        hit |= fold(c, is_icase) >= fold(lo, is_icase) && fold(c, is_icase) <= fold(hi, is_icase);
    }
    *at = i + 1;
    return hit != is_not;
}

/* The pattern element at p[*i] against c; *i goes behind it when it fits. */
static bool one(plm_sv p, size_t *i, unsigned char c, bool is_icase)
{
    size_t at = *i + 1;
    unsigned char e = (unsigned char)p.p[*i];
    if (e == '?') {
        *i = at;
        return true;
    }
    if (e == '[') {
        int r = bracket(p, &at, c, is_icase);
        if (r >= 0) {
            *i = r ? at : *i;
            return r > 0;
        }
    }
    if (e == '\\') {
        if (at >= p.n)
            return false; /* a lone backslash at the end matches nothing */
        e = (unsigned char)p.p[at++];
    }
    if (fold(e, is_icase) != fold(c, is_icase))
        return false;
    *i = at;
    return true;
}

bool plm_glob_match(plm_sv p, plm_sv s, bool is_icase)
{
    size_t i = 0, j = 0, star = SIZE_MAX, mark = 0;
    while (j < s.n) {
        if (i < p.n && p.p[i] == '*') {
            star = ++i;
            mark = j;
        } else if (i < p.n && one(p, &i, (unsigned char)s.p[j], is_icase)) {
            j++;
        } else if (star != SIZE_MAX) {
            i = star;
            j = ++mark;
        } else {
            return false;
        }
    }
    while (i < p.n && p.p[i] == '*')
        i++;
    return i == p.n;
}

/* ---- sets of strings ------------------------------------------------------------------------------------
 */

struct plm_strset {
    plm_sv *slots; /* open addressing; p NULL: free */
    size_t mask;
    uint64_t lengths; /* bit min(n, 63): some member is so long */
};

static uint64_t length_bit(size_t n)
{
    return 1ull << (n < 63 ? n : 63);
}

struct plm_strset *plm_strset_new(const plm_sv *v, size_t n, struct plm_arena *a)
{
    size_t size = 4;
    while (size / 2 < n)
        size *= 2;
    struct plm_strset *set = plm_arena_make(a, struct plm_strset);
    plm_sv *slots = plm_arena_array(a, size, sizeof *slots);
    if (!set || !slots)
        return NULL;
    set->slots = slots;
    set->mask = size - 1;
    for (size_t i = 0; i < n; i++) {
        plm_sv s = v[i].p ? v[i] : PLM_SV("");
        size_t at = (size_t)plm_sv_hash(s) & set->mask;
        while (slots[at].p && !plm_sv_eq(slots[at], s))
            at = (at + 1) & set->mask;
        slots[at] = s;
        set->lengths |= length_bit(s.n);
    }
    return set;
}

bool plm_strset_has(const struct plm_strset *set, plm_sv s)
{
    if (!(set->lengths & length_bit(s.n)))
        return false;
    for (size_t at = (size_t)plm_sv_hash(s) & set->mask; set->slots[at].p; at = (at + 1) & set->mask)
        if (plm_sv_eq(set->slots[at], s))
            return true;
    return false;
}

/* ---- sets of paths --------------------------------------------------------------------------------------
 */

struct path_operand {
    plm_sv *parts;
    size_t n;
    uint64_t hash; /* of all parts: literal operands */
};

struct plm_pathset {
    struct path_operand *wild; /* with wildcards: one by one */
    size_t n_wild;
    struct path_operand *slots; /* literal ones: open addressing by hash; parts NULL: free */
    size_t mask;
    bool is_all;      /* "/" */
    size_t max_parts; /* of the literal ones */
};

static bool next_part(plm_sv *rest, plm_sv *part)
{
    while (plm_sv_field(rest, '/', part))
        if (part->n)
            return true;
    return false;
}

/* Hash of a path from that of its directory and its last part. */
static uint64_t part_hash(uint64_t h, plm_sv part)
{
    return (h ^ plm_sv_hash(part)) * 0x9e3779b97f4a7c15u;
}

static bool is_wild(plm_sv s)
{
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] == '*' || s.p[i] == '?' || s.p[i] == '[')
            return true;
    return false;
}

static bool path_operand_make(plm_sv text, struct plm_arena *a, struct path_operand *out)
{
    PLM_VEC(plm_sv) parts = {0};
    plm_sv rest = text, part;
    uint64_t h = 0;
    while (next_part(&rest, &part)) {
        plm_sv *p = plm_vec_push(a, &parts);
        if (!p)
            return false;
        *p = part;
        h = part_hash(h, part);
    }
    *out = (struct path_operand){.parts = parts.v, .n = parts.n, .hash = h};
    return true;
}

static bool same_parts(const struct path_operand *a, const struct path_operand *b)
{
    if (a->n != b->n)
        return false;
    for (size_t i = 0; i < a->n; i++)
        if (!plm_sv_eq(a->parts[i], b->parts[i]))
            return false;
    return true;
}

static void put_literal(struct plm_pathset *set, const struct path_operand *o)
{
    size_t at = (size_t)(o->hash >> 32) & set->mask;
    while (set->slots[at].parts && !same_parts(&set->slots[at], o))
        at = (at + 1) & set->mask;
    set->slots[at] = *o;
    if (o->n > set->max_parts)
        set->max_parts = o->n;
}

struct plm_pathset *plm_pathset_new(const plm_sv *v, size_t n, struct plm_arena *a)
{
    size_t size = 4;
    while (size / 2 < n)
        size *= 2;
    struct plm_pathset *set = plm_arena_make(a, struct plm_pathset);
    if (!set)
        return NULL;
    set->mask = size - 1;
    set->slots = plm_arena_array(a, size, sizeof *set->slots);
    set->wild = plm_arena_array(a, n ? n : 1, sizeof *set->wild);
    if (!set->slots || !set->wild)
        return NULL;
    for (size_t i = 0; i < n; i++) {
        struct path_operand o;
        if (!path_operand_make(v[i], a, &o))
            return NULL;
        if (!o.n)
            set->is_all = true;
        else if (is_wild(v[i]))
            set->wild[set->n_wild++] = o;
        else
            put_literal(set, &o);
    }
    return set;
}

static bool wild_begins(const struct path_operand *o, plm_sv path)
{
    plm_sv rest = path, part;
    for (size_t i = 0; i < o->n; i++)
        if (!next_part(&rest, &part) || !plm_glob_match(o->parts[i], part, false))
            return false;
    return true;
}

/* Do the first n parts of path equal the operand's? */
static bool begins(const struct path_operand *o, plm_sv path)
{
    plm_sv rest = path, part;
    for (size_t i = 0; i < o->n; i++)
        if (!next_part(&rest, &part) || !plm_sv_eq(o->parts[i], part))
            return false;
    return true;
}

bool plm_pathset_match(const struct plm_pathset *set, plm_sv path)
{
    if (set->is_all)
        return true;
    plm_sv rest = path, part;
    uint64_t h = 0;
    for (size_t n = 1; n <= set->max_parts && next_part(&rest, &part); n++) {
        h = part_hash(h, part);
        for (size_t at = (size_t)(h >> 32) & set->mask; set->slots[at].parts; at = (at + 1) & set->mask)
            if (set->slots[at].hash == h && set->slots[at].n == n && begins(&set->slots[at], path))
                return true;
    }
    for (size_t i = 0; i < set->n_wild; i++)
        if (wild_begins(&set->wild[i], path))
            return true;
    return false;
}
