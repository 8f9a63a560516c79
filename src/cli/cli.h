/* SPDX-License-Identifier: Apache-2.0
 *
 * Commands: one file each, ending in one descriptor. main.c only dispatches.
 */
#pragma once

#include "base/ctx.h"
#include "base/err.h"
#include "base/register.h"
#include "config/config.h"

struct plm_cli {
    struct plm_ctx ctx;
    struct plm_config *config;
    unsigned width; /* of standard output */
    bool color;
    bool quiet;
    unsigned verbose;
};

struct plm_command {
    const char *name;      /* "scan", "db update" */
    const char *arguments; /* "SOURCE..." */
    const char *summary;
    const char *help;     /* paragraphs; NULL: summary only */
    const char *examples; /* lines of "command<TAB>what it does" */
    const char *foreign;  /* " image fs ": words that other tools use for it */
    /* Exit code (design.md part 4), or -1 with *err. */
    int (*run)(struct plm_cli *cli, plm_err **err);
};
PLM_SET_DECLARE(plm_commands, struct plm_command);
