/* SPDX-License-Identifier: Apache-2.0
 *
 * Parameters of the typed events (falco-rules.md part 5), in the order of evt.arg[N]; the first is the result.
 * Those of calls that the official rules do not use follow Falco's event table. Included by evtype.c only.
 */
#pragma once

// clang-format off
static const struct plm_param_info plm_evp_accept[] = {
    {"fd", PLM_P_FD, NULL},
    {"tuple", PLM_P_TUPLE, NULL},
    {"queuepct", PLM_P_UINT, NULL},
    {"queuelen", PLM_P_UINT, NULL},
    {"queuemax", PLM_P_UINT, NULL},
};

static const struct plm_param_info plm_evp_accept4[] = {
    {"fd", PLM_P_FD, NULL},
    {"tuple", PLM_P_TUPLE, NULL},
    {"queuepct", PLM_P_UINT, NULL},
    {"queuelen", PLM_P_UINT, NULL},
    {"queuemax", PLM_P_UINT, NULL},
    {"flags", PLM_P_FLAGS, plm_flags_accept4},
};

static const struct plm_param_info plm_evp_access[] = {
    {"res", PLM_P_ERRNO, NULL},
    {"name", PLM_P_PATH, NULL},
    {"mode", PLM_P_FLAGS, plm_flags_access},
};

static const struct plm_param_info plm_evp_bind[] = {
    {"res", PLM_P_ERRNO, NULL},
    {"addr", PLM_P_ADDR, NULL},
    {"fd", PLM_P_FD, NULL},
};

static const struct plm_param_info plm_evp_bpf[] = {
    {"fd", PLM_P_FD, NULL},
    {"cmd", PLM_P_ENUM, plm_flags_bpf},
};

static const struct plm_param_info plm_evp_capset[] = {
    {"res", PLM_P_ERRNO, NULL},
    {"cap_inheritable", PLM_P_HEX, NULL},
    {"cap_permitted", PLM_P_HEX, NULL},
    {"cap_effective", PLM_P_HEX, NULL},
};

static const struct plm_param_info plm_evp_chdir[] = {
    {"res", PLM_P_ERRNO, NULL},
    {"path", PLM_P_PATH, NULL},
};
#define plm_evp_chroot plm_evp_chdir
#define plm_evp_lstat plm_evp_chdir
#define plm_evp_rmdir plm_evp_chdir
#define plm_evp_stat plm_evp_chdir
#define plm_evp_unlink plm_evp_chdir

static const struct plm_param_info plm_evp_chmod[] = {
    {"res", PLM_P_ERRNO, NULL},
    {"filename", PLM_P_PATH, NULL},
    {"mode", PLM_P_MODE, plm_flags_mode},
};

static const struct plm_param_info plm_evp_chown[] = {
    {"res", PLM_P_ERRNO, NULL},
    {"path", PLM_P_PATH, NULL},
    {"uid", PLM_P_UID, NULL},
    {"gid", PLM_P_GID, NULL},
};
#define plm_evp_lchown plm_evp_chown

static const struct plm_param_info plm_evp_clone[] = {
    {"res", PLM_P_PID, NULL},
    {"exe", PLM_P_STR, NULL},
    {"args", PLM_P_STRINGS, NULL},
    {"tid", PLM_P_PID, NULL},
    {"pid", PLM_P_PID, NULL},
    {"ptid", PLM_P_PID, NULL},
    {"cwd", PLM_P_STR, NULL},
    {"fdlimit", PLM_P_UINT, NULL},
    {"pgft_maj", PLM_P_UINT, NULL},
    {"pgft_min", PLM_P_UINT, NULL},
    {"vm_size", PLM_P_UINT, NULL},
    {"vm_rss", PLM_P_UINT, NULL},
    {"vm_swap", PLM_P_UINT, NULL},
    {"comm", PLM_P_STR, NULL},
    {"cgroups", PLM_P_STRINGS, NULL},
    {"flags", PLM_P_FLAGS, plm_flags_clone},
    {"uid", PLM_P_UINT, NULL},
    {"gid", PLM_P_UINT, NULL},
    {"vtid", PLM_P_PID, NULL},
    {"vpid", PLM_P_PID, NULL},
    {"pidns_init_start_ts", PLM_P_UINT, NULL},
};
#define plm_evp_clone3 plm_evp_clone
#define plm_evp_fork plm_evp_clone
#define plm_evp_vfork plm_evp_clone

static const struct plm_param_info plm_evp_close[] = {
    {"res", PLM_P_ERRNO, NULL},
    {"fd", PLM_P_FD, NULL},
};
#define plm_evp_fchdir plm_evp_close
#define plm_evp_fstat plm_evp_close
#define plm_evp_getdents plm_evp_close
#define plm_evp_getdents64 plm_evp_close

