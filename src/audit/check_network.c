/* SPDX-License-Identifier: Apache-2.0
 *
 * Network of containers: ssh servers inside (CIS 5.7), privileged ports of the host (5.8), ports that nobody
 * needs (5.9), ports bound to every address (5.14), the default bridge (5.30), and metadata services (R13),
 * legacy links (R21).
 *
 * Published are NetworkSettings.Ports of running containers and HostConfig.PortBindings of the others, both
 * with IPv6 addresses and ranges. Listening are the sockets in the container's network namespace; in the
 * host's network those that a process of the container holds.
 */
#include "audit/container_int.h"

#include <arpa/inet.h>

/* ---- published ports ---------------------------------------------------------------------- */

struct published {
    plm_sv port; /* "80/tcp" in the container */
    plm_sv address;
    uint64_t first, last; /* on the host; 0: the engine chooses */
    const char *field;
};
typedef PLM_VEC(struct published) published_vec;

static bool parse_range(plm_sv text, uint64_t *first, uint64_t *last)
{
    plm_sv head, tail;
    *first = *last = 0;
    if (!text.n)
        return true;
    if (!plm_sv_cut(text, '-', &head, &tail))
        tail = head;
    return plm_sv_u64(head, first) && plm_sv_u64(tail, last);
}

static void add_published(struct plm_checking *k, yyjson_val *map, const char *field, published_vec *out)
{
    size_t i, n, j, m;
    yyjson_val *key, *list, *v;
    PLM_OBJ_FOREACH(map, i, n, key, list)
    {
        yyjson_arr_foreach(list, j, m, v)
        {
            struct published p = {
                .port = plm_json_sv(key), .address = plm_json_str(v, "HostIp", NULL), .field = field};
            plm_sv host_port = plm_json_str(v, "HostPort", NULL);
            if (!parse_range(host_port, &p.first, &p.last)) {
                plm_say(k, PLM_OUT_UNKNOWN, "%s: %.*s is no port", field, PLM_SV_ARG(host_port));
                continue;
            }
            struct published *slot = plm_vec_push(k->arena, out);
            if (slot)
                *slot = p;
        }
    }
}

/* The address that an empty HostIp comes to: "ip" of the engine. */
static plm_sv default_address(const struct plm_daemon *d)
{
    const struct plm_setting *s = plm_daemon_setting(d, "ip");
    return s && s->value.n ? s->value : PLM_SV("0.0.0.0");
}

static published_vec published_ports(struct plm_checking *k)
{
    published_vec out = {0};
    const struct plm_container *c = k->container;
    if (c->is_running)
        add_published(k, yyjson_obj_get(c->network, "Ports"), "NetworkSettings.Ports", &out);
    if (!out.n)
        add_published(k, yyjson_obj_get(c->host_config, "PortBindings"), "HostConfig.PortBindings", &out);
    for (size_t i = 0; i < out.n; i++)
        if (!out.v[i].address.n)
            out.v[i].address = default_address(k->daemon);
    return out;
}

static bool is_wildcard(struct plm_arena *a, plm_sv address)
{
    unsigned char six[16], zero[16] = {0};
    struct in_addr four;
    const char *text = plm_arena_cstr(a, address);
    if (!address.n)
        return true;
    if (!text)
        return false;
    if (inet_pton(AF_INET, text, &four) == 1)
        return four.s_addr == 0;
    if (inet_pton(AF_INET6, text, six) != 1)
        return false;
    bool is_mapped = memcmp(six, zero, 10) == 0 && six[10] == 0xff && six[11] == 0xff;
    return is_mapped ? memcmp(six + 12, zero, 4) == 0 : memcmp(six, zero, 16) == 0;
}

static plm_sv published_text(struct plm_checking *k, const struct published *p)
{
    bool is_six = plm_sv_find(p->address, ':') != SIZE_MAX;
    plm_sv port = p->first == p->last ? plm_arena_printf(k->arena, "%llu", (unsigned long long)p->first)
                                      : plm_arena_printf(k->arena, "%llu-%llu", (unsigned long long)p->first,
                                                         (unsigned long long)p->last);
    return plm_arena_printf(k->arena, "%s: %s%.*s%s:%.*s to %.*s", p->field, is_six ? "[" : "",
                            PLM_SV_ARG(p->address), is_six ? "]" : "",
                            PLM_SV_ARG(p->first ? port : PLM_SV("(any)")), PLM_SV_ARG(p->port));
}

