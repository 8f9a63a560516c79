/* SPDX-License-Identifier: Apache-2.0
 *
 * Shared readings of a container: HostConfig, `container:` modes, processes, capability arithmetic,
 * listening sockets.
 *
 * The capability sum follows the engine's own order (moby, oci/caps): ALL in CapAdd gives every
 * capability but those dropped by name; ALL in CapDrop leaves what CapAdd names; otherwise the
 * default set loses the drops first and gains the adds last, so a name on both lists is kept.
 */
#include "audit/container_int.h"

#include <errno.h>

enum { LIST_SHOWN = 8, MODE_DEPTH = 16 };

/* ---- inspect JSON ------------------------------------------------------------------------- */

plm_sv plm_host_config_str(const struct plm_checking *k, const char *key)
{
    return plm_json_sv(yyjson_obj_get(k->container->host_config, key));
}

plm_sv plm_json_list_text(struct plm_arena *a, yyjson_val *list)
{
    plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(PLM_KIB(64));
    size_t i, n;
    yyjson_val *v;
    yyjson_arr_foreach(list, i, n, v)
    {
        if (i == LIST_SHOWN) {
            plm_buf_printf(&b, " and %zu more", n - i);
            break;
        }
        plm_buf_str(&b, i ? ", " : "");
        plm_buf_sv_put(&b, plm_json_sv(v));
    }
    return b.n ? plm_arena_sv(a, plm_buf_sv(&b)) : PLM_SV("none");
}

int plm_daemon_has_security_option(const struct plm_daemon *d, const char *entry)
{
    if (!d->info.root)
        return -1;
    size_t i, n;
    yyjson_val *v;
    yyjson_arr_foreach(yyjson_obj_get(d->info.root, "SecurityOptions"), i, n, v)
    {
        plm_sv rest = plm_json_sv(v), word;
        while (plm_sv_field(&rest, ',', &word))
            if (plm_sv_is(word, entry))
                return 1;
    }
    return 0;
}

plm_sv plm_security_opt(const struct plm_container *c, const char *name)
{
    plm_sv out = PLM_SV_NULL, want = plm_sv_from(name);
    size_t i, n;
    yyjson_val *v;
    yyjson_arr_foreach(yyjson_obj_get(c->host_config, "SecurityOpt"), i, n, v)
    {
        plm_sv s = plm_json_sv(v);
        if (plm_sv_eq(s, want))
            out = PLM_SV("");
        else if (plm_sv_starts(s, want) && (s.p[want.n] == '=' || s.p[want.n] == ':'))
            out = plm_sv_from_off(s, want.n + 1);
    }
    return out;
}

bool plm_container_is_privileged(const struct plm_container *c)
{
    return plm_json_bool(c->host_config, "Privileged", false);
}

bool plm_is_privileged_na(struct plm_checking *k)
{
    if (!plm_container_is_privileged(k->container))
        return false;
    plm_say(k, PLM_OUT_NA, "HostConfig.Privileged: true, which gives this and all else: judged by 5.5");
    return true;
}

/* ---- namespaces --------------------------------------------------------------------------- */

static const struct plm_container *container_named(const struct plm_daemon *d, plm_sv ref)
{
    for (size_t i = 0; i < d->containers.n; i++) {
        const struct plm_container *c = &d->containers.v[i];
        if (plm_sv_eq(c->name, ref) || (ref.n >= 12 && plm_sv_starts(c->id, ref)))
            return c;
    }
    return NULL;
}

