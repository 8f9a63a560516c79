/* SPDX-License-Identifier: Apache-2.0
 *
 * Rule files: the input is one file, or two with a NUL byte between them. Whatever they hold, there is a set
 * or an error, and the report can be written in both shapes.
 */
#include "base/buf.h"
#include "watch/rules.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct plm_limits limits = plm_limits_default;
    struct plm_ctx ctx = PLM_CTX_INIT;
    plm_auto(plm_arena_free) struct plm_arena *a = plm_arena_new(PLM_ARENA_NO_LIMIT);
    plm_auto_done(plm_buf_done) struct plm_buf out = PLM_BUF(PLM_MIB(64)), details = PLM_BUF(PLM_MIB(64));
    struct plm_load_report report = {0};
    plm_sv names[2] = {PLM_SV("1.yaml"), PLM_SV("2.yaml")}, texts[2];
    struct plm_rules_config conf = {
        .files = names, .texts = texts, .n_files = 1, .min_priority = PLM_PRIO_DEBUG, .lenient = true};
    limits.yaml_events = 100000;
    ctx.limits = &limits;
    if (plm_sv_cut(plm_sv_n(size ? (const char *)data : "", size), '\0', &texts[0], &texts[1]))
        conf.n_files = 2;
    if (!a)
        return 0;
    plm_auto(plm_rules_unref) struct plm_rules *r = plm_rules_load(&ctx, &conf, a, &report, NULL);
    if (!r)
        return 0;
    for (size_t i = 0; i < report.files.n; i++)
        plm_load_file_text(&report.files.v[i], &out, &details);
    plm_load_report_json(&report, &out);
    for (size_t i = 0; i < plm_rules_count(r); i++)
        plm_cond_text(plm_rules_get(r, i)->condition, &details);
    return 0;
}
