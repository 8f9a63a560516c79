/* SPDX-License-Identifier: Apache-2.0
 *
 * The process table: sequences of events, trees, groups, numbers that are used again, limits.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "watch/proc.h"

#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>

struct world {
    struct plm_procs *p;
    uint64_t ts;
    unsigned n_lookups;
    struct plm_event e;
    struct plm_task_info task;
};

static bool lookup(void *data, int32_t tid, struct plm_arena *a, struct plm_task_info *out)
{
    struct world *w = data;
    w->n_lookups++;
    if (tid != 500 && tid != 501)
        return false;
    *out = (struct plm_task_info){.tid = tid,
                                  .pid = tid,
                                  .ptid = tid - 1,
                                  .vtid = tid,
                                  .vpid = tid,
                                  .sid = 500,
                                  .pgid = 500,
                                  .vpgid = 500,
                                  .loginuid = -1,
                                  .comm = PLM_SV("found")};
    out->exe = plm_arena_sv(a, PLM_SV("found"));
    return true;
}

static struct world *open_world(uint32_t max_threads, size_t max_bytes)
{
    static struct world w;
    w = (struct world){.ts = 1000000000};
    struct plm_procs_config c = {.max_threads = max_threads,
                                 .max_bytes = max_bytes,
                                 .lookup = lookup,
                                 .lookup_data = &w,
                                 .max_lookups = 10};
    w.p = plm_procs_new(&c, NULL);
    assert_non_null(w.p);
    return &w;
}

static struct plm_task_info task(int32_t tid, int32_t ptid, const char *comm)
{
    return (struct plm_task_info){.tid = tid,
                                  .pid = tid,
                                  .ptid = ptid,
                                  .vtid = tid,
                                  .vpid = tid,
                                  .sid = 1,
                                  .pgid = 1,
                                  .vpgid = 1,
                                  .loginuid = -1,
                                  .clone_ts = (uint64_t)tid * 1000000000,
                                  .comm = plm_sv_from(comm),
                                  .exe = plm_sv_from(comm),
                                  .args = PLM_SV("-a\0b"),
                                  .cwd = PLM_SV("/srv"),
                                  .exepath = PLM_SV("/bin/x")};
}

static void put(struct world *w, int32_t tid, int32_t ptid, const char *comm)
{
    struct plm_task_info t = task(tid, ptid, comm);
    assert_int_equal(plm_procs_put(w->p, &t, NULL), 0);
}

static struct plm_event *event(struct world *w, const char *type, int32_t tid, int64_t res)
{
    w->e = (struct plm_event){.type = plm_evtype_find(plm_sv_from(type)),
                              .ts = w->ts += 1000,
                              .tid = tid,
                              .pid = tid,
                              .has_res = true,
                              .res = res};
    assert_non_null(w->e.type);
    w->e.n_params = w->e.type->n_params;
    return &w->e;
}

static struct plm_param *param(struct plm_event *e, const char *name)
{
    int i = plm_evtype_param(e->type, plm_sv_from(name));
    assert_true(i >= 0);
    e->params[i].is_present = true;
    return &e->params[i];
}

static struct plm_thread *apply(struct world *w)
{
    struct plm_thread *t = plm_procs_apply(w->p, &w->e);
    assert_non_null(t);
    return t;
}

static void ends(struct world *w, int32_t tid, int32_t reaper)
{
    param(event(w, "procexit", tid, 0), "reaper_tid")->i = reaper;
    (void)apply(w);
    plm_procs_after(w->p, &w->e);
}

static struct plm_thread *forks(struct world *w, int32_t tid, int32_t ptid)
{
    w->task = (struct plm_task_info){.tid = tid,
                                     .pid = tid,
                                     .ptid = ptid,
                                     .vtid = tid,
                                     .vpid = tid,
                                     .sid = 1,
                                     .pgid = 1,
                                     .vpgid = 1,
                                     .loginuid = -1,
                                     .clone_ts = w->ts,
                                     .comm = PLM_SV("child")};
    event(w, "clone", tid, 0)->task = &w->task;
    return apply(w);
}

static void check_name(struct plm_thread *t, const char *name)
{
    assert_non_null(t);
    if (!plm_sv_is(t->info.comm, name))
        fail_msg("%d is %.*s, not %s", t->info.tid, PLM_SV_ARG(t->info.comm), name);
}

static void ancestors(void **state)
{
    (void)state;
    struct world *w = open_world(0, 0);
    put(w, 30, 20, "grandchild"); /* before its parent: they meet */
    put(w, 1, 0, "init");
    put(w, 20, 1, "child");
    struct plm_thread *t = plm_procs_find(w->p, 30);
    check_name(plm_thread_ancestor(t, 0), "grandchild");
    check_name(plm_thread_ancestor(t, 1), "child");
    check_name(plm_thread_ancestor(t, 2), "init");
    assert_null(plm_thread_ancestor(t, 3));
    assert_null(plm_thread_ancestor(t, 4000000000u));
    assert_int_equal(plm_procs_find(w->p, 20)->n_children, 1);
    /* interned: one string */
    put(w, 31, 20, "grandchild");
    assert_ptr_equal(plm_procs_find(w->p, 31)->info.comm.p, t->info.comm.p);
    assert_true(plm_sv_is(t->info.cwd, "/srv/"));
    plm_procs_free(w->p);
}

