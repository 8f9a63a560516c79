/* SPDX-License-Identifier: Apache-2.0
 *
 * The cache on disk: CACHE/layers/ab/<64 hex digits>, CACHE/seen/ab/<64 hex digits>. An entry's age is its
 * modification time: a use touches it, at most once an hour. Pruning removes the oldest first, and what is
 * left of writers that were killed.
 */
#include "image/cache.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

enum { TOUCH_AFTER = 3600, ABANDONED_AFTER = 3600 };
#define ENTRY_MAX (SIZE_MAX / 2)

static const char *const folders[] = {[PLM_CACHE_LAYER] = "layers", [PLM_CACHE_SEEN] = "seen"};

/* ---- keys ------------------------------------------------------------------------------------- */

void plm_cache_hash_sv(struct plm_cache_hasher *h, plm_sv s)
{
    plm_buf_byte(&h->parts, 's');
    plm_buf_view(&h->parts, s);
}

void plm_cache_hash_u64(struct plm_cache_hasher *h, uint64_t v)
{
    plm_buf_byte(&h->parts, 'u');
    plm_buf_u64le(&h->parts, v);
}

bool plm_cache_hash_end(struct plm_cache_hasher *h, struct plm_cache_key *out)
{
    bool is_whole = h->parts.failed == 0;
    char text[PLM_DIGEST_CHARS + 1];
    unsigned char sum[PLM_SHA256_BYTES];
    plm_sha256_of(plm_buf_sv(&h->parts), sum);
    plm_digest_text(sum, text);
    memcpy(out->hex, text + sizeof("sha256:") - 1, sizeof(out->hex));
    plm_buf_done(&h->parts);
    return is_whole;
}

/* ---- entries ---------------------------------------------------------------------------------- */

static char *entry_path(const struct plm_ctx *ctx, enum plm_cache_kind kind, const struct plm_cache_key *key)
{
    char *out = NULL;
    if (!ctx->cache_dir ||
        asprintf(&out, "%s/%s/%.2s/%s", ctx->cache_dir, folders[kind], key->hex, key->hex + 2) < 0)
        return NULL;
    return out;
}

static int open_entry(const struct plm_ctx *ctx, enum plm_cache_kind kind, const struct plm_cache_key *key,
                      struct stat *st)
{
    plm_auto_free char *path = entry_path(ctx, kind, key);
    plm_auto_fd int fd = path ? open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK) : -1;
    if (fd < 0 || fstat(fd, st) < 0 || !S_ISREG(st->st_mode))
        return -1;
    if ((st->st_uid != geteuid() && st->st_uid != 0) || (st->st_mode & (S_IWGRP | S_IWOTH)))
        return -1;
    return plm_take_fd(fd);
}

bool plm_cache_load(const struct plm_ctx *ctx, enum plm_cache_kind kind, const struct plm_cache_key *key,
                    struct plm_fs_map *out)
{
    struct stat st;
    plm_auto_fd int fd = open_entry(ctx, kind, key, &st);
    if (fd < 0 || st.st_size == 0 || plm_fs_map_fd(fd, "cache entry", ENTRY_MAX, out, NULL) < 0)
        return false;
    if (st.st_mtime + TOUCH_AFTER < plm_now(&PLM_CTX_INIT)) {
        struct timespec both[2] = {{.tv_nsec = UTIME_NOW}, {.tv_nsec = UTIME_NOW}};
        (void)futimens(fd, both);
    }
    return true;
}

bool plm_cache_has(const struct plm_ctx *ctx, enum plm_cache_kind kind, const struct plm_cache_key *key)
{
    struct stat st;
    plm_auto_fd int fd = open_entry(ctx, kind, key, &st);
    return fd >= 0;
}

/* No fsync: an entry that a power failure tears does not match its checksum and is read again. */
static int write_entry(const char *path, plm_sv bytes, plm_err **err)
{
    plm_auto_free char *tmp = NULL;
    if (asprintf(&tmp, "%s.tmp.XXXXXX", path) < 0) {
        tmp = NULL;
        return plm_fail_oom(err);
    }
    plm_auto_fd int fd = mkostemp(tmp, O_CLOEXEC);
    if (fd < 0)
        return plm_fail_sys(err, "%s", tmp);
    int r = plm_fs_write_all(fd, bytes.p, bytes.n, err);
    if (r == 0 && (fchmod(fd, 0600) < 0 || rename(tmp, path) < 0))
        r = plm_fail_sys(err, "%s", path);
    if (r < 0)
        unlink(tmp);
    return r;
}

