/* SPDX-License-Identifier: Apache-2.0
 *
 * The process table: a hash of threads by their number in the initial pid namespace, chained into process
 * trees (children of a leader) and thread groups (tasks of a leader). Semantics: falco-rules.md part 6.
 *
 * What is not known is there nevertheless: a parent or a leader that was never announced is an entry without
 * strings, so that its children meet when it becomes known. Ended processes give their children away at once,
 * as the kernel does, and are kept a moment for events of other rings that come late.
 *
 * Bounds: max_threads entries in chunks that are reused and never move, max_bytes of strings. What may be
 * given up (ended, dead, unknown and without dependants) stands in lists, oldest first, and goes when room is
 * needed. Every step is constant but for giving children away (linear in them) and strings (linear in bytes).
 */
#include "watch/proc_int.h"

#include "base/buf.h"
#include "watch/meta_int.h"

#include <stdlib.h>

enum {
    DEFAULT_THREADS = 262144,
    DEFAULT_LOOKUPS = 65536,
    FIRST_BUCKETS = 1024,
    KEPT_ENDED = 256, /* ended entries kept for late events */
    ARGS_MAX = 4096,  /* of args, env and any other string */
    CGROUPS_MAX = 8192,
    EVICT_TRIES = 8,
};
#define DEFAULT_BYTES PLM_MIB(32)
#define NS_PER_S      1000000000ull
#define PURGE_AFTER   (300 * NS_PER_S)
#define SAME_START    (NS_PER_S / 10) /* /proc counts in hundredths, kernel records in nanoseconds */

/* ---- lists, hash, slots ---------------------------------------------------------------------- */

static void list_add(struct plm_proc_list *l, struct plm_proc_node *n)
{
    n->old_prev = l->last;
    n->old_next = NULL;
    *(l->last ? &l->last->old_next : &l->first) = n;
    l->last = n;
    l->n++;
}

static void list_remove(struct plm_proc_list *l, struct plm_proc_node *n)
{
    *(n->old_prev ? &n->old_prev->old_next : &l->first) = n->old_next;
    *(n->old_next ? &n->old_next->old_prev : &l->last) = n->old_prev;
    n->old_prev = n->old_next = NULL;
    l->n--;
}

static struct plm_proc_node **bucket(const struct plm_procs *p, int32_t tid)
{
    return &p->buckets[((uint32_t)tid * 0x9e3779b1u) >> 7 & p->bucket_mask];
}

static void rehash(struct plm_procs *p)
{
    uint32_t n = (p->bucket_mask + 1) * 2;
    struct plm_proc_node **fresh = calloc(n, sizeof(struct plm_proc_node *)), **old = p->buckets;
    if (!fresh)
        return; /* longer chains, nothing else */
    uint32_t n_old = p->bucket_mask + 1;
    p->buckets = fresh;
    p->bucket_mask = n - 1;
    for (uint32_t i = 0; i < n_old; i++)
        for (struct plm_proc_node *at = old[i], *next; at; at = next) {
            next = at->hash_next;
            struct plm_proc_node **b = bucket(p, at->t.info.tid);
            at->hash_next = *b;
            *b = at;
        }
    free(old);
}

static bool add_chunk(struct plm_procs *p)
{
    if (p->n_chunks == p->cap_chunks) {
        uint32_t cap = p->cap_chunks ? p->cap_chunks * 2 : 16;
        struct plm_proc_node **grown = realloc(p->chunks, cap * sizeof(struct plm_proc_node *));
        if (!grown)
            return false;
        p->chunks = grown;
        p->cap_chunks = cap;
    }
    struct plm_proc_node *chunk = calloc(PLM_PROC_CHUNK, sizeof(*chunk));
    if (!chunk)
        return false;
    for (uint32_t i = PLM_PROC_CHUNK; i-- > 0;) {
        chunk[i].t.slot = p->n_chunks * PLM_PROC_CHUNK + i;
        chunk[i].hash_next = p->free_list;
        p->free_list = &chunk[i];
    }
    p->chunks[p->n_chunks++] = chunk;
    return true;
}

