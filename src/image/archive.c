/* SPDX-License-Identifier: Apache-2.0
 *
 * Image archives: what `docker save` and `podman save` write (classic with manifest.json and layer.tar, or
 * OCI-style with blobs/ as well), and OCI layouts in a tar. A regular uncompressed file is read by ranges: a
 * fenced worker tells where its members lie, then layers are read in parallel. Anything else (compressed as a
 * whole, a pipe) is a stream.
 */
#include "image/archive.h"

#include "base/fs.h"
#include "base/rd.h"
#include "codec/hash.h"
#include "image/oci.h"
#include "image/worker.h"

#include <fcntl.h>
#include <sys/stat.h>

enum { LINKS_MAX = 16 };

/* ---- members ---------------------------------------------------------------------------------------- */

bool plm_member_decode(struct plm_rd *rd, struct plm_arena *a, struct plm_member *out)
{
    if (plm_rd_left(rd) == 0)
        return false;
    struct plm_member m = {.name = plm_arena_sv(a, plm_rd_view(rd)),
                           .link = plm_arena_sv(a, plm_rd_view(rd))};
    m.offset = plm_rd_varint(rd);
    m.bytes = plm_rd_varint(rd);
    uint64_t end;
    if (__builtin_add_overflow(m.offset, m.bytes, &end) || end > INT64_MAX)
        rd->failed = true;
    *out = m;
    return !rd->failed;
}

void plm_members_done(struct plm_members *m)
{
    plm_map_free(m->by_name);
    m->by_name = NULL;
}

const struct plm_member *plm_members_find(const struct plm_members *m, plm_sv name)
{
    for (unsigned links = 0; links < LINKS_MAX; links++) {
        size_t at = (size_t)(uintptr_t)plm_map_get(m->by_name, name);
        if (at == 0)
            return NULL;
        if (!m->v.v[at - 1].link.n)
            return &m->v.v[at - 1];
        name = m->v.v[at - 1].link;
    }
    return NULL;
}

static int enter_member(struct plm_arena *a, struct plm_members *out, const struct plm_member *m,
                        plm_err **err)
{
    struct plm_member *slot = plm_vec_push(a, &out->v);
    void **index = slot ? plm_map_put(out->by_name, m->name) : NULL;
    if (!index)
        return plm_fail_oom(err);
    *slot = *m;
    *index = (void *)(uintptr_t)out->v.n;
    return 0;
}

int plm_members_read(const struct plm_ctx *ctx, int fd, const char *name, struct plm_arena *a,
                     struct plm_members *out, plm_err **out_fault, plm_err **err)
{
    plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(PLM_MIB(64));
    plm_auto_done(plm_worker_done) struct plm_worker w = PLM_WORKER_NONE;
    plm_auto_done(plm_members_done) struct plm_members m = {.by_name = plm_map_new()};
    if (!m.by_name)
        return plm_fail_oom(err);
    if (plm_worker_start(ctx, PLM_JOB_MEMBERS, PLM_SV(""), &fd, 1, &w, err) < 0 ||
        plm_worker_result(&w, name, b.max, &b, err) < 0)
        return -1;
    struct plm_rd rd = PLM_RD(plm_buf_sv(&b));
    plm_sv fault = plm_rd_view(&rd);
    struct plm_member one;
    while (plm_member_decode(&rd, a, &one))
        if (enter_member(a, &m, &one, err) < 0)
            return -1;
    if (rd.failed)
        return plm_fail_id(err, PLM_E_INTERNAL, "worker.crashed", "%s: a worker's answer cannot be read",
                           name);
    if (fault.n && plm_fail(out_fault, PLM_E_PARSE, "%.*s", PLM_SV_ARG(fault)) == 0)
        return -1;
    *out = m;
    m.by_name = NULL;
    return 0;
}

/* ---- docker save ----------------------------------------------------------------------------------------
 */

plm_sv plm_member_claim(struct plm_arena *a, plm_sv name)
{
    plm_sv hex;
    if (plm_sv_starts(name, PLM_SV("blobs/sha256/")))
        hex = plm_sv_from_off(name, 13);
    else if (plm_sv_ends(name, PLM_SV(".json")))
        hex = plm_sv_sub(name, 0, name.n - 5);
    else
        return PLM_SV_NULL;
    plm_sv digest = plm_arena_printf(a, "sha256:%.*s", PLM_SV_ARG(hex));
    return plm_digest_valid(digest) ? digest : PLM_SV_NULL;
}