struct plm_ns_mode plm_namespace_declared(struct plm_checking *k, const char *key)
{
    struct plm_ns_mode out = {PLM_SHARE_NONE, NULL, PLM_SV_NULL};
    const struct plm_container *c = k->container;
    plm_sv mode = plm_json_sv(yyjson_obj_get(c->host_config, key));
    out.said =
        plm_arena_printf(k->arena, "HostConfig.%s: %.*s", key, PLM_SV_ARG(mode.n ? mode : PLM_SV("default")));
    for (int depth = 0; depth < MODE_DEPTH; depth++) {
        if (plm_sv_is(mode, "host")) {
            out.sharing = PLM_SHARE_HOST;
            if (depth)
                out.said = plm_arena_printf(k->arena, "%.*s, whose own mode is host", PLM_SV_ARG(out.said));
            return out;
        }
        if (plm_sv_starts(mode, PLM_SV("ns:"))) {
            out.sharing = PLM_SHARE_UNKNOWN; /* podman: a namespace by path */
            return out;
        }
        if (!plm_sv_starts(mode, PLM_SV("container:"))) {
            out.sharing = depth ? PLM_SHARE_CONTAINER : PLM_SHARE_NONE;
            return out;
        }
        c = container_named(k->daemon, plm_sv_from_off(mode, strlen("container:")));
        if (!c || !c->host_config) {
            out.sharing = PLM_SHARE_UNKNOWN;
            out.said =
                plm_arena_printf(k->arena, "%.*s, which the engine does not list", PLM_SV_ARG(out.said));
            return out;
        }
        if (!out.with) {
            out.with = c;
            out.said = plm_arena_printf(k->arena, "%.*s (%.*s)", PLM_SV_ARG(out.said), PLM_SV_ARG(c->name));
        }
        mode = plm_json_sv(yyjson_obj_get(c->host_config, key));
    }
    out.sharing = PLM_SHARE_UNKNOWN;
    return out;
}

int plm_process_shares_host_ns(const struct plm_checking *k, const struct plm_process *p, enum plm_ns ns)
{
    uint64_t own = p->ns[ns];
    if (!own || !k->facts->kernel)
        return -1;
    const char *how;
    uint64_t host = plm_kernel_host_ns(k->facts->kernel, ns, &how);
    /* An engine in a container, a chroot or rootlesskit gives "host" its own namespaces. */
    const struct plm_process *engine = k->daemon->process;
    if (engine && engine->has_details && engine->ns[ns] == own)
        return 1;
    return host ? own == host : -1;
}

bool plm_container_is_host_net(struct plm_checking *k)
{
    if (plm_has_truth(k)) {
        int shared = plm_process_shares_host_ns(k, k->container->init, PLM_NS_NET);
        if (shared >= 0)
            return shared;
    }
    return plm_namespace_declared(k, "NetworkMode").sharing == PLM_SHARE_HOST;
}

/* ---- processes ---------------------------------------------------------------------------- */

enum plm_seen plm_process_seen(const struct plm_process *p)
{
    if (p->sys == ESRCH || p->sys == ENOENT || p->state == 'Z')
        return PLM_SEEN_GONE;
    return p->has_details && p->has_status ? PLM_SEEN : PLM_SEEN_UNREADABLE;
}

bool plm_process_is_at_top(const struct plm_container *c, const struct plm_process *p)
{
    uint64_t top = c->init ? c->init->ns[PLM_NS_USER] : 0;
    return !top || !p->ns[PLM_NS_USER] || p->ns[PLM_NS_USER] == top;
}

plm_sv plm_process_where(const struct plm_checking *k, const struct plm_process *p, const char *file)
{
    return plm_arena_printf(k->arena, "/proc/%d/%s (%.*s)", p->pid, file, PLM_SV_ARG(p->comm));
}

plm_sv plm_base_name(plm_sv path)
{
    size_t slash = plm_sv_rfind(path, '/');
    return slash == SIZE_MAX ? path : plm_sv_from_off(path, slash + 1);
}

plm_sv plm_process_program(const struct plm_process *p)
{
    return p->exe.n ? plm_base_name(p->exe) : p->comm;
}

/* ---- users --------------------------------------------------------------------------------- */

