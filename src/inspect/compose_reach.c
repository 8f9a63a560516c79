/* SPDX-License-Identifier: Apache-2.0
 *
 * What Compose services reach and are reached by: mounts, devices, ports, images, credentials, users.
 *
 * A mount is SRC:DST[:MODES], or a mapping with type, source, target, read_only and bind.propagation. A named
 * volume with `driver_opts: {o: bind, device: PATH}` is a bind of PATH. Paths are judged by the table that
 * the audit uses for containers (model/host_paths.h); those relative to the file are the project's own.
 */
#include "inspect/compose_int.h"

#include "inspect/names.h"
#include "model/host_paths.h"

/* clang-format off */
static const struct plm_inspect_check checks[] = {
    {.id = "5.6", .group = "compose", .severity = PLM_SEV_HIGH, .title = "no sensitive directory of the host is mounted",
     .rationale = "Through a system directory a container changes what the host runs or reads what it keeps secret; many of them give secrets away even when mounted read-only.",
     .fix = "mount the one file or directory that is needed, read-only, or a named volume"},
    {.id = "5.8", .group = "compose", .severity = PLM_SEV_LOW, .title = "privileged ports of the host are not published",
     .rationale = "Ports below 1024 are trusted to belong to the host's own services.",
     .fix = "publish a port from 1024 on; ports that are meant go into `audit.allowed-ports`"},
    {.id = "5.14", .group = "compose", .severity = PLM_SEV_MEDIUM, .title = "published ports are bound to one address",
     .rationale = "Without an address a port is open on every network of the host, around the rules of its firewall front end.",
     .fix = "`ports: [\"127.0.0.1:8080:80\"]`"},
    {.id = "5.18", .group = "compose", .severity = PLM_SEV_MEDIUM, .title = "no device of the host is given to containers",
     .rationale = "A device is reached around everything that guards the files on it or the programs behind it.",
     .fix = "remove it from `devices:`"},
    {.id = "5.20", .group = "compose", .severity = PLM_SEV_HIGH, .title = "mounts of containers do not propagate to the host",
     .rationale = "What a container mounts on a shared mount appears on the host, over directories of its choice.",
     .fix = "`bind: {propagation: rslave}`"},
    {.id = "5.32", .group = "compose", .severity = PLM_SEV_CRITICAL, .title = "no engine socket can be reached from a container",
     .rationale = "Whoever may write to the engine's socket starts a privileged container and is root on the host. A read-only mount does not change that.",
     .fix = "remove the mount, or put a socket proxy in between that passes only the calls needed"},
    {.id = "R6", .group = "compose", .severity = PLM_SEV_CRITICAL, .title = "no container reaches raw disks or memory",
     .rationale = "With a rule for a disk and the mknod capability of the default set, a container writes the host's file systems.",
     .fix = "remove it from `devices:` and `device_cgroup_rules:`"},
    {.id = "R13", .group = "compose", .severity = PLM_SEV_MEDIUM, .title = "containers are not pointed at the cloud's metadata service",
     .rationale = "The service hands out the machine's own credentials to whoever asks from it.",
     .fix = "remove it from `extra_hosts:` and `dns:`"},
    {.id = "R14", .group = "compose", .severity = PLM_SEV_HIGH, .title = "no credential stands in the environment, labels or command of containers",
     .rationale = "Every user of the engine and every process of the container reads them; they end in logs and in the repository of the file.",
     .fix = "`secrets:` with a file, and a variable `NAME_FILE` that names it"},
    {.id = NULL}};
/* clang-format on */
static const struct plm_inspect_checks table = {.name = "compose-reach", .v = checks};
PLM_REGISTER(plm_inspect_check_tables, struct plm_inspect_checks, table);

/* ---- mounts --------------------------------------------------------------------------------------- */

struct mount {
    plm_sv host; /* absolute and clean, or "~..." */
    plm_sv target, propagation;
    bool is_writable;
    uint32_t line;
};
typedef PLM_VEC(struct mount) mount_vec;

/* The path that a named volume binds, or null. */
static plm_sv volume_device(const struct plm_compose *c, plm_sv name)
{
    const struct plm_yaml_node *opts =
        plm_compose_key(plm_compose_key(c->volumes, name), PLM_SV("driver_opts"));
    plm_sv o = plm_compose_scalar(c, plm_compose_key(opts, PLM_SV("o"))).text, word;
    while (plm_sv_field(&o, ',', &word))
        if (plm_sv_is(plm_sv_trim(word), "bind") || plm_sv_is(plm_sv_trim(word), "rbind"))
            return plm_compose_scalar(c, plm_compose_key(opts, PLM_SV("device"))).text;
    return PLM_SV_NULL;
}

