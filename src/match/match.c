/* SPDX-License-Identifier: Apache-2.0
 *
 * Matching one target's packages against the store.
 *
 * For each package the store is asked for the ranges filed under its names; every range is
 * judged by comparing encoded version keys; the flaws of the advisories that apply are
 * collected as (flaw, hit) pairs, sorted, and each run of one flaw becomes one finding.
 * O(packages × ranges of their names); texts are decompressed only for what applies.
 */
#include "match/match_int.h"

#include "base/time.h"
#include "version/version.h"

/* ---- which names of a package the feeds speak about -------------------------------------- */

/* An rpm's source version has no epoch; the package's own is the one its build had. */
static plm_sv source_version_of(const struct plm_package *p, struct plm_arena *a)
{
    if (!p->source_version.p)
        return p->version;
    size_t colon = plm_sv_find(p->version, ':');
    bool needs_epoch =
        plm_sv_is(p->type, "rpm") && colon != SIZE_MAX && plm_sv_find(p->source_version, ':') == SIZE_MAX;
    if (!needs_epoch)
        return p->source_version;
    return plm_arena_printf(a, "%.*s:%.*s", PLM_SV_ARG(plm_sv_sub(p->version, 0, colon)),
                            PLM_SV_ARG(p->source_version));
}

static bool is_arch_same(plm_sv wanted, plm_sv have)
{
    return wanted.n == 0 || have.n == 0 || plm_sv_eq(wanted, have) || plm_sv_is(have, "noarch") ||
           plm_sv_is(have, "all");
}

/* "nodejs:18" of a feed against "nodejs:18:8090020231:…" of the package header. */
static bool is_module_same(plm_sv wanted, plm_sv have)
{
    if (wanted.n == 0 || plm_sv_eq(wanted, have))
        return true;
    return plm_sv_starts(have, wanted) && have.n > wanted.n && have.p[wanted.n] == ':';
}

enum plm_match_answer plm_match_judge(const struct plm_match_ask *q, const struct plm_db_hit *h)
{
    if (h->withdrawn)
        return PLM_MATCH_WITHDRAWN;
    if (!plm_db_channel_on(&q->opt->channels, h->channel))
        return PLM_MATCH_CHANNEL_OFF;
    if (!is_arch_same(h->arch, q->package->arch))
        return PLM_MATCH_OTHER_ARCH;
    if (!is_module_same(h->modularity, q->package->modularity))
        return PLM_MATCH_OTHER_MODULE;
    if (h->state == PLM_FIX_NOT_AFFECTED)
        return PLM_MATCH_NOT_AFFECTED;
    if (h->introduced_key.p && plm_sv_cmp(q->key, h->introduced_key) < 0)
        return PLM_MATCH_BEFORE;
    if (h->fixed_key.p && plm_sv_cmp(q->key, h->fixed_key) >= 0)
        return PLM_MATCH_FIXED;
    if (h->last_affected_key.p && plm_sv_cmp(q->key, h->last_affected_key) > 0)
        return PLM_MATCH_AFTER;
    return PLM_MATCH_AFFECTED;
}

/* One name of a package: calls `each` for every range of the store that speaks about it. */
static int on_hit(void *arg, const struct plm_db_hit *h)
{
    struct plm_match_ask *q = arg;
    bool is_about_source = !h->is_binary;
    if (is_about_source != q->is_source)
        return 0;
    q->spoken++;
    return q->each(q, h);
}

static int ask(struct plm_match_ask *q, plm_sv name, plm_sv version, bool is_source, plm_err **err)
{
    q->is_source = is_source;
    q->version = version;
    plm_buf_clear(q->key_buf);
    q->scheme->encode(version, q->key_buf);
    if (plm_buf_check(q->key_buf, err) < 0)
        return -1;
    q->key = plm_buf_sv(q->key_buf);
    q->spoken = 0;
    if (plm_db_lookup(q->db, q->ecosystem, name, on_hit, q, err) < 0)
        return -1;
    if (q->spoken || !q->fallback.n)
        return 0;
    return plm_db_lookup(q->db, q->fallback, name, on_hit, q, err);
}

