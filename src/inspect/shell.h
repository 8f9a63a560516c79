/* SPDX-License-Identifier: Apache-2.0
 *
 * Shell text cut into simple commands: what linters of RUN lines need, not an interpreter.
 * POSIX shell grammar with bash's usual extras ([[ ]], (( )), $'..', <(..), |&, &>, function NAME); keywords
 * (if, then, while, for, case ...) are passed over, so that the commands inside them are in the list, at
 * their depth. Command substitutions are part of their word and, with PLM_SH_SUBST, commands of their own as
 * well.
 *
 *     struct plm_shell sh;
 *     plm_shell_parse(text, arena, &sh, err);                 // OOM, LIMIT
 *     for (i < sh.commands.n)
 *         if (plm_sv_is(plm_sh_name(&sh.commands.v[i]), "apt-get")) ...
 *
 * What is not valid shell ends in sh.is_partial with what was understood so far; it is never an error.
 * Linear in the text; nesting is bounded.
 */
#pragma once

#include "base/arena.h"

enum { PLM_SH_BYTES_MAX = 1 << 20, PLM_SH_WORDS_MAX = 200000, PLM_SH_DEPTH_MAX = 64 };

/* What stands before a command. */
enum plm_sh_link {
    PLM_SH_FIRST, /* nothing: it is the first of the text, of a group or of a substitution */
    PLM_SH_SEQ,   /* ; or a line end */
    PLM_SH_AND,   /* && */
    PLM_SH_OR,    /* || */
    PLM_SH_PIPE,  /* | or |& */
    PLM_SH_BACK,  /* & */
};

/* A variable's use, or a command substitution, in a word. */
struct plm_sh_use {
    plm_sv name;      /* "HOME"; "1", "@", "#", "?" ...; null: a command substitution */
    plm_sv op;        /* what follows the name inside braces: ":-x"; empty: none; null: no braces */
    bool is_quoted;   /* inside double quotes */
    bool is_length;   /* ${#x} */
    bool is_indirect; /* ${!x} */
    uint32_t offset;  /* in the text */
};

struct plm_sh_word {
    plm_sv raw;      /* as written */
    plm_sv text;     /* quotes and escapes removed; variables and substitutions as written */
    bool is_quoted;  /* some part of it was */
    bool is_literal; /* no variable, substitution or unquoted pattern character in it: text is what it is */
    bool has_glob;   /* an unquoted * ? or [ */
    PLM_VEC(struct plm_sh_use) uses;
    uint32_t offset, line; /* line of the text, from 1 */
};

struct plm_sh_redirect {
    plm_sv op; /* ">", ">>", "<", "<<", "<<-", "<<<", ">&", "&>" ... */
    plm_sv fd; /* digits before it, or null */
    struct plm_sh_word target;
    plm_sv heredoc; /* body of << */
};

struct plm_sh_assign {
    plm_sv name;
    bool is_append;           /* += */
    struct plm_sh_word value; /* raw and text behind the equals sign */
};

struct plm_sh_command {
    enum plm_sh_link link, next; /* what stands before it, and behind it (FIRST: nothing) */
    bool is_negated;             /* ! before the pipeline */
    bool is_subst;               /* inside $( ) or back quotes */
    bool is_condition;           /* between if, elif, while, until and then, do */
    bool is_piped;               /* its output goes into another command */
    unsigned depth;              /* groups, subshells, keywords and substitutions around it */
    uint32_t group;              /* commands of one list have the same */
    PLM_VEC(struct plm_sh_assign) assigns;
    PLM_VEC(struct plm_sh_word) words; /* the command's name first; empty: assignments or redirections only */
    PLM_VEC(struct plm_sh_redirect) redirects;
    plm_sv keyword; /* "for", "select": words are its variable and list; "case": its word; "[["; "function":
                       its name; null: a simple command */
    uint32_t line;
};

struct plm_shell {
    PLM_VEC(struct plm_sh_command) commands; /* in the order of their first words */
    bool has_pipe;
    bool is_partial;
    plm_sv fault; /* why partial */
    uint32_t fault_line;
};

int plm_shell_parse(plm_sv text, struct plm_arena *a, struct plm_shell *out, plm_err **err);

/* Text of the first word; null: none. */
plm_sv plm_sh_name(const struct plm_sh_command *c);
/* The same without a leading path ("/usr/bin/apt-get": "apt-get"). */
plm_sv plm_sh_base(const struct plm_sh_command *c);
/* Has -x (also inside "-xyz") or --name or --name=...; `flag` without dashes; one letter: short. */
bool plm_sh_has_flag(const struct plm_sh_command *c, const char *flag);
/* Words behind the name that do not start with '-'; "--" ends flags. */
void plm_sh_operands(const struct plm_sh_command *c, struct plm_arena *a, plm_sv_vec *out);
