/* SPDX-License-Identifier: Apache-2.0
 *
 * A stage of an audit in the table: its score and counts, then what failed (worst first, with objects,
 * evidence and what to do), what could not be judged and why, what a human must decide. What passed and what
 * does not apply is counted; -v lists it. One pass over the target's rows and one sort.
 */
#include "base/map.h"
#include "escape.h"
#include "table_int.h"

enum { OBJECTS_SHOWN = 8, EVIDENCE_SHOWN = 2, INDENT = 13 };

struct bundle {
    const struct plm_check_row *rows;
    size_t n, failed; /* that no exception covers */
    const struct plm_finding *worst;
};

typedef PLM_VEC(struct bundle) bundle_vec;

static const struct plm_stage_score *score_of(const struct plm_report *r, uint32_t target)
{
    for (size_t i = 0; i < r->scores.n; i++)
        if (plm_sv_eq(r->scores.v[i].name, r->targets.v[target].id))
            return &r->scores.v[i];
    return NULL;
}

static void head(const struct plm_table *t, uint32_t target, const size_t *counts)
{
    static const enum plm_outcome order[] = {PLM_OUT_FAIL, PLM_OUT_UNKNOWN, PLM_OUT_MANUAL, PLM_OUT_PASS,
                                             PLM_OUT_NA};
    const struct plm_stage_score *s = score_of(t->r, target);
    plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(PLM_MIB(1));
    const char *before = "";
    plm_buf_str(t->out, t->opt->color ? "\033[1m" : "");
    plm_buf_printf(&b, "%.*s", PLM_SV_ARG(t->r->targets.v[target].id));
    if (s && s->is_judged)
        plm_buf_printf(&b, "  score %u", s->score);
    plm_table_fit(t->out, plm_buf_sv(&b), t->width);
    plm_buf_str(t->out, t->opt->color ? "\033[0m\n  " : "\n  ");
    for (size_t i = 0; i < PLM_OUTCOMES; i++) {
        if (!counts[order[i]])
            continue;
        plm_buf_printf(t->out, "%s%zu %s", before, counts[order[i]], plm_outcome_name(order[i]));
        before = ", ";
    }
    plm_buf_str(t->out, *before ? "\n" : "nothing there to judge\n");
}

static enum plm_severity severity_of(const struct bundle *g)
{
    return g->worst ? g->worst->severity : g->rows[0].severity;
}

static int by_worst(const void *va, const void *vb)
{
    const struct bundle *a = va, *b = vb;
    int c = (b->failed > 0) - (a->failed > 0);
    c = c || !a->failed ? c : (int)severity_of(b) - (int)severity_of(a);
    return c ? c : plm_report_id_cmp(a->rows[0].id, b->rows[0].id);
}

static void check_line(const struct plm_table *t, const struct bundle *g, const char *word,
                       enum plm_severity s, size_t on)
{
    plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(PLM_MIB(4));
    plm_buf_printf(&b, "%.*s %.*s", PLM_SV_ARG(g->rows[0].id), PLM_SV_ARG(g->rows[0].title));
    if (g->n > 1)
        plm_buf_printf(&b, " (%zu of %zu)", on, g->n);
    plm_buf_str(t->out, "  ");
    if (word)
        plm_table_column(t->out, plm_sv_from(word), 10);
    else
        plm_table_severity(t, s, 10);
    plm_buf_byte(t->out, ' ');
    plm_table_fit(t->out, plm_buf_sv(&b), t->width - INDENT);
    plm_buf_byte(t->out, '\n');
}

/* The escaping is plm_table_wrap's; a text of a megabyte would fill screens. */
static void put_start(struct plm_buf *b, plm_sv s, size_t max)
{
    size_t cut;
    plm_buf_sv_put(b, plm_esc_clip(s, max, &cut));
    plm_buf_str(b, cut ? "..." : "");
}

