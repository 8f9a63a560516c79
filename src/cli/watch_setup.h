/* SPDX-License-Identifier: Apache-2.0
 *
 * What the commands of `watch` share: configuration, falco.yaml and -o as a pipeline's configuration; alerts
 * as findings of a report; the statistics at the end.
 */
#pragma once

#include "cli/cli.h"
#include "cli/watch_judge.h"
#include "watch/falco_yaml.h"
#include "watch/watch.h"

struct plm_watch_setup {
    struct plm_falco_config falco;
    struct plm_watch_config conf;
    PLM_VEC(struct plm_sink *) sinks;
    plm_sv_vec rules; /* files and directories */
    struct plm_gate *gates;
    size_t n_gates;
    struct plm_exceptions *exceptions;
    bool has_stdout; /* alerts go to standard output as they come */
    struct plm_load_report load;
};

/* Rules, falco.yaml, -o; opens nothing yet. */
int plm_watch_setup(struct plm_cli *cli, struct plm_watch_setup *s, plm_err **err);
/* The sinks; those of plimsoll.yaml too. */
int plm_watch_open_sinks(struct plm_cli *cli, struct plm_watch_setup *s, plm_err **err);
void plm_watch_setup_done(struct plm_watch_setup *s);
PLM_CLEANUP_INPLACE(struct plm_watch_setup, plm_watch_setup_done)

/* ---- watch_report.c ---- */
/* Alerts become findings: one for each pair of rule and container, with the first messages as evidence. */
struct plm_watch_findings;
struct plm_watch_findings *plm_watch_findings_new(struct plm_report *r, plm_err **err);
void plm_watch_findings_free(struct plm_watch_findings *f);
PLM_CLEANUP(struct plm_watch_findings, plm_watch_findings_free)
void plm_watch_findings_add(struct plm_watch_findings *f, const struct plm_alert *a);
/* Texts into the findings, gates, exceptions, losses as diagnostics; outputs; the exit code. */
int plm_watch_conclude(struct plm_cli *cli, struct plm_watch_setup *s, struct plm_watch *w,
                       struct plm_watch_findings *f, struct plm_report *r, plm_err **err);
/* Errors of rule files to standard error, as plimsoll watch check prints them. */
void plm_watch_print_load(const struct plm_cli *cli, const struct plm_load_report *report);
