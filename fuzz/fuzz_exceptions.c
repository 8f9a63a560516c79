/* SPDX-License-Identifier: Apache-2.0
 *
 * An exceptions file, read and applied to a report of one finding.
 */
#include "match/match.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct plm_ctx ctx = PLM_CTX_INIT;
    ctx.now = 1795527540;
    plm_auto(plm_exceptions_free) struct plm_exceptions *e = plm_exceptions_new(NULL);
    plm_auto(plm_report_free) struct plm_report *r = plm_report_new(NULL);
    if (!e || !r || plm_exceptions_parse(&ctx, e, plm_sv_n((const char *)data, size), "x.yaml", NULL) < 0)
        return 0;
    struct plm_target *t = plm_report_target(r);
    struct plm_package *p = plm_report_package(r, 0);
    struct plm_finding *f = plm_report_finding(r, 0, PLM_KIND_VULNERABILITY);
    if (!t || !p || !f)
        return 0;
    t->reference = PLM_SV("app:1");
    p->purl = PLM_SV("pkg:deb/debian/a@1.0?arch=amd64");
    f->id = PLM_SV("CVE-2024-0001");
    f->path = PLM_SV("/var/lib/dpkg/status");
    f->package = 0;
    /* Both answers are right for some input; crashes and leaks are not. */
    int rc = plm_exceptions_apply(&ctx, e, r, NULL);
    (void)rc;
    rc = plm_exceptions_note(&ctx, e, r, NULL);
    (void)rc;
    return 0;
}
