/* SPDX-License-Identifier: Apache-2.0
 *
 * Layer records: see record.h for the layout. Reading is linear; opening walks all entries
 * once, so that whoever uses a record later meets no malformed one.
 */
#include "image/record.h"

#include "codec/hash.h"

enum { VERSION = 1, HEADER = 112, SEALED_HEADER = 80, SECTIONS = 4, PATH_MAX_BYTES = 1 << 16 };
static const char magic[8] = {'P', 'L', 'M', 'L', 'R', 'E', 'C', VERSION};

/* ---- paths ------------------------------------------------------------------------------------- */

int plm_path_cmp(plm_sv a, plm_sv b)
{
    size_t n = a.n < b.n ? a.n : b.n, i = 0;
    while (i + 8 <= n && memcmp(a.p + i, b.p + i, 8) == 0)
        i += 8;
    while (i < n && a.p[i] == b.p[i])
        i++;
    if (i == n)
        return (a.n > b.n) - (a.n < b.n);
    unsigned char ca = (unsigned char)a.p[i], cb = (unsigned char)b.p[i];
    if (ca == '/' || cb == '/')
        return ca == '/' ? -1 : 1;
    return ca < cb ? -1 : 1;
}

bool plm_path_below(plm_sv dir, plm_sv path)
{
    if (dir.n == 0)
        return path.n > 0;
    return path.n > dir.n && path.p[dir.n] == '/' && memcmp(path.p, dir.p, dir.n) == 0;
}

bool plm_path_is_canonical(plm_sv path)
{
    if (path.n == 0)
        return true;
    if (path.n > PATH_MAX_BYTES || memchr(path.p, 0, path.n))
        return false;
    plm_sv rest = path, part;
    while (plm_sv_field(&rest, '/', &part))
        if (part.n == 0 || plm_sv_is(part, ".") || plm_sv_is(part, ".."))
            return false;
    return true;
}

/* ---- writing ----------------------------------------------------------------------------------- */

enum { ENTRIES, FACTS, WANTS, DIAGS };

void plm_record_begin(struct plm_record_writer *w, struct plm_buf *out, struct plm_buf *owned)
{
    *w = (struct plm_record_writer){.out = out, .owned = owned};
    char *head = plm_buf_reserve(out, HEADER);
    if (head) {
        memset(head, 0, HEADER);
        memcpy(head, magic, sizeof(magic));
        out->n += HEADER;
    }
}

void plm_record_put_entry(struct plm_record_writer *w, const struct plm_record_entry *e)
{
    size_t shared = 0;
    while (shared < w->last.n && shared < e->path.n && w->last.p[shared] == e->path.p[shared])
        shared++;
    plm_buf_varint(w->out, shared);
    plm_buf_view(w->out, plm_sv_from_off(e->path, shared));
    plm_buf_byte(w->out, (unsigned char)((unsigned)e->type << 4 | e->flags));
    if (e->type != PLM_ENTRY_NONE && !(e->flags & PLM_ENTRY_IMPLICIT)) {
        plm_buf_varint(w->out, e->mode);
        plm_buf_varint(w->out, e->uid);
        plm_buf_varint(w->out, e->gid);
        if (e->type == PLM_ENTRY_FILE || e->type == PLM_ENTRY_HARDLINK)
            plm_buf_varint(w->out, e->size);
        if (e->type == PLM_ENTRY_SYMLINK || e->type == PLM_ENTRY_HARDLINK)
            plm_buf_view(w->out, e->link);
    }
    w->last = e->path;
    w->counts[ENTRIES]++;
}

void plm_record_put_fact(struct plm_record_writer *w, const struct plm_record_fact *f)
{
    plm_buf_varint(w->out, f->extractor);
    plm_buf_view(w->out, f->path);
    plm_buf_view(w->out, f->data);
    plm_buf_varint(w->out, w->owned->n);
    plm_buf_varint(w->out, f->owned.n);
    plm_buf_sv_put(w->owned, f->owned);
    w->counts[FACTS]++;
}

