/* SPDX-License-Identifier: Apache-2.0
 *
 * A template, run over a small report.
 */
#include "report/report.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    plm_auto(plm_report_free) struct plm_report *r = plm_report_new(NULL);
    struct plm_target *t = r ? plm_report_target(r) : NULL;
    struct plm_finding *f = t ? plm_report_finding(r, 0, PLM_KIND_SECRET) : NULL;
    if (!f)
        return 0;
    t->id = PLM_SV("x");
    f->id = PLM_SV("key");
    f->title = PLM_SV("a \033 title");
    plm_sv_vec_add(r->arena, &f->aliases, PLM_SV("b"));
    struct plm_report_options opt = {.template_text = plm_sv_n((const char *)data, size)};
    plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(PLM_MIB(1));
    if (plm_report_finish(r, NULL) < 0 || plm_format_find(PLM_SV("template"))->write(r, &opt, &b, NULL) < 0)
        return 0;
    return 0;
}