/* Listening sockets that others can reach; false: not known (said). Loopback and client UDP ports are left
 * out. */
static bool reachable_listeners(struct plm_checking *k, plm_socket_vec *out)
{
    enum { EPHEMERAL = 32768 };
    plm_socket_vec all = {0};
    plm_sv failure;
    *out = (plm_socket_vec){0};
    if (plm_truth_is_missing(k))
        return false;
    if (!plm_container_listeners(k, &all, &failure)) {
        plm_say(k, PLM_OUT_UNKNOWN, "/proc/%d/net: %.*s", k->container->init->pid, PLM_SV_ARG(failure));
        return false;
    }
    for (size_t i = 0; i < all.n; i++) {
        const struct plm_socket *s = &all.v[i];
        bool is_tcp = s->proto == PLM_TCP || s->proto == PLM_TCP6,
             is_udp = s->proto == PLM_UDP || s->proto == PLM_UDP6;
        if (s->is_loopback || !(is_tcp || (is_udp && s->port < EPHEMERAL)))
            continue;
        struct plm_socket *slot = plm_vec_push(k->arena, out);
        if (slot)
            *slot = *s;
    }
    return true;
}

static plm_sv socket_text(struct plm_checking *k, const struct plm_socket *s)
{
    return plm_arena_printf(k->arena, "/proc/%d/net: %.*s port %u/%s", k->container->init->pid,
                            PLM_SV_ARG(s->address), s->port, plm_socket_proto_name(s->proto));
}

/* docker-proxy processes that forward to an address of this container are what really is published. */
static plm_sv word_after(const struct plm_process *p, const char *flag)
{
    for (size_t i = 1; i < 64; i++) {
        plm_sv word = plm_process_arg(p, i);
        if (!word.p)
            break;
        if (plm_sv_is(word, flag))
            return plm_process_arg(p, i + 1);
    }
    return PLM_SV_NULL;
}

static bool has_address(const struct plm_container *c, plm_sv address)
{
    size_t i, n;
    yyjson_val *key, *v;
    PLM_OBJ_FOREACH(yyjson_obj_get(c->network, "Networks"), i, n, key, v)
    {
        if (address.n && (plm_sv_eq(plm_json_str(v, "IPAddress", NULL), address) ||
                          plm_sv_eq(plm_json_str(v, "GlobalIPv6Address", NULL), address)))
            return true;
    }
    return false;
}

static published_vec proxied_ports(struct plm_checking *k)
{
    published_vec out = {0};
    for (size_t i = 0; i < k->facts->processes.n; i++) {
        const struct plm_process *p = &k->facts->processes.v[i];
        struct published pub = {.field = "docker-proxy"};
        if (!plm_sv_is(p->comm, "docker-proxy") || !p->has_details ||
            !has_address(k->container, word_after(p, "-container-ip")) ||
            !plm_sv_u64(word_after(p, "-host-port"), &pub.first))
            continue;
        pub.last = pub.first;
        pub.address = word_after(p, "-host-ip");
        pub.port = plm_arena_printf(k->arena, "%.*s/%.*s", PLM_SV_ARG(word_after(p, "-container-port")),
                                    PLM_SV_ARG(word_after(p, "-proto")));
        struct published *slot = plm_vec_push(k->arena, &out);
        if (slot)
            *slot = pub;
    }
    return out;
}

/* ---- 5.8 ---------------------------------------------------------------------------------- */

static bool is_port_allowed(const struct plm_checking *k, uint64_t port)
{
    const plm_sv_vec *list = &k->facts->opt->expect.allowed_ports;
    for (size_t i = 0; i < list->n; i++) {
        uint64_t n, m;
        plm_sv head, tail;
        (void)plm_sv_cut(list->v[i], '/', &head, &tail);
        if (parse_range(head, &n, &m) && port >= n && port <= m)
            return true;
    }
    return false;
}

/* The first port of the range that is privileged and not meant; 0: none. */
static uint64_t low_port_in(const struct plm_checking *k, uint64_t first, uint64_t last)
{
    uint64_t bound = k->facts->opt->expect.low_port ? k->facts->opt->expect.low_port : 1024;
    for (uint64_t port = first; port && port <= last && port < bound; port++)
        if (!is_port_allowed(k, port))
            return port;
    return 0;
}

