/* SPDX-License-Identifier: Apache-2.0
 *
 * Every allocation of the repository feed's parsers fails once.
 */
#include "../base/alloc_fail.h"

#include "repo_int.h"

static int sources(void *arg, plm_err **err)
{
    plm_auto(plm_arena_free) struct plm_arena *a = plm_arena_new(PLM_ARENA_NO_LIMIT);
    repo_source_vec out = {0};
    return a ? plm_sources_parse(*(plm_sv *)arg, PLM_SV("x.sources"), a, &out, err) : plm_fail_oom(err);
}

static int one_line(void *arg, plm_err **err)
{
    plm_auto(plm_arena_free) struct plm_arena *a = plm_arena_new(PLM_ARENA_NO_LIMIT);
    repo_source_vec out = {0};
    return a ? plm_sources_parse(*(plm_sv *)arg, PLM_SV("sources.list"), a, &out, err) : plm_fail_oom(err);
}

static int yum(void *arg, plm_err **err)
{
    plm_auto(plm_arena_free) struct plm_arena *a = plm_arena_new(PLM_ARENA_NO_LIMIT);
    repo_place_vec out = {0};
    struct repo_notes notes = {.arena = a};
    return a ? plm_yum_parse(*(plm_sv *)arg, PLM_SV("x.repo"), PLM_SV("9"), PLM_SV("x86_64"), a, &out, &notes,
                             err)
             : plm_fail_oom(err);
}

static int changelog(void *arg, plm_err **err)
{
    plm_auto(plm_arena_free) struct plm_arena *a = plm_arena_new(PLM_ARENA_NO_LIMIT);
    repo_change_vec out = {0};
    return a ? plm_changelog_parse(*(plm_sv *)arg, a, &out, err) : plm_fail_oom(err);
}

static int packages(void *arg, plm_err **err)
{
    plm_auto_done(plm_buf_done) struct plm_buf out = PLM_BUF(PLM_MIB(1));
    plm_auto(plm_stream_free) struct plm_stream *s = plm_stream_view(*(plm_sv *)arg, "Packages", err);
    return s ? plm_index_build(s, REPO_PACKAGES, &out, err) : -1;
}

static void parsers(void **state)
{
    (void)state;
    plm_sv deb822 =
        PLM_SV("Types: deb deb-src\nURIs: http://a.example/debian http://b.example/debian\n"
               "Suites: bookworm bookworm-updates\nComponents: main contrib\nSigned-By: /usr/share/k.gpg\n");
    plm_sv list = PLM_SV("deb [arch=amd64 signed-by=/k.gpg] http://a.example/debian bookworm main\n# no\n");
    plm_sv repo = PLM_SV(
        "[base]\nname=b\nbaseurl=http://a.example/$releasever/$basearch/\ngpgkey=file:///k\nenabled=1\n");
    plm_sv log =
        PLM_SV("a (2-1) bookworm-security; urgency=high\n\n  * CVE-2024-1111: fixed, CVE-2024-2222 too\n\n"
               " -- N <n@example.org>  Mon, 01 Jan 2024 00:00:00 +0000\n");
    plm_sv index =
        PLM_SV("Package: a\nVersion: 2-1\nArchitecture: amd64\nSource: s (2)\nFilename: pool/a.deb\nSize: 9\n"
               "SHA256: 0000000000000000000000000000000000000000000000000000000000000000\n\n");
    assert_true(plm_test_sweep(sources, &deb822) > 0);
    assert_true(plm_test_sweep(one_line, &list) > 0);
    assert_true(plm_test_sweep(yum, &repo) > 0);
    assert_true(plm_test_sweep(changelog, &log) > 0);
    assert_true(plm_test_sweep(packages, &index) > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(parsers)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
