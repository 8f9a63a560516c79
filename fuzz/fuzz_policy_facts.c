/* SPDX-License-Identifier: Apache-2.0
 *
 * Facts of images, and test cases, which hold bundles and facts.
 */
#include "policy/policy.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct plm_ctx ctx = PLM_CTX_INIT;
    ctx.now = 1795478400;
    plm_sv text = plm_sv_n((const char *)data, size);
    plm_image_facts_free(plm_policy_facts_read(&ctx, text, "fuzz", NULL));
    plm_auto_done(plm_buf_done) struct plm_buf out = PLM_BUF(PLM_MIB(4));
    struct plm_policy_test_counts n;
    plm_err *err = NULL;
    if (plm_policy_test_run(&ctx, text, "fuzz", PLM_POLICY_COMPAT, &out, &n, &err) < 0)
        plm_err_free(err);
    return 0;
}
