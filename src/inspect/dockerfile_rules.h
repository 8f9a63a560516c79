/* SPDX-License-Identifier: Apache-2.0
 *
 * Checks of Dockerfile text: the rules that Hadolint's users know, shell checks of RUN lines, and whether an
 * image agrees with the Dockerfile that it is said to come from.
 *
 *     struct plm_dockerfile_options o = {0};
 *     plm_dockerfile_options_read(yaml, ".hadolint.yaml", arena, &o, err);        // optional
 *     plm_dockerfile_check(text, "Dockerfile", &o, report, target, err);          // findings, check rows
 *
 * A rule's finding carries the id of the check that is the same fault (DL3002 is 4.1) with the rule's id as
 * an alias, else the rule's own id. Ignored ones stay in the report, suppressed.
 */
#pragma once

#include "inspect/inspect.h"

enum plm_df_label_type {
    PLM_DF_LABEL_TEXT,
    PLM_DF_LABEL_URL,
    PLM_DF_LABEL_TIME,
    PLM_DF_LABEL_SPDX,
    PLM_DF_LABEL_HASH,
    PLM_DF_LABEL_SEMVER,
    PLM_DF_LABEL_EMAIL,
};

struct plm_df_label_rule {
    plm_sv key;
    enum plm_df_label_type type;
};

struct plm_df_override {
    plm_sv id;
    enum plm_severity severity;
};

/* Zeroed: the defaults. */
struct plm_dockerfile_options {
    plm_sv_vec ignored;            /* rule ids */
    plm_sv_vec trusted_registries; /* DL3026; empty: any. "*", "*.example.org", "host:port" */
    PLM_VEC(struct plm_df_label_rule) labels;
    bool strict_labels;
    bool no_inline_ignores;
    PLM_VEC(struct plm_df_override) overrides; /* severities; naming a rule that is off turns it on */
    enum plm_severity failure_threshold;       /* UNKNOWN: none was set */
    bool no_shellcheck;                        /* never run the program, judge by the tokenizer */
};

/* .hadolint.yaml: ignored, trustedRegistries, label-schema, strict-labels, failure-threshold, override,
 * disable-ignore-pragma. CONFIG with file and line on what it does not know. */
int plm_dockerfile_options_read(plm_sv text, const char *name, struct plm_arena *a,
                                struct plm_dockerfile_options *out, plm_err **err);

/* Judges a text. Faults of it are diagnostics (dockerfile.invalid) that make the target incomplete. NULL
 * options: the defaults. */
int plm_dockerfile_check(plm_sv text, plm_sv name, const struct plm_dockerfile_options *o,
                         struct plm_report *r, uint32_t target, plm_err **err);
/* The same with the options of a scan: nothing if misconfigurations are not asked for. */
int plm_dockerfile_check_with(const struct plm_ctx *ctx, plm_sv text, plm_sv name,
                              const struct plm_inspect_options *o, struct plm_report *r, uint32_t target,
                              plm_err **err);
