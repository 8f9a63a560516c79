/* SPDX-License-Identifier: Apache-2.0
 *
 * The process behind an engine: found by its program (/proc/PID/exe), never by its command line, and joined
 * with an endpoint by the inode of the listening socket that it holds; its arguments and its daemon.json.
 *
 * Quirks: after an upgrade exe ends in " (deleted)"; under systemd's socket activation SO_PEERCRED names
 * process 1, so descriptors decide and SO_PEERCRED only between two that held the same path one after the
 * other; a rootless engine listens in a network namespace of its own; an engine in a chroot or a mount
 * namespace has its socket and its file below /proc/PID/root. One walk over the processes.
 */
#include "audit/daemons.h"

#include "audit/settings.h"
#include "base/fs.h"
#include "base/text.h"

#include <fcntl.h>
#include <limits.h>
#include <sys/socket.h>
#include <sys/un.h>

/* START_ERROR: the kernel's boot time and the start of a process are each cut to a second. A file written
 * just before the start must not seem to be changed after it. */
enum { CONFIG_BYTES = 4 << 20, ENVIRON_BYTES = 1 << 20, START_ERROR = 2 };

/* ---- which processes -------------------------------------------------------------------------------- */

static plm_sv base_name(plm_sv path)
{
    size_t slash = plm_sv_rfind(path, '/');
    return slash == SIZE_MAX ? path : plm_sv_from_off(path, slash + 1);
}

/* The program's file name; null where it cannot be read. */
static plm_sv program_of(struct plm_facts *f, const struct plm_process *p)
{
    char target[PATH_MAX], path[64];
    if (p->has_details)
        return base_name(p->exe);
    (void)snprintf(path, sizeof(path), "proc/%d/exe", (int)p->pid);
    ssize_t n = readlinkat(plm_kernel_root(f->kernel), path, target, sizeof(target));
    plm_sv t = n > 0 ? plm_sv_n(target, (size_t)n) : PLM_SV_NULL;
    if (plm_sv_ends(t, PLM_SV(" (deleted)")))
        t = plm_sv_sub(t, 0, t.n - 10);
    return base_name(plm_arena_sv(f->arena, t));
}

/* A dockerd inside a container is that container's matter (R22). */
static bool is_inside_container(struct plm_facts *f, const struct plm_process *p)
{
    const char *how;
    uint64_t host = plm_kernel_host_ns(f->kernel, PLM_NS_PID, &how);
    return p->container_id.n && host && p->ns[PLM_NS_PID] && p->ns[PLM_NS_PID] != host;
}

static int open_root(struct plm_facts *f, struct plm_engine_process *e)
{
    char path[64];
    if (!plm_kernel_is_live(f->kernel))
        return fcntl(f->root_fd, F_DUPFD_CLOEXEC, 0);
    (void)snprintf(path, sizeof(path), "proc/%d/root", (int)e->p->pid);
    int fd = openat(plm_kernel_root(f->kernel), path, O_PATH | O_DIRECTORY | O_CLOEXEC);
    e->root_errno = fd < 0 ? errno : 0;
    return fd;
}

static int read_listening(struct plm_facts *f, struct plm_engine_process *e, plm_err **err)
{
    plm_process_vec one = {.v = e->p, .n = 1, .cap = 1};
    plm_socket_vec all = {0};
    plm_err *why = NULL;
    size_t denied = 0;
    if (plm_kernel_sockets(f->kernel, e->p->pid, f->arena, &all, &why) < 0 ||
        plm_kernel_socket_owners(f->kernel, &one, &all, &denied, &why) < 0) {
        if (why->code == PLM_E_OOM)
            return plm_err_move(err, &why);
        plm_auto_free char *text = plm_err_text(why);
        plm_err_free(why);
        e->failure = plm_arena_sv(f->arena, plm_sv_from(text ? text : "out of memory"));
        return plm_arena_check(f->arena, err);
    }
    if (denied)
        e->failure = plm_arena_printf(f->arena, "/proc/%d/fd: no right to read it", (int)e->p->pid);
    for (size_t i = 0; i < all.n; i++) {
        if (all.v[i].pid != e->p->pid)
            continue;
        struct plm_socket *s = plm_vec_push(f->arena, &e->listening);
        if (s)
            *s = all.v[i];
    }
    return plm_arena_check(f->arena, err);
}

