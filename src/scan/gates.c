/* SPDX-License-Identifier: Apache-2.0
 *
 * The gate of design.md part 4: `--fail-on COND,...` with COND = [KIND:]LEVEL[:fixable][:own][:new],
 * update, kev, epss>=N, risk>=N, none; and the verdicts that follow from it and from what could not be
 * examined.
 */
#include "scan/scan.h"

static bool number(plm_sv s, double *out)
{
    /* Digits with one optional point; strtod would also take "inf", hex and the locale's comma. */
    double v = 0, unit = 1;
    bool point = false, digit = false;
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        if (c == '.' && !point) {
            point = true;
        } else if (c >= '0' && c <= '9') {
            digit = true;
            v = v * 10 + (c - '0');
            unit *= point ? 10 : 1;
        } else {
            return false;
        }
    }
    *out = v / unit;
    return digit;
}

static int nonsense(plm_err **err, plm_sv text)
{
    int r =
        plm_fail_id(err, PLM_E_USAGE, "gate.invalid", "--fail-on: %.*s is no condition", PLM_SV_ARG(text));
    plm_err_hint(err, "[KIND:]LEVEL[:fixable][:own][:new], update, kev, epss>=N, risk>=N or none; e.g. "
                      "--fail-on high:fixable,kev");
    return r;
}

static int parse_one(plm_sv text, enum plm_kind default_kind, struct plm_gate *g, plm_err **err)
{
    *g = (struct plm_gate){.kind = default_kind, .text = text};
    plm_sv tail;
    if (plm_sv_is(text, "kev") || plm_sv_is(text, "update")) {
        g->what = text.p[0] == 'k' ? PLM_GATE_KEV : PLM_GATE_UPDATE;
        return 0;
    }
    if (plm_sv_starts(text, PLM_SV("epss>=")) || plm_sv_starts(text, PLM_SV("risk>="))) {
        g->what = text.p[0] == 'e' ? PLM_GATE_EPSS : PLM_GATE_RISK;
        return number(plm_sv_from_off(text, 6), &g->bound) ? 0 : nonsense(err, text);
    }
    tail = text;
    bool has_level = false;
    for (plm_sv word; plm_sv_field(&tail, ':', &word);) {
        enum plm_kind kind;
        if (!has_level && plm_sv_is(word, "any") && !g->any_kind)
            g->any_kind = true;
        else if (!has_level && plm_kind_parse(word, &kind))
            g->kind = kind;
        else if (!has_level && plm_severity_parse(word, &g->level))
            has_level = true;
        else if (has_level && plm_sv_is(word, "fixable"))
            g->fixable = true;
        else if (has_level && plm_sv_is(word, "own"))
            g->own = true;
        else if (has_level && plm_sv_is(word, "new"))
            g->only_new = true;
        else
            return nonsense(err, text);
    }
    return has_level ? 0 : nonsense(err, text);
}

int plm_gates_parse(plm_sv text, enum plm_kind default_kind, struct plm_arena *a, struct plm_gate **out,
                    size_t *out_n, plm_err **err)
{
    PLM_VEC(struct plm_gate) v = {0};
    plm_sv rest = text;
    for (plm_sv word; plm_sv_field(&rest, ',', &word);) {
        word = plm_sv_trim(word);
        if (plm_sv_is(word, "none"))
            continue;
        struct plm_gate g, *slot;
        if (parse_one(word, default_kind, &g, err) < 0)
            return -1;
        g.text = plm_arena_sv(a, word);
        slot = plm_vec_push(a, &v);
        if (!slot)
            return plm_arena_check(a, err);
        *slot = g;
    }
    *out = v.v;
    *out_n = v.n;
    return 0;
}

/* The distribution's own repository has a newer build for security. */
static bool is_pending_update(const struct plm_finding *f)
{
    for (size_t i = 0; i < f->matched.n; i++)
        if (plm_sv_is(f->matched.v[i].feed, "repo"))
            return true;
    return false;
}