static const struct plm_param_info plm_evp_connect[] = {
    {"res", PLM_P_ERRNO, NULL},
    {"tuple", PLM_P_TUPLE, NULL},
    {"fd", PLM_P_FD, NULL},
    {"addr", PLM_P_ADDR, NULL},
};

static const struct plm_param_info plm_evp_container[] = {
    {"json", PLM_P_STR, NULL},
};

static const struct plm_param_info plm_evp_copy_file_range[] = {
    {"res", PLM_P_ERRNO, NULL},
    {"fdout", PLM_P_FD, NULL},
    {"offout", PLM_P_UINT, NULL},
    {"fdin", PLM_P_FD, NULL},
    {"offin", PLM_P_UINT, NULL},
    {"len", PLM_P_UINT, NULL},
};

static const struct plm_param_info plm_evp_creat[] = {
    {"fd", PLM_P_FD, NULL},
    {"name", PLM_P_PATH, NULL},
    {"mode", PLM_P_MODE, NULL},
    {"dev", PLM_P_HEX, NULL},
    {"ino", PLM_P_UINT, NULL},
    {"creat_flags", PLM_P_FLAGS, plm_flags_open},
};

static const struct plm_param_info plm_evp_delete_module[] = {
    {"res", PLM_P_ERRNO, NULL},
    {"name", PLM_P_STR, NULL},
    {"flags", PLM_P_FLAGS, plm_flags_delete_module},
};

static const struct plm_param_info plm_evp_dup[] = {
    {"res", PLM_P_FD, NULL},
    {"oldfd", PLM_P_FD, NULL},
};

static const struct plm_param_info plm_evp_dup2[] = {
    {"res", PLM_P_FD, NULL},
    {"oldfd", PLM_P_FD, NULL},
    {"newfd", PLM_P_FD, NULL},
};

static const struct plm_param_info plm_evp_dup3[] = {
    {"res", PLM_P_FD, NULL},
    {"oldfd", PLM_P_FD, NULL},
    {"newfd", PLM_P_FD, NULL},
    {"flags", PLM_P_FLAGS, plm_flags_open},
};

static const struct plm_param_info plm_evp_epoll_create[] = {
    {"res", PLM_P_FD, NULL},
    {"size", PLM_P_INT, NULL},
};

static const struct plm_param_info plm_evp_epoll_create1[] = {
    {"res", PLM_P_FD, NULL},
    {"flags", PLM_P_FLAGS, plm_flags_epoll_create},
};

static const struct plm_param_info plm_evp_eventfd[] = {
    {"res", PLM_P_FD, NULL},
    {"initval", PLM_P_UINT, NULL},
    {"flags", PLM_P_UINT, NULL},
};

static const struct plm_param_info plm_evp_eventfd2[] = {
    {"res", PLM_P_FD, NULL},
    {"flags", PLM_P_FLAGS, plm_flags_open},
    {"initval", PLM_P_UINT, NULL},
};

static const struct plm_param_info plm_evp_execve[] = {
    {"res", PLM_P_ERRNO, NULL},
    {"exe", PLM_P_STR, NULL},
    {"args", PLM_P_STRINGS, NULL},
    {"tid", PLM_P_PID, NULL},
    {"pid", PLM_P_PID, NULL},
    {"ptid", PLM_P_PID, NULL},
    {"cwd", PLM_P_STR, NULL},
    {"fdlimit", PLM_P_UINT, NULL},
    {"pgft_maj", PLM_P_UINT, NULL},
    {"pgft_min", PLM_P_UINT, NULL},
    {"vm_size", PLM_P_UINT, NULL},
    {"vm_rss", PLM_P_UINT, NULL},
    {"vm_swap", PLM_P_UINT, NULL},
    {"comm", PLM_P_STR, NULL},
    {"cgroups", PLM_P_STRINGS, NULL},
    {"env", PLM_P_STRINGS, NULL},
    {"tty", PLM_P_UINT, NULL},
    {"vpgid", PLM_P_PID, NULL},
    {"loginuid", PLM_P_UID, NULL},
    {"flags", PLM_P_FLAGS, plm_flags_exe},
    {"cap_inheritable", PLM_P_HEX, NULL},
    {"cap_permitted", PLM_P_HEX, NULL},
    {"cap_effective", PLM_P_HEX, NULL},
    {"exe_ino", PLM_P_UINT, NULL},
    {"exe_ino_ctime", PLM_P_UINT, NULL},
    {"exe_ino_mtime", PLM_P_UINT, NULL},
    {"uid", PLM_P_UID, NULL},
    {"trusted_exepath", PLM_P_PATH, NULL},
    {"pgid", PLM_P_PID, NULL},
    {"gid", PLM_P_GID, NULL},
    {"filename", PLM_P_PATH, NULL},
};

