/* SPDX-License-Identifier: Apache-2.0
 *
 * How a decompressor plugs into streams: one step function over input and output windows.
 */
#pragma once

#include "codec/stream.h"

struct plm_codec_step {
    const unsigned char *in;
    size_t in_n; /* both are advanced by what was used */
    unsigned char *out;
    size_t out_n;
    bool is_input_ended;
};

struct plm_codec {
    const char *name;
    void *(*start)(plm_err **err);
    void (*stop)(void *state);
    /* Makes progress; 1: the compressed data are complete, 0: go on, -1. With the input ended and nothing
     * left to give, data that are not complete are PARSE. */
    int (*step)(void *state, struct plm_codec_step *io, plm_err **err);
};

extern const struct plm_codec plm_codec_gzip, plm_codec_zstd, plm_codec_xz;

/* Takes s, also on failure. */
struct plm_stream *plm_inflate_new(struct plm_stream *s, const struct plm_codec *codec,
                                   const struct plm_limits *limits, plm_err **err);
/* No more than max bytes are delivered: LIMIT. */
void plm_stream_limit(struct plm_stream *s, uint64_t max);
/* Like peek, but at least n (at most 16) bytes, if the stream has them. */
int plm_stream_head(struct plm_stream *s, size_t n, plm_sv *out, plm_err **err);
