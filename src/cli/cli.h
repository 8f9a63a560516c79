/* SPDX-License-Identifier: Apache-2.0
 *
 * Commands: one file each, ending in one descriptor. main.c only dispatches.
 *
 *     static int run(struct plm_cli *cli, plm_err **err)
 *     {
 *         const char *const *words;
 *         size_t n = plm_config_words(cli->config, &words);
 *         ...
 *         return PLM_EXIT_PASSED;
 *     }
 *     static const struct plm_command scan = {.name = "scan", .arguments = "SOURCE...", .run = run, ...};
 *     PLM_REGISTER(plm_commands, struct plm_command, scan);
 *
 * A command that makes a report: plm_cli_outputs (before the work, so that a bad -o costs
 * nothing), then the work, then plm_cli_finish, which writes every output, prints the last line
 * and returns the exit code.
 */
#pragma once

#include "base/buf.h"
#include "base/ctx.h"
#include "base/err.h"
#include "base/register.h"
#include "config/config.h"
#include "model/model.h"
#include "report/report.h"

/* Exit codes, the same for every command (design.md part 4). */
enum {
    PLM_EXIT_PASSED = 0,
    PLM_EXIT_FAILED = 1,
    PLM_EXIT_USAGE = 2,
    PLM_EXIT_INCOMPLETE = 3,
    PLM_EXIT_STALE = 4,
    PLM_EXIT_EMPTY = 5,
    PLM_EXIT_COUNT_
};

struct plm_cli_output {
    const struct plm_format *format;
    plm_sv path;          /* file to write; null: standard output */
    plm_sv template_text; /* of template=FILE */
};

struct plm_cli {
    struct plm_ctx ctx;
    struct plm_config *config;
    const struct plm_command *command;
    struct plm_arena *arena; /* of this run */
    struct plm_log log;
    unsigned width; /* of standard output */
    bool color, is_tty;
    bool quiet;
    bool no_last_line; /* the command has statistics of its own */
    unsigned verbose;
    uint64_t started_ms; /* monotonic */
    PLM_VEC(struct plm_cli_output) outputs;
};

struct plm_command {
    const char *name;      /* "scan", "db update" */
    const char *arguments; /* "SOURCE..." */
    const char *summary;
    const char *help;              /* paragraphs; NULL: summary only */
    const char *examples;          /* lines of "command<TAB>what it does" */
    const char *foreign;           /* " image fs ": words that other tools use for it */
    unsigned min_words, max_words; /* checked by the dispatcher; max 0: none allowed, UINT_MAX: any number */
    bool hidden;                   /* left out of help and completion */
    /* Exit code (design.md part 4), or -1 with *err. */
    int (*run)(struct plm_cli *cli, plm_err **err);
};
PLM_SET_DECLARE(plm_commands, struct plm_command);

/* All commands sorted by name; NULL-ended, in the arena. NULL when it failed. */
const struct plm_command *const *plm_commands_sorted(struct plm_arena *a);
const struct plm_command *plm_command_find(plm_sv name);

/* main() without the process: argv[0] is the program. Returns the exit code. */
int plm_cli_main(int argc, char **argv, char *const *environ_list);

/* ---- output (output.c) ------------------------------------------------------------------ */

/* Reads -o: known formats, readable templates, writable directories. With nothing given: table to standard
 * output. */
int plm_cli_outputs(struct plm_cli *cli, plm_err **err);
/* One specification of -o: "json", "sarif=FILE". */
int plm_cli_output_add(struct plm_cli *cli, plm_sv spec, plm_err **err);
/* For commands that print something else than a report: -o is absent, "table" or "json", and nothing else. */
int plm_cli_wants_json(const struct plm_cli *cli, bool *out, plm_err **err);
/* Display options from the configuration, for plm_format.write. */
void plm_cli_report_options(const struct plm_cli *cli, struct plm_report_options *out);
/* To standard output; a reader that went away (EPIPE) is no error. */
int plm_cli_print(plm_sv text, plm_err **err);
/* Sets a code by precedence (2 > 1 > 3 > 4 > 5 > 0); the loser goes to exit_also. What --allow forgives is
 * left out. */
void plm_cli_exit_add(const struct plm_cli *cli, struct plm_report *r, int code);
/* Fills run (tool, version, started, elapsed, clock) and host of a report; sets exit codes from verdicts and
 * diagnostics as --allow says; writes every output, files first and all of them even where one fails; prints
 * the last line on standard error. Returns the exit code, or -1. Call plm_report_finish before. */
int plm_cli_finish(struct plm_cli *cli, struct plm_report *r, plm_err **err);

/* Writes every output and nothing else: files before standard output. The first error is returned, the others
 * are printed. */
int plm_cli_write_outputs(struct plm_cli *cli, const struct plm_report *r, plm_err **err);
/* Name, machine id, system and kernel of this machine into the report (host.c). */
int plm_host_facts(struct plm_report *r, plm_err **err);

/* ---- standard error (message.c) ---------------------------------------------------------- */

/* "plimsoll: object: cause [code]; try: hint". Escaped; nothing secret is added. */
void plm_cli_error(const struct plm_cli *cli, const plm_err *e);
/* One line, unless -q. */
void plm_cli_note(const struct plm_cli *cli, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* ---- help (help.c) ------------------------------------------------------------------------- */

void plm_help_overview(struct plm_buf *out);
void plm_help_all(struct plm_buf *out, struct plm_arena *a, unsigned width);
void plm_help_command(struct plm_buf *out, const struct plm_command *c, unsigned width);
/* Words wrapped to a width with an indent; paragraphs at blank lines. */
void plm_help_wrap(struct plm_buf *out, plm_sv text, unsigned indent, unsigned width);
/* "-o, --output FORMAT[=FILE]". */
void plm_help_option_name(struct plm_buf *out, const struct plm_option *o);
