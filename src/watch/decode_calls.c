/* SPDX-License-Identifier: Apache-2.0
 *
 * Where each parameter of a typed event comes from: one row per system call, in the order of its parameters
 * (evtype_params.inc), each a source and the number of the register argument or of the part that is about it.
 * Calls without a row have no parameters but what all have.
 */
#include "watch/decode_int.h"

#include <fcntl.h>
#include <sys/mount.h>

enum source {
    S_NONE, /* the record does not say */
    S_RES,  /* the result */
    S_I32,  /* argument as a signed int (descriptors, process numbers) */
    S_U32,
    S_U64,
    S_TEXT,  /* USTR */
    S_PATH,  /* USTR, resolved against the directory of argument `extra` (NO_DIR: the working directory) */
    S_OPEN,  /* the same of an open: what the kernel opened, if it did */
    S_FOUND, /* the kernel's path of the descriptor */
    S_CWD,   /* USTR, resolved: the working directory after the call */
    S_BYTES,
    S_STRUCT32, /* word at byte `extra` of the STRUCT part */
    S_STRUCT64,
    S_INT, /* int number `extra` of the BYTES part */
    S_DEV,
    S_INO,
    S_TUPLE,
    S_ADDR,
    S_OPEN_FLAGS, /* O_* and whether this call made the file */
    S_HOW_FLAGS,  /* of a struct open_how */
    S_OPEN_MODE,  /* 0 unless the flags at argument `extra` create */
    S_HOW_MODE,
    S_MOUNT_FLAGS,
    S_CONSTANT, /* `extra` */
    S_SIZE,     /* the result where it counts bytes */
    S_QUEUE,    /* of a listening socket: extra 0 percent, 1 length, 2 bound */
    S_CAPS,     /* of the task after the call: extra 0 inheritable, 1 permitted, 2 effective */
};

enum { NO_DIR = 7, ROW_MAX = 10 };
#define CLONE_VFORK_FLAGS 0x4100u /* CLONE_VFORK | CLONE_VM */

struct cell {
    uint8_t source, arg, extra;
};
struct row {
    struct cell cells[ROW_MAX];
};

#define RES                                                                                                  \
    {                                                                                                        \
        S_RES, 0, 0                                                                                          \
    }
#define NONE                                                                                                 \
    {                                                                                                        \
        S_NONE, 0, 0                                                                                         \
    }
#define I(n)                                                                                                 \
    {                                                                                                        \
        S_I32, n, 0                                                                                          \
    }
#define U(n)                                                                                                 \
    {                                                                                                        \
        S_U32, n, 0                                                                                          \
    }
#define W(n)                                                                                                 \
    {                                                                                                        \
        S_U64, n, 0                                                                                          \
    }
#define T(n)                                                                                                 \
    {                                                                                                        \
        S_TEXT, n, 0                                                                                         \
    }
#define P(n)                                                                                                 \
    {                                                                                                        \
        S_PATH, n, NO_DIR                                                                                    \
    }
#define PA(n, dir)                                                                                           \
    {                                                                                                        \
        S_PATH, n, dir                                                                                       \
    }
#define O(n)                                                                                                 \
    {                                                                                                        \
        S_OPEN, n, NO_DIR                                                                                    \
    }
#define OA(n, dir)                                                                                           \
    {                                                                                                        \
        S_OPEN, n, dir                                                                                       \
    }
#define B(n)                                                                                                 \
    {                                                                                                        \
        S_BYTES, n, 0                                                                                        \
    }
#define X(s, n, e)                                                                                           \
    {                                                                                                        \
        s, n, e                                                                                              \
    }
#define DEV                                                                                                  \
    {                                                                                                        \
        S_DEV, PLM_WIRE_ARG_RES, 0                                                                           \
    }
#define INO                                                                                                  \
    {                                                                                                        \
        S_INO, PLM_WIRE_ARG_RES, 0                                                                           \
    }
#define TUPLE                                                                                                \
    {                                                                                                        \
        S_TUPLE, 0, 0                                                                                        \
    }
