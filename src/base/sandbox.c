/* SPDX-License-Identifier: Apache-2.0
 *
 * The fence. libseccomp compiles each allow-list once to a BPF program (through a memfd); a
 * worker then installs it with one system call, which keeps the cost of a fence below a
 * millisecond.
 *
 * The lists hold what a parser needs: descriptors it already has, memory, locks, clocks and
 * the end. openat2 is missing on purpose: its flags lie in memory, where a filter cannot see
 * them; trees are read with openat, whose flags it can see.
 */
#include "base/sandbox.h"

#include "base/landlock_compat.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* clang-format off */
static const int allowed[] = {
    SCMP_SYS(read), SCMP_SYS(readv), SCMP_SYS(pread64), SCMP_SYS(write), SCMP_SYS(writev), SCMP_SYS(lseek),
    SCMP_SYS(close), SCMP_SYS(fstat), SCMP_SYS(fcntl), SCMP_SYS(recvfrom), SCMP_SYS(sendto),
    SCMP_SYS(munmap), SCMP_SYS(mremap), SCMP_SYS(madvise), SCMP_SYS(brk),
    SCMP_SYS(futex), SCMP_SYS(poll), SCMP_SYS(ppoll), SCMP_SYS(sched_yield), SCMP_SYS(restart_syscall),
    SCMP_SYS(clock_gettime), SCMP_SYS(gettimeofday), SCMP_SYS(clock_nanosleep), SCMP_SYS(nanosleep),
    SCMP_SYS(getrandom), SCMP_SYS(getpid), SCMP_SYS(gettid), SCMP_SYS(getuid), SCMP_SYS(geteuid), SCMP_SYS(getgid),
    SCMP_SYS(getegid), SCMP_SYS(rt_sigreturn), SCMP_SYS(rt_sigprocmask), SCMP_SYS(rt_sigaction),
    SCMP_SYS(sched_getaffinity), SCMP_SYS(uname), SCMP_SYS(sysinfo), SCMP_SYS(memfd_create), SCMP_SYS(ftruncate),
    SCMP_SYS(exit), SCMP_SYS(exit_group),
#ifdef PLM_SANITIZED
    SCMP_SYS(sigaltstack), SCMP_SYS(tgkill),
#endif
};
static const int allowed_tree[] = {
    SCMP_SYS(getdents64), SCMP_SYS(statx), SCMP_SYS(newfstatat), SCMP_SYS(readlinkat), SCMP_SYS(fgetxattr),
    SCMP_SYS(fstatfs), SCMP_SYS(dup),
};
/* Libraries try these and live with a refusal. */
static const int refused[] = {
    SCMP_SYS(open), SCMP_SYS(openat), SCMP_SYS(openat2), SCMP_SYS(access), SCMP_SYS(faccessat), SCMP_SYS(faccessat2),
    SCMP_SYS(stat), SCMP_SYS(lstat), SCMP_SYS(readlink), SCMP_SYS(getcwd), SCMP_SYS(ioctl), SCMP_SYS(prctl),
    SCMP_SYS(unlink), SCMP_SYS(fadvise64),
};
/* clang-format on */

/* Writing, creating and truncating are refused by the flags of open. */
#define OPEN_WRITES ((scmp_datum_t)(O_WRONLY | O_RDWR | O_CREAT | O_TRUNC | (O_TMPFILE & ~O_DIRECTORY)))

static int rule(scmp_filter_ctx ctx, uint32_t action, int call, unsigned arg, enum scmp_compare op,
                scmp_datum_t a, scmp_datum_t b)
{
    const struct scmp_arg_cmp cmp = {.arg = arg, .op = op, .datum_a = a, .datum_b = b};
    return seccomp_rule_add_array(ctx, action, call, 1, &cmp);
}

