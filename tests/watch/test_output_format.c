/* SPDX-License-Identifier: Apache-2.0
 *
 * Output formats and alerts: tokens, widths, what has no value, escapes; the text line, the JSON shape of the
 * specification's example.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "field_world.h"

#include "watch/alert.h"

#include <stdlib.h>

static const struct {
    const char *format, *text;
} good[] = {
    {"", ""},
    {"plain text", "plain text"},
    {"%proc.name", "cat"},
    {"a %proc.name b", "a cat b"},
    {"(%proc.name)", "(cat)"},
    {"%proc.name.", "cat."},
    {"%proc.name.exe", "cat.exe"},
    {"%proc.namespace", "catspace"},
    {"%proc.name%proc.pname", "catbash"},
    {"%proc.aname[2]", "sshd"},
    {"%proc.aname[2].", "sshd."},
    {"%proc.aname[9]", "<NA>"},
    {"%proc.name[2]", "cat[2]"},
    {"%proc.aname", "bash sshd systemd"},
    {"%evt.arg.flags,", "O_RDONLY|O_CLOEXEC,"},
    {"%evt.arg.flagship", "O_RDONLY|O_CLOEXEChip"},
    {"%5proc.name|", "cat  |"},
    {"%2proc.name|", "ca|"},
    {"%6container.image|", "<NA>  |"},
    {"%toupper(proc.name)!", "CAT!"},
    {"%basename(fd.name))", "shadow)"},
    {"%toupper(basename(fd.name)) x", "SHADOW x"},
    {"%len(proc.name)", "3"},
    {"x %container.info y", "x  y"},
    {"%user.loginuid %evt.rawres", "1000 3"},
    {"*%proc.name", "*cat"},
};

static const struct {
    const char *format;
    size_t offset;
} bad[] = {
    {"%", 0},
    {"abc %", 4},
    {"%%", 0},
    {"% proc.name", 0},
    {"x %nonesuch", 2},
    {"%10", 0},
    {"%99999proc.name", 0},
    {"%fd.ip", 0},
    {"%fd.net", 0},
    {"%evt.arg.", 0},
    {"%tolower(", 0},
    {"%tolower()", 0},
    {"%tolower(x)", 0},
    {"%nope(proc.name)", 0},
    {"%proc", 0},
    {"%container.label", 0},
    {"a%container.infob", 1},
};

static void formats(void **state)
{
    (void)state;
    plm_auto(plm_arena_free) struct plm_arena *a = plm_arena_new(PLM_ARENA_NO_LIMIT);
    struct world w;
    world_make(&w, a);
    world_open(&w, 3, O_RDONLY | O_CLOEXEC);
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(PLM_MIB(1));
        const struct plm_output_format *f = plm_output_compile(plm_sv_from(good[i].format), a, NULL, NULL);
        if (!f)
            fail_msg("'%s' is refused", good[i].format);
        plm_output_text(f, &w.view, &b);
        if (!plm_sv_is(plm_buf_sv(&b), good[i].text))
            fail_msg("'%s': '%.*s'", good[i].format, (int)b.n, b.p);
    }
}

static void faults(void **state)
{
    (void)state;
    plm_auto(plm_arena_free) struct plm_arena *a = plm_arena_new(PLM_ARENA_NO_LIMIT);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        plm_auto(plm_err_free) plm_err *err = NULL;
        size_t offset = 999;
        if (plm_output_compile(plm_sv_from(bad[i].format), a, &offset, &err))
            fail_msg("'%s' is taken", bad[i].format);
        assert_int_equal(offset, bad[i].offset);
        assert_non_null(err);
    }
}

static void needs(void **state)
{
    (void)state;
    plm_auto(plm_arena_free) struct plm_arena *a = plm_arena_new(PLM_ARENA_NO_LIMIT);
    struct plm_output_format *f =
        plm_output_compile(PLM_SV("%proc.env[A] %tolower(container.name)"), a, NULL, NULL);
    assert_non_null(f);
    assert_int_equal(f->needs, PLM_NEED_ENV);
    assert_true(f->needs_metadata);
    f = plm_output_compile(PLM_SV("%proc.name %container.id %container.info"), a, NULL, NULL);
    assert_non_null(f);
    assert_int_equal(f->needs, 0);
    assert_false(f->needs_metadata);
    assert_true(f->had_container_info);
}

static void escapes(void **state)
{
    (void)state;
    plm_auto(plm_arena_free) struct plm_arena *a = plm_arena_new(PLM_ARENA_NO_LIMIT);
    plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(PLM_MIB(1));
    struct world w;
    world_make(&w, a);
    w.cat.info.comm = PLM_SV("a\n\t\x1b\"\\\xff/\xc3\xa9");
    const struct plm_output_format *f = plm_output_compile(PLM_SV("%proc.name"), a, NULL, NULL);
    assert_non_null(f);
    plm_output_text(f, &w.view, &b);
    assert_string_equal(plm_buf_cstr(&b), "a\\n\\t\\u001b\"\\\xef\xbf\xbd/\xc3\xa9");
}

/* ---- alerts ------------------------------------------------------------------------------------- */