static void loops(void **state)
{
    (void)state;
    struct world *w = open_world(0, 0);
    put(w, 10, 12, "a");
    put(w, 11, 10, "b");
    put(w, 12, 11, "c");
    put(w, 13, 13, "self");
    assert_null(plm_procs_find(w->p, 13)->parent);
    unsigned n = 0;
    while (plm_thread_ancestor(plm_procs_find(w->p, 10), n))
        assert_true(++n < 100);
    assert_non_null(plm_thread_session_leader(w->p, plm_procs_find(w->p, 10)));
    plm_procs_free(w->p);
}

static void reparenting(void **state)
{
    (void)state;
    struct world *w = open_world(0, 0);
    put(w, 1, 0, "init");
    put(w, 5, 1, "subreaper");
    put(w, 6, 5, "shell");
    put(w, 7, 6, "daemon");
    put(w, 8, 7, "worker");
    uint64_t epoch = plm_procs_epoch(w->p);
    ends(w, 7, 5);
    assert_true(plm_procs_epoch(w->p) != epoch);
    assert_null(plm_procs_find(w->p, 7));
    check_name(plm_thread_ancestor(plm_procs_find(w->p, 8), 1), "subreaper");
    assert_int_equal(plm_procs_find(w->p, 8)->info.ptid, 5);
    assert_int_equal(plm_procs_find(w->p, 6)->n_children, 0);
    ends(w, 5, 0); /* the event does not say: process 1 */
    check_name(plm_thread_ancestor(plm_procs_find(w->p, 8), 1), "init");
    plm_procs_free(w->p);
}

static void namespace_init_is_the_reaper(void **state)
{
    (void)state;
    struct world *w = open_world(0, 0);
    put(w, 1, 0, "init");
    struct plm_task_info t = task(50, 1, "inner-init");
    t.vpid = 1;
    t.pid_ns = 7;
    assert_int_equal(plm_procs_put(w->p, &t, NULL), 0);
    for (int32_t pid = 51; pid < 54; pid++) {
        t = task(pid, pid - 1, "inner");
        t.vpid = pid - 49;
        t.pid_ns = 7;
        assert_int_equal(plm_procs_put(w->p, &t, NULL), 0);
    }
    ends(w, 52, 0);
    check_name(plm_thread_ancestor(plm_procs_find(w->p, 53), 1), "inner-init");
    plm_procs_free(w->p);
}

