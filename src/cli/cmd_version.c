/* SPDX-License-Identifier: Apache-2.0 */
#include "base/text.h"
#include "cli/cli.h"

#include <sys/utsname.h>

static int run(struct plm_cli *cli, plm_err **err)
{
    bool json;
    struct utsname u;
    if (plm_cli_wants_json(cli, &json, err) < 0)
        return -1;
    if (uname(&u) < 0)
        return plm_fail_sys(err, "uname");
    plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(PLM_KIB(64));
    if (json) {
        plm_buf_str(&b, "{\"name\": \"plimsoll\", \"version\": \"" PLM_VERSION
                        "\", \"report_schema\": \"plimsoll/report/v1\", "
                        "\"compiler\": ");
        plm_text_json(&b, PLM_SV(__VERSION__));
        plm_buf_str(&b, ", \"machine\": ");
        plm_text_json(&b, plm_sv_from(u.machine));
        plm_buf_str(&b, "}\n");
    } else {
        plm_buf_str(&b, "plimsoll " PLM_VERSION "\n");
        if (cli->verbose)
            plm_buf_printf(&b, "report schema plimsoll/report/v1\ncompiler %s\nmachine %s\n", __VERSION__,
                           u.machine);
    }
    return plm_cli_print(plm_buf_sv(&b), err);
}

static const struct plm_command version = {
    .name = "version",
    .summary = "version of this program",
    .help = "Prints the version; with -v or -o json also the report schema, the compiler and the machine. "
            "plimsoll never\n"
            "asks a server whether there is a newer one.",
    .run = run,
};
PLM_REGISTER(plm_commands, struct plm_command, version);
