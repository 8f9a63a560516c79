/* SPDX-License-Identifier: Apache-2.0
 *
 * The Engine API (docs.docker.com/reference/api/engine): versions, requests, errors.
 *
 * GET /version (asked once per endpoint, see recall.c) is answered without a version prefix; it says which
 * API versions the engine speaks. We speak the highest that both know: old engines stop at theirs, new ones
 * refuse old clients (Docker 29 starts at 1.44). Podman's compatible socket answers the same way. Every error
 * answer is {"message": "..."}, Podman's {"cause", "message", "response"}.
 */
#include "docker_int.h"

#include "base/text.h"
#include "base/time.h"

enum {
    API_OLDEST = 1024,
    API_NEWEST = 1052,
    MESSAGE_MAX = 300,
    EXPORT_STALL_MS = 600000,
    ENGINE_BYTES = 64 << 20 /* addresses of requests, some hundred bytes each */
};                          /* 1.24 and 1.52 */

unsigned plm_api_version_parse(plm_sv text)
{
    plm_sv major, minor;
    uint64_t a = 0, b = 0;
    if (!plm_sv_cut(text, '.', &major, &minor) || !plm_sv_u64(major, &a) || !plm_sv_u64(minor, &b) ||
        a > 1000 || b > 999)
        return 0;
    return (unsigned)(a * 1000 + b);
}

unsigned plm_api_version_choose(unsigned server_min, unsigned server_max)
{
    unsigned chosen = server_max < API_NEWEST ? server_max : API_NEWEST;
    return chosen >= API_OLDEST && chosen >= server_min ? chosen : 0;
}

const char *plm_engine_path(struct plm_arena *a, const char *before, plm_sv ref, const char *after)
{
    plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(PLM_KIB(16));
    plm_buf_str(&b, before);
    for (size_t i = 0; i < ref.n; i++) {
        unsigned char c = (unsigned char)ref.p[i];
        bool is_plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                        (c && strchr("-._~/:@", c));
        plm_buf_printf(&b, is_plain ? "%c" : "%%%02X", c);
    }
    plm_buf_str(&b, after);
    return b.failed ? NULL : plm_arena_cstr(a, plm_buf_sv(&b));
}

int plm_engine_fail_status(struct plm_engine *e, int status, plm_sv body, const char *what, plm_err **err)
{
    plm_auto(plm_json_free) struct plm_json *doc = plm_json_parse(body, "error", e->ctx->limits, NULL);
    plm_sv message = doc ? plm_json_str(plm_json_root(doc), "message", NULL) : PLM_SV_NULL;
    plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(PLM_KIB(4));
    plm_text_escape(&b, plm_sv_sub(message.n ? message : PLM_SV("no message"), 0, MESSAGE_MAX));
    plm_sv said = plm_buf_sv(&b);
    if (status == 404)
        return plm_fail_id(err, PLM_E_NOTFOUND, "engine.not-found", "%s: not found by %.*s (%.*s)", what,
                           PLM_SV_ARG(e->at.shown), PLM_SV_ARG(said));
    bool is_auth = status == 401 || status == 403;
    return plm_fail_id(err, is_auth ? PLM_E_AUTH : PLM_E_NET, is_auth ? "engine.permission" : "engine.error",
                       "%s: %.*s says %d: %.*s", what, PLM_SV_ARG(e->at.shown), status, PLM_SV_ARG(said));
}

/* A failure of the transport, in the words of engines. */
static int fail_transport(const struct plm_engine *e, plm_err *why, plm_err **err)
{
    if (why->code != PLM_E_NET || !why->id || strcmp(why->id, "net.offline") == 0) {
        (void)plm_err_move(err, &why);
        return plm_wrap(err, "engine %.*s", PLM_SV_ARG(e->at.shown));
    }
    plm_auto_free char *text = plm_err_text(why);
    plm_err_free(why);
    return plm_fail_id(err, PLM_E_NET, "engine.unreachable", "engine %.*s (from %.*s): %s",
                       PLM_SV_ARG(e->at.shown), PLM_SV_ARG(e->at.how), text ? text : "out of memory");
}

