/* SPDX-License-Identifier: Apache-2.0
 *
 * rpm's NDB files.
 */
#include "catalog_run.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    catalog_run("rpm", "var/lib/rpm/Packages.db", data, size);
    return 0;
}
