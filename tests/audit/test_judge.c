/* SPDX-License-Identifier: Apache-2.0
 *
 * The judge, with checks of this test's own over facts made by hand.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "audit/facts.h"

static void says_nothing(struct plm_checking *k)
{
    (void)k;
}

static void says_worst(struct plm_checking *k)
{
    plm_say(k, PLM_OUT_PASS, "first");
    plm_say(k, PLM_OUT_UNKNOWN, "second: %d", 2);
    plm_say(k, PLM_OUT_NA, "third");
}

static void fails_on_objects(struct plm_checking *k)
{
    plm_say_on(k, PLM_SV("a"), PLM_OUT_FAIL, "a is bad");
    plm_weigh(k, PLM_SV("a"), PLM_SEV_CRITICAL);
    plm_weigh(k, PLM_SV("a"), PLM_SEV_LOW);
    plm_refix(k, PLM_SV("a"), "mend a");
    plm_say_on(k, PLM_SV("b"), PLM_OUT_PASS, "b is good");
}

static void finds_drift(struct plm_checking *k)
{
    plm_say(k, PLM_OUT_PASS, "seen");
    if (plm_sv_is(k->container->name, "changed"))
        plm_drift(k, "memory is declared 1, in force 2");
}

static const struct plm_check checks[] = {
    {.id = "T-NOTHING",
     .title = "n",
     .fix = "f",
     .severity = PLM_SEV_HIGH,
     .stage = PLM_STAGE_HOST,
     .subject = PLM_PER_HOST,
     .run = says_nothing},
    {.id = "T-WORST",
     .title = "w",
     .fix = "f",
     .severity = PLM_SEV_LOW,
     .stage = PLM_STAGE_HOST,
     .subject = PLM_PER_HOST,
     .run = says_worst},
    {.id = "T-OBJECTS",
     .title = "o",
     .fix = "f",
     .severity = PLM_SEV_MEDIUM,
     .stage = PLM_STAGE_HOST,
     .subject = PLM_PER_HOST,
     .aliases = "other.1 other.2",
     .run = fails_on_objects},
    {.id = "T-DRIFT",
     .title = "d",
     .fix = "f",
     .severity = PLM_SEV_LOW,
     .stage = PLM_STAGE_CONTAINERS,
     .subject = PLM_PER_CONTAINER,
     .needs_running = true,
     .run = finds_drift},
};
static const struct plm_check_group group = {.id = "test", .summary = "t", .checks = checks, .n = 4};
PLM_REGISTER(plm_check_groups, struct plm_check_group, group);

struct world {
    struct plm_ctx ctx;
    struct plm_arena *arena;
    struct plm_report *report;
    struct plm_audit_options opt;
    struct plm_facts facts;
    struct plm_json *inspect;
};

static int set_up(void **state)
{
    struct world *w = calloc(1, sizeof(*w));
    w->ctx = PLM_CTX_INIT;
    w->arena = plm_arena_new(PLM_ARENA_NO_LIMIT);
    w->report = plm_report_new(NULL);
    w->opt.stages = PLM_STAGE_ALL;
    w->facts = (struct plm_facts){
        .ctx = &w->ctx, .opt = &w->opt, .arena = w->arena, .report = w->report, .root_fd = -1};
    *state = w;
    return 0;
}

static int tear_down(void **state)
{
    struct world *w = *state;
    plm_json_free(w->inspect);
    plm_report_free(w->report);
    plm_arena_free(w->arena);
    free(w);
    return 0;
}

static void only(struct world *w, const char *id)
{
    plm_sv_vec_add(w->arena, &w->opt.checks, plm_sv_from(id));
}

static const struct plm_check_row *row_of(const struct world *w, const char *id, const char *object)
{
    for (size_t i = 0; i < w->report->checks.n; i++)
        if (plm_sv_is(w->report->checks.v[i].id, id) && plm_sv_is(w->report->checks.v[i].object, object))
            return &w->report->checks.v[i];
    fail_msg("no row of %s on %s", id, object);
    return NULL;
}

static void add_daemon(struct world *w)
{
    struct plm_daemon *d = plm_vec_push(w->arena, &w->facts.daemons);
    *d = (struct plm_daemon){
        .endpoint = PLM_SV("unix:///e"), .product = PLM_SV("docker"), .is_answering = true};
}

static void add_container(struct world *w, const char *name, const char *state)
{
    struct plm_daemon *d = &w->facts.daemons.v[0];
    struct plm_container *c = plm_vec_push(w->arena, &d->containers);
    if (!w->inspect)
        w->inspect =
            plm_json_parse(PLM_SV("{\"HostConfig\":{},\"Config\":{}}"), "inspect", w->ctx.limits, NULL);
    *c = (struct plm_container){.daemon = d,
                                .name = plm_sv_from(name),
                                .object = plm_sv_from(name),
                                .id = plm_sv_from(name),
                                .state = plm_sv_from(state),
                                .is_running = strcmp(state, "running") == 0};
    /* what every running container has: the checks of the registry run over it too, for what they compare */
    static struct plm_process init = {
        .pid = 7, .has_details = true, .has_status = true, .exe = {"/bin/x", 6}};
    const struct plm_process **slot = plm_vec_push(w->arena, &c->processes);
    *slot = c->init = &init;
    c->inspect.root = plm_json_root(w->inspect);
    c->host_config = plm_json_at(c->inspect.root, "HostConfig", NULL);
    c->config = plm_json_at(c->inspect.root, "Config", NULL);
}

