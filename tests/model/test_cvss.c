/* SPDX-License-Identifier: Apache-2.0
 *
 * CVSS scores against published ones: NVD's and FIRST's own examples, and vectors that Red Hat's
 * calculator (PyPI package "cvss") scored.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "model/model.h"

static void scores_equal_published_ones(void **state)
{
    (void)state;
    static const struct {
        const char *vector, *version;
        double score;
    } rows[] = {
        {"AV:N/AC:L/Au:N/C:P/I:P/A:P", "2.0", 7.5},
        {"(AV:N/AC:L/Au:N/C:N/I:N/A:C)", "2.0", 7.8},
        {"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:C/C:H/I:H/A:H", "3.1", 10.0},
        {"CVSS:3.0/AV:N/AC:L/PR:L/UI:N/S:C/C:L/I:L/A:N", "3.0", 6.4},
        {"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:N", "3.1", 0.0},
        {"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H/E:P/RL:O/RC:C", "3.1", 9.8},
        {"CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:N/VI:N/VA:N/SC:N/SI:N/SA:N", "4.0", 0.0},
        {"CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:H/SI:H/SA:H", "4.0", 10.0},
        {"AV:A/AC:H/Au:S/C:P/I:C/A:C", "2.0", 6.2},
        {"AV:L/AC:L/Au:N/C:P/I:C/A:C", "2.0", 6.8},
        {"AV:L/AC:L/Au:S/C:P/I:N/A:N", "2.0", 1.7},
        {"AV:N/AC:H/Au:N/C:N/I:C/A:P", "2.0", 6.1},
        {"AV:A/AC:H/Au:N/C:C/I:C/A:N", "2.0", 6.2},
        {"AV:N/AC:L/Au:N/C:N/I:N/A:N", "2.0", 0.0},
        {"CVSS:3.0/AV:A/AC:L/PR:L/UI:R/S:C/C:N/I:H/A:N", "3.0", 6.1},
        {"CVSS:3.0/AV:L/AC:H/PR:N/UI:N/S:C/C:N/I:L/A:L", "3.0", 4.5},
        {"CVSS:3.0/AV:L/AC:H/PR:N/UI:R/S:U/C:H/I:N/A:H", "3.0", 6.3},
        {"CVSS:3.1/AV:N/AC:H/PR:L/UI:N/S:U/C:N/I:H/A:H", "3.1", 6.8},
        {"CVSS:3.0/AV:N/AC:H/PR:L/UI:R/S:C/C:H/I:N/A:N", "3.0", 5.8},
        {"CVSS:3.0/AV:L/AC:H/PR:N/UI:R/S:C/C:H/I:L/A:H", "3.0", 7.6},
        {"CVSS:3.0/AV:A/AC:L/PR:N/UI:N/S:C/C:L/I:H/A:N", "3.0", 8.2},
        {"CVSS:3.0/AV:P/AC:L/PR:H/UI:N/S:C/C:N/I:L/A:H", "3.0", 5.7},
        {"CVSS:3.1/AV:P/AC:L/PR:N/UI:R/S:C/C:H/I:H/A:H", "3.1", 7.3},
        {"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:C/C:L/I:H/A:N", "3.1", 9.3},
        {"CVSS:3.1/AV:L/AC:H/PR:N/UI:N/S:U/C:H/I:N/A:N", "3.1", 5.1},
        {"CVSS:3.0/AV:N/AC:H/PR:L/UI:R/S:U/C:N/I:L/A:N", "3.0", 2.6},
        {"CVSS:4.0/AV:A/AC:H/AT:N/PR:H/UI:N/VC:L/VI:H/VA:N/SC:H/SI:N/SA:H", "4.0", 7.0},
        {"CVSS:4.0/AV:A/AC:L/AT:P/PR:L/UI:A/VC:H/VI:L/VA:H/SC:H/SI:H/SA:H", "4.0", 6.1},
        {"CVSS:4.0/AV:L/AC:L/AT:P/PR:L/UI:P/VC:N/VI:L/VA:L/SC:N/SI:H/SA:N", "4.0", 1.8},
        {"CVSS:4.0/AV:N/AC:L/AT:N/PR:L/UI:A/VC:N/VI:N/VA:N/SC:H/SI:L/SA:H", "4.0", 6.2},
        {"CVSS:4.0/AV:A/AC:L/AT:N/PR:L/UI:P/VC:L/VI:H/VA:H/SC:H/SI:H/SA:L", "4.0", 7.1},
        {"CVSS:4.0/AV:L/AC:L/AT:N/PR:L/UI:N/VC:L/VI:L/VA:N/SC:N/SI:N/SA:N", "4.0", 4.8},
        {"CVSS:4.0/AV:A/AC:L/AT:N/PR:L/UI:P/VC:N/VI:L/VA:H/SC:H/SI:N/SA:N", "4.0", 6.7},
        {"CVSS:4.0/AV:N/AC:H/AT:N/PR:H/UI:P/VC:L/VI:H/VA:H/SC:H/SI:L/SA:N", "4.0", 7.0},
        {"CVSS:4.0/AV:L/AC:L/AT:N/PR:L/UI:P/VC:H/VI:N/VA:L/SC:H/SI:L/SA:H", "4.0", 7.0},
        {"CVSS:4.0/AV:P/AC:L/AT:P/PR:L/UI:A/VC:H/VI:N/VA:H/SC:H/SI:H/SA:N", "4.0", 5.9},
        {"CVSS:4.0/AV:N/AC:H/AT:P/PR:H/UI:P/VC:L/VI:N/VA:N/SC:N/SI:L/SA:L", "4.0", 2.0},
        {"CVSS:4.0/AV:P/AC:L/AT:N/PR:L/UI:A/VC:H/VI:L/VA:H/SC:H/SI:N/SA:H", "4.0", 7.0},
        {"CVSS:4.0/AV:P/AC:H/AT:P/PR:N/UI:P/VC:L/VI:H/VA:N/SC:N/SI:H/SA:N", "4.0", 5.6},
        {"CVSS:4.0/AV:A/AC:H/AT:P/PR:L/UI:N/VC:L/VI:L/VA:N/SC:L/SI:H/SA:N", "4.0", 4.8},
        {"CVSS:4.0/AV:P/AC:L/AT:N/PR:L/UI:N/VC:N/VI:L/VA:H/SC:H/SI:H/SA:L", "4.0", 7.0},
        {"CVSS:4.0/AV:L/AC:L/AT:N/PR:L/UI:N/VC:H/VI:L/VA:L/SC:L/SI:H/SA:L", "4.0", 8.3},
        {"CVSS:4.0/AV:P/AC:H/AT:P/PR:H/UI:A/VC:L/VI:L/VA:H/SC:H/SI:L/SA:N/E:X/CR:M/IR:M/AR:M/MAV:P/MAC:X/"
         "MAT:P/MPR:N/MUI:A/MVC:N/MVI:H/MVA:X/MSC:L/MSI:S/MSA:S",
         "4.0", 5.5},
        {"CVSS:4.0/AV:N/AC:L/AT:P/PR:N/UI:A/VC:N/VI:N/VA:N/SC:L/SI:H/SA:N/E:A/CR:H/IR:L/AR:M/MAV:N/MAC:H/"
         "MAT:X/MPR:H/MUI:X/MVC:H/MVI:H/MVA:L/MSC:L/MSI:N/MSA:N",
         "4.0", 6.9},
        {"CVSS:4.0/AV:A/AC:H/AT:N/PR:N/UI:P/VC:N/VI:L/VA:H/SC:L/SI:L/SA:H/E:X/CR:L/IR:M/AR:L/MAV:A/MAC:H/"
         "MAT:X/MPR:X/MUI:X/MVC:H/MVI:H/MVA:N/MSC:X/MSI:H/MSA:N",
         "4.0", 7.1},
        {"CVSS:4.0/AV:L/AC:H/AT:N/PR:L/UI:A/VC:H/VI:H/VA:L/SC:L/SI:N/SA:L/E:P/CR:L/IR:X/AR:H/MAV:X/MAC:L/"
         "MAT:X/MPR:N/MUI:P/MVC:H/MVI:N/MVA:H/MSC:N/MSI:L/MSA:N",
         "4.0", 5.4},
        {"CVSS:4.0/AV:N/AC:L/AT:P/PR:H/UI:A/VC:L/VI:N/VA:N/SC:N/SI:H/SA:N/E:P/CR:M/IR:L/AR:H/MAV:A/MAC:X/"
         "MAT:P/MPR:L/MUI:A/MVC:H/MVI:N/MVA:X/MSC:X/MSI:N/MSA:L",
         "4.0", 0.6},
        {"CVSS:4.0/AV:N/AC:L/AT:P/PR:H/UI:A/VC:H/VI:L/VA:H/SC:N/SI:H/SA:H/E:U/CR:L/IR:L/AR:M/MAV:N/MAC:L/"
         "MAT:N/MPR:N/MUI:P/MVC:N/MVI:N/MVA:L/MSC:X/MSI:S/MSA:L",
         "4.0", 4.8},
        {"CVSS:4.0/AV:N/AC:H/AT:N/PR:H/UI:N/VC:H/VI:H/VA:H/SC:H/SI:H/SA:N/E:P/CR:M/IR:M/AR:H/MAV:P/MAC:L/"
         "MAT:X/MPR:H/MUI:X/MVC:L/MVI:H/MVA:N/MSC:X/MSI:L/MSA:L",
         "4.0", 3.8},
        {"CVSS:4.0/AV:A/AC:L/AT:N/PR:H/UI:N/VC:N/VI:N/VA:N/SC:H/SI:H/SA:N/E:P/CR:H/IR:M/AR:M/MAV:N/MAC:X/"
         "MAT:X/MPR:X/MUI:N/MVC:H/MVI:H/MVA:X/MSC:L/MSI:L/MSA:X",
         "4.0", 7.1},
        {"CVSS:4.0/AV:P/AC:H/AT:N/PR:N/UI:P/VC:N/VI:N/VA:H/SC:H/SI:H/SA:N/E:P/CR:M/IR:X/AR:M/MAV:P/MAC:H/"
         "MAT:X/MPR:X/MUI:A/MVC:X/MVI:X/MVA:X/MSC:N/MSI:S/MSA:S",
         "4.0", 3.9},
        {"CVSS:4.0/AV:A/AC:L/AT:N/PR:N/UI:N/VC:L/VI:N/VA:H/SC:N/SI:H/SA:H/E:U/CR:X/IR:X/AR:M/MAV:L/MAC:L/"
         "MAT:N/MPR:L/MUI:A/MVC:H/MVI:L/MVA:X/MSC:X/MSI:S/MSA:S",
         "4.0", 6.0},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        double score = -1;
        plm_sv version;
        if (!plm_cvss_score(plm_sv_from(rows[i].vector), &score, &version))
            fail_msg("refused: %s", rows[i].vector);
        assert_true(plm_sv_is(version, rows[i].version));
        if ((int)(score * 10 + 0.5) != (int)(rows[i].score * 10 + 0.5))
            fail_msg("%s: %.1f, not %.1f", rows[i].vector, score, rows[i].score);
    }
}

static void invalid_vectors_are_refused(void **state)
{
    (void)state;
    static const char *const rows[] = {
        "",
        "CVSS:3.1/",
        "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H",          /* A is missing */
        "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H/A:H",  /* twice */
        "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:X",      /* no such value */
        "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H/ZZ:H", /* no such metric */
        "CVSS:3.2/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H",
        "CVSS:4.0/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H",
        "AV:N/AC:L/Au:N/C:P/I:P/A",
        "AV:N//AC:L/Au:N/C:P/I:P/A:P",
        "7.5",
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        double score;
        plm_sv version;
        if (plm_cvss_score(plm_sv_from(rows[i]), &score, &version))
            fail_msg("accepted: %s", rows[i]);
    }
}

