/* SPDX-License-Identifier: Apache-2.0
 *
 * What the kernel says is in force: processes, namespaces, capabilities, mounts, cgroup limits,
 * sockets, read from /proc and /sys. Every reader goes through a plm_kernel, which is the live
 * machine or a recorded tree (--root DIR with DIR/proc, DIR/sys), so nothing here names "/proc".
 *
 *     plm_auto(plm_kernel_close) struct plm_kernel *k = plm_kernel_open(ctx, PLM_SV_NULL, err);
 *     plm_kernel_processes(k, arena, &list, err);                  // every process, basic facts
 *     plm_kernel_process_details(k, arena, &list.v[i]);            // the dear ones, on request
 *
 * A process may vanish between two reads and an entry may be unreadable: that is a fact (errno in
 * the structure), not an error of the call. A value that could not be read is never a default.
 * Sources: proc(5), namespaces(7), capabilities(7), cgroups(7), Documentation/filesystems/proc.rst.
 * One plm_kernel is used by one thread at a time.
 */
#pragma once

#include "base/arena.h"
#include "base/ctx.h"
#include "base/err.h"

struct plm_kernel;

/* root: null for this machine, else a directory that has proc/ and sys/ (a recorded tree, a mounted disk).
 * NOTFOUND if it has no proc/: what needs the kernel is then unknown. */
struct plm_kernel *plm_kernel_open(const struct plm_ctx *ctx, plm_sv root, plm_err **err);
void plm_kernel_close(struct plm_kernel *k);
PLM_CLEANUP(struct plm_kernel, plm_kernel_close)
/* The directory that stands for "/": for plm_fs_open_in and its kin; host files too. */
int plm_kernel_root(const struct plm_kernel *k);
bool plm_kernel_is_live(const struct plm_kernel *k); /* not a recorded tree */
/* A file below the root ("/proc/sys/kernel/kptr_restrict"), trimmed, at most max bytes. On failure a null
 * view and *out_errno; never an empty view for "could not". */
plm_sv plm_kernel_text(struct plm_kernel *k, struct plm_arena *a, const char *path, size_t max,
                       int *out_errno);
int64_t plm_kernel_boot_time(struct plm_kernel *k); /* btime of /proc/stat; 0: not known */

/* ---- namespaces ------------------------------------------------------------------------ */

enum plm_ns {
    PLM_NS_PID,
    PLM_NS_NET,
    PLM_NS_IPC,
    PLM_NS_UTS,
    PLM_NS_MNT,
    PLM_NS_USER,
    PLM_NS_CGROUP,
    PLM_NS_TIME,
    PLM_NS_COUNT_
};
const char *plm_ns_name(enum plm_ns ns);
/* Inode of the host's own namespace: /proc/1/ns, else our own when we are not in a container, else the
 * well-known initial inode (user, uts, ipc, pid, cgroup, time); 0: not known. *out_how says which (static).
 */
uint64_t plm_kernel_host_ns(struct plm_kernel *k, enum plm_ns ns, const char **out_how);
/* Our pid namespace is not the initial one or our root mount is an engine's overlay (design.md part 4). */
bool plm_kernel_in_container(struct plm_kernel *k);

/* ---- capabilities ---------------------------------------------------------------------- */

#define PLM_CAP_DOCKER_DEFAULT                                                                               \
    UINT64_C(0x00000000a80425fb) /* the 14 of a container that asks for nothing                              \
                                  */
#define PLM_CAP_BIT(n) (UINT64_C(1) << (n))
/* "CAP_SYS_ADMIN"; NULL beyond the known ones. */
const char *plm_cap_name(unsigned bit);
/* "sys_admin", "CAP_SYS_ADMIN", "ALL" (every bit up to last) to a set; 0 if it is no capability. */
uint64_t plm_cap_parse(plm_sv name, unsigned last);
/* Highest capability of this kernel (/proc/sys/kernel/cap_last_cap, else 40). */
unsigned plm_kernel_cap_last(struct plm_kernel *k);
/* "SYS_ADMIN SYS_PTRACE": names of a set, by bit, in the arena; "none" for 0. */
plm_sv plm_cap_names(struct plm_arena *a, uint64_t set);

/* ---- processes ------------------------------------------------------------------------- */

