/* SPDX-License-Identifier: Apache-2.0
 *
 * Shell completion from the tables: a script for bash, zsh or fish that knows every command, its
 * options and the values of options with choices. The scripts are complete in themselves: pressing
 * TAB runs nothing of ours.
 */
#include "cli/cli.h"

/* ---- what all shells need -------------------------------------------------------------------- */

/* First words of commands, each once, in order. */
static void first_words(struct plm_arena *a, plm_sv_vec *out)
{
    const struct plm_command *const *list = plm_commands_sorted(a);
    for (; list && *list; list++) {
        plm_sv head, tail;
        plm_sv_cut(plm_sv_from((*list)->name), ' ', &head, &tail);
        if (!(*list)->hidden)
            plm_sv_vec_add(a, out, head);
    }
    plm_sv_vec_sort_unique(out);
}

static void second_words(struct plm_arena *a, plm_sv first, plm_sv_vec *out)
{
    const struct plm_command *const *list = plm_commands_sorted(a);
    for (; list && *list; list++) {
        plm_sv head, tail;
        if (!(*list)->hidden && plm_sv_cut(plm_sv_from((*list)->name), ' ', &head, &tail) &&
            plm_sv_eq(head, first))
            plm_sv_vec_add(a, out, tail);
    }
    plm_sv_vec_sort_unique(out);
}

static const char *summary_of(plm_sv first)
{
    const struct plm_command *c = plm_command_find(first);
    return c ? c->summary : NULL;
}

/* Values of an option, separated by blanks; formats for --output. */
static void values(const struct plm_option *o, struct plm_arena *a, struct plm_buf *b)
{
    plm_sv_vec ids = {0};
    for (const char *const *c = o->choices; c && *c; c++)
        plm_buf_printf(b, "%s%s", b->n ? " " : "", *c);
    if (strcmp(o->name, "output") != 0)
        return;
    PLM_SET_FOREACH (plm_formats, struct plm_format, f)
        plm_sv_vec_add(a, &ids, plm_sv_from(f->id));
    plm_sv_vec_sort_unique(&ids);
    for (size_t i = 0; i < ids.n; i++)
        plm_buf_printf(b, "%s%.*s", b->n ? " " : "", PLM_SV_ARG(ids.v[i]));
}

static void words_of_list(struct plm_arena *a, struct plm_buf *b, const plm_sv_vec *v)
{
    (void)a;
    for (size_t i = 0; i < v->n; i++)
        plm_buf_printf(b, "%s%.*s", i ? " " : "", PLM_SV_ARG(v->v[i]));
}

/* In single quotes of a shell. */
static void quoted(struct plm_buf *b, const char *s)
{
    plm_buf_byte(b, '\'');
    for (; *s; s++) {
        if (*s == '\'')
            plm_buf_str(b, "'\\''");
        else
            plm_buf_byte(b, (unsigned char)*s);
    }
    plm_buf_byte(b, '\'');
}

/* ---- bash ---------------------------------------------------------------------------------------- */

static void bash_options(struct plm_buf *b, const char *command)
{
    bool any = false;
    for (size_t i = 0; i < plm_options_n; i++) {
        if (!plm_option_is_of(&plm_options[i], command))
            continue;
        plm_buf_printf(b, "%s--%s", any ? " " : "", plm_options[i].name);
        any = true;
    }
}

static void bash_values(struct plm_buf *b, struct plm_arena *a)
{
    plm_buf_str(b, "    case $prev in\n");
    for (size_t i = 0; i < plm_options_n; i++) {
        const struct plm_option *o = &plm_options[i];
        plm_auto_done(plm_buf_done) struct plm_buf v = PLM_BUF(PLM_KIB(64));
        if (!plm_option_takes_value(o))
            continue;
        values(o, a, &v);
        plm_buf_printf(b, "    --%s", o->name);
        if (o->letter)
            plm_buf_printf(b, "|-%c", o->letter);
        if (v.n)
            plm_buf_printf(b, ") COMPREPLY=($(compgen -W '%.*s' -- \"$cur\")); return;;\n",
                           PLM_SV_ARG(plm_buf_sv(&v)));
        else if (o->type == PLM_OPT_DIR)
            plm_buf_str(b, ") COMPREPLY=($(compgen -d -- \"$cur\")); return;;\n");
        else
            plm_buf_str(b, ") COMPREPLY=($(compgen -f -- \"$cur\")); return;;\n");
    }
    plm_buf_str(b, "    esac\n");
}