static bool is_propagation(plm_sv word)
{
    return plm_sv_is(word, "shared") || plm_sv_is(word, "rshared");
}

static void add_mount(const struct plm_compose *c, mount_vec *out, struct mount m)
{
    bool is_path = m.host.n && (m.host.p[0] == '/' || m.host.p[0] == '~');
    if (m.host.n && !is_path && m.host.p[0] != '.' && m.host.p[0] != '$')
        m.host = volume_device(c, m.host);
    if (!m.host.n || (m.host.p[0] != '/' && m.host.p[0] != '~'))
        return;
    if (m.host.p[0] == '/')
        m.host = plm_path_clean(c->arena, m.host);
    struct mount *slot = plm_vec_push(c->arena, out);
    if (slot)
        *slot = m;
}

/* SRC:DST[:MODE,MODE] */
static void read_short(const struct plm_compose *c, const struct plm_compose_item *item, mount_vec *out)
{
    plm_sv rest = item->text, modes = PLM_SV_NULL, word;
    struct mount m = {.is_writable = true, .line = item->line};
    if (!plm_sv_field(&rest, ':', &m.host) || !plm_sv_field(&rest, ':', &m.target))
        return;
    (void)plm_sv_field(&rest, ':', &modes);
    while (plm_sv_field(&modes, ',', &word)) {
        m.is_writable = m.is_writable && !plm_sv_is(word, "ro");
        if (is_propagation(word))
            m.propagation = word;
    }
    add_mount(c, out, m);
}

static void read_long(const struct plm_compose *c, const struct plm_compose_item *item, mount_vec *out)
{
    const struct plm_yaml_node *n = item->node;
    plm_sv type = plm_compose_scalar(c, plm_compose_key(n, PLM_SV("type"))).text;
    const struct plm_yaml_node *bind = plm_compose_key(n, PLM_SV("bind"));
    struct mount m = {.host = plm_compose_scalar(c, plm_compose_key(n, PLM_SV("source"))).text,
                      .target = plm_compose_scalar(c, plm_compose_key(n, PLM_SV("target"))).text,
                      .propagation = plm_compose_scalar(c, plm_compose_key(bind, PLM_SV("propagation"))).text,
                      .is_writable = !plm_compose_true(c, plm_compose_key(n, PLM_SV("read_only"))),
                      .line = item->line};
    if (!plm_sv_is(type, "tmpfs"))
        add_mount(c, out, m);
}

static mount_vec mounts_of(const struct plm_compose *c, const struct plm_compose_service *s)
{
    mount_vec out = {0};
    plm_compose_items v = plm_compose_list(c, s, "volumes");
    for (size_t i = 0; i < v.n; i++) {
        if (v.v[i].node->kind == PLM_YAML_MAPPING)
            read_long(c, &v.v[i], &out);
        else
            read_short(c, &v.v[i], &out);
    }
    return out;
}

/* A socket by its name, or a directory that holds an engine's. */
static bool reaches_engine(plm_sv host)
{
    static const char *const sockets[] = {"docker.sock",    "containerd.sock",  "podman.sock", "crio.sock",
                                          "buildkitd.sock", "cri-dockerd.sock", NULL};
    static const char *const dirs[] = {"/",
                                       "/run",
                                       "/var",
                                       "/var/run",
                                       "/run/containerd",
                                       "/run/podman",
                                       "/run/docker",
                                       "/var/run/docker",
                                       "/var/run/containerd",
                                       NULL};
    size_t slash = plm_sv_rfind(host, '/');
    plm_sv base = plm_sv_from_off(host, slash == SIZE_MAX ? 0 : slash + 1);
    for (size_t i = 0; sockets[i]; i++)
        if (plm_sv_is(base, sockets[i]))
            return true;
    for (size_t i = 0; dirs[i]; i++)
        if (plm_sv_is(host, dirs[i]))
            return true;
    return false;
}

static void judge_sockets(struct plm_judging *j)
{
    PLM_COMPOSE_EACH (j, c, s) {
        mount_vec v = mounts_of(c, s);
        for (size_t i = 0; i < v.n; i++)
            if (reaches_engine(v.v[i].host))
                plm_compose_fail(j, s, v.v[i].host, v.v[i].line, "volumes: %.*s on %.*s",
                                 PLM_SV_ARG(v.v[i].host), PLM_SV_ARG(v.v[i].target));
        plm_compose_items e = plm_compose_list(c, s, "environment");
        for (size_t i = 0; i < e.n; i++)
            if (plm_sv_starts(e.v[i].text, PLM_SV("DOCKER_HOST=tcp://")))
                plm_compose_fail(j, s, PLM_SV("DOCKER_HOST"), e.v[i].line, "environment: %.*s",
                                 PLM_SV_ARG(e.v[i].text));
    }
}

