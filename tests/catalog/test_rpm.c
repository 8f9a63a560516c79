/* SPDX-License-Identifier: Apache-2.0
 *
 * The rpm cataloger: headers, the three database formats (made here, so that any byte can be
 * wrong; SQLite files by the SQLite library), container manifests, and the real databases of
 * ../shared. Roots that rpm itself made are compared in test_tools.c.
 */
#include "harness.h"
#include "rpm_int.h"
#include "rpm_make.h"
#include "spawn.h"

#include <sqlite3.h>
#include <stdio.h>

static void test_header(void **state)
{
    (void)state;
    static const char files[] = "ls\0cat\0readme", dirs[] = "/usr/bin/\0/usr/share/doc/";
    static const char indexes[] = "\0\0\0\0\0\0\0\0\0\0\0\1", epoch[] = "\0\0\0\2", when[] = "\x65\0\0\0";
    struct make_entry e[] = {
        {62, 7, 16, PLM_SV_NULL},
        MAKE_STRING(1000, "coreutils"),
        MAKE_STRING(1001, "9.1"),
        MAKE_STRING(1002, "3.fc38"),
        {1003, 4, 1, plm_sv_n(epoch, 4)},
        {1008, 4, 1, plm_sv_n(when, 4)},
        MAKE_STRING(1011, "Fedora Project"),
        MAKE_STRING(1014, "GPL-3.0-or-later"),
        MAKE_STRING(1022, "x86_64"),
        MAKE_STRING(1044, "coreutils-9.1-3.fc38.src.rpm"),
        {1116, 4, 3, plm_sv_n(indexes, 12)},
        {1117, 8, 3, plm_sv_n(files, sizeof(files))},
        {1118, 8, 2, plm_sv_n(dirs, sizeof(dirs))},
        MAKE_STRING(5096, "coreutils:9:1:abc"),
    };
    plm_auto_done(plm_buf_done) struct plm_buf blob = PLM_BUF(PLM_MIB(1)), file = PLM_BUF(PLM_MIB(1));
    /* integers must be aligned for librpm; ours reads bytes */
    make_header(&blob, e, sizeof(e) / sizeof(e[0]));
    plm_sv one = plm_buf_sv(&blob);
    make_ndb(&file, &one, 1);
    struct harness h;
    harness_init(&h);
    harness_add(&h, "usr/lib/sysimage/rpm/Packages.db", plm_buf_sv(&file), PLM_NONE, true);
    harness_collect(&h, PLM_CATALOG_OWNED);
    assert_int_equal(h.diags.n, 0);
    assert_int_equal(h.report->packages.n, 1);
    const struct plm_package *p = &h.report->packages.v[0];
    assert_sv(p->version, "2:9.1-3.fc38");
    assert_sv(p->source_name, "coreutils");
    assert_sv(p->source_version, "2:9.1-3.fc38");
    assert_sv(p->vendor, "Fedora Project");
    assert_sv(p->modularity, "coreutils:9:1:abc");
    assert_int_equal(p->installed_at, 0x65000000);
    assert_int_equal(p->files.n, 3);
    assert_sv(p->files.v[0], "/usr/bin/ls");
    assert_sv(p->files.v[1], "/usr/bin/cat");
    assert_sv(p->files.v[2], "/usr/share/doc/readme");
    harness_done(&h);
    /* every shorter header is an error or at least no read beyond its end (the sanitizer's matter) */
    for (size_t n = 0; n < blob.n; n++) {
        struct rpm_header out;
        plm_err *err = NULL;
        char *exact = malloc(n ? n : 1);
        memcpy(exact, blob.p, n);
        assert_true(plm_rpm_header_parse(plm_sv_n(exact, n), &out, &err) < 0);
        assert_int_equal(plm_err_code(err), PLM_E_PARSE);
        plm_err_free(err);
        free(exact);
    }
}

/* ---- databases ------------------------------------------------------------------------- */

enum { N = 5 };
static const char *const names[N] = {"alpha", "beta", "gpg-pubkey", "gamma", "delta"};
static const size_t fillers[N] = {0, 3000, 0, 20000, 900};

struct blobs {
    struct plm_buf b[N];
    plm_sv v[N];
};

static void make_blobs(struct blobs *s)
{
    for (size_t i = 0; i < N; i++) {
        s->b[i] = PLM_BUF(PLM_MIB(1));
        make_package(&s->b[i], names[i], fillers[i]);
        s->v[i] = plm_buf_sv(&s->b[i]);
    }
}

static void drop_blobs(struct blobs *s)
{
    for (size_t i = 0; i < N; i++)
        plm_buf_done(&s->b[i]);
}

