/* SPDX-License-Identifier: Apache-2.0
 *
 * Checks of an engine: how its daemon is configured (part 2 of the CIS Docker Benchmark's numbering and the D
 * ids of ours), where its data lie, how old it is. Most read one setting and what the engine says of it; the
 * longer ones stand in check_engine_*.c, the descriptors of all in check_engine_table.c.
 */
#include "audit/check_engine.h"

#include <sys/stat.h>

/* ---- common ------------------------------------------------------------------------------------------ */

bool plm_not_of_podman(struct plm_checking *k)
{
    if (!plm_sv_is(k->daemon->product, "podman"))
        return false;
    plm_say(k, PLM_OUT_NA, "podman has no daemon with such a setting");
    return true;
}

bool plm_info_is_missing(struct plm_checking *k)
{
    const struct plm_daemon *d = k->daemon;
    if (d->info.root)
        return false;
    plm_say(k, PLM_OUT_UNKNOWN, "GET /info: %.*s",
            PLM_SV_ARG(d->info.failure.n ? d->info.failure
                       : d->failure.n    ? d->failure
                                         : PLM_SV("not asked")));
    return true;
}

bool plm_security_option(const struct plm_daemon *d, const char *name, plm_sv *out)
{
    size_t i, n;
    yyjson_val *v;
    yyjson_arr_foreach(plm_json_at(d->info.root, "SecurityOptions", NULL), i, n, v)
    {
        plm_sv s = plm_json_sv(v), rest = s, first;
        if (plm_sv_starts(s, PLM_SV("name=")))
            rest = plm_sv_from_off(s, 5);
        if (plm_sv_field(&rest, ',', &first) && plm_sv_is(first, name)) {
            *out = s;
            return true;
        }
    }
    return false;
}

enum plm_outcome plm_trust(struct plm_checking *k, const char *name, enum plm_outcome outcome)
{
    const struct plm_daemon *d = k->daemon;
    const struct plm_setting *s = plm_daemon_setting(d, name);
    if (outcome != PLM_OUT_PASS || !d->is_config_stale || (s && s->origin == PLM_SET_ARGV))
        return outcome;
    plm_say(k, PLM_OUT_UNKNOWN,
            "%.*s was changed after the daemon started: its %s is not in force before a restart",
            PLM_SV_ARG(d->config_path), name);
    return PLM_OUT_UNKNOWN;
}

int plm_judge_bool(struct plm_checking *k, const char *name, bool otherwise, bool wanted)
{
    plm_sv said;
    int b = plm_daemon_bool(k->daemon, k->arena, name, otherwise, &said);
    enum plm_outcome o = b < 0 ? PLM_OUT_UNKNOWN : (b != 0) == wanted ? PLM_OUT_PASS : PLM_OUT_FAIL;
    plm_say(k, plm_trust(k, name, o), "%.*s", PLM_SV_ARG(said));
    return b;
}

plm_sv plm_setting_text(const struct plm_daemon *d, const char *name)
{
    const struct plm_setting *s = plm_daemon_setting(d, name);
    return s ? s->value : PLM_SV_NULL;
}

/* Says unknown where argv or file could not be read; true if it was said. */
static bool settings_are_missing(struct plm_checking *k)
{
    if (!k->daemon->settings_failure.p)
        return false;
    plm_say(k, PLM_OUT_UNKNOWN, "%.*s", PLM_SV_ARG(k->daemon->settings_failure));
    return true;
}

bool plm_is_loopback(plm_sv host)
{
    if (plm_sv_starts(host, PLM_SV("["))) /* "[::1]", "[::1]:9323" */
        host = plm_sv_from_off(host, 1);
    return plm_sv_starts(host, PLM_SV("127.")) || plm_sv_is(host, "::1") ||
           plm_sv_starts(host, PLM_SV("::1]")) || plm_sv_starts(host, PLM_SV("::1/")) ||
           plm_sv_is(host, "localhost") || plm_sv_starts(host, PLM_SV("::ffff:127."));
}

static bool has_no_bridge(const struct plm_daemon *d)
{
    return plm_sv_is(plm_setting_text(d, "bridge"), "none");
}

