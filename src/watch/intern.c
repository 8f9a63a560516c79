/* SPDX-License-Identifier: Apache-2.0
 *
 * The string pool: chained buckets that double, each string one allocation with its count in front of the
 * bytes, so a view leads back to its string. The hash mixes eight bytes at a time under a random seed:
 * programs choose these strings. Constant time per string, linear in its length.
 */
#include "watch/intern.h"

#include <stdlib.h>
#include <sys/random.h>

struct plm_intern_str {
    struct plm_intern_str *next;
    uint64_t hash;
    uint32_t refs, n;
    char bytes[];
};

enum { FIRST_BUCKETS = 1024, MALLOC_OVERHEAD = 16 };

static size_t cost_of(size_t n)
{
    return sizeof(struct plm_intern_str) + n + 1 + MALLOC_OVERHEAD;
}

static struct plm_intern_str *str_of(plm_sv pooled)
{
    /* The views are read-only; the count in front of the bytes is the pool's own. */
    return (struct plm_intern_str *)((uintptr_t)pooled.p - offsetof(struct plm_intern_str, bytes));
}

static uint64_t mix(uint64_t a, uint64_t b)
{
    unsigned __int128 m = (unsigned __int128)a * b;
    return (uint64_t)m ^ (uint64_t)(m >> 64);
}

static uint64_t hash_of(const struct plm_intern *p, plm_sv s)
{
    uint64_t h = p->seed ^ s.n * 0x9e3779b97f4a7c15u;
    for (; s.n >= 8; s = plm_sv_from_off(s, 8)) {
        uint64_t w;
        memcpy(&w, s.p, sizeof(w));
        h = mix(h ^ w, 0xa0761d6478bd642fu);
    }
    uint64_t tail = 0;
    if (s.n)
        memcpy(&tail, s.p, s.n);
    return mix(h ^ tail ^ 0xe7037ed1a0b428dbu, 0x8ebc6af09c88c6e3u);
}

bool plm_intern_init(struct plm_intern *p, size_t max_bytes)
{
    *p = (struct plm_intern){.max_bytes = max_bytes, .mask = FIRST_BUCKETS - 1};
    if (getrandom(&p->seed, sizeof(p->seed), GRND_NONBLOCK) < 0)
        p->seed = (uint64_t)(uintptr_t)p;
    p->buckets = calloc(FIRST_BUCKETS, sizeof(struct plm_intern_str *));
    return p->buckets != NULL;
}

void plm_intern_done(struct plm_intern *p)
{
    for (size_t i = 0; p->buckets && i <= p->mask; i++)
        for (struct plm_intern_str *s = p->buckets[i], *next; s; s = next) {
            next = s->next;
            free(s);
        }
    free(p->buckets);
    *p = (struct plm_intern){0};
}

/* Without memory the table stays as it is: chains grow, nothing breaks. */
static void grow(struct plm_intern *p)
{
    size_t n = (p->mask + 1) * 2;
    struct plm_intern_str **fresh = calloc(n, sizeof(struct plm_intern_str *));
    if (!fresh)
        return;
    for (size_t i = 0; i <= p->mask; i++)
        for (struct plm_intern_str *s = p->buckets[i], *next; s; s = next) {
            next = s->next;
            s->next = fresh[s->hash & (n - 1)];
            fresh[s->hash & (n - 1)] = s;
        }
    free(p->buckets);
    p->buckets = fresh;
    p->mask = n - 1;
}

static struct plm_intern_str *lookup(const struct plm_intern *p, plm_sv s, uint64_t hash)
{
    struct plm_intern_str *at = p->buckets[hash & p->mask];
    while (at && !(at->hash == hash && at->n == s.n && memcmp(at->bytes, s.p, s.n) == 0))
        at = at->next;
    return at;
}

static plm_sv view_of(const struct plm_intern_str *s)
{
    return s ? plm_sv_n(s->bytes, s->n) : PLM_SV_NULL;
}

plm_sv plm_intern_find(const struct plm_intern *p, plm_sv s)
{
    return s.p ? view_of(lookup(p, s, hash_of(p, s))) : PLM_SV_NULL;
}

plm_sv plm_intern_get(struct plm_intern *p, plm_sv s)
{
    if (!s.p || s.n >= UINT32_MAX)
        return PLM_SV_NULL;
    uint64_t hash = hash_of(p, s);
    struct plm_intern_str *found = lookup(p, s, hash);
    if (found) {
        if (found->refs < UINT32_MAX) /* at the top it stays for ever */
            found->refs++;
        return view_of(found);
    }
    if (cost_of(s.n) > p->max_bytes || p->bytes > p->max_bytes - cost_of(s.n))
        return PLM_SV_NULL;
    struct plm_intern_str *fresh = malloc(sizeof(*fresh) + s.n + 1);
    if (!fresh)
        return PLM_SV_NULL;
    if (p->n > p->mask)
        grow(p);
    fresh->hash = hash;
    fresh->refs = 1;
    fresh->n = (uint32_t)s.n;
    memcpy(fresh->bytes, s.p, s.n);
    fresh->bytes[s.n] = '\0';
    fresh->next = p->buckets[hash & p->mask];
    p->buckets[hash & p->mask] = fresh;
    p->n++;
    p->bytes += cost_of(s.n);
    return view_of(fresh);
}

plm_sv plm_intern_ref(plm_sv pooled)
{
    if (pooled.p && str_of(pooled)->refs < UINT32_MAX)
        str_of(pooled)->refs++;
    return pooled;
}

void plm_intern_drop(struct plm_intern *p, plm_sv pooled)
{
    if (!pooled.p)
        return;
    struct plm_intern_str *s = str_of(pooled);
    if (s->refs == UINT32_MAX || --s->refs > 0)
        return;
    struct plm_intern_str **at = &p->buckets[s->hash & p->mask];
    while (*at != s)
        at = &(*at)->next;
    *at = s->next;
    p->n--;
    p->bytes -= cost_of(s->n);
    free(s);
}