/* The four packages that are no key, and no diagnostic. */
static void check_whole(const char *path, plm_sv file)
{
    struct harness h;
    harness_init(&h);
    harness_add(&h, path, file, PLM_NONE, true);
    harness_collect(&h, 0);
    if (h.diags.n)
        fail_msg("%s: %.*s", path, PLM_SV_ARG(plm_buf_sv(&h.diags)));
    assert_int_equal(h.report->packages.n, N - 1);
    for (size_t i = 0; i < N; i++)
        if (strcmp(names[i], "gpg-pubkey") != 0)
            assert_non_null(harness_package(&h, names[i]));
    harness_done(&h);
}

/* With this byte changed: a diagnostic, and the packages that it does not touch. */
static void check_broken(const char *path, plm_sv file, size_t at, size_t keeps)
{
    plm_auto_done(plm_buf_done) struct plm_buf copy = PLM_BUF(PLM_MIB(8));
    struct harness h;
    plm_buf_sv_put(&copy, file);
    copy.p[at] = (char)(copy.p[at] ^ 0x55);
    harness_init(&h);
    harness_add(&h, path, plm_buf_sv(&copy), PLM_NONE, true);
    harness_collect(&h, 0);
    if (!plm_sv_has(plm_buf_sv(&h.diags), PLM_SV("rpm.malformed: offset ")) || h.report->packages.n != keeps)
        fail_msg("%s, byte %zu: %zu packages, '%.*s'", path, at, h.report->packages.n,
                 PLM_SV_ARG(plm_buf_sv(&h.diags)));
    harness_done(&h);
}

/* Every truncation is survived, and most lose packages with a diagnostic. */
static void check_truncated(const char *path, plm_sv file, size_t step)
{
    for (size_t n = 1; n < file.n; n += step) {
        struct harness h;
        char *exact = malloc(n);
        memcpy(exact, file.p, n);
        harness_init(&h);
        harness_add(&h, path, plm_sv_n(exact, n), PLM_NONE, true);
        harness_collect(&h, 0);
        if (h.report->packages.n < N - 1)
            assert_true(h.diags.n > 0);
        harness_done(&h);
        free(exact);
    }
}

static void test_ndb(void **state)
{
    (void)state;
    struct blobs s;
    plm_auto_done(plm_buf_done) struct plm_buf file = PLM_BUF(PLM_MIB(8));
    make_blobs(&s);
    make_ndb(&file, s.v, N);
    check_whole("var/lib/rpm/Packages.db", plm_buf_sv(&file));
    check_broken("var/lib/rpm/Packages.db", plm_buf_sv(&file), 32 + 16 + 8, 3);  /* block offset of slot 1 */
    check_broken("var/lib/rpm/Packages.db", plm_buf_sv(&file), 32 + 16 + 12, 3); /* its block count */
    check_broken("var/lib/rpm/Packages.db", plm_buf_sv(&file), 4096, 3);         /* head of the first blob */
    check_broken("var/lib/rpm/Packages.db", plm_buf_sv(&file), 4096 + 16, 3);    /* its header */
    check_truncated("var/lib/rpm/Packages.db", plm_buf_sv(&file), 61);
    drop_blobs(&s);
}

static void test_bdb(void **state)
{
    (void)state;
    struct blobs s;
    make_blobs(&s);
    for (int big = 0; big < 2; big++) {
        plm_auto_done(plm_buf_done) struct plm_buf file = PLM_BUF(PLM_MIB(8));
        make_bdb(&file, s.v, N, big, 4096);
        check_whole("var/lib/rpm/Packages", plm_buf_sv(&file));
        check_broken("var/lib/rpm/Packages", plm_buf_sv(&file), 2 * 4096 + 25,
                     3); /* type of an overflow page */
        check_broken("var/lib/rpm/Packages", plm_buf_sv(&file), 4096 + 26 + (big ? 2 : 3),
                     0); /* first item out of place */
        check_truncated("var/lib/rpm/Packages", plm_buf_sv(&file), 97);
    }
    drop_blobs(&s);
}

/* An overflow chain that runs in a circle ends. */
static void test_bdb_circle(void **state)
{
    (void)state;
    struct blobs s;
    struct harness h;
    plm_auto_done(plm_buf_done) struct plm_buf file = PLM_BUF(PLM_MIB(8));
    make_blobs(&s);
    make_bdb(&file, s.v, N, false, 4096);
    /* "gamma" takes six pages; its last one points back */
    for (size_t page = 2; page < file.n / 4096; page++)
        if (memcmp(file.p + page * 4096 + 16, "\0\0\0\0", 4) == 0)
            memcpy(file.p + page * 4096 + 16, "\2\0\0\0", 4);
    harness_init(&h);
    harness_add(&h, "var/lib/rpm/Packages", plm_buf_sv(&file), PLM_NONE, true);
    harness_collect(&h, 0);
    assert_int_equal(h.report->packages.n, 4);
    harness_done(&h);
    drop_blobs(&s);
}

