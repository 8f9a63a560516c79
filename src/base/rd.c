/* SPDX-License-Identifier: Apache-2.0
 *
 * Bounds-checked cursor over bytes.
 */
#include "base/rd.h"

plm_sv plm_rd_bytes(struct plm_rd *r, size_t n)
{
    if (r->failed || n > r->data.n - r->at) {
        r->failed = true;
        return PLM_SV("");
    }
    plm_sv v = {r->data.p + r->at, n};
    r->at += n;
    return v;
}

void plm_rd_skip(struct plm_rd *r, size_t n)
{
    (void)plm_rd_bytes(r, n);
}

void plm_rd_seek(struct plm_rd *r, size_t at)
{
    if (at > r->data.n)
        r->failed = true;
    else if (!r->failed)
        r->at = at;
}

static uint64_t little(struct plm_rd *r, size_t n)
{
    plm_sv b = plm_rd_bytes(r, n);
    uint64_t v = 0;
    for (size_t i = b.n; i-- > 0;)
        v = v << 8 | (unsigned char)b.p[i];
    return v;
}

static uint64_t big(struct plm_rd *r, size_t n)
{
    plm_sv b = plm_rd_bytes(r, n);
    uint64_t v = 0;
    for (size_t i = 0; i < b.n; i++)
        v = v << 8 | (unsigned char)b.p[i];
    return v;
}

uint8_t plm_rd_u8(struct plm_rd *r)
{
    return (uint8_t)little(r, 1);
}
uint16_t plm_rd_u16le(struct plm_rd *r)
{
    return (uint16_t)little(r, 2);
}
uint32_t plm_rd_u32le(struct plm_rd *r)
{
    return (uint32_t)little(r, 4);
}
uint64_t plm_rd_u64le(struct plm_rd *r)
{
    return little(r, 8);
}
uint16_t plm_rd_u16be(struct plm_rd *r)
{
    return (uint16_t)big(r, 2);
}
uint32_t plm_rd_u32be(struct plm_rd *r)
{
    return (uint32_t)big(r, 4);
}
uint64_t plm_rd_u64be(struct plm_rd *r)
{
    return big(r, 8);
}

uint64_t plm_rd_varint(struct plm_rd *r)
{
    uint64_t v = 0;
    for (unsigned shift = 0; shift < 70; shift += 7) {
        uint8_t c = plm_rd_u8(r);
        if (r->failed || (shift == 63 && c > 1))
            break;
        v |= (uint64_t)(c & 0x7f) << shift;
        if (!(c & 0x80))
            return v;
    }
    r->failed = true;
    return 0;
}

size_t plm_rd_count(struct plm_rd *r, size_t max)
{
    uint64_t v = plm_rd_varint(r);
    if (v > max) {
        r->failed = true;
        return 0;
    }
    return (size_t)v;
}

plm_sv plm_rd_view(struct plm_rd *r)
{
    return plm_rd_bytes(r, plm_rd_count(r, plm_rd_left(r)));
}
