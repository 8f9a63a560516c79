/* SPDX-License-Identifier: Apache-2.0
 *
 * dockerd's command line. A flag that takes no word comes out true or false.
 */
#include "audit/settings.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    plm_auto(plm_arena_free) struct plm_arena *a = plm_arena_new(PLM_MIB(64));
    struct plm_daemon d = {0};
    if (!a || plm_settings_argv(&d, plm_sv_n((const char *)data, size), PLM_SV("c"), a, NULL) < 0)
        return 0;
    const struct plm_setting *icc = plm_daemon_setting(&d, "icc");
    if (icc && !plm_sv_is(icc->value, "true") && !plm_sv_is(icc->value, "false"))
        abort();
    for (size_t i = 0; i < d.settings.n; i++)
        if (!plm_settings_is_known(d.settings.v[i].name) || !d.settings.v[i].value.p)
            abort();
    return 0;
}
