/* SPDX-License-Identifier: Apache-2.0
 *
 * Which files of the host a container sees, and what each of them gives away (the path table of CIS 5.6).
 *
 * Declared are Mounts[], Binds and HostConfig.Mounts, and local volumes whose options make them binds
 * (type=none, o=bind, device=PATH), which the API reports as volumes below the data root. In force is
 * mountinfo: device number and root of each mount, translated to a path by the host's own mounts
 * (plm_mount_host_path); that finds what links, volumes, VolumesFrom and hooks hide. Mounts that the runtime
 * itself makes (proc, sysfs, tmpfs below /dev, the three files below /etc, named volumes) are left out. Cost:
 * mounts of the container times mounts of the host.
 */
#include "audit/container_int.h"
#include "base/fs.h"

#include <fcntl.h>
#include <stdio.h>

enum { LINK_MAX = 4096, RESOLVE_TRIES = 64 };

/* ---- paths -------------------------------------------------------------------------------- */

bool plm_path_is_below(plm_sv path, plm_sv dir)
{
    if (plm_sv_is(dir, "/"))
        return plm_sv_starts(path, dir);
    return plm_sv_starts(path, dir) && (path.n == dir.n || path.p[dir.n] == '/');
}

plm_sv plm_path_clean(struct plm_arena *a, plm_sv path)
{
    plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(PLM_MIB(1));
    plm_sv rest = path, part;
    while (plm_sv_field(&rest, '/', &part)) {
        if (!part.n || plm_sv_is(part, "."))
            continue;
        if (plm_sv_is(part, "..")) {
            size_t slash = plm_sv_rfind(plm_buf_sv(&b), '/');
            b.n = slash == SIZE_MAX ? 0 : slash;
            continue;
        }
        plm_buf_byte(&b, '/');
        plm_buf_sv_put(&b, part);
    }
    return b.n ? plm_arena_sv(a, plm_buf_sv(&b)) : PLM_SV("/");
}

/* Where an open descriptor lies, as the host whose "/" is root_fd would say it. */
static plm_sv path_of_fd(int root_fd, int fd, struct plm_arena *a)
{
    char link[64], *text = plm_arena_alloc(a, LINK_MAX), *root = plm_arena_alloc(a, LINK_MAX);
    if (!text || !root)
        return PLM_SV_NULL;
    (void)snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
    ssize_t n = readlink(link, text, LINK_MAX);
    (void)snprintf(link, sizeof(link), "/proc/self/fd/%d", root_fd);
    ssize_t m = readlink(link, root, LINK_MAX);
    if (n <= 0 || n >= LINK_MAX || m <= 0 || m >= LINK_MAX)
        return PLM_SV_NULL;
    plm_sv path = {text, (size_t)n}, prefix = {root, (size_t)m};
    if (plm_sv_is(prefix, "/"))
        return path;
    if (!plm_path_is_below(path, prefix))
        return PLM_SV_NULL;
    return path.n == prefix.n ? PLM_SV("/") : plm_sv_from_off(path, prefix.n);
}

plm_sv plm_host_path(struct plm_facts *f, struct plm_arena *a, plm_sv path)
{
    plm_sv head = path.n && path.p[path.n - 1] != '/' ? path : plm_path_clean(a, path), tail = PLM_SV("");
    if (!path.n || path.p[0] != '/')
        return path;
    /* The longest part that exists is resolved, what follows is appended as it is. */
    for (int tries = 0; f->root_fd >= 0 && head.n > 1 && tries < RESOLVE_TRIES; tries++) {
        plm_auto_fd int fd = plm_fs_open_in(f->root_fd, plm_arena_cstr(a, head), O_PATH, NULL);
        plm_sv real = fd >= 0 ? path_of_fd(f->root_fd, fd, a) : PLM_SV_NULL;
        if (real.p)
            return plm_path_clean(a, plm_arena_printf(a, "%.*s%.*s", PLM_SV_ARG(real), PLM_SV_ARG(tail)));
        size_t slash = plm_sv_rfind(head, '/');
        head = plm_sv_sub(path, 0, slash == SIZE_MAX ? 0 : slash);
        tail = plm_sv_from_off(path, head.n);
    }
    plm_sv clean = plm_path_clean(a, path);
    if (plm_path_is_below(clean, PLM_SV("/var/run")))
        return plm_sv_from_off(clean, strlen("/var"));
    return clean;
}

