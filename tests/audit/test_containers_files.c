/* SPDX-License-Identifier: Apache-2.0
 *
 * Checks of mounts, engine sockets, kernel files and devices of containers, and the path table.
 */
#include "facts_builder.h"

#define CASES(name) fx_run_cases(name, sizeof(name) / sizeof(name[0]))
#define BIND(source, target, rw)                                                                             \
    "\"Mounts\": [{\"Type\": \"bind\", \"Source\": \"" source "\", \"Destination\": \"" target               \
    "\", \"RW\": " rw "}]"
/* A bind of the host's root disk (8:1) in the container. */
#define MOUNT(root, point, rw)                                                                               \
    FX_MOUNTS "140 113 8:1 " root " " point " " rw ",relatime - ext4 /dev/sda1 rw\n"

/* ---- what cases change --------------------------------------------------------------------------- */

static void etc_in_force(struct fx *x, struct plm_container *c)
{
    fx_mounts(x, &c->mounts, MOUNT("/etc", "/x", "rw"));
}

static void etc_ro_in_force(struct fx *x, struct plm_container *c)
{
    fx_mounts(x, &c->mounts, MOUNT("/etc", "/x", "ro"));
}

/* As a volume whose options bind /etc: the API says type volume below the data root. */
static void bind_volume(struct fx *x, struct plm_container *c)
{
    x->daemon->volumes =
        fx_answer(x, "{\"Volumes\": [{\"Name\": \"v\", \"Driver\": \"local\", \"Options\": {\"type\": "
                     "\"none\", \"o\": \"bind\", \"device\": \"/etc\"}}]}");
    if (c->is_running)
        etc_in_force(x, c);
}

static void bind_volume_unseen(struct fx *x, struct plm_container *c)
{
    x->daemon->volumes = (struct plm_answer){.failure = PLM_SV("timed out")};
    etc_in_force(x, c);
}

static void plain_volume(struct fx *x, struct plm_container *c)
{
    fx_mounts(x, &c->mounts, MOUNT("/var/lib/docker/volumes/v/_data", "/data", "rw"));
}

static void engine_files(struct fx *x, struct plm_container *c)
{
    char text[8192];
    (void)snprintf(text, sizeof(text),
                   FX_MOUNTS
                   "140 113 8:1 /var/lib/docker/containers/%.*s/hosts /etc/hosts rw - ext4 /dev/sda1 rw\n",
                   PLM_SV_ARG(c->id));
    fx_mounts(x, &c->mounts, text);
}

static void whole_host(struct fx *x, struct plm_container *c)
{
    fx_mounts(x, &c->mounts,
              MOUNT("/", "/host", "ro") "141 140 0:7 / /host/run ro - tmpfs tmpfs rw\n"
                                        "142 140 0:5 / /host/proc ro - proc proc rw\n");
}

static void link_to_etc(struct fx *x, struct plm_container *c)
{
    (void)c;
    fx_mkdirs(x, "srv");
    fx_link(x, "srv/innocent", "../etc");
}

static void var_run_link(struct fx *x, struct plm_container *c)
{
    (void)c;
    fx_mkdirs(x, "var");
    fx_mkdirs(x, "run");
    fx_link(x, "var/run", "/run");
}

static void allow_log(struct fx *x, struct plm_container *c)
{
    (void)c;
    plm_sv_vec_add(x->facts.arena, &x->opt.expect.allowed_mounts, PLM_SV("/var/log:ro@app:*"));
}

static void allow_for_others(struct fx *x, struct plm_container *c)
{
    (void)c;
    plm_sv_vec_add(x->facts.arena, &x->opt.expect.allowed_mounts, PLM_SV("/var/log@promtail:*"));
}

static void no_mounts(struct fx *x, struct plm_container *c)
{
    (void)x;
    c->mounts = (plm_mount_vec){0};
    c->mounts_failure = PLM_SV("Permission denied");
}

static void no_host_mounts(struct fx *x, struct plm_container *c)
{
    (void)c;
    x->facts.host_mounts_failure = PLM_SV("Permission denied");
}

static void root_elsewhere(struct fx *x, struct plm_container *c)
{
    (void)c;
    x->daemon->root_dir = PLM_SV("/data/docker");
}

static void socket_elsewhere(struct fx *x, struct plm_container *c)
{
    (void)c;
    x->daemon->socket_path = PLM_SV("/srv/engine/own.sock");
}

