/* SPDX-License-Identifier: Apache-2.0
 *
 * Any bytes are a Dockerfile: lines ascend, stages hold their instructions, views lie in the text or the
 * arena; all rules run over it. The same bytes as a history line give one instruction.
 */
#include "inspect/dockerfile.h"
#include "inspect/dockerfile_rules.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void look(const struct plm_dockerfile *df)
{
    uint32_t line = 0;
    for (size_t i = 0; i < df->instrs.n; i++) {
        const struct plm_df_instr *in = &df->instrs.v[i];
        bool is_ordered = in->line > line && in->end_line >= in->line;
        bool has_stage = in->stage == PLM_NONE || in->stage < df->stages.n;
        if (!is_ordered || !has_stage)
            abort();
        line = in->line;
    }
    for (size_t i = 0; i < df->stages.n; i++) {
        const struct plm_df_stage *s = &df->stages.v[i];
        bool is_inside = s->first < df->instrs.n && s->n >= 1 && s->first + s->n <= df->instrs.n;
        if (!is_inside || (s->parent != PLM_NONE && s->parent >= i))
            abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct plm_arena *a = plm_arena_new(PLM_MIB(256));
    struct plm_report *r = plm_report_new(NULL);
    plm_sv text = {(const char *)data, size};
    struct plm_df_instr in;
    if (!a || !r)
        goto out;
    const struct plm_dockerfile *df = plm_dockerfile_parse(text, a, NULL);
    if (df)
        look(df);
    if (plm_df_history_line(text, a, &in, NULL) == 0 && in.kind != PLM_DF_UNKNOWN && !in.keyword.n)
        abort();
    struct plm_dockerfile_options o = {.no_shellcheck = true};
    if (plm_report_target(r) && plm_dockerfile_check(text, PLM_SV("f"), &o, r, 0, NULL) == 0)
        (void)plm_report_finish(r, NULL);
out:
    plm_report_free(r);
    plm_arena_free(a);
    return 0;
}
