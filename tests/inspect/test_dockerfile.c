/* SPDX-License-Identifier: Apache-2.0
 *
 * Dockerfiles and history lines: directives, continuations, heredocs, words, variables, faults, bounds.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "inspect/dockerfile.h"

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

static struct plm_dockerfile *parse(const char *text)
{
    struct plm_dockerfile *df = plm_dockerfile_parse(plm_sv_from(text), arena, NULL);
    assert_non_null(df);
    return df;
}

static void is(plm_sv v, const char *expected)
{
    char *s = plm_arena_cstr(arena, v);
    assert_string_equal(s ? s : "(null)", expected);
}

static void directives_count_only_at_the_top(void **state)
{
    (void)state;
    struct plm_dockerfile *df = parse("# syntax=docker/dockerfile:1\n# escape=`\nFROM a\nRUN x `\n  y\n");
    is(df->syntax, "docker/dockerfile:1");
    assert_int_equal(df->escape, '`');
    is(df->instrs.v[1].args, "x   y");
    df = parse("# a comment\n# escape=`\nFROM a\n");
    assert_int_equal(df->escape, '\\');
    df = parse("\n# syntax=x\nFROM a\n");
    assert_null(df->syntax.p);
    df = parse("# escape=x\nFROM a\n");
    assert_int_equal(df->n_faults, 1);
}

static void continuations(void **state)
{
    (void)state;
    struct plm_dockerfile *df =
        parse("FROM a\nRUN one && \\\n# a comment\n\n   two \\ \n  three\nUSER x\nRUN y \\\\\nUSER z\n");
    assert_int_equal(df->instrs.n, 5);
    is(df->instrs.v[1].args, "one &&    two   three");
    assert_int_equal(df->instrs.v[1].line, 2);
    assert_int_equal(df->instrs.v[1].end_line, 6);
    is(df->instrs.v[3].args, "y \\\\");
    assert_int_equal(df->instrs.v[4].line, 9);
    assert_int_equal(df->n_faults, 0);
    df = parse("FROM a\r\nRUN x \\\r\n y\r\n");
    is(df->instrs.v[1].args, "x  y");
    df = parse("FROM a\nRUN x \\");
    is(df->instrs.v[1].args, "x");
}

static void heredocs(void **state)
{
    (void)state;
    struct plm_dockerfile *df = parse("FROM a\n"
                                      "RUN <<EOF\napt-get update\nEOF\n"
                                      "COPY <<\"A\" <<-B /dst/\n$x\nA\n\tb\n\tB\n"
                                      "RUN cat <<EOF | sh -x\nhi\nEOF\n"
                                      "RUN <<EOF\n#!/usr/bin/env python3\nimport os\nEOF\n"
                                      "USER x\n");
    assert_int_equal(df->n_faults, 0);
    assert_int_equal(df->instrs.n, 6);
    is(df->instrs.v[1].heredocs.v[0].text, "apt-get update\n");
    is(plm_df_shell_text(&df->instrs.v[1], arena), "apt-get update\n");
    const struct plm_df_instr *copy = &df->instrs.v[2];
    assert_int_equal(copy->heredocs.n, 2);
    assert_true(copy->heredocs.v[0].is_quoted);
    is(copy->heredocs.v[0].text, "$x\n");
    assert_false(copy->heredocs.v[1].is_quoted);
    is(copy->heredocs.v[1].text, "b\n");
    is(plm_df_shell_text(&df->instrs.v[3], arena), "cat <<EOF | sh -x\nhi\nEOF\n");
    assert_null(plm_df_shell_text(&df->instrs.v[4], arena).p);
    assert_int_equal(df->instrs.v[5].line, 17);
    df = parse("FROM a\nRUN <<EOF\nnever ends\n");
    assert_int_equal(df->n_faults, 1);
    assert_int_equal(df->faults.v[0].line, 2);
}

static void flags_and_json(void **state)
{
    (void)state;
    struct plm_dockerfile *df = parse("FROM --platform=linux/amd64 a AS b\n"
                                      "COPY --from=0 --chown=1:1 [\"a b\", \"/c/\"]\n"
                                      "CMD [\"sh\", \"-c\", \"echo \\u0041\"]\n"
                                      "CMD [ -f x ] && y\n"
                                      "HEALTHCHECK --interval=5s CMD curl x\n"
                                      "RUN --mount=type=cache,target=/c --network=none make\n");
    assert_int_equal(df->n_faults, 0);
    is(df->stages.v[0].platform, "linux/amd64");
    is(df->stages.v[0].alias, "b");
    is(plm_df_flag(&df->instrs.v[1], "from"), "0");
    assert_true(df->instrs.v[1].is_json);
    is(df->instrs.v[1].words.v[0], "a b");
    is(plm_df_shell_text(&df->instrs.v[2], arena), "echo A");
    assert_false(df->instrs.v[3].is_json);
    is(df->instrs.v[3].words.v[0], "[ -f x ] && y");
    is(df->instrs.v[4].words.v[0], "curl x");
    is(df->instrs.v[5].args, "make");
    assert_null(plm_df_flag(&df->instrs.v[5], "security").p);
}

static void pairs(void **state)
{
    (void)state;
    struct plm_dockerfile *df = parse("FROM a\nENV a=1 b=\"x y\" c='$z' d=e\\ f\nENV key some value\n"
                                      "LABEL \"a.b\"=\"c\" d=\nARG x y=\"1 2\"\nENV a=1 oops\n");
    const struct plm_df_instr *env = &df->instrs.v[1];
    assert_int_equal(env->pairs.n, 4);
    is(env->pairs.v[1].value, "x y");
    is(env->pairs.v[1].raw_value, "\"x y\"");
    is(env->pairs.v[3].value, "e f");
    is(df->instrs.v[2].pairs.v[0].value, "some value");
    is(df->instrs.v[3].pairs.v[0].key, "a.b");
    is(df->instrs.v[3].pairs.v[1].value, "");
    assert_null(df->instrs.v[4].pairs.v[0].value.p);
    is(df->instrs.v[4].pairs.v[1].value, "1 2");
    assert_int_equal(df->n_faults, 1);
    assert_int_equal(df->faults.v[0].line, 6);
}

static void argument_scopes(void **state)
{
    (void)state;
    struct plm_dockerfile *df = parse("ARG V=12\nARG IMG=debian:$V\nARG NONE\nFROM ${IMG} AS base\n"
                                      "ARG V\nARG L=local\nENV E=e$V\nRUN x\n"
                                      "FROM base\nRUN y\n"
                                      "FROM x:${NONE}\nFROM x:${NONE:-latest}\n");
    is(df->stages.v[0].resolved, "debian:12");
    bool is_unset;
    const struct plm_df_var *in_base = df->instrs.v[7].vars, *in_child = df->instrs.v[9].vars;
    is(plm_df_expand(PLM_SV("$V-$L-$E"), in_base, '\\', arena, &is_unset), "12-local-e12");
    assert_false(is_unset);
    assert_int_equal(df->stages.v[1].parent, 0);
    is(plm_df_expand(PLM_SV("[$E]"), in_child, '\\', arena, &is_unset), "[e12]");
    assert_null(plm_df_var_find(in_child, PLM_SV("V")));
    assert_null(plm_df_var_find(in_child, PLM_SV("IMG")));
    assert_true(df->stages.v[2].is_unset);
    is(df->stages.v[3].resolved, "x:latest");
}

static void expansion(void **state)
{
    (void)state;
    static const struct {
        const char *text, *expected;
    } rows[] = {
        {"a", "a"},
        {"$x", "val/ue"},
        {"${x}y", "val/uey"},
        {"'$x'", "$x"},
        {"\"$x\"", "val/ue"},
        {"\\$x", "$x"},
        {"${x:-d}", "val/ue"},
        {"${e:-d}", "d"},
        {"${e-d}", ""},
        {"${n-d$x}", "dval/ue"},
        {"${x:+set}", "set"},
        {"${e:+set}", ""},
        {"${e+set}", "set"},
        {"${x#*l}", "/ue"},
        {"${x##*/}", "ue"},
        {"${x%/*}", "val"},
        {"${x%%[*}", "val/ue"},
        {"${x/l/L}", "vaL/ue"},
        {"${w//o/0}", "w00t"},
        {"${w/o}", "wot"},
        {"$", "$"},
        {"a$ b", "a$ b"},
    };
    struct plm_df_var x = {.name = PLM_SV("x"), .value = PLM_SV("val/ue")},
                      e = {.name = PLM_SV("e"), .value = PLM_SV(""), .next = &x},
                      w = {.name = PLM_SV("w"), .value = PLM_SV("woot"), .next = &e};
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        bool is_unset;
        is(plm_df_expand(plm_sv_from(rows[i].text), &w, '\\', arena, &is_unset), rows[i].expected);
        assert_false(is_unset);
    }
    static const char *const bad[] = {"${x", "${}", "${x!y}", "$n", "${n:?why}", "${x:-${x:-${x}"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
        bool is_unset;
        plm_df_expand(plm_sv_from(bad[i]), &w, '\\', arena, &is_unset);
        assert_true(is_unset);
    }
}