static void peer_files(struct fx *x, struct plm_container *c)
{
    fx_mounts(x, &c->mounts,
              FX_MOUNTS
              "140 113 8:1 /var/lib/docker/containers/00aa/hosts /etc/hosts rw - ext4 /dev/sda1 rw\n");
}

/* A bind of the whole host brings along what is mounted there, such as the mount of a volume. */
static void mounts_come_along(struct fx *x, struct plm_container *c)
{
    fx_mounts(x, &x->facts.host_mounts,
              FX_HOST_MOUNTS "30 20 8:1 /etc /var/lib/docker/volumes/v/_data rw - ext4 /dev/sda1 rw\n");
    fx_mounts(x, &c->mounts,
              MOUNT("/", "/host",
                    "rw") "142 140 8:1 /etc /host/var/lib/docker/volumes/v/_data rw - ext4 /dev/sda1 rw\n");
}

/* ---- 5.6 ----------------------------------------------------------------------------------------- */

static void test_sensitive_paths(void **state)
{
    (void)state;
    static const struct fx_case cases[] = {
        {.id = "5.6", .outcome = PLM_OUT_PASS},
        {.id = "5.6",
         .root = BIND("/", "/host", "false"),
         .change = whole_host,
         .outcome = PLM_OUT_FAIL,
         .severity = PLM_SEV_CRITICAL,
         .evidence = "the whole host"},
        {.id = "5.6",
         .root = BIND("/etc", "/x", "true"),
         .is_stopped = true,
         .outcome = PLM_OUT_FAIL,
         .severity = PLM_SEV_CRITICAL},
        {.id = "5.6",
         .root = BIND("/etc", "/x", "false"),
         .is_stopped = true,
         .outcome = PLM_OUT_FAIL,
         .severity = PLM_SEV_HIGH},
        {.id = "5.6",
         .root = BIND("/etc/", "/x", "false"),
         .is_stopped = true,
         .outcome = PLM_OUT_FAIL,
         .severity = PLM_SEV_HIGH},
        {.id = "5.6",
         .root = BIND("/var/../etc", "/x", "false"),
         .is_stopped = true,
         .outcome = PLM_OUT_FAIL,
         .severity = PLM_SEV_HIGH},
        {.id = "5.6",
         .root = BIND("/etc/cron.d", "/x", "true"),
         .is_stopped = true,
         .outcome = PLM_OUT_FAIL,
         .severity = PLM_SEV_CRITICAL},
        {.id = "5.6",
         .root = BIND("/etc/localtime", "/x", "false"),
         .is_stopped = true,
         .outcome = PLM_OUT_PASS},
        {.id = "5.6",
         .root = BIND("/etc/shadow", "/x", "false"),
         .is_stopped = true,
         .outcome = PLM_OUT_FAIL,
         .severity = PLM_SEV_CRITICAL},
        {.id = "5.6",
         .root = BIND("/run", "/x", "true"),
         .is_stopped = true,
         .outcome = PLM_OUT_FAIL,
         .severity = PLM_SEV_CRITICAL},
        {.id = "5.6",
         .root = BIND("/home/u/.ssh", "/x", "false"),
         .is_stopped = true,
         .outcome = PLM_OUT_FAIL,
         .severity = PLM_SEV_CRITICAL},
        {.id = "5.6",
         .root = BIND("/home/u/project", "/x", "true"),
         .is_stopped = true,
         .outcome = PLM_OUT_PASS},
        {.id = "5.6", .root = BIND("/srv/data", "/x", "true"), .is_stopped = true, .outcome = PLM_OUT_PASS},
        {.id = "5.6",
         .root = BIND("/var/log", "/x", "false"),
         .is_stopped = true,
         .outcome = PLM_OUT_FAIL,
         .severity = PLM_SEV_MEDIUM},
        {.id = "5.6",
         .root = BIND("/var/lib", "/x", "true"),
         .is_stopped = true,
         .outcome = PLM_OUT_FAIL,
         .severity = PLM_SEV_CRITICAL,
         .evidence = "/var/lib"},
        {.id = "5.6",
         .root = BIND("/sys", "/x", "false"),
         .is_stopped = true,
         .outcome = PLM_OUT_FAIL,
         .severity = PLM_SEV_MEDIUM},
        {.id = "5.6",
         .root = BIND("/data", "/x", "false"),
         .change = root_elsewhere,
         .is_stopped = true,
         .outcome = PLM_OUT_FAIL,
         .evidence = "/data"},
        {.id = "5.6",
         .root = BIND("/srv/innocent", "/x", "false"),
         .is_stopped = true,
         .outcome = PLM_OUT_PASS},
        {.id = "5.6",
         .host_config = "\"Binds\": [\"/etc:/x:ro,z\"]",
         .is_stopped = true,
         .outcome = PLM_OUT_FAIL,
         .severity = PLM_SEV_HIGH},
        {.id = "5.6", .host_config = "\"Binds\": [\"name:/x\"]", .is_stopped = true, .outcome = PLM_OUT_PASS},
        {.id = "5.6",
         .host_config = "\"Mounts\": [{\"Type\": \"bind\", \"Source\": \"/etc\", \"Target\": \"/x\", "
                        "\"ReadOnly\": true}]",
         .is_stopped = true,
         .outcome = PLM_OUT_FAIL,
         .severity = PLM_SEV_HIGH},
        {.id = "5.6",
         .root = BIND("/var/log", "/x", "false"),
         .change = allow_log,
         .is_stopped = true,
         .outcome = PLM_OUT_PASS,
         .evidence = "allowed"},
        {.id = "5.6",
         .root = BIND("/var/log", "/x", "true"),
         .change = allow_log,
         .is_stopped = true,
         .outcome = PLM_OUT_FAIL},
        {.id = "5.6",
         .root = BIND("/var/log", "/x", "false"),
         .change = allow_for_others,
         .is_stopped = true,
         .outcome = PLM_OUT_FAIL},
    };
    CASES(cases);
}

