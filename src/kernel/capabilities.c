/* SPDX-License-Identifier: Apache-2.0
 *
 * Names of capabilities (capabilities(7), include/uapi/linux/capability.h).
 */
#include "kernel_int.h"

#include "base/buf.h"

static const char *const names[] = {
    "CAP_CHOWN",
    "CAP_DAC_OVERRIDE",
    "CAP_DAC_READ_SEARCH",
    "CAP_FOWNER",
    "CAP_FSETID",
    "CAP_KILL",
    "CAP_SETGID",
    "CAP_SETUID",
    "CAP_SETPCAP",
    "CAP_LINUX_IMMUTABLE",
    "CAP_NET_BIND_SERVICE",
    "CAP_NET_BROADCAST",
    "CAP_NET_ADMIN",
    "CAP_NET_RAW",
    "CAP_IPC_LOCK",
    "CAP_IPC_OWNER",
    "CAP_SYS_MODULE",
    "CAP_SYS_RAWIO",
    "CAP_SYS_CHROOT",
    "CAP_SYS_PTRACE",
    "CAP_SYS_PACCT",
    "CAP_SYS_ADMIN",
    "CAP_SYS_BOOT",
    "CAP_SYS_NICE",
    "CAP_SYS_RESOURCE",
    "CAP_SYS_TIME",
    "CAP_SYS_TTY_CONFIG",
    "CAP_MKNOD",
    "CAP_LEASE",
    "CAP_AUDIT_WRITE",
    "CAP_AUDIT_CONTROL",
    "CAP_SETFCAP",
    "CAP_MAC_OVERRIDE",
    "CAP_MAC_ADMIN",
    "CAP_SYSLOG",
    "CAP_WAKE_ALARM",
    "CAP_BLOCK_SUSPEND",
    "CAP_AUDIT_READ",
    "CAP_PERFMON",
    "CAP_BPF",
    "CAP_CHECKPOINT_RESTORE",
};
enum { KNOWN = sizeof(names) / sizeof(names[0]), PREFIX = 4 /* "CAP_" */ };
_Static_assert(KNOWN == 41, "one name for each capability of Linux 5.9 and later");

const char *plm_cap_name(unsigned bit)
{
    return bit < KNOWN ? names[bit] : NULL;
}

uint64_t plm_cap_parse(plm_sv name, unsigned last)
{
    name = plm_sv_trim(name);
    if (plm_sv_ieq(name, PLM_SV("ALL")) || plm_sv_ieq(name, PLM_SV("CAP_ALL")))
        return last >= 63 ? UINT64_MAX : PLM_CAP_BIT(last + 1) - 1;
    for (unsigned i = 0; i < KNOWN; i++)
        if (plm_sv_ieq(name, plm_sv_from(names[i])) || plm_sv_ieq(name, plm_sv_from(names[i] + PREFIX)))
            return PLM_CAP_BIT(i);
    return 0;
}

unsigned plm_kernel_cap_last(struct plm_kernel *k)
{
    plm_sv text;
    uint64_t last;
    if (!k->cap_last) {
        k->cap_last = KNOWN - 1;
        if (plm_kernel_read(k, k->proc_fd, "sys/kernel/cap_last_cap", PLM_KIB(1), &text) == 0 &&
            plm_sv_u64(plm_sv_trim(text), &last) && last > 0 && last < 64)
            k->cap_last = (unsigned)last;
    }
    return k->cap_last;
}

plm_sv plm_cap_names(struct plm_arena *a, uint64_t set)
{
    if (!set)
        return PLM_SV("none");
    plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(PLM_KIB(4));
    for (unsigned i = 0; i < 64; i++) {
        if (!(set & PLM_CAP_BIT(i)))
            continue;
        if (b.n)
            plm_buf_byte(&b, ' ');
        if (i < KNOWN)
            plm_buf_str(&b, names[i] + PREFIX);
        else
            plm_buf_printf(&b, "%u", i); /* newer than this program */
    }
    return b.failed ? PLM_SV_NULL : plm_arena_sv(a, plm_buf_sv(&b));
}
