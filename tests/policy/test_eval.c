/* SPDX-License-Identifier: Apache-2.0
 *
 * Mappings, allowlists, lists of images, order, problems and modes.
 */
#include "policy_run.h"

static void rules_fire_with_their_own_ids(void **state)
{
    (void)state;
    struct run r;
    run_init(&r);
    run(&r, PLM_POLICY_COMPAT, legacy(&r, ALWAYS, "", "", ""), "docker.io/library/x:latest");
    assert_rows(&r, "Unconditional trigger match");
    assert_int_equal(r.result.action, PLM_ACTION_STOP);
    assert_true(plm_sv_is(r.result.rows.v[0].trigger_id, "always"));
    assert_int_equal(r.result.rows.v[0].line, 1);
    run_done(&r);
}

static void the_digest_of_ids_is_md5(void **state)
{
    (void)state;
    plm_auto(plm_arena_free) struct plm_arena *a = plm_arena_new(PLM_ARENA_NO_LIMIT);
    struct plm_policy_eval ev = {.arena = a};
    assert_int_equal(plm_policy_cache_new(&ev, NULL), 0);
    /* printf %s 'filessuid_or_guid_setSUID or SGID ... 0o104755' | md5sum */
    plm_sv id = plm_policy_md5(&ev,
                               (const plm_sv[]){PLM_SV("files"), PLM_SV("suid_or_guid_set"),
                                                PLM_SV("SUID or SGID found set on file /usr/bin/chage. "
                                                       "Mode: 0o104755")},
                               3);
    assert_true(plm_sv_is(id, "639f6f1177735759703e928c14714a59"));
    plm_policy_cache_free(&ev);
}

static void rows_are_grouped_by_gate(void **state)
{
    (void)state;
    struct run r;
    run_init(&r);
    r.facts->dockerfile_mode = PLM_DOCKERFILE_UNKNOWN;
    run(&r, PLM_POLICY_FIXED,
        legacy(&r,
               "{\"gate\":\"always\",\"trigger\":\"always\",\"action\":\"go\",\"params\":[]},"
               "{\"gate\":\"dockerfile\",\"trigger\":\"no_dockerfile_provided\",\"action\":\"warn\","
               "\"params\":[]},"
               "{\"gate\":\"always\",\"trigger\":\"always\",\"action\":\"go\",\"params\":[]}",
               "", "", ""),
        "x:1");
    assert_rows(&r, "Unconditional trigger match|Unconditional trigger match|"
                    "Image was not analyzed with an actual Dockerfile");
    assert_int_equal(r.result.action, PLM_ACTION_WARN);
    run_done(&r);
}

/* ---- references and mappings --------------------------------------------------------------- */

static void references_are_read_as_the_original_does(void **state)
{
    (void)state;
    static const struct {
        const char *text, *registry, *repository, *tag; /* "-": none */
    } rows[] = {
        {"nginx", "docker.io", "nginx", "latest"},
        {"nginx:1.2", "docker.io", "nginx", "1.2"},
        {"foo/a:1", "docker.io", "foo/a", "1"},
        {"dockerhub/foo/a", "docker.io", "foo/a", "latest"},
        {"gcr.io/p/a:1", "gcr.io", "p/a", "1"},
        {"host:5000/a", "host:5000", "a", "latest"},
        {"localhost/a:2", "localhost", "a", "2"},
        {"localbuild/a", "localbuild", "a", "latest"},
        {"docker.io/a@sha256:0", "docker.io", "a", "-"},
        {"sha256:0", "docker.io", "-", "-"},
        {"", "docker.io", "*/*", "*"},
        {"1111111111111111111111111111111111111111111111111111111111111111", "-", "-", "-"},
    };
    plm_auto(plm_arena_free) struct plm_arena *a = plm_arena_new(PLM_ARENA_NO_LIMIT);
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        struct plm_policy_reference ref;
        plm_policy_reference_parse(plm_sv_from(rows[i].text), a, &ref);
        assert_true(plm_sv_is(ref.registry.p ? ref.registry : PLM_SV("-"), rows[i].registry));
        assert_true(plm_sv_is(ref.repository.p ? ref.repository : PLM_SV("-"), rows[i].repository));
        assert_true(plm_sv_is(ref.tag.p ? ref.tag : PLM_SV("-"), rows[i].tag));
    }
}

