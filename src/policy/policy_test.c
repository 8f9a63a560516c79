/* SPDX-License-Identifier: Apache-2.0
 *
 * Test cases of policies: each is a bundle, an image's facts, a tag and what must come out of it. `expected`
 * has a kind: "result" (verdict, reason and rows, in order), "init_error" (the bundle's faults, by class),
 * "build_error" (the bundle is refused at once), "execution_error" (no evaluation). Vectors of ids
 * ({path, mode_text, trigger_id}) stand beside the cases. Keys of `expected` that are absent are not
 * compared.
 */
#include "codec/json.h"
#include "policy/policy_int.h"

struct runner {
    const struct plm_ctx *ctx;
    const char *name;
    enum plm_policy_mode mode;
    struct plm_buf *out;
    struct plm_policy_test_counts *counts;
};

/* One case's state. */
struct test {
    struct runner *r;
    plm_sv name;
    bool has_failed;
    struct plm_policy_result result;
};

static void __attribute__((format(printf, 2, 3))) differs(struct test *t, const char *fmt, ...)
{
    if (!t->has_failed)
        plm_buf_printf(t->r->out, "FAILED %.*s\n", PLM_SV_ARG(t->name));
    t->has_failed = true;
    va_list ap;
    va_start(ap, fmt);
    plm_auto(plm_arena_free) struct plm_arena *a = plm_arena_new(PLM_ARENA_NO_LIMIT);
    plm_sv text = a ? plm_arena_vprintf(a, fmt, ap) : PLM_SV_NULL;
    va_end(ap);
    plm_buf_str(t->r->out, "  ");
    plm_buf_sv_put(t->r->out, text);
    plm_buf_byte(t->r->out, '\n');
}

static void compare(struct test *t, const char *what, yyjson_val *expected, plm_sv got)
{
    plm_sv want = plm_json_sv(expected);
    if (expected && !yyjson_is_null(expected) && !plm_sv_eq(want, got))
        differs(t, "%s: expected \"%.*s\", got \"%.*s\"", what, PLM_SV_ARG(want), PLM_SV_ARG(got));
}

static void compare_action(struct test *t, const char *what, yyjson_val *expected, enum plm_action got)
{
    compare(t, what, expected, plm_sv_from(plm_action_name(got)));
}

/* ---- rows -------------------------------------------------------------------------------- */

static void compare_row(struct test *t, size_t i, yyjson_val *e, const struct plm_policy_row *row)
{
    const struct {
        const char *key;
        plm_sv got;
    } texts[] = {{"trigger_id", row->trigger_id},
                 {"gate", row->gate},
                 {"trigger", row->trigger},
                 {"message", row->message},
                 {"action", plm_sv_from(plm_action_name(row->action))},
                 {"policy_id", row->policy_id}};
    plm_auto_done(plm_buf_done) struct plm_buf what = PLM_BUF(PLM_KIB(1));
    for (size_t k = 0; k < sizeof(texts) / sizeof(*texts); k++) {
        plm_buf_clear(&what);
        plm_buf_printf(&what, "row %zu, %s", i + 1, texts[k].key);
        const char *where = plm_buf_cstr(&what);
        compare(t, where ? where : "row", yyjson_obj_get(e, texts[k].key), texts[k].got);
    }
    yyjson_val *allowed = yyjson_obj_get(e, "whitelisted");
    if (!allowed)
        allowed = yyjson_obj_get(e, "allowlisted");
    if (allowed && yyjson_is_obj(allowed) != row->is_allowlisted)
        differs(t, "row %zu: %s expected to be allowlisted", i + 1, row->is_allowlisted ? "not" : "was");
    if (!yyjson_is_obj(allowed) || !row->is_allowlisted)
        return;
    compare(t, "the allowlist's name", yyjson_obj_get(allowed, "whitelist_name"), row->allowlist_name);
    compare(t, "the allowlist's id", yyjson_obj_get(allowed, "whitelist_id"), row->allowlist_id);
    compare(t, "the allowlist's item", yyjson_obj_get(allowed, "matched_rule_id"), row->allowlist_item);
}

