/* SPDX-License-Identifier: Apache-2.0
 *
 * The network and the cache of the repository feed.
 *
 * Cache files lie in one folder, named KIND-DIGEST after the digest of what they were made
 * from, so they need no locking and never go wrong by age: an index is named by the SHA-256 that
 * its signed Release lists, a verification by the bytes and keys it judged, a changelog by
 * source package and version. The one kind that changes is a suite's Release ("suite-..."),
 * which carries the time it was fetched. Files are replaced atomically; how they age and go: base/cachedir.h.
 */
#include "base/cachedir.h"
#include "base/pool.h"
#include "base/rd.h"
#include "base/text.h"
#include "repo/repo_int.h"

#include <fcntl.h>

#define UNUSED_SECONDS (60 * 86400)

int plm_repo_worker_init(struct repo_worker *w, const struct repo_run *run, plm_err **err)
{
    *w = (struct repo_worker){.run = run, .arena = plm_arena_new(PLM_MIB(256))};
    w->notes.arena = w->arena;
    return w->arena ? 0 : plm_fail_oom(err);
}

void plm_repo_worker_done(struct repo_worker *w)
{
    for (size_t i = 0; i < sizeof(w->http) / sizeof(w->http[0]); i++)
        if (w->http[i])
            plm_http_free(w->http[i]);
    if (w->arena)
        plm_arena_free(w->arena);
    *w = (struct repo_worker){0};
}

int plm_repo_get(struct repo_worker *w, plm_sv base, plm_sv path, bool public_only, size_t max,
                 struct plm_buf *out, plm_err **err)
{
    struct plm_http **h = &w->http[public_only];
    if (plm_cancelled(w->run->ctx))
        return plm_fail(err, PLM_E_CANCEL, "cancelled");
    if (!*h) {
        struct plm_http_config conf = {.connect_timeout_ms = 10000, .public_only = public_only};
        *h = plm_http_new(w->run->ctx, &conf, err);
        if (!*h)
            return -1;
    }
    plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(PLM_KIB(64));
    plm_buf_sv_put(&b, base);
    plm_buf_byte(&b, '/');
    for (size_t i = 0; i < path.n; i++) /* as apt does: some servers read '+' as a blank */
        if (strchr("+~ ", path.p[i]) && path.p[i])
            plm_buf_printf(&b, "%%%02x", (unsigned char)path.p[i]);
        else
            plm_buf_byte(&b, (unsigned char)path.p[i]);
    const char *url = plm_buf_cstr(&b);
    if (!url)
        return plm_buf_check(&b, err) < 0 ? -1 : plm_fail_oom(err);
    struct plm_http_request req = {.max_bytes = max};
    struct plm_http_response res;
    size_t before = out->n;
    if (plm_http_fetch(*h, url, &req, out, &res, err) == 0)
        return 0;
    out->n = before;
    return -1;
}

static const char raw_magic[8] = {'P', 'L', 'M', 'R', 'R', 'W', '0', '1'};

/* A fetched file of the cache: "PLMRRW01", u64 time, the bytes. */
static bool read_raw(const struct repo_run *run, plm_sv name, size_t max, struct plm_buf *out,
                     int64_t *out_at)
{
    plm_auto_done(plm_buf_done) struct plm_buf f = PLM_BUF(max + 16);
    if (!plm_repo_cache_read(run, name, f.max, &f))
        return false;
    struct plm_rd r = PLM_RD(plm_buf_sv(&f));
    plm_sv magic = plm_rd_bytes(&r, sizeof(raw_magic));
    uint64_t at = plm_rd_u64le(&r);
    if (r.failed || memcmp(magic.p, raw_magic, sizeof(raw_magic)) != 0 || at > INT64_MAX)
        return false;
    plm_buf_put(out, r.data.p + r.at, plm_rd_left(&r));
    *out_at = (int64_t)at < run->now ? (int64_t)at : run->now;
    return !out->failed;
}

static void write_raw(const struct repo_run *run, plm_sv name, plm_sv data)
{
    plm_auto_done(plm_buf_done) struct plm_buf f = PLM_BUF(data.n + 16);
    plm_buf_put(&f, raw_magic, sizeof(raw_magic));
    plm_buf_u64le(&f, (uint64_t)run->now);
    plm_buf_sv_put(&f, data);
    if (!f.failed)
        plm_repo_cache_write(run, name, plm_buf_sv(&f));
}

