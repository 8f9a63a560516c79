/* SPDX-License-Identifier: Apache-2.0
 *
 * Looks an image name up in containerd's metadata, a bbolt file (etcd-io/bbolt: page.go, db.go, bucket.go).
 *
 * Pages of a size told by the meta pages 0 and 1; the valid meta page with the higher transaction is current.
 * A page is a header {id u64, flags u16, count u16, overflow u32} and its elements: in a branch {pos u32,
 * ksize u32, page u64}, in a leaf {flags u32, pos u32, ksize u32, vsize u32}; pos counts from the element. A
 * leaf element with flag 1 is a bucket: {root page u64, sequence u64}, and where the root is 0 the bucket's
 * only page follows inline. Little-endian on every platform that we build for.
 *
 * containerd (metadata/buckets.go) keeps v1/<namespace>/images/<name>/target/digest. Bytes are read as
 * hostile: every step is bounded, depth and the number of pages are limited.
 */
#include "image/engine_int.h"

#include "base/fs.h"
#include "base/rd.h"

#include <fcntl.h>

enum {
    PAGE_HEADER = 16,
    ELEMENT = 16,
    PAGE_BRANCH = 1,
    PAGE_LEAF = 2,
    ELEMENT_BUCKET = 1,
    META_BYTES = 64,
    META_SUMMED = 56,
    MAGIC = (int)0xED0CDAED,
    DEPTH_MAX = 32,
    PAGES_MAX = 1 << 20,
    READS_MAX = 5,
};
#define FILE_MAX PLM_MIB(1024)

struct bolt {
    plm_sv file;
    uint32_t page_size;
    uint64_t pages_seen;
};

struct meta {
    uint32_t page_size;
    uint64_t root, transaction;
};

/* A bucket: a page by number, or inline bytes. */
struct bucket {
    uint64_t root;
    plm_sv inline_page;
};

static uint64_t fnv64(plm_sv s)
{
    uint64_t h = 0xcbf29ce484222325u;
    for (size_t i = 0; i < s.n; i++)
        h = (h ^ (unsigned char)s.p[i]) * 0x100000001b3u;
    return h;
}

static bool read_meta(plm_sv file, size_t at, struct meta *out)
{
    plm_sv page = plm_sv_sub(file, at, PAGE_HEADER + META_BYTES);
    struct plm_rd r = PLM_RD(plm_sv_from_off(page, PAGE_HEADER));
    uint32_t magic = plm_rd_u32le(&r), version = plm_rd_u32le(&r);
    struct meta m = {.page_size = plm_rd_u32le(&r)};
    plm_rd_skip(&r, 4);
    m.root = plm_rd_u64le(&r);
    plm_rd_skip(&r, 24);
    m.transaction = plm_rd_u64le(&r);
    uint64_t sum = plm_rd_u64le(&r);
    if (r.failed || magic != (uint32_t)MAGIC || version != 2 || m.page_size < 512 || m.page_size > (1u << 20))
        return false;
    *out = m;
    return fnv64(plm_sv_sub(page, PAGE_HEADER, META_SUMMED)) == sum;
}

/* The second meta page lies at the page size, which only a sound first one tells: else the usual sizes. */
static bool current_meta(plm_sv file, struct meta *out)
{
    struct meta first, second;
    bool has_first = read_meta(file, 0, &first), has_second = false;
    if (has_first)
        has_second = read_meta(file, first.page_size, &second);
    for (size_t size = 4096; !has_first && !has_second && size <= 65536; size *= 2)
        has_second = read_meta(file, size, &second) && second.page_size == size;
    if (has_second && (!has_first || second.transaction > first.transaction))
        *out = second;
    else if (has_first)
        *out = first;
    return has_first || has_second;
}

static bool page_at(struct bolt *b, uint64_t number, plm_sv *out)
{
    uint64_t at;
    if (__builtin_mul_overflow(number, (uint64_t)b->page_size, &at) || at > b->file.n ||
        b->file.n - at < PAGE_HEADER || ++b->pages_seen > PAGES_MAX)
        return false;
    struct plm_rd r = PLM_RD(plm_sv_sub(b->file, at, PAGE_HEADER));
    plm_rd_skip(&r, 12);
    uint64_t bytes = ((uint64_t)plm_rd_u32le(&r) + 1) * b->page_size;
    *out = plm_sv_sub(b->file, at, bytes > b->file.n ? b->file.n : (size_t)bytes);
    return true;
}

/* Key and value of the i-th element of a page; a branch's value is its page number. */
struct element {
    plm_sv key, value;
    uint64_t page;
    bool is_bucket;
};

static bool element_at(plm_sv page, bool is_leaf, size_t i, struct element *out)
{
    size_t at = PAGE_HEADER + i * ELEMENT;
    struct plm_rd r = PLM_RD(plm_sv_sub(page, at, ELEMENT));
    uint32_t flags = is_leaf ? plm_rd_u32le(&r) : 0, pos = plm_rd_u32le(&r), key = plm_rd_u32le(&r);
    uint32_t value = is_leaf ? plm_rd_u32le(&r) : 0;
    uint64_t child = is_leaf ? 0 : plm_rd_u64le(&r);
    struct plm_rd data = PLM_RD(page);
    plm_rd_seek(&data, at);
    plm_rd_skip(&data, pos);
    *out = (struct element){.page = child, .is_bucket = (flags & ELEMENT_BUCKET) != 0};
    out->key = plm_rd_bytes(&data, key);
    out->value = plm_rd_bytes(&data, value);
    return !r.failed && !data.failed;
}

/* Called for the elements of a bucket in the order of their keys: 0 goes on, 1 stops. */
typedef int (*visit_fn)(struct bolt *b, const struct element *e, void *arg);

