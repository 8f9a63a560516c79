/* SPDX-License-Identifier: Apache-2.0
 *
 * Builder and reader: what goes in comes out, from one and from many feeds; reuse; aliases;
 * damaged files.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/fs.h"
#include "version/version.h"
#include "vulndb/vulndb.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

static const plm_sv_vec no_channels;

static char dir[] = "/tmp/plm-test-store-XXXXXX";

static char *path_of(const char *name)
{
    char *p = plm_fs_join(dir, name);
    assert_non_null(p);
    return p;
}

static int set_up(void **state)
{
    (void)state;
    return mkdtemp(dir) ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    static const char *const names[] = {"a.db", "b.db", "c.db", "bad.db"};
    for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
        plm_auto_free char *p = path_of(names[i]);
        unlink(p);
    }
    return rmdir(dir);
}

static void must(int r, plm_err *err)
{
    if (r < 0) {
        plm_auto_free char *text = plm_err_text(err);
        fail_msg("%s", text ? text : "failed");
    }
}

static struct plm_ctx test_ctx(void)
{
    struct plm_ctx ctx = PLM_CTX_INIT;
    ctx.now = 1764000000;
    ctx.now_injected = true;
    ctx.jobs = 1;
    return ctx;
}

/* One advisory with one affected entry and one range. */
static void push(struct plm_feed_sink *s, const char *id, const char *alias, const char *eco,
                 const char *package, const char *introduced, const char *fixed)
{
    plm_err *err = NULL;
    struct plm_range range = {.introduced = plm_sv_from(introduced), .fixed = plm_sv_from(fixed)};
    struct plm_affected af = {.ecosystem = plm_sv_from(eco), .package = plm_sv_from(package)};
    af.ranges.v = &range;
    af.ranges.n = 1;
    plm_sv alias_sv = plm_sv_from(alias);
    struct plm_advisory adv = {.id = plm_sv_from(id), .title = PLM_SV("a title"), .published = 1600000000};
    adv.aliases.v = &alias_sv;
    adv.aliases.n = alias ? 1 : 0;
    adv.affected.v = &af;
    adv.affected.n = 1;
    must(s->advisory(s, &adv, &err), err);
}

struct seen {
    struct plm_arena *a;
    plm_sv_vec rows;
};

/* "id introduced fixed last scheme" of each hit. */
static int note(void *arg, const struct plm_db_hit *h)
{
    struct seen *s = arg;
    plm_sv row =
        plm_arena_printf(s->a, "%.*s [%.*s %.*s %.*s] %.*s", PLM_SV_ARG(h->id), PLM_SV_ARG(h->introduced),
                         PLM_SV_ARG(h->fixed), PLM_SV_ARG(h->last_affected), PLM_SV_ARG(h->scheme));
    return plm_sv_vec_add(s->a, &s->rows, row) ? 0 : -1;
}

static void expect(const struct plm_db *db, const char *eco, const char *package, const char *const *want)
{
    plm_auto(plm_arena_free) struct plm_arena *a = plm_arena_new(PLM_ARENA_NO_LIMIT);
    struct seen s = {.a = a};
    plm_err *err = NULL;
    must(plm_db_lookup(db, plm_sv_from(eco), plm_sv_from(package), note, &s, &err), err);
    size_t n = 0;
    for (; want[n]; n++) {
        if (n >= s.rows.n)
            fail_msg("%s: missing %s", package, want[n]);
        assert_string_equal(s.rows.v[n].p, want[n]);
    }
    assert_int_equal(s.rows.n, n);
}
#define EXPECT(db, eco, package, ...)                                                                        \
    expect(db, eco, package, (const char *const[]){__VA_ARGS__ __VA_OPT__(, ) NULL})

static struct plm_db *reopen(const char *path)
{
    plm_err *err = NULL;
    struct plm_db *db = plm_db_open(path, &err);
    must(db ? 0 : -1, err);
    must(plm_db_verify(db, &err), err);
    return db;
}

static struct plm_feed_sink *begin(const struct plm_ctx *ctx, const char *name)
{
    plm_err *err = NULL;
    struct plm_feed_sink *s = plm_feed_begin(ctx, name, "test", &err);
    must(s ? 0 : -1, err);
    return s;
}

