/* SPDX-License-Identifier: Apache-2.0
 *
 * --fail-on: what reads as a condition, which findings fulfil it, and the verdicts; and how old
 * the data of a run are.
 */
#include "../match/store.h"

#include "scan/scan.h"

static size_t parse(struct plm_arena *a, const char *text, struct plm_gate **out)
{
    size_t n = 0;
    plm_err *err = NULL;
    must(plm_gates_parse(plm_sv_from(text), PLM_KIND_VULNERABILITY, a, out, &n, &err), err);
    return n;
}

static void test_conditions(void **state)
{
    (void)state;
    plm_auto(plm_arena_free) struct plm_arena *a = plm_arena_new(PLM_MIB(1));
    struct plm_gate *g;
    assert_int_equal(parse(a, "none", &g), 0);
    assert_int_equal(parse(a, "high, kev,epss>=0.5,risk>=70,any:low:fixable:own:new,secret:medium", &g), 6);
    assert_true(g[0].what == PLM_GATE_LEVEL && g[0].level == PLM_SEV_HIGH);
    assert_true(g[0].kind == PLM_KIND_VULNERABILITY && !g[0].any_kind && !g[0].fixable);
    assert_true(g[1].what == PLM_GATE_KEV);
    assert_true(g[2].what == PLM_GATE_EPSS && g[2].bound > 0.499 && g[2].bound < 0.501);
    assert_true(g[3].what == PLM_GATE_RISK && g[3].bound > 69.9 && g[3].bound < 70.1);
    assert_true(g[4].any_kind && g[4].fixable && g[4].own && g[4].only_new && g[4].level == PLM_SEV_LOW);
    assert_true(g[5].kind == PLM_KIND_SECRET && g[5].level == PLM_SEV_MEDIUM);
    assert_true(plm_sv_is(g[1].text, "kev"));
}

static void test_nonsense_is_refused(void **state)
{
    (void)state;
    static const char *const texts[] = {"",         "hihg",        "high,",     "high:fixed", "fixable",
                                        "high:low", "any",         "kev:own",   "epss>=",     "epss>=x",
                                        "epss>0.5", "risk>=1.2.3", "epss>=inf", "high:any",   "secret"};
    plm_auto(plm_arena_free) struct plm_arena *a = plm_arena_new(PLM_MIB(1));
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct plm_gate *g;
        size_t n;
        plm_err *err = NULL;
        if (plm_gates_parse(plm_sv_from(texts[i]), PLM_KIND_VULNERABILITY, a, &g, &n, &err) >= 0)
            fail_msg("taken: \"%s\"", texts[i]);
        assert_int_equal(plm_err_code(err), PLM_E_USAGE);
        assert_string_equal(plm_err_id(err), "gate.invalid");
        plm_err_free(err);
    }
}

static void test_which_findings_hit(void **state)
{
    (void)state;
    static struct plm_suppressed quiet;
    const struct plm_finding plain = {
        .kind = PLM_KIND_VULNERABILITY, .severity = PLM_SEV_HIGH, .epss = -1, .risk = -1, .is_base = true};
    struct plm_finding f[7];
    for (size_t i = 0; i < 7; i++)
        f[i] = plain;
    f[1].fix = PLM_FIX_FIXED;
    f[2].is_base = false;
    f[3].severity = PLM_SEV_UNKNOWN;
    f[3].kev = true;
    f[4].kind = PLM_KIND_SECRET;
    f[4].is_new = true;
    f[5].epss = 0.5;
    f[5].risk = 40;
    f[6].suppressed = &quiet;
    f[6].kev = true;
    static const struct {
        const char *gate;
        unsigned hits; /* bit per finding */
    } rows[] = {{"high", 0x27},      {"critical", 0},         {"negligible", 0x27}, {"unknown", 0x2f},
                {"any:high", 0x37},  {"secret:low", 0x10},    {"high:fixable", 2},  {"high:own", 4},
                {"any:low:new", 16}, {"high:fixable:own", 0}, {"kev", 8},           {"epss>=0.5", 32},
                {"epss>=0.51", 0},   {"risk>=40", 32},        {"epss>=0", 32}};
    plm_auto(plm_arena_free) struct plm_arena *a = plm_arena_new(PLM_MIB(1));
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct plm_gate *g;
        assert_int_equal(parse(a, rows[i].gate, &g), 1);
        unsigned hits = 0;
        for (unsigned k = 0; k < 7; k++)
            hits |= plm_gate_hits(g, &f[k]) ? 1u << k : 0;
        if (hits != rows[i].hits)
            fail_msg("%s hits 0x%x", rows[i].gate, hits);
    }
}

/* ---- verdicts -------------------------------------------------------------------------------------- */

static enum plm_result judged(struct plm_report *r, const char *gate)
{
    struct plm_gate *g = NULL;
    plm_err *err = NULL;
    size_t n = gate ? parse(r->arena, gate, &g) : 0;
    must(plm_gates_judge(r, g, n, gate != NULL, &err), err);
    return r->verdict.result;
}

