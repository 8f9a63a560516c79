/* SPDX-License-Identifier: Apache-2.0
 *
 * thread.*: the thread itself, its capabilities, cgroups and memory. Times on the processor are of Falco's
 * own sampling events and have no value here.
 */
#include "watch/field_int.h"

#include "base/buf.h"
#include "kernel/kernel.h"

static int put_caps(const struct plm_view *view, struct plm_values *out, uint64_t caps)
{
    plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(PLM_FIELD_TEXT_MAX);
    for (unsigned i = 0; plm_cap_name(i); i++)
        if (caps >> i & 1)
            plm_buf_printf(&b, "%s%s", b.n ? " " : "", plm_cap_name(i));
    return plm_field_buf(view, out, &b);
}

GETTER(get_tid)
{
    return plm_field_i64(view, out, view->thread->info.tid);
}
GETTER(get_vtid)
{
    int32_t vtid = view->thread->info.vtid;
    return vtid == -1 ? 0 : plm_field_i64(view, out, vtid);
}
GETTER(get_ismain)
{
    return plm_field_bool(view, out, view->thread->info.tid == view->thread->info.pid);
}
GETTER(get_inheritable)
{
    return put_caps(view, out, view->thread->info.cap_inheritable);
}
GETTER(get_permitted)
{
    return put_caps(view, out, view->thread->info.cap_permitted);
}
GETTER(get_effective)
{
    return put_caps(view, out, view->thread->info.cap_effective);
}
GETTER(get_nametid)
{
    const struct plm_task_info *t = &view->thread->info;
    plm_sv s = plm_arena_printf(view->arena, "%.*s%d", PLM_SV_ARG(t->comm), t->tid);
    return s.p ? plm_field_str(view, out, s) : -1;
}

GETTER(get_cgroups)
{
    plm_sv rest = view->thread->info.cgroups, one;
    if (!rest.p)
        return 0;
    plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(PLM_FIELD_TEXT_MAX);
    while (plm_strings_next(&rest, &one))
        plm_buf_printf(&b, "%s%.*s", b.n ? " " : "", PLM_SV_ARG(one));
    return plm_field_buf(view, out, &b);
}

/* On cgroup v2 every controller has the same path, and its list has one entry without a name. */
GETTER(get_cgroup)
{
    plm_sv rest = view->thread->info.cgroups, one, name, path;
    while (plm_strings_next(&rest, &one))
        if (plm_sv_cut(one, '=', &name, &path) && (plm_sv_eq(name, ref->key) || !name.n))
            return plm_field_str(view, out, path);
    return plm_field_str(view, out, view->thread->info.cgroups.p ? PLM_SV_NULL : view->thread->info.cgroup);
}

static int put_faults(const struct plm_view *view, struct plm_values *out, const char *name)
{
    const struct plm_param *p = view->event ? plm_event_param(view->event, name) : NULL;
    return p ? plm_field_u64(view, out, p->u) : 0;
}
GETTER(get_pfmajor)
{
    return put_faults(view, out, "pgft_maj");
}
GETTER(get_pfminor)
{
    return put_faults(view, out, "pgft_min");
}

/* Memory is that of the process: other threads than the leader have 0, so that sums come out right. */
static int put_memory(const struct plm_view *view, struct plm_values *out, uint64_t kb, unsigned unit)
{
    bool is_main = view->thread->info.tid == view->thread->info.pid;
    return plm_field_u64(view, out, is_main ? kb * unit : 0);
}
GETTER(get_vmsize)
{
    return put_memory(view, out, view->thread->info.vm_size, 1);
}
GETTER(get_vmsize_b)
{
    return put_memory(view, out, view->thread->info.vm_size, 1024);
}
GETTER(get_vmrss)
{
    return put_memory(view, out, view->thread->info.vm_rss, 1);
}
GETTER(get_vmrss_b)
{
    return put_memory(view, out, view->thread->info.vm_rss, 1024);
}

// clang-format off
static const struct plm_field fields[] = {
    {"thread.cap_effective", PLM_V_STR, PLM_F_PROCESS, "Effective capabilities (CAP_ names joined with blanks)", .get = get_effective},
    {"thread.cap_inheritable", PLM_V_STR, PLM_F_PROCESS, "Inheritable capabilities", .get = get_inheritable},
    {"thread.cap_permitted", PLM_V_STR, PLM_F_PROCESS, "Permitted capabilities", .get = get_permitted},
    {"thread.cgroup", PLM_V_STR, PLM_F_PROCESS | PLM_F_NAME_SUFFIX | PLM_F_ARG_NEEDED, "Path in one controller's cgroup tree: thread.cgroup.memory", .get = get_cgroup, .needs = PLM_NEED_CGROUPS},
    {"thread.cgroups", PLM_V_STR, PLM_F_PROCESS, "All cgroups of the thread: controller=path, joined with blanks", .get = get_cgroups, .needs = PLM_NEED_CGROUPS},
    {"thread.cpu", PLM_V_U64, 0, "Use of the processor; of Falco's sampling events, no value here", .get = plm_field_none},
    {"thread.cpu.system", PLM_V_U64, 0, "Use of the processor in the kernel; no value here", .get = plm_field_none},
    {"thread.cpu.user", PLM_V_U64, 0, "Use of the processor in user space; no value here", .get = plm_field_none},
    {"thread.exectime", PLM_V_RELTIME, 0, "Time on the processor since it was scheduled; no value here", .get = plm_field_none},
    {"thread.ismain", PLM_V_BOOL, PLM_F_PROCESS, "The thread is the main thread of its process", .get = get_ismain},
    {"thread.nametid", PLM_V_STR, PLM_F_PROCESS, "Name and id of the thread in one word", .get = get_nametid},
    {"thread.pfmajor", PLM_V_U64, 0, "Major page faults, at the events that carry them", .get = get_pfmajor, .needs = PLM_NEED_MEMORY},
    {"thread.pfminor", PLM_V_U64, 0, "Minor page faults, at the events that carry them", .get = get_pfminor, .needs = PLM_NEED_MEMORY},
    {"thread.tid", PLM_V_I64, PLM_F_PROCESS, "Id of the thread", .get = get_tid},
    {"thread.totexectime", PLM_V_RELTIME, 0, "Time on the processor in all; no value here", .get = plm_field_none},
    {"thread.vmrss", PLM_V_U64, 0, "Resident memory of the process in kB; 0 for other threads than the main one", .get = get_vmrss, .needs = PLM_NEED_MEMORY},
    {"thread.vmrss.b", PLM_V_U64, 0, "The same in bytes", .get = get_vmrss_b, .needs = PLM_NEED_MEMORY},
    {"thread.vmsize", PLM_V_U64, 0, "Virtual memory of the process in kB; 0 for other threads than the main one", .get = get_vmsize, .needs = PLM_NEED_MEMORY},
    {"thread.vmsize.b", PLM_V_U64, 0, "The same in bytes", .get = get_vmsize_b, .needs = PLM_NEED_MEMORY},
    {"thread.vtid", PLM_V_I64, PLM_F_PROCESS, "Id of the thread in its own pid namespace", .get = get_vtid},
    {.name = NULL},
};
// clang-format on
static const struct plm_field_class class = {"thread", "The thread that made the event", fields};
PLM_REGISTER(plm_field_classes, struct plm_field_class, class);
