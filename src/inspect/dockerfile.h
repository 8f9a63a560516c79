/* SPDX-License-Identifier: Apache-2.0
 *
 * Dockerfiles, and the history lines of images read as the instructions that they once were.
 *
 *     struct plm_dockerfile *df = plm_dockerfile_parse(text, arena, err);      // OOM, LIMIT
 *     for (i < df->faults.n) ...                      // what the builder would refuse, with line and column
 *     for (i < df->instrs.n)
 *         if (df->instrs.v[i].kind == PLM_DF_RUN)
 *             plm_shell_parse(plm_df_shell_text(&df->instrs.v[i], arena), arena, &sh, err);
 *
 *     struct plm_dockerfile *hist = plm_dockerfile_of_history(config, arena, err);   // instrs[].layer
 *
 * A Dockerfile with faults is still a document: everything that could be read is in it. All views live in the
 * arena; those of the text itself borrow it, so that it must live as long.
 */
#pragma once

#include "base/arena.h"
#include "model/facts.h"

/* Bounds of one Dockerfile. BuildKit has none but its message size (16 MiB); real files stay under 64 KiB. */
enum {
    PLM_DF_BYTES_MAX = 4 << 20,
    PLM_DF_INSTRS_MAX = 10000,
    PLM_DF_WORDS_MAX = 100000, /* words, flags and pairs of the whole file */
    PLM_DF_FAULTS_MAX = 100,   /* kept; the rest is counted */
};

enum plm_df_kind {
    PLM_DF_UNKNOWN, /* no such instruction (a fault), or a history line of no known builder */
    PLM_DF_ADD,
    PLM_DF_ARG,
    PLM_DF_CMD,
    PLM_DF_COPY,
    PLM_DF_ENTRYPOINT,
    PLM_DF_ENV,
    PLM_DF_EXPOSE,
    PLM_DF_FROM,
    PLM_DF_HEALTHCHECK,
    PLM_DF_LABEL,
    PLM_DF_MAINTAINER,
    PLM_DF_ONBUILD,
    PLM_DF_RUN,
    PLM_DF_SHELL,
    PLM_DF_STOPSIGNAL,
    PLM_DF_USER,
    PLM_DF_VOLUME,
    PLM_DF_WORKDIR,
    PLM_DF_KINDS_,
};
/* "COPY"; "" for UNKNOWN. */
const char *plm_df_kind_name(enum plm_df_kind kind);

struct plm_df_flag {
    plm_sv name;  /* without "--" */
    plm_sv value; /* unquoted; null: none was given */
};

/* ENV and LABEL: key and value without quotes and escapes, variables as written. ARG: value null: none. */
struct plm_df_pair {
    plm_sv key, value;
    plm_sv raw_value;  /* as written, with quotes */
    bool is_bare_text; /* the old form "ENV key value" */
};

struct plm_df_heredoc {
    plm_sv name;        /* delimiter without quotes */
    plm_sv text;        /* lines between, with their ends; tabs removed where `<<-` asks for it */
    bool is_quoted;     /* nothing is substituted in it */
    bool is_terminated; /* false: the file ended first (a fault) */
    unsigned fd;        /* "3<<EOF"; 0 */
    uint32_t line;      /* first line of its text */
};

/* A variable as one instruction sees it, newest first. */
struct plm_df_var {
    plm_sv name, value; /* value null: an ARG without default */
    bool is_env;
    uint32_t line;
    const struct plm_df_var *next;
};

struct plm_df_instr {
    enum plm_df_kind kind;
    plm_sv keyword; /* as written */
    plm_sv
        args; /* behind keyword and flags; continuation lines joined, comments removed; heredocs not in it */
    plm_sv raw;              /* the whole instruction as written, with heredocs */
    uint32_t line, end_line; /* from 1; in a history: number of the entry, from 1 */
    uint32_t stage;          /* index into stages; PLM_NONE before the first FROM and in a history */
    uint32_t layer;          /* history: the layer it made, or PLM_NONE */
    PLM_VEC(struct plm_df_flag) flags;
    bool is_json; /* the exec form */
    /* JSON: its elements. ADD, COPY: sources, then the destination. EXPOSE, VOLUME, FROM: the words. USER,
     * WORKDIR, STOPSIGNAL, MAINTAINER: one word. CMD, ENTRYPOINT, RUN in shell form: args alone.
     * HEALTHCHECK: the command likewise (is_none: NONE). */
    plm_sv_vec words;
    bool is_none;
    PLM_VEC(struct plm_df_pair) pairs; /* ENV, LABEL, ARG */
    PLM_VEC(struct plm_df_heredoc) heredocs;
    struct plm_df_instr *trigger;  /* ONBUILD: what it registers (never nested) */
    const struct plm_df_var *vars; /* visible before this instruction */
    plm_sv_vec shell;              /* history RUN: the words before the command ("/bin/sh", "-c") */
    plm_sv_vec build_args;         /* history RUN: "A=b" of "|1 A=b" */
};

