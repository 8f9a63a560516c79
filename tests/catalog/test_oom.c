/* SPDX-License-Identifier: Apache-2.0
 *
 * Memory that runs out: each allocation of a full extraction and collection fails once. Nothing
 * may crash, leak into a success that lost packages, or fail with another error than "out of memory".
 * glibc's entry points are used under the wrappers, so sanitized builds skip it.
 */
#include "harness.h"
#include "rpm_make.h"

#include <stdio.h>

#ifndef PLM_SANITIZED

void *__libc_malloc(size_t n);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *p, size_t n);

static size_t countdown; /* 0: off; 1: the next one fails */
static bool has_failed;

static bool fails(void)
{
    if (countdown == 0 || --countdown > 0)
        return false;
    has_failed = true;
    return true;
}

void *malloc(size_t n)
{
    return fails() ? NULL : __libc_malloc(n);
}
void *calloc(size_t n, size_t size)
{
    return fails() ? NULL : __libc_calloc(n, size);
}
void *realloc(void *p, size_t n)
{
    return fails() ? NULL : __libc_realloc(p, n);
}

static void ignore(struct plm_extract_out *out, const char *code, enum plm_severity sev, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
static void ignore(struct plm_extract_out *out, const char *code, enum plm_severity sev, const char *fmt, ...)
{
    (void)out;
    (void)code;
    (void)sev;
    (void)fmt;
}

/* Packages that came out, or SIZE_MAX where it failed as it should. */
static size_t run(const char *path, plm_sv content)
{
    const struct plm_extractor *x = harness_extractor(plm_sv_from(path));
    struct plm_limits limits = plm_limits_default;
    struct plm_extract_out out = {
        .facts = PLM_BUF(PLM_MIB(1)), .owned = PLM_BUF(PLM_MIB(1)), .diag = ignore, .limits = &limits};
    struct plm_entry e = {.path = plm_sv_from(path), .size = content.n};
    struct plm_ctx ctx = PLM_CTX_INIT;
    struct plm_report *r = plm_report_new(NULL);
    size_t n = SIZE_MAX;
    plm_err *err = NULL;
    out.arena = plm_arena_new(PLM_ARENA_NO_LIMIT);
    if (r && out.arena && plm_report_target(r)) {
        bool ok = x->extract(&e, content, &out, &err) == 0 && plm_buf_check(&out.facts, &err) == 0 &&
                  plm_buf_check(&out.owned, &err) == 0;
        struct plm_facts f = {.extractor = x,
                              .path = plm_sv_from(path),
                              .visible = true,
                              .data = plm_buf_sv(&out.facts),
                              .owned = plm_buf_sv(&out.owned)};
        struct plm_analysis a = {.facts = {.v = &f, .n = 1}};
        if (ok && plm_catalog_collect(&ctx, &a, PLM_CATALOG_OWNED, r, 0, &err) == 0)
            n = r->packages.n;
        else
            assert_int_equal(plm_err_code(err), PLM_E_OOM);
    }
    plm_err_free(err);
    plm_report_free(r);
    plm_arena_free(out.arena);
    plm_buf_done(&out.facts);
    plm_buf_done(&out.owned);
    return n;
}

static void sweep(const char *path, plm_sv content)
{
    size_t whole = run(path, content), n = 1;
    assert_true(whole > 0 && whole != SIZE_MAX);
    for (; n < 100000; n++) {
        has_failed = false;
        countdown = n;
        size_t got = run(path, content);
        countdown = 0;
        if (!has_failed)
            break;
        if (got != SIZE_MAX && got != whole)
            fail_msg("%s: allocation %zu failed and %zu of %zu packages came out", path, n, got, whole);
    }
    assert_true(n > 5 && n < 100000);
}

static void sweep_file(const char *path, const char *file)
{
    plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(PLM_MIB(1));
    assert_int_equal(plm_fs_read(file, PLM_MIB(1), &b, NULL), 0);
    sweep(path, plm_buf_sv(&b));
}

static void test_texts(void **state)
{
    (void)state;
    sweep_file("var/lib/dpkg/status", PLM_TEST_DATA "/dpkg/status");
    sweep_file("lib/apk/db/installed", PLM_TEST_DATA "/apk/installed");
    sweep_file("var/lib/rpmmanifest/container-manifest-2", PLM_TEST_DATA "/rpm/container-manifest-2");
    sweep_file("var/lib/chisel/manifest.wall", PLM_TEST_DATA "/chisel/manifest.jsonl");
}

static void test_rpm(void **state)
{
    (void)state;
    struct plm_buf one = PLM_BUF(PLM_MIB(1)), two = PLM_BUF(PLM_MIB(1));
    make_package(&one, "one", 0);
    make_package(&two, "two", 9000);
    const plm_sv blobs[] = {plm_buf_sv(&one), plm_buf_sv(&two)};
    plm_auto_done(plm_buf_done) struct plm_buf ndb = PLM_BUF(PLM_MIB(1)), bdb = PLM_BUF(PLM_MIB(1));
    make_ndb(&ndb, blobs, 2);
    make_bdb(&bdb, blobs, 2, false, 4096);
    sweep("var/lib/rpm/Packages.db", plm_buf_sv(&ndb));
    sweep("var/lib/rpm/Packages", plm_buf_sv(&bdb));
    sweep_file("var/lib/rpm/rpmdb.sqlite", PLM_TEST_DATA "/../../fuzz/corpus/rpm_sqlite/nine");
    plm_buf_done(&one);
    plm_buf_done(&two);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_texts), cmocka_unit_test(test_rpm)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#else

int main(void)
{
    puts("skipped oom: another platform's allocator (sanitizer) is in place");
    return 77;
}

#endif
