/* SPDX-License-Identifier: Apache-2.0
 *
 * The one screen of `check`: the verdict and what decided it, how each stage stands, what to mend
 * first, what could not be examined. Everything else is in the other formats and under -v.
 */
#include "table_int.h"

enum { BAR = 20, RULES_SHOWN = 6, UNKNOWN_SHOWN = 8, FIX_LINES = 3 };

static const char *result_color(enum plm_result r)
{
    switch (r) {
    case PLM_RESULT_FAIL:
        return "\033[1;31m";
    case PLM_RESULT_PASS:
        return "\033[1;32m";
    case PLM_RESULT_WARN:
    case PLM_RESULT_INCOMPLETE:
        return "\033[1;33m";
    case PLM_RESULT_NONE:
        break;
    }
    return "";
}

static void host_line(const struct plm_table *t)
{
    const struct plm_report *r = t->r;
    plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(PLM_MIB(1));
    plm_buf_printf(&b, "%.*s  %.*s, %.*s", PLM_SV_ARG(r->host_name), PLM_SV_ARG(r->host_os),
                   PLM_SV_ARG(r->kernel));
    plm_table_fit(t->out, plm_buf_sv(&b), t->width);
    plm_buf_byte(t->out, '\n');
    for (size_t i = 0; i < r->engines.n; i++) {
        plm_table_fit(t->out, r->engines.v[i], t->width);
        plm_buf_byte(t->out, '\n');
    }
}

static void verdict(const struct plm_table *t)
{
    const struct plm_verdict *v = &t->r->verdict;
    const char *color = t->opt->color ? result_color(v->result) : "";
    plm_table_heading(t, "VERDICT");
    plm_buf_printf(t->out, "  %s%s%s\n", color, plm_result_name(v->result), *color ? "\033[0m" : "");
    for (size_t i = 0; i < v->reasons.n && i < RULES_SHOWN; i++)
        plm_table_wrap(t, v->reasons.v[i], 2);
    for (size_t i = 0; i < v->rules.n; i++) {
        const struct plm_verdict_rule *rule = &v->rules.v[i];
        size_t alike = 0, before = 0;
        if (!plm_sv_is(rule->action, "stop"))
            continue; /* it decided nothing */
        for (size_t k = 0; k < v->rules.n; k++) {
            bool is_alike = plm_sv_eq(v->rules.v[k].trigger, rule->trigger) &&
                            plm_sv_eq(v->rules.v[k].gate, rule->gate) &&
                            plm_sv_eq(v->rules.v[k].action, rule->action);
            alike += is_alike;
            before += is_alike && k < i;
        }
        if (before)
            continue; /* said with the first of its kind */
        plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(PLM_MIB(1));
        plm_buf_printf(&b, "%.*s: %.*s", PLM_SV_ARG(rule->trigger), PLM_SV_ARG(rule->message));
        if (alike > 1)
            plm_buf_printf(&b, "; and in %zu more of what was judged", alike - 1);
        plm_table_wrap(t, plm_buf_sv(&b), 2);
    }
}

/* Filled in proportion; a score below 100 never fills the last cell, one above 0 fills the first. */
static void bar(const struct plm_table *t, unsigned score)
{
    unsigned cells = score * BAR / 100;
    const char *color = !t->opt->color ? ""
                        : score >= 90  ? "\033[32m"
                        : score >= 60  ? "\033[33m"
                                       : "\033[31m";
    cells = cells == 0 && score ? 1 : cells;
    plm_buf_str(t->out, color);
    for (unsigned i = 0; i < BAR; i++)
        plm_buf_byte(t->out, i < cells ? '#' : '.');
    plm_buf_str(t->out, *color ? "\033[0m" : "");
}

static void stages(const struct plm_table *t)
{
    plm_table_heading(t, "STAGES");
    plm_buf_str(t->out, "           score                       pass  fail  manual  na  unknown\n");
    for (size_t i = 0; i < t->r->scores.n; i++) {
        const struct plm_stage_score *s = &t->r->scores.v[i];
        plm_buf_printf(t->out, "  %-11.*s", PLM_SV_ARG(s->name));
        if (!s->is_judged) {
            plm_buf_str(t->out, "  -  nothing there to judge\n");
            continue;
        }
        plm_buf_printf(t->out, "%3u  ", s->score);
        bar(t, s->score);
        plm_buf_printf(
            t->out, "%5llu %5llu %7llu %3llu %8llu", (unsigned long long)s->outcomes[PLM_OUT_PASS],
            (unsigned long long)s->outcomes[PLM_OUT_FAIL], (unsigned long long)s->outcomes[PLM_OUT_MANUAL],
            (unsigned long long)s->outcomes[PLM_OUT_NA], (unsigned long long)s->outcomes[PLM_OUT_UNKNOWN]);
        plm_buf_byte(t->out, '\n');
    }
    for (size_t i = 0; i < t->r->scores.n; i++)
        if (t->r->scores.v[i].vulnerabilities)
            plm_buf_printf(t->out, "  %.*s: %llu vulnerabilities in packages\n",
                           PLM_SV_ARG(t->r->scores.v[i].name),
                           (unsigned long long)t->r->scores.v[i].vulnerabilities);
}