/* Numbers that NVD prints for these vectors. */
static void parts_equal_published_ones(void **state)
{
    (void)state;
    static const struct {
        const char *vector;
        int exploitability, impact; /* tenths */
    } rows[] = {
        {"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", 39, 59},
        {"CVSS:3.1/AV:L/AC:L/PR:L/UI:N/S:U/C:H/I:H/A:H", 18, 59},
        {"CVSS:3.0/AV:N/AC:L/PR:N/UI:R/S:C/C:L/I:L/A:N", 28, 27},
        {"CVSS:3.1/AV:N/AC:H/PR:N/UI:N/S:U/C:H/I:N/A:N", 22, 36},
        {"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:C/C:H/I:H/A:H", 39, 60},
        {"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:N", 39, 0},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        double exploitability = -1, impact = -1;
        assert_true(plm_cvss_parts(plm_sv_from(rows[i].vector), &exploitability, &impact));
        assert_int_equal((int)(exploitability * 10 + 0.5), rows[i].exploitability);
        assert_int_equal((int)(impact * 10 + 0.5), rows[i].impact);
    }
    double x, y;
    assert_false(plm_cvss_parts(PLM_SV("AV:N/AC:L/Au:N/C:P/I:P/A:P"), &x, &y));
    assert_false(plm_cvss_parts(PLM_SV("CVSS:3.1/AV:N"), &x, &y));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(scores_equal_published_ones),
        cmocka_unit_test(invalid_vectors_are_refused),
        cmocka_unit_test(parts_equal_published_ones),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
