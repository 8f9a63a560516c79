/* SPDX-License-Identifier: Apache-2.0
 *
 * proc.*: the process, its parent, ancestors and leaders (falco-rules.md 4.1, 4.2 and part 6). The name is
 * the thread's own (prctl may change it), the rest is shared by the threads of a process. Ancestors start at
 * the parent; with an index 0 is the process itself.
 *
 * A process that nobody saw start and /proc no longer has (plm_thread.is_known false) has the name and the
 * executable <NA>, so that `proc.name != x` is true for it as in Falco, and no other text.
 */
#include "watch/field_int.h"

#include "base/buf.h"

/* ---- attributes of one process ------------------------------------------------------------------ */

enum attribute { NAME, EXE, EXEPATH, CMDLINE, EXELINE, ARGS, ENV, PID };

/* What the threads of a process share may stand at its leader only. */
static plm_sv shared(const struct plm_thread *t, plm_sv own, plm_sv leaders)
{
    return own.p || !t->leader ? own : leaders;
}
static plm_sv args_of(const struct plm_thread *t)
{
    return shared(t, t->info.args, plm_thread_process(t)->info.args);
}
static plm_sv env_of(const struct plm_thread *t)
{
    return shared(t, t->info.env, plm_thread_process(t)->info.env);
}
static plm_sv exe_of(const struct plm_thread *t)
{
    return shared(t, t->info.exe, plm_thread_process(t)->info.exe);
}

/* `head` and the strings, joined with blanks; null when there is no head. */
static int put_line(const struct plm_view *view, struct plm_values *out, plm_sv head, plm_sv strings)
{
    plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(PLM_FIELD_TEXT_MAX);
    plm_sv one;
    plm_buf_sv_put(&b, head);
    for (bool is_first = !head.p; plm_strings_next(&strings, &one); is_first = false) {
        if (!is_first)
            plm_buf_byte(&b, ' ');
        plm_buf_sv_put(&b, one);
    }
    return plm_field_buf(view, out, &b);
}

static int put(const struct plm_view *view, struct plm_values *out, const struct plm_thread *t,
               enum attribute what)
{
    if (!t)
        return 0;
    if (!t->is_known && what != PID)
        return what == NAME || what == EXE || what == CMDLINE || what == EXELINE
                   ? plm_field_str(view, out, PLM_SV("<NA>"))
                   : 0;
    switch (what) {
    case NAME:
        return plm_field_str(view, out, t->info.comm);
    case EXE:
        return plm_field_str(view, out, exe_of(t));
    case EXEPATH:
        return plm_field_str(view, out, shared(t, t->info.exepath, plm_thread_process(t)->info.exepath));
    case CMDLINE:
        return t->info.comm.p ? put_line(view, out, t->info.comm, args_of(t)) : 0;
    case EXELINE:
        return exe_of(t).p ? put_line(view, out, exe_of(t), args_of(t)) : 0;
    case ARGS:
        return put_line(view, out, PLM_SV_NULL, args_of(t));
    case ENV:
        return env_of(t).p ? put_line(view, out, PLM_SV_NULL, env_of(t)) : 0;
    case PID:
        return plm_field_i64(view, out, t->info.pid);
    }
    return 0;
}

static const struct plm_thread *self(const struct plm_view *view)
{
    return view->thread;
}
static const struct plm_thread *parent(const struct plm_view *view)
{
    return plm_thread_process(view->thread)->parent;
}
static const struct plm_thread *session(const struct plm_view *view)
{
    return view->procs ? plm_thread_session_leader(view->procs, view->thread) : NULL;
}
static const struct plm_thread *group(const struct plm_view *view)
{
    return view->procs ? plm_thread_group_leader(view->procs, view->thread) : NULL;
}
static const struct plm_thread *vgroup(const struct plm_view *view)
{
    return view->procs ? plm_thread_vgroup_leader(view->procs, view->thread) : NULL;
}

