/* SPDX-License-Identifier: Apache-2.0
 *
 * Between inspectors, report and policy: one plm_image_facts for each target that was inspected. What
 * inspectors find goes in at once; packages, vulnerabilities and issues follow when the report is finished,
 * since only then findings are merged and exceptions applied. Names are Anchore's (model/facts.h).
 */
#include "scan/scan_int.h"

#include "base/map.h"

bool plm_scan_inspects(const struct plm_scan_options *opt, enum plm_scheme_kind kind)
{
    const struct plm_inspect_options *i = &opt->inspect;
    bool is_live = kind == PLM_SRC_HOST || kind == PLM_SRC_CONTAINER;
    if (is_live && !opt->inspect_trees && !opt->want_facts)
        return false;
    return opt->want_facts || i->want_owned || i->wants[PLM_KIND_SECRET] ||
           i->wants[PLM_KIND_MISCONFIGURATION] || i->wants[PLM_KIND_LICENSE] || i->wants[PLM_KIND_MALWARE];
}

/* ---- before the report is finished ----------------------------------------------------------------- */

/* What the image is called: in its archive, or as it was asked for from an engine; null for an id. */
static plm_sv tag_of(const struct plm_target *t)
{
    bool is_engine = plm_sv_is(t->scheme, "docker") || plm_sv_is(t->scheme, "podman") ||
                     plm_sv_is(t->scheme, "containerd") || plm_sv_is(t->scheme, "registry");
    bool is_id = plm_sv_starts(t->reference, PLM_SV("sha256:")) || plm_sv_eq(t->reference, t->image_id);
    return t->tag.n ? t->tag : is_id || !is_engine ? PLM_SV_NULL : t->reference;
}

static void describe(const struct plm_target *t, struct plm_image_facts *f)
{
    struct plm_arena *a = f->arena;
    bool is_image = t->image_id.n > 0;
    f->image_id = plm_arena_sv(a, t->image_id);
    f->digest = plm_arena_sv(a, t->digest);
    f->tag = is_image ? plm_arena_sv(a, tag_of(t)) : PLM_SV_NULL;
    f->distro = plm_arena_sv(a, t->distro.id);
    f->distro_version = plm_arena_sv(a, t->distro.version);
    f->like_distro = plm_arena_sv(a, t->distro.like);
    for (size_t i = 0; i < t->layers.n; i++) {
        const struct plm_layer *l = &t->layers.v[i];
        plm_sv_vec_add(a, &f->layers, l->diff_id.n ? l->diff_id : l->digest);
    }
}

int plm_scan_inspect(const struct plm_ctx *ctx, const struct plm_source *src,
                     const struct plm_scan_options *opt, const struct plm_analysis *a, struct plm_report *r,
                     uint32_t target, plm_err **err)
{
    struct plm_image_facts *f = plm_image_facts_new(err);
    if (!f)
        return -1;
    struct plm_image_facts **slot = plm_vec_push(r->arena, &r->facts);
    if (!slot) {
        plm_image_facts_free(f);
        return plm_arena_check(r->arena, err);
    }
    *slot = f; /* the report's from here on */
    f->target = target;
    describe(&r->targets.v[target], f);
    f->size = a->file_bytes;
    if (opt->inspect.dockerfile.p) {
        f->dockerfile_mode = PLM_DOCKERFILE_ACTUAL;
        f->dockerfile = plm_arena_sv(f->arena, opt->inspect.dockerfile);
    } else if (a->config) {
        f->dockerfile_mode = PLM_DOCKERFILE_GUESSED;
    }
    if (plm_inspect_target(ctx, &opt->inspect, a, r, target, f, err) < 0)
        return plm_wrap(err, "%.*s", PLM_SV_ARG(src->reference));
    return 0;
}

/* ---- from the finished report ----------------------------------------------------------------------- */

/* Anchore's names of package types. */
static plm_sv anchore_type(plm_sv type)
{
    static const struct {
        const char *ours, *theirs;
    } names[] = {{"deb", "dpkg"},   {"apk", "APKG"},  {"pypi", "python"},
                 {"maven", "java"}, {"golang", "go"}, {"generic", "binary"}};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (plm_sv_is(type, names[i].ours))
            return plm_sv_from(names[i].theirs);
    return type;
}

