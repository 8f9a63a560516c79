/* SPDX-License-Identifier: Apache-2.0
 *
 * RPM versions: [epoch:]version[-release] (rpm-version(7); rpmio/rpmvercmp.c).
 *
 * A part is a sequence of tokens: '~', '^', runs of ASCII letters, runs of digits; every
 * other byte only separates. At one position: '~' < end < '^' < letters < number. Letters
 * compare as bytes, numbers as numbers. The epoch is a number, absent is 0; only digits
 * before the first ':' are one ("a:1" is a version). A missing release sorts before every
 * release, also the empty one ("1" < "1-").
 *
 * Key: epoch; tokens, each with its rank in front (letters end with 0), RANK_END; then 0 or
 * (1 and the tokens of the release). O(length), no allocation in compare.
 */
#include "version_int.h"

enum { RANK_TILDE = 1, RANK_END, RANK_CARET, RANK_ALPHA, RANK_NUMBER };

struct parts {
    plm_sv epoch, version, release; /* release null: none */
};

static struct parts split(plm_sv v)
{
    struct parts out = {.version = v, .epoch = PLM_SV("")};
    plm_sv rest = v, epoch = plm_version_take_digits(&rest);
    if (rest.n && rest.p[0] == ':') {
        out.epoch = epoch;
        out.version = plm_sv_from_off(rest, 1);
    }
    size_t dash = plm_sv_rfind(out.version, '-');
    if (dash != SIZE_MAX) {
        out.release = plm_sv_from_off(out.version, dash + 1);
        out.version = plm_sv_sub(out.version, 0, dash);
    }
    return out;
}

/* Takes the next token off *s; its text is empty for all but letters and numbers. */
static unsigned char next_token(plm_sv *s, plm_sv *text)
{
    size_t i = 0;
    while (i < s->n && !version_is_digit(s->p[i]) && !version_is_alpha(s->p[i]) && s->p[i] != '~' &&
           s->p[i] != '^')
        i++;
    *s = plm_sv_from_off(*s, i);
    *text = PLM_SV("");
    if (s->n == 0)
        return RANK_END;
    if (s->p[0] == '~' || s->p[0] == '^') {
        unsigned char r = s->p[0] == '~' ? RANK_TILDE : RANK_CARET;
        *s = plm_sv_from_off(*s, 1);
        return r;
    }
    if (version_is_digit(s->p[0])) {
        *text = plm_version_take_digits(s);
        return RANK_NUMBER;
    }
    for (i = 0; i < s->n && version_is_alpha(s->p[i]);)
        i++;
    *text = plm_sv_sub(*s, 0, i);
    *s = plm_sv_from_off(*s, i);
    return RANK_ALPHA;
}

static int compare_part(plm_sv a, plm_sv b)
{
    for (;;) {
        plm_sv ta, tb;
        unsigned char ra = next_token(&a, &ta), rb = next_token(&b, &tb);
        if (ra != rb)
            return ra < rb ? -1 : 1;
        if (ra == RANK_END)
            return 0;
        int c = ra == RANK_NUMBER ? plm_version_cmp_digits(ta, tb) : plm_sv_cmp(ta, tb);
        if (c)
            return c;
    }
}

static int rpm_compare(plm_sv a, plm_sv b)
{
    struct parts x = split(a), y = split(b);
    int c = plm_version_cmp_digits(x.epoch, y.epoch);
    if (c == 0)
        c = compare_part(x.version, y.version);
    if (c)
        return c;
    if (!x.release.p || !y.release.p)
        return (x.release.p != NULL) - (y.release.p != NULL);
    return compare_part(x.release, y.release);
}

static void encode_part(plm_sv s, struct plm_buf *key)
{
    unsigned char r;
    do {
        plm_sv text;
        r = next_token(&s, &text);
        plm_buf_byte(key, r);
        if (r == RANK_NUMBER) {
            plm_version_put_digits(key, text);
        } else if (r == RANK_ALPHA) {
            plm_buf_sv_put(key, text);
            plm_buf_byte(key, 0);
        }
    } while (r != RANK_END);
}

static void rpm_encode(plm_sv v, struct plm_buf *key)
{
    struct parts p = split(v);
    plm_version_put_digits(key, p.epoch);
    encode_part(p.version, key);
    plm_buf_byte(key, p.release.p ? 1 : 0);
    if (p.release.p)
        encode_part(p.release, key);
}

/* What rpmbuild accepts in Version and Release (build/parsePreamble.c): letters, digits and "._+~^". */
static bool part_valid(plm_sv s)
{
    for (size_t i = 0; i < s.n; i++)
        if (!version_is_digit(s.p[i]) && !version_is_alpha(s.p[i]) &&
            (s.p[i] == '\0' || !strchr("._+~^%{}", s.p[i])))
            return false;
    return s.n > 0 && !plm_sv_has(s, PLM_SV(".."));
}

static bool rpm_valid(plm_sv v)
{
    struct parts p = split(v);
    uint64_t epoch = 0;
    if (p.epoch.n && (!plm_sv_u64(p.epoch, &epoch) || epoch > UINT32_MAX))
        return false;
    return part_valid(p.version) && (!p.release.p || part_valid(p.release));
}

static const char *const aliases[] = {
    "redhat",      "red hat",      "rhel",   "centos",    "fedora",       "almalinux",   "alma",
    "rocky linux", "rockylinux",   "rocky",  "oracle",    "oracle linux", "oraclelinux", "ol",
    "amazon",      "amazon linux", "suse",   "sles",      "opensuse",     "azure linux", "azurelinux",
    "mariner",     "cbl-mariner",  "photon", "photon os", "openeuler",    "mageia",      "anolis",
    "opencloudos", "eurolinux",    NULL};

static const struct plm_scheme rpm = {
    .id = "rpm",
    .aliases = aliases,
    .summary = "RPM packages: [epoch:]version[-release], '~' sorts before the end and '^' right after it",
    .compare = rpm_compare,
    .valid = rpm_valid,
    .encode = rpm_encode,
};
PLM_REGISTER(plm_schemes, struct plm_scheme, rpm);
