/* SPDX-License-Identifier: Apache-2.0
 *
 * OSV records (https://ossf.github.io/osv-schema/): one JSON object per file, as osv.dev exports them
 * for every ecosystem, and as distributions publish them.
 *
 * How its members map:
 * - `aliases` are the same flaw. `upstream` names the flaws behind a distribution's record: what it
 *   covers. `related` is loose ("see also") except in errata that have no `upstream` (AlmaLinux,
 *   Debian ELTS): there its CVEs are what the erratum fixes. "DEBIAN-CVE-2024-1" without either covers the
 *   CVE in its name.
 * - ranges: SEMVER and ECOSYSTEM, each pair of events one range; events may come in any order. GIT ranges
 *   name commits: nothing that is installed can be compared with them. They are counted.
 * - `versions` enumerates what the ranges say; only where there is no range it becomes exact rows.
 * - ecosystems are kept as written, but "Ubuntu:Pro:…" is its release in a channel, and Red Hat's CPE suffix
 *   ("Red Hat:enterprise_linux:8::baseos") is its major release. SUSE files a package under the product or
 *   module that ships it ("Linux Enterprise Module for Basesystem 15 SP5"); which of them an installation has
 *   on, os-release does not say, so all of one service pack are its Server; "-LTSS" is a channel.
 * - bug fix and enhancement errata (ALBA, RHEA, …) without a CVE are no vulnerabilities and are passed over.
 * - rpm errata do not say which module stream a build belongs to; their titles do ("Important: nodejs:18
 *   security update"), and modular builds carry ".module" in the release.
 *
 * Quirks: `ranges` as an object, placeholders of the year 1 as dates, `affected` without package. Linear.
 */
#include "vulndb/feed_int.h"

enum { VERSIONS_MAX = 20000, CHANNEL_MAX = 64 };

struct osv_state {
    int64_t newest; /* first: shared with plm_feed_newest */
    uint64_t git_ranges;
};

struct record {
    struct plm_feed_sink *s;
    plm_sv where;
    struct plm_advisory adv;
    plm_sv_vec modules; /* that the title names */
};

/* ---- ids ---------------------------------------------------------------------------------- */

/* Prefixes of errata: advisories of a distribution that fix a list of flaws. */
static const char *const errata[] = {"DSA-",  "DLA-",  "DTSA-", "ELA-",  "USN-",  "LSN-",      "RHSA-",
                                     "RHBA-", "RHEA-", "RLSA-", "RLBA-", "RLEA-", "RXSA-",     "ALSA-",
                                     "ALBA-", "ALEA-", "ELSA-", "ELBA-", "SUSE-", "openSUSE-", "MGASA-",
                                     "OESA-", "PHSA-", "ALAS",  "CGA-",  NULL};

static bool is_erratum(plm_sv id)
{
    for (size_t i = 0; errata[i]; i++)
        if (plm_sv_starts(id, plm_sv_from(errata[i])))
            return true;
    return false;
}

/* "ALBA-2024:1", "RHEA-…": bug fixes and enhancements, no vulnerability unless they name a CVE. */
static bool is_plain_update(plm_sv id)
{
    plm_sv kind = plm_sv_sub(id, 2, 3);
    return is_erratum(id) && (plm_sv_is(kind, "BA-") || plm_sv_is(kind, "EA-"));
}

static void add_ids(struct record *r, yyjson_val *list, plm_sv_vec *out, bool only_cves)
{
    size_t i, n;
    yyjson_val *v;
    yyjson_arr_foreach(list, i, n, v)
    {
        plm_sv id = plm_json_sv(v);
        if (id.n && !plm_sv_eq(id, r->adv.id) && (!only_cves || plm_feed_is_cve(id)))
            plm_feed_id(r->s, out, id);
    }
}

