/* SPDX-License-Identifier: Apache-2.0
 *
 * Conditions to one graph (match_int.h). Nodes are found again by a key: a check by its canonical text, a
 * combination by its kind and the numbers of its parts, which are sorted by cost, cheap ones first (the order
 * of evaluation has no effect on the result). Time and space are linear in the conditions.
 */
#include "watch/match_int.h"

#include "base/buf.h"
#include "base/map.h"

#include <stdlib.h>

#define NODE_NONE UINT32_MAX
enum { KEY_MAX = 16 << 20 };

struct plm_graph {
    struct plm_arena *arena;
    struct plm_program *p;
    struct plm_map *nodes, *slots, *groups;
    bool (*keeps)(const struct plm_cond *check);
    plm_err **err;
};

static uint32_t no_node(int minus_one)
{
    (void)minus_one;
    return NODE_NONE;
}

/* A new entry of a map from keys to numbers: *out_number is old or n. 1: it is new, 0: old, -1: no memory. */
static int number_of(struct plm_graph *b, struct plm_map *m, plm_sv key, uint32_t n, uint32_t *out)
{
    void *have = plm_map_get(m, key);
    if (have) {
        *out = (uint32_t)((uintptr_t)have - 1);
        return 0;
    }
    plm_sv own = plm_arena_sv(b->arena, key);
    void **slot = own.p ? plm_map_put(m, own) : NULL;
    if (!slot)
        return -1;
    *slot = (void *)((uintptr_t)n + 1);
    *out = n;
    return 1;
}

/* ---- nodes ----------------------------------------------------------------------------------------------
 */

static uint32_t field_cost(const struct plm_operand *o)
{
    if (o->kind != PLM_OPERAND_FIELD)
        return 20;
    plm_sv name = plm_sv_from(o->ref.field->name);
    if (plm_sv_starts(name, PLM_SV("evt.arg")) || plm_sv_starts(name, PLM_SV("fs.path")))
        return 12; /* made as text first */
    switch (o->ref.type) {
    case PLM_V_BOOL:
    case PLM_V_I64:
    case PLM_V_U64:
    case PLM_V_PORT:
    case PLM_V_RELTIME:
    case PLM_V_ABSTIME:
        return 3;
    case PLM_V_STR:
    case PLM_V_PATH:
    case PLM_V_BYTES:
    case PLM_V_IP:
    case PLM_V_NET:
        return 5;
    }
    return 5;
}

static uint32_t check_cost(const struct plm_cond *c, enum plm_node_reach reach)
{
    static const uint32_t by_reach[] = {[REACH_OWN] = 1, [REACH_PROCESS] = 4, [REACH_EVENT] = 5};
    uint32_t op = c->op == PLM_OP_REGEX                                                        ? 200
                  : c->op == PLM_OP_GLOB || c->op == PLM_OP_IGLOB || c->op == PLM_OP_ICONTAINS ? 10
                  : c->op == PLM_OP_CONTAINS || c->op == PLM_OP_PMATCH                         ? 5
                                                                                               : 1;
    return reach == REACH_OWN ? 1 : by_reach[reach] + field_cost(c->lhs) + op;
}

static void place_bit(struct plm_graph *b, struct plm_node *n)
{
    if (n->reach == REACH_OWN)
        n->bit = b->p->n_own++;
    else if (n->reach == REACH_PROCESS)
        n->bit = b->p->n_process++;
}

/* The node of a key: the old one, or the template put in. */
static uint32_t node_of(struct plm_graph *b, plm_sv key, struct plm_node *template)
{
    uint32_t id;
    int is_new = number_of(b, b->nodes, key, (uint32_t)b->p->nodes.n, &id);
    if (is_new < 0)
        return no_node(plm_fail_oom(b->err));
    if (!is_new)
        return id;
    struct plm_node *n = plm_vec_push(b->arena, &b->p->nodes);
    if (!n)
        return no_node(plm_fail_oom(b->err));
    place_bit(b, template);
    *n = *template;
    return id;
}