static void check_low_ports(struct plm_checking *k)
{
    if (plm_inspect_is_missing(k))
        return;
    published_vec ports = published_ports(k);
    for (size_t i = 0; i < ports.n; i++)
        plm_say(k, low_port_in(k, ports.v[i].first, ports.v[i].last) ? PLM_OUT_FAIL : PLM_OUT_PASS, "%.*s",
                PLM_SV_ARG(published_text(k, &ports.v[i])));
    if (!ports.n)
        plm_say(k, PLM_OUT_PASS, "NetworkSettings.Ports: none on the host");
    if (!plm_container_is_host_net(k)) {
        published_vec proxied = plm_has_truth(k) ? proxied_ports(k) : (published_vec){0};
        for (size_t i = 0; i < proxied.n; i++)
            if (low_port_in(k, proxied.v[i].first, proxied.v[i].last))
                plm_say(k, PLM_OUT_FAIL, "%.*s", PLM_SV_ARG(published_text(k, &proxied.v[i])));
        return;
    }
    plm_socket_vec sockets;
    if (!plm_has_truth(k)) {
        if (!plm_truth_is_missing(k))
            plm_say(k, PLM_OUT_MANUAL,
                    "HostConfig.NetworkMode: the host's; what it will listen on is not known before it runs");
        return;
    }
    if (!reachable_listeners(k, &sockets))
        return;
    for (size_t i = 0; i < sockets.n; i++)
        if (low_port_in(k, sockets.v[i].port, sockets.v[i].port))
            plm_say(k, PLM_OUT_FAIL, "%.*s, in the host's network",
                    PLM_SV_ARG(socket_text(k, &sockets.v[i])));
}

/* ---- 5.14 --------------------------------------------------------------------------------- */

static void check_wildcard(struct plm_checking *k)
{
    if (plm_inspect_is_missing(k))
        return;
    published_vec ports = published_ports(k);
    for (size_t i = 0; i < ports.n; i++)
        plm_say(k, is_wildcard(k->arena, ports.v[i].address) ? PLM_OUT_FAIL : PLM_OUT_PASS, "%.*s",
                PLM_SV_ARG(published_text(k, &ports.v[i])));
    if (plm_json_bool(k->container->host_config, "PublishAllPorts", false) && !ports.n)
        plm_say(k, is_wildcard(k->arena, default_address(k->daemon)) ? PLM_OUT_FAIL : PLM_OUT_PASS,
                "HostConfig.PublishAllPorts: true, on %.*s", PLM_SV_ARG(default_address(k->daemon)));
    published_vec proxied = plm_has_truth(k) ? proxied_ports(k) : (published_vec){0};
    bool declared_any = ports.n > 0;
    for (size_t i = 0; i < proxied.n; i++) {
        if (!is_wildcard(k->arena, proxied.v[i].address))
            continue;
        plm_say(k, PLM_OUT_FAIL, "%.*s", PLM_SV_ARG(published_text(k, &proxied.v[i])));
        if (!declared_any)
            plm_drift(k, "no port is published, %.*s in force", PLM_SV_ARG(published_text(k, &proxied.v[i])));
    }
    if (!ports.n)
        plm_say(k, PLM_OUT_PASS, "NetworkSettings.Ports: none on the host");
}

/* ---- 5.9 ---------------------------------------------------------------------------------- */

static bool is_listening(const plm_socket_vec *sockets, plm_sv port)
{
    uint64_t number;
    plm_sv head, proto;
    (void)plm_sv_cut(port, '/', &head, &proto);
    if (!plm_sv_u64(head, &number))
        return true;
    for (size_t i = 0; i < sockets->n; i++) {
        enum plm_socket_proto p = sockets->v[i].proto;
        bool is_udp = p == PLM_UDP || p == PLM_UDP6, is_tcp = p == PLM_TCP || p == PLM_TCP6;
        if (sockets->v[i].port == number && (plm_sv_is(proto, "udp") ? is_udp : is_tcp))
            return true;
    }
    return false;
}

static bool is_published(const published_vec *ports, const struct plm_socket *s)
{
    for (size_t i = 0; i < ports->n; i++) {
        uint64_t number;
        plm_sv head, proto;
        (void)plm_sv_cut(ports->v[i].port, '/', &head, &proto);
        if (plm_sv_u64(head, &number) && number == s->port)
            return true;
    }
    return false;
}