static plm_sv tags[] = {{"T1555", 5}, {"container", 9}};

static struct plm_alert *make(struct world *w, struct plm_arena *a, const char *output,
                              const struct plm_alert_options *o)
{
    struct plm_rule rule = {.name = PLM_SV("Read sensitive file untrusted"),
                            .source = PLM_SV("syscall"),
                            .priority = PLM_PRIO_WARNING,
                            .tags = tags,
                            .n_tags = 2,
                            .output = plm_output_compile(plm_sv_from(output), a, NULL, NULL)};
    assert_non_null(rule.output);
    static const plm_sv extra_names[] = {{"tty", 3}, {"who", 3}};
    const struct plm_output_format *extra[] = {plm_output_compile(PLM_SV("%proc.tty"), a, NULL, NULL),
                                               plm_output_compile(PLM_SV("<%user.name>"), a, NULL, NULL)};
    if (o->n_static) {
        rule.extra_names = extra_names;
        rule.extra_formats = extra;
        rule.n_extra = 2;
    }
    struct plm_alert *alert = plm_alert_make(&rule, &w->view, o, NULL);
    assert_non_null(alert);
    return alert;
}

#define OUTPUT                                                                                               \
    "Sensitive file opened | file=%fd.name gparent=%proc.aname[2] evt_type=%evt.type user=%user.name "       \
    "user_uid=%user.uid command=%proc.cmdline terminal=%proc.tty image=%container.image.repository "         \
    "upper=%proc.is_exe_upper_layer again=%proc.tty"
#define MESSAGE                                                                                              \
    "Sensitive file opened | file=/etc/shadow gparent=sshd evt_type=openat user=root user_uid=0 "            \
    "command=cat -n /etc/shadow terminal=34816 image=<NA> upper=true again=34816"

static void line(void **state)
{
    (void)state;
    plm_auto(plm_arena_free) struct plm_arena *a = plm_arena_new(PLM_ARENA_NO_LIMIT);
    plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(PLM_MIB(1));
    struct world w;
    world_make(&w, a);
    world_open(&w, 3, O_RDONLY);
    struct plm_alert_options o = {.hostname = PLM_SV("node7")};
    plm_auto(plm_alert_free) struct plm_alert *alert = make(&w, a, OUTPUT, &o);
    plm_alert_line(alert, &o, &b);
    assert_string_equal(plm_buf_cstr(&b), "10:02:11.004210337: Warning " MESSAGE);
    plm_buf_clear(&b);
    o.iso_time = true;
    plm_alert_line(alert, &o, &b);
    assert_string_equal(plm_buf_cstr(&b), "2026-07-01T10:02:11.004210337+0000: Warning " MESSAGE);
    assert_int_equal(alert->pid, 100);
    assert_true(plm_sv_is(alert->process, "cat"));
    assert_null(alert->container_id.p);
}

