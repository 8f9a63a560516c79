/* SPDX-License-Identifier: Apache-2.0 */
#include "feed_sink.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    return fuzz_feed("oval", "input", data, size);
}
