/* SPDX-License-Identifier: Apache-2.0
 *
 * The record of a task: the same from fork, exec, the iterator and calls that change a task.
 */
#pragma once

#include "sock.h"

#define PF_KTHREAD_       0x00200000
#define PF_EXITING_       0x00000004
#define MEMFD_NAME_       0x3a64666d656dull /* "memfd:" little-endian */
#define S_IMMUTABLE_      8
#define SB_RDONLY_        1
#define MNT_RDONLY_       0x40 /* MNT_READONLY */
#define CAP_DAC_OVERRIDE_ 1
#define RLIMIT_NOFILE_    7
#define NEED_ENV_         1 /* enum plm_need (field.h) */
#define NEED_CGROUPS_     2
#define NEED_MEMORY_      4
#define PIDTYPE_PGID_     2
#define PIDTYPE_SID_      3
#define CGROUPS_MAX       16
#define CGROUP_STEPS      24

/* Number of a struct pid in the namespace of `level`. */
static __always_inline s32 pid_at(u64 pid, u32 level)
{
    struct pid *p = (void *)pid;
    if (!p || level > BPF_CORE_READ(p, level))
        return -1;
    s32 nr = -1;
    u64 at = pid + bpf_core_field_offset(p->numbers) + level * bpf_core_type_size(struct upid);
    bpf_probe_read_kernel(&nr, sizeof(nr), (void *)at + bpf_core_field_offset(struct upid, nr));
    return nr;
}

static __always_inline u64 pidns_of(u64 pid)
{
    struct pid *p = (void *)pid;
    u64 ns = 0;
    u64 at =
        pid + bpf_core_field_offset(p->numbers) + BPF_CORE_READ(p, level) * bpf_core_type_size(struct upid);
    bpf_probe_read_kernel(&ns, sizeof(ns), (void *)at + bpf_core_field_offset(struct upid, ns));
    return ns;
}

static __always_inline bool in_groups(const struct cred *cred, u32 gid)
{
    struct group_info *g = BPF_CORE_READ(cred, group_info);
    u32 n = BPF_CORE_READ(g, ngroups);
    for (u32 i = 0; i < 32 && i < n; i++) {
        u32 have = 0;
        bpf_probe_read_kernel(&have, sizeof(have), (u8 *)g + bpf_core_field_offset(g->gid) + i * 4);
        if (have == gid)
            return true;
    }
    return false;
}

/* Could this task write to the file? Its fsuid, groups and capabilities, the mount, the immutable flag. */
static __always_inline bool is_writable(u64 task, u64 file)
{
    struct file *f = (void *)file;
    struct inode *inode = BPF_CORE_READ(f, f_inode);
    const struct cred *cred = BPF_CORE_READ((struct task_struct *)task, cred);
    if (BPF_CORE_READ(inode, i_sb, s_flags) & SB_RDONLY_ ||
        BPF_CORE_READ(f, f_path.mnt, mnt_flags) & MNT_RDONLY_ || BPF_CORE_READ(inode, i_flags) & S_IMMUTABLE_)
        return false;
    if (BPF_CORE_READ(cred, cap_effective.val) >> CAP_DAC_OVERRIDE_ & 1)
        return true;
    u32 mode = BPF_CORE_READ(inode, i_mode), gid = BPF_CORE_READ(inode, i_gid.val);
    if (BPF_CORE_READ(inode, i_uid.val) == BPF_CORE_READ(cred, fsuid.val))
        return mode & 0200;
    if (gid == BPF_CORE_READ(cred, fsgid.val) || in_groups(cred, gid))
        return mode & 0020;
    return mode & 0002;
}

/* A memfd has no place in a tree: its dentry is its own parent and named "memfd:…". */
static __always_inline bool is_memfd(u64 dentry)
{
    struct dentry_head d = {};
    dentry_read(dentry, &d);
    if (d.parent != dentry || d.len < 6)
        return false;
    u64 name = 0;
    bpf_probe_read_kernel(&name, 6, (void *)d.name);
    return name == MEMFD_NAME_;
}

static __always_inline void exe_fill(struct plm_wire_task *t, u64 task, u64 file)
{
    struct file *f = (void *)file;
    struct inode *inode = BPF_CORE_READ(f, f_inode);
    t->exe_ino = BPF_CORE_READ(inode, i_ino);
    t->exe_ctime = times_of((u64)inode, true);
    t->exe_mtime = times_of((u64)inode, false);
    t->exe_dev = dev_encode(BPF_CORE_READ(inode, i_sb, s_dev));
    u32 flags = layer_of((u64)inode, BPF_CORE_READ(inode, i_sb, s_magic));
    if (is_writable(task, file))
        flags |= PLM_WIRE_F_WRITABLE;
    if (is_memfd((u64)BPF_CORE_READ(f, f_path.dentry)))
        flags |= PLM_WIRE_F_MEMFD;
    t->exe_flags = flags;
}

