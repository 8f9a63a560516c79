/* SPDX-License-Identifier: Apache-2.0
 *
 * Checks of limits, ports and networks, commands, health, logs, groups, runtimes and credentials of
 * containers.
 */
#include "facts_builder.h"

#define CASES(name) fx_run_cases(name, sizeof(name) / sizeof(name[0]))

static void no_truth(struct fx *x, struct plm_container *c)
{
    (void)x;
    c->truth_failure = PLM_SV("pid 1000: it has gone");
}

/* ---- limits -------------------------------------------------------------------------------------- */

static void no_limits(struct fx *x, struct plm_container *c)
{
    (void)x;
    c->cgroup.memory = c->cgroup.pids = c->cgroup.cpu_quota = fx_limit(PLM_UNLIMITED);
}

static void parent_limits(struct fx *x, struct plm_container *c)
{
    (void)x;
    c->cgroup.memory = c->cgroup.pids = c->cgroup.cpu_quota = fx_limit(500);
    c->cgroup.memory.is_inherited = c->cgroup.pids.is_inherited = c->cgroup.cpu_quota.is_inherited = true;
}

static void limits_unreadable(struct fx *x, struct plm_container *c)
{
    (void)x;
    c->cgroup.memory = c->cgroup.pids = c->cgroup.cpu_quota = c->cgroup.cpu_shares = c->cgroup.cpuset =
        (struct plm_cgroup_limit){.sys = EACCES, .where = PLM_SV("/sys/fs/cgroup/x")};
}

static void limits_changed(struct fx *x, struct plm_container *c)
{
    (void)x;
    c->cgroup.memory = fx_limit(UINT64_C(1) << 34);
    c->cgroup.pids = fx_limit(9999);
}

static void rounded_memory(struct fx *x, struct plm_container *c)
{
    (void)x;
    c->cgroup.memory = fx_limit(67108864 - 4096);
}

static void only_cpuset(struct fx *x, struct plm_container *c)
{
    (void)x;
    c->cgroup.cpu_quota = fx_limit(PLM_UNLIMITED);
    c->cgroup.cpuset = fx_limit(1);
}

static void only_shares(struct fx *x, struct plm_container *c)
{
    (void)x;
    c->cgroup.cpu_quota = fx_limit(PLM_UNLIMITED);
    c->cgroup.cpu_shares = fx_limit(512);
}

static void default_ulimits(struct fx *x, struct plm_container *c)
{
    (void)c;
    struct plm_setting *s = plm_vec_push(x->facts.arena, &x->daemon->settings);
    *s = (struct plm_setting){PLM_SV("default-ulimits"), PLM_SV("nofile=1:2"), PLM_SET_FILE,
                              PLM_SV("daemon.json")};
}

static void no_limits_file(struct fx *x, struct plm_container *c)
{
    (void)x;
    fx_init(c)->limits = PLM_SV_NULL;
}

static void odd_cgroup(struct fx *x, struct plm_container *c)
{
    (void)x;
    c->cgroup.path = PLM_SV("/user.slice/id");
}

static void oom_below(struct fx *x, struct plm_container *c)
{
    fx_process(x, c, "spared")->oom_score_adj = -500;
}

