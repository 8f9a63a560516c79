/* SPDX-License-Identifier: Apache-2.0
 *
 * Host names as the resolver of this machine knows them: localhost is 127.0.0.1 everywhere.
 */
#include "watch/hosts.h"

#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static const struct plm_ip loopback = {.family = 4, .b = {127, 0, 0, 1}},
                           other = {.family = 4, .b = {192, 0, 2, 1}};

static void a_name_gets_its_addresses(void **state)
{
    (void)state;
    plm_auto(plm_hosts_free) struct plm_hosts *h = plm_hosts_new(NULL);
    assert_non_null(h);
    assert_false(plm_hosts_has(h, PLM_SV("localhost"), &loopback)); /* nobody asked for it */
    plm_hosts_want(h, PLM_SV("localhost"));
    plm_hosts_want(h, PLM_SV("localhost"));
    while (!plm_hosts_has(h, PLM_SV("localhost"), &loopback)) /* until its thread has the answer */
        sched_yield();
    assert_false(plm_hosts_has(h, PLM_SV("localhost"), &other));
    assert_false(plm_hosts_has(NULL, PLM_SV("localhost"), &loopback));
}

static void leaving_does_not_wait(void **state)
{
    (void)state;
    plm_auto(plm_hosts_free) struct plm_hosts *h = plm_hosts_new(NULL);
    assert_non_null(h);
    plm_hosts_want(h, PLM_SV("localhost"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(a_name_gets_its_addresses),
                                       cmocka_unit_test(leaving_does_not_wait)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