static void wildcards_and_expressions(void **state)
{
    (void)state;
    static const struct {
        const char *pattern, *text;
        int fits;
    } rows[] = {
        {"*", "", 1},
        {"", "", 1},
        {"", "a", 0},
        {"a*c", "abbc", 1},
        {"a*c", "abbcd", 0},
        {"*b*b*", "abcb", 1},
        {"*b*b*", "abc", 0},
        {"a?c", "abc", 0},
        {"*", "a\nb", 0},
        {"A", "a", 0},
        {"regexp:a", "abc", 1},
        {"regexp:b", "abc", 0},
        {"regexp:(?i)A.c$", "abc", 1},
        {"[a]", "a", 0},
        {"regexp:(", "a", -1},
    };
    struct run r;
    run_init(&r);
    struct plm_policy_eval ev = {.arena = r.arena, .mode = PLM_POLICY_FIXED};
    assert_int_equal(plm_policy_cache_new(&ev, NULL), 0);
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        plm_err *err = NULL;
        assert_int_equal(
            plm_policy_pattern(&ev, plm_sv_from(rows[i].pattern), plm_sv_from(rows[i].text), &err),
            rows[i].fits);
        plm_err_free(err);
    }
    plm_policy_cache_free(&ev);
    run_done(&r);
}

static const char *mapped_by(struct run *r, const char *type, const char *value)
{
    plm_sv s = plm_arena_printf(
        r->arena,
        "{\"id\":\"b\",\"version\":\"1_0\",\"policies\":[{\"id\":\"p\",\"version\":\"1_0\",\"rules\":[" ALWAYS
        "]}],\"mappings\":[{\"registry\":\"*\",\"repository\":\"*\",\"image\":{\"type\":\"%s\",\"value\":\"%"
        "s\"},"
        "\"policy_id\":\"p\",\"whitelist_ids\":[]}]}",
        type, value);
    return s.p;
}

/* Defect 5. */
static void mappings_by_id_and_digest(void **state)
{
    (void)state;
    struct run r;
    run_init(&r);
    const char *id = mapped_by(&r, "id", "1111111111111111111111111111111111111111111111111111111111111111");
    run(&r, PLM_POLICY_COMPAT, id, "x:1");
    assert_true(r.result.is_init_error);
    assert_types(&r.result.problems, "AttributeError");
    run(&r, PLM_POLICY_FIXED, id, "x:1");
    assert_rows(&r, "Unconditional trigger match");
    run(&r, PLM_POLICY_FIXED, mapped_by(&r, "digest", "sha256:other"), "x:1");
    assert_rows(&r, "");
    assert_false(r.result.is_mapped);
    run_done(&r);
}

/* Evaluating as a digest: there is no tag to try a pattern on. */
static void references_without_a_tag(void **state)
{
    (void)state;
    struct run r;
    run_init(&r);
    const char *b = mapped_by(&r, "tag", "*");
    run(&r, PLM_POLICY_COMPAT, b, "docker.io/x@sha256:00");
    assert_types(&r.result.problems, "TypeError");
    run(&r, PLM_POLICY_FIXED, b, "docker.io/x@sha256:00");
    assert_false(r.result.is_mapped);
    assert_false(r.result.is_init_error);
    run_done(&r);
}

/* Defect 18. */
static void unmapped_images_are_said(void **state)
{
    (void)state;
    struct run r;
    run_init(&r);
    const char *b = mapped_by(&r, "tag", "other");
    run(&r, PLM_POLICY_COMPAT, b, "x:1");
    assert_int_equal(r.result.action, PLM_ACTION_GO);
    assert_int_equal(r.result.problems.n, 0);
    run(&r, PLM_POLICY_FIXED, b, "x:1");
    assert_int_equal(r.result.action, PLM_ACTION_GO);
    assert_types(&r.result.problems, "NoMatchedMappingWarning");
    assert_true(r.result.problems.v[0].is_warning);
    run_done(&r);
}

