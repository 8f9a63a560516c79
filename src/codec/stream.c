/* SPDX-License-Identifier: Apache-2.0
 *
 * The core of pull streams and the plain sources. A stream lends windows of whatever memory the
 * bytes lie in: the view itself, or a 128 KiB buffer here for sources
 * that can only read. Large reads from such sources go straight to the caller's memory.
 */
#include "codec/stream_int.h"

#include "base/buf.h"

#include <fcntl.h>
#include <sys/stat.h>

enum { WINDOW = 128 << 10, HEAD = 16, SNIFF = 6 };

struct plm_stream {
    const struct plm_stream_ops *ops;
    void *impl;
    char *name;
    unsigned char *own;    /* buffer for sources without fill; on first use */
    plm_sv window, behind; /* what is lent now; what follows it (only behind a sniffed head) */
    char head[HEAD];
    uint64_t offset, max;
    bool is_over;
};

struct plm_stream *plm_stream_new(const struct plm_stream_ops *ops, void *impl, const char *name,
                                  plm_err **err)
{
    struct plm_stream *s = calloc(1, sizeof(*s));
    char *copy = strdup(name);
    if (!s || !copy) {
        free(s);
        free(copy);
        return PLM_NULL(plm_fail_oom(err));
    }
    *s = (struct plm_stream){.ops = ops, .impl = impl, .name = copy, .max = UINT64_MAX};
    return s;
}

void plm_stream_free(struct plm_stream *s)
{
    if (!s)
        return;
    s->ops->free(s->impl);
    free(s->name);
    free(s->own);
    free(s);
}

void plm_stream_limit(struct plm_stream *s, uint64_t max)
{
    s->max = max;
}

uint64_t plm_stream_offset(const struct plm_stream *s)
{
    return s->offset;
}

const char *plm_stream_name(const struct plm_stream *s)
{
    return s->name;
}

static int within(const struct plm_stream *s, plm_err **err)
{
    if (s->offset <= s->max)
        return 0;
    return plm_fail_id(err, PLM_E_LIMIT, "limit.bytes", "%s: over the limit of %llu bytes", s->name,
                       (unsigned long long)s->max);
}

/* The next window, once the last one is used up. */
static int refill(struct plm_stream *s, plm_err **err)
{
    if (s->behind.n) {
        s->window = s->behind;
        s->behind = PLM_SV_NULL;
        return 0;
    }
    s->window = PLM_SV_NULL;
    if (s->is_over)
        return 0;
    if (s->ops->fill) {
        if (s->ops->fill(s->impl, &s->window, err) < 0)
            return plm_wrap(err, "%s", s->name);
    } else {
        if (!s->own && !(s->own = malloc(WINDOW)))
            return plm_fail_oom(err);
        ssize_t r = s->ops->read(s->impl, s->own, WINDOW, err);
        if (r < 0)
            return plm_wrap(err, "%s", s->name);
        s->window = plm_sv_n((const char *)s->own, (size_t)r);
    }
    s->is_over = s->window.n == 0;
    return 0;
}

int plm_stream_peek(struct plm_stream *s, plm_sv *out, plm_err **err)
{
    if (within(s, err) < 0 || (s->window.n == 0 && refill(s, err) < 0))
        return -1;
    *out = s->window;
    return 0;
}

int plm_stream_head(struct plm_stream *s, size_t n, plm_sv *out, plm_err **err)
{
    if (plm_stream_peek(s, out, err) < 0)
        return -1;
    if (out->n >= n || out->n == 0)
        return 0;
    /* Short windows are gathered in head; the rest of the last one waits in behind. */
    size_t have = out->n;
    memmove(s->head, out->p, have);
    while (have < n) {
        s->window.n = 0;
        if (refill(s, err) < 0)
            return -1;
        if (s->window.n == 0)
            break;
        size_t k = s->window.n < n - have ? s->window.n : n - have;
        memcpy(s->head + have, s->window.p, k);
        have += k;
        s->behind = plm_sv_from_off(s->window, k);
    }
    s->window = *out = plm_sv_n(s->head, have);
    return 0;
}

