/* SPDX-License-Identifier: Apache-2.0
 *
 * Audit rules: a first byte below 128 is text, else the kernel's structure. What covers "/etc" must name it.
 */
#include "audit/access_int.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    plm_auto(plm_arena_free) struct plm_arena *a = plm_arena_new(PLM_MIB(256));
    struct plm_audit_rules rules = {0};
    const struct plm_audit_rule *rule;
    plm_sv why;
    if (!a || size == 0)
        return 0;
    plm_sv input = plm_sv_n((const char *)data + (data[0] >= 128), size - (data[0] >= 128));
    int r = data[0] >= 128 ? plm_audit_rule_decode(input, a, &rules, NULL)
                           : plm_audit_rules_parse(input, PLM_SV("x.rules"), a, &rules, NULL);
    if (r < 0)
        return 0;
    if (plm_audit_rules_cover(&rules, PLM_SV("/etc/docker"), a, &rule, &why) == PLM_COVER_WHOLE &&
        (rule->is_never || !plm_audit_rule_names(rule, PLM_SV("/etc/docker"))))
        abort();
    return 0;
}
