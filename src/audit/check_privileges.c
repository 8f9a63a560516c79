/* SPDX-License-Identifier: Apache-2.0
 *
 * What a container's processes are allowed: capabilities (CIS 5.4), privileged mode (5.5), the LSM
 * (5.2, 5.3), seccomp (5.22) and no-new-privileges (5.26).
 *
 * SecurityOpt entries are written with "=" or ":", and a word may be switched off
 * ("no-new-privileges=false"), so values are parsed, never searched for. Privileged implies `apparmor` and
 * `seccomp` unconfined unless the container names a profile. In force are CapBnd, CapEff and their kin,
 * Seccomp, NoNewPrivs and the label of every process; rights of a process in a user namespace of its own are
 * no rights over the container and do not count.
 */
#include "audit/container_int.h"

/* ---- 5.4 ---------------------------------------------------------------------------------- */

static uint64_t caps_allowed(const struct plm_checking *k)
{
    const plm_sv_vec *more = &k->facts->opt->expect.allowed_capabilities;
    uint64_t set = PLM_CAP_DOCKER_DEFAULT;
    unsigned last = k->facts->kernel ? plm_kernel_cap_last(k->facts->kernel) : 40;
    for (size_t i = 0; i < more->n; i++)
        set |= plm_cap_parse(more->v[i], last);
    return set;
}

static void check_capabilities(struct plm_checking *k)
{
    if (plm_inspect_is_missing(k))
        return;
    plm_sv unknown;
    const struct plm_container *c = k->container;
    uint64_t declared = plm_caps_declared(k, &unknown), allowed = caps_allowed(k);
    if (unknown.p)
        plm_say(k, PLM_OUT_UNKNOWN, "HostConfig.CapAdd: %.*s is no capability of this kernel",
                PLM_SV_ARG(unknown));
    plm_sv beyond = plm_cap_names(k->arena, declared & ~allowed);
    plm_say(k, declared & ~allowed ? PLM_OUT_FAIL : PLM_OUT_PASS,
            "HostConfig.Privileged: %s, CapAdd: %.*s, CapDrop: %.*s; beyond what is allowed: %.*s",
            plm_container_is_privileged(c) ? "true" : "false",
            PLM_SV_ARG(plm_json_list_text(k->arena, yyjson_obj_get(c->host_config, "CapAdd"))),
            PLM_SV_ARG(plm_json_list_text(k->arena, yyjson_obj_get(c->host_config, "CapDrop"))),
            PLM_SV_ARG(beyond));
    if (plm_truth_is_missing(k) || !plm_has_truth(k))
        return;
    const struct plm_process *who;
    size_t unreadable;
    uint64_t actual = plm_caps_in_force(k, ~allowed, &who, &unreadable);
    if (unreadable)
        plm_say(k, PLM_OUT_UNKNOWN, "/proc/PID/status: unreadable for %zu processes", unreadable);
    if (who)
        plm_say(k, PLM_OUT_FAIL, "%.*s: CapBnd, CapEff beyond what is allowed: %.*s",
                PLM_SV_ARG(plm_process_where(k, who, "status")),
                PLM_SV_ARG(plm_cap_names(k->arena, plm_caps_of(who) & ~allowed)));
    else
        plm_say(k, PLM_OUT_PASS, "/proc/%d/status: CapBnd %016llx, nothing beyond in any of %zu processes",
                c->init->pid, (unsigned long long)c->init->cap_bnd, c->processes.n);
    if (actual & ~declared) {
        (void)plm_caps_in_force(k, ~declared, &who, &unreadable);
        plm_drift(k, "capabilities that the container was not given: %.*s (pid %d)",
                  PLM_SV_ARG(plm_cap_names(k->arena, actual & ~declared)), who ? who->pid : 0);
    }
}

/* ---- 5.5 ---------------------------------------------------------------------------------- */

