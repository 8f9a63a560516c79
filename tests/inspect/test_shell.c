/* SPDX-License-Identifier: Apache-2.0
 *
 * Shell text cut into commands: what is a word, what connects, what is nested in what.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/buf.h"
#include "inspect/shell.h"

static struct plm_arena *arena;

static int make_arena(void **state)
{
    (void)state;
    arena = plm_arena_new(PLM_ARENA_NO_LIMIT);
    return arena ? 0 : -1;
}

static int free_arena(void **state)
{
    (void)state;
    plm_arena_free(arena);
    return 0;
}

/* "<link> [!][depth] word|word" a line: the whole list as text. */
static void dump(plm_sv text, struct plm_buf *b)
{
    static const char *const links[] = {"^", ";", "&&", "||", "|", "&"};
    struct plm_shell sh;
    assert_int_equal(plm_shell_parse(text, arena, &sh, NULL), 0);
    for (size_t i = 0; i < sh.commands.n; i++) {
        const struct plm_sh_command *c = &sh.commands.v[i];
        plm_buf_printf(b, "%s%s%s%s%u", links[c->link], c->is_negated ? "!" : "", c->is_subst ? "$" : "",
                       c->is_condition ? "?" : "", c->depth);
        if (c->keyword.p)
            plm_buf_printf(b, " <%.*s>", PLM_SV_ARG(c->keyword));
        for (size_t k = 0; k < c->assigns.n; k++)
            plm_buf_printf(b, " %.*s:=%.*s", PLM_SV_ARG(c->assigns.v[k].name),
                           PLM_SV_ARG(c->assigns.v[k].value.text));
        for (size_t k = 0; k < c->words.n; k++)
            plm_buf_printf(b, "%s%.*s", k ? "|" : " ", PLM_SV_ARG(c->words.v[k].text));
        for (size_t k = 0; k < c->redirects.n; k++)
            plm_buf_printf(b, " %.*s%.*s", PLM_SV_ARG(c->redirects.v[k].op),
                           PLM_SV_ARG(c->redirects.v[k].target.text));
        plm_buf_byte(b, '\n');
    }
    if (sh.is_partial)
        plm_buf_str(b, "partial\n");
}

static const struct {
    const char *text, *expected;
} rows[] = {
    {"apt-get update && apt-get install -y \"a b\" 'c d' e\\ f",
     "^0 apt-get|update\n&&0 apt-get|install|-y|a b|c d|e f\n"},
    {"a; b & c || d | e |& f", "^0 a\n;0 b\n&0 c\n||0 d\n|0 e\n|0 f\n"},
    {"a # b\nc", "^0 a\n;0 c\n"},
    {"a#b", "^0 a#b\n"},
    {"a &&\n\n b", "^0 a\n&&0 b\n"},
    {"A=1 B=\"x y\" cmd", "^0 A:=1 B:=x y cmd\n"},
    {"A=1; B+=2", "^0 A:=1\n;0 B:=2\n"},
    {"A=(x y) z", "^0 A:=(x y) z\n"},
    {"x > /dev/null 2>&1 < in >>out", "^0 x >/dev/null >&1 <in >>out\n"},
    {"x &>log y", "^0 x|y &>log\n"},
    {"(cd /a && make) && b", "^1 cd|/a\n&&1 make\n&&0 b\n"},
    {"{ a; b; } | c", "^1 a\n;1 b\n|0 c\n"},
    {"if a; then b; elif c; then d; else e; fi; f", "^?1 a\n^1 b\n^?1 c\n^1 d\n^1 e\n;0 f\n"},
    {"while read x; do y; done < z", "^?1 read|x\n^1 y\n;0 <z\n"},
    {"for i in a b; do c $i; done", "^0 <for> i|in|a|b\n^1 c|$i\n"},
    {"for ((i=0;i<3;i++)); do c; done", "^1 c\n"},
    {"case $x in a|b) c;; (*) d; e ;; esac; f", "^0 <case> $x|in\n^1 c\n^1 d\n;1 e\n;0 f\n"},
    {"f() { a; }; f", "^0 <function> f\n^1 a\n;0 f\n"},
    {"function f { a; }", "^0 <function> f\n^1 a\n"},
    {"! a || b", "^!0 a\n||0 b\n"},
    {"[[ $a == b && -f c ]] && d", "^0 <[[> [[|$a|==|b|-f|c|]]\n&&0 d\n"},
    {"((x++)) && y", "&&0 y\n"},
    {"echo $(ls | wc) `id -u`", "^0 echo|$(ls | wc)|`id -u`\n^$1 ls\n|$1 wc\n^$1 id|-u\n"},
    {"echo \"$(a \"b c\")\" d", "^0 echo|$(a \"b c\")|d\n^$1 a|b c\n"},
    {"x=$(a) y", "^0 x:=$(a) y\n^$1 a\n"},
    {"echo $((1+(2*3))) x", "^0 echo|$((1+(2*3)))|x\n"},
    {"cat <<EOF | sh\nrm -rf /\nEOF\nnext", "^0 cat <<EOF\n|0 sh\n;0 next\n"},
    {"cat <<-'A' <<B\n\tx\n\tA\ny\nB\nz", "^0 cat <<-A <<B\n;0 z\n"},
    {"diff <(a) >(b)", "^0 diff|<(a)|>(b)\n^$1 a\n^$1 b\n"},
    {"echo ${x:-\"a b\"} ${#y} ${!z}", "^0 echo|${x:-\"a b\"}|${#y}|${!z}\n"},
    {"a \\\n b", "^0 a|b\n"},
    {"iffy; donee", "^0 iffy\n;0 donee\n"},
    {"\"if\" x", "^0 if|x\n"},
    {"echo if then", "^0 echo|if|then\n"},
    {"echo 'a", "^0 echo|a\npartial\n"},
    {"a )", "^0 a\npartial\n"},
    {"(a", "^1 a\npartial\n"},
    {"if a; then b", "^?1 a\n^1 b\npartial\n"},
    {"echo $(a", "^0 echo|$(a\n^$1 a\npartial\n"},
    {"", ""},
    {"echo @(a|b) $'x\\'y'", "^0 echo|@(a|b)|x\\'y\n"},
};

