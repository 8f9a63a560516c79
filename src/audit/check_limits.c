/* SPDX-License-Identifier: Apache-2.0
 *
 * Limits of containers: memory (CIS 5.11), processor (5.12), ulimits (5.19), cgroup parent (5.25), processes
 * (5.29), and what weakens them (R10).
 *
 * What counts is the limit in force, the lowest on the way up to the root of the hierarchy: a container
 * without a limit of its own below a parent that has one is limited, and a declared limit that the kernel
 * does not know is none. Stopped containers are judged by what is declared.
 */
#include "audit/container_int.h"

#include <limits.h>

static int64_t host_int(const struct plm_checking *k, const char *key)
{
    return plm_json_int(k->container->host_config, key, 0);
}

static plm_sv limit_text(struct plm_checking *k, const struct plm_cgroup_limit *l)
{
    return l->value == PLM_UNLIMITED ? PLM_SV("none")
                                     : plm_arena_printf(k->arena, "%llu", (unsigned long long)l->value);
}

static void say_limit(struct plm_checking *k, const struct plm_cgroup_limit *l, const char *unit)
{
    if (!l->is_known)
        plm_say(k, PLM_OUT_UNKNOWN, "%.*s: %s", PLM_SV_ARG(l->where.n ? l->where : PLM_SV("cgroup")),
                l->sys ? strerror(l->sys) : "no such controller");
    else if (l->value == PLM_UNLIMITED)
        plm_say(k, PLM_OUT_FAIL, "%.*s: no limit", PLM_SV_ARG(l->where.n ? l->where : PLM_SV("cgroup")));
    else
        plm_say(k, PLM_OUT_PASS, "%.*s: %llu%s%s", PLM_SV_ARG(l->where), (unsigned long long)l->value, unit,
                l->is_inherited ? ", of a group above" : "");
}

/* Pages and rounding: what the kernel may make of a declared number of bytes. */
static bool is_near(uint64_t a, uint64_t b)
{
    uint64_t gap = a > b ? a - b : b - a;
    return gap < 65536;
}

/* ---- 5.11 --------------------------------------------------------------------------------- */

static void check_memory(struct plm_checking *k)
{
    if (plm_inspect_is_missing(k))
        return;
    int64_t declared = host_int(k, "Memory"), swap = host_int(k, "MemorySwap");
    bool keeps = plm_json_bool(k->container->host_config, "OomKillDisable", false);
    plm_sv said = plm_arena_printf(k->arena, "HostConfig.Memory: %lld%s%s", (long long)declared,
                                   swap < 0 ? ", MemorySwap: -1 (swap without limit)" : "",
                                   keeps ? ", OomKillDisable: true" : "");
    if (plm_truth_is_missing(k) || !plm_has_truth(k)) {
        plm_say(k, declared > 0 ? PLM_OUT_PASS : PLM_OUT_FAIL, "%.*s", PLM_SV_ARG(said));
        return;
    }
    const struct plm_cgroup_limit *l = &k->container->cgroup.memory;
    plm_say(k, PLM_OUT_PASS, "%.*s", PLM_SV_ARG(said));
    say_limit(k, l, " bytes");
    if (!l->is_known || declared <= 0)
        return;
    if (l->value == PLM_UNLIMITED || (!l->is_inherited && !is_near(l->value, (uint64_t)declared)))
        plm_drift(k, "HostConfig.Memory: %lld, in force: %.*s", (long long)declared,
                  PLM_SV_ARG(limit_text(k, l)));
}

/* ---- 5.12 --------------------------------------------------------------------------------- */

