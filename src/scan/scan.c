/* SPDX-License-Identifier: Apache-2.0
 *
 * The pipeline for one source, and what is done once after the last.
 *
 * An analysis dies when its source is done, so everything that the report keeps of it is
 * copied into the report's arena.
 */
#include "scan/scan_int.h"

#include "base/map.h"
#include "catalog/catalog.h"

/* ---- copying what an analysis found -------------------------------------------------------- */

static int copy_target(struct plm_report *r, const struct plm_target *from, const struct plm_source *src,
                       plm_err **err)
{
    struct plm_arena *a = r->arena;
    struct plm_target *t = plm_report_target(r);
    if (!t)
        return plm_arena_check(a, err);
    *t = (struct plm_target){
        .id = plm_arena_sv(a, from->id),
        .scheme = plm_arena_sv(a, from->scheme.p ? from->scheme : src->scheme),
        .reference = plm_arena_sv(a, from->reference.p ? from->reference : src->reference),
        .tag = plm_arena_sv(a, from->tag),
        .digest = plm_arena_sv(a, from->digest),
        .image_id = plm_arena_sv(a, from->image_id),
        .platform = plm_arena_sv(a, from->platform),
        .created = from->created,
        .layers_cached = from->layers_cached,
        .is_incomplete = from->is_incomplete,
    };
    if (!t->id.n)
        t->id = plm_arena_printf(a, "%.*s:%.*s", PLM_SV_ARG(t->scheme), PLM_SV_ARG(t->reference));
    for (size_t i = 0; i < from->layers.n; i++) {
        struct plm_layer *l = plm_vec_push(a, &t->layers);
        if (!l)
            break;
        *l = from->layers.v[i];
        l->digest = plm_arena_sv(a, l->digest);
        l->diff_id = plm_arena_sv(a, l->diff_id);
        l->created_by = plm_arena_sv(a, l->created_by);
    }
    return plm_arena_check(a, err);
}

static int copy_diagnostics(struct plm_report *r, const struct plm_analysis *a, uint32_t target,
                            plm_err **err)
{
    for (size_t i = 0; i < a->diagnostics.n; i++) {
        const struct plm_diagnostic *from = &a->diagnostics.v[i];
        char *code = plm_arena_cstr(r->arena, from->code);
        struct plm_diagnostic *d =
            code ? plm_diag(r, code, from->severity, target, from->object, "%.*s", PLM_SV_ARG(from->message))
                 : NULL;
        if (d)
            d->hint = plm_arena_sv(r->arena, from->hint);
    }
    return plm_arena_check(r->arena, err);
}

/* ---- the base image ------------------------------------------------------------------------- */

/* By digests that were verified: a config that merely claims the base's diff ids makes no base. */
static bool is_same_layer(const struct plm_layer *a, const struct plm_layer *b)
{
    if (a->is_diff_id_verified && b->is_diff_id_verified)
        return plm_sv_eq(a->diff_id, b->diff_id);
    return a->digest.n && plm_sv_eq(a->digest, b->digest);
}

static int mark_base(const struct plm_ctx *ctx, const struct plm_scan_options *opt, struct plm_report *r,
                     uint32_t target, plm_err **err)
{
    if (!opt->base.p)
        return plm_scan_detect_base(ctx, &r->targets.v[target], err);
    plm_auto(plm_arena_free) struct plm_arena *scratch = plm_arena_new(PLM_ARENA_NO_LIMIT);
    char *word = scratch ? plm_arena_cstr(scratch, opt->base) : NULL;
    if (!word)
        return plm_fail_oom(err);
    struct plm_image_options io = opt->image;
    io.n_extractors = 0;
    plm_auto(plm_analysis_free) struct plm_analysis *base = plm_scan_open(ctx, word, &io, scratch, NULL, err);
    if (!base)
        return plm_wrap(err, "--base");
    struct plm_target *t = &r->targets.v[target];
    size_t n = base->target.layers.n;
    bool is_prefix = n <= t->layers.n;
    for (size_t i = 0; i < n && is_prefix; i++)
        is_prefix = is_same_layer(&base->target.layers.v[i], &t->layers.v[i]);
    if (!is_prefix || n == 0) {
        plm_diag(r, "base.not-a-prefix", PLM_SEV_MEDIUM, target, opt->base,
                 "the layers of %.*s are not the lowest layers of this image: nothing counts as base",
                 PLM_SV_ARG(opt->base));
        return 0;
    }
    for (size_t i = 0; i < n; i++)
        t->layers.v[i].is_base = true;
    return 0;
}