static void take_ids(struct record *r, yyjson_val *root)
{
    struct plm_advisory *adv = &r->adv;
    yyjson_val *upstream = yyjson_obj_get(root, "upstream");
    add_ids(r, yyjson_obj_get(root, "aliases"), &adv->aliases, false);
    add_ids(r, upstream, &adv->covers, true);
    if (!adv->covers.n)
        add_ids(r, upstream, &adv->covers, false);
    if (!adv->covers.n && is_erratum(adv->id))
        add_ids(r, yyjson_obj_get(root, "related"), &adv->covers, true);
    size_t at = plm_sv_find_sv(adv->id, PLM_SV("-CVE-"));
    if (!adv->covers.n && !adv->aliases.n && at != SIZE_MAX &&
        plm_feed_is_cve(plm_sv_from_off(adv->id, at + 1)))
        plm_feed_id(r->s, &adv->covers, plm_sv_from_off(adv->id, at + 1));
}

/* ---- severity ------------------------------------------------------------------------------ */

static void take_severity(struct record *r, yyjson_val *list)
{
    size_t i, n;
    yyjson_val *v;
    yyjson_arr_foreach(list, i, n, v)
    {
        plm_sv type = plm_json_str(v, "type", NULL), score = plm_json_str(v, "score", NULL);
        if (!plm_sv_starts(type, PLM_SV("CVSS_"))) { /* "Ubuntu": the distribution's word */
            r->adv.severity = score.n ? score : r->adv.severity;
        } else if (score.n && !plm_feed_cvss(r->s, &r->adv, score, PLM_SV("osv"))) {
            r->s->bad(r->s, r->where, "not a CVSS vector: %.*s", PLM_SV_ARG(score));
        }
    }
}

/* Debian: urgency; GHSA and others: severity, in one of the two free objects. */
static void take_row_severity(struct plm_affected *a, yyjson_val *row)
{
    plm_sv urgency = plm_json_str(row, "ecosystem_specific", "urgency", NULL);
    plm_sv word = plm_json_str(row, "ecosystem_specific", "severity", NULL);
    if (!word.n)
        word = plm_json_str(row, "database_specific", "severity", NULL);
    a->severity = word.n ? word : PLM_SV_NULL;
    plm_feed_urgency(a, urgency);
}

/* ---- ecosystems ------------------------------------------------------------------------------ */

static void take_ubuntu(struct plm_feed_sink *s, struct plm_affected *a, plm_sv release)
{
    if (plm_sv_starts(release, PLM_SV("Pro:"))) {
        plm_sv rest = plm_sv_from_off(release, 4), word, tail;
        a->channel = PLM_SV("esm");
        if (rest.n && (rest.p[0] < '0' || rest.p[0] > '9') && plm_sv_cut(rest, ':', &word, &tail) &&
            word.n < CHANNEL_MAX) {
            char *lower = plm_arena_cstr(s->arena, word);
            for (size_t i = 0; lower && i < word.n; i++)
                lower[i] = (char)(lower[i] >= 'A' && lower[i] <= 'Z' ? lower[i] + 32 : lower[i]);
            a->channel = plm_sv_n(lower, lower ? word.n : 0);
            rest = tail;
        }
        release = rest;
    }
    a->ecosystem = plm_arena_printf(s->arena, "Ubuntu:%.*s", PLM_SV_ARG(release));
}

/* "enterprise_linux:8::baseos": the product's other minor streams (rhel_eus:8.4) are channels. */
static void take_red_hat(struct plm_feed_sink *s, struct plm_affected *a, plm_sv suffix)
{
    plm_sv product, rest, release, tail, major, minor;
    if (!plm_sv_cut(suffix, ':', &product, &rest))
        return;
    plm_sv_cut(rest, ':', &release, &tail);
    plm_sv_cut(release, '.', &major, &minor);
    a->ecosystem = plm_arena_printf(s->arena, "Red Hat:%.*s", PLM_SV_ARG(major));
    if (plm_sv_starts(product, PLM_SV("rhel_")))
        a->channel = plm_sv_from_off(product, 5);
    else if (!plm_sv_is(product, "enterprise_linux"))
        a->channel = product;
}

static bool is_number(plm_sv s)
{
    uint64_t n;
    return plm_sv_u64(s, &n);
}

/* "Linux Enterprise Module for Python 3 15 SP5", "Linux Enterprise Server 15 SP4-LTSS"; others ("Micro 5.5")
 * stay as they are written. */
