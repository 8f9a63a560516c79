/* SPDX-License-Identifier: Apache-2.0
 *
 * Pull streams: a 128 KiB window over a source of bytes. Readers that can work in place use
 * plm_stream_peek, so a skipped byte is never copied; a source that is memory already (a view)
 * hands out its own bytes.
 */
#include "codec/stream_int.h"

#include "base/buf.h"

#include <unistd.h>

enum { WINDOW = 128 * 1024 };

struct plm_stream {
    const struct plm_stream_ops *ops;
    void *impl;
    char *name;
    char *window;   /* NULL for views */
    const char *at; /* unread bytes */
    size_t left;
    uint64_t offset; /* delivered so far */
    bool is_ended;
};

struct plm_stream *plm_stream_new(const struct plm_stream_ops *ops, void *impl, const char *name,
                                  plm_err **err)
{
    struct plm_stream *s = calloc(1, sizeof(*s));
    if (s) {
        *s = (struct plm_stream){.ops = ops, .impl = impl, .name = strdup(name), .window = malloc(WINDOW)};
        if (s->name && s->window)
            return s;
        s->impl = NULL; /* stays the caller's on failure */
        plm_stream_free(s);
    }
    return PLM_NULL(plm_fail_oom(err));
}

void plm_stream_free(struct plm_stream *s)
{
    if (!s)
        return;
    if (s->impl)
        s->ops->free(s->impl);
    free(s->window);
    free(s->name);
    free(s);
}

/* ---- a descriptor ----------------------------------------------------------------------- */

struct fd_source {
    int fd;
};

static ssize_t fd_read(void *impl, void *p, size_t n, plm_err **err)
{
    struct fd_source *f = impl;
    ssize_t r;
    do
        r = read(f->fd, p, n);
    while (r < 0 && errno == EINTR);
    return r < 0 ? plm_fail_sys(err, "read") : r;
}

static void fd_free(void *impl)
{
    struct fd_source *f = impl;
    close(f->fd);
    free(f);
}

/* Of a regular file, never beyond its end: what is missing there is found by reading. */
static uint64_t fd_skip(void *impl, uint64_t n)
{
    const struct fd_source *f = impl;
    off_t at = lseek(f->fd, 0, SEEK_CUR), end = at < 0 ? -1 : lseek(f->fd, 0, SEEK_END);
    if (end < 0)
        return 0;
    uint64_t left = end > at ? (uint64_t)(end - at) : 0, take = n < left ? n : left;
    return lseek(f->fd, at + (off_t)take, SEEK_SET) < 0 ? 0 : take;
}

struct plm_stream *plm_stream_fd(int fd, const char *name, plm_err **err)
{
    static const struct plm_stream_ops ops = {.read = fd_read, .free = fd_free, .skip = fd_skip};
    struct fd_source *f = malloc(sizeof(*f));
    if (!f) {
        close(fd);
        return PLM_NULL(plm_fail_oom(err));
    }
    f->fd = fd;
    struct plm_stream *s = plm_stream_new(&ops, f, name, err);
    if (!s)
        fd_free(f);
    return s;
}

/* ---- a view ------------------------------------------------------------------------------- */

static ssize_t view_read(void *impl, void *p, size_t n, plm_err **err)
{
    (void)impl, (void)p, (void)n, (void)err;
    return 0; /* everything is in the window from the start */
}

static void view_free(void *impl)
{
    (void)impl;
}

struct plm_stream *plm_stream_view(plm_sv data, const char *name, plm_err **err)
{
    static const struct plm_stream_ops ops = {.read = view_read, .free = view_free};
    struct plm_stream *s = calloc(1, sizeof(*s));
    char *copy = strdup(name);
    if (!s || !copy) {
        free(s);
        free(copy);
        return PLM_NULL(plm_fail_oom(err));
    }
    *s = (struct plm_stream){.ops = &ops, .name = copy, .at = data.p, .left = data.n, .is_ended = true};
    return s;
}

/* ---- reading ------------------------------------------------------------------------------- */

/* At least one byte in the window unless the end is reached. */
static int fill(struct plm_stream *s, plm_err **err)
{
    if (s->left || s->is_ended)
        return 0;
    ssize_t r = s->ops->read(s->impl, s->window, WINDOW, err);
    if (r < 0)
        return plm_wrap(err, "%s", s->name);
    s->is_ended = r == 0;
    s->at = s->window;
    s->left = (size_t)r;
    return 0;
}

ssize_t plm_stream_read(struct plm_stream *s, void *p, size_t n, plm_err **err)
{
    /* A large read with nothing buffered goes straight to its place. */
    if (s->left == 0 && !s->is_ended && n >= WINDOW) {
        ssize_t r = s->ops->read(s->impl, p, n, err);
        if (r < 0)
            return plm_wrap(err, "%s", s->name);
        s->is_ended = r == 0;
        s->offset += (size_t)r;
        return r;
    }
    if (fill(s, err) < 0)
        return -1;
    size_t take = n < s->left ? n : s->left;
    if (take)
        memcpy(p, s->at, take);
    s->at += take;
    s->left -= take;
    s->offset += take;
    return (ssize_t)take;
}

