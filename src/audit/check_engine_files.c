/* SPDX-License-Identifier: Apache-2.0
 *
 * Checks F1 to F6: files beyond the CIS list whose readers or writers become the engine or more.
 *
 * Large trees (container directories, swarm state, certificates) are listed by what is wrong in them:
 * only entries that differ from what is wanted become rows, the directory itself always does.
 */
#include "audit/file_list.h"

#include "base/fs.h"

#include <fcntl.h>

#define DEPTH_MAX 6

static plm_sv join(struct file_list *l, plm_sv dir, plm_sv name)
{
    return plm_arena_printf(l->a, "%.*s/%.*s", PLM_SV_ARG(dir), PLM_SV_ARG(name));
}

static bool stat_in(struct file_list *l, const struct file_root *r, plm_sv path, struct stat *st)
{
    const char *name = plm_arena_cstr(l->a, path);
    plm_auto_fd int fd =
        name ? plm_fs_open_in(r->fd >= 0 ? r->fd : l->k->facts->root_fd, name, O_PATH, NULL) : -1;
    return fd >= 0 && fstat(fd, st) == 0;
}

static bool is_remapped(const struct plm_daemon *d)
{
    return plm_daemon_setting(d, "userns-remap") != NULL;
}

/* Adds an entry only where its owner or mode is not what is wanted. */
static void add_if_wrong(struct file_list *l, const struct file_root *r, plm_sv path, uint32_t max,
                         plm_sv note, bool is_private)
{
    struct stat st;
    if (!stat_in(l, r, path, &st))
        return;
    uint32_t extra = st.st_mode & 07777 & ~max & ~(S_ISDIR(st.st_mode) ? 03000u : 0u);
    bool is_remap = r->daemon && is_remapped(r->daemon);
    bool is_owner_good = st.st_uid == 0 || is_remap || (r->daemon && r->daemon->is_rootless);
    if (!extra && is_owner_good && (st.st_gid == 0 || is_remap || (r->daemon && r->daemon->is_rootless)))
        return;
    struct plm_file_target *t = file_list_daemon(l, r, path, max, note);
    if (!t)
        return;
    t->is_private = is_private;
    t->takes_any_group = is_remap;
    if (is_remap && st.st_uid)
        t->uid = st.st_uid;
}

/* ---- F1: data root ---------------------------------------------------------------------------------- */

static void list_data_root(struct file_list *l)
{
    for (size_t i = 0; i < l->roots.n; i++) {
        const struct file_root *r = &l->roots.v[i];
        plm_sv root = r->daemon->root_dir, dir = join(l, root, PLM_SV("containers"));
        if (!file_root_is_docker(r) || !root.n)
            continue;
        struct plm_file_target *t =
            file_list_daemon(l, r, root, is_remapped(r->daemon) ? 0711 : 0710, PLM_SV_NULL);
        if (t)
            t->takes_any_group = is_remapped(r->daemon);
        plm_sv_vec ids = {0};
        if (!file_list_names(l, r, dir, &ids))
            continue;
        for (size_t j = 0; j < ids.n; j++) {
            plm_sv own = join(l, dir, ids.v[j]);
            add_if_wrong(l, r, own, 0710, PLM_SV("files of a container"), false);
            add_if_wrong(l, r, join(l, own, PLM_SV("config.v2.json")), 0600,
                         PLM_SV("environment of a container"), true);
        }
    }
}

/* ---- F2: credentials of users ----------------------------------------------------------------------- */

/* {"auths": {"registry": {"auth": "BASE64"}}}: a password that anybody decodes. */
static plm_sv plain_auth(struct file_list *l, plm_sv text)
{
    plm_auto(plm_json_free) struct plm_json *doc =
        plm_json_parse(text, "config.json", l->k->facts->ctx->limits, NULL);
    size_t i, n;
    yyjson_val *key, *v;
    if (!doc)
        return PLM_SV_NULL;
    yyjson_obj_foreach(plm_json_at(plm_json_root(doc), "auths", NULL), i, n, key, v)
    {
        if (plm_json_str(v, "auth", NULL).n || plm_json_str(v, "password", NULL).n ||
            plm_json_str(v, "identitytoken", NULL).n)
            return plm_arena_sv(l->a, plm_json_sv(key));
    }
    return PLM_SV_NULL;
}