static void write_bash(struct plm_buf *b, struct plm_arena *a)
{
    plm_sv_vec first = {0};
    first_words(a, &first);
    plm_buf_str(
        b, "# bash completion of plimsoll; made by: plimsoll completion bash\n"
           "_plimsoll() {\n"
           "    local cur=${COMP_WORDS[COMP_CWORD]} prev= command= sub= word i\n"
           "    [ \"$COMP_CWORD\" -gt 0 ] && prev=${COMP_WORDS[COMP_CWORD-1]}\n"
           "    for ((i = 1; i < COMP_CWORD; i++)); do\n"
           "        word=${COMP_WORDS[i]}\n"
           "        case $word in -*) continue;; esac\n"
           "        if [ -z \"$command\" ]; then command=$word; elif [ -z \"$sub\" ]; then sub=$word; fi\n"
           "    done\n");
    bash_values(b, a);
    plm_buf_str(
        b, "    if [ -z \"$command\" ]; then\n        case $cur in\n        -*) COMPREPLY=($(compgen -W '");
    bash_options(b, "");
    plm_buf_str(b, "' -- \"$cur\"));;\n        *) COMPREPLY=($(compgen -W '");
    words_of_list(a, b, &first);
    plm_buf_str(b, "' -- \"$cur\"));;\n        esac\n        return\n    fi\n    case $cur in\n    -*)\n"
                   "        case \"$command $sub\" in\n");
    const struct plm_command *const *list = plm_commands_sorted(a);
    for (int two = 1; two >= 0; two--) { /* the longer names first: their patterns are narrower */
        for (size_t i = 0; list && list[i]; i++) {
            bool has_two = strchr(list[i]->name, ' ') != NULL;
            if (list[i]->hidden || has_two != two)
                continue;
            plm_buf_printf(b, two ? "        '%s') " : "        '%s '*) ", list[i]->name);
            plm_buf_str(b, "COMPREPLY=($(compgen -W '");
            bash_options(b, list[i]->name);
            plm_buf_str(b, "' -- \"$cur\"));;\n");
        }
    }
    plm_buf_str(b, "        esac\n        return;;\n    esac\n    case $command in\n");
    for (size_t i = 0; i < first.n; i++) {
        plm_sv_vec second = {0};
        second_words(a, first.v[i], &second);
        if (!second.n)
            continue;
        plm_buf_printf(b, "    %.*s) [ -z \"$sub\" ] && COMPREPLY=($(compgen -W '", PLM_SV_ARG(first.v[i]));
        words_of_list(a, b, &second);
        plm_buf_str(b, "' -- \"$cur\")); return;;\n");
    }
    plm_buf_str(b, "    help) COMPREPLY=($(compgen -W '");
    words_of_list(a, b, &first);
    plm_buf_str(b, "' -- \"$cur\")); return;;\n"
                   "    completion) COMPREPLY=($(compgen -W 'bash zsh fish' -- \"$cur\")); return;;\n"
                   "    list) COMPREPLY=($(compgen -W 'catalogers codes commands feeds formats options "
                   "schemes' -- \"$cur\")); return;;\n"
                   "    esac\n"
                   "    COMPREPLY=($(compgen -f -- \"$cur\"))\n"
                   "}\n"
                   "complete -o filenames -F _plimsoll plimsoll\n");
}

/* ---- zsh ----------------------------------------------------------------------------------------- */

/* Text inside [...] or :...: of an _arguments spec. */
static void zsh_text(struct plm_buf *b, const char *s)
{
    for (; *s; s++) {
        if (strchr("[]:\\", *s))
            plm_buf_byte(b, '\\');
        plm_buf_byte(b, (unsigned char)*s);
    }
}

