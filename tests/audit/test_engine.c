/* SPDX-License-Identifier: Apache-2.0
 *
 * The engine group over facts made by hand: what was said and what the engine answers, to an outcome.
 */
#include "../base/skip.h"
#include "audit/check_engine.h"
#include "audit/settings.h"

#include "base/fs.h"

#include <fcntl.h>
#include <ftw.h>
#include <sys/stat.h>

static struct plm_ctx ctx;
static char root[64];

static int set_up(void **state)
{
    (void)state;
    ctx = PLM_CTX_INIT;
    ctx.now = 1790000000;
    ctx.offline = true;
    (void)snprintf(root, sizeof(root), "/tmp/plm-engine-XXXXXX");
    return mkdtemp(root) && chmod(root, 0755) == 0 ? 0 : -1;
}

static int drop(const char *path, const struct stat *st, int type, struct FTW *at)
{
    (void)st, (void)type, (void)at;
    return remove(path);
}

static int tear_down(void **state)
{
    (void)state;
    return nftw(root, drop, 8, FTW_DEPTH | FTW_PHYS);
}

/* One engine as the collectors would leave it. */
struct scene {
    const char *check;
    const char *argv;     /* after "dockerd", blanks between words; NULL: settings are not known */
    const char *info;     /* JSON; NULL: /info failed */
    const char *networks; /* JSON; NULL: failed */
    const char *plugins;  /* the same */
    const char *version;  /* the same */
    enum plm_outcome outcome;
    const char *said;           /* in the evidence, or NULL */
    enum plm_severity severity; /* of the failure; 0: not looked at */
};

static struct plm_answer answer(struct plm_facts *f, const char *text)
{
    struct plm_answer a = {0};
    if (!text) {
        a.failure = PLM_SV("stalled");
        return a;
    }
    a.doc = plm_facts_keep(f, plm_json_parse(plm_sv_from(text), "answer", ctx.limits, NULL));
    assert_non_null(a.doc);
    a.root = plm_json_root(a.doc);
    return a;
}

static void set_argv(struct plm_facts *f, struct plm_daemon *d, const char *words)
{
    char *p = plm_arena_cstr(f->arena, plm_arena_printf(f->arena, "dockerd%s%s", *words ? " " : "", words));
    size_t n = strlen(p);
    for (char *c = p; *c; c++)
        if (*c == ' ')
            *c = 0;
    plm_auto(plm_err_free) plm_err *err = NULL;
    if (plm_settings_argv(d, plm_sv_n(p, n), PLM_SV("/proc/9/cmdline"), f->arena, &err) < 0)
        fail_msg("%s: %s", words, err->message);
}

static struct plm_facts *new_facts(const struct plm_audit_options *opt, struct plm_report *r)
{
    struct plm_arena *a = plm_arena_new(PLM_ARENA_NO_LIMIT);
    struct plm_facts *f = plm_arena_make(a, struct plm_facts);
    *f = (struct plm_facts){.ctx = &ctx, .opt = opt, .arena = a, .report = r, .scanned_host = PLM_NONE};
    f->root_fd = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);
    return f;
}

static struct plm_daemon *new_daemon(struct plm_facts *f)
{
    struct plm_daemon *d = plm_vec_push(f->arena, &f->daemons);
    *d = (struct plm_daemon){.endpoint = PLM_SV("unix:///run/docker.sock"),
                             .product = PLM_SV("docker"),
                             .is_answering = true,
                             .root_dir = PLM_SV("/data")};
    return d;
}

/* The row of the check about the engine; the text of its evidence in *out_said. */
static enum plm_outcome judge(struct plm_facts *f, const char *check, plm_sv *out_said,
                              enum plm_severity *out_severity)
{
    struct plm_audit_options opt = *f->opt;
    struct plm_report *r = f->report;
    plm_sv_vec_add(r->arena, &opt.checks, plm_sv_from(check));
    f->opt = &opt;
    assert_int_equal(plm_audit_judge(f, NULL), 0);
    for (size_t i = 0; i < r->checks.n; i++) {
        const struct plm_check_row *row = &r->checks.v[i];
        if (!plm_sv_is(row->id, check))
            continue;
        plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(PLM_MIB(1));
        for (size_t e = 0; e < row->evidence.n; e++)
            plm_buf_printf(&b, "%.*s\n", PLM_SV_ARG(row->evidence.v[e]));
        *out_said = plm_arena_sv(r->arena, plm_buf_sv(&b));
        *out_severity = PLM_SEV_UNKNOWN;
        for (size_t e = 0; e < r->findings.n; e++)
            if (plm_sv_is(r->findings.v[e].id, check))
                *out_severity = r->findings.v[e].severity;
        return row->outcome;
    }
    fail_msg("%s: no row", check);
    return PLM_OUT_UNKNOWN;
}

