/* SPDX-License-Identifier: Apache-2.0
 *
 * Every format, and reading a report, with every allocation failing once.
 */
#include "../base/alloc_fail.h"
#include "report_int.h"
#include "sample.h"

static void sample_audit(struct plm_report *r)
{
    static const char *const ids[] = {"5.4", "5.11", "1.1.3", "2.1", "H-LOCK"};
    struct plm_target *t = plm_report_target(r);
    t->id = t->scheme = PLM_SV("audit");
    for (int i = 0; i < PLM_OUTCOMES; i++) {
        struct plm_check_row *c = plm_report_check(r, 1);
        c->id = plm_sv_from(ids[i]);
        c->title = PLM_SV("something is true");
        c->object = PLM_SV("web");
        c->severity = PLM_SEV_MEDIUM;
        c->outcome = (enum plm_outcome)i;
        plm_sv_vec_add(r->arena, &c->evidence, PLM_SV("seen"));
        struct plm_control *k = plm_vec_push(r->arena, &c->controls);
        *k = (struct plm_control){PLM_SV("cis-docker"), PLM_SV("1.6.0"), c->id};
    }
    struct plm_finding *f = plm_report_finding(r, 1, PLM_KIND_AUDIT);
    f->id = PLM_SV("5.11");
    f->object = PLM_SV("web");
    f->title = PLM_SV("something is true");
    f->remediation = PLM_SV("set `it`");
    struct plm_stage_score *s = plm_vec_push(r->arena, &r->scores);
    *s = (struct plm_stage_score){
        .name = PLM_SV("audit"), .is_judged = true, .score = 50, .judged = 4, .failed = 2};
    struct plm_fix_row *x = plm_vec_push(r->arena, &r->fixes);
    *x = (struct plm_fix_row){
        .title = PLM_SV("set it"), .command = PLM_SV("set\nit"), .impact = PLM_SV("safe"), .weight = 2};
}

struct job {
    const struct plm_report *r;
    const struct plm_format *f;
    plm_sv json;
};

static int render(void *arg, plm_err **err)
{
    const struct job *j = arg;
    struct plm_report_options opt = {
        .width = 100, .verbose = 1, .show_suppressed = true, .template_text = PLM_SV("{{.schema}}")};
    plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(PLM_MIB(8));
    return j->f->write(j->r, &opt, &b, err);
}

static int read_back(void *arg, plm_err **err)
{
    const struct job *j = arg;
    struct plm_ctx ctx = PLM_CTX_INIT;
    plm_auto(plm_report_free) struct plm_report *r = plm_report_read(&ctx, j->json, "sample", err);
    return r ? 0 : -1;
}

static void formats_and_reader(void **state)
{
    (void)state;
    plm_auto(plm_report_free) struct plm_report *r = sample_report();
    sample_audit(r);
    assert_int_equal(plm_report_finish(r, NULL), 0);
    PLM_SET_FOREACH (plm_formats, struct plm_format, f) {
        struct job j = {.r = r, .f = f};
        assert_true(plm_test_sweep(render, &j) > 0);
    }
    struct plm_report_options opt = {0};
    plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(PLM_MIB(8));
    assert_int_equal(plm_format_find(PLM_SV("json"))->write(r, &opt, &b, NULL), 0);
    struct job j = {.r = r, .json = plm_buf_sv(&b)};
    assert_true(plm_test_sweep(read_back, &j) > 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(formats_and_reader)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
