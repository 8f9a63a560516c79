/* SPDX-License-Identifier: Apache-2.0
 *
 * POST to a web server: one alert, or with batch > 1 up to so many in one request, JSON as a list and text as
 * lines. It runs beside the other sinks (sender.c). A body that the server refuses (400, 413, 415,
 * 422) is given up; every other status and failures of the network are tried again.
 *
 * hmac_secret signs the body as sent (compressed if it is) in X-Plimsoll-Signature: sha256=<hex>. mtls needs
 * client_cert and client_key. ca_cert and ca_bundle are one thing here: a file with certificates.
 */
#include "base/time.h"
#include "codec/stream.h"
#include "net/net.h"
#include "notify/notify.h"
#include "outputs_int.h"

enum {
    LINE_BYTES_MAX = 4 * 1024 * 1024,
    BODY_MAX = 32 * 1024 * 1024,
    ANSWER_MAX = 64 * 1024,
    WHOLE_MS = 60000
};

struct http {
    struct plm_sink base;
    struct plm_arena *arena;
    enum plm_sink_format format;
    plm_sv url, user_agent, ca_cert, ca_bundle, ca_path, client_cert, client_key, hmac_secret, hmac_header,
        authorization;
    plm_sv_vec headers;
    bool insecure, mtls, echo, compress, keep_alive;
    uint64_t batch, linger_ms, retries, retry_ms, timeout_ms, max_timeouts, queue;
    atomic_bool is_json; /* set by the first alert where the format is falco.yaml's json_output */
    struct plm_buf line, body;
    struct plm_sender *sender;
    struct plm_http *client; /* the sender's thread's */
};

static const struct plm_sink_key keys_of[] = {
    {"url", PLM_KEY_TEXT, offsetof(struct http, url)},
    {"user_agent", PLM_KEY_TEXT, offsetof(struct http, user_agent)},
    {"insecure", PLM_KEY_FLAG, offsetof(struct http, insecure)},
    {"ca_cert", PLM_KEY_TEXT, offsetof(struct http, ca_cert)},
    {"ca_bundle", PLM_KEY_TEXT, offsetof(struct http, ca_bundle)},
    {"ca_path", PLM_KEY_TEXT, offsetof(struct http, ca_path)},
    {"mtls", PLM_KEY_FLAG, offsetof(struct http, mtls)},
    {"client_cert", PLM_KEY_TEXT, offsetof(struct http, client_cert)},
    {"client_key", PLM_KEY_TEXT, offsetof(struct http, client_key)},
    {"echo", PLM_KEY_FLAG, offsetof(struct http, echo)},
    {"compress_uploads", PLM_KEY_FLAG, offsetof(struct http, compress)},
    {"keep_alive", PLM_KEY_FLAG, offsetof(struct http, keep_alive)},
    {"max_consecutive_timeouts", PLM_KEY_NUMBER, offsetof(struct http, max_timeouts)},
    {"format", PLM_KEY_FORMAT, offsetof(struct http, format)},
    {"header", PLM_KEY_TEXTS, offsetof(struct http, headers)},
    {"authorization", PLM_KEY_SECRET, offsetof(struct http, authorization)},
    {"hmac_secret", PLM_KEY_SECRET, offsetof(struct http, hmac_secret)},
    {"hmac_header", PLM_KEY_TEXT, offsetof(struct http, hmac_header)},
    {"batch", PLM_KEY_NUMBER, offsetof(struct http, batch)},
    {"batch_wait", PLM_KEY_MS, offsetof(struct http, linger_ms)},
    {"retries", PLM_KEY_NUMBER, offsetof(struct http, retries)},
    {"retry_wait", PLM_KEY_MS, offsetof(struct http, retry_ms)},
    {"timeout", PLM_KEY_MS, offsetof(struct http, timeout_ms)},
    {"queue", PLM_KEY_NUMBER, offsetof(struct http, queue)},
    {NULL, PLM_KEY_TEXT, 0},
};

/* ---- in the sender's thread ------------------------------------------------------------------ */

static int judge(int status, plm_err **err)
{
    if (status >= 200 && status < 300)
        return 0;
    bool may_pass = status != 400 && status != 413 && status != 415 && status != 422;
    return plm_fail_id(err, may_pass ? PLM_E_NET : PLM_E_POLICY, "watch.http", "the server answered HTTP %d",
                       status);
}

static const char *content_type(const struct http *h)
{
    if (!h->is_json)
        return "Content-Type: text/plain";
    return "Content-Type: application/json";
}

