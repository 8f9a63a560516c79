/* SPDX-License-Identifier: Apache-2.0
 *
 * Processes: hostile names, container ids of every engine, and this very process as it knows itself.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "kernel_int.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>

#define ID_A "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define ID_B "fedcba9876543210fedcba9876543210fedcba9876543210fedcba9876543210"

static void id_is(const char *text, const char *id)
{
    plm_sv got = plm_cgroup_container_id(plm_sv_from(text));
    if (!id)
        assert_null(got.p);
    else
        assert_true(plm_sv_is(got, id));
}

static void container_ids(void **state)
{
    (void)state;
    id_is("0::/system.slice/docker-" ID_A ".scope", ID_A);
    id_is("9:name=systemd:/\n4:memory:/docker/" ID_A "\n0::/", ID_A);
    id_is("0::/machine.slice/libpod-" ID_A ".scope/container", ID_A);
    id_is("0::/libpod_parent/libpod-" ID_A, ID_A);
    id_is("0::/kubepods.slice/kubepods-pod1.slice/cri-containerd-" ID_A ".scope", ID_A);
    id_is("0::/kubepods/burstable/podd1b2/" ID_A, ID_A);
    id_is("3:cpu:/system.slice:docker:" ID_A, ID_A);
    /* an engine in a container: the host's engine knows the outer one */
    id_is("0::/docker/" ID_A "/docker/" ID_B, ID_A);
    assert_true(plm_cgroup_has_container(PLM_SV("0::/docker/" ID_A "/docker/" ID_B), PLM_SV(ID_B)));
    assert_false(plm_cgroup_has_container(PLM_SV("0::/docker/" ID_A), PLM_SV(ID_B)));
    id_is("0::/machine.slice/libpod-conmon-" ID_A ".scope", NULL);
    id_is("0::/user.slice/session-1.scope", NULL);
    id_is("0::/docker/x" ID_A, NULL);
    id_is("0::/docker/ABCDEF" ID_A, NULL);
    id_is("", NULL);
}

static void hostile_names(void **state)
{
    (void)state;
    struct plm_process p = {0};
    plm_sv text = PLM_SV("42 (a) R 1 (b) S 7 42 42 0 -1 4194304 1 0 0 0 0 0 0 0 20 0 1 0 98765 1 1\n");
    assert_true(plm_process_stat_parse(text, &p));
    assert_true(plm_sv_is(p.comm, "a) R 1 (b"));
    assert_int_equal(p.state, 'S');
    assert_int_equal(p.ppid, 7);
    assert_int_equal(p.start_ticks, 98765);
    assert_false(p.is_kernel);
    assert_false(plm_process_stat_parse(PLM_SV("42 (a) S 7"), &p));
    assert_false(plm_process_stat_parse(PLM_SV(")("), &p));
    assert_false(plm_process_stat_parse(PLM_SV(""), &p));
}

static void status_without_capabilities_is_no_status(void **state)
{
    (void)state;
    plm_auto(plm_arena_free) struct plm_arena *a = plm_arena_new(PLM_ARENA_NO_LIMIT);
    struct plm_process p = {0};
    assert_int_equal(plm_process_status_parse(PLM_SV("Uid:\t0\t0\t0\t0\nGid:\t0\t0\t0\t0\n"), a, &p), EINVAL);
    assert_false(p.has_status);
    assert_int_equal(p.seccomp, -1);
}

/* ---- this process ------------------------------------------------------------------------------ */

static struct plm_process *find(plm_process_vec *v, int32_t pid)
{
    for (size_t i = 0; i < v->n; i++)
        if (v->v[i].pid == pid)
            return &v->v[i];
    return NULL;
}

static void self(void **state)
{
    (void)state;
    struct plm_ctx ctx = PLM_CTX_INIT;
    plm_auto(plm_arena_free) struct plm_arena *a = plm_arena_new(PLM_ARENA_NO_LIMIT);
    plm_auto(plm_kernel_close) struct plm_kernel *k = plm_kernel_open(&ctx, PLM_SV_NULL, NULL);
    plm_process_vec v;
    char name[16] = "evil) S 1 (\n", path[PATH_MAX];
    assert_non_null(k);
    assert_true(plm_kernel_is_live(k));
    assert_int_equal(prctl(PR_SET_NAME, name), 0);
    assert_int_equal(plm_kernel_processes(k, a, &v, NULL), 0);
    struct plm_process *p = find(&v, getpid());
    assert_non_null(p);
    assert_true(plm_sv_is(p->comm, name));
    assert_int_equal(p->ppid, getppid());
    assert_true(p->started > 0 && p->started <= plm_now(&ctx) + 2);
    plm_kernel_process_details(k, a, p);
    assert_int_equal(p->sys, 0);
    ssize_t n = readlink("/proc/self/exe", path, sizeof(path));
    assert_true(n > 0 && plm_sv_eq(p->exe, plm_sv_n(path, (size_t)n)));
    struct stat st;
    assert_int_equal(stat("/proc/self/exe", &st), 0);
    assert_true(p->exe_dev == st.st_dev && p->exe_ino == st.st_ino);
    assert_false(p->is_exe_deleted || p->is_exe_memfd);
    assert_true(p->has_status);
    assert_int_equal(p->uid[1], geteuid());
    assert_int_equal(p->gid[0], getgid());
    assert_int_equal(p->ns_pid > 0, 1);
    for (unsigned bit = 0; bit <= plm_kernel_cap_last(k); bit++)
        assert_int_equal(prctl(PR_CAPBSET_READ, bit), (p->cap_bnd & PLM_CAP_BIT(bit)) != 0);
    for (int ns = 0; ns < PLM_NS_COUNT_; ns++) {
        snprintf(path, sizeof(path), "/proc/self/ns/%s", plm_ns_name((enum plm_ns)ns));
        assert_int_equal(stat(path, &st), 0);
        assert_int_equal(p->ns[ns], st.st_ino);
    }
    uint64_t soft;
    assert_true(plm_process_limit(p, "Max open files", &soft));
    assert_int_equal(soft, sysconf(_SC_OPEN_MAX));
    assert_false(plm_process_limit(p, "Max open", &soft));
}

static void gone_and_recycled(void **state)
{
    (void)state;
    struct plm_ctx ctx = PLM_CTX_INIT;
    plm_auto(plm_arena_free) struct plm_arena *a = plm_arena_new(PLM_ARENA_NO_LIMIT);
    plm_auto(plm_kernel_close) struct plm_kernel *k = plm_kernel_open(&ctx, PLM_SV_NULL, NULL);
    pid_t child = fork();
    if (child == 0)
        _exit(0);
    assert_int_equal(waitpid(child, NULL, 0), child);
    struct plm_process p = {.pid = child, .start_ticks = 1};
    plm_kernel_process_details(k, a, &p);
    assert_true(p.sys == ENOENT || p.sys == ESRCH);
    assert_false(p.has_status);
    assert_null(p.exe.p);
    assert_int_equal(p.oom_score_adj, INT_MIN);
    p = (struct plm_process){.pid = getpid(), .start_ticks = 1}; /* another process had this pid */
    plm_kernel_process_details(k, a, &p);
    assert_int_equal(p.sys, ESRCH);
    assert_false(p.has_status);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(container_ids),
        cmocka_unit_test(hostile_names),
        cmocka_unit_test(status_without_capabilities_is_no_status),
        cmocka_unit_test(self),
        cmocka_unit_test(gone_and_recycled),
    };
    return cmocka_run_group_tests_name("processes", tests, NULL, NULL);
}
