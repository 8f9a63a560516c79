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

/* ---- what a path gives away ---------------------------------------------------------------- */

struct plm_path_risk plm_path_risk(struct plm_facts *f, struct plm_arena *a, plm_sv host, bool is_writable)
{
    struct plm_path_risk r = plm_path_table_risk(host, is_writable);
    for (size_t i = 0; i < f->daemons.n; i++) {
        const struct plm_daemon *d = &f->daemons.v[i];
        if (d->is_remote)
            continue;
        plm_sv root = d->root_dir.n ? plm_host_path(f, a, d->root_dir) : PLM_SV_NULL;
        bool is_inside = root.n && plm_path_is_below(host, root);
        if (is_inside || (root.n && plm_path_is_below(root, host)))
            r = plm_path_worse(r, is_inside || is_writable ? PLM_SEV_CRITICAL : PLM_SEV_HIGH,
                               "images and containers of the engine");
        if (d->socket_path.n && plm_path_is_below(plm_host_path(f, a, d->socket_path), host))
            r = plm_path_worse(r, PLM_SEV_CRITICAL, "the engine's socket");
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
