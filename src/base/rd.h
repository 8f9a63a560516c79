/* SPDX-License-Identifier: Apache-2.0
 *
 * Bounds-checked cursor over bytes. Failure is sticky: reads after it give zeroes and
 * empty views, so a parser checks once at the end (or wherever it loops on a count).
 *
 *     struct plm_rd r = PLM_RD(bytes);
 *     uint32_t magic = plm_rd_u32be(&r);
 *     plm_sv name = plm_rd_view(&r);
 *     if (r.failed)
 *         return plm_fail(err, PLM_E_PARSE, "truncated at offset %zu", r.at);
 */
#pragma once

#include "base/sv.h"

struct plm_rd {
    plm_sv data;
    size_t at;
    bool failed;
};

#define PLM_RD(view) ((struct plm_rd){.data = (view)})

static inline size_t plm_rd_left(const struct plm_rd *r)
{
    return r->failed ? 0 : r->data.n - r->at;
}
plm_sv plm_rd_bytes(struct plm_rd *r, size_t n);
void plm_rd_skip(struct plm_rd *r, size_t n);
/* Moves to an absolute offset. */
void plm_rd_seek(struct plm_rd *r, size_t at);
uint8_t plm_rd_u8(struct plm_rd *r);
uint16_t plm_rd_u16le(struct plm_rd *r);
uint32_t plm_rd_u32le(struct plm_rd *r);
uint64_t plm_rd_u64le(struct plm_rd *r);
uint16_t plm_rd_u16be(struct plm_rd *r);
uint32_t plm_rd_u32be(struct plm_rd *r);
uint64_t plm_rd_u64be(struct plm_rd *r);
/* LEB128, at most 10 bytes. */
uint64_t plm_rd_varint(struct plm_rd *r);
/* A varint that must fit and must not exceed max (else failed, 0). For counts and sizes. */
size_t plm_rd_count(struct plm_rd *r, size_t max);
/* Varint length + bytes; borrowed from data. */
plm_sv plm_rd_view(struct plm_rd *r);