static void values_that_double_stay_bounded(void **state)
{
    (void)state;
    plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(PLM_MIB(1));
    plm_buf_str(&b, "FROM a\nENV x=0123456789\n");
    for (int i = 0; i < 2000; i++)
        plm_buf_str(&b, "ENV x=$x$x\n");
    struct plm_dockerfile *df = parse(plm_buf_cstr(&b));
    assert_int_equal(df->instrs.n, 2002);
    assert_true(plm_arena_used(arena) < PLM_MIB(64));
}

static void ignores(void **state)
{
    (void)state;
    struct plm_dockerfile *df =
        parse("# hadolint global ignore=DL3001\n# hadolint ignore=DL3006, SC2086 # why\n"
              "FROM a\n# hadolint ignore=DL3002\n\nUSER root\n# hadolint shell=bash\n");
    assert_int_equal(df->ignores.n, 4);
    assert_int_equal(df->ignores.v[0].line, 0);
    assert_int_equal(df->ignores.v[1].line, 3);
    is(df->ignores.v[2].id, "SC2086");
    assert_int_equal(df->ignores.v[3].line, 5);
    is(df->shell_dialect, "bash");
}

static void triggers(void **state)
{
    (void)state;
    struct plm_dockerfile *df =
        parse("FROM a\nONBUILD COPY --from=x a /b/\nONBUILD RUN <<E\nls\nE\nONBUILD ONBUILD RUN x\n");
    assert_int_equal(df->n_faults, 0);
    is(plm_df_flag(df->instrs.v[1].trigger, "from"), "x");
    is(plm_df_shell_text(df->instrs.v[2].trigger, arena), "ls\n");
    assert_int_equal(df->instrs.v[3].trigger->kind, PLM_DF_ONBUILD);
}

