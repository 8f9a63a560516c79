/* SPDX-License-Identifier: Apache-2.0
 *
 * From the facts of an analysis to the packages of a target.
 *
 * Facts are sorted by extractor, path and layer, so the versions that one database had in
 * the layers stand together. The visible one names the packages; going down from it, a
 * package belongs to the lowest layer in which the database already had it, name, version
 * and architecture alike, without a break. One package found in two databases (a moved
 * dpkg directory, a chisel manifest beside status.d) is one package with two locations.
 *
 * Facts come from a worker that read hostile bytes: they are decoded with checks.
 * O(packages × layers); a lower layer's list is decoded at most once.
 */
#include "base/map.h"
#include "catalog_int.h"

struct collector {
    const struct plm_analysis *a;
    struct plm_report *r;
    uint32_t target;
    unsigned flags;
    struct plm_arena *scratch;
    struct plm_map *seen;     /* identity to package index + 1 */
    struct plm_map *owned;    /* key to struct owned_section */
    struct plm_map *licenses; /* package name to struct plm_package */
};

struct owned_section {
    plm_sv data; /* from the first path on */
    size_t n;
};

static plm_sv identity(struct plm_arena *a, const struct plm_package *p)
{
    const plm_sv parts[4] = {p->type, p->name, p->version, p->arch};
    size_t n = 0, at = 0;
    for (size_t i = 0; i < 4; i++)
        n += parts[i].n + 1;
    char *out = plm_arena_alloc(a, n);
    for (size_t i = 0; out && i < 4; i++) {
        if (parts[i].n)
            memcpy(out + at, parts[i].p, parts[i].n);
        at += parts[i].n + 1;
    }
    return out ? plm_sv_n(out, n) : PLM_SV_NULL;
}

static const struct plm_cataloger *cataloger_of(const struct plm_facts *f)
{
    PLM_SET_FOREACH (plm_catalogers, struct plm_cataloger, c) {
        if (c->extractor == f->extractor)
            return c;
    }
    return NULL;
}

static void broken(struct collector *c, const struct plm_facts *f)
{
    plm_diag(c->r, "catalog.bad-record", PLM_SEV_HIGH, c->target, f->path,
             "the record of this file is broken");
}

/* The identities of one lower database. NULL when out of memory. */
static struct plm_map *identities(struct collector *c, const struct plm_facts *f)
{
    struct plm_map *m = plm_map_new();
    struct plm_rd r = PLM_RD(f->data);
    while (m && plm_rd_left(&r) > 0) {
        struct plm_package p = {0};
        plm_package_decode(&r, c->scratch, &p);
        if (r.failed)
            break;
        plm_sv key = identity(c->scratch, &p);
        void **slot = key.p ? plm_map_put(m, key) : NULL;
        if (!slot) {
            plm_map_free(m);
            return NULL;
        }
        *slot = m;
    }
    return m;
}

/* The databases of one path, lowest layer first, with what was decoded of the lower ones. */
struct group {
    const struct plm_facts *v;
    size_t n, visible; /* visible == n: none is */
    struct plm_map **sets;
};

static int layer_of(struct collector *c, struct group *g, size_t from, plm_sv key, uint32_t *out,
                    plm_err **err)
{
    *out = g->v[from].layer;
    for (size_t i = from; i-- > 0;) {
        if (!g->sets[i])
            g->sets[i] = identities(c, &g->v[i]);
        if (!g->sets[i])
            return plm_fail_oom(err);
        if (!plm_map_get(g->sets[i], key))
            break;
        *out = g->v[i].layer;
    }
    return 0;
}

static bool add_location(struct collector *c, struct plm_package *p, plm_sv path, uint32_t layer)
{
    struct plm_location *l = plm_vec_push(c->r->arena, &p->locations);
    if (!l)
        return false;
    l->path = plm_arena_sv(c->r->arena, path);
    l->layer = layer;
    return true;
}

