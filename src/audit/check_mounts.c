/* SPDX-License-Identifier: Apache-2.0
 *
 * Files of the host and of the kernel inside containers: sensitive paths (CIS 5.6), the root file system
 * (5.13), mount propagation (5.20), engine sockets (5.32), kernel files that start programs (R5), and
 * writable directories out of which the host runs programs (R19).
 *
 * A socket is recognised by device and inode, not by its name: it may lie in a mounted directory, under
 * another name, or below a mounted "/". Read-only is no protection for a socket. All paths are the host's, as
 * host_paths.c finds them.
 */
#include "audit/container_int.h"
#include "base/fs.h"

#include <fcntl.h>

/* ---- 5.6 ---------------------------------------------------------------------------------- */

/* Came along with a bind that was declared: bind mounts are recursive. */
static bool is_below_declared(const plm_bind_vec *v, const struct plm_bind *b)
{
    for (size_t i = 0; i < v->n; i++)
        if (v->v[i].declared.n && plm_path_is_below(b->point, v->v[i].point) &&
            !plm_sv_eq(b->point, v->v[i].point)) /* there it would be what was declared, or drift */
            return true;
    return false;
}

static void judge_bind(struct plm_checking *k, const plm_bind_vec *all, const struct plm_bind *b)
{
    struct plm_path_risk risk = plm_path_risk(k->facts, k->arena, b->host, b->is_writable);
    const char *mode = b->is_writable ? "rw" : "ro";
    plm_sv via = b->declared.n && !plm_sv_eq(b->declared, b->host)
                     ? plm_arena_printf(k->arena, " (written as %.*s)", PLM_SV_ARG(b->declared))
                     : PLM_SV("");
    if (risk.severity == PLM_SEV_UNKNOWN)
        return;
    if (plm_mount_is_allowed(k, b)) {
        plm_say(k, PLM_OUT_PASS, "%.*s: %.*s on %.*s, %s: allowed by audit.allowed-mounts",
                PLM_SV_ARG(b->how), PLM_SV_ARG(b->host), PLM_SV_ARG(b->point), mode);
        return;
    }
    plm_weigh(k, PLM_SV_NULL, risk.severity);
    plm_say(k, PLM_OUT_FAIL, "%.*s: %.*s%.*s on %.*s, %s: %s", PLM_SV_ARG(b->how), PLM_SV_ARG(b->host),
            PLM_SV_ARG(via), PLM_SV_ARG(b->point), mode, risk.why);
    if (b->is_actual && !b->declared.n && !is_below_declared(all, b))
        plm_drift(k, "%.*s is mounted on %.*s and declared nowhere", PLM_SV_ARG(b->host),
                  PLM_SV_ARG(b->point));
}

static void check_sensitive(struct plm_checking *k)
{
    if (plm_inspect_is_missing(k))
        return;
    plm_bind_vec binds;
    bool is_whole = plm_container_binds(k, &binds);
    for (size_t i = 0; i < binds.n; i++)
        judge_bind(k, &binds, &binds.v[i]);
    if (is_whole)
        plm_say(k, PLM_OUT_PASS, "Mounts%s: %zu of the host", plm_has_truth(k) ? ", /proc/PID/mountinfo" : "",
                binds.n);
}

/* ---- 5.13 --------------------------------------------------------------------------------- */

static plm_sv writable_mounts(struct plm_checking *k)
{
    plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(PLM_KIB(64));
    size_t n = 0;
    for (size_t i = 0; i < k->container->mounts.n; i++) {
        const struct plm_mount *m = &k->container->mounts.v[i];
        if (m->is_read_only || plm_path_is_below(m->point, PLM_SV("/proc")) ||
            plm_path_is_below(m->point, PLM_SV("/sys")) || plm_path_is_below(m->point, PLM_SV("/dev")) ||
            plm_sv_is(m->point, "/"))
            continue;
        if (n++ < PLM_SAID_MAX)
            plm_buf_printf(&b, "%s%.*s", n > 1 ? ", " : "", PLM_SV_ARG(m->point));
    }
    if (n > PLM_SAID_MAX)
        plm_buf_printf(&b, " and %zu more", n - PLM_SAID_MAX);
    return b.n ? plm_arena_sv(k->arena, plm_buf_sv(&b)) : PLM_SV("none");
}

