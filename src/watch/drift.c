/* SPDX-License-Identifier: Apache-2.0
 *
 * Drift prevention: programs that the image of a container did not contain are not executed in it.
 *
 * fanotify(7) asks before a file is opened for execution (FAN_OPEN_EXEC_PERM, Linux 5.0): the program, the
 * script, the interpreter, the dynamic loader; libraries that the loader maps are not asked for, nor is a
 * script that is an argument of its interpreter (`sh x`). Programs in memory (memfd) are no files of a
 * container: the rule "Program executed from memory" reports them. A denied execution fails with EPERM.
 *
 * One thread answers. It holds no lock while it judges, asks no other process and no network; it opens files
 * of image layers only, below the engine's directory. If this program ends, the kernel allows what waits:
 * prevention needs the running service. The process that asks is blocked until it is answered, so its pid
 * stays its own.
 */
#include "drift_int.h"

#include "base/fs.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/fanotify.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#define DRIFT_MAX PLM_MIB(1)

/* ---- judging one execution ----------------------------------------------------------------------------- */

struct question {
    int fd;
    int32_t pid;
    plm_sv path; /* as the process's mounts give it */
};

static plm_sv link_text(struct plm_arena *a, const char *path)
{
    char *p = plm_arena_alloc(a, PLM_KIB(8));
    ssize_t n = p ? readlink(path, p, PLM_KIB(8)) : -1;
    return n > 0 ? plm_sv_n(p, (size_t)n) : PLM_SV_NULL;
}

static plm_sv path_of(struct plm_arena *a, int fd)
{
    plm_sv link = plm_arena_printf(a, "/proc/self/fd/%d", fd);
    return link.p ? link_text(a, link.p) : PLM_SV_NULL;
}

/* "mnt_id:\t41" of fdinfo; 0: not known. */
static uint32_t mount_id(struct plm_arena *a, int fd)
{
    plm_auto_done(plm_buf_done) struct plm_buf text = PLM_BUF(PLM_KIB(16));
    plm_sv path = plm_arena_printf(a, "/proc/self/fdinfo/%d", fd), rest, line, key, value;
    uint64_t id;
    if (!path.p || plm_fs_read(path.p, PLM_KIB(16), &text, NULL) < 0)
        return 0;
    for (rest = plm_buf_sv(&text); plm_sv_line(&rest, &line);)
        if (plm_sv_cut(line, ':', &key, &value) && plm_sv_is(key, "mnt_id") &&
            plm_sv_u64(plm_sv_trim(value), &id))
            return (uint32_t)id;
    return 0;
}

/* The mount of the process that the file was opened through; NULL: not found. */
static const struct plm_mount *mount_of(struct plm_arena *a, struct plm_kernel *k, const struct question *q)
{
    plm_mount_vec mounts = {0};
    uint32_t id = mount_id(a, q->fd);
    if (!id || !k || plm_kernel_mounts(k, q->pid, a, &mounts, NULL) < 0)
        return NULL;
    for (size_t i = 0; i < mounts.n; i++)
        if (mounts.v[i].id == id)
            return mounts.v + i; /* of the arena */
    return NULL;
}

/* The path below the root of the file system, where a mount shows only a part of it elsewhere. */
static plm_sv path_in_fs(struct plm_arena *a, const struct plm_mount *m, plm_sv path)
{
    if (!m || (plm_sv_is(m->root, "/") && plm_sv_is(m->point, "/")))
        return PLM_SV_NULL;
    plm_sv rest = plm_sv_is(m->point, "/")        ? path
                  : plm_sv_starts(path, m->point) ? plm_sv_from_off(path, m->point.n)
                                                  : path;
    return plm_sv_is(m->root, "/") ? rest
                                   : plm_arena_printf(a, "%.*s%.*s", PLM_SV_ARG(m->root), PLM_SV_ARG(rest));
}

