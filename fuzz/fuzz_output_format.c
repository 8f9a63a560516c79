/* SPDX-License-Identifier: Apache-2.0
 *
 * Output formats of rules: any text is compiled or refused with the place of the fault; what compiles prints.
 */
#include "watch/output_format.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    plm_auto(plm_arena_free) struct plm_arena *a = plm_arena_new(PLM_MIB(16));
    plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(PLM_MIB(4));
    plm_sv text = plm_sv_n((const char *)data, size);
    struct plm_thread cat = {.is_known = true, .info = {.tid = 2, .pid = 2, .comm = PLM_SV("cat\n\xff")}};
    struct plm_event event = {
        .type = plm_evtype_find(PLM_SV("openat")), .num = 1, .ts = 1782900131004210337ull};
    struct plm_view view = {.arena = a, .thread = &cat, .event = &event};
    size_t offset = 0;
    if (!a)
        return 0;
    const struct plm_output_format *f = plm_output_compile(text, a, &offset, NULL);
    if (!f && offset > size)
        abort();
    if (f)
        plm_output_text(f, &view, &b);
    for (size_t i = 0; i < b.n; i++)
        if ((unsigned char)b.p[i] < ' ')
            abort();
    return 0;
}