#define ATTRIBUTE(fn, who, what)                                                                             \
    GETTER(fn)                                                                                               \
    {                                                                                                        \
        return put(view, out, who(view), what);                                                              \
    }
ATTRIBUTE(get_name, self, NAME)
ATTRIBUTE(get_exe, self, EXE)
ATTRIBUTE(get_exepath, self, EXEPATH)
ATTRIBUTE(get_cmdline, self, CMDLINE)
ATTRIBUTE(get_exeline, self, EXELINE)
ATTRIBUTE(get_pid, self, PID)
ATTRIBUTE(get_pname, parent, NAME)
ATTRIBUTE(get_pexe, parent, EXE)
ATTRIBUTE(get_pexepath, parent, EXEPATH)
ATTRIBUTE(get_pcmdline, parent, CMDLINE)
ATTRIBUTE(get_sname, session, NAME)
ATTRIBUTE(get_sid_exe, session, EXE)
ATTRIBUTE(get_sid_exepath, session, EXEPATH)
ATTRIBUTE(get_pgid_name, group, NAME)
ATTRIBUTE(get_pgid_exe, group, EXE)
ATTRIBUTE(get_pgid_exepath, group, EXEPATH)
ATTRIBUTE(get_vpgid_name, vgroup, NAME)
ATTRIBUTE(get_vpgid_exe, vgroup, EXE)
ATTRIBUTE(get_vpgid_exepath, vgroup, EXEPATH)

/* ---- ancestors ---------------------------------------------------------------------------------- */

static int put_ancestors(const struct plm_view *view, const struct plm_fieldref *ref, struct plm_values *out,
                         enum attribute what)
{
    if (ref->has_index)
        return put(view, out,
                   ref->index ? plm_thread_ancestor(view->thread, (unsigned)ref->index) : view->thread, what);
    for (unsigned n = 1; n <= PLM_ANCESTORS_MAX; n++) {
        const struct plm_thread *t = plm_thread_ancestor(view->thread, n);
        if (!t)
            break;
        if (put(view, out, t, what) < 0)
            return -1;
    }
    return 0;
}

#define ANCESTORS(fn, what)                                                                                  \
    GETTER(fn)                                                                                               \
    {                                                                                                        \
        return put_ancestors(view, ref, out, what);                                                          \
    }
ANCESTORS(get_aname, NAME)
ANCESTORS(get_aexe, EXE)
ANCESTORS(get_aexepath, EXEPATH)
ANCESTORS(get_acmdline, CMDLINE)
ANCESTORS(get_apid, PID)
ANCESTORS(get_aargs, ARGS)

/* ---- arguments and environment ------------------------------------------------------------------ */

/* The value of NAME among NAME=VALUE strings; null: not set. */
static plm_sv env_value(plm_sv env, plm_sv name)
{
    plm_sv one, key, value;
    while (plm_strings_next(&env, &one))
        if (plm_sv_cut(one, '=', &key, &value) && plm_sv_eq(key, name))
            return value;
    return PLM_SV_NULL;
}

GETTER(get_args)
{
    plm_sv args = args_of(view->thread), one;
    if (!ref->has_index)
        return put(view, out, view->thread, ARGS);
    for (int64_t i = 0; plm_strings_next(&args, &one); i++)
        if (i == ref->index)
            return plm_field_str(view, out, one);
    return 0;
}

GETTER(get_env)
{
    if (!ref->key.n)
        return put(view, out, view->thread, ENV);
    plm_sv env = env_of(view->thread), value = env_value(env, ref->key);
    return env.p ? plm_field_str(view, out, value.p ? value : PLM_SV("")) : 0;
}

enum { ENV_LEVELS = 20 };

