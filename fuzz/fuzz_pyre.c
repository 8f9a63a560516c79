/* SPDX-License-Identifier: Apache-2.0
 *
 * Python expressions: the pattern up to the first NUL byte, the text behind it.
 */
#include "codec/pyre.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    plm_sv pattern, text;
    (void)plm_sv_cut(plm_sv_n((const char *)data, size), '\0', &pattern, &text);
    for (unsigned flags = 0; flags < 4; flags++) {
        plm_auto(plm_pyre_free) struct plm_pyre *re = plm_pyre_new(pattern, flags, NULL);
        for (int how = 0; re && how < 3; how++)
            (void)plm_pyre_test(re, text, (enum plm_pyre_how)how, NULL);
    }
    return 0;
}
