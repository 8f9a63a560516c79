/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/deb822.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void stanzas_fields_and_lines(void **state)
{
    (void)state;
    struct plm_deb822 it =
        PLM_DEB822(PLM_SV("# head\n\n\nPackage: bash\nStatus: install ok installed\n"
                          "Conffiles:\n /etc/a 1\n# inside\n /etc/b 2\n# behind\n"
                          "Description: shell\n .\n more: text\n\nPACKAGE:zlib1g\r\nno field\r\n"
                          "Version:  1:1.2 \r\n\r\n\nlast: 1"));
    assert_true(plm_deb822_next(&it));
    assert_int_equal(it.line, 4);
    static const char *const names[] = {"package", "Conffiles", "absent", "description"};
    plm_sv v[4];
    assert_int_equal(plm_deb822_pick(it.stanza, names, v, 4), 0);
    assert_true(plm_sv_is(v[0], "bash"));
    assert_null(v[2].p);
    plm_sv line;
    assert_true(plm_deb822_line(&v[1], &line) && plm_sv_is(line, "/etc/a 1"));
    assert_true(plm_deb822_line(&v[1], &line) && plm_sv_is(line, "/etc/b 2"));
    assert_false(plm_deb822_line(&v[1], &line));
    assert_true(plm_deb822_line(&v[3], &line) && plm_sv_is(line, "shell"));
    assert_true(plm_deb822_line(&v[3], &line) && plm_sv_is(line, ""));
    assert_true(plm_deb822_line(&v[3], &line) && plm_sv_is(line, "more: text"));
    assert_true(plm_deb822_next(&it));
    assert_int_equal(it.line, 15);
    assert_int_equal(plm_deb822_pick(it.stanza, names, v, 4), 1);
    assert_true(plm_sv_is(v[0], "zlib1g"));
    assert_true(plm_sv_is(plm_deb822_get(it.stanza, "version"), "1:1.2"));
    assert_true(plm_deb822_next(&it));
    assert_true(plm_sv_is(plm_deb822_get(it.stanza, "Last"), "1"));
    assert_false(plm_deb822_next(&it));
}

static void an_empty_value_is_present(void **state)
{
    (void)state;
    plm_sv v = plm_deb822_get(PLM_SV("A:\nB: 1"), "a");
    assert_non_null(v.p);
    assert_int_equal(v.n, 0);
    struct plm_deb822 it = PLM_DEB822(PLM_SV("\n\n# only\n"));
    assert_false(plm_deb822_next(&it));
    it = (struct plm_deb822)PLM_DEB822(PLM_SV_NULL);
    assert_false(plm_deb822_next(&it));
    it = (struct plm_deb822)PLM_DEB822(PLM_SV("A: 1\n \nB: 2\n"));
    assert_true(plm_deb822_next(&it));
    assert_true(plm_sv_is(plm_deb822_get(it.stanza, "B"), "2"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(stanzas_fields_and_lines),
        cmocka_unit_test(an_empty_value_is_present),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
