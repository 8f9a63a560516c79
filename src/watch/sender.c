/* SPDX-License-Identifier: Apache-2.0
 *
 * One thread per sink that talks to another machine. Messages wait in a ring within two bounds (their number
 * and their bytes); the thread takes as many as a batch holds and sends them until that works, the retries
 * are used up, or the answer is final. An outage is said when it begins and when it ends, not for each
 * message.
 */
#include "outputs_int.h"

#include "base/time.h"

#include <pthread.h>
#include <signal.h>

enum { RETRY_MAX_MS = 30000, CLOSE_MS = 1000, SAY_MS = 1000 };

struct message {
    char *p;
    size_t n;
};

struct plm_sender {
    struct plm_sender_config conf;
    const struct plm_log *log;
    struct plm_ctx ctx; /* of the thread: the program's, with a cancel flag of its own */
    atomic_bool own_cancel, *cancel;
    pthread_t thread;
    plm_sv *batch; /* the thread's */
    bool is_down;
    uint64_t said_ms;

    pthread_mutex_t lock; /* guards all below */
    pthread_cond_t more, ended;
    struct message *ring;
    size_t head, n, bytes;
    uint64_t lost, close_by;
    bool is_closing, has_ended;
};

static void free_sender(struct plm_sender *s)
{
    for (; s->n; s->n--, s->head = (s->head + 1) % s->conf.max_messages)
        free(s->ring[s->head].p);
    pthread_cond_destroy(&s->more);
    pthread_cond_destroy(&s->ended);
    pthread_mutex_destroy(&s->lock);
    free(s->ring);
    free(s->batch);
    free(s);
}

int plm_sender_push(struct plm_sender *s, plm_sv message, plm_err **err)
{
    char *copy = malloc(message.n ? message.n : 1);
    if (!copy)
        return plm_fail_oom(err);
    memcpy(copy, message.p, message.n);
    pthread_mutex_lock(&s->lock);
    bool fits = s->n < s->conf.max_messages && message.n <= s->conf.max_bytes - s->bytes;
    if (fits) {
        s->ring[(s->head + s->n) % s->conf.max_messages] = (struct message){copy, message.n};
        s->n++;
        s->bytes += message.n;
        pthread_cond_signal(&s->more);
    }
    size_t waiting = s->n;
    pthread_mutex_unlock(&s->lock);
    if (fits)
        return 0;
    free(copy);
    return plm_fail_id(err, PLM_E_LIMIT, "watch.output-queue", "%zu alerts wait to be sent, no room for more",
                       waiting);
}

uint64_t plm_sender_lost(struct plm_sender *s)
{
    pthread_mutex_lock(&s->lock);
    uint64_t lost = s->lost;
    pthread_mutex_unlock(&s->lock);
    return lost;
}

/* ---- the thread ----------------------------------------------------------------------------- */

/* With the lock. False: the time came. */
static bool wait_until(struct plm_sender *s, uint64_t by)
{
    struct timespec t = {.tv_sec = (time_t)(by / 1000), .tv_nsec = (long)(by % 1000 * 1000000)};
    if (by == UINT64_MAX)
        pthread_cond_wait(&s->more, &s->lock);
    else
        pthread_cond_timedwait(&s->more, &s->lock, &t);
    return plm_clock_ms() < by;
}

/* Until something waits: false when closing and nothing does. With the lock. */
static bool await_messages(struct plm_sender *s)
{
    while (!s->n && !s->is_closing) {
        uint64_t again = UINT64_MAX;
        if (s->conf.tick) {
            pthread_mutex_unlock(&s->lock);
            uint64_t in = s->conf.tick(s->conf.data, &s->ctx);
            again = in == UINT64_MAX ? in : plm_clock_ms() + in;
            pthread_mutex_lock(&s->lock);
        }
        while (!s->n && !s->is_closing && wait_until(s, again))
            ;
    }
    uint64_t by = plm_clock_ms() + s->conf.linger_ms;
    while (s->conf.linger_ms && s->n && s->n < s->conf.batch && !s->is_closing && wait_until(s, by))
        ;
    return s->n > 0;
}

/* With the lock: the messages stay in the ring until they are sent. */
static size_t fill_batch(struct plm_sender *s)
{
    size_t n = s->n < s->conf.batch ? s->n : s->conf.batch;
    for (size_t i = 0; i < n; i++) {
        const struct message *m = &s->ring[(s->head + i) % s->conf.max_messages];
        s->batch[i] = plm_sv_n(m->p, m->n);
    }
    return n;
}

/* With the lock. */
static void drop(struct plm_sender *s, size_t n, bool is_lost)
{
    for (size_t i = 0; i < n; i++) {
        s->bytes -= s->ring[s->head].n;
        free(s->ring[s->head].p);
        s->head = (s->head + 1) % s->conf.max_messages;
        s->n--;
    }
    s->lost += is_lost ? n : 0;
}

