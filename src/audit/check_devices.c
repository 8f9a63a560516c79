/* SPDX-License-Identifier: Apache-2.0
 *
 * Devices of the host in containers (CIS 5.18) and what amounts to a raw disk (R6).
 *
 * Declared are Devices, DeviceCgroupRules ("c 10:229 rwm", "a *:* rwm") and DeviceRequests (GPUs, CDI). In
 * force are the rules of the cgroup v1 controller (devices.list) and the nodes below the container's /dev; v2
 * keeps its rules in a kernel program that cannot be read back, so there the nodes and the declared side
 * decide.
 */
#include "audit/container_int.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

/* ---- rules -------------------------------------------------------------------------------- */

enum { ANY = -1 };

struct device_rule {
    char type; /* 'a', 'b', 'c' */
    int64_t major, minor;
    bool reads, writes;
};

static bool parse_number(plm_sv s, int64_t *out)
{
    uint64_t n;
    if (plm_sv_is(s, "*")) {
        *out = ANY;
        return true;
    }
    if (!plm_sv_u64(s, &n) || n > UINT32_MAX)
        return false;
    *out = (int64_t)n;
    return true;
}

/* "b 8:* rwm"; a bare "a" is everything. */
static bool parse_rule(plm_sv text, struct device_rule *out)
{
    plm_sv rest = text, type, numbers, access, major, minor;
    *out = (struct device_rule){.major = ANY, .minor = ANY, .reads = true, .writes = true};
    if (!plm_sv_word(&rest, &type) || type.n != 1)
        return false;
    out->type = type.p[0];
    if (out->type != 'a' && out->type != 'b' && out->type != 'c')
        return false;
    if (!plm_sv_word(&rest, &numbers))
        return out->type == 'a';
    if (!plm_sv_cut(numbers, ':', &major, &minor) || !parse_number(major, &out->major) ||
        !parse_number(minor, &out->minor))
        return false;
    if (plm_sv_word(&rest, &access)) {
        out->reads = plm_sv_find(access, 'r') != SIZE_MAX;
        out->writes = plm_sv_find(access, 'w') != SIZE_MAX;
    }
    return true;
}

/* What every container of runc may use: mknod of anything, and these. */
static bool is_default_rule(const struct device_rule *r)
{
    static const struct {
        int64_t major, minor;
    } allowed[] = {{1, 3}, {1, 5}, {1, 7}, {1, 8}, {1, 9}, {5, 0}, {5, 1}, {5, 2}, {10, 200}, {136, ANY}};
    if (!r->reads && !r->writes)
        return true;
    for (size_t i = 0; r->type == 'c' && i < sizeof(allowed) / sizeof(allowed[0]); i++)
        if (r->major == allowed[i].major && (allowed[i].minor == ANY || r->minor == allowed[i].minor))
            return true;
    return false;
}

/* Reaches disks or memory: everything, every block or character device, any block device, mem, kmem, port. */
static bool is_broad_rule(const struct device_rule *r)
{
    if (!r->reads && !r->writes)
        return false;
    if (r->type != 'c' || r->major == ANY)
        return true;
    return r->major == 1 && (r->minor == ANY || r->minor == 1 || r->minor == 2 || r->minor == 4);
}

/* ---- nodes -------------------------------------------------------------------------------- */

/* Severity of a device by the path on the host or its kind. */
static enum plm_severity device_severity(const struct plm_checking *k, plm_sv path)
{
    static const char *const raw[] = {"/dev/mem",      "/dev/kmem",    "/dev/port",    "/dev/sd*",
                                      "/dev/hd*",      "/dev/vd*",     "/dev/xvd*",    "/dev/nvme*",
                                      "/dev/mapper/*", "/dev/dm-*",    "/dev/md*",     "/dev/loop*",
                                      "/dev/sg*",      "/dev/mmcblk*", "/dev/disk/**", "/dev/nbd*",
                                      "/dev/zd*",      "/dev/vfio/*"},
                             *const mild[] = {"/dev/fuse",   "/dev/net/tun", "/dev/dri",     "/dev/dri/*",
                                              "/dev/snd",    "/dev/snd/*",   "/dev/null",    "/dev/zero",
                                              "/dev/full",   "/dev/random",  "/dev/urandom", "/dev/tty",
                                              "/dev/video*", "/dev/nvidia*", "/dev/rtc*"};
    struct stat st;
    plm_sv inner = plm_sv_from_off(path, 1);
    if (!k->daemon->is_remote && k->facts->root_fd >= 0 && path.n > 1 &&
        fstatat(k->facts->root_fd, plm_arena_cstr(k->arena, inner), &st, 0) == 0 && S_ISBLK(st.st_mode))
        return PLM_SEV_CRITICAL;
    for (size_t i = 0; i < sizeof(raw) / sizeof(raw[0]); i++)
        if (plm_sv_glob(plm_sv_from(raw[i]), path))
            return PLM_SEV_CRITICAL;
    for (size_t i = 0; i < sizeof(mild) / sizeof(mild[0]); i++)
        if (plm_sv_glob(plm_sv_from(mild[i]), path))
            return PLM_SEV_LOW;
    return PLM_SEV_MEDIUM;
}

