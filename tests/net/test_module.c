/* SPDX-License-Identifier: Apache-2.0
 *
 * A missing module is an error with a hint, not a crash; nothing of the environment names it.
 */
#include "net_int.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void expect_no_module(const char *lib_dir)
{
    struct plm_ctx ctx = PLM_CTX_INIT;
    ctx.lib_dir = lib_dir;
    plm_err *e = NULL;
    assert_null(plm_net_module(&ctx, &e));
    assert_int_equal(plm_err_code(e), PLM_E_UNSUPPORTED);
    assert_string_equal(plm_err_id(e), "net.module");
    assert_non_null(plm_err_hint_get(e));
    plm_err_free(e);
}

static void a_missing_module_is_an_error(void **state)
{
    (void)state;
    expect_no_module("/nonexistent");
    expect_no_module("build"); /* relative */
}

static void the_module_is_found_again_later(void **state)
{
    (void)state;
    const char *binary = getenv("PLIMSOLL_BINARY");
    assert_non_null(binary);
    plm_auto_free char *dir = strndup(binary, (size_t)(strrchr(binary, '/') - binary));
    struct plm_ctx ctx = PLM_CTX_INIT;
    ctx.lib_dir = dir;
    plm_err *e = NULL;
    const struct plm_net_ops *ops = plm_net_module(&ctx, &e);
    assert_non_null(ops);
    assert_int_equal(ops->version, PLM_NET_OPS_VERSION);
    assert_ptr_equal(plm_net_module(&ctx, &e), ops);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_missing_module_is_an_error),
        cmocka_unit_test(the_module_is_found_again_later),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
