/* SPDX-License-Identifier: Apache-2.0
 *
 * plimsoll db export, db import: the store as one file.
 */
#include "base/text.h"
#include "cli/db_common.h"

static int run_export(struct plm_cli *cli, plm_err **err)
{
    const char *const *words;
    size_t n = plm_config_words(cli->config, &words);
    const char *out = n ? words[0] : plm_cli_value(cli, "out"), *path = plm_cli_db_path(cli, err);
    if (!path)
        return -1;
    if (!out)
        return plm_fail_id(err, PLM_E_USAGE, "usage.arguments", "no file to write: plimsoll db export FILE");
    plm_auto(plm_db_close) struct plm_db *db = plm_cli_db_open(cli, err);
    if (!db || plm_db_export(&cli->ctx, path, out, plm_cli_value(cli, "sign"), err) < 0)
        return -1;
    return PLM_EXIT_PASSED;
}

static const struct plm_command db_export = {
    .name = "db export",
    .arguments = "FILE",
    .summary = "write the store into one compressed file",
    .help = "For machines without a network: the file holds the whole store with its checksum, and with "
            "--sign an "
            "Ed25519 signature that db import --key checks.",
    .examples = "plimsoll db export data.plimsoll\tthen carry it over\n"
                "plimsoll db export --sign private.pem data.plimsoll\tsigned\n",
    .max_words = 1,
    .run = run_export,
};
PLM_REGISTER(plm_commands, struct plm_command, db_export);

static int run_import(struct plm_cli *cli, plm_err **err)
{
    const char *const *words;
    plm_config_words(cli->config, &words);
    const char *path = plm_cli_db_path(cli, err);
    struct plm_db_imported got;
    if (!path ||
        plm_db_import(&cli->ctx, words[0], path, plm_cli_value(cli, "key"), cli->arena, &got, err) < 0)
        return -1;
    if (got.is_verified)
        plm_cli_note(cli, "signed by the given key");
    else if (got.is_signed)
        plm_cli_note(cli, "signed by an unchecked key with SHA-256 %.*s; --key checks it",
                     PLM_SV_ARG(got.signer));
    return PLM_EXIT_PASSED;
}

static const struct plm_command db_import = {
    .name = "db import",
    .arguments = "FILE",
    .summary = "replace the store by an exported file",
    .help =
        "Checks the file completely (length, checksums, and with --key the signature) before the store is "
        "replaced. A missing or wrong signature is exit 1; the store stays as it was.",
    .examples = "plimsoll db import data.plimsoll\tchecksum only\n"
                "plimsoll db import --key public.pem data.plimsoll\tonly if signed by that key\n",
    .min_words = 1,
    .max_words = 1,
    .run = run_import,
};
PLM_REGISTER(plm_commands, struct plm_command, db_import);
