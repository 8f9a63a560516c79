/* SPDX-License-Identifier: Apache-2.0
 *
 * The rules' filter (kfilter.h): which clauses are still possible for this call. Tests go from cheap to dear
 * and stop as soon as none is left; a test that would not change anything is not made.
 */
#pragma once

#include "task.h"

/* enum plm_kdim: pairs, the second is "not the first" */
enum {
    KD_SUCCESS = 0,
    KD_IN_CONTAINER = 2,
    KD_TTY = 4,
    KD_READ = 6,
    KD_WRITE = 8,
    KD_CREATE = 10,
    KD_TRUNC = 12,
    KD_DOTDOT = 14,
    KD_IP = 16,
    KD_UNIX = 18,
    KD_TCP = 20,
};

#define O_ACCMODE_   3
#define O_CREAT_     0100
#define O_TRUNC_     01000
#define O_TMPFILE_   020000000 /* without O_DIRECTORY, which differs by machine */
#define IPPROTO_TCP_ 6

struct {
    __uint(type, BPF_MAP_TYPE_LPM_TRIE);
    __uint(map_flags, BPF_F_NO_PREALLOC);
    __uint(max_entries, 4096);
    __type(key, struct plm_path_key);
    __type(value, struct plm_clauses);
} paths SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_HASH);
    __uint(map_flags, BPF_F_NO_PREALLOC);
    __uint(max_entries, 4096);
    __type(key, struct plm_name_key);
    __type(value, struct plm_clauses);
} names SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_HASH);
    __uint(map_flags, BPF_F_NO_PREALLOC);
    __uint(max_entries, 4096);
    __type(key, u16);
    __type(value, struct plm_clauses);
} ports SEC(".maps");

#define EACH_WORD(i) _Pragma("unroll") for (u32 i = 0; i < PLM_WIRE_WORDS; i++)

static __always_inline bool is_none(const u64 *m)
{
    u64 any = 0;
    EACH_WORD(i) any |= m[i];
    return !any;
}

/* Does the test a/b decide anything for what is left? */
static __always_inline bool decides(const u64 *m, const u64 *a, const u64 *b)
{
    u64 any = 0;
    EACH_WORD(i) any |= m[i] & ~(a[i] & b[i]);
    return any;
}

static __always_inline void keep(u64 *m, const volatile u64 *x)
{
    EACH_WORD(i) m[i] &= x[i];
}

static __always_inline void pair(u64 *m, u32 dim, bool holds)
{
    keep(m, holds ? conf.dim[dim] : conf.dim[dim + 1]);
}

static __always_inline void open_flags_test(u64 *m, bool creates, u64 flags)
{
    u32 acc = flags & O_ACCMODE_;
    pair(m, KD_READ, !creates && acc != 1);
    pair(m, KD_WRITE, creates || acc != 0);
    pair(m, KD_CREATE, creates || flags & (O_CREAT_ | O_TMPFILE_));
    pair(m, KD_TRUNC, creates || flags & O_TRUNC_);
}

static __always_inline void sock_test(u64 *m, u64 file)
{
    struct sock *sk = (void *)sock_of(file);
    if (!sk)
        return;
    u16 family = BPF_CORE_READ(sk, __sk_common.skc_family);
    bool is_ip = family == AF_INET_ || family == AF_INET6_;
    pair(m, KD_IP, is_ip);
    pair(m, KD_UNIX, family == AF_UNIX_);
    if (bpf_core_field_size(sk->sk_protocol) == 2)
        pair(m, KD_TCP, is_ip && BPF_CORE_READ(sk, sk_protocol) == IPPROTO_TCP_);
    if (!is_ip)
        return;
    u16 far = be16(BPF_CORE_READ(sk, __sk_common.skc_dport)), near = BPF_CORE_READ(sk, __sk_common.skc_num);
    /* Not connected: the ends come with each message, and only user memory knows them. */
    if (!conf.has_ports || (!far && BPF_CORE_READ(sk, __sk_common.skc_state) != TCP_LISTEN_) ||
        !decides(m, conf.any_port, conf.any_port))
        return;
    u64 left[PLM_WIRE_WORDS];
    EACH_WORD(i) left[i] = conf.any_port[i];
    struct plm_clauses *c = bpf_map_lookup_elem(&ports, &far);
    if (c)
        EACH_WORD(i) left[i] |= c->w[i];
    c = bpf_map_lookup_elem(&ports, &near);
    if (c)
        EACH_WORD(i) left[i] |= c->w[i];
    keep(m, left);
}

