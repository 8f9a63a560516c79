/* SPDX-License-Identifier: Apache-2.0
 *
 * Rules about RUN lines that are about no package manager.
 */
#include "inspect/dockerfile_rules_int.h"

/* The first command of the names in each RUN. */
static void judge_commands(struct plm_df_judging *j)
{
    const char *const *names = j->rule->arg;
    PLM_DF_EACH(j->r, it)
    {
        size_t before = j->failed;
        PLM_DF_EACH_COMMAND(it, c)
        if (j->failed == before && plm_df_in(plm_sh_base(c), names))
            plm_df_fail(j, it->in, "runs %.*s", PLM_SV_ARG(c->words.v[0].text));
    }
}

static void judge_useradd(struct plm_df_judging *j)
{
    PLM_DF_EACH(j->r, it)
    PLM_DF_EACH_COMMAND(it, c)
    {
        if (!plm_sv_is(plm_sh_base(c), "useradd") || plm_df_cmd_flag(c, PLM_DF_WORDS("l", "no-log-init")))
            continue;
        for (size_t i = 1; i < c->words.n; i++) {
            plm_sv w = c->words.v[i].text, uid = PLM_SV_NULL, key;
            bool is_next =
                plm_sv_is(w, "--uid") || (w.n > 1 && w.p[0] == '-' && w.p[1] != '-' && w.p[w.n - 1] == 'u');
            if (is_next && i + 1 < c->words.n)
                uid = c->words.v[i + 1].text;
            else if (plm_sv_starts(w, PLM_SV("--uid=")))
                plm_sv_cut(w, '=', &key, &uid);
            else if (plm_sv_starts(w, PLM_SV("-u")))
                uid = plm_sv_from_off(w, 2);
            uint64_t number;
            if (uid.n > 5 && plm_sv_u64(uid, &number))
                plm_df_fail(j, it->in, "useradd with uid %.*s and no -l makes a huge /var/log/lastlog",
                            PLM_SV_ARG(uid));
        }
    }
}

static void judge_wget(struct plm_df_judging *j)
{
    PLM_DF_EACH(j->r, it)
    {
        size_t before = j->failed;
        PLM_DF_EACH_COMMAND(it, c)
        {
            bool is_quiet = plm_df_cmd_flag(c, PLM_DF_WORDS("progress", "q", "quiet", "o", "output-file", "a",
                                                            "append-output", "no-verbose")) ||
                            plm_df_cmd_has(c, PLM_DF_WORDS("-nv"));
            bool has_url = c->words.n > 1 && !plm_df_cmd_has(c, PLM_DF_WORDS("--version", "--help"));
            if (j->failed == before && plm_sv_is(plm_sh_base(c), "wget") && has_url && !is_quiet)
                plm_df_fail(j, it->in, "wget writes a progress bar into the build log");
        }
    }
}

static bool same_flags(const struct plm_df_instr *a, const struct plm_df_instr *b)
{
    if (a->flags.n != b->flags.n)
        return false;
    for (size_t i = 0; i < a->flags.n; i++)
        if (!plm_sv_eq(a->flags.v[i].name, b->flags.v[i].name) ||
            !plm_sv_eq(a->flags.v[i].value, b->flags.v[i].value))
            return false;
    return true;
}

static void judge_consecutive(struct plm_df_judging *j)
{
    enum { CHAIN = 2 }; /* longer ones were meant to stand alone */
    const struct plm_df_item *last = NULL;
    PLM_DF_EACH(j->r, it)
    {
        if (it->in->kind != PLM_DF_RUN || it->is_trigger) {
            last = NULL;
            continue;
        }
        size_t n = it->sh ? it->sh->commands.n : 0, before = last && last->sh ? last->sh->commands.n : 0;
        if (last && same_flags(last->in, it->in) && n <= CHAIN && before <= CHAIN)
            plm_df_fail(j, it->in, "follows the RUN of line %u", last->in->line);
        else
            last = it;
    }
}

