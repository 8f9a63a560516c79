/* SPDX-License-Identifier: Apache-2.0
 *
 * Allocation failure: the n-th allocation of building, writing, opening and asking fails, for
 * every n. Each run must end with an error or a good result, without a leak or a crash. The
 * allocator of this program stands in front of the C library's; not under sanitizers.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/fs.h"
#include "vulndb/vulndb.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#if defined(PLM_SANITIZED) || !defined(__GLIBC__)
int main(void)
{
    puts("skipped store_oom: another platform's allocator (sanitizer) is in place");
    return 77;
}
#else

extern void *__libc_malloc(size_t n);
extern void *__libc_calloc(size_t n, size_t size);
extern void *__libc_realloc(void *p, size_t n);
extern void __libc_free(void *p);

static long fail_at; /* 0: never; counts down to 1, which fails */
static bool failed;
static long live; /* blocks allocated while counting, less those freed */
static bool counting;

static bool refuse(void)
{
    if (!counting || fail_at == 0 || --fail_at != 0)
        return false;
    failed = true;
    return true;
}

__attribute__((visibility("default"))) void *malloc(size_t n)
{
    void *p = refuse() ? NULL : __libc_malloc(n);
    live += counting && p;
    return p;
}

__attribute__((visibility("default"))) void *calloc(size_t n, size_t size)
{
    void *p = refuse() ? NULL : __libc_calloc(n, size);
    live += counting && p;
    return p;
}

__attribute__((visibility("default"))) void *realloc(void *p, size_t n)
{
    void *q = refuse() ? NULL : __libc_realloc(p, n);
    live += counting && q && !p;
    return q;
}

__attribute__((visibility("default"))) void free(void *p)
{
    live -= counting && p;
    __libc_free(p);
}

static int nothing(void *arg, const struct plm_db_hit *h)
{
    (void)h;
    ++*(int *)arg;
    return 0;
}

static int push(struct plm_feed_sink *s, plm_err **err)
{
    struct plm_range range = {.fixed = PLM_SV("1.2-3")};
    struct plm_affected af = {.ecosystem = PLM_SV("Debian:12"), .package = PLM_SV("openssl")};
    plm_sv alias = PLM_SV("CVE-2024-1");
    struct plm_advisory adv = {
        .id = PLM_SV("GHSA-1"), .title = PLM_SV("title"), .details = PLM_SV("details")};
    af.ranges.v = &range;
    af.ranges.n = adv.affected.n = adv.aliases.n = 1;
    adv.affected.v = &af;
    adv.aliases.v = &alias;
    if (s->advisory(s, &adv, err) < 0 || s->kev(s, alias, 1700000000, err) < 0)
        return -1;
    s->bad(s, PLM_SV("file"), "is %s", "bad");
    return s->eol(s, PLM_SV("debian"), PLM_SV("12"), PLM_SV("bookworm"), 1, err);
}

static int build(const struct plm_ctx *ctx, const char *path, plm_err **err)
{
    plm_auto(plm_db_builder_free) struct plm_db_builder *b = plm_db_builder_new(ctx, err);
    if (!b)
        return -1;
    plm_auto(plm_feed_abandon) struct plm_feed_sink *s = plm_feed_begin(ctx, "x", "test", err);
    if (!s || push(s, err) < 0 || plm_feed_end(plm_take(s), b, 0, NULL, err) < 0)
        return -1;
    return plm_db_builder_write(b, path, err);
}

static int ask(const char *path, plm_err **err)
{
    plm_auto(plm_db_close) struct plm_db *db = plm_db_open(path, err);
    plm_auto(plm_arena_free) struct plm_arena *a = db ? plm_arena_new(PLM_ARENA_NO_LIMIT) : NULL;
    struct plm_advisory adv;
    plm_sv_vec v = {0};
    int n = 0;
    if (!a)
        return -1;
    if (plm_db_lookup(db, PLM_SV("Debian:12"), PLM_SV("openssl"), nothing, &n, err) < 0 ||
        plm_db_advisory(db, 0, 0, a, &adv, err) < 0 ||
        plm_db_aliases(db, PLM_SV("CVE-2024-1"), a, &v, err) < 0 || plm_db_verify(db, err) < 0)
        return -1;
    return n == 1 && v.n == 2 && plm_sv_is(adv.title, "title") ? 0 : -2;
}

static void test_every_allocation_fails_once(void **state)
{
    (void)state;
    char path[] = "/tmp/plm-test-oom-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    close(fd);
    struct plm_ctx ctx = PLM_CTX_INIT;
    ctx.now = 1764000000;
    assert_int_equal(build(&ctx, path, NULL), 0); /* what libraries set up once and keep */
    assert_int_equal(ask(path, NULL), 0);
    EVP_MD_free(EVP_MD_fetch(NULL, "no such digest", NULL)); /* OpenSSL's error queue */
    ERR_clear_error();
    long n = 1;
    for (;; n++) {
        plm_err *err = NULL;
        fail_at = n;
        failed = false;
        live = 0;
        counting = true;
        int r = build(&ctx, path, &err);
        if (r == 0)
            r = ask(path, &err);
        counting = false;
        assert_int_not_equal(r, -2);
        if (!failed) {
            assert_int_equal(r, 0);
            break;
        }
        counting = true;
        plm_err_free(err);
        ERR_clear_error();
        counting = false;
        if (live > 0)
            fail_msg("allocation %ld: %ld blocks are still there", n, live);
    }
    assert_true(n > 50);
    unlink(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_every_allocation_fails_once)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
#endif
