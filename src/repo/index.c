/* SPDX-License-Identifier: Apache-2.0
 *
 * The compact form of a Packages or Sources index: what the cache keeps, opened by mmap.
 *
 *     "PLMRIX02"  u32 count  u32 offset[count]  records
 *
 * Offsets are from the start of the file, in order of (name, version); a record is the views
 * name, version, source ("" = name), source version ("" = version), path, the varint size and
 * the 32 bytes of SHA-256 (base/buf.h primitives). Debian's main suite: 63,000 packages,
 * 48 MB of text, 9 MB here. Every read is bounds-checked, so a damaged file finds less but
 * never reads outside; the caller names the file after the digest of its input.
 *
 * Building is one pass over the stream and one sort; look-up is a binary search that decodes
 * a name a step.
 */
#include "base/buf.h"
#include "base/rd.h"
#include "repo/repo_int.h"

static const char index_magic[8] = {'P', 'L', 'M', 'R', 'I', 'X', '0', '2'};
#define HEAD_BYTES 12u

struct builder {
    struct repo_index_writer w;
    enum repo_index_kind kind;
};

struct fields {
    plm_sv name, version, source, path, size, sha, dir, sums;
};

void plm_index_put(struct repo_index_writer *w, const struct repo_record *r)
{
    uint32_t at = (uint32_t)w->pool.n;
    plm_buf_put(&w->offsets, &at, sizeof(at));
    plm_buf_view(&w->pool, r->name);
    plm_buf_view(&w->pool, r->version);
    plm_buf_view(&w->pool, plm_sv_eq(r->source, r->name) ? PLM_SV_NULL : r->source);
    plm_buf_view(&w->pool, plm_sv_eq(r->source_version, r->version) ? PLM_SV_NULL : r->source_version);
    plm_buf_view(&w->pool, r->path);
    plm_buf_varint(&w->pool, r->size);
    plm_buf_put(&w->pool, r->sha256, sizeof(r->sha256));
}

static bool hex_digest(plm_sv hex, unsigned char out[PLM_SHA256_BYTES])
{
    char digest[PLM_DIGEST_CHARS];
    if (hex.n != PLM_DIGEST_CHARS - 7)
        return false;
    memcpy(digest, "sha256:", 7);
    memcpy(digest + 7, hex.p, hex.n);
    return plm_digest_parse(plm_sv_n(digest, sizeof(digest)), out);
}

/* The fields that matter, by their first letter: most lines of an index are looked at for one byte only. */
static void read_fields(plm_sv st, struct fields *f)
{
    const struct {
        plm_sv name;
        plm_sv *to;
    } wanted[] = {{PLM_SV("Package:"), &f->name},  {PLM_SV("Version:"), &f->version},
                  {PLM_SV("Source:"), &f->source}, {PLM_SV("Filename:"), &f->path},
                  {PLM_SV("Size:"), &f->size},     {PLM_SV("SHA256:"), &f->sha},
                  {PLM_SV("Directory:"), &f->dir}, {PLM_SV("Checksums-Sha256:"), &f->sums}};
    const char *p = st.p, *end = st.p + st.n;
    while (p < end) {
        const char *nl = memchr(p, '\n', (size_t)(end - p));
        const char *stop = nl ? nl : end;
        plm_sv line = plm_sv_n(p, (size_t)(stop - p));
        p = nl ? nl + 1 : end;
        if (!line.n || !strchr("PVSFDC", line.p[0]))
            continue;
        for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++) {
            if (!plm_sv_starts(line, wanted[i].name))
                continue;
            /* the checksums stand in continuation lines */
            while (wanted[i].to == &f->sums && p < end && *p == ' ') {
                nl = memchr(p, '\n', (size_t)(end - p));
                stop = nl ? nl : end;
                p = nl ? nl + 1 : end;
            }
            plm_sv value = plm_sv_n(line.p + wanted[i].name.n, (size_t)(stop - line.p) - wanted[i].name.n);
            *wanted[i].to = plm_sv_trim(value);
            break;
        }
    }
}

static int add_package(struct builder *b, const struct fields *f)
{
    struct repo_record r = {.name = f->name,
                            .version = f->version,
                            .source = f->name,
                            .source_version = f->version,
                            .path = f->path};
    plm_sv name, rest, version, tail;
    if (f->source.n) {
        r.source = f->source;
        if (plm_sv_cut(f->source, '(', &name, &rest) && plm_sv_cut(rest, ')', &version, &tail)) {
            r.source = plm_sv_trim(name);
            r.source_version = version;
        }
    }
    if (!plm_sv_u64(f->size, &r.size) || !hex_digest(f->sha, r.sha256))
        return 0;
    plm_index_put(&b->w, &r);
    return 0;
}

/* How good a file is for its changelog: the packaging of format 3.0, the diff of 1.0, a native archive; 0:
 * none. */
static int archive_rank(plm_sv name)
{
    if (plm_sv_has(name, PLM_SV(".orig")) || plm_sv_ends(name, PLM_SV(".asc")) ||
        plm_sv_ends(name, PLM_SV(".bz2")) || plm_sv_ends(name, PLM_SV(".lzma")))
        return 0;
    if (plm_sv_has(name, PLM_SV(".debian.tar.")))
        return 3;
    if (plm_sv_ends(name, PLM_SV(".diff.gz")))
        return 2;
    return plm_sv_has(name, PLM_SV(".tar.")) ? 1 : 0;
}

