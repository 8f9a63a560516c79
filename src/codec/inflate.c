/* SPDX-License-Identifier: Apache-2.0
 *
 * Decompressing streams: the loop that all codecs share, with the limits on size and ratio,
 * and the three codecs. gzip (RFC 1952) by isa-l with its CRC and length checked, any number of
 * members, zero padding after the last one allowed as gzip(1) does; zstd (RFC 8878) with any
 * number of frames and a window of at most 128 MiB; xz with concatenated streams and a memory
 * limit.
 */
#include "codec/stream_int.h"

#include <isa-l/igzip_lib.h>
#include <lzma.h>
#include <zstd.h>

enum { RATIO_FROM = 16 << 20, ZSTD_WINDOW_LOG_MAX = 27 };
static const uint64_t xz_memory_max = 192u << 20;

/* ---- the shared loop ---------------------------------------------------------------------- */

struct inflate {
    struct plm_stream *below;
    const struct plm_codec *codec;
    const struct plm_limits *limits;
    void *state;
    uint64_t out_total;
    bool is_done;
};

static int check_limits(const struct inflate *z, plm_err **err)
{
    uint64_t in = plm_stream_offset(z->below);
    if (z->out_total > z->limits->layer_bytes)
        return plm_fail_id(err, PLM_E_LIMIT, "limit.bytes", "over the limit of %llu uncompressed bytes",
                           (unsigned long long)z->limits->layer_bytes);
    if (z->out_total > RATIO_FROM && z->out_total / z->limits->ratio > in)
        return plm_fail_id(err, PLM_E_LIMIT, "limit.ratio",
                           "%llu bytes out of %llu: expands more than %llu times, a decompression bomb",
                           (unsigned long long)z->out_total, (unsigned long long)in,
                           (unsigned long long)z->limits->ratio);
    return 0;
}

static ssize_t inflate_read(void *impl, void *p, size_t n, plm_err **err)
{
    struct inflate *z = impl;
    struct plm_codec_step io = {.out = p, .out_n = n};
    while (!z->is_done && io.out_n == n) {
        plm_sv part;
        if (plm_stream_peek(z->below, &part, err) < 0)
            return -1;
        io.in = (const unsigned char *)(part.p ? part.p : ""); /* none is not a null pointer to step over */
        io.in_n = part.n;
        io.is_input_ended = part.n == 0;
        int r = z->codec->step(z->state, &io, err);
        if (r < 0)
            return plm_wrap(err, "%s at compressed offset %llu", z->codec->name,
                            (unsigned long long)(plm_stream_offset(z->below) + part.n - io.in_n));
        if (r == 0 && part.n == io.in_n && io.out_n == n && part.n)
            return plm_fail(err, PLM_E_INTERNAL, "%s makes no progress", z->codec->name);
        if (plm_stream_skip(z->below, part.n - io.in_n, err) < 0)
            return -1;
        z->is_done = r == 1;
    }
    z->out_total += n - io.out_n;
    if (check_limits(z, err) < 0)
        return -1;
    return (ssize_t)(n - io.out_n);
}

static void inflate_free(void *impl)
{
    struct inflate *z = impl;
    if (z->state)
        z->codec->stop(z->state);
    plm_stream_free(z->below);
    free(z);
}

struct plm_stream *plm_inflate_new(struct plm_stream *s, const struct plm_codec *codec,
                                   const struct plm_limits *limits, plm_err **err)
{
    static const struct plm_stream_ops ops = {.read = inflate_read, .free = inflate_free};
    struct inflate *z = calloc(1, sizeof(*z));
    if (!z) {
        plm_stream_free(s);
        return PLM_NULL(plm_fail_oom(err));
    }
    *z = (struct inflate){.below = s, .codec = codec, .limits = limits};
    z->state = codec->start(err);
    struct plm_stream *out = z->state ? plm_stream_new(&ops, z, plm_stream_name(s), err) : NULL;
    if (!out)
        inflate_free(z);
    return out;
}

