/* SPDX-License-Identifier: Apache-2.0 */
#include "report_int.h"
#include "sample.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static void render(const struct plm_report *r, const char *format, struct plm_buf *out, struct plm_buf *notes)
{
    struct plm_report_options opt = {.notes = notes};
    const struct plm_format *f = plm_format_find(plm_sv_from(format));
    assert_non_null(f);
    assert_int_equal(f->write(r, &opt, out, NULL), 0);
}

static struct plm_report *finished(void)
{
    struct plm_report *r = sample_report();
    assert_int_equal(plm_report_finish(r, NULL), 0);
    return r;
}

static size_t count(plm_sv text, const char *what)
{
    size_t n = 0, at;
    while ((at = plm_sv_find_sv(text, plm_sv_from(what))) != SIZE_MAX) {
        text = plm_sv_from_off(text, at + strlen(what));
        n++;
    }
    return n;
}

/* Many findings of each level, each in a line that tries to begin a command of its own. */
static void crowd(struct plm_report *r, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        struct plm_finding *f = plm_report_finding(r, 0, PLM_KIND_MISCONFIGURATION);
        f->id = plm_arena_printf(r->arena, "X%zu", i);
        f->severity = i % 3 == 0 ? PLM_SEV_HIGH : i % 3 == 1 ? PLM_SEV_MEDIUM : PLM_SEV_LOW;
        f->title = PLM_SV("a\n::error::b, 100%: c");
        f->path = PLM_SV("/etc/x:1,line=7\n::stop-commands::y");
    }
}

static void annotations_stay_within_ten_of_a_level(void **state)
{
    (void)state;
    plm_auto(plm_report_free) struct plm_report *r = sample_report();
    plm_auto_done(plm_buf_done) struct plm_buf out = PLM_BUF(PLM_MIB(8)), notes = PLM_BUF(PLM_KIB(64));
    crowd(r, 90);
    assert_int_equal(plm_report_finish(r, NULL), 0);
    render(r, "github-annotations", &out, &notes);
    plm_sv rest = plm_buf_sv(&out), line;
    size_t errors = 0, warnings = 0, notices = 0;
    while (plm_sv_line(&rest, &line)) {
        errors += plm_sv_starts(line, PLM_SV("::error "));
        warnings += plm_sv_starts(line, PLM_SV("::warning "));
        notices += plm_sv_starts(line, PLM_SV("::notice "));
    }
    assert_int_equal(count(plm_buf_sv(&out), "\n"), 30); /* no line that is not one of ours */
    assert_int_equal(errors, 10);
    assert_int_equal(warnings, 10);
    assert_int_equal(notices, 10);
    assert_true(plm_sv_has(plm_buf_sv(&out), PLM_SV("more are not annotated")));
    assert_true(plm_sv_has(plm_buf_sv(&notes), PLM_SV("left out")));
    assert_true(plm_sv_has(plm_buf_sv(&out), PLM_SV("could not look%3A layer.truncated")));
    assert_true(plm_sv_has(plm_buf_sv(&out), PLM_SV("100%25: c")));
}

static void checkstyle_is_xml_by_file(void **state)
{
    (void)state;
    plm_auto(plm_report_free) struct plm_report *r = finished();
    plm_auto_done(plm_buf_done) struct plm_buf out = PLM_BUF(PLM_MIB(8));
    render(r, "checkstyle", &out, NULL);
    assert_int_equal(count(plm_buf_sv(&out), "<file "), count(plm_buf_sv(&out), "</file>"));
    assert_true(plm_sv_has(plm_buf_sv(&out), PLM_SV("plimsoll.vulnerability.CVE-2024-5535")));
    assert_true(plm_sv_has(plm_buf_sv(&out), PLM_SV("source=\"layer.truncated\"")));
    assert_false(plm_sv_has(plm_buf_sv(&out), PLM_SV("CVE-2018-20796"))); /* suppressed */
    assert_int_equal(plm_sv_find(plm_buf_sv(&out), '\033'), SIZE_MAX);
}

static void codequality_fingerprints_do_not_repeat(void **state)
{
    (void)state;
    plm_auto(plm_report_free) struct plm_report *r = sample_report();
    plm_auto_done(plm_buf_done) struct plm_buf out = PLM_BUF(PLM_MIB(8)), again = PLM_BUF(PLM_MIB(8));
    plm_auto_done(plm_buf_done) struct plm_buf notes = PLM_BUF(PLM_KIB(64));
    crowd(r, 6000);
    assert_int_equal(plm_report_finish(r, NULL), 0);
    r->findings.v[1].key = r->findings.v[0].key;
    render(r, "gitlab-codequality", &out, &notes);
    render(r, "gitlab-codequality", &again, NULL);
    assert_true(plm_sv_eq(plm_buf_sv(&out), plm_buf_sv(&again)));
    assert_int_equal(count(plm_buf_sv(&out), "\"fingerprint\""), 5000);
    assert_true(plm_sv_has(plm_buf_sv(&notes), PLM_SV("5000 of 60")));
    plm_auto_done(plm_buf_done) struct plm_buf twice = PLM_BUF(PLM_KIB(4));
    plm_buf_printf(&twice, "\"%.*s:2\"", PLM_SV_ARG(r->findings.v[0].key));
    assert_int_equal(count(plm_buf_sv(&out), plm_buf_cstr(&twice)), 1);
}

static void gitlab_chooses_its_type_by_the_kinds(void **state)
{
    (void)state;
    plm_auto(plm_report_free) struct plm_report *r = finished();
    plm_auto_done(plm_buf_done) struct plm_buf out = PLM_BUF(PLM_MIB(8)), notes = PLM_BUF(PLM_KIB(64));
    render(r, "gitlab", &out, &notes);
    plm_sv text = plm_buf_sv(&out);
    assert_true(plm_sv_has(text, PLM_SV("\"type\":\"container_scanning\"")));
    assert_true(plm_sv_has(text, PLM_SV("\"image\":\"app.tar:latest\"")));
    assert_true(plm_sv_has(text, PLM_SV("\"operating_system\":\"debian:12\"")));
    assert_true(plm_sv_has(text, PLM_SV("\"solution\":\"upgrade openssl to 3.0.15-1~deb12u1\"")));
    assert_true(plm_sv_has(text, PLM_SV("\"status\":\"failure\"")));
    assert_false(plm_sv_has(text, PLM_SV("private-key")));
    assert_true(plm_sv_has(plm_buf_sv(&notes), PLM_SV("1 findings of other kinds")));

    for (size_t i = 0; i < r->findings.n; i++)
        if (r->findings.v[i].kind == PLM_KIND_VULNERABILITY && !r->findings.v[i].suppressed)
            r->findings.v[i].kind = PLM_KIND_SECRET;
    plm_buf_clear(&out);
    render(r, "gitlab", &out, NULL);
    assert_true(plm_sv_has(plm_buf_sv(&out), PLM_SV("\"type\":\"secret_detection\"")));
    assert_true(plm_sv_has(plm_buf_sv(&out), PLM_SV("\"sha\":\"0000000\"")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(annotations_stay_within_ten_of_a_level),
        cmocka_unit_test(checkstyle_is_xml_by_file),
        cmocka_unit_test(codequality_fingerprints_do_not_repeat),
        cmocka_unit_test(gitlab_chooses_its_type_by_the_kinds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
