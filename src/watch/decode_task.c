/* SPDX-License-Identifier: Apache-2.0
 *
 * Tasks in records: a TASK part and the strings beside it become one plm_task_info; execve, clone and
 * procexit have the same facts as parameters (falco-rules.md part 5).
 *
 * The kernel numbers cgroup subsystems in the order in which it was built with them: /proc/cgroups lists them
 * in that order. In the hierarchy of version 2 every controller that no version 1 hierarchy took has the same
 * path.
 */
#include "watch/decode_int.h"

#include "base/buf.h"
#include "base/fs.h"
#include "watch/meta.h"

#include <sys/wait.h>

enum { PROC_CGROUPS_MAX = 16384, CGROUPS_TEXT = 16384 };

uint64_t plm_decode_ns(const struct plm_decoder *d, uint64_t boottime)
{
    uint64_t sum;
    return boottime && !__builtin_add_overflow(d->boot, boottime, &sum) ? sum : 0;
}

/* ---- cgroups ------------------------------------------------------------------------------------------- */

void plm_decode_subsystems(struct plm_decoder *d)
{
    plm_auto_done(plm_buf_done) struct plm_buf text = PLM_BUF(PROC_CGROUPS_MAX);
    if (plm_fs_read("/proc/cgroups", PROC_CGROUPS_MAX, &text, NULL) < 0)
        return; /* unnamed: numbers stand in */
    plm_sv rest = plm_buf_sv(&text), line, name;
    size_t n = 0;
    while (n < PLM_SUBSYSTEMS && plm_sv_line(&rest, &line)) {
        if (plm_sv_starts(line, PLM_SV("#")) || !plm_sv_word(&line, &name) ||
            name.n >= sizeof(d->subsystems[0]))
            continue;
        memcpy(d->subsystems[n++], name.p, name.n);
    }
}

static void put_group(struct plm_buf *b, const char *name, plm_sv path)
{
    plm_buf_printf(b, "%s=", name);
    plm_buf_sv_put(b, path.n ? path : PLM_SV("/"));
    plm_buf_byte(b, '\0');
}

static plm_sv cgroups_of(struct plm_decoder *d)
{
    static const char *const unified[] = {"cpuset", "cpu", "cpuacct", "io", "memory", "pids"};
    bool has[sizeof(unified) / sizeof(unified[0])] = {false};
    plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(CGROUPS_TEXT);
    const struct plm_rec_part *v2 = NULL;
    for (size_t i = 0; i < d->rec.n; i++) {
        const struct plm_rec_part *p = &d->rec.parts[i];
        if (p->type != PLM_WIRE_P_CGROUP)
            continue;
        unsigned subsystem = p->flags - 1u;
        if (!p->flags) {
            v2 = p;
        } else if (subsystem < PLM_SUBSYSTEMS && d->subsystems[subsystem][0]) {
            put_group(&b, d->subsystems[subsystem], p->bytes);
            for (size_t k = 0; k < sizeof(unified) / sizeof(unified[0]); k++)
                has[k] = has[k] || strcmp(unified[k], d->subsystems[subsystem]) == 0;
        }
    }
    for (size_t k = 0; v2 && k < sizeof(unified) / sizeof(unified[0]); k++)
        if (!has[k])
            put_group(&b, unified[k], v2->bytes);
    return b.n && !b.failed ? plm_arena_sv(d->arena, plm_sv_n(b.p, b.n - 1)) : PLM_SV_NULL;
}

/* The path that names the container best: one with an id, else the one of version 2, else the longest. */
static plm_sv best_cgroup(const struct plm_rec *r)
{
    plm_sv best = PLM_SV_NULL;
    for (size_t i = 0; i < r->n; i++) {
        const struct plm_rec_part *p = &r->parts[i];
        enum plm_runtime runtime;
        plm_sv id;
        if (p->type != PLM_WIRE_P_CGROUP)
            continue;
        if (plm_cgroup_container(p->bytes, &runtime, &id) && runtime != PLM_RT_CONTAINERD)
            return p->bytes;
        if (!best.p || p->bytes.n > best.n || (!p->flags && p->bytes.n > 1))
            best = p->bytes;
        if (!p->flags && p->bytes.n > 1)
            return best;
    }
    return best;
}

/* ---- the task --------------------------------------------------------------------------------------------
 */

