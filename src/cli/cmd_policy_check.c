/* SPDX-License-Identifier: Apache-2.0
 *
 * plimsoll policy check and explain: an image, or facts that were saved of it, judged by a policy.
 */
#include "cli/policy_common.h"

#include <limits.h>

static int run_check(struct plm_cli *cli, plm_err **err)
{
    return plm_cli_scan(cli, "default", err);
}

static const struct plm_command policy_check = {
    .name = "policy check",
    .arguments = "SOURCE|FACTS.json...",
    .summary = "may it pass? an image, or saved facts, judged by a policy",
    .help =
        "Looks at what the rules of the policy read, evaluates it and shows the verdict; --detail and the "
        "other formats show the findings too. The policy is --policy FILE|NAME: an Anchore bundle (1_0 or "
        "v2), a file of our YAML, or one of default, strict, cis-docker, nist-800-190.\n\n"
        "FACTS.json is what scan -o facts=FILE wrote: a second policy then costs no second scan.\n\n"
        "--mode fixed (the default) reads a bundle as it is documented; --mode compat as the original "
        "evaluates it. A policy that maps nothing to the image ends with 5 in fixed mode (--allow empty "
        "lifts it); stop ends with 1, warn with 0 unless --fail-on-warn is given.",
    .examples =
        "plimsoll policy check app:1.2\tby the default policy\n"
        "plimsoll policy check app.json --policy bundle.json --tag docker.io/team/app:1.2\tsaved facts by "
        "an Anchore bundle, as the image that they will be\n",
    .foreign = " evaluate ",
    .min_words = 1,
    .max_words = UINT_MAX,
    .run = run_check,
};
PLM_REGISTER(plm_commands, struct plm_command, policy_check);

/* ---- explain ------------------------------------------------------------------------------------ */

static int explain_one(struct plm_cli *cli, struct plm_scan_setup *s, struct plm_policy *p, const char *word,
                       struct plm_buf *out, struct plm_policy_result *result, plm_err **err)
{
    plm_auto(plm_report_free) struct plm_report *r = plm_cli_policy_facts(cli, s, word, err);
    if (!r)
        return -1;
    const struct plm_policy_options opt = {.exceptions = s->exceptions};
    const struct plm_image_facts *facts = r->facts.v[0];
    plm_sv tag = plm_config_text(cli->config, "tag");
    return plm_policy_explain(&cli->ctx, p, facts, tag.n ? tag : facts->tag, &opt, cli->arena, out, result,
                              err);
}

static int run_explain(struct plm_cli *cli, plm_err **err)
{
    const char *const *words;
    plm_config_words(cli->config, &words);
    plm_sv name = plm_config_text(cli->config, "policy");
    plm_auto(plm_policy_free) struct plm_policy *p =
        plm_cli_policy_open(cli, name.n ? name : PLM_SV("default"), plm_cli_policy_mode(cli), err);
    plm_auto_done(plm_scan_setup_done) struct plm_scan_setup s = {0};
    plm_auto_done(plm_buf_done) struct plm_buf out = PLM_BUF(PLM_MIB(256));
    struct plm_policy_wants wants;
    struct plm_policy_result result = {0};
    if (!p)
        return -1;
    plm_policy_wants(p, &wants);
    unsigned flags = PLM_SETUP_VULNERABILITIES | PLM_SETUP_INSPECT | PLM_SETUP_NO_WORDS;
    if (plm_cli_is_facts(words[0]))
        flags = PLM_SETUP_NO_WORDS;
    if (plm_scan_setup(cli, flags, &s, err) < 0 || plm_cli_policy_look_for(&wants, &s, err) < 0 ||
        explain_one(cli, &s, p, words[0], &out, &result, err) < 0 || plm_cli_print(plm_buf_sv(&out), err) < 0)
        return -1;
    return PLM_EXIT_PASSED;
}

static const struct plm_command policy_explain = {
    .name = "policy explain",
    .arguments = "SOURCE|FACTS.json",
    .summary = "why a policy judges an image as it does",
    .help = "Says which mapping applies and why those before it do not, and for each rule in the order of "
            "evaluation what it read, why it could not be judged, what it found, and which item of an "
            "allowlist or which exception accepted it. The answer is for people; the exit code says only "
            "whether it could be given.",
    .examples =
        "plimsoll policy explain app:1.2\tthe default policy\n"
        "plimsoll policy explain app.json --policy bundle.json --tag docker.io/team/app:1.2\tan Anchore "
        "bundle\n",
    .min_words = 1,
    .max_words = 1,
    .run = run_explain,
};
PLM_REGISTER(plm_commands, struct plm_command, policy_explain);
