/* SPDX-License-Identifier: Apache-2.0
 *
 * The table of event types against the C library and libseccomp, error names, flags as text.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "watch/evtype.h"
#include "watch/flags.h"

#include "base/buf.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <seccomp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>

static void table(void **state)
{
    (void)state;
    for (unsigned i = 0; i < plm_evtype_count(); i++) {
        const struct plm_evtype *t = plm_evtype_get(i), *next = plm_evtype_get(i + 1);
        assert_int_equal(t->id, i);
        if (next && strcmp(t->name, next->name) >= 0)
            fail_msg("%s stands before %s", t->name, next->name);
        assert_ptr_equal(plm_evtype_find(plm_sv_from(t->name)), t);
        if (t->syscall >= 0)
            assert_ptr_equal(plm_evtype_of_syscall(t->syscall), t);
        assert_int_equal(t->is_typed, t->n_params > 0);
        assert_true(t->n_params <= PLM_PARAMS_MAX);
        if (t->has_fd)
            assert_int_equal(t->params[t->fd_param].type, PLM_P_FD);
        for (unsigned k = 0; k < t->n_params; k++)
            assert_int_equal(plm_evtype_param(t, plm_sv_from(t->params[k].name)), k);
    }
    assert_null(plm_evtype_get(plm_evtype_count()));
    assert_null(plm_evtype_of_syscall(-1));
    assert_null(plm_evtype_of_syscall(100000));
    assert_null(plm_evtype_find(PLM_SV("nonesuch")));
    assert_ptr_equal(plm_evtype_find(PLM_SV("pread64")), plm_evtype_find(PLM_SV("pread")));
    assert_int_equal(plm_evtype_find(PLM_SV("openat"))->syscall, SYS_openat);
    assert_int_equal(plm_evtype_find(PLM_SV("procexit"))->syscall, -1);
    assert_int_equal(plm_evtype_find(PLM_SV("execve"))->n_params, 31);
}

/* Every call of this machine that libseccomp knows is there by name. */
static void system_calls(void **state)
{
    (void)state;
    static const char *const obsolete[] = {
        "_sysctl",         "afs_syscall", "create_module", "epoll_ctl_old", "epoll_wait_old",
        "get_kernel_syms", "getpmsg",     "nfsservctl",    "putpmsg",       "query_module",
        "security",        "tuxcall",     "vserver"};
    for (int nr = 0; nr < 451; nr++) {
        char *name = seccomp_syscall_resolve_num_arch(SCMP_ARCH_NATIVE, nr);
        bool is_obsolete = !name;
        for (size_t i = 0; name && i < sizeof(obsolete) / sizeof(obsolete[0]); i++)
            is_obsolete = is_obsolete || strcmp(name, obsolete[i]) == 0;
        if (!is_obsolete) {
            const struct plm_evtype *t = plm_evtype_find(plm_sv_from(name));
            if (!t || t->syscall != nr)
                fail_msg("system call %d, %s", nr, name);
        }
        free(name);
    }
}

static void errors(void **state)
{
    (void)state;
    for (int e = 1; e < 134; e++) {
        const char *libc = strerrorname_np(e), *ours = plm_errno_name(e);
        if (libc && strcmp(libc, "ENOTSUP") == 0)
            libc = "EOPNOTSUPP";
        if (!libc != !ours || (libc && strcmp(libc, ours) != 0))
            fail_msg("%d: %s, not %s", e, ours ? ours : "nothing", libc ? libc : "nothing");
    }
    assert_null(plm_errno_name(0));
    assert_null(plm_errno_name(-1));
    assert_string_equal(plm_errno_name(512), "ERESTARTSYS");
}

static const char *text(struct plm_buf *b, const struct plm_flag_name *t, uint64_t v)
{
    plm_buf_clear(b);
    plm_flags_text(t, t == plm_flags_open ? plm_flags_open_bits(v) : v, b);
    return plm_buf_cstr(b);
}
static const char *name(struct plm_buf *b, const struct plm_flag_name *t, uint64_t v)
{
    plm_buf_clear(b);
    plm_flags_enum_text(t, v, b);
    return plm_buf_cstr(b);
}

static void flags(void **state)
{
    (void)state;
    plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(PLM_KIB(4));
    assert_string_equal(text(&b, plm_flags_open, O_RDONLY), "O_RDONLY");
    assert_string_equal(text(&b, plm_flags_open, O_RDWR | O_CREAT | O_TRUNC), "O_TRUNC|O_CREAT|O_RDWR");
    assert_string_equal(text(&b, plm_flags_open, O_WRONLY | O_SYNC), "O_SYNC|O_WRONLY");
    assert_string_equal(text(&b, plm_flags_open, O_WRONLY | O_DSYNC), "O_DSYNC|O_WRONLY");
    assert_string_equal(text(&b, plm_flags_open, O_TMPFILE | O_RDWR), "O_DIRECTORY|O_RDWR|O_TMPFILE");
    assert_string_equal(text(&b, plm_flags_clone, CLONE_NEWNS | CLONE_NEWPID), "CLONE_NEWNS|CLONE_NEWPID");
    assert_string_equal(text(&b, plm_flags_clone, 0), "");
    assert_string_equal(text(&b, plm_flags_mode, S_ISUID | S_IXUSR), "S_IXUSR|S_ISUID");
    assert_string_equal(text(&b, plm_flags_unlinkat, AT_REMOVEDIR), "AT_REMOVEDIR");
    assert_string_equal(name(&b, plm_flags_family, AF_UNIX), "AF_LOCAL|AF_UNIX");
    assert_string_equal(name(&b, plm_flags_family, AF_PACKET), "AF_PACKET");
    assert_string_equal(name(&b, plm_flags_ptrace, 0x4206), "PTRACE_SEIZE");
    assert_string_equal(name(&b, plm_flags_ptrace, 0), "PTRACE_TRACEME");
    assert_string_equal(name(&b, plm_flags_bpf, 5), "BPF_PROG_LOAD");
    assert_string_equal(name(&b, plm_flags_bpf, 999), "");
}

static void addresses(void **state)
{
    (void)state;
    plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(PLM_KIB(4));
    struct plm_addr a = {
        .family = 6, .sip = {6, {[15] = 1}}, .dip = {6, {0xfe, 0x80}}, .sport = 1, .dport = 2};
    plm_addr_text(&a, &b);
    assert_string_equal(plm_buf_cstr(&b), "::1:1->fe80:::2");
    plm_buf_clear(&b);
    a = (struct plm_addr){.family = 1, .path = PLM_SV("/run/x")};
    plm_addr_text(&a, &b);
    assert_string_equal(plm_buf_cstr(&b), "/run/x");
    assert_string_equal(plm_fdtype_name(PLM_FD_EVENTPOLL), "eventpoll");
    assert_int_equal(plm_fdtype_char(PLM_FD_EVENTPOLL), 'l');
    assert_null(plm_fdtype_name(PLM_FD_PACKET));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(table), cmocka_unit_test(system_calls), cmocka_unit_test(errors),
        cmocka_unit_test(flags), cmocka_unit_test(addresses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
