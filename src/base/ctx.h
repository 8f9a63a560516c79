/* SPDX-License-Identifier: Apache-2.0
 *
 * The context that is passed first to whatever does work: limits, clock, log, cancel
 * flag and the few options that every part honours. Borrowed, read-only for the callee;
 * it outlives the call. Tests build one with PLM_CTX_INIT and override members.
 */
#pragma once

#include "base/limits.h"
#include "base/log.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

struct plm_progress; /* base/progress.h */

struct plm_ctx {
    const struct plm_limits *limits;
    const struct plm_log *log;     /* NULL: silent */
    struct plm_progress *progress; /* NULL: none */
    const atomic_bool *cancel;     /* NULL: never cancelled */
    int64_t now;                   /* seconds since the epoch; 0: ask the system clock */
    bool now_injected;             /* --now was given */
    bool offline;                  /* no IP socket at all */
    unsigned jobs;                 /* 0: as many as processors */
    const char *cache_dir;         /* absolute; NULL: no cache */
    const char *lib_dir;           /* where the optional modules lie, absolute; NULL: beside the binary */
    uint64_t timeout_ms;           /* of the whole run, 0: none */
};

#define PLM_CTX_INIT ((struct plm_ctx){.limits = &plm_limits_default})

static inline bool plm_cancelled(const struct plm_ctx *ctx)
{
    return ctx->cancel && atomic_load_explicit(ctx->cancel, memory_order_relaxed);
}

/* ctx->now or the system clock. */
int64_t plm_now(const struct plm_ctx *ctx);
/* ctx->jobs or the number of processors that this process may use; at least 1. */
unsigned plm_jobs(const struct plm_ctx *ctx);
