/* SPDX-License-Identifier: Apache-2.0
 *
 * Settings of Compose services: privileges, namespaces, limits, profiles, restarts. Most faults are one key
 * with one value, a row of a table; the others are a function each. Ids and meaning are the audit's, which
 * judges the same of containers that run.
 */
#include "inspect/compose_int.h"

/* clang-format off */
static const struct plm_inspect_check checks[] = {
    {.id = "5.2", .group = "compose", .severity = PLM_SEV_HIGH, .title = "containers run under an AppArmor profile",
     .rationale = "The profile keeps root in a container from mounting, from writing kernel files and from tracing processes outside.",
     .fix = "remove `apparmor=unconfined` from `security_opt:`"},
    {.id = "5.3", .group = "compose", .severity = PLM_SEV_MEDIUM, .title = "containers run under an SELinux context of their own",
     .rationale = "The context keeps a container from files and processes of the host and of other containers.",
     .fix = "remove `label=disable` from `security_opt:`"},
    {.id = "5.4", .group = "compose", .severity = PLM_SEV_HIGH, .title = "containers have no capability beyond the default set",
     .rationale = "Each capability is a part of root's power over the kernel that all containers share.",
     .fix = "`cap_drop: [ALL]`, and `cap_add:` with what is needed of the default set"},
    {.id = "5.5", .group = "compose", .severity = PLM_SEV_CRITICAL, .title = "no container is privileged",
     .rationale = "A privileged container is root on the host: all capabilities, all devices, no filter, no masks.",
     .fix = "remove `privileged: true`; give the one capability or device that is needed"},
    {.id = "5.10", .group = "compose", .severity = PLM_SEV_HIGH, .title = "no container runs in the host's network",
     .rationale = "In the host's network a container sees all traffic and reaches every service that trusts loopback.",
     .fix = "remove `network_mode: host` and publish ports with `ports:`"},
    {.id = "5.11", .group = "compose", .severity = PLM_SEV_MEDIUM, .title = "the memory of containers is limited",
     .rationale = "One container without a limit takes the memory of all others and of the engine.",
     .fix = "`mem_limit: 512m`, or `deploy: {resources: {limits: {memory: 512m}}}`"},
    {.id = "5.12", .group = "compose", .severity = PLM_SEV_LOW, .title = "the processor time of containers is weighted or limited",
     .rationale = "Without a weight or a limit a container competes with everything on the host as an equal of all of it.",
     .fix = "`cpus: 1`, or `deploy: {resources: {limits: {cpus: '1'}}}`"},
    {.id = "5.13", .group = "compose", .severity = PLM_SEV_MEDIUM, .title = "containers have a read-only root file system",
     .rationale = "Who cannot write into the image's files cannot replace programs or leave tools behind.",
     .fix = "`read_only: true`, and `tmpfs: [/tmp]` for what must be writable"},
    {.id = "5.15", .group = "compose", .severity = PLM_SEV_LOW, .title = "containers are restarted a few times only",
     .rationale = "A container that is restarted without end hides its crashes, and repeats an attack that needs many tries.",
     .fix = "`restart: on-failure:5`"},
    {.id = "5.16", .group = "compose", .severity = PLM_SEV_HIGH, .title = "no container runs in the host's process namespace",
     .rationale = "A container that sees the host's processes can signal them and read their environment.",
     .fix = "remove `pid: host`"},
    {.id = "5.17", .group = "compose", .severity = PLM_SEV_HIGH, .title = "no container shares the host's shared memory and semaphores",
     .rationale = "Shared memory segments of host programs can be read and changed from the container.",
     .fix = "remove `ipc: host`"},
    {.id = "5.21", .group = "compose", .severity = PLM_SEV_MEDIUM, .title = "no container shares the host's host name",
     .rationale = "With the host's UTS namespace and one capability a container renames the host.",
     .fix = "remove `uts: host`"},
    {.id = "5.22", .group = "compose", .severity = PLM_SEV_HIGH, .title = "containers run under a seccomp filter",
     .rationale = "The default filter closes rarely used system calls that most kernel exploits begin with.",
     .fix = "remove `seccomp=unconfined` from `security_opt:`"},
    {.id = "5.25", .group = "compose", .severity = PLM_SEV_LOW, .title = "containers are in the cgroup that the engine chooses",
     .rationale = "Under another parent other limits hold, or none.",
     .fix = "remove `cgroup_parent:`, unless that group is meant and has limits"},
    {.id = "5.26", .group = "compose", .severity = PLM_SEV_MEDIUM, .title = "containers cannot gain privileges",
     .rationale = "Without the flag a process without rights regains them through any set-uid program of its image.",
     .fix = "`security_opt: [no-new-privileges:true]`"},
    {.id = "5.27", .group = "compose", .severity = PLM_SEV_LOW, .title = "the health of containers is checked",
     .rationale = "Without a check the engine calls a container well as long as its process exists.",
     .fix = "remove `disable: true` or `test: NONE` from `healthcheck:`"},
    {.id = "5.29", .group = "compose", .severity = PLM_SEV_MEDIUM, .title = "the number of processes of containers is limited",
     .rationale = "A fork bomb in one container stops the whole host when nothing limits its processes.",
     .fix = "`pids_limit: 200`, or `deploy: {resources: {limits: {pids: 200}}}`"},
    {.id = "5.30", .group = "compose", .severity = PLM_SEV_LOW, .title = "containers use networks of their own",
     .rationale = "All containers on the default bridge reach each other, whatever they belong to.",
     .fix = "remove `network_mode: bridge`; Compose makes a network for the project"},
    {.id = "5.31", .group = "compose", .severity = PLM_SEV_MEDIUM, .title = "no container opts out of user namespace remapping",
     .rationale = "The exception makes root in this container root on the host again.",
     .fix = "remove `userns_mode: host`"},
    {.id = "R1", .group = "compose", .severity = PLM_SEV_CRITICAL, .title = "no container has CAP_SYS_ADMIN",
     .rationale = "It is root on the host by another name: mounting, namespaces, programs in the kernel.",
     .fix = "remove SYS_ADMIN and ALL from `cap_add:`"},
    {.id = "R2", .group = "compose", .severity = PLM_SEV_CRITICAL, .title = "no container has a capability over the kernel itself",
     .rationale = "Loading modules, raw memory, rebooting and switching off the LSM take the host in one step.",
     .fix = "remove it from `cap_add:`"},
    {.id = "R3", .group = "compose", .severity = PLM_SEV_MEDIUM, .title = "no container has another capability that breakouts use",
     .rationale = "DAC_READ_SEARCH opens files of the host by handle, SYS_PTRACE takes over processes, BPF and NET_ADMIN reach the kernel and the network.",
     .fix = "remove it from `cap_add:`"},
    {.id = "R4", .group = "compose", .severity = PLM_SEV_HIGH, .title = "kernel files are masked and read-only in containers",
     .rationale = "The masks hide kernel memory and keys, and keep kernel settings of the whole host read-only.",
     .fix = "remove `systempaths=unconfined` from `security_opt:`"},
    {.id = "R7", .group = "compose", .severity = PLM_SEV_MEDIUM, .title = "containers have a cgroup namespace and cgroup files of their own",
     .rationale = "A writable cgroup tree lets a container lift its own limits.",
     .fix = "`cgroup: private`"},
    {.id = "R9", .group = "compose", .severity = PLM_SEV_HIGH, .title = "containers run with a known runtime",
     .rationale = "A runtime is a program that the engine starts as root for every container.",
     .fix = "remove `runtime:`"},
    {.id = "R10", .group = "compose", .severity = PLM_SEV_MEDIUM, .title = "no container is spared when memory runs out",
     .rationale = "A container that the kernel may not end makes it end others or the host's services instead.",
     .fix = "remove `oom_kill_disable:` and an `oom_score_adj:` below 0"},
    {.id = "R11", .group = "compose", .severity = PLM_SEV_LOW, .title = "no risky kernel parameter is set for containers",
     .rationale = "Forwarding and redirects make a container a router for its neighbours.",
     .fix = "remove it from `sysctls:`"},
    {.id = "R12", .group = "compose", .severity = PLM_SEV_HIGH, .title = "no container has a powerful group of the host",
     .rationale = "Group numbers are the host's: docker opens the engine's socket, disk the disks, shadow the password hashes.",
     .fix = "remove it from `group_add:`"},
    {.id = "R15", .group = "compose", .severity = PLM_SEV_LOW, .title = "logs of containers are kept and bounded",
     .rationale = "Without a log nothing tells what happened.",
     .fix = "remove `driver: none` from `logging:`; `options: {max-size: 10m}` bounds it"},
    {.id = "R18", .group = "compose", .severity = PLM_SEV_NEGLIGIBLE, .title = "containers have no terminal and no open input",
     .rationale = "An open input takes commands from whoever attaches to it.",
     .fix = "remove `stdin_open:` and `tty:`"},
    {.id = "R21", .group = "compose", .severity = PLM_SEV_LOW, .title = "no legacy links between containers",
     .rationale = "A link copies the other container's environment, passwords too.",
     .fix = "use a common network in place of `links:` and `external_links:`"},
    {.id = NULL}};
