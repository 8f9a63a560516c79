/* SPDX-License-Identifier: Apache-2.0
 *
 * Checks 3.1 to 3.24: owners and modes of the files that decide what the engine does.
 *
 * Each pair of checks (owner, mode) has one lister, which names the files with what is wanted of
 * them; a row per file. All run once per host and walk the engines themselves, so that a file that two
 * engines share is judged once. An engine with a root or mount namespace of its own is looked at there.
 */
#include "audit/file_list.h"

/* ---- units --------------------------------------------------------------------------------------- */

static void add_unit(struct file_list *l, const char *name)
{
    struct plm_facts *f = l->k->facts;
    struct plm_unit unit = {0};
    plm_auto(plm_err_free) plm_err *e = NULL;
    if (plm_unit_read(f, name, &unit, &e) < 0) {
        file_list_unknown(l, plm_sv_from(name), "%s: %s", name, e ? e->message : "unreadable");
        return;
    }
    if (unit.path.p)
        file_list_host(l, unit.path, 0644, PLM_SV_NULL);
    for (size_t i = 0; i < unit.drop_ins.n; i++)
        file_list_host(l, unit.drop_ins.v[i], 0644, plm_arena_printf(l->a, "drop-in of %s", name));
}

static void list_service(struct file_list *l)
{
    add_unit(l, "docker.service");
}

static void list_socket_unit(struct file_list *l)
{
    add_unit(l, "docker.socket");
}

static bool parse_octal(plm_sv s, uint32_t *out)
{
    *out = 0;
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] < '0' || s.p[i] > '7' || *out > 07777)
            return false;
        *out = *out << 3 | (uint32_t)(s.p[i] - '0');
    }
    return s.n > 0;
}

/* SocketMode= of the last setting in effect; systemd's default is 0666. */
static void judge_socket_mode(struct plm_checking *k)
{
    struct plm_unit unit = {0};
    if (plm_unit_read(k->facts, "docker.socket", &unit, NULL) < 0 || !unit.path.p)
        return; /* said by the lister */
    const struct plm_unit_setting *mode = NULL;
    for (size_t i = 0; i < unit.settings.n; i++)
        if (plm_sv_is(unit.settings.v[i].section, "Socket") &&
            plm_sv_is(unit.settings.v[i].key, "SocketMode"))
            mode = &unit.settings.v[i];
    plm_sv object = PLM_SV("docker.socket SocketMode");
    uint32_t bits = 0666;
    if (mode && !parse_octal(plm_sv_trim(mode->value), &bits)) {
        plm_say_on(k, object, PLM_OUT_UNKNOWN, "%.*s:%u: SocketMode=%.*s is no mode", PLM_SV_ARG(mode->path),
                   mode->line, PLM_SV_ARG(mode->value));
        return;
    }
    bool is_good = (bits & 07777 & ~0660u) == 0;
    if (mode)
        plm_say_on(k, object, is_good ? PLM_OUT_PASS : PLM_OUT_FAIL, "%.*s:%u: SocketMode=%.*s, at most 0660",
                   PLM_SV_ARG(mode->path), mode->line, PLM_SV_ARG(mode->value));
    else
        plm_say_on(k, object, PLM_OUT_FAIL, "%.*s: no SocketMode, so 0666", PLM_SV_ARG(unit.path));
    if (is_good)
        return;
    plm_weigh(k, object, bits & 0002 ? PLM_SEV_CRITICAL : PLM_SEV_HIGH);
    plm_refix(k, object,
              "`systemctl edit docker.socket`: `[Socket]` `SocketMode=0660`, then "
              "`systemctl daemon-reload && systemctl restart docker.socket`");
}

/* ---- configuration -------------------------------------------------------------------------------- */

/* Directory of the engine's daemon.json. */
static plm_sv config_dir(const struct plm_daemon *d)
{
    plm_sv path = d->config_path.n ? d->config_path : PLM_SV("/etc/docker/daemon.json");
    size_t at = plm_sv_rfind(path, '/');
    return at == SIZE_MAX || at == 0 ? PLM_SV("/") : plm_sv_sub(path, 0, at);
}

static void list_etc_docker(struct file_list *l)
{
    file_list_host(l, PLM_SV("/etc/docker"), 0755, PLM_SV_NULL);
    for (size_t i = 0; i < l->roots.n; i++)
        if (file_root_is_docker(&l->roots.v[i]) && l->roots.v[i].daemon->has_config_file)
            file_list_daemon(l, &l->roots.v[i], config_dir(l->roots.v[i].daemon), 0755,
                             PLM_SV("directory of daemon.json"));
}

