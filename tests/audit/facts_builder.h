/* SPDX-License-Identifier: Apache-2.0
 *
 * Facts made by hand: an engine, containers in which nothing is wrong, and what a test changes in them.
 *
 *     struct fx *x = fx_new();
 *     struct plm_container *c = fx_container(x, "web", "\"Privileged\": true", "", "");
 *     c->processes... ; fx_process(x, c, 1001)->cap_bnd = ...;
 *     fx_judge(x);
 *     fx_expect(x, "5.5", "web", PLM_OUT_FAIL, PLM_SEV_CRITICAL, "Privileged: true");
 *
 * JSON given for a container stands before the defaults and so replaces them (the first of equal keys
 * counts). The kernel is a recorded tree in a temporary directory: proc/1/ns and a few files.
 */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "audit/container_int.h"
#include "audit/facts.h"

#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FX_HOST_NS = 4000, FX_OWN_NS = 5000, FX_CONTAINERS = 16, FX_DAEMONS = 4 };

struct fx {
    struct plm_ctx ctx;
    struct plm_audit_options opt;
    struct plm_report *report;
    struct plm_facts facts;
    struct plm_daemon *daemon; /* the first */
    char dir[64];
    struct plm_process *engine;
    int pids;
};

/* ---- the recorded tree ------------------------------------------------------------------------- */

/* Paths are below the tree and relative: "proc/1/ns". */
static inline void fx_mkdirs(const struct fx *x, const char *path)
{
    plm_auto_free char *copy = strdup(path);
    assert_non_null(copy);
    for (char *p = copy; (p = strchr(p, '/')); *p++ = '/') {
        *p = 0;
        (void)mkdirat(x->facts.root_fd, copy, 0755);
    }
    (void)mkdirat(x->facts.root_fd, copy, 0755);
}

