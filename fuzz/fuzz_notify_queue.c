/* SPDX-License-Identifier: Apache-2.0
 *
 * The notices that wait on disk: the bytes as a segment, each record as a notice, and the bytes as one
 * notice.
 */
#include "notify/notify_int.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    plm_auto(plm_arena_free) struct plm_arena *a = plm_arena_new(PLM_MIB(4));
    plm_sv all = plm_sv_n((const char *)data, size), record;
    struct plm_notice notice;
    size_t at = 0;
    if (!a)
        return 0;
    while (plm_notify_segment_next(all, &at, &record) > 0)
        (void)plm_notice_decode(record, a, &notice, NULL);
    (void)plm_notice_decode(all, a, &notice, NULL);
    return 0;
}
