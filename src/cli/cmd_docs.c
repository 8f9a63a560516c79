/* SPDX-License-Identifier: Apache-2.0
 *
 * The reference pages and man pages, written from the tables that the program runs on. Hidden: for
 * developers; a test compares what it writes with the files of the repository.
 */
#include "base/fs.h"
#include "base/text.h"
#include "catalog/catalog.h"
#include "cli/docs_int.h"
#include "policy/policy.h"
#include "version/version.h"
#include "vulndb/vulndb.h"

/* ---- Markdown ------------------------------------------------------------------------------------- */

/* A cell of a table: pipes and angle brackets of arguments do not end it. */
static void cell(struct plm_buf *b, const char *s)
{
    for (; s && *s; s++) {
        if (*s == '|')
            plm_buf_str(b, "\\|");
        else if (*s == '<')
            plm_buf_str(b, "&lt;");
        else
            plm_buf_byte(b, (unsigned char)*s);
    }
}

static void code_cell(struct plm_buf *b, const char *s)
{
    plm_buf_str(b, s && *s ? "`" : "");
    for (; s && *s; s++) {
        if (*s == '|')
            plm_buf_byte(b, '\\');
        plm_buf_byte(b, (unsigned char)*s);
        if (!s[1])
            plm_buf_byte(b, '`');
    }
}

void plm_docs_page_start(struct plm_buf *b, const char *title, const char *text)
{
    plm_buf_printf(
        b, "# %s\n\n<!-- Made by `plimsoll docs`; change the tables in src/, not this file. -->\n\n%s\n\n",
        title, text);
}

static void option_rows(struct plm_buf *b, const char *command)
{
    bool any = false;
    for (size_t i = 0; i < plm_options_n; i++) {
        const struct plm_option *o = &plm_options[i];
        plm_auto_done(plm_buf_done) struct plm_buf name = PLM_BUF(PLM_KIB(4));
        if (o->commands[0] == '*' || !plm_option_is_of(o, command))
            continue;
        plm_buf_str(b, any ? "" : "| option | meaning | default |\n|---|---|---|\n");
        any = true;
        plm_help_option_name(&name, o);
        plm_buf_str(b, "| ");
        code_cell(b, plm_buf_cstr(&name));
        plm_buf_str(b, " | ");
        cell(b, o->help);
        plm_buf_str(b, " | ");
        code_cell(b, o->fallback);
        plm_buf_str(b, " |\n");
    }
    plm_buf_str(b, any ? "\n" : "");
}

static void page_commands(struct plm_buf *b, struct plm_arena *a)
{
    plm_docs_page_start(b, "Commands",
                        "The options of every command, such as `--quiet` and `--offline`, stand in "
                        "[options.md](options.md).");
    const struct plm_command *const *list = plm_commands_sorted(a);
    for (; list && *list; list++) {
        const struct plm_command *c = *list;
        if (c->hidden)
            continue;
        plm_buf_printf(b, "## plimsoll %s\n\n    plimsoll %s [OPTIONS]%s%s\n\n", c->name, c->name,
                       c->arguments ? " " : "", c->arguments ? c->arguments : "");
        plm_buf_printf(b, "%s\n\n", c->help ? c->help : c->summary);
        option_rows(b, c->name);
        plm_sv rest = plm_sv_from(c->examples), line, command, what;
        bool any = false;
        while (c->examples && plm_sv_line(&rest, &line)) {
            if (!plm_sv_cut(line, '\t', &command, &what))
                continue;
            plm_buf_printf(b, "    # %.*s\n    %.*s\n", PLM_SV_ARG(what), PLM_SV_ARG(command));
            any = true;
        }
        plm_buf_str(b, any ? "\n" : "");
    }
}

