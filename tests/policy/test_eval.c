/* SPDX-License-Identifier: Apache-2.0 */
#include "base/buf.h"
#include "policy/policy_int.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define ALL_TAGS "\"registry\":\"*\",\"repository\":\"*\",\"image\":{\"type\":\"tag\",\"value\":\"*\"}"
#define ALWAYS   "{\"gate\":\"ALWAYS\",\"trigger\":\"Always\",\"action\":\"Stop\",\"params\":[]}"

struct run {
    struct plm_arena *arena;
    struct plm_policy *policy;
    struct plm_image_facts *facts;
    struct plm_policy_result result;
    plm_err *err;
    int rc; /* -2: it did not load */
};

static void start(struct run *r, enum plm_policy_mode mode, const char *bundle, const char *tag)
{
    struct plm_ctx ctx = PLM_CTX_INIT;
    ctx.now = 1795478400; /* 2026-11-24T00:00:00Z */
    *r = (struct run){.rc = -2, .arena = plm_arena_new(PLM_ARENA_NO_LIMIT)};
    r->facts = plm_image_facts_new(NULL);
    assert_non_null(r->arena);
    assert_non_null(r->facts);
    r->facts->known = UINT32_MAX;
    r->facts->image_id = PLM_SV("1111111111111111111111111111111111111111111111111111111111111111");
    r->facts->digest = PLM_SV("sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa");
    r->policy = plm_policy_load(&ctx, plm_sv_from(bundle), "b.json", mode, &r->err);
    if (r->policy)
        r->rc = plm_policy_evaluate(&ctx, r->policy, r->facts, plm_sv_from(tag), NULL, r->arena, &r->result,
                                    &r->err);
}

static void end(struct run *r)
{
    plm_err_free(r->err);
    plm_policy_free(r->policy);
    plm_image_facts_free(r->facts);
    plm_arena_free(r->arena);
}

/* A legacy bundle: rules, whitelists, ids of whitelists, mappings (NULL: all tags), what else stands on top.
 */
static const char *bundle(struct plm_buf *b, const char *rules, const char *lists, const char *list_ids,
                          const char *more)
{
    plm_buf_clear(b);
    plm_buf_printf(b,
                   "{\"id\":\"b\",\"version\":\"1_0\",\"policies\":[{\"id\":\"p\",\"version\":\"1_0\","
                   "\"rules\":[%s]}],\n\"whitelists\":[%s],\n\"mappings\":[{\"name\":\"m\"," ALL_TAGS
                   ",\"policy_id\":\"p\",\"whitelist_ids\":[%s]}]%s}",
                   rules, lists, list_ids, more);
    const char *s = plm_buf_cstr(b);
    assert_non_null(s);
    return s;
}

static void rules_fire_with_their_own_ids(void **state)
{
    (void)state;
    plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(PLM_KIB(64));
    struct run r;
    start(&r, PLM_POLICY_COMPAT, bundle(&b, ALWAYS, "", "", ""), "docker.io/library/x:latest");
    assert_int_equal(r.rc, 0);
    assert_int_equal(r.result.action, PLM_ACTION_STOP);
    assert_int_equal(r.result.rows.n, 1);
    assert_true(plm_sv_is(r.result.rows.v[0].trigger_id, "always"));
    assert_true(plm_sv_is(r.result.rows.v[0].message, "Unconditional trigger match"));
    end(&r);
}

static void the_digest_of_ids_is_md5(void **state)
{
    (void)state;
    plm_auto(plm_arena_free) struct plm_arena *a = plm_arena_new(PLM_ARENA_NO_LIMIT);
    struct plm_policy_eval ev = {.arena = a};
    assert_int_equal(plm_policy_cache_new(&ev, NULL), 0);
    /* printf filessuid_or_guid_setSUID... | md5sum: by md5sum(1) */
    plm_sv id = plm_policy_md5(&ev,
                               (const plm_sv[]){PLM_SV("files"), PLM_SV("suid_or_guid_set"),
                                                PLM_SV("SUID or SGID found set on file /usr/bin/chage. "
                                                       "Mode: 0o104755")},
                               3);
    assert_true(plm_sv_is(id, "639f6f1177735759703e928c14714a59"));
    plm_policy_cache_free(&ev);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rules_fire_with_their_own_ids),
        cmocka_unit_test(the_digest_of_ids_is_md5),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
