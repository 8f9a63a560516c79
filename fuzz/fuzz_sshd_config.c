/* SPDX-License-Identifier: Apache-2.0
 *
 * Every setting lies in a block that exists, and its value says something; the first value is the one that is
 * got.
 */
#include "audit/sshd_config.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct plm_arena *a = plm_arena_new(PLM_MIB(64));
    struct plm_sshd_config c = {0};
    if (!a)
        return 0;
    plm_sshd_config_parse(a, plm_sv_n((const char *)data, size), PLM_SV("f"), 0, 0, NULL, NULL, &c);
    for (size_t i = 0; i < c.settings.n; i++) {
        const struct plm_sshd_setting *s = &c.settings.v[i];
        if (s->match > c.matches.n || !s->key.n || !s->value.p || !s->line)
            abort();
        if (s->match == 0 && memchr(s->key.p, 0, s->key.n) == NULL) {
            char *key = plm_arena_cstr(a, s->key);
            const struct plm_sshd_setting *first = key ? plm_sshd_config_get(&c, key) : s;
            if (!first || first > s)
                abort();
        }
    }
    plm_arena_free(a);
    return 0;
}
