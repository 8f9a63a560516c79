/* SPDX-License-Identifier: Apache-2.0 */
#include "../base/skip.h"
#include "base/buf.h"
#include "codec/ar.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/wait.h>

#include <cmocka.h>

/* What a shell command prints. */
static void run_tool(const char *command, struct plm_buf *out)
{
    int pipes[2];
    assert_int_equal(pipe(pipes), 0);
    pid_t pid = fork();
    if (pid == 0) {
        dup2(pipes[1], 1);
        execl("/bin/sh", "sh", "-c", command, (char *)NULL);
        _exit(127);
    }
    close(pipes[1]);
    plm_auto(plm_stream_free) struct plm_stream *s = plm_stream_fd(pipes[0], "tool", NULL);
    assert_int_equal(plm_stream_slurp(s, out->max, out, NULL), 0);
    int status;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
}

/* "name size [contents]" of each member, or "ERROR". */
static void list(plm_sv archive, bool with_contents, struct plm_buf *out)
{
    plm_auto(plm_stream_free) struct plm_stream *s = plm_stream_view(archive, "x.ar", NULL);
    plm_auto(plm_ar_free) struct plm_ar *a = plm_ar_new(s, &plm_limits_default, NULL);
    struct plm_ar_entry e;
    int r = -1;
    while (a && (r = plm_ar_next(a, &e, NULL)) > 0) {
        plm_buf_printf(out, "%.*s %llu", PLM_SV_ARG(e.name), (unsigned long long)e.size);
        if (with_contents) {
            plm_auto(plm_stream_free) struct plm_stream *m = plm_ar_member(a, NULL);
            plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(PLM_MIB(1));
            if (plm_stream_slurp(m, b.max, &b, NULL) < 0)
                plm_buf_str(out, " TRUNCATED");
            plm_buf_printf(out, " [%.*s]", PLM_SV_ARG(plm_buf_sv(&b)));
        }
        plm_buf_str(out, "\n");
    }
    if (r < 0)
        plm_buf_str(out, "ERROR");
}

static void binutils_archives_are_read(void **state)
{
    (void)state;
    plm_auto_done(plm_buf_done) struct plm_buf ar = PLM_BUF(PLM_MIB(1)), out = PLM_BUF(PLM_MIB(1));
    run_tool("set -e; d=$(mktemp -d); cd $d; printf odd >a.txt; printf even >b; "
             "printf long >a-rather-long-member-name.txt; : >empty; "
             "ar rcD x.a a.txt b a-rather-long-member-name.txt empty; cat x.a; rm -r $d",
             &ar);
    list(plm_buf_sv(&ar), true, &out);
    assert_string_equal(plm_buf_cstr(&out), "a.txt 3 [odd]\nb 4 [even]\n"
                                            "a-rather-long-member-name.txt 4 [long]\nempty 0 []\n");
    plm_buf_clear(&out);
    list(plm_buf_sv(&ar), false, &out); /* skipping gives the same members */
    assert_string_equal(plm_buf_cstr(&out), "a.txt 3\nb 4\na-rather-long-member-name.txt 4\nempty 0\n");
    size_t errors = 0;
    for (size_t n = 0; n < ar.n; n++) {
        plm_buf_clear(&out);
        list(plm_sv_n(ar.p, n), false, &out);
        errors += plm_sv_has(plm_buf_sv(&out), PLM_SV("ERROR"));
    }
    assert_true(errors > ar.n - 20); /* all but the cuts between members */
}

static void debian_packages_are_read(void **state)
{
    (void)state;
    plm_auto_done(plm_buf_done) struct plm_buf deb = PLM_BUF(PLM_MIB(1)), out = PLM_BUF(PLM_MIB(1));
    run_tool(
        "set -e; command -v dpkg-deb >/dev/null || exit 0; d=$(mktemp -d); mkdir -p $d/p/DEBIAN $d/p/opt; "
        "printf 'Package: p\\nVersion: 1\\nArchitecture: all\\nMaintainer: m <m@example.org>\\n"
        "Description: d\\n' >$d/p/DEBIAN/control; echo x >$d/p/opt/f; chmod -R go-w,u+rwX $d/p; "
        "chmod 755 $d/p $d/p/DEBIAN; dpkg-deb -Zxz --root-owner-group -b $d/p $d/p.deb >/dev/null; "
        "cat $d/p.deb; rm -r $d",
        &deb);
    if (deb.n == 0) {
        plm_buf_done(&deb);
        plm_test_skip("dpkg-deb is not installed");
    }
    list(plm_buf_sv(&deb), false, &out);
    plm_sv text = plm_buf_sv(&out);
    assert_true(plm_sv_starts(text, PLM_SV("debian-binary 4\ncontrol.tar.xz ")));
    assert_true(plm_sv_has(text, PLM_SV("\ndata.tar.xz ")));
    assert_false(plm_sv_has(text, PLM_SV("ERROR")));
}

static void bsd_names_and_broken_headers(void **state)
{
    (void)state;
#define HEADER(name, size) name "0           0     0     644     " size "`\n"
    const struct {
        plm_sv text;
        const char *want;
    } rows[] = {
        {PLM_SV("!<arch>\n" HEADER("#1/8            ", "11        ") "long.txtabc\n" HEADER(
             "x               ", "1         ") "y\n"),
         "long.txt 3 [abc]\nx 1 [y]\n"},
        {PLM_SV("!<arch>\n"), ""},
        {PLM_SV("!<arch>x"), "ERROR"},
        {PLM_SV("!<arch>\n" HEADER("#1/9            ", "4         ") "long"), "ERROR"},
        {PLM_SV("!<arch>\n" HEADER("/5              ", "4         ") "long"), "ERROR"},
        {PLM_SV("!<arch>\n" HEADER("a               ", "4x        ") "long"), "ERROR"},
        {PLM_SV("!<arch>\n" HEADER("//              ", "9999999999") "long"), "ERROR"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        plm_auto_done(plm_buf_done) struct plm_buf out = PLM_BUF(PLM_MIB(1));
        list(rows[i].text, true, &out);
        assert_string_equal(plm_buf_cstr(&out), rows[i].want);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(binutils_archives_are_read),
        cmocka_unit_test(debian_packages_are_read),
        cmocka_unit_test(bsd_names_and_broken_headers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
