/* SPDX-License-Identifier: Apache-2.0
 *
 * Which distribution a root is, and the ecosystem of its advisories. The texts are those that
 * the distributions' images carry, cut to the lines that matter.
 */
#include "harness.h"

#include <stdio.h>

static void test_debian_file(void **state)
{
    (void)state;
    struct harness h;
    harness_init(&h);
    harness_file(&h, "etc/os-release", PLM_TEST_DATA "/os-release/debian-12");
    harness_add(&h, "etc/debian_version", PLM_SV("12.5\n"), PLM_NONE, true);
    harness_collect(&h, 0);
    const struct plm_distro *d = &h.report->targets.v[0].distro;
    assert_sv(d->id, "debian");
    assert_sv(d->version, "12");
    assert_sv(d->codename, "bookworm");
    assert_sv(d->pretty, "Debian GNU/Linux 12 (bookworm)");
    assert_sv(d->ecosystem, "Debian:12");
    assert_sv(d->evidence, "/etc/os-release");
    harness_done(&h);
}

static const struct {
    const char *path, *text, *path2, *text2, *id, *version, *ecosystem; /* ecosystem NULL: not mapped */
} rows[] = {
    {"etc/os-release", "ID=ubuntu\nVERSION_ID=\"22.04\"\n", NULL, NULL, "ubuntu", "22.04",
     "Ubuntu:22.04:LTS"},
    {"etc/os-release", "ID=ubuntu\nVERSION_ID=\"23.10\"\n", NULL, NULL, "ubuntu", "23.10", "Ubuntu:23.10"},
    {"etc/os-release", "ID=ubuntu\nVERSION_ID=\"25.04\"\n", NULL, NULL, "ubuntu", "25.04", "Ubuntu:25.04"},
    {"etc/os-release", "PRETTY_NAME=\"Debian GNU/Linux forky/sid\"\nVERSION_CODENAME=forky\nID=debian\n",
     NULL, NULL, "debian", "14", "Debian:14"},
    {"etc/os-release", "PRETTY_NAME=\"Debian GNU/Linux trixie/sid\"\nID=debian\n", NULL, NULL, "debian", "13",
     "Debian:13"},
    {"etc/os-release", "ID=debian\n", "etc/debian_version", "trixie/sid\n", "debian", "13", "Debian:13"},
    {"etc/os-release", "ID=debian\n", NULL, NULL, "debian", "sid", "Debian:sid"},
    {"etc/debian_version", "7.11\n", NULL, NULL, "debian", "7", "Debian:7"},
    {"usr/lib/os-release", "ID='alpine'\nVERSION_ID=3.19.1\n", NULL, NULL, "alpine", "3.19.1",
     "Alpine:v3.19"},
    {"etc/os-release", "ID=alpine\nVERSION_ID=3.22.0_alpha20250108\n", NULL, NULL, "alpine", "edge",
     "Alpine:edge"},
    {"etc/alpine-release", "3.3.3\n", NULL, NULL, "alpine", "3.3.3", "Alpine:v3.3"},
    {"etc/os-release", "ID=wolfi\nVERSION_ID=20230201\n", NULL, NULL, "wolfi", "20230201", "Wolfi"},
    {"etc/os-release", "ID=chainguard\nVERSION_ID=20230214\n", NULL, NULL, "chainguard", "20230214",
     "Chainguard"},
    {"etc/os-release", "ID=minimos\n", NULL, NULL, "minimos", "rolling", "MinimOS"},
    {"etc/os-release", "ID=echo\n", NULL, NULL, "echo", "rolling", "Echo"},
    {"etc/os-release", "ID=\"almalinux\"\nVERSION_ID=\"9.3\"\n", NULL, NULL, "almalinux", "9.3",
     "AlmaLinux:9"},
    {"etc/os-release", "ID=\"rocky\"\nVERSION_ID=\"8.9\"\n", NULL, NULL, "rocky", "8.9", "Rocky Linux:8"},
    {"etc/os-release", "ID=\"rhel\"\nVERSION_ID=\"9.4\"\n", NULL, NULL, "rhel", "9.4", "Red Hat:9"},
    {"etc/os-release", "ID=\"centos\"\nVERSION_ID=\"7\"\nPRETTY_NAME=\"CentOS Linux 7 (Core)\"\n", NULL, NULL,
     "centos", "7", "Red Hat:7"},
    {"etc/os-release", "ID=\"centos\"\nVERSION_ID=\"9\"\nPRETTY_NAME=\"CentOS Stream 9\"\n", NULL, NULL,
     "centos", "9", NULL},
    {"etc/centos-release", "CentOS release 6.10 (Final)\n", NULL, NULL, "centos", "6.10", "Red Hat:6"},
    {"etc/redhat-release", "Red Hat Enterprise Linux Server release 6.10 (Santiago)\n", NULL, NULL, "rhel",
     "6.10", "Red Hat:6"},
    {"etc/os-release", "ID=fedora\nVERSION_ID=40\n", NULL, NULL, "fedora", "40", "Fedora:40"},
    {"etc/os-release", "ID=\"ol\"\nVERSION_ID=\"9.3\"\n", NULL, NULL, "ol", "9.3", "Oracle Linux:9"},
    {"etc/os-release", "ID=\"amzn\"\nVERSION_ID=\"2023\"\n", NULL, NULL, "amzn", "2023", "Amazon Linux:2023"},
    {"etc/system-release", "Amazon Linux AMI release 2018.03\n", NULL, NULL, "amzn", "2018.03",
     "Amazon Linux:1"},
    {"etc/os-release", "ID=opensuse\nVERSION_ID=\"42.3\"\n", NULL, NULL, "opensuse", "42.3",
     "openSUSE:Leap 42.3"},
    {"etc/os-release", "ID=\"sles\"\nVERSION_ID=\"15.5\"\n", NULL, NULL, "sles", "15.5",
     "SUSE:Linux Enterprise Server 15 SP5"},
    {"etc/SuSE-release", "SUSE Linux Enterprise Server 11 (x86_64)\nVERSION = 11\nPATCHLEVEL = 4\n", NULL,
     NULL, "sles", "11.4", "SUSE:Linux Enterprise Server 11 SP4"},
    {"etc/os-release", "ID=\"opensuse-leap\"\nVERSION_ID=\"15.6\"\n", NULL, NULL, "opensuse-leap", "15.6",
     "openSUSE:Leap 15.6"},
    {"etc/os-release", "ID=\"opensuse-tumbleweed\"\nVERSION_ID=\"20240101\"\n", NULL, NULL,
     "opensuse-tumbleweed", "20240101", "openSUSE:Tumbleweed"},
    {"etc/os-release", "ID=azurelinux\nVERSION_ID=\"3.0\"\n", NULL, NULL, "azurelinux", "3.0",
     "Azure Linux:3"},
    {"etc/os-release", "ID=mariner\nVERSION_ID=\"2.0\"\n", NULL, NULL, "mariner", "2.0", "Azure Linux:2"},
    {"etc/os-release", "ID=photon\nVERSION_ID=5.0\n", NULL, NULL, "photon", "5.0", "Photon OS:5.0"},
    {"etc/os-release", "ID=\"openEuler\"\nVERSION_ID=\"24.03\"\nPRETTY_NAME=\"openEuler 24.03 (LTS-SP1)\"\n",
     NULL, NULL, "openeuler", "24.03", "openEuler:24.03-LTS-SP1"},
    {"etc/os-release", "ID=mageia\nVERSION_ID=9\n", NULL, NULL, "mageia", "9", "Mageia:9"},
    {"etc/os-release", "ID=raspbian\nID_LIKE=debian\nVERSION_ID=\"11\"\n", "etc/debian_version", "11.9\n",
     "raspbian", "11", NULL},
    {"etc/os-release", "ID=linuxmint\nID_LIKE=\"ubuntu debian\"\nVERSION_ID=\"21\"\n", NULL, NULL,
     "linuxmint", "21", NULL},
    {"etc/os-release", "ID=arch\n", NULL, NULL, "arch", "rolling", NULL},
    {"etc/lsb-release", "DISTRIB_ID=Ubuntu\nDISTRIB_RELEASE=12.04\nDISTRIB_CODENAME=precise\n",
     "etc/debian_version", "wheezy/sid\n", "ubuntu", "12.04", "Ubuntu:12.04:LTS"},
};

