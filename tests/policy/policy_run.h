/* SPDX-License-Identifier: Apache-2.0
 *
 * For the tests of the policy core: facts that a test fills by hand, a bundle's text, and its evaluation.
 */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/buf.h"
#include "policy/policy_int.h"

#define ALL_TAGS "\"registry\":\"*\",\"repository\":\"*\",\"image\":{\"type\":\"tag\",\"value\":\"*\"}"
#define ALWAYS   "{\"gate\":\"ALWAYS\",\"trigger\":\"Always\",\"action\":\"Stop\",\"params\":[]}"
/* 2026-11-24T00:00:00Z */
#define TEST_NOW 1795478400

struct run {
    struct plm_arena *arena;
    struct plm_image_facts *facts;
    struct plm_policy *policy;
    struct plm_policy_result result;
    plm_err *err;
    int rc; /* -2: it did not load */
};

static inline void run_init(struct run *r)
{
    *r = (struct run){.rc = -2, .arena = plm_arena_new(PLM_ARENA_NO_LIMIT)};
    r->facts = plm_image_facts_new(NULL);
    assert_non_null(r->arena);
    assert_non_null(r->facts);
    r->facts->known = UINT32_MAX;
    r->facts->image_id = PLM_SV("1111111111111111111111111111111111111111111111111111111111111111");
    r->facts->digest = PLM_SV("sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa");
    r->facts->dockerfile_mode = PLM_DOCKERFILE_ACTUAL;
    r->facts->dockerfile = PLM_SV("FROM x\n");
}

static inline void run_clear(struct run *r)
{
    plm_err_free(r->err);
    plm_policy_free(r->policy);
    r->err = NULL;
    r->policy = NULL;
    r->rc = -2;
}

static inline void run_done(struct run *r)
{
    run_clear(r);
    plm_image_facts_free(r->facts);
    plm_arena_free(r->arena);
}

/* Loads and evaluates; may be called again. */
static inline void run(struct run *r, enum plm_policy_mode mode, const char *bundle, const char *tag)
{
    struct plm_ctx ctx = PLM_CTX_INIT;
    ctx.now = TEST_NOW;
    run_clear(r);
    r->policy = plm_policy_load(&ctx, plm_sv_from(bundle), "b.json", mode, &r->err);
    if (r->policy)
        r->rc = plm_policy_evaluate(&ctx, r->policy, r->facts, plm_sv_from(tag), NULL, r->arena, &r->result,
                                    &r->err);
}

/* A legacy bundle in the arena: rules, whitelists, ids of whitelists, what else stands on top. */
static inline const char *legacy(struct run *r, const char *rules, const char *lists, const char *list_ids,
                                 const char *more)
{
    plm_sv s = plm_arena_printf(
        r->arena,
        "{\"id\":\"b\",\"version\":\"1_0\",\"policies\":[{\"id\":\"p\",\"version\":\"1_0\",\"rules\":[%s]}],"
        "\n\"whitelists\":[%s],\n\"mappings\":[{\"name\":\"m\"," ALL_TAGS
        ",\"policy_id\":\"p\",\"whitelist_ids\":[%s]}]%s}",
        rules, lists, list_ids, more);
    assert_non_null(s.p);
    return s.p;
}

/* A bundle with one rule; its parameters are pairs of names and values, NULL-ended. */
static inline const char *one_rule(struct run *r, const char *gate, const char *trigger,
                                   const char *const *params)
{
    plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(PLM_KIB(64));
    plm_buf_printf(&b, "{\"id\":\"r\",\"gate\":\"%s\",\"trigger\":\"%s\",\"action\":\"STOP\",\"params\":[",
                   gate, trigger);
    for (size_t i = 0; params[i]; i += 2)
        plm_buf_printf(&b, "%s{\"name\":\"%s\",\"value\":\"%s\"}", i ? "," : "", params[i], params[i + 1]);
    plm_buf_str(&b, "]}");
    const char *rule = plm_buf_cstr(&b);
    assert_non_null(rule);
    return legacy(r, rule, "", "", "");
}
#define PARAMS(...) ((const char *const[]){__VA_ARGS__, NULL})

/* The messages of all rows, '|' between; what could not be judged is "?". */
static inline void assert_rows(const struct run *r, const char *expected)
{
    plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(PLM_KIB(64));
    plm_auto_free char *why = r->err ? plm_err_text(r->err) : NULL;
    if (r->rc != 0)
        fail_msg("no result: %s", why ? why : "");
    for (size_t i = 0; i < r->result.problems.n; i++)
        if (r->result.is_init_error)
            fail_msg("%.*s", PLM_SV_ARG(r->result.problems.v[i].details));
    for (size_t i = 0; i < r->result.rows.n; i++) {
        const struct plm_policy_row *row = &r->result.rows.v[i];
        plm_sv text = row->is_not_judged ? PLM_SV("?") : row->message;
        plm_buf_printf(&b, "%s%.*s", i ? "|" : "", PLM_SV_ARG(text));
    }
    const char *got = plm_buf_cstr(&b);
    assert_string_equal(got ? got : "", expected);
}

static inline void assert_no_evaluation(const struct run *r)
{
    assert_int_equal(r->rc, -1);
    assert_string_equal(plm_err_id(r->err), "policy.execution");
}

/* The classes of the problems, blanks between. */
static inline void assert_types(const plm_policy_problems *problems, const char *expected)
{
    plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(PLM_KIB(64));
    for (size_t i = 0; i < problems->n; i++)
        plm_buf_printf(&b, "%s%.*s", i ? " " : "", PLM_SV_ARG(problems->v[i].type));
    const char *got = plm_buf_cstr(&b);
    assert_string_equal(got ? got : "", expected);
}
