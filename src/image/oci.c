/* SPDX-License-Identifier: Apache-2.0
 *
 * OCI images (image-spec: image-layout, image-index, manifest, descriptor) and docker's schema 2, which
 * differ in media types only. An index may name images, further indexes, and things that are no images
 * (attestations, signatures): the last are passed over. Documents are verified against their digests and
 * parsed in workers; layers are only located here.
 */
#include "image/oci.h"

#include "base/fs.h"
#include "base/time.h"
#include "codec/hash.h"
#include "image/archive.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

enum { NESTING_MAX = 4 };

/* ---- platforms --------------------------------------------------------------------------------------- */

static const char *machine_arch(void)
{
#if defined(__x86_64__)
    return "amd64";
#elif defined(__aarch64__)
    return "arm64";
#elif defined(__arm__)
    return "arm";
#elif defined(__i386__)
    return "386";
#elif defined(__powerpc64__)
    return "ppc64le";
#elif defined(__s390x__)
    return "s390x";
#elif defined(__riscv)
    return "riscv64";
#else
    return "unknown";
#endif
}

static plm_sv usual_variant(plm_sv arch, plm_sv variant)
{
    if (variant.n)
        return variant;
    if (plm_sv_is(arch, "arm64"))
        return PLM_SV("v8");
    return plm_sv_is(arch, "arm") ? PLM_SV("v7") : plm_sv_is(arch, "amd64") ? PLM_SV("v1") : PLM_SV("");
}

bool plm_platform_fits(plm_sv want, plm_sv os, plm_sv arch, plm_sv variant)
{
    plm_sv rest = want, want_os = PLM_SV_NULL, want_arch = PLM_SV_NULL, want_variant = PLM_SV_NULL;
    if (!plm_sv_cut(want, '/', &want_os, &rest)) {
        want_arch = want; /* "arm64" */
        want_os = PLM_SV("linux");
    } else {
        plm_sv_cut(rest, '/', &want_arch, &want_variant);
    }
    if (plm_sv_is(want_arch, "x86_64"))
        want_arch = PLM_SV("amd64");
    if (plm_sv_is(want_arch, "aarch64"))
        want_arch = PLM_SV("arm64");
    return plm_sv_ieq(os.n ? os : PLM_SV("linux"), want_os) && plm_sv_eq(arch, want_arch) &&
           (!want_variant.n || plm_sv_eq(usual_variant(arch, variant), want_variant));
}

/* ---- choosing from an index -------------------------------------------------------------------------- */

static bool has_tag(const struct plm_doc_descriptor *d, plm_sv tag)
{
    const plm_sv names[] = {d->ref_name, d->image_name};
    for (size_t i = 0; i < 2; i++) {
        size_t colon = plm_sv_rfind(names[i], ':');
        if (names[i].n && (plm_sv_eq(names[i], tag) ||
                           (colon != SIZE_MAX && plm_sv_eq(plm_sv_from_off(names[i], colon + 1), tag))))
            return true;
        /* "app:1.0" for "docker.io/library/app:1.0" */
        if (names[i].n > tag.n && plm_sv_ends(names[i], tag) && names[i].p[names[i].n - tag.n - 1] == '/')
            return true;
    }
    return plm_sv_eq(d->digest, tag);
}

/* A name with its repository; the reference annotation alone is often just "latest". */
static plm_sv full_name(const struct plm_doc_descriptor *d)
{
    if (d->image_name.n)
        return d->image_name;
    bool is_full = plm_sv_find(d->ref_name, ':') != SIZE_MAX || plm_sv_find(d->ref_name, '/') != SIZE_MAX;
    return is_full ? d->ref_name : PLM_SV_NULL;
}

static void put_choice(struct plm_buf *b, const struct plm_doc_descriptor *d)
{
    plm_buf_str(b, b->n ? ", " : "");
    if (d->ref_name.n)
        plm_buf_sv_put(b, d->ref_name);
    if (d->arch.n)
        plm_buf_printf(b, "%s%.*s/%.*s%s%.*s", d->ref_name.n ? " " : "", PLM_SV_ARG(d->os),
                       PLM_SV_ARG(d->arch), d->variant.n ? "/" : "", PLM_SV_ARG(d->variant));
    if (!d->ref_name.n && !d->arch.n)
        plm_buf_sv_put(b, d->digest);
}

