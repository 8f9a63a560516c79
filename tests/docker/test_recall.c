/* SPDX-License-Identifier: Apache-2.0
 *
 * What is remembered of engines: by endpoint, and the oldest gives way.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "docker/docker_int.h"

static struct plm_engine engine_at(struct plm_arena *a, const char *endpoint, const char *version)
{
    return (struct plm_engine){.arena = a,
                               .at.shown = plm_sv_from(endpoint),
                               .info = {.version = plm_sv_from(version), .api_version = PLM_SV("1.41")}};
}

static void an_endpoint_is_known_by_its_name(void **state)
{
    (void)state;
    plm_auto(plm_arena_free) struct plm_arena *a = plm_arena_new(PLM_ARENA_NO_LIMIT);
    struct plm_engine first = engine_at(a, "unix:///one", "20.10"), again = engine_at(a, "unix:///one", ""),
                      other = engine_at(a, "unix:///two", "");
    assert_false(plm_engine_recall(&first));
    plm_engine_remember(&first);
    assert_true(plm_engine_recall(&again));
    assert_true(plm_sv_is(again.info.version, "20.10"));
    assert_true(plm_sv_is(again.info.api_version, "1.41"));
    assert_false(plm_engine_recall(&other));
    struct plm_engine newer = engine_at(a, "unix:///one", "29.0");
    plm_engine_remember(&newer);
    assert_true(plm_engine_recall(&again));
    assert_true(plm_sv_is(again.info.version, "29.0"));
}

static void many_endpoints_push_each_other_out(void **state)
{
    (void)state;
    plm_auto(plm_arena_free) struct plm_arena *a = plm_arena_new(PLM_ARENA_NO_LIMIT);
    size_t known = 0;
    for (int i = 0; i < 20; i++) {
        plm_sv name = plm_arena_printf(a, "tcp://h%d", i);
        struct plm_engine e = engine_at(a, name.p, "1");
        plm_engine_remember(&e);
        assert_true(plm_engine_recall(&e));
    }
    for (int i = 0; i < 20; i++) {
        plm_sv name = plm_arena_printf(a, "tcp://h%d", i);
        struct plm_engine e = engine_at(a, name.p, "");
        known += plm_engine_recall(&e);
    }
    assert_in_range(known, 1, 8);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_endpoint_is_known_by_its_name),
        cmocka_unit_test(many_endpoints_push_each_other_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