static void check_needed_ports(struct plm_checking *k)
{
    if (plm_inspect_is_missing(k))
        return;
    const struct plm_container *c = k->container;
    published_vec ports = published_ports(k);
    yyjson_val *exposed = yyjson_obj_get(c->config, "ExposedPorts");
    plm_socket_vec sockets = {0};
    if (!ports.n)
        plm_say(k, PLM_OUT_PASS, "NetworkSettings.Ports: none on the host");
    bool is_known = plm_has_truth(k) && !plm_container_is_host_net(k) && reachable_listeners(k, &sockets);
    if (c->is_running && !plm_has_truth(k))
        (void)plm_truth_is_missing(k);
    for (size_t i = 0; i < ports.n; i++) {
        const struct published *p = &ports.v[i];
        bool is_exposed = yyjson_obj_getn(exposed, p->port.p, p->port.n) != NULL;
        bool is_dead = is_known && !plm_sv_ends(p->port, PLM_SV("/sctp")) && !is_listening(&sockets, p->port);
        plm_say(k,
                is_dead      ? PLM_OUT_FAIL
                : is_exposed ? PLM_OUT_PASS
                             : PLM_OUT_MANUAL,
                "%.*s%s%s", PLM_SV_ARG(published_text(k, p)),
                is_exposed ? "" : "; not in Config.ExposedPorts", is_dead ? "; nothing listens there" : "");
    }
    size_t said = 0;
    for (size_t i = 0; is_known && i < sockets.n; i++)
        if (!is_published(&ports, &sockets.v[i]) && said++ < PLM_SAID_MAX)
            plm_say(k, PLM_OUT_PASS, "%.*s: not published, reached by its networks only",
                    PLM_SV_ARG(socket_text(k, &sockets.v[i])));
}

/* ---- 5.7 ---------------------------------------------------------------------------------- */

static bool is_ssh_server(plm_sv program)
{
    return plm_sv_is(program, "sshd") || plm_sv_starts(program, PLM_SV("sshd-")) ||
           plm_sv_is(program, "dropbear") || plm_sv_is(program, "dropbearmulti") ||
           plm_sv_is(program, "tinysshd");
}

/* Of the command that starts the container. */
static plm_sv ssh_word(const struct plm_container *c)
{
    plm_sv path = plm_json_str(c->inspect.root, "Path", NULL);
    size_t i, n;
    yyjson_val *v;
    if (is_ssh_server(plm_base_name(path)))
        return path;
    yyjson_arr_foreach(yyjson_obj_get(c->inspect.root, "Args"), i, n, v)
    {
        plm_sv rest = plm_json_sv(v), word;
        while (plm_sv_word(&rest, &word))
            if (word.p[0] == '/' && is_ssh_server(plm_base_name(word)))
                return word;
    }
    return PLM_SV_NULL;
}

static void check_ssh(struct plm_checking *k)
{
    if (plm_inspect_is_missing(k))
        return;
    const struct plm_container *c = k->container;
    plm_sv declared = ssh_word(c);
    if (declared.p)
        plm_say(k, PLM_OUT_FAIL, "Path, Args: %.*s", PLM_SV_ARG(declared));
    if (plm_truth_is_missing(k))
        return;
    if (!plm_has_truth(k)) {
        plm_say(k, PLM_OUT_NA, "State.Status: %.*s; its command starts no ssh server", PLM_SV_ARG(c->state));
        return;
    }
    for (size_t i = 0; i < c->processes.n; i++) {
        const struct plm_process *p = c->processes.v[i];
        if (plm_process_seen(p) != PLM_SEEN_GONE && is_ssh_server(plm_process_program(p)))
            plm_say(k, PLM_OUT_FAIL, "%.*s: %.*s", PLM_SV_ARG(plm_process_where(k, p, "exe")),
                    PLM_SV_ARG(p->exe));
    }
    plm_socket_vec sockets;
    if (!reachable_listeners(k, &sockets))
        return;
    for (size_t i = 0; i < sockets.n; i++)
        if (sockets.v[i].port == 22 && (sockets.v[i].proto == PLM_TCP || sockets.v[i].proto == PLM_TCP6))
            plm_say(k, PLM_OUT_FAIL, "%.*s", PLM_SV_ARG(socket_text(k, &sockets.v[i])));
    plm_say(k, PLM_OUT_PASS, "/proc/PID/exe of %zu processes, %zu listening sockets: read", c->processes.n,
            sockets.n);
}

