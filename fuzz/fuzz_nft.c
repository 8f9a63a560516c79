/* SPDX-License-Identifier: Apache-2.0
 *
 * Datagrams of a dump of nf_tables: nothing is read beyond them, and what is kept is a copy.
 */
#include "audit/nft.h"
#include "base/buf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct plm_arena *a = plm_arena_new(PLM_MIB(64));
    struct plm_nft nft = {0};
    int sys = 0;
    if (!a)
        return 0;
    int r = plm_nft_parse(plm_sv_n((const char *)data, size), a, &nft, &sys);
    if (r < -1 || r > 1)
        abort();
    for (size_t i = 0; i < nft.chains.n; i++)
        if ((const uint8_t *)nft.chains.v[i].name.p >= data &&
            (const uint8_t *)nft.chains.v[i].name.p < data + size)
            abort();
    plm_arena_free(a);
    return 0;
}
