/* SPDX-License-Identifier: Apache-2.0
 *
 * A saved report again: other formats, other display options. The verdict and the exit code are
 * those of the run that made it.
 */
#include "base/fs.h"
#include "cli/cli.h"

static int read_input(struct plm_cli *cli, const char *path, struct plm_buf *b, plm_err **err)
{
    size_t max = (size_t)cli->ctx.limits->json_bytes;
    if (strcmp(path, "-") == 0)
        return plm_fs_read_fd(STDIN_FILENO, "standard input", max, b, err);
    return plm_fs_read(path, max, b, err);
}

static int run(struct plm_cli *cli, plm_err **err)
{
    const char *const *words;
    plm_config_words(cli->config, &words);
    plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF((size_t)cli->ctx.limits->json_bytes);
    if (plm_cli_outputs(cli, err) < 0 || read_input(cli, words[0], &b, err) < 0)
        return -1;
    plm_auto(plm_report_free) struct plm_report *r =
        plm_report_read(&cli->ctx, plm_buf_sv(&b), words[0], err);
    if (!r || plm_cli_write_outputs(cli, r, err) < 0)
        return -1;
    return r->exit_code;
}

static const struct plm_command report = {
    .name = "report",
    .arguments = "FILE|-",
    .summary = "render a saved json report again",
    .help = "Reads a report that scan -o json wrote and renders it in other formats or with other display "
            "options.\n"
            "The verdict and the exit code are those of the run that made the report.",
    .examples = "plimsoll report app.json\tthe table\n"
                "plimsoll report app.json -o csv=app.csv\tfor a spreadsheet\n"
                "plimsoll report app.json --group-by layer\twhich layer brought what\n",
    .foreign = " convert ",
    .min_words = 1,
    .max_words = 1,
    .run = run,
};
PLM_REGISTER(plm_commands, struct plm_command, report);
