/* SPDX-License-Identifier: Apache-2.0
 *
 * Tar reader. Formats: POSIX.1-1988 ustar, POSIX.1-2001 pax (extended headers 'x' and 'g'),
 * GNU tar ('L' and 'K' long names, 'S' sparse, base-256 numbers), v7. GNU's sparse maps of the
 * pax kind (versions 0.0, 0.1 and 1.0) are described in GNU tar's manual, appendix E.
 *
 * Where the standards leave room we read as Go's archive/tar does, for it unpacks the layers:
 * global headers ('g') change nothing, a lone zero block before more data is an error, a file
 * named with a trailing slash is a directory only in v7 archives.
 *
 * Quirks met in real layers: names of directories without and with a trailing slash; numbers
 * ended by space, NUL or nothing; checksums computed with signed bytes; archives without the
 * two zero blocks at the end or the last padding; hard links that carry a size but no contents (it is
 * ignored, as tar does, for typeflag '1').
 *
 * Streaming and O(1) memory but for names, extended headers and sparse maps, each limited.
 */
#include "codec/tar.h"

#include "base/arena.h"
#include "base/buf.h"

enum { BLOCK = 512, SPARSE_SEGMENTS_MAX = 1 << 20 };

struct segment {
    uint64_t offset, size;
};

/* What extended headers said; null or unset where they said nothing. */
struct extended {
    plm_sv path, linkpath;
    uint64_t size, uid, gid;
    int64_t mtime;
    bool has_size, has_uid, has_gid, has_mtime;
    /* GNU.sparse.* */
    plm_sv sparse_name;
    uint64_t sparse_major, sparse_minor, sparse_size;
    bool is_sparse, has_sparse_size;
};

struct plm_tar {
    struct plm_stream *s;
    const struct plm_limits *limits;
    struct plm_arena *arena; /* of the current entry; reset at each */
    struct plm_buf xattrs;
    PLM_VEC(struct segment) map;
    uint64_t packed_left; /* bytes of the entry still in the stream, without padding */
    uint64_t padding;
    /* reading a sparse file: position in the real file and the next segment */
    bool is_sparse;
    uint64_t real_size, real_at;
    size_t segment;
    bool is_ended;
};

struct plm_tar *plm_tar_new(struct plm_stream *s, const struct plm_limits *limits, plm_err **err)
{
    struct plm_tar *t = calloc(1, sizeof(*t));
    if (t) {
        t->s = s;
        t->limits = limits;
        t->xattrs = PLM_BUF((size_t)limits->pax_bytes + PLM_KIB(1));
        t->arena = plm_arena_new((size_t)limits->pax_bytes * 8 + PLM_MIB(64));
        if (t->arena)
            return t;
    }
    plm_tar_free(t);
    return PLM_NULL(plm_fail_oom(err));
}

void plm_tar_free(struct plm_tar *t)
{
    if (!t)
        return;
    plm_arena_free(t->arena);
    plm_buf_done(&t->xattrs);
    free(t);
}

static int bad(const struct plm_tar *t, uint64_t at, plm_err **err, const char *what)
{
    return plm_fail_id(err, PLM_E_PARSE, "tar.invalid", "%s: %s at offset %llu", plm_stream_name(t->s), what,
                       (unsigned long long)at);
}

/* ---- header fields ---------------------------------------------------------------------- */

static plm_sv text_field(const char *h, size_t off, size_t n)
{
    plm_sv v = {h + off, n};
    size_t end = plm_sv_find(v, 0);
    return end == SIZE_MAX ? v : plm_sv_sub(v, 0, end);
}

/* Octal, ended by space, NUL or the field's end; or base-256 (GNU, star) where the first byte says so.
 * Negative base-256 numbers are refused but for mtime, where they are times before 1970. */
static bool number_field(const char *h, size_t off, size_t n, int64_t *out)
{
    const unsigned char *p = (const unsigned char *)h + off;
    if (p[0] & 0x80) {
        uint64_t v = p[0] == 0xff ? UINT64_MAX : (uint64_t)(p[0] & 0x7f);
        for (size_t i = 1; i < n; i++) {
            if (p[0] != 0xff && v >> 55)
                return false;
            v = v << 8 | p[i];
        }
        *out = (int64_t)v;
        return true;
    }
    size_t i = 0;
    int64_t v = 0;
    while (i < n && p[i] == ' ')
        i++;
    for (; i < n && p[i] >= '0' && p[i] <= '7'; i++) {
        if (v >> 59)
            return false;
        v = v << 3 | (p[i] - '0');
    }
    *out = v;
    return i == n || p[i] == ' ' || p[i] == 0;
}

