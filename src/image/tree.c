/* SPDX-License-Identifier: Apache-2.0
 *
 * Directory sources: dir:, host: and file:. One fenced worker looks only where the extractors' patterns
 * point; nothing is cached, since a tree has no digest.
 */
#include "image/run.h"
#include "image/worker.h"
#include "kernel/kernel.h"

#include <fcntl.h>
#include <sys/stat.h>

static int take_facts(const struct plm_image_options *opt, const struct plm_record *rec,
                      struct plm_analysis *a, plm_err **err)
{
    for (size_t i = 0; i < rec->n_facts; i++) {
        struct plm_facts *f = plm_vec_push(a->arena, &a->facts);
        if (!f)
            break;
        *f = (struct plm_facts){.extractor = opt->extractors[rec->facts[i].extractor],
                                .path = plm_arena_printf(a->arena, "/%.*s", PLM_SV_ARG(rec->facts[i].path)),
                                .layer = PLM_NONE,
                                .visible = true,
                                .data = plm_arena_sv(a->arena, rec->facts[i].data),
                                .owned = plm_arena_sv(a->arena, rec->facts[i].owned)};
    }
    for (size_t i = 0; i < rec->n_diags; i++) {
        struct plm_diagnostic *d = plm_vec_push(a->arena, &a->diagnostics);
        if (!d)
            break;
        *d = (struct plm_diagnostic){.severity = rec->diags[i].severity,
                                     .target = PLM_NONE,
                                     .code = plm_arena_sv(a->arena, rec->diags[i].code),
                                     .object = plm_arena_sv(a->arena, rec->diags[i].object),
                                     .message = plm_arena_sv(a->arena, rec->diags[i].message)};
        if (d->severity >= PLM_SEV_HIGH)
            a->target.is_incomplete = true;
    }
    a->entries = rec->n_entries;
    return plm_arena_check(a->arena, err);
}

static int take_files(const struct plm_record *rec, struct plm_analysis *a, plm_err **err)
{
    plm_auto_done(plm_record_iter_done) struct plm_record_iter it;
    struct plm_record_entry e;
    int r;
    plm_record_iter_init(&it, rec);
    while ((r = plm_record_iter_next(&it, &e)) > 0)
        plm_analysis_add_file(a, a->arena, &e, PLM_NONE);
    if (r < 0)
        return plm_fail_oom(err);
    plm_analysis_sort_files(a);
    return plm_arena_check(a->arena, err);
}

static int fact_order(const void *pa, const void *pb)
{
    const struct plm_facts *a = pa, *b = pb;
    int c = strcmp(a->extractor->id, b->extractor->id);
    return c ? c : plm_sv_cmp(a->path, b->path);
}

/* A worker that died, or a tree that could not be read at all: the target stays, incomplete. */
static int run_tree(const struct plm_ctx *ctx, int fd, plm_sv only, const struct plm_image_options *opt,
                    struct plm_plan *plan, struct plm_buf *bytes, plm_err **err)
{
    plm_auto_done(plm_buf_done) struct plm_buf job = PLM_BUF(PLM_MIB(16));
    plm_auto_done(plm_session_done) struct plm_session session = PLM_SESSION_NONE;
    plm_auto_done(plm_worker_done) struct plm_worker w = PLM_WORKER_NONE;
    plm_session_open(opt->service, &session);
    const int fds[] = {fd, session.fd};
    struct plm_wanted wanted = {.extractors = opt->extractors,
                                .n_extractors = opt->n_extractors,
                                .params = opt->params,
                                .all_entries = opt->want_entries && !only.n,
                                .service = session.fd >= 0 ? 2 : 0};
    plm_buf_view(&job, only);
    plm_wanted_encode(&job, &wanted);
    if (plm_buf_check(&job, err) < 0 ||
        plm_worker_start(ctx, PLM_JOB_TREE, plm_buf_sv(&job), fds, session.fd >= 0 ? 2 : 1, &w, err) < 0)
        return -1;
    plm_session_started(&session);
    plm_err *bad = NULL;
    if (plm_worker_result(&w, "the tree", bytes->max, bytes, &bad) < 0) {
        plm_plan_diag_err(plan, "tree.unreadable", PLM_SEV_HIGH, plan->target.reference, bad);
        plm_err_free(bad);
    } else if (!w.has_landlock) {
        plm_plan_diag(plan, "fence.no-landlock", PLM_SEV_NEGLIGIBLE, PLM_SV_NULL,
                      "this kernel has no Landlock: contents were parsed under seccomp alone");
    }
    return 0;
}

