/* SPDX-License-Identifier: Apache-2.0
 *
 * Namespaces of containers: shared with the host (CIS 5.10, 5.16, 5.17, 5.21, 5.31), with each other (R8),
 * and the cgroup namespace (R7).
 *
 * A mode `container:X` is followed to its end, so a container that joins one on the host's network is judged
 * as on the host's network. In force is what the namespace inodes say, of every process: one that was moved
 * into the host's namespace later counts as much as the first. Cost: processes times one comparison.
 */
#include "audit/container_int.h"

struct ns_row {
    enum plm_ns ns;
    const char *key;
};

/* How many processes are in the host's namespace, and the first of them; -1: none is known to be, but of some
 * (*out_who) it cannot be told. */
static int processes_in_host_ns(const struct plm_checking *k, enum plm_ns ns,
                                const struct plm_process **out_who)
{
    const struct plm_container *c = k->container;
    const struct plm_process *unknown = NULL;
    int shared = 0;
    for (size_t i = 0; i < c->processes.n; i++) {
        const struct plm_process *p = c->processes.v[i];
        if (plm_process_seen(p) == PLM_SEEN_GONE)
            continue;
        int is = plm_process_shares_host_ns(k, p, ns);
        if (is == 1 && !shared++)
            *out_who = p;
        if (is < 0 && !unknown)
            unknown = p;
    }
    if (!shared)
        *out_who = unknown;
    return shared ? shared : unknown ? -1 : 0;
}

static void judge_namespace(struct plm_checking *k, const struct ns_row *row)
{
    if (plm_inspect_is_missing(k))
        return;
    const struct plm_container *c = k->container;
    struct plm_ns_mode mode = plm_namespace_declared(k, row->key);
    bool has_truth = !plm_truth_is_missing(k) && plm_has_truth(k);
    enum plm_outcome declared = mode.sharing == PLM_SHARE_HOST                    ? PLM_OUT_FAIL
                                : mode.sharing == PLM_SHARE_UNKNOWN && !has_truth ? PLM_OUT_UNKNOWN
                                                                                  : PLM_OUT_PASS;
    plm_say(k, declared, "%.*s", PLM_SV_ARG(mode.said));
    if (!has_truth)
        return;
    const struct plm_process *who;
    int shared = processes_in_host_ns(k, row->ns, &who);
    const char *name = plm_ns_name(row->ns);
    if (shared < 0) {
        plm_say(k, PLM_OUT_UNKNOWN, "%.*s: the namespace, or the host's, cannot be read",
                PLM_SV_ARG(plm_process_where(k, who, plm_arena_printf(k->arena, "ns/%s", name).p)));
        return;
    }
    if (!shared) {
        plm_say(k, PLM_OUT_PASS, "/proc/%d/ns/%s: [%llu], not the host's", c->init->pid, name,
                (unsigned long long)c->init->ns[row->ns]);
        if (mode.sharing == PLM_SHARE_HOST)
            plm_drift(k, "%.*s, in force a %s namespace of its own", PLM_SV_ARG(mode.said), name);
        return;
    }
    plm_say(k, PLM_OUT_FAIL, "/proc/%d/ns/%s (%.*s): [%llu], the host's; %d of %zu processes", who->pid, name,
            PLM_SV_ARG(who->comm), (unsigned long long)who->ns[row->ns], shared, c->processes.n);
    if (mode.sharing != PLM_SHARE_HOST && mode.sharing != PLM_SHARE_UNKNOWN)
        plm_drift(k, "%.*s, in force the host's %s namespace (pid %d)", PLM_SV_ARG(mode.said), name,
                  who->pid);
}

static void check_net(struct plm_checking *k)
{
    static const struct ns_row row = {PLM_NS_NET, "NetworkMode"};
    judge_namespace(k, &row);
}

static void check_pid(struct plm_checking *k)
{
    static const struct ns_row row = {PLM_NS_PID, "PidMode"};
    judge_namespace(k, &row);
}