static void test_limits(void **state)
{
    (void)state;
#define NONE_DECLARED "\"Memory\": 0, \"MemorySwap\": 0, \"PidsLimit\": null, \"NanoCpus\": 0"
    static const struct fx_case cases[] = {
        {.id = "5.11", .outcome = PLM_OUT_PASS, .evidence = "67108864"},
        {.id = "5.11",
         .host_config = NONE_DECLARED,
         .change = no_limits,
         .outcome = PLM_OUT_FAIL,
         .severity = PLM_SEV_MEDIUM},
        {.id = "5.11", .host_config = NONE_DECLARED, .is_stopped = true, .outcome = PLM_OUT_FAIL},
        {.id = "5.11", .is_stopped = true, .outcome = PLM_OUT_PASS},
        {.id = "5.11",
         .host_config = NONE_DECLARED,
         .change = parent_limits,
         .outcome = PLM_OUT_PASS,
         .evidence = "a group above"},
        {.id = "5.11", .change = parent_limits, .outcome = PLM_OUT_PASS},
        {.id = "5.11", .change = no_limits, .outcome = PLM_OUT_FAIL, .evidence = "no limit", .drift = "5.11"},
        {.id = "5.11", .change = limits_changed, .outcome = PLM_OUT_PASS, .drift = "5.11"},
        {.id = "5.11", .change = rounded_memory, .outcome = PLM_OUT_PASS},
        {.id = "5.11",
         .change = limits_unreadable,
         .outcome = PLM_OUT_UNKNOWN,
         .evidence = "Permission denied"},
        {.id = "5.11", .change = no_truth, .outcome = PLM_OUT_UNKNOWN},
        {.id = "5.12", .outcome = PLM_OUT_PASS},
        {.id = "5.12",
         .host_config = NONE_DECLARED,
         .change = no_limits,
         .outcome = PLM_OUT_FAIL,
         .severity = PLM_SEV_LOW},
        {.id = "5.12",
         .host_config = NONE_DECLARED ", \"CpuQuota\": 50000",
         .is_stopped = true,
         .outcome = PLM_OUT_PASS},
        {.id = "5.12",
         .host_config = NONE_DECLARED ", \"CpusetCpus\": \"0\"",
         .is_stopped = true,
         .outcome = PLM_OUT_PASS},
        {.id = "5.12",
         .host_config = NONE_DECLARED ", \"CpuShares\": 1024",
         .is_stopped = true,
         .outcome = PLM_OUT_FAIL},
        {.id = "5.12",
         .host_config = NONE_DECLARED ", \"CpusetCpus\": \"0\"",
         .change = only_cpuset,
         .outcome = PLM_OUT_PASS},
        {.id = "5.12",
         .host_config = NONE_DECLARED ", \"CpuShares\": 512",
         .change = only_shares,
         .outcome = PLM_OUT_PASS},
        {.id = "5.12", .host_config = NONE_DECLARED, .change = parent_limits, .outcome = PLM_OUT_PASS},
        {.id = "5.12", .change = no_limits, .outcome = PLM_OUT_FAIL, .drift = "5.12"},
        {.id = "5.12", .change = limits_unreadable, .outcome = PLM_OUT_UNKNOWN},
        {.id = "5.29", .outcome = PLM_OUT_PASS},
        {.id = "5.29",
         .host_config = NONE_DECLARED,
         .change = no_limits,
         .outcome = PLM_OUT_FAIL,
         .severity = PLM_SEV_MEDIUM},
        {.id = "5.29", .host_config = "\"PidsLimit\": -1", .is_stopped = true, .outcome = PLM_OUT_FAIL},
        {.id = "5.29", .host_config = "\"PidsLimit\": 0", .change = parent_limits, .outcome = PLM_OUT_PASS},
        {.id = "5.29", .change = limits_changed, .outcome = PLM_OUT_PASS, .drift = "5.29"},
        {.id = "5.29", .change = limits_unreadable, .outcome = PLM_OUT_UNKNOWN},
        {.id = "5.19", .outcome = PLM_OUT_PASS, .evidence = "nofile=1024:4096"},
        {.id = "5.19",
         .host_config = "\"Ulimits\": []",
         .outcome = PLM_OUT_MANUAL,
         .evidence = "Max open files: 1024"},
        {.id = "5.19",
         .host_config = "\"Ulimits\": []",
         .change = default_ulimits,
         .outcome = PLM_OUT_PASS,
         .evidence = "daemon.json"},
        {.id = "5.19", .change = no_limits_file, .outcome = PLM_OUT_UNKNOWN},
        {.id = "5.25", .outcome = PLM_OUT_PASS},
        {.id = "5.25",
         .host_config = "\"CgroupParent\": \"/tenant\"",
         .outcome = PLM_OUT_MANUAL,
         .evidence = "memory 67108864"},
        {.id = "5.25", .change = odd_cgroup, .outcome = PLM_OUT_MANUAL, .evidence = "/user.slice/id"},
        {.id = "R10", .outcome = PLM_OUT_PASS},
        {.id = "R10",
         .host_config = "\"OomScoreAdj\": -500",
         .is_stopped = true,
         .outcome = PLM_OUT_FAIL,
         .severity = PLM_SEV_MEDIUM},
        {.id = "R10", .host_config = "\"OomKillDisable\": true", .is_stopped = true, .outcome = PLM_OUT_FAIL},
        {.id = "R10", .host_config = "\"MemorySwap\": -1", .is_stopped = true, .outcome = PLM_OUT_FAIL},
        {.id = "R10",
         .host_config = "\"ShmSize\": 8589934592",
         .is_stopped = true,
         .outcome = PLM_OUT_FAIL,
         .severity = PLM_SEV_LOW},
        {.id = "R10", .change = oom_below, .outcome = PLM_OUT_FAIL, .evidence = "-500", .drift = "R10"},
    };
    CASES(cases);
}

/* ---- network ------------------------------------------------------------------------------------- */

static void listens(struct fx *x, struct plm_container *c, enum plm_socket_proto proto, uint16_t port,
                    bool loopback)
{
    struct plm_socket *s = plm_vec_push(x->facts.arena, &c->sockets);
    *s = (struct plm_socket){.proto = proto,
                             .address = loopback ? PLM_SV("127.0.0.1") : PLM_SV("0.0.0.0"),
                             .port = port,
                             .is_loopback = loopback,
                             .is_wildcard = !loopback};
}

static void listens_80(struct fx *x, struct plm_container *c)
{
    listens(x, c, PLM_TCP6, 80, false);
}

static void listens_22(struct fx *x, struct plm_container *c)
{
    listens(x, c, PLM_TCP, 22, false);
}

static void listens_loopback_22(struct fx *x, struct plm_container *c)
{
    listens(x, c, PLM_TCP, 22, true);
}