static bool unsigned_field(const char *h, size_t off, size_t n, uint64_t *out)
{
    int64_t v;
    if (!number_field(h, off, n, &v) || v < 0)
        return false;
    *out = (uint64_t)v;
    return true;
}

static bool is_checksum_right(const char *h)
{
    uint64_t wanted;
    int64_t sum = 0, signed_sum = 0;
    for (size_t i = 0; i < BLOCK; i++) {
        char c = i >= 148 && i < 156 ? ' ' : h[i];
        sum += (unsigned char)c;
        signed_sum += (signed char)c;
    }
    return unsigned_field(h, 148, 8, &wanted) && ((int64_t)wanted == sum || (int64_t)wanted == signed_sum);
}

static bool is_zero_block(const char *h)
{
    for (size_t i = 0; i < BLOCK; i++)
        if (h[i])
            return false;
    return true;
}

/* ---- extended headers --------------------------------------------------------------------- */

static bool parse_i64(plm_sv s, int64_t *out)
{
    uint64_t v;
    bool negative = s.n && s.p[0] == '-';
    plm_sv whole, fraction;
    plm_sv_cut(plm_sv_from_off(s, negative ? 1 : 0), '.', &whole, &fraction);
    if (!plm_sv_u64(whole, &v) || v > INT64_MAX)
        return false;
    *out = negative ? -(int64_t)v : (int64_t)v;
    return true;
}

static bool add_segment(struct plm_tar *t, uint64_t offset, uint64_t size)
{
    if (t->map.n >= SPARSE_SEGMENTS_MAX)
        return false;
    struct segment *s = plm_vec_push(t->arena, &t->map);
    if (s)
        *s = (struct segment){offset, size};
    return s != NULL;
}

/* Version 0.1: "offset,size,offset,size,..." */
static bool sparse_map_text(struct plm_tar *t, plm_sv text)
{
    plm_sv a, b;
    uint64_t offset, size;
    while (plm_sv_field(&text, ',', &a) && plm_sv_field(&text, ',', &b))
        if (!plm_sv_u64(a, &offset) || !plm_sv_u64(b, &size) || !add_segment(t, offset, size))
            return false;
    return true;
}

static void add_xattr(struct plm_tar *t, plm_sv key, plm_sv value)
{
    plm_buf_sv_put(&t->xattrs, key);
    plm_buf_byte(&t->xattrs, 0);
    plm_buf_view(&t->xattrs, value);
}

/* One record. Unknown keywords are ignored, as POSIX asks. */
static bool extended_record(struct plm_tar *t, struct extended *x, plm_sv key, plm_sv value)
{
    int64_t v;
    uint64_t offset;
    if (plm_sv_is(key, "path"))
        x->path = value;
    else if (plm_sv_is(key, "linkpath"))
        x->linkpath = value;
    else if (plm_sv_is(key, "size"))
        return x->has_size = plm_sv_u64(value, &x->size);
    else if (plm_sv_is(key, "uid"))
        return x->has_uid = plm_sv_u64(value, &x->uid);
    else if (plm_sv_is(key, "gid"))
        return x->has_gid = plm_sv_u64(value, &x->gid);
    else if (plm_sv_is(key, "mtime")) {
        if (!parse_i64(value, &v))
            return false;
        x->mtime = v;
        x->has_mtime = true;
    } else if (plm_sv_starts(key, PLM_SV("SCHILY.xattr."))) {
        add_xattr(t, plm_sv_from_off(key, 13), value);
    } else if (plm_sv_starts(key, PLM_SV("GNU.sparse."))) {
        plm_sv what = plm_sv_from_off(key, 11);
        x->is_sparse = true;
        if (plm_sv_is(what, "major"))
            return plm_sv_u64(value, &x->sparse_major);
        if (plm_sv_is(what, "minor"))
            return plm_sv_u64(value, &x->sparse_minor);
        if (plm_sv_is(what, "name"))
            x->sparse_name = value;
        else if (plm_sv_is(what, "size") || plm_sv_is(what, "realsize"))
            return x->has_sparse_size = plm_sv_u64(value, &x->sparse_size);
        else if (plm_sv_is(what, "map"))
            return sparse_map_text(t, value);
        else if (plm_sv_is(what, "offset")) /* version 0.0: offset and numbytes in turn */
            return plm_sv_u64(value, &offset) && add_segment(t, offset, 0);
        else if (plm_sv_is(what, "numbytes"))
            return t->map.n && plm_sv_u64(value, &t->map.v[t->map.n - 1].size);
    }
    return true;
}

