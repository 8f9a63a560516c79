/* SPDX-License-Identifier: Apache-2.0
 *
 * Allocation-failure sweeps: runs a piece of code again and again, failing its first, second,
 * third ... allocation, until it gets through without meeting the failing one. Each failed run
 * must say so and leak nothing (the leak is found by the sanitizer build).
 *
 * To use it, name the test program tests/MODULE/test_alloc_fail*.c: only those are linked with
 * -Wl,--wrap=malloc and so on, which this header defines. Include it in that one file:
 *
 *     #include "../base/alloc_fail.h"
 *
 *     static int parse(void *arg, plm_err **err)      // 0, or -1 with *err: the code under test
 *     {
 *         plm_auto(plm_json_free) struct plm_json *j = plm_json_parse(*(plm_sv *)arg, ..., err);
 *         return j ? 0 : -1;
 *     }
 *     static void json(void **state)                  // a cmocka test
 *     {
 *         assert_true(plm_test_sweep(parse, &text) > 3);   // how many allocations were failed
 *     }
 *
 * Only allocations of our own objects are failed, not those inside shared libraries: theirs are
 * theirs to test. Code that gets on without an allocation (a cache) may succeed; it is run on.
 */
#pragma once

#include "base/err.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

void *__real_malloc(size_t n);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *p, size_t n);
void *__real_reallocarray(void *p, size_t n, size_t size);
void *__real_aligned_alloc(size_t align, size_t n);
char *__real_strdup(const char *s);
char *__real_strndup(const char *s, size_t n);
void *__wrap_malloc(size_t n);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *p, size_t n);
void *__wrap_reallocarray(void *p, size_t n, size_t size);
void *__wrap_aligned_alloc(size_t align, size_t n);
char *__wrap_strdup(const char *s);
char *__wrap_strndup(const char *s, size_t n);

static uint64_t alloc_fail_in; /* the n-th from now fails; 0: none does */

static bool alloc_fails(void)
{
    return alloc_fail_in != 0 && --alloc_fail_in == 0;
}

void *__wrap_malloc(size_t n)
{
    return alloc_fails() ? NULL : __real_malloc(n);
}

void *__wrap_calloc(size_t n, size_t size)
{
    return alloc_fails() ? NULL : __real_calloc(n, size);
}

void *__wrap_realloc(void *p, size_t n)
{
    return alloc_fails() ? NULL : __real_realloc(p, n);
}

void *__wrap_reallocarray(void *p, size_t n, size_t size)
{
    return alloc_fails() ? NULL : __real_reallocarray(p, n, size);
}

void *__wrap_aligned_alloc(size_t align, size_t n)
{
    return alloc_fails() ? NULL : __real_aligned_alloc(align, n);
}

char *__wrap_strdup(const char *s)
{
    return alloc_fails() ? NULL : __real_strdup(s);
}

char *__wrap_strndup(const char *s, size_t n)
{
    return alloc_fails() ? NULL : __real_strndup(s, n);
}

/* Fails the test if a run fails for another reason than memory. How many allocations were failed in turn. */
static inline size_t plm_test_sweep(int (*run)(void *arg, plm_err **err), void *arg)
{
    for (size_t n = 1;; n++) {
        plm_err *err = NULL;
        alloc_fail_in = n;
        int r = run(arg, &err);
        bool is_through = alloc_fail_in != 0;
        alloc_fail_in = 0;
        if (r < 0 && (!err || err->code != PLM_E_OOM || is_through))
            fail_msg("allocation %zu failed: %s", n, err ? err->message : "no error was given");
        if (r == 0 && err)
            fail_msg("allocation %zu failed: success with an error", n);
        plm_err_free(err);
        if (is_through)
            return n - 1;
    }
}
