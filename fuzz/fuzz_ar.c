/* SPDX-License-Identifier: Apache-2.0 */
#include "base/buf.h"
#include "codec/ar.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    plm_auto(plm_stream_free) struct plm_stream *s =
        plm_stream_view(plm_sv_n((const char *)data, size), "fuzz", NULL);
    plm_auto(plm_ar_free) struct plm_ar *a = s ? plm_ar_new(s, &plm_limits_default, NULL) : NULL;
    struct plm_ar_entry e;
    while (a && plm_ar_next(a, &e, NULL) > 0) {
        plm_auto(plm_stream_free) struct plm_stream *m = plm_ar_member(a, NULL);
        plm_auto_done(plm_buf_done) struct plm_buf out = PLM_BUF(size + 1);
        if (m && plm_stream_slurp(m, size, &out, NULL) == 0 && out.n != e.size)
            abort();
    }
    return 0;
}