int plm_match_ask(struct plm_match_ask *q, const struct plm_package *p, plm_err **err)
{
    q->package = p;
    plm_sv source = p->source_name.n ? p->source_name : p->name;
    if (ask(q, source, source_version_of(p, q->scratch), true, err) < 0)
        return -1;
    return ask(q, p->name, p->version, false, err);
}

/* ---- collecting the flaws of one package -------------------------------------------------- */

struct hit_row {
    struct plm_db_hit h;
    struct plm_advisory adv;
    plm_sv feed;
};

struct pair {
    plm_sv flaw;
    uint32_t hit;
};

struct work {
    struct plm_match_ask q; /* first: callbacks get its address */
    struct plm_report *r;
    uint32_t target, package;
    PLM_VEC(struct hit_row) hits;
    PLM_VEC(struct pair) pairs;
    plm_err **err;
};

/* The CVE among the aliases of id, else id. */
static plm_sv primary_id(struct work *w, plm_sv id)
{
    plm_sv_vec all = {0};
    if (plm_db_aliases(w->q.db, id, w->q.scratch, &all, NULL) < 0 || all.n == 0)
        return id;
    return all.v[0];
}

static bool add_pair(struct work *w, plm_sv flaw, uint32_t hit)
{
    struct pair *p = plm_vec_push(w->q.scratch, &w->pairs);
    if (p)
        *p = (struct pair){.flaw = flaw, .hit = hit};
    return p != NULL;
}

static int collect(struct plm_match_ask *q, const struct plm_db_hit *h)
{
    struct work *w = (struct work *)q;
    if (plm_match_judge(q, h) != PLM_MATCH_AFFECTED)
        return 0;
    struct hit_row *row = plm_vec_push(q->scratch, &w->hits);
    if (!row)
        return plm_arena_check(q->scratch, w->err);
    row->h = *h;
    struct plm_db_feed_info info;
    plm_db_feed(q->db, h->feed, &info);
    row->feed = info.name;
    if (plm_db_advisory(q->db, h->feed, h->advisory, q->scratch, &row->adv, w->err) < 0)
        return -1;
    if (row->adv.withdrawn) {
        w->hits.n--;
        return 0;
    }
    uint32_t at = (uint32_t)w->hits.n - 1;
    bool ok = true;
    for (size_t i = 0; i < row->adv.covers.n && ok; i++)
        ok = add_pair(w, primary_id(w, row->adv.covers.v[i]), at);
    if (row->adv.covers.n == 0)
        ok = add_pair(w, primary_id(w, row->adv.id), at);
    return ok ? 0 : plm_arena_check(q->scratch, w->err);
}

/* ---- one finding from all hits of one flaw ------------------------------------------------- */

static plm_sv range_text(struct plm_arena *a, const struct plm_db_hit *h)
{
    plm_sv from = h->introduced.n && !plm_sv_is(h->introduced, "0") ? h->introduced : PLM_SV_NULL;
    if (h->fixed.p && from.p)
        return plm_arena_printf(a, ">= %.*s, < %.*s", PLM_SV_ARG(from), PLM_SV_ARG(h->fixed));
    if (h->fixed.p)
        return plm_arena_printf(a, "< %.*s", PLM_SV_ARG(h->fixed));
    if (h->last_affected.p && plm_sv_eq(from, h->last_affected))
        return plm_arena_printf(a, "= %.*s", PLM_SV_ARG(from));
    if (h->last_affected.p && from.p)
        return plm_arena_printf(a, ">= %.*s, <= %.*s", PLM_SV_ARG(from), PLM_SV_ARG(h->last_affected));
    if (h->last_affected.p)
        return plm_arena_printf(a, "<= %.*s", PLM_SV_ARG(h->last_affected));
    return from.p ? plm_arena_printf(a, ">= %.*s", PLM_SV_ARG(from)) : PLM_SV("all versions");
}

/* Fixes first, then known vendor severity, then feed and record: matched[0] decides. */
static int by_weight(const struct hit_row *a, const struct hit_row *b)
{
    int c = (b->h.fixed.p != NULL) - (a->h.fixed.p != NULL);
    c = c ? c : (b->h.severity != PLM_SEV_UNKNOWN) - (a->h.severity != PLM_SEV_UNKNOWN);
    c = c ? c : plm_sv_cmp(a->feed, b->feed);
    c = c ? c : plm_sv_cmp(a->h.id, b->h.id);
    return c ? c : plm_sv_cmp(a->h.fixed, b->h.fixed);
}

