/* SPDX-License-Identifier: Apache-2.0
 *
 * Gate `dockle`: one trigger per checkpoint of Dockle, by its id. It fires for each finding of ours that has
 * this id or names it as an alias; the finding's id in the verdict is "<checkpoint>+<object>".
 */
#include "policy/gate_common.h"

static int evaluate(struct plm_policy_eval *ev, const struct plm_policy_rule *r, plm_err **err)
{
    return plm_policy_check_evaluate(ev, r, "Dockle", err);
}

#define RULE(id, text)                                                                                       \
    {                                                                                                        \
        .name = id, .description = text, .origin = PLM_ORIGIN_OURS, .params = plm_policy_check_params,       \
        .needs = PLM_FACT_CHECKS, .evaluate = evaluate                                                       \
    }

static const struct plm_policy_trigger triggers[] = {
    RULE("CIS-DI-0001", "Final user is root or not set."),
    RULE("CIS-DI-0002", "Base image is not a trusted one."),
    RULE("CIS-DI-0003", "Needless packages."),
    RULE("CIS-DI-0004", "Image not rebuilt with security patches."),
    RULE("CIS-DI-0005", "Content trust is not enabled."),
    RULE("CIS-DI-0006", "No HEALTHCHECK."),
    RULE("CIS-DI-0007", "Package index refreshed in a layer of its own."),
    RULE("CIS-DI-0008", "Files with set-user-id or set-group-id bit."),
    RULE("CIS-DI-0009", "ADD where COPY would do."),
    RULE("CIS-DI-0010", "Secrets in environment variables or files."),
    RULE("CIS-DI-0011", "Packages that were not verified."),
    RULE("DKL-DI-0001", "sudo in a build step."),
    RULE("DKL-DI-0002", "Volume or mount over a sensitive directory."),
    RULE("DKL-DI-0003", "Upgrade of the distribution in a build step."),
    RULE("DKL-DI-0004", "apk add without --no-cache."),
    RULE("DKL-DI-0005", "Package lists left after apt-get install."),
    RULE("DKL-DI-0006", "Tag latest."),
    RULE("DKL-LI-0001", "Account with an empty password."),
    RULE("DKL-LI-0002", "Duplicate names or ids of users or groups."),
    RULE("DKL-LI-0003", "Left-over files and directories."),
    {0}};

static const struct plm_policy_gate dockle = {
    .name = "dockle",
    .description = "Checks of the image under the ids of Dockle.",
    .origin = PLM_ORIGIN_OURS,
    .triggers = triggers,
};
PLM_REGISTER(plm_policy_gates, struct plm_policy_gate, dockle);