static void add_files(struct collector *c, struct plm_package *p, plm_sv key)
{
    struct owned_section *s = key.p ? plm_map_get(c->owned, key) : NULL;
    if (!s || p->files.n)
        return;
    plm_auto_done(plm_buf_done) struct plm_buf last = PLM_BUF(PLM_KIB(64));
    struct plm_rd r = PLM_RD(s->data);
    for (size_t i = 0; i < s->n; i++) {
        plm_sv path = plm_catalog_owned_path(&r, &last);
        if (!path.p)
            break;
        plm_sv_vec_add(c->r->arena, &p->files, path);
    }
}

/* Files and licenses that other facts know of this package. */
static void join(struct collector *c, struct plm_package *p, plm_sv path)
{
    if (c->flags & PLM_CATALOG_OWNED) {
        struct plm_arena *a = c->scratch;
        add_files(c, p, plm_arena_printf(a, "%.*s:%.*s", PLM_SV_ARG(p->name), PLM_SV_ARG(p->arch)));
        add_files(c, p, p->name);
        add_files(c, p,
                  plm_arena_printf(a, "%.*s-%.*s.%.*s", PLM_SV_ARG(p->name), PLM_SV_ARG(p->version),
                                   PLM_SV_ARG(p->arch)));
        add_files(c, p, plm_catalog_basename(path)); /* status.d/NAME with NAME.md5sums */
    }
    const struct plm_package *known = plm_map_get(c->licenses, p->name);
    for (size_t i = 0; known && plm_sv_is(p->type, "deb") && i < known->licenses.n; i++)
        plm_sv_vec_add(c->r->arena, &p->licenses, known->licenses.v[i]);
    plm_sv_vec_sort_unique(&p->licenses);
}

/* A second database knows the package too: another location, and the source if the first did not know it. */
static bool merge(struct collector *c, struct plm_package *old, const struct plm_package *p, plm_sv path,
                  uint32_t layer)
{
    for (size_t i = 0; i < old->locations.n; i++)
        if (plm_sv_eq(old->locations.v[i].path, path))
            return true;
    if (!old->source_name.p) {
        old->source_name = p->source_name;
        old->source_version = p->source_version;
    }
    return add_location(c, old, path, layer);
}

static int add_package(struct collector *c, struct group *g, size_t at, const struct plm_package *p,
                       plm_err **err)
{
    uint32_t layer;
    plm_sv key = identity(c->scratch, p);
    if (!key.p)
        return plm_arena_check(c->scratch, err);
    if (layer_of(c, g, at, key, &layer, err) < 0)
        return -1;
    void **slot = plm_map_put(c->seen, key);
    if (!slot)
        return plm_fail_oom(err);
    plm_sv path = g->v[at].path;
    if (*slot) {
        bool ok = merge(c, &c->r->packages.v[(uintptr_t)*slot - 1], p, path, layer);
        return ok ? 0 : plm_arena_check(c->r->arena, err);
    }
    struct plm_package *out = plm_report_package(c->r, c->target);
    if (!out)
        return plm_arena_check(c->r->arena, err);
    *slot = (void *)(uintptr_t)c->r->packages.n;
    *out = *p;
    out->target = c->target;
    join(c, out, path);
    add_location(c, out, path, layer);
    return plm_arena_check(c->r->arena, err);
}

static int add_fact(struct collector *c, struct group *g, size_t at, plm_err **err)
{
    struct plm_rd r = PLM_RD(g->v[at].data);
    while (plm_rd_left(&r) > 0) {
        struct plm_package p = {0};
        plm_package_decode(&r, c->r->arena, &p);
        if (r.failed || plm_arena_failed(c->r->arena))
            break;
        if (add_package(c, g, at, &p, err) < 0)
            return -1;
    }
    if (r.failed)
        broken(c, &g->v[at]);
    return plm_arena_check(c->r->arena, err);
}

static int add_group(struct collector *c, struct group *g, plm_err **err)
{
    int rc = g->visible < g->n ? add_fact(c, g, g->visible, err) : 0;
    /* what lower layers had and the visible one has not; the newest of each is met first */
    for (size_t i = g->n; rc == 0 && (c->flags & PLM_CATALOG_ALL_LAYERS) && i-- > 0;)
        if (i != g->visible)
            rc = add_fact(c, g, i, err);
    for (size_t i = 0; i < g->n; i++)
        plm_map_free(g->sets[i]);
    return rc;
}

