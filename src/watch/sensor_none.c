/* SPDX-License-Identifier: Apache-2.0
 *
 * A build without the kernel programs (no clang or libbpf where it was made): recordings work, the kernel is
 * refused by name. The definitions are weak; sensor.c, where it is built, has the real ones.
 */
#include "watch/source.h"

__attribute__((weak)) struct plm_source *
plm_sensor_open(const struct plm_ctx *ctx, const struct plm_sensor_config *conf,
                const struct plm_kfilter *filter, struct plm_arena *a, struct plm_sensor_part **out_parts,
                size_t *out_n_parts, plm_err **err)
{
    (void)ctx, (void)conf, (void)filter, (void)a;
    *out_parts = NULL;
    *out_n_parts = 0;
    (void)plm_fail(err, PLM_E_UNSUPPORTED,
                   "this build has no kernel programs, so it cannot watch this machine");
    plm_err_hint(err, "a build with clang and libbpf; or plimsoll watch replay FILE");
    return NULL;
}

__attribute__((weak)) int plm_sensor_rescan(struct plm_source *s, plm_err **err)
{
    (void)s;
    return plm_fail(err, PLM_E_UNSUPPORTED, "this build has no kernel programs");
}
