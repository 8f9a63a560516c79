/* SPDX-License-Identifier: Apache-2.0
 *
 * Compose files: each check with a file that fails it and one that does not; merge keys, extends and
 * variables; what cannot be read.
 */
#include "base/ctx.h"
#include "compose_int.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static struct plm_report *check_with(const char *text, const struct plm_inspect_options *opt)
{
    struct plm_ctx ctx = PLM_CTX_INIT;
    struct plm_report *r = plm_report_new(NULL);
    assert_non_null(r);
    assert_non_null(plm_report_target(r));
    plm_err *err = NULL;
    if (plm_compose_check(&ctx, plm_sv_from(text), PLM_SV("compose.yaml"), opt, r, 0, &err) < 0)
        fail_msg("%s", plm_err_text(err));
    return r;
}

static struct plm_report *check(const char *text)
{
    return check_with(text, &(struct plm_inspect_options){0});
}

static size_t count(const struct plm_report *r, const char *id, const char *object)
{
    size_t n = 0;
    for (size_t i = 0; i < r->findings.n; i++)
        n += plm_sv_is(r->findings.v[i].id, id) && (!object || plm_sv_is(r->findings.v[i].object, object));
    return n;
}

/* One service with these lines. */
static struct plm_report *check_service(const char *lines)
{
    char *text = NULL;
    assert_true(asprintf(&text, "services:\n  app:\n%s", lines) > 0);
    struct plm_report *r = check(text);
    free(text);
    return r;
}

