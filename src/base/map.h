/* SPDX-License-Identifier: Apache-2.0
 *
 * Hash map from string views to pointers. Keys are borrowed and must outlive the map.
 * Open addressing, grows at 3/4; iteration order is insertion order, hence deterministic.
 *
 *     plm_auto(plm_map_free) struct plm_map *m = plm_map_new();
 *     void **slot = plm_map_put(m, key);   // existing or new (NULL value) slot; NULL: out of memory
 */
#pragma once

#include "base/err.h"
#include "base/sv.h"

struct plm_map;

struct plm_map *plm_map_new(void);
void plm_map_free(struct plm_map *m);
PLM_CLEANUP(struct plm_map, plm_map_free)

void **plm_map_put(struct plm_map *m, plm_sv key);
/* NULL if absent. */
void *plm_map_get(const struct plm_map *m, plm_sv key);
size_t plm_map_count(const struct plm_map *m);
/* The i-th inserted entry. */
plm_sv plm_map_key(const struct plm_map *m, size_t i);
void *plm_map_value(const struct plm_map *m, size_t i);
