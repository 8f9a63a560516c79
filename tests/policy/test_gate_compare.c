/* SPDX-License-Identifier: Apache-2.0
 *
 * Gates that compare with something else: ratchet, exceptions, tag_drift, ancestry, distro, and those that
 * cannot be judged here.
 */
#include "gate_test.h"

#include "match/match.h"

static void compare(const struct plm_image_facts *f, const struct plm_image_facts *before, const char *gate,
                    const char *trigger, const char *const *params, const char *const *expected)
{
    struct plm_policy_options opt = {.before = before};
    test_rule_with(FIXED, false, f, &opt, gate, trigger, params, expected);
}

static void test_ratchet(void **state)
{
    (void)state;
    plm_auto(plm_image_facts_free) struct plm_image_facts *old = test_facts();
    plm_auto(plm_image_facts_free) struct plm_image_facts *new = test_facts();
    test_vulnerability(old, "CVE-1", "High", "a", "dpkg");
    test_issue(old, PLM_KIND_MISCONFIGURATION, "4.6", "x", PLM_SEV_LOW);
    test_issue(old, PLM_KIND_SECRET, "jwt", "/a", PLM_SEV_HIGH);
    test_vulnerability(new, "CVE-1", "High", "a", "dpkg")->version = PLM_SV("2.0");
    compare(new, old, "ratchet", "vulnerabilities", NONE, NONE);
    compare(new, NULL, "ratchet", "vulnerabilities", NONE, ROWS(NOT_JUDGED));
    compare(new, NULL, "ratchet", "vulnerabilities", PARAMS("when_not_checked", "ignore"), NONE);
    test_vulnerability(new, "CVE-1", "Low", "b", "dpkg");
    test_issue(new, PLM_KIND_MISCONFIGURATION, "4.6", "y", PLM_SEV_LOW);
    test_issue(new, PLM_KIND_SECRET, "jwt", "/a", PLM_SEV_HIGH);
    compare(new, old, "ratchet", "vulnerabilities", NONE,
            ROWS("CVE-1+b => CVE-1 in package b 1.0 was not in the image compared with"));
    compare(new, old, "ratchet", "vulnerabilities", PARAMS("severity", "medium"), NONE);
    compare(new, old, "ratchet", "checks", NONE,
            ROWS("4.6+y => Check 4.6 at y was not in the image compared with: text"));
    compare(new, old, "ratchet", "secrets", NONE, NONE);
    compare(new, NULL, "ratchet", "secrets", PARAMS("when_not_checked", "fire"),
            ROWS("not_checked => Not checked: an image to compare with"));
}

static void test_tag_drift(void **state)
{
    (void)state;
    plm_auto(plm_image_facts_free) struct plm_image_facts *old = test_facts();
    plm_auto(plm_image_facts_free) struct plm_image_facts *new = test_facts();
    test_package(old, "a", "1", "dpkg");
    test_package(old, "b", "1", "dpkg");
    test_package(new, "b", "2", "dpkg");
    test_package(new, "c", "1", "npm");
    compare(new, old, "tag_drift", "packages_added", NONE, ROWS("Package added: c-1"));
    compare(new, old, "tag_drift", "packages_removed", NONE, ROWS("Package removed: a-1"));
    compare(new, old, "tag_drift", "packages_modified", NONE, ROWS("Package modified: b from 1 to 2"));
    compare(new, old, "tag_drift", "packages_added", PARAMS("package_type", "dpkg"), NONE);
    compare(old, old, "tag_drift", "packages_modified", NONE, NONE);
    compare(new, NULL, "tag_drift", "packages_added", NONE, ROWS(NOT_JUDGED));
}

static void test_exceptions(void **state)
{
    (void)state;
    struct plm_ctx ctx = PLM_CTX_INIT;
    plm_auto(plm_image_facts_free) struct plm_image_facts *f = test_facts();
    plm_auto(plm_exceptions_free) struct plm_exceptions *x = plm_exceptions_new(NULL);
    assert_non_null(x);
    assert_int_equal(plm_exceptions_parse(&ctx, x,
                                          PLM_SV("- {id: CVE-1, reason: r, owner: ops, until: 2026-12-01}\n"
                                                 "- {id: CVE-2, reason: r, until: 2027-12-01}\n"
                                                 "- {id: CVE-3, reason: r, ticket: T, until: 2026-11-01}\n"
                                                 "- {id: CVE-4, reason: r}\n"),
                                          "x", NULL),
                     0);
    struct plm_policy_options opt = {.exceptions = x};
    test_rule_with(FIXED, false, f, &opt, "exceptions", "expiring", PARAMS("days", "10"),
                   ROWS("CVE-1+2026-12-01 => Exception for CVE-1 of ops ends on 2026-12-01"));
    test_rule_with(FIXED, false, f, &opt, "exceptions", "expiring", PARAMS("days", "3"), NONE);
    test_rule_with(FIXED, false, f, &opt, "exceptions", "expired", NONE,
                   ROWS("CVE-3+2026-11-01 => Exception for CVE-3 ended on 2026-11-01"));
    test_rule_with(FIXED, false, f, &opt, "exceptions", "incomplete", PARAMS("fields", "until,reason"),
                   ROWS("CVE-4+until => Exception for CVE-4 has no until"));
    test_rule_with(FIXED, false, f, &opt, "exceptions", "incomplete", PARAMS("fields", "ticket"),
                   ROWS("CVE-1+ticket => Exception for CVE-1 has no ticket",
                        "CVE-2+ticket => Exception for CVE-2 has no ticket",
                        "CVE-4+ticket => Exception for CVE-4 has no ticket"));
    rule(FIXED, f, "exceptions", "expired", NONE, NONE);
}