static void take_suse(struct plm_feed_sink *s, struct plm_affected *a, plm_sv product)
{
    size_t space = plm_sv_rfind(product, ' ');
    if (!plm_sv_starts(product, PLM_SV("Linux Enterprise ")) || space == SIZE_MAX)
        return;
    plm_sv last, phase, head = plm_sv_sub(product, 0, space), pack = PLM_SV("");
    bool has_phase = plm_sv_cut(plm_sv_from_off(product, space + 1), '-', &last, &phase);
    if (plm_sv_starts(last, PLM_SV("SP"))) {
        pack = last;
        space = plm_sv_rfind(head, ' ');
        last = space == SIZE_MAX ? PLM_SV_NULL : plm_sv_from_off(head, space + 1);
    }
    if (!is_number(last))
        return;
    a->ecosystem = plm_arena_printf(s->arena, "SUSE:Linux Enterprise Server %.*s%s%.*s", PLM_SV_ARG(last),
                                    pack.n ? " " : "", PLM_SV_ARG(pack));
    if (has_phase || plm_sv_has(product, PLM_SV("LTSS")))
        a->channel = PLM_SV("ltss");
}

/* Distributions whose rows name binary packages; the other rpm ones name source packages. */
static bool names_binaries(plm_sv ecosystem)
{
    return plm_sv_starts(ecosystem, PLM_SV("AlmaLinux")) || plm_sv_starts(ecosystem, PLM_SV("Red Hat"));
}

static void take_ecosystem(struct record *r, struct plm_affected *a, plm_sv ecosystem)
{
    a->ecosystem = ecosystem;
    a->is_binary = names_binaries(ecosystem);
    if (plm_sv_starts(ecosystem, PLM_SV("Ubuntu:")))
        take_ubuntu(r->s, a, plm_sv_from_off(ecosystem, 7));
    else if (plm_sv_starts(ecosystem, PLM_SV("Red Hat:")))
        take_red_hat(r->s, a, plm_sv_from_off(ecosystem, 8));
    else if (plm_sv_starts(ecosystem, PLM_SV("SUSE:")))
        take_suse(r->s, a, plm_sv_from_off(ecosystem, 5));
    else if (plm_sv_starts(r->adv.id, PLM_SV("ELA-")))
        a->channel = PLM_SV("elts");
}

/* ---- ranges ------------------------------------------------------------------------------------ */

/* Events of one range in order; an end that comes before its start waits for it. */
static void take_events(struct record *r, struct plm_affected *a, yyjson_val *events)
{
    struct plm_range open = {0}, waiting = {0};
    bool is_open = false, is_waiting = false;
    size_t i, n;
    yyjson_val *e;
    yyjson_arr_foreach(events, i, n, e)
    {
        plm_sv introduced = plm_json_str(e, "introduced", NULL), fixed = plm_json_str(e, "fixed", NULL);
        plm_sv last = plm_json_str(e, "last_affected", NULL);
        if (introduced.p && !is_open) {
            open = (struct plm_range){.introduced = introduced};
            is_open = true;
        }
        if (!fixed.p && !last.p)
            continue;
        struct plm_range *to = is_open ? &open : &waiting;
        to->fixed = fixed;
        to->last_affected = fixed.p ? PLM_SV_NULL : last;
        if (is_open)
            plm_feed_range(r->s, a, open);
        is_waiting = is_waiting || !is_open;
        is_open = false;
    }
    if (is_open && is_waiting) {
        open.fixed = waiting.fixed;
        open.last_affected = waiting.last_affected;
    }
    if (is_open || is_waiting)
        plm_feed_range(r->s, a, is_open ? open : waiting);
}

/* False if the range says nothing that versions can be compared with. */
static bool take_range(struct record *r, struct plm_affected *a, yyjson_val *range)
{
    plm_sv type = plm_json_str(range, "type", NULL);
    if (plm_sv_is(type, "GIT")) {
        struct osv_state *st = r->s->state;
        st->git_ranges++;
        return false;
    }
    size_t before = a->ranges.n;
    take_events(r, a, yyjson_obj_get(range, "events"));
    return a->ranges.n > before;
}

