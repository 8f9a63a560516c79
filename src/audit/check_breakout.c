/* SPDX-License-Identifier: Apache-2.0
 *
 * Settings that breakouts are made of, beyond the benchmark: single capabilities (R1 to R3), unmasked kernel
 * files (R4), runtimes (R9), sysctls (R11), groups (R12), engines inside containers and their equals (R22).
 *
 * A privileged container has one cause for all of them and is judged by 5.5 alone. Capabilities are judged as
 * declared and as in force in any process of the container.
 */
#include "audit/container_int.h"

#include <fcntl.h>
#include <sys/stat.h>

/* ---- R1, R2, R3 --------------------------------------------------------------------------- */

enum {
    CAP_DAC_READ_SEARCH_ = 2,
    CAP_LINUX_IMMUTABLE_ = 9,
    CAP_NET_ADMIN_ = 12,
    CAP_IPC_LOCK_ = 14,
    CAP_SYS_MODULE_ = 16,
    CAP_SYS_RAWIO_ = 17,
    CAP_SYS_PTRACE_ = 19,
    CAP_SYS_ADMIN_ = 21,
    CAP_SYS_BOOT_ = 22,
    CAP_SYS_NICE_ = 23,
    CAP_SYS_RESOURCE_ = 24,
    CAP_SYS_TIME_ = 25,
    CAP_AUDIT_CONTROL_ = 30,
    CAP_MAC_OVERRIDE_ = 32,
    CAP_MAC_ADMIN_ = 33,
    CAP_SYSLOG_ = 34,
    CAP_WAKE_ALARM_ = 35,
    CAP_PERFMON_ = 38,
    CAP_BPF_ = 39,
    CAP_CHECKPOINT_RESTORE_ = 40,
};

#define R1_SET PLM_CAP_BIT(CAP_SYS_ADMIN_)
#define R2_SET                                                                                               \
    (PLM_CAP_BIT(CAP_SYS_MODULE_) | PLM_CAP_BIT(CAP_SYS_RAWIO_) | PLM_CAP_BIT(CAP_SYS_BOOT_) |               \
     PLM_CAP_BIT(CAP_MAC_ADMIN_) | PLM_CAP_BIT(CAP_MAC_OVERRIDE_))

/* What of a set a container has, as declared and in force. True: the kernel's side is known. */
static bool held_of(struct plm_checking *k, uint64_t set, uint64_t *out_declared, uint64_t *out_actual,
                    const struct plm_process **out_who)
{
    plm_sv unknown;
    size_t unreadable = 0;
    *out_declared = plm_caps_declared(k, &unknown) & set;
    *out_actual = 0;
    *out_who = NULL;
    if (plm_truth_is_missing(k) || !plm_has_truth(k))
        return false;
    *out_actual = plm_caps_in_force(k, set, out_who, &unreadable) & set;
    if (unreadable)
        plm_say(k, PLM_OUT_UNKNOWN, "/proc/PID/status: unreadable for %zu processes", unreadable);
    return true;
}

static void judge_set(struct plm_checking *k, uint64_t set)
{
    uint64_t declared, actual;
    const struct plm_process *who;
    if (plm_inspect_is_missing(k) || plm_is_privileged_na(k))
        return;
    bool has_truth = held_of(k, set, &declared, &actual, &who);
    plm_say(k, declared ? PLM_OUT_FAIL : PLM_OUT_PASS, "HostConfig.CapAdd: %.*s of these",
            PLM_SV_ARG(plm_cap_names(k->arena, declared)));
    if (!has_truth)
        return;
    if (who)
        plm_say(k, PLM_OUT_FAIL, "%.*s: %.*s", PLM_SV_ARG(plm_process_where(k, who, "status")),
                PLM_SV_ARG(plm_cap_names(k->arena, plm_caps_of(who) & set)));
    else
        plm_say(k, PLM_OUT_PASS, "/proc/PID/status: in no set of any of %zu processes",
                k->container->processes.n);
    if (actual & ~declared)
        plm_drift(k, "%.*s in force, not declared", PLM_SV_ARG(plm_cap_names(k->arena, actual & ~declared)));
}

