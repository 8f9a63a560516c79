/* SPDX-License-Identifier: Apache-2.0
 *
 * LZ4 frames (lz4_Frame_format.md, version 1.6), read as a stream: what apt stores its lists
 * in when Acquire::GzipIndexes is set. Own code because it is small and a fresh machine has
 * no liblz4 headers. Handled: dependent and independent blocks, stored blocks, content size,
 * block and content checksums (skipped: the caller checks the SHA-256 of the whole), several
 * frames, skippable frames. Dictionaries are refused. Memory: one compressed block plus
 * 64 KiB of history plus one decompressed block (at most 4 MiB each).
 */
#include "base/buf.h"
#include "repo/repo_int.h"

#define LZ4_MAGIC   0x184D2204u
#define LZ4_HISTORY PLM_KIB(64)

struct lz4 {
    struct plm_stream *below;
    struct plm_buf in;  /* the compressed block */
    struct plm_buf out; /* history, then the block */
    size_t given;       /* how much of out has been handed out */
    size_t block_max;
    bool in_frame, block_sums, content_sum;
};

bool plm_lz4_is(plm_sv head)
{
    return head.n >= 4 && memcmp(head.p, "\x04\x22\x4d\x18", 4) == 0;
}

static uint32_t u32(const unsigned char *p)
{
    return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static int bad(struct lz4 *z, const char *what, plm_err **err)
{
    return plm_fail(err, PLM_E_PARSE, "%s: lz4: %s at offset %llu", plm_stream_name(z->below), what,
                    (unsigned long long)plm_stream_offset(z->below));
}

/* 1: a frame begins; 0: the end of the stream. */
static int frame(struct lz4 *z, plm_err **err)
{
    for (;;) {
        plm_sv peek;
        unsigned char h[4], d[2];
        if (plm_stream_peek(z->below, &peek, err) < 0)
            return -1;
        if (peek.n == 0)
            return 0;
        if (plm_stream_read_full(z->below, h, 4, err) < 0)
            return -1;
        uint32_t magic = u32(h);
        if ((magic & 0xfffffff0u) == 0x184D2A50u) {
            if (plm_stream_read_full(z->below, h, 4, err) < 0 || plm_stream_skip(z->below, u32(h), err) < 0)
                return -1;
            continue;
        }
        if (magic != LZ4_MAGIC)
            return bad(z, "no frame", err);
        if (plm_stream_read_full(z->below, d, 2, err) < 0)
            return -1;
        unsigned block = (d[1] >> 4) & 7u;
        if ((d[0] >> 6) != 1 || (d[0] & 1u) || block < 4)
            return bad(z, "unsupported frame", err);
        z->block_max = (size_t)1 << (8 + 2 * block);
        z->block_sums = d[0] & 0x10u;
        z->content_sum = d[0] & 4u;
        z->out.n = z->given = 0;
        z->in_frame = true;
        if (plm_stream_skip(z->below, ((d[0] & 8u) ? 8u : 0u) + 1u, err) < 0)
            return -1;
        return 1;
    }
}

/* A length continued by bytes of 255. */
static bool more_length(const unsigned char **p, const unsigned char *end, size_t *n)
{
    unsigned char c;
    do {
        if (*p >= end)
            return false;
        c = *(*p)++;
        *n += c;
    } while (c == 255);
    return true;
}

/* One block of sequences, appended to out (which has room for block_max). */
static bool sequences(struct lz4 *z, const unsigned char *p, size_t n)
{
    const unsigned char *end = p + n;
    unsigned char *base = (unsigned char *)z->out.p, *to = base + z->out.n, *limit = to + z->block_max;
    while (p < end) {
        unsigned char token = *p++;
        size_t lit = token >> 4, len = token & 15u;
        if ((lit == 15 && !more_length(&p, end, &lit)) || lit > (size_t)(end - p) ||
            lit > (size_t)(limit - to))
            return false;
        memcpy(to, p, lit);
        to += lit;
        p += lit;
        if (p == end)
            break;
        if (end - p < 2)
            return false;
        size_t back = (size_t)p[0] | (size_t)p[1] << 8;
        p += 2;
        if ((len == 15 && !more_length(&p, end, &len)) || back == 0 || back > (size_t)(to - base))
            return false;
        len += 4;
        if (len > (size_t)(limit - to))
            return false;
        if (back >= len) {
            memcpy(to, to - back, len);
            to += len;
        } else {
            for (const unsigned char *from = to - back; len; len--)
                *to++ = *from++;
        }
    }
    z->out.n = (size_t)(to - base);
    return true;
}

/* 1: the next block stands in out; 0: the frame ended. */
static int block(struct lz4 *z, plm_err **err)
{
    unsigned char h[4];
    if (plm_stream_read_full(z->below, h, 4, err) < 0)
        return -1;
    uint32_t size = u32(h);
    bool is_stored = size >> 31;
    size &= 0x7fffffffu;
    if (size == 0) {
        z->in_frame = false;
        return z->content_sum ? plm_stream_skip(z->below, 4, err) : 0;
    }
    if (size > z->block_max)
        return bad(z, "block over its maximum", err);
    if (z->out.n > LZ4_HISTORY) {
        memmove(z->out.p, z->out.p + z->out.n - LZ4_HISTORY, LZ4_HISTORY);
        z->out.n = LZ4_HISTORY;
    }
    z->given = z->out.n;
    plm_buf_clear(&z->in);
    char *in = plm_buf_reserve(&z->in, size), *to = plm_buf_reserve(&z->out, z->block_max);
    if (!in || !to)
        return plm_fail_oom(err);
    if (plm_stream_read_full(z->below, in, size, err) < 0)
        return -1;
    if (is_stored)
        plm_buf_put(&z->out, in, size);
    else if (!sequences(z, (const unsigned char *)in, size))
        return bad(z, "broken block", err);
    if (z->block_sums && plm_stream_skip(z->below, 4, err) < 0)
        return -1;
    return 1;
}

static ssize_t lz4_read(void *impl, void *p, size_t n, plm_err **err)
{
    struct lz4 *z = impl;
    while (z->given == z->out.n) {
        int r = z->in_frame ? block(z, err) : frame(z, err);
        if (r < 0)
            return -1;
        if (r == 0 && !z->in_frame) {
            plm_sv peek;
            if (plm_stream_peek(z->below, &peek, err) < 0)
                return -1;
            if (peek.n == 0)
                return 0;
        }
    }
    size_t take = z->out.n - z->given < n ? z->out.n - z->given : n;
    memcpy(p, z->out.p + z->given, take);
    z->given += take;
    return (ssize_t)take;
}

static void lz4_free(void *impl)
{
    struct lz4 *z = impl;
    plm_stream_free(z->below);
    plm_buf_done(&z->in);
    plm_buf_done(&z->out);
    free(z);
}

struct plm_stream *plm_lz4_stream(struct plm_stream *s, plm_err **err)
{
    static const struct plm_stream_ops ops = {.read = lz4_read, .free = lz4_free};
    struct lz4 *z = calloc(1, sizeof(*z));
    if (!z) {
        plm_stream_free(s);
        return PLM_NULL(plm_fail_oom(err));
    }
    z->below = s;
    z->in = PLM_BUF(PLM_MIB(4));
    z->out = PLM_BUF(PLM_MIB(4) + LZ4_HISTORY);
    struct plm_stream *out = plm_stream_new(&ops, z, plm_stream_name(s), err);
    if (!out)
        lz4_free(z);
    return out;
}
