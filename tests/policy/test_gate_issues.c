/* SPDX-License-Identifier: Apache-2.0
 *
 * Gates of ours about findings: checks, secrets, dockle, hadolint, signature, registry, budget.
 */
#include "gate_test.h"

static struct plm_image_facts *facts(void)
{
    struct plm_image_facts *f = test_facts();
    struct plm_fact_issue *i = test_issue(f, PLM_KIND_MISCONFIGURATION, "4.6", "HEALTHCHECK", PLM_SEV_LOW);
    assert_true(plm_sv_vec_add(f->arena, &i->aliases, PLM_SV("CIS-DI-0006")));
    assert_true(plm_sv_vec_add(f->arena, &i->aliases, PLM_SV("DL3057")));
    test_issue(f, PLM_KIND_MISCONFIGURATION, "DL3008", "RUN apt-get install curl", PLM_SEV_MEDIUM)->is_base =
        true;
    test_issue(f, PLM_KIND_MISCONFIGURATION, "SC2046", "", PLM_SEV_MEDIUM);
    test_issue(f, PLM_KIND_SECRET, "aws-key", "/app/.env", PLM_SEV_CRITICAL);
    return f;
}

#define C46  "4.6+HEALTHCHECK => Check 4.6 at HEALTHCHECK: text"
#define C08  "DL3008+RUN apt-get install curl => Check DL3008 at RUN apt-get install curl: text"
#define C046 "SC2046 => Check SC2046: text"

static void test_checks(void **state)
{
    (void)state;
    plm_auto(plm_image_facts_free) struct plm_image_facts *f = facts();
    rule(FIXED, f, "checks", "failed", NONE, ROWS(C46, C08, C046));
    rule(FIXED, f, "checks", "failed", PARAMS("severity", "medium"), ROWS(C08, C046));
    rule(FIXED, f, "checks", "failed", PARAMS("ids", "CIS-DI-*,4.1"), ROWS(C46));
    rule(FIXED, f, "checks", "failed", PARAMS("ids", "DL*", "exclude_ids", "DL3057"), ROWS(C08));
    rule(FIXED, f, "checks", "failed", PARAMS("origin", "base"), ROWS(C08));
    rule(FIXED, f, "checks", "failed", PARAMS("object_regex", "RUN"), ROWS(C08));
    rule(FIXED, f, "checks", "failed", PARAMS("object_regex", "("), ROWS(NOT_JUDGED));
    rule(FIXED, f, "checks", "failed", PARAMS("severity", "high"), NONE);
    rule(FIXED, f, "checks", "not_run", NONE, NONE);
    f->known &= ~(uint32_t)PLM_FACT_CHECKS;
    rule(FIXED, f, "checks", "failed", NONE, ROWS(NOT_JUDGED));
    rule(FIXED, f, "checks", "not_run", NONE, ROWS("No checks were run on the image"));
}

static void test_secrets(void **state)
{
    (void)state;
    plm_auto(plm_image_facts_free) struct plm_image_facts *f = facts();
    rule(FIXED, f, "secrets", "found", NONE, ROWS("aws-key+/app/.env => Secret aws-key at /app/.env: text"));
    rule(FIXED, f, "secrets", "found", PARAMS("exclude_ids", "aws-*"), NONE);
    rule(FIXED, f, "secrets", "found", PARAMS("ids", "jwt"), NONE);
    /* the original's patterns were searched, our rules were not: that is no "nothing found" */
    f->known |= PLM_FACT_SECRETS;
    f->known &= ~(uint32_t)PLM_FACT_SECRET_RULES;
    rule(FIXED, f, "secrets", "found", NONE, ROWS(NOT_JUDGED));
    rule(FIXED, f, "budget", "secrets", PARAMS("critical", "0"), ROWS(NOT_JUDGED));
}

/* The finding's own id, an alias of it, and an id that is nobody's. */
static void test_ids_of_programs(void **state)
{
    (void)state;
    plm_auto(plm_image_facts_free) struct plm_image_facts *f = facts();
    rule(FIXED, f, "dockle", "CIS-DI-0006", NONE,
         ROWS("CIS-DI-0006+HEALTHCHECK => Dockle CIS-DI-0006 at HEALTHCHECK: text"));
    rule(FIXED, f, "hadolint", "dl3057", NONE,
         ROWS("DL3057+HEALTHCHECK => Hadolint DL3057 at HEALTHCHECK: text"));
    rule(FIXED, f, "hadolint", "SC2046", NONE, ROWS("SC2046 => Hadolint SC2046: text"));
    rule(FIXED, f, "hadolint", "SC2086", NONE, NONE);
    rule(FIXED, f, "hadolint", "DL3008", PARAMS("origin", "own"), NONE);
    rule(FIXED, f, "dockle", "DKL-LI-0001", NONE, NONE);
}

