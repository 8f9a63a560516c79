/* SPDX-License-Identifier: Apache-2.0
 *
 * Copies of views, for alerts that wait: the event with its parameters, its thread and that thread's
 * ancestors as they were. Containers are not copied: what comes in for them is what is waited for. Cost: a
 * few KiB, only for events of containers that the engine has not told about yet.
 */
#include "watch/watch_int.h"

static struct plm_addr *copy_addr(struct plm_arena *a, const struct plm_addr *from)
{
    struct plm_addr *to = plm_arena_make(a, struct plm_addr);
    if (to) {
        *to = *from;
        to->path = plm_arena_sv(a, from->path);
    }
    return to;
}

static void copy_param(struct plm_arena *a, enum plm_param_type type, struct plm_param *p)
{
    if (!p->is_present)
        return;
    switch (type) {
    case PLM_P_STR:
    case PLM_P_PATH:
    case PLM_P_BYTES:
    case PLM_P_STRINGS:
        p->s = plm_arena_sv(a, p->s);
        p->resolved = plm_arena_sv(a, p->resolved);
        break;
    case PLM_P_TUPLE:
    case PLM_P_ADDR:
        if (p->addr)
            p->addr = copy_addr(a, p->addr);
        break;
    case PLM_P_ERRNO:
    case PLM_P_FD:
    case PLM_P_PID:
    case PLM_P_INT:
    case PLM_P_UINT:
    case PLM_P_HEX:
    case PLM_P_FLAGS:
    case PLM_P_ENUM:
    case PLM_P_MODE:
    case PLM_P_UID:
    case PLM_P_GID:
    case PLM_P_SIGNAL:
        break;
    }
}

static void copy_task(struct plm_arena *a, struct plm_task_info *t)
{
    plm_sv *texts[] = {&t->comm, &t->exe,  &t->args,   &t->env,    &t->exepath,
                       &t->cwd,  &t->root, &t->cgroup, &t->cgroups};
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        *texts[i] = plm_arena_sv(a, *texts[i]);
}

static struct plm_event *copy_event(struct plm_arena *a, const struct plm_event *from)
{
    struct plm_event *e = plm_arena_make(a, struct plm_event);
    if (!e)
        return NULL;
    *e = *from;
    e->fd.name = plm_arena_sv(a, from->fd.name);
    e->fd.nameraw = plm_arena_sv(a, from->fd.nameraw);
    e->fd.addr.path = plm_arena_sv(a, from->fd.addr.path);
    for (unsigned i = 0; i < e->n_params && i < e->type->n_params; i++)
        copy_param(a, e->type->params[i].type, &e->params[i]);
    if (from->task) {
        struct plm_task_info *t = plm_arena_make(a, struct plm_task_info);
        if (t) {
            *t = *from->task;
            copy_task(a, t);
        }
        e->task = t;
    }
    return e;
}

static struct plm_thread *copy_thread(struct plm_view_copy *c, struct plm_arena *a,
                                      const struct plm_thread *from)
{
    struct plm_thread *t =
        from && c->n_threads < PLM_VIEW_THREADS ? plm_arena_make(a, struct plm_thread) : NULL;
    if (!t)
        return NULL;
    c->threads[c->n_threads++] = t;
    *t = *from;
    t->cache = NULL;
    copy_task(a, &t->info);
    t->leader = from->leader == from ? t : copy_thread(c, a, from->leader);
    /* A thread's parent is its leader's: one copy serves both. */
    if (t->leader && t->leader != t && from->leader->parent == from->parent)
        t->parent = t->leader->parent;
    else
        t->parent = from->parent == from ? NULL : copy_thread(c, a, from->parent);
    return t;
}

int plm_view_copy(const struct plm_view *view, struct plm_arena *a, struct plm_view_copy *out, plm_err **err)
{
    *out = (struct plm_view_copy){.view = *view};
    out->view.event = copy_event(a, view->event);
    out->view.thread = copy_thread(out, a, view->thread);
    return plm_arena_check(a, err);
}