static void sockets_unreadable(struct fx *x, struct plm_container *c)
{
    (void)x;
    c->sockets_failure = PLM_SV("Permission denied");
}

static void runs_sshd(struct fx *x, struct plm_container *c)
{
    fx_process(x, c, "sshd")->exe = PLM_SV("/usr/sbin/sshd");
}

static void hidden_dropbear(struct fx *x, struct plm_container *c)
{
    struct plm_process *p = fx_process(x, c, "dropbear");
    p->exe = PLM_SV_NULL;
    p->exe_errno = EACCES;
}

static void ip_of_engine(struct fx *x, struct plm_container *c)
{
    (void)c;
    struct plm_setting *s = plm_vec_push(x->facts.arena, &x->daemon->settings);
    *s = (struct plm_setting){PLM_SV("ip"), PLM_SV("10.0.0.5"), PLM_SET_FILE, PLM_SV("daemon.json")};
}

static void allow_80(struct fx *x, struct plm_container *c)
{
    (void)c;
    plm_sv_vec_add(x->facts.arena, &x->opt.expect.allowed_ports, PLM_SV("80"));
}

static void proxied(struct fx *x, struct plm_container *c)
{
    (void)c;
    static const char argv[] =
        "docker-proxy\0-proto\0tcp\0-host-ip\0000.0.0.0\0-host-port\00081\0-container-ip\000172.20.0.2"
        "\0-container-port\00080";
    struct plm_process *p = plm_vec_push(x->facts.arena, &x->facts.processes);
    fx_fill(p, 900, "docker-proxy");
    p->cmdline = plm_sv_n(argv, sizeof(argv) - 1);
}

static void on_cloud(struct fx *x, struct plm_container *c)
{
    (void)c;
    fx_file(x, "sys/class/dmi/id/sys_vendor", "Amazon EC2\n");
}

