/* SPDX-License-Identifier: Apache-2.0
 *
 * Bounded thread pool. Work items own their inputs and hand results back through what
 * `arg` points to; plm_pool_wait returns when all submitted work is done.
 *
 *     struct plm_pool *p = plm_pool_new(plm_jobs(ctx), err);
 *     for (...) plm_pool_submit(p, fn, &items[i]);
 *     plm_pool_free(p);   // waits
 *
 * With one thread the work runs in plm_pool_submit itself, in order: no thread is started.
 */
#pragma once

#include "base/err.h"

struct plm_pool;

struct plm_pool *plm_pool_new(unsigned threads, plm_err **err);
/* Blocks while the queue (4 per thread) is full. */
void plm_pool_submit(struct plm_pool *p, void (*fn)(void *arg), void *arg);
void plm_pool_wait(struct plm_pool *p);
void plm_pool_free(struct plm_pool *p);
PLM_CLEANUP(struct plm_pool, plm_pool_free)
