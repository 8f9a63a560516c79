/* SPDX-License-Identifier: Apache-2.0
 *
 * evt.*: the event, its result and parameters. Since Falco dropped the events at a call's entry every event
 * is an exit: evt.dir is always `<` and the latencies are 0. Fields that its sysdig ancestors computed over a
 * stream have no value here and say so.
 */
#include "watch/evtype.h"
#include "watch/field_int.h"
#include "watch/flags.h"

#include "base/buf.h"

#include <fcntl.h>

/* ---- shared by the files of fields -------------------------------------------------------------- */

static const struct plm_param *param_at(const struct plm_event *e, int index)
{
    return index >= 0 && (unsigned)index < e->n_params && e->params[index].is_present ? &e->params[index]
                                                                                      : NULL;
}

const struct plm_param *plm_event_param(const struct plm_event *e, const char *name)
{
    return param_at(e, plm_evtype_param(e->type, plm_sv_from(name)));
}

plm_sv plm_event_path(const struct plm_event *e, const char *name)
{
    const struct plm_param *p = plm_event_param(e, name);
    return !p ? PLM_SV_NULL : p->resolved.p ? p->resolved : p->s;
}

const struct plm_param *plm_event_open_path(const struct plm_event *e)
{
    switch (e->type->id) {
    case PLM_EVT_open:
    case PLM_EVT_openat:
    case PLM_EVT_openat2:
    case PLM_EVT_creat:
        return plm_event_param(e, "name");
    case PLM_EVT_open_by_handle_at:
        return plm_event_param(e, "path");
    default:
        return NULL;
    }
}

/* ---- what happened ------------------------------------------------------------------------------ */

GETTER(get_num)
{
    return view->event ? plm_field_u64(view, out, view->event->num) : 0;
}
GETTER(get_type)
{
    return view->event ? plm_field_str(view, out, plm_sv_from(view->event->type->name)) : 0;
}
GETTER(get_syscall_type)
{
    const struct plm_event *e = view->event;
    return e && e->type->syscall >= 0 ? plm_field_str(view, out, plm_sv_from(e->type->name)) : 0;
}
GETTER(get_type_is)
{
    return view->event ? plm_field_u64(view, out, plm_evtype_find(ref->key) == view->event->type) : 0;
}
static int check_type_is(struct plm_fieldref *ref, plm_err **err)
{
    if (!plm_evtype_find(ref->key))
        return plm_fail(err, PLM_E_NOTFOUND, "unknown event type %.*s", PLM_SV_ARG(ref->key));
    return 0;
}
GETTER(get_dir)
{
    return view->event ? plm_field_str(view, out, PLM_SV("<")) : 0;
}
GETTER(get_cpu)
{
    return view->event ? plm_field_i64(view, out, view->event->cpu) : 0;
}
GETTER(get_source)
{
    return view->event ? plm_field_str(view, out, PLM_SV("syscall")) : 0;
}
static bool is_async(const struct plm_event *e)
{
    return e->type->id == PLM_EVT_container || e->type->id == PLM_EVT_asyncevent;
}
GETTER(get_is_async)
{
    return view->event ? plm_field_bool(view, out, is_async(view->event)) : 0;
}
GETTER(get_asynctype)
{
    return view->event && is_async(view->event)
               ? plm_field_str(view, out, plm_sv_from(view->event->type->name))
               : 0;
}
GETTER(get_hostname)
{
    return plm_field_str(view, out, view->hostname);
}
GETTER(get_zero)
{
    return view->event ? plm_field_u64(view, out, 0) : 0;
}
GETTER(get_zero_text)
{
    return view->event ? plm_field_str(view, out, PLM_SV("0ns")) : 0;
}
GETTER(get_one)
{
    return view->event ? plm_field_u64(view, out, 1) : 0;
}
GETTER(get_counter)
{
    return view->event ? plm_field_u64(view, out, view->event->num) : 0;
}

static bool is_file(const struct plm_event *e)
{
    return e->has_fd && (e->fd.type == PLM_FD_FILE || e->fd.type == PLM_FD_DIRECTORY);
}
static bool is_net(const struct plm_event *e)
{
    return e->has_fd && (e->fd.type == PLM_FD_IPV4 || e->fd.type == PLM_FD_IPV6 || e->fd.type == PLM_FD_UNIX);
}

