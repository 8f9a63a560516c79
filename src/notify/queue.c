/* SPDX-License-Identifier: Apache-2.0
 *
 * Messages that wait for their target, in the order in which they came.
 *
 *     DIR/00000000000000000007.q    segments: records behind one another, each
 *                                   u32 length, u64 hash of the bytes, bytes (little-endian)
 *     DIR/head                      u64 segment, u64 offset in it, u64 lost, u64 hash of these
 *     DIR/lock                      held while the queue is open
 *
 * A record is on disk (fdatasync, and the directory's fsync for a new segment) before push returns. `head`
 * is written without waiting: after a loss of power some messages may be sent twice, none is forgotten. A
 * record that was half written when the power went is cut off; damage in the middle gives up the rest of its
 * segment and counts it as lost.
 *
 * The bound is that of the bytes that wait. What comes when it is reached is refused and counted, so that a
 * flood cannot push out the first messages of an attack. A segment is removed when its last record was sent.
 */
#include "base/fs.h"
#include "base/rd.h"
#include "notify_int.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>

enum { SEGMENT_BYTES = 256 * 1024, RECORD_HEAD = 12, NAME_DIGITS = 20, HEAD_BYTES = 32 };
#define SEGMENT_MAX  (SEGMENT_BYTES + RECORD_HEAD + PLM_NOTICE_RECORD_MAX)
#define SEGMENTS_MAX ((size_t)65536)

struct segment {
    uint64_t id, bytes;
};

struct plm_notify_queue {
    char *dir;
    int dir_fd, lock_fd, head_fd, tail_fd; /* tail_fd: of the last segment, -1: not open */
    size_t max_bytes;
    struct segment *segments; /* by id */
    size_t n_segments, cap_segments;
    uint64_t at; /* in the first segment */
    uint64_t bytes;
    size_t n; /* records that wait */
    uint64_t lost;
    struct plm_buf loaded; /* the first segment's bytes */
    uint64_t loaded_id;
};

static void name_of(uint64_t id, char out[NAME_DIGITS + 3])
{
    (void)snprintf(out, NAME_DIGITS + 3, "%020llu.q", (unsigned long long)id);
}

int plm_notify_segment_next(plm_sv data, size_t *at, plm_sv *out)
{
    struct plm_rd r = PLM_RD(data);
    plm_rd_seek(&r, *at);
    if (!r.failed && plm_rd_left(&r) == 0)
        return 0;
    uint32_t n = plm_rd_u32le(&r);
    uint64_t hash = plm_rd_u64le(&r);
    plm_sv bytes = n <= PLM_NOTICE_RECORD_MAX ? plm_rd_bytes(&r, n) : PLM_SV_NULL;
    if (r.failed || n > PLM_NOTICE_RECORD_MAX || plm_sv_hash(bytes) != hash)
        return -1;
    *at = r.at;
    *out = bytes;
    return 1;
}

/* ---- head ---------------------------------------------------------------------------------- */

static void save_head(struct plm_notify_queue *q)
{
    plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(HEAD_BYTES);
    plm_buf_u64le(&b, q->n_segments ? q->segments[0].id : 0);
    plm_buf_u64le(&b, q->at);
    plm_buf_u64le(&b, q->lost);
    plm_buf_u64le(&b, plm_sv_hash(plm_buf_sv(&b)));
    /* If it fails messages are sent again after a restart: nothing to be done about it here. */
    if (b.n == HEAD_BYTES && pwrite(q->head_fd, b.p, b.n, 0) != HEAD_BYTES)
        errno = 0;
}

