/* SPDX-License-Identifier: Apache-2.0
 *
 * A plan to an analysis: all layers in parallel, largest first; the merge; facts and whether they are
 * visible.
 *
 * Two cases need a second look at a layer, with the resolved name as an extra want (design.md 5.3): a wanted
 * name that is a hard link to a file that nobody wanted, which the record itself says, and a fixed path that
 * leads through symbolic links of the merged view, which is found out here.
 */
#include "image/run.h"

#include "base/pool.h"
#include "base/progress.h"
#include "image/merge.h"
#include "image/worker.h"

enum { ROUNDS_MAX = 8, LINKS_MAX = 40 };

/* ---- what the merged view says about some paths ------------------------------------------------------ */

struct interest {
    bool is_there;
    enum plm_entry_type type;
    plm_sv link;
    uint32_t layer;
};

/* A fixed path of an extractor that lies elsewhere. */
struct alias {
    uint32_t extractor, layer;
    plm_sv as, real;
};

struct run {
    const struct plm_ctx *ctx;
    const struct plm_image_options *opt;
    struct plm_plan *plan;
    struct plm_layer_run *layers;
    size_t n;
    struct plm_arena *arena; /* scratch */
    struct plm_map *interests;
    PLM_VEC(struct alias) aliases;
    plm_sv_vec loops; /* fixed paths that lead round */
    uint64_t entries;
    atomic_uint done;
};

static struct interest *interest_get(struct run *r, plm_sv path, bool *out_is_new)
{
    struct interest *have = plm_map_get(r->interests, path);
    if (have)
        return have;
    plm_sv kept = plm_arena_sv(r->arena, path);
    void **slot = kept.p ? plm_map_put(r->interests, kept) : NULL;
    if (!slot)
        return NULL;
    *out_is_new = true;
    return *slot = plm_arena_make(r->arena, struct interest);
}

enum resolution { RESOLVED, ABSENT, UNKNOWN, LOOP, FAILED };

/* Follows a path through what is known of the merged view; real is canonical. UNKNOWN: one more pass is
 * needed. */
static enum resolution resolve(struct run *r, plm_sv path, struct plm_buf *real, struct interest *out)
{
    plm_auto_done(plm_buf_done) struct plm_buf todo = PLM_BUF(PLM_KIB(64));
    plm_buf_sv_put(&todo, path);
    for (unsigned links = 0; links <= LINKS_MAX; links++) {
        plm_buf_clear(real);
        plm_sv rest = plm_buf_sv(&todo), part;
        bool is_spliced = false, is_new = false;
        struct interest *at = NULL;
        while (!is_spliced && plm_sv_field(&rest, '/', &part)) {
            if (part.n == 0 || plm_sv_is(part, "."))
                continue;
            size_t before = real->n;
            if (plm_sv_is(part, "..")) {
                size_t slash = plm_sv_rfind(plm_buf_sv(real), '/');
                real->n = slash == SIZE_MAX ? 0 : slash;
                continue;
            }
            if (real->n)
                plm_buf_byte(real, '/');
            plm_buf_sv_put(real, part);
            at = real->failed ? NULL : interest_get(r, plm_buf_sv(real), &is_new);
            if (!at)
                return FAILED;
            if (!is_new && !at->is_there)
                return ABSENT;
            if (is_new || at->type != PLM_ENTRY_SYMLINK)
                continue;
            plm_auto_done(plm_buf_done) struct plm_buf next = PLM_BUF(PLM_KIB(64));
            if (at->link.n && at->link.p[0] != '/') {
                plm_buf_put(&next, real->p, before);
                plm_buf_byte(&next, '/');
            }
            plm_buf_sv_put(&next, at->link);
            if (rest.p) {
                plm_buf_byte(&next, '/');
                plm_buf_sv_put(&next, rest);
            }
            if (next.failed)
                return LOOP;
            struct plm_buf swap = todo;
            todo = next;
            next = swap;
            is_spliced = true;
        }
        if (is_new)
            return UNKNOWN;
        if (!is_spliced) {
            if (at)
                *out = *at;
            return at ? RESOLVED : ABSENT;
        }
    }
    return LOOP;
}

