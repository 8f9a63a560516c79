/* SPDX-License-Identifier: Apache-2.0
 *
 * Flags of calls on files. The names that mount(2) uses stand without their MS_, as Falco writes them.
 * Of what differs between architectures (O_DIRECTORY, O_DIRECT …) the C library knows the values; O_LARGEFILE
 * is 0 in it on 64-bit machines, so the kernel's own value is written here.
 */
#include "watch/flags.h"

#include <fcntl.h>
#include <linux/fs.h>
#include <linux/openat2.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#ifdef __aarch64__
#define KERNEL_O_LARGEFILE 0400000
#else
#define KERNEL_O_LARGEFILE 0100000
#endif
#define KERNEL_O_TMPFILE 020000000 /* the bit alone: O_TMPFILE has O_DIRECTORY beside it */
/* Access modes as bits (plm_flags_open_bits): RDWR is both, so its name comes first. */
#define BIT_RDONLY (1ull << 33)
#define BIT_WRONLY (1ull << 34)

uint64_t plm_flags_open_bits(uint64_t f)
{
    static const uint64_t access[] = {BIT_RDONLY, BIT_WRONLY, BIT_RDONLY | BIT_WRONLY, 0};
    return (f & ~(uint64_t)O_ACCMODE) | access[f & O_ACCMODE];
}

// clang-format off
const struct plm_flag_name plm_flags_open[] = {
    {"O_LARGEFILE", KERNEL_O_LARGEFILE},
    {"O_DIRECTORY", O_DIRECTORY},
    {"O_DIRECT", O_DIRECT},
    {"O_TRUNC", O_TRUNC},
    {"O_SYNC", O_SYNC},
    {"O_NONBLOCK", O_NONBLOCK},
    {"O_EXCL", O_EXCL},
    {"O_DSYNC", O_DSYNC},
    {"O_APPEND", O_APPEND},
    {"O_CREAT", O_CREAT},
    {"O_RDWR", BIT_RDONLY | BIT_WRONLY},
    {"O_WRONLY", BIT_WRONLY},
    {"O_RDONLY", BIT_RDONLY},
    {"O_CLOEXEC", O_CLOEXEC},
    {"O_NONE", 0},
    {"O_TMPFILE", KERNEL_O_TMPFILE},
    {"O_F_CREATED", PLM_O_CREATED},
    {NULL, 0},
};

const struct plm_flag_name plm_flags_openat2[] = {
    {"RESOLVE_BENEATH", RESOLVE_BENEATH},
    {"RESOLVE_IN_ROOT", RESOLVE_IN_ROOT},
    {"RESOLVE_NO_MAGICLINKS", RESOLVE_NO_MAGICLINKS},
    {"RESOLVE_NO_SYMLINKS", RESOLVE_NO_SYMLINKS},
    {"RESOLVE_NO_XDEV", RESOLVE_NO_XDEV},
    {"RESOLVE_CACHED", RESOLVE_CACHED},
    {NULL, 0},
};

const struct plm_flag_name plm_flags_mode[] = {
    {"S_IXOTH", S_IXOTH},
    {"S_IWOTH", S_IWOTH},
    {"S_IROTH", S_IROTH},
    {"S_IXGRP", S_IXGRP},
    {"S_IWGRP", S_IWGRP},
    {"S_IRGRP", S_IRGRP},
    {"S_IXUSR", S_IXUSR},
    {"S_IWUSR", S_IWUSR},
    {"S_IRUSR", S_IRUSR},
    {"S_ISVTX", S_ISVTX},
    {"S_ISGID", S_ISGID},
    {"S_ISUID", S_ISUID},
    {NULL, 0},
};

const struct plm_flag_name plm_flags_mknod[] = {
    {"S_IXOTH", S_IXOTH},
    {"S_IWOTH", S_IWOTH},
    {"S_IROTH", S_IROTH},
    {"S_IXGRP", S_IXGRP},
    {"S_IWGRP", S_IWGRP},
    {"S_IRGRP", S_IRGRP},
    {"S_IXUSR", S_IXUSR},
    {"S_IWUSR", S_IWUSR},
    {"S_IRUSR", S_IRUSR},
    {"S_ISVTX", S_ISVTX},
    {"S_ISGID", S_ISGID},
    {"S_ISUID", S_ISUID},
    {"S_IFSOCK", S_IFSOCK},
    {"S_IFBLK", S_IFBLK},
    {"S_IFREG", S_IFREG},
    {"S_IFCHR", S_IFCHR},
    {"S_IFIFO", S_IFIFO},
    {NULL, 0},
};

const struct plm_flag_name plm_flags_access[] = {
    {"F_OK", F_OK},
    {"R_OK", R_OK},
    {"W_OK", W_OK},
    {"X_OK", X_OK},
    {NULL, 0},
};