/* Does the path that the program gave have ".." in it? 1, 0, -1: not known. */
__noinline int dotdot_test(u32 si, u64 from)
{
    struct scratch *s = scratch_get(si);
    if (!s || !from)
        return -1;
    u8 *text = s->key.text;
    long n = bpf_probe_read_user_str(text, 128, (void *)from);
    if (n < 1 || n >= 128)
        return -1;
    for (u32 i = 0; i < 126; i++) {
        if (i + 2 >= n)
            return 0;
        if (text[i] == '.' && text[i + 1] == '.')
            return 1;
    }
    return -1;
}

/* The path that was walked, against the sets of paths, prefixes and names. */
__noinline int path_test(u32 si)
{
    struct scratch *s = scratch_get(si);
    if (!s)
        return 0;
    u32 at = s->path_at, flags = s->path_flags;
    if (flags & (PLM_WIRE_PATH_CUT | PLM_WIRE_PATH_NO_ROOT))
        return 0; /* not what rules name: let it pass */
    if (at >= PATH_END)
        at = PATH_END;
    u64 left[PLM_WIRE_WORDS];
    EACH_WORD(i) left[i] = conf.any_path[i];
    if (s->path_depth <= 1)
        EACH_WORD(i) left[i] |= conf.root_dir[i];
    opaque(at);
    u32 n = PATH_END - (at & 0x1fff);
    if (conf.has_paths) {
        struct plm_path_key *key = &s->key;
        key->bits = (n + 1 > PLM_PATH_KEY ? PLM_PATH_KEY : n + 1) * 8;
        s->path[PATH_END] = 0;
        bpf_probe_read_kernel(key->text, PLM_PATH_KEY, (u8 *)s->path + (at & 0x1fff));
        struct plm_clauses *c = bpf_map_lookup_elem(&paths, key);
        if (c)
            EACH_WORD(i) left[i] |= c->w[i];
    }
    if (conf.has_names) {
        u32 leaf = s->leaf_n < PLM_NAME_KEY ? s->leaf_n : PLM_NAME_KEY;
        __builtin_memset(&s->name, 0, sizeof(s->name));
        opaque(leaf);
        leaf &= 63;
        if (leaf > PLM_NAME_KEY)
            leaf = PLM_NAME_KEY;
        u32 from = PATH_END - s->leaf_n;
        opaque(from);
        bpf_probe_read_kernel(s->name.text, leaf, &s->path[from & (PATH_END - 1)]);
        struct plm_clauses *c = bpf_map_lookup_elem(&names, &s->name);
        if (c)
            EACH_WORD(i) left[i] |= c->w[i];
    }
    keep(s->poss, left);
    return 0;
}

/* Tests of the descriptor's object. file: 0: none. */
static __always_inline void object_test(struct scratch *s, u32 si, u32 arg, u64 file, u64 task)
{
    struct file *f = (void *)file;
    u32 mode = BPF_CORE_READ(f, f_inode, i_mode) & S_IFMT_;
    if (mode == S_IFSOCK_) {
        sock_test(s->poss, file);
        return;
    }
    if (!conf.has_paths && !conf.has_names)
        return;
    if (!decides(s->poss, conf.any_path, conf.any_path))
        return;
    path_walk(si, (u64)BPF_CORE_READ(f, f_path.dentry), (u64)BPF_CORE_READ(f, f_path.mnt), task);
    s->path_made = arg + 1;
    path_test(si);
}
