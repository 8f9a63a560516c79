/* SPDX-License-Identifier: Apache-2.0
 *
 * The tables of checks as one list, and the shape in which an inspector judges them: a check says what it
 * found, and a row of the report keeps how it ended, so that "clean" and "not looked at" stay apart.
 */
#include "inspect/inspect_int.h"

#include <stdarg.h>
#include <stdlib.h>

static bool has_alias(const struct plm_inspect_check *c, plm_sv id)
{
    plm_sv rest = plm_sv_from(c->aliases), word;
    while (plm_sv_word(&rest, &word))
        if (plm_sv_ieq(word, id))
            return true;
    return false;
}

const struct plm_inspect_check *plm_inspect_check_find(plm_sv id)
{
    const struct plm_inspect_check *by_alias = NULL;
    PLM_SET_FOREACH (plm_inspect_check_tables, struct plm_inspect_checks, t) {
        for (const struct plm_inspect_check *c = t->v; c->id; c++) {
            if (plm_sv_ieq(plm_sv_from(c->id), id))
                return c;
            bool is_first = !by_alias || strcmp(c->id, by_alias->id) < 0;
            if (c->aliases && is_first && has_alias(c, id))
                by_alias = c;
        }
    }
    return by_alias;
}

const struct plm_inspect_check **plm_inspect_checks_all(struct plm_arena *a, size_t *out_n)
{
    size_t n = 0, at = 0;
    PLM_SET_FOREACH (plm_inspect_check_tables, struct plm_inspect_checks, t) {
        for (const struct plm_inspect_check *c = t->v; c->id; c++)
            n++;
    }
    const struct plm_inspect_check **v = plm_arena_array(a, n + 1, sizeof(*v));
    *out_n = 0;
    if (!v)
        return NULL;
    PLM_SET_FOREACH (plm_inspect_check_tables, struct plm_inspect_checks, u) {
        for (const struct plm_inspect_check *c = u->v; c->id; c++)
            v[at++] = c;
    }
    *out_n = n;
    return v;
}

/* ---- judging -------------------------------------------------------------------------------------- */

void plm_judge_say(struct plm_judging *j, enum plm_outcome o, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    plm_sv text = plm_arena_vprintf(j->in->report->arena, fmt, ap);
    va_end(ap);
    plm_sv_vec_add(j->in->report->arena, &j->said, text);
    j->outcome = j->outcome == PLM_OUT_FAIL ? PLM_OUT_FAIL : o;
}

struct plm_finding *plm_judge_fail(struct plm_judging *j, plm_sv object, const char *from, uint32_t line,
                                   uint32_t layer, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    plm_sv text = plm_arena_vprintf(j->in->report->arena, fmt, ap);
    va_end(ap);
    j->outcome = PLM_OUT_FAIL;
    if (++j->failed > PLM_JUDGE_FINDINGS_MAX)
        return NULL;
    return plm_inspect_find(j->in, j->check, object, from, line, layer, "%.*s", PLM_SV_ARG(text));
}

static void put_row(struct plm_judging *j)
{
    struct plm_arena *a = j->in->report->arena;
    if (j->failed > PLM_JUDGE_FINDINGS_MAX)
        plm_diag(j->in->report, "inspect.many", PLM_SEV_LOW, j->in->target, plm_sv_from(j->check->id),
                 "%zu findings of this check; the first %d are listed", j->failed, PLM_JUDGE_FINDINGS_MAX);
    struct plm_check_row *row = plm_report_check(j->in->report, j->in->target);
    if (!row)
        return;
    row->id = plm_sv_from(j->check->id);
    row->title = plm_sv_from(j->check->title);
    row->severity = j->check->severity;
    row->outcome = j->outcome;
    for (size_t i = 0; i < j->said.n; i++)
        plm_sv_vec_add(a, &row->evidence, j->said.v[i]);
    if (j->failed)
        plm_sv_vec_add(a, &row->evidence, plm_arena_printf(a, "findings: %zu", j->failed));
}

int plm_judge_all(struct plm_inspection *in, const struct plm_judge *v, size_t n, plm_err **err)
{
    return plm_judge_all_of(in, NULL, v, n, err);
}

int plm_judge_all_of(struct plm_inspection *in, const void *subject, const struct plm_judge *v, size_t n,
                     plm_err **err)
{
    for (size_t i = 0; i < n; i++) {
        struct plm_judging j = {.in = in,
                                .check = plm_inspect_check_find(plm_sv_from(v[i].id)),
                                .outcome = PLM_OUT_PASS,
                                .subject = subject,
                                .arg = v[i].arg};
        if (!j.check)
            return plm_fail(err, PLM_E_INTERNAL, "check %s has no descriptor", v[i].id);
        if (j.check->is_off)
            continue;
        v[i].judge(&j);
        put_row(&j);
    }
    return plm_arena_check(in->report->arena, err);
}

/* ---- facts ---------------------------------------------------------------------------------------- */

static int fact_cmp(const struct plm_facts *f, const struct plm_extractor *x, plm_sv path)
{
    int c = strcmp(f->extractor->id, x->id);
    return c ? c : plm_sv_cmp(f->path, path);
}

const struct plm_facts *plm_inspect_facts_of(const struct plm_analysis *an, const struct plm_extractor *x,
                                             plm_sv path)
{
    size_t lo = 0, hi = an->facts.n;
    while (lo < hi) { /* the first that is not before it */
        size_t mid = lo + (hi - lo) / 2;
        if (fact_cmp(&an->facts.v[mid], x, path) < 0)
            lo = mid + 1;
        else
            hi = mid;
    }
    for (; lo < an->facts.n && fact_cmp(&an->facts.v[lo], x, path) == 0; lo++)
        if (an->facts.v[lo].visible)
            return &an->facts.v[lo];
    return NULL;
}
