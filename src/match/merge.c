/* SPDX-License-Identifier: Apache-2.0
 *
 * One finding per flaw: findings with equal (target, kind, id, package, object) are joined.
 * The one that knows a severity decides (else the first); what the others know and it does not
 * is added. Linear, by a hash map over the identity.
 */
#include "match/match.h"

#include "base/map.h"

static void join_texts(struct plm_arena *a, plm_sv_vec *to, const plm_sv_vec *from)
{
    for (size_t i = 0; i < from->n; i++) {
        bool known = false;
        for (size_t k = 0; k < to->n && !known; k++)
            known = plm_sv_eq(to->v[k], from->v[i]);
        if (!known)
            plm_sv_vec_add(a, to, from->v[i]);
    }
}

static void join(struct plm_arena *a, struct plm_finding *to, const struct plm_finding *from)
{
    for (size_t i = 0; i < from->matched.n; i++) {
        struct plm_matched *m = plm_vec_push(a, &to->matched);
        if (m)
            *m = from->matched.v[i];
    }
    if (to->fix != PLM_FIX_FIXED && from->fix == PLM_FIX_FIXED)
        to->fix = PLM_FIX_FIXED;
    if (to->severity == PLM_SEV_UNKNOWN) {
        to->severity = from->severity;
        to->native_severity = from->native_severity;
    }
    for (size_t i = 0; to->cvss.n == 0 && i < from->cvss.n; i++) {
        struct plm_cvss *c = plm_vec_push(a, &to->cvss);
        if (c)
            *c = from->cvss.v[i];
    }
    join_texts(a, &to->fix_versions, &from->fix_versions);
    join_texts(a, &to->aliases, &from->aliases);
    join_texts(a, &to->evidence, &from->evidence);
    join_texts(a, &to->references, &from->references);
    to->title = to->title.n ? to->title : from->title;
    to->fix_date = to->fix_date ? to->fix_date : from->fix_date;
    to->published = to->published ? to->published : from->published;
    to->epss = to->epss >= 0 ? to->epss : from->epss;
    to->kev = to->kev || from->kev;
}

static plm_sv identity(struct plm_arena *a, const struct plm_finding *f)
{
    return plm_arena_printf(a, "%u %d %u %.*s\x1f%.*s\x1f%.*s:%u", f->target, (int)f->kind, f->package,
                            PLM_SV_ARG(f->id), PLM_SV_ARG(f->object),
                            PLM_SV_ARG(f->package == PLM_NONE ? f->path : PLM_SV("")), f->line);
}

int plm_findings_merge(struct plm_report *r, plm_err **err)
{
    plm_auto(plm_arena_free) struct plm_arena *scratch = plm_arena_new(PLM_ARENA_NO_LIMIT);
    plm_auto(plm_map_free) struct plm_map *seen = plm_map_new();
    if (!scratch || !seen)
        return plm_fail_oom(err);
    size_t kept = 0;
    for (size_t i = 0; i < r->findings.n; i++) {
        plm_sv key = identity(scratch, &r->findings.v[i]);
        void **slot = key.p ? plm_map_put(seen, key) : NULL;
        if (!slot)
            return plm_fail_oom(err);
        if (*slot) {
            struct plm_finding *first = &r->findings.v[(size_t)(uintptr_t)*slot - 1],
                               other = r->findings.v[i];
            if (first->severity == PLM_SEV_UNKNOWN && other.severity != PLM_SEV_UNKNOWN) {
                other = *first;
                *first = r->findings.v[i];
            }
            join(r->arena, first, &other);
            continue;
        }
        r->findings.v[kept++] = r->findings.v[i];
        *slot = (void *)(uintptr_t)kept;
    }
    r->findings.n = kept;
    return plm_arena_check(r->arena, err);
}
