/* SPDX-License-Identifier: Apache-2.0
 *
 * Files: root-confined opens, bounded whole reads, atomic replacement.
 */
#include "base/fs.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/syscall.h>

int plm_fs_open_in(int root_fd, const char *path, int flags, plm_err **err)
{
    struct open_how how = {
        /* O_PATH opens nothing, and openat2 refuses what would only matter to an open file */
        .flags = (uint64_t)(unsigned)(flags | O_CLOEXEC | (flags & O_PATH ? 0 : O_NOCTTY | O_NONBLOCK)),
        .resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS,
    };
    long fd;
    do
        fd = syscall(SYS_openat2, root_fd, path, &how, sizeof(how));
    while (fd < 0 && (errno == EINTR || errno == EAGAIN));
    return fd >= 0 ? (int)fd : plm_fail_sys(err, "%s", path);
}

int plm_fs_read_fd(int fd, const char *name, size_t max, struct plm_buf *out, plm_err **err)
{
    size_t room_left = max < out->max - out->n ? max : out->max - out->n;
    for (;;) {
        char probe = 0; /* with no room left, one more byte tells whether the file ends here */
        size_t room = room_left < PLM_KIB(64) ? room_left : PLM_KIB(64);
        char *to = room ? plm_buf_reserve(out, room) : &probe;
        if (!to)
            return plm_buf_check(out, err) < 0 ? plm_wrap(err, "%s", name) : -1;
        ssize_t r = read(fd, to, room ? room : 1);
        if (r < 0 && errno == EINTR)
            continue;
        if (r < 0)
            return plm_fail_sys(err, "%s", name);
        if (r == 0)
            return 0;
        if (!room)
            return plm_fail(err, PLM_E_LIMIT, "%s: over the limit of %zu bytes", name, max);
        out->n += (size_t)r;
        room_left -= (size_t)r;
    }
}

static int read_regular(int fd, const char *name, size_t max, struct plm_buf *out, plm_err **err)
{
    struct stat st;
    if (fstat(fd, &st) < 0)
        return plm_fail_sys(err, "%s", name);
    if (!S_ISREG(st.st_mode))
        return plm_fail(err, PLM_E_UNSUPPORTED, "%s: not a regular file", name);
    if (st.st_size > 0 && (uint64_t)st.st_size > max)
        return plm_fail(err, PLM_E_LIMIT, "%s: %lld bytes are over the limit of %zu", name,
                        (long long)st.st_size, max);
    return plm_fs_read_fd(fd, name, max, out, err);
}

int plm_fs_read_in(int root_fd, const char *path, size_t max, struct plm_buf *out, plm_err **err)
{
    plm_auto_fd int fd = plm_fs_open_in(root_fd, path, O_RDONLY, err);
    return fd < 0 ? -1 : read_regular(fd, path, max, out, err);
}

int plm_fs_read(const char *path, size_t max, struct plm_buf *out, plm_err **err)
{
    plm_auto_fd int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    return fd < 0 ? plm_fail_sys(err, "%s", path) : read_regular(fd, path, max, out, err);
}

int plm_fs_write_all(int fd, const void *p, size_t n, plm_err **err)
{
    for (const char *at = p; n;) {
        ssize_t w = write(fd, at, n);
        if (w < 0 && errno == EINTR)
            continue;
        if (w < 0)
            return plm_fail_sys(err, "write");
        at += w;
        n -= (size_t)w;
    }
    return 0;
}

int plm_fs_pread_all(int fd, void *p, size_t n, uint64_t off, plm_err **err)
{
    for (char *at = p; n;) {
        ssize_t r = pread(fd, at, n, (off_t)off);
        if (r < 0 && errno == EINTR)
            continue;
        if (r < 0)
            return plm_fail_sys(err, "read at offset %llu", (unsigned long long)off);
        if (r == 0)
            return plm_fail(err, PLM_E_PARSE, "file ends at offset %llu, %zu bytes short",
                            (unsigned long long)off, n);
        at += r;
        off += (uint64_t)r;
        n -= (size_t)r;
    }
    return 0;
}