static const struct plm_doc_descriptor *refuse(const struct plm_doc_oci *index, const char *id,
                                               enum plm_code code, plm_sv wanted, const char *what,
                                               plm_err **err)
{
    plm_auto_done(plm_buf_done) struct plm_buf list = PLM_BUF(PLM_KIB(16));
    for (size_t i = 0; i < index->n && list.n < 2000; i++)
        if (!index->v[i].is_attestation)
            put_choice(&list, &index->v[i]);
    int r = plm_fail_id(err, code, id, "%s%.*s; there are: %.*s", what, PLM_SV_ARG(wanted),
                        PLM_SV_ARG(plm_buf_sv(&list)));
    plm_err_hint(err, "name one: DIR:TAG, or --platform OS/ARCH");
    return PLM_NULL(r);
}

const struct plm_doc_descriptor *plm_oci_choose(const struct plm_doc_oci *index, plm_sv platform, plm_sv tag,
                                                plm_err **err)
{
    plm_auto_done(plm_buf_done) struct plm_buf own = PLM_BUF(64);
    plm_buf_printf(&own, "linux/%s", machine_arch());
    const struct plm_doc_descriptor *first = NULL, *fit = NULL;
    size_t n = 0, n_fit = 0;
    for (size_t i = 0; i < index->n; i++) {
        const struct plm_doc_descriptor *d = &index->v[i];
        if (d->is_attestation || !d->digest.n || (tag.n && !has_tag(d, tag)))
            continue;
        first = first ? first : d;
        n++;
        /* An entry without a platform may hold any. */
        if (!d->arch.n ||
            plm_platform_fits(platform.n ? platform : plm_buf_sv(&own), d->os, d->arch, d->variant)) {
            /* of several variants the highest that fits */
            fit = !fit || plm_sv_cmp(usual_variant(d->arch, d->variant),
                                     usual_variant(fit->arch, fit->variant)) > 0
                      ? d
                      : fit;
            n_fit += !d->arch.n || d->ref_name.n;
        }
    }
    if (n == 0)
        return refuse(index, "image.not-found", PLM_E_NOTFOUND, tag, tag.n ? "no image named " : "no image",
                      err);
    if (n == 1 && (!platform.n || fit))
        return first;
    if (n_fit > 1)
        return refuse(index, "image.ambiguous", PLM_E_USAGE, PLM_SV_NULL, "several images", err);
    return fit ? fit
               : refuse(index, "image.platform", PLM_E_NOTFOUND, platform.n ? platform : plm_buf_sv(&own),
                        "no image for ", err);
}

/* ---- documents ------------------------------------------------------------------------------------------
 */

int plm_extent_read(const struct plm_ctx *ctx, const struct plm_extent *x, struct plm_buf *out, plm_err **err)
{
    if (x->bytes > ctx->limits->manifest_bytes)
        return plm_fail(err, PLM_E_LIMIT, "%llu bytes are over limits.manifest_bytes (%llu)",
                        (unsigned long long)x->bytes, (unsigned long long)ctx->limits->manifest_bytes);
    char *to = plm_buf_reserve(out, (size_t)x->bytes + 1);
    if (!to)
        return plm_buf_check(out, err);
    if (plm_fs_pread_all(x->fd, to, (size_t)x->bytes, x->offset, err) < 0)
        return -1;
    out->n += (size_t)x->bytes;
    return 0;
}

bool plm_extent_is_plain(int fd, uint64_t offset, uint64_t bytes)
{
    char head[8];
    size_t n = bytes < sizeof(head) ? (size_t)bytes : sizeof(head);
    return plm_fs_pread_all(fd, head, n, offset, NULL) == 0 &&
           plm_compression_sniff(plm_sv_n(head, n)) == PLM_COMPRESSION_NONE;
}