static plm_sv url_of(struct plm_engine *e, const char *path)
{
    bool is_versioned = e->info.api_version.n != 0;
    return plm_arena_printf(e->arena, "%.*s%s%.*s%s", PLM_SV_ARG(e->at.base), is_versioned ? "/v" : "",
                            PLM_SV_ARG(e->info.api_version), path);
}

struct plm_json *plm_engine_fetch(struct plm_engine *e, const char *path, const char *what, plm_err **err)
{
    const struct plm_http_request q = {.any_status = true, .deadline = e->deadline};
    struct plm_http_response res;
    plm_auto_done(plm_buf_done) struct plm_buf body = PLM_BUF(e->ctx->limits->json_bytes);
    plm_err *why = NULL;
    plm_sv url = url_of(e, path);
    if (plm_arena_check(e->arena, err) < 0)
        return NULL;
    if (plm_http_fetch(e->http, url.p, &q, &body, &res, &why) < 0)
        return PLM_NULL(fail_transport(e, why, err));
    if (res.status != 200)
        return PLM_NULL(plm_engine_fail_status(e, res.status, plm_buf_sv(&body), what, err));
    struct plm_json *doc = plm_json_parse(plm_buf_sv(&body), what, e->ctx->limits, err);
    return doc ? doc : PLM_NULL(plm_wrap(err, "answer of %.*s", PLM_SV_ARG(e->at.shown)));
}

struct plm_json *plm_engine_fetch_of(struct plm_engine *e, const char *before, plm_sv ref, const char *after,
                                     const char *what, plm_err **err)
{
    const char *path = plm_engine_path(e->arena, before, ref, after);
    return path ? plm_engine_fetch(e, path, what, err) : PLM_NULL(plm_fail_oom(err));
}

int plm_engine_post(struct plm_engine *e, const char *path, plm_sv body, const char *what, int *out_status,
                    struct plm_buf *answer, plm_err **err)
{
    static const char *const json[] = {"Content-Type: application/json", NULL};
    const struct plm_http_request q = {
        .method = "POST", .headers = json, .body = body, .any_status = true, .deadline = e->deadline};
    struct plm_http_response res;
    plm_err *why = NULL;
    plm_sv url = url_of(e, path);
    if (plm_arena_check(e->arena, err) < 0)
        return -1;
    if (plm_http_fetch(e->http, url.p, &q, answer, &res, &why) < 0) {
        (void)fail_transport(e, why, err);
        return plm_wrap(err, "%s", what);
    }
    *out_status = res.status;
    return 0;
}

static int negotiate(struct plm_engine *e, plm_err **err)
{
    if (plm_engine_recall(e))
        return plm_arena_check(e->arena, err);
    plm_auto(plm_json_free) struct plm_json *doc = plm_engine_fetch(e, "/version", "engine version", err);
    if (!doc)
        return -1;
    yyjson_val *root = plm_json_root(doc);
    plm_sv newest = plm_json_str(root, "ApiVersion", NULL),
           oldest = plm_json_str(root, "MinAPIVersion", NULL);
    unsigned max = plm_api_version_parse(newest), min = plm_api_version_parse(oldest);
    unsigned chosen = max ? plm_api_version_choose(min, max) : 0;
    if (!chosen)
        return plm_fail_id(err, PLM_E_UNSUPPORTED, "engine.version",
                           "engine %.*s speaks API %.*s to %.*s, this program 1.%d to 1.%d",
                           PLM_SV_ARG(e->at.shown), PLM_SV_ARG(oldest), PLM_SV_ARG(newest), API_OLDEST - 1000,
                           API_NEWEST - 1000);
    e->info.version = plm_arena_sv(e->arena, plm_json_str(root, "Version", NULL));
    e->info.os = plm_arena_sv(e->arena, plm_json_str(root, "Os", NULL));
    e->info.arch = plm_arena_sv(e->arena, plm_json_str(root, "Arch", NULL));
    e->info.api_version = plm_arena_printf(e->arena, "%u.%u", chosen / 1000, chosen % 1000);
    if (plm_arena_check(e->arena, err) < 0)
        return -1;
    plm_engine_remember(e);
    return 0;
}

