/* SPDX-License-Identifier: Apache-2.0
 *
 * How a stage stands, and what to mend first.
 *
 * A row weighs what its severity weighs: 10, 5, 2, 1 for critical, high, medium, low; nothing for less.
 * pass, fail and unknown are judged; manual and na are not. The score is rounded down, so 100 is said
 * only where nothing failed. Fixes are the findings of one check: one
 * action, or the same action on several objects.
 */
#include "audit/audit.h"

#include "base/map.h"

enum { FIXES_MAX = 10 };

static uint64_t weight_of(enum plm_severity s)
{
    switch (s) {
    case PLM_SEV_CRITICAL:
        return 10;
    case PLM_SEV_HIGH:
        return 5;
    case PLM_SEV_MEDIUM:
        return 2;
    case PLM_SEV_LOW:
        return 1;
    case PLM_SEV_UNKNOWN:
    case PLM_SEV_NEGLIGIBLE:
    case PLM_SEV_COUNT_:
        break;
    }
    return 0;
}

/* ---- scores ------------------------------------------------------------------------------------- */

/* target, id and object of a row or finding as one key. */
static plm_sv key_of(struct plm_arena *a, uint32_t target, plm_sv id, plm_sv object)
{
    return plm_arena_printf(a, "%u\n%.*s\n%.*s", target, PLM_SV_ARG(id), PLM_SV_ARG(object));
}

static int suppressed_rows(const struct plm_report *r, struct plm_arena *a, struct plm_map *out,
                           plm_err **err)
{
    for (size_t i = 0; i < r->findings.n; i++) {
        const struct plm_finding *f = &r->findings.v[i];
        if (f->kind != PLM_KIND_AUDIT || !f->suppressed)
            continue;
        void **slot = plm_map_put(out, key_of(a, f->target, f->id, f->object));
        if (!slot)
            return plm_fail_oom(err);
        *slot = out;
    }
    return plm_arena_check(a, err);
}

static void count_row(struct plm_stage_score *s, const struct plm_check_row *row, bool is_suppressed)
{
    s->outcomes[row->outcome]++;
    if (row->outcome == PLM_OUT_MANUAL || row->outcome == PLM_OUT_NA || is_suppressed)
        return;
    s->judged += weight_of(row->severity);
    if (row->outcome != PLM_OUT_PASS)
        s->failed += weight_of(row->severity);
}

/* Scanned sources belong to the host or to the images. */
static bool is_vulnerability_of(const struct plm_report *r, const struct plm_finding *f, plm_sv stage)
{
    if (f->kind != PLM_KIND_VULNERABILITY || f->suppressed || f->target >= r->targets.n)
        return false;
    plm_sv scheme = r->targets.v[f->target].scheme;
    bool is_host = plm_sv_is(scheme, "host") || plm_sv_is(scheme, "dir");
    return plm_sv_is(stage, "host") ? is_host : plm_sv_is(stage, "images") && !is_host;
}

static int add_score(struct plm_report *r, uint32_t target, const struct plm_map *suppressed,
                     struct plm_arena *a, plm_err **err)
{
    struct plm_stage_score *s = plm_vec_push(r->arena, &r->scores);
    if (!s)
        return plm_arena_check(r->arena, err);
    s->name = r->targets.v[target].id;
    for (size_t i = 0; i < r->checks.n; i++) {
        const struct plm_check_row *row = &r->checks.v[i];
        if (row->target == target)
            count_row(s, row, plm_map_get(suppressed, key_of(a, target, row->id, row->object)) != NULL);
    }
    for (size_t i = 0; i < r->findings.n; i++)
        s->vulnerabilities += is_vulnerability_of(r, &r->findings.v[i], s->name);
    s->is_judged = s->judged > 0;
    s->score = s->judged ? (unsigned)(100 - (100 * s->failed + s->judged - 1) / s->judged) : 0;
    return plm_arena_check(a, err);
}

/* ---- fixes -------------------------------------------------------------------------------------- */

struct candidate {
    const struct plm_check *check;
    plm_sv remedy;   /* of the first, which is the worst */
    bool has_others; /* remedies of the same kind for other objects */
    uint64_t weight;
    plm_sv_vec closes, objects;
};
typedef PLM_VEC(struct candidate) candidate_vec;

