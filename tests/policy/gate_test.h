/* SPDX-License-Identifier: Apache-2.0
 *
 * For the tests of gates: facts built by hand, a bundle of one rule, and what it must find. Expected rows are
 * "message", or "id => message" where the id is not the digest of the message; NOT_JUDGED is a rule that
 * could not be evaluated (in compat mode: no result at all).
 */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "policy/policy_int.h"

#define NOT_JUDGED "(not judged)"
#define COMPAT     PLM_POLICY_COMPAT
#define FIXED      PLM_POLICY_FIXED
/* 2026-11-24T00:00:00Z */
#define TEST_NOW 1795478400
#define DAY      86400

/* ---- facts ------------------------------------------------------------------------------- */

static inline struct plm_image_facts *test_facts(void)
{
    struct plm_image_facts *f = plm_image_facts_new(NULL);
    assert_non_null(f);
    f->known = UINT32_MAX & ~(uint32_t)(PLM_FACT_SIGNATURE | PLM_FACT_REGISTRY_DATA);
    f->distro = PLM_SV("debian");
    f->distro_version = PLM_SV("12");
    f->image_id = PLM_SV("1111");
    f->tag = PLM_SV("docker.io/app:1");
    return f;
}

static inline struct plm_fact_file *test_file(struct plm_image_facts *f, const char *path, uint32_t mode)
{
    struct plm_fact_file *v = plm_vec_push(f->arena, &f->files); /* in the order of paths */
    assert_non_null(v);
    assert_true(f->files.n < 2 || plm_sv_cmp(f->files.v[f->files.n - 2].path, plm_sv_from(path)) < 0);
    v->path = plm_sv_from(path);
    v->mode = mode;
    return v;
}

static inline struct plm_fact_package *test_package(struct plm_image_facts *f, const char *name,
                                                    const char *version, const char *type)
{
    struct plm_fact_package *p = plm_vec_push(f->arena, &f->packages);
    assert_non_null(p);
    p->name = plm_sv_from(name);
    p->version = p->full_version = plm_sv_from(version);
    p->type = plm_sv_from(type);
    return p;
}

static inline struct plm_fact_vulnerability *test_vulnerability(struct plm_image_facts *f, const char *id,
                                                                const char *severity, const char *package,
                                                                const char *type)
{
    struct plm_fact_vulnerability *v = plm_vec_push(f->arena, &f->vulnerabilities);
    assert_non_null(v);
    v->id = plm_sv_from(id);
    v->link = PLM_SV("https://x/");
    v->severity = plm_sv_from(severity);
    v->package = plm_sv_from(package);
    v->version = PLM_SV("1.0");
    v->package_type = plm_sv_from(type);
    v->location = PLM_SV("pkgdb");
    v->epss = v->risk = -1;
    v->finding = PLM_NONE;
    return v;
}

static inline void test_stored(struct plm_image_facts *f, const char *path, const char *text)
{
    struct plm_fact_stored *s = plm_vec_push(f->arena, &f->stored);
    assert_non_null(s);
    *s = (struct plm_fact_stored){plm_sv_from(path), plm_sv_from(text)};
}

static inline struct plm_fact_issue *test_issue(struct plm_image_facts *f, enum plm_kind kind, const char *id,
                                                const char *object, enum plm_severity severity)
{
    struct plm_fact_issue *i = plm_vec_push(f->arena, &f->issues);
    assert_non_null(i);
    i->kind = kind;
    i->id = plm_sv_from(id);
    i->object = plm_sv_from(object);
    i->message = PLM_SV("text");
    i->severity = severity;
    i->finding = PLM_NONE;
    return i;
}

/* ---- a rule ------------------------------------------------------------------------------ */

/* Pairs of names and values, NULL-ended, into a bundle of the old or the new form. */
static inline plm_sv test_bundle(struct plm_arena *a, bool is_v2, const char *gate, const char *trigger,
                                 const char *const *params)
{
    plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(PLM_KIB(64));
    plm_buf_printf(&b,
                   "{\"id\":\"b\",\"name\":\"b\",\"version\":\"%s\",\"%s\":[{\"id\":\"p\",\"name\":\"p\","
                   "\"version\":\"%s\",\"rules\":[{\"id\":\"r\",\"gate\":\"%s\",\"trigger\":\"%s\","
                   "\"action\":\"STOP\",\"params\":[",
                   is_v2 ? "2" : "1_0", is_v2 ? "rule_sets" : "policies", is_v2 ? "2" : "1_0", gate, trigger);
    for (size_t i = 0; params && params[i]; i += 2)
        plm_buf_printf(&b, "%s{\"name\":\"%s\",\"value\":\"%s\"}", i ? "," : "", params[i], params[i + 1]);
    plm_buf_printf(
        &b,
        "]}]}],\"%s\":[],\"mappings\":[{\"id\":\"m\",\"name\":\"m\",\"registry\":\"*\",\"repository\":\"*\","
        "\"image\":{\"type\":\"tag\",\"value\":\"*\"},\"%s\":[\"p\"],\"%s\":[]}]}",
        is_v2 ? "allowlists" : "whitelists", is_v2 ? "rule_set_ids" : "policy_ids",
        is_v2 ? "allowlist_ids" : "whitelist_ids");
    return plm_arena_sv(a, plm_buf_sv(&b));
}

