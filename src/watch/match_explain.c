/* SPDX-License-Identifier: Apache-2.0
 *
 * Why a rule fired or not (`watch explain`): its condition as it was written, every check evaluated by
 * itself, no short cuts and no caches, and which of them made the result.
 */
#include "watch/match_int.h"

#include "base/buf.h"

enum { ACTUAL_MAX = 4096 };

struct explain {
    const struct plm_view *view;
    struct plm_arena *arena;
    PLM_VEC(struct plm_explained) rows;
    plm_err **err;
};

/* The values of the left side as text, joined by a comma. */
static int actual_text(struct explain *x, const struct plm_operand *lhs, plm_sv *out)
{
    struct plm_values v = {0};
    enum plm_vtype type;
    if (plm_operand_get(lhs, x->view, &type, &v) < 0)
        return plm_fail_oom(x->err);
    *out = PLM_SV_NULL;
    if (!v.n)
        return 0;
    struct plm_buf b = PLM_BUF(ACTUAL_MAX); /* what is longer is cut at the last whole value */
    for (size_t i = 0; i < v.n; i++) {
        plm_buf_str(&b, i ? ", " : "");
        plm_value_text(type, &v.v[i], &b);
    }
    *out = plm_arena_sv(x->arena, plm_buf_sv(&b));
    plm_buf_done(&b);
    return out->p ? 0 : plm_fail_oom(x->err);
}

static int explain_check(struct explain *x, const struct plm_cond *c, struct plm_explained *row)
{
    const struct plm_check *check = plm_check_new(c, x->arena, x->err);
    if (!check)
        return -1;
    row->is_true = plm_check_test(check, x->view);
    return actual_text(x, c->lhs, &row->actual);
}

static int walk(struct explain *x, const struct plm_cond *c, unsigned depth)
{
    size_t at = x->rows.n; /* pushing moves the rows: only the index stays */
    struct plm_explained *row = plm_vec_push(x->arena, &x->rows);
    if (!row)
        return plm_fail_oom(x->err);
    *row = (struct plm_explained){.cond = c, .depth = depth};
    if (c->kind == PLM_COND_CHECK)
        return explain_check(x, c, row);
    bool all = true, any = false;
    for (size_t i = 0; i < c->n_children; i++) {
        size_t child = x->rows.n;
        if (walk(x, c->children[i], depth + 1) < 0)
            return -1;
        all &= x->rows.v[child].is_true;
        any |= x->rows.v[child].is_true;
    }
    x->rows.v[at].is_true = c->kind == PLM_COND_AND ? all : c->kind == PLM_COND_OR ? any : !all;
    return 0;
}

/* Decisive parts of a decisive row: those with the row's own result (under not: the one part). */
static void mark(struct explain *x, size_t at)
{
    const struct plm_explained *row = &x->rows.v[at];
    for (size_t i = at + 1; i < x->rows.n && x->rows.v[i].depth > row->depth; i++) {
        if (x->rows.v[i].depth != row->depth + 1)
            continue;
        x->rows.v[i].is_decisive = row->cond->kind == PLM_COND_NOT || x->rows.v[i].is_true == row->is_true;
        if (x->rows.v[i].is_decisive)
            mark(x, i);
    }
}

int plm_rule_matcher_explain(struct plm_rule_matcher *m, const struct plm_view *view,
                             const struct plm_rule *rule, struct plm_arena *a, struct plm_explained **out,
                             size_t *out_n, bool *out_matched, plm_err **err)
{
    (void)m;
    struct explain x = {.view = view, .arena = a, .err = err};
    bool is_possible = rule->condition && plm_evset_has(&rule->types, view->event->type->id);
    if (is_possible) {
        if (walk(&x, rule->condition, 0) < 0)
            return -1;
        x.rows.v[0].is_decisive = true;
        mark(&x, 0);
    } else if (plm_vec_push(a, &x.rows)) {
        x.rows.v[0] = (struct plm_explained){.is_decisive = true};
    } else {
        return plm_fail_oom(err);
    }
    *out = x.rows.v;
    *out_n = x.rows.n;
    *out_matched = x.rows.v[0].is_true;
    return 0;
}