static void test_network(void **state)
{
    (void)state;
#define PORTS(ip, port)                                                                                      \
    "\"NetworkSettings\": {\"Ports\": {\"80/tcp\": [{\"HostIp\": \"" ip "\", \"HostPort\": \"" port          \
    "\"}]}, \"Networks\": "                                                                                  \
    "{\"app\": {\"IPAddress\": \"172.20.0.2\"}}}"
#define BINDING(ip, port)                                                                                    \
    "\"PortBindings\": {\"80/tcp\": [{\"HostIp\": \"" ip "\", \"HostPort\": \"" port "\"}]}"
    static const struct fx_case cases[] = {
        {.id = "5.8", .outcome = PLM_OUT_PASS},
        {.id = "5.8", .root = PORTS("::1", "443"), .outcome = PLM_OUT_FAIL, .evidence = "[::1]:443"},
        {.id = "5.8", .root = PORTS("127.0.0.1", "1024"), .outcome = PLM_OUT_PASS},
        {.id = "5.8", .root = PORTS("127.0.0.1", "80"), .change = allow_80, .outcome = PLM_OUT_PASS},
        {.id = "5.8", .host_config = BINDING("", "1000-1100"), .is_stopped = true, .outcome = PLM_OUT_FAIL},
        {.id = "5.8",
         .host_config = BINDING("", ""),
         .is_stopped = true,
         .outcome = PLM_OUT_PASS,
         .evidence = "(any)"},
        {.id = "5.8", .host_config = BINDING("", "http"), .is_stopped = true, .outcome = PLM_OUT_UNKNOWN},
        {.id = "5.8", .change = proxied, .outcome = PLM_OUT_FAIL, .evidence = "docker-proxy"},
        {.id = "5.8",
         .host_config = "\"NetworkMode\": \"host\"",
         .is_stopped = true,
         .outcome = PLM_OUT_MANUAL},
        {.id = "5.14", .outcome = PLM_OUT_PASS},
        {.id = "5.14", .root = PORTS("0.0.0.0", "8080"), .outcome = PLM_OUT_FAIL, .severity = PLM_SEV_MEDIUM},
        {.id = "5.14", .root = PORTS("::", "8080"), .outcome = PLM_OUT_FAIL},
        {.id = "5.14", .root = PORTS("0:0:0:0:0:0:0:0", "8080"), .outcome = PLM_OUT_FAIL},
        {.id = "5.14", .root = PORTS("::ffff:0.0.0.0", "8080"), .outcome = PLM_OUT_FAIL},
        {.id = "5.14", .root = PORTS("::1", "8080"), .outcome = PLM_OUT_PASS},
        {.id = "5.14", .host_config = BINDING("", "8080"), .is_stopped = true, .outcome = PLM_OUT_FAIL},
        {.id = "5.14",
         .host_config = BINDING("", "8080"),
         .change = ip_of_engine,
         .is_stopped = true,
         .outcome = PLM_OUT_PASS,
         .evidence = "10.0.0.5"},
        {.id = "5.14",
         .host_config = "\"PublishAllPorts\": true",
         .is_stopped = true,
         .outcome = PLM_OUT_FAIL},
        {.id = "5.14", .change = proxied, .outcome = PLM_OUT_FAIL, .drift = "5.14"},
        {.id = "5.9", .outcome = PLM_OUT_PASS},
        {.id = "5.9",
         .root = PORTS("::1", "8080"),
         .config = "\"ExposedPorts\": {\"80/tcp\": {}}",
         .change = listens_80,
         .outcome = PLM_OUT_PASS},
        {.id = "5.9",
         .root = PORTS("::1", "8080"),
         .change = listens_80,
         .outcome = PLM_OUT_MANUAL,
         .evidence = "ExposedPorts"},
        {.id = "5.9", .root = PORTS("::1", "8080"), .outcome = PLM_OUT_FAIL, .evidence = "nothing listens"},
        {.id = "5.9", .change = sockets_unreadable, .outcome = PLM_OUT_UNKNOWN},
        {.id = "5.9", .change = listens_80, .outcome = PLM_OUT_PASS, .evidence = "not published"},
        {.id = "5.7", .outcome = PLM_OUT_PASS},
        {.id = "5.7", .change = runs_sshd, .outcome = PLM_OUT_FAIL, .evidence = "/usr/sbin/sshd"},
        {.id = "5.7", .change = hidden_dropbear, .outcome = PLM_OUT_FAIL},
        {.id = "5.7", .change = listens_22, .outcome = PLM_OUT_FAIL, .evidence = "port 22"},
        {.id = "5.7", .change = listens_loopback_22, .outcome = PLM_OUT_PASS},
        {.id = "5.7", .root = "\"Args\": [\"say\", \"sshd\"]", .outcome = PLM_OUT_PASS},
        {.id = "5.7", .root = "\"Path\": \"/usr/sbin/sshd\"", .is_stopped = true, .outcome = PLM_OUT_FAIL},
        {.id = "5.7",
         .root = "\"Args\": [\"-c\", \"exec /usr/sbin/sshd -D\"]",
         .is_stopped = true,
         .outcome = PLM_OUT_FAIL},
        {.id = "5.7", .is_stopped = true, .outcome = PLM_OUT_NA},
        {.id = "5.7", .change = sockets_unreadable, .outcome = PLM_OUT_UNKNOWN},
        {.id = "5.7", .change = no_truth, .outcome = PLM_OUT_UNKNOWN},
        {.id = "5.30", .outcome = PLM_OUT_PASS},
        {.id = "5.30",
         .host_config = "\"NetworkMode\": \"default\"",
         .root = "\"NetworkSettings\": {\"Networks\": {\"bridge\": {}}}",
         .outcome = PLM_OUT_FAIL},
        {.id = "5.30",
         .host_config = "\"NetworkMode\": \"default\"",
         .root = "\"NetworkSettings\": {}",
         .is_stopped = true,
         .outcome = PLM_OUT_FAIL},
        {.id = "R13", .outcome = PLM_OUT_PASS},
        {.id = "R13",
         .host_config = "\"ExtraHosts\": [\"meta:169.254.169.254\"]",
         .outcome = PLM_OUT_FAIL,
         .severity = PLM_SEV_MEDIUM},
        {.id = "R13", .change = on_cloud, .outcome = PLM_OUT_MANUAL, .evidence = "Amazon EC2"},
        {.id = "R21", .outcome = PLM_OUT_PASS},
        {.id = "R21",
         .host_config = "\"Links\": [\"/db:/web/db\"]",
         .outcome = PLM_OUT_FAIL,
         .evidence = "/db:/web/db"},
    };
    CASES(cases);
}

/* ---- commands ------------------------------------------------------------------------------------ */

static void add_exec(struct fx *x, struct plm_container *c, const char *text)
{
    struct plm_answer *e = plm_vec_push(x->facts.arena, &c->execs);
    *e = text[0] == '{' ? fx_answer(x, text) : (struct plm_answer){.failure = plm_sv_from(text)};
}

static void exec_privileged(struct fx *x, struct plm_container *c)
{
    add_exec(x, c,
             "{\"ProcessConfig\": {\"privileged\": true, \"entrypoint\": \"sh\", \"arguments\": [\"-c\", "
             "\"hunter2\"]}}");
}

static void exec_plain(struct fx *x, struct plm_container *c)
{
    add_exec(x, c, "{\"ProcessConfig\": {\"privileged\": false, \"user\": \"\", \"entrypoint\": \"sh\"}}");
}

static void exec_root(struct fx *x, struct plm_container *c)
{
    add_exec(x, c, "{\"ProcessConfig\": {\"privileged\": false, \"user\": \"0:0\", \"entrypoint\": \"sh\"}}");
}

static void exec_gone(struct fx *x, struct plm_container *c)
{
    add_exec(x, c, "No such exec instance: 1");
}

static void exec_failed(struct fx *x, struct plm_container *c)
{
    add_exec(x, c, "timed out");
}

static void stronger_process(struct fx *x, struct plm_container *c)
{
    fx_process(x, c, "sh")->cap_eff = PLM_CAP_BIT(21) | PLM_CAP_BIT(0);
}

