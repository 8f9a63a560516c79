/* SPDX-License-Identifier: Apache-2.0
 *
 * Who can change what a path names: the inode at its end, and every directory on the way there.
 *
 * The walk is done here and not by the kernel, because the directory that holds a symlink matters as
 * much as those behind it. Each component is opened below the root without following it; a symlink's
 * text takes its place (path_resolution(7), at most 40). A tree that changes meanwhile gives the
 * answer of one of its states or "not there". Linear in the components walked.
 */
#include "audit/access_int.h"

#include "base/fs.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>

#define LINKS_MAX      40
#define COMPONENTS_MAX 4096

struct walk {
    struct plm_arena *a;
    int root_fd;
    plm_sv resolved; /* of where we stand, "" for the root */
    plm_sv pending;
    int fd; /* O_PATH of where we stand */
    struct stat st;
    unsigned links, components;
};

static void add_parent(struct walk *w, struct plm_path_facts *out)
{
    plm_sv path = w->resolved.n ? w->resolved : PLM_SV("/");
    for (size_t i = 0; i < out->parents.n; i++)
        if (plm_sv_eq(out->parents.v[i].path, path))
            return;
    struct plm_path_step *s = plm_vec_push(w->a, &out->parents);
    if (s)
        *s = (struct plm_path_step){
            .path = path, .uid = w->st.st_uid, .gid = w->st.st_gid, .mode = w->st.st_mode & 07777};
}

/* Stands on path; errno, 0 when there. */
static int stand_on(struct walk *w, plm_sv path)
{
    plm_auto(plm_err_free) plm_err *e = NULL;
    const char *name = path.n ? plm_arena_cstr(w->a, path) : "/";
    if (!name)
        return ENOMEM;
    plm_auto_fd int fd = plm_fs_open_in(w->root_fd, name, O_PATH | O_NOFOLLOW, &e);
    if (fd < 0)
        return e && e->sys ? e->sys : EIO;
    struct stat st;
    if (fstat(fd, &st) < 0)
        return errno;
    if (w->fd >= 0)
        close(w->fd);
    w->fd = plm_take_fd(fd);
    w->st = st;
    return 0;
}

static int follow(struct walk *w, plm_sv parent)
{
    char *target = malloc(PATH_MAX);
    if (!target)
        return ENOMEM;
    ssize_t n = readlinkat(w->fd, "", target, PATH_MAX);
    int sys = n < 0 ? errno : n >= PATH_MAX ? ENAMETOOLONG : ++w->links > LINKS_MAX ? ELOOP : 0;
    if (sys == 0) {
        plm_sv text = plm_sv_n(target, (size_t)n);
        w->resolved = text.n && text.p[0] == '/' ? PLM_SV("") : parent;
        w->pending = plm_arena_printf(w->a, "%.*s/%.*s", PLM_SV_ARG(text), PLM_SV_ARG(w->pending));
        sys = stand_on(w, w->resolved);
    }
    free(target);
    return sys;
}

static int step(struct walk *w, plm_sv name, struct plm_path_facts *out)
{
    if (!S_ISDIR(w->st.st_mode))
        return ENOTDIR;
    if (++w->components > COMPONENTS_MAX)
        return ELOOP;
    add_parent(w, out);
    plm_sv parent = w->resolved;
    if (plm_sv_is(name, "..")) {
        size_t at = plm_sv_rfind(parent, '/');
        w->resolved = at == SIZE_MAX ? PLM_SV("") : plm_sv_sub(parent, 0, at);
        return stand_on(w, w->resolved);
    }
    w->resolved = plm_arena_printf(w->a, "%.*s/%.*s", PLM_SV_ARG(parent), PLM_SV_ARG(name));
    int sys = stand_on(w, w->resolved);
    if (sys == 0 && S_ISLNK(w->st.st_mode)) {
        out->was_symlink = true;
        sys = follow(w, parent);
    }
    return sys;
}

static int walk_all(struct walk *w, struct plm_path_facts *out)
{
    int sys = stand_on(w, PLM_SV(""));
    plm_sv name;
    while (sys == 0 && w->pending.n) {
        plm_sv rest;
        if (!plm_sv_cut(w->pending, '/', &name, &rest))
            rest = PLM_SV("");
        w->pending = rest;
        if (name.n && !plm_sv_is(name, "."))
            sys = step(w, name, out);
    }
    return sys;
}

int plm_path_examine(int root_fd, plm_sv path, struct plm_arena *a, struct plm_path_facts *out, plm_err **err)
{
    struct walk w = {.a = a, .root_fd = root_fd, .resolved = PLM_SV(""), .pending = path, .fd = -1};
    *out = (struct plm_path_facts){.asked = plm_arena_sv(a, path), .fd = -1};
    int sys = walk_all(&w, out);
    out->resolved = w.resolved.n ? w.resolved : PLM_SV("/");
    if (sys == 0) {
        out->exists = true;
        out->fd = plm_take_fd(w.fd);
        out->st = w.st;
        plm_auto(plm_err_free) plm_err *e = NULL;
        if (plm_acl_of_fd(out->fd, a, &out->acl, &e) < 0)
            out->acl_sys = e && e->sys ? e->sys : EIO;
    } else if (sys != ENOENT && sys != ENOTDIR) {
        out->sys = sys;
    }
    if (w.fd >= 0)
        close(w.fd);
    int r = plm_arena_check(a, err);
    if (r < 0)
        plm_path_facts_done(out);
    return r;
}

void plm_path_facts_done(struct plm_path_facts *p)
{
    if (p->fd >= 0)
        close(p->fd);
    p->fd = -1;
}

int plm_dir_names(int root_fd, const char *path, size_t max, struct plm_arena *a, plm_sv_vec *out,
                  int *out_sys)
{
    plm_auto(plm_err_free) plm_err *e = NULL;
    int fd = plm_fs_open_in(root_fd, path, O_RDONLY | O_DIRECTORY, &e);
    *out_sys = fd < 0 ? (e && e->sys ? e->sys : EIO) : 0;
    if (fd < 0)
        return -1;
    DIR *d = fdopendir(fd);
    if (!d) {
        *out_sys = errno;
        close(fd);
        return -1;
    }
    errno = 0;
    for (struct dirent *at; *out_sys == 0 && (at = readdir(d));) {
        plm_sv name = plm_sv_from(at->d_name);
        if (plm_sv_is(name, ".") || plm_sv_is(name, ".."))
            continue;
        if (out->n >= max)
            *out_sys = E2BIG;
        else if (!plm_sv_vec_add(a, out, name))
            *out_sys = ENOMEM;
        errno = 0;
    }
    if (*out_sys == 0)
        *out_sys = errno;
    closedir(d);
    plm_sv_vec_sort_unique(out);
    return *out_sys ? -1 : 0;
}
