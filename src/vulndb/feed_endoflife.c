/* SPDX-License-Identifier: Apache-2.0
 *
 * Release and end-of-life dates of endoflife.date: the site's sources (products/NAME.md with YAML front
 * matter) and its API, version 0 (https://endoflife.date/api/NAME.json, a list) and 1 (/api/v1/products/NAME,
 * an object):
 *
 *     releases:                                    [{"cycle": "12", "codename": "Bookworm", "eol":
 * "2026-06-10",
 *       - releaseCycle: "12"                           "extendedSupport": "2028-06-30"}]
 *         codename: "Bookworm"                     {"result": {"name": "debian", "releases": [{"name": "12",
 *         eol: 2026-07-11                              "eolFrom": "…", "eoesFrom": "…"}]}}
 *         eoes: 2028-06-30
 *
 * The end is that of the release's own security suite, which every installation is fed from: for Debian
 * that is LTS, which the site lists as extended support. Other extended support must be bought and does not
 * count. "false" or no date: not ended, nothing is said; "true": ended at an unknown day, said as the release
 * date or day one.
 */
#include "base/time.h"
#include "codec/yaml.h"
#include "vulndb/feed_int.h"

/* Products whose extended support comes to everyone by the normal security suite. */
static const char *const free_extended[] = {"debian", NULL};

struct cycle {
    plm_sv name, codename, eol, extended, released;
};

static bool is_extended_free(plm_sv product)
{
    for (size_t i = 0; free_extended[i]; i++)
        if (plm_sv_is(product, free_extended[i]))
            return true;
    return false;
}

static int take(struct plm_feed_sink *s, plm_sv file, plm_sv product, const struct cycle *c, plm_err **err)
{
    int64_t end = 0, extended = 0;
    if (!c->name.n) {
        s->bad(s, file, "a release without a name");
        return 0;
    }
    if (plm_sv_is(c->eol, "true"))
        end = plm_time_parse(c->released, &end) ? end : 1;
    else if (c->eol.n && !plm_sv_is(c->eol, "false") && !plm_time_parse(c->eol, &end))
        s->bad(s, file, "release %.*s: not a date: %.*s", PLM_SV_ARG(c->name), PLM_SV_ARG(c->eol));
    if (is_extended_free(product) && plm_time_parse(c->extended, &extended) && extended > end)
        end = extended;
    return end ? s->eol(s, product, c->name, c->codename, end, err) : 0;
}

/* "debian" of "products/debian.md". */
static plm_sv product_of(plm_sv file)
{
    size_t slash = plm_sv_rfind(file, '/');
    plm_sv name = slash == SIZE_MAX ? file : plm_sv_from_off(file, slash + 1);
    size_t dot = plm_sv_rfind(name, '.');
    return dot == SIZE_MAX ? name : plm_sv_sub(name, 0, dot);
}

/* The text between the two "---" lines. */
static bool front_matter(plm_sv text, plm_sv *out)
{
    plm_sv rest = text, line;
    if (!plm_sv_line(&rest, &line) || !plm_sv_is(plm_sv_trim(line), "---"))
        return false;
    const char *start = rest.p;
    while (plm_sv_line(&rest, &line)) {
        if (plm_sv_is(plm_sv_trim(line), "---")) {
            *out = plm_sv_n(start, (size_t)(line.p - start));
            return true;
        }
    }
    return false;
}

