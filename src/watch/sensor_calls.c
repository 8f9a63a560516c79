/* SPDX-License-Identifier: Apache-2.0
 *
 * What the kernel programs read of each system call (wire_call.h). One row per call; letters say what the
 * arguments are, in order:
 *
 *     f  descriptor            s  text                      a  address, the next argument is its length
 *     d  directory of the      p  path                      A  address, the next one points to its length
 *        path that follows     P  path after a directory    b  buffer, the next one is its length
 *     t  structure of `size`   i  `size` bytes of numbers,  v  vectors, the next one is their number
 *        bytes                    set by the call           m  msghdr, M: the first of several
 *     V  vector of strings     -  only the register
 *
 * Calls without a row bring their registers.
 */
#include "watch/sensor_int.h"

#include <string.h>
#include <sys/syscall.h>

enum { NONE = PLM_CALL_NO_ARG, RES = PLM_WIRE_ARG_RES };
#define CHANGES PLM_CALL_CHANGES
#define CWD     PLM_CALL_CWD

struct row {
    short nr;
    const char *args;
    unsigned char class, object, has_fd, open_flags, flags, size, creates;
};

/* Shapes of rows: F a file by path, D one by descriptor, N a socket, O anything else, T changes the task. */
#define F(nr_, args_, ...)                                                                                   \
    {                                                                                                        \
        .nr = (nr_), .args = (args_), .class = PLM_LOSS_FILE, .object = NONE, .open_flags = NONE,            \
        __VA_ARGS__                                                                                          \
    }
#define D(nr_, args_, ...)                                                                                   \
    {                                                                                                        \
        .nr = (nr_), .args = (args_), .class = PLM_LOSS_FILE, .object = 0, .open_flags = NONE, __VA_ARGS__   \
    }
#define N(nr_, args_, ...)                                                                                   \
    {                                                                                                        \
        .nr = (nr_), .args = (args_), .class = PLM_LOSS_NET, .object = 0, .open_flags = NONE, __VA_ARGS__    \
    }
#define O(nr_, args_, ...)                                                                                   \
    {                                                                                                        \
        .nr = (nr_), .args = (args_), .class = PLM_LOSS_OTHER, .object = NONE, .open_flags = NONE,           \
        __VA_ARGS__                                                                                          \
    }
#define T(nr_, args_, flags_, ...)                                                                           \
    {                                                                                                        \
        .nr = (nr_), .args = (args_), .class = PLM_LOSS_PROCESS, .object = NONE, .open_flags = NONE,         \
        .flags = (flags_), __VA_ARGS__                                                                       \
    }
#define OPEN(nr_, args_, at_, ...)                                                                           \
    {                                                                                                        \
        .nr = (nr_), .args = (args_), .class = PLM_LOSS_OPEN, .object = RES, .has_fd = 1,                    \
        .open_flags = (at_), __VA_ARGS__                                                                     \
    }

// clang-format off
/* A row's own member comes after its shape's and wins. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Woverride-init"
static const struct row rows[] = {
#ifdef SYS_open /* calls that arm64 never had */
    OPEN(SYS_open, "p", 1),
    OPEN(SYS_creat, "p", NONE, .creates = 1),
    T(SYS_fork, "", PLM_CALL_CLONE), T(SYS_vfork, "", PLM_CALL_CLONE),
    D(SYS_dup2, "ff", .object = RES, .has_fd = 1),
    F(SYS_unlink, "p"), F(SYS_rmdir, "p"), F(SYS_mkdir, "p"), F(SYS_rename, "pp"), F(SYS_link, "pp"),
    F(SYS_symlink, "sp"), F(SYS_readlink, "p"), F(SYS_chmod, "p"), F(SYS_chown, "p"), F(SYS_lchown, "p"),
    F(SYS_mknod, "p"), F(SYS_access, "p"), F(SYS_stat, "p"), F(SYS_lstat, "p"), F(SYS_utime, "p"),
    F(SYS_utimes, "p"), F(SYS_futimesat, "dP"),
    O(SYS_pipe, "i", .size = 8), O(SYS_eventfd, "", .has_fd = 1), O(SYS_signalfd, "", .has_fd = 1),
    O(SYS_epoll_create, "", .has_fd = 1), O(SYS_inotify_init, "", .has_fd = 1), D(SYS_getdents, "f"),
