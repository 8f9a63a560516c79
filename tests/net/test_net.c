/* SPDX-License-Identifier: Apache-2.0
 *
 * The HTTP client against tests/net/server.py: another implementation of HTTP and TLS.
 */
#include "net_int.h"

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

static struct {
    char *dir, *lib_dir;
    pid_t pid;
    int in; /* its standard input: closing it ends the server */
    unsigned http, https, mtls;
} server;

static struct plm_ctx ctx;

static char *text(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
static char *text(const char *fmt, ...)
{
    char *s = NULL;
    va_list ap;
    va_start(ap, fmt);
    assert_true(vasprintf(&s, fmt, ap) >= 0);
    va_end(ap);
    return s;
}

static int read_ports(int fd)
{
    char line[64] = {0};
    for (size_t n = 0; n < sizeof(line) - 1 && !strchr(line, '\n');) {
        ssize_t r = read(fd, line + n, sizeof(line) - 1 - n);
        if (r <= 0)
            return -1;
        n += (size_t)r;
    }
    return sscanf(line, "%u %u %u", &server.http, &server.https, &server.mtls) == 3 ? 0 : -1;
}

static int start_server(void **state)
{
    (void)state;
    signal(SIGPIPE, SIG_IGN);
    int in[2], out[2];
    server.dir = text("/tmp/plimsoll-net-test-XXXXXX");
    const char *binary = getenv("PLIMSOLL_BINARY");
    if (!binary || !mkdtemp(server.dir) || pipe2(in, O_CLOEXEC) < 0 || pipe2(out, O_CLOEXEC) < 0)
        return -1;
    server.lib_dir = text("%.*s", (int)(strrchr(binary, '/') - binary), binary);
    ctx = PLM_CTX_INIT;
    ctx.lib_dir = server.lib_dir;
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, in[0], 0);
    posix_spawn_file_actions_adddup2(&actions, out[1], 1);
    char *argv[] = {text("/usr/bin/python3"), text(PLM_TEST_DATA "/server.py"), server.dir, NULL};
    int r = posix_spawn(&server.pid, argv[0], &actions, NULL, argv, environ);
    posix_spawn_file_actions_destroy(&actions);
    free(argv[0]);
    free(argv[1]);
    close(in[0]);
    close(out[1]);
    server.in = in[1];
    r = r ? -1 : read_ports(out[0]);
    close(out[0]);
    return r;
}

static int unlink_one(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
    (void)st;
    (void)flag;
    (void)ftw;
    return remove(path);
}

static int stop_server(void **state)
{
    (void)state;
    close(server.in);
    waitpid(server.pid, NULL, 0);
    nftw(server.dir, unlink_one, 8, FTW_DEPTH | FTW_PHYS);
    free(server.dir);
    free(server.lib_dir);
    return 0;
}

static struct plm_http *client(const struct plm_http_config *conf)
{
    plm_err *e = NULL;
    struct plm_http *h = plm_http_new(&ctx, conf, &e);
    assert_non_null(h);
    return h;
}

/* What one fetch gave: the body, or the error. */
struct got {
    struct plm_buf body;
    struct plm_http_response res;
    plm_err *err;
};

static struct got fetch(struct plm_http *h, const char *url, const struct plm_http_request *q)
{
    struct got g = {.body = PLM_BUF(PLM_MIB(1))};
    if (plm_http_fetch(h, url, q, &g.body, &g.res, &g.err) < 0)
        assert_non_null(g.err);
    return g;
}

static void drop(struct got *g)
{
    plm_buf_done(&g->body);
    plm_err_free(g->err);
    *g = (struct got){0};
}

static void expect_failure(struct plm_http *h, const char *url, const struct plm_http_request *q,
                           enum plm_code code, const char *id, const char *words)
{
    struct got g = fetch(h, url, q);
    plm_auto_free char *message = plm_err_text(g.err);
    if (!g.err)
        fail_msg("%s: no failure", url);
    if (g.err->code != code || (id ? !plm_err_id(g.err) || strcmp(plm_err_id(g.err), id) != 0 : false) ||
        !strstr(message, words))
        fail_msg("%s: %s %s [%s]", url, plm_code_name(g.err->code), message, plm_err_id(g.err));
    drop(&g);
}