static int add_source(struct builder *b, const struct fields *f)
{
    plm_sv rest = f->sums, line, hash, size, name, best = PLM_SV_NULL;
    struct repo_record r = {
        .name = f->name, .version = f->version, .source = f->name, .source_version = f->version};
    int best_rank = 0;
    while (plm_sv_line(&rest, &line)) {
        if (!plm_sv_word(&line, &hash) || !plm_sv_word(&line, &size) || !plm_sv_word(&line, &name))
            continue;
        int rank = archive_rank(name);
        if (rank > best_rank && plm_sv_u64(size, &r.size) && hex_digest(hash, r.sha256)) {
            best_rank = rank;
            best = name;
        }
    }
    if (!best_rank)
        return 0;
    plm_auto_free char *path = NULL;
    if (asprintf(&path, "%.*s/%.*s", PLM_SV_ARG(f->dir), PLM_SV_ARG(best)) < 0)
        return -1;
    r.path = plm_sv_from(path);
    plm_index_put(&b->w, &r);
    return 0;
}

static int on_stanza(void *arg, plm_sv st, plm_err **err)
{
    struct builder *b = arg;
    struct fields f = {0};
    read_fields(st, &f);
    if (!f.name.n || !f.version.n)
        return 0;
    if ((b->kind == REPO_PACKAGES ? add_package(b, &f) : add_source(b, &f)) < 0)
        return plm_fail_oom(err);
    return plm_buf_check(&b->w.pool, err) < 0 ? -1 : plm_buf_check(&b->w.offsets, err);
}

static int compare_records(const void *a, const void *b, void *pool)
{
    const struct plm_buf *p = pool;
    struct plm_rd x = PLM_RD(plm_buf_sv(p)), y = x;
    plm_rd_seek(&x, *(const uint32_t *)a);
    plm_rd_seek(&y, *(const uint32_t *)b);
    int c = plm_sv_cmp(plm_rd_view(&x), plm_rd_view(&y));
    return c ? c : plm_sv_cmp(plm_rd_view(&x), plm_rd_view(&y));
}

int plm_index_finish(struct repo_index_writer *w, struct plm_buf *out, plm_err **err)
{
    uint32_t *at = (uint32_t *)(void *)w->offsets.p;
    size_t count = w->offsets.n / sizeof(uint32_t);
    int r = plm_buf_check(&w->pool, err) < 0 ? -1 : plm_buf_check(&w->offsets, err);
    if (r == 0) {
        if (count)
            qsort_r(at, count, sizeof(*at), compare_records, &w->pool);
        plm_buf_put(out, index_magic, sizeof(index_magic));
        plm_buf_u32le(out, (uint32_t)count);
        for (size_t i = 0; i < count; i++)
            plm_buf_u32le(out, (uint32_t)(at[i] + HEAD_BYTES + w->offsets.n));
        plm_buf_put(out, w->pool.p, w->pool.n);
        r = plm_buf_check(out, err);
    }
    plm_buf_done(&w->pool);
    plm_buf_done(&w->offsets);
    return r;
}

int plm_index_build(struct plm_stream *s, enum repo_index_kind kind, struct plm_buf *out, plm_err **err)
{
    struct builder b = {.w = REPO_INDEX_WRITER, .kind = kind};
    if (plm_stanzas_each(s, REPO_STANZA_MAX, on_stanza, &b, err) == 0)
        return plm_index_finish(&b.w, out, err);
    plm_buf_done(&b.w.pool);
    plm_buf_done(&b.w.offsets);
    return -1;
}

int plm_index_open(plm_sv data, struct repo_index *out, plm_err **err)
{
    struct plm_rd r = PLM_RD(data);
    plm_sv magic = plm_rd_bytes(&r, sizeof(index_magic));
    uint32_t count = plm_rd_u32le(&r);
    if (r.failed || memcmp(magic.p, index_magic, sizeof(index_magic)) != 0 || plm_rd_left(&r) / 4 < count)
        return plm_fail(err, PLM_E_PARSE, "not a repository index of this version");
    *out = (struct repo_index){.data = data, .count = count};
    return 0;
}

bool plm_index_at(const struct repo_index *x, size_t i, struct repo_record *out)
{
    struct plm_rd r = PLM_RD(x->data);
    if (i >= x->count)
        return false;
    plm_rd_seek(&r, HEAD_BYTES + i * 4);
    plm_rd_seek(&r, plm_rd_u32le(&r));
    struct repo_record rec = {0}; /* field by field: initialisers have no order of evaluation */
    rec.name = plm_rd_view(&r);
    rec.version = plm_rd_view(&r);
    rec.source = plm_rd_view(&r);
    rec.source_version = plm_rd_view(&r);
    rec.path = plm_rd_view(&r);
    rec.size = plm_rd_varint(&r);
    plm_sv sha = plm_rd_bytes(&r, PLM_SHA256_BYTES);
    if (r.failed)
        return false;
    memcpy(rec.sha256, sha.p, PLM_SHA256_BYTES);
    if (!rec.source.n)
        rec.source = rec.name;
    if (!rec.source_version.n)
        rec.source_version = rec.version;
    *out = rec;
    return true;
}

size_t plm_index_find(const struct repo_index *x, plm_sv name)
{
    size_t lo = 0, hi = x->count;
    struct repo_record r;
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        if (!plm_index_at(x, mid, &r))
            return SIZE_MAX;
        if (plm_sv_cmp(r.name, name) < 0)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo < x->count && plm_index_at(x, lo, &r) && plm_sv_eq(r.name, name) ? lo : SIZE_MAX;
}
