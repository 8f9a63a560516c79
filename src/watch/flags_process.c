/* SPDX-License-Identifier: Apache-2.0
 *
 * Flags of calls on processes, memory and the kernel. Numbers are written out where the C library's headers
 * are older than the names or give them to some architectures only.
 */
#include "watch/flags.h"
#include "watch/proc.h"

#include <linux/sched.h>
#include <sys/mman.h>
#include <sys/prctl.h>

// clang-format off
const struct plm_flag_name plm_flags_clone[] = {
    {"CLONE_FILES", CLONE_FILES},
    {"CLONE_FS", CLONE_FS},
    {"CLONE_IO", CLONE_IO},
    {"CLONE_NEWIPC", CLONE_NEWIPC},
    {"CLONE_NEWNET", CLONE_NEWNET},
    {"CLONE_NEWNS", CLONE_NEWNS},
    {"CLONE_NEWPID", CLONE_NEWPID},
    {"CLONE_NEWUTS", CLONE_NEWUTS},
    {"CLONE_PARENT", CLONE_PARENT},
    {"CLONE_PARENT_SETTID", CLONE_PARENT_SETTID},
    {"CLONE_PTRACE", CLONE_PTRACE},
    {"CLONE_SIGHAND", CLONE_SIGHAND},
    {"CLONE_SYSVSEM", CLONE_SYSVSEM},
    {"CLONE_THREAD", CLONE_THREAD},
    {"CLONE_UNTRACED", CLONE_UNTRACED},
    {"CLONE_VM", CLONE_VM},
    {"CLONE_NEWUSER", CLONE_NEWUSER},
    {"CLONE_CHILD_CLEARTID", CLONE_CHILD_CLEARTID},
    {"CLONE_CHILD_SETTID", CLONE_CHILD_SETTID},
    {"CLONE_SETTLS", CLONE_SETTLS},
    {"CLONE_VFORK", CLONE_VFORK},
    {"CLONE_NEWCGROUP", CLONE_NEWCGROUP},
    {"CLONE_PIDFD", CLONE_PIDFD},
    {"CLONE_NEWTIME", 0x80},
    {"CLONE_CLEAR_SIGHAND", 1ull << 32},
    {"CLONE_INTO_CGROUP", 1ull << 33},
    {NULL, 0},
};

const struct plm_flag_name plm_flags_exe[] = {
    {"EXE_WRITABLE", PLM_EXE_WRITABLE},
    {"EXE_UPPER_LAYER", PLM_EXE_UPPER_LAYER},
    {"EXE_FROM_MEMFD", PLM_EXE_FROM_MEMFD},
    {"EXE_LOWER_LAYER", PLM_EXE_LOWER_LAYER},
    {NULL, 0},
};

