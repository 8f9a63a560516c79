/* SPDX-License-Identifier: Apache-2.0
 *
 * Every allocation of compiling a matcher and a kernel's filter fails once: it is an error, never a matcher
 * or a filter with something missing.
 */
#include "../base/alloc_fail.h"

#include "eval_world.h"

static const char rules_text[] =
    RULE("a", "evt.type in (open, openat) and fd.name startswith /etc and not proc.name in (x, y)") RULE(
        "b", "evt.type = connect and (fd.sport in (80, 443) or fd.net = 10.0.0.0/8) and proc.pname exists")
        RULE("c", "tolower(proc.name) regex \"c.*\" and fd.name pmatch (/etc, /x/*)");

static int run_compile(void *arg, plm_err **err)
{
    struct load *l = arg;
    plm_auto(plm_arena_free) struct plm_arena *a = plm_arena_new(PLM_ARENA_NO_LIMIT);
    if (!a)
        return plm_fail_oom(err);
    plm_auto(plm_rule_matcher_free) struct plm_rule_matcher *m = plm_rule_matcher_new(l->rules, err);
    if (!m)
        return -1;
    const struct plm_kplan *p = plm_kplan_make(l->rules, a, err);
    if (!p)
        return -1;
    assert_int_equal(plm_kplan_filter(p)->n_paths, 2);
    return 0;
}

static void compiling(void **state)
{
    (void)state;
    plm_auto_done(load_done) struct load l = {.conf = {.match_all = true}};
    load_texts(&l, rules_text, NULL);
    assert_non_null(l.rules);
    assert_true(plm_test_sweep(run_compile, &l) > 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(compiling),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
