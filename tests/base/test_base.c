/* SPDX-License-Identifier: Apache-2.0 */
#include "base/arena.h"
#include "base/buf.h"
#include "base/fs.h"
#include "base/map.h"
#include "base/pool.h"
#include "base/rd.h"
#include "base/text.h"
#include "base/time.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void errors_keep_code_cause_and_hint(void **state)
{
    (void)state;
    plm_err *e = NULL;
    assert_int_equal(plm_fail_id(&e, PLM_E_AUTH, "engine.permission", "%s: permission denied", "sock"), -1);
    plm_err_hint(&e, "try %s", "sudo");
    assert_int_equal(plm_wrap(&e, "open engine"), -1);
    assert_int_equal(e->code, PLM_E_AUTH);
    assert_string_equal(plm_err_id(e), "engine.permission");
    assert_string_equal(plm_err_hint_get(e), "try sudo");
    plm_auto_free char *text = plm_err_text(e);
    assert_string_equal(text, "open engine: sock: permission denied");
    assert_int_equal(plm_code_exit(PLM_E_CONFIG), 2);
    assert_int_equal(plm_code_exit(PLM_E_STALE), 4);
    plm_err_free(e);
    assert_int_equal(plm_fail(NULL, PLM_E_IO, "nobody listens"), -1);
}