const struct plm_flag_name plm_flags_ptrace[] = {
#ifdef __x86_64__
    {"PTRACE_SINGLEBLOCK", 33},
    {"PTRACE_SYSEMU_SINGLESTEP", 32},
    {"PTRACE_SYSEMU", 31},
    {"PTRACE_ARCH_PRCTL", 30},
    {"PTRACE_SET_THREAD_AREA", 26},
    {"PTRACE_GET_THREAD_AREA", 25},
    {"PTRACE_OLDSETOPTIONS", 21},
    {"PTRACE_SETFPXREGS", 19},
    {"PTRACE_GETFPXREGS", 18},
    {"PTRACE_SETFPREGS", 15},
    {"PTRACE_GETFPREGS", 14},
    {"PTRACE_SETREGS", 13},
    {"PTRACE_GETREGS", 12},
#endif
    {"PTRACE_SETSIGMASK", 0x420b},
    {"PTRACE_GETSIGMASK", 0x420a},
    {"PTRACE_PEEKSIGINFO", 0x4209},
    {"PTRACE_LISTEN", 0x4208},
    {"PTRACE_INTERRUPT", 0x4207},
    {"PTRACE_SEIZE", 0x4206},
    {"PTRACE_SETREGSET", 0x4205},
    {"PTRACE_GETREGSET", 0x4204},
    {"PTRACE_SETSIGINFO", 0x4203},
    {"PTRACE_GETSIGINFO", 0x4202},
    {"PTRACE_GETEVENTMSG", 0x4201},
    {"PTRACE_SETOPTIONS", 0x4200},
    {"PTRACE_SECCOMP_GET_FILTER", 0x420c},
    {"PTRACE_SECCOMP_GET_METADATA", 0x420d},
    {"PTRACE_GET_SYSCALL_INFO", 0x420e},
    {"PTRACE_GET_RSEQ_CONFIGURATION", 0x420f},
    {"PTRACE_SYSCALL", 24},
    {"PTRACE_DETACH", 17},
    {"PTRACE_ATTACH", 16},
    {"PTRACE_SINGLESTEP", 9},
    {"PTRACE_KILL", 8},
    {"PTRACE_CONT", 7},
    {"PTRACE_POKEUSR", 6},
    {"PTRACE_POKEDATA", 5},
    {"PTRACE_POKETEXT", 4},
    {"PTRACE_PEEKUSR", 3},
    {"PTRACE_PEEKDATA", 2},
    {"PTRACE_PEEKTEXT", 1},
    {"PTRACE_TRACEME", 0},
    {NULL, 0},
};

const struct plm_flag_name plm_flags_prctl[] = {
    {"PR_GET_DUMPABLE", PR_GET_DUMPABLE},
    {"PR_SET_DUMPABLE", PR_SET_DUMPABLE},
    {"PR_GET_KEEPCAPS", PR_GET_KEEPCAPS},
    {"PR_SET_KEEPCAPS", PR_SET_KEEPCAPS},
    {"PR_SET_NAME", PR_SET_NAME},
    {"PR_GET_NAME", PR_GET_NAME},
    {"PR_GET_SECCOMP", PR_GET_SECCOMP},
    {"PR_SET_SECCOMP", PR_SET_SECCOMP},
    {"PR_CAPBSET_READ", PR_CAPBSET_READ},
    {"PR_CAPBSET_DROP", PR_CAPBSET_DROP},
    {"PR_GET_SECUREBITS", PR_GET_SECUREBITS},
    {"PR_SET_SECUREBITS", PR_SET_SECUREBITS},
    {"PR_MCE_KILL", PR_MCE_KILL},
    {"PR_SET_MM", PR_SET_MM},
    {"PR_SET_CHILD_SUBREAPER", PR_SET_CHILD_SUBREAPER},
    {"PR_GET_CHILD_SUBREAPER", PR_GET_CHILD_SUBREAPER},
    {"PR_SET_NO_NEW_PRIVS", PR_SET_NO_NEW_PRIVS},
    {"PR_GET_NO_NEW_PRIVS", PR_GET_NO_NEW_PRIVS},
    {"PR_GET_TID_ADDRESS", PR_GET_TID_ADDRESS},
    {"PR_SET_THP_DISABLE", PR_SET_THP_DISABLE},
    {"PR_GET_THP_DISABLE", PR_GET_THP_DISABLE},
    {"PR_CAP_AMBIENT", PR_CAP_AMBIENT},
    {"PR_SET_PDEATHSIG", PR_SET_PDEATHSIG},
    {"PR_GET_PDEATHSIG", PR_GET_PDEATHSIG},
    {"PR_SET_PTRACER", PR_SET_PTRACER},
    {NULL, 0},
};

const struct plm_flag_name plm_flags_seccomp[] = {
    {"SECCOMP_SET_MODE_STRICT", 0},
    {"SECCOMP_SET_MODE_FILTER", 1},
    {"SECCOMP_GET_ACTION_AVAIL", 2},
    {"SECCOMP_GET_NOTIF_SIZES", 3},
    {NULL, 0},
};

