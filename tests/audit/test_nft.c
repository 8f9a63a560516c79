/* SPDX-License-Identifier: Apache-2.0
 *
 * Dumps of nf_tables: chains with hook and policy, counted rules, the kernel's error.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "audit/nft.h"
#include "base/fs.h"

#include <linux/netfilter.h>

static int parse(const char *name, struct plm_arena *a, struct plm_nft *out, int *sys)
{
    plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(PLM_MIB(1));
    plm_auto_free char *path = plm_fs_join(PLM_TEST_DATA "/../../fuzz/corpus/nft", name);
    assert_int_equal(plm_fs_read(path, PLM_MIB(1), &b, NULL), 0);
    return plm_nft_parse(plm_buf_sv(&b), a, out, sys);
}

static void test_chains(void **state)
{
    (void)state;
    plm_auto(plm_arena_free) struct plm_arena *a = plm_arena_new(PLM_ARENA_NO_LIMIT);
    struct plm_nft nft = {0};
    int sys;
    assert_int_equal(parse("chains", a, &nft, &sys), 0);
    assert_int_equal(nft.chains.n, 2);
    const struct plm_nft_chain *c = &nft.chains.v[0];
    assert_true(plm_sv_is(c->table, "filter") && plm_sv_is(c->name, "FORWARD"));
    assert_true(c->is_base && c->hook == NF_INET_FORWARD && c->policy == NF_DROP);
    assert_int_equal(c->family, NFPROTO_IPV4);
    assert_false(nft.chains.v[1].is_base);
    assert_int_equal(nft.chains.v[1].rules, 1);
}

static void test_ends(void **state)
{
    (void)state;
    plm_auto(plm_arena_free) struct plm_arena *a = plm_arena_new(PLM_ARENA_NO_LIMIT);
    struct plm_nft nft = {0};
    int sys = 0;
    assert_int_equal(parse("done", a, &nft, &sys), 1);
    assert_int_equal(parse("error", a, &nft, &sys), -1);
    assert_int_equal(sys, EPERM);
    assert_int_equal(plm_nft_parse(PLM_SV("short"), a, &nft, &sys), -1);
    assert_int_equal(sys, EBADMSG);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_chains), cmocka_unit_test(test_ends)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