/* ---- gzip ------------------------------------------------------------------------------------ */

struct gzip_state {
    struct inflate_state isal;
    struct isal_gzip_header header;
    bool in_member, in_header, had_member;
};

static void *gzip_start(plm_err **err)
{
    struct gzip_state *g = aligned_alloc(64, (sizeof(*g) + 63) / 64 * 64);
    if (!g)
        return PLM_NULL(plm_fail_oom(err));
    memset(g, 0, sizeof(*g));
    return g;
}

static void gzip_start_member(struct gzip_state *g)
{
    isal_inflate_init(&g->isal);
    isal_gzip_header_init(&g->header);
    g->in_member = true;
    g->in_header = true;
}

/* Zero bytes after the last member are padding (tapes, block devices); anything else is not gzip. */
static int gzip_between(struct gzip_state *g, struct plm_codec_step *io, plm_err **err)
{
    if (io->is_input_ended)
        return g->had_member ? 1 : plm_fail(err, PLM_E_PARSE, "empty gzip data");
    if (g->had_member) {
        while (io->in_n && io->in[0] == 0) {
            io->in++;
            io->in_n--;
        }
        if (io->in_n == 0)
            return 0;
        if (io->in[0] != 0x1f)
            return plm_fail(err, PLM_E_PARSE, "garbage after the last gzip member");
    }
    gzip_start_member(g);
    return 0;
}

/* The header is read here: left to itself, isa-l forgets the flags of one that is split over windows. */
static int gzip_inflate(struct gzip_state *g)
{
    if (g->in_header) {
        int r = isal_read_gzip_header(&g->isal, &g->header);
        if (r != ISAL_DECOMP_OK)
            return r == ISAL_END_INPUT ? ISAL_DECOMP_OK : r;
        g->in_header = false;
        g->isal.crc_flag = ISAL_GZIP_NO_HDR_VER; /* CRC and length behind the data are verified */
    }
    return isal_inflate(&g->isal);
}

static int gzip_step(void *state, struct plm_codec_step *io, plm_err **err)
{
    struct gzip_state *g = state;
    if (!g->in_member) {
        int r = gzip_between(g, io, err);
        if (r != 0 || !g->in_member)
            return r;
    }
    size_t in = io->in_n < UINT32_MAX ? io->in_n : UINT32_MAX,
           out = io->out_n < UINT32_MAX ? io->out_n : UINT32_MAX;
    g->isal.next_in = (uint8_t *)(uintptr_t)io->in;
    g->isal.avail_in = (uint32_t)in;
    g->isal.next_out = io->out;
    g->isal.avail_out = (uint32_t)out;
    int r = gzip_inflate(g);
    /* Over damaged data isa-l can give back more than it was given. */
    if (g->isal.avail_in > in || g->isal.avail_out > out)
        return plm_fail(err, PLM_E_PARSE, "gzip data are damaged");
    size_t used = in - g->isal.avail_in, made = out - g->isal.avail_out;
    if (used) /* at the end of the input there may be no buffer at all */
        io->in += used;
    io->in_n -= used;
    io->out += made;
    io->out_n -= made;
    if (r == ISAL_INCORRECT_CHECKSUM)
        return plm_fail(err, PLM_E_PARSE, "checksum of the gzip member is wrong");
    if (r < 0)
        return plm_fail(err, PLM_E_PARSE, "gzip data are damaged (%d)", r);
    if (g->isal.block_state == ISAL_BLOCK_FINISH) {
        g->in_member = false;
        g->had_member = true;
    } else if (io->is_input_ended && made == 0) {
        return plm_fail(err, PLM_E_PARSE, "gzip data end in the middle of a member");
    }
    return 0;
}

const struct plm_codec plm_codec_gzip = {
    .name = "gzip", .start = gzip_start, .stop = free, .step = gzip_step};

/* ---- zstd ------------------------------------------------------------------------------------- */

struct zstd_state {
    ZSTD_DStream *z;
    size_t hint; /* 0: between frames */
    bool had_frame;
};