/* clang-format on */
static const struct plm_inspect_checks table = {.name = "compose-settings", .v = checks};
PLM_REGISTER(plm_inspect_check_tables, struct plm_inspect_checks, table);

/* ---- one key, one value --------------------------------------------------------------------------- */

struct bad_value {
    const char *key, *value;
};

static void judge_value(struct plm_judging *j)
{
    const struct bad_value *bad = j->arg;
    PLM_COMPOSE_EACH (j, c, s) {
        const struct plm_yaml_node *n = plm_compose_get(s, bad->key, NULL);
        struct plm_compose_text t = plm_compose_scalar(c, n);
        bool is_bad = strcmp(bad->value, "true") == 0 ? plm_compose_true(c, n)
                      : *bad->value                   ? plm_sv_ieq(t.text, plm_sv_from(bad->value))
                                                      : t.text.n > 0;
        if (is_bad)
            plm_compose_fail(j, s, PLM_SV_NULL, n->line, "%s: %.*s", bad->key, PLM_SV_ARG(t.text));
    }
}

/* ---- security_opt --------------------------------------------------------------------------------- */

/* "seccomp=unconfined", also with a colon, as older files have it. */
static bool is_option(plm_sv text, plm_sv key, plm_sv value)
{
    return text.n == key.n + 1 + value.n && plm_sv_starts(text, key) &&
           (text.p[key.n] == '=' || text.p[key.n] == ':') &&
           plm_sv_eq(plm_sv_from_off(text, key.n + 1), value);
}