static void say(struct plm_sender *s, const plm_err *e, bool is_given_up)
{
    const struct plm_ctx log_ctx = {.log = s->log};
    plm_auto_free char *why = plm_err_text(e);
    if (!e && s->is_down)
        plm_log(&log_ctx, PLM_LOG_INFO, "an output delivers again", "output", s->conf.name, NULL);
    else if (e && is_given_up && plm_clock_ms() < s->said_ms + SAY_MS)
        return; /* the number is said at the end */
    else if (e && is_given_up)
        plm_log(&log_ctx, PLM_LOG_ERROR, "an output gave up an alert", "output", s->conf.name, "cause",
                why ? why : "", NULL);
    else if (e && !s->is_down)
        plm_log(&log_ctx, PLM_LOG_ERROR, "an output cannot deliver, it will try again", "output",
                s->conf.name, "cause", why ? why : "", NULL);
    s->is_down = e != NULL;
    s->said_ms = plm_clock_ms();
}

/* With the lock. */
static bool is_time_up(const struct plm_sender *s)
{
    return s->is_closing && plm_clock_ms() >= s->close_by;
}

/* The batch, until it is through or given up. */
static bool deliver(struct plm_sender *s, size_t n)
{
    uint64_t wait = s->conf.retry_ms ? s->conf.retry_ms : 250;
    for (unsigned attempt = 0;; attempt++) {
        plm_err *e = NULL;
        if (s->conf.send(s->conf.data, &s->ctx, s->batch, n, &e) == 0) {
            say(s, NULL, false);
            return true;
        }
        pthread_mutex_lock(&s->lock);
        bool is_over = plm_err_code(e) != PLM_E_NET || attempt == s->conf.retries || is_time_up(s);
        pthread_mutex_unlock(&s->lock);
        say(s, e, is_over);
        plm_err_free(e);
        if (is_over)
            return false;
        pthread_mutex_lock(&s->lock);
        bool was_closing = s->is_closing; /* closing ends a wait: one attempt at once */
        uint64_t by = plm_clock_ms() + wait;
        by = was_closing && s->close_by < by ? s->close_by : by;
        while (s->is_closing == was_closing && wait_until(s, by))
            ;
        pthread_mutex_unlock(&s->lock);
        wait = wait * 2 > RETRY_MAX_MS ? RETRY_MAX_MS : wait * 2;
    }
}

static void *work(void *arg)
{
    struct plm_sender *s = arg;
    pthread_mutex_lock(&s->lock);
    while (await_messages(s)) {
        size_t n = fill_batch(s);
        pthread_mutex_unlock(&s->lock);
        bool is_through = (s->conf.keeps || !atomic_load(s->cancel)) && deliver(s, n);
        pthread_mutex_lock(&s->lock);
        drop(s, n, !is_through);
    }
    s->has_ended = true;
    pthread_cond_broadcast(&s->ended);
    pthread_mutex_unlock(&s->lock);
    return NULL;
}

/* ---- life ----------------------------------------------------------------------------------- */

static int start(struct plm_sender *s, plm_err **err)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int r = pthread_create(&s->thread, NULL, work, s);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    errno = r;
    return r ? plm_fail_sys(err, "a thread for output %s", s->conf.name) : 0;
}

struct plm_sender *plm_sender_new(const struct plm_ctx *ctx, const struct plm_sender_config *conf,
                                  plm_err **err)
{
    struct plm_sender *s = calloc(1, sizeof(*s));
    if (!s)
        return PLM_NULL(plm_fail_oom(err));
    s->conf = *conf;
    s->conf.batch = s->conf.batch ? s->conf.batch : 1;
    s->log = ctx->log;
    s->ctx = *ctx;
    s->cancel = conf->cancel ? conf->cancel : &s->own_cancel;
    s->ctx.cancel = s->cancel;
    pthread_condattr_t attr;
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_mutex_init(&s->lock, NULL);
    pthread_cond_init(&s->more, &attr);
    pthread_cond_init(&s->ended, &attr);
    pthread_condattr_destroy(&attr);
    s->ring = calloc(s->conf.max_messages, sizeof(*s->ring));
    s->batch = calloc(s->conf.batch, sizeof(*s->batch));
    int r = s->ring && s->batch ? start(s, err) : plm_fail_oom(err);
    if (r < 0) {
        free_sender(s);
        return NULL;
    }
    return s;
}

void plm_sender_close(struct plm_sender *s, uint64_t by)
{
    if (!s)
        return;
    by = by ? by : plm_clock_ms() + CLOSE_MS;
    struct timespec t = {.tv_sec = (time_t)(by / 1000), .tv_nsec = (long)(by % 1000 * 1000000)};
    pthread_mutex_lock(&s->lock);
    s->close_by = by;
    s->is_closing = true;
    pthread_cond_broadcast(&s->more);
    while (!s->has_ended && plm_clock_ms() < by)
        pthread_cond_timedwait(&s->ended, &s->lock, &t);
    atomic_store(s->cancel, true);
    pthread_mutex_unlock(&s->lock);
    pthread_join(s->thread, NULL);
    if (s->lost) {
        const struct plm_ctx log_ctx = {.log = s->log};
        char text[24];
        (void)snprintf(text, sizeof(text), "%llu", (unsigned long long)s->lost);
        plm_log(&log_ctx, PLM_LOG_ERROR, "alerts were not delivered", "output", s->conf.name, "alerts", text,
                NULL);
    }
    free_sender(s);
}
