/* SPDX-License-Identifier: Apache-2.0
 *
 * Container ids in /proc/PID/cgroup, lists of processors.
 */
#include "kernel/kernel_int.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    plm_sv text = plm_sv_n((const char *)data, size), rest = text, id;
    while (plm_cgroup_next_id(&rest, &id))
        if (id.n != 64 || !plm_cgroup_has_container(text, id))
            __builtin_trap();
    (void)plm_cgroup_container_id(text);
    (void)plm_kernel_cpu_count(text);
    return 0;
}
