/* SPDX-License-Identifier: Apache-2.0
 *
 * Collector: the kernel's side of each running container.
 *
 * A process belongs to a container if the container's id is in its cgroup path (any of nested ones).
 * One that is in no container's cgroup, but in a pid namespace of a container, belongs to it as well:
 * a privileged process can leave its cgroup, hardly its pid namespace.
 *
 * State.Pid is believed only if that process is in the container's cgroup. Where an engine makes no
 * cgroups (rootless on version 1), the start time must be that of State.StartedAt; it is not asked
 * otherwise, because the kernel counts from boot and a clock that was set since tells another time.
 * If the pid is another's but the cgroup has processes (an engine in a pid namespace of its own), the
 * first of them is taken.
 *
 * The list of processes was read before the engine was asked: if a container is not in it, it is read
 * again. Linear in processes times the depth of their cgroups.
 */
#include "audit/facts.h"

#include <time.h>

#include "base/map.h"
#include "base/time.h"

#include <stdio.h>

enum { START_SLACK = 60 /* seconds between start of the process and what the engine wrote down */ };

struct work {
    struct plm_facts *f;
    struct plm_map *by_id;     /* container id to struct members */
    struct plm_map *by_pid_ns; /* inode as text to struct members */
};
struct members {
    struct plm_container *container;
    struct plm_process *init;
    PLM_VEC(struct plm_process *) all;
};

static plm_sv take_text(struct plm_arena *a, plm_err *err)
{
    char *text = plm_err_text(err);
    plm_sv s = text ? plm_arena_sv(a, plm_sv_from(text)) : PLM_SV("out of memory");
    free(text);
    plm_err_free(err);
    return s.p ? s : PLM_SV("out of memory");
}

static bool is_wanted(const struct plm_container *c)
{
    return c->is_running && !c->daemon->is_remote;
}

static bool has_run_out(const struct plm_process *p)
{
    return p->state == 'Z' || p->state == 'X';
}

static struct plm_process *find_process(struct plm_facts *f, int64_t pid)
{
    size_t low = 0, high = f->processes.n;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (f->processes.v[mid].pid < pid)
            low = mid + 1;
        else
            high = mid;
    }
    return low < f->processes.n && f->processes.v[low].pid == pid ? &f->processes.v[low] : NULL;
}

static int64_t pid_of(const struct plm_container *c)
{
    return plm_json_int(plm_json_at(c->inspect.root, "State", NULL), "Pid", 0);
}

#define EACH_CONTAINER(f, c)                                                                                 \
    for (size_t d_ = 0; d_ < (f)->daemons.n; d_++)                                                           \
        for (struct plm_container *c = (f)->daemons.v[d_].containers.v,                                      \
                                  *end_ = c + (f)->daemons.v[d_].containers.n;                               \
             c < end_; c++)

/* ---- reading the list again ---------------------------------------------------------------------- */

/* What pointed into the old list points into the new one. */
static void repoint(struct plm_facts *f)
{
    for (size_t i = 0; i < f->daemons.n; i++) {
        struct plm_daemon *d = &f->daemons.v[i];
        struct plm_process *now = d->process ? find_process(f, d->process->pid) : NULL;
        if (now && now->start_ticks == d->process->start_ticks) {
            *now = *d->process; /* with its details */
            d->process = now;
        }
    }
}

static void refresh(struct plm_facts *f)
{
    bool is_missing = false;
    EACH_CONTAINER(f, c)
    is_missing |= is_wanted(c) && pid_of(c) > 0 && !find_process(f, pid_of(c));
    plm_process_vec now;
    plm_auto(plm_err_free) plm_err *failure = NULL; /* then the first list stands */
    if (!is_missing || !plm_kernel_is_live(f->kernel) ||
        plm_kernel_processes(f->kernel, f->arena, &now, &failure) < 0)
        return;
    f->processes = now;
    repoint(f);
}

/* ---- whose is it? ---------------------------------------------------------------------------------- */

static struct members *members_of(struct work *w, plm_sv cgroup)
{
    plm_sv id;
    while (plm_cgroup_next_id(&cgroup, &id)) {
        struct members *m = plm_map_get(w->by_id, id);
        if (m)
            return m;
    }
    return NULL;
}

