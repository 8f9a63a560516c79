/* SPDX-License-Identifier: Apache-2.0
 *
 * Zip (PKWARE APPNOTE 6.3.10): the end record is searched backwards over at most 64 KiB of
 * comment, zip64 end record and extra field are honoured where the old fields are saturated.
 * Sizes come from the central directory only; the local header gives nothing but the place of
 * the data. Overlapping members are possible in a hostile file and harmless: each is bounded
 * by max and by the ratio limit on its own.
 */
#include "codec/zip.h"

#include "base/rd.h"

#include <isa-l.h>

enum {
    END_SIZE = 22,
    LOCATOR64_SIZE = 20,
    END64_SIZE = 56,
    CENTRAL_SIZE = 46,
    CENTRAL_MAGIC = 0x02014b50,
    COMMENT_MAX = 65535,
    RATIO_FREE = 16 << 20
};

struct plm_zip {
    plm_sv data;
    uint64_t base; /* what was put in front of the archive (self-extracting, executable jars) */
    char *name;
    const struct plm_limits *limits;
    struct plm_rd central;
    uint64_t left; /* entries */
    struct inflate_state *inflate;
};

bool plm_zip_sniff(plm_sv head)
{
    return plm_sv_starts(head, PLM_SV("PK\003\004")) || plm_sv_starts(head, PLM_SV("PK\005\006"));
}

/* Offset of the end record, or SIZE_MAX: the last one whose comment reaches the end of the file, else the
 * last one of all. */
static size_t end_find(plm_sv data)
{
    if (data.n < END_SIZE)
        return SIZE_MAX;
    size_t last = data.n - END_SIZE, lowest = last > COMMENT_MAX ? last - COMMENT_MAX : 0, any = SIZE_MAX;
    for (size_t i = last + 1; i-- > lowest;) {
        if (data.p[i] != 'P' || memcmp(data.p + i, "PK\005\006", 4) != 0)
            continue;
        struct plm_rd r = PLM_RD(plm_sv_from_off(data, i + 20));
        if (plm_rd_u16le(&r) == last - i)
            return i;
        if (any == SIZE_MAX)
            any = i;
    }
    return any;
}

static uint32_t magic_at(plm_sv data, uint64_t at)
{
    struct plm_rd r = PLM_RD(data);
    plm_rd_seek(&r, at > data.n ? SIZE_MAX : (size_t)at);
    return plm_rd_u32le(&r);
}

/* Where and how large the directory is, as the end records say. */
struct directory {
    uint64_t n, size, at;
    size_t end; /* the record that follows it */
};

/* Replaces saturated fields by those of the zip64 end record, if its locator stands before the end record.
 * That record stands where the locator says, or (with something in front of the archive) before the locator.
 */
static void zip64_end(plm_sv data, struct directory *d)
{
    struct plm_rd r = PLM_RD(data);
    if (d->end < LOCATOR64_SIZE || magic_at(data, d->end - LOCATOR64_SIZE) != 0x07064b50)
        return;
    size_t locator = d->end - LOCATOR64_SIZE;
    plm_rd_seek(&r, locator + 8);
    uint64_t where = plm_rd_u64le(&r);
    if (magic_at(data, where) != 0x06064b50 && locator >= END64_SIZE)
        where = locator - END64_SIZE;
    if (magic_at(data, where) != 0x06064b50)
        return;
    plm_rd_seek(&r, (size_t)where + 32);
    uint64_t entries = plm_rd_u64le(&r), bytes = plm_rd_u64le(&r), offset = plm_rd_u64le(&r);
    if (!r.failed)
        *d = (struct directory){.n = entries, .size = bytes, .at = offset, .end = (size_t)where};
}

