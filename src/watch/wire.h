/* SPDX-License-Identifier: Apache-2.0
 *
 * Records that the kernel programs (bpf/) put into the rings: one fixed head, then parts. Native byte order;
 * both ends are on one machine and built together. This file is read by both worlds: the kernel side has
 * vmlinux.h before it, user space gets its integers from <linux/types.h>.
 *
 *     head | part header, bytes, padding to 8 | part header, bytes, padding to 8 | …
 *
 * A part says what it describes by `arg`: the number of the call's argument (0 to 5), the result, or the
 * task itself. So for `openat(dirfd, name, flags, mode) = 3`:
 *
 *     FILE  arg RES  inode, device, flags of the opened file        PATH arg RES  "/etc/shadow", the file's
 * own USTR  arg 1    "../etc/shadow", as the program wrote it       PATH arg 0    directory of dirfd (or the
 *                                                                                cwd), if the name is
 * relative
 *
 * Paths of PATH parts come from the kernel's objects (dentry walk across mounts up to the root of the calling
 * task), without a NUL. Parts may come in any order; a part that could not be read is missing; unknown types
 * are to be skipped. The same (type, arg) comes at most once, but for CGROUP.
 *
 * What is there for which kind:
 *   SYSCALL   nr, res, args (the registers; those of 32-bit programs under the native number, HEAD_COMPAT),
 *             parts as the table of calls says (sensor_calls.c). Failed calls have what user memory gives.
 *             Calls that change the task (setuid…, capset, chdir, prctl, setsid…) have a TASK part with the
 *             state after the call, and CWD after chdir.
 *             A failed execve has USTR arg 0 (execveat: arg 1), ARGS (from the argument vector, argv[0]
 *             first), and TASK.
 *   EXEC      a new image runs: nr execve or execveat, res 0, TASK, ARGS, ENV (when wanted), EXE, CWD, ROOT,
 *             CGROUP, USTR arg 0 (execveat: 1): the name as given. args are not known.
 *   FORK      a new thread, before it runs: tid, pid and TASK are the child's, res 0, nr clone, fork … or -1;
 *             args[0]: tid of the creating thread; EXE, CWD, CGROUP … as for EXEC when it is a process of its
 *             own; a thread brings TASK only (the rest is its leader's).
 *             The same call's exit in the parent is a SYSCALL record, if rules ask for it; in the child it is
 *             never sent.
 *   EXIT      a thread ends: res: wait status (exit code << 8 | signal, 0x80 core); args[0]: tid of the
 *             reaper of its children (0: it has none); args[1]: 1: the whole process ended
 *   TASK      start-up scan and resynchronisation: as FORK, every thread; res, nr, args meaningless
 *   IO_URING  an operation was queued: args[0] opcode, [1] flags, [2] user_data, [3] descriptor (-1: none);
 *             FILE and PATH, SOCK of it as arg 3; USTR arg 4: a file name of the operation
 */
#pragma once

#ifndef PLM_BPF
#include <linux/types.h>
#endif

#define PLM_WIRE_VERSION 1

enum plm_wire_kind {
    PLM_WIRE_SYSCALL = 1,
    PLM_WIRE_EXEC,
    PLM_WIRE_FORK,
    PLM_WIRE_EXIT,
    PLM_WIRE_TASK,
    PLM_WIRE_IO_URING,
};

/* head.flags */
#define PLM_WIRE_HEAD_COMPAT 1u /* by a 32-bit program or entry: flags and structures are of that ABI */
#define PLM_WIRE_HEAD_CUT    2u /* a part was left out for lack of room */

struct plm_wire_head {
    __u32 size; /* of the record with all parts and padding */
    __u8 kind;  /* enum plm_wire_kind */
    __u8 class; /* enum plm_loss_class */
    __u16 cpu;
    __u64 ts;  /* CLOCK_BOOTTIME, ns */
    __u64 gen; /* state of the task that this record shows (plm_wire_slot) */
    __s32 tid, pid;
    __s32 nr; /* native system call number, -1: none */
    __u16 n_parts, flags;
    __s64 res;
    __u64 args[6];
};

