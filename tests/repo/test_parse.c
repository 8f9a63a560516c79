/* SPDX-License-Identifier: Apache-2.0
 *
 * The parsers of the repository feed on texts; LZ4 against the lz4 program.
 */
#include "../base/skip.h"
#include "repo_int.h"

#include <setjmp.h>
#include <spawn.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/wait.h>

#include <cmocka.h>

extern char **environ;

static void one_line_sources(void **state)
{
    (void)state;
    plm_auto(plm_arena_free) struct plm_arena *a = plm_arena_new(PLM_ARENA_NO_LIMIT);
    repo_source_vec v = {0};
    plm_sv text = PLM_SV("# deb http://off.example/debian bookworm main\n"
                         "deb [ arch=amd64,i386  signed-by=/k/a.gpg,/k/b.gpg ] http://m.example/debian/ "
                         "bookworm main non-free # why\n"
                         "deb-src http://m.example/debian bookworm main\n"
                         "deb cdrom:[Debian 12]/ bookworm main\n"
                         "deb mirror+file:/etc/apt/mirrors.list bookworm main\n"
                         "deb http://m.example/flat ./\n"
                         "deb http://m.example/only\n"
                         "   deb\thttps://s.example/debian-security  buster/updates\tmain\n");
    assert_int_equal(plm_sources_parse(text, PLM_SV("etc/apt/sources.list"), a, &v, NULL), 0);
    assert_int_equal(v.n, 6);
    assert_true(plm_sv_is(v.v[0].uri, "http://m.example/debian"));
    assert_true(plm_sv_is(v.v[0].suite, "bookworm"));
    assert_int_equal(v.v[0].components.n, 2);
    assert_int_equal(v.v[0].archs.n, 2);
    assert_true(plm_sv_is(v.v[0].signed_by.v[1], "/k/b.gpg"));
    assert_int_equal(v.v[0].line, 2);
    assert_null(v.v[0].skipped);
    for (size_t i = 1; i < 5; i++)
        assert_non_null(v.v[i].skipped);
    assert_true(plm_sv_is(v.v[5].suite, "buster/updates"));
    assert_null(v.v[5].skipped);
}

static void deb822_sources(void **state)
{
    (void)state;
    plm_auto(plm_arena_free) struct plm_arena *a = plm_arena_new(PLM_ARENA_NO_LIMIT);
    repo_source_vec v = {0};
    plm_sv text = PLM_SV("# top\nTypes: deb deb-src\nURIs: http://a.example/debian http://b.example/debian/\n"
                         "Suites: bookworm\n bookworm-updates\nComponents: main contrib\n"
                         "Signed-By:\n -----BEGIN PGP PUBLIC KEY BLOCK-----\n .\n AAEC\n =xxxx\n -----END "
                         "PGP PUBLIC KEY BLOCK-----\n"
                         "\nTypes: deb\nURIs: http://off.example\nSuites: x\nComponents: main\nEnabled: no\n"
                         "\nTypes: deb-src\nURIs: http://src.example\nSuites: x\nComponents: main\n");
    assert_int_equal(plm_sources_parse(text, PLM_SV("etc/apt/sources.list.d/x.sources"), a, &v, NULL), 0);
    assert_int_equal(v.n, 4);
    assert_true(plm_sv_is(v.v[3].uri, "http://b.example/debian"));
    assert_true(plm_sv_is(v.v[3].suite, "bookworm-updates"));
    assert_int_equal(v.v[0].components.n, 2);
    plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(1024);
    assert_true(plm_dearmor(v.v[0].signed_by_key, &b));
    assert_int_equal(b.n, 3);
    assert_memory_equal(b.p, "\0\1\2", 3);
}

static void yum_repositories(void **state)
{
    (void)state;
    plm_auto(plm_arena_free) struct plm_arena *a = plm_arena_new(PLM_ARENA_NO_LIMIT);
    repo_place_vec v = {0};
    struct repo_notes notes = {.arena = a};
    plm_sv text =
        PLM_SV("[main]\nbaseurl=http://never.example\n[base]\nname = Base\n"
               "baseurl = https://m.example/$releasever/${basearch}/os/\n          https://two.example/\n"
               "gpgkey=file:///etc/pki/key-$releasever\n[off]\nbaseurl=http://off.example\nenabled=0\n"
               "[list]\nmirrorlist=https://l.example/\n[odd]\nbaseurl=http://m.example/$unknown/\n");
    assert_int_equal(
        plm_yum_parse(text, PLM_SV("x.repo"), PLM_SV("9"), PLM_SV("aarch64"), a, &v, &notes, NULL), 0);
    assert_int_equal(v.n, 1);
    assert_true(plm_sv_is(v.v[0].url, "https://m.example/9/aarch64/os"));
    assert_true(plm_sv_is(v.v[0].keys.v[0], "/etc/pki/key-9"));
    assert_int_equal(notes.rows.n, 2);
    assert_true(plm_sv_has(notes.rows.v[0].message, PLM_SV("mirror lists")));
}

