/* SPDX-License-Identifier: Apache-2.0
 *
 * HTTP requests over the module: redirects, conditions, limits, the stall clock, and what a
 * status means. Everything is the pull stream; the other two entries read it to its end.
 *
 * The stall clock runs only while we wait for the peer: a reader that takes its time does not
 * make the sender look dead. Waits are slices of at most 100 ms, so the cancel flag is seen.
 */
#include "net/net_int.h"

#include "base/fs.h"
#include "base/progress.h"
#include "base/time.h"

#include <limits.h>

enum {
    SLICE_MS = 100,
    CONNECT_MS = 10000,
    STALL_MS = 30000,
    REDIRECTS_MAX = 5,
    READ_BYTES = 128 << 10,
};

struct plm_http {
    const struct plm_ctx *ctx;
    struct plm_http_config conf;
    const struct plm_net_ops *ops;
    struct plm_net_client *client;
    struct plm_arena *config_arena;
    struct plm_arena *arena; /* of the last response */
};

struct plm_http_stream {
    struct plm_http *http;
    struct plm_net_transfer *transfer;
    char *url;             /* of this hop */
    char *mail_url;        /* of a mail */
    struct plm_net_url at; /* views into url */
    uint64_t read, max, length, stall_ms, deadline;
    bool is_at_end, is_mail;
};

static const char *keep(struct plm_arena *a, const char *s)
{
    return s ? plm_arena_cstr(a, plm_sv_from(s)) : NULL;
}

struct plm_http *plm_http_new(const struct plm_ctx *ctx, const struct plm_http_config *conf, plm_err **err)
{
    plm_auto(plm_http_free) struct plm_http *h = calloc(1, sizeof(*h));
    if (!h || !(h->config_arena = plm_arena_new(PLM_MIB(1))) || !(h->arena = plm_arena_new(PLM_MIB(4))))
        return PLM_NULL(plm_fail_oom(err));
    h->ctx = ctx;
    if (conf)
        h->conf = *conf;
    h->conf.unix_socket = keep(h->config_arena, h->conf.unix_socket);
    h->conf.tls_ca = keep(h->config_arena, h->conf.tls_ca);
    h->conf.tls_cert = keep(h->config_arena, h->conf.tls_cert);
    h->conf.tls_key = keep(h->config_arena, h->conf.tls_key);
    h->conf.tls_ca_dir = keep(h->config_arena, h->conf.tls_ca_dir);
    if (!h->conf.connect_timeout_ms)
        h->conf.connect_timeout_ms = CONNECT_MS;
    if (!h->conf.stall_timeout_ms)
        h->conf.stall_timeout_ms = STALL_MS;
    if (plm_arena_check(h->config_arena, err) < 0)
        return NULL;
    return plm_take(h);
}

void plm_http_free(struct plm_http *h)
{
    if (!h)
        return;
    if (h->client)
        h->ops->client_free(h->client);
    plm_arena_free(h->arena);
    plm_arena_free(h->config_arena);
    free(h);
}

/* ---- messages ------------------------------------------------------------------------ */

/* "https://host/path", or "socket /path" for unix sockets: never user, password or query. */
static const char *shown(const struct plm_http_stream *s)
{
    const struct plm_http *h = s->http;
    plm_sv path = h->conf.hide_path ? PLM_SV("") : s->at.path;
    plm_sv t = h->conf.unix_socket
                   ? plm_arena_printf(h->arena, "%s: %.*s", h->conf.unix_socket, PLM_SV_ARG(s->at.path))
                   : plm_arena_printf(h->arena, "%s%s://%.*s%.*s", s->is_mail ? "smtp" : "http",
                                      s->at.is_tls ? "s" : "", PLM_SV_ARG(s->at.authority), PLM_SV_ARG(path));
    return t.p ? t.p : "request";
}

static const char *peer(const struct plm_http_stream *s)
{
    if (s->http->conf.unix_socket)
        return s->http->conf.unix_socket;
    const char *host = plm_arena_cstr(s->http->arena, s->at.host);
    return host ? host : "the host";
}