static void fixes(const struct plm_table *t)
{
    if (!t->r->fixes.n)
        return;
    plm_table_heading(t, "FIX FIRST");
    plm_buf_str(t->out, "  what closes most; safe ones first\n");
    for (size_t i = 0; i < t->r->fixes.n; i++) {
        const struct plm_fix_row *f = &t->r->fixes.v[i];
        plm_buf_printf(t->out, "  %2zu %-9.*s ", i + 1, PLM_SV_ARG(f->impact));
        plm_table_fit(t->out, f->title, t->width - 15);
        plm_buf_byte(t->out, '\n');
        plm_sv rest = f->command, line;
        for (size_t n = 0; n < FIX_LINES && plm_sv_line(&rest, &line); n++)
            plm_table_wrap(t, line, 15);
    }
}

/* Each reason once, with how many checks it stopped. */
static void unknown(const struct plm_table *t)
{
    plm_sv_vec said = {0};
    plm_auto(plm_arena_free) struct plm_arena *a = plm_arena_new(PLM_MIB(16));
    size_t total = 0;
    for (size_t i = 0; a && i < t->r->checks.n; i++) {
        const struct plm_check_row *c = &t->r->checks.v[i];
        if (c->outcome != PLM_OUT_UNKNOWN)
            continue;
        total++;
        plm_sv_vec_add(a, &said, c->evidence.n ? c->evidence.v[0] : PLM_SV("no reason was given"));
    }
    if (!total)
        return;
    plm_sv_vec_sort_unique(&said);
    plm_buf_printf(t->out, "  %zu checks are unknown:\n", total);
    for (size_t i = 0; i < said.n && i < UNKNOWN_SHOWN; i++) {
        plm_buf_str(t->out, "    ");
        plm_table_fit(t->out, said.v[i], t->width - 4);
        plm_buf_byte(t->out, '\n');
    }
    if (said.n > UNKNOWN_SHOWN)
        plm_buf_printf(t->out, "    and %zu more reasons: -v lists them\n", said.n - UNKNOWN_SHOWN);
}

static bool is_alike(const struct plm_diagnostic *a, const struct plm_diagnostic *b)
{
    return plm_sv_eq(a->code, b->code) && plm_sv_eq(a->message, b->message) &&
           plm_sv_eq(a->object, b->object);
}

/* The same of several scanned sources is one line, which says of how many. */
static bool is_said(const struct plm_report *r, size_t at)
{
    for (size_t i = 0; i < at; i++)
        if (is_alike(&r->diagnostics.v[i], &r->diagnostics.v[at]))
            return true;
    return false;
}

static void blind_spots(const struct plm_table *t)
{
    const struct plm_report *r = t->r;
    size_t n_unknown = 0;
    for (size_t i = 0; i < r->checks.n; i++)
        n_unknown += r->checks.v[i].outcome == PLM_OUT_UNKNOWN;
    if (!r->diagnostics.n && !n_unknown)
        return;
    plm_table_heading(t, "COULD NOT LOOK");
    plm_buf_byte(t->out, '\n');
    for (size_t i = 0; i < r->diagnostics.n; i++) {
        const struct plm_diagnostic *d = &r->diagnostics.v[i];
        size_t alike = 0;
        if (is_said(r, i))
            continue;
        for (size_t k = i + 1; k < r->diagnostics.n; k++)
            alike += is_alike(d, &r->diagnostics.v[k]);
        plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(PLM_MIB(1));
        if (d->target < r->targets.n && !plm_sv_is(r->targets.v[d->target].scheme, "audit"))
            plm_buf_printf(&b, "%.*s ", PLM_SV_ARG(r->targets.v[d->target].id));
        plm_buf_printf(&b, "%.*s%s%.*s", PLM_SV_ARG(d->object), d->object.n ? ": " : "",
                       PLM_SV_ARG(d->message));
        if (alike)
            plm_buf_printf(&b, " (and of %zu more targets)", alike);
        if (d->hint.n)
            plm_buf_printf(&b, "; try: %.*s", PLM_SV_ARG(d->hint));
        plm_table_wrap(t, plm_buf_sv(&b), 2);
    }
    unknown(t);
}

void plm_table_screen(const struct plm_table *t)
{
    host_line(t);
    verdict(t);
    stages(t);
    fixes(t);
    blind_spots(t);
}