/* rpm databases of one directory, best first: a converted database may leave the old file behind. */
static const char *const preferred[] = {"rpmdb.sqlite",         "Packages.db",          "Packages",
                                        "container-manifest-2", "container-manifest-1", NULL};

static size_t preference(plm_sv base)
{
    size_t i = 0;
    while (preferred[i] && !plm_sv_is(base, preferred[i]))
        i++;
    return i;
}

static bool is_outdone(const struct collector *c, const struct plm_facts *f)
{
    plm_sv base = plm_catalog_basename(f->path), dir = plm_sv_sub(f->path, 0, f->path.n - base.n);
    size_t rank = preference(base);
    for (size_t i = 0; preferred[rank] && i < c->a->facts.n; i++) {
        const struct plm_facts *o = &c->a->facts.v[i];
        plm_sv other = plm_catalog_basename(o->path);
        if (o->extractor == f->extractor && o->visible && o->data.n && o->path.n - other.n == dir.n &&
            plm_sv_starts(o->path, dir) && preference(other) < rank)
            return true;
    }
    return false;
}

/* A database that a higher layer deleted leaves files whose packages nobody can name any more. */
static void tell_removed(struct collector *c)
{
    PLM_SET_FOREACH (plm_catalogers, struct plm_cataloger, cat) {
        const struct plm_facts *hidden = NULL;
        bool is_seen = !cat->type || cat->on_request;
        for (size_t i = 0; i < c->a->facts.n && !is_seen; i++) {
            const struct plm_facts *f = &c->a->facts.v[i];
            if (f->extractor != cat->extractor || f->data.n == 0)
                continue;
            is_seen = f->visible;
            hidden = f;
        }
        if (!is_seen && hidden)
            plm_diag(
                c->r, "catalog.database-removed", PLM_SEV_HIGH, c->target, hidden->path,
                "a higher layer deleted this package database: what is still installed of it is not known");
    }
}

static int collect_packages(struct collector *c, plm_err **err)
{
    const struct plm_analysis *a = c->a;
    for (size_t i = 0, n; i < a->facts.n; i += n) {
        const struct plm_facts *f = &a->facts.v[i];
        n = 1;
        while (i + n < a->facts.n && a->facts.v[i + n].extractor == f->extractor &&
               plm_sv_eq(a->facts.v[i + n].path, f->path))
            n++;
        const struct plm_cataloger *cat = cataloger_of(f);
        bool is_list = n == 1 && f->data.n == 0; /* owned files only */
        if (!cat || !cat->type || cat->on_request || is_list || is_outdone(c, f))
            continue;
        struct group g = {.v = f, .n = n, .visible = n};
        for (size_t k = 0; k < n; k++)
            if (f[k].visible)
                g.visible = k;
        g.sets = plm_arena_array(c->scratch, n, sizeof(void *));
        if (!g.sets)
            return plm_arena_check(c->scratch, err);
        if (add_group(c, &g, err) < 0)
            return -1;
    }
    return 0;
}

/* The visible owned-file sections and copyright facts by their keys. */
static int index_joins(struct collector *c, plm_err **err)
{
    for (size_t i = 0; i < c->a->facts.n; i++) {
        const struct plm_facts *f = &c->a->facts.v[i];
        const struct plm_cataloger *cat = cataloger_of(f);
        if (!cat || !f->visible)
            continue;
        struct plm_rd r = PLM_RD(f->owned);
        plm_sv key;
        size_t n;
        while ((c->flags & PLM_CATALOG_OWNED) && plm_catalog_owned_next(&r, &key, &n)) {
            struct owned_section *s = plm_arena_make(c->scratch, struct owned_section);
            void **slot = plm_map_put(c->owned, key);
            if (!s || !slot)
                return plm_fail_oom(err);
            *s = (struct owned_section){.data = plm_sv_from_off(f->owned, r.at), .n = n};
            *slot = s;
            for (size_t k = 0; k < n && !r.failed; k++) {
                (void)plm_rd_varint(&r);
                (void)plm_rd_view(&r);
            }
        }
        struct plm_rd d = PLM_RD(f->data);
        while (cat->on_request && plm_rd_left(&d) > 0) {
            struct plm_package *p = plm_arena_make(c->scratch, struct plm_package);
            if (!p)
                return plm_arena_check(c->scratch, err);
            plm_package_decode(&d, c->scratch, p);
            void **slot = d.failed ? NULL : plm_map_put(c->licenses, p->name);
            if (!slot)
                break;
            *slot = p;
        }
        if (r.failed || d.failed)
            broken(c, f);
    }
    return 0;
}

