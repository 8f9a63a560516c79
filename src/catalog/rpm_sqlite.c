/* SPDX-License-Identifier: Apache-2.0
 *
 * rpm's SQLite database (rpmdb.sqlite), read without the SQLite library: the reader runs on
 * hostile bytes that are mapped once, needs no copy of a file in WAL mode (which the library
 * would ask for), keeps what lies around a broken page and can say where it is. The format is
 * https://www.sqlite.org/fileformat2.html; only table b-trees are needed.
 *
 *     file header, 100 bytes: "SQLite format 3\0", u16be page size (1: 65536), reserved bytes
 *         a page at 20, text encoding at 56 (1: UTF-8)
 *     page: type 13 leaf, 5 interior (12 bytes of header, right-most child last); u16be cell pointers
 *     leaf cell: varint payload size, varint rowid, payload; what exceeds the local share is on
 *         a chain of overflow pages (u32be next page, data)
 *     payload: varint header size, varint serial types; the values
 *
 * The schema (root page 1) names the root of table "Packages" (hnum INTEGER PRIMARY KEY, blob
 * BLOB): its second column is a header blob. A page is visited once at most, so loops end. O(file).
 */
#include "rpm_int.h"

enum { LEAF = 13, INTERIOR = 5, DEPTH_MAX = 24 };

struct sqlite {
    plm_sv file;
    uint32_t page_size, usable;
    uint32_t pages;
    struct rpm_sink *sink;
    unsigned char *seen; /* one bit a page */
    struct plm_buf payload;
    /* what to do with a row: the schema is searched, or blobs are handed over */
    bool (*row)(struct sqlite *db, plm_sv payload, size_t offset);
    uint32_t root; /* of Packages, once found */
    bool stopped;
};

bool plm_rpm_sqlite_is(plm_sv file)
{
    return plm_sv_starts(file, plm_sv_n("SQLite format 3", 16));
}

/* SQLite's varint: big-endian groups of seven bits, at most nine bytes, the ninth whole. */
static uint64_t varint(struct plm_rd *r)
{
    uint64_t v = 0;
    for (unsigned i = 0; i < 9; i++) {
        uint8_t c = plm_rd_u8(r);
        if (i == 8)
            return v << 8 | c;
        v = v << 7 | (c & 0x7f);
        if (!(c & 0x80))
            break;
    }
    return v;
}

static void bad(struct sqlite *db, size_t offset, const char *what)
{
    db->sink->bad(db->sink->arg, offset, what);
}

/* The page's bytes; null if it is not in the file or was visited before. */
static plm_sv visit(struct sqlite *db, uint32_t number)
{
    if (number == 0 || number > db->pages || db->seen[number / 8] & 1u << number % 8)
        return PLM_SV_NULL;
    db->seen[number / 8] = (unsigned char)(db->seen[number / 8] | 1u << number % 8);
    return plm_sv_sub(db->file, (size_t)(number - 1) * db->page_size, db->page_size);
}

/* The payload that continues on overflow pages, joined in db->payload. False: broken (told). */
static bool join(struct sqlite *db, plm_sv local, uint32_t next, uint64_t size, size_t at)
{
    plm_buf_clear(&db->payload);
    plm_buf_sv_put(&db->payload, local);
    while (db->payload.n < size) {
        plm_sv page = visit(db, next);
        if (!page.p) {
            bad(db, at, "record ends before its length");
            return false;
        }
        struct plm_rd r = PLM_RD(plm_sv_sub(page, 0, db->usable));
        next = plm_rd_u32be(&r);
        uint64_t left = size - db->payload.n, here = plm_rd_left(&r);
        plm_buf_sv_put(&db->payload, plm_rd_bytes(&r, (size_t)(left < here ? left : here)));
        if (db->payload.failed)
            return false;
    }
    return true;
}

/* How much of a payload of this size lies in its leaf cell (fileformat2, 1.6). */
static uint64_t local_share(const struct sqlite *db, uint64_t size)
{
    uint64_t most = db->usable - 35u, least = (db->usable - 12u) * 32u / 255u - 23u;
    if (size <= most)
        return size;
    uint64_t k = least + (size - least) % (db->usable - 4u);
    return k <= most ? k : least;
}

static void read_cell(struct sqlite *db, plm_sv page, size_t start, size_t page_offset)
{
    struct plm_rd r = PLM_RD(plm_sv_sub(page, 0, db->usable));
    size_t at = page_offset + start;
    plm_rd_seek(&r, start);
    uint64_t size = varint(&r);
    (void)varint(&r);
    if (r.failed || size > db->file.n) {
        bad(db, at, "record with an impossible length");
        return;
    }
    uint64_t share = local_share(db, size);
    plm_sv payload = plm_rd_bytes(&r, (size_t)share);
    if (share < size) {
        uint32_t next = plm_rd_u32be(&r);
        if (r.failed) {
            bad(db, at, "record runs over its page");
            return;
        }
        if (!join(db, payload, next, size, at))
            return;
        payload = plm_buf_sv(&db->payload);
    } else if (r.failed) {
        bad(db, at, "record runs over its page");
        return;
    }
    db->stopped = !rpm_sink_spend(db->sink, (size_t)size, at) || !db->row(db, payload, at);
}

