/* SPDX-License-Identifier: Apache-2.0
 *
 * The table of containers, what recorded answers of runtimes become, names of users. Real engines are asked
 * by tests/e2e/test_watch_meta.py.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/fs.h"
#include "watch/meta_source.h"
#include "watch/proc.h"

#include <malloc.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define ID "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static void check(plm_sv s, const char *text)
{
    if (!plm_sv_is(s, text) || !s.p)
        fail_msg("\"%.*s\" is not \"%s\"", PLM_SV_ARG(s), text);
}

static struct plm_meta *offline(unsigned max)
{
    static struct plm_ctx ctx;
    ctx = PLM_CTX_INIT;
    struct plm_meta_config c = {.is_offline = true, .max_containers = max};
    struct plm_meta *m = plm_meta_new(&ctx, &c, NULL);
    assert_non_null(m);
    return m;
}

/* ---- documents ------------------------------------------------------------------------------------------
 */

static const char inspect[] =
    "{\"Id\":\"" ID "\",\"Created\":\"2026-07-01T10:00:00.5Z\",\"Name\":\"/web\","
    "\"Image\":\"sha256:aabb\",\"State\":{\"Pid\":4242},"
    "\"HostConfig\":{\"Privileged\":true,\"PidMode\":\"host\",\"NetworkMode\":\"bridge\",\"IpcMode\":"
    "\"private\"},"
    "\"Mounts\":[{\"Type\":\"bind\",\"Source\":\"/var/run\",\"Destination\":\"/"
    "host\",\"Mode\":\"ro\",\"RW\":false,"
    "\"Propagation\":\"rprivate\"},{\"Type\":\"volume\",\"Source\":\"/v\",\"Destination\":\"/"
    "d\",\"Mode\":\"z\","
    "\"RW\":true,\"Propagation\":\"\"}],"
    "\"Config\":{\"User\":\"www\",\"Image\":\"registry.example:5000/team/nginx:1.25\",\"Labels\":{"
    "\"io.kubernetes.pod.uid\":\"u-1\",\"io.kubernetes.pod.name\":\"pod-a\",\"b\":\"2\","
    "\"io.kubernetes.pod.namespace\":\"prod\"}},"
    "\"NetworkSettings\":{\"IPAddress\":\"\",\"Networks\":{\"n\":{\"IPAddress\":\"172.20.0.3\"}}}}";

static void an_inspect_answer(void **state)
{
    (void)state;
    plm_auto(plm_arena_free) struct plm_arena *a = plm_arena_new(PLM_MIB(1));
    struct plm_container c = {0};
    assert_int_equal(plm_meta_of_inspect(plm_sv_from(inspect), a, &c, NULL), 0);
    assert_int_equal(c.state, PLM_META_KNOWN);
    check(c.name, "web");
    check(c.image, "registry.example:5000/team/nginx:1.25");
    check(c.image_repository, "registry.example:5000/team/nginx");
    check(c.image_tag, "1.25");
    check(c.image_id, "aabb");
    check(c.user, "www");
    check(c.ip, "172.20.0.3");
    assert_true(c.has_privileged && c.is_privileged && c.host_pid);
    assert_false(c.host_network || c.host_ipc);
    assert_int_equal(c.n_mounts, 2);
    check(c.mounts[0].source, "/var/run");
    check(c.mounts[0].dest, "/host");
    check(c.mounts[0].propagation, "rprivate");
    assert_false(c.mounts[0].is_writable);
    assert_true(c.mounts[1].is_writable);
    assert_int_equal(c.n_labels, 4);
    check(c.label_names[0], "b");
    check(c.pod_name, "pod-a");
    check(c.pod_namespace, "prod");
    check(c.pod_uid, "u-1");
    assert_int_equal(c.init_pid, 4242);
    assert_true(c.created == 1782900000000000000);
}

static void answers_that_are_none(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "", "{}", "[]", "{\"Id\":1}", "{\"Id\":\"x\"}", "{\"Id\":\"x\",\"Config\":null", "null"};
    plm_auto(plm_arena_free) struct plm_arena *a = plm_arena_new(PLM_MIB(1));
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct plm_container c = {0};
        assert_int_equal(plm_meta_of_inspect(plm_sv_from(texts[i]), a, &c, NULL), -1);
        assert_int_equal(plm_meta_of_bundle(plm_sv_from(texts[i]), a, &c, NULL), -1);
        assert_int_equal(c.state, PLM_META_NONE);
    }
}