static void check_read_only_root(struct plm_checking *k)
{
    if (plm_inspect_is_missing(k))
        return;
    bool declared = plm_json_bool(k->container->host_config, "ReadonlyRootfs", false);
    plm_say(k, declared ? PLM_OUT_PASS : PLM_OUT_FAIL, "HostConfig.ReadonlyRootfs: %s",
            declared ? "true" : "false");
    if (plm_truth_is_missing(k) || !plm_has_truth(k))
        return;
    const struct plm_container *c = k->container;
    const struct plm_mount *root = c->mounts_failure.p ? NULL : plm_mount_of(&c->mounts, PLM_SV("/"));
    if (!root) {
        plm_say(k, PLM_OUT_UNKNOWN, "/proc/%d/mountinfo: %.*s", c->init->pid,
                PLM_SV_ARG(c->mounts_failure.p ? c->mounts_failure : PLM_SV("no mount on /")));
        return;
    }
    plm_say(k, root->is_read_only ? PLM_OUT_PASS : PLM_OUT_FAIL,
            "/proc/%d/mountinfo: / is %s; writable beside it: %.*s", c->init->pid,
            root->is_read_only ? "ro" : "rw", PLM_SV_ARG(writable_mounts(k)));
    if (declared && !root->is_read_only)
        plm_drift(k, "HostConfig.ReadonlyRootfs: true, in force / is rw");
}

/* ---- 5.20 --------------------------------------------------------------------------------- */

static const struct plm_mount *host_peer(const struct plm_facts *f, uint32_t group)
{
    for (size_t i = 0; i < f->host_mounts.n; i++)
        if (group && f->host_mounts.v[i].shared == group)
            return &f->host_mounts.v[i];
    return NULL;
}

static void check_propagation(struct plm_checking *k)
{
    if (plm_inspect_is_missing(k))
        return;
    plm_bind_vec binds;
    size_t declared = 0, actual = 0;
    bool is_whole = plm_container_binds(k, &binds);
    for (size_t i = 0; i < binds.n; i++) {
        plm_sv p = binds.v[i].propagation;
        if (!plm_sv_is(p, "shared") && !plm_sv_is(p, "rshared"))
            continue;
        declared++;
        plm_say(k, PLM_OUT_FAIL, "%.*s: %.*s on %.*s, Propagation %.*s", PLM_SV_ARG(binds.v[i].how),
                PLM_SV_ARG(binds.v[i].host), PLM_SV_ARG(binds.v[i].point), PLM_SV_ARG(p));
    }
    if (!declared)
        plm_say(k, PLM_OUT_PASS, "Mounts: no shared propagation");
    if (!is_whole || !plm_has_truth(k))
        return;
    for (size_t i = 0; i < k->container->mounts.n; i++) {
        const struct plm_mount *m = &k->container->mounts.v[i], *peer = host_peer(k->facts, m->shared);
        if (peer && actual++ < PLM_SAID_MAX)
            plm_say(k, PLM_OUT_FAIL, "/proc/%d/mountinfo: %.*s shared:%u, also %.*s on the host",
                    k->container->init->pid, PLM_SV_ARG(m->point), m->shared, PLM_SV_ARG(peer->point));
    }
    if (actual && !declared)
        plm_drift(k, "%zu mounts propagate to the host, none is declared to", actual);
    if (!actual)
        plm_say(k, PLM_OUT_PASS, "/proc/%d/mountinfo: no mount in a peer group of the host",
                k->container->init->pid);
}

/* ---- 5.32 --------------------------------------------------------------------------------- */

static const char *const known_sockets[] = {
    "/run/docker.sock",
    "/run/containerd/containerd.sock",
    "/run/docker/containerd/containerd.sock",
    "/run/podman/podman.sock",
    "/run/crio/crio.sock",
    "/run/buildkit/buildkitd.sock",
    "/run/cri-dockerd.sock",
    "/run/k3s/containerd/containerd.sock",
    "/run/dockershim.sock",
};

