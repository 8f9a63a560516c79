/* SPDX-License-Identifier: Apache-2.0
 *
 * dpkg's status file.
 */
#include "catalog_run.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    catalog_run("dpkg", "var/lib/dpkg/status", data, size);
    return 0;
}
