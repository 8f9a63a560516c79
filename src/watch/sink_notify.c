/* SPDX-License-Identifier: Apache-2.0
 *
 * Alerts to the named targets of plimsoll.yaml (src/notify). Each target has a thread (sender.c), so that one
 * that hangs delays no other, and its queue on disk, which the thread tries again when its waits are over.
 *
 * The message of an alert: the rule is the title, the container or the host the object; key is made of both,
 * so that Alertmanager sees a repetition as the same alert; the whole alert in Falco's JSON is its data.
 */
#include "base/text.h"
#include "base/time.h"
#include "notify/notify.h"
#include "outputs_int.h"

enum { QUEUE_MESSAGES = 1024, RECORD_MAX = 1024 * 1024, LABELS = 8 };

struct target {
    struct plm_notifier *notifier;
    struct plm_sender *sender;
    atomic_bool cancel;
    struct plm_arena *scratch;
    uint64_t try_at; /* when to flush again */
    char *name;
};

struct notify {
    struct plm_sink base;
    struct target *targets;
    size_t n;
    struct plm_buf record, json;
};

/* ---- in a target's thread -------------------------------------------------------------------- */

static int send_record(void *data, const struct plm_ctx *ctx, const plm_sv *messages, size_t n, plm_err **err)
{
    struct target *t = data;
    struct plm_notice notice;
    (void)ctx;
    (void)n; /* one at a time */
    plm_arena_reset(t->scratch);
    if (plm_notice_decode(messages[0], t->scratch, &notice, err) < 0)
        return -1;
    return plm_notifier_send(t->notifier, &notice, err);
}

static uint64_t flush_target(void *data, const struct plm_ctx *ctx)
{
    struct target *t = data;
    uint64_t now = plm_clock_ms(), wait = 0;
    (void)ctx;
    if (!plm_notifier_waiting(t->notifier))
        return UINT64_MAX;
    if (now >= t->try_at) {
        size_t left = plm_notifier_flush(t->notifier, &wait);
        now = plm_clock_ms();
        t->try_at = now + wait;
        if (!left)
            return UINT64_MAX;
    }
    return t->try_at - now;
}

/* ---- messages -------------------------------------------------------------------------------- */

static void add_label(plm_sv *names, plm_sv *values, size_t *n, const char *name, plm_sv value)
{
    if (!value.n)
        return;
    names[*n] = plm_sv_from(name);
    values[(*n)++] = value;
}

static int write_alert(struct plm_sink *s, const struct plm_alert *a, const struct plm_alert_options *options,
                       plm_err **err)
{
    struct notify *y = (struct notify *)s;
    plm_sv names[LABELS], values[LABELS];
    size_t n = 0;
    plm_auto_done(plm_buf_done) struct plm_buf text = PLM_BUF(RECORD_MAX), key = PLM_BUF(64);
    plm_sink_text(a, &text);
    plm_buf_printf(&key, "%016llx",
                   (unsigned long long)(plm_sv_hash(a->rule) * 31 + plm_sv_hash(a->container_id)));
    plm_buf_clear(&y->json);
    plm_alert_falco_json(a, options, &y->json);
    add_label(names, values, &n, "rule", a->rule);
    add_label(names, values, &n, "priority", plm_sv_from(plm_priority_name(a->priority)));
    add_label(names, values, &n, "host", a->hostname);
    add_label(names, values, &n, "container_id", a->container_id);
    add_label(names, values, &n, "container_name", a->container_name);
    add_label(names, values, &n, "image", a->image);
    add_label(names, values, &n, "process", a->process);
    add_label(names, values, &n, "action", a->action);
    const struct plm_notice notice = {
        .title = a->rule,
        .text = plm_buf_sv(&text),
        .severity = plm_sink_severity(a->priority),
        .object = a->container_name.n ? a->container_name : a->hostname,
        .source = PLM_SV("watch"),
        .key = plm_buf_sv(&key),
        .time = (int64_t)(a->ts / 1000000000),
        .label_names = names,
        .label_values = values,
        .n_labels = n,
        .json = y->json.n && !y->json.failed ? plm_buf_sv(&y->json) : PLM_SV_NULL,
    };
    plm_buf_clear(&y->record);
    plm_notice_encode(&notice, &y->record);
    if (plm_buf_check(&text, err) < 0 || plm_buf_check(&y->record, err) < 0)
        return -1;
    int r = 0;
    for (size_t i = 0; i < y->n; i++) {
        plm_err *e = NULL;
        if (plm_sender_push(y->targets[i].sender, plm_buf_sv(&y->record), &e) == 0)
            continue;
        if (r == 0)
            r = plm_err_move(err, &e);
        plm_err_free(e);
    }
    return r;
}