bool plm_is_root_user(plm_sv user)
{
    plm_sv name, group;
    uint64_t uid;
    (void)plm_sv_cut(user, ':', &name, &group);
    if (name.n > 1 && (name.p[0] == '+' || name.p[0] == '-')) /* the engine reads numbers with a sign */
        name = plm_sv_from_off(name, 1);
    return !name.n || plm_sv_is(name, "root") || (plm_sv_u64(name, &uid) && uid == 0);
}

bool plm_root_of_map(const struct plm_process *init, uint32_t *out)
{
    plm_sv rest = init->uid_map, line;
    *out = 0;
    while (plm_sv_line(&rest, &line)) {
        plm_sv inside, outside;
        uint64_t in, host;
        if (plm_sv_word(&line, &inside) && plm_sv_word(&line, &outside) && plm_sv_u64(inside, &in) &&
            plm_sv_u64(outside, &host) && in == 0 && host <= UINT32_MAX) {
            *out = (uint32_t)host;
            return true;
        }
    }
    return !init->uid_map.p; /* no map readable: as on a host without remapping */
}

void plm_say_container_user(struct plm_checking *k, const struct plm_container *c)
{
    uint32_t root;
    plm_sv user = plm_json_str(c->config, "User", NULL);
    bool runs_here = c->is_running && !c->daemon->is_remote;
    if (!c->config || (runs_here && c->truth_failure.p)) {
        plm_say_on(k, c->object, PLM_OUT_UNKNOWN, "%.*s",
                   PLM_SV_ARG(c->config ? c->truth_failure : c->inspect.failure));
        return;
    }
    bool is_mapped = runs_here && plm_process_is_identity_mapped(c->init) == 0;
    if (is_mapped)
        plm_weigh(k, c->object, PLM_SEV_LOW);
    plm_say_on(k, c->object, plm_is_root_user(user) ? PLM_OUT_FAIL : PLM_OUT_PASS, "Config.User: \"%.*s\"",
               PLM_SV_ARG(user));
    if (!runs_here || !plm_root_of_map(c->init, &root))
        return;
    size_t found = 0;
    for (size_t i = 0; i < c->processes.n; i++) {
        const struct plm_process *p = c->processes.v[i];
        enum plm_seen seen = plm_process_seen(p);
        if (seen == PLM_SEEN_UNREADABLE)
            plm_say_on(k, c->object, PLM_OUT_UNKNOWN, "/proc/%d/status: unreadable", p->pid);
        if (seen == PLM_SEEN && p->uid[1] == root && found++ < PLM_SAID_MAX)
            plm_say_on(k, c->object, PLM_OUT_FAIL, "%.*s: Uid %u%s",
                       PLM_SV_ARG(plm_process_where(k, p, "status")), p->uid[1], is_mapped ? ", mapped" : "");
    }
    if (!found)
        plm_say_on(k, c->object, PLM_OUT_PASS, "/proc/PID/status: no root among %zu processes",
                   c->processes.n);
}

/* ---- capabilities ------------------------------------------------------------------------- */

uint64_t plm_caps_known(const struct plm_checking *k)
{
    unsigned last = k->facts->kernel ? plm_kernel_cap_last(k->facts->kernel) : 40;
    return last >= 63 ? UINT64_MAX : PLM_CAP_BIT(last + 1) - 1;
}

static uint64_t caps_of_list(const struct plm_checking *k, const char *key, bool *out_all,
                             plm_sv *out_unknown)
{
    unsigned last = k->facts->kernel ? plm_kernel_cap_last(k->facts->kernel) : 40;
    uint64_t set = 0;
    size_t i, n;
    yyjson_val *v;
    yyjson_arr_foreach(yyjson_obj_get(k->container->host_config, key), i, n, v)
    {
        plm_sv name = plm_json_sv(v);
        if (plm_sv_ieq(name, PLM_SV("ALL")) || plm_sv_ieq(name, PLM_SV("CAP_ALL"))) {
            *out_all = true;
            continue;
        }
        uint64_t bit = plm_cap_parse(name, last);
        if (!bit)
            *out_unknown = name;
        set |= bit;
    }
    return set;
}

