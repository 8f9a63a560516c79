/* SPDX-License-Identifier: Apache-2.0
 *
 * Which feeds there are: "[NAME:]FORMAT=PATH|URL" from the command line and the configuration,
 * and feeds/default.yaml (a list of {name, format, url}), which is built in.
 *
 * A feed's name is the key under which an update finds its old sections, and part of a file
 * name while it is fetched: letters, digits, '.', '_' and '-' only.
 */
#include "codec/yaml.h"
#include "vulndb/vulndb_int.h"

extern const char plm_vulndb_default_feeds[];
extern const size_t plm_vulndb_default_feeds_n;

static bool name_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '_' || c == '-';
}

static bool name_valid(plm_sv s)
{
    for (size_t i = 0; i < s.n; i++)
        if (!name_char(s.p[i]))
            return false;
    return s.n > 0 && s.n <= 100 && s.p[0] != '.';
}

static int add(struct plm_arena *a, plm_sv name, plm_sv format, plm_sv address, plm_db_sources *out,
               plm_err **err)
{
    if (!plm_feed_format_find(format)) {
        int r = plm_fail(err, PLM_E_CONFIG, "unknown feed format %.*s", PLM_SV_ARG(format));
        plm_err_hint(err, "plimsoll list feeds shows them");
        return r;
    }
    if (!address.n)
        return plm_fail(err, PLM_E_CONFIG, "feed %.*s has no path or address", PLM_SV_ARG(format));
    if (name.p && !name_valid(name))
        return plm_fail(err, PLM_E_CONFIG,
                        "a feed cannot be called %.*s: letters, digits, '.', '_' and '-' only",
                        PLM_SV_ARG(name));
    struct plm_db_source *s = plm_vec_push(a, out);
    if (s)
        *s = (struct plm_db_source){plm_arena_sv(a, name), plm_arena_sv(a, format), plm_arena_sv(a, address)};
    return plm_arena_check(a, err);
}

int plm_db_source_parse(plm_sv text, struct plm_arena *a, plm_db_sources *out, plm_err **err)
{
    plm_sv head, address, name = PLM_SV_NULL, format;
    if (!plm_sv_cut(text, '=', &head, &address)) {
        int r = plm_fail(err, PLM_E_CONFIG, "%.*s is not a feed", PLM_SV_ARG(text));
        plm_err_hint(err, "write [NAME:]FORMAT=PATH|URL, for example osv=all.zip");
        return r;
    }
    if (!plm_sv_cut(head, ':', &name, &format)) {
        format = head;
        name = PLM_SV_NULL;
    }
    return add(a, name, format, address, out, err);
}

int plm_db_sources_default(const struct plm_ctx *ctx, struct plm_arena *a, plm_db_sources *out, plm_err **err)
{
    plm_sv text = plm_sv_n(plm_vulndb_default_feeds, plm_vulndb_default_feeds_n);
    plm_auto(plm_yaml_free) struct plm_yaml *doc =
        plm_yaml_parse(text, "feeds/default.yaml", ctx->limits, err);
    if (!doc)
        return -1;
    const struct plm_yaml_node *rows = plm_yaml_get(plm_yaml_root(doc), "feeds", NULL);
    for (size_t i = 0; rows && rows->kind == PLM_YAML_SEQUENCE && i < rows->n; i++) {
        const struct plm_yaml_node *row = rows->items[i];
        if (add(a, plm_yaml_text(plm_yaml_get(row, "name", NULL)),
                plm_yaml_text(plm_yaml_get(row, "format", NULL)),
                plm_yaml_text(plm_yaml_get(row, "url", NULL)), out, err) < 0)
            return plm_wrap(err, "feeds/default.yaml: line %u", row->line);
    }
    return 0;
}

/* ---- names ----------------------------------------------------------------------------------- */

/* "…/AlmaLinux/all.zip" to "almalinux", "x/kev.json.gz" to "kev". */
static plm_sv stem_of(struct plm_arena *a, plm_sv address)
{
    plm_sv s = address;
    while (s.n && s.p[s.n - 1] == '/')
        s.n--;
    size_t slash = plm_sv_rfind(s, '/');
    plm_sv base = slash == SIZE_MAX ? s : plm_sv_from_off(s, slash + 1);
    size_t dot = plm_sv_find(base, '.');
    base = plm_sv_sub(base, 0, dot);
    if ((plm_sv_is(base, "all") || !base.n) && slash != SIZE_MAX && slash > 0) {
        plm_sv above = plm_sv_sub(s, 0, slash);
        size_t before = plm_sv_rfind(above, '/');
        base = before == SIZE_MAX ? above : plm_sv_from_off(above, before + 1);
    }
    char *p = plm_arena_cstr(a, base);
    for (size_t i = 0; p && i < base.n; i++)
        p[i] = p[i] >= 'A' && p[i] <= 'Z' ? (char)(p[i] + 32) : name_char(p[i]) ? p[i] : '-';
    return p ? (plm_sv){p, base.n} : PLM_SV_NULL;
}

int plm_db_sources_name(struct plm_arena *a, plm_db_sources *v, plm_err **err)
{
    for (size_t i = 0; i < v->n; i++) {
        size_t same = 0;
        for (size_t k = 0; k < v->n; k++)
            same += plm_sv_eq(v->v[k].format, v->v[i].format);
        if (v->v[i].name.p)
            continue;
        plm_sv stem = stem_of(a, v->v[i].address);
        v->v[i].name = same == 1
                           ? v->v[i].format
                           : plm_arena_printf(a, "%.*s-%.*s", PLM_SV_ARG(v->v[i].format), PLM_SV_ARG(stem));
        if (plm_arena_check(a, err) < 0)
            return -1;
    }
    for (size_t i = 0; i < v->n; i++)
        for (size_t k = 0; k < i; k++)
            if (plm_sv_eq(v->v[k].name, v->v[i].name)) {
                int r = plm_fail(err, PLM_E_USAGE, "two feeds are called %.*s", PLM_SV_ARG(v->v[i].name));
                plm_err_hint(err, "name them: NAME:%.*s=...", PLM_SV_ARG(v->v[i].format));
                return r;
            }
    return 0;
}