static const struct {
    const char *id, *bad, *good;
} cases[] = {
    {"4.1", "    user: '0:0'\n", "    user: '1000'\n"},
    {"4.10", "    build: {context: ., args: {NPM_TOKEN: abcdefgh}}\n",
     "    build: {context: ., args: {NPM_TOKEN: }}\n"},
    {"5.2", "    security_opt: [apparmor=unconfined]\n", "    security_opt: [apparmor=mine]\n"},
    {"5.2", "    security_opt: ['apparmor:unconfined']\n", "    image: a:1\n"},
    {"5.3", "    security_opt: ['label=disable']\n", "    security_opt: ['label=type:t']\n"},
    {"5.4", "    cap_add: [net_admin]\n", "    cap_add: [CAP_NET_BIND_SERVICE]\n"},
    {"5.5", "    privileged: true\n", "    privileged: false\n"},
    {"5.5", "    privileged: ${P:-true}\n", "    privileged: ${P:-false}\n"},
    {"5.6", "    volumes: ['/etc:/x:ro']\n", "    volumes: ['./etc:/x', data:/etc]\n"},
    {"5.6", "    volumes: [{type: bind, source: /home/../etc/shadow, target: /s}]\n",
     "    volumes: [{type: tmpfs, target: /etc}]\n"},
    {"5.6", "    volumes: ['~/.ssh:/k:ro']\n", "    volumes: ['~/src:/k']\n"},
    {"5.8", "    ports: ['127.0.0.1:80:8080']\n", "    ports: ['127.0.0.1:8080:80']\n"},
    {"5.10", "    network_mode: host\n", "    network_mode: none\n"},
    {"5.11", "    image: a:1\n", "    mem_limit: 1g\n"},
    {"5.11", "    mem_limit: 0\n", "    deploy: {resources: {limits: {memory: 1g}}}\n"},
    {"5.12", "    image: a:1\n", "    cpuset: '0'\n"},
    {"5.13", "    image: a:1\n", "    read_only: true\n"},
    {"5.14", "    ports: ['8080:80']\n", "    ports: ['127.0.0.1:8080:80', '[::1]:1:1']\n"},
    {"5.14", "    ports: [{target: 80, published: 8080}]\n",
     "    ports: [{target: 80, published: 8080, host_ip: 10.0.0.1}]\n"},
    {"5.14", "    ports: ['80']\n", "    expose: ['80']\n"},
    {"5.15", "    restart: always\n", "    restart: on-failure:5\n"},
    {"5.15", "    restart: on-failure\n", "    restart: 'no'\n"},
    {"5.16", "    pid: host\n", "    pid: service:b\n"},
    {"5.17", "    ipc: host\n", "    ipc: private\n"},
    {"5.18", "    devices: ['/dev/dri:/dev/dri']\n", "    devices: []\n"},
    {"5.20", "    volumes: ['/srv/x:/x:rw,rshared']\n", "    volumes: ['/srv/x:/x:rw,rslave']\n"},
    {"5.21", "    uts: host\n", "    image: a:1\n"},
    {"5.22", "    security_opt: [seccomp=unconfined]\n", "    security_opt: [seccomp=./p.json]\n"},
    {"5.25", "    cgroup_parent: mine\n", "    image: a:1\n"},
    {"5.26", "    security_opt: ['no-new-privileges:false']\n",
     "    security_opt: ['no-new-privileges:true']\n"},
    {"5.26", "    image: a:1\n", "    security_opt: [no-new-privileges]\n"},
    {"5.27", "    healthcheck: {disable: true}\n", "    healthcheck: {test: [CMD, 'true']}\n"},
    {"5.27", "    healthcheck: {test: [NONE]}\n", "    image: a:1\n"},
    {"5.29", "    pids_limit: -1\n", "    pids_limit: 100\n"},
    {"5.30", "    network_mode: bridge\n", "    networks: [a]\n"},
    {"5.31", "    userns_mode: host\n", "    image: a:1\n"},
    {"5.32", "    volumes: [/var/run/docker.sock:/var/run/docker.sock:ro]\n",
     "    volumes: [/srv/run:/run]\n"},
    {"5.32", "    volumes: ['/:/host']\n", "    environment: [DOCKER_HOST=unix:///x]\n"},
    {"5.32", "    environment: {DOCKER_HOST: 'tcp://10.0.0.1:2375'}\n", "    image: a:1\n"},
    {"I1", "    image: nginx\n", "    image: nginx:1.27\n"},
    {"I1", "    image: reg.example:5000/nginx:latest\n", "    image: reg.example:5000/nginx@sha256:00\n"},
    {"I1", "    image: nginx:${TAG:-latest}\n", "    image: nginx:${TAG}\n"},
    {"R1", "    cap_add: [ALL]\n", "    cap_add: [KILL]\n"},
    {"R2", "    cap_add: [CAP_SYS_MODULE]\n", "    cap_add: [KILL]\n"},
    {"R3", "    cap_add: [SYS_PTRACE]\n", "    cap_add: [KILL]\n"},
    {"R4", "    security_opt: [systempaths=unconfined]\n", "    image: a:1\n"},
    {"R6", "    devices: ['/dev/sda:/dev/sda']\n", "    devices: ['/dev/fuse']\n"},
    {"R6", "    device_cgroup_rules: ['a *:* rwm']\n", "    device_cgroup_rules: ['c 1:3 mr']\n"},
    {"R7", "    cgroup: host\n", "    cgroup: private\n"},
    {"R9", "    runtime: mine\n", "    runtime: runc\n"},
    {"R10", "    oom_score_adj: -500\n", "    oom_score_adj: 500\n"},
    {"R10", "    oom_kill_disable: true\n", "    image: a:1\n"},
    {"R11", "    sysctls: {net.ipv4.ip_forward: 1}\n", "    sysctls: [net.core.somaxconn=1024]\n"},
    {"R12", "    group_add: [docker]\n", "    group_add: ['20000']\n"},
    {"R13", "    extra_hosts: ['meta:169.254.169.254']\n", "    extra_hosts: ['a:10.0.0.1']\n"},
    {"R14", "    environment: [DB_PASSWORD=hunter2]\n", "    environment: [DB_PASSWORD]\n"},
    {"R14", "    environment: {API_KEY: '${K:-abc123}'}\n", "    environment: {API_KEY: '${K}'}\n"},
    {"R14", "    environment: {URL: 'postgres://u:p4ss@db/x'}\n",
     "    environment: {DB_PASSWORD_FILE: /run/secrets/x}\n"},
    {"R15", "    logging: {driver: none}\n", "    logging: {driver: journald}\n"},
    {"R18", "    tty: true\n", "    tty: false\n"},
    {"R21", "    links: [db]\n", "    depends_on: [db]\n"},
};

