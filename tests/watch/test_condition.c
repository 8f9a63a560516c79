/* SPDX-License-Identifier: Apache-2.0
 *
 * Conditions: each construct and quirk of falco-rules.md part 2, as canonical text; faults with their
 * offsets; the depth limit; and that the canonical text parses to itself.
 */
#include "watch/condition_int.h"

#include "base/buf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static const struct {
    const char *text, *canonical;
} good[] = {
    /* precedence, grouping, keywords */
    {"a or b and c", "a or (b and c)"},
    {"a and b or c and d", "(a and b) or (c and d)"},
    {"(a or b) and c", "(a or b) and c"},
    {"((a))", "a"},
    {" \t\r\n a \n", "a"},
    {"a or(b)", "a or b"},
    {"a and(b or c)", "a and (b or c)"},
    {"not a", "not a"},
    {"not not a", "a"},
    {"not not not a", "not a"},
    {"not(a or b)", "not (a or b)"},
    {"not (a)", "not a"},
    {"not (not a)", "not (not a)"},
    {"not a and b", "not a and b"},
    {"nothing and orange or android", "(nothing and orange) or android"},
    /* operators */
    {"proc.name exists", "proc.name exists"},
    {"proc.name exists and a", "proc.name exists and a"},
    {"proc.name=cat", "proc.name = cat"},
    {"proc.name == cat", "proc.name = cat"},
    {"proc.name!=cat", "proc.name != cat"},
    {"proc.pid<3", "proc.pid < 3"},
    {"proc.pid <= -3", "proc.pid <= -3"},
    {"proc.pid > 0x1F", "proc.pid > 0x1F"},
    {"proc.pid >= 1.5e+3", "proc.pid >= 1.5e+3"},
    {"proc.pid >= +7 and a", "proc.pid >= +7 and a"},
    {"fd.name glob /etc/*", "fd.name glob /etc/*"},
    {"fd.name iglob /ETC/*", "fd.name iglob /ETC/*"},
    {"fd.name contains ssh", "fd.name contains ssh"},
    {"fd.name icontains ssh", "fd.name icontains ssh"},
    {"evt.buffer bcontains cafe", "evt.buffer bcontains cafe"},
    {"evt.buffer bstartswith cafe", "evt.buffer bstartswith cafe"},
    {"fd.name startswith /etc", "fd.name startswith /etc"},
    {"fd.name endswith .pem", "fd.name endswith .pem"},
    {"fd.name regex '.*x'", "fd.name regex \".*x\""},
    {"fd.name contains\n\"x\"", "fd.name contains \"x\""},
    /* lists */
    {"proc.name in (a,b, \"c d\")", "proc.name in (a, b, \"c d\")"},
    {"proc.name in(a)", "proc.name in (a)"},
    {"proc.name in ()", "proc.name in ()"},
    {"proc.name in ( )", "proc.name in ()"},
    {"proc.name in my_list", "proc.name in my_list"},
    {"proc.name in (my-list, /bin/x)", "proc.name in (my-list, /bin/x)"},
    {"fd.name pmatch (/etc, \"/var/log\")", "fd.name pmatch (/etc, \"/var/log\")"},
    {"proc.aname intersects (a)", "proc.aname intersects (a)"},
    {"fd.sport in (80, 443)", "fd.sport in (80, 443)"},
    /* modifiers */
    {"proc.name startswith anyof (a, b)", "proc.name startswith anyof (a, b)"},
    {"proc.name contains allof (a, b)", "proc.name contains allof (a, b)"},
    {"proc.name = oneof(a)", "proc.name = oneof (a)"},
    {"proc.name = anyof names", "proc.name = anyof names"},
    {"proc.name = oneof", "proc.name = oneof"},
    {"proc.name = anyof and b", "proc.name = anyof and b"},
    {"proc.name = allof or b", "proc.name = allof or b"},
    {"(proc.name = anyof)", "proc.name = anyof"},
    {"proc.name = anyofx", "proc.name = anyofx"},
    {"proc.name in (anyof)", "proc.name in (anyof)"},
    /* fields */
    {"proc.aname[2] = x", "proc.aname[2] = x"},
    {"proc.env[LD_PRELOAD] exists", "proc.env[LD_PRELOAD] exists"},
    {"proc.env[\"A B\"] = x", "proc.env[\"A B\"] = x"},
    {"proc.env['A'] = x", "proc.env['A'] = x"},
    {"container.mount.dest[/proc*] != \"\"", "container.mount.dest[/proc*] != \"\""},
    {"evt.arg.flags contains X", "evt.arg.flags contains X"},
    /* transformers */
    {"tolower(proc.name) = x", "tolower(proc.name) = x"},
    {"len(tolower( proc.name )) > 3", "len(tolower(proc.name)) > 3"},
    {"proc.name = val(proc.pname)", "proc.name = val(proc.pname)"},
    {"proc.name = toupper(proc.pname) and a", "proc.name = toupper(proc.pname) and a"},
    {"proc.name in val(proc.aname)", "proc.name in val(proc.aname)"},
    {"proc.pid > val(proc.ppid)", "proc.pid > val(proc.ppid)"},
    {"join(\",\", (proc.name, \"x\", 3)) = y", "join(\",\", (proc.name, \"x\", \"3\")) = y"},
    {"concat(proc.name, \"/\", b64(proc.exe)) = y", "concat(proc.name, \"/\", b64(proc.exe)) = y"},
    {"getopt(proc.args, \"a:b\")[a] exists", "getopt(proc.args, \"a:b\")[a] exists"},
    {"proc.name = value", "proc.name = value"},
    {"proc.name = tolowerx", "proc.name = tolowerx"},
    /* strings */
    {"proc.name = \"a\\tb\\n\\x41\\\\c\\/\"", "proc.name = \"a\\x09b\\x0aA\\\\c/\""},
    {"proc.name = \"it's\"", "proc.name = \"it's\""},
    {"proc.name = 'a \"b\" c'", "proc.name = \"a \\\"b\\\" c\""},
    {"proc.name = 'a\\'b'", "proc.name = \"a'b\""},
    {"proc.name = \"\"", "proc.name = \"\""},
    {"proc.name = \"a\\ b\"", "proc.name = \"a\\\\b\""}, /* backslash, blank: one backslash */
    {"proc.name = \"a\\\\\" b\"",
     "proc.name = \"a\\\\\\\" b\""}, /* a quote behind a backslash never closes */
    {"proc.name = \"a\\ \"", "proc.name = \"a\\ \""},
    {"proc.name = a\"b\"", NULL},
    {"proc.cmdline contains \"-c /bin/sh (x) and y\"", "proc.cmdline contains \"-c /bin/sh (x) and y\""},
    {"fd.name = /etc/[x]*{}", "fd.name = /etc/[x]*{}"},
};

