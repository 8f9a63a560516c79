/* SPDX-License-Identifier: Apache-2.0
 *
 * The programs of `plimsoll watch`. They attach to BTF tracepoints only, and to the exit of system calls,
 * never to their entry: an attached entry costs as much again for every call on the machine.
 *
 *     sys_exit               every system call; a byte per number decides at once whether to look further
 *     sched_process_exec     a new image, before it runs (the arguments of execve are gone at its exit)
 *     sched_process_fork     a new thread, before it runs
 *     sched_process_exit     a thread ends
 *     iter/task              all threads: start-up scan and resynchronisation
 *     io_uring_submit_req    operations that need no system call of their own (since 6.4; older kernels
 *                            call it otherwise and are not covered)
 *
 * Needs of the kernel: BTF tracepoints and iterators (5.8), rings (5.8), bpf_ktime_get_boot_ns (5.8), bounded
 * loops (5.3), global functions (5.6): all below 5.10. bpf_get_current_task_btf (5.11) and bpf_task_pt_regs
 * (5.15) are used where the kernel has them. Masks of tasks are in a mapped array and not in task storage
 * (5.11): user space writes them without a system call, and a look-up is a few instructions.
 */
#include "filter.h"

#define TS_COMPAT_         2
#define X32_BIT_           0x40000000u
#define PR_SET_NAME_       15
#define NR_IO_URING_ENTER_ 426 /* of both architectures */
#define CLASS_PROCESS      0   /* enum plm_loss_class */
#define CLASS_OTHER        4

char LICENSE[] SEC("license") = "Dual BSD/GPL";

static __always_inline u64 arg_get(const struct plm_wire_head *h, u64 i)
{
    opaque(i);
    return i < 6 ? h->args[i] : 0;
}

static __always_inline void stat_seen(u32 is_irrelevant)
{
    u32 cpu = bpf_get_smp_processor_id();
    struct plm_wire_stats *st = bpf_map_lookup_elem(&stats, &cpu);
    if (!st)
        return;
    st->seen++;
    st->irrelevant += is_irrelevant;
}

/* ---- arguments ---------------------------------------------------------------------------------------- */

__noinline int put_ustr(u32 si, u32 arg, u64 from)
{
    struct scratch *s = scratch_get(si);
    if (!s || !from)
        return 0;
    u8 *to = part_bytes(s);
    if (!to)
        return 0;
    long n = bpf_probe_read_user_str(to, PLM_WIRE_PATH_MAX, (void *)from);
    if (n < 1 || n > PLM_WIRE_PATH_MAX)
        return 0;
    part_done(s, PLM_WIRE_P_USTR, (u32)n - 1, arg, n == PLM_WIRE_PATH_MAX ? PLM_WIRE_CUT : 0);
    return 0;
}

/* The file name of an exec: it is in kernel memory by then. */
__noinline int put_kstr(u32 si, u32 arg, u64 from)
{
    struct scratch *s = scratch_get(si);
    if (!s || !from)
        return 0;
    u8 *to = part_bytes(s);
    if (!to)
        return 0;
    long n = bpf_probe_read_kernel_str(to, PLM_WIRE_PATH_MAX, (void *)from);
    if (n < 1 || n > PLM_WIRE_PATH_MAX)
        return 0;
    part_done(s, PLM_WIRE_P_USTR, (u32)n - 1, arg, n == PLM_WIRE_PATH_MAX ? PLM_WIRE_CUT : 0);
    return 0;
}

/* n bytes of user memory. `what`: type << 8 | arg; BYTES are at most PLM_WIRE_BYTES_MAX, all else 128. */
__noinline int put_bytes(u32 si, u32 what, u64 from, u64 n)
{
    u32 type = what >> 8, arg = what & 0xff, max = type == PLM_WIRE_P_BYTES ? PLM_WIRE_BYTES_MAX : 128;
    struct scratch *s = scratch_get(si);
    if (!s || !from || !n || (s64)n < 0)
        return 0;
    u8 *to = part_bytes(s);
    if (!to)
        return 0;
    u32 m = n > max ? max : n;
    opaque(m);
    m &= 0xff;
    if (m > 128)
        m = 128;
    if (bpf_probe_read_user(to, m, (void *)from) < 0)
        return 0;
    part_done(s, type, m, arg, n > m ? PLM_WIRE_CUT : 0);
    return 0;
}