static void zsh_option(struct plm_buf *b, struct plm_arena *a, const struct plm_option *o)
{
    plm_auto_done(plm_buf_done) struct plm_buf spec = PLM_BUF(PLM_KIB(64));
    plm_auto_done(plm_buf_done) struct plm_buf v = PLM_BUF(PLM_KIB(64));
    bool many = o->type == PLM_OPT_LIST || o->type == PLM_OPT_WORDS || o->type == PLM_OPT_COUNT;
    for (int is_letter = 0; is_letter < (o->letter ? 2 : 1); is_letter++) {
        plm_buf_clear(&spec);
        plm_buf_clear(&v);
        plm_buf_str(&spec, many ? "*" : "");
        if (is_letter)
            plm_buf_printf(&spec, "-%c", o->letter);
        else
            plm_buf_printf(&spec, "--%s", o->name);
        plm_buf_byte(&spec, '[');
        zsh_text(&spec, o->help);
        plm_buf_byte(&spec, ']');
        values(o, a, &v);
        if (plm_option_takes_value(o)) {
            plm_buf_byte(&spec, ':');
            zsh_text(&spec, o->argument);
            plm_buf_byte(&spec, ':');
            if (v.n)
                plm_buf_printf(&spec, "(%.*s)", PLM_SV_ARG(plm_buf_sv(&v)));
            else
                plm_buf_str(&spec, o->type == PLM_OPT_DIR ? "_files -/" : "_files");
        }
        plm_buf_str(b, " \\\n            ");
        quoted(b, plm_buf_cstr(&spec) ? spec.p : "");
    }
}

static void write_zsh(struct plm_buf *b, struct plm_arena *a)
{
    plm_sv_vec first = {0};
    first_words(a, &first);
    plm_buf_str(b, "#compdef plimsoll\n# zsh completion of plimsoll; made by: plimsoll completion zsh\n"
                   "_plimsoll() {\n    local command sub word\n    local -a commands\n    commands=(\n");
    for (size_t i = 0; i < first.n; i++) {
        plm_auto_done(plm_buf_done) struct plm_buf line = PLM_BUF(PLM_KIB(64));
        const char *summary = summary_of(first.v[i]);
        plm_buf_printf(&line, "%.*s:%s", PLM_SV_ARG(first.v[i]), summary ? summary : "more commands");
        plm_buf_str(b, "        ");
        quoted(b, plm_buf_cstr(&line) ? line.p : "");
        plm_buf_byte(b, '\n');
    }
    plm_buf_str(
        b,
        "    )\n    for word in ${words[2,CURRENT-1]}; do\n        [[ $word == -* ]] && continue\n"
        "        if [[ -z $command ]]; then command=$word; elif [[ -z $sub ]]; then sub=$word; fi\n    done\n"
        "    if [[ -z $command ]]; then\n        _describe command commands\n        return\n    fi\n"
        "    case $command in\n");
    for (size_t i = 0; i < first.n; i++) {
        plm_sv_vec second = {0};
        second_words(a, first.v[i], &second);
        if (!second.n)
            continue;
        plm_buf_printf(b, "    %.*s) if [[ -z $sub && $words[CURRENT] != -* ]]; then compadd ",
                       PLM_SV_ARG(first.v[i]));
        words_of_list(a, b, &second);
        plm_buf_str(b, "; return; fi;;\n");
    }
    plm_buf_str(b, "    esac\n    case \"$command $sub\" in\n");
    const struct plm_command *const *list = plm_commands_sorted(a);
    for (int two = 1; two >= 0; two--) {
        for (size_t i = 0; list && list[i]; i++) {
            bool has_two = strchr(list[i]->name, ' ') != NULL;
            if (list[i]->hidden || has_two != two)
                continue;
            plm_buf_printf(b, two ? "    '%s')\n        _arguments" : "    '%s '*)\n        _arguments",
                           list[i]->name);
            for (size_t k = 0; k < plm_options_n; k++)
                if (plm_option_is_of(&plm_options[k], list[i]->name))
                    zsh_option(b, a, &plm_options[k]);
            plm_buf_str(b, " \\\n            '*:word:_files';;\n");
        }
    }
    plm_buf_str(b, "    esac\n}\nif [ \"$funcstack[1]\" = _plimsoll ]; then _plimsoll \"$@\"; else compdef "
                   "_plimsoll plimsoll; fi\n");
}

/* ---- fish ---------------------------------------------------------------------------------------- */

