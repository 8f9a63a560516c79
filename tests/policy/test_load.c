/* SPDX-License-Identifier: Apache-2.0
 *
 * Bundles: versions, vocabularies, problems with their places, and the starter bundles.
 */
#include "policy_run.h"

#include "base/fs.h"

static void problems_are_those_of_the_mapping_that_applies(void **state)
{
    (void)state;
    static const char bundle[] =
        "{\"id\":\"b\",\"version\":\"1_0\",\n"
        " \"policies\":[{\"id\":\"good\",\"version\":\"1_0\",\"rules\":[" ALWAYS "]},\n"
        "  {\"id\":\"bad\",\"version\":\"1_0\",\"rules\":[\n"
        "    {\"gate\":\"nope\",\"trigger\":\"x\",\"action\":\"STOP\",\"params\":[]},\n"
        "    {\"gate\":\"always\",\"trigger\":\"x\",\"action\":\"STOP\",\"params\":[]},\n"
        "    {\"gate\":\"always\",\"trigger\":\"always\",\"action\":\"HALT\",\"params\":[]}]}],\n"
        " \"mappings\":[{" ALL_TAGS ",\"policy_id\":\"good\",\"whitelist_ids\":[]},\n"
        "  {" ALL_TAGS ",\"policy_ids\":[\"bad\",\"absent\"],\"whitelist_ids\":[\"w\"]}]}";
    struct run r;
    run_init(&r);
    run(&r, PLM_POLICY_COMPAT, bundle, "x:1");
    assert_rows(&r, "Unconditional trigger match");
    const plm_policy_problems *all = plm_policy_all_problems(r.policy);
    assert_types(all, "GateNotFoundError TriggerNotFoundError PolicyError ReferencedObjectNotFoundError "
                      "ReferencedObjectNotFoundError");
    assert_int_equal(all->v[0].line, 4);
    assert_int_equal(all->v[0].column, 5);
    assert_int_equal(all->v[2].line, 6);
    assert_int_equal(all->v[3].line, 8);
    run_done(&r);
}

static const char *with_mapping(struct run *r, const char *policies, const char *lists, const char *mapping)
{
    plm_sv s = plm_arena_printf(r->arena,
                                "{\"id\":\"b\",\"version\":\"1_0\",\"policies\":[%s],\"whitelists\":[%s],"
                                "\"mappings\":[{" ALL_TAGS "%s}]}",
                                policies, lists, mapping);
    return s.p;
}

#define POLICY(id, rest) "{\"id\":\"" id "\",\"version\":\"1_0\"" rest "}"
#define USES             ",\"policy_id\":\"p\",\"whitelist_ids\":[]"

static void structural_faults_have_the_originals_classes(void **state)
{
    (void)state;
    static const struct {
        const char *policies, *lists, *mapping, *types;
    } rows[] = {
        {POLICY("p", ",\"rules\":[]") "," POLICY("p", ",\"rules\":[]"), "", USES,
         "DuplicateIdentifierFoundError"},
        {"", "", USES, "ReferencedObjectNotFoundError"},
        {"{\"id\":\"p\",\"version\":\"2\",\"rules\":[]}", "", USES, "UnsupportedVersionError"},
        {"{\"id\":\"p\",\"rules\":[]}", "", USES, "UnsupportedVersionError"},
        {POLICY("p", ""), "", USES, "TypeError"},
        {POLICY("p", ",\"rules\":[{\"gate\":\"always\",\"trigger\":\"always\",\"action\":\"stop\"}]"), "",
         USES, "PolicyError"},
        {POLICY("p", ",\"rules\":[{\"trigger\":\"always\",\"action\":\"stop\",\"params\":[]}]"), "", USES,
         "PolicyError"},
        {POLICY("p", ",\"rules\":[]"), "", ",\"policy_id\":\"p\"", "TypeError"},
        {POLICY("p", ",\"rules\":[]"), "", ",\"whitelist_ids\":[]", "ValidationError"},
        {POLICY("p", ",\"rules\":[]"), "", ",\"policy_id\":\"p\",\"policy_ids\":[\"p\"],\"whitelist_ids\":[]",
         "ValidationError"},
        {POLICY("p", ",\"rules\":[]"), "{\"id\":\"w\",\"version\":\"1_0\"}",
         ",\"policy_id\":\"p\",\"whitelist_ids\":[\"w\"]", "TypeError"},
        {POLICY("p", ",\"rules\":[]"),
         "{\"id\":\"w\",\"version\":\"1_0\",\"items\":[{\"gate\":\"always\",\"trigger_id\":\"*\",\"expires_"
         "on\":"
         "\"2030-01-01\"}]}",
         ",\"policy_id\":\"p\",\"whitelist_ids\":[\"w\"]", "Exception"},
    };
    struct run r;
    run_init(&r);
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        run(&r, PLM_POLICY_COMPAT, with_mapping(&r, rows[i].policies, rows[i].lists, rows[i].mapping), "x:1");
        assert_int_equal(r.rc, 0);
        assert_true(r.result.is_init_error);
        assert_int_equal(r.result.action, PLM_ACTION_STOP);
        assert_types(&r.result.problems, rows[i].types);
    }
    run_done(&r);
}

