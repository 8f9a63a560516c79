/* SPDX-License-Identifier: Apache-2.0
 *
 * Gate `secret_scans`: what the secret search by named patterns found (facts.secrets; the gate `secrets` is
 * about the findings of our own rules).
 *
 * The original's filter of names is a test whether the found name (or its expression) is part of the
 * parameter's text: "XPRIV_KEYX" finds PRIV_KEY, and lists happen to work. FIXED takes a comma list of names,
 * or one expression, and compares.
 */
#include "policy/gate_common.h"

static bool name_fits(struct plm_policy_eval *ev, plm_sv filter, const plm_sv_vec *names, plm_sv pattern)
{
    plm_sv name, regex;
    if (!filter.n)
        return true;
    if (!plm_sv_cut(pattern, '=', &name, &regex)) {
        name = PLM_SV_NULL;
        regex = pattern;
    }
    if (ev->mode == PLM_POLICY_COMPAT)
        return plm_sv_has(filter, regex) || (name.n && plm_sv_has(filter, name));
    return plm_sv_eq(filter, regex) || plm_sv_eq(filter, pattern) ||
           (name.n && plm_policy_listed(names, name));
}

static int content_regex_checks(struct plm_policy_eval *ev, const struct plm_policy_rule *r, plm_err **err)
{
    plm_sv filter = plm_policy_param(r, "content_regex_name"),
           file_regex = plm_policy_param(r, "filename_regex");
    bool is_notfound = plm_sv_is(plm_policy_param(r, "match_type"), "notfound"), any = false;
    plm_sv_vec names = plm_policy_param_list(ev, r, "content_regex_name");
    if (file_regex.n && plm_policy_match(ev, file_regex, PLM_SV(""), err) < 0)
        return -1; /* an invalid one fails where there is no file, too */
    for (size_t i = 0; i < ev->facts->secrets.n; i++) {
        const struct plm_fact_match *m = &ev->facts->secrets.v[i];
        int fits = file_regex.n ? plm_policy_match(ev, file_regex, m->path, err) : 1;
        if (fits < 0)
            return -1;
        if (!fits || !name_fits(ev, filter, &names, m->pattern))
            continue;
        any = true;
        if (!is_notfound &&
            plm_policy_fire(
                ev, r, PLM_SV_NULL,
                "Secret content search analyzer found regexp match in container: file=%.*s regexp=%.*s",
                PLM_SV_ARG(m->path), PLM_SV_ARG(m->pattern)) < 0)
            return plm_fail_oom(err);
    }
    plm_sv all = PLM_SV("*"), every = PLM_SV("all");
    if (is_notfound && !any &&
        plm_policy_fire(ev, r, PLM_SV_NULL,
                        "Secret content search analyzer did not find regexp match in container: "
                        "filename_regex=%.*s content_regex_name=%.*s",
                        PLM_SV_ARG(file_regex.n ? file_regex : all),
                        PLM_SV_ARG(filter.n ? filter : every)) < 0)
        return plm_fail_oom(err);
    return 0;
}

static const char *const match_types[] = {"notfound", "found", NULL};
static const struct plm_policy_param_type params[] = {
    {.name = "content_regex_name",
     .type = PLM_PARAM_STRING,
     .description =
         "Name of a secret pattern, several names separated by commas, or the expression itself. Built in "
         "are AWS_ACCESS_KEY, AWS_SECRET_KEY, PRIV_KEY, DOCKER_AUTH and API_KEY.",
     .example = "AWS_ACCESS_KEY",
     .otherwise = "every pattern"},
    {.name = "filename_regex",
     .type = PLM_PARAM_REGEX,
     .description = "Expression that the start of the absolute path must match.",
     .example = "/etc/.*",
     .otherwise = "every file"},
    {.name = "match_type",
     .type = PLM_PARAM_ENUM,
     .values = match_types,
     .description = "Fire for what was found, or once if nothing was found.",
     .example = "found",
     .otherwise = "found"},
    {0}};

static const struct plm_policy_trigger triggers[] = {
    {.name = "content_regex_checks",
     .description = "Fires for each file and secret pattern found in it, or if none was found.",
     .params = params,
     .needs = PLM_FACT_SECRETS,
     .evaluate = content_regex_checks},
    {0}};

static const struct plm_policy_gate secret_scans = {
    .name = "secret_scans",
    .description = "Secrets in files, by named patterns.",
    .triggers = triggers,
};
PLM_REGISTER(plm_policy_gates, struct plm_policy_gate, secret_scans);
