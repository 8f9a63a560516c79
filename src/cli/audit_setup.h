/* SPDX-License-Identifier: Apache-2.0
 *
 * What `audit` and `check` share: the configuration as audit options, the scans that checks join
 * with, and the way from findings to verdict, scores and outputs.
 */
#pragma once

#include "audit/audit.h"
#include "cli/scan_options.h"

struct plm_audit_setup {
    struct plm_scan_setup scan;
    struct plm_audit_options audit;
    struct plm_gate *gates;
    size_t n_gates;
    bool is_gate_given;
    struct plm_policy *policy; /* images are judged by it too; NULL: none */
    plm_sv policy_name;
};

/* default_gate: conditions where --fail-on names none; NULL: no gate. USAGE, CONFIG, or a file's error. */
int plm_audit_setup(struct plm_cli *cli, const char *default_gate, struct plm_audit_setup *out,
                    plm_err **err);
void plm_audit_setup_done(struct plm_audit_setup *s);
PLM_CLEANUP_INPLACE(struct plm_audit_setup, plm_audit_setup_done)

/* Inside a container without --root the machine cannot be judged: USAGE, with the docker run line that would
 * work. */
int plm_audit_refuse_in_container(const struct plm_cli *cli, const char *command, plm_err **err);
/* After plm_audit_setup: images are judged by --policy, else by `default` where no --fail-on is given. */
int plm_audit_use_policy(struct plm_cli *cli, struct plm_audit_setup *s, plm_err **err);
/* Scans of one word into the report; a failure is a diagnostic and an exit code, not an error. */
int plm_audit_scan(struct plm_cli *cli, struct plm_audit_setup *s, const char *word, struct plm_report *r,
                   plm_err **err);
/* After plm_audit_run: exceptions, comparison, gates, scores, network; the report is finished. */
int plm_audit_conclude(struct plm_cli *cli, struct plm_audit_setup *s, struct plm_report *r, plm_err **err);
