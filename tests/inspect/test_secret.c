/* SPDX-License-Identifier: Apache-2.0
 *
 * The secret engine: rules, allowlists, structures, limits. That expressions match where Perl's do is
 * tests/e2e/test_secret_rules.py.
 */
#include "inspect/secret_int.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

struct fixture {
    struct plm_secret_rules *rules;
    struct plm_arena *arena;
    struct plm_secret_scan_result res;
};

static void load(struct fixture *f, const char *text, const char *name)
{
    plm_err *err = NULL;
    f->arena = plm_arena_new(PLM_ARENA_NO_LIMIT);
    f->rules = plm_secret_rules_new(NULL);
    if (plm_secret_rules_add(f->rules, plm_sv_from(text), plm_sv_from(name), &plm_limits_default, &err) < 0 ||
        plm_secret_rules_finish(f->rules, true, &err) < 0) {
        char *message = plm_err_text(err);
        fail_msg("%s", message);
    }
}

static void load_builtin(struct fixture *f)
{
    plm_sv params;
    f->arena = plm_arena_new(PLM_ARENA_NO_LIMIT);
    assert_int_equal(
        plm_secret_params(PLM_SV_NULL, PLM_SV_NULL, &plm_limits_default, f->arena, &params, NULL), 0);
    f->rules = plm_secret_rules_of_params(params, true, &plm_limits_default, NULL);
    assert_non_null(f->rules);
}

static void unload(struct fixture *f)
{
    plm_secret_rules_free(f->rules);
    plm_arena_free(f->arena);
}

/* Ids of what is found, in order, joined by blanks. */
static const char *found(struct fixture *f, const char *path, plm_sv text)
{
    plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(PLM_KIB(64));
    assert_int_equal(plm_secret_scan(f->rules, plm_sv_from(path), text, f->arena, &f->res, NULL), 0);
    for (size_t i = 0; i < f->res.hits.n; i++)
        plm_buf_printf(&b, "%s%.*s", i ? " " : "", PLM_SV_ARG(f->res.hits.v[i].rule->id));
    return plm_arena_cstr(f->arena, plm_buf_sv(&b));
}

static void test_places_and_masks(void **state)
{
    struct fixture f = {0};
    (void)state;
    load(&f, "rules: [{id: k, pattern: 'key=(\\w+)'}]", "r.yaml");
    assert_string_equal(found(&f, "/a", PLM_SV("one\n  key=abcdefghij\nkey=1\n")), "k k");
    const struct plm_secret_hit *h = f.res.hits.v;
    assert_int_equal(h[0].line, 2);
    assert_int_equal(h[0].column, 7);
    assert_true(plm_sv_is(h[0].masked, "ab\xe2\x80\xa6 (10 characters)"));
    assert_int_equal(h[1].line, 3);
    assert_string_not_equal(h[0].fingerprint, h[1].fingerprint);
    plm_sv clean;
    assert_int_equal(
        plm_secret_redact(f.rules, PLM_SV("<text>"), PLM_SV("x key=abcdefghij y"), f.arena, &clean, NULL), 0);
    assert_true(plm_sv_is(clean, "x key=ab\xe2\x80\xa6 (10 characters) y"));
    unload(&f);
}

static void test_allowlists(void **state)
{
    static const char rules[] = "rules:\n"
                                "  - id: t\n"
                                "    pattern: 'tok_(\\w{6})'\n"
                                "    allow:\n"
                                "      - {all: true, paths: ['/test/'], words: [Sample]}\n"
                                "      - {on: line, patterns: ['^//']}\n"
                                "      - {on: match, patterns: ['tok_zz']}\n"
                                "allow:\n"
                                "  - {paths: ['\\.lock$'], rules: [t]}\n"
                                "  - {paths: ['\\.md$'], rules: [another]}\n";
    struct fixture f = {0};
    (void)state;
    load(&f, rules, "r.yaml");
    assert_string_equal(found(&f, "/a.c", PLM_SV("tok_sample")), "t");
    assert_string_equal(found(&f, "/test/a.c", PLM_SV("tok_sAmple")), "");
    assert_string_equal(found(&f, "/test/a.c", PLM_SV("tok_abcdef")), "t");
    assert_string_equal(found(&f, "/a.c", PLM_SV("x\n// tok_abcdef\n")), "");
    assert_string_equal(found(&f, "/a.c", PLM_SV("tok_zzcdef")), "");
    assert_string_equal(found(&f, "/a.lock", PLM_SV("tok_abcdef")), "");
    assert_string_equal(found(&f, "/a.md", PLM_SV("tok_abcdef")), "t");
    assert_string_equal(found(&f, "/a.c", PLM_SV("tok_abcdef # gitleaks:allow\ntok_abcdeg")), "t");
    unload(&f);
}

