/* SPDX-License-Identifier: Apache-2.0
 *
 * Records of the kernel programs (wire.h) into events and tasks. Both ends are on one machine and built
 * together, so numbers are in native order and structures are copied out whole once their size was checked;
 * nothing is read in place. Linear in the record; a record of more than PLM_REC_PARTS parts keeps the first
 * ones.
 */
#include "watch/decode_int.h"

#include "base/buf.h"

#include <stdlib.h>
#include <time.h>

enum { SCRATCH_KIB = 512 };
#define MINUTE 60000000000ull

/* ---- taking apart ----------------------------------------------------------------------------------------
 */

const struct plm_rec_part *plm_rec_find(const struct plm_rec *r, unsigned type, unsigned arg)
{
    for (size_t i = 0; i < r->n; i++)
        if (r->parts[i].type == type && r->parts[i].arg == arg)
            return &r->parts[i];
    return NULL;
}

const struct plm_rec_part *plm_rec_any(const struct plm_rec *r, unsigned type)
{
    for (size_t i = 0; i < r->n; i++)
        if (r->parts[i].type == type)
            return &r->parts[i];
    return NULL;
}

bool plm_rec_struct(const struct plm_rec_part *p, void *out, size_t size)
{
    if (!p || p->bytes.n < size)
        return false;
    memcpy(out, p->bytes.p, size);
    return true;
}

size_t plm_decode_size(plm_sv bytes)
{
    struct plm_wire_head h;
    if (bytes.n < sizeof(h))
        return 0;
    memcpy(&h, bytes.p, sizeof(h));
    return h.size >= sizeof(h) && h.size <= PLM_WIRE_RECORD_MAX ? h.size : 0;
}

static int take_apart(struct plm_rec *r, plm_sv bytes, plm_err **err)
{
    r->n = 0;
    size_t size = plm_decode_size(bytes);
    if (!size || size > bytes.n)
        return plm_fail(err, PLM_E_PARSE, "a record of %zu bytes claims %zu", bytes.n, size);
    memcpy(&r->h, bytes.p, sizeof(r->h));
    size_t at = sizeof(r->h);
    for (unsigned i = 0; i < r->h.n_parts && i < PLM_REC_PARTS; i++) {
        struct plm_wire_part p;
        if (size - at < sizeof(p))
            return plm_fail(err, PLM_E_PARSE, "part %u of a record begins at its end", i);
        memcpy(&p, bytes.p + at, sizeof(p));
        at += sizeof(p);
        if (p.size > size - at)
            return plm_fail(err, PLM_E_PARSE, "part %u of a record has %u bytes, there are %zu", i, p.size,
                            size - at);
        r->parts[r->n++] =
            (struct plm_rec_part){plm_sv_n(bytes.p + at, p.size), (uint8_t)p.type, p.arg, p.flags};
        size_t padded = ((size_t)p.size + 7) & ~(size_t)7;
        at = padded > size - at ? size : at + padded;
    }
    return 0;
}

/* ---- life -------------------------------------------------------------------------------------------------
 */

static uint64_t now_of(clockid_t clock)
{
    struct timespec ts;
    clock_gettime(clock, &ts);
    return (uint64_t)ts.tv_sec * 1000000000ull + (uint64_t)ts.tv_nsec;
}

static void ask_clocks(struct plm_decoder *d)
{
    uint64_t real = now_of(CLOCK_REALTIME), boot = now_of(CLOCK_BOOTTIME);
    d->boot = real > boot ? real - boot : 0;
    d->asked = boot;
}

struct plm_decoder *plm_decoder_new(uint64_t boot, plm_err **err)
{
    struct plm_decoder *d = calloc(1, sizeof(*d));
    if (d)
        d->arena = plm_arena_new(PLM_KIB(SCRATCH_KIB));
    if (!d || !d->arena) {
        free(d);
        return PLM_NULL(plm_fail_oom(err));
    }
    d->is_fixed = boot != 0;
    d->boot = boot;
    if (!boot)
        ask_clocks(d);
    plm_decode_subsystems(d);
    return d;
}

void plm_decoder_free(struct plm_decoder *d)
{
    if (!d)
        return;
    plm_arena_free(d->arena);
    free(d);
}

/* ---- events
 * -------------------------------------------------------------------------------------------------- */

struct plm_param *plm_decode_param(struct plm_decoder *d, const char *name)
{
    int i = plm_evtype_param(d->event.type, plm_sv_from(name));
    if (i < 0 || i >= PLM_PARAMS_MAX)
        return NULL;
    d->event.params[i].is_present = true;
    return &d->event.params[i];
}

