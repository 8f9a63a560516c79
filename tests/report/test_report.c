/* SPDX-License-Identifier: Apache-2.0 */
#include "report_int.h"
#include "sample.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static struct plm_report *finished(void)
{
    struct plm_report *r = sample_report();
    assert_int_equal(plm_report_finish(r, NULL), 0);
    return r;
}

static void render(const struct plm_report *r, const char *format, const struct plm_report_options *opt,
                   struct plm_buf *b)
{
    const struct plm_format *f = plm_format_find(plm_sv_from(format));
    assert_non_null(f);
    assert_int_equal(f->write(r, opt, b, NULL), 0);
}

static void formats_have_unique_ids_and_texts(void **state)
{
    (void)state;
    size_t n = 0;
    PLM_SET_FOREACH (plm_formats, struct plm_format, f) {
        assert_true(f->id[0] && f->summary[0] && f->extension[0] && f->write);
        assert_ptr_equal(plm_format_find(plm_sv_from(f->id)), f);
        n++;
    }
    assert_true(n >= 5);
    assert_null(plm_format_find(PLM_SV("nonsense")));
}

static void json_survives_reading_and_writing(void **state)
{
    (void)state;
    struct plm_report_options opt = {0};
    struct plm_ctx ctx = PLM_CTX_INIT;
    plm_auto(plm_report_free) struct plm_report *r = finished();
    plm_auto_done(plm_buf_done) struct plm_buf a = PLM_BUF(PLM_MIB(8));
    plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(PLM_MIB(8));
    render(r, "json", &opt, &a);
    plm_err *e = NULL;
    plm_auto(plm_report_free) struct plm_report *again = plm_report_read(&ctx, plm_buf_sv(&a), "sample", &e);
    assert_null(e);
    assert_non_null(again);
    render(again, "json", &opt, &b);
    assert_string_equal(plm_buf_cstr(&a), plm_buf_cstr(&b));
    assert_int_equal(again->findings.n, r->findings.n);
    assert_int_equal(again->counts.fixable, r->counts.fixable);
}

static void reading_names_what_is_wrong(void **state)
{
    (void)state;
    static const struct {
        const char *json, *says;
        enum plm_code code;
    } rows[] = {
        {"{", "bad.json", PLM_E_PARSE},
        {"[]", "schema", PLM_E_UNSUPPORTED},
        {"{\"schema\": \"plimsoll/report/v2\"}", "plimsoll/report/v2", PLM_E_UNSUPPORTED},
        {"{\"schema\": \"plimsoll/report/v1\", \"packages\": [{\"target\": \"x\"}]}",
         "packages[0]: refers to the unknown \"x\"", PLM_E_PARSE},
        {"{\"schema\": \"plimsoll/report/v1\", \"findings\": [{\"kind\": \"odd\"}]}",
         "findings[0]: has the unknown kind \"odd\"", PLM_E_PARSE},
        {"{\"schema\": \"plimsoll/report/v1\", \"findings\": [{\"kind\": \"code\", \"severity\": 4}]}",
         "unknown severity", PLM_E_PARSE},
        {"{\"schema\": \"plimsoll/report/v1\", \"targets\": [{}]}", "targets[0]: has no \"id\"", PLM_E_PARSE},
    };
    struct plm_ctx ctx = PLM_CTX_INIT;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        plm_err *e = NULL;
        assert_null(plm_report_read(&ctx, plm_sv_from(rows[i].json), "bad.json", &e));
        plm_auto_free char *text = plm_err_text(e);
        assert_non_null(strstr(text, rows[i].says));
        assert_int_equal(plm_err_code(e), rows[i].code);
        plm_err_free(e);
    }
}