static inline void test_fail_text(const char *what, plm_err *err)
{
    char *text = err ? plm_err_text(err) : NULL;
    fail_msg("%s: %s", what, text ? text : "");
}

static inline void test_rows(const struct plm_policy_result *r, const char *const *expected)
{
    size_t n = 0;
    while (expected[n])
        n++;
    for (size_t i = 0; i < r->rows.n && i < n; i++) {
        const struct plm_policy_row *row = &r->rows.v[i];
        plm_sv want = plm_sv_from(expected[i]), id = PLM_SV_NULL;
        size_t arrow = plm_sv_find_sv(want, PLM_SV(" => "));
        if (arrow != SIZE_MAX) {
            id = plm_sv_sub(want, 0, arrow);
            want = plm_sv_from_off(want, arrow + 4);
        }
        if (plm_sv_is(want, NOT_JUDGED)) {
            assert_true(row->is_not_judged);
            continue;
        }
        assert_false(row->is_not_judged);
        if (!plm_sv_eq(row->message, want) || (id.n && !plm_sv_eq(row->trigger_id, id)))
            fail_msg("row %zu is \"%.*s => %.*s\"", i, PLM_SV_ARG(row->trigger_id), PLM_SV_ARG(row->message));
        if (!id.n)
            assert_int_equal(row->trigger_id.n, 32);
    }
    if (r->rows.n != n)
        fail_msg("%zu rows, %zu expected; the last is \"%.*s\"", r->rows.n, n,
                 r->rows.n ? (int)r->rows.v[r->rows.n - 1].message.n : 0,
                 r->rows.n ? r->rows.v[r->rows.n - 1].message.p : "");
}

static inline void test_rule_with(enum plm_policy_mode mode, bool is_v2, const struct plm_image_facts *f,
                                  const struct plm_policy_options *opt, const char *gate, const char *trigger,
                                  const char *const *params, const char *const *expected)
{
    struct plm_ctx ctx = PLM_CTX_INIT;
    ctx.now = TEST_NOW;
    plm_err *err = NULL;
    plm_auto(plm_arena_free) struct plm_arena *a = plm_arena_new(PLM_ARENA_NO_LIMIT);
    plm_auto(plm_policy_free) struct plm_policy *p =
        plm_policy_load(&ctx, test_bundle(a, is_v2, gate, trigger, params), "test", mode, &err);
    if (!p)
        test_fail_text("load", err);
    const plm_policy_problems *problems = plm_policy_all_problems(p);
    if (problems->n)
        fail_msg("the bundle has a problem: %.*s: %.*s", PLM_SV_ARG(problems->v[0].type),
                 PLM_SV_ARG(problems->v[0].details));
    struct plm_policy_result r = {0};
    int rc = plm_policy_evaluate(&ctx, p, f, f->tag, opt, a, &r, &err);
    bool wants_failure = mode == COMPAT && expected[0] && strcmp(expected[0], NOT_JUDGED) == 0;
    if ((rc < 0) != wants_failure)
        test_fail_text("evaluate", err);
    if (rc < 0) {
        assert_string_equal(plm_err_id(err), "policy.execution");
        plm_err_free(err);
    } else {
        test_rows(&r, expected);
    }
}

/* rule(COMPAT, facts, "files", "name_match", PARAMS("regex", "/bin"), ROWS("...")); */
#define PARAMS(...) ((const char *const[]){__VA_ARGS__, NULL})
#define NONE        ((const char *const[]){NULL})
#define ROWS(...)   ((const char *const[]){__VA_ARGS__, NULL})
static inline void rule(enum plm_policy_mode mode, const struct plm_image_facts *f, const char *gate,
                        const char *trigger, const char *const *params, const char *const *expected)
{
    test_rule_with(mode, false, f, NULL, gate, trigger, params, expected);
}
static inline void rule_v2(enum plm_policy_mode mode, const struct plm_image_facts *f, const char *gate,
                           const char *trigger, const char *const *params, const char *const *expected)
{
    test_rule_with(mode, true, f, NULL, gate, trigger, params, expected);
}
static inline void both(const struct plm_image_facts *f, const char *gate, const char *trigger,
                        const char *const *params, const char *const *expected)
{
    rule(COMPAT, f, gate, trigger, params, expected);
    rule(FIXED, f, gate, trigger, params, expected);
}
