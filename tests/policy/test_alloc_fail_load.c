/* SPDX-License-Identifier: Apache-2.0
 *
 * Every allocation of the readers of policies, in their three forms, and of saved facts fails once.
 */
#include "../base/alloc_fail.h"

#include "base/buf.h"
#include "base/fs.h"
#include "policy/policy.h"

static int policy(void *arg, plm_err **err)
{
    struct plm_ctx ctx = PLM_CTX_INIT;
    plm_auto(plm_policy_free) struct plm_policy *p =
        plm_policy_load(&ctx, *(plm_sv *)arg, "policy", PLM_POLICY_FIXED, err);
    return p ? 0 : -1;
}

static void every_allocation_may_fail(void **state)
{
    (void)state;
    static const char *const files[] = {"/bundles/cis-1.13.0.json", "/bundles/disa-style.json",
                                        "/../../fuzz/corpus/policy_yaml/full.yaml"};
    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
        plm_auto_free char *path = plm_fs_join(PLM_TEST_DATA, files[i] + 1);
        plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(PLM_MIB(1));
        assert_int_equal(plm_fs_read(path, b.max, &b, NULL), 0);
        plm_sv text = plm_buf_sv(&b);
        assert_true(plm_test_sweep(policy, &text) > 3);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_allocation_may_fail)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