static void compare_rows(struct test *t, yyjson_val *rows)
{
    size_t i, n;
    yyjson_val *e;
    if (!yyjson_is_arr(rows))
        return;
    yyjson_arr_foreach(rows, i, n, e)
    {
        if (i < t->result.rows.n)
            compare_row(t, i, e, &t->result.rows.v[i]);
    }
    if (t->result.rows.n == yyjson_arr_size(rows))
        return;
    differs(t, "expected %zu rows, got %zu", yyjson_arr_size(rows), t->result.rows.n);
    for (i = yyjson_arr_size(rows); i < t->result.rows.n; i++)
        differs(t, "one more: %.*s", PLM_SV_ARG(t->result.rows.v[i].message));
}

/* Classes of the problems: the same ones, in any order. */
static void compare_types(struct test *t, yyjson_val *types)
{
    const plm_policy_problems *got = &t->result.problems;
    size_t i, n;
    yyjson_val *e;
    if (!yyjson_is_arr(types))
        return;
    yyjson_arr_foreach(types, i, n, e)
    {
        plm_sv want = plm_json_sv(e);
        bool is_there = false;
        for (size_t k = 0; k < got->n; k++)
            is_there |= plm_sv_eq(got->v[k].type, want);
        if (!is_there)
            differs(t, "the problem %.*s did not come", PLM_SV_ARG(want));
    }
    for (size_t k = 0; k < got->n; k++) {
        bool is_wanted = false;
        yyjson_arr_foreach(types, i, n, e)
        {
            is_wanted |= plm_sv_eq(got->v[k].type, plm_json_sv(e));
        }
        if (!is_wanted)
            differs(t, "a problem that was not expected: %.*s: %.*s", PLM_SV_ARG(got->v[k].type),
                    PLM_SV_ARG(got->v[k].details));
    }
}

/* ---- a case ------------------------------------------------------------------------------ */

static void compare_result(struct test *t, yyjson_val *e, bool is_init_error)
{
    const struct plm_policy_result *got = &t->result;
    if (got->is_init_error != is_init_error) {
        differs(t, is_init_error ? "the bundle was expected to be faulty, and was evaluated"
                                 : "the bundle could not be built");
        for (size_t i = 0; i < got->problems.n; i++)
            differs(t, "%.*s: %.*s", PLM_SV_ARG(got->problems.v[i].type),
                    PLM_SV_ARG(got->problems.v[i].details));
        return;
    }
    compare_action(t, "final action", yyjson_obj_get(e, "final_action"), got->action);
    compare(t, "reason", yyjson_obj_get(e, "final_action_reason"), got->reason);
    compare_action(t, "action of the policies", yyjson_obj_get(e, "policy_final_action"), got->policy_action);
    compare(t, "status", yyjson_obj_get(e, "status"),
            plm_sv_from(got->action == PLM_ACTION_STOP ? "fail" : "pass"));
    yyjson_val *mapped = yyjson_obj_get(e, "mapping_matched");
    if (yyjson_is_bool(mapped) && yyjson_get_bool(mapped) != got->is_mapped)
        differs(t, "a mapping %s", got->is_mapped ? "applied" : "did not apply");
    compare_rows(t, yyjson_obj_get(e, "rows"));
    compare_types(t, yyjson_obj_get(e, is_init_error ? "error_types" : "problem_types"));
}

static void compare_failure(struct test *t, plm_sv kind, const char *got, const plm_err *cause)
{
    plm_auto_free char *why = plm_err_text(cause);
    if (!plm_sv_is(kind, got))
        differs(t, "expected kind %.*s, got %s: %s", PLM_SV_ARG(kind), got, why ? why : "?");
}

static int evaluate(struct test *t, yyjson_val *c, struct plm_policy *p, struct plm_arena *a, plm_err **err)
{
    yyjson_val *e = yyjson_obj_get(c, "expected");
    plm_sv kind = plm_json_str(e, "kind", NULL), tag = plm_json_str(c, "tag", NULL);
    plm_auto(plm_image_facts_free) struct plm_image_facts *f = plm_policy_facts_of(c, t->r->name, err);
    if (!f)
        return -1;
    plm_auto(plm_err_free) plm_err *cause = NULL;
    if (plm_policy_evaluate(t->r->ctx, p, f, tag, NULL, a, &t->result, &cause) < 0) {
        if (plm_err_code(cause) == PLM_E_OOM || plm_err_code(cause) == PLM_E_CANCEL)
            return plm_err_move(err, &cause);
        compare_failure(t, kind, "execution_error", cause);
        return 0;
    }
    bool is_init_error = plm_sv_is(kind, "init_error");
    if (!is_init_error && !plm_sv_is(kind, "result")) {
        differs(t, "expected kind %.*s, got a result", PLM_SV_ARG(kind));
        return 0;
    }
    compare_result(t, e, is_init_error);
    return 0;
}

