/* SPDX-License-Identifier: Apache-2.0
 *
 * rpm's Berkeley DB files.
 */
#include "catalog_run.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    catalog_run("rpm", "var/lib/rpm/Packages", data, size);
    return 0;
}
