/* SPDX-License-Identifier: Apache-2.0
 *
 * What the files of src/kernel share: the handle, and reads through one reusable buffer.
 * These return 0 or an errno, never a plm_err: a file that cannot be read is a fact here.
 */
#pragma once

#include "kernel/kernel.h"

#include "base/buf.h"

struct plm_kernel {
    const struct plm_ctx *ctx;
    int root_fd, proc_fd;
    bool is_live;      /* proc_fd is a procfs */
    bool is_root_ours; /* root is our own "/": then "self" is us and its mounts are reachable */
    bool has_boot_time;
    int64_t boot_time;
    unsigned cap_last; /* 0: not read yet */
    struct plm_buf buf;
    struct plm_arena *arena; /* what is read once: the two following */
    uint64_t host_ns[PLM_NS_COUNT_];
    const char *host_ns_how[PLM_NS_COUNT_]; /* NULL: not looked at yet */
    bool has_cgroup_mounts;
    plm_mount_vec mounts; /* of the reader, for cgroup file systems */
    int mounts_sys;
    struct plm_map *levels; /* cgroups.c: path of a file of a shared ancestor to what it says */
};

/* A directory of a process, as a descriptor that never means another process with the same pid; the caller
 * closes. -1 with errno. */
int plm_kernel_pid_dir(struct plm_kernel *k, int32_t pid);
/* Path of a file below /proc for pid ("1234/mountinfo"); pid 0 is the reader. Cut paths never occur: name is
 * ours. */
struct plm_pid_path {
    char text[64];
};
struct plm_pid_path plm_kernel_pid_path(const struct plm_kernel *k, int32_t pid, const char *name);
/* The whole file into the buffer of k: *out is valid until the next read. EFBIG over max. */
int plm_kernel_read(struct plm_kernel *k, int dir, const char *path, size_t max, plm_sv *out);
/* The text of a link (of a recorded tree: or of a file in its place). Same life. */
int plm_kernel_link(struct plm_kernel *k, int dir, const char *path, plm_sv *out);
/* An open(2) that a recorded tree cannot lead out of itself; -1 with errno. */
int plm_kernel_openat(const struct plm_kernel *k, int dir, const char *path, int flags);
/* "pid:[4026531836]" to the number; 0: not that. */
uint64_t plm_ns_inode(plm_sv link);
/* Inode of a namespace of the process whose directory is given; errno, EINVAL where it is no namespace link.
 */
int plm_ns_read(struct plm_kernel *k, int dir, enum plm_ns ns, uint64_t *out);
/* Hexadecimal text to a number; false on anything else or overflow. */
bool plm_kernel_hex(plm_sv s, uint64_t *out);
/* A line of /proc/PID/stat into p (comm is a view of it); false: not one. */
bool plm_process_stat_parse(plm_sv text, struct plm_process *p);
/* Text of /proc/PID/status into p; EINVAL where ids or capabilities are missing. */
int plm_process_status_parse(plm_sv text, struct plm_arena *a, struct plm_process *p);
/* What is left of path behind a directory: null if it is not below; "" for itself, else "/...". */
plm_sv plm_kernel_path_below(plm_sv dir, plm_sv path);
/* "0-3,7" is 5; 0: no such list. */
uint64_t plm_kernel_cpu_count(plm_sv list);
/* One table of /proc/net into out (appended, not sorted); errno, E2BIG over limits->sockets. */
int plm_sockets_read(struct plm_kernel *k, int fd, enum plm_socket_proto proto, struct plm_arena *a,
                     plm_socket_vec *out);
/* Whether an address (4 or 16 bytes in network order) means every interface, or this machine only. */
void plm_socket_judge(int family, const void *address, struct plm_socket *s);
/* Listening TCP sockets without the files of /proc; false, and nothing added: read those. */
bool plm_listeners_read(struct plm_kernel *k, int32_t pid, struct plm_arena *a, plm_socket_vec *out);