static int take_markdown(struct plm_feed_sink *s, const struct plm_feed_file *f, plm_err **err)
{
    plm_sv front;
    if (!front_matter(f->data, &front)) {
        s->bad(s, f->name, "no front matter");
        return 0;
    }
    plm_err *e = NULL;
    plm_auto(plm_yaml_free) struct plm_yaml *doc = plm_yaml_parse(front, "front matter", s->ctx->limits, &e);
    if (!doc)
        return plm_feed_broken(s, f->name, &e, err);
    const struct plm_yaml_node *root = plm_yaml_root(doc), *list = plm_yaml_get(root, "releases", NULL);
    plm_sv product = plm_yaml_text(plm_yaml_get(root, "permalink", NULL));
    product = product.n > 1 && product.p[0] == '/' ? plm_sv_from_off(product, 1) : product_of(f->name);
    for (size_t i = 0; list && list->kind == PLM_YAML_SEQUENCE && i < list->n; i++) {
        const struct plm_yaml_node *n = list->items[i];
        struct cycle c = {
            .name = plm_yaml_text(plm_yaml_get(n, "releaseCycle", NULL)),
            .codename = plm_yaml_text(plm_yaml_get(n, "codename", NULL)),
            .eol = plm_yaml_text(plm_yaml_get(n, "eol", NULL)),
            .extended = plm_yaml_text(plm_yaml_get(n, "eoes", NULL)),
            .released = plm_yaml_text(plm_yaml_get(n, "releaseDate", NULL)),
        };
        if (take(s, f->name, product, &c, err) < 0)
            return -1;
    }
    return 0;
}

/* A date, or "true" and "false" for a Boolean. */
static plm_sv date_or_flag(yyjson_val *v)
{
    return yyjson_is_true(v) ? PLM_SV("true") : yyjson_is_false(v) ? PLM_SV("false") : plm_json_sv(v);
}

static plm_sv first_of(plm_sv a, plm_sv b)
{
    return a.n ? a : b;
}

static int take_api(struct plm_feed_sink *s, const struct plm_feed_file *f, plm_err **err)
{
    plm_auto(plm_json_free) struct plm_json *doc = NULL;
    if (plm_feed_json(s, f, &doc, err) < 0)
        return -1;
    if (!doc)
        return 0;
    yyjson_val *root = plm_json_root(doc), *result = yyjson_obj_get(root, "result");
    yyjson_val *list = result ? yyjson_obj_get(result, "releases") : root, *v;
    plm_sv product = first_of(plm_json_str(result, "name", NULL), product_of(f->name));
    size_t i, n;
    if (!yyjson_is_arr(list)) {
        s->bad(s, f->name, "no list of releases");
        return 0;
    }
    yyjson_arr_foreach(list, i, n, v)
    {
        struct cycle c = {
            .name = first_of(plm_json_str(v, "cycle", NULL), plm_json_str(v, "name", NULL)),
            .codename = plm_json_str(v, "codename", NULL),
            .eol =
                first_of(date_or_flag(yyjson_obj_get(v, "eolFrom")), date_or_flag(yyjson_obj_get(v, "eol"))),
            .extended = first_of(date_or_flag(yyjson_obj_get(v, "eoesFrom")),
                                 date_or_flag(yyjson_obj_get(v, "extendedSupport"))),
            .released = plm_json_str(v, "releaseDate", NULL),
        };
        if (!c.eol.n && yyjson_is_true(yyjson_obj_get(v, "isEol")))
            c.eol = PLM_SV("true");
        if (take(s, f->name, product, &c, err) < 0)
            return -1;
    }
    return 0;
}

static int endoflife_file(struct plm_feed_sink *s, const struct plm_feed_file *f, plm_err **err)
{
    plm_sv head = plm_sv_trim(f->data);
    bool is_json = head.n && (head.p[0] == '{' || head.p[0] == '[');
    return is_json ? take_api(s, f, err) : take_markdown(s, f, err);
}

static const struct plm_feed_format endoflife = {
    .id = "endoflife",
    .summary = "End-of-life dates of distributions and runtimes (endoflife.date sources or API)",
    .upstream = "https://endoflife.date/api/",
    .tested = "real data (sources), shape from documentation (API)",
    .globs = (const char *const[]){"products/*.md", "**/products/*.md", "**/*.json", NULL},
    .file = endoflife_file,
};
PLM_REGISTER(plm_feeds, struct plm_feed_format, endoflife);
