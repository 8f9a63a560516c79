/* SPDX-License-Identifier: Apache-2.0
 *
 * Gate `hadolint`: one trigger per rule of Hadolint, by its id (snapshot of August 2026), and one for each id
 * of ShellCheck, "SC" and four digits. It fires for each finding of ours that has this id or names it as an
 * alias; the finding's id in the verdict is "<rule>+<object>".
 */
#include "policy/gate_common.h"

static int evaluate(struct plm_policy_eval *ev, const struct plm_policy_rule *r, plm_err **err)
{
    return plm_policy_check_evaluate(ev, r, "Hadolint", err);
}

#define RULE(id, text)                                                                                       \
    {                                                                                                        \
        .name = id, .description = text, .origin = PLM_ORIGIN_OURS, .params = plm_policy_check_params,       \
        .needs = PLM_FACT_CHECKS, .evaluate = evaluate                                                       \
    }

static const struct plm_policy_trigger triggers[] = {
    RULE("DL1001", "Inline comment that ignores rules."),
    RULE("DL3000", "WORKDIR is not absolute."),
    RULE("DL3001", "Command that has no sense in a container."),
    RULE("DL3002", "Last user is root."),
    RULE("DL3003", "cd where WORKDIR would do."),
    RULE("DL3004", "sudo."),
    RULE("DL3006", "Base image without tag."),
    RULE("DL3007", "Base image with the tag latest."),
    RULE("DL3008", "apt-get install without versions."),
    RULE("DL3009", "Package lists left after apt-get install."),
    RULE("DL3010", "Archive copied where ADD would unpack it."),
    RULE("DL3011", "Port outside 0 to 65535."),
    RULE("DL3012", "More than one HEALTHCHECK."),
    RULE("DL3013", "pip install without versions."),
    RULE("DL3014", "apt-get install without -y."),
    RULE("DL3015", "apt-get install with recommended packages."),
    RULE("DL3016", "npm install without versions."),
    RULE("DL3018", "apk add without versions."),
    RULE("DL3019", "apk add without --no-cache."),
    RULE("DL3020", "ADD where COPY would do."),
    RULE("DL3021", "COPY of several sources to something that does not end in a slash."),
    RULE("DL3022", "COPY --from something that is no earlier stage."),
    RULE("DL3023", "COPY --from the same stage."),
    RULE("DL3024", "Name of a stage used twice."),
    RULE("DL3025", "CMD or ENTRYPOINT not in JSON form."),
    RULE("DL3026", "Base image from a registry that is not allowed."),
    RULE("DL3027", "apt where apt-get is meant."),
    RULE("DL3028", "gem install without versions."),
    RULE("DL3029", "--platform in FROM."),
    RULE("DL3030", "yum install without -y."),
    RULE("DL3032", "No yum clean all."),
    RULE("DL3033", "yum install without versions."),
    RULE("DL3034", "zypper without --non-interactive."),
    RULE("DL3035", "zypper dist-upgrade."),
    RULE("DL3036", "No zypper clean."),
    RULE("DL3037", "zypper install without versions."),
    RULE("DL3038", "dnf install without -y."),
    RULE("DL3040", "No dnf clean all."),
    RULE("DL3041", "dnf install without versions."),
    RULE("DL3042", "pip install without --no-cache-dir."),
    RULE("DL3043", "ONBUILD of ONBUILD, FROM or MAINTAINER."),
    RULE("DL3044", "ENV that uses a variable of the same instruction."),
    RULE("DL3045", "COPY to a relative path without WORKDIR."),
    RULE("DL3046", "useradd of a high id without -l."),
    RULE("DL3047", "wget without a progress setting."),
    RULE("DL3048", "Key of a label is not well formed."),
    RULE("DL3049", "Required label is missing."),
    RULE("DL3050", "Label outside the schema."),
    RULE("DL3051", "Label is empty."),
    RULE("DL3052", "Label is no URL."),
    RULE("DL3053", "Label is no RFC 3339 time."),
    RULE("DL3054", "Label is no SPDX license."),
    RULE("DL3055", "Label is no git hash."),
    RULE("DL3056", "Label is no semantic version."),
    RULE("DL3057", "No HEALTHCHECK."),
    RULE("DL3058", "Label is no mail address."),
    RULE("DL3059", "Consecutive RUN instructions."),
    RULE("DL3060", "No yarn cache clean."),
    RULE("DL3061", "Does not begin with FROM, ARG or a comment."),
    RULE("DL3062", "go install without versions."),
    RULE("DL3063", "Name of a stage is a reserved word."),
    RULE("DL3064", "Name in ARG or ENV that looks like a secret."),
    RULE("DL3065", "--platform that repeats the target platform."),
    RULE("DL3066", "USER is a name, not a number."),
    RULE("DL3067", "COPY of the whole file system of a stage."),
    RULE("DL4000", "MAINTAINER is deprecated."),
    RULE("DL4001", "Both wget and curl."),
    RULE("DL4003", "More than one CMD."),
    RULE("DL4004", "More than one ENTRYPOINT."),
    RULE("DL4005", "Link over /bin/sh where SHELL would do."),
    RULE("DL4006", "Pipe in RUN without pipefail."),
    {0}};

static const struct plm_policy_trigger shellcheck =
    RULE("SCNNNN", "Rule of ShellCheck about the body of a RUN.");

static const struct plm_policy_trigger *find(plm_sv name)
{
    bool is_shell = name.n == 6 && plm_sv_ieq(plm_sv_sub(name, 0, 2), PLM_SV("SC"));
    for (size_t i = 2; is_shell && i < name.n; i++)
        is_shell = name.p[i] >= '0' && name.p[i] <= '9';
    if (is_shell)
        return &shellcheck;
    for (const struct plm_policy_trigger *t = triggers; t->name; t++)
        if (plm_sv_ieq(name, plm_sv_from(t->name)))
            return t;
    return NULL;
}

static const struct plm_policy_gate hadolint = {
    .name = "hadolint",
    .description = "Checks of the Dockerfile under the ids of Hadolint and ShellCheck.",
    .origin = PLM_ORIGIN_OURS,
    .triggers = triggers,
    .find = find,
};
PLM_REGISTER(plm_policy_gates, struct plm_policy_gate, hadolint);