/* Masked paths emptied: both lists there and without an element. */
static bool is_declared_unmasked(const struct plm_container *c)
{
    yyjson_val *masked = yyjson_obj_get(c->host_config, "MaskedPaths"),
               *read_only = yyjson_obj_get(c->host_config, "ReadonlyPaths");
    return yyjson_is_arr(masked) && !yyjson_arr_size(masked) && yyjson_is_arr(read_only) &&
           !yyjson_arr_size(read_only);
}

static bool has_all_devices_rule(const struct plm_container *c)
{
    size_t i, n;
    yyjson_val *v;
    yyjson_arr_foreach(yyjson_obj_get(c->host_config, "DeviceCgroupRules"), i, n, v)
    {
        plm_sv rule = plm_sv_trim(plm_json_sv(v));
        if (plm_sv_is(rule, "a") || plm_sv_starts(rule, PLM_SV("a ")))
            return true;
    }
    return false;
}

static bool has_mount_below_proc(const struct plm_container *c)
{
    for (size_t i = 0; i < c->mounts.n; i++)
        if (plm_sv_starts(c->mounts.v[i].point, PLM_SV("/proc/")))
            return true;
    return false;
}

/* Privileged in all but name, by the kernel: every capability, no seccomp filter, and devices or masks open.
 */
static const struct plm_process *process_as_privileged(const struct plm_checking *k)
{
    const struct plm_container *c = k->container;
    uint64_t full = plm_caps_full(k);
    bool devices = plm_sv_starts(c->cgroup.devices, PLM_SV("a *:*"));
    if (!devices && (c->mounts_failure.p || has_mount_below_proc(c)))
        return NULL;
    for (size_t i = 0; i < c->processes.n; i++) {
        const struct plm_process *p = c->processes.v[i];
        if (plm_process_seen(p) == PLM_SEEN && plm_process_is_at_top(c, p) && (p->cap_bnd & full) == full &&
            p->seccomp == 0)
            return p;
    }
    return NULL;
}

static void check_privileged(struct plm_checking *k)
{
    if (plm_inspect_is_missing(k))
        return;
    const struct plm_container *c = k->container;
    bool privileged = plm_container_is_privileged(c);
    plm_sv unknown;
    uint64_t known = plm_caps_known(k);
    bool all_caps = (plm_caps_declared(k, &unknown) & known) == known;
    bool equivalent = !privileged && all_caps && plm_sv_is(plm_security_opt(c, "seccomp"), "unconfined") &&
                      (has_all_devices_rule(c) || is_declared_unmasked(c));
    plm_say(k, privileged ? PLM_OUT_FAIL : PLM_OUT_PASS, "HostConfig.Privileged: %s",
            privileged ? "true" : "false");
    if (equivalent)
        plm_say(k, PLM_OUT_FAIL,
                "HostConfig: all capabilities, seccomp unconfined and open devices or paths: privileged in "
                "all but name");
    if (plm_truth_is_missing(k) || !plm_has_truth(k))
        return;
    const struct plm_process *who = process_as_privileged(k);
    if (!who) {
        if (plm_process_seen(c->init) != PLM_SEEN)
            plm_say(k, PLM_OUT_UNKNOWN, "/proc/%d/status: unreadable", c->init->pid);
        else
            plm_say(k, PLM_OUT_PASS, "/proc/%d/status: CapBnd %016llx, Seccomp %d", c->init->pid,
                    (unsigned long long)c->init->cap_bnd, c->init->seccomp);
        return;
    }
    plm_say(k, PLM_OUT_FAIL, "%.*s: CapBnd %016llx, Seccomp 0, devices or kernel files open",
            PLM_SV_ARG(plm_process_where(k, who, "status")), (unsigned long long)who->cap_bnd);
    if (!privileged && !equivalent)
        plm_drift(k, "HostConfig.Privileged: false, in force every capability without seccomp (pid %d)",
                  who->pid);
}

/* ---- 5.2 ---------------------------------------------------------------------------------- */

