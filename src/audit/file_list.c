/* SPDX-License-Identifier: Apache-2.0
 *
 * Lists of files to judge: which root each lies in, each inode once.
 */
#include "audit/file_list.h"

#include "base/fs.h"

#include <fcntl.h>
#include <stdarg.h>

#define NAMES_MAX   4096
#define ENVIRON_MAX PLM_MIB(2)

static bool is_seen(struct file_list *l, const struct stat *st)
{
    for (size_t i = 0; i < l->seen.n; i++)
        if (l->seen.v[i].dev == st->st_dev && l->seen.v[i].ino == st->st_ino)
            return true;
    struct file_inode *s = plm_vec_push(l->a, &l->seen);
    if (s) {
        s->dev = st->st_dev;
        s->ino = st->st_ino;
    }
    return false;
}

static struct plm_file_target *add(struct file_list *l, const struct file_root *r, plm_sv path, uint32_t max,
                                   plm_sv note)
{
    plm_auto(plm_err_free) plm_err *e = NULL;
    int root_fd = r->fd >= 0 ? r->fd : l->k->facts->root_fd;
    const char *name = plm_arena_cstr(l->a, path);
    if (!name || !path.n)
        return NULL;
    plm_auto_fd int fd = plm_fs_open_in(root_fd, name, O_PATH, &e);
    struct stat st;
    bool is_there = fd >= 0 && fstat(fd, &st) == 0;
    if (fd < 0 && e && (e->sys == ENOENT || e->sys == ENOTDIR))
        return NULL;
    if (is_there && is_seen(l, &st))
        return NULL;
    struct plm_file_target *t = plm_vec_push(l->a, &l->targets);
    if (!t)
        return NULL;
    *t = (struct plm_file_target){
        .root_fd = root_fd, .prefix = r->prefix, .path = plm_arena_sv(l->a, path), .note = note, .max = max};
    t->object = r->prefix.n && r->daemon ? plm_arena_printf(l->a, "%.*s (in the root of %.*s)",
                                                            PLM_SV_ARG(path), PLM_SV_ARG(r->daemon->endpoint))
                                         : t->path;
    if (r->daemon && r->daemon->is_rootless && r->daemon->process && r->daemon->process->has_status) {
        t->uid = r->daemon->process->uid[1];
        t->gid = r->daemon->process->gid[1];
    }
    return t;
}

struct plm_file_target *file_list_host(struct file_list *l, plm_sv path, uint32_t max, plm_sv note)
{
    return add(l, &l->host, path, max, note);
}

struct plm_file_target *file_list_daemon(struct file_list *l, const struct file_root *r, plm_sv path,
                                         uint32_t max, plm_sv note)
{
    return add(l, r, path, max, note);
}

void file_list_unknown(struct file_list *l, plm_sv object, const char *fmt, ...)
{
    char *text = NULL;
    va_list ap;
    va_start(ap, fmt);
    int n = vasprintf(&text, fmt, ap);
    va_end(ap);
    plm_say_on(l->k, object, PLM_OUT_UNKNOWN, "%s", n < 0 ? "out of memory" : text);
    if (n >= 0)
        free(text);
    l->said++;
}

bool file_list_names(struct file_list *l, const struct file_root *r, plm_sv dir, plm_sv_vec *out)
{
    int sys, root_fd = r->fd >= 0 ? r->fd : l->k->facts->root_fd;
    const char *name = plm_arena_cstr(l->a, dir);
    if (!name || plm_dir_names(root_fd, name, NAMES_MAX, l->a, out, &sys) == 0)
        return name != NULL;
    if (sys == E2BIG)
        file_list_unknown(l, dir, "%.*s: more than %d entries, the rest was not looked at", PLM_SV_ARG(dir),
                          NAMES_MAX);
    else if (sys != ENOENT && sys != ENOTDIR)
        file_list_unknown(l, dir, "%.*s: %s", PLM_SV_ARG(dir), strerror(sys));
    return sys == E2BIG;
}

plm_sv file_list_env(struct file_list *l, const struct plm_daemon *d, const char *name)
{
    int sys;
    if (!d->process || !l->k->facts->kernel)
        return PLM_SV_NULL;
    plm_sv path = plm_arena_printf(l->a, "/proc/%d/environ", d->process->pid), row, key, value;
    plm_sv text =
        path.p ? plm_kernel_text(l->k->facts->kernel, l->a, path.p, ENVIRON_MAX, &sys) : PLM_SV_NULL;
    while (plm_sv_field(&text, '\0', &row))
        if (plm_sv_cut(row, '=', &key, &value) && plm_sv_is(key, name))
            return value;
    return PLM_SV_NULL;
}

plm_sv file_list_text(struct file_list *l, const struct file_root *r, plm_sv path, size_t max)
{
    plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(max);
    const char *name = plm_arena_cstr(l->a, path);
    if (!name || plm_fs_read_in(r->fd >= 0 ? r->fd : l->k->facts->root_fd, name, max, &b, NULL) < 0)
        return PLM_SV_NULL;
    return plm_arena_sv(l->a, plm_buf_sv(&b));
}

void file_list_run(struct plm_checking *k, file_lister list, file_judge judge, const char *absent)
{
    struct plm_facts *f = k->facts;
    plm_collect_accounts(f);
    struct file_list l = {.k = k, .a = k->arena, .host = {.fd = -1, .prefix = PLM_SV("")}};
    for (size_t i = 0; i < f->daemons.n; i++) {
        struct file_root *r = f->daemons.v[i].is_remote ? NULL : plm_vec_push(l.a, &l.roots);
        if (!r)
            continue;
        r->daemon = &f->daemons.v[i];
        r->fd = plm_daemon_root(f, r->daemon, l.a, &r->prefix);
    }
    list(&l);
    size_t said = l.said;
    for (size_t i = 0; i < l.targets.n; i++)
        said += judge(k, &l.targets.v[i]);
    if (said == 0)
        plm_say(k, PLM_OUT_NA, "%s", absent);
    for (size_t i = 0; i < l.roots.n; i++)
        if (l.roots.v[i].fd >= 0)
            close(l.roots.v[i].fd);
}