/* ---- the path table ----------------------------------------------------------------------- */

enum {
    NO = PLM_SEV_UNKNOWN,
    LO = PLM_SEV_LOW,
    ME = PLM_SEV_MEDIUM,
    HI = PLM_SEV_HIGH,
    CR = PLM_SEV_CRITICAL
};

struct path_row {
    const char *path;
    /* of the path itself, writable and read-only; of what lies below it */
    uint8_t rw, ro, below_rw, below_ro;
    const char *why;
};

/* An exact row decides for its path; else the row of the longest directory above; else, for a directory that
 * holds rows, the worst of those. */
// clang-format off
static const struct path_row rows[] = {
    {"/", CR, CR, NO, NO, "the whole host"},
    {"/bin", CR, HI, CR, HI, "programs of the host"},
    {"/boot", CR, CR, CR, CR, "kernel and boot loader"},
    {"/dev", CR, CR, HI, HI, "devices of the host"},
    {"/dev/full", NO, NO, NO, NO, ""},
    {"/dev/log", LO, LO, NO, NO, "the host's log socket"},
    {"/dev/null", NO, NO, NO, NO, ""},
    {"/dev/random", NO, NO, NO, NO, ""},
    {"/dev/shm", ME, ME, ME, ME, "shared memory of the host"},
    {"/dev/tty", NO, NO, NO, NO, ""},
    {"/dev/urandom", NO, NO, NO, NO, ""},
    {"/dev/zero", NO, NO, NO, NO, ""},
    {"/etc", CR, HI, ME, LO, "configuration and password hashes of the host"},
    {"/etc/apt", CR, LO, CR, LO, "where the host's packages come from"},
    {"/etc/ca-certificates", HI, NO, HI, NO, "certificates that the host trusts"},
    {"/etc/containerd", CR, HI, CR, HI, "configuration of the engine"},
    {"/etc/containers", CR, ME, CR, ME, "configuration of the engine"},
    {"/etc/cron.d", CR, HI, CR, HI, "programs that cron runs as root"},
    {"/etc/cron.daily", CR, HI, CR, HI, "programs that cron runs as root"},
    {"/etc/cron.hourly", CR, HI, CR, HI, "programs that cron runs as root"},
    {"/etc/cron.monthly", CR, HI, CR, HI, "programs that cron runs as root"},
    {"/etc/cron.weekly", CR, HI, CR, HI, "programs that cron runs as root"},
    {"/etc/crontab", CR, HI, NO, NO, "programs that cron runs as root"},
    {"/etc/docker", CR, CR, CR, CR, "configuration and keys of the engine"},
    {"/etc/group", CR, LO, NO, NO, "groups of the host"},
    {"/etc/gshadow", CR, CR, NO, NO, "password hashes of the host"},
    {"/etc/hostname", ME, NO, NO, NO, "the host's name"},
    {"/etc/hosts", ME, NO, NO, NO, "name resolution of the host"},
    {"/etc/init.d", CR, LO, CR, LO, "programs that run at boot"},
    {"/etc/kubernetes", CR, CR, CR, CR, "keys of the cluster"},
    {"/etc/ld.so.conf", CR, NO, NO, NO, "libraries that every program of the host loads"},
    {"/etc/ld.so.conf.d", CR, NO, CR, NO, "libraries that every program of the host loads"},
    {"/etc/ld.so.preload", CR, LO, NO, NO, "libraries that every program of the host loads"},
    {"/etc/localtime", ME, NO, NO, NO, "time zone of the host"},
    {"/etc/machine-id", ME, NO, NO, NO, "identity of the host"},
    {"/etc/modprobe.d", CR, LO, CR, LO, "commands that run when modules are loaded"},
    {"/etc/modules-load.d", CR, LO, CR, LO, "modules that are loaded at boot"},
    {"/etc/nsswitch.conf", ME, NO, NO, NO, "name resolution of the host"},
    {"/etc/os-release", ME, NO, NO, NO, "release of the host"},
    {"/etc/pam.d", CR, HI, CR, HI, "how logins are checked"},
    {"/etc/passwd", CR, LO, NO, NO, "users of the host"},
    {"/etc/pki", HI, ME, HI, ME, "keys and certificates of the host"},
    {"/etc/profile", CR, LO, NO, NO, "commands that every login runs"},
    {"/etc/profile.d", CR, LO, CR, LO, "commands that every login runs"},
    {"/etc/rc.local", CR, LO, NO, NO, "commands that run at boot"},
    {"/etc/resolv.conf", ME, NO, NO, NO, "name resolution of the host"},
    {"/etc/shadow", CR, CR, NO, NO, "password hashes of the host"},
    {"/etc/shadow-", CR, CR, NO, NO, "password hashes of the host"},
    {"/etc/ssh", CR, CR, CR, CR, "keys of the host's ssh server"},
    {"/etc/ssl", HI, ME, HI, NO, "keys and certificates of the host"},
    {"/etc/ssl/private", HI, HI, HI, HI, "private keys of the host"},
    {"/etc/sudoers", CR, CR, NO, NO, "who may become root"},
    {"/etc/sudoers.d", CR, CR, CR, CR, "who may become root"},
    {"/etc/systemd", CR, HI, CR, HI, "services of the host"},
    {"/etc/timezone", ME, NO, NO, NO, "time zone of the host"},
    {"/etc/udev", CR, LO, CR, LO, "commands that run when devices appear"},
    {"/home", ME, ME, NO, NO, "home directories"},
    {"/lib", CR, HI, CR, HI, "libraries of the host"},
    {"/lib32", CR, HI, CR, HI, "libraries of the host"},
    {"/lib64", CR, HI, CR, HI, "libraries of the host"},
    {"/libx32", CR, HI, CR, HI, "libraries of the host"},
    {"/media", ME, ME, NO, NO, "removable media"},
    {"/mnt", ME, ME, NO, NO, "file systems mounted on the host"},
    {"/opt", CR, HI, NO, NO, "programs of the host"},
    {"/proc", CR, CR, CR, CR, "kernel settings and processes of the host"},
    {"/root", CR, CR, CR, CR, "root's home directory"},
    {"/run", CR, HI, NO, NO, "sockets of the host's services, the engine's among them"},
    {"/run/buildkit", CR, CR, CR, CR, "the engine's socket"},
    {"/run/containerd", CR, CR, CR, CR, "the engine's socket"},
    {"/run/cri-dockerd.sock", CR, CR, NO, NO, "the engine's socket"},
    {"/run/crio", CR, CR, CR, CR, "the engine's socket"},
    {"/run/dbus", HI, HI, HI, HI, "the host's system bus"},
    {"/run/docker", CR, CR, CR, CR, "the engine's run directory"},
    {"/run/docker.sock", CR, CR, NO, NO, "the engine's socket"},
    {"/run/k3s", CR, CR, CR, CR, "the engine's socket"},
    {"/run/podman", CR, CR, CR, CR, "the engine's socket"},
    {"/run/systemd", CR, HI, CR, HI, "control of the host's services"},
    {"/sbin", CR, HI, CR, HI, "programs of the host"},
    {"/srv", ME, ME, NO, NO, "data that the host serves"},
    {"/sys", CR, ME, CR, ME, "kernel settings of the host"},
    {"/tmp", ME, ME, NO, NO, "temporary files of all users"},
    {"/usr", CR, HI, CR, HI, "programs of the host"},
    {"/usr/local/share", ME, NO, ME, NO, "data of the host's programs"},
    {"/usr/share", ME, NO, ME, NO, "data of the host's programs"},
    {"/var", CR, HI, NO, NO, "state of the host, the engine's among it"},
    {"/var/lib/containerd", CR, CR, CR, CR, "images and containers of the engine"},
    {"/var/lib/containers", CR, CR, CR, CR, "images and containers of the engine"},
    {"/var/lib/docker", CR, CR, CR, CR, "images and containers of the engine"},
    {"/var/lib/kubelet", CR, CR, CR, CR, "secrets and volumes of the cluster"},
    {"/var/lib/rancher", CR, CR, CR, CR, "keys of the cluster"},
    {"/var/log", ME, ME, NO, NO, "logs of the host"},
    {"/var/spool/cron", CR, HI, CR, HI, "programs that cron runs"},
    {"/var/tmp", ME, ME, NO, NO, "temporary files of all users"},
};
// clang-format on

