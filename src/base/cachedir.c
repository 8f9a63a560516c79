/* SPDX-License-Identifier: Apache-2.0
 *
 * Ageing and pruning of the cache folders. One listing of all files, O(files), sorted by last use.
 */
#include "base/cachedir.h"

#include "base/arena.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

enum { TOUCH_AFTER = 3600, ABANDONED_AFTER = 3600, HASHED_FOLDERS = 256 };

static const struct {
    const char *folder;
    bool is_hashed;
} parts[PLM_CACHE_PARTS_] = {
    [PLM_CACHE_PART_LAYERS] = {"layers", true},
    [PLM_CACHE_PART_SEEN] = {"seen", true},
    [PLM_CACHE_PART_REPO] = {"repo", false},
};

const char *plm_cache_folder(enum plm_cache_part part)
{
    return parts[part].folder;
}

/* The clock of files, not the injected one. */
static int64_t file_clock(void)
{
    return plm_now(&PLM_CTX_INIT);
}

void plm_cache_touch(int fd, const struct stat *st)
{
    if (st->st_mtime + TOUCH_AFTER < file_clock())
        (void)futimens(fd, NULL);
}

struct found {
    char *path;
    enum plm_cache_part part;
    uint64_t bytes;
    int64_t used;
};

struct listing {
    struct plm_arena *arena;
    PLM_VEC(struct found) v;
    uint64_t bytes;
};

static void list_folder(struct listing *l, enum plm_cache_part part, const char *dir, int64_t now)
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
        *f = (struct found){.path = plm_arena_cstr(l->arena, path),
                            .part = part,
                            .bytes = (uint64_t)st.st_blocks * 512,
                            .used = st.st_mtime};
        l->bytes += f->bytes;
    }
    closedir(d);
}

static int list_all(const struct plm_ctx *ctx, struct listing *l, plm_err **err)
{
    int64_t now = file_clock();
    for (enum plm_cache_part k = 0; ctx->cache_dir && k < PLM_CACHE_PARTS_; k++)
        for (unsigned i = 0; i < (parts[k].is_hashed ? HASHED_FOLDERS : 1); i++) {
            plm_auto_free char *dir = NULL;
            int n = parts[k].is_hashed ? asprintf(&dir, "%s/%s/%02x", ctx->cache_dir, parts[k].folder, i)
                                       : asprintf(&dir, "%s/%s", ctx->cache_dir, parts[k].folder);
            if (n < 0) {
                dir = NULL;
                return plm_fail_oom(err);
            }
            list_folder(l, k, dir, now);
        }
    return plm_arena_check(l->arena, err);
}

static void count(struct plm_cache_status *s, const struct found *f)
{
    s->records++;
    s->bytes += f->bytes;
    s->parts[f->part].records++;
    s->parts[f->part].bytes += f->bytes;
    if (s->oldest_used == 0 || (uint64_t)f->used < s->oldest_used)
        s->oldest_used = (uint64_t)f->used;
}

int plm_cache_status(const struct plm_ctx *ctx, struct plm_cache_status *out, plm_err **err)
{
    plm_auto(plm_arena_free) struct plm_arena *a = plm_arena_new(PLM_ARENA_NO_LIMIT);
    if (!a)
        return plm_fail_oom(err);
    struct listing l = {.arena = a};
    if (list_all(ctx, &l, err) < 0)
        return -1;
    struct plm_cache_status s = {0};
    for (size_t i = 0; i < l.v.n; i++)
        count(&s, &l.v.v[i]);
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

int plm_cache_prune(const struct plm_ctx *ctx, uint64_t max_bytes, int64_t unused_since,
                    struct plm_cache_status *out_removed, plm_err **err)
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
    for (size_t i = 0; i < l.v.n; i++) {
        const struct found *f = &l.v.v[i];
        if (l.bytes <= max_bytes && f->used >= unused_since)
            break;
        if (unlink(f->path) < 0 && errno != ENOENT)
            return plm_fail_sys(err, "remove %s", f->path);
        l.bytes -= f->bytes;
        count(&removed, f);
    }
    if (out_removed)
        *out_removed = removed;
    return 0;
}
