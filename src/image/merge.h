/* SPDX-License-Identifier: Apache-2.0
 *
 * The merged view of layer records, in the order of paths and without building it: a
 * merge of sorted streams that needs memory for one path per layer and per level of depth.
 *
 *     plm_auto(plm_merge_free) struct plm_merge *m = plm_merge_new(records, n, err);   // bottom first
 *     while ((r = plm_merge_next(m, &entry, &layer)) > 0) ...
 */
#pragma once

#include "image/record.h"

struct plm_merge;
struct plm_merge *plm_merge_new(const struct plm_record *records, size_t n, plm_err **err);
void plm_merge_free(struct plm_merge *m);
PLM_CLEANUP(struct plm_merge, plm_merge_free)
/* 1: an entry of the view and the layer it comes from, borrowed until the next call; 0: the end; -1: out of
 * memory. */
int plm_merge_next(struct plm_merge *m, struct plm_record_entry *out, uint32_t *out_layer);
