/* SPDX-License-Identifier: Apache-2.0
 *
 * The queue between the rules and the sinks. Whoever pushes never waits: an alert goes into a ring of fixed
 * size, and what does not fit is counted and said in an alert of its own as soon as there is room again. One
 * thread, the worker, hands alerts to every sink in turn; a second, the watcher, sleeps until a write takes
 * longer than it should and says which sink it is.
 *
 * Rate limits (limit.c) apply before the queue, so a flood of one rule costs one slot a second.
 *
 * Closing waits for the worker for a limited time. A worker that hangs in a sink is left behind and then owns
 * the object; it ends with the process.
 */
#include "outputs_int.h"

#include "base/time.h"

#include <pthread.h>
#include <signal.h>

enum { QUEUE_DEFAULT = 8192, TIMEOUT_MS = 2000, SAY_MS = 1000 };

struct plm_outputs {
    const struct plm_ctx *ctx;
    struct plm_outputs_config conf;
    struct plm_alert_options options;
    struct plm_sink **sinks;
    bool *is_failing; /* the last write failed: said once */
    size_t n_sinks;
    pthread_t worker, watcher;

    pthread_mutex_t lock; /* guards all below */
    pthread_cond_t more;  /* for the worker */
    pthread_cond_t ended; /* the worker's end, for close */
    pthread_cond_t busy;  /* a write began, or the end: for the watcher, who is told only while it sleeps */
    struct plm_alert **ring;
    size_t head, n;
    struct plm_limit *limit; /* NULL: no limit */
    struct plm_outputs_stats stats;
    uint64_t unsaid; /* dropped since it was last said */
    uint64_t said_ms, last_ts;
    const char *writing; /* sink */
    uint64_t writing_since, turn;
    bool is_watcher_asleep, is_closing, wants_reopen, has_ended, is_abandoned, is_watcher_done;
};

static void free_all(struct plm_outputs *o)
{
    for (; o->n; o->n--, o->head = (o->head + 1) % o->conf.queue)
        plm_alert_free(o->ring[o->head]);
    plm_limit_free(o->limit);
    pthread_cond_destroy(&o->more);
    pthread_cond_destroy(&o->ended);
    pthread_cond_destroy(&o->busy);
    pthread_mutex_destroy(&o->lock);
    free(o->ring);
    free(o->is_failing);
    free(o->sinks);
    free(o);
}

/* ---- the queue (with the lock) ------------------------------------------------------------- */

static void enqueue(struct plm_outputs *o, struct plm_alert *a)
{
    if (o->n == o->conf.queue || o->is_closing) {
        o->stats.n_dropped += 1 + a->n_similar;
        o->unsaid += 1 + a->n_similar;
        plm_alert_free(a);
        return;
    }
    o->stats.n_aggregated += a->n_similar;
    o->ring[(o->head + o->n) % o->conf.queue] = a;
    if (o->n++ == 0)
        pthread_cond_signal(&o->more);
}

static void enqueue_due(struct plm_outputs *o, bool all)
{
    if (!o->limit)
        return;
    uint64_t now = plm_clock_ms();
    for (struct plm_alert *a; (a = plm_limit_due(o->limit, now, all));)
        enqueue(o, a);
}

void plm_outputs_push(struct plm_outputs *o, struct plm_alert *a)
{
    pthread_mutex_lock(&o->lock);
    o->stats.n_alerts++;
    bool is_limited = o->limit && !plm_sv_is(a->source, "internal");
    bool was_holding = o->limit && plm_limit_next(o->limit) != UINT64_MAX;
    struct plm_alert *passed = is_limited ? plm_limit_pass(o->limit, a, plm_clock_ms()) : a;
    enqueue_due(o, false);
    if (passed)
        enqueue(o, passed);
    else if (!was_holding)
        pthread_cond_signal(&o->more); /* the worker has a clock to watch now */
    pthread_mutex_unlock(&o->lock);
}

static struct timespec at_ms(uint64_t ms)
{
    return (struct timespec){.tv_sec = (time_t)(ms / 1000), .tv_nsec = (long)(ms % 1000 * 1000000)};
}

static void wait_until(struct plm_outputs *o, pthread_cond_t *cond, uint64_t ms)
{
    struct timespec t = at_ms(ms);
    if (ms == UINT64_MAX)
        pthread_cond_wait(cond, &o->lock);
    else
        pthread_cond_timedwait(cond, &o->lock, &t);
}

