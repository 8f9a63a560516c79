/* SPDX-License-Identifier: Apache-2.0
 *
 * File lists of dpkg.
 */
#include "catalog_run.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    catalog_run("dpkg", "var/lib/dpkg/info/x.list", data, size);
    return 0;
}