bool plm_gate_hits(const struct plm_gate *g, const struct plm_finding *f)
{
    if (f->suppressed)
        return false;
    switch (g->what) {
    case PLM_GATE_UPDATE:
        return is_pending_update(f);
    case PLM_GATE_KEV:
        return f->kev;
    case PLM_GATE_EPSS:
        return f->epss >= 0 && f->epss >= g->bound;
    case PLM_GATE_RISK:
        return f->risk >= 0 && f->risk >= g->bound;
    case PLM_GATE_LEVEL:
        break;
    }
    if (!g->any_kind && f->kind != g->kind)
        return false;
    if (g->fixable && f->fix != PLM_FIX_FIXED)
        return false;
    if (g->own && f->is_base)
        return false;
    if (g->only_new && !f->is_new)
        return false;
    return f->severity >= g->level;
}

static plm_sv object_of(const struct plm_report *r, const struct plm_finding *f)
{
    if (f->package < r->packages.n)
        return r->packages.v[f->package].name;
    return f->object.n ? f->object : f->path;
}

static void judge_target(struct plm_report *r, uint32_t target, const struct plm_gate *gates, size_t n)
{
    struct plm_verdict *v = &r->targets.v[target].verdict;
    for (size_t g = 0; g < n; g++) {
        size_t hits = 0;
        const struct plm_finding *first = NULL;
        for (size_t i = 0; i < r->findings.n; i++) {
            const struct plm_finding *f = &r->findings.v[i];
            if (f->target != target || !plm_gate_hits(&gates[g], f))
                continue;
            first = first ? first : f;
            hits++;
        }
        struct plm_verdict_rule *row = first ? plm_vec_push(r->arena, &v->rules) : NULL;
        if (!row)
            continue;
        plm_sv object = object_of(r, first);
        *row = (struct plm_verdict_rule){
            .gate = PLM_SV("fail-on"),
            .trigger = plm_arena_sv(r->arena, gates[g].text),
            .trigger_id = plm_arena_sv(r->arena, first->key),
            .action = PLM_SV("stop"),
            .message = plm_arena_printf(r->arena, "%zu finding%s, first %.*s in %.*s", hits,
                                        hits == 1 ? "" : "s", PLM_SV_ARG(first->id), PLM_SV_ARG(object)),
        };
        v->result = PLM_RESULT_FAIL;
    }
}

/* A source that failed as a whole, or missing data, belong to no target: the report is not clean either. */
static void judge_failed(struct plm_report *r)
{
    bool is_incomplete = false;
    for (size_t i = 0; i < r->diagnostics.n && !is_incomplete; i++)
        is_incomplete =
            r->diagnostics.v[i].target >= r->targets.n && r->diagnostics.v[i].severity >= PLM_SEV_HIGH;
    if (!is_incomplete)
        return;
    plm_sv_vec_add(r->arena, &r->verdict.reasons,
                   PLM_SV("a part of what was named was not judged, see diagnostics"));
    if (r->verdict.result < PLM_RESULT_INCOMPLETE)
        r->verdict.result = PLM_RESULT_INCOMPLETE;
}

int plm_gates_judge(struct plm_report *r, const struct plm_gate *gates, size_t n, bool is_gate_given,
                    plm_err **err)
{
    struct plm_verdict *all = &r->verdict;
    *all = (struct plm_verdict){.result = is_gate_given ? PLM_RESULT_PASS : PLM_RESULT_NONE};
    for (uint32_t t = 0; t < r->targets.n; t++) {
        struct plm_target *target = &r->targets.v[t];
        target->verdict = (struct plm_verdict){.result = is_gate_given ? PLM_RESULT_PASS : PLM_RESULT_NONE};
        judge_target(r, t, gates, n);
        if (target->verdict.result != PLM_RESULT_FAIL && target->is_incomplete)
            target->verdict.result = PLM_RESULT_INCOMPLETE;
        if (target->is_incomplete)
            plm_sv_vec_add(r->arena, &target->verdict.reasons,
                           PLM_SV("a part of the target was not judged, see diagnostics"));
        for (size_t i = 0; i < target->verdict.rules.n; i++) {
            struct plm_verdict_rule *row = plm_vec_push(r->arena, &all->rules);
            if (row)
                *row = target->verdict.rules.v[i];
        }
        /* The enumeration is in order of weight: fail above incomplete above pass. */
        if (target->verdict.result > all->result)
            all->result = target->verdict.result;
    }
    judge_failed(r);
    return plm_arena_check(r->arena, err);
}