/* Links of the host are resolved before the path is judged: in the recorded tree srv/innocent is /etc. */
static void test_links_are_followed(void **state)
{
    (void)state;
    struct fx *x = fx_new();
    struct plm_container *c = fx_stopped(x, "c", "", "", BIND("/srv/innocent", "/x", "false"));
    struct plm_container *run = fx_stopped(x, "run", "", "", BIND("/var/run/docker.sock", "/x", "false"));
    link_to_etc(x, c);
    var_run_link(x, run);
    fx_judge(x);
    fx_expect(x, "5.6", "c", PLM_OUT_FAIL, PLM_SEV_HIGH, "/etc (written as /srv/innocent)");
    fx_expect(x, "5.6", "run", PLM_OUT_FAIL, PLM_SEV_CRITICAL, "/run/docker.sock");
    assert_true(
        plm_sv_is(plm_host_path(&x->facts, x->facts.arena, PLM_SV("/srv/innocent/no/such")), "/etc/no/such"));
    fx_free(x);
}

static void test_mounts_in_force(void **state)
{
    (void)state;
#define VOLUME                                                                                               \
    "\"Mounts\": [{\"Type\": \"volume\", \"Name\": \"v\", \"Source\": \"/var/lib/docker/volumes/v/_data\", " \
    "\"Destination\": \"/x\", \"Driver\": \"local\", \"RW\": true}]"
    static const struct fx_case cases[] = {
        {.id = "5.6",
         .root = BIND("/etc", "/x", "false"),
         .change = etc_ro_in_force,
         .outcome = PLM_OUT_FAIL,
         .severity = PLM_SEV_HIGH},
        {.id = "5.6",
         .change = etc_in_force,
         .outcome = PLM_OUT_FAIL,
         .evidence = "mountinfo",
         .drift = "declared nowhere"},
        {.id = "5.6",
         .root = VOLUME,
         .change = bind_volume,
         .outcome = PLM_OUT_FAIL,
         .severity = PLM_SEV_CRITICAL,
         .evidence = "volume v"},
        {.id = "5.6", .root = VOLUME, .change = bind_volume, .is_stopped = true, .outcome = PLM_OUT_FAIL},
        {.id = "5.6",
         .root = VOLUME,
         .change = bind_volume_unseen,
         .outcome = PLM_OUT_FAIL,
         .evidence = "/etc",
         .drift = "/etc"},
        {.id = "5.6", .root = VOLUME, .change = plain_volume, .outcome = PLM_OUT_PASS},
        {.id = "5.6", .change = engine_files, .outcome = PLM_OUT_PASS},
        {.id = "5.6", .change = peer_files, .outcome = PLM_OUT_PASS},
        {.id = "5.6",
         .root = BIND("/", "/host", "true"),
         .change = mounts_come_along,
         .outcome = PLM_OUT_FAIL},
        {.id = "5.6", .change = no_mounts, .outcome = PLM_OUT_UNKNOWN, .evidence = "Permission denied"},
        {.id = "5.6", .change = no_host_mounts, .outcome = PLM_OUT_UNKNOWN},
        /* a link that was changed after the start: what is mounted decides */
        {.id = "5.6",
         .root = BIND("/srv/data", "/x", "true"),
         .change = etc_in_force,
         .outcome = PLM_OUT_FAIL,
         .evidence = "/etc on /x",
         .drift = "/etc"},
        {.id = "R19", .outcome = PLM_OUT_PASS},
        {.id = "R19",
         .root = BIND("/etc", "/x", "true"),
         .change = etc_in_force,
         .outcome = PLM_OUT_FAIL,
         .severity = PLM_SEV_CRITICAL},
        {.id = "R19",
         .root = BIND("/etc", "/x", "false"),
         .change = etc_ro_in_force,
         .outcome = PLM_OUT_PASS},
        {.id = "R19",
         .root = BIND("/home/u/.ssh", "/x", "true"),
         .is_stopped = true,
         .outcome = PLM_OUT_FAIL,
         .evidence = "authorized_keys"},
        {.id = "R19", .root = BIND("/", "/x", "true"), .is_stopped = true, .outcome = PLM_OUT_FAIL},
        {.id = "R19", .root = BIND("/srv/data", "/x", "true"), .is_stopped = true, .outcome = PLM_OUT_PASS},
        {.id = "R19", .change = no_mounts, .outcome = PLM_OUT_UNKNOWN},
    };
    CASES(cases);
}

