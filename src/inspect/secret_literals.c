/* SPDX-License-Identifier: Apache-2.0
 *
 * Hundreds of literals in one pass over a text, in any case.
 *
 * Of each literal one stretch of four bytes (three, two for shorter ones), the rarest in ordinary text, is
 * looked for: at each place of the text the bytes there, folded to lower case by one OR, are hashed into a
 * bit map that fits the first-level cache. Few places pass; they go through a hash table to the literals that
 * have these bytes, which are then compared. Time is linear in the text, with a few instructions a byte, as
 * long as literals themselves are rare.
 */
#include "inspect/secret_int.h"

enum { MAP_BITS = 16, SLOTS = 4096, NO_LITERAL = 0xffffffff };

struct map {
    uint64_t bits[(1u << MAP_BITS) / 64];
    uint32_t first[SLOTS]; /* literal + chain */
    bool any;
};

struct literal {
    plm_sv text;
    uint32_t gram; /* its bytes, folded */
    uint32_t next; /* in the chain of its slot */
    uint32_t at;   /* of the gram in the text */
};

struct plm_secret_literals {
    struct map *by_length[5]; /* of the gram: 2, 3, 4 */
    struct literal *v;
    size_t n;
};

#define FOLD UINT32_C(0x20202020)

static uint32_t hash(uint32_t gram)
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

/* How rare a byte is in text and code; letters by their frequency in English. */
static unsigned rarity(unsigned char c)
{
    static const char common[] = "etaoinsrhldcumfpgwybvkxjqz";
    const char *at = c ? strchr(common, c) : NULL;
    if (at)
        return 1 + (unsigned)(at - common) / 3;
    return c == ' ' || c == '.' || c == '-' || c == '/' || c == ':' || c == '_' ? 4
           : c >= '0' && c <= '9'                                               ? 6
                                                                                : 9;
}

static size_t rarest(plm_sv s, size_t n)
{
    size_t best = 0;
    unsigned most = 0;
    for (size_t i = 0; i + n <= s.n; i++) {
        unsigned sum = 0;
        for (size_t k = 0; k < n; k++)
            sum += rarity((unsigned char)s.p[i + k]);
        if (sum > most) {
            most = sum;
            best = i;
        }
    }
    return best;
}

struct plm_secret_literals *plm_secret_literals_new(struct plm_arena *a, const plm_sv *v, size_t n)
{
    struct plm_secret_literals *l = plm_arena_make(a, struct plm_secret_literals);
    if (l)
        l->v = plm_arena_array(a, n + 1, sizeof(*l->v));
    for (size_t i = 2; l && i <= 4; i++) {
        l->by_length[i] = plm_arena_make(a, struct map);
        for (size_t k = 0; l->by_length[i] && k < SLOTS; k++)
            l->by_length[i]->first[k] = NO_LITERAL;
    }
    if (!l || !l->v || plm_arena_failed(a))
        return NULL;
    for (size_t i = 0; i < n; i++) {
        size_t length = v[i].n < 4 ? v[i].n : 4;
        struct literal *lit = &l->v[l->n];
        if (length < 2)
            continue;
        *lit = (struct literal){.text = v[i], .at = (uint32_t)rarest(v[i], length)};
        lit->gram = load(v[i].p + lit->at, length);
        struct map *m = l->by_length[length];
        uint32_t h = hash(lit->gram);
        m->bits[h / 64] |= (uint64_t)1 << (h % 64);
        m->any = true;
        lit->next = m->first[h % SLOTS];
        m->first[h % SLOTS] = (uint32_t)l->n++;
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

static void __attribute__((noinline))
compare(const struct plm_secret_literals *l, const struct map *m, uint32_t gram, plm_sv text, size_t at,
        plm_secret_literal_fn fn, void *ctx)
{
    for (uint32_t i = m->first[hash(gram) % SLOTS]; i != NO_LITERAL; i = l->v[i].next) {
        const struct literal *lit = &l->v[i];
        if (lit->gram == gram && at >= lit->at && is_there(text, at - lit->at, lit->text))
            fn(ctx, i, at - lit->at);
    }
}

static inline bool is_set(const struct map *m, uint32_t gram)
{
    uint32_t h = hash(gram);
    return (m->bits[h / 64] >> (h % 64)) & 1;
}

void plm_secret_literals_scan(const struct plm_secret_literals *l, plm_sv text, plm_secret_literal_fn fn,
                              void *ctx)
{
    const struct map *two = l->by_length[2], *three = l->by_length[3], *four = l->by_length[4];
    size_t i = 0;
    for (; i + 4 <= text.n; i++) {
        uint32_t v;
        memcpy(&v, text.p + i, sizeof(v));
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
        v = __builtin_bswap32(v);
#endif
        v |= FOLD;
        uint32_t w = v & 0xffffff, u = v & 0xffff;
        if (__builtin_expect(is_set(four, v) | is_set(three, w) | is_set(two, u), 0)) {
            compare(l, four, v, text, i, fn, ctx);
            compare(l, three, w, text, i, fn, ctx);
            compare(l, two, u, text, i, fn, ctx);
        }
    }
    for (; i < text.n; i++) { /* the last three bytes */
        if (i + 3 <= text.n)
            compare(l, three, load(text.p + i, 3), text, i, fn, ctx);
        if (i + 2 <= text.n)
            compare(l, two, load(text.p + i, 2), text, i, fn, ctx);
    }
}
