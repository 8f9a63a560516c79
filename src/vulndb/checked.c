/* SPDX-License-Identifier: Apache-2.0
 *
 * plm_db_check_once: the checksums of a store's sections, once for each state of the file. A flipped byte
 * within a name or a version is no fault that a reader could see, so a store is not trusted before its bytes
 * were hashed; hashing at each start would cost more than the whole of a warm scan.
 *
 * CACHE/checked/<SHA-256 of the path> holds the state that was found good: device, inode, size, times and the
 * header. A write to the file changes its times, an update its inode; what neither shows (a disk that returns
 * other bytes) is for plm_db_verify.
 */
#include "base/fs.h"
#include "codec/hash.h"
#include "vulndb/vulndb_int.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <time.h>

/* Times are not finer than a tick: a file that changed this shortly ago could change again without a trace.
 */
enum { SETTLED_NS = 20 * 1000 * 1000 };

static plm_sv state_of(const struct plm_db *db, struct plm_arena *a, struct stat *st)
{
    unsigned char sum[PLM_SHA256_BYTES];
    char text[PLM_DIGEST_CHARS + 1];
    if (fstat(db->fd, st) < 0)
        return PLM_SV_NULL;
    plm_sha256_of(plm_sv_sub(db->map, 0, PLM_DB_HEADER), sum);
    plm_digest_text(sum, text);
    return plm_arena_printf(a, "%s %s\n%llu %llu %lld %lld.%09ld %lld.%09ld %s\n", PLM_VERSION, db->path,
                            (unsigned long long)st->st_dev, (unsigned long long)st->st_ino,
                            (long long)st->st_size, (long long)st->st_mtim.tv_sec, st->st_mtim.tv_nsec,
                            (long long)st->st_ctim.tv_sec, st->st_ctim.tv_nsec, text);
}

static plm_sv folder_of(const struct plm_ctx *ctx, struct plm_arena *a)
{
    return plm_arena_printf(a, "%s/checked", ctx->cache_dir);
}

static plm_sv name_of(const struct plm_ctx *ctx, const struct plm_db *db, struct plm_arena *a)
{
    unsigned char sum[PLM_SHA256_BYTES];
    char text[PLM_DIGEST_CHARS + 1];
    plm_sha256_of(plm_sv_from(db->path), sum);
    plm_digest_text(sum, text);
    return plm_arena_printf(a, "%.*s/%s", PLM_SV_ARG(folder_of(ctx, a)), text + sizeof("sha256:") - 1);
}

static bool is_remembered(const char *path, plm_sv state)
{
    struct stat st;
    plm_auto_fd int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(state.n + 1);
    if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || (st.st_uid != geteuid() && st.st_uid != 0) ||
        (st.st_mode & (S_IWGRP | S_IWOTH)))
        return false;
    return plm_fs_read_fd(fd, path, b.max, &b, NULL) == 0 && plm_sv_eq(plm_buf_sv(&b), state);
}

static void remember(const struct plm_ctx *ctx, const char *path, plm_sv state, const struct stat *st,
                     struct plm_arena *a)
{
    struct timespec now;
    plm_err *e = NULL;
    if (clock_gettime(CLOCK_REALTIME, &now) < 0 ||
        (now.tv_sec - st->st_ctim.tv_sec) * 1000000000LL + now.tv_nsec - st->st_ctim.tv_nsec < SETTLED_NS)
        return;
    const char *folder = plm_arena_cstr(a, folder_of(ctx, a));
    if (!folder || plm_fs_mkdirs(folder, 0700, &e) < 0 || plm_fs_write_atomic(path, state, 0600, &e) < 0)
        plm_err_free(e); /* it is hashed again next time */
}

int plm_db_check_once(const struct plm_ctx *ctx, const struct plm_db *db, plm_err **err)
{
    plm_auto(plm_arena_free) struct plm_arena *a = plm_arena_new(PLM_ARENA_NO_LIMIT);
    struct stat before, after;
    if (!a)
        return plm_fail_oom(err);
    plm_sv state = state_of(db, a, &before);
    const char *path = ctx->cache_dir ? plm_arena_cstr(a, name_of(ctx, db, a)) : NULL;
    if (path && state.n && is_remembered(path, state))
        return 0;
    if (plm_db_checksums(db, err) < 0)
        return -1;
    if (path && state.n && plm_sv_eq(state, state_of(db, a, &after)))
        remember(ctx, path, state, &after, a);
    return 0;
}