static void test_verdicts(void **state)
{
    (void)state;
    struct plm_report *r = report();
    uint32_t clean = target(r, "debian", "12", "Debian:12"), bad = target(r, "debian", "11", "Debian:11");
    assert_int_equal(judged(r, NULL), PLM_RESULT_NONE);
    assert_int_equal(judged(r, "high"), PLM_RESULT_PASS);
    r->targets.v[clean].is_incomplete = true;
    assert_int_equal(judged(r, "high"), PLM_RESULT_INCOMPLETE);
    assert_int_equal(judged(r, NULL), PLM_RESULT_INCOMPLETE);
    struct plm_finding *f = plm_report_finding(r, bad, PLM_KIND_VULNERABILITY);
    assert_non_null(f);
    f->id = PLM_SV("CVE-2024-0001");
    f->severity = PLM_SEV_HIGH;
    assert_int_equal(judged(r, "high"), PLM_RESULT_FAIL);
    assert_int_equal(r->targets.v[clean].verdict.result, PLM_RESULT_INCOMPLETE);
    assert_int_equal(r->targets.v[bad].verdict.result, PLM_RESULT_FAIL);
    assert_int_equal(r->verdict.rules.n, 1);
    assert_true(plm_sv_has(r->verdict.rules.v[0].message, PLM_SV("1 finding, first CVE-2024-0001")));
    plm_report_free(r);
}

static void test_a_source_that_failed_makes_no_clean_report(void **state)
{
    (void)state;
    struct plm_report *r = report();
    target(r, "debian", "12", "Debian:12");
    plm_diag(r, "target.failed", PLM_SEV_HIGH, PLM_NONE, PLM_SV("other"), "not found");
    assert_int_equal(judged(r, "high"), PLM_RESULT_INCOMPLETE);
    assert_int_equal(r->verdict.reasons.n, 1);
    assert_int_equal(r->targets.v[0].verdict.result, PLM_RESULT_PASS);
    plm_report_free(r);
}

/* ---- the age of the data ------------------------------------------------------------------------------ */

static struct plm_db *two_ages(const struct plm_ctx *ctx)
{
    struct plm_db_builder *b = builder(ctx);
    struct plm_feed_sink *s = feed(ctx, "osv");
    push(s, &(struct record){.id = "CVE-2024-1", .ecosystem = "Debian:12", .package = "a", .fixed = "2"});
    finish(s, b, NOW - 100);
    s = feed(ctx, "secdb");
    push(s, &(struct record){.id = "CVE-2024-2", .ecosystem = "Debian:12", .package = "a", .fixed = "2"});
    push(s, &(struct record){.id = "CVE-2024-3", .ecosystem = "Debian:11", .package = "a", .fixed = "2"});
    finish(s, b, NOW - 5000);
    return opened(b);
}

static void test_age_is_that_of_the_oldest_feed_of_each_target(void **state)
{
    (void)state;
    struct plm_ctx ctx = test_ctx();
    plm_auto(plm_db_close) struct plm_db *db = two_ages(&ctx);
    struct plm_report *r = report();
    int64_t age;
    assert_false(plm_scan_data_age(&ctx, db, &no_channels, r, &age));
    uint32_t t = target(r, "debian", "12", "Debian:12");
    assert_true(plm_scan_data_age(&ctx, db, &no_channels, r, &age) && age == 5000);
    r->targets.v[t].repo_as_of = NOW - 7000;
    assert_true(plm_scan_data_age(&ctx, db, &no_channels, r, &age) && age == 7000);
    assert_true(plm_scan_data_age(&ctx, NULL, &no_channels, r, &age) && age == 7000);
    plm_report_free(r);
}

/* The repository judged the first target and not the second: its row among the feeds is no excuse. */
static void test_a_repository_counts_only_for_the_targets_it_judged(void **state)
{
    (void)state;
    struct plm_ctx ctx = test_ctx();
    struct plm_report *r = report();
    int64_t age;
    uint32_t t = target(r, "debian", "12", "Debian:12");
    r->targets.v[t].repo_as_of = NOW;
    struct plm_feed_row *row = plm_vec_push(r->arena, &r->feeds);
    assert_non_null(row);
    *row = (struct plm_feed_row){.name = PLM_SV("repo"), .as_of = NOW};
    assert_true(plm_scan_data_age(&ctx, NULL, &no_channels, r, &age) && age == 0);
    target(r, "alpine", "3.20.0", "Alpine:v3.20");
    assert_true(plm_scan_data_age(&ctx, NULL, &no_channels, r, &age) && age == INT64_MAX);
    plm_report_free(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_conditions),
        cmocka_unit_test(test_nonsense_is_refused),
        cmocka_unit_test(test_which_findings_hit),
        cmocka_unit_test(test_verdicts),
        cmocka_unit_test(test_a_source_that_failed_makes_no_clean_report),
        cmocka_unit_test(test_age_is_that_of_the_oldest_feed_of_each_target),
        cmocka_unit_test(test_a_repository_counts_only_for_the_targets_it_judged),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