static const char bundle[] =
    "{\"ociVersion\":\"1.1.0\",\"process\":{\"user\":{\"uid\":101,\"gid\":101},\"capabilities\":{"
    "\"effective\":"
    "[\"CAP_CHOWN\",\"CAP_SYS_ADMIN\"]}},"
    "\"mounts\":[{\"destination\":\"/proc\",\"type\":\"proc\",\"source\":\"proc\"},"
    "{\"destination\":\"/data\",\"type\":\"bind\",\"source\":\"/srv/"
    "data\",\"options\":[\"rbind\",\"rprivate\",\"ro\"]}],"
    "\"annotations\":{\"io.kubernetes.cri.image-name\":\"docker.io/library/redis:7@sha256:beef\","
    "\"io.kubernetes.cri.container-name\":\"redis\",\"io.kubernetes.cri.sandbox-name\":\"cache-0\","
    "\"io.kubernetes.cri.sandbox-namespace\":\"shop\",\"io.kubernetes.cri.sandbox-uid\":\"u-2\","
    "\"io.kubernetes.cri.sandbox-id\":\"f00\"},"
    "\"linux\":{\"namespaces\":[{\"type\":\"pid\"},{\"type\":\"mount\"},{\"type\":\"ipc\",\"path\":\"/proc/1/"
    "ns/ipc\"}]}}";

static void a_bundle(void **state)
{
    (void)state;
    plm_auto(plm_arena_free) struct plm_arena *a = plm_arena_new(PLM_MIB(1));
    struct plm_container c = {0};
    assert_int_equal(plm_meta_of_bundle(plm_sv_from(bundle), a, &c, NULL), 0);
    check(c.name, "redis");
    check(c.image_repository, "docker.io/library/redis");
    check(c.image_tag, "7");
    check(c.image_digest, "sha256:beef");
    check(c.pod_name, "cache-0");
    check(c.pod_namespace, "shop");
    check(c.pod_uid, "u-2");
    check(c.pod_sandbox_id, "f00");
    check(c.user, "101");
    assert_int_equal(c.n_mounts, 1);
    check(c.mounts[0].mode, "ro");
    assert_true(c.host_network);
    assert_false(c.host_pid || c.host_ipc);
    assert_true(c.is_privileged);
}

static void write_file(const char *root, const char *path, const char *text)
{
    plm_auto_free char *full = plm_fs_join(root, path);
    assert_non_null(full);
    char *slash = strrchr(full, '/');
    *slash = '\0';
    assert_int_equal(plm_fs_mkdirs(full, 0755, NULL), 0);
    *slash = '/';
    assert_int_equal(plm_fs_write_atomic(full, plm_sv_from(text), 0644, NULL), 0);
}

/* What runtimes leave on disk, found by id alone. */
static void state_on_disk(void **state)
{
    (void)state;
    char root[] = "/tmp/plimsoll-meta-XXXXXX";
    assert_non_null(mkdtemp(root));
    write_file(root, "run/containerd/io.containerd.runtime.v2.task/k8s.io/redis-1/config.json", bundle);
    write_file(root, "var/lib/containers/storage/overlay-containers/containers.json",
               "[{\"id\":\"" ID "\",\"names\":[\"box\"],\"image\":\"cafe\",\"metadata\":"
               "\"{\\\"image-name\\\":\\\"docker.io/library/alpine:3\\\",\\\"created-at\\\":1782900000}\"}]");
    struct plm_meta_answer *answer = plm_meta_answer_new(PLM_RT_CONTAINERD, PLM_SV("redis-1"));
    assert_int_equal(plm_meta_bundle_ask(root, PLM_SV("redis-1"), answer, NULL), 0);
    check(answer->c.name, "redis");
    plm_meta_answer_free(answer);
    answer = plm_meta_answer_new(PLM_RT_PODMAN, PLM_SV(ID));
    assert_int_equal(plm_meta_bundle_ask(root, PLM_SV(ID), answer, NULL), 0);
    check(answer->c.name, "box");
    check(answer->c.image_repository, "docker.io/library/alpine");
    check(answer->c.image_id, "cafe");
    plm_meta_answer_free(answer);
    plm_err *err = NULL;
    answer = plm_meta_answer_new(PLM_RT_CONTAINERD, PLM_SV("x"));
    assert_int_equal(plm_meta_bundle_ask(root, PLM_SV("../../redis-1"), answer, &err), -1);
    assert_int_equal(err->code, PLM_E_NOTFOUND);
    plm_err_free(err);
    assert_int_equal(plm_meta_bundle_ask(root, PLM_SV("other"), answer, NULL), -1);
    plm_meta_answer_free(answer);
    char command[128];
    (void)snprintf(command, sizeof(command), "/bin/rm -r %s", root);
    pid_t pid = fork();
    if (pid == 0) {
        execl("/bin/sh", "sh", "-c", command, (char *)NULL);
        _exit(127);
    }
}