static void dead_leader_is_kept(void **state)
{
    (void)state;
    struct world *w = open_world(0, 0);
    put(w, 1, 0, "init");
    put(w, 10, 1, "leader");
    struct plm_task_info t = {
        .tid = 11, .pid = 10, .ptid = 1, .vtid = 11, .vpid = 10, .sid = 1, .comm = PLM_SV("thread")};
    assert_int_equal(plm_procs_put(w->p, &t, NULL), 0);
    put(w, 12, 10, "child");
    /* what the record left out is the leader's */
    assert_true(plm_sv_is(plm_procs_find(w->p, 11)->info.exepath, "/bin/x"));
    assert_int_equal(plm_procs_find(w->p, 10)->n_tasks, 2);
    ends(w, 10, 11);
    assert_non_null(plm_procs_find(w->p, 10));
    assert_true(plm_procs_find(w->p, 10)->is_dead);
    check_name(plm_thread_ancestor(plm_procs_find(w->p, 12), 1), "leader");
    check_name(plm_thread_ancestor(plm_procs_find(w->p, 11), 1), "init");
    ends(w, 11, 1);
    assert_null(plm_procs_find(w->p, 10));
    assert_null(plm_procs_find(w->p, 11));
    check_name(plm_thread_ancestor(plm_procs_find(w->p, 12), 1), "init");
    struct plm_procs_stats s;
    plm_procs_stats_get(w->p, &s);
    assert_int_equal(s.n_threads, 2);
    plm_procs_free(w->p);
}

static void exec_and_fork(void **state)
{
    (void)state;
    struct world *w = open_world(0, 0);
    put(w, 1, 0, "init");
    put(w, 10, 1, "sh");
    struct plm_thread *t = forks(w, 20, 10);
    check_name(t, "child");
    assert_true(plm_sv_is(t->info.exepath, "/bin/x")); /* the parent's until it runs something else */
    assert_true(plm_sv_is(plm_strings_get(t->info.args, 1), "b"));
    uint64_t version = t->version;
    /* failed: nothing changes */
    struct plm_event *e = event(w, "execve", 20, -2);
    param(e, "comm")->s = PLM_SV("nope");
    assert_true(apply(w)->version == version);
    check_name(t, "child");
    /* a success without a record: the parameters tell */
    e = event(w, "execve", 20, 0);
    param(e, "exe")->s = PLM_SV("cat");
    param(e, "comm")->s = PLM_SV("cat");
    param(e, "args")->s = PLM_SV("/etc/shadow");
    param(e, "trusted_exepath")->s = PLM_SV("/usr/bin/cat");
    param(e, "cwd")->s = PLM_SV("/root");
    param(e, "flags")->u = PLM_EXE_UPPER_LAYER;
    t = apply(w);
    check_name(t, "cat");
    assert_true(t->version != version);
    assert_true(plm_sv_is(t->info.exepath, "/usr/bin/cat"));
    assert_true(plm_sv_is(t->info.args, "/etc/shadow"));
    assert_true(plm_sv_is(t->info.cwd, "/root/"));
    assert_int_equal(t->info.exe_flags, PLM_EXE_UPPER_LAYER);
    check_name(plm_thread_ancestor(t, 1), "sh");
    /* the parent's own event, on the host: the child is its copy */
    e = event(w, "fork", 10, 21);
    (void)apply(w);
    check_name(plm_procs_find(w->p, 21), "sh");
    assert_int_equal(plm_procs_find(w->p, 21)->info.ptid, 10);
    plm_procs_free(w->p);
}

static void exec_of_a_thread_ends_the_others(void **state)
{
    (void)state;
    struct world *w = open_world(0, 0);
    put(w, 10, 1, "leader");
    for (int32_t tid = 11; tid < 14; tid++) {
        struct plm_task_info t = {.tid = tid, .pid = 10, .ptid = 1, .comm = PLM_SV("thread")};
        assert_int_equal(plm_procs_put(w->p, &t, NULL), 0);
    }
    ends(w, 10, 11);
    w->task = task(10, 1, "new");
    event(w, "execve", 10, 0)->task = &w->task;
    struct plm_thread *t = apply(w);
    check_name(t, "new");
    assert_false(t->is_dead);
    assert_int_equal(t->n_tasks, 1);
    assert_null(plm_procs_find(w->p, 12));
    plm_procs_free(w->p);
}

