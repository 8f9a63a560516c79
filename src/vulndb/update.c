/* SPDX-License-Identifier: Apache-2.0
 *
 * `db update`: for each configured feed ask its origin whether it changed since the sections in
 * the store were read; fetch and read those that did, take over the rest, replace the store.
 *
 * What an update remembers (address, etag, date) is inside the store, next to the data it
 * belongs to; only half-finished downloads lie beside it, in <store directory>/download/FEED/.
 * One update at a time: flock on <store>.lock. Every moment of it may be the last: until the
 * final rename the old store stands, and the next run picks the downloads up.
 *
 * Feeds are fetched and read in parallel (the pool of the context's jobs). A feed that cannot
 * be fetched or read keeps its old sections, with their old date, and is reported.
 */
#include "base/fs.h"
#include "base/pool.h"
#include "base/progress.h"
#include "net/net.h"
#include "vulndb/vulndb_int.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>

struct update {
    const struct plm_ctx *ctx;
    const struct plm_db_update_options *opt;
    struct plm_db *old; /* NULL: none, or none that can be read */
    struct plm_db_builder *b;
    char *dir;            /* of the store */
    pthread_mutex_t lock; /* guards what follows */
    uint64_t done, total;
    struct plm_arena *arena; /* of `unreachable` */
    plm_sv_vec unreachable;  /* "https://host:port" that could not be connected to */
};

struct job {
    struct update *u;
    const struct plm_db_source *source;
    struct plm_arena *arena;
    int64_t size;
    enum plm_code code; /* of a failure */
    struct plm_db_update_row row;
};

const char *plm_db_update_state_name(enum plm_db_update_state s)
{
    switch (s) {
    case PLM_DB_FEED_NEW:
        return "updated";
    case PLM_DB_FEED_UNCHANGED:
        return "unchanged";
    case PLM_DB_FEED_FAILED:
        return "failed";
    case PLM_DB_FEED_DROPPED:
        return "dropped";
    case PLM_DB_FEED_KEPT:
        return "kept";
    }
    return "unknown";
}

static bool old_feed(const struct update *u, plm_sv name, struct plm_db_feed_info *out)
{
    for (size_t i = 0; u->old && i < plm_db_feed_count(u->old); i++) {
        plm_db_feed(u->old, i, out);
        if (plm_sv_eq(out->name, name))
            return true;
    }
    return false;
}

static bool is_url(plm_sv s)
{
    return plm_sv_starts(s, PLM_SV("http://")) || plm_sv_starts(s, PLM_SV("https://"));
}

/* Last part of an address without query, as a file name. */
static plm_sv file_name_of(struct plm_arena *a, plm_sv url)
{
    plm_sv s = plm_sv_sub(url, 0, plm_sv_find(url, '?'));
    size_t slash = plm_sv_rfind(s, '/');
    if (slash != SIZE_MAX)
        s = plm_sv_from_off(s, slash + 1);
    s = plm_sv_sub(s, 0, 200);
    char *p = plm_arena_cstr(a, s.n && s.p[0] != '.' ? s : PLM_SV("data"));
    for (char *c = p; c && *c; c++)
        if (*c == '%' || (unsigned char)*c < 0x21 || (unsigned char)*c > 0x7e)
            *c = '_';
    return plm_sv_from(p);
}

/* ---- one feed --------------------------------------------------------------------------------- */

static int read_fetched(struct job *j, const char *part, const struct plm_feed_origin *origin, plm_err **err)
{
    struct update *u = j->u;
    plm_auto_free char *name = strndup(j->source->name.p, j->source->name.n);
    plm_auto_free char *format = strndup(j->source->format.p, j->source->format.n);
    if (!name || !format)
        return plm_fail_oom(err);
    int64_t fetched_at = plm_now(u->ctx);
    if (plm_feed_read(u->ctx, u->b, name, format, part, fetched_at, &j->row.stats, err) < 0)
        return -1;
    return plm_db_builder_origin(u->b, j->source->name, origin, err);
}