/* The scheme's order, highest first; equal texts once. */
static void add_fix(struct plm_report *r, struct plm_finding *f, const struct plm_scheme *s, plm_sv v)
{
    size_t at = 0;
    for (; at < f->fix_versions.n; at++) {
        int c = s->compare(v, f->fix_versions.v[at]);
        if (c == 0)
            return;
        if (c > 0)
            break;
    }
    if (!plm_sv_vec_add(r->arena, &f->fix_versions, v))
        return;
    plm_sv copy = f->fix_versions.v[f->fix_versions.n - 1];
    memmove(&f->fix_versions.v[at + 1], &f->fix_versions.v[at],
            (f->fix_versions.n - 1 - at) * sizeof(plm_sv));
    f->fix_versions.v[at] = copy;
}

static void add_cvss(struct plm_report *r, struct plm_finding *f, const struct plm_advisory *adv, plm_sv feed)
{
    for (size_t i = 0; i < adv->cvss.n; i++) {
        const struct plm_cvss *c = &adv->cvss.v[i];
        bool known = false;
        for (size_t k = 0; k < f->cvss.n && !known; k++)
            known = plm_sv_eq(f->cvss.v[k].vector, c->vector);
        struct plm_cvss *slot = known ? NULL : plm_vec_push(r->arena, &f->cvss);
        if (slot)
            *slot = (struct plm_cvss){.version = plm_arena_sv(r->arena, c->version),
                                      .vector = plm_arena_sv(r->arena, c->vector),
                                      .source = plm_arena_sv(r->arena, c->source.p ? c->source : feed),
                                      .score = c->score};
    }
}

static void set_severity(struct plm_report *r, struct plm_finding *f, const struct hit_row *row,
                         bool is_one_flaw)
{
    if (f->severity != PLM_SEV_UNKNOWN)
        return;
    if (row->h.severity != PLM_SEV_UNKNOWN) {
        f->severity = row->h.severity;
        f->native_severity = plm_arena_sv(r->arena, row->h.native_severity);
    } else if (is_one_flaw && row->adv.severity.n && plm_severity_parse(row->adv.severity, &f->severity)) {
        f->native_severity = plm_arena_sv(r->arena, row->adv.severity);
    }
}

enum { REFERENCES_MAX = 24 };

static void add_hit(struct work *w, struct plm_finding *f, const struct hit_row *row)
{
    struct plm_report *r = w->r;
    struct plm_matched *m = plm_vec_push(r->arena, &f->matched);
    if (m)
        *m = (struct plm_matched){.feed = plm_arena_sv(r->arena, row->feed),
                                  .record = plm_arena_sv(r->arena, row->h.id),
                                  .range = plm_arena_sv(r->arena, range_text(w->q.scratch, &row->h)),
                                  .scheme = plm_sv_from(w->q.scheme->id),
                                  .by = row->h.is_binary ? PLM_SV("package") : PLM_SV("source-package")};
    if (row->h.fixed.p)
        add_fix(r, f, w->q.scheme, row->h.fixed);
    else if (f->matched.n == 1)
        f->fix = row->h.state == PLM_FIX_UNKNOWN ? PLM_FIX_NOT_FIXED : row->h.state;
    /* An erratum that covers several CVEs says nothing about one of them alone (but see bound_severity). */
    bool is_one_flaw = row->adv.covers.n <= 1;
    set_severity(r, f, row, is_one_flaw);
    if (is_one_flaw)
        add_cvss(r, f, &row->adv, row->feed);
    if (!f->title.n && row->adv.title.n)
        f->title = plm_arena_sv(r->arena, row->adv.title);
    if (row->adv.published && (!f->published || row->adv.published < f->published))
        f->published = row->adv.published;
    for (size_t i = 0; i < row->adv.references.n && f->references.n < REFERENCES_MAX; i++)
        plm_sv_vec_add(r->arena, &f->references, row->adv.references.v[i]);
    if (row->h.note.n)
        plm_sv_vec_add(
            r->arena, &f->evidence,
            plm_arena_printf(w->q.scratch, "%.*s: %.*s", PLM_SV_ARG(row->feed), PLM_SV_ARG(row->h.note)));
}