/* Vectors: an address and a length each, of 8 or (compat) 4 bytes. `left`: bytes that the call moved. `what`:
 * is_compat << 8 | arg. */
__noinline int put_iov(u32 si, u32 what, u64 iov, u64 count, s64 left)
{
    u32 arg = what & 0xff, is_compat = what >> 8;
    for (u32 i = 0; i < 4 && i < count; i++) {
        u64 base = 0, n = 0;
        if (is_compat) {
            u32 v[2] = {};
            bpf_probe_read_user(v, sizeof(v), (void *)iov + i * 8);
            base = v[0];
            n = v[1];
        } else {
            u64 v[2] = {};
            bpf_probe_read_user(v, sizeof(v), (void *)iov + i * 16);
            base = v[0];
            n = v[1];
        }
        if (!n)
            continue;
        if (left >= 0 && (u64)left < n)
            n = left;
        return put_bytes(si, PLM_WIRE_P_BYTES << 8 | arg, base, n);
    }
    return 0;
}

__noinline int put_msg(u32 si, u32 what, u64 msg, s64 left)
{
    u32 is_compat = what >> 8, arg = what & 0xff;
    u64 name = 0, iov = 0, count = 0;
    u32 name_n = 0;
    if (is_compat) {
        u32 v[4] = {};
        bpf_probe_read_user(v, sizeof(v), (void *)msg);
        name = v[0];
        name_n = v[1];
        iov = v[2];
        count = v[3];
    } else {
        u64 v[4] = {};
        bpf_probe_read_user(v, sizeof(v), (void *)msg);
        name = v[0];
        name_n = (u32)v[1];
        iov = v[2];
        count = v[3];
    }
    put_bytes(si, PLM_WIRE_P_SOCKADDR << 8 | arg, name, name_n);
    put_iov(si, what, iov, count, left);
    return 0;
}

/* Argument vector of a failed exec. */
__noinline int put_argv(u32 si, u64 argv, u32 is_compat)
{
    struct scratch *s = scratch_get(si);
    if (!s || !argv)
        return 0;
    u8 *to = part_bytes(s);
    if (!to)
        return 0;
    u32 n = 0, flags = PLM_WIRE_CUT;
    for (u32 i = 0; i < 64; i++) {
        u64 at = 0;
        if (bpf_probe_read_user(&at, is_compat ? 4 : 8, (void *)argv + i * (is_compat ? 4 : 8)) < 0)
            break;
        if (!at) {
            flags = 0;
            break;
        }
        if (n > PLM_WIRE_ARGS_MAX - 512)
            break;
        u32 o = n;
        opaque(o);
        long got = bpf_probe_read_user_str(to + (o & 4095), 512, (void *)at);
        if (got < 1 || got > 512)
            break;
        n += (u32)got;
    }
    if (n)
        part_done(s, PLM_WIRE_P_ARGS, n, PLM_WIRE_ARG_TASK, flags);
    return 0;
}

/* ---- system calls ---------------------------------------------------------------------------------------
 */

/* Is the user string a relative path? */
static __always_inline bool is_relative(u64 at)
{
    char c = '/';
    if (at)
        bpf_probe_read_user(&c, 1, (void *)at);
    return c != '/';
}

