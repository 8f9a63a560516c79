/* SPDX-License-Identifier: Apache-2.0
 *
 * Finds the file systems of containers and marks them for permission events.
 *
 * An engine mounts a container's overlay before it starts the container, in the namespace that we see as
 * well; poll(2) on /proc/self/mountinfo says so at once. The whole file system is marked then
 * (FAN_MARK_FILESYSTEM: whatever mount or namespace it is reached through), so the container's first program
 * is already asked for. Which overlays are containers' is told by the mount point: docker's overlay2 driver,
 * containerd's tasks, docker with containerd's images, Podman. Those of builders (buildkit) have other places
 * and stay free.
 *
 * What is not seen so (an engine with mounts of its own namespace, and every tmpfs of a container) is found
 * through its processes: those whose cgroup names a container, a little after the start and once more later.
 * A tmpfs is marked by mount; whoever may mount in the container can make another one.
 */
#include "drift_int.h"

#include "base/time.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/fanotify.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#define SCAN_MAX  PLM_MIB(64)
#define GUARD_MAX 8192 /* file systems */

/* After a change the processes are looked at once more at these times, since their mounts come later. */
static const unsigned again_ms[] = {30, 200, 1500};
#define AGAIN (sizeof(again_ms) / sizeof(again_ms[0]))

static const char *const places[] = {
    "*/overlay2/*/merged",                   /* docker */
    "*/io.containerd.runtime.*/rootfs",      /* containerd's tasks */
    "*/rootfs/overlayfs/*",                  /* docker with containerd's images */
    "*/containers/storage/overlay/*/merged", /* Podman */
};

/* ---- one pass ---------------------------------------------------------------------------------------- */

struct pass {
    struct plm_drift *d;
    struct plm_drift_names *names;
    struct plm_arena *arena;
    plm_mount_vec host;
    PLM_VEC(struct plm_drift_fs *) found; /* with a reference each */
    PLM_VEC(uint64_t) seen;               /* mount namespaces */
};

static bool is_container_place(plm_sv point)
{
    for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++)
        if (plm_wild(plm_sv_from(places[i]), point))
            return true;
    return false;
}

struct plm_drift_fs *plm_drift_find(struct plm_drift *d, dev_t dev)
{
    struct plm_drift_fs *fs = NULL;
    pthread_mutex_lock(&d->lock);
    for (size_t i = 0; i < d->n_guarded && !fs; i++)
        if (d->guarded[i]->dev == dev)
            fs = d->guarded[i];
    if (fs)
        atomic_fetch_add(&fs->refs, 1);
    pthread_mutex_unlock(&d->lock);
    return fs;
}

static bool has_found(const struct pass *s, dev_t dev)
{
    for (size_t i = 0; i < s->found.n; i++)
        if (s->found.v[i]->dev == dev)
            return true;
    return false;
}

static bool is_meant(const plm_sv *patterns, size_t n, const struct plm_drift_fs *fs)
{
    return plm_wild_any(patterns, n, fs->name) || plm_wild_any(patterns, n, fs->image) ||
           plm_wild_any(patterns, n, fs->id) || plm_wild_any(patterns, n, plm_sv_sub(fs->id, 0, 12));
}

/* Who is never touched is decided before the file system is judged for the first time, where it can be. */
static void decide_never(const struct pass *s, struct plm_drift_fs *fs, plm_sv point, plm_sv id)
{
    const struct plm_drift_config *c = s->d->conf;
    fs->is_named = c->n_never + c->n_only == 0;
    if (fs->is_named || !s->names || !plm_drift_names_find(s->names, point, id, fs))
        return;
    fs->is_never = is_meant(c->never, c->n_never, fs) || (c->n_only && !is_meant(c->only, c->n_only, fs));
    fs->is_named = true;
}

/* The same file system of the last pass, or a new one in its place: what the answering thread may hold is
 * never changed. *out_must_mark: it was not marked yet. NULL: OOM. */