static void judge_option(struct plm_judging *j)
{
    const struct bad_value *bad = j->arg;
    PLM_COMPOSE_EACH (j, c, s) {
        plm_compose_items v = plm_compose_list(c, s, "security_opt");
        for (size_t i = 0; i < v.n; i++)
            if (is_option(v.v[i].text, plm_sv_from(bad->key), plm_sv_from(bad->value)))
                plm_compose_fail(j, s, PLM_SV_NULL, v.v[i].line, "security_opt: %.*s",
                                 PLM_SV_ARG(v.v[i].text));
    }
}

static void judge_new_privileges(struct plm_judging *j)
{
    PLM_COMPOSE_EACH (j, c, s) {
        plm_compose_items v = plm_compose_list(c, s, "security_opt");
        bool is_set = false, is_unknown = false;
        for (size_t i = 0; i < v.n; i++) {
            plm_sv t = v.v[i].text;
            is_unknown = is_unknown || v.v[i].is_symbolic;
            is_set = is_set || plm_sv_is(t, "no-new-privileges") ||
                     is_option(t, PLM_SV("no-new-privileges"), PLM_SV("true"));
        }
        if (!is_set && !is_unknown)
            plm_compose_fail(j, s, PLM_SV_NULL, 0, "security_opt: no-new-privileges is not set");
    }
}

/* ---- limits --------------------------------------------------------------------------------------- */

/* Is a key there, with a value that limits? An unknown value counts: somebody thought of it. */
static bool has_limit(const struct plm_compose *c, const struct plm_yaml_node *n)
{
    struct plm_compose_text t = plm_compose_scalar(c, n);
    return t.is_symbolic ||
           (t.text.n && !plm_sv_is(t.text, "0") && !plm_sv_is(t.text, "-1") && !plm_sv_is(t.text, "0.0"));
}

static void judge_memory(struct plm_judging *j)
{
    PLM_COMPOSE_EACH (j, c, s) {
        if (!has_limit(c, plm_compose_get(s, "mem_limit", NULL)) &&
            !has_limit(c, plm_compose_get(s, "deploy", "resources", "limits", "memory", NULL)))
            plm_compose_fail(j, s, PLM_SV_NULL, 0, "neither mem_limit nor deploy.resources.limits.memory");
    }
}

