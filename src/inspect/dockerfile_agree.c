/* SPDX-License-Identifier: Apache-2.0
 *
 * B1: was the image built from the Dockerfile that was given? Compared is what the last stage (and the stages
 * that it continues) says for certain with what the config and the history hold:
 *   - USER, WORKDIR, ENTRYPOINT, CMD, HEALTHCHECK: the last one of each; a value with a variable that no
 *     default decides is not compared, for --build-arg may have set it;
 *   - EXPOSE and LABEL: each must be there; the base image may have brought more;
 *   - RUN lines: the history's must end in the Dockerfile's, blanks squeezed. An image that was squashed or
 *     rebuilt by a tool that keeps no history has none to compare.
 * One finding for each kind that differs. O(instructions + history).
 */
#include "inspect/dockerfile.h"
#include "inspect/inspect_int.h"

struct agree {
    struct plm_judging *j;
    struct plm_arena *a;
    const struct plm_dockerfile *df;
    const struct plm_image_config *c;
    bool *is_in_image; /* stage */
};

static const struct plm_df_instr *last_of(const struct agree *g, enum plm_df_kind kind)
{
    const struct plm_df_instr *last = NULL;
    for (size_t i = 0; i < g->df->instrs.n; i++) {
        const struct plm_df_instr *in = &g->df->instrs.v[i];
        if (in->kind == kind && in->stage != PLM_NONE && g->is_in_image[in->stage])
            last = in;
    }
    return last;
}

static plm_sv joined(const struct agree *g, const plm_sv_vec *words)
{
    plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(PLM_MIB(4));
    for (size_t i = 0; i < words->n; i++)
        plm_buf_printf(&b, "%s%.*s", i ? " " : "", PLM_SV_ARG(words->v[i]));
    return plm_arena_sv(g->a, plm_buf_sv(&b));
}

static void differs(const struct agree *g, const struct plm_df_instr *in, plm_sv theirs)
{
    const char *kind = plm_df_kind_name(in->kind);
    struct plm_finding *f = plm_judge_fail(g->j, plm_sv_from(kind), "dockerfile", in->line, PLM_NONE,
                                           "the Dockerfile says %s %.*s, the image has \"%.*s\"", kind,
                                           PLM_SV_ARG(in->args), PLM_SV_ARG(theirs));
    if (f)
        f->path = plm_arena_sv(g->j->in->report->arena, g->j->in->opt->dockerfile_name);
}

/* ---- one value ---------------------------------------------------------------------------------------- */

static bool value_of(const struct agree *g, const struct plm_df_instr *in, plm_sv *out)
{
    bool is_unset;
    *out = plm_df_expand(in->words.n ? in->words.v[0] : PLM_SV(""), in->vars, g->df->escape, g->a, &is_unset);
    return !is_unset;
}

static void agree_user(const struct agree *g)
{
    const struct plm_df_instr *in = last_of(g, PLM_DF_USER);
    plm_sv value;
    if (in && value_of(g, in, &value) && !plm_sv_eq(value, g->c->user))
        differs(g, in, g->c->user);
}

/* Without the slashes at its end. */
static plm_sv plain_dir(plm_sv d)
{
    while (d.n > 1 && d.p[d.n - 1] == '/')
        d.n--;
    return d;
}

static void agree_workdir(const struct agree *g)
{
    const struct plm_df_instr *in = last_of(g, PLM_DF_WORKDIR);
    plm_sv value;
    bool is_comparable = in && value_of(g, in, &value) && plm_sv_starts(value, PLM_SV("/")) &&
                         !plm_sv_has(value, PLM_SV("/.")) && !plm_sv_has(value, PLM_SV("//"));
    if (is_comparable && !plm_sv_eq(plain_dir(value), plain_dir(g->c->workdir)))
        differs(g, in, g->c->workdir);
}

static bool same_words(const plm_sv_vec *a, const plm_sv_vec *b)
{
    if (a->n != b->n)
        return false;
    for (size_t i = 0; i < a->n; i++)
        if (!plm_sv_eq(a->v[i], b->v[i]))
            return false;
    return true;
}

/* The exec form is taken as it is; of the shell form the config has the shell, then the text. */
static bool same_command(const struct plm_df_instr *in, const plm_sv_vec *theirs)
{
    if (in->is_json)
        return same_words(&in->words, theirs);
    return theirs->n && plm_sv_eq(plm_sv_trim(theirs->v[theirs->n - 1]), plm_sv_trim(in->args));
}

