/* SPDX-License-Identifier: Apache-2.0
 *
 * Cubes (kplan_int.h): and, or, and joining what the kernel has no bits for. Two cubes that differ in one
 * thing only are one cube with the union of it; that keeps `fd.name in (…) or fd.directory in (…)` one
 * clause.
 */
#include "watch/kplan_int.h"

#include <stdlib.h>

static bool evset_eq(const struct plm_evset *a, const struct plm_evset *b)
{
    return memcmp(a, b, sizeof *a) == 0;
}

bool plm_evset_is_empty(const struct plm_evset *s)
{
    for (size_t i = 0; i < PLM_EVTYPE_MAX / 64; i++)
        if (s->w[i])
            return false;
    return true;
}

struct plm_kcube plm_kcube_all(void)
{
    struct plm_kcube c = {.dims = PLM_KDIMS_ALL};
    memset(&c.types, 0xff, sizeof c.types);
    return c;
}

/* ---- equality and union, part by part
 * ----------------------------------------------------------------------- */

static bool has_path(const struct plm_kcube *c, const struct plm_kpath_test *t)
{
    for (size_t i = 0; i < c->paths.n; i++)
        if (c->paths.v[i].kind == t->kind && plm_sv_eq(c->paths.v[i].text, t->text))
            return true;
    return false;
}

static bool paths_eq(const struct plm_kcube *a, const struct plm_kcube *b)
{
    if (a->has_paths != b->has_paths || a->paths.n != b->paths.n)
        return false;
    for (size_t i = 0; i < b->paths.n; i++)
        if (!has_path(a, &b->paths.v[i]))
            return false;
    return true;
}

static bool ports_eq(const struct plm_kcube *a, const struct plm_kcube *b)
{
    return a->has_ports == b->has_ports && a->ports.n == b->ports.n &&
           (!a->ports.n || memcmp(a->ports.v, b->ports.v, a->ports.n * sizeof *a->ports.v) == 0);
}

static bool alt_eq(const struct plm_kalt *a, const struct plm_kalt *b)
{
    return a->nodes.n == b->nodes.n &&
           (!a->nodes.n || memcmp(a->nodes.v, b->nodes.v, a->nodes.n * sizeof *a->nodes.v) == 0);
}

static bool alts_eq(const struct plm_kcube *a, const struct plm_kcube *b)
{
    if (a->alts.n != b->alts.n)
        return false;
    for (size_t i = 0; i < a->alts.n; i++)
        if (!alt_eq(&a->alts.v[i], &b->alts.v[i]))
            return false;
    return true;
}

static int join_paths(struct plm_arena *a, struct plm_kcube *c, const struct plm_kcube *d)
{
    bool is_any = !c->has_paths || !d->has_paths || c->paths.n + d->paths.n > PLM_KPATHS_MAX;
    struct plm_kcube joined = {.has_paths = !is_any};
    for (size_t i = 0; !is_any && i < c->paths.n + d->paths.n; i++) {
        const struct plm_kpath_test *t = i < c->paths.n ? &c->paths.v[i] : &d->paths.v[i - c->paths.n];
        if (has_path(&joined, t))
            continue;
        struct plm_kpath_test *at = plm_vec_push(a, &joined.paths);
        if (!at)
            return -1;
        *at = *t;
    }
    c->has_paths = joined.has_paths;
    memcpy(&c->paths, &joined.paths, sizeof c->paths);
    return 0;
}

static int join_ports(struct plm_arena *a, struct plm_kcube *c, const struct plm_kcube *d)
{
    bool is_any = !c->has_ports || !d->has_ports || c->ports.n + d->ports.n > PLM_KPORTS_MAX;
    struct plm_kcube joined = {.has_ports = !is_any};
    for (size_t i = 0; !is_any && i < c->ports.n + d->ports.n; i++) {
        uint16_t *at = plm_vec_push(a, &joined.ports);
        if (!at)
            return -1;
        *at = i < c->ports.n ? c->ports.v[i] : d->ports.v[i - c->ports.n];
    }
    c->has_ports = joined.has_ports;
    memcpy(&c->ports, &joined.ports, sizeof c->ports);
    return 0;
}

static int join_alts(struct plm_arena *a, struct plm_kcube *c, const struct plm_kcube *d)
{
    if (alts_eq(c, d))
        return 0;
    bool is_any = !c->alts.n || !d->alts.n || c->alts.n + d->alts.n > PLM_KALTS_MAX;
    struct plm_kcube joined = {0};
    for (size_t i = 0; !is_any && i < c->alts.n + d->alts.n; i++) {
        struct plm_kalt *at = plm_vec_push(a, &joined.alts);
        if (!at)
            return -1;
        *at = i < c->alts.n ? c->alts.v[i] : d->alts.v[i - c->alts.n];
    }
    memcpy(&c->alts, &joined.alts, sizeof c->alts);
    return 0;
}