static int run_case(struct runner *r, yyjson_val *c, size_t number, plm_err **err)
{
    plm_auto(plm_arena_free) struct plm_arena *a = plm_arena_new(PLM_ARENA_NO_LIMIT);
    if (!a)
        return plm_fail_oom(err);
    struct test t = {.r = r, .name = plm_json_str(c, "name", NULL)};
    if (!t.name.p)
        t.name = plm_arena_printf(a, "case %zu", number);
    yyjson_val *bundle = yyjson_obj_get(c, "bundle");
    if (!bundle || !yyjson_is_obj(yyjson_obj_get(c, "expected"))) {
        differs(&t, "a case has a bundle and what is expected of it");
        r->counts->failed++;
        return 0;
    }
    size_t n;
    plm_auto_free char *text =
        yyjson_is_str(bundle) ? NULL : yyjson_val_write(bundle, YYJSON_WRITE_PRETTY, &n);
    plm_sv view = yyjson_is_str(bundle) ? plm_json_sv(bundle) : plm_sv_n(text, text ? n : 0);
    if (!view.p)
        return plm_fail_oom(err);
    plm_auto(plm_err_free) plm_err *cause = NULL;
    plm_auto(plm_policy_free) struct plm_policy *p = plm_policy_load(r->ctx, view, "bundle", r->mode, &cause);
    if (!p && plm_err_code(cause) == PLM_E_OOM)
        return plm_err_move(err, &cause);
    if (!p)
        compare_failure(&t, plm_json_str(c, "expected", "kind", NULL), "build_error", cause);
    else if (evaluate(&t, c, p, a, err) < 0)
        return -1;
    if (t.has_failed)
        r->counts->failed++;
    else
        r->counts->passed++;
    return 0;
}

/* The id of one set-uid file, by the message of files.suid_or_guid_set. */
static int run_vector(struct runner *r, yyjson_val *v, plm_err **err)
{
    plm_auto(plm_arena_free) struct plm_arena *a = plm_arena_new(PLM_ARENA_NO_LIMIT);
    plm_sv path = plm_json_str(v, "path", NULL), mode = plm_json_str(v, "mode_text", NULL);
    struct plm_policy_eval ev = {.ctx = r->ctx, .arena = a};
    struct test t = {.r = r, .name = path};
    if (!a)
        return plm_fail_oom(err);
    int rc = plm_policy_cache_new(&ev, err);
    if (rc == 0) {
        plm_sv message = plm_arena_printf(a, "SUID or SGID found set on file %.*s. Mode: %.*s",
                                          PLM_SV_ARG(path), PLM_SV_ARG(mode));
        plm_sv id =
            plm_policy_md5(&ev, (const plm_sv[]){PLM_SV("files"), PLM_SV("suid_or_guid_set"), message}, 3);
        compare(&t, "trigger_id", yyjson_obj_get(v, "trigger_id"), id);
        if (t.has_failed)
            r->counts->failed++;
        else
            r->counts->passed++;
    }
    plm_policy_cache_free(&ev);
    return rc;
}

int plm_policy_test_run(const struct plm_ctx *ctx, plm_sv json, const char *name, enum plm_policy_mode mode,
                        struct plm_buf *out, struct plm_policy_test_counts *counts, plm_err **err)
{
    plm_auto(plm_json_free) struct plm_json *doc = plm_json_parse(json, name, ctx->limits, err);
    if (!doc)
        return -1;
    struct runner r = {ctx, name, mode, out, counts};
    yyjson_val *root = plm_json_root(doc),
               *cases = yyjson_is_arr(root) ? root : yyjson_obj_get(root, "cases"), *v;
    yyjson_val *vectors = yyjson_obj_get(root, "suid_trigger_id_vectors");
    size_t i, n;
    *counts = (struct plm_policy_test_counts){0};
    if (!yyjson_is_arr(cases) && !yyjson_is_arr(vectors))
        return plm_fail_id(err, PLM_E_PARSE, "policy.cases", "%s: no list of test cases", name);
    yyjson_arr_foreach(cases, i, n, v)
    {
        if (run_case(&r, v, i + 1, err) < 0)
            return -1;
    }
    yyjson_arr_foreach(vectors, i, n, v)
    {
        if (run_vector(&r, v, err) < 0)
            return -1;
    }
    return plm_buf_check(out, err);
}
