/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/hash.h"
#include "codec/json.h"
#include "codec/yaml.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static struct plm_limits small_limits(void)
{
    struct plm_limits l = plm_limits_default;
    l.depth = 8;
    l.yaml_events = 1000;
    l.json_bytes = 1000;
    return l;
}

static void json_getters_never_fail(void **state)
{
    (void)state;
    plm_auto(plm_json_free) struct plm_json *doc = plm_json_parse(
        PLM_SV("{\"a\":{\"b\":\"x\",\"n\":7,\"t\":true,\"b\":\"second\"}}"), "t", &plm_limits_default, NULL);
    yyjson_val *root = plm_json_root(doc);
    assert_true(plm_sv_is(plm_json_str(root, "a", "b", NULL), "x"));
    assert_null(plm_json_str(root, "a", "n", NULL).p);
    assert_null(plm_json_str(root, "z", "n", NULL).p);
    assert_int_equal(plm_json_int(plm_json_at(root, "a", NULL), "n", -1), 7);
    assert_int_equal(plm_json_int(root, "n", -1), -1);
    assert_true(plm_json_bool(plm_json_at(root, "a", NULL), "t", false));
}

static void json_errors_name_line_and_column(void **state)
{
    (void)state;
    plm_err *e = NULL;
    assert_null(plm_json_parse(PLM_SV("{\n  \"a\": ,\n}"), "m.json", &plm_limits_default, &e));
    assert_int_equal(e->code, PLM_E_PARSE);
    assert_non_null(strstr(e->message, "m.json:2:8"));
    plm_err_free(e);
}

static void json_limits_hold(void **state)
{
    (void)state;
    struct plm_limits l = small_limits();
    plm_err *e = NULL;
    assert_null(plm_json_parse(PLM_SV("[[[[[[[[[1]]]]]]]]]"), "t", &l, &e));
    assert_int_equal(e->code, PLM_E_LIMIT);
    plm_err_free(e);
    e = NULL;
    plm_auto(plm_json_free) struct plm_json *fits =
        plm_json_parse(PLM_SV("[[[[[[[[\"[[[[\"]]]]]]]]"), "t", &l, &e);
    assert_non_null(fits);
    static char big[1001];
    memset(big, ' ', sizeof(big));
    assert_null(plm_json_parse(plm_sv_n(big, sizeof(big)), "t", &l, &e));
    assert_int_equal(e->code, PLM_E_LIMIT);
    plm_err_free(e);
}

static void yaml_tree_has_lines_and_types(void **state)
{
    (void)state;
    plm_sv text = PLM_SV("a: 1\nb:\n  - x\n  - ~\n  - \"\"\nc: &k {d: yes}\ne: *k\n");
    plm_auto(plm_yaml_free) struct plm_yaml *doc = plm_yaml_parse(text, "t", &plm_limits_default, NULL);
    const struct plm_yaml_node *root = plm_yaml_root(doc), *b = plm_yaml_get(root, "b", NULL);
    assert_true(plm_sv_is(plm_yaml_text(plm_yaml_get(root, "a", NULL)), "1"));
    assert_int_equal(b->n, 3);
    assert_int_equal(b->items[0]->line, 3);
    assert_int_equal(b->items[1]->kind, PLM_YAML_NULL);
    assert_int_equal(b->items[2]->kind, PLM_YAML_SCALAR);
    bool flag = false;
    assert_true(plm_yaml_bool(plm_yaml_get(root, "e", "d", NULL), &flag));
    assert_true(flag);
    assert_null(plm_yaml_get(root, "a", "b", NULL));
    plm_auto(plm_yaml_free) struct plm_yaml *empty =
        plm_yaml_parse(PLM_SV(""), "t", &plm_limits_default, NULL);
    assert_int_equal(plm_yaml_root(empty)->kind, PLM_YAML_NULL);
}

