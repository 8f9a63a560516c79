/* SPDX-License-Identifier: Apache-2.0
 *
 * Limits in force, on recorded hosts: version 2 under systemd, and a hybrid with controllers on both
 * sides. Not possible on a machine that has one version only, hence trees.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "kernel_int.h"

#define ID_A "5f0c2ad4b7e1937a5d1e0f6b3c8a92d4e7f61b0c3a5d8e92f4b7c6a1d0e3f285"
#define ID_B "9a3b7c1d5e8f0246a8c0e1f3b5d7092468ace13579bdf02468ace13579bdf024"

struct host {
    struct plm_arena *a;
    struct plm_kernel *k;
    plm_process_vec v;
};

static struct host open_tree(const char *path)
{
    static const struct plm_ctx ctx = {.limits = &plm_limits_default};
    struct host h = {.a = plm_arena_new(PLM_ARENA_NO_LIMIT)};
    h.k = plm_kernel_open(&ctx, plm_sv_from(path), NULL);
    assert_non_null(h.k);
    assert_false(plm_kernel_is_live(h.k));
    assert_int_equal(plm_kernel_processes(h.k, h.a, &h.v, NULL), 0);
    return h;
}

static void close_tree(struct host *h)
{
    plm_kernel_close(h->k);
    plm_arena_free(h->a);
}

static struct plm_cgroup of(struct host *h, int32_t pid)
{
    struct plm_cgroup c = {0};
    for (size_t i = 0; i < h->v.n; i++)
        if (h->v.v[i].pid == pid) {
            assert_int_equal(plm_kernel_cgroup(h->k, &h->v.v[i], h->a, &c, NULL), 0);
            return c;
        }
    fail_msg("no process %d", pid);
    return c;
}

static void limit_is(const struct plm_cgroup_limit *l, uint64_t value, bool is_inherited, const char *where)
{
    assert_true(l->is_known);
    assert_int_equal(l->sys, 0);
    assert_int_equal(l->value, value);
    assert_int_equal(l->is_inherited, is_inherited);
    if (where)
        assert_true(plm_sv_is(l->where, where));
}

static void version_2(void **state)
{
    (void)state;
    struct host h = open_tree(PLM_TEST_DATA "/trees/v2-systemd");
    assert_int_equal(plm_kernel_cgroup_version(h.k), 2);
    struct plm_cgroup c = of(&h, 1500);
    assert_int_equal(c.version, 2);
    assert_true(plm_sv_is(c.path, "/system.slice/docker-" ID_A ".scope"));
    limit_is(&c.memory, PLM_UNLIMITED, false, "/sys/fs/cgroup/system.slice/docker-" ID_A ".scope/memory.max");
    limit_is(&c.pids, PLM_UNLIMITED, false, NULL);
    limit_is(&c.cpu_quota, PLM_UNLIMITED, false, NULL); /* not handed down: cgroup.controllers knows it */
    limit_is(&c.cpuset, PLM_UNLIMITED, true, NULL);
    assert_false(c.has_io_limit);
    assert_null(c.devices.p);

    c = of(&h, 1600);
    limit_is(&c.memory, 536870912, true, "/sys/fs/cgroup/limited.slice/memory.max");
    limit_is(&c.memory_swap, 536870912, true, "/sys/fs/cgroup/limited.slice/memory.swap.max");
    limit_is(&c.pids, 100, true, "/sys/fs/cgroup/limited.slice/pids.max");
    limit_is(&c.cpu_quota, 500, true, "/sys/fs/cgroup/limited.slice/cpu.max");
    limit_is(&c.cpu_shares, 39, false, NULL);
    limit_is(&c.cpuset, 2, false, NULL);
    assert_int_equal(c.pids_current, 3);
    assert_true(c.has_io_limit);
    close_tree(&h);
}

