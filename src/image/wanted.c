/* SPDX-License-Identifier: Apache-2.0
 *
 * One path matcher for all extractors. A pattern without wildcards is a key of a hash map,
 * `**` and a base name a key of another; what is left is tried one by one, after its literal beginning
 * matched. So a path costs two lookups and a few comparisons, whatever the number of extractors.
 */
#include "image/build.h"

enum { WANTS_MAX = 4096 };

/* ---- the job's part -------------------------------------------------------------------------- */

void plm_wanted_encode(struct plm_buf *out, const struct plm_wanted *w)
{
    plm_buf_varint(out, w->n_extractors);
    for (size_t i = 0; i < w->n_extractors; i++)
        plm_buf_u64le(
            out, (uint64_t)(uintptr_t)w->extractors[i]); /* a worker is a fork: the address holds there */
    for (size_t i = 0; i < w->n_extractors; i++)
        plm_buf_view(out, w->params ? w->params[i] : PLM_SV_NULL);
    plm_buf_varint(out, w->n_wants);
    for (size_t i = 0; i < w->n_wants; i++) {
        plm_buf_varint(out, w->wants[i].extractor);
        plm_buf_view(out, w->wants[i].as);
        plm_buf_view(out, w->wants[i].real);
    }
    plm_buf_byte(out, w->diff_id);
    plm_buf_byte(out, w->all_entries);
    plm_buf_byte(out, (unsigned char)w->service);
}

int plm_wanted_decode(struct plm_rd *rd, struct plm_arena *a, struct plm_wanted *out, plm_err **err)
{
    size_t n = plm_rd_count(rd, plm_rd_left(rd) / 8);
    const struct plm_extractor **extractors = plm_arena_array(a, n, sizeof(const struct plm_extractor *));
    for (size_t i = 0; extractors && i < n; i++)
        extractors[i] = (const struct plm_extractor *)(uintptr_t)plm_rd_u64le(rd);
    plm_sv *params = plm_arena_array(a, n, sizeof(*params));
    for (size_t i = 0; params && i < n; i++)
        params[i] = plm_rd_view(rd);
    size_t n_wants = plm_rd_count(rd, WANTS_MAX);
    struct plm_want *wants = plm_arena_array(a, n_wants, sizeof(*wants));
    for (size_t i = 0; wants && i < n_wants; i++) {
        wants[i].extractor = (uint32_t)plm_rd_count(rd, UINT32_MAX);
        wants[i].as = plm_rd_view(rd);
        wants[i].real = plm_rd_view(rd);
    }
    bool diff_id = plm_rd_u8(rd) != 0, all_entries = plm_rd_u8(rd) != 0;
    unsigned service = plm_rd_u8(rd);
    if (plm_arena_check(a, err) < 0)
        return -1;
    if (rd->failed)
        return plm_fail(err, PLM_E_INTERNAL, "malformed job");
    *out = (struct plm_wanted){extractors, n, params, wants, n_wants, diff_id, all_entries, service, -1};
    return 0;
}

/* ---- the matcher ------------------------------------------------------------------------------ */

struct pattern {
    plm_sv glob;
    size_t literal; /* bytes before the first wildcard component */
    plm_sv suffix;  /* what every match ends in; may be empty */
    uint32_t extractor;
    plm_sv as;     /* of an extra want, else null */
    uint32_t next; /* in the chain of its key, +1; 0: last */
};

struct plm_matcher {
    struct plm_arena *arena;
    struct plm_map *paths, *names; /* values: index of the first pattern + 1 */
    PLM_VEC(struct pattern) patterns;
    PLM_VEC(uint32_t) rest;
    PLM_VEC(struct plm_match) found;
};

static bool is_wild(char c)
{
    return c == '*' || c == '?' || c == '[';
}

size_t plm_glob_literal(plm_sv pattern)
{
    size_t start = 0;
    for (size_t i = 0; i < pattern.n; i++) {
        if (pattern.p[i] == '/')
            start = i + 1;
        else if (is_wild(pattern.p[i]))
            return start;
    }
    return pattern.n;
}

static plm_sv literal_suffix(plm_sv glob)
{
    size_t i = glob.n;
    while (i > 0 && !is_wild(glob.p[i - 1]) && glob.p[i - 1] != ']')
        i--;
    return plm_sv_from_off(glob, i);
}

