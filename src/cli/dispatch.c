/* SPDX-License-Identifier: Apache-2.0
 *
 * From the words of the command line to one command: finds it (its name may be two words, and
 * options may stand before it), loads the configuration, sets up the context, runs it and turns
 * errors into a message and an exit code.
 */
#include "base/cleanup.h"
#include "base/fs.h"
#include "base/progress.h"
#include "base/time.h"
#include "cli/cli.h"

#include <limits.h>
#include <signal.h>
#include <sys/ioctl.h>

static atomic_bool cancelled;

/* The first signal asks politely, the second ends the process. */
static void on_signal(int number)
{
    (void)number;
    if (atomic_exchange(&cancelled, true))
        _exit(PLM_EXIT_INCOMPLETE);
}

static void set_signals(void)
{
    struct sigaction stop = {.sa_handler = on_signal, .sa_flags = SA_RESTART},
                     ignore = {.sa_handler = SIG_IGN};
    sigaction(SIGINT, &stop, NULL);
    sigaction(SIGTERM, &stop, NULL);
    sigaction(SIGPIPE, &ignore, NULL); /* a reader that leaves early must not keep files from being written */
}

/* ---- the command ------------------------------------------------------------------------- */

static int by_name(const void *a, const void *b)
{
    const struct plm_command *const *x = a, *const *y = b;
    return strcmp((*x)->name, (*y)->name);
}

const struct plm_command *const *plm_commands_sorted(struct plm_arena *a)
{
    size_t n = 0;
    const struct plm_command **list = plm_arena_array(a, PLM_SET_COUNT(plm_commands) + 1, sizeof(*list));
    if (!list)
        return NULL;
    PLM_SET_FOREACH (plm_commands, struct plm_command, c)
        list[n++] = c;
    qsort(list, n, sizeof(*list), by_name);
    return list;
}

const struct plm_command *plm_command_find(plm_sv name)
{
    PLM_SET_FOREACH (plm_commands, struct plm_command, c)
        if (plm_sv_is(name, c->name))
            return c;
    return NULL;
}

/* Index of the next word of argv from i that is neither an option nor the value of one; argc if there is
 * none. */
static int next_word(int argc, char **argv, int i)
{
    for (; i < argc; i++) {
        const char *arg = argv[i];
        if (strcmp(arg, "--") == 0)
            return i + 1;
        if (arg[0] != '-' || !arg[1])
            return i;
        plm_sv word = plm_sv_from(arg), name, value;
        const struct plm_option *o;
        if (arg[1] == '-') {
            if (plm_sv_cut(plm_sv_from_off(word, 2), '=', &name, &value))
                continue;
            o = plm_option_find(name);
        } else {
            o = plm_option_by_letter(arg[word.n - 1]);
            for (size_t k = 1; o && k + 1 < word.n; k++) {
                const struct plm_option *before = plm_option_by_letter(arg[k]);
                if (!before || plm_option_takes_value(before))
                    o = NULL; /* the value is attached */
            }
        }
        if (o && plm_option_takes_value(o))
            i++;
    }
    return argc;
}

struct found {
    const struct plm_command *command;
    int first, second; /* indices in argv; second is argc when the name is one word */
};

static void find_command(int argc, char **argv, struct found *out)
{
    *out = (struct found){.first = next_word(argc, argv, 1), .second = argc};
    if (out->first >= argc)
        return;
    int second = next_word(argc, argv, out->first + 1);
    if (second < argc) {
        plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(PLM_KIB(64));
        plm_buf_printf(&b, "%s %s", argv[out->first], argv[second]);
        out->command = plm_command_find(plm_buf_sv(&b));
        if (out->command) {
            out->second = second;
            return;
        }
    }
    out->command = plm_command_find(plm_sv_from(argv[out->first]));
}

static bool has_word(const char *words, plm_sv word)
{
    plm_sv rest = plm_sv_from(words), w;
    while (words && plm_sv_word(&rest, &w))
        if (plm_sv_eq(w, word))
            return true;
    return false;
}

