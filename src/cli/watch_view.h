/* SPDX-License-Identifier: Apache-2.0
 *
 * When to look again: events of the engine and changes of the files that decide, never a timer.
 *
 *     plm_auto(plm_lookout_free) struct plm_lookout *w = plm_lookout_new(ctx, &conf, err);
 *     do { look(); } while (plm_lookout_wait(w, err) > 0);
 *
 * One thread reads the engine's event stream; the caller waits on it and on inotify. A burst of
 * events is one change. Where no engine answers, files alone decide, and each wait tries again.
 */
#pragma once

#include "docker/docker.h"

struct plm_lookout;

/* conf is borrowed and outlives it. */
struct plm_lookout *plm_lookout_new(const struct plm_ctx *ctx, const struct plm_engine_config *conf,
                                    plm_err **err);
void plm_lookout_free(struct plm_lookout *w);
PLM_CLEANUP(struct plm_lookout, plm_lookout_free)
/* 1: something changed and has been quiet for a moment; 0: cancelled; -1: cannot wait. */
int plm_lookout_wait(struct plm_lookout *w, plm_err **err);
/* Whether the engine's events are being read now. */
bool plm_lookout_has_engine(const struct plm_lookout *w);