static void agree_commands(const struct agree *g)
{
    const struct plm_df_instr *entry = last_of(g, PLM_DF_ENTRYPOINT), *cmd = last_of(g, PLM_DF_CMD);
    if (entry && !same_command(entry, &g->c->entrypoint))
        differs(g, entry, joined(g, &g->c->entrypoint));
    /* an ENTRYPOINT of a later stage empties the CMD of an earlier one */
    bool was_emptied = cmd && entry && entry->stage > cmd->stage;
    if (cmd && !was_emptied && !same_command(cmd, &g->c->cmd))
        differs(g, cmd, joined(g, &g->c->cmd));
}

static void agree_health(const struct agree *g)
{
    const struct plm_df_instr *in = last_of(g, PLM_DF_HEALTHCHECK);
    const struct plm_image_healthcheck *h = &g->c->healthcheck;
    if (!in)
        return;
    plm_sv_vec test = {.v = h->test.n ? h->test.v + 1 : NULL, .n = h->test.n ? h->test.n - 1 : 0};
    bool is_same =
        in->is_none ? h->is_none || !h->is_set : h->is_set && !h->is_none && same_command(in, &test);
    if (!is_same)
        differs(g, in, joined(g, &h->test));
}

/* ---- sets ---------------------------------------------------------------------------------------------- */

static bool has_word(const plm_sv_vec *v, plm_sv word)
{
    for (size_t i = 0; i < v->n; i++)
        if (plm_sv_eq(v->v[i], word))
            return true;
    return false;
}

static void agree_ports(const struct agree *g, const struct plm_df_instr *in)
{
    for (size_t i = 0; i < in->words.n; i++) {
        bool is_unset;
        plm_sv port = plm_df_expand(in->words.v[i], in->vars, g->df->escape, g->a, &is_unset);
        if (is_unset || plm_sv_find(port, '-') != SIZE_MAX || plm_sv_find(port, ':') != SIZE_MAX)
            continue;
        plm_sv full =
            plm_sv_find(port, '/') == SIZE_MAX ? plm_arena_printf(g->a, "%.*s/tcp", PLM_SV_ARG(port)) : port;
        if (!has_word(&g->c->exposed_ports, full) && !has_word(&g->c->exposed_ports, port)) {
            differs(g, in, joined(g, &g->c->exposed_ports));
            return;
        }
    }
}

static const plm_sv *label_of(const struct plm_image_config *c, plm_sv key)
{
    for (size_t i = 0; i < c->label_keys.n && i < c->label_values.n; i++)
        if (plm_sv_eq(c->label_keys.v[i], key))
            return &c->label_values.v[i];
    return NULL;
}

/* The last value of a key counts. */
static bool is_set_again(const struct agree *g, const struct plm_df_instr *in, size_t pair)
{
    plm_sv key = in->pairs.v[pair].key;
    for (const struct plm_df_instr *l = in; l < g->df->instrs.v + g->df->instrs.n; l++)
        for (size_t i = l == in ? pair + 1 : 0; l->kind == PLM_DF_LABEL && i < l->pairs.n; i++)
            if (plm_sv_eq(l->pairs.v[i].key, key))
                return true;
    return false;
}

static void agree_labels(const struct agree *g, const struct plm_df_instr *in)
{
    for (size_t i = 0; i < in->pairs.n; i++) {
        bool is_unset, is_key_unset;
        plm_sv key = plm_df_expand(in->pairs.v[i].key, in->vars, g->df->escape, g->a, &is_key_unset);
        plm_sv value = plm_df_expand(in->pairs.v[i].raw_value, in->vars, g->df->escape, g->a, &is_unset);
        const plm_sv *theirs = label_of(g->c, key);
        if (is_unset || is_key_unset || (theirs && plm_sv_eq(*theirs, value)) || is_set_again(g, in, i))
            continue;
        differs(g, in, theirs ? *theirs : PLM_SV(""));
        return;
    }
}

/* ---- RUN ------------------------------------------------------------------------------------------------
 */

struct run_step {
    const struct plm_df_instr *in;
    plm_sv text;
};
typedef PLM_VEC(struct run_step) run_steps;

static plm_sv squeezed(struct plm_arena *a, plm_sv text)
{
    plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(PLM_MIB(8));
    plm_sv word;
    while (plm_sv_word(&text, &word))
        plm_buf_printf(&b, "%s%.*s", b.n ? " " : "", PLM_SV_ARG(word));
    return plm_arena_sv(a, plm_buf_sv(&b));
}