int plm_engine_processes(struct plm_facts *f, plm_engine_process_vec *out, plm_err **err)
{
    for (size_t i = 0; f->kernel && i < f->processes.n; i++) {
        struct plm_process *p = &f->processes.v[i];
        if (p->is_kernel || !plm_sv_is(program_of(f, p), "dockerd"))
            continue;
        if (!p->has_details)
            plm_kernel_process_details(f->kernel, f->arena, p);
        if (is_inside_container(f, p))
            continue;
        struct plm_engine_process *e = plm_vec_push(f->arena, out);
        if (!e)
            break;
        e->p = p;
        e->root_fd = open_root(f, e);
        if (read_listening(f, e, err) < 0)
            return -1;
    }
    return plm_arena_check(f->arena, err);
}

void plm_engine_processes_done(plm_engine_process_vec *v)
{
    for (size_t i = 0; i < v->n; i++)
        if (v->v[i].root_fd >= 0)
            close(v->v[i].root_fd);
    v->n = 0;
}

plm_sv plm_process_env(struct plm_facts *f, const struct plm_process *p, const char *name, int *out_errno)
{
    char path[64];
    size_t n = strlen(name);
    (void)snprintf(path, sizeof(path), "/proc/%d/environ", (int)p->pid);
    plm_sv text = plm_kernel_text(f->kernel, f->arena, path, ENVIRON_BYTES, out_errno), word;
    if (text.p)
        *out_errno = 0;
    while (text.p && plm_sv_field(&text, 0, &word))
        if (word.n > n && word.p[n] == '=' && memcmp(word.p, name, n) == 0)
            return plm_sv_from_off(word, n + 1);
    return PLM_SV_NULL;
}

/* ---- whose socket ------------------------------------------------------------------------------------ */

/* Sockets that dockerd holds beside its API: the network controller's, the swarm's, plugins' and metrics'. */
static bool is_other_socket(plm_sv path)
{
    return plm_sv_has(path, PLM_SV("/libnetwork/")) || plm_sv_has(path, PLM_SV("/swarm/")) ||
           plm_sv_has(path, PLM_SV("/plugins/")) || plm_sv_ends(path, PLM_SV("/metrics.sock"));
}

static struct plm_place *place_of(plm_place_vec *places, uint64_t dev, uint64_t ino)
{
    for (size_t i = 0; i < places->n; i++)
        if (places->v[i].path.p && places->v[i].ino == ino && places->v[i].dev == dev && ino)
            return &places->v[i];
    return NULL;
}

/* Which process called listen() on what is bound there now; 0: not known. */
static int32_t peer_of(plm_sv path)
{
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    struct ucred who = {0};
    socklen_t n = sizeof(who);
    if (path.n >= sizeof(at.sun_path))
        return 0;
    memcpy(at.sun_path, path.p, path.n);
    plm_auto_fd int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0 || connect(fd, (const struct sockaddr *)&at, sizeof(at)) < 0 ||
        getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &n) < 0)
        return 0;
    return who.pid;
}

static bool is_unix_api(const struct plm_socket *s)
{
    return s->proto == PLM_UNIX && s->address.n && s->address.p[0] == '/' && !is_other_socket(s->address);
}

static void claim(struct plm_place *at, struct plm_engine_process *e)
{
    if (at->process && at->process != e->p) {
        int32_t peer = peer_of(at->path); /* one replaced the other's socket file */
        if (peer != e->p->pid)
            return;
    }
    at->process = e->p;
}

static int join_unix(struct plm_facts *f, struct plm_engine_process *e, const struct plm_socket *s,
                     plm_place_vec *places, plm_err **err)
{
    struct stat st;
    if (e->root_fd < 0)
        return 0;
    const char *path = plm_arena_cstr(f->arena, s->address);
    plm_auto_fd int fd = path ? plm_fs_open_in(e->root_fd, path, O_PATH, NULL) : -1;
    if (fd < 0 || fstat(fd, &st) < 0 || !S_ISSOCK(st.st_mode))
        return plm_arena_check(f->arena, err); /* removed meanwhile: nobody can connect to it */
    struct plm_place *at = place_of(places, st.st_dev, st.st_ino);
    if (at) {
        claim(at, e);
        return 0;
    }
    at = plm_vec_push(f->arena, places);
    if (!at)
        return plm_arena_check(f->arena, err);
    struct stat host;
    plm_auto_fd int seen = plm_fs_open_in(f->root_fd, path, O_PATH, NULL);
    bool is_same =
        seen >= 0 && fstat(seen, &host) == 0 && host.st_dev == st.st_dev && host.st_ino == st.st_ino;
    plm_sv below = plm_arena_printf(f->arena, "/proc/%d/root%s", (int)e->p->pid, path);
    *at = (struct plm_place){
        .endpoint = plm_arena_printf(f->arena, "unix://%s", path),
        .path = is_same ? plm_sv_from(path) : below,
        .how = plm_arena_printf(f->arena, "held by dockerd (pid %d)", (int)e->p->pid),
        .dev = st.st_dev,
        .ino = st.st_ino,
        .process = e->p,
    };
    if (!is_same) {
        at->connect = plm_arena_printf(f->arena, "unix://%.*s", PLM_SV_ARG(below));
        at->endpoint = at->connect;
    }
    return plm_arena_check(f->arena, err);
}