static void nested_userns(struct fx *x, struct plm_container *c)
{
    struct plm_process *p = fx_process(x, c, "sandbox");
    p->cap_eff = UINT64_MAX;
    p->ns[PLM_NS_USER] = 7777;
}

static void root_beside(struct fx *x, struct plm_container *c)
{
    struct plm_process *p = fx_process(x, c, "sh");
    p->uid[0] = p->uid[1] = 0;
    p->ppid = 700;
    p->cap_bnd = 0;
}

static void root_below(struct fx *x, struct plm_container *c)
{
    root_beside(x, c);
    ((struct plm_process *)(uintptr_t)c->processes.v[1])->ppid = c->init->pid;
}

static void root_mapped(struct fx *x, struct plm_container *c)
{
    root_beside(x, c);
    fx_init(c)->uid_map = PLM_SV("0 100000 65536");
    struct plm_process *p = (struct plm_process *)(uintptr_t)c->processes.v[1];
    p->uid[0] = p->uid[1] = 100000;
}

static void init_is_root(struct fx *x, struct plm_container *c)
{
    (void)x;
    fx_init(c)->uid[1] = 0;
}

static void test_commands(void **state)
{
    (void)state;
    static const struct fx_case cases[] = {
        {.id = "5.23", .outcome = PLM_OUT_PASS},
        {.id = "5.23",
         .change = exec_privileged,
         .outcome = PLM_OUT_FAIL,
         .severity = PLM_SEV_HIGH,
         .evidence = "privileged: true (sh)"},
        {.id = "5.23", .change = exec_plain, .outcome = PLM_OUT_PASS},
        {.id = "5.23", .change = exec_gone, .outcome = PLM_OUT_PASS},
        {.id = "5.23", .change = exec_failed, .outcome = PLM_OUT_UNKNOWN},
        {.id = "5.23",
         .change = stronger_process,
         .outcome = PLM_OUT_FAIL,
         .evidence = "SYS_ADMIN",
         .drift = "5.23"},
        {.id = "5.23", .change = nested_userns, .outcome = PLM_OUT_PASS},
        {.id = "5.23", .change = no_truth, .outcome = PLM_OUT_UNKNOWN},
        {.id = "5.24", .outcome = PLM_OUT_PASS},
        {.id = "5.24", .change = exec_root, .outcome = PLM_OUT_FAIL, .evidence = "0:0"},
        {.id = "5.24", .change = exec_plain, .outcome = PLM_OUT_PASS},
        {.id = "5.24", .change = root_beside, .outcome = PLM_OUT_FAIL, .evidence = "Uid 0"},
        {.id = "5.24", .change = root_below, .outcome = PLM_OUT_MANUAL, .evidence = "set-uid"},
        {.id = "5.24", .change = root_mapped, .outcome = PLM_OUT_FAIL, .evidence = "Uid 100000"},
        {.id = "5.24", .config = "\"User\": \"+0\"", .outcome = PLM_OUT_NA},
        {.id = "5.24", .config = "\"User\": \"toor\"", .change = init_is_root, .outcome = PLM_OUT_NA},
    };
    CASES(cases);
    assert_true(plm_is_root_user(PLM_SV("")) && plm_is_root_user(PLM_SV("root:app")) &&
                plm_is_root_user(PLM_SV("00")));
    assert_true(plm_is_root_user(PLM_SV("0:0")) && plm_is_root_user(PLM_SV("+0")));
    assert_false(plm_is_root_user(PLM_SV("1000:0")) || plm_is_root_user(PLM_SV("app")));
}

/* ---- life ---------------------------------------------------------------------------------------- */

static void add_image(struct fx *x, const char *tag, const char *id)
{
    struct plm_image_facts *i = plm_vec_push(x->facts.arena, &x->daemon->images);
    i->id = plm_sv_from(id);
    plm_sv_vec_add(x->facts.arena, &i->tags, plm_sv_from(tag));
}

static void image_same(struct fx *x, struct plm_container *c)
{
    (void)c;
    add_image(x, "app:1", "sha256:aaaa");
}

static void image_moved(struct fx *x, struct plm_container *c)
{
    (void)c;
    add_image(x, "app:1", "sha256:bbbb");
}

static void image_latest(struct fx *x, struct plm_container *c)
{
    (void)c;
    add_image(x, "app:latest", "sha256:aaaa");
}

static void images_unknown(struct fx *x, struct plm_container *c)
{
    (void)c;
    x->daemon->images_failure = PLM_SV("timed out");
}

static void allow_runtime(struct fx *x, struct plm_container *c)
{
    (void)c;
    plm_sv_vec_add(x->facts.arena, &x->opt.expect.allowed_runtimes, PLM_SV("kata*"));
}

static void replaced_runc(struct fx *x, struct plm_container *c)
{
    (void)c;
    fx_info(x, "\"Runtimes\": {\"runc\": {\"path\": \"/tmp/evil\"}}");
}

static void group_in_force(struct fx *x, struct plm_container *c)
{
    uint32_t *g = plm_vec_push(x->facts.arena, &fx_init(c)->groups);
    *g = 6;
}