static uint32_t exe_flags_of(uint32_t wire)
{
    return (wire & PLM_WIRE_F_WRITABLE ? PLM_EXE_WRITABLE : 0) |
           (wire & PLM_WIRE_F_UPPER ? PLM_EXE_UPPER_LAYER : 0) |
           (wire & PLM_WIRE_F_MEMFD ? PLM_EXE_FROM_MEMFD : 0) |
           (wire & PLM_WIRE_F_LOWER ? PLM_EXE_LOWER_LAYER : 0);
}

static plm_sv bytes_of(const struct plm_rec *r, unsigned type)
{
    const struct plm_rec_part *p = plm_rec_any(r, type);
    return p ? p->bytes : PLM_SV_NULL;
}

/* argv[0] and the rest. The rest is an empty view, not a null one: there are no more. */
static void split_args(struct plm_rec *r, plm_sv *exe, plm_sv *rest)
{
    plm_sv all = bytes_of(r, PLM_WIRE_P_ARGS);
    *exe = *rest = PLM_SV_NULL;
    if (!all.p)
        return;
    if (!plm_sv_cut(all, '\0', exe, rest))
        *rest = plm_sv_from_off(all, all.n);
    while (rest->n && rest->p[rest->n - 1] == '\0')
        rest->n--;
}

static void fill_task(struct plm_decoder *d, const struct plm_wire_task *w)
{
    struct plm_task_info *t = &d->task;
    *t = (struct plm_task_info){.tid = w->tid,
                                .pid = w->pid,
                                .ptid = w->ptid,
                                .vtid = w->vtid,
                                .vpid = w->vpid,
                                .sid = w->sid,
                                .pgid = w->pgid,
                                .vpgid = w->vpgid,
                                .tty = w->tty,
                                .uid = w->uid,
                                .gid = w->gid,
                                .loginuid = w->loginuid == UINT32_MAX ? -1 : (int64_t)w->loginuid,
                                .cap_inheritable = w->cap_inheritable,
                                .cap_permitted = w->cap_permitted,
                                .cap_effective = w->cap_effective,
                                .clone_ts = plm_decode_ns(d, w->start),
                                .pidns_init_ts = plm_decode_ns(d, w->pidns_init_start),
                                .exe_ino = w->exe_ino,
                                .exe_ctime = w->exe_ctime,
                                .exe_mtime = w->exe_mtime,
                                .exe_flags = exe_flags_of(w->exe_flags),
                                .mnt_ns = w->mnt_ns,
                                .pid_ns = w->pid_ns,
                                .fdlimit = w->fdlimit,
                                .vm_size = w->vm_size,
                                .vm_rss = w->vm_rss,
                                .vm_swap = w->vm_swap,
                                .n_threads = w->n_threads,
                                .is_kernel_thread = (w->flags & PLM_WIRE_T_KTHREAD) != 0};
    size_t n = strnlen(w->comm, sizeof(w->comm));
    t->comm = plm_arena_sv(d->arena, plm_sv_n(w->comm, n));
}

bool plm_decode_task(struct plm_decoder *d)
{
    struct plm_wire_task w;
    if (!plm_rec_struct(plm_rec_any(&d->rec, PLM_WIRE_P_TASK), &w, sizeof(w)) || w.tid <= 0 || w.pid <= 0)
        return false;
    fill_task(d, &w);
    struct plm_task_info *t = &d->task;
    /* What a failed exec wanted to run is not what the task has. */
    if (d->rec.h.kind != PLM_WIRE_SYSCALL) {
        split_args(&d->rec, &t->exe, &t->args);
        t->env = bytes_of(&d->rec, PLM_WIRE_P_ENV);
        while (t->env.n && t->env.p[t->env.n - 1] == '\0')
            t->env.n--;
    }
    const struct plm_rec_part *cwd = plm_rec_any(&d->rec, PLM_WIRE_P_CWD);
    t->exepath = plm_path_of_part(d->arena, plm_rec_any(&d->rec, PLM_WIRE_P_EXE));
    if (cwd && !(cwd->flags & PLM_WIRE_PATH_CUT))
        t->cwd = plm_path_of_part(d->arena, cwd);
    t->root = plm_path_of_part(d->arena, plm_rec_any(&d->rec, PLM_WIRE_P_ROOT));
    t->cgroup = best_cgroup(&d->rec);
    t->cgroups = cgroups_of(d);
    return true;
}

