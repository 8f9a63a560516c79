/* SPDX-License-Identifier: Apache-2.0
 *
 * Prometheus Alertmanager, API v2: POST /api/v2/alerts with a list of one alert (its openapi.yaml:
 * postableAlerts). Alerts are grouped and silenced by labels, so only what is stable stands there; the text
 * is an annotation. Without endsAt Alertmanager resolves the alert by its resolve_timeout; resolve-after
 * sets that here. Label names are [a-zA-Z_][a-zA-Z0-9_]*: others are changed.
 */
#include "base/text.h"
#include "base/time.h"
#include "notify_int.h"

static void put_name(struct plm_buf *b, plm_sv s)
{
    plm_buf_byte(b, '"');
    if (!s.n || (s.p[0] >= '0' && s.p[0] <= '9'))
        plm_buf_byte(b, '_');
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        bool is_good = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        plm_buf_byte(b, is_good ? (unsigned char)c : '_');
    }
    plm_buf_str(b, "\":");
}

/* Of two labels with one name the first wins: JSON has one. */
static bool is_taken(const struct plm_notice *n, size_t i)
{
    static const char *const own[] = {"alertname", "severity", "object", "source", "key"};
    for (size_t k = 0; k < sizeof(own) / sizeof(own[0]); k++)
        if (plm_sv_is(n->label_names[i], own[k]))
            return true;
    for (size_t k = 0; k < i; k++)
        if (plm_sv_eq(n->label_names[k], n->label_names[i]))
            return true;
    return false;
}

static void put_label(struct plm_buf *b, plm_sv name, plm_sv value)
{
    plm_buf_byte(b, ',');
    put_name(b, name);
    plm_text_json(b, value);
}

static void put_alert(const struct plm_notice *n, uint64_t resolve_ms, struct plm_buf *b)
{
    plm_buf_str(b, "[{\"labels\":{\"alertname\":");
    plm_text_json(b, n->title);
    put_label(b, PLM_SV("severity"), plm_sv_from(plm_severity_name(n->severity)));
    put_label(b, PLM_SV("object"), plm_notify_object(n));
    if (n->source.n)
        put_label(b, PLM_SV("source"), n->source);
    if (n->key.n)
        put_label(b, PLM_SV("key"), n->key);
    for (size_t i = 0; i < n->n_labels; i++)
        if (n->label_values[i].n && !is_taken(n, i))
            put_label(b, n->label_names[i], n->label_values[i]);
    plm_buf_str(b, "},\"annotations\":{\"summary\":");
    plm_text_json(b, n->title);
    plm_buf_str(b, ",\"description\":");
    plm_text_json(b, n->text.p ? n->text : PLM_SV(""));
    plm_buf_str(b, "},\"startsAt\":\"");
    plm_time_put(b, n->time);
    if (resolve_ms) {
        plm_buf_str(b, "\",\"endsAt\":\"");
        plm_time_put(b, n->time + (int64_t)(resolve_ms / 1000));
    }
    plm_buf_str(b, "\"}]");
}

static int send_alert(const struct plm_ctx *ctx, const struct plm_notify_target *t,
                      const struct plm_notice *n, plm_err **err)
{
    plm_auto_done(plm_buf_done) struct plm_buf body = PLM_BUF(PLM_MIB(1)), url = PLM_BUF(PLM_KIB(16));
    plm_sv base = plm_notify_value(t, "url"), resolve = plm_notify_value(t, "resolve-after");
    uint64_t resolve_ms = 0;
    if (resolve.p && (!plm_duration_parse(resolve, &resolve_ms) || resolve_ms == UINT64_MAX))
        return plm_fail_id(err, PLM_E_CONFIG, "notify.target",
                           "resolve-after: \"%.*s\" is not a time such as 5m", PLM_SV_ARG(resolve));
    put_alert(n, resolve_ms, &body);
    plm_buf_sv_put(&url, plm_sv_ends(base, PLM_SV("/")) ? plm_sv_sub(base, 0, base.n - 1) : base);
    if (!plm_sv_ends(plm_buf_sv(&url), PLM_SV("/api/v2/alerts")))
        plm_buf_str(&url, "/api/v2/alerts");
    if (plm_buf_check(&body, err) < 0 || plm_buf_check(&url, err) < 0)
        return -1;
    return plm_notify_post(ctx, t, plm_buf_sv(&url), NULL, plm_buf_sv(&body), err);
}

static const char *const keys[] = {"!url", "resolve-after", "$authorization", PLM_NOTIFY_TLS_KEYS, NULL};
static const struct plm_notify_class alertmanager = {
    .name = "alertmanager",
    .summary = "Prometheus Alertmanager, API v2",
    .keys = keys,
    .send = send_alert,
};
PLM_REGISTER(plm_notify_classes, struct plm_notify_class, alertmanager);
