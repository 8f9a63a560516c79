/* SPDX-License-Identifier: Apache-2.0
 *
 * Licenses: those of packages as SPDX expressions, those that files of the image state, and findings by the
 * lists of the configuration (license.allow, license.deny).
 *
 * A package's licenses all hold (Debian's copyright file has one for each part), so the worst decides; within
 * an expression the better arm of an OR. facts.packages[].license keeps the words of the package,
 * blank-separated, since rules of other tools' bundles compare those. License files are judged by fingerprint
 * (license_texts.c) and count as objects of their own: they belong to applications, which no package
 * database knows.
 */
#include "base/map.h"
#include "catalog/catalog.h"
#include "codec/spdx.h"
#include "inspect/inspect.h"
#include "inspect/license_texts.h"

enum { FILE_MAX = 1024 * 1024, NAMES_SHOWN = 5 };

/* ---- license files -------------------------------------------------------------------------- */

static int extract(const struct plm_entry *e, plm_sv content, struct plm_extract_out *out, plm_err **err)
{
    (void)e;
    plm_buf_byte(&out->facts, 1);
    plm_buf_sv_put(&out->facts, plm_license_of_text(content));
    return plm_buf_check(&out->facts, err);
}

/* What packages of distributions bring is known from their databases. */
static bool wants(const void *state, const struct plm_entry *e)
{
    (void)state;
    return e->size > 0 && !plm_sv_starts(e->path, PLM_SV("usr/share/doc/")) &&
           !plm_sv_starts(e->path, PLM_SV("usr/share/common-licenses/"));
}

static const char *const globs[] = {"usr/share/licenses/**",
                                    "**/LICENSE",
                                    "**/LICENSE.txt",
                                    "**/LICENSE.md",
                                    "**/LICENCE",
                                    "**/LICENCE.txt",
                                    "**/LICENSE-MIT",
                                    "**/LICENSE-APACHE",
                                    "**/LICENSE.rst",
                                    "**/license",
                                    "**/license.txt",
                                    "**/License.txt",
                                    "**/COPYING",
                                    "**/COPYING.LESSER",
                                    "**/COPYING.LIB",
                                    "**/COPYING.txt",
                                    "**/UNLICENSE",
                                    NULL};
static const struct plm_extractor license_files = {
    .id = "license-files",
    .summary = "license texts, by fingerprint",
    .version = 1,
    .globs = globs,
    .max_bytes = FILE_MAX,
    .extract = extract,
    .wants = wants,
    .skips_large = true, /* no license text is that long */
};
static const struct plm_extractor *const extractors[] = {&plm_dpkg_license_extractor, &license_files, NULL};

/* ---- findings -------------------------------------------------------------------------------- */

struct run {
    struct plm_inspection *in;
    struct plm_spdx_list allow, deny;
    plm_sv_vec none, odd; /* packages without a license; texts that are not in the list */
    size_t n_none, n_odd;
};

static void evidence(struct plm_arena *a, struct plm_finding *f, plm_sv label, plm_sv text)
{
    plm_sv_vec_add(a, &f->evidence, plm_arena_printf(a, "%.*s: %.*s", PLM_SV_ARG(label), PLM_SV_ARG(text)));
}

static enum plm_severity severity_of(const struct run *run, enum plm_spdx_verdict v)
{
    enum plm_severity s = run->in->opt->license_severity;
    s = s == PLM_SEV_UNKNOWN ? PLM_SEV_HIGH : s;
    return v == PLM_SPDX_DENIED || s <= PLM_SEV_NEGLIGIBLE ? s : s - 1;
}