static void state_calls(void **state)
{
    (void)state;
    struct world *w = open_world(0, 0);
    put(w, 10, 1, "p");
    struct plm_task_info info = {.tid = 11, .pid = 10, .ptid = 1, .comm = PLM_SV("thread")};
    assert_int_equal(plm_procs_put(w->p, &info, NULL), 0);
    struct plm_thread *t = plm_procs_find(w->p, 10);
    struct plm_event *e = event(w, "chdir", 11, 0);
    param(e, "path")->s = PLM_SV("tmp");
    e->params[1].resolved = PLM_SV("/tmp");
    (void)apply(w);
    assert_true(plm_sv_is(t->info.cwd, "/tmp/")); /* of all threads */
    e = event(w, "chdir", 11, -2);
    param(e, "path")->s = PLM_SV("/nowhere");
    (void)apply(w);
    assert_true(plm_sv_is(t->info.cwd, "/tmp/"));
    e = event(w, "fchdir", 10, 0);
    e->has_fd = true;
    e->fd = (struct plm_fdinfo){.num = 3, .type = PLM_FD_DIRECTORY, .name = PLM_SV("/var/log")};
    (void)apply(w);
    assert_true(plm_sv_is(plm_procs_find(w->p, 11)->info.cwd, "/var/log/"));
    param(event(w, "setuid", 10, 0), "uid")->u = 33;
    assert_int_equal(apply(w)->info.uid, 33);
    e = event(w, "setresuid", 10, 0);
    param(e, "ruid")->u = 5;
    param(e, "euid")->u = UINT32_MAX; /* unchanged */
    assert_int_equal(apply(w)->info.uid, 33);
    param(event(w, "setgid", 10, -1), "gid")->u = 33;
    assert_int_equal(apply(w)->info.gid, 0);
    e = event(w, "capset", 10, 0);
    param(e, "cap_permitted")->u = 6;
    param(e, "cap_effective")->u = 2;
    assert_int_equal(apply(w)->info.cap_effective, 2);
    assert_int_equal(t->info.cap_permitted, 6);
    e = event(w, "prctl", 11, 0);
    param(e, "option")->u = 15;
    param(e, "arg2_str")->s = PLM_SV("a-name-of-more-than-15");
    check_name(apply(w), "a-name-of-more-");
    check_name(t, "p");
    (void)event(w, "setsid", 10, 10);
    assert_int_equal(apply(w)->info.sid, 10);
    assert_int_equal(t->info.pgid, 10);
    plm_procs_free(w->p);
}

static void process_groups(void **state)
{
    (void)state;
    struct world *w = open_world(0, 0);
    put(w, 1, 0, "init");
    put(w, 10, 1, "sh");
    put(w, 11, 10, "first");
    put(w, 12, 10, "second");
    struct plm_event *e = event(w, "setpgid", 10, 0);
    param(e, "pid")->i = 11;
    param(e, "pgid")->i = 11;
    (void)apply(w);
    e = event(w, "setpgid", 12, 0);
    param(e, "pid")->i = 0;
    param(e, "pgid")->i = 11;
    struct plm_thread *t = apply(w);
    assert_int_equal(t->info.pgid, 11);
    check_name(plm_thread_group_leader(w->p, t), "first");
    check_name(plm_thread_vgroup_leader(w->p, t), "first");
    check_name(plm_thread_session_leader(w->p, t), "init");
    plm_procs_free(w->p);
}

/* Without its leader a session is named by the oldest of the unbroken chain of ancestors in it. */
static void session_without_leader(void **state)
{
    (void)state;
    struct world *w = open_world(0, 0);
    for (int32_t pid = 1; pid < 6; pid++) {
        struct plm_task_info t = task(pid, pid - 1, (const char *const[]){"", "a", "b", "c", "d", "e"}[pid]);
        t.sid = pid >= 3 ? 77 : 1;
        assert_int_equal(plm_procs_put(w->p, &t, NULL), 0);
    }
    check_name(plm_thread_session_leader(w->p, plm_procs_find(w->p, 5)), "c");
    check_name(plm_thread_session_leader(w->p, plm_procs_find(w->p, 2)), "a");
    plm_procs_free(w->p);
}