static void changelog_entries(void **state)
{
    (void)state;
    plm_auto(plm_arena_free) struct plm_arena *a = plm_arena_new(PLM_ARENA_NO_LIMIT);
    repo_change_vec v = {0};
    plm_sv text = PLM_SV("alpha (2:1.0-1+deb12u2) bookworm-security; urgency=high, binary-only=yes\n\n"
                         "  * CVE-2024-1111 and cve-2024-22222 (again CVE-2024-1111)\n"
                         "  * XCVE-2024-3333 CVE-2024-44 CVE-20245-5555 are none\n\n"
                         " -- A <a@example.org>  Sat, 21 Oct 2023 16:55:26 +0200\n\n"
                         "CVE-2024-6666 stands outside\n"
                         "alpha (1.0-1) unstable; urgency=low\n\n  * x\n\n -- A <a@example.org>  no date\n");
    assert_int_equal(plm_changelog_parse(text, a, &v, NULL), 0);
    assert_int_equal(v.n, 4);
    assert_null(v.v[0].cve.p);
    assert_true(plm_sv_is(v.v[0].version, "2:1.0-1+deb12u2"));
    assert_true(plm_sv_is(v.v[0].urgency, "high"));
    assert_true(plm_sv_is(v.v[1].cve, "CVE-2024-1111"));
    assert_true(plm_sv_is(v.v[2].cve, "CVE-2024-22222"));
    assert_true(plm_sv_is(v.v[2].distribution, "bookworm-security"));
    assert_int_equal(v.v[2].date, 1697900126);
    assert_true(plm_sv_is(v.v[3].version, "1.0-1"));
    assert_int_equal(v.v[3].date, 0);
}

static void release_files(void **state)
{
    (void)state;
    struct repo_release r;
    unsigned char digest[PLM_SHA256_BYTES];
    uint64_t size;
    plm_sv text = PLM_SV(
        "Origin: Debian\nCodename: bookworm\nDate: Sat, 01 Nov 2025 10:00:00 UTC\n"
        "MD5Sum:\n 00 1 main/binary-amd64/Packages\nSHA256:\n"
        " 0000000000000000000000000000000000000000000000000000000000000001 77 xmain/binary-amd64/Packages\n"
        " 00000000000000000000000000000000000000000000000000000000000000ff 12 main/binary-amd64/Packages\n");
    assert_int_equal(plm_release_parse(text, &r, NULL), 0);
    assert_true(plm_release_find(&r, PLM_SV("main/binary-amd64/Packages"), &size, digest));
    assert_int_equal(size, 12);
    assert_int_equal(digest[31], 0xff);
    assert_false(plm_release_find(&r, PLM_SV("binary-amd64/Packages"), &size, digest));
    assert_int_equal(r.valid_until, 0);
    assert_int_equal(plm_release_parse(PLM_SV("Origin: x\nDate: Sat, 01 Nov 2025 10:00:00 UTC\n"), &r, NULL),
                     -1);
    assert_int_equal(plm_release_parse(PLM_SV("Valid-Until: soon\nSHA256:\n a 1 b\n"), &r, NULL), -1);
}

