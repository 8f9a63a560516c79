/* SPDX-License-Identifier: Apache-2.0
 *
 * The pieces that image checks decide by, and the checks over inspect and history answers.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "audit/image_int.h"

static void test_users(void **state)
{
    (void)state;
    static const struct {
        const char *user;
        enum plm_user_kind kind;
    } rows[] = {
        {"", PLM_USER_ROOT},         {"root", PLM_USER_ROOT},    {"root:daemon", PLM_USER_ROOT},
        {"0", PLM_USER_ROOT},        {"0:0", PLM_USER_ROOT},     {"+0", PLM_USER_ROOT},
        {"00", PLM_USER_ROOT},       {"0:1000", PLM_USER_ROOT},  {":1000", PLM_USER_ROOT},
        {"1000", PLM_USER_OTHER},    {"1000:0", PLM_USER_OTHER}, {"app", PLM_USER_NAMED},
        {"app:app", PLM_USER_NAMED}, {"rooted", PLM_USER_NAMED}, {"65534:65534", PLM_USER_OTHER},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        plm_sv name;
        if (plm_user_kind(plm_sv_from(rows[i].user), &name) != rows[i].kind)
            fail_msg("user \"%s\"", rows[i].user);
    }
}

static void test_registries(void **state)
{
    (void)state;
    static const char *const rows[][2] = {
        {"nginx:1.25", "docker.io"},
        {"library/nginx", "docker.io"},
        {"registry.example/team/app:1", "registry.example"},
        {"registry.example:5000/app", "registry.example:5000"},
        {"localhost/app", "localhost"},
        {"team/app@sha256:0", "docker.io"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        assert_true(plm_sv_is(plm_image_registry(plm_sv_from(rows[i][0])), rows[i][1]));
}

static void test_steps(void **state)
{
    (void)state;
    static const struct {
        const char *step;
        bool is_first, refreshes, adds, is_unverified;
    } rows[] = {
        {"/bin/sh -c apt-get update", false, true, false, false},
        {"RUN /bin/sh -c apt-get update && apt-get install -y curl # buildkit", false, false, false, false},
        {"|1 A=b /bin/sh -c apk update", false, true, false, false},
        {"RUN /bin/sh -c apk update && apk add curl", false, false, false, false},
        /* the word alone is no refresh */
        {"COPY update.sh /usr/bin/update # buildkit", false, false, false, false},
        {"RUN /bin/sh -c npm update", false, false, false, false},
        {"/bin/sh -c #(nop) ADD file:0123 in / ", true, false, false, false},
        {"/bin/sh -c #(nop) ADD file:0123 in /app ", false, false, true, false},
        {"ADD https://host.example/x.tgz /x # buildkit", false, false, true, false},
        {"ADD app.tar.gz / # buildkit", false, false, true, false},
        {"COPY app.tar.gz / # buildkit", false, false, false, false},
        {"RUN /bin/sh -c echo ADD file: x # buildkit", false, false, false, false},
        {"RUN /bin/sh -c curl -sL https://host.example/i | sh # buildkit", false, false, false, true},
        {"RUN /bin/sh -c wget -qO- https://host.example/i | sudo /bin/bash -s", false, false, false, true},
        {"RUN /bin/sh -c curl -s https://host.example/i | sha256sum -c", false, false, false, false},
        {"RUN /bin/sh -c curl -s https://host.example/i > i", false, false, false, false},
        {"RUN /bin/sh -c apt-get install -y --allow-unauthenticated x", false, false, false, true},
        {"RUN /bin/sh -c yum install --nogpgcheck x", false, false, false, true},
        {"RUN /bin/sh -c apk add --allow-untrusted /x.apk", false, false, false, true},
        {"RUN /bin/sh -c pip install --trusted-host host.example x", false, false, false, true},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        plm_sv s = plm_sv_from(rows[i].step);
        if (plm_step_only_refreshes(s, rows[i].is_first) != rows[i].refreshes ||
            plm_step_adds(s, rows[i].is_first) != rows[i].adds ||
            plm_step_is_unverified(s, rows[i].is_first) != rows[i].is_unverified)
            fail_msg("step %zu: %s", i, rows[i].step);
    }
}

/* ---- checks over an engine's answers ---------------------------------------------------------------- */

struct world {
    struct plm_ctx ctx;
    struct plm_report *report;
    struct plm_arena *arena;
    struct plm_audit_options opt;
    struct plm_facts facts;
    struct plm_json *inspect, *history;
};