const struct plm_flag_name plm_flags_prot[] = {
    {"PROT_READ", PROT_READ},
    {"PROT_WRITE", PROT_WRITE},
    {"PROT_EXEC", PROT_EXEC},
    {"PROT_SEM", 8},
    {"PROT_GROWSDOWN", PROT_GROWSDOWN},
    {"PROT_GROWSUP", PROT_GROWSUP},
    {"PROT_NONE", PROT_NONE},
    {NULL, 0},
};

const struct plm_flag_name plm_flags_mmap[] = {
    {"MAP_SHARED", MAP_SHARED},
    {"MAP_PRIVATE", MAP_PRIVATE},
    {"MAP_FIXED", MAP_FIXED},
    {"MAP_ANONYMOUS", MAP_ANONYMOUS},
    {"MAP_32BIT", 0x40},
    {"MAP_NORESERVE", MAP_NORESERVE},
    {"MAP_POPULATE", MAP_POPULATE},
    {"MAP_NONBLOCK", MAP_NONBLOCK},
    {"MAP_GROWSDOWN", MAP_GROWSDOWN},
    {"MAP_DENYWRITE", MAP_DENYWRITE},
    {"MAP_EXECUTABLE", MAP_EXECUTABLE},
    {"MAP_LOCKED", MAP_LOCKED},
    {"MAP_FILE", 0},
    {NULL, 0},
};

const struct plm_flag_name plm_flags_bpf[] = {
    {"BPF_MAP_CREATE", 0},
    {"BPF_MAP_LOOKUP_ELEM", 1},
    {"BPF_MAP_UPDATE_ELEM", 2},
    {"BPF_MAP_DELETE_ELEM", 3},
    {"BPF_MAP_GET_NEXT_KEY", 4},
    {"BPF_PROG_LOAD", 5},
    {"BPF_OBJ_PIN", 6},
    {"BPF_OBJ_GET", 7},
    {"BPF_PROG_ATTACH", 8},
    {"BPF_PROG_DETACH", 9},
    {"BPF_PROG_TEST_RUN", 10},
    {"BPF_PROG_GET_NEXT_ID", 11},
    {"BPF_MAP_GET_NEXT_ID", 12},
    {"BPF_PROG_GET_FD_BY_ID", 13},
    {"BPF_MAP_GET_FD_BY_ID", 14},
    {"BPF_OBJ_GET_INFO_BY_FD", 15},
    {"BPF_PROG_QUERY", 16},
    {"BPF_RAW_TRACEPOINT_OPEN", 17},
    {"BPF_BTF_LOAD", 18},
    {"BPF_BTF_GET_FD_BY_ID", 19},
    {"BPF_TASK_FD_QUERY", 20},
    {"BPF_MAP_LOOKUP_AND_DELETE_ELEM", 21},
    {"BPF_MAP_FREEZE", 22},
    {"BPF_BTF_GET_NEXT_ID", 23},
    {"BPF_MAP_LOOKUP_BATCH", 24},
    {"BPF_MAP_LOOKUP_AND_DELETE_BATCH", 25},
    {"BPF_MAP_UPDATE_BATCH", 26},
    {"BPF_MAP_DELETE_BATCH", 27},
    {"BPF_LINK_CREATE", 28},
    {"BPF_LINK_UPDATE", 29},
    {"BPF_LINK_GET_FD_BY_ID", 30},
    {"BPF_LINK_GET_NEXT_ID", 31},
    {"BPF_ENABLE_STATS", 32},
    {"BPF_ITER_CREATE", 33},
    {"BPF_LINK_DETACH", 34},
    {"BPF_PROG_BIND_MAP", 35},
    {"BPF_TOKEN_CREATE", 36},
    {NULL, 0},
};