static void damaged_indices_find_less_and_never_more(void **state)
{
    (void)state;
    plm_sv text = PLM_SV("Package: b\nVersion: 2\nFilename: f\nSize: 3\n"
                         "SHA256: 0000000000000000000000000000000000000000000000000000000000000001\n\n"
                         "Package: a\nSource: s (1.5)\nVersion: 1\nFilename: g\nSize: 4\n"
                         "SHA256: 0000000000000000000000000000000000000000000000000000000000000002\n");
    plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(REPO_INDEX_BIN_MAX);
    plm_auto(plm_stream_free) struct plm_stream *s = plm_stream_view(text, "Packages", NULL);
    assert_int_equal(plm_index_build(s, REPO_PACKAGES, &b, NULL), 0);
    struct repo_index x;
    struct repo_record r;
    assert_int_equal(plm_index_open(plm_buf_sv(&b), &x, NULL), 0);
    assert_int_equal(x.count, 2);
    assert_true(plm_index_at(&x, plm_index_find(&x, PLM_SV("a")), &r));
    assert_true(plm_sv_is(r.source, "s") && plm_sv_is(r.source_version, "1.5") && plm_sv_is(r.path, "g"));
    assert_true(plm_index_at(&x, plm_index_find(&x, PLM_SV("b")), &r));
    assert_true(plm_sv_is(r.source, "b") && plm_sv_is(r.source_version, "2") && r.size == 3);
    assert_true(plm_index_find(&x, PLM_SV("c")) == SIZE_MAX);
    for (size_t cut = 0; cut < b.n;
         cut++) { /* every truncation, every byte flipped: no read outside (ASan) */
        if (plm_index_open(plm_sv_sub(plm_buf_sv(&b), 0, cut), &x, NULL) == 0)
            for (size_t i = 0; i < x.count; i++)
                (void)plm_index_at(&x, i, &r);
        b.p[cut] = (char)~b.p[cut];
        if (plm_index_open(plm_buf_sv(&b), &x, NULL) == 0)
            for (size_t i = 0; i < x.count && i < 8; i++)
                (void)plm_index_at(&x, i, &r);
        b.p[cut] = (char)~b.p[cut];
    }
}

/* Runs lz4 with one option over a file. */
static bool lz4_pack(const char *option, const char *from, const char *to)
{
    const char *argv[] = {"lz4", "-q", "-f", option, from, to, NULL};
    pid_t pid;
    int status = -1;
    if (posix_spawnp(&pid, "lz4", NULL, NULL, (char *const *)(uintptr_t)argv, environ) != 0)
        return false;
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
    return status == 0;
}

static void lz4_frames_of_every_kind(void **state)
{
    (void)state;
    static const char *const options[] = {
        "-1", "-9", "-B4", "-BD", "-BX", "--content-size", "--no-frame-crc", "-B4D"};
    char dir[] = "/tmp/plimsoll-test-lz4.XXXXXX", from[64], to[64];
    assert_non_null(mkdtemp(dir));
    snprintf(from, sizeof(from), "%s/plain", dir);
    snprintf(to, sizeof(to), "%s/packed", dir);
    struct plm_buf plain = PLM_BUF(PLM_MIB(64)); /* no cleanup by attribute: the test may end in a skip */
    uint32_t seed = 1;
    for (size_t i = 0; i < 400000; i++) { /* words that repeat, and noise */
        seed = seed * 1664525u + 1013904223u;
        if (i % 100000 < 90000)
            plm_buf_printf(&plain, "word%u ", (seed >> 24) % 50);
        else
            plm_buf_u32le(&plain, seed);
    }
    assert_int_equal(plm_fs_write_atomic(from, plm_buf_sv(&plain), 0, NULL), 0);
    bool ran = true;
    for (size_t i = 0; i < sizeof(options) / sizeof(options[0]) && ran; i++) {
        ran = lz4_pack(options[i], from, to);
        plm_auto_done(plm_buf_done) struct plm_buf packed = PLM_BUF(PLM_MIB(64)), got = PLM_BUF(PLM_MIB(64));
        if (!ran || plm_fs_read(to, PLM_MIB(64), &packed, NULL) < 0)
            break;
        plm_auto(plm_stream_free) struct plm_stream *s =
            plm_lz4_stream(plm_stream_view(plm_buf_sv(&packed), "x", NULL), NULL);
        assert_true(plm_lz4_is(plm_buf_sv(&packed)));
        assert_int_equal(plm_stream_slurp(s, PLM_MIB(64), &got, NULL), 0);
        if (!plm_sv_eq(plm_buf_sv(&got), plm_buf_sv(&plain)))
            fail_msg("lz4 %s", options[i]);
        plm_buf_clear(&got); /* cut short: an error, not an end */
        plm_auto(plm_stream_free) struct plm_stream *cut = plm_lz4_stream(
            plm_stream_view(plm_sv_sub(plm_buf_sv(&packed), 0, packed.n / 2), "x", NULL), NULL);
        assert_int_equal(plm_stream_slurp(cut, PLM_MIB(64), &got, NULL), -1);
    }
    (void)remove(from);
    (void)remove(to);
    (void)remove(dir);
    plm_buf_done(&plain);
    if (!ran)
        plm_test_skip("lz4 is not installed");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_line_sources),
        cmocka_unit_test(deb822_sources),
        cmocka_unit_test(yum_repositories),
        cmocka_unit_test(changelog_entries),
        cmocka_unit_test(release_files),
        cmocka_unit_test(damaged_indices_find_less_and_never_more),
        cmocka_unit_test(lz4_frames_of_every_kind),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