static void finish_finding(struct work *w, struct plm_finding *f)
{
    struct plm_report *r = w->r;
    plm_sv_vec all = {0};
    if (plm_db_aliases(w->q.db, f->id, w->q.scratch, &all, NULL) >= 0)
        for (size_t i = 0; i < all.n; i++)
            if (!plm_sv_eq(all.v[i], f->id))
                plm_sv_vec_add(r->arena, &f->aliases, all.v[i]);
    plm_sv_vec_sort_unique(&f->aliases);
    plm_sv_vec_sort_unique(&f->references);
    if (f->fix_versions.n)
        f->fix = PLM_FIX_FIXED;
    double best = -1;
    for (size_t i = 0; i < f->cvss.n; i++)
        best = f->cvss.v[i].score > best ? f->cvss.v[i].score : best;
    if (f->severity == PLM_SEV_UNKNOWN && best >= 0)
        f->severity = plm_severity_of_score(best);
    double percentile;
    (void)plm_db_epss(w->q.db, f->id, &f->epss, &percentile);
    f->kev = plm_db_kev(w->q.db, f->id, NULL);
}

/* Where nothing speaks about the flaw alone, the severity of the errata that cover it is the most it can be:
 * unknown would slip through every gate. */
static void bound_severity(struct work *w, struct plm_finding *f, const struct hit_row *const *rows, size_t n)
{
    if (f->severity != PLM_SEV_UNKNOWN)
        return;
    for (size_t i = 0; i < n; i++) {
        enum plm_severity s;
        if (!plm_severity_parse(rows[i]->adv.severity, &s) || s <= f->severity)
            continue;
        f->severity = s;
        f->native_severity = plm_arena_sv(w->r->arena, rows[i]->adv.severity);
    }
}

static int emit(struct work *w, const struct pair *pairs, size_t n, plm_err **err)
{
    const struct plm_package *p = &w->r->packages.v[w->package];
    struct plm_finding *f = plm_report_finding(w->r, w->target, PLM_KIND_VULNERABILITY);
    if (!f)
        return plm_arena_check(w->r->arena, err);
    f->id = plm_arena_sv(w->r->arena, pairs[0].flaw);
    f->package = w->package;
    if (p->locations.n) {
        f->path = p->locations.v[0].path;
        f->layer = p->locations.v[0].layer;
    }
    /* Selection sort of few: n is the number of records that speak about one flaw. */
    plm_auto_free const struct hit_row **rows = calloc(n, sizeof(*rows));
    if (!rows)
        return plm_fail_oom(err);
    for (size_t i = 0; i < n; i++) {
        size_t k = i;
        for (; k > 0 && by_weight(&w->hits.v[pairs[i].hit], rows[k - 1]) < 0; k--)
            rows[k] = rows[k - 1];
        rows[k] = &w->hits.v[pairs[i].hit];
    }
    for (size_t i = 0; i < n; i++)
        if (i == 0 || rows[i] != rows[i - 1])
            add_hit(w, f, rows[i]);
    finish_finding(w, f);
    bound_severity(w, f, rows, n);
    return 0;
}

static int by_pair(const void *va, const void *vb)
{
    const struct pair *a = va, *b = vb;
    int c = plm_sv_cmp(a->flaw, b->flaw);
    return c ? c : (a->hit > b->hit) - (a->hit < b->hit);
}

static int match_package(struct work *w, uint32_t package, plm_err **err)
{
    w->package = package;
    w->hits.n = w->hits.cap = w->pairs.n = w->pairs.cap = 0;
    if (plm_match_ask(&w->q, &w->r->packages.v[package], err) < 0)
        return -1;
    if (w->pairs.n > 1)
        qsort(w->pairs.v, w->pairs.n, sizeof(*w->pairs.v), by_pair);
    for (size_t i = 0, end; i < w->pairs.n; i = end) {
        for (end = i + 1; end < w->pairs.n && plm_sv_eq(w->pairs.v[end].flaw, w->pairs.v[i].flaw);)
            end++;
        if (emit(w, &w->pairs.v[i], end - i, err) < 0)
            return -1;
    }
    return plm_arena_check(w->q.scratch, err);
}

