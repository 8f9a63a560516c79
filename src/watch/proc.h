/* SPDX-License-Identifier: Apache-2.0
 *
 * The process table: every thread that was seen, with its ancestors, leaders, executable and container.
 * Bounded by construction: at most `max_threads` entries and `max_bytes` of strings; when either is full the
 * oldest dead entries go first, and what then does not fit is counted (`n_refused`), never silently ignored.
 *
 * Strings that repeat (names, paths, images) are interned: two views of the table are equal when their
 * pointers are (plm_proc_intern). One thread owns the table; nothing here locks.
 *
 *     struct plm_thread *t = plm_procs_apply(procs, &event);   // state first, then the rules
 *     ... evaluate ...
 *     plm_procs_after(procs, &event);                          // forget what ended
 */
#pragma once

#include "base/arena.h"
#include "base/ctx.h"
#include "watch/event.h"

/* EXE_* of execve's flags and proc.is_exe_* (falco-rules.md 6). */
enum {
    PLM_EXE_WRITABLE = 1 << 0,
    PLM_EXE_UPPER_LAYER = 1 << 1,
    PLM_EXE_FROM_MEMFD = 1 << 2,
    PLM_EXE_LOWER_LAYER = 1 << 3,
};

/* A thread as a source describes it: everything at once. Views are borrowed from the source. */
struct plm_task_info {
    int32_t tid, pid, ptid; /* initial namespace; ptid: parent's thread (its thread group leader) */
    int32_t vtid, vpid;     /* innermost namespace; -1: not known */
    int32_t sid, pgid, vpgid;
    uint32_t tty;      /* new_encode_dev form, 0: none */
    uint32_t uid, gid; /* effective */
    int64_t loginuid;  /* -1: unset */
    uint64_t cap_inheritable, cap_permitted, cap_effective;
    uint64_t clone_ts; /* of the process, nanoseconds since the epoch; 0: not known */
    uint64_t pidns_init_ts;
    plm_sv comm;
    plm_sv exe;     /* argv[0] */
    plm_sv args;    /* the rest, NUL-separated */
    plm_sv env;     /* NUL-separated; null: not asked for */
    plm_sv exepath; /* absolute, links followed */
    plm_sv cwd;     /* absolute */
    plm_sv root;    /* of the process where it is not "/" of its mount namespace, else null */
    plm_sv
        cgroup; /* the path that names the container best (v2, else the deepest v1); decides container_id */
    plm_sv cgroups;                             /* "subsys=path" NUL-separated, or null */
    uint64_t exe_ino, exe_ctime, exe_mtime;     /* times in nanoseconds */
    uint32_t exe_flags;                         /* PLM_EXE_* */
    uint64_t mnt_ns, pid_ns;                    /* inode numbers, 0: not known */
    uint64_t fdlimit, vm_size, vm_rss, vm_swap; /* kB for vm_*; fdlimit 0: not known */
    uint32_t n_threads;
    bool is_kernel_thread;
};

struct plm_container; /* watch/meta.h */

struct plm_thread {
    struct plm_task_info info;       /* views are the table's own, interned */
    struct plm_thread *parent;       /* the process `ptid` belongs to; NULL: not known */
    struct plm_thread *leader;       /* of the thread group; itself for a leader */
    struct plm_container *container; /* NULL: the host */
    uint32_t n_children, n_tasks;    /* of a leader */
    uint32_t slot;                   /* dense index, below plm_procs_capacity */
    bool is_dead;                    /* kept because something still points here */
    bool is_known;                   /* false: made up for an unknown tid, its strings are null */
    /* What rules cached about this process: valid while `seen` equals the table's ancestry epoch and
     * `version` has not changed. The table only invalidates. */
    uint64_t version; /* changes when any attribute that a condition can read changes */
    void *cache;      /* of the rule engine; freed by the hook given at plm_procs_new */
};

