/* SPDX-License-Identifier: Apache-2.0
 *
 * passwd, group and shadow: the extractor and the checks of what it wrote. The first byte chooses the file.
 */
#include "inspect/inspect.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void ignore(struct plm_extract_out *out, const char *code, enum plm_severity sev, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
static void ignore(struct plm_extract_out *out, const char *code, enum plm_severity sev, const char *fmt, ...)
{
    (void)out;
    (void)code;
    (void)sev;
    (void)fmt;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const paths[] = {"/etc/passwd", "/etc/group", "/etc/shadow"};
    if (!size)
        return 0;
    const char *path = paths[data[0] % 3];
    plm_sv text = plm_sv_n((const char *)data + 1, size - 1);
    struct plm_ctx ctx = PLM_CTX_INIT;
    plm_auto(plm_report_free) struct plm_report *r = plm_report_new(NULL);
    plm_auto(plm_image_facts_free) struct plm_image_facts *facts = plm_image_facts_new(NULL);
    plm_auto(plm_arena_free) struct plm_arena *a = plm_arena_new(PLM_MIB(64));
    PLM_SET_FOREACH (plm_inspectors, struct plm_inspector, i) {
        if (!r || !facts || !a || strcmp(i->id, "accounts") != 0 || !plm_report_target(r))
            continue;
        struct plm_entry e = {.path = plm_sv_from(path + 1), .size = text.n, .mode = 0100644};
        struct plm_extract_out out = {
            .facts = PLM_BUF(PLM_MIB(16)), .arena = a, .diag = ignore, .limits = &plm_limits_default};
        if (i->extractors[0]->extract(&e, text, &out, NULL) == 0) {
            struct plm_facts f = {.extractor = i->extractors[0],
                                  .path = plm_sv_from(path),
                                  .layer = PLM_NONE,
                                  .visible = true,
                                  .data = plm_buf_sv(&out.facts)};
            struct plm_analysis an = {.facts = {.v = &f, .n = 1}};
            struct plm_inspect_options opt = {0};
            struct plm_inspection in = {
                .ctx = &ctx, .opt = &opt, .analysis = &an, .report = r, .facts = facts};
            (void)i->inspect(&in, NULL);
        }
        plm_buf_done(&out.facts);
    }
    return 0;
}
