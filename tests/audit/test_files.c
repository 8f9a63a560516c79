/* SPDX-License-Identifier: Apache-2.0
 *
 * Checks 3.x and F1 to F6 over trees with real owners, modes and ACLs: facts by hand, judged as in a run.
 */
#include "base/skip.h"

#include "audit/access_int.h"
#include "run_program.h"

#include <limits.h>
#include <sys/stat.h>

struct world {
    char dir[40];
    int fd;
    struct plm_arena *arena;
    struct plm_report *report;
    struct plm_audit_options opt;
    struct plm_facts facts;
    plm_sv check;
};

static const struct plm_ctx ctx = {.limits = &plm_limits_default};

static void make_dirs(const struct world *w, const char *path)
{
    plm_sv rest = plm_sv_from(path), part, done = PLM_SV("");
    while (plm_sv_field(&rest, '/', &part)) {
        done =
            plm_arena_printf(w->arena, "%.*s%s%.*s", PLM_SV_ARG(done), done.n ? "/" : "", PLM_SV_ARG(part));
        if (mkdirat(w->fd, done.p, 0755) < 0)
            assert_int_equal(errno, EEXIST);
    }
}

static void put(const struct world *w, const char *path, const char *text, mode_t mode)
{
    char *dir = strdup(path);
    assert_non_null(dir);
    char *slash = strrchr(dir, '/');
    if (slash) {
        *slash = '\0';
        make_dirs(w, dir);
    }
    free(dir);
    int fd = openat(w->fd, path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    assert_int_equal(fchmod(fd, mode), 0);
    close(fd);
}

static void set_mode(const struct world *w, const char *path, mode_t mode)
{
    assert_int_equal(fchmodat(w->fd, path, mode, 0), 0);
}

/* Owners are numbers of this test, so the files have to be root's first. */
static void begin(struct world *w)
{
    *w = (struct world){.fd = -1};
    (void)snprintf(w->dir, sizeof(w->dir), "/tmp/plm-files-XXXXXX");
    assert_non_null(mkdtemp(w->dir));
    assert_int_equal(chmod(w->dir, 0755), 0);
    w->fd = open(w->dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
    w->arena = plm_arena_new(PLM_ARENA_NO_LIMIT);
    w->report = plm_report_new(NULL);
    assert_true(w->fd >= 0 && w->arena && w->report);
    put(w, "etc/passwd",
        "root:x:0:0::/root:/bin/bash\nalice:x:1000:998::/home/alice:/bin/sh\n"
        "bob:x:1001:1001::/home/bob:/bin/sh\n",
        0644);
    put(w, "etc/group", "root:x:0:\ndocker:x:998:bob\nstaff:x:50:\n", 0644);
    w->opt.stages = PLM_STAGE_BIT(PLM_STAGE_ENGINE) | PLM_STAGE_BIT(PLM_STAGE_HOST);
    w->facts = (struct plm_facts){.ctx = &ctx,
                                  .opt = &w->opt,
                                  .arena = w->arena,
                                  .root_fd = w->fd,
                                  .report = w->report,
                                  .scanned_host = PLM_NONE};
}

static void end(struct world *w)
{
    char rm[] = "rm", option[] = "-rf";
    char *const argv[] = {rm, option, w->dir, NULL};
    int status;
    free(plm_test_output(argv, &status));
    close(w->fd);
    plm_report_free(w->report);
    plm_arena_free(w->arena);
}

static struct plm_daemon *add_daemon(struct world *w)
{
    struct plm_daemon *d = plm_vec_push(w->arena, &w->facts.daemons);
    assert_non_null(d);
    *d = (struct plm_daemon){.endpoint = PLM_SV("unix:///run/docker.sock"),
                             .product = PLM_SV("docker"),
                             .is_answering = true,
                             .socket_path = PLM_SV("/run/docker.sock"),
                             .socket_ino = 1,
                             .config_path = PLM_SV("/etc/docker/daemon.json"),
                             .root_dir = PLM_SV("/var/lib/docker")};
    return d;
}

static void add_setting(struct world *w, struct plm_daemon *d, const char *name, const char *value)
{
    struct plm_setting *s = plm_vec_push(w->arena, &d->settings);
    assert_non_null(s);
    *s =
        (struct plm_setting){.name = plm_sv_from(name), .value = plm_sv_from(value), .where = PLM_SV("argv")};
}

/* Judges one check; the row of an object (NULL: the only one). */
static const struct plm_check_row *judge(struct world *w, const char *id, const char *object)
{
    const struct plm_check_row *found = NULL;
    w->check = plm_sv_from(id);
    w->opt.checks.v = &w->check;
    w->opt.checks.n = 1;
    size_t before = w->report->checks.n, n = 0;
    assert_int_equal(plm_audit_judge(&w->facts, NULL), 0);
    for (size_t i = before; i < w->report->checks.n; i++) {
        const struct plm_check_row *row = &w->report->checks.v[i];
        if (!plm_sv_is(row->id, id) || (object && !plm_sv_is(row->object, object)))
            continue;
        found = row;
        n++;
    }
    if (n != 1)
        fail_msg("%s: %zu rows for %s", id, n, object ? object : "anything");
    return found;
}

static void expect(struct world *w, const char *id, const char *object, enum plm_outcome outcome,
                   const char *evidence)
{
    const struct plm_check_row *row = judge(w, id, object);
    plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(PLM_MIB(1));
    for (size_t i = 0; i < row->evidence.n; i++)
        plm_buf_printf(&b, "%.*s\n", PLM_SV_ARG(row->evidence.v[i]));
    if (row->outcome != outcome || (evidence && !plm_sv_has(plm_buf_sv(&b), plm_sv_from(evidence))))
        fail_msg("%s of %s: %s, wanted %s with \"%s\"; evidence:\n%s", id, object ? object : "-",
                 plm_outcome_name(row->outcome), plm_outcome_name(outcome), evidence ? evidence : "",
                 plm_buf_cstr(&b));
}

static void expect_fix(struct world *w, const char *id, const char *fix)
{
    const struct plm_finding *found = NULL;
    for (size_t i = 0; i < w->report->findings.n; i++)
        if (plm_sv_is(w->report->findings.v[i].id, id))
            found = &w->report->findings.v[i];
    assert_non_null(found);
    if (!plm_sv_has(found->remediation, plm_sv_from(fix)))
        fail_msg("%s: fix \"%.*s\", wanted \"%s\"", id, PLM_SV_ARG(found->remediation), fix);
}

#define NEEDS_ROOT()                                                                                         \
    do {                                                                                                     \
        (void)state;                                                                                         \
        if (geteuid() != 0)                                                                                  \
            plm_test_skip("owners are set by root only");                                                    \
    } while (0)

static void test_modes(void **state)
{
    NEEDS_ROOT();
    static const struct {
        unsigned mode;
        enum plm_outcome wanted;
    } rows[] = {{0644, PLM_OUT_PASS},  {0600, PLM_OUT_PASS},  {0400, PLM_OUT_PASS}, {0, PLM_OUT_PASS},
                {0444, PLM_OUT_PASS},  {0602, PLM_OUT_FAIL},  {0577, PLM_OUT_FAIL}, {0606, PLM_OUT_FAIL},
                {0664, PLM_OUT_FAIL},  {0666, PLM_OUT_FAIL},  {0645, PLM_OUT_FAIL}, {0755, PLM_OUT_FAIL},
                {02644, PLM_OUT_FAIL}, {04644, PLM_OUT_FAIL}, {01644, PLM_OUT_FAIL}};
    struct world w;
    begin(&w);
    put(&w, "etc/default/docker", "", 0644);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        set_mode(&w, "etc/default/docker", rows[i].mode);
        plm_sv text = plm_arena_printf(w.arena, "mode 0%03o", rows[i].mode);
        expect(&w, "3.20", "/etc/default/docker", rows[i].wanted, text.p);
    }
    set_mode(&w, "etc/default/docker", 0602);
    expect(&w, "3.20", "/etc/default/docker", PLM_OUT_FAIL, "others may write");
    expect_fix(&w, "3.20", "chmod 0600 /etc/default/docker");
    end(&w);
}

static void test_owner_and_absence(void **state)
{
    NEEDS_ROOT();
    struct world w;
    begin(&w);
    expect(&w, "3.19", NULL, PLM_OUT_NA, "there is no /etc/default/docker");
    expect(&w, "3.22", NULL, PLM_OUT_NA, NULL);
    expect(&w, "3.14", NULL, PLM_OUT_NA, NULL);
    put(&w, "etc/default/docker", "", 0644);
    expect(&w, "3.19", "/etc/default/docker", PLM_OUT_PASS, "root(0):root(0)");
    assert_int_equal(fchownat(w.fd, "etc/default/docker", 0, 50, 0), 0);
    expect(&w, "3.19", "/etc/default/docker", PLM_OUT_FAIL, "root(0):staff(50)");
    assert_int_equal(fchownat(w.fd, "etc/default/docker", 1000, 0, 0), 0);
    expect(&w, "3.19", "/etc/default/docker", PLM_OUT_FAIL, "alice(1000)");
    expect_fix(&w, "3.19", "chown 0 /etc/default/docker");
    end(&w);
}

static void test_parents_and_links(void **state)
{
    NEEDS_ROOT();
    struct world w;
    begin(&w);
    put(&w, "srv/conf/docker", "", 0644);
    make_dirs(&w, "etc/default");
    assert_int_equal(symlinkat("../../srv/conf/docker", w.fd, "etc/default/docker"), 0);
    expect(&w, "3.20", "/etc/default/docker", PLM_OUT_PASS, "a link to /srv/conf/docker");
    set_mode(&w, "srv/conf", 0775);
    expect(&w, "3.20", "/etc/default/docker", PLM_OUT_FAIL, "directory /srv/conf above it: mode 0775");
    expect_fix(&w, "3.20", "chmod go-w /srv/conf");
    set_mode(&w, "srv/conf", 0755);
    set_mode(&w, "etc/default", 0757); /* the directory that holds the link counts as well */
    expect(&w, "3.20", "/etc/default/docker", PLM_OUT_FAIL, "directory /etc/default above it");
    set_mode(&w, "etc/default", 01777); /* sticky: only owners replace entries */
    expect(&w, "3.20", "/etc/default/docker", PLM_OUT_PASS, NULL);
    set_mode(&w, "etc/default", 0755);
    assert_int_equal(fchownat(w.fd, "srv", 1001, 0, 0), 0);
    expect(&w, "3.20", "/etc/default/docker", PLM_OUT_FAIL, "its owner may replace what is in it");
    end(&w);
}

static void test_acl(void **state)
{
    NEEDS_ROOT();
    struct world w;
    begin(&w);
    put(&w, "etc/default/docker", "", 0644);
    plm_sv path = plm_arena_printf(w.arena, "%s/etc/default/docker", w.dir);
    char set[] = "setfacl", option[] = "-m", spec[] = "u:1000:rw", *target = plm_arena_cstr(w.arena, path);
    char *const argv[] = {set, option, spec, target, NULL};
    int status = 1;
    char *text = plm_test_output(argv, &status);
    free(text);
    if (!text || status) {
        end(&w);
        plm_test_skip("no setfacl (package acl), or a file system without ACLs");
    }
    expect(&w, "3.20", "/etc/default/docker", PLM_OUT_FAIL, "ACL user:alice(1000):rw-");
    expect_fix(&w, "3.20", "setfacl -b /etc/default/docker");
    char masked[] = "m::r";
    char *const mask[] = {set, option, masked, target, NULL};
    free(plm_test_output(mask, &status));
    expect(&w, "3.20", "/etc/default/docker", PLM_OUT_PASS, "ACL user:alice(1000):r--");
    end(&w);
}

static void test_daemon_files(void **state)
{
    NEEDS_ROOT();
    struct world w;
    begin(&w);
    struct plm_daemon *d = add_daemon(&w);
    d->has_config_file = true;
    put(&w, "run/docker.sock", "", 0660);
    assert_int_equal(fchownat(w.fd, "run/docker.sock", 0, 998, 0), 0);
    put(&w, "srv/docker.sock", "", 0666);
    put(&w, "etc/docker/daemon.json", "{}", 0644);
    put(&w, "etc/docker/key.pem", "", 0600);
    put(&w, "etc/docker/certs.d/registry:5000/ca.crt", "", 0444);
    put(&w, "etc/docker/certs.d/registry:5000/client.key", "", 0440);
    add_setting(&w, d, "hosts", "unix:///srv/docker.sock");
    add_setting(&w, d, "tlsverify", "true");
    add_setting(&w, d, "tlskey", "/etc/docker/key.pem");
    expect(&w, "3.15", "/run/docker.sock", PLM_OUT_PASS, "root(0):docker(998)");
    expect(&w, "3.16", "/run/docker.sock", PLM_OUT_PASS, NULL);
    expect(&w, "3.16", "/srv/docker.sock", PLM_OUT_FAIL, "mode 0666");
    assert_int_equal(judge(&w, "3.16", "/srv/docker.sock")->severity, PLM_SEV_CRITICAL);
    expect(&w, "3.14", "/etc/docker/key.pem", PLM_OUT_FAIL, "mode 0600, at most 0400");
    assert_int_equal(judge(&w, "3.14", "/etc/docker/key.pem")->severity, PLM_SEV_LOW);
    expect(&w, "F6", "/etc/docker/key.pem", PLM_OUT_PASS, NULL);
    expect(&w, "3.8", "/etc/docker/certs.d/registry:5000/ca.crt", PLM_OUT_PASS, NULL);
    expect(&w, "3.8", "/etc/docker/certs.d/registry:5000/client.key", PLM_OUT_FAIL, "the group may read");
    expect(&w, "3.18", "/etc/docker/daemon.json", PLM_OUT_PASS, "at most 0644");
    plm_auto(plm_json_free) struct plm_json *doc = plm_json_parse(
        PLM_SV("{\"proxies\":{\"http-proxy\":\"http://u:p@proxy:3128\"}}"), "x", &plm_limits_default, NULL);
    d->config.root = plm_json_root(doc);
    expect(&w, "3.18", "/etc/docker/daemon.json", PLM_OUT_FAIL, "holds a secret (proxies.http-proxy)");
    expect_fix(&w, "3.18", "chmod 0600 /etc/docker/daemon.json");
    end(&w);
}

static void test_more_files(void **state)
{
    NEEDS_ROOT();
    struct world w;
    begin(&w);
    (void)add_daemon(&w);
    make_dirs(&w, "var/lib/docker/containers/abc");
    set_mode(&w, "var/lib/docker", 0710);
    set_mode(&w, "var/lib/docker/containers/abc", 0710);
    put(&w, "var/lib/docker/containers/abc/config.v2.json", "{}", 0600);
    expect(&w, "F1", "/var/lib/docker", PLM_OUT_PASS, NULL);
    set_mode(&w, "var/lib/docker/containers/abc/config.v2.json", 0644);
    expect(&w, "F1", "/var/lib/docker/containers/abc/config.v2.json", PLM_OUT_FAIL, "others may read");
    set_mode(&w, "var/lib/docker", 0755);
    expect(&w, "F1", "/var/lib/docker", PLM_OUT_FAIL, "at most 0710");
    expect(&w, "F2", NULL, PLM_OUT_NA, NULL);
    put(&w, "home/alice/.docker/config.json", "{\"credsStore\":\"pass\",\"auths\":{\"r\":{}}}", 0600);
    assert_int_equal(fchownat(w.fd, "home/alice/.docker/config.json", 1000, 998, 0), 0);
    expect(&w, "F2", "/home/alice/.docker/config.json", PLM_OUT_PASS, NULL);
    put(&w, "home/alice/.docker/config.json", "{\"auths\":{\"registry.example\":{\"auth\":\"YTpi\"}}}", 0600);
    expect(&w, "F2", "/home/alice/.docker/config.json", PLM_OUT_FAIL, "registry.example");
    put(&w, "etc/docker/plugins/vol.spec", "unix:///x", 0664);
    expect(&w, "F3", "/etc/docker/plugins/vol.spec", PLM_OUT_FAIL, "the group may write");
    put(&w, "etc/cni/net.d/10.conf", "{}", 0646);
    expect(&w, "F4", "/etc/cni/net.d/10.conf", PLM_OUT_FAIL, "others may write");
    expect(&w, "F4", "/etc/cni", PLM_OUT_PASS, NULL);
    expect(&w, "F5", NULL, PLM_OUT_NA, NULL);
    make_dirs(&w, "var/lib/docker/swarm/certificates");
    set_mode(&w, "var/lib/docker/swarm", 0700);
    put(&w, "var/lib/docker/swarm/certificates/swarm-node.key", "", 0644);
    put(&w, "var/lib/docker/swarm/certificates/swarm-node.crt", "", 0644);
    expect(&w, "F6", "/var/lib/docker/swarm", PLM_OUT_PASS, NULL);
    expect(&w, "F6", "/var/lib/docker/swarm/certificates/swarm-node.key", PLM_OUT_FAIL, "others may read");
    end(&w);
}

/* ---- who reaches the socket -------------------------------------------------------------------------- */

static void test_users(void **state)
{
    NEEDS_ROOT();
    struct world w;
    begin(&w);
    expect(&w, "1.1.2", "alice", PLM_OUT_FAIL, "primary group of docker"); /* a disk without an engine */
    (void)add_daemon(&w);
    put(&w, "run/docker.sock", "", 0660);
    assert_int_equal(fchownat(w.fd, "run/docker.sock", 0, 998, 0), 0);
    put(&w, "etc/sudoers", "bob ALL = NOPASSWD: /usr/bin/docker run *\nroot ALL = ALL\n", 0440);
    expect(&w, "1.1.2", "alice", PLM_OUT_FAIL, "primary group docker(998) (/etc/passwd line 2)");
    expect(&w, "1.1.2", "bob", PLM_OUT_FAIL, "member of docker(998) (/etc/group)");
    expect(&w, "1.1.2", "bob", PLM_OUT_FAIL,
           "/etc/sudoers:1: sudo runs /usr/bin/docker run * as root without a password");
    expect(&w, "H-GROUP", "docker", PLM_OUT_FAIL, "alice by its primary group");
    expect(&w, "H-SOCK", "/run/docker.sock", PLM_OUT_MANUAL, "2 users beside root");
    plm_sv trusted[] = {PLM_SV("alice"), PLM_SV("b*")};
    w.opt.expect.trusted_users.v = trusted;
    w.opt.expect.trusted_users.n = 2;
    expect(&w, "1.1.2", "alice", PLM_OUT_PASS, NULL);
    expect(&w, "1.1.2", "bob", PLM_OUT_PASS, NULL);
    expect(&w, "H-GROUP", "docker", PLM_OUT_PASS, NULL);
    w.opt.expect.trusted_users.n = 0;
    set_mode(&w, "run", 0700); /* nobody walks there */
    put(&w, "etc/sudoers", "root ALL = ALL\n", 0440);
    expect(&w, "1.1.2", NULL, PLM_OUT_PASS, "nobody but root");
    set_mode(&w, "run", 0755);
    set_mode(&w, "run/docker.sock", 0606);
    expect(&w, "H-SOCK", "/run/docker.sock", PLM_OUT_FAIL, "every process");
    end(&w);
}

static void test_users_of_other_sources(void **state)
{
    NEEDS_ROOT();
    struct world w;
    begin(&w);
    (void)add_daemon(&w);
    put(&w, "run/docker.sock", "", 0600);
    put(&w, "etc/nsswitch.conf", "passwd: files sss\ngroup: files sss\n", 0644);
    expect(&w, "1.1.2", "host", PLM_OUT_UNKNOWN, "sss");
    expect(&w, "H-GROUP", "docker", PLM_OUT_FAIL, "sss");
    end(&w);
}

/* ---- audit rules of a recorded tree ------------------------------------------------------------------- */

static void test_auditd(void **state)
{
    (void)state;
    struct world w;
    begin(&w);
    make_dirs(&w, "etc/docker");
    expect(&w, "1.1.6", "/etc/docker", PLM_OUT_FAIL, "no audit daemon");
    expect(&w, "1.1.13", NULL, PLM_OUT_NA, "not on this machine");
    put(&w, "usr/sbin/auditd", "", 0755);
    expect(&w, "1.1.6", "/etc/docker", PLM_OUT_FAIL, "no rule for /etc/docker");
    expect_fix(&w, "1.1.6", "-w /etc/docker -p wa -k docker");
    put(&w, "etc/audit/rules.d/docker.rules", "-w /etc/docker -p wa -k docker\n", 0640);
    expect(&w, "1.1.6", "/etc/docker", PLM_OUT_PASS, "/etc/audit/rules.d/docker.rules:1");
    put(&w, "etc/audit/audit.rules", "-D\n-w /etc/docker -p wa\n-e 2\n", 0640);
    expect(&w, "1.1.6", "/etc/docker", PLM_OUT_PASS, "locked");
    put(&w, "etc/audit/audit.rules", "-a never,exit -F dir=/etc\n-w /etc/docker -p wa\n", 0640);
    put(&w, "etc/audit/rules.d/docker.rules", "", 0640);
    expect(&w, "1.1.6", "/etc/docker", PLM_OUT_FAIL, "comes first and takes it away");
    put(&w, "usr/bin/containerd", "", 0755);
    put(&w, "etc/audit/audit.rules", "-w /usr/bin/containerd-shim -p wa\n", 0640);
    expect(&w, "1.1.14", "/usr/bin/containerd", PLM_OUT_FAIL, "no rule");
    make_dirs(&w, "srv/lib");
    assert_int_equal(symlinkat("/run", w.fd, "var"), 0);
    make_dirs(&w, "run/lib/docker");
    put(&w, "etc/audit/audit.rules", "-w /var/lib/docker -p wa\n", 0640); /* the rule by the link, too */
    expect(&w, "1.1.5", "/var/lib/docker", PLM_OUT_PASS, NULL);
    end(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_modes),        cmocka_unit_test(test_owner_and_absence),
        cmocka_unit_test(test_acl),          cmocka_unit_test(test_parents_and_links),
        cmocka_unit_test(test_daemon_files), cmocka_unit_test(test_more_files),
        cmocka_unit_test(test_users),        cmocka_unit_test(test_users_of_other_sources),
        cmocka_unit_test(test_auditd)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