/* c becomes the smallest cube that we can write with both in it. */
static int join(struct plm_arena *a, struct plm_kcube *c, const struct plm_kcube *d)
{
    for (size_t i = 0; i < PLM_EVTYPE_MAX / 64; i++)
        c->types.w[i] |= d->types.w[i];
    c->dims |= d->dims;
    return join_paths(a, c, d) < 0 || join_ports(a, c, d) < 0 || join_alts(a, c, d) < 0 ? -1 : 0;
}

/* In how many things do they differ? Pairs of dimensions count each. */
static unsigned differences(const struct plm_kcube *a, const struct plm_kcube *b)
{
    uint32_t dims = a->dims ^ b->dims;
    uint32_t pairs = (dims | dims >> 1) & 0x55555555u;
    return (unsigned)__builtin_popcount(pairs) + !evset_eq(&a->types, &b->types) + !paths_eq(a, b) +
           !ports_eq(a, b) + !alts_eq(a, b);
}

/* Is every event of d an event of c? (Not all such pairs are found.) */
static bool covers(const struct plm_kcube *c, const struct plm_kcube *d)
{
    for (size_t i = 0; i < PLM_EVTYPE_MAX / 64; i++)
        if (d->types.w[i] & ~c->types.w[i])
            return false;
    return !(d->dims & ~c->dims) && (!c->has_paths || paths_eq(c, d)) && (!c->has_ports || ports_eq(c, d)) &&
           (!c->alts.n || alts_eq(c, d));
}

/* ---- sets of cubes
 * -------------------------------------------------------------------------------------------- */

int plm_kcubes_add(struct plm_arena *a, struct plm_kcubes *c, const struct plm_kcube *cube)
{
    for (size_t i = 0; i < c->n; i++) {
        if (covers(&c->v[i], cube))
            return 0;
        if (covers(cube, &c->v[i])) {
            c->v[i] = *cube;
            return 0;
        }
        if (differences(&c->v[i], cube) == 1)
            return join(a, &c->v[i], cube);
    }
    struct plm_kcube *at = plm_vec_push(a, c);
    if (!at)
        return -1;
    *at = *cube;
    return 0;
}

/* Which two are joined when there are too many: those that differ least, the last of them. */
int plm_kcubes_limit(struct plm_arena *a, struct plm_kcubes *c, size_t max)
{
    while (c->n > max) {
        size_t x = 0, y = 1;
        unsigned least = UINT32_MAX;
        for (size_t i = 0; i + 1 < c->n; i++)
            for (size_t k = i + 1; k < c->n; k++) {
                unsigned d =
                    differences(&c->v[i], &c->v[k]) +
                    4 * (unsigned)(c->v[i].has_paths != c->v[k].has_paths); /* a path test is worth most */
                if (d <= least) {
                    least = d;
                    x = i;
                    y = k;
                }
            }
        if (join(a, &c->v[x], &c->v[y]) < 0)
            return -1;
        c->v[y] = c->v[--c->n];
    }
    return 0;
}

int plm_kcubes_or(struct plm_arena *a, struct plm_kcubes *c, const struct plm_kcubes *d)
{
    for (size_t i = 0; i < d->n; i++)
        if (plm_kcubes_add(a, c, &d->v[i]) < 0)
            return -1;
    return plm_kcubes_limit(a, c, PLM_KCUBES_MAX);
}

/* How much a set of paths lets through, roughly. */
static unsigned breadth(const struct plm_kcube *c)
{
    static const unsigned by_kind[] = {[PLM_KPATH_EXACT] = 1,
                                       [PLM_KPATH_PREFIX] = 40,
                                       [PLM_KPATH_NAME] = 8,
                                       [PLM_KPATH_DIR] = 6,
                                       [PLM_KPATH_SUFFIX] = 20};
    unsigned most = 0;
    for (size_t i = 0; i < c->paths.n; i++) {
        const struct plm_kpath_test *t = &c->paths.v[i];
        unsigned b = by_kind[t->kind];
        if (t->kind == PLM_KPATH_PREFIX)
            b -= t->text.n < 30 ? (unsigned)t->text.n : 30;
        most = b > most ? b : most;
    }
    return most;
}

static bool all_exact(const struct plm_kcube *c)
{
    for (size_t i = 0; i < c->paths.n; i++)
        if (c->paths.v[i].kind != PLM_KPATH_EXACT)
            return false;
    return true;
}

