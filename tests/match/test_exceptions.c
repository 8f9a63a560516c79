/* SPDX-License-Identifier: Apache-2.0
 *
 * Exceptions: what a file may say, what is refused with its line, and what they suppress. An
 * exception that is read wrongly hides findings, so the doubtful ones must fail.
 */
#include "store.h"

static struct plm_exceptions *read_text(const char *yaml, plm_err **err)
{
    struct plm_ctx ctx = test_ctx();
    plm_auto(plm_exceptions_free) struct plm_exceptions *e = plm_exceptions_new(err);
    assert_non_null(e);
    return plm_exceptions_parse(&ctx, e, plm_sv_from(yaml), "x.yaml", err) < 0 ? NULL : plm_take(e);
}

static struct plm_exceptions *must_read(const char *yaml)
{
    plm_err *err = NULL;
    struct plm_exceptions *e = read_text(yaml, &err);
    must(e ? 0 : -1, err);
    return e;
}

static void test_all_keys(void **state)
{
    (void)state;
    plm_auto(plm_exceptions_free) struct plm_exceptions *e =
        must_read("exceptions:\n"
                  "  - id: CVE-2024-0001\n"
                  "    where: {purl: 'pkg:deb/debian/a', image: 'app:*', path: /a, layer: 'sha256:*',\n"
                  "            check: '5.4', object: web, base: true}\n"
                  "    reason: not reachable\n"
                  "    owner: ops\n"
                  "    ticket: 12\n"
                  "    until: 2026-12-31\n"
                  "  - {id: '*', reason: all}\n");
    assert_int_equal(e->rows.n, 2);
    const struct plm_exception *x = &e->rows.v[0];
    assert_true(plm_sv_is(x->purl, "pkg:deb/debian/a") && plm_sv_is(x->image, "app:*"));
    assert_true(plm_sv_is(x->layer, "sha256:*") && plm_sv_is(x->check, "5.4") && plm_sv_is(x->object, "web"));
    assert_int_equal(x->base, 1);
    assert_true(plm_sv_is(x->ticket, "12") && plm_sv_is(x->owner, "ops"));
    assert_true(x->until == 1798761599); /* date -d '2026-12-31 23:59:59 UTC' +%s */
    assert_int_equal(x->line, 2);
    assert_int_equal(e->rows.v[1].base, -1);
    assert_null(e->rows.v[1].purl.p);
}

static void test_nothing_to_read(void **state)
{
    (void)state;
    static const char *const texts[] = {"", "exceptions:\n", "[]\n", "# only a remark\n"};
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        plm_auto(plm_exceptions_free) struct plm_exceptions *e = must_read(texts[i]);
        assert_int_equal(e->rows.n, 0);
    }
}

static void test_what_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *yaml, *says;
    } rows[] = {
        {"- id: A\n  reason: r\n  untill: 2026-01-01\n", "x.yaml:3: unknown key: untill"},
        {"- id: A\n  reason: r\n  where: {image: a, tag: b}\n", "x.yaml:3: unknown or unusable key"},
        {"- id: A\n  reason: r\n  where: {base: perhaps}\n", "x.yaml:3: unknown or unusable key"},
        {"- id: A\n  reason: r\n  where: all\n", "must be a mapping"},
        {"- reason: r\n", "needs an `id`"},
        {"- id: A\n", "needs a `reason`"},
        {"- id: A\n  reason: r\n  until: 2026-02-30\n", "not a date"},
        {"- id: A\n  reason: r\n  until: tomorrow\n", "not a date"},
        {"- id: A\n  reason: r\n  until: 2026-01-01T00:00:00Z\n", "not a date"},
        /* a forgotten or misshapen value must not widen the exception to everything */
        {"- id: A\n  reason: r\n  until:\n", "x.yaml:3: a text is missing for the key: until"},
        {"- id: A\n  reason: r\n  where:\n    purl:\n", "a text is missing for the key: purl"},
        {"- id: A\n  reason: r\n  where:\n    purl: ''\n", "a text is missing for the key: purl"},
        {"- id: A\n  reason: r\n  where:\n    image: [a, b]\n", "a text is missing for the key: image"},
        {"- id: [A, B]\n  reason: r\n", "a text is missing for the key: id"},
        {"exceptionz: []\n", "unknown key: exceptionz"},
        {"- just a word\n", "must be a mapping"},
        {"just a word\n", "must be a list"},
        {"- id: A\n  id: B\n  reason: r\n", "x.yaml"},
        {"- {id: A\n", "x.yaml"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        plm_err *err = NULL;
        plm_auto(plm_exceptions_free) struct plm_exceptions *e = read_text(rows[i].yaml, &err);
        if (e)
            fail_msg("taken: %s", rows[i].yaml);
        plm_auto_free char *text = plm_err_text(err);
        if (plm_err_code(err) != PLM_E_CONFIG || !strstr(text, rows[i].says))
            fail_msg("%s: %s", rows[i].yaml, text);
        plm_err_free(err);
    }
}

/* ---- applying -------------------------------------------------------------------------------------- */

