/* SPDX-License-Identifier: Apache-2.0
 *
 * Every allocation of the access readers fails once: none may take that for "nothing there".
 */
#include "../base/alloc_fail.h"

#include "audit/access_int.h"

static int sudoers(void *arg, plm_err **err)
{
    plm_auto(plm_arena_free) struct plm_arena *a = plm_arena_new(PLM_ARENA_NO_LIMIT);
    struct plm_sudoers s;
    if (!a)
        return plm_fail_oom(err);
    if (plm_sudoers_parse(*(plm_sv *)arg, PLM_SV("sudoers"), NULL, a, &s, err) < 0)
        return -1;
    assert_int_equal(s.rules.n, 3);
    assert_int_equal(s.notes.n, 0);
    return 0;
}

static int rules(void *arg, plm_err **err)
{
    plm_auto(plm_arena_free) struct plm_arena *a = plm_arena_new(PLM_ARENA_NO_LIMIT);
    struct plm_audit_rules r = {0};
    if (!a)
        return plm_fail_oom(err);
    if (plm_audit_rules_parse(*(plm_sv *)arg, PLM_SV("rules"), a, &r, err) < 0)
        return -1;
    assert_int_equal(r.rules.n, 2);
    return 0;
}

static int accounts(void *arg, plm_err **err)
{
    plm_auto(plm_arena_free) struct plm_arena *a = plm_arena_new(PLM_ARENA_NO_LIMIT);
    struct plm_accounts acc = {0};
    if (!a)
        return plm_fail_oom(err);
    if (plm_passwd_parse(*(plm_sv *)arg, a, &acc, err) < 0)
        return -1;
    assert_int_equal(acc.users.n, 2);
    return 0;
}

static void sweep_all(void **state)
{
    (void)state;
    plm_sv text =
        PLM_SV("User_Alias OPS = alice, %ops\nCmnd_Alias E = /usr/bin/docker, \\\n /usr/bin/podman run\n"
               "OPS ALL = (root : docker) NOPASSWD: E : web = /bin/id\n\"a b\" ALL = ALL\n");
    assert_true(plm_test_sweep(sudoers, &text) > 3);
    text = PLM_SV("-w /etc/docker -p wa\n-a always,exit -F dir=/etc -F auid>=1000 -F uid=0\n");
    assert_true(plm_test_sweep(rules, &text) > 1);
    text = PLM_SV("root:x:0:0::/root:/bin/sh\nalice:x:1:1::/home/alice:/bin/sh\n");
    assert_true(plm_test_sweep(accounts, &text) > 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(sweep_all)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