static void runs_of(const struct agree *g, const struct plm_dockerfile *df, run_steps *out)
{
    for (size_t i = 0; i < df->instrs.n; i++) {
        const struct plm_df_instr *in = &df->instrs.v[i];
        bool counts = df->is_history || (in->stage != PLM_NONE && g->is_in_image[in->stage]);
        /* the classic builder writes the exec form without any mark: `RUN ["make", "x"]` is "make x" */
        bool is_run = in->kind == PLM_DF_RUN || (df->is_history && in->kind == PLM_DF_UNKNOWN && in->args.n);
        struct run_step *s = is_run && counts ? plm_vec_push(g->a, out) : NULL;
        if (!s)
            continue;
        plm_sv text = in->is_json ? joined(g, &in->words) : plm_df_shell_text(in, g->a);
        *s = (struct run_step){.in = in, .text = squeezed(g->a, text.p ? text : in->args)};
    }
}

static int agree_runs(const struct agree *g, plm_err **err)
{
    struct plm_dockerfile *history = plm_dockerfile_of_history(g->c, g->a, err);
    if (!history)
        return -1;
    run_steps ours = {0}, theirs = {0};
    runs_of(g, g->df, &ours);
    runs_of(g, history, &theirs);
    if (!theirs.n && ours.n) {
        plm_judge_say(g->j, PLM_OUT_UNKNOWN, "the history has no RUN line to compare");
        return 0;
    }
    for (size_t i = 1; i <= ours.n; i++) {
        const struct run_step *o = &ours.v[ours.n - i];
        const struct run_step *t = i <= theirs.n ? &theirs.v[theirs.n - i] : NULL;
        bool is_heredoc = o->in->heredocs.n != 0; /* its history text depends on the builder's version */
        if (t && (plm_sv_eq(o->text, t->text) || (is_heredoc && !plm_sv_eq(o->text, o->in->args))))
            continue;
        if (t)
            differs(g, o->in, t->text);
        else
            plm_judge_fail(g->j, PLM_SV("RUN"), "history", 0, PLM_NONE,
                           "the Dockerfile has %zu RUN lines, the history %zu", ours.n, theirs.n);
        break;
    }
    return 0;
}

/* ---- all of it --------------------------------------------------------------------------------------------
 */

static int compare(struct agree *g, plm_err **err)
{
    for (size_t i = 0; i < g->df->instrs.n; i++) {
        const struct plm_df_instr *in = &g->df->instrs.v[i];
        if (in->stage == PLM_NONE || !g->is_in_image[in->stage])
            continue;
        if (in->kind == PLM_DF_EXPOSE)
            agree_ports(g, in);
        else if (in->kind == PLM_DF_LABEL)
            agree_labels(g, in);
    }
    agree_user(g);
    agree_workdir(g);
    agree_commands(g);
    agree_health(g);
    return agree_runs(g, err);
}

static void judge_agreement(struct plm_judging *j)
{
    struct plm_inspection *in = j->in;
    struct plm_arena *const *scratch = j->subject;
    struct agree g = {.j = j, .a = *scratch, .c = in->analysis->config};
    if (!g.c) {
        plm_judge_say(j, PLM_OUT_NA, "the target has no image config");
        return;
    }
    plm_auto(plm_err_free) plm_err *e = NULL;
    g.df = plm_dockerfile_parse(in->opt->dockerfile, g.a, &e);
    if (!g.df || !g.df->stages.n) {
        plm_judge_say(j, PLM_OUT_UNKNOWN, "the Dockerfile does not read");
        return;
    }
    g.is_in_image = plm_arena_array(g.a, g.df->stages.n, sizeof(bool));
    for (uint32_t s = (uint32_t)g.df->stages.n - 1; g.is_in_image && s != PLM_NONE;
         s = g.df->stages.v[s].parent)
        g.is_in_image[s] = true;
    if (g.is_in_image && compare(&g, &e) < 0)
        plm_judge_say(j, PLM_OUT_UNKNOWN, "the history does not read: %s", e ? e->message : "");
}

static const struct plm_judge judges[] = {{"B1", judge_agreement, NULL}};

static bool is_wanted(const struct plm_inspect_options *opt)
{
    return opt->wants[PLM_KIND_MISCONFIGURATION] && opt->dockerfile.p;
}

static int inspect(struct plm_inspection *in, plm_err **err)
{
    plm_auto(plm_arena_free) struct plm_arena *a = plm_arena_new(PLM_ARENA_NO_LIMIT);
    if (!a)
        return plm_fail_oom(err);
    if (plm_judge_all_of(in, &a, judges, 1, err) < 0)
        return -1;
    return plm_arena_check(a, err);
}

static const struct plm_inspector dockerfile_agree = {
    .id = "dockerfile-agree",
    .summary = "whether the image was built from the Dockerfile that was given",
    .needs_config = true,
    .is_wanted = is_wanted,
    .inspect = inspect,
    .order = 10,
};
PLM_REGISTER(plm_inspectors, struct plm_inspector, dockerfile_agree);
