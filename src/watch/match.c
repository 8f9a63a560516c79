/* SPDX-License-Identifier: Apache-2.0
 *
 * The matcher: which rules are true for an event (rules.h; the compiled form is in match_int.h).
 *
 * An event costs: its group of rules by type, the thread's cache (made on its first event, checked by three
 * numbers afterwards), and for each rule that the process has not excluded the nodes that nobody evaluated
 * yet. Fields are fetched at most once per event. Nothing is allocated per event but what getters of fields
 * take from the view's arena.
 */
#include "watch/match_int.h"

#include <stdlib.h>
#include <time.h>

/* Values of one operand for the event `stamp`. */
struct slot {
    uint32_t stamp;
    struct plm_values values;
    struct plm_value own[PLM_SLOT_VALUES];
};

struct plm_rule_matcher {
    struct plm_arena *arena;
    struct plm_rules *rules;
    struct plm_program *p;
    struct slot *slots;
    uint32_t *memo; /* by node: stamp * 2 + result */
    uint32_t stamp;
    uint64_t serial;
    struct plm_rule_stats *stats;
    bool is_first, is_measured;
};

/* One event. */
struct run {
    struct plm_rule_matcher *m;
    const struct plm_view *view;
    struct plm_match_cache *cache; /* NULL: out of memory, everything is evaluated */
    unsigned type;
};

static uint64_t clock_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* ---- making ----------------------------------------------------------------------------------------------
 */

static int set_up(struct plm_rule_matcher *m, plm_err **err)
{
    m->p = plm_program_new(m->rules, m->arena, err);
    if (!m->p)
        return -1;
    m->slots = plm_arena_array(m->arena, m->p->slots.n + 1, sizeof *m->slots);
    m->memo = plm_arena_array(m->arena, m->p->nodes.n + 1, sizeof *m->memo);
    m->stats = plm_arena_array(m->arena, plm_rules_count(m->rules) + 1, sizeof *m->stats);
    if (!m->slots || !m->memo || !m->stats)
        return plm_fail_oom(err);
    m->is_first = !plm_rules_match_all(m->rules);
    /* Caches of an earlier matcher are told apart by it, even when that one lay at the same address. */
    m->serial = clock_ns();
    return 0;
}

struct plm_rule_matcher *plm_rule_matcher_new(struct plm_rules *r, plm_err **err)
{
    plm_auto(plm_rule_matcher_free) struct plm_rule_matcher *m = calloc(1, sizeof *m);
    if (!m)
        return PLM_NULL(plm_fail_oom(err));
    m->rules = plm_rules_ref(r);
    m->arena = plm_arena_new(PLM_ARENA_NO_LIMIT);
    if (!m->arena)
        return PLM_NULL(plm_fail_oom(err));
    if (set_up(m, err) < 0)
        return NULL;
    return plm_take(m);
}

void plm_rule_matcher_free(struct plm_rule_matcher *m)
{
    if (!m)
        return;
    plm_arena_free(m->arena);
    plm_rules_unref(m->rules);
    free(m);
}

/* ---- bits of a thread's cache -----------------------------------------------------------------------------
 */

static bool bit_has(const uint64_t *w, uint32_t i)
{
    return w[i / 64] >> (i % 64) & 1;
}

static void bit_put(uint64_t *w, uint32_t i, bool is_set)
{
    if (is_set)
        w[i / 64] |= 1ull << (i % 64);
    else
        w[i / 64] &= ~(1ull << (i % 64));
}

static uint32_t words_of(uint32_t bits)
{
    return (bits + 63) / 64;
}

static uint64_t *process_words(const struct plm_program *p, struct plm_match_cache *c)
{
    return c->w + 2 * (size_t)words_of(p->n_own);
}

static uint64_t *group_words(const struct plm_program *p, struct plm_match_cache *c)
{
    return process_words(p, c) + 2 * (size_t)words_of(p->n_process);
}

void plm_rule_matcher_drop_cache(void *cache)
{
    free(cache);
}

static uint64_t container_version(const struct plm_thread *t)
{
    return t->container ? t->container->version : 0;
}

