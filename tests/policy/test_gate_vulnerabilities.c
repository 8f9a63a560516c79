/* SPDX-License-Identifier: Apache-2.0
 *
 * Gate `vulnerabilities`: every parameter with what passes it and what does not; ids and messages of the
 * original.
 */
#include "gate_test.h"

static void set_fix(struct plm_image_facts *f, struct plm_fact_vulnerability *v, const char *a, const char *b)
{
    assert_true(plm_sv_vec_add(f->arena, &v->fix_versions, plm_sv_from(a)));
    if (b)
        assert_true(plm_sv_vec_add(f->arena, &v->fix_versions, plm_sv_from(b)));
}

static struct plm_image_facts *of_severities(void)
{
    static const char *const severities[] = {"Unknown", "Negligible", "Low", "Medium", "High", "Critical"};
    static const char *const ids[] = {"CVE-0", "CVE-1", "CVE-2", "CVE-3", "CVE-4", "CVE-5"};
    struct plm_image_facts *f = test_facts();
    for (int i = 0; i < 6; i++)
        test_vulnerability(f, ids[i], severities[i], "libc6", "dpkg");
    return f;
}

#define OS(severity, id, middle)                                                                             \
    id "+libc6 => " severity " Vulnerability found in os package type (dpkg) - libc6 " middle "(" id         \
       " - https://x/)"

static void test_severity(void **state)
{
    (void)state;
    plm_auto(plm_image_facts_free) struct plm_image_facts *f = of_severities();
    both(f, "vulnerabilities", "package", PARAMS("package_type", "all"),
         ROWS(OS("NEGLIGIBLE", "CVE-1", ""), OS("LOW", "CVE-2", ""), OS("MEDIUM", "CVE-3", ""),
              OS("HIGH", "CVE-4", ""), OS("CRITICAL", "CVE-5", "")));
    both(f, "vulnerabilities", "package", PARAMS("package_type", "all", "severity", "high"),
         ROWS(OS("CRITICAL", "CVE-5", "")));
    both(f, "vulnerabilities", "package",
         PARAMS("package_type", "os", "severity", "low", "severity_comparison", "<"),
         ROWS(OS("UNKNOWN", "CVE-0", ""), OS("NEGLIGIBLE", "CVE-1", "")));
    both(f, "vulnerabilities", "package",
         PARAMS("package_type", "os", "severity", "low", "severity_comparison", "="),
         ROWS(OS("LOW", "CVE-2", "")));
    both(f, "vulnerabilities", "package",
         PARAMS("package_type", "all", "severity", "negligible", "severity_comparison", "<="),
         ROWS(OS("UNKNOWN", "CVE-0", ""), OS("NEGLIGIBLE", "CVE-1", "")));
    both(f, "vulnerabilities", "package",
         PARAMS("package_type", "all", "severity", "critical", "severity_comparison", ">="),
         ROWS(OS("CRITICAL", "CVE-5", "")));
    both(f, "vulnerabilities", "package", PARAMS("package_type", "non-os"), NONE);
}

/* Words that are not the original's end its evaluation; here they are read. */
static void test_other_severity(void **state)
{
    (void)state;
    plm_auto(plm_image_facts_free) struct plm_image_facts *f = test_facts();
    test_vulnerability(f, "CVE-1", "Moderate", "libc6", "dpkg");
    rule(COMPAT, f, "vulnerabilities", "package", PARAMS("package_type", "all"), ROWS(NOT_JUDGED));
    rule(FIXED, f, "vulnerabilities", "package", PARAMS("package_type", "all", "severity", "low"),
         ROWS(OS("MODERATE", "CVE-1", "")));
}

static void place(struct plm_image_facts *f, const char *id, const char *name, const char *type,
                  const char *location)
{
    test_vulnerability(f, id, "High", name, type)->location = plm_sv_from(location);
}

#define NON_OS(id, key, type, location)                                                                      \
    id "+" key " => HIGH Vulnerability found in non-os package type (" type ") - " location " (" id          \
       " - https://x/)"