static void canonical_texts(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        plm_auto(plm_arena_free) struct plm_arena *a = plm_arena_new(PLM_ARENA_NO_LIMIT);
        plm_auto(plm_err_free) plm_err *err = NULL;
        struct plm_cond *c = plm_cond_parse(plm_sv_from(good[i].text), a, NULL, &err);
        if (!good[i].canonical) {
            assert_null(c);
            continue;
        }
        if (!c)
            fail_msg("%s: %s", good[i].text, err->message);
        plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(PLM_KIB(4)), b2 = PLM_BUF(PLM_KIB(4));
        plm_cond_text(c, &b);
        assert_string_equal(plm_buf_cstr(&b), good[i].canonical);
        plm_cond_text(plm_cond_parse(plm_buf_sv(&b), a, NULL, NULL), &b2);
        assert_string_equal(plm_buf_cstr(&b2), good[i].canonical);
    }
}

static const struct {
    const char *text;
    size_t offset;
    const char *message; /* a part of it */
} bad[] = {
    {"", 0, "expected a '('"},
    {"   ", 3, "expected a '('"},
    {"a and", 5, "expected a '('"},
    {"a or or", 5, "expected a '('"},
    {"(a", 2, "expected a ')'"},
    {"a)", 1, "unexpected token"},
    {"a b", 2, "unexpected token"},
    {"proc.name", 9, "operator"},
    {"proc.name like x", 10, "operator"},
    {"proc.name contains", 10, "operator"},
    {"proc.name startswith\"x\"", 10, "operator"},
    {"proc.name = ", 12, "string"},
    {"proc.name = (a)", 12, "string"},
    {"proc.pid > x", 11, "number"},
    {"proc.pid > \"1\"", 11, "number"},
    {"proc.pid > 1x", 11, "number"},
    {"proc.name in", 12, "list"},
    {"proc.name in \"a\"", 13, "list"},
    {"proc.name in (a b)", 16, "','"},
    {"proc.name in (a,)", 16, "value"},
    {"proc.name in (,a)", 14, "value"},
    {"proc.name in (a", 15, "','"},
    {"proc.name = \"abc", 12, "closing"},
    {"proc.name = \"a\\\\\"", 12, "closing"},
    {"proc.name = \"a\\q\"", 14, "escape"},
    {"proc.name = \"a\\'\"", 14, "escape"},
    {"proc.name = 'a\\\"'", 14, "escape"},
    {"proc.name = \"\\x0g\"", 13, "escape"},
    {"proc.name = \"\\x00\"", 13, "NUL"},
    {"proc.aname [2] = x", 11, "operator"},
    {"proc.aname[] = x", 10, "argument"},
    {"proc.aname[2 = x", 12, "]"},
    {"val(proc.name) = x", 0, "right-hand"},
    {"lower(proc.name) = x", 5, "unexpected token"},
    {"tolower() = x", 8, "expected a field"},
    {"tolower(proc.name = x", 18, "')'"},
    {"proc.name = val()", 16, "expected a field"},
    {"andx and ", 9, "expected a '('"},
    {"not", 3, "expected a '('"},
    {"1proc.name = x", 0, "expected a '('"},
};