static struct plm_merge *merge_all(struct run *r, plm_err **err)
{
    struct plm_record *records = plm_arena_array(r->arena, r->n, sizeof(*records));
    if (!records)
        return PLM_NULL(plm_fail_oom(err));
    for (size_t i = 0; i < r->n; i++)
        records[i] = r->layers[i].record;
    return plm_merge_new(records, r->n, err);
}

/* One pass over the merged view: fills the interests, counts entries. */
static int pass(struct run *r, plm_err **err)
{
    plm_auto(plm_merge_free) struct plm_merge *m = merge_all(r, err);
    if (!m)
        return -1;
    struct plm_record_entry e;
    uint32_t layer;
    int got;
    for (r->entries = 0; (got = plm_merge_next(m, &e, &layer)) > 0; r->entries++) {
        struct interest *in = plm_map_get(r->interests, e.path);
        if (!in)
            continue;
        *in = (struct interest){.is_there = true, .type = e.type, .layer = layer};
        if (e.link.n)
            in->link = plm_arena_sv(r->arena, e.link);
    }
    return got < 0 ? plm_fail_oom(err) : 0;
}

/* ---- fixed paths through links ------------------------------------------------------------------------- */

static bool wants_path(const struct plm_extractor *ex, plm_sv path)
{
    for (const char *const *g = ex->globs; *g; g++)
        if (plm_sv_glob(plm_sv_from(*g), path))
            return true;
    return false;
}

static int add_alias(struct run *r, uint32_t extractor, plm_sv as, plm_sv real, const struct interest *in,
                     plm_err **err)
{
    struct alias *a = plm_vec_push(r->arena, &r->aliases);
    if (a)
        *a = (struct alias){.extractor = extractor,
                            .layer = in->layer,
                            .as = as,
                            .real = plm_arena_sv(r->arena, in->type == PLM_ENTRY_HARDLINK ? in->link : real)};
    return plm_arena_check(r->arena, err);
}

/* 1 when some path is not known yet. */
static int resolve_extractor(struct run *r, uint32_t index, plm_err **err)
{
    const struct plm_extractor *ex = r->opt->extractors[index];
    plm_auto_done(plm_buf_done) struct plm_buf real = PLM_BUF(PLM_KIB(64));
    int unknown = 0;
    for (const char *const *g = ex->globs; *g; g++) {
        plm_sv path = plm_sv_from(*g);
        if (plm_glob_literal(path) != path.n)
            continue;
        struct interest in = {0};
        switch (resolve(r, path, &real, &in)) {
        case RESOLVED:
            if ((in.type == PLM_ENTRY_FILE || in.type == PLM_ENTRY_HARDLINK) &&
                !plm_sv_eq(path, plm_buf_sv(&real)) && !wants_path(ex, plm_buf_sv(&real)) &&
                add_alias(r, index, path, plm_buf_sv(&real), &in, err) < 0)
                return -1;
            break;
        case UNKNOWN:
            unknown = 1;
            break;
        case LOOP:
            plm_sv_vec_add(r->arena, &r->loops, path);
            break;
        case FAILED:
            return plm_fail_oom(err);
        case ABSENT:
            break;
        }
    }
    return unknown;
}

/* Most systems keep /lib and /bin under /usr: what lies behind that is looked at in the first pass. */
static int expect_merged_usr(struct run *r, plm_err **err)
{
    static const plm_sv moved[] = {{"bin/", 4}, {"sbin/", 5}, {"lib/", 4}, {"lib64/", 6}};
    for (size_t i = 0; i < r->opt->n_extractors; i++)
        for (const char *const *g = r->opt->extractors[i]->globs; *g; g++)
            for (size_t k = 0; k < sizeof(moved) / sizeof(moved[0]); k++) {
                plm_sv path = plm_sv_from(*g);
                if (!plm_sv_starts(path, moved[k]) || plm_glob_literal(path) != path.n)
                    continue;
                plm_auto_done(plm_buf_done) struct plm_buf real = PLM_BUF(PLM_KIB(64));
                plm_sv below = plm_arena_printf(r->arena, "usr/%.*s", PLM_SV_ARG(path));
                struct interest in;
                if (resolve(r, below, &real, &in) == FAILED)
                    return plm_fail_oom(err);
            }
    return 0;
}

