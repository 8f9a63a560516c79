/* SPDX-License-Identifier: Apache-2.0
 *
 * The rules of matching, each with a store made for it: what matches, what does not and why,
 * and what is said where nothing can be judged.
 */
#include "../base/skip.h"
#include "store.h"

#include "base/fs.h"

struct run {
    struct plm_ctx ctx;
    struct plm_report *r;
    uint32_t t;
    struct plm_match_options opt;
};

static struct run start(const char *id, const char *version, const char *ecosystem)
{
    struct run x = {.ctx = test_ctx(), .r = report()};
    x.t = target(x.r, id, version, ecosystem);
    return x;
}

static void match(struct run *x, const struct plm_db *db)
{
    plm_err *err = NULL;
    must(plm_match_target(&x->ctx, db, x->r, x->t, &x->opt, &err), err);
}

static struct plm_db *store_of(const struct record *rows, size_t n)
{
    struct plm_ctx ctx = test_ctx();
    struct plm_db_builder *b = builder(&ctx);
    struct plm_feed_sink *s = feed(&ctx, "osv");
    for (size_t i = 0; i < n; i++)
        push(s, &rows[i]);
    finish(s, b, NOW - 60);
    return opened(b);
}

#define STORE(...)                                                                                           \
    store_of((const struct record[]){__VA_ARGS__},                                                           \
             sizeof((const struct record[]){__VA_ARGS__}) / sizeof(struct record))

/* ---- versions and names ----------------------------------------------------------------------- */

static void test_source_version_decides_not_the_binary_one(void **state)
{
    (void)state;
    struct run x = start("debian", "12", "Debian:12");
    plm_auto(plm_db_close) struct plm_db *db =
        STORE({.id = "CVE-2024-0001", .ecosystem = "Debian:12", .package = "src", .fixed = "1:2.0-3"});
    struct plm_package *p = package(x.r, x.t, "deb", "libsrc1", "2.0-3");
    p->source_name = PLM_SV("src");
    p->source_version = PLM_SV("1:2.0-2");
    p = package(x.r, x.t, "deb", "libsrc2", "2.0-2");
    p->source_name = PLM_SV("src");
    p->source_version = PLM_SV("1:2.0-3");
    match(&x, db);
    assert_int_equal(x.r->findings.n, 1);
    assert_int_equal(x.r->findings.v[0].package, 0);
    assert_int_equal(x.r->findings.v[0].fix, PLM_FIX_FIXED);
    assert_true(plm_sv_is(x.r->findings.v[0].matched.v[0].by, "source-package"));
    plm_report_free(x.r);
}

static void test_ranges_are_half_open(void **state)
{
    (void)state;
    struct run x = start("alpine", "3.20.1", "Alpine:v3.20");
    plm_auto(plm_db_close) struct plm_db *db =
        STORE({.id = "CVE-2024-0001",
               .ecosystem = "Alpine:v3.20",
               .package = "a",
               .introduced = "1.0-r0",
               .fixed = "2.0-r0"},
              {.id = "CVE-2024-0002", .ecosystem = "Alpine:v3.20", .package = "a", .last = "1.0-r0"});
    static const struct {
        const char *version;
        size_t findings;
    } rows[] = {{"0.9-r9", 1}, {"1.0-r0", 2}, {"1.9-r9", 1}, {"2.0_rc1-r0", 1}, {"2.0-r0", 0}};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        size_t before = x.r->findings.n;
        x.r->packages.n = 0;
        package(x.r, x.t, "apk", "a", rows[i].version);
        match(&x, db);
        if (x.r->findings.n - before != rows[i].findings)
            fail_msg("%s: %zu findings", rows[i].version, x.r->findings.n - before);
    }
    plm_report_free(x.r);
}