/* "alerts lost: 12": its own alert, at most one a second and at the end. NULL: nothing to say. */
static struct plm_alert *lost_alert(struct plm_outputs *o)
{
    uint64_t now = plm_clock_ms();
    if (!o->unsaid || (!o->is_closing && now - o->said_ms < SAY_MS))
        return NULL;
    char text[128], number[32];
    int n = snprintf(text, sizeof(text),
                     "Falco internal: outputs queue overflow. %llu alerts were dropped: the queue holds %zu",
                     (unsigned long long)o->unsaid, o->conf.queue);
    int n_number = snprintf(number, sizeof(number), "%llu", (unsigned long long)o->unsaid);
    const struct plm_alert_field field = {PLM_SV("n_drops"), {number, (size_t)n_number}};
    struct plm_alert *a =
        plm_alert_internal(PLM_SV("Falco internal: outputs queue overflow"), PLM_PRIO_CRITICAL,
                           plm_sv_n(text, (size_t)n), o->last_ts, &field, 1, NULL);
    if (a) { /* without memory it is said later */
        o->unsaid = 0;
        o->said_ms = now;
    }
    return a;
}

/* ---- the worker ---------------------------------------------------------------------------- */

static void begin_write(struct plm_outputs *o, const struct plm_sink *s)
{
    pthread_mutex_lock(&o->lock);
    o->writing = s->class->name;
    o->writing_since = plm_clock_ms();
    o->turn++;
    if (o->is_watcher_asleep)
        pthread_cond_signal(&o->busy);
    pthread_mutex_unlock(&o->lock);
}

/* A sink that begins to fail is said; one that goes on failing is only counted. */
static void judge(struct plm_outputs *o, size_t i, int result, plm_err *e)
{
    plm_auto_free char *why = result < 0 ? plm_err_text(e) : NULL;
    plm_err_free(e);
    if (result < 0 && !o->is_failing[i])
        plm_log(o->ctx, PLM_LOG_ERROR, "an output failed", "output", o->sinks[i]->class->name, "cause",
                why ? why : "out of memory", NULL);
    else if (result == 0 && o->is_failing[i])
        plm_log(o->ctx, PLM_LOG_INFO, "an output works again", "output", o->sinks[i]->class->name, NULL);
    o->is_failing[i] = result < 0;
}

static void deliver(struct plm_outputs *o, struct plm_alert *a)
{
    uint64_t failed = 0;
    for (size_t i = 0; i < o->n_sinks; i++) {
        plm_err *e = NULL;
        begin_write(o, o->sinks[i]);
        int r = o->sinks[i]->write(o->sinks[i], a, &o->options, &e);
        failed += r < 0;
        judge(o, i, r, e);
    }
    pthread_mutex_lock(&o->lock);
    o->writing = NULL;
    o->stats.n_written++;
    o->stats.n_failed += failed;
    o->last_ts = a->ts;
    pthread_mutex_unlock(&o->lock);
    plm_alert_free(a);
}

static void flush_all(struct plm_outputs *o)
{
    for (size_t i = 0; i < o->n_sinks; i++) {
        plm_err *e = NULL;
        if (!o->sinks[i]->flush)
            continue;
        begin_write(o, o->sinks[i]);
        if (o->sinks[i]->flush(o->sinks[i], &e) < 0)
            judge(o, i, -1, e);
    }
    pthread_mutex_lock(&o->lock);
    o->writing = NULL;
    pthread_mutex_unlock(&o->lock);
}

static void reopen_all(struct plm_outputs *o)
{
    for (size_t i = 0; i < o->n_sinks; i++)
        if (o->sinks[i]->reopen)
            o->sinks[i]->reopen(o->sinks[i]);
}

