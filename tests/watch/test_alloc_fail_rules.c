/* SPDX-License-Identifier: Apache-2.0
 *
 * Every allocation of loading rules fails once: it is never a smaller set of rules, nor another error.
 */
#include "../base/alloc_fail.h"

#include "rules_load.h"

static int run_load(void *arg, plm_err **err)
{
    const plm_sv *texts = arg;
    static const plm_sv names[2] = {{"1.yaml", 6}, {"2.yaml", 6}};
    struct plm_ctx ctx = PLM_CTX_INIT;
    struct plm_rules_config conf = {
        .files = names, .texts = texts, .n_files = 2, .min_priority = PLM_PRIO_DEBUG};
    struct plm_load_report report = {0};
    plm_auto(plm_arena_free) struct plm_arena *a = plm_arena_new(PLM_ARENA_NO_LIMIT);
    if (!a)
        return plm_fail_oom(err);
    plm_auto(plm_rules_unref) struct plm_rules *r = plm_rules_load(&ctx, &conf, a, &report, err);
    if (!r)
        return -1;
    assert_int_equal(plm_rules_count(r), 2);
    plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(PLM_KIB(64));
    plm_cond_text(plm_rules_get(r, 0)->condition, &b);
    if (plm_buf_check(&b, err) < 0)
        return -1;
    assert_true(plm_sv_has(plm_buf_sv(&b), PLM_SV("not proc.name in (x, \"y z\")")));
    return 0;
}

static void loading(void **state)
{
    (void)state;
    plm_sv texts[2] = {
        PLM_SV("- list: l\n  items: [x, y z]\n- macro: m\n  condition: evt.type in (open, openat)\n"
               "- macro: unused\n  condition: m or fd.name regex 'a.*'\n" RULE(
                   "r", "m and fd.name startswith /etc") "  exceptions: [{name: e, fields: proc.name}]\n"),
        PLM_SV("- rule: r\n  exceptions: [{name: e, values: [l]}]\n  tags: [a]\n"
               "  override: {exceptions: append, tags: append}\n- list: l2\n  items: [l]\n" RULE(
                   "s", "evt.type = open and len(proc.name) > 3"))};
    assert_true(plm_test_sweep(run_load, texts) > 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(loading)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
