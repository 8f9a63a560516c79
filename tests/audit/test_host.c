/* SPDX-License-Identifier: Apache-2.0
 *
 * The host checks over recorded trees: host/hardened passes, host/bad fails in every row, host/offline is a
 * disk that is not booted. One table: tree, check, object, outcome, and a piece of the evidence.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "audit/host.h"

#include <fcntl.h>
#include <stdio.h>

struct world {
    struct plm_ctx ctx;
    struct plm_report *report;
    struct plm_audit_options opt;
    struct plm_facts *facts;
};

static void judge(struct world *w, const char *root)
{
    *w = (struct world){.ctx = PLM_CTX_INIT, .report = plm_report_new(NULL)};
    w->ctx.now = 1764000000; /* 2025-11-24 */
    w->opt = (struct plm_audit_options){
        .stages = PLM_STAGE_BIT(PLM_STAGE_HOST), .root = plm_sv_from(root), .no_engine = true};
    plm_err *err = NULL;
    if (plm_facts_collect(&w->ctx, &w->opt, w->report, &w->facts, &err) < 0 ||
        plm_audit_judge(w->facts, &err) < 0)
        fail_msg("%s", plm_err_text(err));
}

static void done(struct world *w)
{
    plm_facts_free(w->facts);
    plm_report_free(w->report);
}

static const struct plm_check_row *row_of(const struct world *w, const char *id, const char *object)
{
    for (size_t i = 0; i < w->report->checks.n; i++)
        if (plm_sv_is(w->report->checks.v[i].id, id) && plm_sv_is(w->report->checks.v[i].object, object))
            return &w->report->checks.v[i];
    return NULL;
}

static bool says(const struct plm_check_row *row, const char *text)
{
    for (size_t i = 0; i < row->evidence.n; i++)
        if (plm_sv_has(row->evidence.v[i], plm_sv_from(text)))
            return true;
    return false;
}

struct expected {
    const char *id, *object;
    enum plm_outcome outcome;
    const char *evidence; /* a piece of it, or NULL */
};

// clang-format off
static const struct expected hardened[] = {
    {"H-CPU", "meltdown", PLM_OUT_PASS, "Mitigation: PTI"},
    {"H-CPU", "itlb_multihit", PLM_OUT_PASS, "KVM: Vulnerable"}, /* of guests that nobody runs here */
    {"H-CPU", "command line", PLM_OUT_PASS, NULL},
    {"H-KERN", "host", PLM_OUT_PASS, "built from kernel.org 6.1.147"},
    {"H-LOCK", "lockdown", PLM_OUT_PASS, NULL},
    {"H-LOCK", "secure boot", PLM_OUT_NA, NULL},
    {"H-LSM", "host", PLM_OUT_PASS, "docker-default (enforce)"},
    {"H-CG", "host", PLM_OUT_PASS, NULL},
    {"H-MOD", "loading of modules", PLM_OUT_PASS, NULL},
    {"H-MOD", "rare modules", PLM_OUT_PASS, NULL},
    {"H-USERNS", "/etc/subuid", PLM_OUT_PASS, NULL},
    {"H-REBOOT", "kernel", PLM_OUT_PASS, "is the newest installed"},
    {"H-REBOOT", "processes", PLM_OUT_PASS, NULL},
    {"H-REBOOT", "/run/reboot-required", PLM_OUT_PASS, NULL},
    {"H-UPD", "host", PLM_OUT_UNKNOWN, "were not scanned"},
    {"H-SYSCTL", "kernel.kptr_restrict", PLM_OUT_PASS, NULL},
    {"H-SYSCTL", "kernel.sysrq", PLM_OUT_PASS, "= 176"},
    {"H-SYSCTL", "net.ipv4.conf.*.rp_filter", PLM_OUT_PASS, NULL},
    {"H-SYSCTL", "net.ipv6.conf.*.accept_redirects", PLM_OUT_PASS, NULL},
    {"H-SYSCTL", "kernel.core_pattern", PLM_OUT_PASS, NULL},
    {"H-SYSCTL", "user.max_user_namespaces", PLM_OUT_NA, "not there"},
    {"H-PROC", "/usr/bin/dockerd", PLM_OUT_PASS, "package docker.io"},
    {"H-PROC", "host", PLM_OUT_PASS, NULL},
    {"H-LISTEN", "0.0.0.0:22/tcp", PLM_OUT_PASS, "sshd"},
    {"H-SVC", "host", PLM_OUT_PASS, "2 enabled"},
    {"H-PKG", "web servers and proxies", PLM_OUT_PASS, NULL},
    {"H-SUID", "host", PLM_OUT_PASS, NULL},
    {"H-OS", "host", PLM_OUT_PASS, "Flatcar"},
    {"H-SSH", "PermitRootLogin", PLM_OUT_PASS, "10-site.conf line 1"}, /* the first value wins, and Include stands first */
    {"H-SSH", "PasswordAuthentication", PLM_OUT_PASS, "no (/etc"},
    {"H-SSH", "Ciphers", PLM_OUT_PASS, "not set"},
    {"H-AUTH", "passwords", PLM_OUT_PASS, NULL},
    {"H-AUTH", "sudo", PLM_OUT_PASS, "sudoers.d/ops read"},
    {"H-AUTH", "umask", PLM_OUT_PASS, "027"},
    {"H-LOG", "auditd", PLM_OUT_PASS, "runs"},
    {"H-LOG", "logs on disk", PLM_OUT_PASS, "persistent"},
    {"H-LOG", "logs elsewhere", PLM_OUT_PASS, "rsyslog"},
    {"H-TIME", "host", PLM_OUT_PASS, "chronyd"},
    {"H-DISK", "/tmp", PLM_OUT_PASS, NULL},
    {"H-FIM", "/usr/bin/dockerd", PLM_OUT_PASS, "docker.io says"},
    {"H-KUBE", "host", PLM_OUT_NA, NULL},
    {"1.2.1", "host", PLM_OUT_MANUAL, "0 of severity high"}, /* H-UPD is unknown: no pass */
};

