/* SPDX-License-Identifier: Apache-2.0
 *
 * Ignore files of other tools in YAML: .trivyignore.yaml (trivy.dev/docs, "filtering"), the `ignore` rows of
 * .grype.yaml, the `ignored` list of .hadolint.yaml.
 *
 * A row of grype is an AND of conditions. Those that an exception has not (fix-state, namespace, match-type,
 * VEX states, upstream-name) narrow it, so a row with one of them cannot be carried: without it more would be
 * suppressed.
 */
#include "exceptions_int.h"

#include "codec/yaml.h"

static int bad(plm_err **err, const char *name, const struct plm_yaml_node *n, const char *what)
{
    return plm_fail_id(err, PLM_E_CONFIG, "exceptions.invalid", "%s:%u: %s", name, n->line, what);
}

static plm_sv text_of(struct plm_exceptions *e, const struct plm_yaml_node *row, const char *key)
{
    return plm_arena_sv(e->arena, plm_yaml_text(plm_yaml_get(row, key, NULL)));
}

static plm_sv reason_or(struct plm_exceptions *e, plm_sv reason, const char *name)
{
    return reason.n ? reason : plm_arena_printf(e->arena, "ignored in %s", name);
}

static bool is_list(const struct plm_yaml_node *n)
{
    return n && n->kind == PLM_YAML_SEQUENCE;
}

/* ---- trivy ------------------------------------------------------------------------------------ */

/* Paths and purls are alternatives each: one exception for every pair. */
static int add_trivy(struct plm_exceptions *e, const struct plm_yaml_node *row, const char *name,
                     plm_err **err)
{
    struct plm_exception model = {0};
    plm_sv id = text_of(e, row, "id"), until = text_of(e, row, "expired_at");
    const struct plm_yaml_node *paths = plm_yaml_get(row, "paths", NULL);
    const struct plm_yaml_node *purls = plm_yaml_get(row, "purls", NULL);
    if (!id.n)
        return bad(err, name, row, "a row needs an `id`");
    if (until.n && !plm_foreign_until(e, &model, until))
        return bad(err, name, row, "`expired_at` is not a date");
    size_t n_paths = is_list(paths) && paths->n ? paths->n : 1;
    size_t n_purls = is_list(purls) && purls->n ? purls->n : 1;
    for (size_t i = 0; i < n_paths * n_purls; i++) {
        struct plm_exception *x = plm_foreign_row(e, name, row->line);
        if (!x)
            break;
        x->id = id;
        x->until = model.until;
        x->until_text = model.until_text;
        x->reason = reason_or(e, text_of(e, row, "statement"), name);
        if (is_list(paths) && paths->n)
            x->path = plm_foreign_path(e, plm_yaml_text(paths->items[i / n_purls]));
        if (is_list(purls) && purls->n)
            x->purl = plm_arena_sv(e->arena, plm_yaml_text(purls->items[i % n_purls]));
    }
    return plm_arena_check(e->arena, err);
}

int plm_foreign_trivyignore_yaml(const struct plm_ctx *ctx, struct plm_exceptions *e, plm_sv text,
                                 const char *name, plm_err **err)
{
    static const char *const kinds[] = {"vulnerabilities", "misconfigurations", "secrets", "licenses"};
    plm_auto(plm_yaml_free) struct plm_yaml *doc = plm_yaml_parse(text, name, ctx->limits, err);
    if (!doc)
        return -1;
    for (size_t k = 0; k < sizeof(kinds) / sizeof(kinds[0]); k++) {
        const struct plm_yaml_node *list = plm_yaml_get(plm_yaml_root(doc), kinds[k], NULL);
        for (size_t i = 0; is_list(list) && i < list->n; i++)
            if (add_trivy(e, list->items[i], name, err) < 0)
                return -1;
    }
    return plm_arena_check(e->arena, err);
}

/* ---- grype -------------------------------------------------------------------------------------- */

static const struct {
    const char *grype, *purl;
} types[] = {{"deb", "deb"},
             {"rpm", "rpm"},
             {"apk", "apk"},
             {"alpm", "alpm"},
             {"npm", "npm"},
             {"gem", "gem"},
             {"python", "pypi"},
             {"java-archive", "maven"},
             {"jenkins-plugin", "maven"},
             {"go-module", "golang"},
             {"rust-crate", "cargo"},
             {"php-composer", "composer"},
             {"dotnet", "nuget"},
             {"hex", "hex"},
             {"conan", "conan"},
             {"binary", "generic"},
             {"pod", "cocoapods"},
             {"dart-pub", "pub"}};

static const char *purl_type(plm_sv type)
{
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
        if (plm_sv_is(type, types[i].grype))
            return types[i].purl;
    return NULL;
}