static void take_versions(struct record *r, struct plm_affected *a, yyjson_val *list)
{
    size_t i, n;
    yyjson_val *v;
    yyjson_arr_foreach(list, i, n, v)
    {
        if (i == VERSIONS_MAX) {
            r->s->bad(r->s, r->where, "more than %d versions of %.*s, the rest is left out", VERSIONS_MAX,
                      PLM_SV_ARG(a->package));
            break;
        }
        plm_sv version = plm_json_sv(v);
        if (version.n)
            plm_feed_range(r->s, a, (struct plm_range){.only = version});
    }
}

/* What the ranges leave open decides the state of rows without `fixed`. */
static void set_state(struct plm_affected *a)
{
    if (a->state != PLM_FIX_UNKNOWN)
        return;
    bool is_all_fixed = a->ranges.n > 0;
    for (size_t i = 0; i < a->ranges.n; i++) {
        const struct plm_range *r = &a->ranges.v[i];
        is_all_fixed = is_all_fixed && r->fixed.p;
        if (!r->fixed.p && !r->last_affected.p && !r->only.p)
            a->state = PLM_FIX_NOT_FIXED;
    }
    if (is_all_fixed)
        a->state = PLM_FIX_FIXED;
}

static bool is_modular(const struct plm_affected *a)
{
    for (size_t i = 0; i < a->ranges.n; i++)
        if (plm_sv_has(a->ranges.v[i].fixed, PLM_SV(".module")))
            return true;
    return false;
}

/* One row per module that the title names: "virt:rhel and virt-devel:rhel" does not say which is whose. */
static void spread_modules(struct record *r, size_t index)
{
    for (size_t i = 0; i < r->modules.n; i++) {
        struct plm_affected row = r->adv.affected.v[index];
        row.modularity = r->modules.v[i];
        struct plm_affected *to =
            i == 0 ? &r->adv.affected.v[index] : plm_vec_push(r->s->arena, &r->adv.affected);
        if (to)
            *to = row;
    }
}

enum { REPEAT_WINDOW = 64 };

/* The same package and fix under another product of the release. */
static bool is_repeated(const struct plm_advisory *adv, const struct plm_affected *a)
{
    size_t n = adv->affected.n;
    for (size_t i = n > REPEAT_WINDOW ? n - REPEAT_WINDOW : 0; i < n; i++) {
        const struct plm_affected *b = &adv->affected.v[i];
        if (plm_sv_eq(b->package, a->package) && plm_sv_eq(b->ecosystem, a->ecosystem) &&
            plm_sv_eq(b->channel, a->channel) && a->ranges.n == 1 && b->ranges.n == 1 &&
            plm_sv_eq(b->ranges.v[0].introduced, a->ranges.v[0].introduced) && a->ranges.v[0].fixed.n &&
            plm_sv_eq(b->ranges.v[0].fixed, a->ranges.v[0].fixed))
            return true;
    }
    return false;
}

static void take_affected(struct record *r, yyjson_val *row)
{
    plm_sv ecosystem = plm_json_str(row, "package", "ecosystem", NULL),
           name = plm_json_str(row, "package", "name", NULL);
    yyjson_val *ranges = yyjson_obj_get(row, "ranges"), *range;
    struct plm_affected a = {.package = name};
    bool has_range = false;
    size_t i, n;
    take_ecosystem(r, &a, ecosystem);
    if (yyjson_is_obj(ranges))
        has_range = take_range(r, &a, ranges);
    yyjson_arr_foreach(ranges, i, n, range)
    {
        has_range = take_range(r, &a, range) || has_range;
    }
    if (!ecosystem.n || !name.n)
        return;
    if (!has_range)
        take_versions(r, &a, yyjson_obj_get(row, "versions"));
    if (!a.ranges.n)
        return;
    take_row_severity(&a, row);
    set_state(&a);
    take_severity(r, yyjson_obj_get(row, "severity"));
    if (plm_sv_starts(ecosystem, PLM_SV("SUSE:")) && is_repeated(&r->adv, &a))
        return;
    struct plm_affected *kept = plm_vec_push(r->s->arena, &r->adv.affected);
    if (!kept)
        return;
    *kept = a;
    if (r->modules.n && is_modular(&a))
        spread_modules(r, r->adv.affected.n - 1);
}