static void hybrid(void **state)
{
    (void)state;
    struct host h = open_tree(PLM_TEST_DATA "/trees/hybrid");
    assert_int_equal(plm_kernel_cgroup_version(h.k), 1);
    struct plm_cgroup c = of(&h, 700);
    assert_int_equal(c.version, 1);
    limit_is(&c.memory, PLM_UNLIMITED, false, NULL);
    limit_is(&c.memory_swap, PLM_UNLIMITED, false, NULL);
    limit_is(&c.cpu_quota, PLM_UNLIMITED, false, NULL);
    limit_is(&c.cpu_shares, PLM_UNLIMITED, false, NULL);
    limit_is(&c.cpuset, PLM_UNLIMITED, false, NULL);
    limit_is(&c.pids, PLM_UNLIMITED, false, NULL);
    assert_true(plm_sv_is(c.devices, "a *:* rwm"));
    assert_true(c.has_io_limit); /* seen through a mount of /docker only */

    c = of(&h, 800);
    limit_is(&c.memory, 268435456, true, "/sys/fs/cgroup/memory/team/memory.limit_in_bytes");
    limit_is(&c.memory_swap, 536870912, true, NULL);
    limit_is(&c.cpu_quota, 500, false, "/sys/fs/cgroup/cpu,cpuacct/team/" ID_B "/cpu.cfs_quota_us");
    limit_is(&c.cpu_shares, 512, false, NULL);
    limit_is(&c.cpuset, 3, false, NULL);
    limit_is(&c.pids, 64, true, "/sys/fs/cgroup/unified/team/pids.max");
    assert_int_equal(c.pids_current, 5);
    assert_false(c.has_io_limit);
    close_tree(&h);
}

/* A group outside of what we see is unknown, never unlimited. */
static void out_of_sight(void **state)
{
    (void)state;
    struct host h = open_tree(PLM_TEST_DATA "/trees/hybrid");
    struct plm_cgroup c = of(&h, 900);
    assert_false(c.memory.is_known || c.pids.is_known || c.cpu_quota.is_known || c.cpuset.is_known);
    assert_int_equal(c.memory.sys, ENOENT);
    struct plm_process p = {.cgroup = PLM_SV_NULL}; /* unreadable */
    assert_int_equal(plm_kernel_cgroup(h.k, &p, h.a, &c, NULL), 0);
    assert_false(c.memory.is_known);
    close_tree(&h);
}

static void processor_lists(void **state)
{
    (void)state;
    assert_int_equal(plm_kernel_cpu_count(PLM_SV("0-3,7")), 5);
    assert_int_equal(plm_kernel_cpu_count(PLM_SV("5")), 1);
    assert_int_equal(plm_kernel_cpu_count(PLM_SV("")), 0);
    assert_int_equal(plm_kernel_cpu_count(PLM_SV("3-1")), 0);
    assert_int_equal(plm_kernel_cpu_count(PLM_SV("0-99999999999")), 0);
}

/* ---- what else the recorded host says -------------------------------------------------------------- */

static void details_of_a_tree(void **state)
{
    (void)state;
    struct host h = open_tree(PLM_TEST_DATA "/trees/v2-systemd");
    assert_int_equal(h.v.n, 7);
    assert_true(h.v.v[1].is_kernel);
    assert_null(h.v.v[1].cgroup.p);
    for (size_t i = 0; i < h.v.n; i++)
        plm_kernel_process_details(h.k, h.a, &h.v.v[i]);
    const struct plm_process *dockerd = &h.v.v[2], *sh = &h.v.v[4], *evil = &h.v.v[5], *app = &h.v.v[6];
    assert_int_equal(dockerd->oom_score_adj, -500);
    assert_int_equal(dockerd->started, 1764000000 + 4);
    assert_true(plm_sv_is(dockerd->exe, "/usr/bin/dockerd"));
    assert_true(plm_sv_is(plm_process_arg(dockerd, 1), "-c"));
    assert_true(plm_process_arg(dockerd, 3).p == NULL);
    assert_true(sh->is_exe_deleted && plm_sv_is(sh->exe, "/tmp/.x"));
    assert_true(evil->is_exe_memfd && !evil->is_exe_deleted);
    assert_true(plm_sv_is(sh->container_id, ID_A));
    assert_true(plm_sv_is(sh->lsm_label, "docker-default (enforce)"));
    assert_int_equal(sh->ns_pid, 7);
    assert_int_equal(sh->cap_bnd, PLM_CAP_DOCKER_DEFAULT);
    assert_int_equal(sh->groups.n, 2);
    assert_int_equal(plm_process_is_identity_mapped(sh), 1);
    assert_int_equal(plm_process_is_identity_mapped(app), 0);
    uint64_t soft = 0;
    assert_true(plm_process_limit(sh, "Max core file size", &soft) && soft == UINT64_MAX);
    const char *how;
    assert_int_equal(plm_kernel_host_ns(h.k, PLM_NS_NET, &how), 4026531840);
    assert_string_equal(how, "/proc/1/ns");
    assert_int_not_equal(app->ns[PLM_NS_NET], 4026531840);
    assert_int_equal(app->exe_ino, 0); /* never that of a file of this machine */
    assert_false(plm_kernel_in_container(h.k));
    close_tree(&h);
}