/* ---- 5.32 ---------------------------------------------------------------------------------------- */

static void run_in_force(struct fx *x, struct plm_container *c)
{
    fx_mounts(x, &c->mounts, FX_MOUNTS "140 113 0:7 / /host-run rw - tmpfs tmpfs rw\n");
}

static void test_sockets(void **state)
{
    (void)state;
    static const struct fx_case cases[] = {
        {.id = "5.32", .outcome = PLM_OUT_PASS},
        {.id = "5.32",
         .root = BIND("/run/docker.sock", "/x", "false"),
         .is_stopped = true,
         .outcome = PLM_OUT_FAIL,
         .severity = PLM_SEV_CRITICAL,
         .evidence = "/run/docker.sock"},
        {.id = "5.32",
         .root = BIND("/var/run/docker.sock", "/var/run/docker.sock", "true"),
         .is_stopped = true,
         .outcome = PLM_OUT_FAIL},
        {.id = "5.32",
         .root = BIND("/run", "/x", "false"),
         .is_stopped = true,
         .outcome = PLM_OUT_FAIL,
         .evidence = "/x/docker.sock"},
        {.id = "5.32",
         .root = BIND("/", "/host", "false"),
         .is_stopped = true,
         .outcome = PLM_OUT_FAIL,
         .evidence = "/host/run/docker.sock"},
        {.id = "5.32",
         .root = BIND("/run/containerd/containerd.sock", "/x", "true"),
         .is_stopped = true,
         .outcome = PLM_OUT_FAIL,
         .evidence = "by its name"},
        {.id = "5.32",
         .root = BIND("/srv/engine", "/x", "false"),
         .change = socket_elsewhere,
         .is_stopped = true,
         .outcome = PLM_OUT_FAIL,
         .evidence = "own.sock"},
        {.id = "5.32",
         .root = BIND("/srv/engine2", "/x", "false"),
         .change = socket_elsewhere,
         .is_stopped = true,
         .outcome = PLM_OUT_PASS},
        {.id = "5.32", .root = BIND("/etc", "/x", "true"), .change = etc_in_force, .outcome = PLM_OUT_PASS},
        {.id = "5.32",
         .change = run_in_force,
         .outcome = PLM_OUT_FAIL,
         .evidence = "/host-run/docker.sock",
         .drift = "5.32"},
        {.id = "5.32",
         .config = "\"Env\": [\"DOCKER_HOST=tcp://10.0.0.9:2375\"]",
         .outcome = PLM_OUT_FAIL,
         .severity = PLM_SEV_HIGH,
         .evidence = "DOCKER_HOST=tcp://10.0.0.9:2375"},
        {.id = "5.32",
         .config = "\"Env\": [\"DOCKER_HOST=tcp://u:hunter2@h:1\"]",
         .outcome = PLM_OUT_FAIL,
         .evidence = "@h:1"},
        {.id = "5.32",
         .config = "\"Env\": [\"DOCKER_HOST=unix:///run/docker.sock\"]",
         .outcome = PLM_OUT_PASS},
        {.id = "5.32", .change = no_mounts, .outcome = PLM_OUT_UNKNOWN},
    };
    CASES(cases);
}