struct plm_process {
    int32_t pid, ppid;
    char state;           /* 'R', 'S', 'Z' ... */
    bool is_kernel;       /* PF_KTHREAD */
    uint64_t start_ticks; /* field 22 of stat: with pid the identity of a process */
    int64_t started;      /* seconds since the epoch; 0: not known */
    plm_sv comm;
    plm_sv container_id; /* 64 hex digits out of its cgroup path (docker, containerd, libpod, cri; cgroupfs
                            and systemd drivers), the outermost of nested ones; null: none */
    plm_sv cgroup;       /* text of /proc/PID/cgroup; null: unreadable, or a kernel thread */
    /* ---- of plm_kernel_process_details ---- */
    bool has_details;
    int sys;    /* errno of the first thing that could not be read; ESRCH, ENOENT: it has gone */
    plm_sv exe; /* path without " (deleted)"; null: unreadable (exe_errno) or kernel thread */
    int exe_errno;
    bool is_exe_deleted, is_exe_memfd;
    uint64_t exe_dev, exe_ino; /* of the file behind exe; 0: not known */
    plm_sv cmdline;            /* NUL-separated words, without the last NUL */
    bool has_status;           /* the following are valid */
    uint32_t uid[4], gid[4];   /* real, effective, saved, fs; as seen from the reader's user namespace */
    PLM_VEC(uint32_t) groups;
    uint64_t cap_inh, cap_prm, cap_eff, cap_bnd, cap_amb;
    int no_new_privs;           /* 0, 1; -1: not shown by this kernel */
    int seccomp;                /* 0 none, 1 strict, 2 filter; -1: not shown */
    int seccomp_filters;        /* -1: not shown */
    int32_t ns_pid;             /* its pid in its own namespace (last of NSpid); 0: not shown */
    uint64_t ns[PLM_NS_COUNT_]; /* inode; 0: unreadable (ns_errno) */
    int ns_errno[PLM_NS_COUNT_];
    plm_sv uid_map, gid_map; /* lines; null: unreadable */
    plm_sv lsm_label;        /* AppArmor or SELinux label; null: no LSM answers */
    int oom_score_adj;       /* INT_MIN: unreadable */
    plm_sv limits;           /* text of /proc/PID/limits; null: unreadable */
};
typedef PLM_VEC(struct plm_process) plm_process_vec;

/* Every process, sorted by pid. At most limits->processes; LIMIT beyond. A hidepid mount or a foreign
 * namespace is seen by what is missing: out->n counts only what the kernel shows. */
int plm_kernel_processes(struct plm_kernel *k, struct plm_arena *a, plm_process_vec *out, plm_err **err);
/* One namespace of it, without the rest of the details; 0: unreadable, or it has gone. */
uint64_t plm_kernel_process_ns(struct plm_kernel *k, const struct plm_process *p, enum plm_ns ns);
/* Fills the second half. Safe to call twice. */
void plm_kernel_process_details(struct plm_kernel *k, struct plm_arena *a, struct plm_process *p);
/* The n-th word of cmdline; null beyond. */
plm_sv plm_process_arg(const struct plm_process *p, size_t n);
/* Whether uid_map is the identity over all ids ("0 0 4294967295"): no user namespace remap. -1: unreadable.
 */
int plm_process_is_identity_mapped(const struct plm_process *p);
/* Container id in a cgroup path or a whole /proc/PID/cgroup text: of nested ones the outermost, which is the
 * one that the host's engine knows; null: none. Pure. */
plm_sv plm_cgroup_container_id(plm_sv text);
/* Whether that container is among those that the path leads through (an engine in a container, or we in one
 * with the host's cgroups: then the outermost is not the one asked for). */
bool plm_cgroup_has_container(plm_sv text, plm_sv id);
/* The next id of a path or text, outermost first; false at the end. */
bool plm_cgroup_next_id(plm_sv *rest, plm_sv *id);
/* Soft limit of a row of /proc/PID/limits ("Max open files"); UINT64_MAX: unlimited; false: no such row. */
bool plm_process_limit(const struct plm_process *p, const char *row, uint64_t *out_soft);

/* ---- mounts ---------------------------------------------------------------------------- */

struct plm_mount {
    uint32_t id, parent;
    uint32_t major, minor;
    plm_sv root;    /* of the file system that is mounted ("/etc" of a bind), octal escapes undone */
    plm_sv point;   /* as the process sees it */
    plm_sv options; /* per mount: "rw,nosuid" */
    plm_sv type, source;
    plm_sv super_options;    /* as the kernel writes them: escapes stand, so a comma in a value is none */
    uint32_t shared, master; /* peer groups; 0: none */
    bool is_read_only;       /* by mount or by super block */
};
typedef PLM_VEC(struct plm_mount) plm_mount_vec;
/* /proc/PID/mountinfo; pid 0: the reader's own ("self"; of a recorded tree: proc/1). Pure parser beside it.
 */