static struct plm_drift_fs *known_or_new(const struct pass *s, const struct plm_mount *m, bool *out_must_mark)
{
    plm_auto(plm_drift_fs_unref) struct plm_drift_fs *fs = plm_drift_fs_new(m, &s->host, NULL);
    plm_auto(plm_drift_fs_unref) struct plm_drift_fs *old = fs ? plm_drift_find(s->d, fs->dev) : NULL;
    bool is_same = old && plm_sv_eq(old->upper, fs->upper) && old->is_overlay == fs->is_overlay;
    *out_must_mark = !is_same;
    return is_same && old->is_named ? plm_take(old) : plm_take(fs);
}

/* path: where this process reaches it. */
static void guard(struct pass *s, const struct plm_mount *m, const char *path, plm_sv point, plm_sv id)
{
    if (!path || has_found(s, makedev(m->major, m->minor)) || s->found.n >= GUARD_MAX)
        return;
    bool must_mark;
    plm_auto(plm_drift_fs_unref) struct plm_drift_fs *fs = known_or_new(s, m, &must_mark);
    if (!fs)
        return;
    if (!fs->is_named)
        decide_never(s, fs, point, id);
    unsigned how = fs->is_overlay ? FAN_MARK_FILESYSTEM : FAN_MARK_MOUNT;
    if (must_mark && !fs->is_never &&
        fanotify_mark(s->d->fan, FAN_MARK_ADD | how, FAN_OPEN_EXEC_PERM, AT_FDCWD, path) < 0) {
        plm_log(s->d->ctx, PLM_LOG_WARN, "a container's file system cannot be guarded", "path", path, "error",
                strerror(errno), NULL);
        return;
    }
    struct plm_drift_fs **slot = plm_vec_push(s->arena, &s->found);
    if (slot)
        *slot = plm_take(fs);
}

static void pass_mounts(struct pass *s)
{
    for (size_t i = 0; i < s->host.n; i++) {
        const struct plm_mount *m = &s->host.v[i];
        if (plm_sv_is(m->type, "overlay") && is_container_place(m->point))
            guard(s, m, plm_arena_cstr(s->arena, m->point), m->point, PLM_SV_NULL);
    }
}

static bool is_new_namespace(struct pass *s, uint64_t ns)
{
    for (size_t i = 0; i < s->seen.n; i++)
        if (s->seen.v[i] == ns)
            return false;
    uint64_t *slot = plm_vec_push(s->arena, &s->seen);
    if (slot)
        *slot = ns;
    return true;
}

/* The overlay below a container's root, and each tmpfs of its own from which something could be executed. */
static void pass_container(struct pass *s, struct plm_kernel *k, const struct plm_process *p)
{
    plm_mount_vec mounts = {0};
    if (plm_kernel_mounts(k, p->pid, s->arena, &mounts, NULL) < 0)
        return;
    for (size_t i = 0; i < mounts.n; i++) {
        const struct plm_mount *m = &mounts.v[i];
        bool is_root = plm_sv_is(m->point, "/") && plm_sv_is(m->type, "overlay");
        bool is_memory = plm_sv_is(m->type, "tmpfs") && plm_sv_is(m->root, "/") && !m->is_read_only &&
                         !plm_mount_has_option(m, "noexec");
        if (!is_root && !is_memory)
            continue;
        plm_sv path = plm_arena_printf(s->arena, "/proc/%d/root%.*s", (int)p->pid, PLM_SV_ARG(m->point));
        guard(s, m, path.p, m->point, p->container_id);
    }
}

static void pass_processes(struct pass *s, struct plm_kernel *k)
{
    plm_process_vec list = {0};
    uint64_t own = plm_kernel_host_ns(k, PLM_NS_MNT, NULL);
    if (plm_kernel_processes(k, s->arena, &list, NULL) < 0)
        return;
    for (size_t i = 0; i < list.n; i++) {
        const struct plm_process *p = &list.v[i];
        uint64_t ns = p->container_id.n ? plm_kernel_process_ns(k, p, PLM_NS_MNT) : 0;
        if (ns && ns != own && is_new_namespace(s, ns))
            pass_container(s, k, p);
    }
}