static void test_keys(void **state)
{
    (void)state;
    plm_auto(plm_image_facts_free) struct plm_image_facts *f = test_facts();
    place(f, "CVE-1", "xstream", "java", "/app/lib/xstream-1.3.jar");
    place(f, "CVE-2", "ini", "npm", "/app/node_modules/ini/package.json");
    place(f, "CVE-3", "urllib3", "python", "/usr/lib/python3/urllib3");
    place(f, "CVE-4", "rake", "gem", "/gems/rake-12.gemspec");
    place(f, "CVE-5", "foo", "go", "/bin/foo");
    place(f, "CVE-6", "bar", "npm", "package.json");
    place(f, "CVE-7", "baz", "java", "/app/");
    both(f, "vulnerabilities", "package", PARAMS("package_type", "non-os"),
         ROWS(NON_OS("CVE-1", "xstream-1.3.jar", "java", "/app/lib/xstream-1.3.jar"),
              NON_OS("CVE-2", "ini", "npm", "/app/node_modules/ini/package.json"),
              NON_OS("CVE-3", "urllib3-1.0", "python", "/usr/lib/python3/urllib3"),
              NON_OS("CVE-4", "rake-12.gemspec", "gem", "/gems/rake-12.gemspec"),
              NON_OS("CVE-5", "foo-1.0", "go", "/bin/foo"), NON_OS("CVE-6", "bar-1.0", "npm", "package.json"),
              NON_OS("CVE-7", "baz-1.0", "java", "/app/")));
    both(f, "vulnerabilities", "package", PARAMS("package_type", "os"), NONE);
    both(f, "vulnerabilities", "package",
         PARAMS("package_type", "all", "package_path_exclude", "/(app|gems|usr)/"),
         ROWS(NON_OS("CVE-5", "foo-1.0", "go", "/bin/foo"),
              NON_OS("CVE-6", "bar-1.0", "npm", "package.json")));
    both(f, "vulnerabilities", "package", PARAMS("package_type", "os", "package_path_exclude", "*"),
         ROWS(NOT_JUDGED));
}

static void test_fixes(void **state)
{
    (void)state;
    plm_auto(plm_image_facts_free) struct plm_image_facts *f = test_facts();
    set_fix(f, test_vulnerability(f, "CVE-1", "High", "libc6", "dpkg"), "2.0", "2.1");
    test_vulnerability(f, "CVE-2", "High", "libc6", "dpkg");
    test_vulnerability(f, "CVE-3", "High", "libc6", "dpkg")->will_not_fix = true;
    set_fix(f, test_vulnerability(f, "CVE-4", "High", "libc6", "dpkg"), "", NULL);
    both(f, "vulnerabilities", "package", PARAMS("package_type", "all", "fix_available", "true"),
         ROWS(OS("HIGH", "CVE-1", "(fixed in: 2.0, 2.1)")));
    both(f, "vulnerabilities", "package", PARAMS("package_type", "all", "fix_available", "FALSE"),
         ROWS(OS("HIGH", "CVE-2", ""), OS("HIGH", "CVE-4", "")));
    both(f, "vulnerabilities", "package",
         PARAMS("package_type", "all", "fix_available", "false", "vendor_only", "false"),
         ROWS(OS("HIGH", "CVE-2", ""), OS("HIGH", "CVE-3", ""), OS("HIGH", "CVE-4", "")));
}

