/* SPDX-License-Identifier: Apache-2.0
 *
 * The handle, and reading single files below its root. A live /proc is told from a recorded one by
 * its file system, so `--root /host` in a container with the host's procfs below it is live too.
 */
#include "kernel_int.h"

#include "base/fs.h"
#include "base/map.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <sys/vfs.h>

enum { TEXT_MAX = 1 << 20, READ_STEP = 1 << 14 };
/* One read holds at most this; tables that can be larger are read in pieces (sockets.c). */
#define BUFFER_MAX PLM_MIB(64)

static bool has_entries(int dir)
{
    static const char *const usual[] = {"stat", "self", "1", "sys", "mounts"};
    struct stat st;
    for (size_t i = 0; i < sizeof(usual) / sizeof(usual[0]); i++)
        if (fstatat(dir, usual[i], &st, AT_SYMLINK_NOFOLLOW) == 0)
            return true;
    return false;
}

static bool is_same_dir(int a, int b)
{
    struct stat x, y;
    return fstat(a, &x) == 0 && fstat(b, &y) == 0 && x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}

static int open_dirs(struct plm_kernel *k, const char *root, plm_err **err)
{
    k->root_fd = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (k->root_fd < 0)
        return plm_fail_sys(err, "%s", root);
    k->proc_fd = plm_fs_open_in(k->root_fd, "proc", O_RDONLY | O_DIRECTORY, err);
    if (k->proc_fd < 0)
        return plm_wrap(err, "%s", root);
    struct statfs fs;
    k->is_live = fstatfs(k->proc_fd, &fs) == 0 && fs.f_type == PROC_SUPER_MAGIC;
    if (!k->is_live && !has_entries(k->proc_fd))
        return plm_fail(err, PLM_E_NOTFOUND, "%s: its proc/ is empty", root);
    plm_auto_fd int ours = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
    k->is_root_ours = k->is_live && ours >= 0 && is_same_dir(ours, k->root_fd);
    return 0;
}

struct plm_kernel *plm_kernel_open(const struct plm_ctx *ctx, plm_sv root, plm_err **err)
{
    plm_auto(plm_kernel_close) struct plm_kernel *k = calloc(1, sizeof(*k));
    if (!k)
        return PLM_NULL(plm_fail_oom(err));
    *k = (struct plm_kernel){.ctx = ctx, .root_fd = -1, .proc_fd = -1, .buf = PLM_BUF(BUFFER_MAX)};
    k->arena = plm_arena_new(PLM_ARENA_NO_LIMIT);
    const char *path = k->arena && root.n ? plm_arena_cstr(k->arena, root) : "/";
    if (!k->arena || !path)
        return PLM_NULL(plm_fail_oom(err));
    if (open_dirs(k, path, err) < 0)
        return NULL;
    return plm_take(k);
}

void plm_kernel_close(struct plm_kernel *k)
{
    if (!k)
        return;
    if (k->root_fd >= 0)
        close(k->root_fd);
    if (k->proc_fd >= 0)
        close(k->proc_fd);
    plm_buf_done(&k->buf);
    plm_map_free(k->levels);
    plm_arena_free(k->arena);
    free(k);
}

int plm_kernel_root(const struct plm_kernel *k)
{
    return k->root_fd;
}

bool plm_kernel_is_live(const struct plm_kernel *k)
{
    return k->is_live;
}

/* ---- reading -------------------------------------------------------------------------------- */