static void test_rpm_epoch_of_source_and_binary(void **state)
{
    (void)state;
    struct run x = start("almalinux", "9.3", "AlmaLinux:9");
    plm_auto(plm_db_close) struct plm_db *db = STORE({.id = "ALSA-2024:1",
                                                      .covers = "CVE-2024-0001",
                                                      .ecosystem = "AlmaLinux:9",
                                                      .package = "tool",
                                                      .is_binary = true,
                                                      .fixed = "1:1.0-2.el9"},
                                                     {.id = "ALSA-2024:2",
                                                      .covers = "CVE-2024-0002",
                                                      .ecosystem = "AlmaLinux:9",
                                                      .package = "srctool",
                                                      .fixed = "1:1.0-2.el9"});
    struct plm_package *p = package(x.r, x.t, "rpm", "tool", "1:1.0-1.el9");
    p->source_name = PLM_SV("srctool");
    p->source_version = PLM_SV("1.0-1.el9"); /* without the epoch, as rpm writes it */
    match(&x, db);
    assert_int_equal(x.r->findings.n, 2);
    x.r->findings.n = 0;
    p->version = PLM_SV("1:1.0-2.el9");
    p->source_version = PLM_SV("1.0-2.el9");
    match(&x, db);
    assert_int_equal(x.r->findings.n, 0);
    plm_report_free(x.r);
}

static void test_modules_and_architectures(void **state)
{
    (void)state;
    struct run x = start("almalinux", "8.9", "AlmaLinux:8");
    plm_auto(plm_db_close) struct plm_db *db = STORE({.id = "CVE-2024-0018",
                                                      .ecosystem = "AlmaLinux:8",
                                                      .package = "nodejs",
                                                      .is_binary = true,
                                                      .module = "nodejs:18",
                                                      .fixed = "1:99-1"},
                                                     {.id = "CVE-2024-0001",
                                                      .ecosystem = "AlmaLinux:8",
                                                      .package = "nodejs",
                                                      .is_binary = true,
                                                      .module = "nodejs:1",
                                                      .fixed = "1:99-1"},
                                                     {.id = "CVE-2024-0002",
                                                      .ecosystem = "AlmaLinux:8",
                                                      .package = "nodejs",
                                                      .is_binary = true,
                                                      .arch = "s390x",
                                                      .fixed = "1:99-1"});
    struct plm_package *p = package(x.r, x.t, "rpm", "nodejs", "1:18.1-1");
    p->modularity = PLM_SV("nodejs:18:8090020231:a75119d5");
    p->arch = PLM_SV("x86_64");
    match(&x, db);
    assert_int_equal(x.r->findings.n, 1);
    assert_non_null(finding(x.r, "CVE-2024-0018"));
    x.r->findings.n = 0;
    p->modularity = PLM_SV_NULL; /* the distribution's plain build is not the module's */
    match(&x, db);
    assert_int_equal(x.r->findings.n, 0);
    plm_report_free(x.r);
}

static void test_unstable_finds_what_is_filed_under_sid(void **state)
{
    (void)state;
    struct run x = start("debian", "14", "Debian:14");
    plm_auto(plm_db_close) struct plm_db *db =
        STORE({.id = "CVE-2024-0001", .ecosystem = "Debian:14", .package = "both", .fixed = "2"},
              {.id = "CVE-2024-0002", .ecosystem = "Debian:sid", .package = "both", .fixed = "2"},
              {.id = "CVE-2024-0003", .ecosystem = "Debian:sid", .package = "only-sid", .fixed = "2"});
    package(x.r, x.t, "deb", "both", "1");
    package(x.r, x.t, "deb", "only-sid", "1");
    match(&x, db);
    assert_null(finding(x.r, "CVE-2024-0003"));
    x.r->findings.n = 0;
    x.r->targets.v[x.t].distro.pretty = PLM_SV("Debian GNU/Linux forky/sid");
    match(&x, db);
    assert_non_null(finding(x.r, "CVE-2024-0001"));
    assert_non_null(finding(x.r, "CVE-2024-0003"));
    assert_null(finding(x.r, "CVE-2024-0002")); /* the coming release speaks about that package */
    plm_report_free(x.r);
}

/* ---- records ------------------------------------------------------------------------------------ */

static void test_channels_withdrawn_and_not_affected(void **state)
{
    (void)state;
    struct run x = start("ubuntu", "18.04", "Ubuntu:18.04:LTS");
    plm_auto(plm_db_close) struct plm_db *db = STORE(
        {.id = "CVE-2024-0001",
         .ecosystem = "Ubuntu:18.04:LTS",
         .package = "a",
         .channel = "esm",
         .fixed = "2"},
        {.id = "CVE-2024-0002",
         .ecosystem = "Ubuntu:18.04:LTS",
         .package = "a",
         .withdrawn = 1700000001,
         .fixed = "2"},
        {.id = "CVE-2024-0003",
         .ecosystem = "Ubuntu:18.04:LTS",
         .package = "a",
         .state = PLM_FIX_NOT_AFFECTED,
         .fixed = "0"},
        {.id = "CVE-2024-0004", .ecosystem = "Ubuntu:18.04:LTS", .package = "a", .state = PLM_FIX_WONT_FIX});
    package(x.r, x.t, "deb", "a", "1");
    match(&x, db);
    assert_int_equal(x.r->findings.n, 1);
    assert_int_equal(finding(x.r, "CVE-2024-0004")->fix, PLM_FIX_WONT_FIX);
    x.r->findings.n = 0;
    plm_sv on[] = {PLM_SV("ESM")};
    x.opt.channels.v = on;
    x.opt.channels.n = 1;
    match(&x, db);
    assert_int_equal(x.r->findings.n, 2);
    assert_non_null(finding(x.r, "CVE-2024-0001"));
    plm_report_free(x.r);
}

