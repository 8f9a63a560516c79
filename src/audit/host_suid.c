/* SPDX-License-Identifier: Apache-2.0
 *
 * Set-uid and set-gid programs of the host: a walk over the directories of the local file systems.
 *
 * Walked are the root's own file system and every mount of a disk file system that does not carry nosuid; not
 * the engines' data roots (programs of images are no programs of the host). Directory entries whose type the
 * directory tells are not looked at again unless they are regular files: one fstatat(2) a file.
 */
#include "audit/host.h"

#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>

struct walk {
    const struct plm_facts *f; /* read only: the rest of the audit works on it */
    struct plm_arena *arena;
    plm_setuid_vec *out;
    plm_sv_vec skip; /* directories that are not entered */
    dev_t dev;
    uint64_t left; /* entries until the limit */
    size_t unreadable;
    bool is_over;
};

enum { DEPTH_MAX = 128, QUICK_ENTRIES = 40000 };

/* Where programs lie, and where intruders may write. */
static const char *const first[] = {"/usr/bin", "/usr/sbin", "/usr/local", "/usr/libexec",
                                    "/opt",     "/tmp",      "/var/tmp",   "/usr/lib"};

static bool is_skipped(const struct walk *w, plm_sv path)
{
    /* where engines of users keep their images */
    if (plm_sv_ends(path, PLM_SV("/.local/share/containers")) ||
        plm_sv_ends(path, PLM_SV("/.local/share/docker")))
        return true;
    for (size_t i = 0; i < w->skip.n; i++)
        if (plm_sv_eq(w->skip.v[i], path))
            return true;
    return false;
}

static void walk_dir(struct walk *w, int fd, struct plm_buf *path, unsigned depth);