GETTER(get_aenv)
{
    if (ref->has_index || !ref->key.n)
        return put_ancestors(view, ref, out, ENV);
    for (unsigned n = 1; n <= ENV_LEVELS; n++) {
        const struct plm_thread *t = plm_thread_ancestor(view->thread, n);
        plm_sv value = t ? env_value(env_of(t), ref->key) : PLM_SV_NULL;
        if (!t || value.n)
            return plm_field_str(view, out, value);
    }
    return 0;
}

GETTER(get_cmdnargs)
{
    plm_sv args = args_of(view->thread), one;
    uint64_t n = 0;
    while (plm_strings_next(&args, &one))
        n++;
    return plm_field_u64(view, out, n);
}
GETTER(get_cmdlenargs)
{
    plm_sv args = args_of(view->thread), one;
    uint64_t n = 0;
    while (plm_strings_next(&args, &one))
        n += one.n;
    return plm_field_u64(view, out, n);
}

/* Always with a slash at its end. */
GETTER(get_cwd)
{
    const struct plm_thread *t = view->thread;
    plm_sv cwd = shared(t, t->info.cwd, plm_thread_process(t)->info.cwd);
    if (!cwd.n || plm_sv_ends(cwd, PLM_SV("/")))
        return plm_field_str(view, out, cwd.n ? cwd : PLM_SV_NULL);
    plm_sv s = plm_arena_printf(view->arena, "%.*s/", PLM_SV_ARG(cwd));
    return s.p ? plm_field_str(view, out, s) : -1;
}

/* ---- numbers ------------------------------------------------------------------------------------ */

#define NUMBER(fn, put_fn, expr)                                                                             \
    GETTER(fn)                                                                                               \
    {                                                                                                        \
        const struct plm_task_info *t = &view->thread->info;                                                 \
        (void)t;                                                                                             \
        return put_fn(view, out, expr);                                                                      \
    }
NUMBER(get_tty, plm_field_u64, t->tty)
NUMBER(get_sid, plm_field_i64, t->sid)
NUMBER(get_pgid, plm_field_i64, t->pgid)
NUMBER(get_vpgid, plm_field_i64, t->vpgid)
NUMBER(get_is_writable, plm_field_bool, t->exe_flags &PLM_EXE_WRITABLE)
NUMBER(get_is_upper, plm_field_bool, t->exe_flags &PLM_EXE_UPPER_LAYER)
NUMBER(get_is_lower, plm_field_bool, t->exe_flags &PLM_EXE_LOWER_LAYER)
NUMBER(get_is_memfd, plm_field_bool, t->exe_flags &PLM_EXE_FROM_MEMFD)
NUMBER(get_is_sid_leader, plm_field_bool, t->sid == t->pid || t->sid == t->vpid)
NUMBER(get_is_pgid_leader, plm_field_bool, t->pgid == t->pid)
NUMBER(get_is_vpgid_leader, plm_field_bool, t->vpgid == t->vpid)
NUMBER(get_exe_ino, plm_field_u64, t->exe_ino)
NUMBER(get_fdlimit, plm_field_u64, t->fdlimit)
NUMBER(get_vmsize, plm_field_u64, t->vm_size)
NUMBER(get_vmrss, plm_field_u64, t->vm_rss)
NUMBER(get_vmswap, plm_field_u64, t->vm_swap)
NUMBER(get_nchilds, plm_field_u64, plm_thread_process(view->thread)->n_children)
NUMBER(get_false, plm_field_bool, false)

GETTER(get_vpid)
{
    int32_t vpid = view->thread->info.vpid;
    return vpid == -1 ? 0 : plm_field_i64(view, out, vpid);
}
GETTER(get_ppid)
{
    return plm_field_i64(view, out, view->thread->info.ptid);
}
GETTER(get_pvpid)
{
    const struct plm_thread *p = parent(view);
    return p && p->info.vpid != -1 ? plm_field_i64(view, out, p->info.vpid) : 0;
}
GETTER(get_nthreads)
{
    const struct plm_thread *t = plm_thread_process(view->thread);
    return plm_field_u64(view, out, t->n_tasks ? t->n_tasks : t->info.n_threads);
}