static int fail_transfer(struct plm_http_stream *s, plm_err **err)
{
    static const char *const ids[] = {
        [PLM_NET_OTHER] = "net.protocol",    [PLM_NET_OOM] = NULL,
        [PLM_NET_RESOLVE] = "net.resolve",   [PLM_NET_CONNECT] = "net.connect",
        [PLM_NET_TIMEOUT] = "net.timeout",   [PLM_NET_TLS] = "net.tls",
        [PLM_NET_FORBIDDEN] = "net.refused", [PLM_NET_TRUNCATED] = "net.truncated",
        [PLM_NET_LOGIN] = "net.login",
    };
    enum plm_net_failure kind;
    int sys;
    const char *text = s->http->ops->failure(s->transfer, &kind, &sys);
    if (kind == PLM_NET_OOM)
        return plm_fail_oom(err);
    if (kind == PLM_NET_FORBIDDEN)
        text = "its address is not a public one";
    if (kind == PLM_NET_LOGIN)
        return plm_fail_id(err, PLM_E_AUTH, ids[kind], "%s: the login was refused", shown(s));
    if (kind == PLM_NET_CONNECT && s->http->conf.unix_socket && sys)
        text = strerror(sys);
    int r = plm_fail_id(err, PLM_E_NET, ids[kind], "%s: %s", shown(s), text);
    if (kind == PLM_NET_CONNECT && err && (*err)->code == PLM_E_NET)
        (*err)->sys = sys;
    return r;
}

/* ---- one hop ------------------------------------------------------------------------- */

static bool is_credential(const char *line)
{
    static const char *const names[] = {"Authorization", "Proxy-Authorization", "Cookie", "X-Registry-Auth",
                                        "Private-Token"};
    plm_sv name, value;
    (void)plm_sv_cut(plm_sv_from(line), ':', &name, &value);
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (plm_sv_ieq(name, plm_sv_from(names[i])))
            return true;
    return false;
}

typedef PLM_VEC(const char *) header_vec;

static void add(struct plm_arena *a, header_vec *v, const char *line)
{
    const char **slot = plm_vec_push(a, v);
    if (slot)
        *slot = line; /* a failed arena is seen by the caller */
}

/* If-Range needs a strong validator (RFC 9110, 13.1.5). */
static void add_conditions(struct plm_arena *a, header_vec *v, const struct plm_http_request *q)
{
    plm_sv tag = q->if_none_match,
           date = q->if_modified_since ? plm_net_date(a, q->if_modified_since) : PLM_SV_NULL;
    if (!q->resume_from) {
        if (tag.n)
            add(a, v, plm_arena_printf(a, "If-None-Match: %.*s", PLM_SV_ARG(tag)).p);
        if (date.n)
            add(a, v, plm_arena_printf(a, "If-Modified-Since: %.*s", PLM_SV_ARG(date)).p);
        return;
    }
    bool is_weak = plm_sv_starts(tag, PLM_SV("W/"));
    if (tag.n && is_weak)
        return; /* the rest of another version would be appended: fetch the whole */
    plm_sv validator = tag.n ? tag : date;
    if (validator.n)
        add(a, v, plm_arena_printf(a, "If-Range: %.*s", PLM_SV_ARG(validator)).p);
    add(a, v, plm_arena_printf(a, "Range: bytes=%llu-", (unsigned long long)q->resume_from).p);
}

static bool has_line_break(const header_vec *v)
{
    for (size_t i = 0; i < v->n; i++)
        if (v->v[i] && strpbrk(v->v[i], "\r\n"))
            return true;
    return false;
}

static int start(struct plm_http_stream *s, const struct plm_http_request *q, bool with_credentials,
                 plm_err **err)
{
    struct plm_http *h = s->http;
    header_vec headers = {0};
    for (const char *const *line = q->headers; line && *line; line++)
        if (with_credentials || !is_credential(*line))
            add(h->arena, &headers, *line);
    add_conditions(h->arena, &headers, q);
    if (has_line_break(&headers))
        return plm_fail(err, PLM_E_USAGE, "%s: a header with a line break", shown(s));
    add(h->arena, &headers, NULL);
    if (plm_arena_check(h->arena, err) < 0)
        return -1;
    if (!h->conf.unix_socket)
        plm_net_host_seen(&s->at);
    const struct plm_net_request r = {
        .url = s->url,
        .method = q->method,
        .headers = headers.v,
        .body = q->body.p,
        .body_n = q->body.n,
        .unix_socket = h->conf.unix_socket,
        .tls_ca = h->conf.tls_ca,
        .tls_cert = h->conf.tls_cert,
        .tls_key = h->conf.tls_key,
        .tls_ca_dir = h->conf.tls_ca_dir,
        .tls_insecure = h->conf.tls_insecure,
        .public_only = h->conf.public_only,
        .connect_timeout_ms = h->conf.connect_timeout_ms,
    };
    s->transfer = h->ops->start(h->client, &r);
    return s->transfer ? 0 : plm_fail(err, PLM_E_NET, "%s: libcurl refused the request", shown(s));
}

