/* SPDX-License-Identifier: Apache-2.0
 *
 * Alpine's security database (https://secdb.alpinelinux.org/), one file per release and repository, JSON
 * today and YAML up to v3.11:
 *
 *     {"distroversion": "v3.16", "reponame": "main", "packages": [{"pkg": {"name": "apache2", "secfixes": {
 *        "2.4.54-r0": ["CVE-2022-26377", "CVE-2016-6258 XSA-182"],
 *        "0": ["CVE-2019-1"]}}}]}
 *
 * A package is an origin (source package). A version fixes the ids in its list; "0": the package was never
 * affected. Each pair of package and id becomes a record named by the CVE. Unfixed flaws are not listed.
 *
 * Quirks of real files: several tokens in an id, of which later ones are the vendor's name for it ("XSA-182")
 * or a remark in parentheses; "CVE_2019-2426" and "CVE-2017-17434-1"; versions with blanks around them or
 * without "-r0"; null instead of a list; no packages at all. Linear.
 */
#include "codec/yaml.h"
#include "vulndb/feed_int.h"

struct place {
    struct plm_feed_sink *s;
    plm_sv file;
    plm_sv ecosystem, package, version; /* package and version change as the walk goes on */
};

/* The CVE id that a sloppy one means: in the arena if it had to be changed. */
static plm_sv clean_id(struct plm_feed_sink *s, plm_sv id)
{
    if (!plm_sv_starts(id, PLM_SV("CVE")) || id.n < 10)
        return id;
    if (id.p[3] == '_')
        id = plm_arena_printf(s->arena, "CVE-%.*s", PLM_SV_ARG(plm_sv_from_off(id, 4)));
    if (id.n < 10 || plm_sv_find(plm_sv_from_off(id, 4), '-') == SIZE_MAX)
        return id;
    size_t end = 4 + plm_sv_find(plm_sv_from_off(id, 4), '-') + 1;
    while (end < id.n && id.p[end] >= '0' && id.p[end] <= '9')
        end++;
    plm_sv cut = plm_sv_sub(id, 0, end);
    return plm_feed_is_cve(cut) ? cut : id;
}

static int take_id(const struct place *at, plm_sv text, plm_err **err)
{
    struct plm_feed_sink *s = at->s;
    plm_sv rest = text, word;
    if (!plm_sv_word(&rest, &word)) {
        s->bad(s, at->file, "empty id at %.*s %.*s", PLM_SV_ARG(at->package), PLM_SV_ARG(at->version));
        return 0;
    }
    struct plm_advisory adv = {.id = clean_id(s, word)};
    while (plm_sv_word(&rest, &word) && word.p[0] != '(') {
        adv.title = plm_sv_trim(text); /* keeps the vendor's name in sight */
        if (plm_sv_starts(word, PLM_SV("GHSA-")))
            plm_feed_id(s, &adv.aliases, word);
    }
    struct plm_affected *a = plm_feed_affected(s, &adv, at->ecosystem, at->package);
    if (plm_sv_is(at->version, "0")) {
        plm_feed_not_affected(s, a, PLM_SV_NULL);
    } else if (a) {
        a->state = PLM_FIX_FIXED;
        plm_feed_range(s, a, (struct plm_range){.fixed = at->version});
    }
    return plm_feed_push(s, &adv, err);
}

/* Sets ecosystem from the header; false: it has none. */
static int start(struct place *at, plm_sv distroversion, plm_err **err)
{
    if (!distroversion.n) {
        at->s->bad(at->s, at->file, "no \"distroversion\"");
        return 0;
    }
    /* kept: the scratch arena is emptied with every push */
    at->ecosystem = plm_arena_printf(at->s->keep, "Alpine:%.*s", PLM_SV_ARG(distroversion));
    if (!at->ecosystem.p)
        return plm_arena_check(at->s->keep, err);
    return at->s->covers(at->s, at->ecosystem, err) < 0 ? -1 : 1;
}