#define SIZE                                                                                                 \
    {                                                                                                        \
        S_SIZE, 0, 0                                                                                         \
    }
#define QUEUE                                                                                                \
    {S_QUEUE, 0, 0}, {S_QUEUE, 0, 1},                                                                        \
    {                                                                                                        \
        S_QUEUE, 0, 2                                                                                        \
    }
#define R(name, ...) [PLM_EVT_##name] = {{__VA_ARGS__}}

// clang-format off
static const struct row rows[PLM_EVT_COUNT_] = {
    R(accept, RES, TUPLE, QUEUE),
    R(accept4, RES, TUPLE, QUEUE, U(3)),
    R(access, RES, P(0), U(1)),
    R(bind, RES, X(S_ADDR, 1, 0), I(0)),
    R(bpf, RES, U(0)),
    R(capset, RES, X(S_CAPS, 0, 0), X(S_CAPS, 0, 1), X(S_CAPS, 0, 2)),
    R(chdir, RES, X(S_CWD, 0, 0)),
    R(chmod, RES, P(0), U(1)),
    R(chown, RES, P(0), U(1), U(2)),
    R(chroot, RES, P(0)),
    R(close, RES, I(0)),
    R(connect, RES, TUPLE, I(0), X(S_ADDR, 1, 0)),
    R(copy_file_range, RES, I(2), NONE, I(0), NONE, W(4)),
    R(creat, RES, O(0), U(1), DEV, INO, X(S_OPEN_FLAGS, NO_DIR, 0)),
    R(delete_module, RES, T(0), U(1)),
    R(dup, RES, I(0)),
    R(dup2, RES, I(0), I(1)),
    R(dup3, RES, I(0), I(1), U(2)),
    R(epoll_create, RES, I(0)),
    R(epoll_create1, RES, U(0)),
    R(eventfd, RES, U(0), X(S_CONSTANT, 0, 0)),
    R(eventfd2, RES, U(1), U(0)),
    R(faccessat, RES, I(0), PA(1, 0), U(2)),
    R(faccessat2, RES, I(0), PA(1, 0), U(2), U(3)),
    R(fchdir, RES, I(0)),
    R(fchmod, RES, I(0), U(1)),
    R(fchmodat, RES, I(0), PA(1, 0), U(2)),
    R(fchown, RES, I(0), U(1), U(2)),
    R(fchownat, RES, I(0), PA(1, 0), U(2), U(3), U(4)),
    R(fcntl, RES, I(0), U(1)),
    R(finit_module, RES, I(0), T(1), U(2)),
    R(flock, RES, I(0), U(1)),
    R(fsconfig, RES, I(0), U(1), T(2), B(3), T(3), I(4)),
    R(fstat, RES, I(0)),
    R(ftruncate, RES, I(0), W(1)),
    R(getcwd, RES, T(0)),
    R(getdents, RES, I(0)),
    R(getdents64, RES, I(0)),
    R(getegid, RES),
    R(geteuid, RES),
    R(getgid, RES),
    R(getsockopt, RES, I(0), U(1), U(2), B(3), U(4)),
    R(getuid, RES),
    R(init_module, RES, B(0), W(1), T(2)),
    R(inotify_init, RES, X(S_CONSTANT, 0, 0)),
    R(inotify_init1, RES, U(0)),
    R(io_uring_enter, RES, I(0), U(1), U(2), U(3), W(4)),
    R(io_uring_register, RES, I(0), U(1), W(2), U(3)),
    /* struct io_uring_params: sq_entries, cq_entries, flags, sq_thread_cpu, sq_thread_idle, features */
    R(io_uring_setup, RES, U(0), X(S_STRUCT32, 1, 0), X(S_STRUCT32, 1, 4), X(S_STRUCT32, 1, 8),
      X(S_STRUCT32, 1, 12), X(S_STRUCT32, 1, 16), X(S_STRUCT32, 1, 20)),
    R(ioctl, RES, I(0), W(1), W(2)),
    R(kill, RES, I(0), U(1)),
    R(lchown, RES, P(0), U(1), U(2)),
    R(link, RES, P(0), P(1)),
    R(linkat, RES, I(0), PA(1, 0), I(2), PA(3, 2), U(4)),
    R(listen, RES, I(0), I(1)),
    R(lstat, RES, P(0)),
    R(memfd_create, RES, T(0), U(1)),
    R(mkdir, RES, P(0), U(1)),
    R(mkdirat, RES, I(0), PA(1, 0), U(2)),
    R(mknod, RES, P(0), U(1), U(2)),
    R(mknodat, RES, I(0), PA(1, 0), U(2), U(3)),
    R(mmap, RES, NONE, NONE, NONE, W(0), W(1), U(2), U(3), I(4), W(5)),
    R(mount, RES, T(0), P(1), T(2), X(S_MOUNT_FLAGS, 3, 0)),
    R(mprotect, RES, W(0), W(1), U(2)),
    R(munmap, RES, NONE, NONE, NONE, W(0), W(1)),
    R(newfstatat, RES, I(0), PA(1, 0), U(3)),
    R(open, RES, O(0), X(S_OPEN_FLAGS, 1, 0), X(S_OPEN_MODE, 2, 1), DEV, INO),
    R(open_by_handle_at, RES, I(0), X(S_OPEN_FLAGS, 2, 0), X(S_FOUND, PLM_WIRE_ARG_RES, 0), DEV, INO),
    R(openat, RES, I(0), OA(1, 0), X(S_OPEN_FLAGS, 2, 0), X(S_OPEN_MODE, 3, 2), DEV, INO),
    /* struct open_how: flags, mode, resolve */
    R(openat2, RES, I(0), OA(1, 0), X(S_HOW_FLAGS, 2, 0), X(S_HOW_MODE, 2, 8), X(S_STRUCT64, 2, 16), DEV, INO),
    R(pidfd_getfd, RES, I(0), I(1), U(2)),
    R(pidfd_open, RES, I(0), U(1)),
    R(pipe, RES, X(S_INT, 0, 0), X(S_INT, 0, 1)),
    R(pipe2, RES, X(S_INT, 0, 0), X(S_INT, 0, 1), NONE, U(1)),
    R(prctl, RES, U(0), T(1), W(1)),
    R(pread, RES, B(1), I(0), W(2), W(3)),
    R(preadv, RES, SIZE, B(1), I(0), W(3)),
    R(process_vm_readv, RES, I(0)),
    R(process_vm_writev, RES, I(0)),
    R(ptrace, RES, W(2), W(3), U(0), I(1)),
    R(pwrite, RES, B(1), I(0), W(2), W(3)),
    R(pwritev, RES, B(1), I(0), SIZE, W(3)),
    R(read, RES, B(1), I(0), W(2)),
    R(readv, RES, SIZE, B(1), I(0)),
    R(recvfrom, RES, B(1), TUPLE, I(0), W(2)),
    R(recvmmsg, RES, I(0), NONE, B(1), TUPLE),
    R(recvmsg, RES, SIZE, B(1), TUPLE, NONE, I(0)),
    R(rename, RES, P(0), P(1)),
    R(renameat, RES, I(0), PA(1, 0), I(2), PA(3, 2)),
    R(renameat2, RES, I(0), PA(1, 0), I(2), PA(3, 2), U(4)),
    R(rmdir, RES, P(0)),
    R(seccomp, RES, U(0), U(1)),
    R(sendfile, RES, NONE, I(0), I(1), W(3)),
    R(sendmmsg, RES, I(0), NONE, B(1), TUPLE),
    R(sendmsg, RES, B(1), I(0), SIZE, TUPLE),
    R(sendto, RES, B(1), I(0), W(2), TUPLE),
    R(setgid, RES, U(0)),
    R(setns, RES, I(0), U(1)),
    R(setpgid, RES, I(0), I(1)),
    R(setregid, RES, U(0), U(1)),
    R(setresgid, RES, U(0), U(1), U(2)),
    R(setresuid, RES, U(0), U(1), U(2)),
    R(setreuid, RES, U(0), U(1)),
    R(setsid, RES),
    R(setsockopt, RES, I(0), U(1), U(2), B(3), U(4)),
    R(setuid, RES, U(0)),
    R(shutdown, RES, I(0), U(1)),
    R(signalfd, RES, I(0), NONE, X(S_CONSTANT, 0, 0)),
    R(signalfd4, RES, U(3), I(0)),
    R(socket, RES, U(0), U(1), U(2)),
    R(socketpair, RES, X(S_INT, 3, 0), X(S_INT, 3, 1), NONE, NONE, U(0), U(1), U(2)),
    R(stat, RES, P(0)),
    R(symlink, RES, T(0), P(1)),
    R(symlinkat, RES, T(0), I(1), PA(2, 1)),
    R(tgkill, RES, I(0), I(1), U(2)),
    R(timerfd_create, RES, U(0), U(1)),
    R(tkill, RES, I(0), U(1)),
    R(umount2, RES, P(0), U(1)),
    R(unlink, RES, P(0)),
    R(unlinkat, RES, I(0), PA(1, 0), U(2)),
    R(unshare, RES, U(0)),
    R(userfaultfd, RES, U(0)),
    R(write, RES, B(1), I(0), W(2)),
    R(writev, RES, B(1), I(0), SIZE),
};
// clang-format on

