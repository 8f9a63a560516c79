/* SPDX-License-Identifier: Apache-2.0
 *
 * What the feed parsers share (feed_int.h). The two release tables are the only place where
 * codenames stand; a new release is one row. Ecosystems are spelled as OSV spells them, so that rows
 * of different feeds meet: Ubuntu's long-term releases carry ":LTS".
 */
#include "base/time.h"
#include "vulndb/feed_int.h"

#include <stdarg.h>
#include <stdio.h>

struct plm_affected *plm_feed_affected(struct plm_feed_sink *s, struct plm_advisory *adv, plm_sv ecosystem,
                                       plm_sv package)
{
    struct plm_affected *a = plm_vec_push(s->arena, &adv->affected);
    if (a) {
        a->ecosystem = ecosystem;
        a->package = package;
    }
    return a;
}

void plm_feed_range(struct plm_feed_sink *s, struct plm_affected *a, struct plm_range range)
{
    struct plm_range *r = a ? plm_vec_push(s->arena, &a->ranges) : NULL;
    if (r)
        *r = range;
}

void plm_feed_not_affected(struct plm_feed_sink *s, struct plm_affected *a, plm_sv note)
{
    if (!a)
        return;
    a->state = PLM_FIX_NOT_AFFECTED;
    a->note = note;
    plm_feed_range(s, a, (struct plm_range){.fixed = PLM_SV("0")});
}

enum { ID_WINDOW = 256 }; /* repeats stand close together; hostile lists must not cost n² */

void plm_feed_id(struct plm_feed_sink *s, plm_sv_vec *vec, plm_sv id)
{
    for (size_t i = vec->n > ID_WINDOW ? vec->n - ID_WINDOW : 0; i < vec->n; i++)
        if (plm_sv_eq(vec->v[i], id))
            return;
    plm_sv *slot = plm_vec_push(s->arena, vec);
    if (slot)
        *slot = id;
}

int plm_feed_push(struct plm_feed_sink *s, const struct plm_advisory *adv, plm_err **err)
{
    if (plm_cancelled(s->ctx))
        return plm_fail(err, PLM_E_CANCEL, "cancelled");
    if (plm_arena_check(s->arena, err) < 0)
        return plm_wrap(err, "advisory %.*s", PLM_SV_ARG(adv->id));
    return s->advisory(s, adv, err);
}

void plm_feed_bad_line(struct plm_feed_sink *s, plm_sv file, size_t line, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    plm_auto_free char *text = NULL;
    int n = vasprintf(&text, fmt, ap);
    va_end(ap);
    if (n < 0)
        text = NULL;
    plm_auto_free char *where = NULL;
    if (asprintf(&where, "%.*s:%zu", PLM_SV_ARG(file), line) < 0)
        where = NULL;
    s->bad(s, where ? plm_sv_from(where) : file, "%s", text ? text : "out of memory");
}

int plm_feed_broken(struct plm_feed_sink *s, plm_sv file, plm_err **err, plm_err **out)
{
    enum plm_code code = plm_err_code(*err);
    if (code == PLM_E_OOM || code == PLM_E_CANCEL || code == PLM_E_INTERNAL)
        return plm_err_move(out, err);
    plm_auto_free char *text = plm_err_text(*err);
    s->bad(s, file, "%s", text ? text : "out of memory");
    plm_err_free(*err);
    *err = NULL;
    return 0;
}

int plm_feed_json(struct plm_feed_sink *s, const struct plm_feed_file *f, struct plm_json **out,
                  plm_err **err)
{
    plm_err *e = NULL;
    *out = plm_json_parse(f->data, "text", s->ctx->limits, &e);
    return *out ? 0 : plm_feed_broken(s, f->name, &e, err);
}

int plm_feed_xml_failed(struct plm_feed_sink *s, plm_sv file, plm_err **err, plm_err **out)
{
    plm_err *full = NULL;
    if (plm_arena_check(s->arena, &full) < 0) {
        plm_err_free(*err);
        *err = NULL;
        return plm_err_move(out, &full);
    }
    int rc = plm_feed_broken(s, file, err, out);
    plm_arena_reset(s->arena);
    return rc;
}