static int add_member(struct work *w, struct members *m, struct plm_process *p, plm_err **err)
{
    struct plm_process **slot = plm_vec_push(w->f->arena, &m->all);
    if (!slot)
        return plm_arena_check(w->f->arena, err);
    *slot = p;
    return 0;
}

static int index_containers(struct work *w, plm_err **err)
{
    EACH_CONTAINER(w->f, c)
    {
        if (!is_wanted(c))
            continue;
        struct members *m = plm_arena_make(w->f->arena, struct members);
        void **slot = m ? plm_map_put(w->by_id, c->id) : NULL;
        if (!slot)
            return plm_fail_oom(err);
        m->container = c;
        if (!*slot) /* else a daemon that is known by two endpoints: share_truth */
            *slot = m;
    }
    return 0;
}

static int sort_by_cgroup(struct work *w, plm_err **err)
{
    for (size_t i = 0; i < w->f->processes.n; i++) {
        struct plm_process *p = &w->f->processes.v[i];
        struct members *m = p->cgroup.p && !has_run_out(p) ? members_of(w, p->cgroup) : NULL;
        if (m && add_member(w, m, p, err) < 0)
            return -1;
    }
    return 0;
}

static bool is_started_then(const struct plm_container *c, const struct plm_process *p)
{
    int64_t at;
    plm_sv text = plm_json_str(plm_json_at(c->inspect.root, "State", NULL), "StartedAt", NULL);
    if (!plm_time_parse(text, &at) || !p->started)
        return false;
    int64_t apart = p->started > at ? p->started - at : at - p->started;
    return apart <= START_SLACK;
}

/* Init, or why there is none. */
static void find_init(struct work *w, struct members *m)
{
    struct plm_container *c = m->container;
    struct plm_arena *a = w->f->arena;
    int64_t pid = pid_of(c);
    struct plm_process *p = pid > 0 ? find_process(w->f, pid) : NULL;
    if (p && plm_cgroup_has_container(p->cgroup, c->id)) {
        m->init = p;
    } else if (m->all.n) {
        m->init = m->all.v[0];
        for (size_t i = 1; i < m->all.n; i++)
            if (m->all.v[i]->start_ticks < m->init->start_ticks)
                m->init = m->all.v[i];
    } else if (!c->inspect.root) {
        c->truth_failure = plm_arena_printf(a, "inspect: %.*s", PLM_SV_ARG(c->inspect.failure));
    } else if (!p) {
        c->truth_failure = pid > 0
                               ? plm_arena_printf(a, "process %lld (State.Pid) is not there", (long long)pid)
                               : PLM_SV("State.Pid: the engine names no process");
    } else if (p->container_id.p) {
        c->truth_failure = plm_arena_printf(a, "process %lld (State.Pid) belongs to container %.*s now",
                                            (long long)pid, PLM_SV_ARG(plm_sv_sub(p->container_id, 0, 12)));
    } else if (!is_started_then(c, p)) {
        c->truth_failure = plm_arena_printf(
            a, "process %lld (State.Pid) is not in the container's cgroup and did not start when it did",
            (long long)pid);
    } else {
        m->init = p;
    }
}

static bool is_of_host(struct plm_kernel *k, enum plm_ns ns, uint64_t ino)
{
    return ino == plm_kernel_host_ns(k, ns, NULL);
}

static plm_sv number_text(struct plm_arena *a, uint64_t n)
{
    return plm_arena_printf(a, "%llu", (unsigned long long)n);
}