static void test_rows(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct harness h;
        harness_init(&h);
        harness_add(&h, rows[i].path, plm_sv_from(rows[i].text), PLM_NONE, true);
        if (rows[i].path2)
            harness_add(&h, rows[i].path2, plm_sv_from(rows[i].text2), PLM_NONE, true);
        harness_collect(&h, 0);
        const struct plm_distro *d = &h.report->targets.v[0].distro;
        assert_sv(d->id, rows[i].id);
        assert_sv(d->version, rows[i].version);
        if (rows[i].ecosystem)
            assert_sv(d->ecosystem, rows[i].ecosystem);
        else if (d->ecosystem.p)
            fail_msg("%s is mapped to %.*s", rows[i].id, PLM_SV_ARG(d->ecosystem));
        harness_done(&h);
    }
}

static void test_quoting(void **state)
{
    (void)state;
    struct harness h;
    harness_init(&h);
    harness_add(&h, "etc/os-release",
                PLM_SV("# comment\nPRETTY_NAME=\"a \\\"b\\\" \\$c\"\nID=first\nID='we "
                       "ird'\r\nVERSION_ID=\"\nNOT A LINE\n"),
                PLM_NONE, true);
    harness_collect(&h, 0);
    const struct plm_distro *d = &h.report->targets.v[0].distro;
    assert_sv(d->pretty, "a \"b\" $c");
    assert_sv(d->id, "we ird");
    assert_sv(d->version, "\"");
    harness_done(&h);
}

/* What a higher layer replaced or deleted does not decide. */
static void test_hidden(void **state)
{
    (void)state;
    struct harness h;
    harness_init(&h);
    harness_add(&h, "etc/os-release", PLM_SV("ID=debian\nVERSION_ID=11\n"), 0, false);
    harness_add(&h, "etc/os-release", PLM_SV("ID=debian\nVERSION_ID=12\n"), 1, true);
    harness_collect(&h, 0);
    assert_sv(h.report->targets.v[0].distro.ecosystem, "Debian:12");
    harness_done(&h);
}

static void test_nothing(void **state)
{
    (void)state;
    struct harness h;
    harness_init(&h);
    harness_collect(&h, 0);
    assert_null(h.report->targets.v[0].distro.id.p);
    assert_null(h.report->targets.v[0].distro.ecosystem.p);
    harness_done(&h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_debian_file), cmocka_unit_test(test_rows),
                                       cmocka_unit_test(test_quoting), cmocka_unit_test(test_hidden),
                                       cmocka_unit_test(test_nothing)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