/* part.arg */
#define PLM_WIRE_ARG_RES  6 /* the descriptor that the call returned */
#define PLM_WIRE_ARG_TASK 7 /* the calling (new, scanned) task */

enum plm_wire_part_type {
    PLM_WIRE_P_TASK = 1, /* struct plm_wire_task */
    PLM_WIRE_P_ARGS,     /* argv: NUL-separated, argv[0] first, at most PLM_WIRE_ARGS_MAX bytes */
    PLM_WIRE_P_ENV,      /* environment, NUL-separated */
    PLM_WIRE_P_EXE,      /* path of the executable; flags as of PATH */
    PLM_WIRE_P_CWD,      /* working directory */
    PLM_WIRE_P_ROOT,     /* the task's root where it is not the root of its mount namespace */
    PLM_WIRE_P_CGROUP, /* flags: 0 v2, else 1 + the v1 hierarchy's subsystem number; path in its hierarchy */
    PLM_WIRE_P_FILE,   /* struct plm_wire_file, of the descriptor `arg` */
    PLM_WIRE_P_PATH,   /* path of the descriptor `arg`; of a dirfd argument (or AT_FDCWD): that directory */
    PLM_WIRE_P_USTR,   /* string in user memory to which argument `arg` points, without its NUL */
    PLM_WIRE_P_SOCK,   /* struct plm_wire_sock, of the descriptor `arg` */
    PLM_WIRE_P_SOCKADDR, /* struct sockaddr in user memory, as many bytes as the call says (at most 128) */
    PLM_WIRE_P_SUN,      /* of a unix socket `arg`: sun_path of its own end (abstract: begins with NUL) */
    PLM_WIRE_P_SUN_PEER, /* of its peer's end */
    PLM_WIRE_P_BYTES,  /* bytes in user memory, at most PLM_WIRE_BYTES_MAX: buffers that were written or read
                          (of iovec and msghdr: the first that is not empty), socketpair's and pipe's two ints
                          (after the call), */
    PLM_WIRE_P_STRUCT, /* struct in user memory: clone_args, open_how, cap_user_data (header: 2 × 3 u32),
                          io_uring_params …: at most 128 bytes */
};

/* part.flags of EXE, CWD, ROOT, PATH */
#define PLM_WIRE_PATH_CUT 1u /* the front is missing: too deep or too long */
#define PLM_WIRE_PATH_NO_ROOT                                                                                \
    2u /* the walk ended elsewhere than at the task's root: another namespace, a                             \
          detached mount; the path is as far as it goes */
#define PLM_WIRE_PATH_PSEUDO                                                                                 \
    4u /* no file of a mounted file system: bytes are the dentry's bare name: "[eventfd]",                   \
          "memfd:x"; empty for pipes and sockets */
#define PLM_WIRE_PATH_DELETED 8u /* it has been unlinked */
/* part.flags of USTR, ARGS, ENV, BYTES: more was there */
#define PLM_WIRE_CUT 1u
/* part.flags of PATH for a dirfd argument: it is the working directory */
#define PLM_WIRE_PATH_IS_CWD 16u

struct plm_wire_part {
    __u16 type; /* enum plm_wire_part_type */
    __u16 size; /* of the bytes that follow, without padding */
    __u8 arg;
    __u8 flags;
    __u16 unused;
};

#define PLM_WIRE_PATH_MAX   4096
#define PLM_WIRE_ARGS_MAX   4096
#define PLM_WIRE_ENV_MAX    4096
#define PLM_WIRE_BYTES_MAX  80
#define PLM_WIRE_RECORD_MAX 32768 /* no record is larger */

/* file.flags, task.exe_flags */
#define PLM_WIRE_F_UPPER    1u /* overlayfs: in the upper layer */
#define PLM_WIRE_F_LOWER    2u /* overlayfs: not */
#define PLM_WIRE_F_WRITABLE 4u /* by the calling task's fsuid, groups and capabilities (exe only) */
#define PLM_WIRE_F_MEMFD    8u
#define PLM_WIRE_F_CREATED  16u /* by this open (FMODE_CREATED) */