static void test_each_check_fails_and_passes(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct plm_report *bad = check_service(cases[i].bad), *good = check_service(cases[i].good);
        if (!count(bad, cases[i].id, NULL) || count(good, cases[i].id, NULL) || bad->diagnostics.n ||
            good->diagnostics.n)
            fail_msg("case %zu, %s: %zu findings where it fails, %zu where it passes", i, cases[i].id,
                     count(bad, cases[i].id, NULL), count(good, cases[i].id, NULL));
        plm_report_free(bad);
        plm_report_free(good);
    }
}

/* Every row of the two tables has a case above. */
static void test_no_check_is_untested(void **state)
{
    (void)state;
    const struct plm_judge *tables[] = {plm_compose_setting_judges, plm_compose_reach_judges};
    const size_t n[] = {plm_compose_setting_judges_n, plm_compose_reach_judges_n};
    for (size_t t = 0; t < 2; t++)
        for (size_t i = 0; i < n[t]; i++) {
            bool has = strcmp(tables[t][i].id, "4.2") == 0; /* below: it needs an option */
            for (size_t k = 0; k < sizeof(cases) / sizeof(cases[0]); k++)
                has = has || strcmp(cases[k].id, tables[t][i].id) == 0;
            if (!has)
                fail_msg("%s has no case", tables[t][i].id);
        }
}

static void test_registries(void **state)
{
    (void)state;
    plm_sv allowed[] = {PLM_SV("docker.io/library"), PLM_SV("*.example"), PLM_SV("ghcr.io/us")};
    struct plm_inspect_options opt = {.allowed_registries = {.v = allowed, .n = 3}};
    struct plm_report *r = check_with("services:\n  a: {image: nginx:1}\n  b: {image: evil/nginx:1}\n"
                                      "  c: {image: reg.example/x:1}\n  d: {image: ghcr.io/us/x:1}\n"
                                      "  e: {image: ghcr.io/usurper/x:1}\n",
                                      &opt);
    assert_int_equal(count(r, "4.2", NULL), 2);
    assert_int_equal(count(r, "4.2", "b"), 1);
    assert_int_equal(count(r, "4.2", "e"), 1);
    plm_report_free(r);
}

static void test_merge_keys_and_extends(void **state)
{
    (void)state;
    struct plm_report *r = check("x-base: &base\n  privileged: true\n  volumes: ['/etc:/e']\n"
                                 "x-safe: &safe {privileged: false}\n"
                                 "services:\n"
                                 "  merged: {<<: *base}\n"
                                 "  overridden: {<<: *base, privileged: false}\n"
                                 "  first: {<<: [*safe, *base]}\n"
                                 "  child: {extends: {service: merged}, pid: host}\n"
                                 "  word: {extends: child, privileged: false}\n"
                                 "  loop: {extends: loop2, ipc: host}\n"
                                 "  loop2: {extends: loop}\n");
    assert_int_equal(count(r, "5.5", "merged"), 1);
    assert_int_equal(count(r, "5.5", "overridden"), 0);
    assert_int_equal(count(r, "5.5", "first"), 0);
    assert_int_equal(count(r, "5.5", "child"), 1);
    assert_int_equal(count(r, "5.5", "word"), 0);
    assert_int_equal(count(r, "5.16", "word"), 1);
    assert_int_equal(count(r, "5.6", "word /etc"), 1);
    assert_int_equal(count(r, "5.17", "loop2"), 1);
    plm_report_free(r);
}

static void test_named_volume_that_binds(void **state)
{
    (void)state;
    struct plm_report *r =
        check("services:\n  a: {volumes: ['sys:/x']}\n  b: {volumes: ['data:/x']}\n"
              "volumes:\n  data: {}\n  sys:\n    driver_opts: {type: none, o: 'ro,bind', device: /etc}\n");
    assert_int_equal(count(r, "5.6", "a /etc"), 1);
    assert_int_equal(count(r, "5.6", NULL), 1);
    plm_report_free(r);
}