struct plm_proc_node *plm_procs_find_any(const struct plm_procs *p, int32_t tid)
{
    struct plm_proc_node *n = *bucket(p, tid);
    while (n && n->t.info.tid != tid)
        n = n->hash_next;
    return n;
}

struct plm_thread *plm_procs_find(struct plm_procs *p, int32_t tid)
{
    struct plm_proc_node *n = plm_procs_find_any(p, tid);
    return n && !n->is_ended ? &n->t : NULL;
}

/* ---- strings of an entry ------------------------------------------------------------------------ */

static const size_t views[] = {
    offsetof(struct plm_task_info, comm),    offsetof(struct plm_task_info, exe),
    offsetof(struct plm_task_info, exepath), offsetof(struct plm_task_info, cwd),
    offsetof(struct plm_task_info, root),    offsetof(struct plm_task_info, cgroup),
    offsetof(struct plm_task_info, args),    offsetof(struct plm_task_info, env),
    offsetof(struct plm_task_info, cgroups),
};
enum { N_VIEWS = sizeof(views) / sizeof(views[0]) };

static plm_sv *view_at(struct plm_task_info *i, size_t k)
{
    return (plm_sv *)(void *)((char *)i + views[k]);
}

static plm_sv view_of(const struct plm_task_info *i, size_t k)
{
    return *(const plm_sv *)(const void *)((const char *)i + views[k]);
}

static void drop_views(struct plm_procs *p, struct plm_task_info *i)
{
    for (size_t k = 0; k < N_VIEWS; k++) {
        plm_intern_drop(&p->pool, *view_at(i, k));
        *view_at(i, k) = PLM_SV_NULL;
    }
}

static bool evict(struct plm_procs *p);

static plm_sv take(struct plm_procs *p, plm_sv s, size_t max)
{
    s = plm_sv_sub(s, 0, max);
    plm_sv got = plm_intern_get(&p->pool, s);
    for (int i = 0; s.p && !got.p && i < EVICT_TRIES && evict(p); i++)
        got = plm_intern_get(&p->pool, s);
    if (s.p && !got.p)
        p->stats.n_refused++;
    return got;
}

/* The working directory ends with a slash (proc.cwd). */
static plm_sv take_cwd(struct plm_procs *p, plm_sv cwd)
{
    if (!cwd.n || cwd.p[cwd.n - 1] == '/')
        return take(p, cwd, ARGS_MAX);
    char *copy = plm_arena_alloc(p->scratch, cwd.n + 1);
    if (!copy)
        return take(p, cwd, ARGS_MAX);
    memcpy(copy, cwd.p, cwd.n);
    copy[cwd.n] = '/';
    return take(p, plm_sv_n(copy, cwd.n + 1), ARGS_MAX + 1);
}

/* All of `info` with the table's own views; what info leaves null stays as `old` has it. */
static struct plm_task_info take_views(struct plm_procs *p, const struct plm_task_info *info,
                                       const struct plm_task_info *old)
{
    struct plm_task_info fresh = *info;
    for (size_t k = 0; k < N_VIEWS; k++) {
        plm_sv *v = view_at(&fresh, k);
        if (!v->p)
            *v = plm_intern_ref(view_of(old, k));
        else if (v == &fresh.cwd)
            *v = take_cwd(p, *v);
        else
            *v = take(p, *v, v == &fresh.cgroups ? CGROUPS_MAX : ARGS_MAX);
    }
    return fresh;
}

/* ---- trees and groups ------------------------------------------------------------------------------ */

static void changed(struct plm_procs *p, struct plm_proc_node *n)
{
    n->t.version = ++p->counter;
    /* Others may have looked at it: as an ancestor, as the leader of their session or group. */
    if (n->first_child || n->t.info.tid == n->t.info.sid || n->t.info.tid == n->t.info.pgid)
        p->epoch++;
}

void plm_procs_changed(struct plm_procs *p, struct plm_proc_node *n)
{
    changed(p, n);
}

