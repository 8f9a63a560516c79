/* SPDX-License-Identifier: Apache-2.0
 *
 * Makes records as the kernel programs write them (wire.h), for tests and seeds.
 */
#pragma once

#include "watch/wire.h"

#include "base/sv.h"

#include <string.h>

struct made {
    union {
        struct plm_wire_head head;
        char bytes[PLM_WIRE_RECORD_MAX];
    };
};

static inline struct plm_wire_head *made_begin(struct made *m, unsigned kind, int nr, int64_t res)
{
    memset(m, 0, sizeof(*m));
    m->head.size = sizeof(m->head);
    m->head.kind = (uint8_t)kind;
    m->head.ts = 5000000000;
    m->head.tid = 20;
    m->head.pid = 20;
    m->head.nr = nr;
    m->head.res = res;
    return &m->head;
}

static inline void made_part(struct made *m, unsigned type, unsigned arg, unsigned flags, const void *bytes,
                             size_t n)
{
    struct plm_wire_part p = {
        .type = (uint16_t)type, .size = (uint16_t)n, .arg = (uint8_t)arg, .flags = (uint8_t)flags};
    memcpy(m->bytes + m->head.size, &p, sizeof(p));
    if (n)
        memcpy(m->bytes + m->head.size + sizeof(p), bytes, n);
    m->head.size += (uint32_t)((sizeof(p) + n + 7) & ~(size_t)7);
    m->head.n_parts++;
}

static inline void made_text(struct made *m, unsigned type, unsigned arg, const char *text)
{
    made_part(m, type, arg, 0, text, strlen(text));
}

static inline plm_sv made_sv(const struct made *m)
{
    return plm_sv_n(m->bytes, m->head.size);
}

static inline struct plm_wire_task made_task(int32_t tid, int32_t ptid, const char *comm)
{
    struct plm_wire_task t = {.tid = tid,
                              .pid = tid,
                              .ptid = ptid,
                              .vtid = tid,
                              .vpid = tid,
                              .sid = 1,
                              .pgid = 1,
                              .vpgid = 1,
                              .loginuid = UINT32_MAX,
                              .start = 4000000000,
                              .n_threads = 1};
    memcpy(t.comm, comm, strlen(comm));
    return t;
}