/* 1, 0; -1: cannot be known. */
static int is_apparmor_on(const struct plm_checking *k)
{
    if (plm_daemon_has_security_option(k->daemon, "name=apparmor") == 1)
        return 1;
    if (k->daemon->is_remote || !k->facts->kernel)
        return plm_daemon_has_security_option(k->daemon, "name=apparmor");
    int sys = 0;
    plm_sv text =
        plm_kernel_text(k->facts->kernel, k->arena, "/sys/module/apparmor/parameters/enabled", 16, &sys);
    return text.p ? plm_sv_starts(text, PLM_SV("Y")) : sys == ENOENT ? 0 : -1;
}

static void judge_apparmor_label(struct plm_checking *k, bool declared_confined)
{
    size_t bad = 0, unknown = 0;
    for (size_t i = 0; i < k->container->processes.n; i++) {
        const struct plm_process *p = k->container->processes.v[i];
        if (plm_process_seen(p) == PLM_SEEN_GONE)
            continue;
        if (!p->lsm_label.n) {
            unknown++;
            continue;
        }
        bool is_loose = plm_sv_starts(p->lsm_label, PLM_SV("unconfined")) ||
                        plm_sv_has(p->lsm_label, PLM_SV("(complain)"));
        if (is_loose && !bad++)
            plm_say(k, PLM_OUT_FAIL, "%.*s: %.*s", PLM_SV_ARG(plm_process_where(k, p, "attr/current")),
                    PLM_SV_ARG(p->lsm_label));
    }
    if (unknown)
        plm_say(k, PLM_OUT_UNKNOWN, "/proc/PID/attr/current: no label for %zu processes", unknown);
    if (!bad && !unknown)
        plm_say(k, PLM_OUT_PASS, "/proc/%d/attr/current: %.*s", k->container->init->pid,
                PLM_SV_ARG(k->container->init->lsm_label));
    if (bad && declared_confined)
        plm_drift(k, "an AppArmor profile is declared, %zu processes run without one in force", bad);
}

static void check_apparmor(struct plm_checking *k)
{
    if (plm_inspect_is_missing(k))
        return;
    const struct plm_container *c = k->container;
    int on = is_apparmor_on(k);
    if (on <= 0) {
        plm_say(k, on ? PLM_OUT_UNKNOWN : PLM_OUT_NA, "%s",
                on ? "/sys/module/apparmor/parameters/enabled: unreadable"
                   : "AppArmor is not enabled on this host: judged once, by H-LSM");
        return;
    }
    plm_sv opt = plm_security_opt(c, "apparmor");
    plm_sv profile = plm_json_str(c->inspect.root, "AppArmorProfile", NULL);
    bool privileged = plm_container_is_privileged(c) && !opt.n;
    /* The engine fills AppArmorProfile when it starts the container. */
    bool is_empty = !profile.n && !opt.n && c->is_running;
    bool unconfined =
        privileged || is_empty || plm_sv_is(opt, "unconfined") || plm_sv_is(profile, "unconfined");
    plm_say(k, unconfined ? PLM_OUT_FAIL : PLM_OUT_PASS,
            "AppArmorProfile: \"%.*s\", HostConfig.SecurityOpt: apparmor=%.*s%s", PLM_SV_ARG(profile),
            PLM_SV_ARG(opt.n ? opt : PLM_SV("(default)")), privileged ? ", HostConfig.Privileged: true" : "");
    if (!plm_truth_is_missing(k) && plm_has_truth(k))
        judge_apparmor_label(k, !unconfined);
}

/* ---- 5.3 ---------------------------------------------------------------------------------- */

/* "system_u:system_r:container_t:s0:c1,c2" to "container_t". */
static plm_sv selinux_type(plm_sv label)
{
    plm_sv rest = label, field = PLM_SV_NULL;
    for (int i = 0; i < 3; i++)
        if (!plm_sv_field(&rest, ':', &field))
            return PLM_SV_NULL;
    return field;
}

static bool is_selinux_loose(plm_sv type)
{
    return plm_sv_is(type, "spc_t") || plm_sv_starts(type, PLM_SV("unconfined")) ||
           plm_sv_is(type, "container_runtime_t") || plm_sv_is(type, "kernel_t") || plm_sv_is(type, "init_t");
}