/* The oldest process of the line whose name ends in "sh", the process itself included. */
GETTER(get_loginshellid)
{
    const struct plm_thread *found = NULL, *t = view->thread;
    for (unsigned n = 1; t && n <= PLM_ANCESTORS_MAX; n++) {
        if (plm_sv_ends(t->info.comm, PLM_SV("sh")))
            found = t;
        t = plm_thread_ancestor(view->thread, n);
    }
    return put(view, out, found, PID);
}

/* ---- times -------------------------------------------------------------------------------------- */

static uint64_t clone_ts(const struct plm_thread *t)
{
    return !t ? 0 : t->info.clone_ts ? t->info.clone_ts : plm_thread_process(t)->info.clone_ts;
}
static int put_time(const struct plm_view *view, struct plm_values *out, uint64_t ns)
{
    return ns ? plm_field_u64(view, out, ns) : 0;
}
/* until - since, where both are known and in this order. */
static int put_span(const struct plm_view *view, struct plm_values *out, uint64_t since, uint64_t until)
{
    return since && until >= since ? plm_field_u64(view, out, until - since) : 0;
}
static uint64_t now(const struct plm_view *view)
{
    return view->event ? view->event->ts : 0;
}

GETTER(get_duration)
{
    return put_span(view, out, clone_ts(view->thread), now(view));
}
GETTER(get_ppid_duration)
{
    return put_span(view, out, clone_ts(parent(view)), now(view));
}
GETTER(get_pid_ts)
{
    return put_time(view, out, clone_ts(view->thread));
}
GETTER(get_ppid_ts)
{
    return put_time(view, out, clone_ts(parent(view)));
}
GETTER(get_ctime)
{
    return put_time(view, out, view->thread->info.exe_ctime);
}
GETTER(get_mtime)
{
    return put_time(view, out, view->thread->info.exe_mtime);
}
GETTER(get_ctime_start)
{
    return put_span(view, out, view->thread->info.exe_ctime, clone_ts(view->thread));
}
GETTER(get_ctime_pidns)
{
    return put_span(view, out, view->thread->info.pidns_init_ts, view->thread->info.exe_ctime);
}
GETTER(get_pidns_start)
{
    return put_time(view, out, view->thread->info.pidns_init_ts);
}

#define P PLM_F_PROCESS
#define ANY                                                                                                  \
    (PLM_F_PROCESS | PLM_F_ARG_INDEX | PLM_F_ANY | PLM_F_OUTPUT_JOINS | PLM_F_NO_RHS | PLM_F_NO_TRANSFORM)
