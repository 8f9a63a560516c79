/* SPDX-License-Identifier: Apache-2.0
 *
 * Ignore rows of other tools in TOML: osv-scanner.toml (google.github.io/osv-scanner/configuration:
 * IgnoredVulns, PackageOverrides) and the allowlists of a gitleaks configuration.
 *
 * A gitleaks allowlist by path becomes an exception where its expression is simple enough to be a pattern;
 * one by text of the secret, stop word or commit is skipped: reports hold secrets redacted, so nothing could
 * compare them. The secret scan itself reads such a file with all of its allowlists.
 */
#include "exceptions_int.h"

#include "codec/toml.h"

static int bad(plm_err **err, const char *name, const struct plm_toml_node *n, const char *what)
{
    return plm_fail_id(err, PLM_E_CONFIG, "exceptions.invalid", "%s:%u: %s", name, n->line, what);
}

static plm_sv text_of(struct plm_exceptions *e, const struct plm_toml_node *n, const char *key)
{
    return plm_arena_sv(e->arena, plm_toml_text(plm_toml_get(n, key, NULL)));
}

static bool is_true(const struct plm_toml_node *n)
{
    return n && n->kind == PLM_TOML_BOOL && n->boolean;
}

static const struct plm_toml_node *list_of(const struct plm_toml_node *n, const char *key)
{
    const struct plm_toml_node *list = plm_toml_get(n, key, NULL);
    return list && list->kind == PLM_TOML_ARRAY ? list : NULL;
}

/* ---- osv-scanner --------------------------------------------------------------------------------- */

static int set_end(struct plm_exceptions *e, struct plm_exception *x, const struct plm_toml_node *row,
                   const char *key, const char *name, plm_err **err)
{
    const struct plm_toml_node *n = plm_toml_get(row, key, NULL);
    if (!n)
        return 0;
    bool is_time = n->kind == PLM_TOML_DATETIME || n->kind == PLM_TOML_STRING;
    return is_time && plm_foreign_until(e, x, n->text) ? 0 : bad(err, name, n, "not a date");
}

static int add_ignored(struct plm_exceptions *e, const struct plm_toml_node *row, const char *name,
                       plm_err **err)
{
    struct plm_exception x = {0}, *slot;
    plm_sv id = text_of(e, row, "id"), reason = text_of(e, row, "reason");
    if (!id.n)
        return bad(err, name, row, "a row of IgnoredVulns needs an `id`");
    if (set_end(e, &x, row, "ignoreUntil", name, err) < 0)
        return -1;
    slot = plm_foreign_row(e, name, row->line);
    if (!slot)
        return plm_arena_check(e->arena, err);
    slot->id = id;
    slot->until = x.until;
    slot->until_text = x.until_text;
    slot->reason = reason.n ? reason : plm_arena_printf(e->arena, "ignored in %s", name);
    return plm_arena_check(e->arena, err);
}

static const char *purl_type(plm_sv ecosystem)
{
    static const struct {
        const char *osv, *purl;
    } types[] = {{"Go", "golang"},     {"npm", "npm"},     {"PyPI", "pypi"},          {"Maven", "maven"},
                 {"RubyGems", "gem"},  {"NuGet", "nuget"}, {"Packagist", "composer"}, {"crates.io", "cargo"},
                 {"Debian", "deb"},    {"Ubuntu", "deb"},  {"Alpine", "apk"},         {"Hex", "hex"},
                 {"AlmaLinux", "rpm"}, {"Pub", "pub"},     {"Rocky Linux", "rpm"}};
    plm_sv head, tail;
    plm_sv_cut(ecosystem, ':', &head, &tail);
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
        if (plm_sv_is(head, types[i].osv))
            return types[i].purl;
    return NULL;
}

/* "org.apache:x" and "github.com/a/b" have namespaces that purls write with slashes. */
static plm_sv override_purl(struct plm_exceptions *e, const struct plm_toml_node *row)
{
    plm_sv name = plm_toml_text(plm_toml_get(row, "name", NULL));
    plm_sv version = plm_toml_text(plm_toml_get(row, "version", NULL));
    plm_sv ecosystem = plm_toml_text(plm_toml_get(row, "ecosystem", NULL));
    const char *type = ecosystem.n ? purl_type(ecosystem) : "*";
    if (!type)
        return PLM_SV_NULL;
    plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(PLM_KIB(64));
    plm_buf_printf(&b, "pkg:%s/**/", type);
    plm_sv rest = name, part;
    bool is_first = true;
    char between = plm_sv_is(plm_sv_from(type), "maven") ? ':' : '/';
    while (plm_sv_field(&rest, between, &part)) {
        plm_buf_str(&b, is_first ? "" : "/");
        plm_foreign_purl_put(&b, part);
        is_first = false;
    }
    if (!name.n)
        plm_buf_str(&b, "*");
    if (version.n) {
        plm_buf_byte(&b, '@');
        plm_foreign_purl_put(&b, version);
    }
    return plm_arena_sv(e->arena, plm_buf_sv(&b));
}