static void check_sys_admin(struct plm_checking *k)
{
    judge_set(k, R1_SET);
}

static void check_kernel_caps(struct plm_checking *k)
{
    judge_set(k, R2_SET);
}

static const struct {
    uint8_t bit;
    uint8_t severity, with_host_ns; /* the second: with host processes or host network */
} graded[] = {
    {CAP_DAC_READ_SEARCH_, PLM_SEV_HIGH, PLM_SEV_HIGH},
    {CAP_NET_ADMIN_, PLM_SEV_MEDIUM, PLM_SEV_HIGH},
    {CAP_SYS_PTRACE_, PLM_SEV_MEDIUM, PLM_SEV_CRITICAL},
    {CAP_BPF_, PLM_SEV_HIGH, PLM_SEV_HIGH},
    {CAP_PERFMON_, PLM_SEV_MEDIUM, PLM_SEV_MEDIUM},
    {CAP_SYS_TIME_, PLM_SEV_MEDIUM, PLM_SEV_MEDIUM},
    {CAP_AUDIT_CONTROL_, PLM_SEV_MEDIUM, PLM_SEV_MEDIUM},
    {CAP_SYS_RESOURCE_, PLM_SEV_MEDIUM, PLM_SEV_MEDIUM},
    {CAP_CHECKPOINT_RESTORE_, PLM_SEV_MEDIUM, PLM_SEV_MEDIUM},
};

/* In the host's process (or network) namespace, as declared or in force. */
static bool is_with_host(struct plm_checking *k, const char *key, enum plm_ns ns)
{
    return plm_namespace_declared(k, key).sharing == PLM_SHARE_HOST ||
           (plm_has_truth(k) && plm_process_shares_host_ns(k, k->container->init, ns) == 1);
}

static enum plm_severity grade_of(struct plm_checking *k, unsigned bit)
{
    for (size_t i = 0; i < sizeof(graded) / sizeof(graded[0]); i++) {
        if (graded[i].bit != bit)
            continue;
        bool is_worse = bit == CAP_NET_ADMIN_    ? is_with_host(k, "NetworkMode", PLM_NS_NET)
                        : bit == CAP_SYS_PTRACE_ ? is_with_host(k, "PidMode", PLM_NS_PID)
                                                 : false;
        return (enum plm_severity)(is_worse ? graded[i].with_host_ns : graded[i].severity);
    }
    return PLM_SEV_LOW;
}

static void check_other_caps(struct plm_checking *k)
{
    uint64_t declared, actual;
    const struct plm_process *who;
    if (plm_inspect_is_missing(k) || plm_is_privileged_na(k))
        return;
    uint64_t set = plm_caps_known(k) & ~(PLM_CAP_DOCKER_DEFAULT | R1_SET | R2_SET);
    const plm_sv_vec *allowed = &k->facts->opt->expect.allowed_capabilities;
    for (size_t i = 0; i < allowed->n; i++)
        set &= ~plm_cap_parse(allowed->v[i], 63);
    bool has_truth = held_of(k, set, &declared, &actual, &who);
    for (unsigned bit = 0; bit < 64; bit++) {
        if (!((declared | actual) & PLM_CAP_BIT(bit)))
            continue;
        bool is_declared = declared & PLM_CAP_BIT(bit);
        plm_weigh(k, PLM_SV_NULL, grade_of(k, bit));
        plm_say(k, PLM_OUT_FAIL, "%s: %s (%s)", is_declared ? "HostConfig.CapAdd" : "/proc/PID/status",
                plm_cap_name(bit), plm_severity_name(grade_of(k, bit)));
    }
    plm_say(k, PLM_OUT_PASS, "HostConfig.CapAdd%s: read", has_truth ? ", /proc/PID/status" : "");
    if (actual & ~declared)
        plm_drift(k, "%.*s in force, not declared", PLM_SV_ARG(plm_cap_names(k->arena, actual & ~declared)));
}

/* ---- R4 ----------------------------------------------------------------------------------- */

