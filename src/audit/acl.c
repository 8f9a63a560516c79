/* SPDX-License-Identifier: Apache-2.0
 *
 * POSIX access control lists as the kernel stores them in the extended attribute
 * system.posix_acl_access: a little-endian 32-bit version (2), then entries of 8 bytes: tag and
 * permissions of 16 bits each, id of 32 (acl(5), linux/posix_acl_xattr.h). The mask caps every entry but
 * the owner's and "other"; it is also what stat() shows as group bits, so a mode alone hides named users.
 */
#include "audit/access_int.h"

#include "base/rd.h"

#include <sys/xattr.h>

#define ACL_VERSION 2u
#define ACL_BYTES   8u

static bool is_tag(uint16_t tag)
{
    switch ((enum plm_acl_tag)tag) {
    case PLM_ACL_USER_OBJ:
    case PLM_ACL_USER:
    case PLM_ACL_GROUP_OBJ:
    case PLM_ACL_GROUP:
    case PLM_ACL_MASK:
    case PLM_ACL_OTHER:
        return true;
    }
    return false;
}

static void apply_mask(struct plm_acl *acl)
{
    unsigned mask = 7;
    for (size_t i = 0; i < acl->entries.n; i++)
        if (acl->entries.v[i].tag == PLM_ACL_MASK)
            mask = acl->entries.v[i].perm;
    for (size_t i = 0; i < acl->entries.n; i++) {
        struct plm_acl_entry *e = &acl->entries.v[i];
        bool is_masked = e->tag == PLM_ACL_USER || e->tag == PLM_ACL_GROUP || e->tag == PLM_ACL_GROUP_OBJ;
        e->effective = is_masked ? e->perm & mask : e->perm;
    }
}

int plm_acl_parse(plm_sv bytes, struct plm_arena *a, struct plm_acl *out, plm_err **err)
{
    struct plm_acl acl = {0};
    if (bytes.n < 4 || (bytes.n - 4) % ACL_BYTES)
        return plm_fail(err, PLM_E_PARSE, "ACL of %zu bytes", bytes.n);
    struct plm_rd r = PLM_RD(bytes);
    uint32_t version = plm_rd_u32le(&r);
    if (version != ACL_VERSION)
        return plm_fail(err, PLM_E_UNSUPPORTED, "ACL of version %u", version);
    for (size_t n = (bytes.n - 4) / ACL_BYTES; n; n--) {
        uint16_t tag = plm_rd_u16le(&r), perm = plm_rd_u16le(&r);
        uint32_t id = plm_rd_u32le(&r);
        if (!is_tag(tag) || perm > 7)
            return plm_fail(err, PLM_E_PARSE, "ACL entry with tag %#x and permissions %#x", tag, perm);
        struct plm_acl_entry *e = plm_vec_push(a, &acl.entries);
        if (!e)
            return plm_arena_check(a, err);
        *e = (struct plm_acl_entry){.tag = (enum plm_acl_tag)tag, .perm = perm, .id = id};
        acl.is_extended |= tag == PLM_ACL_USER || tag == PLM_ACL_GROUP || tag == PLM_ACL_MASK;
    }
    apply_mask(&acl);
    *out = acl;
    return 0;
}

int plm_acl_of_fd(int fd, struct plm_arena *a, struct plm_acl *out, plm_err **err)
{
    char *path;
    if (asprintf(&path, "/proc/self/fd/%d", fd) < 0)
        return plm_fail_oom(err);
    /* two calls: the size may change between them, then the second fails with ERANGE and says so */
    ssize_t n = getxattr(path, "system.posix_acl_access", NULL, 0);
    char *bytes = n > 0 ? malloc((size_t)n) : NULL;
    if (bytes)
        n = getxattr(path, "system.posix_acl_access", bytes, (size_t)n);
    int sys = n < 0 ? errno : 0, r = 0;
    if (sys == ENODATA || sys == EOPNOTSUPP || n == 0)
        *out = (struct plm_acl){0};
    else if (sys) {
        errno = sys;
        r = plm_fail_sys(err, "ACL");
    } else if (!bytes)
        r = plm_fail_oom(err);
    else
        r = plm_acl_parse(plm_sv_n(bytes, (size_t)n), a, out, err);
    free(bytes);
    free(path);
    return r;
}
