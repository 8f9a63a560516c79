/* SPDX-License-Identifier: Apache-2.0
 *
 * Version schemes: small lists whose answers come from dpkg, rpm and apk, and properties over
 * generated strings: key order equals compare order, both are antisymmetric and transitive.
 * The comparison with the real tools over thousands of pairs is in tests/e2e/test_vercmp.py.
 */
#include "version/version.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static int sign(int v)
{
    return (v > 0) - (v < 0);
}

static int key_order(const struct plm_scheme *s, plm_sv a, plm_sv b)
{
    plm_auto_done(plm_buf_done) struct plm_buf ka = PLM_BUF(PLM_KIB(64)), kb = PLM_BUF(PLM_KIB(64));
    s->encode(a, &ka);
    s->encode(b, &kb);
    assert_int_equal(plm_buf_check(&ka, NULL), 0);
    assert_int_equal(plm_buf_check(&kb, NULL), 0);
    return sign(plm_sv_cmp(plm_buf_sv(&ka), plm_buf_sv(&kb)));
}

static void check(const char *scheme, const char *a, int expected, const char *b)
{
    const struct plm_scheme *s = plm_scheme_find(plm_sv_from(scheme));
    assert_non_null(s);
    plm_sv x = plm_sv_from(a), y = plm_sv_from(b);
    int got = sign(s->compare(x, y)), back = sign(s->compare(y, x)), keys = key_order(s, x, y);
    if (got != expected || back != -expected || keys != expected)
        fail_msg("%s: '%s' and '%s': want %d, compare %d, reversed %d, keys %d", scheme, a, b, expected, got,
                 back, keys);
}

static const struct {
    const char *scheme, *a;
    int order;
    const char *b;
} rows[] = {
    {"deb", "1.0~rc1-1", -1, "1.0-1"},
    {"deb", "1.0~~", -1, "1.0~"},
    {"deb", "1.0~", -1, "1.0"},
    {"deb", "1.0", 0, "0:1.0-0"},
    {"deb", "1.0", -1, "1.0a"},
    {"deb", "1.0a", -1, "1.0+"},
    {"deb", "1.0a", -1, "1.0.1"},
    {"deb", "1.001", 0, "1.1"},
    {"deb", "1.", 0, "1.0"},
    {"deb", "9.9", -1, "1:0.1"},
    {"deb", "1:2:3", 1, "1:2.3"},
    {"deb", "2.36-9+deb12u10", 1, "2.36-9+deb12u9"},
    {"deb", "1.2-3-1", 1, "1.2-2"},
    {"deb", "1.2.3-1~deb7u1", -1, "1.2.3-1"},
    {"deb", "99999999999999999999999999", -1, "100000000000000000000000000"},
    {"deb", "", 0, "0"},
    {"rpm", "1.0~rc1", -1, "1.0"},
    {"rpm", "1.0^", 1, "1.0"},
    {"rpm", "1.0^git1", -1, "1.0.1"},
    {"rpm", "1.0~rc1^git1", 1, "1.0~rc1"},
    {"rpm", "1.0^git1~pre", -1, "1.0^git1"},
    {"rpm", "1.0", 0, "0:1.0"},
    {"rpm", "1_0", 0, "1.0"},
    {"rpm", "1.001", 0, "1.1"},
    {"rpm", "1.0a", -1, "1.0.1"},
    {"rpm", "a", -1, "1"},
    {"rpm", "1", -1, "1-0"},
    {"rpm", "1-1.el7", -1, "1-2"},
    {"rpm", "3.10.0-229.el7", -1, "3.10.0-229.1.2.ael7b"},
    {"rpm", "9", -1, "1:0.1"},
    {"rpm", "a:1", -1, "b:1"},
    {"apk", "1.2.3_alpha", -1, "1.2.3"},
    {"apk", "1.2.3_alpha2", -1, "1.2.3_beta1"},
    {"apk", "1.2.3_pre", -1, "1.2.3_rc"},
    {"apk", "1.2.3_rc1-r9", -1, "1.2.3-r0"},
    {"apk", "1.2.3_p1", 1, "1.2.3-r5"},
    {"apk", "1.2.3_cvs", -1, "1.2.3_svn"},
    {"apk", "1.2.3_git20200101", -1, "1.2.3_p0"},
    {"apk", "1.2.3_hg1", -1, "1.2.3_p0"},
    {"apk", "1.2.3_p", -1, "1.2.3_p0"},
    {"apk", "1.2.3_alpha_p1", 1, "1.2.3_alpha"},
    {"apk", "1.2.3a", 1, "1.2.3"},
    {"apk", "1.2.3a", -1, "1.2.3b"},
    {"apk", "1.2.3a", -1, "1.2.3.1"},
    {"apk", "1.2.3", -1, "1.2.3-r0"},
    {"apk", "1.01", -1, "1.1"},
    {"apk", "1.010", 1, "1.01"},
    {"apk", "1.09", -1, "1.9"},
    {"apk", "013", 0, "13"},
    {"apk", "1.0~1234abc-r1", 1, "1.0-r2"},
    {"apk", "1.0_foo", -1, "1.0"},
    {"apk", "1-ruff2", 0, "1--ruff1"},
    {"apk", "1-r", 0, "1-r0"},
    {"apk", "0..1..0", -1, "0..1..1"},
    {"apk", "20220614-r4", -1, "20230506-r0"},
    {"semver", "1.0.0-alpha", -1, "1.0.0-alpha.1"},
    {"semver", "1.0.0-alpha.1", -1, "1.0.0-alpha.beta"},
    {"semver", "1.0.0-beta.2", -1, "1.0.0-beta.11"},
    {"semver", "1.0.0-rc.1", -1, "1.0.0"},
    {"semver", "1.2.3-r100", -1, "1.2.3-r2"},
    {"semver", "1.0.0+a", 0, "1.0.0+b"},
    {"semver", "v1.2", 0, "1.2.0"},
    {"semver", "1.2-x", -1, "1.2.0"},
    {"semver", "1.0.10", 1, "1.0.9"},
    {"semver", "1.0.0", -1, "1.0.0.1"},
};