/* The network that containers join when they name none; NULL: there is none, or networks did not come. */
static yyjson_val *default_bridge(const struct plm_daemon *d)
{
    size_t i, n;
    yyjson_val *v;
    yyjson_arr_foreach(d->networks.root, i, n, v)
    {
        plm_sv is_default = plm_json_str(v, "Options", "com.docker.network.bridge.default_bridge", NULL);
        if (plm_sv_is(is_default, "true") || (plm_sv_is(plm_json_str(v, "Name", NULL), "bridge") &&
                                              plm_sv_is(plm_json_str(v, "Driver", NULL), "bridge")))
            return v;
    }
    return NULL;
}

/* ---- 2.x --------------------------------------------------------------------------------------------- */

void plm_check_2_1(struct plm_checking *k)
{
    const struct plm_daemon *d = k->daemon;
    plm_sv option;
    int identity = d->process ? plm_process_is_identity_mapped(d->process) : -1;
    if (plm_security_option(d, "rootless", &option))
        plm_say(k, PLM_OUT_PASS, "SecurityOptions: %.*s", PLM_SV_ARG(option));
    else if (identity == 0)
        plm_say(k, PLM_OUT_PASS, "/proc/%d/uid_map: not the identity", (int)d->process->pid);
    else if (identity == 1 || d->info.root)
        plm_say(k, PLM_OUT_MANUAL, "the daemon runs as root%s",
                identity == 1 ? " (its uid_map is the identity)" : " (SecurityOptions: no rootless)");
    else
        (void)plm_info_is_missing(k);
}

void plm_check_2_2(struct plm_checking *k)
{
    const struct plm_daemon *d = k->daemon;
    if (plm_not_of_podman(k))
        return;
    if (has_no_bridge(d)) {
        plm_say(k, PLM_OUT_NA, "bridge: none");
        return;
    }
    yyjson_val *bridge = default_bridge(d);
    if (d->networks.root && !bridge) {
        plm_say(k, PLM_OUT_NA, "there is no default bridge network");
        return;
    }
    int declared = plm_judge_bool(k, "icc", true, false);
    if (!bridge) {
        plm_say(k, PLM_OUT_UNKNOWN, "GET /networks: %.*s", PLM_SV_ARG(d->networks.failure));
        return;
    }
    plm_sv option = plm_json_str(bridge, "Options", "com.docker.network.bridge.enable_icc", NULL);
    bool actual = !plm_sv_is(option, "false");
    plm_say(k, actual ? PLM_OUT_FAIL : PLM_OUT_PASS, "network bridge: enable_icc: %.*s",
            PLM_SV_ARG(option.n ? option : PLM_SV("not set (true)")));
    if (declared >= 0 && actual != (declared != 0))
        plm_drift(k, "icc is declared %s, the bridge network has %s", declared ? "true" : "false",
                  actual ? "true" : "false");
}

void plm_check_2_3(struct plm_checking *k)
{
    const struct plm_daemon *d = k->daemon;
    plm_sv said, level = plm_setting_text(d, "log-level");
    if (plm_not_of_podman(k))
        return;
    int debug = plm_daemon_bool(d, k->arena, "debug", false, &said);
    plm_say(k, debug < 0 ? PLM_OUT_UNKNOWN : debug ? PLM_OUT_FAIL : PLM_OUT_PASS, "%.*s", PLM_SV_ARG(said));
    if (d->info.root) {
        bool actual = plm_json_bool(d->info.root, "Debug", false);
        plm_say(k, actual ? PLM_OUT_FAIL : PLM_OUT_PASS, "GET /info: Debug: %s", actual ? "true" : "false");
        if (debug >= 0 && actual != (debug != 0))
            plm_drift(k, "debug is declared %s, the engine says %s", debug ? "true" : "false",
                      actual ? "true" : "false");
    }
    if (level.n)
        plm_say(k, plm_trust(k, "log-level", plm_sv_is(level, "info") ? PLM_OUT_PASS : PLM_OUT_FAIL),
                "log-level: %.*s (%.*s)", PLM_SV_ARG(level),
                PLM_SV_ARG(plm_daemon_setting(d, "log-level")->where));
    else if (!settings_are_missing(k))
        plm_say(k, plm_trust(k, "log-level", PLM_OUT_PASS), "log-level: info (default)");
}