static struct plm_report *two_findings(void)
{
    struct plm_report *r = report();
    uint32_t t = target(r, "debian", "12", "Debian:12");
    struct plm_target *to = &r->targets.v[t];
    to->reference = PLM_SV("app:1");
    struct plm_layer *l = plm_vec_push(r->arena, &to->layers);
    assert_non_null(l);
    *l = (struct plm_layer){
        .digest = PLM_SV("sha256:aa"), .diff_id = PLM_SV("sha256:bb"), .is_diff_id_verified = true};
    static const char *const purls[] = {"pkg:deb/debian/a@1.0?arch=amd64", "pkg:deb/debian/b@2.0?arch=amd64"};
    for (size_t i = 0; i < 2; i++) {
        package(r, t, "deb", i ? "b" : "a", i ? "2.0" : "1.0")->purl = plm_sv_from(purls[i]);
        struct plm_finding *f = plm_report_finding(r, t, PLM_KIND_VULNERABILITY);
        assert_non_null(f);
        f->id = i ? PLM_SV("CVE-2024-0002") : PLM_SV("CVE-2024-0001");
        f->package = (uint32_t)i;
        f->path = PLM_SV("/var/lib/dpkg/status");
        f->layer = i ? PLM_NONE : 0;
        f->is_base = i == 1;
        assert_true(plm_sv_vec_add(r->arena, &f->aliases, i ? PLM_SV("GHSA-b") : PLM_SV("GHSA-a")));
    }
    plm_err *err = NULL;
    must(plm_report_finish(r, &err), err);
    return r;
}

static void apply(struct plm_report *r, struct plm_exceptions *e)
{
    struct plm_ctx ctx = test_ctx();
    plm_err *err = NULL;
    must(plm_exceptions_apply(&ctx, e, r, &err), err);
    must(plm_exceptions_note(&ctx, e, r, &err), err);
}

static void test_which_findings_fit(void **state)
{
    (void)state;
    enum { A = 1, B = 2 };
    static const struct {
        const char *row;
        unsigned fits;
    } rows[] = {
        {"{id: CVE-2024-0001, reason: r}", A},
        {"{id: 'CVE-2024-*', reason: r}", A | B},
        {"{id: GHSA-b, reason: r}", B},
        {"{id: '*', reason: r, where: {purl: 'pkg:deb/debian/a'}}", A},
        {"{id: '*', reason: r, where: {purl: 'pkg:deb/debian/a@1.0'}}", A},
        {"{id: '*', reason: r, where: {purl: 'pkg:deb/debian/a@1.1'}}", 0},
        {"{id: '*', reason: r, where: {purl: 'pkg:deb/debian/*'}}", A | B},
        {"{id: '*', reason: r, where: {image: 'app:*'}}", A | B},
        {"{id: '*', reason: r, where: {image: 'other:*'}}", 0},
        {"{id: '*', reason: r, where: {layer: 'sha256:aa'}}", A},
        {"{id: '*', reason: r, where: {layer: 'sha256:bb'}}", A},
        {"{id: '*', reason: r, where: {base: true}}", B},
        {"{id: '*', reason: r, where: {base: false}}", A},
        {"{id: '*', reason: r, where: {check: '*'}}", 0}, /* vulnerabilities come from no check */
        {"{id: '*', reason: r, where: {path: '/etc/*'}}", 0},
        {"{id: 'CVE-2024-0001', reason: r, where: {purl: 'pkg:deb/debian/b'}}", 0},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char yaml[200];
        assert_true(snprintf(yaml, sizeof(yaml), "- %s\n", rows[i].row) < (int)sizeof(yaml));
        struct plm_report *r = two_findings();
        plm_auto(plm_exceptions_free) struct plm_exceptions *e = must_read(yaml);
        apply(r, e);
        unsigned got = 0;
        for (size_t k = 0; k < r->findings.n; k++)
            if (r->findings.v[k].suppressed)
                got |= plm_sv_is(r->findings.v[k].id, "CVE-2024-0001") ? A : B;
        if (got != rows[i].fits)
            fail_msg("%s fits %u", rows[i].row, got);
        assert_int_equal(diagnostic(r, "exception.unused") != NULL, got == 0);
        plm_report_free(r);
    }
}

static void test_a_key_of_a_finding_is_an_id(void **state)
{
    (void)state;
    struct plm_report *r = two_findings();
    char yaml[200];
    assert_true(snprintf(yaml, sizeof(yaml), "- {id: '%.*s', reason: r, owner: me}\n",
                         PLM_SV_ARG(r->findings.v[0].key)) < (int)sizeof(yaml));
    plm_auto(plm_exceptions_free) struct plm_exceptions *e = must_read(yaml);
    apply(r, e);
    assert_non_null(r->findings.v[0].suppressed);
    assert_true(plm_sv_is(r->findings.v[0].suppressed->by, "exception"));
    assert_true(plm_sv_is(r->findings.v[0].suppressed->owner, "me"));
    assert_null(r->findings.v[1].suppressed);
    plm_report_free(r);
}

static void test_the_last_day_counts_and_the_next_does_not(void **state)
{
    (void)state;
    static const struct {
        const char *until;
        bool applies;
    } rows[] = {{"2026-11-24", true}, {"2026-11-23", false}}; /* NOW is 2026-11-24 */
    for (size_t i = 0; i < 2; i++) {
        char yaml[200];
        assert_true(snprintf(yaml, sizeof(yaml), "- {id: CVE-2024-0001, reason: r, until: %s}\n",
                             rows[i].until) < (int)sizeof(yaml));
        struct plm_report *r = two_findings();
        plm_auto(plm_exceptions_free) struct plm_exceptions *e = must_read(yaml);
        apply(r, e);
        const struct plm_finding *f = finding(r, "CVE-2024-0001");
        assert_int_equal(f->suppressed != NULL, rows[i].applies);
        assert_int_equal(diagnostic(r, "exception.expired") != NULL, !rows[i].applies);
        assert_null(diagnostic(r, "exception.unused"));
        plm_report_free(r);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all_keys),
        cmocka_unit_test(test_nothing_to_read),
        cmocka_unit_test(test_what_is_refused),
        cmocka_unit_test(test_which_findings_fit),
        cmocka_unit_test(test_a_key_of_a_finding_is_an_id),
        cmocka_unit_test(test_the_last_day_counts_and_the_next_does_not),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
