/* SPDX-License-Identifier: Apache-2.0
 *
 * The contract between the program and its module plimsoll-net.so (net_curl.c), which alone
 * knows libcurl. The module exports one symbol, PLM_NET_OPS_SYMBOL, a table of functions;
 * its name carries the version, and the table repeats it. The module calls nothing of ours
 * back, so it has its own small vocabulary of failures.
 *
 * A client holds connections; a transfer is one request without redirects. One client and its
 * transfers belong to one thread at a time.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PLM_NET_OPS_VERSION 2u
#define PLM_NET_OPS_SYMBOL  "plm_net_ops_v2"

struct plm_net_client;
struct plm_net_transfer;

/* Strings are copied by start(). NULL: not given. */
struct plm_net_request {
    const char *url, *method;   /* http or https; smtp or smtps where mail_from is given */
    const char *const *headers; /* "Name: value", NULL-ended, or NULL */
    const void *body;
    size_t body_n;
    const char *unix_socket;
    const char *tls_ca, *tls_cert, *tls_key;
    const char *tls_ca_dir;
    bool tls_insecure;
    const char *mail_from;      /* a mail: the body is its text */
    const char *const *mail_to; /* NULL-ended */
    const char *user, *password;
    bool starttls_optional;
    bool public_only; /* refuse addresses of private, local and reserved ranges; no proxy */
    uint64_t connect_timeout_ms;
};

struct plm_net_reply {
    int status;
    uint64_t length; /* of the body; UINT64_MAX: not said */
    const char *etag, *content_type, *last_modified, *content_range;
    const char *redirect; /* absolute address of a Location header */
};

enum plm_net_failure {
    PLM_NET_OTHER, /* protocol faults, see the text */
    PLM_NET_OOM,
    PLM_NET_RESOLVE,
    PLM_NET_CONNECT,
    PLM_NET_TIMEOUT, /* no connection in time */
    PLM_NET_TLS,
    PLM_NET_FORBIDDEN, /* the address is not public */
    PLM_NET_TRUNCATED,
    PLM_NET_LOGIN, /* the mail server refused the login */
};

enum plm_net_state { PLM_NET_RUNNING, PLM_NET_DONE, PLM_NET_FAILED };

struct plm_net_ops {
    unsigned version;
    struct plm_net_client *(*client_new)(void); /* NULL: out of memory */
    void (*client_free)(struct plm_net_client *c);
    /* Queues the request; NULL: out of memory, or an option that this libcurl refuses. */
    struct plm_net_transfer *(*start)(struct plm_net_client *c, const struct plm_net_request *r);
    /* Moves bytes; waits at most wait_ms when there is nothing to take. DONE and FAILED may leave bytes to
     * take. */
    enum plm_net_state (*step)(struct plm_net_transfer *t, unsigned wait_ms);
    /* Status and headers are complete: reply() is valid until finish(). */
    bool (*has_headers)(const struct plm_net_transfer *t);
    void (*reply)(struct plm_net_transfer *t, struct plm_net_reply *out);
    /* Moves at most n bytes of the body out of the transfer's buffer. */
    size_t (*take)(struct plm_net_transfer *t, void *p, size_t n);
    /* Grows with every byte sent or received: unchanged means stalled. */
    uint64_t (*activity)(struct plm_net_transfer *t);
    /* After FAILED: a text that lives until finish(), and errno or 0. */
    const char *(*failure)(struct plm_net_transfer *t, enum plm_net_failure *out_kind, int *out_errno);
    void (*finish)(struct plm_net_transfer *t);
};
