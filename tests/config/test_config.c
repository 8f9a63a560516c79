/* SPDX-License-Identifier: Apache-2.0 */
#include "../base/skip.h"
#include "base/fs.h"
#include "config_int.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

enum { WORDS_MAX = 32 };

/* Words separated by blanks as an argument vector in `out`; the copies live as long as `a`. */
static void words_of(struct plm_arena *a, const char *text, char **out)
{
    size_t n = 0;
    plm_sv rest = plm_sv_from(text), word;
    while (n < WORDS_MAX && plm_sv_word(&rest, &word))
        out[n++] = plm_arena_cstr(a, word);
    out[n] = NULL;
}

/* Loads with a command line, variables and no files but the one named. */
static struct plm_config *load(const char *line, const char *variables, const char *system_file,
                               plm_err **err)
{
    static const struct plm_ctx ctx = {.limits = &plm_limits_default};
    plm_auto(plm_arena_free) struct plm_arena *a = plm_arena_new(PLM_MIB(1));
    char *argv[WORDS_MAX + 1], *env[WORDS_MAX + 1];
    words_of(a, line, argv);
    words_of(a, variables, env);
    struct plm_config_sources s = {
        .system_file = system_file, .argv = argv, .environ_list = env, .command = "scan"};
    return plm_config_load(&ctx, &s, err);
}

static void rows_of_the_table_are_consistent(void **state)
{
    (void)state;
    for (size_t i = 0; i < plm_options_n; i++) {
        const struct plm_option *o = &plm_options[i];
        assert_true(o->name[0] && o->help[0] && o->commands[0]);
        assert_true((o->argument != NULL) == plm_option_takes_value(o));
        assert_true(o->commands[0] == '*' ||
                    (o->commands[0] == ',' && o->commands[strlen(o->commands) - 1] == ','));
        assert_ptr_equal(plm_option_find(plm_sv_from(o->name)), o);
        if (o->letter)
            assert_ptr_equal(plm_option_by_letter(o->letter), o);
        if (o->key)
            assert_ptr_equal(plm_option_by_key(plm_sv_from(o->key)), o);
        uint64_t n;
        if (o->fallback)
            assert_int_equal(
                plm_value_check(o, plm_sv_from(o->fallback), PLM_SV("x"), PLM_E_CONFIG, &n, NULL), 0);
        /* What other tools call it must not be what we call something. */
        plm_sv rest = plm_sv_from(o->foreign ? o->foreign : ""), word;
        while (plm_sv_word(&rest, &word)) {
            bool is_long = plm_sv_starts(word, PLM_SV("--"));
            const struct plm_option *clash = is_long       ? plm_option_find(plm_sv_from_off(word, 2))
                                             : word.n == 2 ? plm_option_by_letter(word.p[1])
                                                           : NULL;
            if (clash && plm_option_is_of(clash, "scan"))
                fail_msg("%.*s is --%s", PLM_SV_ARG(word), clash->name);
        }
    }
}

static void the_command_line_has_every_form(void **state)
{
    (void)state;
    plm_auto(plm_config_free) struct plm_config *c =
        load("-qj3 --fail-on=high:fixable,kev a --fail-on epss>=0.1 -o json=x -otable --no-offline -vv -v -- "
             "-x --y",
             "", NULL, NULL);
    assert_non_null(c);
    const char *const *words;
    const plm_sv *list;
    assert_int_equal(plm_config_words(c, &words), 3);
    assert_string_equal(words[0], "a");
    assert_string_equal(words[1], "-x");
    assert_string_equal(words[2], "--y");
    assert_true(plm_config_flag(c, "quiet"));
    assert_false(plm_config_flag(c, "offline"));
    assert_int_equal(plm_config_number(c, "jobs"), 3);
    assert_int_equal(plm_config_number(c, "verbose"), 3);
    assert_int_equal(plm_config_list(c, "fail-on", &list), 3);
    assert_true(plm_sv_is(plm_config_text(c, "fail-on"), "high:fixable,kev,epss>=0.1"));
    assert_int_equal(plm_config_list(c, "output", &list), 2);
    assert_true(plm_sv_is(list[0], "json=x") && plm_sv_is(list[1], "table"));
    assert_int_equal(plm_config_number(c, "db-max-age"), 5ull * 24 * 3600 * 1000);
    assert_int_equal(plm_config_number(c, "timeout"), UINT64_MAX);
    assert_int_equal(plm_config_number(c, "max-size"), 1ull << 30);
    assert_false(plm_config_is_set(c, "sort"));
    assert_true(plm_config_is_set(c, "offline"));
}

