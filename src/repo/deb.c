/* SPDX-License-Identifier: Apache-2.0
 *
 * Debian and Ubuntu: installed packages against the suites of their release.
 *
 * A package is behind when its *binary* package stands in a suite with a newer version (deb
 * order). A binary that is in no suite of the release any more (a kernel image whose name
 * carries an ABI number) is judged by its source package in the security suite instead. Of the
 * source's changelog, the entries above the installed *source* version up to the fixed one
 * count. Behind the security suite a package is a finding even when no CVE is named; behind
 * the release itself (a point release) only named CVEs are.
 *
 * O(packages x log index) and one changelog per outdated source package.
 */
#include "base/map.h"
#include "base/time.h"
#include "repo/repo_int.h"

#define ARCHS_MAX 4u

struct outdated {
    uint32_t package;
    size_t job;
    plm_sv binary_version; /* what the suite has; null where the source was compared */
};

struct deb {
    const struct repo_run *run;
    struct plm_report *report;
    uint32_t target;
    plm_sv distro;
    const struct plm_scheme *scheme;
    struct repo_worker w; /* the main thread's arena and notes */
    struct repo_suite *suites;
    size_t suites_n;
    struct repo_jobs jobs;
    PLM_VEC(struct outdated) outdated;
};

static bool is_installed(const struct plm_package *p, uint32_t target)
{
    return p->target == target && plm_sv_is(p->type, "deb") && p->version.n &&
           (!p->status.p || plm_sv_has(p->status, PLM_SV("installed"))) &&
           !plm_sv_has(p->status, PLM_SV("not-installed"));
}

static plm_sv source_version_of(const struct plm_package *p)
{
    return p->source_version.n ? p->source_version : p->version;
}

static plm_sv source_of(const struct plm_package *p)
{
    return p->source_name.n ? p->source_name : p->name;
}

/* The architectures of the installed packages, the usual case being one. */
static int find_archs(struct deb *d, plm_err **err)
{
    plm_sv_vec archs = {0};
    for (size_t i = 0; i < d->report->packages.n; i++) {
        const struct plm_package *p = &d->report->packages.v[i];
        bool is_known = !is_installed(p, d->target) || !p->arch.n || plm_sv_is(p->arch, "all");
        for (size_t k = 0; k < archs.n && !is_known; k++)
            is_known = plm_sv_eq(archs.v[k], p->arch);
        if (!is_known && archs.n < ARCHS_MAX && !plm_sv_vec_add(d->w.arena, &archs, p->arch))
            return plm_arena_check(d->w.arena, err);
    }
    plm_sv_vec_sort_unique(&archs);
    if (!archs.n) /* only Architecture: all packages: any architecture's index lists them */
        (void)plm_sv_vec_add(d->w.arena, &archs, PLM_SV("amd64"));
    for (size_t s = 0; s < d->suites_n; s++)
        d->suites[s].archs = archs;
    return plm_arena_check(d->w.arena, err);
}

static int add_outdated(struct deb *d, uint32_t package, struct repo_suite *s, const struct repo_record *rec,
                        bool by_binary, plm_err **err)
{
    size_t job = 0;
    while (job < d->jobs.rows.n &&
           !(plm_sv_eq(d->jobs.rows.v[job].source, rec->source) &&
             plm_sv_eq(d->jobs.rows.v[job].version, rec->source_version) && d->jobs.rows.v[job].suite == s))
        job++;
    if (job == d->jobs.rows.n) {
        struct repo_job *j = plm_vec_push(d->w.arena, &d->jobs.rows);
        if (!j)
            return plm_arena_check(d->w.arena, err);
        *j = (struct repo_job){.source = rec->source, .version = rec->source_version, .suite = s};
    }
    struct outdated *o = plm_vec_push(d->w.arena, &d->outdated);
    if (!o)
        return plm_arena_check(d->w.arena, err);
    *o = (struct outdated){.package = package, .job = job};
    if (by_binary)
        o->binary_version = rec->version;
    return 0;
}