static void test_gitleaks_forms(void **state)
{
    static const char rules[] =
        "[allowlist]\nstopwords = [\"nope\"]\ncommits = [\"abc\"]\n"
        "[[rules]]\nid = \"old\"\nregex = '''old_(\\w{4})(\\w{4})?'''\nsecretGroup = 2\n"
        "[rules.allowlist]\npaths = ['''^docs/''']\n"
        "[[rules]]\nid = \"entropy\"\nregex = '''ent=(\\w+)'''\nentropy = 2.5\n"
        "[[rules]]\nid = \"commits\"\nregex = '''com=\\w+'''\n"
        "[[rules.allowlists]]\ncondition = \"AND\"\ncommits = [\"abc\"]\nregexes = ['''com''']\n"
        "[[rules]]\nid = \"file\"\npath = '''\\.key$'''\n";
    struct fixture f = {0};
    (void)state;
    load(&f, rules, "r.toml");
    assert_string_equal(found(&f, "/a", PLM_SV("old_abcdefgh old_abcdnope")), "old");
    assert_int_equal(f.res.hits.v[0].secret_start, 8);
    assert_string_equal(found(&f, "/docs/a", PLM_SV("old_abcdefgh")), "");
    assert_string_equal(found(&f, "/a", PLM_SV("ent=aaaabbbb ent=a1b2c3d4e5")), "entropy");
    assert_string_equal(found(&f, "/a", PLM_SV("com=x")), "commits");
    assert_string_equal(found(&f, "/my.key", PLM_SV("\0\1\2")), "file");
    unload(&f);
    load(&f, "x = 1\n[[rules]]\nid = \"a\"\nregex = \"a\"\nnew = 1\n", "r.toml");
    assert_int_equal(f.rules->warnings.n, 2);
    assert_true(plm_sv_is(f.rules->warnings.v[1], "r.toml:5: new of a rule has no effect"));
    unload(&f);
}

static void test_keywords_may_stand_anywhere(void **state)
{
    struct fixture f = {0};
    (void)state;
    load(&f, "rules: [{id: k, pattern: 'pat[0-9]{6}', keywords: [Vendor]}]", "r.yaml");
    assert_string_equal(found(&f, "/a", PLM_SV("pat123456")), "");
    assert_string_equal(found(&f, "/a", PLM_SV("pat123456\n... VENDOR")), "k");
    unload(&f);
}

static void test_generic_rules_give_way(void **state)
{
    struct fixture f = {0};
    (void)state;
    load(&f,
         "rules:\n  - {id: any, pattern: 'key=(\\w{8,})', generic: true}\n"
         "  - {id: other, pattern: '=(\\w{8,})', generic: true}\n  - {id: real, pattern: 'real_\\w{6}'}\n",
         "r.yaml");
    assert_string_equal(found(&f, "/a", PLM_SV("key=real_abcdef")), "real");
    assert_string_equal(found(&f, "/a", PLM_SV("key=unreal_abcdef")), "real");
    assert_string_equal(found(&f, "/a", PLM_SV("key=something")), "any");
    unload(&f);
}

static void test_binary_files(void **state)
{
    struct fixture f = {0};
    (void)state;
    load(&f, "rules: [{id: t, pattern: 'tok_\\w{6}'}, {id: b, pattern: 'bin_\\w{6}', binary: true}]",
         "r.yaml");
    assert_string_equal(found(&f, "/a", PLM_SV("\0 tok_abcdef bin_abcdef")), "b");
    assert_string_equal(found(&f, "/a", PLM_SV(" tok_abcdef bin_abcdef")), "t b");
    unload(&f);
}