const struct plm_flag_name plm_flags_module[] = {
    {"MODULE_INIT_IGNORE_MODVERSIONS", 1},
    {"MODULE_INIT_IGNORE_VERMAGIC", 2},
    {"MODULE_INIT_COMPRESSED_FILE", 4},
    {NULL, 0},
};

const struct plm_flag_name plm_flags_delete_module[] = {
    {"O_NONBLOCK", 04000},
    {"O_TRUNC", 01000},
    {NULL, 0},
};

const struct plm_flag_name plm_flags_uring_setup[] = {
    {"IORING_SETUP_IOPOLL", 1u << 0},
    {"IORING_SETUP_SQPOLL", 1u << 1},
    {"IORING_SETUP_SQ_AFF", 1u << 2},
    {"IORING_SETUP_CQSIZE", 1u << 3},
    {"IORING_SETUP_CLAMP", 1u << 4},
    {"IORING_SETUP_ATTACH_RW", 1u << 5},
    {"IORING_SETUP_R_DISABLED", 1u << 6},
    {NULL, 0},
};

const struct plm_flag_name plm_flags_uring_features[] = {
    {"IORING_FEAT_SINGLE_MMAP", 1u << 0},
    {"IORING_FEAT_NODROP", 1u << 1},
    {"IORING_FEAT_SUBMIT_STABLE", 1u << 2},
    {"IORING_FEAT_RW_CUR_POS", 1u << 3},
    {"IORING_FEAT_CUR_PERSONALITY", 1u << 4},
    {"IORING_FEAT_FAST_POLL", 1u << 5},
    {"IORING_FEAT_POLL_32BITS", 1u << 6},
    {"IORING_FEAT_SQPOLL_NONFIXED", 1u << 7},
    {"IORING_FEAT_ENTER_EXT_ARG", 1u << 8},
    {"IORING_FEAT_NATIVE_WORKERS", 1u << 9},
    {"IORING_FEAT_RSRC_TAGS", 1u << 10},
    {NULL, 0},
};

const struct plm_flag_name plm_flags_uring_enter[] = {
    {"IORING_ENTER_GETEVENTS", 1u << 0},
    {"IORING_ENTER_SQ_WAKEUP", 1u << 1},
    {"IORING_ENTER_SQ_WAIT", 1u << 2},
    {"IORING_ENTER_EXT_ARG", 1u << 3},
    {NULL, 0},
};

const struct plm_flag_name plm_flags_uring_register[] = {
    {"IORING_REGISTER_BUFFERS", 0},
    {"IORING_UNREGISTER_BUFFERS", 1},
    {"IORING_REGISTER_FILES", 2},
    {"IORING_UNREGISTER_FILES", 3},
    {"IORING_REGISTER_EVENTFD", 4},
    {"IORING_UNREGISTER_EVENTFD", 5},
    {"IORING_REGISTER_FILES_UPDATE", 6},
    {"IORING_REGISTER_EVENTFD_ASYNC", 7},
    {"IORING_REGISTER_PROBE", 8},
    {"IORING_REGISTER_PERSONALITY", 9},
    {"IORING_UNREGISTER_PERSONALITY", 10},
    {"IORING_REGISTER_RESTRICTIONS", 11},
    {"IORING_REGISTER_ENABLE_RINGS", 12},
    {"IORING_REGISTER_FILES2", 13},
    {"IORING_REGISTER_FILES_UPDATE2", 14},
    {"IORING_REGISTER_BUFFERS2", 15},
    {"IORING_REGISTER_BUFFERS_UPDATE", 16},
    {"IORING_REGISTER_IOWQ_AFF", 17},
    {"IORING_UNREGISTER_IOWQ_AFF", 18},
    {"IORING_REGISTER_IOWQ_MAX_WORKERS", 19},
    {"IORING_REGISTER_RING_FDS", 20},
    {"IORING_UNREGISTER_RING_FDS", 21},
    {NULL, 0},
};
// clang-format on