/* The parts of argument i. `mode`: 1: compat; 2: the result's own path stands in the record. */
__noinline int put_arg(u32 si, u32 nr, u32 arg, u32 mode)
{
    u64 i = arg;
    opaque(i);
    struct scratch *s = scratch_get(si);
    struct plm_call *call = bpf_map_lookup_elem(&calls, &nr);
    if (!s || !call || i > 5)
        return 0;
    struct plm_wire_head *h = (void *)s->rec;
    u64 task = bpf_get_current_task(), v = h->args[i], next = arg_get(h, i + 1);
    u32 kind = call->kind[i], aux = call->aux[i], what = (mode & 1) << 8 | i;
    s64 res = h->res;
    u64 len = arg_get(h, aux);
    if (kind == PLM_CALL_STR) {
        if (call->flags & PLM_CALL_PRCTL && (u32)h->args[0] != PR_SET_NAME_)
            return 0;
        put_ustr(si, i, v);
        if (aux == 1 && !(mode & 2) && is_relative(v))
            put_cwd(si, task);
    } else if (kind == PLM_CALL_FD) {
        u64 file = (s32)v >= 0 ? file_of(task, (u32)v) : 0;
        if (file)
            put_object(si, i, file, (u32)v);
    } else if (kind == PLM_CALL_DIRFD) {
        if (mode & 2 || !is_relative(next))
            return 0;
        if ((s32)v == AT_FDCWD_)
            return put_cwd(si, task);
        u64 file = (s32)v >= 0 ? file_of(task, (u32)v) : 0;
        if (file)
            put_object(si, i, file, (u32)v);
    } else if (kind == PLM_CALL_ADDR) {
        put_bytes(si, PLM_WIRE_P_SOCKADDR << 8 | i, v, (u32)len);
    } else if (kind == PLM_CALL_ADDR_OUT) {
        u32 n = 0;
        if (res >= 0 && len)
            bpf_probe_read_user(&n, sizeof(n), (void *)len);
        put_bytes(si, PLM_WIRE_P_SOCKADDR << 8 | i, v, n);
    } else if (kind == PLM_CALL_BUF) {
        put_bytes(si, PLM_WIRE_P_BYTES << 8 | i, v, res >= 0 ? (u64)res : len);
    } else if (kind == PLM_CALL_IOV) {
        put_iov(si, what, v, len, res);
    } else if (kind == PLM_CALL_MSG) {
        put_msg(si, what, v, aux == 1 ? -1 : res);
    } else if (kind == PLM_CALL_STRUCT) {
        put_bytes(si, PLM_WIRE_P_STRUCT << 8 | i, v, aux * 4);
    } else if (kind == PLM_CALL_INTS) {
        if (res >= 0)
            put_bytes(si, PLM_WIRE_P_BYTES << 8 | i, v, aux * 4);
    } else if (kind == PLM_CALL_ARGV) {
        put_argv(si, v, mode & 1);
    }
    return 0;
}

/* Everything that a record of this call brings; the head's args are filled. */
__noinline int put_call(u32 si, u32 nr, u64 file_of_result, u32 is_compat)
{
    struct scratch *s = scratch_get(si);
    struct plm_call *call = bpf_map_lookup_elem(&calls, &nr);
    if (!s || !call)
        return 0;
    struct plm_wire_head *h = (void *)s->rec;
    u64 task = bpf_get_current_task();
    u32 has_object = 0;
    if (file_of_result) {
        put_object(si, PLM_WIRE_ARG_RES, file_of_result, (u32)h->res);
        has_object = !(s->path_flags & PLM_WIRE_PATH_CUT);
    }
    for (u32 i = 0; i < 6; i++)
        if (call->kind[i])
            put_arg(si, nr, i, is_compat | has_object << 1);
    if (h->res >= 0 || call->flags & PLM_CALL_EXEC) {
        bool is_change = call->flags & PLM_CALL_CHANGES ||
                         (call->flags & PLM_CALL_PRCTL && (u32)h->args[0] == PR_SET_NAME_);
        if (is_change || call->flags & PLM_CALL_EXEC)
            put_task(si, task);
        if (call->flags & PLM_CALL_CWD) {
            put_cwd(si, task);
            put_root(si, task);
        }
        if (call->flags & PLM_CALL_EXEC)
            put_exe(si, task);
    }
    return 0;
}

/* Which clauses are possible: in s->poss. False: none. */
static __always_inline bool passes(struct scratch *s, u32 si, const struct plm_call *call, u32 tid, u64 task,
                                   u64 file)
{
    struct plm_wire_head *h = (void *)s->rec;
    u64 m[PLM_WIRE_WORDS];
    EACH_WORD(i) m[i] = call->mask[i];
    struct plm_wire_slot *slot = slot_of(tid);
    u32 is_known = slot && slot->tid == tid && slot->gen + conf.epoch == slot->mask_gen;
    if (is_known)
        keep(m, slot->mask);
    pair(m, KD_SUCCESS, h->res >= 0);
    if (is_known)
        pair(m, KD_IN_CONTAINER, slot->flags & PLM_WIRE_SLOT_CONTAINER);
    if (is_none(m))
        return false;
    if (call->open_flags < 6) {
        u64 flags = arg_get(h, call->open_flags);
        if (call->flags & PLM_CALL_HOW)
            bpf_probe_read_user(&flags, sizeof(flags), (void *)flags);
        open_flags_test(m, false, flags);
    } else if (call->creates) {
        open_flags_test(m, true, 0);
    }
    if (is_none(m))
        return false;
    if (decides(m, conf.dim[KD_TTY], conf.dim[KD_TTY + 1])) {
        struct signal_struct *sig = BPF_CORE_READ((struct task_struct *)task, signal);
        pair(m, KD_TTY, BPF_CORE_READ(sig, tty));
        if (is_none(m))
            return false;
    }
    u32 name_arg = call->open_flags < 6 ? call->open_flags - 1 : 0;
    opaque(name_arg);
    bool is_open = call->open_flags < 6 || call->creates;
    if (is_open && name_arg < 6 && call->kind[name_arg] == PLM_CALL_STR &&
        decides(m, conf.dim[KD_DOTDOT], conf.dim[KD_DOTDOT + 1])) {
        int r = dotdot_test(si, arg_get(h, name_arg));
        if (r >= 0)
            pair(m, KD_DOTDOT, r > 0);
        if (is_none(m))
            return false;
    }
    EACH_WORD(i) s->poss[i] = m[i];
    if (file) {
        object_test(s, si, call->object, file, task);
        if (is_none(s->poss))
            return false;
    }
    return true;
}

