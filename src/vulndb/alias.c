/* SPDX-License-Identifier: Apache-2.0
 *
 * Which ids name the same flaw: union-find over the `aliases` of every feed, worked out when the
 * store is written, so that a scan only looks up.
 *
 * Upstream data call things aliases that are not (an erratum that lists five CVEs). Therefore a
 * set never holds two CVE ids: an alias that would join two such sets is left out, in the order
 * of feeds and records, which is fixed. Members are sorted, the CVE first; an id without
 * another name is not stored. O(n α(n)) and one sort.
 */
#include "base/map.h"
#include "vulndb/vulndb_int.h"

struct node {
    plm_sv id;
    uint32_t parent, next, tail; /* next: member list of a set, ends with PLM_NONE */
    uint32_t size;
    bool has_cve;
};

struct forest {
    struct plm_map *index; /* id to node number + 1 */
    struct node *nodes;
    size_t n, cap;
};

static int node_of(struct forest *fo, plm_sv id, uint32_t *out, plm_err **err)
{
    void **slot = plm_map_put(fo->index, id);
    if (!slot)
        return plm_fail_oom(err);
    if (!*slot) {
        if (fo->n == fo->cap) {
            size_t cap = fo->cap ? fo->cap * 2 : 1024;
            struct node *bigger = cap < PLM_NONE ? reallocarray(fo->nodes, cap, sizeof(*bigger)) : NULL;
            if (!bigger)
                return plm_fail_oom(err);
            fo->nodes = bigger;
            fo->cap = cap;
        }
        uint32_t i = (uint32_t)fo->n++;
        fo->nodes[i] = (struct node){id, i, PLM_NONE, i, 1, plm_sv_starts(id, PLM_SV("CVE-"))};
        *slot = (void *)(uintptr_t)(i + 1); /* numbers, kept as pointers */
    }
    if (!fo->nodes)
        return plm_fail_oom(err); /* cannot be: a slot that is set has a node */
    *out = (uint32_t)(uintptr_t)*slot - 1;
    return 0;
}

static uint32_t root_of(struct forest *fo, uint32_t i)
{
    while (fo->nodes[i].parent != i) {
        fo->nodes[i].parent = fo->nodes[fo->nodes[i].parent].parent;
        i = fo->nodes[i].parent;
    }
    return i;
}

static void join(struct forest *fo, uint32_t a, uint32_t b)
{
    a = root_of(fo, a);
    b = root_of(fo, b);
    struct node *x = &fo->nodes[a], *y = &fo->nodes[b];
    if (a == b || (x->has_cve && y->has_cve))
        return;
    if (x->size < y->size) {
        struct node *swap = x;
        x = y;
        y = swap;
        a = b;
    }
    y->parent = a;
    fo->nodes[x->tail].next = (uint32_t)(y - fo->nodes);
    x->tail = y->tail;
    x->size += y->size;
    x->has_cve |= y->has_cve;
}

static int join_feed(struct forest *fo, const struct plm_dbf *f, plm_err **err)
{
    plm_auto(plm_arena_free) struct plm_arena *a = plm_arena_new(PLM_ARENA_NO_LIMIT);
    if (!a)
        return plm_fail_oom(err);
    struct plm_adv_row row;
    size_t n = f->sec[PLM_SEC_ADVISORIES].n / PLM_ROW_ADVISORY;
    for (uint32_t i = 0; i < n; i++) {
        struct plm_advisory adv = {0};
        if (!plm_dbf_advisory(f, i, &row) || !plm_dbf_lists(f, row.lists, a, &adv))
            return plm_arena_failed(a) ? plm_fail_oom(err) : plm_dbf_corrupt(f, "advisory", i, err);
        uint32_t self = 0, other = 0;
        if (adv.aliases.n && node_of(fo, row.id, &self, err) < 0)
            return -1;
        for (size_t k = 0; k < adv.aliases.n; k++) {
            if (!adv.aliases.v[k].n)
                continue;
            if (node_of(fo, adv.aliases.v[k], &other, err) < 0)
                return -1;
            join(fo, self, other);
        }
        plm_arena_reset(a);
    }
    return 0;
}