static void expect_body(struct plm_http *h, const char *url, const struct plm_http_request *q, int status,
                        const char *body)
{
    struct got g = fetch(h, url, q);
    plm_auto_free char *message = plm_err_text(g.err);
    if (g.err)
        fail_msg("%s: %s", url, message);
    assert_int_equal(g.res.status, status);
    assert_true(plm_sv_is(plm_buf_sv(&g.body), body));
    drop(&g);
}

static char *at(const char *path)
{
    return text("http://127.0.0.1:%u%s", server.http, path);
}

static void conditions_give_304(void **state)
{
    (void)state;
    plm_auto(plm_http_free) struct plm_http *h = client(NULL);
    plm_auto_free char *url = at("/etag");
    struct got g = fetch(h, url, NULL);
    assert_null(g.err);
    assert_true(plm_sv_is(g.res.etag, "\"v1\""));
    assert_true(plm_sv_is(g.res.content_type, "text/x-test"));
    assert_int_equal(g.res.last_modified, 784111777);
    assert_int_equal(g.res.length, 11);
    drop(&g);
    expect_body(h, url, &(struct plm_http_request){.if_none_match = PLM_SV("\"v1\"")}, 304, "");
    expect_body(h, url, &(struct plm_http_request){.if_modified_since = 784111777}, 304, "");
    expect_body(h, url, &(struct plm_http_request){.if_none_match = PLM_SV("\"v0\"")}, 200, "version one");
}

static void a_download_resumes_where_it_stopped(void **state)
{
    (void)state;
    plm_auto(plm_http_free) struct plm_http *h = client(NULL);
    plm_auto_free char *url = at("/range"), *path = text("%s/download", server.dir);
    struct plm_http_response res;
    plm_err *e = NULL;
    plm_auto_fd int fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(plm_http_fetch_fd(h, url, NULL, fd, &res, &e), 0);
    assert_int_equal(res.status, 200);
    assert_int_equal(lseek(fd, 0, SEEK_END), 200000);
    /* cut it and fetch the rest */
    assert_int_equal(ftruncate(fd, 123456), 0);
    lseek(fd, 0, SEEK_END);
    struct plm_http_request q = {.resume_from = 123456, .if_none_match = PLM_SV("\"big\"")};
    assert_int_equal(plm_http_fetch_fd(h, url, &q, fd, &res, &e), 0);
    assert_int_equal(res.status, 206);
    plm_auto_done(plm_buf_done) struct plm_buf all = PLM_BUF(PLM_MIB(1));
    assert_int_equal(plm_fs_read(path, PLM_MIB(1), &all, &e), 0);
    assert_int_equal(all.n, 200000);
    for (size_t i = 0; i < all.n; i++)
        if ((unsigned char)all.p[i] != i * 7 % 251)
            fail_msg("byte %zu differs", i);
    /* another version there: the whole of it, and a weak tag never resumes */
    struct got g =
        fetch(h, url, &(struct plm_http_request){.resume_from = 5, .if_none_match = PLM_SV("\"old\"")});
    assert_int_equal(g.res.status, 200);
    assert_int_equal(g.body.n, 200000);
    drop(&g);
    g = fetch(h, url, &(struct plm_http_request){.resume_from = 5, .if_none_match = PLM_SV("W/\"big\"")});
    assert_int_equal(g.res.status, 200);
    drop(&g);
    plm_auto_free char *wrong = at("/wrong-range");
    expect_failure(h, wrong, &(struct plm_http_request){.resume_from = 5}, PLM_E_NET, "net.range",
                   "bytes 0-9");
    expect_failure(h, url, &(struct plm_http_request){.resume_from = 999999}, PLM_E_NET, "net.status",
                   "HTTP 416");
}