static const struct {
    const char *name;
    uint8_t severity;
    const char *why;
} credential_dirs[] = {
    {".aws", HI, "cloud credentials"},       {".azure", HI, "cloud credentials"},
    {".docker", HI, "registry credentials"}, {".gnupg", HI, "private keys"},
    {".kube", HI, "cluster credentials"},    {".ssh", CR, "ssh keys and authorized_keys"},
};

static struct plm_path_risk worse(struct plm_path_risk r, unsigned severity, const char *why)
{
    if (severity > r.severity)
        r = (struct plm_path_risk){(enum plm_severity)severity, why};
    return r;
}

static struct plm_path_risk by_table(plm_sv host, bool is_writable)
{
    struct plm_path_risk r = {PLM_SEV_UNKNOWN, ""};
    const struct path_row *above = NULL;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const struct path_row *row = &rows[i];
        plm_sv path = plm_sv_from(row->path);
        if (plm_sv_eq(path, host))
            return worse(r, is_writable ? row->rw : row->ro, row->why);
        if (plm_path_is_below(host, path) && (!above || path.n > strlen(above->path)))
            above = row;
    }
    if (above)
        r = worse(r, is_writable ? above->below_rw : above->below_ro, above->why);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        if (plm_path_is_below(plm_sv_from(rows[i].path), host))
            r = worse(r, is_writable ? rows[i].rw : rows[i].ro, rows[i].why);
    return r;
}

