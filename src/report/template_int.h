/* SPDX-License-Identifier: Apache-2.0
 *
 * The template language's two halves: text to a flat list of nodes (template_parse.c), nodes over
 * a report to text (template.c).
 */
#pragma once

#include "report_int.h"

enum plm_tpl_kind { PLM_TPL_TEXT, PLM_TPL_VALUE, PLM_TPL_RANGE, PLM_TPL_IF, PLM_TPL_ELSE, PLM_TPL_END };
enum plm_tpl_call {
    PLM_TPL_PLAIN,
    PLM_TPL_LEN,
    PLM_TPL_NOT,
    PLM_TPL_EQ,
    PLM_TPL_NE,
    PLM_TPL_AND,
    PLM_TPL_OR
};
enum plm_tpl_filter {
    PLM_TPL_RAW,
    PLM_TPL_HTML,
    PLM_TPL_JSON,
    PLM_TPL_CSV,
    PLM_TPL_UPPER,
    PLM_TPL_LOWER,
    PLM_TPL_JOIN,
    PLM_TPL_DEFAULT,
};
enum { PLM_TPL_FILTERS_MAX = 8, PLM_TPL_DEPTH_MAX = 16 };

/* ".a.b", "$.a", "\"text\"", "12" */
struct plm_tpl_operand {
    bool is_path, is_root;
    plm_sv text; /* path without its first dot, or the literal */
};

struct plm_tpl_step {
    enum plm_tpl_filter filter;
    plm_sv argument;
};

struct plm_tpl_node {
    enum plm_tpl_kind kind;
    plm_sv text; /* TEXT */
    enum plm_tpl_call call;
    struct plm_tpl_operand a, b;
    struct plm_tpl_step steps[PLM_TPL_FILTERS_MAX];
    unsigned n_steps;
    uint32_t line;
    size_t otherwise, end; /* RANGE, IF: index of its else (or its end) and of its end */
};

struct plm_tpl {
    PLM_VEC(struct plm_tpl_node) nodes;
};

/* CONFIG with the line. Views point into `text`. */
int plm_tpl_parse(plm_sv text, struct plm_arena *a, struct plm_tpl *out, plm_err **err);