static void globs_match_paths(void **state)
{
    (void)state;
    static const struct {
        const char *pattern, *text;
        bool hit;
    } rows[] = {
        {"var/lib/dpkg/status", "var/lib/dpkg/status", true},
        {"var/lib/dpkg/status.d/*", "var/lib/dpkg/status.d/base", true},
        {"var/lib/dpkg/status.d/*", "var/lib/dpkg/status.d/a/b", false},
        {"**/package.json", "package.json", true},
        {"**/package.json", "a/b/package.json", true},
        {"**/package.json", "a/b/xpackage.json", false},
        {"usr/**/*.so", "usr/lib/x/libc.so", true},
        {"usr/**/*.so", "usr/libc.so", true},
        {"*.ja[rv]", "x.jar", true},
        {"*.ja[!r]", "x.jar", false},
        {"a?c", "abc", true},
        {"a?c", "a/c", false},
        {"*", "", true},
        {"", "", true},
        {"*a*a*a*a*a*a*a*a*b", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", false},
        {"[", "[", false},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        if (plm_sv_glob(plm_sv_from(rows[i].pattern), plm_sv_from(rows[i].text)) != rows[i].hit)
            fail_msg("%s on %s", rows[i].pattern, rows[i].text);
}

static void fields_and_lines_split(void **state)
{
    (void)state;
    plm_sv rest = PLM_SV("a,,b,"), f;
    size_t n = 0;
    while (plm_sv_field(&rest, ',', &f))
        n++;
    assert_int_equal(n, 4);
    rest = PLM_SV("one\r\ntwo\n\nlast");
    const char *const want[] = {"one", "two", "", "last"};
    for (n = 0; plm_sv_line(&rest, &f); n++)
        assert_true(plm_sv_is(f, want[n]));
    assert_int_equal(n, 4);
    uint64_t v;
    assert_true(plm_sv_u64(PLM_SV("18446744073709551615"), &v));
    assert_false(plm_sv_u64(PLM_SV("18446744073709551616"), &v));
    assert_false(plm_sv_u64(PLM_SV("-1"), &v));
}

static void buffer_stops_at_its_maximum(void **state)
{
    (void)state;
    plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(8);
    plm_buf_str(&b, "12345678");
    assert_int_equal(plm_buf_check(&b, NULL), 0);
    plm_buf_byte(&b, '9');
    plm_err *e = NULL;
    assert_int_equal(plm_buf_check(&b, &e), -1);
    assert_int_equal(e->code, PLM_E_LIMIT);
    plm_err_free(e);
    assert_int_equal(b.n, 8);
    plm_buf_clear(&b);
    plm_buf_printf(&b, "%d", 12345678);
    assert_int_equal(plm_buf_check(&b, NULL), 0);
    assert_string_equal(plm_buf_cstr(&b), "12345678");
}

static void varints_round_trip(void **state)
{
    (void)state;
    static const uint64_t values[] = {0, 1, 127, 128, 16383, 16384, UINT32_MAX, UINT64_MAX};
    plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(PLM_KIB(1));
    for (size_t i = 0; i < 8; i++)
        plm_buf_varint(&b, values[i]);
    plm_buf_view(&b, PLM_SV("tail"));
    struct plm_rd r = PLM_RD(plm_buf_sv(&b));
    for (size_t i = 0; i < 8; i++)
        assert_int_equal(plm_rd_varint(&r), values[i]);
    assert_true(plm_sv_is(plm_rd_view(&r), "tail"));
    assert_false(r.failed);
    assert_int_equal(plm_rd_left(&r), 0);
    assert_int_equal(plm_rd_u8(&r), 0);
    assert_true(r.failed);
    struct plm_rd bad = PLM_RD(PLM_SV("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02"));
    (void)plm_rd_varint(&bad);
    assert_true(bad.failed);
    struct plm_rd lying = PLM_RD(PLM_SV("\x7f"
                                        "abc"));
    assert_int_equal(plm_rd_view(&lying).n, 0);
    assert_true(lying.failed);
}

static void arena_reports_its_limit(void **state)
{
    (void)state;
    plm_auto(plm_arena_free) struct plm_arena *a = plm_arena_new(PLM_KIB(64));
    plm_sv_vec v = {0};
    for (int i = 0; i < 100; i++)
        assert_true(plm_sv_vec_add(a, &v, i % 2 ? PLM_SV("b") : PLM_SV("a")));
    plm_sv_vec_sort_unique(&v);
    assert_int_equal(v.n, 2);
    assert_null(plm_arena_alloc(a, PLM_KIB(64)));
    assert_true(plm_arena_failed(a));
    plm_err *e = NULL;
    assert_int_equal(plm_arena_check(a, &e), -1);
    assert_int_equal(e->code, PLM_E_LIMIT);
    plm_err_free(e);
}

static void map_keeps_insertion_order(void **state)
{
    (void)state;
    plm_auto(plm_map_free) struct plm_map *m = plm_map_new();
    static char keys[2000][8];
    for (int i = 0; i < 2000; i++) {
        snprintf(keys[i], sizeof(keys[i]), "k%d", i);
        *plm_map_put(m, plm_sv_from(keys[i])) = keys[i];
    }
    assert_int_equal(plm_map_count(m), 2000);
    for (int i = 0; i < 2000; i++) {
        assert_ptr_equal(plm_map_get(m, plm_sv_from(keys[i])), keys[i]);
        assert_true(plm_sv_is(plm_map_key(m, (size_t)i), keys[i]));
    }
    assert_null(plm_map_get(m, PLM_SV("k2000")));
}

static void times_parse_and_print(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t t;
    } rows[] = {
        {"1970-01-01T00:00:00Z", 0},
        {"2026-11-24T11:25:00Z", 1795519500},
        {"2026-11-24T13:25:00.123+02:00", 1795519500},
        {"2000-02-29", 951782400},
    };
    int64_t t;
    for (size_t i = 0; i < 4; i++) {
        assert_true(plm_time_parse(plm_sv_from(rows[i].text), &t));
        assert_int_equal(t, rows[i].t);
    }
    assert_false(plm_time_parse(PLM_SV("2025-02-29"), &t));
    assert_false(plm_time_parse(PLM_SV("2025-02-2"), &t));
    assert_true(plm_time_parse_rfc2822(PLM_SV("Sat, 17 May 2025 10:00:00 +0200"), &t));
    assert_int_equal(t, 1747468800);
    plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(PLM_KIB(1));
    plm_time_put(&b, 1795519500);
    assert_string_equal(plm_buf_cstr(&b), "2026-11-24T11:25:00Z");
    uint64_t ms;
    assert_true(plm_duration_parse(PLM_SV("1h30m"), &ms));
    assert_int_equal(ms, 5400000);
    assert_true(plm_duration_parse(PLM_SV("5d"), &ms));
    assert_int_equal(ms, 432000000);
    assert_false(plm_duration_parse(PLM_SV("5x"), &ms));
    assert_false(plm_duration_parse(PLM_SV(""), &ms));
}

static void untrusted_text_is_escaped(void **state)
{
    (void)state;
    plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(PLM_KIB(1));
    plm_text_escape(&b, PLM_SV("a\033[31mb\n\xff\xe2\x80\xae\xc3\xa9"));
    assert_string_equal(plm_buf_cstr(&b), "a\\x1b[31mb\\n\\xff\\u{202e}\xc3\xa9");
    plm_buf_clear(&b);
    plm_text_json(&b, PLM_SV("q\"\\\x01\xff"));
    assert_string_equal(plm_buf_cstr(&b), "\"q\\\"\\\\\\u0001\xef\xbf\xbd\"");
    plm_buf_clear(&b);
    plm_text_html(&b, PLM_SV("<a href='x'>&"));
    assert_string_equal(plm_buf_cstr(&b), "&lt;a href=&#39;x&#39;&gt;&amp;");
    assert_int_equal(plm_text_width(PLM_SV("a\xe6\xbc\xa2\xcc\x81")), 3);
}

static void add_one(void *arg)
{
    __atomic_add_fetch((int *)arg, 1, __ATOMIC_RELAXED);
}

static void pool_runs_all_work(void **state)
{
    (void)state;
    for (unsigned threads = 1; threads <= 4; threads += 3) {
        int n = 0;
        {
            plm_auto(plm_pool_free) struct plm_pool *p = plm_pool_new(threads, NULL);
            for (int i = 0; i < 1000; i++)
                plm_pool_submit(p, add_one, &n);
        }
        assert_int_equal(n, 1000);
    }
}

static void files_are_replaced_atomically_and_roots_hold(void **state)
{
    (void)state;
    char dir[] = "/tmp/plm-test-XXXXXX";
    assert_non_null(mkdtemp(dir));
    plm_auto_free char *path = plm_fs_join(dir, "sub/file");
    plm_auto_free char *sub = plm_fs_join(dir, "sub");
    plm_auto_free char *link = plm_fs_join(dir, "sub/out");
    assert_int_equal(plm_fs_mkdirs(sub, 0755, NULL), 0);
    assert_int_equal(plm_fs_write_atomic(path, PLM_SV("one"), 0, NULL), 0);
    assert_int_equal(plm_fs_write_atomic(path, PLM_SV("two"), 0, NULL), 0);
    plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(3);
    assert_int_equal(plm_fs_read(path, 3, &b, NULL), 0);
    assert_string_equal(plm_buf_cstr(&b), "two");
    assert_int_equal(plm_fs_read(path, 2, &b, NULL), -1);
    assert_int_equal(symlink("/etc/passwd", link), 0);
    plm_auto_fd int root = open(sub, O_PATH | O_DIRECTORY | O_CLOEXEC);
    plm_err *e = NULL;
    assert_int_equal(plm_fs_open_in(root, "out", O_RDONLY, &e), -1);
    assert_int_equal(e->code, PLM_E_NOTFOUND); /* /etc/passwd of the root, which has none */
    plm_err_free(e);
    unlink(path);
    unlink(link);
    rmdir(sub);
    rmdir(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(errors_keep_code_cause_and_hint),
        cmocka_unit_test(globs_match_paths),
        cmocka_unit_test(fields_and_lines_split),
        cmocka_unit_test(buffer_stops_at_its_maximum),
        cmocka_unit_test(varints_round_trip),
        cmocka_unit_test(arena_reports_its_limit),
        cmocka_unit_test(map_keeps_insertion_order),
        cmocka_unit_test(times_parse_and_print),
        cmocka_unit_test(untrusted_text_is_escaped),
        cmocka_unit_test(pool_runs_all_work),
        cmocka_unit_test(files_are_replaced_atomically_and_roots_hold),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
