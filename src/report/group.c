/* SPDX-License-Identifier: Apache-2.0
 *
 * Which findings of a target stand together in the table. By default ("fix") all vulnerabilities
 * that one upgrade of one source package closes; the upgrade goes to the highest of their fixed
 * versions, compared with the scheme that matched them. The upgrade that closes most of the worst
 * comes first.
 */
#include "base/map.h"
#include "table_int.h"
#include "version/version.h"

struct groups {
    struct plm_arena *arena;
    struct plm_map *by_key, *seen; /* group key to group; group and id to finding */
    PLM_VEC(struct plm_bunch *) all;
};

static plm_sv source_of(const struct plm_package *p)
{
    return p->source_name.n ? p->source_name : p->name;
}

static plm_sv version_of(const struct plm_package *p)
{
    return p->source_name.n && p->source_version.n ? p->source_version : p->version;
}

static struct plm_bunch *group_get(struct groups *g, plm_sv key)
{
    void **slot = plm_map_put(g->by_key, key);
    if (!slot)
        return NULL;
    if (*slot)
        return *slot;
    struct plm_bunch *fresh = plm_arena_make(g->arena, struct plm_bunch);
    struct plm_bunch **place = fresh ? plm_vec_push(g->arena, &g->all) : NULL;
    if (!place)
        return NULL;
    *slot = *place = fresh;
    fresh->layer = PLM_NONE;
    fresh->is_base = true;
    fresh->risk = fresh->epss = -1;
    return fresh;
}

/* Keeps the higher of two versions. */
static void raise_to(struct plm_bunch *g, plm_sv version, plm_sv scheme_id)
{
    const struct plm_scheme *scheme = scheme_id.n ? plm_scheme_find(scheme_id) : NULL;
    if (!g->to.p || (scheme ? scheme->compare(g->to, version) : plm_sv_cmp(g->to, version)) < 0)
        g->to = version;
}

static void count(const struct plm_table *t, struct groups *all, struct plm_bunch *g,
                  const struct plm_finding *f)
{
    const struct plm_package *p = plm_report_package_of(t->r, f);
    if (p)
        plm_sv_vec_add(all->arena, &g->names, p->name);
    plm_sv key = plm_arena_printf(all->arena, "%p %.*s", (void *)g, PLM_SV_ARG(f->id));
    void **slot = plm_map_put(all->seen, key);
    if (!slot || *slot)
        return; /* the same flaw in another package of the group */
    *slot = g;
    const struct plm_finding **place = plm_vec_push(all->arena, &g->findings);
    if (!place)
        return;
    *place = f;
    g->counts[f->severity]++;
    g->is_base &= f->is_base;
    g->layer = g->findings.n == 1 || g->layer == f->layer ? f->layer : PLM_NONE;
    g->risk = f->risk > g->risk ? f->risk : g->risk;
    g->epss = f->epss > g->epss ? f->epss : g->epss;
}

static int by_worst(const void *va, const void *vb, void *arg)
{
    const struct plm_bunch *a = *(struct plm_bunch *const *)va, *b = *(struct plm_bunch *const *)vb;
    const struct plm_report_options *opt = arg;
    if (opt->sort == PLM_SORT_RISK && a->risk != b->risk)
        return a->risk < b->risk ? 1 : -1;
    if (opt->sort == PLM_SORT_EPSS && a->epss != b->epss)
        return a->epss < b->epss ? 1 : -1;
    for (int i = PLM_SEV_COUNT_ - 1; opt->sort <= PLM_SORT_EPSS && i >= 0; i--)
        if (a->counts[i] != b->counts[i])
            return a->counts[i] < b->counts[i] ? 1 : -1;
    int c = plm_sv_cmp(a->title, b->title);
    return c ? c : plm_sv_cmp(a->from, b->from);
}

static void sort_groups(const struct plm_table *t, struct groups *g)
{
    for (size_t i = 0; i < g->all.n; i++)
        plm_sv_vec_sort_unique(&g->all.v[i]->names);
    struct plm_report_options opt = *t->opt;
    if (g->all.n > 1)
        qsort_r(g->all.v, g->all.n, sizeof(*g->all.v), by_worst, &opt);
}

