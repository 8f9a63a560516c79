/* SPDX-License-Identifier: Apache-2.0
 *
 * The kernel's side of containers, over a recorded host and inspect answers made by hand.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "audit/facts.h"

#define TREE PLM_TEST_DATA "/../kernel/trees/v2-systemd"
#define ID_A "5f0c2ad4b7e1937a5d1e0f6b3c8a92d4e7f61b0c3a5d8e92f4b7c6a1d0e3f285"
#define ID_B "9a3b7c1d5e8f0246a8c0e1f3b5d7092468ace13579bdf02468ace13579bdf024"
#define ID_C "00000000000000000000000000000000000000000000000000000000000000cc"

struct world {
    struct plm_ctx ctx;
    struct plm_report *report;
    struct plm_audit_options opt;
    struct plm_facts facts;
};

static int set_up(void **state)
{
    struct world *w = calloc(1, sizeof(*w));
    w->ctx = PLM_CTX_INIT;
    w->report = plm_report_new(NULL);
    w->opt.root = PLM_SV(TREE);
    w->facts = (struct plm_facts){.ctx = &w->ctx,
                                  .opt = &w->opt,
                                  .arena = plm_arena_new(PLM_ARENA_NO_LIMIT),
                                  .report = w->report,
                                  .root_fd = -1};
    struct plm_daemon *d = plm_vec_push(w->facts.arena, &w->facts.daemons);
    *d = (struct plm_daemon){.endpoint = PLM_SV("unix:///run/docker.sock"), .is_answering = true};
    *state = w;
    return 0;
}

static int tear_down(void **state)
{
    struct world *w = *state;
    for (size_t i = 0; i < w->facts.documents.n; i++)
        plm_json_free(w->facts.documents.v[i]);
    plm_kernel_close(w->facts.kernel);
    plm_arena_free(w->facts.arena);
    plm_report_free(w->report);
    free(w);
    return 0;
}

static void add(struct world *w, const char *id, const char *inspect)
{
    struct plm_daemon *d = &w->facts.daemons.v[0];
    struct plm_container *c = plm_vec_push(w->facts.arena, &d->containers);
    struct plm_json *doc =
        plm_facts_keep(&w->facts, plm_json_parse(plm_sv_from(inspect), "inspect", &plm_limits_default, NULL));
    *c = (struct plm_container){.daemon = d,
                                .id = plm_sv_from(id),
                                .name = plm_sv_from(id),
                                .is_running = true,
                                .inspect = {.doc = doc, .root = doc ? plm_json_root(doc) : NULL}};
    if (!doc)
        c->inspect.failure = PLM_SV("no answer");
}

static const struct plm_container *collect(struct world *w)
{
    assert_int_equal(plm_collect_kernel(&w->facts, NULL), 0);
    assert_int_equal(plm_collect_containers(&w->facts, NULL), 0);
    return w->facts.daemons.v[0].containers.v;
}

static void every_process(void **state)
{
    struct world *w = *state;
    add(w, ID_A,
        "{\"State\":{\"Pid\":1500},\"GraphDriver\":{\"Data\":{\"UpperDir\":\"/u\",\"LowerDir\":\"/l1:/"
        "l2\"}}}");
    add(w, ID_B, "{\"State\":{\"Pid\":1600}}");
    const struct plm_container *c = collect(w);
    assert_null(c[0].truth_failure.p);
    assert_int_equal(c[0].processes.n, 3);
    assert_int_equal(c[0].init->pid, 1500);
    assert_ptr_equal(c[0].processes.v[0], c[0].init);
    assert_int_equal(c[0].processes.v[2]->pid, 1511);
    assert_true(c[0].processes.v[2]->is_exe_memfd);
    assert_true(plm_sv_is(c[0].upper_dir, "/u"));
    assert_true(c[0].mounts_failure.n); /* not recorded: said, not empty */
    assert_int_equal(c[1].processes.n, 1);
    assert_int_equal(c[1].cgroup.memory.value, 536870912);
    assert_int_equal(c[1].sockets.n, 9);
    assert_null(c[1].upper_dir.p);
}