static int directory_find(struct plm_zip *z, plm_err **err)
{
    struct directory d = {.end = end_find(z->data)};
    if (d.end == SIZE_MAX)
        return plm_fail(err, PLM_E_PARSE, "%s: no end record: not a zip archive, or cut short", z->name);
    struct plm_rd r = PLM_RD(plm_sv_from_off(z->data, d.end));
    plm_rd_skip(&r, 10);
    d.n = plm_rd_u16le(&r);
    d.size = plm_rd_u32le(&r);
    d.at = plm_rd_u32le(&r);
    if (d.n == 0xffff || d.size == UINT32_MAX || d.at == UINT32_MAX)
        zip64_end(z->data, &d);
    if (d.at > d.end || d.size > d.end - d.at || d.n > d.size / CENTRAL_SIZE)
        return plm_fail(err, PLM_E_PARSE, "%s: the central directory lies outside the file", z->name);
    /* Offsets that count from the archive's own start: the directory ends where its end record begins. */
    uint64_t base = d.end - d.at - d.size;
    if (base && d.n && magic_at(z->data, d.at) != CENTRAL_MAGIC &&
        magic_at(z->data, d.at + base) == CENTRAL_MAGIC)
        z->base = base;
    if (d.n > z->limits->layer_entries)
        return plm_fail(err, PLM_E_LIMIT, "%s: %llu members are over the limit", z->name,
                        (unsigned long long)d.n);
    z->left = d.n;
    z->central = PLM_RD(plm_sv_sub(z->data, (size_t)(d.at + z->base), (size_t)d.size));
    return 0;
}

struct plm_zip *plm_zip_new(plm_sv data, const char *name, const struct plm_limits *limits, plm_err **err)
{
    struct plm_zip *z = calloc(1, sizeof(*z));
    if (z) {
        z->name = strdup(name);
        z->inflate = malloc(sizeof(*z->inflate));
    }
    if (!z || !z->name || !z->inflate) {
        plm_zip_free(z);
        return PLM_NULL(plm_fail_oom(err));
    }
    z->data = data;
    z->limits = limits;
    if (directory_find(z, err) < 0) {
        plm_zip_free(z);
        return NULL;
    }
    return z;
}

void plm_zip_free(struct plm_zip *z)
{
    if (!z)
        return;
    free(z->name);
    free(z->inflate);
    free(z);
}

/* Header id 1: 64-bit sizes and offset, in this order, only those whose old field is saturated. */
static void zip64_extra(plm_sv extra, struct plm_zip_entry *e)
{
    struct plm_rd r = PLM_RD(extra);
    while (plm_rd_left(&r) >= 4) {
        uint16_t id = plm_rd_u16le(&r), n = plm_rd_u16le(&r);
        struct plm_rd field = PLM_RD(plm_rd_bytes(&r, n));
        if (id != 1)
            continue;
        uint64_t *const slots[] = {&e->size, &e->packed, &e->header_at};
        for (size_t i = 0; i < 3; i++) {
            uint64_t v = *slots[i] == UINT32_MAX ? plm_rd_u64le(&field) : 0;
            if (*slots[i] == UINT32_MAX && !field.failed)
                *slots[i] = v;
        }
        return;
    }
}

int plm_zip_next(struct plm_zip *z, struct plm_zip_entry *out, plm_err **err)
{
    if (z->left == 0)
        return 0;
    struct plm_rd *r = &z->central;
    struct plm_zip_entry e = {0};
    uint32_t magic = plm_rd_u32le(r);
    plm_rd_skip(r, 4);
    e.flags = plm_rd_u16le(r);
    e.method = plm_rd_u16le(r);
    plm_rd_skip(r, 4);
    e.crc = plm_rd_u32le(r);
    e.packed = plm_rd_u32le(r);
    e.size = plm_rd_u32le(r);
    uint16_t n_name = plm_rd_u16le(r), n_extra = plm_rd_u16le(r), n_comment = plm_rd_u16le(r);
    plm_rd_skip(r, 8);
    e.header_at = plm_rd_u32le(r);
    e.name = plm_rd_bytes(r, n_name);
    plm_sv extra = plm_rd_bytes(r, n_extra);
    plm_rd_skip(r, n_comment);
    if (r->failed || magic != CENTRAL_MAGIC)
        return plm_fail(err, PLM_E_PARSE, "%s: bad central directory at %zu", z->name, r->at);
    zip64_extra(extra, &e);
    e.is_dir = plm_sv_ends(e.name, PLM_SV("/"));
    z->left--;
    *out = e;
    return 1;
}