static void judge_two_loaders(struct plm_df_judging *j)
{
    bool has_curl = false, has_wget = false;
    PLM_DF_EACH(j->r, it)
    {
        bool is_new = false;
        if (it->in->kind == PLM_DF_FROM)
            has_curl = has_wget = false;
        PLM_DF_EACH_COMMAND(it, c)
        {
            bool is_curl = plm_sv_is(plm_sh_base(c), "curl"), is_wget = plm_sv_is(plm_sh_base(c), "wget");
            has_curl = has_curl || is_curl;
            has_wget = has_wget || is_wget;
            is_new = is_new || is_curl || is_wget;
        }
        if (is_new && has_curl && has_wget)
            plm_df_fail(j, it->in, "both wget and curl are used in this stage");
    }
}

static void judge_shell_link(struct plm_df_judging *j)
{
    PLM_DF_EACH(j->r, it)
    PLM_DF_EACH_COMMAND(it, c)
    if (plm_df_cmd_is(c, "ln", PLM_DF_WORDS("/bin/sh", "/usr/bin/sh")))
        plm_df_fail(j, it->in, "links another shell over /bin/sh");
}

/* SHELL with pipefail, or a shell that has no such option. */
static bool shell_fails_on_pipes(const plm_sv_vec *shell)
{
    bool has_o = false, has_pipefail = false;
    for (size_t i = 1; i < shell->n; i++) {
        plm_sv w = shell->v[i];
        has_o = has_o || (w.n > 1 && w.p[0] == '-' && plm_sv_find(w, 'o') != SIZE_MAX);
        has_pipefail = has_pipefail || plm_sv_is(w, "pipefail");
    }
    if (!shell->n)
        return false;
    size_t slash = plm_sv_rfind(shell->v[0], '/');
    plm_sv name = slash == SIZE_MAX ? shell->v[0] : plm_sv_from_off(shell->v[0], slash + 1);
    if (plm_df_in(name, PLM_DF_WORDS("pwsh", "powershell", "cmd", "cmd.exe", "powershell.exe", "pwsh.exe")))
        return true;
    return has_o && has_pipefail && plm_df_in(name, PLM_DF_WORDS("bash", "zsh", "ash", "sh", "dash"));
}

static bool sets_pipefail(const struct plm_df_item *it)
{
    PLM_DF_EACH_COMMAND(it, c)
    {
        plm_sv name = plm_sh_base(c);
        bool is_shell = plm_df_in(name, PLM_DF_WORDS("set", "bash", "ash", "zsh"));
        if (is_shell && plm_df_cmd_has(c, PLM_DF_WORDS("pipefail")) && plm_sh_has_flag(c, "o"))
            return true;
    }
    return false;
}

static void judge_pipes(struct plm_df_judging *j)
{
    PLM_DF_EACH(j->r, it)
    if (it->sh && it->sh->has_pipe && !it->in->is_json && !shell_fails_on_pipes(&it->shell) &&
        !sets_pipefail(it))
        plm_df_fail(j, it->in, "a pipe hides the failure of all but its last command");
}

static const char *const pointless[] = {"free",     "kill", "mount", "ps",  "service",
                                        "shutdown", "ssh",  "top",   "vim", NULL};
static const char *const cd[] = {"cd", NULL}, *const sudo[] = {"sudo", NULL}, *const apt[] = {"apt", NULL};

const struct plm_df_rule plm_df_rules_run[] = {
    {"DL3001", "info", false, judge_commands, pointless},
    {"DL3003", "warning", false, judge_commands, cd},
    {"DL3004", "error", false, judge_commands, sudo},
    {"DL3027", "warning", false, judge_commands, apt},
    {"DL3046", "warning", false, judge_useradd, NULL},
    {"DL3047", "info", false, judge_wget, NULL},
    {"DL3059", "info", false, judge_consecutive, NULL},
    {"DL4001", "warning", false, judge_two_loaders, NULL},
    {"DL4005", "warning", false, judge_shell_link, NULL},
    {"DL4006", "warning", false, judge_pipes, NULL},
    {NULL, NULL, false, NULL, NULL},
};