static void check_ipc(struct plm_checking *k)
{
    static const struct ns_row row = {PLM_NS_IPC, "IpcMode"};
    judge_namespace(k, &row);
}

static void check_uts(struct plm_checking *k)
{
    static const struct ns_row row = {PLM_NS_UTS, "UTSMode"};
    judge_namespace(k, &row);
}

/* ---- 5.31 --------------------------------------------------------------------------------- */

/* 1: the engine maps users, 0: it does not, -1: not known. */
static int engine_remaps(const struct plm_daemon *d, struct plm_arena *a, plm_sv *out_said)
{
    int userns = plm_daemon_has_security_option(d, "name=userns");
    int rootless = d->is_rootless ? 1 : plm_daemon_has_security_option(d, "name=rootless");
    const struct plm_setting *s = plm_daemon_setting(d, "userns-remap");
    if (s && s->value.n) {
        *out_said =
            plm_arena_printf(a, "userns-remap: %.*s (%.*s)", PLM_SV_ARG(s->value), PLM_SV_ARG(s->where));
        return 1;
    }
    *out_said = userns > 0 ? PLM_SV("/info SecurityOptions: name=userns")
                           : PLM_SV("/info SecurityOptions: name=rootless");
    if (userns > 0 || rootless > 0)
        return 1;
    *out_said = PLM_SV("the engine maps no users");
    return userns < 0 ? -1 : 0;
}

static void check_userns(struct plm_checking *k)
{
    if (plm_inspect_is_missing(k))
        return;
    plm_sv mode = plm_host_config_str(k, "UsernsMode"), said;
    int remaps = engine_remaps(k->daemon, k->arena, &said);
    if (plm_sv_is(mode, "host")) {
        plm_say(k, PLM_OUT_FAIL, "HostConfig.UsernsMode: host; %.*s", PLM_SV_ARG(said));
        return;
    }
    if (remaps < 0) {
        plm_say(k, PLM_OUT_UNKNOWN, "/info: %.*s", PLM_SV_ARG(k->daemon->info.failure));
        return;
    }
    if (!remaps) {
        plm_say(k, PLM_OUT_NA, "%.*s and this container asks for no exception: judged once, by 2.9",
                PLM_SV_ARG(said));
        return;
    }
    plm_say(k, PLM_OUT_PASS, "HostConfig.UsernsMode: %.*s; %.*s",
            PLM_SV_ARG(mode.n ? mode : PLM_SV("default")), PLM_SV_ARG(said));
    if (plm_truth_is_missing(k) || !plm_has_truth(k))
        return;
    for (size_t i = 0; i < k->container->processes.n; i++) {
        const struct plm_process *p = k->container->processes.v[i];
        if (plm_process_seen(p) == PLM_SEEN_GONE)
            continue;
        int identity = plm_process_is_identity_mapped(p);
        if (identity == 0 && (p == k->container->init))
            plm_say(k, PLM_OUT_PASS, "/proc/%d/uid_map: %.*s", p->pid, PLM_SV_ARG(plm_sv_trim(p->uid_map)));
        if (identity < 0)
            plm_say(k, PLM_OUT_UNKNOWN, "/proc/%d/uid_map: unreadable", p->pid);
        if (identity <= 0)
            continue;
        plm_say(k, PLM_OUT_FAIL, "/proc/%d/uid_map (%.*s): every user is the host's", p->pid,
                PLM_SV_ARG(p->comm));
        plm_drift(k, "%.*s, in force the host's users (pid %d)", PLM_SV_ARG(said), p->pid);
        return;
    }
}

/* ---- R7 ----------------------------------------------------------------------------------- */