static const struct expected bad[] = {
    {"H-CPU", "meltdown", PLM_OUT_FAIL, "virtual machine"},
    {"H-CPU", "mds", PLM_OUT_FAIL, "SMT vulnerable"},
    {"H-CPU", "spectre_v2", PLM_OUT_FAIL, "BHI"},
    {"H-CPU", "command line", PLM_OUT_FAIL, "mitigations=off"},
    {"H-KERN", "host", PLM_OUT_FAIL, "CVE-2022-0847"},
    {"H-LOCK", "lockdown", PLM_OUT_FAIL, NULL},
    {"H-LOCK", "secure boot", PLM_OUT_FAIL, NULL},
    {"H-LSM", "host", PLM_OUT_FAIL, "neither"},
    {"H-CG", "host", PLM_OUT_FAIL, "controller memory is off"},
    {"H-MOD", "loading of modules", PLM_OUT_FAIL, NULL},
    {"H-MOD", "rare modules", PLM_OUT_FAIL, "sctp is loaded"},
    {"H-MOD", "kernel.tainted", PLM_OUT_FAIL, "unsigned"},
    {"H-USERNS", "/etc/subuid", PLM_OUT_FAIL, "overlap"},
    {"H-USERNS", "/etc/subgid", PLM_OUT_FAIL, "begins at 5"},
    {"H-REBOOT", "kernel", PLM_OUT_FAIL, "5.10.104 is installed"},
    {"H-REBOOT", "processes", PLM_OUT_FAIL, "libssl.so.3"},
    {"H-REBOOT", "/run/reboot-required", PLM_OUT_FAIL, "libc6"},
    {"H-SYSCTL", "kernel.kptr_restrict", PLM_OUT_FAIL, "= 0"},
    {"H-SYSCTL", "kernel.sysrq", PLM_OUT_FAIL, "= 438"},
    {"H-SYSCTL", "fs.suid_dumpable", PLM_OUT_FAIL, "= 2"},
    {"H-SYSCTL", "vm.mmap_min_addr", PLM_OUT_FAIL, "4096"},
    {"H-SYSCTL", "net.ipv4.conf.*.rp_filter", PLM_OUT_FAIL, "eth0"},
    {"H-SYSCTL", "net.ipv4.conf.*.accept_redirects", PLM_OUT_FAIL, NULL},
    {"H-SYSCTL", "net.ipv4.conf.*.send_redirects", PLM_OUT_FAIL, NULL},
    {"H-SYSCTL", "net.ipv4.conf.*.log_martians", PLM_OUT_FAIL, NULL},
    {"H-SYSCTL", "net.ipv6.conf.*.accept_source_route", PLM_OUT_FAIL, NULL},
    {"H-SYSCTL", "kernel.core_pattern", PLM_OUT_FAIL, "can write"},
    {"H-PROC", "/usr/sbin/apache2", PLM_OUT_FAIL, "no program of a container host"},
    {"H-PROC", "/tmp/.x/xmrig", PLM_OUT_FAIL, "everybody may write"},
    {"H-PROC", "/usr/sbin/gone", PLM_OUT_FAIL, "deleted"},
    {"H-PROC", "/opt/agent/agent", PLM_OUT_FAIL, "no package"},
    {"H-PROC", "/opt/x.py", PLM_OUT_FAIL, "no package"}, /* a script, not its interpreter */
    {"H-PROC", "/usr/bin/ls", PLM_OUT_PASS, "coreutils"},
    {"H-LISTEN", "0.0.0.0:80/tcp", PLM_OUT_FAIL, "every interface"},
    {"H-LISTEN", "127.0.0.1:8080/tcp", PLM_OUT_FAIL, "loopback"},
    {"H-LISTEN", "0.0.0.0:5000/tcp", PLM_OUT_UNKNOWN, "no process holds it"},
    {"H-SVC", "apache2.service", PLM_OUT_FAIL, "multi-user.target.wants"},
    {"H-SVC", "cron.d/backdoor", PLM_OUT_FAIL, NULL},
    {"H-SVC", "host", PLM_OUT_PASS, "1 are masked"}, /* cups, by a link to /dev/null */
    {"H-PKG", "compilers and debuggers", PLM_OUT_FAIL, "gcc"},
    {"H-PKG", "web servers and proxies", PLM_OUT_FAIL, "apache2"},
    {"H-OS", "host", PLM_OUT_FAIL, NULL},
    {"H-SSH", "PermitRootLogin", PLM_OUT_FAIL, "line 1"},
    {"H-SSH", "PasswordAuthentication", PLM_OUT_FAIL, "Match User deploy"},
    {"H-SSH", "PermitEmptyPasswords", PLM_OUT_FAIL, NULL},
    {"H-SSH", "StrictModes", PLM_OUT_FAIL, NULL},
    {"H-SSH", "MaxAuthTries", PLM_OUT_FAIL, "20"},
    {"H-SSH", "Ciphers", PLM_OUT_FAIL, NULL},
    {"H-SSH", "MACs", PLM_OUT_FAIL, NULL},
    {"H-SSH", "KexAlgorithms", PLM_OUT_FAIL, NULL},
    {"H-SSH", "PubkeyAcceptedAlgorithms", PLM_OUT_FAIL, "ssh-dss"}, /* by its old name */
    {"H-AUTH", "passwords", PLM_OUT_FAIL, "guest"},
    {"H-AUTH", "uid 0", PLM_OUT_FAIL, "toor"},
    {"H-AUTH", "sudo", PLM_OUT_FAIL, "NOPASSWD"},
    {"H-AUTH", "umask", PLM_OUT_FAIL, NULL},
    {"H-LOG", "auditd", PLM_OUT_FAIL, NULL},
    {"H-LOG", "logs on disk", PLM_OUT_FAIL, "volatile"},
    {"H-LOG", "logs elsewhere", PLM_OUT_FAIL, NULL},
    {"H-TIME", "host", PLM_OUT_FAIL, NULL},
    {"H-DISK", "/tmp", PLM_OUT_FAIL, "noexec"},
    {"H-FIM", "/usr/bin/dockerd", PLM_OUT_FAIL, NULL},
    {"H-FIM", "/usr/sbin/runc", PLM_OUT_FAIL, NULL},
    {"H-KUBE", "host", PLM_OUT_MANUAL, "kubelet"},
    {"1.2.1", "host", PLM_OUT_FAIL, NULL},
};