/* What a scan of the image said: {id, path, kind}, NULL-ended; the id's row is there with or without a
 * finding. */
struct scanned {
    const char *id, *path;
    enum plm_kind kind;
};

static void plant_scan(struct plm_report *r, const struct scanned *s)
{
    struct plm_target *t = plm_report_target(r);
    assert_non_null(t);
    t->scheme = PLM_SV("docker");
    t->image_id = PLM_SV("sha256:1");
    for (; s->id; s++) {
        struct plm_check_row *row = plm_report_check(r, 0);
        assert_non_null(row);
        row->id = plm_sv_from(s->id);
        if (!s->path)
            continue;
        struct plm_finding *f = plm_report_finding(r, 0, s->kind);
        assert_non_null(f);
        f->id = plm_sv_from(s->id);
        f->path = plm_sv_from(s->path);
        plm_sv_vec_add(r->arena, &f->evidence, f->path);
    }
}

static void judge_scanned(struct world *w, const char *check, const char *inspect, const char *history,
                          bool is_used, const struct scanned *scan)
{
    *w = (struct world){
        .ctx = PLM_CTX_INIT, .report = plm_report_new(NULL), .arena = plm_arena_new(PLM_ARENA_NO_LIMIT)};
    w->ctx.now = 1700000000;
    w->opt.stages = PLM_STAGE_BIT(PLM_STAGE_IMAGES);
    w->opt.expect.max_image_age = w->opt.expect.max_idle = 30 * 86400;
    plm_sv_vec_add(w->arena, &w->opt.checks, plm_sv_from(check));
    w->facts = (struct plm_facts){
        .ctx = &w->ctx, .opt = &w->opt, .arena = w->arena, .report = w->report, .root_fd = -1};
    struct plm_daemon *d = plm_vec_push(w->arena, &w->facts.daemons);
    *d = (struct plm_daemon){.endpoint = PLM_SV("unix:///e"), .is_answering = true};
    struct plm_image_facts *image = plm_vec_push(w->arena, &d->images);
    *image = (struct plm_image_facts){.daemon = d,
                                      .id = PLM_SV("sha256:1"),
                                      .object = PLM_SV("app:1"),
                                      .created = 1700000000 - 86400,
                                      .is_used = is_used};
    plm_sv_vec_add(w->arena, &image->tags, PLM_SV("app:1"));
    if (inspect) {
        w->inspect = plm_json_parse(plm_sv_from(inspect), "inspect", w->ctx.limits, NULL);
        image->inspect.root = plm_json_root(w->inspect);
        image->config = plm_json_at(image->inspect.root, "Config", NULL);
    }
    if (history) {
        w->history = plm_json_parse(plm_sv_from(history), "history", w->ctx.limits, NULL);
        image->history.root = plm_json_root(w->history);
    }
    if (scan)
        plant_scan(w->report, scan);
    size_t before = w->report->checks.n;
    assert_int_equal(plm_audit_judge(&w->facts, NULL), 0);
    assert_int_equal(w->report->checks.n, before + 1);
}

static void judge(struct world *w, const char *check, const char *inspect, const char *history, bool is_used)
{
    judge_scanned(w, check, inspect, history, is_used, NULL);
}

static void end(struct world *w)
{
    plm_json_free(w->inspect);
    plm_json_free(w->history);
    plm_report_free(w->report);
    plm_arena_free(w->arena);
}