void plm_check_2_4(struct plm_checking *k)
{
    const struct plm_daemon *d = k->daemon;
    plm_sv said, backend = plm_setting_text(d, "firewall-backend");
    if (plm_not_of_podman(k))
        return;
    if (d->is_rootless || has_no_bridge(d)) {
        plm_say(k, PLM_OUT_NA, d->is_rootless ? "rootless: no rules of the host" : "bridge: none");
        return;
    }
    (void)plm_judge_bool(k, "iptables", true, true);
    if (plm_daemon_setting(d, "ip6tables")) {
        int six = plm_daemon_bool(d, k->arena, "ip6tables", true, &said);
        plm_say(k, six ? PLM_OUT_PASS : PLM_OUT_FAIL, "%.*s", PLM_SV_ARG(said));
    }
    if (backend.n)
        plm_say(k, PLM_OUT_PASS, "firewall-backend: %.*s", PLM_SV_ARG(backend));
}

static size_t fail_registry(struct plm_checking *k, plm_sv what, const char *where)
{
    bool is_wide = plm_sv_ends(what, PLM_SV("/0")) || plm_sv_ends(what, PLM_SV("/8"));
    plm_say(k, PLM_OUT_FAIL, "%s: %.*s", where, PLM_SV_ARG(what));
    plm_weigh(k, PLM_SV_NULL, is_wide ? PLM_SEV_CRITICAL : PLM_SEV_HIGH);
    return 1;
}

void plm_check_2_5(struct plm_checking *k)
{
    const struct plm_daemon *d = k->daemon;
    size_t i, n, seen = 0;
    yyjson_val *v, *key, *conf = plm_json_at(d->info.root, "RegistryConfig", NULL);
    if (plm_not_of_podman(k))
        return;
    for (i = 0; i < d->settings.n; i++)
        if (plm_sv_is(d->settings.v[i].name, "insecure-registries") &&
            !plm_is_loopback(d->settings.v[i].value))
            seen += fail_registry(k, d->settings.v[i].value, "insecure-registries");
    if (plm_info_is_missing(k))
        return;
    yyjson_arr_foreach(plm_json_at(conf, "InsecureRegistryCIDRs", NULL), i, n, v)
    {
        if (!plm_is_loopback(plm_json_sv(v)))
            seen += fail_registry(k, plm_json_sv(v), "RegistryConfig.InsecureRegistryCIDRs");
    }
    yyjson_obj_foreach(plm_json_at(conf, "IndexConfigs", NULL), i, n, key, v)
    {
        if (!plm_json_bool(v, "Secure", true) && !plm_is_loopback(plm_json_sv(key)))
            seen += fail_registry(k, plm_json_sv(key), "RegistryConfig.IndexConfigs, Secure: false");
    }
    if (!seen)
        plm_say(k, PLM_OUT_PASS, "GET /info: RegistryConfig: none but loopback");
}

void plm_check_2_6(struct plm_checking *k)
{
    const struct plm_daemon *d = k->daemon;
    if (plm_info_is_missing(k))
        return;
    plm_sv driver = plm_json_str(d->info.root, "Driver", NULL);
    if (!driver.n) {
        plm_say(k, PLM_OUT_UNKNOWN, "GET /info: no Driver");
        return;
    }
    bool is_old =
        plm_sv_is(driver, "overlay") || plm_sv_is(driver, "devicemapper") || plm_sv_is(driver, "vfs");
    plm_say(k, plm_sv_is(driver, "aufs") ? PLM_OUT_FAIL : PLM_OUT_PASS, "Driver: %.*s%s", PLM_SV_ARG(driver),
            is_old ? " (better overlay2)" : "");
    for (size_t i = 0; i < k->facts->host_mounts.n && !d->is_remote; i++)
        if (plm_sv_is(k->facts->host_mounts.v[i].type, "aufs"))
            plm_say(k, PLM_OUT_FAIL, "mountinfo: aufs on %.*s", PLM_SV_ARG(k->facts->host_mounts.v[i].point));
}

void plm_check_2_8(struct plm_checking *k)
{
    const struct plm_daemon *d = k->daemon;
    size_t n = 0;
    if (plm_not_of_podman(k))
        return;
    for (size_t i = 0; i < d->settings.n; i++)
        if (plm_sv_is(d->settings.v[i].name, "default-ulimits") && ++n)
            plm_say(k, PLM_OUT_MANUAL, "default-ulimits: %.*s", PLM_SV_ARG(d->settings.v[i].value));
    if (!settings_are_missing(k) && !n)
        plm_say(k, PLM_OUT_MANUAL, "default-ulimits: not set");
}

