/* SPDX-License-Identifier: Apache-2.0
 *
 * rpm's Berkeley DB file (Packages; RHEL up to 8, CentOS 7, Amazon Linux 2 and others): a
 * hash database (Berkeley DB src/dbinc/db_page.h), in the byte order of the machine that wrote it.
 *
 *     page 0 (meta): 8 lsn, 4 page number, 4 magic 0x061561, 4 version, 4 page size, 1 encryption
 *         at offset 24, 1 page type (8) at 25, 4 last page at 32
 *     every page, 26 bytes: 8 lsn, 4 page number, 4 previous, 4 next, 2 entries, 2 offset, 1 level, 1 type
 *     hash page (type 2 or 13): u16 offsets of its items, which lie from the end of the page
 *         down, keys and values in turn. An item begins with its kind: 1 bytes in place;
 *         3 stored on overflow pages: 3 unused bytes, u32 first page, u32 length
 *     overflow page (type 7): "offset" is the number of bytes in it, "next" the next page or 0
 *
 * The order of the hash does not matter here: all pages are visited in file order and each value
 * is a header blob (key 0 holds a counter). Chains are bounded by the file's size. O(file).
 */
#include "rpm_int.h"

#define HASH_MAGIC  0x061561u
#define BTREE_MAGIC 0x053162u

enum { PAGE_HEAD = 26, PAGE_HASH_UNSORTED = 2, PAGE_OVERFLOW = 7, PAGE_HASH_META = 8, PAGE_HASH = 13 };
enum { ITEM_IN_PLACE = 1, ITEM_OFF_PAGE = 3 };

struct bdb {
    plm_sv file;
    bool big;
    uint32_t page_size, last_page;
    struct rpm_sink *sink;
    struct plm_buf blob; /* reused for values on overflow pages */
};

static uint32_t u32(const struct bdb *d, struct plm_rd *r)
{
    return d->big ? plm_rd_u32be(r) : plm_rd_u32le(r);
}

static uint16_t u16(const struct bdb *d, struct plm_rd *r)
{
    return d->big ? plm_rd_u16be(r) : plm_rd_u16le(r);
}

struct page {
    plm_sv bytes;
    size_t offset; /* in the file */
    uint32_t next;
    uint16_t entries, used;
    uint8_t type;
};

static bool get_page(const struct bdb *d, uint32_t number, struct page *out)
{
    uint64_t offset = (uint64_t)number * d->page_size;
    if (number > d->last_page || offset + d->page_size > d->file.n)
        return false;
    *out =
        (struct page){.bytes = plm_sv_sub(d->file, (size_t)offset, d->page_size), .offset = (size_t)offset};
    struct plm_rd r = PLM_RD(out->bytes);
    plm_rd_skip(&r, 16);
    out->next = u32(d, &r);
    out->entries = u16(d, &r);
    out->used = u16(d, &r);
    plm_rd_skip(&r, 1);
    out->type = plm_rd_u8(&r);
    return true;
}

static bool magic_of(plm_sv file, uint32_t *magic, bool *big)
{
    struct plm_rd little = PLM_RD(plm_sv_from_off(file, 12)), other = little;
    uint32_t le = plm_rd_u32le(&little), be = plm_rd_u32be(&other);
    *big = be == HASH_MAGIC || be == BTREE_MAGIC;
    *magic = *big ? be : le;
    return *magic == HASH_MAGIC || *magic == BTREE_MAGIC;
}

bool plm_rpm_bdb_is(plm_sv file)
{
    uint32_t magic;
    bool big;
    return magic_of(file, &magic, &big);
}

/* Collects a value from its chain. False: broken (told) or over the budget. */
static bool read_chain(struct bdb *d, uint32_t first, uint32_t length, size_t at, bool *enough)
{
    *enough = !rpm_sink_spend(d->sink, length, at);
    if (*enough)
        return false;
    plm_buf_clear(&d->blob);
    for (uint32_t number = first; d->blob.n < length;) {
        struct page p;
        if (number == 0 || !get_page(d, number, &p)) {
            d->sink->bad(d->sink->arg, at, "value ends before its length");
            return false;
        }
        if (p.type != PAGE_OVERFLOW || p.used == 0 || p.used > d->page_size - PAGE_HEAD) {
            d->sink->bad(d->sink->arg, p.offset, "not an overflow page with data");
            return false;
        }
        plm_sv data = plm_sv_sub(p.bytes, PAGE_HEAD, p.used);
        plm_buf_sv_put(&d->blob, plm_sv_sub(data, 0, length - d->blob.n));
        if (d->blob.failed)
            return false;
        number = p.next;
    }
    return true;
}