static void lists_of_images_go_before_the_policies(void **state)
{
    (void)state;
    struct run r;
    run_init(&r);
    run(&r, PLM_POLICY_FIXED,
        legacy(&r, ALWAYS, "", "", ",\"whitelisted_images\":[{\"name\":\"good\"," ALL_TAGS "}]"), "x:1");
    assert_int_equal(r.result.action, PLM_ACTION_GO);
    assert_int_equal(r.result.policy_action, PLM_ACTION_STOP);
    assert_true(plm_sv_is(r.result.reason, "whitelisted"));
    assert_true(plm_sv_is(r.result.allowed_image, "good"));
    run(&r, PLM_POLICY_FIXED,
        legacy(&r, "", "", "",
               ",\"allowlisted_images\":[{\"name\":\"good\"," ALL_TAGS
               "}],\"denylisted_images\":[{\"name\":\"bad\","
               "\"registry\":\"*\",\"repository\":\"*\",\"image\":{\"type\":\"id\",\"value\":"
               "\"1111111111111111111111111111111111111111111111111111111111111111\"}}]"),
        "x:1");
    assert_int_equal(r.result.action, PLM_ACTION_STOP);
    assert_true(plm_sv_is(r.result.reason, "blacklisted"));
    run_done(&r);
}

/* ---- allowlists ---------------------------------------------------------------------------- */

#define LIST(id, items) "{\"id\":\"" id "\",\"name\":\"N\",\"version\":\"1_0\",\"items\":[" items "]}"
#define ITEM(id, trigger_id, more)                                                                           \
    "{\"id\":\"" id "\",\"gate\":\"Always\",\"trigger_id\":\"" trigger_id "\"" more "}"

static void the_first_item_that_fits_is_recorded(void **state)
{
    (void)state;
    struct run r;
    run_init(&r);
    run(&r, PLM_POLICY_COMPAT,
        legacy(&r, ALWAYS,
               LIST("w1", ITEM("gone", "always", ",\"expires_on\":\"2026-11-24T00:00:00Z\"") "," ITEM(
                              "other", "nothing",
                              "") "," ITEM("star", "al*", "") "," ITEM("exact", "always",
                                                                       "")) "," LIST("w2",
                                                                                     ITEM("late", "*", "")),
               "\"w1\",\"w2\"", ""),
        "x:1");
    assert_rows(&r, "Unconditional trigger match");
    assert_int_equal(r.result.action, PLM_ACTION_GO);
    assert_true(r.result.rows.v[0].is_allowlisted);
    assert_true(plm_sv_is(r.result.rows.v[0].allowlist_item, "star"));
    assert_true(plm_sv_is(r.result.rows.v[0].allowlist_id, "w1"));
    assert_int_equal(r.result.rows.v[0].rule_action, PLM_ACTION_STOP);
    run_done(&r);
}

