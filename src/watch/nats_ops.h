/* SPDX-License-Identifier: Apache-2.0
 *
 * The contract between the program and its module plimsoll-nats.so (nats_module.c), which alone knows
 * libnats. The name of its one symbol carries the version, and the table repeats it. The module calls nothing
 * of ours.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#define PLM_NATS_OPS_VERSION 1u
#define PLM_NATS_OPS_SYMBOL  "plm_nats_ops_v1"
#define PLM_NATS_MODULE      "plimsoll-nats.so"

struct plm_nats_options { /* strings: NULL where not given */
    const char *url;      /* nats://host:4222, tls://host:4222; several are joined by commas */
    const char *user, *password, *token;
    const char *credentials; /* a .creds file's path */
    bool tls, insecure;
    const char *tls_ca, *tls_cert, *tls_key; /* files */
    int timeout_ms;
};

struct plm_nats_ops {
    unsigned version;
    const char *library; /* "3.4.1" */
    /* NULL: the cause is in `error`. */
    void *(*connect)(const struct plm_nats_options *o, char *error, size_t error_n);
    int (*publish)(void *connection, const char *subject, const void *p, size_t n, char *error,
                   size_t error_n);
    /* Returns when the server has all that was published: 0; -1 it is not known, or the server refused. */
    int (*flush)(void *connection, int timeout_ms, char *error, size_t error_n);
    void (*close)(void *connection);
};
