/* SPDX-License-Identifier: Apache-2.0
 *
 * Every allocation of the readers failed in turn.
 */
#include "../base/alloc_fail.h"

#include "kernel/kernel.h"

static const struct plm_ctx ctx = {.limits = &plm_limits_default};

static int read_all(struct plm_kernel *k, struct plm_arena *a, plm_err **err)
{
    plm_process_vec p;
    plm_mount_vec m;
    plm_socket_vec s;
    size_t denied;
    if (plm_kernel_processes(k, a, &p, err) < 0)
        return -1;
    for (size_t i = 0; i < p.n; i++)
        plm_kernel_process_details(k, a, &p.v[i]);
    struct plm_cgroup c;
    if (plm_kernel_cgroup(k, &p.v[p.n - 1], a, &c, err) < 0 || plm_kernel_mounts(k, 0, a, &m, err) < 0)
        return -1;
    if (plm_kernel_sockets(k, 1600, a, &s, err) < 0 || plm_kernel_socket_owners(k, &p, &s, &denied, err) < 0)
        return -1;
    return plm_arena_check(a, err);
}

static int whole_host(void *arg, plm_err **err)
{
    plm_auto(plm_arena_free) struct plm_arena *a = plm_arena_new(PLM_ARENA_NO_LIMIT);
    plm_auto(plm_kernel_close) struct plm_kernel *k = NULL;
    if (!a)
        return plm_fail_oom(err);
    k = plm_kernel_open(&ctx, plm_sv_from(arg), err);
    return k ? read_all(k, a, err) : -1;
}

static void sweep(void **state)
{
    (void)state;
    char tree[] = PLM_TEST_DATA "/trees/v2-systemd";
    assert_true(plm_test_sweep(whole_host, tree) > 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(sweep)};
    return cmocka_run_group_tests_name("allocation failures", tests, NULL, NULL);
}