static void a_silent_peer_is_named(void **state)
{
    (void)state;
    plm_auto(plm_http_free) struct plm_http *h = client(&(struct plm_http_config){.stall_timeout_ms = 150});
    plm_auto_free char *body = at("/stall?token=secret"), *mute = at("/mute");
    struct got g = fetch(h, body, NULL);
    assert_int_equal(plm_err_code(g.err), PLM_E_NET);
    assert_string_equal(plm_err_id(g.err), "net.stalled");
    assert_non_null(strstr(g.err->message, "no byte from 127.0.0.1 for 0.15 s"));
    assert_null(strstr(g.err->message, "secret"));
    assert_int_equal(g.body.n, 1000); /* what came before is there */
    drop(&g);
    expect_failure(h, mute, NULL, PLM_E_NET, "net.stalled", "127.0.0.1");
}

static void truncated_bodies_are_failures(void **state)
{
    (void)state;
    plm_auto(plm_http_free) struct plm_http *h = client(NULL);
    plm_auto_free char *cut = at("/truncated"), *chunks = at("/truncated-chunks");
    struct got g = fetch(h, cut, NULL);
    assert_string_equal(plm_err_id(g.err), "net.truncated");
    assert_int_equal(g.body.n, 5000);
    drop(&g);
    expect_failure(h, chunks, NULL, PLM_E_NET, "net.truncated", "/truncated-chunks");
}

static void limits_end_endless_bodies(void **state)
{
    (void)state;
    plm_auto(plm_http_free) struct plm_http *h = client(NULL);
    plm_auto_free char *endless = at("/endless"), *range = at("/range");
    expect_failure(h, endless, NULL, PLM_E_LIMIT, NULL, "over the limit of 1048576");
    /* announced length: refused before it is read; exactly the limit is fine */
    expect_failure(h, range, &(struct plm_http_request){.max_bytes = 199999}, PLM_E_LIMIT, NULL,
                   "body of 200000 bytes");
    struct got g = fetch(h, range, &(struct plm_http_request){.max_bytes = 200000});
    assert_null(g.err);
    drop(&g);
    plm_err *e = NULL;
    plm_auto_fd int fd = open("/dev/null", O_WRONLY | O_CLOEXEC);
    assert_true(
        plm_http_fetch_fd(h, endless, &(struct plm_http_request){.max_bytes = PLM_MIB(4)}, fd, NULL, &e) < 0);
    assert_int_equal(plm_err_code(e), PLM_E_LIMIT);
    plm_err_free(e);
}

static void redirects_have_rules(void **state)
{
    (void)state;
    plm_auto_free char *ca = text("%s/ca.pem", server.dir);
    plm_auto(plm_http_free) struct plm_http *h = client(&(struct plm_http_config){.tls_ca = ca});
    plm_auto_free char *loop = at("/loop"), *five = at("/hops/5"), *six = at("/hops/6");
    expect_failure(h, loop, NULL, PLM_E_NET, "net.redirect", "more than 5");
    expect_body(h, five, NULL, 200, "arrived");
    expect_failure(h, six, NULL, PLM_E_NET, "net.redirect", "more than 5");
    plm_auto_free char *up =
        text("http://127.0.0.1:%u/to?https://localhost:%u/hops/0", server.http, server.https);
    expect_body(h, up, NULL, 200, "arrived");
    plm_auto_free char *down =
        text("https://localhost:%u/to?http://127.0.0.1:%u/hops/0", server.https, server.http);
    expect_failure(h, down, NULL, PLM_E_NET, "net.redirect", "from https to http");
    plm_auto_free char *file = at("/to?file:///etc/passwd");
    expect_failure(h, file, NULL, PLM_E_UNSUPPORTED, NULL, "only http");
}