static void group_of_root(struct fx *x, struct plm_container *c)
{
    group_in_force(x, c);
    fx_init(c)->uid[1] = 0;
}

/* The collector of accounts has its own tests: here is what it finds. */
static void groups(struct fx *x, struct plm_container *c)
{
    (void)c;
    static const struct plm_group rows[] = {{.name = {"root", 4}, .gid = 0},
                                            {.name = {"disk", 4}, .gid = 6},
                                            {.name = {"docker", 6}, .gid = 998},
                                            {.name = {"users", 5}, .gid = 100}};
    x->facts.has_accounts = true;
    for (size_t i = 0; i < 4; i++) {
        struct plm_group *g = plm_vec_push(x->facts.arena, &x->facts.accounts.groups);
        *g = rows[i];
    }
}

static void groups_and_force(struct fx *x, struct plm_container *c)
{
    groups(x, c);
    group_in_force(x, c);
}

static void groups_of_root(struct fx *x, struct plm_container *c)
{
    groups(x, c);
    group_of_root(x, c);
}

static void test_life(void **state)
{
    (void)state;
#define RESTART(name, n) "\"RestartPolicy\": {\"Name\": \"" name "\", \"MaximumRetryCount\": " n "}"
#define LOG(type)        "\"LogConfig\": {\"Type\": \"" type "\", \"Config\": {}}"
    static const struct fx_case cases[] = {
        {.id = "5.15", .outcome = PLM_OUT_PASS},
        {.id = "5.15",
         .host_config = RESTART("always", "0"),
         .outcome = PLM_OUT_FAIL,
         .severity = PLM_SEV_LOW},
        {.id = "5.15", .host_config = RESTART("unless-stopped", "0"), .outcome = PLM_OUT_FAIL},
        {.id = "5.15", .host_config = RESTART("on-failure", "6"), .outcome = PLM_OUT_FAIL},
        {.id = "5.15", .host_config = RESTART("on-failure", "0"), .outcome = PLM_OUT_FAIL},
        {.id = "5.15", .host_config = RESTART("no", "0"), .outcome = PLM_OUT_PASS},
        {.id = "5.15", .host_config = RESTART("sometimes", "0"), .outcome = PLM_OUT_UNKNOWN},
        {.id = "5.27", .outcome = PLM_OUT_PASS},
        {.id = "5.27",
         .config = "\"Healthcheck\": {\"Test\": [\"NONE\"]}",
         .outcome = PLM_OUT_FAIL,
         .evidence = "NONE"},
        {.id = "5.27", .config = "\"Healthcheck\": null", .outcome = PLM_OUT_FAIL},
        {.id = "5.28", .change = image_same, .outcome = PLM_OUT_PASS},
        {.id = "5.28", .change = image_moved, .outcome = PLM_OUT_FAIL, .evidence = "sha256:bbbb"},
        {.id = "5.28",
         .config = "\"Image\": \"docker.io/library/app\"",
         .change = image_latest,
         .outcome = PLM_OUT_PASS},
        {.id = "5.28", .config = "\"Image\": \"app@sha256:cccc\"", .outcome = PLM_OUT_NA},
        {.id = "5.28", .outcome = PLM_OUT_MANUAL},
        {.id = "5.28", .change = images_unknown, .outcome = PLM_OUT_UNKNOWN},
        {.id = "R15", .outcome = PLM_OUT_PASS},
        {.id = "R15", .host_config = LOG("none"), .outcome = PLM_OUT_FAIL, .severity = PLM_SEV_LOW},
        {.id = "R15", .host_config = LOG("json-file"), .outcome = PLM_OUT_FAIL, .evidence = "max-size: none"},
        {.id = "R15", .host_config = LOG("local"), .outcome = PLM_OUT_PASS},
        {.id = "R18", .outcome = PLM_OUT_PASS},
        {.id = "R18", .config = "\"Tty\": true", .outcome = PLM_OUT_FAIL, .severity = PLM_SEV_NEGLIGIBLE},
        {.id = "R18", .host_config = "\"AutoRemove\": true, " LOG("none"), .outcome = PLM_OUT_FAIL},
        {.id = "R20", .outcome = PLM_OUT_PASS},
        {.id = "R20", .root = "\"RestartCount\": 9", .outcome = PLM_OUT_FAIL},
        {.id = "R20",
         .root = "\"State\": {\"Health\": {\"Status\": \"unhealthy\"}}",
         .outcome = PLM_OUT_FAIL,
         .evidence = "unhealthy"},
        {.id = "R20", .root = "\"State\": {\"Paused\": true}", .outcome = PLM_OUT_FAIL},
        {.id = "R9", .outcome = PLM_OUT_PASS},
        {.id = "R9",
         .host_config = "\"Runtime\": \"kata\"",
         .outcome = PLM_OUT_FAIL,
         .severity = PLM_SEV_HIGH},
        {.id = "R9",
         .host_config = "\"Runtime\": \"kata\"",
         .change = allow_runtime,
         .outcome = PLM_OUT_PASS},
        {.id = "R9", .change = replaced_runc, .outcome = PLM_OUT_MANUAL, .evidence = "/tmp/evil"},
        {.id = "R9", .host_config = "\"Annotations\": {\"run.oci.keep\": \"1\"}", .outcome = PLM_OUT_MANUAL},
        {.id = "R11", .outcome = PLM_OUT_PASS},
        {.id = "R11",
         .host_config = "\"Sysctls\": {\"net.ipv4.ip_forward\": \"1\"}",
         .outcome = PLM_OUT_FAIL,
         .severity = PLM_SEV_LOW},
        {.id = "R11",
         .host_config = "\"Sysctls\": {\"net.core.somaxconn\": \"1024\"}",
         .outcome = PLM_OUT_PASS},
        {.id = "R12", .change = groups, .outcome = PLM_OUT_PASS},
        {.id = "R12",
         .host_config = "\"GroupAdd\": [\"998\"]",
         .change = groups,
         .outcome = PLM_OUT_FAIL,
         .evidence = "998 (docker)"},
        {.id = "R12",
         .host_config = "\"GroupAdd\": [\"docker\"]",
         .change = groups,
         .is_stopped = true,
         .outcome = PLM_OUT_FAIL},
        {.id = "R12", .host_config = "\"GroupAdd\": [\"100\"]", .change = groups, .outcome = PLM_OUT_PASS},
        {.id = "R12",
         .change = groups_and_force,
         .outcome = PLM_OUT_FAIL,
         .severity = PLM_SEV_HIGH,
         .evidence = "disk"},
        {.id = "R12", .change = groups_of_root, .outcome = PLM_OUT_PASS},
    };
    CASES(cases);
}

