/* SPDX-License-Identifier: Apache-2.0
 *
 * always: fires, whatever the image is.
 */
#include "policy/policy_int.h"

static int evaluate(struct plm_policy_eval *ev, const struct plm_policy_rule *r, plm_err **err)
{
    (void)err;
    return plm_policy_fire(ev, r, PLM_SV("always"), "Unconditional trigger match");
}

static const struct plm_policy_trigger triggers[] = {
    {.name = "always", .description = "Fires for every image.", .evaluate = evaluate}, {0}};

static const struct plm_policy_gate always = {.name = "always",
                                              .description =
                                                  "Unconditional: for tests and for deny rules by mapping.",
                                              .triggers = triggers};
PLM_REGISTER(plm_policy_gates, struct plm_policy_gate, always);
