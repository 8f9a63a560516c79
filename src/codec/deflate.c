/* SPDX-License-Identifier: Apache-2.0
 *
 * gzip (RFC 1952) of a text that is in memory: for bodies of requests. No name and no time in the header, so
 * the same text gives the same bytes.
 */
#include "base/buf.h"
#include "codec/stream.h"

#include <zlib.h>

int plm_gzip(plm_sv data, struct plm_buf *out, plm_err **err)
{
    enum { GZIP_WINDOW = 15 + 16, MEMORY_LEVEL = 8 };
    z_stream z = {0};
    if (data.n > UINT32_MAX)
        return plm_fail(err, PLM_E_LIMIT, "gzip: %zu bytes are too many", data.n);
    if (deflateInit2(&z, Z_DEFAULT_COMPRESSION, Z_DEFLATED, GZIP_WINDOW, MEMORY_LEVEL, Z_DEFAULT_STRATEGY) !=
        Z_OK)
        return plm_fail_oom(err);
    size_t bound = deflateBound(&z, (uLong)data.n);
    char *to = plm_buf_reserve(out, bound);
    union { /* zlib's input is not const, but it only reads */
        const char *in;
        unsigned char *z;
    } from = {.in = data.p};
    z.next_in = from.z;
    z.avail_in = (uInt)data.n;
    z.next_out = (unsigned char *)to;
    z.avail_out = (uInt)bound;
    int r = to ? deflate(&z, Z_FINISH) : Z_MEM_ERROR;
    deflateEnd(&z);
    if (!to)
        return plm_buf_check(out, err);
    if (r != Z_STREAM_END)
        return plm_fail(err, PLM_E_INTERNAL, "gzip: deflate gave %d", r);
    out->n += bound - z.avail_out;
    return 0;
}