static __always_inline void args_read(struct plm_wire_head *h, u64 regs_, u32 is_compat)
{
    struct pt_regs *regs = (void *)regs_;
#if defined(__TARGET_ARCH_x86)
    if (is_compat) {
        h->args[0] = (u32)BPF_CORE_READ(regs, bx);
        h->args[1] = (u32)BPF_CORE_READ(regs, cx);
        h->args[2] = (u32)BPF_CORE_READ(regs, dx);
        h->args[3] = (u32)BPF_CORE_READ(regs, si);
        h->args[4] = (u32)BPF_CORE_READ(regs, di);
        h->args[5] = (u32)BPF_CORE_READ(regs, bp);
        return;
    }
    h->args[0] = BPF_CORE_READ(regs, di);
    h->args[1] = BPF_CORE_READ(regs, si);
    h->args[2] = BPF_CORE_READ(regs, dx);
    h->args[3] = BPF_CORE_READ(regs, r10);
    h->args[4] = BPF_CORE_READ(regs, r8);
    h->args[5] = BPF_CORE_READ(regs, r9);
#else
    (void)is_compat;
    h->args[0] = BPF_CORE_READ(regs, orig_x0);
    h->args[1] = BPF_CORE_READ(regs, regs[1]);
    h->args[2] = BPF_CORE_READ(regs, regs[2]);
    h->args[3] = BPF_CORE_READ(regs, regs[3]);
    h->args[4] = BPF_CORE_READ(regs, regs[4]);
    h->args[5] = BPF_CORE_READ(regs, regs[5]);
#endif
}

/* A call that somebody wants. nr: native number. */
__noinline int on_call(u32 nr, u64 regs, s64 res, u32 is_compat)
{
    struct plm_call *call = bpf_map_lookup_elem(&calls, &nr);
    if (!call)
        return 0;
    u64 id = bpf_get_current_pid_tgid();
    u32 tid = (u32)id, tgid = id >> 32, si = bpf_get_smp_processor_id();
    u32 flags = call->flags, class = call->class;
    if (flags & PLM_CALL_CLONE && res == 0)
        return 0;
    if (flags & PLM_CALL_EXEC && res >= 0)
        return 0;
    u64 ts = bpf_ktime_get_boot_ns();
    struct scratch *s = record_begin(si);
    if (!s) {
        count_lost(class, true);
        return 0;
    }
    struct plm_wire_head *h = (void *)s->rec;
    h->res = res;
    args_read(h, regs, is_compat);
    bool is_change =
        res >= 0 && (flags & PLM_CALL_CHANGES || (flags & PLM_CALL_PRCTL && (u32)h->args[0] == PR_SET_NAME_));
    u64 task = bpf_get_current_task(), file = 0;
    s32 fd = -1;
    if (call->object == PLM_WIRE_ARG_RES)
        fd = res > 0x7fffffff ? -1 : (s32)res;
    else if (call->object < 6)
        fd = (s32)arg_get(h, call->object);
    if (fd >= 0)
        file = file_of(task, fd);
    if (!is_change) {
        bool is_sent = tgid != conf.self && conf.wanted[nr & (PLM_CALLS - 1)] & PLM_WANT_RULES;
        if (is_sent && !conf.bypass)
            is_sent = passes(s, si, call, tid, task, file);
        if (!is_sent) {
            s->busy = 0;
            stat_seen(1);
            return 0;
        }
    }
    stat_seen(0);
    if (is_change)
        slot_renew(tid, ts);
    head_fill(h, PLM_WIRE_SYSCALL, is_change ? CLASS_PROCESS : class, ts);
    h->gen = is_change ? ts : slot_gen(tid);
    h->tid = tid;
    h->pid = tgid;
    h->nr = nr;
    h->flags = is_compat ? PLM_WIRE_HEAD_COMPAT : 0;
    u64 of_result =
        call->has_fd && res >= 0 ? (call->object == PLM_WIRE_ARG_RES ? file : file_of(task, (u32)res)) : 0;
    put_call(si, nr, of_result, is_compat);
    record_send(s, is_change);
    s->busy = 0;
    return 0;
}

