/* SPDX-License-Identifier: Apache-2.0
 *
 * The upper layer of an overlay (Documentation/filesystems/overlayfs.rst):
 *
 *   - a character device 0:0 is a whiteout: the file of the image is deleted;
 *   - a directory with the attribute trusted.overlay.opaque (user.overlay.opaque in user namespaces)
 *     "y" replaces the image's directory of that name with all that was in it;
 *   - a directory without it was only copied up, which is no change;
 *   - anything else is a file that is new, or that replaces one of the lower layers.
 *
 * Points at which something is mounted in the container (volumes, tmpfs, the engine's hosts and
 * resolv.conf) exist in the layer as empty files and directories: they and what lies below them are
 * not what the container sees, so they are no change. The engine's own stubs are none either.
 * Names are hostile: everything is opened by name in its directory, no link is followed, and the walk
 * is bounded in entries and depth.
 */
#include "audit/upper_layer.h"

#include "base/fs.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>

enum { MAX_ENTRIES = 50000, MAX_DEPTH = 64, MAX_LOWER = 500 };

struct walk {
    const struct plm_container *c;
    struct plm_arena *a;
    struct plm_layer_changes *out;
    size_t max_shown, entries;
    int lower[MAX_LOWER];
    size_t lower_n;
};

/* ---- what the image has there ------------------------------------------------------------------------ */

static void open_lowers(struct walk *w, int root_fd, plm_sv dirs)
{
    plm_sv one;
    while (w->lower_n < MAX_LOWER && plm_sv_field(&dirs, ':', &one)) {
        const char *path = plm_arena_cstr(w->a, one);
        int fd = path && one.n ? plm_fs_open_in(root_fd, path, O_PATH | O_DIRECTORY, NULL) : -1;
        if (fd >= 0)
            w->lower[w->lower_n++] = fd;
    }
}

static bool is_whiteout(const struct stat *st)
{
    return S_ISCHR(st->st_mode) && st->st_rdev == makedev(0, 0);
}

/* The image's own file of that path: the topmost layer that says something about it decides. */
static bool find_lower(const struct walk *w, const char *path, struct stat *out)
{
    for (size_t i = 0; i < w->lower_n; i++) {
        plm_auto_fd int fd = plm_fs_open_in(w->lower[i], path, O_PATH | O_NOFOLLOW, NULL);
        if (fd >= 0 && fstat(fd, out) == 0)
            return !is_whiteout(out);
    }
    return false;
}

/* ---- how grave it is ----------------------------------------------------------------------------------- */

static bool is_account_path(plm_sv path)
{
    static const char *const patterns[] = {
        "/etc/passwd",   "/etc/shadow",       "/etc/group",         "/etc/gshadow",
        "/etc/sudoers",  "/etc/sudoers.d/**", "/etc/ld.so.preload", "/etc/ld.so.conf*",
        "/etc/cron*/**", "/etc/crontab",      "/var/spool/cron/**", "/etc/pam.d/**",
        "/etc/profile",  "/etc/profile.d/**", "/root/.*",           "**/.ssh/**",
        "/etc/ssh/**",   "/etc/systemd/**",   "/etc/init.d/**",     "/etc/ssl/certs/**",
    };
    for (size_t i = 0; i < sizeof(patterns) / sizeof(patterns[0]); i++)
        if (plm_sv_glob(plm_sv_from(patterns[i]), path))
            return true;
    return false;
}

static bool is_program_path(plm_sv path)
{
    static const char *const dirs[] = {"/usr/", "/bin/", "/sbin/", "/lib", "/opt/"};
    for (size_t i = 0; i < sizeof(dirs) / sizeof(dirs[0]); i++)
        if (plm_sv_starts(path, plm_sv_from(dirs[i])))
            return !plm_sv_ends(path, PLM_SV(".pyc"));
    return false;
}

static bool has_file_capabilities(int dir, const char *name)
{
    plm_auto_fd int fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    return fd >= 0 && fgetxattr(fd, "security.capability", NULL, 0) > 0;
}

static enum plm_change_rank rank_of(int dir, const char *name, plm_sv path, const struct stat *st)
{
    if (S_ISREG(st->st_mode)) {
        bool is_executable = (st->st_mode & 0111) != 0;
        if (is_executable && ((st->st_mode & (S_ISUID | S_ISGID)) || has_file_capabilities(dir, name)))
            return PLM_RANK_SETUID;
        if (is_executable || plm_sv_ends(path, PLM_SV(".so")) || plm_sv_has(path, PLM_SV(".so.")))
            return PLM_RANK_EXECUTABLE;
    }
    if (is_account_path(path))
        return PLM_RANK_ACCOUNTS;
    return is_program_path(path) ? PLM_RANK_SYSTEM : PLM_RANK_OTHER;
}

/* ---- keeping the gravest ---------------------------------------------------------------------------------
 */

static int order(const struct plm_layer_change *a, const struct plm_layer_change *b)
{
    if (a->rank != b->rank)
        return a->rank < b->rank ? -1 : 1;
    return plm_sv_cmp(a->path, b->path);
}

static void keep(struct walk *w, struct plm_layer_change change)
{
    struct plm_layer_changes *out = w->out;
    out->counts[change.rank]++;
    if (out->shown.n == w->max_shown &&
        (!w->max_shown || order(&change, &out->shown.v[out->shown.n - 1]) > 0))
        return;
    change.path = plm_arena_sv(w->a, change.path);
    if (out->shown.n < w->max_shown && !plm_vec_push(w->a, &out->shown))
        return;
    size_t at = out->shown.n - 1;
    for (; at > 0 && order(&change, &out->shown.v[at - 1]) < 0; at--)
        out->shown.v[at] = out->shown.v[at - 1];
    out->shown.v[at] = change;
}