static struct plm_path_risk risk_of(const struct mount *m)
{
    struct plm_path_risk r = {PLM_SEV_UNKNOWN, ""};
    if (m->host.p[0] == '/') {
        plm_sv host = m->host;
        if (plm_path_is_below(host, PLM_SV("/var/run")))
            host = plm_sv_from_off(host, strlen("/var"));
        return plm_path_table_risk(host, m->is_writable);
    }
    r = plm_path_table_risk(plm_sv_from_off(m->host, 1), m->is_writable); /* the user's home */
    bool is_whole = plm_sv_is(m->host, "~") || plm_sv_is(m->host, "~/");
    return is_whole ? plm_path_worse(r, PLM_SEV_HIGH, "a home directory with its keys") : r;
}

static void judge_binds(struct plm_judging *j)
{
    PLM_COMPOSE_EACH (j, c, s) {
        mount_vec v = mounts_of(c, s);
        for (size_t i = 0; i < v.n; i++) {
            struct plm_path_risk r = risk_of(&v.v[i]);
            size_t before = j->failed;
            if (r.severity <= PLM_SEV_LOW)
                continue;
            plm_compose_fail(j, s, v.v[i].host, v.v[i].line, "volumes: %.*s on %.*s, %s: %s",
                             PLM_SV_ARG(v.v[i].host), PLM_SV_ARG(v.v[i].target),
                             v.v[i].is_writable ? "writable" : "read-only", r.why);
            struct plm_report *report = j->in->report;
            if (j->failed > before && j->failed <= PLM_JUDGE_FINDINGS_MAX && report->findings.n)
                report->findings.v[report->findings.n - 1].severity = r.severity;
        }
    }
}

static void judge_propagation(struct plm_judging *j)
{
    PLM_COMPOSE_EACH (j, c, s) {
        mount_vec v = mounts_of(c, s);
        for (size_t i = 0; i < v.n; i++)
            if (is_propagation(v.v[i].propagation))
                plm_compose_fail(j, s, v.v[i].host, v.v[i].line, "volumes: %.*s is %.*s",
                                 PLM_SV_ARG(v.v[i].host), PLM_SV_ARG(v.v[i].propagation));
    }
}

/* ---- devices -------------------------------------------------------------------------------------- */

static bool is_raw(plm_sv device)
{
    static const char *const raw[] = {"/dev/mem",     "/dev/kmem",  "/dev/port", "/dev/sd*",  "/dev/vd*",
                                      "/dev/xvd*",    "/dev/nvme*", "/dev/hd*",  "/dev/dm-*", "/dev/mapper/*",
                                      "/dev/disk/**", "/dev/loop*", "/dev",      NULL};
    for (size_t i = 0; raw[i]; i++)
        if (plm_sv_glob(plm_sv_from(raw[i]), device))
            return true;
    return false;
}

static plm_sv device_of(const struct plm_compose *c, const struct plm_compose_item *item)
{
    plm_sv path, rest;
    if (item->node->kind == PLM_YAML_MAPPING)
        return plm_compose_scalar(c, plm_compose_key(item->node, PLM_SV("source"))).text;
    (void)plm_sv_cut(item->text, ':', &path, &rest);
    return path;
}

static void judge_devices(struct plm_judging *j)
{
    bool only_raw = j->arg != NULL;
    PLM_COMPOSE_EACH (j, c, s) {
        plm_compose_items v = plm_compose_list(c, s, "devices");
        for (size_t i = 0; i < v.n; i++) {
            plm_sv path = device_of(c, &v.v[i]);
            if (path.n && (!only_raw || is_raw(path)))
                plm_compose_fail(j, s, path, v.v[i].line, "devices: %.*s", PLM_SV_ARG(path));
        }
        v = plm_compose_list(c, s, "device_cgroup_rules");
        for (size_t i = 0; i < v.n; i++) {
            plm_sv rule = v.v[i].text;
            bool is_broad = plm_sv_starts(rule, PLM_SV("a")) || plm_sv_starts(rule, PLM_SV("b ")) ||
                            plm_sv_starts(rule, PLM_SV("c *"));
            if (!only_raw || is_broad)
                plm_compose_fail(j, s, rule, v.v[i].line, "device_cgroup_rules: %.*s", PLM_SV_ARG(rule));
        }
    }
}

/* ---- ports ---------------------------------------------------------------------------------------- */

