/* SPDX-License-Identifier: Apache-2.0
 *
 * Gate `retrieved_files`: contents of single files that were kept when the image was read (here: every path
 * that a rule names; in the original what its configuration lists).
 *
 * The original splits contents at any blank and matches the start of each word, so an expression never sees a
 * space; FIXED matches the start of each line. A rule without an id gives the original's finding the id
 * `None+file://PATH`; FIXED makes one of its own and lets allowlists name the old one.
 */
#include "policy/gate_common.h"

static int not_available(struct plm_policy_eval *ev, const struct plm_policy_rule *r, plm_err **err)
{
    static const char text[] = "Cannot locate file in the image analysis";
    /* the original says it twice where no file at all was kept */
    bool is_twice = !ev->facts->stored.n && ev->mode == PLM_POLICY_COMPAT;
    if (plm_image_facts_stored(ev->facts, plm_policy_param(r, "path")))
        return 0;
    plm_sv path = plm_policy_param(r, "path");
    size_t before = ev->result->rows.n;
    for (int i = 0; i < (is_twice ? 2 : 1); i++)
        if (plm_policy_fire(ev, r, PLM_SV_NULL, "%s", text) < 0)
            return plm_fail_oom(err);
    /* one id for all paths: a second one tells them apart */
    if (ev->mode == PLM_POLICY_FIXED && ev->result->rows.n > before)
        ev->result->rows.v[before].extended_id =
            plm_arena_printf(ev->arena, "not_available+file://%.*s", PLM_SV_ARG(path));
    return 0;
}

static int any_matches(struct plm_policy_eval *ev, plm_sv regex, plm_sv text, plm_err **err)
{
    bool (*next)(plm_sv *, plm_sv *) = ev->mode == PLM_POLICY_COMPAT ? plm_python_word : plm_python_line;
    int valid =
        plm_policy_match(ev, regex, PLM_SV(""), err); /* even a file without words needs a valid one */
    if (valid < 0)
        return -1;
    plm_sv part;
    while (next(&text, &part)) {
        int matches = plm_policy_match(ev, regex, part, err);
        if (matches != 0)
            return matches;
    }
    return 0;
}

static int content_regex(struct plm_policy_eval *ev, const struct plm_policy_rule *r, plm_err **err)
{
    plm_sv path = plm_policy_param(r, "path"), regex = plm_policy_param(r, "regex");
    plm_sv check = plm_policy_param(r, "check");
    const struct plm_fact_stored *f = plm_image_facts_stored(ev->facts, path);
    int matches = f                     ? any_matches(ev, regex, f->text, err)
                  : ev->facts->stored.n ? plm_policy_match(ev, regex, PLM_SV(""), err)
                                        : 0;
    if (matches < 0)
        return -1;
    if (!f || (matches > 0) != plm_sv_is(check, "match"))
        return 0;
    plm_sv id = r->id.p ? r->id : PLM_SV("None");
    id = plm_arena_printf(ev->arena, "%.*s+file://%.*s", PLM_SV_ARG(id), PLM_SV_ARG(path));
    bool is_nameless = !r->id.p && ev->mode == PLM_POLICY_FIXED;
    size_t before = ev->result->rows.n;
    if (!id.p || plm_policy_fire(ev, r, is_nameless ? PLM_SV_NULL : id,
                                 "Content regex '%.*s' check '%.*s' found in retrieved file '%.*s'",
                                 PLM_SV_ARG(regex), PLM_SV_ARG(check), PLM_SV_ARG(path)) < 0)
        return plm_fail_oom(err);
    if (is_nameless && ev->result->rows.n > before)
        ev->result->rows.v[before].extended_id = id;
    return 0;
}

static void wants(const struct plm_policy_rule *r, struct plm_arena *a, struct plm_policy_wants *out)
{
    (void)plm_sv_vec_add(a, &out->retrieve, plm_policy_param(r, "path")); /* the arena says if it failed */
}

#define PATH                                                                                                 \
    {                                                                                                        \
        .name = "path", .type = PLM_PARAM_STRING, .is_required = true,                                       \
        .description = "Absolute path of the file.", .example = "/etc/httpd.conf"                            \
    }
static const char *const checks[] = {"match", "no_match", NULL};
static const struct plm_policy_param_type path_params[] = {PATH, {0}};
static const struct plm_policy_param_type regex_params[] = {
    PATH,
    {.name = "regex",
     .type = PLM_PARAM_REGEX,
     .is_required = true,
     .description = "Expression for the start of a line (compat mode: of a word).",
     .example = ".*SSLEnabled.*"},
    {.name = "check",
     .type = PLM_PARAM_ENUM,
     .values = checks,
     .is_required = true,
     .description = "Fire if some line matches, or if none does.",
     .example = "match"},
    {0}};

static const struct plm_policy_trigger triggers[] = {
    {.name = "content_not_available",
     .description = "Fires if the file is not in the image, or was not kept.",
     .params = path_params,
     .needs = PLM_FACT_STORED,
     .evaluate = not_available},
    {.name = "content_regex",
     .description = "Fires if the content of the file matches, or does not; silent if the file is not there.",
     .params = regex_params,
     .needs = PLM_FACT_STORED,
     .evaluate = content_regex},
    {0}};

static const struct plm_policy_gate retrieved_files = {
    .name = "retrieved_files",
    .description = "Contents and presence of single files.",
    .triggers = triggers,
    .wants = wants,
};
PLM_REGISTER(plm_policy_gates, struct plm_policy_gate, retrieved_files);