int64_t plm_feed_time(plm_sv text)
{
    int64_t t;
    return plm_time_parse(text, &t) && t > 0 ? t : 0;
}

void plm_feed_newest(struct plm_feed_sink *s, int64_t t)
{
    if (!s->state)
        s->state = plm_arena_make(s->keep, int64_t);
    int64_t *newest = s->state;
    if (newest && t > *newest)
        *newest = t;
}

int plm_feed_finish_newest(struct plm_feed_sink *s, plm_err **err)
{
    const int64_t *newest = s->state;
    if (newest && *newest)
        s->as_of(s, *newest);
    return plm_arena_check(s->keep, err);
}

plm_sv plm_feed_title_severity(plm_sv title)
{
    static const char *const words[] = {"Critical", "Important", "Moderate", "Low"};
    plm_sv head, rest;
    if (plm_sv_cut(title, ':', &head, &rest))
        for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
            if (plm_sv_is(head, words[i]))
                return head;
    return PLM_SV_NULL;
}

void plm_feed_title_modules(struct plm_feed_sink *s, plm_sv title, plm_sv_vec *out)
{
    enum { MODULES_MAX = 4 };
    plm_sv word;
    while (out->n < MODULES_MAX && plm_sv_word(&title, &word)) {
        size_t colon = plm_sv_find(word, ':');
        if (colon != SIZE_MAX && colon > 0 && colon + 1 < word.n)
            plm_feed_id(s, out, word);
    }
}

bool plm_feed_is_cve(plm_sv id)
{
    plm_sv year, number;
    uint64_t y, n;
    return plm_sv_starts(id, PLM_SV("CVE-")) && plm_sv_cut(plm_sv_from_off(id, 4), '-', &year, &number) &&
           year.n == 4 && plm_sv_u64(year, &y) && plm_sv_u64(number, &n);
}

bool plm_feed_cvss(struct plm_feed_sink *s, struct plm_advisory *adv, plm_sv vector, plm_sv source)
{
    double score;
    plm_sv version;
    if (!plm_cvss_score(vector, &score, &version))
        return false;
    for (size_t i = 0; i < adv->cvss.n && i < ID_WINDOW; i++) /* rows of one record repeat it */
        if (plm_sv_eq(adv->cvss.v[i].vector, vector) && plm_sv_eq(adv->cvss.v[i].source, source))
            return true;
    struct plm_cvss *c = plm_vec_push(s->arena, &adv->cvss);
    if (c)
        *c = (struct plm_cvss){.version = version, .vector = vector, .source = source, .score = score};
    return true;
}

void plm_feed_urgency(struct plm_affected *a, plm_sv urgency)
{
    if (plm_sv_is(urgency, "end-of-life"))
        a->state = PLM_FIX_END_OF_LIFE;
    else if (urgency.n && !plm_sv_is(urgency, "not yet assigned"))
        a->severity = plm_sv_ends(urgency, PLM_SV("**")) ? plm_sv_sub(urgency, 0, urgency.n - 2) : urgency;
}

bool plm_feed_date(plm_sv text, int64_t *out)
{
    static const char months[] = "janfebmaraprmayjunjulaugsepoctnovdec";
    plm_sv day, month, year;
    uint64_t d, y;
    if (!plm_sv_word(&text, &day) || !plm_sv_word(&text, &month) || !plm_sv_word(&text, &year) || month.n < 3)
        return false;
    if (!plm_sv_u64(day, &d) || !plm_sv_u64(year, &y) || d > 31 || y > 9999)
        return false;
    for (unsigned i = 0; i < 12; i++) {
        int64_t days;
        if (!plm_sv_ieq(plm_sv_sub(month, 0, 3), plm_sv_n(months + (size_t)i * 3, 3)))
            continue;
        if (!plm_time_days((int)y, i + 1, (unsigned)d, &days))
            return false;
        *out = days * 86400;
        return true;
    }
    return false;
}

plm_sv plm_feed_debian(plm_sv codename)
{
    return plm_release_ecosystem(PLM_SV("debian"), codename);
}

plm_sv plm_feed_ubuntu(plm_sv codename)
{
    return plm_release_ecosystem(PLM_SV("ubuntu"), codename);
}