void plm_record_put_want(struct plm_record_writer *w, const struct plm_want *want)
{
    plm_buf_varint(w->out, want->extractor);
    plm_buf_view(w->out, want->as);
    plm_buf_view(w->out, want->real);
    w->counts[WANTS]++;
}

void plm_record_put_diag(struct plm_record_writer *w, const struct plm_record_diag *d)
{
    plm_buf_byte(w->out, (unsigned char)d->severity);
    plm_buf_view(w->out, d->code);
    plm_buf_view(w->out, d->object);
    plm_buf_view(w->out, d->message);
    w->counts[DIAGS]++;
}

void plm_record_put_diff_id(struct plm_record_writer *w, plm_sv sum)
{
    plm_buf_sv_put(w->out, sum);
    w->has_diff_id = true;
}

static void set_le(char *p, uint64_t v, size_t n)
{
    for (size_t i = 0; i < n; i++)
        p[i] = (char)(v >> (8 * i));
}

void plm_record_end(struct plm_record_writer *w, unsigned flags)
{
    struct plm_buf *out = w->out;
    if (w->owned->failed)
        out->failed = w->owned->failed;
    if (out->failed)
        return;
    set_le(out->p + 8, flags | (w->has_diff_id ? PLM_RECORD_DIFF_ID : 0u), 4);
    for (size_t i = 0; i < SECTIONS; i++)
        set_le(out->p + 12 + 4 * i, w->counts[i], 4);
    set_le(out->p + 32, out->n - HEADER, 8);
    set_le(out->p + 40, w->owned->n, 8);
    plm_buf_sv_put(out, plm_buf_sv(w->owned));
}

/* ---- reading ----------------------------------------------------------------------------------- */

void plm_record_iter_init(struct plm_record_iter *it, const struct plm_record *r)
{
    *it = (struct plm_record_iter){
        .rd = PLM_RD(r->entries), .left = r->n_entries, .path = PLM_BUF(PATH_MAX_BYTES)};
}

void plm_record_iter_done(struct plm_record_iter *it)
{
    plm_buf_done(&it->path);
}

int plm_record_iter_next(struct plm_record_iter *it, struct plm_record_entry *out)
{
    if (it->left == 0)
        return 0;
    it->left--;
    struct plm_rd *r = &it->rd;
    size_t shared = plm_rd_count(r, it->path.n);
    plm_sv rest = plm_rd_view(r);
    unsigned kind = plm_rd_u8(r);
    struct plm_record_entry e = {.type = kind >> 4, .flags = kind & 15, .link = PLM_SV_NULL};
    if (r->failed || e.type >= PLM_ENTRY_COUNT_ || e.flags > 7)
        return -1;
    it->path.n = shared;
    plm_buf_sv_put(&it->path, rest);
    if (it->path.failed)
        return -1;
    e.path = plm_buf_sv(&it->path);
    if (e.flags & PLM_ENTRY_IMPLICIT) {
        e.mode = 0755;
    } else if (e.type != PLM_ENTRY_NONE) {
        e.mode = (uint32_t)plm_rd_count(r, UINT32_MAX);
        e.uid = (uint32_t)plm_rd_count(r, UINT32_MAX);
        e.gid = (uint32_t)plm_rd_count(r, UINT32_MAX);
        if (e.type == PLM_ENTRY_FILE || e.type == PLM_ENTRY_HARDLINK)
            e.size = plm_rd_varint(r);
        if (e.type == PLM_ENTRY_SYMLINK || e.type == PLM_ENTRY_HARDLINK)
            e.link = plm_rd_view(r);
    }
    if (r->failed)
        return -1;
    *out = e;
    return 1;
}

static bool entry_is_sound(const struct plm_record_entry *e, plm_sv last, bool is_first)
{
    bool is_dir = e->type == PLM_ENTRY_DIR;
    if (e->type == PLM_ENTRY_NONE && !(e->flags & PLM_ENTRY_WHITEOUT))
        return false;
    if ((e->flags & (PLM_ENTRY_IMPLICIT | PLM_ENTRY_OPAQUE)) && !is_dir)
        return false;
    if (e->path.n == 0 && (!is_first || !is_dir || (e->flags & PLM_ENTRY_WHITEOUT)))
        return false;
    return plm_path_is_canonical(e->path) && (is_first || plm_path_cmp(last, e->path) < 0);
}

