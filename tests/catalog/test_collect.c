/* SPDX-License-Identifier: Apache-2.0
 *
 * Collecting: which layer brought a package, hidden databases, several databases of one
 * directory, and broken records.
 */
#include "harness.h"

#include <stdio.h>
#include <unistd.h>

static char *status_of(const char *const *packages)
{
    plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(PLM_MIB(1));
    for (; *packages; packages += 2)
        plm_buf_printf(&b, "Package: %s\nStatus: install ok installed\nArchitecture: all\nVersion: %s\n\n",
                       packages[0], packages[1]);
    assert_non_null(plm_buf_cstr(&b));
    return plm_buf_take(&b, NULL);
}

static void add(struct harness *h, uint32_t layer, bool visible, const char *const *packages)
{
    char *text = status_of(packages);
    harness_add(h, "var/lib/dpkg/status", plm_sv_from(text), layer, visible);
    free(text);
}

#define LIST(...) ((const char *const[]){__VA_ARGS__, NULL})

static uint32_t layer_of(const struct harness *h, const char *name)
{
    const struct plm_package *p = harness_package(h, name);
    assert_non_null(p);
    assert_int_equal(p->locations.n, 1);
    assert_sv(p->locations.v[0].path, "/var/lib/dpkg/status");
    return p->locations.v[0].layer;
}

static void make_history(struct harness *h)
{
    harness_init(h);
    add(h, 0, false, LIST("base", "1", "upgraded", "1", "again", "1"));
    add(h, 2, false, LIST("base", "1", "upgraded", "2", "dropped", "1"));
    add(h, 5, true, LIST("base", "1", "upgraded", "2", "again", "1", "new", "1"));
}

static void test_layers(void **state)
{
    (void)state;
    struct harness h;
    make_history(&h);
    harness_collect(&h, 0);
    assert_int_equal(h.report->packages.n, 4);
    assert_int_equal(h.report->diagnostics.n, 0);
    assert_int_equal(layer_of(&h, "base"), 0);
    assert_int_equal(layer_of(&h, "upgraded"), 2);
    assert_int_equal(layer_of(&h, "new"), 5);
    /* removed in layer 2: layer 5 brought it again */
    assert_int_equal(layer_of(&h, "again"), 5);
    harness_done(&h);
}

static void test_all_layers(void **state)
{
    (void)state;
    struct harness h;
    make_history(&h);
    harness_collect(&h, PLM_CATALOG_ALL_LAYERS);
    assert_int_equal(h.report->packages.n, 6);
    assert_int_equal(layer_of(&h, "dropped"), 2);
    harness_done(&h);
}

static void test_deleted_database(void **state)
{
    (void)state;
    for (unsigned flags = 0; flags < 2; flags++) {
        struct harness h;
        harness_init(&h);
        add(&h, 0, false, LIST("base", "1"));
        harness_collect(&h, flags ? PLM_CATALOG_ALL_LAYERS : 0);
        assert_int_equal(h.report->packages.n, flags);
        assert_int_equal(h.report->diagnostics.n, 1);
        assert_sv(h.report->diagnostics.v[0].code, "catalog.database-removed");
        assert_sv(h.report->diagnostics.v[0].object, "/var/lib/dpkg/status");
        harness_done(&h);
    }
}

/* rpm leaves the old file where it converted a database; the older format must not count. */
static void test_preference(void **state)
{
    (void)state;
    struct harness h;
    harness_init(&h);
    harness_add(&h, "var/lib/rpmmanifest/container-manifest-1", PLM_SV("old-1-1.noarch\n"), 0, true);
    harness_add(&h, "var/lib/rpmmanifest/container-manifest-2",
                PLM_SV("new\t1-1\t0\t0\tv\t(none)\t0\tnoarch\t0\tnew-1-1.src.rpm\n"), 0, true);
    harness_collect(&h, 0);
    assert_int_equal(h.report->packages.n, 1);
    assert_sv(h.report->packages.v[0].name, "new");
    harness_done(&h);
}

static void test_purl_and_strings_outlive(void **state)
{
    (void)state;
    struct harness h;
    harness_init(&h);
    add(&h, 0, true, LIST("base", "1"));
    harness_add(&h, "etc/os-release", PLM_SV("ID=debian\nVERSION_ID=12\n"), 0, true);
    harness_collect(&h, 0);
    plm_arena_free(h.analysis.arena);
    h.analysis.arena = NULL;
    assert_sv(h.report->packages.v[0].purl, "pkg:deb/debian/base@1?arch=all&distro=debian-12");
    assert_sv(h.report->packages.v[0].name, "base");
    harness_done(&h);
}

/* A record that was cut or changed is told and never read beyond. */
static void test_broken_records(void **state)
{
    (void)state;
    /* the last record is 52 bytes long: each cut within it */
    for (size_t cut = 1; cut < 52; cut++) {
        struct harness h;
        harness_init(&h);
        add(&h, 0, false, LIST("base", "1"));
        add(&h, 1, true, LIST("base", "1", "other", "2"));
        struct plm_facts *f = &h.analysis.facts.v[1];
        char *exact = malloc(f->data.n - cut);
        memcpy(exact, f->data.p, f->data.n - cut);
        f->data = plm_sv_n(exact, f->data.n - cut);
        harness_collect(&h, 0);
        assert_true(h.report->packages.n < 2);
        assert_int_equal(h.report->diagnostics.n, 1);
        assert_sv(h.report->diagnostics.v[0].code, "catalog.bad-record");
        harness_done(&h);
        free(exact);
    }
}

/* Ids are unique, every cataloger has a summary, a folder of test data and, unless it runs on request only,
 * its extractor among those that every scan runs. */
static void test_registry(void **state)
{
    (void)state;
    size_t n = 0, registered = 0;
    PLM_SET_FOREACH (plm_catalogers, struct plm_cataloger, c) {
        char *folder = NULL;
        n++;
        assert_true(c->summary && c->summary[0] && c->extractor->summary && c->extractor->summary[0]);
        assert_string_equal(c->id, c->extractor->id);
        assert_true(asprintf(&folder, PLM_TEST_DATA "/%s", c->id) > 0);
        if (access(folder, R_OK) != 0)
            fail_msg("%s is missing", folder);
        free(folder);
        PLM_SET_FOREACH (plm_catalogers, struct plm_cataloger, o) {
            assert_true(o == c || strcmp(o->id, c->id) != 0);
        }
        size_t here = 0;
        PLM_SET_FOREACH (plm_extractors, struct plm_extractor, x) {
            here += x == c->extractor;
        }
        assert_int_equal(here, c->on_request ? 0 : 1);
        registered += here;
    }
    assert_int_equal(registered, PLM_SET_COUNT(plm_extractors));
    assert_true(n >= 6);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_layers),         cmocka_unit_test(test_all_layers),
        cmocka_unit_test(test_preference),     cmocka_unit_test(test_deleted_database),
        cmocka_unit_test(test_broken_records), cmocka_unit_test(test_purl_and_strings_outlive),
        cmocka_unit_test(test_registry),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