static void set_parent(struct plm_procs *p, struct plm_proc_node *n, struct plm_proc_node *parent)
{
    struct plm_proc_node *old = n->t.parent ? plm_proc_node_of(n->t.parent) : NULL;
    if (old == parent)
        return;
    if (old) {
        *(n->sib_prev ? &n->sib_prev->sib_next : &old->first_child) = n->sib_next;
        if (n->sib_next)
            n->sib_next->sib_prev = n->sib_prev;
        n->sib_prev = n->sib_next = NULL;
        old->t.n_children -= n->is_ended ? 0 : 1;
    }
    n->t.parent = parent ? &parent->t : NULL;
    if (parent) {
        n->sib_next = parent->first_child;
        if (n->sib_next)
            n->sib_next->sib_prev = n;
        parent->first_child = n;
        parent->t.n_children += n->is_ended ? 0 : 1;
    }
    for (struct plm_proc_node *task = n->first_task; task; task = task->task_next) {
        task->t.parent = n->t.parent;
        task->t.info.ptid = n->t.info.ptid;
        changed(p, task);
    }
}

static void join_group(struct plm_proc_node *n, struct plm_proc_node *leader)
{
    n->t.leader = &leader->t;
    leader->t.n_tasks++;
    if (n == leader)
        return;
    n->t.parent = leader->t.parent;
    n->task_prev = NULL;
    n->task_next = leader->first_task;
    if (n->task_next)
        n->task_next->task_prev = n;
    leader->first_task = n;
}

static void leave_group(struct plm_proc_node *n)
{
    struct plm_proc_node *leader = n->t.leader ? plm_proc_node_of(n->t.leader) : n;
    if (leader == n)
        return;
    *(n->task_prev ? &n->task_prev->task_next : &leader->first_task) = n->task_next;
    if (n->task_next)
        n->task_next->task_prev = n->task_prev;
    n->task_prev = n->task_next = NULL;
    leader->t.n_tasks--;
    n->t.leader = NULL;
    n->t.parent = NULL; /* it stood in no list of children */
}

/* Whom the children of n fall to when the event does not say: the init of their pid namespace, else
 * process 1. */
static struct plm_proc_node *default_reaper(struct plm_procs *p, const struct plm_proc_node *n)
{
    const struct plm_thread *t = &n->t;
    for (unsigned i = 0; i < 64 && t->parent; i++) {
        t = t->parent;
        if (t->is_known && !t->is_dead && t->info.vpid == 1 && t->info.pid_ns == n->t.info.pid_ns)
            return plm_procs_find_any(p, t->info.tid);
    }
    return plm_procs_find_any(p, 1);
}

static struct plm_proc_node *reaper_of(struct plm_procs *p, const struct plm_proc_node *n)
{
    struct plm_proc_node *reaper = n->reaper > 0 ? plm_procs_find_any(p, n->reaper) : NULL;
    if (!reaper || reaper == n || reaper->is_ended)
        reaper = default_reaper(p, n);
    return reaper == n || (reaper && reaper->is_ended) ? NULL : reaper;
}

static void give_children_away(struct plm_procs *p, struct plm_proc_node *n)
{
    if (!n->first_child)
        return;
    /* Those of an entry that was only made up keep the number and wait for the next record. */
    struct plm_proc_node *reaper = n->t.is_known ? reaper_of(p, n) : NULL;
    while (n->first_child) {
        struct plm_proc_node *child = n->first_child;
        if (n->t.is_known)
            child->t.info.ptid = reaper ? reaper->t.info.tid : 0;
        set_parent(p, child, reaper == child ? NULL : reaper);
        changed(p, child);
    }
    p->epoch++;
}

/* ---- adding and removing ---------------------------------------------------------------------------- */

static void set_old(struct plm_procs *p, struct plm_proc_node *n, bool is_old)
{
    if (n->is_old == is_old)
        return;
    n->is_old = is_old;
    if (is_old)
        list_add(&p->old, n);
    else
        list_remove(&p->old, n);
}