static void instants_of_expiry(void **state)
{
    (void)state;
    int64_t t;
    assert_true(plm_policy_expiry_parse(PLM_SV("1970-01-01T00:00:10Z"), &t));
    assert_int_equal(t, 10);
    assert_true(plm_policy_expiry_parse(PLM_SV("1970-01-01T00:00:10.5Z"), &t));
    assert_int_equal(t, 11);
    assert_true(plm_policy_expiry_parse(PLM_SV("1970-01-01T00:00:10:000Z"), &t));
    assert_int_equal(t, 10);
    static const char *const bad[] = {
        "1970-01-01",           "1970-01-01T00:00:10+00:00", "1970-01-01T00:00:10",
        "1970-02-30T00:00:00Z", "1970-01-01T00:00:10.Z",     "never"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
        assert_false(plm_policy_expiry_parse(plm_sv_from(bad[i]), &t));
}

/* Defect 6. */
static void a_blank_before_regexp(void **state)
{
    (void)state;
    struct run r;
    run_init(&r);
    const char *b = legacy(&r, ALWAYS, LIST("w", ITEM("i", " regexp:al", "")), "\"w\"", "");
    run(&r, PLM_POLICY_COMPAT, b, "x:1");
    assert_int_equal(r.result.action, PLM_ACTION_STOP);
    run(&r, PLM_POLICY_FIXED, b, "x:1");
    assert_int_equal(r.result.action, PLM_ACTION_GO);
    run_done(&r);
}

static void a_bad_expression_allows_nothing(void **state)
{
    (void)state;
    struct run r;
    run_init(&r);
    const char *b = legacy(&r, ALWAYS, LIST("w", ITEM("i", "regexp:(", "")), "\"w\"", "");
    run(&r, PLM_POLICY_COMPAT, b, "x:1");
    assert_no_evaluation(&r);
    run(&r, PLM_POLICY_FIXED, b, "x:1");
    assert_int_equal(r.result.action, PLM_ACTION_STOP);
    assert_types(&r.result.problems, "error");
    run_done(&r);
}

/* ---- rules that cannot be judged ------------------------------------------------------------ */

/* Defect 10: one rule with a bad expression. */
static void one_bad_rule_does_not_cost_the_others(void **state)
{
    (void)state;
    struct run r;
    run_init(&r);
    const char *b =
        legacy(&r,
               "{\"gate\":\"dockerfile\",\"trigger\":\"instruction\",\"action\":\"warn\",\"params\":["
               "{\"name\":\"instruction\",\"value\":\"FROM\"},{\"name\":\"check\",\"value\":\"like\"},"
               "{\"name\":\"value\",\"value\":\"*x\"}]}," ALWAYS,
               LIST("w", "{\"id\":\"all\",\"gate\":\"dockerfile\",\"trigger_id\":\"*\"}"), "\"w\"", "");
    run(&r, PLM_POLICY_COMPAT, b, "x:1");
    assert_no_evaluation(&r);
    run(&r, PLM_POLICY_FIXED, b, "x:1");
    assert_rows(&r, "?|Unconditional trigger match");
    assert_int_equal(r.result.rows.v[0].action, PLM_ACTION_STOP);
    assert_false(r.result.rows.v[0].is_allowlisted); /* a wildcard does not make it pass */
    run_done(&r);
}

static void what_was_not_looked_at_is_not_passed(void **state)
{
    (void)state;
    struct run r;
    run_init(&r);
    r.facts->known = 0;
    static const char *const names[][2] = {{"files", "suid_or_guid_set"}, {"malware", "scans"}};
    for (size_t i = 0; i < 2; i++) {
        run(&r, PLM_POLICY_FIXED, one_rule(&r, names[i][0], names[i][1], (const char *const[]){NULL}), "x:1");
        assert_rows(&r, "?");
        assert_int_equal(r.result.action, PLM_ACTION_STOP);
    }
    run_done(&r);
}

/* Defect 16. */
static void json_booleans(void **state)
{
    (void)state;
    struct run r;
    run_init(&r);
    const char *b =
        legacy(&r,
               "{\"gate\":\"dockerfile\",\"trigger\":\"instruction\",\"action\":\"stop\",\"params\":["
               "{\"name\":\"instruction\",\"value\":\"FROM\"},{\"name\":\"check\",\"value\":\"exists\"},"
               "{\"name\":\"actual_dockerfile_only\",\"value\":true}]}",
               "", "", "");
    run(&r, PLM_POLICY_COMPAT, b, "x:1");
    assert_no_evaluation(&r);
    run(&r, PLM_POLICY_FIXED, b, "x:1");
    assert_rows(&r, "Dockerfile directive 'FROM' check 'exists' matched against '' for line 'x'");
    run_done(&r);
}

static void ended_gates_do_nothing_and_say_so(void **state)
{
    (void)state;
    struct run r;
    run_init(&r);
    run(&r, PLM_POLICY_COMPAT,
        legacy(&r,
               "{\"gate\":\"anchoresec\",\"trigger\":\"vulnhigh\",\"action\":\"stop\",\"params\":[{\"name\":"
               "\"x\","
               "\"value\":\"y\"}]}",
               "", "", ""),
        "x:1");
    assert_rows(&r, "");
    assert_int_equal(r.result.action, PLM_ACTION_GO);
    assert_types(&r.result.problems, "EndOfLifedError");
    assert_types(plm_policy_all_problems(r.policy), "EndOfLifedError");
    run_done(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rules_fire_with_their_own_ids),
        cmocka_unit_test(the_digest_of_ids_is_md5),
        cmocka_unit_test(rows_are_grouped_by_gate),
        cmocka_unit_test(references_are_read_as_the_original_does),
        cmocka_unit_test(wildcards_and_expressions),
        cmocka_unit_test(mappings_by_id_and_digest),
        cmocka_unit_test(references_without_a_tag),
        cmocka_unit_test(unmapped_images_are_said),
        cmocka_unit_test(lists_of_images_go_before_the_policies),
        cmocka_unit_test(the_first_item_that_fits_is_recorded),
        cmocka_unit_test(instants_of_expiry),
        cmocka_unit_test(a_blank_before_regexp),
        cmocka_unit_test(a_bad_expression_allows_nothing),
        cmocka_unit_test(one_bad_rule_does_not_cost_the_others),
        cmocka_unit_test(what_was_not_looked_at_is_not_passed),
        cmocka_unit_test(json_booleans),
        cmocka_unit_test(ended_gates_do_nothing_and_say_so),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