static void add_label(struct plm_image_facts *f, const char *key, const char *value)
{
    assert_true(plm_sv_vec_add(f->arena, &f->config.label_keys, plm_sv_from(key)));
    assert_true(plm_sv_vec_add(f->arena, &f->config.label_values, plm_sv_from(value)));
}

static void test_ancestry(void **state)
{
    (void)state;
    plm_auto(plm_image_facts_free) struct plm_image_facts *f = test_facts();
    rule(FIXED, f, "ancestry", "no_ancestors_analyzed", NONE, ROWS("No ancestor of the image is known"));
    rule(FIXED, f, "ancestry", "allowed_base_image_digest", PARAMS("base_digest", "sha256:a"),
         ROWS("Base image digest unknown is not in the list of allowed ones"));
    rule(FIXED, f, "ancestry", "denylist_ancestor_image_digest", PARAMS("ancestor_digest", "sha256:a"), NONE);
    f->base_digest = PLM_SV("sha256:a");
    add_label(f, "org.opencontainers.image.base.name", "docker.io/debian:12");
    rule(FIXED, f, "ancestry", "no_ancestors_analyzed", NONE, NONE);
    rule(FIXED, f, "ancestry", "allowed_base_image_digest", PARAMS("base_digest", "sha256:b,sha256:a"), NONE);
    rule(FIXED, f, "ancestry", "denylist_ancestor_image_digest", PARAMS("ancestor_digest", "sha256:a"),
         ROWS("Ancestor image digest sha256:a is denylisted"));
    rule(FIXED, f, "ancestry", "allowed_base_image_tag", PARAMS("base_tag", "docker.io/debian:1*"), NONE);
    rule(FIXED, f, "ancestry", "allowed_base_image_tag", PARAMS("base_tag", "docker.io/alpine:*"),
         ROWS("Base image tag docker.io/debian:12 is not in the list of allowed ones"));
    rule(FIXED, f, "ancestry", "denylist_ancestor_image_tag", PARAMS("ancestor_tag", "docker.io/debian:12"),
         ROWS("Ancestor image tag docker.io/debian:12 is denylisted"));
    rule(FIXED, f, "ancestry", "denylist_ancestor_image_tag", PARAMS("ancestor_tag", "docker.io/debian:11"),
         NONE);
}

static void test_distro(void **state)
{
    (void)state;
    plm_auto(plm_image_facts_free) struct plm_image_facts *f = test_facts();
    rule(FIXED, f, "distro", "deny", PARAMS("distro", "debian"), ROWS("Distribution debian 12 is denied"));
    rule(FIXED, f, "distro", "deny", PARAMS("distro", "alpine"), NONE);
    /* numbers, not text: 12 is not below 9 */
    rule(FIXED, f, "distro", "deny", PARAMS("distro", "debian", "version", "9", "check", "<"), NONE);
    rule(FIXED, f, "distro", "deny", PARAMS("distro", "debian", "version", "13", "check", "<"),
         ROWS("Distribution debian 12 is denied"));
    f->distro_version = PLM_SV_NULL;
    rule(FIXED, f, "distro", "deny", PARAMS("distro", "debian", "version", "13", "check", "<"),
         ROWS(NOT_JUDGED));
}

/* What nothing here can know is said, never passed. */
static void test_not_judged_here(void **state)
{
    (void)state;
    plm_auto(plm_image_facts_free) struct plm_image_facts *f = test_facts();
    rule(FIXED, f, "image_source_drift", "package_removed", NONE, ROWS(NOT_JUDGED));
    rule(FIXED, f, "image_source_drift", "package_downgraded", PARAMS("package_types", "npm"),
         ROWS(NOT_JUDGED));
    rule(FIXED, f, "image_source_drift", "no_related_sources", NONE,
         ROWS("No source is related to the image"));
    rule(FIXED, f, "stig", "no_stig_evaluations_available", NONE,
         ROWS("No STIG evaluation of the image is available"));
    rule(FIXED, f, "stig", "stig_evaluations_outdated", PARAMS("max_days_since_stig_evaluation", "3"),
         ROWS(NOT_JUDGED));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ratchet),    cmocka_unit_test(test_tag_drift),
        cmocka_unit_test(test_exceptions), cmocka_unit_test(test_ancestry),
        cmocka_unit_test(test_distro),     cmocka_unit_test(test_not_judged_here),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
