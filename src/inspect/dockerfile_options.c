/* SPDX-License-Identifier: Apache-2.0
 *
 * Hadolint's configuration file (its README: "Configure"), so that whoever comes from there keeps what was
 * decided. Keys about output are accepted and do nothing: the report's formats are ours.
 */
#include "inspect/dockerfile_rules_int.h"

#include "codec/yaml.h"

struct reader {
    struct plm_arena *a;
    const char *name;
    struct plm_dockerfile_options *out;
};

static int bad(const struct reader *r, const struct plm_yaml_node *n, const char *what, plm_err **err)
{
    return plm_fail(err, PLM_E_CONFIG, "%s: line %u: %s", r->name, n->line, what);
}

static int read_list(struct reader *r, const struct plm_yaml_node *v, plm_sv_vec *out, plm_err **err)
{
    if (v->kind == PLM_YAML_NULL)
        return 0;
    if (v->kind != PLM_YAML_SEQUENCE)
        return bad(r, v, "a list is needed here", err);
    for (size_t i = 0; i < v->n; i++) {
        if (v->items[i]->kind != PLM_YAML_SCALAR)
            return bad(r, v->items[i], "a word is needed here", err);
        plm_sv_vec_add(r->a, out, v->items[i]->text);
    }
    return 0;
}

static int read_bool(struct reader *r, const struct plm_yaml_node *v, bool *out, plm_err **err)
{
    return plm_yaml_bool(v, out) ? 0 : bad(r, v, "true or false is needed here", err);
}

static bool level_of(plm_sv word, enum plm_severity *out)
{
    static const struct {
        const char *word;
        enum plm_severity severity;
    } levels[] = {{"error", PLM_SEV_HIGH},       {"warning", PLM_SEV_MEDIUM}, {"info", PLM_SEV_LOW},
                  {"style", PLM_SEV_NEGLIGIBLE}, {"ignore", PLM_SEV_UNKNOWN}, {"none", PLM_SEV_UNKNOWN}};
    for (size_t i = 0; i < sizeof(levels) / sizeof(*levels); i++)
        if (plm_sv_ieq(word, plm_sv_from(levels[i].word))) {
            *out = levels[i].severity;
            return true;
        }
    return false;
}

static int read_overrides(struct reader *r, const struct plm_yaml_node *v, plm_err **err)
{
    if (v->kind != PLM_YAML_MAPPING)
        return bad(r, v, "a mapping of levels to rules is needed here", err);
    for (size_t i = 0; i < v->n; i++) {
        enum plm_severity severity;
        plm_sv_vec ids = {0};
        if (!level_of(v->keys[i]->text, &severity) || severity == PLM_SEV_UNKNOWN)
            return bad(r, v->keys[i], "levels are error, warning, info and style", err);
        if (read_list(r, v->items[i], &ids, err) < 0)
            return -1;
        for (size_t k = 0; k < ids.n; k++) {
            struct plm_df_override *o = plm_vec_push(r->a, &r->out->overrides);
            if (o)
                *o = (struct plm_df_override){.id = ids.v[k], .severity = severity};
        }
    }
    return 0;
}

static bool label_type(plm_sv word, enum plm_df_label_type *out)
{
    static const struct {
        const char *word;
        enum plm_df_label_type type;
    } types[] = {{"text", PLM_DF_LABEL_TEXT},     {"rawtext", PLM_DF_LABEL_TEXT},
                 {"", PLM_DF_LABEL_TEXT},         {"url", PLM_DF_LABEL_URL},
                 {"rfc3339", PLM_DF_LABEL_TIME},  {"spdx", PLM_DF_LABEL_SPDX},
                 {"hash", PLM_DF_LABEL_HASH},     {"githash", PLM_DF_LABEL_HASH},
                 {"semver", PLM_DF_LABEL_SEMVER}, {"email", PLM_DF_LABEL_EMAIL}};
    for (size_t i = 0; i < sizeof(types) / sizeof(*types); i++)
        if (plm_sv_ieq(word, plm_sv_from(types[i].word))) {
            *out = types[i].type;
            return true;
        }
    return false;
}

static int read_labels(struct reader *r, const struct plm_yaml_node *v, plm_err **err)
{
    if (v->kind != PLM_YAML_MAPPING)
        return bad(r, v, "a mapping of labels to types is needed here", err);
    for (size_t i = 0; i < v->n; i++) {
        struct plm_df_label_rule *rule = plm_vec_push(r->a, &r->out->labels);
        if (!rule)
            break;
        rule->key = plm_arena_sv(r->a, v->keys[i]->text);
        if (v->items[i]->kind != PLM_YAML_SCALAR || !label_type(v->items[i]->text, &rule->type))
            return bad(r, v->items[i], "types are text, url, rfc3339, spdx, hash, semver and email", err);
    }
    return 0;
}

static int read_threshold(struct reader *r, const struct plm_yaml_node *v, plm_err **err)
{
    return level_of(plm_yaml_text(v), &r->out->failure_threshold)
               ? 0
               : bad(r, v, "thresholds are error, warning, info, style, ignore and none", err);
}

static int read_key(struct reader *r, const struct plm_yaml_node *k, const struct plm_yaml_node *v,
                    plm_err **err)
{
    bool ignored;
    if (plm_sv_is(k->text, "ignored"))
        return read_list(r, v, &r->out->ignored, err);
    if (plm_sv_is(k->text, "trustedRegistries"))
        return read_list(r, v, &r->out->trusted_registries, err);
    if (plm_sv_is(k->text, "label-schema"))
        return read_labels(r, v, err);
    if (plm_sv_is(k->text, "strict-labels"))
        return read_bool(r, v, &r->out->strict_labels, err);
    if (plm_sv_is(k->text, "disable-ignore-pragma"))
        return read_bool(r, v, &r->out->no_inline_ignores, err);
    if (plm_sv_is(k->text, "override"))
        return read_overrides(r, v, err);
    if (plm_sv_is(k->text, "failure-threshold"))
        return read_threshold(r, v, err);
    if (plm_df_in(k->text, PLM_DF_WORDS("no-fail", "no-color", "verbose")))
        return read_bool(r, v, &ignored, err);
    if (plm_df_in(k->text, PLM_DF_WORDS("format", "file-path-in-report")))
        return 0;
    return bad(r, k, "there is no such key", err);
}

int plm_dockerfile_options_read(plm_sv text, const char *name, struct plm_arena *a,
                                struct plm_dockerfile_options *out, plm_err **err)
{
    plm_auto(plm_yaml_free) struct plm_yaml *doc = plm_yaml_parse(text, name, &plm_limits_default, err);
    if (!doc) {
        if (err && *err && (*err)->code == PLM_E_PARSE)
            (*err)->code = PLM_E_CONFIG;
        return -1;
    }
    struct reader r = {.a = a, .name = name, .out = out};
    const struct plm_yaml_node *root = plm_yaml_root(doc);
    if (!root || root->kind == PLM_YAML_NULL)
        return 0;
    if (root->kind != PLM_YAML_MAPPING)
        return bad(&r, root, "a mapping is needed here", err);
    for (size_t i = 0; i < root->n; i++)
        if (read_key(&r, root->keys[i], root->items[i], err) < 0)
            return -1;
    return plm_arena_check(a, err);
}
