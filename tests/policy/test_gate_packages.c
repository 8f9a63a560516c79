/* SPDX-License-Identifier: Apache-2.0
 *
 * Gates `packages`, `npms` and `ruby_gems`.
 */
#include "gate_test.h"

static struct plm_image_facts *facts(void)
{
    struct plm_image_facts *f = test_facts();
    test_package(f, "libc6", "2.36-9+deb12u7", "dpkg");
    struct plm_fact_package *p = test_package(f, "bash", "5.1", "rpm");
    p->release = PLM_SV("6.el9");
    p->full_version = PLM_SV("5.1-6.el9");
    test_package(f, "libc6", "2.31-1", "dpkg");
    return f;
}

static void test_required(void **state)
{
    (void)state;
    plm_auto(plm_image_facts_free) struct plm_image_facts *f = facts();
    both(f, "packages", "required_package", PARAMS("name", "bash"), NONE);
    both(f, "packages", "required_package", PARAMS("name", "bash", "version", "5.1-6.el9"), NONE);
    both(f, "packages", "required_package", PARAMS("name", "curl"),
         ROWS("Required input package (curl) is not present in container image"));
    both(f, "packages", "required_package", PARAMS("name", "curl", "version", "8"),
         ROWS("Required input package (curl,8) is not present in container image"));
    both(f, "packages", "required_package",
         PARAMS("name", "libc6", "version", "2.36-9+deb12u10", "version_match_type", "minimum"),
         ROWS("Required min-version input package (libc6) is present (2.36-9+deb12u7), but is lower version "
              "than what "
              "is specified in policy (2.36-9+deb12u10)"));
    both(f, "packages", "required_package",
         PARAMS("name", "libc6", "version", "2.36-9+deb12u2", "version_match_type", "minimum"), NONE);
    /* the original says the name where the version belongs */
    rule(COMPAT, f, "packages", "required_package", PARAMS("name", "bash", "version", "5.1"),
         ROWS("Required input package (bash) is present (5.1-6.el9), but not at the version specified in "
              "policy (bash)"));
    rule(FIXED, f, "packages", "required_package", PARAMS("name", "bash", "version", "5.1"),
         ROWS("Required input package (bash) is present (5.1-6.el9), but not at the version specified in "
              "policy (5.1)"));
}

/* Only the first package of the name counts in the original. */
static void test_required_second_instance(void **state)
{
    (void)state;
    plm_auto(plm_image_facts_free) struct plm_image_facts *f = facts();
    rule(COMPAT, f, "packages", "required_package", PARAMS("name", "libc6", "version", "2.31-1"),
         ROWS("Required input package (libc6) is present (2.36-9+deb12u7), but not at the version specified "
              "in policy "
              "(libc6)"));
    rule(FIXED, f, "packages", "required_package", PARAMS("name", "libc6", "version", "2.31-1"), NONE);
}

static void test_required_without_scheme(void **state)
{
    (void)state;
    plm_auto(plm_image_facts_free) struct plm_image_facts *f = facts();
    f->distro = PLM_SV("busybox");
    rule(COMPAT, f, "packages", "required_package",
         PARAMS("name", "libc6", "version", "3", "version_match_type", "minimum"), ROWS(NOT_JUDGED));
    /* the package says what it is */
    rule(FIXED, f, "packages", "required_package",
         PARAMS("name", "libc6", "version", "3", "version_match_type", "minimum"),
         ROWS("Required min-version input package (libc6) is present (2.36-9+deb12u7), but is lower version "
              "than what "
              "is specified in policy (3)"));
}

static void test_denylist(void **state)
{
    (void)state;
    plm_auto(plm_image_facts_free) struct plm_image_facts *f = facts();
    both(f, "packages", "blacklist", PARAMS("name", "libc6"),
         ROWS("Package is blacklisted: libc6", "Package is blacklisted: libc6"));
    both(f, "packages", "blacklist", PARAMS("name", "bash", "version", "5.1"),
         ROWS("Package is blacklisted: bash-5.1"));
    both(f, "packages", "blacklist", PARAMS("name", "bash", "version", "5.1-6.el9"), NONE);
    both(f, "packages", "blacklist", PARAMS("name", "lib*"), NONE);
    rule_v2(FIXED, f, "packages", "denylist", PARAMS("name", "bash"), ROWS("Package is denylisted: bash"));
}

static void test_metadata(void **state)
{
    (void)state;
    plm_auto(plm_image_facts_free) struct plm_image_facts *f = facts();
    rule(FIXED, f, "packages", "metadata",
         PARAMS("name", "libc6", "version", "2.32", "version_comparison", "<"),
         ROWS("Package metadata matches: name=libc6 version=2.31-1 type=dpkg"));
    rule(FIXED, f, "packages", "metadata", PARAMS("name", "ba", "name_comparison", "like", "type", "rpm"),
         ROWS("Package metadata matches: name=bash version=5.1-6.el9 type=rpm"));
    rule(FIXED, f, "packages", "metadata", PARAMS("type", "dpkg,rpm", "type_comparison", "not_in"), NONE);
    rule(FIXED, f, "packages", "metadata", PARAMS("name", "(", "name_comparison", "like"), ROWS(NOT_JUDGED));
}