static void walk_entry(struct walk *w, int dir, const struct dirent *e, struct plm_buf *path, unsigned depth)
{
    struct stat st;
    size_t before = path->n;
    bool may_be_dir = e->d_type == DT_DIR || e->d_type == DT_UNKNOWN;
    bool may_be_file = e->d_type == DT_REG || e->d_type == DT_UNKNOWN;
    if ((!may_be_dir && !may_be_file) || fstatat(dir, e->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0)
        return;
    plm_buf_printf(path, "%s%s", path->n && path->p[path->n - 1] == '/' ? "" : "/", e->d_name);
    if (S_ISREG(st.st_mode) && (st.st_mode & (S_ISUID | S_ISGID))) {
        struct plm_setuid *s = plm_vec_push(w->arena, w->out);
        if (s)
            *s = (struct plm_setuid){plm_arena_sv(w->arena, plm_buf_sv(path)), (uint32_t)st.st_mode & 07777,
                                     st.st_uid, st.st_gid};
    } else if (S_ISDIR(st.st_mode) && st.st_dev == w->dev && !is_skipped(w, plm_buf_sv(path))) {
        int fd = depth < DEPTH_MAX
                     ? openat(dir, e->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK)
                     : -1;
        if (fd < 0)
            w->unreadable++;
        else
            walk_dir(w, fd, path, depth + 1);
    }
    path->n = before;
}

/* Takes fd. */
static void walk_dir(struct walk *w, int fd, struct plm_buf *path, unsigned depth)
{
    DIR *d = fdopendir(fd);
    if (!d) {
        close(fd);
        w->unreadable++;
        return;
    }
    const struct dirent *e;
    while (!__atomic_load_n(&w->is_over, __ATOMIC_RELAXED) && (e = readdir(d))) {
        if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
            continue;
        if (w->left-- == 0 || plm_cancelled(w->f->ctx) || path->failed) {
            w->is_over = true;
            break;
        }
        walk_entry(w, dirfd(d), e, path, depth);
    }
    closedir(d);
}

static void walk_from(struct walk *w, const char *point)
{
    plm_auto_done(plm_buf_done) struct plm_buf path = PLM_BUF(PLM_KIB(64));
    struct stat st;
    int fd = plm_fs_open_in(w->f->root_fd, point, O_RDONLY | O_DIRECTORY, NULL);
    if (fd < 0 || fstat(fd, &st) < 0) {
        if (fd >= 0)
            close(fd);
        w->unreadable++;
        return;
    }
    w->dev = st.st_dev;
    plm_buf_str(&path, point);
    walk_dir(w, fd, &path, 0);
}

static void find_skipped(struct walk *w)
{
    static const char *const always[] = {"/proc",
                                         "/sys",
                                         "/dev",
                                         "/var/lib/docker",
                                         "/var/lib/containerd",
                                         "/var/lib/containers",
                                         "/run/containerd",
                                         "/run/docker"};
    for (size_t i = 0; i < sizeof(always) / sizeof(always[0]); i++)
        (void)plm_sv_vec_add(w->arena, &w->skip, plm_sv_from(always[i]));
    for (size_t i = 0; i < w->f->daemons.n; i++)
        if (w->f->daemons.v[i].root_dir.n)
            (void)plm_sv_vec_add(w->arena, &w->skip, w->f->daemons.v[i].root_dir);
}

static bool is_disk(const struct plm_mount *m)
{
    static const char *const types[] = {"ext2", "ext3", "ext4", "xfs",      "btrfs",
                                        "f2fs", "zfs",  "jfs",  "reiserfs", "erofs"};
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
        if (plm_sv_is(m->type, types[i]))
            return !plm_mount_has_option(m, "nosuid");
    return false;
}

static bool is_below_skipped(const struct walk *w, plm_sv path)
{
    for (size_t i = 0; i < w->skip.n; i++)
        if (plm_sv_starts(path, w->skip.v[i]) && (path.n == w->skip.v[i].n || path.p[w->skip.v[i].n] == '/'))
            return true;
    return false;
}

static int setuid_order(const void *pa, const void *pb)
{
    return plm_sv_cmp(((const struct plm_setuid *)pa)->path, ((const struct plm_setuid *)pb)->path);
}

static void walk_all(struct walk *w)
{
    const struct plm_facts *f = w->f;
    for (size_t i = 0; !f->opt->is_thorough && i < sizeof(first) / sizeof(first[0]); i++) {
        walk_from(w, first[i]);
        (void)plm_sv_vec_add(w->arena, &w->skip, plm_sv_from(first[i]));
    }
    w->unreadable = 0; /* of the first ones, those that are not there */
    walk_from(w, "/");
    for (size_t i = 0; i < f->host_mounts.n; i++) {
        const struct plm_mount *m = &f->host_mounts.v[i];
        bool is_bind = !plm_sv_is(m->root, "/");
        char *point = is_disk(m) && !is_bind && m->point.n > 1 && !is_below_skipped(w, m->point)
                          ? plm_arena_cstr(w->arena, m->point)
                          : NULL;
        if (point)
            walk_from(w, point);
    }
}

/* ---- beside the rest of the audit ------------------------------------------------------------ */

struct plm_setuid_walk {
    struct walk w;
    plm_setuid_vec found;
    uint64_t most;
    pthread_t thread;
    bool is_started;
};

static void *run_walk(void *arg)
{
    walk_all(&((struct plm_setuid_walk *)arg)->w);
    return NULL;
}

/* A big disk takes seconds. Unless everything was asked for, the programs' directories come first and the
 * rest ends at a number of entries that takes a fraction of a second. */
static struct plm_setuid_walk *new_walk(const struct plm_facts *f, struct plm_arena *a)
{
    struct plm_setuid_walk *s = plm_arena_make(a, struct plm_setuid_walk);
    if (!s)
        return NULL;
    s->most = f->opt->is_thorough ? f->ctx->limits->layer_entries : QUICK_ENTRIES;
    s->w = (struct walk){.f = f, .arena = a, .out = &s->found, .left = s->most};
    find_skipped(&s->w);
    return s;
}

void plm_host_setuids_start(struct plm_facts *f)
{
    struct plm_arena *a = plm_arena_new(PLM_ARENA_NO_LIMIT);
    struct plm_setuid_walk *s = a ? new_walk(f, a) : NULL;
    s = s && (s->is_started = pthread_create(&s->thread, NULL, run_walk, s) == 0) ? s : NULL;
    if (!s)
        plm_arena_free(a); /* it is walked when it is asked for */
    f->setuid_walk = s;
}

void plm_host_setuids_stop(struct plm_setuid_walk *s)
{
    if (!s)
        return;
    if (s->is_started) {
        __atomic_store_n(&s->w.is_over, true, __ATOMIC_RELAXED);
        (void)pthread_join(s->thread, NULL);
    }
    plm_arena_free(s->w.arena);
}

static void wait_for(struct plm_setuid_walk *s)
{
    if (s->is_started)
        (void)pthread_join(s->thread, NULL);
    s->is_started = false;
}

void plm_host_setuids(const struct plm_facts *f, plm_setuid_vec *out, bool *out_is_partial, plm_sv *out_why)
{
    struct plm_setuid_walk *s = f->setuid_walk ? f->setuid_walk : new_walk(f, f->arena);
    *out_is_partial = false;
    *out_why = s ? PLM_SV_NULL : PLM_SV("out of memory");
    if (!s)
        return;
    if (f->setuid_walk)
        wait_for(s);
    else
        (void)run_walk(s);
    const struct walk *w = &s->w;
    *out = s->found;
    if (out->n)
        qsort(out->v, out->n, sizeof(out->v[0]), setuid_order);
    size_t kept = 0;
    for (size_t i = 0; i < out->n; i++)
        if (!kept || !plm_sv_eq(out->v[kept - 1].path, out->v[i].path))
            out->v[kept++] = out->v[i];
    out->n = kept;
    *out_is_partial = w->is_over && !f->opt->is_thorough;
    *out_why = w->is_over
                   ? plm_host_printf(f, "the walk ended after %llu entries%s", (unsigned long long)s->most,
                                     f->opt->is_thorough ? "" : "; plimsoll audit host looks at all")
               : w->unreadable ? plm_host_printf(f, "%zu directories could not be read", w->unreadable)
               : plm_arena_failed(w->arena) ? PLM_SV("out of memory")
                                            : PLM_SV_NULL;
}
