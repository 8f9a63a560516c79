/* SPDX-License-Identifier: Apache-2.0
 *
 * Every folder of the cache ages by one rule: what was not used for longest goes first, whoever owns it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/cachedir.h"
#include "base/fs.h"

#include <fcntl.h>
#include <ftw.h>
#include <unistd.h>

static char dir[] = "/tmp/plimsoll-test-cache-XXXXXX";
static struct plm_ctx ctx;
static int64_t now;

static void put(const char *name, int64_t age)
{
    plm_auto_free char *path = plm_fs_join(dir, name), *folder = strdup(path);
    *strrchr(folder, '/') = 0;
    assert_int_equal(plm_fs_mkdirs(folder, 0700, NULL), 0);
    assert_int_equal(plm_fs_write_atomic(path, PLM_SV("x"), 0600, NULL), 0);
    struct timespec t[2] = {{.tv_sec = now - age}, {.tv_sec = now - age}};
    assert_int_equal(utimensat(AT_FDCWD, path, t, 0), 0);
}

static bool is_there(const char *name)
{
    plm_auto_free char *path = plm_fs_join(dir, name);
    return access(path, F_OK) == 0;
}

static int setup(void **state)
{
    (void)state;
    ctx = PLM_CTX_INIT;
    now = plm_now(&ctx);
    memcpy(dir + sizeof(dir) - 7, "XXXXXX", 6);
    ctx.cache_dir = mkdtemp(dir);
    put("layers/ab/1", 5000);
    put("layers/ff/2", 100);
    put("seen/00/3", 3000);
    put("repo/cl-4", 9000);
    put("repo/idx-5", 10);
    put("repo/idx-6.tmp.abcdef", 8000);
    put("repo/idx-7.tmp.abcdef", 10);
    put("db/plimsoll.db", 1000000);
    return ctx.cache_dir ? 0 : -1;
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *ftw)
{
    (void)st;
    (void)kind;
    (void)ftw;
    return remove(path);
}

static int teardown(void **state)
{
    (void)state;
    return nftw(dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static void all_folders_are_counted(void **state)
{
    (void)state;
    struct plm_cache_status s;
    assert_int_equal(plm_cache_status(&ctx, &s, NULL), 0);
    assert_int_equal(s.records, 5);
    assert_int_equal(s.parts[PLM_CACHE_PART_LAYERS].records, 2);
    assert_int_equal(s.parts[PLM_CACHE_PART_SEEN].records, 1);
    assert_int_equal(s.parts[PLM_CACHE_PART_REPO].records, 2);
    assert_true(s.bytes > 0 && s.parts[PLM_CACHE_PART_REPO].bytes == s.bytes / 5 * 2);
    assert_int_equal(s.oldest_used, now - 9000);
    assert_false(is_there("repo/idx-6.tmp.abcdef")); /* left behind by a killed writer */
    assert_true(is_there("repo/idx-7.tmp.abcdef"));
}

static void the_least_recently_used_go_first(void **state)
{
    (void)state;
    struct plm_cache_status s, removed;
    assert_int_equal(plm_cache_status(&ctx, &s, NULL), 0);
    assert_int_equal(plm_cache_prune(&ctx, s.bytes / 5 * 3, 0, &removed, NULL), 0);
    assert_int_equal(removed.records, 2);
    assert_false(is_there("repo/cl-4") || is_there("layers/ab/1"));
    assert_true(is_there("seen/00/3") && is_there("layers/ff/2") && is_there("repo/idx-5"));
    assert_int_equal(plm_cache_prune(&ctx, UINT64_MAX, now - 1000, &removed, NULL), 0); /* by age */
    assert_int_equal(removed.records, 1);
    assert_int_equal(removed.parts[PLM_CACHE_PART_SEEN].records, 1);
    assert_int_equal(plm_cache_prune(&ctx, 0, 0, NULL, NULL), 0);
    assert_false(is_there("layers/ff/2") || is_there("repo/idx-5"));
    assert_true(is_there("db/plimsoll.db"));
}

static void a_use_is_remembered(void **state)
{
    (void)state;
    plm_auto_free char *path = plm_fs_join(dir, "repo/cl-4"), *recent = plm_fs_join(dir, "repo/idx-5");
    struct stat st;
    for (unsigned i = 0; i < 2; i++) {
        plm_auto_fd int fd = open(i ? recent : path, O_RDONLY | O_CLOEXEC);
        assert_int_equal(fstat(fd, &st), 0);
        plm_cache_touch(fd, &st);
        assert_int_equal(fstat(fd, &st), 0);
        if (i)
            assert_int_equal(st.st_mtime, now - 10); /* not at every use */
        else
            assert_true(st.st_mtime >= now);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(all_folders_are_counted, setup, teardown),
        cmocka_unit_test_setup_teardown(the_least_recently_used_go_first, setup, teardown),
        cmocka_unit_test_setup_teardown(a_use_is_remembered, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
