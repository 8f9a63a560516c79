/* SPDX-License-Identifier: Apache-2.0
 *
 * Feed specifications and their names; every built-in feed has a known format.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "vulndb/vulndb.h"

static int parse(struct plm_arena *a, plm_db_sources *v, const char *text)
{
    plm_err *err = NULL;
    int r = plm_db_source_parse(plm_sv_from(text), a, v, &err);
    if (r < 0)
        assert_int_equal(plm_err_code(err), PLM_E_CONFIG);
    plm_err_free(err);
    return r;
}

static void test_specifications(void **state)
{
    (void)state;
    plm_auto(plm_arena_free) struct plm_arena *a = plm_arena_new(PLM_ARENA_NO_LIMIT);
    plm_db_sources v = {0};
    plm_err *err = NULL;
    static const char *const bad[] = {"", "osv", "=x", "osv=", "nope=x", "a/b:osv=x", ".x:osv=x", ":osv=x"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
        assert_int_equal(parse(a, &v, bad[i]), -1);
    assert_int_equal(v.n, 0);
    assert_int_equal(parse(a, &v, "osv=https://x.example/AlmaLinux/all.zip"), 0);
    assert_int_equal(parse(a, &v, "mine:osv=a=b:c.zip"), 0);
    assert_int_equal(parse(a, &v, "osv=/data/Go.zip"), 0);
    assert_int_equal(parse(a, &v, "kev=kev.json.gz"), 0);
    assert_int_equal(plm_db_sources_name(a, &v, &err), 0);
    assert_string_equal(v.v[0].name.p, "osv-almalinux");
    assert_string_equal(v.v[1].name.p, "mine");
    assert_string_equal(v.v[1].address.p, "a=b:c.zip");
    assert_string_equal(v.v[2].name.p, "osv-go");
    assert_string_equal(v.v[3].name.p, "kev");
    assert_int_equal(parse(a, &v, "mine:kev=x"), 0);
    assert_int_equal(plm_db_sources_name(a, &v, &err), -1);
    assert_int_equal(plm_err_code(err), PLM_E_USAGE);
    plm_err_free(err);
}

static void test_default_feeds(void **state)
{
    (void)state;
    struct plm_ctx ctx = PLM_CTX_INIT;
    plm_auto(plm_arena_free) struct plm_arena *a = plm_arena_new(PLM_ARENA_NO_LIMIT);
    plm_db_sources v = {0};
    plm_err *err = NULL;
    assert_int_equal(plm_db_sources_default(&ctx, a, &v, &err), 0);
    assert_int_equal(plm_db_sources_name(a, &v, &err), 0);
    assert_true(v.n > 10);
    bool has_kev = false;
    for (size_t i = 0; i < v.n; i++) {
        assert_true(plm_sv_starts(v.v[i].address, PLM_SV("https://")));
        has_kev |= plm_sv_is(v.v[i].format, "kev");
    }
    assert_true(has_kev);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_specifications),
        cmocka_unit_test(test_default_feeds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