static void credentials_stay_with_their_host(void **state)
{
    (void)state;
    plm_auto(plm_http_free) struct plm_http *h = client(NULL);
    const char *const headers[] = {"Authorization: Bearer abc", "X-Other: kept", NULL};
    struct plm_http_request q = {.headers = headers};
    plm_auto_free char *same = at("/to?/headers"),
                       *other = text("http://127.0.0.1:%u/to?http://localhost:%u/headers", server.http,
                                     server.http);
    struct got g = fetch(h, same, &q);
    assert_true(plm_sv_has(plm_buf_sv(&g.body), PLM_SV("Bearer abc")));
    drop(&g);
    g = fetch(h, other, &q);
    assert_null(g.err);
    assert_false(plm_sv_has(plm_buf_sv(&g.body), PLM_SV("Bearer")));
    assert_true(plm_sv_has(plm_buf_sv(&g.body), PLM_SV("X-Other: kept")));
    drop(&g);
    const char *const split[] = {"X-A: b\r\nX-C: d", NULL};
    plm_auto_free char *plain = at("/headers");
    expect_failure(h, plain, &(struct plm_http_request){.headers = split}, PLM_E_USAGE, NULL, "line break");
}

static void statuses_map_to_codes(void **state)
{
    (void)state;
    plm_auto(plm_http_free) struct plm_http *h = client(NULL);
    static const struct {
        const char *path;
        enum plm_code code;
    } rows[] = {{"/status/401", PLM_E_AUTH},     {"/status/403", PLM_E_AUTH}, {"/nothing", PLM_E_NOTFOUND},
                {"/status/410", PLM_E_NOTFOUND}, {"/status/500", PLM_E_NET},  {"/status/429", PLM_E_NET}};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        plm_auto_free char *url = at(rows[i].path);
        expect_failure(h, url, NULL, rows[i].code, "net.status", rows[i].path);
    }
    plm_auto_free char *url = at("/status/500");
    expect_body(h, url, &(struct plm_http_request){.any_status = true}, 500,
                "{\"message\": \"as you wished\"}");
}

static void methods_and_bodies(void **state)
{
    (void)state;
    plm_auto(plm_http_free) struct plm_http *h = client(NULL);
    const char *const type[] = {"Content-Type: text/x", NULL};
    plm_auto_free char *post = at("/post"), *range = at("/range");
    expect_body(h, post, &(struct plm_http_request){.method = "POST", .headers = type, .body = PLM_SV("a b")},
                201, "text/x|a b");
    expect_body(h, post, &(struct plm_http_request){.method = "POST", .headers = type}, 201, "text/x|");
    struct got g = fetch(h, range, &(struct plm_http_request){.method = "HEAD", .max_bytes = 10});
    assert_null(g.err);
    assert_int_equal(g.res.length, 200000);
    assert_int_equal(g.body.n, 0);
    drop(&g);
}

static void tls_is_verified(void **state)
{
    (void)state;
    plm_auto_free char *ca = text("%s/ca.pem", server.dir), *cert = text("%s/client.pem", server.dir),
                       *key = text("%s/client.key", server.dir);
    plm_auto_free char *url = text("https://localhost:%u/hops/0", server.https),
                       *by_address = text("https://127.0.0.1:%u/hops/0", server.https),
                       *mutual = text("https://localhost:%u/hops/0", server.mtls);
    plm_auto(plm_http_free) struct plm_http *stranger = client(NULL);
    expect_failure(stranger, url, NULL, PLM_E_NET, "net.tls", "certificate");
    plm_auto(plm_http_free) struct plm_http *h = client(&(struct plm_http_config){.tls_ca = ca});
    expect_body(h, url, NULL, 200, "arrived");
    expect_failure(h, by_address, NULL, PLM_E_NET, "net.tls", "127.0.0.1");
    expect_failure(h, mutual, NULL, PLM_E_NET, NULL, "localhost");
    plm_auto(plm_http_free) struct plm_http *known =
        client(&(struct plm_http_config){.tls_ca = ca, .tls_cert = cert, .tls_key = key});
    expect_body(known, mutual, NULL, 200, "arrived");
    plm_auto(plm_http_free) struct plm_http *careless =
        client(&(struct plm_http_config){.tls_insecure = true});
    expect_body(careless, by_address, NULL, 200, "arrived");
}