#if defined(__TARGET_ARCH_x86)
/* 32-bit entries have numbers of their own. */
static __noinline int on_compat(u32 nr, u64 regs, s64 res)
{
    if (nr >= PLM_CALLS)
        return 0;
    u32 native = conf.compat[nr & (PLM_CALLS - 1)];
    if (native >= PLM_CALLS || !conf.wanted[native & (PLM_CALLS - 1)])
        return 0;
    return on_call(native, regs, res, 1);
}
#endif

SEC("tp_btf/sys_exit")
int BPF_PROG(sys_exit, struct pt_regs *regs, long ret)
{
#if defined(__TARGET_ARCH_x86)
    u32 nr = (u32)regs->orig_ax;
    u32 status;
    if (bpf_core_enum_value_exists(enum bpf_func_id, BPF_FUNC_get_current_task_btf))
        status = bpf_get_current_task_btf()->thread_info.status;
    else
        status = BPF_CORE_READ((struct task_struct *)bpf_get_current_task(), thread_info.status);
    if (status & TS_COMPAT_)
        return on_compat(nr, number_of(regs), (s32)ret);
    nr &= ~X32_BIT_;
#else
    u32 nr = regs->syscallno;
#endif
    if (nr >= PLM_CALLS || !conf.wanted[nr & (PLM_CALLS - 1)])
        return 0;
    return on_call(nr, number_of(regs), ret, 0);
}

/* ---- tasks -----------------------------------------------------------------------------------------------
 */

/* Number of the system call in which the current task is, -1: not known. */
static __always_inline s32 current_nr(void)
{
    if (!bpf_core_enum_value_exists(enum bpf_func_id, BPF_FUNC_task_pt_regs))
        return -1;
    struct pt_regs *regs = (void *)bpf_task_pt_regs(bpf_get_current_task_btf());
#if defined(__TARGET_ARCH_x86)
    u64 nr = BPF_CORE_READ(regs, orig_ax);
#else
    u64 nr = BPF_CORE_READ(regs, syscallno);
#endif
    return nr < PLM_CALLS ? (s32)nr : -1;
}

/* A task from outside: TASK and what belongs to its process. */
__noinline int put_process(u32 si, u64 task, u32 has_all)
{
    put_task(si, task);
    if (!has_all)
        return 0;
    put_exe(si, task);
    put_cwd(si, task);
    put_root(si, task);
    put_cgroups(si, task);
    return 0;
}

__noinline int on_exec(u64 task_, u64 bprm_)
{
    struct task_struct *task = (void *)task_;
    u32 si = bpf_get_smp_processor_id();
    u64 ts = bpf_ktime_get_boot_ns();
    u32 tid = BPF_CORE_READ(task, pid);
    slot_renew(tid, ts);
    struct scratch *s = record_begin(si);
    if (!s) {
        count_lost(CLASS_PROCESS, true);
        return 0;
    }
    struct plm_wire_head *h = (void *)s->rec;
    __builtin_memset(h, 0, sizeof(*h));
    head_fill(h, PLM_WIRE_EXEC, CLASS_PROCESS, ts);
    h->gen = ts;
    h->tid = tid;
    h->pid = BPF_CORE_READ(task, tgid);
    h->nr = current_nr();
    put_process(si, task_, 1);
    struct mm_struct *mm = BPF_CORE_READ(task, mm);
    put_strings(si, PLM_WIRE_P_ARGS, BPF_CORE_READ(mm, arg_start), BPF_CORE_READ(mm, arg_end));
    if (conf.needs & NEED_ENV_)
        put_strings(si, PLM_WIRE_P_ENV, BPF_CORE_READ(mm, env_start), BPF_CORE_READ(mm, env_end));
    put_kstr(si, 0, (u64)BPF_CORE_READ((struct linux_binprm *)bprm_, filename));
    record_send(s, true);
    s->busy = 0;
    return 0;
}