static void add_client_config(struct file_list *l, const struct plm_user *u)
{
    plm_sv path = plm_arena_printf(l->a, "%.*s/.docker/config.json", PLM_SV_ARG(u->home));
    struct plm_file_target *t = file_list_host(l, path, 0600, PLM_SV_NULL);
    if (!t)
        return;
    t->uid = u->uid;
    t->takes_any_group = true; /* others are kept out by the mode */
    plm_sv registry = plain_auth(l, file_list_text(l, &l->host, path, PLM_MIB(1)));
    t->is_private = registry.p != NULL;
    if (!registry.p)
        return;
    plm_say_on(l->k, path, PLM_OUT_FAIL, "%.*s: auths holds a password for %.*s that anybody can decode",
               PLM_SV_ARG(path), PLM_SV_ARG(registry));
    plm_refix(l->k, path, "`docker logout %.*s`, set `credsStore` in %.*s, and log in again",
              PLM_SV_ARG(registry), PLM_SV_ARG(path));
    l->said++;
}

static void list_client_configs(struct file_list *l)
{
    const struct plm_accounts *a = &l->k->facts->accounts;
    if (a->failure.p)
        file_list_unknown(l, PLM_SV("homes"), "%.*s", PLM_SV_ARG(a->failure));
    for (size_t i = 0; i < a->users.n; i++)
        if (a->users.v[i].home.n > 1)
            add_client_config(l, &a->users.v[i]);
}

/* ---- F3: plugins ------------------------------------------------------------------------------------ */

static void add_plugin_dir(struct file_list *l, const struct file_root *r, plm_sv dir)
{
    plm_sv_vec names = {0};
    if (!file_list_names(l, r, dir, &names))
        return;
    if (r->daemon)
        file_list_daemon(l, r, dir, 0755, PLM_SV_NULL);
    else
        file_list_host(l, dir, 0755, PLM_SV_NULL);
    for (size_t i = 0; i < names.n; i++) {
        plm_sv path = join(l, dir, names.v[i]);
        struct stat st;
        if (!stat_in(l, r, path, &st))
            continue;
        uint32_t max = S_ISSOCK(st.st_mode) ? 0600 : S_ISDIR(st.st_mode) ? 0755 : 0644;
        struct plm_file_target *t = r->daemon ? file_list_daemon(l, r, path, max, PLM_SV("plugin"))
                                              : file_list_host(l, path, max, PLM_SV("plugin"));
        if (t)
            t->is_socket = S_ISSOCK(st.st_mode);
    }
}

static void list_plugins(struct file_list *l)
{
    static const char *const dirs[] = {"/run/docker/plugins", "/etc/docker/plugins",
                                       "/usr/lib/docker/plugins"};
    for (size_t i = 0; i < sizeof(dirs) / sizeof(dirs[0]); i++)
        add_plugin_dir(l, &l->host, plm_sv_from(dirs[i]));
    for (size_t i = 0; i < l->roots.n; i++)
        for (size_t j = 0; l->roots.v[i].fd >= 0 && j < sizeof(dirs) / sizeof(dirs[0]); j++)
            add_plugin_dir(l, &l->roots.v[i], plm_sv_from(dirs[j]));
}

/* ---- F4: programs and their configuration ----------------------------------------------------------- */

static void add_program(struct file_list *l, const struct file_root *r, plm_sv path, plm_sv path_list,
                        plm_sv note)
{
    plm_sv dir;
    struct stat st;
    if (plm_sv_starts(path, PLM_SV("/"))) {
        file_list_daemon(l, r, path, 0755, note);
        return;
    }
    while (plm_sv_field(&path_list, ':', &dir)) {
        plm_sv whole = join(l, dir, path);
        if (!dir.n || !stat_in(l, r, whole, &st))
            continue;
        file_list_daemon(l, r, whole, 0755, note);
        return;
    }
}