int plm_repo_get_cached(struct repo_worker *w, plm_sv base, plm_sv path, bool public_only, size_t max,
                        struct plm_buf *out, int64_t *out_as_of, plm_err **err)
{
    const struct repo_run *run = w->run;
    plm_auto_done(plm_buf_done) struct plm_buf old = PLM_BUF(max), key = PLM_BUF(PLM_KIB(64));
    unsigned char digest[PLM_SHA256_BYTES];
    plm_buf_view(&key, base);
    plm_buf_view(&key, path);
    plm_sha256_of(plm_buf_sv(&key), digest);
    plm_sv name = plm_repo_cache_name(w->arena, "raw", digest);
    int64_t at = 0;
    bool is_there = read_raw(run, name, max, &old, &at);
    plm_auto(plm_err_free) plm_err *why = NULL;
    bool use_old = is_there && (run->ctx->offline || (uint64_t)(run->now - at) <= run->max_age);
    if (!use_old && plm_repo_get(w, base, path, public_only, max, out, &why) == 0) {
        write_raw(run, name, plm_buf_sv(out));
        *out_as_of = run->now;
        return 0;
    }
    if (!is_there)
        return plm_err_move(err, &why);
    if (!use_old)
        plm_repo_note_err(&w->notes, "repo.stale", PLM_SEV_MEDIUM, base, &why);
    plm_buf_sv_put(out, plm_buf_sv(&old));
    *out_as_of = at;
    return plm_buf_check(out, err);
}

plm_sv plm_repo_cache_name(struct plm_arena *a, const char *kind,
                           const unsigned char digest[PLM_SHA256_BYTES])
{
    plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(256);
    plm_buf_printf(&b, "%s-", kind);
    plm_text_hex(&b, digest, PLM_SHA256_BYTES);
    return plm_arena_sv(a, plm_buf_sv(&b));
}

static char *cache_path(const struct repo_run *run, plm_sv name)
{
    return run->cache && name.p ? plm_fs_join(run->cache, name.p) : NULL;
}

/* -1 without a path or file. */
static int open_entry(const char *path, struct stat *st)
{
    plm_auto_fd int fd = path ? open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK) : -1;
    return fd >= 0 && fstat(fd, st) == 0 ? plm_take_fd(fd) : -1;
}

bool plm_repo_cache_read(const struct repo_run *run, plm_sv name, size_t max, struct plm_buf *out)
{
    plm_auto_free char *path = cache_path(run, name);
    struct stat st;
    plm_auto_fd int fd = open_entry(path, &st);
    if (fd < 0 || plm_fs_read_fd(fd, path, max, out, NULL) < 0)
        return false;
    plm_cache_touch(fd, &st);
    return true;
}

bool plm_repo_cache_map(const struct repo_run *run, plm_sv name, size_t max, struct plm_fs_map *out)
{
    plm_auto_free char *path = cache_path(run, name);
    struct stat st;
    plm_auto_fd int fd = open_entry(path, &st);
    if (fd < 0 || plm_fs_map_fd(fd, path, max, out, NULL) < 0)
        return false;
    plm_cache_touch(fd, &st);
    return true;
}

void plm_repo_cache_write(const struct repo_run *run, plm_sv name, plm_sv data)
{
    plm_auto_free char *path = cache_path(run, name);
    plm_auto(plm_err_free) plm_err *why = NULL;
    if (!path)
        return;
    if (plm_fs_mkdirs(run->cache, 0, &why) == 0 && plm_fs_write_atomic(path, data, 0, &why) == 0)
        return;
    plm_auto_free char *text = plm_err_text(why);
    plm_log(run->ctx, PLM_LOG_DEBUG, "repository cache not written", "cause", text ? text : "out of memory",
            NULL);
}

void plm_repo_cache_prune(const struct repo_run *run)
{
    plm_auto(plm_err_free) plm_err *why = NULL;
    if (plm_cache_prune(run->ctx, UINT64_MAX, (int64_t)time(NULL) - UNUSED_SECONDS, NULL, &why) == 0)
        return;
    plm_auto_free char *text = plm_err_text(why); /* the next run tries again */
    plm_log(run->ctx, PLM_LOG_DEBUG, "cache not pruned", "cause", text ? text : "out of memory", NULL);
}

int plm_repo_parallel(unsigned threads, void (*fn)(void *), void *items, size_t n, size_t size, plm_err **err)
{
    if (n == 0)
        return 0;
    plm_auto(plm_pool_free) struct plm_pool *pool = plm_pool_new(n < threads ? (unsigned)n : threads, err);
    if (!pool)
        return -1;
    for (size_t i = 0; i < n; i++)
        plm_pool_submit(pool, fn, (char *)items + i * size);
    plm_pool_wait(pool);
    return 0;
}