/* "27 path=some/name\n": the length counts itself and the newline. */
static int extended_parse(struct plm_tar *t, plm_sv text, struct extended *x, uint64_t at, plm_err **err)
{
    while (text.n) {
        size_t space = plm_sv_find(text, ' ');
        uint64_t n;
        if (space == SIZE_MAX || !plm_sv_u64(plm_sv_sub(text, 0, space), &n) || n <= space + 1 ||
            n > text.n || text.p[n - 1] != '\n')
            return bad(t, at, err, "malformed extended header");
        plm_sv record = plm_sv_sub(text, space + 1, (size_t)n - space - 2), key, value;
        if (!plm_sv_cut(record, '=', &key, &value) || !extended_record(t, x, key, value))
            return bad(t, at, err, "unusable record in an extended header");
        text = plm_sv_from_off(text, (size_t)n);
    }
    return 0;
}

/* The contents of a header entry ('x', 'g', 'L', 'K') into an arena. */
static int read_block_text(struct plm_tar *t, struct plm_arena *a, uint64_t size, uint64_t at, plm_sv *out,
                           plm_err **err)
{
    if (size > t->limits->pax_bytes)
        return plm_fail_id(err, PLM_E_LIMIT, "tar.header-too-large",
                           "%s: header of %llu bytes at offset %llu", plm_stream_name(t->s),
                           (unsigned long long)size, (unsigned long long)at);
    char *p = plm_arena_alloc(a, (size_t)size + 1);
    if (!p)
        return plm_arena_check(a, err);
    if (plm_stream_read_full(t->s, p, (size_t)size, err) < 0 ||
        plm_stream_skip(t->s, (BLOCK - size % BLOCK) % BLOCK, err) < 0)
        return -1;
    *out = plm_sv_n(p, (size_t)size);
    return 0;
}

/* ---- sparse files ----------------------------------------------------------------------------- */

/* Old GNU: four segments in the header, 21 in each extension block. */
static int old_sparse(struct plm_tar *t, const char *h, uint64_t at, plm_err **err)
{
    char block[BLOCK];
    const char *p = h + 386;
    size_t n = 4;
    bool more = h[482] != 0;
    uint64_t offset, size;
    if (!unsigned_field(h, 483, 12, &t->real_size))
        return bad(t, at, err, "unusable sparse size");
    for (;;) {
        for (size_t i = 0; i < n && p[24 * i]; i++)
            if (!unsigned_field(p, 24 * i, 12, &offset) || !unsigned_field(p, 24 * i + 12, 12, &size) ||
                !add_segment(t, offset, size))
                return bad(t, at, err, "unusable sparse map");
        if (!more)
            return 0;
        if (plm_stream_read_full(t->s, block, BLOCK, err) < 0)
            return -1;
        p = block;
        n = 21;
        more = block[504] != 0;
    }
}

/* One decimal line of the map that stands before the contents (pax 1.0); counts what it consumed. */
static int map_number(struct plm_tar *t, uint64_t *used, uint64_t *out, uint64_t at, plm_err **err)
{
    char text[24], c;
    for (size_t n = 0; n < sizeof(text); n++) {
        if (*used >= t->packed_left)
            break;
        if (plm_stream_read_full(t->s, &c, 1, err) < 0)
            return -1;
        (*used)++;
        if (c == '\n')
            return plm_sv_u64(plm_sv_n(text, n), out) ? 0 : bad(t, at, err, "unusable sparse map");
        text[n] = c;
    }
    return bad(t, at, err, "unusable sparse map");
}

static int pax_1_sparse(struct plm_tar *t, uint64_t at, plm_err **err)
{
    uint64_t used = 0, n = 0, offset = 0, size = 0;
    if (map_number(t, &used, &n, at, err) < 0)
        return -1;
    for (uint64_t i = 0; i < n; i++) {
        if (map_number(t, &used, &offset, at, err) < 0 || map_number(t, &used, &size, at, err) < 0)
            return -1;
        if (!add_segment(t, offset, size))
            return bad(t, at, err, "sparse map too long");
    }
    uint64_t pad = (BLOCK - used % BLOCK) % BLOCK;
    if (used + pad > t->packed_left)
        return bad(t, at, err, "sparse map longer than its file");
    t->packed_left -= used + pad;
    return plm_stream_skip(t->s, pad, err);
}

