/* SPDX-License-Identifier: Apache-2.0
 *
 * Every way to an engine of this machine: sockets with those who may write to them, processes that
 * hold the group, listeners, containers, forwarders, set-id programs, sudo rules.
 *
 * Kernel and file system are read here, the checks only judge. Linear in processes, users and mounts.
 */
#include "audit/reach.h"

#include "base/fs.h"

#include <fcntl.h>

/* ---- sockets ----------------------------------------------------------------------------------------- */

static void add_socket(struct plm_checking *k, struct reach *r, const struct plm_daemon *d, int root_fd,
                       plm_sv path)
{
    struct plm_path_facts p;
    if (!path.n || plm_path_examine(root_fd, path, k->arena, &p, NULL) < 0)
        return;
    bool is_known = !p.exists;
    for (size_t i = 0; i < r->sockets.n && !is_known; i++)
        is_known =
            r->sockets.v[i].facts.st.st_ino == p.st.st_ino && r->sockets.v[i].facts.st.st_dev == p.st.st_dev;
    struct reach_socket *s = is_known ? NULL : plm_vec_push(k->arena, &r->sockets);
    if (!s) {
        plm_path_facts_done(&p);
        return;
    }
    *s = (struct reach_socket){.daemon = d, .path = p.asked, .facts = p};
    if ((p.st.st_mode & 0020) && p.st.st_gid != 0)
        s->group = plm_group_by_gid(k->facts, p.st.st_gid);
    plm_sv user = plm_user_text(k->facts, k->arena, p.st.st_uid),
           group = plm_group_text(k->facts, k->arena, p.st.st_gid);
    s->owners = plm_arena_printf(k->arena, "%.*s:%.*s", PLM_SV_ARG(user), PLM_SV_ARG(group));
}

static void find_sockets(struct plm_checking *k, struct reach *r)
{
    struct plm_facts *f = k->facts;
    for (size_t i = 0; i < f->daemons.n; i++) {
        const struct plm_daemon *d = &f->daemons.v[i];
        plm_sv prefix;
        if (d->is_remote)
            continue;
        plm_auto_fd int own = plm_daemon_root(f, d, k->arena, &prefix);
        add_socket(k, r, d, f->root_fd, d->socket_path);
        for (size_t j = 0; j < d->settings.n; j++)
            if (plm_sv_is(d->settings.v[j].name, "hosts") &&
                plm_sv_starts(d->settings.v[j].value, PLM_SV("unix://")))
                add_socket(k, r, d, own >= 0 ? own : f->root_fd, plm_sv_from_off(d->settings.v[j].value, 7));
    }
}

/* Class of rights of a user on an inode: shift of the mode bits. */
static unsigned class_of(const struct plm_facts *f, const struct plm_user *u, uint32_t uid, uint32_t gid)
{
    bool is_primary;
    const struct plm_group *g = plm_group_by_gid(f, gid);
    return u->uid == uid ? 6 : u->gid == gid || (g && plm_user_in_group(u, g, &is_primary)) ? 3 : 0;
}

static bool may_walk(const struct plm_facts *f, const struct plm_path_facts *p, const struct plm_user *u)
{
    for (size_t i = 0; i < p->parents.n; i++) {
        const struct plm_path_step *s = &p->parents.v[i];
        if (!(s->mode >> class_of(f, u, s->uid, s->gid) & 1))
            return false;
    }
    return true;
}

static plm_sv by_acl(struct plm_checking *k, const struct reach_socket *s, const struct plm_user *u)
{
    for (size_t i = 0; i < s->facts.acl.entries.n; i++) {
        const struct plm_acl_entry *e = &s->facts.acl.entries.v[i];
        bool is_primary;
        const struct plm_group *g = e->tag == PLM_ACL_GROUP ? plm_group_by_gid(k->facts, e->id) : NULL;
        if (!(e->effective & 2))
            continue;
        if (e->tag == PLM_ACL_USER && e->id == u->uid)
            return plm_arena_printf(k->arena, "ACL entry user:%.*s", PLM_SV_ARG(u->name));
        if (g && plm_user_in_group(u, g, &is_primary))
            return plm_arena_printf(k->arena, "ACL entry group:%.*s", PLM_SV_ARG(g->name));
    }
    return PLM_SV_NULL;
}

