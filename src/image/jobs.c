/* SPDX-License-Identifier: Apache-2.0
 *
 * The table of jobs: which fence each runs in.
 */
#include "image/worker.h"

static const struct plm_job_type types[PLM_JOB_COUNT_] = {
    [PLM_JOB_TREE] = {.fence = PLM_FENCE_TREE, .n_trees = 1, .run = plm_job_tree},
};

const struct plm_job_type *plm_job_type_get(enum plm_job job)
{
    return &types[job];
}
