/* SPDX-License-Identifier: Apache-2.0
 *
 * The one pass over many literals against looking for each of them at each place.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "inspect/secret_int.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { LITERALS = 60, TEXT = 700, SPREAD = 64 };

static unsigned next(unsigned *seed)
{
    *seed = *seed * 1103515245u + 12345u;
    return *seed >> 16 & 0x7fff;
}

struct seen {
    unsigned char times[LITERALS][TEXT];
};

static void on_literal(void *ctx, uint32_t literal, size_t at)
{
    struct seen *s = ctx;
    assert_true(literal < LITERALS && at < TEXT);
    s->times[literal][at]++;
}

static void fill(char *to, size_t n, unsigned *seed, const char *letters)
{
    for (size_t i = 0; i < n; i++)
        to[i] = letters[next(seed) % strlen(letters)];
}

/* Few letters, so that literals overlap, share bytes and begin at even and odd places; texts of every length
 * around the steps of the search. */
static void same_as_one_by_one(void **state)
{
    (void)state;
    static char texts[LITERALS][9];
    plm_sv v[LITERALS];
    size_t found = 0;
    for (unsigned round = 1; round <= 40; round++) {
        unsigned seed = round;
        plm_auto(plm_arena_free) struct plm_arena *a = plm_arena_new(PLM_ARENA_NO_LIMIT);
        for (size_t i = 0; i < LITERALS; i++) {
            size_t n = 2 + next(&seed) % 7;
            fill(texts[i], n, &seed, "ab_9");
            v[i] = plm_sv_n(texts[i], n);
        }
        const struct plm_secret_literals *l = plm_secret_literals_new(a, v, LITERALS);
        assert_non_null(l);
        for (size_t n = 0; n < SPREAD; n++) {
            size_t length = round % 2 ? n : TEXT - n;
            plm_auto_free char *text = malloc(length + 1); /* its end is the end of the memory */
            plm_auto_free struct seen *s = calloc(1, sizeof(*s));
            assert_non_null(text);
            fill(text, length, &seed, round % 4 < 2 ? "aBA_9b" : "ab_9 \n\xffxyzAB");
            plm_secret_literals_scan(l, plm_sv_n(text, length), on_literal, s);
            for (size_t i = 0; i < LITERALS; i++)
                for (size_t at = 0; at < TEXT; at++) {
                    bool is_there = at + v[i].n <= length && strncasecmp(text + at, v[i].p, v[i].n) == 0;
                    assert_int_equal(s->times[i][at], is_there);
                    found += is_there;
                }
        }
    }
    assert_true(found > 10000);
}

static void on_place(void *ctx, uint32_t literal, size_t at)
{
    size_t *places = ctx;
    assert_int_equal(places[literal], 0);
    places[literal] = at;
}

/* Longer than the parts in which it is searched. */
static void across_parts(void **state)
{
    (void)state;
    const plm_sv v[] = {PLM_SV("ey"), PLM_SV("akia"), PLM_SV("secret_key")};
    plm_auto(plm_arena_free) struct plm_arena *a = plm_arena_new(PLM_ARENA_NO_LIMIT);
    const struct plm_secret_literals *l = plm_secret_literals_new(a, v, 3);
    for (size_t shift = 0; shift < 24; shift++) {
        size_t n = 40000, at = 16384 - shift;
        plm_auto_free char *text = malloc(n);
        assert_non_null(text);
        memset(text, '.', n);
        memcpy(text + at, "Secret_Key AKIA", 15);
        size_t places[3] = {0};
        plm_secret_literals_scan(l, plm_sv_n(text, n), on_place, places);
        assert_int_equal(places[0], at + 8);
        assert_int_equal(places[1], at + 11);
        assert_int_equal(places[2], at);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(same_as_one_by_one), cmocka_unit_test(across_parts)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