static enum plm_drift_verdict judge(struct plm_arena *a, struct plm_kernel *k, const struct plm_drift_fs *fs,
                                    const struct question *q)
{
    static const plm_sv deleted = PLM_SV(" (deleted)");
    enum plm_drift_verdict v = plm_drift_judge(fs, q->fd, q->path);
    if (v == PLM_DRIFT_WRITTEN && plm_sv_ends(q->path, deleted))
        v = plm_drift_judge(fs, q->fd, plm_sv_sub(q->path, 0, q->path.n - deleted.n));
    if (v == PLM_DRIFT_WRITTEN && fs->is_overlay) {
        plm_sv other = path_in_fs(a, mount_of(a, k, q), q->path);
        if (other.p)
            v = plm_drift_judge(fs, q->fd, other);
    }
    return v;
}

/* The guarded file system of the file. Where the layers are on several file systems, a file's device is none
 * of the mount's: then the mount itself says. */
static struct plm_drift_fs *fs_of(struct plm_drift *d, struct plm_arena *a, struct plm_kernel *k,
                                  const struct question *q)
{
    struct stat st;
    struct plm_drift_fs *fs = fstat(q->fd, &st) == 0 ? plm_drift_find(d, st.st_dev) : NULL;
    if (fs)
        return fs;
    const struct plm_mount *m = mount_of(a, k, q);
    return m ? plm_drift_find(d, makedev(m->major, m->minor)) : NULL;
}

static bool is_never_process(const struct plm_drift *d, struct plm_arena *a, const struct question *q)
{
    const struct plm_drift_config *c = d->conf;
    if (!c->n_never)
        return false;
    plm_auto_done(plm_buf_done) struct plm_buf comm = PLM_BUF(PLM_KIB(4));
    plm_sv path = plm_arena_printf(a, "/proc/%d/comm", (int)q->pid);
    if (path.p && plm_fs_read(path.p, PLM_KIB(4), &comm, NULL) == 0 &&
        plm_wild_any(c->never, c->n_never, plm_sv_trim(plm_buf_sv(&comm))))
        return true;
    return plm_wild_any(c->never, c->n_never, q->path);
}

/* Whether to deny, were this no dry run. A container that is not known yet cannot be judged where some are
 * exempt. */
static bool is_denied(struct plm_drift *d, struct plm_arena *a, struct plm_kernel *k,
                      const struct question *q)
{
    plm_auto(plm_drift_fs_unref) struct plm_drift_fs *fs = fs_of(d, a, k, q);
    enum plm_drift_verdict v = !fs || !q->path.n ? PLM_DRIFT_UNKNOWN : judge(a, k, fs, q);
    if (v == PLM_DRIFT_IMAGE || (fs && fs->is_never) || is_never_process(d, a, q))
        return false;
    if (v == PLM_DRIFT_WRITTEN && fs->is_named)
        return true;
    atomic_fetch_add(&d->n_unjudged, 1);
    return d->conf->fail_closed && !d->conf->n_only;
}

/* ---- the answering thread ------------------------------------------------------------------------------ */

static void answer(struct plm_drift *d, struct plm_arena *a, struct plm_kernel *k,
                   const struct fanotify_event_metadata *e)
{
    struct question q = {.fd = e->fd, .pid = e->pid, .path = path_of(a, e->fd)};
    bool is_drift = is_denied(d, a, k, &q), deny = is_drift && !d->conf->dry_run;
    const struct fanotify_response r = {.fd = e->fd, .response = deny ? FAN_DENY : FAN_ALLOW};
    atomic_fetch_add(&d->n_asked, 1);
    if (write(d->fan, &r, sizeof(r)) != (ssize_t)sizeof(r))
        plm_log(d->ctx, PLM_LOG_WARN, "the kernel did not take an answer about an execution", "error",
                strerror(errno), NULL);
    close(e->fd);
    if (!is_drift)
        return;
    atomic_fetch_add(deny ? &d->n_denied : &d->n_would_deny, 1);
    if (d->on_denied)
        d->on_denied(d->data, q.pid, q.path, deny);
}