static void values_are_parsed_by_type(void **state)
{
    (void)state;
    static const struct {
        const char *option, *text;
        uint64_t number; /* UINT64_MAX - 1: not a value */
    } rows[] = {
        {"max-size", "0", 0},
        {"max-size", "10k", 10240},
        {"max-size", "1 MiB", 1 << 20},
        {"max-size", "2MB", 2000000},
        {"max-size", "16777216T", UINT64_MAX - 1},
        {"max-size", "MiB", UINT64_MAX - 1},
        {"max-size", "-1", UINT64_MAX - 1},
        {"jobs", "4294967296", UINT64_MAX - 1},
        {"jobs", "", UINT64_MAX - 1},
        {"offline", "Yes", 1},
        {"offline", "off", 0},
        {"offline", "2", UINT64_MAX - 1},
        {"db-max-age", "1h30m", 5400000},
        {"db-max-age", "soon", UINT64_MAX - 1},
        {"now", "1970-01-02", 86400},
        {"now", "1970-01-01T00:00:00Z", UINT64_MAX - 1},
        {"sort", "risk", 0},
        {"sort", "Risk", UINT64_MAX - 1},
        {"platform", "", UINT64_MAX - 1},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const struct plm_option *o = plm_option_find(plm_sv_from(rows[i].option));
        uint64_t n = 0;
        int rc = plm_value_check(o, plm_sv_from(rows[i].text), PLM_SV("x"), PLM_E_CONFIG, &n, NULL);
        if ((rc == 0) != (rows[i].number != UINT64_MAX - 1) || (rc == 0 && n != rows[i].number))
            fail_msg("%s=%s: %d, %llu", rows[i].option, rows[i].text, rc, (unsigned long long)n);
    }
}

static void the_nearest_word_is_suggested(void **state)
{
    (void)state;
    assert_int_equal(plm_word_distance(PLM_SV("abc"), PLM_SV("abc")), 0);
    assert_int_equal(plm_word_distance(PLM_SV("abc"), PLM_SV("acb")), 1);
    assert_int_equal(plm_word_distance(PLM_SV(""), PLM_SV("abc")), 3);
    assert_int_equal(plm_word_distance(PLM_SV("kitten"), PLM_SV("sitting")), 3);
    assert_string_equal(plm_option_nearest(PLM_SV("onyl-fixed"), false, "scan")->name, "only-fixed");
    assert_null(plm_option_nearest(PLM_SV("zzzzzzzz"), false, "scan"));
}

static void a_locked_key_wins_over_everything(void **state)
{
    (void)state;
    if (geteuid() != 0)
        plm_test_skip("needs root to own the system file");
    char path[] = "/tmp/plimsoll-test-config-XXXXXX";
    static const char text[] = "offline: true\njobs: 2\nlock: [offline]\n";
    plm_auto_fd int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(plm_fs_write_all(fd, text, sizeof(text) - 1, NULL), 0);
    plm_auto(plm_config_free) struct plm_config *c =
        load("--no-offline --jobs 7", "PLIMSOLL_OFFLINE=false HOME=/nonexistent", path, NULL);
    unlink(path);
    plm_sv where;
    assert_non_null(c);
    assert_true(plm_config_flag(c, "offline"));
    assert_int_equal(plm_config_origin(c, "offline", &where), PLM_CFG_LOCKED);
    assert_int_equal(plm_config_number(c, "jobs"), 7);
    assert_int_equal(plm_config_origin(c, "jobs", &where), PLM_CFG_FLAG);
}

static void variables_are_options(void **state)
{
    (void)state;
    plm_auto(plm_config_free) struct plm_config *c =
        load("", "PLIMSOLL_SORT=risk PLIMSOLL_OUTPUT=table,json=x OTHER=1 PLIMSOLL_BINARY=/x", NULL, NULL);
    const plm_sv *list;
    plm_sv where;
    assert_non_null(c);
    assert_int_equal(plm_config_list(c, "output", &list), 2);
    assert_int_equal(plm_config_origin(c, "sort", &where), PLM_CFG_ENV);
    assert_true(plm_sv_is(where, "PLIMSOLL_SORT"));
    plm_err *e = NULL;
    assert_null(load("", "PLIMSOLL_SORTT=risk", NULL, &e));
    assert_int_equal(plm_err_code(e), PLM_E_CONFIG);
    assert_string_equal(plm_err_hint_get(e), "PLIMSOLL_SORT");
    plm_err_free(e);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_of_the_table_are_consistent),
        cmocka_unit_test(the_command_line_has_every_form),
        cmocka_unit_test(values_are_parsed_by_type),
        cmocka_unit_test(the_nearest_word_is_suggested),
        cmocka_unit_test(a_locked_key_wins_over_everything),
        cmocka_unit_test(variables_are_options),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
