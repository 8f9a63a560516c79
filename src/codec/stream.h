/* SPDX-License-Identifier: Apache-2.0
 *
 * Pull streams of bytes and the decompressors over them. The compression is recognised by
 * its first bytes: gzip (isa-l, multi-member), zstd, xz, or none.
 *
 *     struct plm_stream *raw = plm_stream_fd(fd, "layer.tar.gz", err);
 *     plm_auto(plm_stream_free) struct plm_stream *s = plm_stream_decompress(raw, &limits, err);
 *     while ((n = plm_stream_read(s, buf, sizeof(buf), err)) > 0) ...
 *
 * A wrapping stream owns the one below. Errors name the stream and the compressed offset.
 * plm_stream_peek gives a borrowed window without copying where the source can.
 */
#pragma once

#include "base/err.h"
#include "base/limits.h"
#include "base/sv.h"

#include <sys/types.h>

struct plm_stream;

/* For implementers: either read (at most n bytes into p; 0 at the end; -1 with *err), or fill, which lends
 * the next window of its own memory until the following call (0; an empty view at the end; -1 with *err). */
struct plm_stream_ops {
    ssize_t (*read)(void *impl, void *p, size_t n, plm_err **err);
    int (*fill)(void *impl, plm_sv *out, plm_err **err);
    /* Optional: moves up to n bytes forward without delivering them; how many it did, 0 if it cannot. */
    uint64_t (*skip)(void *impl, uint64_t n);
    void (*free)(void *impl);
};

/* Takes impl, but not on failure. The name is copied. */
struct plm_stream *plm_stream_new(const struct plm_stream_ops *ops, void *impl, const char *name,
                                  plm_err **err);
struct plm_stream *plm_stream_fd(int fd, const char *name, plm_err **err);        /* takes the descriptor */
struct plm_stream *plm_stream_view(plm_sv data, const char *name, plm_err **err); /* borrows */
/* Passes s on and shows each byte once, in order, to see(): hashing while reading. Takes s, also on failure.
 */
struct plm_stream *plm_stream_tap(struct plm_stream *s, void (*see)(void *arg, plm_sv bytes), void *arg,
                                  plm_err **err);
void plm_stream_free(struct plm_stream *s);
PLM_CLEANUP(struct plm_stream, plm_stream_free)

enum plm_compression { PLM_COMPRESSION_NONE, PLM_COMPRESSION_GZIP, PLM_COMPRESSION_ZSTD, PLM_COMPRESSION_XZ };
enum plm_compression plm_compression_sniff(plm_sv head);
const char *plm_compression_name(enum plm_compression c);

/* Sniffs and wraps. Takes s, also on failure. Enforces limits->layer_bytes and limits->ratio (LIMIT).
 * Members and frames in a row are one stream; zeroes behind gzip's last are padding, other bytes are PARSE.
 */
struct plm_stream *plm_stream_decompress(struct plm_stream *s, const struct plm_limits *limits,
                                         plm_err **err);

/* The other way: the text as one gzip member, appended (deflate.c). */
struct plm_buf;
int plm_gzip(plm_sv data, struct plm_buf *out, plm_err **err);

ssize_t plm_stream_read(struct plm_stream *s, void *p, size_t n, plm_err **err);
/* Exactly n bytes, else PARSE "ends at offset". */
int plm_stream_read_full(struct plm_stream *s, void *p, size_t n, plm_err **err);
/* Borrowed bytes at the read position, at least 1 unless at the end; valid until the next call. */
int plm_stream_peek(struct plm_stream *s, plm_sv *out, plm_err **err);
/* PARSE if the stream ends before. */
int plm_stream_skip(struct plm_stream *s, uint64_t n, plm_err **err);
/* Bytes delivered so far. */
uint64_t plm_stream_offset(const struct plm_stream *s);
const char *plm_stream_name(const struct plm_stream *s);
/* Appends the rest of the stream to out; LIMIT if that is more than max bytes. */
struct plm_buf;
int plm_stream_slurp(struct plm_stream *s, size_t max, struct plm_buf *out, plm_err **err);
/* One buffer to another: decompresses a whole view. */
int plm_decompress(plm_sv data, const char *name, size_t max, struct plm_buf *out, plm_err **err);