#endif
    OPEN(SYS_openat, "dP", 2),
    OPEN(SYS_openat2, "dPt", 2, .size = 24, .flags = PLM_CALL_HOW),
    OPEN(SYS_open_by_handle_at, "f", 2),
    T(SYS_execve, "pV", PLM_CALL_EXEC | CWD), T(SYS_execveat, "dPV", PLM_CALL_EXEC | CWD),
    T(SYS_clone, "", PLM_CALL_CLONE), T(SYS_clone3, "t", PLM_CALL_CLONE, .size = 88),

    N(SYS_socket, "", .object = RES, .has_fd = 1), N(SYS_socketpair, "---i", .object = NONE, .size = 8),
    N(SYS_connect, "fa"), N(SYS_bind, "fa"), N(SYS_listen, "f"), N(SYS_shutdown, "f"),
    N(SYS_accept, "fA", .object = RES, .has_fd = 1), N(SYS_accept4, "fA", .object = RES, .has_fd = 1),
    N(SYS_getsockname, "fA"), N(SYS_getpeername, "fA"), N(SYS_setsockopt, "f"), N(SYS_getsockopt, "f"),
    N(SYS_sendto, "fb--a"), N(SYS_sendmsg, "fm"), N(SYS_sendmmsg, "fM"),
    N(SYS_recvfrom, "fb--A"), N(SYS_recvmsg, "fm"), N(SYS_recvmmsg, "fM"),

    D(SYS_dup, "f", .object = RES, .has_fd = 1), D(SYS_dup3, "ff", .object = RES, .has_fd = 1),
    D(SYS_fcntl, "f"), D(SYS_ioctl, "f"), D(SYS_lseek, "f"), D(SYS_flock, "f"), D(SYS_fsync, "f"),
    D(SYS_fdatasync, "f"), D(SYS_getdents64, "f"), D(SYS_fallocate, "f"), D(SYS_ftruncate, "f"),
    D(SYS_fstat, "f"), D(SYS_fchmod, "f"), D(SYS_fchown, "f"), D(SYS_fstatfs, "f"), D(SYS_syncfs, "f"),
    D(SYS_read, "fb"), D(SYS_write, "fb"), D(SYS_pread64, "fb"), D(SYS_pwrite64, "fb"), D(SYS_readv, "fv"),
    D(SYS_writev, "fv"), D(SYS_preadv, "fv"), D(SYS_pwritev, "fv"), D(SYS_preadv2, "fv"), D(SYS_pwritev2, "fv"),
    D(SYS_sendfile, "ff"), D(SYS_splice, "f-f"), D(SYS_tee, "ff"), D(SYS_copy_file_range, "f-f"),
    O(SYS_mmap, "----f", .object = 4),

    F(SYS_unlinkat, "dP"), F(SYS_mkdirat, "dP"), F(SYS_renameat, "dPdP"), F(SYS_renameat2, "dPdP"),
    F(SYS_linkat, "dPdP"), F(SYS_symlinkat, "sdP"), F(SYS_readlinkat, "dP"), F(SYS_fchmodat, "dP"),
    F(SYS_fchownat, "dP"), F(SYS_mknodat, "dP"), F(SYS_faccessat, "dP"), F(SYS_faccessat2, "dP"),
    F(SYS_utimensat, "dP"), F(SYS_statx, "dP"), F(SYS_truncate, "p"), F(SYS_statfs, "p"),
    F(SYS_newfstatat, "dP"), F(SYS_name_to_handle_at, "dP"),
    F(SYS_setxattr, "ps"), F(SYS_lsetxattr, "ps"), D(SYS_fsetxattr, "fs"), F(SYS_removexattr, "ps"),
    F(SYS_lremovexattr, "ps"), D(SYS_fremovexattr, "fs"), F(SYS_getxattr, "ps"), F(SYS_lgetxattr, "ps"),
    F(SYS_inotify_add_watch, "fp"), F(SYS_fanotify_mark, "f--dP"),
    F(SYS_mount, "sps"), F(SYS_umount2, "p"), F(SYS_swapon, "p"), F(SYS_swapoff, "p"), F(SYS_acct, "p"),
    F(SYS_quotactl, "-p"), F(SYS_open_tree, "dP", .has_fd = 1), F(SYS_move_mount, "dPdP"),
    F(SYS_fsopen, "s", .has_fd = 1), F(SYS_fsconfig, "f-s"), F(SYS_fsmount, "f", .has_fd = 1),
    F(SYS_fspick, "dP", .has_fd = 1),
#ifdef SYS_fchmodat2
    F(SYS_fchmodat2, "dP"),