// clang-format off
static const struct plm_field fields[] = {
    {"proc.aargs", PLM_V_STR, ANY, "Arguments of ancestor N (1 is the parent); without an index of any ancestor", .get = get_aargs},
    {"proc.acmdline", PLM_V_STR, ANY, "Command line of ancestor N; without an index of any ancestor", .get = get_acmdline},
    {"proc.aenv", PLM_V_STR, ANY | PLM_F_ARG_KEY, "Environment of ancestor N, of any; with a name the nearest ancestor's value that is not empty", .get = get_aenv, .needs = PLM_NEED_ENV},
    {"proc.aexe", PLM_V_STR, ANY, "First word of the command line of ancestor N; without an index of any ancestor", .get = get_aexe},
    {"proc.aexepath", PLM_V_PATH, ANY, "Path of the executable of ancestor N; without an index of any ancestor", .get = get_aexepath},
    {"proc.aname", PLM_V_STR, ANY, "Name of ancestor N; without an index of any ancestor", .get = get_aname},
    {"proc.apid", PLM_V_I64, ANY, "Process id of ancestor N; without an index of any ancestor", .get = get_apid},
    {"proc.args", PLM_V_STR, P | PLM_F_ARG_INDEX, "Arguments joined with blanks, without the program; with an index from 0 one of them", .get = get_args},
    {"proc.cmdlenargs", PLM_V_U64, P, "Length of all arguments together", .get = get_cmdlenargs},
    {"proc.cmdline", PLM_V_STR, P, "Name and arguments, joined with blanks", .get = get_cmdline},
    {"proc.cmdnargs", PLM_V_U64, P, "Number of arguments", .get = get_cmdnargs},
    {"proc.cwd", PLM_V_PATH, P, "Working directory, with a slash at its end", .get = get_cwd},
    {"proc.duration", PLM_V_RELTIME, 0, "Nanoseconds since the process was started", .get = get_duration},
    {"proc.env", PLM_V_STR, P | PLM_F_ARG_KEY, "Environment joined with blanks; with a name its value, empty when unset", .get = get_env, .needs = PLM_NEED_ENV},
    {"proc.exe", PLM_V_STR, P, "First word of the command line (argv[0])", .get = get_exe},
    {"proc.exe_ino", PLM_V_U64, P, "Inode of the executable", .get = get_exe_ino},
    {"proc.exe_ino.ctime", PLM_V_ABSTIME, P, "Change time of the executable's inode, nanoseconds since the epoch", .get = get_ctime},
    {"proc.exe_ino.ctime_duration_pidns_start", PLM_V_ABSTIME, P, "From the start of the pid namespace to the change of the executable", .get = get_ctime_pidns},
    {"proc.exe_ino.ctime_duration_proc_start", PLM_V_ABSTIME, P, "From the change of the executable to the start of the process", .get = get_ctime_start},
    {"proc.exe_ino.mtime", PLM_V_ABSTIME, P, "Modification time of the executable", .get = get_mtime},
    {"proc.exeline", PLM_V_STR, P, "argv[0] and arguments, joined with blanks", .get = get_exeline},
    {"proc.exepath", PLM_V_PATH, P, "Path of the executable, links followed", .get = get_exepath},
    {"proc.fdlimit", PLM_V_U64, P, "Limit of open descriptors", .get = get_fdlimit, .needs = PLM_NEED_MEMORY},
    {"proc.is_container_healthcheck", PLM_V_BOOL, P | PLM_F_DEPRECATED, "Always false", .get = get_false},
    {"proc.is_container_liveness_probe", PLM_V_BOOL, P | PLM_F_DEPRECATED, "Always false", .get = get_false},
    {"proc.is_container_readiness_probe", PLM_V_BOOL, P | PLM_F_DEPRECATED, "Always false", .get = get_false},
    {"proc.is_exe_from_memfd", PLM_V_BOOL, P, "The executable lives in memory only (memfd)", .get = get_is_memfd},
    {"proc.is_exe_lower_layer", PLM_V_BOOL, P, "The executable is in a lower layer of an overlay file system", .get = get_is_lower},
    {"proc.is_exe_upper_layer", PLM_V_BOOL, P, "The executable is in the upper layer of an overlay file system: not of the image", .get = get_is_upper},
    {"proc.is_exe_writable", PLM_V_BOOL, P, "The user who started it may write the executable", .get = get_is_writable},
    {"proc.is_pgid_leader", PLM_V_BOOL, P, "The process leads its process group", .get = get_is_pgid_leader},
    {"proc.is_sid_leader", PLM_V_BOOL, P, "The process leads its session", .get = get_is_sid_leader},
    {"proc.is_vpgid_leader", PLM_V_BOOL, P, "The process leads its process group as its own pid namespace numbers it", .get = get_is_vpgid_leader},
    {"proc.loginshellid", PLM_V_I64, P, "Process id of the oldest shell in the line of ancestors", .get = get_loginshellid},
    {"proc.name", PLM_V_STR, P, "Name of the thread (comm), at most 15 bytes", .get = get_name},
    {"proc.nchilds", PLM_V_U64, 0, "Number of children", .get = get_nchilds},
    {"proc.nthreads", PLM_V_U64, 0, "Number of threads", .get = get_nthreads},
    {"proc.pcmdline", PLM_V_STR, P, "Command line of the parent", .get = get_pcmdline},
    {"proc.pexe", PLM_V_STR, P, "argv[0] of the parent", .get = get_pexe},
    {"proc.pexepath", PLM_V_PATH, P, "Path of the parent's executable", .get = get_pexepath},
    {"proc.pgid", PLM_V_I64, P, "Process group", .get = get_pgid},
    {"proc.pgid.exe", PLM_V_STR, P, "argv[0] of the process group's leader", .get = get_pgid_exe},
    {"proc.pgid.exepath", PLM_V_PATH, P, "Path of the executable of the process group's leader", .get = get_pgid_exepath},
    {"proc.pgid.name", PLM_V_STR, P, "Name of the process group's leader", .get = get_pgid_name},
    {"proc.pid", PLM_V_I64, P, "Process id", .get = get_pid},
    {"proc.pid.ts", PLM_V_ABSTIME, P, "Start of the process, nanoseconds since the epoch", .get = get_pid_ts},
    {"proc.pidns_init_start_ts", PLM_V_ABSTIME, P, "Start of the pid namespace, nanoseconds since the epoch", .get = get_pidns_start},
    {"proc.pname", PLM_V_STR, P, "Name of the parent", .get = get_pname},
    {"proc.ppid", PLM_V_I64, P, "Process id of the parent", .get = get_ppid},
    {"proc.ppid.duration", PLM_V_RELTIME, 0, "Nanoseconds since the parent was started", .get = get_ppid_duration},
    {"proc.ppid.ts", PLM_V_ABSTIME, P, "Start of the parent, nanoseconds since the epoch", .get = get_ppid_ts},
    {"proc.pvpid", PLM_V_I64, P, "Process id of the parent in its own pid namespace", .get = get_pvpid},
    {"proc.sid", PLM_V_I64, P, "Session", .get = get_sid},
    {"proc.sid.exe", PLM_V_STR, P, "argv[0] of the session leader", .get = get_sid_exe},
    {"proc.sid.exepath", PLM_V_PATH, P, "Path of the session leader's executable", .get = get_sid_exepath},
    {"proc.sname", PLM_V_STR, P, "Name of the session leader", .get = get_sname},
    {"proc.tty", PLM_V_U64, P, "Device number of the controlling terminal, 0: none", .get = get_tty},
    {"proc.vmrss", PLM_V_U64, P, "Resident memory in kB", .get = get_vmrss, .needs = PLM_NEED_MEMORY},
    {"proc.vmsize", PLM_V_U64, P, "Virtual memory in kB", .get = get_vmsize, .needs = PLM_NEED_MEMORY},
    {"proc.vmswap", PLM_V_U64, P, "Swapped memory in kB", .get = get_vmswap, .needs = PLM_NEED_MEMORY},
    {"proc.vpgid", PLM_V_I64, P, "Process group in the process's own pid namespace", .get = get_vpgid},
    {"proc.vpgid.exe", PLM_V_STR, P, "argv[0] of the leader of that group", .get = get_vpgid_exe},
    {"proc.vpgid.exepath", PLM_V_PATH, P, "Path of the executable of the leader of that group", .get = get_vpgid_exepath},
    {"proc.vpgid.name", PLM_V_STR, P, "Name of the leader of that group", .get = get_vpgid_name},
    {"proc.vpid", PLM_V_I64, P, "Process id in the process's own pid namespace", .get = get_vpid},
    {.name = NULL},
};
// clang-format on
static const struct plm_field_class class = {"proc", "The process and its ancestors", fields};
PLM_REGISTER(plm_field_classes, struct plm_field_class, class);
