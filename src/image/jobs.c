/* SPDX-License-Identifier: Apache-2.0
 *
 * The table of jobs: which fence each runs in.
 */
#include "image/worker.h"

static const struct plm_job_type types[PLM_JOB_COUNT_] = {
    [PLM_JOB_LAYER] = {.fence = PLM_FENCE_STREAM, .run = plm_job_layer, .before = plm_job_load},
    [PLM_JOB_TREE] = {.fence = PLM_FENCE_TREE, .n_trees = 1, .run = plm_job_tree, .before = plm_job_load},
    [PLM_JOB_OVERLAY] = {.fence = PLM_FENCE_OVERLAY,
                         .n_trees = 1,
                         .run = plm_job_overlay,
                         .before = plm_job_load},
    [PLM_JOB_MEMBERS] = {.fence = PLM_FENCE_STREAM, .run = plm_job_members},
    [PLM_JOB_SPLIT] = {.fence = PLM_FENCE_STREAM, .is_raw = true, .run = plm_job_split},
    [PLM_JOB_INFLATE] = {.fence = PLM_FENCE_STREAM,
                         .is_raw = true,
                         .tells_failure = true,
                         .run = plm_job_inflate},
    [PLM_JOB_DOCUMENT] = {.fence = PLM_FENCE_STREAM, .run = plm_job_document},
};

const struct plm_job_type *plm_job_type_get(enum plm_job job)
{
    return &types[job];
}