void plm_check_2_10(struct plm_checking *k)
{
    plm_sv parent = plm_setting_text(k->daemon, "cgroup-parent");
    if (plm_not_of_podman(k))
        return;
    bool is_usual =
        plm_sv_is(parent, "/docker") || plm_sv_is(parent, "docker") || plm_sv_is(parent, "system.slice");
    if (parent.n)
        plm_say(k, plm_trust(k, "cgroup-parent", is_usual ? PLM_OUT_PASS : PLM_OUT_MANUAL),
                "cgroup-parent: %.*s", PLM_SV_ARG(parent));
    else if (!settings_are_missing(k))
        plm_say(k, plm_trust(k, "cgroup-parent", PLM_OUT_PASS), "cgroup-parent: not set");
}

void plm_check_2_11(struct plm_checking *k)
{
    const struct plm_daemon *d = k->daemon;
    if (plm_not_of_podman(k) || plm_info_is_missing(k))
        return;
    plm_sv driver = plm_json_str(d->info.root, "Driver", NULL);
    if (!plm_sv_is(driver, "devicemapper")) {
        plm_say(k, PLM_OUT_NA, "Driver: %.*s", PLM_SV_ARG(driver));
        return;
    }
    bool is_set = false;
    for (size_t i = 0; i < d->settings.n; i++)
        if (plm_sv_is(d->settings.v[i].name, "storage-opts") &&
            plm_sv_starts(d->settings.v[i].value, PLM_SV("dm.basesize="))) {
            is_set = true;
            plm_say(k, PLM_OUT_FAIL, "storage-opts: %.*s", PLM_SV_ARG(d->settings.v[i].value));
        }
    if (!is_set && !settings_are_missing(k))
        plm_say(k, plm_trust(k, "storage-opts", PLM_OUT_PASS), "storage-opts: no dm.basesize");
}

void plm_check_2_13(struct plm_checking *k)
{
    const struct plm_daemon *d = k->daemon;
    const plm_sv_vec *remote = &k->facts->opt->expect.log_drivers;
    if (plm_info_is_missing(k))
        return;
    plm_sv driver = plm_json_str(d->info.root, "LoggingDriver", NULL);
    bool is_remote = false, is_bounded = plm_sv_is(driver, "local");
    for (size_t i = 0; i < remote->n; i++)
        is_remote |= plm_sv_eq(remote->v[i], driver);
    for (size_t i = 0; i < d->settings.n; i++)
        is_bounded |= plm_sv_is(d->settings.v[i].name, "log-opts") &&
                      plm_sv_starts(d->settings.v[i].value, PLM_SV("max-size="));
    bool is_file = plm_sv_is(driver, "json-file") || plm_sv_is(driver, "local");
    plm_sv declared = plm_setting_text(d, "log-driver");
    if (declared.n && driver.n && !plm_sv_eq(declared, driver))
        plm_drift(k, "log-driver is declared %.*s, the engine says %.*s", PLM_SV_ARG(declared),
                  PLM_SV_ARG(driver));
    if (!driver.n)
        plm_say(k, PLM_OUT_UNKNOWN, "GET /info: no LoggingDriver");
    else if (is_remote)
        plm_say(k, PLM_OUT_PASS, "LoggingDriver: %.*s", PLM_SV_ARG(driver));
    else
        plm_say(k, PLM_OUT_FAIL, "LoggingDriver: %.*s: %s", PLM_SV_ARG(driver),
                plm_sv_is(driver, "none") ? "nothing is kept at all"
                : is_file                 ? "logs stay on this host only"
                                          : "not among the configured log drivers");
    if (plm_sv_is(driver, "json-file") && !is_bounded)
        plm_say(k, d->settings_failure.p ? PLM_OUT_UNKNOWN : PLM_OUT_FAIL,
                "log-opts: no max-size: logs grow until the disk is full");
}