/* Newest version of every source in the security suites: for binaries that are gone from the release. */
static int source_map(struct deb *d, struct plm_map *m, plm_err **err)
{
    for (size_t s = 0; s < d->suites_n; s++)
        for (size_t p = 0; d->suites[s].is_security && p < d->suites[s].packages.n; p++) {
            struct repo_record r;
            for (size_t i = 0; plm_index_at(&d->suites[s].packages.v[p].index, i, &r); i++) {
                void **slot = plm_map_put(m, r.source);
                if (!slot)
                    return plm_fail_oom(err);
                struct repo_record *old = *slot;
                if (old && d->scheme->compare(old->source_version, r.source_version) >= 0)
                    continue;
                if (!old && !(*slot = old = plm_arena_make(d->w.arena, struct repo_record)))
                    return plm_arena_check(d->w.arena, err);
                *old = r;
            }
        }
    return 0;
}

static struct repo_suite *security_suite(struct deb *d)
{
    for (size_t s = 0; s < d->suites_n; s++)
        if (d->suites[s].is_security && d->suites[s].packages.n)
            return &d->suites[s];
    return NULL;
}

static int compare_one(struct deb *d, uint32_t package, struct plm_map **sources, plm_err **err)
{
    const struct plm_package *p = &d->report->packages.v[package];
    struct repo_record rec, best = {0};
    struct repo_suite *from = NULL, *security = security_suite(d);
    bool is_present = false;
    for (size_t s = 0; s < d->suites_n; s++) {
        if (!plm_suite_newest(&d->suites[s], d->scheme, p->arch, p->name, &rec))
            continue;
        is_present = true;
        if (d->scheme->compare(rec.version, p->version) <= 0)
            continue;
        if (d->suites[s].is_security) {
            if (add_outdated(d, package, &d->suites[s], &rec, true, err) < 0)
                return -1;
        } else if (!from || d->scheme->compare(rec.version, best.version) > 0) {
            from = &d->suites[s];
            best = rec;
        }
    }
    if (from)
        return add_outdated(d, package, from, &best, true, err);
    if (is_present || !security)
        return 0;
    if (!*sources && (!(*sources = plm_map_new()) || source_map(d, *sources, err) < 0))
        return *sources ? -1 : plm_fail_oom(err);
    const struct repo_record *r = plm_map_get(*sources, source_of(p));
    if (r && d->scheme->compare(r->source_version, source_version_of(p)) > 0)
        return add_outdated(d, package, security, r, false, err);
    return 0;
}

static int compare_all(struct deb *d, plm_err **err)
{
    plm_auto(plm_map_free) struct plm_map *sources = NULL;
    for (size_t i = 0; i < d->report->packages.n; i++)
        if (is_installed(&d->report->packages.v[i], d->target) &&
            compare_one(d, (uint32_t)i, &sources, err) < 0)
            return -1;
    return 0;
}

/* ---- findings ------------------------------------------------------------------------------- */

/* The changelog line without its bullet. */
static plm_sv title_of(plm_sv line)
{
    while (line.n && strchr("*-+ \t", line.p[0]))
        line = plm_sv_from_off(line, 1);
    return plm_sv_sub(line, 0, 240);
}

static void common_evidence(struct deb *d, const struct outdated *o, struct plm_arena *a,
                            struct repo_hit *hit)
{
    const struct repo_job *j = &d->jobs.rows.v[o->job];
    const struct plm_package *p = &d->report->packages.v[o->package];
    hit->package = o->package;
    hit->by = PLM_SV("source-package");
    hit->record = plm_arena_printf(a, "%.*s %.*s %.*s", PLM_SV_ARG(j->suite->name), PLM_SV_ARG(j->source),
                                   PLM_SV_ARG(j->version));
    if (o->binary_version.p)
        (void)plm_sv_vec_add(a, &hit->evidence,
                             plm_arena_printf(a, "%.*s has %.*s %.*s; installed is %.*s",
                                              PLM_SV_ARG(j->suite->name), PLM_SV_ARG(p->name),
                                              PLM_SV_ARG(o->binary_version), PLM_SV_ARG(p->version)));
    else
        (void)plm_sv_vec_add(
            a, &hit->evidence,
            plm_arena_printf(a, "%.*s is not in the release any more; %.*s has its source %.*s %.*s",
                             PLM_SV_ARG(p->name), PLM_SV_ARG(j->suite->name), PLM_SV_ARG(j->source),
                             PLM_SV_ARG(j->version)));
}

