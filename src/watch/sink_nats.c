/* SPDX-License-Identifier: Apache-2.0
 *
 * NATS: each alert is a message on a subject; a JetStream stream that captures the subject keeps it. libnats
 * is in a module that is opened with the first output of this kind. A batch counts as delivered when the
 * server answered the ping behind it, so a server that goes away in between loses nothing (it may get a
 * message twice). It runs beside the other sinks (sender.c).
 */
#include "base/module.h"
#include "nats_ops.h"
#include "notify/notify.h"
#include "outputs_int.h"

#include <dlfcn.h>

enum { LINE_BYTES_MAX = 4 * 1024 * 1024, QUEUE_BYTES = 16 * 1024 * 1024, ERROR_MAX = 512, SUBJECT_MAX = 255 };

struct nats {
    struct plm_sink base;
    struct plm_arena *arena;
    enum plm_sink_format format;
    plm_sv url, subject, user, password, token, credentials, ca_cert, client_cert, client_key;
    bool tls, insecure;
    uint64_t timeout_ms, retries, retry_ms, queue;
    struct plm_buf line;
    const struct plm_nats_ops *ops;
    struct plm_sender *sender;
    void *connection; /* the sender's thread's */
};

static const struct plm_sink_key keys_of[] = {
    {"url", PLM_KEY_TEXT, offsetof(struct nats, url)},
    {"subject", PLM_KEY_TEXT, offsetof(struct nats, subject)},
    {"user", PLM_KEY_TEXT, offsetof(struct nats, user)},
    {"password", PLM_KEY_SECRET, offsetof(struct nats, password)},
    {"token", PLM_KEY_SECRET, offsetof(struct nats, token)},
    {"credentials", PLM_KEY_TEXT, offsetof(struct nats, credentials)},
    {"tls", PLM_KEY_FLAG, offsetof(struct nats, tls)},
    {"insecure", PLM_KEY_FLAG, offsetof(struct nats, insecure)},
    {"ca_cert", PLM_KEY_TEXT, offsetof(struct nats, ca_cert)},
    {"client_cert", PLM_KEY_TEXT, offsetof(struct nats, client_cert)},
    {"client_key", PLM_KEY_TEXT, offsetof(struct nats, client_key)},
    {"timeout", PLM_KEY_MS, offsetof(struct nats, timeout_ms)},
    {"retries", PLM_KEY_NUMBER, offsetof(struct nats, retries)},
    {"retry_wait", PLM_KEY_MS, offsetof(struct nats, retry_ms)},
    {"queue", PLM_KEY_NUMBER, offsetof(struct nats, queue)},
    {"format", PLM_KEY_FORMAT, offsetof(struct nats, format)},
    {NULL, PLM_KEY_TEXT, 0},
};

static int load(struct nats *t, const struct plm_ctx *ctx, plm_err **err)
{
    plm_auto_free char *path = plm_module_path(ctx->lib_dir, PLM_NATS_MODULE);
    if (!path)
        return plm_fail_oom(err);
    void *so = path[0] == '/' ? dlopen(path, RTLD_NOW | RTLD_LOCAL) : NULL;
    const char *why = so ? "it is of another version" : path[0] == '/' ? dlerror() : "not an absolute path";
    t->ops = so ? dlsym(so, PLM_NATS_OPS_SYMBOL) : NULL;
    if (t->ops && t->ops->version == PLM_NATS_OPS_VERSION)
        return 0; /* it stays loaded: libnats has threads of its own */
    int r = plm_fail_id(err, PLM_E_UNSUPPORTED, "watch.nats-module", "output nats: module %s: %s", path,
                        why ? why : "cannot be loaded");
    plm_err_hint(err, "install plimsoll with its NATS module");
    return r;
}

/* ---- in the sender's thread ------------------------------------------------------------------ */

static int open_connection(struct nats *t, const struct plm_ctx *ctx, plm_err **err)
{
    plm_auto_done(plm_secret_wipe) struct plm_buf password = PLM_SECRET_BUF, token = PLM_SECRET_BUF;
    char error[ERROR_MAX] = "";
    if (t->connection)
        return 0;
    if (ctx->offline)
        return plm_fail_id(err, PLM_E_NET, "net.offline", "nats: offline");
    if (t->password.p && plm_secret_read(t->password, &password, err) < 0)
        return plm_wrap(err, "password");
    if (t->token.p && plm_secret_read(t->token, &token, err) < 0)
        return plm_wrap(err, "token");
    const struct plm_nats_options o = {
        .url = t->url.p,
        .user = t->user.p,
        .password = t->password.p ? password.p : NULL,
        .token = t->token.p ? token.p : NULL,
        .credentials = t->credentials.p ? t->credentials.p + 1 : NULL, /* behind its @ */
        .tls = t->tls,
        .insecure = t->insecure,
        .tls_ca = t->ca_cert.p,
        .tls_cert = t->client_cert.p,
        .tls_key = t->client_key.p,
        .timeout_ms = (int)t->timeout_ms,
    };
    t->connection = t->ops->connect(&o, error, sizeof(error));
    return t->connection ? 0 : plm_fail_id(err, PLM_E_NET, "watch.nats", "nats: %s", error);
}

static void drop_connection(struct nats *t)
{
    if (t->connection && t->ops)
        t->ops->close(t->connection);
    t->connection = NULL;
}

