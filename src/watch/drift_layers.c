/* SPDX-License-Identifier: Apache-2.0
 *
 * Whether an executable is of the image or was written in the container
 * (Documentation/filesystems/overlayfs.rst).
 *
 * A file of a lower layer that nobody changed shows through the overlay with the very times, size and mode of
 * the layer's file. As soon as it is written, or its mode, owner or a name changes, it is copied into the
 * upper layer, and that copy's change time (ctime) is of that moment: no call sets a ctime, so no file made
 * in the container can carry the one of a layer's file. A file passes if some lower layer has one of the same
 * path, type, mode, size, mtime and ctime as the open file; renaming while we look only makes the look-up
 * miss, which denies. (Asking whether the upper layer has the path instead would be answered wrong by such a
 * race.)
 *
 * What is therefore "written": new files, copies, and files of the image whose contents, owner or mode were
 * changed in the container. Cost: two opens and a stat per layer above the one that has the file.
 *
 * Layers of long lists are given relative to a directory that mountinfo does not tell: docker's to the
 * directory of the overlay2 driver, containerd's to its snapshots. Both are two levels above the mount point
 * or the upper directory of the same overlay.
 */
#include "drift_int.h"

#include "base/buf.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#define LAYERS_MAX 512
#define FS_MAX     PLM_MIB(1)

void plm_drift_fs_unref(struct plm_drift_fs *fs)
{
    if (fs && atomic_fetch_sub(&fs->refs, 1) == 1)
        plm_arena_free(fs->arena);
}

static plm_sv parent_of(plm_sv path)
{
    size_t slash = plm_sv_rfind(path, '/');
    return slash == SIZE_MAX || slash == 0 ? PLM_SV_NULL : plm_sv_sub(path, 0, slash);
}

/* The directory that relative layers are relative to; null: not known. */
static plm_sv base_of(const struct plm_mount *m, plm_sv upper, const plm_mount_vec *host)
{
    if (plm_sv_starts(upper, PLM_SV("/")))
        return parent_of(parent_of(upper));
    for (size_t i = 0; i < host->n; i++) {
        const struct plm_mount *h = &host->v[i];
        if (h->major == m->major && h->minor == m->minor && plm_sv_ends(h->point, PLM_SV("/merged")))
            return parent_of(parent_of(h->point));
    }
    return PLM_SV_NULL;
}

/* docker's short names of layers are links: resolved once, so that judging follows none. */
static const char *layer_path(struct plm_arena *a, plm_sv base, plm_sv layer)
{
    if (!layer.n || (layer.p[0] != '/' && !base.n))
        return NULL;
    plm_sv path = layer.p[0] == '/' ? plm_arena_sv(a, layer)
                                    : plm_arena_printf(a, "%.*s/%.*s", PLM_SV_ARG(base), PLM_SV_ARG(layer));
    if (!path.p)
        return NULL;
    plm_auto_free char *real = realpath(path.p, NULL);
    return real ? plm_arena_cstr(a, plm_sv_from(real)) : path.p;
}

static void read_layers(struct plm_drift_fs *fs, const struct plm_mount *m, const plm_mount_vec *host)
{
    plm_sv lower = plm_mount_option(m, "lowerdir", fs->arena), one;
    if (!lower.n)
        lower = plm_mount_option(m, "lowerdir+", fs->arena);
    const char **v = plm_arena_array(fs->arena, LAYERS_MAX, sizeof(*v));
    plm_sv base = base_of(m, fs->upper, host);
    while (v && fs->n_lowers < LAYERS_MAX && plm_sv_field(&lower, ':', &one)) {
        const char *path = layer_path(fs->arena, base, one);
        if (path)
            v[fs->n_lowers++] = path;
    }
    fs->lowers = v;
}

struct plm_drift_fs *plm_drift_fs_new(const struct plm_mount *m, const plm_mount_vec *host, plm_err **err)
{
    struct plm_arena *a = plm_arena_new(FS_MAX);
    struct plm_drift_fs *fs = a ? plm_arena_make(a, struct plm_drift_fs) : NULL;
    if (!fs) {
        plm_arena_free(a);
        return PLM_NULL(plm_fail_oom(err));
    }
    *fs = (struct plm_drift_fs){.arena = a, .dev = makedev(m->major, m->minor)};
    atomic_init(&fs->refs, 1);
    fs->is_overlay = plm_sv_is(m->type, "overlay");
    if (fs->is_overlay) {
        fs->upper = plm_mount_option(m, "upperdir", a);
        read_layers(fs, m, host);
    }
    if (plm_arena_check(a, err) < 0) {
        plm_arena_free(a);
        return NULL;
    }
    return fs;
}

static bool is_same_time(struct timespec a, struct timespec b)
{
    return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec;
}

static bool is_same_file(const struct stat *a, const struct stat *b)
{
    return a->st_size == b->st_size && a->st_mode == b->st_mode && is_same_time(a->st_mtim, b->st_mtim) &&
           is_same_time(a->st_ctim, b->st_ctim);
}

/* 1: the layer has this very file; 0: not; -1: the layer itself could not be opened. */
static int layer_has(const char *layer, const char *path, const struct stat *wanted)
{
    plm_auto_fd int dir = open(layer, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (dir < 0)
        return -1;
    const struct open_how how = {.flags = O_PATH | O_NOFOLLOW | O_CLOEXEC,
                                 .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS};
    plm_auto_fd int fd = (int)syscall(SYS_openat2, dir, path, &how, sizeof(how));
    struct stat st;
    return fd >= 0 && fstat(fd, &st) == 0 && is_same_file(&st, wanted);
}

enum plm_drift_verdict plm_drift_judge(const struct plm_drift_fs *fs, int fd, plm_sv path)
{
    if (!fs->is_overlay)
        return PLM_DRIFT_WRITTEN;
    struct stat wanted;
    plm_auto_done(plm_buf_done) struct plm_buf name = PLM_BUF(PLM_KIB(64));
    plm_buf_sv_put(&name, path);
    const char *p = plm_buf_cstr(&name);
    if (!p || fstat(fd, &wanted) < 0)
        return PLM_DRIFT_UNKNOWN;
    p += strspn(p, "/");
    bool has_layer = false;
    for (size_t i = 0; i < fs->n_lowers; i++) {
        int found = layer_has(fs->lowers[i], p, &wanted);
        if (found > 0)
            return PLM_DRIFT_IMAGE;
        has_layer |= found == 0;
    }
    return has_layer ? PLM_DRIFT_WRITTEN : PLM_DRIFT_UNKNOWN;
}
