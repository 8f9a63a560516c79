/* SPDX-License-Identifier: Apache-2.0
 *
 * Our form of policies: whatever loads can be linted and written in every form, and what is written loads.
 */
#include "policy/policy.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct plm_ctx ctx = PLM_CTX_INIT;
    ctx.now = 1795478400; /* 2026-11-24 */
    plm_sv text = plm_sv_n((const char *)data, size);
    plm_auto(plm_arena_free) struct plm_arena *a = plm_arena_new(PLM_MIB(64));
    plm_auto(plm_policy_free) struct plm_policy *p =
        a ? plm_policy_load(&ctx, text, "x.yaml", PLM_POLICY_FIXED, NULL) : NULL;
    plm_policy_lints lints = {0};
    if (!p || plm_policy_lint(&ctx, p, a, &lints, NULL) < 0)
        return 0;
    for (int form = PLM_POLICY_FORM_OURS; form <= PLM_POLICY_FORM_V2; form++) {
        plm_auto_done(plm_buf_done) struct plm_buf out = PLM_BUF(PLM_MIB(16));
        plm_sv_vec notes = {0};
        if (plm_policy_write(p, (enum plm_policy_form)form, a, &out, &notes, NULL) < 0 ||
            plm_policy_all_problems(p)->n)
            continue;
        plm_auto(plm_policy_free) struct plm_policy *again =
            plm_policy_load(&ctx, plm_buf_sv(&out), "again", PLM_POLICY_FIXED, NULL);
        if (!again)
            abort();
    }
    return 0;
}