static void test_a_check_that_says_nothing_is_unknown(void **state)
{
    struct world *w = *state;
    only(w, "T-NOTHING");
    assert_int_equal(plm_audit_judge(&w->facts, NULL), 0);
    const struct plm_check_row *row = row_of(w, "T-NOTHING", "host");
    assert_int_equal(row->outcome, PLM_OUT_UNKNOWN);
    assert_int_equal(row->severity, PLM_SEV_HIGH);
    assert_int_equal(w->report->findings.n, 0);
}

static void test_the_worst_saying_decides(void **state)
{
    struct world *w = *state;
    only(w, "t-worst"); /* ids in any case */
    assert_int_equal(plm_audit_judge(&w->facts, NULL), 0);
    const struct plm_check_row *row = row_of(w, "T-WORST", "host");
    assert_int_equal(row->outcome, PLM_OUT_UNKNOWN);
    assert_int_equal(row->evidence.n, 3);
    assert_true(plm_sv_is(row->evidence.v[1], "second: 2"));
}

static void test_objects_have_rows_and_failures_findings(void **state)
{
    struct world *w = *state;
    only(w, "other.2"); /* an alias */
    assert_int_equal(plm_audit_judge(&w->facts, NULL), 0);
    assert_int_equal(row_of(w, "T-OBJECTS", "b")->outcome, PLM_OUT_PASS);
    assert_int_equal(row_of(w, "T-OBJECTS", "a")->severity, PLM_SEV_CRITICAL);
    assert_int_equal(w->report->findings.n, 1);
    const struct plm_finding *f = &w->report->findings.v[0];
    assert_int_equal(f->kind, PLM_KIND_AUDIT);
    assert_int_equal(f->severity, PLM_SEV_CRITICAL);
    assert_true(plm_sv_is(f->object, "a") && plm_sv_is(f->remediation, "mend a"));
}

static void test_configured_severity_and_skips(void **state)
{
    struct world *w = *state;
    only(w, "T-NOTHING");
    only(w, "T-WORST");
    plm_sv_vec_add(w->arena, &w->opt.expect.severities, PLM_SV("T-NOTHING=low"));
    plm_sv_vec_add(w->arena, &w->opt.skip, PLM_SV("T-WORST=we know"));
    assert_int_equal(plm_audit_judge(&w->facts, NULL), 0);
    assert_int_equal(row_of(w, "T-NOTHING", "host")->severity, PLM_SEV_LOW);
    const struct plm_check_row *row = row_of(w, "T-WORST", "host");
    assert_int_equal(row->outcome, PLM_OUT_NA);
    assert_true(plm_sv_is(row->evidence.v[0], "skipped: we know"));
}

static void test_no_engine_is_na_and_a_silent_one_is_unknown(void **state)
{
    struct world *w = *state;
    only(w, "T-DRIFT");
    assert_int_equal(plm_audit_judge(&w->facts, NULL), 0);
    assert_int_equal(row_of(w, "T-DRIFT", "containers")->outcome, PLM_OUT_NA);
    add_daemon(w);
    w->facts.daemons.v[0].is_answering = false;
    w->facts.daemons.v[0].failure = PLM_SV("it hangs");
    assert_int_equal(plm_audit_judge(&w->facts, NULL), 0);
    const struct plm_check_row *row = row_of(w, "T-DRIFT", "unix:///e");
    assert_int_equal(row->outcome, PLM_OUT_UNKNOWN);
    assert_true(plm_sv_is(row->evidence.v[0], "it hangs"));
}

