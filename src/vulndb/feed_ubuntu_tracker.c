/* SPDX-License-Identifier: Apache-2.0
 *
 * The Ubuntu CVE tracker: one text file per CVE under active/ and retired/. Described in the tracker's
 * README and read by its scripts/cve_lib.py:
 *
 *     Candidate: CVE-2023-44487
 *     PublicDate: 2023-10-10 14:15:00 UTC
 *     Description:
 *      continuation lines start with a blank
 *     Priority: medium
 *     CVSS:
 *      nvd: CVSS:3.1/AV:N/… [7.5 HIGH]
 *     Priority_nginx: low                  for a package; Priority_linux_trusty/esm: for a release too
 *     upstream_nginx: released (1.25.3)
 *     jammy_nginx: not-affected (2.4.22-0ubuntu0.22.04.2)
 *     esm-infra/bionic_nginx: needs-triage
 *
 * A release is a codename, or a codename with a subproject before or (trusty/esm) behind the slash.
 * Those of Ubuntu Pro become channels, which are off by default; products (phone overlay, core, snap) and
 * the moving names upstream and devel are skipped. DNE: the package is not in that release.
 * Quirks: "released" without a version, blanks inside the parentheses, two versions of which the
 * first is meant, PublicDate "unknown". Package names are source packages. Linear in the file.
 */
#include "base/map.h"
#include "base/time.h"
#include "vulndb/feed_int.h"

struct parser {
    struct plm_feed_sink *s;
    const struct plm_feed_file *f;
    size_t line;
    struct plm_advisory adv;
    struct plm_map *priorities; /* "pkg" or "pkg_release" to a plm_sv of the word; NULL: none in this file */
    plm_sv section;             /* key whose continuation lines follow */
    const char *details;        /* where the description starts */
};

static const struct {
    const char *subproject, *channel;
} channels[] = {
    {"esm", "esm"},
    {"esm-infra", "esm"},
    {"esm-apps", "esm"},
    {"esm-infra-legacy", "esm"},
    {"esm-apps-legacy", "esm"},
    {"fips", "fips"},
    {"fips-updates", "fips-updates"},
    {"fips-preview", "fips-preview"},
    {"realtime", "realtime"},
    {"ros-esm", "ros-esm"},
};

static bool channel_of(plm_sv subproject, plm_sv *out)
{
    for (size_t i = 0; i < sizeof(channels) / sizeof(channels[0]); i++) {
        if (plm_sv_is(subproject, channels[i].subproject)) {
            *out = plm_sv_from(channels[i].channel);
            return true;
        }
    }
    return false;
}

/* False: a product or a moving name. */
static bool release_of(plm_sv release, plm_sv *ecosystem, plm_sv *channel)
{
    plm_sv before, behind;
    *channel = PLM_SV_NULL;
    if (!plm_sv_cut(release, '/', &before, &behind)) {
        *ecosystem = plm_feed_ubuntu(release);
        return ecosystem->p != NULL;
    }
    if (channel_of(before, channel))
        *ecosystem = plm_feed_ubuntu(behind);
    else if (channel_of(behind, channel))
        *ecosystem = plm_feed_ubuntu(before);
    else
        return false;
    return ecosystem->p != NULL;
}

/* The text in the parentheses of "released (1.2-3 )". */
static plm_sv inside(plm_sv s)
{
    s = plm_sv_trim(s);
    if (s.n == 0 || s.p[0] != '(')
        return s;
    size_t end = plm_sv_rfind(s, ')');
    return plm_sv_trim(end == SIZE_MAX ? plm_sv_from_off(s, 1) : plm_sv_sub(s, 1, end - 1));
}

enum handling { SKIP, FIXED, NOT_AFFECTED, OPEN };

static const struct {
    const char *word;
    enum handling handling;
    enum plm_fix_state state;
} statuses[] = {
    {"DNE", SKIP, PLM_FIX_UNKNOWN},         {"released", FIXED, PLM_FIX_FIXED},
    {"released-esm", FIXED, PLM_FIX_FIXED}, {"not-affected", NOT_AFFECTED, PLM_FIX_NOT_AFFECTED},
    {"needed", OPEN, PLM_FIX_NOT_FIXED},    {"needs-triage", OPEN, PLM_FIX_NOT_FIXED},
    {"active", OPEN, PLM_FIX_NOT_FIXED},    {"in-progress", OPEN, PLM_FIX_NOT_FIXED},
    {"pending", OPEN, PLM_FIX_NOT_FIXED},   {"deferred", OPEN, PLM_FIX_DEFERRED},
    {"ignored", OPEN, PLM_FIX_WONT_FIX},    {"not-vulnerable", NOT_AFFECTED, PLM_FIX_NOT_AFFECTED},
};