/* ---- parameters -------------------------------------------------------------------------------------------
 */

static void set_text(struct plm_decoder *d, const char *name, plm_sv s)
{
    struct plm_param *q = s.p ? plm_decode_param(d, name) : NULL;
    if (q)
        q->s = s;
}

static void set_u(struct plm_decoder *d, const char *name, uint64_t v)
{
    struct plm_param *q = plm_decode_param(d, name);
    if (q)
        q->u = v;
}

static void set_i(struct plm_decoder *d, const char *name, int64_t v)
{
    struct plm_param *q = plm_decode_param(d, name);
    if (q)
        q->i = v;
}

static void set_filename(struct plm_decoder *d)
{
    bool is_at = d->rec.h.nr >= 0 && d->event.type->id == PLM_EVT_execveat;
    const struct plm_rec_part *p = plm_rec_find(&d->rec, PLM_WIRE_P_USTR, is_at ? 1 : 0);
    struct plm_param *q = p ? plm_decode_param(d, "filename") : NULL;
    if (!q)
        return;
    q->s = p->bytes;
    q->resolved = plm_path_join(d->arena, plm_rec_base(d, PLM_WIRE_ARG_TASK), p->bytes);
}

static void set_memory(struct plm_decoder *d, const struct plm_task_info *t)
{
    struct plm_wire_task w;
    if (t->fdlimit)
        set_u(d, "fdlimit", t->fdlimit);
    if (plm_rec_struct(plm_rec_any(&d->rec, PLM_WIRE_P_TASK), &w, sizeof(w))) {
        set_u(d, "pgft_maj", w.pgft_maj);
        set_u(d, "pgft_min", w.pgft_min);
    }
    if (!t->vm_size)
        return;
    set_u(d, "vm_size", t->vm_size);
    set_u(d, "vm_rss", t->vm_rss);
    set_u(d, "vm_swap", t->vm_swap);
}

void plm_decode_task_params(struct plm_decoder *d)
{
    const struct plm_task_info *t = &d->task;
    plm_sv exe, args;
    split_args(&d->rec, &exe, &args);
    set_text(d, "exe", exe);
    set_text(d, "args", args);
    set_filename(d);
    set_i(d, "tid", t->tid);
    set_i(d, "pid", t->pid);
    set_i(d, "ptid", t->ptid);
    set_text(d, "cwd", t->cwd);
    set_memory(d, t);
    set_text(d, "comm", t->comm);
    set_text(d, "cgroups", t->cgroups);
    set_text(d, "env", t->env);
    set_u(d, "tty", t->tty);
    set_i(d, "vpgid", t->vpgid);
    set_i(d, "pgid", t->pgid);
    set_u(d, "loginuid", t->loginuid < 0 ? UINT32_MAX : (uint64_t)t->loginuid);
    set_u(d, "uid", t->uid);
    set_u(d, "gid", t->gid);
    set_i(d, "vtid", t->vtid);
    set_i(d, "vpid", t->vpid);
    set_u(d, "pidns_init_start_ts", t->pidns_init_ts);
    set_u(d, "cap_inheritable", t->cap_inheritable);
    set_u(d, "cap_permitted", t->cap_permitted);
    set_u(d, "cap_effective", t->cap_effective);
    set_u(d, "exe_ino", t->exe_ino);
    set_u(d, "exe_ino_ctime", t->exe_ctime);
    set_u(d, "exe_ino_mtime", t->exe_mtime);
    struct plm_param *path = t->exepath.p ? plm_decode_param(d, "trusted_exepath") : NULL;
    if (path)
        path->s = path->resolved = t->exepath;
}

void plm_decode_exit_params(struct plm_decoder *d)
{
    int status = (int)d->rec.h.res;
    bool is_signal = WIFSIGNALED(status);
    set_i(d, "status", status);
    set_i(d, "ret", is_signal ? 0 : WEXITSTATUS(status));
    set_u(d, "sig", is_signal ? (uint64_t)WTERMSIG(status) : 0);
    set_u(d, "core", is_signal && WCOREDUMP(status) ? 1 : 0);
    set_i(d, "reaper_tid", (int32_t)d->rec.h.args[0]);
}
