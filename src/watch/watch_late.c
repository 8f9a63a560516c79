/* SPDX-License-Identifier: Apache-2.0
 *
 * Events that wait for their container's metadata. A container is known by its cgroup at once; its name and
 * image come from the engine a moment later. An event of such a container that fired a rule, or that a rule
 * with container fields could be true for, is copied and evaluated when the metadata are there, or after
 * metadata_wait_ms without them. Until then all later ones of that container wait behind it, so their order
 * is kept; nothing else waits. Bounded: LATE_MAX events of a container, then its queue goes as things are.
 *
 * A recording brings its metadata as lines; there time is that of the events.
 */
#include "watch/watch_int.h"

enum { LATE_MAX = 2048, BOXES_MAX = 4096 };

struct late_event {
    struct late_event *next;
    struct plm_arena *arena;
    struct plm_view_copy copy;
};

struct box { /* of one container */
    struct box *next;
    char *id;
    uint64_t deadline_ms;
    bool is_given_up; /* waited once in vain: not again until it is known */
    struct late_event *first, **end;
    unsigned n;
};

struct plm_late {
    uint64_t wait_ms, deadline_ms;
    struct box *boxes;
    unsigned n_boxes;
};

struct plm_late *plm_late_new(uint64_t wait_ms, plm_err **err)
{
    struct plm_late *l = calloc(1, sizeof(*l));
    if (!l)
        return PLM_NULL(plm_fail_oom(err));
    l->wait_ms = wait_ms;
    l->deadline_ms = UINT64_MAX;
    return l;
}

static void event_free(struct late_event *e)
{
    for (size_t i = 0; i < e->copy.n_threads; i++)
        if (e->copy.threads[i]->cache)
            plm_rule_matcher_drop_cache(plm_take(e->copy.threads[i]->cache));
    plm_arena_free(e->arena); /* the event is in it */
}

static void box_free(struct box *b)
{
    for (struct late_event *e = b->first, *next; e; e = next) {
        next = e->next;
        event_free(e);
    }
    free(b->id);
    free(b);
}

void plm_late_free(struct plm_late *l)
{
    if (!l)
        return;
    for (struct box *b = l->boxes, *next; b; b = next) {
        next = b->next;
        box_free(b);
    }
    free(l);
}

uint64_t plm_late_deadline(const struct plm_late *l)
{
    return l->deadline_ms;
}

static struct box *find(const struct plm_late *l, plm_sv id)
{
    struct box *b = l->boxes;
    while (b && !plm_sv_is(id, b->id))
        b = b->next;
    return b;
}

static struct box *open_box(struct plm_late *l, plm_sv id, uint64_t now_ms)
{
    struct box *b = l->n_boxes < BOXES_MAX ? calloc(1, sizeof(*b)) : NULL;
    if (!b)
        return NULL;
    b->id = strndup(id.p, id.n);
    if (!b->id) {
        free(b);
        return NULL;
    }
    b->end = &b->first;
    b->deadline_ms = now_ms + l->wait_ms;
    b->next = l->boxes;
    l->boxes = b;
    l->n_boxes++;
    if (b->deadline_ms < l->deadline_ms)
        l->deadline_ms = b->deadline_ms;
    return b;
}

/* Asked and not answered; a recording asks nobody, its answer is a line that may come later. */
static bool is_waiting(const struct plm_watch *w, const struct plm_container *c)
{
    return c->state == PLM_META_WAITING || (w->is_replay && c->state != PLM_META_KNOWN && !c->why.p);
}

static bool append(struct plm_watch *w, struct box *b, const struct plm_view *view)
{
    struct plm_arena *a = plm_arena_new(PLM_MIB(8));
    struct late_event *e = a ? plm_arena_make(a, struct late_event) : NULL;
    if (!e || plm_view_copy(view, a, &e->copy, NULL) < 0) {
        plm_arena_free(a);
        return false;
    }
    e->arena = a;
    *b->end = e;
    b->end = &e->next;
    b->n++;
    w->stats.n_waited++;
    return true;
}

static void release_box(struct plm_watch *w, struct box *b)
{
    struct late_event *e = b->first;
    struct plm_container *c = plm_meta_find(w->meta, plm_sv_from(b->id));
    b->first = NULL;
    b->end = &b->first;
    b->n = 0;
    b->is_given_up = c && is_waiting(w, c);
    for (struct late_event *next; e; e = next) {
        next = e->next;
        w->stats.n_hurried += b->is_given_up;
        e->copy.view.arena = w->scratch;
        (void)plm_watch_evaluate(w, w->set.late, &e->copy.view);
        plm_arena_reset(w->scratch);
        event_free(e);
    }
}

bool plm_late_take(struct plm_watch *w, const struct plm_view *view, bool is_hit, uint64_t now_ms)
{
    const struct plm_container *c = view->thread->container;
    if (!c || !w->late->wait_ms || !is_waiting(w, c))
        return false;
    if (!is_hit && !plm_evset_has(&w->set.waits, view->event->type->id))
        return false;
    struct box *b = find(w->late, c->full_id);
    if (b && b->is_given_up)
        return false;
    if (b && b->n >= LATE_MAX) {
        release_box(w, b);
        b->is_given_up = true;
        return false;
    }
    if (!b)
        b = open_box(w->late, c->full_id, now_ms);
    return b && append(w, b, view);
}

void plm_late_release(struct plm_watch *w, uint64_t now_ms, bool all)
{
    struct plm_late *l = w->late;
    l->deadline_ms = UINT64_MAX;
    for (struct box **at = &l->boxes, *b; (b = *at);) {
        const struct plm_container *c = plm_meta_find(w->meta, plm_sv_from(b->id));
        bool is_known = !c || !is_waiting(w, c);
        if (is_known || all || (!b->is_given_up && now_ms >= b->deadline_ms))
            release_box(w, b);
        if (is_known || all) {
            *at = b->next;
            box_free(b);
            l->n_boxes--;
            continue;
        }
        if (!b->is_given_up && b->deadline_ms < l->deadline_ms)
            l->deadline_ms = b->deadline_ms;
        at = &b->next;
    }
}