/* One turn: 1 when it ended well, 0 when it goes on, -1 on failure, cancel or stall. */
static int turn(struct plm_http_stream *s, uint64_t *since, uint64_t *seen, plm_err **err)
{
    const struct plm_http *h = s->http;
    if (plm_cancelled(h->ctx))
        return plm_fail(err, PLM_E_CANCEL, "%s: cancelled", shown(s));
    uint64_t stall = s->stall_ms;
    enum plm_net_state state = h->ops->step(s->transfer, stall < SLICE_MS ? (unsigned)stall : SLICE_MS);
    uint64_t now = plm_clock_ms(), activity = h->ops->activity(s->transfer);
    switch (state) {
    case PLM_NET_DONE:
        return 1;
    case PLM_NET_FAILED:
        return fail_transfer(s, err);
    case PLM_NET_RUNNING:
        break;
    }
    if (s->deadline && now >= s->deadline)
        return plm_fail_id(err, PLM_E_NET, "net.timeout", "%s: %s does not come to an end", shown(s),
                           peer(s));
    if (activity != *seen) {
        *seen = activity;
        *since = now;
    } else if (now - *since >= stall) {
        return plm_fail_id(err, PLM_E_NET, "net.stalled", "%s: no byte from %s for %g s", shown(s), peer(s),
                           (double)stall / 1000);
    }
    return 0;
}

static int await_headers(struct plm_http_stream *s, plm_err **err)
{
    const struct plm_net_ops *ops = s->http->ops;
    uint64_t since = plm_clock_ms(), seen = 0;
    while (!ops->has_headers(s->transfer)) {
        plm_err *why = NULL;
        int r = turn(s, &since, &seen, &why);
        if (r < 0 && !ops->has_headers(s->transfer))
            return plm_err_move(err, &why);
        plm_err_free(why); /* the body's failure: reading it will tell */
        if (r > 0 && !ops->has_headers(s->transfer))
            return plm_fail_id(err, PLM_E_NET, "net.protocol", "%s: answer without headers", shown(s));
    }
    return 0;
}

/* ---- redirects and statuses ---------------------------------------------------------- */

static bool is_redirect(const struct plm_http_request *q, const struct plm_net_reply *r)
{
    bool is_read = !q->method || strcmp(q->method, "GET") == 0 || strcmp(q->method, "HEAD") == 0;
    return is_read && r->redirect &&
           (r->status == 301 || r->status == 302 || r->status == 303 || r->status == 307 || r->status == 308);
}

/* Moves the stream to the next address. */
static int follow(struct plm_http_stream *s, const char *redirect, bool *same_origin, plm_err **err)
{
    struct plm_net_url next;
    plm_auto_free char *url = strdup(redirect);
    if (!url)
        return plm_fail_oom(err);
    if (s->http->conf.unix_socket)
        return plm_fail_id(err, PLM_E_NET, "net.redirect", "%s: unexpected redirect", shown(s));
    if (plm_net_url_parse(plm_sv_from(url), &next, err) < 0)
        return plm_wrap(err, "%s: redirect", shown(s));
    if (s->at.is_tls && !next.is_tls)
        return plm_fail_id(err, PLM_E_NET, "net.redirect", "%s: refused a redirect from https to http (%.*s)",
                           shown(s), PLM_SV_ARG(next.authority));
    *same_origin = *same_origin && plm_net_url_same_origin(&s->at, &next);
    s->http->ops->finish(plm_take(s->transfer));
    free(s->url);
    s->url = plm_take(url);
    s->at = next;
    return 0;
}