/* ---- 5.13, 5.20 ---------------------------------------------------------------------------------- */

static void root_writable(struct fx *x, struct plm_container *c)
{
    fx_mounts(x, &c->mounts,
              "113 89 0:41 / / rw,relatime - overlay overlay rw,upperdir=/u\n"
              "120 113 0:60 / /tmp rw - tmpfs tmpfs rw\n");
}

static void shares_run(struct fx *x, struct plm_container *c)
{
    fx_mounts(x, &c->mounts, FX_MOUNTS "140 113 0:7 /app /app rw shared:5 - tmpfs tmpfs rw\n");
}

static void shares_with_itself(struct fx *x, struct plm_container *c)
{
    fx_mounts(x, &c->mounts, FX_MOUNTS "140 113 0:7 /app /app rw shared:77 master:5 - tmpfs tmpfs rw\n");
}

static void test_root_and_propagation(void **state)
{
    (void)state;
#define SHARED                                                                                               \
    "\"Mounts\": [{\"Type\": \"bind\", \"Source\": \"/run/app\", \"Destination\": \"/app\", \"RW\": true, "  \
    "\"Propagation\": \"rshared\"}]"
    static const struct fx_case cases[] = {
        {.id = "5.13", .outcome = PLM_OUT_PASS, .evidence = "/ is ro"},
        {.id = "5.13",
         .host_config = "\"ReadonlyRootfs\": false",
         .change = root_writable,
         .outcome = PLM_OUT_FAIL,
         .evidence = "/tmp"},
        {.id = "5.13",
         .host_config = "\"ReadonlyRootfs\": false",
         .is_stopped = true,
         .outcome = PLM_OUT_FAIL},
        {.id = "5.13", .change = root_writable, .outcome = PLM_OUT_FAIL, .drift = "5.13"},
        {.id = "5.13", .change = no_mounts, .outcome = PLM_OUT_UNKNOWN},
        {.id = "5.20", .outcome = PLM_OUT_PASS},
        {.id = "5.20", .root = SHARED, .change = shares_run, .outcome = PLM_OUT_FAIL, .evidence = "rshared"},
        {.id = "5.20", .root = SHARED, .is_stopped = true, .outcome = PLM_OUT_FAIL, .severity = PLM_SEV_HIGH},
        {.id = "5.20",
         .change = shares_run,
         .outcome = PLM_OUT_FAIL,
         .evidence = "also /run",
         .drift = "5.20"},
        {.id = "5.20", .change = shares_with_itself, .outcome = PLM_OUT_PASS},
        {.id = "5.20", .change = no_mounts, .outcome = PLM_OUT_UNKNOWN},
    };
    CASES(cases);
}

/* ---- R4, R5 -------------------------------------------------------------------------------------- */

#define UNMASKED "\"MaskedPaths\": [], \"ReadonlyPaths\": []"

static void unmasked(struct fx *x, struct plm_container *c)
{
    fx_mounts(x, &c->mounts,
              "113 89 0:41 / / ro,relatime - overlay overlay rw,upperdir=/u\n"
              "114 113 0:44 / /proc rw,nosuid - proc proc rw\n"
              "117 113 0:47 / /sys ro,nosuid - sysfs sysfs ro\n");
}

static void host_proc(struct fx *x, struct plm_container *c)
{
    fx_mounts(x, &c->mounts, FX_MOUNTS "140 113 0:5 / /host-proc rw - proc proc rw\n");
}

static void unmasked_remapped(struct fx *x, struct plm_container *c)
{
    unmasked(x, c);
    fx_init(c)->uid_map = PLM_SV("0 100000 65536");
}

