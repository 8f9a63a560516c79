/* SPDX-License-Identifier: Apache-2.0
 *
 * The Debian security tracker's export (https://security-tracker.debian.org/tracker/data/json): every CVE of
 * every source package, with its state in each release.
 *
 *     {"openssl": {"CVE-2023-0464": {"description": "…", "scope": "remote", "releases": {
 *         "bookworm": {"status": "resolved", "fixed_version": "3.0.9-1", "urgency": "not yet assigned"},
 *         "bullseye": {"status": "open", "urgency": "unimportant", "nodsa": "Minor issue", "nodsa_reason":
 * "postponed"}, "sid":      {"status": "resolved", "fixed_version": "0", "urgency": "low"}}}}}
 *
 * fixed_version "0": the release never had the flaw. nodsa_reason "ignored" or "postponed"; empty: no
 * advisory is planned, the fix may come with a point release. Status "undetermined" says nothing either way
 * and is left out. Ids are CVEs, or TEMP-… where none is assigned yet. Each pair of package and id becomes a
 * record. Written after the tracker's bin/tracker_service.py and its documentation: no real file was at hand.
 * Linear.
 */
#include "vulndb/feed_int.h"

/* One release of one id. */
static bool take_release(struct plm_feed_sink *s, struct plm_advisory *adv, plm_sv package, plm_sv codename,
                         yyjson_val *v)
{
    plm_sv ecosystem = plm_feed_debian(codename);
    plm_sv status = plm_json_str(v, "status", NULL), fixed = plm_json_str(v, "fixed_version", NULL);
    plm_sv nodsa = plm_json_str(v, "nodsa", NULL), reason = plm_json_str(v, "nodsa_reason", NULL);
    if (plm_sv_is(status, "undetermined"))
        return true;
    bool is_open = plm_sv_is(status, "open");
    if (!ecosystem.p || (!is_open && !(plm_sv_is(status, "resolved") && fixed.n)))
        return false;
    struct plm_affected *a = plm_feed_affected(s, adv, ecosystem, package);
    if (!a)
        return true;
    if (!is_open && plm_sv_is(fixed, "0")) {
        plm_feed_not_affected(s, a, PLM_SV_NULL);
        return true;
    }
    a->state = !is_open                         ? PLM_FIX_FIXED
               : plm_sv_is(reason, "ignored")   ? PLM_FIX_WONT_FIX
               : plm_sv_is(reason, "postponed") ? PLM_FIX_DEFERRED
               : nodsa.n                        ? PLM_FIX_DEFERRED
                                                : PLM_FIX_NOT_FIXED;
    a->note = nodsa.n ? nodsa : PLM_SV_NULL;
    plm_feed_urgency(a, plm_json_str(v, "urgency", NULL));
    plm_feed_range(s, a, (struct plm_range){.fixed = is_open ? PLM_SV_NULL : fixed});
    return true;
}

static int take_flaw(struct plm_feed_sink *s, plm_sv file, plm_sv package, plm_sv id, yyjson_val *v,
                     plm_err **err)
{
    struct plm_advisory adv = {.id = id, .details = plm_json_str(v, "description", NULL)};
    size_t i, n;
    yyjson_val *codename, *release;
    if (!id.n) {
        s->bad(s, file, "package %.*s: an empty id", PLM_SV_ARG(package));
        return 0;
    }
    yyjson_val *releases = yyjson_obj_get(v, "releases");
    if (!yyjson_is_obj(releases)) {
        s->bad(s, file, "%.*s %.*s: no releases", PLM_SV_ARG(package), PLM_SV_ARG(id));
        return 0;
    }
    yyjson_obj_foreach(releases, i, n, codename, release)
    {
        if (!take_release(s, &adv, package, plm_json_sv(codename), release))
            s->bad(s, file, "%.*s %.*s: release %.*s not understood", PLM_SV_ARG(package), PLM_SV_ARG(id),
                   PLM_SV_ARG(plm_json_sv(codename)));
    }
    if (plm_feed_is_cve(id))
        plm_feed_id(
            s, &adv.references,
            plm_arena_printf(s->arena, "https://security-tracker.debian.org/tracker/%.*s", PLM_SV_ARG(id)));
    return plm_feed_push(s, &adv, err);
}

static int tracker_file(struct plm_feed_sink *s, const struct plm_feed_file *f, plm_err **err)
{
    plm_auto(plm_json_free) struct plm_json *doc = NULL;
    if (plm_feed_json(s, f, &doc, err) < 0)
        return -1;
    if (!doc)
        return 0;
    size_t i, n, k, m;
    yyjson_val *package, *flaws, *id, *flaw;
    if (!yyjson_is_obj(plm_json_root(doc))) {
        s->bad(s, f->name, "not the tracker's export: no object of packages");
        return 0;
    }
    yyjson_obj_foreach(plm_json_root(doc), i, n, package, flaws)
    {
        if (!yyjson_is_obj(flaws)) {
            s->bad(s, f->name, "package %.*s: no object of flaws", PLM_SV_ARG(plm_json_sv(package)));
            continue;
        }
        yyjson_obj_foreach(flaws, k, m, id, flaw)
        {
            if (take_flaw(s, f->name, plm_json_sv(package), plm_json_sv(id), flaw, err) < 0)
                return -1;
        }
    }
    return 0;
}

static const struct plm_feed_format debian_tracker = {
    .id = "debian-tracker",
    .summary = "Debian security tracker: state of every CVE per source package and release (JSON)",
    .upstream = "https://security-tracker.debian.org/tracker/data/json",
    .tested = "shape from documentation",
    .globs = (const char *const[]){"**/data/json", "json", "**/*.json", NULL},
    .file = tracker_file,
};
PLM_REGISTER(plm_feeds, struct plm_feed_format, debian_tracker);
