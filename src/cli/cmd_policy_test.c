/* SPDX-License-Identifier: Apache-2.0
 *
 * plimsoll policy test: runs cases of a bundle, an image's facts and the verdict that must come out.
 */
#include "base/fs.h"
#include "base/text.h"
#include "cli/cli.h"
#include "policy/policy.h"

#include <limits.h>

#define CASES_MAX PLM_MIB(256)

static int run_file(struct plm_cli *cli, const char *path, enum plm_policy_mode mode,
                    struct plm_policy_test_counts *sum, plm_err **err)
{
    plm_auto_done(plm_buf_done) struct plm_buf text = PLM_BUF(CASES_MAX), out = PLM_BUF(PLM_MIB(64)),
                                               shown = PLM_BUF(PLM_MIB(256));
    struct plm_policy_test_counts n;
    int rc = strcmp(path, "-") == 0 ? plm_fs_read_fd(STDIN_FILENO, "standard input", CASES_MAX, &text, err)
                                    : plm_fs_read(path, CASES_MAX, &text, err);
    if (rc < 0 || plm_policy_test_run(&cli->ctx, plm_buf_sv(&text), path, mode, &out, &n, err) < 0)
        return -1;
    sum->passed += n.passed;
    sum->failed += n.failed;
    plm_sv rest = plm_buf_sv(&out), line;
    while (plm_sv_line(&rest, &line)) {
        plm_text_escape(&shown, line);
        plm_buf_byte(&shown, '\n');
    }
    return plm_buf_check(&shown, err) < 0 ? -1 : plm_cli_print(plm_buf_sv(&shown), err);
}

static int run(struct plm_cli *cli, plm_err **err)
{
    const char *const *words;
    size_t n = plm_config_words(cli->config, &words);
    /* Cases are made of the original's behaviour unless somebody says otherwise. */
    bool is_fixed =
        plm_config_is_set(cli->config, "mode") && plm_sv_is(plm_config_text(cli->config, "mode"), "fixed");
    struct plm_policy_test_counts sum = {0};
    for (size_t i = 0; i < n; i++)
        if (run_file(cli, words[i], is_fixed ? PLM_POLICY_FIXED : PLM_POLICY_COMPAT, &sum, err) < 0)
            return -1;
    plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(PLM_KIB(1));
    plm_buf_printf(&b, "%zu passed, %zu failed\n", sum.passed, sum.failed);
    if (plm_buf_check(&b, err) < 0 || plm_cli_print(plm_buf_sv(&b), err) < 0)
        return -1;
    return sum.failed ? PLM_EXIT_FAILED : PLM_EXIT_PASSED;
}

static const struct plm_command policy_test = {
    .name = "policy test",
    .arguments = "FILE...",
    .summary = "run test cases of policies",
    .help =
        "A case is a bundle, the facts of an image, a tag, and what must come out: verdict, reason, rows "
        "with "
        "ids and messages, or the kind of failure. The file holds them as {\"cases\": [{\"name\", "
        "\"bundle\", "
        "\"tag\", \"image\", \"vulnerabilities\", \"expected\"}]}; keys of \"expected\" that are absent are "
        "not "
        "compared. Each difference is a line.\n\n"
        "Cases run in compat mode, as the original evaluates them; --mode fixed runs them by the documented "
        "intent. Exit 1 when one failed.",
    .examples = "plimsoll policy test cases.json\tdifferences, then N passed, N failed\n"
                "plimsoll policy test --mode fixed mine.json\tby the documented intent\n",
    .min_words = 1,
    .max_words = UINT_MAX,
    .run = run,
};
PLM_REGISTER(plm_commands, struct plm_command, policy_test);