/* Segments in order, without overlap, within the file, and no more than is stored. */
static bool is_map_sound(const struct plm_tar *t)
{
    uint64_t end = 0, stored = 0;
    for (size_t i = 0; i < t->map.n; i++) {
        const struct segment *s = &t->map.v[i];
        if (s->offset < end || __builtin_add_overflow(s->offset, s->size, &end) || end > t->real_size ||
            __builtin_add_overflow(stored, s->size, &stored) || stored > t->packed_left)
            return false;
    }
    return true;
}

static int start_sparse(struct plm_tar *t, const char *h, const struct extended *x, struct plm_tar_entry *e,
                        plm_err **err)
{
    if (h[156] == 'S') {
        if (old_sparse(t, h, e->header_offset, err) < 0)
            return -1;
    } else {
        t->real_size = x->has_sparse_size ? x->sparse_size : e->size;
        if (x->sparse_major == 1 && pax_1_sparse(t, e->header_offset, err) < 0)
            return -1;
    }
    if (!is_map_sound(t))
        return bad(t, e->header_offset, err, "sparse map that does not fit its file");
    t->is_sparse = true;
    e->is_sparse = true;
    e->size = t->real_size;
    return 0;
}

/* ---- entries ----------------------------------------------------------------------------------- */

static enum plm_tar_type type_of(char flag, plm_sv name)
{
    switch (flag) {
    case 0: /* v7 had no directories: a trailing slash makes one. */
        return name.n && name.p[name.n - 1] == '/' ? PLM_TAR_DIR : PLM_TAR_FILE;
    case '0':
    case '7':
    case 'S':
        return PLM_TAR_FILE;
    case '1':
        return PLM_TAR_HARDLINK;
    case '2':
        return PLM_TAR_SYMLINK;
    case '3':
        return PLM_TAR_CHAR;
    case '4':
        return PLM_TAR_BLOCK;
    case '5':
        return PLM_TAR_DIR;
    case '6':
        return PLM_TAR_FIFO;
    default:
        return PLM_TAR_OTHER;
    }
}

static bool read_numbers(const char *h, struct plm_tar_entry *e)
{
    uint64_t mode = 0, major = 0, minor = 0;
    int64_t mtime = 0;
    bool ok = unsigned_field(h, 100, 8, &mode) && unsigned_field(h, 108, 8, &e->uid) &&
              unsigned_field(h, 116, 8, &e->gid) && unsigned_field(h, 124, 12, &e->size) &&
              number_field(h, 136, 12, &mtime);
    if (e->typeflag == '3' || e->typeflag == '4')
        ok = ok && unsigned_field(h, 329, 8, &major) && unsigned_field(h, 337, 8, &minor);
    e->mode = (uint32_t)(mode & 07777);
    e->dev_major = (uint32_t)major;
    e->dev_minor = (uint32_t)minor;
    e->mtime = mtime;
    return ok;
}

static plm_sv full_name(struct plm_tar *t, const char *h)
{
    plm_sv name = text_field(h, 0, 100);
    plm_sv prefix = memcmp(h + 257, "ustar\0", 6) == 0 ? text_field(h, 345, 155) : PLM_SV_NULL;
    if (prefix.n)
        return plm_arena_printf(t->arena, "%.*s/%.*s", PLM_SV_ARG(prefix), PLM_SV_ARG(name));
    return plm_arena_sv(t->arena, name);
}

static void apply_extended(const struct extended *x, struct plm_tar_entry *e)
{
    if (x->path.p)
        e->name = x->path;
    if (x->sparse_name.p)
        e->name = x->sparse_name;
    if (x->linkpath.p)
        e->link = x->linkpath;
    if (x->has_size)
        e->size = x->size;
    if (x->has_uid)
        e->uid = x->uid;
    if (x->has_gid)
        e->gid = x->gid;
    if (x->has_mtime)
        e->mtime = x->mtime;
}