/* One value of a hash page. False once enough has been read. */
static bool read_value(struct bdb *d, const struct page *p, size_t start, size_t end)
{
    size_t at = p->offset + start;
    struct plm_rd r = PLM_RD(plm_sv_sub(p->bytes, start, end - start));
    uint8_t kind = plm_rd_u8(&r);
    if (kind == ITEM_OFF_PAGE) {
        plm_rd_skip(&r, 3);
        uint32_t first = u32(d, &r), length = u32(d, &r);
        bool enough = false;
        if (r.failed)
            d->sink->bad(d->sink->arg, at, "item is cut off");
        else if (read_chain(d, first, length, at, &enough))
            return d->sink->blob(d->sink->arg, plm_buf_sv(&d->blob),
                                 (size_t)first * d->page_size + PAGE_HEAD);
        return !enough && !d->blob.failed;
    }
    if (kind != ITEM_IN_PLACE) {
        d->sink->bad(d->sink->arg, at, "item of unknown kind");
        return true;
    }
    /* the counter under key 0 is four bytes; no header is that short */
    plm_sv blob = plm_rd_bytes(&r, plm_rd_left(&r));
    if (blob.n <= 4)
        return true;
    return rpm_sink_spend(d->sink, blob.n, at) && d->sink->blob(d->sink->arg, blob, at + 1);
}

static bool read_hash_page(struct bdb *d, const struct page *p)
{
    struct plm_rd index = PLM_RD(plm_sv_from_off(p->bytes, PAGE_HEAD));
    size_t end = d->page_size, low = PAGE_HEAD + (size_t)p->entries * 2;
    for (uint32_t i = 0; i < p->entries; i++) {
        size_t start = u16(d, &index);
        if (index.failed || start < low || start >= end) {
            d->sink->bad(d->sink->arg, p->offset, "hash page with items out of place");
            return true;
        }
        if (i % 2 == 1 && !read_value(d, p, start, end))
            return false;
        end = start;
    }
    return true;
}

static void read_pages(struct bdb *d, uint64_t pages)
{
    for (uint32_t number = 1; number <= d->last_page && number < pages; number++) {
        struct page p;
        if (!get_page(d, number, &p))
            return;
        if ((p.type == PAGE_HASH || p.type == PAGE_HASH_UNSORTED) && !read_hash_page(d, &p))
            return;
    }
}

int plm_rpm_bdb_read(plm_sv file, struct rpm_sink *s, plm_err **err)
{
    struct bdb d = {.file = file, .sink = s};
    uint32_t magic;
    if (!magic_of(file, &magic, &d.big) || magic != HASH_MAGIC)
        return plm_fail(err, PLM_E_UNSUPPORTED, "Berkeley DB file that is no hash database");
    struct plm_rd r = PLM_RD(file);
    plm_rd_seek(&r, 20);
    d.page_size = u32(&d, &r);
    uint8_t encryption = plm_rd_u8(&r), type = plm_rd_u8(&r);
    plm_rd_seek(&r, 32);
    d.last_page = u32(&d, &r);
    bool power_of_two = d.page_size >= 512 && d.page_size <= 65536 && (d.page_size & (d.page_size - 1)) == 0;
    if (r.failed || type != PAGE_HASH_META || !power_of_two)
        return plm_fail(err, PLM_E_PARSE, "Berkeley DB meta page is broken (page size %u, type %u)",
                        d.page_size, type);
    if (encryption != 0)
        return plm_fail(err, PLM_E_UNSUPPORTED, "encrypted Berkeley DB file");
    uint64_t pages = file.n / d.page_size;
    if (pages <= d.last_page)
        s->bad(s->arg, file.n, "file ends before its last page");
    d.blob = PLM_BUF(file.n);
    read_pages(&d, pages);
    int failed = plm_buf_check(&d.blob, err);
    plm_buf_done(&d.blob);
    return failed;
}
