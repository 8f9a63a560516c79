/* SPDX-License-Identifier: Apache-2.0 */
#include "base/log.h"
#include "base/buf.h"
#include "base/ctx.h"
#include "base/text.h"

#include <stdarg.h>

static const char *const names[] = {"error", "warn", "info", "debug"};

void plm_log(const struct plm_ctx *ctx, enum plm_log_level level, const char *message, ...)
{
    const struct plm_log *log = ctx->log;
    if (!log || level > log->level)
        return;
    plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(PLM_KIB(64));
    if (log->json) {
        plm_buf_printf(&b, "{\"level\":\"%s\",\"message\":", names[level]);
        plm_text_json(&b, plm_sv_from(message));
    } else {
        plm_buf_printf(&b, "%s: ", names[level]);
        plm_text_escape(&b, plm_sv_from(message));
    }
    va_list ap;
    va_start(ap, message);
    for (const char *key; (key = va_arg(ap, const char *)) != NULL;) {
        const char *value = va_arg(ap, const char *);
        if (!value)
            break;
        if (log->json) {
            plm_buf_byte(&b, ',');
            plm_text_json(&b, plm_sv_from(key));
            plm_buf_byte(&b, ':');
            plm_text_json(&b, plm_sv_from(value));
        } else {
            plm_buf_printf(&b, " %s=", key);
            plm_text_escape(&b, plm_sv_from(value));
        }
    }
    va_end(ap);
    plm_buf_str(&b, log->json ? "}\n" : "\n");
    for (size_t at = 0; at < b.n;) {
        ssize_t w = write(log->fd, b.p + at, b.n - at);
        if (w <= 0)
            break;
        at += (size_t)w;
    }
}
