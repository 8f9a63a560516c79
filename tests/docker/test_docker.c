/* SPDX-License-Identifier: Apache-2.0
 *
 * Endpoint selection with an environment of our own, and the client against a stand-in engine whose
 * answers are shaped as Docker 20.10, 28 and 29 and Podman 4.3 gave them. Real engines: tests/e2e.
 */
#include "../base/skip.h"
#include "docker_int.h"

#include "base/fs.h"

#include <fcntl.h>
#include <ftw.h>
#include <setjmp.h>
#include <signal.h>
#include <spawn.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/wait.h>

#include <cmocka.h>

extern char **environ;

static struct plm_ctx ctx;
static struct plm_arena *arena; /* for the texts of one test */
static char *dir, *lib_dir;     /* of the whole run */
static pid_t server;
static int server_in;

/* ---- an environment ------------------------------------------------------------------ */

static struct {
    const char *name, *value;
} vars[8];

static const char *env(const char *name)
{
    for (size_t i = 0; i < sizeof(vars) / sizeof(vars[0]); i++)
        if (vars[i].name && strcmp(vars[i].name, name) == 0)
            return vars[i].value;
    return NULL;
}

static void set(const char *name, const char *value)
{
    size_t i = 0;
    while (vars[i].name && strcmp(vars[i].name, name) != 0)
        i++;
    vars[i].name = name;
    vars[i].value = value;
}

static const char *text(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
static const char *text(const char *fmt, ...)
{
    char *s = NULL;
    va_list ap;
    va_start(ap, fmt);
    assert_true(vasprintf(&s, fmt, ap) >= 0);
    va_end(ap);
    const char *kept = plm_arena_cstr(arena, plm_sv_from(s));
    free(s);
    return kept;
}

static void write_file(const char *path, const char *content)
{
    plm_auto_free char *folder = strndup(path, (size_t)(strrchr(path, '/') - path));
    plm_err *e = NULL;
    assert_int_equal(plm_fs_mkdirs(folder, 0755, &e), 0);
    assert_int_equal(plm_fs_write_atomic(path, plm_sv_from(content), 0644, &e), 0);
}

static void answer(const char *name, const char *content)
{
    write_file(text("%s/answers/%s", dir, name), content);
}

static int unlink_one(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
    (void)st;
    (void)flag;
    (void)ftw;
    return remove(path);
}

static int start_server(void **state)
{
    (void)state;
    int in[2], out[2];
    char line[8];
    const char *binary = getenv("PLIMSOLL_BINARY");
    dir = strdup("/tmp/plimsoll-docker-test-XXXXXX");
    if (!binary || !mkdtemp(dir) || pipe2(in, O_CLOEXEC) < 0 || pipe2(out, O_CLOEXEC) < 0)
        return -1;
    lib_dir = strndup(binary, (size_t)(strrchr(binary, '/') - binary));
    ctx = PLM_CTX_INIT;
    ctx.lib_dir = lib_dir;
    plm_auto_free char *socket_path = plm_fs_join(dir, "sock"), *answers = plm_fs_join(dir, "answers"),
                       *program = strdup("/usr/bin/python3"), *script = strdup(PLM_TEST_DATA "/engine.py");
    char *argv[] = {program, script, socket_path, answers, NULL};
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, in[0], 0);
    posix_spawn_file_actions_adddup2(&actions, out[1], 1);
    int r = posix_spawn(&server, argv[0], &actions, NULL, argv, environ);
    posix_spawn_file_actions_destroy(&actions);
    close(in[0]);
    close(out[1]);
    server_in = in[1];
    bool is_ready = r == 0 && read(out[0], line, sizeof(line)) > 0;
    close(out[0]);
    return is_ready ? 0 : -1;
}

static int stop_server(void **state)
{
    (void)state;
    close(server_in);
    waitpid(server, NULL, 0);
    nftw(dir, unlink_one, 8, FTW_DEPTH | FTW_PHYS);
    free(dir);
    free(lib_dir);
    return 0;
}