static plm_sv open_note(struct parser *p, plm_sv word, plm_sv note)
{
    if (!plm_sv_is(word, "pending") && !plm_sv_is(word, "needs-triage"))
        return note.n ? note : PLM_SV_NULL;
    if (!note.n)
        return plm_sv_is(word, "pending") ? PLM_SV("fix pending") : PLM_SV("needs triage");
    return plm_arena_printf(p->s->arena, "%s %.*s",
                            plm_sv_is(word, "pending") ? "fix pending:" : "needs triage:", PLM_SV_ARG(note));
}

/* "jammy_nginx: status (note)", already cut. */
static void take_status(struct parser *p, plm_sv release, plm_sv package, plm_sv value)
{
    plm_sv ecosystem, channel, word;
    if (!plm_sv_word(&value, &word)) {
        plm_feed_bad_line(p->s, p->f->name, p->line, "no status for %.*s", PLM_SV_ARG(package));
        return;
    }
    if (plm_sv_is(word, "DNE") || !release_of(release, &ecosystem, &channel))
        return;
    plm_sv note = inside(value);
    for (size_t i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++) {
        if (!plm_sv_is(word, statuses[i].word))
            continue;
        plm_sv first, tail, version = PLM_SV_NULL;
        plm_sv_cut(note, ',', &first, &tail);
        if (statuses[i].handling == SKIP)
            return;
        if (statuses[i].handling == FIXED && !plm_sv_word(&first, &version)) {
            plm_feed_bad_line(p->s, p->f->name, p->line, "released without a version: %.*s",
                              PLM_SV_ARG(package));
            return;
        }
        struct plm_affected *a = plm_feed_affected(p->s, &p->adv, ecosystem, package);
        if (!a)
            return;
        a->channel = channel;
        a->state = statuses[i].state;
        if (statuses[i].handling == NOT_AFFECTED) {
            plm_feed_not_affected(p->s, a, note.n ? note : PLM_SV_NULL);
        } else if (statuses[i].handling == FIXED) {
            plm_feed_range(p->s, a, (struct plm_range){.fixed = version});
        } else {
            /* "ignored (end of standard support, was needed)" */
            if (a->state == PLM_FIX_WONT_FIX && plm_sv_starts(note, PLM_SV("end of ")))
                a->state = PLM_FIX_END_OF_LIFE;
            a->note = open_note(p, word, note);
            plm_feed_range(p->s, a, (struct plm_range){0});
        }
        return;
    }
    plm_feed_bad_line(p->s, p->f->name, p->line, "unknown status %.*s", PLM_SV_ARG(word));
}

static int take_priority(struct parser *p, plm_sv name, plm_sv value, plm_err **err)
{
    plm_sv word;
    if (!plm_sv_word(&value, &word))
        return 0;
    if (!p->priorities && !(p->priorities = plm_map_new()))
        return plm_fail_oom(err);
    void **slot = plm_map_put(p->priorities, name);
    if (!slot)
        return plm_fail_oom(err);
    plm_sv *kept = plm_arena_make(p->s->arena, plm_sv);
    if (!kept)
        return 0; /* the push reports the arena */
    *kept = word;
    *slot = kept;
    return 0;
}

static int64_t date_of(plm_sv value)
{
    int64_t t;
    plm_sv word;
    return plm_sv_word(&value, &word) && plm_time_parse(word, &t) ? t : 0;
}

static int take_key(struct parser *p, plm_sv key, plm_sv value, plm_err **err)
{
    plm_sv head, tail;
    p->section = key;
    if (plm_sv_is(key, "Candidate")) {
        p->adv.id = plm_sv_trim(value);
    } else if (plm_sv_is(key, "PublicDate")) {
        p->adv.published = date_of(value);
    } else if (plm_sv_is(key, "Priority")) {
        if (plm_sv_word(&value, &head))
            p->adv.severity = head;
    } else if (plm_sv_starts(key, PLM_SV("Priority_"))) {
        return take_priority(p, plm_sv_from_off(key, sizeof("Priority_") - 1), value, err);
    } else if (key.n && key.p[0] >= 'a' && key.p[0] <= 'z' && plm_sv_cut(key, '_', &head, &tail)) {
        take_status(p, head, tail, value);
    }
    return 0;
}