static void test_scores(void **state)
{
    (void)state;
    plm_auto(plm_image_facts_free) struct plm_image_facts *f = test_facts();
    static struct plm_fact_cvss nvd[] = {
        {{"2.0", 3}, 9.9, 9.9, 9.9}, {{"3.1", 3}, 6.1, 1.6, 4.0}, {{"3.0", 3}, 5, 2, 3}};
    static struct plm_fact_cvss vendor[] = {{{"3.1", 3}, 7.5, 0.0, 3.6}};
    struct plm_fact_vulnerability *v = test_vulnerability(f, "CVE-1", "High", "libc6", "dpkg");
    v->nvd = nvd;
    v->n_nvd = 3;
    v->vendor = vendor;
    v->n_vendor = 1;
    test_vulnerability(f, "CVE-2", "High", "libc6", "dpkg");
    both(f, "vulnerabilities", "package", PARAMS("package_type", "all", "cvss_v3_base_score", "6.1"),
         ROWS(OS("HIGH", "CVE-1", "(cvss_v3_base_score=6.1)")));
    both(f, "vulnerabilities", "package",
         PARAMS("package_type", "all", "cvss_v3_base_score", "6.1", "cvss_v3_base_score_comparison", ">"),
         NONE);
    /* what has no score has -1.0 */
    both(f, "vulnerabilities", "package",
         PARAMS("package_type", "all", "cvss_v3_base_score", "3", "cvss_v3_base_score_comparison", "<"),
         ROWS(OS("HIGH", "CVE-2", "(cvss_v3_base_score=-1.0)")));
    both(f, "vulnerabilities", "package",
         PARAMS("package_type", "all", "cvss_v3_exploitability_score", "2", "cvss_v3_impact_score", "4",
                "cvss_v3_impact_score_comparison", "="),
         ROWS(OS("HIGH", "CVE-1", "(cvss_v3_exploitability_score=2.0 cvss_v3_impact_score=4.0)")));
    /* a score of nought is not shown */
    both(f, "vulnerabilities", "package",
         PARAMS("package_type", "all", "vendor_cvss_v3_exploitability_score", "0",
                "vendor_cvss_v3_base_score", "7", "vendor_cvss_v3_impact_score", "1.5"),
         ROWS(OS("HIGH", "CVE-1", "(vendor_cvss_v3_base_score=7.5 vendor_cvss_v3_impact_score=3.6)")));
    /* a part of a score that nobody told is not -1.0 to us */
    vendor[0].exploitability = -1;
    rule(COMPAT, f, "vulnerabilities", "package",
         PARAMS("package_type", "all", "vendor_cvss_v3_exploitability_score", "1"), NONE);
    rule(FIXED, f, "vulnerabilities", "package",
         PARAMS("package_type", "all", "vendor_cvss_v3_exploitability_score", "1"), ROWS(NOT_JUDGED));
    /* the validator lets this pass, float() does not */
    both(f, "vulnerabilities", "package", PARAMS("package_type", "all", "cvss_v3_base_score", "--5"),
         ROWS(NOT_JUDGED));
}

/* COMPAT counts from the detection, FIXED from publication. */
static void test_creation(void **state)
{
    (void)state;
    plm_auto(plm_image_facts_free) struct plm_image_facts *f = test_facts();
    struct plm_fact_vulnerability *v = test_vulnerability(f, "CVE-1", "High", "libc6", "dpkg");
    v->detected_at = TEST_NOW - 10 * DAY;
    v->published = TEST_NOW - 100 * DAY;
    test_vulnerability(f, "CVE-2", "High", "libc6", "dpkg");
    rule(COMPAT, f, "vulnerabilities", "package",
         PARAMS("package_type", "all", "max_days_since_creation", "10"),
         ROWS(OS("HIGH", "CVE-1", "(max_days_since_creation=2026-11-14)")));
    rule(COMPAT, f, "vulnerabilities", "package",
         PARAMS("package_type", "all", "max_days_since_creation", "11"), NONE);
    rule(COMPAT, f, "vulnerabilities", "package",
         PARAMS("package_type", "all", "max_days_since_creation", "0"),
         ROWS(OS("HIGH", "CVE-1", "(max_days_since_creation=2026-11-14)"),
              OS("HIGH", "CVE-2", "(max_days_since_creation=2026-11-24)")));
    rule(FIXED, f, "vulnerabilities", "package",
         PARAMS("package_type", "all", "max_days_since_creation", "100"),
         ROWS(OS("HIGH", "CVE-1", "(max_days_since_creation=2026-08-16)"), OS("HIGH", "CVE-2", "")));
    rule(FIXED, f, "vulnerabilities", "package",
         PARAMS("package_type", "all", "max_days_since_creation", "101"), ROWS(OS("HIGH", "CVE-2", "")));
}

