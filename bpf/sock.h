/* SPDX-License-Identifier: Apache-2.0
 *
 * Sockets of descriptors: both ends as the kernel has them at the event, so connect, accept and dup need no
 * shadow table.
 */
#pragma once

#include "path.h"

#define AF_UNIX_    1
#define AF_INET_    2
#define AF_INET6_   10
#define TCP_LISTEN_ 10

static __always_inline u16 be16(u16 v)
{
    return (u16)(v << 8 | v >> 8);
}

static __always_inline u64 sock_of(u64 file)
{
    struct socket *socket = BPF_CORE_READ((struct file *)file, private_data);
    return (u64)BPF_CORE_READ(socket, sk);
}

/* sun_path of one end; abstract names keep their leading NUL. */
__noinline int put_sun(u32 si, u32 arg, u32 type, u64 sk)
{
    struct scratch *s = scratch_get(si);
    struct unix_address *a = BPF_CORE_READ((struct unix_sock *)sk, addr);
    if (!s || !a)
        return 0;
    u8 *to = part_bytes(s);
    if (!to)
        return 0;
    u32 n = BPF_CORE_READ(a, len);
    if (n <= 2 || n > 110)
        return 0;
    n -= 2;
    opaque(n);
    n &= 127;
    bpf_probe_read_kernel(to, n, (u8 *)a + bpf_core_field_offset(a->name) + 2);
    part_done(s, type, n, arg, 0);
    return 0;
}

__noinline int put_sock(u32 si, u32 arg, u64 file, u32 fd)
{
    struct scratch *s = scratch_get(si);
    if (!s)
        return 0;
    struct plm_wire_sock *o = (void *)part_bytes(s);
    u64 sk_ = sock_of(file);
    if (!o || !sk_)
        return 0;
    struct sock *sk = (void *)sk_;
    u16 family = BPF_CORE_READ(sk, __sk_common.skc_family);
    u8 state = BPF_CORE_READ(sk, __sk_common.skc_state);
    __builtin_memset(o, 0, sizeof(*o));
    o->family = family;
    o->type = BPF_CORE_READ(sk, sk_type);
    if (bpf_core_field_size(sk->sk_protocol) == 2)
        o->protocol = BPF_CORE_READ(sk, sk_protocol);
    o->state = state;
    o->is_listening = state == TCP_LISTEN_;
    o->ino = BPF_CORE_READ((struct file *)file, f_inode, i_ino);
    if (o->is_listening) {
        o->backlog = BPF_CORE_READ(sk, sk_ack_backlog);
        o->backlog_max = BPF_CORE_READ(sk, sk_max_ack_backlog);
    }
    if (family == AF_INET_) {
        o->lport = BPF_CORE_READ(sk, __sk_common.skc_num);
        o->rport = be16(BPF_CORE_READ(sk, __sk_common.skc_dport));
        u32 v = BPF_CORE_READ(sk, __sk_common.skc_rcv_saddr);
        __builtin_memcpy(o->laddr, &v, 4);
        v = BPF_CORE_READ(sk, __sk_common.skc_daddr);
        __builtin_memcpy(o->raddr, &v, 4);
    } else if (family == AF_INET6_ && bpf_core_field_exists(sk->__sk_common.skc_v6_daddr)) {
        o->lport = BPF_CORE_READ(sk, __sk_common.skc_num);
        o->rport = be16(BPF_CORE_READ(sk, __sk_common.skc_dport));
        BPF_CORE_READ_INTO(&o->laddr, sk, __sk_common.skc_v6_rcv_saddr);
        BPF_CORE_READ_INTO(&o->raddr, sk, __sk_common.skc_v6_daddr);
    }
    o->fd = fd;
    part_done(s, PLM_WIRE_P_SOCK, sizeof(*o), arg, 0);
    if (family == AF_UNIX_) {
        put_sun(si, arg, PLM_WIRE_P_SUN, sk_);
        u64 peer = (u64)BPF_CORE_READ((struct unix_sock *)sk_, peer);
        if (peer)
            put_sun(si, arg, PLM_WIRE_P_SUN_PEER, peer);
    }
    return 0;
}

/* FILE and PATH, or SOCK. A path that the filter has walked already is used again. */
__noinline int put_object(u32 si, u32 arg, u64 file, u32 fd)
{
    struct file *f = (void *)file;
    u32 mode = BPF_CORE_READ(f, f_inode, i_mode) & S_IFMT_;
    if (mode == S_IFSOCK_)
        return put_sock(si, arg, file, fd);
    put_file(si, arg, file, fd);
    struct scratch *s = scratch_get(si);
    if (!s)
        return 0;
    u64 dentry = (u64)BPF_CORE_READ(f, f_path.dentry);
    if (s->path_made != arg + 1)
        path_walk(si, dentry, (u64)BPF_CORE_READ(f, f_path.mnt), bpf_get_current_task());
    put_walked(si, PLM_WIRE_P_PATH, arg, is_unlinked(dentry) ? PLM_WIRE_PATH_DELETED : 0);
    return 0;
}
