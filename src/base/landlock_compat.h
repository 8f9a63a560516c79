/* SPDX-License-Identifier: Apache-2.0
 *
 * Landlock as the kernel defines it (Documentation/userspace-api/landlock.rst), independent of
 * the age of linux/landlock.h: Debian 12's stops at ABI 2. Code asks the kernel for its ABI
 * and masks what that does not know.
 */
#pragma once

#include <stdint.h>

#define PLM_LANDLOCK_CREATE_RULESET 444 /* system call numbers, the same on every architecture */
#define PLM_LANDLOCK_ADD_RULE       445
#define PLM_LANDLOCK_RESTRICT_SELF  446

#define PLM_LANDLOCK_VERSION_FLAG 1u
#define PLM_LANDLOCK_PATH_BENEATH 1

#define PLM_LANDLOCK_FS_READ_FILE (1ull << 2)
#define PLM_LANDLOCK_FS_READ_DIR  (1ull << 3)

/* All rights on files of an ABI: 13 in the first, then REFER (2), TRUNCATE (3), IOCTL_DEV (5). */
static inline uint64_t plm_landlock_fs_all(long abi)
{
    unsigned bits = abi >= 5 ? 16 : abi >= 3 ? 15 : abi == 2 ? 14 : 13;
    return (1ull << bits) - 1;
}
/* bind and connect of TCP (4). */
static inline uint64_t plm_landlock_net_all(long abi)
{
    return abi >= 4 ? 3 : 0;
}
/* Abstract unix sockets and signals (6). */
static inline uint64_t plm_landlock_scope_all(long abi)
{
    return abi >= 6 ? 3 : 0;
}

struct plm_landlock_ruleset {
    uint64_t handled_fs;  /* ABI 1 */
    uint64_t handled_net; /* ABI 4 */
    uint64_t scoped;      /* ABI 6 */
};

struct plm_landlock_path {
    uint64_t allowed;
    int32_t parent_fd;
} __attribute__((packed));

/* Bytes of struct plm_landlock_ruleset that an ABI understands. */
static inline unsigned long plm_landlock_ruleset_size(long abi)
{
    return abi >= 6 ? 24 : abi >= 4 ? 16 : 8;
}