static void test_kernel_files(void **state)
{
    (void)state;
    static const struct fx_case cases[] = {
        {.id = "R4", .outcome = PLM_OUT_PASS, .evidence = "MaskedPaths: 10"},
        {.id = "R4",
         .host_config = UNMASKED,
         .change = unmasked,
         .outcome = PLM_OUT_FAIL,
         .severity = PLM_SEV_HIGH,
         .evidence = "MaskedPaths: 0 entries"},
        {.id = "R4", .host_config = UNMASKED, .is_stopped = true, .outcome = PLM_OUT_FAIL},
        {.id = "R4",
         .host_config = "\"MaskedPaths\": [\"/proc/kcore\"]",
         .is_stopped = true,
         .outcome = PLM_OUT_FAIL,
         .evidence = "without /proc/keys"},
        {.id = "R4",
         .host_config = "\"MaskedPaths\": null, \"ReadonlyPaths\": null",
         .is_stopped = true,
         .outcome = PLM_OUT_UNKNOWN},
        {.id = "R4",
         .host_config = "\"MaskedPaths\": null, \"ReadonlyPaths\": null",
         .outcome = PLM_OUT_PASS},
        {.id = "R4", .change = unmasked, .outcome = PLM_OUT_FAIL, .evidence = "nothing masks", .drift = "R4"},
        {.id = "R4", .host_config = "\"Privileged\": true, " UNMASKED, .outcome = PLM_OUT_NA},
        {.id = "R4", .change = no_mounts, .outcome = PLM_OUT_UNKNOWN},
        {.id = "R5", .outcome = PLM_OUT_PASS},
        {.id = "R5",
         .host_config = UNMASKED,
         .change = unmasked,
         .outcome = PLM_OUT_FAIL,
         .severity = PLM_SEV_CRITICAL,
         .evidence = "/proc/sys/kernel/core_pattern"},
        {.id = "R5", .host_config = UNMASKED, .is_stopped = true, .outcome = PLM_OUT_FAIL},
        {.id = "R5", .change = unmasked, .outcome = PLM_OUT_FAIL, .drift = "R5"},
        {.id = "R5",
         .change = unmasked_remapped,
         .outcome = PLM_OUT_PASS,
         .evidence = "not root of these files"},
        {.id = "R5",
         .change = host_proc,
         .outcome = PLM_OUT_FAIL,
         .evidence = "/host-proc/sys/kernel/core_pattern",
         .drift = "R5"},
        {.id = "R5",
         .root = BIND("/proc", "/host-proc", "true"),
         .change = host_proc,
         .outcome = PLM_OUT_FAIL},
        {.id = "R5", .root = BIND("/proc", "/x", "true"), .is_stopped = true, .outcome = PLM_OUT_FAIL},
        {.id = "R5", .root = BIND("/proc", "/x", "false"), .is_stopped = true, .outcome = PLM_OUT_PASS},
        {.id = "R5", .change = no_mounts, .outcome = PLM_OUT_UNKNOWN},
        {.id = "R5", .host_config = "\"Privileged\": true", .outcome = PLM_OUT_NA},
    };
    CASES(cases);
}

/* ---- 5.18, R6 ------------------------------------------------------------------------------------ */

static void devices_all(struct fx *x, struct plm_container *c)
{
    (void)x;
    c->cgroup.devices = PLM_SV("a *:* rwm\n");
}

static void devices_disk(struct fx *x, struct plm_container *c)
{
    (void)x;
    c->cgroup.devices = PLM_SV("c 1:3 rwm\nb 8:* rwm\n");
}

static void devices_fuse(struct fx *x, struct plm_container *c)
{
    (void)x;
    c->cgroup.devices = PLM_SV("c 1:3 rwm\nc 10:229 rwm\n");
}

static void devices_v2(struct fx *x, struct plm_container *c)
{
    (void)x;
    c->cgroup.version = 2;
    c->cgroup.devices = PLM_SV_NULL;
}

