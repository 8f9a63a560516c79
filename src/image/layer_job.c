/* SPDX-License-Identifier: Apache-2.0
 *
 * Worker: a layer's bytes (ring) to its record. Compression and tar come from codec/; entries go to the
 * builder; the contents of wanted files go to their extractors one file at a time.
 *
 * Where it is asked for, the uncompressed bytes are hashed on the way: that costs as much again as half of
 * inflating them (docs/performance.md), so it is not done for every scan.
 *
 * What breaks the stream cuts the record there: what came before is kept and a diagnostic says so.
 */
#include "codec/hash.h"
#include "codec/tar.h"
#include "image/build.h"
#include "image/worker.h"

static enum plm_entry_type type_of(enum plm_tar_type t)
{
    switch (t) {
    case PLM_TAR_FILE:
        return PLM_ENTRY_FILE;
    case PLM_TAR_DIR:
        return PLM_ENTRY_DIR;
    case PLM_TAR_SYMLINK:
        return PLM_ENTRY_SYMLINK;
    case PLM_TAR_HARDLINK:
        return PLM_ENTRY_HARDLINK;
    case PLM_TAR_CHAR:
        return PLM_ENTRY_CHAR;
    case PLM_TAR_BLOCK:
        return PLM_ENTRY_BLOCK;
    case PLM_TAR_FIFO:
        return PLM_ENTRY_FIFO;
    case PLM_TAR_OTHER:
        return PLM_ENTRY_OTHER;
    }
    return PLM_ENTRY_OTHER;
}

/* The contents of the file that arrived, for those who want it. */
static int take_contents(struct plm_builder *b, struct plm_tar *t, uint32_t node, struct plm_buf *scratch,
                         plm_err **err)
{
    plm_auto_done(plm_buf_done) struct plm_buf path = PLM_BUF(PLM_KIB(64));
    plm_buf_sv_put(&path, plm_builder_path(b, node));
    size_t n;
    const struct plm_match *m = plm_builder_wants(b, plm_buf_sv(&path), &n);
    if (n == 0 || !plm_builder_fits(b, node, m, n, plm_buf_sv(&path)))
        return 0;
    return plm_builder_take_tar(b, node, m, n, t, scratch, err);
}

/* Decompression has its own check; this one is for layers that come as they are. */
static int check_bytes(const struct plm_stream *s, const struct plm_limits *limits, plm_err **err)
{
    if (plm_stream_offset(s) <= limits->layer_bytes)
        return 0;
    return plm_fail_id(err, PLM_E_LIMIT, "limit.bytes", "over the limit of %llu uncompressed bytes",
                       (unsigned long long)limits->layer_bytes);
}

static int read_entries(struct plm_builder *b, struct plm_stream *s, struct plm_tar *t,
                        const struct plm_limits *limits, plm_err **err)
{
    struct plm_tar_entry te;
    size_t max = limits->file_bytes > SIZE_MAX ? SIZE_MAX : (size_t)limits->file_bytes;
    plm_auto_done(plm_buf_done) struct plm_buf scratch = PLM_BUF(max);
    int r;
    for (uint64_t n = 0; (r = plm_tar_next(t, &te, err)) > 0; n++) {
        if (check_bytes(s, limits, err) < 0)
            return -1;
        if (n >= limits->layer_entries)
            return plm_fail(err, PLM_E_LIMIT, "more than limits.layer_entries (%llu) entries",
                            (unsigned long long)limits->layer_entries);
        struct plm_record_entry e = {.path = te.name,
                                     .link = te.link,
                                     .type = type_of(te.type),
                                     .mode = te.mode & 07777,
                                     .uid = (uint32_t)te.uid,
                                     .gid = (uint32_t)te.gid,
                                     .size = te.size};
        uint32_t node;
        if (plm_builder_add(b, &e, &node, err) < 0 ||
            (node != PLM_NONE && take_contents(b, t, node, &scratch, err) < 0))
            return -1;
    }
    return r;
}

/* What follows the archive belongs to the layer: its checksums and limits are checked as well. */
static int drain(struct plm_stream *s, plm_err **err)
{
    for (;;) {
        plm_sv part;
        if (plm_stream_peek(s, &part, err) < 0)
            return -1;
        if (part.n == 0)
            return 0;
        if (plm_stream_skip(s, part.n, err) < 0)
            return -1;
    }
}

static void see(void *hash, plm_sv bytes)
{
    plm_sha256_update(hash, bytes.p, bytes.n);
}

static int read_layer(struct plm_builder *b, struct plm_stream *raw, const struct plm_limits *limits,
                      bool want_diff_id, plm_err **err)
{
    plm_auto(plm_sha256_free) struct plm_sha256 *hash = want_diff_id ? plm_sha256_new(err) : NULL;
    if (want_diff_id && !hash) {
        plm_stream_free(raw);
        return -1;
    }
    struct plm_stream *plain = plm_stream_decompress(raw, limits, err);
    plm_auto(plm_stream_free) struct plm_stream *s =
        plain && hash ? plm_stream_tap(plain, see, hash, err) : plain;
    plm_auto(plm_tar_free) struct plm_tar *t = s ? plm_tar_new(s, limits, err) : NULL;
    if (!t || read_entries(b, s, t, limits, err) < 0 || drain(s, err) < 0 || check_bytes(s, limits, err) < 0)
        return -1;
    if (hash) { /* only of a layer that was read whole */
        unsigned char sum[PLM_SHA256_BYTES];
        plm_sha256_final(hash, sum);
        plm_builder_diff_id(b, sum);
    }
    return 0;
}

int plm_layer_record(struct plm_stream *raw, plm_sv name, const struct plm_limits *limits,
                     const struct plm_wanted *wanted, struct plm_buf *out, plm_err **err)
{
    plm_auto(plm_builder_free) struct plm_builder *b = plm_builder_new(limits, wanted, err);
    if (!b) {
        plm_stream_free(raw);
        return -1;
    }
    plm_err *bad = NULL;
    if (read_layer(b, raw, limits, wanted->diff_id, &bad) < 0) {
        plm_builder_cut(b, NULL, name, bad);
        plm_err_free(bad);
    }
    return plm_builder_write(b, out, err);
}

/* Job: name, what is wanted. Descriptors: the ring's memory and socket. */
int plm_job_layer(struct plm_job_input *in, struct plm_buf *out, plm_err **err)
{
    plm_auto(plm_arena_free) struct plm_arena *a = plm_arena_new(PLM_ARENA_NO_LIMIT);
    if (!a)
        return plm_fail_oom(err);
    plm_sv name = plm_rd_view(&in->rd);
    struct plm_wanted wanted;
    if (plm_wanted_decode(&in->rd, a, &wanted, err) < 0)
        return -1;
    plm_job_service(in, &wanted);
    if (in->n_fds < 2)
        return plm_fail(err, PLM_E_INTERNAL, "a layer without a ring");
    struct plm_stream *raw = plm_ring_stream(in->fds[0], in->fds[1], "tar", err);
    return raw ? plm_layer_record(raw, name, in->limits, &wanted, out, err) : -1;
}
