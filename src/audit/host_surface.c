/* SPDX-License-Identifier: Apache-2.0
 *
 * What runs on the host outside of containers.
 *
 * A process is contained if its cgroup carries a container's id or if its pid namespace is not the host's
 * (namespaces(7)): a container that was moved to another cgroup stays one. Kernel threads have no program.
 */
#include "audit/host.h"

enum { SHOWN_CMDLINE = 160 };

bool plm_host_is_contained(const struct plm_facts *f, const struct plm_process *p)
{
    if (p->container_id.p)
        return true;
    if (!p->has_details || !p->ns[PLM_NS_PID] || !f->kernel)
        return false;
    uint64_t host = plm_kernel_host_ns(f->kernel, PLM_NS_PID, NULL);
    return host && p->ns[PLM_NS_PID] != host;
}

static plm_sv shown_cmdline(struct plm_arena *a, plm_sv words)
{
    char *p = plm_arena_cstr(a, plm_sv_sub(words, 0, SHOWN_CMDLINE));
    size_t n = words.n < SHOWN_CMDLINE ? words.n : SHOWN_CMDLINE;
    for (size_t i = 0; p && i < n; i++)
        p[i] = p[i] ? p[i] : ' ';
    return p ? plm_sv_n(p, n) : PLM_SV_NULL;
}

static bool is_interpreter(plm_sv exe)
{
    static const char *const globs[] = {"**/python[0-9]*", "**/perl*", "**/sh",   "**/bash",
                                        "**/dash",         "**/ruby*", "**/node", NULL};
    return plm_host_is_listed(exe, globs, NULL);
}

/* The script that an interpreter runs, where its path is absolute; null: it runs none that can be named. */
static plm_sv script_of(const struct plm_process *p)
{
    plm_sv w;
    for (size_t i = 1; is_interpreter(p->exe) && (w = plm_process_arg(p, i)).n; i++) {
        if (w.p[0] == '/')
            return w;
        if (w.p[0] != '-' || plm_sv_is(w, "-c") || plm_sv_is(w, "-e") || plm_sv_is(w, "-m"))
            break;
    }
    return PLM_SV_NULL;
}

static struct plm_host_program *program_of(const struct plm_facts *f, plm_host_programs *v,
                                           const struct plm_process *p)
{
    plm_sv script = script_of(p), exe = script.p ? script : p->exe;
    for (size_t i = 0; i < v->n; i++) {
        struct plm_host_program *x = &v->v[i];
        bool is_same = exe.p ? plm_sv_eq(x->exe, exe) && x->is_deleted == p->is_exe_deleted
                             : !x->exe.p && plm_sv_eq(x->comm, p->comm);
        if (is_same)
            return x;
    }
    struct plm_host_program *x = plm_vec_push(f->arena, v);
    if (x)
        *x = (struct plm_host_program){.exe = exe,
                                       .interpreter = script.p ? p->exe : PLM_SV_NULL,
                                       .comm = p->comm,
                                       .cmdline = shown_cmdline(f->arena, p->cmdline),
                                       .pid = p->pid,
                                       .exe_errno = p->exe_errno,
                                       .is_deleted = p->is_exe_deleted,
                                       .is_memfd = p->is_exe_memfd};
    return x;
}

bool plm_host_programs_list(const struct plm_facts *f, plm_host_programs *out, plm_sv *out_why)
{
    if (!f->kernel || f->processes_failure.p) {
        *out_why = f->processes_failure.n ? f->processes_failure
                   : f->kernel_failure.n  ? f->kernel_failure
                                          : PLM_SV("no /proc is there");
        return false;
    }
    for (size_t i = 0; i < f->processes.n; i++) {
        struct plm_process *p = &f->processes.v[i];
        bool is_self = plm_kernel_is_live(f->kernel) && p->pid == getpid();
        if (p->is_kernel || p->state == 'Z' || is_self)
            continue;
        plm_kernel_process_details(f->kernel, f->arena, p);
        bool has_gone = !p->exe.p && (p->exe_errno == ESRCH || p->exe_errno == ENOENT);
        if (has_gone || plm_host_is_contained(f, p))
            continue;
        struct plm_host_program *x = program_of(f, out, p);
        if (x)
            x->n++;
    }
    if (out->n == 0)
        *out_why = PLM_SV("no process is shown");
    return out->n > 0;
}