/* The next thing to do, with the lock. False: the end. */
static bool next(struct plm_outputs *o, struct plm_alert **out, bool *out_reopen, bool *out_flush,
                 bool *has_flushed)
{
    *out = NULL;
    *out_reopen = *out_flush = false;
    for (;;) {
        if (o->is_abandoned)
            return false;
        enqueue_due(o, false);
        if (o->wants_reopen) {
            o->wants_reopen = false;
            *out_reopen = true;
            return true;
        }
        if ((*out = lost_alert(o)))
            return true;
        if (o->n) {
            *out = o->ring[o->head];
            o->head = (o->head + 1) % o->conf.queue;
            o->n--;
            *has_flushed = false;
            return true;
        }
        if (!*has_flushed) {
            *out_flush = *has_flushed = true;
            return true;
        }
        if (o->is_closing)
            return false;
        uint64_t until = o->limit ? plm_limit_next(o->limit) : UINT64_MAX;
        uint64_t say = o->unsaid ? o->said_ms + SAY_MS : UINT64_MAX;
        wait_until(o, &o->more, until < say ? until : say);
    }
}

static void close_all(struct plm_outputs *o)
{
    for (size_t i = 0; i < o->n_sinks; i++) {
        struct plm_sink *s = o->sinks[i];
        begin_write(o, s);
        s->close(s);
    }
}

static void *work(void *arg)
{
    struct plm_outputs *o = arg;
    bool has_flushed = true, reopen, flush;
    struct plm_alert *a;
    pthread_mutex_lock(&o->lock);
    while (next(o, &a, &reopen, &flush, &has_flushed)) {
        pthread_mutex_unlock(&o->lock);
        if (reopen)
            reopen_all(o);
        if (flush)
            flush_all(o);
        if (a)
            deliver(o, a);
        pthread_mutex_lock(&o->lock);
    }
    pthread_mutex_unlock(&o->lock);
    close_all(o);
    pthread_mutex_lock(&o->lock);
    o->writing = NULL;
    o->has_ended = true;
    bool is_mine = o->is_abandoned;
    pthread_cond_broadcast(&o->ended);
    pthread_mutex_unlock(&o->lock);
    if (is_mine)
        free_all(o);
    return NULL;
}

/* ---- the watcher --------------------------------------------------------------------------- */

static void *watch(void *arg)
{
    struct plm_outputs *o = arg;
    uint64_t said_turn = 0;
    pthread_mutex_lock(&o->lock);
    while (!o->is_watcher_done) {
        bool is_news = o->writing && o->turn != said_turn;
        uint64_t due = o->writing_since + o->conf.timeout_ms;
        if (!is_news || plm_clock_ms() < due) {
            o->is_watcher_asleep = !is_news;
            wait_until(o, &o->busy, is_news ? due : UINT64_MAX);
            o->is_watcher_asleep = false;
            continue;
        }
        said_turn = o->turn;
        o->stats.n_blocked++;
        const char *name = o->writing; /* a class's name: it stays */
        char ms[24];
        (void)snprintf(ms, sizeof(ms), "%llu", (unsigned long long)o->conf.timeout_ms);
        pthread_mutex_unlock(&o->lock);
        plm_log(o->ctx, PLM_LOG_ERROR, "an output is blocked, alerts wait", "output", name, "ms", ms, NULL);
        pthread_mutex_lock(&o->lock);
    }
    pthread_mutex_unlock(&o->lock);
    return NULL;
}

/* ---- life ---------------------------------------------------------------------------------- */

static struct plm_outputs *new_object(const struct plm_ctx *ctx, const struct plm_outputs_config *conf,
                                      const struct plm_alert_options *options, size_t n_sinks, plm_err **err)
{
    struct plm_outputs *o = calloc(1, sizeof(*o));
    if (!o)
        return PLM_NULL(plm_fail_oom(err));
    o->ctx = ctx;
    if (conf)
        o->conf = *conf;
    o->conf.queue = o->conf.queue ? o->conf.queue : QUEUE_DEFAULT;
    o->conf.timeout_ms = o->conf.timeout_ms ? o->conf.timeout_ms : TIMEOUT_MS;
    o->options = *options;
    pthread_condattr_t attr;
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_mutex_init(&o->lock, NULL);
    pthread_cond_init(&o->more, &attr);
    pthread_cond_init(&o->ended, &attr);
    pthread_cond_init(&o->busy, &attr);
    pthread_condattr_destroy(&attr);
    o->ring = calloc(o->conf.queue, sizeof(struct plm_alert *));
    o->sinks = calloc(n_sinks ? n_sinks : 1, sizeof(struct plm_sink *));
    o->is_failing = calloc(n_sinks ? n_sinks : 1, sizeof(bool));
    bool has_limit = o->conf.rate > 0;
    bool is_good = o->ring && o->sinks && o->is_failing;
    if (is_good && has_limit)
        is_good = (o->limit = plm_limit_new(o->conf.rate, o->conf.burst, NULL)) != NULL;
    if (!is_good) {
        free_all(o);
        return PLM_NULL(plm_fail_oom(err));
    }
    return o;
}