static void parts_of_image_names(void **state)
{
    (void)state;
    static const struct {
        const char *image, *repository, *tag, *digest;
    } rows[] = {
        {"nginx", "nginx", "latest", NULL},
        {"nginx:1.25", "nginx", "1.25", NULL},
        {"host:5000/a/b", "host:5000/a/b", "latest", NULL},
        {"host:5000/a/b:x", "host:5000/a/b", "x", NULL},
        {"a@sha256:1", "a", NULL, "sha256:1"},
        {"a:t@sha256:1", "a", "t", "sha256:1"},
        {"sha256:0123", NULL, NULL, NULL},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct plm_container c = {.image = plm_sv_from(rows[i].image)};
        plm_meta_split_image(&c);
        const struct {
            plm_sv have;
            const char *want;
        } pairs[] = {{c.image_repository, rows[i].repository},
                     {c.image_tag, rows[i].tag},
                     {c.image_digest, rows[i].digest}};
        for (size_t k = 0; k < 3; k++)
            if (pairs[k].want ? !plm_sv_is(pairs[k].have, pairs[k].want) : pairs[k].have.p != NULL)
                fail_msg("%s: \"%.*s\"", rows[i].image, PLM_SV_ARG(pairs[k].have));
    }
}

/* ---- the table
 * --------------------------------------------------------------------------------------------- */

static void identity(void **state)
{
    (void)state;
    plm_auto(plm_meta_free) struct plm_meta *m = offline(0);
    assert_null(plm_meta_of_cgroup(m, PLM_SV("/system.slice/x.service"), 1));
    assert_null(plm_meta_of_cgroup(m, PLM_SV("/"), 1));
    assert_null(plm_meta_of_cgroup(m, PLM_SV_NULL, 1));
    struct plm_container *c = plm_meta_of_cgroup(m, PLM_SV("/docker/" ID), 1);
    assert_non_null(c);
    check(c->id, "0123456789ab");
    check(c->full_id, ID);
    assert_int_equal(c->runtime, PLM_RT_DOCKER);
    assert_int_equal(c->state, PLM_META_NONE);
    assert_ptr_equal(plm_meta_of_cgroup(m, PLM_SV("/system.slice/docker-" ID ".scope"), 1), c);
    assert_ptr_equal(plm_meta_find(m, PLM_SV("0123456789ab")), c);
    assert_ptr_equal(plm_meta_find(m, PLM_SV(ID)), c);
    assert_null(plm_meta_find(m, PLM_SV("0123456789a")));
    uint64_t version = c->version;
    struct plm_container put = {.id = PLM_SV("0123456789ab"), .state = PLM_META_KNOWN, .name = PLM_SV("web")};
    assert_int_equal(plm_meta_put(m, &put, NULL), 0);
    check(c->name, "web");
    check(c->full_id, ID);
    assert_true(c->version != version);
    assert_int_equal(plm_meta_count(m), 1);
    assert_int_equal(plm_meta_fd(m), -1);
    assert_int_equal(plm_meta_put(m, &(struct plm_container){0}, NULL), -1);
}