/* ---- 5.30, R21 ---------------------------------------------------------------------------- */

static void check_bridge(struct plm_checking *k)
{
    if (plm_inspect_is_missing(k))
        return;
    const char *name = plm_sv_is(k->daemon->product, "podman") ? "podman" : "bridge";
    yyjson_val *networks = yyjson_obj_get(k->container->network, "Networks");
    plm_sv mode = plm_host_config_str(k, "NetworkMode");
    bool is_default =
        yyjson_obj_get(networks, name) ||
        (yyjson_obj_size(networks) == 0 && (plm_sv_is(mode, "default") || plm_sv_is(mode, name)));
    plm_say(k, is_default ? PLM_OUT_FAIL : PLM_OUT_PASS,
            "NetworkSettings.Networks: %s%s; HostConfig.NetworkMode: %.*s", is_default ? "" : "without ",
            name, PLM_SV_ARG(mode));
}

static void check_links(struct plm_checking *k)
{
    if (plm_inspect_is_missing(k))
        return;
    yyjson_val *links = yyjson_obj_get(k->container->host_config, "Links");
    plm_say(k, yyjson_arr_size(links) ? PLM_OUT_FAIL : PLM_OUT_PASS, "HostConfig.Links: %.*s",
            PLM_SV_ARG(plm_json_list_text(k->arena, links)));
}

/* ---- R13 ---------------------------------------------------------------------------------- */

static const char *const metadata[] = {
    "169.254.169.254",          "fd00:ec2::254", "169.254.170.2", "100.100.100.200",
    "metadata.google.internal", "168.63.129.16"};

static size_t judge_addresses(struct plm_checking *k, const char *key)
{
    size_t i, n, found = 0;
    yyjson_val *v;
    yyjson_arr_foreach(yyjson_obj_get(k->container->host_config, key), i, n, v)
    {
        plm_sv s = plm_json_sv(v);
        for (size_t j = 0; j < sizeof(metadata) / sizeof(metadata[0]); j++)
            if (plm_sv_has(s, plm_sv_from(metadata[j]))) {
                found++;
                plm_say(k, PLM_OUT_FAIL, "HostConfig.%s: %.*s", key, PLM_SV_ARG(s));
            }
    }
    return found;
}

/* The cloud that this machine runs in; null: none is known. */
static plm_sv cloud_of(struct plm_checking *k)
{
    static const char *const vendors[] = {"Amazon EC2",    "Google",       "Microsoft Corporation",
                                          "Alibaba Cloud", "DigitalOcean", "Hetzner",
                                          "OpenStack",     "Oracle"};
    int sys = 0;
    if (!k->facts->kernel || k->daemon->is_remote)
        return PLM_SV_NULL;
    plm_sv vendor = plm_kernel_text(k->facts->kernel, k->arena, "/sys/class/dmi/id/sys_vendor", 128, &sys);
    for (size_t i = 0; i < sizeof(vendors) / sizeof(vendors[0]); i++)
        if (plm_sv_starts(vendor, plm_sv_from(vendors[i])))
            return vendor;
    return PLM_SV_NULL;
}

static void check_metadata(struct plm_checking *k)
{
    if (plm_inspect_is_missing(k))
        return;
    size_t found = judge_addresses(k, "ExtraHosts") + judge_addresses(k, "Dns");
    plm_sv cloud = cloud_of(k), mode = plm_host_config_str(k, "NetworkMode");
    if (cloud.p && !plm_sv_is(mode, "none"))
        plm_say(k, PLM_OUT_MANUAL,
                "/sys/class/dmi/id/sys_vendor: %.*s; whether 169.254.169.254 is closed to it is not known",
                PLM_SV_ARG(cloud));
    if (!found)
        plm_say(k, PLM_OUT_PASS, "HostConfig.ExtraHosts, Dns: no metadata service");
}

#define PER_CONTAINER .stage = PLM_STAGE_CONTAINERS, .subject = PLM_PER_CONTAINER