/* Fetches into download/FEED/FILE.part and reads it. The part goes when it was read, and when it is no good.
 */
static int update_url(struct job *j, plm_err **err)
{
    struct update *u = j->u;
    struct plm_db_feed_info info = {0};
    bool have_old = old_feed(u, j->source->name, &info);
    struct plm_feed_origin none = {0}, origin = {0};
    bool same = have_old && plm_sv_eq(info.origin.url, j->source->address) &&
                plm_sv_eq(info.format, j->source->format);
    plm_sv dir = plm_arena_printf(j->arena, "%s/download/%.*s", u->dir, PLM_SV_ARG(j->source->name));
    plm_sv part = plm_arena_printf(j->arena, "%s/%s.part", dir.p ? dir.p : "",
                                   file_name_of(j->arena, j->source->address).p);
    plm_sv note = plm_arena_printf(j->arena, "%s.note", part.p ? part.p : "");
    if (!dir.p || !part.p || !note.p)
        return plm_arena_check(j->arena, err);
    if (plm_fs_mkdirs(dir.p, 0755, err) < 0)
        return -1;
    bool unchanged = false;
    if (plm_db_fetch(u->ctx, j->source->address.p, part.p, same ? &info.origin : &none,
                     u->opt->connect_timeout_ms, j->arena, &origin, &j->row.fetched, &unchanged, err) < 0)
        return -1;
    if (unchanged && plm_db_builder_reuse(u->b, u->old, j->source->name, plm_now(u->ctx), NULL) == 0) {
        j->row.state = PLM_DB_FEED_UNCHANGED;
        j->row.stats =
            (struct plm_feed_stats){.records = info.records, .ranges = info.ranges, .bad = info.bad};
        return 0;
    }
    /* what the store has of it is damaged: all of it again, without a condition */
    if (unchanged && plm_db_fetch(u->ctx, j->source->address.p, part.p, &none, u->opt->connect_timeout_ms,
                                  j->arena, &origin, &j->row.fetched, &unchanged, err) < 0)
        return -1;
    int r = read_fetched(j, part.p, &origin, err);
    unlink(part.p);
    unlink(note.p);
    rmdir(dir.p);
    return r;
}

/* In --from DIR: an entry NAME or NAME.*, else the address without its scheme, as a mirror program lays it
 * out. */
static char *find_in(const struct update *u, const struct plm_db_source *s)
{
    DIR *d = opendir(u->opt->from);
    char *found = NULL;
    for (struct dirent *e; d && (e = readdir(d));) {
        plm_sv name = plm_sv_from(e->d_name);
        if (!plm_sv_starts(name, s->name) || (name.n > s->name.n && name.p[s->name.n] != '.'))
            continue;
        char *path = plm_fs_join(u->opt->from, e->d_name);
        if (path && (!found || strcmp(path, found) < 0)) { /* the first by name: readdir has no order */
            free(found);
            found = path;
        } else {
            free(path);
        }
    }
    if (d)
        closedir(d);
    size_t at = plm_sv_find_sv(s->address, PLM_SV("://"));
    if (!found && at != SIZE_MAX)
        found = plm_fs_join(u->opt->from, s->address.p + at + 3);
    return found;
}

static int update_path(struct job *j, const char *path, plm_err **err)
{
    plm_auto_free char *name = strndup(j->source->name.p, j->source->name.n);
    plm_auto_free char *format = strndup(j->source->format.p, j->source->format.n);
    if (!name || !format)
        return plm_fail_oom(err);
    return plm_feed_read(j->u->ctx, j->u->b, name, format, path, j->u->opt->as_of, &j->row.stats, err);
}

/* "https://host:port" of an address. An update that nobody asked for (it has a connect timeout of its own)
 * does not tell hosts apart: where one cannot be reached, it leaves the rest alone. */