/* "app:1.0" for "docker.io/library/app:1.0", "app" for "app:latest". */
static bool is_tagged(plm_sv have, plm_sv want)
{
    static const plm_sv prefixes[] = {
        {"", 0}, {"docker.io/library/", 18}, {"docker.io/", 10}, {"localhost/", 10}};
    for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++) {
        if (!plm_sv_starts(have, prefixes[i]))
            continue;
        plm_sv rest = plm_sv_from_off(have, prefixes[i].n);
        if (plm_sv_eq(rest, want) ||
            (plm_sv_starts(rest, want) && plm_sv_is(plm_sv_from_off(rest, want.n), ":latest")))
            return true;
    }
    return false;
}

plm_sv plm_save_tag(const struct plm_doc_save_image *image, plm_sv wanted)
{
    for (size_t i = 0; wanted.n && i < image->n_tags; i++)
        if (is_tagged(image->tags[i], wanted))
            return image->tags[i];
    return image->n_tags ? image->tags[0] : PLM_SV_NULL;
}

const struct plm_doc_save_image *plm_save_choose(const struct plm_doc_save *doc, plm_sv tag, const char *name,
                                                 plm_err **err)
{
    plm_auto_done(plm_buf_done) struct plm_buf list = PLM_BUF(PLM_KIB(16));
    if (doc->n == 1 && !tag.n)
        return &doc->v[0];
    for (size_t i = 0; i < doc->n; i++)
        for (size_t k = 0; k < doc->v[i].n_tags; k++) {
            if (tag.n && is_tagged(doc->v[i].tags[k], tag))
                return &doc->v[i];
            if (list.n < 2000)
                plm_buf_printf(&list, "%s%.*s", list.n ? ", " : "", PLM_SV_ARG(doc->v[i].tags[k]));
        }
    int r;
    if (tag.n || doc->n == 0)
        r = plm_fail_id(err, PLM_E_NOTFOUND, "image.not-found", "no image %.*s in it; there are: %.*s",
                        PLM_SV_ARG(tag), PLM_SV_ARG(plm_buf_sv(&list)));
    else
        r = plm_fail_id(err, PLM_E_USAGE, "image.ambiguous", "%zu images are in it: %.*s", doc->n,
                        PLM_SV_ARG(plm_buf_sv(&list)));
    plm_err_hint(err, "name one: docker-archive:%s:TAG", name);
    return PLM_NULL(r);
}

struct archive {
    const struct plm_ctx *ctx;
    const struct plm_image_options *opt;
    const struct plm_source *src;
    const char *name;
    int fd;
    struct plm_members members;
    struct plm_plan *plan;
};

static int read_member(struct archive *ar, plm_sv name, struct plm_buf *out, plm_err **err)
{
    const struct plm_member *m = plm_members_find(&ar->members, name);
    if (!m)
        return plm_fail(err, PLM_E_PARSE, "the member %.*s is missing", PLM_SV_ARG(name));
    const struct plm_extent x = {.fd = ar->fd, .offset = m->offset, .bytes = m->bytes};
    return plm_extent_read(ar->ctx, &x, out, err) < 0 ? plm_wrap(err, "%.*s", PLM_SV_ARG(name)) : 0;
}

static int add_layer(struct archive *ar, plm_sv name, plm_err **err)
{
    struct plm_plan *p = ar->plan;
    const struct plm_member *m = plm_members_find(&ar->members, name);
    plm_auto_fd int fd = m ? fcntl(ar->fd, F_DUPFD_CLOEXEC, 0) : -1;
    struct plm_plan_layer *l = plm_vec_push(p->arena, &p->layers);
    if (!l || (m && fd < 0))
        return l ? plm_fail_sys(err, "%s", ar->name) : plm_fail_oom(err);
    *l = (struct plm_plan_layer){.where = PLM_LAYER_ABSENT, .fd = -1, .name = plm_arena_sv(p->arena, name)};
    if (!m) {
        plm_plan_diag(p, "layer.missing", PLM_SEV_HIGH, name, "the layer is not in the archive");
        return 0;
    }
    l->where = PLM_LAYER_EXTENT;
    l->about.digest = plm_member_claim(p->arena, m->name);
    l->about.size = l->bytes = m->bytes;
    l->offset = m->offset;
    l->is_plain = plm_extent_is_plain(ar->fd, m->offset, m->bytes);
    l->fd = plm_take_fd(fd);
    return plm_arena_check(p->arena, err);
}

