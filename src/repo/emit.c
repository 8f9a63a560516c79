/* SPDX-License-Identifier: Apache-2.0
 *
 * Findings of the repository feed: one per (id, package). Where another feed has found the
 * flaw already (by its id or an alias), this feed only adds its provenance and evidence.
 */
#include "base/map.h"
#include "repo/repo_int.h"

static plm_sv key_of(struct plm_arena *a, uint32_t package, plm_sv id)
{
    return plm_arena_printf(a, "%u %.*s", package, PLM_SV_ARG(id));
}

static int remember(struct repo_emit *e, uint32_t package, plm_sv id, size_t at, plm_err **err)
{
    plm_sv key = key_of(e->report->arena, package, id);
    void **slot = key.p ? plm_map_put(e->known, key) : NULL;
    if (!slot)
        return plm_fail_oom(err);
    if (!*slot)
        *slot = (void *)(uintptr_t)(at + 1);
    return 0;
}

int plm_emit_init(struct repo_emit *e, struct plm_report *r, uint32_t target, plm_sv scheme, plm_err **err)
{
    *e = (struct repo_emit){.report = r, .target = target, .scheme = scheme, .known = plm_map_new()};
    if (!e->known)
        return plm_fail_oom(err);
    for (size_t i = 0; i < r->findings.n; i++) {
        const struct plm_finding *f = &r->findings.v[i];
        if (f->target != target || f->kind != PLM_KIND_VULNERABILITY || f->package == PLM_NONE)
            continue;
        if (remember(e, f->package, f->id, i, err) < 0)
            return -1;
        for (size_t k = 0; k < f->aliases.n; k++)
            if (remember(e, f->package, f->aliases.v[k], i, err) < 0)
                return -1;
    }
    return 0;
}

void plm_emit_done(struct repo_emit *e)
{
    if (e->known)
        plm_map_free(e->known);
    e->known = NULL;
}

static bool has_feed(const struct plm_finding *f)
{
    for (size_t i = 0; i < f->matched.n; i++)
        if (plm_sv_is(f->matched.v[i].feed, "repo"))
            return true;
    return false;
}

static void fill_new(struct plm_report *r, struct plm_finding *f, const struct repo_hit *hit)
{
    const struct plm_package *p = &r->packages.v[hit->package];
    const struct plm_target *t = &r->targets.v[f->target];
    f->id = plm_arena_sv(r->arena, hit->id);
    f->title = plm_arena_sv(r->arena, hit->title);
    f->native_severity = plm_arena_sv(r->arena, hit->native_severity);
    if (hit->native_severity.p)
        (void)plm_severity_parse(hit->native_severity, &f->severity);
    f->package = hit->package;
    f->fix = PLM_FIX_FIXED;
    f->fix_date = hit->date;
    (void)plm_sv_vec_add(r->arena, &f->fix_versions, hit->fixed);
    if (p->locations.n) {
        f->path = p->locations.v[0].path;
        f->layer = p->locations.v[0].layer;
        f->is_base = f->layer != PLM_NONE && f->layer < t->layers.n && t->layers.v[f->layer].is_base;
    }
}

int plm_emit(struct repo_emit *e, const struct repo_hit *hit, plm_err **err)
{
    struct plm_report *r = e->report;
    plm_sv key = key_of(r->arena, hit->package, hit->id);
    size_t at = key.p ? (size_t)(uintptr_t)plm_map_get(e->known, key) : 0;
    struct plm_finding *f =
        at ? &r->findings.v[at - 1] : plm_report_finding(r, e->target, PLM_KIND_VULNERABILITY);
    if (!f)
        return plm_arena_check(r->arena, err);
    if (at && has_feed(f))
        return 0;
    if (!at) {
        fill_new(r, f, hit);
        if (remember(e, hit->package, hit->id, r->findings.n - 1, err) < 0)
            return -1;
    }
    struct plm_matched *m = plm_vec_push(r->arena, &f->matched);
    if (m)
        *m = (struct plm_matched){.feed = PLM_SV("repo"),
                                  .record = plm_arena_sv(r->arena, hit->record),
                                  .range = plm_arena_printf(r->arena, "< %.*s", PLM_SV_ARG(hit->fixed)),
                                  .scheme = e->scheme,
                                  .by = hit->by};
    for (size_t i = 0; i < hit->evidence.n; i++)
        (void)plm_sv_vec_add(r->arena, &f->evidence, hit->evidence.v[i]);
    return plm_arena_check(r->arena, err);
}