static int cgroup_version_of(const struct plm_checking *k)
{
    if (k->container->cgroup.version && !k->container->truth_failure.p && k->container->is_running)
        return k->container->cgroup.version;
    plm_sv said = plm_json_str(k->daemon->info.root, "CgroupVersion", NULL);
    return plm_sv_is(said, "1") ? 1 : plm_sv_is(said, "2") ? 2 : 0;
}

static bool is_cgroup_fs(const struct plm_mount *m)
{
    return plm_sv_is(m->type, "cgroup") || plm_sv_is(m->type, "cgroup2");
}

/* Writable cgroup file systems; the delegated own subtree of a private namespace on v2 is none. */
static void judge_cgroup_mounts(struct plm_checking *k, bool is_private_v2)
{
    const struct plm_container *c = k->container;
    if (c->mounts_failure.p) {
        plm_say(k, PLM_OUT_UNKNOWN, "/proc/%d/mountinfo: %.*s", c->init->pid, PLM_SV_ARG(c->mounts_failure));
        return;
    }
    size_t said = 0;
    for (size_t i = 0; i < c->mounts.n; i++) {
        const struct plm_mount *m = &c->mounts.v[i];
        if (!is_cgroup_fs(m) || m->is_read_only || plm_mount_of(&c->mounts, m->point) != m)
            continue;
        bool is_delegated = is_private_v2 && plm_sv_is(m->type, "cgroup2") && plm_sv_is(m->root, "/");
        if (said++ < PLM_SAID_MAX)
            plm_say(k, is_delegated ? PLM_OUT_PASS : PLM_OUT_FAIL,
                    "/proc/%d/mountinfo: %.*s %.*s is writable%s", c->init->pid, PLM_SV_ARG(m->type),
                    PLM_SV_ARG(m->point), is_delegated ? ", the delegated own subtree" : "");
    }
    if (!said)
        plm_say(k, PLM_OUT_PASS, "/proc/%d/mountinfo: no writable cgroup file system", c->init->pid);
}

static void check_cgroup_ns(struct plm_checking *k)
{
    if (plm_inspect_is_missing(k) || plm_is_privileged_na(k))
        return;
    plm_sv mode = plm_host_config_str(k, "CgroupnsMode");
    int version = cgroup_version_of(k);
    bool is_private = false;
    bool has_truth = !plm_truth_is_missing(k) && plm_has_truth(k);
    if (version == 1)
        plm_say(k, PLM_OUT_NA, "cgroup v1, where sharing the host's cgroup namespace is the default");
    else if (plm_sv_is(mode, "host"))
        plm_say(k, version ? PLM_OUT_FAIL : PLM_OUT_UNKNOWN, "HostConfig.CgroupnsMode: host%s",
                version ? "" : "; the version of the cgroups is not known");
    else if (plm_sv_is(mode, "private"))
        plm_say(k, PLM_OUT_PASS, "HostConfig.CgroupnsMode: private");
    else
        plm_say(k, version == 2 ? PLM_OUT_PASS : PLM_OUT_UNKNOWN,
                "HostConfig.CgroupnsMode: %.*s, cgroup version %d",
                PLM_SV_ARG(mode.n ? mode : PLM_SV("default")), version);
    if (!has_truth)
        return;
    if (version == 2) {
        const struct plm_process *who;
        int shared = processes_in_host_ns(k, PLM_NS_CGROUP, &who);
        is_private = shared == 0;
        if (shared < 0)
            plm_say(k, PLM_OUT_UNKNOWN, "/proc/%d/ns/cgroup: cannot be compared with the host's", who->pid);
        else
            plm_say(k, shared ? PLM_OUT_FAIL : PLM_OUT_PASS, "/proc/%d/ns/cgroup: %s",
                    k->container->init->pid, shared ? "the host's" : "its own");
        if (shared > 0 && plm_sv_is(mode, "private"))
            plm_drift(k, "HostConfig.CgroupnsMode: private, in force the host's cgroup namespace (pid %d)",
                      who->pid);
    }
    judge_cgroup_mounts(k, is_private);
}