static void number_used_again(void **state)
{
    (void)state;
    struct world *w = open_world(0, 0);
    put(w, 1, 0, "init");
    put(w, 10, 1, "old");
    put(w, 11, 10, "child-of-old");
    struct plm_task_info t = task(10, 1, "new");
    t.clone_ts += 5000000000; /* the end of the old one was lost */
    t.args = t.exe = PLM_SV_NULL;
    assert_int_equal(plm_procs_put(w->p, &t, NULL), 0);
    check_name(plm_procs_find(w->p, 10), "new");
    assert_null(plm_procs_find(w->p, 10)->info.exe.p); /* nothing of the old one */
    check_name(plm_thread_ancestor(plm_procs_find(w->p, 11), 1), "init");
    assert_int_equal(plm_procs_find(w->p, 10)->n_children, 0);
    /* a record of a scan that is older than the end of the process does not revive it */
    w->ts = 30000000000;
    ends(w, 11, 1);
    put(w, 11, 10, "child-of-old");
    assert_null(plm_procs_find(w->p, 11));
    plm_procs_free(w->p);
}

static void late_event_of_an_ended_thread(void **state)
{
    (void)state;
    struct world *w = open_world(0, 0);
    put(w, 10, 1, "gone");
    ends(w, 10, 1);
    assert_null(plm_procs_find(w->p, 10));
    (void)event(w, "openat", 10, 3);
    check_name(apply(w), "gone");
    plm_procs_free(w->p);
}

static void unknown_threads(void **state)
{
    (void)state;
    struct world *w = open_world(0, 0);
    (void)event(w, "openat", 501, 3);
    check_name(apply(w), "found");
    check_name(plm_thread_ancestor(plm_procs_find(w->p, 501), 1), "found"); /* 500 was looked up too */
    (void)event(w, "openat", 900, 3);
    struct plm_thread *t = apply(w);
    assert_false(t->is_known);
    assert_null(t->info.comm.p);
    assert_null(plm_thread_ancestor(t, 1));
    unsigned before = w->n_lookups;
    (void)apply(w); /* there now: no second look-up */
    assert_int_equal(w->n_lookups, before);
    for (int32_t tid = 1000; tid < 1100; tid++) {
        (void)event(w, "openat", tid, 3);
        (void)apply(w);
    }
    assert_int_equal(w->n_lookups, 10);
    struct plm_procs_stats s;
    plm_procs_stats_get(w->p, &s);
    assert_int_equal(s.n_lookups, 10);
    /* nobody asked for them in 300 seconds */
    w->ts += 700000000000;
    put(w, 1, 0, "init");
    (void)event(w, "openat", 1, 3);
    (void)apply(w);
    plm_procs_stats_get(w->p, &s);
    assert_true(s.n_threads < 10);
    plm_procs_free(w->p);
}

static void a_thread_that_was_not_announced(void **state)
{
    (void)state;
    struct world *w = open_world(0, 0);
    put(w, 10, 1, "p");
    event(w, "openat", 15, 3)->pid = 10;
    struct plm_thread *t = apply(w);
    check_name(t, "p");
    assert_ptr_equal(t->leader, plm_procs_find(w->p, 10));
    assert_int_equal(w->n_lookups, 0);
    plm_procs_free(w->p);
}

static void resynchronisation(void **state)
{
    (void)state;
    struct world *w = open_world(0, 0);
    put(w, 1, 0, "init");
    put(w, 10, 1, "stays");
    put(w, 11, 1, "went");
    put(w, 12, 11, "orphan");
    plm_procs_resync_begin(w->p);
    put(w, 1, 0, "init");
    put(w, 10, 1, "stays");
    put(w, 12, 1, "orphan");
    plm_procs_resync_end(w->p);
    assert_null(plm_procs_find(w->p, 11));
    assert_non_null(plm_procs_find(w->p, 10));
    check_name(plm_thread_ancestor(plm_procs_find(w->p, 12), 1), "init");
    plm_procs_free(w->p);
}

/* A fork bomb that never ends its children: the table stays within its bounds and says what it refused. */
static void more_threads_than_room(void **state)
{
    (void)state;
    struct world *w = open_world(100, 0);
    put(w, 1, 0, "init");
    struct plm_procs_stats first, last;
    for (int32_t tid = 2; tid < 5000; tid++) {
        struct plm_thread *t = forks(w, tid, tid - 1);
        check_name(t, "child"); /* also for those that found no room */
        assert_true(t->slot < plm_procs_capacity(w->p));
        if (tid == 300)
            plm_procs_stats_get(w->p, &first);
    }
    plm_procs_stats_get(w->p, &last);
    assert_true(last.n_threads <= 100);
    assert_true(last.n_refused >= 4800);
    assert_true(last.bytes <= first.bytes);
    plm_procs_free(w->p);
}