static int judge_status(const struct plm_http_stream *s, int status, plm_err **err)
{
    if ((status >= 200 && status < 300) || status == 304)
        return 0;
    if (status == 401 || status == 403)
        return plm_fail_id(err, PLM_E_AUTH, "net.status", "%s: access refused (HTTP %d)", shown(s), status);
    if (status == 404 || status == 410)
        return plm_fail_id(err, PLM_E_NOTFOUND, "net.status", "%s: not found (HTTP %d)", shown(s), status);
    return plm_fail_id(err, PLM_E_NET, "net.status", "%s: HTTP %d", shown(s), status);
}

/* "bytes 100-199/200" must start where we asked. */
static int check_range(const struct plm_http_stream *s, const struct plm_http_request *q,
                       const struct plm_net_reply *r, plm_err **err)
{
    if (r->status != 206)
        return 0;
    plm_sv unit, rest = PLM_SV_NULL, first = PLM_SV_NULL, last;
    uint64_t from = 0;
    bool is_range = plm_sv_cut(plm_sv_from(r->content_range), ' ', &unit, &rest) &&
                    plm_sv_ieq(unit, PLM_SV("bytes")) && plm_sv_cut(plm_sv_trim(rest), '-', &first, &last) &&
                    plm_sv_u64(first, &from);
    if (q->resume_from && is_range && from == q->resume_from)
        return 0;
    return plm_fail_id(err, PLM_E_NET, "net.range", "%s: asked for bytes from %llu, got \"%.60s\"", shown(s),
                       (unsigned long long)q->resume_from, r->content_range ? r->content_range : "no range");
}

static int describe(struct plm_http_stream *s, const struct plm_net_reply *r, struct plm_http_response *res,
                    plm_err **err)
{
    struct plm_arena *a = s->http->arena;
    struct plm_http_response out = {
        .status = r->status,
        .etag = plm_arena_sv(a, plm_sv_from(r->etag)),
        .content_type = plm_arena_sv(a, plm_sv_from(r->content_type)),
        .location = plm_arena_sv(a, plm_sv_from(s->url)),
        .length = r->length,
    };
    if (r->last_modified && !plm_time_parse_rfc2822(plm_sv_from(r->last_modified), &out.last_modified))
        out.last_modified = 0;
    s->length = r->status == 304 ? UINT64_MAX : r->length;
    if (plm_arena_check(a, err) < 0)
        return -1;
    if (res)
        *res = out;
    return 0;
}

/* ---- the stream ---------------------------------------------------------------------- */

static int prepare(struct plm_http *h, struct plm_http_stream *s, const char *url, plm_err **err)
{
    plm_arena_reset(h->arena);
    if (!(s->url = strdup(url)))
        return plm_fail_oom(err);
    if (plm_net_url_parse(plm_sv_from(s->url), &s->at, err) < 0)
        return -1;
    if (h->ctx->offline && !h->conf.unix_socket) {
        int r = plm_fail_id(err, PLM_E_NET, "net.offline", "%s: offline", shown(s));
        plm_err_hint(err, "run without --offline to reach %s", peer(s));
        return r;
    }
    if (!h->ops && !(h->ops = plm_net_module(h->ctx, err)))
        return -1;
    if (!h->client && !(h->client = h->ops->client_new()))
        return plm_fail_oom(err);
    return 0;
}

