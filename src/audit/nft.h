/* SPDX-License-Identifier: Apache-2.0
 *
 * The packet filter of this network namespace: chains of nf_tables and how many rules each has. Private to
 * src/audit.
 */
#pragma once

#include "base/arena.h"
#include "base/err.h"

struct plm_nft_chain {
    uint8_t family; /* NFPROTO_IPV4, _IPV6, _INET ... */
    plm_sv table, name;
    bool is_base;    /* hangs on a hook */
    uint32_t hook;   /* NF_INET_FORWARD ... */
    uint32_t policy; /* NF_ACCEPT, NF_DROP; of base chains */
    uint32_t rules;
};
struct plm_nft {
    PLM_VEC(struct plm_nft_chain) chains;
};
/* One datagram of a dump of chains or rules. 1: the dump is over, 0: it goes on, -1: broken (*out_errno: the
 * kernel's errno, or EBADMSG). Pure. */
int plm_nft_parse(plm_sv datagram, struct plm_arena *a, struct plm_nft *out, int *out_errno);
/* Asks the kernel, reading only. 0 or errno (EPERM without CAP_NET_ADMIN, EPROTONOSUPPORT without nf_tables).
 */
int plm_nft_read(struct plm_arena *a, struct plm_nft *out);