static void faults_have_a_place(void **state)
{
    (void)state;
    struct plm_dockerfile *df = parse("FROM a\n  RUNN x\nFROM a b\nSHELL sh\nCOPY x\nHEALTHCHECK x\nRUN\n");
    assert_int_equal(df->n_faults, 6);
    assert_int_equal(df->faults.v[0].line, 2);
    assert_int_equal(df->faults.v[0].column, 3);
    assert_int_equal(parse("")->n_faults, 1);
    assert_int_equal(parse("# nothing\n")->n_faults, 1);
}

static void limits(void **state)
{
    (void)state;
    plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(PLM_MIB(16));
    for (int i = 0; i <= PLM_DF_INSTRS_MAX; i++)
        plm_buf_str(&b, "USER a\n");
    plm_err *err = NULL;
    assert_null(plm_dockerfile_parse(plm_buf_sv(&b), arena, &err));
    assert_int_equal(err->code, PLM_E_LIMIT);
    plm_err_free(plm_take(err));
    plm_buf_clear(&b);
    plm_buf_str(&b, "EXPOSE");
    for (int i = 0; i <= PLM_DF_WORDS_MAX; i++)
        plm_buf_str(&b, " 1");
    assert_null(plm_dockerfile_parse(plm_buf_sv(&b), arena, &err));
    assert_int_equal(err->code, PLM_E_LIMIT);
    plm_err_free(plm_take(err));
    char *big = calloc(1, PLM_DF_BYTES_MAX + 1u);
    assert_null(plm_dockerfile_parse(plm_sv_n(big, PLM_DF_BYTES_MAX + 1u), arena, &err));
    assert_int_equal(err->code, PLM_E_LIMIT);
    plm_err_free(err);
    free(big);
}