void plm_check_2_14(struct plm_checking *k)
{
    if (plm_not_of_podman(k))
        return;
    (void)plm_judge_bool(k, "no-new-privileges", false, true);
    if (k->daemon->is_config_stale)
        plm_drift(k,
                  "%.*s was changed after the daemon started and is not loaded (some settings by a reload)",
                  PLM_SV_ARG(k->daemon->config_path));
}

void plm_check_2_15(struct plm_checking *k)
{
    const struct plm_daemon *d = k->daemon;
    plm_sv said;
    if (plm_not_of_podman(k) || plm_info_is_missing(k))
        return;
    if (plm_sv_is(plm_json_str(d->info.root, "Swarm", "LocalNodeState", NULL), "active")) {
        plm_say(k, PLM_OUT_NA, "a swarm node cannot have live-restore");
        return;
    }
    bool actual = plm_json_bool(d->info.root, "LiveRestoreEnabled", false);
    plm_say(k, actual ? PLM_OUT_PASS : PLM_OUT_FAIL, "LiveRestoreEnabled: %s", actual ? "true" : "false");
    int declared = plm_daemon_bool(d, k->arena, "live-restore", false, &said);
    if (declared >= 0)
        plm_say(k, declared ? PLM_OUT_PASS : PLM_OUT_FAIL, "%.*s", PLM_SV_ARG(said));
    if (declared >= 0 && (declared != 0) != actual)
        plm_drift(k, "live-restore is declared %s, the engine says %s", declared ? "true" : "false",
                  actual ? "true" : "false");
}

void plm_check_2_16(struct plm_checking *k)
{
    const struct plm_daemon *d = k->daemon;
    size_t n = 0;
    if (plm_not_of_podman(k))
        return;
    int declared = plm_judge_bool(k, "userland-proxy", true, false);
    for (size_t i = 0; d->process && i < k->facts->processes.n; i++) {
        const struct plm_process *p = &k->facts->processes.v[i];
        n += p->ppid == d->process->pid && plm_sv_is(p->comm, "docker-proxy");
    }
    if (n)
        plm_say(k, PLM_OUT_FAIL, "/proc: %zu docker-proxy processes", n);
    if (n && declared == 0)
        plm_drift(k, "userland-proxy is declared false, %zu docker-proxy processes run", n);
}

void plm_check_2_18(struct plm_checking *k)
{
    if (plm_not_of_podman(k) || plm_info_is_missing(k))
        return;
    bool on = plm_json_bool(k->daemon->info.root, "ExperimentalBuild", false);
    plm_say(k, on ? PLM_OUT_FAIL : PLM_OUT_PASS, "ExperimentalBuild: %s", on ? "true" : "false");
}

/* ---- D --------------------------------------------------------------------------------------------------
 */

void plm_check_d4(struct plm_checking *k)
{
    plm_sv mode = plm_setting_text(k->daemon, "default-ipc-mode");
    if (plm_not_of_podman(k))
        return;
    if (mode.n)
        plm_say(
            k,
            plm_trust(k, "default-ipc-mode",
                      plm_sv_is(mode, "private") || plm_sv_is(mode, "none") ? PLM_OUT_PASS : PLM_OUT_FAIL),
            "default-ipc-mode: %.*s", PLM_SV_ARG(mode));
    else if (!settings_are_missing(k))
        plm_say(k, plm_trust(k, "default-ipc-mode", PLM_OUT_PASS), "default-ipc-mode: private (default)");
}

void plm_check_d5(struct plm_checking *k)
{
    plm_sv mode = plm_setting_text(k->daemon, "default-cgroupns-mode");
    if (plm_not_of_podman(k) || plm_info_is_missing(k))
        return;
    plm_sv version = plm_json_str(k->daemon->info.root, "CgroupVersion", NULL);
    if (plm_sv_is(version, "1"))
        plm_say(k, PLM_OUT_NA, "CgroupVersion: 1, where the host's namespace is the default");
    else if (mode.n)
        plm_say(
            k,
            plm_trust(k, "default-cgroupns-mode", plm_sv_is(mode, "private") ? PLM_OUT_PASS : PLM_OUT_FAIL),
            "default-cgroupns-mode: %.*s", PLM_SV_ARG(mode));
    else if (!settings_are_missing(k))
        plm_say(k, plm_trust(k, "default-cgroupns-mode", version.n ? PLM_OUT_PASS : PLM_OUT_UNKNOWN),
                "CgroupVersion: %.*s, default-cgroupns-mode: not set", PLM_SV_ARG(version));
}