/* NULL where the lists have nothing against it. */
static struct plm_finding *judge(struct run *run, const struct plm_spdx *e, plm_sv who)
{
    struct plm_arena *a = run->in->report->arena;
    const struct plm_spdx *which = NULL;
    enum plm_spdx_verdict v = plm_spdx_judge(e, &run->allow, &run->deny, &which);
    if (v == PLM_SPDX_OK || !which)
        return NULL;
    struct plm_finding *f = plm_report_finding(run->in->report, run->in->target, PLM_KIND_LICENSE);
    if (!f)
        return NULL;
    f->id = plm_arena_sv(a, which->id);
    f->severity = severity_of(run, v);
    f->title =
        plm_arena_printf(a, "%.*s has the license %.*s, which is %s", PLM_SV_ARG(who), PLM_SV_ARG(which->id),
                         v == PLM_SPDX_DENIED ? "denied" : "not among those that are allowed");
    f->object = plm_arena_sv(a, who);
    f->remediation =
        PLM_SV("leave the package out or replace it; or, if the license is accepted here, put it into "
               "license.allow or make an exception");
    evidence(a, f, PLM_SV("expression"), plm_spdx_text(e, a));
    return f;
}

/* ---- packages -------------------------------------------------------------------------------- */

static void remember(struct plm_arena *a, plm_sv_vec *list, size_t *count, plm_sv name)
{
    if (++*count <= NAMES_SHOWN)
        plm_sv_vec_add(a, list, name);
}

/* Replaces the texts of a package by expressions; *out is the one that holds all of them, or NULL. */
static int normalise(struct run *run, struct plm_package *p, const struct plm_spdx **out, plm_err **err)
{
    struct plm_arena *a = run->in->report->arena;
    plm_sv_vec texts = {0};
    PLM_VEC(const struct plm_spdx *) arms = {0};
    for (size_t i = 0; i < p->licenses.n; i++) {
        const struct plm_spdx *e = NULL;
        bool is_known = false;
        if (plm_spdx_normalise(p->licenses.v[i], a, &e, &is_known, err) < 0)
            return -1;
        if (!is_known)
            remember(a, &run->odd, &run->n_odd, p->licenses.v[i]);
        if (!e)
            continue;
        const struct plm_spdx **slot = plm_vec_push(a, &arms);
        if (slot)
            *slot = e;
        plm_sv_vec_add(a, &texts, plm_spdx_text(e, a));
    }
    plm_sv_vec_sort_unique(&texts);
    p->licenses = texts;
    struct plm_spdx *all = arms.n > 1 ? plm_arena_make(a, struct plm_spdx) : NULL;
    if (all) {
        all->kind = PLM_SPDX_AND;
        all->arms.v = arms.v;
        all->arms.n = arms.n;
    }
    *out = arms.n > 1 ? all : arms.n ? arms.v[0] : NULL;
    return plm_arena_check(a, err);
}

static int judge_package(struct run *run, uint32_t index, plm_err **err)
{
    struct plm_report *r = run->in->report;
    const struct plm_spdx *e = NULL;
    if (normalise(run, &r->packages.v[index], &e, err) < 0)
        return -1;
    const struct plm_package *p = &r->packages.v[index];
    if (!e) {
        remember(r->arena, &run->none, &run->n_none, p->name);
        return 0;
    }
    struct plm_finding *f = run->in->opt->wants[PLM_KIND_LICENSE] ? judge(run, e, p->name) : NULL;
    if (f) {
        f->package = index;
        f->path = p->locations.n ? p->locations.v[0].path : PLM_SV_NULL;
        f->layer = p->locations.n ? p->locations.v[0].layer : PLM_NONE;
    }
    return plm_arena_check(r->arena, err);
}

/* ---- facts ------------------------------------------------------------------------------------- */

/* "GPL-2+ or Artistic" and "BSD": one text of words, as rules compare them. Before the texts are normalised.
 */