static __always_inline void memory_fill(struct plm_wire_task *t, u64 mm_, struct signal_struct *sig)
{
    struct mm_struct *mm = (void *)mm_;
    struct mm_struct___old *old = (void *)mm_;
    u64 rss = 0, swap = 0, fdlimit = 0;
    if (bpf_core_field_size(mm->rss_stat) >= 4 * 16) { /* percpu counters, since 6.2 */
        u64 step = bpf_core_type_size(struct percpu_counter);
        u64 at =
            mm_ + bpf_core_field_offset(mm->rss_stat) + bpf_core_field_offset(struct percpu_counter, count);
        u64 file = 0, anon = 0, shmem = 0;
        bpf_probe_read_kernel(&file, 8, (void *)at);
        bpf_probe_read_kernel(&anon, 8, (void *)at + step);
        bpf_probe_read_kernel(&swap, 8, (void *)at + 2 * step);
        bpf_probe_read_kernel(&shmem, 8, (void *)at + 3 * step);
        rss = file + anon + shmem;
    } else {
        rss = BPF_CORE_READ(old, rss_stat.count[0].counter) + BPF_CORE_READ(old, rss_stat.count[1].counter) +
              BPF_CORE_READ(old, rss_stat.count[3].counter);
        swap = BPF_CORE_READ(old, rss_stat.count[2].counter);
    }
    if ((s64)rss < 0)
        rss = 0;
    if ((s64)swap < 0)
        swap = 0;
    t->vm_size = BPF_CORE_READ(mm, total_vm) * conf.page_kb;
    t->vm_rss = rss * conf.page_kb;
    t->vm_swap = swap * conf.page_kb;
    fdlimit = BPF_CORE_READ(sig, rlim[RLIMIT_NOFILE_].rlim_cur);
    t->fdlimit = fdlimit;
}

static __always_inline u32 tty_of(struct signal_struct *sig)
{
    struct tty_struct *tty = BPF_CORE_READ(sig, tty);
    if (!tty)
        return 0;
    u32 major = BPF_CORE_READ(tty, driver, major);
    u32 minor = BPF_CORE_READ(tty, driver, minor_start) + BPF_CORE_READ(tty, index);
    return (minor & 0xff) | major << 8 | (minor & ~0xffu) << 12;
}

__noinline int put_task(u32 si, u64 task_)
{
    struct scratch *s = scratch_get(si);
    struct task_struct *task = (void *)task_;
    if (!s)
        return 0;
    struct plm_wire_task *t = (void *)part_bytes(s);
    if (!t)
        return 0;
    __builtin_memset(t, 0, sizeof(*t));
    struct task_struct *leader = BPF_CORE_READ(task, group_leader);
    struct signal_struct *sig = BPF_CORE_READ(task, signal);
    const struct cred *cred = BPF_CORE_READ(task, cred);
    u64 pid = (u64)BPF_CORE_READ(task, thread_pid), leader_pid = (u64)BPF_CORE_READ(leader, thread_pid);
    u32 level = BPF_CORE_READ((struct pid *)pid, level);
    u64 sid = (u64)BPF_CORE_READ(sig, pids[PIDTYPE_SID_]),
        pgid = (u64)BPF_CORE_READ(sig, pids[PIDTYPE_PGID_]);
    t->tid = BPF_CORE_READ(task, pid);
    t->pid = BPF_CORE_READ(task, tgid);
    t->ptid = BPF_CORE_READ(task, real_parent, tgid);
    t->vtid = pid_at(pid, level);
    t->vpid = pid_at(leader_pid, level);
    t->sid = pid_at(sid, 0);
    t->pgid = pid_at(pgid, 0);
    t->vpgid = pid_at(pgid, level);
    t->vsid = pid_at(sid, level);
    t->tty = tty_of(sig);
    t->uid = BPF_CORE_READ(cred, euid.val);
    t->gid = BPF_CORE_READ(cred, egid.val);
    t->loginuid = 0xffffffff;
    if (bpf_core_field_exists(task->loginuid))
        t->loginuid = BPF_CORE_READ(task, loginuid.val);
    t->n_threads = BPF_CORE_READ(sig, nr_threads);
    u32 task_flags = BPF_CORE_READ(task, flags);
    t->flags = (task_flags & PF_KTHREAD_ ? PLM_WIRE_T_KTHREAD : 0) |
               (task != leader ? PLM_WIRE_T_THREAD : 0) | (task_flags & PF_EXITING_ ? PLM_WIRE_T_EXITING : 0);
    t->cap_inheritable = BPF_CORE_READ(cred, cap_inheritable.val);
    t->cap_permitted = BPF_CORE_READ(cred, cap_permitted.val);
    t->cap_effective = BPF_CORE_READ(cred, cap_effective.val);
    t->start = BPF_CORE_READ(leader, start_boottime);
    struct pid_namespace *pidns = (void *)pidns_of(pid);
    t->pid_ns = BPF_CORE_READ(pidns, ns.inum);
    t->pidns_init_start = BPF_CORE_READ(pidns, child_reaper, start_boottime);
    t->mnt_ns = BPF_CORE_READ(task, nsproxy, mnt_ns, ns.inum);
    t->pgft_maj = BPF_CORE_READ(task, maj_flt);
    t->pgft_min = BPF_CORE_READ(task, min_flt);
    BPF_CORE_READ_INTO(&t->comm, task, comm);
    u64 mm = (u64)BPF_CORE_READ(task, mm);
    if (mm) {
        u64 exe = (u64)BPF_CORE_READ((struct mm_struct *)mm, exe_file);
        if (exe)
            exe_fill(t, task_, exe);
        if (conf.needs & NEED_MEMORY_)
            memory_fill(t, mm, sig);
    }
    part_done(s, PLM_WIRE_P_TASK, sizeof(*t), PLM_WIRE_ARG_TASK, 0);
    return 0;
}

