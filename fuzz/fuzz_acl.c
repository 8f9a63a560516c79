/* SPDX-License-Identifier: Apache-2.0
 *
 * POSIX ACLs: what is in force is never more than what is written.
 */
#include "audit/access_int.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    plm_auto(plm_arena_free) struct plm_arena *a = plm_arena_new(PLM_MIB(64));
    struct plm_acl acl = {0};
    if (!a || plm_acl_parse(plm_sv_n((const char *)data, size), a, &acl, NULL) < 0)
        return 0;
    for (size_t i = 0; i < acl.entries.n; i++)
        if (acl.entries.v[i].effective & ~acl.entries.v[i].perm)
            abort();
    return 0;
}