static void test_round_trip(void **state)
{
    (void)state;
    struct plm_ctx ctx = test_ctx();
    plm_err *err = NULL;
    plm_auto(plm_db_builder_free) struct plm_db_builder *b = plm_db_builder_new(&ctx, &err);
    struct plm_feed_sink *s = begin(&ctx, "one");
    push(s, "DSA-1", NULL, "Debian:12", "openssl", NULL, "3.0.9-1");
    push(s, "DSA-2", NULL, "Debian:12", "openssl", "3.0.0", "3.0.11-1");
    push(s, "DSA-3", NULL, "Debian:11", "openssl", "0", "1.1");
    push(s, "X-1", NULL, "Nowhere", "openssl", "1", "2");
    struct plm_range only = {.only = PLM_SV("1.5")},
                     last = {.introduced = PLM_SV("1"), .last_affected = PLM_SV("2")};
    struct plm_range both[] = {only, last};
    struct plm_affected af[2] = {
        {.ecosystem = PLM_SV("Debian:12"),
         .package = PLM_SV("zlib"),
         .arch = PLM_SV("amd64"),
         .modularity = PLM_SV("m:1"),
         .channel = PLM_SV("elts"),
         .is_binary = true,
         .state = PLM_FIX_WONT_FIX,
         .severity = PLM_SV("Important"),
         .note = PLM_SV("minor")},
        {.ecosystem = PLM_SV("Debian:12"), .package = PLM_SV("bash"), .state = PLM_FIX_NOT_FIXED}};
    af[0].ranges.v = both;
    af[0].ranges.n = 2;
    plm_sv refs[] = {PLM_SV("https://a.example/1"), PLM_SV("https://a.example/2")};
    plm_sv covers[] = {PLM_SV("CVE-2024-2"), PLM_SV("CVE-2024-1")};
    struct plm_cvss cvss = {PLM_SV("3.1"), PLM_SV("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"),
                            PLM_SV("nvd"), 9.8};
    struct plm_advisory adv = {.id = PLM_SV("DSA-4"),
                               .title = PLM_SV("zlib - security update"),
                               .details = PLM_SV("Long\ntext"),
                               .severity = PLM_SV("high"),
                               .published = 1700000000,
                               .modified = 1700000001,
                               .withdrawn = 1700000002};
    adv.affected.v = af;
    adv.affected.n = 2;
    adv.references.v = refs;
    adv.references.n = 2;
    adv.covers.v = covers;
    adv.covers.n = 2;
    adv.cvss.v = &cvss;
    adv.cvss.n = 1;
    must(s->advisory(s, &adv, &err), err);
    must(s->covers(s, PLM_SV("Debian:13"), &err), err);
    s->bad(s, PLM_SV("list:3"), "no %s", "date");
    struct plm_feed_stats stats;
    must(plm_feed_end(s, b, 0, &stats, &err), err);
    assert_int_equal(stats.records, 5);
    assert_int_equal(stats.ranges, 7);
    assert_int_equal(stats.bad, 1);
    assert_int_equal(stats.as_of, 1700000001);
    plm_auto_free char *path = path_of("a.db");
    must(plm_db_builder_write(b, path, &err), err);

    plm_auto(plm_db_close) struct plm_db *db = reopen(path);
    assert_int_equal(plm_db_built(db), 1764000000);
    EXPECT(db, "Debian:12", "openssl", "DSA-1 [ 3.0.9-1 ] deb", "DSA-2 [3.0.0 3.0.11-1 ] deb");
    EXPECT(db, "Debian:11", "openssl", "DSA-3 [ 1.1 ] deb");
    EXPECT(db, "Nowhere", "openssl", "X-1 [1 2 ] ");
    EXPECT(db, "Debian:12", "zlib", "DSA-4 [1.5  1.5] deb", "DSA-4 [1  2] deb");
    EXPECT(db, "Debian:12", "bash", "DSA-4 [  ] deb");
    EXPECT(db, "Debian:12", "absent");
    EXPECT(db, "Debian:99", "openssl");
    assert_true(plm_db_covers(db, PLM_SV("Debian:13"), &no_channels));
    EXPECT(db, "Debian:13", "openssl");
    assert_false(plm_db_covers(db, PLM_SV("Debian:1"), &no_channels));
    plm_auto(plm_arena_free) struct plm_arena *a = plm_arena_new(PLM_ARENA_NO_LIMIT);
    struct plm_advisory got;
    must(plm_db_advisory(db, 0, 4, a, &got, &err), err);
    assert_true(plm_sv_is(got.id, "DSA-4") && plm_sv_is(got.title, "zlib - security update"));
    assert_true(plm_sv_is(got.details, "Long\ntext") && plm_sv_is(got.severity, "high"));
    assert_int_equal(got.published, 1700000000);
    assert_int_equal(got.modified, 1700000001);
    assert_int_equal(got.withdrawn, 1700000002);
    assert_int_equal(got.references.n, 2);
    assert_true(plm_sv_is(got.references.v[1], "https://a.example/2"));
    assert_int_equal(got.covers.n, 2);
    assert_true(plm_sv_is(got.covers.v[0], "CVE-2024-1"));
    assert_int_equal(got.cvss.n, 1);
    assert_true(got.cvss.v[0].score > 9.79 && got.cvss.v[0].score < 9.81);
    assert_true(plm_sv_is(got.cvss.v[0].source, "nvd"));
    plm_sv_vec bad = {0};
    must(plm_db_feed_bad(db, 0, a, &bad, &err), err);
    assert_int_equal(bad.n, 1);
    assert_string_equal(bad.v[0].p, "list:3: no date");
    assert_int_equal(plm_db_advisory(db, 0, 5, a, &got, NULL), -1);
    assert_int_equal(plm_db_advisory(db, 9, 0, a, &got, NULL), -1);
}