/* Every width, every grouping and order: no line is wider, no control byte comes through. */
static void tables_stay_inside_their_width(void **state)
{
    (void)state;
    plm_auto(plm_report_free) struct plm_report *r = finished();
    for (unsigned width = 60; width <= 200; width += 7) {
        for (int group = PLM_GROUP_FIX; group <= PLM_GROUP_NONE; group++) {
            struct plm_report_options opt = {.width = width,
                                             .group_by = (enum plm_group)group,
                                             .sort = (enum plm_sort)(group % 5),
                                             .show_suppressed = group & 1,
                                             .verbose = width & 1};
            plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(PLM_MIB(8));
            render(r, "table", &opt, &b);
            plm_sv rest = plm_buf_sv(&b), line;
            while (plm_sv_line(&rest, &line)) {
                if (plm_text_width(line) > width)
                    fail_msg("width %u, group %d: %.*s", width, group, PLM_SV_ARG(line));
                for (size_t i = 0; i < line.n; i++)
                    assert_true((unsigned char)line.p[i] >= ' ');
            }
            assert_true(plm_sv_has(plm_buf_sv(&b), PLM_SV("CVE-2024-5535")));
            assert_true(plm_sv_has(plm_buf_sv(&b), PLM_SV("layer.truncated")));
            assert_true(plm_sv_has(plm_buf_sv(&b), PLM_SV("VERDICT  fail")));
        }
    }
}

static void upgrades_go_to_the_highest_fix_and_count_flaws_once(void **state)
{
    (void)state;
    plm_auto(plm_report_free) struct plm_report *r = finished();
    struct plm_report_options opt = {.width = 100};
    plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(PLM_MIB(8));
    render(r, "table", &opt, &b);
    plm_sv text = plm_buf_sv(&b);
    assert_true(plm_sv_has(text, PLM_SV("openssl 3.0.11-1 -> 3.0.15-1~deb12u1")));
    assert_true(plm_sv_has(text, PLM_SV("1 critical, 1 medium")));
    assert_true(plm_sv_has(text, PLM_SV("in libssl3, openssl; layer 1")));
    assert_false(plm_sv_has(text, PLM_SV("CVE-2018-20796")));
    assert_true(plm_sv_has(text, PLM_SV("1 finding suppressed by exception")));
}

static void colors_only_where_asked_for(void **state)
{
    (void)state;
    plm_auto(plm_report_free) struct plm_report *r = finished();
    for (int color = 0; color < 2; color++) {
        struct plm_report_options opt = {.width = 100, .color = color};
        plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(PLM_MIB(8));
        render(r, "table", &opt, &b);
        assert_int_equal(plm_sv_find(plm_buf_sv(&b), '\033') != SIZE_MAX, color);
    }
}

static void csv_cells_cannot_become_formulas_or_rows(void **state)
{
    (void)state;
    plm_auto(plm_report_free) struct plm_report *r = finished();
    struct plm_report_options opt = {.show_suppressed = true};
    plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(PLM_MIB(8));
    render(r, "csv", &opt, &b);
    plm_sv text = plm_buf_sv(&b), line, rest = text;
    size_t lines = 0;
    while (plm_sv_line(&rest, &line))
        lines++;
    assert_int_equal(lines, r->findings.n + 1);
    assert_true(plm_sv_has(text, PLM_SV("\"'=cmd|'/C calc'!A0\",\"1,0\"\"\\n\\x1b[2J\\u{202e}\"")));
}

static void display_options_choose_and_order(void **state)
{
    (void)state;
    plm_auto(plm_report_free) struct plm_report *r = finished();
    struct plm_report_options opt = {.min_severity = PLM_SEV_HIGH, .sort = PLM_SORT_ID};
    const struct plm_finding **list;
    size_t n;
    assert_int_equal(plm_report_select(r, &opt, &list, &n, NULL), 0);
    assert_int_equal(n, 4);
    for (size_t i = 1; i < n; i++)
        assert_true(plm_sv_cmp(list[i - 1]->id, list[i]->id) <= 0);
    free(list);
}