/* Processes that come and go with paths of their own leave nothing behind. */
static void unique_strings(void **state)
{
    (void)state;
    struct world *w = open_world(0, 0);
    put(w, 1, 0, "init");
    struct plm_procs_stats early = {0}, late;
    size_t heap = 0; /* what malloc has given out: not only what the table counts */
    for (int32_t i = 0; i < 20000; i++) {
        char path[300], args[2000];
        memset(args, 'x', sizeof(args));
        (void)snprintf(path, sizeof(path), "/tmp/%0250d", i);
        (void)snprintf(args, sizeof(args), "%d", i);
        int32_t tid = 100 + i % 30000;
        struct plm_task_info t = task(tid, 1, "x");
        t.exepath = plm_sv_from(path);
        t.args = plm_sv_n(args, sizeof(args));
        t.clone_ts = w->ts;
        w->task = t;
        event(w, "execve", tid, 0)->task = &w->task;
        (void)apply(w);
        ends(w, tid, 1);
        if (i == 1000) {
            plm_procs_stats_get(w->p, &early);
            heap = mallinfo2().uordblks;
        }
    }
    plm_procs_stats_get(w->p, &late);
    assert_true(late.bytes <= early.bytes + 4096);
    assert_true(mallinfo2().uordblks <= heap + 65536);
    assert_int_equal(late.n_threads, 1);
    plm_procs_free(w->p);
}

/* Living processes with unique strings: what does not fit is left out and counted, the rest works. */
static void string_budget(void **state)
{
    (void)state;
    struct world *w = open_world(0, 256 << 10);
    put(w, 1, 0, "init");
    for (int32_t i = 2; i < 2000; i++) {
        char args[1000];
        memset(args, 'y', sizeof(args));
        (void)snprintf(args, sizeof(args), "%d", i);
        struct plm_task_info t = task(i, 1, "x");
        t.args = plm_sv_n(args, sizeof(args));
        assert_int_equal(plm_procs_put(w->p, &t, NULL), 0);
    }
    struct plm_procs_stats s;
    plm_procs_stats_get(w->p, &s);
    assert_true(s.n_refused > 1000);
    assert_int_equal(s.n_threads, 1999);
    check_name(plm_procs_find(w->p, 1999), "x");
    assert_null(plm_procs_find(w->p, 1999)->info.args.p);
    plm_procs_free(w->p);
}

static void strings(void **state)
{
    (void)state;
    plm_sv two = PLM_SV("a\0b");
    assert_true(plm_sv_is(plm_strings_get(two, 0), "a"));
    assert_true(plm_sv_is(plm_strings_get(two, 1), "b"));
    assert_null(plm_strings_get(two, 2).p);
    plm_sv ended = PLM_SV("a\0\0b\0");
    assert_true(plm_sv_is(plm_strings_get(ended, 1), ""));
    assert_non_null(plm_strings_get(ended, 1).p);
    assert_true(plm_sv_is(plm_strings_get(ended, 2), "b"));
    assert_null(plm_strings_get(ended, 3).p);
    assert_null(plm_strings_get(PLM_SV(""), 0).p);
    assert_null(plm_strings_get(PLM_SV_NULL, 0).p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ancestors),
        cmocka_unit_test(loops),
        cmocka_unit_test(reparenting),
        cmocka_unit_test(namespace_init_is_the_reaper),
        cmocka_unit_test(dead_leader_is_kept),
        cmocka_unit_test(exec_and_fork),
        cmocka_unit_test(exec_of_a_thread_ends_the_others),
        cmocka_unit_test(state_calls),
        cmocka_unit_test(process_groups),
        cmocka_unit_test(session_without_leader),
        cmocka_unit_test(number_used_again),
        cmocka_unit_test(late_event_of_an_ended_thread),
        cmocka_unit_test(unknown_threads),
        cmocka_unit_test(a_thread_that_was_not_announced),
        cmocka_unit_test(resynchronisation),
        cmocka_unit_test(more_threads_than_room),
        cmocka_unit_test(unique_strings),
        cmocka_unit_test(string_budget),
        cmocka_unit_test(strings),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