static void fish_option(struct plm_buf *b, struct plm_arena *a, const struct plm_option *o)
{
    plm_auto_done(plm_buf_done) struct plm_buf v = PLM_BUF(PLM_KIB(64));
    plm_auto_done(plm_buf_done) struct plm_buf condition = PLM_BUF(PLM_KIB(64));
    const struct plm_command *const *list = plm_commands_sorted(a);
    plm_sv last = PLM_SV("");
    for (; o->commands[0] != '*' && list && *list; list++) {
        plm_sv head, tail;
        plm_sv_cut(plm_sv_from((*list)->name), ' ', &head, &tail);
        if ((*list)->hidden || !plm_option_is_of(o, (*list)->name) || plm_sv_eq(head, last))
            continue;
        plm_buf_printf(&condition, " %.*s", PLM_SV_ARG(head));
        last = head;
    }
    if (o->commands[0] != '*' && !condition.n)
        return;
    plm_buf_str(b, "complete -c plimsoll");
    if (condition.n)
        plm_buf_printf(b, " -n '__fish_seen_subcommand_from%.*s'", PLM_SV_ARG(plm_buf_sv(&condition)));
    plm_buf_printf(b, " -l %s", o->name);
    if (o->letter)
        plm_buf_printf(b, " -s %c", o->letter);
    values(o, a, &v);
    if (v.n)
        plm_buf_printf(b, " -x -a '%.*s'", PLM_SV_ARG(plm_buf_sv(&v)));
    else if (plm_option_takes_value(o))
        plm_buf_str(b, " -r -F");
    plm_buf_str(b, " -d ");
    quoted(b, o->help);
    plm_buf_byte(b, '\n');
}

static void write_fish(struct plm_buf *b, struct plm_arena *a)
{
    plm_sv_vec first = {0};
    first_words(a, &first);
    plm_buf_str(b, "# fish completion of plimsoll; made by: plimsoll completion fish\n");
    for (size_t i = 0; i < first.n; i++) {
        const char *summary = summary_of(first.v[i]);
        plm_buf_printf(b, "complete -c plimsoll -f -n __fish_use_subcommand -a %.*s -d ",
                       PLM_SV_ARG(first.v[i]));
        quoted(b, summary ? summary : "more commands");
        plm_buf_byte(b, '\n');
        plm_sv_vec second = {0};
        second_words(a, first.v[i], &second);
        for (size_t k = 0; k < second.n; k++)
            plm_buf_printf(b, "complete -c plimsoll -f -n '__fish_seen_subcommand_from %.*s' -a %.*s\n",
                           PLM_SV_ARG(first.v[i]), PLM_SV_ARG(second.v[k]));
    }
    for (size_t i = 0; i < plm_options_n; i++)
        fish_option(b, a, &plm_options[i]);
}

static int run(struct plm_cli *cli, plm_err **err)
{
    const char *const *words;
    plm_config_words(cli->config, &words);
    plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(PLM_MIB(4));
    if (strcmp(words[0], "bash") == 0)
        write_bash(&b, cli->arena);
    else if (strcmp(words[0], "zsh") == 0)
        write_zsh(&b, cli->arena);
    else if (strcmp(words[0], "fish") == 0)
        write_fish(&b, cli->arena);
    else {
        int rc = plm_fail_id(err, PLM_E_USAGE, "usage.words", "plimsoll completion: no script for \"%s\"",
                             words[0]);
        plm_err_hint(err, "bash, zsh or fish");
        return rc;
    }
    if (plm_arena_check(cli->arena, err) < 0 || plm_buf_check(&b, err) < 0)
        return -1;
    return plm_cli_print(plm_buf_sv(&b), err);
}

static const struct plm_command completion = {
    .name = "completion",
    .arguments = "bash|zsh|fish",
    .summary = "completion script of a shell",
    .help = "Prints a completion script that knows every command, option and value. It runs nothing when TAB "
            "is pressed.",
    .examples = "plimsoll completion bash > /etc/bash_completion.d/plimsoll\tfor every user\n"
                "source <(plimsoll completion bash)\tfor this shell\n",
    .min_words = 1,
    .max_words = 1,
    .run = run,
};
PLM_REGISTER(plm_commands, struct plm_command, completion);