static bool group_may_write(const struct reach_socket *s)
{
    for (size_t i = 0; s->facts.acl.is_extended && i < s->facts.acl.entries.n; i++)
        if (s->facts.acl.entries.v[i].tag == PLM_ACL_GROUP_OBJ)
            return s->facts.acl.entries.v[i].effective & 2;
    return s->facts.st.st_mode & 0020;
}

plm_sv reach_socket_by(struct plm_checking *k, const struct reach_socket *s, const struct plm_user *u)
{
    bool is_primary;
    if (!may_walk(k->facts, &s->facts, u))
        return PLM_SV_NULL;
    if (s->facts.st.st_uid == u->uid)
        return s->facts.st.st_mode & 0200 ? plm_arena_printf(k->arena, "owner of the socket") : PLM_SV_NULL;
    plm_sv way = by_acl(k, s, u);
    if (way.p || !s->group || !group_may_write(s) || !plm_user_in_group(u, s->group, &is_primary))
        return way;
    plm_sv group = plm_group_text(k->facts, k->arena, s->group->gid);
    return is_primary ? plm_arena_printf(k->arena, "primary group %.*s (/etc/passwd line %u)",
                                         PLM_SV_ARG(group), u->line)
                      : plm_arena_printf(k->arena, "member of %.*s (/etc/group)", PLM_SV_ARG(group));
}

bool reach_socket_is_open(const struct reach_socket *s)
{
    for (size_t i = 0; i < s->facts.parents.n; i++)
        if (!(s->facts.parents.v[i].mode & 1))
            return false;
    return s->facts.st.st_mode & 0002;
}

/* ---- processes --------------------------------------------------------------------------------------- */

static void add_holder(struct plm_checking *k, struct reach *r, const struct plm_process *p, uint32_t uid,
                       uint32_t gid)
{
    for (size_t i = 0; i < r->holders.n; i++)
        if (r->holders.v[i].uid == uid && r->holders.v[i].gid == gid)
            return;
    struct reach_holder *h = plm_vec_push(k->arena, &r->holders);
    if (h)
        *h = (struct reach_holder){.pid = p->pid, .uid = uid, .gid = gid, .comm = p->comm};
}

/* "Gid:\t0\t0\t0\t0": every number of a row of /proc/PID/status. */
static bool status_row_has(plm_sv text, const char *row, uint32_t id, uint32_t *out_first)
{
    plm_sv line, key, rest, word;
    uint64_t v;
    bool has = false;
    while (plm_sv_line(&text, &line)) {
        if (!plm_sv_cut(line, ':', &key, &rest) || !plm_sv_is(key, row))
            continue;
        for (size_t n = 0; plm_sv_word(&rest, &word); n++)
            if (plm_sv_u64(word, &v)) {
                *out_first = n == 1 || n == 0 ? (uint32_t)v
                                              : *out_first; /* the effective one where there are several */
                has |= v == id;
            }
        return has;
    }
    return false;
}

static void find_holders(struct plm_checking *k, struct reach *r)
{
    struct plm_facts *f = k->facts;
    for (size_t i = 0; f->kernel && i < f->processes.n; i++) {
        const struct plm_process *p = &f->processes.v[i];
        uint32_t uid = 0, unused;
        int sys;
        if (p->is_kernel || p->container_id.n)
            continue;
        plm_sv path = plm_arena_printf(k->arena, "/proc/%d/status", p->pid);
        plm_sv text = path.p ? plm_kernel_text(f->kernel, k->arena, path.p, PLM_KIB(256), &sys) : PLM_SV_NULL;
        (void)status_row_has(text, "Uid", 0, &uid);
        for (size_t j = 0; text.p && uid != 0 && j < r->sockets.n; j++) {
            const struct reach_socket *s = &r->sockets.v[j];
            uint32_t gid = s->facts.st.st_gid;
            if (gid != 0 && (s->facts.st.st_mode & 0020) && !s->daemon->is_rootless &&
                (status_row_has(text, "Gid", gid, &unused) || status_row_has(text, "Groups", gid, &unused)))
                add_holder(k, r, p, uid, gid);
        }
    }
}