static void walk(struct sqlite *db, uint32_t number, unsigned depth)
{
    plm_sv page = visit(db, number);
    if (!page.p || depth > DEPTH_MAX) {
        bad(db, number <= db->pages ? (size_t)(number - (number > 0)) * db->page_size : db->file.n,
            "tree refers to a page that is missing or belongs elsewhere");
        return;
    }
    size_t offset = (size_t)(number - 1) * db->page_size;
    struct plm_rd r = PLM_RD(plm_sv_sub(page, 0, db->usable));
    plm_rd_seek(&r, number == 1 ? 100 : 0);
    uint8_t type = plm_rd_u8(&r);
    (void)plm_rd_u16be(&r);
    uint16_t cells = plm_rd_u16be(&r);
    plm_rd_skip(&r, 3);
    if (type != LEAF && type != INTERIOR) {
        bad(db, offset, "not a page of a table");
        return;
    }
    uint32_t right = type == INTERIOR ? plm_rd_u32be(&r) : 0;
    for (uint32_t i = 0; i < cells && !db->stopped && !db->payload.failed; i++) {
        size_t start = plm_rd_u16be(&r);
        if (r.failed) {
            bad(db, offset, "page with more cells than fit");
            return;
        }
        if (type == LEAF) {
            read_cell(db, page, start, offset);
        } else {
            struct plm_rd cell = PLM_RD(page);
            plm_rd_seek(&cell, start);
            walk(db, plm_rd_u32be(&cell), depth + 1);
        }
    }
    if (type == INTERIOR && !db->stopped)
        walk(db, right, depth + 1);
}

/* The first n columns of a record as views of their bytes, with their serial types. False if it is no record.
 */
static bool columns(plm_sv payload, size_t n, plm_sv *values, uint64_t *types)
{
    static const unsigned char sizes[] = {0, 1, 2, 3, 4, 6, 8, 8, 0, 0};
    struct plm_rd head = PLM_RD(payload);
    uint64_t head_size = varint(&head);
    if (head.failed || head_size > payload.n)
        return false;
    struct plm_rd body = PLM_RD(payload);
    plm_rd_seek(&body, (size_t)head_size);
    head.data.n = (size_t)head_size;
    for (size_t i = 0; i < n; i++) {
        types[i] = varint(&head);
        if (head.failed || types[i] == 10 || types[i] == 11)
            return false;
        uint64_t size = types[i] < 10 ? sizes[types[i]] : (types[i] - 12) / 2;
        if (size > plm_rd_left(&body))
            return false;
        values[i] = plm_rd_bytes(&body, (size_t)size);
    }
    return true;
}

/* sqlite_schema: type, name, tbl_name, rootpage, sql. */
static bool on_schema(struct sqlite *db, plm_sv payload, size_t offset)
{
    plm_sv v[4];
    uint64_t types[4];
    if (!columns(payload, 4, v, types)) {
        bad(db, offset, "schema record is broken");
        return true;
    }
    if (!plm_sv_is(v[0], "table") || !plm_sv_is(v[1], "Packages") || v[3].n > 4)
        return true;
    uint32_t root = types[3] == 9 ? 1 : 0;
    for (size_t i = 0; i < v[3].n; i++)
        root = root << 8 | (unsigned char)v[3].p[i];
    db->root = root;
    return false;
}

static bool on_package(struct sqlite *db, plm_sv payload, size_t offset)
{
    plm_sv v[2];
    uint64_t types[2];
    if (!columns(payload, 2, v, types) || types[1] < 12 || types[1] % 2 != 0) {
        bad(db, offset, "row of Packages is broken");
        return true;
    }
    return db->sink->blob(db->sink->arg, v[1], offset);
}

static int read_tables(struct sqlite *db, plm_err **err)
{
    size_t budget = db->sink->budget;
    db->row = on_schema;
    walk(db, 1, 0);
    if (db->root == 0)
        return plm_fail(err, PLM_E_PARSE, "SQLite file without a readable table \"Packages\"");
    db->sink->budget = budget;
    db->stopped = false;
    db->row = on_package;
    walk(db, db->root, 0);
    return plm_buf_check(&db->payload, err);
}

int plm_rpm_sqlite_read(plm_sv file, struct rpm_sink *s, plm_err **err)
{
    struct sqlite db = {.file = file, .sink = s, .payload = PLM_BUF(file.n)};
    struct plm_rd r = PLM_RD(file);
    plm_rd_seek(&r, 16);
    uint32_t size = plm_rd_u16be(&r);
    db.page_size = size == 1 ? 65536 : size;
    plm_rd_seek(&r, 20);
    uint32_t reserved = plm_rd_u8(&r);
    bool power_of_two = db.page_size >= 512 && (db.page_size & (db.page_size - 1)) == 0;
    if (r.failed || file.n < 100 || !plm_rpm_sqlite_is(file) || !power_of_two ||
        db.page_size - reserved < 480)
        return plm_fail(err, PLM_E_PARSE, "SQLite header is broken (page size %u)", db.page_size);
    db.usable = db.page_size - reserved;
    uint64_t pages = file.n / db.page_size;
    db.pages = pages > UINT32_MAX ? UINT32_MAX : (uint32_t)pages;
    if (file.n % db.page_size)
        s->bad(s->arg, file.n, "file ends within a page");
    plm_auto_free unsigned char *seen = calloc((size_t)db.pages / 8 + 1, 1);
    if (!seen)
        return plm_fail_oom(err);
    db.seen = seen;
    int rc = read_tables(&db, err);
    plm_buf_done(&db.payload);
    return rc;
}
