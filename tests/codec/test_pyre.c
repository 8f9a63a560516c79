/* SPDX-License-Identifier: Apache-2.0
 *
 * Expressions as Python reads them, compared with Python's own `re` over a table of patterns and texts; what
 * differs between Python's versions stands in tables of its own.
 */
#include "codec/pyre.h"

#include "base/buf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

static const char *const patterns[] = {
    "abc",
    "a.c",
    "^a",
    "c$",
    "c\\Z",
    "\\Aabc",
    "[a-c]+",
    "[]a]",
    "[^]a]+",
    "[[:alpha:]]",
    "[a[]",
    "a{,2}b",
    "a{2,}",
    "a{2}",
    "a{",
    "a{x}",
    "a{1,2",
    "{1}",
    "a**",
    "a{2}{3}",
    "*a",
    "+",
    "a|*b",
    "(a",
    "a)",
    "(?:a",
    "(a)(b)\\2",
    "(a)\\1",
    "(?P<n>a)(?P=n)",
    "(?P<n>a",
    "(?<n>a)",
    "(?'n'a)",
    "(?R)",
    "(?1)",
    "(?|a|b)",
    "\\d+",
    "\\w+",
    "\\s",
    "\\bword\\b",
    "\\q",
    "\\z",
    "\\h",
    "\\R",
    "\\K",
    "\\x41",
    "\\x4",
    "\\u0041",
    "\\u00e9",
    "\\101",
    "\\0",
    "[\\b]",
    "[\\d-]",
    "(?=a)a",
    "(?!b)a",
    "(?<=a)b",
    "(?<!a)b",
    "(?#note)a",
    "(?#note",
    "a(?#x)*",
    "(?i)ABC",
    "(?i:A)bc",
    "(?s)a.c",
    "(?m)^b",
    "(?x) a b # c",
    "(?q)a",
    "(a)?(?(1)b|c)",
    "(*ACCEPT)a",
    "",
    "()",
    "()*",
    "a||b",
    "\\",
    "[a",
    "[z-a]",
    "\xc3\xa9+",
    "[\xc3\xa9]",
    "a\\.b",
    ".*\\.pem",
    "*\\.pem",
    "^.*(secret|key).*$",
    "\\.(pem|key)$",
    "a??b",
    "a*?b",
    "a+?b",
    "a{1,2}?b",
    "\\v",
    "\\f",
    "\\n$",
    "a\\{2\\}",
    "}",
    "a}",
    "{}",
    "x{}",
    "\\-",
    "\\/",
    "\\ ",
    "\\Q.\\E",
    "(?P>n)",
    "\\p{L}",
    "\\N",
    "\\G",
    "$a",
    "a^b",
};
static const char *const texts[] = {
    "abc",         "aXc",
    "a\nc",        "abc\n",
    "b",           "",
    "]",           "[",
    "aab",         "aaa",
    "aaaaaa",      "a{x}",
    "a{",          "aa",
    "abb",         "12",
    "x y",         "a word.",
    "A",           "AbC",
    "ABC",         "\xc3\xa9\xc3\xa9",
    "a.b",         "/x/y.pem",
    "my secret\n", "a\nb",
    "ab",          "\v",
    "\f",          "\n",
    "{}",          "a}",
    "a{2}",        "-",
    "q",           "a^b",
    "x",           ":]",
};
enum { N_PATTERNS = sizeof(patterns) / sizeof(patterns[0]), N_TEXTS = sizeof(texts) / sizeof(texts[0]) };

static void put_python(FILE *f, const char *s)
{
    fputs("b'", f);
    for (; *s; s++)
        (void)fprintf(f, "\\x%02x", (unsigned char)*s);
    fputs("',", f);
}

/* One line a pattern: "!" where it does not compile, else three characters of 0 and 1 for each text. */
static FILE *ask_python(char path[32])
{
    memcpy(path, "/tmp/plm-pyre-XXXXXX", 21);
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    FILE *f = fdopen(fd, "w");
    assert_non_null(f);
    fputs("import re, warnings\nwarnings.simplefilter('ignore')\nP = [", f);
    for (size_t i = 0; i < N_PATTERNS; i++)
        put_python(f, patterns[i]);
    fputs("]\nT = [", f);
    for (size_t i = 0; i < N_TEXTS; i++)
        put_python(f, texts[i]);
    fputs("]\nfor p in P:\n    try:\n        r = re.compile(p.decode())\n    except re.error:\n        "
          "print('!')\n        "
          "continue\n    print(''.join(str(int(bool(m(t.decode())))) for t in T for m in (r.match, r.search, "
          "r.fullmatch)))\n",
          f);
    assert_int_equal(fclose(f), 0);
    int pipes[2];
    assert_int_equal(pipe(pipes), 0);
    if (fork() == 0) {
        dup2(pipes[1], 1);
        execl("/usr/bin/python3", "python3", path, (char *)NULL);
        _exit(127);
    }
    close(pipes[1]);
    return fdopen(pipes[0], "r");
}