/* Programs whose work is to pass connections on. docker's own clients name the socket too. */
static bool is_forwarder(plm_sv program)
{
    static const char *const names[] = {"socat",
                                        "haproxy",
                                        "nc",
                                        "ncat",
                                        "netcat",
                                        "nc.openbsd",
                                        "nc.traditional",
                                        "systemd-socket-proxyd",
                                        "ssh",
                                        "sshd",
                                        "autossh",
                                        "nginx",
                                        "envoy",
                                        "traefik",
                                        "docker-socket-proxy"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (plm_sv_is(program, names[i]))
            return true;
    return false;
}

static plm_sv last_part(plm_sv path)
{
    size_t at = plm_sv_rfind(path, '/');
    return at == SIZE_MAX ? path : plm_sv_from_off(path, at + 1);
}

static void add_forwarder(struct plm_checking *k, struct reach *r, const struct plm_process *p,
                          plm_sv program, plm_sv cmdline)
{
    plm_sv word;
    while (plm_sv_field(&cmdline, '\0', &word))
        for (size_t j = 0; j < r->sockets.n; j++) {
            const struct reach_socket *s = &r->sockets.v[j];
            if (!plm_sv_has(word, s->path) && !plm_sv_has(word, s->facts.resolved))
                continue;
            struct reach_forwarder *w = plm_vec_push(k->arena, &r->forwarders);
            if (w)
                *w = (struct reach_forwarder){
                    .pid = p->pid, .program = program, .argument = word, .socket = s->path};
            return;
        }
}

static void find_forwarders(struct plm_checking *k, struct reach *r)
{
    struct plm_facts *f = k->facts;
    for (size_t i = 0; f->kernel && i < f->processes.n; i++) {
        const struct plm_process *p = &f->processes.v[i];
        int sys;
        /* comm is cut at 15 bytes: enough to leave most processes out before their command line is read */
        if (p->is_kernel || p->container_id.n)
            continue;
        plm_sv path = plm_arena_printf(k->arena, "/proc/%d/cmdline", p->pid), first, rest;
        plm_sv text = path.p ? plm_kernel_text(f->kernel, k->arena, path.p, PLM_KIB(256), &sys) : PLM_SV_NULL;
        if (!text.p)
            continue;
        (void)plm_sv_cut(text, '\0', &first, &rest);
        if (is_forwarder(last_part(first)) || is_forwarder(p->comm))
            add_forwarder(k, r, p, last_part(first), text);
    }
}

/* ---- listeners --------------------------------------------------------------------------------------- */

static bool is_true(const struct plm_daemon *d, const char *name)
{
    const struct plm_setting *s = plm_daemon_setting(d, name);
    return s && plm_sv_is(s->value, "true");
}

static void add_listeners(struct plm_checking *k, struct reach *r, const struct plm_daemon *d,
                          const plm_process_vec *engines)
{
    plm_auto(plm_err_free) plm_err *e = NULL;
    plm_socket_vec sockets = {0};
    size_t denied = 0;
    if (plm_kernel_sockets(k->facts->kernel, d->process->pid, k->arena, &sockets, &e) < 0 ||
        plm_kernel_socket_owners(k->facts->kernel, engines, &sockets, &denied, &e) < 0) {
        r->listeners_failure = plm_arena_printf(k->arena, "%s", e ? e->message : "unreadable");
        return;
    }
    if (denied)
        r->listeners_failure = plm_arena_printf(k->arena, "/proc/%d/fd could not be read", d->process->pid);
    for (size_t i = 0; i < sockets.n; i++) {
        const struct plm_socket *s = &sockets.v[i];
        if ((s->proto != PLM_TCP && s->proto != PLM_TCP6) || s->pid != d->process->pid)
            continue;
        struct reach_listener *l = plm_vec_push(k->arena, &r->listeners);
        if (l)
            *l = (struct reach_listener){.daemon = d,
                                         .address = s->address,
                                         .port = s->port,
                                         .pid = s->pid,
                                         .needs_certificate = is_true(d, "tlsverify")};
    }
}

static void find_listeners(struct plm_checking *k, struct reach *r)
{
    struct plm_facts *f = k->facts;
    for (size_t i = 0; f->kernel && i < f->daemons.n; i++) {
        const struct plm_daemon *d = &f->daemons.v[i];
        if (d->is_remote || !d->process)
            continue;
        plm_process_vec engines = {0};
        struct plm_process *p = plm_vec_push(k->arena, &engines);
        if (p) {
            *p = *d->process;
            add_listeners(k, r, d, &engines);
        }
    }
}

/* ---- containers -------------------------------------------------------------------------------------- */

static bool holds(plm_sv source, const struct reach_socket *s)
{
    static const char *const whole[] = {"/"};
    while (source.n > 1 && source.p[source.n - 1] == '/')
        source.n--;
    for (int i = 0; i < 2; i++) {
        plm_sv path = i ? s->facts.resolved : s->path;
        if (plm_sv_is(source, whole[0]) || plm_sv_eq(source, path) ||
            (source.n && plm_sv_starts(path, source) && path.p[source.n] == '/'))
            return true;
    }
    return false;
}

static void add_container(struct plm_checking *k, struct reach *r, const struct plm_container *c,
                          plm_sv source, plm_sv point)
{
    for (size_t i = 0; i < r->sockets.n; i++) {
        if (!source.n || !holds(source, &r->sockets.v[i]))
            continue;
        for (size_t j = 0; j < r->containers.n; j++)
            if (r->containers.v[j].container == c && plm_sv_eq(r->containers.v[j].point, point))
                return;
        struct reach_container *row = plm_vec_push(k->arena, &r->containers);
        if (row)
            *row = (struct reach_container){.container = c, .source = source, .point = point};
        return;
    }
}

/* By the kernel's mounts of running ones, and by what was declared (stopped ones start again). */
static void find_containers(struct plm_checking *k, struct reach *r)
{
    struct plm_facts *f = k->facts;
    for (size_t i = 0; i < f->daemons.n; i++) {
        for (size_t j = 0; !f->daemons.v[i].is_remote && j < f->daemons.v[i].containers.n; j++) {
            const struct plm_container *c = &f->daemons.v[i].containers.v[j];
            size_t m, n;
            yyjson_val *v;
            yyjson_arr_foreach(plm_json_at(c->inspect.root, "Mounts", NULL), m, n, v)
            {
                add_container(k, r, c, plm_json_str(v, "Source", NULL), plm_json_str(v, "Destination", NULL));
            }
            for (m = 0; !c->truth_failure.p && c->is_running && m < c->mounts.n; m++)
                add_container(k, r, c, plm_mount_host_path(&f->host_mounts, &c->mounts.v[m], k->arena),
                              c->mounts.v[m].point);
        }
    }
}

/* ---- set-id programs --------------------------------------------------------------------------------- */

static bool is_client(plm_sv name)
{
    static const char *const names[] = {"docker", "podman",         "nerdctl", "ctr",
                                        "crictl", "docker-compose", "buildah"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (plm_sv_is(name, names[i]))
            return true;
    return false;
}

static void look_at_program(struct plm_checking *k, struct reach *r, int dir_fd, const char *dir, plm_sv name)
{
    struct stat st;
    const char *text = plm_arena_cstr(k->arena, name);
    if (!text || fstatat(dir_fd, text, &st, AT_SYMLINK_NOFOLLOW) < 0 || !S_ISREG(st.st_mode) ||
        !(st.st_mode & 06000))
        return;
    bool is_way = (st.st_mode & 04000) && is_client(name);
    for (size_t i = 0; i < r->sockets.n; i++)
        is_way |= (st.st_mode & 02000) && st.st_gid != 0 && r->sockets.v[i].facts.st.st_gid == st.st_gid;
    struct reach_program *p = is_way ? plm_vec_push(k->arena, &r->programs) : NULL;
    if (!p)
        return;
    plm_sv user = plm_user_text(k->facts, k->arena, st.st_uid),
           group = plm_group_text(k->facts, k->arena, st.st_gid);
    *p = (struct reach_program){
        .path = plm_arena_printf(k->arena, "%s/%s", dir, text),
        .owners = plm_arena_printf(k->arena, "%.*s:%.*s", PLM_SV_ARG(user), PLM_SV_ARG(group)),
        .mode = st.st_mode & 07777};
}

static void find_programs(struct plm_checking *k, struct reach *r)
{
    static const char *const dirs[] = {"/usr/bin", "/usr/sbin", "/usr/local/bin", "/usr/local/sbin",
                                       "/opt/bin"};
    for (size_t i = 0; i < sizeof(dirs) / sizeof(dirs[0]); i++) {
        plm_sv_vec names = {0};
        int sys;
        plm_auto_fd int fd = plm_fs_open_in(k->facts->root_fd, dirs[i], O_RDONLY | O_DIRECTORY, NULL);
        if (fd < 0 || plm_dir_names(k->facts->root_fd, dirs[i], 20000, k->arena, &names, &sys) < 0)
            continue;
        for (size_t j = 0; j < names.n; j++)
            look_at_program(k, r, fd, dirs[i], names.v[j]);
    }
}

/* ---- sudo -------------------------------------------------------------------------------------------- */

bool reach_is_service(const struct plm_user *u)
{
    return plm_sv_ends(u->shell, PLM_SV("/nologin")) || plm_sv_ends(u->shell, PLM_SV("/false")) ||
           plm_sv_ends(u->shell, PLM_SV("/sync"));
}

static bool list_names(const plm_sudo_list *list, const char *name, const char *id)
{
    for (size_t i = list ? list->n : 0; i-- > 0;)
        if (plm_sv_is(list->v[i].name, "ALL") || plm_sv_is(list->v[i].name, name) ||
            plm_sv_is(list->v[i].name, id))
            return !list->v[i].is_negated;
    return false;
}

bool reach_sudo_is_root(const struct plm_checking *k, const struct reach *r, const struct plm_sudo_command *c)
{
    if (!c->run_as)
        return !r->sudoers.run_as_default.n || plm_sv_is(r->sudoers.run_as_default, "root");
    if (list_names(c->run_as, "root", "#0"))
        return true;
    for (size_t i = 0; c->run_group && i < r->sockets.n; i++) { /* "(:docker)": as oneself, with the group */
        const struct plm_group *g = r->sockets.v[i].group;
        for (size_t j = 0; g && j < c->run_group->n; j++)
            if (!c->run_group->v[j].is_negated &&
                (plm_sv_eq(c->run_group->v[j].name, g->name) || plm_sv_is(c->run_group->v[j].name, "ALL")))
                return true;
    }
    (void)k;
    return false;
}

/* An address, a network or a netgroup: cannot be told from files. */
static bool is_plain_host(plm_sv name)
{
    for (size_t i = 0; i < name.n; i++)
        if (strchr("+:/*?[%", name.p[i]))
            return false;
    return name.n && !(name.p[0] >= '0' && name.p[0] <= '9');
}

bool reach_sudo_is_here(const struct plm_checking *k, const struct plm_sudo_rule *rule)
{
    plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(PLM_KIB(4));
    plm_sv name = PLM_SV_NULL, shortened, rest;
    if (plm_fs_read_in(k->facts->root_fd, "/etc/hostname", PLM_KIB(4), &b, NULL) == 0)
        name = plm_sv_trim(plm_buf_sv(&b));
    (void)plm_sv_cut(name, '.', &shortened, &rest);
    for (size_t i = rule->hosts.n; i-- > 0;) {
        const struct plm_sudo_member *h = &rule->hosts.v[i];
        bool is_told = name.n && is_plain_host(h->name) && !plm_sv_is(h->name, "ALL");
        if (!is_told || plm_sv_eq(h->name, name) || plm_sv_eq(h->name, shortened))
            return !h->is_negated || !(is_told || plm_sv_is(h->name, "ALL"));
    }
    return false;
}

/* ---- all of it --------------------------------------------------------------------------------------- */

bool reach_learn(struct plm_checking *k, struct reach *r)
{
    *r = (struct reach){0};
    plm_collect_accounts(k->facts);
    find_sockets(k, r);
    bool is_users = strcmp(k->check->id, "1.1.2") == 0, is_sockets = strcmp(k->check->id, "H-SOCK") == 0;
    if (is_users) {
        find_holders(k, r);
        if (plm_sudoers_read(k->facts->root_fd, k->arena, &r->sudoers, &r->sudoers_sys, NULL) < 0) {
            reach_done(r);
            return false;
        }
    }
    if (is_sockets) {
        find_listeners(k, r);
        find_containers(k, r);
        find_forwarders(k, r);
        find_programs(k, r);
    }
    return true;
}

void reach_done(struct reach *r)
{
    for (size_t i = 0; i < r->sockets.n; i++)
        plm_path_facts_done(&r->sockets.v[i].facts);
}
