/* SPDX-License-Identifier: Apache-2.0
 *
 * The apk cataloger, and the database of a real Alpine root where ../shared has it.
 */
#include "harness.h"
#include "spawn.h"

#include <stdio.h>

static void test_packages(void **state)
{
    (void)state;
    struct harness h;
    harness_init(&h);
    harness_file(&h, "lib/apk/db/installed", PLM_TEST_DATA "/apk/installed");
    harness_collect(&h, PLM_CATALOG_OWNED);
    assert_int_equal(h.report->packages.n, 2);
    const struct plm_package *b = harness_package(&h, "busybox"), *c = harness_package(&h, "libcrypto3");
    assert_sv(b->version, "1.36.1-r5");
    assert_int_equal(b->files.n, 3);
    assert_sv(b->files.v[0], "/bin/busybox");
    assert_sv(b->files.v[1], "/etc/securetty");
    assert_sv(b->files.v[2], "/top");
    assert_sv(c->source_name, "openssl");
    assert_sv(c->source_version, "3.1.4-r5");
    assert_int_equal(c->licenses.n, 1);
    assert_sv(c->licenses.v[0], "Apache-2.0 OR MIT");
    harness_done(&h);
}

/* The same database in both places that merged-/usr roots have. */
static void test_two_places(void **state)
{
    (void)state;
    struct harness h;
    harness_init(&h);
    harness_file(&h, "lib/apk/db/installed", PLM_TEST_DATA "/apk/installed");
    harness_file(&h, "usr/lib/apk/db/installed", PLM_TEST_DATA "/apk/installed");
    harness_collect(&h, 0);
    assert_int_equal(h.report->packages.n, 2);
    assert_int_equal(h.report->packages.v[0].locations.n, 2);
    harness_done(&h);
}

static void test_broken_in_the_middle(void **state)
{
    (void)state;
    struct harness h;
    harness_init(&h);
    harness_add(
        &h, "lib/apk/db/installed",
        PLM_SV("P:one\nV:1-r0\nF:bin\nR:one\n\nP:two\nR:x\nF:y\nR:z\n\n\xff\xff\xff\nP:three\nV:3-r0\n\n"),
        PLM_NONE, true);
    harness_collect(&h, PLM_CATALOG_OWNED);
    assert_int_equal(h.report->packages.n, 2);
    assert_non_null(harness_package(&h, "three"));
    assert_true(
        plm_sv_has(plm_buf_sv(&h.diags), PLM_SV("apk.malformed: offset 26: package without version")));
    assert_true(plm_sv_has(plm_buf_sv(&h.diags), PLM_SV("1 more fault")));
    harness_done(&h);
}

static void test_real_database(void **state)
{
    (void)state;
    plm_auto_done(plm_buf_done) struct plm_buf db = PLM_BUF(PLM_MIB(8));
    if (!spawn_shared("package-dbs.tar.zst", "package-dbs/trivy/alpine-311/lib/apk/db/installed", &db))
        skip();
    struct harness h;
    harness_init(&h);
    harness_add(&h, "lib/apk/db/installed", plm_buf_sv(&db), PLM_NONE, true);
    harness_collect(&h, PLM_CATALOG_OWNED);
    assert_int_equal(h.diags.n, 0);
    /* the numbers of P: and R: lines, as grep -c counts them */
    size_t packages = 0, files = 0, owned = 0;
    plm_sv rest = plm_buf_sv(&db), line;
    while (plm_sv_line(&rest, &line)) {
        packages += plm_sv_starts(line, PLM_SV("P:"));
        files += plm_sv_starts(line, PLM_SV("R:"));
    }
    for (size_t i = 0; i < h.report->packages.n; i++)
        owned += h.report->packages.v[i].files.n;
    assert_int_equal(packages, 14);
    assert_int_equal(h.report->packages.n, packages);
    assert_int_equal(owned, files);
    assert_sv(harness_package(&h, "libcrypto1.1")->source_name, "openssl");
    harness_done(&h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_packages), cmocka_unit_test(test_two_places),
                                       cmocka_unit_test(test_broken_in_the_middle),
                                       cmocka_unit_test(test_real_database)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