/* "17.0.16+8-1~deb12u1" is what became of "17.0.16+8-1" in a release. */
static bool is_backport_of(plm_sv version, plm_sv of)
{
    return version.n > of.n && plm_sv_starts(version, of) && version.p[of.n] == '~';
}

/* How many rows from the top of the changelog are newer than the installed version. By place where the
 * changelog has the installed version; by version otherwise. */
static size_t newer_rows(const struct deb *d, const struct repo_job *j, plm_sv installed)
{
    for (size_t i = 0; i < j->changes.n; i++)
        if (plm_sv_eq(j->changes.v[i].version, installed))
            return i;
    for (size_t i = 0; i < j->changes.n; i++) {
        plm_sv v = j->changes.v[i].version;
        if (d->scheme->compare(v, installed) <= 0 || is_backport_of(installed, v))
            return i;
    }
    return j->changes.n;
}

/* The version of the release in which the change of row i arrived: the entry's own, but for entries that were
 * made for the development branch and then rebuilt ("V~deb12u1" above "V"). */
static plm_sv fixed_in(const struct deb *d, const struct repo_job *j, size_t row)
{
    plm_sv v = j->changes.v[row].version;
    for (size_t i = row; i-- > 0;)
        if (is_backport_of(j->changes.v[i].version, v))
            return j->changes.v[i].version;
    return d->scheme->compare(v, j->version) > 0 ? j->version : v;
}

static int emit_change(struct deb *d, struct repo_emit *e, const struct outdated *o, size_t row,
                       struct plm_arena *a, plm_err **err)
{
    const struct repo_job *j = &d->jobs.rows.v[o->job];
    const struct repo_change *c = &j->changes.v[row];
    plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(PLM_KIB(16));
    struct repo_hit hit = {
        .id = c->cve, .title = title_of(c->line), .fixed = fixed_in(d, j, row), .date = c->date};
    common_evidence(d, o, a, &hit);
    plm_buf_printf(&b, "changelog of %.*s %.*s (%.*s, urgency %.*s", PLM_SV_ARG(j->source),
                   PLM_SV_ARG(c->version), PLM_SV_ARG(c->distribution),
                   PLM_SV_ARG(c->urgency.n ? c->urgency : PLM_SV("not given")));
    if (c->date) {
        plm_buf_str(&b, ", ");
        plm_time_put_date(&b, c->date);
    }
    plm_buf_printf(&b, "): %.*s", PLM_SV_ARG(plm_sv_sub(c->line, 0, 1000)));
    if (plm_buf_check(&b, err) < 0)
        return -1;
    (void)plm_sv_vec_add(a, &hit.evidence, plm_buf_sv(&b));
    return plm_emit(e, &hit, err);
}

static int emit_outdated(struct deb *d, struct repo_emit *e, const struct outdated *o, plm_err **err)
{
    const struct repo_job *j = &d->jobs.rows.v[o->job];
    const struct plm_package *p = &d->report->packages.v[o->package];
    plm_auto(plm_arena_free) struct plm_arena *a = plm_arena_new(PLM_MIB(64));
    if (!a)
        return plm_fail_oom(err);
    size_t named = 0;
    for (size_t i = newer_rows(d, j, source_version_of(p)); i-- > 0;) { /* oldest first: it fixed the flaw */
        if (!j->changes.v[i].cve.p)
            continue;
        named++;
        if (emit_change(d, e, o, i, a, err) < 0)
            return -1;
    }
    if (named || !j->suite->is_security)
        return 0;
    struct repo_hit hit = {.id = plm_arena_printf(a, "SECURITY-UPDATE:%.*s", PLM_SV_ARG(j->source)),
                           .title = PLM_SV("security update pending"),
                           .fixed = j->version};
    common_evidence(d, o, a, &hit);
    (void)plm_sv_vec_add(a, &hit.evidence,
                         j->is_known ? PLM_SV("its changelog names no CVE between the two versions")
                                     : PLM_SV("its changelog could not be read"));
    return plm_emit(e, &hit, err);
}

static int emit_all(struct deb *d, plm_err **err)
{
    struct repo_emit e;
    int r = plm_emit_init(&e, d->report, d->target, PLM_SV("deb"), err);
    /* Security suites first: their record is the one that decides. They are planned first. */
    for (int pass = 0; pass < 2 && r == 0; pass++)
        for (size_t i = 0; i < d->outdated.n && r == 0; i++)
            if (d->jobs.rows.v[d->outdated.v[i].job].suite->is_security == (pass == 0))
                r = emit_outdated(d, &e, &d->outdated.v[i], err);
    plm_emit_done(&e);
    return r;
}