/* ---- one cell -------------------------------------------------------------------------------------------
 */

static bool take_text(const struct plm_decoder *d, unsigned arg, struct plm_param *q)
{
    const struct plm_rec_part *p = plm_rec_find(&d->rec, PLM_WIRE_P_USTR, arg);
    if (p)
        q->s = p->bytes;
    return p != NULL;
}

static bool take_path(struct plm_decoder *d, const struct cell *c, struct plm_param *q)
{
    if (!take_text(d, c->arg, q))
        return false;
    q->resolved = plm_path_join(d->arena, plm_rec_base(d, c->extra), q->s);
    return true;
}

static bool take_open(struct plm_decoder *d, const struct cell *c, struct plm_param *q)
{
    const struct plm_rec_part *found = plm_rec_find(&d->rec, PLM_WIRE_P_PATH, PLM_WIRE_ARG_RES);
    bool has_text = take_path(d, c, q);
    if (!found || found->flags & (PLM_WIRE_PATH_CUT | PLM_WIRE_PATH_PSEUDO))
        return has_text;
    q->resolved = plm_path_of_part(d->arena, found);
    if (!has_text)
        q->s = q->resolved;
    return true;
}

static bool take_cwd(struct plm_decoder *d, const struct cell *c, struct plm_param *q)
{
    const struct plm_rec_part *cwd = plm_rec_any(&d->rec, PLM_WIRE_P_CWD);
    if (!take_text(d, c->arg, q))
        return false;
    if (d->rec.h.res < 0)
        q->resolved = plm_path_join(d->arena, plm_rec_base(d, NO_DIR), q->s);
    else if (cwd && !(cwd->flags & PLM_WIRE_PATH_CUT))
        q->resolved = plm_path_of_part(d->arena, cwd);
    return true;
}

