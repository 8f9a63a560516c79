/* SPDX-License-Identifier: Apache-2.0
 *
 * The kernel's filter, derived from the enabled rules (watch-sensor.md part 2). Every rule becomes one or
 * more *clauses*; a clause is a conjunction of tests that the kernel can make, each a necessary condition of
 * the rule (what the kernel cannot test counts as true). Clauses are bits, so the kernel evaluates all rules
 * at once:
 *
 *     possible = event[type]
 *     possible &= the task's mask             what its attributes leave possible (plm_kplan_mask)
 *     for each pair of dimensions: possible &= dim[which of the two holds]
 *     possible &= any_path | clauses of the path tests that hold; the same with ports
 *     drop the event if possible == 0
 *
 * What is not known at an event (no path, memory that cannot be read, a test that the kernel does not make)
 * restricts nothing. With more clauses than bits, rules share bits: more is sent, never less.
 *
 * The task's mask speaks of attributes that only the task itself changes: name, executable, arguments, user,
 * capabilities, container. A child inherits it. Events of the types in `changes` change those attributes:
 * they are tested without the mask, and the mask is void (all ones) from then on until user space sets the
 * one that belongs to that very state (a counter per task, raised by each of these events, tells; a mask
 * computed for an older state is thrown away).
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

/* Tests of the event itself, in pairs: of each pair exactly one holds, and the clauses of the other are out.
 * The pair is skipped where the event does not have the thing. */
enum plm_kdim {
    PLM_KD_SUCCESS, /* result >= 0; skipped: no result (procexit) */
    PLM_KD_FAILURE,
    PLM_KD_IN_CONTAINER, /* the task is in one; skipped while that is not known */
    PLM_KD_IN_HOST,
    PLM_KD_TTY, /* the task has a terminal */
    PLM_KD_NO_TTY,
    PLM_KD_READ, /* open, openat, openat2, open_by_handle_at, creat: flags & O_ACCMODE is not O_WRONLY */
    PLM_KD_NO_READ,
    PLM_KD_WRITE, /* flags & O_ACCMODE is not O_RDONLY (creat: always) */
    PLM_KD_NO_WRITE,
    PLM_KD_CREATE, /* O_CREAT or O_TMPFILE (creat: always) */
    PLM_KD_NO_CREATE,
    PLM_KD_TRUNC, /* O_TRUNC (creat: always) */
    PLM_KD_NO_TRUNC,
    PLM_KD_DOTDOT, /* open*: the path as the program gave it has ".." in it */
    PLM_KD_NO_DOTDOT,
    PLM_KD_IP, /* the event's descriptor is an IPv4 or IPv6 socket; skipped: it was not looked up */
    PLM_KD_NO_IP,
    PLM_KD_UNIX, /* … a unix socket */
    PLM_KD_NO_UNIX,
    PLM_KD_TCP, /* … an IP socket of protocol TCP */
    PLM_KD_NO_TCP,
    PLM_KD_COUNT_
};
const char *plm_kdim_name(enum plm_kdim d); /* "success" */

/* Tests of the absolute path of the event's descriptor, a file or a directory, as fd.name has it. Skipped
 * where that is not known (a failed call, a path that is too deep). A kind that the kernel does not test has
 * its clauses added to any_path by whoever installs the filter. */
enum plm_kpath_kind {
    PLM_KPATH_EXACT,
    PLM_KPATH_PREFIX, /* of bytes: "/etc/", "/etc/cron" (startswith) */
    PLM_KPATH_NAME,   /* the last component is this */
    PLM_KPATH_DIR,    /* the directory part ("/etc", "/") is this, or the whole path */
    PLM_KPATH_SUFFIX, /* the last component ends in this */
};

struct plm_kpath {
    enum plm_kpath_kind kind;
    plm_sv text;
    struct plm_kmask clauses;
};

struct plm_kport {
    uint16_t port; /* either end of the event's own tuple; skipped where that is not known */
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
    struct plm_evset changes; /* see above */
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
/* Which clauses the attributes of a process leave possible: evaluated once per exec and change of
 * credentials. view->event may be NULL. */
void plm_kplan_mask(const struct plm_kplan *p, const struct plm_view *view, struct plm_kmask *out);
/* `watch check --explain-filter`: each rule with its clauses and what the kernel cannot decide of it. */
void plm_kplan_explain(const struct plm_kplan *p, struct plm_buf *out);
/* What the kernel will do with this event, computed here: the tests' model of the kernel program. */
bool plm_kfilter_passes(const struct plm_kfilter *f, const struct plm_kmask *task,
                        const struct plm_view *view);
