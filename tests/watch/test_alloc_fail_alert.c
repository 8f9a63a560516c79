/* SPDX-License-Identifier: Apache-2.0
 *
 * Making an alert while memory is short: it fails and says so, or is whole.
 */
#include "../base/alloc_fail.h"

#include "field_world.h"

#include "watch/alert.h"

#include <stdlib.h>

struct sweep {
    struct plm_rule rule;
    struct world w;
};

static int make(void *arg, plm_err **err)
{
    struct sweep *s = arg;
    plm_auto(plm_arena_free) struct plm_arena *scratch = plm_arena_new(PLM_ARENA_NO_LIMIT);
    if (!scratch)
        return plm_fail(err, PLM_E_OOM, "out of memory");
    s->w.view.arena = scratch;
    struct plm_alert_options o = {.with_fields = true, .with_output = true, .hostname = PLM_SV("h")};
    plm_auto(plm_alert_free) struct plm_alert *a = plm_alert_make(&s->rule, &s->w.view, &o, err);
    if (!a)
        return -1;
    plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(PLM_MIB(1));
    plm_alert_falco_json(a, &o, &b);
    if (plm_buf_check(&b, err) < 0)
        return -1;
    assert_true(plm_sv_has(plm_buf_sv(&b), PLM_SV("\"proc.cmdline\":\"cat -n /etc/shadow\"")));
    assert_true(plm_sv_has(plm_buf_sv(&b), PLM_SV("flags=524288(O_RDONLY|O_CLOEXEC)")));
    return 0;
}

static void alerts(void **state)
{
    (void)state;
    plm_auto(plm_arena_free) struct plm_arena *a = plm_arena_new(PLM_ARENA_NO_LIMIT);
    struct sweep s = {.rule = {.name = PLM_SV("r"), .source = PLM_SV("syscall")}};
    world_make(&s.w, a);
    world_open(&s.w, 3, O_RDONLY | O_CLOEXEC);
    s.rule.output = plm_output_compile(PLM_SV("%proc.cmdline %evt.args %fd.name %proc.aname"), a, NULL, NULL);
    assert_non_null(s.rule.output);
    assert_true(plm_test_sweep(make, &s) > 3);
}

static int compile(void *arg, plm_err **err)
{
    (void)arg;
    plm_auto(plm_arena_free) struct plm_arena *a = plm_arena_new(PLM_ARENA_NO_LIMIT);
    if (!a)
        return plm_fail(err, PLM_E_OOM, "out of memory");
    return plm_output_compile(PLM_SV("%proc.cmdline %toupper(fd.name) %20proc.aname[2] text"), a, NULL, err)
               ? 0
               : -1;
}

static void formats(void **state)
{
    (void)state;
    assert_true(plm_test_sweep(compile, NULL) > 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(alerts), cmocka_unit_test(formats)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