static void test_swarm_mode(void **state)
{
    (void)state;
    static const struct {
        const char *info, *services;
        enum plm_outcome outcome;
    } rows[] = {
        {"", NULL, PLM_OUT_PASS},
        {"\"Swarm\": {\"LocalNodeState\": \"active\", \"ControlAvailable\": true}", "[]", PLM_OUT_FAIL},
        {"\"Swarm\": {\"LocalNodeState\": \"active\", \"ControlAvailable\": true}", "[{}]", PLM_OUT_MANUAL},
        {"\"Swarm\": {\"LocalNodeState\": \"active\"}", NULL, PLM_OUT_MANUAL},
        {"\"Swarm\": {\"LocalNodeState\": \"locked\"}", NULL, PLM_OUT_MANUAL}};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct fx *x = fx_new();
        (void)fx_daemon(x, "unix:///run/docker.sock");
        fx_info(x, rows[i].info);
        if (rows[i].services)
            x->daemon->services = fx_answer(x, rows[i].services);
        fx_judge(x);
        fx_expect(x, "5.1", "unix:///run/docker.sock", rows[i].outcome, PLM_SEV_UNKNOWN,
                  "Swarm.LocalNodeState");
        fx_free(x);
    }
    struct fx *x = fx_new();
    fx_daemon(x, "unix:///run/docker.sock")->info.failure = PLM_SV("timed out");
    fx_judge(x);
    fx_expect(x, "5.1", "unix:///run/docker.sock", PLM_OUT_UNKNOWN, PLM_SEV_UNKNOWN, "timed out");
    fx_free(x);
}

/* ---- credentials --------------------------------------------------------------------------------- */

static void test_credentials(void **state)
{
    (void)state;
#define ENV(text) "\"Env\": [\"" text "\"]"
    static const struct fx_case cases[] = {
        {.id = "R14", .outcome = PLM_OUT_PASS},
        {.id = "R14",
         .config = ENV("DB_PASSWORD=correct-horse-9battery"),
         .outcome = PLM_OUT_FAIL,
         .severity = PLM_SEV_HIGH,
         .evidence = "DB_PASSWORD is a password: corr\xe2\x80\xa6 (22 characters)"},
        {.id = "R14",
         .config = ENV("DB_PASSWORD=changeme"),
         .outcome = PLM_OUT_FAIL,
         .severity = PLM_SEV_LOW},
        {.id = "R14",
         .config = "\"Labels\": {\"backup.token\": \"ghp_16C7e42F292c6912E7710c838347Ae178B4a\"}",
         .is_stopped = true,
         .outcome = PLM_OUT_FAIL,
         .evidence = "GitHub"},
        {.id = "R14",
         .config = "\"Cmd\": [\"run\", \"--password\", \"correct-horse-9battery\"]",
         .outcome = PLM_OUT_FAIL,
         .evidence = "word 3"},
        {.id = "R14",
         .root = "\"Args\": [\"--db=postgres://u:s3cretpass@db/x\"]",
         .outcome = PLM_OUT_FAIL,
         .evidence = "in an address"},
    };
    CASES(cases);
}

