/* SPDX-License-Identifier: Apache-2.0
 *
 * Bounded thread pool: a ring of items, one mutex, two conditions.
 */
#include "base/pool.h"

#include <pthread.h>
#include <signal.h>
#include <stdbool.h>

struct item {
    void (*fn)(void *);
    void *arg;
};

struct plm_pool {
    pthread_mutex_t lock;   /* guards everything below but threads */
    pthread_cond_t changed; /* an item came or went, or `stop` was set */
    struct item *ring;
    size_t cap, head, n, running;
    bool stop;
    unsigned n_threads;
    pthread_t threads[];
};

static void *run(void *arg)
{
    struct plm_pool *p = arg;
    pthread_mutex_lock(&p->lock);
    for (;;) {
        while (p->n == 0 && !p->stop)
            pthread_cond_wait(&p->changed, &p->lock);
        if (p->n == 0)
            break;
        struct item it = p->ring[p->head];
        p->head = (p->head + 1) % p->cap;
        p->n--;
        p->running++;
        pthread_cond_broadcast(&p->changed);
        pthread_mutex_unlock(&p->lock);
        it.fn(it.arg);
        pthread_mutex_lock(&p->lock);
        p->running--;
        pthread_cond_broadcast(&p->changed);
    }
    pthread_mutex_unlock(&p->lock);
    return NULL;
}

struct plm_pool *plm_pool_new(unsigned threads, plm_err **err)
{
    unsigned wanted = threads > 1 ? threads : 0;
    struct plm_pool *p = calloc(1, sizeof(*p) + wanted * sizeof(p->threads[0]));
    if (p && wanted)
        p->ring = calloc(p->cap = 4 * (size_t)wanted, sizeof(*p->ring));
    if (!p || (wanted && !p->ring)) {
        free(p);
        return PLM_NULL(plm_fail_oom(err));
    }
    pthread_mutex_init(&p->lock, NULL);
    pthread_cond_init(&p->changed, NULL);
    /* Signals belong to the main thread. */
    sigset_t all, old;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &old);
    while (p->n_threads < wanted && pthread_create(&p->threads[p->n_threads], NULL, run, p) == 0)
        p->n_threads++;
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    return p; /* fewer threads than asked is slower, not wrong */
}

void plm_pool_submit(struct plm_pool *p, void (*fn)(void *arg), void *arg)
{
    if (p->n_threads == 0) {
        fn(arg);
        return;
    }
    pthread_mutex_lock(&p->lock);
    while (p->n == p->cap)
        pthread_cond_wait(&p->changed, &p->lock);
    p->ring[(p->head + p->n) % p->cap] = (struct item){fn, arg};
    p->n++;
    pthread_cond_broadcast(&p->changed);
    pthread_mutex_unlock(&p->lock);
}

void plm_pool_wait(struct plm_pool *p)
{
    pthread_mutex_lock(&p->lock);
    while (p->n || p->running)
        pthread_cond_wait(&p->changed, &p->lock);
    pthread_mutex_unlock(&p->lock);
}

void plm_pool_free(struct plm_pool *p)
{
    if (!p)
        return;
    plm_pool_wait(p);
    pthread_mutex_lock(&p->lock);
    p->stop = true;
    pthread_cond_broadcast(&p->changed);
    pthread_mutex_unlock(&p->lock);
    for (unsigned i = 0; i < p->n_threads; i++)
        pthread_join(p->threads[i], NULL);
    pthread_cond_destroy(&p->changed);
    pthread_mutex_destroy(&p->lock);
    free(p->ring);
    free(p);
}
