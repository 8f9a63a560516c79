/* SPDX-License-Identifier: Apache-2.0
 *
 * Configuration: every option is a key of plimsoll.yaml and a variable PLIMSOLL_…; the one
 * table of options (config/options.c) gives flags, keys, variables, help, man pages and completion.
 * Order: locked > flag > environment > --config > project > user > system; lists replace.
 *
 *     plm_auto(plm_config_free) struct plm_config *c = plm_config_load(ctx, &sources, err);
 *     plm_sv v = plm_config_text(c, "db-max-age");
 *
 * Faults (unknown keys or variables, bad values, files that others may write) are CONFIG with
 * file and line; faults of the command line are USAGE. A configuration is read-only once loaded;
 * what the getters return lives as long as it does. Asking for an option that is not in the
 * table is a bug of ours (assert).
 */
#pragma once

#include "base/arena.h"
#include "base/buf.h"
#include "base/ctx.h"
#include "base/err.h"
#include "base/register.h"

struct plm_buf;

enum plm_opt_type {
    PLM_OPT_FLAG,  /* --x, --no-x, x: true */
    PLM_OPT_COUNT, /* -v, -vv */
    PLM_OPT_TEXT,
    PLM_OPT_LIST,  /* repeatable; each value as it is */
    PLM_OPT_WORDS, /* repeatable, and split at commas */
    PLM_OPT_NUMBER,
    PLM_OPT_DURATION, /* "5d", "none" */
    PLM_OPT_SIZE,     /* "2GiB", "500M" */
    PLM_OPT_CHOICE,
    PLM_OPT_FILE, /* like TEXT; completion offers files */
    PLM_OPT_DIR,
    PLM_OPT_TIME, /* RFC 3339 or a date */
};

struct plm_option {
    const char *name;           /* "fail-on": --fail-on, PLIMSOLL_FAIL_ON */
    const char *key;            /* "fail-on", "db.max-age"; NULL: flag only, neither key nor variable */
    const char *argument;       /* "COND,...": what help shows; NULL for FLAG and COUNT */
    const char *const *choices; /* NULL-ended, or NULL; for CHOICE and WORDS */
    const char *fallback;       /* default, as text; NULL: none */
    const char *help;
    const char *commands; /* ",scan,db update,": names between commas; "*" all */
    const char *alias;    /* another spelling that works ("scanners"), or NULL */
    const char *foreign;  /* " --ignore-unfixed -f ": what other tools call it, for hints; or NULL */
    enum plm_opt_type type;
    char letter;      /* 'o' or 0 */
    bool system_only; /* not allowed in a project file */
};
extern const struct plm_option plm_options[];
extern const size_t plm_options_n;

/* By name or alias, without dashes; NULL if there is none. */
const struct plm_option *plm_option_find(plm_sv name);
const struct plm_option *plm_option_by_letter(char c);
const struct plm_option *plm_option_by_key(plm_sv key);
static inline bool plm_option_takes_value(const struct plm_option *o)
{
    return o->type != PLM_OPT_FLAG && o->type != PLM_OPT_COUNT;
}
bool plm_option_is_of(const struct plm_option *o, const char *command);
/* "PLIMSOLL_DB_MAX_AGE". */
void plm_option_variable(const struct plm_option *o, struct plm_buf *out);
/* What the users of other tools type ("--ignore-unfixed") to the advice that helps them; NULL if not known.
 */
const char *plm_option_foreign_hint(plm_sv word, struct plm_buf *scratch);
/* Levenshtein distance with adjacent swaps, for suggestions; words over 64 bytes are far from everything. */
size_t plm_word_distance(plm_sv a, plm_sv b);

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
const char *plm_config_origin_name(enum plm_config_origin o);

struct plm_config_sources {
    const char *system_file;  /* NULL: /etc/plimsoll/plimsoll.yaml */
    const char *user_file;    /* NULL: by XDG_CONFIG_HOME, else HOME */
    const char *project_file; /* NULL: ./plimsoll.yaml */
    char *const *environ_list;
    char *const *argv;   /* words after the command; NULL-ended */
    const char *command; /* "scan"; NULL: any option is accepted (used to find the command) */
};

struct plm_config;

struct plm_config *plm_config_load(const struct plm_ctx *ctx, const struct plm_config_sources *s,
                                   plm_err **err);
void plm_config_free(struct plm_config *c);
PLM_CLEANUP(struct plm_config, plm_config_free)
/* Checks one file as `plimsoll config check FILE` does; as_project applies the rules of a project file. */
int plm_config_check_file(const struct plm_ctx *ctx, const char *path, bool as_project, plm_err **err);
/* Non-option words of the command line, in order, NUL-terminated. */
size_t plm_config_words(const struct plm_config *c, const char *const **out);
/* Effective values by option name. A null view: not set and no default. Lists are joined by commas.
 * NUL-terminated. */
plm_sv plm_config_text(const struct plm_config *c, const char *name);
bool plm_config_flag(const struct plm_config *c, const char *name);
/* Counts and numbers as they are, sizes in bytes, durations in ms ("none": UINT64_MAX), times in seconds; 0
 * if not set. */
uint64_t plm_config_number(const struct plm_config *c, const char *name);
size_t plm_config_list(const struct plm_config *c, const char *name, const plm_sv **out);
bool plm_config_is_set(const struct plm_config *c, const char *name); /* anywhere but the default */
/* where: "FILE:LINE", "PLIMSOLL_X", "--x"; null for defaults. */
enum plm_config_origin plm_config_origin(const struct plm_config *c, const char *name, plm_sv *out_where);

/* `notify:` of the files: named targets of messages, sorted by name (targets.c). Lists are joined by commas.
 */
struct plm_config_target {
    plm_sv name, kind;
    const plm_sv *keys, *values; /* without kind */
    size_t n;
    plm_sv where; /* "plimsoll.yaml:12" */
    enum plm_config_origin origin;
};
size_t plm_config_targets(const struct plm_config *c, const struct plm_config_target **out);
