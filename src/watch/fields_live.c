/* SPDX-License-Identifier: Apache-2.0
 *
 * What only the running process itself can tell: its open descriptors. There is no table of descriptors here
 * (the kernel's objects are read at each event instead), so these fields look into /proc/PID/fd when they are
 * asked for, and have no value for a recording or a process that has ended. They describe the moment of the
 * evaluation. At most FDS_MAX descriptors are read.
 *
 * fdlist.* are of poll(2), whose descriptors no event carries.
 */
#include "watch/field_int.h"

#include "base/buf.h"
#include "base/cleanup.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FDS_MAX = 4096, LINK_MAX_ = 4096 };

/* Opens /proc/PID/fd; -1: not to be had. */
static int open_fds(const struct plm_view *view)
{
    plm_auto_done(plm_buf_done) struct plm_buf path = PLM_BUF(PLM_KIB(1));
    if (!view->is_live || view->thread->info.pid <= 0)
        return -1;
    plm_buf_printf(&path, "/proc/%d/fd", view->thread->info.pid);
    const char *name = plm_buf_cstr(&path);
    return name ? open(name, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
}

/* What a link in /proc/PID/fd says of a descriptor. */
static enum plm_fdtype type_of(int dir, const char *fd, plm_sv link)
{
    static const struct {
        const char *prefix;
        enum plm_fdtype type;
    } kinds[] = {
        {"pipe:[", PLM_FD_PIPE},
        {"anon_inode:[eventfd]", PLM_FD_EVENT},
        {"anon_inode:[signalfd]", PLM_FD_SIGNALFD},
        {"anon_inode:[eventpoll]", PLM_FD_EVENTPOLL},
        {"anon_inode:inotify", PLM_FD_INOTIFY},
        {"anon_inode:[timerfd]", PLM_FD_TIMERFD},
        {"anon_inode:bpf", PLM_FD_BPF},
        {"anon_inode:[userfaultfd]", PLM_FD_USERFAULTFD},
        {"anon_inode:[io_uring]", PLM_FD_IO_URING},
        {"anon_inode:[pidfd]", PLM_FD_PIDFD},
        {"/memfd:", PLM_FD_MEMFD},
        {"socket:[", PLM_FD_UNKNOWN}, /* of which family the link does not say */
    };
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
        if (plm_sv_starts(link, plm_sv_from(kinds[i].prefix)))
            return kinds[i].type;
    struct stat st;
    if (link.n == 0 || link.p[0] != '/')
        return PLM_FD_UNKNOWN;
    return fstatat(dir, fd, &st, 0) == 0 && S_ISDIR(st.st_mode) ? PLM_FD_DIRECTORY : PLM_FD_FILE;
}

/* Type and name of one descriptor; false: not there. */
static bool look(const struct plm_view *view, int64_t fd, enum plm_fdtype *out_type, plm_sv *out_name)
{
    plm_auto_fd int dir = open_fds(view);
    plm_auto_done(plm_buf_done) struct plm_buf name = PLM_BUF(PLM_KIB(1));
    plm_buf_printf(&name, "%lld", (long long)fd);
    const char *text = plm_buf_cstr(&name);
    char *link = dir >= 0 ? plm_arena_alloc(view->arena, LINK_MAX_) : NULL;
    if (!link || !text)
        return false;
    ssize_t n = readlinkat(dir, text, link, LINK_MAX_);
    if (n < 0)
        return false;
    *out_name = plm_sv_n(link, (size_t)n);
    *out_type = type_of(dir, text, *out_name);
    return true;
}

static int put_std(const struct plm_view *view, struct plm_values *out, int fd, bool is_type)
{
    enum plm_fdtype type;
    plm_sv name;
    if (!look(view, fd, &type, &name))
        return 0;
    return plm_field_str(view, out, is_type ? plm_sv_from(plm_fdtype_name(type)) : name);
}
#define STANDARD(fn, fd, is_type)                                                                            \
    GETTER(fn)                                                                                               \
    {                                                                                                        \
        return put_std(view, out, fd, is_type);                                                              \
    }
STANDARD(get_stdin_type, STDIN_FILENO, true)
STANDARD(get_stdin_name, STDIN_FILENO, false)
STANDARD(get_stdout_type, STDOUT_FILENO, true)
STANDARD(get_stdout_name, STDOUT_FILENO, false)
STANDARD(get_stderr_type, STDERR_FILENO, true)
STANDARD(get_stderr_name, STDERR_FILENO, false)

/* Number of open descriptors, their types as bits (NULL: not asked for); -1: not to be had. */
static int64_t scan(const struct plm_view *view, uint32_t *out_types)
{
    int fd = open_fds(view);
    DIR *d = fd >= 0 ? fdopendir(fd) : NULL;
    int64_t n = 0;
    if (!d) {
        if (fd >= 0)
            close(fd);
        return -1;
    }
    char *link = out_types ? plm_arena_alloc(view->arena, LINK_MAX_) : NULL;
    for (const struct dirent *e; n < FDS_MAX && (e = readdir(d));) {
        if (e->d_name[0] == '.')
            continue;
        n++;
        ssize_t len = link ? readlinkat(dirfd(d), e->d_name, link, LINK_MAX_) : -1;
        if (len > 0)
            *out_types |= 1u << type_of(dirfd(d), e->d_name, plm_sv_n(link, (size_t)len));
    }
    closedir(d);
    return n;
}
GETTER(get_fdopencount)
{
    int64_t n = scan(view, NULL);
    return n < 0 ? 0 : plm_field_u64(view, out, (uint64_t)n);
}
/* Per cent of the limit. */
GETTER(get_fdusage)
{
    uint64_t limit = view->thread->info.fdlimit;
    int64_t n = limit ? scan(view, NULL) : -1;
    return n < 0 ? 0 : plm_field_u64(view, out, (uint64_t)n * 100 / limit);
}
GETTER(get_types)
{
    uint32_t types = 0;
    if (ref->has_index) {
        enum plm_fdtype type;
        plm_sv name;
        return look(view, ref->index, &type, &name)
                   ? plm_field_str(view, out, plm_sv_from(plm_fdtype_name(type)))
                   : 0;
    }
    if (scan(view, &types) < 0)
        return 0;
    for (unsigned t = 0; t < PLM_FD_COUNT_; t++)
        if (types >> t & 1 && plm_field_str(view, out, plm_sv_from(plm_fdtype_name(t))) < 0)
            return -1;
    return 0;
}

// clang-format off
static const struct plm_field proc_fields[] = {
    {"proc.fdopencount", PLM_V_U64, 0, "Number of open descriptors now", .get = get_fdopencount},
    {"proc.fdusage", PLM_V_U64, 0, "Open descriptors in per cent of the limit, now", .get = get_fdusage, .needs = PLM_NEED_MEMORY},
    {"proc.stderr.name", PLM_V_STR, 0, "What standard error is now: a path, pipe:[N]", .get = get_stderr_name},
    {"proc.stderr.type", PLM_V_STR, 0, "Type of standard error, as fd.type", .get = get_stderr_type},
    {"proc.stdin.name", PLM_V_STR, 0, "What standard input is now: a path, pipe:[N]", .get = get_stdin_name},
    {"proc.stdin.type", PLM_V_STR, 0, "Type of standard input, as fd.type", .get = get_stdin_type},
    {"proc.stdout.name", PLM_V_STR, 0, "What standard output is now: a path, pipe:[N]", .get = get_stdout_name},
    {"proc.stdout.type", PLM_V_STR, 0, "Type of standard output, as fd.type", .get = get_stdout_type},
    {.name = NULL},
};
static const struct plm_field fd_fields[] = {
    {"fd.types", PLM_V_STR, PLM_F_LIST | PLM_F_ARG_INDEX, "Types of all descriptors of the process now; with an index of that one", .get = get_types},
    {.name = NULL},
};
static const struct plm_field fdlist_fields[] = {
    {"fdlist.cips", PLM_V_IP, PLM_F_LIST, "Of poll: client addresses; no value here", .get = plm_field_none},
    {"fdlist.cports", PLM_V_PORT, PLM_F_LIST, "Of poll: client ports; no value here", .get = plm_field_none},
    {"fdlist.names", PLM_V_STR, PLM_F_LIST, "Of poll: names of the descriptors; no value here", .get = plm_field_none},
    {"fdlist.nums", PLM_V_I64, PLM_F_LIST, "Of poll: the descriptors; no value here", .get = plm_field_none},
    {"fdlist.sips", PLM_V_IP, PLM_F_LIST, "Of poll: server addresses; no value here", .get = plm_field_none},
    {"fdlist.sports", PLM_V_PORT, PLM_F_LIST, "Of poll: server ports; no value here", .get = plm_field_none},
    {.name = NULL},
};
// clang-format on
static const struct plm_field_class proc_class = {"proc", "Descriptors of the process", proc_fields};
PLM_REGISTER(plm_field_classes, struct plm_field_class, proc_class);
static const struct plm_field_class fd_class = {"fd", "All descriptors", fd_fields};
PLM_REGISTER(plm_field_classes, struct plm_field_class, fd_class);
static const struct plm_field_class fdlist_class = {"fdlist", "Descriptors of poll", fdlist_fields};
PLM_REGISTER(plm_field_classes, struct plm_field_class, fdlist_class);