static int all_fields(void *arg, const struct plm_db_hit *h)
{
    assert_true(plm_sv_is(h->arch, "amd64") && plm_sv_is(h->modularity, "m:1") &&
                plm_sv_is(h->channel, "elts"));
    assert_true(plm_sv_is(h->native_severity, "Important") && plm_sv_is(h->note, "minor"));
    assert_true(h->is_binary && h->withdrawn && !h->is_malware);
    assert_int_equal(h->state, PLM_FIX_WONT_FIX);
    assert_int_equal(h->severity, PLM_SEV_HIGH);
    assert_true(plm_sv_is(h->ecosystem, "Debian:12") && plm_sv_is(h->package, "zlib"));
    const struct plm_scheme *deb = plm_scheme_find(PLM_SV("deb"));
    plm_auto_done(plm_buf_done) struct plm_buf key = PLM_BUF(1000);
    deb->encode(h->last_affected, &key);
    assert_true(plm_sv_eq(plm_buf_sv(&key), h->last_affected_key));
    assert_null(h->fixed_key.p);
    ++*(int *)arg;
    return 0;
}

static void test_hit_fields(void **state)
{
    (void)state;
    plm_auto_free char *path = path_of("a.db");
    plm_auto(plm_db_close) struct plm_db *db = reopen(path);
    plm_err *err = NULL;
    int n = 0;
    must(plm_db_lookup(db, PLM_SV("Debian:12"), PLM_SV("zlib"), all_fields, &n, &err), err);
    assert_int_equal(n, 2);
}

static void aliases_are(const struct plm_db *db, const char *id, const char *want)
{
    plm_auto(plm_arena_free) struct plm_arena *a = plm_arena_new(PLM_ARENA_NO_LIMIT);
    plm_sv_vec v = {0};
    plm_err *err = NULL;
    must(plm_db_aliases(db, plm_sv_from(id), a, &v, &err), err);
    plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(1000);
    for (size_t i = 0; i < v.n; i++)
        plm_buf_printf(&b, "%s%.*s", i ? " " : "", PLM_SV_ARG(v.v[i]));
    assert_string_equal(plm_buf_cstr(&b), want);
}