static void judge_cpus(struct plm_judging *j)
{
    static const char *const keys[] = {"cpus", "cpu_shares", "cpu_quota", "cpu_percent", NULL};
    PLM_COMPOSE_EACH (j, c, s) {
        bool has =
            has_limit(c, plm_compose_get(s, "deploy", "resources", "limits", "cpus", NULL)) ||
            plm_compose_scalar(c, plm_compose_get(s, "cpuset", NULL)).text.n; /* "0" is one processor */
        for (size_t i = 0; keys[i]; i++)
            has = has || has_limit(c, plm_compose_get(s, keys[i], NULL));
        if (!has)
            plm_compose_fail(j, s, PLM_SV_NULL, 0,
                             "none of cpus, cpu_shares, cpu_quota, cpuset and "
                             "deploy.resources.limits.cpus");
    }
}

static void judge_pids(struct plm_judging *j)
{
    PLM_COMPOSE_EACH (j, c, s) {
        if (!has_limit(c, plm_compose_get(s, "pids_limit", NULL)) &&
            !has_limit(c, plm_compose_get(s, "deploy", "resources", "limits", "pids", NULL)))
            plm_compose_fail(j, s, PLM_SV_NULL, 0, "neither pids_limit nor deploy.resources.limits.pids");
    }
}

static void judge_read_only(struct plm_judging *j)
{
    PLM_COMPOSE_EACH (j, c, s) {
        const struct plm_yaml_node *n = plm_compose_get(s, "read_only", NULL);
        if (!plm_compose_true(c, n) && !plm_compose_scalar(c, n).is_symbolic)
            plm_compose_fail(j, s, PLM_SV_NULL, n ? n->line : 0, "read_only is not set");
    }
}

/* ---- restart, health, oom --------------------------------------------------------------------------- */

static void judge_restart(struct plm_judging *j)
{
    PLM_COMPOSE_EACH (j, c, s) {
        const struct plm_yaml_node *n = plm_compose_get(s, "restart", NULL);
        struct plm_compose_text t = plm_compose_scalar(c, n);
        plm_sv word, count;
        uint64_t tries = 0;
        bool has_count = plm_sv_cut(t.text, ':', &word, &count);
        bool is_endless =
            plm_sv_is(word, "always") || plm_sv_is(word, "unless-stopped") ||
            (plm_sv_is(word, "on-failure") && (!has_count || !plm_sv_u64(count, &tries) || tries > 5));
        if (n && is_endless && !t.is_symbolic)
            plm_compose_fail(j, s, PLM_SV_NULL, n->line, "restart: %.*s", PLM_SV_ARG(t.text));
        n = plm_compose_get(s, "deploy", "restart_policy", "condition", NULL);
        const struct plm_yaml_node *max =
            plm_compose_get(s, "deploy", "restart_policy", "max_attempts", NULL);
        if (n && !max && !plm_sv_is(n->text, "none"))
            plm_compose_fail(j, s, PLM_SV("deploy"), n->line, "deploy.restart_policy has no max_attempts");
    }
}

static void judge_health(struct plm_judging *j)
{
    PLM_COMPOSE_EACH (j, c, s) {
        const struct plm_yaml_node *off = plm_compose_get(s, "healthcheck", "disable", NULL);
        const struct plm_yaml_node *test = plm_compose_get(s, "healthcheck", "test", NULL);
        const struct plm_yaml_node *first =
            test && test->kind == PLM_YAML_SEQUENCE && test->n ? test->items[0] : test;
        if (plm_compose_true(c, off))
            plm_compose_fail(j, s, PLM_SV_NULL, off->line, "healthcheck.disable: true");
        else if (first && first->kind == PLM_YAML_SCALAR && plm_sv_is(first->text, "NONE"))
            plm_compose_fail(j, s, PLM_SV_NULL, first->line, "healthcheck.test: NONE");
    }
}

static void judge_oom(struct plm_judging *j)
{
    PLM_COMPOSE_EACH (j, c, s) {
        const struct plm_yaml_node *n = plm_compose_get(s, "oom_score_adj", NULL);
        struct plm_compose_text t = plm_compose_scalar(c, n);
        if (t.text.n > 1 && t.text.p[0] == '-' && !t.is_symbolic)
            plm_compose_fail(j, s, PLM_SV_NULL, n->line, "oom_score_adj: %.*s", PLM_SV_ARG(t.text));
        n = plm_compose_get(s, "oom_kill_disable", NULL);
        if (plm_compose_true(c, n))
            plm_compose_fail(j, s, PLM_SV("oom_kill_disable"), n->line, "oom_kill_disable: true");
    }
}

