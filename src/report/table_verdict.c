/* SPDX-License-Identifier: Apache-2.0
 *
 * The table's verdict: the result, why, and the rows that decided it: what stops, then what warns. What was
 * accepted is counted; --show-suppressed lists it. A policy may have a row per vulnerability, so without -v
 * only the first ones stand here; the json report has them all.
 */
#include "table_int.h"

enum { ROWS_SHOWN = 20 };

static const char *color_of(enum plm_result result)
{
    switch (result) {
    case PLM_RESULT_FAIL:
        return "\033[1;31m";
    case PLM_RESULT_PASS:
        return "\033[32m";
    case PLM_RESULT_NONE:
        return "";
    case PLM_RESULT_WARN:
    case PLM_RESULT_INCOMPLETE:
        break;
    }
    return "\033[33m";
}

static void put_row(const struct plm_table *t, const struct plm_verdict_rule *rule)
{
    plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(PLM_MIB(1));
    bool is_policy = !plm_sv_is(rule->gate, "fail-on");
    const char *word = rule->allowlisted ? "accepted" : NULL;
    plm_buf_printf(&b, "%.*s ", PLM_SV_ARG(word ? plm_sv_from(word) : rule->action));
    if (is_policy)
        plm_buf_printf(&b, "%.*s.", PLM_SV_ARG(rule->gate));
    plm_buf_printf(&b, "%.*s: %.*s", PLM_SV_ARG(rule->trigger), PLM_SV_ARG(rule->message));
    if (is_policy)
        plm_buf_printf(&b, " [%.*s]", PLM_SV_ARG(rule->trigger_id));
    plm_table_wrap(t, plm_buf_sv(&b), 2);
}

static void put_rows(const struct plm_table *t, const char *action, bool is_accepted)
{
    const struct plm_verdict *v = &t->r->verdict;
    size_t n = 0, most = t->opt->verbose ? SIZE_MAX : ROWS_SHOWN;
    for (size_t i = 0; i < v->rules.n; i++) {
        const struct plm_verdict_rule *rule = &v->rules.v[i];
        if (rule->allowlisted != is_accepted || !plm_sv_is(rule->action, action))
            continue;
        if (n++ < most)
            put_row(t, rule);
    }
    if (n > most)
        plm_buf_printf(t->out, "  and %zu more %s; -v lists them\n", n - most, action);
}

void plm_table_verdict(const struct plm_table *t)
{
    const struct plm_verdict *v = &t->r->verdict;
    const char *color = t->opt->color ? color_of(v->result) : "";
    plm_table_heading(t, "VERDICT");
    plm_buf_printf(t->out, "  %s%s%s\n", color, plm_result_name(v->result), *color ? "\033[0m" : "");
    for (size_t i = 0; i < v->reasons.n; i++)
        plm_table_wrap(t, v->reasons.v[i], 2);
    put_rows(t, "stop", false);
    put_rows(t, "warn", false);
    if (t->opt->show_suppressed || t->opt->verbose)
        put_rows(t, "go", true);
}