static plm_sv host_of(const struct update *u, plm_sv url)
{
    size_t at = plm_sv_find_sv(url, PLM_SV("://"));
    size_t end = at == SIZE_MAX ? SIZE_MAX : plm_sv_find(plm_sv_from_off(url, at + 3), '/');
    return u->opt->connect_timeout_ms ? PLM_SV("*")
           : end == SIZE_MAX          ? url
                                      : plm_sv_sub(url, 0, at + 3 + end);
}

static bool is_unreachable(struct update *u, plm_sv host)
{
    bool found = false;
    pthread_mutex_lock(&u->lock);
    for (size_t i = 0; i < u->unreachable.n; i++)
        found |= plm_sv_eq(u->unreachable.v[i], host);
    pthread_mutex_unlock(&u->lock);
    return found;
}

/* Many feeds share a host: each of them would wait for its own timeout. */
static int update_address(struct job *j, plm_err **err)
{
    static const char *const ids[] = {"net.resolve", "net.connect", "net.timeout"};
    struct update *u = j->u;
    plm_sv host = host_of(u, j->source->address);
    plm_err *cause = NULL;
    if (is_unreachable(u, host))
        return plm_fail_id(err, PLM_E_NET, "net.connect",
                           "%s: not tried: another feed could not reach the host", j->source->address.p);
    if (update_url(j, &cause) == 0)
        return 0;
    for (size_t i = 0; i < sizeof(ids) / sizeof(*ids); i++) {
        if (!plm_sv_is(plm_sv_from(plm_err_id(cause)), ids[i]))
            continue;
        pthread_mutex_lock(&u->lock);
        (void)plm_sv_vec_add(u->arena, &u->unreachable, host); /* without memory: it is tried again */
        pthread_mutex_unlock(&u->lock);
    }
    return plm_err_move(err, &cause);
}

static int update_feed(struct job *j, plm_err **err)
{
    if (plm_cancelled(j->u->ctx))
        return plm_fail(err, PLM_E_CANCEL, "stopped");
    if (j->u->opt->from) {
        plm_auto_free char *path = find_in(j->u, j->source);
        if (!path || access(path, F_OK) != 0)
            return plm_fail(err, PLM_E_NOTFOUND, "%s holds no %.*s.*", j->u->opt->from,
                            PLM_SV_ARG(j->source->name));
        return update_path(j, path, err);
    }
    return is_url(j->source->address) ? update_address(j, err) : update_path(j, j->source->address.p, err);
}

static void run_job(void *arg)
{
    struct job *j = arg;
    plm_err *err = NULL;
    j->row.name = j->source->name;
    j->row.state = PLM_DB_FEED_NEW;
    if (update_feed(j, &err) < 0) {
        plm_auto_free char *text = plm_err_text(err);
        j->row.state = PLM_DB_FEED_FAILED;
        j->code = plm_err_code(err);
        j->row.message = plm_arena_sv(j->arena, text ? plm_sv_from(text) : PLM_SV("out of memory"));
        plm_err_free(err);
    }
    pthread_mutex_lock(&j->u->lock);
    uint64_t done = ++j->u->done;
    pthread_mutex_unlock(&j->u->lock);
    plm_progress_step(j->u->ctx->progress, "vulnerability data", done, j->u->total);
}

/* ---- all of them ------------------------------------------------------------------------------ */

static int row_put(struct plm_arena *a, plm_db_update_rows *out, const struct plm_db_update_row *row,
                   plm_err **err)
{
    struct plm_db_update_row *to = plm_vec_push(a, out);
    if (to) {
        *to = *row;
        to->name = plm_arena_sv(a, row->name);
        to->message = plm_arena_sv(a, row->message);
    }
    return plm_arena_check(a, err);
}

/* A failed feed keeps what it had, unless that is damaged too. */
static int keep_failed(struct update *u, const struct plm_db_update_row *row, plm_err **err)
{
    struct plm_db_feed_info info;
    plm_err *cause = NULL;
    if (row->state != PLM_DB_FEED_FAILED || !old_feed(u, row->name, &info) ||
        plm_db_builder_reuse(u->b, u->old, row->name, 0, &cause) == 0)
        return 0;
    if (plm_err_code(cause) == PLM_E_OOM)
        return plm_err_move(err, &cause);
    plm_err_free(cause);
    return 0;
}