/* Reading and writing count by what is read or written. */
static const char *io_category(const struct plm_event *e)
{
    if (!e->has_fd || e->fd.type == PLM_FD_UNKNOWN)
        return "unknown";
    if (is_file(e))
        return "file";
    if (is_net(e))
        return "net";
    return e->fd.type == PLM_FD_PIPE ? "IPC" : "other";
}
static const char *category(const struct plm_event *e)
{
    switch ((enum plm_evclass)e->type->category) {
    case PLM_EVC_OTHER:
        return "other";
    case PLM_EVC_FILE:
        return "file";
    case PLM_EVC_NET:
        return "net";
    case PLM_EVC_IPC:
        return "IPC";
    case PLM_EVC_MEMORY:
        return "memory";
    case PLM_EVC_PROCESS:
        return "process";
    case PLM_EVC_SLEEP:
        return "sleep";
    case PLM_EVC_SYSTEM:
        return "system";
    case PLM_EVC_SIGNAL:
        return "signal";
    case PLM_EVC_USER:
        return "user";
    case PLM_EVC_TIME:
        return "time";
    case PLM_EVC_WAIT:
        return "wait";
    case PLM_EVC_SCHED:
        return "scheduler";
    case PLM_EVC_INTERNAL:
        return "internal";
    case PLM_EVC_IO_READ:
    case PLM_EVC_IO_WRITE:
    case PLM_EVC_IO_OTHER:
        return io_category(e);
    }
    return "unknown";
}
GETTER(get_category)
{
    return view->event ? plm_field_str(view, out, plm_sv_from(category(view->event))) : 0;
}

/* ---- result ------------------------------------------------------------------------------------- */

static bool is_failed(const struct plm_event *e)
{
    return e->has_res && e->res < 0 && e->res >= -4095;
}
GETTER(get_rawres)
{
    return view->event && view->event->has_res ? plm_field_i64(view, out, view->event->res) : 0;
}
GETTER(get_res)
{
    const struct plm_event *e = view->event;
    if (!e || !e->has_res)
        return 0;
    const char *name = is_failed(e) ? plm_errno_name((int)-e->res) : "SUCCESS";
    if (name)
        return plm_field_str(view, out, plm_sv_from(name));
    plm_sv s = plm_arena_printf(view->arena, "%lld", (long long)e->res);
    return s.p ? plm_field_str(view, out, s) : -1;
}
GETTER(get_failed)
{
    return view->event ? plm_field_bool(view, out, is_failed(view->event)) : 0;
}
static int put_error(const struct plm_view *view, struct plm_values *out, bool is_counted)
{
    return view->event && is_failed(view->event) && is_counted ? plm_field_u64(view, out, 1) : 0;
}
GETTER(get_error)
{
    return put_error(view, out, true);
}
static bool is_memory(const struct plm_event *e)
{
    return e->type->category == PLM_EVC_MEMORY;
}
static bool is_file_error(const struct plm_event *e)
{
    return is_file(e) || (!e->has_fd && e->type->category == PLM_EVC_FILE);
}
static bool is_net_error(const struct plm_event *e)
{
    return is_net(e) || (!e->has_fd && e->type->category == PLM_EVC_NET);
}
GETTER(get_error_file)
{
    return put_error(view, out, view->event && is_file_error(view->event));
}
GETTER(get_error_net)
{
    return put_error(view, out, view->event && is_net_error(view->event));
}
GETTER(get_error_memory)
{
    return put_error(view, out, view->event && is_memory(view->event));
}
GETTER(get_error_other)
{
    const struct plm_event *e = view->event;
    return put_error(view, out, e && !is_file_error(e) && !is_net_error(e) && !is_memory(e));
}

/* ---- reading and writing ------------------------------------------------------------------------ */