static void test_aliases(void **state)
{
    (void)state;
    struct plm_ctx ctx = test_ctx();
    plm_err *err = NULL;
    plm_auto(plm_db_builder_free) struct plm_db_builder *b = plm_db_builder_new(&ctx, &err);
    struct plm_feed_sink *s = begin(&ctx, "ghsa"), *t = begin(&ctx, "pysec");
    push(s, "GHSA-1", "CVE-2024-1", "PyPI", "a", "1", "2");
    push(t, "PYSEC-1", "GHSA-1", "PyPI", "a", "1", "2");
    push(s, "GHSA-2", "CVE-2024-2", "PyPI", "b", "1", "2");
    push(t, "PYSEC-2", "CVE-2024-3", "PyPI", "b", "1", "2");
    push(t, "PYSEC-2", "GHSA-2", "PyPI", "b", "1", "2"); /* would make one flaw of two CVEs */
    push(t, "LONELY-1", NULL, "PyPI", "b", "1", "2");
    plm_sv many[] = {PLM_SV("CVE-2024-7"), PLM_SV("CVE-2024-8")};
    struct plm_advisory erratum = {.id = PLM_SV("RHSA-1")};
    erratum.aliases.v = many;
    erratum.aliases.n = 2;
    must(s->advisory(s, &erratum, &err), err);
    must(plm_feed_end(s, b, 0, NULL, &err), err);
    must(plm_feed_end(t, b, 0, NULL, &err), err);
    plm_auto_free char *path = path_of("b.db");
    must(plm_db_builder_write(b, path, &err), err);
    plm_auto(plm_db_close) struct plm_db *db = reopen(path);
    aliases_are(db, "PYSEC-1", "CVE-2024-1 GHSA-1 PYSEC-1");
    aliases_are(db, "CVE-2024-1", "CVE-2024-1 GHSA-1 PYSEC-1");
    aliases_are(db, "GHSA-2", "CVE-2024-2 GHSA-2");
    aliases_are(db, "PYSEC-2", "CVE-2024-3 PYSEC-2");
    aliases_are(db, "LONELY-1", "LONELY-1");
    aliases_are(db, "RHSA-1", "RHSA-1");
    aliases_are(db, "CVE-1999-9999", "CVE-1999-9999");
    plm_auto(plm_arena_free) struct plm_arena *a = plm_arena_new(PLM_ARENA_NO_LIMIT);
    struct plm_advisory got;
    must(plm_db_advisory(db, 0, 2, a, &got, &err), err);
    assert_int_equal(got.aliases.n, 0);
    assert_int_equal(got.covers.n, 2);
}

static void test_enrichment(void **state)
{
    (void)state;
    struct plm_ctx ctx = test_ctx();
    plm_err *err = NULL;
    plm_auto(plm_db_builder_free) struct plm_db_builder *b = plm_db_builder_new(&ctx, &err);
    struct plm_feed_sink *s = begin(&ctx, "mix");
    must(s->kev(s, PLM_SV("CVE-2021-44228"), 1639094400, &err), err);
    must(s->kev(s, PLM_SV("CVE-2014-0160"), 1651622400, &err), err);
    must(s->kev(s, PLM_SV("not-a-cve"), 1, &err), err);
    must(s->epss(s, PLM_SV("CVE-2021-44228"), 0.97565, 0.99999, &err), err);
    must(s->epss(s, PLM_SV("CVE-2024-1234567"), 0.00042, 0.0503, &err), err);
    must(s->epss(s, PLM_SV("CVE-2024-1"), 1.5, 0, &err), err);
    must(s->eol(s, PLM_SV("debian"), PLM_SV("12"), PLM_SV("Bookworm"), 1845849600, &err), err);
    must(s->eol(s, PLM_SV("ubuntu"), PLM_SV("24.04"), PLM_SV_NULL, INT64_MAX, &err), err);
    s->as_of(s, 1900000000); /* in the future */
    struct plm_feed_stats stats;
    must(plm_feed_end(s, b, 0, &stats, &err), err);
    assert_int_equal(stats.as_of, ctx.now);
    assert_int_equal(stats.records, 6);
    assert_int_equal(stats.bad, 2);
    plm_auto_free char *path = path_of("b.db");
    must(plm_db_builder_write(b, path, &err), err);
    plm_auto(plm_db_close) struct plm_db *db = reopen(path);
    int64_t t = 0;
    assert_true(plm_db_kev(db, PLM_SV("CVE-2021-44228"), &t));
    assert_int_equal(t, 1639094400);
    assert_true(plm_db_kev(db, PLM_SV("CVE-2014-0160"), NULL));
    assert_false(plm_db_kev(db, PLM_SV("CVE-2014-0161"), NULL));
    double score, percentile;
    assert_true(plm_db_epss(db, PLM_SV("CVE-2021-44228"), &score, &percentile));
    assert_true(score == 0.97565 && percentile > 0.9999);
    assert_true(plm_db_epss(db, PLM_SV("CVE-2024-1234567"), &score, &percentile));
    assert_true(score == 0.00042 && percentile > 0.0502 && percentile < 0.0504);
    assert_false(plm_db_epss(db, PLM_SV("CVE-2024-1"), &score, &percentile));
    assert_true(plm_db_eol(db, PLM_SV("debian"), PLM_SV("12"), &t) && t == 1845849600);
    assert_true(plm_db_eol(db, PLM_SV("debian"), PLM_SV("bookworm"), &t));
    assert_true(plm_db_eol(db, PLM_SV("ubuntu"), PLM_SV("24.04"), &t) && t == INT64_MAX);
    assert_false(plm_db_eol(db, PLM_SV("debian"), PLM_SV("99"), &t));
    assert_false(plm_db_as_of(db, PLM_SV_NULL, &no_channels, &t)); /* covers no ecosystem */
}

