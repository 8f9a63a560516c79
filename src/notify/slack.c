/* SPDX-License-Identifier: Apache-2.0
 *
 * Slack's incoming webhooks (api.slack.com/messaging/webhooks): `text` for notifications, `blocks` for the
 * message. Limits of Slack: 150 characters in a header, 3000 in a section. In mrkdwn &, < and > are escaped;
 * the text stands in a code block so that nothing in it becomes a link or a mention. Mattermost and Rocket
 * Chat take the same body and show `text`.
 */
#include "base/text.h"
#include "base/time.h"
#include "notify_int.h"

enum { HEADER_MAX = 150, SECTION_MAX = 2600 };

static void put_mrkdwn(struct plm_buf *b, plm_sv s, bool in_code)
{
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        if (c == '&')
            plm_buf_str(b, "&amp;");
        else if (c == '<')
            plm_buf_str(b, "&lt;");
        else if (c == '>')
            plm_buf_str(b, "&gt;");
        else if (c == '`' && in_code)
            plm_buf_byte(b, '\''); /* three of them would end the block */
        else
            plm_buf_byte(b, (unsigned char)c);
    }
}

static void put_text(struct plm_buf *b, const char *type, const struct plm_buf *text)
{
    plm_buf_printf(b, "{\"type\":\"%s\",\"text\":", type);
    plm_text_json(b, plm_buf_sv(text));
    plm_buf_byte(b, '}');
}

static void put_body(const struct plm_notice *n, struct plm_buf *b)
{
    plm_auto_done(plm_buf_done) struct plm_buf line = PLM_BUF(PLM_KIB(16)), head = PLM_BUF(PLM_KIB(16)),
                                               text = PLM_BUF(PLM_KIB(64)), foot = PLM_BUF(PLM_KIB(64));
    plm_buf_printf(&line, "[%s] ", plm_severity_name(n->severity));
    plm_buf_sv_put(&head, plm_buf_sv(&line));
    put_mrkdwn(&line, plm_notify_cut(n->title, PLM_KIB(2)), false);
    plm_buf_sv_put(&head, plm_notify_cut(n->title, HEADER_MAX - head.n));
    plm_buf_str(&text, "```");
    put_mrkdwn(&text, plm_notify_cut(n->text.n ? n->text : PLM_SV(" "), SECTION_MAX / 2), true);
    plm_buf_str(&text, "```");
    plm_buf_str(&foot, "*");
    put_mrkdwn(&foot, plm_notify_cut(plm_notify_object(n), 256), false);
    plm_buf_str(&foot, "* · ");
    put_mrkdwn(&foot, plm_notify_cut(n->source, 256), false);
    plm_buf_str(&foot, " · ");
    plm_time_put(&foot, n->time);
    plm_buf_str(b, "{\"text\":");
    plm_text_json(b, plm_buf_sv(&line));
    plm_buf_str(b, ",\"blocks\":[{\"type\":\"header\",\"text\":");
    put_text(b, "plain_text", &head);
    plm_buf_str(b, "},{\"type\":\"section\",\"text\":");
    put_text(b, "mrkdwn", &text);
    plm_buf_str(b, "},{\"type\":\"context\",\"elements\":[");
    put_text(b, "mrkdwn", &foot);
    plm_buf_str(b, "]}]}");
}

static int send_slack(const struct plm_ctx *ctx, const struct plm_notify_target *t,
                      const struct plm_notice *n, plm_err **err)
{
    plm_auto_done(plm_buf_done) struct plm_buf body = PLM_BUF(PLM_MIB(1));
    put_body(n, &body);
    if (plm_buf_check(&body, err) < 0)
        return -1;
    return plm_notify_post(ctx, t, plm_notify_value(t, "url"), NULL, plm_buf_sv(&body), err);
}

static const char *const keys[] = {"!$url", PLM_NOTIFY_TLS_KEYS, NULL};
static const struct plm_notify_class slack = {
    .name = "slack",
    .summary = "Slack's incoming webhook (also Mattermost, Rocket.Chat)",
    .keys = keys,
    .send = send_slack,
};
PLM_REGISTER(plm_notify_classes, struct plm_notify_class, slack);