static void add_certs(struct file_list *l, const struct file_root *r, plm_sv dir)
{
    plm_sv_vec hosts = {0};
    if (!file_list_names(l, r, dir, &hosts))
        return;
    struct plm_file_target *t = file_list_daemon(l, r, dir, 0755, PLM_SV_NULL);
    for (size_t i = 0; i < hosts.n; i++) {
        plm_sv sub = plm_arena_printf(l->a, "%.*s/%.*s", PLM_SV_ARG(dir), PLM_SV_ARG(hosts.v[i]));
        plm_sv_vec names = {0};
        if (!file_list_names(l, r, sub, &names))
            continue;
        t = file_list_daemon(l, r, sub, 0755, PLM_SV_NULL);
        for (size_t j = 0; j < names.n; j++) {
            bool is_key = plm_sv_ends(names.v[j], PLM_SV(".key"));
            if (!is_key && !plm_sv_ends(names.v[j], PLM_SV(".crt")) &&
                !plm_sv_ends(names.v[j], PLM_SV(".cert")))
                continue;
            t = file_list_daemon(l, r,
                                 plm_arena_printf(l->a, "%.*s/%.*s", PLM_SV_ARG(sub), PLM_SV_ARG(names.v[j])),
                                 is_key ? 0400 : 0444, is_key ? PLM_SV("private key") : PLM_SV_NULL);
            if (t) {
                t->is_private = is_key;
                t->severity = PLM_SEV_LOW; /* 0644 of a public certificate: root alone writes it */
            }
        }
    }
}

static void list_certs(struct file_list *l)
{
    add_certs(l, &l->host, PLM_SV("/etc/docker/certs.d"));
    for (size_t i = 0; i < l->roots.n; i++)
        if (file_root_is_docker(&l->roots.v[i]))
            add_certs(l, &l->roots.v[i],
                      plm_arena_printf(l->a, "%.*s/certs.d", PLM_SV_ARG(config_dir(l->roots.v[i].daemon))));
}

/* ---- TLS ------------------------------------------------------------------------------------------ */

static bool is_on(const struct plm_daemon *d, const char *name)
{
    const struct plm_setting *s = plm_daemon_setting(d, name);
    return s && plm_sv_is(s->value, "true");
}

/* dockerd's default is a file in DOCKER_CERT_PATH or ~/.docker of its user. */
static plm_sv default_tls_path(struct file_list *l, const struct plm_daemon *d, const char *file)
{
    plm_sv dir = file_list_env(l, d, "DOCKER_CERT_PATH");
    if (dir.n)
        return plm_arena_printf(l->a, "%.*s/%s", PLM_SV_ARG(dir), file);
    plm_sv home = file_list_env(l, d, "HOME");
    const struct plm_user *u =
        plm_user_by_uid(l->k->facts, d->is_rootless && d->process ? d->process->uid[1] : 0);
    if (!home.n)
        home = u && u->home.n ? u->home : PLM_SV("/root");
    return plm_arena_printf(l->a, "%.*s/.docker/%s", PLM_SV_ARG(home), file);
}

static void list_tls(struct file_list *l, const char *setting, const char *file, uint32_t max, bool is_key)
{
    for (size_t i = 0; i < l->roots.n; i++) {
        const struct plm_daemon *d = l->roots.v[i].daemon;
        const struct plm_setting *s = plm_daemon_setting(d, setting);
        if (!file_root_is_docker(&l->roots.v[i]))
            continue;
        if (!s && d->settings_failure.p) {
            file_list_unknown(l, d->endpoint, "%s: %.*s", setting, PLM_SV_ARG(d->settings_failure));
            continue;
        }
        if (!s && !is_on(d, "tlsverify") && !is_on(d, "tls"))
            continue;
        struct plm_file_target *t =
            file_list_daemon(l, &l->roots.v[i], s ? s->value : default_tls_path(l, d, file), max,
                             plm_arena_printf(l->a, "%s of %.*s", setting, PLM_SV_ARG(d->endpoint)));
        if (t) {
            t->is_private = is_key;
            t->severity = PLM_SEV_LOW;
        }
    }
}

static void list_tls_ca(struct file_list *l)
{
    list_tls(l, "tlscacert", "ca.pem", 0444, false);
}

static void list_tls_cert(struct file_list *l)
{
    list_tls(l, "tlscert", "cert.pem", 0444, false);
}

static void list_tls_key(struct file_list *l)
{
    list_tls(l, "tlskey", "key.pem", 0400, true);
}