static struct plm_http *connect_to(const struct plm_ctx *ctx, const struct plm_endpoint *at, plm_err **err)
{
    const struct plm_http_config http = {
        .unix_socket = at->unix_socket,
        .tls_ca = at->ca,
        .tls_cert = at->cert,
        .tls_key = at->key,
        .tls_insecure = at->is_insecure,
    };
    return plm_http_new(ctx, &http, err);
}

struct plm_engine *plm_engine_open(const struct plm_ctx *ctx, const struct plm_engine_config *conf,
                                   plm_err **err)
{
    plm_auto(plm_engine_close) struct plm_engine *e = calloc(1, sizeof(*e));
    if (!e || !(e->arena = plm_arena_new(ENGINE_BYTES)))
        return PLM_NULL(plm_fail_oom(err));
    e->ctx = ctx;
    e->kind = conf->kind;
    e->deadline = conf->deadline;
    if (plm_endpoint_select(ctx, conf, NULL, e->arena, &e->at, err) < 0 ||
        !(e->http = connect_to(ctx, &e->at, err)))
        return NULL;
    e->info.endpoint = e->at.shown;
    e->info.name = conf->kind == PLM_ENGINE_PODMAN ? PLM_SV("podman") : PLM_SV("docker");
    e->info.is_local = e->at.unix_socket != NULL;
    e->info.is_tls = plm_sv_starts(e->at.base, PLM_SV("https://"));
    return negotiate(e, err) < 0 ? NULL : plm_take(e);
}

struct plm_engine *plm_engine_again(const struct plm_engine *e, plm_err **err)
{
    plm_auto(plm_engine_close) struct plm_engine *copy = calloc(1, sizeof(*copy));
    if (!copy)
        return PLM_NULL(plm_fail_oom(err));
    *copy = *e; /* views stay those of e's arena, which outlives it */
    copy->http = NULL;
    copy->arena = plm_arena_new(ENGINE_BYTES);
    if (!copy->arena)
        return PLM_NULL(plm_fail_oom(err));
    copy->http = connect_to(e->ctx, &e->at, err);
    return copy->http ? plm_take(copy) : NULL;
}

void plm_engine_hurry(struct plm_engine *e, uint64_t deadline)
{
    e->deadline = deadline;
}

void plm_engine_close(struct plm_engine *e)
{
    if (!e)
        return;
    plm_http_free(e->http);
    plm_arena_free(e->arena);
    free(e);
}

const struct plm_engine_info *plm_engine_about(const struct plm_engine *e)
{
    return &e->info;
}

int plm_engine_describe(struct plm_engine *e, struct plm_arena *a, struct plm_engine_info *out, plm_err **err)
{
    if (!e->is_described) {
        plm_auto(plm_json_free) struct plm_json *doc =
            plm_engine_fetch(e, "/info", "engine information", err);
        if (!doc)
            return -1;
        e->info.driver = plm_arena_sv(e->arena, plm_json_str(plm_json_root(doc), "Driver", NULL));
        e->info.root_dir = plm_arena_sv(e->arena, plm_json_str(plm_json_root(doc), "DockerRootDir", NULL));
        e->is_described = true;
    }
    struct plm_engine_info i = e->info;
    plm_sv *const views[] = {&i.endpoint, &i.name, &i.version, &i.api_version,
                             &i.os,       &i.arch, &i.driver,  &i.root_dir};
    for (size_t k = 0; k < sizeof(views) / sizeof(views[0]); k++)
        *views[k] = plm_arena_sv(a, *views[k]);
    if (plm_arena_check(e->arena, err) < 0 || plm_arena_check(a, err) < 0)
        return -1;
    *out = i;
    return 0;
}

struct plm_http_stream *plm_engine_events(struct plm_engine *e, plm_sv filters, uint64_t wait_ms,
                                          plm_err **err)
{
    const struct plm_http_request q = {.any_status = true, .stall_timeout_ms = wait_ms};
    struct plm_http_response res;
    plm_err *why = NULL;
    const char *path = plm_engine_path(e->arena, filters.n ? "/events?filters=" : "/events", filters, "");
    plm_sv url = path ? url_of(e, path) : PLM_SV_NULL;
    if (!url.p)
        return PLM_NULL(plm_fail_oom(err));
    plm_auto(plm_http_close) struct plm_http_stream *s = plm_http_open(e->http, url.p, &q, &res, &why);
    if (!s)
        return PLM_NULL(fail_transport(e, why, err));
    if (res.status == 200)
        return plm_take(s);
    return PLM_NULL(plm_engine_fail_status(e, res.status, PLM_SV_NULL, "events", err));
}

