/* SPDX-License-Identifier: Apache-2.0
 *
 * What each event does to the process table (falco-rules.md part 6). Types of events and the places of their
 * parameters are looked up by name once; a recording may lack any parameter, then the state stays as it was.
 *
 * The kernel's own view of the thread, where the event brings it, wins over what the parameters say:
 * arguments of a namespace (ids, process numbers) are not the numbers of the table.
 */
#include "watch/proc_int.h"

#include "watch/meta_int.h"

#include <stdlib.h>

enum act_kind {
    ACT_NONE,
    ACT_EXEC,
    ACT_FORK,
    ACT_END,
    ACT_UID,
    ACT_GID,
    ACT_SETSID,
    ACT_SETPGID,
    ACT_CHDIR,
    ACT_FCHDIR,
    ACT_CAPS,
    ACT_PRCTL,
};

enum { ACT_ARGS = 3, COMM_MAX = 15, PR_SET_NAME_ = 15 };
#define CLONE_THREAD_ 0x00010000u /* the kernel's; Falco's table gives the flag by name */

struct plm_proc_act {
    enum act_kind kind;
    int arg[ACT_ARGS]; /* indexes of parameters, -1: the type has none */
};

static const struct {
    const char *type;
    enum act_kind kind;
    const char *args[ACT_ARGS];
} rows[] = {
    {"execve", ACT_EXEC, {"flags"}},
    {"execveat", ACT_EXEC, {"flags"}},
    {"clone", ACT_FORK, {"flags"}},
    {"clone3", ACT_FORK, {"flags"}},
    {"fork", ACT_FORK, {"flags"}},
    {"vfork", ACT_FORK, {"flags"}},
    {"procexit", ACT_END, {"reaper_tid"}},
    {"setuid", ACT_UID, {"uid"}},
    {"setreuid", ACT_UID, {"euid"}},
    {"setresuid", ACT_UID, {"euid"}},
    {"setgid", ACT_GID, {"gid"}},
    {"setregid", ACT_GID, {"egid"}},
    {"setresgid", ACT_GID, {"egid"}},
    {"setsid", ACT_SETSID, {NULL}},
    {"setpgid", ACT_SETPGID, {"pid", "pgid"}},
    {"chdir", ACT_CHDIR, {"path"}},
    {"fchdir", ACT_FCHDIR, {"fd"}},
    {"capset", ACT_CAPS, {"cap_inheritable", "cap_permitted", "cap_effective"}},
    {"prctl", ACT_PRCTL, {"option", "arg2_str"}},
};

struct plm_proc_act *plm_proc_acts_new(void)
{
    struct plm_proc_act *acts = calloc(PLM_EVTYPE_MAX, sizeof(*acts));
    for (size_t i = 0; acts && i < sizeof(rows) / sizeof(rows[0]); i++) {
        const struct plm_evtype *t = plm_evtype_find(plm_sv_from(rows[i].type));
        if (!t || t->id >= PLM_EVTYPE_MAX)
            continue;
        struct plm_proc_act *a = &acts[t->id];
        a->kind = rows[i].kind;
        for (size_t k = 0; k < ACT_ARGS; k++)
            a->arg[k] = rows[i].args[k] ? plm_evtype_param(t, plm_sv_from(rows[i].args[k])) : -1;
    }
    return acts;
}

/* ---- parameters ---------------------------------------------------------------------------------- */

static const struct plm_param *param_at(const struct plm_event *e, int index)
{
    return index >= 0 && (unsigned)index < e->n_params && e->params[index].is_present ? &e->params[index]
                                                                                      : NULL;
}

static const struct plm_param *param_named(const struct plm_event *e, const char *name)
{
    return param_at(e, plm_evtype_param(e->type, plm_sv_from(name)));
}

static plm_sv text_of(const struct plm_param *q)
{
    return q->resolved.p ? q->resolved : q->s;
}

enum fact_kind { FACT_TEXT, FACT_I32, FACT_U32, FACT_I64, FACT_U64 };

