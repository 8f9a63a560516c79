/* SPDX-License-Identifier: Apache-2.0
 *
 * Running a plan: one layer at a time (layer.c), all of them and their merge (run.c).
 */
#pragma once

#include "base/fs.h"
#include "image/build.h"
#include "image/cache.h"
#include "image/image_int.h"

/* What a loaded layer is. Errors are kept for the thread that merges. */
struct plm_layer_run {
    const struct plm_ctx *ctx;
    const struct plm_image_options *opt;
    const struct plm_plan_layer *layer;
    struct plm_wanted wanted; /* with the extra wants of this layer */
    struct plm_arena *arena;  /* arrays of the record */
    struct plm_record record;
    struct plm_fs_map map;               /* backing of the record: a cache entry ... */
    struct plm_buf bytes;                /* ... or what a worker wrote */
    char computed[PLM_DIGEST_CHARS + 1]; /* digest of the bytes as read, "" if they were not read whole */
    uint64_t bytes_read;
    bool is_cached, is_loaded, is_stored, lacks_landlock, is_mismatch;
    plm_err *failed;
};
void plm_layer_run(struct plm_layer_run *run);
void plm_layer_run_done(struct plm_layer_run *run);

/* The digest of an analysis: what, beside the bytes, decides what a record holds. */
bool plm_record_key(const char *digest, const char *kind, const struct plm_limits *limits,
                    const struct plm_wanted *w, struct plm_cache_key *out);