struct port {
    plm_sv address, host, container; /* address null: none is given; host null: the engine chooses */
    plm_sv text;
    uint32_t line;
};

/* [ADDRESS:][HOST:]CONTAINER[/PROTOCOL]; IPv6 in brackets. */
static struct port read_port(const struct plm_compose *c, const struct plm_compose_item *item)
{
    struct port p = {.line = item->line, .text = item->text};
    if (item->node->kind == PLM_YAML_MAPPING) {
        p.container = plm_compose_scalar(c, plm_compose_key(item->node, PLM_SV("target"))).text;
        p.host = plm_compose_scalar(c, plm_compose_key(item->node, PLM_SV("published"))).text;
        p.address = plm_compose_scalar(c, plm_compose_key(item->node, PLM_SV("host_ip"))).text;
        p.text = plm_arena_printf(c->arena, "%.*s:%.*s", PLM_SV_ARG(p.host), PLM_SV_ARG(p.container));
        return p;
    }
    plm_sv rest = item->text, parts[3] = {PLM_SV_NULL, PLM_SV_NULL, PLM_SV_NULL};
    if (plm_sv_starts(rest, PLM_SV("["))) {
        size_t end = plm_sv_find(rest, ']');
        p.address = plm_sv_sub(rest, 1, end == SIZE_MAX ? 0 : end - 1);
        rest = plm_sv_from_off(rest, end == SIZE_MAX ? rest.n : end + 2);
    }
    size_t n = 0;
    while (n < 3 && plm_sv_field(&rest, ':', &parts[n]))
        n++;
    if (n == 3)
        p.address = parts[0];
    p.container = n ? parts[n - 1] : PLM_SV_NULL;
    p.host = n > 1 ? parts[n - 2] : PLM_SV_NULL;
    return p;
}

static void judge_addresses(struct plm_judging *j)
{
    PLM_COMPOSE_EACH (j, c, s) {
        plm_compose_items v = plm_compose_list(c, s, "ports");
        for (size_t i = 0; i < v.n; i++) {
            struct port p = read_port(c, &v.v[i]);
            bool is_everywhere = !p.address.n || plm_sv_is(p.address, "0.0.0.0") ||
                                 plm_sv_is(p.address, "::") || plm_sv_is(p.address, "*");
            bool is_unknown = v.v[i].is_symbolic && plm_sv_starts(p.text, PLM_SV("$"));
            if (is_everywhere && !is_unknown)
                plm_compose_fail(j, s, p.text, p.line, "ports: %.*s is published on every address",
                                 PLM_SV_ARG(p.text));
        }
    }
}

static bool is_accepted(const plm_sv_vec *list, plm_sv port)
{
    for (size_t i = 0; i < list->n; i++)
        if (plm_sv_eq(list->v[i], port))
            return true;
    return false;
}

static void judge_low_ports(struct plm_judging *j)
{
    PLM_COMPOSE_EACH (j, c, s) {
        plm_compose_items v = plm_compose_list(c, s, "ports");
        for (size_t i = 0; i < v.n; i++) {
            struct port p = read_port(c, &v.v[i]);
            plm_sv first, last;
            uint64_t n;
            (void)plm_sv_cut(p.host, '-', &first, &last);
            if (plm_sv_u64(first, &n) && n > 0 && n < 1024 &&
                !is_accepted(&j->in->opt->accepted_ports, first))
                plm_compose_fail(j, s, p.text, p.line, "ports: %.*s", PLM_SV_ARG(p.text));
        }
    }
}

/* ---- images, users -------------------------------------------------------------------------------- */

static void judge_image_tag(struct plm_judging *j)
{
    PLM_COMPOSE_EACH (j, c, s) {
        const struct plm_yaml_node *n = plm_compose_get(s, "image", NULL);
        struct plm_compose_text t = plm_compose_scalar(c, n);
        bool is_built = plm_compose_get(s, "build", NULL) != NULL;
        if (!t.text.n || t.is_symbolic || is_built || plm_sv_find(t.text, '@') != SIZE_MAX)
            continue;
        plm_sv tag = plm_reference_tag(t.text);
        if (!tag.n || plm_sv_is(tag, "latest"))
            plm_compose_fail(j, s, PLM_SV_NULL, n->line, "image: %.*s%s", PLM_SV_ARG(t.text),
                             tag.n ? "" : " (no tag, which is latest)");
    }
}

