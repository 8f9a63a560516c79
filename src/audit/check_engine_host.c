/* SPDX-License-Identifier: Apache-2.0
 *
 * Checks of an engine that look at files of the host: the data root and its file system, runtimes, plugins,
 * sockets, the seccomp profile, subordinate ids, proxies with passwords.
 *
 * A path is as weak as the weakest folder above it, on the way that is written and where links lead.
 */
#include "audit/check_engine.h"

#include "base/fs.h"

#include <fcntl.h>
#include <limits.h>
#include <sys/statvfs.h>

enum { FILE_BYTES = 4 << 20 };

/* ---- paths ----------------------------------------------------------------------------------------------
 */

static plm_sv dir_of(plm_sv path)
{
    size_t slash = plm_sv_rfind(path, '/');
    return slash == 0 || slash == SIZE_MAX ? PLM_SV("/") : plm_sv_sub(path, 0, slash);
}

static int stat_in(struct plm_checking *k, plm_sv path, struct stat *st)
{
    const char *cpath = plm_arena_cstr(k->arena, path);
    plm_auto_fd int fd = cpath ? plm_fs_open_in(k->facts->root_fd, cpath, O_PATH, NULL) : -1;
    return fd < 0 || fstat(fd, st) < 0 ? errno : 0;
}

/* Where links lead; null where that is not known (another root). */
static plm_sv real_path(struct plm_checking *k, plm_sv path)
{
    char target[PATH_MAX], link[64];
    const char *cpath = plm_arena_cstr(k->arena, path);
    if (k->facts->opt->root.n && !plm_sv_is(k->facts->opt->root, "/"))
        return PLM_SV_NULL;
    plm_auto_fd int fd = cpath ? plm_fs_open_in(k->facts->root_fd, cpath, O_PATH, NULL) : -1;
    (void)snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
    ssize_t n = fd < 0 ? -1 : readlink(link, target, sizeof(target));
    return n > 0 ? plm_arena_sv(k->arena, plm_sv_n(target, (size_t)n)) : PLM_SV_NULL;
}

static bool is_trusted_owner(const struct plm_checking *k, uid_t uid)
{
    const struct plm_process *p = k->daemon ? k->daemon->process : NULL;
    return uid == 0 || (p && p->has_status && p->uid[1] == uid);
}

/* One inode: what somebody else may do to it; true if that was said. */
static bool judge_inode(struct plm_checking *k, plm_sv object, plm_sv path, mode_t forbidden)
{
    struct stat st = {0};
    int sys = stat_in(k, path, &st);
    if (sys) {
        plm_say_on(k, object, PLM_OUT_UNKNOWN, "%.*s: %s", PLM_SV_ARG(path), strerror(sys));
        return true;
    }
    bool is_sticky_dir = S_ISDIR(st.st_mode) && (st.st_mode & S_ISVTX);
    mode_t excess = st.st_mode & forbidden;
    if (is_sticky_dir)
        excess &= (mode_t) ~(S_IWGRP | S_IWOTH);
    bool is_foreign = !is_trusted_owner(k, st.st_uid);
    if (!excess && !is_foreign)
        return false;
    plm_say_on(k, object, PLM_OUT_FAIL, "%.*s: owner %u, mode %04o", PLM_SV_ARG(path), (unsigned)st.st_uid,
               (unsigned)(st.st_mode & 07777));
    return true;
}

static bool judge_way(struct plm_checking *k, plm_sv object, plm_sv path, mode_t forbidden)
{
    bool was_said = judge_inode(k, object, path, forbidden);
    for (plm_sv dir = dir_of(path);; dir = dir_of(dir)) {
        was_said |= judge_inode(k, object, dir, S_IWGRP | S_IWOTH);
        if (dir.n <= 1)
            return was_said;
    }
}