/* A document by its digest; what is not what it claims to be is a diagnostic, and read all the same. */
static int read_blob(const struct plm_ctx *ctx, const struct plm_blobs *blobs, plm_sv digest,
                     struct plm_plan *plan, struct plm_buf *out, plm_err **err)
{
    struct plm_extent x;
    if (!plm_digest_valid(digest))
        return plm_fail(err, PLM_E_PARSE, "\"%.*s\" is no sha256 digest", PLM_SV_ARG(digest));
    if (blobs->find(blobs->impl, digest, &x, err) < 0)
        return -1;
    int r = plm_extent_read(ctx, &x, out, err);
    close(x.fd);
    if (r < 0)
        return plm_wrap(err, "%.*s", PLM_SV_ARG(digest));
    unsigned char sum[PLM_SHA256_BYTES];
    char text[PLM_DIGEST_CHARS + 1];
    plm_sha256_of(plm_buf_sv(out), sum);
    plm_digest_text(sum, text);
    if (!plm_sv_is(digest, text))
        plm_plan_diag(plan, "image.digest-mismatch", PLM_SEV_HIGH, digest, "its bytes have the digest %s",
                      text);
    return 0;
}

static bool is_layer_type(plm_sv type)
{
    static const char *const known[] = {
        "application/vnd.oci.image.layer.v1.tar",
        "application/vnd.oci.image.layer.nondistributable.v1.tar",
        "application/vnd.docker.image.rootfs.diff.tar",
        "application/vnd.docker.image.rootfs.foreign.diff.tar",
    };
    static const char *const packed[] = {"", "+gzip", "+zstd", ".gzip", ".zstd"};
    if (!type.n)
        return true;
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
        if (plm_sv_starts(type, plm_sv_from(known[i])))
            for (size_t k = 0; k < sizeof(packed) / sizeof(packed[0]); k++)
                if (plm_sv_is(plm_sv_from_off(type, strlen(known[i])), packed[k]))
                    return true;
    return false;
}

static int add_layer(const struct plm_blobs *blobs, const struct plm_doc_descriptor *d, struct plm_plan *plan,
                     plm_err **err)
{
    struct plm_extent x = {.fd = -1};
    struct plm_plan_layer ready = {.where = PLM_LAYER_ABSENT};
    plm_err *bad = NULL;
    if (!is_layer_type(d->media_type))
        plm_plan_diag(plan, "layer.media-type", PLM_SEV_HIGH, d->digest,
                      "a layer of the unknown media type %.*s", PLM_SV_ARG(d->media_type));
    else if (blobs->record && blobs->record(blobs->impl, d->digest, &ready))
        x.bytes = ready.bytes;
    else if (!plm_digest_valid(d->digest) || blobs->find(blobs->impl, d->digest, &x, &bad) < 0) {
        if (bad && plm_err_code(bad) != PLM_E_NOTFOUND)
            plm_plan_diag_err(plan, "layer.unreadable", PLM_SEV_HIGH, d->digest, bad);
        else
            plm_plan_diag(plan, "layer.missing", PLM_SEV_HIGH, d->digest, "the layer is not there");
        plm_err_free(bad);
        x = (struct plm_extent){.fd = -1};
    }
    struct plm_plan_layer *l = plm_vec_push(plan->arena, &plan->layers);
    if (!l) {
        if (x.fd >= 0)
            close(x.fd);
        plm_buf_done(&ready.record);
        return plm_arena_check(plan->arena, err);
    }
    *l = (struct plm_plan_layer){.about = {.digest = plm_arena_sv(plan->arena, d->digest), .size = d->size},
                                 .where = x.fd < 0 ? ready.where : PLM_LAYER_EXTENT,
                                 .record = ready.record,
                                 .sealed_as = ready.sealed_as,
                                 .computed = ready.computed,
                                 .is_plain =
                                     x.fd < 0 ? ready.is_plain : plm_extent_is_plain(x.fd, x.offset, x.bytes),
                                 .fd = x.fd,
                                 .offset = x.offset,
                                 .bytes = x.bytes,
                                 .name = plm_arena_sv(plan->arena, d->digest)};
    if (l->where != PLM_LAYER_ABSENT && d->size != x.bytes)
        plm_plan_diag(plan, "layer.size-mismatch", PLM_SEV_HIGH, l->name,
                      "%llu bytes, where the manifest says %llu", (unsigned long long)x.bytes,
                      (unsigned long long)d->size);
    return 0;
}

