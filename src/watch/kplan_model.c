/* SPDX-License-Identifier: Apache-2.0
 *
 * The kernel's filter in user space: what the kernel program does with an event, for tests and for counting
 * what a recording would have cost.
 */
#include "watch/kplan_int.h"

#include <fcntl.h>

static const char *const names[] = {
    [PLM_KD_SUCCESS] = "success",
    [PLM_KD_FAILURE] = "failure",
    [PLM_KD_IN_CONTAINER] = "container",
    [PLM_KD_IN_HOST] = "host",
    [PLM_KD_TTY] = "terminal",
    [PLM_KD_NO_TTY] = "no terminal",
    [PLM_KD_READ] = "read",
    [PLM_KD_NO_READ] = "no read",
    [PLM_KD_WRITE] = "write",
    [PLM_KD_NO_WRITE] = "no write",
    [PLM_KD_CREATE] = "create",
    [PLM_KD_NO_CREATE] = "no create",
    [PLM_KD_TRUNC] = "truncate",
    [PLM_KD_NO_TRUNC] = "no truncate",
    [PLM_KD_DOTDOT] = "path with ..",
    [PLM_KD_NO_DOTDOT] = "path without ..",
    [PLM_KD_IP] = "ip socket",
    [PLM_KD_NO_IP] = "no ip socket",
    [PLM_KD_UNIX] = "unix socket",
    [PLM_KD_NO_UNIX] = "no unix socket",
    [PLM_KD_TCP] = "tcp",
    [PLM_KD_NO_TCP] = "no tcp",
};

const char *plm_kdim_name(enum plm_kdim d)
{
    return d < PLM_KD_COUNT_ ? names[d] : "";
}

static void mask_and(struct plm_kmask *m, const struct plm_kmask *n)
{
    for (size_t i = 0; i < PLM_KWORDS; i++)
        m->w[i] &= n->w[i];
}

static bool mask_is_empty(const struct plm_kmask *m)
{
    for (size_t i = 0; i < PLM_KWORDS; i++)
        if (m->w[i])
            return false;
    return true;
}

static void pair(const struct plm_kfilter *f, struct plm_kmask *m, enum plm_kdim first, bool is_first)
{
    mask_and(m, &f->dim[is_first ? first : first + 1]);
}

/* open flags of the event; false: it is no open, or they are not known. */
static bool open_flags(const struct plm_event *e, uint64_t *out)
{
    plm_sv name = plm_sv_from(e->type->name);
    if (plm_sv_is(name, "creat")) {
        *out = O_CREAT | O_WRONLY | O_TRUNC;
        return true;
    }
    if (!plm_sv_starts(name, PLM_SV("open")))
        return false;
    int at = plm_evtype_param(e->type, PLM_SV("flags"));
    if (at < 0 || (unsigned)at >= e->n_params || !e->params[at].is_present)
        return false;
    *out = e->params[at].u;
    return true;
}

static void test_open(const struct plm_kfilter *f, const struct plm_event *e, struct plm_kmask *m)
{
    uint64_t flags;
    if (!open_flags(e, &flags))
        return;
    pair(f, m, PLM_KD_READ, (flags & O_ACCMODE) != O_WRONLY);
    pair(f, m, PLM_KD_WRITE, (flags & O_ACCMODE) != O_RDONLY);
    pair(f, m, PLM_KD_CREATE, flags & O_CREAT || (flags & O_TMPFILE) == O_TMPFILE);
    pair(f, m, PLM_KD_TRUNC, flags & O_TRUNC);
    if (e->has_fd && e->fd.nameraw.p)
        pair(f, m, PLM_KD_DOTDOT, plm_sv_has(e->fd.nameraw, PLM_SV("..")));
}

static bool is_ip(const struct plm_fdinfo *fd)
{
    return fd->type == PLM_FD_IPV4 || fd->type == PLM_FD_IPV6;
}

static void test_ports(const struct plm_kfilter *f, const struct plm_fdinfo *fd, struct plm_kmask *m)
{
    struct plm_kmask may = f->any_port;
    for (size_t i = 0; i < f->n_ports; i++) {
        uint16_t p = f->ports[i].port;
        if (p == fd->lport || p == fd->rport || p == fd->addr.sport || p == fd->addr.dport)
            for (size_t k = 0; k < PLM_KWORDS; k++)
                may.w[k] |= f->ports[i].clauses.w[k];
    }
    mask_and(m, &may);
}

static void test_path(const struct plm_kfilter *f, const struct plm_fdinfo *fd, struct plm_kmask *m)
{
    struct plm_kmask may = f->any_path;
    for (size_t i = 0; i < f->n_paths; i++)
        if (plm_kpath_holds(f->paths[i].kind, f->paths[i].text, fd->name))
            for (size_t k = 0; k < PLM_KWORDS; k++)
                may.w[k] |= f->paths[i].clauses.w[k];
    mask_and(m, &may);
}

static void test_fd(const struct plm_kfilter *f, const struct plm_event *e, struct plm_kmask *m)
{
    const struct plm_fdinfo *fd = &e->fd;
    if (!e->has_fd || fd->num < 0 || fd->type == PLM_FD_UNKNOWN)
        return;
    pair(f, m, PLM_KD_IP, is_ip(fd));
    pair(f, m, PLM_KD_UNIX, fd->type == PLM_FD_UNIX);
    pair(f, m, PLM_KD_TCP, is_ip(fd) && fd->l4 == 6);
    bool is_path = fd->type == PLM_FD_FILE || fd->type == PLM_FD_DIRECTORY;
    bool is_known = fd->name.n && fd->name.p[0] == '/' && !(e->has_res && e->res < 0);
    if (is_path && is_known)
        test_path(f, fd, m);
    if (is_ip(fd))
        test_ports(f, fd, m);
}

bool plm_kfilter_passes(const struct plm_kfilter *f, const struct plm_kmask *task,
                        const struct plm_view *view)
{
    const struct plm_event *e = view->event;
    if (!e || !e->type || e->type->id >= PLM_EVTYPE_MAX)
        return false;
    struct plm_kmask m = f->event[e->type->id];
    if (task && !plm_evset_has(&f->changes, e->type->id))
        mask_and(&m, task);
    if (e->has_res)
        pair(f, &m, PLM_KD_SUCCESS, e->res >= 0);
    pair(f, &m, PLM_KD_IN_CONTAINER, view->thread->container != NULL);
    pair(f, &m, PLM_KD_TTY, view->thread->info.tty != 0);
    test_open(f, e, &m);
    test_fd(f, e, &m);
    return !mask_is_empty(&m);
}
