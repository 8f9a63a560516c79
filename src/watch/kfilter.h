/* SPDX-License-Identifier: Apache-2.0
 *
 * The kernel's filter, derived from the enabled rules (watch-sensor.md part 2). Every rule becomes one or
 * more *clauses*; a clause is a conjunction of tests that the kernel can make, each a necessary condition of
 * the rule (what the kernel cannot test, and everything under `not`, counts as true). Clauses are bits, so
 * the kernel evaluates all rules at once:
 *
 *     possible  = event[nr] & task                    task: what process attributes leave possible
 * (plm_kmask) possible &= result >= 0 ? success : failure possible &= flags, where, tty, number, port, path
 * ... of the event drop it if possible == 0
 *
 * With more rules than bits, rules share bits: more is sent, never less.
 */
#pragma once

#include "base/arena.h"
#include "base/buf.h"
#include "watch/event.h"

#define PLM_KBITS  256
#define PLM_KWORDS (PLM_KBITS / 64)

struct plm_kmask {
    uint64_t w[PLM_KWORDS];
};

/* Tests of the event itself: for each value of the dimension the clauses that it leaves possible. */
enum plm_kdim {
    PLM_KD_SUCCESS, /* result >= 0 */
    PLM_KD_FAILURE, /* result < 0 */
    PLM_KD_IN_HOST, /* the task is in no container */
    PLM_KD_IN_CONTAINER,
    PLM_KD_TTY, /* it has a terminal */
    PLM_KD_NO_TTY,
    PLM_KD_OPEN_READ, /* open flags: any of these that hold is or-ed */
    PLM_KD_OPEN_WRITE,
    PLM_KD_OPEN_CREATE,
    PLM_KD_OPEN_PLAIN, /* neither (O_PATH) */
    PLM_KD_FAMILY_IP,  /* sockets */
    PLM_KD_FAMILY_UNIX,
    PLM_KD_FAMILY_OTHER,
    PLM_KD_COUNT_
};

enum plm_kpath_kind {
    PLM_KPATH_EXACT,
    PLM_KPATH_PREFIX, /* bytes: "/etc/" or "/etc" (startswith) */
    PLM_KPATH_NAME,   /* the last component is this */
    PLM_KPATH_DIR,    /* the directory part is this */
};

struct plm_kpath {
    enum plm_kpath_kind kind;
    plm_sv text;
    struct plm_kmask clauses;
};

struct plm_kport {
    uint16_t port; /* either end */
    struct plm_kmask clauses;
};

struct plm_kfilter {
    struct plm_kmask event[PLM_EVTYPE_MAX]; /* by plm_evtype.id: clauses that are about it */
    struct plm_kmask dim[PLM_KD_COUNT_];
    struct plm_kmask any_path; /* clauses without a test of the path */
    const struct plm_kpath *paths;
    size_t n_paths;
    struct plm_kmask any_port;
    const struct plm_kport *ports;
    size_t n_ports;
    unsigned n_clauses;
    uint32_t needs; /* enum plm_need: what events must carry */
};

struct plm_rules;
struct plm_thread;
struct plm_procs;
struct plm_view;

/* The filter and, per clause, the tests of process attributes. Lives in the arena; refers to the rules. */
struct plm_kplan;
struct plm_kplan *plm_kplan_make(struct plm_rules *rules, struct plm_arena *a, plm_err **err);
const struct plm_kfilter *plm_kplan_filter(const struct plm_kplan *p);
/* Which clauses the attributes of a process leave possible: evaluated once per exec, fork and credential
 * change. view->event may be NULL. */
void plm_kplan_mask(const struct plm_kplan *p, const struct plm_view *view, struct plm_kmask *out);
/* `watch check --explain-filter`: each rule with its clauses and what the kernel cannot decide of it. */
void plm_kplan_explain(const struct plm_kplan *p, struct plm_buf *out);
/* What the kernel will do with this event, computed here: the tests' model of the kernel program. */
bool plm_kfilter_passes(const struct plm_kfilter *f, const struct plm_kmask *task,
                        const struct plm_view *view);
