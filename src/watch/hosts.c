/* SPDX-License-Identifier: Apache-2.0
 *
 * The table and its thread. The thread may hang in the resolver for many seconds; it holds a reference of its
 * own, so that the owner can leave at once.
 */
#include "watch/hosts.h"

#include "watch/rules.h"

#include <netdb.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdlib.h>
#include <time.h>

enum { REFRESH_SECONDS = 300, RETRY_SECONDS = 10 };

struct host {
    char *name;
    int64_t due; /* monotonic seconds of the next question; 0: at once */
    size_t n;
    struct plm_ip ips[PLM_HOST_ADDRESSES_MAX];
};

struct plm_hosts {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    struct host *v[PLM_HOSTS_MAX];
    size_t n;
    unsigned refs;
    bool is_ending, has_thread;
};

static int64_t now_seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec;
}

static void drop(struct plm_hosts *h)
{
    pthread_mutex_lock(&h->lock);
    bool is_last = --h->refs == 0;
    pthread_mutex_unlock(&h->lock);
    if (!is_last)
        return;
    for (size_t i = 0; i < h->n; i++) {
        free(h->v[i]->name);
        free(h->v[i]);
    }
    pthread_cond_destroy(&h->changed);
    pthread_mutex_destroy(&h->lock);
    free(h);
}

static struct host *find(struct plm_hosts *h, plm_sv name)
{
    for (size_t i = 0; i < h->n; i++)
        if (plm_sv_is(name, h->v[i]->name))
            return h->v[i];
    return NULL;
}

static size_t addresses_of(const struct addrinfo *list, struct plm_ip *out)
{
    size_t n = 0;
    for (const struct addrinfo *a = list; a && n < PLM_HOST_ADDRESSES_MAX; a = a->ai_next) {
        struct plm_ip *ip = &out[n];
        if (a->ai_family == AF_INET) {
            const struct sockaddr_in *in = (const void *)a->ai_addr;
            *ip = (struct plm_ip){.family = 4};
            memcpy(ip->b, &in->sin_addr, 4);
            n++;
        } else if (a->ai_family == AF_INET6) {
            const struct sockaddr_in6 *in6 = (const void *)a->ai_addr;
            *ip = (struct plm_ip){.family = 6};
            memcpy(ip->b, &in6->sin6_addr, 16);
            n++;
        }
    }
    return n;
}

/* Called and left with the lock held; not held while the resolver is asked. */
static void ask(struct plm_hosts *h, struct host *one)
{
    struct plm_ip ips[PLM_HOST_ADDRESSES_MAX];
    struct addrinfo *list = NULL, hints = {.ai_socktype = SOCK_STREAM};
    pthread_mutex_unlock(&h->lock);
    int failed = getaddrinfo(one->name, NULL, &hints, &list);
    size_t n = failed ? 0 : addresses_of(list, ips);
    if (list)
        freeaddrinfo(list);
    pthread_mutex_lock(&h->lock);
    one->due = now_seconds() + (failed ? RETRY_SECONDS : REFRESH_SECONDS);
    one->n = n;
    memcpy(one->ips, ips, n * sizeof(*ips));
}

static void *run(void *arg)
{
    struct plm_hosts *h = arg;
    pthread_mutex_lock(&h->lock);
    while (!h->is_ending) {
        struct host *next = NULL;
        for (size_t i = 0; i < h->n; i++)
            if (!next || h->v[i]->due < next->due)
                next = h->v[i];
        if (next && next->due <= now_seconds()) {
            ask(h, next);
            continue;
        }
        if (!next) {
            pthread_cond_wait(&h->changed, &h->lock);
            continue;
        }
        struct timespec until = {.tv_sec = next->due};
        pthread_cond_timedwait(&h->changed, &h->lock, &until);
    }
    pthread_mutex_unlock(&h->lock);
    drop(h);
    return NULL;
}

struct plm_hosts *plm_hosts_new(plm_err **err)
{
    struct plm_hosts *h = calloc(1, sizeof(*h));
    if (!h)
        return PLM_NULL(plm_fail_oom(err));
    pthread_condattr_t attr;
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_mutex_init(&h->lock, NULL);
    pthread_cond_init(&h->changed, &attr);
    pthread_condattr_destroy(&attr);
    h->refs = 1;
    return h;
}

void plm_hosts_free(struct plm_hosts *h)
{
    if (!h)
        return;
    pthread_mutex_lock(&h->lock);
    h->is_ending = true;
    pthread_cond_signal(&h->changed);
    pthread_mutex_unlock(&h->lock);
    drop(h);
}

/* The thread starts with the first name: most rule sets have none. */
static void start_thread(struct plm_hosts *h)
{
    pthread_t t;
    if (h->has_thread)
        return;
    h->refs++;
    h->has_thread = pthread_create(&t, NULL, run, h) == 0;
    if (h->has_thread)
        pthread_detach(t);
    else
        h->refs--;
}

void plm_hosts_want(struct plm_hosts *h, plm_sv name)
{
    if (!h || !name.n)
        return;
    pthread_mutex_lock(&h->lock);
    if (!find(h, name) && h->n < PLM_HOSTS_MAX) {
        struct host *one = calloc(1, sizeof(*one));
        char *copy = one ? strndup(name.p, name.n) : NULL;
        if (copy) {
            one->name = copy;
            h->v[h->n++] = one;
            start_thread(h);
            pthread_cond_signal(&h->changed);
        } else {
            free(one);
        }
    }
    pthread_mutex_unlock(&h->lock);
}

/* Depth is bounded by the parser. */
static void want_condition(struct plm_hosts *h, const struct plm_cond *c)
{
    for (size_t i = 0; i < c->n_children; i++)
        want_condition(h, c->children[i]);
    if (c->kind != PLM_COND_CHECK || c->lhs->kind != PLM_OPERAND_FIELD || !c->lhs->ref.field ||
        !(c->lhs->ref.field->flags & PLM_F_HOSTNAME))
        return;
    for (size_t i = 0; i < c->n_values; i++)
        plm_hosts_want(h, c->values[i].text);
}

void plm_hosts_want_rules(struct plm_hosts *h, const struct plm_rules *rules)
{
    for (size_t i = 0; h && i < plm_rules_count(rules); i++) {
        const struct plm_rule *r = plm_rules_get(rules, i);
        if (r->is_enabled && r->condition)
            want_condition(h, r->condition);
    }
}

bool plm_hosts_has(struct plm_hosts *h, plm_sv name, const struct plm_ip *ip)
{
    if (!h)
        return false;
    bool has = false;
    pthread_mutex_lock(&h->lock);
    const struct host *one = find(h, name);
    for (size_t i = 0; one && i < one->n && !has; i++)
        has = one->ips[i].family == ip->family && !memcmp(one->ips[i].b, ip->b, ip->family == 4 ? 4 : 16);
    pthread_mutex_unlock(&h->lock);
    return has;
}