/* What every release of the engine masks or makes read-only. */
static const char *const masked[] = {"/proc/kcore", "/proc/keys", "/proc/timer_list",
                                     "/proc/acpi",  "/proc/scsi", "/sys/firmware"},
                         *const read_only[] = {"/proc/sys", "/proc/sysrq-trigger", "/proc/bus", "/proc/fs",
                                               "/proc/irq"};

static bool has_string(yyjson_val *list, const char *s)
{
    size_t i, n;
    yyjson_val *v;
    yyjson_arr_foreach(list, i, n, v) if (yyjson_equals_str(v, s)) return true;
    return false;
}

static size_t judge_list(struct plm_checking *k, const char *key, const char *const *want, size_t n_want)
{
    yyjson_val *list = yyjson_obj_get(k->container->host_config, key);
    size_t missing = 0;
    if (!yyjson_is_arr(list)) {
        if (!plm_has_truth(k))
            plm_say(k, PLM_OUT_UNKNOWN, "HostConfig.%s: not in the engine's answer", key);
        return 0;
    }
    for (size_t i = 0; i < n_want; i++)
        if (!has_string(list, want[i]) && missing++ == 0)
            plm_say(k, PLM_OUT_FAIL, "HostConfig.%s: %zu entries, without %s", key, yyjson_arr_size(list),
                    want[i]);
    if (!missing)
        plm_say(k, PLM_OUT_PASS, "HostConfig.%s: %zu entries", key, yyjson_arr_size(list));
    return missing;
}

static bool exists_on_host(const struct plm_checking *k, const char *path)
{
    struct stat st;
    return !k->facts->kernel ||
           fstatat(plm_kernel_root(k->facts->kernel), path + 1, &st, AT_SYMLINK_NOFOLLOW) == 0;
}

/* A mount of its own on the path, or read-only as the one it lies on. */
static bool is_covered(const plm_mount_vec *mounts, const char *path, bool must_be_masked)
{
    const struct plm_mount *m = plm_mount_of(mounts, plm_sv_from(path));
    if (!m)
        return true; /* no /proc there at all */
    bool is_own = plm_sv_is(m->point, path);
    if (must_be_masked)
        return is_own && !(plm_sv_is(m->type, "proc") || plm_sv_is(m->type, "sysfs"));
    return m->is_read_only || (is_own && !plm_sv_is(m->type, "proc"));
}

static size_t judge_masks(struct plm_checking *k)
{
    const struct plm_container *c = k->container;
    size_t open = 0;
    for (size_t i = 0; i < sizeof(masked) / sizeof(masked[0]); i++)
        if (exists_on_host(k, masked[i]) && !is_covered(&c->mounts, masked[i], true) && open++ < PLM_SAID_MAX)
            plm_say(k, PLM_OUT_FAIL, "/proc/%d/mountinfo: nothing masks %s", c->init->pid, masked[i]);
    for (size_t i = 0; i < sizeof(read_only) / sizeof(read_only[0]); i++)
        if (exists_on_host(k, read_only[i]) && !is_covered(&c->mounts, read_only[i], false) &&
            open++ < PLM_SAID_MAX)
            plm_say(k, PLM_OUT_FAIL, "/proc/%d/mountinfo: %s is writable", c->init->pid, read_only[i]);
    return open;
}

static void check_masks(struct plm_checking *k)
{
    if (plm_inspect_is_missing(k) || plm_is_privileged_na(k))
        return;
    const struct plm_container *c = k->container;
    bool has_truth = !plm_truth_is_missing(k) && plm_has_truth(k);
    size_t declared = judge_list(k, "MaskedPaths", masked, sizeof(masked) / sizeof(masked[0])) +
                      judge_list(k, "ReadonlyPaths", read_only, sizeof(read_only) / sizeof(read_only[0]));
    if (!has_truth)
        return;
    if (c->mounts_failure.p) {
        plm_say(k, PLM_OUT_UNKNOWN, "/proc/%d/mountinfo: %.*s", c->init->pid, PLM_SV_ARG(c->mounts_failure));
        return;
    }
    size_t open = judge_masks(k);
    if (!open)
        plm_say(k, PLM_OUT_PASS, "/proc/%d/mountinfo: kernel files are masked and read-only", c->init->pid);
    else if (!declared)
        plm_drift(k, "%zu kernel files are open that are declared masked or read-only", open);
}

