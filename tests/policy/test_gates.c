/* SPDX-License-Identifier: Apache-2.0
 *
 * The descriptors: complete, distinct, and the ended gates are those of the original.
 */
#include "gate_test.h"

#define FOREACH_TRIGGER(g, t)                                                                                \
    PLM_SET_FOREACH (plm_policy_gates, struct plm_policy_gate, g)                                            \
        for (const struct plm_policy_trigger *t = g->triggers; t->name; t++)

static bool is_name(const char *s)
{
    return s && *s && s[strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-")] == 0;
}

static void test_complete(void **state)
{
    (void)state;
    FOREACH_TRIGGER(g, t)
    {
        assert_true(is_name(g->name) && is_name(t->name));
        assert_true(g->description && *g->description);
        assert_true(t->description && *t->description);
        if (!t->evaluate)
            fail_msg("%s.%s has no evaluation", g->name, t->name);
        for (const struct plm_policy_param_type *p = t->params; p && p->name; p++) {
            if (!is_name(p->name) || !p->description || !p->example || strchr(p->example, '\n'))
                fail_msg("%s.%s: parameter %s is not described", g->name, t->name, p->name);
            assert_true((p->type == PLM_PARAM_ENUM) == (p->values != NULL));
            if (p->is_required)
                assert_null(p->otherwise);
        }
    }
}

static void test_distinct(void **state)
{
    (void)state;
    FOREACH_TRIGGER(g, t)
    {
        assert_ptr_equal(plm_policy_gate_find(plm_sv_from(g->name)), g);
        bool is_legacy = true;
        assert_ptr_equal(plm_policy_trigger_find(g, plm_sv_from(t->name), &is_legacy), t);
        if (!t->legacy_name)
            continue;
        assert_false(is_legacy);
        assert_ptr_equal(plm_policy_trigger_find(g, plm_sv_from(t->legacy_name), &is_legacy), t);
        assert_true(is_legacy);
    }
}

static const char *const ended[] = {"anchoresec",   "dockerfilecheck", "filecheck",     "fileparse_passwd",
                                    "gemcheck",     "npmcheck",        "metadatacheck", "licblacklist",
                                    "pkgblacklist", "pkgcheck",        "secretcheck",   "suiddiff",
                                    "pkgdiff",      "imagecheck"};

static void test_ended(void **state)
{
    (void)state;
    size_t n = 0;
    for (size_t i = 0; i < sizeof(ended) / sizeof(ended[0]); i++) {
        const struct plm_policy_gate *g = plm_policy_gate_find(plm_sv_from(ended[i]));
        assert_non_null(g);
        assert_int_equal(g->state, PLM_STATE_EOL);
        const struct plm_policy_gate *next =
            g->superseded_by ? plm_policy_gate_find(plm_sv_from(g->superseded_by)) : NULL;
        assert_true(!next || next->state == PLM_STATE_ACTIVE);
    }
    PLM_SET_FOREACH (plm_policy_gates, struct plm_policy_gate, g)
        n += g->state == PLM_STATE_EOL;
    assert_int_equal(n, sizeof(ended) / sizeof(ended[0]));
}

static void test_rows_of_the_language(void **state)
{
    (void)state;
    plm_auto(plm_arena_free) struct plm_arena *a = plm_arena_new(PLM_ARENA_NO_LIMIT);
    plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(PLM_MIB(4));
    struct plm_policy_language_row row;
    size_t n = plm_policy_language_count(), i = 0;
    while (plm_policy_language_get(i, a, &row)) {
        assert_true(row.id && strchr(row.id, '.') && row.description && row.origin && row.state);
        i++;
    }
    assert_int_equal(i, n);
    plm_policy_reference(&b, a);
    assert_int_equal(plm_buf_check(&b, NULL), 0);
    assert_true(plm_sv_has(plm_buf_sv(&b), PLM_SV("### packages.denylist")));
    assert_true(plm_sv_has(plm_buf_sv(&b), PLM_SV("| `imagecheck` | `baseoutofdate` | nothing |")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_complete),
        cmocka_unit_test(test_distinct),
        cmocka_unit_test(test_ended),
        cmocka_unit_test(test_rows_of_the_language),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
