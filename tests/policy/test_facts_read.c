/* SPDX-License-Identifier: Apache-2.0
 *
 * The format `facts` and its reader: what was written, read and written again is the same, and nothing is
 * lost on the way. Base64 beside OpenSSL's.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/text.h"
#include "codec/json.h"
#include "policy/policy_int.h"
#include "report/report.h"

#include "facts_sample.h"

#include <openssl/evp.h>
#include <string.h>

static void write_facts(const struct plm_report *r, struct plm_buf *out)
{
    struct plm_report_options opt = {0};
    assert_int_equal(plm_format_find(PLM_SV("facts"))->write(r, &opt, out, NULL), 0);
}

static struct plm_image_facts *read_facts(plm_sv json)
{
    struct plm_ctx ctx = PLM_CTX_INIT;
    return plm_policy_facts_read(&ctx, json, "facts", NULL);
}

static void the_same_again(void **state)
{
    (void)state;
    plm_auto(plm_report_free) struct plm_report *r = plm_report_new(NULL), *again = plm_report_new(NULL);
    plm_auto_done(plm_buf_done) struct plm_buf a = PLM_BUF(PLM_MIB(1)), b = PLM_BUF(PLM_MIB(1));
    assert_non_null(sample_facts(r));
    write_facts(r, &a);
    struct plm_image_facts **slot = plm_vec_push(again->arena, &again->facts);
    assert_non_null(slot);
    *slot = read_facts(plm_buf_sv(&a));
    assert_non_null(*slot);
    write_facts(again, &b);
    assert_true(plm_buf_cstr(&a) && plm_buf_cstr(&b));
    assert_string_equal(a.p, b.p);
}

static void nothing_is_lost(void **state)
{
    (void)state;
    plm_auto(plm_report_free) struct plm_report *r = plm_report_new(NULL);
    plm_auto_done(plm_buf_done) struct plm_buf json = PLM_BUF(PLM_MIB(1));
    const struct plm_image_facts *w = sample_facts(r);
    write_facts(r, &json);
    plm_auto(plm_image_facts_free) struct plm_image_facts *f = read_facts(plm_buf_sv(&json));
    assert_non_null(f);
    assert_int_equal(f->known, w->known);
    assert_true(plm_sv_is(f->architecture, "amd64"));
    assert_int_equal(f->dockerfile_mode, PLM_DOCKERFILE_ACTUAL);
    assert_int_equal(f->files.n, w->files.n);
    const struct plm_fact_file *su = plm_image_facts_file(f, PLM_SV("/bin/su"));
    assert_true(su && su->mode == 0104755 && su->size == 71912 && su->layer == 0);
    assert_true(plm_sv_is(plm_image_facts_file(f, PLM_SV("/lib"))->link, "usr/lib"));
    assert_int_equal(plm_image_facts_file(f, PLM_SV("/dev"))->layer, PLM_NONE);
    assert_int_equal(f->config.history.v[0].layer, PLM_NONE);
    assert_int_equal(f->config.healthcheck.interval_ns, 5000000000);
    assert_true(plm_sv_is(f->config.label_values.v[0], "</script>"));
    const struct plm_fact_stored *raw = plm_image_facts_stored(f, PLM_SV("/bin/raw"));
    assert_true(raw && plm_sv_eq(raw->text, PLM_SV("\xff\x00\xfe!")));
    assert_int_equal(f->secrets.n, 2);
    assert_true(plm_sv_eq(f->secrets.v[1].pattern, w->secrets.v[1].pattern));
    assert_int_equal(f->secrets.v[1].lines.v[1], 40);
    const struct plm_fact_vulnerability *v = &f->vulnerabilities.v[0];
    assert_true(v->kev && v->layer == 1 && v->detected_at == 1700000000 && v->risk < 0);
    assert_true(v->epss > 0.499 && v->epss < 0.501 && v->epss_percentile > 0.949);
    assert_true(v->n_nvd == 1 && v->nvd->base > 9.79 && v->nvd->exploitability < 0);
    assert_true(plm_sv_is(f->packages.v[0].owned.v[0].found, "11"));
    assert_true(plm_sv_is(f->issues.v[0].aliases.v[0], "CIS-DI-0001") && f->issues.v[0].line == 3);
    assert_true(f->registry.n == 1 && plm_sv_is(f->registry.v[0].latest, "2"));
    assert_true(f->has_feed_for_distro && f->feed_as_of == 1700000000);
    assert_true(plm_sv_is(f->malware.v[0].signature, "Eicar"));
}

static void base64_as_others_write_it(void **state)
{
    (void)state;
    unsigned char raw[64], want[128];
    for (unsigned i = 0; i < sizeof(raw); i++)
        raw[i] = (unsigned char)(i * 37 + 250);
    for (size_t n = 0; n <= sizeof(raw); n++) {
        plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(256);
        plm_text_base64(&b, plm_sv_n((const char *)raw, n));
        int length = EVP_EncodeBlock(want, raw, (int)n);
        assert_int_equal(b.n, length);
        assert_memory_equal(b.p ? b.p : "", want, (size_t)length);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_same_again),
        cmocka_unit_test(nothing_is_lost),
        cmocka_unit_test(base64_as_others_write_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