/* A set of nothing but ELTS or ESM rows says nothing about a release while that channel is off. */
static void test_rows_of_a_channel_that_is_off_are_no_coverage(void **state)
{
    (void)state;
    struct plm_ctx ctx = test_ctx();
    struct plm_db_builder *b = builder(&ctx);
    struct plm_feed_sink *s = feed(&ctx, "elts");
    push(s, &(struct record){
                .id = "ELA-1", .ecosystem = "Debian:10", .package = "a", .channel = "elts", .fixed = "2"});
    push(s, &(struct record){
                .id = "ELA-2", .ecosystem = "Debian:10", .package = "b", .channel = "elts", .fixed = "2"});
    push(s, &(struct record){
                .id = "ELA-3", .ecosystem = "Debian:11", .package = "a", .channel = "elts", .fixed = "2"});
    finish(s, b, NOW - 9000);
    s = feed(&ctx, "osv");
    push(s, &(struct record){.id = "DSA-1", .ecosystem = "Debian:11", .package = "c", .fixed = "2"});
    finish(s, b, NOW - 10);
    plm_auto(plm_db_close) struct plm_db *db = opened(b);
    plm_sv on[] = {PLM_SV("elts")};
    for (unsigned is_on = 0; is_on < 2; is_on++) {
        struct run x = start("debian", "10", "Debian:10");
        x.opt.channels.v = on;
        x.opt.channels.n = is_on;
        package(x.r, x.t, "deb", "a", "1");
        match(&x, db);
        assert_int_equal(x.r->findings.n, is_on);
        assert_int_equal(diagnostic(x.r, "db.no-coverage") != NULL, !is_on);
        assert_int_equal(plm_db_covers(db, PLM_SV("Debian:10"), &x.opt.channels), is_on);
        int64_t t; /* of the feeds that speak only */
        assert_true(plm_db_as_of(db, PLM_SV("Debian:11"), &x.opt.channels, &t));
        assert_int_equal(t, is_on ? NOW - 9000 : NOW - 10);
        plm_report_free(x.r);
    }
}

static void test_aliases_are_one_finding_under_the_cve(void **state)
{
    (void)state;
    struct run x = start("alpine", "3.20.0", "Alpine:v3.20");
    struct plm_ctx ctx = test_ctx();
    struct plm_db_builder *b = builder(&ctx);
    struct plm_feed_sink *s = feed(&ctx, "secdb");
    push(s, &(struct record){
                .id = "CVE-2024-0001", .ecosystem = "Alpine:v3.20", .package = "a", .fixed = "2-r0"});
    finish(s, b, NOW);
    s = feed(&ctx, "osv");
    push(s, &(struct record){.id = "GHSA-aaaa-bbbb-cccc",
                             .alias = "CVE-2024-0001",
                             .ecosystem = "Alpine:v3.20",
                             .package = "a",
                             .severity = "high"});
    finish(s, b, NOW);
    plm_auto(plm_db_close) struct plm_db *db = opened(b);
    package(x.r, x.t, "apk", "a", "1-r0");
    match(&x, db);
    assert_int_equal(x.r->findings.n, 1);
    const struct plm_finding *f = finding(x.r, "CVE-2024-0001");
    assert_non_null(f);
    assert_int_equal(f->matched.n, 2);
    assert_int_equal(f->fix, PLM_FIX_FIXED);
    assert_int_equal(f->severity, PLM_SEV_HIGH);
    assert_int_equal(f->aliases.n, 1);
    assert_true(plm_sv_is(f->aliases.v[0], "GHSA-aaaa-bbbb-cccc"));
    plm_report_free(x.r);
}

