/* SPDX-License-Identifier: Apache-2.0
 *
 * containerd's metadata file: any bytes give an answer or an error, within the limits.
 */
#include "image/engine_int.h"

#define A50 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    plm_auto(plm_arena_free) struct plm_arena *a = plm_arena_new(PLM_MIB(64));
    plm_sv digest;
    if (a)
        (void)plm_bolt_image_digest(plm_sv_n((const char *)data, n), PLM_SV("docker.io/" A50 A50 A50 "/y7:1"),
                                    a, &digest, NULL);
    return 0;
}
