/* SPDX-License-Identifier: Apache-2.0
 *
 * Rule sets in the TOML of gitleaks 8 (its README, "Configuration"), the expressions in Go's dialect.
 *
 * Old and new spellings are both understood: one [allowlist] or many [[allowlists]], of the file and of a
 * rule. [extend] useDefault builds on plimsoll's own rules, which keep the ids of the other tool where they
 * cover the same provider, so that disabledRules and allowlists by rule hold. There are no commits in an
 * image: an allowlist that needs one of them allows nothing. A key that has no effect here is a warning.
 */
#include "inspect/secret_int.h"

#include "codec/toml.h"

struct toml_file {
    struct plm_secret_rules *r;
    const char *name;
    plm_err **err;
};

static int bad(struct toml_file *f, const struct plm_toml_node *n, const char *what)
{
    return plm_fail(f->err, PLM_E_CONFIG, "%s:%u:%u: %s", f->name, n->line, n->column, what);
}

static int text_of(struct toml_file *f, const struct plm_toml_node *n, plm_sv *out)
{
    if (n->kind != PLM_TOML_STRING)
        return bad(f, n, "a string was expected");
    *out = plm_arena_sv(f->r->arena, n->text);
    return out->p ? 0 : plm_fail_oom(f->err);
}

static void lower_in_place(struct plm_arena *a, plm_sv *s)
{
    char *p = plm_arena_cstr(a, *s);
    for (size_t k = 0; p && k < s->n; k++)
        if (p[k] >= 'A' && p[k] <= 'Z')
            p[k] = (char)(p[k] + 32);
    *s = plm_sv_n(p, p ? s->n : 0);
}

static int texts_of(struct toml_file *f, const struct plm_toml_node *n, bool lower, plm_sv_vec *out)
{
    if (n->kind != PLM_TOML_ARRAY)
        return bad(f, n, "an array of strings was expected");
    for (size_t i = 0; i < n->n; i++) {
        if (n->items[i]->kind != PLM_TOML_STRING)
            return bad(f, n->items[i], "a string was expected");
        if (!n->items[i]->text.n)
            continue;
        if (!plm_sv_vec_add(f->r->arena, out, n->items[i]->text))
            return plm_fail_oom(f->err);
        if (lower)
            lower_in_place(f->r->arena, &out->v[out->n - 1]);
    }
    return 0;
}

static int regexes_of(struct toml_file *f, const struct plm_toml_node *n, struct plm_secret_regex **out,
                      size_t *out_n)
{
    plm_sv_vec texts = {0};
    if (texts_of(f, n, false, &texts) < 0)
        return -1;
    *out = plm_arena_array(f->r->arena, texts.n + 1, sizeof(**out));
    if (!*out)
        return plm_fail_oom(f->err);
    for (size_t i = 0; i < texts.n; i++, (*out_n)++)
        if (plm_secret_regex_init(&(*out)[i], texts.v[i], PLM_SECRET_GO, f->r->arena, f->err) < 0)
            return -1;
    return 0;
}

/* ---- allowlists --------------------------------------------------------------------------- */

static int allow_condition(struct toml_file *f, const struct plm_toml_node *n, struct plm_secret_allow *to)
{
    plm_sv t = plm_toml_text(n);
    to->needs_all = plm_sv_ieq(t, PLM_SV("AND")) || plm_sv_is(t, "&&");
    if (!to->needs_all && t.n && !plm_sv_ieq(t, PLM_SV("OR")) && !plm_sv_is(t, "||"))
        return bad(f, n, "condition is AND or OR");
    return 0;
}

static int allow_target(struct toml_file *f, const struct plm_toml_node *n, struct plm_secret_allow *to)
{
    plm_sv t = plm_toml_text(n);
    if (t.n && !plm_sv_is(t, "secret") && !plm_sv_is(t, "match") && !plm_sv_is(t, "line"))
        return bad(f, n, "regexTarget is secret, match or line");
    to->part = plm_sv_is(t, "match")  ? PLM_SECRET_OF_MATCH
               : plm_sv_is(t, "line") ? PLM_SECRET_OF_LINE
                                      : PLM_SECRET_OF_SECRET;
    return 0;
}