static void *answer_run(void *drift)
{
    struct plm_drift *d = drift;
    plm_auto(plm_arena_free) struct plm_arena *a = plm_arena_new(PLM_MIB(16));
    plm_auto(plm_kernel_close) struct plm_kernel *k = plm_kernel_open(d->ctx, PLM_SV_NULL, NULL);
    union {
        struct fanotify_event_metadata align;
        char bytes[16384];
    } buf;
    for (;;) {
        struct pollfd fds[] = {{.fd = d->stop, .events = POLLIN}, {.fd = d->fan, .events = POLLIN}};
        if (poll(fds, 2, -1) < 0 && errno != EINTR)
            break;
        if (fds[0].revents)
            break;
        ssize_t n = read(d->fan, buf.bytes, sizeof(buf.bytes));
        struct fanotify_event_metadata *e = &buf.align;
        for (; n > 0 && FAN_EVENT_OK(e, n); e = FAN_EVENT_NEXT(e, n)) {
            if (e->fd < 0)
                continue;
            answer(d, a, k, e);
            plm_arena_reset(a);
        }
    }
    return NULL;
}

/* ---- start and stop --------------------------------------------------------------------------------------
 */

static int open_group(plm_err **err)
{
    int fan = fanotify_init(FAN_CLASS_CONTENT | FAN_CLOEXEC | FAN_NONBLOCK | FAN_UNLIMITED_QUEUE |
                                FAN_UNLIMITED_MARKS,
                            O_RDONLY | O_LARGEFILE | O_CLOEXEC);
    if (fan >= 0)
        return fan;
    if (errno == EPERM)
        return plm_fail_id(err, PLM_E_AUTH, "watch.capability",
                           "drift prevention needs CAP_SYS_ADMIN (fanotify permission events)");
    return plm_fail_id(
        err, PLM_E_UNSUPPORTED, "watch.kernel",
        "this kernel has no fanotify permission events (CONFIG_FANOTIFY_ACCESS_PERMISSIONS): %s",
        strerror(errno));
}

/* Whether the kernel knows the event at all: tried on a file that nobody executes. */
static int check_mark(int fan, plm_err **err)
{
    plm_auto_fd int fd = memfd_create("plimsoll-probe", MFD_CLOEXEC);
    plm_auto_done(plm_buf_done) struct plm_buf path = PLM_BUF(PLM_KIB(4));
    plm_buf_printf(&path, "/proc/self/fd/%d", fd);
    const char *p = plm_buf_cstr(&path);
    if (fd < 0 || !p)
        return plm_fail_oom(err);
    if (fanotify_mark(fan, FAN_MARK_ADD, FAN_OPEN_EXEC_PERM, AT_FDCWD, p) == 0 || errno != EINVAL)
        return 0;
    return plm_fail_id(err, PLM_E_UNSUPPORTED, "watch.kernel",
                       "this kernel does not ask before executions (FAN_OPEN_EXEC_PERM, Linux 5.0, "
                       "CONFIG_FANOTIFY_ACCESS_PERMISSIONS)");
}

static const plm_sv *copy_list(struct plm_arena *a, const plm_sv *v, size_t n)
{
    plm_sv *out = plm_arena_array(a, n, sizeof(*out));
    for (size_t i = 0; out && i < n; i++)
        out[i] = plm_arena_sv(a, v[i]);
    return out;
}

static int copy_config(struct plm_drift *d, const struct plm_drift_config *conf, plm_err **err)
{
    d->conf_copy = *conf;
    d->conf_copy.never = copy_list(d->arena, conf->never, conf->n_never);
    d->conf_copy.only = copy_list(d->arena, conf->only, conf->n_only);
    d->conf_copy.docker_host = plm_arena_sv(d->arena, conf->docker_host);
    d->conf = &d->conf_copy;
    return plm_arena_check(d->arena, err);
}

