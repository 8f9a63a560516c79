/* SPDX-License-Identifier: Apache-2.0
 *
 * Allocation failures in the process table, the decoder and the table of containers: said or lived with,
 * never a crash and (in the sanitizer build) never a leak.
 */
#include "../base/alloc_fail.h"

#include "base/buf.h"
#include "watch/decode.h"
#include "watch/meta_int.h"
#include "watch/proc.h"

#include "wire_make.h"

#include <sys/syscall.h>

#define ID "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static struct made m;

static void exec_record(int32_t tid)
{
    struct plm_wire_task t = made_task(tid, tid - 1, "cat");
    made_begin(&m, PLM_WIRE_EXEC, SYS_execve, 0)->tid = tid;
    m.head.pid = tid;
    made_part(&m, PLM_WIRE_P_TASK, PLM_WIRE_ARG_TASK, 0, &t, sizeof(t));
    made_part(&m, PLM_WIRE_P_ARGS, PLM_WIRE_ARG_TASK, 0, "cat\0-n", 7);
    made_text(&m, PLM_WIRE_P_EXE, PLM_WIRE_ARG_TASK, "/usr/bin/cat");
    made_text(&m, PLM_WIRE_P_CWD, PLM_WIRE_ARG_TASK, "/root");
    made_text(&m, PLM_WIRE_P_CGROUP, PLM_WIRE_ARG_TASK, "/docker/" ID);
}

/* Everything that a process lives through. */
static int life(void *arg, plm_err **err)
{
    (void)arg;
    struct plm_ctx ctx = PLM_CTX_INIT;
    struct plm_meta_config mc = {.is_offline = true};
    plm_auto(plm_meta_free) struct plm_meta *meta = plm_meta_new(&ctx, &mc, err);
    if (!meta)
        return -1;
    struct plm_procs_config pc = {.meta = meta};
    plm_auto(plm_procs_free) struct plm_procs *p = plm_procs_new(&pc, err);
    plm_auto(plm_decoder_free) struct plm_decoder *d =
        p ? plm_decoder_new(1000000000000000000ull, err) : NULL;
    if (!d)
        return -1;
    for (int32_t tid = 20; tid < 120; tid++) {
        struct plm_item item;
        exec_record(tid);
        if (plm_decode(d, made_sv(&m), &item, err) < 0)
            return -1;
        if (!plm_procs_apply(p, item.event)) /* a thread is always there, perhaps one without strings */
            return plm_fail(err, PLM_E_INTERNAL, "no thread");
        plm_procs_after(p, item.event);
    }
    return 0;
}

static int metadata(void *arg, plm_err **err)
{
    (void)arg;
    static const char text[] =
        "{\"Id\":\"" ID "\",\"Name\":\"/web\",\"Image\":\"sha256:a\",\"Mounts\":[{\"Source\":\"/a\"}],"
        "\"Config\":{\"Image\":\"n:1\",\"Labels\":{\"b\":\"1\",\"a\":\"2\"}}}";
    struct plm_ctx ctx = PLM_CTX_INIT;
    struct plm_meta_config mc = {.is_offline = true};
    plm_auto(plm_meta_free) struct plm_meta *meta = plm_meta_new(&ctx, &mc, err);
    plm_auto(plm_arena_free) struct plm_arena *a = meta ? plm_arena_new(PLM_MIB(1)) : NULL;
    if (!meta)
        return -1;
    if (!a)
        return plm_fail_oom(err);
    struct plm_container c = {.full_id = PLM_SV(ID), .runtime = PLM_RT_DOCKER};
    struct plm_user user = {.name = PLM_SV("u")};
    if (plm_meta_of_inspect(plm_sv_from(text), a, &c, err) < 0 || plm_meta_put(meta, &c, err) < 0 ||
        plm_meta_put_user(meta, NULL, 5, &user, err) < 0 ||
        plm_meta_put_group(meta, NULL, 5, PLM_SV("g"), err) < 0)
        return -1;
    return 0;
}

static void sweeps(void **state)
{
    (void)state;
    assert_true(plm_test_sweep(life, NULL) > 10);
    assert_true(plm_test_sweep(metadata, NULL) > 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(sweeps)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