/* Fact paths are interests too: whether a fact is visible is what the view says about its path. */
static int expect_facts(struct run *r, plm_err **err)
{
    bool ignored;
    for (size_t i = 0; i < r->n; i++)
        for (size_t k = 0; k < r->layers[i].record.n_facts; k++)
            if (!interest_get(r, r->layers[i].record.facts[k].path, &ignored))
                return plm_fail_oom(err);
    return 0;
}

static int view(struct run *r, plm_err **err)
{
    if (expect_facts(r, err) < 0 || expect_merged_usr(r, err) < 0)
        return -1;
    for (unsigned round = 0; round < ROUNDS_MAX; round++) {
        int unknown = 0;
        r->aliases.n = r->loops.n = 0;
        for (size_t i = 0; i < r->opt->n_extractors; i++) {
            int one = resolve_extractor(r, (uint32_t)i, err);
            if (one < 0)
                return -1;
            unknown |= one;
        }
        if (!unknown && round)
            return 0;
        if (pass(r, err) < 0)
            return -1;
    }
    return 0;
}

/* ---- layers -------------------------------------------------------------------------------------------- */

struct task {
    struct run *r;
    struct plm_layer_run *layer;
};

static void run_task(void *arg)
{
    struct task *t = arg;
    plm_layer_run(t->layer);
    unsigned done = atomic_fetch_add(&t->r->done, 1) + 1;
    plm_progress_step(t->r->ctx->progress, "reading layers", done, t->r->n);
}

static int largest_first(const void *pa, const void *pb)
{
    const struct task *a = pa, *b = pb;
    uint64_t na = a->layer->layer->bytes, nb = b->layer->layer->bytes;
    if (na != nb)
        return na > nb ? -1 : 1;
    return (a->layer > b->layer) - (a->layer < b->layer);
}

static int run_layers(struct run *r, plm_err **err)
{
    struct task *tasks = plm_arena_array(r->arena, r->n, sizeof(*tasks));
    if (!tasks)
        return plm_fail_oom(err);
    for (size_t i = 0; i < r->n; i++)
        tasks[i] = (struct task){r, &r->layers[i]};
    if (r->n)
        qsort(tasks, r->n, sizeof(*tasks), largest_first);
    unsigned jobs = plm_jobs(r->ctx);
    plm_auto(plm_pool_free) struct plm_pool *pool = plm_pool_new(jobs < r->n ? jobs : (unsigned)r->n, err);
    if (!pool)
        return -1;
    for (size_t i = 0; i < r->n; i++)
        plm_pool_submit(pool, run_task, &tasks[i]);
    plm_pool_wait(pool);
    return 0;
}

/* The wants that a layer is to be read again for; 0: none. */
static size_t extra_wants(struct run *r, size_t layer, struct plm_want **out)
{
    const struct plm_layer_run *l = &r->layers[layer];
    PLM_VEC(struct plm_want) wants = {0};
    for (size_t i = 0; i < l->record.n_wants; i++) {
        struct plm_want *w = plm_vec_push(r->arena, &wants);
        if (w)
            *w =
                (struct plm_want){l->record.wants[i].extractor, plm_arena_sv(r->arena, l->record.wants[i].as),
                                  plm_arena_sv(r->arena, l->record.wants[i].real)};
    }
    for (size_t i = 0; i < r->aliases.n; i++) {
        const struct alias *a = &r->aliases.v[i];
        struct plm_want *w = a->layer == layer ? plm_vec_push(r->arena, &wants) : NULL;
        if (w)
            *w = (struct plm_want){a->extractor, a->as, a->real};
    }
    *out = wants.v;
    return wants.n;
}

static void move_from(struct plm_layer_run *to, struct plm_layer_run *from)
{
    struct plm_wanted wanted = to->wanted;
    uint64_t bytes = to->bytes_read + from->bytes_read;
    bool is_cached = to->is_cached && from->is_cached, is_stored = to->is_stored || from->is_stored;
    plm_layer_run_done(to);
    *to = *from;
    to->wanted = wanted;
    to->bytes_read = bytes;
    to->is_cached = is_cached;
    to->is_stored = is_stored;
}