void plm_judge_path(struct plm_checking *k, plm_sv object, plm_sv path, mode_t forbidden)
{
    if (!path.n || path.p[0] != '/') {
        plm_say_on(k, object, PLM_OUT_UNKNOWN, "\"%.*s\" is no absolute path", PLM_SV_ARG(path));
        return;
    }
    bool was_said = judge_way(k, object, path, forbidden);
    plm_sv real = real_path(k, path);
    if (real.p && !plm_sv_eq(real, path))
        was_said |= judge_way(k, object, real, forbidden);
    if (!was_said)
        plm_say_on(k, object, PLM_OUT_PASS, "%.*s: only root can change it", PLM_SV_ARG(path));
}

bool plm_read_file(struct plm_checking *k, plm_sv path, plm_sv *out, plm_sv *out_why)
{
    plm_auto(plm_err_free) plm_err *err = NULL;
    plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(FILE_BYTES);
    const char *cpath = plm_arena_cstr(k->arena, path);
    if (cpath && plm_fs_read_in(k->facts->root_fd, cpath, FILE_BYTES, &b, &err) == 0) {
        *out = plm_arena_sv(k->arena, plm_buf_sv(&b));
        return out->p != NULL;
    }
    plm_auto_free char *text = err ? plm_err_text(err) : NULL;
    *out_why = plm_arena_sv(k->arena, plm_sv_from(text ? text : "out of memory"));
    return false;
}

/* ---- the data root ----------------------------------------------------------------------------------------
 */

/* True (and said) where the files of this engine are not on this machine. */
static bool files_are_elsewhere(struct plm_checking *k)
{
    if (!k->daemon->is_remote)
        return false;
    plm_say(k, PLM_OUT_NA, "the engine runs on another machine");
    return true;
}

/* The data root as configured: with userns-remap, DockerRootDir ends in "/100000.100000". */
static plm_sv data_root(const struct plm_daemon *d)
{
    size_t slash = plm_sv_rfind(d->root_dir, '/'), dot = plm_sv_rfind(d->root_dir, '.');
    uint64_t uid, gid;
    plm_sv option;
    if (slash == SIZE_MAX || slash == 0 || dot == SIZE_MAX || dot < slash ||
        !plm_security_option(d, "userns", &option))
        return d->root_dir;
    bool is_leaf = plm_sv_u64(plm_sv_sub(d->root_dir, slash + 1, dot - slash - 1), &uid) &&
                   plm_sv_u64(plm_sv_from_off(d->root_dir, dot + 1), &gid);
    return is_leaf ? plm_sv_sub(d->root_dir, 0, slash) : d->root_dir;
}

static void say_space(struct plm_checking *k, int fd)
{
    struct statvfs v;
    if (fstatvfs(fd, &v) < 0 || !v.f_blocks)
        return;
    unsigned free_blocks = (unsigned)(v.f_bavail * 100 / v.f_blocks);
    unsigned free_inodes = v.f_files ? (unsigned)(v.f_favail * 100 / v.f_files) : 100;
    if (free_blocks < 10 || free_inodes < 10)
        plm_say(k, PLM_OUT_NA, "free: %u %% of the space, %u %% of the inodes", free_blocks, free_inodes);
}

