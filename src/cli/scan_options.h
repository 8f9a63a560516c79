/* SPDX-License-Identifier: Apache-2.0
 *
 * What the commands that look at sources share: the configuration as scan options, the store
 * opened, the exceptions read, the list of sources expanded.
 */
#pragma once

#include "base/progress.h"
#include "base/text.h"
#include "cli/cli.h"
#include "net/net.h"
#include "scan/scan.h"

enum {
    PLM_SETUP_VULNERABILITIES =
        1,                  /* open the store (updating it as db.update says), set up the repository feed */
    PLM_SETUP_NO_WORDS = 2, /* the command has its own idea of sources */
    PLM_SETUP_INSPECT = 4,  /* secrets, misconfiguration and the like, as --only and --skip say */
    PLM_SETUP_FACTS = 8,    /* facts of the targets are kept, of --against too: a policy compares with them */
};

struct plm_scan_setup {
    struct plm_arena *arena;
    struct plm_scan_options scan;
    struct plm_repo_options repo;
    struct plm_db *db;
    struct plm_exceptions *exceptions;
    struct plm_report *before; /* --against, or NULL */
    plm_sv_vec words;          /* the sources, images: and running: expanded; NUL-terminated */
};

/* Errors are USAGE, CONFIG, or those of the files named. */
int plm_scan_setup(struct plm_cli *cli, unsigned flags, struct plm_scan_setup *out, plm_err **err);
void plm_scan_setup_done(struct plm_scan_setup *s);
PLM_CLEANUP_INPLACE(struct plm_scan_setup, plm_scan_setup_done)

/* One more source; images: and running: become what they stand for. */
int plm_scan_setup_add(struct plm_cli *cli, struct plm_scan_setup *s, const char *word, plm_err **err);
/* A source as a report: packages only, or with findings; a saved report file, or saved facts, are read. */
struct plm_report *plm_scan_report_of(struct plm_cli *cli, struct plm_scan_setup *s, const char *word,
                                      plm_err **err);