/* More containers than there is room for: those in use stay, a new one is never the host. */
static void bounds(void **state)
{
    (void)state;
    plm_auto(plm_meta_free) struct plm_meta *m = offline(8);
    struct plm_procs_config conf = {.meta = m};
    plm_auto(plm_procs_free) struct plm_procs *p = plm_procs_new(&conf, NULL);
    char path[128];
    for (int i = 0; i < 100; i++) {
        (void)snprintf(path, sizeof(path), "/docker/%064d", i);
        assert_non_null(plm_meta_of_cgroup(m, plm_sv_from(path), 0));
        assert_true(plm_meta_count(m) <= 8);
    }
    for (int i = 0; i < 20; i++) {
        /* the first twelve characters differ */
        (void)snprintf(path, sizeof(path), "/docker/%012d%052d", i, 7);
        struct plm_task_info t = {.tid = 100 + i, .pid = 100 + i, .cgroup = plm_sv_from(path)};
        assert_int_equal(plm_procs_put(p, &t, NULL), 0);
        assert_non_null(plm_procs_find(p, 100 + i)->container);
    }
    check(plm_procs_find(p, 100)->container->id, "000000000000");
    check(plm_procs_find(p, 119)->container->id, "<overflow>");
    assert_int_equal(plm_meta_count(m), 8);
}

/* A machine with 200 containers of 15 processes each: far below 10 MiB. */
static void many_containers_are_small(void **state)
{
    (void)state;
    size_t before = mallinfo2().uordblks;
    plm_auto(plm_meta_free) struct plm_meta *m = offline(0);
    struct plm_procs_config conf = {.meta = m};
    plm_auto(plm_procs_free) struct plm_procs *p = plm_procs_new(&conf, NULL);
    plm_auto(plm_arena_free) struct plm_arena *a = plm_arena_new(PLM_MIB(1));
    for (int i = 0; i < 200; i++) {
        char path[128], args[200];
        (void)snprintf(path, sizeof(path), "/docker/%012d%052d", i, 7);
        struct plm_container c = {.full_id = plm_sv_from(path + 8)};
        assert_int_equal(plm_meta_of_inspect(plm_sv_from(inspect), a, &c, NULL), 0);
        c.full_id = plm_sv_from(path + 8);
        assert_int_equal(plm_meta_put(m, &c, NULL), 0);
        plm_arena_reset(a);
        for (int k = 0; k < 15; k++) {
            (void)snprintf(args, sizeof(args),
                           "--config=/etc/service/%d.yaml --worker=%d --quiet --log-level=info", i, k);
            struct plm_task_info t = {.tid = 1000 + i * 15 + k,
                                      .pid = 1000 + i * 15 + k,
                                      .ptid = 1,
                                      .comm = PLM_SV("worker"),
                                      .exe = PLM_SV("/usr/bin/worker"),
                                      .args = plm_sv_from(args),
                                      .exepath = PLM_SV("/usr/bin/worker"),
                                      .cwd = PLM_SV("/srv"),
                                      .cgroup = plm_sv_from(path)};
            assert_int_equal(plm_procs_put(p, &t, NULL), 0);
        }
    }
    assert_int_equal(plm_meta_count(m), 200);
    struct plm_procs_stats s;
    plm_procs_stats_get(p, &s);
    assert_true(s.n_threads >= 3000 && s.bytes < 5u << 20);
    assert_true(mallinfo2().uordblks - before < 10u << 20);
}

static void children_inherit(void **state)
{
    (void)state;
    plm_auto(plm_meta_free) struct plm_meta *m = offline(0);
    struct plm_procs_config conf = {.meta = m};
    plm_auto(plm_procs_free) struct plm_procs *p = plm_procs_new(&conf, NULL);
    struct plm_task_info t = {.tid = 10, .pid = 10, .cgroup = PLM_SV("/docker/" ID)};
    assert_int_equal(plm_procs_put(p, &t, NULL), 0);
    struct plm_task_info child = {.tid = 11, .pid = 11, .ptid = 10};
    struct plm_event e = {.type = plm_evtype_find(PLM_SV("clone")),
                          .tid = 11,
                          .pid = 11,
                          .has_res = true,
                          .ts = 1,
                          .task = &child};
    struct plm_thread *c = plm_procs_apply(p, &e);
    assert_non_null(c->container);
    check(c->container->id, "0123456789ab");
    /* all of version 1's groups are tried */
    t = (struct plm_task_info){.tid = 12,
                               .pid = 12,
                               .cgroup = PLM_SV("/user.slice"),
                               .cgroups = PLM_SV("cpu=/user.slice\0memory=/docker/" ID)};
    assert_int_equal(plm_procs_put(p, &t, NULL), 0);
    assert_ptr_equal(plm_procs_find(p, 12)->container, c->container);
    uint64_t version = c->version;
    struct plm_container put = {.id = PLM_SV("0123456789ab"), .state = PLM_META_KNOWN, .name = PLM_SV("web")};
    assert_int_equal(plm_meta_put(m, &put, NULL), 0);
    e.type = plm_evtype_find(PLM_SV("close"));
    e.task = NULL;
    assert_true(plm_procs_apply(p, &e)->version != version); /* what rules cached is void */
}

