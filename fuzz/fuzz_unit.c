/* SPDX-License-Identifier: Apache-2.0
 *
 * systemd unit files; keys and values come out trimmed.
 */
#include "audit/settings.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    plm_auto(plm_arena_free) struct plm_arena *a = plm_arena_new(PLM_MIB(64));
    struct plm_unit u = {0};
    plm_sv_vec values = {0};
    plm_sv text = plm_sv_n((const char *)data, size);
    if (!a || plm_unit_parse(text, PLM_SV("/u"), a, &u, NULL) < 0)
        return 0;
    for (size_t i = 0; i < u.settings.n; i++)
        if (!plm_sv_eq(plm_sv_trim(u.settings.v[i].value), u.settings.v[i].value) || !u.settings.v[i].line)
            abort();
    if (plm_unit_values(&u, "Service", "ExecStart", a, &values, NULL) < 0 || values.n > u.settings.n)
        abort();
    return 0;
}