static void begin_event(struct plm_decoder *d, const struct plm_evtype *t)
{
    struct plm_event *e = &d->event;
    const struct plm_wire_head *h = &d->rec.h;
    e->type = t;
    e->num = ++d->num;
    e->ts = plm_decode_ns(d, h->ts);
    e->cpu = h->cpu;
    e->tid = h->tid;
    e->pid = h->pid;
    e->has_res = true;
    e->res = h->res;
    e->has_fd = false;
    e->fd = (struct plm_fdinfo){.num = -1};
    e->task = NULL;
    e->n_params = t->n_params <= PLM_PARAMS_MAX ? t->n_params : PLM_PARAMS_MAX;
    for (unsigned i = 0; i < e->n_params; i++)
        e->params[i] = (struct plm_param){0};
}

static void give_event(struct plm_decoder *d, struct plm_item *out)
{
    out->kind = PLM_ITEM_EVENT;
    out->event = &d->event;
}

static bool is_exec(const struct plm_evtype *t)
{
    return t->id == PLM_EVT_execve || t->id == PLM_EVT_execveat;
}

static void decode_syscall(struct plm_decoder *d, struct plm_item *out)
{
    const struct plm_evtype *t = plm_evtype_of_syscall(d->rec.h.nr);
    if (!t)
        return;
    begin_event(d, t);
    if (plm_decode_task(d))
        d->event.task = &d->task;
    plm_decode_call(d);
    if (is_exec(t) && d->event.task)
        plm_decode_task_params(d);
    give_event(d, out);
}

static void decode_exec(struct plm_decoder *d, struct plm_item *out)
{
    const struct plm_evtype *t = plm_evtype_of_syscall(d->rec.h.nr);
    if (!t || !is_exec(t))
        t = plm_evtype_get(PLM_EVT_execve);
    begin_event(d, t);
    d->event.res = 0;
    if (plm_decode_task(d)) {
        d->event.task = &d->task;
        plm_decode_task_params(d);
        struct plm_param *flags = plm_decode_param(d, "flags");
        if (flags)
            flags->u = d->task.exe_flags;
    }
    struct plm_param *res = plm_decode_param(d, "res");
    if (res)
        res->i = 0;
    give_event(d, out);
}

static bool is_fork(const struct plm_evtype *t)
{
    return t && (t->id == PLM_EVT_clone || t->id == PLM_EVT_clone3 || t->id == PLM_EVT_fork ||
                 t->id == PLM_EVT_vfork);
}

static void decode_fork(struct plm_decoder *d, struct plm_item *out)
{
    const struct plm_evtype *t = plm_evtype_of_syscall(d->rec.h.nr);
    bool has_task = plm_decode_task(d);
    if (!is_fork(t) || !has_task) {
        out->kind = has_task ? PLM_ITEM_TASK : PLM_ITEM_NONE;
        out->task = has_task ? &d->task : NULL;
        return;
    }
    begin_event(d, t);
    d->event.res = 0;
    d->event.task = &d->task;
    plm_decode_task_params(d);
    struct plm_param *res = plm_decode_param(d, "res");
    if (res)
        res->i = 0;
    give_event(d, out);
}

static void decode_exit(struct plm_decoder *d, struct plm_item *out)
{
    begin_event(d, plm_evtype_get(PLM_EVT_procexit));
    d->event.has_res = false;
    d->event.res = 0;
    plm_decode_exit_params(d);
    give_event(d, out);
}

static void decode_io_uring(struct plm_decoder *d, struct plm_item *out)
{
    begin_event(d, plm_evtype_get(PLM_EVT_io_uring_enter));
    plm_decode_io_uring(d);
    out->kind = PLM_ITEM_IO_URING;
    out->event = &d->event;
}

int plm_decode(struct plm_decoder *d, plm_sv record, struct plm_item *out, plm_err **err)
{
    *out = (struct plm_item){.kind = PLM_ITEM_NONE};
    plm_arena_reset(d->arena);
    if (take_apart(&d->rec, record, err) < 0)
        return -1;
    if (!d->is_fixed && d->rec.h.ts > d->asked && d->rec.h.ts - d->asked > MINUTE)
        ask_clocks(d);
    switch (d->rec.h.kind) {
    case PLM_WIRE_SYSCALL:
        decode_syscall(d, out);
        break;
    case PLM_WIRE_EXEC:
        decode_exec(d, out);
        break;
    case PLM_WIRE_FORK:
        decode_fork(d, out);
        break;
    case PLM_WIRE_EXIT:
        decode_exit(d, out);
        break;
    case PLM_WIRE_TASK:
        if (plm_decode_task(d)) {
            out->kind = PLM_ITEM_TASK;
            out->task = &d->task;
        }
        break;
    case PLM_WIRE_IO_URING:
        decode_io_uring(d, out);
        break;
    default: /* a byte of the record, not an enumeration of ours: a newer kernel side says more */
        break;
    }
    return 0;
}

uint64_t plm_decode_time(const struct plm_decoder *d, plm_sv record)
{
    struct plm_wire_head h;
    if (!plm_decode_size(record))
        return 0;
    memcpy(&h, record.p, sizeof(h));
    return plm_decode_ns(d, h.ts);
}
