/* SPDX-License-Identifier: Apache-2.0
 *
 * GitLab's security reports, schema 15 (gitlab.com/gitlab-org/security-products/security-report-schemas). One
 * file is of one type, and each type has locations of its own, so the findings choose:
 *
 *   container_scanning   vulnerabilities of packages: image, operating system, package and version
 *   secret_detection     where only secrets were found: file, line, commit
 *   sast                 where neither is there: everything else, file and line
 *
 * What does not fit into the type is left out, and standard error says so (`--only secret -o gitlab=FILE`
 * makes the other file). Bounds of the schema: name 255 bytes, solution 7000, 20 identifiers, 255 bytes a
 * link text; the number of findings is bounded by us. Ids are UUIDs made of the finding's key, so they are
 * the same in every run. O(n).
 */
#include "base/map.h"
#include "codec/hash.h"
#include "escape.h"
#include "object.h"

enum { FINDINGS_MAX = 5000, TITLE_MAX = 200, SOLUTION_MAX = 1700, IDENTIFIERS_MAX = 20, LINKS_MAX = 20 };
enum type { CONTAINER, SECRET, SAST };

struct gitlab {
    const struct plm_report *r;
    const struct plm_finding **list;
    size_t n, shown, other; /* other: of a kind that the type has no place for */
    enum type type;
    struct plm_map *seen; /* keys, for those that share one */
};

static const char *const type_names[] = {"container_scanning", "secret_detection", "sast"};

static const char *severity_of(enum plm_severity s)
{
    static const char *const names[] = {"Unknown", "Info", "Low", "Medium", "High", "Critical"};
    return names[s];
}

static bool fits(enum type type, const struct plm_finding *f)
{
    switch (type) {
    case CONTAINER:
        return f->kind == PLM_KIND_VULNERABILITY;
    case SECRET:
        return f->kind == PLM_KIND_SECRET;
    case SAST:
        return f->kind != PLM_KIND_SECRET && f->kind != PLM_KIND_VULNERABILITY;
    }
    return false;
}

static enum type choose(const struct gitlab *g)
{
    size_t counts[3] = {0};
    for (size_t i = 0; i < g->n; i++)
        for (int t = CONTAINER; t <= SAST; t++)
            counts[t] += fits((enum type)t, g->list[i]);
    return counts[CONTAINER] || !g->n ? CONTAINER : counts[SECRET] && !counts[SAST] ? SECRET : SAST;
}

static void text(struct plm_obj *o, const char *key, plm_sv s, size_t max)
{
    plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(PLM_MIB(1));
    plm_esc_plain(&b, s, max);
    plm_obj_text(o, key, plm_buf_sv(&b));
}

/* The digest of the key (and its count) in the shape of a version 8 UUID (RFC 9562). */
static int put_id(const struct gitlab *g, struct plm_obj *o, const struct plm_finding *f, plm_err **err)
{
    plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(PLM_MIB(1));
    plm_auto_done(plm_buf_done) struct plm_buf hex = PLM_BUF(PLM_KIB(1));
    unsigned char sum[PLM_SHA256_BYTES];
    void **slot = plm_map_put(g->seen, f->key);
    if (!slot)
        return plm_fail_oom(err);
    plm_buf_printf(&b, "%.*s:%zu", PLM_SV_ARG(f->key), (size_t)(uintptr_t)*slot);
    *slot = (void *)((uintptr_t)*slot + 1);
    plm_sha256_of(plm_buf_sv(&b), sum);
    sum[6] = (unsigned char)((sum[6] & 0x0f) | 0x80);
    sum[8] = (unsigned char)((sum[8] & 0x3f) | 0x80);
    static const size_t groups[] = {4, 2, 2, 2, 6};
    size_t at = 0;
    for (size_t i = 0; i < sizeof(groups) / sizeof(*groups); at += groups[i++]) {
        plm_buf_str(&hex, i ? "-" : "");
        plm_text_hex(&hex, sum + at, groups[i]);
    }
    plm_obj_text(o, "id", plm_buf_sv(&hex));
    return plm_buf_check(&hex, err);
}