/* ---- the distribution ------------------------------------------------------------------ */

/* Best first. What is not listed comes between: the vendors' own files. */
static unsigned trust(plm_sv path)
{
    static const char *const last[] = {"/etc/lsb-release",    "/etc/redhat-release",
                                       "/etc/system-release", "/usr/lib/system-release",
                                       "/etc/debian_version", NULL};
    if (plm_sv_is(path, "/etc/os-release"))
        return 0;
    if (plm_sv_is(path, "/usr/lib/os-release"))
        return 1;
    for (unsigned i = 0; last[i]; i++)
        if (plm_sv_is(path, last[i]))
            return 3 + i;
    return 2;
}

static int collect_distro(struct collector *c, plm_err **err)
{
    struct plm_distro best = {0}, all[32];
    unsigned best_trust = UINT32_MAX;
    size_t n = 0;
    for (size_t i = 0; i < c->a->facts.n && n < 32; i++) {
        const struct plm_facts *f = &c->a->facts.v[i];
        const struct plm_cataloger *cat = cataloger_of(f);
        if (!cat || cat->type || !f->visible || f->data.n == 0)
            continue;
        struct plm_rd r = PLM_RD(f->data);
        all[n] = (struct plm_distro){0};
        plm_distro_decode(&r, c->r->arena, &all[n]);
        if (r.failed) {
            broken(c, f);
            continue;
        }
        if (trust(f->path) < best_trust) {
            best = all[n];
            best_trust = trust(f->path);
        }
        n++;
    }
    for (size_t i = 0; i < n; i++) {
        if (!plm_sv_eq(all[i].id, best.id))
            continue;
        if (!best.version.n && !best.codename.n)
            best.version = all[i].version;
        if (!best.codename.n)
            best.codename = all[i].codename;
    }
    if (plm_distro_resolve(c->r->arena, &best, err) < 0)
        return -1;
    c->r->targets.v[c->target].distro = best;
    return 0;
}

static int finish_packages(struct collector *c, size_t first, plm_err **err)
{
    const struct plm_distro *d = &c->r->targets.v[c->target].distro;
    size_t without_source = 0;
    for (size_t i = first; i < c->r->packages.n; i++) {
        struct plm_package *p = &c->r->packages.v[i];
        if (!p->source_name.p) {
            without_source++;
            p->source_name = p->name;
            p->source_version = p->version;
        }
        p->purl = plm_purl_make(c->r->arena, p, d);
    }
    if (without_source)
        plm_diag(c->r, "package.no-source", PLM_SEV_HIGH, c->target, PLM_SV_NULL,
                 "%zu packages do not say which source package they were built from; advisories about "
                 "sources with "
                 "other names are missed",
                 without_source);
    return plm_arena_check(c->r->arena, err);
}

int plm_catalog_collect(const struct plm_ctx *ctx, const struct plm_analysis *a, unsigned flags,
                        struct plm_report *r, uint32_t target, plm_err **err)
{
    (void)ctx;
    plm_auto(plm_arena_free) struct plm_arena *scratch = plm_arena_new(PLM_ARENA_NO_LIMIT);
    plm_auto(plm_map_free) struct plm_map *seen = plm_map_new();
    plm_auto(plm_map_free) struct plm_map *owned = plm_map_new();
    plm_auto(plm_map_free) struct plm_map *licenses = plm_map_new();
    if (!scratch || !seen || !owned || !licenses)
        return plm_fail_oom(err);
    struct collector c = {.a = a,
                          .r = r,
                          .target = target,
                          .flags = flags,
                          .scratch = scratch,
                          .seen = seen,
                          .owned = owned,
                          .licenses = licenses};
    size_t first = r->packages.n;
    if (collect_distro(&c, err) < 0 || index_joins(&c, err) < 0 || collect_packages(&c, err) < 0)
        return -1;
    tell_removed(&c);
    return finish_packages(&c, first, err);
}
