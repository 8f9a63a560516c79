/* SPDX-License-Identifier: Apache-2.0 */
#include "base/ctx.h"

#include <sched.h>
#include <time.h>

int64_t plm_now(const struct plm_ctx *ctx)
{
    return ctx->now ? ctx->now : (int64_t)time(NULL);
}

unsigned plm_jobs(const struct plm_ctx *ctx)
{
    if (ctx->jobs)
        return ctx->jobs;
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof(set), &set) < 0)
        return 1;
    int n = CPU_COUNT(&set);
    return n > 0 ? (unsigned)n : 1;
}