struct plm_path_risk plm_path_risk(struct plm_facts *f, struct plm_arena *a, plm_sv host, bool is_writable)
{
    struct plm_path_risk r = by_table(host, is_writable);
    plm_sv rest = host, part;
    while (plm_sv_field(&rest, '/', &part))
        for (size_t i = 0; i < sizeof(credential_dirs) / sizeof(credential_dirs[0]); i++)
            if (plm_sv_is(part, credential_dirs[i].name))
                r = worse(r, credential_dirs[i].severity, credential_dirs[i].why);
    for (size_t i = 0; i < f->daemons.n; i++) {
        const struct plm_daemon *d = &f->daemons.v[i];
        if (d->is_remote)
            continue;
        plm_sv root = d->root_dir.n ? plm_host_path(f, a, d->root_dir) : PLM_SV_NULL;
        bool is_inside = root.n && plm_path_is_below(host, root);
        if (is_inside || (root.n && plm_path_is_below(root, host)))
            r = worse(r, is_inside || is_writable ? CR : HI, "images and containers of the engine");
        if (d->socket_path.n && plm_path_is_below(plm_host_path(f, a, d->socket_path), host))
            r = worse(r, CR, "the engine's socket");
    }
    return r;
}

/* ---- binds of a container ----------------------------------------------------------------- */

/* Options of a local volume that make it a bind: its device; null otherwise. */
static plm_sv volume_device(const struct plm_daemon *d, plm_sv name)
{
    size_t i, n;
    yyjson_val *v;
    yyjson_arr_foreach(yyjson_obj_get(d->volumes.root, "Volumes"), i, n, v)
    {
        if (!plm_sv_eq(plm_json_str(v, "Name", NULL), name))
            continue;
        plm_sv rest = plm_json_str(v, "Options", "o", NULL), word;
        while (plm_sv_field(&rest, ',', &word))
            if (plm_sv_is(plm_sv_trim(word), "bind") || plm_sv_is(plm_sv_trim(word), "rbind"))
                return plm_json_str(v, "Options", "device", NULL);
    }
    return PLM_SV_NULL;
}

static struct plm_bind *bind_at(plm_bind_vec *v, plm_sv point)
{
    for (size_t i = 0; i < v->n; i++)
        if (plm_sv_eq(v->v[i].point, point))
            return &v->v[i];
    return NULL;
}

static void add_declared(struct plm_checking *k, plm_bind_vec *out, struct plm_bind b)
{
    b.point = plm_path_clean(k->arena, b.point);
    if (!b.declared.n || b.declared.p[0] != '/' || bind_at(out, b.point))
        return;
    b.host = k->daemon->is_remote ? plm_path_clean(k->arena, b.declared)
                                  : plm_host_path(k->facts, k->arena, b.declared);
    struct plm_bind *p = plm_vec_push(k->arena, out);
    if (p)
        *p = b;
}