static int start(struct plm_outputs *o, plm_err **err)
{
    /* Signals are for the threads that expect them; a sink sees EPIPE, no SIGPIPE. */
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int r = pthread_create(&o->worker, NULL, work, o);
    bool has_worker = r == 0;
    if (has_worker)
        r = pthread_create(&o->watcher, NULL, watch, o);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (!r)
        return 0;
    if (has_worker) { /* it has no sinks yet: they stay the caller's */
        pthread_mutex_lock(&o->lock);
        o->is_closing = true;
        pthread_cond_broadcast(&o->more);
        pthread_mutex_unlock(&o->lock);
        pthread_join(o->worker, NULL);
    }
    free_all(o);
    errno = r;
    return plm_fail_sys(err, "a thread for the outputs");
}

struct plm_outputs *plm_outputs_new(const struct plm_ctx *ctx, const struct plm_outputs_config *conf,
                                    const struct plm_alert_options *options, struct plm_sink **sinks,
                                    size_t n, plm_err **err)
{
    struct plm_outputs *o = new_object(ctx, conf, options, n, err);
    if (!o || start(o, err) < 0) {
        for (size_t i = 0; i < n; i++)
            sinks[i]->close(sinks[i]);
        return NULL;
    }
    pthread_mutex_lock(&o->lock);
    for (size_t i = 0; i < n; i++)
        o->sinks[i] = sinks[i];
    o->n_sinks = n; /* nothing was pushed yet, so the worker has not looked */
    pthread_mutex_unlock(&o->lock);
    return o;
}

void plm_outputs_reopen(struct plm_outputs *o)
{
    pthread_mutex_lock(&o->lock);
    o->wants_reopen = true;
    pthread_cond_signal(&o->more);
    pthread_mutex_unlock(&o->lock);
}

void plm_outputs_stats_get(struct plm_outputs *o, struct plm_outputs_stats *out)
{
    pthread_mutex_lock(&o->lock);
    *out = o->stats;
    bool is_closed = o->is_closing;
    pthread_mutex_unlock(&o->lock);
    for (size_t i = 0; !is_closed && i < o->n_sinks; i++)
        if (o->sinks[i]->n_lost)
            out->n_failed += o->sinks[i]->n_lost(o->sinks[i]);
}

/* The worker hangs in a sink: it is left behind, and frees the object if it ever comes back. */
static void abandon(struct plm_outputs *o)
{
    char left[24];
    const char *name = o->writing ? o->writing : "none";
    const struct plm_ctx *ctx = o->ctx;
    (void)snprintf(left, sizeof(left), "%zu", o->n);
    o->is_abandoned = true;
    pthread_detach(o->worker);
    pthread_mutex_unlock(&o->lock);
    plm_log(ctx, PLM_LOG_ERROR, "an output did not end in time, alerts are lost", "output", name, "alerts",
            left, NULL);
}

void plm_outputs_close(struct plm_outputs *o, uint64_t wait_ms)
{
    if (!o)
        return;
    uint64_t by = plm_clock_ms() + wait_ms;
    pthread_mutex_lock(&o->lock);
    enqueue_due(o, true);
    o->is_closing = true;
    for (size_t i = 0; i < o->n_sinks; i++)
        o->sinks[i]->close_by = by - wait_ms / 5; /* ends before we give up waiting for it */
    pthread_cond_broadcast(&o->more);
    while (!o->has_ended && plm_clock_ms() < by)
        wait_until(o, &o->ended, by);
    o->is_watcher_done = true;
    pthread_cond_broadcast(&o->busy);
    pthread_mutex_unlock(&o->lock);
    pthread_join(o->watcher, NULL);
    pthread_mutex_lock(&o->lock);
    if (!o->has_ended) {
        abandon(o);
        return;
    }
    pthread_mutex_unlock(&o->lock);
    pthread_join(o->worker, NULL);
    free_all(o);
}