/* Processes of a container's pid namespace that are in no container's cgroup. */
static int sort_by_namespace(struct work *w, plm_err **err)
{
    struct plm_facts *f = w->f;
    for (size_t i = 0; i < plm_map_count(w->by_id); i++) {
        struct members *m = plm_map_value(w->by_id, i);
        uint64_t ino = m->init ? plm_kernel_process_ns(f->kernel, m->init, PLM_NS_PID) : 0;
        if (!ino || is_of_host(f->kernel, PLM_NS_PID, ino))
            continue;
        plm_sv key = number_text(f->arena, ino);
        void **slot = key.p ? plm_map_put(w->by_pid_ns, key) : NULL;
        if (!slot)
            return plm_fail_oom(err);
        if (!*slot)
            *slot = m;
    }
    if (!plm_map_count(w->by_pid_ns))
        return 0;
    for (size_t i = 0; i < f->processes.n; i++) {
        struct plm_process *p = &f->processes.v[i];
        if (p->is_kernel || p->container_id.p || has_run_out(p))
            continue;
        char text[24];
        uint64_t ino = plm_kernel_process_ns(f->kernel, p, PLM_NS_PID);
        int n = snprintf(text, sizeof(text), "%llu", (unsigned long long)ino);
        struct members *m = ino ? plm_map_get(w->by_pid_ns, plm_sv_n(text, (size_t)n)) : NULL;
        if (m && add_member(w, m, p, err) < 0)
            return -1;
    }
    return 0;
}

/* ---- what is known of it --------------------------------------------------------------------------- */

static bool has_gone(const struct plm_process *p)
{
    return !p->has_status && (p->sys == ESRCH || p->sys == ENOENT);
}

static int by_pid(const void *x, const void *y)
{
    const struct plm_process *const *a = x, *const *b = y;
    return ((*a)->pid > (*b)->pid) - ((*a)->pid < (*b)->pid);
}

/* What an engine's exec starts is for a moment the runtime itself, with every capability: runc from a copy of
 * its own in memory, or from its file. */
static bool is_starting(const struct plm_process *p)
{
    size_t slash = plm_sv_rfind(p->exe, '/');
    plm_sv name = slash == SIZE_MAX ? p->exe : plm_sv_from_off(p->exe, slash + 1);
    return plm_sv_starts(p->comm, PLM_SV("runc:[")) &&
           (plm_sv_has(p->exe, PLM_SV("memfd:runc")) || plm_sv_is(name, "runc") || plm_sv_is(name, "exe"));
}

/* It is judged by what it becomes; one that stays as it is (nobody but root makes one) is judged as that. */
static void read_settled(struct plm_facts *f, struct plm_process *p)
{
    enum { TRIES = 10 };
    const struct timespec moment = {.tv_nsec = 5000000};
    plm_kernel_process_details(f->kernel, f->arena, p);
    for (int i = 0; i < TRIES && is_starting(p) && plm_kernel_is_live(f->kernel); i++) {
        (void)nanosleep(&moment, NULL);
        p->has_details = false;
        p->groups.n = 0;
        plm_kernel_process_details(f->kernel, f->arena, p);
    }
}

static int read_processes(struct plm_facts *f, struct members *m, plm_err **err)
{
    struct plm_container *c = m->container;
    plm_kernel_process_details(f->kernel, f->arena, m->init);
    if (has_gone(m->init)) {
        c->truth_failure = PLM_SV("the container ended while it was read");
        return 0;
    }
    const struct plm_process **slot = plm_vec_push(f->arena, &c->processes);
    if (!slot)
        return plm_arena_check(f->arena, err);
    *slot = c->init = m->init;
    if (m->all.n)
        qsort(m->all.v, m->all.n, sizeof(*m->all.v), by_pid);
    for (size_t i = 0; i < m->all.n; i++) {
        if (m->all.v[i] == m->init || (i && m->all.v[i] == m->all.v[i - 1]))
            continue;
        read_settled(f, m->all.v[i]);
        if (has_gone(m->all.v[i]))
            continue;
        if (!(slot = plm_vec_push(f->arena, &c->processes)))
            return plm_arena_check(f->arena, err);
        *slot = m->all.v[i];
    }
    return 0;
}

static void read_sockets(struct plm_facts *f, struct plm_container *c)
{
    plm_err *failure = NULL;
    uint64_t ino = c->init->ns[PLM_NS_NET];
    if (ino && is_of_host(f->kernel, PLM_NS_NET, ino))
        return;
    if (plm_kernel_sockets(f->kernel, c->init->pid, f->arena, &c->sockets, &failure) < 0) {
        c->sockets = (plm_socket_vec){0};
        c->sockets_failure = take_text(f->arena, failure);
    }
}