static void mark_findings(struct plm_report *r, uint32_t target)
{
    const struct plm_target *t = &r->targets.v[target];
    for (size_t i = 0; i < r->findings.n; i++) {
        struct plm_finding *f = &r->findings.v[i];
        if (f->target == target && f->layer < t->layers.n)
            f->is_base = t->layers.v[f->layer].is_base;
    }
}

/* ---- one source ----------------------------------------------------------------------------- */

/* What decides the code, id and hint of several failures: what can be mended, before "not there". */
static int weight(enum plm_code code)
{
    return code == PLM_E_NOTFOUND ? 1 : code == PLM_E_NET ? 0 : 2;
}

/* Every place that was tried, with its cause. Takes the errors. */
static int fail_all(plm_err **tried, size_t n, plm_err **err)
{
    plm_auto_done(plm_buf_done) struct plm_buf text = PLM_BUF(PLM_KIB(64));
    size_t main_one = 0;
    for (size_t i = 0; i < n; i++) {
        plm_auto_free char *one = plm_err_text(tried[i]);
        plm_buf_printf(&text, "%s%s", i ? "; " : "", one ? one : "out of memory");
        if (weight(plm_err_code(tried[i])) > weight(plm_err_code(tried[main_one])))
            main_one = i;
    }
    const char *hint = plm_err_hint_get(tried[main_one]);
    int r = n == 1 ? plm_err_move(err, &tried[0])
                   : plm_fail_id(err, plm_err_code(tried[main_one]), plm_err_id(tried[main_one]), "%.*s",
                                 PLM_SV_ARG(plm_buf_sv(&text)));
    if (n > 1 && hint)
        plm_err_hint(err, "%s", hint);
    for (size_t i = 0; i < n; i++)
        plm_err_free(tried[i]);
    return r;
}

struct plm_analysis *plm_scan_open(const struct plm_ctx *ctx, const char *word,
                                   const struct plm_image_options *io, struct plm_arena *a,
                                   struct plm_source *out_source, plm_err **err)
{
    struct plm_sources s;
    plm_err *tried[sizeof(s.v) / sizeof(s.v[0])];
    size_t n = 0;
    if (plm_source_parse(ctx, word, a, &s, err) < 0)
        return NULL;
    for (size_t i = 0; i < s.n; i++) {
        if (i && s.v[i].kind == PLM_SRC_PODMAN && (io->host.n || io->context.n))
            continue; /* the engine was named: no other one is asked */
        tried[n] = NULL;
        struct plm_analysis *an = plm_image_analyze(ctx, &s.v[i], io, &tried[n]);
        enum plm_code code = plm_err_code(tried[n]);
        if (!an && code != PLM_E_USAGE && code != PLM_E_CANCEL) {
            n++;
            continue;
        }
        if (an && out_source)
            *out_source = s.v[i];
        if (!an)
            (void)plm_err_move(err, &tried[n]);
        for (size_t k = 0; k < n; k++)
            plm_err_free(tried[k]);
        return an;
    }
    return PLM_NULL(n ? fail_all(tried, n, err) : plm_fail(err, PLM_E_NOTFOUND, "%s: nothing to try", word));
}

static int add_repository(const struct plm_ctx *ctx, const struct plm_source *src,
                          const struct plm_scan_options *opt, struct plm_report *r, uint32_t target,
                          plm_err **err)
{
    if (!opt->repo)
        return 0;
    struct plm_repo_outcome got = {0};
    struct plm_repo_options repo = *opt->repo;
    repo.outcome = &got;
    repo.is_host = src->kind == PLM_SRC_HOST || (src->kind == PLM_SRC_DIR && plm_sv_is(src->reference, "/"));
    repo.root = src->kind == PLM_SRC_DIR ? src->reference : opt->image.root;
    if (plm_repo_scan(ctx, &repo, r, target, err) < 0)
        return -1;
    r->targets.v[target].repo_as_of = got.is_covered ? got.as_of : 0;
    return 0;
}

