/* SPDX-License-Identifier: Apache-2.0
 *
 * passwd, group and nsswitch.conf, one after the other over the same bytes.
 */
#include "audit/access_int.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    plm_auto(plm_arena_free) struct plm_arena *a = plm_arena_new(PLM_MIB(256));
    struct plm_facts f = {.arena = a, .has_accounts = true};
    plm_sv text = plm_sv_n((const char *)data, size);
    bool is_primary;
    if (!a || plm_passwd_parse(text, a, &f.accounts, NULL) < 0 ||
        plm_group_parse(text, a, &f.accounts, NULL) < 0 || plm_nsswitch_parse(text, a, &f.accounts, NULL) < 0)
        return 0;
    for (size_t i = 0; i < f.accounts.users.n && i < 100; i++) {
        const struct plm_user *u = &f.accounts.users.v[i];
        if (!u->name.n || !u->home.p || !plm_user_by_uid(&f, u->uid))
            abort();
        for (size_t j = 0; j < f.accounts.groups.n && j < 100; j++)
            (void)plm_user_in_group(u, &f.accounts.groups.v[j], &is_primary);
    }
    return 0;
}