static int take_json_fixes(struct place *at, yyjson_val *secfixes, plm_err **err)
{
    size_t i, n, k, m;
    yyjson_val *version, *ids, *id;
    if (!yyjson_is_obj(secfixes)) /* a package without fixes */
        return 0;
    yyjson_obj_foreach(secfixes, i, n, version, ids)
    {
        at->version = plm_sv_trim(plm_json_sv(version));
        yyjson_arr_foreach(ids, k, m, id)
        {
            if (take_id(at, plm_json_sv(id), err) < 0)
                return -1;
        }
    }
    return 0;
}

static int take_json(struct place *at, const struct plm_feed_file *f, plm_err **err)
{
    plm_auto(plm_json_free) struct plm_json *doc = NULL;
    if (plm_feed_json(at->s, f, &doc, err) < 0)
        return -1;
    if (!doc)
        return 0;
    yyjson_val *root = plm_json_root(doc), *v;
    size_t i, n;
    int rc = start(at, plm_json_str(root, "distroversion", NULL), err);
    if (rc <= 0)
        return rc;
    yyjson_arr_foreach(yyjson_obj_get(root, "packages"), i, n, v)
    {
        at->package = plm_json_str(v, "pkg", "name", NULL);
        if (!at->package.n)
            at->s->bad(at->s, at->file, "package %zu has no name", i);
        else if (take_json_fixes(at, plm_json_at(v, "pkg", "secfixes", NULL), err) < 0)
            return -1;
    }
    return 0;
}

static int take_yaml_fixes(struct place *at, const struct plm_yaml_node *secfixes, plm_err **err)
{
    for (size_t i = 0; secfixes && secfixes->kind == PLM_YAML_MAPPING && i < secfixes->n; i++) {
        const struct plm_yaml_node *ids = secfixes->items[i];
        at->version = plm_sv_trim(secfixes->keys[i]->text);
        for (size_t k = 0; ids->kind == PLM_YAML_SEQUENCE && k < ids->n; k++)
            if (take_id(at, plm_yaml_text(ids->items[k]), err) < 0)
                return -1;
    }
    return 0;
}

static int take_yaml(struct place *at, const struct plm_feed_file *f, plm_err **err)
{
    plm_err *e = NULL;
    plm_auto(plm_yaml_free) struct plm_yaml *doc = plm_yaml_parse(f->data, "text", at->s->ctx->limits, &e);
    if (!doc)
        return plm_feed_broken(at->s, f->name, &e, err);
    const struct plm_yaml_node *root = plm_yaml_root(doc), *list = plm_yaml_get(root, "packages", NULL);
    int rc = start(at, plm_yaml_text(plm_yaml_get(root, "distroversion", NULL)), err);
    if (rc <= 0)
        return rc;
    for (size_t i = 0; list && list->kind == PLM_YAML_SEQUENCE && i < list->n; i++) {
        const struct plm_yaml_node *pkg = plm_yaml_get(list->items[i], "pkg", NULL);
        at->package = plm_yaml_text(plm_yaml_get(pkg, "name", NULL));
        if (!at->package.n)
            plm_feed_bad_line(at->s, at->file, list->items[i]->line, "package without a name");
        else if (take_yaml_fixes(at, plm_yaml_get(pkg, "secfixes", NULL), err) < 0)
            return -1;
    }
    return 0;
}

static int secdb_file(struct plm_feed_sink *s, const struct plm_feed_file *f, plm_err **err)
{
    struct place at = {.s = s, .file = f->name};
    plm_sv head = plm_sv_trim(f->data);
    return head.n && head.p[0] == '{' ? take_json(&at, f, err) : take_yaml(&at, f, err);
}

static const struct plm_feed_format alpine_secdb = {
    .id = "alpine-secdb",
    .summary = "Alpine security database: fixed versions per release and repository (JSON or YAML)",
    .upstream = "https://secdb.alpinelinux.org/",
    .tested = "real data",
    .globs = (const char *const[]){"**/*main.json", "**/*community.json", "**/*main.yaml",
                                   "**/*community.yaml", NULL},
    .file = secdb_file,
};
PLM_REGISTER(plm_feeds, struct plm_feed_format, alpine_secdb);
