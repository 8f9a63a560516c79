/* SPDX-License-Identifier: Apache-2.0
 *
 * A pool of counted strings with a byte budget: what the process table's views point to. Equal strings are
 * one string, so their pointers are equal. One owner; nothing locks.
 */
#pragma once

#include "base/sv.h"

struct plm_intern_str;
struct plm_intern {
    struct plm_intern_str **buckets;
    size_t n, mask;   /* strings; buckets - 1 */
    size_t bytes;     /* held, with what malloc adds */
    size_t max_bytes; /* taking a new string beyond it fails */
    uint64_t seed;
};

bool plm_intern_init(struct plm_intern *p, size_t max_bytes); /* false: out of memory */
void plm_intern_done(struct plm_intern *p);
/* The pool's copy, with one more reference; a null view for a null view, and when the string is new and
 * neither the budget nor the heap has room. */
plm_sv plm_intern_get(struct plm_intern *p, plm_sv s);
/* The pool's copy without a reference; null: it has none. */
plm_sv plm_intern_find(const struct plm_intern *p, plm_sv s);
plm_sv plm_intern_ref(plm_sv pooled);
void plm_intern_drop(struct plm_intern *p, plm_sv pooled); /* null: nothing */
