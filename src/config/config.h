/* SPDX-License-Identifier: Apache-2.0
 *
 * Configuration: every option is a key of plimsoll.yaml and a variable PLIMSOLL_…; the one
 * table of options (config/options.c) gives flags, keys, variables, help, man pages and completion.
 * Order: locked > flag > environment > --config > project > user > system; lists replace.
 *
 *     plm_auto(plm_config_free) struct plm_config *c = plm_config_load(ctx, &sources, err);
 *     plm_sv v = plm_config_get(c, "db.max-age");
 *
 * Faults (unknown keys or variables, bad values, files that others may write) are CONFIG with
 * file and line.
 */
#pragma once

#include "base/arena.h"
#include "base/ctx.h"
#include "base/err.h"
#include "base/register.h"

enum plm_opt_type {
    PLM_OPT_FLAG,
    PLM_OPT_TEXT,
    PLM_OPT_LIST,
    PLM_OPT_NUMBER,
    PLM_OPT_DURATION,
    PLM_OPT_SIZE,
    PLM_OPT_CHOICE,
    PLM_OPT_FILE,
    PLM_OPT_DIR
};

struct plm_option {
    const char *name; /* "fail-on": --fail-on */
    char letter;      /* 'o' or 0 */
    const char *key;  /* "fail-on", "db.max-age"; NULL: flag only */
    enum plm_opt_type type;
    const char *argument;       /* "COND,...": what help shows */
    const char *const *choices; /* NULL-ended, or NULL */
    const char *fallback;       /* default, as text; NULL: none */
    const char *help;
    const char *commands; /* " scan sbom " : space-separated names, "*" all */
    const char *foreign;  /* " --ignore-unfixed -f ": what other tools call it, for hints */
    bool system_only;     /* not allowed in a project file */
};
extern const struct plm_option plm_options[];
extern const size_t plm_options_n;

enum plm_config_origin {
    PLM_CFG_DEFAULT,
    PLM_CFG_SYSTEM,
    PLM_CFG_USER,
    PLM_CFG_PROJECT,
    PLM_CFG_FILE,
    PLM_CFG_ENV,
    PLM_CFG_FLAG,
    PLM_CFG_LOCKED
};

struct plm_config_sources {
    const char *system_file;  /* NULL: /etc/plimsoll/plimsoll.yaml */
    const char *user_file;    /* NULL: by XDG_CONFIG_HOME */
    const char *project_file; /* NULL: ./plimsoll.yaml */
    const char *file;         /* --config, or NULL */
    bool no_project;          /* --no-project-config */
    char *const *environ_list;
    char **argv;         /* words after the command; NULL-ended */
    const char *command; /* "scan" */
};

struct plm_config;

struct plm_config *plm_config_load(const struct plm_ctx *ctx, const struct plm_config_sources *s,
                                   plm_err **err);
void plm_config_free(struct plm_config *c);
PLM_CLEANUP(struct plm_config, plm_config_free)
/* Non-option words of the command line, in order. */
size_t plm_config_words(const struct plm_config *c, const char *const **out);
/* Effective values by option name. A null view: not set and no default. */
plm_sv plm_config_text(const struct plm_config *c, const char *name);
bool plm_config_flag(const struct plm_config *c, const char *name);
uint64_t plm_config_number(const struct plm_config *c,
                           const char *name); /* sizes in bytes, durations in ms */
size_t plm_config_list(const struct plm_config *c, const char *name, const plm_sv **out);
bool plm_config_is_set(const struct plm_config *c, const char *name); /* anywhere but the default */
enum plm_config_origin plm_config_origin(const struct plm_config *c, const char *name, plm_sv *out_where);