/* ---- sockets -------------------------------------------------------------------------------------- */

static void add_socket(struct file_list *l, const struct plm_daemon *d, const struct file_root *r,
                       plm_sv path)
{
    struct plm_file_target *t = r->daemon ? file_list_daemon(l, r, path, 0660, PLM_SV_NULL)
                                          : file_list_host(l, path, 0660, PLM_SV_NULL);
    if (!t)
        return;
    t->is_socket = true;
    const struct plm_group *g = plm_group_by_name(l->k->facts, PLM_SV("docker"));
    if (d->is_rootless) {
        t->uid = d->process && d->process->has_status ? d->process->uid[1] : t->uid;
        t->takes_any_group = true; /* its own group: the user's */
    } else if (g) {
        t->gid = g->gid;
        t->group_name = g->name;
    }
}

static void list_sockets(struct file_list *l)
{
    for (size_t i = 0; i < l->roots.n; i++) {
        const struct plm_daemon *d = l->roots.v[i].daemon;
        if (d->socket_path.n) /* as the host sees it */
            add_socket(l, d, &l->host, d->socket_path);
        for (size_t j = 0; j < d->settings.n; j++) {
            const struct plm_setting *s = &d->settings.v[j];
            if (plm_sv_is(s->name, "hosts") && plm_sv_starts(s->value, PLM_SV("unix://")))
                add_socket(l, d, &l->roots.v[i], plm_sv_from_off(s->value, 7));
        }
    }
}

/* ---- daemon.json and environment files ------------------------------------------------------------- */

static bool is_secret_name(plm_sv key)
{
    static const char *const parts[] = {"token",  "secret",  "password",   "passwd",
                                        "apikey", "api-key", "access-key", "credential"};
    char text[64] = "";
    size_t n = key.n < sizeof(text) ? key.n : sizeof(text);
    for (size_t i = 0; i < n; i++)
        text[i] = key.p[i] >= 'A' && key.p[i] <= 'Z' ? (char)(key.p[i] + 32) : key.p[i];
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
        if (plm_sv_has(plm_sv_n(text, n), plm_sv_from(parts[i])))
            return true;
    return false;
}

/* "http://user:word@host": credentials in a URL. */
static bool has_userinfo(plm_sv url)
{
    size_t at = plm_sv_find_sv(url, PLM_SV("://"));
    if (at == SIZE_MAX)
        return false;
    plm_sv rest = plm_sv_from_off(url, at + 3), host = plm_sv_sub(rest, 0, plm_sv_find(rest, '/'));
    size_t end = plm_sv_rfind(host, '@');
    return end != SIZE_MAX && plm_sv_find(plm_sv_sub(host, 0, end), ':') != SIZE_MAX;
}

static plm_sv find_secret(struct plm_arena *a, yyjson_val *v, plm_sv path, unsigned depth)
{
    size_t i, n;
    yyjson_val *key, *val;
    if (!yyjson_is_obj(v) || depth > 8)
        return PLM_SV_NULL;
    yyjson_obj_foreach(v, i, n, key, val)
    {
        plm_sv name = plm_arena_printf(a, "%.*s%s%.*s", PLM_SV_ARG(path), path.n ? "." : "",
                                       PLM_SV_ARG(plm_json_sv(key)));
        plm_sv text = plm_json_sv(val);
        if (text.n && (is_secret_name(plm_json_sv(key)) || has_userinfo(text)))
            return name;
        plm_sv inner = find_secret(a, val, name, depth + 1);
        if (inner.p)
            return inner;
    }
    return PLM_SV_NULL;
}

static void list_daemon_json(struct file_list *l)
{
    for (size_t i = 0; i < l->roots.n; i++) {
        const struct plm_daemon *d = l->roots.v[i].daemon;
        if (!file_root_is_docker(&l->roots.v[i]))
            continue;
        plm_sv path = d->config_path.n ? d->config_path : PLM_SV("/etc/docker/daemon.json");
        plm_sv secret = find_secret(l->a, d->config.root, PLM_SV(""), 0);
        struct plm_file_target *t = file_list_daemon(
            l, &l->roots.v[i], path, secret.p ? 0600 : 0644,
            secret.p ? plm_arena_printf(l->a, "holds a secret (%.*s)", PLM_SV_ARG(secret)) : PLM_SV_NULL);
        if (t)
            t->is_private = secret.p != NULL;
    }
    if (l->roots.n == 0)
        file_list_host(l, PLM_SV("/etc/docker/daemon.json"), 0644, PLM_SV_NULL);
}

