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

enum { SAY_EVERY_MS = 1000, MAIL_MAX = 4096 };

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

/* ---- mail of other threads ----------------------------------------------------------------------- */

static void post(struct plm_watch *w, struct plm_mail *m)
{
    uint64_t one = 1;
    pthread_mutex_lock(&w->lock);
    bool is_full = w->n_mail >= MAIL_MAX;
    if (!is_full) {
        *w->mail_end = m;
        w->mail_end = &m->next;
        w->n_mail++;
    }
    pthread_mutex_unlock(&w->lock);
    if (is_full) { /* the log of who wrote it has it */
        plm_alert_free(m->alert);
        free(m);
        return;
    }
    (void)!write(w->wake, &one, sizeof(one));
}

void plm_watch_on_denied(void *data, int32_t pid, plm_sv path, bool was_denied)
{
    struct plm_mail *m = calloc(1, sizeof(*m) + path.n + 1);
    if (!m)
        return;
    m->pid = pid;
    m->was_denied = was_denied;
    if (path.n)
        memcpy(m->path, path.p, path.n);
    post(data, m);
}

void plm_watch_on_action(void *data, struct plm_alert *a)
{
    struct plm_mail *m = calloc(1, sizeof(*m) + 1);
    if (!m) {
        plm_alert_free(a);
        return;
    }
    m->alert = a;
    post(data, m);
}

static struct plm_mail *take_mail(struct plm_watch *w)
{
    pthread_mutex_lock(&w->lock);
    struct plm_mail *m = w->mail;
    w->mail = NULL;
    w->mail_end = &w->mail;
    w->n_mail = 0;
    pthread_mutex_unlock(&w->lock);
    return m;
}

static void say_denied(struct plm_watch *w, const struct plm_mail *m)
{
    const struct plm_thread *t = plm_procs_find(w->procs, m->pid);
    const struct plm_container *c = t ? t->container : NULL;
    plm_sv name = t ? t->info.comm : PLM_SV_NULL, id = c ? c->id : PLM_SV("host");
    plm_watch_say(w, PLM_SV("Drift prevention"), PLM_PRIO_CRITICAL,
                  "%s of a file from a container's writable layer | file=%s process=%.*s pid=%d "
                  "container_id=%.*s",
                  m->was_denied ? "Denied execution" : "Would deny execution", m->path, PLM_SV_ARG(name),
                  m->pid, PLM_SV_ARG(id));
}

void plm_watch_read_mail(struct plm_watch *w)
{
    for (struct plm_mail *m = take_mail(w), *next; m; m = next) {
        next = m->next;
        if (m->alert)
            plm_watch_deliver(w, m->alert, NULL);
        else
            say_denied(w, m);
        free(m);
    }
}

void plm_watch_drop_mail(struct plm_watch *w)
{
    for (struct plm_mail *m = take_mail(w), *next; m; m = next) {
        next = m->next;
        plm_alert_free(m->alert);
        free(m);
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