/* Parameters of execve and clone that are facts of the thread, for events that bring no record. */
static const struct {
    const char *param;
    size_t offset;
    enum fact_kind kind;
    bool exec_only;
} facts[] = {
    {"exe", offsetof(struct plm_task_info, exe), FACT_TEXT, false},
    {"args", offsetof(struct plm_task_info, args), FACT_TEXT, false},
    {"env", offsetof(struct plm_task_info, env), FACT_TEXT, false},
    {"comm", offsetof(struct plm_task_info, comm), FACT_TEXT, false},
    {"cwd", offsetof(struct plm_task_info, cwd), FACT_TEXT, false},
    {"cgroups", offsetof(struct plm_task_info, cgroups), FACT_TEXT, false},
    {"trusted_exepath", offsetof(struct plm_task_info, exepath), FACT_TEXT, true},
    {"tid", offsetof(struct plm_task_info, tid), FACT_I32, false},
    {"pid", offsetof(struct plm_task_info, pid), FACT_I32, false},
    {"ptid", offsetof(struct plm_task_info, ptid), FACT_I32, false},
    {"vtid", offsetof(struct plm_task_info, vtid), FACT_I32, false},
    {"vpid", offsetof(struct plm_task_info, vpid), FACT_I32, false},
    {"vpgid", offsetof(struct plm_task_info, vpgid), FACT_I32, false},
    {"pgid", offsetof(struct plm_task_info, pgid), FACT_I32, false},
    {"tty", offsetof(struct plm_task_info, tty), FACT_U32, false},
    {"uid", offsetof(struct plm_task_info, uid), FACT_U32, false},
    {"gid", offsetof(struct plm_task_info, gid), FACT_U32, false},
    {"loginuid", offsetof(struct plm_task_info, loginuid), FACT_I64, false},
    {"flags", offsetof(struct plm_task_info, exe_flags), FACT_U32, true},
    {"cap_inheritable", offsetof(struct plm_task_info, cap_inheritable), FACT_U64, false},
    {"cap_permitted", offsetof(struct plm_task_info, cap_permitted), FACT_U64, false},
    {"cap_effective", offsetof(struct plm_task_info, cap_effective), FACT_U64, false},
    {"exe_ino", offsetof(struct plm_task_info, exe_ino), FACT_U64, false},
    {"exe_ino_ctime", offsetof(struct plm_task_info, exe_ctime), FACT_U64, false},
    {"exe_ino_mtime", offsetof(struct plm_task_info, exe_mtime), FACT_U64, false},
    {"pidns_init_start_ts", offsetof(struct plm_task_info, pidns_init_ts), FACT_U64, false},
    {"fdlimit", offsetof(struct plm_task_info, fdlimit), FACT_U64, false},
    {"vm_size", offsetof(struct plm_task_info, vm_size), FACT_U64, false},
    {"vm_rss", offsetof(struct plm_task_info, vm_rss), FACT_U64, false},
    {"vm_swap", offsetof(struct plm_task_info, vm_swap), FACT_U64, false},
};

static void add_facts(struct plm_task_info *i, const struct plm_event *e, bool is_exec)
{
    for (size_t k = 0; k < sizeof(facts) / sizeof(facts[0]); k++) {
        const struct plm_param *q = param_named(e, facts[k].param);
        if (!q || (facts[k].exec_only && !is_exec))
            continue;
        void *at = (char *)i + facts[k].offset;
        switch (facts[k].kind) {
        case FACT_TEXT:
            *(plm_sv *)at = text_of(q);
            break;
        case FACT_I32:
            *(int32_t *)at = (int32_t)q->i;
            break;
        case FACT_U32:
            *(uint32_t *)at = (uint32_t)q->u;
            break;
        case FACT_I64: /* a loginuid is unsigned in the event, and -1 unset */
            *(int64_t *)at = q->u == UINT32_MAX ? -1 : q->i;
            break;
        case FACT_U64:
            *(uint64_t *)at = q->u;
            break;
        }
    }
}