/* ---- records --------------------------------------------------------------------------------- */

static int take_record(struct plm_feed_sink *s, plm_sv where, yyjson_val *root, plm_err **err)
{
    struct record r = {.s = s, .where = where};
    struct plm_advisory *adv = &r.adv;
    size_t i, n;
    yyjson_val *v;
    adv->id = plm_json_str(root, "id", NULL);
    if (!adv->id.n) {
        s->bad(s, where, "no OSV record: it has no \"id\"");
        return 0;
    }
    take_ids(&r, root);
    if (!adv->covers.n && !adv->aliases.n && is_plain_update(adv->id)) {
        if (plm_arena_check(s->arena, err) < 0)
            return -1;
        plm_arena_reset(s->arena);
        return 0;
    }
    adv->title = plm_json_str(root, "summary", NULL);
    adv->details = plm_json_str(root, "details", NULL);
    adv->published = plm_feed_time(plm_json_str(root, "published", NULL));
    adv->modified = plm_feed_time(plm_json_str(root, "modified", NULL));
    adv->withdrawn = plm_feed_time(plm_json_str(root, "withdrawn", NULL));
    adv->is_malware = plm_sv_starts(adv->id, PLM_SV("MAL-"));
    adv->severity = plm_json_str(root, "database_specific", "severity", NULL);
    take_severity(&r, yyjson_obj_get(root, "severity"));
    if (is_erratum(adv->id)) {
        plm_feed_title_modules(s, adv->title, &r.modules);
        if (!adv->severity.n)
            adv->severity = plm_feed_title_severity(adv->title);
    }
    yyjson_arr_foreach(yyjson_obj_get(root, "references"), i, n, v)
    {
        plm_sv url = plm_json_str(v, "url", NULL);
        if (url.n)
            plm_feed_id(s, &adv->references, url);
    }
    yyjson_arr_foreach(yyjson_obj_get(root, "affected"), i, n, v)
    {
        take_affected(&r, v);
    }
    plm_feed_newest(s, adv->modified > adv->published ? adv->modified : adv->published);
    return plm_feed_push(s, adv, err);
}

static int osv_file(struct plm_feed_sink *s, const struct plm_feed_file *f, plm_err **err)
{
    if (!s->state && !(s->state = plm_arena_make(s->keep, struct osv_state)))
        return plm_arena_check(s->keep, err);
    plm_auto(plm_json_free) struct plm_json *doc = NULL;
    if (plm_feed_json(s, f, &doc, err) < 0)
        return -1;
    if (!doc)
        return 0;
    yyjson_val *root = plm_json_root(doc), *v;
    size_t i, n;
    if (!yyjson_is_arr(root))
        return take_record(s, f->name, root, err);
    yyjson_arr_foreach(root, i, n, v)
    {
        if (take_record(s, f->name, v, err) < 0)
            return -1;
    }
    return 0;
}

static int osv_finish(struct plm_feed_sink *s, plm_err **err)
{
    const struct osv_state *st = s->state;
    if (st && st->git_ranges)
        s->bad(s, PLM_SV("ranges"), "%llu of type GIT left out: they name commits, not versions",
               (unsigned long long)st->git_ranges);
    return plm_feed_finish_newest(s, err);
}

static const struct plm_feed_format osv = {
    .id = "osv",
    .summary = "OSV records of any ecosystem (zip or directory of JSON files)",
    .upstream = "https://osv-vulnerabilities.storage.googleapis.com/ECOSYSTEM/all.zip",
    .tested = "real data",
    .globs = (const char *const[]){"**/*.json", NULL},
    .file = osv_file,
    .finish = osv_finish,
};
PLM_REGISTER(plm_feeds, struct plm_feed_format, osv);