/* ---- verify ------------------------------------------------------------------------------ */

static struct plm_fact_owned *own(struct plm_image_facts *f, const char *path)
{
    struct plm_fact_owned *o = plm_vec_push(f->arena, &f->packages.v[0].owned);
    assert_non_null(o);
    o->path = plm_sv_from(path);
    return o;
}

#define VERIFY(path, status)                                                                                 \
    "VERIFY check against package db for package 'libc6' failed on entry '" path "' with status: '" status "'"

static void test_verify(void **state)
{
    (void)state;
    plm_auto(plm_image_facts_free) struct plm_image_facts *f = facts();
    test_file(f, "/etc/a.conf", 0100644)->size = 9;
    test_file(f, "/usr/a", 0100755)->sha256 = PLM_SV("aa");
    test_file(f, "/usr/b", 0100644)->size = 7;
    test_file(f, "/usr/c", 0104755);
    struct plm_fact_owned *o = own(f, "/etc/a.conf");
    o->size = 3;
    o->is_config = true;
    own(f, "/etc/gone")->is_config = true;
    o = own(f, "/usr/a");
    o->algorithm = PLM_SV("sha256");
    o->digest = PLM_SV("bb");
    own(f, "/usr/b")->size = 8;
    own(f, "/usr/c")->mode = PLM_SV("0100755"); /* without the type the bit would not be compared */
    both(f, "packages", "verify", NONE,
         ROWS(VERIFY("/etc/gone", "missing"), VERIFY("/usr/a", "changed"), VERIFY("/usr/b", "changed"),
              VERIFY("/usr/c", "changed")));
    both(f, "packages", "verify", PARAMS("check", "missing"), ROWS(VERIFY("/etc/gone", "missing")));
    both(f, "packages", "verify", PARAMS("check", "changed", "only_directories", "/usr/a,/usr/b"),
         ROWS(VERIFY("/usr/a", "changed"), VERIFY("/usr/b", "changed")));
    both(f, "packages", "verify", PARAMS("only_packages", "bash"), NONE);
    /* in two of the directories: twice in the original */
    rule(COMPAT, f, "packages", "verify", PARAMS("only_directories", "/usr,/usr/a", "check", "changed"),
         ROWS(VERIFY("/usr/a", "changed"), VERIFY("/usr/a", "changed"), VERIFY("/usr/b", "changed"),
              VERIFY("/usr/c", "changed")));
}

static void test_verify_same(void **state)
{
    (void)state;
    plm_auto(plm_image_facts_free) struct plm_image_facts *f = facts();
    struct plm_fact_file *file = test_file(f, "/usr/a", 0100755);
    file->size = 5;
    file = test_file(f, "/usr/d", 0040755);
    struct plm_fact_owned *o = own(f, "/usr/a");
    *o = (struct plm_fact_owned){
        PLM_SV("/usr/a"), PLM_SV("md5"), PLM_SV("d41d"), PLM_SV("d41d"), PLM_SV("100755"), 5, false};
    own(f, "/usr/d")->mode = PLM_SV("755");
    both(f, "packages", "verify", NONE, NONE);
}

/* Contents nobody read are not the same contents. */
static void test_verify_unread(void **state)
{
    (void)state;
    plm_auto(plm_image_facts_free) struct plm_image_facts *f = facts();
    test_file(f, "/usr/a", 0100755);
    struct plm_fact_owned *o = own(f, "/usr/a");
    o->algorithm = PLM_SV("md5");
    o->digest = PLM_SV("d41d");
    rule(COMPAT, f, "packages", "verify", NONE, NONE);
    rule(FIXED, f, "packages", "verify", NONE, ROWS(NOT_JUDGED));
    rule(FIXED, f, "packages", "verify", PARAMS("check", "missing"), NONE);
}

/* Debian's packages claim /lib/x, which is usr/lib/x since the directories were merged. */
static void test_verify_through_links(void **state)
{
    (void)state;
    plm_auto(plm_image_facts_free) struct plm_image_facts *f = facts();
    test_file(f, "/lib", 0120777)->link = PLM_SV("usr/lib");
    test_file(f, "/usr/lib/x", 0100644);
    own(f, "/lib/x");
    rule(COMPAT, f, "packages", "verify", NONE, ROWS(VERIFY("/lib/x", "missing")));
    rule(FIXED, f, "packages", "verify", NONE, NONE);
}

static void test_verify_link_loop(void **state)
{
    (void)state;
    plm_auto(plm_image_facts_free) struct plm_image_facts *f = facts();
    test_file(f, "/a", 0120777)->link = PLM_SV("/b");
    test_file(f, "/b", 0120777)->link = PLM_SV("a");
    own(f, "/a/x");
    both(f, "packages", "verify", NONE, ROWS(VERIFY("/a/x", "missing")));
}

