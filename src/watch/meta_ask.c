/* SPDX-License-Identifier: Apache-2.0
 *
 * The thread that asks the runtimes for metadata. Questions stand in a bounded queue; each is put to the
 * sources that may know (meta_engine.c: Docker and Podman; meta_bundle.c: containerd's and CRI-O's state on
 * disk) until one does. A container may be seen before its runtime tells of it, so a question without an
 * answer is put again, RETRIES times, waiting longer each time; then the answer is FAILED with the last
 * cause. The owner of the table is woken through an eventfd and takes the answers.
 */
#include "watch/meta_int.h"

#include "base/time.h"
#include "watch/meta_source.h"

#include <pthread.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

enum { QUEUE_MAX = 8192, RETRIES = 4, FIRST_WAIT_MS = 50 };

struct question {
    struct question *next;
    uint64_t due; /* monotonic ms */
    enum plm_runtime runtime;
    int32_t pid;
    unsigned tries;
    plm_sv id;
    char bytes[];
};

struct plm_asker {
    const struct plm_ctx *ctx;
    struct plm_meta_sources *sources; /* of the thread */
    int fd;
    pthread_t thread;
    bool has_thread;
    pthread_mutex_t lock;
    pthread_cond_t wake, primed;
    /* guarded by lock */
    struct question *first; /* by due */
    size_t n;
    struct plm_meta_answer *answers, **answers_end;
    bool must_stop, must_prime, is_primed;
};

static struct timespec time_of(uint64_t ms)
{
    return (struct timespec){.tv_sec = (time_t)(ms / 1000), .tv_nsec = (long)(ms % 1000) * 1000000};
}

/* ---- both sides: with the lock held -------------------------------------------------------------------- */

static void enqueue(struct plm_asker *a, struct question *q)
{
    struct question **at = &a->first;
    while (*at && (*at)->due <= q->due)
        at = &(*at)->next;
    q->next = *at;
    *at = q;
    a->n++;
}

/* ---- the thread -------------------------------------------------------------------------------------------
 */

static void hand_over(struct plm_asker *a, struct plm_meta_answer *answer)
{
    answer->next = NULL;
    pthread_mutex_lock(&a->lock);
    *a->answers_end = answer;
    a->answers_end = &answer->next;
    pthread_mutex_unlock(&a->lock);
    uint64_t one = 1;
    ssize_t n = write(a->fd, &one, sizeof(one));
    (void)n; /* a full counter wakes as well */
}

struct plm_meta_answer *plm_meta_answer_new(enum plm_runtime runtime, plm_sv id)
{
    struct plm_meta_answer *answer = calloc(1, sizeof(*answer));
    if (!answer)
        return NULL;
    answer->arena = plm_arena_new(PLM_MIB(1));
    answer->c.runtime = runtime;
    answer->c.full_id = answer->arena ? plm_arena_sv(answer->arena, id) : PLM_SV_NULL;
    if (!answer->c.full_id.p) {
        plm_meta_answer_free(answer);
        return NULL;
    }
    return answer;
}

void plm_meta_answer_free(struct plm_meta_answer *answer)
{
    if (!answer)
        return;
    plm_arena_free(answer->arena);
    free(answer);
}

/* Answers q or puts it back; takes it over. */
static void answer_one(struct plm_asker *a, struct question *q)
{
    struct plm_meta_answer *answer = plm_meta_answer_new(q->runtime, q->id);
    plm_auto(plm_err_free) plm_err *e = NULL;
    bool is_known = answer && plm_meta_sources_ask(a->sources, q->runtime, q->id, q->pid, answer, &e);
    if (!is_known && ++q->tries <= RETRIES) {
        plm_meta_answer_free(answer);
        q->due = plm_clock_ms() + ((uint64_t)FIRST_WAIT_MS << (2 * (q->tries - 1)));
        pthread_mutex_lock(&a->lock);
        enqueue(a, q);
        pthread_mutex_unlock(&a->lock);
        return;
    }
    if (answer && !is_known) {
        plm_auto_free char *why = plm_err_text(e);
        answer->c.state = PLM_META_FAILED;
        answer->c.why = plm_arena_sv(answer->arena, plm_sv_from(why ? why : "no runtime knows it"));
    }
    free(q);
    if (answer)
        hand_over(a, answer);
}

static void take_listed(void *data, struct plm_meta_answer *answer)
{
    hand_over(data, answer);
}