static const struct plm_command *nearest_command(plm_sv word, struct plm_buf *children)
{
    const struct plm_command *best = NULL, *foreign = NULL;
    size_t best_d = 1 + word.n / 3;
    PLM_SET_FOREACH (plm_commands, struct plm_command, c) {
        plm_sv name = plm_sv_from(c->name), head, tail;
        if (c->hidden)
            continue;
        if (plm_sv_cut(name, ' ', &head, &tail) && plm_sv_eq(head, word))
            plm_buf_printf(children, "%s%.*s", children->n ? ", " : "", PLM_SV_ARG(tail));
        if (has_word(c->foreign, word))
            foreign = c;
        size_t d = plm_word_distance(word, name);
        if (d < best_d || (d == best_d && best && strcmp(c->name, best->name) < 0)) {
            best = c;
            best_d = d;
        }
    }
    return foreign ? foreign : best;
}

static int fail_command(plm_sv word, plm_err **err)
{
    plm_auto_done(plm_buf_done) struct plm_buf children = PLM_BUF(PLM_KIB(4));
    const struct plm_command *near = nearest_command(word, &children);
    if (children.n) {
        int rc = plm_fail_id(err, PLM_E_USAGE, "usage.command", "%.*s: say what to do", PLM_SV_ARG(word));
        plm_err_hint(err, "plimsoll %.*s with one of %.*s", PLM_SV_ARG(word),
                     PLM_SV_ARG(plm_buf_sv(&children)));
        return rc;
    }
    int rc = plm_fail_id(err, PLM_E_USAGE, "usage.command", "%.*s: no such command", PLM_SV_ARG(word));
    if (near)
        plm_err_hint(err, "plimsoll %s", near->name);
    else
        plm_err_hint(err, "plimsoll scan %.*s", PLM_SV_ARG(word));
    return rc;
}

/* ---- the context -------------------------------------------------------------------------- */

static unsigned terminal_width(void)
{
    struct winsize w;
    if (isatty(STDOUT_FILENO) && ioctl(STDOUT_FILENO, TIOCGWINSZ, &w) == 0 && w.ws_col)
        return w.ws_col;
    const char *columns = getenv("COLUMNS");
    uint64_t n;
    return columns && plm_sv_u64(plm_sv_from(columns), &n) && n >= 20 && n <= 1000 ? (unsigned)n : 100;
}

static bool wants_color(const struct plm_cli *cli)
{
    plm_sv mode = plm_config_text(cli->config, "color");
    const char *no_color = getenv("NO_COLOR"), *term = getenv("TERM");
    if (!plm_sv_is(mode, "auto"))
        return plm_sv_is(mode, "always");
    return cli->is_tty && !(no_color && *no_color) && !(term && strcmp(term, "dumb") == 0);
}

static const char *cache_dir(const struct plm_cli *cli)
{
    plm_sv named = plm_config_text(cli->config, "cache-dir");
    const char *xdg = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");
    if (named.p && named.p[0] != '/') {
        plm_auto_free char *cwd = getcwd(NULL, 0);
        return cwd ? plm_arena_printf(cli->arena, "%s/%.*s", cwd, PLM_SV_ARG(named)).p : NULL;
    }
    if (named.p)
        return plm_arena_cstr(cli->arena, named);
    if (xdg && xdg[0] == '/')
        return plm_arena_printf(cli->arena, "%s/plimsoll", xdg).p;
    return home && home[0] == '/' ? plm_arena_printf(cli->arena, "%s/.cache/plimsoll", home).p : NULL;
}

static void set_context(struct plm_cli *cli)
{
    const struct plm_config *c = cli->config;
    cli->is_tty = isatty(STDOUT_FILENO) == 1;
    cli->width = terminal_width();
    cli->color = wants_color(cli);
    cli->quiet = plm_config_flag(c, "quiet");
    cli->verbose = (unsigned)plm_config_number(c, "verbose");
    cli->log.level = cli->quiet          ? PLM_LOG_ERROR
                     : cli->verbose >= 2 ? PLM_LOG_DEBUG
                     : cli->verbose      ? PLM_LOG_INFO
                                         : PLM_LOG_WARN;
    cli->ctx.now = (int64_t)plm_config_number(c, "now");
    cli->ctx.now_injected = plm_config_is_set(c, "now");
    cli->ctx.offline = plm_config_flag(c, "offline");
    cli->ctx.jobs = (unsigned)plm_config_number(c, "jobs");
    uint64_t timeout = plm_config_number(c, "timeout");
    cli->ctx.timeout_ms = timeout == UINT64_MAX ? 0 : timeout;
    cli->ctx.cache_dir = cache_dir(cli);
    bool draws = !cli->quiet && isatty(STDERR_FILENO) && plm_sv_is(plm_config_text(c, "progress"), "auto");
    cli->ctx.progress = draws ? plm_progress_new(STDERR_FILENO, 1) : NULL;
}

