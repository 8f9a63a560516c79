/* SPDX-License-Identifier: Apache-2.0
 *
 * Runs an extractor over fuzzed bytes as a worker would, then collects what it wrote.
 */
#pragma once

#include "base/ctx.h"
#include "catalog/catalog.h"

#include <stdlib.h>
#include <string.h>

static inline void catalog_ignore(struct plm_extract_out *out, const char *code, enum plm_severity sev,
                                  const char *fmt, ...)
{
    (void)out;
    (void)code;
    (void)sev;
    (void)fmt;
}

static inline void catalog_run(const char *id, const char *path, const uint8_t *data, size_t size)
{
    struct plm_limits limits = plm_limits_default;
    limits.packages = 2000;
    limits.file_bytes = 8u << 20;
    PLM_SET_FOREACH (plm_catalogers, struct plm_cataloger, c) {
        if (strcmp(c->id, id) != 0)
            continue;
        struct plm_extract_out out = {.facts = PLM_BUF(PLM_MIB(64)),
                                      .owned = PLM_BUF(PLM_MIB(64)),
                                      .arena = plm_arena_new(PLM_MIB(256)),
                                      .diag = catalog_ignore,
                                      .limits = &limits};
        struct plm_entry e = {.path = plm_sv_from(path), .size = size, .mode = 0100644};
        plm_sv view = plm_sv_n((const char *)data, size);
        struct plm_report *r = plm_report_new(NULL);
        if (r && plm_report_target(r) && out.arena && c->extractor->extract(&e, view, &out, NULL) == 0) {
            struct plm_facts f = {.extractor = c->extractor,
                                  .path = plm_sv_from(path),
                                  .visible = true,
                                  .data = plm_buf_sv(&out.facts),
                                  .owned = plm_buf_sv(&out.owned)};
            struct plm_analysis a = {.facts = {.v = &f, .n = 1}};
            struct plm_ctx ctx = PLM_CTX_INIT;
            /* what our own encoder wrote must read back without a fault */
            if (!out.facts.failed && !out.owned.failed &&
                plm_catalog_collect(&ctx, &a, PLM_CATALOG_OWNED, r, 0, NULL) == 0)
                for (size_t i = 0; i < r->diagnostics.n; i++)
                    if (plm_sv_is(r->diagnostics.v[i].code, "catalog.bad-record"))
                        abort();
        }
        plm_report_free(r);
        plm_arena_free(out.arena);
        plm_buf_done(&out.facts);
        plm_buf_done(&out.owned);
    }
}
