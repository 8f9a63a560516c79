/* SPDX-License-Identifier: Apache-2.0
 *
 * Merging (design.md 5.3). At each path the layers that hold it are looked at from the top down:
 *
 *   - the first entry that is one decides; an implicit directory takes its metadata from the next
 *     directory below, if there is one;
 *   - a whiteout, an opaque mark or anything that is no directory ends the search, and everything that lower
 * layers have below this path is hidden: the "floor" of the subtree, kept on a stack while the subtree lasts.
 *
 * A whiteout hides lower layers only, so an entry beside it in its own layer stands.
 *
 * Streams wait in a binary heap ordered by path, then layer from the top. Time: entries x log(layers).
 */
#include "image/merge.h"

struct stream {
    struct plm_record_iter it;
    struct plm_record_entry e;
};

struct floor {
    size_t path_n;  /* the first bytes of the current path */
    uint32_t layer; /* layers below it show nothing here */
};

struct plm_merge {
    size_t n;
    struct stream *streams;
    uint32_t *heap;
    size_t n_heap;
    uint32_t *here; /* layers that hold the current path, top first */
    size_t n_here;
    struct floor *floors;
    size_t n_floors, cap_floors;
    struct plm_buf path; /* the current path */
    bool failed;
};

static bool before(const struct plm_merge *m, uint32_t a, uint32_t b)
{
    int c = plm_path_cmp(m->streams[a].e.path, m->streams[b].e.path);
    return c ? c < 0 : a > b;
}

static void sift_down(struct plm_merge *m, size_t i)
{
    for (;;) {
        size_t least = i, left = 2 * i + 1;
        if (left < m->n_heap && before(m, m->heap[left], m->heap[least]))
            least = left;
        if (left + 1 < m->n_heap && before(m, m->heap[left + 1], m->heap[least]))
            least = left + 1;
        if (least == i)
            return;
        uint32_t t = m->heap[i];
        m->heap[i] = m->heap[least];
        m->heap[least] = t;
        i = least;
    }
}

static bool advance(struct plm_merge *m, uint32_t layer)
{
    struct stream *s = &m->streams[layer];
    int r = plm_record_iter_next(&s->it, &s->e);
    if (r < 0)
        m->failed = true;
    return r > 0;
}

struct plm_merge *plm_merge_new(const struct plm_record *records, size_t n, plm_err **err)
{
    plm_auto(plm_merge_free) struct plm_merge *m = calloc(1, sizeof(*m));
    if (!m)
        return PLM_NULL(plm_fail_oom(err));
    m->path = PLM_BUF(PLM_KIB(64));
    m->streams = calloc(n + 1, sizeof(*m->streams));
    m->heap = calloc(n + 1, sizeof(*m->heap));
    m->here = calloc(n + 1, sizeof(*m->here));
    if (!m->streams || !m->heap || !m->here)
        return PLM_NULL(plm_fail_oom(err));
    for (m->n = 0; m->n < n; m->n++) {
        plm_record_iter_init(&m->streams[m->n].it, &records[m->n]);
        if (advance(m, (uint32_t)m->n))
            m->heap[m->n_heap++] = (uint32_t)m->n;
    }
    for (size_t i = m->n_heap; i-- > 0;)
        sift_down(m, i);
    return plm_take(m);
}

void plm_merge_free(struct plm_merge *m)
{
    if (!m)
        return;
    for (size_t i = 0; i < m->n; i++)
        plm_record_iter_done(&m->streams[i].it);
    free(m->streams);
    free(m->heap);
    free(m->here);
    free(m->floors);
    plm_buf_done(&m->path);
    free(m);
}

/* Moves the streams that stood at the current path on. */
static void leave(struct plm_merge *m)
{
    for (size_t i = 0; i < m->n_here; i++) {
        /* they are the first of the heap, in this order: each step takes the root */
        if (!advance(m, m->here[i]))
            m->heap[0] = m->heap[--m->n_heap];
        sift_down(m, 0);
    }
    m->n_here = 0;
}