void plm_check_1_1_1(struct plm_checking *k)
{
    struct stat st = {0}, parent = {0};
    plm_sv dir = data_root(k->daemon);
    if (files_are_elsewhere(k))
        return;
    if (!dir.n) {
        (void)plm_info_is_missing(k);
        plm_say(k, PLM_OUT_UNKNOWN, "DockerRootDir: not known");
        return;
    }
    const char *path = plm_arena_cstr(k->arena, dir);
    plm_sv up = plm_arena_printf(k->arena, "%.*s/..", PLM_SV_ARG(dir));
    plm_auto_fd int fd = path ? plm_fs_open_in(k->facts->root_fd, path, O_PATH | O_DIRECTORY, NULL) : -1;
    if (fd < 0 || fstat(fd, &st) < 0) {
        plm_say(k, PLM_OUT_UNKNOWN, "%.*s: %s", PLM_SV_ARG(dir), strerror(errno));
        return;
    }
    int sys = stat_in(k, up, &parent);
    if (sys) {
        plm_say(k, PLM_OUT_UNKNOWN, "%.*s: %s", PLM_SV_ARG(up), strerror(sys));
        return;
    }
    /* dockerd mounts its data root on itself: that it is a mount point proves nothing, its device does */
    const struct plm_mount *m = plm_mount_of(&k->facts->host_mounts, dir);
    bool is_memory = m && (plm_sv_is(m->type, "tmpfs") || plm_sv_is(m->type, "ramfs"));
    bool is_own = st.st_dev != parent.st_dev;
    const char *said = is_memory ? "lies in memory"
                       : is_own  ? "has a file system of its own"
                                 : "shares the file system of the folder above it";
    plm_say(k, is_own && !is_memory ? PLM_OUT_PASS : PLM_OUT_FAIL, "%.*s %s (%.*s)", PLM_SV_ARG(dir), said,
            PLM_SV_ARG(m ? m->type : PLM_SV("type not known")));
    say_space(k, fd);
}

void plm_check_d12(struct plm_checking *k)
{
    struct stat st = {0};
    plm_sv dirs[2] = {data_root(k->daemon), k->daemon->root_dir};
    if (plm_not_of_podman(k) || files_are_elsewhere(k) || plm_info_is_missing(k))
        return;
    for (size_t i = 0; i < 2; i++) {
        if (i && plm_sv_eq(dirs[0], dirs[1]))
            break;
        int sys = dirs[i].n ? stat_in(k, dirs[i], &st) : ENOENT;
        if (sys)
            plm_say(k, PLM_OUT_UNKNOWN, "%.*s: %s", PLM_SV_ARG(dirs[i]), strerror(sys));
        else
            plm_say(k, st.st_mode & 07777 & ~0711u ? PLM_OUT_FAIL : PLM_OUT_PASS, "%.*s: mode %04o",
                    PLM_SV_ARG(dirs[i]), (unsigned)(st.st_mode & 07777));
    }
}

/* ---- user namespaces
 * ---------------------------------------------------------------------------------------- */

struct id_range {
    plm_sv user;
    uint64_t start, count;
};
typedef PLM_VEC(struct id_range) id_ranges;

static void parse_ranges(plm_sv text, struct plm_arena *a, id_ranges *out)
{
    plm_sv line, user, start, count;
    while (plm_sv_line(&text, &line)) {
        struct id_range r = {0};
        if (!plm_sv_cut(plm_sv_trim(line), ':', &user, &line) || !plm_sv_cut(line, ':', &start, &count) ||
            !plm_sv_u64(start, &r.start) || !plm_sv_u64(plm_sv_trim(count), &r.count) || !user.n ||
            user.p[0] == '#')
            continue;
        r.user = user;
        struct id_range *slot = plm_vec_push(a, out);
        if (slot)
            *slot = r;
    }
}

static bool overlap(const struct id_range *a, const struct id_range *b)
{
    return a->start < b->start + b->count && b->start < a->start + a->count;
}