#endif

    T(SYS_chdir, "p", CHANGES | CWD), T(SYS_fchdir, "f", CHANGES | CWD), T(SYS_chroot, "p", CHANGES | CWD),
    T(SYS_pivot_root, "pp", CHANGES | CWD), T(SYS_setns, "f", CHANGES | CWD), T(SYS_unshare, "", CHANGES | CWD),
    T(SYS_setuid, "", CHANGES), T(SYS_setgid, "", CHANGES), T(SYS_setreuid, "", CHANGES),
    T(SYS_setregid, "", CHANGES), T(SYS_setresuid, "", CHANGES), T(SYS_setresgid, "", CHANGES),
    T(SYS_setfsuid, "", CHANGES), T(SYS_setfsgid, "", CHANGES), T(SYS_setgroups, "", CHANGES),
    T(SYS_capset, "tt", CHANGES, .size = 24), T(SYS_setpgid, "", CHANGES), T(SYS_setsid, "", CHANGES),
    T(SYS_prctl, "-s", PLM_CALL_PRCTL),
    T(SYS_prlimit64, "--t", 0, .size = 16), T(SYS_setrlimit, "-t", 0, .size = 16),

    O(SYS_ptrace, ""), O(SYS_bpf, "", .has_fd = 0), O(SYS_memfd_create, "s", .object = RES, .has_fd = 1),
    O(SYS_userfaultfd, "", .has_fd = 1), O(SYS_init_module, "b-s"), O(SYS_finit_module, "fs", .object = 0),
    O(SYS_delete_module, "s"), O(SYS_kexec_file_load, "ff", .object = 0),
    O(SYS_pipe2, "i", .size = 8), O(SYS_eventfd2, "", .has_fd = 1), O(SYS_signalfd4, "f", .has_fd = 1),
    O(SYS_timerfd_create, "", .has_fd = 1), O(SYS_epoll_create1, "", .has_fd = 1),
    O(SYS_inotify_init1, "", .has_fd = 1), O(SYS_fanotify_init, "", .has_fd = 1),
    O(SYS_perf_event_open, "", .has_fd = 1), O(SYS_pidfd_open, "", .has_fd = 1),
    O(SYS_pidfd_getfd, "f", .has_fd = 1), O(SYS_pidfd_send_signal, "f"),
    O(SYS_io_uring_setup, "-t", .has_fd = 1, .size = 120), O(SYS_io_uring_enter, "f", .object = 0),
    O(SYS_io_uring_register, "f", .object = 0), O(SYS_epoll_ctl, "f-f"), O(SYS_add_key, "ss"),
    O(SYS_request_key, "sss"), O(SYS_sethostname, "b"), O(SYS_setdomainname, "b"), O(SYS_syslog, ""),
    O(SYS_process_vm_readv, "-v"), O(SYS_process_vm_writev, "-v"),
};
#pragma GCC diagnostic pop
// clang-format on

static void letter(struct plm_call *c, unsigned i, char l, unsigned size)
{
    static const struct {
        char letter;
        unsigned char kind, aux; /* aux 0xff: the next argument, 0xfe: the size */
    } kinds[] = {
        {'f', PLM_CALL_FD, 0},          {'d', PLM_CALL_DIRFD, 0},  {'s', PLM_CALL_STR, 0},
        {'p', PLM_CALL_STR, 1},         {'P', PLM_CALL_STR, 2},    {'a', PLM_CALL_ADDR, 0xff},
        {'A', PLM_CALL_ADDR_OUT, 0xff}, {'b', PLM_CALL_BUF, 0xff}, {'v', PLM_CALL_IOV, 0xff},
        {'m', PLM_CALL_MSG, 0},         {'M', PLM_CALL_MSG, 1},    {'t', PLM_CALL_STRUCT, 0xfe},
        {'i', PLM_CALL_INTS, 0xfe},     {'V', PLM_CALL_ARGV, 0},
    };
    for (size_t k = 0; k < sizeof(kinds) / sizeof(kinds[0]); k++) {
        if (kinds[k].letter != l)
            continue;
        c->kind[i] = kinds[k].kind;
        c->aux[i] = kinds[k].aux;
        if (kinds[k].aux == 0xff)
            c->aux[i] = (unsigned char)(i + 1);
        else if (kinds[k].aux == 0xfe)
            c->aux[i] = (unsigned char)(size / 4);
    }
}

void plm_sensor_calls(struct plm_call calls[PLM_CALLS])
{
    memset(calls, 0, PLM_CALLS * sizeof(calls[0]));
    for (unsigned i = 0; i < PLM_CALLS; i++)
        calls[i] = (struct plm_call){.class = PLM_LOSS_OTHER, .object = NONE, .open_flags = NONE};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const struct row *r = &rows[i];
        struct plm_call *c = &calls[r->nr];
        c->flags = r->flags;
        c->class = r->class;
        c->object = r->object;
        c->has_fd = r->has_fd;
        c->open_flags = r->open_flags;
        c->creates = r->creates;
        for (unsigned k = 0; r->args[k]; k++)
            letter(c, k, r->args[k], r->size);
    }
}

/* Numbers of i386. socketcall(2) packs its arguments and is not resolved; the C libraries of the last ten
 * years use the calls themselves. */