/* The config's digest is the image's id; where a name claims it, it is verified. */
void plm_plan_name_config(struct plm_plan *p, plm_sv name, plm_sv text)
{
    unsigned char sum[PLM_SHA256_BYTES];
    char digest[PLM_DIGEST_CHARS + 1];
    plm_sha256_of(text, sum);
    plm_digest_text(sum, digest);
    p->target.image_id = plm_arena_sv(p->arena, plm_sv_from(digest));
    plm_sv claim = plm_member_claim(p->arena, name);
    if (claim.n && !plm_sv_is(claim, digest))
        plm_plan_diag(p, "image.digest-mismatch", PLM_SEV_HIGH, name, "its bytes have the digest %s", digest);
}

static int plan_save(struct archive *ar, plm_err **err)
{
    struct plm_plan *p = ar->plan;
    plm_auto_done(plm_buf_done) struct plm_buf text = PLM_BUF((size_t)ar->ctx->limits->manifest_bytes + 1);
    plm_auto_done(plm_buf_done) struct plm_buf config = PLM_BUF((size_t)ar->ctx->limits->manifest_bytes + 1);
    struct plm_doc_save doc;
    struct plm_doc_config c;
    if (read_member(ar, PLM_SV("manifest.json"), &text, err) < 0 ||
        plm_doc_save(ar->ctx, plm_buf_sv(&text), "manifest.json", p->arena, &doc, err) < 0)
        return -1;
    const struct plm_doc_save_image *image = plm_save_choose(&doc, ar->src->tag, ar->name, err);
    if (!image)
        return -1;
    p->target.tag = plm_save_tag(image, ar->src->tag);
    if (image->n_layers > ar->ctx->limits->layers)
        return plm_fail(err, PLM_E_LIMIT, "%zu layers are over limits.layers", image->n_layers);
    for (size_t i = 0; i < image->n_layers; i++)
        if (add_layer(ar, image->layers[i], err) < 0)
            return -1;
    if (read_member(ar, image->config, &config, err) < 0)
        return -1;
    plm_plan_name_config(p, image->config, plm_buf_sv(&config));
    const char *doc_name = plm_arena_cstr(p->arena, image->config);
    if (!doc_name)
        return plm_fail_oom(err);
    if (plm_doc_config(ar->ctx, plm_buf_sv(&config), doc_name, p->arena, &c, err) < 0)
        return -1;
    return plm_plan_config(p, ar->opt, &c, err);
}

/* ---- OCI layout in an archive
 * ------------------------------------------------------------------------------ */

static int archive_find(void *impl, plm_sv digest, struct plm_extent *out, plm_err **err)
{
    struct archive *ar = impl;
    plm_sv name =
        plm_arena_printf(ar->plan->arena, "blobs/sha256/%.*s", PLM_SV_ARG(plm_sv_from_off(digest, 7)));
    const struct plm_member *m = plm_members_find(&ar->members, name);
    if (!m)
        return plm_fail(err, PLM_E_NOTFOUND, "the member %.*s is missing", PLM_SV_ARG(name));
    int fd = fcntl(ar->fd, F_DUPFD_CLOEXEC, 0);
    if (fd < 0)
        return plm_fail_sys(err, "%s", ar->name);
    *out = (struct plm_extent){.fd = fd, .offset = m->offset, .bytes = m->bytes};
    return 0;
}

static int plan_layout(struct archive *ar, plm_err **err)
{
    plm_auto_done(plm_buf_done) struct plm_buf text = PLM_BUF((size_t)ar->ctx->limits->manifest_bytes + 1);
    const struct plm_blobs blobs = {.find = archive_find, .impl = ar};
    if (read_member(ar, PLM_SV("index.json"), &text, err) < 0)
        return -1;
    return plm_oci_plan_index(ar->ctx, ar->opt, &blobs, plm_buf_sv(&text), ar->src->tag, ar->plan, err);
}

/* ---- the handlers
 * ------------------------------------------------------------------------------------------- */

