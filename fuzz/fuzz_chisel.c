/* SPDX-License-Identifier: Apache-2.0
 *
 * Chisel manifests.
 */
#include "catalog_run.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    catalog_run("chisel", "var/lib/chisel/manifest.wall", data, size);
    return 0;
}
