/* SPDX-License-Identifier: Apache-2.0
 *
 * What the files of the process table share (proc.c, proc_apply.c, proc_walk.c).
 */
#pragma once

#include "watch/intern.h"
#include "watch/proc.h"

/* A thread with what only the table knows of it. The public part comes first. */
struct plm_proc_node {
    struct plm_thread t;
    struct plm_proc_node *hash_next;
    /* Of a leader: processes whose parent it is, linked through sib_*; ended ones too, until they are freed.
     */
    struct plm_proc_node *first_child, *sib_prev, *sib_next;
    struct plm_proc_node *first_task, *task_prev, *task_next; /* threads of the group but the leader */
    struct plm_proc_node *old_prev, *old_next; /* list of what may be given up: ended, unknown */
    uint64_t last_ts;
    uint64_t container_version;
    uint32_t round; /* of the resynchronisation that saw it */
    int32_t reaper; /* of an ended one: who has its children; 0: by the usual rule */
    bool is_used, is_ended, is_old;
};

struct plm_proc_list {
    struct plm_proc_node *first, *last;
    uint32_t n;
};

enum { PLM_PROC_CHUNK = 64, PLM_PROC_EXITS = 1024 };

/* What a type of event does to the table: resolved by name once. */
struct plm_proc_act;

struct plm_procs {
    struct plm_procs_config conf;
    struct plm_intern pool;
    struct plm_proc_node **buckets;
    uint32_t bucket_mask;
    struct plm_proc_node **chunks;
    uint32_t n_chunks, cap_chunks;
    struct plm_proc_node *free_list; /* through hash_next */
    struct plm_proc_list old;        /* made up, nobody announced them; oldest first */
    struct plm_proc_list ended;      /* gone, kept a moment for events that come late */
    struct plm_proc_node spare;      /* stands for a thread that the table has no room for */
    struct plm_arena *scratch;
    struct plm_proc_act *acts; /* by id of the event type */
    uint64_t epoch, counter, now, next_purge;
    uint32_t round;
    struct plm_procs_stats stats;
    /* Ends of the last processes: a record of a scan that was made before must not revive them. */
    struct {
        int32_t tid;
        uint64_t ts;
    } exits[PLM_PROC_EXITS];
};

struct plm_proc_act *plm_proc_acts_new(void); /* NULL: out of memory */

static inline struct plm_proc_node *plm_proc_node_of(struct plm_thread *t)
{
    return (struct plm_proc_node *)t;
}
/* Also those that have ended a moment ago. */
struct plm_proc_node *plm_procs_find_any(const struct plm_procs *p, int32_t tid);
/* Why a record is put in: a fork's child starts with what its parent has, with an exec the rest of the group
 * is gone. */
enum plm_proc_why { PLM_PROC_PUT, PLM_PROC_FORK, PLM_PROC_EXEC };
/* Adds or brings up to date. NULL: no room. */
struct plm_proc_node *plm_procs_set(struct plm_procs *p, const struct plm_task_info *info, uint64_t ts,
                                    enum plm_proc_why why);
/* A thread of which only the number is known. NULL: no room. */
struct plm_proc_node *plm_procs_make_unknown(struct plm_procs *p, int32_t tid);
/* The thread has ended; the last one of a group gives its children to `reaper` (0: by the usual rule). */
void plm_procs_end(struct plm_procs *p, struct plm_proc_node *n, int32_t reaper, uint64_t ts);
/* An attribute of it has changed: what was cached is void. */
void plm_procs_changed(struct plm_procs *p, struct plm_proc_node *n);
/* Frees old entries that nobody asked for since a while. */
void plm_procs_purge(struct plm_procs *p);
/* The container by the cgroup paths of its info; counts as a change when it is another. */
void plm_procs_find_container(struct plm_procs *p, struct plm_proc_node *n);