/* Feeds of the old store that are not configured: built from a file, they stay; fetched once, they go. */
static int keep_others(struct update *u, struct plm_arena *a, plm_db_update_rows *out, plm_err **err)
{
    for (size_t i = 0; u->old && i < plm_db_feed_count(u->old); i++) {
        struct plm_db_feed_info info;
        bool is_configured = false;
        plm_db_feed(u->old, i, &info);
        for (size_t k = 0; k < u->opt->sources.n; k++)
            is_configured |= plm_sv_eq(u->opt->sources.v[k].name, info.name);
        if (is_configured)
            continue;
        struct plm_db_update_row row = {
            .name = info.name,
            .state = info.origin.url.n ? PLM_DB_FEED_DROPPED : PLM_DB_FEED_KEPT,
            .stats = {.records = info.records, .ranges = info.ranges, .bad = info.bad}};
        if (row.state == PLM_DB_FEED_KEPT && plm_db_builder_reuse(u->b, u->old, info.name, 0, err) < 0)
            return -1;
        if (row_put(a, out, &row, err) < 0)
            return -1;
    }
    return 0;
}

static int by_name(const void *a, const void *b)
{
    return plm_sv_cmp(((const struct plm_db_update_row *)a)->name,
                      ((const struct plm_db_update_row *)b)->name);
}

static int by_size(const void *a, const void *b)
{
    int64_t x = (*(struct job *const *)a)->size, y = (*(struct job *const *)b)->size;
    return (x < y) - (x > y);
}

/* Large files first, so that none of them is left to run alone at the end. */
static int run_jobs(struct update *u, struct job *jobs, plm_err **err)
{
    size_t n = u->opt->sources.n;
    plm_auto_free struct job **order = calloc(n + 1, sizeof(struct job *));
    plm_auto(plm_pool_free) struct plm_pool *pool = plm_pool_new(plm_jobs(u->ctx), err);
    if (!pool)
        return -1;
    if (!order)
        return plm_fail_oom(err);
    for (size_t i = 0; i < n; i++) {
        struct stat st;
        order[i] = &jobs[i];
        jobs[i].size = stat(jobs[i].source->address.p, &st) == 0 ? (int64_t)st.st_size : INT64_MAX;
    }
    if (n)
        qsort(order, n, sizeof(*order), by_size);
    for (size_t i = 0; i < n; i++)
        plm_pool_submit(pool, run_job, order[i]);
    plm_pool_wait(pool);
    return 0;
}

/* A build is all or nothing: the first failure by name is its error. */
static int build_failed(const struct job *jobs, size_t n, plm_err **err)
{
    const struct job *first = NULL;
    for (size_t i = 0; i < n; i++)
        if (jobs[i].row.state == PLM_DB_FEED_FAILED &&
            (!first || plm_sv_cmp(jobs[i].row.name, first->row.name) < 0))
            first = &jobs[i];
    if (!first)
        return 0;
    return plm_fail(err, first->code, "%.*s", PLM_SV_ARG(first->row.message));
}

static int update_all(struct update *u, struct job *jobs, struct plm_arena *a, plm_db_update_rows *out,
                      plm_err **err)
{
    size_t failed = 0, n = u->opt->sources.n;
    for (size_t i = 0; i < n; i++) {
        jobs[i] = (struct job){.u = u, .source = &u->opt->sources.v[i], .arena = plm_arena_new(PLM_MIB(16))};
        if (!jobs[i].arena)
            return plm_fail_oom(err);
    }
    if (run_jobs(u, jobs, err) < 0)
        return -1;
    if (u->opt->is_build && build_failed(jobs, n, err) < 0)
        return -1;
    for (size_t i = 0; i < n; i++) {
        failed += jobs[i].row.state == PLM_DB_FEED_FAILED;
        if (row_put(a, out, &jobs[i].row, err) < 0 || keep_failed(u, &jobs[i].row, err) < 0)
            return -1;
    }
    if (keep_others(u, a, out, err) < 0)
        return -1;
    if (out->n)
        qsort(out->v, out->n, sizeof(*out->v), by_name);
    if (plm_cancelled(u->ctx))
        return plm_fail(err, PLM_E_CANCEL, "stopped; the old store stands");
    if (n && failed == n)
        return 0; /* nothing new: the old store, if any, stands as it is */
    return plm_db_builder_write(u->b, u->opt->path, err);
}