static inline void fx_file(const struct fx *x, const char *path, const char *text)
{
    const char *slash = strrchr(path, '/');
    plm_auto_free char *dir = slash ? strndup(path, (size_t)(slash - path)) : NULL;
    if (dir)
        fx_mkdirs(x, dir);
    int fd = openat(x->facts.root_fd, path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (fd < 0 || write(fd, text, strlen(text)) != (ssize_t)strlen(text) || close(fd) < 0)
        fail_msg("%s: %m", path);
}

static inline void fx_link(const struct fx *x, const char *path, const char *target)
{
    if (symlinkat(target, x->facts.root_fd, path) < 0)
        fail_msg("%s: %m", path);
}

static inline int fx_remove(const char *path, const struct stat *st, int flag, struct FTW *walk)
{
    (void)st;
    (void)flag;
    (void)walk;
    return remove(path);
}

/* ---- JSON -------------------------------------------------------------------------------------- */

static inline yyjson_val *fx_json(struct fx *x, const char *text)
{
    plm_err *err = NULL;
    struct plm_json *doc = plm_json_parse(plm_sv_from(text), "test", &plm_limits_default, &err);
    if (!doc)
        fail_msg("%s: %s", err ? err->message : "?", text);
    return plm_json_root(plm_facts_keep(&x->facts, doc));
}

static inline struct plm_answer fx_answer(struct fx *x, const char *text)
{
    yyjson_val *root = fx_json(x, text);
    return (struct plm_answer){.doc = x->facts.documents.v[x->facts.documents.n - 1], .root = root};
}

/* ---- engines ----------------------------------------------------------------------------------- */

#define FX_INFO                                                                                              \
    "\"SecurityOptions\": [\"name=seccomp,profile=default\"], \"CgroupVersion\": \"1\", \"LoggingDriver\": " \
    "\"json-file\", "                                                                                        \
    "\"DefaultRuntime\": \"runc\", \"Runtimes\": {\"runc\": {\"path\": \"runc\"}}, \"Swarm\": "              \
    "{\"LocalNodeState\": "                                                                                  \
    "\"inactive\"}"

static inline void fx_info(struct fx *x, const char *members)
{
    char text[4096];
    (void)snprintf(text, sizeof(text), "{%s%s%s}", members, *members ? "," : "", FX_INFO);
    x->daemon->info = fx_answer(x, text);
}

static inline struct plm_process *fx_fill(struct plm_process *p, int pid, const char *comm)
{
    *p = (struct plm_process){
        .pid = pid,
        .ppid = 1,
        .state = 'S',
        .comm = plm_sv_from(comm),
        .has_details = true,
        .has_status = true,
        .exe = PLM_SV("/usr/bin/app"),
        .uid = {1000, 1000, 1000, 1000},
        .gid = {1000, 1000, 1000, 1000},
        .cap_bnd = PLM_CAP_DOCKER_DEFAULT,
        .no_new_privs = 1,
        .seccomp = 2,
        .seccomp_filters = 1,
        .uid_map = PLM_SV("         0          0 4294967295"),
        .limits = PLM_SV("Limit                     Soft Limit           Hard Limit           Units\n"
                         "Max core file size        0                    0                    bytes\n"
                         "Max processes             100                  100                  processes\n"
                         "Max open files            1024                 4096                 files\n"),
    };
    return p;
}

static inline struct fx *fx_new(void)
{
    struct fx *x = calloc(1, sizeof(*x));
    assert_non_null(x);
    x->ctx = PLM_CTX_INIT;
    x->opt.stages = PLM_STAGE_ALL;
    (void)snprintf(x->dir, sizeof(x->dir), "/tmp/plimsoll-fx-XXXXXX");
    assert_non_null(mkdtemp(x->dir));
    struct plm_arena *a = plm_arena_new(PLM_ARENA_NO_LIMIT);
    x->report = plm_report_new(NULL);
    assert_true(a && x->report);
    x->facts = (struct plm_facts){.ctx = &x->ctx, .opt = &x->opt, .arena = a, .report = x->report};
    x->facts.root_fd = open(x->dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
    fx_mkdirs(x, "proc/1/ns");
    for (int ns = 0; ns < PLM_NS_COUNT_; ns++) {
        char path[64], target[64];
        (void)snprintf(path, sizeof(path), "proc/1/ns/%s", plm_ns_name((enum plm_ns)ns));
        (void)snprintf(target, sizeof(target), "%s:[%d]", plm_ns_name((enum plm_ns)ns), FX_HOST_NS + ns);
        fx_link(x, path, target);
    }
    fx_file(x, "proc/sys/kernel/cap_last_cap", "40\n");
    fx_file(x, "proc/sys/kernel/core_pattern", "core\n");
    fx_file(x, "proc/stat", "btime 1700000000\n");
    fx_file(x, "proc/sysrq-trigger", "");
    fx_file(x, "proc/keys", "");
    fx_file(x, "proc/timer_list", "");
    fx_file(x, "etc/group", "root:x:0:\ndisk:x:6:\ndocker:x:998:\nusers:x:100:\n");
    fx_file(x, "etc/passwd", "root:x:0:0:root:/root:/bin/sh\n");
    plm_err *err = NULL;
    x->facts.kernel = plm_kernel_open(&x->ctx, plm_sv_from(x->dir), &err);
    if (!x->facts.kernel)
        fail_msg("%s", err ? err->message : "no kernel");
    /* vectors that tests point into must not move */
    x->facts.daemons.v = plm_arena_array(a, FX_DAEMONS, sizeof(struct plm_daemon));
    x->facts.daemons.cap = FX_DAEMONS;
    return x;
}

static inline struct plm_daemon *fx_daemon(struct fx *x, const char *endpoint)
{
    assert_true(x->facts.daemons.n < FX_DAEMONS);
    struct plm_daemon *d = &x->facts.daemons.v[x->facts.daemons.n++];
    d->endpoint = plm_sv_from(endpoint);
    d->product = PLM_SV("docker");
    d->is_answering = true;
    d->root_dir = PLM_SV("/var/lib/docker");
    d->socket_path = PLM_SV("/run/docker.sock");
    d->containers.v = plm_arena_array(x->facts.arena, FX_CONTAINERS, sizeof(struct plm_container));
    d->containers.cap = FX_CONTAINERS;
    struct plm_process *p = fx_fill(plm_arena_make(x->facts.arena, struct plm_process), 800, "dockerd");
    p->cap_bnd = p->cap_eff = p->cap_prm = UINT64_C(0x1ffffffffff);
    p->seccomp = p->seccomp_filters = p->no_new_privs = 0;
    for (int ns = 0; ns < PLM_NS_COUNT_; ns++)
        p->ns[ns] = (uint64_t)(FX_HOST_NS + ns);
    memset(p->uid, 0, sizeof(p->uid));
    d->process = p;
    if (!x->daemon) {
        x->daemon = d;
        x->engine = p;
    }
    return d;
}

/* ---- containers -------------------------------------------------------------------------------- */

#define FX_HOST_CONFIG                                                                                       \
    "\"Privileged\": false, \"ReadonlyRootfs\": true, \"Memory\": 67108864, \"MemorySwap\": 67108864, "      \
    "\"PidsLimit\": 64, "                                                                                    \
    "\"NanoCpus\": 500000000, \"CapAdd\": null, \"CapDrop\": [\"ALL\"], \"SecurityOpt\": "                   \
    "[\"no-new-privileges\"], "                                                                              \
    "\"NetworkMode\": \"app\", \"PidMode\": \"\", \"IpcMode\": \"private\", \"UTSMode\": \"\", "             \
    "\"UsernsMode\": \"\", "                                                                                 \
    "\"CgroupnsMode\": \"private\", \"CgroupParent\": \"\", \"Runtime\": \"runc\", \"ShmSize\": 67108864, "  \
    "\"RestartPolicy\": {\"Name\": \"on-failure\", \"MaximumRetryCount\": 5}, \"OomScoreAdj\": 0, "          \
    "\"LogConfig\": {\"Type\": \"json-file\", \"Config\": {\"max-size\": \"10m\"}}, \"Binds\": null, "       \
    "\"Ulimits\": [{\"Name\": \"nofile\", \"Soft\": 1024, \"Hard\": 4096}], \"Devices\": [], "               \
    "\"MaskedPaths\": [\"/proc/asound\", \"/proc/acpi\", \"/proc/kcore\", \"/proc/keys\", "                  \
    "\"/proc/latency_stats\", "                                                                              \
    "\"/proc/timer_list\", \"/proc/timer_stats\", \"/proc/sched_debug\", \"/proc/scsi\", "                   \
    "\"/sys/firmware\"], "                                                                                   \
    "\"ReadonlyPaths\": [\"/proc/bus\", \"/proc/fs\", \"/proc/irq\", \"/proc/sys\", "                        \
    "\"/proc/sysrq-trigger\"]"
#define FX_CONFIG                                                                                            \
    "\"User\": \"1000\", \"Env\": [\"PATH=/usr/bin\"], \"Cmd\": [\"app\"], \"Image\": \"app:1\", "           \
    "\"Labels\": {}, "                                                                                       \
    "\"Tty\": false, \"OpenStdin\": false, \"Healthcheck\": {\"Test\": [\"CMD\", \"true\"]}"
#define FX_ROOT                                                                                              \
    "\"Path\": \"/usr/bin/app\", \"Args\": [], \"RestartCount\": 0, \"Mounts\": [], \"ExecIDs\": null, "     \
    "\"AppArmorProfile\": \"\", \"ProcessLabel\": \"\", \"State\": {\"Status\": \"running\"}, "              \
    "\"NetworkSettings\": {\"Ports\": {}, \"Networks\": {\"app\": {\"IPAddress\": \"172.20.0.2\"}}}"

#define FX_MOUNTS                                                                                            \
    "113 89 0:41 / / ro,relatime - overlay overlay rw,upperdir=/u\n"                                         \
    "114 113 0:44 / /proc rw,nosuid - proc proc rw\n"                                                        \
    "115 113 0:45 / /dev rw,nosuid - tmpfs tmpfs rw\n"                                                       \
    "117 113 0:47 / /sys ro,nosuid - sysfs sysfs ro\n"                                                       \
    "118 117 0:48 / /sys/fs/cgroup rw,nosuid - tmpfs tmpfs rw\n"                                             \
    "119 118 0:29 /docker/id /sys/fs/cgroup/cpu ro,nosuid - cgroup cgroup rw,cpu\n"                          \
    "90 114 0:44 /bus /proc/bus ro,nosuid - proc proc rw\n"                                                  \
    "91 114 0:44 /sys /proc/sys ro,nosuid - proc proc rw\n"                                                  \
    "92 114 0:44 /sysrq-trigger /proc/sysrq-trigger ro,nosuid - proc proc rw\n"                              \
    "95 114 0:45 /null /proc/keys rw,nosuid - tmpfs tmpfs rw\n"                                              \
    "96 114 0:45 /null /proc/timer_list rw,nosuid - tmpfs tmpfs rw\n"                                        \
    "97 117 0:51 / /sys/firmware ro - tmpfs tmpfs ro\n"
#define FX_HOST_MOUNTS                                                                                       \
    "20 1 8:1 / / rw - ext4 /dev/sda1 rw\n"                                                                  \
    "21 20 0:5 / /proc rw - proc proc rw\n"                                                                  \
    "22 20 0:6 / /sys rw - sysfs sysfs rw\n"                                                                 \
    "23 20 0:7 / /run rw,nosuid shared:5 - tmpfs tmpfs rw\n"                                                 \
    "24 20 0:8 / /dev rw - devtmpfs udev rw\n"

static inline void fx_mounts(struct fx *x, plm_mount_vec *out, const char *text)
{
    plm_err *err = NULL;
    *out = (plm_mount_vec){0};
    if (plm_mounts_parse(plm_arena_sv(x->facts.arena, plm_sv_from(text)), x->facts.arena, out, &err) < 0)
        fail_msg("%s", err ? err->message : "mounts");
}

static inline struct plm_process *fx_process(struct fx *x, struct plm_container *c, const char *comm)
{
    struct plm_process *p =
        fx_fill(plm_arena_make(x->facts.arena, struct plm_process), 1000 + x->pids++, comm);
    for (int ns = 0; ns < PLM_NS_COUNT_; ns++)
        p->ns[ns] = c->init ? c->init->ns[ns]
                    : ns == PLM_NS_USER
                        ? FX_HOST_NS + PLM_NS_USER
                        : (uint64_t)(FX_OWN_NS + 100 * (int)(c - c->daemon->containers.v) + ns);
    p->ppid = c->init ? c->init->pid : 700;
    const struct plm_process **slot = plm_vec_push(x->facts.arena, &c->processes);
    assert_non_null(slot);
    *slot = p;
    if (!c->init)
        c->init = p;
    return p;
}

/* The first process, to be changed. */
static inline struct plm_process *fx_init(const struct plm_container *c)
{
    static struct plm_process none; /* of a stopped one: changes of it change nothing */
    return c->init ? (struct plm_process *)(uintptr_t)c->init : &none;
}

static inline struct plm_cgroup_limit fx_limit(uint64_t value)
{
    return (struct plm_cgroup_limit){
        .value = value, .where = PLM_SV("/sys/fs/cgroup/x/limit"), .is_known = true};
}

static inline void fx_inspect(struct fx *x, struct plm_container *c, const char *hc, const char *config,
                              const char *root)
{
    plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(PLM_MIB(1));
    plm_buf_printf(&b, "{%s%s\"HostConfig\": {%s%s%s}, \"Config\": {%s%s%s}, %s}", root, *root ? "," : "", hc,
                   *hc ? "," : "", FX_HOST_CONFIG, config, *config ? "," : "", FX_CONFIG, FX_ROOT);
    c->inspect = fx_answer(x, plm_buf_cstr(&b));
    c->host_config = yyjson_obj_get(c->inspect.root, "HostConfig");
    c->config = yyjson_obj_get(c->inspect.root, "Config");
    c->network = yyjson_obj_get(c->inspect.root, "NetworkSettings");
}

/* A running container without fault but for what the three texts (members of HostConfig, Config and the
 * answer) say. */
static inline struct plm_container *fx_container(struct fx *x, const char *name, const char *hc,
                                                 const char *config, const char *root)
{
    if (!x->daemon) {
        (void)fx_daemon(x, "unix:///run/docker.sock");
        fx_info(x, "");
        fx_mounts(x, &x->facts.host_mounts, FX_HOST_MOUNTS);
    }
    struct plm_daemon *d = &x->facts.daemons.v[x->facts.daemons.n - 1];
    assert_true(d->containers.n < FX_CONTAINERS);
    struct plm_container *c = &d->containers.v[d->containers.n++];
    c->daemon = d;
    c->name = c->object = plm_sv_from(name);
    c->id = plm_arena_printf(x->facts.arena, "%064zu", d->containers.n + 16 * x->facts.daemons.n);
    c->image = PLM_SV("app:1");
    c->image_id = PLM_SV("sha256:aaaa");
    c->state = PLM_SV("running");
    c->is_running = true;
    fx_inspect(x, c, hc, config, root);
    (void)fx_process(x, c, "app");
    fx_init(c)->cap_bnd = 0;
    fx_mounts(x, &c->mounts, FX_MOUNTS);
    c->cgroup = (struct plm_cgroup){.version = 1,
                                    .path = PLM_SV("/docker/id"),
                                    .memory = fx_limit(67108864),
                                    .memory_swap = fx_limit(67108864),
                                    .pids = fx_limit(64),
                                    .cpu_quota = fx_limit(500),
                                    .cpu_shares = fx_limit(PLM_UNLIMITED),
                                    .cpuset = fx_limit(PLM_UNLIMITED),
                                    .devices = PLM_SV("b *:* m\nc *:* m\nc 1:3 rwm\nc 136:* rwm\n")};
    return c;
}

/* The same, as created and never started. */
static inline struct plm_container *fx_stopped(struct fx *x, const char *name, const char *hc,
                                               const char *config, const char *root)
{
    struct plm_container *c = fx_container(x, name, hc, config, root);
    c->is_running = false;
    c->state = PLM_SV("created");
    c->init = NULL;
    c->processes.n = 0;
    c->mounts = (plm_mount_vec){0};
    c->cgroup = (struct plm_cgroup){0};
    return c;
}

/* ---- results ----------------------------------------------------------------------------------- */

static inline void fx_judge(struct fx *x)
{
    plm_err *err = NULL;
    if (plm_audit_judge(&x->facts, &err) < 0)
        fail_msg("%s", err ? err->message : "judge");
}

static inline const struct plm_check_row *fx_row(const struct fx *x, const char *id, const char *object)
{
    for (size_t i = 0; i < x->report->checks.n; i++)
        if (plm_sv_is(x->report->checks.v[i].id, id) && plm_sv_is(x->report->checks.v[i].object, object))
            return &x->report->checks.v[i];
    fail_msg("no row of %s on %s", id, object);
    return NULL;
}

static inline bool fx_has_evidence(const struct plm_check_row *row, const char *part)
{
    for (size_t i = 0; i < row->evidence.n; i++)
        if (plm_sv_has(row->evidence.v[i], plm_sv_from(part)))
            return true;
    return false;
}

static inline void fx_print(const struct plm_check_row *row)
{
    print_error("%.*s on %.*s: %s, %s\n", PLM_SV_ARG(row->id), PLM_SV_ARG(row->object),
                plm_outcome_name(row->outcome), plm_severity_name(row->severity));
    for (size_t i = 0; i < row->evidence.n; i++)
        print_error("    %.*s\n", PLM_SV_ARG(row->evidence.v[i]));
}

/* severity PLM_SEV_UNKNOWN: any. evidence NULL: any. */
static inline void fx_expect(const struct fx *x, const char *id, const char *object, enum plm_outcome outcome,
                             enum plm_severity severity, const char *evidence)
{
    const struct plm_check_row *row = fx_row(x, id, object);
    if (row->outcome == outcome && (severity == PLM_SEV_UNKNOWN || row->severity == severity) &&
        (!evidence || fx_has_evidence(row, evidence)))
        return;
    fx_print(row);
    fail_msg("%s on %s: expected %s, %s with \"%s\"", id, object, plm_outcome_name(outcome),
             plm_severity_name(severity), evidence ? evidence : "");
}

/* A line of drift that a check under test wrote ("ID: ..."). drift runs every check that compares, also over
 * what a row of a table left out on purpose: those lines are about other tests. */
static inline bool fx_has_drift(const struct fx *x, const struct plm_check_row *row, const char *part)
{
    for (size_t i = 0; i < row->evidence.n; i++)
        for (size_t k = 0; k < x->opt.checks.n; k++) {
            plm_sv line = row->evidence.v[i], id = x->opt.checks.v[k];
            if (plm_sv_starts(line, id) && line.n > id.n && line.p[id.n] == ':' &&
                (!part || plm_sv_has(line, plm_sv_from(part))))
                return true;
        }
    return false;
}

/* The drift of a container: NULL: none. */
static inline void fx_expect_drift(const struct fx *x, const char *object, const char *part)
{
    const struct plm_check_row *row = fx_row(x, "drift", object);
    bool has = fx_has_drift(x, row, part);
    if (part ? has && row->outcome == PLM_OUT_FAIL : !has)
        return;
    fx_print(row);
    fail_msg("drift of %s: expected %s", object, part ? part : "none");
}

static inline void fx_free(struct fx *x)
{
    plm_kernel_close(x->facts.kernel);
    for (size_t i = 0; i < x->facts.documents.n; i++)
        plm_json_free(x->facts.documents.v[i]);
    close(x->facts.root_fd);
    plm_arena_free(x->facts.arena);
    plm_report_free(x->report);
    (void)nftw(x->dir, fx_remove, 16, FTW_DEPTH | FTW_PHYS);
    free(x);
}

/* ---- tables ------------------------------------------------------------------------------------ */

/* One fault, or one thing that is none, in an otherwise good container "c". */
struct fx_case {
    const char *id, *host_config, *config, *root; /* NULL: as they are */
    void (*change)(struct fx *x, struct plm_container *c);
    enum plm_outcome outcome;
    enum plm_severity severity; /* PLM_SEV_UNKNOWN: any */
    const char *evidence;       /* NULL: any */
    const char *drift;          /* NULL: none */
    bool is_stopped;
};

static inline void fx_run_case(const struct fx_case *t)
{
    struct fx *x = fx_new();
    const char *hc = t->host_config ? t->host_config : "", *config = t->config ? t->config : "",
               *root = t->root ? t->root : "";
    struct plm_container *c = (t->is_stopped ? fx_stopped : fx_container)(x, "c", hc, config, root);
    if (t->change)
        t->change(x, c);
    plm_sv_vec_add(x->facts.arena, &x->opt.checks, plm_sv_from(t->id));
    plm_sv_vec_add(x->facts.arena, &x->opt.checks, PLM_SV("drift"));
    fx_judge(x);
    fx_expect(x, t->id, "c", t->outcome, t->severity, t->evidence);
    fx_expect_drift(x, "c", t->drift);
    fx_free(x);
}

static inline void fx_run_cases(const struct fx_case *cases, size_t n)
{
    for (size_t i = 0; i < n; i++)
        fx_run_case(&cases[i]);
}
