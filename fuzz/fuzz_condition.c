/* SPDX-License-Identifier: Apache-2.0
 *
 * Conditions of rules: what parses is written as canonical text, which must parse to the same text again
 * (its parentheses may be too deep where the original had none).
 */
#include "base/buf.h"
#include "watch/condition.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    plm_auto(plm_arena_free) struct plm_arena *a = plm_arena_new(PLM_MIB(64));
    plm_auto(plm_err_free) plm_err *err = NULL;
    plm_auto_done(plm_buf_done) struct plm_buf once = PLM_BUF(PLM_MIB(16)), twice = PLM_BUF(PLM_MIB(16));
    size_t at = 0;
    struct plm_cond *c = a ? plm_cond_parse(plm_sv_n((const char *)data, size), a, &at, NULL) : NULL;
    if (at > size)
        abort();
    if (!c)
        return 0;
    plm_cond_text(c, &once);
    c = plm_cond_parse(plm_buf_sv(&once), a, &at, &err);
    if (!c && plm_err_code(err) == PLM_E_PARSE && !strstr(err->message, "deep"))
        abort();
    if (!c)
        return 0;
    plm_cond_text(c, &twice);
    if (!plm_sv_eq(plm_buf_sv(&once), plm_buf_sv(&twice)))
        abort();
    return 0;
}
