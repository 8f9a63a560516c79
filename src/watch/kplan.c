/* SPDX-License-Identifier: Apache-2.0
 *
 * From rules to the kernel's filter (kfilter.h).
 *
 * A condition becomes a disjunction of cubes: and, or and not are followed down to the checks, `not` by
 * De Morgan's laws. A part in which the kernel can test nothing is not split: it becomes one test of the
 * process, evaluated in user space with three values (what is not an attribute of the process is open), so
 * the long tails of exceptions cost one node and no clauses. Each rule keeps at most PLM_KRULE_CUBES cubes,
 * fewer when all rules together have more than there are bits; joining cubes only lets more through.
 */
#include "watch/kplan_int.h"

#include "base/map.h"

struct maker {
    struct plm_kplan *p;
    struct plm_rules *rules;
    struct plm_graph *graph;
    plm_err **err;
};

/* Events that change what plm_kmask_is_own reads. */
static const char *const changing[] = {
    "execve",   "execveat", "setuid", "setgid", "setreuid", "setregid", "setresuid", "setresgid", "setfsuid",
    "setfsgid", "capset",   "prctl",  "setns",  "unshare",  "clone",    "clone3",    "fork",      "vfork"};
static const char *const opening[] = {"open", "openat", "openat2", "open_by_handle_at", "creat"};

static void add_types(struct plm_evset *set, const char *const *names, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const struct plm_evtype *t = plm_evtype_find(plm_sv_from(names[i]));
        if (t)
            plm_evset_add(set, t->id);
    }
}

/* ---- deriving
 * --------------------------------------------------------------------------------------------------- */

static bool has_known(const struct plm_cond *c, bool is_not)
{
    if (c->kind == PLM_COND_CHECK)
        return plm_kleaf_is_known(c, is_not);
    for (size_t i = 0; i < c->n_children; i++)
        if (has_known(c->children[i], is_not != (c->kind == PLM_COND_NOT)))
            return true;
    return false;
}

/* A part that only the process decides, if anything does. */
static int derive_process(struct maker *m, const struct plm_cond *c, bool is_not, struct plm_kcubes *out)
{
    struct plm_kcube cube = plm_kcube_all();
    uint32_t node;
    if (plm_graph_add(m->graph, c, is_not, &node, m->err) < 0)
        return -1;
    enum plm_node_kind kind = m->p->graph.nodes.v[node].kind;
    if (kind == NODE_FALSE)
        return 0;
    if (kind != NODE_TRUE && kind != NODE_OPEN) {
        struct plm_kalt *alt = plm_vec_push(m->p->arena, &cube.alts);
        uint32_t *at = alt ? plm_vec_push(m->p->arena, &alt->nodes) : NULL;
        if (!at)
            return plm_fail_oom(m->err);
        *at = node;
    }
    return plm_kcubes_add(m->p->arena, out, &cube) < 0 ? plm_fail_oom(m->err) : 0;
}

static int derive(struct maker *m, const struct plm_cond *c, bool is_not, struct plm_kcubes *out);

static int derive_list(struct maker *m, const struct plm_cond *c, bool is_not, struct plm_kcubes *out)
{
    bool is_and = (c->kind == PLM_COND_AND) != is_not;
    struct plm_kcubes all = {0};
    struct plm_kcube whole = plm_kcube_all();
    if (is_and && plm_kcubes_add(m->p->arena, &all, &whole) < 0)
        return plm_fail_oom(m->err);
    for (size_t i = 0; i < c->n_children; i++) {
        struct plm_kcubes part = {0}, both;
        if (derive(m, c->children[i], is_not, &part) < 0)
            return -1;
        int rc = is_and ? plm_kcubes_and(m->p->arena, &all, &part, &both)
                        : plm_kcubes_or(m->p->arena, &all, &part);
        if (rc < 0)
            return plm_fail_oom(m->err);
        if (is_and)
            all = both;
    }
    *out = all;
    return 0;
}

