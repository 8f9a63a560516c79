/* SPDX-License-Identifier: Apache-2.0
 *
 * Threads out of the real /proc, compared with what the kernel's own calls say of real processes.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "watch/field.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static struct plm_proc_reader *reader;
static struct plm_arena *arena;

static int setup(void **state)
{
    (void)state;
    reader = plm_proc_reader_new("/proc", PLM_NEED_ENV, NULL);
    arena = plm_arena_new(PLM_MIB(4));
    return reader && arena ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    plm_proc_reader_free(reader);
    plm_arena_free(arena);
    return 0;
}

static void check(plm_sv s, const char *text)
{
    if (!plm_sv_is(s, text))
        fail_msg("\"%.*s\" is not \"%s\"", PLM_SV_ARG(s), text);
}

static void ourselves(void **state)
{
    (void)state;
    struct plm_task_info t;
    assert_true(plm_proc_reader_lookup(reader, getpid(), arena, &t));
    assert_int_equal(t.tid, getpid());
    assert_int_equal(t.pid, getpid());
    assert_int_equal(t.ptid, getppid());
    assert_int_equal(t.sid, getsid(0));
    assert_int_equal(t.pgid, getpgrp());
    assert_int_equal(t.uid, geteuid());
    assert_int_equal(t.gid, getegid());
    char cwd[4096], exe[4096];
    assert_non_null(getcwd(cwd, sizeof(cwd)));
    check(t.cwd, cwd);
    ssize_t n = readlink("/proc/self/exe", exe, sizeof(exe) - 1);
    assert_true(n > 0);
    exe[n] = '\0';
    check(t.exepath, exe);
    struct stat st;
    assert_int_equal(stat(exe, &st), 0);
    assert_true(t.exe_ino == st.st_ino);
    uint64_t now = (uint64_t)time(NULL) * 1000000000;
    assert_true(t.clone_ts <= now + 2000000000 && t.clone_ts + 600000000000 > now);
    assert_true(t.pid_ns != 0 && t.mnt_ns != 0 && t.fdlimit != 0);
    assert_non_null(t.cgroup.p);
    assert_false(t.is_kernel_thread);
}

/* A child with a name that holds what separates fields, arguments and an environment. */
static void a_child(void **state)
{
    (void)state;
    int ready[2], hold[2];
    assert_int_equal(pipe(ready), 0);
    assert_int_equal(pipe(hold), 0);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        setsid();
        char *const argv[] = {(char *)(uintptr_t) "a b", (char *)(uintptr_t) "-c",
                              (char *)(uintptr_t) "echo; read x", NULL};
        char *const envp[] = {(char *)(uintptr_t) "WHO=me", NULL};
        dup2(hold[0], 0);
        dup2(ready[1], 1);
        execve("/bin/sh", argv, envp);
        _exit(127);
    }
    char c;
    assert_int_equal(read(ready[0], &c, 1), 1);
    struct plm_task_info t;
    bool has = plm_proc_reader_lookup(reader, pid, arena, &t);
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
    assert_true(has);
    check(t.comm, "sh");
    check(t.exe, "a b");
    check(plm_strings_get(t.args, 1), "echo; read x");
    check(plm_strings_get(t.env, 0), "WHO=me");
    assert_int_equal(t.ptid, getpid());
    assert_int_equal(t.sid, pid);
    assert_int_equal(t.tty, 0);
    assert_false(plm_proc_reader_lookup(reader, pid, arena, &t));
    for (int i = 0; i < 2; i++) {
        close(ready[i]);
        close(hold[i]);
    }
}

static pthread_barrier_t at_name, at_end;
static volatile int32_t thread_tid;

static void *named(void *data)
{
    (void)data;
    prctl(PR_SET_NAME, "a) (b");
    thread_tid = gettid();
    pthread_barrier_wait(&at_name);
    pthread_barrier_wait(&at_end);
    return NULL;
}

static void a_thread_and_the_scan(void **state)
{
    (void)state;
    pthread_t thread;
    pthread_barrier_init(&at_name, NULL, 2);
    pthread_barrier_init(&at_end, NULL, 2);
    assert_int_equal(pthread_create(&thread, NULL, named, NULL), 0);
    pthread_barrier_wait(&at_name);
    struct plm_procs_config c = {0};
    plm_auto(plm_procs_free) struct plm_procs *p = plm_procs_new(&c, NULL);
    assert_non_null(p);
    assert_int_equal(plm_proc_reader_scan(reader, p, NULL), 0);
    pthread_barrier_wait(&at_end);
    pthread_join(thread, NULL);
    const struct plm_thread *t = plm_procs_find(p, thread_tid);
    assert_non_null(t);
    check(t->info.comm, "a) (b");
    assert_ptr_equal(t->leader, plm_procs_find(p, getpid()));
    assert_int_equal(t->leader->n_tasks, 2);
    assert_non_null(t->info.exepath.p);
    const struct plm_thread *parent = plm_thread_ancestor(t, 1);
    assert_true(getppid() == 0 || (parent && parent->info.pid == getppid()));
    assert_non_null(plm_procs_find(p, 1));
    struct plm_procs_stats s;
    plm_procs_stats_get(p, &s);
    assert_true(s.bytes < 10u << 20);
    assert_int_equal(s.n_refused, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ourselves),
        cmocka_unit_test(a_child),
        cmocka_unit_test(a_thread_and_the_scan),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
