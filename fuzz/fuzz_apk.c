/* SPDX-License-Identifier: Apache-2.0
 *
 * The installed database of apk-tools.
 */
#include "catalog_run.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    catalog_run("apk", "lib/apk/db/installed", data, size);
    return 0;
}