SEC("tp_btf/sched_process_exec")
int BPF_PROG(sched_process_exec, struct task_struct *task, int old_pid, struct linux_binprm *bprm)
{
    return on_exec(number_of(task), number_of(bprm));
}

/* What is impossible for the parent is for its child, until that changes itself. */
static __always_inline void slot_inherit(u32 from_tid, u32 tid)
{
    struct plm_wire_slot *from = slot_of(from_tid), *to = slot_of(tid);
    if (!from || !to || from == to || from->tid != from_tid || from->mask_gen != from->gen + conf.epoch)
        return;
    for (u32 i = 0; i < PLM_WIRE_WORDS; i++)
        to->mask[i] = from->mask[i];
    to->flags = from->flags;
    to->mask_gen = to->gen + conf.epoch;
}

__noinline int on_fork(u64 parent, u64 child_)
{
    struct task_struct *child = (void *)child_;
    u32 si = bpf_get_smp_processor_id();
    u64 ts = bpf_ktime_get_boot_ns();
    u32 tid = BPF_CORE_READ(child, pid), tgid = BPF_CORE_READ(child, tgid);
    slot_renew(tid, ts);
    slot_inherit(BPF_CORE_READ((struct task_struct *)parent, pid), tid);
    struct scratch *s = record_begin(si);
    if (!s) {
        count_lost(CLASS_PROCESS, true);
        return 0;
    }
    struct plm_wire_head *h = (void *)s->rec;
    __builtin_memset(h, 0, sizeof(*h));
    head_fill(h, PLM_WIRE_FORK, CLASS_PROCESS, ts);
    h->gen = ts;
    h->tid = tid;
    h->pid = tgid;
    h->nr = current_nr();
    h->args[0] = BPF_CORE_READ((struct task_struct *)parent, pid);
    put_process(si, child_, tid == tgid);
    record_send(s, true);
    s->busy = 0;
    return 0;
}

SEC("tp_btf/sched_process_fork")
int BPF_PROG(sched_process_fork, struct task_struct *parent, struct task_struct *child)
{
    return on_fork(number_of(parent), number_of(child));
}

/* Who inherits the children of a task that ends: a live thread of its group, the nearest subreaper, the init
 * of its pid namespace (find_new_reaper of the kernel). 0: there are no children. */
static __always_inline u32 reaper_of(struct task_struct *task)
{
    u64 children = (u64)task + bpf_core_field_offset(task->children);
    if ((u64)BPF_CORE_READ(task, children.next) == children)
        return 0;
    struct signal_struct *sig = BPF_CORE_READ(task, signal);
    u64 head = (u64)sig + bpf_core_field_offset(sig->thread_head), node = head;
    for (u32 i = 0; i < 16; i++) {
        node = (u64)BPF_CORE_READ((struct list_head *)node, next);
        if (node == head || !node)
            break;
        struct task_struct *t = (void *)(node - bpf_core_field_offset(task->thread_node));
        if (t != task && !(BPF_CORE_READ(t, flags) & PF_EXITING_))
            return BPF_CORE_READ(t, pid);
    }
    struct pid_namespace *ns = (void *)pidns_of((u64)BPF_CORE_READ(task, thread_pid));
    struct task_struct *init = BPF_CORE_READ(ns, child_reaper);
    if (BPF_CORE_READ_BITFIELD_PROBED(sig, has_child_subreaper)) {
        struct task_struct *t = BPF_CORE_READ(task, real_parent);
        for (u32 i = 0; i < 24 && t && t != init; i++) {
            struct signal_struct *ts = BPF_CORE_READ(t, signal);
            if (BPF_CORE_READ_BITFIELD_PROBED(ts, is_child_subreaper))
                return BPF_CORE_READ(t, pid);
            t = BPF_CORE_READ(t, real_parent);
        }
    }
    return BPF_CORE_READ(init, pid);
}

