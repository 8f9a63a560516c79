/* SPDX-License-Identifier: Apache-2.0
 *
 * What the two halves of the shell reader share: words (shell_words.c) and commands (shell.c).
 */
#pragma once

#include "base/buf.h"
#include "inspect/shell.h"

struct plm_sh_pending {
    size_t command, redirect;
    plm_sv delimiter;
    bool chomps;
};

struct plm_sh_lex {
    plm_sv text;
    size_t at;
    struct plm_arena *a;
    struct plm_shell *out;
    unsigned depth;
    size_t *words; /* of PLM_SH_WORDS_MAX, shared with the texts of back quotes */
    bool *is_over;
    uint32_t *groups;
    bool is_subst;
    size_t counted; /* offset up to which line ends were counted */
    uint32_t line;
    PLM_VEC(struct plm_sh_pending) pending;
};

void plm_sh_fault(struct plm_sh_lex *x, const char *why);
/* Commands up to the closing byte (0: the end), which is taken. */
void plm_sh_list(struct plm_sh_lex *x, char closer, bool is_subst);
/* One word at x->at, which stands at no blank and at no operator. */
void plm_sh_word_read(struct plm_sh_lex *x, struct plm_sh_word *w);
/* The same inside "( )" of an array: nothing is kept but the end. */
void plm_sh_array_skip(struct plm_sh_lex *x);
uint32_t plm_sh_line(struct plm_sh_lex *x, size_t at);
/* Past the "))" that ends arithmetic, where there is one on that level. */
bool plm_sh_arithmetic_skip(struct plm_sh_lex *x);

static inline int plm_sh_peek(const struct plm_sh_lex *x, size_t ahead)
{
    return x->at + ahead < x->text.n ? (unsigned char)x->text.p[x->at + ahead] : -1;
}