/* ---- R9 ----------------------------------------------------------------------------------- */

static bool is_runtime_allowed(const struct plm_checking *k, plm_sv name)
{
    static const char *const usual[] = {"runc", "io.containerd.runc.v2"};
    const plm_sv_vec *more = &k->facts->opt->expect.allowed_runtimes;
    for (size_t i = 0; i < sizeof(usual) / sizeof(usual[0]); i++)
        if (plm_sv_is(name, usual[i]))
            return true;
    for (size_t i = 0; i < more->n; i++)
        if (plm_sv_glob(more->v[i], name))
            return true;
    return plm_sv_is(k->daemon->product, "podman") && (plm_sv_is(name, "oci") || plm_sv_is(name, "crun"));
}

/* The program behind a name, where the engine's list says that it is none of its own. */
static plm_sv foreign_path(const struct plm_checking *k, plm_sv name)
{
    yyjson_val *runtimes = yyjson_obj_get(k->daemon->info.root, "Runtimes");
    yyjson_val *row = name.p ? yyjson_obj_getn(runtimes, name.p, name.n) : NULL;
    plm_sv path = plm_json_str(row, "path", NULL);
    return plm_sv_is(path, "runc") || plm_sv_is(path, "/usr/bin/runc") || plm_sv_is(path, "/usr/sbin/runc")
               ? PLM_SV_NULL
               : path;
}

static void check_runtime(struct plm_checking *k)
{
    if (plm_inspect_is_missing(k))
        return;
    plm_sv name = plm_host_config_str(k, "Runtime"), isolation = plm_host_config_str(k, "Isolation");
    if (!name.n)
        name = plm_json_str(k->daemon->info.root, "DefaultRuntime", NULL);
    plm_sv path = foreign_path(k, name);
    bool is_allowed = is_runtime_allowed(k, name);
    bool is_usual_name = plm_sv_is(name, "runc") || plm_sv_is(name, "io.containerd.runc.v2");
    plm_say(k,
            !name.n      ? PLM_OUT_UNKNOWN
            : is_allowed ? PLM_OUT_PASS
                         : PLM_OUT_FAIL,
            "HostConfig.Runtime: %.*s%s%.*s", PLM_SV_ARG(name), path.n ? ", which runs " : "",
            PLM_SV_ARG(path));
    if (is_usual_name && path.n)
        plm_say(k, PLM_OUT_MANUAL, "/info Runtimes: %.*s is %.*s", PLM_SV_ARG(name), PLM_SV_ARG(path));
    if (isolation.n && !plm_sv_is(isolation, "default"))
        plm_say(k, PLM_OUT_MANUAL, "HostConfig.Isolation: %.*s", PLM_SV_ARG(isolation));
    size_t i, n;
    yyjson_val *key, *v;
    PLM_OBJ_FOREACH(yyjson_obj_get(k->container->host_config, "Annotations"), i, n, key, v)
    {
        bool is_podman = plm_sv_starts(plm_json_sv(key), PLM_SV("io.podman.")) ||
                         plm_sv_starts(plm_json_sv(key), PLM_SV("io.container."));
        plm_say(k, is_podman ? PLM_OUT_PASS : PLM_OUT_MANUAL,
                "HostConfig.Annotations: %.*s, passed to the runtime", PLM_SV_ARG(plm_json_sv(key)));
    }
}

/* ---- R11 ---------------------------------------------------------------------------------- */

static bool is_risky_sysctl(plm_sv name, plm_sv value)
{
    if (plm_sv_starts(name, PLM_SV("kernel.")))
        return true;
    if (plm_sv_is(value, "0"))
        return false;
    return plm_sv_is(name, "net.ipv4.ip_forward") || plm_sv_ends(name, PLM_SV(".forwarding")) ||
           plm_sv_ends(name, PLM_SV(".route_localnet")) || plm_sv_ends(name, PLM_SV(".accept_redirects")) ||
           plm_sv_ends(name, PLM_SV(".accept_source_route")) || plm_sv_ends(name, PLM_SV(".proxy_arp")) ||
           plm_sv_ends(name, PLM_SV(".send_redirects"));
}