SEC("tp_btf/sched_process_exit")
int BPF_PROG(sched_process_exit, struct task_struct *task)
{
    u32 si = bpf_get_smp_processor_id();
    struct scratch *s = record_begin(si);
    if (!s) {
        count_lost(CLASS_PROCESS, true);
        return 0;
    }
    struct plm_wire_head *h = (void *)s->rec;
    __builtin_memset(h, 0, sizeof(*h));
    head_fill(h, PLM_WIRE_EXIT, CLASS_PROCESS, bpf_ktime_get_boot_ns());
    h->tid = BPF_CORE_READ(task, pid);
    h->pid = BPF_CORE_READ(task, tgid);
    h->gen = slot_gen(h->tid);
    h->nr = -1;
    h->res = BPF_CORE_READ(task, exit_code);
    h->args[0] = reaper_of(task);
    h->args[1] = BPF_CORE_READ(task, signal, live.counter) == 0;
    record_send(s, true);
    s->busy = 0;
    return 0;
}

/* Written to the reader of the iterator instead of a ring. It may be preempted: scratch memory of its own. */
SEC("iter/task")
int scan_task(struct bpf_iter__task *ctx)
{
    struct task_struct *task = ctx->task;
    struct seq_file *seq = ctx->meta->seq;
    if (!task)
        return 0;
    u32 si = conf.n_cpus;
    struct scratch *s = scratch_get(si);
    if (!s)
        return 0;
    s->off = sizeof(struct plm_wire_head);
    s->n_parts = 0;
    s->cut = 0;
    s->path_made = 0;
    struct plm_wire_head *h = (void *)s->rec;
    __builtin_memset(h, 0, sizeof(*h));
    u64 ts = bpf_ktime_get_boot_ns();
    head_fill(h, PLM_WIRE_TASK, CLASS_PROCESS, ts);
    u32 tid = BPF_CORE_READ(task, pid), tgid = BPF_CORE_READ(task, tgid);
    struct plm_wire_slot *slot = slot_of(tid);
    h->gen = slot && slot->tid == tid ? slot->gen : slot_renew(tid, ts);
    h->tid = tid;
    h->pid = tgid;
    h->nr = -1;
    put_process(si, number_of(task), tid == tgid);
    h->n_parts = s->n_parts;
    u32 size = s->off;
    h->size = size;
    opaque(size);
    bpf_seq_write(seq, s->rec, size & 0x7fff);
    return 0;
}

/* ---- io_uring ------------------------------------------------------------------------------------------ */

__noinline int on_io_uring(u64 req_)
{
    struct io_kiocb *req = (void *)req_;
    u64 id = bpf_get_current_pid_tgid();
    u32 si = bpf_get_smp_processor_id();
    if (!(conf.wanted[NR_IO_URING_ENTER_] & PLM_WANT_RULES) || id >> 32 == conf.self)
        return 0;
    struct scratch *s = record_begin(si);
    if (!s) {
        count_lost(CLASS_OTHER, true);
        return 0;
    }
    struct plm_wire_head *h = (void *)s->rec;
    __builtin_memset(h, 0, sizeof(*h));
    head_fill(h, PLM_WIRE_IO_URING, CLASS_OTHER, bpf_ktime_get_boot_ns());
    h->tid = (u32)id;
    h->pid = id >> 32;
    h->gen = slot_gen((u32)id);
    h->nr = -1;
    u32 op = BPF_CORE_READ(req, opcode);
    h->args[0] = op;
    h->args[2] = BPF_CORE_READ(req, cqe.user_data);
    h->args[3] = (u64)-1;
    if (op == 18 || op == 28) { /* OPENAT, OPENAT2: the request holds the name, no file yet */
        struct io_open *open = (void *)req_;
        if (bpf_core_type_exists(struct io_open)) {
            h->args[3] = (s64)BPF_CORE_READ(open, dfd);
            put_kstr(si, 4, (u64)BPF_CORE_READ(open, filename, name));
            put_cwd(si, bpf_get_current_task());
        }
    } else {
        h->args[3] = (s64)BPF_CORE_READ(req, cqe.fd);
        u64 file = (u64)BPF_CORE_READ(req, file);
        if (file)
            put_object(si, 3, file, (u32)h->args[3]);
    }
    record_send(s, false);
    s->busy = 0;
    return 0;
}

SEC("tp_btf/io_uring_submit_req")
int BPF_PROG(io_uring_submit_req, struct io_kiocb *req)
{
    return on_io_uring(number_of(req));
}