static int begin(void **state)
{
    (void)state;
    arena = plm_arena_new(PLM_ARENA_NO_LIMIT);
    memset(vars, 0, sizeof(vars));
    set("HOME", text("%s/home", dir));
    return 0;
}

static int end(void **state)
{
    (void)state;
    plm_arena_free(arena);
    return 0;
}

static struct plm_endpoint select_ok(struct plm_engine_config conf)
{
    struct plm_endpoint e = {0};
    plm_err *err = NULL;
    if (plm_endpoint_select(&ctx, &conf, env, arena, &e, &err) < 0)
        fail_msg("%s", plm_err_text(err));
    return e;
}

static void select_fails(struct plm_engine_config conf, enum plm_code code, const char *words)
{
    struct plm_endpoint e;
    plm_err *err = NULL;
    assert_int_equal(plm_endpoint_select(&ctx, &conf, env, arena, &e, &err), -1);
    plm_auto_free char *message = plm_err_text(err);
    if (err->code != code || !strstr(message, words))
        fail_msg("%s: %s", plm_code_name(err->code), message);
    plm_err_free(err);
}

/* ---- endpoints ----------------------------------------------------------------------- */

static void hosts_are_read_as_docker_does(void **state)
{
    (void)state;
    static const struct {
        const char *host, *base;
    } rows[] = {
        {"tcp://box", "http://box:2375"},    {"tcp://box:99/", "http://box:99"},
        {"box:4243", "http://box:4243"},     {"https://box", "https://box:2376"},
        {"http://box:1", "http://box:1"},    {"tcp://[::1]", "http://[::1]:2375"},
        {"tcp://[::1]:7", "http://[::1]:7"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct plm_endpoint e = select_ok((struct plm_engine_config){.host = plm_sv_from(rows[i].host)});
        if (!plm_sv_is(e.base, rows[i].base))
            fail_msg("%s gives %.*s", rows[i].host, PLM_SV_ARG(e.base));
        assert_null(e.unix_socket);
    }
    struct plm_endpoint e =
        select_ok((struct plm_engine_config){.host = plm_sv_from(text("unix://%s/sock", dir))});
    assert_string_equal(e.unix_socket, text("%s/sock", dir));
    select_fails((struct plm_engine_config){.host = PLM_SV("ssh://box")}, PLM_E_UNSUPPORTED,
                 "ssh://box (from -H)");
    select_fails((struct plm_engine_config){.host = PLM_SV("tcp://")}, PLM_E_USAGE, "without a host");
    select_fails((struct plm_engine_config){.host = PLM_SV("a:1"), .context = PLM_SV("b")}, PLM_E_USAGE,
                 "exclude");
}

static void the_order_is_flag_context_variable_configuration(void **state)
{
    (void)state;
    /* by sha256sum */
    const char *hex_prod = "6754af9632a2745e85c293e5aac0863370d9bd3330b9938c00cadfd215227d77";
    const char *hex_other = "d9298a10d1b0735837dc4bd85dac641b0f3cef27a47e5d53a54f2f3f5b2fcffa";
    write_file(text("%s/home/.docker/config.json", dir), "{\"currentContext\": \"prod\"}");
    write_file(text("%s/home/.docker/contexts/meta/%s/meta.json", dir, hex_prod),
               "{\"Name\":\"prod\",\"Metadata\":{},\"Endpoints\":{\"docker\":{\"Host\":\"tcp://"
               "prod:2376\",\"SkipTLSVerify\":false}}}");
    write_file(text("%s/home/.docker/contexts/tls/%s/docker/ca.pem", dir, hex_prod), "x");
    write_file(text("%s/home/.docker/contexts/tls/%s/docker/cert.pem", dir, hex_prod), "x");
    write_file(text("%s/home/.docker/contexts/tls/%s/docker/key.pem", dir, hex_prod), "x");
    write_file(text("%s/home/.docker/contexts/meta/%s/meta.json", dir, hex_other),
               "{\"Name\":\"other\",\"Endpoints\":{\"docker\":{\"Host\":\"tcp://other:1\"}}}");
    struct plm_endpoint e = select_ok((struct plm_engine_config){0});
    assert_true(plm_sv_is(e.base, "https://prod:2376"));
    assert_true(plm_sv_is(e.how, "context prod (docker configuration)"));
    assert_string_equal(e.key, text("%s/home/.docker/contexts/tls/%s/docker/key.pem", dir, hex_prod));
    assert_false(e.is_insecure);
    set("DOCKER_CONTEXT", "other");
    assert_true(plm_sv_is(select_ok((struct plm_engine_config){0}).base, "http://other:1"));
    set("DOCKER_HOST", "tcp://variable:2");
    assert_true(plm_sv_is(select_ok((struct plm_engine_config){0}).base, "http://variable:2"));
    assert_true(plm_sv_is(select_ok((struct plm_engine_config){.context = PLM_SV("prod")}).base,
                          "https://prod:2376"));
    assert_true(plm_sv_is(select_ok((struct plm_engine_config){.host = PLM_SV("tcp://flag:3")}).base,
                          "http://flag:3"));
    select_fails((struct plm_engine_config){.context = PLM_SV("gone")}, PLM_E_CONFIG,
                 "context gone (from --context) does not exist");
    write_file(text("%s/home/.docker/config.json", dir), "{broken");
    set("DOCKER_HOST", NULL);
    set("DOCKER_CONTEXT", NULL);
    select_fails((struct plm_engine_config){0}, PLM_E_PARSE, "config.json");
    remove(text("%s/home/.docker/config.json", dir));
}

static void tls_variables_are_honoured(void **state)
{
    (void)state;
    set("DOCKER_HOST", "tcp://box");
    set("DOCKER_TLS_VERIFY", "1");
    set("DOCKER_CERT_PATH", text("%s/certs", dir));
    select_fails((struct plm_engine_config){0}, PLM_E_CONFIG, "ca.pem cannot be read");
    write_file(text("%s/certs/ca.pem", dir), "x");
    struct plm_endpoint e = select_ok((struct plm_engine_config){0});
    assert_true(plm_sv_is(e.base, "https://box:2376"));
    assert_string_equal(e.ca, text("%s/certs/ca.pem", dir));
    assert_null(e.cert);
    assert_false(e.is_insecure);
    set("DOCKER_TLS_VERIFY", NULL);
    set("DOCKER_TLS", "1");
    e = select_ok((struct plm_engine_config){0});
    assert_true(e.is_insecure);
    set("DOCKER_TLS", NULL);
    assert_true(plm_sv_is(select_ok((struct plm_engine_config){0}).base, "http://box:2375"));
}

static void missing_sockets_are_all_named(void **state)
{
    (void)state;
    set("XDG_RUNTIME_DIR", text("%s/run", dir));
    struct plm_endpoint e;
    plm_err *err = NULL;
    struct plm_engine_config conf = {.kind = PLM_ENGINE_PODMAN};
    if (access("/run/podman/podman.sock", F_OK) == 0)
        plm_test_skip("a podman service of this machine would be found");
    assert_int_equal(plm_endpoint_select(&ctx, &conf, env, arena, &e, &err), -1);
    assert_string_equal(plm_err_id(err), "engine.unreachable");
    assert_non_null(strstr(err->message, text("%s/run/podman/podman.sock: No such file", dir)));
    assert_non_null(strstr(err->message, "/run/podman/podman.sock: No such file"));
    assert_non_null(plm_err_hint_get(err));
    plm_err_free(err);
    err = NULL;
    conf.host = plm_sv_from(text("unix://%s/none", dir));
    assert_int_equal(plm_endpoint_select(&ctx, &conf, env, arena, &e, &err), -1);
    assert_string_equal(plm_err_id(err), "engine.unreachable");
    plm_err_free(err);
}

/* ---- the client ---------------------------------------------------------------------- */

static void versions_meet_in_the_middle(void **state)
{
    (void)state;
    assert_int_equal(plm_api_version_parse(PLM_SV("1.44")), 1044);
    assert_int_equal(plm_api_version_parse(PLM_SV("1.x")), 0);
    assert_int_equal(plm_api_version_parse(PLM_SV("")), 0);
    assert_int_equal(plm_api_version_choose(1012, 1041), 1041); /* Docker 20.10 */
    assert_int_equal(plm_api_version_choose(1044, 1052), 1052); /* Docker 29 */
    assert_int_equal(plm_api_version_choose(1044, 1060), 1052); /* newer than we know */
    assert_int_equal(plm_api_version_choose(1055, 1060), 0);    /* too new */
    assert_int_equal(plm_api_version_choose(1001, 1023), 0);    /* too old */
}

static struct plm_engine *open_engine(plm_err **err)
{
    struct plm_engine_config conf = {.host = plm_sv_from(text("unix://%s/sock", dir))};
    return plm_engine_open(&ctx, &conf, err);
}

static void an_engine_too_new_or_broken_is_refused(void **state)
{
    (void)state;
    plm_err *err = NULL;
    answer("version", "{\"Version\":\"99\",\"ApiVersion\":\"1.99\",\"MinAPIVersion\":\"1.90\"}");
    assert_null(open_engine(&err));
    assert_string_equal(plm_err_id(err), "engine.version");
    assert_non_null(strstr(err->message, "1.90 to 1.99"));
    plm_err_free(err);
    err = NULL;
    answer("version", "HTTP 500\n{\"message\":\"boom\\u001b[31m\"}");
    assert_null(open_engine(&err));
    assert_string_equal(plm_err_id(err), "engine.error");
    assert_non_null(strstr(err->message, "says 500: boom"));
    assert_null(strchr(err->message, '\033')); /* what an engine says is not trusted on a terminal */
    plm_err_free(err);
    err = NULL;
    answer("version", "[]");
    assert_null(open_engine(&err));
    assert_string_equal(plm_err_id(err), "engine.version");
    plm_err_free(err);
}

static struct plm_engine *engine_1_44(void)
{
    plm_err *err = NULL;
    answer("version", "{\"Version\":\"25.0.3\",\"ApiVersion\":\"1.44\",\"MinAPIVersion\":\"1.24\",\"Os\":"
                      "\"linux\",\"Arch\":\"amd64\"}");
    struct plm_engine *e = open_engine(&err);
    if (!e)
        fail_msg("%s", plm_err_text(err));
    assert_true(plm_sv_is(plm_engine_about(e)->api_version, "1.44"));
    return e;
}

static void images_are_inspected(void **state)
{
    (void)state;
    plm_auto(plm_engine_close) struct plm_engine *e = engine_1_44();
    plm_err *err = NULL;
    struct plm_engine_image i;
    answer("v1.44_images_reg:5000_a_b@c%20d_json",
           "{\"Id\":\"sha256:aa\",\"RepoTags\":[\"x:2\",\"x:1\",\"<none>:<none>\"],\"RepoDigests\":null,"
           "\"Os\":\"linux\","
           "\"Architecture\":\"arm64\",\"Variant\":\"v8\",\"Created\":\"2025-05-17T10:00:00.123456789Z\","
           "\"Size\":42,"
           "\"Config\":{\"User\":\"app\"},\"RootFS\":{\"Type\":\"layers\",\"Layers\":[\"sha256:1\",\"sha256:"
           "2\"]},"
           "\"GraphDriver\":{\"Name\":\"overlay2\",\"Data\":{\"LowerDir\":\"/l\",\"UpperDir\":\"/u\"}}}");
    assert_int_equal(plm_engine_image_inspect(e, PLM_SV("reg:5000/a/b@c d"), arena, &i, &err), 0);
    assert_true(plm_sv_is(i.id, "sha256:aa"));
    assert_int_equal(i.tags.n, 2);
    assert_true(plm_sv_is(i.tags.v[0], "x:1"));
    assert_int_equal(i.digests.n, 0);
    assert_int_equal(i.diff_ids.n, 2);
    assert_true(plm_sv_is(i.diff_ids.v[1], "sha256:2")); /* order is meaning: not sorted */
    assert_true(plm_sv_is(i.upper, "/u"));
    assert_true(plm_sv_is(i.driver, "overlay2"));
    assert_true(plm_sv_is(i.config_json, "{\"User\":\"app\"}"));
    assert_int_equal(i.created, 1747476000);
    assert_null(i.manifest.p);
    assert_int_equal(plm_engine_image_inspect(e, PLM_SV("gone"), arena, &i, &err), -1);
    assert_int_equal(err->code, PLM_E_NOTFOUND);
    assert_string_equal(plm_err_id(err), "engine.not-found");
    assert_non_null(strstr(err->message, "image gone: not found by unix://"));
    plm_err_free(err);
}

static void a_containerd_store_has_no_graph_driver(void **state)
{
    (void)state;
    plm_auto(plm_engine_close) struct plm_engine *e = engine_1_44();
    plm_err *err = NULL;
    struct plm_engine_image i;
    answer("v1.44_images_c_json",
           "{\"Id\":\"sha256:bb\",\"Descriptor\":{\"mediaType\":\"application/vnd.oci.image.index.v1+json\","
           "\"digest\":\"sha256:bb\",\"size\":855},\"GraphDriver\":{\"Data\":null,\"Name\":\"overlayfs\"}}");
    assert_int_equal(plm_engine_image_inspect(e, PLM_SV("c"), arena, &i, &err), 0);
    assert_true(plm_sv_is(i.manifest, "sha256:bb"));
    assert_null(i.upper.p);
    answer("v1.44_images_d_json", "{}");
    assert_int_equal(plm_engine_image_inspect(e, PLM_SV("d"), arena, &i, &err), -1);
    assert_non_null(strstr(err->message, "no Id"));
    plm_err_free(err);
}

static void history_tells_layers_from_metadata(void **state)
{
    (void)state;
    plm_auto(plm_engine_close) struct plm_engine *e = engine_1_44();
    plm_err *err = NULL;
    struct plm_engine_history *h;
    size_t n;
    answer("v1.44_images_h_json", "{\"Id\":\"sha256:aa\",\"RootFS\":{\"Layers\":[\"a\",\"b\",\"c\"]}}");
    answer("v1.44_images_h_history", "[{\"CreatedBy\":\"CMD [\\\"sh\\\"]\",\"Size\":0},{\"CreatedBy\":\"RUN "
                                     "/bin/sh -c rm /x # buildkit\",\"Size\":0},"
                                     "{\"CreatedBy\":\"/bin/sh -c #(nop)  ENV "
                                     "A=b\",\"Size\":0},{\"CreatedBy\":\"/bin/sh -c apt update\",\"Size\":7},"
                                     "{\"CreatedBy\":\"/bin/sh -c #(nop) ADD file:1 in / \",\"Size\":100}]");
    assert_int_equal(plm_engine_image_history(e, PLM_SV("h"), arena, &h, &n, &err), 0);
    assert_int_equal(n, 5);
    const bool empty[] = {false, false, true, false, true};
    for (size_t i = 0; i < n; i++)
        assert_int_equal(h[i].is_empty_layer, empty[i]);
    assert_true(plm_sv_is(h[4].created_by, "CMD [\"sh\"]"));
}

static void lists_are_sorted(void **state)
{
    (void)state;
    plm_auto(plm_engine_close) struct plm_engine *e = engine_1_44();
    plm_err *err = NULL;
    struct plm_engine_image *images;
    struct plm_engine_container *c;
    size_t n;
    answer("v1.44_images_json", "[{\"Id\":\"sha256:b\",\"RepoTags\":null,\"Created\":5},{\"Id\":\"sha256:a\","
                                "\"RepoTags\":[\"t:1\"]}]");
    assert_int_equal(plm_engine_images(e, arena, &images, &n, &err), 0);
    assert_int_equal(n, 2);
    assert_true(plm_sv_is(images[0].id, "sha256:a"));
    assert_int_equal(images[1].created, 5);
    answer(
        "v1.44_containers_json",
        "[{\"Id\":\"2\",\"Names\":[\"/web\"],\"Image\":\"i\",\"ImageID\":\"sha256:a\",\"State\":\"running\"},"
        "{\"Id\":\"1\",\"Names\":[\"/db\"],\"State\":\"running\"}]");
    assert_int_equal(plm_engine_containers(e, false, arena, &c, &n, &err), 0);
    assert_int_equal(n, 2);
    assert_true(plm_sv_is(c[0].name, "db"));
    answer("v1.44_containers_web_json",
           "{\"Id\":\"2\",\"Name\":\"/web\",\"Image\":\"sha256:a\",\"Config\":{\"Image\":\"i\"},"
           "\"State\":{\"Status\":\"running\",\"Pid\":77}}");
    struct plm_engine_container one;
    assert_int_equal(plm_engine_container_inspect(e, PLM_SV("web"), arena, &one, &err), 0);
    assert_int_equal(one.pid, 77);
    assert_true(plm_sv_is(one.image_id, "sha256:a"));
    answer("v1.44_images_json", "null");
    assert_int_equal(plm_engine_images(e, arena, &images, &n, &err), 0);
    assert_int_equal(n, 0);
}

static void exports_stream_or_say_why_not(void **state)
{
    (void)state;
    plm_auto(plm_engine_close) struct plm_engine *e = engine_1_44();
    plm_err *err = NULL;
    answer("v1.44_images_x_get", "tar bytes");
    plm_auto(plm_http_close) struct plm_http_stream *s = plm_engine_image_export(e, PLM_SV("x"), &err);
    assert_non_null(s);
    char got[32];
    assert_int_equal(plm_http_read(s, got, sizeof(got), &err), 9);
    assert_memory_equal(got, "tar bytes", 9);
    assert_int_equal(plm_http_read(s, got, sizeof(got), &err), 0);
    assert_null(plm_engine_image_export(e, PLM_SV("y"), &err));
    assert_string_equal(plm_err_id(err), "engine.not-found");
    plm_err_free(err);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(hosts_are_read_as_docker_does, begin, end),
        cmocka_unit_test_setup_teardown(the_order_is_flag_context_variable_configuration, begin, end),
        cmocka_unit_test_setup_teardown(tls_variables_are_honoured, begin, end),
        cmocka_unit_test_setup_teardown(missing_sockets_are_all_named, begin, end),
        cmocka_unit_test_setup_teardown(versions_meet_in_the_middle, begin, end),
        cmocka_unit_test_setup_teardown(an_engine_too_new_or_broken_is_refused, begin, end),
        cmocka_unit_test_setup_teardown(images_are_inspected, begin, end),
        cmocka_unit_test_setup_teardown(a_containerd_store_has_no_graph_driver, begin, end),
        cmocka_unit_test_setup_teardown(history_tells_layers_from_metadata, begin, end),
        cmocka_unit_test_setup_teardown(lists_are_sorted, begin, end),
        cmocka_unit_test_setup_teardown(exports_stream_or_say_why_not, begin, end),
    };
    signal(SIGPIPE, SIG_IGN);
    return cmocka_run_group_tests(tests, start_server, stop_server);
}
