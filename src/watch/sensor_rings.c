/* SPDX-License-Identifier: Apache-2.0
 *
 * Two rings per processor (what rules ask for; exec, fork, exit and changes of tasks), read in place and
 * merged by time. The layout of a ring's memory is the kernel's API (BPF_MAP_TYPE_RINGBUF, linux/bpf.h): one
 * page with the consumer's position, one with the producer's, then the data, mapped twice so that no record
 * is torn. Ring memory is read-only for us but for the consumer's page.
 *
 * Order: a record carries the time at which its program began and appears in its ring some microseconds
 * later. As long as some ring is empty, something older may still appear in it, so a record is held back
 * until it is HOLD_NS old or every ring has one. The heads of the rings are cached; a call costs one look at
 * each.
 */
#include "watch/sensor_int.h"

#include <errno.h>
#include <linux/bpf.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

enum { HOLD_NS = 300000, HEADER = 8 };

static uint64_t boot_now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_BOOTTIME, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static int ring_map(struct plm_ring *r, int fd, size_t bytes, plm_err **err)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    void *consumer = mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (consumer == MAP_FAILED)
        return plm_fail_sys(err, "mapping a ring");
    void *producer = mmap(NULL, page + 2 * bytes, PROT_READ, MAP_SHARED, fd, (off_t)page);
    if (producer == MAP_FAILED) {
        int r_ = plm_fail_sys(err, "mapping a ring");
        munmap(consumer, page);
        return r_;
    }
    r->consumer = consumer;
    r->producer = producer;
    r->data = (const unsigned char *)producer + page;
    r->bytes = bytes;
    r->at = __atomic_load_n(r->consumer, __ATOMIC_ACQUIRE);
    return 0;
}

int plm_rings_open(struct plm_rings *r, const struct plm_bpf_ops *ops, struct plm_bpf *b,
                   const struct plm_bpf_conf *conf, plm_err **err)
{
    r->ring = calloc((size_t)conf->n_cpus * 2, sizeof(*r->ring));
    if (!r->ring)
        return plm_fail_oom(err);
    r->n = conf->n_cpus * 2;
    for (unsigned i = 0; i < r->n; i++) {
        size_t bytes = i < conf->n_cpus ? conf->ring_bytes : conf->process_ring_bytes;
        if (ring_map(&r->ring[i], ops->ring_fd(b, i), bytes, err) < 0)
            return -1;
    }
    return 0;
}

void plm_rings_done(struct plm_rings *r)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    for (unsigned i = 0; r->ring && i < r->n; i++) {
        if (!r->ring[i].consumer)
            continue;
        munmap(r->ring[i].consumer, page);
        union {
            const uint64_t *c;
            void *p;
        } producer = {.c = r->ring[i].producer};
        munmap(producer.p, page + 2 * r->ring[i].bytes);
    }
    free(r->ring);
    *r = (struct plm_rings){0};
}

static uint64_t u64_at(const unsigned char *p)
{
    uint64_t v;
    memcpy(&v, p, sizeof(v));
    return v;
}

/* Looks for the next record of one ring: sets ts and n. */
static void peek(struct plm_rings *rs, struct plm_ring *r)
{
    r->ts = 0;
    uint64_t end = __atomic_load_n(r->producer, __ATOMIC_ACQUIRE);
    if (end - r->at > rs->peak)
        rs->peak = end - r->at;
    while (r->at < end) {
        const unsigned char *h = r->data + (r->at & (r->bytes - 1));
        union {
            const unsigned char *b;
            const uint32_t *w;
        } word = {.b = h};
        uint32_t len = __atomic_load_n(word.w, __ATOMIC_ACQUIRE);
        if (len & BPF_RINGBUF_BUSY_BIT)
            return;
        uint32_t n = len & ~(BPF_RINGBUF_BUSY_BIT | BPF_RINGBUF_DISCARD_BIT);
        if (!(len & BPF_RINGBUF_DISCARD_BIT) && n >= sizeof(struct plm_wire_head)) {
            r->n = n;
            r->ts = u64_at(h + HEADER + offsetof(struct plm_wire_head, ts));
            if (!r->ts)
                r->ts = 1;
            return;
        }
        r->at += ((uint64_t)n + HEADER + 7) & ~(uint64_t)7;
        __atomic_store_n(r->consumer, r->at, __ATOMIC_RELEASE);
    }
}

static void give_back(struct plm_rings *rs)
{
    struct plm_ring *r = rs->held;
    if (!r)
        return;
    rs->held = NULL;
    r->at += ((uint64_t)r->n + HEADER + 7) & ~(uint64_t)7;
    __atomic_store_n(r->consumer, r->at, __ATOMIC_RELEASE);
    peek(rs, r);
}

static struct plm_ring *oldest(struct plm_rings *rs, bool *out_all)
{
    struct plm_ring *best = NULL;
    *out_all = true;
    for (unsigned i = 0; i < rs->n; i++) {
        struct plm_ring *r = &rs->ring[i];
        if (!r->ts)
            *out_all = false;
        else if (!best || r->ts < best->ts)
            best = r;
    }
    return best;
}

bool plm_rings_next(struct plm_rings *rs, plm_sv *out, uint64_t *out_wait)
{
    *out_wait = 0;
    give_back(rs);
    bool has_all;
    struct plm_ring *best = oldest(rs, &has_all);
    if (!best || (!has_all && best->ts + HOLD_NS > rs->now)) {
        /* First the clock, then the rings: what is older than the clock less HOLD_NS has appeared. */
        rs->now = boot_now();
        for (unsigned i = 0; i < rs->n; i++)
            if (!rs->ring[i].ts)
                peek(rs, &rs->ring[i]);
        best = oldest(rs, &has_all);
    }
    if (!best)
        return false;
    if (!has_all && best->ts + HOLD_NS > rs->now) {
        *out_wait = best->ts + HOLD_NS - rs->now;
        return false;
    }
    rs->held = best;
    *out = (plm_sv){(const char *)best->data + (best->at & (best->bytes - 1)) + HEADER, best->n};
    return true;
}