static bool take_part(const struct plm_decoder *d, unsigned type, unsigned arg, struct plm_param *q)
{
    const struct plm_rec_part *p = plm_rec_find(&d->rec, type, arg);
    if (p)
        q->s = plm_sv_sub(p->bytes, 0, PLM_SNAPLEN);
    return p != NULL;
}

/* `size` bytes at an offset of a part of that type. */
static bool take_word(const struct plm_decoder *d, unsigned type, unsigned arg, size_t at, size_t size,
                      uint64_t *out)
{
    const struct plm_rec_part *p = plm_rec_find(&d->rec, type, arg);
    uint32_t w;
    if (!p || p->bytes.n < at + size)
        return false;
    if (size == sizeof(*out)) {
        memcpy(out, p->bytes.p + at, sizeof(*out));
        return true;
    }
    memcpy(&w, p->bytes.p + at, sizeof(w));
    *out = w;
    return true;
}

static bool take_file(const struct plm_decoder *d, bool is_dev, struct plm_param *q)
{
    struct plm_wire_file f;
    if (!plm_rec_struct(plm_rec_find(&d->rec, PLM_WIRE_P_FILE, PLM_WIRE_ARG_RES), &f, sizeof(f)))
        return false;
    q->u = is_dev ? f.dev : f.ino;
    return true;
}

