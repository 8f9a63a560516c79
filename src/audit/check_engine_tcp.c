/* SPDX-License-Identifier: Apache-2.0
 *
 * Checks of the TCP sockets that a daemon listens on: its API with and without mutual TLS, its metrics, its
 * profiler. What counts is the socket that the process holds and how it answers; flags and file are the other
 * side of the comparison.
 *
 * Quirk: whether "tls" alone verifies depends on the version and on where it is set (a flag switches
 * verification on since 1.x, the file only since 23), so where the answer of the socket can be had it
 * decides.
 */
#include "audit/check_engine.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

enum { CERTS_MAX = 64, SOON = 30 * 86400 };

/* ---- what was declared --------------------------------------------------------------------------------- */

/* 1: clients are verified, 0: not, -1: cannot be told. *out_tls: whether TLS is on at all. */
static int declared_verify(struct plm_checking *k, bool *out_tls)
{
    const struct plm_daemon *d = k->daemon;
    const struct plm_setting *tls = plm_daemon_setting(d, "tls"),
                             *verify = plm_daemon_setting(d, "tlsverify");
    *out_tls = verify || (tls && plm_sv_is(tls->value, "true"));
    if (verify)
        return plm_sv_is(verify->value, "true");
    if (d->settings_failure.p)
        return -1;
    if (!*out_tls)
        return 0;
    if (tls->origin == PLM_SET_ARGV)
        return 1;
    plm_sv version = plm_json_str(d->version.root, "Version", NULL);
    return version.n ? plm_version_numbers_cmp(version, PLM_SV("23")) >= 0 : -1;
}

static size_t declared_tcp(struct plm_checking *k)
{
    size_t n = 0;
    for (size_t i = 0; i < k->daemon->settings.n; i++) {
        const struct plm_setting *s = &k->daemon->settings.v[i];
        bool is_path =
            plm_sv_starts(s->value, PLM_SV("unix://")) || plm_sv_starts(s->value, PLM_SV("fd://")) ||
            plm_sv_starts(s->value, PLM_SV("vsock://")) || plm_sv_starts(s->value, PLM_SV("npipe://"));
        n += plm_sv_is(s->name, "hosts") && s->value.n && !is_path;
    }
    return n;
}

/* ---- certificates ----------------------------------------------------------------------------------------
 */

static plm_sv subject_of(struct plm_checking *k, const X509 *x)
{
    char line[256];
    X509_NAME_oneline(X509_get_subject_name(x), line, (int)sizeof(line));
    return plm_arena_sv(k->arena, plm_sv_from(line));
}

static void judge_cert(struct plm_checking *k, plm_sv path, X509 *x)
{
    time_t now = (time_t)plm_now(k->facts->ctx), soon = now + SOON;
    EVP_PKEY *key = X509_get0_pubkey(x);
    int bits = key ? EVP_PKEY_get_bits(key) : 0, type = key ? EVP_PKEY_get_base_id(key) : 0;
    plm_sv subject = subject_of(k, x);
    bool is_weak = type == EVP_PKEY_RSA  ? bits < 2048
                   : type == EVP_PKEY_EC ? bits < 224
                                         : type == EVP_PKEY_DSA;
    if (is_weak)
        plm_say(k, PLM_OUT_FAIL, "%.*s: %.*s: key of %d bits", PLM_SV_ARG(path), PLM_SV_ARG(subject), bits);
    if (X509_cmp_time(X509_get0_notAfter(x), &now) < 0)
        plm_say(k, PLM_OUT_FAIL, "%.*s: %.*s has expired", PLM_SV_ARG(path), PLM_SV_ARG(subject));
    else if (!is_weak)
        plm_say(k, PLM_OUT_PASS, "%.*s: %.*s, key of %d bits%s", PLM_SV_ARG(path), PLM_SV_ARG(subject), bits,
                X509_cmp_time(X509_get0_notAfter(x), &soon) < 0 ? ", expires within 30 days" : "");
    if (is_weak || X509_cmp_time(X509_get0_notAfter(x), &now) < 0)
        plm_weigh(k, PLM_SV_NULL, PLM_SEV_MEDIUM);
}