/* ---- effects --------------------------------------------------------------------------------------- */

static void set_text(struct plm_procs *p, struct plm_proc_node *n, plm_sv text, plm_sv *at)
{
    plm_sv fresh = plm_intern_get(&p->pool, text);
    if (!fresh.p) {
        p->stats.n_refused++;
        return;
    }
    bool is_same = fresh.p == at->p;
    plm_intern_drop(&p->pool, *at);
    *at = fresh;
    if (!is_same)
        plm_procs_changed(p, n);
}

/* Threads of one process have one working directory. */
static void set_cwd(struct plm_procs *p, struct plm_proc_node *n, plm_sv path)
{
    if (!path.n || path.p[0] != '/')
        return;
    if (path.p[path.n - 1] != '/')
        path = plm_arena_printf(p->scratch, "%.*s/", PLM_SV_ARG(path));
    struct plm_proc_node *leader = n->t.leader ? plm_proc_node_of(n->t.leader) : n;
    set_text(p, leader, path, &leader->t.info.cwd);
    for (struct plm_proc_node *task = leader->first_task; task; task = task->task_next)
        set_text(p, task, path, &task->t.info.cwd);
}

static void on_exec(struct plm_procs *p, struct plm_proc_node *n, const struct plm_event *e)
{
    struct plm_task_info i = n->t.info;
    add_facts(&i, e, true);
    i.tid = n->t.info.tid; /* those of the event's own thread, whatever a parameter says */
    i.pid = i.tid;
    (void)plm_procs_set(p, &i, e->ts, PLM_PROC_EXEC);
}

/* The child's own event, or its parent's where only that is there and numbers need no translation. */
static void on_fork(struct plm_procs *p, struct plm_proc_node *n, const struct plm_event *e, int flags_at)
{
    const struct plm_thread *parent = &n->t;
    if (e->res <= 0 || e->res > INT32_MAX || e->task || parent->info.vtid != parent->info.tid ||
        plm_procs_find(p, (int32_t)e->res))
        return;
    const struct plm_param *flags = param_at(e, flags_at);
    bool is_thread = flags && flags->u & CLONE_THREAD_;
    struct plm_task_info i = parent->info;
    i.tid = i.vtid = (int32_t)e->res;
    if (!is_thread) {
        i.ptid = parent->info.pid;
        i.pid = i.vpid = i.tid;
        i.clone_ts = e->ts;
    }
    (void)plm_procs_set(p, &i, e->ts, PLM_PROC_PUT);
}

static void on_setpgid(struct plm_procs *p, struct plm_proc_node *n, const struct plm_event *e,
                       const struct plm_proc_act *act)
{
    const struct plm_param *pid = param_at(e, act->arg[0]), *pgid = param_at(e, act->arg[1]);
    if (!pid || !pgid)
        return;
    struct plm_proc_node *self = n->t.leader ? plm_proc_node_of(n->t.leader) : n, *target = NULL;
    if (pid->i == 0 || pid->i == self->t.info.vpid)
        target = self;
    for (struct plm_proc_node *c = self->first_child; c && !target; c = c->sib_next)
        if (c->t.info.vpid == pid->i && !c->is_ended)
            target = c;
    if (!target)
        return;
    struct plm_task_info *i = &target->t.info;
    const struct plm_proc_node *first = NULL; /* of the group that it joins */
    if (pgid->i == 0 || pgid->i == i->vpid)
        first = target;
    for (const struct plm_proc_node *c = self->first_child; c && !first; c = c->sib_next)
        if (c->t.info.vpgid == pgid->i)
            first = c;
    if (!first && self->t.info.vpgid == pgid->i)
        first = self;
    i->vpgid = pgid->i ? (int32_t)pgid->i : i->vpid;
    i->pgid = first == target ? i->pid : first ? first->t.info.pgid : i->vpid == i->pid ? i->vpgid : -1;
    plm_procs_changed(p, target);
}