static void test_rows(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        check(rows[i].scheme, rows[i].a, rows[i].order, rows[i].b);
}

static const struct {
    const char *scheme, *version;
    bool valid;
} validity[] = {
    {"deb", "1:2:3", true},
    {"deb", "a", false},
    {"deb", "1-", false},
    {"deb", "1_2", false},
    {"deb", "1:2-3:4", false},
    {"deb", "", false},
    {"deb", "1:", false},
    {"deb", "2147483648:1", false},
    {"deb", "1.0~rc1+b2-1", true},
    {"rpm", "1:1.0-1.el9", true},
    {"rpm", "", false},
    {"rpm", "1.0-", false},
    {"rpm", "1/2", false},
    {"apk", "1.2.3a_rc1-r4", true},
    {"apk", "1.2_foo", false},
    {"apk", "1.2-4", false},
    {"apk", "v1", false},
    {"apk", "1-r", false},
    {"semver", "1.2.3-rc.1+b.01", true},
    {"semver", "1.2", false},
    {"semver", "01.2.3", false},
    {"semver", "1.2.3-01", false},
    {"semver", "1.2.3-", false},
    {"apk", "1..2", false},
};

static void test_validity(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(validity) / sizeof(validity[0]); i++) {
        const struct plm_scheme *s = plm_scheme_find(plm_sv_from(validity[i].scheme));
        if (s->valid(plm_sv_from(validity[i].version)) != validity[i].valid)
            fail_msg("%s: valid('%s') is not %d", s->id, validity[i].version, validity[i].valid);
    }
}

/* Fragments that make versions which differ late, so that equal prefixes and every token meet. */
static const char *const fragments[] = {
    "0",        "1",  "2",   "9",  "10",    "00",       "01",  "007",
    "20240101", "a",  "b",   "rc", "alpha", "Z",        ".",   "-",
    "_",        "~",  "^",   "+",  ":",     "_p",       "_rc", "_alpha",
    "_git",     "-r", "-r1", "1:", "0:",    "\xc3\xa9", "..",  "99999999999999999999",
};

struct random {
    uint64_t state;
};

static uint64_t next(struct random *r)
{
    r->state ^= r->state << 13;
    r->state ^= r->state >> 7;
    r->state ^= r->state << 17;
    return r->state;
}

static plm_sv generate(struct random *r, char *out, size_t size)
{
    size_t n = 0, pieces = next(r) % 7;
    for (size_t i = 0; i < pieces; i++) {
        const char *f = fragments[next(r) % (sizeof(fragments) / sizeof(fragments[0]))];
        size_t len = strlen(f);
        if (n + len > size)
            break;
        memcpy(out + n, f, len);
        n += len;
    }
    return plm_sv_n(out, n);
}

