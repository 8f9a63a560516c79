/* SPDX-License-Identifier: Apache-2.0
 *
 * Paths and files of kernel objects. A path is walked from the file's dentry upwards, across mounts, to the
 * root of the task: the name that the process itself would use, links and dup notwithstanding. bpf_d_path is
 * not allowed in tracepoint programs. Names are read without locks: a rename at the same moment may give a
 * mixture, never more than that.
 */
#pragma once

#include "scratch.h"

#define PATH_STEPS     72 /* components and mount points */
#define OVERLAY_MAGIC  0x794c7630
#define S_IFMT_        0170000
#define S_IFSOCK_      0140000
#define S_IFIFO_       0010000
#define AT_FDCWD_      (-100)
#define FMODE_CREATED_ 0x100000

/* Parent and name of a dentry stand side by side in all kernels so far: one read instead of three. */
struct dentry_head {
    u64 parent;
    u32 hash, len;
    u64 name;
};

static __always_inline void dentry_read(u64 dentry, struct dentry_head *d)
{
    struct dentry *p = (void *)dentry;
    if (bpf_core_field_offset(p->d_name) == bpf_core_field_offset(p->d_parent) + 8) {
        bpf_probe_read_kernel(d, sizeof(*d), (void *)(dentry + bpf_core_field_offset(p->d_parent)));
        return;
    }
    d->parent = (u64)BPF_CORE_READ(p, d_parent);
    d->len = BPF_CORE_READ(p, d_name.len);
    d->name = (u64)BPF_CORE_READ(p, d_name.name);
}

/* Walks into s->path: [path_at, PATH_END). */
__noinline int path_walk(u32 si, u64 dentry, u64 vfsmount, u64 task)
{
    struct scratch *s = scratch_get(si);
    if (!s)
        return 0;
    struct fs_struct *fs = BPF_CORE_READ((struct task_struct *)task, fs);
    u64 root_dentry = (u64)BPF_CORE_READ(fs, root.dentry), root_mnt = (u64)BPF_CORE_READ(fs, root.mnt);
    u64 mnt_root = (u64)BPF_CORE_READ((struct vfsmount *)vfsmount, mnt_root);
    u32 flags = PLM_WIRE_PATH_CUT;
    /* Position and depth stay in memory: the verifier then does not tell apart the ways to get here. */
    s->path_at = PATH_END;
    s->path_depth = 0;
    s->leaf_n = 0;
    for (u32 i = 0; i < PATH_STEPS; i++) {
        if (dentry == root_dentry && vfsmount == root_mnt) {
            flags = 0;
            break;
        }
        if (dentry == mnt_root) {
            u64 mount = vfsmount - bpf_core_field_offset(struct mount, mnt);
            u64 parent = (u64)BPF_CORE_READ((struct mount *)mount, mnt_parent);
            if (parent == mount || !parent) {
                flags = PLM_WIRE_PATH_NO_ROOT;
                break;
            }
            dentry = (u64)BPF_CORE_READ((struct mount *)mount, mnt_mountpoint);
            vfsmount = parent + bpf_core_field_offset(struct mount, mnt);
            mnt_root = (u64)BPF_CORE_READ((struct vfsmount *)vfsmount, mnt_root);
            continue;
        }
        struct dentry_head d = {};
        dentry_read(dentry, &d);
        u32 len = d.len, at = s->path_at;
        if (len > 255 || at < len + 1 || at > PATH_END)
            break;
        if (d.parent == dentry || !d.parent) { /* not in a mounted tree */
            flags = PLM_WIRE_PATH_NO_ROOT;
            if (at == PATH_END) {
                at -= len;
                s->path_at = at;
                opaque(at);
                bpf_probe_read_kernel(&s->path[at & 4095], len & 255, (void *)d.name);
                flags = PLM_WIRE_PATH_PSEUDO;
            }
            break;
        }
        at -= len + 1;
        s->path_at = at;
        opaque(at);
        at &= 4095;
        s->path[at] = '/';
        opaque(len);
        len &= 255;
        if (s->path_depth++ == 0)
            s->leaf_n = len;
        bpf_probe_read_kernel(&s->path[at + 1], len, (void *)d.name);
        dentry = d.parent;
    }
    if (s->path_at == PATH_END && !(flags & PLM_WIRE_PATH_PSEUDO)) {
        s->path_at = PATH_END - 1;
        s->path[PATH_END - 1] = '/';
    }
    s->path_flags = flags;
    return 0;
}

