/* SPDX-License-Identifier: Apache-2.0
 *
 * The builder: sealed feeds from any number of threads, and old ones taken over from an open
 * store, go into one file (format.md). Feeds are ordered by name, so the file does not depend
 * on which of them was ready first. The file replaces the old one by rename after fsync: a
 * reader, or a kill at any moment, sees the old store or the new one.
 */
#include "base/fs.h"
#include "codec/hash.h"
#include "vulndb/vulndb_int.h"

void plm_feed_built_free(struct plm_feed_built *f)
{
    if (!f)
        return;
    for (size_t i = 0; i < PLM_SEC_FEED_COUNT_; i++)
        plm_buf_done(&f->owned[i]);
    free(f);
}

struct plm_db_builder *plm_db_builder_new(const struct plm_ctx *ctx, plm_err **err)
{
    struct plm_db_builder *b = calloc(1, sizeof(*b));
    if (!b)
        return PLM_NULL(plm_fail_oom(err));
    b->ctx = ctx;
    pthread_mutex_init(&b->lock, NULL);
    return b;
}

void plm_db_builder_free(struct plm_db_builder *b)
{
    if (!b)
        return;
    for (size_t i = 0; i < b->n; i++)
        plm_feed_built_free(b->feeds[i]);
    free(b->feeds);
    pthread_mutex_destroy(&b->lock);
    free(b);
}

static struct plm_feed_built *find_locked(struct plm_db_builder *b, plm_sv name)
{
    for (size_t i = 0; i < b->n; i++)
        if (plm_sv_eq(b->feeds[i]->view.name, name))
            return b->feeds[i];
    return NULL;
}

static int add_locked(struct plm_db_builder *b, struct plm_feed_built *f, plm_err **err)
{
    if (find_locked(b, f->view.name))
        return plm_fail(err, PLM_E_USAGE, "two feeds are called %.*s", PLM_SV_ARG(f->view.name));
    if (b->n >= PLM_DB_FEEDS_MAX)
        return plm_fail(err, PLM_E_LIMIT, "more than %d feeds", PLM_DB_FEEDS_MAX);
    if (b->n == b->cap) {
        size_t cap = b->cap ? b->cap * 2 : 16;
        struct plm_feed_built **bigger = reallocarray(b->feeds, cap, sizeof(struct plm_feed_built *));
        if (!bigger)
            return plm_fail_oom(err);
        b->feeds = bigger;
        b->cap = cap;
    }
    size_t at = b->n++;
    for (; at > 0 && plm_sv_cmp(b->feeds[at - 1]->view.name, f->view.name) > 0; at--)
        b->feeds[at] = b->feeds[at - 1];
    b->feeds[at] = f;
    return 0;
}

int plm_db_builder_add(struct plm_db_builder *b, struct plm_feed_built *f, plm_err **err)
{
    pthread_mutex_lock(&b->lock);
    int r = add_locked(b, f, err);
    pthread_mutex_unlock(&b->lock);
    return r;
}

/* Writes META anew from the (changed) view, whose strings still point into the old one. */
static int meta_renew(struct plm_feed_built *f, plm_err **err)
{
    struct plm_buf meta = PLM_BUF(PLM_MIB(2));
    plm_dbf_meta_put(&meta, &f->view);
    if (plm_buf_check(&meta, err) < 0) {
        plm_buf_done(&meta);
        return -1;
    }
    plm_buf_done(&f->owned[PLM_SEC_META]);
    f->owned[PLM_SEC_META] = meta;
    f->view.sec[PLM_SEC_META] = plm_buf_sv(&meta);
    return plm_dbf_meta(&f->view, err);
}

int plm_db_builder_origin(struct plm_db_builder *b, plm_sv name, const struct plm_feed_origin *origin,
                          plm_err **err)
{
    pthread_mutex_lock(&b->lock);
    struct plm_feed_built *f = find_locked(b, name);
    int r;
    if (f) {
        f->view.origin = *origin;
        r = meta_renew(f, err);
    } else {
        r = plm_fail(err, PLM_E_NOTFOUND, "no feed %.*s", PLM_SV_ARG(name));
    }
    pthread_mutex_unlock(&b->lock);
    return r;
}

static int sections_verified(const struct plm_db *old, size_t feed, plm_err **err)
{
    struct plm_db_section s;
    for (size_t i = 0; plm_db_section(old, i, &s); i++) {
        unsigned char hash[PLM_SHA256_BYTES];
        if (s.feed != feed)
            continue;
        plm_sha256_of(plm_sv_sub(old->map, (size_t)s.off, (size_t)s.len), hash);
        if (memcmp(hash, s.sha256, sizeof(hash)) != 0)
            return plm_fail_id(err, PLM_E_PARSE, "db.corrupt",
                               "%s: feed %.*s: section %s does not match its checksum", old->path,
                               PLM_SV_ARG(old->feeds[feed].name), plm_sec_name(s.type));
    }
    return 0;
}