/* The condition of a row that no exception has, or NULL. */
static const char *too_narrow(const struct plm_yaml_node *row)
{
    static const char *const keys[] = {"fix-state", "namespace", "match-type", "vex-status",
                                       "vex-justification"};
    static const char *const package_keys[] = {"language", "upstream-name"};
    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
        if (plm_yaml_text(plm_yaml_get(row, keys[i], NULL)).n)
            return keys[i];
    for (size_t i = 0; i < sizeof(package_keys) / sizeof(package_keys[0]); i++)
        if (plm_yaml_text(plm_yaml_get(row, "package", package_keys[i], NULL)).n)
            return package_keys[i];
    return NULL;
}

/* Names are expressions there, matched whole; one that is none is a name ("libstdc++6"). */
static plm_sv purl_pattern(struct plm_exceptions *e, const struct plm_yaml_node *row, const char **out_why)
{
    plm_sv name = plm_yaml_text(plm_yaml_get(row, "package", "name", NULL));
    plm_sv version = plm_yaml_text(plm_yaml_get(row, "package", "version", NULL));
    plm_sv type = plm_yaml_text(plm_yaml_get(row, "package", "type", NULL));
    if (!name.n && !version.n && !type.n)
        return PLM_SV_NULL;
    const char *purl = type.n ? purl_type(type) : "*";
    plm_sv glob = name.n ? plm_foreign_glob(e, name, true) : PLM_SV("*");
    if (!glob.p && !plm_sv_has(name, PLM_SV("+")))
        *out_why = "package.name";
    if (!purl)
        *out_why = "package.type";
    if (*out_why)
        return PLM_SV_NULL;
    plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(PLM_KIB(64));
    plm_buf_printf(&b, "pkg:%s/**/", purl);
    plm_foreign_purl_put(&b, glob.p ? glob : name);
    if (version.n) {
        plm_buf_byte(&b, '@');
        plm_foreign_purl_put(&b, version);
    }
    return plm_arena_sv(e->arena, plm_buf_sv(&b));
}

static int add_grype(struct plm_exceptions *e, const struct plm_yaml_node *row, const char *name,
                     plm_err **err)
{
    if (row->kind != PLM_YAML_MAPPING)
        return bad(err, name, row, "a row of `ignore` must be a mapping");
    plm_sv id = text_of(e, row, "vulnerability"), location = PLM_SV_NULL;
    const char *why = too_narrow(row);
    plm_sv purl = why ? PLM_SV_NULL : purl_pattern(e, row, &why);
    location = plm_yaml_text(plm_yaml_get(row, "package", "location", NULL));
    if (!why && !id.n && !purl.n && !location.n)
        why = "no condition at all";
    if (why) {
        plm_foreign_skip(e, name, row->line, "%.*s: an exception has nothing for its `%s`", PLM_SV_ARG(id),
                         why);
        return 0;
    }
    struct plm_exception *x = plm_foreign_row(e, name, row->line);
    if (!x)
        return plm_arena_check(e->arena, err);
    x->id = id.n ? id : PLM_SV("*");
    x->kind = PLM_KIND_VULNERABILITY;
    x->purl = purl;
    if (location.n)
        x->path = plm_foreign_path(e, location);
    x->reason = reason_or(e, text_of(e, row, "reason"), name);
    return plm_arena_check(e->arena, err);
}

int plm_foreign_grype(const struct plm_ctx *ctx, struct plm_exceptions *e, plm_sv text, const char *name,
                      plm_err **err)
{
    plm_auto(plm_yaml_free) struct plm_yaml *doc = plm_yaml_parse(text, name, ctx->limits, err);
    if (!doc)
        return -1;
    const struct plm_yaml_node *list = plm_yaml_get(plm_yaml_root(doc), "ignore", NULL);
    for (size_t i = 0; is_list(list) && i < list->n; i++)
        if (add_grype(e, list->items[i], name, err) < 0)
            return -1;
    return 0;
}

/* ---- hadolint ------------------------------------------------------------------------------------ */

int plm_foreign_hadolint(const struct plm_ctx *ctx, struct plm_exceptions *e, plm_sv text, const char *name,
                         plm_err **err)
{
    plm_auto(plm_yaml_free) struct plm_yaml *doc = plm_yaml_parse(text, name, ctx->limits, err);
    if (!doc)
        return -1;
    const struct plm_yaml_node *list = plm_yaml_get(plm_yaml_root(doc), "ignored", NULL);
    for (size_t i = 0; is_list(list) && i < list->n; i++) {
        plm_sv id = plm_yaml_text(list->items[i]);
        if (!id.n)
            return bad(err, name, list->items[i], "`ignored` holds rule ids");
        struct plm_exception *x = plm_foreign_row(e, name, list->items[i]->line);
        if (!x)
            break;
        x->id = plm_arena_sv(e->arena, id);
        x->reason = reason_or(e, PLM_SV_NULL, name);
    }
    return plm_arena_check(e->arena, err);
}
