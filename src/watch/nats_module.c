/* SPDX-License-Identifier: Apache-2.0
 *
 * plimsoll-nats.so: the only file that includes nats.h (see nats_ops.h). No reconnecting here: the caller
 * keeps what was not flushed and connects again.
 */
#include "watch/nats_ops.h"

#include <nats/nats.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EXPORT __attribute__((visibility("default")))

enum { SERVERS_MAX = 16 };

static void explain(natsStatus s, const char *more, char *error, size_t n)
{
    (void)snprintf(error, n, "%s%s%s", natsStatus_GetText(s), more && *more ? ": " : "", more ? more : "");
}

/* Instead of libnats' own, which prints: flush asks for the last error. */
static void on_error(natsConnection *c, natsSubscription *sub, natsStatus s, void *arg)
{
    (void)c;
    (void)sub;
    (void)s;
    (void)arg;
}

static natsStatus set_servers(natsOptions *o, const char *urls)
{
    const char *list[SERVERS_MAX];
    int n = 0;
    char *copy = strdup(urls), *save = NULL;
    if (!copy)
        return NATS_NO_MEMORY;
    for (char *one = strtok_r(copy, ", ", &save); one && n < SERVERS_MAX; one = strtok_r(NULL, ", ", &save))
        list[n++] = one;
    natsStatus s = n ? natsOptions_SetServers(o, list, n) : NATS_INVALID_ARG;
    free(copy);
    return s;
}

static natsStatus set_login(natsOptions *o, const struct plm_nats_options *p)
{
    natsStatus s = NATS_OK;
    if (p->user)
        s = natsOptions_SetUserInfo(o, p->user, p->password ? p->password : "");
    if (s == NATS_OK && p->token)
        s = natsOptions_SetToken(o, p->token);
    if (s == NATS_OK && p->credentials)
        s = natsOptions_SetUserCredentialsFromFiles(o, p->credentials, NULL);
    return s;
}

static natsStatus set_tls(natsOptions *o, const struct plm_nats_options *p)
{
    natsStatus s = NATS_OK;
    if (p->tls || p->tls_ca || p->tls_cert)
        s = natsOptions_SetSecure(o, true);
    if (s == NATS_OK && p->tls_ca)
        s = natsOptions_LoadCATrustedCertificates(o, p->tls_ca);
    if (s == NATS_OK && p->tls_cert)
        s = natsOptions_LoadCertificatesChain(o, p->tls_cert, p->tls_key);
    if (s == NATS_OK && p->insecure)
        s = natsOptions_SkipServerVerification(o, true);
    return s;
}

static natsStatus set_rest(natsOptions *o, const struct plm_nats_options *p)
{
    natsStatus s = natsOptions_SetAllowReconnect(o, false);
    if (s == NATS_OK)
        s = natsOptions_SetName(o, "plimsoll");
    if (s == NATS_OK)
        s = natsOptions_SetTimeout(o, p->timeout_ms);
    if (s == NATS_OK)
        s = natsOptions_SetErrorHandler(o, on_error, NULL);
    return s;
}

static void *connect_to(const struct plm_nats_options *p, char *error, size_t error_n)
{
    natsOptions *o = NULL;
    natsConnection *c = NULL;
    natsStatus s = natsOptions_Create(&o), ignored;
    if (s == NATS_OK)
        s = set_servers(o, p->url);
    if (s == NATS_OK)
        s = set_login(o, p);
    if (s == NATS_OK)
        s = set_tls(o, p);
    if (s == NATS_OK)
        s = set_rest(o, p);
    if (s == NATS_OK)
        s = natsConnection_Connect(&c, o);
    natsOptions_Destroy(o);
    if (s == NATS_OK)
        return c;
    explain(s, nats_GetLastError(&ignored), error, error_n);
    return NULL;
}

static int publish(void *connection, const char *subject, const void *p, size_t n, char *error,
                   size_t error_n)
{
    natsStatus s = n > INT32_MAX ? NATS_INVALID_ARG : natsConnection_Publish(connection, subject, p, (int)n);
    if (s == NATS_OK)
        return 0;
    explain(s, NULL, error, error_n);
    return -1;
}

static int flush(void *connection, int timeout_ms, char *error, size_t error_n)
{
    const char *more = NULL;
    natsStatus s = natsConnection_FlushTimeout(connection, timeout_ms);
    if (s == NATS_OK) /* a refused subject is told before the answer to our flush, outside of it */
        s = natsConnection_GetLastError(connection, &more);
    if (s == NATS_OK)
        return 0;
    explain(s, more, error, error_n);
    return -1;
}

static void close_it(void *connection)
{
    natsConnection_Destroy(connection);
}

EXPORT extern const struct plm_nats_ops plm_nats_ops_v1;

const struct plm_nats_ops plm_nats_ops_v1 = {
    .version = PLM_NATS_OPS_VERSION,
    .library = NATS_VERSION_STRING,
    .connect = connect_to,
    .publish = publish,
    .flush = flush,
    .close = close_it,
};