static bool has_place(const plm_place_vec *places, const struct plm_process *p)
{
    for (size_t i = 0; i < places->n; i++)
        if (places->v[i].process == p)
            return true;
    return false;
}

/* TCP endpoints of places ("tcp://127.0.0.1:2375") that this process listens on. */
static void claim_tcp(struct plm_engine_process *e, const struct plm_socket *s, plm_place_vec *places)
{
    for (size_t i = 0; i < places->n; i++) {
        struct plm_place *at = &places->v[i];
        size_t colon = plm_sv_rfind(at->endpoint, ':');
        uint64_t port = 0;
        if (at->path.p || at->is_remote || colon == SIZE_MAX ||
            !plm_sv_u64(plm_sv_from_off(at->endpoint, colon + 1), &port) || port != s->port)
            continue;
        at->process = e->p;
    }
}

static int join_tcp_only(struct plm_facts *f, struct plm_engine_process *e, plm_place_vec *places,
                         plm_err **err)
{
    const struct plm_socket *best = NULL;
    for (size_t i = 0; i < e->listening.n; i++) {
        const struct plm_socket *s = &e->listening.v[i];
        if ((s->proto == PLM_TCP || s->proto == PLM_TCP6) && s->port != 2377 && s->port != 7946 && !best)
            best = s;
    }
    if (!best && !e->failure.p)
        return 0; /* nobody can reach it: another program of that name, or one that has just begun */
    struct plm_place *at = plm_vec_push(f->arena, places);
    if (!at)
        return plm_arena_check(f->arena, err);
    at->process = e->p;
    at->how = plm_arena_printf(f->arena, "dockerd (pid %d)", (int)e->p->pid);
    if (!best) {
        at->endpoint = plm_arena_printf(f->arena, "pid:%d", (int)e->p->pid);
    } else {
        bool is_six = best->proto == PLM_TCP6 && !best->is_wildcard;
        plm_sv host = best->is_wildcard ? PLM_SV("127.0.0.1") : best->address;
        at->endpoint = plm_arena_printf(f->arena, "tcp://%s%.*s%s:%u", is_six ? "[" : "", PLM_SV_ARG(host),
                                        is_six ? "]" : "", (unsigned)best->port);
    }
    return plm_arena_check(f->arena, err);
}

int plm_engine_processes_join(struct plm_facts *f, plm_engine_process_vec *v, plm_place_vec *places,
                              plm_err **err)
{
    for (size_t i = 0; i < v->n; i++) {
        struct plm_engine_process *e = &v->v[i];
        for (size_t k = 0; k < e->listening.n; k++) {
            const struct plm_socket *s = &e->listening.v[k];
            if (is_unix_api(s) && join_unix(f, e, s, places, err) < 0)
                return -1;
            if (s->proto == PLM_TCP || s->proto == PLM_TCP6)
                claim_tcp(e, s, places);
        }
        if (!has_place(places, e->p) && join_tcp_only(f, e, places, err) < 0)
            return -1;
    }
    return 0;
}

/* ---- what it was told ---------------------------------------------------------------------------------- */

static plm_sv text_of_error(struct plm_arena *a, plm_err *why)
{
    plm_auto_free char *text = plm_err_text(why);
    plm_err_free(why);
    return plm_arena_sv(a, plm_sv_from(text ? text : "out of memory"));
}