/* Certificates of a PEM file; the number, -1: unreadable (said). The caller frees them. */
static int read_certs(struct plm_checking *k, plm_sv path, X509 **out, int max)
{
    plm_sv text = PLM_SV_NULL, why = PLM_SV_NULL;
    int n = 0;
    if (!plm_read_file(k, path, &text, &why)) {
        plm_say(k, PLM_OUT_UNKNOWN, "%.*s", PLM_SV_ARG(why));
        return -1;
    }
    BIO *bio = BIO_new_mem_buf(text.p, (int)text.n);
    while (bio && n < max && (out[n] = PEM_read_bio_X509(bio, NULL, NULL, NULL)))
        n++;
    BIO_free(bio);
    if (n == 0)
        plm_say(k, PLM_OUT_UNKNOWN, "%.*s: no certificate in it", PLM_SV_ARG(path));
    return n;
}

/* Any certificate of a public authority would open the engine. */
static bool is_public_authority(struct plm_checking *k, plm_sv path, X509 *const *certs, int n)
{
    static const char *const bundles[] = {"/etc/ssl/certs/ca-certificates.crt",
                                          "/etc/pki/tls/certs/ca-bundle.crt"};
    X509 *theirs[512];
    bool found = n > 8 || plm_sv_starts(path, PLM_SV("/etc/ssl/certs/")) ||
                 plm_sv_starts(path, PLM_SV("/usr/share/ca-certificates/"));
    for (size_t b = 0; !found && b < 2; b++) {
        plm_sv text = PLM_SV_NULL, why;
        if (!plm_read_file(k, plm_sv_from(bundles[b]), &text, &why))
            continue; /* no bundle, no public authorities to compare with */
        BIO *bio = BIO_new_mem_buf(text.p, (int)text.n);
        int m = 0;
        while (bio && m < 512 && (theirs[m] = PEM_read_bio_X509(bio, NULL, NULL, NULL)))
            m++;
        BIO_free(bio);
        for (int i = 0; i < n; i++)
            for (int j = 0; j < m; j++)
                found |= X509_cmp(certs[i], theirs[j]) == 0;
        while (m > 0)
            X509_free(theirs[--m]);
    }
    return found;
}

static plm_sv cert_path(struct plm_checking *k, const char *key, const char *file)
{
    plm_sv path = plm_setting_text(k->daemon, key);
    return path.n ? path : plm_arena_printf(k->arena, "/root/.docker/%s", file);
}

static void judge_certs(struct plm_checking *k)
{
    X509 *certs[CERTS_MAX];
    plm_sv path = cert_path(k, "tlscacert", "ca.pem");
    int n = read_certs(k, path, certs, CERTS_MAX);
    if (n > 0 && is_public_authority(k, path, certs, n))
        plm_say(k, PLM_OUT_FAIL,
                "tlscacert: %.*s holds public authorities: whoever has a certificate of one of them is root",
                PLM_SV_ARG(path));
    else if (n > 0)
        judge_cert(k, path, certs[0]);
    while (n > 0)
        X509_free(certs[--n]);
    path = cert_path(k, "tlscert", "cert.pem");
    n = read_certs(k, path, certs, CERTS_MAX);
    if (n > 0)
        judge_cert(k, path, certs[0]);
    while (n > 0)
        X509_free(certs[--n]);
}

/* ---- 2.7
 * --------------------------------------------------------------------------------------------------- */

static plm_sv listener_text(struct plm_checking *k, const struct plm_socket *s)
{
    bool is_six = s->proto == PLM_TCP6;
    return plm_arena_printf(k->arena, "%s%.*s%s:%u", is_six ? "[" : "", PLM_SV_ARG(s->address),
                            is_six ? "]" : "", (unsigned)s->port);
}