static void recycled_pids(void **state)
{
    struct world *w = *state;
    add(w, ID_C, "{\"State\":{\"Pid\":1600}}");
    assert_true(plm_sv_has(collect(w)[0].truth_failure, PLM_SV("belongs to container "
                                                               "9a3b7c1d5e8f")));
}

static void another_process(void **state)
{
    struct world *w = *state;
    add(w, ID_C, "{\"State\":{\"Pid\":812,\"StartedAt\":\"2025-11-24T18:00:00Z\"}}");
    assert_true(plm_sv_has(collect(w)[0].truth_failure, PLM_SV("did not start when it did")));
}

/* No cgroup of its own, but the right moment: 1764000000 + 4 s. */
static void without_cgroup(void **state)
{
    struct world *w = *state;
    add(w, ID_C, "{\"State\":{\"Pid\":812,\"StartedAt\":\"2025-11-24T16:00:05.123456789Z\"}}");
    const struct plm_container *c = collect(w);
    assert_null(c[0].truth_failure.p);
    assert_int_equal(c[0].init->pid, 812);
}

/* The engine counts in a pid namespace of its own: the cgroup says who it is. */
static void pids_of_another_namespace(void **state)
{
    struct world *w = *state;
    add(w, ID_A, "{\"State\":{\"Pid\":33}}");
    assert_int_equal(collect(w)[0].init->pid, 1500);
}

static void failures_are_said(void **state)
{
    struct world *w = *state;
    add(w, ID_C, "{\"State\":{\"Pid\":4242}}");
    add(w, ID_C "1", "{\"State\":{}}");
    add(w, ID_C "2", "no json");
    const struct plm_container *c = collect(w);
    assert_true(plm_sv_has(c[0].truth_failure, PLM_SV("4242")));
    assert_true(c[1].truth_failure.n);
    assert_true(plm_sv_has(c[2].truth_failure, PLM_SV("no answer")));
}

static void one_daemon_at_two_endpoints(void **state)
{
    struct world *w = *state;
    add(w, ID_A, "{\"State\":{\"Pid\":1500}}");
    add(w, ID_A, "{\"State\":{\"Pid\":1500}}");
    const struct plm_container *c = collect(w);
    assert_int_equal(c[0].processes.n, 3);
    assert_int_equal(c[1].processes.n, 3);
    assert_ptr_equal(c[0].init, c[1].init);
}

static void remote_and_no_kernel(void **state)
{
    struct world *w = *state;
    add(w, ID_A, "{\"State\":{\"Pid\":1500}}");
    w->facts.daemons.v[0].is_remote = true;
    assert_true(collect(w)[0].truth_failure.n);
    w->facts.daemons.v[0].is_remote = false;
    plm_kernel_close(w->facts.kernel);
    w->facts.processes_failure = PLM_SV_NULL;
    w->opt.root = PLM_SV(PLM_TEST_DATA);
    assert_true(plm_sv_has(collect(w)[0].truth_failure, PLM_SV("proc")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(every_process, set_up, tear_down),
        cmocka_unit_test_setup_teardown(recycled_pids, set_up, tear_down),
        cmocka_unit_test_setup_teardown(another_process, set_up, tear_down),
        cmocka_unit_test_setup_teardown(without_cgroup, set_up, tear_down),
        cmocka_unit_test_setup_teardown(pids_of_another_namespace, set_up, tear_down),
        cmocka_unit_test_setup_teardown(failures_are_said, set_up, tear_down),
        cmocka_unit_test_setup_teardown(one_daemon_at_two_endpoints, set_up, tear_down),
        cmocka_unit_test_setup_teardown(remote_and_no_kernel, set_up, tear_down),
    };
    return cmocka_run_group_tests_name("containers", tests, NULL, NULL);
}