/* One of /etc/subuid and /etc/subgid for the user that containers' root is. */
static void judge_ranges(struct plm_checking *k, const char *path, plm_sv user)
{
    plm_sv text = PLM_SV_NULL, why = PLM_SV_NULL;
    id_ranges ranges = {0};
    uint64_t total = 0;
    if (!plm_read_file(k, plm_sv_from(path), &text, &why)) {
        plm_say(k, PLM_OUT_UNKNOWN, "%.*s", PLM_SV_ARG(why));
        return;
    }
    parse_ranges(text, k->arena, &ranges);
    for (size_t i = 0; i < ranges.n; i++) {
        const struct id_range *r = &ranges.v[i];
        if (!plm_sv_eq(r->user, user))
            continue;
        total += r->count;
        for (size_t j = 0; j < ranges.n; j++)
            if (!plm_sv_eq(ranges.v[j].user, user) && overlap(r, &ranges.v[j]))
                plm_say(k, PLM_OUT_FAIL, "%s: the range of %.*s overlaps that of %.*s", path,
                        PLM_SV_ARG(user), PLM_SV_ARG(ranges.v[j].user));
        const struct plm_accounts *acc = &k->facts->accounts;
        for (size_t j = 0; j < acc->users.n && strstr(path, "uid"); j++)
            if (acc->users.v[j].uid >= r->start && acc->users.v[j].uid < r->start + r->count)
                plm_say(k, PLM_OUT_FAIL, "%s: the range of %.*s holds the user %.*s (uid %u)", path,
                        PLM_SV_ARG(user), PLM_SV_ARG(acc->users.v[j].name), acc->users.v[j].uid);
    }
    plm_say(k, total >= 65536 ? PLM_OUT_PASS : PLM_OUT_FAIL, "%s: %.*s has %llu ids", path, PLM_SV_ARG(user),
            (unsigned long long)total);
}

static void judge_containers_mapped(struct plm_checking *k)
{
    const struct plm_daemon *d = k->daemon;
    for (size_t i = 0; i < d->containers.n; i++) {
        const struct plm_container *c = &d->containers.v[i];
        if (!c->init || c->truth_failure.p ||
            plm_sv_is(plm_json_str(c->host_config, "UsernsMode", NULL), "host"))
            continue;
        if (plm_process_is_identity_mapped(c->init) == 1) {
            plm_say(k, PLM_OUT_FAIL, "container %.*s: /proc/%d/uid_map is the identity",
                    PLM_SV_ARG(c->object), (int)c->init->pid);
            plm_drift(k, "userns-remap is declared, %.*s runs without", PLM_SV_ARG(c->object));
        }
    }
}

void plm_check_2_9(struct plm_checking *k)
{
    const struct plm_daemon *d = k->daemon;
    plm_sv option, said = PLM_SV("not set");
    if (plm_info_is_missing(k))
        return;
    if (plm_security_option(d, "rootless", &option) || d->is_rootless) {
        plm_say(k, PLM_OUT_PASS, "rootless: every container is in the user namespace of the engine");
        return;
    }
    const struct plm_setting *s = plm_daemon_setting(d, "userns-remap");
    if (s)
        said = s->value;
    bool is_on = plm_security_option(d, "userns", &option);
    plm_say(k, is_on ? PLM_OUT_PASS : PLM_OUT_FAIL, "SecurityOptions: %s; userns-remap: %.*s",
            is_on ? "userns" : "no userns", PLM_SV_ARG(said));
    if (!is_on || d->is_remote)
        return;
    judge_containers_mapped(k);
    if (!s || !s->value.n) {
        plm_say(k, PLM_OUT_UNKNOWN, "userns-remap: %.*s",
                PLM_SV_ARG(d->settings_failure.n ? d->settings_failure : said));
        return;
    }
    plm_collect_accounts(k->facts);
    plm_sv user = plm_sv_is(s->value, "default") ? PLM_SV("dockremap") : s->value, group = user;
    (void)plm_sv_cut(s->value, ':', &user, &group);
    if (plm_sv_is(s->value, "default"))
        user = group = PLM_SV("dockremap");
    else if (!group.n)
        group = user;
    judge_ranges(k, "/etc/subuid", user);
    judge_ranges(k, "/etc/subgid", group);
}

/* ---- plugins, runtimes, sockets
 * ------------------------------------------------------------------------------- */