static void test_drift_is_one_finding_per_container(void **state)
{
    struct world *w = *state;
    w->opt.stages = PLM_STAGE_BIT(PLM_STAGE_CONTAINERS);
    only(w, "T-DRIFT");
    only(w, "drift");
    add_daemon(w);
    add_container(w, "same", "running");
    add_container(w, "changed", "running");
    add_container(w, "stopped", "exited");
    add_container(w, "hidden", "running");
    w->facts.daemons.v[0].containers.v[3].truth_failure = PLM_SV("/proc/7: Permission denied");
    assert_int_equal(plm_audit_judge(&w->facts, NULL), 0);
    assert_int_equal(row_of(w, "drift", "same")->outcome, PLM_OUT_PASS);
    assert_int_equal(row_of(w, "drift", "changed")->outcome, PLM_OUT_FAIL);
    assert_true(
        plm_sv_is(row_of(w, "drift", "changed")->evidence.v[0], "T-DRIFT: memory is declared 1, in force 2"));
    assert_int_equal(row_of(w, "drift", "stopped")->outcome, PLM_OUT_NA);
    assert_int_equal(row_of(w, "drift", "hidden")->outcome, PLM_OUT_UNKNOWN);
    assert_int_equal(row_of(w, "T-DRIFT", "stopped")->outcome, PLM_OUT_NA); /* needs_running */
}

static void test_drift_alone_still_compares(void **state)
{
    struct world *w = *state;
    w->opt.stages = PLM_STAGE_BIT(PLM_STAGE_CONTAINERS);
    only(w, "drift");
    add_daemon(w);
    add_container(w, "same", "running");
    add_container(w, "changed", "running");
    add_container(w, "no-answer", "running");
    w->facts.daemons.v[0].containers.v[2].host_config = NULL;
    w->facts.daemons.v[0].containers.v[2].inspect.failure = PLM_SV("404");
    assert_int_equal(plm_audit_judge(&w->facts, NULL), 0);
    assert_int_equal(w->report->checks.n, 3); /* rows of drift only */
    assert_int_equal(row_of(w, "drift", "changed")->outcome, PLM_OUT_FAIL);
    assert_int_equal(row_of(w, "drift", "no-answer")->outcome, PLM_OUT_UNKNOWN);
}

static void test_names_choose_containers(void **state)
{
    struct world *w = *state;
    only(w, "T-DRIFT");
    add_daemon(w);
    add_container(w, "web-1", "running");
    add_container(w, "db", "running");
    plm_sv_vec_add(w->arena, &w->opt.names, PLM_SV("web*"));
    assert_int_equal(plm_audit_judge(&w->facts, NULL), 0);
    assert_int_equal(w->report->checks.n, 1);
    (void)row_of(w, "T-DRIFT", "web-1");
}

static void test_scores(void **state)
{
    struct world *w = *state;
    only(w, "T-OBJECTS"); /* a: critical, fails; b: medium, passes */
    assert_int_equal(plm_audit_judge(&w->facts, NULL), 0);
    assert_int_equal(plm_report_finish(w->report, NULL), 0);
    assert_int_equal(plm_audit_score(w->report, NULL), 0);
    const struct plm_stage_score *s = &w->report->scores.v[0];
    assert_true(plm_sv_is(s->name, "host") && s->is_judged);
    assert_int_equal(s->judged, 12);
    assert_int_equal(s->failed, 10);
    assert_int_equal(s->score, 16); /* 16.67, rounded down */
    assert_false(w->report->scores.v[1].is_judged);
    assert_int_equal(w->report->fixes.n, 1);
    assert_int_equal(w->report->fixes.v[0].weight, 10);
    assert_true(plm_sv_eq(w->report->fixes.v[0].closes.v[0], w->report->findings.v[0].key));

    /* what is excepted does not count */
    struct plm_suppressed accepted = {.by = PLM_SV("exception")};
    w->report->findings.v[0].suppressed = &accepted;
    assert_int_equal(plm_audit_score(w->report, NULL), 0);
    assert_int_equal(w->report->scores.v[0].score, 100);
    assert_int_equal(w->report->fixes.n, 0);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_a_check_that_says_nothing_is_unknown),
        TEST(test_the_worst_saying_decides),
        TEST(test_objects_have_rows_and_failures_findings),
        TEST(test_configured_severity_and_skips),
        TEST(test_no_engine_is_na_and_a_silent_one_is_unknown),
        TEST(test_drift_is_one_finding_per_container),
        TEST(test_drift_alone_still_compares),
        TEST(test_names_choose_containers),
        TEST(test_scores),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
