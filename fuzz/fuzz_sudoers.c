/* SPDX-License-Identifier: Apache-2.0
 *
 * sudoers: every rule that comes out can be asked what it gives; includes get the input itself.
 */
#include "audit/access_int.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool same_file(void *self, plm_sv path, plm_sv *out, int *out_sys)
{
    (void)path;
    *out_sys = 0;
    *out = *(plm_sv *)self;
    return out->n < 256; /* an input that includes itself many times would only cost time */
}

static bool no_directory(void *self, plm_sv path, plm_sv_vec *out_names, int *out_sys)
{
    (void)self;
    (void)path;
    (void)out_names;
    *out_sys = EACCES;
    return false;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    plm_auto(plm_arena_free) struct plm_arena *a = plm_arena_new(PLM_MIB(256));
    plm_sv text = plm_sv_n((const char *)data, size);
    const struct plm_sudo_source source = {.self = &text, .file = same_file, .directory = no_directory};
    struct plm_sudoers s;
    if (!a || size > PLM_KIB(64) || plm_sudoers_parse(text, PLM_SV("/etc/sudoers"), &source, a, &s, NULL) < 0)
        return 0;
    const struct plm_facts f = {.arena = a};
    const struct plm_user u = {.name = PLM_SV("alice"), .uid = 1000, .gid = 1000};
    for (size_t i = 0; i < s.rules.n; i++) {
        const struct plm_sudo_command *c = plm_sudo_rule_reach(&s.rules.v[i]);
        if (c && c->is_denied)
            abort();
        (void)plm_sudo_list_has(&s.rules.v[i].who, &f, &u);
    }
    return 0;
}