static void page_options(struct plm_buf *b, struct plm_arena *a)
{
    (void)a;
    plm_docs_page_start(
        b, "Options, keys and variables",
        "Every option is a key of `plimsoll.yaml` and a variable. Order: locked > flag > environment "
        "> `--config` > project\n"
        "(`./plimsoll.yaml`) > user (`$XDG_CONFIG_HOME/plimsoll/plimsoll.yaml`) > system "
        "(`/etc/plimsoll/plimsoll.yaml`); a\n"
        "list replaces the one below it. The system file may `lock` keys. Keys marked \"no\" may not "
        "stand in a project file.");
    plm_buf_str(
        b,
        "| option | key | variable | in a project file | default | meaning |\n|---|---|---|---|---|---|\n");
    for (size_t i = 0; i < plm_options_n; i++) {
        const struct plm_option *o = &plm_options[i];
        plm_auto_done(plm_buf_done) struct plm_buf name = PLM_BUF(PLM_KIB(4));
        plm_auto_done(plm_buf_done) struct plm_buf variable = PLM_BUF(PLM_KIB(4));
        plm_help_option_name(&name, o);
        plm_option_variable(o, &variable);
        plm_buf_str(b, "| ");
        code_cell(b, plm_buf_cstr(&name));
        plm_buf_str(b, " | ");
        code_cell(b, o->key);
        plm_buf_str(b, " | ");
        code_cell(b, o->key ? plm_buf_cstr(&variable) : NULL);
        plm_buf_printf(b, " | %s | ", !o->key ? "" : o->system_only ? "no" : "yes");
        code_cell(b, o->fallback);
        plm_buf_str(b, " | ");
        cell(b, o->help);
        plm_buf_str(b, " |\n");
    }
}

/* Rows of two to four columns, sorted by the first. */
struct table_row {
    const char *v[4];
};
static int by_first(const void *a, const void *b)
{
    return strcmp(((const struct table_row *)a)->v[0], ((const struct table_row *)b)->v[0]);
}
static void put_rows(struct plm_buf *b, struct table_row *rows, size_t n, int columns)
{
    if (n > 1)
        qsort(rows, n, sizeof(*rows), by_first);
    for (size_t i = 0; i < n; i++) {
        plm_buf_str(b, "| ");
        code_cell(b, rows[i].v[0]);
        for (int k = 1; k < columns; k++) {
            plm_buf_str(b, " | ");
            cell(b, rows[i].v[k]);
        }
        plm_buf_str(b, " |\n");
    }
}

static const char *joined(struct plm_arena *a, const char *const *list)
{
    plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(PLM_KIB(64));
    for (; list && *list; list++)
        plm_buf_printf(&b, "%s%s", b.n ? ", " : "", *list);
    return plm_arena_cstr(a, plm_buf_sv(&b));
}

static void page_catalogers(struct plm_buf *b, struct plm_arena *a)
{
    plm_docs_page_start(b, "Catalogers",
                        "Which files of an image or root directory describe installed packages.");
    plm_buf_str(b, "| cataloger | packages | purl type | files |\n|---|---|---|---|\n");
    struct table_row *rows = plm_arena_array(a, PLM_SET_COUNT(plm_catalogers), sizeof(*rows));
    size_t n = 0;
    PLM_SET_FOREACH (plm_catalogers, struct plm_cataloger, c)
        if (rows)
            rows[n++] = (struct table_row){
                {c->id, c->summary, c->type, c->extractor ? joined(a, c->extractor->globs) : ""}};
    put_rows(b, rows, n, 4);
}

static void page_feeds(struct plm_buf *b, struct plm_arena *a)
{
    plm_docs_page_start(b, "Feed formats", "What `plimsoll db build --feed FORMAT=PATH_OR_URL` reads.");
    plm_buf_str(b, "| format | content | from | tested with |\n|---|---|---|---|\n");
    struct table_row *rows = plm_arena_array(a, PLM_SET_COUNT(plm_feeds), sizeof(*rows));
    size_t n = 0;
    PLM_SET_FOREACH (plm_feeds, struct plm_feed_format, f)
        if (rows)
            rows[n++] = (struct table_row){{f->id, f->summary, f->upstream, f->tested}};
    put_rows(b, rows, n, 4);
}

static void page_schemes(struct plm_buf *b, struct plm_arena *a)
{
    plm_docs_page_start(b, "Version schemes",
                        "How versions are ordered; `plimsoll vercmp SCHEME A B` shows it.");
    plm_buf_str(b, "| scheme | order | also called |\n|---|---|---|\n");
    struct table_row *rows = plm_arena_array(a, PLM_SET_COUNT(plm_schemes), sizeof(*rows));
    size_t n = 0;
    PLM_SET_FOREACH (plm_schemes, struct plm_scheme, s)
        if (rows)
            rows[n++] = (struct table_row){{s->id, s->summary, joined(a, s->aliases)}};
    put_rows(b, rows, n, 3);
}