static void take_continuation(struct parser *p, plm_sv line)
{
    plm_sv text = plm_sv_trim(line);
    if (text.n == 0)
        return;
    if (plm_sv_is(p->section, "References")) {
        plm_feed_id(p->s, &p->adv.references, text);
    } else if (plm_sv_is(p->section, "CVSS")) {
        plm_sv source, rest, vector;
        if (plm_sv_cut(text, ':', &source, &rest) && plm_sv_word(&rest, &vector) &&
            !plm_feed_cvss(p->s, &p->adv, vector, source))
            plm_feed_bad_line(p->s, p->f->name, p->line, "not a CVSS vector: %.*s", PLM_SV_ARG(vector));
    } else if (plm_sv_is(p->section, "Description")) {
        p->adv.details = plm_sv_n(p->details, (size_t)(text.p + text.n - p->details));
    }
}

static void apply_priorities(struct parser *p)
{
    for (size_t i = 0; p->priorities && i < p->adv.affected.n; i++) {
        struct plm_affected *a = &p->adv.affected.v[i];
        const plm_sv *word = plm_map_get(p->priorities, a->package);
        if (word)
            a->severity = *word;
    }
}

/* "Priority_linux_trusty/esm": after the package's own, so that it wins. */
static void apply_release_priorities(struct parser *p)
{
    for (size_t i = 0; p->priorities && i < plm_map_count(p->priorities); i++) {
        plm_sv package, release, ecosystem, channel;
        const plm_sv *word = plm_map_value(p->priorities, i);
        if (!word || !plm_sv_cut(plm_map_key(p->priorities, i), '_', &package, &release) ||
            !release_of(release, &ecosystem, &channel))
            continue;
        for (size_t k = 0; k < p->adv.affected.n; k++) {
            struct plm_affected *a = &p->adv.affected.v[k];
            if (plm_sv_eq(a->package, package) && plm_sv_eq(a->ecosystem, ecosystem) &&
                plm_sv_eq(a->channel, channel))
                a->severity = *word;
        }
    }
}

enum { RELEASE_PRIORITIES_MAX = 1000 }; /* real files have up to a dozen; bounds the loop above */

static int finish_file(struct parser *p, plm_err **err)
{
    struct plm_feed_sink *s = p->s;
    if (!plm_sv_starts(p->adv.id, PLM_SV("CVE-"))) {
        s->bad(s, p->f->name, "no candidate");
        return 0;
    }
    apply_priorities(p);
    if (p->priorities && plm_map_count(p->priorities) <= RELEASE_PRIORITIES_MAX)
        apply_release_priorities(p);
    p->adv.details = plm_sv_trim(p->adv.details);
    if (plm_sv_starts(p->adv.details, PLM_SV("** REJECT")) ||
        plm_sv_starts(p->adv.details, PLM_SV("**REJECT")))
        p->adv.withdrawn = p->adv.published ? p->adv.published : 1;
    plm_feed_newest(s, p->adv.published);
    return plm_feed_push(s, &p->adv, err);
}

static int ubuntu_file(struct plm_feed_sink *s, const struct plm_feed_file *f, plm_err **err)
{
    struct parser p = {.s = s, .f = f};
    plm_sv rest = f->data, line, key, value;
    int rc = 0;
    while (rc == 0 && plm_sv_line(&rest, &line)) {
        p.line++;
        if (line.n == 0 || line.p[0] == '#' || line.p[0] == '-')
            continue;
        if (line.p[0] == ' ' || line.p[0] == '\t') {
            take_continuation(&p, line);
        } else if (plm_sv_cut(line, ':', &key, &value)) {
            if (plm_sv_is(key, "Description"))
                p.details = rest.p ? rest.p : line.p + line.n;
            rc = take_key(&p, key, value, err);
        }
    }
    if (rc == 0)
        rc = finish_file(&p, err);
    plm_map_free(p.priorities);
    return rc;
}

static const struct plm_feed_format ubuntu_tracker = {
    .id = "ubuntu-tracker",
    .summary = "Ubuntu CVE tracker: one file per CVE, with the state of every package and release",
    .upstream = "https://git.launchpad.net/ubuntu-cve-tracker (active/, retired/)",
    .tested = "real data",
    .globs = (const char *const[]){"**/active/CVE-*", "**/retired/CVE-*", NULL},
    .file = ubuntu_file,
    .finish = plm_feed_finish_newest,
};
PLM_REGISTER(plm_feeds, struct plm_feed_format, ubuntu_tracker);
