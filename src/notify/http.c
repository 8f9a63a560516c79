/* SPDX-License-Identifier: Apache-2.0
 *
 * What the kinds over HTTP share: a POST whose address may be a secret, and what its status means. 2xx is
 * success; 400, 413, 415 and 422 refuse the message and are final; every other status may pass (a gateway
 * that restarts, a token that is replaced).
 */
#include "base/text.h"
#include "base/time.h"
#include "net/net.h"
#include "notify_int.h"

enum { ANSWER_MAX = 64 * 1024, ANSWER_SHOWN = 200, CONNECT_MS = 10000, STALL_MS = 15000, WHOLE_MS = 60000 };

static bool flag_of(const struct plm_notify_target *t, const char *key)
{
    plm_sv v = plm_notify_value(t, key);
    return plm_sv_ieq(v, PLM_SV("true")) || plm_sv_ieq(v, PLM_SV("yes")) || plm_sv_ieq(v, PLM_SV("on"));
}

static int judge(const struct plm_http_response *res, plm_sv answer, plm_err **err)
{
    if (res->status >= 200 && res->status < 300)
        return 0;
    plm_auto_done(plm_buf_done) struct plm_buf shown = PLM_BUF(PLM_KIB(4));
    plm_sv line = answer;
    (void)plm_sv_line(&answer, &line);
    plm_text_escape(&shown, plm_notify_cut(line, ANSWER_SHOWN));
    plm_sv text = plm_buf_sv(&shown);
    const char *colon = text.n ? ": " : "";
    switch (res->status) {
    case 400:
    case 413:
    case 415:
    case 422:
        return plm_fail_id(err, PLM_E_UNSUPPORTED, "notify.refused",
                           "the message was refused (HTTP %d)%s%.*s", res->status, colon, PLM_SV_ARG(text));
    case 401:
    case 403:
        return plm_fail_id(err, PLM_E_AUTH, "notify.refused", "access refused (HTTP %d)%s%.*s", res->status,
                           colon, PLM_SV_ARG(text));
    case 404:
    case 410:
        return plm_fail_id(err, PLM_E_NOTFOUND, "notify.refused", "no such address there (HTTP %d)%s%.*s",
                           res->status, colon, PLM_SV_ARG(text));
    default:
        return plm_fail_id(err, PLM_E_NET, "notify.refused", "HTTP %d%s%.*s", res->status, colon,
                           PLM_SV_ARG(text));
    }
}

static int add_authorization(const struct plm_notify_target *t, struct plm_buf *out, plm_err **err)
{
    plm_sv reference = plm_notify_value(t, "authorization");
    plm_auto_done(plm_secret_wipe) struct plm_buf secret = PLM_SECRET_BUF;
    if (!reference.p)
        return 0;
    if (plm_secret_read(reference, &secret, err) < 0)
        return plm_wrap(err, "authorization");
    if (!plm_buf_reserve(out, secret.n + 32))
        return plm_fail_oom(err);
    plm_buf_str(out, "Authorization: ");
    /* "Bearer TOKEN" and "Basic ..." as they are; a single word is a bearer token */
    if (plm_sv_find(plm_buf_sv(&secret), ' ') == SIZE_MAX)
        plm_buf_str(out, "Bearer ");
    plm_buf_sv_put(out, plm_buf_sv(&secret));
    return plm_buf_cstr(out) ? 0 : plm_fail_oom(err);
}

static int post(const struct plm_ctx *ctx, const struct plm_http_config *conf, const char *url,
                const char *const *headers, plm_sv body, plm_err **err)
{
    plm_auto(plm_http_free) struct plm_http *h = plm_http_new(ctx, conf, err);
    if (!h)
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
    if (plm_http_fetch(h, url, &q, &answer, &res, err) < 0)
        return -1;
    return judge(&res, plm_buf_sv(&answer), err);
}

int plm_notify_post(const struct plm_ctx *ctx, const struct plm_notify_target *t, plm_sv url,
                    const char *header, plm_sv body, plm_err **err)
{
    plm_auto_done(plm_secret_wipe) struct plm_buf address = PLM_SECRET_BUF, auth = PLM_SECRET_BUF;
    bool is_secret = plm_secret_is_reference(url);
    if (is_secret && plm_secret_read(url, &address, err) < 0)
        return plm_wrap(err, "url");
    if (!is_secret)
        plm_buf_sv_put(&address, url);
    if (!plm_buf_cstr(&address))
        return plm_fail_oom(err);
    if (add_authorization(t, &auth, err) < 0)
        return -1;
    const char *const headers[] = {"Content-Type: application/json", header ? header : auth.p,
                                   header ? auth.p : NULL, NULL};
    plm_sv ca = plm_notify_value(t, "tls-ca"), cert = plm_notify_value(t, "tls-cert"),
           key = plm_notify_value(t, "tls-key");
    const struct plm_http_config conf = {
        .tls_ca = ca.p, /* values of a target are NUL-ended: they lie in its arena */
        .tls_cert = cert.p,
        .tls_key = key.p,
        .tls_insecure = flag_of(t, "insecure"),
        .hide_path = true,
        .connect_timeout_ms = CONNECT_MS,
        .stall_timeout_ms = STALL_MS,
    };
    return post(ctx, &conf, address.p, headers, body, err);
}