int plm_db_builder_reuse(struct plm_db_builder *b, const struct plm_db *old, plm_sv name, int64_t as_of,
                         plm_err **err)
{
    size_t i = 0;
    while (i < old->n_feeds && !plm_sv_eq(old->feeds[i].name, name))
        i++;
    if (i == old->n_feeds)
        return plm_fail(err, PLM_E_NOTFOUND, "%s: no feed %.*s", old->path, PLM_SV_ARG(name));
    if (sections_verified(old, i, err) < 0)
        return -1;
    plm_auto(plm_feed_built_free) struct plm_feed_built *f = calloc(1, sizeof(*f));
    if (!f)
        return plm_fail_oom(err);
    f->view = old->feeds[i];
    if (as_of) {
        f->view.as_of = as_of;
        if (meta_renew(f, err) < 0)
            return -1;
    }
    if (plm_db_builder_add(b, f, err) < 0)
        return -1;
    f = NULL;
    return 0;
}

/* ---- the file ------------------------------------------------------------------------------- */

struct out_section {
    uint32_t type, feed;
    plm_sv data;
};

static size_t collect(const struct plm_db_builder *b, plm_sv strings, plm_sv ids, plm_sv members,
                      struct out_section *out)
{
    size_t n = 0;
    for (size_t i = 0; i < b->n; i++)
        for (uint32_t t = 0; t < PLM_SEC_FEED_COUNT_; t++)
            if (b->feeds[i]->view.sec[t].n)
                out[n++] = (struct out_section){t, (uint32_t)i, b->feeds[i]->view.sec[t]};
    out[n++] = (struct out_section){PLM_SEC_ALIAS_STRINGS, PLM_DB_GLOBAL, strings};
    out[n++] = (struct out_section){PLM_SEC_ALIAS_IDS, PLM_DB_GLOBAL, ids};
    out[n++] = (struct out_section){PLM_SEC_ALIAS_MEMBERS, PLM_DB_GLOBAL, members};
    return n;
}

/* Header and section table for the sections in order. */
static void head_put(struct plm_buf *head, const struct plm_db_builder *b, const struct out_section *s,
                     size_t n, struct plm_buf *table)
{
    unsigned char hash[PLM_SHA256_BYTES];
    uint64_t at = PLM_DB_HEADER + (uint64_t)n * PLM_DB_SECTION_ROW;
    for (size_t i = 0; i < n; i++) {
        plm_sha256_of(s[i].data, hash);
        plm_buf_u32le(table, s[i].type);
        plm_buf_u32le(table, s[i].feed);
        plm_buf_u64le(table, at);
        plm_buf_u64le(table, s[i].data.n);
        plm_buf_put(table, hash, sizeof(hash));
        at += s[i].data.n;
    }
    plm_buf_put(head, PLM_DB_MAGIC, 8);
    plm_buf_u32le(head, PLM_DB_VERSION);
    plm_buf_u32le(head, PLM_DB_HEADER);
    plm_buf_u64le(head, (uint64_t)plm_now(b->ctx));
    plm_buf_u64le(head, at);
    plm_buf_u32le(head, (uint32_t)n);
    plm_buf_u32le(head, (uint32_t)b->n);
    plm_sha256_of(plm_buf_sv(table), hash);
    plm_buf_put(head, hash, sizeof(hash));
    plm_sha256_of(plm_buf_sv(head), hash);
    plm_buf_put(head, hash, sizeof(hash));
}

static int write_file(const struct plm_db_builder *b, const struct out_section *s, size_t n, const char *path,
                      plm_err **err)
{
    plm_auto_done(plm_buf_done) struct plm_buf head = PLM_BUF(PLM_KIB(4)), table = PLM_BUF(PLM_MIB(64));
    head_put(&head, b, s, n, &table);
    if (plm_buf_check(&head, err) < 0 || plm_buf_check(&table, err) < 0)
        return -1;
    plm_auto_done(plm_fs_atomic_done) struct plm_fs_atomic file = {.fd = -1};
    if (plm_fs_atomic_open(path, 0, &file, err) < 0 || plm_fs_write_all(file.fd, head.p, head.n, err) < 0 ||
        plm_fs_write_all(file.fd, table.p, table.n, err) < 0)
        return -1;
    for (size_t i = 0; i < n; i++) {
        if (plm_cancelled(b->ctx))
            return plm_fail(err, PLM_E_CANCEL, "stopped before the store was written");
        if (s[i].data.n && plm_fs_write_all(file.fd, s[i].data.p, s[i].data.n, err) < 0)
            return -1;
    }
    return plm_fs_atomic_commit(&file, err);
}

int plm_db_builder_write(struct plm_db_builder *b, const char *path, plm_err **err)
{
    plm_auto_done(plm_buf_done) struct plm_buf strings = PLM_BUF(0), ids = PLM_BUF(UINT32_MAX),
                                               members = PLM_BUF(UINT32_MAX);
    if (plm_aliases_build(b->feeds, b->n, &strings, &ids, &members, err) < 0)
        return plm_wrap(err, "aliases");
    plm_auto_free struct out_section *s = calloc(b->n * PLM_SEC_FEED_COUNT_ + 3, sizeof(*s));
    if (!s)
        return plm_fail_oom(err);
    size_t n = collect(b, plm_buf_sv(&strings), plm_buf_sv(&ids), plm_buf_sv(&members), s);
    if (write_file(b, s, n, path, err) < 0)
        return plm_wrap(err, "%s", path);
    return 0;
}