/* The thread's cache, brought up to date: what is void is forgotten. NULL: no memory. */
static struct plm_match_cache *cache_get(struct plm_rule_matcher *m, const struct plm_view *view)
{
    struct plm_thread *t = view->thread;
    const struct plm_program *p = m->p;
    struct plm_match_cache *c = t->cache;
    uint64_t epoch = view->procs ? plm_procs_epoch(view->procs) : 0;
    if (c && c->serial != m->serial) {
        free(c);
        c = t->cache = NULL;
    }
    bool is_new = !c;
    if (is_new)
        c = t->cache = calloc(1, sizeof *c + p->n_words * sizeof c->w[0]);
    if (!c)
        return NULL;
    if (!is_new && c->version != t->version)
        memset(c->w, 0, p->n_words * sizeof c->w[0]);
    else if (!is_new && (c->epoch != epoch || c->container != t->container ||
                         c->container_version != container_version(t)))
        memset(process_words(p, c), 0, words_of(p->n_process) * sizeof c->w[0]);
    c->serial = m->serial;
    c->version = t->version;
    c->epoch = epoch;
    c->container = t->container;
    c->container_version = container_version(t);
    return c;
}

/* ---- evaluation -------------------------------------------------------------------------------------------
 */

static const struct plm_values *slot_get(struct run *r, uint32_t at)
{
    struct slot *s = &r->m->slots[at];
    if (s->stamp == r->m->stamp)
        return &s->values;
    enum plm_vtype type;
    s->stamp = r->m->stamp;
    s->values = (struct plm_values){.v = s->own, .n = 0, .cap = PLM_SLOT_VALUES};
    if (plm_operand_get(r->m->p->slots.v[at], r->view, &type, &s->values) < 0)
        s->values.n = 0;
    return &s->values;
}

static bool eval(struct run *r, uint32_t id);

static bool eval_now(struct run *r, const struct plm_node *n)
{
    const uint32_t *edges = r->m->p->edges.v; /* NULL where no node has parts */
    switch (n->kind) {
    case NODE_FALSE:
        return false;
    case NODE_TRUE:
    case NODE_OPEN: /* not in a matcher's program */
        return true;
    case NODE_TYPES:
        return plm_evset_has(&r->m->p->types.v[n->types], r->type);
    case NODE_CHECK:
        return plm_check_values(n->check, r->view, slot_get(r, n->slot));
    case NODE_AND:
        for (uint32_t i = 0; i < n->n; i++)
            if (!eval(r, edges[n->first + i]))
                return false;
        return true;
    case NODE_OR:
        for (uint32_t i = 0; i < n->n; i++)
            if (eval(r, edges[n->first + i]))
                return true;
        return false;
    case NODE_NOT:
        return !eval(r, edges[n->first]);
    }
    return false;
}

/* Through the thread's cache: w holds the known bits, then the values. */
static bool eval_kept(struct run *r, const struct plm_node *n, uint64_t *w, uint32_t words)
{
    if (bit_has(w, n->bit))
        return bit_has(w + words, n->bit);
    bool result = eval_now(r, n);
    bit_put(w, n->bit, true);
    bit_put(w + words, n->bit, result);
    return result;
}

static bool eval(struct run *r, uint32_t id)
{
    const struct plm_program *p = r->m->p;
    const struct plm_node *n = &p->nodes.v[id];
    if (n->kind <= NODE_TYPES)
        return eval_now(r, n);
    if (n->reach == REACH_OWN && r->cache)
        return eval_kept(r, n, r->cache->w, words_of(p->n_own));
    if (n->reach == REACH_PROCESS && r->cache)
        return eval_kept(r, n, process_words(p, r->cache), words_of(p->n_process));
    uint32_t *memo = &r->m->memo[id];
    if (*memo >> 1 == r->m->stamp)
        return *memo & 1;
    bool result = eval_now(r, n);
    *memo = r->m->stamp << 1 | result;
    return result;
}

/* Could the node be true for some event of this process? Exact for what reads only the process itself. */
enum guess { GUESS_FALSE, GUESS_TRUE, GUESS_OPEN };