/* Walks the entries; r->entries holds everything from the first one on and is cut at the end of the last. */
static bool check_entries(struct plm_record *r, bool is_trusted)
{
    plm_auto_done(plm_record_iter_done) struct plm_record_iter it;
    plm_record_iter_init(&it, r);
    plm_auto_done(plm_buf_done) struct plm_buf last = PLM_BUF(PATH_MAX_BYTES);
    struct plm_record_entry e;
    int got;
    for (bool is_first = true; (got = plm_record_iter_next(&it, &e)) > 0; is_first = false) {
        if (is_trusted)
            continue;
        if (!entry_is_sound(&e, plm_buf_sv(&last), is_first))
            return false;
        plm_buf_clear(&last);
        plm_buf_sv_put(&last, e.path);
        if (last.failed)
            return false;
    }
    r->entries.n = it.rd.at;
    return got == 0;
}

static bool read_facts(struct plm_rd *rd, plm_sv owned, unsigned how, size_t n_extractors,
                       struct plm_record *out)
{
    for (size_t i = 0; i < out->n_facts && !rd->failed; i++) {
        struct plm_record_fact *f = &out->facts[i];
        f->extractor = (uint32_t)plm_rd_count(rd, UINT32_MAX);
        f->path = plm_rd_view(rd);
        f->data = plm_rd_view(rd);
        size_t at = plm_rd_count(rd, owned.n), n = plm_rd_count(rd, owned.n - at);
        f->owned = how & PLM_RECORD_OWNED ? plm_sv_sub(owned, at, n) : PLM_SV_NULL;
        if (f->extractor >= n_extractors || !plm_path_is_canonical(f->path))
            return false;
    }
    return !rd->failed;
}

static bool read_rest(struct plm_rd *rd, size_t n_extractors, struct plm_record *out)
{
    for (size_t i = 0; i < out->n_wants && !rd->failed; i++) {
        struct plm_want *w = &out->wants[i];
        w->extractor = (uint32_t)plm_rd_count(rd, UINT32_MAX);
        w->as = plm_rd_view(rd);
        w->real = plm_rd_view(rd);
        if (w->extractor >= n_extractors || !plm_path_is_canonical(w->as) || !plm_path_is_canonical(w->real))
            return false;
    }
    for (size_t i = 0; i < out->n_diags && !rd->failed; i++) {
        struct plm_record_diag *d = &out->diags[i];
        unsigned severity = plm_rd_u8(rd);
        d->severity = severity;
        d->code = plm_rd_view(rd);
        d->object = plm_rd_view(rd);
        d->message = plm_rd_view(rd);
        if (severity >= PLM_SEV_COUNT_ || d->code.n == 0)
            return false;
    }
    if (out->flags & PLM_RECORD_DIFF_ID)
        out->diff_id = plm_rd_bytes(rd, PLM_SHA256_BYTES);
    return !rd->failed && plm_rd_left(rd) == 0;
}

static void checksum(plm_sv name, plm_sv bytes, size_t main_bytes, unsigned char main_sum[PLM_SHA256_BYTES],
                     unsigned char owned_sum[PLM_SHA256_BYTES])
{
    struct plm_sha256 *h = plm_sha256_new(NULL);
    memset(main_sum, 0, PLM_SHA256_BYTES);
    if (h) {
        plm_sha256_update(h, name.p, name.n);
        plm_sha256_update(h, bytes.p, SEALED_HEADER);
        plm_sha256_update(h, bytes.p + HEADER, main_bytes);
        plm_sha256_final(h, main_sum);
        plm_sha256_free(h);
    }
    if (owned_sum)
        plm_sha256_of(plm_sv_from_off(bytes, HEADER + main_bytes), owned_sum);
}

