/* SPDX-License-Identifier: Apache-2.0
 *
 * What either reader makes must be an expression that the strict one reads to the same text.
 */
#include "base/buf.h"
#include "codec/spdx.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void round_trip(struct plm_arena *a, const struct plm_spdx *e)
{
    const struct plm_spdx *again = NULL;
    plm_sv text = plm_spdx_text(e, a);
    if (text.n > PLM_SPDX_TEXT_MAX)
        return;
    if (!text.p || plm_spdx_parse(text, a, &again, NULL) < 0 || !plm_sv_eq(plm_spdx_text(again, a), text))
        abort();
    plm_sv_vec ids = {0};
    plm_spdx_ids(e, a, &ids);
    struct plm_spdx_list all = {.v = ids.v, .n = ids.n};
    if (!ids.n || plm_spdx_judge(e, &all, NULL, NULL) != PLM_SPDX_OK ||
        plm_spdx_judge(e, NULL, &all, NULL) != PLM_SPDX_DENIED)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    plm_auto(plm_arena_free) struct plm_arena *a = plm_arena_new(PLM_MIB(64));
    plm_sv text = plm_sv_n((const char *)data, size);
    const struct plm_spdx *e = NULL;
    if (!a)
        return 0;
    if (plm_spdx_parse(text, a, &e, NULL) == 0)
        round_trip(a, e);
    e = NULL;
    if (plm_spdx_normalise(text, a, &e, NULL, NULL) < 0)
        abort();
    if (e)
        round_trip(a, e);
    return 0;
}
