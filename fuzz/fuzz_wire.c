/* SPDX-License-Identifier: Apache-2.0
 *
 * Records of the kernel programs: the decoder, then the process table on what it made. The input is a row of
 * records as a ring would hold them; a size that leads nowhere ends it.
 */
#include "watch/decode.h"
#include "watch/proc.h"

#include "base/buf.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void touch(plm_sv s)
{
    volatile char sum = 0;
    for (size_t i = 0; i < s.n; i++)
        sum = (char)(sum ^ s.p[i]);
    (void)sum;
}

static void read_params(const struct plm_event *e)
{
    if (e->n_params > PLM_PARAMS_MAX || e->n_params > e->type->n_params)
        __builtin_trap();
    for (unsigned i = 0; i < e->n_params; i++) {
        const struct plm_param *p = &e->params[i];
        if (!p->is_present)
            continue;
        switch (e->type->params[i].type) {
        case PLM_P_STR:
        case PLM_P_PATH:
        case PLM_P_BYTES:
        case PLM_P_STRINGS:
            touch(p->s);
            touch(p->resolved);
            if (p->resolved.n && p->resolved.p[0] != '/')
                __builtin_trap();
            break;
        case PLM_P_TUPLE:
        case PLM_P_ADDR:
            touch(p->addr->path);
            break;
        case PLM_P_ERRNO:
        case PLM_P_FD:
        case PLM_P_PID:
        case PLM_P_INT:
        case PLM_P_UINT:
        case PLM_P_HEX:
        case PLM_P_FLAGS:
        case PLM_P_ENUM:
        case PLM_P_MODE:
        case PLM_P_UID:
        case PLM_P_GID:
        case PLM_P_SIGNAL:
            break;
        }
    }
    touch(e->fd.name);
    touch(e->fd.nameraw);
}

static void walk(struct plm_procs *p, const struct plm_thread *t)
{
    unsigned n = 0;
    while (n < 100000 && plm_thread_ancestor(t, n))
        n++;
    if (n == 100000)
        __builtin_trap(); /* a loop */
    (void)plm_thread_session_leader(p, t);
    (void)plm_thread_group_leader(p, t);
    (void)plm_thread_vgroup_leader(p, t);
    touch(t->info.comm);
    touch(t->info.args);
    touch(t->info.cwd);
    if (t->slot >= plm_procs_capacity(p))
        __builtin_trap();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct plm_procs_config conf = {.max_threads = 64, .max_bytes = 65536};
    plm_auto(plm_decoder_free) struct plm_decoder *d = plm_decoder_new(1000000000000000000ull, NULL);
    plm_auto(plm_procs_free) struct plm_procs *p = plm_procs_new(&conf, NULL);
    plm_sv rest = plm_sv_n((const char *)data, size);
    struct plm_item item;
    struct plm_procs_stats s;
    while (d && p && rest.n) {
        size_t n = plm_decode_size(rest);
        int r = plm_decode(d, rest, &item, NULL);
        if (r < 0 && item.kind != PLM_ITEM_NONE)
            __builtin_trap();
        if (item.kind == PLM_ITEM_EVENT || item.kind == PLM_ITEM_IO_URING) {
            read_params(item.event);
            walk(p, plm_procs_apply(p, item.event));
            plm_procs_after(p, item.event);
        } else if (item.kind == PLM_ITEM_TASK) {
            (void)plm_procs_put(p, item.task, NULL);
        }
        plm_procs_stats_get(p, &s);
        if (s.n_threads > 64)
            __builtin_trap();
        if (!n || n > rest.n)
            break;
        rest = plm_sv_from_off(rest, n);
    }
    return 0;
}
