/* SPDX-License-Identifier: Apache-2.0
 *
 * String pools of the store (format.md, STRINGS): every string once, named by the offset of
 * its varint length. Ref 0 is "not there", ref 1 the empty string. Also holds version keys and
 * encoded lists: a pool does not care what its bytes mean.
 *
 * The index that finds a string again exists only while building: open addressing with linear
 * probing and stored hashes, grown at 3/4. All operations are O(1) on average.
 */
#include "base/rd.h"
#include "vulndb/vulndb_int.h"

#define POOL_MAX ((size_t)UINT32_MAX - 16)

void plm_itab_done(struct plm_itab *t)
{
    free(t->slots);
    *t = (struct plm_itab){0};
}

/* A slot is placed by the half of the hash that it stores, so that growing needs no key. */
static uint32_t stored_half(uint64_t hash)
{
    return (uint32_t)(hash >> 32);
}

bool plm_itab_next(const struct plm_itab *t, uint64_t hash, size_t *at, uint32_t *out)
{
    uint32_t h = stored_half(hash);
    while (t->slots) {
        const struct plm_itab_slot *s = &t->slots[(h + *at) & t->mask];
        if (!s->value)
            break;
        ++*at;
        if (s->hash == h) {
            *out = s->value - 1;
            return true;
        }
    }
    return false;
}

static int itab_grow(struct plm_itab *t, plm_err **err)
{
    size_t cap = t->slots ? (t->mask + 1) * 2 : 64;
    struct plm_itab bigger = {.slots = calloc(cap, sizeof(*t->slots)), .n = t->n, .mask = cap - 1};
    if (!bigger.slots)
        return plm_fail_oom(err);
    for (size_t i = 0; t->slots && i <= t->mask; i++) {
        if (!t->slots[i].value)
            continue;
        size_t k = t->slots[i].hash & bigger.mask;
        while (bigger.slots[k].value)
            k = (k + 1) & bigger.mask;
        bigger.slots[k] = t->slots[i];
    }
    free(t->slots);
    *t = bigger;
    return 0;
}

int plm_itab_add(struct plm_itab *t, uint64_t hash, uint32_t value, plm_err **err)
{
    if ((!t->slots || t->n >= (t->mask + 1) / 4 * 3) && itab_grow(t, err) < 0)
        return -1;
    if (!t->slots)
        return plm_fail_oom(err);
    if (value == UINT32_MAX)
        return plm_fail(err, PLM_E_LIMIT, "more than %u rows in one table", UINT32_MAX - 1);
    uint32_t h = stored_half(hash);
    size_t k = h & t->mask;
    while (t->slots[k].value)
        k = (k + 1) & t->mask;
    t->slots[k] = (struct plm_itab_slot){h, value + 1};
    t->n++;
    return 0;
}

int plm_strpool_init(struct plm_strpool *p, plm_err **err)
{
    *p = (struct plm_strpool){.bytes = PLM_BUF(POOL_MAX)};
    plm_buf_u16le(&p->bytes, 0); /* refs 0 and 1 */
    return plm_buf_check(&p->bytes, err);
}

void plm_strpool_done(struct plm_strpool *p)
{
    plm_buf_done(&p->bytes);
    plm_itab_done(&p->index);
}

int plm_strpool_add(struct plm_strpool *p, plm_sv s, uint32_t *out, plm_err **err)
{
    if (s.n == 0) {
        *out = s.p ? 1 : 0;
        return 0;
    }
    uint64_t hash = plm_sv_hash(s);
    size_t at = 0;
    uint32_t ref;
    while (plm_itab_next(&p->index, hash, &at, &ref)) {
        plm_sv have;
        if (plm_pool_get(plm_buf_sv(&p->bytes), ref, &have) && plm_sv_eq(have, s)) {
            *out = ref;
            return 0;
        }
    }
    ref = (uint32_t)p->bytes.n;
    plm_buf_view(&p->bytes, s);
    if (plm_buf_check(&p->bytes, err) < 0)
        return plm_wrap(err, "strings of one feed");
    if (plm_itab_add(&p->index, hash, ref, err) < 0)
        return -1;
    *out = ref;
    return 0;
}

bool plm_pool_get(plm_sv pool, uint32_t ref, plm_sv *out)
{
    *out = PLM_SV_NULL;
    if (ref == 0)
        return true;
    if (ref >= pool.n)
        return false;
    size_t left = pool.n - ref - 1, n = (unsigned char)pool.p[ref];
    if (n < 0x80) { /* nearly always: this runs several times per range of a lookup */
        if (n > left)
            return false;
        *out = plm_sv_n(pool.p + ref + 1, n);
        return true;
    }
    struct plm_rd r = PLM_RD(pool);
    plm_rd_seek(&r, ref);
    plm_sv s = plm_rd_view(&r);
    if (r.failed)
        return false;
    *out = s;
    return true;
}

bool plm_cve_pack(plm_sv cve, uint32_t *out)
{
    plm_sv rest = plm_sv_from_off(cve, 4), year_text, number_text;
    uint64_t year, number;
    if (!plm_sv_starts(cve, PLM_SV("CVE-")) || !plm_sv_cut(rest, '-', &year_text, &number_text) ||
        !plm_sv_u64(year_text, &year) || !plm_sv_u64(number_text, &number))
        return false;
    if (year < 1999 || year - 1999 > 63 || number >= 1u << 26)
        return false;
    *out = (uint32_t)(year - 1999) << 26 | (uint32_t)number;
    return true;
}