static void free_node(struct plm_procs *p, struct plm_proc_node *n)
{
    if (n->is_ended)
        list_remove(&p->ended, n);
    else
        p->stats.n_threads--;
    set_old(p, n, false);
    give_children_away(p, n);
    set_parent(p, n, NULL);
    struct plm_proc_node **at = bucket(p, n->t.info.tid);
    while (*at != n)
        at = &(*at)->hash_next;
    *at = n->hash_next;
    drop_views(p, &n->t.info);
    plm_container_drop(n->t.container);
    if (n->t.cache && p->conf.drop_cache)
        p->conf.drop_cache(n->t.cache);
    *n = (struct plm_proc_node){.t.slot = n->t.slot, .hash_next = p->free_list};
    p->free_list = n;
}

/* Gives up one entry; false: there is none to give up. */
static bool evict(struct plm_procs *p)
{
    if (p->ended.first) {
        free_node(p, p->ended.first);
        return true;
    }
    for (int i = 0; i < EVICT_TRIES && p->old.first; i++) {
        struct plm_proc_node *n = p->old.first;
        if (!n->first_task) {
            leave_group(n);
            p->stats.n_removed++;
            free_node(p, n);
            return true;
        }
        list_remove(&p->old, n); /* others hang on it: asked again later */
        list_add(&p->old, n);
    }
    return false;
}

static struct plm_proc_node *new_node(struct plm_procs *p, int32_t tid)
{
    while (p->stats.n_threads + p->ended.n >= p->conf.max_threads)
        if (!evict(p)) {
            p->stats.n_refused++;
            return NULL;
        }
    if (!p->free_list && !add_chunk(p)) {
        p->stats.n_refused++;
        return NULL;
    }
    struct plm_proc_node *n = p->free_list;
    p->free_list = n->hash_next;
    *n = (struct plm_proc_node){.t.slot = n->t.slot, .is_used = true, .last_ts = p->now, .round = p->round};
    n->t.info.tid = tid;
    if (p->stats.n_threads > p->bucket_mask)
        rehash(p);
    struct plm_proc_node **b = bucket(p, tid);
    n->hash_next = *b;
    *b = n;
    n->t.version = ++p->counter;
    p->stats.n_threads++;
    p->stats.n_added++;
    return n;
}

struct plm_proc_node *plm_procs_make_unknown(struct plm_procs *p, int32_t tid)
{
    struct plm_proc_node *n = new_node(p, tid);
    if (!n)
        return NULL;
    n->t.info = (struct plm_task_info){.tid = tid,
                                       .pid = tid,
                                       .vtid = -1,
                                       .vpid = -1,
                                       .sid = -1,
                                       .pgid = -1,
                                       .vpgid = -1,
                                       .uid = UINT32_MAX,
                                       .gid = UINT32_MAX,
                                       .loginuid = -1};
    join_group(n, n);
    set_old(p, n, true);
    p->stats.n_unknown++;
    return n;
}

static void retire(struct plm_procs *p, struct plm_proc_node *n)
{
    set_old(p, n, false);
    leave_group(n);
    if (n->t.parent)
        n->t.parent->n_children--;
    n->is_ended = true;
    n->t.is_dead = true;
    p->stats.n_threads--;
    p->stats.n_removed++;
    list_add(&p->ended, n);
    while (p->ended.n > KEPT_ENDED)
        free_node(p, p->ended.first);
}

void plm_procs_end(struct plm_procs *p, struct plm_proc_node *n, int32_t reaper, uint64_t ts)
{
    if (n->is_ended)
        return;
    struct plm_proc_node *leader = n->t.leader ? plm_proc_node_of(n->t.leader) : n;
    n->t.is_dead = true;
    if (n == leader && n->first_task) {
        changed(p, n);
        return; /* kept while its threads live */
    }
    if (n != leader) {
        retire(p, n);
        if (!leader->t.is_dead || leader->first_task)
            return;
        n = leader;
    }
    p->exits[(uint32_t)n->t.info.tid % PLM_PROC_EXITS].tid = n->t.info.tid;
    p->exits[(uint32_t)n->t.info.tid % PLM_PROC_EXITS].ts = ts;
    if (n->t.info.tid == n->t.info.sid || n->t.info.tid == n->t.info.pgid)
        p->epoch++;
    n->reaper = reaper;
    give_children_away(p, n);
    retire(p, n);
}