struct plm_procs;
struct plm_meta;

struct plm_procs_config {
    uint32_t max_threads;  /* 0: 262144 */
    size_t max_bytes;      /* of strings; 0: 32 MiB */
    struct plm_meta *meta; /* containers; NULL: every process is on the host */
    void (*drop_cache)(void *cache);
    /* Looks up one missing thread (/proc); false: not there. NULL: none. At most `max_lookups` in all. */
    bool (*lookup)(void *data, int32_t tid, struct plm_arena *a, struct plm_task_info *out);
    void *lookup_data;
    uint32_t max_lookups;
};

struct plm_procs_stats {
    uint64_t n_threads, n_added, n_removed, n_refused, n_lookups, n_failed_lookups, n_unknown, bytes;
};

struct plm_procs *plm_procs_new(const struct plm_procs_config *conf, plm_err **err);
void plm_procs_free(struct plm_procs *p);
PLM_CLEANUP(struct plm_procs, plm_procs_free)
/* A thread of the start-up scan or of a resynchronisation: adds it or brings it up to date. */
int plm_procs_put(struct plm_procs *p, const struct plm_task_info *info, plm_err **err);
/* After a resynchronisation: threads that were not put since `begin` ended meanwhile. */
void plm_procs_resync_begin(struct plm_procs *p);
void plm_procs_resync_end(struct plm_procs *p);
/* Brings the table up to the event; the thread of the event, never NULL (a made-up one where it is unknown).
 */
struct plm_thread *plm_procs_apply(struct plm_procs *p, const struct plm_event *e);
/* What an event ends (procexit) goes after the rules were asked: children go to the reaper. */
void plm_procs_after(struct plm_procs *p, const struct plm_event *e);
struct plm_thread *plm_procs_find(struct plm_procs *p, int32_t tid); /* NULL: not there */
/* Changes whenever a process that has children changes: what rules cached about ancestors is then void. */
uint64_t plm_procs_epoch(const struct plm_procs *p);
uint32_t plm_procs_capacity(const struct plm_procs *p);
void plm_procs_stats_get(const struct plm_procs *p, struct plm_procs_stats *out);
/* The table's own copy of s. */
plm_sv plm_procs_intern(struct plm_procs *p, plm_sv s);

/* Walks (falco-rules.md 6). Loops are detected; NULL: none. */
struct plm_thread *plm_thread_ancestor(const struct plm_thread *t,
                                       unsigned n); /* 0: the process, 1: its parent */
struct plm_thread *plm_thread_session_leader(struct plm_procs *p, const struct plm_thread *t);
struct plm_thread *plm_thread_group_leader(struct plm_procs *p, const struct plm_thread *t);  /* pgid */
struct plm_thread *plm_thread_vgroup_leader(struct plm_procs *p, const struct plm_thread *t); /* vpgid */
/* The i-th NUL-separated string; a null view past the end. */
plm_sv plm_strings_get(plm_sv strings, size_t i);

/* ---- /proc (proc_read.c): one missing thread, and all of them where the kernel has no iterators ---------
 */

struct plm_proc_reader;
/* proc: "/proc". needs: enum plm_need: the environment is read only if asked for. */
struct plm_proc_reader *plm_proc_reader_new(const char *proc, uint32_t needs, plm_err **err);
void plm_proc_reader_free(struct plm_proc_reader *r);
PLM_CLEANUP(struct plm_proc_reader, plm_proc_reader_free)
/* Fits plm_procs_config.lookup; `reader` is the plm_proc_reader. Views of the arena. What /proc does not tell
 * (EXE_WRITABLE, the layer of the executable) is left out. */
bool plm_proc_reader_lookup(void *reader, int32_t tid, struct plm_arena *a, struct plm_task_info *out);
/* Puts every thread, leaders before their threads. */
int plm_proc_reader_scan(struct plm_proc_reader *r, struct plm_procs *p, plm_err **err);
