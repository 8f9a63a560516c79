/* SPDX-License-Identifier: Apache-2.0
 *
 * The system log (src/notify/syslog.c): the alert's priority is the severity, as in Falco. The entry is the
 * text line without the time, which the log has itself, or JSON.
 */
#include "notify/notify.h"
#include "outputs_int.h"

enum { LINE_BYTES_MAX = 4 * 1024 * 1024 };

struct log {
    struct plm_sink base;
    struct plm_arena *arena;
    enum plm_sink_format format;
    plm_sv facility, address, ident;
    struct plm_syslog *syslog;
    struct plm_buf line;
};

static const struct plm_sink_key keys_of[] = {
    {"facility", PLM_KEY_TEXT, offsetof(struct log, facility)},
    {"address", PLM_KEY_TEXT, offsetof(struct log, address)},
    {"ident", PLM_KEY_TEXT, offsetof(struct log, ident)},
    {"format", PLM_KEY_FORMAT, offsetof(struct log, format)},
    {NULL, PLM_KEY_TEXT, 0},
};

static int write_alert(struct plm_sink *s, const struct plm_alert *a, const struct plm_alert_options *options,
                       plm_err **err)
{
    struct log *l = (struct log *)s;
    plm_buf_clear(&l->line);
    if (plm_sink_is_json(l->format, options))
        plm_sink_render(l->format, a, options, &l->line);
    else
        plm_sink_text(a, &l->line);
    if (plm_buf_check(&l->line, err) < 0)
        return -1;
    return plm_syslog_send(l->syslog, (unsigned)a->priority, (int64_t)(a->ts / 1000000000),
                           plm_buf_sv(&l->line), err);
}

static void close_sink(struct plm_sink *s)
{
    struct log *l = (struct log *)s;
    plm_syslog_free(l->syslog);
    plm_buf_done(&l->line);
    plm_arena_free(l->arena);
    free(l);
}

static int prepare(struct log *l, const struct plm_ctx *ctx, const plm_sv *keys, const plm_sv *values,
                   size_t n, plm_err **err)
{
    unsigned facility = 1; /* user: what openlog(3) has when nothing is said, as in Falco */
    if (!(l->arena = plm_arena_new(PLM_MIB(1))))
        return plm_fail_oom(err);
    if (plm_sink_keys("syslog", keys_of, l, l->arena, keys, values, n, err) < 0)
        return -1;
    if (l->facility.p && !plm_syslog_facility(l->facility, &facility))
        return plm_fail_id(err, PLM_E_CONFIG, "watch.output", "output syslog: no facility \"%.*s\"",
                           PLM_SV_ARG(l->facility));
    plm_sv address = l->address.p ? l->address : PLM_SV("/dev/log");
    l->syslog = plm_syslog_new(ctx, address, facility, l->ident.p ? l->ident : PLM_SV("plimsoll"), err);
    return l->syslog ? 0 : plm_wrap(err, "output syslog");
}

static struct plm_sink *open_sink(const struct plm_ctx *ctx, const plm_sv *keys, const plm_sv *values,
                                  size_t n, plm_err **err);

static const struct plm_sink_class syslog_class = {
    .name = "syslog",
    .summary = "the system log: facility, address, ident, format",
    .open = open_sink,
};
PLM_REGISTER(plm_sink_classes, struct plm_sink_class, syslog_class);

static struct plm_sink *open_sink(const struct plm_ctx *ctx, const plm_sv *keys, const plm_sv *values,
                                  size_t n, plm_err **err)
{
    struct log *l = calloc(1, sizeof(*l));
    if (!l)
        return PLM_NULL(plm_fail_oom(err));
    l->base = (struct plm_sink){.class = &syslog_class, .write = write_alert, .close = close_sink};
    l->line = PLM_BUF(LINE_BYTES_MAX);
    if (prepare(l, ctx, keys, values, n, err) < 0) {
        close_sink(&l->base);
        return NULL;
    }
    return &l->base;
}