static bool chain(struct plm_map *map, plm_sv key, struct pattern *p, uint32_t index)
{
    void **slot = plm_map_put(map, key);
    if (!slot)
        return false;
    p->next = (uint32_t)(uintptr_t)*slot;
    *slot = (void *)(uintptr_t)(index + 1);
    return true;
}

static bool add_pattern(struct plm_matcher *m, plm_sv glob, uint32_t extractor, plm_sv as)
{
    uint32_t index = (uint32_t)m->patterns.n;
    struct pattern *p = plm_vec_push(m->arena, &m->patterns);
    if (!p)
        return false;
    *p = (struct pattern){.glob = glob, .literal = plm_glob_literal(glob), .extractor = extractor, .as = as};
    if (as.p || p->literal == glob.n)
        return chain(m->paths, glob, p, index);
    plm_sv name = plm_sv_from_off(glob, 3);
    if (plm_sv_starts(glob, PLM_SV("**/")) && plm_glob_literal(name) == name.n &&
        plm_sv_find(name, '/') == SIZE_MAX)
        return chain(m->names, name, p, index);
    p->suffix = literal_suffix(glob);
    uint32_t *slot = plm_vec_push(m->arena, &m->rest);
    if (slot)
        *slot = index;
    return slot != NULL;
}

static bool add_all(struct plm_matcher *m, const struct plm_wanted *w)
{
    for (size_t i = 0; i < w->n_extractors; i++)
        for (const char *const *g = w->extractors[i]->globs; *g; g++)
            if (!add_pattern(m, plm_sv_from(*g), (uint32_t)i, PLM_SV_NULL))
                return false;
    for (size_t i = 0; i < w->n_wants; i++)
        if (!add_pattern(m, w->wants[i].real, w->wants[i].extractor, w->wants[i].as))
            return false;
    return true;
}

struct plm_matcher *plm_matcher_new(const struct plm_wanted *w, plm_err **err)
{
    plm_auto(plm_matcher_free) struct plm_matcher *m = calloc(1, sizeof(*m));
    if (!m)
        return PLM_NULL(plm_fail_oom(err));
    m->arena = plm_arena_new(PLM_ARENA_NO_LIMIT);
    m->paths = plm_map_new();
    m->names = plm_map_new();
    if (!m->arena || !m->paths || !m->names || !add_all(m, w))
        return PLM_NULL(plm_fail_oom(err));
    return plm_take(m);
}

void plm_matcher_free(struct plm_matcher *m)
{
    if (!m)
        return;
    plm_map_free(m->paths);
    plm_map_free(m->names);
    plm_arena_free(m->arena);
    free(m);
}

static void found(struct plm_matcher *m, const struct pattern *p, plm_sv path)
{
    plm_sv as = p->as.p ? p->as : path;
    for (size_t i = 0; i < m->found.n; i++)
        if (m->found.v[i].extractor == p->extractor && plm_sv_eq(m->found.v[i].as, as))
            return;
    struct plm_match *slot = plm_vec_push(m->arena, &m->found);
    if (slot)
        *slot = (struct plm_match){p->extractor, as};
}

static void found_chain(struct plm_matcher *m, const struct plm_map *map, plm_sv key, plm_sv path)
{
    uint32_t at = (uint32_t)(uintptr_t)plm_map_get(map, key);
    for (; at; at = m->patterns.v[at - 1].next)
        found(m, &m->patterns.v[at - 1], path);
}

const struct plm_match *plm_matcher_find(struct plm_matcher *m, plm_sv path, size_t *out_n)
{
    m->found.n = 0;
    found_chain(m, m->paths, path, path);
    size_t slash = plm_sv_rfind(path, '/');
    found_chain(m, m->names, plm_sv_from_off(path, slash == SIZE_MAX ? 0 : slash + 1), path);
    for (size_t i = 0; i < m->rest.n; i++) {
        const struct pattern *p = &m->patterns.v[m->rest.v[i]];
        if (plm_sv_starts(path, plm_sv_sub(p->glob, 0, p->literal)) && plm_sv_ends(path, p->suffix) &&
            plm_sv_glob(p->glob, path))
            found(m, p, path);
    }
    *out_n = m->found.n;
    return m->found.v;
}