static void run_scenes(const struct scene *scenes, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const struct scene *s = &scenes[i];
        struct plm_audit_options opt = {.stages = PLM_STAGE_ALL, .root = plm_sv_from(root)};
        plm_auto(plm_report_free) struct plm_report *r = plm_report_new(NULL);
        plm_auto(plm_facts_free) struct plm_facts *f = new_facts(&opt, r);
        struct plm_daemon *d = new_daemon(f);
        plm_sv said;
        enum plm_severity severity;
        plm_sv_vec_add(r->arena, &opt.expect.log_drivers, PLM_SV("journald"));
        d->info = answer(f, s->info);
        d->networks = answer(f, s->networks);
        d->plugins = answer(f, s->plugins);
        d->version = answer(f, s->version);
        if (s->argv)
            set_argv(f, d, s->argv);
        else
            d->settings_failure = PLM_SV("/proc/9/cmdline: Permission denied");
        enum plm_outcome o = judge(f, s->check, &said, &severity);
        if (o != s->outcome || (s->said && !plm_sv_has(said, plm_sv_from(s->said))) ||
            (s->severity && severity != s->severity))
            fail_msg("%s, scene %zu: %s (%s), said: %.*s", s->check, i, plm_outcome_name(o),
                     plm_severity_name(severity), PLM_SV_ARG(said));
        f->opt = &opt;
    }
}
#define SCENES(...)                                                                                          \
    static const struct scene scenes[] = {__VA_ARGS__};                                                      \
    run_scenes(scenes, sizeof(scenes) / sizeof(scenes[0]))

// clang-format off
#define BRIDGE(icc) "[{\"Name\":\"bridge\",\"Driver\":\"bridge\",\"Options\":{\"com.docker.network.bridge.enable_icc\":\"" icc "\"}}]"