static void put_identifier(struct plm_arr *list, plm_sv id, const struct plm_finding *f)
{
    static const struct {
        const char *prefix, *type;
    } kinds[] = {{"CVE-", "cve"}, {"GHSA-", "ghsa"}, {"DSA-", "dsa"}, {"USN-", "usn"}, {"RHSA-", "rhsa"}};
    const char *type = "plimsoll";
    for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++)
        if (plm_sv_starts(id, plm_sv_from(kinds[i].prefix)))
            type = kinds[i].type;
    struct plm_obj o = plm_arr_object(list);
    plm_obj_word(&o, "type", type);
    text(&o, "name", id, TITLE_MAX);
    text(&o, "value", id, TITLE_MAX);
    if (plm_sv_eq(id, f->id)) {
        plm_auto_done(plm_buf_done) struct plm_buf page = PLM_BUF(PLM_KIB(64));
        plm_sv url = plm_report_page(f, &page);
        if (plm_sv_starts(url, PLM_SV("https://")))
            plm_obj_text(&o, "url", url);
    }
    plm_obj_close(&o);
}

static void put_identifiers(struct plm_obj *o, const struct plm_finding *f)
{
    struct plm_arr list = plm_obj_list(o, "identifiers");
    put_identifier(&list, f->id.n ? f->id : PLM_SV("none"), f);
    for (size_t i = 0; i < f->aliases.n && i + 1 < IDENTIFIERS_MAX; i++)
        put_identifier(&list, f->aliases.v[i], f);
    plm_arr_close(&list);
}

static void put_links(struct plm_obj *o, const struct plm_finding *f)
{
    struct plm_arr list = plm_obj_list(o, "links");
    for (size_t i = 0; i < f->references.n && i < LINKS_MAX; i++) {
        if (!plm_sv_starts(f->references.v[i], PLM_SV("https://")))
            continue;
        struct plm_obj link = plm_arr_object(&list);
        plm_obj_text(&link, "url", f->references.v[i]);
        plm_obj_close(&link);
    }
    plm_arr_close(&list);
}

/* The schema wants NAME:TAG and no other colon but a port's: "app.tar" is "app.tar:latest". */
static void put_image(struct plm_obj *o, const struct plm_target *t)
{
    plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(PLM_KIB(64));
    plm_sv name = t && t->reference.n ? t->reference : t ? t->id : PLM_SV("none");
    size_t cut; /* no remark about the cut: the schema allows no second colon */
    name = plm_esc_clip(name, TITLE_MAX, &cut);
    size_t slash = plm_sv_rfind(name, '/'), colon = plm_sv_rfind(name, ':');
    bool has_tag =
        colon != SIZE_MAX && colon > 0 && colon + 1 < name.n && (slash == SIZE_MAX || colon > slash);
    size_t end = has_tag ? colon : name.n;
    for (size_t i = 0; i < end; i++)
        plm_buf_byte(&b, (unsigned char)(name.p[i] == ':' ? '_' : name.p[i]));
    plm_buf_byte(&b, ':');
    plm_buf_sv_put(&b, has_tag ? plm_sv_from_off(name, colon + 1) : PLM_SV("latest"));
    text(o, "image", plm_buf_sv(&b), PLM_ESC_LONG);
}

static void put_package(const struct gitlab *g, struct plm_obj *o, const struct plm_finding *f)
{
    const struct plm_package *p = plm_report_package_of(g->r, f);
    const struct plm_target *t = f->target < g->r->targets.n ? &g->r->targets.v[f->target] : NULL;
    plm_auto_done(plm_buf_done) struct plm_buf os = PLM_BUF(PLM_KIB(64));
    struct plm_obj dependency = plm_obj_sub(o, "dependency");
    struct plm_obj package = plm_obj_sub(&dependency, "package");
    text(&package, "name", p ? p->name : f->object.n ? f->object : PLM_SV("unknown"), TITLE_MAX);
    plm_obj_close(&package);
    text(&dependency, "version", p && p->version.n ? p->version : PLM_SV("unknown"), TITLE_MAX);
    plm_obj_close(&dependency);
    if (t && t->distro.id.n)
        plm_buf_printf(&os, "%.*s:%.*s", PLM_SV_ARG(t->distro.id), PLM_SV_ARG(t->distro.version));
    text(o, "operating_system", os.n ? plm_buf_sv(&os) : PLM_SV("Unknown"), TITLE_MAX);
    put_image(o, t);
}

