/* SPDX-License-Identifier: Apache-2.0
 *
 * What the pipeline says about itself, as alerts of source "internal" and in the log: losses, refusals of
 * drift prevention, reloads, metrics. At most one message a second about losses; nothing is left out of the
 * counts.
 */
#include "watch/watch_int.h"

#include "base/text.h"
#include "base/time.h"

#include <stdarg.h>
#include <stdio.h>
#include <time.h>

enum { SAY_EVERY_MS = 1000, DENIED_MAX = 4096 };

static uint64_t wall_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* A recording has its own time: its messages are the same at every replay. */
static uint64_t stream_ns(const struct plm_watch *w)
{
    return w->is_replay ? w->view.previous_ts : wall_ns();
}

static void say_fields(struct plm_watch *w, plm_sv rule, enum plm_priority p, plm_sv message,
                       const struct plm_alert_field *fields, size_t n)
{
    struct plm_alert *a = plm_alert_internal(rule, p, message, stream_ns(w), fields, n, NULL);
    plm_log(w->ctx, p <= PLM_PRIO_ERROR ? PLM_LOG_ERROR : PLM_LOG_WARN, message.p, NULL);
    if (a)
        plm_watch_deliver(w, a, NULL);
}

void plm_watch_say(struct plm_watch *w, plm_sv rule, enum plm_priority p, const char *fmt, ...)
{
    plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(PLM_KIB(64));
    char *text = NULL;
    va_list ap;
    va_start(ap, fmt);
    int n = vasprintf(&text, fmt, ap);
    va_end(ap);
    if (n < 0)
        return;
    plm_text_escape(&b, plm_sv_n(text, (size_t)n));
    free(text);
    const char *clean = plm_buf_cstr(&b);
    if (clean)
        say_fields(w, rule, p, plm_sv_from(clean), NULL, 0);
}

void plm_watch_note_loss(struct plm_watch *w, const struct plm_loss *loss)
{
    for (unsigned i = 0; i < PLM_LOSS_COUNT_; i++)
        w->lost.n[i] += loss->n[i];
    w->lost.must_resync |= loss->must_resync;
}

void plm_watch_say_losses(struct plm_watch *w, uint64_t now_ms, bool at_end)
{
    uint64_t sum = 0;
    plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(PLM_KIB(4));
    struct plm_alert_field fields[PLM_LOSS_COUNT_ + 1];
    char keys[PLM_LOSS_COUNT_ + 1][32], values[PLM_LOSS_COUNT_ + 1][32];
    for (unsigned i = 0; i < PLM_LOSS_COUNT_; i++)
        sum += w->lost.n[i];
    if (!sum || (!at_end && w->lost_said_ms && now_ms < w->lost_said_ms + SAY_EVERY_MS))
        return;
    w->lost_said_ms = now_ms;
    plm_buf_printf(&b, "%llu event%s lost:", (unsigned long long)sum, sum == 1 ? " was" : "s were");
    for (unsigned i = 0; i <= PLM_LOSS_COUNT_; i++) {
        uint64_t n = i < PLM_LOSS_COUNT_ ? w->lost.n[i] : sum;
        if (i < PLM_LOSS_COUNT_)
            snprintf(keys[i], sizeof(keys[i]), "n_drops_%s", plm_loss_name((enum plm_loss_class)i));
        else
            snprintf(keys[i], sizeof(keys[i]), "n_drops");
        snprintf(values[i], sizeof(values[i]), "\"%llu\"", (unsigned long long)n);
        fields[i] = (struct plm_alert_field){.key = plm_sv_from(keys[i]), .json = plm_sv_from(values[i])};
        if (n && i < PLM_LOSS_COUNT_)
            plm_buf_printf(&b, " %s %llu", plm_loss_name((enum plm_loss_class)i), (unsigned long long)n);
    }
    if (w->lost.must_resync)
        plm_buf_str(&b, "; the process table is scanned again");
    w->lost = (struct plm_loss){0};
    if (plm_buf_cstr(&b))
        say_fields(w, PLM_SV("Falco internal: syscall event drop"), PLM_PRIO_WARNING, plm_buf_sv(&b), fields,
                   PLM_LOSS_COUNT_ + 1);
}

/* ---- drift prevention: called in its thread ------------------------------------------------------ */

void plm_watch_on_denied(void *data, int32_t pid, plm_sv path, bool was_denied)
{
    struct plm_watch *w = data;
    struct plm_denied *d = calloc(1, sizeof(*d) + path.n + 1);
    if (!d)
        return;
    d->pid = pid;
    d->was_denied = was_denied;
    if (path.n)
        memcpy(d->path, path.p, path.n);
    pthread_mutex_lock(&w->lock);
    bool is_full = w->n_denied >= DENIED_MAX;
    if (!is_full) {
        *w->denied_end = d;
        w->denied_end = &d->next;
        w->n_denied++;
    }
    pthread_mutex_unlock(&w->lock);
    if (is_full)
        free(d); /* the log of drift.c has it */
    uint64_t one = 1;
    (void)!write(w->wake, &one, sizeof(one));
}

void plm_watch_say_denied(struct plm_watch *w)
{
    pthread_mutex_lock(&w->lock);
    struct plm_denied *d = w->denied;
    w->denied = NULL;
    w->denied_end = &w->denied;
    w->n_denied = 0;
    pthread_mutex_unlock(&w->lock);
    for (struct plm_denied *next; d; d = next) {
        next = d->next;
        const struct plm_thread *t = plm_procs_find(w->procs, d->pid);
        const struct plm_container *c = t ? t->container : NULL;
        plm_sv name = t ? t->info.comm : PLM_SV_NULL, id = c ? c->id : PLM_SV("host");
        plm_watch_say(w, PLM_SV("Drift prevention"), PLM_PRIO_CRITICAL,
                      "%s of a file from a container's writable layer | file=%s process=%.*s pid=%d "
                      "container_id=%.*s",
                      d->was_denied ? "Denied execution" : "Would deny execution", d->path, PLM_SV_ARG(name),
                      d->pid, PLM_SV_ARG(id));
        free(d);
    }
}

void plm_watch_say_metrics(struct plm_watch *w)
{
    struct plm_watch_stats s;
    plm_watch_stats_get(w, &s);
    plm_watch_say(w, PLM_SV("Falco internal: metrics snapshot"), PLM_PRIO_INFORMATIONAL,
                  "metrics | events=%llu alerts=%llu seen=%llu irrelevant=%llu threads=%llu containers=%zu "
                  "outputs_dropped=%llu seconds=%.1f",
                  (unsigned long long)s.n_events, (unsigned long long)s.n_alerts,
                  (unsigned long long)s.source.n_seen, (unsigned long long)s.source.n_irrelevant,
                  (unsigned long long)s.procs.n_threads, plm_meta_count(w->meta),
                  (unsigned long long)s.outputs.n_dropped, s.seconds);
}
