/* SPDX-License-Identifier: Apache-2.0
 *
 * Every allocation of reading exceptions and of matching a target fails once. A report out of memory never
 * looks whole.
 */
#include "../base/alloc_fail.h"

#include "store.h"

static int exceptions(void *arg, plm_err **err)
{
    struct plm_ctx ctx = test_ctx();
    plm_auto(plm_exceptions_free) struct plm_exceptions *e = plm_exceptions_new(err);
    return e ? plm_exceptions_parse(&ctx, e, *(plm_sv *)arg, "x.yaml", err) : -1;
}

static int match(void *arg, plm_err **err)
{
    struct plm_ctx ctx = test_ctx();
    struct plm_match_options opt = {0};
    plm_auto(plm_report_free) struct plm_report *r = plm_report_new(err);
    if (!r)
        return -1;
    struct plm_target *t = plm_report_target(r);
    struct plm_package *p = t ? plm_report_package(r, 0) : NULL;
    if (!p)
        return plm_arena_check(r->arena, err);
    t->distro.id = PLM_SV("debian");
    t->distro.version = PLM_SV("12");
    t->distro.ecosystem = PLM_SV("Debian:12");
    p->type = PLM_SV("deb");
    p->name = PLM_SV("a");
    p->version = PLM_SV("1");
    if (plm_match_target(&ctx, arg, r, 0, &opt, err) < 0 || plm_findings_merge(r, err) < 0 ||
        plm_report_finish(r, err) < 0)
        return -1;
    assert_int_equal(r->findings.n, 2);
    return 0;
}

static void files_of_exceptions(void **state)
{
    (void)state;
    plm_sv text =
        PLM_SV("exceptions:\n- id: CVE-2024-0001\n  where: {purl: 'pkg:deb/debian/a', image: 'app:*'}\n"
               "  reason: r\n  owner: o\n  until: 2027-01-01\n- id: x\n  reason: s\n");
    assert_true(plm_test_sweep(exceptions, &text) > 3);
}

static void a_target(void **state)
{
    (void)state;
    struct plm_ctx ctx = test_ctx();
    struct plm_db_builder *b = builder(&ctx);
    struct plm_feed_sink *s = feed(&ctx, "osv");
    push(s, &(struct record){.id = "DSA-1",
                             .covers = "CVE-2024-0001",
                             .ecosystem = "Debian:12",
                             .package = "a",
                             .fixed = "2"});
    push(s, &(struct record){
                .id = "CVE-2024-0002", .ecosystem = "Debian:12", .package = "a", .severity = "high"});
    finish(s, b, NOW);
    plm_auto(plm_db_close) struct plm_db *db = opened(b);
    assert_true(plm_test_sweep(match, db) > 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(files_of_exceptions), cmocka_unit_test(a_target)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