/* One line of megabytes full of a rule's literals must neither hang nor be silent where it gives up. */
static void test_long_lines_and_limits(void **state)
{
    struct fixture f = {0};
    plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(PLM_MIB(16));
    (void)state;
    load(&f, "rules: [{id: bad, pattern: 'x(?:a+)+$y'}, {id: t, pattern: 'tok_(?:\\w|\\w\\w)*!'}]", "r.yaml");
    for (int i = 0; i < 50000; i++)
        plm_buf_str(&b, "xaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa ");
    plm_buf_str(&b, "tok_");
    for (int i = 0; i < 5000; i++)
        plm_buf_str(&b, "aaaaaaaa");
    assert_string_equal(found(&f, "/a.js", plm_buf_sv(&b)), "");
    assert_true(f.res.limit_reached);
    unload(&f);
}

static const struct plm_secret_hit *only(struct fixture *f, const char *rule, plm_sv text)
{
    assert_string_equal(found(f, "/srv/app.conf", text), rule);
    return &f->res.hits.v[0];
}

static bool notes(const struct plm_secret_hit *h, const char *what)
{
    return plm_sv_has(h->note, plm_sv_from(what));
}

/* The checksums were computed with Python's zlib, the account number with Python's base64. */
static void test_structures(void **state)
{
    struct fixture f = {0};
    (void)state;
    load_builtin(&f);
    const struct plm_secret_hit *h =
        only(&f, "github-pat", PLM_SV("t=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"));
    assert_true(notes(h, "checksum is right") && h->severity >= PLM_SEV_HIGH);
    h = only(&f, "aws-access-token", PLM_SV("id: AKIAIOSFODNN7EXAMPLE"));
    assert_int_equal(h->severity, PLM_SEV_LOW);
    assert_true(notes(h, "placeholder: example"));
    h = only(&f, "aws-access-token", PLM_SV("id: ASIAQNZGKIQY56JQ7WML"));
    assert_true(notes(h, "029608264753"));
    h = only(&f, "jwt",
             PLM_SV("eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0.eyJzdWIiOiIxMjM0NTY3ODkwIn0.abcdefghijklmn"));
    assert_int_equal(h->severity, PLM_SEV_LOW);
    h = only(&f, "private-key",
             PLM_SV("-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\n"
                    "MIIEpAIBAAKCAQEA04up8hoqzS1APIB0RhjXyObwHQnOzhAk5Bd7mhkSbPkyhP1\n"
                    "-----END RSA PRIVATE KEY-----\n"));
    assert_true(notes(h, "passphrase") && h->severity < PLM_SEV_CRITICAL);
    h = only(&f, "private-key",
             PLM_SV("-----BEGIN PRIVATE KEY-----\nput the key of your server here, all of its lines\n"
                    "-----END PRIVATE KEY-----\n"));
    assert_int_equal(h->severity, PLM_SEV_LOW);
    unload(&f);
}

static void test_references_are_no_secrets(void **state)
{
    static const char *const lines[] = {
        "DB_PASSWORD=${DB_PASSWORD}",  "DB_PASSWORD=$(cat /run/secrets/db)", "DB_PASSWORD={{ vault.db }}",
        "DB_PASSWORD=<your-password>", "DB_PASSWORD=%DB_PASSWORD%",          "DB_PASSWORD=$DB_PASSWORD",
    };
    struct fixture f = {0};
    (void)state;
    load_builtin(&f);
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
        assert_string_equal(found(&f, "<env>", plm_sv_from(lines[i])), "");
    assert_string_equal(found(&f, "<env>", PLM_SV("DB_PASSWORD=Tr0ub4dor&3")), "env-password");
    assert_string_equal(found(&f, "<env>", PLM_SV("DB_PASSWORD=changeme")), "env-password");
    assert_int_equal(f.res.hits.v[0].severity, PLM_SEV_LOW);
    unload(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_places_and_masks),
        cmocka_unit_test(test_allowlists),
        cmocka_unit_test(test_gitleaks_forms),
        cmocka_unit_test(test_keywords_may_stand_anywhere),
        cmocka_unit_test(test_generic_rules_give_way),
        cmocka_unit_test(test_binary_files),
        cmocka_unit_test(test_long_lines_and_limits),
        cmocka_unit_test(test_structures),
        cmocka_unit_test(test_references_are_no_secrets),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