void plm_check_d8(struct plm_checking *k)
{
    const struct plm_daemon *d = k->daemon;
    size_t i, n, seen = 0;
    yyjson_val *v;
    if (plm_not_of_podman(k))
        return;
    for (i = 0; i < d->settings.n; i++) {
        plm_sv value = d->settings.v[i].value;
        if (!plm_sv_is(d->settings.v[i].name, "registry-mirrors"))
            continue;
        bool is_plain =
            plm_sv_starts(value, PLM_SV("http://")) && !plm_is_loopback(plm_sv_from_off(value, 7));
        plm_say(k, is_plain ? PLM_OUT_FAIL : PLM_OUT_PASS, "registry-mirrors: %.*s", PLM_SV_ARG(value));
    }
    if (plm_info_is_missing(k))
        return;
    yyjson_arr_foreach(plm_json_at(d->info.root, "RegistryConfig", "Mirrors", NULL), i, n, v)
    {
        plm_sv value = plm_json_sv(v);
        bool is_plain =
            plm_sv_starts(value, PLM_SV("http://")) && !plm_is_loopback(plm_sv_from_off(value, 7));
        seen++;
        plm_say(k, is_plain ? PLM_OUT_FAIL : PLM_OUT_PASS, "RegistryConfig.Mirrors: %.*s", PLM_SV_ARG(value));
    }
    if (!seen)
        plm_say(k, PLM_OUT_PASS, "RegistryConfig.Mirrors: none");
}

void plm_check_d10(struct plm_checking *k)
{
    static const char *const modes[] = {"com.docker.network.bridge.gateway_mode_ipv4",
                                        "com.docker.network.bridge.gateway_mode_ipv6"};
    const struct plm_daemon *d = k->daemon;
    size_t i, n;
    yyjson_val *v;
    if (plm_not_of_podman(k))
        return;
    (void)plm_judge_bool(k, "allow-direct-routing", false, false);
    (void)plm_judge_bool(k, "ip-forward-no-drop", false, false);
    if (!d->networks.root)
        plm_say(k, PLM_OUT_UNKNOWN, "GET /networks: %.*s", PLM_SV_ARG(d->networks.failure));
    yyjson_arr_foreach(d->networks.root, i, n, v) for (size_t m = 0; m < 2; m++)
    {
        plm_sv mode = plm_json_str(v, "Options", modes[m], NULL);
        if (plm_sv_is(mode, "routed") || plm_sv_is(mode, "nat-unprotected"))
            plm_say(k, PLM_OUT_FAIL, "network %.*s: %s: %.*s", PLM_SV_ARG(plm_json_str(v, "Name", NULL)),
                    modes[m], PLM_SV_ARG(mode));
    }
}

void plm_check_d13(struct plm_checking *k)
{
    const struct plm_daemon *d = k->daemon;
    struct stat st;
    if (plm_not_of_podman(k) || plm_info_is_missing(k))
        return;
    plm_sv driver = plm_json_str(d->info.root, "CgroupDriver", NULL);
    if (d->is_remote || d->is_rootless) {
        plm_say(k, PLM_OUT_NA, "CgroupDriver: %.*s, %s", PLM_SV_ARG(driver),
                d->is_remote ? "on another machine" : "rootless");
        return;
    }
    bool has_systemd = fstatat(k->facts->root_fd, "run/systemd/system", &st, 0) == 0;
    bool differs = has_systemd && !plm_sv_is(driver, "systemd");
    plm_say(k, differs ? PLM_OUT_FAIL : PLM_OUT_PASS,
            "CgroupDriver: %.*s, cgroups of the host are managed by %s", PLM_SV_ARG(driver),
            has_systemd ? "systemd" : "nobody else");
}