/* Where the packed bytes lie. */
static int member_bytes(const struct plm_zip *z, const struct plm_zip_entry *e, plm_sv *out, plm_err **err)
{
    struct plm_rd r = PLM_RD(z->data);
    uint64_t at = e->header_at + z->base;
    plm_rd_seek(&r, e->header_at > z->data.n || at > z->data.n ? SIZE_MAX : (size_t)at);
    uint32_t magic = plm_rd_u32le(&r);
    plm_rd_skip(&r, 22);
    uint16_t n_name = plm_rd_u16le(&r), n_extra = plm_rd_u16le(&r);
    plm_rd_skip(&r, (size_t)n_name + n_extra);
    *out = plm_rd_bytes(&r, e->packed > z->data.n ? SIZE_MAX : (size_t)e->packed);
    if (r.failed || magic != 0x04034b50)
        return plm_fail(err, PLM_E_PARSE, "%s: member %.*s lies outside the file", z->name,
                        PLM_SV_ARG(e->name));
    return 0;
}

static int member_inflate(struct plm_zip *z, const struct plm_zip_entry *e, plm_sv packed, char *to,
                          plm_err **err)
{
    union {
        const char *in;
        unsigned char *out;
    } u = {.in = packed.p}; /* the library's pointer is not const, its use is */
    isal_inflate_init(z->inflate);
    z->inflate->next_in = u.out;
    z->inflate->avail_in = (uint32_t)packed.n;
    z->inflate->next_out = (unsigned char *)to;
    z->inflate->avail_out = (uint32_t)e->size;
    int r = isal_inflate_stateless(z->inflate);
    if (r != ISAL_DECOMP_OK || z->inflate->avail_out != 0)
        return plm_fail(err, PLM_E_PARSE, "%s: member %.*s: bad deflate data", z->name, PLM_SV_ARG(e->name));
    return 0;
}

int plm_zip_read(struct plm_zip *z, const struct plm_zip_entry *e, uint64_t max, struct plm_buf *out,
                 plm_err **err)
{
    plm_sv packed;
    if (e->flags & 1 || (e->method != 0 && e->method != 8))
        return plm_fail(err, PLM_E_UNSUPPORTED, "%s: member %.*s: %s", z->name, PLM_SV_ARG(e->name),
                        e->flags & 1 ? "is encrypted" : "unknown compression method");
    if (e->size > max || e->size > UINT32_MAX || e->packed > UINT32_MAX)
        return plm_fail(err, PLM_E_LIMIT, "%s: member %.*s: %llu bytes are over the limit", z->name,
                        PLM_SV_ARG(e->name), (unsigned long long)e->size);
    if (e->size > RATIO_FREE && e->size / z->limits->ratio > e->packed)
        return plm_fail(err, PLM_E_LIMIT, "%s: member %.*s: compressed more than %llu to 1", z->name,
                        PLM_SV_ARG(e->name), (unsigned long long)z->limits->ratio);
    if (member_bytes(z, e, &packed, err) < 0)
        return -1;
    char *to = plm_buf_reserve(out, e->size ? (size_t)e->size : 1);
    if (!to)
        return plm_buf_check(out, err);
    if (e->method == 8) {
        if (member_inflate(z, e, packed, to, err) < 0)
            return -1;
    } else if (packed.n != e->size) {
        return plm_fail(err, PLM_E_PARSE, "%s: member %.*s: sizes differ", z->name, PLM_SV_ARG(e->name));
    } else {
        memcpy(to, packed.p, packed.n);
    }
    if (crc32_gzip_refl(0, (const unsigned char *)to, e->size) != e->crc)
        return plm_fail(err, PLM_E_PARSE, "%s: member %.*s does not match its checksum", z->name,
                        PLM_SV_ARG(e->name));
    out->n += (size_t)e->size;
    return 0;
}
