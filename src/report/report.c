/* SPDX-License-Identifier: Apache-2.0 */
#include "base/map.h"
#include "report_int.h"

#include <stdarg.h>
#include <stdio.h>

const struct plm_format *plm_format_find(plm_sv id)
{
    PLM_SET_FOREACH (plm_formats, struct plm_format, f)
        if (plm_sv_is(id, f->id))
            return f;
    return NULL;
}

plm_sv plm_report_target_id(const struct plm_report *r, uint32_t target)
{
    return target < r->targets.n ? r->targets.v[target].id : PLM_SV_NULL;
}

const struct plm_package *plm_report_package_of(const struct plm_report *r, const struct plm_finding *f)
{
    return f->package < r->packages.n ? &r->packages.v[f->package] : NULL;
}

void plm_report_number(struct plm_buf *b, double v)
{
    plm_buf_printf(b, "%.6g", v);
}

const struct plm_check_row *plm_report_check_of(const struct plm_report *r, const struct plm_finding *f)
{
    size_t lo = 0, hi = f->kind == PLM_KIND_AUDIT ? r->checks.n : 0;
    while (lo < hi) { /* checks are sorted by target, id, object */
        size_t mid = lo + (hi - lo) / 2;
        const struct plm_check_row *c = &r->checks.v[mid];
        int order = c->target != f->target ? (c->target < f->target ? -1 : 1) : plm_sv_cmp(c->id, f->id);
        order = order ? order : plm_sv_cmp(c->object, f->object);
        if (order == 0)
            return c;
        if (order < 0)
            lo = mid + 1;
        else
            hi = mid;
    }
    return NULL;
}

static plm_sv audited_key(struct plm_arena *a, uint32_t target, plm_sv id, plm_sv object)
{
    return plm_arena_printf(a, "%u\n%.*s\n%.*s", target, PLM_SV_ARG(id), PLM_SV_ARG(object));
}

int plm_report_audited(const struct plm_report *r, struct plm_arena *a, struct plm_map *out, plm_err **err)
{
    for (size_t i = 0; i < r->findings.n; i++) {
        struct plm_finding *f = &r->findings.v[i];
        if (f->kind != PLM_KIND_AUDIT)
            continue;
        plm_sv key = audited_key(a, f->target, f->id, f->object);
        void **slot = key.p ? plm_map_put(out, key) : NULL;
        if (!slot)
            return plm_fail_oom(err);
        *slot = *slot ? *slot : f;
    }
    return 0;
}

const struct plm_finding *plm_report_finding_of(const struct plm_map *audited, struct plm_arena *a,
                                                const struct plm_check_row *c)
{
    plm_sv key = audited_key(a, c->target, c->id, c->object);
    return key.p ? plm_map_get(audited, key) : NULL;
}

/* The next piece of an id: a number, or one byte of anything else. */
static uint64_t id_piece(plm_sv *s, bool *is_number)
{
    uint64_t v = 0;
    size_t n = 0;
    while (n < s->n && n < 18 && s->p[n] >= '0' && s->p[n] <= '9')
        v = v * 10 + (uint64_t)(s->p[n++] - '0');
    *is_number = n > 0;
    if (!n)
        v = (unsigned char)s->p[n++];
    *s = plm_sv_from_off(*s, n);
    return v;
}

int plm_report_id_cmp(plm_sv a, plm_sv b)
{
    plm_sv x = a, y = b;
    while (x.n && y.n) {
        bool is_x, is_y;
        uint64_t vx = id_piece(&x, &is_x), vy = id_piece(&y, &is_y);
        if (is_x != is_y)
            return is_x ? -1 : 1;
        if (vx != vy)
            return vx < vy ? -1 : 1;
    }
    return x.n ? 1 : y.n ? -1 : plm_sv_cmp(a, b);
}

bool plm_report_shows(const struct plm_finding *f, const struct plm_report_options *opt)
{
    return f->severity >= opt->min_severity && (!f->suppressed || opt->show_suppressed);
}

/* ---- order ---------------------------------------------------------------------------------- */

struct order {
    const struct plm_report *r;
    enum plm_sort sort;
};

static int descending(double a, double b)
{
    return (a < b) - (a > b);
}