static void judge_selinux_label(struct plm_checking *k, bool declared_confined)
{
    size_t bad = 0, unknown = 0;
    for (size_t i = 0; i < k->container->processes.n; i++) {
        const struct plm_process *p = k->container->processes.v[i];
        plm_sv type = selinux_type(p->lsm_label);
        if (plm_process_seen(p) == PLM_SEEN_GONE)
            continue;
        unknown += !type.n;
        if (type.n && is_selinux_loose(type) && !bad++)
            plm_say(k, PLM_OUT_FAIL, "%.*s: %.*s", PLM_SV_ARG(plm_process_where(k, p, "attr/current")),
                    PLM_SV_ARG(p->lsm_label));
    }
    if (unknown)
        plm_say(k, PLM_OUT_UNKNOWN, "/proc/PID/attr/current: no SELinux context for %zu processes", unknown);
    if (!bad && !unknown)
        plm_say(k, PLM_OUT_PASS, "/proc/%d/attr/current: %.*s", k->container->init->pid,
                PLM_SV_ARG(k->container->init->lsm_label));
    if (bad && declared_confined)
        plm_drift(k, "an SELinux context is declared, %zu processes run unconfined in force", bad);
}

static void check_selinux(struct plm_checking *k)
{
    if (plm_inspect_is_missing(k))
        return;
    const struct plm_container *c = k->container;
    int on = plm_daemon_has_security_option(k->daemon, "name=selinux");
    if (on <= 0) {
        plm_say(k, on ? PLM_OUT_UNKNOWN : PLM_OUT_NA, "%s",
                on ? "/info: not answered" : "the engine labels nothing with SELinux: judged once, by H-LSM");
        return;
    }
    size_t i, n;
    yyjson_val *v;
    bool disabled = false;
    yyjson_arr_foreach(yyjson_obj_get(c->host_config, "SecurityOpt"), i, n, v)
    {
        plm_sv s = plm_json_sv(v);
        disabled |= plm_sv_is(s, "label=disable") || plm_sv_is(s, "label:disable");
        disabled |= plm_sv_starts(s, PLM_SV("label=type:")) && is_selinux_loose(plm_sv_from_off(s, 11));
    }
    plm_sv label = plm_json_str(c->inspect.root, "ProcessLabel", NULL);
    bool loose = disabled || plm_container_is_privileged(c) || (c->is_running && !label.n) ||
                 (label.n && is_selinux_loose(selinux_type(label)));
    plm_say(k, loose ? PLM_OUT_FAIL : PLM_OUT_PASS, "HostConfig.SecurityOpt: %.*s, ProcessLabel: \"%.*s\"%s",
            PLM_SV_ARG(plm_json_list_text(k->arena, yyjson_obj_get(c->host_config, "SecurityOpt"))),
            PLM_SV_ARG(label),
            disabled ? " (--pid host, --ipc host and --privileged disable labels too)" : "");
    if (!plm_truth_is_missing(k) && plm_has_truth(k))
        judge_selinux_label(k, !loose);
}

/* ---- 5.22 --------------------------------------------------------------------------------- */

/* A profile given inline: what happens to calls that it does not list. */
static enum plm_outcome judge_profile(struct plm_checking *k, plm_sv text)
{
    plm_auto(plm_json_free) struct plm_json *doc =
        plm_json_parse(text, "seccomp profile", k->facts->ctx->limits, NULL);
    yyjson_val *root = doc ? plm_json_root(doc) : NULL;
    plm_sv action = plm_json_str(root, "defaultAction", NULL);
    if (!action.n) {
        plm_say(k, PLM_OUT_UNKNOWN,
                "HostConfig.SecurityOpt: seccomp profile without a readable defaultAction");
        return PLM_OUT_UNKNOWN;
    }
    size_t rows = yyjson_arr_size(plm_json_at(root, "syscalls", NULL));
    bool is_log = plm_sv_is(action, "SCMP_ACT_LOG"), is_allow = plm_sv_is(action, "SCMP_ACT_ALLOW");
    enum plm_outcome o = is_log || (is_allow && !rows) ? PLM_OUT_FAIL
                         : is_allow                    ? PLM_OUT_MANUAL
                                                       : PLM_OUT_PASS;
    plm_say(k, o, "HostConfig.SecurityOpt: seccomp profile with defaultAction %.*s and %zu rules",
            PLM_SV_ARG(action), rows);
    return o;
}