static void put_location(const struct gitlab *g, struct plm_obj *o, const struct plm_finding *f)
{
    struct plm_obj place = plm_obj_sub(o, "location");
    if (g->type == CONTAINER) {
        put_package(g, &place, f);
    } else {
        plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(PLM_MIB(1));
        plm_report_place(g->r, f, false, &b);
        plm_obj_text(&place, "file", plm_buf_sv(&b));
        plm_obj_number(&place, "start_line", f->line ? f->line : 1);
        plm_obj_number(&place, "end_line", f->line ? f->line : 1);
        if (g->type == SECRET) { /* what GitLab's own analyzer writes outside a history */
            struct plm_obj commit = plm_obj_sub(&place, "commit");
            plm_obj_word(&commit, "sha", "0000000");
            plm_obj_close(&commit);
        }
    }
    plm_obj_close(&place);
}

static int put_finding(const struct gitlab *g, const struct plm_finding *f, struct plm_arr *list,
                       plm_err **err)
{
    plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(PLM_MIB(4));
    struct plm_obj o = plm_arr_object(list);
    plm_sv name = f->title.n ? f->title : f->id;
    if (put_id(g, &o, f, err) < 0)
        return -1;
    text(&o, "name", name.n ? name : PLM_SV("none"), TITLE_MAX);
    plm_report_sentence(g->r, f, &b);
    for (size_t i = 0; i < f->evidence.n && i < 3; i++)
        plm_buf_printf(&b, "; %.*s", PLM_SV_ARG(f->evidence.v[i]));
    text(&o, "description", plm_buf_sv(&b), PLM_ESC_LONG);
    plm_obj_word(&o, "severity", severity_of(f->severity));
    plm_buf_clear(&b);
    const struct plm_package *p = plm_report_package_of(g->r, f);
    if (f->remediation.n)
        plm_buf_sv_put(&b, f->remediation);
    else if (p && f->fix == PLM_FIX_FIXED && f->fix_versions.n)
        plm_buf_printf(&b, "upgrade %.*s to %.*s", PLM_SV_ARG(p->name), PLM_SV_ARG(f->fix_versions.v[0]));
    if (b.n)
        text(&o, "solution", plm_buf_sv(&b), SOLUTION_MAX);
    put_identifiers(&o, f);
    put_links(&o, f);
    put_location(g, &o, f);
    if (g->type == SECRET) {
        plm_obj_word(&o, "category", type_names[SECRET]);
    }
    plm_obj_close(&o);
    plm_buf_byte(o.b, '\n');
    return plm_buf_check(o.b, err);
}

static void put_tool(const struct gitlab *g, struct plm_obj *scan, const char *key)
{
    struct plm_obj o = plm_obj_sub(scan, key);
    plm_obj_word(&o, "id", "plimsoll");
    plm_obj_word(&o, "name", "plimsoll");
    text(&o, "version", g->r->version.n ? g->r->version : PLM_SV("0"), TITLE_MAX);
    struct plm_obj vendor = plm_obj_sub(&o, "vendor");
    plm_obj_word(&vendor, "name", "plimsoll");
    plm_obj_close(&vendor);
    plm_obj_close(&o);
}

/* "2026-01-31T10:00:00": the schema wants no zone. */
static void put_time(struct plm_obj *scan, const char *key, int64_t t)
{
    plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(PLM_KIB(1));
    plm_time_put(&b, t);
    plm_obj_text(scan, key, plm_sv_sub(plm_buf_sv(&b), 0, 19));
}

static void put_message(struct plm_arr *list, const char *level, plm_sv value)
{
    struct plm_obj o = plm_arr_object(list);
    plm_obj_word(&o, "level", level);
    text(&o, "value", value.n ? value : PLM_SV("-"), PLM_ESC_LONG);
    plm_obj_close(&o);
}

