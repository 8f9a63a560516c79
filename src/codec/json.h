/* SPDX-License-Identifier: Apache-2.0
 *
 * JSON over yyjson: parsing with limits and getters that never fail, so that code reads as
 * the structure it expects. Values and their strings live as long as the document.
 *
 *     plm_auto(plm_json_free) struct plm_json *doc = plm_json_parse(text, "manifest", limits, err);
 *     yyjson_val *root = plm_json_root(doc);
 *     plm_sv digest = plm_json_str(root, "config", "digest", NULL);   // null view if absent or no string
 */
#pragma once

#include "base/err.h"
#include "base/limits.h"
#include "base/sv.h"

#include <yyjson.h>

/* yyjson 0.10's own computes an address from a null key where there is no object or an empty one, which is
 * undefined: newer sanitizers stop there. */
#undef yyjson_obj_foreach
#define yyjson_obj_foreach(obj, idx, max, key, val)                                                          \
    for ((idx) = 0, (max) = yyjson_obj_size(obj), (key) = (max) ? unsafe_yyjson_get_first(obj) : NULL,       \
        (val) = (max) ? (key) + 1 : NULL;                                                                    \
         (idx) < (max); (idx)++, (key) = unsafe_yyjson_get_next(val), (val) = (key) + 1)

struct plm_json;

/* PARSE with line and column; LIMIT for size and depth. Duplicate keys keep the first. The text is copied. */
struct plm_json *plm_json_parse(plm_sv text, const char *name, const struct plm_limits *limits,
                                plm_err **err);
void plm_json_free(struct plm_json *doc);
PLM_CLEANUP(struct plm_json, plm_json_free)
yyjson_val *plm_json_root(const struct plm_json *doc);

/* Walks object keys, NULL-ended; NULL if any step is missing. A NULL value gives NULL. */
yyjson_val *plm_json_at(yyjson_val *v, ...) __attribute__((sentinel));
plm_sv plm_json_str(yyjson_val *v, ...) __attribute__((sentinel));
plm_sv plm_json_sv(yyjson_val *v); /* of a string value; null otherwise */
int64_t plm_json_int(yyjson_val *v, const char *key, int64_t otherwise);
bool plm_json_bool(yyjson_val *v, const char *key, bool otherwise);
