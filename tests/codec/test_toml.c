/* SPDX-License-Identifier: Apache-2.0
 *
 * The TOML reader: lines, limits and messages. That it reads what Python's tomllib reads, and refuses what
 * that refuses, is tests/e2e/test_toml.py.
 */
#include "codec/toml.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

static void test_lines_and_keys(void **state)
{
    (void)state;
    plm_auto(plm_toml_free) struct plm_toml *t =
        plm_toml_parse(PLM_SV("# c\r\na.b = 'x'\n\n[[r]]\nid = \"1\"\n[[r]]\n  id = \"2\" # two\n"), "f",
                       &plm_limits_default, NULL);
    assert_non_null(t);
    const struct plm_toml_node *root = plm_toml_root(t);
    assert_true(plm_sv_is(plm_toml_text(plm_toml_get(root, "a", "b", NULL)), "x"));
    assert_int_equal(plm_toml_get(root, "a", "b", NULL)->line, 2);
    const struct plm_toml_node *r = plm_toml_get(root, "r", NULL);
    assert_int_equal(r->kind, PLM_TOML_ARRAY);
    assert_int_equal(r->n, 2);
    assert_int_equal(r->items[1]->line, 6);
    assert_int_equal(plm_toml_get(r->items[1], "id", NULL)->line, 7);
    assert_int_equal(plm_toml_get(r->items[1], "id", NULL)->column, 3);
    assert_null(plm_toml_get(root, "a", "c", NULL));
    assert_null(plm_toml_text(r).p);
    assert_null(plm_toml_text(NULL).p);
}

static void expect_fault(plm_sv text, const struct plm_limits *l, enum plm_code code, const char *want)
{
    plm_err *err = NULL;
    assert_null(plm_toml_parse(text, "f.toml", l, &err));
    assert_int_equal(plm_err_code(err), code);
    char *message = plm_err_text(err);
    assert_string_equal(message, want);
    free(message);
    plm_err_free(err);
}

static void test_faults_say_where(void **state)
{
    (void)state;
    const struct plm_limits *l = &plm_limits_default;
    expect_fault(PLM_SV("a = 1\na = 2\n"), l, PLM_E_PARSE, "f.toml:2:6: the key a stands twice");
    expect_fault(PLM_SV("\n\nx = 'abc\n"), l, PLM_E_PARSE, "f.toml:3:9: a string without its end");
    expect_fault(PLM_SV("x = 01\n"), l, PLM_E_PARSE, "f.toml:1:7: 01 is no value");
    expect_fault(PLM_SV("x = \"\xff\"\n"), l, PLM_E_PARSE, "f.toml:1:1: not UTF-8");
    expect_fault(PLM_SV("[a]\n[a]\n"), l, PLM_E_PARSE, "f.toml:2:3: a was defined before");
}

static void test_limits(void **state)
{
    (void)state;
    struct plm_limits l = plm_limits_default;
    l.depth = 4;
    plm_auto(plm_toml_free) struct plm_toml *ok =
        plm_toml_parse(PLM_SV("a = [[1]]\nb.c.d = 1\n"), "f.toml", &l, NULL);
    assert_non_null(ok);
    expect_fault(PLM_SV("a = [[[[1]]]]"), &l, PLM_E_LIMIT, "f.toml:1:8: nested too deep");
    expect_fault(PLM_SV("a.b.c.d.e = 1"), &l, PLM_E_LIMIT, "f.toml:1:9: nested too deep");
    expect_fault(PLM_SV("[a.b.c.d.e]"), &l, PLM_E_LIMIT, "f.toml:1:10: nested too deep");
    l.yaml_events = 3;
    expect_fault(PLM_SV("a = [1, 2, 3]"), &l, PLM_E_LIMIT, "f.toml:1:9: too many values");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lines_and_keys),
        cmocka_unit_test(test_faults_say_where),
        cmocka_unit_test(test_limits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
