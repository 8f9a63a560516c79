/* SPDX-License-Identifier: Apache-2.0
 *
 * Microsoft Teams: a workflow's webhook ("When a Teams webhook request is received") takes a message with
 * one adaptive card. A message may have 28 KB; the text is cut well below.
 */
#include "base/text.h"
#include "base/time.h"
#include "notify_int.h"

enum { TITLE_MAX = 1000, TEXT_MAX = 8000 };

static const char *color_of(enum plm_severity s)
{
    switch (s) {
    case PLM_SEV_CRITICAL:
    case PLM_SEV_HIGH:
        return "attention";
    case PLM_SEV_MEDIUM:
        return "warning";
    case PLM_SEV_LOW:
    case PLM_SEV_NEGLIGIBLE:
    case PLM_SEV_UNKNOWN:
    case PLM_SEV_COUNT_:
        break;
    }
    return "default";
}

static void put_fact(struct plm_buf *b, const char *name, plm_sv value)
{
    plm_buf_printf(b, "{\"title\":\"%s\",\"value\":", name);
    plm_text_json(b, plm_notify_cut(value, 256));
    plm_buf_byte(b, '}');
}

static void put_body(const struct plm_notice *n, struct plm_buf *b)
{
    plm_auto_done(plm_buf_done) struct plm_buf time = PLM_BUF(PLM_KIB(1));
    plm_time_put(&time, n->time);
    plm_buf_str(b,
                "{\"type\":\"message\",\"attachments\":[{\"contentType\":\"application/"
                "vnd.microsoft.card.adaptive\",\"contentUrl\":null,\"content\":{\"$schema\":\"http://"
                "adaptivecards.io/schemas/adaptive-card.json\",\"type\":\"AdaptiveCard\",\"version\":\"1.4\","
                "\"body\":[{\"type\":\"TextBlock\",\"size\":\"medium\",\"weight\":\"bolder\",\"wrap\":true,"
                "\"color\":");
    plm_buf_printf(b, "\"%s\",\"text\":", color_of(n->severity));
    plm_text_json(b, plm_notify_cut(n->title, TITLE_MAX));
    plm_buf_str(b, "},{\"type\":\"TextBlock\",\"wrap\":true,\"fontType\":\"monospace\",\"text\":");
    plm_text_json(b, plm_notify_cut(n->text.n ? n->text : PLM_SV(" "), TEXT_MAX));
    plm_buf_str(b, "},{\"type\":\"FactSet\",\"facts\":[");
    put_fact(b, "Severity", plm_sv_from(plm_severity_name(n->severity)));
    plm_buf_byte(b, ',');
    put_fact(b, "Object", plm_notify_object(n));
    plm_buf_byte(b, ',');
    put_fact(b, "Source", n->source.p ? n->source : PLM_SV("plimsoll"));
    plm_buf_byte(b, ',');
    put_fact(b, "Time", plm_buf_sv(&time));
    plm_buf_str(b, "]}]}}]}");
}

static int send_teams(const struct plm_ctx *ctx, const struct plm_notify_target *t,
                      const struct plm_notice *n, plm_err **err)
{
    plm_auto_done(plm_buf_done) struct plm_buf body = PLM_BUF(PLM_MIB(1));
    put_body(n, &body);
    if (plm_buf_check(&body, err) < 0)
        return -1;
    return plm_notify_post(ctx, t, plm_notify_value(t, "url"), NULL, plm_buf_sv(&body), err);
}

static const char *const keys[] = {"!$url", PLM_NOTIFY_TLS_KEYS, NULL};
static const struct plm_notify_class teams = {
    .name = "teams",
    .summary = "Microsoft Teams by a workflow's webhook: one adaptive card",
    .keys = keys,
    .send = send_teams,
};
PLM_REGISTER(plm_notify_classes, struct plm_notify_class, teams);