/* ---- R8 ----------------------------------------------------------------------------------- */

static plm_sv label_of(const struct plm_container *c, const char *key)
{
    return plm_json_str(c->config, "Labels", key, NULL);
}

/* Of one Compose project or one pod: made to share. */
static bool is_one_group(const struct plm_container *a, const struct plm_container *b)
{
    static const char *const keys[] = {"com.docker.compose.project", "io.kubernetes.pod.uid",
                                       "io.podman.pod.id"};
    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
        plm_sv x = label_of(a, keys[i]);
        if (x.n && plm_sv_eq(x, label_of(b, keys[i])))
            return true;
    }
    return false;
}

static void say_shared(struct plm_checking *k, const struct plm_container *with, const char *how)
{
    bool is_group = is_one_group(k->container, with);
    plm_weigh(k, PLM_SV_NULL, is_group ? PLM_SEV_LOW : PLM_SEV_MEDIUM);
    plm_say(k, PLM_OUT_FAIL, "%s: shared with %.*s%s", how, PLM_SV_ARG(with->object),
            is_group ? " (same project)" : "");
}

static void judge_shared_with(struct plm_checking *k, const struct plm_container *other)
{
    static const enum plm_ns kinds[] = {PLM_NS_PID, PLM_NS_NET, PLM_NS_IPC, PLM_NS_UTS, PLM_NS_MNT};
    const struct plm_container *c = k->container;
    if (other == c || !other->init || other->truth_failure.p || plm_sv_eq(other->id, c->id))
        return;
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        uint64_t own = c->init->ns[kinds[i]];
        if (!own || own != other->init->ns[kinds[i]] || plm_process_shares_host_ns(k, c->init, kinds[i]) == 1)
            continue;
        say_shared(k, other,
                   plm_arena_printf(k->arena, "/proc/%d/ns/%s: [%llu]", c->init->pid, plm_ns_name(kinds[i]),
                                    (unsigned long long)own)
                       .p);
    }
}

static void check_shared(struct plm_checking *k)
{
    static const char *const keys[] = {"PidMode", "NetworkMode", "IpcMode"};
    if (plm_inspect_is_missing(k))
        return;
    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
        struct plm_ns_mode mode = plm_namespace_declared(k, keys[i]);
        if (mode.sharing == PLM_SHARE_UNKNOWN)
            plm_say(k, PLM_OUT_UNKNOWN, "%.*s", PLM_SV_ARG(mode.said));
        else if (mode.with && mode.sharing == PLM_SHARE_CONTAINER)
            say_shared(k, mode.with, mode.said.p);
    }
    plm_say(k, PLM_OUT_PASS, "HostConfig.PidMode, NetworkMode, IpcMode: read");
    if (plm_truth_is_missing(k) || !plm_has_truth(k))
        return;
    for (size_t d = 0; d < k->facts->daemons.n; d++)
        for (size_t i = 0; i < k->facts->daemons.v[d].containers.n; i++)
            judge_shared_with(k, &k->facts->daemons.v[d].containers.v[i]);
    plm_say(k, PLM_OUT_PASS, "/proc/%d/ns: compared with every other container", k->container->init->pid);
}

#define PER_CONTAINER                                                                                        \
    .stage = PLM_STAGE_CONTAINERS, .subject = PLM_PER_CONTAINER, .impact = PLM_IMPACT_MAY_BREAK

