/* SPDX-License-Identifier: Apache-2.0
 *
 * Insertion-ordered hash map: an array of entries plus a table of indices (0: free).
 * Every map has its own random seed, so hostile keys cannot be chosen to collide.
 */
#include "base/map.h"

#include <sys/random.h>

struct entry {
    plm_sv key;
    uint64_t hash;
    void *value;
};

struct plm_map {
    struct entry *entries;
    uint32_t *table; /* index + 1 into entries */
    size_t n, cap, mask;
    uint64_t seed;
};

struct plm_map *plm_map_new(void)
{
    struct plm_map *m = calloc(1, sizeof(*m));
    if (m && getrandom(&m->seed, sizeof(m->seed), GRND_NONBLOCK) < 0)
        m->seed = (uint64_t)(uintptr_t)m;
    return m;
}

void plm_map_free(struct plm_map *m)
{
    if (!m)
        return;
    free(m->entries);
    free(m->table);
    free(m);
}

static uint64_t hash_of(const struct plm_map *m, plm_sv key)
{
    uint64_t h = (plm_sv_hash(key) ^ m->seed) * 0x9e3779b97f4a7c15u;
    return h ^ (h >> 29);
}

/* The table slot of key, or the free slot where it belongs. */
static size_t slot_of(const struct plm_map *m, plm_sv key, uint64_t hash)
{
    size_t i = (size_t)hash & m->mask;
    while (m->table[i]) {
        const struct entry *e = &m->entries[m->table[i] - 1];
        if (e->hash == hash && plm_sv_eq(e->key, key))
            break;
        i = (i + 1) & m->mask;
    }
    return i;
}

static bool grow(struct plm_map *m)
{
    size_t cap = m->cap ? m->cap * 2 : 12, slots = cap / 3 * 4;
    if (cap > UINT32_MAX / 2)
        return false;
    size_t pow2 = 16;
    while (pow2 < slots)
        pow2 *= 2;
    struct entry *entries = reallocarray(m->entries, cap, sizeof(*entries));
    if (!entries)
        return false;
    m->entries = entries;
    uint32_t *table = calloc(pow2, sizeof(*table));
    if (!table)
        return false;
    free(m->table);
    m->table = table;
    m->mask = pow2 - 1;
    m->cap = cap;
    for (size_t k = 0; k < m->n; k++)
        m->table[slot_of(m, m->entries[k].key, m->entries[k].hash)] = (uint32_t)k + 1;
    return true;
}

void **plm_map_put(struct plm_map *m, plm_sv key)
{
    uint64_t hash = hash_of(m, key);
    if (m->table) {
        size_t i = slot_of(m, key, hash);
        if (m->table[i])
            return &m->entries[m->table[i] - 1].value;
    }
    if ((m->n == m->cap && !grow(m)) || !m->table)
        return NULL;
    size_t i = slot_of(m, key, hash);
    m->entries[m->n] = (struct entry){.key = key, .hash = hash};
    m->table[i] = (uint32_t)++m->n;
    return &m->entries[m->n - 1].value;
}

void *plm_map_get(const struct plm_map *m, plm_sv key)
{
    if (!m->table)
        return NULL;
    size_t i = slot_of(m, key, hash_of(m, key));
    return m->table[i] ? m->entries[m->table[i] - 1].value : NULL;
}

size_t plm_map_count(const struct plm_map *m)
{
    return m->n;
}

plm_sv plm_map_key(const struct plm_map *m, size_t i)
{
    return m->entries[i].key;
}

void *plm_map_value(const struct plm_map *m, size_t i)
{
    return m->entries[i].value;
}
