/* SPDX-License-Identifier: Apache-2.0
 *
 * Debian changelogs; every id that comes out has the shape of one.
 */
#include "repo/repo_int.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    plm_auto(plm_arena_free) struct plm_arena *a = plm_arena_new(PLM_MIB(64));
    repo_change_vec out = {0};
    if (!a || plm_changelog_parse(plm_sv_n((const char *)data, size), a, &out, NULL) < 0)
        return 0;
    for (size_t i = 0; i < out.n; i++)
        if (!out.v[i].version.n ||
            (out.v[i].cve.p && (out.v[i].cve.n < 13 || memcmp(out.v[i].cve.p, "CVE-", 4) != 0)))
            abort();
    return 0;
}