static const struct plm_param_info plm_evp_execveat[] = {
    {"res", PLM_P_ERRNO, NULL},
    {"exe", PLM_P_STR, NULL},
    {"args", PLM_P_STRINGS, NULL},
    {"tid", PLM_P_PID, NULL},
    {"pid", PLM_P_PID, NULL},
    {"ptid", PLM_P_PID, NULL},
    {"cwd", PLM_P_STR, NULL},
    {"fdlimit", PLM_P_UINT, NULL},
    {"pgft_maj", PLM_P_UINT, NULL},
    {"pgft_min", PLM_P_UINT, NULL},
    {"vm_size", PLM_P_UINT, NULL},
    {"vm_rss", PLM_P_UINT, NULL},
    {"vm_swap", PLM_P_UINT, NULL},
    {"comm", PLM_P_STR, NULL},
    {"cgroups", PLM_P_STRINGS, NULL},
    {"env", PLM_P_STRINGS, NULL},
    {"tty", PLM_P_UINT, NULL},
    {"vpgid", PLM_P_PID, NULL},
    {"loginuid", PLM_P_UID, NULL},
    {"flags", PLM_P_FLAGS, plm_flags_exe},
    {"cap_inheritable", PLM_P_HEX, NULL},
    {"cap_permitted", PLM_P_HEX, NULL},
    {"cap_effective", PLM_P_HEX, NULL},
    {"exe_ino", PLM_P_UINT, NULL},
    {"exe_ino_ctime", PLM_P_UINT, NULL},
    {"exe_ino_mtime", PLM_P_UINT, NULL},
    {"uid", PLM_P_UID, NULL},
    {"trusted_exepath", PLM_P_PATH, NULL},
    {"pgid", PLM_P_PID, NULL},
    {"gid", PLM_P_GID, NULL},
};

static const struct plm_param_info plm_evp_faccessat[] = {
    {"res", PLM_P_ERRNO, NULL},
    {"dirfd", PLM_P_FD, NULL},
    {"name", PLM_P_PATH, NULL},
    {"mode", PLM_P_FLAGS, plm_flags_access},
};

static const struct plm_param_info plm_evp_faccessat2[] = {
    {"res", PLM_P_ERRNO, NULL},
    {"dirfd", PLM_P_FD, NULL},
    {"name", PLM_P_PATH, NULL},
    {"mode", PLM_P_FLAGS, plm_flags_access},
    {"flags", PLM_P_FLAGS, plm_flags_statat},
};

static const struct plm_param_info plm_evp_fchmod[] = {
    {"res", PLM_P_ERRNO, NULL},
    {"fd", PLM_P_FD, NULL},
    {"mode", PLM_P_MODE, plm_flags_mode},
};

static const struct plm_param_info plm_evp_fchmodat[] = {
    {"res", PLM_P_ERRNO, NULL},
    {"dirfd", PLM_P_FD, NULL},
    {"filename", PLM_P_PATH, NULL},
    {"mode", PLM_P_MODE, plm_flags_mode},
};

static const struct plm_param_info plm_evp_fchown[] = {
    {"res", PLM_P_ERRNO, NULL},
    {"fd", PLM_P_FD, NULL},
    {"uid", PLM_P_UID, NULL},
    {"gid", PLM_P_GID, NULL},
};

static const struct plm_param_info plm_evp_fchownat[] = {
    {"res", PLM_P_ERRNO, NULL},
    {"dirfd", PLM_P_FD, NULL},
    {"pathname", PLM_P_PATH, NULL},
    {"uid", PLM_P_UID, NULL},
    {"gid", PLM_P_GID, NULL},
    {"flags", PLM_P_FLAGS, plm_flags_chownat},
};

static const struct plm_param_info plm_evp_fcntl[] = {
    {"res", PLM_P_ERRNO, NULL},
    {"fd", PLM_P_FD, NULL},
    {"cmd", PLM_P_ENUM, plm_flags_fcntl},
};

static const struct plm_param_info plm_evp_finit_module[] = {
    {"res", PLM_P_ERRNO, NULL},
    {"fd", PLM_P_FD, NULL},
    {"uargs", PLM_P_STR, NULL},
    {"flags", PLM_P_FLAGS, plm_flags_module},
};

static const struct plm_param_info plm_evp_flock[] = {
    {"res", PLM_P_ERRNO, NULL},
    {"fd", PLM_P_FD, NULL},
    {"operation", PLM_P_FLAGS, plm_flags_flock},
};

