/* SPDX-License-Identifier: Apache-2.0
 *
 * What is recorded of files of packages: dpkg conffiles.
 */
#include "claims_run.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    claims_run(&plm_claims_dpkg, "var/lib/dpkg/status", data, size);
    return 0;
}