/* Overlay directories as the engine says, else as the kernel does (containerd's snapshotters). Those of an
 * overlay with many layers are relative to where it was mounted from, which nobody tells. */
static void find_overlay(struct plm_facts *f, struct plm_container *c)
{
    yyjson_val *data = plm_json_at(c->inspect.root, "GraphDriver", "Data", NULL);
    plm_sv upper = plm_json_str(data, "UpperDir", NULL), lower = plm_json_str(data, "LowerDir", NULL);
    const struct plm_mount *root = plm_mount_of(&c->mounts, PLM_SV("/"));
    if (!upper.p && root && plm_sv_is(root->type, "overlay")) {
        upper = plm_mount_option(root, "upperdir", f->arena);
        lower = plm_mount_option(root, "lowerdir", f->arena);
        if (!lower.p)
            lower = plm_mount_option(root, "lowerdir+", f->arena);
    }
    if (!upper.p || !plm_sv_starts(upper, PLM_SV("/")))
        return;
    c->upper_dir = plm_arena_sv(f->arena, upper);
    c->lower_dirs = plm_arena_sv(f->arena, lower);
}

static int read_container(struct plm_facts *f, struct members *m, plm_err **err)
{
    struct plm_container *c = m->container;
    plm_err *failure = NULL;
    if (!m->init)
        return plm_arena_check(f->arena, err);
    if (read_processes(f, m, err) < 0 ||
        (!c->truth_failure.p && plm_kernel_cgroup(f->kernel, m->init, f->arena, &c->cgroup, err) < 0))
        return -1;
    if (c->truth_failure.p)
        return 0;
    if (plm_kernel_mounts(f->kernel, m->init->pid, f->arena, &c->mounts, &failure) < 0) {
        c->mounts = (plm_mount_vec){0};
        c->mounts_failure = take_text(f->arena, failure);
    }
    read_sockets(f, c);
    find_overlay(f, c);
    return plm_arena_check(f->arena, err);
}

static void share_truth(struct work *w)
{
    EACH_CONTAINER(w->f, c)
    {
        const struct members *m = is_wanted(c) ? plm_map_get(w->by_id, c->id) : NULL;
        const struct plm_container *first = m ? m->container : NULL;
        if (!first || first == c)
            continue;
        c->truth_failure = first->truth_failure;
        c->init = first->init;
        c->processes.v = first->processes.v;
        c->processes.n = c->processes.cap = first->processes.n;
        c->cgroup = first->cgroup;
        c->mounts = first->mounts;
        c->mounts_failure = first->mounts_failure;
        c->sockets = first->sockets;
        c->sockets_failure = first->sockets_failure;
        c->upper_dir = first->upper_dir;
        c->lower_dirs = first->lower_dirs;
    }
}

static void fail_all(struct plm_facts *f, plm_sv why)
{
    EACH_CONTAINER(f, c)
    if (is_wanted(c))
        c->truth_failure = why;
}

int plm_collect_containers(struct plm_facts *f, plm_err **err)
{
    EACH_CONTAINER(f, c)
    if (c->daemon->is_remote)
        c->truth_failure = PLM_SV("the engine is on another machine");
    if (!f->kernel || f->processes_failure.p) {
        fail_all(f, f->kernel ? f->processes_failure : f->kernel_failure);
        return 0;
    }
    refresh(f);
    plm_auto(plm_map_free) struct plm_map *by_id = plm_map_new(), *by_pid_ns = plm_map_new();
    struct work w = {.f = f, .by_id = by_id, .by_pid_ns = by_pid_ns};
    if (!by_id || !by_pid_ns)
        return plm_fail_oom(err);
    if (index_containers(&w, err) < 0 || sort_by_cgroup(&w, err) < 0)
        return -1;
    for (size_t i = 0; i < plm_map_count(by_id); i++)
        find_init(&w, plm_map_value(by_id, i));
    if (sort_by_namespace(&w, err) < 0)
        return -1;
    for (size_t i = 0; i < plm_map_count(by_id); i++)
        if (read_container(f, plm_map_value(by_id, i), err) < 0)
            return -1;
    share_truth(&w);
    return 0;
}