static int send_batch(void *data, const struct plm_ctx *ctx, const plm_sv *messages, size_t n, plm_err **err)
{
    struct nats *t = data;
    char error[ERROR_MAX] = "";
    if (open_connection(t, ctx, err) < 0)
        return -1;
    int r = 0;
    for (size_t i = 0; i < n && r == 0; i++)
        r = t->ops->publish(t->connection, t->subject.p, messages[i].p, messages[i].n, error, sizeof(error));
    if (r == 0)
        r = t->ops->flush(t->connection, (int)t->timeout_ms, error, sizeof(error));
    if (r == 0)
        return 0;
    drop_connection(t);
    return plm_fail_id(err, PLM_E_NET, "watch.nats", "nats: %s", error);
}

/* ---- the sink -------------------------------------------------------------------------------- */

static int write_alert(struct plm_sink *s, const struct plm_alert *a, const struct plm_alert_options *options,
                       plm_err **err)
{
    struct nats *t = (struct nats *)s;
    plm_buf_clear(&t->line);
    plm_sink_render(t->format, a, options, &t->line);
    return plm_buf_check(&t->line, err) < 0 ? -1 : plm_sender_push(t->sender, plm_buf_sv(&t->line), err);
}

static uint64_t n_lost(struct plm_sink *s)
{
    return plm_sender_lost(((struct nats *)s)->sender);
}

static void close_sink(struct plm_sink *s)
{
    struct nats *t = (struct nats *)s;
    plm_sender_close(t->sender, s->close_by);
    drop_connection(t);
    plm_buf_done(&t->line);
    plm_arena_free(t->arena);
    free(t);
}

static struct plm_sink *open_sink(const struct plm_ctx *ctx, const plm_sv *keys, const plm_sv *values,
                                  size_t n, plm_err **err);

static const struct plm_sink_class nats_class = {
    .name = "nats",
    .summary = "a NATS server: url, subject, user, password, token, credentials, TLS files, retries, format",
    .open = open_sink,
};
PLM_REGISTER(plm_sink_classes, struct plm_sink_class, nats_class);

/* A subject to publish on: tokens of visible characters, no wildcard. */
static bool is_subject(plm_sv s)
{
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] <= ' ' || s.p[i] >= 0x7f || s.p[i] == '*' || s.p[i] == '>')
            return false;
    return s.n > 0 && s.n <= SUBJECT_MAX && s.p[0] != '.' && s.p[s.n - 1] != '.' &&
           !plm_sv_has(s, PLM_SV(".."));
}

static int check(const struct nats *t, plm_err **err)
{
    if (!t->url.p || !is_subject(t->subject))
        return plm_fail_id(err, PLM_E_CONFIG, "watch.output", "output nats: url and subject are needed");
    if (plm_sv_find(t->url, '@') != SIZE_MAX)
        return plm_fail_id(err, PLM_E_CONFIG, "watch.output",
                           "output nats: no login in url: give user, password, token or credentials");
    if (t->credentials.p && (t->credentials.n < 2 || t->credentials.p[0] != '@'))
        return plm_fail_id(err, PLM_E_CONFIG, "watch.output",
                           "output nats: credentials is @FILE (a .creds file)");
    if (t->timeout_ms < 1 || t->timeout_ms > 600000 || !t->queue)
        return plm_fail_id(err, PLM_E_CONFIG, "watch.output",
                           "output nats: timeout or queue is out of range");
    const plm_sv secrets[] = {t->password, t->token};
    for (size_t i = 0; i < sizeof(secrets) / sizeof(secrets[0]); i++) {
        plm_auto_done(plm_secret_wipe) struct plm_buf secret = PLM_SECRET_BUF;
        if (secrets[i].p && plm_secret_read(secrets[i], &secret, err) < 0)
            return plm_wrap(err, "output nats");
    }
    return 0;
}

static int prepare(struct nats *t, const struct plm_ctx *ctx, const plm_sv *keys, const plm_sv *values,
                   size_t n, plm_err **err)
{
    enum { BATCH = 64 };
    if (!(t->arena = plm_arena_new(PLM_MIB(1))))
        return plm_fail_oom(err);
    if (plm_sink_keys("nats", keys_of, t, t->arena, keys, values, n, err) < 0 || check(t, err) < 0 ||
        load(t, ctx, err) < 0)
        return -1;
    const struct plm_sender_config conf = {
        .name = "nats",
        .max_messages = t->queue,
        .max_bytes = QUEUE_BYTES,
        .batch = BATCH,
        .retries = (unsigned)t->retries,
        .retry_ms = t->retry_ms,
        .data = t,
        .send = send_batch,
    };
    return (t->sender = plm_sender_new(ctx, &conf, err)) ? 0 : -1;
}

static struct plm_sink *open_sink(const struct plm_ctx *ctx, const plm_sv *keys, const plm_sv *values,
                                  size_t n, plm_err **err)
{
    struct nats *t = calloc(1, sizeof(*t));
    if (!t)
        return PLM_NULL(plm_fail_oom(err));
    t->base =
        (struct plm_sink){.class = &nats_class, .write = write_alert, .n_lost = n_lost, .close = close_sink};
    t->line = PLM_BUF(LINE_BYTES_MAX);
    t->timeout_ms = 5000;
    t->retries = 8;
    t->retry_ms = 250;
    t->queue = 8192;
    if (prepare(t, ctx, keys, values, n, err) < 0) {
        close_sink(&t->base);
        return NULL;
    }
    return &t->base;
}