static void test_devices(void **state)
{
    (void)state;
#define DEVICE(path)                                                                                         \
    "\"Devices\": [{\"PathOnHost\": \"" path "\", \"PathInContainer\": \"" path                              \
    "\", \"CgroupPermissions\": \"rwm\"}]"
#define RULE(text) "\"DeviceCgroupRules\": [\"" text "\"]"
    static const struct fx_case cases[] = {
        {.id = "5.18", .outcome = PLM_OUT_PASS},
        {.id = "5.18",
         .host_config = DEVICE("/dev/fuse"),
         .change = devices_fuse,
         .outcome = PLM_OUT_FAIL,
         .severity = PLM_SEV_LOW},
        {.id = "5.18",
         .host_config = DEVICE("/dev/kmsg"),
         .outcome = PLM_OUT_FAIL,
         .severity = PLM_SEV_MEDIUM},
        {.id = "5.18",
         .host_config = DEVICE("/dev/sda"),
         .is_stopped = true,
         .outcome = PLM_OUT_FAIL,
         .severity = PLM_SEV_HIGH},
        {.id = "5.18",
         .host_config = RULE("c 10:229 rwm"),
         .change = devices_fuse,
         .outcome = PLM_OUT_FAIL,
         .evidence = "c 10:229"},
        {.id = "5.18",
         .host_config = "\"DeviceRequests\": [{\"Driver\": \"nvidia\", \"DeviceIDs\": [\"0\"]}]",
         .outcome = PLM_OUT_MANUAL,
         .evidence = "nvidia"},
        {.id = "5.18", .host_config = "\"Privileged\": true", .outcome = PLM_OUT_FAIL},
        {.id = "5.18", .change = devices_fuse, .outcome = PLM_OUT_FAIL, .drift = "5.18"},
        {.id = "5.18", .change = devices_v2, .outcome = PLM_OUT_PASS, .evidence = "v2"},
        {.id = "R6", .outcome = PLM_OUT_PASS},
        {.id = "R6",
         .host_config = RULE("b *:* rwm"),
         .is_stopped = true,
         .outcome = PLM_OUT_FAIL,
         .severity = PLM_SEV_CRITICAL},
        {.id = "R6", .host_config = RULE("a"), .is_stopped = true, .outcome = PLM_OUT_FAIL},
        {.id = "R6", .host_config = RULE("b 8:0 r"), .is_stopped = true, .outcome = PLM_OUT_FAIL},
        {.id = "R6", .host_config = RULE("b *:* m"), .is_stopped = true, .outcome = PLM_OUT_PASS},
        {.id = "R6", .host_config = RULE("c 10:229 rwm"), .is_stopped = true, .outcome = PLM_OUT_PASS},
        {.id = "R6", .host_config = RULE("c 1:1 r"), .is_stopped = true, .outcome = PLM_OUT_FAIL},
        {.id = "R6", .host_config = RULE("x y z"), .is_stopped = true, .outcome = PLM_OUT_UNKNOWN},
        {.id = "R6", .host_config = DEVICE("/dev/nvme0n1"), .is_stopped = true, .outcome = PLM_OUT_FAIL},
        {.id = "R6", .host_config = DEVICE("/dev/fuse"), .is_stopped = true, .outcome = PLM_OUT_PASS},
        {.id = "R6", .change = devices_all, .outcome = PLM_OUT_FAIL, .evidence = "a *:* rwm", .drift = "R6"},
        {.id = "R6", .change = devices_disk, .outcome = PLM_OUT_FAIL, .drift = "R6"},
        {.id = "R6", .host_config = "\"Privileged\": true", .change = devices_all, .outcome = PLM_OUT_NA},
    };
    CASES(cases);
}

static void test_paths(void **state)
{
    (void)state;
    plm_auto(plm_arena_free) struct plm_arena *a = plm_arena_new(PLM_MIB(1));
    static const char *const rows[][2] = {{"/a/b", "/a/b"}, {"/a//b/", "/a/b"},  {"/a/../b", "/b"},
                                          {"/../..", "/"},  {"/a/./b/..", "/a"}, {"/", "/"},
                                          {"", "/"},        {"a/b", "/a/b"}};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        assert_true(plm_sv_is(plm_path_clean(a, plm_sv_from(rows[i][0])), rows[i][1]));
    assert_true(plm_path_is_below(PLM_SV("/etc/x"), PLM_SV("/etc")));
    assert_true(plm_path_is_below(PLM_SV("/etc"), PLM_SV("/etc")));
    assert_true(plm_path_is_below(PLM_SV("/etc"), PLM_SV("/")));
    assert_false(plm_path_is_below(PLM_SV("/etcetera"), PLM_SV("/etc")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sensitive_paths),
        cmocka_unit_test(test_links_are_followed),
        cmocka_unit_test(test_mounts_in_force),
        cmocka_unit_test(test_sockets),
        cmocka_unit_test(test_root_and_propagation),
        cmocka_unit_test(test_kernel_files),
        cmocka_unit_test(test_devices),
        cmocka_unit_test(test_paths),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
