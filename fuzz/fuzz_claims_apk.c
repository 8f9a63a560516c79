/* SPDX-License-Identifier: Apache-2.0
 *
 * What is recorded of files of packages: apk database.
 */
#include "claims_run.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    claims_run(&plm_claims_apk, "lib/apk/db/installed", data, size);
    return 0;
}