static void test_settings(void **state)
{
    (void)state;
    SCENES(
        {"2.1", "", "{\"SecurityOptions\":[\"name=seccomp,profile=default\",\"name=rootless\"]}", .outcome = PLM_OUT_PASS},
        {"2.1", "", "{\"SecurityOptions\":[]}", .outcome = PLM_OUT_MANUAL},
        {"2.1", "", NULL, .outcome = PLM_OUT_UNKNOWN},
        {"2.2", "--icc=false", "{}", BRIDGE("false"), .outcome = PLM_OUT_PASS},
        {"2.2", "--icc=false", "{}", BRIDGE("true"), .outcome = PLM_OUT_FAIL, .said = "network bridge"},
        {"2.2", "", "{}", BRIDGE("true"), .outcome = PLM_OUT_FAIL, .said = "icc: true (default)"},
        {"2.2", "--icc=false", "{}", NULL, .outcome = PLM_OUT_UNKNOWN, .said = "stalled"},
        {"2.2", "--bridge none", "{}", "[]", .outcome = PLM_OUT_NA},
        {"2.2", NULL, "{}", BRIDGE("false"), .outcome = PLM_OUT_UNKNOWN},
        {"2.3", "", "{\"Debug\":false}", .outcome = PLM_OUT_PASS},
        {"2.3", "-l info", "{}", .outcome = PLM_OUT_PASS},
        {"2.3", "-l debug", "{}", .outcome = PLM_OUT_FAIL},
        {"2.3", "--log-level=warn", "{}", .outcome = PLM_OUT_FAIL},
        {"2.3", "-D -l info", "{}", .outcome = PLM_OUT_FAIL},
        {"2.3", "--debug=false", "{\"Debug\":true}", .outcome = PLM_OUT_FAIL},
        {"2.3", NULL, "{\"Debug\":false}", .outcome = PLM_OUT_UNKNOWN},
        {"2.4", "", "{}", .outcome = PLM_OUT_PASS},
        {"2.4", "--iptables=false", "{}", .outcome = PLM_OUT_FAIL},
        {"2.4", "--ip6tables=false", "{}", .outcome = PLM_OUT_FAIL},
        {"2.4", NULL, "{}", .outcome = PLM_OUT_UNKNOWN},
        {"2.5", "", "{\"RegistryConfig\":{\"InsecureRegistryCIDRs\":[\"127.0.0.0/8\",\"::1/128\"],\"IndexConfigs\":{\"docker.io\":{\"Secure\":true}}}}", .outcome = PLM_OUT_PASS},
        {"2.5", "", "{\"RegistryConfig\":{\"IndexConfigs\":{\"reg:5000\":{\"Secure\":false}}}}", .outcome = PLM_OUT_FAIL, .severity = PLM_SEV_HIGH},
        {"2.5", "", "{\"RegistryConfig\":{\"InsecureRegistryCIDRs\":[\"0.0.0.0/0\"]}}", .outcome = PLM_OUT_FAIL, .severity = PLM_SEV_CRITICAL},
        {"2.5", "--insecure-registry reg:5000", NULL, .outcome = PLM_OUT_FAIL},
        {"2.5", "", NULL, .outcome = PLM_OUT_UNKNOWN},
        {"2.6", "", "{\"Driver\":\"overlay2\"}", .outcome = PLM_OUT_PASS},
        {"2.6", "", "{\"Driver\":\"aufs\"}", .outcome = PLM_OUT_FAIL},
        {"2.6", "", "{}", .outcome = PLM_OUT_UNKNOWN},
        {"2.8", "--default-ulimit nofile=1:2", "{}", .outcome = PLM_OUT_MANUAL, .said = "nofile=1:2"},
        {"2.8", "", "{}", .outcome = PLM_OUT_MANUAL, .said = "not set"},
        {"2.8", NULL, "{}", .outcome = PLM_OUT_UNKNOWN},
        {"2.10", "", "{}", .outcome = PLM_OUT_PASS},
        {"2.10", "--cgroup-parent=/docker", "{}", .outcome = PLM_OUT_PASS},
        {"2.10", "--cgroup-parent /mine", "{}", .outcome = PLM_OUT_MANUAL},
        {"2.11", "--storage-opt dm.basesize=50G", "{\"Driver\":\"overlay2\"}", .outcome = PLM_OUT_NA},
        {"2.11", "--storage-opt dm.basesize=50G", "{\"Driver\":\"devicemapper\"}", .outcome = PLM_OUT_FAIL},
        {"2.13", "", "{\"LoggingDriver\":\"none\"}", .outcome = PLM_OUT_FAIL, .said = "nothing is kept"},
        {"2.13", "", "{\"LoggingDriver\":\"json-file\"}", .outcome = PLM_OUT_FAIL, .said = "max-size"},
        {"2.13", "--log-driver=journald", "{\"LoggingDriver\":\"journald\"}", .outcome = PLM_OUT_PASS},
        {"2.14", "--no-new-privileges", "{}", .outcome = PLM_OUT_PASS},
        {"2.14", "--no-new-privileges=false", "{}", .outcome = PLM_OUT_FAIL},
        {"2.14", "", "{}", .outcome = PLM_OUT_FAIL},
        {"2.14", NULL, "{}", .outcome = PLM_OUT_UNKNOWN, .said = "Permission denied"},
        {"2.15", "--live-restore", "{\"LiveRestoreEnabled\":true}", .outcome = PLM_OUT_PASS},
        {"2.15", "--live-restore", "{\"LiveRestoreEnabled\":false}", .outcome = PLM_OUT_FAIL},
        {"2.15", "--live-restore=false", "{\"LiveRestoreEnabled\":false}", .outcome = PLM_OUT_FAIL},
        {"2.15", NULL, "{\"LiveRestoreEnabled\":true}", .outcome = PLM_OUT_PASS},
        {"2.15", "", "{\"Swarm\":{\"LocalNodeState\":\"active\"}}", .outcome = PLM_OUT_NA},
        {"2.16", "--userland-proxy=false", "{}", .outcome = PLM_OUT_PASS},
        {"2.16", "", "{}", .outcome = PLM_OUT_FAIL},
        {"2.17", "", "{\"SecurityOptions\":[\"name=seccomp,profile=default\"]}", .outcome = PLM_OUT_PASS},
        {"2.17", "", "{\"SecurityOptions\":[\"name=seccomp,profile=builtin\"]}", .outcome = PLM_OUT_PASS},
        {"2.17", "", "{\"SecurityOptions\":[\"name=seccomp,profile=unconfined\"]}", .outcome = PLM_OUT_FAIL},
        {"2.17", "", "{\"SecurityOptions\":[\"name=apparmor\"]}", .outcome = PLM_OUT_FAIL, .said = "no seccomp"},
        {"2.17", "", "{\"SecurityOptions\":[\"name=seccomp,profile=/p/absent.json\"]}", .outcome = PLM_OUT_UNKNOWN},
        {"2.18", "", "{\"ExperimentalBuild\":true}", .outcome = PLM_OUT_FAIL},
        {"2.18", "", "{\"ExperimentalBuild\":false}", .outcome = PLM_OUT_PASS});
}