static const struct plm_param_info plm_evp_fsconfig[] = {
    {"res", PLM_P_ERRNO, NULL},
    {"fd", PLM_P_FD, NULL},
    {"cmd", PLM_P_ENUM, plm_flags_fsconfig},
    {"key", PLM_P_STR, NULL},
    {"value_bytebuf", PLM_P_BYTES, NULL},
    {"value_charbuf", PLM_P_STR, NULL},
    {"aux", PLM_P_INT, NULL},
};

static const struct plm_param_info plm_evp_ftruncate[] = {
    {"res", PLM_P_ERRNO, NULL},
    {"fd", PLM_P_FD, NULL},
    {"length", PLM_P_UINT, NULL},
};

static const struct plm_param_info plm_evp_getcwd[] = {
    {"res", PLM_P_ERRNO, NULL},
    {"path", PLM_P_STR, NULL},
};

static const struct plm_param_info plm_evp_getegid[] = {
    {"egid", PLM_P_GID, NULL},
};

static const struct plm_param_info plm_evp_geteuid[] = {
    {"euid", PLM_P_UID, NULL},
};

static const struct plm_param_info plm_evp_getgid[] = {
    {"gid", PLM_P_GID, NULL},
};

static const struct plm_param_info plm_evp_getsockopt[] = {
    {"res", PLM_P_ERRNO, NULL},
    {"fd", PLM_P_FD, NULL},
    {"level", PLM_P_ENUM, plm_flags_sol},
    {"optname", PLM_P_ENUM, plm_flags_sockopt},
    {"val", PLM_P_BYTES, NULL},
    {"optlen", PLM_P_UINT, NULL},
};
#define plm_evp_setsockopt plm_evp_getsockopt

static const struct plm_param_info plm_evp_getuid[] = {
    {"uid", PLM_P_UID, NULL},
};

static const struct plm_param_info plm_evp_init_module[] = {
    {"res", PLM_P_ERRNO, NULL},
    {"img", PLM_P_BYTES, NULL},
    {"length", PLM_P_UINT, NULL},
    {"uargs", PLM_P_STR, NULL},
};

static const struct plm_param_info plm_evp_inotify_init[] = {
    {"res", PLM_P_FD, NULL},
    {"flags", PLM_P_UINT, NULL},
};

static const struct plm_param_info plm_evp_inotify_init1[] = {
    {"res", PLM_P_FD, NULL},
    {"flags", PLM_P_FLAGS, plm_flags_open},
};
#define plm_evp_userfaultfd plm_evp_inotify_init1

static const struct plm_param_info plm_evp_io_uring_enter[] = {
    {"res", PLM_P_ERRNO, NULL},
    {"fd", PLM_P_FD, NULL},
    {"to_submit", PLM_P_UINT, NULL},
    {"min_complete", PLM_P_UINT, NULL},
    {"flags", PLM_P_FLAGS, plm_flags_uring_enter},
    {"sig", PLM_P_HEX, NULL},
    {"opcode", PLM_P_UINT, NULL},
    {"operation", PLM_P_STR, NULL},
};

static const struct plm_param_info plm_evp_io_uring_register[] = {
    {"res", PLM_P_ERRNO, NULL},
    {"fd", PLM_P_FD, NULL},
    {"opcode", PLM_P_ENUM, plm_flags_uring_register},
    {"arg", PLM_P_HEX, NULL},
    {"nr_args", PLM_P_UINT, NULL},
};

static const struct plm_param_info plm_evp_io_uring_setup[] = {
    {"res", PLM_P_FD, NULL},
    {"entries", PLM_P_UINT, NULL},
    {"sq_entries", PLM_P_UINT, NULL},
    {"cq_entries", PLM_P_UINT, NULL},
    {"flags", PLM_P_FLAGS, plm_flags_uring_setup},
    {"sq_thread_cpu", PLM_P_UINT, NULL},
    {"sq_thread_idle", PLM_P_UINT, NULL},
    {"features", PLM_P_FLAGS, plm_flags_uring_features},
};

static const struct plm_param_info plm_evp_ioctl[] = {
    {"res", PLM_P_ERRNO, NULL},
    {"fd", PLM_P_FD, NULL},
    {"request", PLM_P_HEX, NULL},
    {"argument", PLM_P_HEX, NULL},
};

static const struct plm_param_info plm_evp_kill[] = {
    {"res", PLM_P_ERRNO, NULL},
    {"pid", PLM_P_PID, NULL},
    {"sig", PLM_P_SIGNAL, NULL},
};

static const struct plm_param_info plm_evp_link[] = {
    {"res", PLM_P_ERRNO, NULL},
    {"oldpath", PLM_P_PATH, NULL},
    {"newpath", PLM_P_PATH, NULL},
};
#define plm_evp_rename plm_evp_link

