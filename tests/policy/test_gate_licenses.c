/* SPDX-License-Identifier: Apache-2.0
 *
 * Gate `licenses`: words of the original's aggregate, findings per package, expressions.
 */
#include "gate_test.h"

static struct plm_image_facts *facts(void)
{
    struct plm_image_facts *f = test_facts();
    test_package(f, "git", "1", "dpkg")->license = PLM_SV("GPL-2 LGPL-2.1+ BSD-2-clause");
    test_package(f, "gnupg", "2", "dpkg")->license = PLM_SV("GPL-3+ LGPL-2.1+ RFC-Reference");
    test_package(f, "left", "3", "npm")->license = PLM_SV("MIT OR GPL-3.0-only");
    test_package(f, "bare", "4", "npm")->license = PLM_SV_NULL;
    return f;
}

static void test_exact(void **state)
{
    (void)state;
    plm_auto(plm_image_facts_free) struct plm_image_facts *f = facts();
    rule(COMPAT, f, "licenses", "blacklist_exact_match", PARAMS("licenses", "LGPL-2.1+,MIT"),
         ROWS("LICFULLMATCH Packages are installed that have blacklisted licenses: git(LGPL-2.1+), "
              "gnupg(LGPL-2.1+), "
              "left(MIT)"));
    rule(FIXED, f, "licenses", "blacklist_exact_match", PARAMS("licenses", "LGPL-2.1+,MIT"),
         ROWS("LGPL-2.1++git => LICFULLMATCH Package git has a blacklisted license: LGPL-2.1+",
              "LGPL-2.1++gnupg => LICFULLMATCH Package gnupg has a blacklisted license: LGPL-2.1+",
              "MIT+left => LICFULLMATCH Package left has a blacklisted license: MIT"));
    both(f, "licenses", "blacklist_exact_match", PARAMS("licenses", "LGPL,BSD"), NONE);
    rule_v2(FIXED, f, "licenses", "denylist_exact_match", PARAMS("licenses", "GPL-2"),
            ROWS("GPL-2+git => LICFULLMATCH Package git has a denylisted license: GPL-2"));
}

static void test_partial(void **state)
{
    (void)state;
    plm_auto(plm_image_facts_free) struct plm_image_facts *f = facts();
    /* a word that two items are part of stands there twice */
    rule(COMPAT, f, "licenses", "blacklist_partial_match", PARAMS("licenses", "RFC,Ref"),
         ROWS("LICSUBMATCH Packages are installed that have blacklisted licenses: gnupg(RFC-Reference), "
              "gnupg(RFC-Reference)"));
    rule(FIXED, f, "licenses", "blacklist_partial_match", PARAMS("licenses", "RFC,Ref"),
         ROWS("RFC-Reference+gnupg => LICSUBMATCH Package gnupg has a blacklisted license: RFC-Reference"));
    both(f, "licenses", "blacklist_partial_match", PARAMS("licenses", "rfc"), NONE);
}

static void test_package_type(void **state)
{
    (void)state;
    plm_auto(plm_image_facts_free) struct plm_image_facts *f = facts();
    /* of the commercial product: bundles of the old form do not know it in compat mode */
    rule_v2(COMPAT, f, "licenses", "denylist_partial_match",
            PARAMS("licenses", "GPL-3", "package_type", "npm"),
            ROWS("LICSUBMATCH Packages are installed that have denylisted licenses: left(GPL-3.0-only)"));
    rule(FIXED, f, "licenses", "blacklist_partial_match", PARAMS("licenses", "GPL-3", "package_type", "os"),
         ROWS("GPL-3++gnupg => LICSUBMATCH Package gnupg has a blacklisted license: GPL-3+"));
}

/* Debian's words mean SPDX ids. */
static void test_exact_by_spdx(void **state)
{
    (void)state;
    plm_auto(plm_image_facts_free) struct plm_image_facts *f = facts();
    rule(COMPAT, f, "licenses", "blacklist_exact_match", PARAMS("licenses", "GPL-2.0-only"), NONE);
    rule(FIXED, f, "licenses", "blacklist_exact_match", PARAMS("licenses", "GPL-2.0-only"),
         ROWS("GPL-2.0-only+git => LICFULLMATCH Package git has a blacklisted license: GPL-2.0-only"));
}

static void test_expressions(void **state)
{
    (void)state;
    plm_auto(plm_image_facts_free) struct plm_image_facts *f = facts();
    /* left can be used under MIT */
    rule(FIXED, f, "licenses", "denied_expression", PARAMS("licenses", "GPL-3.0-*"),
         ROWS("GPL-3.0-or-later AND LGPL-2.1-or-later AND LicenseRef-RFC-Reference+gnupg => Package gnupg "
              "has a denied "
              "license: GPL-3.0-or-later AND LGPL-2.1-or-later AND LicenseRef-RFC-Reference"));
    rule(FIXED, f, "licenses", "denied_expression", PARAMS("licenses", "AGPL-*"), NONE);
    rule(FIXED, f, "licenses", "not_allowed_expression",
         PARAMS("licenses", "MIT,GPL-*,LGPL-*,BSD-*,LicenseRef-*", "package_type", "dpkg,npm"),
         ROWS("unknown+bare => Package bare has a license that is not allowed: unknown"));
    rule(FIXED, f, "licenses", "not_allowed_expression",
         PARAMS("licenses", "MIT", "package_type", "npm", "unknown", "false"), NONE);
    rule(FIXED, f, "licenses", "not_allowed_expression",
         PARAMS("licenses", "Apache-2.0", "package_type", "npm", "unknown", "false"),
         ROWS("MIT OR GPL-3.0-only+left => Package left has a license that is not allowed: MIT OR "
              "GPL-3.0-only"));
    rule(FIXED, f, "licenses", "unknown_license", NONE,
         ROWS("unknown+bare => Package bare has a license that is not known: unknown"));
    rule(FIXED, f, "licenses", "unknown_license", PARAMS("package_type", "dpkg"), NONE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_exact),        cmocka_unit_test(test_partial),
        cmocka_unit_test(test_package_type), cmocka_unit_test(test_exact_by_spdx),
        cmocka_unit_test(test_expressions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
