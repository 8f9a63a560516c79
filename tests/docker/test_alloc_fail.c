/* SPDX-License-Identifier: Apache-2.0
 *
 * Every allocation of choosing an engine's endpoint fails once. The client's answers are JSON (tests/codec)
 * over the network module (tests/net).
 */
#include "../base/alloc_fail.h"

#include "base/fs.h"
#include "docker_int.h"

static const char *no_variable(const char *name)
{
    (void)name;
    return NULL;
}

static int endpoint(void *arg, plm_err **err)
{
    struct plm_ctx ctx = PLM_CTX_INIT;
    plm_auto(plm_arena_free) struct plm_arena *a = plm_arena_new(PLM_ARENA_NO_LIMIT);
    struct plm_engine_config conf = {.host = plm_sv_from(arg)};
    struct plm_endpoint out;
    if (!a)
        return plm_fail_oom(err);
    if (plm_endpoint_select(&ctx, &conf, no_variable, a, &out, err) < 0)
        return -1;
    const char *path = plm_engine_path(a, "/images/", PLM_SV("reg:5000/a b@c"), "/json");
    return path ? 0 : plm_fail_oom(err);
}

static void endpoints(void **state)
{
    (void)state;
    static char tcp[] = "tcp://box:2375", http[] = "http://[::1]:2375";
    assert_true(plm_test_sweep(endpoint, tcp) > 0);
    assert_true(plm_test_sweep(endpoint, http) > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(endpoints)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