static const struct plm_param_info plm_evp_linkat[] = {
    {"res", PLM_P_ERRNO, NULL},
    {"olddir", PLM_P_FD, NULL},
    {"oldpath", PLM_P_PATH, NULL},
    {"newdir", PLM_P_FD, NULL},
    {"newpath", PLM_P_PATH, NULL},
    {"flags", PLM_P_FLAGS, plm_flags_linkat},
};

static const struct plm_param_info plm_evp_listen[] = {
    {"res", PLM_P_ERRNO, NULL},
    {"fd", PLM_P_FD, NULL},
    {"backlog", PLM_P_INT, NULL},
};

static const struct plm_param_info plm_evp_memfd_create[] = {
    {"fd", PLM_P_FD, NULL},
    {"name", PLM_P_STR, NULL},
    {"flags", PLM_P_FLAGS, plm_flags_memfd},
};

static const struct plm_param_info plm_evp_mkdir[] = {
    {"res", PLM_P_ERRNO, NULL},
    {"path", PLM_P_PATH, NULL},
    {"mode", PLM_P_MODE, NULL},
};

static const struct plm_param_info plm_evp_mkdirat[] = {
    {"res", PLM_P_ERRNO, NULL},
    {"dirfd", PLM_P_FD, NULL},
    {"path", PLM_P_PATH, NULL},
    {"mode", PLM_P_MODE, NULL},
};

static const struct plm_param_info plm_evp_mknod[] = {
    {"res", PLM_P_ERRNO, NULL},
    {"path", PLM_P_PATH, NULL},
    {"mode", PLM_P_MODE, plm_flags_mknod},
    {"dev", PLM_P_HEX, NULL},
};

static const struct plm_param_info plm_evp_mknodat[] = {
    {"res", PLM_P_ERRNO, NULL},
    {"dirfd", PLM_P_FD, NULL},
    {"path", PLM_P_PATH, NULL},
    {"mode", PLM_P_MODE, plm_flags_mknod},
    {"dev", PLM_P_HEX, NULL},
};

static const struct plm_param_info plm_evp_mmap[] = {
    {"res", PLM_P_HEX, NULL},
    {"vm_size", PLM_P_UINT, NULL},
    {"vm_rss", PLM_P_UINT, NULL},
    {"vm_swap", PLM_P_UINT, NULL},
    {"addr", PLM_P_HEX, NULL},
    {"length", PLM_P_UINT, NULL},
    {"prot", PLM_P_FLAGS, plm_flags_prot},
    {"flags", PLM_P_FLAGS, plm_flags_mmap},
    {"fd", PLM_P_FD, NULL},
    {"offset", PLM_P_UINT, NULL},
};

static const struct plm_param_info plm_evp_mount[] = {
    {"res", PLM_P_ERRNO, NULL},
    {"dev", PLM_P_STR, NULL},
    {"dir", PLM_P_PATH, NULL},
    {"type", PLM_P_STR, NULL},
    {"flags", PLM_P_FLAGS, plm_flags_mount},
};

static const struct plm_param_info plm_evp_mprotect[] = {
    {"res", PLM_P_ERRNO, NULL},
    {"addr", PLM_P_HEX, NULL},
    {"length", PLM_P_UINT, NULL},
    {"prot", PLM_P_FLAGS, plm_flags_prot},
};

static const struct plm_param_info plm_evp_munmap[] = {
    {"res", PLM_P_ERRNO, NULL},
    {"vm_size", PLM_P_UINT, NULL},
    {"vm_rss", PLM_P_UINT, NULL},
    {"vm_swap", PLM_P_UINT, NULL},
    {"addr", PLM_P_HEX, NULL},
    {"length", PLM_P_UINT, NULL},
};

static const struct plm_param_info plm_evp_newfstatat[] = {
    {"res", PLM_P_ERRNO, NULL},
    {"dirfd", PLM_P_FD, NULL},
    {"path", PLM_P_PATH, NULL},
    {"flags", PLM_P_FLAGS, plm_flags_statat},
};

static const struct plm_param_info plm_evp_open[] = {
    {"fd", PLM_P_FD, NULL},
    {"name", PLM_P_PATH, NULL},
    {"flags", PLM_P_FLAGS, plm_flags_open},
    {"mode", PLM_P_MODE, NULL},
    {"dev", PLM_P_HEX, NULL},
    {"ino", PLM_P_UINT, NULL},
};

static const struct plm_param_info plm_evp_open_by_handle_at[] = {
    {"fd", PLM_P_FD, NULL},
    {"mountfd", PLM_P_FD, NULL},
    {"flags", PLM_P_FLAGS, plm_flags_open},
    {"path", PLM_P_PATH, NULL},
    {"dev", PLM_P_HEX, NULL},
    {"ino", PLM_P_UINT, NULL},
};

