/* SPDX-License-Identifier: Apache-2.0
 *
 * What our programs know of the kernel's types: only the members that they read, written by hand. Offsets
 * here mean nothing: every access is relocated when the program is loaded (CO-RE, preserve_access_index)
 * against the running kernel's BTF, so one object runs from 5.10 on. Members that were renamed stand in
 * flavours (`struct inode___old`), asked for with bpf_core_field_exists.
 */
#pragma once

typedef unsigned char __u8;
typedef signed char __s8;
typedef unsigned short __u16;
typedef short __s16;
typedef unsigned int __u32;
typedef int __s32;
typedef unsigned long long __u64;
typedef long long __s64;
typedef __u8 u8;
typedef __u16 u16;
typedef __u32 u32;
typedef __u64 u64;
typedef __s32 s32;
typedef __s64 s64;
typedef __u16 __le16;
typedef __u16 __be16;
typedef __u32 __be32;
typedef __u64 __be64;
typedef __u32 __wsum;
typedef int pid_t;
typedef long long loff_t;
typedef unsigned int dev_t;
typedef _Bool bool;
enum { false = 0, true = 1 };

/* The numbers are the kernel's API (linux/bpf.h). */
enum bpf_map_type {
    BPF_MAP_TYPE_HASH = 1,
    BPF_MAP_TYPE_ARRAY = 2,
    BPF_MAP_TYPE_LPM_TRIE = 11,
    BPF_MAP_TYPE_ARRAY_OF_MAPS = 12,
    BPF_MAP_TYPE_RINGBUF = 27,
};
enum { BPF_F_NO_PREALLOC = 1 };
enum { BPF_RB_NO_WAKEUP = 1, BPF_RB_FORCE_WAKEUP = 2 };
/* Asked for by name: which helpers this kernel has. CO-RE puts in the running kernel's values; these are
 * those of the kernel that has them first. */
enum bpf_func_id {
    BPF_FUNC_get_current_task_btf = 158, /* 5.11 */
    BPF_FUNC_task_pt_regs = 175,         /* 5.15 */
};

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct pt_regs {
#if defined(__TARGET_ARCH_x86)
    unsigned long bp, bx, r11, r10, r9, r8, ax, cx, dx, si, di, orig_ax, ip;
#elif defined(__TARGET_ARCH_arm64)
    u64 regs[31];
    u64 orig_x0;
    s32 syscallno;
#endif
};

typedef struct {
    unsigned int val;
} kuid_t;
typedef struct {
    unsigned int val;
} kgid_t;
typedef struct {
    int counter;
} atomic_t;
typedef struct {
    s64 counter;
} atomic64_t;

struct thread_info {
    unsigned long flags;
    u32 status;
};

struct list_head {
    struct list_head *next, *prev;
};
struct hlist_bl_node {
    struct hlist_bl_node *next, **pprev;
};

struct qstr {
    union {
        struct {
            u32 hash, len;
        };
        u64 hash_len;
    };
    const unsigned char *name;
};

struct super_block {
    dev_t s_dev;
    unsigned long s_flags;
    unsigned long s_magic;
};

struct timespec64 {
    s64 tv_sec;
    long tv_nsec;
};

struct inode {
    u16 i_mode;
    kuid_t i_uid;
    kgid_t i_gid;
    unsigned int i_flags;
    struct super_block *i_sb;
    unsigned long i_ino;
    unsigned int i_nlink;
    dev_t i_rdev;
    loff_t i_size;
    /* 6.11 and newer */
    s64 i_mtime_sec, i_ctime_sec;
    u32 i_mtime_nsec, i_ctime_nsec;
};
struct inode___6_7 { /* 6.6 has __i_ctime only */
    struct timespec64 __i_mtime, __i_ctime;
};
struct inode___old {
    struct timespec64 i_mtime, i_ctime;
};

struct dentry {
    struct hlist_bl_node d_hash;
    struct dentry *d_parent;
    struct qstr d_name;
    struct inode *d_inode;
    struct super_block *d_sb;
};

struct vfsmount {
    struct dentry *mnt_root;
    struct super_block *mnt_sb;
    int mnt_flags;
};

struct path {
    struct vfsmount *mnt;
    struct dentry *dentry;
};

struct ns_common {
    unsigned int inum;
};
struct mount;
struct mnt_namespace {
    struct ns_common ns;
    struct mount *root;
};
struct mount {
    struct mount *mnt_parent;
    struct dentry *mnt_mountpoint;
    struct vfsmount mnt;
    struct mnt_namespace *mnt_ns;
};

/* Overlayfs: where it is a module without BTF, the upper dentry follows the inode (all kernels so far). */
struct ovl_inode {
    struct inode vfs_inode;
    struct dentry *__upperdentry;
};