/* Every thread of the group, the leader last. */
static void end_group(struct plm_procs *p, struct plm_proc_node *leader, uint64_t ts)
{
    while (leader->first_task)
        plm_procs_end(p, leader->first_task, 0, ts);
    plm_procs_end(p, leader, 0, ts);
}

/* ---- a record of a thread --------------------------------------------------------------------------- */

static bool is_other_process(const struct plm_proc_node *n, const struct plm_task_info *info)
{
    uint64_t a = n->t.info.clone_ts, b = info->clone_ts;
    if (!n->t.is_known)
        return false;
    return n->t.info.pid != info->pid || (a && b && (a > b ? a - b : b - a) > SAME_START);
}

static struct plm_proc_node *leader_of(struct plm_procs *p, int32_t pid)
{
    struct plm_proc_node *n = plm_procs_find_any(p, pid);
    if (n && n->is_ended) /* a child that was announced late: by now the reaper's */
        n = reaper_of(p, n);
    else if (!n)
        n = plm_procs_make_unknown(p, pid);
    return n && n->t.leader ? plm_proc_node_of(n->t.leader) : n;
}

static void link_up(struct plm_procs *p, struct plm_proc_node *n)
{
    struct plm_task_info *i = &n->t.info;
    if (i->tid != i->pid) {
        struct plm_proc_node *leader = leader_of(p, i->pid);
        if (leader && leader != n && (!n->t.leader || n->t.leader != &leader->t)) {
            leave_group(n);
            join_group(n, leader);
        }
        if (leader && leader->t.parent) {
            n->t.parent = leader->t.parent;
            i->ptid = leader->t.info.ptid;
            return;
        }
        if (!leader || leader == n) /* no room for a leader */
            join_group(n, n);
        n = leader ? leader : n;
        n->t.info.ptid = i->ptid;
        i = &n->t.info;
    } else if (!n->t.leader) {
        join_group(n, n);
    }
    struct plm_proc_node *parent = i->ptid > 0 && i->ptid != i->pid ? leader_of(p, i->ptid) : NULL;
    if (parent == n)
        parent = NULL;
    if (parent)
        i->ptid = parent->t.info.tid;
    set_parent(p, n, parent);
}

static bool same_place(const struct plm_task_info *a, const struct plm_task_info *b)
{
    return a->cgroup.p == b->cgroup.p && a->cgroups.p == b->cgroups.p;
}

void plm_procs_find_container(struct plm_procs *p, struct plm_proc_node *n)
{
    struct plm_container *c = NULL;
    const struct plm_thread *parent = n->t.parent;
    if (n->t.leader && n->t.leader != &n->t)
        parent = n->t.leader;
    if (parent && parent->is_known && same_place(&parent->info, &n->t.info)) {
        c = parent->container;
    } else if (p->conf.meta && n->t.is_known && !n->t.info.is_kernel_thread) {
        c = plm_meta_of_cgroup(p->conf.meta, n->t.info.cgroup, n->t.info.tid);
        plm_sv rest = n->t.info.cgroups, one, subsystem, path;
        while (!c && plm_sv_field(&rest, '\0', &one))
            if (plm_sv_cut(one, '=', &subsystem, &path))
                c = plm_meta_of_cgroup(p->conf.meta, path, n->t.info.tid);
    }
    if (c != n->t.container) {
        plm_container_hold(c);
        plm_container_drop(n->t.container);
        n->t.container = c;
        changed(p, n);
    }
    n->container_version = c ? c->version : 0;
}