static void check_cpu(struct plm_checking *k)
{
    if (plm_inspect_is_missing(k))
        return;
    const struct plm_cgroup *g = &k->container->cgroup;
    int64_t shares = host_int(k, "CpuShares"), nano = host_int(k, "NanoCpus"),
            quota = host_int(k, "CpuQuota");
    plm_sv set = plm_host_config_str(k, "CpusetCpus");
    /* 1024 is what a container without a weight has. */
    bool has_weight = shares > 0 && shares != 1024, has_quota = nano > 0 || quota > 0;
    bool declared = has_weight || has_quota || set.n;
    plm_sv said = plm_arena_printf(
        k->arena, "HostConfig.CpuShares: %lld, NanoCpus: %lld, CpuQuota: %lld, CpusetCpus: \"%.*s\"",
        (long long)shares, (long long)nano, (long long)quota, PLM_SV_ARG(set));
    if (plm_truth_is_missing(k) || !plm_has_truth(k)) {
        plm_say(k, declared ? PLM_OUT_PASS : PLM_OUT_FAIL, "%.*s", PLM_SV_ARG(said));
        return;
    }
    plm_say(k, PLM_OUT_PASS, "%.*s", PLM_SV_ARG(said));
    const struct plm_cgroup_limit *all[] = {&g->cpu_quota, &g->cpu_shares, &g->cpuset};
    static const char *const units[] = {" thousandths of a processor", " shares", " processors"};
    size_t unknown = 0, found = 0;
    for (size_t i = 0; i < 3; i++) {
        unknown += !all[i]->is_known;
        if (!all[i]->is_known || all[i]->value == PLM_UNLIMITED)
            continue;
        found++;
        say_limit(k, all[i], units[i]);
    }
    if (!found)
        plm_say(k, unknown ? PLM_OUT_UNKNOWN : PLM_OUT_FAIL, "%.*s: %s",
                PLM_SV_ARG(g->path.n ? g->path : PLM_SV("cgroup")),
                unknown ? "quota, weight or set of processors cannot be read"
                        : "no quota, no weight, no set of processors");
    if ((has_quota && g->cpu_quota.is_known && g->cpu_quota.value == PLM_UNLIMITED) ||
        (declared && !found && !unknown))
        plm_drift(k, "%.*s, not in force", PLM_SV_ARG(said));
}

/* ---- 5.29 --------------------------------------------------------------------------------- */

static void check_pids(struct plm_checking *k)
{
    if (plm_inspect_is_missing(k))
        return;
    int64_t declared = host_int(k, "PidsLimit"); /* null, 0 and -1: none */
    if (plm_truth_is_missing(k) || !plm_has_truth(k)) {
        plm_say(k, declared > 0 ? PLM_OUT_PASS : PLM_OUT_FAIL, "HostConfig.PidsLimit: %lld",
                (long long)declared);
        return;
    }
    const struct plm_cgroup_limit *l = &k->container->cgroup.pids;
    plm_say(k, PLM_OUT_PASS, "HostConfig.PidsLimit: %lld", (long long)declared);
    say_limit(k, l, " tasks");
    if (l->is_known && declared > 0 &&
        (l->value == PLM_UNLIMITED || (!l->is_inherited && l->value != (uint64_t)declared)))
        plm_drift(k, "HostConfig.PidsLimit: %lld, in force: %.*s", (long long)declared,
                  PLM_SV_ARG(limit_text(k, l)));
}

/* ---- 5.19 --------------------------------------------------------------------------------- */

static plm_sv ulimits_text(struct plm_checking *k)
{
    plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(PLM_KIB(16));
    size_t i, n;
    yyjson_val *v;
    yyjson_arr_foreach(yyjson_obj_get(k->container->host_config, "Ulimits"), i, n, v)
    { /* cppcheck takes the macro for a function without them */
        plm_buf_printf(&b, "%s%.*s=%lld:%lld", i ? ", " : "", PLM_SV_ARG(plm_json_str(v, "Name", NULL)),
                       (long long)plm_json_int(v, "Soft", 0), (long long)plm_json_int(v, "Hard", 0));
    }
    return b.n ? plm_arena_sv(k->arena, plm_buf_sv(&b)) : PLM_SV_NULL;
}

