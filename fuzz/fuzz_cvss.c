/* SPDX-License-Identifier: Apache-2.0 */
#include "model/model.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    double score;
    plm_sv version;
    if (plm_cvss_score(plm_sv_n((const char *)data, size), &score, &version) && !(score >= 0 && score <= 10))
        abort();
    return 0;
}