/* The new list in place of the old one. */
static void publish(struct pass *s)
{
    struct plm_drift *d = s->d;
    struct plm_drift_fs **v = calloc(s->found.n ? s->found.n : 1, sizeof(*v));
    size_t n = v ? s->found.n : 0;
    if (!v) { /* the old list stays */
        for (size_t i = 0; i < s->found.n; i++)
            plm_drift_fs_unref(s->found.v[i]);
        return;
    }
    if (n)
        memcpy(v, s->found.v, n * sizeof(*v));
    pthread_mutex_lock(&d->lock);
    struct plm_drift_fs **old = d->guarded;
    size_t n_old = d->n_guarded;
    d->guarded = v;
    d->n_guarded = n;
    pthread_mutex_unlock(&d->lock);
    for (size_t i = 0; i < n_old; i++)
        plm_drift_fs_unref(old[i]);
    free(old);
}

/* What the last pass found through processes stays until the next one that looks at them. */
static void keep_others(struct pass *s)
{
    struct plm_drift *d = s->d;
    pthread_mutex_lock(&d->lock);
    for (size_t i = 0; i < d->n_guarded; i++) {
        struct plm_drift_fs **slot =
            has_found(s, d->guarded[i]->dev) ? NULL : plm_vec_push(s->arena, &s->found);
        if (slot) {
            *slot = d->guarded[i];
            atomic_fetch_add(&(*slot)->refs, 1);
        }
    }
    pthread_mutex_unlock(&d->lock);
}

void plm_drift_scan_once(struct plm_drift *d, struct plm_kernel *k, struct plm_drift_names *names,
                         bool with_processes)
{
    plm_auto(plm_arena_free) struct plm_arena *a = plm_arena_new(SCAN_MAX);
    struct pass s = {.d = d, .names = names, .arena = a};
    if (!a || plm_kernel_mounts(k, 0, a, &s.host, NULL) < 0)
        return;
    pass_mounts(&s);
    if (with_processes)
        pass_processes(&s, k);
    else
        keep_others(&s);
    publish(&s);
}

/* ---- the thread -------------------------------------------------------------------------------------- */

static void drain(int fd)
{
    uint64_t n;
    (void)!read(fd, &n, sizeof(n));
}

void *plm_drift_scan_run(void *drift)
{
    struct plm_drift *d = drift;
    plm_auto(plm_kernel_close) struct plm_kernel *k = plm_kernel_open(d->ctx, PLM_SV_NULL, NULL);
    plm_auto(plm_drift_names_free) struct plm_drift_names *names =
        d->conf->n_never + d->conf->n_only ? plm_drift_names_new(d->ctx, d->conf->docker_host, NULL) : NULL;
    plm_auto_fd int mounts = open("/proc/self/mountinfo", O_RDONLY | O_CLOEXEC);
    if (!k || mounts < 0)
        return NULL;
    uint64_t changed = plm_clock_ms();
    size_t done = 0; /* of again_ms */
    for (;;) {
        struct pollfd fds[] = {{.fd = d->stop, .events = POLLIN},
                               {.fd = mounts, .events = POLLPRI},
                               {.fd = d->hint, .events = POLLIN}};
        uint64_t due = changed + (done < AGAIN ? again_ms[done] : 0), now = plm_clock_ms();
        int wait = done == AGAIN ? -1 : due > now ? (int)(due - now) : 0;
        int r = poll(fds, 3, wait);
        if (fds[0].revents)
            break;
        if (r == 0) {
            done++;
        } else if (r > 0) {
            if (fds[2].revents)
                drain(d->hint);
            changed = plm_clock_ms();
            done = 0;
        } else if (errno != EINTR) {
            break;
        }
        if (r >= 0)
            plm_drift_scan_once(d, k, names, r == 0);
    }
    return NULL;
}