static const struct plm_check checks[] = {
    {.id = "5.10",
     .title = "no container runs in the host's network",
     .reads = "HostConfig.NetworkMode (container: followed to its end), ns/net of every process",
     .rationale = "In the host's network a container sees all traffic and reaches every service that trusts "
                  "loopback or an abstract unix socket; published-port rules do not hold it back.",
     .fix =
         "Start it without `--network host` (compose: `network_mode: host`) and publish what is needed with "
         "`-p ADDRESS:PORT:PORT` (compose: `ports:`).",
     .severity = PLM_SEV_HIGH,
     .aliases = "check_5_10",
     .level = 1,
     PER_CONTAINER,
     .run = check_net},
    {.id = "5.16",
     .title = "no container runs in the host's process namespace",
     .reads = "HostConfig.PidMode (container: followed to its end), ns/pid of every process",
     .rationale =
         "A container that sees the host's processes can signal them, read their environment and, with one "
         "capability more, their memory.",
     .fix = "Start it without `--pid host` (compose: `pid: host`).",
     .severity = PLM_SEV_HIGH,
     .aliases = "check_5_16",
     .level = 1,
     PER_CONTAINER,
     .run = check_pid},
    {.id = "5.17",
     .title = "no container shares the host's shared memory and semaphores",
     .reads = "HostConfig.IpcMode (container: followed to its end), ns/ipc of every process",
     .rationale = "Shared memory segments of host programs can be read and changed from the container.",
     .fix = "Start it without `--ipc host` (compose: `ipc: host`); where two containers must share, "
            "`--ipc shareable` and `--ipc container:NAME`.",
     .severity = PLM_SEV_HIGH,
     .aliases = "check_5_17",
     .level = 1,
     PER_CONTAINER,
     .run = check_ipc},
    {.id = "5.21",
     .title = "no container shares the host's host name",
     .reads = "HostConfig.UTSMode, ns/uts of every process",
     .rationale = "With the host's UTS namespace and one capability a container renames the host.",
     .fix = "Start it without `--uts host` (compose: `uts: host`).",
     .severity = PLM_SEV_MEDIUM,
     .aliases = "check_5_21",
     .level = 1,
     PER_CONTAINER,
     .run = check_uts},
    {.id = "5.31",
     .title = "no container opts out of user namespace remapping",
     .reads = "HostConfig.UsernsMode, userns-remap of the engine, /proc/PID/uid_map of every process",
     .rationale =
         "Where the engine maps container users to unprivileged ones, an exception makes root in this "
         "container root on the host again. An engine that maps nobody is judged once, by 2.9.",
     .fix = "Start it without `--userns host` (compose: `userns_mode: host`).",
     .severity = PLM_SEV_MEDIUM,
     .aliases = "check_5_31",
     .level = 1,
     PER_CONTAINER,
     .run = check_userns},
    {.id = "R7",
     .title = "containers have a cgroup namespace and cgroup files of their own",
     .reads = "HostConfig.CgroupnsMode, ns/cgroup of every process, cgroup mounts of /proc/PID/mountinfo",
     .rationale =
         "A writable cgroup tree lets a container lift its own limits and, on v1, run a program on the "
         "host through release_agent.",
     .fix =
         "On cgroup v2 start it with `--cgroupns private` (compose: `cgroup: private`); mount no cgroup file "
         "system writable.",
     .severity = PLM_SEV_MEDIUM,
     PER_CONTAINER,
     .run = check_cgroup_ns},
    {.id = "R8",
     .title = "containers do not share namespaces with each other",
     .reads = "HostConfig.PidMode, NetworkMode, IpcMode, namespace inodes of all containers of all engines",
     .rationale =
         "A container that joins another's namespaces inherits the weaker one's trust: whoever takes one "
         "has the other's processes, loopback services or shared memory.",
     .fix = "Start it without `--pid`, `--network` or `--ipc` `container:NAME` (compose: `network_mode: "
            "service:NAME`); use a network of their own for the two (`docker network create`).",
     .severity = PLM_SEV_MEDIUM,
     PER_CONTAINER,
     .run = check_shared},
};

static const struct plm_check_group namespaces = {
    .id = "namespaces",
    .summary = "namespaces that containers share with the host or with each other",
    .checks = checks,
    .n = sizeof(checks) / sizeof(checks[0]),
};
PLM_REGISTER(plm_check_groups, struct plm_check_group, namespaces);
