/* SPDX-License-Identifier: Apache-2.0
 *
 * Arenas: everything of one result lives in one arena and dies in one call.
 * Memory is zeroed and aligned to 16. Not thread-safe: one owner at a time.
 *
 *     plm_auto(plm_arena_free) struct plm_arena *a = plm_arena_new(PLM_ARENA_NO_LIMIT);
 *     plm_sv name = plm_arena_sv(a, view);
 *
 * An allocation beyond the limit or out of memory returns NULL (a null view) and makes
 * plm_arena_failed() true; code that builds much can check once at the end.
 */
#pragma once

#include "base/err.h"
#include "base/sv.h"

#include <stdarg.h>

#define PLM_ARENA_NO_LIMIT SIZE_MAX

struct plm_arena;

struct plm_arena *plm_arena_new(size_t max_bytes);
void plm_arena_free(struct plm_arena *a);
PLM_CLEANUP(struct plm_arena, plm_arena_free)
/* Forgets everything in it (and an earlier failure) but keeps one chunk, for loops. */
void plm_arena_reset(struct plm_arena *a);

void *plm_arena_alloc(struct plm_arena *a, size_t n) __attribute__((malloc, alloc_size(2)));
/* n * size, checked. */
void *plm_arena_array(struct plm_arena *a, size_t n, size_t size);
#define plm_arena_make(a, type) ((type *)plm_arena_alloc((a), sizeof(type)))

/* Copies; the copy is NUL-terminated behind its end. A null view stays null. */
plm_sv plm_arena_sv(struct plm_arena *a, plm_sv s);
char *plm_arena_cstr(struct plm_arena *a, plm_sv s);
plm_sv plm_arena_printf(struct plm_arena *a, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
plm_sv plm_arena_vprintf(struct plm_arena *a, const char *fmt, va_list ap)
    __attribute__((format(printf, 2, 0)));

bool plm_arena_failed(const struct plm_arena *a);
/* 0, or -1 with PLM_E_OOM or PLM_E_LIMIT if any allocation failed so far. */
int plm_arena_check(const struct plm_arena *a, plm_err **err);
size_t plm_arena_used(const struct plm_arena *a);

/* Growable arrays in an arena: `struct { T *v; size_t n, cap; }`, zero-initialised.
 * Pushing returns the new zeroed element or NULL (arena failed). Growth copies, so
 * pointers to elements do not survive a push. */
#define PLM_VEC(T)                                                                                           \
    struct {                                                                                                 \
        T *v;                                                                                                \
        size_t n, cap;                                                                                       \
    }
#define plm_vec_push(a, vec)                                                                                 \
    ((__typeof__((vec)->v))plm_vec_push_((a), (void **)&(vec)->v, &(vec)->n, &(vec)->cap, sizeof(*(vec)->v)))
void *plm_vec_push_(struct plm_arena *a, void **v, size_t *n, size_t *cap, size_t size);

typedef PLM_VEC(plm_sv) plm_sv_vec;
/* Appends a copy of s; false if the arena failed. */
bool plm_sv_vec_add(struct plm_arena *a, plm_sv_vec *vec, plm_sv s);
/* Sorted by plm_sv_cmp, duplicates removed. */
void plm_sv_vec_sort_unique(plm_sv_vec *vec);