static int compare(const void *va, const void *vb, void *arg)
{
    const struct order *o = arg;
    const struct plm_finding *a = *(const struct plm_finding *const *)va,
                             *b = *(const struct plm_finding *const *)vb;
    const struct plm_package *pa = plm_report_package_of(o->r, a), *pb = plm_report_package_of(o->r, b);
    int c = 0;
    switch (o->sort) {
    case PLM_SORT_SEVERITY:
        c = (int)b->severity - (int)a->severity;
        break;
    case PLM_SORT_RISK:
        c = descending(a->risk, b->risk);
        break;
    case PLM_SORT_EPSS:
        c = descending(a->epss, b->epss);
        break;
    case PLM_SORT_PACKAGE:
        c = plm_sv_cmp(pa ? pa->name : a->object, pb ? pb->name : b->object);
        break;
    case PLM_SORT_ID:
        c = plm_sv_cmp(a->id, b->id);
        break;
    }
    /* The report's own order settles the rest, so the result is one and the same every time. */
    return c ? c : (a > b) - (a < b);
}

int plm_report_select(const struct plm_report *r, const struct plm_report_options *opt,
                      const struct plm_finding ***out, size_t *out_n, plm_err **err)
{
    const struct plm_finding **list = calloc(r->findings.n + 1, sizeof(*list));
    if (!list)
        return plm_fail_oom(err);
    size_t n = 0;
    for (size_t i = 0; i < r->findings.n; i++)
        if (plm_report_shows(&r->findings.v[i], opt))
            list[n++] = &r->findings.v[i];
    struct order o = {r, opt->sort};
    qsort_r(list, n, sizeof(*list), compare, &o);
    *out = list;
    *out_n = n;
    return 0;
}

static int by_worst(const void *va, const void *vb)
{
    const struct plm_finding *a = *(const struct plm_finding *const *)va,
                             *b = *(const struct plm_finding *const *)vb;
    int c = (a->suppressed != NULL) - (b->suppressed != NULL);
    c = c ? c : (int)b->severity - (int)a->severity;
    c = c ? c : descending(a->risk, b->risk);
    return c ? c : (a > b) - (a < b);
}

int plm_report_worst_first(const struct plm_report *r, const struct plm_report_options *opt,
                           const struct plm_finding ***out, size_t *out_n, plm_err **err)
{
    struct plm_report_options all = *opt;
    all.show_suppressed = true;
    if (plm_report_select(r, &all, out, out_n, err) < 0)
        return -1;
    qsort(*out, *out_n, sizeof(**out), by_worst);
    return 0;
}

/* ---- words that several formats use ----------------------------------------------------------- */

void plm_report_note(const struct plm_report_options *opt, const char *fmt, ...)
{
    va_list ap;
    char *text = NULL;
    if (!opt->notes)
        return;
    va_start(ap, fmt);
    if (vasprintf(&text, fmt, ap) >= 0)
        plm_buf_printf(opt->notes, "%s\n", text);
    va_end(ap);
    free(text);
}

void plm_report_sentence(const struct plm_report *r, const struct plm_finding *f, struct plm_buf *b)
{
    const struct plm_package *p = plm_report_package_of(r, f);
    if (p)
        plm_buf_printf(b, "%.*s %.*s", PLM_SV_ARG(p->name), PLM_SV_ARG(p->version));
    else
        plm_buf_sv_put(b, f->object.n ? f->object : f->path);
    if (f->fix == PLM_FIX_FIXED && f->fix_versions.n)
        plm_buf_printf(b, " (fixed in %.*s)", PLM_SV_ARG(f->fix_versions.v[0]));
    plm_sv what = f->title.n ? f->title : f->id;
    /* The title of a check says what must be true; standing alone it would read as if it were. */
    const struct plm_check_row *check = plm_report_check_of(r, f);
    bool is_check = check && plm_sv_eq(check->title, what);
    plm_buf_printf(b, "%s%s%.*s%s", p || f->object.n || f->path.n ? ": " : "",
                   is_check ? "failed check \"" : "", PLM_SV_ARG(what), is_check ? "\"" : "");
}

static bool is_plain_url(plm_sv s)
{
    if (!plm_sv_starts(s, PLM_SV("https://")) || s.n > 1000)
        return false;
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] <= ' ' || s.p[i] >= 0x7f || strchr("\"'<>\\^`{|}", s.p[i]))
            return false;
    return true;
}

plm_sv plm_report_page(const struct plm_finding *f, struct plm_buf *b)
{
    uint64_t number;
    plm_buf_clear(b);
    for (size_t i = 0; i < f->references.n; i++)
        if (is_plain_url(f->references.v[i]))
            return f->references.v[i];
    if (f->id.n < 13 || !plm_sv_starts(f->id, PLM_SV("CVE-")) || f->id.p[8] != '-' ||
        !plm_sv_u64(plm_sv_sub(f->id, 4, 4), &number) || !plm_sv_u64(plm_sv_from_off(f->id, 9), &number))
        return PLM_SV_NULL;
    plm_buf_printf(b, "https://www.cve.org/CVERecord?id=%.*s", PLM_SV_ARG(f->id));
    return plm_buf_sv(b);
}