static int allow_key(struct toml_file *f, const struct plm_toml_node *n, struct plm_secret_allow *to)
{
    if (plm_sv_is(n->key, "paths"))
        return regexes_of(f, n, &to->paths, &to->n_paths);
    if (plm_sv_is(n->key, "regexes"))
        return regexes_of(f, n, &to->patterns, &to->n_patterns);
    if (plm_sv_is(n->key, "stopwords"))
        return texts_of(f, n, true, &to->words);
    if (plm_sv_is(n->key, "targetRules"))
        return texts_of(f, n, false, &to->rules);
    if (plm_sv_is(n->key, "condition"))
        return allow_condition(f, n, to);
    if (plm_sv_is(n->key, "regexTarget"))
        return allow_target(f, n, to);
    if (plm_sv_is(n->key, "commits"))
        to->has_commits = n->kind == PLM_TOML_ARRAY && n->n > 0;
    else if (!plm_sv_is(n->key, "description"))
        plm_secret_warn(f->r, f->name, n->line, "%.*s of an allowlist has no effect", PLM_SV_ARG(n->key));
    return 0;
}

static int one_allow(struct toml_file *f, const struct plm_toml_node *n, plm_secret_allows *v)
{
    struct plm_secret_allow one = {0}, *slot;
    if (n->kind != PLM_TOML_TABLE)
        return bad(f, n, "a table was expected");
    for (size_t i = 0; i < n->n; i++)
        if (allow_key(f, n->items[i], &one) < 0)
            return -1;
    if (!one.n_paths && !one.n_patterns && !one.words.n) {
        if (!one.has_commits)
            plm_secret_warn(f->r, f->name, n->line, "an allowlist without paths, regexes or stopwords");
        return 0;
    }
    if (!(slot = plm_vec_push(f->r->arena, v)))
        return plm_fail_oom(f->err);
    *slot = one;
    return 0;
}

/* [allowlist], [[allowlists]]; gitleaks' oldest files have [[allowlist]]. */
static int allows_of(struct toml_file *f, const struct plm_toml_node *n, plm_secret_allows *v)
{
    if (n->kind != PLM_TOML_ARRAY)
        return one_allow(f, n, v);
    for (size_t i = 0; i < n->n; i++)
        if (one_allow(f, n->items[i], v) < 0)
            return -1;
    return 0;
}

/* ---- rules -------------------------------------------------------------------------------- */

static int rule_regex(struct toml_file *f, const struct plm_toml_node *n, struct plm_secret_regex *out,
                      bool *has)
{
    plm_sv t;
    if (text_of(f, n, &t) < 0)
        return -1;
    *has = t.n > 0;
    return plm_secret_regex_init(out, t, PLM_SECRET_GO, f->r->arena, f->err);
}

static int rule_number(struct toml_file *f, const struct plm_toml_node *n, struct plm_secret_rule *to)
{
    if (n->kind != PLM_TOML_INTEGER && n->kind != PLM_TOML_FLOAT)
        return bad(f, n, "a number was expected");
    if (plm_sv_is(n->key, "entropy"))
        to->entropy = n->number;
    else if (n->kind != PLM_TOML_INTEGER || n->integer < 0 || n->integer > 63)
        return bad(f, n, "secretGroup is the number of a group");
    else
        to->group = (uint32_t)n->integer;
    return 0;
}

static int rule_key(struct toml_file *f, const struct plm_toml_node *n, struct plm_secret_rule *to)
{
    if (plm_sv_is(n->key, "id"))
        return text_of(f, n, &to->id);
    if (plm_sv_is(n->key, "description"))
        return text_of(f, n, &to->title);
    if (plm_sv_is(n->key, "regex"))
        return rule_regex(f, n, &to->pattern, &to->has_pattern);
    if (plm_sv_is(n->key, "path"))
        return rule_regex(f, n, &to->path, &to->has_path);
    if (plm_sv_is(n->key, "secretGroup") || plm_sv_is(n->key, "entropy"))
        return rule_number(f, n, to);
    if (plm_sv_is(n->key, "keywords"))
        return texts_of(f, n, true, &to->keywords);
    if (plm_sv_is(n->key, "tags"))
        return texts_of(f, n, false, &to->tags);
    if (plm_sv_is(n->key, "allowlist") || plm_sv_is(n->key, "allowlists"))
        return allows_of(f, n, &to->allow);
    plm_secret_warn(f->r, f->name, n->line, "%.*s of a rule has no effect", PLM_SV_ARG(n->key));
    return 0;
}

/* The format has no severities: what is public is low, what only looks like a secret medium. */
static enum plm_severity severity_of(plm_sv id)
{
    if (plm_sv_has(id, PLM_SV("client-id")) || plm_sv_has(id, PLM_SV("public")) ||
        plm_sv_has(id, PLM_SV("-pub-")))
        return PLM_SEV_LOW;
    if (plm_sv_has(id, PLM_SV("generic")))
        return PLM_SEV_MEDIUM;
    return plm_sv_is(id, "private-key") ? PLM_SEV_CRITICAL : PLM_SEV_HIGH;
}