static void test_reuse(void **state)
{
    (void)state;
    struct plm_ctx ctx = test_ctx();
    plm_err *err = NULL;
    plm_auto_free char *from = path_of("a.db"), *path = path_of("c.db");
    {
        plm_auto(plm_db_close) struct plm_db *old = reopen(from);
        plm_auto(plm_db_builder_free) struct plm_db_builder *b = plm_db_builder_new(&ctx, &err);
        struct plm_feed_sink *s = begin(&ctx, "another");
        push(s, "ELA-1", NULL, "Debian:12", "openssl", NULL, "9");
        must(plm_feed_end(s, b, 1500000000, NULL, &err), err);
        must(plm_db_builder_reuse(b, old, PLM_SV("one"), 1763999999, &err), err);
        assert_int_equal(plm_db_builder_reuse(b, old, PLM_SV("one"), 0, NULL), -1);
        assert_int_equal(plm_db_builder_reuse(b, old, PLM_SV("none"), 0, &err), -1);
        assert_int_equal(plm_err_code(err), PLM_E_NOTFOUND);
        plm_err_free(err);
        err = NULL;
        struct plm_feed_origin origin = {PLM_SV("https://feeds.example/x"), PLM_SV("\"tag\""), 1763000000};
        must(plm_db_builder_origin(b, PLM_SV("one"), &origin, &err), err);
        must(plm_db_builder_write(b, path, &err), err);
    }
    plm_auto(plm_db_close) struct plm_db *db = reopen(path);
    EXPECT(db, "Debian:12", "openssl", "ELA-1 [ 9 ] deb", "DSA-1 [ 3.0.9-1 ] deb",
           "DSA-2 [3.0.0 3.0.11-1 ] deb");
    struct plm_db_feed_info info;
    assert_int_equal(plm_db_feed_count(db), 2);
    plm_db_feed(db, 1, &info);
    assert_true(plm_sv_is(info.name, "one") && plm_sv_is(info.origin.etag, "\"tag\""));
    assert_int_equal(info.as_of, 1763999999);
    assert_int_equal(info.bad, 1);
    int64_t t;
    assert_true(plm_db_as_of(db, PLM_SV("Debian:12"), &no_channels, &t) && t == 1500000000);
    assert_true(plm_db_as_of(db, PLM_SV("Debian:11"), &no_channels, &t) && t == 1763999999);
    assert_int_equal(plm_db_age(&ctx, db), ctx.now - 1500000000); /* of all feeds */
    assert_false(plm_db_as_of(db, PLM_SV("Gentoo"), &no_channels, &t));
}

static void test_many_packages(void **state)
{
    (void)state;
    struct plm_ctx ctx = test_ctx();
    plm_err *err = NULL;
    plm_auto(plm_db_builder_free) struct plm_db_builder *b = plm_db_builder_new(&ctx, &err);
    struct plm_feed_sink *s = begin(&ctx, "many");
    enum { N = 20000 };
    for (int i = 0; i < N; i++) {
        char id[32], package[32];
        snprintf(id, sizeof(id), "ID-%d", i);
        snprintf(package, sizeof(package), "package-%d", i % (N / 2));
        push(s, id, NULL, "Debian:12", package, NULL, "1");
    }
    must(plm_feed_end(s, b, 0, NULL, &err), err);
    plm_auto_free char *path = path_of("b.db");
    must(plm_db_builder_write(b, path, &err), err);
    plm_auto(plm_db_close) struct plm_db *db = reopen(path);
    EXPECT(db, "Debian:12", "package-17", "ID-17 [ 1 ] deb", "ID-10017 [ 1 ] deb");
    EXPECT(db, "Debian:12", "package-10000");
    struct plm_db_feed_info info;
    plm_db_feed(db, 0, &info);
    /* fixed rows, names and slots of unrelated records with one range each */
    assert_true((info.bytes - info.text_bytes) / info.ranges < 100);
}