static void templates_print_what_the_schema_names(void **state)
{
    (void)state;
    static const struct {
        const char *text, *out;
    } rows[] = {
        {"", ""},
        {"a {{/* nothing */}}b", "a b"},
        {"{{.verdict.result}}", "fail"},
        {"{{range .findings}}{{if eq .kind \"secret\"}}{{.location.path}}{{end}}{{end}}",
         "/root/\\x1b[31mkey\\n.pem"},
        {"{{range .findings}}{{if eq .kind \"secret\"}}{{.location.path | html}}{{end}}{{end}}",
         "/root/\xef\xbf\xbd[31mkey\n.pem"},
        {"{{range .findings}}{{if eq .kind \"secret\"}}{{.location.path | json}}{{end}}{{end}}",
         "\"/root/\\u001b[31mkey\\n.pem\""},
        {"{{range .nothing}}x{{else}}none{{end}}", "none"},
        {"{{if .kev}}x{{else}}y{{end}}", "y"},
        {"{{if not .kev}}x{{end}}", "x"},
        {"{{len .packages}} {{len .schema}}", "4 18"},
        {"a \n {{- .schema -}} \n b", "aplimsoll/report/v1b"},
        {"{{range .targets}}{{.id | upper}}{{$.schema}}{{range .source.layers}}[{{.size}}]{{end}}{{end}}",
         "APP.TARplimsoll/report/v1[1000][1000]"},
        {"{{.nothing | default \"-\"}}{{.run.network | join \" \"}}{{.run.exit.code}}", "-deb.example.org1"},
        {"{{if and .schema .nothing}}x{{else}}{{if or .schema .nothing}}y{{end}}{{end}}{{if len "
         ".nothing}}z{{end}}",
         "y"},
        {"{{range .summary.by_severity}}{{.}};{{end}}", "2;2;2;0;2;0;"},
    };
    plm_auto(plm_report_free) struct plm_report *r = finished();
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct plm_report_options opt = {.template_text = plm_sv_from(rows[i].text)};
        plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(PLM_MIB(8));
        render(r, "template", &opt, &b);
        if (!plm_sv_is(plm_buf_sv(&b), rows[i].out))
            fail_msg("%s: %.*s", rows[i].text, PLM_SV_ARG(plm_buf_sv(&b)));
    }
}

static void broken_templates_name_the_line(void **state)
{
    (void)state;
    static const char *const rows[] = {
        "\n{{",
        "\n{{}}",
        "\n{{id}}",
        "\n{{range .x}}",
        "\n{{end}}",
        "\n{{else}}",
        "\n{{.a | nothing}}",
        "\n{{.a | join}}",
        "\n{{if .a}}{{else}}{{else}}{{end}}",
        "\n{{eq .a}}",
        "\n{{.a .b}}",
        "\n{{/* x }}",
        "\n{{end x}}",
        "\n{{\"open}}",
        "\n{{$a}}",
        "\n{{.a|raw|raw|raw|raw|raw|raw|raw|raw|raw}}",
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        plm_err *e = NULL;
        if (plm_template_check(plm_sv_from(rows[i]), &e) == 0)
            fail_msg("accepted: %s", rows[i]);
        plm_auto_free char *text = plm_err_text(e);
        assert_non_null(strstr(text, "template line 2"));
        assert_int_equal(plm_err_code(e), PLM_E_CONFIG);
        plm_err_free(e);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(formats_have_unique_ids_and_texts),
        cmocka_unit_test(json_survives_reading_and_writing),
        cmocka_unit_test(reading_names_what_is_wrong),
        cmocka_unit_test(tables_stay_inside_their_width),
        cmocka_unit_test(upgrades_go_to_the_highest_fix_and_count_flaws_once),
        cmocka_unit_test(colors_only_where_asked_for),
        cmocka_unit_test(csv_cells_cannot_become_formulas_or_rows),
        cmocka_unit_test(display_options_choose_and_order),
        cmocka_unit_test(templates_print_what_the_schema_names),
        cmocka_unit_test(broken_templates_name_the_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
