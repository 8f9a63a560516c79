/* SPDX-License-Identifier: Apache-2.0
 *
 * Hundreds of literals in one pass over a text, in any case.
 *
 * Of each literal the three bytes that are rarest in ordinary text are looked for: at each place of the text
 * the three bytes there, folded to lower case by one OR, are hashed into a bit map that fits the first-level
 * cache (a literal of two bytes sets the bits of whatever may follow it). Few places pass; they go through a
 * hash table to the literals that have these bytes, which are then compared. Time is linear in the text, with
 * a few instructions a byte, as long as literals themselves are rare.
 */
#include "inspect/secret_int.h"

enum { MAP_BITS = 16, SLOTS = 4096, NO_LITERAL = 0xffffffff };

struct literal {
    plm_sv text;
    uint32_t gram; /* its bytes, folded; two for the shortest */
    uint32_t next; /* in the chain of its slot */
    uint32_t at;   /* of the gram in the text */
};

struct plm_secret_literals {
    uint64_t bits[(1u << MAP_BITS) / 64];
    uint32_t first[2][SLOTS]; /* by gram of two and of three bytes: literal + chain */
    struct literal *v;
    size_t n;
};

#define FOLD UINT64_C(0x2020202020202020)

static inline uint32_t hash(uint32_t gram)
{
    return (gram * UINT32_C(0x9e3779b1)) >> (32 - MAP_BITS);
}

static uint32_t load(const char *p, size_t n)
{
    uint32_t v = 0;
    for (size_t i = 0; i < n; i++)
        v |= (uint32_t)((unsigned char)p[i] | 0x20) << (8 * i);
    return v;
}

/* How rare two letters are beside each other in English text and code: 0 for one in 64, each step half of it.
 */
// clang-format off
static const char pairs[26][27] = {
    "73336648385120939111447658", "47663899457389399428399759", "37572792483169049452489969",
    "37740787299587389656489969", "24224247538231534012745249", "47774499299598399455498969",
    "59792964399565569456599989", "29991999399368349372399989", "32234339897230149421839595",
    "59995999899999699929799999", "67983989599898899968898999", "16741469139288379833379949",
    "25862899389438339948579979", "28222528485675169821459959", "64216348575311329133344776",
    "19862975398388329233399949", "97999999999999999999499999", "28440649194544269333457939",
    "49471683296467318511477949", "27541680198446229132395739", "53533569499243749332999799",
    "39892999499979699999999999", "49984994399996499569997999", "59695899699979959954999889",
    "78897979799675539555995999", "69995999699899999999999999",
};
// clang-format on

static bool is_lower(char c)
{
    return c >= 'a' && c <= 'z';
}

static unsigned rarity(char a, char b)
{
    if (is_lower(a) && is_lower(b))
        return (unsigned)(pairs[a - 'a'][b - 'a'] - '0');
    bool is_common =
        a == ' ' || b == ' ' || a == '.' || b == '.' || a == '-' || b == '-' || a == '_' || b == '_';
    return is_common ? 5 : 7;
}

static size_t rarest(plm_sv s, size_t n)
{
    size_t best = 0;
    unsigned most = 0;
    for (size_t i = 0; i + n <= s.n; i++) {
        unsigned sum = 0;
        for (size_t k = 0; k + 1 < n; k++)
            sum += rarity(s.p[i + k], s.p[i + k + 1]);
        if (sum > most) {
            most = sum;
            best = i;
        }
    }
    return best;
}

static void mark(struct plm_secret_literals *l, uint32_t gram)
{
    uint32_t h = hash(gram);
    l->bits[h / 64] |= (uint64_t)1 << (h % 64);
}