static int start_entry(struct plm_tar *t, const char *h, const struct extended *x, uint64_t at,
                       struct plm_tar_entry *out, plm_err **err)
{
    struct plm_tar_entry e = {.typeflag = h[156], .header_offset = at};
    if (!read_numbers(h, &e))
        return bad(t, at, err, "unusable number in a header");
    e.name = full_name(t, h);
    e.link = plm_arena_sv(t->arena, text_field(h, 157, 100));
    apply_extended(x, &e);
    e.type = type_of(e.typeflag, e.name);
    if (plm_sv_find(e.name, 0) != SIZE_MAX || plm_sv_find(e.link, 0) != SIZE_MAX)
        return bad(t, at, err, "NUL byte in a name");
    if (e.name.n > t->limits->path_bytes || e.link.n > t->limits->path_bytes)
        return plm_fail_id(err, PLM_E_LIMIT, "tar.name-too-long", "%s: name of %zu bytes at offset %llu",
                           plm_stream_name(t->s), e.name.n > e.link.n ? e.name.n : e.link.n,
                           (unsigned long long)at);
    bool has_contents =
        e.type == PLM_TAR_FILE || e.type == PLM_TAR_OTHER || (e.type == PLM_TAR_DIR && e.typeflag != '5');
    if (!has_contents)
        e.size = 0;
    t->packed_left = e.size;
    t->padding = (BLOCK - e.size % BLOCK) % BLOCK;
    if ((e.typeflag == 'S' || x->is_sparse) && e.type == PLM_TAR_FILE && start_sparse(t, h, x, &e, err) < 0)
        return -1;
    e.data_offset = plm_stream_offset(t->s);
    if (t->xattrs.n)
        e.xattrs = plm_buf_sv(&t->xattrs);
    if (plm_arena_check(t->arena, err) < 0 || plm_buf_check(&t->xattrs, err) < 0)
        return -1;
    *out = e;
    return 1;
}

static int finish_previous(struct plm_tar *t, plm_err **err)
{
    if (plm_stream_skip(t->s, t->packed_left, err) < 0)
        return -1;
    while (t->padding) { /* may be missing at the very end */
        plm_sv w;
        if (plm_stream_peek(t->s, &w, err) < 0)
            return -1;
        uint64_t k = w.n < t->padding ? w.n : t->padding;
        if (plm_stream_skip(t->s, k, err) < 0)
            return -1;
        t->padding = k ? t->padding - k : 0;
    }
    t->packed_left = t->padding = 0;
    t->is_sparse = false;
    t->real_size = t->real_at = 0;
    t->segment = 0;
    t->map.n = t->map.cap = 0;
    t->map.v = NULL;
    plm_buf_clear(&t->xattrs);
    plm_arena_reset(t->arena);
    return 0;
}

/* 1: a block was read; 0: the stream ended before it. */
static int read_header(struct plm_tar *t, char *h, plm_err **err)
{
    plm_sv head;
    if (plm_stream_peek(t->s, &head, err) < 0)
        return -1;
    if (head.n == 0)
        return 0;
    return plm_stream_read_full(t->s, h, BLOCK, err) < 0 ? -1 : 1;
}

/* One header entry into x. 1 if it was one, 0 if h starts a real entry. */
static int header_entry(struct plm_tar *t, const char *h, uint64_t at, struct extended *x, plm_err **err)
{
    uint64_t size;
    plm_sv text = PLM_SV_NULL;
    char flag = h[156];
    if (flag != 'x' && flag != 'g' && flag != 'L' && flag != 'K' && flag != 'X')
        return 0;
    if (!unsigned_field(h, 124, 12, &size))
        return bad(t, at, err, "unusable size of a header");
    if (read_block_text(t, t->arena, size, at, &text, err) < 0)
        return -1;
    if (flag == 'g')
        return 1;
    if (flag == 'x' || flag == 'X')
        return extended_parse(t, text, x, at, err) < 0 ? -1 : 1;
    *(flag == 'L' ? &x->path : &x->linkpath) = text_field(text.p, 0, text.n);
    return 1;
}

/* A zero block was read: another one or nothing must follow. */
static int check_end(struct plm_tar *t, uint64_t at, plm_err **err)
{
    char h[BLOCK];
    int r = read_header(t, h, err);
    if (r <= 0)
        return r;
    return is_zero_block(h) ? 0 : bad(t, at, err, "a lone zero block");
}

