/* SPDX-License-Identifier: Apache-2.0
 *
 * Build steps from history and Dockerfile. Compared are the texts of RUN with every run of blanks as one: the
 * builders keep the text, but for continuation lines. O(steps of both).
 */
#include "inspect/steps.h"

#include "base/buf.h"
#include "base/map.h"

#include <stdarg.h>

enum { SHOWN = 200 };

static plm_sv squeezed(struct plm_arena *a, plm_sv text)
{
    plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(PLM_MIB(8));
    plm_sv word;
    while (plm_sv_word(&text, &word)) {
        if (b.n)
            plm_buf_byte(&b, ' ');
        plm_buf_sv_put(&b, word);
    }
    return plm_arena_sv(a, plm_buf_sv(&b));
}

/* What a shell gets; of the exec form its words, which mean the same where none of them holds a blank. */
static plm_sv text_of(const struct plm_df_instr *in, struct plm_arena *a)
{
    plm_sv text = plm_df_shell_text(in, a);
    if (text.p || !in->is_json)
        return text;
    plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(PLM_MIB(8));
    for (size_t i = 0; i < in->words.n; i++)
        plm_buf_printf(&b, "%s%.*s", i ? " " : "", PLM_SV_ARG(in->words.v[i]));
    return plm_arena_sv(a, plm_buf_sv(&b));
}

static int add(struct plm_steps *out, const struct plm_df_instr *in, const char *from, bool is_first,
               struct plm_arena *a, plm_err **err)
{
    struct plm_step *s = plm_vec_push(a, &out->v);
    if (!s)
        return plm_arena_check(a, err);
    *s = (struct plm_step){
        .in = in, .from = from, .number = in->line, .layer = in->layer, .is_first = is_first};
    if (in->kind != PLM_DF_RUN)
        return 0;
    s->text = text_of(in, a);
    plm_err *bad = NULL;
    if (!s->text.p || plm_shell_parse(s->text, a, &s->shell, &bad) == 0)
        return 0;
    if (plm_err_code(bad) == PLM_E_OOM)
        return plm_err_move(err, &bad);
    plm_err_free(bad); /* a step over the shell's limits: what was understood of it is judged */
    return 0;
}

/* Is the stage the last one, or one that it continues? */
static bool makes_the_image(const struct plm_dockerfile *df, uint32_t stage)
{
    if (!df->stages.n)
        return true;
    for (uint32_t s = (uint32_t)df->stages.n - 1; s != PLM_NONE && s < df->stages.n;
         s = df->stages.v[s].parent)
        if (s == stage)
            return true;
    return false;
}

static int add_dockerfile(const struct plm_inspection *in, struct plm_arena *a, struct plm_steps *out,
                          plm_err **err)
{
    plm_err *bad = NULL;
    struct plm_dockerfile *df = plm_dockerfile_parse(in->opt->dockerfile, a, &bad);
    if (!df && plm_err_code(bad) == PLM_E_OOM)
        return plm_err_move(err, &bad);
    plm_err_free(bad); /* over a limit: said by the checks of the Dockerfile */
    for (size_t i = 0; df && i < df->instrs.n; i++) {
        if (df->instrs.v[i].kind == PLM_DF_FROM || !makes_the_image(df, df->instrs.v[i].stage))
            continue;
        df->instrs.v[i].layer = PLM_NONE;
        if (add(out, &df->instrs.v[i], "dockerfile", false, a, err) < 0)
            return -1;
    }
    return 0;
}

static int add_history(const struct plm_inspection *in, struct plm_arena *a, struct plm_steps *out,
                       plm_err **err)
{
    size_t from_file = out->v.n;
    bool has_layer = false;
    plm_auto(plm_map_free) struct plm_map *known = plm_map_new();
    struct plm_dockerfile *df = plm_dockerfile_of_history(&in->facts->config, a, err);
    if (!known || !df)
        return known ? -1 : plm_fail_oom(err);
    for (size_t i = 0; i < from_file; i++) {
        void **slot = out->v.v[i].text.p ? plm_map_put(known, squeezed(a, out->v.v[i].text)) : NULL;
        if (slot)
            *slot = (void *)(uintptr_t)(i + 1);
    }
    for (size_t i = 0; i < df->instrs.n; i++) {
        const struct plm_df_instr *instr = &df->instrs.v[i];
        plm_sv text = instr->kind == PLM_DF_RUN ? text_of(instr, a) : PLM_SV_NULL;
        uintptr_t same = text.p ? (uintptr_t)plm_map_get(known, squeezed(a, text)) : 0;
        if (same)
            out->v.v[same - 1].layer = instr->layer;
        else if (add(out, instr, "history", !has_layer, a, err) < 0)
            return -1;
        has_layer = has_layer || instr->layer != PLM_NONE;
    }
    return 0;
}

int plm_steps_read(const struct plm_inspection *in, struct plm_arena *a, struct plm_steps *out, plm_err **err)
{
    *out = (struct plm_steps){0};
    bool has_config = in->facts->known & PLM_FACT_CONFIG;
    if (in->opt->dockerfile.p && add_dockerfile(in, a, out, err) < 0)
        return -1;
    if (has_config && add_history(in, a, out, err) < 0)
        return -1;
    if (!in->opt->dockerfile.p)
        out->missing = !has_config                    ? "the source has no image config"
                       : !in->facts->config.history.n ? "the image has no history"
                                                      : NULL;
    return plm_arena_check(a, err);
}

void plm_step_fail(struct plm_judging *j, const struct plm_step *s, const char *fmt, ...)
{
    struct plm_arena *a = j->in->report->arena;
    va_list ap;
    va_start(ap, fmt);
    plm_sv why = plm_arena_vprintf(a, fmt, ap);
    va_end(ap);
    plm_sv text = s->text.p ? squeezed(a, s->text) : s->in->args, shown = plm_sv_sub(text, 0, SHOWN);
    plm_sv object = plm_arena_printf(a, "%s %.*s", plm_df_kind_name(s->in->kind), PLM_SV_ARG(shown));
    bool is_file = strcmp(s->from, "dockerfile") == 0;
    struct plm_finding *f =
        plm_judge_fail(j, object, s->from, is_file ? s->number : 0, s->layer, "%.*s; %s %u: %s %.*s%s",
                       PLM_SV_ARG(why), is_file ? "line" : "history entry", s->number,
                       plm_df_kind_name(s->in->kind), PLM_SV_ARG(shown), shown.n < text.n ? "..." : "");
    if (f && is_file)
        f->path = plm_arena_sv(a, j->in->opt->dockerfile_name);
}