static void parameters_are_validated(void **state)
{
    (void)state;
    static const struct {
        const char *gate, *trigger;
        const char *params[8];
        const char *types;
    } rows[] = {
        {"always", "always", {"foo", "1", NULL}, "InvalidParameterError"},
        {"dockerfile", "exposed_ports", {"ports", "80", NULL}, "ParameterValueInvalidError"},
        {"dockerfile",
         "exposed_ports",
         {"ports", "80,a", "type", "Blacklist", NULL},
         "ParameterValueInvalidError ParameterValueInvalidError"},
        {"dockerfile", "exposed_ports", {"PORTS", "80 , 443", "Type", "blacklist", NULL}, ""},
        {"dockerfile",
         "instruction",
         {"instruction", "from", "check", "exists", NULL},
         "ParameterValueInvalidError"},
        {"dockerfile",
         "instruction",
         {"instruction", "FROM", "check", "exists", "actual_dockerfile_only", "TRUE", NULL},
         ""},
        {"licenses", "blacklist_exact_match", {"licenses", "a,,b", NULL}, "ParameterValueInvalidError"},
        {"licenses", "blacklist_exact_match", {"licenses", " a , b ", NULL}, ""},
        {"licenses", "denylist_exact_match", {"licenses", "a", NULL}, "TriggerNotFoundError"},
        {"metadata",
         "attribute",
         {"attribute", "size", "check", ">", "value", "5MB", NULL},
         "ParameterValueInvalidError"},
        {"metadata", "attribute", {"attribute", "size", "check", ">", "value", "5 mb", NULL}, ""},
        {"metadata",
         "attribute",
         {"attribute", "distro", "check", "exists", NULL},
         "ParameterValueInvalidError"},
        {"vulnerabilities", "package", {"package_type", "all", "cvss_v3_base_score", "-.5", NULL}, ""},
        {"vulnerabilities",
         "package",
         {"package_type", "all", "cvss_v3_base_score", "1e3", NULL},
         "ParameterValueInvalidError"},
        {"vulnerabilities",
         "stale_feed_data",
         {"max_days_since_sync", "-2", NULL},
         "ParameterValueInvalidError"},
    };
    struct run r;
    run_init(&r);
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        run(&r, PLM_POLICY_COMPAT, one_rule(&r, rows[i].gate, rows[i].trigger, rows[i].params), "x:1");
        assert_non_null(r.policy);
        assert_types(plm_policy_all_problems(r.policy), rows[i].types);
    }
    run_done(&r);
}

static void values_that_are_no_text_keep_their_digits(void **state)
{
    (void)state;
    struct run r;
    run_init(&r);
    run(&r, PLM_POLICY_COMPAT,
        legacy(
            &r,
            "{\"gate\":\"vulnerabilities\",\"trigger\":\"stale_feed_data\",\"action\":\"stop\",\"params\":[\n"
            "{\"name\":\"max_days_since_sync\",\"value\":123456789012345678901234567890}]}",
            "", "", ""),
        "x:1");
    assert_types(&r.result.problems, "ParameterValueInvalidError");
    assert_true(plm_sv_has(r.result.problems.v[0].details, PLM_SV("123456789012345678901234567890")));
    assert_int_equal(r.result.problems.v[0].line, 2);
    run_done(&r);
}

static void versions(void **state)
{
    (void)state;
    static const struct {
        const char *bundle;
        bool loads_compat, loads_fixed;
    } rows[] = {
        {"{\"id\":\"b\"}", false, false},
        {"{\"version\":\"1_0\"}", true, true},
        {"{\"version\":\"1\"}", false, false},
        {"{\"version\":\"2\"}", false, true},
        {"{\"version\":\"2\",\"rule_sets\":[]}", true, true},
        {"{\"version\":\"V2\",\"rule_sets\":[]}", true, true},
        {"{\"version\":2,\"rule_sets\":[]}", true, true},
        {"{\"version\":\"3\",\"rule_sets\":[]}", false, false},
        {"[]", false, false},
        {"{\"version\":\"1_0\"", false, false},
    };
    struct run r;
    run_init(&r);
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        run(&r, PLM_POLICY_COMPAT, rows[i].bundle, "x:1");
        assert_int_equal(r.policy != NULL, rows[i].loads_compat);
        run(&r, PLM_POLICY_FIXED, rows[i].bundle, "x:1");
        assert_int_equal(r.policy != NULL, rows[i].loads_fixed);
    }
    run_done(&r);
}

