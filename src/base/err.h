/* SPDX-License-Identifier: Apache-2.0
 *
 * Errors are values: a code, a message, and the error that caused it. Every fallible
 * function takes `plm_err **err` last and returns a negative value (or NULL) on failure.
 *
 *     if (plm_json_parse(text, &doc, err) < 0)
 *         return plm_wrap(err, "manifest of %s", name);
 *
 * Ownership: the caller of the outermost function frees with plm_err_free. Passing
 * err == NULL means "only tell me it failed". *err must be NULL on entry.
 * Out of memory while reporting yields a static object, so reporting never fails.
 * Nobody logs on the way up; src/cli prints, src/report serialises.
 */
#pragma once

#include "base/cleanup.h"

#include <stdarg.h>

enum plm_code {
    PLM_E_OOM = 1,
    PLM_E_IO,
    PLM_E_PARSE,
    PLM_E_LIMIT,
    PLM_E_NOTFOUND,
    PLM_E_AUTH,
    PLM_E_NET,
    PLM_E_POLICY,
    PLM_E_UNSUPPORTED,
    PLM_E_CANCEL,
    PLM_E_INTERNAL,
    PLM_E_USAGE,
    PLM_E_CONFIG,
    PLM_E_STALE,
    PLM_E_EMPTY,
    PLM_E_COUNT_
};

typedef struct plm_err plm_err;
struct plm_err {
    enum plm_code code;
    int sys;             /* errno, or 0 */
    const char *id;      /* dotted code that refines `code` ("engine.permission"); static, or NULL */
    const char *message; /* one line, no newline, never NULL */
    const char *hint;    /* what to try, or NULL */
    plm_err *cause;      /* owned, or NULL */
};

/* All of these return -1 and set *err when err is not NULL; as macros, so that compilers and analysers know
 * the -1. */
int plm_fail(plm_err **err, enum plm_code code, const char *fmt, ...)
    __attribute__((format(printf, 3, 4), warn_unused_result));
/* Same with a dotted id. */
int plm_fail_id(plm_err **err, enum plm_code code, const char *id, const char *fmt, ...)
    __attribute__((format(printf, 4, 5), warn_unused_result));
/* Takes errno: code by errno (ENOENT: NOTFOUND, EACCES and EPERM: AUTH, ENOMEM: OOM, else IO); ": strerror"
 * is appended. */
int plm_fail_sys(plm_err **err, const char *fmt, ...)
    __attribute__((format(printf, 2, 3), warn_unused_result));
/* Puts context in front of an error: same code and id, the old one becomes the cause. */
int plm_wrap(plm_err **err, const char *fmt, ...) __attribute__((format(printf, 2, 3), warn_unused_result));
int plm_fail_oom(plm_err **err) __attribute__((warn_unused_result));
/* -1 for the compiler's and the analysers' eyes as well. Not `((void)!f(), -1)`: gcc 14 folds that and then
 * finds the result unused. */
static inline int plm_failed(int minus_one)
{
    (void)minus_one;
    return -1;
}
#define plm_fail(...)     plm_failed(plm_fail(__VA_ARGS__))
#define plm_fail_id(...)  plm_failed(plm_fail_id(__VA_ARGS__))
#define plm_fail_sys(...) plm_failed(plm_fail_sys(__VA_ARGS__))
#define plm_wrap(...)     plm_failed(plm_wrap(__VA_ARGS__))
#define plm_fail_oom(err) plm_failed(plm_fail_oom(err))

/* For functions that return a pointer: `return PLM_NULL(plm_fail(err, ...));` */
static inline void *plm_null_of(int failure)
{
    (void)failure;
    return NULL;
}
#define PLM_NULL(failure) plm_null_of(failure)

/* Adds a hint to *err if there is one and it has none. */
void plm_err_hint(plm_err **err, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Moves *from to *to (frees it where to is NULL). Returns -1. */
int plm_err_move(plm_err **to, plm_err **from);

void plm_err_free(plm_err *err);
PLM_CLEANUP(plm_err, plm_err_free)

/* "manifest of app: line 3: unexpected end", written into a heap string; NULL only when out of memory. */
char *plm_err_text(const plm_err *err);
/* The innermost hint and the innermost id, or NULL. */
const char *plm_err_hint_get(const plm_err *err);
const char *plm_err_id(const plm_err *err);
static inline enum plm_code plm_err_code(const plm_err *err)
{
    return err ? err->code : PLM_E_INTERNAL;
}

/* The one table of codes (design.md part 4): "IO", exit code, HTTP status. */
const char *plm_code_name(enum plm_code code);
int plm_code_exit(enum plm_code code);
int plm_code_http(enum plm_code code);