static void sql(sqlite3 *db, const char *text)
{
    if (sqlite3_exec(db, text, NULL, NULL, NULL) != SQLITE_OK)
        fail_msg("%s: %s", text, sqlite3_errmsg(db));
}

/* A file as the library writes it, with enough rows for interior pages. */
static void make_sqlite(struct plm_buf *out, const plm_sv *blobs, size_t n, unsigned page_size, unsigned keys)
{
    char path[] = "/tmp/plimsoll-test-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    close(fd);
    sqlite3 *db = NULL;
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    char text[200];
    snprintf(text, sizeof(text), "PRAGMA page_size=%u; PRAGMA journal_mode=WAL;", page_size);
    sql(db, text);
    sql(db,
        "CREATE TABLE 'Basenames' (key TEXT NOT NULL, hnum INTEGER NOT NULL, idx INTEGER NOT NULL);"
        "CREATE TABLE IF NOT EXISTS 'Packages' (hnum INTEGER PRIMARY KEY AUTOINCREMENT, blob BLOB NOT NULL);"
        "CREATE INDEX 'Basenames_key_idx' ON 'Basenames'(key ASC); BEGIN");
    sqlite3_stmt *st = NULL;
    assert_int_equal(sqlite3_prepare_v2(db, "INSERT INTO 'Packages' (blob) VALUES (?)", -1, &st, NULL),
                     SQLITE_OK);
    for (size_t i = 0; i < n + keys; i++) {
        plm_sv blob = i < n ? blobs[i] : blobs[2]; /* blobs[2] is a key: no package */
        sqlite3_bind_blob(st, 1, blob.p, (int)blob.n, SQLITE_STATIC);
        assert_int_equal(sqlite3_step(st), SQLITE_DONE);
        sqlite3_reset(st);
    }
    sqlite3_finalize(st);
    sql(db, "INSERT INTO Basenames VALUES('x', 1, 1); COMMIT; PRAGMA wal_checkpoint(TRUNCATE)");
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
    assert_int_equal(plm_fs_read(path, PLM_MIB(16), out, NULL), 0);
    unlink(path);
}

static void test_sqlite(void **state)
{
    (void)state;
    struct blobs s;
    make_blobs(&s);
    static const unsigned sizes[] = {512, 1024, 4096, 65536};
    for (size_t i = 0; i < 4; i++) {
        plm_auto_done(plm_buf_done) struct plm_buf file = PLM_BUF(PLM_MIB(16));
        make_sqlite(&file, s.v, N, sizes[i], 300);
        check_whole("usr/lib/sysimage/rpm/rpmdb.sqlite", plm_buf_sv(&file));
        if (sizes[i] == 512)
            check_truncated("usr/lib/sysimage/rpm/rpmdb.sqlite", plm_buf_sv(&file), 257);
    }
    drop_blobs(&s);
}

/* A leaf that was overwritten loses its rows, says where, and the rows of other leaves stay. */
static void test_sqlite_broken(void **state)
{
    (void)state;
    struct blobs s;
    plm_auto_done(plm_buf_done) struct plm_buf file = PLM_BUF(PLM_MIB(16));
    make_blobs(&s);
    make_sqlite(&file, s.v, N, 512, 0);
    size_t broken = 0, kept = 0;
    for (size_t page = 1; page < file.n / 512; page++) {
        struct harness h;
        plm_auto_done(plm_buf_done) struct plm_buf copy = PLM_BUF(PLM_MIB(16));
        plm_buf_sv_put(&copy, plm_buf_sv(&file));
        memset(copy.p + page * 512, 0xee, 512);
        harness_init(&h);
        harness_add(&h, "var/lib/rpm/rpmdb.sqlite", plm_buf_sv(&copy), PLM_NONE, true);
        harness_collect(&h, 0);
        broken += h.diags.n > 0;
        kept += h.diags.n > 0 && h.report->packages.n > 0;
        if (h.diags.n == 0)
            assert_int_equal(h.report->packages.n, N - 1);
        harness_done(&h);
    }
    assert_true(broken > 3);
    assert_true(kept > 0);
    drop_blobs(&s);
}

static void test_wal(void **state)
{
    (void)state;
    struct harness h;
    char frames[200] = {0};
    harness_init(&h);
    harness_add(&h, "var/lib/rpm/rpmdb.sqlite-wal", PLM_SV(""), PLM_NONE, true);
    harness_add(&h, "var/lib/rpm/rpmdb.sqlite-wal", plm_sv_n(frames, 32), PLM_NONE, true);
    assert_int_equal(h.diags.n, 0);
    harness_add(&h, "var/lib/rpm/rpmdb.sqlite-wal", plm_sv_n(frames, 200), PLM_NONE, true);
    assert_true(plm_sv_starts(plm_buf_sv(&h.diags), PLM_SV("rpm.wal-not-read: ")));
    harness_done(&h);
}

