/* SPDX-License-Identifier: Apache-2.0
 *
 * Two versions with a tab between, in every scheme: keys must order as compare does.
 */
#include "version/version.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int sign(int v)
{
    return (v > 0) - (v < 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    plm_sv a, b;
    plm_sv_cut(plm_sv_n((const char *)data, size), '\t', &a, &b);
    PLM_SET_FOREACH (plm_schemes, struct plm_scheme, s) {
        struct plm_buf ka = PLM_BUF(PLM_MIB(8)), kb = PLM_BUF(PLM_MIB(8));
        s->encode(a, &ka);
        s->encode(b, &kb);
        int c = sign(s->compare(a, b));
        if (!ka.failed && !kb.failed && sign(plm_sv_cmp(plm_buf_sv(&ka), plm_buf_sv(&kb))) != c)
            abort();
        if (sign(s->compare(b, a)) != -c)
            abort();
        (void)s->valid(a);
        plm_buf_done(&ka);
        plm_buf_done(&kb);
    }
    return 0;
}