static uint64_t created(const struct plm_decoder *d)
{
    struct plm_wire_file f;
    bool has = plm_rec_struct(plm_rec_find(&d->rec, PLM_WIRE_P_FILE, PLM_WIRE_ARG_RES), &f, sizeof(f));
    return has && f.flags & PLM_WIRE_F_CREATED ? PLM_O_CREATED : 0;
}

/* The mode counts only where something may be made. */
static uint64_t mode_of(uint64_t flags, uint64_t mode)
{
    return flags & O_CREAT || (flags & O_TMPFILE) == O_TMPFILE ? mode & 07777 : 0;
}

static bool take_how_mode(const struct plm_decoder *d, const struct cell *c, struct plm_param *q)
{
    uint64_t flags, mode;
    if (!take_word(d, PLM_WIRE_P_STRUCT, c->arg, 0, 8, &flags) ||
        !take_word(d, PLM_WIRE_P_STRUCT, c->arg, c->extra, 8, &mode))
        return false;
    q->u = mode_of(flags, mode);
    return true;
}

static uint64_t mount_flags(uint64_t f)
{
    return (f & MS_MGC_MSK) == MS_MGC_VAL ? f & ~(uint64_t)MS_MGC_MSK : f; /* a magic of old programs */
}

static bool take_queue(const struct plm_decoder *d, const struct cell *c, struct plm_param *q)
{
    struct plm_wire_sock w;
    if (!plm_decode_sock(d, 0, &w))
        return false;
    uint64_t percent = w.backlog_max ? (uint64_t)w.backlog * 100 / w.backlog_max : 0;
    q->u = c->extra == 0 ? percent : c->extra == 1 ? w.backlog : w.backlog_max;
    return true;
}

static bool take_caps(const struct plm_decoder *d, const struct cell *c, struct plm_param *q)
{
    const struct plm_task_info *t = d->event.task;
    if (t)
        q->u = c->extra == 0 ? t->cap_inheritable : c->extra == 1 ? t->cap_permitted : t->cap_effective;
    return t != NULL;
}

/* A result in the member that its type reads. */
static bool take_res(const struct plm_decoder *d, struct plm_param *q)
{
    q->i = d->rec.h.res;
    return true;
}