static void test_more_settings(void **state)
{
    (void)state;
    SCENES(
        {"D1", "", "{}", .version = "{\"MinAPIVersion\":\"1.24\"}", .outcome = PLM_OUT_FAIL},
        {"D1", "", "{}", .version = "{\"MinAPIVersion\":\"1.44\"}", .outcome = PLM_OUT_PASS},
        {"D1", "", "{}", .version = NULL, .outcome = PLM_OUT_UNKNOWN},
        {"D2", "", "{}", .outcome = PLM_OUT_PASS},
        {"D2", "--metrics-addr 0.0.0.0:9323", "{}", .outcome = PLM_OUT_FAIL},
        {"D2", "--metrics-addr :9323", "{}", .outcome = PLM_OUT_FAIL},
        {"D2", "--metrics-addr 127.0.0.1:9323", "{}", .outcome = PLM_OUT_PASS},
        {"D2", "--metrics-addr [::1]:9323", "{}", .outcome = PLM_OUT_PASS},
        {"D2", NULL, "{}", .outcome = PLM_OUT_UNKNOWN},
        {"D3", "", "{}", .outcome = PLM_OUT_PASS},
        {"D3", "--network-diagnostic-port=2000", "{}", .outcome = PLM_OUT_FAIL},
        {"D4", "--default-ipc-mode=shareable", "{}", .outcome = PLM_OUT_FAIL},
        {"D4", "--default-ipc-mode=private", "{}", .outcome = PLM_OUT_PASS},
        {"D5", "--default-cgroupns-mode=host", "{\"CgroupVersion\":\"2\"}", .outcome = PLM_OUT_FAIL},
        {"D5", "", "{\"CgroupVersion\":\"2\"}", .outcome = PLM_OUT_PASS},
        {"D5", "", "{\"CgroupVersion\":\"1\"}", .outcome = PLM_OUT_NA},
        {"D7", "", "{\"Plugins\":{\"Authorization\":[]}}", .version = "{\"Version\":\"27.0.0\"}", .outcome = PLM_OUT_NA},
        {"D7", "", "{\"Plugins\":{\"Authorization\":[\"a\"]}}", .version = "{\"Version\":\"27.0.0\"}", .outcome = PLM_OUT_FAIL, .said = "CVE-2024-41110"},
        {"D7", "", "{\"Plugins\":{\"Authorization\":[\"a\"]}}", .version = "{\"Version\":\"29.3.1\"}", .outcome = PLM_OUT_PASS},
        {"D7", "", "{\"Plugins\":{\"Authorization\":[\"a\"]}}", .version = "{\"Version\":\"20.10.24+dfsg1\"}", .outcome = PLM_OUT_UNKNOWN},
        {"D7", "", "{\"Plugins\":{\"Authorization\":[\"a\"]}}", .version = "{\"Version\":\"library-import\"}", .outcome = PLM_OUT_UNKNOWN},
        {"D8", "", "{\"RegistryConfig\":{\"Mirrors\":[\"http://m/\"]}}", .outcome = PLM_OUT_FAIL},
        {"D8", "", "{\"RegistryConfig\":{\"Mirrors\":[\"https://m/\"]}}", .outcome = PLM_OUT_PASS},
        {"D8", "", "{\"RegistryConfig\":{\"Mirrors\":[\"http://127.0.0.1:5000/\"]}}", .outcome = PLM_OUT_PASS},
        {"D10", "", "{}", "[]", .outcome = PLM_OUT_PASS},
        {"D10", "--allow-direct-routing", "{}", "[]", .outcome = PLM_OUT_FAIL},
        {"D10", "", "{}", "[{\"Name\":\"n\",\"Options\":{\"com.docker.network.bridge.gateway_mode_ipv6\":\"routed\"}}]", .outcome = PLM_OUT_FAIL},
        {"D10", "", "{}", NULL, .outcome = PLM_OUT_UNKNOWN},
        {"D12", "", "{}", .outcome = PLM_OUT_UNKNOWN},
        {"D15", "", "{}", .plugins = "[]", .outcome = PLM_OUT_PASS},
        {"D15", "", "{}", .plugins = "[{\"Name\":\"p\",\"Enabled\":true,\"Config\":{\"Network\":{\"Type\":\"host\"}}}]", .outcome = PLM_OUT_MANUAL, .said = "network of the host"},
        {"D15", "", "{}", .plugins = "[{\"Name\":\"p\",\"Enabled\":false,\"Config\":{\"Network\":{\"Type\":\"host\"}}}]", .outcome = PLM_OUT_PASS},
        {"D15", "", "{}", .plugins = NULL, .outcome = PLM_OUT_UNKNOWN});
}
// clang-format on

