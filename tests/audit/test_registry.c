/* SPDX-License-Identifier: Apache-2.0
 *
 * The registry of checks and the mapping to frameworks.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "audit/audit.h"

static void test_ids_are_ordered_as_people_read_them(void **state)
{
    (void)state;
    static const char *const sorted[] = {"1.1.3", "1.1.10", "2.9", "2.10", "5.1",  "D2",
                                         "D16",   "H-CPU",  "R1",  "R10",  "drift"};
    for (size_t i = 0; i < sizeof(sorted) / sizeof(sorted[0]); i++)
        for (size_t k = 0; k < sizeof(sorted) / sizeof(sorted[0]); k++) {
            int c = plm_check_id_cmp(plm_sv_from(sorted[i]), plm_sv_from(sorted[k]));
            assert_int_equal(i < k ? -1 : i > k, (c > 0) - (c < 0));
        }
}

static void test_descriptors_are_whole(void **state)
{
    (void)state;
    plm_auto(plm_arena_free) struct plm_arena *a = plm_arena_new(PLM_ARENA_NO_LIMIT);
    const struct plm_check *const *list = plm_checks_sorted(a);
    for (size_t i = 0; list[i]; i++) {
        const struct plm_check *c = list[i];
        bool is_cis = c->id[0] >= '0' && c->id[0] <= '9';
        if (i)
            assert_true(plm_check_id_cmp(plm_sv_from(list[i - 1]->id), plm_sv_from(c->id)) < 0);
        if (!c->title || !c->reads || !c->rationale || !c->fix || !c->run || !*c->title || !*c->reads ||
            !*c->rationale || !*c->fix)
            fail_msg("%s: title, reads, rationale, fix and run must be there", c->id);
        if (is_cis != (c->level > 0))
            fail_msg("%s: a CIS level belongs to the numbers of the benchmark, and to nothing else", c->id);
        if (c->needs_running && c->subject != PLM_PER_CONTAINER)
            fail_msg("%s: needs_running is for containers", c->id);
        assert_ptr_equal(plm_check_find(plm_sv_from(c->id)), c);
    }
}

static bool has(const struct plm_control *v, size_t n, const char *framework, const char *id)
{
    for (size_t i = 0; i < n; i++)
        if (plm_sv_is(v[i].framework, framework) && plm_sv_is(v[i].id, id))
            return true;
    return false;
}

static void test_mappings(void **state)
{
    (void)state;
    plm_auto(plm_arena_free) struct plm_arena *a = plm_arena_new(PLM_ARENA_NO_LIMIT);
    static const struct {
        const char *check, *framework, *id;
        bool is_there;
    } rows[] = {
        {"5.4", "cis-docker", "5.4", true},        {"5.4", "cis-controls", "IG2", true},
        {"5.4", "nist-800-190", "4.4.3", true},    {"5.4", "attack", "T1611", true},
        {"1.1.12", "pci-dss", "10.2.1.2", true},   {"1.1.2", "pci-dss", "10.2.1.2", false},
        {"3.14", "pci-dss", "3.6.1", true},        {"3.15", "pci-dss", "3.6.1", false},
        {"F2", "nist-800-190", "4.1.4", true},     {"F2", "nist-800-190", "4.5.5", true},
        {"H-SOCK", "nist-800-190", "4.3.1", true}, {"H-SOCK", "cis-docker", "H-SOCK", false},
        {"R6", "attack", "T1068", true},           {"R16", "attack", "T1068", false},
        {"3.9", "cis-controls", "IG1", true},      {"5.9", "cis-controls", "IG3", true},
        {"D9", "nist-800-190", "4.4.3", false},    {"5.32", "pci-dss", "11.5.2", true},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const struct plm_check c = {.id = rows[i].check};
        struct plm_control *v;
        size_t n;
        assert_int_equal(plm_check_controls(&c, a, &v, &n, NULL), 0);
        if (has(v, n, rows[i].framework, rows[i].id) != rows[i].is_there)
            fail_msg("%s and %s %s", rows[i].check, rows[i].framework, rows[i].id);
    }
}

static void test_numberings(void **state)
{
    (void)state;
    plm_auto(plm_arena_free) struct plm_arena *a = plm_arena_new(PLM_ARENA_NO_LIMIT);
    static const struct {
        const char *id, *version, *other; /* NULL: not known */
    } rows[] = {
        {"5.4", "1.6.0", "5.4"},   {"5.4", "1.5.0", "5.4"},  {"5.4", "1.2.0", "5.3"}, {"5.1", "1.2.0", "7.1"},
        {"5.32", "1.4.0", "5.31"}, {"2.7", "1.7.0", "2.7"},  {"2.8", "1.7.0", NULL},  {"2.1", "1.4.0", NULL},
        {"2.10", "1.4.0", "2.9"},  {"1.1.3", "1.2.0", NULL}, {"R1", "1.6.0", NULL},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const struct plm_check c = {.id = rows[i].id};
        plm_sv got = plm_check_cis_id(&c, rows[i].version, a);
        if (rows[i].other ? !plm_sv_is(got, rows[i].other) : got.p != NULL)
            fail_msg("%s in %s: %.*s", rows[i].id, rows[i].version, PLM_SV_ARG(got));
    }
}

static void test_framework_words(void **state)
{
    (void)state;
    assert_true(plm_sv_is(plm_framework_name(PLM_SV("nist")), "nist-800-190"));
    assert_true(plm_sv_is(plm_framework_name(PLM_SV("CIS")), "cis-docker"));
    assert_null(plm_framework_name(PLM_SV("iso")).p);
    const struct plm_check c = {.id = "R8"}, d = {.id = "R20"};
    assert_true(plm_check_is_of(&c, PLM_SV("attack")));
    assert_false(plm_check_is_of(&d, PLM_SV("attack")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_ids_are_ordered_as_people_read_them),
                                       cmocka_unit_test(test_descriptors_are_whole),
                                       cmocka_unit_test(test_mappings), cmocka_unit_test(test_numberings),
                                       cmocka_unit_test(test_framework_words)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