static const struct plm_check checks[] = {
    {.id = "5.7",
     .title = "no ssh server runs in containers",
     .reads = "Path, Args; /proc/PID/exe of every process, listening port 22",
     .rationale = "A second way in has keys, passwords and patches of its own that nobody manages.",
     .fix = "Leave the ssh server out of the image and use `docker exec` (compose: `docker compose exec`).",
     .severity = PLM_SEV_MEDIUM,
     .aliases = "check_5_7",
     .level = 1,
     .impact = PLM_IMPACT_MAY_BREAK,
     PER_CONTAINER,
     .run = check_ssh},
    {.id = "5.8",
     .title = "privileged ports of the host are not published",
     .reads = "NetworkSettings.Ports, HostConfig.PortBindings, docker-proxy, listeners in the host's network",
     .rationale = "Ports below 1024 are trusted to belong to the host's own services.",
     .fix = "Publish a port from 1024 on, `-p ADDRESS:8080:80` (compose: `ports: [\"ADDRESS:8080:80\"]`); "
            "ports that "
            "are meant go into `audit.allowed-ports`.",
     .severity = PLM_SEV_LOW,
     .aliases = "check_5_8",
     .level = 1,
     .impact = PLM_IMPACT_MAY_BREAK,
     PER_CONTAINER,
     .run = check_low_ports},
    {.id = "5.9",
     .title = "only ports that are needed are published",
     .reads = "NetworkSettings.Ports against Config.ExposedPorts and the sockets that listen",
     .rationale =
         "A published port behind which nothing listens, or which the image does not name, is open for "
         "whatever comes to listen there.",
     .fix = "Remove the `-p` (compose: `ports:`) that nothing needs.",
     .severity = PLM_SEV_LOW,
     .aliases = "check_5_9",
     .level = 1,
     .is_manual = true,
     .impact = PLM_IMPACT_RESTART,
     PER_CONTAINER,
     .run = check_needed_ports},
    {.id = "5.14",
     .title = "published ports are bound to one address",
     .reads = "HostIp of NetworkSettings.Ports and HostConfig.PortBindings, docker-proxy",
     .rationale =
         "Without an address a port is open on every network of the host, around the rules of its firewall "
         "front end.",
     .fix =
         "Publish on one address: `-p 127.0.0.1:8080:80` (compose: `ports: [\"127.0.0.1:8080:80\"]`), or set "
         "`\"ip\"` in daemon.json as the default.",
     .severity = PLM_SEV_MEDIUM,
     .aliases = "check_5_14",
     .level = 1,
     .impact = PLM_IMPACT_MAY_BREAK,
     PER_CONTAINER,
     .run = check_wildcard},
    {.id = "5.30",
     .title = "containers use networks of their own",
     .reads = "NetworkSettings.Networks, HostConfig.NetworkMode",
     .rationale = "All containers on the default bridge reach each other, whatever they belong to.",
     .fix = "`docker network create NAME` and start it with `--network NAME` (compose: `networks:`).",
     .severity = PLM_SEV_LOW,
     .aliases = "check_5_30",
     .level = 2,
     .is_manual = true,
     .impact = PLM_IMPACT_RESTART,
     PER_CONTAINER,
     .run = check_bridge},
    {.id = "R13",
     .title = "containers are not pointed at the cloud's metadata service",
     .reads = "HostConfig.ExtraHosts, Dns; /sys/class/dmi/id/sys_vendor",
     .rationale = "The service hands out the machine's own credentials to whoever asks from it.",
     .fix = "Start it without that `--add-host` or `--dns` (compose: `extra_hosts:`, `dns:`), and block "
            "169.254.169.254 "
            "for containers in the DOCKER-USER chain.",
     .severity = PLM_SEV_MEDIUM,
     .impact = PLM_IMPACT_MAY_BREAK,
     PER_CONTAINER,
     .run = check_metadata},
    {.id = "R21",
     .title = "no legacy links between containers",
     .reads = "HostConfig.Links",
     .rationale = "A link copies the other container's environment, passwords too, and works on the default "
                  "bridge only.",
     .fix = "Put both on a network of their own (`docker network create`) and start it without `--link` "
            "(compose: "
            "`links:`).",
     .severity = PLM_SEV_LOW,
     .impact = PLM_IMPACT_MAY_BREAK,
     PER_CONTAINER,
     .run = check_links},
};

static const struct plm_check_group network = {
    .id = "network",
    .summary = "ports and networks of containers",
    .checks = checks,
    .n = sizeof(checks) / sizeof(checks[0]),
};
PLM_REGISTER(plm_check_groups, struct plm_check_group, network);