/* The lines of headers, NULL-ended, in the arena; secrets in `secret`, which the caller wipes. */
static const char *const *headers_of(const struct http *h, struct plm_arena *a, plm_sv body,
                                     struct plm_buf *secret, struct plm_buf *auth, plm_err **err)
{
    enum { OWN = 6 };
    plm_auto_done(plm_buf_done) struct plm_buf mac = PLM_BUF(PLM_KIB(4));
    const char **v = plm_arena_array(a, h->headers.n + OWN, sizeof(char *));
    size_t n = 0;
    if (!v)
        return PLM_NULL(plm_fail_oom(err));
    v[n++] = content_type(h);
    if (h->user_agent.p)
        v[n++] = plm_arena_printf(a, "User-Agent: %.*s", PLM_SV_ARG(h->user_agent)).p;
    if (h->compress)
        v[n++] = "Content-Encoding: gzip";
    if (h->hmac_secret.p) {
        plm_sv name = h->hmac_header.p ? h->hmac_header : PLM_SV("X-Plimsoll-Signature");
        if (plm_secret_sign(h->hmac_secret, name, body, &mac, err) < 0)
            return PLM_NULL(plm_wrap(err, "hmac_secret"));
        v[n++] = plm_arena_cstr(a, plm_buf_sv(&mac));
    }
    if (h->authorization.p) {
        if (plm_secret_read(h->authorization, secret, err) < 0)
            return PLM_NULL(plm_wrap(err, "authorization"));
        plm_sv s = plm_buf_sv(secret);
        if (!plm_buf_reserve(auth, s.n + 32))
            return PLM_NULL(plm_fail_oom(err));
        plm_buf_printf(auth, "Authorization: %s", plm_sv_find(s, ' ') == SIZE_MAX ? "Bearer " : "");
        plm_buf_sv_put(auth, s);
        v[n++] = plm_buf_cstr(auth);
    }
    for (size_t i = 0; i < h->headers.n; i++)
        v[n++] = h->headers.v[i].p;
    return plm_arena_check(a, err) < 0 ? NULL : v;
}

static int make_body(struct http *h, const plm_sv *messages, size_t n, struct plm_buf *out, plm_err **err)
{
    bool is_list = h->is_json && h->batch > 1;
    plm_buf_str(out, is_list ? "[" : "");
    for (size_t i = 0; i < n; i++) {
        plm_buf_str(out, i == 0 ? "" : is_list ? "," : "\n");
        plm_buf_sv_put(out, messages[i]);
    }
    plm_buf_str(out, is_list ? "]" : "");
    return plm_buf_check(out, err);
}

static struct plm_http *client_of(struct http *h, const struct plm_ctx *ctx, plm_err **err)
{
    plm_sv ca = h->ca_bundle.p ? h->ca_bundle : h->ca_cert;
    const struct plm_http_config conf = {
        .tls_ca = ca.p,
        .tls_ca_dir = h->ca_path.p,
        .tls_cert = h->mtls ? h->client_cert.p : NULL,
        .tls_key = h->mtls ? h->client_key.p : NULL,
        .tls_insecure = h->insecure,
        .connect_timeout_ms = h->timeout_ms,
        .stall_timeout_ms = h->timeout_ms,
        .hide_path = true, /* collectors have tokens in their addresses */
    };
    if (!h->client)
        h->client = plm_http_new(ctx, &conf, err);
    return h->client;
}

static int post(struct http *h, const struct plm_ctx *ctx, plm_sv body, plm_err **err)
{
    plm_auto(plm_arena_free) struct plm_arena *a = plm_arena_new(PLM_MIB(1));
    plm_auto_done(plm_secret_wipe) struct plm_buf secret = PLM_SECRET_BUF, auth = PLM_SECRET_BUF;
    if (!a)
        return plm_fail_oom(err);
    const char *const *headers = headers_of(h, a, body, &secret, &auth, err);
    struct plm_http *client = headers ? client_of(h, ctx, err) : NULL;
    if (!client)
        return -1;
    const struct plm_http_request q = {
        .method = "POST",
        .headers = headers,
        .body = body,
        .max_bytes = ANSWER_MAX,
        .deadline = plm_clock_ms() + WHOLE_MS,
        .any_status = true,
    };
    struct plm_http_response res;
    plm_auto_done(plm_buf_done) struct plm_buf answer = PLM_BUF(ANSWER_MAX);
    if (plm_http_fetch(client, h->url.p, &q, &answer, &res, err) < 0)
        return -1;
    if (h->echo) {
        plm_auto_free char *text = strndup(answer.p ? answer.p : "", answer.n);
        plm_log(ctx, PLM_LOG_INFO, "the server of output http answered", "body", text ? text : "", NULL);
    }
    return judge(res.status, err);
}

static int send_batch(void *data, const struct plm_ctx *ctx, const plm_sv *messages, size_t n, plm_err **err)
{
    struct http *h = data;
    plm_auto_done(plm_buf_done) struct plm_buf packed = PLM_BUF(BODY_MAX);
    plm_buf_clear(&h->body);
    if (make_body(h, messages, n, &h->body, err) < 0)
        return -1;
    if (h->compress && plm_gzip(plm_buf_sv(&h->body), &packed, err) < 0)
        return -1;
    int r = post(h, ctx, plm_buf_sv(h->compress ? &packed : &h->body), err);
    if (r < 0 || !h->keep_alive) { /* a new connection next time */
        plm_http_free(h->client);
        h->client = NULL;
    }
    return r;
}