static int add_override(struct plm_exceptions *e, const struct plm_toml_node *row, const char *name,
                        plm_err **err)
{
    struct plm_exception x = {0}, *slot;
    bool is_all = is_true(plm_toml_get(row, "ignore", NULL));
    bool is_flaws = is_true(plm_toml_get(row, "vulnerability", "ignore", NULL));
    plm_sv group = plm_toml_text(plm_toml_get(row, "group", NULL)), reason = text_of(e, row, "reason");
    if (!is_all && !is_flaws) {
        plm_foreign_skip(e, name, row->line, "a package override that ignores no vulnerability");
        return 0;
    }
    plm_sv purl = override_purl(e, row);
    if (!purl.p || group.n) {
        plm_foreign_skip(e, name, row->line, "an exception has nothing for its `%s`",
                         group.n ? "group" : "ecosystem");
        return 0;
    }
    if (set_end(e, &x, row, "effectiveUntil", name, err) < 0)
        return -1;
    slot = plm_foreign_row(e, name, row->line);
    if (!slot)
        return plm_arena_check(e->arena, err);
    slot->id = PLM_SV("*");
    slot->kind = PLM_KIND_VULNERABILITY;
    slot->purl = purl;
    slot->until = x.until;
    slot->until_text = x.until_text;
    slot->reason = reason.n ? reason : plm_arena_printf(e->arena, "ignored in %s", name);
    return plm_arena_check(e->arena, err);
}

int plm_foreign_osv_scanner(const struct plm_ctx *ctx, struct plm_exceptions *e, plm_sv text,
                            const char *name, plm_err **err)
{
    plm_auto(plm_toml_free) struct plm_toml *doc = plm_toml_parse(text, name, ctx->limits, err);
    if (!doc)
        return -1;
    const struct plm_toml_node *ignored = list_of(plm_toml_root(doc), "IgnoredVulns");
    const struct plm_toml_node *overrides = list_of(plm_toml_root(doc), "PackageOverrides");
    for (size_t i = 0; ignored && i < ignored->n; i++)
        if (add_ignored(e, ignored->items[i], name, err) < 0)
            return -1;
    for (size_t i = 0; overrides && i < overrides->n; i++)
        if (add_override(e, overrides->items[i], name, err) < 0)
            return -1;
    return plm_arena_check(e->arena, err);
}

/* ---- gitleaks ------------------------------------------------------------------------------------- */

/* `condition = "AND"` over paths and something else narrows the paths. */
static bool only_paths(struct plm_exceptions *e, const struct plm_toml_node *a, const char *name)
{
    static const char *const others[] = {"commits", "regexes", "stopwords"};
    bool is_and = plm_sv_ieq(plm_toml_text(plm_toml_get(a, "condition", NULL)), PLM_SV("AND"));
    bool is_carried = true;
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        const struct plm_toml_node *list = list_of(a, others[i]);
        if (!list || !list->n)
            continue;
        plm_foreign_skip(e, name, list->line, "an exception has nothing for its `%s`", others[i]);
        is_carried = is_carried && !is_and;
    }
    return is_carried;
}

/* rule: null for the allowlists of the file. */
static int add_allowlist(struct plm_exceptions *e, const struct plm_toml_node *a, plm_sv rule,
                         const char *name, plm_err **err)
{
    const struct plm_toml_node *paths = list_of(a, "paths"), *targets = list_of(a, "targetRules");
    plm_sv reason = text_of(e, a, "description");
    if (!only_paths(e, a, name) || !paths)
        return plm_arena_check(e->arena, err);
    size_t n_targets = targets && targets->n ? targets->n : 1;
    for (size_t i = 0; i < paths->n; i++) {
        plm_sv glob = plm_foreign_glob(e, plm_toml_text(paths->items[i]), false);
        if (!glob.p) {
            plm_foreign_skip(e, name, paths->items[i]->line,
                             "the expression cannot be written as a pattern of paths");
            continue;
        }
        for (size_t k = 0; k < n_targets; k++) {
            struct plm_exception *x = plm_foreign_row(e, name, paths->items[i]->line);
            if (!x)
                break;
            plm_sv target = targets && targets->n ? plm_toml_text(targets->items[k]) : rule;
            x->id = target.n ? plm_arena_sv(e->arena, target) : PLM_SV("*");
            x->path = plm_foreign_path(e, glob);
            x->kind = PLM_KIND_SECRET;
            x->reason = reason.n ? reason : plm_arena_printf(e->arena, "allowed in %s", name);
        }
    }
    return plm_arena_check(e->arena, err);
}

/* `[allowlist]` is the older spelling of `[[allowlists]]`. */
static int add_allowlists(struct plm_exceptions *e, const struct plm_toml_node *n, plm_sv rule,
                          const char *name, plm_err **err)
{
    const struct plm_toml_node *one = plm_toml_get(n, "allowlist", NULL), *list = list_of(n, "allowlists");
    if (one && one->kind == PLM_TOML_TABLE && add_allowlist(e, one, rule, name, err) < 0)
        return -1;
    for (size_t i = 0; list && i < list->n; i++)
        if (add_allowlist(e, list->items[i], rule, name, err) < 0)
            return -1;
    return 0;
}

int plm_foreign_gitleaks(const struct plm_ctx *ctx, struct plm_exceptions *e, plm_sv text, const char *name,
                         plm_err **err)
{
    plm_auto(plm_toml_free) struct plm_toml *doc = plm_toml_parse(text, name, ctx->limits, err);
    if (!doc || add_allowlists(e, plm_toml_root(doc), PLM_SV_NULL, name, err) < 0)
        return -1;
    const struct plm_toml_node *rules = list_of(plm_toml_root(doc), "rules");
    for (size_t i = 0; rules && i < rules->n; i++) {
        plm_sv id = plm_toml_text(plm_toml_get(rules->items[i], "id", NULL));
        if (id.n && add_allowlists(e, rules->items[i], id, name, err) < 0)
            return -1;
    }
    return 0;
}