static void advance(struct plm_stream *s, size_t n)
{
    if (n == 0) /* the window may be none at all */
        return;
    s->window = plm_sv_n(s->window.p + n, s->window.n - n);
    s->offset += n;
}

ssize_t plm_stream_read(struct plm_stream *s, void *p, size_t n, plm_err **err)
{
    if (n == 0)
        return 0;
    if (s->window.n == 0 && s->behind.n == 0 && s->ops->read && n >= WINDOW && !s->is_over) {
        if (within(s, err) < 0)
            return -1;
        ssize_t r = s->ops->read(s->impl, p, n, err);
        if (r < 0)
            return plm_wrap(err, "%s", s->name);
        s->is_over = r == 0;
        s->offset += (uint64_t)r;
        return r;
    }
    plm_sv w;
    if (plm_stream_peek(s, &w, err) < 0)
        return -1;
    if (w.n > n)
        w.n = n;
    if (w.n)
        memcpy(p, w.p, w.n);
    advance(s, w.n);
    return (ssize_t)w.n;
}

int plm_stream_read_full(struct plm_stream *s, void *p, size_t n, plm_err **err)
{
    for (size_t done = 0; done < n;) {
        ssize_t r = plm_stream_read(s, (char *)p + done, n - done, err);
        if (r < 0)
            return -1;
        if (r == 0)
            return plm_fail(err, PLM_E_PARSE, "%s: ends at offset %llu", s->name,
                            (unsigned long long)s->offset);
        done += (size_t)r;
    }
    return 0;
}

int plm_stream_skip(struct plm_stream *s, uint64_t n, plm_err **err)
{
    while (n > s->window.n) {
        n -= s->window.n;
        advance(s, s->window.n);
        if (s->ops->skip && s->behind.n == 0) {
            uint64_t k = s->ops->skip(s->impl, n);
            s->offset += k;
            n -= k;
        }
        plm_sv w;
        if (n == 0)
            return within(s, err);
        if (plm_stream_peek(s, &w, err) < 0)
            return -1;
        if (w.n == 0)
            return plm_fail(err, PLM_E_PARSE, "%s: ends at offset %llu", s->name,
                            (unsigned long long)s->offset);
    }
    advance(s, (size_t)n);
    return 0;
}

int plm_stream_slurp(struct plm_stream *s, size_t max, struct plm_buf *out, plm_err **err)
{
    for (size_t total = 0;;) {
        plm_sv w;
        if (plm_stream_peek(s, &w, err) < 0)
            return -1;
        if (w.n == 0)
            return plm_buf_check(out, err);
        if (w.n > max - total)
            return plm_fail(err, PLM_E_LIMIT, "%s: over the limit of %zu bytes", s->name, max);
        plm_buf_sv_put(out, w);
        if (out->failed)
            return plm_buf_check(out, err);
        total += w.n;
        advance(s, w.n);
    }
}

/* ---- a descriptor ------------------------------------------------------------------------- */

struct fd_source {
    int fd;
};

static ssize_t fd_read(void *impl, void *p, size_t n, plm_err **err)
{
    struct fd_source *f = impl;
    for (;;) {
        ssize_t r = read(f->fd, p, n < PLM_MIB(1) ? n : PLM_MIB(1));
        if (r >= 0)
            return r;
        if (errno != EINTR)
            return plm_fail_sys(err, "read");
    }
}

/* Regular files only, and never past their end, so that a truncated file is noticed. */
static uint64_t fd_skip(void *impl, uint64_t n)
{
    const struct fd_source *f = impl;
    struct stat st;
    off_t at;
    if (n < WINDOW || fstat(f->fd, &st) < 0 || !S_ISREG(st.st_mode) || (at = lseek(f->fd, 0, SEEK_CUR)) < 0 ||
        at >= st.st_size)
        return 0;
    uint64_t left = (uint64_t)(st.st_size - at), k = n < left ? n : left;
    return lseek(f->fd, (off_t)k, SEEK_CUR) < 0 ? 0 : k;
}

static void fd_free(void *impl)
{
    struct fd_source *f = impl;
    close(f->fd);
    free(f);
}