static int by_id(const void *a, const void *b)
{
    return plm_sv_cmp((*(const struct node *const *)a)->id, (*(const struct node *const *)b)->id);
}

/* CVE ids first, then by name. */
static int member_order(const void *a, const void *b)
{
    const struct node *x = *(const struct node *const *)a, *y = *(const struct node *const *)b;
    bool xc = plm_sv_starts(x->id, PLM_SV("CVE-")), yc = plm_sv_starts(y->id, PLM_SV("CVE-"));
    return xc != yc ? (xc ? -1 : 1) : plm_sv_cmp(x->id, y->id);
}

struct out {
    struct plm_strpool *pool;
    struct plm_buf *ids, *members;
    uint32_t *first; /* by root: place of its members + 1, 0: not yet written */
    const struct node **scratch;
};

static int put_members(struct forest *fo, struct out *o, uint32_t root, plm_err **err)
{
    size_t n = 0;
    for (uint32_t i = root; i != PLM_NONE; i = fo->nodes[i].next)
        o->scratch[n++] = &fo->nodes[i];
    qsort(o->scratch, n, sizeof(*o->scratch), member_order);
    o->first[root] = (uint32_t)(o->members->n / PLM_ROW_MEMBER) + 1;
    for (size_t i = 0; i < n; i++) {
        uint32_t ref;
        if (plm_strpool_add(o->pool, o->scratch[i]->id, &ref, err) < 0)
            return -1;
        plm_buf_u32le(o->members, ref);
    }
    return plm_buf_check(o->members, err);
}

static int put_all(struct forest *fo, struct out *o, const struct node **sorted, plm_err **err)
{
    for (size_t i = 0; i < fo->n; i++)
        sorted[i] = &fo->nodes[i];
    if (fo->n)
        qsort(sorted, fo->n, sizeof(*sorted), by_id);
    for (size_t i = 0; i < fo->n; i++) {
        uint32_t root = root_of(fo, (uint32_t)(sorted[i] - fo->nodes)), ref;
        if (fo->nodes[root].size < 2)
            continue;
        if (!o->first[root] && put_members(fo, o, root, err) < 0)
            return -1;
        if (plm_strpool_add(o->pool, sorted[i]->id, &ref, err) < 0)
            return -1;
        plm_buf_u32le(o->ids, ref);
        plm_buf_u32le(o->ids, o->first[root] - 1);
        plm_buf_u32le(o->ids, fo->nodes[root].size);
    }
    return plm_buf_check(o->ids, err);
}

int plm_aliases_build(struct plm_feed_built *const *feeds, size_t n, struct plm_buf *strings,
                      struct plm_buf *ids, struct plm_buf *members, plm_err **err)
{
    struct forest fo = {.index = plm_map_new()};
    struct plm_strpool pool = {0};
    int r = fo.index ? plm_strpool_init(&pool, err) : plm_fail_oom(err);
    for (size_t i = 0; i < n && r == 0; i++)
        r = join_feed(&fo, &feeds[i]->view, err);
    size_t count = fo.n ? fo.n : 1;
    plm_auto_free const struct node **sorted = calloc(count, sizeof(*sorted));
    plm_auto_free const struct node **scratch = calloc(count, sizeof(*scratch));
    plm_auto_free uint32_t *first = calloc(count, sizeof(*first));
    if (r == 0 && (!sorted || !scratch || !first))
        r = plm_fail_oom(err);
    if (r == 0) {
        struct out o = {&pool, ids, members, first, scratch};
        r = put_all(&fo, &o, sorted, err);
    }
    if (r == 0) {
        *strings = pool.bytes;
        pool.bytes = PLM_BUF(0);
    }
    plm_strpool_done(&pool);
    plm_map_free(fo.index);
    free(fo.nodes);
    return r;
}