void plm_check_d14(struct plm_checking *k)
{
    int sys = 0;
    plm_sv option;
    if (plm_info_is_missing(k))
        return;
    if (!k->facts->kernel || k->daemon->is_remote) {
        plm_say(k, PLM_OUT_UNKNOWN, "/sys/fs/selinux: not visible");
        return;
    }
    plm_sv enforce = plm_kernel_text(k->facts->kernel, k->arena, "/sys/fs/selinux/enforce", 16, &sys);
    bool is_on = plm_security_option(k->daemon, "selinux", &option);
    if (!enforce.p && sys == ENOENT)
        plm_say(k, PLM_OUT_NA, "/sys/fs/selinux/enforce: no SELinux in force");
    else if (!enforce.p)
        plm_say(k, PLM_OUT_UNKNOWN, "/sys/fs/selinux/enforce: %s", strerror(sys));
    else if (!plm_sv_is(enforce, "1"))
        plm_say(k, PLM_OUT_NA, "/sys/fs/selinux/enforce: %.*s", PLM_SV_ARG(enforce));
    else
        plm_say(k, is_on ? PLM_OUT_PASS : PLM_OUT_FAIL, "SELinux enforces on the host, SecurityOptions: %s",
                is_on ? "selinux" : "no selinux");
}

/* Rights that a managed plugin was granted. */
static plm_sv plugin_rights(struct plm_arena *a, yyjson_val *plugin)
{
    plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(PLM_KIB(16));
    yyjson_val *conf = plm_json_at(plugin, "Config", NULL), *v,
               *linux_part = plm_json_at(conf, "Linux", NULL);
    yyjson_val *settings = plm_json_at(plugin, "Settings", NULL);
    size_t i, n;
    if (plm_sv_is(plm_json_str(conf, "Network", "Type", NULL), "host"))
        plm_buf_str(&b, " network of the host,");
    if (plm_json_bool(conf, "PidHost", false))
        plm_buf_str(&b, " processes of the host,");
    if (plm_json_bool(conf, "IpcHost", false))
        plm_buf_str(&b, " ipc of the host,");
    if (plm_json_bool(linux_part, "AllowAllDevices", false))
        plm_buf_str(&b, " all devices,");
    yyjson_arr_foreach(plm_json_at(linux_part, "Capabilities", NULL), i, n, v)
    {
        plm_buf_printf(&b, " %.*s,", PLM_SV_ARG(plm_json_sv(v)));
    }
    yyjson_arr_foreach(plm_json_at(settings, "Devices", NULL), i, n, v)
    {
        plm_buf_printf(&b, " device %.*s,", PLM_SV_ARG(plm_json_str(v, "Path", NULL)));
    }
    yyjson_arr_foreach(plm_json_at(settings, "Mounts", NULL), i, n, v)
    {
        plm_buf_printf(&b, " mount %.*s,", PLM_SV_ARG(plm_json_str(v, "Source", NULL)));
    }
    return plm_arena_sv(a, plm_sv_sub(plm_buf_sv(&b), 0, b.n ? b.n - 1 : 0));
}

void plm_check_d15(struct plm_checking *k)
{
    const struct plm_daemon *d = k->daemon;
    size_t i, n, seen = 0;
    yyjson_val *v;
    if (plm_not_of_podman(k))
        return;
    if (!d->plugins.root) {
        plm_say(k, PLM_OUT_UNKNOWN, "GET /plugins: %.*s", PLM_SV_ARG(d->plugins.failure));
        return;
    }
    yyjson_arr_foreach(d->plugins.root, i, n, v)
    {
        plm_sv rights = plugin_rights(k->arena, v);
        if (!plm_json_bool(v, "Enabled", false) || !rights.n)
            continue;
        seen++;
        plm_say(k, PLM_OUT_MANUAL, "plugin %.*s has:%.*s", PLM_SV_ARG(plm_json_str(v, "Name", NULL)),
                PLM_SV_ARG(rights));
    }
    if (!seen)
        plm_say(k, PLM_OUT_PASS, "GET /plugins: none that is enabled has rights on the host");
}

void plm_check_d16(struct plm_checking *k)
{
    size_t i, n;
    yyjson_val *v;
    if (plm_not_of_podman(k) || plm_info_is_missing(k))
        return;
    bool is_on = false;
    yyjson_arr_foreach(plm_json_at(k->daemon->info.root, "DriverStatus", NULL), i, n, v) is_on |=
        plm_sv_has(plm_json_sv(yyjson_arr_get(v, 1)), PLM_SV("io.containerd.snapshotter"));
    plm_say(k, PLM_OUT_PASS, "images are kept by %s",
            is_on ? "containerd's snapshotters" : "the storage driver of docker");
}
