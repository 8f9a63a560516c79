/* SPDX-License-Identifier: Apache-2.0
 *
 * A POST of the message as JSON. With a secret the body is signed: "X-Plimsoll-Signature: sha256=<hex>" is
 * the HMAC-SHA-256 of the body's bytes (the way of GitHub's X-Hub-Signature-256, whose name can be asked for
 * by hmac-header). The time stands in the body, so an old message that is sent again can be told.
 */
#include "base/text.h"
#include "base/time.h"
#include "notify_int.h"

static void put_member(struct plm_buf *b, const char *name, plm_sv value)
{
    plm_buf_printf(b, ",\"%s\":", name);
    if (value.p)
        plm_text_json(b, value);
    else
        plm_buf_str(b, "null");
}

void plm_notify_json(const struct plm_notice *n, struct plm_buf *out)
{
    plm_buf_printf(out, "{\"severity\":\"%s\"", plm_severity_name(n->severity));
    put_member(out, "title", n->title);
    put_member(out, "text", n->text);
    put_member(out, "object", n->object);
    put_member(out, "source", n->source);
    put_member(out, "key", n->key);
    plm_buf_str(out, ",\"time\":\"");
    plm_time_put(out, n->time);
    plm_buf_str(out, "\",\"labels\":{");
    for (size_t i = 0; i < n->n_labels; i++) {
        plm_buf_str(out, i ? "," : "");
        plm_text_json(out, n->label_names[i]);
        plm_buf_byte(out, ':');
        plm_text_json(out, n->label_values[i]);
    }
    plm_buf_str(out, "},\"data\":");
    if (n->json.p)
        plm_buf_sv_put(out, n->json);
    else
        plm_buf_str(out, "null");
    plm_buf_byte(out, '}');
}

static int send_webhook(const struct plm_ctx *ctx, const struct plm_notify_target *t,
                        const struct plm_notice *n, plm_err **err)
{
    plm_auto_done(plm_buf_done) struct plm_buf body = PLM_BUF(PLM_MIB(2)), header = PLM_BUF(PLM_KIB(4));
    plm_sv secret = plm_notify_value(t, "hmac-secret"), name = plm_notify_value(t, "hmac-header");
    plm_notify_json(n, &body);
    if (plm_buf_check(&body, err) < 0)
        return -1;
    if (secret.p && plm_secret_sign(secret, name.p ? name : PLM_SV("X-Plimsoll-Signature"), plm_buf_sv(&body),
                                    &header, err) < 0)
        return plm_wrap(err, "hmac-secret");
    if (secret.p && !plm_buf_cstr(&header))
        return plm_fail_oom(err);
    return plm_notify_post(ctx, t, plm_notify_value(t, "url"), secret.p ? header.p : NULL, plm_buf_sv(&body),
                           err);
}

static const char *const keys[] = {"!url",           "$hmac-secret",      "hmac-header",
                                   "$authorization", PLM_NOTIFY_TLS_KEYS, NULL};
static const struct plm_notify_class webhook = {
    .name = "webhook",
    .summary = "POST of the message as JSON, signed with HMAC-SHA-256",
    .keys = keys,
    .send = send_webhook,
};
PLM_REGISTER(plm_notify_classes, struct plm_notify_class, webhook);
