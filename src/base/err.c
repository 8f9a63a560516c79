/* SPDX-License-Identifier: Apache-2.0
 *
 * Error objects. Each is one allocation for the object and one per text.
 */
#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

static plm_err oom = {.code = PLM_E_OOM, .message = "out of memory"};

static const struct {
    const char *name;
    int exit, http;
} codes[PLM_E_COUNT_] = {
    // clang-format off
    [PLM_E_OOM]         = {"OOM",         3, 503},
    [PLM_E_IO]          = {"IO",          3, 500},
    [PLM_E_PARSE]       = {"PARSE",       3, 422},
    [PLM_E_LIMIT]       = {"LIMIT",       3, 413},
    [PLM_E_NOTFOUND]    = {"NOTFOUND",    3, 404},
    [PLM_E_AUTH]        = {"AUTH",        3, 403},
    [PLM_E_NET]         = {"NET",         3, 502},
    [PLM_E_POLICY]      = {"POLICY",      1, 403},
    [PLM_E_UNSUPPORTED] = {"UNSUPPORTED", 3, 415},
    [PLM_E_CANCEL]      = {"CANCEL",      3, 503},
    [PLM_E_INTERNAL]    = {"INTERNAL",    3, 500},
    [PLM_E_USAGE]       = {"USAGE",       2, 400},
    [PLM_E_CONFIG]      = {"CONFIG",      2, 400},
    [PLM_E_STALE]       = {"STALE",       4, 503},
    [PLM_E_EMPTY]       = {"EMPTY",       5, 404},
    // clang-format on
};

static bool known(enum plm_code c)
{
    return c >= PLM_E_OOM && c < PLM_E_COUNT_;
}

const char *plm_code_name(enum plm_code code)
{
    return known(code) ? codes[code].name : "INTERNAL";
}

int plm_code_exit(enum plm_code code)
{
    return known(code) ? codes[code].exit : 3;
}

int plm_code_http(enum plm_code code)
{
    return known(code) ? codes[code].http : 500;
}

__attribute__((format(printf, 4, 0))) static plm_err *make(enum plm_code code, const char *id, int sys,
                                                           const char *fmt, va_list ap)
{
    char *msg = NULL;
    if (vasprintf(&msg, fmt, ap) < 0)
        return &oom;
    if (sys) {
        char *with = NULL;
        if (asprintf(&with, "%s: %s", msg, strerror(sys)) < 0)
            with = NULL;
        if (with) {
            free(msg);
            msg = with;
        }
    }
    plm_err *e = calloc(1, sizeof(*e));
    if (!e) {
        free(msg);
        return &oom;
    }
    *e = (plm_err){.code = code, .sys = sys, .id = id, .message = msg};
    return e;
}

int(plm_fail)(plm_err **err, enum plm_code code, const char *fmt, ...)
{
    if (!err)
        return -1;
    va_list ap;
    va_start(ap, fmt);
    *err = make(code, NULL, 0, fmt, ap);
    va_end(ap);
    return -1;
}

int(plm_fail_id)(plm_err **err, enum plm_code code, const char *id, const char *fmt, ...)
{
    if (!err)
        return -1;
    va_list ap;
    va_start(ap, fmt);
    *err = make(code, id, 0, fmt, ap);
    va_end(ap);
    return -1;
}

static enum plm_code code_of_errno(int sys)
{
    switch (sys) {
    case ENOENT:
    case ENOTDIR:
        return PLM_E_NOTFOUND;
    case EACCES:
    case EPERM:
        return PLM_E_AUTH;
    case ENOMEM:
        return PLM_E_OOM;
    default:
        return PLM_E_IO;
    }
}

int(plm_fail_sys)(plm_err **err, const char *fmt, ...)
{
    int sys = errno;
    if (!err)
        return -1;
    va_list ap;
    va_start(ap, fmt);
    *err = make(code_of_errno(sys), NULL, sys, fmt, ap);
    va_end(ap);
    errno = sys;
    return -1;
}

int(plm_wrap)(plm_err **err, const char *fmt, ...)
{
    if (!err || !*err || *err == &oom)
        return -1;
    va_list ap;
    va_start(ap, fmt);
    plm_err *e = make((*err)->code, (*err)->id, 0, fmt, ap);
    va_end(ap);
    if (e == &oom)
        return -1; /* keep the error that we have */
    e->sys = (*err)->sys;
    e->cause = *err;
    *err = e;
    return -1;
}

int(plm_fail_oom)(plm_err **err)
{
    if (err)
        *err = &oom;
    return -1;
}

void plm_err_hint(plm_err **err, const char *fmt, ...)
{
    if (!err || !*err || *err == &oom || (*err)->hint)
        return;
    char *text = NULL;
    va_list ap;
    va_start(ap, fmt);
    if (vasprintf(&text, fmt, ap) >= 0)
        (*err)->hint = text;
    va_end(ap);
}

int plm_err_move(plm_err **to, plm_err **from)
{
    if (to)
        *to = *from;
    else
        plm_err_free(*from);
    *from = NULL;
    return -1;
}

void plm_err_free(plm_err *err)
{
    while (err && err != &oom) {
        plm_err *cause = err->cause;
        free((void *)(uintptr_t)err->message);
        free((void *)(uintptr_t)err->hint);
        free(err);
        err = cause;
    }
}

char *plm_err_text(const plm_err *err)
{
    size_t n = 1;
    for (const plm_err *e = err; e; e = e->cause)
        n += strlen(e->message) + 2;
    char *out = malloc(n), *p = out;
    if (!out)
        return NULL;
    *p = 0;
    for (const plm_err *e = err; e; e = e->cause) {
        p = stpcpy(p, e->message);
        if (e->cause)
            p = stpcpy(p, ": ");
    }
    return out;
}

const char *plm_err_hint_get(const plm_err *err)
{
    const char *hint = NULL;
    for (; err; err = err->cause)
        hint = err->hint ? err->hint : hint;
    return hint;
}

const char *plm_err_id(const plm_err *err)
{
    const char *id = NULL;
    for (; err; err = err->cause)
        id = err->id ? err->id : id;
    return id;
}