static const struct expected offline[] = {
    {"H-CPU", "host", PLM_OUT_UNKNOWN, NULL},
    {"H-KERN", "host", PLM_OUT_UNKNOWN, "not booted"},
    {"H-LOCK", "lockdown", PLM_OUT_UNKNOWN, NULL},
    {"H-LSM", "host", PLM_OUT_UNKNOWN, NULL},
    {"H-CG", "host", PLM_OUT_UNKNOWN, NULL},
    {"H-MOD", "host", PLM_OUT_UNKNOWN, NULL},
    {"H-SYSCTL", "host", PLM_OUT_UNKNOWN, "not booted"},
    {"H-PROC", "host", PLM_OUT_UNKNOWN, NULL},
    {"H-LISTEN", "host", PLM_OUT_UNKNOWN, NULL},
    {"H-REBOOT", "kernel", PLM_OUT_UNKNOWN, NULL},
    {"H-REBOOT", "/run/reboot-required", PLM_OUT_NA, NULL},
    {"H-SVC", "host", PLM_OUT_UNKNOWN, NULL},
    {"H-PKG", "host", PLM_OUT_UNKNOWN, NULL},
    {"H-FIM", "host", PLM_OUT_NA, NULL},
    {"H-SSH", "host", PLM_OUT_NA, NULL},
    {"H-AUTH", "passwords", PLM_OUT_UNKNOWN, NULL},
    {"H-DISK", "host", PLM_OUT_UNKNOWN, NULL},
};
// clang-format on