/* Both vocabularies, mixed; escapes; a key that stands twice. */
static void names_may_be_of_either_form(void **state)
{
    (void)state;
    struct run r;
    run_init(&r);
    run(&r, PLM_POLICY_FIXED,
        "{\"id\":\"b\",\"name\":\"n\",\"version\":\"2\",\"policies\":[{\"id\":\"p\\u00e9\",\"name\":\"n\","
        "\"version\":"
        "\"2\",\"rules\":[{\"id\":\"r\",\"gate\":\"dockerfile\",\"trigger\":\"exposed_ports\",\"action\":"
        "\"warn\","
        "\"action\":\"stop\",\"params\":[{\"name\":\"ports\",\"value\":\"22\"},{\"name\":\"type\",\"value\":"
        "\"blacklist\"}]}]}],\"whitelists\":[],\"mappings\":[{\"id\":\"m\",\"name\":\"m\"," ALL_TAGS
        ",\"policy_ids\":[\"p\\u00e9\"],\"allowlist_ids\":[]}],\"colour\":\"red\"}",
        "x:1");
    r.facts->dockerfile = PLM_SV("FROM x\nEXPOSE 22\n");
    assert_types(plm_policy_all_problems(r.policy), "UnknownKeyWarning");
    run(&r, PLM_POLICY_FIXED,
        "{\"id\":\"b\",\"name\":\"n\",\"version\":\"2\",\"rule_sets\":[{\"id\":\"p\",\"name\":\"n\","
        "\"version\":\"2\","
        "\"rules\":[{\"id\":\"r\",\"gate\":\"dockerfile\",\"trigger\":\"exposed_ports\",\"action\":\"warn\","
        "\"action\":"
        "\"stop\",\"params\":[{\"name\":\"ports\",\"value\":\"22\"},{\"name\":\"type\",\"value\":"
        "\"denylist\"}]}]}],"
        "\"mappings\":[{\"id\":\"m\",\"name\":\"m\"," ALL_TAGS
        ",\"policy_ids\":[\"p\"],\"allowlist_ids\":[]}]}",
        "x:1");
    assert_rows(&r, "Dockerfile exposes port (22) which is in policy file DENIEDPORTS list");
    assert_int_equal(r.result.action, PLM_ACTION_STOP);
    run_done(&r);
}

static void starter_bundles_load_and_judge(void **state)
{
    (void)state;
    static const char *const names[] = {"engine-default", "ci-default", "cis-1.13.0", "disa-style"};
    for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
        struct run r;
        run_init(&r);
        plm_sv path = plm_arena_printf(r.arena, "%s/bundles/%s.json", PLM_TEST_DATA, names[i]);
        plm_auto_done(plm_buf_done) struct plm_buf text = PLM_BUF(PLM_MIB(1));
        assert_int_equal(plm_fs_read(path.p, text.max, &text, NULL), 0);
        r.facts->dockerfile = PLM_SV("FROM x\nRUN apt-get update\nEXPOSE 22\nUSER root\n");
        struct plm_fact_file *f = plm_vec_push(r.arena, &r.facts->files);
        assert_non_null(f);
        *f = (struct plm_fact_file){.path = PLM_SV("/usr/bin/chage"), .mode = 0102755};
        for (int mode = 0; mode < 2; mode++) {
            run(&r, mode ? PLM_POLICY_COMPAT : PLM_POLICY_FIXED, plm_buf_cstr(&text), "docker.io/x:1");
            assert_int_equal(r.rc, 0);
            assert_types(plm_policy_all_problems(r.policy), "");
            assert_true(r.result.is_mapped);
            assert_int_equal(r.result.action, PLM_ACTION_STOP);
            for (size_t k = 0; k < r.result.rows.n; k++) {
                const struct plm_policy_row *row = &r.result.rows.v[k];
                assert_false(row->is_not_judged);
                /* The CIS bundle allows this one by its id. */
                if (strcmp(names[i], "cis-1.13.0") == 0 && plm_sv_is(row->trigger, "suid_or_guid_set"))
                    assert_true(row->is_allowlisted);
            }
        }
        run_done(&r);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(problems_are_those_of_the_mapping_that_applies),
        cmocka_unit_test(structural_faults_have_the_originals_classes),
        cmocka_unit_test(parameters_are_validated),
        cmocka_unit_test(values_that_are_no_text_keep_their_digits),
        cmocka_unit_test(versions),
        cmocka_unit_test(names_may_be_of_either_form),
        cmocka_unit_test(starter_bundles_load_and_judge),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