static bool take(struct plm_decoder *d, const struct cell *c, struct plm_param *q)
{
    const uint64_t *args = (const uint64_t *)d->rec.h.args;
    uint64_t arg = c->arg < 6 ? args[c->arg] : 0;
    switch ((enum source)c->source) {
    case S_NONE:
        return false;
    case S_RES:
        return take_res(d, q);
    case S_I32:
        q->i = (int32_t)arg;
        return true;
    case S_U32:
        q->u = (uint32_t)arg;
        return true;
    case S_U64:
        q->u = arg;
        return true;
    case S_TEXT:
        return take_text(d, c->arg, q);
    case S_PATH:
        return take_path(d, c, q);
    case S_OPEN:
        return take_open(d, c, q);
    case S_FOUND:
        q->s = plm_path_of_part(d->arena, plm_rec_find(&d->rec, PLM_WIRE_P_PATH, c->arg));
        q->resolved = q->s;
        return q->s.p != NULL;
    case S_CWD:
        return take_cwd(d, c, q);
    case S_BYTES:
        return take_part(d, PLM_WIRE_P_BYTES, c->arg, q);
    case S_STRUCT32:
        return take_word(d, PLM_WIRE_P_STRUCT, c->arg, c->extra, 4, &q->u);
    case S_STRUCT64:
        return take_word(d, PLM_WIRE_P_STRUCT, c->arg, c->extra, 8, &q->u);
    case S_INT:
        return take_word(d, PLM_WIRE_P_BYTES, c->arg, c->extra * 4u, 4, &q->u);
    case S_DEV:
        return take_file(d, true, q);
    case S_INO:
        return take_file(d, false, q);
    case S_TUPLE:
        q->addr = plm_decode_tuple(d);
        return q->addr != NULL;
    case S_ADDR:
        q->addr = plm_decode_addr(d, c->arg);
        return q->addr != NULL;
    case S_OPEN_FLAGS: /* creat has no argument for them */
        q->u = (c->arg < 6 ? (uint32_t)arg : O_CREAT | O_WRONLY | O_TRUNC) | created(d);
        return true;
    case S_HOW_FLAGS:
        if (!take_word(d, PLM_WIRE_P_STRUCT, c->arg, 0, 8, &q->u))
            return false;
        q->u = (q->u & UINT32_MAX) | created(d);
        return true;
    case S_OPEN_MODE:
        q->u = mode_of(args[c->extra], arg);
        return true;
    case S_HOW_MODE:
        return take_how_mode(d, c, q);
    case S_MOUNT_FLAGS:
        q->u = mount_flags(arg);
        return true;
    case S_CONSTANT:
        q->u = c->extra;
        return true;
    case S_SIZE:
        q->u = (uint64_t)d->rec.h.res;
        return d->rec.h.res >= 0;
    case S_QUEUE:
        return take_queue(d, c, q);
    case S_CAPS:
        return take_caps(d, c, q);
    }
    return false;
}

/* ---- calls
 * --------------------------------------------------------------------------------------------------- */

/* Which wire argument the descriptor of the event is: the result, or the register of its cell. */
static unsigned fd_arg(const struct plm_evtype *t, const struct row *row)
{
    const struct cell *c = &row->cells[t->fd_param < ROW_MAX ? t->fd_param : 0];
    return c->source == S_I32 ? c->arg : PLM_WIRE_ARG_RES;
}

static void name_as_written(struct plm_decoder *d)
{
    struct plm_event *e = &d->event;
    int i = e->has_fd ? plm_evtype_param(e->type, PLM_SV("name")) : -1;
    if (i < 0 || (unsigned)i >= e->n_params || !e->params[i].is_present ||
        e->type->params[i].type != PLM_P_PATH)
        return;
    e->fd.nameraw = e->params[i].s;
    /* The descriptor could not be read any more (closed by another thread): what was asked for. */
    if (e->fd.type == PLM_FD_UNKNOWN)
        e->fd.type = PLM_FD_FILE;
    if (!e->fd.name.p && e->fd.type == PLM_FD_FILE)
        e->fd.name = e->params[i].resolved;
}

/* clone(flags), clone3(struct clone_args *): of the parent's own event. */
static void clone_flags(struct plm_decoder *d)
{
    struct plm_param *q = plm_decode_param(d, "flags");
    if (!q)
        return;
    if (d->event.type->id == PLM_EVT_clone)
        q->u = (uint32_t)d->rec.h.args[0];
    else if (d->event.type->id == PLM_EVT_clone3)
        q->is_present = take_word(d, PLM_WIRE_P_STRUCT, 0, 0, 8, &q->u);
    else
        q->u = d->event.type->id == PLM_EVT_vfork ? CLONE_VFORK_FLAGS : 0;
}

static bool is_fork_like(const struct plm_evtype *t)
{
    return t->id == PLM_EVT_clone || t->id == PLM_EVT_clone3 || t->id == PLM_EVT_fork ||
           t->id == PLM_EVT_vfork;
}

