/* SPDX-License-Identifier: Apache-2.0
 *
 * daemon.json to settings.
 */
#include "audit/settings.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    plm_auto(plm_arena_free) struct plm_arena *a = plm_arena_new(PLM_MIB(64));
    plm_auto(plm_json_free) struct plm_json *doc =
        plm_json_parse(plm_sv_n((const char *)data, size), "daemon.json", &plm_limits_default, NULL);
    struct plm_daemon d = {0};
    if (!a || !doc || plm_settings_json(&d, plm_json_root(doc), PLM_SV("f"), a, NULL) < 0)
        return 0;
    for (size_t i = 0; i < d.settings.n; i++)
        if (!d.settings.v[i].name.p || !d.settings.v[i].value.p || d.settings.v[i].origin != PLM_SET_FILE)
            abort();
    return 0;
}