/* The cubes of c, or of its negation, into the empty set `out`. */
static int derive(struct maker *m, const struct plm_cond *c, bool is_not, struct plm_kcubes *out)
{
    if (!has_known(c, is_not))
        return derive_process(m, c, is_not, out);
    switch (c->kind) {
    case PLM_COND_NOT:
        return derive(m, c->children[0], !is_not, out);
    case PLM_COND_CHECK:
        return plm_kleaf_cubes(m->p, c, is_not, m->p->arena, out, m->err);
    case PLM_COND_AND:
    case PLM_COND_OR:
        return derive_list(m, c, is_not, out);
    case PLM_COND_MACRO:
        break;
    }
    return plm_fail(m->err, PLM_E_INTERNAL, "macro '%.*s' was not resolved", PLM_SV_ARG(c->macro));
}

/* All cubes of a rule, of its event types only. */
static int derive_rule(struct maker *m, const struct plm_rule *rule, struct plm_kcubes *out)
{
    struct plm_kcubes cubes = {0}, only = {0};
    struct plm_kcube types = plm_kcube_all();
    types.types = rule->types;
    if (plm_evset_is_empty(&types.types)) {
        *out = only;
        return 0;
    }
    if (derive(m, rule->condition, false, &cubes) < 0)
        return plm_wrap(m->err, "rule '%.*s'", PLM_SV_ARG(rule->name));
    if (plm_kcubes_add(m->p->arena, &only, &types) < 0 ||
        plm_kcubes_and(m->p->arena, &cubes, &only, out) < 0 ||
        plm_kcubes_limit(m->p->arena, out, PLM_KRULE_CUBES) < 0)
        return plm_fail_oom(m->err);
    return 0;
}

/* ---- clauses
 * ------------------------------------------------------------------------------------------------------ */

static int add_clauses(struct maker *m, const struct plm_rule *rule, struct plm_kcubes *cubes, size_t max)
{
    if (plm_kcubes_limit(m->p->arena, cubes, max) < 0)
        return plm_fail_oom(m->err);
    for (size_t i = 0; i < cubes->n; i++) {
        struct plm_kclause *c = plm_vec_push(m->p->arena, &m->p->clauses);
        if (!c)
            return plm_fail_oom(m->err);
        *c = (struct plm_kclause){
            .rule = rule, .cube = cubes->v[i], .bit = (uint32_t)((m->p->clauses.n - 1) % PLM_KBITS)};
    }
    return 0;
}

/* How many cubes a rule may have so that all fit; 1 at least, then bits are shared. */
static size_t cubes_per_rule(const struct plm_kcubes *cubes, size_t n)
{
    size_t max = PLM_KRULE_CUBES;
    for (; max > 1; max--) {
        size_t sum = 0;
        for (size_t i = 0; i < n; i++)
            sum += cubes[i].n < max ? cubes[i].n : max;
        if (sum <= PLM_KBITS)
            break;
    }
    return max;
}

static int make_clauses(struct maker *m)
{
    size_t n = plm_rules_count(m->rules);
    struct plm_kcubes *cubes = plm_arena_array(m->p->arena, n + 1, sizeof *cubes);
    if (!cubes)
        return plm_fail_oom(m->err);
    for (size_t i = 0; i < n; i++) {
        const struct plm_rule *rule = plm_rules_get(m->rules, i);
        if (!rule->is_enabled || !rule->condition)
            continue;
        const struct plm_rule **at = plm_vec_push(m->p->arena, &m->p->rules);
        if (!at)
            return plm_fail_oom(m->err);
        *at = rule;
        if (derive_rule(m, rule, &cubes[i]) < 0)
            return -1;
    }
    size_t max = cubes_per_rule(cubes, n);
    for (size_t i = 0; i < n; i++)
        if (add_clauses(m, plm_rules_get(m->rules, i), &cubes[i], max) < 0)
            return -1;
    return 0;
}

/* ---- the filter
 * ----------------------------------------------------------------------------------------------------- */

static void mask_put(struct plm_kmask *k, uint32_t bit)
{
    k->w[bit / 64] |= 1ull << (bit % 64);
}

struct tables {
    struct plm_map *paths;
    PLM_VEC(struct plm_kpath) path;
    PLM_VEC(struct plm_kport) port;
};

