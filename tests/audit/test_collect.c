/* SPDX-License-Identifier: Apache-2.0
 *
 * The collectors of engines against stand-ins that misbehave (stand_in.py): whatever an engine answers, the
 * facts say what could not be had. Engines that hang: tests/e2e.
 */
#include "../base/skip.h"
#include "audit/facts.h"

#include "base/fs.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>

extern char **environ;

static struct plm_ctx ctx;
static char dir[64];
static char *lib_dir;
static pid_t server;
static int server_in = -1;

static int set_up(void **state)
{
    (void)state;
    const char *binary = getenv("PLIMSOLL_BINARY");
    ctx = PLM_CTX_INIT;
    ctx.offline = true;
    lib_dir = binary ? strdup(binary) : NULL;
    if (lib_dir)
        *strrchr(lib_dir, '/') = 0;
    ctx.lib_dir = lib_dir;
    (void)snprintf(dir, sizeof(dir), "/tmp/plm-collect-XXXXXX");
    return mkdtemp(dir) ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    free(lib_dir);
    return rmdir(dir);
}

static void start(const char *mode, const char *path)
{
    int in[2], out[2];
    char line[8];
    assert_int_equal(pipe2(in, O_CLOEXEC), 0);
    assert_int_equal(pipe2(out, O_CLOEXEC), 0);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, in[0], 0);
    posix_spawn_file_actions_adddup2(&actions, out[1], 1);
    plm_auto_free char *script = plm_fs_join(PLM_TEST_DATA, "stand_in.py");
    const char *argv[] = {"/usr/bin/python3", script, path, mode, NULL};
    assert_int_equal(posix_spawn(&server, argv[0], &actions, NULL, (char *const *)(uintptr_t)argv, environ),
                     0);
    posix_spawn_file_actions_destroy(&actions);
    close(in[0]);
    close(out[1]);
    server_in = in[1];
    assert_true(read(out[0], line, sizeof(line)) > 0);
    close(out[0]);
}

static void stop(const char *path)
{
    close(server_in);
    assert_int_equal(waitpid(server, NULL, 0), server);
    unlink(path);
}

/* Facts of the one engine of that mode. */
static struct plm_facts *collect(const char *mode, struct plm_audit_options *opt, struct plm_report *r)
{
    plm_auto_free char *path = plm_fs_join(dir, "s");
    struct plm_arena *a = plm_arena_new(PLM_ARENA_NO_LIMIT);
    struct plm_facts *f = plm_arena_make(a, struct plm_facts);
    *f = (struct plm_facts){.ctx = &ctx, .opt = opt, .arena = a, .report = r, .scanned_host = PLM_NONE};
    f->root_fd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
    opt->stages = PLM_STAGE_ALL;
    opt->host = plm_arena_printf(a, "unix://%s", path);
    start(mode, path);
    plm_auto(plm_err_free) plm_err *err = NULL;
    int r1 = plm_collect_daemons(f, &err), r2 = r1 < 0 ? -1 : plm_collect_engine(f, &err);
    stop(path);
    if (r1 < 0 || r2 < 0)
        fail_msg("%s: %s", mode, err->message);
    assert_int_equal(f->daemons.n, 1);
    return f;
}

static const struct plm_container *named(const struct plm_daemon *d, const char *name)
{
    for (size_t i = 0; i < d->containers.n; i++)
        if (plm_sv_is(d->containers.v[i].name, name))
            return &d->containers.v[i];
    return NULL;
}

static void test_what_an_engine_has(void **state)
{
    (void)state;
    struct plm_audit_options opt = {0};
    plm_auto(plm_report_free) struct plm_report *r = plm_report_new(NULL);
    plm_auto(plm_facts_free) struct plm_facts *f = collect("usual", &opt, r);
    const struct plm_daemon *d = &f->daemons.v[0];
    assert_true(d->is_answering && !d->containers_failure.p && !d->is_remote && !d->process);
    assert_true(d->process_failure.n && d->settings_failure.n);
    assert_int_equal(d->containers.n, 3);
    const struct plm_container *c = named(d, "c1");
    assert_true(c && c->is_running && plm_sv_is(c->state, "paused") && c->host_config && c->config);
    assert_int_equal(c->execs.n, 1); /* e2 has ended: 404 */
    assert_true(plm_sv_is(plm_json_str(c->execs.v[0].root, "ID", NULL), "e1"));
    assert_true(plm_sv_is(named(d, "c2")->object, "shop/web"));
    assert_null(named(d, "c3")); /* gone from the second list as well */
    c = named(d, "c4");
    assert_true(c && !c->inspect.root && c->inspect.failure.n && !c->host_config);
}