/* ---- the target ------------------------------------------------------------------------------- */

static void load_one(void *arg)
{
    plm_suite_load(arg);
}

static int load_suites(struct deb *d, plm_err **err)
{
    bool has_mirror = false;
    for (size_t i = 0; i < d->suites_n; i++) {
        struct repo_suite *s = &d->suites[i];
        if (plm_repo_worker_init(&s->w, d->run, err) < 0)
            return -1;
        if (s->bases.n) {
            has_mirror = true;
            continue;
        }
        struct repo_note *n =
            plm_repo_note(&d->w.notes, "repo.no-mirror", PLM_SEV_MEDIUM, s->name,
                          "no mirror of %.*s is known for %.*s", PLM_SV_ARG(d->distro), PLM_SV_ARG(s->name));
        if (n)
            n->hint = plm_arena_printf(d->w.arena, "name one with the key repo.mirrors (distro: %.*s%s)",
                                       PLM_SV_ARG(d->distro), s->is_security ? ", kind: security" : "");
    }
    return has_mirror ? plm_repo_parallel(8, load_one, d->suites, d->suites_n, sizeof(d->suites[0]), err) : 0;
}

static void summarise(const struct deb *d, struct plm_repo_outcome *out)
{
    uint32_t last = PLM_NONE;
    for (size_t i = 0; i < d->suites_n; i++) {
        const struct repo_suite *s = &d->suites[i];
        if (!s->used)
            continue;
        out->is_covered |= s->is_security;
        if (!out->as_of || s->as_of < out->as_of)
            out->as_of = s->as_of;
        for (size_t p = 0; p < s->packages.n; p++)
            out->records += s->packages.v[p].index.count;
    }
    for (size_t i = 0; i < d->outdated.n; i++) {
        out->outdated += d->outdated.v[i].package != last;
        last = d->outdated.v[i].package;
    }
}

static int scan(struct deb *d, plm_sv codename, struct plm_repo_outcome *out, plm_err **err)
{
    if (plm_mirrors_plan(d->run, d->w.arena, d->distro, codename, d->run->opt->is_host, &d->w.notes,
                         &d->suites, &d->suites_n, err) < 0 ||
        find_archs(d, err) < 0 || load_suites(d, err) < 0 || compare_all(d, err) < 0 ||
        (d->jobs.rows.n && plm_changes_load(d->run, d->distro, &d->jobs, &d->w.notes, err) < 0) ||
        emit_all(d, err) < 0)
        return -1;
    summarise(d, out);
    return 0;
}

int plm_repo_deb(const struct repo_run *run, struct plm_report *r, uint32_t target, plm_sv distro,
                 struct plm_repo_outcome *out, plm_err **err)
{
    const struct plm_distro *os = &r->targets.v[target].distro;
    struct deb d = {.run = run,
                    .report = r,
                    .target = target,
                    .distro = distro,
                    .scheme = plm_scheme_find(PLM_SV("deb"))};
    if (!d.scheme)
        return plm_fail(err, PLM_E_INTERNAL, "no version scheme deb");
    plm_sv codename = plm_release_codename(distro, os->version);
    if (!codename.p)
        codename = os->codename;
    if (!codename.n) {
        plm_diag(r, "repo.no-mirror", PLM_SEV_MEDIUM, target, distro,
                 "which release of %.*s this is, is not known", PLM_SV_ARG(distro));
        return 0;
    }
    int result = plm_repo_worker_init(&d.w, run, err);
    if (result == 0)
        result = scan(&d, codename, out, err);
    for (size_t i = 0; i < d.suites_n; i++)
        plm_repo_notes_put(&d.suites[i].w.notes, r, target);
    for (size_t i = 0; i < d.jobs.workers_n; i++)
        plm_repo_notes_put(&d.jobs.workers[i].notes, r, target);
    plm_repo_notes_put(&d.w.notes, r, target);
    plm_jobs_done(&d.jobs);
    for (size_t i = 0; i < d.suites_n; i++)
        plm_suite_done(&d.suites[i]);
    plm_repo_worker_done(&d.w);
    return result;
}
