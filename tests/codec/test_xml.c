/* SPDX-License-Identifier: Apache-2.0 */
#include "base/fs.h"
#include "codec/xml.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

/* Writes events as tests/codec/xml/events.py does with Python's parser. */
static int note_start(void *arg, const struct plm_xml *x, plm_err **err)
{
    (void)err;
    plm_buf_printf(arg, "%zu <%.*s %.*s\n", plm_xml_depth(x), PLM_SV_ARG(plm_xml_name(x)),
                   PLM_SV_ARG(plm_xml_attr(x, "id")));
    return 0;
}

static int note_end(void *arg, const struct plm_xml *x, plm_sv text, plm_err **err)
{
    (void)err;
    plm_buf_printf(arg, "%zu >%.*s [%.*s]\n", plm_xml_depth(x), PLM_SV_ARG(plm_xml_name(x)),
                   PLM_SV_ARG(text));
    return 0;
}

static const struct plm_xml_ops note = {note_start, note_end};

static void agrees_with_python(void **state)
{
    (void)state;
    const char *path = PLM_TEST_DATA "/xml/mixed.xml";
    plm_auto_done(plm_buf_done) struct plm_buf text = PLM_BUF(PLM_MIB(1)), ours = PLM_BUF(PLM_MIB(1)),
                                               theirs = PLM_BUF(PLM_MIB(1));
    assert_int_equal(plm_fs_read(path, text.max, &text, NULL), 0);
    assert_int_equal(plm_fs_read(PLM_TEST_DATA "/xml/mixed.events", theirs.max, &theirs, NULL), 0);
    assert_int_equal(
        plm_xml_parse_view(plm_buf_sv(&text), "mixed.xml", &plm_limits_default, &note, &ours, NULL), 0);
    assert_string_equal(plm_buf_cstr(&ours), plm_buf_cstr(&theirs));
}

static int use(void *arg, const struct plm_xml *x, plm_sv text, plm_err **err)
{
    size_t *n = arg;
    if (plm_xml_is(x, "a/b/c"))
        n[0]++;
    if (plm_xml_is(x, "//b/c"))
        n[1]++;
    if (plm_xml_is(x, "c") || plm_xml_is(x, "/a/b/c") || plm_xml_is(x, "x/a/b/c"))
        n[2]++;
    if (plm_sv_is(plm_xml_ancestor(x, 1), "b"))
        n[3]++;
    return plm_sv_is(text, "bad") ? plm_xml_fail(x, err, "cannot use this") : 0;
}

static void paths_match_from_root_or_tail(void **state)
{
    (void)state;
    size_t n[4] = {0};
    struct plm_xml_ops ops = {NULL, use};
    assert_int_equal(plm_xml_parse_view(PLM_SV("<a><b><c/><n:c xmlns:n='u'/></b><d><b><c/></b></d></a>"), "p",
                                        &plm_limits_default, &ops, n, NULL),
                     0);
    assert_int_equal(n[0], 2);
    assert_int_equal(n[1], 3);
    assert_int_equal(n[2], 0);
    assert_int_equal(n[3], 3);
}

static void faults_name_file_line_and_column(void **state)
{
    (void)state;
    struct plm_limits small = plm_limits_default;
    small.depth = 3;
    small.file_bytes = 10;
    plm_auto_done(plm_buf_done) struct plm_buf huge = PLM_BUF(PLM_MIB(8));
    plm_buf_str(&huge, "<a b='");
    while (huge.n < PLM_MIB(3))
        plm_buf_str(&huge, "0123456789abcdef");
    plm_buf_str(&huge, "'/>");
    const struct {
        plm_sv text;
        const char *want;
        enum plm_code code;
    } rows[] = {
        {PLM_SV("<a>\n <b></a>"), "f.xml:2:7: mismatched tag", PLM_E_PARSE},
        {PLM_SV(""), "f.xml:1:1: no element found", PLM_E_PARSE},
        {PLM_SV("<a>"), "f.xml:1:4: no element found", PLM_E_PARSE},
        {PLM_SV("<!DOCTYPE a [<!ENTITY x 'y'>]><a>&x;</a>"), "entity declarations", PLM_E_PARSE},
        {PLM_SV("<!DOCTYPE a [<!ENTITY % x SYSTEM '/etc/passwd'>%x;]><a/>"), "entity declarations",
         PLM_E_PARSE},
        {PLM_SV("<a><b><c><d/></c></b></a>"), "f.xml:1:10: nested too deep", PLM_E_LIMIT},
        {PLM_SV("<a>0123456789A</a>"), "too much text", PLM_E_LIMIT},
        {PLM_SV("<a>\n<b>bad</b></a>"), "f.xml:2:7: cannot use this", PLM_E_PARSE},
        {plm_buf_sv(&huge), "more than 1 MiB", PLM_E_LIMIT},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        size_t n[4] = {0};
        plm_err *e = NULL;
        struct plm_xml_ops ops = {NULL, use};
        assert_int_equal(plm_xml_parse_view(rows[i].text, "f.xml", &small, &ops, n, &e), -1);
        if (!strstr(e->message, rows[i].want) || e->code != rows[i].code)
            fail_msg("row %zu: %s", i, e->message);
        plm_err_free(e);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(agrees_with_python),
        cmocka_unit_test(paths_match_from_root_or_tail),
        cmocka_unit_test(faults_name_file_line_and_column),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