static bool groups_init(struct groups *g, struct plm_arena *a)
{
    *g = (struct groups){.arena = a, .by_key = plm_map_new(), .seen = plm_map_new()};
    return g->by_key && g->seen;
}

static void groups_done(struct groups *g)
{
    plm_map_free(g->by_key);
    plm_map_free(g->seen);
}

static void set_layer_text(const struct plm_table *t, struct plm_bunch *g, uint32_t target)
{
    const struct plm_target *tg = &t->r->targets.v[target];
    if (g->layer < tg->layers.n)
        g->created_by = tg->layers.v[g->layer].created_by;
    else
        g->layer = PLM_NONE;
}

/* ---- by upgrade and by package ------------------------------------------------------------------ */

static void add_by_source(const struct plm_table *t, struct groups *g, const struct plm_finding *f,
                          bool by_source)
{
    const struct plm_package *p = plm_report_package_of(t->r, f);
    if (!p)
        return;
    plm_sv name = by_source ? source_of(p) : p->name, version = by_source ? version_of(p) : p->version;
    struct plm_bunch *group = group_get(g, plm_arena_printf(g->arena, "%.*s\n%.*s\n%.*s", PLM_SV_ARG(p->type),
                                                            PLM_SV_ARG(name), PLM_SV_ARG(version)));
    if (!group)
        return;
    group->title = name;
    group->from = version;
    count(t, g, group, f);
    if (f->fix == PLM_FIX_FIXED && f->fix_versions.n)
        raise_to(group, f->fix_versions.v[0], f->matched.n ? f->matched.v[0].scheme : PLM_SV_NULL);
}

static void section(const struct plm_table *t, const char *title, size_t n, const char *what)
{
    plm_buf_printf(t->out, "\n%s%s%s  %zu %s\n", t->opt->color ? "\033[1m" : "", title,
                   t->opt->color ? "\033[0m" : "", n, what);
}

static size_t flaws(const struct groups *g)
{
    size_t n = 0;
    for (size_t i = 0; i < g->all.n; i++)
        n += g->all.v[i]->findings.n;
    return n;
}

/* Vulnerabilities of packages, with or without a fix. */
static void put_sources(const struct plm_table *t, struct plm_arena *a, const struct plm_finding *const *list,
                        size_t n, uint32_t target, bool fixable, bool by_source)
{
    struct groups g;
    bool ok = groups_init(&g, a);
    for (size_t i = 0; ok && i < n; i++) {
        const struct plm_finding *f = list[i];
        bool has_fix = f->fix == PLM_FIX_FIXED && f->fix_versions.n;
        if (f->target == target && f->kind == PLM_KIND_VULNERABILITY && f->package != PLM_NONE &&
            (!by_source || has_fix == fixable))
            add_by_source(t, &g, f, by_source);
    }
    sort_groups(t, &g);
    size_t total = flaws(&g);
    if (g.all.n && by_source)
        section(t, fixable ? "UPGRADE" : "NO FIX YET", total,
                total == 1 ? "vulnerability" : "vulnerabilities");
    else if (g.all.n)
        section(t, "PACKAGES", g.all.n, "with vulnerabilities");
    for (size_t i = 0; i < g.all.n; i++) {
        set_layer_text(t, g.all.v[i], target);
        plm_table_group(t, g.all.v[i], by_source && !fixable);
    }
    groups_done(&g);
}

/* ---- by layer and by severity --------------------------------------------------------------------- */

static void put_lead(const struct plm_table *t, const struct plm_finding *f, struct plm_buf *b)
{
    const struct plm_package *p = plm_report_package_of(t->r, f);
    if (!p)
        return;
    plm_buf_printf(b, "%.*s %.*s", PLM_SV_ARG(p->name), PLM_SV_ARG(p->version));
    if (f->fix == PLM_FIX_FIXED && f->fix_versions.n)
        plm_buf_printf(b, " -> %.*s", PLM_SV_ARG(f->fix_versions.v[0]));
}

static size_t widest_id(const struct plm_finding *const *list, size_t n)
{
    size_t width = 14;
    for (size_t i = 0; i < n; i++) {
        size_t w = plm_text_width(list[i]->id);
        w = w > 24 ? 24 : w;
        width = w > width ? w : width;
    }
    return width;
}