static uint32_t constant(struct plm_graph *b, bool is_true)
{
    struct plm_node n = {.kind = is_true ? NODE_TRUE : NODE_FALSE, .reach = REACH_EVENT};
    return node_of(b, is_true ? PLM_SV("1") : PLM_SV("0"), &n);
}

/* The slot of an operand's values, by its text. */
static int slot_of(struct plm_graph *b, struct plm_operand *o, uint32_t *out)
{
    struct plm_cond ask = {.kind = PLM_COND_CHECK, .op = PLM_OP_EXISTS, .lhs = o};
    struct plm_buf key = PLM_BUF(KEY_MAX);
    plm_cond_text(&ask, &key);
    int is_new = key.failed ? -1 : number_of(b, b->slots, plm_buf_sv(&key), (uint32_t)b->p->slots.n, out);
    plm_buf_done(&key);
    if (is_new < 0)
        return -1;
    const struct plm_operand **slot = is_new ? plm_vec_push(b->arena, &b->p->slots) : NULL;
    if (is_new && !slot)
        return -1;
    if (is_new)
        *slot = o;
    return 0;
}

static uint32_t open_node(struct plm_graph *b)
{
    struct plm_node n = {.kind = NODE_OPEN, .reach = REACH_EVENT};
    return node_of(b, PLM_SV("?"), &n);
}

static uint32_t check_node(struct plm_graph *b, const struct plm_cond *c, plm_sv key)
{
    struct plm_node n = {.kind = NODE_CHECK, .reach = plm_cond_reach(c)};
    struct plm_evset types;
    if (plm_cond_types(c, &types)) {
        struct plm_evset *set = plm_vec_push(b->arena, &b->p->types);
        if (!set)
            return no_node(plm_fail_oom(b->err));
        *set = types;
        n = (struct plm_node){.kind = NODE_TYPES, .reach = REACH_EVENT, .types = (uint32_t)b->p->types.n - 1};
        return node_of(b, key, &n);
    }
    n.cost = check_cost(c, n.reach);
    n.check = plm_check_new(c, b->arena, b->err);
    if (!n.check)
        return NODE_NONE;
    if (slot_of(b, c->lhs, &n.slot) < 0)
        return no_node(plm_fail_oom(b->err));
    return node_of(b, key, &n);
}

static uint32_t build_check(struct plm_graph *b, const struct plm_cond *c)
{
    int fixed = plm_cond_constant(c);
    if (fixed >= 0)
        return constant(b, fixed);
    if (b->keeps && !b->keeps(c))
        return open_node(b);
    struct plm_buf key = PLM_BUF(KEY_MAX);
    plm_cond_text(c, &key);
    uint32_t id;
    if (key.failed) {
        id = no_node(plm_buf_check(&key, b->err));
    } else {
        void *have = plm_map_get(b->nodes, plm_buf_sv(&key));
        id = have ? (uint32_t)((uintptr_t)have - 1) : check_node(b, c, plm_buf_sv(&key));
    }
    plm_buf_done(&key);
    return id;
}

/* ---- combinations ---------------------------------------------------------------------------------------
 */

static int by_cost(const void *x, const void *y, void *arg)
{
    const struct plm_program *p = arg;
    uint32_t a = *(const uint32_t *)x, b = *(const uint32_t *)y;
    uint32_t ca = p->nodes.v[a].cost, cb = p->nodes.v[b].cost;
    if (ca != cb)
        return ca < cb ? -1 : 1;
    return a < b ? -1 : a > b;
}

