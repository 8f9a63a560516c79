/* SPDX-License-Identifier: Apache-2.0
 *
 * Operands as values: numbers, ports and service names, addresses, nets, bytes in hexadecimal
 * (falco-rules.md 2.1). An address with a dot is IPv4, any other IPv6; a net needs its length.
 */
#include "watch/operators.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <stdlib.h>

static bool parse_hex_number(plm_sv s, uint64_t *out)
{
    if (s.n < 1 || s.n > 16)
        return false;
    uint64_t v = 0;
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        unsigned d = c >= '0' && c <= '9'   ? (unsigned)(c - '0')
                     : c >= 'a' && c <= 'f' ? (unsigned)(c - 'a' + 10)
                     : c >= 'A' && c <= 'F' ? (unsigned)(c - 'A' + 10)
                                            : 16u;
        if (d > 15)
            return false;
        v = v << 4 | d;
    }
    *out = v;
    return true;
}

/* "5e9", "1.0": digits, perhaps a fraction and an exponent, that make a whole number. */
static bool parse_decimal(plm_sv s, uint64_t *out)
{
    uint64_t v = 0;
    int64_t shift = 0; /* the value is v × 10^shift */
    size_t i = 0, digits = 0;
    bool is_fraction = false;
    for (; i < s.n && ((s.p[i] >= '0' && s.p[i] <= '9') || (s.p[i] == '.' && !is_fraction)); i++) {
        if (s.p[i] == '.') {
            is_fraction = true;
            continue;
        }
        if (__builtin_mul_overflow(v, 10u, &v) || __builtin_add_overflow(v, (uint64_t)(s.p[i] - '0'), &v))
            return false;
        shift -= is_fraction;
        digits++;
    }
    if (i < s.n && (s.p[i] == 'e' || s.p[i] == 'E')) {
        bool is_minus = ++i < s.n && s.p[i] == '-';
        i += i < s.n && (s.p[i] == '-' || s.p[i] == '+');
        uint64_t e;
        if (!plm_sv_u64(plm_sv_from_off(s, i), &e) || e > 64)
            return false;
        shift += is_minus ? -(int64_t)e : (int64_t)e;
        i = s.n;
    }
    if (i < s.n || !digits)
        return false;
    for (; shift > 0 && v; shift--)
        if (__builtin_mul_overflow(v, 10u, &v))
            return false;
    for (; shift < 0 && v; shift++, v /= 10)
        if (v % 10)
            return false;
    *out = v;
    return true;
}

bool plm_number_parse(plm_sv s, bool is_signed, int64_t *out)
{
    bool is_minus = s.n && s.p[0] == '-';
    if (s.n && (s.p[0] == '-' || s.p[0] == '+'))
        s = plm_sv_from_off(s, 1);
    uint64_t v;
    bool is_hex = s.n > 2 && s.p[0] == '0' && (s.p[1] | 0x20) == 'x';
    if (is_hex ? !parse_hex_number(plm_sv_from_off(s, 2), &v) : !parse_decimal(s, &v))
        return false;
    if (is_minus && v > (uint64_t)INT64_MAX + 1)
        return false;
    if (is_signed && !is_minus && v > INT64_MAX)
        return false;
    *out = (int64_t)(is_minus ? 0 - v : v);
    return true;
}

bool plm_port_parse(plm_sv s, uint64_t *out)
{
    int64_t n;
    if (plm_number_parse(s, true, &n)) {
        *out = (uint64_t)n;
        return n >= 0 && n <= UINT16_MAX;
    }
    char name[64], buf[1024]; /* a service's name is at most 15 characters long */
    if (!s.n || s.n >= sizeof name)
        return false;
    memcpy(name, s.p, s.n);
    name[s.n] = 0;
    struct servent entry, *found = NULL;
    if (getservbyname_r(name, NULL, &entry, buf, sizeof buf, &found) != 0 || !found)
        return false;
    *out = ntohs((uint16_t)found->s_port);
    return true;
}

bool plm_ip_parse(plm_sv s, struct plm_ip *out)
{
    char text[INET6_ADDRSTRLEN];
    if (!s.n || s.n >= sizeof text || memchr(s.p, 0, s.n))
        return false;
    memcpy(text, s.p, s.n);
    text[s.n] = 0;
    struct plm_ip ip = {0};
    /* "::ffff:1.2.3.4" has a dot and is IPv6 all the same. */
    bool is_v6 = plm_sv_find(s, ':') != SIZE_MAX;
    ip.family = is_v6 ? 6 : 4;
    if (inet_pton(is_v6 ? AF_INET6 : AF_INET, text, ip.b) != 1)
        return false;
    *out = ip;
    return true;
}

bool plm_net_parse(plm_sv s, struct plm_ip *out, unsigned *out_bits)
{
    plm_sv addr, len;
    uint64_t bits;
    struct plm_ip ip;
    if (!plm_sv_cut(s, '/', &addr, &len) || !plm_ip_parse(addr, &ip) || !plm_sv_u64(len, &bits) ||
        bits > (ip.family == 4 ? 32u : 128u))
        return false;
    *out = ip;
    *out_bits = (unsigned)bits;
    return true;
}

bool plm_net_has(const struct plm_ip *net, unsigned bits, const struct plm_ip *ip)
{
    if (net->family != ip->family)
        return false;
    unsigned whole = bits / 8, rest = bits % 8;
    if (memcmp(net->b, ip->b, whole) != 0)
        return false;
    return !rest || ((net->b[whole] ^ ip->b[whole]) & (0xff00u >> rest & 0xff)) == 0;
}

bool plm_hex_parse(plm_sv s, struct plm_arena *a, plm_sv *out)
{
    if (!s.n || s.n % 2)
        return false;
    char *p = plm_arena_alloc(a, s.n / 2);
    if (!p)
        return false;
    for (size_t i = 0; i < s.n; i += 2) {
        uint64_t v;
        if (!parse_hex_number(plm_sv_sub(s, i, 2), &v))
            return false;
        p[i / 2] = (char)v;
    }
    *out = plm_sv_n(p, s.n / 2);
    return true;
}