/* Reads those layers again that hold wanted bytes under other names. True in *out_any if there were some. */
static int second_look(struct run *r, bool *out_any, plm_err **err)
{
    for (size_t i = 0; i < r->n; i++) {
        struct plm_want *wants;
        size_t n = r->layers[i].is_loaded ? extra_wants(r, i, &wants) : 0;
        if (plm_arena_check(r->arena, err) < 0)
            return -1;
        if (n == 0)
            continue;
        if (r->layers[i].layer->where == PLM_LAYER_RECORD) {
            plm_plan_diag(r->plan, "layer.not-read-again", PLM_SEV_HIGH, r->layers[i].layer->name,
                          "/%.*s lies under another name in a stream that cannot be read twice",
                          PLM_SV_ARG(wants[0].as));
            continue;
        }
        struct plm_layer_run again = {
            .ctx = r->ctx, .opt = r->opt, .layer = r->layers[i].layer, .wanted = r->layers[i].wanted};
        again.wanted.wants = wants;
        again.wanted.n_wants = n;
        plm_layer_run(&again);
        *out_any = true;
        if (!again.failed) {
            move_from(&r->layers[i], &again);
            continue;
        }
        plm_plan_diag_err(r->plan, "layer.unreadable", PLM_SEV_HIGH, r->layers[i].layer->name, again.failed);
        plm_layer_run_done(&again);
    }
    return 0;
}

/* ---- the result ------------------------------------------------------------------------------------------
 */

static bool is_visible(struct run *r, const struct plm_record_fact *f, uint32_t layer)
{
    for (size_t i = 0; i < r->aliases.n; i++)
        if (r->aliases.v[i].extractor == f->extractor && plm_sv_eq(r->aliases.v[i].as, f->path))
            return r->aliases.v[i].layer == layer;
    const struct interest *in = plm_map_get(r->interests, f->path);
    return in && in->is_there && in->layer == layer &&
           (in->type == PLM_ENTRY_FILE || in->type == PLM_ENTRY_HARDLINK);
}

static int fact_order(const void *pa, const void *pb)
{
    const struct plm_facts *a = pa, *b = pb;
    int c = strcmp(a->extractor->id, b->extractor->id);
    if (c == 0)
        c = plm_sv_cmp(a->path, b->path);
    return c ? c : (a->layer > b->layer) - (a->layer < b->layer);
}

static void take_layer(struct run *r, struct plm_analysis *a, size_t i)
{
    const struct plm_layer_run *l = &r->layers[i];
    const struct plm_record *rec = &l->record;
    for (size_t k = 0; k < rec->n_facts; k++) {
        struct plm_facts *f = plm_vec_push(r->plan->arena, &a->facts);
        if (!f)
            return;
        *f = (struct plm_facts){.extractor = r->opt->extractors[rec->facts[k].extractor],
                                .path =
                                    plm_arena_printf(r->plan->arena, "/%.*s", PLM_SV_ARG(rec->facts[k].path)),
                                .layer = (uint32_t)i,
                                .visible = is_visible(r, &rec->facts[k], (uint32_t)i),
                                .data = plm_arena_sv(r->plan->arena, rec->facts[k].data),
                                .owned = plm_arena_sv(r->plan->arena, rec->facts[k].owned)};
    }
    for (size_t k = 0; k < rec->n_diags; k++) {
        const struct plm_record_diag *d = &rec->diags[k];
        struct plm_diagnostic *out = plm_vec_push(r->plan->arena, &r->plan->diagnostics);
        if (!out)
            return;
        /* the same file may lie in several layers: the message says in which */
        bool is_whole = plm_sv_eq(d->object, l->layer->name);
        *out = (struct plm_diagnostic){
            .severity = d->severity,
            .target = PLM_NONE,
            .code = plm_arena_sv(r->plan->arena, d->code),
            .object = plm_arena_sv(r->plan->arena, d->object),
            .message = is_whole ? plm_arena_sv(r->plan->arena, d->message)
                                : plm_arena_printf(r->plan->arena, "%.*s (layer %.*s)",
                                                   PLM_SV_ARG(d->message), PLM_SV_ARG(l->layer->name))};
        if (d->severity >= PLM_SEV_HIGH)
            r->plan->target.is_incomplete = true;
    }
}