static const struct plm_param_info plm_evp_openat[] = {
    {"fd", PLM_P_FD, NULL},
    {"dirfd", PLM_P_FD, NULL},
    {"name", PLM_P_PATH, NULL},
    {"flags", PLM_P_FLAGS, plm_flags_open},
    {"mode", PLM_P_MODE, NULL},
    {"dev", PLM_P_HEX, NULL},
    {"ino", PLM_P_UINT, NULL},
};

static const struct plm_param_info plm_evp_openat2[] = {
    {"fd", PLM_P_FD, NULL},
    {"dirfd", PLM_P_FD, NULL},
    {"name", PLM_P_PATH, NULL},
    {"flags", PLM_P_FLAGS, plm_flags_open},
    {"mode", PLM_P_MODE, NULL},
    {"resolve", PLM_P_FLAGS, plm_flags_openat2},
    {"dev", PLM_P_HEX, NULL},
    {"ino", PLM_P_UINT, NULL},
};

static const struct plm_param_info plm_evp_pidfd_getfd[] = {
    {"res", PLM_P_FD, NULL},
    {"pid_fd", PLM_P_FD, NULL},
    {"target_fd", PLM_P_FD, NULL},
    {"flags", PLM_P_UINT, NULL},
};

static const struct plm_param_info plm_evp_pidfd_open[] = {
    {"res", PLM_P_FD, NULL},
    {"pid", PLM_P_PID, NULL},
    {"flags", PLM_P_FLAGS, plm_flags_pidfd},
};

static const struct plm_param_info plm_evp_pipe[] = {
    {"res", PLM_P_ERRNO, NULL},
    {"fd1", PLM_P_FD, NULL},
    {"fd2", PLM_P_FD, NULL},
    {"ino", PLM_P_UINT, NULL},
};

static const struct plm_param_info plm_evp_pipe2[] = {
    {"res", PLM_P_ERRNO, NULL},
    {"fd1", PLM_P_FD, NULL},
    {"fd2", PLM_P_FD, NULL},
    {"ino", PLM_P_UINT, NULL},
    {"flags", PLM_P_FLAGS, plm_flags_open},
};

static const struct plm_param_info plm_evp_prctl[] = {
    {"res", PLM_P_ERRNO, NULL},
    {"option", PLM_P_ENUM, plm_flags_prctl},
    {"arg2_str", PLM_P_STR, NULL},
    {"arg2_int", PLM_P_INT, NULL},
};

static const struct plm_param_info plm_evp_pread[] = {
    {"res", PLM_P_ERRNO, NULL},
    {"data", PLM_P_BYTES, NULL},
    {"fd", PLM_P_FD, NULL},
    {"size", PLM_P_UINT, NULL},
    {"pos", PLM_P_UINT, NULL},
};
#define plm_evp_pwrite plm_evp_pread
#define plm_evp_pwritev plm_evp_pread

static const struct plm_param_info plm_evp_preadv[] = {
    {"res", PLM_P_ERRNO, NULL},
    {"size", PLM_P_UINT, NULL},
    {"data", PLM_P_BYTES, NULL},
    {"fd", PLM_P_FD, NULL},
    {"pos", PLM_P_UINT, NULL},
};

static const struct plm_param_info plm_evp_process_vm_readv[] = {
    {"res", PLM_P_INT, NULL},
    {"pid", PLM_P_PID, NULL},
    {"data", PLM_P_BYTES, NULL},
};
#define plm_evp_process_vm_writev plm_evp_process_vm_readv

static const struct plm_param_info plm_evp_procexit[] = {
    {"status", PLM_P_ERRNO, NULL},
    {"ret", PLM_P_ERRNO, NULL},
    {"sig", PLM_P_SIGNAL, NULL},
    {"core", PLM_P_UINT, NULL},
    {"reaper_tid", PLM_P_PID, NULL},
};

static const struct plm_param_info plm_evp_ptrace[] = {
    {"res", PLM_P_ERRNO, NULL},
    {"addr", PLM_P_HEX, NULL},
    {"data", PLM_P_HEX, NULL},
    {"request", PLM_P_ENUM, plm_flags_ptrace},
    {"pid", PLM_P_PID, NULL},
};

static const struct plm_param_info plm_evp_read[] = {
    {"res", PLM_P_ERRNO, NULL},
    {"data", PLM_P_BYTES, NULL},
    {"fd", PLM_P_FD, NULL},
    {"size", PLM_P_UINT, NULL},
};
#define plm_evp_recv plm_evp_read
#define plm_evp_send plm_evp_read
#define plm_evp_write plm_evp_read
#define plm_evp_writev plm_evp_read