/* ---- registries -------------------------------------------------------------------------- */

static struct plm_image_facts *with_registry(const char *type)
{
    struct plm_image_facts *f = test_facts();
    f->known |= PLM_FACT_REGISTRY_DATA;
    test_package(f, "a", "1.0", type);
    test_package(f, "own", "3", type);
    test_package(f, "a", "0.9", type);
    struct plm_fact_registry *r = plm_vec_push(f->arena, &f->registry);
    assert_non_null(r);
    r->type = plm_sv_from(type);
    r->name = PLM_SV("a");
    r->latest = PLM_SV("1.1");
    assert_true(plm_sv_vec_add(f->arena, &r->versions, PLM_SV("1.0")));
    assert_true(plm_sv_vec_add(f->arena, &r->versions, PLM_SV("1.1")));
    return f;
}

static void test_npms(void **state)
{
    (void)state;
    plm_auto(plm_image_facts_free) struct plm_image_facts *f = with_registry("npm");
    both(f, "npms", "newer_version_in_feed", NONE,
         ROWS("NPMNOTLATEST Package (a) version (1.0) installed but is not the latest version (1.1)",
              "NPMNOTLATEST Package (a) version (0.9) installed but is not the latest version (1.1)"));
    both(f, "npms", "unknown_in_feeds", NONE,
         ROWS("NPMNOTOFFICIAL Package (own) in container but not in official NPM feed."));
    both(f, "npms", "version_not_in_feeds", NONE,
         ROWS("NPMBADVERSION Package (a) version (0.9) installed but version is not in the official feed for "
              "this "
              "package (['1.0', '1.1'])"));
    both(f, "npms", "blacklisted_name_version", PARAMS("name", "a"), ROWS("NPM Package is blacklisted: a"));
    both(f, "npms", "blacklisted_name_version", PARAMS("name", "a", "version", "0.9"),
         ROWS("NPM Package is blacklisted: a-0.9"));
    both(f, "npms", "blacklisted_name_version", PARAMS("name", "a", "version", "2"), NONE);
    both(f, "npms", "feed_data_unavailable", NONE, NONE);
}

static void test_gems(void **state)
{
    (void)state;
    plm_auto(plm_image_facts_free) struct plm_image_facts *f = with_registry("gem");
    both(f, "ruby_gems", "newer_version_found_in_feed", NONE,
         ROWS("Package (a) version (1.0) installed but is not the latest version (1.1)",
              "Package (a) version (0.9) installed but is not the latest version (1.1)"));
    both(f, "ruby_gems", "not_found_in_feed", NONE,
         ROWS("GEMNOTOFFICIAL Package (own) in container but not in official GEM feed."));
    both(f, "ruby_gems", "version_not_found_in_feed", NONE,
         ROWS("GEMBADVERSION Package (a) version (0.9) installed but version is not in the official feed for "
              "this "
              "package (['1.0', '1.1'])"));
    both(f, "ruby_gems", "blacklist", PARAMS("name", "own", "version", "3"),
         ROWS("Gem Package is blacklisted: own-3"));
    rule_v2(FIXED, f, "ruby_gems", "denylist", PARAMS("name", "own"), ROWS("Gem Package is denylisted: own"));
    both(f, "ruby_gems", "blacklist", PARAMS("name", "b"), NONE);
}

static void test_no_registry_data(void **state)
{
    (void)state;
    static const char npm[] =
        "NPM packages are present but the anchore npm feed is not available - will be unable to "
        "perform checks that require feed data";
    static const char gem[] =
        "Gem packages are present but the anchore gem feed is not available - will be unable to "
        "perform checks that require feed data";
    plm_auto(plm_image_facts_free) struct plm_image_facts *f = test_facts();
    rule(COMPAT, f, "npms", "feed_data_unavailable", NONE, ROWS(npm));
    rule(FIXED, f, "npms", "feed_data_unavailable", NONE, NONE);
    test_package(f, "a", "1", "npm");
    test_package(f, "b", "1", "gem");
    both(f, "npms", "feed_data_unavailable", NONE, ROWS(npm));
    both(f, "ruby_gems", "feed_data_unavailable", NONE, ROWS(gem));
    rule(COMPAT, f, "npms", "unknown_in_feeds", NONE, NONE);
    rule(FIXED, f, "npms", "unknown_in_feeds", NONE, ROWS(NOT_JUDGED));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_required),
        cmocka_unit_test(test_required_second_instance),
        cmocka_unit_test(test_required_without_scheme),
        cmocka_unit_test(test_denylist),
        cmocka_unit_test(test_metadata),
        cmocka_unit_test(test_verify),
        cmocka_unit_test(test_verify_same),
        cmocka_unit_test(test_verify_unread),
        cmocka_unit_test(test_verify_through_links),
        cmocka_unit_test(test_verify_link_loop),
        cmocka_unit_test(test_npms),
        cmocka_unit_test(test_gems),
        cmocka_unit_test(test_no_registry_data),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