static bool is_managed_plugin(const struct plm_daemon *d, plm_sv name)
{
    size_t i, n;
    yyjson_val *v;
    plm_sv bare = plm_sv_sub(name, 0, plm_sv_find(name, ':'));
    yyjson_arr_foreach(d->plugins.root, i, n, v)
    {
        plm_sv other = plm_json_str(v, "Name", NULL);
        if (plm_json_bool(v, "Enabled", false) &&
            plm_sv_eq(plm_sv_sub(other, 0, plm_sv_find(other, ':')), bare))
            return true;
    }
    return false;
}

static void judge_authz_plugin(struct plm_checking *k, plm_sv name)
{
    static const char *const places[] = {
        "/run/docker/plugins/%.*s.sock", "/run/docker/plugins/%.*s/%.*s.sock",
        "/etc/docker/plugins/%.*s.spec", "/usr/lib/docker/plugins/%.*s.spec",
        "/etc/docker/plugins/%.*s.json", "/usr/lib/docker/plugins/%.*s.json"};
    struct stat st = {0};
    plm_say(k, PLM_OUT_PASS, "Plugins.Authorization: %.*s", PLM_SV_ARG(name));
    if (k->daemon->is_remote)
        return;
    if (is_managed_plugin(k->daemon, name)) {
        plm_say(k, PLM_OUT_PASS, "%.*s is a managed plugin and enabled", PLM_SV_ARG(name));
        return;
    }
    for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
        plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(PLM_KIB(8));
        plm_sv rest = plm_sv_from(places[i]);
        for (size_t at; (at = plm_sv_find_sv(rest, PLM_SV("%.*s"))) != SIZE_MAX;
             rest = plm_sv_from_off(rest, at + 4)) {
            plm_buf_sv_put(&b, plm_sv_sub(rest, 0, at));
            plm_buf_sv_put(&b, name);
        }
        plm_buf_sv_put(&b, rest);
        plm_sv path = plm_arena_sv(k->arena, plm_buf_sv(&b));
        if (!path.p || stat_in(k, path, &st) != 0)
            continue;
        /* whoever may connect to the socket or change the file decides what the engine allows */
        plm_judge_path(k, PLM_SV_NULL, path, S_ISSOCK(st.st_mode) ? 0077 : 0022);
        return;
    }
    plm_say(k, PLM_OUT_UNKNOWN, "%.*s: neither a socket nor a file of it was found", PLM_SV_ARG(name));
}

void plm_check_2_12(struct plm_checking *k)
{
    const struct plm_daemon *d = k->daemon;
    size_t i, n, seen = 0, declared = 0;
    yyjson_val *v;
    if (plm_not_of_podman(k) || plm_info_is_missing(k))
        return;
    yyjson_arr_foreach(plm_json_at(d->info.root, "Plugins", "Authorization", NULL), i, n, v)
    {
        seen++;
        judge_authz_plugin(k, plm_json_sv(v));
    }
    for (i = 0; i < d->settings.n; i++)
        declared += plm_sv_is(d->settings.v[i].name, "authorization-plugins");
    if (!seen)
        plm_say(k, PLM_OUT_FAIL, "Plugins.Authorization: none");
    if (!d->settings_failure.p && declared != seen)
        plm_drift(k, "%zu authorization plugins are declared, %zu are in force", declared, seen);
}

