/* SPDX-License-Identifier: Apache-2.0
 *
 * Weak stand-ins for parts of runtime detection that are not there yet; a real definition wins over them.
 */
#include "notify/notify.h"
#include "watch/kfilter.h"
#include "watch/watch.h"

#define W __attribute__((weak))
#pragma GCC diagnostic ignored "-Wunused-parameter"

W struct plm_source *plm_sensor_open(const struct plm_ctx *ctx, const struct plm_sensor_config *conf,
                                     const struct plm_kfilter *filter, struct plm_arena *a,
                                     struct plm_sensor_part **out_parts, size_t *out_n_parts, plm_err **err)
{
    return NULL;
}
W int plm_sensor_rescan(struct plm_source *s, plm_err **err)
{
    return 0;
}