static void on_setsid(struct plm_procs *p, struct plm_proc_node *n)
{
    struct plm_task_info *i = &n->t.info;
    i->sid = i->pgid = i->pid;
    i->vpgid = i->vpid;
    i->tty = 0;
    plm_procs_changed(p, n);
}

static void set_id(struct plm_procs *p, struct plm_proc_node *n, const struct plm_param *q, uint32_t *at)
{
    if (!q || (uint32_t)q->u == UINT32_MAX || *at == (uint32_t)q->u)
        return;
    *at = (uint32_t)q->u;
    plm_procs_changed(p, n);
}

static void on_caps(struct plm_procs *p, struct plm_proc_node *n, const struct plm_event *e,
                    const struct plm_proc_act *act)
{
    uint64_t *const at[ACT_ARGS] = {&n->t.info.cap_inheritable, &n->t.info.cap_permitted,
                                    &n->t.info.cap_effective};
    for (size_t i = 0; i < ACT_ARGS; i++) {
        const struct plm_param *q = param_at(e, act->arg[i]);
        *at[i] = q ? q->u : *at[i];
    }
    plm_procs_changed(p, n);
}

static void on_prctl(struct plm_procs *p, struct plm_proc_node *n, const struct plm_event *e,
                     const struct plm_proc_act *act)
{
    const struct plm_param *option = param_at(e, act->arg[0]), *text = param_at(e, act->arg[1]);
    if (option && option->u == PR_SET_NAME_ && text)
        set_text(p, n, plm_sv_sub(text->s, 0, COMM_MAX), &n->t.info.comm);
}

/* A call that succeeded and whose effect no record tells. */
static void act_on(struct plm_procs *p, struct plm_proc_node *n, const struct plm_event *e,
                   const struct plm_proc_act *act)
{
    const struct plm_param *first = param_at(e, act->arg[0]);
    switch (act->kind) {
    case ACT_NONE:
    case ACT_END: /* plm_procs_after */
        break;
    case ACT_EXEC:
        on_exec(p, n, e);
        break;
    case ACT_FORK:
        on_fork(p, n, e, act->arg[0]);
        break;
    case ACT_UID:
        set_id(p, n, first, &n->t.info.uid);
        break;
    case ACT_GID:
        set_id(p, n, first, &n->t.info.gid);
        break;
    case ACT_SETSID:
        on_setsid(p, n);
        break;
    case ACT_SETPGID:
        on_setpgid(p, n, e, act);
        break;
    case ACT_CHDIR:
        if (first)
            set_cwd(p, n, text_of(first));
        break;
    case ACT_FCHDIR:
        if (e->has_fd && e->fd.type == PLM_FD_DIRECTORY)
            set_cwd(p, n, e->fd.name);
        break;
    case ACT_CAPS:
        on_caps(p, n, e, act);
        break;
    case ACT_PRCTL:
        on_prctl(p, n, e, act);
        break;
    }
}

/* ---- the thread of an event ------------------------------------------------------------------------- */

/* Stands in when there is no room: facts are the event's own, nothing is kept. */
static struct plm_thread *spare(struct plm_procs *p, const struct plm_event *e)
{
    struct plm_thread *t = &p->spare.t;
    if (t->cache && p->conf.drop_cache)
        p->conf.drop_cache(t->cache);
    *t = (struct plm_thread){.version = ++p->counter, .slot = p->n_chunks * PLM_PROC_CHUNK, .leader = t};
    t->info = (struct plm_task_info){.tid = e->tid,
                                     .pid = e->pid,
                                     .vtid = -1,
                                     .vpid = -1,
                                     .sid = -1,
                                     .pgid = -1,
                                     .vpgid = -1,
                                     .uid = UINT32_MAX,
                                     .gid = UINT32_MAX,
                                     .loginuid = -1};
    if (!e->task || e->task->tid != e->tid)
        return t;
    t->info = *e->task;
    t->is_known = true;
    t->parent = plm_procs_find(p, t->info.ptid);
    if (p->conf.meta && !t->info.is_kernel_thread)
        t->container = plm_meta_of_cgroup(p->conf.meta, t->info.cgroup, t->info.tid);
    return t;
}