static bool is_read(const struct plm_event *e)
{
    return e->type->category == PLM_EVC_IO_READ;
}
static bool is_write(const struct plm_event *e)
{
    return e->type->category == PLM_EVC_IO_WRITE;
}
GETTER(get_is_io)
{
    const struct plm_event *e = view->event;
    return e ? plm_field_bool(view, out, is_read(e) || is_write(e) || e->type->category == PLM_EVC_IO_OTHER)
             : 0;
}
GETTER(get_is_read)
{
    return view->event ? plm_field_bool(view, out, is_read(view->event)) : 0;
}
GETTER(get_is_write)
{
    return view->event ? plm_field_bool(view, out, is_write(view->event)) : 0;
}
GETTER(get_io_dir)
{
    const struct plm_event *e = view->event;
    if (!e || !(is_read(e) || is_write(e)))
        return 0;
    return plm_field_str(view, out, is_read(e) ? PLM_SV("read") : PLM_SV("write"));
}
GETTER(get_is_wait)
{
    return view->event ? plm_field_bool(view, out, view->event->type->category == PLM_EVC_WAIT) : 0;
}
GETTER(get_is_syslog)
{
    const struct plm_event *e = view->event;
    bool is_log = e && is_write(e) && e->has_fd && plm_sv_has(e->fd.name, PLM_SV("/dev/log"));
    return e ? plm_field_bool(view, out, is_log) : 0;
}
static int put_length(const struct plm_view *view, struct plm_values *out, bool is_counted)
{
    const struct plm_event *e = view->event;
    return is_counted && e->has_res && e->res >= 0 ? plm_field_u64(view, out, (uint64_t)e->res) : 0;
}
#define LENGTH(fn, condition)                                                                                \
    GETTER(fn)                                                                                               \
    {                                                                                                        \
        const struct plm_event *e = view->event;                                                             \
        return e && (is_read(e) || is_write(e)) ? put_length(view, out, condition) : 0;                      \
    }
LENGTH(get_buflen, true)
LENGTH(get_buflen_in, is_read(e))
LENGTH(get_buflen_out, is_write(e))
LENGTH(get_buflen_file, is_file(e))
LENGTH(get_buflen_file_in, is_file(e) && is_read(e))
LENGTH(get_buflen_file_out, is_file(e) && is_write(e))
LENGTH(get_buflen_net, is_net(e))
LENGTH(get_buflen_net_in, is_net(e) && is_read(e))
LENGTH(get_buflen_net_out, is_net(e) && is_write(e))
GETTER(get_buffer)
{
    const struct plm_event *e = view->event;
    const struct plm_param *p = e && (is_read(e) || is_write(e)) ? plm_event_param(e, "data") : NULL;
    return p ? plm_field_str(view, out, p->s) : 0;
}

/* ---- opening ------------------------------------------------------------------------------------ */

/* The flags of open, openat, openat2 and open_by_handle_at. */
static bool open_flags(const struct plm_event *e, uint64_t *out)
{
    unsigned id = e->type->id;
    bool is_open = id == PLM_EVT_open || id == PLM_EVT_openat || id == PLM_EVT_openat2 ||
                   id == PLM_EVT_open_by_handle_at;
    const struct plm_param *p = is_open ? plm_event_param(e, "flags") : NULL;
    *out = p ? p->u : 0;
    return p;
}
static bool opens_for(const struct plm_event *e, uint64_t mode)
{
    uint64_t flags;
    return open_flags(e, &flags) && ((flags & O_ACCMODE) == mode || (flags & O_ACCMODE) == O_RDWR);
}
static bool creates(const struct plm_event *e)
{
    uint64_t flags;
    const struct plm_param *p = e->type->id == PLM_EVT_creat ? plm_event_param(e, "creat_flags") : NULL;
    if (p)
        return p->u & PLM_O_CREATED;
    return open_flags(e, &flags) && (flags & PLM_O_CREATED || (flags & O_TMPFILE) == O_TMPFILE);
}
static bool creates_executable(const struct plm_event *e)
{
    uint64_t flags;
    const struct plm_param *mode = plm_event_param(e, "mode");
    bool may_create = e->type->id == PLM_EVT_creat ||
                      (open_flags(e, &flags) && (flags & O_CREAT || (flags & O_TMPFILE) == O_TMPFILE));
    return may_create && mode && mode->u & 0111;
}
GETTER(get_is_open_read)
{
    return view->event ? plm_field_bool(view, out, opens_for(view->event, O_RDONLY)) : 0;
}
GETTER(get_is_open_write)
{
    return view->event ? plm_field_bool(view, out, opens_for(view->event, O_WRONLY)) : 0;
}
GETTER(get_is_open_create)
{
    return view->event ? plm_field_bool(view, out, creates(view->event)) : 0;
}
GETTER(get_is_open_exec)
{
    return view->event ? plm_field_bool(view, out, creates_executable(view->event)) : 0;
}

