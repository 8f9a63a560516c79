/* SPDX-License-Identifier: Apache-2.0
 *
 * Compose files: the loader and all of its checks.
 */
#include "inspect/compose.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct plm_ctx ctx = PLM_CTX_INIT;
    struct plm_limits limits = plm_limits_default;
    limits.yaml_events = 100000;
    ctx.limits = &limits;
    struct plm_inspect_options opt = {0};
    plm_auto(plm_report_free) struct plm_report *r = plm_report_new(NULL);
    if (r && plm_report_target(r))
        (void)plm_compose_check(&ctx, plm_sv_n((const char *)data, size), PLM_SV("compose.yaml"), &opt, r, 0,
                                NULL);
    return 0;
}