static bool any_holds(const struct plm_kcube *c, plm_sv path)
{
    for (size_t i = 0; i < c->paths.n; i++)
        if (plm_kpath_holds(c->paths.v[i].kind, c->paths.v[i].text, path))
            return true;
    return false;
}

/* Paths of both: exact ones are tested by the other set, else the narrower set stands for both. */
static int meet_paths(struct plm_arena *a, struct plm_kcube *c, const struct plm_kcube *d)
{
    if (!d->has_paths)
        return 0;
    const struct plm_kcube *narrow = !c->has_paths || breadth(d) < breadth(c) ? d : c;
    const struct plm_kcube *other = narrow == d ? c : d;
    bool filters = other->has_paths && all_exact(narrow);
    struct plm_kcube met = {0};
    for (size_t i = 0; i < narrow->paths.n; i++) {
        if (filters && !any_holds(other, narrow->paths.v[i].text))
            continue;
        struct plm_kpath_test *at = plm_vec_push(a, &met.paths);
        if (!at)
            return -1;
        *at = narrow->paths.v[i];
    }
    c->has_paths = true;
    memcpy(&c->paths, &met.paths, sizeof c->paths);
    return 0;
}

static int cmp_u32(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return x < y ? -1 : x > y;
}

static int meet_alt(struct plm_arena *a, const struct plm_kalt *x, const struct plm_kalt *y,
                    struct plm_kalt *out)
{
    for (size_t i = 0; i < x->nodes.n + y->nodes.n; i++) {
        uint32_t *at = plm_vec_push(a, &out->nodes);
        if (!at)
            return -1;
        *at = i < x->nodes.n ? x->nodes.v[i] : y->nodes.v[i - x->nodes.n];
    }
    qsort(out->nodes.v, out->nodes.n, sizeof *out->nodes.v, cmp_u32);
    size_t kept = 0;
    for (size_t i = 0; i < out->nodes.n; i++)
        if (!kept || out->nodes.v[kept - 1] != out->nodes.v[i])
            out->nodes.v[kept++] = out->nodes.v[i];
    out->nodes.n = kept;
    return 0;
}

static int meet_alts(struct plm_arena *a, struct plm_kcube *c, const struct plm_kcube *d)
{
    if (!d->alts.n || (c->alts.n && c->alts.n * d->alts.n > PLM_KALTS_MAX))
        return 0; /* c's own alternatives are necessary by themselves */
    struct plm_kcube met = {0};
    static const struct plm_kalt none;
    for (size_t i = 0; i < (c->alts.n ? c->alts.n : 1); i++)
        for (size_t k = 0; k < d->alts.n; k++) {
            struct plm_kalt *at = plm_vec_push(a, &met.alts);
            if (!at || meet_alt(a, c->alts.n ? &c->alts.v[i] : &none, &d->alts.v[k], at) < 0)
                return -1;
        }
    memcpy(&c->alts, &met.alts, sizeof c->alts);
    return 0;
}

/* c &= d. *out_empty: no event is in both. */
static int meet(struct plm_arena *a, struct plm_kcube *c, const struct plm_kcube *d, bool *out_empty)
{
    for (size_t i = 0; i < PLM_EVTYPE_MAX / 64; i++)
        c->types.w[i] &= d->types.w[i];
    c->dims &= d->dims;
    uint32_t pairs = (c->dims | c->dims >> 1) & 0x55555555u & PLM_KDIMS_ALL;
    *out_empty = plm_evset_is_empty(&c->types) || pairs != (0x55555555u & PLM_KDIMS_ALL);
    if (*out_empty)
        return 0;
    if (d->has_ports && !c->has_ports) {
        c->has_ports = true;
        memcpy(&c->ports, &d->ports, sizeof c->ports);
    }
    return meet_paths(a, c, d) < 0 || meet_alts(a, c, d) < 0 ? -1 : 0;
}

int plm_kcubes_and(struct plm_arena *a, const struct plm_kcubes *c, const struct plm_kcubes *d,
                   struct plm_kcubes *out)
{
    struct plm_kcubes r = {0};
    for (size_t i = 0; i < c->n; i++)
        for (size_t k = 0; k < d->n; k++) {
            struct plm_kcube cube = c->v[i];
            bool is_empty;
            if (meet(a, &cube, &d->v[k], &is_empty) < 0)
                return -1;
            if (!is_empty && plm_kcubes_add(a, &r, &cube) < 0)
                return -1;
            if (r.n > 2 * PLM_KCUBES_MAX && plm_kcubes_limit(a, &r, PLM_KCUBES_MAX) < 0)
                return -1;
        }
    *out = r;
    return plm_kcubes_limit(a, out, PLM_KCUBES_MAX);
}