static void test_fix_age(void **state)
{
    (void)state;
    plm_auto(plm_image_facts_free) struct plm_image_facts *f = test_facts();
    struct plm_fact_vulnerability *v = test_vulnerability(f, "CVE-1", "High", "libc6", "dpkg");
    set_fix(f, v, "2", NULL);
    v->fixed_at = TEST_NOW - 30 * DAY;
    set_fix(f, test_vulnerability(f, "CVE-2", "High", "libc6", "dpkg"), "3", NULL);
    both(f, "vulnerabilities", "package",
         PARAMS("package_type", "all", "fix_available", "true", "max_days_since_fix", "30"),
         ROWS(OS("HIGH", "CVE-1", "(fixed in: 2)(max_days_since_fix=2026-10-25)"),
              OS("HIGH", "CVE-2", "(fixed in: 3)")));
    both(f, "vulnerabilities", "package",
         PARAMS("package_type", "all", "fix_available", "true", "max_days_since_fix", "31"),
         ROWS(OS("HIGH", "CVE-2", "(fixed in: 3)")));
    /* only with fix_available */
    both(f, "vulnerabilities", "package",
         PARAMS("package_type", "all", "max_days_since_fix", "99999999999999999999"),
         ROWS(OS("HIGH", "CVE-1", "(fixed in: 2)"), OS("HIGH", "CVE-2", "(fixed in: 3)")));
}

static void test_bounds_of_ours(void **state)
{
    (void)state;
    plm_auto(plm_image_facts_free) struct plm_image_facts *f = test_facts();
    struct plm_fact_vulnerability *v = test_vulnerability(f, "CVE-1", "High", "libc6", "dpkg");
    v->epss = 0.2;
    v->epss_percentile = 0.9;
    v->risk = 40;
    v->kev = true;
    v->is_base = true;
    test_vulnerability(f, "CVE-2", "High", "libc6", "dpkg");
#define ONE(id) ROWS(OS("HIGH", id, ""))
    rule(FIXED, f, "vulnerabilities", "package", PARAMS("package_type", "all", "epss_score", "0.2"),
         ONE("CVE-1"));
    rule(FIXED, f, "vulnerabilities", "package",
         PARAMS("package_type", "all", "epss_score", "0.2", "epss_score_comparison", ">"), NONE);
    rule(FIXED, f, "vulnerabilities", "package", PARAMS("package_type", "all", "epss_percentile", "0.9"),
         ONE("CVE-1"));
    rule(FIXED, f, "vulnerabilities", "package", PARAMS("package_type", "all", "risk_score", "40"),
         ONE("CVE-1"));
    rule(FIXED, f, "vulnerabilities", "package", PARAMS("package_type", "all", "risk_score", "41"), NONE);
    rule(FIXED, f, "vulnerabilities", "package",
         PARAMS("package_type", "all", "known_exploited_vulnerability", "true"), ONE("CVE-1"));
    rule(FIXED, f, "vulnerabilities", "package",
         PARAMS("package_type", "all", "known_exploited_vulnerability", "false"), ONE("CVE-2"));
    rule(FIXED, f, "vulnerabilities", "package", PARAMS("package_type", "all", "origin", "base"),
         ONE("CVE-1"));
    rule(FIXED, f, "vulnerabilities", "package", PARAMS("package_type", "all", "origin", "own"),
         ONE("CVE-2"));
    f->vulnerabilities.v[0].epss_percentile = 0;
    rule(FIXED, f, "vulnerabilities", "package", PARAMS("package_type", "all", "epss_percentile", "0.9"),
         ROWS(NOT_JUDGED));
}

static void test_denylist(void **state)
{
    (void)state;
    plm_auto(plm_image_facts_free) struct plm_image_facts *f = of_severities();
    f->vulnerabilities.v[2].will_not_fix = true;
    rule(COMPAT, f, "vulnerabilities", "blacklist", PARAMS("vulnerability_ids", "CVE-4, CVE-2,CVE-1,CVE-9"),
         ROWS("Blacklisted vulnerabilities detected: ['CVE-4', 'CVE-1']"));
    rule(COMPAT, f, "vulnerabilities", "blacklist",
         PARAMS("vulnerability_ids", "CVE-4, CVE-2", "vendor_only", "false"),
         ROWS("Blacklisted vulnerabilities detected: ['CVE-4', 'CVE-2']"));
    both(f, "vulnerabilities", "blacklist", PARAMS("vulnerability_ids", "cve-4"), NONE);
    rule_v2(FIXED, f, "vulnerabilities", "denylist", PARAMS("vulnerability_ids", "CVE-4,CVE-1"),
            ROWS("Denylisted vulnerabilities detected: ['CVE-4']",
                 "Denylisted vulnerabilities detected: ['CVE-1']"));
}