static void judge_image_origin(struct plm_judging *j)
{
    const plm_sv_vec *allowed = &j->in->opt->allowed_registries;
    if (!allowed->n) {
        plm_judge_say(j, PLM_OUT_MANUAL, "audit.allowed-registries is not set: a person decides");
        return;
    }
    PLM_COMPOSE_EACH (j, c, s) {
        const struct plm_yaml_node *n = plm_compose_get(s, "image", NULL);
        struct plm_compose_text t = plm_compose_scalar(c, n);
        if (t.text.n && !t.is_symbolic && !plm_registry_allowed(allowed, t.text))
            plm_compose_fail(j, s, PLM_SV_NULL, n->line, "image: %.*s is not of an allowed registry",
                             PLM_SV_ARG(t.text));
    }
}

static void judge_user(struct plm_judging *j)
{
    PLM_COMPOSE_EACH (j, c, s) {
        const struct plm_yaml_node *n = plm_compose_get(s, "user", NULL);
        plm_sv name, group;
        uint64_t uid;
        (void)plm_sv_cut(plm_compose_scalar(c, n).text, ':', &name, &group);
        if (plm_sv_is(name, "root") || (plm_sv_u64(name, &uid) && uid == 0))
            plm_compose_fail(j, s, PLM_SV_NULL, n->line, "user: %.*s", PLM_SV_ARG(n->text));
    }
}

static void judge_metadata(struct plm_judging *j)
{
    static const char *const keys[] = {"extra_hosts", "dns", NULL};
    PLM_COMPOSE_EACH (j, c, s) {
        for (size_t k = 0; keys[k]; k++) {
            plm_compose_items v = plm_compose_list(c, s, keys[k]);
            for (size_t i = 0; i < v.n; i++)
                if (plm_sv_has(v.v[i].text, PLM_SV("169.254.169.254")) ||
                    plm_sv_has(v.v[i].text, PLM_SV("fd00:ec2::254")))
                    plm_compose_fail(j, s, v.v[i].text, v.v[i].line, "%s: %.*s", keys[k],
                                     PLM_SV_ARG(v.v[i].text));
        }
    }
}

/* ---- credentials ---------------------------------------------------------------------------------- */

static void judge_pairs(struct plm_judging *j, const struct plm_compose_service *s,
                        const plm_compose_items *v, const char *key)
{
    for (size_t i = 0; i < v->n; i++) {
        plm_sv name, value;
        const char *why = NULL;
        if (plm_sv_cut(v->v[i].text, '=', &name, &value) && !v->v[i].is_symbolic)
            why = plm_env_credential(j->in->opt, name, value);
        if (!why)
            continue;
        plm_sv shown = plm_masked(j->in->report->arena, value);
        plm_compose_fail(j, s, name, v->v[i].line, "%s %.*s: %s; value %.*s", key, PLM_SV_ARG(name), why,
                         PLM_SV_ARG(shown));
    }
}

static void judge_credentials(struct plm_judging *j)
{
    PLM_COMPOSE_EACH (j, c, s) {
        plm_compose_items v = plm_compose_list(c, s, "environment");
        judge_pairs(j, s, &v, "environment");
        v = plm_compose_list(c, s, "command");
        for (size_t i = 0; i < v.n; i++) {
            const char *why =
                v.v[i].is_symbolic ? NULL : plm_env_credential(j->in->opt, PLM_SV(""), v.v[i].text);
            if (why)
                plm_compose_fail(j, s, PLM_SV("command"), v.v[i].line, "command: %s", why);
        }
    }
}

/* Build arguments end in the history of the image. */
static void judge_build_args(struct plm_judging *j)
{
    PLM_COMPOSE_EACH (j, c, s) {
        const struct plm_yaml_node *build = plm_compose_get(s, "build", NULL);
        struct plm_compose_service of_build = *s;
        of_build.n_chain = build && build->kind == PLM_YAML_MAPPING ? 1 : 0;
        of_build.chain[0] = build;
        plm_compose_items v = plm_compose_list(c, &of_build, "args");
        judge_pairs(j, s, &v, "build.args");
    }
}

static const int raw_only;

const struct plm_judge plm_compose_reach_judges[] = {
    {"4.1", judge_user, NULL},        {"4.2", judge_image_origin, NULL}, {"4.10", judge_build_args, NULL},
    {"5.6", judge_binds, NULL},       {"5.8", judge_low_ports, NULL},    {"5.14", judge_addresses, NULL},
    {"5.18", judge_devices, NULL},    {"5.20", judge_propagation, NULL}, {"5.32", judge_sockets, NULL},
    {"I1", judge_image_tag, NULL},    {"R6", judge_devices, &raw_only},  {"R13", judge_metadata, NULL},
    {"R14", judge_credentials, NULL},
};
const size_t plm_compose_reach_judges_n =
    sizeof(plm_compose_reach_judges) / sizeof(plm_compose_reach_judges[0]);
