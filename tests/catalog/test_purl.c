/* SPDX-License-Identifier: Apache-2.0
 *
 * Package URLs: own rows, and the "build" cases of the specification's tests in ../shared for
 * the types that catalogers give.
 */
#include "codec/json.h"
#include "harness.h"
#include "spawn.h"

#include <stdio.h>

static void check(const struct plm_package *p, const struct plm_distro *d, const char *expected)
{
    plm_auto(plm_arena_free) struct plm_arena *a = plm_arena_new(PLM_ARENA_NO_LIMIT);
    plm_sv got = plm_purl_make(a, p, d);
    if (!plm_sv_is(got, expected))
        fail_msg("'%.*s', not '%s'", PLM_SV_ARG(got), expected);
}

static void test_rows(void **state)
{
    (void)state;
    struct plm_distro debian = {.id = PLM_SV("debian"), .version = PLM_SV("12")};
    struct plm_distro fedora = {.id = PLM_SV("fedora"), .version = PLM_SV("40")};
    struct plm_distro rhel = {.id = PLM_SV("rhel"), .version = PLM_SV("9.4")};
    struct plm_package p = {.type = PLM_SV("deb"),
                            .name = PLM_SV("libstdc++6"),
                            .version = PLM_SV("12.2.0-14"),
                            .arch = PLM_SV("amd64"),
                            .source_name = PLM_SV("gcc-12"),
                            .source_version = PLM_SV("12.2.0-14")};
    check(&p, &debian, "pkg:deb/debian/libstdc%2B%2B6@12.2.0-14?arch=amd64&distro=debian-12&upstream=gcc-12");
    p.source_version = PLM_SV("1:12");
    check(&p, &debian,
          "pkg:deb/debian/libstdc%2B%2B6@12.2.0-14?arch=amd64&distro=debian-12&upstream=gcc-12%401:12");
    check(&p, NULL, "pkg:deb/libstdc%2B%2B6@12.2.0-14?arch=amd64&upstream=gcc-12%401:12");
    p = (struct plm_package){.type = PLM_SV("rpm"),
                             .name = PLM_SV("Mixed"),
                             .version = PLM_SV("2:1.0^git~x-1"),
                             .source_name = PLM_SV("Mixed"),
                             .source_version = PLM_SV("2:1.0^git~x-1")};
    check(&p, &fedora, "pkg:rpm/fedora/Mixed@1.0%5Egit~x-1?distro=fedora-40&epoch=2");
    check(&p, &rhel, "pkg:rpm/redhat/Mixed@1.0%5Egit~x-1?distro=rhel-9.4&epoch=2");
    p = (struct plm_package){
        .type = PLM_SV("npm"), .name = PLM_SV("left pad\xc3\xa9"), .version = PLM_SV("1.0.0")};
    check(&p, &fedora, "pkg:npm/left%20pad%C3%A9@1.0.0");
    p.name = PLM_SV_NULL;
    check(&p, &fedora, "");
}

/* One "build" case: our package and distribution from its components. Cases with qualifiers that we do not
 * write (arch=source is none of a binary package) still have a member to stand in. */
static bool spec_case(yyjson_val *test)
{
    yyjson_val *in = plm_json_at(test, "input", NULL);
    if (!plm_sv_is(plm_json_str(test, "test_type", NULL), "build") ||
        plm_json_bool(test, "expected_failure", false))
        return false;
    plm_sv distro = plm_json_str(in, "qualifiers", "distro", NULL),
           epoch = plm_json_str(in, "qualifiers", "epoch", NULL);
    plm_auto(plm_arena_free) struct plm_arena *a = plm_arena_new(PLM_ARENA_NO_LIMIT);
    struct plm_package p = {.type = plm_json_str(in, "type", NULL),
                            .name = plm_json_str(in, "name", NULL),
                            .version = plm_json_str(in, "version", NULL),
                            .arch = plm_json_str(in, "qualifiers", "arch", NULL)};
    if (epoch.n)
        p.version = plm_arena_printf(a, "%.*s:%.*s", PLM_SV_ARG(epoch), PLM_SV_ARG(p.version));
    plm_auto(plm_arena_free) struct plm_arena *b = plm_arena_new(PLM_ARENA_NO_LIMIT);
    /* our distro qualifier is ID-VERSION: put it in so that it comes out as the case has it */
    struct plm_distro d = {.id = plm_json_str(in, "namespace", NULL)};
    plm_sv expected = plm_json_str(test, "expected_output", NULL), rest;
    plm_sv got = plm_purl_make(b, &p, &d), own = plm_arena_printf(b, "distro=%.*s", PLM_SV_ARG(d.id));
    plm_sv theirs = distro.n ? plm_arena_printf(b, "distro=%.*s", PLM_SV_ARG(distro)) : PLM_SV("");
    /* equal up to the distro qualifier's value, and after it */
    size_t at = plm_sv_find_sv(got, own), cut = theirs.n ? plm_sv_find_sv(expected, theirs) : SIZE_MAX;
    assert_true(at != SIZE_MAX && at > 0);
    if (theirs.n) {
        assert_true(plm_sv_eq(plm_sv_sub(got, 0, at), plm_sv_sub(expected, 0, cut)));
        rest = plm_sv_from_off(expected, cut + theirs.n);
        assert_true(plm_sv_eq(plm_sv_from_off(got, at + own.n), rest));
    } else {
        assert_true(plm_sv_eq(plm_sv_sub(got, 0, at - 1), expected));
    }
    return true;
}

static void test_specification(void **state)
{
    (void)state;
    static const char *const types[] = {"deb", "rpm", "apk"};
    size_t cases = 0;
    for (size_t i = 0; i < 3; i++) {
        char member[64];
        snprintf(member, sizeof(member), "tests/types/%s-test.json", types[i]);
        plm_auto_done(plm_buf_done) struct plm_buf text = PLM_BUF(PLM_MIB(1));
        if (!spawn_shared("purl-spec.tar.zst", member, &text))
            skip();
        plm_auto(plm_json_free) struct plm_json *doc =
            plm_json_parse(plm_buf_sv(&text), member, &plm_limits_default, NULL);
        assert_non_null(doc);
        yyjson_val *test;
        size_t at, max;
        yyjson_arr_foreach(plm_json_at(plm_json_root(doc), "tests", NULL), at, max, test)
        {
            cases += spec_case(test);
        }
    }
    assert_true(cases >= 11);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_rows), cmocka_unit_test(test_specification)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