struct plm_http_stream *plm_http_open(struct plm_http *h, const char *url, const struct plm_http_request *req,
                                      struct plm_http_response *res, plm_err **err)
{
    static const struct plm_http_request plain;
    const struct plm_http_request *q = req ? req : &plain;
    plm_auto(plm_http_close) struct plm_http_stream *s = calloc(1, sizeof(*s));
    if (!s)
        return PLM_NULL(plm_fail_oom(err));
    s->http = h;
    s->max = q->max_bytes ? q->max_bytes : h->ctx->limits->layer_bytes;
    s->deadline = q->deadline;
    s->stall_ms = q->stall_timeout_ms ? q->stall_timeout_ms : h->conf.stall_timeout_ms;
    if (prepare(h, s, url, err) < 0)
        return NULL;
    struct plm_net_reply r;
    bool same_origin = true;
    for (int hop = 0;; hop++) {
        if (start(s, q, same_origin, err) < 0 || await_headers(s, err) < 0)
            return NULL;
        h->ops->reply(s->transfer, &r);
        if (!is_redirect(q, &r))
            break;
        if (hop == REDIRECTS_MAX)
            return PLM_NULL(plm_fail_id(err, PLM_E_NET, "net.redirect", "%s: more than %d redirects",
                                        shown(s), REDIRECTS_MAX));
        if (follow(s, r.redirect, &same_origin, err) < 0)
            return NULL;
    }
    if (!q->any_status && (judge_status(s, r.status, err) < 0 || check_range(s, q, &r, err) < 0))
        return NULL;
    return describe(s, &r, res, err) < 0 ? NULL : plm_take(s);
}

static ssize_t deliver(struct plm_http_stream *s, size_t got, plm_err **err)
{
    if (got > s->max - s->read)
        return plm_fail(err, PLM_E_LIMIT, "%s: body is over the limit of %llu bytes", shown(s),
                        (unsigned long long)s->max);
    s->read += got;
    return (ssize_t)got;
}

ssize_t plm_http_read(struct plm_http_stream *s, void *p, size_t n, plm_err **err)
{
    const struct plm_net_ops *ops = s->http->ops;
    uint64_t since = plm_clock_ms(), seen = ops->activity(s->transfer);
    if (n == 0 || s->is_at_end)
        return 0;
    if (n > SSIZE_MAX)
        n = SSIZE_MAX;
    for (bool ended = false;;) {
        size_t got = ops->take(s->transfer, p, n);
        if (got)
            return deliver(s, got, err);
        if (ended) {
            s->is_at_end = true;
            return 0;
        }
        plm_err *why = NULL;
        int r = turn(s, &since, &seen, &why);
        if (r < 0 && (got = ops->take(s->transfer, p, n)) == 0)
            return plm_err_move(err, &why);
        plm_err_free(why); /* what came before the failure is delivered first, the next call fails */
        if (got)
            return deliver(s, got, err);
        ended = r > 0;
    }
}

void plm_http_close(struct plm_http_stream *s)
{
    if (!s)
        return;
    if (s->transfer)
        s->http->ops->finish(s->transfer);
    free(s->mail_url);
    free(s->url);
    free(s);
}

/* ---- to the end ---------------------------------------------------------------------- */

int plm_http_fetch(struct plm_http *h, const char *url, const struct plm_http_request *req,
                   struct plm_buf *out, struct plm_http_response *res, plm_err **err)
{
    struct plm_http_request q = req ? *req : (struct plm_http_request){0};
    size_t room = out->max > out->n ? out->max - out->n : 0;
    if (!q.max_bytes)
        q.max_bytes = h->ctx->limits->http_bytes;
    if (q.max_bytes > room)
        q.max_bytes = room;
    plm_auto(plm_http_close) struct plm_http_stream *s = plm_http_open(h, url, &q, res, err);
    if (!s)
        return -1;
    bool is_head = q.method && strcmp(q.method, "HEAD") == 0;
    if (!is_head && s->length != UINT64_MAX && s->length > s->max)
        return plm_fail(err, PLM_E_LIMIT, "%s: body of %llu bytes is over the limit of %llu", shown(s),
                        (unsigned long long)s->length, (unsigned long long)s->max);
    for (;;) {
        char chunk[PLM_KIB(16)];
        ssize_t n = plm_http_read(s, chunk, sizeof(chunk), err);
        if (n < 0)
            return -1;
        if (n == 0)
            return plm_buf_check(out, err);
        plm_buf_put(out, chunk, (size_t)n);
    }
}