/* Where this dockerd looks for its file: --config-file, else by the variables that it was started with. */
static plm_sv config_path(struct plm_facts *f, const struct plm_engine_process *e, struct plm_daemon *d)
{
    const struct plm_setting *named = plm_daemon_setting(d, "config-file");
    int sys = 0;
    if (named) {
        char cwd[PATH_MAX], link[64];
        if (named->value.n && named->value.p[0] == '/')
            return named->value;
        (void)snprintf(link, sizeof(link), "proc/%d/cwd", (int)e->p->pid);
        ssize_t n = readlinkat(plm_kernel_root(f->kernel), link, cwd, sizeof(cwd));
        return n > 0 ? plm_arena_printf(f->arena, "%.*s/%.*s", (int)n, cwd, PLM_SV_ARG(named->value))
                     : named->value;
    }
    if (!d->is_rootless)
        return PLM_SV("/etc/docker/daemon.json");
    plm_sv dir = plm_process_env(f, e->p, "XDG_CONFIG_HOME", &sys);
    if (dir.n)
        return plm_arena_printf(f->arena, "%.*s/docker/daemon.json", PLM_SV_ARG(dir));
    dir = plm_process_env(f, e->p, "HOME", &sys);
    return plm_arena_printf(f->arena, "%.*s/.config/docker/daemon.json", PLM_SV_ARG(dir));
}

static int read_config(struct plm_facts *f, const struct plm_engine_process *e, struct plm_daemon *d,
                       plm_err **err)
{
    struct stat st;
    const char *path = plm_arena_cstr(f->arena, d->config_path);
    plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(CONFIG_BYTES);
    if (e->root_fd < 0) {
        errno = e->root_errno;
        return plm_fail_sys(err, "/proc/%d/root", (int)e->p->pid);
    }
    plm_err *why = NULL;
    plm_auto_fd int fd = path ? plm_fs_open_in(e->root_fd, path, O_RDONLY, &why) : -1;
    if (fd < 0 && why && why->code == PLM_E_NOTFOUND) {
        plm_err_free(why);
        /* dockerd refuses to start without a file that was named, so it has gone since */
        d->is_config_stale = plm_daemon_setting(d, "config-file") != NULL;
        return 0;
    }
    if (fd < 0 || fstat(fd, &st) < 0)
        return why ? plm_err_move(err, &why) : plm_fail_sys(err, "%s", path ? path : "daemon.json");
    d->has_config_file = true;
    d->is_config_stale = e->p->started > 0 && st.st_mtim.tv_sec > e->p->started + START_ERROR;
    if (plm_fs_read_fd(fd, path, CONFIG_BYTES, &b, err) < 0)
        return -1;
    if (!plm_sv_trim(plm_buf_sv(&b)).n)
        return 0; /* dockerd takes an empty file as none */
    d->config.doc = plm_facts_keep(f, plm_json_parse(plm_buf_sv(&b), path, f->ctx->limits, err));
    if (!d->config.doc)
        return -1;
    d->config.root = plm_json_root(d->config.doc);
    return plm_settings_json(d, d->config.root, d->config_path, f->arena, err);
}

int plm_engine_process_settings(struct plm_facts *f, const struct plm_engine_process *e, struct plm_daemon *d,
                                plm_err **err)
{
    const struct plm_process *p = e->p;
    plm_err *why = NULL;
    plm_sv where = plm_arena_printf(f->arena, "/proc/%d/cmdline", (int)p->pid);
    d->is_rootless = plm_process_is_identity_mapped(p) == 0;
    if (!p->cmdline.n)
        d->settings_failure =
            plm_arena_printf(f->arena, "%.*s: %s", PLM_SV_ARG(where), p->sys ? strerror(p->sys) : "empty");
    else if (plm_settings_argv(d, p->cmdline, where, f->arena, &why) < 0) {
        plm_sv text = text_of_error(f->arena, why);
        d->settings_failure = plm_arena_printf(f->arena, "%.*s: %.*s", PLM_SV_ARG(where), PLM_SV_ARG(text));
    }
    why = NULL;
    d->config_path = config_path(f, e, d);
    if (read_config(f, e, d, &why) < 0) {
        d->config.failure = text_of_error(f->arena, why);
        if (!d->settings_failure.p)
            d->settings_failure = d->config.failure;
    }
    int sys = 0;
    if (!plm_daemon_setting(d, "tlsverify") && plm_process_env(f, p, "DOCKER_TLS_VERIFY", &sys).n)
        plm_settings_add(d, f->arena, PLM_SV("tlsverify"), PLM_SV("true"), PLM_SET_ARGV,
                         plm_arena_printf(f->arena, "DOCKER_TLS_VERIFY in /proc/%d/environ", (int)p->pid));
    return plm_arena_check(f->arena, err);
}