static __always_inline bool is_unlinked(u64 dentry)
{
    struct dentry *d = (void *)dentry;
    return !BPF_CORE_READ(d, d_hash.pprev) && (u64)BPF_CORE_READ(d, d_parent) != dentry;
}

/* The path that was walked last becomes a part. */
__noinline int put_walked(u32 si, u32 type, u32 arg, u32 more_flags)
{
    struct scratch *s = scratch_get(si);
    if (!s)
        return 0;
    u32 at = s->path_at;
    if (at > PATH_END)
        return 0;
    u32 n = PATH_END - at;
    u8 *to = part_bytes(s);
    if (!to)
        return 0;
    opaque(n);
    n &= 0x1fff;
    if (n > PATH_END)
        return 0;
    bpf_probe_read_kernel(to, n, (u8 *)s->path + at);
    part_done(s, type, n, arg, s->path_flags | more_flags);
    return 0;
}

static __always_inline void put_path_of(u32 si, u32 type, u32 arg, u64 dentry, u64 mnt, u64 task, u32 flags)
{
    if (!dentry || !mnt)
        return;
    path_walk(si, dentry, mnt, task);
    put_walked(si, type, arg, flags | (is_unlinked(dentry) ? PLM_WIRE_PATH_DELETED : 0));
}

__noinline int put_cwd(u32 si, u64 task)
{
    struct fs_struct *fs = BPF_CORE_READ((struct task_struct *)task, fs);
    if (fs)
        put_path_of(si, PLM_WIRE_P_CWD, PLM_WIRE_ARG_TASK, (u64)BPF_CORE_READ(fs, pwd.dentry),
                    (u64)BPF_CORE_READ(fs, pwd.mnt), task, 0);
    return 0;
}

/* Only where it is not the root of the mount namespace. */
__noinline int put_root(u32 si, u64 task)
{
    struct task_struct *t = (void *)task;
    struct fs_struct *fs = BPF_CORE_READ(t, fs);
    struct nsproxy *ns = BPF_CORE_READ(t, nsproxy);
    struct scratch *s = scratch_get(si);
    if (!fs || !ns || !s)
        return 0;
    u64 dentry = (u64)BPF_CORE_READ(fs, root.dentry), mnt = (u64)BPF_CORE_READ(fs, root.mnt);
    /* The namespace's own root mount is covered by what is mounted on it: the task's root has no parent mount
     * above it but that one. */
    u64 mount = mnt - bpf_core_field_offset(struct mount, mnt);
    u64 mnt_root = (u64)BPF_CORE_READ((struct vfsmount *)mnt, mnt_root);
    u64 parent = (u64)BPF_CORE_READ((struct mount *)mount, mnt_parent);
    u64 grand = (u64)BPF_CORE_READ((struct mount *)parent, mnt_parent);
    u64 at = (u64)BPF_CORE_READ((struct mount *)mount, mnt_mountpoint);
    u64 above = (u64)BPF_CORE_READ((struct mount *)parent, mnt.mnt_root);
    if (dentry == mnt_root && (parent == mount || (grand == parent && at == above)))
        return 0;
    path_walk(si, dentry, mnt, 0); /* no task: up to the namespace's root */
    put_walked(si, PLM_WIRE_P_ROOT, PLM_WIRE_ARG_TASK, 0);
    return 0;
}