static void put(const char *path, const char *text, mode_t mode)
{
    plm_auto_free char *full = plm_fs_join(root, path + 1);
    plm_auto_free char *dir = strdup(full);
    *strrchr(dir, '/') = 0;
    assert_int_equal(plm_fs_mkdirs(dir, 0755, NULL), 0);
    assert_int_equal(plm_fs_write_atomic(full, plm_sv_from(text), 0600, NULL), 0);
    assert_int_equal(chmod(full, mode), 0);
}

static void test_files(void **state)
{
    (void)state;
    if (geteuid() != 0)
        plm_test_skip("owners of files need root");
    put("/p/deny.json", "{\"defaultAction\":\"SCMP_ACT_ERRNO\"}", 0644);
    put("/p/allow.json", "{\"defaultAction\":\"SCMP_ACT_ALLOW\"}", 0644);
    put("/p/broken.json", "{", 0644);
    put("/data/x", "", 0600);
    plm_auto_free char *data = plm_fs_join(root, "data");
    put("/usr/bin/runc", "", 0755);
    put("/usr/bin/loose", "", 0775);
    put("/open/kata", "", 0755);
    plm_auto_free char *open_dir = plm_fs_join(root, "open");
    assert_int_equal(chmod(open_dir, 0777), 0);
    put("/run/docker/plugins/good.spec-not", "", 0600);
    put("/etc/docker/plugins/good.spec", "unix:///x", 0644);
    put("/etc/docker/plugins/bad.spec", "unix:///x", 0666);
    static const struct scene scenes[] = {
        {"2.17", "", "{\"SecurityOptions\":[\"name=seccomp,profile=/p/deny.json\"]}",
         .outcome = PLM_OUT_MANUAL},
        {"2.17", "", "{\"SecurityOptions\":[\"name=seccomp,profile=/p/allow.json\"]}",
         .outcome = PLM_OUT_FAIL},
        {"2.17", "", "{\"SecurityOptions\":[\"name=seccomp,profile=/p/broken.json\"]}",
         .outcome = PLM_OUT_FAIL},
        {"2.12", "", "{\"Plugins\":{\"Authorization\":[]}}", .outcome = PLM_OUT_FAIL},
        {"2.12", "", "{\"Plugins\":{\"Authorization\":[\"good\"]}}", .plugins = "[]",
         .outcome = PLM_OUT_PASS},
        {"2.12", "", "{\"Plugins\":{\"Authorization\":[\"bad\"]}}", .plugins = "[]", .outcome = PLM_OUT_FAIL},
        {"2.12", "", "{\"Plugins\":{\"Authorization\":[\"gone\"]}}", .plugins = "[]",
         .outcome = PLM_OUT_UNKNOWN},
        {"D6", "", "{\"DefaultRuntime\":\"runc\",\"Runtimes\":{\"runc\":{\"path\":\"runc\"}}}",
         .outcome = PLM_OUT_PASS},
        {"D6", "", "{\"DefaultRuntime\":\"runc\",\"Runtimes\":{\"runc\":{\"path\":\"/usr/bin/loose\"}}}",
         .outcome = PLM_OUT_FAIL},
        {"D6", "", "{\"DefaultRuntime\":\"runc\",\"Runtimes\":{\"runc\":{\"path\":\"/open/kata\"}}}",
         .outcome = PLM_OUT_FAIL, .said = "/open: owner 0, mode 0777"},
        {"D6", "", "{\"DefaultRuntime\":\"kata\",\"Runtimes\":{\"kata\":{\"path\":\"/usr/bin/runc\"}}}",
         .outcome = PLM_OUT_FAIL, .said = "not among the allowed"},
        {"D6", "", "{\"DefaultRuntime\":\"runc\",\"Runtimes\":{\"runc\":{\"path\":\"gone\"}}}",
         .outcome = PLM_OUT_UNKNOWN},
    };
    run_scenes(scenes, sizeof(scenes) / sizeof(scenes[0]));
    static const struct {
        mode_t mode;
        enum plm_outcome outcome;
    } modes[] = {{0710, PLM_OUT_PASS}, {0711, PLM_OUT_PASS}, {0700, PLM_OUT_PASS}, {0701, PLM_OUT_PASS},
                 {0755, PLM_OUT_FAIL}, {0702, PLM_OUT_FAIL}, {0577, PLM_OUT_FAIL}, {01710, PLM_OUT_FAIL}};
    for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
        assert_int_equal(chmod(data, modes[i].mode), 0);
        const struct scene s = {"D12", "", "{}", .outcome = modes[i].outcome};
        run_scenes(&s, 1);
    }
    /* the parent of the data root is on the same device: mount points prove nothing */
    const struct scene same = {"1.1.1", "", "{}", .outcome = PLM_OUT_FAIL, .said = "shares"};
    run_scenes(&same, 1);
}

