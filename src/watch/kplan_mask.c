/* SPDX-License-Identifier: Apache-2.0
 *
 * What the attributes of a process leave possible: the tests of processes (kplan.c), each evaluated once,
 * with three values, then the alternatives of each clause.
 */
#include "watch/kplan_int.h"

enum guess { GUESS_UNSEEN, GUESS_FALSE, GUESS_TRUE, GUESS_OPEN };

struct mask_run {
    const struct plm_program *g;
    const struct plm_view *view;
    unsigned char *nodes;      /* enum guess */
    struct plm_values *values; /* by slot */
    bool *has_values;
};

static enum guess check(struct mask_run *r, const struct plm_node *n)
{
    struct plm_values *v = &r->values[n->slot];
    enum plm_vtype type;
    if (!r->has_values[n->slot]) {
        if (plm_operand_get(r->g->slots.v[n->slot], r->view, &type, v) < 0)
            return GUESS_OPEN;
        r->has_values[n->slot] = true;
    }
    return plm_check_values(n->check, r->view, v) ? GUESS_TRUE : GUESS_FALSE;
}

static enum guess guess(struct mask_run *r, uint32_t id);

static enum guess guess_now(struct mask_run *r, const struct plm_node *n)
{
    const uint32_t *part = r->g->edges.v + n->first;
    enum guess g, result;
    switch (n->kind) {
    case NODE_FALSE:
        return GUESS_FALSE;
    case NODE_TRUE:
        return GUESS_TRUE;
    case NODE_TYPES:
    case NODE_OPEN:
        return GUESS_OPEN;
    case NODE_CHECK:
        return check(r, n);
    case NODE_NOT:
        g = guess(r, part[0]);
        return g == GUESS_TRUE ? GUESS_FALSE : g == GUESS_FALSE ? GUESS_TRUE : g;
    case NODE_AND:
    case NODE_OR:
        break;
    }
    enum guess final = n->kind == NODE_AND ? GUESS_FALSE : GUESS_TRUE;
    result = n->kind == NODE_AND ? GUESS_TRUE : GUESS_FALSE;
    for (uint32_t i = 0; i < n->n; i++) {
        g = guess(r, part[i]);
        if (g == final)
            return final;
        if (g == GUESS_OPEN)
            result = GUESS_OPEN;
    }
    return result;
}

static enum guess guess(struct mask_run *r, uint32_t id)
{
    if (r->nodes[id] == GUESS_UNSEEN)
        r->nodes[id] = (unsigned char)guess_now(r, &r->g->nodes.v[id]);
    return (enum guess)r->nodes[id];
}

static bool is_possible(struct mask_run *r, const struct plm_kcube *c)
{
    for (size_t i = 0; i < c->alts.n; i++) {
        bool all = true;
        for (size_t k = 0; k < c->alts.v[i].nodes.n && all; k++)
            all = guess(r, c->alts.v[i].nodes.v[k]) != GUESS_FALSE;
        if (all)
            return true;
    }
    return !c->alts.n;
}

void plm_kplan_mask(const struct plm_kplan *p, const struct plm_view *view, struct plm_kmask *out)
{
    struct mask_run r = {.g = &p->graph, .view = view};
    r.nodes = plm_arena_array(view->arena, p->graph.nodes.n + 1, sizeof *r.nodes);
    r.values = plm_arena_array(view->arena, p->graph.slots.n + 1, sizeof *r.values);
    r.has_values = plm_arena_array(view->arena, p->graph.slots.n + 1, sizeof *r.has_values);
    memset(out, 0xff, sizeof *out);
    if (!r.nodes || !r.values || !r.has_values)
        return; /* no memory: everything stays possible */
    struct plm_kmask mask = {0};
    for (size_t i = 0; i < p->clauses.n; i++) {
        const struct plm_kclause *c = &p->clauses.v[i];
        if (is_possible(&r, &c->cube))
            mask.w[c->bit / 64] |= 1ull << (c->bit % 64);
    }
    *out = mask;
}