/* Everything that can be asked, on whatever the file says; errors are fine. */
static void ask_everything(const struct plm_db *db)
{
    plm_auto(plm_arena_free) struct plm_arena *a = plm_arena_new(PLM_MIB(64));
    struct seen s = {.a = a};
    for (size_t i = 0; i < plm_db_feed_count(db); i++) {
        struct plm_db_feed_info info;
        plm_db_feed(db, i, &info);
        plm_sv_vec v = {0};
        (void)!plm_db_each_range(db, i, note, &s, NULL);
        (void)!plm_db_feed_ecosystems(db, i, a, &v, NULL);
        (void)!plm_db_feed_bad(db, i, a, &v, NULL);
        for (uint32_t k = 0; k < 6; k++) {
            struct plm_advisory adv;
            (void)!plm_db_advisory(db, (uint32_t)i, k, a, &adv, NULL);
        }
    }
    static const char *const names[] = {"openssl", "zlib", "bash", "absent"};
    for (size_t i = 0; i < 4; i++)
        (void)!plm_db_lookup(db, PLM_SV("Debian:12"), plm_sv_from(names[i]), note, &s, NULL);
    plm_sv_vec v = {0};
    (void)!plm_db_aliases(db, PLM_SV("DSA-1"), a, &v, NULL);
}

static void test_any_byte_changed(void **state)
{
    (void)state;
    plm_auto_free char *from = path_of("c.db"), *path = path_of("bad.db");
    plm_auto_done(plm_buf_done) struct plm_buf good = PLM_BUF(PLM_MIB(4));
    plm_err *err = NULL;
    must(plm_fs_read(from, PLM_MIB(4), &good, &err), err);
    must(plm_fs_write_atomic(path, plm_buf_sv(&good), 0600, &err), err);
    plm_auto_fd int fd = open(path, O_RDWR | O_CLOEXEC);
    assert_true(fd >= 0);
    for (size_t i = 0; i < good.n; i++) {
        static const unsigned char masks[] = {0x01, 0x80, 0xff};
        for (size_t m = 0; m < sizeof(masks); m++) {
            unsigned char c = (unsigned char)good.p[i] ^ masks[m];
            assert_int_equal(pwrite(fd, &c, 1, (off_t)i), 1);
            plm_auto(plm_db_close) struct plm_db *db = plm_db_open(path, NULL);
            if (!db)
                continue;
            if (plm_db_verify(db, NULL) == 0)
                fail_msg("byte %zu changed by %02x was not noticed", i, masks[m]);
            ask_everything(db);
        }
        assert_int_equal(pwrite(fd, good.p + i, 1, (off_t)i), 1);
    }
    for (size_t n = 0; n < good.n; n += 7) {
        assert_int_equal(ftruncate(fd, (off_t)n), 0);
        struct plm_db *db = plm_db_open(path, NULL);
        assert_null(db);
    }
}

static void test_open_errors(void **state)
{
    (void)state;
    plm_err *err = NULL;
    plm_auto_free char *missing = path_of("missing.db");
    assert_null(plm_db_open(missing, &err));
    assert_int_equal(plm_err_code(err), PLM_E_NOTFOUND);
    plm_err_free(err);
    err = NULL;
    assert_null(plm_db_open(dir, &err));
    assert_int_equal(plm_err_code(err), PLM_E_UNSUPPORTED);
    plm_err_free(err);
}

static void test_two_feeds_of_one_name(void **state)
{
    (void)state;
    struct plm_ctx ctx = test_ctx();
    plm_err *err = NULL;
    plm_auto(plm_db_builder_free) struct plm_db_builder *b = plm_db_builder_new(&ctx, &err);
    must(plm_feed_end(begin(&ctx, "x"), b, 0, NULL, &err), err);
    assert_int_equal(plm_feed_end(begin(&ctx, "x"), b, 0, NULL, &err), -1);
    assert_int_equal(plm_err_code(err), PLM_E_USAGE);
    plm_err_free(err);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_hit_fields),
        cmocka_unit_test(test_aliases),
        cmocka_unit_test(test_enrichment),
        cmocka_unit_test(test_reuse),
        cmocka_unit_test(test_many_packages),
        cmocka_unit_test(test_any_byte_changed),
        cmocka_unit_test(test_open_errors),
        cmocka_unit_test(test_two_feeds_of_one_name),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
