/* SPDX-License-Identifier: Apache-2.0
 *
 * The compiled form of a rule set, shared by the files of the matcher (match*.c).
 *
 * All conditions together are one graph: equal checks, and equal combinations of equal parts (macros), are
 * one node, evaluated at most once per event. What a node reads decides how long its result stays good:
 *
 *     REACH_OWN      attributes of the process itself: until plm_thread.version changes
 *     REACH_PROCESS  its ancestors and its container's metadata too: until one of those changes
 *     REACH_EVENT    the event: this event
 *
 * The first two are kept per thread (struct plm_match_cache). From REACH_OWN alone follows which rules the
 * process cannot fire at all, whatever it does; that too is kept, per group of event types, so that an event
 * touches only the rules that are left.
 */
#pragma once

#include "watch/operators.h"
#include "watch/rules.h"

enum plm_node_kind {
    NODE_FALSE,
    NODE_TRUE,
    NODE_TYPES,
    NODE_OPEN, /* a check that the graph leaves out: may be true or false */
    NODE_CHECK,
    NODE_AND,
    NODE_OR,
    NODE_NOT,
};
enum plm_node_reach { REACH_OWN, REACH_PROCESS, REACH_EVENT };
enum { PLM_SLOT_VALUES = 4 }; /* values of a field that need no memory of the event's arena */

struct plm_node {
    enum plm_node_kind kind;
    enum plm_node_reach reach;
    uint32_t cost;
    uint32_t bit;         /* OWN, PROCESS: index in the thread's cache */
    uint32_t first, n;    /* AND, OR, NOT: children in plm_program.edges */
    uint32_t slot, types; /* CHECK: operand; TYPES: index of the set */
    const struct plm_check *check;
};

/* Event types for which the same rules are evaluated. */
struct plm_group {
    const uint32_t *rules; /* indices of plm_program.rules, in order of definition */
    uint32_t n;
    uint32_t word; /* where its words of possible rules begin in the cache */
};

struct plm_program {
    PLM_VEC(struct plm_node) nodes;
    PLM_VEC(uint32_t) edges;
    PLM_VEC(struct plm_evset) types;
    PLM_VEC(const struct plm_operand *) slots;
    PLM_VEC(struct plm_group) groups;
    uint32_t group_of[PLM_EVTYPE_MAX]; /* 0: none, else group + 1 */
    const uint32_t *roots;             /* node of each rule of the set, by its index */
    uint32_t n_own, n_process;         /* bits */
    uint32_t n_words;                  /* of a cache */
};

/* Builds a graph condition by condition. The program lives in the arena; the builder is freed afterwards.
 * keeps: which checks are compiled, the others become NODE_OPEN; NULL: all. */
struct plm_graph;
struct plm_graph *plm_graph_new(struct plm_program *p, struct plm_arena *a,
                                bool (*keeps)(const struct plm_cond *check), plm_err **err);
void plm_graph_free(struct plm_graph *g);
PLM_CLEANUP(struct plm_graph, plm_graph_free)
/* The node of a condition, or of its negation. */
int plm_graph_add(struct plm_graph *g, const struct plm_cond *c, bool is_not, uint32_t *out, plm_err **err);

/* Compiles the enabled rules. Lives in the arena. */
struct plm_program *plm_program_new(const struct plm_rules *r, struct plm_arena *a, plm_err **err);

/* What a thread carries (plm_thread.cache), one malloc. Words: known and values of OWN, known and values of
 * PROCESS, known groups, possible rules of each group. */
struct plm_match_cache {
    uint64_t serial; /* of the matcher that made it */
    uint64_t version, epoch, container_version;
    const struct plm_container *container;
    uint64_t w[];
};

/* Reach of what an operand reads. */
enum plm_node_reach plm_operand_reach(const struct plm_operand *o);
enum plm_node_reach plm_cond_reach(const struct plm_cond *c); /* of one check */
/* evt.type =, !=, in: the set of types for which it is true. */
bool plm_cond_types(const struct plm_cond *c, struct plm_evset *out);
/* evt.num = 0 and its like, which no event can meet (falco-rules.md 2.4); 1: always, 0: never, -1: it
 * depends.
 */
int plm_cond_constant(const struct plm_cond *c);
