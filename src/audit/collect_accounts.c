/* SPDX-License-Identifier: Apache-2.0
 *
 * Collector: users and groups.
 */
#include "audit/facts.h"

void plm_collect_accounts(struct plm_facts *f)
{
    if (f->has_accounts)
        return;
    f->has_accounts = true;
    f->accounts.failure = PLM_SV("accounts are not read by this build");
}

const struct plm_user *plm_user_by_uid(const struct plm_facts *f, uint32_t uid)
{
    for (size_t i = 0; i < f->accounts.users.n; i++)
        if (f->accounts.users.v[i].uid == uid)
            return &f->accounts.users.v[i];
    return NULL;
}

const struct plm_group *plm_group_by_gid(const struct plm_facts *f, uint32_t gid)
{
    for (size_t i = 0; i < f->accounts.groups.n; i++)
        if (f->accounts.groups.v[i].gid == gid)
            return &f->accounts.groups.v[i];
    return NULL;
}