static void list_default_docker(struct file_list *l)
{
    file_list_host(l, PLM_SV("/etc/default/docker"), 0644, PLM_SV_NULL);
}

static void list_sysconfig_docker(struct file_list *l)
{
    file_list_host(l, PLM_SV("/etc/sysconfig/docker"), 0644, PLM_SV_NULL);
}

/* ---- containerd ----------------------------------------------------------------------------------- */

static void add_containerd(struct file_list *l, const struct file_root *r, plm_sv path, plm_sv note)
{
    struct plm_file_target *t =
        r->daemon ? file_list_daemon(l, r, path, 0660, note) : file_list_host(l, path, 0660, note);
    if (t)
        t->is_socket = true;
}

static void list_containerd(struct file_list *l)
{
    add_containerd(l, &l->host, PLM_SV("/run/containerd/containerd.sock"), PLM_SV_NULL);
    for (size_t i = 0; i < l->roots.n; i++) {
        const struct plm_daemon *d = l->roots.v[i].daemon;
        const struct plm_setting *address = plm_daemon_setting(d, "containerd"),
                                 *exec = plm_daemon_setting(d, "exec-root");
        if (!file_root_is_docker(&l->roots.v[i]))
            continue;
        plm_sv root = exec ? exec->value : PLM_SV("/var/run/docker");
        plm_sv note = plm_arena_printf(l->a, "containerd of %.*s", PLM_SV_ARG(d->endpoint));
        if (address)
            add_containerd(l, &l->roots.v[i],
                           plm_sv_starts(address->value, PLM_SV("unix://"))
                               ? plm_sv_from_off(address->value, 7)
                               : address->value,
                           note);
        add_containerd(l, &l->roots.v[i],
                       plm_arena_printf(l->a, "%.*s/containerd/containerd.sock", PLM_SV_ARG(root)), note);
    }
}

/* Shims before containerd 1.3.9 and 1.4.3 listen in the abstract namespace: whoever shares the host's
 * network namespace reaches them, whatever the modes say (CVE-2020-15257). */
static void judge_abstract_shims(struct plm_checking *k)
{
    plm_socket_vec sockets = {0};
    plm_auto(plm_err_free) plm_err *e = NULL;
    if (!k->facts->kernel || plm_kernel_sockets(k->facts->kernel, 0, k->arena, &sockets, &e) < 0) {
        plm_say_on(k, PLM_SV("abstract sockets"), PLM_OUT_UNKNOWN, "/proc/net/unix: %s",
                   e ? e->message : "no /proc");
        return;
    }
    for (size_t i = 0; i < sockets.n; i++) {
        plm_sv name = sockets.v[i].address;
        if (sockets.v[i].proto != PLM_UNIX || !plm_sv_starts(name, PLM_SV("@")) ||
            !plm_sv_has(name, PLM_SV("containerd-shim")))
            continue;
        plm_say_on(k, PLM_SV("abstract sockets"), PLM_OUT_FAIL, "/proc/net/unix: %.*s", PLM_SV_ARG(name));
        plm_weigh(k, PLM_SV("abstract sockets"), PLM_SEV_HIGH);
        plm_refix(k, PLM_SV("abstract sockets"),
                  "upgrade containerd to 1.4.3 or later, then restart the containers");
        return;
    }
}

/* ---- the table ------------------------------------------------------------------------------------ */

static const struct file_pair {
    const char *owner_id, *mode_id;
    void (*list)(struct file_list *l);
    void (*also_mode)(struct plm_checking *k);
    const char *absent;
} pairs[] = {
    {"3.1", "3.2", list_service, NULL, "there is no docker.service unit"},
    {"3.3", "3.4", list_socket_unit, judge_socket_mode, "there is no docker.socket unit"},
    {"3.5", "3.6", list_etc_docker, NULL, "there is no configuration directory"},
    {"3.7", "3.8", list_certs, NULL, "there are no registry certificates in certs.d"},
    {"3.9", "3.10", list_tls_ca, NULL, "no engine uses TLS"},
    {"3.11", "3.12", list_tls_cert, NULL, "no engine uses TLS"},
    {"3.13", "3.14", list_tls_key, NULL, "no engine uses TLS"},
    {"3.15", "3.16", list_sockets, NULL, "no engine has a unix socket"},
    {"3.17", "3.18", list_daemon_json, NULL, "there is no daemon.json"},
    {"3.19", "3.20", list_default_docker, NULL, "there is no /etc/default/docker"},
    {"3.22", "3.21", list_sysconfig_docker, NULL, "there is no /etc/sysconfig/docker"},
    {"3.23", "3.24", list_containerd, judge_abstract_shims, "there is no containerd socket"},
};