/* All streams that stand at the least path, top layer first, without moving them. */
static void gather(struct plm_merge *m)
{
    m->n_here = 0;
    plm_sv least = m->streams[m->heap[0]].e.path;
    plm_buf_clear(&m->path);
    plm_buf_sv_put(&m->path, least);
    if (m->n_heap == 1 || m->n <= 8) {
        for (size_t i = m->n; i-- > 0;) {
            bool is_waiting = false;
            for (size_t k = 0; k < m->n_heap && !is_waiting; k++)
                is_waiting = m->heap[k] == i;
            if (is_waiting && plm_sv_eq(m->streams[i].e.path, least))
                m->here[m->n_here++] = (uint32_t)i;
        }
        return;
    }
    /* Equal paths form a subtree at the top of the heap. */
    size_t todo = 0;
    m->here[m->n_here++] = 0; /* heap positions at first */
    for (; todo < m->n_here; todo++)
        for (size_t c = 2 * (size_t)m->here[todo] + 1, k = 0; k < 2 && c < m->n_heap; c++, k++)
            if (plm_sv_eq(m->streams[m->heap[c]].e.path, least))
                m->here[m->n_here++] = (uint32_t)c;
    for (size_t i = 0; i < m->n_here; i++)
        m->here[i] = m->heap[m->here[i]];
    for (size_t i = 1; i < m->n_here; i++) /* top layer first */
        for (size_t k = i; k > 0 && m->here[k] > m->here[k - 1]; k--) {
            uint32_t t = m->here[k];
            m->here[k] = m->here[k - 1];
            m->here[k - 1] = t;
        }
}

static uint32_t floor_here(struct plm_merge *m)
{
    plm_sv path = plm_buf_sv(&m->path);
    while (m->n_floors) {
        size_t n = m->floors[m->n_floors - 1].path_n;
        /* the stack's paths are beginnings of the path before; whether still of this one was seen in
         * `cut_floors` */
        if (n == 0 || (path.n > n && path.p[n] == '/'))
            return m->floors[m->n_floors - 1].layer;
        m->n_floors--;
    }
    return 0;
}

/* Drops floors of subtrees that ended: `shared` bytes of the path before are bytes of this one. */
static void cut_floors(struct plm_merge *m, size_t shared)
{
    while (m->n_floors && m->floors[m->n_floors - 1].path_n > shared)
        m->n_floors--;
}

static bool push_floor(struct plm_merge *m, size_t path_n, uint32_t layer)
{
    if (m->n_floors == m->cap_floors) {
        size_t cap = m->cap_floors ? m->cap_floors * 2 : 32;
        struct floor *f = realloc(m->floors, cap * sizeof(*f));
        if (!f)
            return false;
        m->floors = f;
        m->cap_floors = cap;
    }
    m->floors[m->n_floors++] = (struct floor){path_n, layer};
    return true;
}

/* The winner among `here`, and the floor of what is below this path. */
static bool decide(const struct plm_merge *m, uint32_t floor, struct plm_record_entry *out,
                   uint32_t *out_layer, uint32_t *out_floor)
{
    bool has = false;
    *out_floor = floor;
    for (size_t i = 0; i < m->n_here && m->here[i] >= floor; i++) {
        uint32_t layer = m->here[i];
        const struct plm_record_entry *e = &m->streams[layer].e;
        bool is_dir = e->type == PLM_ENTRY_DIR;
        if (e->type != PLM_ENTRY_NONE) {
            bool is_better =
                !has || (is_dir && (out->flags & PLM_ENTRY_IMPLICIT) && !(e->flags & PLM_ENTRY_IMPLICIT));
            if (is_better) {
                *out = *e;
                *out_layer = layer;
            }
            has = true;
        }
        if (!is_dir || (e->flags & (PLM_ENTRY_WHITEOUT | PLM_ENTRY_OPAQUE))) {
            *out_floor = layer;
            break;
        }
    }
    return has;
}

int plm_merge_next(struct plm_merge *m, struct plm_record_entry *out, uint32_t *out_layer)
{
    for (;;) {
        leave(m);
        if (m->failed)
            return -1;
        if (m->n_heap == 0)
            return 0;
        plm_sv least = m->streams[m->heap[0]].e.path;
        size_t shared = 0;
        while (shared < m->path.n && shared < least.n && m->path.p[shared] == least.p[shared])
            shared++;
        cut_floors(m, shared);
        gather(m);
        if (m->path.failed)
            return -1;
        uint32_t floor = floor_here(m), below;
        bool has = decide(m, floor, out, out_layer, &below);
        if (below != floor && !push_floor(m, m->path.n, below))
            return -1;
        if (has) {
            out->path = plm_buf_sv(&m->path);
            return 1;
        }
    }
}