static void page_formats(struct plm_buf *b, struct plm_arena *a)
{
    plm_docs_page_start(
        b, "Output formats",
        "`-o FORMAT` writes to standard output, `-o FORMAT=FILE` into a file, `-o FORMAT=DIR/` into "
        "`DIR/report.EXTENSION`;\n"
        "several in one run. Files are replaced atomically, on a failed verdict too. The fields of "
        "`json` stand in\n"
        "[report-v1.schema.json](../schema/report-v1.schema.json); templates in "
        "[templates.md](../templates.md).");
    plm_buf_str(b, "| format | content | extension |\n|---|---|---|\n");
    struct table_row *rows = plm_arena_array(a, PLM_SET_COUNT(plm_formats), sizeof(*rows));
    size_t n = 0;
    PLM_SET_FOREACH (plm_formats, struct plm_format, f)
        if (rows)
            rows[n++] = (struct table_row){{f->id, f->summary, f->extension}};
    put_rows(b, rows, n, 3);
}

static void page_codes(struct plm_buf *b, struct plm_arena *a)
{
    (void)a;
    plm_docs_page_start(
        b, "Codes of errors and diagnostics",
        "An error prints its code in brackets; a diagnostic carries it in `diagnostics[].code`. They "
        "are stable.");
    plm_buf_str(b, "| code | meaning |\n|---|---|\n");
    for (size_t i = 0; i < plm_codes_n; i++) {
        plm_buf_str(b, "| ");
        code_cell(b, plm_codes[i].id);
        plm_buf_str(b, " | ");
        cell(b, plm_codes[i].meaning);
        plm_buf_str(b, " |\n");
    }
}

static const struct {
    int code;
    const char *meaning;
} exit_rows[] = {
    {PLM_EXIT_PASSED, "passed"},
    {PLM_EXIT_FAILED, "the verdict failed: a condition of --fail-on was met"},
    {PLM_EXIT_USAGE, "usage or configuration error"},
    {PLM_EXIT_INCOMPLETE,
     "could not complete: I/O, network, an unreadable part of a named target (--allow incomplete)"},
    {PLM_EXIT_STALE, "vulnerability data missing or older than db.max-age (--db-max-age none)"},
    {PLM_EXIT_EMPTY, "a named target had nothing that could be evaluated (--allow empty)"},
};

static void page_gates(struct plm_buf *b, struct plm_arena *a)
{
    plm_docs_page_start(
        b, "Gates",
        "What the rules of a policy can be about. A rule names a gate, a trigger and its parameters, and the "
        "action (stop, warn, go)\nof what it finds. Names and parameters are those of Anchore's policy "
        "language; "
        "origin says whose they are: of the open-source\nengine where nothing is said, `commercial` where "
        "they "
        "are documented for the commercial product only and the behaviour is our\nreading, `plimsoll` where "
        "they are ours. Bundles that use the latter do not load in Anchore.\nExpressions are those of "
        "Python's "
        "`re` and match at the start of the text.");
    plm_policy_reference(b, a);
}

static void page_exit(struct plm_buf *b, struct plm_arena *a)
{
    (void)a;
    plm_docs_page_start(
        b, "Exit codes",
        "The same for every command. If several apply, the order is 2 > 1 > 3 > 4 > 5 > 0; the others "
        "stand in\n"
        "`run.exit.also` of the report.");
    plm_buf_str(b, "| code | meaning |\n|---|---|\n");
    for (size_t i = 0; i < sizeof(exit_rows) / sizeof(exit_rows[0]); i++)
        plm_buf_printf(b, "| %d | %s |\n", exit_rows[i].code, exit_rows[i].meaning);
    plm_buf_str(b, "\nErrors carry a class as well; each class has one exit code:\n\n| class | exit code "
                   "|\n|---|---|\n");
    for (int i = PLM_E_OOM; i < PLM_E_COUNT_; i++)
        plm_buf_printf(b, "| %s | %d |\n", plm_code_name((enum plm_code)i), plm_code_exit((enum plm_code)i));
}

