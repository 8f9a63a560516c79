/* SPDX-License-Identifier: Apache-2.0
 *
 * Debian versions: [epoch:]upstream[-revision] (Debian policy 5.6.12, deb-version(7)).
 *
 * The epoch is a number, absent is 0. Upstream and revision are compared by walking pairs of
 * (run of non-digits, run of digits). Within non-digits: '~' before the end, the end before
 * letters, letters before everything else. Numbers compare as numbers, an absent one is 0,
 * so "1" = "1-0" = "0:1" and "" = "0".
 *
 * Key: epoch, then per pair the ranked bytes, RANK_END, the number; after the last pair
 * RANK_END once more, which stands for the endless tail of (end, 0) that every string has.
 * Only the first run of non-digits can be empty, so that tail never meets a real number.
 *
 * Strings that dpkg refuses still have a place: a text before ':' that is no number belongs
 * to the upstream part. O(length), no allocation in compare.
 */
#include "version_int.h"

enum { RANK_TILDE = 1, RANK_END = 2, RANK_ALPHA = 3, RANK_OTHER = RANK_ALPHA + 52 };

/* The rank of a byte that is no digit; 193 bytes are neither digit, letter nor '~', so it fits in one byte.
 */
static unsigned char rank(char c)
{
    unsigned char u = (unsigned char)c;
    if (c == '~')
        return RANK_TILDE;
    if (version_is_lower(c))
        return (unsigned char)(RANK_ALPHA + 26 + (u - 'a'));
    if (version_is_alpha(c))
        return (unsigned char)(RANK_ALPHA + (u - 'A'));
    unsigned skipped =
        (u > '9' ? 10u : 0u) + (u > 'Z' ? 26u : 0u) + (u > 'z' ? 26u : 0u) + (u > '~' ? 1u : 0u);
    return (unsigned char)(RANK_OTHER + u - skipped);
}

struct parts {
    plm_sv epoch, upstream, revision;
};

static struct parts split(plm_sv v)
{
    struct parts out = {.upstream = v, .epoch = PLM_SV(""), .revision = PLM_SV("")};
    plm_sv rest = v, epoch = plm_version_take_digits(&rest);
    if (epoch.n && rest.n && rest.p[0] == ':') {
        out.epoch = epoch;
        out.upstream = plm_sv_from_off(rest, 1);
    }
    size_t dash = plm_sv_rfind(out.upstream, '-');
    if (dash != SIZE_MAX) {
        out.revision = plm_sv_from_off(out.upstream, dash + 1);
        out.upstream = plm_sv_sub(out.upstream, 0, dash);
    }
    return out;
}

static unsigned char next_rank(plm_sv *s)
{
    if (s->n == 0 || version_is_digit(s->p[0]))
        return RANK_END;
    unsigned char r = rank(s->p[0]);
    *s = plm_sv_from_off(*s, 1);
    return r;
}

static int compare_part(plm_sv a, plm_sv b)
{
    while (a.n || b.n) {
        unsigned char ra, rb;
        do {
            ra = next_rank(&a);
            rb = next_rank(&b);
            if (ra != rb)
                return ra < rb ? -1 : 1;
        } while (ra != RANK_END);
        plm_sv da = plm_version_take_digits(&a), db = plm_version_take_digits(&b);
        int c = plm_version_cmp_digits(da, db);
        if (c)
            return c;
    }
    return 0;
}

static int deb_compare(plm_sv a, plm_sv b)
{
    struct parts x = split(a), y = split(b);
    int c = plm_version_cmp_digits(x.epoch, y.epoch);
    if (c == 0)
        c = compare_part(x.upstream, y.upstream);
    return c ? c : compare_part(x.revision, y.revision);
}

static void encode_part(plm_sv s, struct plm_buf *key)
{
    do {
        unsigned char r;
        do {
            r = next_rank(&s);
            plm_buf_byte(key, r);
        } while (r != RANK_END);
        plm_version_put_digits(key, plm_version_take_digits(&s));
    } while (s.n);
    plm_buf_byte(key, RANK_END);
}

static void deb_encode(plm_sv v, struct plm_buf *key)
{
    struct parts p = split(v);
    plm_version_put_digits(key, p.epoch);
    encode_part(p.upstream, key);
    encode_part(p.revision, key);
}

static bool only(plm_sv s, const char *punctuation)
{
    for (size_t i = 0; i < s.n; i++)
        if (!version_is_digit(s.p[i]) && !version_is_alpha(s.p[i]) &&
            (s.p[i] == '\0' || !strchr(punctuation, s.p[i])))
            return false;
    return true;
}

static bool deb_valid(plm_sv v)
{
    struct parts p = split(v);
    uint64_t epoch = 0;
    if (p.epoch.n && (!plm_sv_u64(p.epoch, &epoch) || epoch > INT32_MAX))
        return false;
    bool has_colon = p.epoch.n > 0, has_dash = p.revision.n > 0;
    /* an empty revision is an error unless there is no '-' at all */
    if (!has_dash && plm_sv_find(v, '-') != SIZE_MAX)
        return false;
    return p.upstream.n && version_is_digit(p.upstream.p[0]) &&
           only(p.upstream, has_colon ? "-+.~:" : "-+.~") && only(p.revision, "+.~");
}

static const char *const aliases[] = {"dpkg", "debian", "ubuntu", "echo", "raspbian", "opkg", NULL};

static const struct plm_scheme deb = {
    .id = "deb",
    .aliases = aliases,
    .summary = "Debian and Ubuntu packages: [epoch:]upstream[-revision], '~' sorts before the end",
    .compare = deb_compare,
    .valid = deb_valid,
    .encode = deb_encode,
};
PLM_REGISTER(plm_schemes, struct plm_scheme, deb);
