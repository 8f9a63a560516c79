/* SPDX-License-Identifier: Apache-2.0
 *
 * Every allocation of reading the configuration fails once: a file, variables, a command line.
 */
#include "../base/alloc_fail.h"

#include "base/fs.h"
#include "config/config.h"

static int load(void *arg, plm_err **err)
{
    static const struct plm_ctx ctx = {.limits = &plm_limits_default};
    static char variable[] = "PLIMSOLL_SORT=package", home[] = "HOME=/nonexistent", word[] = "app:1",
                flag[] = "--fail-on", value[] = "high,kev";
    char *argv[] = {flag, value, word, NULL}, *env[] = {variable, home, NULL};
    struct plm_config_sources s = {.system_file = arg, .argv = argv, .environ_list = env, .command = "scan"};
    plm_auto(plm_config_free) struct plm_config *c = plm_config_load(&ctx, &s, err);
    return c ? 0 : -1;
}

static int check(void *arg, plm_err **err)
{
    static const struct plm_ctx ctx = {.limits = &plm_limits_default};
    return plm_config_check_file(&ctx, arg, false, err);
}

static void a_whole_configuration(void **state)
{
    (void)state;
    char path[] = "/tmp/plimsoll-test-oom-XXXXXX";
    static const char text[] =
        "offline: true\njobs: 2\nskip: [secret]\nrepo: {mirrors: ['debian=http://m.example/d']}\n";
    plm_auto_fd int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(plm_fs_write_all(fd, text, sizeof(text) - 1, NULL), 0);
    assert_true(plm_test_sweep(load, path) > 3);
    assert_true(plm_test_sweep(check, path) > 3);
    unlink(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(a_whole_configuration)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