static void test_unknown_format(void **state)
{
    (void)state;
    struct harness h;
    harness_init(&h);
    assert_int_equal(harness_add(&h, "var/lib/rpm/Packages", PLM_SV("this is no database"), PLM_NONE, true),
                     -1);
    assert_true(plm_sv_starts(plm_buf_sv(&h.diags), PLM_SV("rpm.unreadable: ")));
    assert_int_equal(harness_add(&h, "var/lib/rpm/Packages.db", PLM_SV(""), PLM_NONE, true), 0);
    harness_done(&h);
}

static void test_manifest(void **state)
{
    (void)state;
    struct harness h;
    harness_init(&h);
    harness_file(&h, "var/lib/rpmmanifest/container-manifest-2", PLM_TEST_DATA "/rpm/container-manifest-2");
    harness_add(&h, "var/lib/rpmmanifest/container-manifest-1",
                PLM_SV("bash-5.1.8-4.cm2.x86_64\nshadow-utils-subid-4.9-12.azl3.x86_64\n"), PLM_NONE, true);
    harness_collect(&h, 0);
    assert_int_equal(h.diags.n, 0);
    assert_int_equal(h.report->packages.n, 2);
    const struct plm_package *p = harness_package(&h, "shadow-utils-subid");
    assert_sv(p->version, "2:4.9-12.azl3");
    assert_sv(p->source_name, "shadow-utils");
    assert_sv(p->source_version, "2:4.9-12.azl3");
    assert_int_equal(p->installed_at, 1);
    assert_sv(harness_package(&h, "bash")->version, "5.1.8-4.cm2");
    harness_done(&h);
    harness_init(&h);
    harness_add(&h, "var/lib/rpmmanifest/container-manifest-1", PLM_SV("bash-5.1.8-4.cm2.x86_64\nrubbish\n"),
                PLM_NONE, true);
    harness_collect(&h, 0);
    assert_int_equal(h.report->packages.n, 1);
    assert_sv(h.report->packages.v[0].version, "5.1.8-4.cm2");
    assert_true(plm_sv_has(plm_buf_sv(&h.diags), PLM_SV("offset 24: ")));
    harness_done(&h);
}

/* What is known of the databases in ../shared: numbers of packages and files from `rpm -qa` and the files'
 * own tools. */
static void test_real_databases(void **state)
{
    (void)state;
    static const struct {
        const char *member, *path, *name, *version, *source;
        size_t packages, files;
    } real[] = {
        {"cbl-mariner-2.0/rpmdb.sqlite", "var/lib/rpm/rpmdb.sqlite", "glibc", "2.34-2.cm2", "glibc", 129,
         7269},
        {"sle15-bci/Packages.db", "usr/lib/sysimage/rpm/Packages.db", "glibc", "2.31-9.3.2", "glibc", 35, 0},
        {"libuuid/Packages", "var/lib/rpm/Packages", "libuuid", "2.32.1-42.el8_8", "util-linux", 1, 7},
    };
    for (size_t i = 0; i < sizeof(real) / sizeof(real[0]); i++) {
        char member[200];
        snprintf(member, sizeof(member), "package-dbs/go-rpmdb/pkg/testdata/%s", real[i].member);
        plm_auto_done(plm_buf_done) struct plm_buf db = PLM_BUF(PLM_MIB(16));
        if (!spawn_shared("package-dbs.tar.zst", member, &db))
            skip();
        struct harness h;
        harness_init(&h);
        harness_add(&h, real[i].path, plm_buf_sv(&db), PLM_NONE, true);
        harness_collect(&h, PLM_CATALOG_OWNED);
        assert_int_equal(h.diags.n, 0);
        assert_int_equal(h.report->packages.n, real[i].packages);
        assert_sv(harness_package(&h, real[i].name)->version, real[i].version);
        assert_sv(harness_package(&h, real[i].name)->source_name, real[i].source);
        size_t files = 0;
        for (size_t k = 0; k < h.report->packages.n; k++)
            files += h.report->packages.v[k].files.n;
        if (real[i].files)
            assert_int_equal(files, real[i].files);
        harness_done(&h);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_header),
        cmocka_unit_test(test_ndb),
        cmocka_unit_test(test_bdb),
        cmocka_unit_test(test_bdb_circle),
        cmocka_unit_test(test_sqlite),
        cmocka_unit_test(test_sqlite_broken),
        cmocka_unit_test(test_wal),
        cmocka_unit_test(test_manifest),
        cmocka_unit_test(test_unknown_format),
        cmocka_unit_test(test_real_databases),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