static void history_lines(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum plm_df_kind kind;
        const char *args, *first, *second; /* words, or key and value of the first pair */
    } rows[] = {
        {"/bin/sh -c #(nop)  CMD [\"nginx\" \"-g\" \"daemon off;\"]", PLM_DF_CMD, NULL, "nginx", "-g"},
        {"/bin/sh -c #(nop) COPY file:12ab in /app ", PLM_DF_COPY, NULL, "file:12ab", "/app"},
        {"/bin/sh -c #(nop) ADD multi:12ab in /in ", PLM_DF_ADD, NULL, "multi:12ab", "/in"},
        {"/bin/sh -c #(nop)  ENV A=b c", PLM_DF_ENV, NULL, "A", "b c"},
        {"/bin/sh -c #(nop)  LABEL maintainer=N D <a@b>", PLM_DF_LABEL, NULL, "maintainer", "N D <a@b>"},
        {"/bin/sh -c #(nop)  EXPOSE map[80/tcp:{} 81/udp:{}]", PLM_DF_EXPOSE, NULL, "80/tcp", "81/udp"},
        {"EXPOSE [80/tcp 81/tcp]", PLM_DF_EXPOSE, NULL, "80/tcp", "81/tcp"},
        {"VOLUME [/data /x]", PLM_DF_VOLUME, NULL, "/data", "/x"},
        {"SHELL [/bin/bash -c]", PLM_DF_SHELL, NULL, "/bin/bash", "-c"},
        {"CMD [\"a \\\"b\\\"\" \"\\x03\"]", PLM_DF_CMD, NULL, "a \"b\"", "\\x03"},
        {"COPY a.txt /b # buildkit", PLM_DF_COPY, NULL, "a.txt", "/b"},
        {"COPY in out in x # buildkit", PLM_DF_COPY, NULL, "in", "out"},
        {"RUN /bin/sh -c apt-get update # buildkit", PLM_DF_RUN, "apt-get update", NULL, NULL},
        {"RUN |2 A=b C=d e /bin/sh -c make $A # buildkit", PLM_DF_RUN, "make $A", NULL, NULL},
        {"|1 A=b /bin/bash -eo pipefail -c x | y", PLM_DF_RUN, "x | y", NULL, NULL},
        {"|0 /bin/sh -c x", PLM_DF_RUN, "x", NULL, NULL},
        {"/bin/sh -c make all", PLM_DF_RUN, "make all", NULL, NULL},
        {"RUN apt-get update", PLM_DF_RUN, "apt-get update", NULL, NULL},
        {"HEALTHCHECK &{[\"CMD-SHELL\" \"curl x\"] \"30s\" \"3s\" \"0s\" '\\x03'}", PLM_DF_HEALTHCHECK,
         "curl x", "curl x", NULL},
        {"USER nobody", PLM_DF_USER, "nobody", "nobody", NULL},
        {"bazel build ...", PLM_DF_UNKNOWN, "bazel build ...", NULL, NULL},
        {"bash", PLM_DF_UNKNOWN, "bash", NULL, NULL},
        {"add nothing", PLM_DF_UNKNOWN, "add nothing", NULL, NULL},
        {"", PLM_DF_UNKNOWN, "", NULL, NULL},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        struct plm_df_instr in;
        assert_int_equal(plm_df_history_line(plm_sv_from(rows[i].text), arena, &in, NULL), 0);
        if (in.kind != rows[i].kind)
            fail_msg("%s: %s", rows[i].text, plm_df_kind_name(in.kind));
        if (rows[i].args)
            is(in.args, rows[i].args);
        bool has_pairs = in.pairs.n != 0;
        if (rows[i].first)
            is(has_pairs ? in.pairs.v[0].key : in.words.v[0], rows[i].first);
        if (rows[i].second)
            is(has_pairs ? in.pairs.v[0].value : in.words.v[1], rows[i].second);
    }
    struct plm_df_instr in;
    assert_int_equal(plm_df_history_line(PLM_SV("RUN |2 A=b C=d e /bin/sh -c x"), arena, &in, NULL), 0);
    assert_int_equal(in.build_args.n, 2);
    is(in.build_args.v[1], "C=d e");
    is(in.shell.v[0], "/bin/sh");
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, make_arena, free_arena)
    const struct CMUnitTest tests[] = {
        TEST(directives_count_only_at_the_top),
        TEST(continuations),
        TEST(heredocs),
        TEST(flags_and_json),
        TEST(pairs),
        TEST(argument_scopes),
        TEST(expansion),
        TEST(values_that_double_stay_bounded),
        TEST(ignores),
        TEST(triggers),
        TEST(faults_have_a_place),
        TEST(limits),
        TEST(history_lines),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