struct engine_socket {
    plm_sv path;
    uint64_t dev, ino; /* 0: not readable */
};
typedef PLM_VEC(struct engine_socket) engine_socket_vec;

static void add_socket(struct plm_checking *k, engine_socket_vec *out, struct engine_socket s)
{
    for (size_t i = 0; i < out->n; i++)
        if (plm_sv_eq(out->v[i].path, s.path))
            return;
    struct engine_socket *p = plm_vec_push(k->arena, out);
    if (p)
        *p = s;
}

static engine_socket_vec engine_sockets(struct plm_checking *k)
{
    engine_socket_vec out = {0};
    for (size_t i = 0; i < k->facts->daemons.n; i++) {
        const struct plm_daemon *d = &k->facts->daemons.v[i];
        if (!d->is_remote && d->socket_path.n)
            add_socket(k, &out,
                       (struct engine_socket){plm_host_path(k->facts, k->arena, d->socket_path),
                                              d->socket_dev, d->socket_ino});
    }
    for (size_t i = 0; i < sizeof(known_sockets) / sizeof(known_sockets[0]); i++) {
        plm_auto_fd int fd = plm_fs_open_in(k->facts->root_fd, known_sockets[i], O_PATH, NULL);
        struct stat st;
        if (fd >= 0 && fstat(fd, &st) == 0)
            add_socket(k, &out,
                       (struct engine_socket){plm_sv_from(known_sockets[i]), (uint64_t)st.st_dev,
                                              (uint64_t)st.st_ino});
    }
    return out;
}

/* The container's root directory; -1: a recorded tree, or no right. */
static int open_root(const struct plm_checking *k)
{
    if (!k->facts->kernel || !plm_kernel_is_live(k->facts->kernel))
        return -1;
    plm_sv path = plm_arena_printf(k->arena, "proc/%d/root", k->container->init->pid);
    return path.p ? openat(plm_kernel_root(k->facts->kernel), path.p, O_PATH | O_DIRECTORY | O_CLOEXEC) : -1;
}

/* 1: that path in the container is the socket, 0: it is something else or nothing, -1: cannot be told. */
static int is_socket_at(struct plm_checking *k, int root_fd, plm_sv path, const engine_socket_vec *sockets,
                        const struct engine_socket **out)
{
    struct stat st;
    if (root_fd < 0)
        return -1;
    plm_auto(plm_err_free) plm_err *err = NULL;
    plm_auto_fd int fd = plm_fs_open_in(root_fd, plm_arena_cstr(k->arena, path), O_PATH, &err);
    if (fd < 0)
        return plm_err_code(err) == PLM_E_NOTFOUND ? 0 : -1;
    if (fstat(fd, &st) < 0)
        return -1;
    for (size_t i = 0; S_ISSOCK(st.st_mode) && i < sockets->n; i++)
        if (sockets->v[i].ino && sockets->v[i].ino == st.st_ino && sockets->v[i].dev == st.st_dev) {
            *out = &sockets->v[i];
            return 1;
        }
    return 0;
}