int plm_fs_atomic_open(const char *path, mode_t mode, struct plm_fs_atomic *out, plm_err **err)
{
    struct plm_fs_atomic a = {.fd = -1, .path = strdup(path)};
    if (!a.path || asprintf(&a.tmp, "%s.tmp.XXXXXX", path) < 0) {
        free(a.path);
        return plm_fail_oom(err);
    }
    a.fd = mkostemp(a.tmp, O_CLOEXEC);
    if (a.fd < 0) {
        int r = plm_fail_sys(err, "create %s", a.tmp);
        free(a.tmp);
        free(a.path);
        return r;
    }
    if (!mode) {
        mode_t mask = umask(0);
        umask(mask);
        mode = 0644 & ~mask;
    }
    (void)fchmod(a.fd, mode);
    *out = a;
    return 0;
}

int plm_fs_atomic_commit(struct plm_fs_atomic *a, plm_err **err)
{
    if (fsync(a->fd) < 0)
        return plm_fail_sys(err, "fsync %s", a->tmp);
    if (rename(a->tmp, a->path) < 0)
        return plm_fail_sys(err, "rename to %s", a->path);
    free(a->tmp);
    a->tmp = NULL;
    return 0;
}

void plm_fs_atomic_done(struct plm_fs_atomic *a)
{
    if (a->path && a->fd >= 0)
        close(a->fd);
    if (a->tmp)
        unlink(a->tmp);
    free(a->tmp);
    free(a->path);
    *a = (struct plm_fs_atomic){.fd = -1};
}

int plm_fs_write_atomic(const char *path, plm_sv data, mode_t mode, plm_err **err)
{
    plm_auto_done(plm_fs_atomic_done) struct plm_fs_atomic a = {.fd = -1};
    if (plm_fs_atomic_open(path, mode, &a, err) < 0 || plm_fs_write_all(a.fd, data.p, data.n, err) < 0)
        return plm_wrap(err, "%s", path);
    return plm_fs_atomic_commit(&a, err);
}

int plm_fs_mkdirs(const char *path, mode_t mode, plm_err **err)
{
    plm_auto_free char *p = strdup(path);
    if (!p)
        return plm_fail_oom(err);
    for (char *slash = p + 1;; slash++) {
        slash = strchr(slash, '/');
        if (slash)
            *slash = 0;
        if (mkdir(p, mode) < 0 && errno != EEXIST)
            return plm_fail_sys(err, "mkdir %s", p);
        if (!slash)
            return 0;
        *slash = '/';
    }
}

char *plm_fs_join(const char *a, const char *b)
{
    char *out = NULL;
    size_t n = strlen(a);
    bool slash = n == 0 || a[n - 1] != '/';
    if (asprintf(&out, "%s%s%s", a, slash ? "/" : "", b) < 0)
        return NULL;
    return out;
}

int plm_fs_map_fd(int fd, const char *name, size_t max, struct plm_fs_map *out, plm_err **err)
{
    struct stat st;
    if (fstat(fd, &st) < 0)
        return plm_fail_sys(err, "%s", name);
    if (!S_ISREG(st.st_mode))
        return plm_fail(err, PLM_E_UNSUPPORTED, "%s: not a regular file", name);
    if ((uint64_t)st.st_size > max)
        return plm_fail(err, PLM_E_LIMIT, "%s: %lld bytes are over the limit of %zu", name,
                        (long long)st.st_size, max);
    *out = (struct plm_fs_map){0};
    if (st.st_size == 0)
        return 0;
    void *p = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
    if (p == MAP_FAILED)
        return plm_fail_sys(err, "map %s", name);
    out->view = (plm_sv){p, (size_t)st.st_size};
    return 0;
}

void plm_fs_map_done(struct plm_fs_map *m)
{
    if (m->view.p)
        munmap((void *)(uintptr_t)m->view.p, m->view.n);
    m->view = PLM_SV_NULL;
}