/* A node over parts, which are sorted and without duplicates. */
static uint32_t combine(struct plm_graph *b, enum plm_node_kind kind, const uint32_t *parts, uint32_t n)
{
    struct plm_node node = {.kind = kind, .reach = REACH_OWN, .n = n, .cost = 1};
    struct plm_buf key = PLM_BUF(KEY_MAX);
    plm_buf_byte(&key, 1 + (unsigned char)kind); /* no text of a check begins so */
    for (uint32_t i = 0; i < n; i++) {
        const struct plm_node *part = &b->p->nodes.v[parts[i]];
        node.reach = part->reach > node.reach ? part->reach : node.reach;
        node.cost += part->cost < UINT32_MAX / 2 - node.cost ? part->cost : 0;
        plm_buf_u32le(&key, parts[i]);
    }
    if (node.reach == REACH_OWN)
        node.cost = 1;
    uint32_t id = NODE_NONE;
    void *have = key.failed ? NULL : plm_map_get(b->nodes, plm_buf_sv(&key));
    if (have) {
        id = (uint32_t)((uintptr_t)have - 1);
    } else {
        node.first = (uint32_t)b->p->edges.n;
        for (uint32_t i = 0; i < n; i++) {
            uint32_t *edge = plm_vec_push(b->arena, &b->p->edges);
            if (edge)
                *edge = parts[i];
        }
        id = key.failed || plm_arena_failed(b->arena) ? no_node(plm_fail_oom(b->err))
                                                      : node_of(b, plm_buf_sv(&key), &node);
    }
    plm_buf_done(&key);
    return id;
}

static uint32_t build(struct plm_graph *b, const struct plm_cond *c);

/* and/or: constants are folded, duplicates dropped. */
static uint32_t build_list(struct plm_graph *b, const struct plm_cond *c)
{
    enum plm_node_kind kind = c->kind == PLM_COND_AND ? NODE_AND : NODE_OR;
    enum plm_node_kind neutral = kind == NODE_AND ? NODE_TRUE : NODE_FALSE;
    enum plm_node_kind final = kind == NODE_AND ? NODE_FALSE : NODE_TRUE;
    uint32_t *parts = plm_arena_array(b->arena, c->n_children, sizeof *parts);
    if (!parts)
        return no_node(plm_fail_oom(b->err));
    uint32_t n = 0, kept = 0;
    for (size_t i = 0; i < c->n_children; i++) {
        uint32_t id = build(b, c->children[i]);
        if (id == NODE_NONE)
            return NODE_NONE;
        enum plm_node_kind k = b->p->nodes.v[id].kind;
        if (k == final)
            return id;
        if (k != neutral)
            parts[n++] = id;
    }
    qsort_r(parts, n, sizeof *parts, by_cost, b->p);
    for (uint32_t i = 0; i < n; i++)
        if (!kept || parts[kept - 1] != parts[i])
            parts[kept++] = parts[i];
    if (!kept)
        return constant(b, neutral == NODE_TRUE);
    return kept == 1 ? parts[0] : combine(b, kind, parts, kept);
}

static uint32_t negate(struct plm_graph *b, uint32_t id)
{
    if (id == NODE_NONE)
        return id;
    const struct plm_node *n = &b->p->nodes.v[id];
    if (n->kind == NODE_TRUE || n->kind == NODE_FALSE)
        return constant(b, n->kind == NODE_FALSE);
    if (n->kind == NODE_OPEN)
        return id;
    if (n->kind == NODE_NOT)
        return b->p->edges.v[n->first];
    return combine(b, NODE_NOT, &id, 1);
}

static uint32_t build(struct plm_graph *b, const struct plm_cond *c)
{
    switch (c->kind) {
    case PLM_COND_AND:
    case PLM_COND_OR:
        return build_list(b, c);
    case PLM_COND_NOT:
        return negate(b, build(b, c->children[0]));
    case PLM_COND_CHECK:
        return build_check(b, c);
    case PLM_COND_MACRO:
        break;
    }
    return no_node(plm_fail(b->err, PLM_E_INTERNAL, "macro '%.*s' was not resolved", PLM_SV_ARG(c->macro)));
}

/* ---- rules by event type --------------------------------------------------------------------------------
 */

static bool is_in_force(const struct plm_rule *r)
{
    return r->is_enabled && r->condition;
}

