/* SPDX-License-Identifier: Apache-2.0
 *
 * Conditions as trees (falco-rules.md part 2). The parser knows the grammar only; fields, types, lists and
 * macros are looked up by rules.c. Everything lives in the arena given to the parser.
 */
#pragma once

#include "base/arena.h"
#include "watch/field.h"

enum plm_cond_kind {
    PLM_COND_AND, /* children, at least two */
    PLM_COND_OR,
    PLM_COND_NOT,   /* one child */
    PLM_COND_CHECK, /* lhs op values */
    PLM_COND_MACRO, /* name; replaced by its tree when resolved (PLM_COND_AND/OR/…) */
};

enum plm_op {
    PLM_OP_EXISTS,
    PLM_OP_EQ, /* = and == */
    PLM_OP_NE,
    PLM_OP_LT,
    PLM_OP_LE,
    PLM_OP_GT,
    PLM_OP_GE,
    PLM_OP_IN,
    PLM_OP_INTERSECTS,
    PLM_OP_PMATCH,
    PLM_OP_CONTAINS,
    PLM_OP_ICONTAINS,
    PLM_OP_BCONTAINS,
    PLM_OP_STARTSWITH,
    PLM_OP_BSTARTSWITH,
    PLM_OP_ENDSWITH,
    PLM_OP_GLOB,
    PLM_OP_IGLOB,
    PLM_OP_REGEX,
    PLM_OP_COUNT_
};
enum plm_op_modifier { PLM_MOD_NONE, PLM_MOD_ONEOF, PLM_MOD_ANYOF, PLM_MOD_ALLOF };
const char *plm_op_name(enum plm_op op);

enum plm_transform {
    PLM_TR_NONE, /* the bare field */
    PLM_TR_VAL,
    PLM_TR_TOLOWER,
    PLM_TR_TOUPPER,
    PLM_TR_BASENAME,
    PLM_TR_LEN,
    PLM_TR_B64,
    PLM_TR_JOIN,
    PLM_TR_CONCAT,
    PLM_TR_GETOPT,
};

/* A field, perhaps inside transformers; also an argument of one. */
struct plm_operand {
    enum plm_operand_kind {
        PLM_OPERAND_FIELD,
        PLM_OPERAND_TRANSFORM,
        PLM_OPERAND_TEXT,
        PLM_OPERAND_LIST
    } kind;
    uint32_t offset, length; /* of the source text */
    plm_sv text;             /* FIELD: "proc.aname[2]"; TEXT */
    enum plm_transform transform;
    struct plm_operand *args; /* TRANSFORM: arguments; LIST: elements */
    size_t n_args;
    plm_sv key;              /* getopt(...)[c] */
    struct plm_fieldref ref; /* FIELD: filled when resolved (ref.field NULL until then) */
};

/* One value of a right-hand side as written. is_bare: not quoted, so a list's name may stand there. */
struct plm_literal {
    plm_sv text;
    uint32_t offset;
    bool is_bare, is_number;
};

struct plm_cond {
    enum plm_cond_kind kind;
    uint32_t offset, length; /* of the source text; UINT32_MAX: made, not written */
    struct plm_cond **children;
    size_t n_children;
    plm_sv macro;
    struct plm_operand *lhs;
    enum plm_op op;
    enum plm_op_modifier modifier;
    struct plm_operand *rhs;    /* val(field) or transformer(...); NULL: literals */
    struct plm_literal *values; /* literals */
    size_t n_values;
    bool is_list_form; /* written in parentheses */
    plm_sv source;     /* the text that offset is of: the rule's or a macro's */
    /* Kept by the loader: levels and nodes below (shared ones counted each time), fields and types checked.
     */
    uint32_t height, size;
    bool is_checked;
};

/* PARSE; *out_offset (if not NULL) says where. At most 1000 deep. */
struct plm_cond *plm_cond_parse(plm_sv text, struct plm_arena *a, size_t *out_offset, plm_err **err);
/* Canonical text, mostly for tests and explain. */
void plm_cond_text(const struct plm_cond *c, struct plm_buf *out);