/* name, value, severity (NO: none is found) */
static void test_secret_shapes(void **state)
{
    (void)state;
    enum { NO = PLM_SEV_UNKNOWN, LO = PLM_SEV_LOW, HI = PLM_SEV_HIGH };
    static const struct {
        const char *name, *value;
        unsigned severity;
    } rows[] = {
        {"PATH", "/usr/local/sbin:/usr/local/bin:/usr/bin", NO},
        {"PWD", "/srv/app", NO},
        {"LANG", "C.UTF-8", NO},
        {"DB_PASSWORD", "", NO},
        {"DB_PASSWORD_FILE", "/run/secrets/db", NO},
        {"PASSWORD_LENGTH", "12", NO},
        {"DB_PASSWORD", "/run/secrets/db", NO},
        {"DB_PASSWORD", "${DB_PASSWORD}", NO},
        {"DB_PASSWORD", "<your password>", NO},
        {"DB_PASSWORD", "********", NO},
        {"TOKEN_TTL", "3600s-and-more", NO},
        {"SECRET_KEY_ID", "4711-0815-abcdefgh", NO},
        {"JWT_PUBLIC_KEY_PATH", "/etc/keys/a.pem", NO},
        {"KEYCLOAK_URL", "https://sso.example.org/auth", NO},
        {"GPG_KEY", "A035C8C19219BA821ECEA86B64E628F8D684696D", NO}, /* a fingerprint in every python image */
        {"ENABLE_TOKEN", "true", NO},
        {"TOKENIZERS_PARALLELISM", "false", NO},
        {"MONKEY", "banana-republic-12", NO},
        {"POSTGRES_PASSWORD", "postgres", LO},
        {"MYSQL_ROOT_PASSWORD", "Tr0ub4dor&3", HI},
        {"PGPASSWORD", "longish-pass", HI},
        {"SECRET_KEY", "django-insecure-9x!k2@abcdEFGH1234", HI},
        {"API_TOKEN", "9f86d081884c7d659a2feaa0c55ad015", HI},
        {"API_TOKEN", "sometoken", LO},
        {"X", "AKIAIOSFODNN7QWERTYU", HI},
        {"X", "AKIAIOSFODNN7EXAMPLE", LO},
        {"X", "XAKIAIOSFODNN7QWERTYU", NO},
        {"X", "AKIAIOSFODNN7QWERTYUMORE", NO},
        {"AWS_SECRET_ACCESS_KEY", "9drTJvcXLB89EXaLB8P1SfQHpn0uRzWkYtGmCb3K", HI},
        {"X", "-----BEGIN RSA PRIVATE KEY-----\nMIIE", HI},
        {"X", "-----BEGIN PUBLIC KEY-----\nMIIE", NO},
        {"X",
         "sk_"
         "live_4eC39HqLyjWDarjtT1zdp7dc",
         HI},
        {"X", "sk_test_4eC39HqLyjWDarjtT1zdp7dc", NO},
        {"X",
         "xoxb-"
         "123456789012-1234567890123-abcdefABCDEF",
         HI},
        {"X", "AIzaSyA-1234567890abcdefghijklmnopqrstu", HI},
        {"X", "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9P", HI},
        {"X", "eyJhbGciOiJIUzI1NiJ9", NO},
        {"DATABASE_URL", "postgres://app:s3cretpass@db:5432/app", HI},
        {"DATABASE_URL", "postgres://app:password@db:5432/app", LO},
        {"DATABASE_URL", "postgres://app:$PASS@db/app", NO},
        {"DATABASE_URL", "postgres://app@db/app", NO},
        {"PROXY", "http://proxy.example.org:3128", NO},
    };
    plm_auto(plm_arena_free) struct plm_arena *a = plm_arena_new(PLM_MIB(1));
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct plm_secret_hit h = {0};
        bool found = plm_secret_in(a, plm_sv_from(rows[i].name), plm_sv_from(rows[i].value), &h);
        if ((found ? h.severity : NO) != rows[i].severity)
            fail_msg("%s=%s: %s", rows[i].name, rows[i].value,
                     found ? plm_severity_name(h.severity) : "not found");
        /* never the value, never more than four characters of it */
        if (found && strlen(rows[i].value) > 4)
            assert_false(plm_sv_has(h.masked, plm_sv_n(rows[i].value, 5)));
    }
}

static void test_values_never_appear(void **state)
{
    (void)state;
    struct fx *x = fx_new();
    (void)fx_container(
        x, "c", "",
        "\"Env\": [\"DB_PASSWORD=correct-horse-9battery\", \"DOCKER_HOST=tcp://u:correct-horse@h:1\"]",
        "\"Args\": [\"--password=correct-horse-9battery\"]");
    fx_judge(x);
    for (size_t i = 0; i < x->report->checks.n; i++)
        assert_false(fx_has_evidence(&x->report->checks.v[i], "correct-horse"));
    fx_free(x);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_limits),        cmocka_unit_test(test_network),
        cmocka_unit_test(test_commands),      cmocka_unit_test(test_life),
        cmocka_unit_test(test_swarm_mode),    cmocka_unit_test(test_credentials),
        cmocka_unit_test(test_secret_shapes), cmocka_unit_test(test_values_never_appear),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