static __always_inline u64 times_of(u64 inode, bool is_ctime)
{
    struct inode *i = (void *)inode;
    struct inode___6_7 *mid = (void *)inode;
    struct inode___old *old = (void *)inode;
    u64 sec = 0, nsec = 0;
    if (is_ctime) {
        if (bpf_core_field_exists(i->i_ctime_sec)) {
            sec = BPF_CORE_READ(i, i_ctime_sec);
            nsec = BPF_CORE_READ(i, i_ctime_nsec);
        } else if (bpf_core_field_exists(mid->__i_ctime)) {
            sec = BPF_CORE_READ(mid, __i_ctime.tv_sec);
            nsec = BPF_CORE_READ(mid, __i_ctime.tv_nsec);
        } else {
            sec = BPF_CORE_READ(old, i_ctime.tv_sec);
            nsec = BPF_CORE_READ(old, i_ctime.tv_nsec);
        }
    } else if (bpf_core_field_exists(i->i_mtime_sec)) {
        sec = BPF_CORE_READ(i, i_mtime_sec);
        nsec = BPF_CORE_READ(i, i_mtime_nsec);
    } else if (bpf_core_field_exists(mid->__i_mtime)) {
        sec = BPF_CORE_READ(mid, __i_mtime.tv_sec);
        nsec = BPF_CORE_READ(mid, __i_mtime.tv_nsec);
    } else {
        sec = BPF_CORE_READ(old, i_mtime.tv_sec);
        nsec = BPF_CORE_READ(old, i_mtime.tv_nsec);
    }
    return sec * 1000000000ull + nsec;
}

/* dev_t of the kernel (12 bits major, 20 minor) as stat(2) shows it. */
static __always_inline u32 dev_encode(u32 dev)
{
    u32 major = dev >> 20, minor = dev & 0xfffff;
    return (minor & 0xff) | major << 8 | (minor & ~0xffu) << 12;
}

/* PLM_WIRE_F_UPPER or LOWER of an inode of an overlay, else 0. Directories count as they lie. */
static __always_inline u32 layer_of(u64 inode, u32 magic)
{
    if (magic != OVERLAY_MAGIC)
        return 0;
    struct ovl_inode *o = 0;
    u64 at = inode + bpf_core_type_size(struct inode), upper = 0;
    if (bpf_core_field_exists(o->__upperdentry))
        at = inode - bpf_core_field_offset(o->vfs_inode) + bpf_core_field_offset(o->__upperdentry);
    bpf_probe_read_kernel(&upper, sizeof(upper), (void *)at);
    if (!upper)
        return PLM_WIRE_F_LOWER;
    struct inode *in = BPF_CORE_READ((struct dentry *)upper, d_inode);
    return in && BPF_CORE_READ(in, i_ino) ? PLM_WIRE_F_UPPER : PLM_WIRE_F_LOWER;
}

__noinline int put_file(u32 si, u32 arg, u64 file, u32 fd)
{
    struct scratch *s = scratch_get(si);
    if (!s)
        return 0;
    struct plm_wire_file *f = (void *)part_bytes(s);
    if (!f)
        return 0;
    struct inode *inode = BPF_CORE_READ((struct file *)file, f_inode);
    struct super_block *sb = BPF_CORE_READ(inode, i_sb);
    u32 magic = BPF_CORE_READ(sb, s_magic);
    f->ino = BPF_CORE_READ(inode, i_ino);
    f->ctime_ns = times_of((u64)inode, true);
    f->mtime_ns = times_of((u64)inode, false);
    f->size = BPF_CORE_READ(inode, i_size);
    f->dev = dev_encode(BPF_CORE_READ(sb, s_dev));
    f->rdev = dev_encode(BPF_CORE_READ(inode, i_rdev));
    f->magic = magic;
    f->mode = BPF_CORE_READ(inode, i_mode);
    f->open_flags = BPF_CORE_READ((struct file *)file, f_flags);
    f->nlink = BPF_CORE_READ(inode, i_nlink);
    f->uid = BPF_CORE_READ(inode, i_uid.val);
    f->gid = BPF_CORE_READ(inode, i_gid.val);
    u32 flags = layer_of((u64)inode, magic);
    if (BPF_CORE_READ((struct file *)file, f_mode) & FMODE_CREATED_)
        flags |= PLM_WIRE_F_CREATED;
    f->flags = flags;
    f->fd = fd;
    part_done(s, PLM_WIRE_P_FILE, sizeof(*f), arg, 0);
    return 0;
}

/* struct file of a descriptor of the current task, 0: none. Its own table cannot go away under it. */
static __always_inline u64 file_of(u64 task, u32 fd)
{
    struct fdtable *fdt = BPF_CORE_READ((struct task_struct *)task, files, fdt);
    u64 file = 0;
    if (fdt && fd < BPF_CORE_READ(fdt, max_fds))
        bpf_probe_read_kernel(&file, sizeof(file), BPF_CORE_READ(fdt, fd) + fd);
    return file;
}