/* ---- manifest and config
 * ------------------------------------------------------------------------------------ */

int plm_plan_config(struct plm_plan *p, const struct plm_image_options *opt, const struct plm_doc_config *c,
                    plm_err **err)
{
    plm_sv want = opt->platform, os, rest, arch, variant; /* a config often leaves the variant to the index */
    if (!c->variant.n && plm_sv_cut(want, '/', &os, &rest) && plm_sv_cut(rest, '/', &arch, &variant))
        want.n -= variant.n + 1;
    if (want.n && !plm_platform_fits(want, c->os, c->arch, c->variant))
        return plm_fail_id(err, PLM_E_NOTFOUND, "image.platform", "the image is for %.*s/%.*s, not %.*s",
                           PLM_SV_ARG(c->os), PLM_SV_ARG(c->arch), PLM_SV_ARG(opt->platform));
    if (c->arch.n)
        p->target.platform =
            plm_arena_printf(p->arena, "%.*s/%.*s%s%.*s", PLM_SV_ARG(c->os), PLM_SV_ARG(c->arch),
                             c->variant.n ? "/" : "", PLM_SV_ARG(c->variant));
    if (!plm_time_parse(c->created, &p->target.created))
        p->target.created = 0;
    if (c->n_diff_ids != p->layers.n)
        plm_plan_diag(p, "image.layer-count", PLM_SEV_HIGH, PLM_SV_NULL,
                      "%zu layers, where the config says %zu", p->layers.n, c->n_diff_ids);
    for (size_t i = 0; i < p->layers.n && i < c->n_diff_ids; i++)
        p->layers.v[i].about.diff_id = plm_arena_sv(p->arena, c->diff_ids[i]);
    p->config = c->image;
    size_t layer = 0;
    for (size_t i = 0; i < c->n_history && layer < p->layers.n; i++)
        if (!c->history[i].is_empty_layer)
            p->layers.v[layer++].about.created_by = plm_arena_sv(p->arena, c->history[i].created_by);
    return plm_arena_check(p->arena, err);
}

static int plan_manifest(const struct plm_ctx *ctx, const struct plm_image_options *opt,
                         const struct plm_blobs *blobs, const struct plm_doc_oci *m, struct plm_plan *plan,
                         plm_err **err)
{
    if (m->n > ctx->limits->layers)
        return plm_fail(err, PLM_E_LIMIT, "%zu layers are over limits.layers (%llu)", m->n,
                        (unsigned long long)ctx->limits->layers);
    for (size_t i = 0; i < m->n; i++)
        if (add_layer(blobs, &m->v[i], plan, err) < 0)
            return -1;
    plm_auto_done(plm_buf_done) struct plm_buf text = PLM_BUF((size_t)ctx->limits->manifest_bytes + 1);
    if (read_blob(ctx, blobs, m->config.digest, plan, &text, err) < 0)
        return plm_wrap(err, "image config");
    plan->target.image_id = plm_arena_sv(plan->arena, m->config.digest);
    struct plm_doc_config c;
    const char *name = plm_arena_cstr(plan->arena, m->config.digest);
    if (!name)
        return plm_fail_oom(err);
    if (plm_doc_config(ctx, plm_buf_sv(&text), name, plan->arena, &c, err) < 0)
        return -1;
    return plm_plan_config(plan, opt, &c, err);
}

static int plan_document(const struct plm_ctx *ctx, const struct plm_image_options *opt,
                         const struct plm_blobs *blobs, plm_sv text, plm_sv digest, plm_sv tag,
                         unsigned depth, struct plm_plan *plan, plm_err **err)
{
    struct plm_doc_oci doc;
    if (depth > NESTING_MAX)
        return plm_fail(err, PLM_E_LIMIT, "image indexes nested deeper than %d", NESTING_MAX);
    const char *name = depth ? plm_arena_cstr(plan->arena, digest) : "index.json";
    if (!name)
        return plm_fail_oom(err);
    if (plm_doc_oci(ctx, text, name, plan->arena, &doc, err) < 0)
        return -1;
    if (!doc.is_index) {
        plan->target.digest = plm_arena_sv(plan->arena, digest);
        return plan_manifest(ctx, opt, blobs, &doc, plan, err);
    }
    const struct plm_doc_descriptor *d = plm_oci_choose(&doc, opt->platform, tag, err);
    plm_auto_done(plm_buf_done) struct plm_buf next = PLM_BUF((size_t)ctx->limits->manifest_bytes + 1);
    if (d && !plan->target.tag.n)
        plan->target.tag = plm_arena_sv(plan->arena, full_name(d));
    if (!d || read_blob(ctx, blobs, d->digest, plan, &next, err) < 0)
        return -1;
    return plan_document(ctx, opt, blobs, plm_buf_sv(&next), d->digest, PLM_SV_NULL, depth + 1, plan, err);
}