uint64_t plm_caps_declared(const struct plm_checking *k, plm_sv *out_unknown)
{
    bool adds_all = false, drops_all = false;
    plm_sv ignored = PLM_SV_NULL;
    *out_unknown = PLM_SV_NULL;
    if (plm_container_is_privileged(k->container))
        return plm_caps_known(k);
    uint64_t add = caps_of_list(k, "CapAdd", &adds_all, out_unknown);
    uint64_t drop = caps_of_list(k, "CapDrop", &drops_all, &ignored);
    if (adds_all)
        return plm_caps_known(k) & ~drop;
    if (drops_all)
        return add;
    return (PLM_CAP_DOCKER_DEFAULT & ~drop) | add;
}

uint64_t plm_caps_of(const struct plm_process *p)
{
    return p->cap_bnd | p->cap_eff | p->cap_prm | p->cap_inh | p->cap_amb;
}

uint64_t plm_caps_in_force(const struct plm_checking *k, uint64_t wanted, const struct plm_process **out_who,
                           size_t *out_unreadable)
{
    uint64_t all = 0;
    *out_who = NULL;
    *out_unreadable = 0;
    for (size_t i = 0; i < k->container->processes.n; i++) {
        const struct plm_process *p = k->container->processes.v[i];
        enum plm_seen seen = plm_process_seen(p);
        *out_unreadable += seen == PLM_SEEN_UNREADABLE;
        if (seen != PLM_SEEN || !plm_process_is_at_top(k->container, p))
            continue;
        all |= plm_caps_of(p);
        if (!*out_who && (plm_caps_of(p) & wanted))
            *out_who = p;
    }
    return all;
}

uint64_t plm_caps_full(const struct plm_checking *k)
{
    const struct plm_process *engine = k->daemon->process;
    uint64_t known = plm_caps_known(k);
    return engine && engine->has_status && engine->cap_bnd ? known & engine->cap_bnd : known;
}

/* ---- sockets ------------------------------------------------------------------------------ */

/* Host network: the host's sockets that a process of the container holds. */
static bool host_net_listeners(struct plm_checking *k, plm_socket_vec *out, plm_sv *out_failure)
{
    const struct plm_container *c = k->container;
    plm_process_vec own = {0};
    plm_socket_vec all = {0};
    size_t denied = 0;
    plm_auto(plm_err_free) plm_err *err = NULL;
    for (size_t i = 0; i < c->processes.n; i++) {
        struct plm_process *p = plm_vec_push(k->arena, &own);
        if (p)
            *p = *c->processes.v[i];
    }
    if (plm_kernel_sockets(k->facts->kernel, c->init->pid, k->arena, &all, &err) < 0 ||
        plm_kernel_socket_owners(k->facts->kernel, &own, &all, &denied, &err) < 0) {
        plm_auto_free char *text = plm_err_text(err);
        *out_failure = plm_arena_sv(k->arena, plm_sv_from(text ? text : "out of memory"));
        return false;
    }
    if (denied) {
        *out_failure = plm_arena_printf(k->arena, "descriptors of %zu processes cannot be read", denied);
        return false;
    }
    for (size_t i = 0; i < all.n; i++) {
        struct plm_socket *s = all.v[i].pid ? plm_vec_push(k->arena, out) : NULL;
        if (s)
            *s = all.v[i];
    }
    return true;
}

bool plm_container_listeners(struct plm_checking *k, plm_socket_vec *out, plm_sv *out_failure)
{
    const struct plm_container *c = k->container;
    *out_failure = PLM_SV_NULL;
    *out = (plm_socket_vec){0};
    if (plm_process_shares_host_ns(k, c->init, PLM_NS_NET) == 1)
        return host_net_listeners(k, out, out_failure);
    *out_failure = c->sockets_failure;
    *out = c->sockets;
    return !c->sockets_failure.p;
}