/* ---- one target ---------------------------------------------------------------------------- */

/* Debian's testing and unstable call themselves alike ("forky/sid") and are looked up under the coming
 * release; packages that only unstable has are filed under its own name. */
bool plm_match_prepare(struct plm_match_ask *q, const struct plm_target *t)
{
    q->ecosystem = t->distro.ecosystem;
    bool is_debian = plm_sv_starts(q->ecosystem, PLM_SV("Debian:"));
    q->fallback =
        is_debian && plm_sv_ends(t->distro.pretty, PLM_SV("/sid")) ? PLM_SV("Debian:sid") : PLM_SV_NULL;
    q->scheme = q->ecosystem.n ? plm_scheme_find(q->ecosystem) : NULL;
    return q->scheme != NULL;
}

static bool is_distro_package(const struct plm_package *p)
{
    return plm_sv_is(p->type, "deb") || plm_sv_is(p->type, "rpm") || plm_sv_is(p->type, "apk") ||
           plm_sv_is(p->type, "opkg");
}

enum { DAY = 86400 };

/* The end is the last day with support, so that day still counts. */
static bool has_eol(const struct plm_ctx *ctx, const struct plm_db *db, plm_sv product, plm_sv cycle,
                    struct plm_distro *d)
{
    if (!(db && plm_db_eol(db, product, cycle, &d->eol_date)) &&
        !plm_match_eol_builtin(product, cycle, &d->eol_date))
        return false;
    d->eol = d->eol_date && d->eol_date + DAY <= plm_now(ctx) ? PLM_EOL_ENDED : PLM_EOL_SUPPORTED;
    return true;
}

/* End of life: the store's table, by os-release id and version; ids that endoflife.date spells otherwise. */
static int set_eol(const struct plm_ctx *ctx, const struct plm_db *db, struct plm_arena *a,
                   struct plm_distro *d, plm_err **err)
{
    static const struct {
        const char *id, *product;
    } spelled[] = {
        {"alpine", "alpine-linux"}, {"amzn", "amazon-linux"},      {"rocky", "rocky-linux"},
        {"ol", "oracle-linux"},     {"opensuse-leap", "opensuse"}, {"sled", "sles"},
        {"sles_sap", "sles"},
    };
    plm_sv product = d->id;
    for (size_t i = 0; i < sizeof(spelled) / sizeof(spelled[0]); i++)
        if (plm_sv_is(d->id, spelled[i].id))
            product = plm_sv_from(spelled[i].product);
    if (!d->version.n || d->eol != PLM_EOL_UNKNOWN)
        return 0;
    /* "3.18.4" and "9.3" are points of the cycles "3.18" and "9"; SLES "15" is the cycle "15.0". */
    for (plm_sv cycle = d->version; cycle.n;) {
        if (has_eol(ctx, db, product, cycle, d))
            return 0;
        size_t dot = plm_sv_rfind(cycle, '.');
        cycle = dot == SIZE_MAX ? PLM_SV_NULL : plm_sv_sub(cycle, 0, dot);
    }
    if (plm_sv_find(d->version, '.') != SIZE_MAX)
        return 0;
    plm_sv first = plm_arena_printf(a, "%.*s.0", PLM_SV_ARG(d->version));
    (void)has_eol(ctx, db, product, first, d); /* false: not known, and left so */
    return plm_arena_check(a, err);
}

