/* SPDX-License-Identifier: Apache-2.0
 *
 * Entries on disk: CACHE/layers/ab/<62 hex digits>, CACHE/seen/ab/<62 hex digits>. How they age and go:
 * base/cachedir.h.
 */
#include "image/cache.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define ENTRY_MAX (SIZE_MAX / 2)

static const enum plm_cache_part parts[] = {
    [PLM_CACHE_LAYER] = PLM_CACHE_PART_LAYERS, [PLM_CACHE_SEEN] = PLM_CACHE_PART_SEEN};

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
    if (!ctx->cache_dir || asprintf(&out, "%s/%s/%.2s/%s", ctx->cache_dir, plm_cache_folder(parts[kind]),
                                    key->hex, key->hex + 2) < 0)
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
    plm_cache_touch(fd, &st);
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
