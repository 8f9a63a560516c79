/* SPDX-License-Identifier: Apache-2.0
 *
 * plimsoll db build: a store from files (or addresses), without looking at any other store.
 */
#include "base/text.h"
#include "cli/db_common.h"

static void note_rows(struct plm_cli *cli, const plm_db_update_rows *rows)
{
    for (size_t i = 0; i < rows->n; i++) {
        const struct plm_db_update_row *r = &rows->v[i];
        plm_cli_note(cli, "%.*s: %llu records, %llu ranges%s", PLM_SV_ARG(r->name),
                     (unsigned long long)r->stats.records, (unsigned long long)r->stats.ranges,
                     r->stats.bad ? ", some not understood" : "");
        if (r->stats.bad)
            plm_cli_note(cli,
                         "%.*s: %llu records could not be understood (plimsoll db status -v shows the first)",
                         PLM_SV_ARG(r->name), (unsigned long long)r->stats.bad);
    }
}

static int run(struct plm_cli *cli, plm_err **err)
{
    struct plm_db_update_options opt = {.path = plm_cli_value(cli, "out"), .is_build = true};
    if (!opt.path) {
        int r = plm_fail_id(err, PLM_E_USAGE, "usage.arguments", "no file to write");
        plm_err_hint(err, "plimsoll db build --feed FORMAT=PATH --out FILE");
        return r;
    }
    opt.as_of = (int64_t)plm_config_number(cli->config, "as-of");
    if (plm_cli_db_sources(cli, false, &opt.sources, err) < 0)
        return -1;
    if (opt.sources.n == 0) {
        int r = plm_fail_id(err, PLM_E_USAGE, "usage.arguments", "no feed to build from");
        plm_err_hint(err, "--feed FORMAT=PATH, repeatable; plimsoll list feeds shows the formats");
        return r;
    }
    plm_db_update_rows rows = {0};
    if (plm_db_update(&cli->ctx, &opt, cli->arena, &rows, err) < 0)
        return -1;
    note_rows(cli, &rows);
    return PLM_EXIT_PASSED;
}

static const struct plm_command db_build = {
    .name = "db build",
    .summary = "build a store of vulnerability data from files",
    .help = "Reads each feed and writes one store. A PATH is a file (plain, .gz, .zst, .xz), a zip, a tar in "
            "any of "
            "these compressions, or a directory; an address is fetched first.\n\n"
            "Without NAME a feed is called after its format; several of one format after their files too. "
            "The age of a "
            "feed is that of its newest record unless --as-of says otherwise. If one feed cannot be read, no "
            "store is "
            "written and an older FILE stays as it is.",
    .examples =
        "plimsoll db build --feed osv=all.zip --out my.db\tone OSV export\n"
        "plimsoll db build --feed debian-dsa=tracker.tar.zst --feed kev=kev.json --out my.db\tseveral feeds\n"
        "plimsoll scan --db my.db nginx\tuse it\n",
    .run = run,
};
PLM_REGISTER(plm_commands, struct plm_command, db_build);