static void put_scan(const struct gitlab *g, struct plm_obj *file)
{
    const struct plm_report *r = g->r;
    struct plm_obj scan = plm_obj_sub(file, "scan");
    put_tool(g, &scan, "analyzer");
    put_tool(g, &scan, "scanner");
    plm_obj_word(&scan, "type", type_names[g->type]);
    put_time(&scan, "start_time", r->started);
    put_time(&scan, "end_time", r->started + (int64_t)(r->elapsed_ms / 1000));
    bool is_complete = r->exit_code == 0 || r->exit_code == 1;
    for (size_t i = 0; i < r->exit_also.n; i++)
        is_complete = is_complete && r->exit_also.v[i] == 1;
    plm_obj_word(&scan, "status", is_complete ? "success" : "failure");
    struct plm_arr messages = plm_obj_list(&scan, "messages");
    if (g->shown < g->n - g->other) {
        plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(PLM_KIB(4));
        plm_buf_printf(&b, "%zu of %zu findings are in this file, the worst first", g->shown,
                       g->n - g->other);
        put_message(&messages, "warn", plm_buf_sv(&b));
    }
    for (size_t i = 0; i < r->diagnostics.n && i < 100; i++) {
        const struct plm_diagnostic *d = &r->diagnostics.v[i];
        plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(PLM_MIB(4));
        plm_buf_printf(&b, "%.*s: %.*s%s%.*s", PLM_SV_ARG(d->code), PLM_SV_ARG(d->object),
                       d->object.n ? ": " : "", PLM_SV_ARG(d->message));
        put_message(&messages, d->severity >= PLM_SEV_HIGH ? "fatal" : "warn", plm_buf_sv(&b));
    }
    plm_arr_close(&messages);
    plm_obj_close(&scan);
}

static int put_file(struct gitlab *g, struct plm_buf *out, plm_err **err)
{
    struct plm_obj file = plm_obj_open(out);
    plm_obj_word(&file, "version", "15.1.4");
    put_scan(g, &file);
    struct plm_arr list = plm_obj_list(&file, "vulnerabilities");
    size_t done = 0;
    for (size_t i = 0; i < g->n && done < g->shown; i++) {
        if (!fits(g->type, g->list[i]))
            continue;
        if (put_finding(g, g->list[i], &list, err) < 0)
            return -1;
        done++;
    }
    plm_arr_close(&list);
    plm_obj_close(&file);
    plm_buf_byte(out, '\n');
    return plm_buf_check(out, err);
}

static int write_gitlab(const struct plm_report *r, const struct plm_report_options *opt, struct plm_buf *out,
                        plm_err **err)
{
    plm_auto(plm_map_free) struct plm_map *seen = plm_map_new();
    plm_auto_free const struct plm_finding **list = NULL;
    size_t all;
    if (!seen)
        return plm_fail_oom(err);
    if (plm_report_worst_first(r, opt, &list, &all, err) < 0)
        return -1;
    struct gitlab g = {.r = r, .list = list, .seen = seen};
    while (g.n < all && !list[g.n]->suppressed)
        g.n++;
    g.type = choose(&g);
    for (size_t i = 0; i < g.n; i++)
        g.other += !fits(g.type, list[i]);
    g.shown = g.n - g.other < FINDINGS_MAX ? g.n - g.other : FINDINGS_MAX;
    if (g.other)
        plm_report_note(
            opt,
            "gitlab: a file of the type %s has no place for %zu findings of other kinds; choose them "
            "with --only for a file of their own",
            type_names[g.type], g.other);
    if (g.shown < g.n - g.other)
        plm_report_note(
            opt, "gitlab: %zu of %zu findings are in this file, the worst first; -o json has all of them",
            g.shown, g.n - g.other);
    return put_file(&g, out, err);
}

static const struct plm_format gitlab = {
    .id = "gitlab",
    .summary = "GitLab's security report: container scanning, or secret detection or SAST where only those "
               "kinds were found",
    .extension = "json",
    .write = write_gitlab,
};
PLM_REGISTER(plm_formats, struct plm_format, gitlab);