static void *run(void *data)
{
    struct plm_asker *a = data;
    pthread_mutex_lock(&a->lock);
    while (!a->must_stop) {
        if (a->must_prime) {
            a->must_prime = false;
            pthread_mutex_unlock(&a->lock);
            plm_meta_sources_list(a->sources, take_listed, a);
            pthread_mutex_lock(&a->lock);
            a->is_primed = true;
            pthread_cond_broadcast(&a->primed);
            continue;
        }
        if (!a->first) {
            pthread_cond_wait(&a->wake, &a->lock);
            continue;
        }
        if (a->first->due > plm_clock_ms()) {
            struct timespec until = time_of(a->first->due);
            pthread_cond_timedwait(&a->wake, &a->lock, &until);
            continue;
        }
        struct question *q = a->first;
        a->first = q->next;
        a->n--;
        pthread_mutex_unlock(&a->lock);
        answer_one(a, q);
        pthread_mutex_lock(&a->lock);
    }
    pthread_mutex_unlock(&a->lock);
    return NULL;
}

/* ---- the owner
 * ---------------------------------------------------------------------------------------------- */

static void init_sync(struct plm_asker *a)
{
    pthread_condattr_t attr;
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_mutex_init(&a->lock, NULL);
    pthread_cond_init(&a->wake, &attr);
    pthread_cond_init(&a->primed, &attr);
    pthread_condattr_destroy(&attr);
}

struct plm_asker *plm_asker_new(const struct plm_ctx *ctx, const struct plm_meta_config *conf, plm_err **err)
{
    struct plm_asker *a = calloc(1, sizeof(*a));
    if (!a)
        return PLM_NULL(plm_fail_oom(err));
    a->ctx = ctx;
    a->answers_end = &a->answers;
    init_sync(a);
    a->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (a->fd < 0) {
        (void)plm_fail_sys(err, "eventfd");
        plm_asker_free(a);
        return NULL;
    }
    a->sources = plm_meta_sources_new(ctx, conf, err);
    if (!a->sources) {
        plm_asker_free(a);
        return NULL;
    }
    errno = pthread_create(&a->thread, NULL, run, a);
    if (errno) {
        (void)plm_fail_sys(err, "thread of the metadata");
        plm_asker_free(a);
        return NULL;
    }
    a->has_thread = true;
    return a;
}

void plm_asker_free(struct plm_asker *a)
{
    if (!a)
        return;
    pthread_mutex_lock(&a->lock);
    a->must_stop = true;
    pthread_cond_broadcast(&a->wake);
    pthread_mutex_unlock(&a->lock);
    if (a->sources)
        plm_meta_sources_stop(a->sources);
    if (a->has_thread)
        pthread_join(a->thread, NULL);
    for (struct question *q = a->first, *next; q; q = next) {
        next = q->next;
        free(q);
    }
    for (struct plm_meta_answer *x = a->answers, *next; x; x = next) {
        next = x->next;
        plm_meta_answer_free(x);
    }
    plm_meta_sources_free(a->sources);
    if (a->fd >= 0)
        close(a->fd);
    pthread_cond_destroy(&a->wake);
    pthread_cond_destroy(&a->primed);
    pthread_mutex_destroy(&a->lock);
    free(a);
}

bool plm_asker_ask(struct plm_asker *a, enum plm_runtime runtime, plm_sv id, int32_t pid)
{
    struct question *q = malloc(sizeof(*q) + id.n);
    if (!q)
        return false;
    memcpy(q->bytes, id.p, id.n);
    *q = (struct question){.runtime = runtime, .pid = pid, .id = plm_sv_n(q->bytes, id.n)};
    pthread_mutex_lock(&a->lock);
    bool has_room = a->n < QUEUE_MAX;
    if (has_room)
        enqueue(a, q);
    pthread_cond_signal(&a->wake);
    pthread_mutex_unlock(&a->lock);
    if (!has_room)
        free(q);
    return has_room;
}

void plm_asker_prime(struct plm_asker *a)
{
    pthread_mutex_lock(&a->lock);
    a->must_prime = true;
    a->is_primed = false;
    pthread_cond_signal(&a->wake);
    pthread_mutex_unlock(&a->lock);
}

bool plm_asker_wait_primed(struct plm_asker *a, unsigned wait_ms)
{
    struct timespec until = time_of(plm_clock_ms() + wait_ms);
    pthread_mutex_lock(&a->lock);
    while (!a->is_primed && pthread_cond_timedwait(&a->primed, &a->lock, &until) == 0) {
    }
    bool is_primed = a->is_primed;
    pthread_mutex_unlock(&a->lock);
    return is_primed;
}

int plm_asker_fd(const struct plm_asker *a)
{
    return a->fd;
}

struct plm_meta_answer *plm_asker_take(struct plm_asker *a)
{
    uint64_t count;
    ssize_t n = read(a->fd, &count, sizeof(count));
    (void)n; /* nothing to read: nothing was handed over since */
    pthread_mutex_lock(&a->lock);
    struct plm_meta_answer *all = a->answers;
    a->answers = NULL;
    a->answers_end = &a->answers;
    pthread_mutex_unlock(&a->lock);
    return all;
}
