/* SPDX-License-Identifier: Apache-2.0
 *
 * Rate limits of alerts. Each pair of rule and container has a bucket of `burst` tokens that fills at `rate`
 * a second of the events' own time, so a replayed recording gives what the live events gave. An alert that
 * finds no token replaces the one that is held and is counted; one second after the first of them the newest
 * goes out and says how many it stands for. If no further event comes the clock ends that second.
 *
 * Memory is bounded: PAIRS_MAX pairs. One more evicts the pair that was quiet for longest, whose held alert
 * goes out at once; nothing is lost by that. A lookup is O(1).
 */
#include "outputs_int.h"

enum { PAIRS_MAX = 4096, BUCKETS = 1024, HOLD_MS = 1000 };
#define HOLD_NS ((uint64_t)HOLD_MS * 1000000)

struct pair {
    struct pair *chain;          /* of its bucket */
    struct pair *older, *newer;  /* by last use */
    struct pair *before, *after; /* of those that hold something, by the time it began */
    uint64_t hash;
    char *key; /* rule, NUL, container */
    size_t key_n;
    double tokens;
    uint64_t filled; /* event time of `tokens` */
    struct plm_alert *held;
    uint64_t n_held, held_ts, held_ms;
};

struct plm_limit {
    double rate, burst;
    struct pair *buckets[BUCKETS];
    struct pair *oldest, *newest;
    struct pair *first, *last; /* holding */
    size_t n;
    uint64_t ts; /* the latest event time */
    struct plm_alert *evicted;
};

struct plm_limit *plm_limit_new(double rate, unsigned burst, plm_err **err)
{
    struct plm_limit *l = calloc(1, sizeof(*l));
    if (!l)
        return PLM_NULL(plm_fail_oom(err));
    l->rate = rate;
    l->burst = burst ? burst : 1;
    return l;
}

static void free_pair(struct pair *p)
{
    plm_alert_free(p->held);
    free(p->key);
    free(p);
}

void plm_limit_free(struct plm_limit *l)
{
    if (!l)
        return;
    while (l->oldest) {
        struct pair *p = l->oldest;
        l->oldest = p->newer;
        free_pair(p);
    }
    plm_alert_free(l->evicted);
    free(l);
}

/* ---- the two lists ------------------------------------------------------------------------- */

static void use_unlink(struct plm_limit *l, struct pair *p)
{
    *(p->older ? &p->older->newer : &l->oldest) = p->newer;
    *(p->newer ? &p->newer->older : &l->newest) = p->older;
    p->older = p->newer = NULL;
}

static void use_append(struct plm_limit *l, struct pair *p)
{
    p->older = l->newest;
    *(l->newest ? &l->newest->newer : &l->oldest) = p;
    l->newest = p;
}

static void hold_append(struct plm_limit *l, struct pair *p)
{
    p->before = l->last;
    *(l->last ? &l->last->after : &l->first) = p;
    l->last = p;
}

/* Takes what a pair holds. */
static struct plm_alert *release(struct plm_limit *l, struct pair *p)
{
    struct plm_alert *a = plm_take(p->held);
    if (!a)
        return NULL;
    *(p->before ? &p->before->after : &l->first) = p->after;
    *(p->after ? &p->after->before : &l->last) = p->before;
    p->before = p->after = NULL;
    a->n_similar += p->n_held - 1;
    p->n_held = 0;
    if (a->n_similar) { /* without memory the number stands in n_similar alone */
        plm_sv text = plm_arena_printf(a->arena, "%.*s (and %llu similar)", PLM_SV_ARG(a->message),
                                       (unsigned long long)a->n_similar);
        a->message = text.p ? text : a->message;
    }
    return a;
}

/* ---- pairs --------------------------------------------------------------------------------- */

static void evict(struct plm_limit *l)
{
    struct pair *p = l->oldest;
    struct pair **at = &l->buckets[p->hash % BUCKETS];
    while (*at != p)
        at = &(*at)->chain;
    *at = p->chain;
    use_unlink(l, p);
    l->evicted = release(l, p);
    l->n--;
    free_pair(p);
}

static struct pair *find(const struct plm_limit *l, uint64_t hash, plm_sv rule, plm_sv container)
{
    for (struct pair *p = l->buckets[hash % BUCKETS]; p; p = p->chain) {
        plm_sv key = {p->key, p->key_n};
        if (p->hash == hash && key.n == rule.n + 1 + container.n && plm_sv_starts(key, rule) &&
            key.p[rule.n] == 0 && plm_sv_ends(key, container))
            return p;
    }
    return NULL;
}

/* NULL: out of memory. */
static struct pair *add(struct plm_limit *l, uint64_t hash, const struct plm_alert *a)
{
    struct pair *p = calloc(1, sizeof(*p));
    size_t n = a->rule.n + 1 + a->container_id.n;
    if (!p || !(p->key = calloc(1, n))) {
        free(p);
        return NULL;
    }
    memcpy(p->key, a->rule.p, a->rule.n);
    if (a->container_id.n)
        memcpy(p->key + a->rule.n + 1, a->container_id.p, a->container_id.n);
    p->key_n = n;
    p->hash = hash;
    p->tokens = l->burst;
    p->filled = a->ts;
    if (l->n == PAIRS_MAX)
        evict(l);
    p->chain = l->buckets[hash % BUCKETS];
    l->buckets[hash % BUCKETS] = p;
    use_append(l, p);
    l->n++;
    return p;
}

struct plm_alert *plm_limit_pass(struct plm_limit *l, struct plm_alert *a, uint64_t now)
{
    uint64_t hash = plm_sv_hash(a->rule) * 31 + plm_sv_hash(a->container_id);
    if (a->ts > l->ts)
        l->ts = a->ts;
    struct pair *p = find(l, hash, a->rule, a->container_id);
    if (!p && !(p = add(l, hash, a)))
        return a; /* no memory to count it: better twice than never */
    use_unlink(l, p);
    use_append(l, p);
    if (a->ts > p->filled) {
        p->tokens += (double)(a->ts - p->filled) / 1e9 * l->rate;
        p->tokens = p->tokens > l->burst ? l->burst : p->tokens;
        p->filled = a->ts;
    }
    if (p->tokens >= 1) {
        p->tokens -= 1;
        return a;
    }
    if (!p->held) {
        p->held_ts = a->ts;
        p->held_ms = now;
        hold_append(l, p);
    }
    plm_alert_free(p->held);
    p->held = a;
    p->n_held++;
    return NULL;
}

struct plm_alert *plm_limit_due(struct plm_limit *l, uint64_t now, bool all)
{
    if (l->evicted)
        return plm_take(l->evicted);
    struct pair *p = l->first;
    if (!p)
        return NULL;
    bool is_over = now >= p->held_ms + HOLD_MS || (l->ts > p->held_ts && l->ts - p->held_ts >= HOLD_NS);
    return all || is_over ? release(l, p) : NULL;
}

uint64_t plm_limit_next(const struct plm_limit *l)
{
    return l->evicted ? 0 : l->first ? l->first->held_ms + HOLD_MS : UINT64_MAX;
}