/* Allowed where none of these bits of an argument is set. */
static int without_bits(scmp_filter_ctx ctx, int call, unsigned arg, scmp_datum_t bits)
{
    return rule(ctx, SCMP_ACT_ALLOW, call, arg, SCMP_CMP_MASKED_EQ, bits, 0);
}

static bool add_rules(scmp_filter_ctx ctx, enum plm_fence kind)
{
    int bad = 0;
    for (size_t i = 0; i < COUNT(allowed); i++)
        bad |= seccomp_rule_add(ctx, SCMP_ACT_ALLOW, allowed[i], 0);
    /* No memory becomes executable. */
    bad |= without_bits(ctx, SCMP_SYS(mmap), 2, PROT_EXEC);
    bad |= without_bits(ctx, SCMP_SYS(mprotect), 2, PROT_EXEC);
    /* Reading a limit is harmless, setting one is not. */
    bad |= rule(ctx, SCMP_ACT_ALLOW, SCMP_SYS(prlimit64), 2, SCMP_CMP_EQ, 0, 0);
    if (kind != PLM_FENCE_STREAM) {
        for (size_t i = 0; i < COUNT(allowed_tree); i++)
            bad |= seccomp_rule_add(ctx, SCMP_ACT_ALLOW, allowed_tree[i], 0);
        bad |= without_bits(ctx, SCMP_SYS(openat), 2, OPEN_WRITES);
    } else {
        /* fstat in newer C libraries */
        bad |= rule(ctx, SCMP_ACT_ALLOW, SCMP_SYS(newfstatat), 3, SCMP_CMP_EQ, AT_EMPTY_PATH, 0);
        bad |= rule(ctx, SCMP_ACT_ERRNO(EACCES), SCMP_SYS(newfstatat), 3, SCMP_CMP_NE, AT_EMPTY_PATH, 0);
        bad |= seccomp_rule_add(ctx, SCMP_ACT_ERRNO(EACCES), SCMP_SYS(statx), 0);
    }
    for (size_t i = 0; i < COUNT(refused); i++)
        if (!(kind != PLM_FENCE_STREAM && refused[i] == SCMP_SYS(openat)))
            bad |= seccomp_rule_add(ctx, SCMP_ACT_ERRNO(EACCES), refused[i], 0);
    return bad == 0;
}

static int export_program(scmp_filter_ctx ctx, struct plm_fence_program *out, plm_err **err)
{
    plm_auto_fd int fd = memfd_create("plimsoll-fence", MFD_CLOEXEC);
    struct stat st;
    if (fd < 0 || seccomp_export_bpf(ctx, fd) != 0 || fstat(fd, &st) < 0)
        return plm_fail_sys(err, "export of the system call filter");
    size_t n = (size_t)st.st_size / sizeof(struct sock_filter);
    plm_auto_free void *filter = malloc((size_t)st.st_size + 1);
    if (!filter)
        return plm_fail_oom(err);
    if (n == 0 || n > UINT16_MAX || pread(fd, filter, (size_t)st.st_size, 0) != st.st_size)
        return plm_fail(err, PLM_E_INTERNAL, "system call filter of %lld bytes", (long long)st.st_size);
    out->filter = plm_take(filter);
    out->n = (uint16_t)n;
    return 0;
}

int plm_fence_compile(enum plm_fence kind, struct plm_fence_program *out, plm_err **err)
{
#ifdef PLM_SANITIZED
    uint32_t otherwise = SCMP_ACT_ERRNO(EPERM);
#else
    uint32_t otherwise = SCMP_ACT_KILL_PROCESS;
#endif
    scmp_filter_ctx ctx = seccomp_init(otherwise);
    if (!ctx)
        return plm_fail_oom(err);
    struct plm_fence_program p = {.kind = kind};
    int r = add_rules(ctx, kind)
                ? export_program(ctx, &p, err)
                : plm_fail(err, PLM_E_INTERNAL, "a rule of the system call filter was refused");
    seccomp_release(ctx);
    if (r == 0)
        *out = p;
    return r;
}