static enum plm_outcome declared_seccomp(struct plm_checking *k)
{
    const struct plm_container *c = k->container;
    plm_sv opt = plm_security_opt(c, "seccomp");
    if (plm_sv_is(opt, "unconfined")) {
        plm_say(k, PLM_OUT_FAIL, "HostConfig.SecurityOpt: seccomp=unconfined");
        return PLM_OUT_FAIL;
    }
    if (plm_container_is_privileged(c) && (!opt.n || !c->is_running)) {
        plm_say(k, PLM_OUT_FAIL, "HostConfig.Privileged: true, which starts without a filter");
        return PLM_OUT_FAIL;
    }
    if (opt.n && plm_sv_trim(opt).p[0] == '{')
        return judge_profile(k, opt);
    if (opt.n && !plm_sv_is(opt, "builtin") && !plm_sv_is(opt, "default")) {
        plm_say(k, PLM_OUT_MANUAL, "HostConfig.SecurityOpt: seccomp=%.*s", PLM_SV_ARG(opt));
        return PLM_OUT_MANUAL;
    }
    int off = plm_daemon_has_security_option(k->daemon, "profile=unconfined"),
        on = plm_daemon_has_security_option(k->daemon, "name=seccomp");
    bool is_builtin = opt.n != 0;
    enum plm_outcome o = on < 0 ? PLM_OUT_UNKNOWN : !on || (off && !is_builtin) ? PLM_OUT_FAIL : PLM_OUT_PASS;
    plm_say(k, o, "%s",
            on < 0              ? "HostConfig.SecurityOpt: no seccomp entry; /info: not answered"
            : !on               ? "/info SecurityOptions: no seccomp, engine or kernel cannot filter"
            : o == PLM_OUT_FAIL ? "/info SecurityOptions: name=seccomp,profile=unconfined"
                                : "HostConfig.SecurityOpt: the engine's seccomp profile");
    return o;
}

/* Filters that the engine's own process carries are inherited and are none of the container's. */
static bool is_unfiltered(const struct plm_checking *k, const struct plm_process *p)
{
    const struct plm_process *engine = k->daemon->process;
    if (p->seccomp == 0)
        return true;
    return p->seccomp == 2 && engine && engine->has_status && engine->seccomp == 2 &&
           engine->seccomp_filters > 0 && p->seccomp_filters >= 0 &&
           p->seccomp_filters <= engine->seccomp_filters;
}

static void check_seccomp(struct plm_checking *k)
{
    if (plm_inspect_is_missing(k))
        return;
    enum plm_outcome declared = declared_seccomp(k);
    if (plm_truth_is_missing(k) || !plm_has_truth(k))
        return;
    const struct plm_container *c = k->container;
    size_t bad = 0, unknown = 0;
    for (size_t i = 0; i < c->processes.n; i++) {
        const struct plm_process *p = c->processes.v[i];
        enum plm_seen seen = plm_process_seen(p);
        unknown += seen == PLM_SEEN_UNREADABLE || (seen == PLM_SEEN && p->seccomp < 0);
        if (seen == PLM_SEEN && p->seccomp >= 0 && is_unfiltered(k, p) && !bad++)
            plm_say(k, PLM_OUT_FAIL, "%.*s: Seccomp: %d%s", PLM_SV_ARG(plm_process_where(k, p, "status")),
                    p->seccomp, p->seccomp ? ", no more filters than the engine itself has" : "");
    }
    if (unknown)
        plm_say(k, PLM_OUT_UNKNOWN, "/proc/PID/status: no Seccomp line for %zu processes", unknown);
    if (!bad && !unknown)
        plm_say(k, PLM_OUT_PASS, "/proc/%d/status: Seccomp: %d", c->init->pid, c->init->seccomp);
    if (bad && (declared == PLM_OUT_PASS || declared == PLM_OUT_MANUAL))
        plm_drift(k, "a seccomp profile is declared, %zu processes run without a filter in force", bad);
}

