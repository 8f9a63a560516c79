/* SPDX-License-Identifier: Apache-2.0
 *
 * Worker: one overlay2 diff directory, where the engine keeps it, to a layer record (kernel documentation,
 * filesystems/overlayfs.rst). Whiteouts are character devices 0:0, opaque directories carry the attribute
 * trusted.overlay.opaque or user.overlay.opaque with the value "y". Every entry is entered, so this is a walk
 * of the whole directory; the contents of wanted files are read.
 */
#include "image/build.h"
#include "image/worker.h"

#include "base/fs.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>

enum { DEPTH_MAX = 512 };

struct overlay {
    struct plm_builder *b;
    const struct plm_limits *limits;
    struct plm_buf path; /* of what is visited */
    struct plm_buf scratch;
};

static bool is_opaque(int dir)
{
    char v[2];
    return (fgetxattr(dir, "trusted.overlay.opaque", v, sizeof(v)) == 1 && v[0] == 'y') ||
           (fgetxattr(dir, "user.overlay.opaque", v, sizeof(v)) == 1 && v[0] == 'y');
}

static int take_contents(struct overlay *o, int dir, const char *name, uint32_t node, plm_err **err)
{
    size_t n;
    plm_sv path = plm_buf_sv(&o->path);
    const struct plm_match *m = plm_builder_wants(o->b, path, &n);
    if (n == 0 || !plm_builder_fits(o->b, node, m, n, path))
        return 0;
    plm_auto_fd int fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    plm_err *bad = NULL;
    int r = fd < 0 ? plm_fail_sys(&bad, "open")
                   : plm_builder_take_fd(o->b, node, m, n, fd, &o->scratch, &bad, err);
    if (!bad)
        return r;
    plm_builder_cut(o->b, "file.unreadable", path, bad);
    plm_err_free(bad);
    return 0;
}

static int walk(struct overlay *o, int fd, unsigned depth, plm_err **err);

static int visit(struct overlay *o, int dir, const char *name, unsigned depth, plm_err **err)
{
    struct stat st;
    char link[PATH_MAX];
    if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
        return 0; /* gone since it was listed */
    struct plm_record_entry e = {.path = plm_buf_sv(&o->path),
                                 .type = plm_entry_type_of(st.st_mode),
                                 .link = PLM_SV_NULL,
                                 .mode = st.st_mode & 07777,
                                 .uid = st.st_uid,
                                 .gid = st.st_gid,
                                 .size = S_ISREG(st.st_mode) ? (uint64_t)st.st_size : 0};
    if (e.type == PLM_ENTRY_CHAR && st.st_rdev == makedev(0, 0)) {
        e.type = PLM_ENTRY_NONE;
        e.flags = PLM_ENTRY_WHITEOUT;
    }
    if (e.type == PLM_ENTRY_SYMLINK) {
        ssize_t n = readlinkat(dir, name, link, sizeof(link));
        e.link = plm_sv_n(link, n > 0 ? (size_t)n : 0);
    }
    plm_auto_fd int sub = -1;
    if (e.type == PLM_ENTRY_DIR) {
        sub = openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (sub >= 0 && is_opaque(sub))
            e.flags = PLM_ENTRY_OPAQUE;
    }
    uint32_t node;
    if (plm_builder_add_plain(o->b, &e, &node, err) < 0)
        return -1;
    if (node != PLM_NONE)
        return take_contents(o, dir, name, node, err);
    if (e.type != PLM_ENTRY_DIR)
        return 0;
    if (sub < 0 || depth >= DEPTH_MAX) {
        plm_err *bad = NULL;
        int r =
            sub < 0 ? plm_fail_sys(&bad, "open") : plm_fail(&bad, PLM_E_LIMIT, "deeper than %d", DEPTH_MAX);
        if (r < 0)
            plm_builder_cut(o->b, "file.unreadable", plm_buf_sv(&o->path), bad);
        plm_err_free(bad);
        return 0;
    }
    return walk(o, sub, depth + 1, err);
}

static int walk(struct overlay *o, int fd, unsigned depth, plm_err **err)
{
    int copy = fcntl(fd, F_DUPFD_CLOEXEC, 0);
    DIR *d = copy < 0 ? NULL : fdopendir(copy);
    if (!d)
        return plm_fail_sys(err, "list");
    size_t base = o->path.n;
    int r = 0;
    for (struct dirent *e; r == 0 && (e = readdir(d)) != NULL;) {
        if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
            continue;
        if (base)
            plm_buf_byte(&o->path, '/');
        plm_buf_str(&o->path, e->d_name);
        if (o->path.failed)
            plm_buf_clear(&o->path);
        else
            r = visit(o, fd, e->d_name, depth, err);
        o->path.n = base;
    }
    closedir(d);
    return r;
}

/* Job: name, what is wanted. Descriptor 0: the diff directory. */
int plm_job_overlay(struct plm_job_input *in, struct plm_buf *out, plm_err **err)
{
    plm_auto(plm_arena_free) struct plm_arena *a = plm_arena_new(PLM_ARENA_NO_LIMIT);
    if (!a)
        return plm_fail_oom(err);
    plm_sv name = plm_rd_view(&in->rd);
    struct plm_wanted wanted;
    if (plm_wanted_decode(&in->rd, a, &wanted, err) < 0)
        return -1;
    plm_job_service(in, &wanted);
    plm_auto(plm_builder_free) struct plm_builder *b = plm_builder_new(in->limits, &wanted, err);
    plm_auto_fd int fd = openat(in->fds[0], ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (!b)
        return -1;
    plm_auto_done(plm_buf_done) struct plm_buf path = PLM_BUF(PLM_KIB(64));
    struct overlay o = {
        .b = b, .limits = in->limits, .path = path, .scratch = PLM_BUF((size_t)in->limits->file_bytes)};
    plm_err *bad = NULL;
    int r = fd < 0 ? plm_fail_sys(&bad, "open") : walk(&o, fd, 0, &bad);
    path = o.path;
    plm_buf_done(&o.scratch);
    if (r == 0 && is_opaque(fd)) {
        struct plm_record_entry root = {
            .path = PLM_SV(""), .type = PLM_ENTRY_DIR, .flags = PLM_ENTRY_OPAQUE, .mode = 0755};
        uint32_t node;
        r = plm_builder_add_plain(b, &root, &node, &bad);
    }
    if (r < 0) {
        plm_builder_cut(b, NULL, name, bad);
        plm_err_free(bad);
    }
    return plm_builder_write(b, out, err);
}