/* The repository first: whether it covers the target decides how much a hole in the store weighs. */
static int add_vulnerabilities(const struct plm_ctx *ctx, const struct plm_source *src,
                               const struct plm_scan_options *opt, struct plm_report *r, uint32_t target,
                               plm_err **err)
{
    if (add_repository(ctx, src, opt, r, target, err) < 0)
        return -1;
    struct plm_match_options match = opt->match;
    match.is_covered_elsewhere = r->targets.v[target].repo_as_of != 0;
    return plm_match_target(ctx, opt->db, r, target, &match, err);
}

static int judge_analysis(const struct plm_ctx *ctx, const struct plm_source *src,
                          const struct plm_scan_options *opt, const struct plm_analysis *a,
                          struct plm_report *r, plm_err **err)
{
    uint32_t target = (uint32_t)r->targets.n;
    unsigned flags =
        (opt->want_owned ? PLM_CATALOG_OWNED : 0u) | (opt->all_layers ? PLM_CATALOG_ALL_LAYERS : 0u);
    if (copy_target(r, &a->target, src, err) < 0 || copy_diagnostics(r, a, target, err) < 0)
        return -1;
    if (plm_catalog_collect(ctx, a, flags, r, target, err) < 0)
        return plm_wrap(err, "packages of %.*s", PLM_SV_ARG(src->reference));
    if (mark_base(ctx, opt, r, target, err) < 0)
        return -1;
    if (opt->want_vulnerabilities && add_vulnerabilities(ctx, src, opt, r, target, err) < 0)
        return -1;
    if (plm_scan_inspects(opt, src->kind) && plm_scan_inspect(ctx, src, opt, a, r, target, err) < 0)
        return -1;
    mark_findings(r, target);
    return 0;
}

/* The image options with what the inspectors read, if they run for this source. */
static int image_options(const struct plm_scan_options *opt, enum plm_scheme_kind kind, struct plm_arena *a,
                         struct plm_image_options *out, plm_err **err)
{
    *out = opt->image;
    return plm_scan_inspects(opt, kind) ? plm_inspect_prepare(&opt->inspect, a, out, err) : 0;
}

int plm_scan_source(const struct plm_ctx *ctx, const struct plm_source *src,
                    const struct plm_scan_options *opt, struct plm_report *r, plm_err **err)
{
    struct plm_image_options io;
    if (plm_scan_is_text(src->kind))
        return plm_scan_text(ctx, src, opt, r, err);
    if (image_options(opt, src->kind, r->arena, &io, err) < 0)
        return -1;
    plm_auto(plm_analysis_free) struct plm_analysis *a = plm_image_analyze(ctx, src, &io, err);
    return a ? judge_analysis(ctx, src, opt, a, r, err) : -1;
}

int plm_scan_word(const struct plm_ctx *ctx, const char *word, const struct plm_scan_options *opt,
                  struct plm_report *r, plm_err **err)
{
    struct plm_source src;
    struct plm_sources meant;
    struct plm_image_options io;
    /* a word of several meanings names an image in all of them */
    if (plm_source_parse(ctx, word, r->arena, &meant, err) < 0)
        return -1;
    if (plm_scan_is_text(meant.v[0].kind))
        return plm_scan_text(ctx, &meant.v[0], opt, r, err);
    if (image_options(opt, meant.v[0].kind, r->arena, &io, err) < 0)
        return -1;
    plm_auto(plm_analysis_free) struct plm_analysis *a = plm_scan_open(ctx, word, &io, r->arena, &src, err);
    return a ? judge_analysis(ctx, &src, opt, a, r, err) : -1;
}

/* ---- once, after the last source -------------------------------------------------------------- */

static int suppress(struct plm_report *r, struct plm_finding *f, const char *by, const char *reason,
                    plm_err **err)
{
    struct plm_suppressed *s = plm_arena_make(r->arena, struct plm_suppressed);
    if (!s)
        return plm_arena_check(r->arena, err);
    *s = (struct plm_suppressed){.by = plm_sv_from(by), .reason = plm_sv_from(reason)};
    f->suppressed = s;
    return 0;
}

