/* SPDX-License-Identifier: Apache-2.0
 *
 * The catalogers against the package managers themselves: a dpkg root against dpkg-query (this
 * machine's own database), and a root that rpm fills with packages which rpmbuild made here,
 * against `rpm -qa` and `rpm -ql`. Skipped where the tools are missing.
 */
#include "../base/skip.h"
#include "harness.h"
#include "spawn.h"

#include <ftw.h>
#include <stdio.h>

/* One line a package, sorted; what the tool prints in the same shape. */
static void compare(const struct harness *h, plm_sv wanted)
{
    plm_auto(plm_arena_free) struct plm_arena *a = plm_arena_new(PLM_ARENA_NO_LIMIT);
    plm_sv_vec got = {0}, want = {0};
    for (size_t i = 0; i < h->report->packages.n; i++) {
        const struct plm_package *p = &h->report->packages.v[i];
        plm_sv_vec_add(a, &got,
                       plm_arena_printf(a, "%.*s %.*s %.*s %.*s", PLM_SV_ARG(p->name), PLM_SV_ARG(p->version),
                                        PLM_SV_ARG(p->arch), PLM_SV_ARG(p->source_name)));
    }
    for (plm_sv line; plm_sv_line(&wanted, &line);)
        plm_sv_vec_add(a, &want, line);
    plm_sv_vec_sort_unique(&got);
    plm_sv_vec_sort_unique(&want);
    assert_true(want.n > 0);
    for (size_t i = 0; i < got.n && i < want.n; i++)
        if (!plm_sv_eq(got.v[i], want.v[i]))
            fail_msg("'%.*s', but the tool says '%.*s'", PLM_SV_ARG(got.v[i]), PLM_SV_ARG(want.v[i]));
    assert_int_equal(got.n, want.n);
}

static void test_dpkg(void **state)
{
    (void)state;
    plm_auto_done(plm_buf_done) struct plm_buf wanted = PLM_BUF(PLM_MIB(16));
    const char *query[] = {"dpkg-query", "-W", "-f",
                           "${db:Status-Status} ${Package} ${Version} ${Architecture} ${source:Package}\n",
                           NULL};
    if (access("/var/lib/dpkg/status", R_OK) != 0 || spawn_read(query, &wanted) != 0) {
        plm_buf_done(&wanted);
        plm_test_skip("no dpkg database on this machine");
    }
    /* leaves out what is not installed, as the cataloger must */
    plm_auto_done(plm_buf_done) struct plm_buf installed = PLM_BUF(PLM_MIB(16));
    plm_sv rest = plm_buf_sv(&wanted), line, status;
    while (plm_sv_line(&rest, &line)) {
        plm_sv_word(&line, &status);
        if (plm_sv_is(status, "config-files") || plm_sv_is(status, "not-installed"))
            continue;
        plm_buf_sv_put(&installed, plm_sv_trim(line));
        plm_buf_byte(&installed, '\n');
    }
    struct harness h;
    harness_init(&h);
    harness_file(&h, "var/lib/dpkg/status", "/var/lib/dpkg/status");
    harness_collect(&h, 0);
    assert_int_equal(h.diags.n, 0);
    compare(&h, plm_buf_sv(&installed));
    harness_done(&h);
}

/* ---- rpm --------------------------------------------------------------------------------- */

static const char spec[] =
    "Name: thing\nEpoch: 3\nVersion: 1.2~rc1\nRelease: 4%{?dist}\nSummary: s\nLicense: MIT AND BSD\n"
    "Vendor: Somebody\nBuildArch: noarch\n%description\nd\n"
    "%package -n thing-libs\nSummary: s\nEpoch: 0\n%description -n thing-libs\nd\n"
    "%install\nmkdir -p %{buildroot}/usr/bin %{buildroot}/usr/share/thing/deep\n"
    "touch %{buildroot}/usr/bin/thing %{buildroot}/usr/share/thing/a %{buildroot}/usr/share/thing/deep/b\n"
    "%files\n/usr/bin/thing\n/usr/share/thing/a\n"
    "%files -n thing-libs\n/usr/share/thing/deep/b\n";

static int remove_entry(const char *path, const struct stat *st, int type, struct FTW *f)
{
    (void)st;
    (void)type;
    (void)f;
    return remove(path);
}

