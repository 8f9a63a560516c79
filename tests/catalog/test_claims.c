/* SPDX-License-Identifier: Apache-2.0
 *
 * What databases of packages recorded of files: dpkg, apk, rpm.
 */
#include "harness.h"
#include "rpm_int.h"
#include "rpm_make.h"

struct claims {
    struct harness h;
    struct plm_buf facts;
    struct plm_claim_reader reader;
};

static void claims_of(struct claims *c, const struct plm_extractor *x, const char *path, plm_sv content)
{
    harness_init(&c->h);
    struct plm_extract_out *out = &c->h.out;
    *out = (struct plm_extract_out){.facts = PLM_BUF(PLM_MIB(4)),
                                    .owned = PLM_BUF(PLM_MIB(1)),
                                    .arena = c->h.analysis.arena,
                                    .diag = harness_diag,
                                    .limits = &c->h.limits};
    struct plm_entry e = {.path = plm_sv_from(path), .size = content.n, .mode = 0100644};
    assert_int_equal(x->extract(&e, content, out, NULL), 0);
    c->facts = out->facts;
    c->reader = plm_claim_read(plm_buf_sv(&c->facts));
}

static void claims_done(struct claims *c)
{
    struct plm_claim claim;
    assert_false(plm_claim_next(&c->reader, &claim)); /* all were looked at */
    plm_claim_reader_done(&c->reader);
    plm_buf_done(&c->facts);
    harness_done(&c->h);
}

static void expect(struct claims *c, const char *package, const char *path,
                   enum plm_claim_algorithm algorithm, bool is_config, uint32_t mode)
{
    struct plm_claim claim;
    if (!plm_claim_next(&c->reader, &claim))
        fail_msg("no claim where %s is expected", path);
    if (!plm_sv_is(claim.package, package) || !plm_sv_is(claim.path, path))
        fail_msg("%.*s %.*s where %s %s is expected", PLM_SV_ARG(claim.package), PLM_SV_ARG(claim.path),
                 package, path);
    assert_int_equal(claim.algorithm, algorithm);
    assert_int_equal(claim.is_config, is_config);
    assert_int_equal(claim.mode, mode);
}

static void test_md5sums(void **state)
{
    (void)state;
    struct claims c;
    claims_of(&c, &plm_claims_dpkg, "var/lib/dpkg/info/curl:amd64.md5sums",
              PLM_SV("d41d8cd98f00b204e9800998ecf8427e  usr/bin/curl\n"
                     "00000000000000000000000000000000  usr/bin/curl-config\nnonsense\nxx  usr/bad\n"));
    expect(&c, "curl", "/usr/bin/curl", PLM_CLAIM_MD5, false, 0);
    expect(&c, "curl", "/usr/bin/curl-config", PLM_CLAIM_MD5, false, 0);
    assert_true(plm_sv_has(plm_buf_sv(&c.h.diags), PLM_SV("dpkg.malformed")));
    claims_done(&c);
}

static void test_conffiles_and_diversions(void **state)
{
    (void)state;
    struct claims c;
    claims_of(&c, &plm_claims_dpkg, "var/lib/dpkg/status",
              PLM_SV("Package: a\nVersion: 1\nConffiles:\n /etc/a d41d8cd98f00b204e9800998ecf8427e\n "
                     "/etc/new newconffile\n"
                     " /etc/old d41d8cd98f00b204e9800998ecf8427e obsolete\n\nPackage: b\nVersion: 1\n"));
    expect(&c, "a", "/etc/a", PLM_CLAIM_MD5, true, 0);
    expect(&c, "a", "/etc/old", PLM_CLAIM_MD5, true, 0);
    claims_done(&c);
    claims_of(&c, &plm_claims_dpkg, "var/lib/dpkg/diversions", PLM_SV("/bin/sh\n/bin/sh.distrib\ndash\n"));
    struct plm_claim claim;
    assert_true(plm_claim_next(&c.reader, &claim));
    assert_true(claim.is_diversion && plm_sv_is(claim.path, "/bin/sh") &&
                plm_sv_is(claim.digest, "/bin/sh.distrib"));
    claims_done(&c);
}

static void test_apk(void **state)
{
    (void)state;
    struct claims c;
    claims_of(
        &c, &plm_claims_apk, "lib/apk/db/installed",
        PLM_SV("P:busybox\nV:1\nF:bin\nM:0:0:755\nR:busybox\na:0:0:4755\nZ:Q1qvTGHdzF6KLavt4PO0gs2a6pQ00=\n"
               "F:etc\nR:securetty\nZ:Q1qvTGHdzF6KLavt4PO0gs2a6pQ00=\nR:none\n\nP:musl\nV:1\nF:\nR:top\nZ:Q1!"
               "\n"));
    expect(&c, "busybox", "/bin/busybox", PLM_CLAIM_SHA1, false, 04755);
    expect(&c, "busybox", "/etc/securetty", PLM_CLAIM_SHA1, true, 0);
    expect(&c, "busybox", "/etc/none", PLM_CLAIM_NONE, true, 0);
    expect(&c, "musl", "/top", PLM_CLAIM_NONE, false, 0);
    claims_done(&c);
}

static void test_rpm_header(void **state)
{
    (void)state;
    static const char digests[] = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\0\0"
                                  "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\0";
    static const unsigned char flags[] = {0, 0, 0, 0, 0, 0, 0, 64, 0, 0, 0, 1}, algorithm[] = {0, 0, 0, 8},
                               modes[] = {0x81, 0xed, 0x81, 0xa4, 0x81, 0xa4}, indexes[12] = {0};
    struct make_entry e[] = {
        MAKE_STRING(1000, "bash"),
        MAKE_STRING(1001, "5"),
        MAKE_STRING(1002, "1"),
        MAKE_STRING(1022, "noarch"),
        {1030, 3, 3, plm_sv_n((const char *)modes, sizeof(modes))},
        {1035, 8, 3, plm_sv_n(digests, sizeof(digests) - 1)},
        {1037, 4, 3, plm_sv_n((const char *)flags, sizeof(flags))},
        {1116, 4, 3, plm_sv_n((const char *)indexes, sizeof(indexes))},
        {1117, 8, 3, plm_sv_n("sh\0ghost\0rc\0", 12)},
        {1118, 8, 1, plm_sv_n("/bin/\0", 6)},
        {5011, 4, 1, plm_sv_n((const char *)algorithm, 4)},
    };
    plm_auto_done(plm_buf_done) struct plm_buf blob = PLM_BUF(PLM_MIB(1));
    make_header(&blob, e, sizeof(e) / sizeof(e[0]));
    struct rpm_header h;
    assert_int_equal(plm_rpm_header_parse(plm_buf_sv(&blob), &h, NULL), 0);
    assert_int_equal(h.digest_algorithm, 8);
    assert_int_equal(h.n_digests, 3);
    assert_int_equal(h.n_modes, 3);
    assert_int_equal(h.modes.n, 6);
    assert_int_equal(h.flags.n, 12);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_md5sums),
        cmocka_unit_test(test_conffiles_and_diversions),
        cmocka_unit_test(test_apk),
        cmocka_unit_test(test_rpm_header),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