static void no_proc(void **state)
{
    (void)state;
    struct plm_ctx ctx = PLM_CTX_INIT;
    plm_err *err = NULL;
    assert_null(plm_kernel_open(&ctx, PLM_SV(PLM_TEST_DATA), &err));
    assert_int_equal(plm_err_code(err), PLM_E_NOTFOUND);
    plm_err_free(err);
}

static void limits_hold(void **state)
{
    (void)state;
    struct plm_limits small = plm_limits_default;
    struct plm_ctx ctx = {.limits = &small};
    plm_auto(plm_arena_free) struct plm_arena *a = plm_arena_new(PLM_ARENA_NO_LIMIT);
    plm_auto(plm_kernel_close) struct plm_kernel *k =
        plm_kernel_open(&ctx, PLM_SV(PLM_TEST_DATA "/trees/v2-systemd"), NULL);
    plm_process_vec p;
    plm_mount_vec m;
    plm_socket_vec s;
    small.processes = 6;
    assert_int_equal(plm_kernel_processes(k, a, &p, NULL), -1);
    small.mounts = 3;
    assert_int_equal(plm_kernel_mounts(k, 0, a, &m, NULL), -1);
    small.sockets = 8;
    assert_int_equal(plm_kernel_sockets(k, 1600, a, &s, NULL), -1);
    small.processes = 7;
    small.mounts = 4;
    small.sockets = 9;
    assert_int_equal(plm_kernel_processes(k, a, &p, NULL), 0);
    assert_int_equal(plm_kernel_mounts(k, 0, a, &m, NULL), 0);
    assert_int_equal(plm_kernel_sockets(k, 1600, a, &s, NULL), 0);
}

static void sockets_of_a_tree(void **state)
{
    (void)state;
    static const struct {
        const char *proto, *address;
        uint16_t port;
        bool is_wildcard, is_loopback;
        uint64_t ino;
        int32_t owner;
    } want[] = {
        {"tcp", "0.0.0.0", 8080, true, false, 41001, 1600},
        {"tcp", "127.0.0.1", 22, false, true, 41002, 0},
        {"tcp6", "::", 80, true, false, 41010, 0},
        {"tcp6", "::1", 631, false, true, 41011, 0},
        {"tcp6", "::ffff:127.0.0.1", 8081, false, true, 41012, 0},
        {"udp", "0.0.0.0", 53, true, false, 41020, 0},
        {"packet", "interface 2", 3, false, false, 41030, 0},
        {"unix", "/run/app with blank.sock", 0, false, false, 41040, 1600},
        {"unix", "@abstract", 0, false, false, 41041, 0},
    };
    struct host h = open_tree(PLM_TEST_DATA "/trees/v2-systemd");
    plm_socket_vec s;
    size_t denied;
    assert_int_equal(plm_kernel_sockets(h.k, 1600, h.a, &s, NULL), 0);
    assert_int_equal(plm_kernel_socket_owners(h.k, &h.v, &s, &denied, NULL), 0);
    assert_int_equal(denied, 0);
    assert_int_equal(s.n, sizeof(want) / sizeof(want[0]));
    for (size_t i = 0; i < s.n; i++) {
        assert_string_equal(plm_socket_proto_name(s.v[i].proto), want[i].proto);
        assert_true(plm_sv_is(s.v[i].address, want[i].address));
        assert_int_equal(s.v[i].port, want[i].port);
        assert_int_equal(s.v[i].is_wildcard, want[i].is_wildcard);
        assert_int_equal(s.v[i].is_loopback, want[i].is_loopback);
        assert_int_equal(s.v[i].ino, want[i].ino);
        assert_int_equal(s.v[i].pid, want[i].owner);
    }
    assert_int_equal(plm_kernel_sockets(h.k, 1500, h.a, &s, NULL), -1); /* has no net/ here */
    close_tree(&h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(version_2),         cmocka_unit_test(hybrid),
        cmocka_unit_test(out_of_sight),      cmocka_unit_test(processor_lists),
        cmocka_unit_test(details_of_a_tree), cmocka_unit_test(no_proc),
        cmocka_unit_test(limits_hold),       cmocka_unit_test(sockets_of_a_tree),
    };
    return cmocka_run_group_tests_name("recorded hosts", tests, NULL, NULL);
}
