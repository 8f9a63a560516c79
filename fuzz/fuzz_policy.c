/* SPDX-License-Identifier: Apache-2.0
 *
 * Policies of both forms, in both modes: loaded, and evaluated against a small image. The first byte chooses
 * the mode.
 */
#include "policy/policy.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void evaluate(const struct plm_ctx *ctx, struct plm_policy *p)
{
    plm_auto(plm_image_facts_free) struct plm_image_facts *f = plm_policy_facts_read(
        ctx,
        PLM_SV("{\"image_id\":\"1\",\"image_digest\":\"sha256:2\",\"dockerfile_mode\":\"Actual\","
               "\"dockerfile_contents\":\"FROM a\\nUSER b\\nEXPOSE 22 80/udp\\n\",\"distro\":\"debian\","
               "\"size\":9,\"files\":{\"/bin/su\":{\"mode\":35309}},"
               "\"packages\":[{\"name\":\"p\",\"version\":\"1\",\"fullversion\":\"1-2\",\"pkg_type\":"
               "\"dpkg\"}]}"),
        "facts", NULL);
    plm_auto(plm_arena_free) struct plm_arena *a = plm_arena_new(PLM_MIB(64));
    struct plm_policy_result r;
    plm_err *err = NULL;
    if (f && a && plm_policy_evaluate(ctx, p, f, PLM_SV("docker.io/x:1"), NULL, a, &r, &err) < 0)
        plm_err_free(err);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct plm_ctx ctx = PLM_CTX_INIT;
    ctx.now = 1795478400;
    if (size == 0)
        return 0;
    plm_auto(plm_policy_free) struct plm_policy *p =
        plm_policy_load(&ctx, plm_sv_n((const char *)data + 1, size - 1), "fuzz",
                        data[0] == 'c' ? PLM_POLICY_COMPAT : PLM_POLICY_FIXED, NULL);
    if (p)
        evaluate(&ctx, p);
    return 0;
}