static void check_ulimits(struct plm_checking *k)
{
    if (plm_inspect_is_missing(k))
        return;
    plm_sv own = ulimits_text(k);
    const struct plm_setting *defaults = plm_daemon_setting(k->daemon, "default-ulimits");
    if (own.p)
        plm_say(k, PLM_OUT_PASS, "HostConfig.Ulimits: %.*s", PLM_SV_ARG(own));
    else if (defaults)
        plm_say(k, PLM_OUT_PASS, "HostConfig.Ulimits: none; of the engine: %.*s (%.*s)",
                PLM_SV_ARG(defaults->value), PLM_SV_ARG(defaults->where));
    else if (k->daemon->settings_failure.p)
        plm_say(k, PLM_OUT_UNKNOWN, "HostConfig.Ulimits: none; of the engine: %.*s",
                PLM_SV_ARG(k->daemon->settings_failure));
    else
        plm_say(k, PLM_OUT_MANUAL, "HostConfig.Ulimits: none, and the engine has no default-ulimits");
    if (plm_truth_is_missing(k) || !plm_has_truth(k))
        return;
    static const char *const limits[] = {"Max open files", "Max processes", "Max core file size"};
    for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++) {
        uint64_t soft = 0;
        if (!plm_process_limit(k->container->init, limits[i], &soft))
            plm_say(k, PLM_OUT_UNKNOWN, "/proc/%d/limits: %s cannot be read", k->container->init->pid,
                    limits[i]);
        else if (soft == UINT64_MAX)
            plm_say(k, PLM_OUT_PASS, "/proc/%d/limits: %s: unlimited", k->container->init->pid, limits[i]);
        else
            plm_say(k, PLM_OUT_PASS, "/proc/%d/limits: %s: %llu", k->container->init->pid, limits[i],
                    (unsigned long long)soft);
    }
}

/* ---- 5.25 --------------------------------------------------------------------------------- */

/* Where engines put containers that ask for no parent. */
static bool is_usual_place(const struct plm_container *c)
{
    plm_sv path = c->cgroup.path;
    size_t slash = plm_sv_rfind(path, '/');
    plm_sv parent = plm_base_name(plm_sv_sub(path, 0, slash == SIZE_MAX ? 0 : slash));
    return c->daemon->is_rootless || plm_sv_is(parent, "docker") || plm_sv_is(parent, "system.slice") ||
           plm_sv_is(parent, "machine.slice") || plm_sv_has(path, PLM_SV("libpod"));
}

static void check_parent(struct plm_checking *k)
{
    if (plm_inspect_is_missing(k))
        return;
    const struct plm_container *c = k->container;
    plm_sv declared = plm_host_config_str(k, "CgroupParent");
    const struct plm_setting *of_engine = plm_daemon_setting(k->daemon, "cgroup-parent");
    bool is_default = !declared.n || plm_sv_is(declared, "/docker") || plm_sv_is(declared, "docker") ||
                      plm_sv_is(declared, "system.slice");
    if (is_default)
        plm_say(k, PLM_OUT_PASS, "HostConfig.CgroupParent: \"%.*s\"", PLM_SV_ARG(declared));
    else if (of_engine && plm_sv_eq(of_engine->value, declared))
        plm_say(k, PLM_OUT_PASS, "HostConfig.CgroupParent: %.*s, the engine's own: judged by 2.10",
                PLM_SV_ARG(declared));
    else
        plm_say(k, PLM_OUT_MANUAL, "HostConfig.CgroupParent: %.*s", PLM_SV_ARG(declared));
    if (plm_truth_is_missing(k) || !plm_has_truth(k))
        return;
    const struct plm_cgroup *g = &c->cgroup;
    bool is_odd = is_default && !of_engine && g->path.n && !is_usual_place(c);
    plm_say(k,
            is_odd      ? PLM_OUT_MANUAL
            : g->path.n ? PLM_OUT_PASS
                        : PLM_OUT_UNKNOWN,
            "/proc/%d/cgroup: %.*s%s", c->init->pid, PLM_SV_ARG(g->path.n ? g->path : PLM_SV("unreadable")),
            is_odd ? ", not where the engine puts containers" : "");
    if (!is_default && g->memory.is_known && g->pids.is_known)
        plm_say(k, PLM_OUT_PASS, "limits in force there: memory %.*s, tasks %.*s",
                PLM_SV_ARG(limit_text(k, &g->memory)), PLM_SV_ARG(limit_text(k, &g->pids)));
}