static void faults(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        plm_auto(plm_arena_free) struct plm_arena *a = plm_arena_new(PLM_ARENA_NO_LIMIT);
        plm_auto(plm_err_free) plm_err *err = NULL;
        size_t at = SIZE_MAX;
        if (plm_cond_parse(plm_sv_from(bad[i].text), a, &at, &err))
            fail_msg("%s: no fault", bad[i].text);
        if (at != bad[i].offset || !strstr(err->message, bad[i].message))
            fail_msg("%s: %zu: %s", bad[i].text, at, err->message);
    }
}

static struct plm_cond *nested(struct plm_arena *a, const char *open, size_t n, const char *close,
                               plm_err **err)
{
    plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(PLM_MIB(1));
    for (size_t i = 0; i < n; i++)
        plm_buf_str(&b, open);
    plm_buf_str(&b, "proc.name");
    for (size_t i = 0; i < n; i++)
        plm_buf_str(&b, close);
    plm_buf_str(&b, *close == ')' && *open == 't' ? " = x" : " exists");
    return plm_cond_parse(plm_buf_sv(&b), a, NULL, err);
}

static void depth(void **state)
{
    (void)state;
    plm_auto(plm_arena_free) struct plm_arena *a = plm_arena_new(PLM_ARENA_NO_LIMIT);
    plm_auto(plm_err_free) plm_err *err = NULL;
    plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(PLM_MIB(1));
    for (size_t n = 1000; n <= 1001; n++) {
        plm_buf_clear(&b);
        for (size_t i = 0; i < n; i++)
            plm_buf_str(&b, "not(");
        plm_buf_str(&b, "a");
        for (size_t i = 0; i < n; i++)
            plm_buf_str(&b, ")");
        struct plm_cond *c = plm_cond_parse(plm_buf_sv(&b), a, NULL, &err);
        assert_int_equal(c != NULL, n == 1000);
    }
    assert_non_null(strstr(err->message, "deep"));
    plm_err_free(plm_take(err));
    assert_non_null(nested(a, "tolower(", 1000, ")", &err));
    assert_null(nested(a, "tolower(", 100000, ")", &err));
}

static void details(void **state)
{
    (void)state;
    plm_auto(plm_arena_free) struct plm_arena *a = plm_arena_new(PLM_ARENA_NO_LIMIT);
    struct plm_cond *c =
        plm_cond_parse(PLM_SV(" x and proc.env[\"A B\"] in (12, '12', list) "), a, NULL, NULL);
    assert_int_equal(c->kind, PLM_COND_AND);
    assert_int_equal(c->offset, 1);
    assert_int_equal(c->length, 41);
    struct plm_cond *in = c->children[1];
    assert_int_equal(in->offset, 7);
    assert_true(plm_sv_is(in->lhs->text, "proc.env[\"A B\"]"));
    assert_int_equal(in->lhs->length, 15);
    assert_int_equal(in->n_values, 3);
    assert_true(in->values[0].is_number && in->values[0].is_bare);
    assert_true(!in->values[1].is_number && !in->values[1].is_bare);
    assert_int_equal(in->values[1].offset, 31);
    assert_true(!in->values[2].is_number && in->values[2].is_bare && in->is_list_form);
    /* not NUL-ended input, and a NUL inside */
    assert_null(plm_cond_parse(plm_sv_n("a\0b", 3), a, NULL, NULL));
    assert_non_null(plm_cond_parse(plm_sv_n("a or b", 1), a, NULL, NULL));
    assert_null(plm_cond_parse(PLM_SV_NULL, a, NULL, NULL));
}

static void operands(void **state)
{
    (void)state;
    plm_auto(plm_arena_free) struct plm_arena *a = plm_arena_new(PLM_ARENA_NO_LIMIT);
    assert_non_null(plm_operand_parse(PLM_SV("proc.name"), a, NULL));
    assert_non_null(plm_operand_parse(PLM_SV("tolower(proc.name)"), a, NULL));
    assert_null(plm_operand_parse(PLM_SV("proc"), a, NULL));
    assert_null(plm_operand_parse(PLM_SV("proc.name x"), a, NULL));
    assert_null(plm_operand_parse(PLM_SV(""), a, NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(canonical_texts), cmocka_unit_test(faults),   cmocka_unit_test(depth),
        cmocka_unit_test(details),         cmocka_unit_test(operands),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