static void judge_layer(struct run *r, size_t i)
{
    struct plm_layer_run *l = &r->layers[i];
    if (l->failed)
        plm_plan_diag_err(r->plan,
                          plm_err_code(l->failed) == PLM_E_PARSE ? "layer.corrupt" : "layer.unreadable",
                          PLM_SEV_HIGH, l->layer->name, l->failed);
    if (l->is_mismatch) {
        plm_sv claim =
            plm_digest_valid(l->layer->about.digest) ? l->layer->about.digest : l->layer->about.diff_id;
        plm_plan_diag(r->plan, "layer.digest-mismatch", PLM_SEV_HIGH, l->layer->name,
                      "its bytes have the digest %s, not %.*s", l->computed, PLM_SV_ARG(claim));
    }
    r->plan->target.layers_cached += l->is_cached;
    r->plan->bytes_read += l->bytes_read;
}

/* The diff id that the config claims against the bytes: for nothing where the layer lies there as it is, by
 * the worker's word where it was asked to hash (never a key of the cache). An engine's own store is believed.
 */
static void judge_diff_id(struct run *r, size_t i)
{
    struct plm_layer_run *l = &r->layers[i];
    struct plm_plan_layer *p = &r->plan->layers.v[i];
    char text[PLM_DIGEST_CHARS + 1];
    plm_sv actual = l->computed[0] ? plm_sv_from(l->computed) : p->computed;
    bool is_claim = !plm_digest_valid(p->about.digest); /* then layer.digest-mismatch has said it */
    if (!plm_digest_valid(p->about.diff_id) || !l->is_loaded)
        return;
    if (p->where == PLM_LAYER_OVERLAY) {
        p->about.is_diff_id_verified = true;
        return;
    }
    if (!p->is_plain) {
        if (l->record.diff_id.n)
            plm_digest_text((const unsigned char *)l->record.diff_id.p, text);
        actual = l->record.diff_id.n ? plm_sv_from(text) : PLM_SV_NULL;
    }
    if (!actual.n)
        return;
    p->about.is_diff_id_verified = plm_sv_eq(actual, p->about.diff_id);
    if (!p->about.is_diff_id_verified && !(p->is_plain && is_claim))
        plm_plan_diag(r->plan, "layer.diff-id-mismatch", PLM_SEV_HIGH, l->layer->name,
                      "uncompressed it has the digest %.*s, where the config says %.*s", PLM_SV_ARG(actual),
                      PLM_SV_ARG(p->about.diff_id));
}

static int take_files(struct run *r, struct plm_analysis *a, plm_err **err)
{
    plm_auto(plm_merge_free) struct plm_merge *m = merge_all(r, err);
    struct plm_record_entry e;
    uint32_t layer;
    int got;
    if (!m)
        return -1;
    while ((got = plm_merge_next(m, &e, &layer)) > 0)
        plm_analysis_add_file(a, r->plan->arena, &e, layer);
    if (got < 0)
        return plm_fail_oom(err);
    a->file_bytes = r->plan->file_bytes;
    for (size_t i = 0; i < r->n && !r->plan->file_bytes; i++) {
        plm_auto_done(plm_record_iter_done) struct plm_record_iter it;
        plm_record_iter_init(&it, &r->layers[i].record);
        while (plm_record_iter_next(&it, &e) > 0)
            a->file_bytes += e.type == PLM_ENTRY_FILE ? e.size : 0;
    }
    plm_analysis_sort_files(a);
    return plm_arena_check(r->plan->arena, err);
}

