/* SPDX-License-Identifier: Apache-2.0
 *
 * Hundreds of literals in one pass over a text, in any case.
 *
 * Of each literal the three bytes that are rarest in ordinary text are looked for. At every second place of
 * the text the four bytes there, folded to lower case by one OR, are hashed into a bit map (in the
 * second-level cache): they are the three with the byte that follows them in the literal, or with the one
 * before, whichever the place is; where the literal has no such byte, the bits of all are set. Few places
 * pass; they go through a hash table to the literals that have these three bytes, which are then compared.
 * Literals of two bytes, of which there are a handful, are compared with sixteen places at once. Time is
 * linear in the text, with about two instructions a byte, as long as literals themselves are rare.
 */
#include "inspect/secret_int.h"

enum { MAP_BITS = 20, SLOTS = 4096, NO_LITERAL = 0xffffffff, WIDE = 16, PART = 16 << 10 };

typedef unsigned char bytes16 __attribute__((vector_size(WIDE)));
typedef uint64_t words2 __attribute__((vector_size(WIDE)));

struct literal {
    plm_sv text;
    uint32_t gram; /* three of its bytes, folded */
    uint32_t next; /* in the chain of its slot */
    uint32_t at;   /* of the gram in the text */
};

/* A literal of two bytes. */
struct pair {
    unsigned char a[WIDE], b[WIDE]; /* each byte, folded, as often as places are compared */
    uint32_t literal;
};