static int prepare(struct plm_drift *d, const struct plm_drift_config *conf, plm_err **err)
{
    d->arena = plm_arena_new(DRIFT_MAX);
    if (!d->arena)
        return plm_fail_oom(err);
    if (copy_config(d, conf, err) < 0)
        return -1;
    d->fan = open_group(err);
    if (d->fan < 0 || check_mark(d->fan, err) < 0)
        return -1;
    d->stop = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    d->hint = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    return d->stop < 0 || d->hint < 0 ? plm_fail_sys(err, "eventfd") : 0;
}

static int start_threads(struct plm_drift *d, plm_err **err)
{
    int r = pthread_create(&d->answerer, NULL, answer_run, d);
    d->has_answerer = r == 0;
    if (r == 0) {
        plm_auto(plm_kernel_close) struct plm_kernel *k = plm_kernel_open(d->ctx, PLM_SV_NULL, err);
        if (!k)
            return -1;
        bool has_names = d->conf->n_never + d->conf->n_only > 0;
        plm_auto(plm_drift_names_free) struct plm_drift_names *names =
            has_names ? plm_drift_names_new(d->ctx, d->conf->docker_host, err) : NULL;
        if (has_names && !names)
            return -1;
        plm_drift_scan_once(d, k, names, true);
        r = pthread_create(&d->scanner, NULL, plm_drift_scan_run, d);
        d->has_scanner = r == 0;
    }
    errno = r;
    return r ? plm_fail_sys(err, "thread for drift prevention") : 0;
}

struct plm_drift *plm_drift_start(const struct plm_ctx *ctx, const struct plm_drift_config *conf,
                                  void (*on_denied)(void *data, int32_t pid, plm_sv path, bool was_denied),
                                  void *data, plm_err **err)
{
    struct plm_drift *d = calloc(1, sizeof(*d));
    if (!d)
        return PLM_NULL(plm_fail_oom(err));
    *d = (struct plm_drift){
        .ctx = ctx, .on_denied = on_denied, .data = data, .fan = -1, .stop = -1, .hint = -1};
    pthread_mutex_init(&d->lock, NULL);
    if (prepare(d, conf, err) < 0 || start_threads(d, err) < 0) {
        plm_drift_stop(d);
        return NULL;
    }
    return d;
}

static void ring(int fd)
{
    const uint64_t one = 1;
    (void)!write(fd, &one, sizeof(one));
}

void plm_drift_hint(struct plm_drift *d)
{
    ring(d->hint);
}

void plm_drift_stats_get(struct plm_drift *d, struct plm_drift_stats *out)
{
    *out = (struct plm_drift_stats){.n_asked = atomic_load(&d->n_asked),
                                    .n_denied = atomic_load(&d->n_denied),
                                    .n_would_deny = atomic_load(&d->n_would_deny),
                                    .n_unjudged = atomic_load(&d->n_unjudged)};
    pthread_mutex_lock(&d->lock);
    out->n_file_systems = d->n_guarded;
    pthread_mutex_unlock(&d->lock);
}

void plm_drift_stop(struct plm_drift *d)
{
    if (!d)
        return;
    if (d->stop >= 0)
        ring(d->stop);
    if (d->has_scanner)
        pthread_join(d->scanner, NULL);
    if (d->has_answerer)
        pthread_join(d->answerer, NULL);
    if (d->fan >= 0)
        close(d->fan); /* allows what still waits */
    if (d->stop >= 0)
        close(d->stop);
    if (d->hint >= 0)
        close(d->hint);
    for (size_t i = 0; i < d->n_guarded; i++)
        plm_drift_fs_unref(d->guarded[i]);
    free(d->guarded);
    plm_arena_free(d->arena);
    pthread_mutex_destroy(&d->lock);
    free(d);
}
