/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "model/model.h"

static void releases_by_number_and_codename(void **state)
{
    (void)state;
    static const struct {
        const char *distro, *version, *codename, *ecosystem;
    } rows[] = {
        {"debian", "12", "bookworm", "Debian:12"},       {"debian", "2.2", "potato", "Debian:2.2"},
        {"debian", "sid", "sid", "Debian:sid"},          {"ubuntu", "24.04", "noble", "Ubuntu:24.04:LTS"},
        {"ubuntu", "25.10", "questing", "Ubuntu:25.10"}, {"ubuntu", "6.06", "dapper", "Ubuntu:6.06"}};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        plm_sv distro = plm_sv_from(rows[i].distro), codename = plm_sv_from(rows[i].codename);
        assert_true(plm_sv_is(plm_release_version(distro, codename), rows[i].version));
        assert_true(plm_sv_is(plm_release_codename(distro, plm_sv_from(rows[i].version)), rows[i].codename));
        assert_true(plm_sv_is(plm_release_ecosystem(distro, codename), rows[i].ecosystem));
    }
    assert_true(plm_sv_is(plm_release_ecosystem(PLM_SV("debian"), PLM_SV("unstable")), "Debian:sid"));
    assert_null(plm_release_version(PLM_SV("ubuntu"), PLM_SV("bookworm")).p);
    assert_null(plm_release_codename(PLM_SV("debian"), PLM_SV("24.04")).p);
    assert_null(plm_release_ecosystem(PLM_SV("debian"), PLM_SV("")).p);
    assert_null(plm_release_codename(PLM_SV_NULL, PLM_SV_NULL).p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(releases_by_number_and_codename)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