struct plm_wire_file {
    __u64 ino;
    __u64 ctime_ns, mtime_ns; /* since the epoch */
    __u64 size;
    __u32 dev; /* new_encode_dev form */
    __u32 rdev;
    __u32 magic;      /* of the file system; 0: not known */
    __u32 mode;       /* S_IFMT | permissions */
    __u32 open_flags; /* file->f_flags; kernels keep O_LARGEFILE in it, not O_CREAT, O_EXCL, O_TRUNC */
    __u32 nlink;
    __u32 uid, gid;
    __u32 flags; /* PLM_WIRE_F_* */
    __s32 fd;    /* the descriptor's number */
};

struct plm_wire_sock {
    __u16 family, type; /* AF_*, SOCK_* */
    __u16 protocol;     /* IPPROTO_* */
    __u8 state;         /* TCP_* of the kernel: 1 established, 7 closed, 10 listen */
    __u8 is_listening;
    __u16 lport, rport;         /* host order; netlink: 0 */
    __u32 ino;                  /* of the socket: "socket:[ino]" */
    __u8 laddr[16], raddr[16];  /* network order, 4 bytes for AF_INET; rport and raddr zero: not connected */
    __u32 backlog, backlog_max; /* listening: queue length and its bound */
    __s32 fd;
};

struct plm_wire_task {
    __s32 tid, pid, ptid; /* initial namespace; ptid: thread group of real_parent */
    __s32 vtid, vpid;     /* innermost namespace */
    __s32 sid, pgid, vpgid, vsid;
    __u32 tty;       /* new_encode_dev form, 0: none */
    __u32 uid, gid;  /* effective */
    __u32 loginuid;  /* 0xffffffff: unset */
    __u32 exe_flags; /* PLM_WIRE_F_* */
    __u32 n_threads;
    __u32 flags; /* PLM_WIRE_T_* */
    __u64 cap_inheritable, cap_permitted, cap_effective;
    __u64 start; /* CLOCK_BOOTTIME ns, of the thread group's leader */
    __u64 pidns_init_start;
    __u64 exe_ino, exe_ctime, exe_mtime;     /* ns since the epoch */
    __u64 mnt_ns, pid_ns;                    /* inode numbers */
    __u64 fdlimit, vm_size, vm_rss, vm_swap; /* kB for vm_*; only when memory is wanted, else 0 */
    __u64 pgft_maj, pgft_min;
    __u32 exe_dev;
    __u32 unused;
    char comm[16];
};
#define PLM_WIRE_T_KTHREAD 1u
#define PLM_WIRE_T_THREAD  2u /* not the leader of its group */
#define PLM_WIRE_T_EXITING 4u

/* ---- what user space tells the kernel ------------------------------------------------------------------ */

/* One per thread, direct-mapped by tid (PLM_WIRE_SLOTS, a power of two), in memory that both sides write. The
 * kernel owns tid and gen: a fork, an exec and every change of the task write a new gen, so a mask made for
 * an older state is never used. User space writes mask and mask_gen. A slot that is another thread's, or
 * whose mask_gen is not gen plus the filter's epoch, means: everything is possible. */
#define PLM_WIRE_SLOTS 32768
#define PLM_WIRE_WORDS 4
struct plm_wire_slot {
    __u64 gen;
    __u64 mask_gen;
    __u32 tid;
    __u32 flags; /* PLM_WIRE_SLOT_* */
    __u64 unused;
    __u64 mask[PLM_WIRE_WORDS];
};
#define PLM_WIRE_SLOT_CONTAINER 1u

_Static_assert(sizeof(struct plm_wire_head) == 96, "the same in both worlds");
_Static_assert(sizeof(struct plm_wire_part) == 8, "the same in both worlds");
_Static_assert(sizeof(struct plm_wire_file) == 72, "the same in both worlds");
_Static_assert(sizeof(struct plm_wire_sock) == 60, "the same in both worlds");
_Static_assert(sizeof(struct plm_wire_task) == 216, "the same in both worlds");
_Static_assert(sizeof(struct plm_wire_slot) == 64, "one cache line");