static void offline_refuses_addresses_but_not_sockets(void **state)
{
    (void)state;
    plm_auto_free char *path = text("%s/socket", server.dir), *gone = text("%s/gone", server.dir);
    struct plm_ctx off = ctx;
    off.offline = true;
    plm_err *e = NULL;
    plm_auto(plm_http_free) struct plm_http *h = plm_http_new(&off, NULL, &e);
    expect_failure(h, "http://never-contacted.invalid/x", NULL, PLM_E_NET, "net.offline",
                   "never-contacted.invalid");
    plm_auto(plm_arena_free) struct plm_arena *a = plm_arena_new(PLM_ARENA_NO_LIMIT);
    plm_sv_vec hosts = {0};
    assert_int_equal(plm_net_hosts(a, &hosts, &e), 0);
    for (size_t i = 0; i < hosts.n; i++)
        assert_false(plm_sv_has(hosts.v[i], PLM_SV("never-contacted")));
    plm_auto(plm_http_free) struct plm_http *local =
        plm_http_new(&off, &(struct plm_http_config){.unix_socket = path}, &e);
    expect_body(local, "http://engine/hops/0", NULL, 200, "arrived");
    expect_failure(local, "http://engine/to?http://127.0.0.1/", NULL, PLM_E_NET, "net.redirect",
                   "unexpected");
    plm_auto(plm_http_free) struct plm_http *missing =
        plm_http_new(&off, &(struct plm_http_config){.unix_socket = gone}, &e);
    struct got g = fetch(missing, "http://engine/x", NULL);
    assert_string_equal(plm_err_id(g.err), "net.connect");
    assert_int_equal(g.err->sys, ENOENT);
    drop(&g);
}

static void only_public_addresses_when_told(void **state)
{
    (void)state;
    plm_auto(plm_http_free) struct plm_http *h = client(&(struct plm_http_config){.public_only = true});
    plm_auto_free char *url = at("/hops/0"), *named = text("http://localhost:%u/hops/0", server.http);
    expect_failure(h, url, NULL, PLM_E_NET, "net.refused", "not a public");
    expect_failure(h, named, NULL, PLM_E_NET, "net.refused", "localhost");
    static const char *const closed[] = {
        "10.1.2.3",   "172.31.0.1",     "192.168.1.1",     "169.254.169.254", "0.0.0.0",
        "100.64.0.1", "[::1]",          "[fe80::1]",       "[fd00::1]",       "[::ffff:10.0.0.1]",
        "224.0.0.1",  "[2002:a00:1::]", "[64:ff9b::a00:1]"};
    for (size_t i = 0; i < sizeof(closed) / sizeof(closed[0]); i++) {
        plm_auto_free char *to = text("http://%s/", closed[i]);
        expect_failure(h, to, NULL, PLM_E_NET, "net.refused", "not a public");
    }
}

static void a_stream_is_pulled_and_can_be_left(void **state)
{
    (void)state;
    plm_auto(plm_http_free) struct plm_http *h = client(NULL);
    plm_auto_free char *endless = at("/endless"), *range = at("/range");
    struct plm_http_response res;
    plm_err *e = NULL;
    plm_auto(plm_http_close) struct plm_http_stream *s = plm_http_open(h, endless, NULL, &res, &e);
    assert_non_null(s);
    assert_true(res.length == UINT64_MAX);
    char chunk[1000];
    for (size_t n = 0, i; n < 3000000; n += i) { /* well over what one side buffers */
        ssize_t r = plm_http_read(s, chunk, sizeof(chunk), &e);
        assert_true(r > 0);
        i = (size_t)r;
        for (size_t k = 0; k < i; k++)
            assert_int_equal((unsigned char)chunk[k], (n + k) % 200000 * 7 % 251);
    }
    /* a second request of the same client while the first is open */
    struct got g = fetch(h, range, NULL);
    assert_int_equal(g.body.n, 200000);
    drop(&g);
    assert_true(plm_http_read(s, chunk, sizeof(chunk), &e) > 0);
}