static uint64_t n_lost(struct plm_sink *s)
{
    struct notify *y = (struct notify *)s;
    uint64_t lost = 0;
    for (size_t i = 0; i < y->n; i++)
        lost += plm_sender_lost(y->targets[i].sender);
    return lost;
}

static void close_sink(struct plm_sink *s)
{
    struct notify *y = (struct notify *)s;
    for (size_t i = 0; y->targets && i < y->n; i++) {
        struct target *t = &y->targets[i];
        plm_sender_close(t->sender, s->close_by);
        plm_notifier_close(t->notifier);
        plm_arena_free(t->scratch);
        free(t->name);
    }
    plm_buf_done(&y->record);
    plm_buf_done(&y->json);
    free(y->targets);
    free(y);
}

/* ---- opening --------------------------------------------------------------------------------- */

static struct plm_sink *open_sink(const struct plm_ctx *ctx, const plm_sv *keys, const plm_sv *values,
                                  size_t n, plm_err **err)
{
    (void)ctx;
    (void)keys;
    (void)values;
    (void)n;
    int rc =
        plm_fail_id(err, PLM_E_CONFIG, "watch.output", "output notify: its targets stand in plimsoll.yaml");
    plm_err_hint(err, "notify: in plimsoll.yaml, and --notify NAME");
    return PLM_NULL(rc);
}

static const struct plm_sink_class notify_class = {
    .name = "notify",
    .summary = "the named targets of plimsoll.yaml: slack, teams, webhook, email, syslog, alertmanager",
    .open = open_sink,
};
PLM_REGISTER(plm_sink_classes, struct plm_sink_class, notify_class);

static int open_target(struct target *t, const struct plm_ctx *ctx, const struct plm_notify_target *row,
                       plm_sv queue_dir, size_t max_bytes, plm_err **err)
{
    struct plm_ctx of_thread = *ctx;
    of_thread.cancel = &t->cancel;
    t->name = strndup(row->name.p ? row->name.p : "", row->name.n);
    t->scratch = plm_arena_new(PLM_MIB(1));
    if (!t->name || !t->scratch)
        return plm_fail_oom(err);
    t->notifier = plm_notifier_open(&of_thread, row, queue_dir, max_bytes, err);
    if (!t->notifier)
        return -1;
    const struct plm_sender_config conf = {
        .name = t->name,
        .max_messages = QUEUE_MESSAGES,
        .max_bytes = PLM_MIB(4),
        .cancel = &t->cancel,
        .keeps = true,
        .data = t,
        .send = send_record,
        .tick = flush_target,
    };
    return (t->sender = plm_sender_new(ctx, &conf, err)) ? 0 : -1;
}

struct plm_sink *plm_sink_notify_new(const struct plm_ctx *ctx, const struct plm_notify_target *targets,
                                     size_t n, plm_sv queue_dir, size_t max_bytes, plm_err **err)
{
    struct notify *y = calloc(1, sizeof(*y));
    if (!y)
        return PLM_NULL(plm_fail_oom(err));
    y->base = (struct plm_sink){
        .class = &notify_class, .write = write_alert, .n_lost = n_lost, .close = close_sink};
    y->record = PLM_BUF(RECORD_MAX);
    y->json = PLM_BUF(RECORD_MAX);
    y->targets = calloc(n ? n : 1, sizeof(*y->targets));
    int r = y->targets ? 0 : plm_fail_oom(err);
    for (size_t i = 0; i < n && r == 0; i++) {
        y->n = i + 1;
        r = open_target(&y->targets[i], ctx, &targets[i], queue_dir, max_bytes, err);
    }
    if (r < 0) {
        close_sink(&y->base);
        return NULL;
    }
    return &y->base;
}
