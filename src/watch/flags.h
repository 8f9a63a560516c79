/* SPDX-License-Identifier: Apache-2.0
 *
 * Names of flags, modes and enumerated arguments, as Falco's rules write them. Values are the kernel's own on
 * this architecture; each table ends with a NULL name. Order matters: it is the order in evt.arg.*, and a
 * name takes its bits away from the names after it (flags.c).
 */
#pragma once

#include "watch/event.h"

extern const struct plm_flag_name plm_flags_open[], plm_flags_openat2[], plm_flags_mode[], plm_flags_mknod[],
    plm_flags_access[], plm_flags_unlinkat[], plm_flags_linkat[], plm_flags_chownat[], plm_flags_statat[],
    plm_flags_renameat2[], plm_flags_flock[], plm_flags_mount[], plm_flags_umount[], plm_flags_memfd[],
    plm_flags_whence[], plm_flags_fsconfig[];
extern const struct plm_flag_name plm_flags_clone[], plm_flags_ptrace[], plm_flags_exe[], plm_flags_prctl[],
    plm_flags_seccomp[], plm_flags_prot[], plm_flags_mmap[], plm_flags_bpf[], plm_flags_module[],
    plm_flags_delete_module[], plm_flags_uring_setup[], plm_flags_uring_features[], plm_flags_uring_enter[],
    plm_flags_uring_register[];
extern const struct plm_flag_name plm_flags_family[], plm_flags_socktype[], plm_flags_shutdown[],
    plm_flags_sol[], plm_flags_sockopt[], plm_flags_fcntl[], plm_flags_accept4[], plm_flags_epoll_create[],
    plm_flags_pidfd[];

/* The bits that PLM_P_FLAGS tests for plm_flags_open: the access mode (0, 1, 2) becomes bits of its own. */
uint64_t plm_flags_open_bits(uint64_t open_flags);
/* Names joined with |, as sinsp joins them: table order, each name's bits taken away once used. */
void plm_flags_text(const struct plm_flag_name *table, uint64_t value, struct plm_buf *out);
/* Every name that has exactly this value. */
void plm_flags_enum_text(const struct plm_flag_name *table, uint64_t value, struct plm_buf *out);