static void test_unknown_ids(void **state)
{
    (void)state;
    const struct plm_policy_gate *hadolint = plm_policy_gate_find(PLM_SV("hadolint"));
    assert_non_null(hadolint);
    bool is_legacy;
    assert_non_null(plm_policy_trigger_find(hadolint, PLM_SV("SC1091"), &is_legacy));
    /* a rule that there never was would never fire */
    assert_null(plm_policy_trigger_find(hadolint, PLM_SV("DL3005"), &is_legacy));
    assert_null(plm_policy_trigger_find(hadolint, PLM_SV("SC20460"), &is_legacy));
    assert_null(plm_policy_trigger_find(hadolint, PLM_SV("SC20a6"), &is_legacy));
}

static void test_signature(void **state)
{
    (void)state;
    plm_auto(plm_image_facts_free) struct plm_image_facts *f = facts();
    rule(FIXED, f, "signature", "not_trusted", NONE, ROWS(NOT_JUDGED));
    rule(FIXED, f, "signature", "not_trusted", PARAMS("when_not_checked", "ignore"), NONE);
    rule(FIXED, f, "signature", "not_trusted", PARAMS("when_not_checked", "fire"),
         ROWS("not_checked => Not checked: signatures of the image"));
    f->known |= PLM_FACT_SIGNATURE;
    rule(FIXED, f, "signature", "not_trusted", PARAMS("when_not_checked", "fire"), NONE);
    test_issue(f, PLM_KIND_SIGNATURE, "unsigned", "", PLM_SEV_HIGH);
    rule(FIXED, f, "signature", "not_trusted", NONE, ROWS("unsigned => Signature unsigned: text"));
    rule(FIXED, f, "signature", "not_trusted", PARAMS("ids", "expired"), NONE);
}

static void test_registry(void **state)
{
    (void)state;
    plm_auto(plm_image_facts_free) struct plm_image_facts *f = facts();
    rule(FIXED, f, "registry", "host", PARAMS("registries", "quay.io"),
         ROWS("Image is from the registry docker.io, which is not one of those allowed"));
    rule(FIXED, f, "registry", "host", PARAMS("registries", "quay.io,docker.io"), NONE);
    f->tag = PLM_SV("reg.example.com:5000/app:1");
    rule(FIXED, f, "registry", "host", PARAMS("registries", "*.example.com*"), NONE);
    rule(FIXED, f, "registry", "host", PARAMS("registries", "reg.example.com:5000", "type", "denylist"),
         ROWS("Image is from the registry reg.example.com:5000, which is not allowed"));
    f->tag = PLM_SV("team/app");
    rule(FIXED, f, "registry", "host", PARAMS("registries", "docker.io", "type", "denylist"),
         ROWS("Image is from the registry docker.io, which is not allowed"));
}

static void test_budget(void **state)
{
    (void)state;
    plm_auto(plm_image_facts_free) struct plm_image_facts *f = facts();
    test_vulnerability(f, "CVE-1", "High", "a", "dpkg");
    test_vulnerability(f, "CVE-2", "High", "b", "npm")->is_base = true;
    test_vulnerability(f, "CVE-3", "Critical", "c", "dpkg");
    rule(FIXED, f, "budget", "vulnerabilities", PARAMS("high", "1", "critical", "0"),
         ROWS("budget+vulnerabilities+critical => 1 critical vulnerabilities found, 0 are tolerated",
              "budget+vulnerabilities+high => 2 high vulnerabilities found, 1 are tolerated"));
    rule(FIXED, f, "budget", "vulnerabilities", PARAMS("high", "2", "critical", "1"), NONE);
    rule(FIXED, f, "budget", "vulnerabilities", PARAMS("high", "1", "package_type", "os"), NONE);
    rule(FIXED, f, "budget", "vulnerabilities", PARAMS("high", "1", "origin", "own"), NONE);
    rule(FIXED, f, "budget", "vulnerabilities", PARAMS("high", "0", "fix_available", "true"), NONE);
    rule(FIXED, f, "budget", "vulnerabilities", NONE, NONE);
    rule(FIXED, f, "budget", "checks", PARAMS("medium", "1"),
         ROWS("budget+checks+medium => 2 medium checks found, 1 are tolerated"));
    rule(FIXED, f, "budget", "checks", PARAMS("medium", "1", "exclude_ids", "SC*"), NONE);
    rule(FIXED, f, "budget", "secrets", PARAMS("critical", "0"),
         ROWS("budget+secrets+critical => 1 critical secrets found, 0 are tolerated"));
    rule(FIXED, f, "budget", "secrets", PARAMS("critical", "1"), NONE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_checks),          cmocka_unit_test(test_secrets),
        cmocka_unit_test(test_ids_of_programs), cmocka_unit_test(test_unknown_ids),
        cmocka_unit_test(test_signature),       cmocka_unit_test(test_registry),
        cmocka_unit_test(test_budget),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
