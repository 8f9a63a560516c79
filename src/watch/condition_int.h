/* SPDX-License-Identifier: Apache-2.0
 *
 * What the parser of conditions and the loader of rules share.
 */
#pragma once

#include "watch/condition.h"

#define PLM_COND_DEPTH 1000 /* nesting of one condition, macros resolved */

/* "tolower"; "" for PLM_TR_NONE. */
const char *plm_transform_name(enum plm_transform t);
bool plm_transform_find(plm_sv name, enum plm_transform *out);
bool plm_modifier_find(plm_sv name, enum plm_op_modifier *out); /* oneof, anyof, allof */
/* An operator by its name, trimmed ("startswith", "=="). */
bool plm_op_find(plm_sv name, enum plm_op *out);
bool plm_op_is_list(enum plm_op op);   /* in, intersects, pmatch */
bool plm_op_is_number(enum plm_op op); /* < <= > >= */
/* A field or a transformer that stands alone (`fields` of exceptions). NULL: PARSE. */
struct plm_operand *plm_operand_parse(plm_sv text, struct plm_arena *a, plm_err **err);
/* Bytes that a value without quotes may have. */
bool plm_cond_is_bare(plm_sv text);
/* Values with commas between them, as in a list; -1: the text is something else. They view the text. */
int plm_cond_values_parse(plm_sv text, struct plm_arena *a, struct plm_literal **out, size_t *out_n);