static void test_subordinate_ids(void **state)
{
    (void)state;
    static const char *const mapped = "{\"SecurityOptions\":[\"name=userns\"]}";
    put("/etc/subgid", "dockremap:100000:65536\n", 0644);
    static const struct {
        const char *subuid, *argv;
        enum plm_outcome outcome;
    } cases[] = {
        {"dockremap:100000:65536\n", "--userns-remap=default", PLM_OUT_PASS},
        {"dockremap:100000:65536\nuser:165536:65536\n", "--userns-remap=default", PLM_OUT_PASS},
        {"dockremap:100000:65536\nuser:165535:65536\n", "--userns-remap=default", PLM_OUT_FAIL},
        {"dockremap:100000:1000\n", "--userns-remap=default", PLM_OUT_FAIL},
        {"user:100000:65536\n", "--userns-remap=default", PLM_OUT_FAIL},
        {"dockremap:100000:32768\ndockremap:200000:32768\n", "--userns-remap=dockremap", PLM_OUT_PASS},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        put("/etc/subuid", cases[i].subuid, 0644);
        const struct scene s = {"2.9", cases[i].argv, mapped, .outcome = cases[i].outcome};
        run_scenes(&s, 1);
    }
    const struct scene off[] = {
        {"2.9", "", "{\"SecurityOptions\":[]}", .outcome = PLM_OUT_FAIL},
        {"2.9", "", "{\"SecurityOptions\":[\"name=rootless\"]}", .outcome = PLM_OUT_PASS},
        {"2.9", NULL, mapped, .outcome = PLM_OUT_UNKNOWN},
        {"2.9", "--userns-remap=default", "{\"SecurityOptions\":[]}", .outcome = PLM_OUT_FAIL},
    };
    run_scenes(off, sizeof(off) / sizeof(off[0]));
}

/* The TCP half: sockets by hand; nobody is asked (offline), so declared sides decide or stay unknown. */
static void test_tcp(void **state)
{
    (void)state;
    static const struct {
        const char *argv;
        bool listens;
        enum plm_outcome outcome;
        enum plm_severity severity;
    } cases[] = {
        {"-H fd://", false, PLM_OUT_NA, 0},
        {"-H tcp://0.0.0.0:2375", true, PLM_OUT_FAIL, PLM_SEV_CRITICAL},
        {"-H tcp://0.0.0.0:2375 --tlsverify=false", true, PLM_OUT_FAIL, PLM_SEV_CRITICAL},
        {"-H tcp://0.0.0.0:2376 --tlsverify", true, PLM_OUT_UNKNOWN,
         0}, /* not asked, certificates unreadable */
        {"-H fd://", true, PLM_OUT_FAIL, PLM_SEV_CRITICAL},
        {"-H tcp://0.0.0.0:2375", false, PLM_OUT_FAIL, 0},
        {"--metrics-addr 0.0.0.0:2375", true, PLM_OUT_NA, 0},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct plm_audit_options opt = {.stages = PLM_STAGE_ALL, .root = plm_sv_from(root)};
        plm_auto(plm_report_free) struct plm_report *r = plm_report_new(NULL);
        plm_auto(plm_facts_free) struct plm_facts *f = new_facts(&opt, r);
        struct plm_daemon *d = new_daemon(f);
        struct plm_process dockerd = {.pid = 9};
        plm_sv said;
        enum plm_severity severity;
        d->process = &dockerd;
        d->info = answer(f, "{}");
        d->version = answer(f, "{\"Version\":\"27.1.1\"}");
        set_argv(f, d, cases[i].argv);
        if (cases[i].listens) {
            struct plm_socket *s = plm_vec_push(f->arena, &d->listeners);
            *s = (struct plm_socket){
                .proto = PLM_TCP, .address = PLM_SV("0.0.0.0"), .port = 2375, .is_wildcard = true, .pid = 9};
        }
        enum plm_outcome o = judge(f, "2.7", &said, &severity);
        if (o != cases[i].outcome || (cases[i].severity && severity != cases[i].severity))
            fail_msg("%s: %s, %s: %.*s", cases[i].argv, plm_outcome_name(o), plm_severity_name(severity),
                     PLM_SV_ARG(said));
        f->opt = &opt;
    }
}