static void test_an_erratum_is_a_finding_per_flaw_and_bounds_its_severity(void **state)
{
    (void)state;
    struct run x = start("almalinux", "9.3", "AlmaLinux:9");
    plm_auto(plm_db_close) struct plm_db *db = STORE({.id = "ALSA-2024:1",
                                                      .covers = "CVE-2024-0001",
                                                      .covers2 = "CVE-2024-0002",
                                                      .ecosystem = "AlmaLinux:9",
                                                      .package = "a",
                                                      .is_binary = true,
                                                      .fixed = "2-1",
                                                      .adv_severity = "Important"},
                                                     {.id = "CVE-2024-0002",
                                                      .ecosystem = "AlmaLinux:9",
                                                      .package = "a",
                                                      .is_binary = true,
                                                      .fixed = "2-1",
                                                      .severity = "low"});
    package(x.r, x.t, "rpm", "a", "1-1");
    match(&x, db);
    assert_int_equal(x.r->findings.n, 2);
    assert_int_equal(finding(x.r, "CVE-2024-0001")->severity, PLM_SEV_HIGH);
    assert_int_equal(finding(x.r, "CVE-2024-0002")->severity, PLM_SEV_LOW);
    plm_report_free(x.r);
}

/* ---- what cannot be judged is said ---------------------------------------------------------------- */

static void test_no_coverage_is_incomplete(void **state)
{
    (void)state;
    plm_auto(plm_db_close) struct plm_db *db =
        STORE({.id = "CVE-2024-0001", .ecosystem = "Debian:12", .package = "a", .fixed = "2"});
    struct run x = start("debian", "13", "Debian:13");
    package(x.r, x.t, "deb", "a", "1");
    match(&x, db);
    assert_non_null(diagnostic(x.r, "db.no-coverage"));
    assert_true(x.r->targets.v[x.t].is_incomplete);
    plm_report_free(x.r);
    x = start("debian", "13", "Debian:13");
    package(x.r, x.t, "deb", "a", "1");
    x.opt.is_covered_elsewhere = true;
    match(&x, db);
    assert_non_null(diagnostic(x.r, "db.no-coverage"));
    assert_false(x.r->targets.v[x.t].is_incomplete);
    plm_report_free(x.r);
}

static void test_unknown_distributions_and_foreign_packages(void **state)
{
    (void)state;
    plm_auto(plm_db_close) struct plm_db *db =
        STORE({.id = "CVE-2024-0001", .ecosystem = "AlmaLinux:9", .package = "a", .fixed = "2"});
    static const struct {
        const char *id, *ecosystem, *type;
        bool is_said;
    } rows[] = {{NULL, NULL, "deb", true},
                {"plan9", NULL, "rpm", true},
                {"openwrt", NULL, "opkg", true},
                {"almalinux", "AlmaLinux:9", "deb", true},
                {"almalinux", "AlmaLinux:9", "rpm", false}};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct run x = start(rows[i].id, "9", rows[i].ecosystem);
        package(x.r, x.t, rows[i].type, "b", "1");
        match(&x, db);
        if ((diagnostic(x.r, "distro.unknown") != NULL) != rows[i].is_said)
            fail_msg("row %zu", i);
        assert_int_equal(x.r->targets.v[x.t].is_incomplete, rows[i].is_said);
        plm_report_free(x.r);
    }
}

static void test_data_without_a_date_are_told(void **state)
{
    (void)state;
    struct plm_ctx ctx = test_ctx();
    struct plm_db_builder *b = builder(&ctx);
    struct plm_feed_sink *s = feed(&ctx, "secdb");
    plm_err *err = NULL;
    must(s->covers(s, PLM_SV("Alpine:v3.20"), &err), err);
    finish(s, b, 0);
    plm_auto(plm_db_close) struct plm_db *db = opened(b);
    struct run x = start("alpine", "3.20.0", "Alpine:v3.20");
    package(x.r, x.t, "apk", "a", "1-r0");
    match(&x, db);
    const struct plm_diagnostic *d = diagnostic(x.r, "db.undated");
    assert_non_null(d);
    assert_true(plm_sv_is(d->object, "secdb"));
    int64_t t;
    assert_false(plm_db_as_of(db, PLM_SV("Alpine:v3.20"), &no_channels, &t));
    plm_report_free(x.r);
}

/* ---- end of life ---------------------------------------------------------------------------------- */

