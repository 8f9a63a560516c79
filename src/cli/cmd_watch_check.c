/* SPDX-License-Identifier: Apache-2.0
 *
 * plimsoll watch check: rule files are loaded and judged, as `falco -V` does.
 */
#include "cli/watch_check.h"
#include "watch/kfilter.h"
#include "watch/rules.h"

#include <limits.h>

static int print_text(struct plm_cli *cli, const struct plm_load_report *report, plm_err **err)
{
    plm_auto_done(plm_buf_done) struct plm_buf out = PLM_BUF(PLM_MIB(256)), details = PLM_BUF(PLM_MIB(256));
    for (size_t i = 0; i < report->files.n; i++)
        plm_load_file_text(&report->files.v[i], &out, &details);
    if (plm_buf_check(&out, err) < 0 || plm_buf_check(&details, err) < 0 ||
        plm_cli_print(plm_buf_sv(&out), err) < 0)
        return -1;
    if (!cli->quiet && details.n)
        (void)!fwrite(details.p, 1, details.n, stderr);
    return 0;
}

static int print_json(const struct plm_load_report *report, plm_err **err)
{
    plm_auto_done(plm_buf_done) struct plm_buf out = PLM_BUF(PLM_MIB(256));
    plm_load_report_json(report, &out);
    plm_buf_str(&out, "}\n");
    return plm_buf_check(&out, err) < 0 ? -1 : plm_cli_print(plm_buf_sv(&out), err);
}

static int print_filter(struct plm_cli *cli, struct plm_rules *rules, plm_err **err)
{
    plm_auto_done(plm_buf_done) struct plm_buf out = PLM_BUF(PLM_MIB(64));
    const struct plm_kplan *plan = plm_kplan_make(rules, cli->arena, err);
    if (!plan)
        return -1;
    plm_kplan_explain(plan, &out);
    return plm_buf_check(&out, err) < 0 ? -1 : plm_cli_print(plm_buf_sv(&out), err);
}

int plm_cli_watch_check(struct plm_cli *cli, const plm_sv *files, size_t n, bool as_json, plm_err **err)
{
    struct plm_rules_config conf = {
        .files = files, .n_files = n, .min_priority = PLM_PRIO_DEBUG, .lenient = true};
    struct plm_load_report report = {0};
    bool is_valid = true;
    plm_auto(plm_rules_unref) struct plm_rules *rules =
        plm_rules_load(&cli->ctx, &conf, cli->arena, &report, err);
    if (!rules)
        return -1;
    for (size_t i = 0; i < report.files.n; i++)
        is_valid = is_valid && !report.files.v[i].errors.n;
    if ((as_json ? print_json(&report, err) : print_text(cli, &report, err)) < 0)
        return -1;
    if (plm_config_flag(cli->config, "explain-filter") && print_filter(cli, rules, err) < 0)
        return -1;
    return is_valid ? PLM_EXIT_PASSED : PLM_EXIT_FAILED;
}

static int run(struct plm_cli *cli, plm_err **err)
{
    const char *const *words;
    size_t n = plm_config_words(cli->config, &words);
    plm_sv *files = plm_arena_array(cli->arena, n, sizeof(*files));
    bool as_json;
    if (!files)
        return plm_fail_oom(err);
    if (plm_cli_wants_json(cli, &as_json, err) < 0)
        return -1;
    for (size_t i = 0; i < n; i++)
        files[i] = plm_sv_from(words[i]);
    return plm_cli_watch_check(cli, files, n, as_json, err);
}

static const struct plm_command watch_check = {
    .name = "watch check",
    .arguments = "FILE|DIR...",
    .summary = "are these rule files valid, and what in them is doubtful",
    .help =
        "Rule files in Falco's language are loaded in the given order, each on top of those before it, and "
        "judged with Falco's codes: errors (the exit code is 1) with the place in the file, the item and the "
        "condition, warnings on standard error. -o json prints the object that falco -V prints.",
    .examples =
        "plimsoll watch check rules.yaml\tone file\n"
        "plimsoll watch check falco_rules.yaml falco_rules.local.yaml -o json\tas a pipeline reads it\n",
    .foreign = " validate ",
    .min_words = 1,
    .max_words = UINT_MAX,
    .run = run,
};
PLM_REGISTER(plm_commands, struct plm_command, watch_check);