/* "io.containerd.runc.v2" is run as containerd-shim-runc-v2. */
static plm_sv shim_name(struct file_list *l, plm_sv type)
{
    plm_sv rest = type, part, name = PLM_SV_NULL, version = PLM_SV_NULL;
    while (plm_sv_field(&rest, '.', &part)) {
        name = version;
        version = part;
    }
    return plm_arena_printf(l->a, "containerd-shim-%.*s-%.*s", PLM_SV_ARG(name), PLM_SV_ARG(version));
}

static void add_runtimes(struct file_list *l, const struct file_root *r)
{
    const struct plm_daemon *d = r->daemon;
    plm_sv path_list = file_list_env(l, d, "PATH"), key, value;
    if (!path_list.n)
        path_list = PLM_SV("/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
    if (d->process && d->process->exe.n)
        file_list_host(l, d->process->exe, 0755, PLM_SV("the engine"));
    size_t i, n;
    yyjson_val *k, *v;
    yyjson_obj_foreach(plm_json_at(d->info.root, "Runtimes", NULL), i, n, k, v)
    {
        plm_sv path = plm_json_str(v, "path", NULL), type = plm_json_str(v, "runtimeType", NULL);
        plm_sv note = plm_arena_printf(l->a, "runtime %.*s", PLM_SV_ARG(plm_json_sv(k)));
        if (path.n || type.n)
            add_program(l, r, path.n ? path : shim_name(l, type), path_list, note);
    }
    for (i = 0; i < d->settings.n; i++)
        if (plm_sv_is(d->settings.v[i].name, "runtimes") &&
            plm_sv_cut(d->settings.v[i].value, '=', &key, &value) && value.n)
            add_program(l, r, value, path_list, plm_arena_printf(l->a, "runtime %.*s", PLM_SV_ARG(key)));
    static const char *const always[] = {"runc", "containerd", "containerd-shim-runc-v2", "docker-init",
                                         "docker-proxy"};
    for (i = 0; i < sizeof(always) / sizeof(always[0]); i++)
        add_program(l, r, plm_sv_from(always[i]), path_list, PLM_SV_NULL);
}

static void add_tree(struct file_list *l, const struct file_root *r, plm_sv dir, unsigned depth)
{
    plm_sv_vec names = {0};
    struct stat st;
    if (depth >= DEPTH_MAX || !file_list_names(l, r, dir, &names))
        return;
    if (depth == 0)
        file_list_host(l, dir, 0755, PLM_SV_NULL);
    else
        add_if_wrong(l, r, dir, 0755, PLM_SV_NULL, false);
    for (size_t i = 0; i < names.n; i++) {
        plm_sv path = join(l, dir, names.v[i]);
        if (!stat_in(l, r, path, &st))
            continue;
        if (S_ISDIR(st.st_mode))
            add_tree(l, r, path, depth + 1);
        else
            add_if_wrong(l, r, path, 0644, PLM_SV_NULL, false);
    }
}

static void list_programs(struct file_list *l)
{
    for (size_t i = 0; i < l->roots.n; i++)
        if (file_root_is_docker(&l->roots.v[i]) && !l->roots.v[i].daemon->is_rootless)
            add_runtimes(l, &l->roots.v[i]);
    file_list_host(l, PLM_SV("/etc/containerd/config.toml"), 0644, PLM_SV_NULL);
    static const char *const dirs[] = {"/etc/cni", "/etc/cdi", "/run/cdi"};
    for (size_t i = 0; i < sizeof(dirs) / sizeof(dirs[0]); i++)
        add_tree(l, &l->host, plm_sv_from(dirs[i]), 0);
}

/* ---- F5: compose files ------------------------------------------------------------------------------ */

static void add_compose(struct file_list *l, plm_sv path, plm_sv project, bool is_env)
{
    struct stat st;
    if (!path.n || path.p[0] != '/' || !stat_in(l, &l->host, path, &st))
        return;
    struct plm_file_target *t = file_list_host(l, path, is_env ? 0660 : 0664,
                                               plm_arena_printf(l->a, "project %.*s", PLM_SV_ARG(project)));
    if (!t)
        return;
    /* whoever runs the project owns it: the group and the owner are theirs to choose */
    t->uid = st.st_uid;
    t->takes_any_group = true;
    t->is_private = is_env;
}

static void add_compose_of(struct file_list *l, const struct plm_container *c)
{
    yyjson_val *labels = plm_json_at(c->config, "Labels", NULL);
    plm_sv project = plm_json_str(labels, "com.docker.compose.project", NULL);
    plm_sv files = plm_json_str(labels, "com.docker.compose.project.config_files", NULL);
    plm_sv env = plm_json_str(labels, "com.docker.compose.project.environment_file", NULL);
    plm_sv dir = plm_json_str(labels, "com.docker.compose.project.working_dir", NULL), one;
    while (plm_sv_field(&files, ',', &one))
        add_compose(l, one, project, false);
    while (plm_sv_field(&env, ',', &one))
        add_compose(l, one, project, true);
    if (dir.n)
        add_compose(l, join(l, dir, PLM_SV(".env")), project, true);
}

static void list_compose(struct file_list *l)
{
    for (size_t i = 0; i < l->roots.n; i++)
        for (size_t j = 0; j < l->roots.v[i].daemon->containers.n; j++)
            add_compose_of(l, &l->roots.v[i].daemon->containers.v[j]);
}

/* ---- F6: keys --------------------------------------------------------------------------------------- */

static bool is_key_name(plm_sv name)
{
    bool is_pem = plm_sv_ends(name, PLM_SV(".pem")) && plm_sv_has(name, PLM_SV("key"));
    return is_pem || plm_sv_ends(name, PLM_SV(".key")) || plm_sv_is(name, "key.json");
}

static void add_keys(struct file_list *l, const struct file_root *r, plm_sv dir, uint32_t uid)
{
    plm_sv_vec names = {0};
    if (!file_list_names(l, r, dir, &names))
        return;
    for (size_t i = 0; i < names.n; i++) {
        struct plm_file_target *t =
            is_key_name(names.v[i])
                ? r->daemon ? file_list_daemon(l, r, join(l, dir, names.v[i]), 0600, PLM_SV("private key"))
                            : file_list_host(l, join(l, dir, names.v[i]), 0600, PLM_SV("private key"))
                : NULL;
        if (!t)
            continue;
        t->is_private = true;
        t->takes_any_group = uid != 0;
        t->uid = uid ? uid : t->uid;
    }
}

static void add_swarm(struct file_list *l, const struct file_root *r, plm_sv dir, unsigned depth)
{
    plm_sv_vec names = {0};
    struct stat st;
    if (depth >= DEPTH_MAX || !file_list_names(l, r, dir, &names))
        return;
    if (depth == 0)
        file_list_daemon(l, r, dir, 0700, PLM_SV("swarm state"));
    for (size_t i = 0; i < names.n; i++) {
        plm_sv path = join(l, dir, names.v[i]);
        if (!stat_in(l, r, path, &st) || S_ISSOCK(st.st_mode))
            continue;
        if (S_ISDIR(st.st_mode))
            add_swarm(l, r, path, depth + 1);
        else /* certificates are public, and the agent's task list lies behind the directory's 0700 */
            add_if_wrong(l, r, path, is_key_name(names.v[i]) ? 0600 : 0644, PLM_SV("swarm state"),
                         is_key_name(names.v[i]));
    }
}

static void list_keys(struct file_list *l)
{
    const struct plm_accounts *a = &l->k->facts->accounts;
    add_keys(l, &l->host, PLM_SV("/etc/docker"), 0);
    add_keys(l, &l->host, PLM_SV("/etc/docker/tls"), 0);
    add_keys(l, &l->host, PLM_SV("/etc/docker/ssl"), 0);
    add_keys(l, &l->host, PLM_SV("/etc/docker/certs"), 0);
    for (size_t i = 0; i < a->users.n; i++)
        if (a->users.v[i].home.n > 1)
            add_keys(l, &l->host, plm_arena_printf(l->a, "%.*s/.docker", PLM_SV_ARG(a->users.v[i].home)),
                     a->users.v[i].uid);
    for (size_t i = 0; i < l->roots.n; i++) {
        const struct file_root *r = &l->roots.v[i];
        if (!file_root_is_docker(r))
            continue;
        if (r->fd >= 0)
            add_keys(l, r, PLM_SV("/etc/docker"), 0);
        if (r->daemon->root_dir.n)
            add_swarm(l, r, join(l, r->daemon->root_dir, PLM_SV("swarm")), 0);
    }
}

/* ---- the table -------------------------------------------------------------------------------------- */

static const struct {
    const char *id;
    file_lister list;
    const char *absent;
} rows[] = {
    {"F1", list_data_root, "no engine with a data root on this machine"},
    {"F2", list_client_configs, "no home has a .docker/config.json"},
    {"F3", list_plugins, "there are no plugin directories"},
    {"F4", list_programs, "there are no runtimes, CNI or CDI files"},
    {"F5", list_compose, "no container names Compose files that lie on this machine"},
    {"F6", list_keys, "there are neither private keys nor swarm state"},
};

static void run_files(struct plm_checking *k)
{
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        if (strcmp(rows[i].id, k->check->id) == 0)
            file_list_run(k, rows[i].list, plm_file_judge, rows[i].absent);
}

#define FILES(number, what, where, why, sev)                                                                 \
    {                                                                                                        \
        .id = number, .title = what, .reads = where, .rationale = why,                                       \
        .fix = "`chown` and `chmod` as the evidence says", .severity = sev, .stage = PLM_STAGE_ENGINE,       \
        .subject = PLM_PER_HOST, .impact = PLM_IMPACT_SAFE, .run = run_files                                 \
    }

static const struct plm_check checks[] = {
    FILES("F1", "the data root is closed to others",
          "DockerRootDir, containers/*, config.v2.json: owner, mode, ACL",
          "It holds every layer with its set-uid programs, and the environment of every container.",
          PLM_SEV_MEDIUM),
    FILES("F2", "registry passwords do not lie in homes",
          "~/.docker/config.json of every account: owner, mode, auths",
          "The auths of a client's configuration are passwords in base64; a credential helper keeps them "
          "encrypted.",
          PLM_SEV_MEDIUM),
    FILES("F3", "engine plugins belong to root",
          "/run/docker/plugins, /etc/docker/plugins, /usr/lib/docker/plugins: owner, mode, ACL",
          "The engine asks whatever a file in these directories names, and does what it answers.",
          PLM_SEV_MEDIUM),
    FILES("F4", "runtimes and their configuration belong to root",
          "dockerd, containerd, shims, every configured runtime, config.toml, /etc/cni, /etc/cdi, /run/cdi",
          "They run as root at every start of a container.", PLM_SEV_HIGH),
    FILES("F5", "Compose files are not for everyone",
          "files that the labels com.docker.compose.project.* name, .env beside them: mode, ACL",
          "They say what runs with which rights, and often hold passwords.", PLM_SEV_LOW),
    FILES("F6", "private keys and swarm state are root's alone",
          "keys in /etc/docker and ~/.docker, DATAROOT/swarm: owner, mode, ACL",
          "The keys are the identity of the engine, its clients and its cluster.", PLM_SEV_HIGH),
};

static const struct plm_check_group group = {
    .id = "engine-files",
    .summary = "more files of the engine",
    .checks = checks,
    .n = sizeof(checks) / sizeof(checks[0]),
};
PLM_REGISTER(plm_check_groups, struct plm_check_group, group);