static int keep_only_fixed(struct plm_report *r, plm_err **err)
{
    for (size_t i = 0; i < r->findings.n; i++) {
        struct plm_finding *f = &r->findings.v[i];
        if (f->kind == PLM_KIND_VULNERABILITY && f->fix != PLM_FIX_FIXED && !f->suppressed &&
            suppress(r, f, "only-fixed", "no fix is available", err) < 0)
            return -1;
    }
    return 0;
}

/* New is what the old report does not have, or has with a lower severity. */
static int mark_new(struct plm_report *r, const struct plm_report *before, plm_err **err)
{
    plm_auto(plm_map_free) struct plm_map *old = plm_map_new();
    if (!old)
        return plm_fail_oom(err);
    for (size_t i = 0; i < before->findings.n; i++) {
        const struct plm_finding *f = &before->findings.v[i];
        void **slot = f->suppressed ? NULL : plm_map_put(old, f->key);
        if (slot)
            *slot = (void *)(uintptr_t)(f->severity + 1u);
        else if (!f->suppressed)
            return plm_fail_oom(err);
    }
    for (size_t i = 0; i < r->findings.n; i++) {
        struct plm_finding *f = &r->findings.v[i];
        uintptr_t was = (uintptr_t)plm_map_get(old, f->key);
        f->is_new = was == 0 || was < f->severity + 1u;
        if (!f->is_new && !f->suppressed &&
            suppress(r, f, "against", "already in the report that this one is compared with", err) < 0)
            return -1;
    }
    return 0;
}

static int add_feed_rows(const struct plm_db *db, struct plm_report *r, plm_err **err)
{
    if (!db)
        return 0;
    r->db_built = plm_db_built(db);
    for (size_t i = 0; i < plm_db_feed_count(db); i++) {
        struct plm_db_feed_info info;
        plm_db_feed(db, i, &info);
        struct plm_feed_row *row = plm_vec_push(r->arena, &r->feeds);
        if (row)
            *row = (struct plm_feed_row){
                .name = plm_arena_sv(r->arena, info.name), .as_of = info.as_of, .records = info.records};
    }
    return plm_arena_check(r->arena, err);
}

int plm_scan_finish(const struct plm_ctx *ctx, const struct plm_scan_options *opt,
                    const struct plm_report *before, struct plm_report *r, plm_err **err)
{
    if (add_feed_rows(opt->db, r, err) < 0 || plm_findings_merge(r, err) < 0)
        return -1;
    if (plm_report_finish(r, err) < 0) /* keys, which exceptions and comparisons go by */
        return -1;
    if (opt->exceptions && plm_exceptions_apply(ctx, opt->exceptions, r, err) < 0)
        return -1;
    /* A policy may use those that no finding needs; whoever judges by one says what is left over. */
    if (opt->exceptions && !opt->exceptions_later && plm_exceptions_note(ctx, opt->exceptions, r, err) < 0)
        return -1;
    if (opt->only_fixed && keep_only_fixed(r, err) < 0)
        return -1;
    if (before && mark_new(r, before, err) < 0)
        return -1;
    return plm_report_finish(r, err) < 0 ? -1 : plm_scan_fill_facts(opt, r, err);
}

/* INT64_MAX where neither the store nor a repository covers the target. Feeds without a date do cover: that
 * their age is not known is said by plm_match_target. */
static int64_t target_age(const struct plm_ctx *ctx, const struct plm_db *db, const plm_sv_vec *channels,
                          const struct plm_target *t)
{
    int64_t as_of = t->repo_as_of, of_db, now = plm_now(ctx);
    bool is_in_db = db && plm_db_covers(db, t->distro.ecosystem, channels);
    if (is_in_db && plm_db_as_of(db, t->distro.ecosystem, channels, &of_db) && (!as_of || of_db < as_of))
        as_of = of_db;
    if (!as_of)
        return is_in_db ? 0 : INT64_MAX;
    return now > as_of ? now - as_of : 0;
}

bool plm_scan_data_age(const struct plm_ctx *ctx, const struct plm_db *db, const plm_sv_vec *channels,
                       const struct plm_report *r, int64_t *out)
{
    int64_t worst = -1;
    for (size_t i = 0; i < r->targets.n; i++) {
        if (!r->targets.v[i].distro.ecosystem.n)
            continue;
        int64_t age = target_age(ctx, db, channels, &r->targets.v[i]);
        worst = age > worst ? age : worst;
    }
    *out = worst;
    return worst >= 0;
}