static bool same_info(const struct plm_task_info *a, const struct plm_task_info *b)
{
    for (size_t k = 0; k < N_VIEWS; k++)
        if (view_of(a, k).p != view_of(b, k).p)
            return false;
    return a->pid == b->pid && a->ptid == b->ptid && a->vtid == b->vtid && a->vpid == b->vpid &&
           a->sid == b->sid && a->pgid == b->pgid && a->vpgid == b->vpgid && a->tty == b->tty &&
           a->uid == b->uid && a->gid == b->gid && a->loginuid == b->loginuid &&
           a->cap_inheritable == b->cap_inheritable && a->cap_permitted == b->cap_permitted &&
           a->cap_effective == b->cap_effective && a->clone_ts == b->clone_ts &&
           a->pidns_init_ts == b->pidns_init_ts && a->exe_ino == b->exe_ino && a->exe_ctime == b->exe_ctime &&
           a->exe_mtime == b->exe_mtime && a->exe_flags == b->exe_flags && a->mnt_ns == b->mnt_ns &&
           a->pid_ns == b->pid_ns && a->fdlimit == b->fdlimit && a->is_kernel_thread == b->is_kernel_thread;
}

/* Whose strings stand in for those that a record leaves out: a thread's are its leader's, a child starts with
 * its parent's, everything else keeps its own. */
static const struct plm_task_info *donor_of(struct plm_procs *p, const struct plm_proc_node *n, bool is_new,
                                            const struct plm_task_info *info, enum plm_proc_why why)
{
    const struct plm_thread *t = NULL;
    if (is_new && info->tid != info->pid)
        t = plm_procs_find(p, info->pid);
    else if (is_new && why == PLM_PROC_FORK)
        t = plm_procs_find(p, info->ptid);
    return t && t->is_known ? &t->info : &n->t.info;
}

/* Threads that were announced before their leader have waited for its strings. */
static void fill_tasks(struct plm_procs *p, struct plm_proc_node *leader)
{
    for (struct plm_proc_node *task = leader->first_task; task; task = task->task_next) {
        for (size_t k = 0; k < N_VIEWS; k++)
            if (!view_of(&task->t.info, k).p)
                *view_at(&task->t.info, k) = plm_intern_ref(view_of(&leader->t.info, k));
        plm_procs_find_container(p, task);
        changed(p, task);
    }
}

struct plm_proc_node *plm_procs_set(struct plm_procs *p, const struct plm_task_info *info, uint64_t ts,
                                    enum plm_proc_why why)
{
    struct plm_proc_node *n = plm_procs_find_any(p, info->tid);
    /* Its end was lost, the number used again. */
    if (n && !n->is_ended && why != PLM_PROC_EXEC && is_other_process(n, info))
        end_group(p, n->t.leader ? plm_proc_node_of(n->t.leader) : n, ts);
    n = plm_procs_find_any(p, info->tid);
    if (n && n->is_ended) {
        free_node(p, n);
        n = NULL;
    }
    bool is_new = !n;
    if (is_new && !(n = new_node(p, info->tid)))
        return NULL;
    while (why == PLM_PROC_EXEC && n->first_task) /* the others ended with the exec */
        plm_procs_end(p, n->first_task, 0, ts);
    struct plm_task_info old = n->t.info, fresh = take_views(p, info, donor_of(p, n, is_new, info, why));
    bool was_known = n->t.is_known, has_moved = !was_known || !same_place(&old, &fresh);
    /* Who could write the file when it was started counts, not who could since. */
    if (was_known && why != PLM_PROC_EXEC && old.exe_ino == fresh.exe_ino)
        fresh.exe_flags |= old.exe_flags & PLM_EXE_WRITABLE;
    bool is_same = was_known && !n->t.is_dead && same_info(&old, &fresh);
    drop_views(p, &old);
    n->t.info = fresh;
    n->t.is_known = true;
    n->t.is_dead = false;
    n->last_ts = p->now;
    n->round = p->round;
    set_old(p, n, false);
    link_up(p, n);
    if (has_moved)
        plm_procs_find_container(p, n);
    if (!was_known && n->first_task)
        fill_tasks(p, n);
    if (!is_same)
        changed(p, n);
    return n;
}

int plm_procs_put(struct plm_procs *p, const struct plm_task_info *info, plm_err **err)
{
    plm_arena_reset(p->scratch);
    if (info->tid <= 0 || info->pid <= 0)
        return plm_fail(err, PLM_E_PARSE, "task %d of process %d: no such numbers", info->tid, info->pid);
    uint32_t at = (uint32_t)info->pid % PLM_PROC_EXITS;
    if (p->exits[at].tid == info->pid && info->clone_ts && info->clone_ts < p->exits[at].ts)
        return 0;                                       /* it was read before the end that we know of */
    (void)plm_procs_set(p, info, p->now, PLM_PROC_PUT); /* no room is counted, not an error */
    return 0;
}

