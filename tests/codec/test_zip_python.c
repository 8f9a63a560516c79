/* SPDX-License-Identifier: Apache-2.0 */
#include "base/buf.h"
#include "codec/stream.h"
#include "codec/zip.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/wait.h>

#include <cmocka.h>

/* Python's zipfile writes to a file object; `body` is the part that fills the archive z. */
static void python_zip(const char *body, const char *prefix, struct plm_buf *out)
{
    plm_auto_free char *script = NULL;
    int pipes[2];
    assert_true(
        asprintf(&script,
                 "import zipfile, sys, io\nf = io.BytesIO()\nz = zipfile.ZipFile(f, 'w')\n"
                 "D = zipfile.ZIP_DEFLATED\n%s\nz.close()\nsys.stdout.buffer.write(%s + f.getvalue())\n",
                 body, prefix) > 0);
    assert_int_equal(pipe(pipes), 0);
    pid_t pid = fork();
    if (pid == 0) {
        dup2(pipes[1], 1);
        execl("/usr/bin/env", "env", "python3", "-c", script, (char *)NULL);
        _exit(127);
    }
    close(pipes[1]);
    plm_auto(plm_stream_free) struct plm_stream *s = plm_stream_fd(pipes[0], "python", NULL);
    assert_int_equal(plm_stream_slurp(s, out->max, out, NULL), 0);
    int status;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
}

/* "name=contents;" of each member, contents over 20 bytes as their length; faults as "!CODE". */
static void list(plm_sv archive, size_t max, struct plm_buf *out)
{
    plm_err *err = NULL;
    plm_auto(plm_zip_free) struct plm_zip *z = plm_zip_new(archive, "x.zip", &plm_limits_default, &err);
    struct plm_zip_entry e;
    int r = -1;
    while (z && (r = plm_zip_next(z, &e, &err)) > 0) {
        plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(PLM_MIB(64));
        plm_err *fault = NULL;
        plm_buf_printf(out, "%.*s%s", PLM_SV_ARG(e.name), e.is_dir ? "" : "=");
        if (plm_zip_read(z, &e, max, &b, &fault) < 0)
            plm_buf_printf(out, "!%s", plm_code_name(fault->code));
        else if (b.n > 20)
            plm_buf_printf(out, "%zu", b.n);
        else
            plm_buf_sv_put(out, plm_buf_sv(&b));
        plm_buf_str(out, ";");
        plm_err_free(fault);
    }
    if (r < 0)
        plm_buf_printf(out, "!%s", plm_code_name(err->code));
    plm_err_free(err);
}

static const char members[] =
    "z.writestr('stored', 'hello')\nz.writestr('d/', '')\n"
    "z.writestr('packed', 'hello world', D)\nz.writestr('big', b'0123456789' * 100000, D)\n"
    "z.writestr('empty', '', D)\n";
static const char want[] = "stored=hello;d/;packed=hello world;big=1000000;empty=;";

static void python_archives_are_read(void **state)
{
    (void)state;
    static const char *const prefixes[] = {"b''", "b'#!/bin/sh\\n' + b'x' * 5000"};
    for (size_t i = 0; i < 2; i++) {
        plm_auto_done(plm_buf_done) struct plm_buf zip = PLM_BUF(PLM_MIB(8)), out = PLM_BUF(PLM_MIB(1));
        python_zip(members, prefixes[i], &zip);
        list(plm_buf_sv(&zip), PLM_MIB(8), &out);
        assert_string_equal(plm_buf_cstr(&out), want);
    }
}

static void comments_and_many_members(void **state)
{
    (void)state;
    plm_auto_done(plm_buf_done) struct plm_buf zip = PLM_BUF(PLM_MIB(32)), out = PLM_BUF(PLM_MIB(4));
    /* More than 65535 members need zip64; the comment holds an end record of its own. */
    python_zip(
        "for i in range(66000): z.writestr('m%d' % i, '')\nz.comment = b'PK\\x05\\x06' + bytes(18) + b'end'",
        "b''", &zip);
    list(plm_buf_sv(&zip), PLM_MIB(1), &out);
    plm_sv text = plm_buf_sv(&out);
    assert_true(plm_sv_starts(text, PLM_SV("m0=;m1=;")));
    assert_true(plm_sv_ends(text, PLM_SV(";m65999=;")));
}

static void lies_and_limits(void **state)
{
    (void)state;
    plm_auto_done(plm_buf_done) struct plm_buf zip = PLM_BUF(PLM_MIB(8)), out = PLM_BUF(PLM_MIB(1));
    python_zip(members, "b''", &zip);
    list(plm_buf_sv(&zip), 10, &out);
    assert_string_equal(plm_buf_cstr(&out), "stored=hello;d/;packed=!LIMIT;big=!LIMIT;empty=;");
    /* Sizes, methods and checksums of the directory changed: a fault of that member only. */
    size_t at = plm_sv_find_sv(plm_buf_sv(&zip), PLM_SV("PK\001\002"));
    static const struct {
        size_t off;
        const char *want;
    } rows[] = {{24, "stored=!PARSE;d/;"},       {20, "stored=!PARSE;d/;"},      {16, "stored=!PARSE;d/;"},
                {10, "stored=!UNSUPPORTED;d/;"}, {8, "stored=!UNSUPPORTED;d/;"}, {42, "stored=!PARSE;d/;"}};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        zip.p[at + rows[i].off] = (char)(zip.p[at + rows[i].off] ^ 1);
        plm_buf_clear(&out);
        list(plm_buf_sv(&zip), PLM_MIB(8), &out);
        if (!plm_sv_starts(plm_buf_sv(&out), plm_sv_from(rows[i].want)))
            fail_msg("field at %zu: %s", rows[i].off, plm_buf_cstr(&out));
        zip.p[at + rows[i].off] = (char)(zip.p[at + rows[i].off] ^ 1);
    }
    for (size_t n = 0; n < zip.n; n += 7) { /* no end record: refused as a whole */
        plm_buf_clear(&out);
        list(plm_sv_n(zip.p, n), PLM_MIB(8), &out);
        assert_string_equal(plm_buf_cstr(&out), "!PARSE");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(python_archives_are_read),
        cmocka_unit_test(comments_and_many_members),
        cmocka_unit_test(lies_and_limits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