/* 1: stopped; 0: all seen; -1: the file is not sound. */
static int walk_page(struct bolt *b, plm_sv page, unsigned depth, visit_fn visit, void *arg)
{
    struct plm_rd r = PLM_RD(page);
    plm_rd_skip(&r, 8);
    unsigned flags = plm_rd_u16le(&r), count = plm_rd_u16le(&r);
    bool is_leaf = flags == PAGE_LEAF;
    if (r.failed || depth > DEPTH_MAX || (!is_leaf && flags != PAGE_BRANCH))
        return -1;
    for (size_t i = 0; i < count; i++) {
        struct element e;
        plm_sv child;
        int found;
        if (!element_at(page, is_leaf, i, &e))
            return -1;
        if (is_leaf)
            found = visit(b, &e, arg);
        else
            found = page_at(b, e.page, &child) ? walk_page(b, child, depth + 1, visit, arg) : -1;
        if (found)
            return found;
    }
    return 0;
}

static int walk(struct bolt *b, const struct bucket *in, visit_fn visit, void *arg)
{
    plm_sv page = in->inline_page;
    if (in->root && !page_at(b, in->root, &page))
        return -1;
    return walk_page(b, page, 0, visit, arg);
}

static struct bucket bucket_of(plm_sv value)
{
    struct plm_rd r = PLM_RD(value);
    struct bucket out = {.root = plm_rd_u64le(&r)};
    out.inline_page = plm_sv_from_off(value, PAGE_HEADER);
    return out;
}

struct wanted {
    plm_sv key;
    struct element found;
};

static int is_wanted(struct bolt *b, const struct element *e, void *arg)
{
    struct wanted *w = arg;
    (void)b;
    if (!plm_sv_eq(e->key, w->key))
        return 0;
    w->found = *e;
    return 1;
}

static int enter(struct bolt *b, const struct bucket *in, plm_sv key, bool wants_bucket, struct element *out)
{
    struct wanted w = {.key = key};
    int r = walk(b, in, is_wanted, &w);
    if (r > 0 && w.found.is_bucket != wants_bucket)
        return -1;
    *out = w.found;
    return r;
}

struct search {
    plm_sv name, digest;
};

/* One namespace: images/<name>/target/digest. */
static int search_namespace(struct bolt *b, const struct element *namespace, void *arg)
{
    struct search *s = arg;
    const plm_sv steps[] = {PLM_SV("images"), s->name, PLM_SV("target")};
    struct element e = *namespace;
    if (!e.is_bucket)
        return 0; /* the version number lies beside the namespaces */
    for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
        struct bucket at = bucket_of(e.value);
        int r = enter(b, &at, steps[i], true, &e);
        if (r <= 0)
            return r;
    }
    struct bucket target = bucket_of(e.value);
    int r = enter(b, &target, PLM_SV("digest"), false, &e);
    if (r > 0)
        s->digest = e.value;
    return r;
}

int plm_bolt_image_digest(plm_sv file, plm_sv name, struct plm_arena *a, plm_sv *out_digest, plm_err **err)
{
    struct meta m;
    struct element v1;
    struct search s = {.name = name};
    if (!current_meta(file, &m))
        return plm_fail(err, PLM_E_PARSE, "no sound meta page");
    struct bolt b = {.file = file, .page_size = m.page_size};
    struct bucket root = {.root = m.root};
    int r = enter(&b, &root, PLM_SV("v1"), true, &v1);
    if (r > 0) {
        struct bucket namespaces = bucket_of(v1.value);
        r = walk(&b, &namespaces, search_namespace, &s);
    }
    if (r < 0)
        return plm_fail(err, PLM_E_PARSE, "not a sound bolt database");
    if (r == 0)
        return plm_fail(err, PLM_E_NOTFOUND, "no image %.*s", PLM_SV_ARG(name));
    plm_sv digest = plm_arena_sv(a, s.digest);
    if (plm_arena_check(a, err) < 0)
        return -1;
    *out_digest = digest;
    return 0;
}

/* Reads the file while containerd may write. Pages of transaction T are reused by T+2 at the earliest, so a
 * copy is whole if the file has not got further than T+1 when the copy is done. */
static int read_steady(const char *path, struct plm_buf *out, plm_err **err)
{
    for (int i = 0; i < READS_MAX; i++) {
        struct meta before, after;
        char head[PAGE_HEADER + META_BYTES + 65536];
        plm_auto_fd int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
        if (fd < 0)
            return plm_fail_sys(err, "%s", path);
        plm_buf_clear(out);
        if (plm_fs_read_fd(fd, path, FILE_MAX, out, err) < 0)
            return -1;
        ssize_t n = pread(fd, head, sizeof(head), 0);
        if (!current_meta(plm_buf_sv(out), &before))
            return plm_fail(err, PLM_E_PARSE, "%s: no sound meta page", path);
        if (n > 0 && current_meta(plm_sv_n(head, (size_t)n), &after) &&
            after.transaction <= before.transaction + 1)
            return 0;
    }
    return plm_fail(err, PLM_E_IO, "%s: changes faster than it can be read", path);
}

int plm_containerd_resolve(const char *meta_db, plm_sv ref, struct plm_arena *a, plm_sv *out_digest,
                           plm_err **err)
{
    plm_auto_done(plm_buf_done) struct plm_buf file = PLM_BUF(FILE_MAX);
    if (read_steady(meta_db, &file, err) < 0)
        return -1;
    return plm_bolt_image_digest(plm_buf_sv(&file), ref, a, out_digest, err) < 0
               ? plm_wrap(err, "%s", meta_db)
               : 0;
}
