/* SPDX-License-Identifier: Apache-2.0
 *
 * Shell checks of RUN lines by our own tokenizer: the few of shellcheck's that can be decided soundly without
 * its parser. They judge where the program is not installed.
 *   SC2046  $(..) unquoted, where words are split: not in assignments, [[ ]], case and for
 *   SC2086  $x likewise; not what is a number by nature ($#, $?, ${#x}), nor the name of the command
 *   SC2154  a lower-case variable that neither the text nor the Dockerfile sets; a `.`, `source`, eval or
 *           read-like command in the text may set anything: then nothing is said
 *   SC2155  export x=$(..)
 *   SC2164  cd whose failure nobody asks about, with commands behind it, and no `set -e`
 */
#include "inspect/dockerfile_rules_int.h"

struct shell_judging {
    struct plm_df_rules *r;
    const struct plm_df_item *it;
    unsigned told; /* bits: which were reported for this RUN already */
};

enum { TOLD_2046 = 1, TOLD_2086 = 2, TOLD_2154 = 4, TOLD_2155 = 8, TOLD_2164 = 16 };

static void tell(struct shell_judging *s, unsigned bit, const char *id, const char *fmt, plm_sv what)
{
    if (s->told & bit)
        return;
    s->told |= bit;
    const struct plm_inspect_check *check = plm_df_check_of(id);
    plm_sv text =
        plm_arena_printf(s->r->in->report->arena, "%s %.*s (built-in shell checks)", fmt, PLM_SV_ARG(what));
    plm_df_report(s->r, check, id, check->level, check->severity, s->it->in, text);
}

static bool is_split_free(plm_sv name)
{
    return plm_df_in(name, PLM_DF_WORDS("#", "?", "$", "!", "-", "@", "*"));
}

/* Words of a command, behind its name, that the shell splits. */
static void judge_words(struct shell_judging *s, const struct plm_sh_command *c)
{
    bool declares =
        plm_df_in(plm_sh_name(c), PLM_DF_WORDS("export", "local", "readonly", "declare", "typeset"));
    for (size_t i = c->keyword.p ? c->words.n : 1; i < c->words.n; i++) {
        const struct plm_sh_word *w = &c->words.v[i];
        bool is_assignment = declares && plm_sv_find(w->raw, '=') != SIZE_MAX;
        for (size_t k = 0; k < w->uses.n && !is_assignment; k++) {
            const struct plm_sh_use *u = &w->uses.v[k];
            bool is_safe_op = u->op.n && (plm_sv_starts(u->op, PLM_SV(":+")) || u->op.p[0] == '+');
            if (u->is_quoted || u->is_length || is_safe_op)
                continue;
            if (!u->name.p)
                tell(s, TOLD_2046, "SC2046", "unquoted:", w->raw);
            else if (!is_split_free(u->name))
                tell(s, TOLD_2086, "SC2086", "unquoted:", w->raw);
        }
        for (size_t k = 0; k < w->uses.n && is_assignment; k++)
            if (!w->uses.v[k].name.p && !plm_sv_is(plm_sh_name(c), "readonly"))
                tell(s, TOLD_2155, "SC2155", "the status is lost:", w->raw);
    }
}

/* ---- SC2154 ---------------------------------------------------------------------------------------------
 */

static bool may_set_anything(const struct plm_shell *sh)
{
    for (size_t i = 0; i < sh->commands.n; i++) {
        const struct plm_sh_command *c = &sh->commands.v[i];
        if (plm_df_in(plm_sh_name(c), PLM_DF_WORDS(".", "source", "eval", "read", "getopts", "mapfile",
                                                   "readarray", "printf", "let", "trap", "wait")) ||
            c->keyword.p)
            return true;
    }
    return sh->is_partial;
}

static bool sets(const struct plm_shell *sh, plm_sv name)
{
    for (size_t i = 0; i < sh->commands.n; i++) {
        const struct plm_sh_command *c = &sh->commands.v[i];
        for (size_t k = 0; k < c->assigns.n; k++)
            if (plm_sv_eq(c->assigns.v[k].name, name))
                return true;
        for (size_t k = 1; k < c->words.n; k++) {
            plm_sv key, value;
            plm_sv_cut(c->words.v[k].text, '=', &key, &value);
            if (plm_sv_eq(key, name))
                return true;
        }
    }
    return false;
}

/* Upper-case names come from the environment as often as not. */
static bool is_own_name(plm_sv name)
{
    bool has_lower = false;
    for (size_t i = 0; i < name.n; i++) {
        char c = name.p[i];
        has_lower = has_lower || (c >= 'a' && c <= 'z');
    }
    return has_lower && !plm_df_in(name, PLM_DF_WORDS("http_proxy", "https_proxy", "ftp_proxy", "no_proxy"));
}

static void judge_unset(struct shell_judging *s, const struct plm_sh_word *w)
{
    for (size_t k = 0; k < w->uses.n && !(s->told & TOLD_2154); k++) {
        const struct plm_sh_use *u = &w->uses.v[k];
        bool has_default = u->op.n != 0;
        if (u->name.n && is_own_name(u->name) && !has_default && !plm_df_var_find(s->it->in->vars, u->name) &&
            !sets(s->it->sh, u->name))
            tell(s, TOLD_2154, "SC2154", "never set:", u->name);
    }
}

/* ---- SC2164 ---------------------------------------------------------------------------------------------
 */

static bool stops_on_errors(const struct plm_shell *sh, const plm_sv_vec *shell)
{
    for (size_t i = 1; i + 1 < shell->n; i++)
        if (shell->v[i].n > 1 && shell->v[i].p[0] == '-' && plm_sv_find(shell->v[i], 'e') != SIZE_MAX)
            return true;
    for (size_t i = 0; i < sh->commands.n; i++) {
        const struct plm_sh_command *c = &sh->commands.v[i];
        if (plm_sv_is(plm_sh_name(c), "set") &&
            (plm_sh_has_flag(c, "e") || plm_df_cmd_has(c, PLM_DF_WORDS("errexit"))))
            return true;
    }
    return false;
}

/* A directory that always exists: /, .., ../.. */
static bool is_safe_dir(plm_sv d)
{
    for (size_t i = 0; i < d.n; i++)
        if (d.p[i] != '/' && d.p[i] != '.')
            return false;
    return true;
}

static void judge_cd(struct shell_judging *s, const struct plm_sh_command *c)
{
    bool is_asked = c->next == PLM_SH_AND || c->next == PLM_SH_OR || c->is_condition || c->is_negated;
    bool has_more = c->next == PLM_SH_SEQ;
    if (plm_sv_is(plm_sh_name(c), "cd") && c->words.n == 2 && !is_asked && has_more &&
        !is_safe_dir(c->words.v[1].text) && !stops_on_errors(s->it->sh, &s->it->shell))
        tell(s, TOLD_2164, "SC2164", "nobody asks whether it worked: cd", c->words.v[1].raw);
}

void plm_df_shell_builtin(struct plm_df_rules *r)
{
    PLM_DF_EACH(r, it)
    {
        struct shell_judging s = {.r = r, .it = it};
        if (!it->sh || it->in->is_json)
            continue;
        bool is_open = may_set_anything(it->sh);
        PLM_DF_EACH_COMMAND(it, c)
        {
            judge_words(&s, c);
            judge_cd(&s, c);
            for (size_t i = 0; !is_open && i < c->words.n; i++)
                judge_unset(&s, &c->words.v[i]);
            for (size_t i = 0; !is_open && i < c->assigns.n; i++)
                judge_unset(&s, &c->assigns.v[i].value);
        }
    }
}