static const struct plm_param_info plm_evp_readv[] = {
    {"res", PLM_P_ERRNO, NULL},
    {"size", PLM_P_UINT, NULL},
    {"data", PLM_P_BYTES, NULL},
    {"fd", PLM_P_FD, NULL},
};

static const struct plm_param_info plm_evp_recvfrom[] = {
    {"res", PLM_P_ERRNO, NULL},
    {"data", PLM_P_BYTES, NULL},
    {"tuple", PLM_P_TUPLE, NULL},
    {"fd", PLM_P_FD, NULL},
    {"size", PLM_P_UINT, NULL},
};

static const struct plm_param_info plm_evp_recvmmsg[] = {
    {"res", PLM_P_ERRNO, NULL},
    {"fd", PLM_P_FD, NULL},
    {"size", PLM_P_UINT, NULL},
    {"data", PLM_P_BYTES, NULL},
    {"tuple", PLM_P_TUPLE, NULL},
    {"msgcontrol", PLM_P_BYTES, NULL},
};

static const struct plm_param_info plm_evp_recvmsg[] = {
    {"res", PLM_P_ERRNO, NULL},
    {"size", PLM_P_UINT, NULL},
    {"data", PLM_P_BYTES, NULL},
    {"tuple", PLM_P_TUPLE, NULL},
    {"msgcontrol", PLM_P_BYTES, NULL},
    {"fd", PLM_P_FD, NULL},
};

static const struct plm_param_info plm_evp_renameat[] = {
    {"res", PLM_P_ERRNO, NULL},
    {"olddirfd", PLM_P_FD, NULL},
    {"oldpath", PLM_P_PATH, NULL},
    {"newdirfd", PLM_P_FD, NULL},
    {"newpath", PLM_P_PATH, NULL},
};

static const struct plm_param_info plm_evp_renameat2[] = {
    {"res", PLM_P_ERRNO, NULL},
    {"olddirfd", PLM_P_FD, NULL},
    {"oldpath", PLM_P_PATH, NULL},
    {"newdirfd", PLM_P_FD, NULL},
    {"newpath", PLM_P_PATH, NULL},
    {"flags", PLM_P_FLAGS, plm_flags_renameat2},
};

static const struct plm_param_info plm_evp_seccomp[] = {
    {"res", PLM_P_ERRNO, NULL},
    {"op", PLM_P_ENUM, plm_flags_seccomp},
    {"flags", PLM_P_HEX, NULL},
};

static const struct plm_param_info plm_evp_sendfile[] = {
    {"res", PLM_P_ERRNO, NULL},
    {"offset", PLM_P_UINT, NULL},
    {"out_fd", PLM_P_FD, NULL},
    {"in_fd", PLM_P_FD, NULL},
    {"size", PLM_P_UINT, NULL},
};

static const struct plm_param_info plm_evp_sendmmsg[] = {
    {"res", PLM_P_ERRNO, NULL},
    {"fd", PLM_P_FD, NULL},
    {"size", PLM_P_UINT, NULL},
    {"data", PLM_P_BYTES, NULL},
    {"tuple", PLM_P_TUPLE, NULL},
};

static const struct plm_param_info plm_evp_sendmsg[] = {
    {"res", PLM_P_ERRNO, NULL},
    {"data", PLM_P_BYTES, NULL},
    {"fd", PLM_P_FD, NULL},
    {"size", PLM_P_UINT, NULL},
    {"tuple", PLM_P_TUPLE, NULL},
};
#define plm_evp_sendto plm_evp_sendmsg

static const struct plm_param_info plm_evp_setgid[] = {
    {"res", PLM_P_ERRNO, NULL},
    {"gid", PLM_P_GID, NULL},
};

static const struct plm_param_info plm_evp_setns[] = {
    {"res", PLM_P_ERRNO, NULL},
    {"fd", PLM_P_FD, NULL},
    {"nstype", PLM_P_FLAGS, plm_flags_clone},
};

static const struct plm_param_info plm_evp_setpgid[] = {
    {"res", PLM_P_PID, NULL},
    {"pid", PLM_P_PID, NULL},
    {"pgid", PLM_P_PID, NULL},
};

static const struct plm_param_info plm_evp_setregid[] = {
    {"res", PLM_P_ERRNO, NULL},
    {"rgid", PLM_P_GID, NULL},
    {"egid", PLM_P_GID, NULL},
};

static const struct plm_param_info plm_evp_setresgid[] = {
    {"res", PLM_P_ERRNO, NULL},
    {"rgid", PLM_P_GID, NULL},
    {"egid", PLM_P_GID, NULL},
    {"sgid", PLM_P_GID, NULL},
};