/* A rule of an id that the base has refines it: what it does not say stays, allowlists add up. */
static void refine(struct plm_secret_rules *r, struct plm_secret_rule *one)
{
    for (size_t i = 0; i < r->rules.n; i++) {
        struct plm_secret_rule *old = &r->rules.v[i];
        if (!plm_sv_eq(old->id, one->id))
            continue;
        struct plm_secret_rule merged = *old;
        if (one->title.n)
            merged.title = one->title;
        if (one->has_pattern) {
            plm_secret_regex_done(&old->pattern);
            merged.pattern = one->pattern;
            merged.has_pattern = true;
            merged.group = one->group;
        }
        if (one->has_path) {
            plm_secret_regex_done(&old->path);
            merged.path = one->path;
            merged.has_path = true;
        }
        if (one->entropy > 0)
            merged.entropy = one->entropy;
        if (one->group)
            merged.group = one->group;
        for (size_t k = 0; k < one->keywords.n && (merged.keywords.n || one->has_pattern); k++)
            plm_sv_vec_add(r->arena, &merged.keywords, one->keywords.v[k]);
        for (size_t k = 0; k < one->tags.n; k++)
            plm_sv_vec_add(r->arena, &merged.tags, one->tags.v[k]);
        for (size_t k = 0; k < one->allow.n; k++) {
            struct plm_secret_allow *slot = plm_vec_push(r->arena, &merged.allow);
            if (slot)
                *slot = one->allow.v[k];
        }
        *old = merged;
        one->id = PLM_SV_NULL;
        return;
    }
}

static int one_rule(struct toml_file *f, const struct plm_toml_node *n)
{
    struct plm_secret_rule one = {.line = n->line}, *slot;
    if (n->kind != PLM_TOML_TABLE)
        return bad(f, n, "a table was expected");
    for (size_t i = 0; i < n->n; i++)
        if (rule_key(f, n->items[i], &one) < 0)
            return -1;
    if (!one.id.n)
        return bad(f, n, "a rule without an id");
    refine(f->r, &one);
    if (!one.id.n)
        return 0;
    if (!one.has_pattern && !one.has_path)
        return bad(f, n, "a rule needs a regex or a path");
    one.severity = severity_of(one.id);
    one.is_generic = plm_sv_has(one.id, PLM_SV("generic"));
    if (!one.title.n)
        one.title = one.id;
    if (!(slot = plm_secret_rules_slot(f->r, one.id)))
        return bad(f, n, "too many rules");
    *slot = one;
    return 0;
}

static int top_key(struct toml_file *f, const struct plm_toml_node *n)
{
    if (plm_sv_is(n->key, "allowlist") || plm_sv_is(n->key, "allowlists"))
        return allows_of(f, n, &f->r->allow);
    if (plm_sv_is(n->key, "extend")) {
        const struct plm_toml_node *off = plm_toml_get(n, "disabledRules", NULL);
        return off ? texts_of(f, off, false, &f->r->disabled) : 0;
    }
    if (!plm_sv_is(n->key, "rules")) {
        if (!plm_sv_is(n->key, "title") && !plm_sv_is(n->key, "description") &&
            !plm_sv_is(n->key, "minVersion"))
            plm_secret_warn(f->r, f->name, n->line, "%.*s has no effect", PLM_SV_ARG(n->key));
        return 0;
    }
    if (n->kind != PLM_TOML_ARRAY)
        return bad(f, n, "[[rules]] was expected");
    for (size_t i = 0; i < n->n; i++)
        if (one_rule(f, n->items[i]) < 0)
            return -1;
    return 0;
}

int plm_secret_rules_add_gitleaks(struct plm_secret_rules *r, plm_sv text, const char *name,
                                  const struct plm_limits *limits, plm_err **err)
{
    struct toml_file f = {.r = r, .name = name, .err = err};
    plm_auto(plm_toml_free) struct plm_toml *doc = plm_toml_parse(text, name, limits, err);
    if (!doc)
        return -1;
    const struct plm_toml_node *root = plm_toml_root(doc);
    for (size_t i = 0; i < root->n; i++)
        if (top_key(&f, root->items[i]) < 0)
            return -1;
    return plm_arena_check(r->arena, err);
}