static void test_data(void **state)
{
    (void)state;
    plm_auto(plm_image_facts_free) struct plm_image_facts *f = test_facts();
    static const char stale[] = "The vulnerability feed for this image distro is older than MAXAGE (2) days";
    both(f, "vulnerabilities", "stale_feed_data", PARAMS("max_days_since_sync", "2"), ROWS(stale));
    both(f, "vulnerabilities", "vulnerability_data_unavailable", NONE,
         ROWS("Distro-specific feed data not found for distro namespace: debian:12. Cannot perform CVE scan "
              "OS/distro "
              "packages"));
    f->has_feed_for_distro = true;
    f->feed_as_of = TEST_NOW - 2 * DAY;
    both(f, "vulnerabilities", "stale_feed_data", PARAMS("max_days_since_sync", " 2 "), NONE);
    f->feed_as_of--;
    both(f, "vulnerabilities", "stale_feed_data", PARAMS("max_days_since_sync", "02"), ROWS(stale));
    both(f, "vulnerabilities", "vulnerability_data_unavailable", NONE, NONE);
}

static void test_known_exploited(void **state)
{
    (void)state;
    plm_auto(plm_image_facts_free) struct plm_image_facts *f = of_severities();
    rule(FIXED, f, "vulnerabilities", "kev_list", NONE, NONE);
    f->vulnerabilities.v[4].kev = true;
    rule(FIXED, f, "vulnerabilities", "kev_list", NONE,
         ROWS("CVE-4+libc6 => Known exploited vulnerability CVE-4 found in package libc6 1.0"));
    rule(FIXED, f, "vulnerabilities", "kev_list", PARAMS("severity", "critical"), NONE);
}

static void test_overdue(void **state)
{
    (void)state;
    plm_auto(plm_image_facts_free) struct plm_image_facts *f = test_facts();
    struct plm_fact_vulnerability *v = test_vulnerability(f, "CVE-1", "High", "libc6", "dpkg");
    set_fix(f, v, "2", NULL);
    v->fixed_at = TEST_NOW - 30 * DAY;
    set_fix(f, test_vulnerability(f, "CVE-2", "Low", "libc6", "dpkg"), "3", NULL);
    test_vulnerability(f, "CVE-3", "Critical", "libc6", "dpkg");
    rule(FIXED, f, "vulnerabilities", "fix_overdue", PARAMS("max_days", "14"),
         ROWS("CVE-1+libc6 => The fix of CVE-1 in package libc6 was published on 2026-10-25, more than 14 "
              "days ago",
              "CVE-2+libc6 => The fix of CVE-2 in package libc6 was published at an unknown date"));
    rule(FIXED, f, "vulnerabilities", "fix_overdue", PARAMS("max_days", "14", "severity", "high"),
         ROWS("CVE-1+libc6 => The fix of CVE-1 in package libc6 was published on 2026-10-25, more than 14 "
              "days ago"));
    rule(FIXED, f, "vulnerabilities", "fix_overdue", PARAMS("max_days", "31", "unknown_dates", "false"),
         NONE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_severity),
        cmocka_unit_test(test_other_severity),
        cmocka_unit_test(test_keys),
        cmocka_unit_test(test_fixes),
        cmocka_unit_test(test_scores),
        cmocka_unit_test(test_creation),
        cmocka_unit_test(test_fix_age),
        cmocka_unit_test(test_bounds_of_ours),
        cmocka_unit_test(test_denylist),
        cmocka_unit_test(test_data),
        cmocka_unit_test(test_known_exploited),
        cmocka_unit_test(test_overdue),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