int plm_http_fetch_fd(struct plm_http *h, const char *url, const struct plm_http_request *req, int fd,
                      struct plm_http_response *res, plm_err **err)
{
    plm_auto(plm_http_close) struct plm_http_stream *s = plm_http_open(h, url, req, res, err);
    plm_auto_free char *chunk = s ? malloc(READ_BYTES) : NULL;
    if (!s)
        return -1;
    if (!chunk)
        return plm_fail_oom(err);
    const char *label = plm_arena_printf(h->arena, "fetching %s", peer(s)).p;
    uint64_t mib = 1 << 20, total = s->length == UINT64_MAX ? 0 : s->length / mib;
    for (;;) {
        ssize_t n = plm_http_read(s, chunk, READ_BYTES, err);
        if (n <= 0)
            return (int)n;
        if (plm_fs_write_all(fd, chunk, (size_t)n, err) < 0)
            return plm_wrap(err, "%s", shown(s));
        plm_progress_step(h->ctx->progress, label ? label : "fetching", s->read / mib, total);
    }
}

/* ---- mail ---------------------------------------------------------------------------- */

/* The address is judged by the parser of web addresses, whose rules for hosts and ports are the same. */
static int prepare_mail(struct plm_http *h, struct plm_http_stream *s, const char *url, plm_err **err)
{
    plm_sv text = plm_sv_from(url);
    bool is_tls = plm_sv_starts(text, PLM_SV("smtps://"));
    if (!is_tls && !plm_sv_starts(text, PLM_SV("smtp://")))
        return plm_fail(err, PLM_E_USAGE, "a mail server is smtp://HOST:PORT or smtps://HOST:PORT");
    plm_sv rest = plm_sv_from_off(text, is_tls ? 8 : 7);
    plm_auto_free char *as_web = NULL;
    if (asprintf(&as_web, "http%s://%.*s", is_tls ? "s" : "", PLM_SV_ARG(rest)) < 0)
        return plm_fail_oom(err);
    if (prepare(h, s, as_web, err) < 0)
        return -1;
    plm_auto_free char *mail_url = NULL;
    if (asprintf(&mail_url, "smtp%s://%.*s", is_tls ? "s" : "", PLM_SV_ARG(s->at.authority)) < 0)
        return plm_fail_oom(err);
    s->mail_url = plm_take(mail_url);
    return 0;
}

/* What the server's last answer says about trying again (RFC 5321, 4.2.1). */
static int judge_mail(struct plm_http_stream *s, plm_err *why, plm_err **err)
{
    struct plm_net_reply r;
    s->http->ops->reply(s->transfer, &r);
    if (!why)
        return 0;
    if (plm_err_code(why) != PLM_E_NET || r.status < 500 || r.status > 599)
        return plm_err_move(err, &why);
    plm_err_free(why);
    return plm_fail_id(err, PLM_E_UNSUPPORTED, "net.mail", "%s: the server refused the message (%d)",
                       shown(s), r.status);
}

int plm_http_mail(struct plm_http *h, const struct plm_mail *m, plm_err **err)
{
    plm_auto(plm_http_close) struct plm_http_stream *s = calloc(1, sizeof(*s));
    if (!s)
        return plm_fail_oom(err);
    s->http = h;
    s->is_mail = true;
    s->stall_ms = h->conf.stall_timeout_ms;
    if (prepare_mail(h, s, m->url, err) < 0)
        return -1;
    plm_net_host_seen(&s->at);
    const struct plm_net_request r = {
        .url = s->mail_url,
        .body = m->data.p,
        .body_n = m->data.n,
        .tls_ca = h->conf.tls_ca,
        .tls_cert = h->conf.tls_cert,
        .tls_key = h->conf.tls_key,
        .tls_ca_dir = h->conf.tls_ca_dir,
        .tls_insecure = h->conf.tls_insecure,
        .mail_from = m->from,
        .mail_to = m->to,
        .user = m->user,
        .password = m->password,
        .starttls_optional = m->starttls_optional,
        .connect_timeout_ms = h->conf.connect_timeout_ms,
    };
    if (!(s->transfer = h->ops->start(h->client, &r)))
        return plm_fail(err, PLM_E_NET, "%s: libcurl refused the request", shown(s));
    uint64_t since = plm_clock_ms(), seen = 0;
    plm_err *why = NULL;
    int done;
    while ((done = turn(s, &since, &seen, &why)) == 0) {
        char answer[PLM_KIB(1)];
        while (h->ops->take(s->transfer, answer, sizeof(answer)))
            ; /* what the server says besides its codes */
    }
    return judge_mail(s, done < 0 ? why : NULL, err);
}