static const struct plm_param_info plm_evp_setresuid[] = {
    {"res", PLM_P_ERRNO, NULL},
    {"ruid", PLM_P_UID, NULL},
    {"euid", PLM_P_UID, NULL},
    {"suid", PLM_P_UID, NULL},
};

static const struct plm_param_info plm_evp_setreuid[] = {
    {"res", PLM_P_ERRNO, NULL},
    {"ruid", PLM_P_UID, NULL},
    {"euid", PLM_P_UID, NULL},
};

static const struct plm_param_info plm_evp_setsid[] = {
    {"res", PLM_P_PID, NULL},
};

static const struct plm_param_info plm_evp_setuid[] = {
    {"res", PLM_P_ERRNO, NULL},
    {"uid", PLM_P_UID, NULL},
};

static const struct plm_param_info plm_evp_shutdown[] = {
    {"res", PLM_P_ERRNO, NULL},
    {"fd", PLM_P_FD, NULL},
    {"how", PLM_P_ENUM, plm_flags_shutdown},
};

static const struct plm_param_info plm_evp_signaldeliver[] = {
    {"spid", PLM_P_PID, NULL},
    {"dpid", PLM_P_PID, NULL},
    {"sig", PLM_P_SIGNAL, NULL},
};

static const struct plm_param_info plm_evp_signalfd[] = {
    {"res", PLM_P_FD, NULL},
    {"fd", PLM_P_FD, NULL},
    {"mask", PLM_P_HEX, NULL},
    {"flags", PLM_P_UINT, NULL},
};

static const struct plm_param_info plm_evp_signalfd4[] = {
    {"res", PLM_P_FD, NULL},
    {"flags", PLM_P_FLAGS, plm_flags_open},
    {"fd", PLM_P_FD, NULL},
    {"mask", PLM_P_HEX, NULL},
};

static const struct plm_param_info plm_evp_socket[] = {
    {"fd", PLM_P_FD, NULL},
    {"domain", PLM_P_ENUM, plm_flags_family},
    {"type", PLM_P_UINT, NULL},
    {"proto", PLM_P_UINT, NULL},
};

static const struct plm_param_info plm_evp_socketpair[] = {
    {"res", PLM_P_ERRNO, NULL},
    {"fd1", PLM_P_FD, NULL},
    {"fd2", PLM_P_FD, NULL},
    {"source", PLM_P_HEX, NULL},
    {"peer", PLM_P_HEX, NULL},
    {"domain", PLM_P_ENUM, plm_flags_family},
    {"type", PLM_P_UINT, NULL},
    {"proto", PLM_P_UINT, NULL},
};

static const struct plm_param_info plm_evp_symlink[] = {
    {"res", PLM_P_ERRNO, NULL},
    {"target", PLM_P_STR, NULL},
    {"linkpath", PLM_P_PATH, NULL},
};

static const struct plm_param_info plm_evp_symlinkat[] = {
    {"res", PLM_P_ERRNO, NULL},
    {"target", PLM_P_STR, NULL},
    {"linkdirfd", PLM_P_FD, NULL},
    {"linkpath", PLM_P_PATH, NULL},
};

static const struct plm_param_info plm_evp_tgkill[] = {
    {"res", PLM_P_ERRNO, NULL},
    {"pid", PLM_P_PID, NULL},
    {"tid", PLM_P_PID, NULL},
    {"sig", PLM_P_SIGNAL, NULL},
};

static const struct plm_param_info plm_evp_timerfd_create[] = {
    {"res", PLM_P_FD, NULL},
    {"clockid", PLM_P_UINT, NULL},
    {"flags", PLM_P_UINT, NULL},
};

static const struct plm_param_info plm_evp_tkill[] = {
    {"res", PLM_P_ERRNO, NULL},
    {"tid", PLM_P_PID, NULL},
    {"sig", PLM_P_SIGNAL, NULL},
};

static const struct plm_param_info plm_evp_umount[] = {
    {"res", PLM_P_ERRNO, NULL},
    {"name", PLM_P_PATH, NULL},
};

static const struct plm_param_info plm_evp_umount2[] = {
    {"res", PLM_P_ERRNO, NULL},
    {"name", PLM_P_PATH, NULL},
    {"flags", PLM_P_FLAGS, plm_flags_umount},
};

static const struct plm_param_info plm_evp_unlinkat[] = {
    {"res", PLM_P_ERRNO, NULL},
    {"dirfd", PLM_P_FD, NULL},
    {"name", PLM_P_PATH, NULL},
    {"flags", PLM_P_FLAGS, plm_flags_unlinkat},
};

static const struct plm_param_info plm_evp_unshare[] = {
    {"res", PLM_P_ERRNO, NULL},
    {"flags", PLM_P_FLAGS, plm_flags_clone},
};

// clang-format on
