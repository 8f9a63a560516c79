/* SPDX-License-Identifier: Apache-2.0
 *
 * Every allocation of the readers of Dockerfiles and Compose files fails once, on the seeds of their fuzz
 * targets.
 */
#include "../base/alloc_fail.h"

#include "base/buf.h"
#include "base/fs.h"
#include "inspect/compose.h"
#include "inspect/dockerfile.h"

static int dockerfile(void *arg, plm_err **err)
{
    plm_auto(plm_arena_free) struct plm_arena *a = plm_arena_new(PLM_MIB(64));
    if (!a)
        return plm_fail_oom(err);
    const struct plm_dockerfile *df = plm_dockerfile_parse(*(plm_sv *)arg, a, err);
    return df ? 0 : -1;
}

static int compose(void *arg, plm_err **err)
{
    struct plm_ctx ctx = PLM_CTX_INIT;
    struct plm_inspect_options opt = {0};
    plm_auto(plm_report_free) struct plm_report *r = plm_report_new(err);
    if (!r)
        return -1;
    if (!plm_report_target(r))
        return plm_arena_check(r->arena, err);
    if (plm_compose_check(&ctx, *(plm_sv *)arg, PLM_SV("compose.yaml"), &opt, r, 0, err) < 0)
        return -1;
    return plm_arena_check(r->arena, err);
}

static void every_allocation_may_fail(void **state)
{
    (void)state;
    static const struct {
        const char *seed;
        int (*run)(void *arg, plm_err **err);
    } rows[] = {{"dockerfile/stages", dockerfile},
                {"dockerfile/escape", dockerfile},
                {"dockerfile/faults", dockerfile},
                {"compose/merged", compose},
                {"compose/old", compose}};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        plm_auto_free char *folder = plm_fs_join(PLM_TEST_DATA "/../../fuzz/corpus", rows[i].seed);
        plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(PLM_MIB(1));
        assert_int_equal(plm_fs_read(folder, b.max, &b, NULL), 0);
        plm_sv text = plm_buf_sv(&b);
        assert_true(plm_test_sweep(rows[i].run, &text) > 1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_allocation_may_fail)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