int plm_kernel_mounts(struct plm_kernel *k, int32_t pid, struct plm_arena *a, plm_mount_vec *out,
                      plm_err **err);
int plm_mounts_parse(plm_sv text, struct plm_arena *a, plm_mount_vec *out, plm_err **err);
bool plm_mount_has_option(const struct plm_mount *m, const char *option);
/* Value of an option of the super block ("upperdir"), escapes undone; several of one name ("lowerdir+") are
 * joined by ':'; null: none. */
plm_sv plm_mount_option(const struct plm_mount *m, const char *key, struct plm_arena *a);
/* The mount that a path lies on (longest point; the later of equals); NULL: none. */
const struct plm_mount *plm_mount_of(const plm_mount_vec *v, plm_sv path);
/* Where the file system root path of a container's mount lies on the host: the host mount of the same
 * major:minor whose root is a prefix of m->root, shortest host path first; null: not visible on the host (a
 * tmpfs of its own, an overlay). */
plm_sv plm_mount_host_path(const plm_mount_vec *host, const struct plm_mount *m, struct plm_arena *a);

/* ---- cgroups --------------------------------------------------------------------------- */

#define PLM_UNLIMITED UINT64_MAX

struct plm_cgroup_limit {
    uint64_t value; /* PLM_UNLIMITED: none on the whole way up */
    plm_sv where;   /* the file that decides, "/sys/fs/cgroup/memory/docker/…/memory.limit_in_bytes" */
    bool is_known;  /* false: could not be read (sys) or no such controller (ENOENT) */
    int sys;
    bool is_inherited; /* an ancestor decides, not the container's own group */
};
struct plm_cgroup {
    int version; /* 1, 2; 0: not known */
    plm_sv path; /* of the deciding hierarchy, "/docker/<id>" */
    /* memory_swap: memory and swap together, also of version 2 */
    struct plm_cgroup_limit memory, memory_swap, pids; /* minimum over all ancestors; bytes, tasks */
    struct plm_cgroup_limit cpu_quota;                 /* thousandths of a processor: min of quota/period */
    struct plm_cgroup_limit
        cpu_shares;                 /* own group only: v1 shares or v2 weight; PLM_UNLIMITED: the default */
    struct plm_cgroup_limit cpuset; /* number of processors it may use; PLM_UNLIMITED: all of the host's */
    uint64_t pids_current;          /* 0: not known */
    bool has_io_limit;
    plm_sv devices; /* v1 devices.list text; null on v2 or unreadable */
};
/* Limits in force for a process, by its /proc/PID/cgroup text and the mounted hierarchies. */
int plm_kernel_cgroup(struct plm_kernel *k, const struct plm_process *p, struct plm_arena *a,
                      struct plm_cgroup *out, plm_err **err);
/* 1: v1 controllers in use (also hybrid), 2: unified only, 0: not known. */
int plm_kernel_cgroup_version(struct plm_kernel *k);

/* ---- sockets --------------------------------------------------------------------------- */

enum plm_socket_proto { PLM_TCP, PLM_TCP6, PLM_UDP, PLM_UDP6, PLM_RAW, PLM_RAW6, PLM_PACKET, PLM_UNIX };
const char *plm_socket_proto_name(enum plm_socket_proto p);

struct plm_socket {
    enum plm_socket_proto proto;
    plm_sv address; /* "0.0.0.0", "::", "127.0.0.1"; the path or "@name" of unix sockets */
    uint16_t port;
    bool is_wildcard, is_loopback;
    uint64_t ino; /* socket inode, for plm_kernel_socket_owner */
    uint32_t uid;
    int32_t pid; /* owner by descriptor; 0: none found (no right, kernel, or another namespace) */
};
typedef PLM_VEC(struct plm_socket) plm_socket_vec;
/* Listening (TCP, unix) and bound (UDP, raw, packet) sockets of the network namespace of a process (0: own),
 * sorted. Owners are not filled. */
int plm_kernel_sockets(struct plm_kernel *k, int32_t pid, struct plm_arena *a, plm_socket_vec *out,
                       plm_err **err);
/* Fills pid of each by walking /proc/PID/fd of the processes given. *out_denied: how many processes' fds
 * could not be read (then "no owner" is not known). */
int plm_kernel_socket_owners(struct plm_kernel *k, const plm_process_vec *processes, plm_socket_vec *sockets,
                             size_t *out_denied, plm_err **err);
