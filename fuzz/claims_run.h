/* SPDX-License-Identifier: Apache-2.0
 *
 * Runs a claim extractor over fuzzed bytes, and reads back what it wrote.
 */
#pragma once

#include "catalog/catalog.h"

#include <stdlib.h>

static inline void claims_ignore(struct plm_extract_out *out, const char *code, enum plm_severity sev,
                                 const char *fmt, ...)
{
    (void)out;
    (void)code;
    (void)sev;
    (void)fmt;
}

static inline void claims_run(const struct plm_extractor *x, const char *path, const uint8_t *data,
                              size_t size)
{
    struct plm_extract_out out = {.facts = PLM_BUF(PLM_MIB(64)),
                                  .owned = PLM_BUF(PLM_MIB(1)),
                                  .arena = plm_arena_new(PLM_MIB(256)),
                                  .diag = claims_ignore,
                                  .limits = &plm_limits_default};
    struct plm_entry e = {.path = plm_sv_from(path), .size = size, .mode = 0100644};
    if (out.arena && x->extract(&e, plm_sv_n((const char *)data, size), &out, NULL) == 0) {
        struct plm_claim claim;
        struct plm_claim_reader r = plm_claim_read(plm_buf_sv(&out.facts));
        while (plm_claim_next(&r, &claim))
            ;
        if (r.at != out.facts.n)
            abort(); /* what our own encoder wrote must read back to its end */
        plm_claim_reader_done(&r);
    }
    plm_arena_free(out.arena);
    plm_buf_done(&out.facts);
    plm_buf_done(&out.owned);
}
