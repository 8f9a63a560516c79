/* SPDX-License-Identifier: Apache-2.0
 *
 * Help from the tables of commands and options.
 */
#include "base/text.h"
#include "cli/cli.h"

enum { NAME_COLUMN = 34, WIDTH_MIN = 60, WIDTH_MAX = 110 };

static unsigned clamp(unsigned width)
{
    return width < WIDTH_MIN ? WIDTH_MIN : width > WIDTH_MAX ? WIDTH_MAX : width;
}

static void spaces(struct plm_buf *out, size_t n)
{
    plm_buf_printf(out, "%*s", (int)n, "");
}

/* Lines of one paragraph run together; an indented line is an example and stays, a blank one parts. */
void plm_help_wrap(struct plm_buf *out, plm_sv text, unsigned indent, unsigned width)
{
    plm_sv line, word;
    size_t column = 0;
    while (plm_sv_line(&text, &line)) {
        bool is_example = line.n && (line.p[0] == ' ' || line.p[0] == '\t');
        if (column && (is_example || !line.n)) {
            plm_buf_byte(out, '\n');
            column = 0;
        }
        if (is_example || !line.n) {
            plm_buf_sv_put(out, line);
            plm_buf_byte(out, '\n');
            continue;
        }
        while (plm_sv_word(&line, &word)) {
            size_t w = plm_text_width(word);
            if (column && column + 1 + w > width) {
                plm_buf_byte(out, '\n');
                column = 0;
            }
            spaces(out, column ? 1 : indent);
            column += column ? 1 : indent;
            plm_buf_sv_put(out, word);
            column += w;
        }
    }
    if (column)
        plm_buf_byte(out, '\n');
}

void plm_help_overview(struct plm_buf *out)
{
    plm_buf_str(out, "plimsoll " PLM_VERSION ": security of Docker hosts and containers in one program\n\n");
    static const char *const shown[] = {"scan", "report", "find", "explain", "db update", "config", "list"};
    for (size_t i = 0; i < sizeof(shown) / sizeof(shown[0]); i++) {
        const struct plm_command *c = plm_command_find(plm_sv_from(shown[i]));
        if (c)
            plm_buf_printf(out, "  %-12s%s\n", c->name, c->summary);
    }
    plm_buf_str(out,
                "\nExamples:\n"
                "  plimsoll scan host:                      this machine's packages\n"
                "  plimsoll scan nginx:1.27                 an image of the local engine\n"
                "  plimsoll scan app.tar -o json=app.json   a saved image, the full report into a file\n\n"
                "All commands: plimsoll help. One of them: plimsoll help scan\n");
}

/* Two columns: a name, then a text that is wrapped beside it. */
static void row(struct plm_buf *out, plm_sv name, plm_sv text, unsigned column, unsigned width)
{
    spaces(out, 2);
    plm_buf_sv_put(out, name);
    size_t at = 2 + plm_text_width(name);
    if (at + 2 > column) {
        plm_buf_byte(out, '\n');
        at = 0;
    }
    spaces(out, column - at);
    plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(PLM_KIB(64));
    plm_help_wrap(&b, text, column, width);
    plm_sv wrapped = plm_buf_sv(&b);
    plm_buf_sv_put(out, plm_sv_from_off(wrapped, wrapped.n > column ? column : wrapped.n));
}

void plm_help_all(struct plm_buf *out, struct plm_arena *a, unsigned width)
{
    const struct plm_command *const *list = plm_commands_sorted(a);
    plm_buf_str(out, "usage: plimsoll COMMAND [OPTIONS] [WORDS]\n\nCommands:\n");
    for (; list && *list; list++) {
        plm_auto_done(plm_buf_done) struct plm_buf name = PLM_BUF(PLM_KIB(4));
        if ((*list)->hidden)
            continue;
        plm_buf_printf(&name, "%s%s%s", (*list)->name, (*list)->arguments ? " " : "",
                       (*list)->arguments ? (*list)->arguments : "");
        row(out, plm_buf_sv(&name), plm_sv_from((*list)->summary), NAME_COLUMN, clamp(width));
    }
    plm_buf_str(
        out,
        "\nHelp of one command: plimsoll help COMMAND\n"
        "Exit codes: 0 passed, 1 verdict failed, 2 usage or configuration, 3 incomplete, 4 data too old,\n"
        "            5 nothing to evaluate\n");
}

void plm_help_option_name(struct plm_buf *out, const struct plm_option *o)
{
    if (o->letter)
        plm_buf_printf(out, "-%c, ", o->letter);
    plm_buf_printf(out, "--%s", o->name);
    if (o->argument)
        plm_buf_printf(out, " %s", o->argument);
}

static void option_row(struct plm_buf *out, const struct plm_option *o, unsigned width)
{
    plm_auto_done(plm_buf_done) struct plm_buf name = PLM_BUF(PLM_KIB(4));
    plm_auto_done(plm_buf_done) struct plm_buf text = PLM_BUF(PLM_KIB(16));
    plm_help_option_name(&name, o);
    plm_buf_str(&text, o->help);
    if (o->choices && o->type == PLM_OPT_CHOICE && !strchr(o->argument, '|')) {
        plm_buf_str(&text, ":");
        for (const char *const *c = o->choices; *c; c++)
            plm_buf_printf(&text, "%s %s", c == o->choices ? "" : ",", *c);
    }
    if (o->fallback)
        plm_buf_printf(&text, " (default %s)", o->fallback);
    row(out, plm_buf_sv(&name), plm_buf_sv(&text), NAME_COLUMN, width);
}

void plm_help_command(struct plm_buf *out, const struct plm_command *c, unsigned width)
{
    width = clamp(width);
    plm_buf_printf(out, "usage: plimsoll %s [OPTIONS]%s%s\n\n", c->name, c->arguments ? " " : "",
                   c->arguments ? c->arguments : "");
    plm_help_wrap(out, plm_sv_from(c->help ? c->help : c->summary), 0, width);
    for (int common = 0; common < 2; common++) {
        bool any = false;
        for (size_t i = 0; i < plm_options_n; i++) {
            const struct plm_option *o = &plm_options[i];
            if ((o->commands[0] == '*') != common || !plm_option_is_of(o, c->name))
                continue;
            if (!any)
                plm_buf_str(out, common ? "\nOptions of every command:\n" : "\nOptions:\n");
            any = true;
            option_row(out, o, width);
        }
    }
    if (!c->examples)
        return;
    plm_buf_str(out, "\nExamples:\n");
    plm_sv rest = plm_sv_from(c->examples), line, command, what;
    while (plm_sv_line(&rest, &line)) {
        if (!line.n)
            continue;
        plm_sv_cut(line, '\t', &command, &what);
        row(out, command, what, NAME_COLUMN + 14, width);
    }
}
