/* SPDX-License-Identifier: Apache-2.0
 *
 * The release files that came before os-release.
 */
#include "catalog_run.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    catalog_run("os-release", "etc/SuSE-release", data, size);
    return 0;
}