static int gather(struct plm_report *r, struct plm_arena *a, candidate_vec *out, plm_err **err)
{
    plm_auto(plm_map_free) struct plm_map *index = plm_map_new();
    if (!index)
        return plm_fail_oom(err);
    for (size_t i = 0; i < r->findings.n; i++) {
        const struct plm_finding *f = &r->findings.v[i];
        if (f->kind != PLM_KIND_AUDIT || f->suppressed || !weight_of(f->severity))
            continue;
        void **slot = plm_map_put(index, f->id);
        if (!slot)
            return plm_fail_oom(err);
        if (!*slot) {
            struct candidate *c = plm_vec_push(a, out);
            if (!c)
                return plm_arena_check(a, err);
            *c = (struct candidate){.check = plm_check_find(f->id), .remedy = f->remediation};
            *slot = (void *)(uintptr_t)out->n;
        }
        struct candidate *c = &out->v[(uintptr_t)*slot - 1];
        c->has_others |= !plm_sv_eq(c->remedy, f->remediation);
        c->weight += weight_of(f->severity);
        plm_sv_vec_add(a, &c->closes, f->key);
        plm_sv_vec_add(a, &c->objects, f->object);
    }
    return plm_arena_check(a, err);
}

static enum plm_impact impact_of(const struct candidate *c)
{
    return c->check ? c->check->impact : PLM_IMPACT_MAY_BREAK;
}

static int by_weight(const void *va, const void *vb)
{
    const struct candidate *a = va, *b = vb;
    if (a->weight != b->weight)
        return a->weight > b->weight ? -1 : 1;
    int c = (int)impact_of(a) - (int)impact_of(b);
    return c ? c : plm_sv_cmp(a->closes.v[0], b->closes.v[0]);
}

static int by_impact(const void *va, const void *vb)
{
    const struct candidate *a = va, *b = vb;
    int c = (int)impact_of(a) - (int)impact_of(b);
    return c ? c : by_weight(va, vb);
}

static plm_sv title_of(struct plm_arena *a, const struct candidate *c)
{
    const char *title = c->check ? c->check->title : "";
    plm_sv first = c->objects.v[0];
    if (c->objects.n == 1)
        return plm_arena_printf(a, "%s %s (%.*s)", c->check ? c->check->id : "", title, PLM_SV_ARG(first));
    return plm_arena_printf(a, "%s %s (%.*s and %zu more)", c->check ? c->check->id : "", title,
                            PLM_SV_ARG(first), c->objects.n - 1);
}

static int add_fixes(struct plm_report *r, struct plm_arena *a, plm_err **err)
{
    candidate_vec v = {0};
    if (gather(r, a, &v, err) < 0)
        return -1;
    if (v.n)
        qsort(v.v, v.n, sizeof(*v.v), by_weight);
    size_t n = v.n < FIXES_MAX ? v.n : FIXES_MAX;
    if (n)
        qsort(v.v, n, sizeof(*v.v), by_impact);
    for (size_t i = 0; i < n; i++) {
        struct plm_fix_row *row = plm_vec_push(r->arena, &r->fixes);
        if (!row)
            break;
        row->title = title_of(r->arena, &v.v[i]);
        row->command = v.v[i].has_others ? plm_arena_printf(r->arena, "%.*s; for the others alike",
                                                            PLM_SV_ARG(v.v[i].remedy))
                                         : v.v[i].remedy;
        row->impact = plm_sv_from(plm_impact_name(impact_of(&v.v[i])));
        row->weight = v.v[i].weight;
        for (size_t k = 0; k < v.v[i].closes.n; k++)
            plm_sv_vec_add(r->arena, &row->closes, v.v[i].closes.v[k]);
    }
    return plm_arena_check(r->arena, err);
}

int plm_audit_score(struct plm_report *r, plm_err **err)
{
    plm_auto(plm_arena_free) struct plm_arena *a = plm_arena_new(PLM_ARENA_NO_LIMIT);
    plm_auto(plm_map_free) struct plm_map *suppressed = plm_map_new();
    if (!a || !suppressed)
        return plm_fail_oom(err);
    r->scores.n = 0;
    r->fixes.n = 0;
    if (suppressed_rows(r, a, suppressed, err) < 0)
        return -1;
    for (uint32_t t = 0; t < r->targets.n; t++)
        if (plm_sv_is(r->targets.v[t].scheme, "audit") && add_score(r, t, suppressed, a, err) < 0)
            return -1;
    return add_fixes(r, a, err);
}