/* A runtime by name is looked up in the PATH of the daemon. */
static plm_sv find_program(struct plm_checking *k, plm_sv name)
{
    int sys = 0;
    struct stat st = {0};
    plm_sv dir, path = PLM_SV_NULL;
    if (plm_sv_find(name, '/') != SIZE_MAX)
        return name;
    if (k->daemon->process && k->facts->kernel) {
        plm_sv file = plm_arena_printf(k->arena, "/proc/%d/environ", (int)k->daemon->process->pid), word;
        plm_sv text = plm_kernel_text(k->facts->kernel, k->arena, file.p ? file.p : "/", 1 << 20, &sys);
        while (text.p && plm_sv_field(&text, 0, &word))
            if (plm_sv_starts(word, PLM_SV("PATH=")))
                path = plm_sv_from_off(word, 5);
    }
    if (!path.n)
        path = PLM_SV("/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
    while (plm_sv_field(&path, ':', &dir)) {
        plm_sv full = plm_arena_printf(k->arena, "%.*s/%.*s", PLM_SV_ARG(dir), PLM_SV_ARG(name));
        if (dir.n && stat_in(k, full, &st) == 0 && S_ISREG(st.st_mode) && (st.st_mode & 0111))
            return full;
    }
    return PLM_SV_NULL;
}

static bool is_allowed_runtime(const struct plm_checking *k, plm_sv name)
{
    static const char *const usual[] = {"runc", "io.containerd.runc.v2", "io.containerd.runtime.v1.linux"};
    const plm_sv_vec *more = &k->facts->opt->expect.allowed_runtimes;
    for (size_t i = 0; i < sizeof(usual) / sizeof(usual[0]); i++)
        if (plm_sv_is(name, usual[i]))
            return true;
    for (size_t i = 0; i < more->n; i++)
        if (plm_sv_eq(more->v[i], name))
            return true;
    return false;
}

void plm_check_d6(struct plm_checking *k)
{
    const struct plm_daemon *d = k->daemon;
    size_t i, n;
    yyjson_val *key, *v;
    if (plm_not_of_podman(k) || plm_info_is_missing(k) || files_are_elsewhere(k))
        return;
    plm_sv last = PLM_SV_NULL, used = plm_json_str(d->info.root, "DefaultRuntime", NULL);
    plm_say(k, is_allowed_runtime(k, used) ? PLM_OUT_PASS : PLM_OUT_FAIL, "DefaultRuntime: %.*s",
            PLM_SV_ARG(used));
    yyjson_obj_foreach(plm_json_at(d->info.root, "Runtimes", NULL), i, n, key, v)
    {
        plm_sv name = plm_json_sv(key), path = plm_json_str(v, "path", NULL);
        if (!is_allowed_runtime(k, name))
            plm_say(k, PLM_OUT_FAIL, "runtime %.*s is not among the allowed ones", PLM_SV_ARG(name));
        if (!path.n)
            continue; /* a shim by its type */
        plm_sv full = find_program(k, path);
        if (full.p && plm_sv_eq(full, last))
            continue; /* runc under several names */
        last = full;
        if (full.p)
            plm_judge_path(k, PLM_SV_NULL, full, 0022);
        else
            plm_say(k, PLM_OUT_UNKNOWN, "runtime %.*s: %.*s was not found", PLM_SV_ARG(name),
                    PLM_SV_ARG(path));
    }
}

static void judge_cdi_dir(struct plm_checking *k, plm_sv path)
{
    struct stat st = {0};
    if (path.n && stat_in(k, path, &st) == 0)
        plm_judge_path(k, PLM_SV_NULL, path, 0022);
}

void plm_check_d11(struct plm_checking *k)
{
    const struct plm_daemon *d = k->daemon;
    struct stat st = {0};
    size_t dirs = 0;
    plm_sv containerd = plm_setting_text(d, "containerd");
    if (plm_not_of_podman(k) || files_are_elsewhere(k))
        return;
    for (size_t i = 0; i < d->settings.n; i++)
        if (plm_sv_is(d->settings.v[i].name, "cdi-spec-dirs") && ++dirs)
            judge_cdi_dir(k, d->settings.v[i].value);
    if (!dirs) {
        judge_cdi_dir(k, PLM_SV("/etc/cdi"));
        judge_cdi_dir(k, PLM_SV("/var/run/cdi"));
    }
    plm_sv exec_root = plm_setting_text(d, "exec-root");
    if (plm_sv_starts(containerd, PLM_SV("unix://")))
        containerd = plm_sv_from_off(containerd, 7);
    plm_sv own = plm_arena_printf(k->arena, "%.*s/containerd/containerd.sock",
                                  PLM_SV_ARG(exec_root.n ? exec_root : PLM_SV("/var/run/docker")));
    plm_sv path = containerd.n                ? containerd
                  : stat_in(k, own, &st) == 0 ? own
                                              : PLM_SV("/run/containerd/containerd.sock");
    if (d->settings_failure.p)
        plm_say(k, PLM_OUT_UNKNOWN, "%.*s", PLM_SV_ARG(d->settings_failure));
    int sys = stat_in(k, path, &st);
    if (sys)
        plm_say(k, PLM_OUT_UNKNOWN, "%.*s: %s", PLM_SV_ARG(path), strerror(sys));
    else
        plm_say(k, st.st_mode & 0007 ? PLM_OUT_FAIL : PLM_OUT_PASS, "%.*s: owner %u:%u, mode %04o",
                PLM_SV_ARG(path), (unsigned)st.st_uid, (unsigned)st.st_gid, (unsigned)(st.st_mode & 07777));
}

/* ---- seccomp ----------------------------------------------------------------------------------------------
 */

static void judge_profile(struct plm_checking *k, plm_sv path)
{
    plm_sv text = PLM_SV_NULL, why = PLM_SV_NULL;
    if (k->daemon->is_remote || !plm_read_file(k, path, &text, &why)) {
        plm_say(k, PLM_OUT_UNKNOWN, "%.*s: %.*s", PLM_SV_ARG(path),
                PLM_SV_ARG(why.n ? why : PLM_SV("on another machine")));
        return;
    }
    plm_auto(plm_json_free) struct plm_json *doc =
        plm_json_parse(text, "profile", k->facts->ctx->limits, NULL);
    plm_sv action = doc ? plm_json_str(plm_json_root(doc), "defaultAction", NULL) : PLM_SV_NULL;
    bool denies = plm_sv_is(action, "SCMP_ACT_ERRNO") || plm_sv_starts(action, PLM_SV("SCMP_ACT_KILL")) ||
                  plm_sv_is(action, "SCMP_ACT_TRAP");
    plm_say(k, denies ? PLM_OUT_MANUAL : PLM_OUT_FAIL, "%.*s: defaultAction: %.*s", PLM_SV_ARG(path),
            PLM_SV_ARG(action.n ? action : PLM_SV("none")));
}

void plm_check_2_17(struct plm_checking *k)
{
    plm_sv option, profile = PLM_SV_NULL;
    if (plm_info_is_missing(k))
        return;
    if (!plm_security_option(k->daemon, "seccomp", &option)) {
        plm_say(k, PLM_OUT_FAIL, "SecurityOptions: no seccomp: no profile holds for any container");
        return;
    }
    size_t at = plm_sv_find_sv(option, PLM_SV("profile="));
    if (at != SIZE_MAX)
        profile = plm_sv_from_off(option, at + 8);
    bool is_default = plm_sv_is(profile, "builtin") || plm_sv_is(profile, "default");
    if (plm_sv_is(profile, "unconfined"))
        plm_say(k, PLM_OUT_FAIL, "SecurityOptions: %.*s", PLM_SV_ARG(option));
    else if (is_default || !profile.n)
        plm_say(k, is_default ? PLM_OUT_PASS : PLM_OUT_UNKNOWN, "SecurityOptions: %.*s", PLM_SV_ARG(option));
    else
        judge_profile(k, profile);
}

/* ---- proxies ----------------------------------------------------------------------------------------------
 */

bool plm_hide_credentials(plm_sv url, struct plm_arena *a, plm_sv *out)
{
    size_t scheme = plm_sv_find_sv(url, PLM_SV("://"));
    size_t from = scheme == SIZE_MAX ? 0 : scheme + 3;
    plm_sv rest = plm_sv_from_off(url, from);
    plm_sv host = plm_sv_sub(rest, 0, plm_sv_find(rest, '/'));
    size_t at = plm_sv_rfind(host, '@');
    *out = url;
    if (at == SIZE_MAX || at == 0)
        return false;
    *out = plm_arena_printf(a, "%.*s***@%.*s", (int)from, url.p, PLM_SV_ARG(plm_sv_from_off(rest, at + 1)));
    return true;
}

static bool is_proxy_name(plm_sv name)
{
    return plm_sv_ieq(name, PLM_SV("http_proxy")) || plm_sv_ieq(name, PLM_SV("https_proxy")) ||
           plm_sv_ieq(name, PLM_SV("all_proxy")) || plm_sv_ieq(name, PLM_SV("ftp_proxy"));
}

static size_t judge_proxy(struct plm_checking *k, plm_sv where, plm_sv name, plm_sv value)
{
    plm_sv shown;
    if (!plm_hide_credentials(value, k->arena, &shown))
        return 0;
    plm_say(k, PLM_OUT_FAIL, "%.*s: %.*s=%.*s", PLM_SV_ARG(where), PLM_SV_ARG(name), PLM_SV_ARG(shown));
    return 1;
}

/* Environment="HTTP_PROXY=http://u:p@h" "B=c": words of a unit, quotes dropped. */
static size_t judge_unit_proxies(struct plm_checking *k)
{
    struct plm_unit u = {0};
    plm_auto(plm_err_free) plm_err *err = NULL;
    size_t seen = 0;
    if (k->daemon->is_rootless || k->daemon->is_remote)
        return 0;
    if (plm_unit_read(k->facts, "docker.service", &u, &err) < 0) {
        plm_say(k, PLM_OUT_UNKNOWN, "docker.service: %s", err ? err->message : "out of memory");
        return 0;
    }
    for (size_t i = 0; i < u.settings.n; i++) {
        plm_sv rest = u.settings.v[i].value, word, name, value;
        if (!plm_sv_is(u.settings.v[i].key, "Environment"))
            continue;
        while (plm_sv_word(&rest, &word)) {
            while (word.n && (word.p[0] == '"' || word.p[0] == '\''))
                word = plm_sv_from_off(word, 1);
            while (word.n && (word.p[word.n - 1] == '"' || word.p[word.n - 1] == '\''))
                word = plm_sv_sub(word, 0, word.n - 1);
            if (plm_sv_cut(word, '=', &name, &value) && is_proxy_name(name))
                seen += judge_proxy(k, u.settings.v[i].path, name, value);
        }
    }
    return seen;
}

void plm_check_d9(struct plm_checking *k)
{
    const struct plm_daemon *d = k->daemon;
    size_t seen = 0;
    int sys = 0;
    if (plm_not_of_podman(k) || files_are_elsewhere(k))
        return;
    for (size_t i = 0; i < d->settings.n; i++) {
        const struct plm_setting *s = &d->settings.v[i];
        if (plm_sv_is(s->name, "http-proxy") || plm_sv_is(s->name, "https-proxy"))
            seen += judge_proxy(k, s->where, s->name, s->value);
    }
    if (d->process && k->facts->kernel) {
        plm_sv path = plm_arena_printf(k->arena, "/proc/%d/environ", (int)d->process->pid), word, name, value;
        plm_sv text = plm_kernel_text(k->facts->kernel, k->arena, path.p ? path.p : "/", 1 << 20, &sys);
        if (!text.p)
            plm_say(k, PLM_OUT_UNKNOWN, "%.*s: %s", PLM_SV_ARG(path), strerror(sys));
        while (text.p && plm_sv_field(&text, 0, &word))
            if (plm_sv_cut(word, '=', &name, &value) && is_proxy_name(name))
                seen += judge_proxy(k, path, name, value);
    } else {
        plm_say(k, PLM_OUT_UNKNOWN, "%.*s", PLM_SV_ARG(d->process_failure));
    }
    seen += judge_unit_proxies(k);
    if (!seen)
        plm_say(k, PLM_OUT_PASS, "proxies: no password in settings, environment or unit");
}
