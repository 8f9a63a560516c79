/* SPDX-License-Identifier: Apache-2.0
 *
 * What the files of the Dockerfile rules share.
 */
#pragma once

#include "inspect/dockerfile.h"
#include "inspect/dockerfile_rules.h"
#include "inspect/shell.h"

/* An instruction, or what an ONBUILD registers (which follows its ONBUILD). */
struct plm_df_item {
    const struct plm_df_instr *in;
    const struct plm_shell *sh; /* RUN; NULL elsewhere */
    bool is_trigger;
    plm_sv_vec shell; /* SHELL as it is here; empty: the default */
};

struct plm_df_rules {
    struct plm_arena *a;
    const struct plm_dockerfile *df;
    const struct plm_dockerfile_options *opt;
    struct plm_inspection *in;
    plm_sv name;
    PLM_VEC(struct plm_df_item) items;
    bool *is_used; /* stage: the last one, or one that such a stage continues */
};

struct plm_df_judging {
    struct plm_df_rules *r;
    const struct plm_df_rule *rule;
    const struct plm_inspect_check *check;
    enum plm_severity severity;
    size_t failed;
};

struct plm_df_rule {
    const char *id;
    const char *level; /* "error", "warning", "info", "style" */
    bool is_off;
    void (*judge)(struct plm_df_judging *j);
    /* a word list or the like, by the rule */
    const void *arg;
};
/* Tables of rules, one per file, ended by an id of NULL. */
extern const struct plm_df_rule plm_df_rules_stage[], plm_df_rules_run[], plm_df_rules_packages[],
    plm_df_rules_labels[];

/* The descriptor of a rule: of another table where that is the same fault, else of dockerfile_checks.c. */
const struct plm_inspect_check *plm_df_check_of(const char *id);

/* A finding at an instruction (or at a line); NULL past the bound or out of memory. */
void plm_df_fail(struct plm_df_judging *j, const struct plm_df_instr *in, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* The same for what is no rule of the tables: shell checks. */
void plm_df_report(struct plm_df_rules *r, const struct plm_inspect_check *check, const char *id,
                   const char *level, enum plm_severity severity, const struct plm_df_instr *in, plm_sv text);
/* By shellcheck where it is installed, else by the tokenizer; findings say which. */
int plm_df_shell_checks(struct plm_df_rules *r, plm_err **err);
void plm_df_shell_builtin(struct plm_df_rules *r);

/* ---- commands, as the rules see them -------------------------------------------------------------- */

/* Does any word behind the name equal one of the list (NULL-ended)? */
bool plm_df_cmd_has(const struct plm_sh_command *c, const char *const *words);
bool plm_df_cmd_is(const struct plm_sh_command *c, const char *name, const char *const *words);
bool plm_df_cmd_flag(const struct plm_sh_command *c, const char *const *flags);
/* Words that are no flags, without the values of the flags named. */
void plm_df_cmd_operands(const struct plm_sh_command *c, const char *const *with_value, struct plm_arena *a,
                         plm_sv_vec *out);
/* A --mount of type cache or tmpfs over `dir` or a directory above it. */
bool plm_df_has_cache(const struct plm_df_instr *in, const char *dir);
bool plm_df_in(plm_sv s, const char *const *words);

#define PLM_DF_EACH(r, item)                                                                                 \
    for (const struct plm_df_item *item = (r)->items.v, *end_##item = item ? item + (r)->items.n : NULL;     \
         item < end_##item; item++)
#define PLM_DF_EACH_COMMAND(item, c)                                                                         \
    for (const struct plm_sh_command *c = (item)->sh ? (item)->sh->commands.v : NULL,                        \
                                     *end_##c = c ? c + (item)->sh->commands.n : NULL;                       \
         c < end_##c; c++)
#define PLM_DF_WORDS(...) ((const char *const[]){__VA_ARGS__, NULL})