static void json(void **state)
{
    (void)state;
    plm_auto(plm_arena_free) struct plm_arena *a = plm_arena_new(PLM_ARENA_NO_LIMIT);
    plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(PLM_MIB(1));
    struct world w;
    world_make(&w, a);
    world_open(&w, 3, O_RDONLY);
    struct plm_alert_options o = {
        .with_output = true, .with_fields = true, .with_tags = true, .hostname = PLM_SV("node7")};
    plm_auto(plm_alert_free) struct plm_alert *alert = make(&w, a, OUTPUT, &o);
    plm_alert_falco_json(alert, &o, &b);
    assert_string_equal(
        plm_buf_cstr(&b),
        "{\"hostname\":\"node7\",\"output\":\"10:02:11.004210337: Warning " MESSAGE "\",\"output_fields\":{"
        "\"container.image.repository\":null,\"evt.time\":1782900131004210337,\"evt.type\":\"openat\","
        "\"fd.name\":\"/etc/shadow\",\"proc.aname[2]\":\"sshd\",\"proc.cmdline\":\"cat -n /etc/shadow\","
        "\"proc.is_exe_upper_layer\":true,\"proc.tty\":34816,\"user.name\":\"root\",\"user.uid\":0},"
        "\"priority\":\"Warning\",\"rule\":\"Read sensitive file untrusted\",\"source\":\"syscall\","
        "\"tags\":[\"T1555\",\"container\"],\"time\":\"2026-07-01T10:02:11.004210337Z\"}");
}

static void switches(void **state)
{
    (void)state;
    plm_auto(plm_arena_free) struct plm_arena *a = plm_arena_new(PLM_ARENA_NO_LIMIT);
    plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(PLM_MIB(1));
    struct world w;
    world_make(&w, a);
    world_open(&w, 3, O_RDONLY);
    static const plm_sv names[] = {{"site", 4}, {"tty", 3}}, values[] = {{"b\"1", 3}, {"x", 1}};
    struct plm_alert_options o = {.with_message = true,
                                  .with_fields = true,
                                  .iso_time = true,
                                  .hostname = PLM_SV("n"),
                                  .static_names = names,
                                  .static_values = values,
                                  .n_static = 2};
    plm_auto(plm_alert_free) struct plm_alert *alert = make(&w, a, "at %evt.time", &o);
    plm_alert_falco_json(alert, &o, &b);
    assert_string_equal(plm_buf_cstr(&b),
                        "{\"hostname\":\"n\",\"message\":\"at 10:02:11.004210337\",\"output_fields\":{"
                        "\"evt.time\":1782900131004210337,\"evt.time.iso8601\":1782900131004210337,"
                        "\"site\":\"b\\\"1\",\"tty\":34816,\"who\":\"<root>\"},\"priority\":\"Warning\","
                        "\"rule\":\"Read sensitive file untrusted\",\"source\":\"syscall\","
                        "\"time\":\"2026-07-01T10:02:11.004210337Z\"}");
}

static void base64_and_internal(void **state)
{
    (void)state;
    plm_auto(plm_arena_free) struct plm_arena *a = plm_arena_new(PLM_ARENA_NO_LIMIT);
    plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(PLM_MIB(1));
    struct world w;
    world_make(&w, a);
    world_event(&w, PLM_EVT_write, 3);
    world_param(&w, "data")->s = PLM_SV("\x01\x02\x03");
    struct plm_alert_options o = {.buffer_base64 = true};
    plm_auto(plm_alert_free) struct plm_alert *alert = make(&w, a, "%evt.buffer", &o);
    assert_true(plm_sv_is(alert->message, "AQID"));
    struct plm_alert_field f = {PLM_SV("n_evts"), PLM_SV("\"5\"")};
    plm_auto(plm_alert_free) struct plm_alert *inside = plm_alert_internal(
        PLM_SV("Falco internal: syscall event drop"), PLM_PRIO_DEBUG, PLM_SV("lost"), WORLD_TS, &f, 1, NULL);
    assert_non_null(inside);
    o = (struct plm_alert_options){.with_fields = true, .with_output = true, .hostname = PLM_SV("h")};
    plm_alert_falco_json(inside, &o, &b);
    assert_string_equal(
        plm_buf_cstr(&b),
        "{\"hostname\":\"h\",\"output\":\"10:02:11.004210337: Debug lost\",\"output_fields\":{"
        "\"n_evts\":\"5\"},\"priority\":\"Debug\",\"rule\":\"Falco internal: syscall event drop\","
        "\"source\":\"internal\",\"time\":\"2026-07-01T10:02:11.004210337Z\"}");
}

int main(void)
{
    setenv("TZ", "UTC", 1);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(formats),  cmocka_unit_test(faults),
        cmocka_unit_test(needs),    cmocka_unit_test(escapes),
        cmocka_unit_test(line),     cmocka_unit_test(json),
        cmocka_unit_test(switches), cmocka_unit_test(base64_and_internal),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
