/* SPDX-License-Identifier: Apache-2.0
 *
 * The dpkg cataloger: states, sources, file lists, distroless, opkg, broken stanzas. What
 * dpkg-query says about whole roots is compared in test_tools.c.
 */
#include "harness.h"

#include <stdio.h>

static void test_states_and_sources(void **state)
{
    (void)state;
    struct harness h;
    harness_init(&h);
    harness_file(&h, "var/lib/dpkg/status", PLM_TEST_DATA "/dpkg/status");
    harness_collect(&h, 0);
    assert_int_equal(h.report->packages.n, 4);
    const struct plm_package *c = harness_package(&h, "libc6"), *attr = harness_package(&h, "libattr1");
    assert_sv(c->version, "2.36-9+deb12u10");
    assert_sv(c->source_name, "glibc");
    assert_sv(c->source_version, "2.36-9+deb12u10");
    assert_sv(c->arch, "amd64");
    assert_sv(c->type, "deb");
    assert_sv(attr->source_name, "attr");
    assert_sv(attr->source_version, "1:2.5.1-4");
    assert_sv(attr->version, "1:2.5.1-4+b1");
    assert_sv(harness_package(&h, "half")->status, "half-configured");
    assert_non_null(harness_package(&h, "waiting"));
    assert_null(harness_package(&h, "removed"));
    assert_null(harness_package(&h, "never"));
    assert_int_equal(h.diags.n, 0);
    harness_done(&h);
}

static void test_owned_files(void **state)
{
    (void)state;
    struct harness h;
    harness_init(&h);
    harness_file(&h, "var/lib/dpkg/status", PLM_TEST_DATA "/dpkg/status");
    harness_add(
        &h, "var/lib/dpkg/info/libc6:amd64.list",
        PLM_SV("/.\n/lib\n/lib/x86_64-linux-gnu\n/lib/x86_64-linux-gnu/libc.so.6\n/lib/x86_64-linux-gnu/"
               "libc.so\n"
               "/usr\n/usr/share\n/usr/share/doc\n/usr/share/doc/libc6\n/usr/share/doc/libc6/copyright\n"),
        PLM_NONE, true);
    harness_add(&h, "var/lib/dpkg/info/half.list", PLM_SV("/.\n/usr\n/usr/bin\n/usr/bin/half\n"), PLM_NONE,
                true);
    harness_collect(&h, PLM_CATALOG_OWNED);
    const struct plm_package *c = harness_package(&h, "libc6");
    assert_int_equal(c->files.n, 3);
    assert_sv(c->files.v[0], "/lib/x86_64-linux-gnu/libc.so.6");
    assert_sv(c->files.v[1], "/lib/x86_64-linux-gnu/libc.so");
    assert_sv(c->files.v[2], "/usr/share/doc/libc6/copyright");
    assert_int_equal(harness_package(&h, "half")->files.n, 1);
    harness_done(&h);
}

static void test_distroless(void **state)
{
    (void)state;
    struct harness h;
    harness_init(&h);
    harness_add(&h, "var/lib/dpkg/status.d/YmFzZS1maWxlcw==",
                PLM_SV("Package: base-files\nVersion: 12.4\nArchitecture: amd64\n"), 0, true);
    harness_add(&h, "var/lib/dpkg/status.d/YmFzZS1maWxlcw==.md5sums",
                PLM_SV("d41d8cd98f00b204e9800998ecf8427e  etc/debian_version\n"), 0, true);
    harness_collect(&h, PLM_CATALOG_OWNED);
    assert_int_equal(h.report->packages.n, 1);
    const struct plm_package *p = &h.report->packages.v[0];
    assert_sv(p->name, "base-files");
    assert_sv(p->source_name, "base-files");
    assert_int_equal(p->files.n, 1);
    assert_sv(p->files.v[0], "/etc/debian_version");
    harness_done(&h);
}

static void test_opkg(void **state)
{
    (void)state;
    struct harness h;
    harness_init(&h);
    harness_add(
        &h, "usr/lib/opkg/status",
        PLM_SV(
            "Package: libubox\nVersion: 2023-05-23\nStatus: install user installed\nArchitecture: x86_64\n\n"
            "Package: gone\nVersion: 1\nStatus: deinstall user not-installed\n"),
        PLM_NONE, true);
    harness_collect(&h, 0);
    assert_int_equal(h.report->packages.n, 1);
    assert_sv(h.report->packages.v[0].type, "opkg");
    harness_done(&h);
}

static void test_broken_in_the_middle(void **state)
{
    (void)state;
    struct harness h;
    harness_init(&h);
    harness_add(&h, "var/lib/dpkg/status",
                PLM_SV("Package: one\nStatus: install ok installed\nVersion: 1\n\n"
                       "\x01\x02 garbage\nVersion: 2\n\n"
                       "Package: three\nStatus: install ok installed\nVersion: 3\n\n"
                       "Package: four\nStatus: install\nVersion: 3\n\n"
                       "Package: five\nStatus: install ok installed\n"),
                PLM_NONE, true);
    harness_collect(&h, 0);
    assert_int_equal(h.report->packages.n, 2);
    assert_non_null(harness_package(&h, "three"));
    plm_sv diags = plm_buf_sv(&h.diags);
    assert_true(plm_sv_has(diags, PLM_SV("dpkg.malformed: offset 54: ")));
    assert_true(plm_sv_has(diags, PLM_SV("dpkg.malformed: 3 more faults")));
    harness_done(&h);
}

static void test_limit(void **state)
{
    (void)state;
    struct harness h;
    harness_init(&h);
    h.limits.packages = 3;
    harness_file(&h, "var/lib/dpkg/status", PLM_TEST_DATA "/dpkg/status");
    harness_collect(&h, 0);
    assert_int_equal(h.report->packages.n, 3);
    assert_true(plm_sv_has(plm_buf_sv(&h.diags), PLM_SV("dpkg.too-many: ")));
    harness_done(&h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_states_and_sources),
        cmocka_unit_test(test_owned_files),
        cmocka_unit_test(test_distroless),
        cmocka_unit_test(test_opkg),
        cmocka_unit_test(test_limit),
        cmocka_unit_test(test_broken_in_the_middle),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