void plm_fence_done(struct plm_fence_program *p)
{
    free(p->filter);
    p->filter = NULL;
    p->n = 0;
}

static void limit(__rlimit_resource_t what, uint64_t value)
{
    struct rlimit l = {.rlim_cur = (rlim_t)value, .rlim_max = (rlim_t)value};
    (void)setrlimit(what, &l); /* a lower hard limit that already holds is as good */
}

static void set_limits(const struct plm_fence_options *opt)
{
    limit(RLIMIT_CORE, 0);
    limit(RLIMIT_NOFILE, 1024);
    if (opt->cpu_seconds)
        limit(RLIMIT_CPU, opt->cpu_seconds);
#ifndef PLM_SANITIZED
    if (opt->memory_bytes)
        limit(RLIMIT_AS, opt->memory_bytes);
#endif
}

/* Root keeps only the right to read whatever the tree holds. trusted.* attributes ask for CAP_SYS_ADMIN; the
 * list of calls holds none that could use it otherwise. */
static int drop_capabilities(enum plm_fence kind, plm_err **err)
{
    struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct have[2] = {{0}}, keep[2] = {{0}};
    if (syscall(SYS_capget, &head, have) < 0)
        return plm_fail_sys(err, "capget");
    if (kind != PLM_FENCE_STREAM)
        keep[0].effective = keep[0].permitted =
            have[0].permitted &
            ((1u << CAP_DAC_READ_SEARCH) | (kind == PLM_FENCE_OVERLAY ? 1u << CAP_SYS_ADMIN : 0u));
    if (syscall(SYS_capset, &head, keep) < 0)
        return plm_fail_sys(err, "capset");
    return 0;
}

static int restrict_paths(const struct plm_fence_options *opt, bool *out_has, plm_err **err)
{
    long abi = syscall(PLM_LANDLOCK_CREATE_RULESET, NULL, 0, PLM_LANDLOCK_VERSION_FLAG);
    *out_has = abi >= 1;
    if (abi < 1)
        return 0;
    struct plm_landlock_ruleset rules = {
        .handled_fs = plm_landlock_fs_all(abi),
        .handled_net = plm_landlock_net_all(abi),
        .scoped = plm_landlock_scope_all(abi),
    };
    plm_auto_fd int fd = (int)syscall(PLM_LANDLOCK_CREATE_RULESET, &rules, plm_landlock_ruleset_size(abi), 0);
    if (fd < 0)
        return plm_fail_sys(err, "landlock_create_ruleset");
    for (size_t i = 0; i < opt->n_trees; i++) {
        struct stat st;
        if (fstat(opt->trees[i], &st) < 0)
            return plm_fail_sys(err, "tree of the fence");
        struct plm_landlock_path path = {
            .allowed = PLM_LANDLOCK_FS_READ_FILE | (S_ISDIR(st.st_mode) ? PLM_LANDLOCK_FS_READ_DIR : 0),
            .parent_fd = opt->trees[i],
        };
        if (syscall(PLM_LANDLOCK_ADD_RULE, fd, PLM_LANDLOCK_PATH_BENEATH, &path, 0) < 0)
            return plm_fail_sys(err, "landlock_add_rule");
    }
    if (syscall(PLM_LANDLOCK_RESTRICT_SELF, fd, 0) < 0)
        return plm_fail_sys(err, "landlock_restrict_self");
    return 0;
}

int plm_fence_enter(const struct plm_fence_program *p, const struct plm_fence_options *opt,
                    bool *out_landlock, plm_err **err)
{
    set_limits(opt);
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
        return plm_fail_sys(err, "no_new_privs");
    if (restrict_paths(opt, out_landlock, err) < 0 || drop_capabilities(p->kind, err) < 0)
        return -1;
    struct sock_fprog prog = {.len = p->n, .filter = p->filter};
    if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &prog, 0, 0) < 0)
        return plm_fail_sys(err, "system call filter");
    return 0;
}