static struct plm_analysis *finish(struct run *r, plm_err **err)
{
    struct plm_plan *p = r->plan;
    plm_auto(plm_analysis_free) struct plm_analysis *a = calloc(1, sizeof(*a));
    if (!a)
        return PLM_NULL(plm_fail_oom(err));
    bool lacks_landlock = false;
    for (size_t i = 0; i < r->n; i++) {
        judge_layer(r, i);
        judge_diff_id(r, i);
        take_layer(r, a, i);
        lacks_landlock = lacks_landlock || r->layers[i].lacks_landlock;
        struct plm_layer *about = plm_vec_push(p->arena, &p->target.layers);
        if (about)
            *about = p->layers.v[i].about;
    }
    plm_sv_vec_sort_unique(&r->loops);
    for (size_t i = 0; i < r->loops.n; i++)
        plm_plan_diag(p, "layer.link-loop", PLM_SEV_HIGH, r->loops.v[i],
                      "a loop of symbolic links stands in its place");
    if (r->opt->want_entries && take_files(r, a, err) < 0)
        return NULL;
    a->config = r->opt->want_config ? p->config : NULL;
    if (lacks_landlock)
        plm_plan_diag(p, "fence.no-landlock", PLM_SEV_NEGLIGIBLE, PLM_SV_NULL,
                      "this kernel has no Landlock: image contents were parsed under seccomp alone");
    a->target = p->target;
    a->entries = r->entries;
    a->bytes_read = p->bytes_read;
    a->diagnostics.v = p->diagnostics.v;
    a->diagnostics.n = p->diagnostics.n;
    a->diagnostics.cap = p->diagnostics.cap;
    if (a->facts.n)
        qsort(a->facts.v, a->facts.n, sizeof(*a->facts.v), fact_order);
    if (plm_arena_check(p->arena, err) < 0)
        return NULL;
    a->arena = plm_take(p->arena);
    return plm_take(a);
}

static struct plm_analysis *run_plan(struct run *r, plm_err **err)
{
    struct plm_plan *p = r->plan;
    for (size_t i = 0; i < r->n; i++)
        r->layers[i] = (struct plm_layer_run){
            .ctx = r->ctx,
            .opt = r->opt,
            .layer = &p->layers.v[i],
            .wanted = {.extractors = r->opt->extractors,
                       .n_extractors = r->opt->n_extractors,
                       .params = r->opt->params,
                       .diff_id = r->opt->verify_diff_ids && p->layers.v[i].where == PLM_LAYER_EXTENT &&
                                  !p->layers.v[i].is_plain}};
    if (run_layers(r, err) < 0)
        return NULL;
    for (size_t i = 0; i < r->n; i++)
        if (r->layers[i].failed && plm_err_code(r->layers[i].failed) == PLM_E_CANCEL)
            return PLM_NULL(plm_err_move(err, &r->layers[i].failed));
    bool again = false;
    if (view(r, err) < 0 || second_look(r, &again, err) < 0)
        return NULL;
    if (again && (expect_facts(r, err) < 0 || pass(r, err) < 0))
        return NULL;
    return finish(r, err);
}

struct plm_analysis *plm_plan_run(const struct plm_ctx *ctx, struct plm_plan *plan,
                                  const struct plm_image_options *opt, plm_err **err)
{
    plm_auto(plm_plan_free) struct plm_plan *p = plan;
    struct run r = {.ctx = ctx, .opt = opt, .plan = p, .n = p->layers.n};
    plm_auto(plm_arena_free) struct plm_arena *scratch = plm_arena_new(PLM_ARENA_NO_LIMIT);
    plm_auto(plm_map_free) struct plm_map *interests = plm_map_new();
    r.arena = scratch;
    r.interests = interests;
    r.layers = scratch ? calloc(r.n + 1, sizeof(*r.layers)) : NULL;
    if (!r.layers || !interests)
        return PLM_NULL(plm_fail_oom(err));
    struct plm_analysis *a = run_plan(&r, err);
    bool has_stored = p->has_stored;
    for (size_t i = 0; i < r.n; i++) {
        has_stored = has_stored || r.layers[i].is_stored;
        plm_layer_run_done(&r.layers[i]);
    }
    if (has_stored) /* failing to keep the bound is no fault of the scan; the next one tries again */
        (void)!plm_cache_prune(ctx, opt->cache_bytes ? opt->cache_bytes : PLM_CACHE_BYTES_DEFAULT, 0, NULL,
                               NULL);
    free(r.layers);
    return a;
}

void plm_analysis_free(struct plm_analysis *a)
{
    if (!a)
        return;
    plm_arena_free(a->arena);
    free(a);
}
