/* SPDX-License-Identifier: Apache-2.0 */
#include "base/buf.h"
#include "codec/stream.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/wait.h>

#include <cmocka.h>

enum { TEXT = 3 << 20 };
static char *text;

/* Runs a shell command with `text` written to the file in $F and gives what it prints. */
static void run_tool(const char *command, struct plm_buf *out)
{
    char path[] = "/tmp/plm-stream-XXXXXX";
    int fd = mkstemp(path), pipes[2];
    assert_true(fd >= 0 && write(fd, text, TEXT) == TEXT && pipe(pipes) == 0);
    close(fd);
    pid_t pid = fork();
    if (pid == 0) {
        setenv("F", path, 1);
        dup2(pipes[1], 1);
        execl("/bin/sh", "sh", "-c", command, (char *)NULL);
        _exit(127);
    }
    close(pipes[1]);
    struct plm_stream *s = plm_stream_fd(pipes[0], command, NULL);
    assert_int_equal(plm_stream_slurp(s, out->max, out, NULL), 0);
    plm_stream_free(s);
    int status;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    unlink(path);
}

static const char *const tools[] = {"gzip -c $F",  "gzip -1c $F; gzip -9c $F",
                                    "zstd -qc $F", "zstd -qc $F; zstd -q19c $F",
                                    "xz -1c $F",   "xz -1c $F; xz -1c $F"};

static void every_tool_is_read_back(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(tools) / sizeof(tools[0]); i++) {
        plm_auto_done(plm_buf_done) struct plm_buf packed = PLM_BUF(PLM_MIB(64)), out = PLM_BUF(PLM_MIB(64));
        run_tool(tools[i], &packed);
        assert_int_equal(plm_decompress(plm_buf_sv(&packed), tools[i], out.max, &out, NULL), 0);
        size_t copies = i % 2 ? 2 : 1;
        assert_int_equal(out.n, copies * TEXT);
        for (size_t k = 0; k < copies; k++)
            assert_memory_equal(out.p + k * TEXT, text, TEXT);
        /* Truncated anywhere and with any byte of the middle changed: an error, never silence. */
        for (size_t cut = 1; cut < 40; cut++) {
            plm_err *e = NULL;
            plm_buf_clear(&out);
            size_t n = cut < 20 ? packed.n - cut : packed.n * (cut - 19) / 21;
            if (plm_decompress(plm_sv_n(packed.p, n), "cut", out.max, &out, &e) == 0 && out.n != TEXT)
                fail_msg("%s cut to %zu of %zu bytes gave %zu bytes", tools[i], n, packed.n, out.n);
            plm_err_free(e);
        }
        packed.p[packed.n / 2] = (char)(packed.p[packed.n / 2] ^ 0x10);
        plm_buf_clear(&out);
        assert_int_equal(plm_decompress(plm_buf_sv(&packed), "flip", out.max, &out, NULL), -1);
    }
}

static void gzip_padding_is_fine_and_garbage_is_not(void **state)
{
    (void)state;
    plm_auto_done(plm_buf_done) struct plm_buf packed = PLM_BUF(PLM_MIB(64)), out = PLM_BUF(PLM_MIB(64));
    run_tool("gzip -c $F; head -c 5000 /dev/zero", &packed);
    assert_int_equal(plm_decompress(plm_buf_sv(&packed), "padded", out.max, &out, NULL), 0);
    plm_buf_str(&packed, "x");
    plm_buf_clear(&out);
    assert_int_equal(plm_decompress(plm_buf_sv(&packed), "garbage", out.max, &out, NULL), -1);
}

static void bombs_are_refused(void **state)
{
    (void)state;
    static const char *const bombs[] = {"head -c 60000000 /dev/zero | gzip -9",
                                        "head -c 60000000 /dev/zero | zstd -q",
                                        "head -c 60000000 /dev/zero | xz -1"};
    for (size_t i = 0; i < 3; i++) {
        plm_auto_done(plm_buf_done) struct plm_buf packed = PLM_BUF(PLM_MIB(64)), out = PLM_BUF(PLM_MIB(512));
        run_tool(bombs[i], &packed);
        plm_err *e = NULL;
        assert_int_equal(plm_decompress(plm_buf_sv(&packed), bombs[i], out.max, &out, &e), -1);
        assert_int_equal(plm_err_code(e), PLM_E_LIMIT);
        assert_true(out.n < PLM_MIB(32));
        plm_err_free(e);
    }
}

/* A source that gives one byte at a time: every boundary of every header is crossed. */
static ssize_t drip_read(void *impl, void *p, size_t n, plm_err **err)
{
    plm_sv *v = impl;
    (void)err;
    size_t k = n && v->n ? 1 : 0;
    if (k)
        memcpy(p, v->p, 1);
    *v = plm_sv_from_off(*v, k);
    return (ssize_t)k;
}