/* ---- man pages ------------------------------------------------------------------------------------- */

/* Running text of a man page: backslashes, leading dots and quotes, hyphens. */
static void man_text(struct plm_buf *b, plm_sv s)
{
    for (size_t i = 0; i < s.n; i++) {
        bool line_start = i == 0 || s.p[i - 1] == '\n';
        if (s.p[i] == '\\')
            plm_buf_str(b, "\\e");
        else if (s.p[i] == '-')
            plm_buf_str(b, "\\-");
        else if (line_start && (s.p[i] == '.' || s.p[i] == '\''))
            plm_buf_printf(b, "\\&%c", s.p[i]);
        else if (s.p[i] == '\n' && i + 1 < s.n && s.p[i + 1] == '\n')
            plm_buf_str(b, "\n.PP");
        else
            plm_buf_byte(b, (unsigned char)s.p[i]);
    }
}

static void man_str(struct plm_buf *b, const char *s)
{
    man_text(b, plm_sv_from(s));
}

static void man_options(struct plm_buf *b, const char *command, bool common)
{
    bool any = false;
    for (size_t i = 0; i < plm_options_n; i++) {
        const struct plm_option *o = &plm_options[i];
        plm_auto_done(plm_buf_done) struct plm_buf name = PLM_BUF(PLM_KIB(4));
        if ((o->commands[0] == '*') != common || !plm_option_is_of(o, command))
            continue;
        if (!any)
            plm_buf_str(b, ".SH OPTIONS\n");
        any = true;
        plm_help_option_name(&name, o);
        plm_buf_str(b, ".TP\n.B ");
        man_text(b, plm_buf_sv(&name));
        plm_buf_byte(b, '\n');
        man_str(b, o->help);
        if (o->fallback) {
            plm_buf_str(b, " (default ");
            man_str(b, o->fallback);
            plm_buf_byte(b, ')');
        }
        plm_buf_byte(b, '\n');
    }
}

static void man_head(struct plm_buf *b, const char *title, const char *summary)
{
    plm_buf_printf(b,
                   ".\\\" Made by plimsoll docs; change the tables in src/, not this file.\n.TH %s 1 \"\" "
                   "\"plimsoll\" \"User Commands\"\n"
                   ".SH NAME\n",
                   title);
    man_str(b, title);
    plm_buf_str(b, " \\- ");
    man_str(b, summary);
    plm_buf_byte(b, '\n');
}

static void man_command(struct plm_buf *b, const struct plm_command *c, const char *title)
{
    man_head(b, title, c->summary);
    plm_buf_str(b, ".SH SYNOPSIS\n.B plimsoll ");
    man_str(b, c->name);
    plm_buf_str(b, "\n[OPTIONS] ");
    man_str(b, c->arguments ? c->arguments : "");
    plm_buf_str(b, "\n.SH DESCRIPTION\n");
    man_str(b, c->help ? c->help : c->summary);
    plm_buf_byte(b, '\n');
    man_options(b, c->name, false);
    if (c->examples)
        plm_buf_str(b, ".SH EXAMPLES\n");
    plm_sv rest = plm_sv_from(c->examples), line, command, what;
    while (c->examples && plm_sv_line(&rest, &line)) {
        if (!plm_sv_cut(line, '\t', &command, &what))
            continue;
        plm_buf_str(b, ".TP\n.B ");
        man_text(b, command);
        plm_buf_byte(b, '\n');
        man_text(b, what);
        plm_buf_byte(b, '\n');
    }
    plm_buf_str(
        b,
        ".SH SEE ALSO\n.BR plimsoll (1)\nfor the options of every command, exit codes and configuration\n");
}

