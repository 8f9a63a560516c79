/* SPDX-License-Identifier: Apache-2.0
 *
 * /proc/PID/stat, status, limits, uid_map and cmdline: one input is tried as each.
 */
#include "kernel/kernel_int.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    plm_auto(plm_arena_free) struct plm_arena *a = plm_arena_new(PLM_MIB(64));
    plm_sv text = plm_sv_n((const char *)data, size);
    uint64_t soft;
    struct plm_process p = {.cmdline = text, .uid_map = text, .limits = text};
    if (!a)
        return 0;
    (void)plm_process_stat_parse(text, &p);
    if (plm_process_status_parse(text, a, &p) == 0 && !p.has_status)
        __builtin_trap();
    (void)plm_process_limit(&p, "Max open files", &soft);
    (void)plm_process_is_identity_mapped(&p);
    for (size_t i = 0; i < 8; i++)
        (void)plm_process_arg(&p, i);
    (void)plm_ns_inode(text);
    return 0;
}
