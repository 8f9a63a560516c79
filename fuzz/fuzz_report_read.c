/* SPDX-License-Identifier: Apache-2.0
 *
 * A saved report, read, rendered in every format; and what was written must read again and be
 * written the same.
 */
#include "report/report.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct plm_ctx ctx = PLM_CTX_INIT;
    plm_auto(plm_report_free) struct plm_report *r =
        plm_report_read(&ctx, plm_sv_n((const char *)data, size), "fuzz", NULL);
    if (!r)
        return 0;
    for (int i = 0; i < 5; i++) {
        struct plm_report_options opt = {.width = 60 + (unsigned)i * 20,
                                         .group_by = (enum plm_group)i,
                                         .sort = (enum plm_sort)i,
                                         .show_suppressed = true,
                                         .color = i & 1,
                                         .template_text =
                                             PLM_SV("{{range .findings}}{{.id}}{{.title | html}}{{end}}")};
        PLM_SET_FOREACH (plm_formats, struct plm_format, f) {
            plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(PLM_MIB(64));
            if (f->write(r, &opt, &b, NULL) < 0)
                continue;
        }
    }
    struct plm_report_options opt = {0};
    plm_auto_done(plm_buf_done) struct plm_buf first = PLM_BUF(PLM_MIB(64));
    plm_auto_done(plm_buf_done) struct plm_buf second = PLM_BUF(PLM_MIB(64));
    const struct plm_format *json = plm_format_find(PLM_SV("json"));
    if (json->write(r, &opt, &first, NULL) < 0)
        return 0;
    plm_auto(plm_report_free) struct plm_report *again =
        plm_report_read(&ctx, plm_buf_sv(&first), "again", NULL);
    if (!again || json->write(again, &opt, &second, NULL) < 0 ||
        !plm_sv_eq(plm_buf_sv(&first), plm_buf_sv(&second)))
        abort();
    return 0;
}
