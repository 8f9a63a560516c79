/* SPDX-License-Identifier: Apache-2.0
 *
 * Every allocation of a rule's evaluation fails once: what was not looked at for want of memory is never a
 * pass.
 */
#include "../base/alloc_fail.h"

#include "gate_test.h"

static const struct one_rule {
    const char *gate, *trigger, *params[6];
    size_t rows; /* it finds */
} rules[] = {
    {"files", "name_match", {"regex", "/a"}, 1},
    {"files", "attribute_match", {"filename", "/a", "mode", "4755"}, 1},
    {"files", "suid_or_guid_set", {NULL}, 1},
    {"passwd_file", "blacklist_userids", {"user_ids", "0"}, 1},
    {"retrieved_files", "content_regex", {"path", "/etc/passwd", "check", "match", "regex", "root"}, 1},
    {"secret_scans", "content_regex_checks", {"match_type", "notfound"}, 1},
    {"packages", "blacklist", {"name", "a"}, 1},
    {"packages", "metadata", {"name", "a,b", "name_comparison", "in"}, 1},
    {"packages", "verify", {NULL}, 1},
    {"licenses", "blacklist_exact_match", {"licenses", "GPL-2.0-only"}, 1},
    {"licenses", "not_allowed_expression", {"licenses", "MIT"}, 1},
    {"vulnerabilities", "package", {"package_type", "all", "cvss_v3_base_score", "-1"}, 1},
    {"vulnerabilities", "blacklist", {"vulnerability_ids", "CVE-1"}, 1},
    {"npms", "version_not_in_feeds", {NULL}, 1},
    {"checks", "failed", {"ids", "4.*"}, 1},
    {"ratchet", "vulnerabilities", {NULL}, 1},
    {"budget", "vulnerabilities", {"high", "0"}, 1},
};

struct job {
    const struct one_rule *rule;
    const struct plm_image_facts *facts;
    const struct plm_policy_options *opt;
    plm_sv bundle;
};

static int judge(void *arg, plm_err **err)
{
    const struct job *j = arg;
    struct plm_ctx ctx = PLM_CTX_INIT;
    struct plm_policy_result r = {0};
    ctx.now = TEST_NOW;
    plm_auto(plm_arena_free) struct plm_arena *a = plm_arena_new(PLM_ARENA_NO_LIMIT);
    if (!a)
        return plm_fail_oom(err);
    plm_auto(plm_policy_free) struct plm_policy *p = plm_policy_load(&ctx, j->bundle, "x", FIXED, err);
    if (!p || plm_policy_evaluate(&ctx, p, j->facts, j->facts->tag, j->opt, a, &r, err) < 0)
        return -1;
    if (r.rows.n != j->rule->rows || r.rows.v[0].is_not_judged)
        fail_msg("%s.%s: %zu rows", j->rule->gate, j->rule->trigger, r.rows.n);
    return 0;
}

static struct plm_image_facts *facts(void)
{
    struct plm_image_facts *f = test_facts();
    f->known |= PLM_FACT_REGISTRY_DATA;
    test_file(f, "/a", 0104755);
    test_stored(f, "/etc/passwd", "root:x:0:0::/:/bin/sh\n");
    struct plm_fact_package *p = test_package(f, "a", "1.0", "npm");
    p->license = PLM_SV("GPL-2");
    struct plm_fact_owned *o = plm_vec_push(f->arena, &p->owned);
    assert_non_null(o);
    o->path = PLM_SV("/gone");
    test_vulnerability(f, "CVE-1", "High", "a", "npm");
    test_issue(f, PLM_KIND_MISCONFIGURATION, "4.1", "USER", PLM_SEV_HIGH);
    struct plm_fact_registry *r = plm_vec_push(f->arena, &f->registry);
    assert_non_null(r);
    r->type = PLM_SV("npm");
    r->name = PLM_SV("a");
    r->latest = PLM_SV("2");
    assert_true(plm_sv_vec_add(f->arena, &r->versions, PLM_SV("2")));
    return f;
}

static void every_rule(void **state)
{
    (void)state;
    plm_auto(plm_image_facts_free) struct plm_image_facts *f = facts();
    plm_auto(plm_image_facts_free) struct plm_image_facts *before = test_facts();
    plm_auto(plm_arena_free) struct plm_arena *a = plm_arena_new(PLM_ARENA_NO_LIMIT);
    struct plm_policy_options opt = {.before = before};
    for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
        const char *params[8] = {NULL};
        for (int k = 0; k < 6; k++)
            params[k] = rules[i].params[k];
        struct job j = {.rule = &rules[i], .facts = f, .opt = &opt};
        j.bundle = test_bundle(a, false, rules[i].gate, rules[i].trigger, params);
        assert_true(plm_test_sweep(judge, &j) > 3);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_rule)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
