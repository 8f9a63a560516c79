/* SPDX-License-Identifier: Apache-2.0
 *
 * /proc/PID/mountinfo, and finding every mount of it on the host that it describes itself.
 */
#include "base/buf.h"
#include "kernel/kernel.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    plm_auto(plm_arena_free) struct plm_arena *a = plm_arena_new(PLM_MIB(64));
    plm_mount_vec v;
    if (!a || plm_mounts_parse(plm_sv_n((const char *)data, size), a, &v, NULL) < 0)
        return 0;
    for (size_t i = 0; i < v.n && i < 64; i++) {
        plm_sv path = plm_mount_host_path(&v, &v.v[i], a);
        if (path.p && !plm_mount_of(&v, path))
            __builtin_trap();
        (void)plm_mount_option(&v.v[i], "upperdir", a);
        (void)plm_mount_has_option(&v.v[i], "ro");
    }
    return 0;
}
