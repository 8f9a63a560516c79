/* SPDX-License-Identifier: Apache-2.0
 *
 * placeholder until written
 */
#include "repo/repo_int.h"
int plm_repo_rpm(const struct repo_run *run, struct plm_report *r, uint32_t target,
                 struct plm_repo_outcome *out, plm_err **err)
{
    (void)run;
    (void)r;
    (void)target;
    (void)out;
    (void)err;
    return 0;
}
int plm_repo_apk(const struct repo_run *run, struct plm_report *r, uint32_t target,
                 struct plm_repo_outcome *out, plm_err **err)
{
    (void)run;
    (void)r;
    (void)target;
    (void)out;
    (void)err;
    return 0;
}