struct plm_http_stream *plm_engine_image_export(struct plm_engine *e, plm_sv ref, plm_err **err)
{
    /* an engine writes the whole archive to its disk before it sends the first byte */
    const struct plm_http_request q = {.any_status = true, .stall_timeout_ms = EXPORT_STALL_MS};
    struct plm_http_response res;
    plm_err *why = NULL;
    const char *path = plm_engine_path(e->arena, "/images/", ref, "/get");
    plm_sv what = plm_arena_printf(e->arena, "image %.*s", PLM_SV_ARG(ref));
    plm_sv url = path ? url_of(e, path) : PLM_SV_NULL;
    if (!url.p || !what.p)
        return PLM_NULL(plm_fail_oom(err));
    plm_auto(plm_http_close) struct plm_http_stream *s = plm_http_open(e->http, url.p, &q, &res, &why);
    if (!s)
        return PLM_NULL(fail_transport(e, why, err));
    if (res.status == 200)
        return plm_take(s);
    char body[PLM_KIB(4)];
    ssize_t n = plm_http_read(s, body, sizeof(body), NULL);
    return PLM_NULL(
        plm_engine_fail_status(e, res.status, plm_sv_n(body, n > 0 ? (size_t)n : 0), what.p, err));
}

/* ---- probing ----------------------------------------------------------------------------------- */

enum { PROBE_MS = 5000 };

/* The status of GET /_ping, 0 where there was no answer (err). */
static int ping(const struct plm_ctx *ctx, const char *scheme, plm_sv host, uint16_t port, plm_err **err)
{
    const struct plm_http_config conf = {
        .tls_insecure = true, .connect_timeout_ms = PROBE_MS, .stall_timeout_ms = PROBE_MS};
    const struct plm_http_request q = {.any_status = true, .deadline = plm_clock_ms() + 2 * PROBE_MS};
    struct plm_http_response res = {0};
    plm_auto_done(plm_buf_done) struct plm_buf url = PLM_BUF(PLM_KIB(4)), body = PLM_BUF(PLM_KIB(64));
    bool is_six = plm_sv_find(host, ':') != SIZE_MAX;
    plm_buf_printf(&url, "%s://%s%.*s%s:%u/_ping", scheme, is_six ? "[" : "", PLM_SV_ARG(host),
                   is_six ? "]" : "", (unsigned)port);
    plm_auto(plm_http_free) struct plm_http *http = plm_http_new(ctx, &conf, err);
    const char *address = plm_buf_cstr(&url);
    if (!http || !address || plm_http_fetch(http, address, &q, &body, &res, err) < 0)
        return 0;
    return res.status;
}

enum plm_probe plm_engine_probe(const struct plm_ctx *ctx, plm_sv host, uint16_t port, struct plm_arena *a,
                                plm_sv *out_why)
{
    plm_auto(plm_err_free) plm_err *plain = NULL, *tls = NULL;
    if (ctx->offline) {
        *out_why = PLM_SV("not asked: --offline");
        return PLM_PROBE_UNKNOWN;
    }
    /* Go's TLS server answers plain HTTP with 400, an engine with 200 or what its plugin says (403) */
    int status = ping(ctx, "http", host, port, &plain);
    if (status && status != 400)
        return PLM_PROBE_OPEN;
    if (ping(ctx, "https", host, port, &tls))
        return PLM_PROBE_UNVERIFIED;
    plm_auto_free char *text = tls ? plm_err_text(tls) : NULL;
    /* "tlsv13 alert certificate required", "sslv3 alert bad certificate": the server's alert, not ours */
    bool is_refused = text && strstr(text, "alert") && strstr(text, "certificate");
    if (is_refused)
        return PLM_PROBE_REFUSED;
    *out_why = plm_arena_sv(a, plm_sv_from(text ? text : "no answer"));
    return PLM_PROBE_UNKNOWN;
}
