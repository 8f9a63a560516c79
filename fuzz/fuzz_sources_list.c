/* SPDX-License-Identifier: Apache-2.0
 *
 * apt's sources (both forms) and .repo files of yum. The first byte chooses the form.
 */
#include "repo/repo_int.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const names[] = {"sources.list", "x.sources"};
    plm_auto(plm_arena_free) struct plm_arena *a = plm_arena_new(PLM_MIB(64));
    if (!a || size == 0)
        return 0;
    plm_sv text = plm_sv_n((const char *)data + 1, size - 1);
    if (data[0] % 3 < 2) {
        repo_source_vec out = {0};
        if (plm_sources_parse(text, plm_sv_from(names[data[0] % 3]), a, &out, NULL) == 0)
            for (size_t i = 0; i < out.n; i++)
                if (!out.v[i].skipped && !out.v[i].uri.n)
                    abort();
    } else {
        repo_place_vec out = {0};
        struct repo_notes notes = {.arena = a};
        if (plm_yum_parse(text, PLM_SV("x.repo"), PLM_SV("9"), PLM_SV("x86_64"), a, &out, &notes, NULL) == 0)
            for (size_t i = 0; i < out.n; i++)
                if (!out.v[i].url.n)
                    abort();
    }
    return 0;
}