static void drip_free(void *impl)
{
    (void)impl;
}

static const struct plm_stream_ops drip = {.read = drip_read, .free = drip_free};

static void windows_of_one_byte_make_no_difference(void **state)
{
    (void)state;
    static const char *const made[] = {
        "printf hello | gzip -c; printf ' world' | gzip -c; head -c 700 /dev/zero",
        "printf hello | zstd -qc; printf ' world' | zstd -qc",
        "printf hello | xz -c; printf ' world' | xz -c; head -c 8 /dev/zero",
        "printf 'hello world'",
        /* gzip header with every optional field: extra, name, comment, header CRC */
        "python3 -c \"import zlib,struct,sys;d=b'hello world';c=zlib.compressobj(9,8,-15);"
        "h=b'\\x1f\\x8b\\x08\\x1e'+bytes(6)+struct.pack('<H',300)+b'e'*300+b'name\\0comment\\0';"
        "h+=struct.pack('<H',zlib.crc32(h)&65535);"
        "sys.stdout.buffer.write(h+c.compress(d)+c.flush()+struct.pack('<II',zlib.crc32(d),len(d)))\"",
    };
    for (size_t i = 0; i < sizeof(made) / sizeof(made[0]); i++) {
        plm_auto_done(plm_buf_done) struct plm_buf packed = PLM_BUF(PLM_MIB(1)), out = PLM_BUF(PLM_MIB(1));
        run_tool(made[i], &packed);
        for (size_t cut = 0; cut < 3; cut++) {
            plm_sv rest = plm_sv_n(packed.p, packed.n - (i == 4 ? cut : 0));
            plm_err *e = NULL;
            plm_buf_clear(&out);
            struct plm_stream *s = plm_stream_new(&drip, &rest, "drip", NULL);
            s = plm_stream_decompress(s, &plm_limits_default, &e);
            int r = s ? plm_stream_slurp(s, out.max, &out, &e) : -1;
            if (r != (i == 4 && cut ? -1 : 0) || !plm_sv_is(plm_buf_sv(&out), "hello world"))
                fail_msg("%s: %s, '%.*s'", made[i], e ? e->message : "", PLM_SV_ARG(plm_buf_sv(&out)));
            plm_stream_free(s);
            plm_err_free(e);
        }
    }
}

static void plain_bytes_have_a_limit_too(void **state)
{
    (void)state;
    struct plm_limits l = plm_limits_default;
    l.layer_bytes = 9;
    plm_auto_done(plm_buf_done) struct plm_buf out = PLM_BUF(PLM_MIB(1));
    plm_err *e = NULL;
    plm_auto(plm_stream_free) struct plm_stream *s =
        plm_stream_decompress(plm_stream_view(PLM_SV("0123456789"), "v", NULL), &l, NULL);
    assert_int_equal(plm_stream_slurp(s, out.max, &out, &e), -1);
    assert_int_equal(plm_err_code(e), PLM_E_LIMIT);
    plm_err_free(e);
}

static void peek_skip_and_offsets_agree(void **state)
{
    (void)state;
    plm_auto(plm_stream_free) struct plm_stream *s = plm_stream_view(PLM_SV("0123456789"), "v", NULL);
    plm_sv p;
    char b[4];
    assert_int_equal(plm_stream_peek(s, &p, NULL), 0);
    assert_int_equal(p.n, 10);
    assert_int_equal(plm_stream_skip(s, 3, NULL), 0);
    assert_int_equal(plm_stream_read_full(s, b, 4, NULL), 0);
    assert_memory_equal(b, "3456", 4);
    assert_int_equal(plm_stream_offset(s), 7);
    plm_err *e = NULL;
    assert_int_equal(plm_stream_skip(s, 4, &e), -1);
    assert_int_equal(plm_err_code(e), PLM_E_PARSE);
    plm_err_free(e);
}

int main(void)
{
    /* Text that compresses, but not absurdly: a linear congruential walk over words. */
    text = malloc(TEXT);
    unsigned x = 1;
    for (size_t i = 0; i < TEXT; i++) {
        x = x * 1103515245u + 12345u;
        text[i] = (char)("abcdefghijklmnop"[(x >> 16) % 16]);
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_tool_is_read_back),
        cmocka_unit_test(gzip_padding_is_fine_and_garbage_is_not),
        cmocka_unit_test(bombs_are_refused),
        cmocka_unit_test(windows_of_one_byte_make_no_difference),
        cmocka_unit_test(plain_bytes_have_a_limit_too),
        cmocka_unit_test(peek_skip_and_offsets_agree),
    };
    int r = cmocka_run_group_tests(tests, NULL, NULL);
    free(text);
    return r;
}