static void zstd_stop(void *state)
{
    struct zstd_state *s = state;
    ZSTD_freeDStream(s->z);
    free(s);
}

static void *zstd_start(plm_err **err)
{
    struct zstd_state *s = calloc(1, sizeof(*s));
    if (s)
        s->z = ZSTD_createDStream();
    if (!s || !s->z || ZSTD_isError(ZSTD_DCtx_setParameter(s->z, ZSTD_d_windowLogMax, ZSTD_WINDOW_LOG_MAX))) {
        if (s)
            zstd_stop(s);
        return PLM_NULL(plm_fail_oom(err));
    }
    return s;
}

static int zstd_step(void *state, struct plm_codec_step *io, plm_err **err)
{
    struct zstd_state *s = state;
    if (io->is_input_ended && s->hint == 0)
        return s->had_frame ? 1 : plm_fail(err, PLM_E_PARSE, "empty zstd data");
    ZSTD_inBuffer in = {io->in, io->in_n, 0};
    ZSTD_outBuffer out = {io->out, io->out_n, 0};
    /* The first byte alone: a frame that lies in the input as a whole would take libzstd's other path, which
     * refuses some damaged frames that its streaming accepts; what is accepted must not depend on how the
     * input was cut. */
    bool is_first = s->hint == 0 && in.size > 1;
    in.size = is_first ? 1 : in.size;
    size_t r = ZSTD_decompressStream(s->z, &out, &in);
    if (ZSTD_isError(r))
        return plm_fail(err, PLM_E_PARSE, "zstd data are damaged: %s", ZSTD_getErrorName(r));
    io->in += in.pos;
    io->in_n -= in.pos;
    io->out += out.pos;
    io->out_n -= out.pos;
    s->hint = r;
    s->had_frame = s->had_frame || r == 0;
    if (io->is_input_ended && !is_first && out.pos == 0 && r != 0)
        return plm_fail(err, PLM_E_PARSE, "zstd data end in the middle of a frame");
    return 0;
}

const struct plm_codec plm_codec_zstd = {
    .name = "zstd", .start = zstd_start, .stop = zstd_stop, .step = zstd_step};

/* ---- xz ------------------------------------------------------------------------------------------ */

static void xz_stop(void *state)
{
    lzma_end(state);
    free(state);
}

static void *xz_start(plm_err **err)
{
    lzma_stream *s = calloc(1, sizeof(*s)); /* all zero is LZMA_STREAM_INIT */
    if (!s || lzma_stream_decoder(s, xz_memory_max, LZMA_CONCATENATED) != LZMA_OK) {
        free(s); /* a failed initialisation leaves nothing to end */
        return PLM_NULL(plm_fail_oom(err));
    }
    return s;
}

static int xz_step(void *state, struct plm_codec_step *io, plm_err **err)
{
    lzma_stream *s = state;
    s->next_in = io->in;
    s->avail_in = io->in_n;
    s->next_out = io->out;
    s->avail_out = io->out_n;
    lzma_ret r = lzma_code(s, io->is_input_ended ? LZMA_FINISH : LZMA_RUN);
    io->in = s->next_in;
    io->in_n = s->avail_in;
    io->out = s->next_out;
    io->out_n = s->avail_out;
    if (r == LZMA_STREAM_END)
        return 1;
    if (r == LZMA_OK || (r == LZMA_BUF_ERROR && !io->is_input_ended))
        return 0;
    if (r == LZMA_MEM_ERROR)
        return plm_fail_oom(err);
    if (r == LZMA_MEMLIMIT_ERROR)
        return plm_fail(err, PLM_E_LIMIT, "xz data need more than %llu MiB of memory",
                        (unsigned long long)(xz_memory_max >> 20));
    return plm_fail(err, PLM_E_PARSE,
                    r == LZMA_BUF_ERROR ? "xz data end in the middle" : "xz data are damaged (%d)", (int)r);
}

const struct plm_codec plm_codec_xz = {.name = "xz", .start = xz_start, .stop = xz_stop, .step = xz_step};