int plm_kernel_openat(const struct plm_kernel *k, int dir, const char *path, int flags)
{
    /* procfs has no link that others could have planted; its magic links (root, cwd) are meant */
    if (k->is_live && dir != k->root_fd)
        return openat(dir, path, flags | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    return plm_fs_open_in(dir, path, flags, NULL);
}

int plm_kernel_read(struct plm_kernel *k, int dir, const char *path, size_t max, plm_sv *out)
{
    plm_auto_fd int fd = plm_kernel_openat(k, dir, path, O_RDONLY);
    if (fd < 0)
        return errno;
    plm_buf_clear(&k->buf);
    for (;;) {
        char *to = plm_buf_reserve(&k->buf, READ_STEP);
        if (!to)
            return k->buf.failed == PLM_E_LIMIT ? EFBIG : ENOMEM;
        ssize_t n = read(fd, to, READ_STEP);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return errno;
        if (n == 0)
            break;
        k->buf.n += (size_t)n;
        if (k->buf.n > max)
            return EFBIG;
    }
    *out = plm_buf_sv(&k->buf);
    return 0;
}

static int link_by_fd(struct plm_kernel *k, int dir, const char *path, plm_sv *out)
{
    plm_auto_fd int fd = plm_fs_open_in(dir, path, O_PATH | O_NOFOLLOW, NULL);
    if (fd < 0)
        return errno;
    ssize_t n = readlinkat(fd, "", k->buf.p, PLM_KIB(8));
    if (n < 0) { /* a tree that was copied without its links: files with their texts */
        plm_sv text;
        int sys = plm_kernel_read(k, dir, path, PLM_KIB(8), &text);
        if (sys == 0)
            *out = plm_sv_trim(text);
        return sys;
    }
    *out = plm_sv_n(k->buf.p, (size_t)n);
    return 0;
}

int plm_kernel_link(struct plm_kernel *k, int dir, const char *path, plm_sv *out)
{
    plm_buf_clear(&k->buf);
    char *to = plm_buf_reserve(&k->buf, PLM_KIB(8));
    if (!to)
        return ENOMEM;
    if (!k->is_live)
        return link_by_fd(k, dir, path, out);
    ssize_t n = readlinkat(dir, path, to, PLM_KIB(8));
    if (n < 0)
        return errno;
    if ((size_t)n == PLM_KIB(8))
        return ENAMETOOLONG;
    *out = plm_sv_n(to, (size_t)n);
    return 0;
}

struct plm_pid_path plm_kernel_pid_path(const struct plm_kernel *k, int32_t pid, const char *name)
{
    struct plm_pid_path p;
    if (pid)
        snprintf(p.text, sizeof(p.text), "%d/%s", pid, name);
    else
        snprintf(p.text, sizeof(p.text), "%s/%s", k->is_root_ours ? "self" : "1", name);
    return p;
}

int plm_kernel_pid_dir(struct plm_kernel *k, int32_t pid)
{
    return plm_kernel_openat(k, k->proc_fd, plm_kernel_pid_path(k, pid, "").text, O_PATH | O_DIRECTORY);
}

plm_sv plm_kernel_text(struct plm_kernel *k, struct plm_arena *a, const char *path, size_t max,
                       int *out_errno)
{
    plm_sv text;
    int sys = plm_kernel_read(k, k->root_fd, path, max, &text);
    *out_errno = sys;
    if (sys)
        return PLM_SV_NULL;
    plm_sv copy = plm_arena_sv(a, plm_sv_trim(text));
    if (!copy.p)
        *out_errno = ENOMEM;
    return copy;
}

int64_t plm_kernel_boot_time(struct plm_kernel *k)
{
    plm_sv rest, line, value;
    uint64_t t;
    if (k->has_boot_time)
        return k->boot_time;
    k->has_boot_time = true;
    if (plm_kernel_read(k, k->proc_fd, "stat", TEXT_MAX, &rest) != 0)
        return 0;
    while (plm_sv_line(&rest, &line))
        if (plm_sv_starts(line, PLM_SV("btime ")) && plm_sv_cut(line, ' ', &line, &value) &&
            plm_sv_u64(plm_sv_trim(value), &t) && t < INT64_MAX)
            k->boot_time = (int64_t)t;
    return k->boot_time;
}

bool plm_kernel_hex(plm_sv s, uint64_t *out)
{
    uint64_t v = 0;
    if (s.n == 0 || s.n > 16)
        return false;
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        unsigned digit;
        if (c >= '0' && c <= '9')
            digit = (unsigned)(c - '0');
        else if (c >= 'a' && c <= 'f')
            digit = (unsigned)(c - 'a') + 10;
        else if (c >= 'A' && c <= 'F')
            digit = (unsigned)(c - 'A') + 10;
        else
            return false;
        v = v << 4 | digit;
    }
    *out = v;
    return true;
}
