/* SPDX-License-Identifier: Apache-2.0
 *
 * Records are put together in scratch memory, one piece per processor, and copied into the ring in one call:
 * before 5.19 a ring can only reserve constant sizes. Programs on tracepoints run with preemption disabled; a
 * kernel that lets them be preempted is met by the `busy` mark (what then does not fit is counted as lost).
 *
 * All functions below the programs are global (not static): the verifier checks each once, on its own, which
 * keeps loading fast. They can only take numbers (before 5.12), so kernel pointers travel as u64 and the
 * scratch memory is looked up again by its index; the lookup is a few instructions.
 */
#pragma once

#define PLM_BPF
#include "vmlinux.h"

#include "../src/watch/wire_call.h"

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#define REC_LIMIT 28000u /* no part begins beyond: the largest has 4096 bytes */
#define PATH_END  4096u

struct scratch {
    u32 busy;
    u32 off, n_parts, cut; /* of the record being made */
    u32 path_at, path_flags, path_depth, path_made;
    u64 poss[PLM_WIRE_WORDS]; /* clauses that are still possible */
    struct plm_path_key key;
    struct plm_name_key name;
    u32 leaf_n;
    u8 path[PATH_END + 512]; /* grows from PATH_END downwards */
    u8 rec[PLM_WIRE_RECORD_MAX + 4352];
};

struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(max_entries, 2); /* processors + 1 (the iterator's own): set before loading */
    __type(key, u32);
    __type(value, struct scratch);
} scratches SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(map_flags, 1024); /* BPF_F_MMAPABLE */
    __uint(max_entries, 1);  /* processors */
    __type(key, u32);
    __type(value, struct plm_wire_stats);
} stats SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(map_flags, 1024);
    __uint(max_entries, PLM_WIRE_SLOTS);
    __type(key, u32);
    __type(value, struct plm_wire_slot);
} slots SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(max_entries, PLM_CALLS);
    __type(key, u32);
    __type(value, struct plm_call);
} calls SEC(".maps");

struct inner_ring {
    __uint(type, BPF_MAP_TYPE_RINGBUF);
    __uint(max_entries, 4096);
};
/* rings[cpu]: what rules ask for; rings[n + cpu]: exec, fork, exit and changes, which floods cannot starve.
 */
struct {
    __uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
    __uint(max_entries, 2);
    __type(key, u32);
    __array(values, struct inner_ring);
} rings SEC(".maps");

struct plm_wire_conf conf; /* .bss: read directly, written by user space */

/* A typed pointer as a number: global functions take no pointers to kernel objects, and the verifier lets
 * only a copy through memory forget what it was. */
static __always_inline u64 number_of(const void *p)
{
    u64 in = (u64)p, out = 0;
    bpf_probe_read_kernel(&out, sizeof(out), &in);
    return out;
}

static __always_inline struct scratch *scratch_get(u32 si)
{
    return bpf_map_lookup_elem(&scratches, &si);
}

/* Stops the compiler from reasoning about a value whose bounds the verifier has just been shown. */
#define opaque(x) asm volatile("" : "+r"(x))

/* Where the next part's bytes go; NULL: the record is full. */
static __always_inline u8 *part_bytes(struct scratch *s)
{
    u32 off = s->off;
    if (off > REC_LIMIT) {
        s->cut = 1;
        return NULL;
    }
    opaque(off);
    return &s->rec[(off & 0x7fff) + sizeof(struct plm_wire_part)];
}

static __always_inline void part_done(struct scratch *s, u32 type, u32 size, u32 arg, u32 flags)
{
    u32 off = s->off;
    if (off > REC_LIMIT)
        return;
    opaque(off);
    struct plm_wire_part *p = (void *)&s->rec[off & 0x7fff];
    p->type = type;
    p->size = size;
    p->arg = arg;
    p->flags = flags;
    p->unused = 0;
    s->off = off + sizeof(*p) + ((size + 7) & ~7u);
    s->n_parts++;
}

static __always_inline struct scratch *record_begin(u32 si)
{
    struct scratch *s = scratch_get(si);
    if (!s)
        return NULL;
    if (s->busy)
        return NULL;
    s->busy = 1;
    s->off = sizeof(struct plm_wire_head);
    s->n_parts = 0;
    s->cut = 0;
    s->path_made = 0;
    return s;
}

static __always_inline void head_fill(struct plm_wire_head *h, u32 kind, u32 class, u64 ts)
{
    h->kind = kind;
    h->class = class;
    h->cpu = bpf_get_smp_processor_id();
    h->ts = ts;
    h->flags = 0;
}

static __always_inline struct plm_wire_slot *slot_of(u32 tid)
{
    u32 i = tid & (PLM_WIRE_SLOTS - 1);
    return bpf_map_lookup_elem(&slots, &i);
}

/* The task is not what masks were made for any more. */
static __always_inline u64 slot_renew(u32 tid, u64 gen)
{
    struct plm_wire_slot *slot = slot_of(tid);
    if (!slot)
        return 0;
    slot->mask_gen = 0;
    slot->gen = gen;
    slot->tid = tid;
    slot->flags = 0;
    return gen;
}

static __always_inline u64 slot_gen(u32 tid)
{
    struct plm_wire_slot *slot = slot_of(tid);
    return slot && slot->tid == tid ? slot->gen : 0;
}

static __always_inline void count_lost(u32 class, bool is_busy)
{
    u32 cpu = bpf_get_smp_processor_id();
    struct plm_wire_stats *st = bpf_map_lookup_elem(&stats, &cpu);
    if (!st)
        return;
    if (class < 5)
        __sync_fetch_and_add(&st->lost[class], 1);
    if (is_busy)
        __sync_fetch_and_add(&st->busy, 1);
}

/* Sends what was put together. */
static __always_inline void record_send(struct scratch *s, bool is_process)
{
    struct plm_wire_head *h = (void *)s->rec;
    u32 size = s->off, cpu = bpf_get_smp_processor_id();
    h->size = size;
    h->n_parts = s->n_parts;
    if (s->cut)
        h->flags |= PLM_WIRE_HEAD_CUT;
    u32 ring_i = is_process ? conf.n_cpus + cpu : cpu;
    void *ring = bpf_map_lookup_elem(&rings, &ring_i);
    struct plm_wire_stats *st = bpf_map_lookup_elem(&stats, &cpu);
    if (!ring || !st)
        return;
    /* The reader is woken at most every wake_ns per ring; after it was, it looks again by itself after a
     * while, so nothing waits long (sensor.c). */
    u64 *last = &st->last_wake[is_process], flags = BPF_RB_NO_WAKEUP;
    if (h->ts - *last > conf.wake_ns) {
        *last = h->ts;
        flags = BPF_RB_FORCE_WAKEUP;
    }
    opaque(size);
    if (bpf_ringbuf_output(ring, s->rec, size & 0x7fff, flags) < 0)
        count_lost(h->class, false);
    else
        st->wanted++;
}