static int put_path(struct plm_arena *a, struct tables *t, const struct plm_kpath_test *test, uint32_t bit)
{
    plm_sv key = plm_arena_printf(a, "%u%.*s", (unsigned)test->kind, PLM_SV_ARG(test->text));
    void **slot = key.p ? plm_map_put(t->paths, key) : NULL;
    if (!slot)
        return -1;
    if (!*slot) {
        struct plm_kpath *p = plm_vec_push(a, &t->path);
        if (!p)
            return -1;
        *p = (struct plm_kpath){.kind = test->kind, .text = test->text};
        *slot = (void *)(uintptr_t)t->path.n;
    }
    mask_put(&t->path.v[(uintptr_t)*slot - 1].clauses, bit);
    return 0;
}

static int put_port(struct plm_arena *a, struct tables *t, uint16_t port, uint32_t bit)
{
    for (size_t i = 0; i < t->port.n; i++)
        if (t->port.v[i].port == port) {
            mask_put(&t->port.v[i].clauses, bit);
            return 0;
        }
    struct plm_kport *p = plm_vec_push(a, &t->port);
    if (!p)
        return -1;
    p->port = port;
    mask_put(&p->clauses, bit);
    return 0;
}

static int put_clause(struct plm_kplan *p, struct tables *t, const struct plm_kclause *c)
{
    struct plm_kfilter *f = &p->filter;
    for (unsigned id = 0; id < PLM_EVTYPE_MAX; id++)
        if (plm_evset_has(&c->cube.types, id))
            mask_put(&f->event[id], c->bit);
    for (unsigned d = 0; d < PLM_KD_COUNT_; d++)
        if (c->cube.dims >> d & 1)
            mask_put(&f->dim[d], c->bit);
    if (!c->cube.has_paths)
        mask_put(&f->any_path, c->bit);
    if (!c->cube.has_ports)
        mask_put(&f->any_port, c->bit);
    for (size_t i = 0; c->cube.has_paths && i < c->cube.paths.n; i++)
        if (put_path(p->arena, t, &c->cube.paths.v[i], c->bit) < 0)
            return -1;
    for (size_t i = 0; c->cube.has_ports && i < c->cube.ports.n; i++)
        if (put_port(p->arena, t, c->cube.ports.v[i], c->bit) < 0)
            return -1;
    return 0;
}

static int make_filter(struct maker *m)
{
    plm_auto(plm_map_free) struct plm_map *paths = plm_map_new();
    if (!paths)
        return plm_fail_oom(m->err);
    struct plm_kplan *p = m->p;
    struct tables t = {.paths = paths};
    for (size_t i = 0; i < p->clauses.n; i++)
        if (put_clause(p, &t, &p->clauses.v[i]) < 0)
            return plm_fail_oom(m->err);
    p->filter.paths = t.path.v;
    p->filter.n_paths = t.path.n;
    p->filter.ports = t.port.v;
    p->filter.n_ports = t.port.n;
    p->filter.n_clauses = (unsigned)(p->clauses.n < PLM_KBITS ? p->clauses.n : PLM_KBITS);
    p->filter.needs = plm_rules_needs(m->rules);
    add_types(&p->filter.changes, changing, sizeof changing / sizeof *changing);
    return 0;
}

struct plm_kplan *plm_kplan_make(struct plm_rules *rules, struct plm_arena *a, plm_err **err)
{
    struct plm_kplan *p = plm_arena_make(a, struct plm_kplan);
    if (!p)
        return PLM_NULL(plm_fail_oom(err));
    p->arena = a;
    add_types(&p->opens, opening, sizeof opening / sizeof *opening);
    add_types(&p->execs, changing, 2);
    plm_auto(plm_graph_free) struct plm_graph *graph = plm_graph_new(&p->graph, a, plm_kmask_is_own, err);
    if (!graph)
        return NULL;
    struct maker m = {.p = p, .rules = rules, .graph = graph, .err = err};
    return make_clauses(&m) == 0 && make_filter(&m) == 0 ? p : NULL;
}

const struct plm_kfilter *plm_kplan_filter(const struct plm_kplan *p)
{
    return &p->filter;
}