static size_t compare(const struct world *w, const struct expected *e, size_t n)
{
    size_t wrong = 0;
    for (size_t i = 0; i < n; i++) {
        const struct plm_check_row *row = row_of(w, e[i].id, e[i].object);
        bool is_good = row && row->outcome == e[i].outcome && (!e[i].evidence || says(row, e[i].evidence));
        if (is_good)
            continue;
        wrong++;
        print_error("%s on %s: %s, expected %s with \"%s\"\n", e[i].id, e[i].object,
                    row ? plm_outcome_name(row->outcome) : "no row", plm_outcome_name(e[i].outcome),
                    e[i].evidence ? e[i].evidence : "");
        for (size_t j = 0; row && j < row->evidence.n; j++)
            print_error("    %.*s\n", PLM_SV_ARG(row->evidence.v[j]));
    }
    return wrong;
}

static void test_a_hardened_host_passes(void **state)
{
    (void)state;
    struct world w;
    judge(&w, PLM_TEST_DATA "/host/hardened");
    size_t wrong = compare(&w, hardened, sizeof(hardened) / sizeof(hardened[0])), failed = 0;
    for (size_t i = 0; i < w.report->checks.n; i++) {
        const struct plm_check_row *row = &w.report->checks.v[i];
        /* the space is the test machine's; accounts and rules of other groups have trees of their own */
        bool is_ours = plm_sv_starts(row->id, PLM_SV("H-")) && !plm_sv_is(row->id, "H-SOCK") &&
                       !plm_sv_is(row->id, "H-GROUP") && !plm_sv_starts(row->object, PLM_SV("free space"));
        if (!is_ours || row->outcome != PLM_OUT_FAIL)
            continue;
        failed++;
        print_error("%.*s on %.*s fails: %.*s\n", PLM_SV_ARG(row->id), PLM_SV_ARG(row->object),
                    PLM_SV_ARG(row->evidence.v[0]));
    }
    done(&w);
    assert_int_equal(wrong, 0);
    assert_int_equal(failed, 0);
}

static void test_a_bad_host_fails_in_every_row(void **state)
{
    (void)state;
    struct world w;
    judge(&w, PLM_TEST_DATA "/host/bad");
    size_t wrong = compare(&w, bad, sizeof(bad) / sizeof(bad[0]));
    const struct plm_check_row *xmrig = row_of(&w, "H-PROC", "/tmp/.x/xmrig"),
                               *contained = row_of(&w, "H-PROC", "/usr/sbin/nginx");
    enum plm_severity severity = xmrig ? xmrig->severity : PLM_SEV_UNKNOWN;
    bool says_forward = row_of(&w, "H-SYSCTL", "net.ipv4.ip_forward") != NULL;
    done(&w);
    assert_int_equal(wrong, 0);
    assert_int_equal(severity, PLM_SEV_HIGH);
    assert_null(contained);     /* a container's process is not the host's */
    assert_false(says_forward); /* an engine needs it */
}