int plm_tar_next(struct plm_tar *t, struct plm_tar_entry *out, plm_err **err)
{
    char h[BLOCK];
    if (t->is_ended)
        return 0;
    if (finish_previous(t, err) < 0)
        return -1;
    struct extended x = {0};
    uint64_t entry_at = plm_stream_offset(t->s);
    /* Header entries before one real entry: a few; more than that is an attack on our patience. */
    for (int headers = 0; headers < 64; headers++) {
        uint64_t at = plm_stream_offset(t->s);
        int r = read_header(t, h, err);
        if (r < 0)
            return -1;
        if (r == 0 || is_zero_block(h)) {
            t->is_ended = true;
            if (at != entry_at)
                return bad(t, at, err, "archive ends after an extended header");
            return r == 0 ? 0 : check_end(t, at, err);
        }
        if (!is_checksum_right(h))
            return bad(t, at, err, "header checksum is wrong");
        r = header_entry(t, h, at, &x, err);
        if (r < 0)
            return -1;
        if (r == 0)
            return start_entry(t, h, &x, entry_at, out, err);
    }
    return bad(t, entry_at, err, "too many extended headers in a row");
}

/* ---- contents ------------------------------------------------------------------------------------ */

static ssize_t read_packed(struct plm_tar *t, void *p, uint64_t n, plm_err **err)
{
    if (n > t->packed_left)
        n = t->packed_left;
    if (n == 0)
        return 0;
    ssize_t r = plm_stream_read(t->s, p, (size_t)n, err);
    if (r == 0)
        return bad(t, plm_stream_offset(t->s), err, "archive ends in the middle of a file");
    if (r > 0)
        t->packed_left -= (uint64_t)r;
    return r;
}

static ssize_t read_sparse(struct plm_tar *t, void *p, size_t n, plm_err **err)
{
    if (n > t->real_size - t->real_at)
        n = (size_t)(t->real_size - t->real_at);
    if (n == 0)
        return 0;
    while (t->segment < t->map.n && t->real_at >= t->map.v[t->segment].offset + t->map.v[t->segment].size)
        t->segment++;
    const struct segment *s = t->segment < t->map.n ? &t->map.v[t->segment] : NULL;
    ssize_t r;
    if (!s || t->real_at < s->offset) { /* a hole */
        uint64_t hole = (s ? s->offset : t->real_size) - t->real_at;
        r = (ssize_t)(n < hole ? n : hole);
        memset(p, 0, (size_t)r);
    } else {
        uint64_t left = s->offset + s->size - t->real_at;
        r = read_packed(t, p, n < left ? n : left, err);
    }
    if (r > 0)
        t->real_at += (uint64_t)r;
    return r;
}

ssize_t plm_tar_read(struct plm_tar *t, void *p, size_t n, plm_err **err)
{
    return t->is_sparse ? read_sparse(t, p, n, err) : read_packed(t, p, n, err);
}

int plm_tar_slurp(struct plm_tar *t, size_t max, struct plm_buf *out, plm_err **err)
{
    for (;;) {
        uint64_t left = t->is_sparse ? t->real_size - t->real_at : t->packed_left;
        if (left > max)
            return plm_fail(err, PLM_E_LIMIT, "%s: member over the limit of %zu bytes", plm_stream_name(t->s),
                            max);
        if (left == 0)
            return plm_buf_check(out, err);
        /* In steps: the size is only what the header claims. */
        size_t n = left < PLM_MIB(1) ? (size_t)left : PLM_MIB(1);
        char *to = plm_buf_reserve(out, n);
        if (!to)
            return plm_buf_check(out, err);
        ssize_t r = plm_tar_read(t, to, n, err);
        if (r < 0)
            return -1;
        out->n += (size_t)r;
        max -= (size_t)r;
    }
}

plm_sv plm_tar_xattr(const struct plm_tar_entry *e, const char *key)
{
    plm_sv rest = e->xattrs;
    while (rest.n) {
        size_t nul = plm_sv_find(rest, 0);
        if (nul == SIZE_MAX)
            break;
        plm_sv name = plm_sv_sub(rest, 0, nul);
        size_t at = nul + 1, n = 0;
        for (unsigned shift = 0; at < rest.n && shift < 63; shift += 7) {
            unsigned char c = (unsigned char)rest.p[at++];
            n |= (size_t)(c & 0x7f) << shift;
            if (!(c & 0x80))
                break;
        }
        plm_sv value = plm_sv_sub(rest, at, n);
        if (plm_sv_is(name, key))
            return value;
        rest = plm_sv_from_off(rest, at + n);
    }
    return PLM_SV_NULL;
}