static void yaml_streams_have_documents_and_offsets(void **state)
{
    (void)state;
    plm_sv text = PLM_SV("- ä: 1\n  b: x\n  b: y\n---\n---\n[c]\n");
    plm_auto(plm_yaml_free) struct plm_yaml *doc =
        plm_yaml_parse_stream(text, "t", &plm_limits_default, NULL, NULL);
    const struct plm_yaml_node *root = plm_yaml_root(doc), *first = root->items[0]->items[0];
    assert_int_equal(root->n, 3);
    assert_int_equal(root->items[1]->kind, PLM_YAML_NULL);
    assert_true(plm_sv_is(plm_yaml_text(plm_yaml_get(first, "b", NULL)), "x")); /* the first one */
    assert_true(plm_sv_starts(plm_sv_from_off(text, first->items[1]->offset), PLM_SV("x\n")));
    assert_true(plm_sv_starts(plm_sv_from_off(text, root->items[2]->items[0]->offset), PLM_SV("c]")));
    struct plm_yaml_fault at = {0};
    assert_null(plm_yaml_parse_stream(PLM_SV("ä: 1\n---\nb: *x\n"), "t", &plm_limits_default, &at, NULL));
    assert_int_equal(at.line, 3);
    assert_int_equal(at.column, 4);
    assert_int_equal(at.offset, 13);
}

static void yaml_faults_are_errors_with_a_place(void **state)
{
    (void)state;
    static const struct {
        const char *text, *place;
        enum plm_code code;
    } rows[] = {
        {"a: 1\na: 2\n", "t:2:1", PLM_E_PARSE},      {"a: [1\n", "t:", PLM_E_PARSE},
        {"a: *x\n", "t:1:4", PLM_E_PARSE},           {"a: &x [*x]\n", "t:1:8", PLM_E_PARSE},
        {"a: 1\n---\nb: 2\n", "t:2:1", PLM_E_PARSE}, {"[[[[[[[[[[1]]]]]]]]]]", "t:1:", PLM_E_LIMIT},
        {"? [a]\n: b\n", "t:1:3", PLM_E_PARSE},
    };
    struct plm_limits l = small_limits();
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        plm_err *e = NULL;
        if (plm_yaml_parse(plm_sv_from(rows[i].text), "t", &l, &e))
            fail_msg("accepted: %s", rows[i].text);
        assert_int_equal(e->code, rows[i].code);
        if (!strstr(e->message, rows[i].place))
            fail_msg("%s not in %s", rows[i].place, e->message);
        plm_err_free(e);
    }
}

static void yaml_aliases_cannot_explode(void **state)
{
    (void)state;
    struct plm_limits l = small_limits();
    plm_sv text = PLM_SV(
        "a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b]\n"
        "d: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c]\n");
    plm_err *e = NULL;
    assert_null(plm_yaml_parse(text, "t", &l, &e));
    assert_int_equal(e->code, PLM_E_LIMIT);
    plm_err_free(e);
}

static void sha256_is_what_nist_says(void **state)
{
    (void)state;
    unsigned char h[PLM_SHA256_BYTES];
    char text[PLM_DIGEST_CHARS + 1];
    plm_sha256_of(PLM_SV("abc"), h);
    plm_digest_text(h, text);
    assert_string_equal(text, "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    plm_auto(plm_sha256_free) struct plm_sha256 *s = plm_sha256_new(NULL);
    for (int round = 0; round < 2; round++) {
        unsigned char again[PLM_SHA256_BYTES];
        plm_sha256_update(s, "a", 1);
        plm_sha256_update(s, "bc", 2);
        plm_sha256_final(s, again);
        assert_memory_equal(h, again, sizeof(h));
    }
    unsigned char parsed[PLM_SHA256_BYTES];
    assert_true(plm_digest_parse(plm_sv_from(text), parsed));
    assert_memory_equal(h, parsed, sizeof(h));
    text[10] = 'G';
    assert_false(plm_digest_valid(plm_sv_from(text)));
    assert_false(plm_digest_valid(PLM_SV("sha256:00")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(json_getters_never_fail),
        cmocka_unit_test(json_errors_name_line_and_column),
        cmocka_unit_test(json_limits_hold),
        cmocka_unit_test(yaml_tree_has_lines_and_types),
        cmocka_unit_test(yaml_streams_have_documents_and_offsets),
        cmocka_unit_test(yaml_faults_are_errors_with_a_place),
        cmocka_unit_test(yaml_aliases_cannot_explode),
        cmocka_unit_test(sha256_is_what_nist_says),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
