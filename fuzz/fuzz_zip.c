/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/zip.h"

#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    plm_auto(plm_zip_free) struct plm_zip *z =
        plm_zip_new(plm_sv_n((const char *)data, size), "fuzz.zip", &plm_limits_default, NULL);
    struct plm_zip_entry e;
    for (int i = 0; z && i < 64 && plm_zip_next(z, &e, NULL) > 0; i++) {
        plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(PLM_MIB(1));
        (void)!plm_zip_read(z, &e, PLM_MIB(1), &b, NULL);
    }
    return 0;
}