struct plm_secret_literals {
    uint64_t bits[(1u << MAP_BITS) / 64];
    uint32_t first[SLOTS]; /* by gram: literal + chain */
    struct literal *v;
    size_t n;
    struct pair *pairs;
    size_t n_pairs;
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

/* Where the three rarest bytes are; inside the literal if it is long enough, so that both neighbours are
 * known.
 */
static size_t rarest(plm_sv s)
{
    size_t first = s.n >= 5 ? 1 : 0, last = s.n >= 5 ? s.n - 4 : s.n - 3, best = first;
    unsigned most = 0;
    for (size_t i = first; i <= last; i++) {
        unsigned sum = rarity(s.p[i], s.p[i + 1]) + rarity(s.p[i + 1], s.p[i + 2]);
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

/* The gram with every byte that can stand at that place (a multiple of 8 bits), or with the literal's. */
static void mark_beside(struct plm_secret_literals *l, uint32_t gram, unsigned shift, const char *known)
{
    if (known) {
        mark(l, gram | load(known, 1) << shift);
        return;
    }
    for (uint32_t c = 0; c < 256; c++)
        if (c & 0x20)
            mark(l, gram | c << shift);
}

static void enter(struct plm_secret_literals *l, uint32_t index)
{
    struct literal *lit = &l->v[index];
    plm_sv s = lit->text;
    lit->at = (uint32_t)rarest(s);
    lit->gram = load(s.p + lit->at, 3);
    mark_beside(l, lit->gram, 24, lit->at + 3 < s.n ? s.p + lit->at + 3 : NULL);
    mark_beside(l, lit->gram << 8, 0, lit->at ? s.p + lit->at - 1 : NULL);
    uint32_t *first = &l->first[hash(lit->gram) % SLOTS];
    lit->next = *first;
    *first = index;
}

static void enter_pair(struct plm_secret_literals *l, uint32_t index)
{
    struct pair *p = &l->pairs[l->n_pairs++];
    p->literal = index;
    memset(p->a, (int)load(l->v[index].text.p, 1), sizeof(p->a));
    memset(p->b, (int)load(l->v[index].text.p + 1, 1), sizeof(p->b));
}

struct plm_secret_literals *plm_secret_literals_new(struct plm_arena *a, const plm_sv *v, size_t n)
{
    struct plm_secret_literals *l = plm_arena_make(a, struct plm_secret_literals);
    if (!l || !(l->v = plm_arena_array(a, n + 1, sizeof(*l->v))) ||
        !(l->pairs = plm_arena_array(a, n + 1, sizeof(*l->pairs))))
        return NULL;
    for (size_t i = 0; i < SLOTS; i++)
        l->first[i] = NO_LITERAL;
    for (size_t i = 0; i < n; i++, l->n++) {
        l->v[i] = (struct literal){.text = v[i], .next = NO_LITERAL};
        if (v[i].n >= 3) /* one of less than two was promised not to be */
            enter(l, (uint32_t)i);
        else if (v[i].n == 2)
            enter_pair(l, (uint32_t)i);
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
    for (uint32_t i = l->first[hash(gram) % SLOTS]; i != NO_LITERAL; i = l->v[i].next) {
        const struct literal *lit = &l->v[i];
        if (lit->gram == gram && at >= lit->at && is_there(text, at - lit->at, lit->text))
            fn(ctx, i, at - lit->at);
    }
}

/* ---- two bytes ---------------------------------------------------------------------------- */

static void compare_pairs(const struct plm_secret_literals *l, plm_sv text, size_t at,
                          plm_secret_literal_fn fn, void *ctx)
{
    for (size_t i = 0; i < l->n_pairs; i++)
        if (is_there(text, at, l->v[l->pairs[i].literal].text))
            fn(ctx, l->pairs[i].literal, at);
}

static void scan_pairs(const struct plm_secret_literals *l, plm_sv text, size_t from, size_t to,
                       plm_secret_literal_fn fn, void *ctx)
{
    size_t at = from;
    for (; l->n_pairs && at < to && at + WIDE + 1 <= text.n; at += WIDE) {
        bytes16 a, b, any = {0};
        memcpy(&a, text.p + at, sizeof(a));
        memcpy(&b, text.p + at + 1, sizeof(b));
        a |= 0x20;
        b |= 0x20;
        for (size_t i = 0; i < l->n_pairs; i++) {
            bytes16 x, y;
            memcpy(&x, l->pairs[i].a, sizeof(x));
            memcpy(&y, l->pairs[i].b, sizeof(y));
            any |= (bytes16)(a == x) & (bytes16)(b == y);
        }
        words2 w = (words2)any;
        if (__builtin_expect((w[0] | w[1]) == 0, 1))
            continue;
        for (size_t k = 0; k < WIDE && at + k < to; k++)
            if (any[k])
                compare_pairs(l, text, at + k, fn, ctx);
    }
    for (; l->n_pairs && at < to; at++)
        compare_pairs(l, text, at, fn, ctx);
}

/* ---- three and more ----------------------------------------------------------------------- */

/* In bit 0; the others are left over. */
static inline uint64_t bit_of(const struct plm_secret_literals *l, uint32_t gram)
{
    uint32_t h = hash(gram);
    return l->bits[h / 64] >> (h % 64);
}

enum { PLACES = 6 };

/* From `from` to where the last whole step ended, which is at or behind `to` unless the text ends. */
static size_t scan_long(const struct plm_secret_literals *l, plm_sv text, size_t from, size_t to,
                        plm_secret_literal_fn fn, void *ctx)
{
    size_t i = from;
    for (; i < to && i + 8 <= text.n; i += PLACES) {
        uint64_t v;
        memcpy(&v, text.p + i, sizeof(v));
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
        v = __builtin_bswap64(v);
#endif
        v |= FOLD;
        uint64_t maybe =
            bit_of(l, (uint32_t)v) | bit_of(l, (uint32_t)(v >> 16)) | bit_of(l, (uint32_t)(v >> 32));
        if (__builtin_expect(!(maybe & 1), 1))
            continue;
        for (unsigned k = 0; k < PLACES; k += 2) {
            if (!(bit_of(l, (uint32_t)(v >> (8 * k))) & 1))
                continue;
            compare(l, (uint32_t)(v >> (8 * k)) & 0xffffff, text, i + k, fn, ctx);
            compare(l, (uint32_t)(v >> (8 * k + 8)) & 0xffffff, text, i + k + 1, fn, ctx);
        }
    }
    return i;
}

void plm_secret_literals_scan(const struct plm_secret_literals *l, plm_sv text, plm_secret_literal_fn fn,
                              void *ctx)
{
    size_t done = 0;
    for (size_t at = 0; at < text.n; at += PART) { /* in parts, which the second look finds in the cache */
        size_t end = text.n - at > PART ? at + PART : text.n;
        scan_pairs(l, text, at, end, fn, ctx);
        done = scan_long(l, text, done, end, fn, ctx);
    }
    for (; done + 3 <= text.n; done++) /* the last bytes */
        compare(l, load(text.p + done, 3), text, done, fn, ctx);
}