void plm_cache_store(const struct plm_ctx *ctx, enum plm_cache_kind kind, const struct plm_cache_key *key,
                     plm_sv bytes)
{
    plm_auto_free char *path = entry_path(ctx, kind, key);
    plm_auto_free char *dir = path ? strdup(path) : NULL;
    if (!dir)
        return;
    *strrchr(dir, '/') = 0;
    plm_err *e = NULL;
    if (plm_fs_mkdirs(dir, 0700, &e) < 0 || write_entry(path, bytes, &e) < 0) {
        plm_auto_free char *text = plm_err_text(e);
        plm_log(ctx, PLM_LOG_DEBUG, "cache entry not written", "cause", text ? text : "out of memory", NULL);
        plm_err_free(e);
    }
}

void plm_cache_drop(const struct plm_ctx *ctx, enum plm_cache_kind kind, const struct plm_cache_key *key)
{
    plm_auto_free char *path = entry_path(ctx, kind, key);
    if (path)
        unlink(path);
}

/* ---- status and pruning ------------------------------------------------------------------------ */

struct found {
    char *path;
    uint64_t bytes;
    int64_t used;
};

struct listing {
    struct plm_arena *arena;
    PLM_VEC(struct found) v;
    uint64_t bytes;
};

static void list_folder(struct listing *l, const char *dir, int64_t now)
{
    DIR *d = opendir(dir);
    if (!d)
        return;
    for (struct dirent *e; (e = readdir(d)) != NULL;) {
        struct stat st;
        if (e->d_name[0] == '.' || fstatat(dirfd(d), e->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0 ||
            !S_ISREG(st.st_mode))
            continue;
        if (strstr(e->d_name, ".tmp.")) {
            if (st.st_mtime + ABANDONED_AFTER < now)
                unlinkat(dirfd(d), e->d_name, 0);
            continue;
        }
        struct found *f = plm_vec_push(l->arena, &l->v);
        if (!f)
            break;
        plm_sv path = plm_arena_printf(l->arena, "%s/%s", dir, e->d_name);
        f->path = plm_arena_cstr(l->arena, path);
        f->bytes = (uint64_t)st.st_blocks * 512;
        f->used = st.st_mtime;
        l->bytes += f->bytes;
    }
    closedir(d);
}

static int list_all(const struct plm_ctx *ctx, struct listing *l, plm_err **err)
{
    int64_t now = plm_now(&PLM_CTX_INIT);
    for (size_t k = 0; ctx->cache_dir && k < sizeof(folders) / sizeof(folders[0]); k++)
        for (unsigned i = 0; i < 256; i++) {
            plm_auto_free char *dir = NULL;
            if (asprintf(&dir, "%s/%s/%02x", ctx->cache_dir, folders[k], i) < 0) {
                dir = NULL;
                return plm_fail_oom(err);
            }
            list_folder(l, dir, now);
        }
    return plm_arena_check(l->arena, err);
}

int plm_cache_status(const struct plm_ctx *ctx, struct plm_cache_status *out, plm_err **err)
{
    plm_auto(plm_arena_free) struct plm_arena *a = plm_arena_new(PLM_ARENA_NO_LIMIT);
    if (!a)
        return plm_fail_oom(err);
    struct listing l = {.arena = a};
    if (list_all(ctx, &l, err) < 0)
        return -1;
    struct plm_cache_status s = {.records = l.v.n, .bytes = l.bytes};
    for (size_t i = 0; i < l.v.n; i++)
        if (s.oldest_used == 0 || (uint64_t)l.v.v[i].used < s.oldest_used)
            s.oldest_used = (uint64_t)l.v.v[i].used;
    *out = s;
    return 0;
}

static int oldest_first(const void *pa, const void *pb)
{
    const struct found *a = pa, *b = pb;
    if (a->used != b->used)
        return a->used < b->used ? -1 : 1;
    return strcmp(a->path, b->path);
}

int plm_cache_prune(const struct plm_ctx *ctx, uint64_t max_bytes, struct plm_cache_status *out_removed,
                    plm_err **err)
{
    plm_auto(plm_arena_free) struct plm_arena *a = plm_arena_new(PLM_ARENA_NO_LIMIT);
    if (!a)
        return plm_fail_oom(err);
    struct listing l = {.arena = a};
    if (list_all(ctx, &l, err) < 0)
        return -1;
    if (l.v.n)
        qsort(l.v.v, l.v.n, sizeof(*l.v.v), oldest_first);
    struct plm_cache_status removed = {0};
    for (size_t i = 0; i < l.v.n && l.bytes > max_bytes; i++) {
        if (unlink(l.v.v[i].path) < 0 && errno != ENOENT)
            return plm_fail_sys(err, "remove %s", l.v.v[i].path);
        l.bytes -= l.v.v[i].bytes;
        removed.records++;
        removed.bytes += l.v.v[i].bytes;
        removed.oldest_used = removed.oldest_used ? removed.oldest_used : (uint64_t)l.v.v[i].used;
    }
    if (out_removed)
        *out_removed = removed;
    return 0;
}