static void compare(const char *pattern, const char *line)
{
    plm_err *err = NULL;
    plm_auto(plm_pyre_free) struct plm_pyre *re = plm_pyre_new(plm_sv_from(pattern), 0, &err);
    if ((re == NULL) != (line[0] == '!'))
        fail_msg("%s: Python %s it, we say %s", pattern, line[0] == '!' ? "refuses" : "takes",
                 re ? "nothing" : plm_err_text(err));
    plm_err_free(err);
    for (size_t i = 0; re && i < N_TEXTS; i++)
        for (int how = 0; how < 3; how++) {
            int got = plm_pyre_test(re, plm_sv_from(texts[i]), (enum plm_pyre_how)how, NULL);
            if (got != line[3 * i + (size_t)how] - '0')
                fail_msg("%s on \"%s\", way %d: we say %d", pattern, texts[i], how, got);
        }
}

static void test_as_python(void **state)
{
    (void)state;
    if (access("/usr/bin/python3", X_OK) != 0) {
        print_message("skipped: no python3\n");
        skip();
    }
    char path[32], *line = NULL;
    size_t cap = 0, n = 0;
    FILE *answers = ask_python(path);
    assert_non_null(answers);
    for (; n < N_PATTERNS && getline(&line, &cap, answers) > 0; n++)
        compare(patterns[n], line);
    assert_int_equal(n, N_PATTERNS);
    (void)fclose(answers);
    free(line);
    (void)unlink(path);
}

/* Python 3.8, for which the bundles were written, against newer ones. */
static void test_flags_hold_for_all_of_it(void **state)
{
    (void)state;
    plm_auto(plm_pyre_free) struct plm_pyre *late = plm_pyre_new(PLM_SV("abc(?i)"), 0, NULL);
    plm_auto(plm_pyre_free) struct plm_pyre *verbose = plm_pyre_new(PLM_SV("a b(?x)"), 0, NULL);
    assert_int_equal(plm_pyre_test(late, PLM_SV("ABC"), PLM_PYRE_FULL, NULL), 1);
    assert_int_equal(plm_pyre_test(verbose, PLM_SV("ab"), PLM_PYRE_FULL, NULL), 1);
    assert_null(plm_pyre_new(PLM_SV("a++"), 0, NULL));
    assert_null(plm_pyre_new(PLM_SV("(?>a)"), 0, NULL));
}

static void test_errors_say_where(void **state)
{
    (void)state;
    static const struct {
        const char *pattern, *what;
    } rows[] = {{"*\\.pem", "nothing to repeat at position 0"},
                {"a**", "multiple repeat at position 2"},
                {"a\\q", "bad escape \\q at position 1"},
                {"ab)", "unbalanced parenthesis at position 2"},
                {"[a", "unterminated character set at position 0"}};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        plm_err *err = NULL;
        assert_null(plm_pyre_new(plm_sv_from(rows[i].pattern), 0, &err));
        assert_int_equal(plm_err_code(err), PLM_E_PARSE);
        char *text = plm_err_text(err);
        assert_string_equal(text, rows[i].what);
        free(text);
        plm_err_free(err);
    }
}

static void test_catastrophic_expressions_end(void **state)
{
    (void)state;
    char text[64];
    memset(text, 'a', sizeof(text));
    text[sizeof(text) - 1] = 'b';
    plm_auto(plm_pyre_free) struct plm_pyre *re = plm_pyre_new(PLM_SV("(a|aa)+$"), 0, NULL);
    plm_err *err = NULL;
    assert_non_null(re);
    assert_int_equal(plm_pyre_test(re, plm_sv_n(text, sizeof(text)), PLM_PYRE_SEARCH, &err), -1);
    assert_int_equal(plm_err_code(err), PLM_E_LIMIT);
    plm_err_free(err);
    err = NULL;
    plm_auto_done(plm_buf_done) struct plm_buf big = PLM_BUF(PLM_MIB(1));
    for (size_t i = 0; i < 70000; i++)
        plm_buf_byte(&big, 'a');
    assert_null(plm_pyre_new(plm_buf_sv(&big), 0, &err));
    assert_int_equal(plm_err_code(err), PLM_E_LIMIT);
    plm_err_free(err);
}

static void test_bytes_and_where(void **state)
{
    (void)state;
    plm_sv at;
    plm_auto(plm_pyre_free) struct plm_pyre *bytes = plm_pyre_new(PLM_SV("\\w+."), PLM_PYRE_BYTES, NULL);
    plm_auto(plm_pyre_free) struct plm_pyre *text = plm_pyre_new(PLM_SV("\\w+"), PLM_PYRE_JIT, NULL);
    assert_int_equal(plm_pyre_find(bytes, PLM_SV("- ab\xff"), PLM_PYRE_SEARCH, &at, NULL), 1);
    assert_int_equal(at.n, 3);
    assert_int_equal(plm_pyre_find(text, PLM_SV("\xc3\xa9t\xc3\xa9 x"), PLM_PYRE_MATCH, &at, NULL), 1);
    assert_int_equal(at.n, 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_as_python),        cmocka_unit_test(test_flags_hold_for_all_of_it),
        cmocka_unit_test(test_errors_say_where), cmocka_unit_test(test_catastrophic_expressions_end),
        cmocka_unit_test(test_bytes_and_where),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
