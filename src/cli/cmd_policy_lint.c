/* SPDX-License-Identifier: Apache-2.0
 *
 * plimsoll policy lint and convert: a policy without an image.
 */
#include "base/fs.h"
#include "base/text.h"
#include "cli/policy_common.h"

#include <limits.h>

/* ---- lint ------------------------------------------------------------------------------------- */

struct counts {
    size_t errors, warnings;
};

static int lint_one(struct plm_cli *cli, const char *name, bool as_json, struct plm_buf *out,
                    struct counts *c, plm_err **err)
{
    plm_policy_lints list = {0};
    plm_err *fault = NULL;
    plm_auto(plm_policy_free) struct plm_policy *p =
        plm_cli_policy_open(cli, plm_sv_from(name), plm_cli_policy_mode(cli), &fault);
    if (!p) {
        plm_auto_free char *text = plm_err_text(fault);
        bool is_text = plm_err_code(fault) == PLM_E_CONFIG && access(name, R_OK) == 0;
        if (!is_text)
            return plm_err_move(err, &fault);
        struct plm_policy_lint *x = plm_vec_push(cli->arena, &list);
        if (x)
            *x = (struct plm_policy_lint){.is_error = true,
                                          .what = plm_arena_sv(cli->arena, plm_sv_from(text ? text : "?"))};
        plm_err_free(fault);
    } else if (plm_policy_lint(&cli->ctx, p, cli->arena, &list, err) < 0) {
        return -1;
    }
    for (size_t i = 0; i < list.n; i++) {
        const struct plm_policy_lint *x = &list.v[i];
        if (as_json) {
            plm_buf_printf(out, "%s{\"file\": ", c->errors + c->warnings ? ",\n  " : "\n  ");
            plm_text_json(out, plm_sv_from(name));
            plm_buf_printf(out,
                           ", \"line\": %u, \"column\": %u, \"severity\": \"%s\", \"message\": ", x->line,
                           x->column, x->is_error ? "error" : "warning");
            plm_text_json(out, x->what);
            plm_buf_byte(out, '}');
        } else {
            plm_text_escape(out, plm_sv_from(name));
            if (x->line)
                plm_buf_printf(out, ":%u", x->line);
            if (x->column)
                plm_buf_printf(out, ":%u", x->column);
            plm_buf_printf(out, ": %s: ", x->is_error ? "error" : "warning");
            plm_text_escape(out, x->what);
            plm_buf_byte(out, '\n');
        }
        c->errors += x->is_error;
        c->warnings += !x->is_error;
    }
    return 0;
}

static int run_lint(struct plm_cli *cli, plm_err **err)
{
    const char *const *words;
    size_t n = plm_config_words(cli->config, &words);
    struct counts c = {0};
    bool as_json;
    plm_auto_done(plm_buf_done) struct plm_buf out = PLM_BUF(PLM_MIB(64));
    if (plm_cli_wants_json(cli, &as_json, err) < 0)
        return -1;
    if (as_json)
        plm_buf_str(&out, "{\"problems\": [");
    for (size_t i = 0; i < n; i++)
        if (lint_one(cli, words[i], as_json, &out, &c, err) < 0)
            return -1;
    if (as_json)
        plm_buf_printf(&out, "%s], \"errors\": %zu, \"warnings\": %zu}\n", c.errors + c.warnings ? "\n" : "",
                       c.errors, c.warnings);
    else
        plm_buf_printf(&out, "%zu error%s, %zu warning%s\n", c.errors, c.errors == 1 ? "" : "s", c.warnings,
                       c.warnings == 1 ? "" : "s");
    if (plm_buf_check(&out, err) < 0 || plm_cli_print(plm_buf_sv(&out), err) < 0)
        return -1;
    return c.errors ? PLM_EXIT_FAILED : PLM_EXIT_PASSED;
}

static const struct plm_command policy_lint = {
    .name = "policy lint",
    .arguments = "FILE|NAME...",
    .summary = "what is wrong with a policy, or in it for nothing",
    .help =
        "Errors are what keeps the policy from being used: unknown gates, triggers and parameters, values "
        "that are none, references to nothing, ids that repeat, expressions that do not compile; the exit "
        "code is 1. Warnings are what a reader would believe and no evaluation does: mappings that are "
        "never reached, rules that never fire, parameters that nothing reads, items that no rule can "
        "produce, gates that Anchore cannot load, expressions that can run away.",
    .examples = "plimsoll policy lint bundle.json\tbefore it is used\n",
    .foreign = " validate ",
    .min_words = 1,
    .max_words = UINT_MAX,
    .run = run_lint,
};
PLM_REGISTER(plm_commands, struct plm_command, policy_lint);

/* ---- convert ------------------------------------------------------------------------------------ */

static enum plm_policy_form form_of(const struct plm_cli *cli)
{
    plm_sv to = plm_config_text(cli->config, "to");
    if (plm_sv_is(to, "anchore"))
        return PLM_POLICY_FORM_LEGACY;
    return plm_sv_is(to, "anchore-v2") ? PLM_POLICY_FORM_V2 : PLM_POLICY_FORM_OURS;
}

/* A policy with faults is not written: what they stand for would be lost without a word. */
static int refuse_faults(const char *name, const struct plm_policy *p, plm_err **err)
{
    const plm_policy_problems *list = plm_policy_all_problems(p);
    for (size_t i = 0; i < list->n; i++) {
        if (list->v[i].is_warning || plm_sv_is(list->v[i].type, "EndOfLifedError"))
            continue;
        int rc = plm_fail_id(err, PLM_E_CONFIG, "policy.invalid", "%s:%u: %.*s", name, list->v[i].line,
                             PLM_SV_ARG(list->v[i].details));
        plm_err_hint(err, "plimsoll policy lint %s", name);
        return rc;
    }
    return 0;
}

static int run_convert(struct plm_cli *cli, plm_err **err)
{
    const char *const *words;
    plm_config_words(cli->config, &words);
    plm_auto_done(plm_buf_done) struct plm_buf out = PLM_BUF(PLM_MIB(64));
    plm_sv_vec notes = {0};
    plm_auto(plm_policy_free) struct plm_policy *p =
        plm_cli_policy_open(cli, plm_sv_from(words[0]), plm_cli_policy_mode(cli), err);
    if (!p || refuse_faults(words[0], p, err) < 0 ||
        plm_policy_write(p, form_of(cli), cli->arena, &out, &notes, err) < 0)
        return -1;
    for (size_t i = 0; i < notes.n; i++)
        plm_cli_note(cli, "%.*s", PLM_SV_ARG(notes.v[i]));
    return plm_cli_print(plm_buf_sv(&out), err) < 0 ? -1 : PLM_EXIT_PASSED;
}

static const struct plm_command policy_convert = {
    .name = "policy convert",
    .arguments = "FILE|NAME",
    .summary = "a policy in another form: our YAML, an Anchore bundle of either format",
    .help =
        "Writes the policy to standard output as --to says: plimsoll (our YAML, the default), anchore (a "
        "bundle of the format 1_0) or anchore-v2. Nothing of the model is lost on the way to our form and "
        "back. What a bundle has no place for, and ids of findings that change because the format has "
        "other names for triggers, are said on standard error.",
    .examples = "plimsoll policy convert bundle.json > policy.yaml\tfrom Anchore, to read and to edit\n"
                "plimsoll policy convert policy.yaml --to anchore-v2\tand back\n",
    .min_words = 1,
    .max_words = 1,
    .run = run_convert,
};
PLM_REGISTER(plm_commands, struct plm_command, policy_convert);