struct node {
    plm_sv name;
    struct device_rule as_rule;
};
typedef PLM_VEC(struct node) node_vec;

/* Device nodes below the container's /dev beyond the default ones; false: not readable (a recorded tree). */
static bool read_nodes(struct plm_checking *k, node_vec *out)
{
    if (!k->facts->kernel || !plm_kernel_is_live(k->facts->kernel))
        return false;
    plm_sv path = plm_arena_printf(k->arena, "proc/%d/root/dev", k->container->init->pid);
    int fd =
        path.p ? openat(plm_kernel_root(k->facts->kernel), path.p, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
    DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
    if (!dir) {
        if (fd >= 0)
            close(fd);
        return false;
    }
    for (struct dirent *e; (e = readdir(dir));) {
        struct stat st;
        if (e->d_name[0] == '.' || fstatat(fd, e->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0 ||
            (!S_ISBLK(st.st_mode) && !S_ISCHR(st.st_mode)))
            continue;
        struct device_rule rule = {.type = S_ISBLK(st.st_mode) ? 'b' : 'c',
                                   .major = (int64_t)major(st.st_rdev),
                                   .minor = (int64_t)minor(st.st_rdev),
                                   .reads = true,
                                   .writes = true};
        if (is_default_rule(&rule))
            continue;
        struct node *n = plm_vec_push(k->arena, out);
        if (n)
            *n = (struct node){plm_arena_sv(k->arena, plm_sv_from(e->d_name)), rule};
    }
    closedir(dir);
    return true;
}

/* Declared under that path in the container. */
static bool is_node_declared(const struct plm_checking *k, plm_sv name)
{
    size_t i, n;
    yyjson_val *v;
    yyjson_arr_foreach(yyjson_obj_get(k->container->host_config, "Devices"), i, n, v)
    {
        plm_sv path = plm_json_str(v, "PathInContainer", NULL);
        if (plm_sv_eq(plm_base_name(path), name))
            return true;
    }
    return false;
}

/* A rule of devices.list that a declared device or rule accounts for. */
static bool is_rule_declared(const struct plm_checking *k, plm_sv line)
{
    struct device_rule want, have;
    size_t i, n;
    yyjson_val *v;
    if (!parse_rule(line, &want))
        return false;
    yyjson_arr_foreach(yyjson_obj_get(k->container->host_config, "DeviceCgroupRules"), i, n, v)
    {
        if (parse_rule(plm_json_sv(v), &have) && (have.type == 'a' || have.type == want.type) &&
            (have.major == ANY || have.major == want.major) &&
            (have.minor == ANY || have.minor == want.minor))
            return true;
    }
    return yyjson_arr_size(yyjson_obj_get(k->container->host_config, "Devices")) > 0 ||
           yyjson_arr_size(yyjson_obj_get(k->container->host_config, "DeviceRequests")) > 0;
}

/* ---- 5.18 --------------------------------------------------------------------------------- */

static size_t declared_devices(struct plm_checking *k)
{
    yyjson_val *hc = k->container->host_config, *v;
    size_t i, n, found = 0;
    if (plm_container_is_privileged(k->container)) {
        found++;
        plm_weigh(k, PLM_SV_NULL, PLM_SEV_HIGH);
        plm_say(k, PLM_OUT_FAIL, "HostConfig.Privileged: true, which gives every device");
    }
    yyjson_arr_foreach(yyjson_obj_get(hc, "Devices"), i, n, v)
    {
        plm_sv path = plm_json_str(v, "PathOnHost", NULL),
               access = plm_json_str(v, "CgroupPermissions", NULL);
        enum plm_severity s = device_severity(k, path);
        found++;
        plm_weigh(k, PLM_SV_NULL, s == PLM_SEV_CRITICAL ? PLM_SEV_HIGH : s); /* a raw disk is R6 */
        plm_say(k, PLM_OUT_FAIL, "HostConfig.Devices: %.*s (%.*s)", PLM_SV_ARG(path), PLM_SV_ARG(access));
    }
    yyjson_arr_foreach(yyjson_obj_get(hc, "DeviceCgroupRules"), i, n, v)
    {
        found++;
        plm_weigh(k, PLM_SV_NULL, PLM_SEV_MEDIUM);
        plm_say(k, PLM_OUT_FAIL, "HostConfig.DeviceCgroupRules: %.*s", PLM_SV_ARG(plm_json_sv(v)));
    }
    yyjson_arr_foreach(yyjson_obj_get(hc, "DeviceRequests"), i, n, v)
    {
        found++;
        plm_say(k, PLM_OUT_MANUAL, "HostConfig.DeviceRequests: driver \"%.*s\", ids %.*s",
                PLM_SV_ARG(plm_json_str(v, "Driver", NULL)),
                PLM_SV_ARG(plm_json_list_text(k->arena, yyjson_obj_get(v, "DeviceIDs"))));
    }
    return found;
}

static void check_devices(struct plm_checking *k)
{
    if (plm_inspect_is_missing(k))
        return;
    const struct plm_container *c = k->container;
    size_t declared = declared_devices(k), odd = 0, odd_nodes = 0;
    if (!declared)
        plm_say(k, PLM_OUT_PASS, "HostConfig.Devices, DeviceCgroupRules, DeviceRequests: none");
    if (plm_truth_is_missing(k) || !plm_has_truth(k) || plm_container_is_privileged(c))
        return;
    plm_sv rest = c->cgroup.devices, line;
    while (plm_sv_line(&rest, &line)) {
        struct device_rule rule;
        if (!parse_rule(line, &rule) || is_default_rule(&rule) || is_rule_declared(k, line))
            continue;
        if (odd++ < PLM_SAID_MAX)
            plm_say(k, PLM_OUT_FAIL, "devices.list: %.*s", PLM_SV_ARG(line));
    }
    node_vec nodes = {0};
    if (read_nodes(k, &nodes))
        for (size_t i = 0; i < nodes.n; i++)
            if (!is_node_declared(k, nodes.v[i].name) && odd_nodes++ < PLM_SAID_MAX)
                plm_say(k, declared ? PLM_OUT_MANUAL : PLM_OUT_FAIL,
                        "/proc/%d/root/dev/%.*s: a %s device %lld:%lld", c->init->pid,
                        PLM_SV_ARG(nodes.v[i].name), nodes.v[i].as_rule.type == 'b' ? "block" : "character",
                        (long long)nodes.v[i].as_rule.major, (long long)nodes.v[i].as_rule.minor);
    if (odd || (odd_nodes && !declared))
        plm_drift(k, "devices in force that are declared nowhere: %zu rules, %zu nodes", odd, odd_nodes);
    else
        plm_say(k, PLM_OUT_PASS, "%s: nothing beyond what is declared",
                c->cgroup.devices.p ? "devices.list" : "device nodes (cgroup v2 rules cannot be read)");
}

/* ---- R6 ----------------------------------------------------------------------------------- */

static size_t declared_raw(struct plm_checking *k)
{
    yyjson_val *hc = k->container->host_config, *v;
    size_t i, n, found = 0;
    yyjson_arr_foreach(yyjson_obj_get(hc, "DeviceCgroupRules"), i, n, v)
    {
        struct device_rule rule;
        plm_sv text = plm_json_sv(v);
        bool is_rule = parse_rule(text, &rule);
        if (!is_rule)
            plm_say(k, PLM_OUT_UNKNOWN, "HostConfig.DeviceCgroupRules: %.*s is no rule", PLM_SV_ARG(text));
        if (!is_rule || !is_broad_rule(&rule))
            continue;
        found++;
        plm_say(k, PLM_OUT_FAIL, "HostConfig.DeviceCgroupRules: %.*s", PLM_SV_ARG(text));
    }
    yyjson_arr_foreach(yyjson_obj_get(hc, "Devices"), i, n, v)
    {
        plm_sv path = plm_json_str(v, "PathOnHost", NULL);
        if (device_severity(k, path) != PLM_SEV_CRITICAL)
            continue;
        found++;
        plm_say(k, PLM_OUT_FAIL, "HostConfig.Devices: %.*s", PLM_SV_ARG(path));
    }
    return found;
}

/* Whether devices.list lets that device be read or written; -1: the list cannot be read. */
static int is_device_allowed(const struct plm_container *c, const struct device_rule *device)
{
    plm_sv rest = c->cgroup.devices, line;
    if (!rest.p)
        return -1;
    while (plm_sv_line(&rest, &line)) {
        struct device_rule r;
        if (parse_rule(line, &r) && (r.reads || r.writes) && (r.type == 'a' || r.type == device->type) &&
            (r.major == ANY || r.major == device->major) && (r.minor == ANY || r.minor == device->minor))
            return 1;
    }
    return 0;
}

static size_t actual_raw(struct plm_checking *k)
{
    const struct plm_container *c = k->container;
    plm_sv rest = c->cgroup.devices, line;
    size_t found = 0;
    node_vec nodes = {0};
    while (plm_sv_line(&rest, &line)) {
        struct device_rule rule;
        if (parse_rule(line, &rule) && is_broad_rule(&rule) && found++ < PLM_SAID_MAX)
            plm_say(k, PLM_OUT_FAIL, "devices.list: %.*s", PLM_SV_ARG(line));
    }
    if (!read_nodes(k, &nodes))
        return found;
    for (size_t i = 0; i < nodes.n; i++)
        if (is_broad_rule(&nodes.v[i].as_rule) && is_device_allowed(c, &nodes.v[i].as_rule) != 0 &&
            found++ < PLM_SAID_MAX)
            plm_say(k, PLM_OUT_FAIL, "/proc/%d/root/dev/%.*s: %c %lld:%lld", c->init->pid,
                    PLM_SV_ARG(nodes.v[i].name), nodes.v[i].as_rule.type, (long long)nodes.v[i].as_rule.major,
                    (long long)nodes.v[i].as_rule.minor);
    return found;
}

static void check_raw(struct plm_checking *k)
{
    if (plm_inspect_is_missing(k) || plm_is_privileged_na(k))
        return;
    size_t declared = declared_raw(k);
    plm_say(k, PLM_OUT_PASS, "HostConfig.Devices, DeviceCgroupRules: read");
    if (plm_truth_is_missing(k) || !plm_has_truth(k))
        return;
    size_t actual = actual_raw(k);
    if (actual && !declared)
        plm_drift(k, "rules or nodes of raw devices are in force, none is declared");
    if (!actual)
        plm_say(k, PLM_OUT_PASS, "%s: no disk, no memory",
                k->container->cgroup.devices.p ? "devices.list"
                                               : "device nodes (cgroup v2 rules cannot be read)");
}

#define PER_CONTAINER                                                                                        \
    .stage = PLM_STAGE_CONTAINERS, .subject = PLM_PER_CONTAINER, .impact = PLM_IMPACT_MAY_BREAK

static const struct plm_check checks[] = {
    {.id = "5.18",
     .title = "no device of the host is given to containers",
     .reads = "HostConfig.Devices, DeviceCgroupRules, DeviceRequests, Privileged; devices.list, "
              "/proc/PID/root/dev",
     .rationale =
         "A device is reached around everything that guards the files on it or the programs behind it.",
     .fix = "Start it without `--device` and `--device-cgroup-rule` (compose: `devices:`, "
            "`device_cgroup_rules:`), or "
            "give the device with `r` only.",
     .severity = PLM_SEV_MEDIUM,
     .aliases = "check_5_18",
     .level = 1,
     .is_manual = true,
     PER_CONTAINER,
     .run = check_devices},
    {.id = "R6",
     .title = "no container reaches raw disks or memory",
     .reads = "HostConfig.DeviceCgroupRules, Devices; devices.list, nodes below /proc/PID/root/dev",
     .rationale =
         "With a rule for a disk and the mknod capability of the default set, a container writes the host's "
         "file systems.",
     .fix = "Start it without that `--device-cgroup-rule` or `--device` (compose: `device_cgroup_rules:`, "
            "`devices:`), "
            "and with `--cap-drop MKNOD` (compose: `cap_drop: [MKNOD]`).",
     .severity = PLM_SEV_CRITICAL,
     PER_CONTAINER,
     .run = check_raw},
};

static const struct plm_check_group devices = {
    .id = "devices",
    .summary = "devices of the host in containers",
    .checks = checks,
    .n = sizeof(checks) / sizeof(checks[0]),
};
PLM_REGISTER(plm_check_groups, struct plm_check_group, devices);
