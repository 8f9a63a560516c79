/* SPDX-License-Identifier: Apache-2.0 */
#include "base/buf.h"
#include "codec/spdx.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

extern const char plm_codec_spdx_list[];
extern const size_t plm_codec_spdx_list_n;

struct pair {
    const char *text, *expected;
};

static void parsed(const char *text, const char *expected)
{
    plm_auto(plm_arena_free) struct plm_arena *a = plm_arena_new(PLM_ARENA_NO_LIMIT);
    plm_auto(plm_err_free) plm_err *err = NULL;
    const struct plm_spdx *e = NULL;
    if (plm_spdx_parse(plm_sv_from(text), a, &e, &err) < 0)
        fail_msg("%s: %s", text, err->message);
    assert_string_equal(plm_spdx_text(e, a).p, expected);
}

static void the_specified_grammar(void **state)
{
    (void)state;
    static const struct pair cases[] = {
        {"MIT", "MIT"},
        {" mit ", "MIT"},
        {"(MIT)", "MIT"},
        {"MIT AND ISC OR Zlib", "MIT AND ISC OR Zlib"},
        {"MIT AND (ISC OR Zlib)", "MIT AND (ISC OR Zlib)"},
        {"MIT OR ISC OR MIT", "MIT OR ISC"},
        {"MIT or (isc oR (zlib))", "MIT OR ISC OR Zlib"},
        {"GPL-2.0-only WITH classpath-exception-2.0", "GPL-2.0-only WITH Classpath-exception-2.0"},
        {"Apache-2.0+", "Apache-2.0+"},
        {"GPL-2.0", "GPL-2.0-only"},
        {"gpl-2.0+", "GPL-2.0-or-later"},
        {"LGPL-3.0-only+", "LGPL-3.0-or-later"},
        {"GPL-2.0-or-later+", "GPL-2.0-or-later"},
        {"GPL-2.0-with-classpath-exception", "GPL-2.0-only WITH Classpath-exception-2.0"},
        {"LicenseRef-own.1 OR DocumentRef-a:LicenseRef-b", "LicenseRef-own.1 OR DocumentRef-a:LicenseRef-b"},
        {"MIT\nAND\n ISC", "MIT AND ISC"},
        {"MIT WITH AdditionRef-mine", "MIT WITH AdditionRef-mine"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
        parsed(cases[i].text, cases[i].expected);
}

static void faults_have_line_and_column(void **state)
{
    (void)state;
    static const struct pair cases[] = {
        {"", "line 1, column 1: a license is missing"},
        {"MIT AND", "line 1, column 8: a license is missing"},
        {"MIT\nOR\n  Foo-1.0", "line 3, column 3: not in the SPDX list: \"Foo-1.0\""},
        {"MIT ISC", "line 1, column 5: an operator is missing before \"ISC\""},
        {"(MIT", "line 1, column 5: a closing parenthesis is missing"},
        {"MIT)", "line 1, column 4: an operator is missing before \")\""},
        {"MIT WITH Foo", "line 1, column 10: no exception"},
        {"MIT WITH", "line 1, column 9: no exception"},
        {"(MIT OR ISC) WITH LLVM-exception", "line 1, column 14: an operator is missing"},
        {"GPL-2.0-with-font-exception WITH LLVM-exception", "an exception needs one license"},
        {"MIT, ISC", "line 1, column 4: a byte"},
        {"LicenseRef-", "not in the SPDX list"},
        {"LicenseRef-a+", "not in the SPDX list"},
        {"DocumentRef-a:MIT", "not in the SPDX list"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        plm_auto(plm_arena_free) struct plm_arena *a = plm_arena_new(PLM_ARENA_NO_LIMIT);
        plm_auto(plm_err_free) plm_err *err = NULL;
        const struct plm_spdx *e = NULL;
        assert_int_equal(plm_spdx_parse(plm_sv_from(cases[i].text), a, &e, &err), -1);
        if (!strstr(err->message, cases[i].expected))
            fail_msg("%s: %s", cases[i].text, err->message);
        assert_int_equal(err->code, PLM_E_PARSE);
    }
}

static void limits_of_depth_and_length(void **state)
{
    (void)state;
    plm_auto(plm_arena_free) struct plm_arena *a = plm_arena_new(PLM_ARENA_NO_LIMIT);
    for (size_t depth = PLM_SPDX_DEPTH_MAX; depth <= PLM_SPDX_DEPTH_MAX + 1; depth++) {
        plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(PLM_KIB(16));
        plm_auto(plm_err_free) plm_err *err = NULL;
        const struct plm_spdx *e = NULL;
        for (size_t i = 0; i < depth; i++)
            plm_buf_byte(&b, '(');
        plm_buf_str(&b, "MIT");
        for (size_t i = 0; i < depth; i++)
            plm_buf_byte(&b, ')');
        int rc = plm_spdx_parse(plm_buf_sv(&b), a, &e, &err);
        assert_int_equal(rc, depth > PLM_SPDX_DEPTH_MAX ? -1 : 0);
        assert_true(rc == 0 || err->code == PLM_E_LIMIT);
        assert_int_equal(plm_spdx_normalise(plm_buf_sv(&b), a, &e, NULL, NULL), 0);
    }
    plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(PLM_KIB(64));
    plm_auto(plm_err_free) plm_err *err = NULL;
    const struct plm_spdx *e = NULL;
    for (size_t i = 0; i < PLM_SPDX_TEXT_MAX; i++)
        plm_buf_byte(&b, ' ');
    plm_buf_str(&b, "MIT");
    assert_int_equal(plm_spdx_parse(plm_buf_sv(&b), a, &e, &err), -1);
    assert_int_equal(err->code, PLM_E_LIMIT);
    plm_buf_str(&b, " License\n\nPermission is hereby granted");
    for (size_t i = 0; i < PLM_SPDX_TEXT_MAX; i++)
        plm_buf_byte(&b, 'x');
    assert_int_equal(plm_spdx_normalise(plm_buf_sv(&b), a, &e, NULL, NULL), 0);
    assert_string_equal(plm_spdx_text(e, a).p, "MIT");
}

/* A '~' before the expected text: something was not recognised. "": says nothing. */
static void names_of_packages(void **state)
{
    (void)state;
    static const struct pair cases[] = {
        /* Debian */
        {"GPL-2+", "GPL-2.0-or-later"},
        {"GPL-2+ or Artistic-2.0, and BSD-3-clause", "(GPL-2.0-or-later OR Artistic-2.0) AND BSD-3-Clause"},
        {"Expat", "MIT"},
        {"GPL", "GPL-1.0-or-later"},
        {"LGPL-2.1+ and GFDL-1.3+", "LGPL-2.1-or-later AND GFDL-1.3-or-later"},
        {"public-domain", "~LicenseRef-public-domain"},
        {"GPL-2+ with OpenSSL exception", "~GPL-2.0-or-later"},
        {"GPL-3+ with Bison exception", "GPL-3.0-or-later WITH Bison-exception-2.2"},
        {"Expat or GPL-2 or later", "MIT OR GPL-2.0-or-later"},
        /* Fedora, before SPDX */
        {"GPLv2+ and LGPLv2+ and BSD", "~GPL-2.0-or-later AND LGPL-2.0-or-later AND LicenseRef-BSD"},
        {"(GPLv2+ or MIT) and ASL 2.0", "(GPL-2.0-or-later OR MIT) AND Apache-2.0"},
        {"GPL+ or Artistic", "Artistic-1.0-Perl OR GPL-1.0-or-later"},
        {"LGPLv2+ with exceptions", "~LGPL-2.0-or-later"},
        {"BSD with advertising", "BSD-4-Clause"},
        {"MPLv1.1 or GPLv3", "MPL-1.1 OR GPL-3.0-only"},
        /* Alpine */
        {"GPL2 MIT", "GPL-2.0-only AND MIT"},
        {"GPL-2.0-only", "GPL-2.0-only"},
        /* npm, crates */
        {"(MIT OR Apache-2.0)", "MIT OR Apache-2.0"},
        {"MIT/Apache-2.0", "MIT OR Apache-2.0"},
        {"MIT/X11", "MIT"},
        {"SEE LICENSE IN LICENSE.md", "~LicenseRef-SEE-LICENSE-IN-LICENSE.md"},
        {"UNLICENSED", "~LicenseRef-UNLICENSED"},
        /* PyPI */
        {"License :: OSI Approved :: Apache Software License", "~LicenseRef-Apache-Software-License"},
        {"License :: OSI Approved :: GNU Lesser General Public License v3 or later (LGPLv3+)",
         "LGPL-3.0-or-later"},
        {"License :: OSI Approved", ""},
        {"License :: OSI Approved :: Mozilla Public License 2.0 (MPL 2.0)", "MPL-2.0"},
        /* Maven */
        {"The Apache Software License, Version 2.0", "Apache-2.0"},
        {"http://www.apache.org/licenses/LICENSE-2.0.txt", "Apache-2.0"},
        {"Eclipse Public License - v 2.0", "EPL-2.0"},
        {"GNU General Public License, version 2, with the Classpath Exception",
         "GPL-2.0-only WITH Classpath-exception-2.0"},
        /* nothing */
        {"", ""},
        {"NOASSERTION", ""},
        {" unknown ", ""},
        {"***", ""},
        /* damaged */
        {"MIT and", "~LicenseRef-MIT-and"},
        {"((Acme", "~LicenseRef-Acme"},
        {"GPL-2.0+ and and MIT", "~LicenseRef-GPL-2.0-and-and-MIT"},
        {"LicenseRef-my_own", "~LicenseRef-LicenseRef-my-own"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        plm_auto(plm_arena_free) struct plm_arena *a = plm_arena_new(PLM_ARENA_NO_LIMIT);
        const struct plm_spdx *e = NULL, *again = NULL;
        bool is_known = false;
        const char *expected = cases[i].expected;
        assert_int_equal(plm_spdx_normalise(plm_sv_from(cases[i].text), a, &e, &is_known, NULL), 0);
        if (!*expected) {
            if (e)
                fail_msg("%s: %s", cases[i].text, plm_spdx_text(e, a).p);
            continue;
        }
        plm_sv text = e ? plm_spdx_text(e, a) : PLM_SV("nothing");
        if (!plm_sv_is(text, expected + (*expected == '~')) || is_known == (*expected == '~'))
            fail_msg("%s: %s%s", cases[i].text, is_known ? "" : "~", text.p);
        assert_int_equal(plm_spdx_parse(text, a, &again, NULL), 0); /* what comes out is an expression */
    }
}

static struct plm_spdx_list list(plm_sv *room, const char *words)
{
    struct plm_spdx_list out = {.v = room};
    plm_sv rest = words ? plm_sv_from(words) : PLM_SV_NULL, field;
    while (plm_sv_field(&rest, ',', &field))
        room[out.n++] = field;
    return out;
}

static void allowed_and_denied(void **state)
{
    (void)state;
    static const struct {
        const char *text, *allow, *deny;
        enum plm_spdx_verdict verdict;
        const char *which;
    } cases[] = {
        {"MIT", NULL, NULL, PLM_SPDX_OK, NULL},
        {"MIT OR GPL-3.0-only", "MIT", NULL, PLM_SPDX_OK, NULL},
        {"MIT AND GPL-3.0-only", "MIT", NULL, PLM_SPDX_NOT_ALLOWED, "GPL-3.0-only"},
        {"MIT AND GPL-3.0-only", NULL, "GPL-*", PLM_SPDX_DENIED, "GPL-3.0-only"},
        {"MIT OR GPL-3.0-only", NULL, "gpl-3.0-only", PLM_SPDX_OK, NULL},
        {"GPL-3.0-only OR AGPL-3.0-only", NULL, "*GPL*", PLM_SPDX_DENIED, "GPL-3.0-only"},
        {"GPL-3.0-or-later", NULL, "GPL-3.0", PLM_SPDX_DENIED, "GPL-3.0-or-later"},
        {"GPL-3.0-or-later", NULL, "GPL-3.0-only", PLM_SPDX_OK, NULL},
        {"GPL-2.0-or-later", "GPL-3.0-only", NULL, PLM_SPDX_OK, NULL},
        {"GPL-2.0-only", "GPL-3.0-only", NULL, PLM_SPDX_NOT_ALLOWED, "GPL-2.0-only"},
        {"GPL-3.0-or-later", "GPL-2.0-only", NULL, PLM_SPDX_NOT_ALLOWED, "GPL-3.0-or-later"},
        {"GPL-2.0-only WITH Classpath-exception-2.0", "GPL-2.0-only", NULL, PLM_SPDX_OK, NULL},
        {"GPL-2.0-only WITH Classpath-exception-2.0", "GPL-2.0-only WITH Classpath-exception-2.0", "GPL-*",
         PLM_SPDX_OK, NULL},
        {"GPL-2.0-only", "GPL-2.0-only WITH Classpath-exception-2.0", NULL, PLM_SPDX_NOT_ALLOWED,
         "GPL-2.0-only"},
        {"LicenseRef-Acme AND MIT", "MIT,LicenseRef-*", NULL, PLM_SPDX_OK, NULL},
        {"LicenseRef-Acme", "MIT", NULL, PLM_SPDX_NOT_ALLOWED, "LicenseRef-Acme"},
        {"(MIT AND Zlib) OR GPL-3.0-only", "MIT", "GPL*", PLM_SPDX_NOT_ALLOWED, "Zlib"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        plm_auto(plm_arena_free) struct plm_arena *a = plm_arena_new(PLM_ARENA_NO_LIMIT);
        const struct plm_spdx *e = NULL, *which = NULL;
        plm_sv rooms[2][4];
        struct plm_spdx_list allow = list(rooms[0], cases[i].allow), deny = list(rooms[1], cases[i].deny);
        assert_int_equal(plm_spdx_parse(plm_sv_from(cases[i].text), a, &e, NULL), 0);
        if (plm_spdx_judge(e, &allow, &deny, &which) != cases[i].verdict)
            fail_msg("%s: allow %s deny %s", cases[i].text, cases[i].allow, cases[i].deny);
        if (cases[i].which && !plm_sv_is(which->id, cases[i].which))
            fail_msg("%s: %s", cases[i].text, which->id.p);
    }
}

static void ids_are_listed_once(void **state)
{
    (void)state;
    plm_auto(plm_arena_free) struct plm_arena *a = plm_arena_new(PLM_ARENA_NO_LIMIT);
    const struct plm_spdx *e = NULL;
    plm_sv_vec ids = {0};
    assert_int_equal(
        plm_spdx_parse(PLM_SV("(MIT OR GPL-2.0-only WITH LLVM-exception) AND MIT AND GPL-2.0-only"), a, &e,
                       NULL),
        0);
    plm_spdx_ids(e, a, &ids);
    assert_int_equal(ids.n, 2);
    assert_true(plm_sv_is(ids.v[0], "MIT") && plm_sv_is(ids.v[1], "GPL-2.0-only"));
    assert_true(plm_sv_is(plm_spdx_id(PLM_SV("bsd-2-clause-freebsd")), "BSD-2-Clause"));
    assert_null(plm_spdx_id(PLM_SV("BSD")).p);
    assert_null(plm_spdx_id(PLM_SV("Classpath-exception-2.0")).p);
}

static void the_list_is_sorted_and_its_keys_are_right(void **state)
{
    (void)state;
    plm_sv rest = plm_sv_n(plm_codec_spdx_list, plm_codec_spdx_list_n), line, before = PLM_SV("");
    size_t rows = 0;
    while (plm_sv_line(&rest, &line)) {
        plm_sv fields[4] = {0}, columns = line;
        char folded[256];
        if (line.n && line.p[0] == '#')
            continue;
        for (size_t i = 0; i < 4 && plm_sv_field(&columns, '\t', &fields[i]); i++)
            continue;
        assert_true(fields[2].n && fields[2].n < 160);
        plm_sv key = plm_sv_n(folded, plm_spdx_fold(fields[2], folded));
        if (!plm_sv_eq(key, fields[0]) || plm_sv_cmp(before, key) > 0)
            fail_msg("%.*s", PLM_SV_ARG(line));
        if (fields[1].p[0] == 'n' || fields[1].p[0] == 'd') {
            plm_auto(plm_arena_free) struct plm_arena *a = plm_arena_new(PLM_ARENA_NO_LIMIT);
            const struct plm_spdx *e = NULL;
            plm_sv expression = fields[3].p ? fields[3] : fields[2];
            if (plm_spdx_parse(expression, a, &e, NULL) < 0)
                fail_msg("%.*s", PLM_SV_ARG(line));
        }
        before = fields[0];
        rows++;
    }
    assert_true(rows > 1500);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_specified_grammar),
        cmocka_unit_test(faults_have_line_and_column),
        cmocka_unit_test(limits_of_depth_and_length),
        cmocka_unit_test(names_of_packages),
        cmocka_unit_test(allowed_and_denied),
        cmocka_unit_test(ids_are_listed_once),
        cmocka_unit_test(the_list_is_sorted_and_its_keys_are_right),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