static int read_head(struct plm_notify_queue *q, uint64_t *out_id, uint64_t *out_at, plm_err **err)
{
    char bytes[HEAD_BYTES];
    *out_id = *out_at = 0;
    q->head_fd = openat(q->dir_fd, "head", O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (q->head_fd < 0)
        return plm_fail_sys(err, "%s/head", q->dir);
    if (pread(q->head_fd, bytes, sizeof(bytes), 0) != HEAD_BYTES)
        return 0; /* new, or half written: from the first segment on */
    struct plm_rd r = PLM_RD(((plm_sv){bytes, sizeof(bytes)}));
    uint64_t id = plm_rd_u64le(&r), at = plm_rd_u64le(&r), lost = plm_rd_u64le(&r);
    if (plm_rd_u64le(&r) != plm_sv_hash(plm_sv_n(bytes, HEAD_BYTES - 8)))
        return 0;
    *out_id = id;
    *out_at = at;
    q->lost = lost;
    return 0;
}

/* ---- segments ------------------------------------------------------------------------------- */

static int add_segment(struct plm_notify_queue *q, uint64_t id, plm_err **err)
{
    if (q->n_segments == q->cap_segments) {
        size_t cap = q->cap_segments ? q->cap_segments * 2 : 16;
        struct segment *grown = reallocarray(q->segments, cap, sizeof(*grown));
        if (!grown)
            return plm_fail_oom(err);
        q->segments = grown;
        q->cap_segments = cap;
    }
    if (!q->segments)
        return plm_fail_oom(err); /* cannot be: there is room for at least one */
    q->segments[q->n_segments++] = (struct segment){.id = id};
    return 0;
}

static int by_id(const void *a, const void *b)
{
    const struct segment *x = a, *y = b;
    return (x->id > y->id) - (x->id < y->id);
}

/* Names of exactly 20 digits and ".q"; everything else in the directory is not ours. */
static bool parse_name(const char *name, uint64_t *out)
{
    plm_sv s = plm_sv_from(name);
    return s.n == NAME_DIGITS + 2 && plm_sv_ends(s, PLM_SV(".q")) &&
           plm_sv_u64(plm_sv_sub(s, 0, NAME_DIGITS), out) && *out && *out < UINT64_MAX;
}

static int list_segments(struct plm_notify_queue *q, plm_err **err)
{
    int fd = openat(q->dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *d = fd < 0 ? NULL : fdopendir(fd);
    if (!d) {
        if (fd >= 0)
            close(fd);
        return plm_fail_sys(err, "%s", q->dir);
    }
    int r = 0;
    for (const struct dirent *e; r == 0 && (e = readdir(d));) {
        uint64_t id;
        if (parse_name(e->d_name, &id) && q->n_segments < SEGMENTS_MAX)
            r = add_segment(q, id, err);
    }
    closedir(d);
    if (r == 0 && q->n_segments)
        qsort(q->segments, q->n_segments, sizeof(*q->segments), by_id);
    return r;
}

static int load(struct plm_notify_queue *q, size_t i, plm_err **err)
{
    char name[NAME_DIGITS + 3];
    name_of(q->segments[i].id, name);
    plm_buf_clear(&q->loaded);
    q->loaded_id = 0;
    plm_auto_fd int fd = openat(q->dir_fd, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (fd < 0)
        return plm_fail_sys(err, "%s/%s", q->dir, name);
    if (plm_fs_read_fd(fd, name, SEGMENT_MAX, &q->loaded, err) < 0)
        return -1;
    q->loaded_id = q->segments[i].id;
    return 0;
}

static void drop_first(struct plm_notify_queue *q)
{
    char name[NAME_DIGITS + 3];
    name_of(q->segments[0].id, name);
    (void)unlinkat(q->dir_fd, name, 0); /* if it stays its records are sent again: better than never */
    if (q->n_segments == 1 && q->tail_fd >= 0) {
        close(q->tail_fd);
        q->tail_fd = -1;
    }
    q->n_segments--;
    memmove(q->segments, q->segments + 1, q->n_segments * sizeof(*q->segments));
    q->at = 0;
}

/* Segments whose records were all sent, or that have no good one. */
static void drop_sent(struct plm_notify_queue *q)
{
    while (q->n_segments && q->segments[0].bytes <= q->at)
        drop_first(q);
}

/* Counts what waits in segment i from an offset; a damaged end is given up. */
static int count_segment(struct plm_notify_queue *q, size_t i, size_t from, plm_err **err)
{
    plm_sv record;
    size_t at = from, start = from;
    plm_err *why = NULL;
    if (load(q, i, &why) < 0) {
        if (plm_err_code(why) == PLM_E_OOM)
            return plm_err_move(err, &why);
        plm_err_free(why); /* unreadable or far too long: none of ours */
        plm_buf_clear(&q->loaded);
        q->lost++;
    }
    int r;
    for (; (r = plm_notify_segment_next(plm_buf_sv(&q->loaded), &at, &record)) > 0; start = at) {
        q->n++;
        q->bytes += at - start;
    }
    q->lost += r < 0;
    q->segments[i].bytes = start;
    return 0;
}

static int recover(struct plm_notify_queue *q, plm_err **err)
{
    uint64_t id, at;
    if (read_head(q, &id, &at, err) < 0 || list_segments(q, err) < 0)
        return -1;
    while (q->n_segments && q->segments[0].id < id)
        drop_first(q);
    if (q->n_segments && q->segments[0].id == id)
        q->at = at;
    for (size_t i = 0; i < q->n_segments; i++)
        if (count_segment(q, i, i ? 0 : (size_t)q->at, err) < 0)
            return -1;
    drop_sent(q);
    plm_buf_clear(&q->loaded);
    q->loaded_id = 0;
    return 0;
}

/* ---- life ----------------------------------------------------------------------------------- */

static int open_dir(struct plm_notify_queue *q, const char *dir, plm_err **err)
{
    if (plm_fs_mkdirs(dir, 0700, err) < 0)
        return -1;
    q->dir_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (q->dir_fd < 0)
        return plm_fail_sys(err, "%s", dir);
    q->lock_fd = openat(q->dir_fd, "lock", O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (q->lock_fd < 0)
        return plm_fail_sys(err, "%s/lock", dir);
    if (flock(q->lock_fd, LOCK_EX | LOCK_NB) == 0)
        return 0;
    if (errno != EWOULDBLOCK)
        return plm_fail_sys(err, "%s/lock", dir);
    int r = plm_fail_id(err, PLM_E_CONFIG, "notify.queue-busy", "%s: another process uses this queue", dir);
    plm_err_hint(err, "give this one another --notify-dir");
    return r;
}

struct plm_notify_queue *plm_notify_queue_open(const char *dir, size_t max_bytes, plm_err **err)
{
    plm_auto(plm_notify_queue_close) struct plm_notify_queue *q = calloc(1, sizeof(*q));
    if (!q)
        return PLM_NULL(plm_fail_oom(err));
    q->dir_fd = q->lock_fd = q->head_fd = q->tail_fd = -1;
    q->max_bytes = max_bytes;
    q->loaded = PLM_BUF(SEGMENT_MAX);
    if (!(q->dir = strdup(dir)))
        return PLM_NULL(plm_fail_oom(err));
    if (open_dir(q, dir, err) < 0 || recover(q, err) < 0)
        return NULL;
    return plm_take(q);
}

void plm_notify_queue_close(struct plm_notify_queue *q)
{
    if (!q)
        return;
    const int fds[] = {q->tail_fd, q->head_fd, q->lock_fd, q->dir_fd};
    for (size_t i = 0; i < sizeof(fds) / sizeof(fds[0]); i++)
        if (fds[i] >= 0)
            close(fds[i]);
    plm_buf_done(&q->loaded);
    free(q->segments);
    free(q->dir);
    free(q);
}

size_t plm_notify_queue_count(const struct plm_notify_queue *q)
{
    return q->n;
}

uint64_t plm_notify_queue_lost(const struct plm_notify_queue *q)
{
    return q->lost;
}

void plm_notify_queue_said(struct plm_notify_queue *q, int64_t n)
{
    q->lost = n > 0 && (uint64_t)n >= q->lost ? 0 : q->lost - (uint64_t)n;
    save_head(q);
}

/* ---- in and out ------------------------------------------------------------------------------ */

static int new_segment(struct plm_notify_queue *q, plm_err **err)
{
    uint64_t id = q->segments && q->n_segments ? q->segments[q->n_segments - 1].id + 1 : 1;
    char name[NAME_DIGITS + 3];
    name_of(id, name);
    if (q->tail_fd >= 0)
        close(q->tail_fd);
    q->tail_fd = openat(q->dir_fd, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (q->tail_fd < 0)
        return plm_fail_sys(err, "%s/%s", q->dir, name);
    if (fsync(q->dir_fd) < 0)
        return plm_fail_sys(err, "%s", q->dir);
    if (add_segment(q, id, err) < 0)
        return -1;
    if (q->n_segments == 1)
        save_head(q); /* an old offset must not apply to a new segment of the same number */
    return 0;
}

static int open_tail(struct plm_notify_queue *q, plm_err **err)
{
    const struct segment *last = q->n_segments ? &q->segments[q->n_segments - 1] : NULL;
    if (!last || last->bytes >= SEGMENT_BYTES)
        return new_segment(q, err);
    if (q->tail_fd >= 0)
        return 0;
    char name[NAME_DIGITS + 3];
    name_of(last->id, name);
    q->tail_fd = openat(q->dir_fd, name, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
    if (q->tail_fd < 0 || ftruncate(q->tail_fd, (off_t)last->bytes) < 0)
        return plm_fail_sys(err, "%s/%s", q->dir, name);
    return 0;
}

static int append(struct plm_notify_queue *q, plm_sv bytes, plm_err **err)
{
    struct segment *last = &q->segments[q->n_segments - 1];
    size_t done = 0;
    while (done < bytes.n) {
        ssize_t n = pwrite(q->tail_fd, bytes.p + done, bytes.n - done, (off_t)(last->bytes + done));
        if (n < 0 && errno != EINTR)
            return plm_fail_sys(err, "%s: writing the queue", q->dir);
        done += n > 0 ? (size_t)n : 0;
    }
    if (fdatasync(q->tail_fd) < 0)
        return plm_fail_sys(err, "%s: writing the queue", q->dir);
    last->bytes += bytes.n;
    return 0;
}

int plm_notify_queue_push(struct plm_notify_queue *q, plm_sv record, plm_err **err)
{
    if (record.n > PLM_NOTICE_RECORD_MAX || q->bytes + RECORD_HEAD + record.n > q->max_bytes) {
        plm_notify_queue_said(q, -1);
        return plm_fail_id(err, PLM_E_LIMIT, "notify.queue-full",
                           "%s: the queue's bound of %zu bytes is reached", q->dir, q->max_bytes);
    }
    plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(RECORD_HEAD + PLM_NOTICE_RECORD_MAX);
    plm_buf_u32le(&b, (uint32_t)record.n);
    plm_buf_u64le(&b, plm_sv_hash(record));
    plm_buf_sv_put(&b, record);
    if (plm_buf_check(&b, err) < 0)
        return -1;
    if (open_tail(q, err) < 0 || append(q, plm_buf_sv(&b), err) < 0) {
        plm_notify_queue_said(q, -1);
        return -1;
    }
    q->n++;
    q->bytes += b.n;
    return 0;
}

int plm_notify_queue_peek(struct plm_notify_queue *q, plm_sv *out, plm_err **err)
{
    *out = PLM_SV_NULL;
    while (q->n) {
        size_t at = (size_t)q->at;
        if ((q->loaded_id != q->segments[0].id || at >= q->loaded.n) && load(q, 0, err) < 0)
            return -1;
        if (plm_notify_segment_next(plm_buf_sv(&q->loaded), &at, out) > 0)
            return 0;
        /* It was counted when it was written or found: the file changed under us. */
        return plm_fail_id(err, PLM_E_IO, "notify.queue-damaged", "%s: the queue was changed by others",
                           q->dir);
    }
    return 0;
}

int plm_notify_queue_pop(struct plm_notify_queue *q, plm_err **err)
{
    plm_sv record;
    if (plm_notify_queue_peek(q, &record, err) < 0)
        return -1;
    if (!record.p)
        return 0;
    q->at += RECORD_HEAD + record.n;
    q->bytes -= RECORD_HEAD + record.n;
    q->n--;
    drop_sent(q);
    save_head(q);
    if (!q->n)
        plm_buf_done(&q->loaded);
    return 0;
}