static int group_type(struct plm_graph *b, const struct plm_rules *r, unsigned id)
{
    PLM_VEC(uint32_t) list = {0};
    for (size_t i = 0; i < plm_rules_count(r); i++) {
        const struct plm_rule *rule = plm_rules_get(r, i);
        if (!is_in_force(rule) || !plm_evset_has(&rule->types, id) ||
            b->p->nodes.v[b->p->roots[i]].kind == NODE_FALSE)
            continue;
        uint32_t *at = plm_vec_push(b->arena, &list);
        if (!at)
            return -1;
        *at = (uint32_t)i;
    }
    if (!list.n)
        return 0;
    uint32_t group;
    plm_sv key = plm_sv_n((const char *)list.v, list.n * sizeof *list.v);
    int is_new = number_of(b, b->groups, key, (uint32_t)b->p->groups.n, &group);
    if (is_new < 0)
        return -1;
    struct plm_group *g = is_new ? plm_vec_push(b->arena, &b->p->groups) : NULL;
    if (is_new && !g)
        return -1;
    if (is_new)
        *g = (struct plm_group){.rules = list.v, .n = (uint32_t)list.n};
    b->p->group_of[id] = group + 1;
    return 0;
}

static void lay_out_cache(struct plm_program *p)
{
    uint32_t words = 2 * ((p->n_own + 63) / 64) + 2 * ((p->n_process + 63) / 64);
    words += (uint32_t)(p->groups.n + 63) / 64;
    for (size_t i = 0; i < p->groups.n; i++) {
        p->groups.v[i].word = words;
        words += (p->groups.v[i].n + 63) / 64;
    }
    p->n_words = words;
}

static int build_all(struct plm_graph *b, const struct plm_rules *r)
{
    size_t n = plm_rules_count(r);
    uint32_t *roots = plm_arena_array(b->arena, n + 1, sizeof *roots);
    if (!roots)
        return plm_fail_oom(b->err);
    b->p->roots = roots;
    for (size_t i = 0; i < n; i++) {
        const struct plm_rule *rule = plm_rules_get(r, i);
        roots[i] = is_in_force(rule) ? build(b, rule->condition) : constant(b, false);
        if (roots[i] == NODE_NONE)
            return plm_wrap(b->err, "rule '%.*s'", PLM_SV_ARG(rule->name));
    }
    for (unsigned id = 0; id < plm_evtype_count(); id++)
        if (group_type(b, r, id) < 0)
            return plm_fail_oom(b->err);
    lay_out_cache(b->p);
    return 0;
}

/* ---- the graph as an object -------------------------------------------------------------------------------
 */

struct plm_graph *plm_graph_new(struct plm_program *p, struct plm_arena *a,
                                bool (*keeps)(const struct plm_cond *check), plm_err **err)
{
    plm_auto(plm_graph_free) struct plm_graph *g = calloc(1, sizeof *g);
    if (!g)
        return PLM_NULL(plm_fail_oom(err));
    *g = (struct plm_graph){.arena = a,
                            .p = p,
                            .nodes = plm_map_new(),
                            .slots = plm_map_new(),
                            .groups = plm_map_new(),
                            .keeps = keeps};
    if (!g->nodes || !g->slots || !g->groups)
        return PLM_NULL(plm_fail_oom(err));
    return plm_take(g);
}

void plm_graph_free(struct plm_graph *g)
{
    if (!g)
        return;
    plm_map_free(g->nodes);
    plm_map_free(g->slots);
    plm_map_free(g->groups);
    free(g);
}

int plm_graph_add(struct plm_graph *g, const struct plm_cond *c, bool is_not, uint32_t *out, plm_err **err)
{
    g->err = err;
    uint32_t id = build(g, c);
    if (is_not)
        id = negate(g, id);
    if (id == NODE_NONE)
        return -1;
    *out = id;
    return 0;
}

struct plm_program *plm_program_new(const struct plm_rules *r, struct plm_arena *a, plm_err **err)
{
    struct plm_program *p = plm_arena_make(a, struct plm_program);
    if (!p)
        return PLM_NULL(plm_fail_oom(err));
    plm_auto(plm_graph_free) struct plm_graph *g = plm_graph_new(p, a, NULL, err);
    if (!g)
        return NULL;
    g->err = err;
    return build_all(g, r) == 0 ? p : NULL;
}