/* ---- life of the table --------------------------------------------------------------------------------- */

struct plm_procs *plm_procs_new(const struct plm_procs_config *conf, plm_err **err)
{
    struct plm_procs *p = calloc(1, sizeof(*p));
    if (!p)
        return PLM_NULL(plm_fail_oom(err));
    p->conf = *conf;
    p->conf.max_threads = conf->max_threads ? conf->max_threads : DEFAULT_THREADS;
    p->conf.max_lookups = conf->max_lookups ? conf->max_lookups : DEFAULT_LOOKUPS;
    p->bucket_mask = FIRST_BUCKETS - 1;
    p->buckets = calloc(FIRST_BUCKETS, sizeof(struct plm_proc_node *));
    p->scratch = plm_arena_new(PLM_MIB(1));
    p->acts = plm_proc_acts_new();
    bool is_ok = plm_intern_init(&p->pool, conf->max_bytes ? conf->max_bytes : DEFAULT_BYTES);
    if (!is_ok || !p->buckets || !p->scratch || !p->acts) {
        plm_procs_free(p);
        return PLM_NULL(plm_fail_oom(err));
    }
    return p;
}

void plm_procs_free(struct plm_procs *p)
{
    if (!p)
        return;
    for (uint32_t i = 0; i < p->n_chunks; i++) {
        for (uint32_t k = 0; k < PLM_PROC_CHUNK; k++) {
            struct plm_thread *t = &p->chunks[i][k].t;
            plm_container_drop(t->container);
            if (t->cache && p->conf.drop_cache)
                p->conf.drop_cache(t->cache);
        }
        free(p->chunks[i]);
    }
    if (p->spare.t.cache && p->conf.drop_cache)
        p->conf.drop_cache(p->spare.t.cache);
    free(p->chunks);
    free(p->buckets);
    free(p->acts);
    plm_arena_free(p->scratch);
    plm_intern_done(&p->pool);
    free(p);
}

void plm_procs_resync_begin(struct plm_procs *p)
{
    p->round++;
}

void plm_procs_resync_end(struct plm_procs *p)
{
    for (uint32_t i = 0; i < p->n_chunks; i++)
        for (uint32_t k = 0; k < PLM_PROC_CHUNK; k++) {
            struct plm_proc_node *n = &p->chunks[i][k];
            /* A made-up one stays for those that hang on it, and ages otherwise. */
            if (n->is_used && !n->is_ended && n->t.is_known && !n->t.is_dead && n->round != p->round)
                plm_procs_end(p, n, 0, p->now);
        }
}

void plm_procs_purge(struct plm_procs *p)
{
    p->next_purge = p->now + PURGE_AFTER;
    for (uint32_t i = p->old.n; i > 0 && p->old.first; i--) {
        struct plm_proc_node *n = p->old.first;
        if (n->last_ts + PURGE_AFTER > p->now || n->first_task || n->first_child) {
            list_remove(&p->old, n);
            list_add(&p->old, n);
            continue;
        }
        leave_group(n);
        p->stats.n_removed++;
        free_node(p, n);
    }
}

uint64_t plm_procs_epoch(const struct plm_procs *p)
{
    return p->epoch;
}

uint32_t plm_procs_capacity(const struct plm_procs *p)
{
    return p->n_chunks * PLM_PROC_CHUNK + 1;
}

void plm_procs_stats_get(const struct plm_procs *p, struct plm_procs_stats *out)
{
    *out = p->stats;
    out->bytes = p->pool.bytes + (p->pool.mask + 1 + p->bucket_mask + 1 + p->cap_chunks) * sizeof(void *) +
                 (size_t)p->n_chunks * PLM_PROC_CHUNK * sizeof(struct plm_proc_node);
}

plm_sv plm_procs_intern(struct plm_procs *p, plm_sv s)
{
    return plm_intern_get(&p->pool, s);
}