void plm_decode_call(struct plm_decoder *d)
{
    struct plm_event *e = &d->event;
    const struct plm_evtype *t = e->type;
    const struct row *row = &rows[t->id];
    if (t->has_fd && row->cells[0].source != S_NONE) {
        unsigned arg = fd_arg(t, row);
        int64_t num = arg < 6 ? (int32_t)d->rec.h.args[arg] : d->rec.h.res;
        plm_decode_fd(d, t, arg, num);
    }
    for (unsigned i = 0; i < e->n_params && i < ROW_MAX; i++)
        e->params[i].is_present = take(d, &row->cells[i], &e->params[i]);
    if (e->n_params && !e->params[0].is_present) /* execve and clone have no row */
        e->params[0].is_present = take_res(d, &e->params[0]);
    if (is_fork_like(t))
        clone_flags(d);
    name_as_written(d);
}

/* ---- io_uring
 * -------------------------------------------------------------------------------------------------- */

/* enum io_uring_op of the kernel, in order. */
static const char *const operations[] = {
    "NOP",
    "READV",
    "WRITEV",
    "FSYNC",
    "READ_FIXED",
    "WRITE_FIXED",
    "POLL_ADD",
    "POLL_REMOVE",
    "SYNC_FILE_RANGE",
    "SENDMSG",
    "RECVMSG",
    "TIMEOUT",
    "TIMEOUT_REMOVE",
    "ACCEPT",
    "ASYNC_CANCEL",
    "LINK_TIMEOUT",
    "CONNECT",
    "FALLOCATE",
    "OPENAT",
    "CLOSE",
    "FILES_UPDATE",
    "STATX",
    "READ",
    "WRITE",
    "FADVISE",
    "MADVISE",
    "SEND",
    "RECV",
    "OPENAT2",
    "EPOLL_CTL",
    "SPLICE",
    "PROVIDE_BUFFERS",
    "REMOVE_BUFFERS",
    "TEE",
    "SHUTDOWN",
    "RENAMEAT",
    "UNLINKAT",
    "MKDIRAT",
    "SYMLINKAT",
    "LINKAT",
    "MSG_RING",
    "FSETXATTR",
    "SETXATTR",
    "FGETXATTR",
    "GETXATTR",
    "SOCKET",
    "URING_CMD",
    "SEND_ZC",
    "SENDMSG_ZC",
    "READ_MULTISHOT",
    "WAITID",
    "FUTEX_WAIT",
    "FUTEX_WAKE",
    "FUTEX_WAITV",
    "FIXED_FD_INSTALL",
    "FTRUNCATE",
    "BIND",
    "LISTEN",
    "RECV_ZC",
    "EPOLL_WAIT",
    "READV_FIXED",
    "WRITEV_FIXED",
    "PIPE",
};

void plm_decode_io_uring(struct plm_decoder *d)
{
    struct plm_event *e = &d->event;
    uint64_t opcode = d->rec.h.args[0];
    int64_t num = (int32_t)d->rec.h.args[3];
    e->has_res = false;
    plm_decode_fd(d, e->type, 3, num);
    struct plm_param *fd = plm_decode_param(d, "fd"), *code = plm_decode_param(d, "opcode"),
                     *name = plm_decode_param(d, "operation");
    if (fd)
        fd->i = num;
    if (code)
        code->u = opcode;
    if (name)
        name->s = opcode < sizeof(operations) / sizeof(operations[0])
                      ? plm_arena_printf(d->arena, "IORING_OP_%s", operations[opcode])
                      : plm_arena_printf(d->arena, "%llu", (unsigned long long)opcode);
    const struct plm_rec_part *path = plm_rec_find(&d->rec, PLM_WIRE_P_USTR, 4);
    if (!path)
        return;
    e->fd.nameraw = path->bytes;
    if (!e->fd.name.p)
        e->fd.name = plm_path_join(d->arena, plm_rec_base(d, PLM_WIRE_ARG_TASK), path->bytes);
    if (e->fd.name.p && e->fd.type == PLM_FD_UNKNOWN)
        e->fd.type = PLM_FD_FILE;
    e->has_fd = true;
}