static const struct {
    const char *id, *version, *ecosystem, *type;
    int64_t now;
    enum plm_eol_state eol;
} ends[] = {
    /* Debian's end is that of its LTS: bullseye 2026-08-31, bookworm 2028-06-30 */
    {"debian", "11", "Debian:11", "deb", 1788220799, PLM_EOL_SUPPORTED}, /* 2026-08-31T23:59:59Z */
    {"debian", "11", "Debian:11", "deb", 1788220800, PLM_EOL_ENDED},
    {"debian", "11", "Debian:11", "deb", NOW, PLM_EOL_ENDED},
    {"debian", "12", "Debian:12", "deb", NOW, PLM_EOL_SUPPORTED},
    {"ubuntu", "18.04", "Ubuntu:18.04:LTS", "deb", NOW, PLM_EOL_ENDED}, /* Pro's later end must be bought */
    {"ubuntu", "24.04", "Ubuntu:24.04:LTS", "deb", NOW, PLM_EOL_SUPPORTED},
    {"alpine", "3.15.4", "Alpine:v3.15", "apk", NOW, PLM_EOL_ENDED},
    {"alpine", "edge", "Alpine:edge", "apk", NOW, PLM_EOL_UNKNOWN},
    {"almalinux", "9.3", "AlmaLinux:9", "rpm", NOW, PLM_EOL_SUPPORTED},
    {"rocky", "8.9", "Rocky Linux:8", "rpm", NOW, PLM_EOL_SUPPORTED},
    {"centos", "7", "Red Hat:7", "rpm", NOW, PLM_EOL_ENDED},
    {"amzn", "2018.03", "Amazon Linux:1", "rpm", NOW, PLM_EOL_ENDED},
    {"ol", "9.3", "Oracle Linux:9", "rpm", NOW, PLM_EOL_SUPPORTED},
    {"sles", "15", "SUSE:Linux Enterprise Server 15", "rpm", NOW, PLM_EOL_ENDED},
    {"sled", "15.5", "SUSE:Linux Enterprise Desktop 15 SP5", "rpm", NOW, PLM_EOL_ENDED},
    {"opensuse-leap", "15.5", "openSUSE:Leap 15.5", "rpm", NOW, PLM_EOL_ENDED},
};

static void check_ends(const struct plm_db *db)
{
    for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
        struct run x = start(ends[i].id, ends[i].version, ends[i].ecosystem);
        x.ctx.now = ends[i].now;
        package(x.r, x.t, ends[i].type, "a", "1");
        match(&x, db);
        const struct plm_distro *d = &x.r->targets.v[x.t].distro;
        if (d->eol != ends[i].eol)
            fail_msg("%s %s: state %d", ends[i].id, ends[i].version, (int)d->eol);
        assert_int_equal(diagnostic(x.r, "distro.eol") != NULL, ends[i].eol == PLM_EOL_ENDED);
        plm_report_free(x.r);
    }
}

static void test_end_of_life_without_any_data(void **state)
{
    (void)state;
    check_ends(NULL);
}

static void test_end_of_life_of_the_feed(void **state)
{
    (void)state;
    const char *shared = getenv("PLIMSOLL_SHARED");
    plm_auto_free char *path = shared ? plm_fs_join(shared, "data/endoflife.tar.zst") : NULL;
    if (!path || access(path, R_OK) != 0) {
        free(plm_take(path));
        plm_test_skip("reads ../shared, which is not here");
    }
    struct plm_ctx ctx = test_ctx();
    plm_err *err = NULL;
    struct plm_db_builder *b = builder(&ctx);
    must(plm_feed_read(&ctx, b, "endoflife", "endoflife", path, NOW, NULL, &err), err);
    plm_auto(plm_db_close) struct plm_db *db = opened(b);
    check_ends(db);
}

/* ---- explain -------------------------------------------------------------------------------------- */