static void test_lines_and_masking(void **state)
{
    (void)state;
    struct plm_report *r =
        check("services:\n  a:\n    image: x:1\n    environment:\n      DB_PASSWORD: correct-horse\n");
    size_t seen = 0;
    for (size_t i = 0; i < r->findings.n; i++) {
        const struct plm_finding *f = &r->findings.v[i];
        for (size_t k = 0; k < f->evidence.n; k++)
            assert_false(plm_sv_has(f->evidence.v[k], PLM_SV("correct-horse")));
        if (!plm_sv_is(f->id, "R14"))
            continue;
        seen++;
        assert_int_equal(f->line, 5);
        assert_true(plm_sv_is(f->path, "compose.yaml"));
    }
    assert_int_equal(seen, 1);
    plm_report_free(r);
}

static void test_version_1(void **state)
{
    (void)state;
    struct plm_report *r = check("web:\n  image: nginx:1\n  privileged: true\n");
    assert_int_equal(count(r, "5.5", "web"), 1);
    plm_report_free(r);
}

static void test_what_cannot_be_read_is_said(void **state)
{
    (void)state;
    static const char *const broken[] = {"services: [", "a: 1\n", "", "services:\n  a: &a {b: *a}\n"};
    for (size_t i = 0; i < sizeof(broken) / sizeof(broken[0]); i++) {
        struct plm_report *r = check(broken[i]);
        assert_int_equal(r->findings.n, 0);
        assert_int_equal(r->diagnostics.n, 1);
        assert_true(plm_sv_is(r->diagnostics.v[0].code, "compose.malformed"));
        assert_true(r->targets.v[0].is_incomplete);
        plm_report_free(r);
    }
    struct plm_report *r =
        check("include: [other.yml]\nservices:\n  a: {extends: {file: b.yml, service: x}}\n");
    assert_int_equal(r->diagnostics.n, 2);
    assert_true(plm_sv_is(r->diagnostics.v[0].code, "compose.elsewhere"));
    plm_report_free(r);
}

static void test_expansion(void **state)
{
    (void)state;
    static const struct {
        const char *raw, *text;
        bool is_symbolic;
    } rows[] = {{"a", "a", false},    {"${A:-b}c", "bc", false}, {"${A:-${B:-c}}", "c", false},
                {"${A-}", "", false}, {"${A}", "${A}", true},    {"$A/x", "$A/x", true},
                {"$$A", "$A", false}, {"${A:+x}y", "y", false},  {"${A:?no}", "${A:?no}", true},
                {"${A", "${A", true}, {"100$", "100$", false},   {"${A:-$B}", "$B", true}};
    plm_auto(plm_arena_free) struct plm_arena *a = plm_arena_new(PLM_ARENA_NO_LIMIT);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct plm_compose_text t = plm_compose_expand(a, plm_sv_from(rows[i].raw));
        if (!plm_sv_is(t.text, rows[i].text) || t.is_symbolic != rows[i].is_symbolic)
            fail_msg("%s: %.*s", rows[i].raw, (int)t.text.n, t.text.p);
    }
}

static void test_sniffing(void **state)
{
    (void)state;
    assert_true(plm_compose_sniff(PLM_SV("/x/docker-compose.prod.yml"), PLM_SV("")));
    assert_true(plm_compose_sniff(PLM_SV("compose.yaml"), PLM_SV("")));
    assert_true(plm_compose_sniff(PLM_SV("stack.yml"), PLM_SV("version: '3'\nservices:\n  a: {}\n")));
    assert_false(plm_compose_sniff(PLM_SV("values.yaml"), PLM_SV("x:\n  services:\n")));
    assert_false(plm_compose_sniff(PLM_SV("Dockerfile"), PLM_SV("services:\n")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_check_fails_and_passes),
        cmocka_unit_test(test_no_check_is_untested),
        cmocka_unit_test(test_registries),
        cmocka_unit_test(test_merge_keys_and_extends),
        cmocka_unit_test(test_named_volume_that_binds),
        cmocka_unit_test(test_lines_and_masking),
        cmocka_unit_test(test_version_1),
        cmocka_unit_test(test_what_cannot_be_read_is_said),
        cmocka_unit_test(test_expansion),
        cmocka_unit_test(test_sniffing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