/* Temporary files that a killed update left: only the holder of the lock may remove them. */
static void sweep(const struct update *u)
{
    plm_sv path = plm_sv_from(u->opt->path);
    size_t slash = plm_sv_rfind(path, '/');
    plm_sv base = slash == SIZE_MAX ? path : plm_sv_from_off(path, slash + 1);
    DIR *d = opendir(u->dir);
    for (struct dirent *e; d && (e = readdir(d));) {
        plm_sv name = plm_sv_from(e->d_name);
        if (plm_sv_starts(name, base) && plm_sv_starts(plm_sv_from_off(name, base.n), PLM_SV(".tmp.")))
            unlinkat(dirfd(d), e->d_name, 0);
    }
    if (d)
        closedir(d);
}

int plm_db_lock(const char *store, plm_err **err)
{
    plm_auto_free char *path = NULL;
    if (asprintf(&path, "%s.lock", store) < 0)
        return plm_fail_oom(err);
    plm_auto_fd int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);
    if (fd < 0)
        return plm_fail_sys(err, "%s", path);
    if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
        if (errno != EWOULDBLOCK)
            return plm_fail_sys(err, "%s", path);
        int r = plm_fail_id(err, PLM_E_IO, "db.locked", "%s: another process is replacing the store", store);
        plm_err_hint(err, "wait until it has finished");
        return r;
    }
    return plm_take_fd(fd);
}

static int update_locked(struct update *u, struct plm_arena *a, plm_db_update_rows *out, plm_err **err)
{
    plm_err *unusable = NULL;
    if (!u->opt->is_build) {
        sweep(u);
        u->old = plm_db_open(u->opt->path, &unusable);
    }
    if (unusable && plm_err_code(unusable) == PLM_E_OOM)
        return plm_err_move(err, &unusable);
    plm_err_free(unusable); /* missing or damaged: everything is fetched anew */
    u->b = plm_db_builder_new(u->ctx, err);
    struct job *jobs = u->b ? calloc(u->opt->sources.n + 1, sizeof(*jobs)) : NULL;
    int r = jobs ? update_all(u, jobs, a, out, err) : u->b ? plm_fail_oom(err) : -1;
    for (size_t i = 0; jobs && i < u->opt->sources.n; i++)
        plm_arena_free(jobs[i].arena);
    free(jobs);
    plm_db_builder_free(u->b);
    plm_db_close(u->old);
    return r;
}

int plm_db_update(const struct plm_ctx *ctx, const struct plm_db_update_options *opt, struct plm_arena *a,
                  plm_db_update_rows *out, plm_err **err)
{
    struct update u = {.ctx = ctx, .opt = opt, .total = opt->sources.n};
    const char *slash = strrchr(opt->path, '/');
    plm_auto_free char *dir =
        slash ? strndup(opt->path, slash == opt->path ? 1 : (size_t)(slash - opt->path)) : strdup(".");
    u.dir = dir;
    if (!dir)
        return plm_fail_oom(err);
    if (plm_fs_mkdirs(dir, 0755, err) < 0)
        return -1;
    plm_auto_fd int lock = -1;
    if (!opt->is_build && (lock = plm_db_lock(opt->path, err)) < 0)
        return -1;
    u.arena = plm_arena_new(PLM_ARENA_NO_LIMIT);
    if (!u.arena)
        return plm_fail_oom(err);
    pthread_mutex_init(&u.lock, NULL);
    int r = update_locked(&u, a, out, err);
    pthread_mutex_destroy(&u.lock);
    plm_arena_free(u.arena);
    return r;
}