/* "1.2-3" to "1.2" and "3", for the schemes that have a release. */
static void split_version(struct plm_fact_package *p)
{
    size_t dash = plm_sv_rfind(p->full_version, '-');
    bool has_release = plm_sv_is(p->type, "rpm") || plm_sv_is(p->type, "APKG");
    p->version = has_release && dash != SIZE_MAX ? plm_sv_sub(p->full_version, 0, dash) : p->full_version;
    p->release = has_release && dash != SIZE_MAX ? plm_sv_from_off(p->full_version, dash + 1) : PLM_SV_NULL;
}

static plm_sv joined(struct plm_arena *a, const plm_sv_vec *words)
{
    plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(PLM_MIB(1));
    for (size_t i = 0; i < words->n; i++)
        plm_buf_printf(&b, "%s%.*s", i ? " " : "", PLM_SV_ARG(words->v[i]));
    return plm_arena_sv(a, plm_buf_sv(&b));
}

static bool is_of_system(plm_sv type)
{
    return plm_sv_is(type, "dpkg") || plm_sv_is(type, "rpm") || plm_sv_is(type, "APKG");
}

static plm_sv location_of(struct plm_arena *a, const struct plm_package *p, plm_sv type)
{
    if (is_of_system(type))
        return PLM_SV("pkgdb");
    return p->locations.n ? plm_arena_sv(a, p->locations.v[0].path) : PLM_SV_NULL;
}

static bool is_same_package(const struct plm_fact_package *f, const struct plm_package *p)
{
    return plm_sv_eq(f->name, p->name) && plm_sv_eq(f->full_version, p->version) &&
           plm_sv_eq(f->type, anchore_type(p->type));
}

/* Inspectors may have entered packages already (their files, their licenses): those are filled up. */
static int add_packages(const struct plm_report *r, struct plm_image_facts *f, plm_err **err)
{
    plm_auto(plm_map_free) struct plm_map *have = plm_map_new();
    if (!have)
        return plm_fail_oom(err);
    for (size_t i = 0; i < f->packages.n; i++) {
        void **slot = plm_map_put(have, f->packages.v[i].name);
        if (!slot)
            return plm_fail_oom(err);
        *slot = (void *)(uintptr_t)(i + 1);
    }
    for (size_t i = 0; i < r->packages.n; i++) {
        const struct plm_package *p = &r->packages.v[i];
        if (p->target != f->target)
            continue;
        uintptr_t at = (uintptr_t)plm_map_get(have, p->name);
        struct plm_fact_package *to =
            at && is_same_package(&f->packages.v[at - 1], p) ? &f->packages.v[at - 1] : NULL;
        if (!to && !(to = plm_vec_push(f->arena, &f->packages)))
            break;
        to->name = plm_arena_sv(f->arena, p->name);
        to->full_version = plm_arena_sv(f->arena, p->version);
        to->type = plm_arena_sv(f->arena, anchore_type(p->type));
        split_version(to);
        to->location = location_of(f->arena, p, to->type);
        if (!to->license.n)
            to->license = joined(f->arena, &p->licenses);
    }
    f->known |= PLM_FACT_PACKAGES;
    return plm_arena_check(f->arena, err);
}

static plm_sv anchore_severity(enum plm_severity s)
{
    static const char *const names[PLM_SEV_COUNT_] = {"Unknown", "Negligible", "Low",
                                                      "Medium",  "High",       "Critical"};
    return plm_sv_from(names[s]);
}

static void add_scores(struct plm_arena *a, const struct plm_finding *f, struct plm_fact_vulnerability *v)
{
    v->nvd = plm_arena_array(a, f->cvss.n, sizeof(*v->nvd));
    v->vendor = plm_arena_array(a, f->cvss.n, sizeof(*v->vendor));
    if (!v->nvd || !v->vendor)
        return;
    for (size_t i = 0; i < f->cvss.n; i++) {
        const struct plm_cvss *c = &f->cvss.v[i];
        bool is_nvd = plm_sv_has(c->source, PLM_SV("nvd"));
        struct plm_fact_cvss *to = is_nvd ? &v->nvd[v->n_nvd++] : &v->vendor[v->n_vendor++];
        *to = (struct plm_fact_cvss){
            .version = plm_arena_sv(a, c->version), .base = c->score, .exploitability = -1, .impact = -1};
        (void)plm_cvss_parts(c->vector, &to->exploitability, &to->impact); /* unknown without a v3 vector */
    }
}

static plm_sv link_of(struct plm_arena *a, const struct plm_finding *f)
{
    return f->references.n ? plm_arena_sv(a, f->references.v[0]) : PLM_SV("");
}