static void check_sysctls(struct plm_checking *k)
{
    if (plm_inspect_is_missing(k))
        return;
    yyjson_val *list = yyjson_obj_get(k->container->host_config, "Sysctls"), *key, *v;
    size_t i, n;
    PLM_OBJ_FOREACH(list, i, n, key, v)
    {
        plm_sv name = plm_json_sv(key), value = plm_json_sv(v);
        plm_say(k, is_risky_sysctl(name, value) ? PLM_OUT_FAIL : PLM_OUT_PASS,
                "HostConfig.Sysctls: %.*s=%.*s", PLM_SV_ARG(name), PLM_SV_ARG(value));
    }
    if (!yyjson_obj_size(list))
        plm_say(k, PLM_OUT_PASS, "HostConfig.Sysctls: none");
}

/* ---- R12 ---------------------------------------------------------------------------------- */

/* Groups that open files of the host to their members. */
static bool is_powerful_group(plm_sv name)
{
    static const char *const names[] = {"docker",  "disk",   "root", "shadow", "kmem",
                                        "sudo",    "wheel",  "lxd",  "incus",  "kvm",
                                        "libvirt", "podman", "adm",  "tape",   "systemd-journal"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (plm_sv_is(name, names[i]))
            return true;
    return false;
}

static plm_sv group_name(const struct plm_checking *k, uint32_t gid)
{
    const struct plm_group *g = plm_group_by_gid(k->facts, gid);
    return g ? g->name : gid == 0 ? PLM_SV("root") : PLM_SV_NULL;
}

static size_t declared_groups(struct plm_checking *k)
{
    size_t i, n, found = 0;
    yyjson_val *v;
    yyjson_arr_foreach(yyjson_obj_get(k->container->host_config, "GroupAdd"), i, n, v)
    {
        uint64_t gid;
        plm_sv text = plm_json_sv(v);
        bool is_number = plm_sv_u64(text, &gid) && gid <= UINT32_MAX;
        plm_sv name = is_number ? group_name(k, (uint32_t)gid) : text;
        bool is_bad = name.n && is_powerful_group(name);
        found += is_bad;
        plm_say(k, is_bad ? PLM_OUT_FAIL : PLM_OUT_PASS, "HostConfig.GroupAdd: %.*s%s%.*s%s",
                PLM_SV_ARG(text), is_number ? " (" : "",
                PLM_SV_ARG(is_number ? (name.n ? name : PLM_SV("no group of the host")) : PLM_SV("")),
                is_number ? ")" : "");
    }
    if (!n)
        plm_say(k, PLM_OUT_PASS, "HostConfig.GroupAdd: none");
    return found;
}

/* Root has the files anyway, and images give root whole lists of groups: only other users count. */
static size_t actual_groups(struct plm_checking *k)
{
    size_t found = 0;
    for (size_t i = 0; i < k->container->processes.n; i++) {
        const struct plm_process *p = k->container->processes.v[i];
        if (plm_process_seen(p) != PLM_SEEN || p->uid[1] == 0)
            continue;
        for (size_t j = 0; j < p->groups.n; j++) {
            plm_sv name = group_name(k, p->groups.v[j]);
            if (!name.n || !is_powerful_group(name) || p->groups.v[j] == 0)
                continue;
            if (found++ < PLM_SAID_MAX)
                plm_say(k, PLM_OUT_FAIL, "%.*s: Groups: %u (%.*s on the host)",
                        PLM_SV_ARG(plm_process_where(k, p, "status")), p->groups.v[j], PLM_SV_ARG(name));
        }
    }
    return found;
}

static void check_groups(struct plm_checking *k)
{
    if (plm_inspect_is_missing(k))
        return;
    if (!k->daemon->is_remote)
        plm_collect_accounts(k->facts);
    size_t declared = declared_groups(k);
    size_t asked = yyjson_arr_size(yyjson_obj_get(k->container->host_config, "GroupAdd"));
    if (k->facts->accounts.failure.p && asked && !k->daemon->is_remote)
        plm_say(k, PLM_OUT_UNKNOWN, "/etc/group: %.*s", PLM_SV_ARG(k->facts->accounts.failure));
    if (plm_truth_is_missing(k) || !plm_has_truth(k))
        return;
    size_t actual = actual_groups(k);
    if (!actual)
        plm_say(k, PLM_OUT_PASS, "/proc/PID/status: no such group in %zu processes",
                k->container->processes.n);
    else if (!declared && !asked)
        plm_say(k, PLM_OUT_FAIL, "the image's own /etc/group gives it, not HostConfig.GroupAdd");
}

/* ---- R22 ---------------------------------------------------------------------------------- */

static bool is_engine_program(plm_sv name)
{
    static const char *const names[] = {"dockerd", "containerd", "buildkitd", "podman",
                                        "kubelet", "k3s",        "crio",      "rke2"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (plm_sv_is(name, names[i]))
            return true;
    return false;
}

static bool is_engine_image(plm_sv image)
{
    plm_sv name, tag = PLM_SV_NULL, last = plm_base_name(image);
    (void)plm_sv_cut(last, ':', &name, &tag);
    return (plm_sv_is(name, "docker") && plm_sv_has(tag, PLM_SV("dind"))) || plm_sv_is(name, "dind") ||
           plm_sv_is(name, "k3s") || plm_sv_is(name, "kindest-node");
}

static void check_equivalents(struct plm_checking *k)
{
    if (plm_inspect_is_missing(k))
        return;
    const struct plm_container *c = k->container;
    plm_sv path = plm_json_str(c->inspect.root, "Path", NULL);
    if (is_engine_program(plm_base_name(path)) || is_engine_image(c->image))
        plm_say(k, PLM_OUT_FAIL, "Path: %.*s, Config.Image: %.*s: an engine in a container", PLM_SV_ARG(path),
                PLM_SV_ARG(c->image));
    plm_say(k, PLM_OUT_PASS, "Path, Config.Image, HostConfig.CapAdd: read");
    bool has_truth = !plm_truth_is_missing(k) && plm_has_truth(k);
    if (!plm_container_is_privileged(c)) {
        uint64_t declared, actual = 0;
        const struct plm_process *who = NULL;
        plm_sv unknown;
        size_t unreadable;
        declared = plm_caps_declared(k, &unknown) & PLM_CAP_BIT(CAP_NET_ADMIN_);
        if (has_truth)
            actual = plm_caps_in_force(k, PLM_CAP_BIT(CAP_NET_ADMIN_), &who, &unreadable) &
                     PLM_CAP_BIT(CAP_NET_ADMIN_);
        if ((declared || actual) && is_with_host(k, "NetworkMode", PLM_NS_NET))
            plm_say(k, PLM_OUT_FAIL,
                    "NET_ADMIN in the host's network: it rules the host's addresses and packet filter");
    }
    for (size_t i = 0; has_truth && i < c->processes.n; i++) {
        const struct plm_process *p = c->processes.v[i];
        if (plm_process_seen(p) != PLM_SEEN_GONE && is_engine_program(plm_process_program(p)))
            plm_say(k, PLM_OUT_FAIL, "%.*s: %.*s, an engine in a container",
                    PLM_SV_ARG(plm_process_where(k, p, "exe")), PLM_SV_ARG(p->exe.n ? p->exe : p->comm));
    }
}

#define PER_CONTAINER                                                                                        \
    .stage = PLM_STAGE_CONTAINERS, .subject = PLM_PER_CONTAINER, .impact = PLM_IMPACT_MAY_BREAK

static const struct plm_check checks[] = {
    {.id = "R1",
     .title = "no container has CAP_SYS_ADMIN",
     .reads = "HostConfig.CapAdd; bit 21 of every capability set of every process",
     .rationale = "The capability allows mounting, cgroup and namespace tricks and loading programs into the "
                  "kernel: it "
                  "is root on the host by another name.",
     .fix = "Start it without `--cap-add SYS_ADMIN` (compose: `cap_add: [SYS_ADMIN]`).",
     .severity = PLM_SEV_CRITICAL,
     PER_CONTAINER,
     .run = check_sys_admin},
    {.id = "R2",
     .title = "no container has a capability over the kernel itself",
     .reads = "HostConfig.CapAdd; SYS_MODULE, SYS_RAWIO, SYS_BOOT, MAC_ADMIN, MAC_OVERRIDE in every process",
     .rationale = "Loading modules, raw memory and port access, rebooting and switching off the LSM take the "
                  "host in one "
                  "step.",
     .fix = "Start it without `--cap-add SYS_MODULE` and the like (compose: `cap_add:`).",
     .severity = PLM_SEV_CRITICAL,
     PER_CONTAINER,
     .run = check_kernel_caps},
    {.id = "R3",
     .title = "no container has another capability that breakouts use",
     .reads = "HostConfig.CapAdd; capabilities beyond the default set of every process, graded one by one",
     .rationale =
         "DAC_READ_SEARCH opens files of the host by handle, SYS_PTRACE with the host's processes takes them "
         "over, BPF and NET_ADMIN reach the kernel and the network.",
     .fix = "Start it without that `--cap-add` (compose: `cap_add:`).",
     .severity = PLM_SEV_MEDIUM,
     PER_CONTAINER,
     .run = check_other_caps},
    {.id = "R4",
     .title = "kernel files are masked and read-only in containers",
     .reads = "HostConfig.MaskedPaths, ReadonlyPaths; mounts below /proc and /sys of /proc/PID/mountinfo",
     .rationale =
         "The masks hide kernel memory and keys, and keep kernel settings of the whole host read-only.",
     .fix = "Start it without `--security-opt systempaths=unconfined` (compose: `security_opt: "
            "[systempaths=unconfined]`).",
     .severity = PLM_SEV_HIGH,
     PER_CONTAINER,
     .run = check_masks},
    {.id = "R9",
     .title = "containers run with a known runtime",
     .reads = "HostConfig.Runtime, Isolation, Annotations; /info Runtimes",
     .rationale = "A runtime is a program that the engine starts as root for every container.",
     .fix = "Start it without `--runtime` (compose: `runtime:`); a runtime that is meant goes into "
            "`audit.allowed-runtimes`.",
     .severity = PLM_SEV_HIGH,
     PER_CONTAINER,
     .run = check_runtime},
    {.id = "R11",
     .title = "no risky kernel parameter is set for containers",
     .reads = "HostConfig.Sysctls",
     .rationale = "Forwarding and redirects make a container a router for its neighbours.",
     .fix = "Start it without that `--sysctl` (compose: `sysctls:`).",
     .severity = PLM_SEV_LOW,
     PER_CONTAINER,
     .run = check_sysctls},
    {.id = "R12",
     .title = "no container has a powerful group of the host",
     .reads = "HostConfig.GroupAdd by the host's /etc/group; Groups of every process that is not root",
     .rationale = "Group numbers are the host's: docker opens the engine's socket, disk the disks, shadow "
                  "the password "
                  "hashes, wherever such a file is mounted.",
     .fix = "Start it without `--group-add` (compose: `group_add:`), or run it with a number that the host "
            "gives to "
            "nobody.",
     .severity = PLM_SEV_HIGH,
     PER_CONTAINER,
     .run = check_groups},
    {.id = "R22",
     .title = "no container is the equal of a privileged one",
     .reads = "Path, Config.Image, exe of every process; NET_ADMIN together with the host's network",
     .rationale =
         "An engine inside a container needs nearly every right of the host; NET_ADMIN in the host's network "
         "rules the host's packet filter and addresses.",
     .fix = "Build and run with the host's engine behind a socket proxy, or with a rootless one; give "
            "NET_ADMIN only in "
            "a network of its own (`--network NAME`, compose: `networks:`).",
     .severity = PLM_SEV_HIGH,
     PER_CONTAINER,
     .run = check_equivalents},
};

static const struct plm_check_group breakout = {
    .id = "breakout",
    .summary = "settings of containers that breakouts are made of",
    .checks = checks,
    .n = sizeof(checks) / sizeof(checks[0]),
};
PLM_REGISTER(plm_check_groups, struct plm_check_group, breakout);