static struct plm_analysis *analyze_tree(const struct plm_ctx *ctx, const struct plm_source *src, int fd,
                                         plm_sv only, const struct plm_image_options *opt, plm_err **err)
{
    plm_auto(plm_plan_free) struct plm_plan *plan = plm_plan_new(src, err);
    plm_auto(plm_analysis_free) struct plm_analysis *a = plan ? calloc(1, sizeof(*a)) : NULL;
    plm_auto(plm_arena_free) struct plm_arena *scratch = a ? plm_arena_new(PLM_ARENA_NO_LIMIT) : NULL;
    if (!scratch)
        return plan ? PLM_NULL(plm_fail_oom(err)) : NULL;
    size_t max = ctx->limits->record_bytes > SIZE_MAX ? SIZE_MAX : (size_t)ctx->limits->record_bytes;
    plm_auto_done(plm_buf_done) struct plm_buf bytes = PLM_BUF(max);
    if (run_tree(ctx, fd, only, opt, plan, &bytes, err) < 0)
        return NULL;
    struct plm_record rec = {0};
    plm_err *bad = NULL;
    if (bytes.n && plm_record_open(plm_buf_sv(&bytes), PLM_SV_NULL, opt->want_owned ? PLM_RECORD_OWNED : 0,
                                   opt->n_extractors, scratch, &rec, &bad) < 0) {
        plm_plan_diag_err(plan, "worker.crashed", PLM_SEV_HIGH, plan->target.reference, bad);
        plm_err_free(bad);
        rec = (struct plm_record){0};
    }
    a->arena = plan->arena;
    plan->arena = NULL;
    a->target = plan->target;
    a->diagnostics.v = plan->diagnostics.v;
    a->diagnostics.n = plan->diagnostics.n;
    a->diagnostics.cap = plan->diagnostics.cap;
    if (take_facts(opt, &rec, a, err) < 0 ||
        (opt->want_entries && !only.n && rec.n_entries && take_files(&rec, a, err) < 0))
        return NULL;
    if (a->facts.n)
        qsort(a->facts.v, a->facts.n, sizeof(*a->facts.v), fact_order);
    return plm_take(a);
}

struct plm_analysis *plm_tree_analyze(const struct plm_ctx *ctx, const struct plm_source *src, int fd,
                                      const struct plm_image_options *opt, plm_err **err)
{
    return analyze_tree(ctx, src, fd, PLM_SV_NULL, opt, err);
}

static int open_dir(plm_sv path, plm_err **err)
{
    plm_auto_free char *z = strndup(path.p, path.n);
    if (!z)
        return plm_fail_oom(err);
    int fd = open(z, O_PATH | O_DIRECTORY | O_CLOEXEC);
    return fd < 0 ? plm_fail_sys(err, "%s", z) : fd;
}

static struct plm_analysis *analyze_dir(const struct plm_ctx *ctx, const struct plm_source *src,
                                        const struct plm_image_options *opt, plm_err **err)
{
    plm_auto_fd int fd = open_dir(src->reference, err);
    return fd < 0 ? NULL : analyze_tree(ctx, src, fd, PLM_SV_NULL, opt, err);
}

static bool is_in_container(const struct plm_ctx *ctx)
{
    plm_auto(plm_kernel_close) struct plm_kernel *k = plm_kernel_open(ctx, PLM_SV_NULL, NULL);
    return k && plm_kernel_in_container(k);
}

static struct plm_analysis *analyze_host(const struct plm_ctx *ctx, const struct plm_source *src,
                                         const struct plm_image_options *opt, plm_err **err)
{
    if (!opt->root.n && is_in_container(ctx)) {
        int r = plm_fail_id(err, PLM_E_USAGE, "host.in-container",
                            "host: this is a container, whose root is not the machine's");
        plm_err_hint(
            err,
            "docker run --pid=host -v /:/host:ro IMAGE scan host: --root /host, or dir:/ for this container");
        return PLM_NULL(r);
    }
    plm_auto_fd int fd = open_dir(opt->root.n ? opt->root : PLM_SV("/"), err);
    return fd < 0 ? NULL : analyze_tree(ctx, src, fd, PLM_SV_NULL, opt, err);
}

static struct plm_analysis *analyze_file(const struct plm_ctx *ctx, const struct plm_source *src,
                                         const struct plm_image_options *opt, plm_err **err)
{
    plm_auto_free char *path = strndup(src->reference.p, src->reference.n);
    plm_auto_free char *real = path ? realpath(path, NULL) : NULL;
    struct stat st;
    if (!real || stat(real, &st) < 0)
        return PLM_NULL(path ? plm_fail_sys(err, "%s", path) : plm_fail_oom(err));
    if (!S_ISREG(st.st_mode))
        return PLM_NULL(
            plm_fail(err, PLM_E_USAGE, "%s: not a regular file; a directory is dir:%s", path, path));
    char *slash = strrchr(real, '/');
    *slash = 0;
    plm_auto_fd int fd = open_dir(*real ? plm_sv_from(real) : PLM_SV("/"), err);
    return fd < 0 ? NULL : analyze_tree(ctx, src, fd, plm_sv_from(slash + 1), opt, err);
}

static const struct plm_source_handler source_dir = {.kind = PLM_SRC_DIR,
                                                     .id = "dir",
                                                     .summary =
                                                         "dir:DIR: a directory as the root of a system",
                                                     .analyze = analyze_dir};
static const struct plm_source_handler source_host = {.kind = PLM_SRC_HOST,
                                                      .id = "host",
                                                      .summary = "host: this machine's root, or --root",
                                                      .analyze = analyze_host};
static const struct plm_source_handler source_file = {
    .kind = PLM_SRC_FILE, .id = "file", .summary = "file:FILE: one file", .analyze = analyze_file};
PLM_REGISTER(plm_source_handlers, struct plm_source_handler, source_dir);
PLM_REGISTER(plm_source_handlers, struct plm_source_handler, source_host);
PLM_REGISTER(plm_source_handlers, struct plm_source_handler, source_file);