static void test_a_disk_that_is_not_booted_is_unknown(void **state)
{
    (void)state;
    struct world w;
    judge(&w, PLM_TEST_DATA "/host/offline");
    size_t wrong = compare(&w, offline, sizeof(offline) / sizeof(offline[0]));
    done(&w);
    assert_int_equal(wrong, 0);
}

/* Modes do not survive version control: the tree is made here. */
static void test_setuid_programs(void **state)
{
    (void)state;
    char root[] = "/tmp/plm-host-XXXXXX";
    assert_non_null(mkdtemp(root));
    static const struct {
        const char *path;
        mode_t mode;
        enum plm_severity severity; /* UNKNOWN: expected there */
    } files[] = {{"usr", S_IFDIR, 0},
                 {"usr/bin", S_IFDIR, 0},
                 {"tmp", S_IFDIR, 0},
                 {"usr/bin/passwd", 04755, PLM_SEV_UNKNOWN},
                 {"usr/bin/sudo", 04777, PLM_SEV_LOW},
                 {"usr/bin/odd", 02755, PLM_SEV_LOW},
                 {"tmp/sh", 04755, PLM_SEV_LOW},
                 {"usr/bin/plain", 0755, PLM_SEV_UNKNOWN}};
    char path[256];
    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
        (void)snprintf(path, sizeof(path), "%s/%s", root, files[i].path);
        if (files[i].mode == S_IFDIR) {
            assert_int_equal(mkdir(path, 0755), 0);
            continue;
        }
        int fd = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
        assert_true(fd >= 0 && fchmod(fd, files[i].mode) == 0);
        close(fd);
    }
    struct world w;
    judge(&w, root);
    for (size_t i = 3; i < sizeof(files) / sizeof(files[0]); i++) {
        (void)snprintf(path, sizeof(path), "/%s", files[i].path);
        const struct plm_check_row *row = row_of(&w, "H-SUID", path);
        assert_int_equal(row != NULL, files[i].severity != PLM_SEV_UNKNOWN);
        assert_true(!row || row->outcome == PLM_OUT_FAIL);
    }
    done(&w);
    for (size_t i = sizeof(files) / sizeof(files[0]); i-- > 0;) {
        (void)snprintf(path, sizeof(path), "%s/%s", root, files[i].path);
        (void)remove(path);
    }
    (void)remove(root);
}

static void test_what_is_learned_passes(void **state)
{
    (void)state;
    struct plm_ctx ctx = PLM_CTX_INIT;
    struct plm_audit_options opt = {.root = PLM_SV(PLM_TEST_DATA "/host/bad"), .no_engine = true};
    char path[] = "/tmp/plm-learn-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    close(fd);
    assert_int_equal(plm_audit_learn(&ctx, &opt, path, NULL), 0);
    plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(PLM_MIB(1));
    assert_int_equal(plm_fs_read(path, PLM_MIB(1), &b, NULL), 0);
    (void)remove(path);
    plm_sv text = plm_buf_sv(&b);
    assert_true(plm_sv_has(text, PLM_SV("\naudit:\n  allowed-processes:\n")));
    assert_true(plm_sv_has(text, PLM_SV("    - \"/opt/agent/agent\"\n")));
    assert_true(plm_sv_has(text, PLM_SV("    - \"127.0.0.1:8080/tcp\"\n")));
    assert_true(plm_sv_has(text, PLM_SV("    - \"apache2.service\"\n")));
    assert_false(plm_sv_has(text, PLM_SV("memfd")) ||
                 plm_sv_has(text, PLM_SV("/usr/sbin/gone"))); /* never learned */
    assert_false(plm_sv_has(text, PLM_SV("cups.service")));   /* masked */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_hardened_host_passes),
        cmocka_unit_test(test_a_bad_host_fails_in_every_row),
        cmocka_unit_test(test_a_disk_that_is_not_booted_is_unknown),
        cmocka_unit_test(test_setuid_programs),
        cmocka_unit_test(test_what_is_learned_passes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
