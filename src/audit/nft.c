/* SPDX-License-Identifier: Apache-2.0
 *
 * nf_tables over netlink, dump requests only (linux/netfilter/nf_tables.h, nfnetlink.h).
 *
 * A datagram is a row of messages: nlmsghdr (16 bytes, native order), nfgenmsg (4), attributes: u16 length
 * with its header, u16 type (two top bits are flags), value padded to 4. Numbers in attributes are
 * big-endian. iptables-nft makes the same tables; iptables-legacy's are elsewhere and not seen here.
 * O(bytes).
 */
#include "audit/nft.h"

#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <sys/socket.h>

enum { CHAINS_MAX = 20000, DATAGRAM = 1 << 17 };

static bool native_u16(plm_sv s, size_t at, uint16_t *out)
{
    if (at > s.n || s.n - at < sizeof(*out))
        return false;
    memcpy(out, s.p + at, sizeof(*out));
    return true;
}

static bool native_u32(plm_sv s, size_t at, uint32_t *out)
{
    if (at > s.n || s.n - at < sizeof(*out))
        return false;
    memcpy(out, s.p + at, sizeof(*out));
    return true;
}

static uint32_t big_u32(plm_sv s)
{
    const unsigned char *p = (const unsigned char *)s.p;
    return s.n < 4 ? 0 : (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

/* Takes an attribute off *rest; false at the end or where it is broken. */
static bool next_attribute(plm_sv *rest, uint16_t *type, plm_sv *value)
{
    uint16_t n, t;
    if (!native_u16(*rest, 0, &n) || !native_u16(*rest, 2, &t) || n < 4 || n > rest->n)
        return false;
    *type = (uint16_t)(t & 0x3fffU); /* without NLA_F_NESTED and NLA_F_NET_BYTEORDER */
    *value = plm_sv_sub(*rest, 4, (size_t)n - 4);
    *rest = plm_sv_from_off(*rest, ((size_t)n + 3) & ~(size_t)3);
    return true;
}

static plm_sv text_of(plm_sv value)
{
    return value.n && value.p[value.n - 1] == 0 ? plm_sv_sub(value, 0, value.n - 1) : value;
}

static void add_chain(uint8_t family, plm_sv attributes, struct plm_arena *a, struct plm_nft *out)
{
    struct plm_nft_chain c = {.family = family}, *slot;
    uint16_t type, inner;
    plm_sv v, w;
    while (next_attribute(&attributes, &type, &v)) {
        if (type == NFTA_CHAIN_TABLE)
            c.table = plm_arena_sv(a, text_of(v));
        else if (type == NFTA_CHAIN_NAME)
            c.name = plm_arena_sv(a, text_of(v));
        else if (type == NFTA_CHAIN_POLICY)
            c.policy = big_u32(v);
        else if (type == NFTA_CHAIN_HOOK)
            for (c.is_base = true; next_attribute(&v, &inner, &w);)
                c.hook = inner == NFTA_HOOK_HOOKNUM ? big_u32(w) : c.hook;
    }
    if (out->chains.n < CHAINS_MAX && (slot = plm_vec_push(a, &out->chains)))
        *slot = c;
}

static void count_rule(uint8_t family, plm_sv attributes, struct plm_nft *out)
{
    plm_sv table = PLM_SV_NULL, name = PLM_SV_NULL, v;
    uint16_t type;
    while (next_attribute(&attributes, &type, &v)) {
        table = type == NFTA_RULE_TABLE ? text_of(v) : table;
        name = type == NFTA_RULE_CHAIN ? text_of(v) : name;
    }
    for (size_t i = out->chains.n; i-- > 0;) {
        struct plm_nft_chain *c = &out->chains.v[i];
        if (c->family == family && plm_sv_eq(c->name, name) && plm_sv_eq(c->table, table)) {
            c->rules++;
            return;
        }
    }
}

int plm_nft_parse(plm_sv d, struct plm_arena *a, struct plm_nft *out, int *out_errno)
{
    *out_errno = EBADMSG;
    while (d.n) {
        uint32_t n, failure;
        uint16_t type;
        if (!native_u32(d, 0, &n) || !native_u16(d, 4, &type) || n < NLMSG_HDRLEN || n > d.n)
            return -1;
        plm_sv body = plm_sv_sub(d, NLMSG_HDRLEN, n - NLMSG_HDRLEN);
        if (type == NLMSG_DONE)
            return 1;
        if (type == NLMSG_ERROR) {
            if (!native_u32(body, 0, &failure))
                return -1;
            *out_errno = (int)(0U - failure);
            return failure ? -1 : 1;
        }
        if (body.n < sizeof(struct nfgenmsg))
            return -1;
        plm_sv attributes = plm_sv_from_off(body, sizeof(struct nfgenmsg));
        if (type == (NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_NEWCHAIN))
            add_chain((uint8_t)body.p[0], attributes, a, out);
        else if (type == (NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_NEWRULE))
            count_rule((uint8_t)body.p[0], attributes, out);
        d = plm_sv_from_off(d, ((size_t)n + 3) & ~(size_t)3);
    }
    return 0;
}

static int dump(int fd, int what, struct plm_arena *a, struct plm_nft *out)
{
    struct {
        struct nlmsghdr h;
        struct nfgenmsg g;
    } ask = {.h = {.nlmsg_len = sizeof(ask),
                   .nlmsg_type = (uint16_t)(NFNL_SUBSYS_NFTABLES << 8 | what),
                   .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP},
             .g = {.nfgen_family = AF_UNSPEC, .version = NFNETLINK_V0}};
    if (send(fd, &ask, sizeof(ask), 0) < 0)
        return errno;
    plm_auto_free char *bytes = malloc(DATAGRAM);
    if (!bytes)
        return ENOMEM;
    for (;;) {
        ssize_t n = recv(fd, bytes, DATAGRAM, 0);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return n < 0 ? errno : EPIPE;
        int sys, r = plm_nft_parse(plm_sv_n(bytes, (size_t)n), a, out, &sys);
        if (r != 0)
            return r < 0 ? sys : 0;
    }
}

int plm_nft_read(struct plm_arena *a, struct plm_nft *out)
{
    plm_auto_fd int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_NETFILTER);
    const struct timeval wait = {.tv_sec = 2};
    if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait)) < 0)
        return errno;
    *out = (struct plm_nft){0};
    int sys = dump(fd, NFT_MSG_GETCHAIN, a, out);
    return sys ? sys : dump(fd, NFT_MSG_GETRULE, a, out);
}