static void texts(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(PLM_MIB(1));
        dump(plm_sv_from(rows[i].text), &b);
        const char *got = plm_buf_cstr(&b);
        if (strcmp(got, rows[i].expected) != 0)
            fail_msg("%s\ngives\n%sand not\n%s", rows[i].text, got, rows[i].expected);
    }
}

static void uses_know_their_quotes(void **state)
{
    (void)state;
    struct plm_shell sh;
    assert_int_equal(plm_shell_parse(PLM_SV("echo $a \"$b ${c:-$d}\" '$e' \\$f $1 ${#g}"), arena, &sh, NULL),
                     0);
    const struct plm_sh_command *c = &sh.commands.v[0];
    assert_int_equal(c->words.n, 7);
    assert_true(plm_sv_is(c->words.v[1].uses.v[0].name, "a") && !c->words.v[1].uses.v[0].is_quoted);
    assert_int_equal(c->words.v[2].uses.n, 3);
    assert_true(c->words.v[2].uses.v[0].is_quoted);
    assert_true(plm_sv_is(c->words.v[2].uses.v[1].op, ":-$d"));
    assert_int_equal(c->words.v[3].uses.n, 0);
    assert_int_equal(c->words.v[4].uses.n, 0);
    assert_true(plm_sv_is(c->words.v[5].uses.v[0].name, "1"));
    assert_true(c->words.v[6].uses.v[0].is_length);
    assert_false(c->words.v[1].is_literal);
    assert_true(c->words.v[3].is_literal);
}

static void flags_and_operands(void **state)
{
    (void)state;
    struct plm_shell sh;
    assert_int_equal(plm_shell_parse(PLM_SV("/usr/bin/tar -xzf a --owner=b -- -c d"), arena, &sh, NULL), 0);
    const struct plm_sh_command *c = &sh.commands.v[0];
    plm_sv_vec ops = {0};
    assert_true(plm_sv_is(plm_sh_base(c), "tar"));
    assert_true(plm_sh_has_flag(c, "z") && plm_sh_has_flag(c, "owner"));
    assert_false(plm_sh_has_flag(c, "own") || plm_sh_has_flag(c, "q"));
    plm_sh_operands(c, arena, &ops);
    assert_int_equal(ops.n, 3);
    assert_true(plm_sv_is(ops.v[1], "-c"));
}

static void heredoc_bodies(void **state)
{
    (void)state;
    struct plm_shell sh;
    assert_int_equal(plm_shell_parse(PLM_SV("cat <<A >x\n1\n2\nA\ny"), arena, &sh, NULL), 0);
    assert_true(plm_sv_is(sh.commands.v[0].redirects.v[0].heredoc, "1\n2\n"));
    assert_int_equal(sh.commands.v[1].line, 5);
}

static void bounds(void **state)
{
    (void)state;
    plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(PLM_MIB(4));
    struct plm_shell sh;
    plm_err *err = NULL;
    for (int i = 0; i < 5000; i++)
        plm_buf_str(&b, i % 2 ? "$(" : "{ \"`(");
    assert_int_equal(plm_shell_parse(plm_buf_sv(&b), arena, &sh, NULL), 0);
    assert_true(sh.is_partial);
    plm_buf_clear(&b);
    for (int i = 0; i <= PLM_SH_WORDS_MAX; i++)
        plm_buf_str(&b, "a ");
    assert_int_equal(plm_shell_parse(plm_buf_sv(&b), arena, &sh, &err), -1);
    assert_int_equal(err->code, PLM_E_LIMIT);
    plm_err_free(plm_take(err));
    while (b.n <= PLM_SH_BYTES_MAX)
        plm_buf_str(&b, "aaaaaaaaaaaaaaaaaaaaaaa");
    assert_int_equal(plm_shell_parse(plm_buf_sv(&b), arena, &sh, &err), -1);
    assert_int_equal(err->code, PLM_E_LIMIT);
    plm_err_free(err);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, make_arena, free_arena)
    const struct CMUnitTest tests[] = {
        TEST(texts),  TEST(uses_know_their_quotes), TEST(flags_and_operands), TEST(heredoc_bodies),
        TEST(bounds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
