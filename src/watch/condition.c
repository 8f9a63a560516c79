/* SPDX-License-Identifier: Apache-2.0
 *
 * Condition trees as text: names of operators and transformers, and the canonical form of a tree, which
 * parses to the same tree again (condition_parse.c has the grammar).
 */
#include "watch/condition_int.h"

#include "base/buf.h"

static const char *const op_names[PLM_OP_COUNT_] = {
    [PLM_OP_EXISTS] = "exists",
    [PLM_OP_EQ] = "=",
    [PLM_OP_NE] = "!=",
    [PLM_OP_LT] = "<",
    [PLM_OP_LE] = "<=",
    [PLM_OP_GT] = ">",
    [PLM_OP_GE] = ">=",
    [PLM_OP_IN] = "in",
    [PLM_OP_INTERSECTS] = "intersects",
    [PLM_OP_PMATCH] = "pmatch",
    [PLM_OP_CONTAINS] = "contains",
    [PLM_OP_ICONTAINS] = "icontains",
    [PLM_OP_BCONTAINS] = "bcontains",
    [PLM_OP_STARTSWITH] = "startswith",
    [PLM_OP_BSTARTSWITH] = "bstartswith",
    [PLM_OP_ENDSWITH] = "endswith",
    [PLM_OP_GLOB] = "glob",
    [PLM_OP_IGLOB] = "iglob",
    [PLM_OP_REGEX] = "regex",
};

static const char *const transform_names[] = {
    [PLM_TR_NONE] = "",           [PLM_TR_VAL] = "val",           [PLM_TR_TOLOWER] = "tolower",
    [PLM_TR_TOUPPER] = "toupper", [PLM_TR_BASENAME] = "basename", [PLM_TR_LEN] = "len",
    [PLM_TR_B64] = "b64",         [PLM_TR_JOIN] = "join",         [PLM_TR_CONCAT] = "concat",
    [PLM_TR_GETOPT] = "getopt",
};

static const char *const modifier_names[] = {
    [PLM_MOD_NONE] = "", [PLM_MOD_ONEOF] = "oneof", [PLM_MOD_ANYOF] = "anyof", [PLM_MOD_ALLOF] = "allof"};

const char *plm_op_name(enum plm_op op)
{
    return op < PLM_OP_COUNT_ ? op_names[op] : "";
}

const char *plm_transform_name(enum plm_transform t)
{
    return transform_names[t];
}

bool plm_transform_find(plm_sv name, enum plm_transform *out)
{
    for (unsigned i = PLM_TR_VAL; i <= PLM_TR_GETOPT; i++)
        if (plm_sv_is(name, transform_names[i])) {
            *out = (enum plm_transform)i;
            return true;
        }
    return false;
}

bool plm_modifier_find(plm_sv name, enum plm_op_modifier *out)
{
    for (unsigned i = PLM_MOD_ONEOF; i <= PLM_MOD_ALLOF; i++)
        if (plm_sv_is(name, modifier_names[i])) {
            *out = (enum plm_op_modifier)i;
            return true;
        }
    return false;
}

bool plm_op_is_list(enum plm_op op)
{
    return op == PLM_OP_IN || op == PLM_OP_INTERSECTS || op == PLM_OP_PMATCH;
}

bool plm_op_is_number(enum plm_op op)
{
    return op >= PLM_OP_LT && op <= PLM_OP_GE;
}

/* ---- canonical text ------------------------------------------------------------------------------ */

/* In quotes. A backslash at the end is written `\ `: no other spelling of it can stand before the quote. */
static void put_quoted(plm_sv s, struct plm_buf *out)
{
    plm_buf_byte(out, '"');
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];
        if (c == '\\')
            plm_buf_str(out, i + 1 == s.n ? "\\ " : "\\\\");
        else if (c == '"')
            plm_buf_str(out, "\\\"");
        else if (c < ' ')
            plm_buf_printf(out, "\\x%02x", c);
        else
            plm_buf_byte(out, c);
    }
    plm_buf_byte(out, '"');
}

static void put_literal(const struct plm_literal *l, struct plm_buf *out)
{
    if (l->is_bare)
        plm_buf_sv_put(out, l->text);
    else
        put_quoted(l->text, out);
}

static void put_operand(const struct plm_operand *o, struct plm_buf *out)
{
    switch (o->kind) {
    case PLM_OPERAND_FIELD:
        plm_buf_sv_put(out, o->text);
        return;
    case PLM_OPERAND_TEXT:
        put_quoted(o->text, out);
        return;
    case PLM_OPERAND_LIST:
    case PLM_OPERAND_TRANSFORM:
        break;
    }
    if (o->kind == PLM_OPERAND_TRANSFORM)
        plm_buf_str(out, plm_transform_name(o->transform));
    plm_buf_byte(out, '(');
    for (size_t i = 0; i < o->n_args; i++) {
        plm_buf_str(out, i ? ", " : "");
        put_operand(&o->args[i], out);
    }
    plm_buf_byte(out, ')');
    if (o->key.p)
        plm_buf_printf(out, "[%.*s]", PLM_SV_ARG(o->key));
}

static void put_check(const struct plm_cond *c, struct plm_buf *out)
{
    put_operand(c->lhs, out);
    plm_buf_printf(out, " %s", plm_op_name(c->op));
    if (c->op == PLM_OP_EXISTS)
        return;
    if (c->modifier != PLM_MOD_NONE)
        plm_buf_printf(out, " %s", modifier_names[c->modifier]);
    plm_buf_byte(out, ' ');
    if (c->rhs) {
        put_operand(c->rhs, out);
        return;
    }
    plm_buf_str(out, c->is_list_form ? "(" : "");
    for (size_t i = 0; i < c->n_values; i++) {
        plm_buf_str(out, i ? ", " : "");
        put_literal(&c->values[i], out);
    }
    plm_buf_str(out, c->is_list_form ? ")" : "");
}

/* Parentheses stand around every `and` and `or` inside another. */
static void put_cond(const struct plm_cond *c, bool is_inner, struct plm_buf *out)
{
    switch (c->kind) {
    case PLM_COND_AND:
    case PLM_COND_OR:
        plm_buf_str(out, is_inner ? "(" : "");
        for (size_t i = 0; i < c->n_children; i++) {
            plm_buf_str(out, i == 0 ? "" : c->kind == PLM_COND_AND ? " and " : " or ");
            put_cond(c->children[i], true, out);
        }
        plm_buf_str(out, is_inner ? ")" : "");
        return;
    case PLM_COND_NOT:
        /* `not not` would cancel out */
        plm_buf_str(out, c->children[0]->kind == PLM_COND_NOT ? "not (" : "not ");
        put_cond(c->children[0], true, out);
        plm_buf_str(out, c->children[0]->kind == PLM_COND_NOT ? ")" : "");
        return;
    case PLM_COND_CHECK:
        put_check(c, out);
        return;
    case PLM_COND_MACRO:
        plm_buf_sv_put(out, c->macro);
        return;
    }
}

void plm_cond_text(const struct plm_cond *c, struct plm_buf *out)
{
    put_cond(c, false, out);
}