static void collect_mount_points(struct plm_checking *k, plm_bind_vec *out)
{
    size_t i, n;
    yyjson_val *m;
    yyjson_arr_foreach(yyjson_obj_get(k->container->inspect.root, "Mounts"), i, n, m)
    {
        plm_sv type = plm_json_str(m, "Type", NULL);
        struct plm_bind b = {.point = plm_json_str(m, "Destination", NULL),
                             .is_writable = plm_json_bool(m, "RW", true),
                             .propagation = plm_json_str(m, "Propagation", NULL)};
        if (plm_sv_is(type, "bind")) {
            b.declared = plm_json_str(m, "Source", NULL);
            b.how = PLM_SV("Mounts: bind");
        } else if (plm_sv_is(type, "volume")) {
            plm_sv name = plm_json_str(m, "Name", NULL);
            b.declared = volume_device(k->daemon, name);
            b.how = plm_arena_printf(k->arena, "Mounts: volume %.*s, which binds", PLM_SV_ARG(name));
        }
        add_declared(k, out, b);
    }
}

/* "SRC:DST[:OPTIONS]" */
static void collect_bind_words(struct plm_checking *k, plm_bind_vec *out)
{
    size_t i, n;
    yyjson_val *v;
    yyjson_arr_foreach(yyjson_obj_get(k->container->host_config, "Binds"), i, n, v)
    {
        plm_sv source, rest, point, options = PLM_SV_NULL, word;
        struct plm_bind b = {.is_writable = true, .how = PLM_SV("HostConfig.Binds")};
        if (!plm_sv_cut(plm_json_sv(v), ':', &source, &rest))
            continue;
        (void)plm_sv_cut(rest, ':', &point, &options);
        while (plm_sv_field(&options, ',', &word)) {
            b.is_writable &= !plm_sv_is(word, "ro");
            if (plm_sv_is(word, "shared") || plm_sv_is(word, "rshared"))
                b.propagation = word;
        }
        b.declared = source.n && source.p[0] == '/' ? source : volume_device(k->daemon, source);
        b.point = point;
        add_declared(k, out, b);
    }
    yyjson_arr_foreach(yyjson_obj_get(k->container->host_config, "Mounts"), i, n, v)
    {
        if (!plm_sv_is(plm_json_str(v, "Type", NULL), "bind"))
            continue;
        add_declared(k, out,
                     (struct plm_bind){.declared = plm_json_str(v, "Source", NULL),
                                       .point = plm_json_str(v, "Target", NULL),
                                       .is_writable = !plm_json_bool(v, "ReadOnly", false),
                                       .propagation = plm_json_str(v, "BindOptions", "Propagation", NULL),
                                       .how = PLM_SV("HostConfig.Mounts: bind")});
    }
}

/* Made by the runtime: the root, the kernel file systems below /proc, /sys and /dev with their masks. */
static bool is_of_runtime(const struct plm_mount *m)
{
    static const char *const types[] = {"proc",   "sysfs",   "tmpfs", "devpts",  "mqueue",
                                        "cgroup", "cgroup2", "shm",   "overlay", "securityfs"};
    if (plm_sv_is(m->point, "/"))
        return true;
    if (!plm_path_is_below(m->point, PLM_SV("/proc")) && !plm_path_is_below(m->point, PLM_SV("/sys")) &&
        !plm_path_is_below(m->point, PLM_SV("/dev")))
        return false;
    if (plm_sv_is(m->type, "devtmpfs"))
        return !plm_sv_is(m->root, "/"); /* one device, /dev/null over a masked file */
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
        if (plm_sv_is(m->type, types[i]))
            return true;
    return false;
}

/* "/containers/ID/hosts" below the data root: also of the container whose network this one shares. */
static bool is_network_file(plm_sv inner)
{
    plm_sv name = plm_base_name(inner);
    return plm_sv_starts(inner, PLM_SV("/containers/")) &&
           (plm_sv_is(name, "hosts") || plm_sv_is(name, "hostname") || plm_sv_is(name, "resolv.conf"));
}

/* The engine's own files: those named after the container, and plain named volumes. */
static bool is_of_engine(struct plm_checking *k, plm_sv host)
{
    plm_sv root =
        k->daemon->root_dir.n ? plm_host_path(k->facts, k->arena, k->daemon->root_dir) : PLM_SV_NULL;
    if (k->container->id.n >= 32 && plm_sv_has(host, k->container->id))
        return true;
    if (root.n && plm_path_is_below(host, root)) {
        plm_sv inner = plm_sv_from_off(host, root.n);
        return plm_sv_starts(inner, PLM_SV("/volumes/")) || is_network_file(inner);
    }
    return plm_sv_has(host, PLM_SV("/containers/storage/volumes/"));
}