static void judge_runtime(struct plm_judging *j)
{
    PLM_COMPOSE_EACH (j, c, s) {
        const struct plm_yaml_node *n = plm_compose_get(s, "runtime", NULL);
        struct plm_compose_text t = plm_compose_scalar(c, n);
        if (t.text.n && !t.is_symbolic && !plm_sv_is(t.text, "runc") &&
            !plm_sv_is(t.text, "io.containerd.runc.v2"))
            plm_compose_fail(j, s, PLM_SV_NULL, n->line, "runtime: %.*s", PLM_SV_ARG(t.text));
    }
}

static void judge_terminal(struct plm_judging *j)
{
    static const char *const keys[] = {"stdin_open", "tty", NULL};
    PLM_COMPOSE_EACH (j, c, s) {
        for (size_t i = 0; keys[i]; i++) {
            const struct plm_yaml_node *n = plm_compose_get(s, keys[i], NULL);
            if (plm_compose_true(c, n))
                plm_compose_fail(j, s, plm_sv_from(keys[i]), n->line, "%s: true", keys[i]);
        }
    }
}

static void judge_log(struct plm_judging *j)
{
    PLM_COMPOSE_EACH (j, c, s) {
        const struct plm_yaml_node *n = plm_compose_get(s, "logging", "driver", NULL);
        if (n && plm_sv_is(plm_compose_scalar(c, n).text, "none"))
            plm_compose_fail(j, s, PLM_SV_NULL, n->line, "logging.driver: none");
    }
}

/* ---- lists ---------------------------------------------------------------------------------------- */

static void judge_links(struct plm_judging *j)
{
    static const char *const keys[] = {"links", "external_links", NULL};
    PLM_COMPOSE_EACH (j, c, s) {
        for (size_t k = 0; keys[k]; k++) {
            plm_compose_items v = plm_compose_list(c, s, keys[k]);
            for (size_t i = 0; i < v.n; i++)
                plm_compose_fail(j, s, v.v[i].text, v.v[i].line, "%s: %.*s", keys[k],
                                 PLM_SV_ARG(v.v[i].text));
        }
    }
}

static void judge_sysctls(struct plm_judging *j)
{
    static const char *const risky[] = {"net.ipv4.ip_forward=1",
                                        "net.ipv6.conf.all.forwarding=1",
                                        "net.ipv4.conf.all.accept_redirects=1",
                                        "net.ipv4.conf.all.send_redirects=1",
                                        "net.ipv4.conf.all.route_localnet=1",
                                        NULL};
    PLM_COMPOSE_EACH (j, c, s) {
        plm_compose_items v = plm_compose_list(c, s, "sysctls");
        for (size_t i = 0; i < v.n; i++) {
            bool is_risky = plm_sv_starts(v.v[i].text, PLM_SV("kernel."));
            for (size_t k = 0; risky[k]; k++)
                is_risky = is_risky || plm_sv_is(v.v[i].text, risky[k]);
            if (is_risky)
                plm_compose_fail(j, s, v.v[i].text, v.v[i].line, "sysctls: %.*s", PLM_SV_ARG(v.v[i].text));
        }
    }
}

static void judge_groups(struct plm_judging *j)
{
    static const char *const groups[] = {"docker", "root", "0",     "disk", "6", "shadow", "42", "kmem",
                                         "15",     "sudo", "wheel", "adm",  "4", "lxd",    NULL};
    PLM_COMPOSE_EACH (j, c, s) {
        plm_compose_items v = plm_compose_list(c, s, "group_add");
        for (size_t i = 0; i < v.n; i++)
            for (size_t k = 0; groups[k]; k++)
                if (plm_sv_is(v.v[i].text, groups[k]))
                    plm_compose_fail(j, s, v.v[i].text, v.v[i].line, "group_add: %.*s",
                                     PLM_SV_ARG(v.v[i].text));
    }
}

/* ---- capabilities --------------------------------------------------------------------------------- */