/* Absolute paths of the *at calls; of those with two paths .src and .dst. */
static plm_sv at_path(const struct plm_event *e, bool is_second)
{
    static const char *const single[] = {"name", "path", "filename", "pathname"};
    plm_sv type = plm_sv_from(e->type->name);
    if (!plm_sv_ends(type, PLM_SV("at")) && !plm_sv_ends(type, PLM_SV("at2")))
        return PLM_SV_NULL;
    if (plm_evtype_param(e->type, PLM_SV("newpath")) >= 0)
        return plm_event_path(e, is_second ? "newpath" : "oldpath");
    if (plm_evtype_param(e->type, PLM_SV("linkpath")) >= 0)
        return plm_event_path(e, is_second ? "linkpath" : "target");
    for (size_t i = 0; i < sizeof(single) / sizeof(single[0]) && !is_second; i++)
        if (plm_evtype_param(e->type, plm_sv_from(single[i])) >= 0)
            return plm_event_path(e, single[i]);
    return PLM_SV_NULL;
}
GETTER(get_abspath)
{
    return view->event ? plm_field_str(view, out, at_path(view->event, false)) : 0;
}
GETTER(get_abspath_dst)
{
    return view->event ? plm_field_str(view, out, at_path(view->event, true)) : 0;
}

#define D PLM_F_DEPRECATED
#define N 0
// clang-format off
static const struct plm_field fields[] = {
    {"evt.abspath", PLM_V_PATH, N, "Absolute path of the calls whose name ends in at", .get = get_abspath},
    {"evt.abspath.dst", PLM_V_PATH, N, "The second path of such a call", .get = get_abspath_dst},
    {"evt.abspath.src", PLM_V_PATH, N, "The first path of such a call", .get = get_abspath},
    {"evt.asynctype", PLM_V_STR, N, "Kind of an event that is no system call of a process", .get = get_asynctype},
    {"evt.buffer", PLM_V_BYTES, N, "Data read or written, at most 80 bytes", .get = get_buffer, .needs = PLM_NEED_BUFFER},
    {"evt.buflen", PLM_V_U64, N, "Bytes read or written", .get = get_buflen},
    {"evt.buflen.file", PLM_V_U64, N, "Bytes read from or written to files", .get = get_buflen_file},
    {"evt.buflen.file.in", PLM_V_U64, N, "Bytes read from files", .get = get_buflen_file_in},
    {"evt.buflen.file.out", PLM_V_U64, N, "Bytes written to files", .get = get_buflen_file_out},
    {"evt.buflen.in", PLM_V_U64, N, "Bytes read", .get = get_buflen_in},
    {"evt.buflen.net", PLM_V_U64, N, "Bytes received or sent", .get = get_buflen_net},
    {"evt.buflen.net.in", PLM_V_U64, N, "Bytes received", .get = get_buflen_net_in},
    {"evt.buflen.net.out", PLM_V_U64, N, "Bytes sent", .get = get_buflen_net_out},
    {"evt.buflen.out", PLM_V_U64, N, "Bytes written", .get = get_buflen_out},
    {"evt.category", PLM_V_STR, N, "file, net, IPC, memory, process, sleep, system, signal, user, time, wait, scheduler, internal, other; of reads and writes by what is read or written", .get = get_category},
    {"evt.count", PLM_V_U64, N, "Always 1", .get = get_one},
    {"evt.count.error", PLM_V_U64, N, "1 for a call that failed", .get = get_error},
    {"evt.count.error.file", PLM_V_U64, N, "1 for a failed call on a file", .get = get_error_file},
    {"evt.count.error.memory", PLM_V_U64, N, "1 for a failed call on memory", .get = get_error_memory},
    {"evt.count.error.net", PLM_V_U64, N, "1 for a failed call on a socket", .get = get_error_net},
    {"evt.count.error.other", PLM_V_U64, N, "1 for any other failed call", .get = get_error_other},
    {"evt.count.exit", PLM_V_U64, N, "Always 1: every event is the exit of a call", .get = get_one},
    {"evt.count.procinfo", PLM_V_U64, N, "Counts Falco's sampling events; no value here", .get = plm_field_none},
    {"evt.count.threadinfo", PLM_V_U64, N, "Counts Falco's sampling events; no value here", .get = plm_field_none},
    {"evt.cpu", PLM_V_I64, N, "Number of the processor", .get = get_cpu},
    {"evt.dir", PLM_V_STR, D, "Always <: every event is the exit of a call", .get = get_dir},
    {"evt.failed", PLM_V_BOOL, N, "The call failed", .get = get_failed},
    {"evt.hostname", PLM_V_STR, N, "Name of this host", .get = get_hostname},
    {"evt.infra.docker.container.id", PLM_V_STR, D, "Legacy, no value", .get = plm_field_none},
    {"evt.infra.docker.container.image", PLM_V_STR, D, "Legacy, no value", .get = plm_field_none},
    {"evt.infra.docker.container.name", PLM_V_STR, D, "Legacy, no value", .get = plm_field_none},
    {"evt.infra.docker.name", PLM_V_STR, D, "Legacy, no value", .get = plm_field_none},
    {"evt.io_dir", PLM_V_STR, N, "read or write", .get = get_io_dir},
    {"evt.is_async", PLM_V_BOOL, N, "The event is no system call of a process", .get = get_is_async},
    {"evt.is_io", PLM_V_BOOL, N, "The call reads, writes or works on a descriptor", .get = get_is_io},
    {"evt.is_io_read", PLM_V_BOOL, N, "The call reads", .get = get_is_read},
    {"evt.is_io_write", PLM_V_BOOL, N, "The call writes", .get = get_is_write},
    {"evt.is_open_create", PLM_V_BOOL, N, "An open that made the file", .get = get_is_open_create},
    {"evt.is_open_exec", PLM_V_BOOL, N, "An open that may make an executable file", .get = get_is_open_exec},
    {"evt.is_open_read", PLM_V_BOOL, N, "An open for reading", .get = get_is_open_read},
    {"evt.is_open_write", PLM_V_BOOL, N, "An open for writing", .get = get_is_open_write},
    {"evt.is_syslog", PLM_V_BOOL, N, "A write to /dev/log", .get = get_is_syslog},
    {"evt.is_wait", PLM_V_BOOL, N, "The call waits for something", .get = get_is_wait},
    {"evt.latency", PLM_V_RELTIME, D, "Always 0: there are no entries of calls", .get = get_zero},
    {"evt.latency.human", PLM_V_STR, D, "Always 0ns", .get = get_zero_text},
    {"evt.latency.ns", PLM_V_RELTIME, D, "Always 0", .get = get_zero},
    {"evt.latency.quantized", PLM_V_U64, D, "Always 0", .get = get_zero},
    {"evt.latency.s", PLM_V_RELTIME, D, "Always 0", .get = get_zero},
    {"evt.num", PLM_V_U64, N, "Number of the event, from 1", .get = get_num},
    {"evt.plugininfo", PLM_V_STR, PLM_F_PLUGIN, "Of plugin events", .get = plm_field_none},
    {"evt.pluginname", PLM_V_STR, PLM_F_PLUGIN, "Of plugin events", .get = plm_field_none},
    {"evt.rawres", PLM_V_I64, N, "Return value of the call: a number, or the negative error", .get = get_rawres},
    {"evt.res", PLM_V_STR, N, "SUCCESS or the name of the error", .get = get_res},
    {"evt.source", PLM_V_STR, N, "Source of the event: syscall", .get = get_source},
    {"evt.type", PLM_V_STR, N, "Name of the system call or event", .get = get_type},
    {"evt.type.is", PLM_V_U64, PLM_F_NAME_SUFFIX | PLM_F_ARG_NEEDED, "1 if the event is of that type: evt.type.is.openat", .get = get_type_is, .check = check_type_is},
    {"evt.wait_latency", PLM_V_RELTIME, D, "Always 0", .get = get_zero},
    {.name = NULL},
};
static const struct plm_field syscall_fields[] = {
    {"syscall.type", PLM_V_STR, N, "Name of the system call; no value for other events", .get = get_syscall_type},
    {.name = NULL},
};
static const struct plm_field util_fields[] = {
    {"util.cnt", PLM_V_U64, N, "A number that grows with every event", .get = get_counter},
    {.name = NULL},
};
// clang-format on
static const struct plm_field_class class = {"evt", "The event", fields};
PLM_REGISTER(plm_field_classes, struct plm_field_class, class);
static const struct plm_field_class syscall_class = {"syscall", "The system call", syscall_fields};
PLM_REGISTER(plm_field_classes, struct plm_field_class, syscall_class);
static const struct plm_field_class util_class = {"util", "Counters", util_fields};
PLM_REGISTER(plm_field_classes, struct plm_field_class, util_class);
