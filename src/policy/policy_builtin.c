/* SPDX-License-Identifier: Apache-2.0
 *
 * The policies that are built in, from the files of policies/ (tools/embed.py makes the texts).
 */
#include "policy/policy.h"

extern const char plm_policy_default[], plm_policy_strict[], plm_policy_cis_docker[],
    plm_policy_nist_800_190[];
extern const size_t plm_policy_default_n, plm_policy_strict_n, plm_policy_cis_docker_n,
    plm_policy_nist_800_190_n;

const struct plm_policy_builtin plm_policy_builtins[] = {
    {"cis-docker", "section 4 of the CIS Docker Benchmark 1.6", plm_policy_cis_docker,
     &plm_policy_cis_docker_n},
    {"default", "holes with a fix, exploited ones, secrets and open accounts stop; the rest warns",
     plm_policy_default, &plm_policy_default_n},
    {"nist-800-190", "image risks of NIST SP 800-190", plm_policy_nist_800_190, &plm_policy_nist_800_190_n},
    {"strict", "everything that can be mended must be", plm_policy_strict, &plm_policy_strict_n},
};
const size_t plm_policy_builtins_n = sizeof(plm_policy_builtins) / sizeof(plm_policy_builtins[0]);