static enum guess guess(struct run *r, uint32_t id)
{
    const struct plm_program *p = r->m->p;
    const struct plm_node *n = &p->nodes.v[id];
    if (n->kind <= NODE_TRUE || (n->reach == REACH_OWN && n->kind != NODE_TYPES))
        return eval(r, id) ? GUESS_TRUE : GUESS_FALSE;
    if (n->kind == NODE_TYPES || n->kind == NODE_CHECK)
        return GUESS_OPEN;
    const uint32_t *part = p->edges.v + n->first;
    if (n->kind == NODE_NOT) {
        enum guess g = guess(r, part[0]);
        return g == GUESS_OPEN ? g : g == GUESS_TRUE ? GUESS_FALSE : GUESS_TRUE;
    }
    enum guess final = n->kind == NODE_AND ? GUESS_FALSE : GUESS_TRUE;
    enum guess result = n->kind == NODE_AND ? GUESS_TRUE : GUESS_FALSE;
    for (uint32_t i = 0; i < n->n; i++) {
        enum guess g = guess(r, part[i]);
        if (g == final)
            return final;
        if (g == GUESS_OPEN)
            result = GUESS_OPEN;
    }
    return result;
}

/* The words of the group's rules that the process leaves possible; NULL: all. */
static const uint64_t *possible_rules(struct run *r, const struct plm_group *g, uint32_t index)
{
    if (!r->cache)
        return NULL;
    const struct plm_program *p = r->m->p;
    uint64_t *known = group_words(p, r->cache), *w = r->cache->w + g->word;
    if (bit_has(known, index))
        return w;
    for (uint32_t i = 0; i < g->n; i++)
        bit_put(w, i, guess(r, p->roots[g->rules[i]]) != GUESS_FALSE);
    bit_put(known, index, true);
    return w;
}

/* ---- running
 * ----------------------------------------------------------------------------------------------- */

static void next_stamp(struct plm_rule_matcher *m)
{
    if (++m->stamp < 1u << 31)
        return;
    memset(m->memo, 0, m->p->nodes.n * sizeof *m->memo);
    for (size_t i = 0; i < m->p->slots.n; i++)
        m->slots[i].stamp = 0;
    m->stamp = 1;
}

/* A rule that the process leaves possible: what its `and` asks of the process itself is true then, and those
 * are most of its parts. */
static bool eval_root(struct run *r, uint32_t id)
{
    const struct plm_program *p = r->m->p;
    const struct plm_node *n = &p->nodes.v[id];
    if (n->kind != NODE_AND || !r->cache)
        return eval(r, id);
    const uint32_t *part = p->edges.v + n->first;
    for (uint32_t i = 0; i < n->n; i++)
        if (p->nodes.v[part[i]].reach != REACH_OWN && !eval(r, part[i]))
            return false;
    return true;
}

static bool eval_rule(struct run *r, uint32_t index)
{
    struct plm_rule_stats *s = &r->m->stats[index];
    uint64_t start = r->m->is_measured ? clock_ns() : 0;
    bool hit = eval_root(r, r->m->p->roots[index]);
    s->n_evaluated++;
    s->n_matched += hit;
    s->ns += r->m->is_measured ? clock_ns() - start : 0;
    return hit;
}

size_t plm_rule_matcher_run(struct plm_rule_matcher *m, const struct plm_view *view,
                            const struct plm_rule **out, size_t max)
{
    const struct plm_event *e = view->event;
    if (!e || !e->type || e->type->id >= PLM_EVTYPE_MAX || !m->p->group_of[e->type->id])
        return 0;
    uint32_t index = m->p->group_of[e->type->id] - 1;
    const struct plm_group *g = &m->p->groups.v[index];
    next_stamp(m);
    struct run r = {.m = m, .view = view, .type = e->type->id};
    r.cache = cache_get(m, view);
    const uint64_t *possible = possible_rules(&r, g, index);
    size_t n = 0;
    for (uint32_t w = 0; w < words_of(g->n); w++) {
        uint64_t bits = possible ? possible[w] : UINT64_MAX;
        for (; bits; bits &= bits - 1) {
            uint32_t i = w * 64 + (uint32_t)__builtin_ctzll(bits);
            if (i >= g->n || n == max)
                return n;
            if (!eval_rule(&r, g->rules[i]))
                continue;
            out[n++] = plm_rules_get(m->rules, g->rules[i]);
            if (m->is_first)
                return n;
        }
    }
    return n;
}

void plm_rule_matcher_measure(struct plm_rule_matcher *m, bool is_on)
{
    m->is_measured = is_on;
}

void plm_rule_matcher_stats(const struct plm_rule_matcher *m, size_t rule, struct plm_rule_stats *out)
{
    *out = rule < plm_rules_count(m->rules) ? m->stats[rule] : (struct plm_rule_stats){0};
}
