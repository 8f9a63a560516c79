/* SPDX-License-Identifier: Apache-2.0
 *
 * What is remembered of files: gone when the file changes, and never another file's.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/fs.h"
#include "image/seen.h"

#include <fcntl.h>
#include <ftw.h>
#include <stdlib.h>
#include <unistd.h>

static const struct plm_seen what = {.purpose = PLM_SV("test 1")}, other = {.purpose = PLM_SV("test 2")};

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *at)
{
    (void)st, (void)type, (void)at;
    return remove(path);
}

static void a_value_holds_for_the_file_that_it_is_of(void **state)
{
    (void)state;
    char folder[] = "/tmp/plm-seen-XXXXXX", path[64], got[4] = "", long_one[200] = "";
    assert_non_null(mkdtemp(folder));
    struct plm_ctx ctx = {.limits = &plm_limits_default, .cache_dir = folder};
    snprintf(path, sizeof(path), "%s/file", folder);
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    assert_true(fd >= 0 && write(fd, "one", 3) == 3);
    struct stat st;
    /* times of long ago, which is what a settled file has; ctime moves with every call, so wait for the clock
     */
    do
        assert_int_equal(fstat(fd, &st), 0);
    while (!plm_seen_recall(&ctx, &what, &st, got, 3) &&
           (plm_seen_remember(&ctx, &what, fd, &st, "abc", 3), true));
    assert_memory_equal(got, "abc", 3);
    assert_false(plm_seen_recall(&ctx, &other, &st, got, 3));
    assert_false(plm_seen_recall(&ctx, &what, &st, got, 2));
    assert_false(plm_seen_recall(&ctx, &what, &st, long_one, sizeof(long_one)));
    assert_int_equal(write(fd, "two", 3), 3);
    struct stat now;
    assert_int_equal(fstat(fd, &now), 0);
    assert_false(plm_seen_recall(&ctx, &what, &now, got, 3));
    plm_seen_remember(&ctx, &what, fd, &st, "xyz", 3); /* it changed since `st` was taken */
    assert_false(plm_seen_recall(&ctx, &what, &now, got, 3));
    close(fd);
    assert_int_equal(nftw(folder, remove_one, 8, FTW_DEPTH | FTW_PHYS), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_value_holds_for_the_file_that_it_is_of),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
