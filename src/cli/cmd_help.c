/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/cli.h"

#include <limits.h>

static int run(struct plm_cli *cli, plm_err **err)
{
    const char *const *words;
    size_t n = plm_config_words(cli->config, &words);
    plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(PLM_MIB(1));
    plm_auto_done(plm_buf_done) struct plm_buf name = PLM_BUF(PLM_KIB(64));
    for (size_t i = 0; i < n; i++)
        plm_buf_printf(&name, "%s%s", i ? " " : "", words[i]);
    const struct plm_command *c = n ? plm_command_find(plm_buf_sv(&name)) : NULL;
    bool found = c || n == 0;
    if (c)
        plm_help_command(&b, c, cli->width);
    else if (n == 0)
        plm_help_all(&b, cli->arena, cli->width);
    /* "help db": the commands that start with it */
    const struct plm_command *const *list = plm_commands_sorted(cli->arena);
    for (; !found && n == 1 && list && *list; list++) {
        plm_sv head, tail;
        if (plm_sv_cut(plm_sv_from((*list)->name), ' ', &head, &tail) && plm_sv_eq(head, plm_buf_sv(&name)))
            plm_buf_printf(&b, "  plimsoll %-20s%s\n", (*list)->name, (*list)->summary);
    }
    if (b.n)
        return plm_cli_print(plm_buf_sv(&b), err);
    int rc = plm_fail_id(err, PLM_E_USAGE, "usage.command", "%.*s: no such command",
                         PLM_SV_ARG(plm_buf_sv(&name)));
    plm_err_hint(err, "plimsoll help");
    return rc;
}

static const struct plm_command help = {
    .name = "help",
    .arguments = "[COMMAND]",
    .summary = "what there is, or all about one command",
    .examples = "plimsoll help scan\toptions and examples of scan\n",
    .max_words = UINT_MAX,
    .run = run,
};
PLM_REGISTER(plm_commands, struct plm_command, help);
