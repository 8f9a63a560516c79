/* SPDX-License-Identifier: Apache-2.0
 *
 * Check of the host: what listens outside of containers, one row per address and port.
 *
 * docker-proxy listens for a container: its words -container-ip and -container-port say for which. A socket
 * whose owner is not found belongs to the kernel (NFS, WireGuard), to another namespace or to a process that
 * we may not read: unknown. TCP ports of an engine are judged by 2.7, those of a swarm by 7.2.
 */
#include "audit/host.h"

static const struct plm_process *process_of(const struct plm_facts *f, int32_t pid)
{
    for (size_t i = 0; i < f->processes.n && pid; i++)
        if (f->processes.v[i].pid == pid)
            return &f->processes.v[i];
    return NULL;
}

static plm_sv base_name(plm_sv path)
{
    size_t slash = plm_sv_rfind(path, '/');
    return slash == SIZE_MAX ? path : plm_sv_from_off(path, slash + 1);
}

/* "tcp" for tcp6 as well: lists name ports. */
static const char *family_of(enum plm_socket_proto p)
{
    switch (p) {
    case PLM_TCP:
    case PLM_TCP6:
        return "tcp";
    case PLM_UDP:
    case PLM_UDP6:
        return "udp";
    case PLM_RAW:
    case PLM_RAW6:
        return "raw";
    case PLM_PACKET:
        return "packet";
    case PLM_UNIX:
        return "unix";
    }
    return "?";
}

static plm_sv word_after(const struct plm_process *p, const char *flag)
{
    plm_sv w;
    for (size_t i = 0; (w = plm_process_arg(p, i)).p; i++)
        if (plm_sv_is(w, flag))
            return plm_process_arg(p, i + 1);
    return PLM_SV_NULL;
}

/* Name of the container that has this address; null: none does. */
static plm_sv container_at(const struct plm_facts *f, plm_sv address)
{
    for (size_t i = 0; i < f->daemons.n; i++)
        for (size_t j = 0; j < f->daemons.v[i].containers.n; j++) {
            const struct plm_container *c = &f->daemons.v[i].containers.v[j];
            yyjson_val *networks = plm_json_at(c->network, "Networks", NULL), *key, *val;
            size_t n, max;
            yyjson_obj_foreach(networks, n, max, key, val)
            {
                (void)key;
                if (plm_sv_eq(plm_json_str(val, "IPAddress", NULL), address) ||
                    plm_sv_eq(plm_json_str(val, "GlobalIPv6Address", NULL), address))
                    return c->name;
            }
        }
    return PLM_SV_NULL;
}

static bool is_built_in(plm_sv port, plm_sv program)
{
    for (size_t i = 0; i < plm_host_allowed_listeners_n; i++)
        if (plm_sv_eq(port, plm_sv_from(plm_host_allowed_listeners[i].port)) &&
            plm_sv_glob(plm_sv_from(plm_host_allowed_listeners[i].program), program))
            return true;
    return false;
}

static bool is_configured(const struct plm_facts *f, const struct plm_socket *s, plm_sv port)
{
    plm_sv at = plm_host_printf(f, "%.*s:%u", PLM_SV_ARG(s->address), s->port);
    plm_sv full = plm_host_printf(f, "%.*s:%.*s", PLM_SV_ARG(s->address), PLM_SV_ARG(port));
    const plm_sv_vec *list = &f->opt->expect.allowed_listeners;
    return plm_host_is_listed(port, NULL, list) || plm_host_is_listed(at, NULL, list) ||
           plm_host_is_listed(full, NULL, list);
}

