/* SPDX-License-Identifier: Apache-2.0
 *
 * Every field must lie inside the text and stanzas must advance.
 */
#include "codec/deb822.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    plm_sv text = plm_sv_n((const char *)data, size), line;
    struct plm_deb822 it = PLM_DEB822(text);
    size_t bytes = 0;
    while (plm_deb822_next(&it)) {
        struct plm_deb822_field f;
        plm_sv rest = it.stanza;
        bytes += it.stanza.n;
        while (plm_deb822_field(&rest, &f)) {
            if (!f.value.p || f.value.p < text.p || f.value.p + f.value.n > text.p + text.n)
                abort();
            while (plm_deb822_line(&f.value, &line))
                bytes += line.n == SIZE_MAX;
        }
        if (it.stanza.n == 0)
            abort();
    }
    if (bytes > size)
        abort();
    return 0;
}
