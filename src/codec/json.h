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