static struct plm_proc_node *look_up(struct plm_procs *p, int32_t tid, uint64_t ts)
{
    if (!p->conf.lookup || p->stats.n_lookups >= p->conf.max_lookups)
        return NULL;
    p->stats.n_lookups++;
    struct plm_task_info info = {0};
    if (!p->conf.lookup(p->conf.lookup_data, tid, p->scratch, &info) || info.tid != tid || info.pid <= 0) {
        p->stats.n_failed_lookups++;
        return NULL;
    }
    return plm_procs_set(p, &info, ts, PLM_PROC_PUT);
}

/* Ancestors that nobody announced, a few steps up. */
static void look_up_ancestors(struct plm_procs *p, const struct plm_proc_node *n, uint64_t ts)
{
    enum { STEPS = 16 };
    const struct plm_thread *t = n->t.leader ? n->t.leader : &n->t;
    if (!t->is_known && !look_up(p, t->info.tid, ts))
        return;
    for (int i = 0; i < STEPS && t->parent; i++) {
        t = t->parent;
        if (!t->is_known && !look_up(p, t->info.tid, ts))
            return;
    }
}

static struct plm_proc_node *missing(struct plm_procs *p, const struct plm_event *e)
{
    struct plm_proc_node *n = NULL;
    struct plm_thread *leader = e->pid != e->tid ? plm_procs_find(p, e->pid) : NULL;
    if (leader && leader->is_known) { /* a thread has what its process has */
        struct plm_task_info i = leader->info;
        i.tid = e->tid;
        i.vtid = i.vpid == i.pid ? i.tid : -1;
        return plm_procs_set(p, &i, e->ts, PLM_PROC_PUT);
    }
    n = look_up(p, e->tid, e->ts);
    if (n)
        look_up_ancestors(p, n, e->ts);
    return n ? n : plm_procs_make_unknown(p, e->tid);
}

struct plm_thread *plm_procs_apply(struct plm_procs *p, const struct plm_event *e)
{
    plm_arena_reset(p->scratch);
    p->now = e->ts > p->now ? e->ts : p->now;
    if (p->now >= p->next_purge)
        plm_procs_purge(p);
    const struct plm_proc_act *act = &p->acts[e->type->id % PLM_EVTYPE_MAX];
    bool is_done = e->has_res ? e->res >= 0 : true;
    enum plm_proc_why why = PLM_PROC_PUT;
    if (is_done && (act->kind == ACT_EXEC || act->kind == ACT_FORK))
        why = act->kind == ACT_EXEC ? PLM_PROC_EXEC : PLM_PROC_FORK;
    if (e->task && e->task->tid > 0 && e->task->pid > 0) {
        struct plm_proc_node *n = plm_procs_set(p, e->task, e->ts, why);
        if (n)
            look_up_ancestors(p, n, e->ts);
    }
    struct plm_proc_node *n = plm_procs_find_any(p, e->tid);
    if (!n && act->kind != ACT_END && e->tid > 0)
        n = missing(p, e);
    if (!n)
        return spare(p, e);
    n->last_ts = p->now;
    n->round = p->round;
    bool has_told = e->task && e->task->tid == e->tid;
    if (is_done && !has_told && n->t.is_known && !n->is_ended)
        act_on(p, n, e, act);
    if (n->t.container && n->container_version != n->t.container->version) {
        n->container_version = n->t.container->version;
        plm_procs_changed(p, n);
    }
    return &n->t;
}

void plm_procs_after(struct plm_procs *p, const struct plm_event *e)
{
    const struct plm_proc_act *act = &p->acts[e->type->id % PLM_EVTYPE_MAX];
    if (act->kind != ACT_END)
        return;
    struct plm_proc_node *n = plm_procs_find_any(p, e->tid);
    const struct plm_param *reaper = param_at(e, act->arg[0]);
    if (n)
        plm_procs_end(p, n, reaper ? (int32_t)reaper->i : 0, e->ts);
}