struct plm_stream *plm_stream_fd(int fd, const char *name, plm_err **err)
{
    static const struct plm_stream_ops ops = {.read = fd_read, .skip = fd_skip, .free = fd_free};
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

static int view_fill(void *impl, plm_sv *out, plm_err **err)
{
    (void)err;
    plm_sv *v = impl;
    *out = *v;
    *v = PLM_SV_NULL;
    return 0;
}

struct plm_stream *plm_stream_view(plm_sv data, const char *name, plm_err **err)
{
    static const struct plm_stream_ops ops = {.fill = view_fill, .free = free};
    plm_sv *v = malloc(sizeof(*v));
    if (!v)
        return PLM_NULL(plm_fail_oom(err));
    *v = data;
    struct plm_stream *s = plm_stream_new(&ops, v, name, err);
    if (!s)
        free(v);
    return s;
}

/* ---- a tap -------------------------------------------------------------------------------- */

struct tap {
    struct plm_stream *in;
    void (*see)(void *arg, plm_sv bytes);
    void *arg;
    size_t lent;
};

static int tap_fill(void *impl, plm_sv *out, plm_err **err)
{
    struct tap *t = impl;
    plm_sv w;
    size_t lent = t->lent;
    t->lent = 0;
    if (plm_stream_skip(t->in, lent, err) < 0 || plm_stream_peek(t->in, &w, err) < 0)
        return -1;
    if (w.n)
        t->see(t->arg, w);
    t->lent = w.n;
    *out = w;
    return 0;
}

static void tap_free(void *impl)
{
    struct tap *t = impl;
    plm_stream_free(t->in);
    free(t);
}

struct plm_stream *plm_stream_tap(struct plm_stream *s, void (*see)(void *arg, plm_sv bytes), void *arg,
                                  plm_err **err)
{
    static const struct plm_stream_ops ops = {.fill = tap_fill, .free = tap_free};
    struct tap *t = malloc(sizeof(*t));
    if (!t) {
        plm_stream_free(s);
        return PLM_NULL(plm_fail_oom(err));
    }
    *t = (struct tap){.in = s, .see = see, .arg = arg};
    struct plm_stream *out = plm_stream_new(&ops, t, s->name, err);
    if (!out)
        tap_free(t);
    return out;
}

/* ---- compression -------------------------------------------------------------------------- */

enum plm_compression plm_compression_sniff(plm_sv head)
{
    if (plm_sv_starts(head, PLM_SV("\x1f\x8b")))
        return PLM_COMPRESSION_GZIP;
    if (plm_sv_starts(head, PLM_SV("\x28\xb5\x2f\xfd")))
        return PLM_COMPRESSION_ZSTD;
    /* A skippable frame may come first (pzstd, zstd-seekable): 0x184D2A5?, little endian. */
    if (head.n >= 4 && (head.p[0] & 0xf0) == 0x50 && memcmp(head.p + 1, "\x2a\x4d\x18", 3) == 0)
        return PLM_COMPRESSION_ZSTD;
    if (plm_sv_starts(head, plm_sv_n("\xfd\x37zXZ", 6)))
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
    static const struct plm_codec *const codecs[] = {NULL, &plm_codec_gzip, &plm_codec_zstd, &plm_codec_xz};
    plm_sv head;
    if (plm_stream_head(s, SNIFF, &head, err) < 0) {
        plm_stream_free(s);
        return NULL;
    }
    const struct plm_codec *codec = codecs[plm_compression_sniff(head)];
    if (codec)
        return plm_inflate_new(s, codec, limits, err);
    plm_stream_limit(s, limits->layer_bytes);
    return s;
}

int plm_decompress(plm_sv data, const char *name, size_t max, struct plm_buf *out, plm_err **err)
{
    struct plm_stream *raw = plm_stream_view(data, name, err);
    plm_auto(plm_stream_free) struct plm_stream *s =
        raw ? plm_stream_decompress(raw, &plm_limits_default, err) : NULL;
    return s ? plm_stream_slurp(s, max, out, err) : -1;
}