static void test_properties(void **state)
{
    (void)state;
    PLM_SET_FOREACH (plm_schemes, struct plm_scheme, s) {
        struct random r = {0x9e3779b97f4a7c15u};
        size_t equal = 0, less = 0;
        for (size_t round = 0; round < 20000; round++) {
            char text[3][160];
            plm_sv v[3];
            for (size_t i = 0; i < 3; i++)
                v[i] = generate(&r, text[i], sizeof(text[i]));
            int ab = sign(s->compare(v[0], v[1])), bc = sign(s->compare(v[1], v[2])),
                ac = sign(s->compare(v[0], v[2]));
            if (sign(s->compare(v[1], v[0])) != -ab || s->compare(v[0], v[0]) != 0)
                fail_msg("%s: not antisymmetric: '%.*s' '%.*s'", s->id, PLM_SV_ARG(v[0]), PLM_SV_ARG(v[1]));
            if (key_order(s, v[0], v[1]) != ab)
                fail_msg("%s: keys of '%.*s' '%.*s' order unlike compare (%d)", s->id, PLM_SV_ARG(v[0]),
                         PLM_SV_ARG(v[1]), ab);
            if ((ab <= 0 && bc <= 0 && (ac > 0 || (ac == 0 && (ab || bc)))) ||
                (ab >= 0 && bc >= 0 && (ac < 0 || (ac == 0 && (ab || bc)))))
                fail_msg("%s: not transitive: '%.*s' '%.*s' '%.*s'", s->id, PLM_SV_ARG(v[0]),
                         PLM_SV_ARG(v[1]), PLM_SV_ARG(v[2]));
            equal += ab == 0;
            less += ab < 0;
        }
        /* the generator must reach all three answers */
        assert_true(equal > 20);
        assert_true(less > 5000);
    }
}

/* Numbers longer than one length byte keep their order. */
static void test_long_numbers(void **state)
{
    (void)state;
    char a[400], b[400];
    memset(a, '9', sizeof(a));
    memset(b, '9', sizeof(b));
    PLM_SET_FOREACH (plm_schemes, struct plm_scheme, s) {
        for (size_t n = 253; n < 258; n++) {
            plm_sv x = plm_sv_n(a, n), y = plm_sv_n(b, n + 1);
            assert_int_equal(sign(s->compare(x, y)), key_order(s, x, y));
            assert_true(s->compare(x, y) < 0);
        }
    }
}

static void test_find(void **state)
{
    (void)state;
    static const struct {
        const char *name, *id;
    } names[] = {{"deb", "deb"},
                 {"Debian:12", "deb"},
                 {"Ubuntu:22.04:LTS", "deb"},
                 {"Alpine:v3.19", "apk"},
                 {"Wolfi", "apk"},
                 {"Chainguard", "apk"},
                 {"AlmaLinux:9", "rpm"},
                 {"Rocky Linux:9", "rpm"},
                 {"Red Hat:enterprise_linux:8::baseos", "rpm"},
                 {"SUSE:Linux Enterprise Server 15 SP5", "rpm"},
                 {"openSUSE:Leap 15.5", "rpm"},
                 {"Azure Linux:3", "rpm"},
                 {"Mageia:9", "rpm"},
                 {"openEuler:24.03-LTS", "rpm"},
                 {"Photon OS:5.0", "rpm"},
                 {"npm", "semver"},
                 {"crates.io", "semver"},
                 {"Go", "semver"}};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        const struct plm_scheme *s = plm_scheme_find(plm_sv_from(names[i].name));
        if (!s || strcmp(s->id, names[i].id) != 0)
            fail_msg("%s: found %s", names[i].name, s ? s->id : "nothing");
    }
    assert_null(plm_scheme_find(PLM_SV("nonsense")));
    assert_null(plm_scheme_find(PLM_SV("")));
}

/* Ids and aliases name one scheme each; every scheme has a summary. */
static void test_registry(void **state)
{
    (void)state;
    PLM_SET_FOREACH (plm_schemes, struct plm_scheme, s) {
        assert_true(s->summary && s->summary[0]);
        assert_ptr_equal(plm_scheme_find(plm_sv_from(s->id)), s);
        for (const char *const *a = s->aliases; a && *a; a++)
            assert_ptr_equal(plm_scheme_find(plm_sv_from(*a)), s);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows),       cmocka_unit_test(test_validity),
        cmocka_unit_test(test_properties), cmocka_unit_test(test_long_numbers),
        cmocka_unit_test(test_find),       cmocka_unit_test(test_registry),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
