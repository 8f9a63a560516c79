/* SPDX-License-Identifier: Apache-2.0
 *
 * containerd's metadata file (fuzz/corpus/bolt holds one that containerd 1.6 wrote: three namespaces, 63
 * names) and the guard around storage read in place. Engines themselves: tests/e2e/test_engine.py.
 */
#include "image/engine_int.h"

#include "base/fs.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define A50     "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define LONG    "docker.io/" A50 A50 A50 "/" /* long names make branch pages */
#define META_DB PLM_TEST_DATA "/../../fuzz/corpus/bolt/containerd-meta.db"
#define DIGEST  "sha256:4069c0708b13f73e0561061b967abda77f48dde068b7e82228d0e090e3596e47" /* ctr images ls */

static void names_are_found_in_any_namespace(void **state)
{
    (void)state;
    static const char *const names[] = {"docker.io/library/tiny:latest", LONG "y1:1", LONG "y24:1"};
    plm_auto(plm_arena_free) struct plm_arena *a = plm_arena_new(PLM_ARENA_NO_LIMIT);
    plm_err *e = NULL;
    plm_sv digest;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        assert_int_equal(plm_containerd_resolve(META_DB, plm_sv_from(names[i]), a, &digest, &e), 0);
        assert_true(plm_sv_is(digest, DIGEST));
    }
    assert_int_equal(plm_containerd_resolve(META_DB, PLM_SV(LONG "y25:1"), a, &digest, &e), -1);
    assert_int_equal(plm_err_code(e), PLM_E_NOTFOUND);
    plm_err_free(e);
}

/* Every page cut off and every 13th byte changed: an answer or an error, never more. */
static void a_broken_metadata_file_is_an_error(void **state)
{
    (void)state;
    plm_auto_done(plm_buf_done) struct plm_buf file = PLM_BUF(PLM_MIB(4));
    plm_err *e = NULL;
    assert_int_equal(plm_fs_read(META_DB, file.max, &file, &e), 0);
    plm_auto(plm_arena_free) struct plm_arena *a = plm_arena_new(PLM_ARENA_NO_LIMIT);
    plm_sv digest, all = plm_buf_sv(&file);
    size_t failures = 0;
    for (size_t n = 0; n < all.n; n += 2048)
        failures += plm_bolt_image_digest(plm_sv_sub(all, 0, n), PLM_SV(LONG "y7:1"), a, &digest, NULL) < 0;
    assert_true(failures > 2);
    for (size_t i = 0; i < file.n; i += 13) {
        char was = file.p[i];
        file.p[i] = (char)~was;
        if (plm_bolt_image_digest(all, PLM_SV(LONG "y7:1"), a, &digest, NULL) == 0)
            assert_true(digest.n < file.n);
        file.p[i] = was;
    }
}

static void only_guarded_folders_are_trusted(void **state)
{
    (void)state;
    char dir[] = "/tmp/plimsoll-guard-XXXXXX";
    assert_non_null(mkdtemp(dir));
    plm_auto_free char *inner = plm_fs_join(dir, "store"), *link = plm_fs_join(dir, "link");
    assert_int_equal(mkdir(inner, 0755), 0);
    assert_int_equal(symlink(inner, link), 0);
    assert_true(plm_path_is_guarded(inner)); /* /tmp is sticky: nobody can replace our folder in it */
    assert_false(plm_path_is_guarded(link));
    assert_false(plm_path_is_guarded("store"));
    assert_int_equal(chmod(inner, 0777), 0);
    assert_false(plm_path_is_guarded(inner));
    assert_int_equal(chmod(inner, 01777), 0);
    assert_false(plm_path_is_guarded(inner)); /* sticky or not, others can add to the store itself */
    assert_int_equal(chmod(inner, 0755), 0);
    assert_int_equal(chmod(dir, 0770), 0);
    assert_false(plm_path_is_guarded(inner));
    remove(link);
    remove(inner);
    remove(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_are_found_in_any_namespace),
        cmocka_unit_test(a_broken_metadata_file_is_an_error),
        cmocka_unit_test(only_guarded_folders_are_trusted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