static void man_main(struct plm_buf *b, struct plm_arena *a)
{
    man_head(b, "plimsoll", "security of Docker hosts and containers");
    plm_buf_str(b, ".SH SYNOPSIS\n.B plimsoll\nCOMMAND [OPTIONS] [WORDS]\n.SH COMMANDS\n");
    const struct plm_command *const *list = plm_commands_sorted(a);
    for (; list && *list; list++) {
        if ((*list)->hidden)
            continue;
        plm_buf_str(b, ".TP\n.B ");
        man_str(b, (*list)->name);
        plm_buf_byte(b, '\n');
        man_str(b, (*list)->summary);
        plm_buf_byte(b, '\n');
    }
    man_options(b, "", true);
    plm_buf_str(b, ".SH EXIT STATUS\n");
    for (size_t i = 0; i < sizeof(exit_rows) / sizeof(exit_rows[0]); i++) {
        plm_buf_printf(b, ".TP\n.B %d\n", exit_rows[i].code);
        man_str(b, exit_rows[i].meaning);
        plm_buf_byte(b, '\n');
    }
    plm_buf_str(b, ".SH FILES\n.TP\n.I ./plimsoll.yaml\nthe project; may set less than the others\n.TP\n"
                   ".I $XDG_CONFIG_HOME/plimsoll/plimsoll.yaml\nthe user\n.TP\n.I "
                   "/etc/plimsoll/plimsoll.yaml\nthe system; may lock keys\n");
}

/* ---- writing --------------------------------------------------------------------------------------- */

static int write_page(const char *dir, const char *name, const struct plm_buf *b, plm_err **err)
{
    plm_auto_free char *path = plm_fs_join(dir, name);
    if (!path)
        return plm_fail_oom(err);
    return plm_buf_check(b, err) < 0 ? -1 : plm_fs_write_atomic(path, plm_buf_sv(b), 0644, err);
}

static int write_man_pages(struct plm_arena *a, const char *dir, plm_err **err)
{
    plm_auto_done(plm_buf_done) struct plm_buf main_page = PLM_BUF(PLM_MIB(1));
    man_main(&main_page, a);
    if (write_page(dir, "plimsoll.1", &main_page, err) < 0)
        return -1;
    const struct plm_command *const *list = plm_commands_sorted(a);
    for (; list && *list; list++) {
        plm_auto_done(plm_buf_done) struct plm_buf page = PLM_BUF(PLM_MIB(1));
        if ((*list)->hidden)
            continue;
        char *title = plm_arena_cstr(a, plm_arena_printf(a, "plimsoll-%s", (*list)->name));
        for (char *p = title; p && *p; p++)
            *p = *p == ' ' ? '-' : *p;
        plm_sv file = title ? plm_arena_printf(a, "%s.1", title) : PLM_SV_NULL;
        if (!file.p)
            return plm_fail_oom(err);
        man_command(&page, *list, title);
        if (write_page(dir, file.p, &page, err) < 0)
            return -1;
    }
    return 0;
}

static int run(struct plm_cli *cli, plm_err **err)
{
    static const struct {
        const char *name;
        void (*make)(struct plm_buf *b, struct plm_arena *a);
    } pages[] = {
        {"commands.md", page_commands}, {"options.md", page_options}, {"catalogers.md", page_catalogers},
        {"feeds.md", page_feeds},       {"schemes.md", page_schemes}, {"formats.md", page_formats},
        {"codes.md", page_codes},       {"exit-codes.md", page_exit}, {"checks.md", plm_docs_page_checks},
        {"gates.md", page_gates},
    };
    const char *const *words;
    plm_config_words(cli->config, &words);
    plm_auto_free char *reference = plm_fs_join(words[0], "reference");
    plm_auto_free char *man = plm_fs_join(words[0], "man");
    if (!reference || !man)
        return plm_fail_oom(err);
    if (plm_fs_mkdirs(reference, 0755, err) < 0 || plm_fs_mkdirs(man, 0755, err) < 0)
        return -1;
    for (size_t i = 0; i < sizeof(pages) / sizeof(pages[0]); i++) {
        plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(PLM_MIB(4));
        pages[i].make(&b, cli->arena);
        if (write_page(reference, pages[i].name, &b, err) < 0)
            return -1;
    }
    return write_man_pages(cli->arena, man, err) < 0 ? -1 : plm_arena_check(cli->arena, err);
}

static const struct plm_command docs = {
    .name = "docs",
    .arguments = "DIR",
    .summary = "write the reference and man pages",
    .min_words = 1,
    .max_words = 1,
    .hidden = true,
    .run = run,
};
PLM_REGISTER(plm_commands, struct plm_command, docs);