int plm_stream_read_full(struct plm_stream *s, void *p, size_t n, plm_err **err)
{
    for (char *to = p; n;) {
        ssize_t r = plm_stream_read(s, to, n, err);
        if (r < 0)
            return -1;
        if (r == 0)
            return plm_fail(err, PLM_E_PARSE, "%s: ends at offset %llu, %zu bytes short", s->name,
                            (unsigned long long)s->offset, n);
        to += r;
        n -= (size_t)r;
    }
    return 0;
}

int plm_stream_peek(struct plm_stream *s, plm_sv *out, plm_err **err)
{
    if (fill(s, err) < 0)
        return -1;
    *out = plm_sv_n(s->at, s->left);
    return 0;
}

int plm_stream_skip(struct plm_stream *s, uint64_t n, plm_err **err)
{
    while (n) {
        uint64_t over =
            s->left == 0 && !s->is_ended && s->ops->skip && n > WINDOW ? s->ops->skip(s->impl, n) : 0;
        s->offset += over;
        n -= over;
        if (n == 0)
            return 0;
        if (fill(s, err) < 0)
            return -1;
        if (s->left == 0)
            return plm_fail(err, PLM_E_PARSE, "%s: ends at offset %llu, %llu bytes short", s->name,
                            (unsigned long long)s->offset, (unsigned long long)n);
        size_t take = n < s->left ? (size_t)n : s->left;
        s->at += take;
        s->left -= take;
        s->offset += take;
        n -= take;
    }
    return 0;
}

uint64_t plm_stream_offset(const struct plm_stream *s)
{
    return s->offset;
}

const char *plm_stream_name(const struct plm_stream *s)
{
    return s->name;
}

int plm_stream_slurp(struct plm_stream *s, size_t max, struct plm_buf *out, plm_err **err)
{
    for (size_t total = 0;;) {
        plm_sv part;
        if (plm_stream_peek(s, &part, err) < 0)
            return -1;
        if (part.n == 0)
            return plm_buf_check(out, err);
        if (part.n > max - total)
            return plm_fail(err, PLM_E_LIMIT, "%s: over the limit of %zu bytes", s->name, max);
        plm_buf_put(out, part.p, part.n);
        if (plm_buf_check(out, err) < 0 || plm_stream_skip(s, part.n, err) < 0)
            return -1;
        total += part.n;
    }
}

/* ---- compression ------------------------------------------------------------------------------ */

enum plm_compression plm_compression_sniff(plm_sv head)
{
    if (plm_sv_starts(head, PLM_SV("\x1f\x8b")))
        return PLM_COMPRESSION_GZIP;
    if (plm_sv_starts(head, PLM_SV("\x28\xb5\x2f\xfd")))
        return PLM_COMPRESSION_ZSTD;
    /* A skippable frame may come first (zstd-seekable): 0x184D2A5?, little endian. */
    if (head.n >= 4 && (head.p[0] & 0xf0) == 0x50 && memcmp(head.p + 1, "\x2a\x4d\x18", 3) == 0)
        return PLM_COMPRESSION_ZSTD;
    if (plm_sv_starts(head, PLM_SV("\xfd"
                                   "7zXZ\0")))
        return PLM_COMPRESSION_XZ;
    return PLM_COMPRESSION_NONE;
}

const char *plm_compression_name(enum plm_compression c)
{
    static const char *const names[] = {"none", "gzip", "zstd", "xz"};
    return names[c];
}

struct plm_stream *plm_stream_decompress(struct plm_stream *s, const struct plm_limits *limits, plm_err **err)
{
    plm_sv head;
    if (plm_stream_peek(s, &head, err) < 0) {
        plm_stream_free(s);
        return NULL;
    }
    switch (plm_compression_sniff(head)) {
    case PLM_COMPRESSION_NONE:
        return s;
    case PLM_COMPRESSION_GZIP:
        return plm_inflate_new(s, &plm_codec_gzip, limits, err);
    case PLM_COMPRESSION_ZSTD:
        return plm_inflate_new(s, &plm_codec_zstd, limits, err);
    case PLM_COMPRESSION_XZ:
        return plm_inflate_new(s, &plm_codec_xz, limits, err);
    }
    return s;
}

int plm_decompress(plm_sv data, const char *name, size_t max, struct plm_buf *out, plm_err **err)
{
    struct plm_stream *raw = plm_stream_view(data, name, err);
    plm_auto(plm_stream_free) struct plm_stream *s =
        raw ? plm_stream_decompress(raw, &plm_limits_default, err) : NULL;
    return s ? plm_stream_slurp(s, max, out, err) : -1;
}