static void put_flat(const struct plm_table *t, const struct plm_finding *const *list, size_t n,
                     uint32_t target, bool packages)
{
    size_t width = widest_id(list, n);
    for (size_t i = 0; i < n; i++) {
        plm_auto_done(plm_buf_done) struct plm_buf lead = PLM_BUF(PLM_MIB(1));
        const struct plm_finding *f = list[i];
        bool is_package = f->kind == PLM_KIND_VULNERABILITY && f->package != PLM_NONE;
        if (f->target != target || is_package != packages)
            continue;
        put_lead(t, f, &lead);
        plm_table_finding(t, f, width, plm_buf_sv(&lead));
    }
}

static void put_layers(const struct plm_table *t, const struct plm_finding *const *list, size_t n,
                       uint32_t target)
{
    const struct plm_target *tg = &t->r->targets.v[target];
    size_t width = widest_id(list, n);
    for (size_t layer = 0; layer <= tg->layers.n; layer++) {
        uint32_t wanted = layer < tg->layers.n ? (uint32_t)layer : PLM_NONE;
        bool any = false;
        for (size_t i = 0; i < n; i++) {
            plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(PLM_MIB(1));
            const struct plm_finding *f = list[i];
            uint32_t at = f->layer < tg->layers.n ? f->layer : PLM_NONE;
            if (f->target != target || at != wanted || f->kind != PLM_KIND_VULNERABILITY ||
                f->package == PLM_NONE)
                continue;
            if (!any && wanted == PLM_NONE)
                plm_buf_str(&b, "no layer");
            else if (!any)
                plm_buf_printf(&b, "layer %u%s: %.*s", wanted,
                               tg->layers.v[wanted].is_base ? " (base image)" : "",
                               PLM_SV_ARG(tg->layers.v[wanted].created_by));
            if (!any) {
                plm_buf_byte(t->out, '\n');
                plm_table_fit(t->out, plm_buf_sv(&b), t->width);
                plm_buf_byte(t->out, '\n');
            }
            any = true;
            plm_buf_clear(&b);
            put_lead(t, f, &b);
            plm_table_finding(t, f, width, plm_buf_sv(&b));
        }
    }
}

static void put_severities(const struct plm_table *t, struct plm_arena *a,
                           const struct plm_finding *const *list, size_t n, uint32_t target)
{
    for (int s = PLM_SEV_COUNT_ - 1; s >= 0; s--) {
        PLM_VEC(const struct plm_finding *) level = {0};
        for (size_t i = 0; i < n; i++) {
            bool wanted = list[i]->target == target && (int)list[i]->severity == s &&
                          list[i]->kind == PLM_KIND_VULNERABILITY && list[i]->package != PLM_NONE;
            const struct plm_finding **place = wanted ? plm_vec_push(a, &level) : NULL;
            if (place)
                *place = list[i];
        }
        if (!level.n)
            continue;
        section(t, plm_severity_name((enum plm_severity)s), level.n,
                level.n == 1 ? "vulnerability" : "vulnerabilities");
        put_flat(t, level.v, level.n, target, true);
    }
}

void plm_table_findings(const struct plm_table *t, struct plm_arena *a, const struct plm_finding *const *list,
                        size_t n, uint32_t target)
{
    size_t packaged = 0, others = 0;
    for (size_t i = 0; i < n; i++) {
        bool is_package = list[i]->kind == PLM_KIND_VULNERABILITY && list[i]->package != PLM_NONE;
        packaged += list[i]->target == target && is_package;
        others += list[i]->target == target && !is_package;
    }
    switch (t->opt->group_by) {
    case PLM_GROUP_FIX:
        put_sources(t, a, list, n, target, true, true);
        put_sources(t, a, list, n, target, false, true);
        break;
    case PLM_GROUP_PACKAGE:
        put_sources(t, a, list, n, target, true, false);
        break;
    case PLM_GROUP_LAYER:
        put_layers(t, list, n, target);
        break;
    case PLM_GROUP_SEVERITY:
        put_severities(t, a, list, n, target);
        break;
    case PLM_GROUP_NONE:
        plm_buf_str(t->out, packaged ? "\n" : "");
        put_flat(t, list, n, target, true);
        break;
    }
    if (others)
        section(t, "OTHER", others, others == 1 ? "finding" : "findings");
    put_flat(t, list, n, target, false);
}
