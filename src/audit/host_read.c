/* SPDX-License-Identifier: Apache-2.0
 *
 * Single files of the host that is audited: this machine, a mounted disk or a recorded tree.
 */
#include "audit/host.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>

enum { SMALL_FILE = 1 << 20 };

plm_sv plm_host_text(const struct plm_facts *f, const char *path, size_t max, int *out_errno)
{
    plm_auto(plm_err_free) plm_err *err = NULL;
    plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(max);
    if (plm_fs_read_in(f->root_fd, path, max, &b, &err) < 0) {
        *out_errno = err && err->sys                          ? err->sys
                     : plm_err_code(err) == PLM_E_LIMIT       ? EFBIG
                     : plm_err_code(err) == PLM_E_UNSUPPORTED ? EINVAL
                                                              : EIO;
        return PLM_SV_NULL;
    }
    *out_errno = 0;
    plm_sv text = plm_sv_trim(plm_buf_sv(&b));
    return plm_arena_sv(f->arena, text.n ? text : PLM_SV(""));
}

plm_sv plm_host_textf(const struct plm_facts *f, int *out_errno, const char *fmt, ...)
{
    char *path = NULL;
    va_list ap;
    va_start(ap, fmt);
    int n = vasprintf(&path, fmt, ap);
    va_end(ap);
    if (n < 0) {
        *out_errno = ENOMEM;
        return PLM_SV_NULL;
    }
    plm_sv text = plm_host_text(f, path, SMALL_FILE, out_errno);
    free(path);
    return text;
}

int plm_host_stat(const struct plm_facts *f, const char *path, struct stat *out)
{
    plm_auto(plm_err_free) plm_err *err = NULL;
    plm_auto_fd int fd = plm_fs_open_in(f->root_fd, path, O_PATH, &err);
    if (fd < 0)
        return err && err->sys ? err->sys : EIO;
    return fstat(fd, out) < 0 ? errno : 0;
}

bool plm_host_exists(const struct plm_facts *f, const char *path)
{
    struct stat st;
    return plm_host_stat(f, path, &st) == 0;
}

int plm_host_names(const struct plm_facts *f, const char *dir, plm_sv_vec *out)
{
    plm_auto(plm_err_free) plm_err *err = NULL;
    plm_auto_fd int fd = plm_fs_open_in(f->root_fd, dir, O_RDONLY | O_DIRECTORY, &err);
    if (fd < 0)
        return err && err->sys ? err->sys : EIO;
    DIR *d = fdopendir(fd);
    if (!d)
        return errno;
    fd = -1; /* closedir closes it */
    int failure = 0;
    uint64_t left = f->ctx->limits->layer_entries;
    for (;;) {
        errno = 0;
        const struct dirent *e = readdir(d);
        if (!e) {
            failure = errno;
            break;
        }
        if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
            continue;
        if (left-- == 0) {
            failure = EFBIG;
            break;
        }
        if (!plm_sv_vec_add(f->arena, out, plm_sv_from(e->d_name))) {
            failure = ENOMEM;
            break;
        }
    }
    closedir(d);
    plm_sv_vec_sort_unique(out);
    return failure;
}

plm_sv plm_host_link(const struct plm_facts *f, const char *path)
{
    plm_auto(plm_err_free) plm_err *err = NULL;
    plm_auto_fd int fd = plm_fs_open_in(f->root_fd, path, O_PATH | O_NOFOLLOW, &err);
    char target[PATH_MAX];
    ssize_t n = fd < 0 ? -1 : readlinkat(fd, "", target, sizeof(target));
    return n > 0 ? plm_arena_sv(f->arena, plm_sv_n(target, (size_t)n)) : PLM_SV_NULL;
}

bool plm_host_has_kernel(struct plm_checking *k)
{
    if (plm_host_exists(k->facts, "/proc/sys/kernel"))
        return true;
    plm_say(k, PLM_OUT_UNKNOWN,
            "/proc/sys: %s; a disk that is not booted does not show what its kernel would do",
            strerror(ENOENT));
    return false;
}

bool plm_host_line(plm_sv *rest, plm_sv *line)
{
    while (plm_sv_line(rest, line)) {
        size_t at = plm_sv_find(*line, '#');
        *line = plm_sv_trim(at == SIZE_MAX ? *line : plm_sv_sub(*line, 0, at));
        if (line->n)
            return true;
    }
    return false;
}

bool plm_host_has_word(plm_sv text, const char *word)
{
    plm_sv w;
    while (plm_sv_word(&text, &w))
        if (plm_sv_is(w, word))
            return true;
    return false;
}

bool plm_host_is_listed(plm_sv s, const char *const *list, const plm_sv_vec *also)
{
    for (; list && *list; list++)
        if (plm_sv_glob(plm_sv_from(*list), s))
            return true;
    for (size_t i = 0; also && i < also->n; i++)
        if (plm_sv_glob(also->v[i], s))
            return true;
    return false;
}

bool plm_host_has_engine(const struct plm_facts *f)
{
    static const char *const programs[] = {"/usr/bin/dockerd", "/usr/sbin/dockerd", "/usr/local/bin/dockerd",
                                           "/usr/bin/podman", "/usr/bin/containerd"};
    for (size_t i = 0; i < sizeof(programs) / sizeof(programs[0]); i++)
        if (plm_host_exists(f, programs[i]))
            return true;
    return f->daemons.n > 0;
}

plm_sv plm_host_release(const struct plm_facts *f)
{
    int sys;
    return plm_host_text(f, "/proc/sys/kernel/osrelease", 256, &sys);
}

bool plm_host_runs(const struct plm_facts *f, const char *name)
{
    for (size_t i = 0; i < f->processes.n; i++) {
        const struct plm_process *p = &f->processes.v[i];
        if (p->is_kernel || p->container_id.p)
            continue;
        plm_sv comm = plm_sv_sub(plm_sv_from(name), 0, 15); /* TASK_COMM_LEN without its NUL */
        if (plm_sv_eq(p->comm, comm))
            return true;
    }
    return false;
}