/* Builds the packages and installs them into DIR/root. False where the tools are missing. */
static bool make_root(plm_sv dir)
{
    plm_auto(plm_arena_free) struct plm_arena *a = plm_arena_new(PLM_ARENA_NO_LIMIT);
    char *spec_path = plm_arena_cstr(a, plm_arena_printf(a, "%.*s/thing.spec", PLM_SV_ARG(dir)));
    char *top = plm_arena_cstr(a, plm_arena_printf(a, "_topdir %.*s", PLM_SV_ARG(dir)));
    char *root = plm_arena_cstr(a, plm_arena_printf(a, "%.*s/root", PLM_SV_ARG(dir)));
    char *main_rpm = plm_arena_cstr(
        a, plm_arena_printf(a, "%.*s/RPMS/noarch/thing-1.2~rc1-4.noarch.rpm", PLM_SV_ARG(dir)));
    char *libs_rpm = plm_arena_cstr(
        a, plm_arena_printf(a, "%.*s/RPMS/noarch/thing-libs-1.2~rc1-4.noarch.rpm", PLM_SV_ARG(dir)));
    plm_auto_done(plm_buf_done) struct plm_buf out = PLM_BUF(PLM_MIB(1));
    FILE *f = fopen(spec_path, "we");
    assert_non_null(f);
    fputs(spec, f);
    assert_int_equal(fclose(f), 0);
    const char *build[] = {"rpmbuild", "-bb",         "--quiet", "--define", top,
                           "--define", "dist %{nil}", spec_path, NULL};
    if (spawn_read(build, &out) != 0)
        return false;
    const char *install[] = {"rpm",      "--root", root,     "--dbpath", "/var/lib/rpm",
                             "--nodeps", "-i",     main_rpm, libs_rpm,   NULL};
    return spawn_read(install, &out) == 0;
}

static size_t files_of(const struct plm_package *p, const char *path)
{
    size_t n = 0;
    for (size_t i = 0; i < p->files.n; i++)
        n += plm_sv_is(p->files.v[i], path);
    return n;
}

static void test_rpm(void **state)
{
    (void)state;
    char dir[] = "/tmp/plimsoll-rpm-XXXXXX";
    assert_non_null(mkdtemp(dir));
    bool is_made = make_root(plm_sv_from(dir));
    if (is_made) {
        plm_auto(plm_arena_free) struct plm_arena *a = plm_arena_new(PLM_ARENA_NO_LIMIT);
        plm_auto_done(plm_buf_done) struct plm_buf wanted = PLM_BUF(PLM_MIB(1));
        char *root = plm_arena_cstr(a, plm_arena_printf(a, "%s/root", dir));
        const char *query[] = {"rpm",
                               "--root",
                               root,
                               "--dbpath",
                               "/var/lib/rpm",
                               "-qa",
                               "--qf",
                               "%{NAME} %{EPOCHNUM}:%{VERSION}-%{RELEASE} %{ARCH} thing\n",
                               NULL};
        assert_int_equal(spawn_read(query, &wanted), 0);
        struct harness h;
        harness_init(&h);
        harness_file(&h, "var/lib/rpm/rpmdb.sqlite",
                     plm_arena_cstr(a, plm_arena_printf(a, "%s/root/var/lib/rpm/rpmdb.sqlite", dir)));
        harness_collect(&h, PLM_CATALOG_OWNED);
        assert_int_equal(h.diags.n, 0);
        const struct plm_package *app = harness_package(&h, "thing"),
                                 *libs = harness_package(&h, "thing-libs");
        assert_non_null(app);
        assert_non_null(libs);
        assert_int_equal(app->files.n, 2);
        assert_int_equal(files_of(app, "/usr/bin/thing") + files_of(app, "/usr/share/thing/a"), 2);
        assert_int_equal(files_of(libs, "/usr/share/thing/deep/b"), 1);
        assert_sv(app->licenses.v[0], "MIT AND BSD");
        assert_sv(app->vendor, "Somebody");
        assert_sv(app->source_version, "3:1.2~rc1-4");
        assert_true(app->installed_at > 1600000000);
        /* a version without epoch is one with epoch 0, which rpm prints here */
        for (size_t i = 0; i < h.report->packages.n; i++)
            if (plm_sv_find(h.report->packages.v[i].version, ':') == SIZE_MAX)
                h.report->packages.v[i].version =
                    plm_arena_printf(a, "0:%.*s", PLM_SV_ARG(h.report->packages.v[i].version));
        compare(&h, plm_buf_sv(&wanted));
        harness_done(&h);
    }
    assert_int_equal(nftw(dir, remove_entry, 16, FTW_DEPTH | FTW_PHYS), 0);
    if (!is_made)
        plm_test_skip("rpmbuild or rpm is missing");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_dpkg), cmocka_unit_test(test_rpm)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
