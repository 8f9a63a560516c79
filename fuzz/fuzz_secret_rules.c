/* SPDX-License-Identifier: Apache-2.0
 *
 * Rule files of the secret search, gitleaks' TOML and our YAML: whatever is accepted is compiled and tried on
 * the file itself.
 */
#include "inspect/secret_int.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void one(plm_sv text, const char *name)
{
    plm_auto(plm_secret_rules_free) struct plm_secret_rules *r = plm_secret_rules_new(NULL);
    plm_auto(plm_arena_free) struct plm_arena *a = plm_arena_new(PLM_ARENA_NO_LIMIT);
    struct plm_secret_scan_result res;
    struct plm_limits l = plm_limits_default;
    l.yaml_events = 20000;
    if (!r || !a)
        abort();
    if (plm_secret_rules_add(r, text, plm_sv_from(name), &l, NULL) < 0 ||
        plm_secret_rules_finish(r, true, NULL) < 0)
        return;
    if (plm_secret_scan(r, PLM_SV("/a/file.txt"), text, a, &res, NULL) < 0)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size > 16384)
        return 0;
    one(plm_sv_n((const char *)data, size), "rules.toml");
    one(plm_sv_n((const char *)data, size), "rules.yaml");
    return 0;
}