static void judge_owned(struct plm_checking *k, plm_sv object, const struct plm_socket *s, plm_sv port,
                        struct plm_process *p)
{
    const struct plm_facts *f = k->facts;
    plm_kernel_process_details(f->kernel, f->arena, p);
    plm_sv exe = p->exe.p ? p->exe : p->comm, program = base_name(exe);
    if (plm_sv_is(program, "docker-proxy")) {
        plm_sv ip = word_after(p, "-container-ip"), name = container_at(f, ip);
        plm_say_on(k, object, PLM_OUT_PASS, "pid %d docker-proxy: published for %s%.*s%s", p->pid,
                   name.p ? "container " : "address ", PLM_SV_ARG(name.p ? name : ip),
                   s->is_wildcard ? " on every interface" : "");
        return;
    }
    if (plm_host_is_contained(f, p)) {
        plm_say_on(k, object, PLM_OUT_NA, "pid %d (%.*s) is in a container that shares the host's network",
                   p->pid, PLM_SV_ARG(p->comm));
        return;
    }
    bool is_engine = plm_sv_is(program, "dockerd") || plm_sv_is(program, "podman");
    bool is_known = plm_host_is_listed(exe, plm_host_allowed_programs, &f->opt->expect.allowed_processes);
    const char *text = is_engine && strcmp(family_of(s->proto), "tcp") == 0
                           ? "the engine itself: judged by 2.7 and 7.2"
                       : is_configured(f, s, port) || is_built_in(port, program) ? "is expected"
                       : s->is_loopback && is_known ? "a program of a container host, on loopback only"
                       : (s->proto == PLM_RAW || s->proto == PLM_RAW6 || s->proto == PLM_PACKET) && is_known
                           ? "a program of a container host"
                           : NULL;
    plm_say_on(k, object, text ? PLM_OUT_PASS : PLM_OUT_FAIL, "pid %d %.*s: %s", p->pid, PLM_SV_ARG(exe),
               text             ? text
               : s->is_wildcard ? "listens on every interface"
               : s->is_loopback ? "listens on loopback"
                                : "listens on this address");
    if (!text && s->is_loopback)
        plm_weigh(k, object, PLM_SEV_LOW);
    else
        plm_weigh(k, object, PLM_SEV_MEDIUM);
}

static void judge_socket(struct plm_checking *k, const struct plm_socket *s, size_t denied)
{
    const struct plm_facts *f = k->facts;
    bool is_v6 = plm_sv_find(s->address, ':') != SIZE_MAX;
    plm_sv port = plm_host_printf(f, "%u/%s", s->port, family_of(s->proto));
    plm_sv object =
        plm_host_printf(f, is_v6 ? "[%.*s]:%.*s" : "%.*s:%.*s", PLM_SV_ARG(s->address), PLM_SV_ARG(port));
    const struct plm_process *p = process_of(f, s->pid);
    if (p)
        judge_owned(k, object, s, port, &f->processes.v[p - f->processes.v]);
    else if (is_configured(f, s, port))
        plm_say_on(k, object, PLM_OUT_PASS, "is expected");
    else
        plm_say_on(k, object, PLM_OUT_UNKNOWN, "no process holds it (%s)",
                   denied ? "descriptors of some processes cannot be read"
                          : "the kernel's own, or of another namespace");
}

static void check_listeners(struct plm_checking *k)
{
    const struct plm_facts *f = k->facts;
    plm_auto(plm_err_free) plm_err *err = NULL;
    plm_socket_vec v = {0};
    size_t denied = 0, unix_sockets = 0;
    if (!f->kernel || f->processes_failure.p) {
        plm_say(k, PLM_OUT_UNKNOWN, "%.*s", PLM_SV_ARG(f->kernel ? f->processes_failure : f->kernel_failure));
        return;
    }
    if (plm_kernel_sockets(f->kernel, 0, f->arena, &v, &err) < 0 ||
        plm_kernel_socket_owners(f->kernel, &f->processes, &v, &denied, &err) < 0) {
        char *text = plm_err_text(err);
        plm_say(k, PLM_OUT_UNKNOWN, "%s", text ? text : "out of memory");
        free(text);
        return;
    }
    for (size_t i = 0; i < v.n; i++) {
        if (v.v[i].proto == PLM_UNIX)
            unix_sockets++;
        else
            judge_socket(k, &v.v[i], denied);
    }
    plm_say(k, PLM_OUT_PASS, "%zu sockets of the network listen, %zu of the file system", v.n - unix_sockets,
            unix_sockets);
}

static const struct plm_check checks[] = {
    {.id = "H-LISTEN",
     .title = "nothing listens beside what is meant to",
     .reads = "/proc/net/{tcp,udp,raw}{,6}, /proc/net/packet, descriptors of all processes; "
              "`audit.allowed-listeners`",
     .rationale = "A container host needs SSH and the ports that its containers publish. Every other "
                  "listener is reachable code that runs "
                  "with the host's rights.",
     .fix = "stop the service, bind it to 127.0.0.1, or name it in `audit.allowed-listeners`",
     .severity = PLM_SEV_MEDIUM,
     .stage = PLM_STAGE_HOST,
     .subject = PLM_PER_HOST,
     .impact = PLM_IMPACT_MAY_BREAK,
     .run = check_listeners},
};
static const struct plm_check_group host_listen = {
    .id = "host-listen", .summary = "listeners of the host", .checks = checks, .n = 1};
PLM_REGISTER(plm_check_groups, struct plm_check_group, host_listen);