/* The host has that very mount at the path. */
static bool is_host_mount(const struct plm_facts *f, plm_sv path, const struct plm_mount *m)
{
    for (size_t i = 0; i < f->host_mounts.n; i++) {
        const struct plm_mount *h = &f->host_mounts.v[i];
        if (h->major == m->major && h->minor == m->minor && plm_sv_eq(h->point, path) &&
            plm_sv_eq(h->root, m->root))
            return true;
    }
    return false;
}

/* A mount of the host that came along with a bind above it: nothing of its own to say. */
static bool is_part_of(struct plm_checking *k, const plm_bind_vec *v, const struct plm_mount *m, plm_sv host)
{
    for (size_t i = 0; i < v->n; i++) {
        const struct plm_bind *b = &v->v[i];
        if (!b->is_actual || plm_sv_eq(b->point, m->point) || !plm_path_is_below(m->point, b->point) ||
            (b->is_writable < !m->is_read_only))
            continue;
        plm_sv inner = plm_sv_from_off(m->point, b->point.n);
        plm_sv base = plm_sv_is(b->host, "/") ? PLM_SV("") : b->host;
        plm_sv path = plm_arena_printf(k->arena, "%.*s%.*s", PLM_SV_ARG(base), PLM_SV_ARG(inner));
        if (plm_sv_eq(path, host) || is_host_mount(k->facts, path, m))
            return true;
    }
    return false;
}

static void merge_actual(struct plm_checking *k, plm_bind_vec *out, const struct plm_mount *m)
{
    struct plm_bind *b = bind_at(out, m->point);
    if (!b && is_of_runtime(m))
        return;
    plm_sv host = plm_mount_host_path(&k->facts->host_mounts, m, k->arena);
    if (!host.p || (!b && (is_of_engine(k, host) || is_part_of(k, out, m, host))))
        return;
    if (b && plm_sv_eq(b->host, host)) {
        b->is_actual = true;
        b->mount = m;
        b->is_writable |= !m->is_read_only;
        return;
    }
    b = plm_vec_push(k->arena, out);
    if (b)
        *b = (struct plm_bind){
            .host = host,
            .point = m->point,
            .how = plm_arena_printf(k->arena, "/proc/%d/mountinfo", k->container->init->pid),
            .is_writable = !m->is_read_only,
            .is_actual = true,
            .mount = m,
        };
}

bool plm_container_binds(struct plm_checking *k, plm_bind_vec *out)
{
    *out = (plm_bind_vec){0};
    collect_mount_points(k, out);
    collect_bind_words(k, out);
    if (plm_truth_is_missing(k))
        return false;
    if (!plm_has_truth(k))
        return true;
    plm_sv failure =
        k->container->mounts_failure.p ? k->container->mounts_failure : k->facts->host_mounts_failure;
    if (failure.p) {
        plm_say(k, PLM_OUT_UNKNOWN, "/proc/%d/mountinfo: %.*s", k->container->init->pid, PLM_SV_ARG(failure));
        return false;
    }
    for (size_t i = 0; i < k->container->mounts.n; i++)
        merge_actual(k, out, &k->container->mounts.v[i]);
    return true;
}

/* "PATH[:ro][@IMAGE-GLOB]" */
bool plm_mount_is_allowed(const struct plm_checking *k, const struct plm_bind *b)
{
    const plm_sv_vec *list = &k->facts->opt->expect.allowed_mounts;
    for (size_t i = 0; i < list->n; i++) {
        plm_sv path, image = PLM_SV_NULL;
        (void)plm_sv_cut(list->v[i], '@', &path, &image);
        bool is_read_only = plm_sv_ends(path, PLM_SV(":ro"));
        if (is_read_only)
            path = plm_sv_sub(path, 0, path.n - strlen(":ro"));
        if ((image.n && !plm_sv_glob(image, k->container->image)) || (is_read_only && b->is_writable))
            continue;
        /* Only where the bind really lies counts: a link may be written under an allowed name. */
        if (plm_path_is_below(path, PLM_SV("/var/run")))
            path = plm_sv_from_off(path, strlen("/var"));
        if (plm_sv_glob(path, b->host))
            return true;
    }
    return false;
}