/* ---- R10 ---------------------------------------------------------------------------------- */

enum { SHM_HUGE_GIB = 2 };

static void judge_oom_score(struct plm_checking *k, int64_t declared)
{
    size_t unknown = 0, bad = 0;
    for (size_t i = 0; i < k->container->processes.n; i++) {
        const struct plm_process *p = k->container->processes.v[i];
        if (plm_process_seen(p) == PLM_SEEN_GONE)
            continue;
        unknown += p->oom_score_adj == INT_MIN;
        if (p->oom_score_adj == INT_MIN || p->oom_score_adj >= 0)
            continue;
        plm_weigh(k, PLM_SV_NULL, PLM_SEV_MEDIUM);
        if (!bad++)
            plm_say(k, PLM_OUT_FAIL, "%.*s: %d", PLM_SV_ARG(plm_process_where(k, p, "oom_score_adj")),
                    p->oom_score_adj);
    }
    if (unknown)
        plm_say(k, PLM_OUT_UNKNOWN, "/proc/PID/oom_score_adj: unreadable for %zu processes", unknown);
    if (bad && declared >= 0)
        plm_drift(k, "HostConfig.OomScoreAdj: %lld, %zu processes are below 0 in force", (long long)declared,
                  bad);
}

static void check_exhaustion(struct plm_checking *k)
{
    if (plm_inspect_is_missing(k))
        return;
    int64_t score = host_int(k, "OomScoreAdj"), memory = host_int(k, "Memory"),
            swap = host_int(k, "MemorySwap"), shm = host_int(k, "ShmSize");
    bool keeps = plm_json_bool(k->container->host_config, "OomKillDisable", false);
    plm_say(k, score < 0 ? PLM_OUT_FAIL : PLM_OUT_PASS, "HostConfig.OomScoreAdj: %lld", (long long)score);
    if (keeps)
        plm_say(k, PLM_OUT_FAIL, "HostConfig.OomKillDisable: true%s",
                memory > 0 ? "" : ", without a memory limit");
    if (memory > 0 && swap < 0)
        plm_say(k, PLM_OUT_FAIL, "HostConfig.MemorySwap: %lld, swap without limit", (long long)swap);
    if (score < 0 || keeps || (memory > 0 && swap < 0))
        plm_weigh(k, PLM_SV_NULL, PLM_SEV_MEDIUM);
    if (shm > (int64_t)SHM_HUGE_GIB << 30 && (memory <= 0 || shm > memory)) {
        plm_weigh(k, PLM_SV_NULL, PLM_SEV_LOW);
        plm_say(k, PLM_OUT_FAIL, "HostConfig.ShmSize: %lld bytes, more than the container's memory",
                (long long)shm);
    }
    if (!plm_truth_is_missing(k) && plm_has_truth(k))
        judge_oom_score(k, score);
}

#define PER_CONTAINER .stage = PLM_STAGE_CONTAINERS, .subject = PLM_PER_CONTAINER