/* ---- 5.26 --------------------------------------------------------------------------------- */

/* As Go's strconv.ParseBool; a bare word is true. */
static int parse_switch(plm_sv v)
{
    static const char *const yes[] = {"", "1", "t", "T", "true", "TRUE", "True"}, *const no[] = {
                                                                                      "0",     "f",
                                                                                      "F",     "false",
                                                                                      "FALSE", "False"};
    for (size_t i = 0; i < sizeof(yes) / sizeof(yes[0]); i++)
        if (plm_sv_is(v, yes[i]))
            return 1;
    for (size_t i = 0; i < sizeof(no) / sizeof(no[0]); i++)
        if (plm_sv_is(v, no[i]))
            return 0;
    return -1;
}

static void check_no_new_privileges(struct plm_checking *k)
{
    if (plm_inspect_is_missing(k))
        return;
    const struct plm_container *c = k->container;
    plm_sv opt = plm_security_opt(c, "no-new-privileges"), said = PLM_SV_NULL;
    int declared;
    if (opt.p) {
        declared = parse_switch(opt);
        plm_say(k,
                declared > 0 ? PLM_OUT_PASS
                : declared   ? PLM_OUT_UNKNOWN
                             : PLM_OUT_FAIL,
                "HostConfig.SecurityOpt: no-new-privileges%s%.*s", opt.n ? "=" : "", PLM_SV_ARG(opt));
    } else {
        declared = plm_daemon_bool(k->daemon, k->arena, "no-new-privileges", false, &said);
        plm_say(k,
                declared > 0 ? PLM_OUT_PASS
                : declared   ? PLM_OUT_UNKNOWN
                             : PLM_OUT_FAIL,
                "HostConfig.SecurityOpt: no entry; of the engine: %.*s",
                PLM_SV_ARG(declared < 0 ? k->daemon->settings_failure : said));
    }
    if (plm_truth_is_missing(k) || !plm_has_truth(k))
        return;
    size_t bad = 0, unknown = 0;
    for (size_t i = 0; i < c->processes.n; i++) {
        const struct plm_process *p = c->processes.v[i];
        enum plm_seen seen = plm_process_seen(p);
        unknown += seen == PLM_SEEN_UNREADABLE || (seen == PLM_SEEN && p->no_new_privs < 0);
        if (seen == PLM_SEEN && p->no_new_privs == 0 && !bad++)
            plm_say(k, PLM_OUT_FAIL, "%.*s: NoNewPrivs: 0", PLM_SV_ARG(plm_process_where(k, p, "status")));
    }
    if (unknown)
        plm_say(k, PLM_OUT_UNKNOWN, "/proc/PID/status: no NoNewPrivs line for %zu processes", unknown);
    if (!bad && !unknown)
        plm_say(k, PLM_OUT_PASS, "/proc/%d/status: NoNewPrivs: 1", c->init->pid);
    if (bad && declared > 0)
        plm_drift(k, "no-new-privileges is declared, %zu processes run without it in force", bad);
}

#define PER_CONTAINER                                                                                        \
    .stage = PLM_STAGE_CONTAINERS, .subject = PLM_PER_CONTAINER, .impact = PLM_IMPACT_MAY_BREAK