/* The socket's own answer; false where it gave none that decides. */
static bool judge_answer(struct plm_checking *k, const struct plm_socket *s, plm_sv shown, bool *out_verified)
{
    plm_sv why = PLM_SV_NULL;
    plm_sv host = s->is_wildcard ? PLM_SV("127.0.0.1") : s->address;
    *out_verified = false;
    switch (plm_engine_probe(k->facts->ctx, host, s->port, k->arena, &why)) {
    case PLM_PROBE_OPEN:
        plm_say(k, PLM_OUT_FAIL, "%.*s answers everybody, without TLS", PLM_SV_ARG(shown));
        return true;
    case PLM_PROBE_UNVERIFIED:
        plm_say(k, PLM_OUT_FAIL, "%.*s answers over TLS without a client certificate", PLM_SV_ARG(shown));
        return true;
    case PLM_PROBE_REFUSED:
        plm_say(k, PLM_OUT_PASS, "%.*s refuses clients without a certificate", PLM_SV_ARG(shown));
        *out_verified = true;
        return true;
    case PLM_PROBE_UNKNOWN:
        break;
    }
    plm_say(k, PLM_OUT_UNKNOWN, "%.*s: %.*s", PLM_SV_ARG(shown), PLM_SV_ARG(why));
    return false;
}

static void judge_listener(struct plm_checking *k, const struct plm_socket *s)
{
    bool has_tls, is_verified = false;
    int declared = declared_verify(k, &has_tls);
    plm_sv shown = listener_text(k, s);
    bool is_known = judge_answer(k, s, shown, &is_verified);
    if (declared < 0)
        plm_say(k, is_known ? PLM_OUT_NA : PLM_OUT_UNKNOWN, "tlsverify: cannot be told");
    else
        plm_say(k, declared ? PLM_OUT_PASS : PLM_OUT_FAIL, "tlsverify: %s%s", declared ? "true" : "false",
                has_tls ? "" : ", tls: false");
    if (is_known && declared >= 0 && (declared != 0) != is_verified)
        plm_drift(k, "%.*s: tlsverify is declared %s, the socket %s", PLM_SV_ARG(shown),
                  declared ? "true" : "false", is_verified ? "verifies" : "does not verify");
    if (!is_verified && declared != 1)
        plm_weigh(k, PLM_SV_NULL, PLM_SEV_CRITICAL);
    if (is_verified || declared == 1)
        judge_certs(k);
    if (s->is_wildcard)
        plm_say(k, PLM_OUT_NA, "%.*s: bound to every address", PLM_SV_ARG(shown));
}

static bool is_tcp(const struct plm_socket *s)
{
    return s->proto == PLM_TCP || s->proto == PLM_TCP6;
}

/* Sockets that dockerd holds beside its API: the swarm's and the metrics'. */
static bool is_other(const struct plm_daemon *d, const struct plm_socket *s)
{
    uint64_t port = 0;
    plm_sv metrics = plm_setting_text(d, "metrics-addr");
    size_t colon = plm_sv_rfind(metrics, ':');
    if (colon != SIZE_MAX && plm_sv_u64(plm_sv_from_off(metrics, colon + 1), &port) && port == s->port)
        return true;
    bool is_swarm = plm_sv_is(plm_json_str(d->info.root, "Swarm", "LocalNodeState", NULL), "active");
    return is_swarm && (s->port == 2377 || s->port == 7946);
}

static size_t api_listeners(const struct plm_daemon *d)
{
    size_t n = 0;
    for (size_t i = 0; i < d->listeners.n; i++)
        n += is_tcp(&d->listeners.v[i]) && !is_other(d, &d->listeners.v[i]);
    return n;
}

/* An engine on another machine, or one whose process is not seen: only what its endpoint shows. */
static void judge_without_process(struct plm_checking *k)
{
    const struct plm_daemon *d = k->daemon;
    bool is_tcp_endpoint = plm_sv_starts(d->endpoint, PLM_SV("tcp://"));
    if (is_tcp_endpoint && d->engine && d->is_answering && !plm_engine_about(d->engine)->is_tls)
        plm_say(k, PLM_OUT_FAIL, "%.*s answers everybody, without TLS", PLM_SV_ARG(d->endpoint));
    else
        plm_say(k, PLM_OUT_UNKNOWN, "which sockets the engine listens on: %.*s",
                PLM_SV_ARG(d->process_failure));
}