void plm_sensor_compat(uint16_t numbers[PLM_CALLS])
{
    memset(numbers, 0xff, PLM_CALLS * sizeof(numbers[0]));
#ifdef __x86_64__
    static const struct {
        unsigned short native, compat;
    } pairs[] = {
        {SYS_exit_group, 252},
        {SYS_open, 5},
        {SYS_creat, 8},
        {SYS_openat, 295},
        {SYS_openat2, 437},
        {SYS_open_by_handle_at, 342},
        {SYS_execve, 11},
        {SYS_execveat, 358},
        {SYS_fork, 2},
        {SYS_vfork, 190},
        {SYS_clone, 120},
        {SYS_clone3, 435},
        {SYS_read, 3},
        {SYS_write, 4},
        {SYS_pread64, 180},
        {SYS_pwrite64, 181},
        {SYS_readv, 145},
        {SYS_writev, 146},
        {SYS_close, 6},
        {SYS_unlink, 10},
        {SYS_unlinkat, 301},
        {SYS_rmdir, 40},
        {SYS_mkdir, 39},
        {SYS_mkdirat, 296},
        {SYS_rename, 38},
        {SYS_renameat, 302},
        {SYS_renameat2, 353},
        {SYS_link, 9},
        {SYS_linkat, 303},
        {SYS_symlink, 83},
        {SYS_symlinkat, 304},
        {SYS_chmod, 15},
        {SYS_fchmod, 94},
        {SYS_fchmodat, 306},
        {SYS_chown, 182},
        {SYS_chown, 212},
        {SYS_lchown, 16},
        {SYS_lchown, 198},
        {SYS_fchown, 95},
        {SYS_fchown, 207},
        {SYS_fchownat, 298},
        {SYS_chdir, 12},
        {SYS_fchdir, 133},
        {SYS_chroot, 61},
        {SYS_pivot_root, 217},
        {SYS_setuid, 23},
        {SYS_setuid, 213},
        {SYS_setgid, 46},
        {SYS_setgid, 214},
        {SYS_setreuid, 70},
        {SYS_setreuid, 203},
        {SYS_setregid, 71},
        {SYS_setregid, 204},
        {SYS_setresuid, 164},
        {SYS_setresuid, 208},
        {SYS_setresgid, 170},
        {SYS_setresgid, 210},
        {SYS_setsid, 66},
        {SYS_setpgid, 57},
        {SYS_capset, 185},
        {SYS_prctl, 172},
        {SYS_unshare, 310},
        {SYS_setns, 346},
        {SYS_ptrace, 26},
        {SYS_mount, 21},
        {SYS_umount2, 52},
        {SYS_bpf, 357},
        {SYS_memfd_create, 356},
        {SYS_userfaultfd, 374},
        {SYS_init_module, 128},
        {SYS_finit_module, 350},
        {SYS_delete_module, 129},
        {SYS_dup, 41},
        {SYS_dup2, 63},
        {SYS_dup3, 330},
        {SYS_socket, 359},
        {SYS_socketpair, 360},
        {SYS_bind, 361},
        {SYS_connect, 362},
        {SYS_listen, 363},
        {SYS_accept4, 364},
        {SYS_sendto, 369},
        {SYS_sendmsg, 370},
        {SYS_recvfrom, 371},
        {SYS_recvmsg, 372},
        {SYS_sendmmsg, 345},
        {SYS_fcntl, 55},
        {SYS_fcntl, 221},
        {SYS_ioctl, 54},
        {SYS_pipe, 42},
        {SYS_pipe2, 331},
        {SYS_mknod, 14},
        {SYS_mknodat, 297},
        {SYS_truncate, 92},
        {SYS_sendfile, 187},
        {SYS_splice, 313},
        {SYS_io_uring_setup, 425},
        {SYS_io_uring_enter, 426},
        {SYS_io_uring_register, 427},
        {SYS_process_vm_readv, 347},
        {SYS_process_vm_writev, 348},
        {SYS_kill, 37},
        {SYS_tkill, 238},
        {SYS_tgkill, 270},
        {SYS_add_key, 286},
        {SYS_keyctl, 288},
        {SYS_perf_event_open, 336},
        {SYS_access, 33},
        {SYS_faccessat, 307},
        {SYS_readlink, 85},
        {SYS_readlinkat, 305},
        {SYS_inotify_add_watch, 292},
        {SYS_fanotify_mark, 339},
        {SYS_swapon, 87},
        {SYS_acct, 51},
        {SYS_reboot, 88},
        {SYS_sethostname, 74},
        {SYS_setdomainname, 121},
    };
    for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++)
        numbers[pairs[i].compat] = pairs[i].native;
#endif
}
