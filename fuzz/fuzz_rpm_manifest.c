/* SPDX-License-Identifier: Apache-2.0
 *
 * Container manifests of Azure Linux.
 */
#include "catalog_run.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    catalog_run("rpm", "var/lib/rpmmanifest/container-manifest-2", data, size);
    return 0;
}
