/* SPDX-License-Identifier: Apache-2.0
 *
 * os-release.
 */
#include "catalog_run.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    catalog_run("os-release", "etc/os-release", data, size);
    return 0;
}