static int plan_archive(struct archive *ar, plm_err **err)
{
    plm_auto(plm_err_free) plm_err *fault = NULL;
    if (plm_members_read(ar->ctx, ar->fd, ar->name, ar->plan->arena, &ar->members, &fault, err) < 0)
        return -1;
    bool has_save = plm_members_find(&ar->members, PLM_SV("manifest.json"));
    bool has_layout = plm_members_find(&ar->members, PLM_SV("index.json"));
    if (!has_save && !has_layout) {
        if (fault)
            return plm_err_move(err, &fault) < 0 ? plm_wrap(err, "%s", ar->name) : -1;
        int r = plm_fail(err, PLM_E_PARSE,
                         "%s: not an image archive: neither manifest.json nor index.json is in it", ar->name);
        plm_err_hint(err, "a tar of a root file system can be unpacked and scanned as dir:DIR");
        return r;
    }
    if (fault)
        plm_plan_diag_err(ar->plan, "archive.corrupt", PLM_SEV_HIGH, ar->src->reference, fault);
    bool wants_layout = ar->src->kind == PLM_SRC_OCI_ARCHIVE ? has_layout : !has_save;
    if (wants_layout && ar->src->kind == PLM_SRC_DOCKER_ARCHIVE && ar->src->how.n)
        ar->plan->target.scheme = PLM_SV("oci-archive");
    return (wants_layout ? plan_layout(ar, err) : plan_save(ar, err)) < 0
               ? plm_plan_wrap(ar->plan, ar->name, err)
               : 0;
}

static struct plm_analysis *analyze_file(const struct plm_ctx *ctx, const struct plm_source *src, int fd,
                                         const char *name, const struct plm_image_options *opt, plm_err **err)
{
    plm_auto(plm_plan_free) struct plm_plan *plan = plm_plan_new(src, err);
    if (!plan)
        return NULL;
    struct archive ar = {.ctx = ctx, .opt = opt, .src = src, .name = name, .fd = fd, .plan = plan};
    int r = plan_archive(&ar, err);
    plm_members_done(&ar.members);
    return r < 0 ? NULL : plm_plan_run(ctx, plm_take(plan), opt, err);
}

static bool is_compressed(int fd)
{
    char head[8];
    ssize_t n = pread(fd, head, sizeof(head), 0);
    return n > 0 && plm_compression_sniff(plm_sv_n(head, (size_t)n)) != PLM_COMPRESSION_NONE;
}

/* A descriptor that may be a file or a stream; borrowed. */
static struct plm_analysis *analyze_fd(const struct plm_ctx *ctx, const struct plm_source *src, int fd,
                                       const char *name, const struct plm_image_options *opt, plm_err **err)
{
    struct stat st;
    if (fstat(fd, &st) < 0)
        return PLM_NULL(plm_fail_sys(err, "%s", name));
    if (S_ISDIR(st.st_mode))
        return PLM_NULL(plm_fail(err, PLM_E_USAGE, "%s: a directory, not an archive", name));
    if (S_ISREG(st.st_mode) && !is_compressed(fd))
        return analyze_file(ctx, src, fd, name, opt, err);
    return plm_save_fd_analyze(ctx, src, fd, opt, err);
}

static struct plm_analysis *analyze_archive(const struct plm_ctx *ctx, const struct plm_source *src,
                                            const struct plm_image_options *opt, plm_err **err)
{
    plm_auto_free char *name = strndup(src->reference.p, src->reference.n);
    plm_auto_fd int fd = name ? open(name, O_RDONLY | O_CLOEXEC | O_NOCTTY) : -1;
    if (fd < 0)
        return PLM_NULL(name ? plm_fail_sys(err, "%s", name) : plm_fail_oom(err));
    return analyze_fd(ctx, src, fd, name, opt, err);
}

static struct plm_analysis *analyze_stdin(const struct plm_ctx *ctx, const struct plm_source *src,
                                          const struct plm_image_options *opt, plm_err **err)
{
    return analyze_fd(ctx, src, STDIN_FILENO, "standard input", opt, err);
}

static const struct plm_source_handler source_docker_archive = {
    .kind = PLM_SRC_DOCKER_ARCHIVE,
    .id = "docker-archive",
    .summary = "docker-archive:FILE[:TAG]: what docker save writes",
    .analyze = analyze_archive,
};
static const struct plm_source_handler source_oci_archive = {
    .kind = PLM_SRC_OCI_ARCHIVE,
    .id = "oci-archive",
    .summary = "oci-archive:FILE[:TAG]: an OCI image layout in a tar",
    .analyze = analyze_archive,
};
static const struct plm_source_handler source_stdin = {.kind = PLM_SRC_STDIN,
                                                       .id = "-",
                                                       .summary = "-: an image archive on standard input",
                                                       .analyze = analyze_stdin};
PLM_REGISTER(plm_source_handlers, struct plm_source_handler, source_docker_archive);
PLM_REGISTER(plm_source_handlers, struct plm_source_handler, source_oci_archive);
PLM_REGISTER(plm_source_handlers, struct plm_source_handler, source_stdin);