static int check_words(const struct plm_cli *cli, plm_err **err)
{
    const char *const *words;
    const struct plm_command *c = cli->command;
    size_t n = plm_config_words(cli->config, &words);
    if (n >= c->min_words && n <= c->max_words)
        return 0;
    int rc = n < c->min_words
                 ? plm_fail_id(err, PLM_E_USAGE, "usage.words", "plimsoll %s: %s is missing", c->name,
                               c->arguments ? c->arguments : "a word")
                 : plm_fail_id(err, PLM_E_USAGE, "usage.words", "plimsoll %s: one word too many: \"%s\"",
                               c->name, words[c->max_words]);
    plm_err_hint(err, "plimsoll help %s", c->name);
    return rc;
}

/* Ends the run at its deadline the same way as an interrupt: the alarm asks to stop. */
static void set_deadline(uint64_t ms)
{
    if (!ms)
        return;
    struct sigaction stop = {.sa_handler = on_signal, .sa_flags = SA_RESTART};
    sigaction(SIGALRM, &stop, NULL);
    uint64_t seconds = (ms + 999) / 1000;
    alarm(seconds > UINT_MAX ? UINT_MAX : (unsigned)seconds);
}

static int run_command(struct plm_cli *cli, int argc, char **argv, const struct found *f,
                       char *const *environ_list, plm_err **err)
{
    char **rest = plm_arena_array(cli->arena, (size_t)argc + 1, sizeof(*rest));
    if (!rest)
        return plm_fail_oom(err);
    int n = 0;
    for (int i = 1; i < argc; i++)
        if (i != f->first && i != f->second)
            rest[n++] = argv[i];
    struct plm_config_sources sources = {
        .environ_list = environ_list, .argv = rest, .command = cli->command->name};
    cli->config = plm_config_load(&cli->ctx, &sources, err);
    if (!cli->config)
        return -1;
    set_context(cli);
    if (plm_config_flag(cli->config, "help")) {
        plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(PLM_MIB(1));
        plm_help_command(&b, cli->command, cli->width);
        return plm_cli_print(plm_buf_sv(&b), err);
    }
    if (check_words(cli, err) < 0)
        return -1;
    set_deadline(cli->ctx.timeout_ms);
    return cli->command->run(cli, err);
}

/* Nothing to run: what `plimsoll`, `plimsoll -h` and `plimsoll --version` say. */
static int run_nothing(struct plm_cli *cli, int argc, char **argv, plm_err **err)
{
    plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(PLM_MIB(1));
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--version") == 0 || strcmp(argv[i], "-V") == 0)
            plm_buf_str(&b, "plimsoll " PLM_VERSION "\n");
        else if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0)
            plm_help_all(&b, cli->arena, terminal_width());
        else
            continue;
        return plm_cli_print(plm_buf_sv(&b), err);
    }
    if (argc > 1) {
        int rc = plm_fail_id(err, PLM_E_USAGE, "usage.command", "%s: a command is missing", argv[1]);
        plm_err_hint(err, "plimsoll help");
        return rc;
    }
    plm_help_overview(&b);
    return plm_cli_print(plm_buf_sv(&b), err);
}

int plm_cli_main(int argc, char **argv, char *const *environ_list)
{
    set_signals();
    struct plm_cli cli = {.ctx = PLM_CTX_INIT, .started_ms = plm_clock_ms()};
    cli.log = (struct plm_log){.fd = STDERR_FILENO, .level = PLM_LOG_WARN};
    cli.ctx.log = &cli.log;
    cli.ctx.cancel = &cancelled;
    plm_err *err = NULL;
    int rc;
    cli.arena = plm_arena_new(PLM_ARENA_NO_LIMIT);
    struct found f;
    find_command(argc, argv, &f);
    cli.command = f.command;
    if (!cli.arena)
        rc = plm_fail_oom(&err);
    else if (f.first >= argc)
        rc = run_nothing(&cli, argc, argv, &err);
    else if (!f.command)
        rc = fail_command(plm_sv_from(argv[f.first]), &err);
    else
        rc = run_command(&cli, argc, argv, &f, environ_list, &err);
    plm_progress_free(cli.ctx.progress);
    if (rc < 0) {
        plm_cli_error(&cli, err);
        rc = plm_code_exit(plm_err_code(err));
    }
    plm_err_free(err);
    plm_config_free(cli.config);
    plm_arena_free(cli.arena);
    return rc;
}