const struct plm_flag_name plm_flags_unlinkat[] = {
    {"AT_REMOVEDIR", AT_REMOVEDIR},
    {NULL, 0},
};

const struct plm_flag_name plm_flags_linkat[] = {
    {"AT_SYMLINK_FOLLOW", AT_SYMLINK_FOLLOW},
    {"AT_EMPTY_PATH", AT_EMPTY_PATH},
    {NULL, 0},
};

const struct plm_flag_name plm_flags_chownat[] = {
    {"AT_SYMLINK_NOFOLLOW", AT_SYMLINK_NOFOLLOW},
    {"AT_EMPTY_PATH", AT_EMPTY_PATH},
    {NULL, 0},
};

const struct plm_flag_name plm_flags_statat[] = {
    {"AT_EMPTY_PATH", AT_EMPTY_PATH},
    {"AT_NO_AUTOMOUNT", AT_NO_AUTOMOUNT},
    {"AT_SYMLINK_NOFOLLOW", AT_SYMLINK_NOFOLLOW},
    {"AT_EACCESS", AT_EACCESS},
    {NULL, 0},
};

const struct plm_flag_name plm_flags_renameat2[] = {
    {"RENAME_NOREPLACE", RENAME_NOREPLACE},
    {"RENAME_EXCHANGE", RENAME_EXCHANGE},
    {"RENAME_WHITEOUT", RENAME_WHITEOUT},
    {NULL, 0},
};

const struct plm_flag_name plm_flags_flock[] = {
    {"LOCK_SH", LOCK_SH},
    {"LOCK_EX", LOCK_EX},
    {"LOCK_NB", LOCK_NB},
    {"LOCK_UN", LOCK_UN},
    {"LOCK_NONE", 0},
    {NULL, 0},
};

const struct plm_flag_name plm_flags_mount[] = {
    {"RDONLY", MS_RDONLY},
    {"NOSUID", MS_NOSUID},
    {"NODEV", MS_NODEV},
    {"NOEXEC", MS_NOEXEC},
    {"SYNCHRONOUS", MS_SYNCHRONOUS},
    {"REMOUNT", MS_REMOUNT},
    {"MANDLOCK", MS_MANDLOCK},
    {"DIRSYNC", MS_DIRSYNC},
    {"NOATIME", MS_NOATIME},
    {"NODIRATIME", MS_NODIRATIME},
    {"BIND", MS_BIND},
    {"MOVE", MS_MOVE},
    {"REC", MS_REC},
    {"SILENT", MS_SILENT},
    {"POSIXACL", MS_POSIXACL},
    {"UNBINDABLE", MS_UNBINDABLE},
    {"PRIVATE", MS_PRIVATE},
    {"SLAVE", MS_SLAVE},
    {"SHARED", MS_SHARED},
    {"RELATIME", MS_RELATIME},
    {"KERNMOUNT", MS_KERNMOUNT},
    {"I_VERSION", MS_I_VERSION},
    {"STRICTATIME", MS_STRICTATIME},
    {"LAZYTIME", MS_LAZYTIME},
    {"NOSEC", 1u << 28},
    {"BORN", 1u << 29},
    {"ACTIVE", 1u << 30},
    {"NOUSER", 1u << 31},
    {NULL, 0},
};

const struct plm_flag_name plm_flags_umount[] = {
    {"FORCE", MNT_FORCE},
    {"DETACH", MNT_DETACH},
    {"EXPIRE", MNT_EXPIRE},
    {"NOFOLLOW", UMOUNT_NOFOLLOW},
    {NULL, 0},
};

const struct plm_flag_name plm_flags_memfd[] = {
    {"MFD_CLOEXEC", 1},
    {"MFD_ALLOW_SEALING", 2},
    {"MFD_HUGETLB", 4},
    {"MFD_NOEXEC_SEAL", 8},
    {"MFD_EXEC", 16},
    {NULL, 0},
};

const struct plm_flag_name plm_flags_whence[] = {
    {"SEEK_END", SEEK_END},
    {"SEEK_CUR", SEEK_CUR},
    {"SEEK_SET", SEEK_SET},
    {NULL, 0},
};

const struct plm_flag_name plm_flags_fsconfig[] = {
    {"FSCONFIG_SET_FLAG", 0},
    {"FSCONFIG_SET_STRING", 1},
    {"FSCONFIG_SET_BINARY", 2},
    {"FSCONFIG_SET_PATH", 3},
    {"FSCONFIG_SET_PATH_EMPTY", 4},
    {"FSCONFIG_SET_FD", 5},
    {"FSCONFIG_CMD_CREATE", 6},
    {"FSCONFIG_CMD_RECONFIGURE", 7},
    {NULL, 0},
};
// clang-format on
