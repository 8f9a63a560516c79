/* SPDX-License-Identifier: Apache-2.0
 *
 * What the files of the Dockerfile reader share.
 */
#pragma once

#include "inspect/dockerfile.h"

struct plm_df_parser {
    struct plm_arena *a;
    struct plm_dockerfile *df;
    plm_sv rest;       /* physical lines not yet read */
    const char *start; /* of the text */
    size_t text_n;
    uint32_t line;      /* of the last physical line read */
    bool in_directives; /* only directives were seen so far */
    size_t words;       /* of PLM_DF_WORDS_MAX */
    size_t expanded;    /* bytes of variables' values, of PLM_DF_BYTES_MAX */
    bool is_over;       /* a bound was crossed */
    const struct plm_df_var *globals, *vars;
};

/* A fault of the instruction `in`, at the byte `at` of its first line where that is known. */
void plm_df_fault(struct plm_df_parser *p, uint32_t line, uint32_t column, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
/* Appends a word within the bound. */
void plm_df_word_add(struct plm_df_parser *p, plm_sv_vec *words, plm_sv word);
/* Takes the next word, as a shell cuts them, off *rest; quotes and escapes stay in it. */
bool plm_df_word_next(plm_sv *rest, char escape, plm_sv *out);
/* Without quotes and escapes; variables stay. */
plm_sv plm_df_unquote(plm_sv word, char escape, struct plm_arena *a);
/* A JSON array of strings into words; false: it is none. */
bool plm_df_json(struct plm_df_parser *p, plm_sv text, plm_sv_vec *words);
/* Leading --flags of in->args. */
void plm_df_flags(struct plm_df_parser *p, struct plm_df_instr *in);
/* Fills words and pairs by the grammar of in->kind. */
void plm_df_operands(struct plm_df_parser *p, struct plm_df_instr *in);
enum plm_df_kind plm_df_kind_of(plm_sv keyword);
