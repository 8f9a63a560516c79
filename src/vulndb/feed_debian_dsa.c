/* SPDX-License-Identifier: Apache-2.0
 *
 * Debian's advisory lists: data/DSA/list and data/DLA/list of the security tracker, and the extended
 * LTS list in the same format. Described in the tracker's doc/security-team.d.o and read by its
 * lib/python/bugs.py:
 *
 *     [21 Aug 2026] DSA-6456-1 spip - security update
 *             {CVE-2026-77806}
 *             [trixie] - spip 4.4.21+dfsg-0+deb13u1
 *             [bookworm] - spip <not-affected> (Vulnerable code not present)
 *             NOTE: free text
 *
 * Met in real data: blank-indented lines with spaces instead of a tab, braces with a trailing
 * blank, several brace lines, urgencies in parentheses behind the version, advisories without any
 * package line ("end-of-life" announcements). Package names are source packages. One pass, linear.
 */
#include "base/time.h"
#include "vulndb/feed_int.h"

struct parser {
    struct plm_feed_sink *s;
    plm_sv file;
    size_t line;
    struct plm_advisory adv; /* the open one; id null: none */
    bool is_elts;
    int64_t newest;
};

static int flush(struct parser *p, plm_err **err)
{
    struct plm_advisory adv = p->adv;
    p->adv = (struct plm_advisory){0};
    return adv.id.p ? plm_feed_push(p->s, &adv, err) : 0;
}

/* "[21 Aug 2026] DSA-6456-1 spip - security update" */
static bool start(struct parser *p, plm_sv line)
{
    plm_sv date, rest, id;
    if (!plm_sv_cut(plm_sv_from_off(line, 1), ']', &date, &rest) || !plm_sv_word(&rest, &id))
        return false;
    if (!plm_feed_date(date, &p->adv.published))
        return false;
    p->adv.id = id;
    p->adv.title = plm_sv_trim(rest);
    p->adv.modified = p->adv.published;
    p->is_elts = plm_sv_starts(id, PLM_SV("ELA-"));
    if (p->adv.published > p->newest)
        p->newest = p->adv.published;
    if (plm_sv_starts(id, PLM_SV("DSA-")) || plm_sv_starts(id, PLM_SV("DLA-"))) {
        plm_sv url =
            plm_arena_printf(p->s->arena, "https://security-tracker.debian.org/tracker/%.*s", PLM_SV_ARG(id));
        plm_feed_id(p->s, &p->adv.references, url);
    }
    return true;
}

static void take_cves(struct parser *p, plm_sv text)
{
    plm_sv word;
    while (plm_sv_word(&text, &word))
        plm_feed_id(p->s, &p->adv.covers, word);
}

static const struct {
    const char *word;
    enum plm_fix_state state;
} states[] = {
    {"<not-affected>", PLM_FIX_NOT_AFFECTED}, {"<unfixed>", PLM_FIX_NOT_FIXED},
    {"<end-of-life>", PLM_FIX_END_OF_LIFE},   {"<ignored>", PLM_FIX_WONT_FIX},
    {"<no-dsa>", PLM_FIX_DEFERRED},           {"<postponed>", PLM_FIX_DEFERRED},
    {"<removed>", PLM_FIX_END_OF_LIFE},       {"<undetermined>", PLM_FIX_UNKNOWN},
};

static plm_sv without_parentheses(plm_sv s)
{
    s = plm_sv_trim(s);
    return s.n >= 2 && s.p[0] == '(' && s.p[s.n - 1] == ')' ? plm_sv_sub(s, 1, s.n - 2) : s;
}

/* Behind the release: "- spip 4.4.21+dfsg-0+deb13u1 (high)". */
static bool take_package(struct parser *p, plm_sv release, plm_sv rest)
{
    plm_sv dash, package, version;
    if (!plm_sv_word(&rest, &dash) || !plm_sv_is(dash, "-") || !plm_sv_word(&rest, &package) ||
        !plm_sv_word(&rest, &version))
        return false;
    plm_sv ecosystem = plm_feed_debian(release);
    if (!ecosystem.p)
        return false;
    plm_sv note = without_parentheses(rest);
    if (version.p[0] == '<') {
        for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++) {
            if (!plm_sv_is(version, states[i].word))
                continue;
            struct plm_affected *a = plm_feed_affected(p->s, &p->adv, ecosystem, package);
            if (states[i].state == PLM_FIX_NOT_AFFECTED) {
                plm_feed_not_affected(p->s, a, note.n ? note : PLM_SV_NULL);
            } else if (a) {
                a->state = states[i].state;
                a->note = note.n ? note : PLM_SV_NULL;
                plm_feed_range(p->s, a, (struct plm_range){0});
            }
            if (a && p->is_elts)
                a->channel = PLM_SV("elts");
            return true;
        }
        return plm_sv_is(version, "<itp>"); /* not in the archive at all: nothing to say */
    }
    struct plm_affected *a = plm_feed_affected(p->s, &p->adv, ecosystem, package);
    plm_feed_range(p->s, a, (struct plm_range){.fixed = version});
    if (a) {
        a->state = PLM_FIX_FIXED;
        a->severity = note.n ? note : PLM_SV_NULL;
        a->channel = p->is_elts ? PLM_SV("elts") : PLM_SV_NULL;
    }
    return true;
}

static bool take_line(struct parser *p, plm_sv line)
{
    plm_sv text = plm_sv_trim(line), inner, rest;
    if (text.n == 0 || plm_sv_starts(text, PLM_SV("NOTE:")) || plm_sv_starts(text, PLM_SV("TODO:")))
        return true;
    if (text.p[0] == '{') {
        plm_sv_cut(plm_sv_from_off(text, 1), '}', &inner, &rest);
        take_cves(p, inner);
        return true;
    }
    if (text.p[0] == '[')
        return plm_sv_cut(plm_sv_from_off(text, 1), ']', &inner, &rest) && take_package(p, inner, rest);
    return text.p[0] == '-' && take_package(p, PLM_SV("sid"), text);
}

static int dsa_file(struct plm_feed_sink *s, const struct plm_feed_file *f, plm_err **err)
{
    struct parser p = {.s = s, .file = f->name};
    plm_sv rest = f->data, line;
    while (plm_sv_line(&rest, &line)) {
        p.line++;
        if (line.n == 0)
            continue;
        if (line.p[0] == '[') {
            if (flush(&p, err) < 0)
                return -1;
            if (!start(&p, line))
                plm_feed_bad_line(s, f->name, p.line, "not an advisory line: %.*s", PLM_SV_ARG(line));
        } else if (p.adv.id.p && !take_line(&p, line)) {
            plm_feed_bad_line(s, f->name, p.line, "not understood: %.*s", PLM_SV_ARG(plm_sv_trim(line)));
        }
    }
    if (flush(&p, err) < 0)
        return -1;
    if (p.newest)
        s->as_of(s, p.newest);
    return 0;
}

static const struct plm_feed_format debian_dsa = {
    .id = "debian-dsa",
    .summary = "Debian security advisories: DSA, DLA and ELA lists of the security tracker",
    .upstream =
        "https://salsa.debian.org/security-tracker-team/security-tracker (data/DSA/list, data/DLA/list)",
    .tested = "real data",
    .globs = (const char *const[]){"**/DSA.list", "**/DLA.list", "**/ELA.list", "**/DSA/list", "**/DLA/list",
                                   "**/ELA/list", NULL},
    .file = dsa_file,
};
PLM_REGISTER(plm_feeds, struct plm_feed_format, debian_dsa);