/* ---- the sink -------------------------------------------------------------------------------- */

static int write_alert(struct plm_sink *s, const struct plm_alert *a, const struct plm_alert_options *options,
                       plm_err **err)
{
    struct http *h = (struct http *)s;
    plm_buf_clear(&h->line);
    plm_sink_render(h->format, a, options, &h->line);
    if (h->format == PLM_SINK_DEFAULT)
        h->is_json = options->json_output;
    return plm_buf_check(&h->line, err) < 0 ? -1 : plm_sender_push(h->sender, plm_buf_sv(&h->line), err);
}

static uint64_t n_lost(struct plm_sink *s)
{
    return plm_sender_lost(((struct http *)s)->sender);
}

static void close_sink(struct plm_sink *s)
{
    struct http *h = (struct http *)s;
    plm_sender_close(h->sender, s->close_by);
    plm_http_free(h->client);
    plm_buf_done(&h->line);
    plm_buf_done(&h->body);
    plm_arena_free(h->arena);
    free(h);
}

static struct plm_sink *open_sink(const struct plm_ctx *ctx, const plm_sv *keys, const plm_sv *values,
                                  size_t n, plm_err **err);

static const struct plm_sink_class http_class = {
    .name = "http",
    .summary = "POST to a web server: url, user_agent, TLS and mTLS files, header, authorization, "
               "hmac_secret, batch, "
               "retries, compress_uploads, format",
    .open = open_sink,
};
PLM_REGISTER(plm_sink_classes, struct plm_sink_class, http_class);

static int check(const struct http *h, plm_err **err)
{
    bool is_web = plm_sv_starts(h->url, PLM_SV("http://")) || plm_sv_starts(h->url, PLM_SV("https://"));
    if (!is_web)
        return plm_fail_id(err, PLM_E_CONFIG, "watch.output", "output http: url is not http:// or https://");
    if (h->mtls && !(h->client_cert.p && h->client_key.p))
        return plm_fail_id(err, PLM_E_CONFIG, "watch.output",
                           "output http: mtls needs client_cert and client_key");
    if (h->batch < 1 || h->batch > 10000 || h->queue < h->batch)
        return plm_fail_id(err, PLM_E_CONFIG, "watch.output",
                           "output http: batch is not from 1 to queue and 10000");
    const plm_sv secrets[] = {h->hmac_secret, h->authorization};
    for (size_t i = 0; i < sizeof(secrets) / sizeof(secrets[0]); i++) {
        plm_auto_done(plm_secret_wipe) struct plm_buf secret = PLM_SECRET_BUF;
        if (secrets[i].p && plm_secret_read(secrets[i], &secret, err) < 0)
            return plm_wrap(err, "output http");
    }
    return 0;
}

static int prepare(struct http *h, const struct plm_ctx *ctx, const plm_sv *keys, const plm_sv *values,
                   size_t n, plm_err **err)
{
    if (!(h->arena = plm_arena_new(PLM_MIB(1))))
        return plm_fail_oom(err);
    if (plm_sink_keys("http", keys_of, h, h->arena, keys, values, n, err) < 0 || check(h, err) < 0)
        return -1;
    h->is_json = h->format == PLM_SINK_FALCO_JSON || h->format == PLM_SINK_JSON;
    const struct plm_sender_config conf = {
        .name = "http",
        .max_messages = h->queue,
        .max_bytes = BODY_MAX / 2,
        .batch = h->batch,
        .linger_ms = h->batch > 1 ? h->linger_ms : 0,
        .retries = (unsigned)h->retries,
        .retry_ms = h->retry_ms,
        .data = h,
        .send = send_batch,
    };
    return (h->sender = plm_sender_new(ctx, &conf, err)) ? 0 : -1;
}

static struct plm_sink *open_sink(const struct plm_ctx *ctx, const plm_sv *keys, const plm_sv *values,
                                  size_t n, plm_err **err)
{
    struct http *h = calloc(1, sizeof(*h));
    if (!h)
        return PLM_NULL(plm_fail_oom(err));
    h->base =
        (struct plm_sink){.class = &http_class, .write = write_alert, .n_lost = n_lost, .close = close_sink};
    h->line = PLM_BUF(LINE_BYTES_MAX);
    h->body = PLM_BUF(BODY_MAX);
    h->batch = 1;
    h->linger_ms = 1000;
    h->retries = 8;
    h->retry_ms = 250;
    h->timeout_ms = 10000;
    h->queue = 8192;
    h->keep_alive = true;
    if (prepare(h, ctx, keys, values, n, err) < 0) {
        close_sink(&h->base);
        return NULL;
    }
    return &h->base;
}