static const char *const default_set[] = {
    "CHOWN",   "DAC_OVERRIDE",     "FOWNER",  "FSETID",     "KILL",  "SETGID",      "SETUID", "SETPCAP",
    "SETFCAP", "NET_BIND_SERVICE", "NET_RAW", "SYS_CHROOT", "MKNOD", "AUDIT_WRITE", NULL};
static const char *const admin_set[] = {"SYS_ADMIN", "ALL", NULL};
static const char *const kernel_set[] = {"SYS_MODULE",   "SYS_RAWIO", "SYS_BOOT", "MAC_ADMIN",
                                         "MAC_OVERRIDE", "ALL",       NULL};
static const char *const breakout_set[] = {
    "SYS_PTRACE",      "DAC_READ_SEARCH",    "BPF",          "PERFMON",
    "SYSLOG",          "NET_ADMIN",          "SYS_TIME",     "AUDIT_CONTROL",
    "LINUX_IMMUTABLE", "CHECKPOINT_RESTORE", "SYS_RESOURCE", NULL};

static bool in_set(const char *const *set, plm_sv cap)
{
    for (; *set; set++)
        if (plm_sv_ieq(plm_sv_from(*set), cap))
            return true;
    return false;
}

/* arg: the set that is bad; NULL: whatever is not of the default one. */
static void judge_capabilities(struct plm_judging *j)
{
    const char *const *bad = j->arg;
    PLM_COMPOSE_EACH (j, c, s) {
        plm_compose_items v = plm_compose_list(c, s, "cap_add");
        for (size_t i = 0; i < v.n; i++) {
            plm_sv cap = v.v[i].text;
            if (cap.n > 4 && plm_sv_ieq(plm_sv_sub(cap, 0, 4), PLM_SV("CAP_")))
                cap = plm_sv_from_off(cap, 4);
            if (cap.n && !v.v[i].is_symbolic && (bad ? in_set(bad, cap) : !in_set(default_set, cap)))
                plm_compose_fail(j, s, cap, v.v[i].line, "cap_add: %.*s", PLM_SV_ARG(v.v[i].text));
        }
    }
}

/* ---- the table ------------------------------------------------------------------------------------ */

static const struct bad_value privileged = {"privileged", "true"}, pid = {"pid", "host"},
                              ipc = {"ipc", "host"}, network = {"network_mode", "host"},
                              bridge = {"network_mode", "bridge"}, uts = {"uts", "host"},
                              userns = {"userns_mode", "host"}, cgroup = {"cgroup", "host"},
                              parent = {"cgroup_parent", ""}, seccomp = {"seccomp", "unconfined"},
                              apparmor = {"apparmor", "unconfined"}, label = {"label", "disable"},
                              masks = {"systempaths", "unconfined"};

const struct plm_judge plm_compose_setting_judges[] = {
    {"5.2", judge_option, &apparmor},
    {"5.3", judge_option, &label},
    {"5.4", judge_capabilities, NULL},
    {"5.5", judge_value, &privileged},
    {"5.10", judge_value, &network},
    {"5.11", judge_memory, NULL},
    {"5.12", judge_cpus, NULL},
    {"5.13", judge_read_only, NULL},
    {"5.15", judge_restart, NULL},
    {"5.16", judge_value, &pid},
    {"5.17", judge_value, &ipc},
    {"5.21", judge_value, &uts},
    {"5.22", judge_option, &seccomp},
    {"5.25", judge_value, &parent},
    {"5.26", judge_new_privileges, NULL},
    {"5.27", judge_health, NULL},
    {"5.29", judge_pids, NULL},
    {"5.30", judge_value, &bridge},
    {"5.31", judge_value, &userns},
    {"R1", judge_capabilities, admin_set},
    {"R2", judge_capabilities, kernel_set},
    {"R3", judge_capabilities, breakout_set},
    {"R4", judge_option, &masks},
    {"R7", judge_value, &cgroup},
    {"R9", judge_runtime, NULL},
    {"R10", judge_oom, NULL},
    {"R11", judge_sysctls, NULL},
    {"R12", judge_groups, NULL},
    {"R15", judge_log, NULL},
    {"R18", judge_terminal, NULL},
    {"R21", judge_links, NULL},
};
const size_t plm_compose_setting_judges_n =
    sizeof(plm_compose_setting_judges) / sizeof(plm_compose_setting_judges[0]);