static int say_what_is_not_covered(const struct plm_ctx *ctx, const struct plm_db *db, struct plm_report *r,
                                   uint32_t target, plm_err **err)
{
    struct plm_target *t = &r->targets.v[target];
    size_t n = 0;
    for (size_t i = 0; i < r->packages.n; i++)
        n += r->packages.v[i].target == target && is_distro_package(&r->packages.v[i]);
    if (n == 0)
        return 0;
    if (!t->distro.id.n) {
        plm_diag(r, "distro.unknown", PLM_SEV_HIGH, target, t->id,
                 "%zu packages, but no file says which distribution they belong to: not judged", n);
        return 0;
    }
    if (set_eol(ctx, db, r->arena, &t->distro, err) < 0)
        return -1;
    if (t->distro.eol == PLM_EOL_ENDED) {
        plm_auto_done(plm_buf_done) struct plm_buf day = PLM_BUF(64);
        plm_time_put_date(&day, t->distro.eol_date);
        plm_diag(r, "distro.eol", PLM_SEV_HIGH, target, t->distro.pretty.n ? t->distro.pretty : t->distro.id,
                 "security support ended on %.*s: flaws found since then are in no advisory",
                 PLM_SV_ARG(plm_buf_sv(&day)));
    }
    if (!t->distro.ecosystem.n || !plm_scheme_find(t->distro.ecosystem))
        plm_diag(r, "distro.unknown", PLM_SEV_HIGH, target, t->distro.id,
                 "no advisories are known for this distribution: its %zu packages were not judged", n);
    return 0;
}

static void say_no_coverage(struct plm_report *r, uint32_t target, bool is_covered_elsewhere)
{
    plm_sv ecosystem = r->targets.v[target].distro.ecosystem;
    struct plm_diagnostic *d =
        plm_diag(r, "db.no-coverage", is_covered_elsewhere ? PLM_SEV_LOW : PLM_SEV_HIGH, target, ecosystem,
                 "the loaded data do not speak about %.*s", PLM_SV_ARG(ecosystem));
    if (d)
        d->hint =
            PLM_SV("plimsoll db status shows what the data cover; plimsoll db update or db build adds to it");
}

static void say_undated(const struct plm_db *db, struct plm_report *r, uint32_t target,
                        const plm_sv_vec *channels)
{
    plm_sv feed;
    if (!plm_db_undated(db, r->targets.v[target].distro.ecosystem, channels, &feed))
        return;
    struct plm_diagnostic *d = plm_diag(r, "db.undated", PLM_SEV_MEDIUM, target, feed,
                                        "the data of this feed carry no date: how old they are is not known");
    if (d)
        d->hint = PLM_SV("plimsoll db build --as-of DATE says when they were fetched");
}

/* Packages of another package manager (a dpkg database inside an rpm distribution): whose they are, no file
 * says, and the distribution's advisories are not about them. */
static void say_foreign(struct plm_report *r, uint32_t target, size_t n)
{
    if (n)
        plm_diag(r, "distro.unknown", PLM_SEV_HIGH, target, r->targets.v[target].distro.id,
                 "%zu packages of another package manager than the distribution's were not judged", n);
}

int plm_match_target(const struct plm_ctx *ctx, const struct plm_db *db, struct plm_report *r,
                     uint32_t target, const struct plm_match_options *opt, plm_err **err)
{
    if (say_what_is_not_covered(ctx, db, r, target, err) < 0)
        return -1;
    plm_auto(plm_arena_free) struct plm_arena *scratch = plm_arena_new(PLM_MIB(256));
    plm_auto_done(plm_buf_done) struct plm_buf key = PLM_BUF(PLM_KIB(64));
    if (!scratch)
        return plm_fail_oom(err);
    struct work w = {.q = {.db = db, .opt = opt, .scratch = scratch, .key_buf = &key, .each = collect},
                     .r = r,
                     .target = target,
                     .err = err};
    struct plm_target *t = &r->targets.v[target];
    if (!db || !plm_match_prepare(&w.q, t))
        return 0;
    if (!plm_db_covers(db, t->distro.ecosystem, &opt->channels)) {
        say_no_coverage(r, target, opt->is_covered_elsewhere);
        return plm_arena_check(r->arena, err);
    }
    say_undated(db, r, target, &opt->channels);
    size_t foreign = 0;
    for (uint32_t i = 0; i < r->packages.n; i++) {
        if (r->packages.v[i].target != target || !is_distro_package(&r->packages.v[i]))
            continue;
        if (!plm_sv_is(r->packages.v[i].type, w.q.scheme->id)) {
            foreign++;
            continue;
        }
        plm_arena_reset(scratch);
        if (match_package(&w, i, err) < 0)
            return plm_wrap(err, "matching %.*s", PLM_SV_ARG(r->packages.v[i].name));
    }
    say_foreign(r, target, foreign);
    return plm_arena_check(r->arena, err);
}