struct plm_df_stage {
    plm_sv image;      /* as written */
    plm_sv resolved;   /* with the defaults of global ARGs */
    bool is_unset;     /* a variable of it has no value: `resolved` is not to be judged */
    plm_sv alias;      /* AS name, as written, or null */
    plm_sv platform;   /* --platform as written, or null */
    uint32_t parent;   /* stage that it continues, or PLM_NONE */
    uint32_t first, n; /* instrs, FROM included */
    uint32_t line;
    plm_sv_vec shell;              /* SHELL as it is at the stage's end; empty: the default */
    const struct plm_df_var *vars; /* at the stage's end */
};

struct plm_df_fault {
    uint32_t line, column; /* from 1 */
    plm_sv text;
};

/* "# hadolint ignore=A,B": for the instruction that starts on `line`; line 0: the whole file. */
struct plm_df_ignore {
    plm_sv id;
    uint32_t line;
    uint32_t at; /* line of the comment */
};

struct plm_dockerfile {
    bool is_history;
    char escape;          /* '\\' or '`' */
    plm_sv syntax;        /* "# syntax=", or null */
    plm_sv check;         /* "# check=" (BuildKit's own checks), or null */
    plm_sv shell_dialect; /* "# hadolint shell=", or null */
    PLM_VEC(struct plm_df_instr) instrs;
    PLM_VEC(struct plm_df_stage) stages;
    PLM_VEC(struct plm_df_ignore) ignores;
    PLM_VEC(struct plm_df_fault) faults;
    size_t n_faults; /* also those that are not kept */
};

/* NULL: LIMIT or OOM only. */
struct plm_dockerfile *plm_dockerfile_parse(plm_sv text, struct plm_arena *a, plm_err **err);
/* The entries of a config's history, oldest first; one instruction each (kind UNKNOWN where it is none). */
struct plm_dockerfile *plm_dockerfile_of_history(const struct plm_image_config *c, struct plm_arena *a,
                                                 plm_err **err);
/* One created_by text. Whatever it is, `out` gets kind, args, words, pairs, shell and build_args. */
int plm_df_history_line(plm_sv created_by, struct plm_arena *a, struct plm_df_instr *out, plm_err **err);

/* What a shell gets to see of a RUN, CMD, ENTRYPOINT or HEALTHCHECK: args, or the bodies of heredocs that are
 * the command. Null for the exec form, unless it is `["sh", "-c", TEXT]`: then that text. */
plm_sv plm_df_shell_text(const struct plm_df_instr *in, struct plm_arena *a);
/* The value of --name, null where it is not there; empty where it has none. */
plm_sv plm_df_flag(const struct plm_df_instr *in, const char *name);
/* Substitutes $x, ${x}, ${x:-w} ${x-w} ${x:+w} ${x+w} ${x:?w} ${x?w}, ${x#p} ${x##p} ${x%p} ${x%%p}, ${x/p/w}
 * ${x//p/w} with the variables given and removes quotes and escapes. *out_unset: a variable without a value
 * was met. Nesting and output are bounded; what is no valid expression comes back as it is, with *out_unset.
 */
plm_sv plm_df_expand(plm_sv text, const struct plm_df_var *vars, char escape, struct plm_arena *a,
                     bool *out_unset);
/* The newest of that name that the list's owner sees, or NULL. */
const struct plm_df_var *plm_df_var_find(const struct plm_df_var *vars, plm_sv name);
/* The stage that a name or number means for an instruction of stage `before`: an earlier one; PLM_NONE. */
uint32_t plm_df_stage_find(const struct plm_dockerfile *df, plm_sv name, uint32_t before);