static void add_vulnerability(const struct plm_scan_options *opt, const struct plm_report *r, uint32_t index,
                              struct plm_image_facts *f)
{
    const struct plm_finding *from = &r->findings.v[index];
    struct plm_arena *a = f->arena;
    struct plm_fact_vulnerability *v = plm_vec_push(a, &f->vulnerabilities);
    if (!v)
        return;
    *v = (struct plm_fact_vulnerability){
        .id = plm_arena_sv(a, from->id),
        .link = link_of(a, from),
        .severity = anchore_severity(from->severity),
        .will_not_fix = from->fix == PLM_FIX_WONT_FIX,
        .fixed_at = from->fix_date,
        .detected_at = from->published,
        .published = from->published,
        .epss = from->epss,
        .risk = from->risk,
        .kev = from->kev,
        .is_base = from->is_base,
        .layer = from->layer,
        .finding = index,
    };
    for (size_t i = 0; i < from->fix_versions.n; i++)
        plm_sv_vec_add(a, &v->fix_versions, from->fix_versions.v[i]);
    add_scores(a, from, v);
    double score;
    if (opt->db)
        (void)plm_db_epss(opt->db, from->id, &score, &v->epss_percentile); /* stays 0 where it is not known */
    if (from->package == PLM_NONE)
        return;
    const struct plm_package *p = &r->packages.v[from->package];
    v->package = plm_arena_sv(a, p->name);
    v->version = plm_arena_sv(a, p->version);
    v->package_type = plm_arena_sv(a, anchore_type(p->type));
    v->location = location_of(a, p, v->package_type);
}

static void add_issue(const struct plm_report *r, uint32_t index, struct plm_image_facts *f)
{
    const struct plm_finding *from = &r->findings.v[index];
    struct plm_fact_issue *to = plm_vec_push(f->arena, &f->issues);
    if (!to)
        return;
    *to = (struct plm_fact_issue){
        .kind = from->kind,
        .id = plm_arena_sv(f->arena, from->id),
        .object = plm_arena_sv(f->arena, from->path.n ? from->path : from->object),
        .message = plm_arena_sv(f->arena, from->evidence.n ? from->evidence.v[0] : from->title),
        .severity = from->severity,
        .line = from->line,
        .is_base = from->is_base,
        .finding = index,
    };
    for (size_t i = 0; i < from->aliases.n; i++)
        plm_sv_vec_add(f->arena, &to->aliases, from->aliases.v[i]);
}

static void add_feed_age(const struct plm_scan_options *opt, const struct plm_report *r,
                         struct plm_image_facts *f)
{
    const struct plm_target *t = &r->targets.v[f->target];
    int64_t as_of = t->repo_as_of, of_db;
    bool is_in_db = opt->db && plm_db_covers(opt->db, t->distro.ecosystem, &opt->match.channels);
    if (is_in_db && plm_db_as_of(opt->db, t->distro.ecosystem, &opt->match.channels, &of_db) &&
        (!as_of || of_db < as_of))
        as_of = of_db;
    f->has_feed_for_distro = is_in_db || t->repo_as_of;
    f->feed_as_of = as_of;
    f->known |= PLM_FACT_FEED_AGE;
}

int plm_scan_fill_facts(const struct plm_scan_options *opt, struct plm_report *r, plm_err **err)
{
    for (size_t k = 0; k < r->facts.n; k++) {
        struct plm_image_facts *f = r->facts.v[k];
        if (f->known & PLM_FACT_PACKAGES)
            continue; /* a second call after more exceptions: the facts are those of the first */
        if (add_packages(r, f, err) < 0)
            return -1;
        for (uint32_t i = 0; i < r->findings.n; i++) {
            const struct plm_finding *one = &r->findings.v[i];
            if (one->target != f->target || one->suppressed)
                continue;
            if (one->kind == PLM_KIND_VULNERABILITY)
                add_vulnerability(opt, r, i, f);
            else
                add_issue(r, i, f);
        }
        if (opt->want_vulnerabilities) {
            f->known |= PLM_FACT_VULNERABILITIES;
            add_feed_age(opt, r, f);
        }
        if (opt->inspect.wants[PLM_KIND_MISCONFIGURATION])
            f->known |= PLM_FACT_CHECKS;
        if (opt->inspect.wants[PLM_KIND_SECRET])
            f->known |= PLM_FACT_SECRET_RULES;
        if (plm_arena_check(f->arena, err) < 0)
            return -1;
    }
    return 0;
}