struct plm_secret_literals *plm_secret_literals_new(struct plm_arena *a, const plm_sv *v, size_t n)
{
    struct plm_secret_literals *l = plm_arena_make(a, struct plm_secret_literals);
    if (!l || !(l->v = plm_arena_array(a, n + 1, sizeof(*l->v))))
        return NULL;
    for (size_t i = 0; i < SLOTS; i++)
        l->first[0][i] = l->first[1][i] = NO_LITERAL;
    for (size_t i = 0; i < n; i++, l->n++) {
        size_t length = v[i].n < 3 ? 2 : 3;
        struct literal *lit = &l->v[l->n];
        *lit = (struct literal){.text = v[i], .next = NO_LITERAL};
        if (v[i].n < 2)
            continue; /* promised not to be */
        lit->at = (uint32_t)rarest(v[i], length);
        lit->gram = load(v[i].p + lit->at, length);
        for (uint32_t third = 0; length == 2 && third < 256; third++)
            mark(l, lit->gram | (third | 0x20) << 16);
        if (length == 3)
            mark(l, lit->gram);
        uint32_t *first = &l->first[length - 2][hash(lit->gram) % SLOTS];
        lit->next = *first;
        *first = (uint32_t)l->n;
    }
    return l;
}

static bool is_there(plm_sv text, size_t at, plm_sv literal)
{
    if (at > text.n || literal.n > text.n - at)
        return false;
    for (size_t i = 0; i < literal.n; i++) {
        unsigned char c = (unsigned char)text.p[at + i];
        c = c >= 'A' && c <= 'Z' ? (unsigned char)(c + 32) : c;
        if (c != (unsigned char)literal.p[i])
            return false;
    }
    return true;
}

static void __attribute__((noinline)) compare(const struct plm_secret_literals *l, uint32_t gram, plm_sv text,
                                              size_t at, plm_secret_literal_fn fn, void *ctx)
{
    for (unsigned length = 2; length <= 3; length++) {
        uint32_t g = length == 2 ? gram & 0xffff : gram;
        for (uint32_t i = l->first[length - 2][hash(g) % SLOTS]; i != NO_LITERAL; i = l->v[i].next) {
            const struct literal *lit = &l->v[i];
            if (lit->gram == g && at >= lit->at && is_there(text, at - lit->at, lit->text))
                fn(ctx, i, at - lit->at);
        }
    }
}

/* In bit 0; the others are left over. */
static inline uint64_t bit_of(const struct plm_secret_literals *l, uint32_t gram)
{
    uint32_t h = hash(gram);
    return l->bits[h / 64] >> (h % 64);
}

enum { PLACES = 6 };

/* Bit 0: one of the six places passes. Written out: the compilers do not unroll it at -O2. */
static inline uint64_t maybe(const struct plm_secret_literals *l, uint64_t v)
{
    return bit_of(l, (uint32_t)v & 0xffffff) | bit_of(l, (uint32_t)(v >> 8) & 0xffffff) |
           bit_of(l, (uint32_t)(v >> 16) & 0xffffff) | bit_of(l, (uint32_t)(v >> 24) & 0xffffff) |
           bit_of(l, (uint32_t)(v >> 32) & 0xffffff) | bit_of(l, (uint32_t)(v >> 40) & 0xffffff);
}

void plm_secret_literals_scan(const struct plm_secret_literals *l, plm_sv text, plm_secret_literal_fn fn,
                              void *ctx)
{
    size_t i = 0;
    for (; i + 8 <= text.n; i += PLACES) {
        uint64_t v;
        memcpy(&v, text.p + i, sizeof(v));
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
        v = __builtin_bswap64(v);
#endif
        v |= FOLD;
        if (__builtin_expect(!(maybe(l, v) & 1), 1))
            continue;
        for (unsigned k = 0; k < PLACES; k++) {
            uint32_t gram = (uint32_t)(v >> (8 * k)) & 0xffffff;
            if (bit_of(l, gram) & 1)
                compare(l, gram, text, i + k, fn, ctx);
        }
    }
    for (; i + 2 <= text.n; i++) /* the last bytes: a zero can stand for the third, no literal has one */
        compare(l, load(text.p + i, i + 3 <= text.n ? 3 : 2), text, i, fn, ctx);
}
