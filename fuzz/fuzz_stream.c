/* SPDX-License-Identifier: Apache-2.0
 *
 * The decompressors, whole and in windows of one byte: both must say the same.
 */
#include "base/buf.h"
#include "codec/stream.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static ssize_t drip_read(void *impl, void *p, size_t n, plm_err **err)
{
    plm_sv *v = impl;
    (void)err;
    size_t k = n && v->n ? 1 : 0;
    if (k)
        memcpy(p, v->p, k);
    *v = plm_sv_from_off(*v, k);
    return (ssize_t)k;
}

static void drip_free(void *impl)
{
    (void)impl;
}

static int unpack(struct plm_stream *s, struct plm_buf *out)
{
    struct plm_limits l = plm_limits_default;
    l.layer_bytes = PLM_MIB(1);
    s = s ? plm_stream_decompress(s, &l, NULL) : NULL;
    int r = s ? plm_stream_slurp(s, PLM_MIB(1), out, NULL) : -1;
    plm_stream_free(s);
    return r;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct plm_stream_ops drip = {.read = drip_read, .free = drip_free};
    plm_auto_done(plm_buf_done) struct plm_buf a = PLM_BUF(PLM_MIB(2)), b = PLM_BUF(PLM_MIB(2));
    plm_sv whole = plm_sv_n((const char *)data, size), rest = whole;
    int one = unpack(plm_stream_view(whole, "whole", NULL), &a);
    int two = unpack(plm_stream_new(&drip, &rest, "drip", NULL), &b);
    if (one != two || (one == 0 && !plm_sv_eq(plm_buf_sv(&a), plm_buf_sv(&b))))
        abort();
    return 0;
}