static void test_checks(void **state)
{
    (void)state;
    static const struct {
        const char *check, *inspect, *history;
        bool is_used;
        enum plm_outcome outcome;
    } rows[] = {
        {"4.1", "{\"Config\":{\"User\":\"0:0\"}}", NULL, true, PLM_OUT_FAIL},
        {"4.1", "{\"Config\":{\"User\":\"1000\"}}", NULL, true, PLM_OUT_PASS},
        {"4.1", "{\"Config\":{\"User\":\"app\"}}", NULL, true, PLM_OUT_UNKNOWN}, /* no passwd to look into */
        {"4.1", NULL, NULL, true, PLM_OUT_UNKNOWN},
        {"4.2", NULL, NULL, true, PLM_OUT_MANUAL},
        {"4.4", NULL, NULL, true, PLM_OUT_UNKNOWN}, /* not scanned */
        {"4.8", NULL, NULL, true, PLM_OUT_UNKNOWN},
        {"I4", NULL, NULL, false, PLM_OUT_NA},
        {"4.6", "{\"Config\":{}}", NULL, true, PLM_OUT_FAIL},
        {"4.6", "{\"Config\":{\"Healthcheck\":{\"Test\":[\"NONE\"]}}}", NULL, true, PLM_OUT_FAIL},
        {"4.6", "{\"Config\":{\"Healthcheck\":{\"Test\":[\"CMD\",\"true\"]}}}", NULL, true, PLM_OUT_PASS},
        {"4.7", NULL, "[{\"CreatedBy\":\"RUN apt-get update\"},{\"CreatedBy\":\"ADD file:1 in /\"}]", true,
         PLM_OUT_FAIL},
        {"4.9", NULL, "[{\"CreatedBy\":\"CMD x\"},{\"CreatedBy\":\"ADD file:1 in /\"}]", true, PLM_OUT_PASS},
        {"4.9", NULL, NULL, true, PLM_OUT_UNKNOWN},
        {"I1", NULL, NULL, true, PLM_OUT_PASS},
        {"I2", NULL, NULL, false, PLM_OUT_PASS},
        {"I3", "{\"Config\":{\"ExposedPorts\":{\"80/tcp\":{}}}}", NULL, true, PLM_OUT_PASS},
        {"I3", "{\"Config\":{\"ExposedPorts\":{\"22/tcp\":{}}}}", NULL, true, PLM_OUT_FAIL},
        {"I5", NULL, NULL, false, PLM_OUT_NA},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct world w;
        judge(&w, rows[i].check, rows[i].inspect, rows[i].history, rows[i].is_used);
        const struct plm_check_row *row = &w.report->checks.v[0];
        if (row->outcome != rows[i].outcome)
            fail_msg("row %zu, %s: %s", i, rows[i].check, plm_outcome_name(row->outcome));
        end(&w);
    }
}

/* 4.8, 4.10 and I4 by what a scan of this run found in the image. */
static void test_contents(void **state)
{
    (void)state;
    static const struct {
        const char *check;
        struct scanned scan[3];
        enum plm_outcome outcome;
    } rows[] = {
        {"4.8", {{"4.8", "/opt/tool", PLM_KIND_MISCONFIGURATION}}, PLM_OUT_FAIL},
        {"4.8", {{"4.8", "/usr/bin/su", PLM_KIND_MISCONFIGURATION}}, PLM_OUT_PASS}, /* the distribution's */
        {"4.8", {{"4.8", NULL, PLM_KIND_COUNT_}}, PLM_OUT_PASS},
        {"4.8", {{NULL, NULL, PLM_KIND_COUNT_}}, PLM_OUT_UNKNOWN}, /* scanned for vulnerabilities only */
        {"4.10", {{"4.10", "/x/id_rsa", PLM_KIND_MISCONFIGURATION}}, PLM_OUT_FAIL},
        {"4.10",
         {{"4.10", NULL, PLM_KIND_COUNT_}, {"aws-access-token", "/x", PLM_KIND_SECRET}},
         PLM_OUT_FAIL},
        {"4.10", {{"4.10", NULL, PLM_KIND_COUNT_}, {"4.9", "/x", PLM_KIND_MISCONFIGURATION}}, PLM_OUT_PASS},
        {"I4",
         {{"I6", NULL, PLM_KIND_COUNT_}, {"DKL-LI-0001", "/etc/shadow", PLM_KIND_MISCONFIGURATION}},
         PLM_OUT_FAIL},
        {"I4", {{"I6", NULL, PLM_KIND_COUNT_}, {"4.10", "/x", PLM_KIND_SECRET}}, PLM_OUT_PASS},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct world w;
        judge_scanned(&w, rows[i].check, NULL, NULL, true, rows[i].scan);
        const struct plm_check_row *row = &w.report->checks.v[w.report->checks.n - 1];
        for (size_t k = 0; k < w.report->checks.n; k++)
            if (w.report->checks.v[k].object.n)
                row = &w.report->checks.v[k];
        if (row->outcome != rows[i].outcome)
            fail_msg("row %zu, %s: %s", i, rows[i].check, plm_outcome_name(row->outcome));
        end(&w);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_users), cmocka_unit_test(test_registries),
                                       cmocka_unit_test(test_steps), cmocka_unit_test(test_checks),
                                       cmocka_unit_test(test_contents)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