static void run_pair(struct plm_checking *k)
{
    for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
        bool is_owner = strcmp(pairs[i].owner_id, k->check->id) == 0;
        if (!is_owner && strcmp(pairs[i].mode_id, k->check->id) != 0)
            continue;
        file_list_run(k, pairs[i].list, is_owner ? plm_file_judge_owner : plm_file_judge_mode,
                      pairs[i].absent);
        if (!is_owner && pairs[i].also_mode)
            pairs[i].also_mode(k);
    }
}

#define PAIR(owner, mode, what, where, why, sev, lvl)                                                        \
    {.id = owner,                                                                                            \
     .title = what " belong to root",                                                                        \
     .reads = where ": owner and group",                                                                     \
     .rationale = why,                                                                                       \
     .fix = "`chown` the file to root (sockets: group docker)",                                              \
     .severity = sev,                                                                                        \
     .stage = PLM_STAGE_ENGINE,                                                                              \
     .subject = PLM_PER_HOST,                                                                                \
     .impact = PLM_IMPACT_SAFE,                                                                              \
     .level = lvl,                                                                                           \
     .run = run_pair},                                                                                       \
    {                                                                                                        \
        .id = mode, .title = what " cannot be changed or read by the wrong users",                           \
        .reads = where ": mode bits, system.posix_acl_access, every directory above", .rationale = why,      \
        .fix = "`chmod` away the bits beyond the allowed ones", .severity = sev, .stage = PLM_STAGE_ENGINE,  \
        .subject = PLM_PER_HOST, .impact = PLM_IMPACT_SAFE, .level = lvl, .run = run_pair                    \
    }

static const struct plm_check checks[] = {
    PAIR("3.1", "3.2", "the unit files of docker.service", "docker.service and its drop-ins",
         "Who can write them decides which command systemd starts as root.", PLM_SEV_MEDIUM, 1),
    PAIR("3.3", "3.4", "the unit files of docker.socket", "docker.socket and its drop-ins, SocketMode",
         "They decide where the engine listens and who may connect.", PLM_SEV_MEDIUM, 1),
    PAIR("3.5", "3.6", "the directories of the engine's configuration",
         "/etc/docker, the directory of daemon.json",
         "Who can write there can put another configuration or registry key in its place.", PLM_SEV_MEDIUM,
         1),
    PAIR("3.7", "3.8", "the registry certificates", "certs.d: *.crt, *.cert, *.key",
         "They decide which registries are believed; the keys are the host's identity there.", PLM_SEV_MEDIUM,
         1),
    PAIR("3.9", "3.10", "the files of the engine's certificate authority", "tlscacert in effect",
         "Whoever can replace it can admit clients of their own, which are root.", PLM_SEV_MEDIUM, 1),
    PAIR("3.11", "3.12", "the engine's TLS certificates", "tlscert in effect",
         "A replaced certificate stops or redirects every client.", PLM_SEV_MEDIUM, 1),
    PAIR("3.13", "3.14", "the engine's TLS keys", "tlskey in effect",
         "Who can read the key can pose as the engine and read what clients send it.", PLM_SEV_HIGH, 1),
    PAIR("3.15", "3.16", "the sockets of the engine", "every unix socket of every engine",
         "Whoever can write to the socket is root on this host.", PLM_SEV_HIGH, 1),
    PAIR("3.17", "3.18", "the engine's daemon.json files", "daemon.json in effect",
         "It can name a runtime that runs as root, open the API to the network, and hold credentials.",
         PLM_SEV_MEDIUM, 1),
    PAIR("3.19", "3.20", "the contents of /etc/default/docker", "/etc/default/docker",
         "Init scripts hand its variables to the engine's command line.", PLM_SEV_MEDIUM, 1),
    PAIR("3.22", "3.21", "the contents of /etc/sysconfig/docker", "/etc/sysconfig/docker",
         "The unit hands its variables to the engine's command line.", PLM_SEV_MEDIUM, 1),
    PAIR("3.23", "3.24", "the sockets of containerd",
         "the socket of containerd, that of the one which dockerd starts, abstract sockets of shims",
         "containerd starts privileged containers for whoever may write to its socket.", PLM_SEV_HIGH, 1),
};

static const struct plm_check_group group = {
    .id = "files",
    .summary = "owners and modes of the engine's files",
    .checks = checks,
    .n = sizeof(checks) / sizeof(checks[0]),
};
PLM_REGISTER(plm_check_groups, struct plm_check_group, group);