static void test_no_process_is_unknown(void **state)
{
    (void)state;
    const struct scene s[] = {
        {"2.7", NULL, "{}", .outcome = PLM_OUT_UNKNOWN},
        {"1.2.2", "", "{}", .version = "{}", .outcome = PLM_OUT_UNKNOWN, .said = "not scanned"}};
    run_scenes(s, sizeof(s) / sizeof(s[0]));
}

static void test_a_file_that_is_not_loaded_passes_nothing(void **state)
{
    (void)state;
    static const struct {
        const char *check, *json, *argv;
        enum plm_outcome outcome;
    } cases[] = {
        {"2.14", "{\"no-new-privileges\": true}", "", PLM_OUT_UNKNOWN},
        {"2.14", "{\"no-new-privileges\": false}", "", PLM_OUT_FAIL},
        {"2.14", "{}", "--no-new-privileges", PLM_OUT_PASS},
        {"2.4", "{}", "", PLM_OUT_UNKNOWN},
        {"D4", "{\"default-ipc-mode\": \"private\"}", "", PLM_OUT_UNKNOWN},
        {"2.3", "{\"log-level\": \"info\"}", "", PLM_OUT_UNKNOWN},
        {"2.3", "{}", "-l info", PLM_OUT_PASS},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct plm_audit_options opt = {.stages = PLM_STAGE_ALL, .root = plm_sv_from(root)};
        plm_auto(plm_report_free) struct plm_report *r = plm_report_new(NULL);
        plm_auto(plm_facts_free) struct plm_facts *f = new_facts(&opt, r);
        struct plm_daemon *d = new_daemon(f);
        plm_sv said;
        enum plm_severity severity;
        d->info = answer(f, "{}");
        d->config = answer(f, cases[i].json);
        d->config_path = PLM_SV("/etc/docker/daemon.json");
        d->is_config_stale = d->has_config_file = true;
        set_argv(f, d, cases[i].argv);
        assert_int_equal(plm_settings_json(d, d->config.root, d->config_path, f->arena, NULL), 0);
        enum plm_outcome o = judge(f, cases[i].check, &said, &severity);
        if (o != cases[i].outcome)
            fail_msg("%s %s: %s: %.*s", cases[i].check, cases[i].json, plm_outcome_name(o), PLM_SV_ARG(said));
        f->opt = &opt;
    }
}