/* ---- users
 * ---------------------------------------------------------------------------------------------------- */

static void users_of_texts(void **state)
{
    (void)state;
    struct plm_users *u = plm_users_new();
    struct plm_user user;
    assert_int_equal(
        plm_users_parse(
            u,
            PLM_SV("# no\nroot:x:0:0:root:/root:/bin/bash\nbroken:x\nwww:x:33:33::/var/www:/sbin/nologin\n"
                   "other:x:33:1::/:/bin/sh\nbig:x:4294967296:1:::\nlast:x:4294967294:1:::"),
            PLM_SV("adm:x:4:a,b\nnone\n"), NULL),
        0);
    assert_true(plm_users_find(u, 33, &user));
    check(user.name, "www");
    check(user.home, "/var/www");
    check(user.shell, "/sbin/nologin");
    assert_true(plm_users_find(u, 4294967294, &user));
    assert_false(plm_users_find(u, 1, &user));
    check(plm_users_find_group(u, 4), "adm");
    assert_null(plm_users_find_group(u, 5).p);
    user.name = PLM_SV("put");
    assert_int_equal(plm_users_put(u, 33, &user, NULL), 0);
    assert_true(plm_users_find(u, 33, &user));
    check(user.name, "put");
    plm_users_free(u);
}

static void users_of_the_host(void **state)
{
    (void)state;
    plm_auto(plm_meta_free) struct plm_meta *m = offline(0);
    struct plm_user user;
    assert_true(plm_meta_user(m, NULL, 0, 0, &user));
    check(user.name, "root"); /* always */
    assert_false(plm_meta_user(m, NULL, 0, 54321, &user));
    assert_null(user.name.p);
    struct plm_user put = {.name = PLM_SV("someone")};
    assert_int_equal(plm_meta_put_user(m, NULL, 54321, &put, NULL), 0);
    assert_int_equal(plm_meta_put_group(m, NULL, 54322, PLM_SV("people"), NULL), 0);
    assert_true(plm_meta_user(m, NULL, 0, 54321, &user));
    check(user.name, "someone");
    check(plm_meta_group(m, NULL, 0, 54322), "people");
    struct plm_users *u = plm_users_new();
    plm_users_refresh(u, getpid(), false); /* through /proc/PID/root */
    assert_true(access("/etc/passwd", R_OK) < 0 || plm_users_find(u, 0, &user));
    plm_users_free(u);
}

/* ---- the thread that asks
 * ---------------------------------------------------------------------------------------- */

static void an_engine_that_is_not_there(void **state)
{
    (void)state;
    static struct plm_ctx ctx;
    ctx = PLM_CTX_INIT;
    struct plm_meta_config conf = {.docker_host = PLM_SV("unix:///nonexistent/plimsoll.sock")};
    plm_auto(plm_meta_free) struct plm_meta *m = plm_meta_new(&ctx, &conf, NULL);
    assert_non_null(m);
    plm_meta_prime(m, 5000);
    struct plm_container *c = plm_meta_of_cgroup(m, PLM_SV("/libpod-" ID), 1);
    assert_int_equal(c->state, PLM_META_WAITING);
    struct pollfd p = {.fd = plm_meta_fd(m), .events = POLLIN};
    while (c->state == PLM_META_WAITING && poll(&p, 1, 60000) == 1)
        (void)plm_meta_poll(m);
    assert_int_equal(c->state, PLM_META_FAILED);
    assert_true(c->why.n > 0);
    assert_ptr_equal(plm_meta_of_cgroup(m, PLM_SV("/libpod-" ID), 1), c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_inspect_answer),
        cmocka_unit_test(answers_that_are_none),
        cmocka_unit_test(a_bundle),
        cmocka_unit_test(state_on_disk),
        cmocka_unit_test(parts_of_image_names),
        cmocka_unit_test(identity),
        cmocka_unit_test(bounds),
        cmocka_unit_test(many_containers_are_small),
        cmocka_unit_test(children_inherit),
        cmocka_unit_test(users_of_texts),
        cmocka_unit_test(users_of_the_host),
        cmocka_unit_test(an_engine_that_is_not_there),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