static void test_explain_says_which_comparison_decided(void **state)
{
    (void)state;
    static const struct {
        const char *version, *says;
    } rows[] = {{"1.5", "affected: 1.5 is older than the fix 2"},
                {"0.5", "not affected: 0.5 is older than 1, where the flaw came in"},
                {"2", "not affected: 2 is not older than the fix 2"}};
    plm_auto(plm_db_close) struct plm_db *db = STORE(
        {.id = "DSA-1-1",
         .covers = "CVE-2024-0001",
         .ecosystem = "Debian:12",
         .package = "a",
         .introduced = "1",
         .fixed = "2"},
        {.id = "CVE-2024-0002", .ecosystem = "Debian:12", .package = "a", .channel = "elts", .fixed = "2"});
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct run x = start("debian", "12", "Debian:12");
        package(x.r, x.t, "deb", "a", rows[i].version);
        plm_sv_vec out = {0};
        plm_err *err = NULL;
        must(plm_match_explain(&x.ctx, db, x.r, 0, PLM_SV("CVE-2024-0001"), &x.opt, x.r->arena, &out, &err),
             err);
        assert_int_equal(out.n, 1);
        if (!plm_sv_has(out.v[0], plm_sv_from(rows[i].says)) || !plm_sv_has(out.v[0], PLM_SV("DSA-1-1")))
            fail_msg("%.*s", PLM_SV_ARG(out.v[0]));
        out.n = 0;
        must(plm_match_explain(&x.ctx, db, x.r, 0, PLM_SV("CVE-2024-0002"), &x.opt, x.r->arena, &out, &err),
             err);
        assert_int_equal(out.n, 1);
        assert_true(plm_sv_has(out.v[0], PLM_SV("--channels elts")));
        out.n = 0;
        must(plm_match_explain(&x.ctx, db, x.r, 0, PLM_SV("CVE-2024-9999"), &x.opt, x.r->arena, &out, &err),
             err);
        assert_int_equal(out.n, 0);
        plm_report_free(x.r);
    }
}

/* ---- merging ---------------------------------------------------------------------------------------- */

static struct plm_finding *add(struct plm_report *r, const char *id, const char *feed_name)
{
    struct plm_finding *f = plm_report_finding(r, 0, PLM_KIND_VULNERABILITY);
    assert_non_null(f);
    f->id = plm_sv_from(id);
    f->package = 0;
    struct plm_matched *m = plm_vec_push(r->arena, &f->matched);
    assert_non_null(m);
    m->feed = plm_sv_from(feed_name);
    return f;
}

static void test_merge_keeps_all_provenance(void **state)
{
    (void)state;
    struct run x = start("debian", "12", "Debian:12");
    plm_err *err = NULL;
    package(x.r, x.t, "deb", "a", "1");
    struct plm_finding *f = add(x.r, "CVE-2024-0001", "repo");
    f->fix = PLM_FIX_FIXED;
    assert_true(plm_sv_vec_add(x.r->arena, &f->fix_versions, PLM_SV("2")));
    f = add(x.r, "CVE-2024-0001", "osv");
    f->severity = PLM_SEV_HIGH;
    f->fix = PLM_FIX_NOT_FIXED;
    f->kev = true;
    add(x.r, "CVE-2024-0002", "osv");
    must(plm_findings_merge(x.r, &err), err);
    assert_int_equal(x.r->findings.n, 2);
    f = &x.r->findings.v[0];
    assert_int_equal(f->severity, PLM_SEV_HIGH);
    assert_int_equal(f->fix, PLM_FIX_FIXED);
    assert_int_equal(f->fix_versions.n, 1);
    assert_int_equal(f->matched.n, 2);
    assert_true(plm_sv_is(f->matched.v[0].feed, "osv")); /* it knew a severity: it decides */
    assert_true(f->kev);
    plm_report_free(x.r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_source_version_decides_not_the_binary_one),
        cmocka_unit_test(test_ranges_are_half_open),
        cmocka_unit_test(test_rpm_epoch_of_source_and_binary),
        cmocka_unit_test(test_modules_and_architectures),
        cmocka_unit_test(test_unstable_finds_what_is_filed_under_sid),
        cmocka_unit_test(test_channels_withdrawn_and_not_affected),
        cmocka_unit_test(test_rows_of_a_channel_that_is_off_are_no_coverage),
        cmocka_unit_test(test_aliases_are_one_finding_under_the_cve),
        cmocka_unit_test(test_an_erratum_is_a_finding_per_flaw_and_bounds_its_severity),
        cmocka_unit_test(test_no_coverage_is_incomplete),
        cmocka_unit_test(test_unknown_distributions_and_foreign_packages),
        cmocka_unit_test(test_data_without_a_date_are_told),
        cmocka_unit_test(test_end_of_life_without_any_data),
        cmocka_unit_test(test_end_of_life_of_the_feed),
        cmocka_unit_test(test_explain_says_which_comparison_decided),
        cmocka_unit_test(test_merge_keeps_all_provenance),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