int plm_oci_plan_index(const struct plm_ctx *ctx, const struct plm_image_options *opt,
                       const struct plm_blobs *blobs, plm_sv text, plm_sv tag, struct plm_plan *plan,
                       plm_err **err)
{
    return plan_document(ctx, opt, blobs, text, PLM_SV_NULL, tag, 0, plan, err);
}

int plm_oci_plan(const struct plm_ctx *ctx, const struct plm_image_options *opt,
                 const struct plm_blobs *blobs, plm_sv digest, struct plm_plan *plan, plm_err **err)
{
    plm_auto_done(plm_buf_done) struct plm_buf text = PLM_BUF((size_t)ctx->limits->manifest_bytes + 1);
    if (read_blob(ctx, blobs, digest, plan, &text, err) < 0)
        return -1;
    return plan_document(ctx, opt, blobs, plm_buf_sv(&text), digest, PLM_SV_NULL, 1, plan, err);
}

/* ---- oci-dir:
 * ------------------------------------------------------------------------------------------------ */

struct layout {
    const char *dir;
};

static int layout_find(void *impl, plm_sv digest, struct plm_extent *out, plm_err **err)
{
    const struct layout *l = impl;
    plm_auto_free char *path = NULL;
    if (asprintf(&path, "%s/blobs/sha256/%.*s", l->dir, PLM_SV_ARG(plm_sv_from_off(digest, 7))) < 0) {
        path = NULL;
        return plm_fail_oom(err);
    }
    plm_auto_fd int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    struct stat st;
    if (fd < 0 || fstat(fd, &st) < 0)
        return plm_fail_sys(err, "%s", path);
    if (!S_ISREG(st.st_mode))
        return plm_fail(err, PLM_E_UNSUPPORTED, "%s: not a regular file", path);
    *out = (struct plm_extent){.fd = plm_take_fd(fd), .bytes = (uint64_t)st.st_size};
    return 0;
}

static struct plm_analysis *analyze_oci_dir(const struct plm_ctx *ctx, const struct plm_source *src,
                                            const struct plm_image_options *opt, plm_err **err)
{
    plm_auto_free char *dir = strndup(src->reference.p, src->reference.n);
    plm_auto_free char *index = dir ? plm_fs_join(dir, "index.json") : NULL;
    plm_auto(plm_plan_free) struct plm_plan *plan = index ? plm_plan_new(src, err) : NULL;
    if (!plan)
        return index ? NULL : PLM_NULL(plm_fail_oom(err));
    plm_auto_done(plm_buf_done) struct plm_buf text = PLM_BUF((size_t)ctx->limits->manifest_bytes);
    struct layout l = {.dir = dir};
    const struct plm_blobs blobs = {.find = layout_find, .impl = &l};
    if (plm_fs_read(index, text.max, &text, err) < 0 ||
        plm_oci_plan_index(ctx, opt, &blobs, plm_buf_sv(&text), src->tag, plan, err) < 0)
        return PLM_NULL(plm_plan_wrap(plan, dir, err));
    return plm_plan_run(ctx, plm_take(plan), opt, err);
}

static const struct plm_source_handler source_oci_dir = {.kind = PLM_SRC_OCI_DIR,
                                                         .id = "oci-dir",
                                                         .aliases = " oci ",
                                                         .summary = "oci-dir:DIR[:TAG]: an OCI image layout",
                                                         .analyze = analyze_oci_dir};
PLM_REGISTER(plm_source_handlers, struct plm_source_handler, source_oci_dir);
