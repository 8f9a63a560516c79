/* SPDX-License-Identifier: Apache-2.0
 *
 * The repository feed against small signed repositories that make_repos.py builds with gpg,
 * dpkg-deb, rpmbuild, createrepo_c and openssl, and serves on the loopback interface.
 */
#include "../base/skip.h"
#include "base/fs.h"
#include "repo/repo.h"

#include <fcntl.h>
#include <ftw.h>
#include <setjmp.h>
#include <signal.h>
#include <spawn.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/wait.h>

#include <cmocka.h>

extern char **environ;

static struct {
    char dir[64], lib[512];
    pid_t pid;
    int hold; /* write end: closing it ends the server */
    unsigned port;
} srv;

static int remove_one(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
    (void)st, (void)flag, (void)ftw;
    return remove(path);
}

/* Starts the server; 0 and srv.port, or 0 and no port where a tool is missing. */
static int start(void **state)
{
    (void)state;
    int in[2], out[2];
    snprintf(srv.dir, sizeof(srv.dir), "/tmp/plimsoll-test-repo.XXXXXX");
    const char *binary = getenv("PLIMSOLL_BINARY");
    if (!mkdtemp(srv.dir) || pipe2(in, O_CLOEXEC) < 0 || pipe2(out, O_CLOEXEC) < 0 || !binary)
        return -1;
    snprintf(srv.lib, sizeof(srv.lib), "%.*s", (int)(strrchr(binary, '/') - binary), binary);
    char folder[96], script[512];
    snprintf(folder, sizeof(folder), "%s/www", srv.dir);
    snprintf(script, sizeof(script), "%s/make_repos.py", PLM_TEST_DATA);
    const char *argv[] = {"/usr/bin/python3", script, folder, NULL};
    posix_spawn_file_actions_t acts;
    posix_spawn_file_actions_init(&acts);
    posix_spawn_file_actions_adddup2(&acts, in[0], 0);
    posix_spawn_file_actions_adddup2(&acts, out[1], 1);
    if (posix_spawn(&srv.pid, argv[0], &acts, NULL, (char *const *)(uintptr_t)argv, environ) != 0)
        return -1;
    posix_spawn_file_actions_destroy(&acts);
    close(in[0]);
    close(out[1]);
    srv.hold = in[1];
    char line[128] = "";
    FILE *f = fdopen(out[0], "r");
    if (!f || !fgets(line, sizeof(line), f))
        return -1;
    (void)sscanf(line, "READY %u", &srv.port);
    if (!srv.port)
        fprintf(stderr, "skipped: %s", line);
    fclose(f);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    close(srv.hold);
    while (waitpid(srv.pid, NULL, 0) < 0 && errno == EINTR)
        ;
    nftw(srv.dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    return 0;
}

/* ---- a scan ---------------------------------------------------------------------------------------- */

struct scan {
    struct plm_ctx ctx;
    struct plm_repo_options opt;
    struct plm_repo_outcome got;
    struct plm_report *r;
    char cache[96], root[96], url[8][160];
};

static struct plm_package *add(struct scan *s, const char *type, const char *name, const char *version,
                               const char *source, const char *source_version, const char *arch)
{
    struct plm_package *p = plm_report_package(s->r, 0);
    assert_non_null(p);
    p->type = plm_sv_from(type);
    p->name = plm_sv_from(name);
    p->version = plm_sv_from(version);
    p->source_name = plm_sv_from(source);
    p->source_version = plm_sv_from(source_version);
    p->arch = plm_sv_from(arch);
    return p;
}

static void begin(struct scan *s, const char *distro, const char *version, const char *cache)
{
    if (!srv.port)
        skip(); /* the reason was printed by the start */
    *s = (struct scan){.ctx = PLM_CTX_INIT};
    snprintf(s->cache, sizeof(s->cache), "%s/cache-%s", srv.dir, cache);
    snprintf(s->root, sizeof(s->root), "%s/empty", srv.dir);
    assert_int_equal(plm_fs_mkdirs(s->root, 0, NULL), 0);
    s->ctx.cache_dir = s->cache;
    s->ctx.lib_dir = srv.lib;
    s->opt.apt_root = plm_sv_from(s->root);
    s->opt.outcome = &s->got;
    s->r = plm_report_new(NULL);
    assert_non_null(s->r);
    struct plm_target *t = plm_report_target(s->r);
    t->id = PLM_SV("test");
    t->distro.id = plm_sv_from(distro);
    t->distro.version = plm_sv_from(version);
}

static void mirror(struct scan *s, const char *distro, const char *kind, const char *folder, const char *key)
{
    size_t i = s->opt.mirrors.n;
    snprintf(s->url[2 * i], sizeof(s->url[0]), "http://127.0.0.1:%u/%s", srv.port, folder);
    snprintf(s->url[2 * i + 1], sizeof(s->url[0]), "%s/www/%s", srv.dir, key);
    struct plm_repo_mirror *m = plm_vec_push(s->r->arena, &s->opt.mirrors);
    assert_non_null(m);
    *m = (struct plm_repo_mirror){
        .distro = plm_sv_from(distro), .kind = plm_sv_from(kind), .url = plm_sv_from(s->url[2 * i])};
    if (key[0])
        m->keyring = plm_sv_from(s->url[2 * i + 1]);
}

static void scan(struct scan *s)
{
    plm_err *err = NULL;
    if (plm_repo_scan(&s->ctx, &s->opt, s->r, 0, &err) < 0) {
        plm_auto_free char *text = plm_err_text(err);
        fail_msg("%s", text);
    }
}

static void end(struct scan *s)
{
    plm_report_free(s->r);
}

static const struct plm_finding *find(const struct scan *s, const char *id, const char *package)
{
    const struct plm_finding *found = NULL;
    for (size_t i = 0; i < s->r->findings.n; i++) {
        const struct plm_finding *f = &s->r->findings.v[i];
        if (plm_sv_is(f->id, id) && plm_sv_is(s->r->packages.v[f->package].name, package)) {
            assert_null(found); /* one per (id, package) */
            found = f;
        }
    }
    return found;
}

static const struct plm_diagnostic *diag(const struct scan *s, const char *code)
{
    for (size_t i = 0; i < s->r->diagnostics.n; i++)
        if (plm_sv_is(s->r->diagnostics.v[i].code, code))
            return &s->r->diagnostics.v[i];
    return NULL;
}

static void add_debian(struct scan *s)
{
    add(s, "deb", "alpha", "1.0-1+deb12u1", "alpha", "1.0-1+deb12u1", "amd64");
    add(s, "deb", "libalpha1", "1.0-1", "alpha", "1.0-1", "amd64");
    add(s, "deb", "beta", "2.0", "beta", "2.0", "amd64");
    add(s, "deb", "gamma", "1:3.0-1", "gamma", "3.0-1", "amd64");
    add(s, "deb", "delta", "4.0-1", "delta", "4.0-1", "amd64");
    add(s, "deb", "epsilon", "5.0", "epsilon", "5.0", "amd64");
    add(s, "deb", "zeta", "6.0-1", "zeta", "6.0-1", "amd64");
    add(s, "deb", "eta", "7.0-1", "eta", "7.0-1", "amd64");
    add(s, "deb", "kern-image-5.1", "5.1-1", "kern", "5.1-1", "amd64");
    add(s, "deb", "java", "17.1-1~deb12u1", "java", "17.1-1~deb12u1", "amd64");
    add(s, "deb", "removed", "0.1", "alpha", "0.1", "amd64")->status = PLM_SV("config-files");
}

static void check_debian(const struct scan *s)
{
    static const struct {
        const char *id, *package, *fixed;
    } want[] = {
        {"CVE-2024-1111", "alpha", "1.0-1+deb12u2"},
        {"CVE-2024-2222", "alpha", "1.0-1+deb12u2"},
        {"CVE-2024-1111", "libalpha1", "1.0-1+deb12u2"},
        {"CVE-2024-2222", "libalpha1", "1.0-1+deb12u2"},
        {"CVE-2024-1000", "libalpha1", "1.0-1+deb12u1"},
        {"CVE-2024-1001", "libalpha1", "1.0-1+deb12u1"},
        {"SECURITY-UPDATE:beta", "beta", "2.1"},
        {"CVE-2024-3333", "gamma", "3.1-1"},
        {"CVE-2024-4444", "delta", "4.1-1"},
        {"CVE-2024-6666", "zeta", "6.1-1"},
        {"CVE-2024-5555", "kern-image-5.1", "5.2-1"},
        {"CVE-2024-1702", "java", "17.2-1~deb12u1"},
    };
    for (size_t i = 0; i < sizeof(want) / sizeof(want[0]); i++) {
        const struct plm_finding *f = find(s, want[i].id, want[i].package);
        if (!f)
            fail_msg("%s of %s is missing", want[i].id, want[i].package);
        assert_int_equal(f->fix, PLM_FIX_FIXED);
        assert_true(plm_sv_is(f->fix_versions.v[0], want[i].fixed));
        assert_int_equal(f->severity, PLM_SEV_UNKNOWN);
        assert_true(plm_sv_is(f->matched.v[0].feed, "repo"));
        assert_true(f->evidence.n >= 2);
    }
    assert_int_equal(s->r->findings.n, sizeof(want) / sizeof(want[0]));
    assert_int_equal(s->got.outdated, 9);
}

/* ---- tests -------------------------------------------------------------------------------------------- */

static void changelogs_name_the_cves_of_outdated_packages(void **state)
{
    (void)state;
    struct scan s;
    begin(&s, "debian", "12", "main");
    add_debian(&s);
    mirror(&s, "debian", "security", "debian-security", "good.asc");
    mirror(&s, "debian", "main", "debian", "good.gpg");
    scan(&s);
    check_debian(&s);
    assert_true(s.got.is_covered);
    assert_int_equal(s.r->feeds.n, 1);
    assert_true(s.r->feeds.v[0].as_of > 0);
    const struct plm_finding *f = find(&s, "CVE-2024-1111", "alpha");
    assert_true(plm_sv_is(f->matched.v[0].record, "bookworm-security alpha 1.0-1+deb12u2"));
    assert_true(plm_sv_is(f->matched.v[0].range, "< 1.0-1+deb12u2"));
    assert_int_equal(f->fix_date, 1697900126); /* date -d 'Sat, 21 Oct 2023 16:55:26 +0200' +%s */
    assert_non_null(diag(&s, "repo.scope"));
    end(&s);

    begin(&s, "debian", "12", "main"); /* offline, everything cached: the same */
    s.ctx.offline = true;
    add_debian(&s);
    mirror(&s, "debian", "security", "debian-security", "good.asc");
    mirror(&s, "debian", "main", "debian", "good.gpg");
    scan(&s);
    check_debian(&s);
    assert_null(diag(&s, "repo.offline"));
    end(&s);
}

static void machine_sources_are_used_and_foreign_vendors_are_not(void **state)
{
    (void)state;
    struct scan s;
    begin(&s, "debian", "12", "machine");
    char root[128];
    snprintf(root, sizeof(root), "%s/www/root", srv.dir);
    s.opt.apt_root = plm_sv_from(root);
    s.opt.is_host = true;
    add_debian(&s);
    scan(&s);
    check_debian(&s);
    const struct plm_diagnostic *d = diag(&s, "repo.skipped-source");
    assert_non_null(d);
    end(&s);
}

static void nothing_is_known_offline_without_a_cache(void **state)
{
    (void)state;
    struct scan s;
    begin(&s, "debian", "12", "nothing");
    s.ctx.offline = true;
    add_debian(&s);
    mirror(&s, "debian", NULL, "debian-security", "good.gpg");
    scan(&s);
    assert_int_equal(s.r->findings.n, 0);
    assert_false(s.got.is_covered);
    assert_non_null(diag(&s, "repo.offline"));
    assert_null(diag(&s, "repo.scope"));
    end(&s);
}

static void no_mirror_names_the_key(void **state)
{
    (void)state;
    struct scan s;
    begin(&s, "debian", "12", "none");
    add_debian(&s);
    scan(&s);
    assert_int_equal(s.r->findings.n, 0);
    const struct plm_diagnostic *d = diag(&s, "repo.no-mirror");
    assert_non_null(d);
    assert_true(plm_sv_has(d->hint, PLM_SV("repo.mirrors")));
    end(&s);
}

static void unverified_indices_are_refused_and_said(void **state)
{
    (void)state;
    static const struct {
        const char *folder, *code, *text;
        bool allow;
        bool is_used;
    } rows[] = {
        {"unsigned", "repo.unverified", "not signed", false, false},
        {"unsigned", "repo.unverified", "not signed", true, true},
        {"wrongkey", "repo.unverified", "not in the keyring", false, false},
        {"wrongkey", "repo.unverified", "not in the keyring", true, true},
        {"expired", "repo.stale", "valid until 2025-11-02T00:00:00Z", false, true},
        {"badhash", "repo.bad-index", "not the file that the Release lists", false, false},
        {"badhash", "repo.bad-index", "not the file that the Release lists", true, false},
        {"short", "repo.bad-index", "40 bytes", false, false},
        {"cut", "repo.bad-index", "", false, false},
        {"absent", "repo.unreachable", "127.0.0.1", false, false},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct scan s;
        char cache[32];
        snprintf(cache, sizeof(cache), "refuse%zu", i);
        begin(&s, "debian", "12", cache);
        add_debian(&s);
        s.opt.allow_unverified = rows[i].allow;
        mirror(&s, "debian", "security", rows[i].folder, "good.gpg");
        scan(&s);
        const struct plm_diagnostic *d = diag(&s, rows[i].code);
        if (!d || !plm_sv_has(d->message, plm_sv_from(rows[i].text)))
            fail_msg("%s: %.*s", rows[i].folder, PLM_SV_ARG(d ? d->message : PLM_SV("no diagnostic")));
        if (s.got.is_covered != rows[i].is_used || (s.r->findings.n > 0) != rows[i].is_used)
            fail_msg("%s: used %d, %zu findings", rows[i].folder, s.got.is_covered, s.r->findings.n);
        end(&s);
    }
}

static void a_second_mirror_stands_in_for_a_broken_one(void **state)
{
    (void)state;
    struct scan s;
    begin(&s, "debian", "12", "second");
    add_debian(&s);
    mirror(&s, "debian", "security", "badhash", "good.gpg");
    mirror(&s, "debian", "security", "debian-security", "good.gpg");
    mirror(&s, "debian", "main", "debian", "good.gpg");
    scan(&s);
    check_debian(&s);
    assert_non_null(diag(&s, "repo.bad-index"));
    end(&s);
}

static void sources_of_an_image_may_not_lead_inside(void **state)
{
    (void)state;
    struct scan s;
    begin(&s, "debian", "12", "image");
    char root[128];
    snprintf(root, sizeof(root), "%s/www/root", srv.dir);
    s.opt.root = plm_sv_from(root);
    add_debian(&s);
    scan(&s); /* not asked for: not even looked at */
    assert_non_null(diag(&s, "repo.no-mirror"));
    assert_int_equal(s.r->findings.n, 0);
    end(&s);
    begin(&s, "debian", "12", "image");
    s.opt.root = plm_sv_from(root);
    s.opt.from_image = true;
    add_debian(&s);
    scan(&s);
    const struct plm_diagnostic *d = diag(&s, "repo.unreachable");
    assert_non_null(d);
    assert_true(plm_sv_has(d->message, PLM_SV("public")));
    assert_int_equal(s.r->findings.n, 0);
    end(&s);
}

static void another_feed_s_finding_gets_provenance_only(void **state)
{
    (void)state;
    struct scan s;
    begin(&s, "debian", "12", "main");
    add_debian(&s);
    mirror(&s, "debian", "security", "debian-security", "good.asc");
    struct plm_finding *f = plm_report_finding(s.r, 0, PLM_KIND_VULNERABILITY);
    f->id = PLM_SV("CVE-2024-1111");
    f->package = 0;
    f->severity = PLM_SEV_HIGH;
    struct plm_matched *m = plm_vec_push(s.r->arena, &f->matched);
    m->feed = PLM_SV("debian-dsa");
    scan(&s);
    const struct plm_finding *now = find(&s, "CVE-2024-1111", "alpha");
    assert_int_equal(now->severity, PLM_SEV_HIGH);
    assert_int_equal(now->matched.n, 2);
    assert_true(plm_sv_is(now->matched.v[1].feed, "repo"));
    end(&s);
}

static void updateinfo_gives_advisories_by_version_arch_and_module(void **state)
{
    (void)state;
    struct scan s;
    begin(&s, "fedora", "40", "rpm");
    char md[128];
    snprintf(md, sizeof(md), "%s/www/rpm", srv.dir);
    if (access(md, F_OK) < 0) {
        end(&s);
        plm_test_skip("createrepo_c is not installed");
    }
    add(&s, "rpm", "tool", "1:2.0-1", "tool", "1:2.0-1", "noarch");
    add(&s, "rpm", "nodejs", "1:18.4-1", "nodejs", "1:18.4-1", "x86_64"); /* not of the module */
    mirror(&s, "fedora", NULL, "rpm", "good.gpg");
    scan(&s);
    const struct plm_finding *f = find(&s, "CVE-2024-7001", "tool");
    assert_non_null(f);
    assert_true(plm_sv_is(f->fix_versions.v[0], "1:2.0-2")); /* the first that fixed it */
    assert_true(plm_sv_is(f->matched.v[0].record, "TSA-2024:1"));
    assert_int_equal(f->severity, PLM_SEV_HIGH);
    assert_non_null(find(&s, "CVE-2024-7002", "tool"));
    assert_int_equal(s.r->findings.n, 2);
    assert_true(s.got.is_covered);
    end(&s);

    begin(&s, "fedora", "40", "rpm2");
    add(&s, "rpm", "tool", "1:2.0-3", "tool", "1:2.0-3", "noarch");
    add(&s, "rpm", "nodejs", "1:18.4-1", "nodejs", "1:18.4-1", "x86_64")->modularity =
        PLM_SV("nodejs:18:1:c");
    mirror(&s, "fedora", NULL, "rpm", "good.gpg");
    scan(&s);
    assert_non_null(find(&s, "CVE-2024-7004", "nodejs"));
    assert_int_equal(s.r->findings.n, 1);
    end(&s);

    begin(&s, "fedora", "40", "rpm3");
    add(&s, "rpm", "tool", "1:2.0-1", "tool", "1:2.0-1", "noarch");
    mirror(&s, "fedora", NULL, "rpm", "other.gpg");
    scan(&s);
    assert_int_equal(s.r->findings.n, 0);
    assert_non_null(diag(&s, "repo.unverified"));
    end(&s);
}

static void an_apkindex_only_tells_of_newer_builds(void **state)
{
    (void)state;
    static const struct {
        const char *folder, *code;
    } rows[] = {{"apk-rsa", "repo.newer-build"},
                {"apk-rsa256", "repo.newer-build"},
                {"apk-bad-rsa", "repo.unverified"},
                {"apk-bad-rsa256", "repo.unverified"}};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct scan s;
        char folder[64], root[128];
        begin(&s, "alpine", "3.18.4", rows[i].folder);
        snprintf(folder, sizeof(folder), "%s/v3.18/main", rows[i].folder);
        snprintf(root, sizeof(root), "%s/www/root", srv.dir);
        s.opt.apt_root = plm_sv_from(root);
        add(&s, "apk", "musl", "1.2.4-r2", "musl", "1.2.4-r2", "x86_64");
        add(&s, "apk", "busybox", "1.36.1-r5", "busybox", "1.36.1-r5", "x86_64");
        mirror(&s, "alpine", NULL, folder, "");
        scan(&s);
        assert_int_equal(s.r->findings.n, 0);
        const struct plm_diagnostic *d = diag(&s, rows[i].code);
        if (!d)
            fail_msg("%s: no %s but %.*s", rows[i].folder, rows[i].code,
                     PLM_SV_ARG(s.r->diagnostics.n ? s.r->diagnostics.v[0].message : PLM_SV("nothing")));
        if (i < 2)
            assert_true(plm_sv_has(
                d->message,
                PLM_SV("1 installed packages have a newer build in the repository: musl 1.2.4-r3")));
        end(&s);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(changelogs_name_the_cves_of_outdated_packages),
        cmocka_unit_test(machine_sources_are_used_and_foreign_vendors_are_not),
        cmocka_unit_test(nothing_is_known_offline_without_a_cache),
        cmocka_unit_test(no_mirror_names_the_key),
        cmocka_unit_test(unverified_indices_are_refused_and_said),
        cmocka_unit_test(a_second_mirror_stands_in_for_a_broken_one),
        cmocka_unit_test(sources_of_an_image_may_not_lead_inside),
        cmocka_unit_test(another_feed_s_finding_gets_provenance_only),
        cmocka_unit_test(updateinfo_gives_advisories_by_version_arch_and_module),
        cmocka_unit_test(an_apkindex_only_tells_of_newer_builds),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
