/* SPDX-License-Identifier: Apache-2.0
 *
 * Image documents: the first byte says which kind; JSON to bytes to structs. What was reduced must be
 * readable; the second half is also fed with the raw bytes, as a worker that was taken over could send.
 */
#include "image/doc.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void decode(unsigned kind, plm_sv bytes, bool must_hold)
{
    plm_auto(plm_arena_free) struct plm_arena *a = plm_arena_new(PLM_MIB(256));
    struct plm_doc_oci oci;
    struct plm_doc_save save;
    struct plm_doc_config config;
    int r = kind == PLM_DOC_OCI    ? plm_doc_oci_decode(bytes, a, &oci, NULL)
            : kind == PLM_DOC_SAVE ? plm_doc_save_decode(bytes, a, &save, NULL)
                                   : plm_doc_config_decode(bytes, a, &config, NULL);
    if (r < 0 && must_hold && !plm_arena_failed(a))
        __builtin_trap();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1)
        return 0;
    unsigned kind = data[0] % 3;
    plm_sv text = plm_sv_n((const char *)data + 1, size - 1);
    plm_auto_done(plm_buf_done) struct plm_buf out = PLM_BUF(PLM_MIB(16));
    if (plm_doc_reduce(kind, text, "fuzz", &plm_limits_default, &out, NULL) == 0)
        decode(kind, plm_buf_sv(&out), true);
    decode(kind, text, false);
    return 0;
}
