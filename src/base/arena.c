/* SPDX-License-Identifier: Apache-2.0
 *
 * Arena of doubling chunks (4 KiB to 1 MiB); larger requests get a chunk of their own.
 */
#include "base/arena.h"

#include <stdarg.h>
#include <stdio.h>

enum { ALIGN = 16, FIRST = 4096, LARGEST = 1 << 20 };

struct chunk {
    struct chunk *next;
    size_t cap, used;
    _Alignas(ALIGN) char data[];
};

struct plm_arena {
    struct chunk *head;
    size_t used, max, next_cap;
    enum plm_code failed; /* 0: none */
};

struct plm_arena *plm_arena_new(size_t max_bytes)
{
    struct plm_arena *a = calloc(1, sizeof(*a));
    if (a) {
        a->max = max_bytes;
        a->next_cap = FIRST;
    }
    return a;
}

void plm_arena_free(struct plm_arena *a)
{
    if (!a)
        return;
    for (struct chunk *c = a->head; c;) {
        struct chunk *next = c->next;
        free(c);
        c = next;
    }
    free(a);
}

void plm_arena_reset(struct plm_arena *a)
{
    struct chunk *keep = NULL;
    for (struct chunk *c = a->head; c;) {
        struct chunk *next = c->next;
        if (!keep && c->cap <= LARGEST)
            keep = c;
        else
            free(c);
        c = next;
    }
    if (keep) {
        memset(keep->data, 0, keep->used);
        keep->used = 0;
        keep->next = NULL;
    }
    a->head = keep;
    a->used = 0;
    a->failed = 0;
}

static void *refuse(struct plm_arena *a, enum plm_code code)
{
    if (!a->failed)
        a->failed = code;
    return NULL;
}

static struct chunk *grow(struct plm_arena *a, size_t n)
{
    size_t cap = n > a->next_cap ? n : a->next_cap;
    struct chunk *c = calloc(1, sizeof(*c) + cap);
    if (!c)
        return NULL;
    c->cap = cap;
    if (cap == n && a->head) { /* keep filling the current chunk afterwards */
        c->next = a->head->next;
        a->head->next = c;
    } else {
        c->next = a->head;
        a->head = c;
    }
    if (a->next_cap < LARGEST)
        a->next_cap *= 2;
    return c;
}

void *plm_arena_alloc(struct plm_arena *a, size_t n)
{
    size_t need;
    if (__builtin_add_overflow(n ? n : 1, (size_t)(ALIGN - 1), &need))
        return refuse(a, PLM_E_LIMIT);
    need &= ~(size_t)(ALIGN - 1);
    if (need > a->max || a->used > a->max - need)
        return refuse(a, PLM_E_LIMIT);
    struct chunk *c = a->head;
    if (!c || c->cap - c->used < need) {
        c = grow(a, need);
        if (!c)
            return refuse(a, PLM_E_OOM);
    }
    void *p = c->data + c->used;
    c->used += need;
    a->used += need;
    return p;
}

void *plm_arena_array(struct plm_arena *a, size_t n, size_t size)
{
    size_t total;
    if (__builtin_mul_overflow(n, size, &total))
        return refuse(a, PLM_E_LIMIT);
    return plm_arena_alloc(a, total);
}

plm_sv plm_arena_sv(struct plm_arena *a, plm_sv s)
{
    if (!s.p)
        return s;
    char *p = plm_arena_cstr(a, s);
    return p ? (plm_sv){p, s.n} : PLM_SV_NULL;
}

char *plm_arena_cstr(struct plm_arena *a, plm_sv s)
{
    size_t total;
    if (__builtin_add_overflow(s.n, (size_t)1, &total))
        return refuse(a, PLM_E_LIMIT);
    char *p = plm_arena_alloc(a, total);
    if (p && s.n)
        memcpy(p, s.p, s.n);
    return p;
}

plm_sv plm_arena_vprintf(struct plm_arena *a, const char *fmt, va_list ap)
{
    va_list again;
    va_copy(again, ap);
    int n = vsnprintf(NULL, 0, fmt, ap);
    char *p = n >= 0 ? plm_arena_alloc(a, (size_t)n + 1) : NULL;
    if (p)
        vsnprintf(p, (size_t)n + 1, fmt, again);
    va_end(again);
    return p ? (plm_sv){p, (size_t)n} : PLM_SV_NULL;
}

plm_sv plm_arena_printf(struct plm_arena *a, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    plm_sv s = plm_arena_vprintf(a, fmt, ap);
    va_end(ap);
    return s;
}

bool plm_arena_failed(const struct plm_arena *a)
{
    return a->failed != 0;
}

int plm_arena_check(const struct plm_arena *a, plm_err **err)
{
    if (a->failed == PLM_E_LIMIT)
        return plm_fail(err, PLM_E_LIMIT, "result over the limit of %zu bytes", a->max);
    return a->failed ? plm_fail_oom(err) : 0;
}

size_t plm_arena_used(const struct plm_arena *a)
{
    return a->used;
}

void *plm_vec_push_(struct plm_arena *a, void **v, size_t *n, size_t *cap, size_t size)
{
    if (*n == *cap) {
        size_t want;
        if (__builtin_mul_overflow(*cap, (size_t)2, &want))
            return refuse(a, PLM_E_LIMIT);
        if (want < 4)
            want = 4;
        void *bigger = plm_arena_array(a, want, size);
        if (!bigger)
            return NULL;
        if (*n)
            memcpy(bigger, *v, *n * size);
        *v = bigger;
        *cap = want;
    }
    void *slot = (char *)*v + *n * size;
    memset(slot, 0, size);
    (*n)++;
    return slot;
}

bool plm_sv_vec_add(struct plm_arena *a, plm_sv_vec *vec, plm_sv s)
{
    plm_sv copy = plm_arena_sv(a, s.p ? s : PLM_SV(""));
    plm_sv *slot = copy.p ? plm_vec_push(a, vec) : NULL;
    if (slot)
        *slot = copy;
    return slot != NULL;
}

static int sv_order(const void *a, const void *b)
{
    return plm_sv_cmp(*(const plm_sv *)a, *(const plm_sv *)b);
}

void plm_sv_vec_sort_unique(plm_sv_vec *vec)
{
    if (vec->n < 2)
        return;
    qsort(vec->v, vec->n, sizeof(*vec->v), sv_order);
    size_t out = 1;
    for (size_t i = 1; i < vec->n; i++)
        if (!plm_sv_eq(vec->v[i], vec->v[out - 1]))
            vec->v[out++] = vec->v[i];
    vec->n = out;
}
