/* SPDX-License-Identifier: Apache-2.0
 *
 * What is recorded of files of packages: dpkg md5sums.
 */
#include "claims_run.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    claims_run(&plm_claims_dpkg, "var/lib/dpkg/info/x.md5sums", data, size);
    return 0;
}