void plm_check_2_7(struct plm_checking *k)
{
    const struct plm_daemon *d = k->daemon;
    bool has_tls;
    if (!d->process) {
        judge_without_process(k);
        return;
    }
    if (d->listeners_failure.p)
        plm_say(k, PLM_OUT_UNKNOWN, "%.*s", PLM_SV_ARG(d->listeners_failure));
    for (size_t i = 0; i < d->listeners.n; i++)
        if (is_tcp(&d->listeners.v[i]) && !is_other(d, &d->listeners.v[i]))
            judge_listener(k, &d->listeners.v[i]);
    size_t listening = api_listeners(d), declared = declared_tcp(k);
    if (declared && !listening) {
        plm_say(k, declared_verify(k, &has_tls) == 1 ? PLM_OUT_PASS : PLM_OUT_FAIL,
                "hosts names TCP, but no such socket listens");
        if (!d->listeners_failure.p)
            plm_drift(k, "hosts names a TCP address, the daemon listens on none");
    }
    if (listening && !declared && !d->settings_failure.p)
        plm_say(k, PLM_OUT_NA, "the socket stands neither in the arguments nor in the file (docker.socket?)");
    if (!listening && !declared && !d->listeners_failure.p)
        plm_say(k, PLM_OUT_NA, "the daemon listens on no TCP socket");
}

/* ---- metrics, profiler
 * ---------------------------------------------------------------------------------------- */

void plm_check_d2(struct plm_checking *k)
{
    const struct plm_daemon *d = k->daemon;
    plm_sv addr = plm_setting_text(d, "metrics-addr");
    uint64_t port = 0;
    if (plm_not_of_podman(k))
        return;
    if (!addr.n) {
        plm_say(k, d->settings_failure.p ? PLM_OUT_UNKNOWN : plm_trust(k, "metrics-addr", PLM_OUT_PASS),
                "metrics-addr: %.*s",
                PLM_SV_ARG(d->settings_failure.p ? d->settings_failure : PLM_SV("not set")));
        return;
    }
    size_t colon = plm_sv_rfind(addr, ':');
    bool is_loopback = plm_is_loopback(addr);
    plm_say(k, is_loopback ? PLM_OUT_PASS : PLM_OUT_FAIL, "metrics-addr: %.*s", PLM_SV_ARG(addr));
    if (colon == SIZE_MAX || !plm_sv_u64(plm_sv_from_off(addr, colon + 1), &port))
        return;
    for (size_t i = 0; i < d->listeners.n; i++) {
        const struct plm_socket *s = &d->listeners.v[i];
        if (is_tcp(s) && s->port == port)
            plm_say(k, s->is_loopback ? PLM_OUT_PASS : PLM_OUT_FAIL, "listening on %.*s",
                    PLM_SV_ARG(listener_text(k, s)));
    }
}

void plm_check_d3(struct plm_checking *k)
{
    const struct plm_daemon *d = k->daemon;
    plm_sv said, port = plm_setting_text(d, "network-diagnostic-port");
    if (plm_not_of_podman(k))
        return;
    if (port.n && !plm_sv_is(port, "0"))
        plm_say(k, PLM_OUT_FAIL, "network-diagnostic-port: %.*s", PLM_SV_ARG(port));
    int debug = plm_daemon_bool(d, k->arena, "debug", false, &said);
    if (d->info.root && plm_json_bool(d->info.root, "Debug", false))
        debug = 1;
    if (debug < 0)
        plm_say(k, PLM_OUT_UNKNOWN, "%.*s", PLM_SV_ARG(said));
    else if (debug && api_listeners(d))
        plm_say(k, PLM_OUT_FAIL, "debug: true: /debug/pprof is served on the TCP sockets");
    else
        plm_say(k, PLM_OUT_PASS, "debug: %s%s", debug ? "true" : "false",
                debug ? ": /debug/pprof is served on the unix sockets only" : "");
}