static int note_facts(struct run *run, plm_err **err)
{
    struct plm_inspection *in = run->in;
    plm_auto(plm_map_free) struct plm_map *by_name = plm_map_new();
    if (!by_name)
        return plm_fail_oom(err);
    for (size_t i = 0; i < in->facts->packages.n; i++) {
        void **slot = plm_map_put(by_name, in->facts->packages.v[i].name);
        if (!slot)
            return plm_fail_oom(err);
        *slot = &in->facts->packages.v[i];
    }
    for (size_t i = 0; i < in->report->packages.n; i++) {
        const struct plm_package *p = &in->report->packages.v[i];
        struct plm_fact_package *to = p->target == in->target ? plm_map_get(by_name, p->name) : NULL;
        if (!to || !p->licenses.n)
            continue;
        plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(PLM_MIB(1));
        for (size_t k = 0; k < p->licenses.n; k++) {
            plm_buf_str(&b, k ? " " : "");
            plm_buf_sv_put(&b, p->licenses.v[k]);
        }
        if (plm_buf_check(&b, err) < 0)
            return -1;
        to->license = plm_arena_sv(in->facts->arena, plm_buf_sv(&b));
    }
    in->facts->known |= PLM_FACT_LICENSES;
    return plm_arena_check(in->facts->arena, err);
}

/* ---- all of it ----------------------------------------------------------------------------------- */

static void put_names(struct plm_buf *b, const plm_sv_vec *names, size_t n)
{
    for (size_t i = 0; i < names->n; i++)
        plm_buf_printf(b, "%s%.*s", i ? ", " : "", PLM_SV_ARG(names->v[i]));
    if (n > names->n)
        plm_buf_printf(b, " and %zu more", n - names->n);
}

static void note(struct run *run, const char *code, enum plm_severity severity, const char *what,
                 const plm_sv_vec *names, size_t n)
{
    plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(PLM_KIB(64));
    if (!n || !run->in->opt->wants[PLM_KIND_LICENSE])
        return;
    put_names(&b, names, n);
    plm_sv text = plm_buf_sv(&b);
    plm_diag(run->in->report, code, severity, run->in->target, PLM_SV_NULL, "%zu %s: %.*s", n, what,
             PLM_SV_ARG(text));
}

static int judge_files(struct run *run, plm_err **err)
{
    struct plm_arena *a = run->in->report->arena;
    for (size_t i = 0; i < run->in->analysis->facts.n; i++) {
        const struct plm_facts *f = &run->in->analysis->facts.v[i];
        if (f->extractor != &license_files || !f->visible)
            continue;
        plm_sv id = plm_sv_from_off(f->data, 1);
        const struct plm_spdx *e = NULL;
        if (!id.n) {
            remember(a, &run->odd, &run->n_odd, plm_arena_sv(a, f->path));
            continue;
        }
        if (plm_spdx_normalise(id, a, &e, NULL, err) < 0)
            return -1;
        struct plm_finding *x = e ? judge(run, e, f->path) : NULL;
        if (x) {
            x->path = plm_arena_sv(a, f->path);
            x->layer = f->layer;
        }
    }
    return plm_arena_check(a, err);
}

static bool is_wanted(const struct plm_inspect_options *opt)
{
    return opt->wants[PLM_KIND_LICENSE] || opt->want_licenses;
}

static int inspect(struct plm_inspection *in, plm_err **err)
{
    const struct plm_inspect_options *opt = in->opt;
    struct run run = {.in = in,
                      .allow = {opt->license_allow.v, opt->license_allow.n},
                      .deny = {opt->license_deny.v, opt->license_deny.n}};
    if (note_facts(&run, err) < 0)
        return -1;
    for (uint32_t i = 0; i < in->report->packages.n; i++)
        if (in->report->packages.v[i].target == in->target && judge_package(&run, i, err) < 0)
            return -1;
    if (opt->wants[PLM_KIND_LICENSE] && judge_files(&run, err) < 0)
        return -1;
    note(&run, "license.none", opt->license_allow.n ? PLM_SEV_MEDIUM : PLM_SEV_LOW,
         "packages have no license that is known", &run.none, run.n_none);
    note(&run, "license.not-normalised", PLM_SEV_LOW,
         "licenses and license files are not in the SPDX list or were not recognised", &run.odd, run.n_odd);
    return plm_arena_check(in->report->arena, err);
}

static const struct plm_inspector licenses = {
    .id = "licenses",
    .summary = "licenses of packages and license files, against the lists of allowed and denied ones",
    .extractors = extractors,
    .is_wanted = is_wanted,
    .inspect = inspect,
    .order = 15,
};
PLM_REGISTER(plm_inspectors, struct plm_inspector, licenses);