static void row_lines(const struct plm_table *t, const struct plm_check_row *c, const struct plm_finding *f)
{
    plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(PLM_MIB(4));
    size_t shown = t->opt->verbose || c->evidence.n <= EVIDENCE_SHOWN ? c->evidence.n : EVIDENCE_SHOWN;
    plm_sv object = c->object.n ? c->object : plm_report_target_id(t->r, c->target);
    put_start(&b, object, 200);
    for (size_t i = 0; i < shown; i++) {
        plm_buf_str(&b, i ? "; " : ": ");
        put_start(&b, c->evidence.v[i], 400);
    }
    if (shown < c->evidence.n)
        plm_buf_printf(&b, "; +%zu", c->evidence.n - shown);
    if (f && f->suppressed)
        plm_buf_printf(&b, " (suppressed: %.*s)", PLM_SV_ARG(f->suppressed->by));
    plm_table_wrap(t, plm_buf_sv(&b), INDENT);
}

static void put_bundle(const struct plm_table *t, struct plm_arena *a, const struct plm_map *audited,
                       const struct bundle *g, enum plm_outcome outcome)
{
    size_t on = 0, shown = 0;
    for (size_t i = 0; i < g->n; i++)
        on += g->rows[i].outcome == outcome;
    if (outcome == PLM_OUT_FAIL && !t->opt->show_suppressed)
        on = g->failed;
    if (!on)
        return;
    check_line(t, g, outcome == PLM_OUT_FAIL ? NULL : plm_outcome_name(outcome), severity_of(g), on);
    for (size_t i = 0; i < g->n; i++) {
        const struct plm_check_row *c = &g->rows[i];
        const struct plm_finding *f = outcome == PLM_OUT_FAIL ? plm_report_finding_of(audited, a, c) : NULL;
        if (c->outcome != outcome || (f && f->suppressed && !t->opt->show_suppressed))
            continue;
        if (shown == OBJECTS_SHOWN && !t->opt->verbose && on > OBJECTS_SHOWN) {
            plm_buf_printf(t->out, "%*sand %zu more: -v lists them\n", INDENT, "", on - shown);
            break;
        }
        row_lines(t, c, f);
        shown++;
    }
    if (outcome == PLM_OUT_FAIL && g->worst && g->worst->remediation.n) {
        plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(PLM_MIB(4));
        plm_buf_printf(&b, "fix: %.*s", PLM_SV_ARG(g->worst->remediation));
        plm_table_wrap(t, plm_buf_sv(&b), INDENT);
    }
}

static void collect(const struct plm_table *t, struct plm_arena *a, const struct plm_map *audited,
                    uint32_t target, bundle_vec *all, size_t *counts)
{
    const struct plm_report *r = t->r;
    for (size_t i = 0, n; i < r->checks.n; i += n) {
        const struct plm_check_row *c = &r->checks.v[i];
        for (n = 1; i + n < r->checks.n && c[n].target == c->target && plm_sv_eq(c[n].id, c->id);)
            n++;
        struct bundle *g =
            c->target == target && c->severity >= t->opt->min_severity ? plm_vec_push(a, all) : NULL;
        if (!g)
            continue;
        g->rows = c;
        g->n = n;
        for (size_t k = 0; k < n; k++) {
            const struct plm_finding *f =
                c[k].outcome == PLM_OUT_FAIL ? plm_report_finding_of(audited, a, &c[k]) : NULL;
            counts[c[k].outcome]++;
            g->failed += c[k].outcome == PLM_OUT_FAIL && !(f && f->suppressed);
            if (f && !f->suppressed && (!g->worst || f->severity > g->worst->severity))
                g->worst = f;
        }
    }
}

void plm_table_checks(const struct plm_table *t, struct plm_arena *a, const struct plm_map *audited,
                      uint32_t target)
{
    static const enum plm_outcome order[] = {PLM_OUT_FAIL, PLM_OUT_UNKNOWN, PLM_OUT_MANUAL, PLM_OUT_PASS,
                                             PLM_OUT_NA};
    bundle_vec all = {0};
    size_t counts[PLM_OUTCOMES] = {0};
    collect(t, a, audited, target, &all, counts);
    if (all.n > 1)
        qsort(all.v, all.n, sizeof(*all.v), by_worst);
    head(t, target, counts);
    for (size_t i = 0; i < PLM_OUTCOMES; i++) {
        bool is_listed = order[i] == PLM_OUT_FAIL || order[i] == PLM_OUT_UNKNOWN ||
                         order[i] == PLM_OUT_MANUAL || t->opt->verbose;
        for (size_t k = 0; is_listed && k < all.n; k++)
            put_bundle(t, a, audited, &all.v[k], order[i]);
    }
}