static void test_images(void **state)
{
    (void)state;
    struct plm_audit_options opt = {0};
    plm_auto(plm_report_free) struct plm_report *r = plm_report_new(NULL);
    plm_auto(plm_facts_free) struct plm_facts *f = collect("usual", &opt, r);
    const struct plm_daemon *d = &f->daemons.v[0];
    assert_int_equal(d->images.n, 3);
    const struct plm_image_facts *m = &d->images.v[0]; /* "a:1", "cc", "r@sha256:1" */
    assert_true(plm_sv_is(m[0].object, "a:1") && m[0].is_used && !m[0].is_dangling && m[0].config);
    assert_true(plm_sv_is(m[1].object, "cc") && m[1].is_parent && m[1].is_dangling && !m[1].is_used);
    assert_true(plm_sv_is(m[2].object, "r@sha256:1") && m[2].is_dangling);
}

static void test_engines_that_misbehave(void **state)
{
    (void)state;
    static const struct {
        const char *mode, *failure, *containers;
    } cases[] = {
        {"garbage", "engine version", "engine version"},
        {"half-info", "", ""},
        {"not-a-list", NULL, "no list"},
        {"huge", NULL, "10000 entries"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct plm_audit_options opt = {0};
        plm_auto(plm_report_free) struct plm_report *r = plm_report_new(NULL);
        plm_auto(plm_facts_free) struct plm_facts *f = collect(cases[i].mode, &opt, r);
        const struct plm_daemon *d = &f->daemons.v[0];
        assert_true(!cases[i].failure == !d->failure.p);
        if (cases[i].failure && !plm_sv_has(d->failure, plm_sv_from(cases[i].failure)))
            fail_msg("%s: %.*s", cases[i].mode, PLM_SV_ARG(d->failure));
        if (!d->containers_failure.n || !plm_sv_has(d->containers_failure, plm_sv_from(cases[i].containers)))
            fail_msg("%s: %.*s", cases[i].mode, PLM_SV_ARG(d->containers_failure));
        assert_int_equal(d->containers.n, 0);
    }
}

static void test_a_worker_tells_nothing_of_its_swarm(void **state)
{
    (void)state;
    struct plm_audit_options opt = {0};
    plm_auto(plm_report_free) struct plm_report *r = plm_report_new(NULL);
    plm_auto(plm_facts_free) struct plm_facts *f = collect("worker", &opt, r);
    assert_true(plm_sv_has(f->daemons.v[0].services.failure, PLM_SV("manager")));
}

static void test_nobody_listens(void **state)
{
    (void)state;
    plm_auto(plm_report_free) struct plm_report *r = plm_report_new(NULL);
    struct plm_audit_options opt = {.stages = PLM_STAGE_ALL,
                                    .host = PLM_SV("unix:///nonexistent/docker.sock")};
    struct plm_arena *a = plm_arena_new(PLM_ARENA_NO_LIMIT);
    plm_auto(plm_facts_free) struct plm_facts *f = plm_arena_make(a, struct plm_facts);
    *f = (struct plm_facts){.ctx = &ctx, .opt = &opt, .arena = a, .report = r, .scanned_host = PLM_NONE};
    f->root_fd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
    assert_int_equal(plm_collect_daemons(f, NULL), 0);
    assert_int_equal(plm_collect_engine(f, NULL), 0);
    assert_int_equal(f->daemons.n, 1); /* the user named it: it is there and does not answer */
    assert_true(!f->daemons.v[0].is_answering && f->daemons.v[0].failure.n);
    assert_true(f->daemons.v[0].containers_failure.n > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_an_engine_has),
        cmocka_unit_test(test_images),
        cmocka_unit_test(test_engines_that_misbehave),
        cmocka_unit_test(test_a_worker_tells_nothing_of_its_swarm),
        cmocka_unit_test(test_nobody_listens),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