static bool has_socket_name(plm_sv path)
{
    static const char *const names[] = {"docker.sock",    "containerd.sock",  "podman.sock",    "crio.sock",
                                        "buildkitd.sock", "cri-dockerd.sock", "dockershim.sock"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (plm_sv_is(plm_base_name(path), names[i]))
            return true;
    return false;
}

static bool judge_socket_bind(struct plm_checking *k, const struct plm_bind *b, int root_fd,
                              const engine_socket_vec *sockets)
{
    const struct engine_socket *found = NULL;
    if (b->is_actual && is_socket_at(k, root_fd, b->point, sockets, &found) == 1) {
        plm_say(k, PLM_OUT_FAIL, "%.*s: %.*s on %.*s is the engine's socket %.*s (device %llu, inode %llu)",
                PLM_SV_ARG(b->how), PLM_SV_ARG(b->host), PLM_SV_ARG(b->point), PLM_SV_ARG(found->path),
                (unsigned long long)found->dev, (unsigned long long)found->ino);
        return true;
    }
    for (size_t i = 0; i < sockets->n; i++) {
        plm_sv path = sockets->v[i].path;
        if (!plm_path_is_below(path, b->host))
            continue;
        plm_sv rest = plm_sv_is(b->host, "/") ? path : plm_sv_from_off(path, b->host.n);
        plm_sv inside = plm_arena_printf(k->arena, "%.*s%.*s", PLM_SV_ARG(b->point), PLM_SV_ARG(rest));
        if (b->is_actual && is_socket_at(k, root_fd, inside, sockets, &found) == 0)
            continue; /* covered by another mount */
        plm_say(k, PLM_OUT_FAIL, "%.*s: %.*s on %.*s holds the engine's socket as %.*s", PLM_SV_ARG(b->how),
                PLM_SV_ARG(b->host), PLM_SV_ARG(b->point), PLM_SV_ARG(inside));
        return true;
    }
    if (has_socket_name(b->host) || has_socket_name(b->declared)) {
        plm_say(k, PLM_OUT_FAIL, "%.*s: %.*s on %.*s is an engine's socket by its name", PLM_SV_ARG(b->how),
                PLM_SV_ARG(b->host), PLM_SV_ARG(b->point));
        return true;
    }
    return false;
}

/* DOCKER_HOST=tcp://… and its kin: not a mount, but the same reach. */
static bool judge_remote_env(struct plm_checking *k)
{
    bool found = false;
    size_t i, n;
    yyjson_val *v;
    yyjson_arr_foreach(yyjson_obj_get(k->container->config, "Env"), i, n, v)
    {
        plm_sv name, value;
        if (!plm_sv_cut(plm_json_sv(v), '=', &name, &value) ||
            (!plm_sv_is(name, "DOCKER_HOST") && !plm_sv_is(name, "CONTAINER_HOST")) ||
            (!plm_sv_starts(value, PLM_SV("tcp:")) && !plm_sv_starts(value, PLM_SV("http"))))
            continue;
        size_t at = plm_sv_rfind(value, '@'); /* never show a password in the address */
        plm_say(k, PLM_OUT_FAIL, "Config.Env: %.*s=%s%.*s", PLM_SV_ARG(name), at == SIZE_MAX ? "" : "…@",
                PLM_SV_ARG(at == SIZE_MAX ? value : plm_sv_from_off(value, at + 1)));
        found = true;
    }
    return found;
}

/* An engine in a mount namespace of its own (a snap) has other paths for the same socket: what was declared
 * on that very point is there, under whichever name. */
static bool is_declared_at(const plm_bind_vec *binds, size_t at, const bool *is_declared)
{
    for (size_t i = 0; i < at; i++)
        if (is_declared[i] && plm_sv_eq(binds->v[i].point, binds->v[at].point))
            return true;
    return false;
}

static void check_socket(struct plm_checking *k)
{
    if (plm_inspect_is_missing(k))
        return;
    plm_bind_vec binds;
    bool is_whole = plm_container_binds(k, &binds), found = false;
    engine_socket_vec sockets = engine_sockets(k);
    plm_auto_fd int root_fd = plm_has_truth(k) ? open_root(k) : -1;
    bool *is_declared =
        plm_arena_array(k->arena, binds.n + 1, sizeof(*is_declared)); /* as a socket of an engine */
    if (!is_declared)
        return;
    for (size_t i = 0; i < binds.n; i++) {
        if (!judge_socket_bind(k, &binds.v[i], root_fd, &sockets))
            continue;
        found = true;
        is_declared[i] = binds.v[i].declared.n || is_declared_at(&binds, i, is_declared);
        if (!is_declared[i])
            plm_drift(k, "the engine's socket is mounted on %.*s and declared nowhere",
                      PLM_SV_ARG(binds.v[i].point));
    }
    if (judge_remote_env(k) && !found)
        plm_weigh(k, PLM_SV_NULL, PLM_SEV_HIGH);
    else if (found)
        plm_weigh(k, PLM_SV_NULL, PLM_SEV_CRITICAL);
    if (is_whole)
        plm_say(k, PLM_OUT_PASS, "Mounts: %zu of the host compared with %zu engine sockets", binds.n,
                sockets.n);
}

/* ---- R5 ----------------------------------------------------------------------------------- */

static const struct helper_file {
    const char *type, *inner, *host; /* host: as a bind of the host's own tree shows it, or NULL */
    bool is_rare;                    /* in few kernels: a declaration alone does not open it */
} helper_files[] = {
    {"proc", "/sys/kernel/core_pattern", "/proc/sys/kernel/core_pattern", false},
    {"proc", "/sys/kernel/modprobe", "/proc/sys/kernel/modprobe", false},
    {"proc", "/sysrq-trigger", "/proc/sysrq-trigger", false},
    {"sysfs", "/kernel/uevent_helper", "/sys/kernel/uevent_helper", true},
    {"cgroup", "/release_agent", NULL, true},
    {"binfmt_misc", "/register", NULL, false},
};

static bool exists_inside(struct plm_checking *k, int root_fd, plm_sv path)
{
    if (root_fd < 0)
        return true;
    plm_auto_fd int fd = plm_fs_open_in(root_fd, plm_arena_cstr(k->arena, path), O_PATH, NULL);
    return fd >= 0;
}

static size_t judge_helper(struct plm_checking *k, const struct helper_file *h, int root_fd)
{
    const plm_mount_vec *mounts = &k->container->mounts;
    plm_sv inner = plm_sv_from(h->inner);
    size_t found = 0;
    for (size_t i = 0; i < mounts->n; i++) {
        const struct plm_mount *m = &mounts->v[i];
        if (!plm_sv_is(m->type, h->type) || m->is_read_only || !plm_path_is_below(inner, m->root))
            continue;
        plm_sv rest = plm_sv_is(m->root, "/") ? inner : plm_sv_from_off(inner, m->root.n);
        plm_sv path = plm_path_clean(
            k->arena, plm_arena_printf(k->arena, "%.*s%.*s", PLM_SV_ARG(m->point), PLM_SV_ARG(rest)));
        if (plm_mount_of(mounts, path) != m || !exists_inside(k, root_fd, path))
            continue;
        if (found++ < PLM_SAID_MAX)
            plm_say(k, PLM_OUT_FAIL, "/proc/%d/mountinfo: %.*s lies on a writable %s",
                    k->container->init->pid, PLM_SV_ARG(path), h->type);
    }
    return found;
}

static size_t judge_declared_helpers(struct plm_checking *k)
{
    plm_bind_vec binds;
    size_t found = 0, i, n;
    yyjson_val *list = yyjson_obj_get(k->container->host_config, "ReadonlyPaths"), *v;
    bool has_sys = false;
    yyjson_arr_foreach(list, i, n, v) has_sys |= plm_sv_is(plm_json_sv(v), "/proc/sys");
    if (yyjson_is_arr(list) && !has_sys && ++found)
        plm_say(k, PLM_OUT_FAIL,
                "HostConfig.ReadonlyPaths: without /proc/sys, so /proc/sys/kernel/core_pattern is writable");
    (void)plm_container_binds(k, &binds);
    for (i = 0; i < binds.n; i++)
        for (size_t h = 0; h < sizeof(helper_files) / sizeof(helper_files[0]); h++) {
            const struct plm_bind *b = &binds.v[i];
            if (!helper_files[h].host || helper_files[h].is_rare || !b->is_writable || !b->declared.n ||
                !plm_path_is_below(plm_sv_from(helper_files[h].host), b->host))
                continue;
            found++;
            plm_say(k, PLM_OUT_FAIL, "%.*s: %.*s on %.*s, rw: %s", PLM_SV_ARG(b->how), PLM_SV_ARG(b->host),
                    PLM_SV_ARG(b->point), helper_files[h].host);
            break;
        }
    return found;
}

static void check_helpers(struct plm_checking *k)
{
    if (plm_inspect_is_missing(k) || plm_is_privileged_na(k))
        return;
    const struct plm_container *c = k->container;
    size_t declared = judge_declared_helpers(k), actual = 0;
    if (!declared)
        plm_say(k, PLM_OUT_PASS, "HostConfig.ReadonlyPaths, Mounts: nothing that opens kernel helpers");
    if (!plm_has_truth(k) || c->mounts_failure.p)
        return; /* the reason was said with the mounts */
    if (plm_process_is_identity_mapped(c->init) == 0) {
        plm_say(k, PLM_OUT_PASS, "/proc/%d/uid_map: root of the container is not root of these files",
                c->init->pid);
        return;
    }
    plm_auto_fd int root_fd = open_root(k);
    for (size_t i = 0; i < sizeof(helper_files) / sizeof(helper_files[0]); i++)
        actual += judge_helper(k, &helper_files[i], root_fd);
    if (!actual)
        plm_say(k, PLM_OUT_PASS,
                "/proc/%d/mountinfo: core_pattern, sysrq-trigger, uevent_helper, release_agent not writable",
                c->init->pid);
    else if (!declared)
        plm_drift(k, "%zu kernel helper files are writable, nothing declared opens them", actual);
}

/* ---- R19 ---------------------------------------------------------------------------------- */

static const char *const run_from[] = {
    "/bin",
    "/boot",
    "/etc/apt",
    "/etc/cron.d",
    "/etc/cron.daily",
    "/etc/cron.hourly",
    "/etc/cron.monthly",
    "/etc/cron.weekly",
    "/etc/crontab",
    "/etc/docker",
    "/etc/init.d",
    "/etc/ld.so.conf",
    "/etc/ld.so.conf.d",
    "/etc/ld.so.preload",
    "/etc/modprobe.d",
    "/etc/pam.d",
    "/etc/passwd",
    "/etc/profile",
    "/etc/profile.d",
    "/etc/rc.local",
    "/etc/shadow",
    "/etc/sudoers",
    "/etc/sudoers.d",
    "/etc/systemd",
    "/etc/udev",
    "/lib",
    "/lib64",
    "/root",
    "/run/systemd",
    "/sbin",
    "/usr/bin",
    "/usr/lib",
    "/usr/lib64",
    "/usr/libexec",
    "/usr/local/bin",
    "/usr/local/lib",
    "/usr/local/sbin",
    "/usr/sbin",
    "/var/spool/cron",
};

/* Why the host runs programs out of that directory; null: it does not. */
static plm_sv runs_from(plm_sv host)
{
    for (size_t i = 0; i < sizeof(run_from) / sizeof(run_from[0]); i++) {
        plm_sv path = plm_sv_from(run_from[i]);
        if (plm_path_is_below(host, path) || plm_path_is_below(path, host))
            return path;
    }
    if (plm_sv_is(host, "/home") || plm_sv_glob(PLM_SV("/home/*"), host) || plm_sv_has(host, PLM_SV("/.ssh")))
        return PLM_SV(".ssh/authorized_keys");
    return PLM_SV_NULL;
}

static void check_run_from(struct plm_checking *k)
{
    if (plm_inspect_is_missing(k))
        return;
    plm_bind_vec binds;
    bool is_whole = plm_container_binds(k, &binds);
    for (size_t i = 0; i < binds.n; i++) {
        const struct plm_bind *b = &binds.v[i];
        plm_sv what = b->is_writable ? runs_from(b->host) : PLM_SV_NULL;
        if (!what.p)
            continue;
        bool is_allowed = plm_mount_is_allowed(k, b);
        plm_say(k, is_allowed ? PLM_OUT_PASS : PLM_OUT_FAIL,
                "%.*s: %.*s on %.*s, rw: the host runs what %.*s holds%s", PLM_SV_ARG(b->how),
                PLM_SV_ARG(b->host), PLM_SV_ARG(b->point), PLM_SV_ARG(what),
                is_allowed ? "; allowed by audit.allowed-mounts" : "");
    }
    if (is_whole)
        plm_say(k, PLM_OUT_PASS, "Mounts: %zu of the host", binds.n);
}

#define PER_CONTAINER .stage = PLM_STAGE_CONTAINERS, .subject = PLM_PER_CONTAINER

static const struct plm_check checks[] = {
    {.id = "5.6",
     .title = "no sensitive directory of the host is mounted",
     .reads = "Mounts, HostConfig.Binds, options of local volumes, /proc/PID/mountinfo against the host's",
     .rationale =
         "Through a system directory a container changes what the host runs or reads what it keeps secret; "
         "many of them give secrets away even when mounted read-only.",
     .fix =
         "Mount the one file or directory that is needed, read-only: `-v PATH:PATH:ro` (compose: `volumes: "
         "[PATH:PATH:ro]`), or a named volume; what is meant goes into `audit.allowed-mounts`.",
     .severity = PLM_SEV_HIGH,
     .aliases = "check_5_6",
     .level = 1,
     .impact = PLM_IMPACT_MAY_BREAK,
     PER_CONTAINER,
     .run = check_sensitive},
    {.id = "5.13",
     .title = "containers have a read-only root file system",
     .reads = "HostConfig.ReadonlyRootfs, the mount on / of /proc/PID/mountinfo",
     .rationale =
         "An attacker who cannot write into the image's files cannot replace programs or leave tools behind.",
     .fix = "Start it with `--read-only` and `--tmpfs /tmp` for what must be writable (compose: `read_only: "
            "true`, "
            "`tmpfs: [/tmp]`).",
     .severity = PLM_SEV_MEDIUM,
     .aliases = "check_5_13",
     .level = 1,
     .impact = PLM_IMPACT_MAY_BREAK,
     PER_CONTAINER,
     .run = check_read_only_root},
    {.id = "5.20",
     .title = "mounts of containers do not propagate to the host",
     .reads = "Mounts[].Propagation, shared peer groups of /proc/PID/mountinfo against the host's",
     .rationale =
         "What a container mounts on a shared mount appears on the host, over directories of its choice.",
     .fix =
         "Mount with `rprivate` or `rslave`: `-v PATH:PATH:rslave` (compose: `bind: {propagation: rslave}`).",
     .severity = PLM_SEV_HIGH,
     .aliases = "check_5_20",
     .level = 1,
     .impact = PLM_IMPACT_MAY_BREAK,
     PER_CONTAINER,
     .run = check_propagation},
    {.id = "5.32",
     .title = "no engine socket can be reached from a container",
     .reads =
         "device and inode of every engine socket against the container's mounts, Config.Env (DOCKER_HOST)",
     .rationale =
         "Whoever may write to the engine's socket starts a privileged container and is root on the host. A "
         "read-only mount does not change that.",
     .fix = "Remove the mount (`-v /var/run/docker.sock:…`; compose: `volumes:`), or put a socket proxy in "
            "between "
            "that passes only the calls needed.",
     .severity = PLM_SEV_CRITICAL,
     .aliases = "check_5_32",
     .level = 1,
     .impact = PLM_IMPACT_MAY_BREAK,
     PER_CONTAINER,
     .run = check_socket},
    {.id = "R5",
     .title = "kernel files that start programs are not writable",
     .reads = "HostConfig.ReadonlyPaths, Mounts; mount flags over core_pattern, modprobe, sysrq-trigger, "
              "uevent_helper, release_agent, binfmt_misc",
     .rationale = "The kernel runs the program named in such a file as root of the host.",
     .fix = "Start it without `--security-opt systempaths=unconfined` (compose: `security_opt:`) and mount "
            "neither "
            "`/proc` nor `/sys` of the host writable.",
     .severity = PLM_SEV_CRITICAL,
     .impact = PLM_IMPACT_MAY_BREAK,
     PER_CONTAINER,
     .run = check_helpers},
    {.id = "R19",
     .title = "no directory out of which the host runs programs is mounted writable",
     .reads = "Mounts, HostConfig.Binds, /proc/PID/mountinfo against the host's",
     .rationale =
         "A file written there (a cron job, a unit, a library to preload, a key in authorized_keys) runs on "
         "the host, often as root.",
     .fix = "Mount it read-only, `-v PATH:PATH:ro` (compose: `volumes: [PATH:PATH:ro]`), or not at all.",
     .severity = PLM_SEV_CRITICAL,
     .impact = PLM_IMPACT_MAY_BREAK,
     PER_CONTAINER,
     .run = check_run_from},
};

static const struct plm_check_group mounts = {
    .id = "mounts",
    .summary = "files of the host and of the kernel inside containers",
    .checks = checks,
    .n = sizeof(checks) / sizeof(checks[0]),
};
PLM_REGISTER(plm_check_groups, struct plm_check_group, mounts);