static const struct plm_check checks[] = {
    {.id = "5.11",
     .title = "the memory of containers is limited",
     .reads = "HostConfig.Memory, the lowest memory limit of the container's cgroup and those above",
     .rationale = "One container without a limit takes the memory of all others and of the engine.",
     .fix = "`docker update --memory 512m --memory-swap 512m NAME`; start it with `--memory 512m` (compose: "
            "`mem_limit: 512m` or `deploy.resources.limits.memory`).",
     .severity = PLM_SEV_MEDIUM,
     .aliases = "check_5_11",
     .level = 1,
     .impact = PLM_IMPACT_MAY_BREAK,
     PER_CONTAINER,
     .run = check_memory},
    {.id = "5.12",
     .title = "the processor time of containers is weighted or limited",
     .reads = "HostConfig.CpuShares, NanoCpus, CpuQuota, CpusetCpus; quota, weight and cpuset in force",
     .rationale =
         "Without a weight, quota or set of its own a container competes with everything on the host as an "
         "equal of all of it.",
     .fix =
         "`docker update --cpus 1 NAME`; start it with `--cpus 1` or `--cpu-shares 512` (compose: `cpus: 1`, "
         "`cpu_shares: 512`).",
     .severity = PLM_SEV_LOW,
     .aliases = "check_5_12",
     .level = 1,
     .impact = PLM_IMPACT_SAFE,
     PER_CONTAINER,
     .run = check_cpu},
    {.id = "5.19",
     .title = "limits per process are set for containers",
     .reads = "HostConfig.Ulimits, default-ulimits of the engine, /proc/PID/limits",
     .rationale = "The engine's own limits, often without end, are inherited where nobody sets others.",
     .fix = "Set `\"default-ulimits\"` in daemon.json for all, or start it with `--ulimit nofile=1024:4096` "
            "(compose: "
            "`ulimits: {nofile: {soft: 1024, hard: 4096}}`).",
     .severity = PLM_SEV_LOW,
     .aliases = "check_5_19",
     .level = 1,
     .is_manual = true,
     .impact = PLM_IMPACT_RESTART,
     PER_CONTAINER,
     .run = check_ulimits},
    {.id = "5.25",
     .title = "containers are in the cgroup that the engine chooses",
     .reads = "HostConfig.CgroupParent, cgroup-parent of the engine, /proc/PID/cgroup",
     .rationale =
         "Under another parent other limits hold, or none, and other tools do not see the container as one.",
     .fix = "Start it without `--cgroup-parent` (compose: `cgroup_parent:`), unless that group is meant and "
            "has limits.",
     .severity = PLM_SEV_LOW,
     .aliases = "check_5_25",
     .level = 1,
     .impact = PLM_IMPACT_RESTART,
     PER_CONTAINER,
     .run = check_parent},
    {.id = "5.29",
     .title = "the number of processes of containers is limited",
     .reads = "HostConfig.PidsLimit, the lowest pids.max of the container's cgroup and those above",
     .rationale = "A fork bomb in one container stops the whole host when nothing limits its processes.",
     .fix = "`docker update --pids-limit 200 NAME`; start it with `--pids-limit 200` (compose: `pids_limit: "
            "200`).",
     .severity = PLM_SEV_MEDIUM,
     .aliases = "check_5_29",
     .level = 1,
     .impact = PLM_IMPACT_SAFE,
     PER_CONTAINER,
     .run = check_pids},
    {.id = "R10",
     .title = "no container is spared when memory runs out",
     .reads = "HostConfig.OomScoreAdj, OomKillDisable, MemorySwap, ShmSize; oom_score_adj of every process",
     .rationale =
         "A container that the kernel may not end, or whose swap has no limit, makes it end others or the "
         "host's services instead.",
     .fix = "Start it without `--oom-score-adj` below 0 and `--oom-kill-disable`, and with `--memory-swap` "
            "(compose: "
            "`oom_score_adj:`, `oom_kill_disable:`, `memswap_limit:`).",
     .severity = PLM_SEV_MEDIUM,
     .impact = PLM_IMPACT_RESTART,
     PER_CONTAINER,
     .run = check_exhaustion},
};

static const struct plm_check_group limits = {
    .id = "limits",
    .summary = "memory, processors, processes and other limits of containers",
    .checks = checks,
    .n = sizeof(checks) / sizeof(checks[0]),
};
PLM_REGISTER(plm_check_groups, struct plm_check_group, limits);
