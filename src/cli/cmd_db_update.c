/* SPDX-License-Identifier: Apache-2.0
 *
 * plimsoll db update: fetch what changed.
 */
#include "base/text.h"
#include "cli/db_common.h"

#include <sys/stat.h>

/* --from FILE: an exported file or a store is imported. */
static int import_file(struct plm_cli *cli, const char *file, const char *path, plm_err **err)
{
    struct plm_db_imported got;
    if (plm_db_import(&cli->ctx, file, path, plm_cli_value(cli, "key"), cli->arena, &got, err) < 0)
        return -1;
    plm_cli_note(cli, "imported %s", file);
    return PLM_EXIT_PASSED;
}

static void note_row(struct plm_cli *cli, const struct plm_db_update_row *r)
{
    plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(PLM_KIB(16));
    plm_buf_printf(&b, "%.*s: %s", PLM_SV_ARG(r->name), plm_db_update_state_name(r->state));
    switch (r->state) {
    case PLM_DB_FEED_FAILED:
        plm_buf_str(&b, ", what it had stays: ");
        plm_buf_sv_put(&b, r->message);
        break;
    case PLM_DB_FEED_NEW:
    case PLM_DB_FEED_UNCHANGED:
    case PLM_DB_FEED_KEPT:
        plm_buf_printf(&b, ", %llu records", (unsigned long long)r->stats.records);
        if (r->stats.bad)
            plm_buf_printf(&b, " (%llu not understood)", (unsigned long long)r->stats.bad);
        if (r->fetched) {
            plm_buf_str(&b, ", fetched ");
            plm_text_bytes(&b, r->fetched);
        }
        break;
    case PLM_DB_FEED_DROPPED:
        plm_buf_str(&b, ", no longer configured");
        break;
    }
    const char *text = plm_buf_cstr(&b);
    if (text)
        plm_cli_note(cli, "%s", text);
}

static int from_option(struct plm_cli *cli, const char *path, struct plm_db_update_options *opt,
                       bool *out_done, plm_err **err)
{
    const plm_sv *list;
    size_t n = plm_config_list(cli->config, "from", &list);
    struct stat st;
    *out_done = false;
    if (n == 0)
        return 0;
    if (n > 1)
        return plm_fail_id(err, PLM_E_USAGE, "usage.arguments", "--from takes one file or directory");
    opt->from = plm_arena_cstr(cli->arena, list[0]);
    if (!opt->from)
        return plm_arena_check(cli->arena, err);
    if (stat(opt->from, &st) < 0)
        return plm_fail_sys(err, "%s", opt->from);
    if (S_ISDIR(st.st_mode))
        return 0;
    *out_done = true;
    return import_file(cli, opt->from, path, err);
}

static int run(struct plm_cli *cli, plm_err **err)
{
    bool done;
    struct plm_db_update_options opt = {.path = plm_cli_db_path(cli, err)};
    if (!opt.path)
        return -1;
    int r = from_option(cli, opt.path, &opt, &done, err);
    if (r < 0 || done)
        return r;
    opt.as_of = (int64_t)plm_config_number(cli->config, "as-of");
    if (plm_cli_db_sources(cli, true, &opt.sources, err) < 0)
        return -1;
    plm_db_update_rows rows = {0};
    if (plm_db_update(&cli->ctx, &opt, cli->arena, &rows, err) < 0)
        return -1;
    size_t failed = 0;
    for (size_t i = 0; i < rows.n; i++) {
        failed += rows.v[i].state == PLM_DB_FEED_FAILED;
        note_row(cli, &rows.v[i]);
    }
    if (!failed)
        return PLM_EXIT_PASSED;
    r = plm_fail_id(err, PLM_E_NET, "db.update", "%zu of %zu feeds could not be updated", failed, rows.n);
    plm_err_hint(err, "plimsoll db status shows what the store has and how old it is");
    return r;
}

static const struct plm_command db_update = {
    .name = "db update",
    .summary = "fetch what changed in the vulnerability data",
    .help =
        "Asks the origin of every configured feed (db.feeds, or the built-in list) whether it changed, "
        "fetches and "
        "reads those that did, and replaces the store at the end. A feed that fails keeps what it had and is "
        "reported (exit 3). An interrupted download is resumed by the next update; an interrupted update "
        "leaves "
        "the old store.\n\n"
        "--from DIR takes the feeds from files there: NAME.* for the feed NAME, or the address without its "
        "scheme as a mirror program lays it out. --from FILE imports an exported file.",
    .examples = "plimsoll db update\tfrom the network\n"
                "plimsoll db update --from /media/usb/feeds\tfrom files that another machine fetched\n"
                "plimsoll db update --feed kev=https://mirror.example/kev.json\tfrom a mirror\n",
    .foreign = " --download-db-only ",
    .run = run,
};
PLM_REGISTER(plm_commands, struct plm_command, db_update);
