/* SPDX-License-Identifier: Apache-2.0
 *
 * Makes rpm header blobs and the databases that hold them, so that every byte can be broken on
 * purpose. The SQLite ones are written by the SQLite library.
 */
#pragma once

#include "base/buf.h"

static inline void make_u32be(struct plm_buf *b, uint32_t v)
{
    for (unsigned shift = 32; shift > 0; shift -= 8)
        plm_buf_byte(b, (unsigned char)(v >> (shift - 8)));
}

struct make_entry {
    uint32_t tag, type, count;
    plm_sv data;
};

#define MAKE_STRING(tag_, text) ((struct make_entry){(tag_), 6, 1, plm_sv_n((text), strlen(text) + 1)})

/* Appends a header of these entries. */
static inline void make_header(struct plm_buf *out, const struct make_entry *e, size_t n)
{
    uint32_t bytes = 0;
    for (size_t i = 0; i < n; i++)
        bytes += (uint32_t)e[i].data.n;
    make_u32be(out, (uint32_t)n);
    make_u32be(out, bytes);
    for (size_t i = 0, at = 0; i < n; at += e[i++].data.n) {
        make_u32be(out, e[i].tag);
        make_u32be(out, e[i].type);
        make_u32be(out, (uint32_t)at);
        make_u32be(out, e[i].count);
    }
    for (size_t i = 0; i < n; i++)
        plm_buf_sv_put(out, e[i].data);
}

/* A package "name-1.0-1.noarch" with a description of `filler` bytes, to make headers of any size. */
static inline void make_package(struct plm_buf *out, const char *name, size_t filler)
{
    plm_auto_done(plm_buf_done) struct plm_buf text = PLM_BUF(PLM_MIB(4));
    for (size_t i = 0; i < filler; i++)
        plm_buf_byte(&text, 'x');
    plm_buf_byte(&text, 0);
    struct make_entry e[] = {MAKE_STRING(1000, name),
                             MAKE_STRING(1001, "1.0"),
                             MAKE_STRING(1002, "1"),
                             {1005, 6, 1, plm_buf_sv(&text)},
                             MAKE_STRING(1022, "noarch")};
    make_header(out, e, sizeof(e) / sizeof(e[0]));
}

static inline void make_zeros(struct plm_buf *out, size_t until)
{
    while (out->n < until && !out->failed)
        plm_buf_byte(out, 0);
}

static inline void make_ndb(struct plm_buf *out, const plm_sv *blobs, size_t n)
{
    plm_buf_str(out, "RpmP");
    plm_buf_u32le(out, 0);
    plm_buf_u32le(out, 1);
    plm_buf_u32le(out, 1);
    plm_buf_u32le(out, (uint32_t)n + 1);
    make_zeros(out, 32);
    size_t block = 4096 / 16;
    for (size_t i = 0; i < (4096 - 32) / 16; i++) {
        size_t blocks = i < n ? (16 + blobs[i].n + 12 + 15) / 16 : 0;
        plm_buf_str(out, "Slot");
        plm_buf_u32le(out, i < n ? (uint32_t)i + 1 : 0);
        plm_buf_u32le(out, i < n ? (uint32_t)block : 0);
        plm_buf_u32le(out, (uint32_t)blocks);
        block += blocks;
    }
    for (size_t i = 0; i < n; i++) {
        size_t start = out->n, blocks = (16 + blobs[i].n + 12 + 15) / 16;
        plm_buf_str(out, "BlbS");
        plm_buf_u32le(out, (uint32_t)i + 1);
        plm_buf_u32le(out, 1);
        plm_buf_u32le(out, (uint32_t)blobs[i].n);
        plm_buf_sv_put(out, blobs[i]);
        make_zeros(out, start + blocks * 16 - 12);
        plm_buf_u32le(out, 0);
        plm_buf_u32le(out, (uint32_t)blobs[i].n);
        plm_buf_str(out, "BlbE");
    }
}

static inline void make_int(struct plm_buf *b, bool big, unsigned bytes, uint32_t v)
{
    for (unsigned i = 0; i < bytes; i++)
        plm_buf_byte(b, (unsigned char)(v >> 8 * (big ? bytes - 1 - i : i)));
}

static inline void make_bdb_page(struct plm_buf *b, bool big, uint32_t number, uint32_t next,
                                 unsigned entries, unsigned used, unsigned type)
{
    make_zeros(b, b->n + 8);
    make_int(b, big, 4, number);
    make_int(b, big, 4, 0);
    make_int(b, big, 4, next);
    make_int(b, big, 2, entries);
    make_int(b, big, 2, used);
    make_int(b, big, 1, 0);
    make_int(b, big, 1, type);
}

/* One hash page (1), the blobs in place while they are short, else on overflow pages from 2. */
static inline void make_bdb(struct plm_buf *out, const plm_sv *blobs, size_t n, bool big, size_t page)
{
    plm_auto_done(plm_buf_done) struct plm_buf items = PLM_BUF(PLM_MIB(1)), over = PLM_BUF(PLM_MIB(16));
    size_t offsets[64] = {0}, at = page, number = 2;
    for (size_t i = 0; i < n; i++) {
        plm_auto_done(plm_buf_done) struct plm_buf item = PLM_BUF(PLM_MIB(1));
        if (blobs[i].n < 100) {
            plm_buf_byte(&item, 1);
            plm_buf_sv_put(&item, blobs[i]);
        } else {
            make_int(&item, big, 1, 3);
            make_zeros(&item, 4);
            make_int(&item, big, 4, (uint32_t)number);
            make_int(&item, big, 4, (uint32_t)blobs[i].n);
            for (size_t off = 0, room = page - 26; off < blobs[i].n; off += room) {
                plm_sv part = plm_sv_sub(blobs[i], off, room);
                bool last = off + room >= blobs[i].n;
                make_bdb_page(&over, big, (uint32_t)number, last ? 0 : (uint32_t)number + 1, 1,
                              (unsigned)part.n, 7);
                plm_buf_sv_put(&over, part);
                make_zeros(&over, (number - 1) * page);
                number++;
            }
        }
        at -= 5; /* the key: kind and four bytes */
        offsets[2 * i] = at;
        at -= item.n;
        offsets[2 * i + 1] = at;
        plm_auto_done(plm_buf_done) struct plm_buf joined = PLM_BUF(PLM_MIB(1));
        plm_buf_sv_put(&joined, plm_buf_sv(&item));
        plm_buf_byte(&joined, 1);
        make_int(&joined, big, 4, (uint32_t)i + 1);
        plm_buf_sv_put(&joined, plm_buf_sv(&items));
        plm_buf_clear(&items);
        plm_buf_sv_put(&items, plm_buf_sv(&joined));
    }
    make_zeros(out, 8);
    make_int(out, big, 4, 0);
    make_int(out, big, 4, 0x061561);
    make_int(out, big, 4, 9);
    make_int(out, big, 4, (uint32_t)page);
    make_int(out, big, 1, 0);
    make_int(out, big, 1, 8);
    make_zeros(out, 32);
    make_int(out, big, 4, (uint32_t)number - 1);
    make_zeros(out, page);
    make_bdb_page(out, big, 1, 0, (unsigned)(2 * n), (unsigned)at, 13);
    for (size_t i = 0; i < 2 * n; i++)
        make_int(out, big, 2, (uint32_t)offsets[i]);
    make_zeros(out, page + at);
    plm_buf_sv_put(out, plm_buf_sv(&items));
    plm_buf_sv_put(out, plm_buf_sv(&over));
}