static const struct plm_check checks[] = {
    {.id = "5.2",
     .title = "containers run under an AppArmor profile",
     .reads = "AppArmorProfile, HostConfig.SecurityOpt (apparmor), /proc/PID/attr/apparmor/current of every "
              "process",
     .rationale =
         "The profile keeps root in a container from mounting, from writing kernel files and from tracing "
         "processes outside even where a capability would allow it.",
     .fix = "Start it without `--security-opt apparmor=unconfined`, or with `--security-opt "
            "apparmor=docker-default` "
            "(compose: `security_opt: [apparmor=docker-default]`).",
     .severity = PLM_SEV_HIGH,
     .aliases = "check_5_2",
     .level = 1,
     PER_CONTAINER,
     .run = check_apparmor},
    {.id = "5.3",
     .title = "containers run under an SELinux context of their own",
     .reads = "HostConfig.SecurityOpt (label), ProcessLabel, /proc/PID/attr/current of every process",
     .rationale =
         "The context keeps a container from files and processes of the host and of other containers.",
     .fix = "Start it without `--security-opt label=disable` (compose: `security_opt: [label=disable]`), "
            "`--pid host` "
            "and `--ipc host`, which imply it.",
     .severity = PLM_SEV_MEDIUM,
     .aliases = "check_5_3",
     .level = 2,
     PER_CONTAINER,
     .run = check_selinux},
    {.id = "5.4",
     .title = "containers have no capability beyond the default set",
     .reads =
         "HostConfig.Privileged, CapAdd, CapDrop; CapBnd, CapEff, CapPrm, CapInh, CapAmb of every process",
     .rationale =
         "Each capability is a part of root's power over the kernel that all containers share; several are "
         "enough to take the host.",
     .fix = "Start it with `--cap-drop ALL` and `--cap-add` for what it needs (compose: `cap_drop: [ALL]`, "
            "`cap_add: [NAME]`).",
     .severity = PLM_SEV_HIGH,
     .aliases = "check_5_4",
     .level = 1,
     PER_CONTAINER,
     .run = check_capabilities},
    {.id = "5.5",
     .title = "no container is privileged",
     .reads = "HostConfig.Privileged or options that add up to it; CapBnd, Seccomp, device rules, mounts "
              "below /proc",
     .rationale =
         "A privileged container is root on the host: all capabilities, all devices, no filter, no masks.",
     .fix = "Start it without `--privileged` (compose: `privileged: true`); give the one `--cap-add` or "
            "`--device` "
            "that it needs (compose: `cap_add:`, `devices:`).",
     .severity = PLM_SEV_CRITICAL,
     .aliases = "check_5_5",
     .level = 1,
     PER_CONTAINER,
     .run = check_privileged},
    {.id = "5.22",
     .title = "containers run under a seccomp filter",
     .reads = "HostConfig.SecurityOpt (seccomp), Privileged, /info SecurityOptions, Seccomp of every process",
     .rationale = "The default filter closes some 60 rarely used system calls, among them most that kernel "
                  "exploits begin with.",
     .fix =
         "Start it without `--security-opt seccomp=unconfined` (compose: `security_opt: "
         "[seccomp=unconfined]`); "
         "where a call is missing, give a profile that adds just that call: `--security-opt seccomp=FILE`.",
     .severity = PLM_SEV_HIGH,
     .aliases = "check_5_22",
     .level = 1,
     PER_CONTAINER,
     .run = check_seccomp},
    {.id = "5.26",
     .title = "containers cannot gain privileges",
     .reads = "HostConfig.SecurityOpt (no-new-privileges), no-new-privileges of the engine, NoNewPrivs of "
              "every process",
     .rationale =
         "Without the flag a process that was started without rights regains them through any set-uid "
         "program of its image.",
     .fix = "Start it with `--security-opt no-new-privileges` (compose: `security_opt: "
            "[no-new-privileges:true]`), or "
            "set `\"no-new-privileges\": true` in daemon.json for all new ones.",
     .severity = PLM_SEV_MEDIUM,
     .aliases = "check_5_26",
     .level = 1,
     PER_CONTAINER,
     .run = check_no_new_privileges},
};

static const struct plm_check_group privileges = {
    .id = "privileges",
    .summary = "capabilities, privileged mode, LSM, seccomp and no-new-privileges of containers",
    .checks = checks,
    .n = sizeof(checks) / sizeof(checks[0]),
};
PLM_REGISTER(plm_check_groups, struct plm_check_group, privileges);
