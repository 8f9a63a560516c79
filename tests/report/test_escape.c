/* SPDX-License-Identifier: Apache-2.0 */
#include "escape.h"
#include "report_int.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void cutting_keeps_whole_characters(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        size_t max, kept, cut;
    } rows[] = {
        {"", 3, 0, 0},
        {"abc", 3, 3, 0},
        {"abcd", 3, 3, 1},
        {"\xc3\xa4\xe6\xbc\xa2\xf0\x9f\x9a\xa2z", 3, 9, 1},
        {"\xff\xfe\xf0\x9f", 2, 2, 2},
        {"abc", 0, 0, 3},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        size_t cut;
        assert_int_equal(plm_esc_clip(plm_sv_from(rows[i].text), rows[i].max, &cut).n, rows[i].kept);
        assert_int_equal(cut, rows[i].cut);
    }
}

enum how { HTML, LINES, MARKDOWN, CODE, URI_PATH, URI_SEGMENT };

static void each_markup_gets_its_own(void **state)
{
    (void)state;
    static const struct {
        enum how how;
        const char *in, *out;
    } rows[] = {
        {HTML, "<a href='x\">&\n\x1b\xe2\x80\xae", "&lt;a href=&#39;x&quot;&gt;&amp;\\n\\x1b\\u{202e}"},
        {HTML, "\xef\xbf\xbf", "\\u{ffff}"},
        {LINES, "a\n<b>", "a\n&lt;b&gt;"},
        {MARKDOWN, "a|b_c*[x](y)`z`\\", "a\\|b\\_c\\*\\[x\\](y)\\`z\\`\\\\"},
        {MARKDOWN, "@me #1 GH-2 https://x www.y $z$ <b> &amp;",
         "@&#8203;me \\#&#8203;1 GH\\-&#8203;2 https:&#8203;//x www&#8203;.y &#36;z&#36; &lt;b&gt; "
         "&amp;amp;"},
        {MARKDOWN, "- x", "\\- x"},
        {MARKDOWN, "12. x", "12\\. x"},
        {MARKDOWN, "a-b 1.2", "a-b 1.2"},
        {CODE, "a b", "`a b`"},
        {CODE, " ", ""},
        {CODE, "a`b", "<code>a&#96;b</code>"},
        {CODE, "@|", "<code>&#64;&#124;</code>"},
        {URI_PATH, "a b/../c/./..x", "a%20b/_/c/_/..x"},
        {URI_SEGMENT, "a/b:c", "a%2Fb%3Ac"},
        {URI_SEGMENT, "..", "_"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(PLM_KIB(64));
        plm_sv in = plm_sv_from(rows[i].in);
        switch (rows[i].how) {
        case HTML:
            plm_esc_html(&b, in, 100);
            break;
        case LINES:
            plm_esc_html_lines(&b, in, 100);
            break;
        case MARKDOWN:
            plm_esc_markdown(&b, in, 100);
            break;
        case CODE:
            plm_esc_markdown_code(&b, in, 100);
            break;
        case URI_PATH:
            plm_esc_uri(&b, in, true);
            break;
        case URI_SEGMENT:
            plm_esc_uri(&b, in, false);
            break;
        }
        if (!plm_sv_is(plm_buf_sv(&b), rows[i].out))
            fail_msg("%s: %.*s", rows[i].in, PLM_SV_ARG(plm_buf_sv(&b)));
    }
}

static void ids_are_ordered_as_people_read_them(void **state)
{
    (void)state;
    static const char *const sorted[] = {"",   "1.1.2", "1.1.10", "2.9",   "2.10",     "2.10.1",
                                         "10", "A1",    "H-CPU",  "T1611", "T1611.001"};
    for (size_t i = 0; i < sizeof(sorted) / sizeof(sorted[0]); i++) {
        for (size_t k = 0; k < sizeof(sorted) / sizeof(sorted[0]); k++) {
            int c = plm_report_id_cmp(plm_sv_from(sorted[i]), plm_sv_from(sorted[k]));
            assert_int_equal((c > 0) - (c < 0), (i > k) - (i < k));
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cutting_keeps_whole_characters),
        cmocka_unit_test(each_markup_gets_its_own),
        cmocka_unit_test(ids_are_ordered_as_people_read_them),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