struct file {
    unsigned int f_mode;
    void *private_data;
    struct inode *f_inode;
    unsigned int f_flags;
    struct path f_path;
};

struct fdtable {
    unsigned int max_fds;
    struct file **fd;
};
struct files_struct {
    struct fdtable *fdt;
};
struct fs_struct {
    struct path root, pwd;
};

typedef struct {
    u64 val;
} kernel_cap_t; /* before 6.3 two u32, the low one first: the same bytes on little-endian machines */

struct group_info {
    int ngroups;
    kgid_t gid[0];
};
struct cred {
    kuid_t uid, euid, fsuid;
    kgid_t gid, egid, fsgid;
    kernel_cap_t cap_inheritable, cap_permitted, cap_effective;
    struct group_info *group_info;
};

struct task_struct;
struct pid_namespace {
    struct task_struct *child_reaper;
    unsigned int level;
    struct ns_common ns;
};
struct upid {
    int nr;
    struct pid_namespace *ns;
};
struct pid {
    unsigned int level;
    struct upid numbers[1];
};

struct tty_driver {
    int major, minor_start;
};
struct tty_struct {
    int index;
    struct tty_driver *driver;
};
struct rlimit {
    unsigned long rlim_cur, rlim_max;
};
struct signal_struct {
    atomic_t live;
    int nr_threads;
    struct list_head thread_head;
    unsigned int is_child_subreaper : 1;
    unsigned int has_child_subreaper : 1;
    struct pid *pids[4];
    struct tty_struct *tty;
    struct rlimit rlim[16];
};

struct percpu_counter {
    s64 count;
};
struct mm_rss_stat {
    atomic64_t count[4];
};
struct mm_struct {
    unsigned long total_vm;
    unsigned long arg_start, arg_end, env_start, env_end;
    struct percpu_counter rss_stat[4]; /* 6.2 and newer */
    struct file *exe_file;
};
struct mm_struct___old {
    struct mm_rss_stat rss_stat;
};

struct nsproxy {
    struct mnt_namespace *mnt_ns;
};

struct kernfs_node {
    struct kernfs_node *__parent;
    const char *name;
};
struct kernfs_node___old {
    struct kernfs_node *parent;
};
struct cgroup_root;
struct cgroup {
    int level;
    struct kernfs_node *kn;
    struct cgroup_root *root;
};
struct cgroup_subsys_state {
    struct cgroup *cgroup;
};
struct css_set {
    struct cgroup_subsys_state *subsys[16];
    struct cgroup *dfl_cgrp;
};

struct task_struct {
    struct thread_info thread_info;
    unsigned int flags;
    struct mm_struct *mm;
    int exit_code;
    pid_t pid, tgid;
    struct task_struct *real_parent;
    struct task_struct *group_leader;
    struct list_head children;
    struct list_head thread_node;
    struct pid *thread_pid;
    u64 start_boottime;
    unsigned long min_flt, maj_flt;
    const struct cred *cred;
    char comm[16];
    struct fs_struct *fs;
    struct files_struct *files;
    struct nsproxy *nsproxy;
    struct signal_struct *signal;
    kuid_t loginuid;
    struct css_set *cgroups;
};

struct linux_binprm {
    struct file *file;
    const char *filename;
    const char *fdpath;
};

struct in6_addr {
    u8 b[16];
};
struct sock_common {
    __be32 skc_daddr, skc_rcv_saddr;
    __be16 skc_dport;
    u16 skc_num;
    unsigned short skc_family;
    volatile unsigned char skc_state;
    struct in6_addr skc_v6_daddr, skc_v6_rcv_saddr;
};
struct socket;
struct sock {
    struct sock_common __sk_common;
    u16 sk_protocol; /* until 5.5 a bit field */
    u16 sk_type;
    u32 sk_ack_backlog, sk_max_ack_backlog;
    struct socket *sk_socket;
};
struct socket {
    short type;
    struct sock *sk;
};
struct sockaddr_un {
    u16 sun_family;
    char sun_path[108];
};
struct unix_address {
    int len; /* with the family's two bytes */
    struct sockaddr_un name[0];
};
struct unix_sock {
    struct unix_address *addr;
    struct sock *peer;
};

struct filename {
    const char *name;
};
struct io_cqe {
    u64 user_data;
    int fd; /* of the request, until it is done */
};
struct io_kiocb {
    struct file *file;
    u8 opcode;
    struct io_cqe cqe;
};
struct io_open {
    int dfd;
    struct filename *filename;
};

struct seq_file;
struct bpf_iter_meta {
    struct seq_file *seq;
    u64 session_id, seq_num;
};
struct bpf_iter__task {
    struct bpf_iter_meta *meta;
    struct task_struct *task;
};

#pragma clang attribute pop