static void fail(struct walk *w, const char *path, int sys)
{
    if (!w->out->failure.p)
        w->out->failure =
            plm_arena_printf(w->a, "%.*s%s: %s", PLM_SV_ARG(w->c->upper_dir), path, strerror(sys));
}

/* ---- the walk
 * ---------------------------------------------------------------------------------------------- */

static bool is_mount_point(const struct walk *w, plm_sv path)
{
    for (size_t i = 0; i < w->c->mounts.n; i++)
        if (plm_sv_eq(w->c->mounts.v[i].point, path))
            return true;
    return false;
}

/* What engines put there themselves, beside the points at which they mount. */
static bool is_stub(plm_sv path)
{
    static const char *const stubs[] = {
        "/.dockerenv", "/run/.containerenv", "/dev/console",  "/dev/pts",
        "/dev/shm",    "/dev/mqueue",        "/proc",         "/sys",
        "/etc/mtab",   "/etc/hosts",         "/etc/hostname", "/etc/resolv.conf"};
    for (size_t i = 0; i < sizeof(stubs) / sizeof(stubs[0]); i++)
        if (plm_sv_is(path, stubs[i]))
            return true;
    return false;
}

static bool is_opaque(int fd)
{
    char value[4];
    return (fgetxattr(fd, "trusted.overlay.opaque", value, sizeof(value)) == 1 && value[0] == 'y') ||
           (fgetxattr(fd, "user.overlay.opaque", value, sizeof(value)) == 1 && value[0] == 'y');
}

static void judge_file(struct walk *w, int dir, const char *name, const char *path, const struct stat *st)
{
    struct stat lower;
    bool is_in_image = find_lower(w, path, &lower);
    struct plm_layer_change c = {.path = plm_sv_from(path), .mode = st->st_mode & 07777, .uid = st->st_uid};
    if (is_whiteout(st)) {
        if (!is_in_image) /* made and removed again */
            return;
        c.change = PLM_CHANGE_DELETED;
        c.rank = is_account_path(c.path)   ? PLM_RANK_ACCOUNTS
                 : is_program_path(c.path) ? PLM_RANK_SYSTEM
                                           : PLM_RANK_OTHER;
    } else {
        c.change = is_in_image ? PLM_CHANGE_CHANGED : PLM_CHANGE_ADDED;
        c.rank = rank_of(dir, name, c.path, st);
    }
    keep(w, c);
}

static void walk_dir(struct walk *w, int fd, const char *path, unsigned depth);

static void judge_dir(struct walk *w, int dir, const char *name, const char *path, const struct stat *st,
                      unsigned depth)
{
    struct stat lower;
    int fd = openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0) {
        if (errno != ENOENT)
            fail(w, path, errno);
        return;
    }
    if (is_opaque(fd) && find_lower(w, path, &lower))
        keep(w, (struct plm_layer_change){.path = plm_sv_from(path),
                                          .change = PLM_CHANGE_REPLACED,
                                          .rank = is_program_path(plm_sv_from(path)) ? PLM_RANK_SYSTEM
                                                                                     : PLM_RANK_OTHER,
                                          .mode = st->st_mode & 07777,
                                          .uid = st->st_uid});
    walk_dir(w, fd, path, depth + 1);
}

static void judge_entry(struct walk *w, int dir, const char *name, const char *above, unsigned depth)
{
    struct stat st;
    char *path = NULL;
    if (asprintf(&path, "%s/%s", above, name) < 0) {
        fail(w, above, ENOMEM);
        return;
    }
    plm_sv view = plm_sv_from(path);
    if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0) {
        if (errno != ENOENT) /* else it went meanwhile */
            fail(w, path, errno);
    } else if (!is_mount_point(w, view) && !is_stub(view)) {
        if (S_ISDIR(st.st_mode))
            judge_dir(w, dir, name, path, &st, depth);
        else
            judge_file(w, dir, name, path, &st);
    }
    free(path);
}

/* Takes fd. */
static void walk_dir(struct walk *w, int fd, const char *path, unsigned depth)
{
    DIR *d = depth <= MAX_DEPTH ? fdopendir(fd) : NULL;
    if (!d) {
        fail(w, path, depth > MAX_DEPTH ? ELOOP : errno);
        close(fd);
        return;
    }
    const struct dirent *e;
    errno = 0;
    while ((e = readdir(d))) {
        if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
            continue;
        if (++w->entries > MAX_ENTRIES) {
            w->out->is_cut = true;
            break;
        }
        judge_entry(w, dirfd(d), e->d_name, path, depth);
        errno = 0;
    }
    if (errno && !w->out->is_cut)
        fail(w, path, errno);
    closedir(d);
}

int plm_upper_layer_read(struct plm_facts *f, const struct plm_container *c, size_t max_shown,
                         struct plm_arena *a, struct plm_layer_changes *out, plm_err **err)
{
    *out = (struct plm_layer_changes){0};
    struct walk w = {.c = c, .a = a, .out = out, .max_shown = max_shown};
    const char *upper = plm_arena_cstr(a, c->upper_dir);
    if (!upper)
        return plm_fail_oom(err);
    int fd = plm_fs_open_in(f->root_fd, upper, O_RDONLY | O_DIRECTORY, NULL);
    if (fd < 0) {
        fail(&w, "", errno);
        return plm_arena_check(a, err);
    }
    open_lowers(&w, f->root_fd, c->lower_dirs);
    walk_dir(&w, fd, "", 0);
    for (size_t i = 0; i < w.lower_n; i++)
        close(w.lower[i]);
    return plm_arena_check(a, err);
}
