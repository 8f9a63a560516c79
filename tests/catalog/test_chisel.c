/* SPDX-License-Identifier: Apache-2.0
 *
 * Chisel manifests (compressed by zstd's own tool), alone and beside a dpkg database.
 */
#include "harness.h"

#include <stdio.h>

static void test_manifest(void **state)
{
    (void)state;
    struct harness h;
    harness_init(&h);
    harness_file(&h, "var/lib/chisel/manifest.wall", PLM_TEST_DATA "/chisel/manifest.wall");
    harness_collect(&h, PLM_CATALOG_OWNED);
    assert_int_equal(h.diags.n, 0);
    assert_int_equal(h.report->packages.n, 2);
    const struct plm_package *p = harness_package(&h, "libssl3t64");
    assert_sv(p->version, "3.0.13-0ubuntu3.4");
    assert_sv(p->source_name, "libssl3t64");
    assert_int_equal(p->files.n, 2);
    assert_sv(p->files.v[1], "/usr/lib/x86_64-linux-gnu/libssl.so.3");
    assert_int_equal(harness_package(&h, "base-files")->files.n, 1);
    /* nobody knows the source: said, and the target is incomplete */
    assert_int_equal(h.report->diagnostics.n, 1);
    assert_sv(h.report->diagnostics.v[0].code, "package.no-source");
    assert_true(h.report->targets.v[0].is_incomplete);
    harness_done(&h);
}

static void test_dpkg_knows_the_source(void **state)
{
    (void)state;
    struct harness h;
    harness_init(&h);
    harness_file(&h, "var/lib/chisel/manifest.wall", PLM_TEST_DATA "/chisel/manifest.wall");
    harness_add(&h, "var/lib/dpkg/status.d/base-files",
                PLM_SV("Package: base-files\nVersion: 13ubuntu10\nArchitecture: amd64\n"), PLM_NONE, true);
    harness_add(
        &h, "var/lib/dpkg/status.d/libssl3t64",
        PLM_SV("Package: libssl3t64\nVersion: 3.0.13-0ubuntu3.4\nArchitecture: amd64\nSource: openssl\n"),
        PLM_NONE, true);
    harness_collect(&h, 0);
    assert_int_equal(h.report->packages.n, 2);
    assert_int_equal(h.report->diagnostics.n, 0);
    assert_sv(harness_package(&h, "libssl3t64")->source_name, "openssl");
    assert_int_equal(harness_package(&h, "libssl3t64")->locations.n, 2);
    harness_done(&h);
}

static void test_broken(void **state)
{
    (void)state;
    struct harness h;
    harness_init(&h);
    /* not compressed is accepted; a broken line costs only itself */
    harness_add(
        &h, "var/lib/chisel/manifest.wall",
        PLM_SV(
            "{\"jsonwall\":\"1.0\"}\n{\"kind\":\"package\",\"name\":\n{\"kind\":\"package\",\"name\":\"a\"}\n"
            "{\"kind\":\"package\",\"name\":\"b\",\"version\":\"1\"}\n"),
        PLM_NONE, true);
    harness_collect(&h, 0);
    assert_int_equal(h.report->packages.n, 1);
    assert_true(plm_sv_has(plm_buf_sv(&h.diags), PLM_SV("chisel.malformed: offset 19: ")));
    assert_true(plm_sv_has(plm_buf_sv(&h.diags), PLM_SV("1 more fault")));
    assert_int_equal(
        harness_add(&h, "var/lib/chisel/manifest.wall", PLM_SV("\x28\xb5\x2f\xfd garbage"), PLM_NONE, true),
        -1);
    harness_done(&h);
}

static void test_licenses(void **state)
{
    (void)state;
    struct harness h;
    harness_init(&h);
    harness_add(&h, "var/lib/dpkg/status",
                PLM_SV("Package: thing\nStatus: install ok installed\nVersion: 1\n\n"
                       "Package: other\nStatus: install ok installed\nVersion: 1\n"),
                PLM_NONE, true);
    harness_file(&h, "usr/share/doc/thing/copyright", PLM_TEST_DATA "/dpkg-license/copyright");
    harness_add(&h, "usr/share/doc/other/copyright",
                PLM_SV("See /usr/share/common-licenses/GPL-2, or /usr/share/common-licenses/Apache-2.0.\n"),
                PLM_NONE, true);
    harness_collect(&h, 0);
    assert_int_equal(h.report->packages.n, 2);
    const struct plm_package *t = harness_package(&h, "thing"), *o = harness_package(&h, "other");
    assert_int_equal(t->licenses.n, 2);
    assert_sv(t->licenses.v[0], "Expat");
    assert_sv(t->licenses.v[1], "GPL-2+ or Artistic");
    assert_int_equal(o->licenses.n, 2);
    assert_sv(o->licenses.v[0], "Apache-2.0");
    assert_sv(o->licenses.v[1], "GPL-2");
    harness_done(&h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_manifest),
                                       cmocka_unit_test(test_dpkg_knows_the_source),
                                       cmocka_unit_test(test_broken), cmocka_unit_test(test_licenses)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
