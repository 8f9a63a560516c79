/* SPDX-License-Identifier: Apache-2.0
 *
 * HTTP client over libcurl, which is loaded on first use (plimsoll-net.so) so that runs
 * without network do not pay for it. Plain TCP, TLS, unix sockets, proxies by environment.
 *
 *     plm_auto(plm_http_free) struct plm_http *h = plm_http_new(ctx, &conf, err);
 *     struct plm_http_response res;
 *     plm_http_fetch(h, "https://mirror/dists/x/InRelease", NULL, &body, &res, err);
 *
 * With ctx->offline every IP connection is refused before it is tried; unix sockets still work.
 * A wait without any byte for 30 s ends with NET and names the host. GET and HEAD follow at most
 * five redirects, never from https to http, and credentials do not follow to another host. Every
 * host contacted is recorded (plm_net_hosts), for run.network. Addresses in messages are shown
 * without user and query. A client and its streams belong to one thread at a time.
 *
 * Ids of errors: net.offline net.resolve net.connect net.timeout net.stalled net.tls net.refused
 * (address not public) net.redirect net.status net.truncated net.range net.module; where connecting
 * failed, err->sys is the errno.
 */
#pragma once

#include "base/arena.h"
#include "base/buf.h"
#include "base/ctx.h"
#include "base/err.h"

struct plm_http;

struct plm_http_config {
    const char *unix_socket;                 /* or NULL */
    const char *tls_ca, *tls_cert, *tls_key; /* files, or NULL */
    const char *tls_ca_dir;                  /* a directory of hashed certificates, or NULL */
    bool tls_insecure;
    bool hide_path;              /* messages show the host alone: the path is a secret */
    bool public_only;            /* only addresses of the public Internet; proxies are not used */
    uint64_t connect_timeout_ms; /* 0: 10 s */
    uint64_t stall_timeout_ms;   /* 0: 30 s */
};

struct plm_http_request {
    const char *method;         /* NULL: GET */
    const char *const *headers; /* "Name: value", NULL-ended, or NULL */
    plm_sv body;
    plm_sv if_none_match;      /* conditional request */
    int64_t if_modified_since; /* 0: none */
    uint64_t resume_from;      /* Range: bytes=N-. The conditions above then become If-Range: 206 is the rest,
                                  200 the whole of a changed file. */
    uint64_t
        max_bytes; /* of the body; 0: limits->http_bytes, and limits->layer_bytes for fetch_fd and open */
    uint64_t stall_timeout_ms; /* 0: the client's; for answers that the peer prepares for long */
    uint64_t deadline;         /* plm_clock_ms at which the exchange ends whatever happens; 0: none */
    bool any_status;           /* every status is a success, the body is delivered: the caller judges */
};

/* One mail over SMTP (RFC 5321). url: "smtp://host:587" or "smtps://host:465"; smtp:// changes to TLS by
 * STARTTLS, which is required unless starttls_optional. data: headers and body as they go over the wire,
 * lines ended by CRLF. */
struct plm_mail {
    const char *url, *from;
    const char *const *to;       /* NULL-ended */
    const char *user, *password; /* NULL: no login */
    bool starttls_optional;
    plm_sv data;
};

struct plm_http_response {
    int status;
    plm_sv etag, content_type;
    plm_sv location; /* the address that answered, after redirects; all three live until the client's next
                        request */
    int64_t last_modified;
    uint64_t length; /* UINT64_MAX: not said */
};

struct plm_http *plm_http_new(const struct plm_ctx *ctx, const struct plm_http_config *conf, plm_err **err);
void plm_http_free(struct plm_http *h);
PLM_CLEANUP(struct plm_http, plm_http_free)

/* Whole body into out (up to out->max). 2xx, 304 and 206 are success; 401/403 AUTH, 404/410 NOTFOUND, else
 * NET. */
int plm_http_fetch(struct plm_http *h, const char *url, const struct plm_http_request *req,
                   struct plm_buf *out, struct plm_http_response *res, plm_err **err);
/* Body to a file descriptor, with progress. A failure in the middle leaves what arrived, to be resumed. */
int plm_http_fetch_fd(struct plm_http *h, const char *url, const struct plm_http_request *req, int fd,
                      struct plm_http_response *res, plm_err **err);
/* Pulling: read the body as a stream while it arrives. Status and headers are known after open.
 * Close every stream before the client is freed. */
struct plm_http_stream;
struct plm_http_stream *plm_http_open(struct plm_http *h, const char *url, const struct plm_http_request *req,
                                      struct plm_http_response *res, plm_err **err);
/* Bytes read, 0 at the end, -1 on error. */
ssize_t plm_http_read(struct plm_http_stream *s, void *p, size_t n, plm_err **err);
void plm_http_close(struct plm_http_stream *s);
PLM_CLEANUP(struct plm_http_stream, plm_http_close)

/* With the client's TLS files and limits. UNSUPPORTED net.mail where the server refuses the message for good
 * (5yz), AUTH for the login, NET for everything that may pass. */
int plm_http_mail(struct plm_http *h, const struct plm_mail *m, plm_err **err);

/* Adds the hosts contacted by this process so far to *out, which is sorted. */
int plm_net_hosts(struct plm_arena *a, plm_sv_vec *out, plm_err **err);
