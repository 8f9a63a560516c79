/* SPDX-License-Identifier: Apache-2.0
 *
 * Copyright files of Debian packages.
 */
#include "catalog_run.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    catalog_run("dpkg-license", "usr/share/doc/x/copyright", data, size);
    return 0;
}