static void cancelling_ends_a_wait(void **state)
{
    (void)state;
    atomic_bool cancel = true;
    struct plm_ctx c = ctx;
    c.cancel = &cancel;
    plm_auto(plm_http_free) struct plm_http *h = plm_http_new(&c, NULL, NULL);
    plm_auto_free char *mute = at("/mute");
    expect_failure(h, mute, NULL, PLM_E_CANCEL, NULL, "cancelled");
}

static void unreachable_hosts_say_why(void **state)
{
    (void)state;
    plm_auto(plm_http_free) struct plm_http *h = client(NULL);
    expect_failure(h, "http://127.0.0.1:1/x", NULL, PLM_E_NET, "net.connect", "http://127.0.0.1:1/x");
}

static void addresses_are_read_strictly(void **state)
{
    (void)state;
    static const struct {
        const char *url, *host;
        unsigned port;
    } good[] = {
        {"http://a/", "a", 80},
        {"https://a.b-c_d:8443?x", "a.b-c_d", 8443},
        {"http://user:pw@host/p", "host", 80},
        {"https://[2001:db8::1]:5000/v2", "2001:db8::1", 5000},
        {"http://h#frag", "h", 80},
    };
    static const char *const bad[] = {"ftp://a/",
                                      "http://",
                                      "http:///x",
                                      "http://a b/",
                                      "http://a\\@b/",
                                      "http://a@b@c/",
                                      "http://a:0/",
                                      "http://a:65536",
                                      "http://a:/",
                                      "http://[::1",
                                      "http://[::1]x/",
                                      "http://a\r\nX: y",
                                      "http://\xc3\xa4/",
                                      "HTTP://a/",
                                      "a",
                                      "",
                                      "http://a%2fb/",
                                      "http://[]/",
                                      "file:///etc/x"};
    struct plm_net_url u;
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        assert_int_equal(plm_net_url_parse(plm_sv_from(good[i].url), &u, NULL), 0);
        assert_true(plm_sv_is(u.host, good[i].host));
        assert_int_equal(u.port, good[i].port);
    }
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        if (plm_net_url_parse(plm_sv_from(bad[i]), &u, NULL) == 0)
            fail_msg("accepted %s", bad[i]);
}

static void hosts_are_listed_once(void **state)
{
    (void)state;
    plm_auto(plm_arena_free) struct plm_arena *a = plm_arena_new(PLM_ARENA_NO_LIMIT);
    plm_auto_free char *one = text("127.0.0.1:%u", server.http);
    plm_sv_vec hosts = {0};
    assert_int_equal(plm_net_hosts(a, &hosts, NULL), 0);
    size_t found = 0;
    for (size_t i = 0; i < hosts.n; i++) {
        found += plm_sv_is(hosts.v[i], one);
        assert_false(plm_sv_is(hosts.v[i], "engine")); /* unix sockets are no hosts */
    }
    assert_int_equal(found, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(addresses_are_read_strictly),
        cmocka_unit_test(conditions_give_304),
        cmocka_unit_test(a_download_resumes_where_it_stopped),
        cmocka_unit_test(a_silent_peer_is_named),
        cmocka_unit_test(truncated_bodies_are_failures),
        cmocka_unit_test(limits_end_endless_bodies),
        cmocka_unit_test(redirects_have_rules),
        cmocka_unit_test(credentials_stay_with_their_host),
        cmocka_unit_test(statuses_map_to_codes),
        cmocka_unit_test(methods_and_bodies),
        cmocka_unit_test(tls_is_verified),
        cmocka_unit_test(offline_refuses_addresses_but_not_sockets),
        cmocka_unit_test(only_public_addresses_when_told),
        cmocka_unit_test(a_stream_is_pulled_and_can_be_left),
        cmocka_unit_test(cancelling_ends_a_wait),
        cmocka_unit_test(unreachable_hosts_say_why),
        cmocka_unit_test(hosts_are_listed_once),
    };
    return cmocka_run_group_tests(tests, start_server, stop_server);
}