static void test_packages(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        bool has_flaw, is_suppressed;
        enum plm_fix_state fix;
        enum plm_outcome outcome;
    } cases[] = {
        {"docker.io", true, false, PLM_FIX_FIXED, PLM_OUT_FAIL},
        {"docker.io", true, true, PLM_FIX_FIXED, PLM_OUT_PASS},
        {"containerd.io", true, false, PLM_FIX_NOT_FIXED, PLM_OUT_PASS},
        {"runc", false, false, PLM_FIX_UNKNOWN, PLM_OUT_PASS},
        {"nginx", true, false, PLM_FIX_FIXED, PLM_OUT_UNKNOWN},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct plm_audit_options opt = {.stages = PLM_STAGE_ALL, .root = plm_sv_from(root)};
        plm_auto(plm_report_free) struct plm_report *r = plm_report_new(NULL);
        plm_auto(plm_facts_free) struct plm_facts *f = new_facts(&opt, r);
        struct plm_daemon *d = new_daemon(f);
        struct plm_suppressed by = {.by = PLM_SV("exception")};
        plm_sv said;
        enum plm_severity severity;
        d->version = answer(f, "{\"Components\":[{\"Name\":\"Engine\",\"Version\":\"1\"}]}");
        assert_non_null(plm_report_target(r));
        f->scanned_host = 0;
        struct plm_package *p = plm_report_package(r, 0);
        p->type = PLM_SV("deb");
        p->name = plm_sv_from(cases[i].name);
        if (cases[i].has_flaw) {
            struct plm_finding *v = plm_report_finding(r, 0, PLM_KIND_VULNERABILITY);
            v->package = 0;
            v->id = PLM_SV("CVE-2024-1");
            v->fix = cases[i].fix;
            v->suppressed = cases[i].is_suppressed ? &by : NULL;
        }
        enum plm_outcome o = judge(f, "1.2.2", &said, &severity);
        if (o != cases[i].outcome)
            fail_msg("%zu: %s: %.*s", i, plm_outcome_name(o), PLM_SV_ARG(said));
        f->opt = &opt;
    }
}

static void test_pure_parts(void **state)
{
    (void)state;
    assert_int_equal(plm_version_numbers_cmp(PLM_SV("20.10.24+dfsg1"), PLM_SV("20.10.24")), 0);
    assert_int_equal(plm_version_numbers_cmp(PLM_SV("29.3.0"), PLM_SV("29.3.1")), -1);
    assert_int_equal(plm_version_numbers_cmp(PLM_SV("29.10"), PLM_SV("29.9.9")), 1);
    assert_int_equal(plm_version_numbers_cmp(PLM_SV("1.44"), PLM_SV("1.44.0")), 0);
    const char *ids[4];
    assert_int_equal(plm_authz_flaws(PLM_SV("27.1.1"), ids), 1);
    assert_int_equal(plm_authz_flaws(PLM_SV("25.0.6"), ids), 1);
    assert_int_equal(plm_authz_flaws(PLM_SV("24.0.9"), ids), 2);
    assert_int_equal(plm_authz_flaws(PLM_SV("29.3.1"), ids), 0);
    plm_auto(plm_arena_free) struct plm_arena *a = plm_arena_new(PLM_ARENA_NO_LIMIT);
    plm_sv shown;
    assert_true(plm_hide_credentials(PLM_SV("http://user:secret@proxy:3128/x@y"), a, &shown));
    assert_true(plm_sv_is(shown, "http://***@proxy:3128/x@y"));
    assert_true(plm_hide_credentials(PLM_SV("user:se@cret@proxy:3128"), a, &shown));
    assert_true(plm_sv_is(shown, "***@proxy:3128"));
    assert_false(plm_hide_credentials(PLM_SV("http://proxy:3128/a@b"), a, &shown));
    assert_true(plm_is_loopback(PLM_SV("127.0.0.0/8")) && plm_is_loopback(PLM_SV("[::1]")));
    assert_false(plm_is_loopback(PLM_SV("0.0.0.0:9323")));
}

static void test_proxy_passwords(void **state)
{
    (void)state;
    put("/lib/systemd/system/docker.service", "[Service]\nExecStart=/usr/bin/dockerd\n", 0644);
    const struct scene argv = {"D9", "--http-proxy http://u:hunter2@p:1", "{}", .outcome = PLM_OUT_FAIL,
                               .said = "http-proxy=http://***@p:1"};
    run_scenes(&argv, 1);
    put("/etc/systemd/system/docker.service.d/proxy.conf",
        "[Service]\nEnvironment=\"A=b\" \"HTTPS_PROXY=http://u:hunter2@p:1\"\n", 0644);
    const struct scene unit = {"D9", "", "{}", .outcome = PLM_OUT_FAIL, .said = "HTTPS_PROXY=http://***@p:1"};
    run_scenes(&unit, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_settings),
        cmocka_unit_test(test_more_settings),
        cmocka_unit_test(test_files),
        cmocka_unit_test(test_subordinate_ids),
        cmocka_unit_test(test_tcp),
        cmocka_unit_test(test_no_process_is_unknown),
        cmocka_unit_test(test_a_file_that_is_not_loaded_passes_nothing),
        cmocka_unit_test(test_packages),
        cmocka_unit_test(test_pure_parts),
        cmocka_unit_test(test_proxy_passwords),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