void plm_record_seal(char *bytes, size_t n, plm_sv name)
{
    plm_sv view = {bytes, n};
    struct plm_rd rd = PLM_RD(view);
    plm_rd_seek(&rd, 32);
    size_t main_bytes = (size_t)plm_rd_u64le(&rd);
    unsigned char sum[PLM_SHA256_BYTES];
    plm_sha256_of(plm_sv_from_off(view, HEADER + main_bytes), (unsigned char *)bytes + 48);
    checksum(name, view, main_bytes, sum, NULL);
    memcpy(bytes + SEALED_HEADER, sum, sizeof(sum));
}

static bool seal_holds(plm_sv name, plm_sv bytes, size_t main_bytes, unsigned how)
{
    unsigned char main_sum[PLM_SHA256_BYTES], owned_sum[PLM_SHA256_BYTES];
    checksum(name, bytes, main_bytes, main_sum, how & PLM_RECORD_OWNED ? owned_sum : NULL);
    return memcmp(main_sum, bytes.p + SEALED_HEADER, sizeof(main_sum)) == 0 &&
           (!(how & PLM_RECORD_OWNED) || memcmp(owned_sum, bytes.p + 48, sizeof(owned_sum)) == 0);
}

int plm_record_open(plm_sv bytes, plm_sv sealed_as, unsigned how, size_t n_extractors, struct plm_arena *a,
                    struct plm_record *out, plm_err **err)
{
    struct plm_rd rd = PLM_RD(bytes);
    plm_sv mark = plm_rd_bytes(&rd, sizeof(magic));
    struct plm_record r = {.bytes = bytes, .flags = plm_rd_u32le(&rd), .n_entries = plm_rd_u32le(&rd)};
    r.n_facts = plm_rd_u32le(&rd);
    r.n_wants = plm_rd_u32le(&rd);
    r.n_diags = plm_rd_u32le(&rd);
    plm_rd_seek(&rd, 32);
    uint64_t main_bytes = plm_rd_u64le(&rd), owned_bytes = plm_rd_u64le(&rd), total;
    plm_rd_seek(&rd, HEADER);
    if (rd.failed || memcmp(mark.p, magic, sizeof(magic)) != 0)
        return plm_fail(err, PLM_E_PARSE, "no layer record");
    if (__builtin_add_overflow(main_bytes, owned_bytes, &total) || total != bytes.n - HEADER)
        return plm_fail(err, PLM_E_PARSE, "layer record of %zu bytes says it has %llu", bytes.n,
                        (unsigned long long)total);
    if (sealed_as.n && !seal_holds(sealed_as, bytes, (size_t)main_bytes, how))
        return plm_fail(err, PLM_E_PARSE, "layer record whose checksum does not hold");
    plm_sv main_part = plm_sv_sub(bytes, HEADER, (size_t)main_bytes);
    /* Each item takes at least a byte: the counts cannot ask for more memory than a multiple of the record.
     */
    if (r.n_entries > main_part.n || r.n_facts > main_part.n || r.n_wants > main_part.n ||
        r.n_diags > main_part.n)
        return plm_fail(err, PLM_E_PARSE, "layer record with impossible counts");
    r.entries = main_part;
    if (!check_entries(&r, sealed_as.n))
        return plm_fail(err, PLM_E_PARSE, "layer record with a malformed entry");
    r.facts = plm_arena_array(a, r.n_facts, sizeof(*r.facts));
    r.wants = plm_arena_array(a, r.n_wants, sizeof(*r.wants));
    r.diags = plm_arena_array(a, r.n_diags, sizeof(*r.diags));
    if (plm_arena_check(a, err) < 0)
        return -1;
    struct plm_rd rest = PLM_RD(main_part);
    plm_rd_seek(&rest, r.entries.n);
    plm_sv owned = plm_sv_from_off(bytes, HEADER + (size_t)main_bytes);
    if (!read_facts(&rest, owned, how, n_extractors, &r) || !read_rest(&rest, n_extractors, &r))
        return plm_fail(err, PLM_E_PARSE, "layer record with malformed facts");
    *out = r;
    return 0;
}
