/* SPDX-License-Identifier: Apache-2.0
 *
 * What the files of the kernel's filter share (kplan*.c): a cube is one clause in the making, a conjunction
 * of what an event must be like. Every operation yields at least what it should (a superset of events).
 */
#pragma once

#include "watch/kfilter.h"
#include "watch/match_int.h"

enum {
    PLM_KCUBES_MAX = 48, /* while a rule is split */
    PLM_KRULE_CUBES = 8, /* that a rule may keep */
    PLM_KALTS_MAX = 24,
    PLM_KPATHS_MAX = 512,
    PLM_KPORTS_MAX = 256,
};
#define PLM_KDIMS_ALL ((1u << PLM_KD_COUNT_) - 1)

struct plm_kpath_test {
    enum plm_kpath_kind kind;
    plm_sv text;
};

/* Tests of the process that must all be possible: nodes of the plan's graph, sorted. */
struct plm_kalt {
    PLM_VEC(uint32_t) nodes;
};

struct plm_kcube {
    struct plm_evset types;
    uint32_t dims; /* bit per plm_kdim: still allowed */
    bool has_paths, has_ports;
    PLM_VEC(struct plm_kpath_test) paths; /* has_paths: any of these */
    PLM_VEC(uint16_t) ports;
    PLM_VEC(struct plm_kalt) alts; /* none: every process; else any of these */
};
struct plm_kcubes {
    struct plm_kcube *v;
    size_t n, cap;
};

struct plm_kclause {
    const struct plm_rule *rule;
    struct plm_kcube cube;
    uint32_t bit;
};

struct plm_kplan {
    struct plm_arena *arena;
    struct plm_kfilter filter;
    struct plm_program graph; /* of the tests of processes */
    PLM_VEC(struct plm_kclause) clauses;
    PLM_VEC(const struct plm_rule *) rules; /* enabled */
    struct plm_evset opens;                 /* open, openat, openat2, open_by_handle_at, creat */
    struct plm_evset execs;
};

/* ---- kplan_cube.c: all return 0, or -1 when out of memory */
struct plm_kcube plm_kcube_all(void); /* restricts nothing */
int plm_kcubes_add(struct plm_arena *a, struct plm_kcubes *c, const struct plm_kcube *cube);
/* c |= d */
int plm_kcubes_or(struct plm_arena *a, struct plm_kcubes *c, const struct plm_kcubes *d);
/* out = c & d */
int plm_kcubes_and(struct plm_arena *a, const struct plm_kcubes *c, const struct plm_kcubes *d,
                   struct plm_kcubes *out);
/* Joins cubes until at most max are left. */
int plm_kcubes_limit(struct plm_arena *a, struct plm_kcubes *c, size_t max);
bool plm_evset_is_empty(const struct plm_evset *s);

/* ---- kplan_leaf.c, kplan_path.c */
/* Does the kernel test something of this check (or its negation)? */
bool plm_kleaf_is_known(const struct plm_cond *c, bool is_not);
/* The cubes of a check that it knows; none: it is never true. */
int plm_kleaf_cubes(const struct plm_kplan *p, const struct plm_cond *c, bool is_not, struct plm_arena *a,
                    struct plm_kcubes *out, plm_err **err);
/* Which paths may meet the check: *out_any: any path. */
bool plm_kpath_is_known(const struct plm_cond *c);
int plm_kpath_tests(const struct plm_cond *c, struct plm_arena *a, struct plm_kcube *out);
bool plm_kpath_holds(enum plm_kpath_kind kind, plm_sv text, plm_sv path);
/* Checks of attributes that only the task itself changes (kfilter.h). */
bool plm_kmask_is_own(const struct plm_cond *c);
/* The name of the field when the operand is nothing else; "" otherwise. */
const char *plm_kfield_name(const struct plm_operand *o);