__noinline int put_exe(u32 si, u64 task)
{
    struct mm_struct *mm = BPF_CORE_READ((struct task_struct *)task, mm);
    struct file *exe = mm ? BPF_CORE_READ(mm, exe_file) : 0;
    if (exe)
        put_path_of(si, PLM_WIRE_P_EXE, PLM_WIRE_ARG_TASK, (u64)BPF_CORE_READ(exe, f_path.dentry),
                    (u64)BPF_CORE_READ(exe, f_path.mnt), task, 0);
    return 0;
}

/* Path of a cgroup in its hierarchy; "/" for the top one. */
__noinline int put_cgroup(u32 si, u64 cgroup, u32 number)
{
    struct scratch *s = scratch_get(si);
    if (!s)
        return 0;
    u64 kn = (u64)BPF_CORE_READ((struct cgroup *)cgroup, kn);
    s->path_at = PATH_END;
    for (u32 i = 0; i < CGROUP_STEPS && kn; i++) {
        u64 parent;
        struct kernfs_node *k = (void *)kn;
        struct kernfs_node___old *o = (void *)kn;
        if (bpf_core_field_exists(k->__parent))
            parent = (u64)BPF_CORE_READ(k, __parent);
        else
            parent = (u64)BPF_CORE_READ(o, parent);
        if (!parent)
            break;
        /* The length is not kept: read to the side, then move. */
        char *name = (char *)&s->path[PATH_END + 128];
        long n = bpf_probe_read_kernel_str(name, 256, BPF_CORE_READ(k, name));
        u32 len = (u32)n - 1, at = s->path_at;
        if (n < 1 || len > 255 || at < len + 1 || at > PATH_END)
            break;
        at -= len + 1;
        s->path_at = at;
        opaque(at);
        at &= 4095;
        s->path[at] = '/';
        opaque(len);
        bpf_probe_read_kernel(&s->path[at + 1], len & 255, name);
        kn = parent;
    }
    if (s->path_at == PATH_END) {
        s->path_at = PATH_END - 1;
        s->path[PATH_END - 1] = '/';
    }
    s->path_flags = 0;
    put_walked(si, PLM_WIRE_P_CGROUP, PLM_WIRE_ARG_TASK, number);
    return 0;
}

/* The v2 cgroup, and of the v1 controllers the deepest (that of the container), or all when rules want them.
 */
__noinline int put_cgroups(u32 si, u64 task)
{
    struct css_set *set = BPF_CORE_READ((struct task_struct *)task, cgroups);
    struct cgroup *v2 = BPF_CORE_READ(set, dfl_cgrp), *best = 0;
    u32 n = bpf_core_field_size(set->subsys) / 8, best_i = 0;
    struct cgroup_root *v2_root = BPF_CORE_READ(v2, root);
    int best_level = 0;
    put_cgroup(si, (u64)v2, 0);
    for (u32 i = 0; i < CGROUPS_MAX && i < n; i++) {
        struct cgroup_subsys_state *css = 0;
        bpf_probe_read_kernel(&css, sizeof(css), (u8 *)set + bpf_core_field_offset(set->subsys) + i * 8);
        struct cgroup *c = css ? BPF_CORE_READ(css, cgroup) : 0;
        if (!c || BPF_CORE_READ(c, root) == v2_root)
            continue;
        int level = BPF_CORE_READ(c, level);
        if (conf.needs & NEED_CGROUPS_) {
            put_cgroup(si, (u64)c, i + 1);
        } else if (level > best_level) {
            best_level = level;
            best = c;
            best_i = i;
        }
    }
    if (best)
        put_cgroup(si, (u64)best, best_i + 1);
    return 0;
}

/* NUL-separated strings between two addresses of the current task's memory. */
__noinline int put_strings(u32 si, u32 type, u64 from, u64 to_)
{
    struct scratch *s = scratch_get(si);
    if (!s || to_ <= from)
        return 0;
    u8 *to = part_bytes(s);
    if (!to)
        return 0;
    u64 n = to_ - from;
    u32 flags = 0;
    if (n > PLM_WIRE_ARGS_MAX) {
        n = PLM_WIRE_ARGS_MAX;
        flags = PLM_WIRE_CUT;
    }
    u32 m = n;
    opaque(m);
    m &= 0x1fff;
    if (m > PLM_WIRE_ARGS_MAX)
        return 0;
    if (bpf_probe_read_user(to, m, (void *)from) < 0)
        return 0;
    part_done(s, type, m, PLM_WIRE_ARG_TASK, flags);
    return 0;
}
