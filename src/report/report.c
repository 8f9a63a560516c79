/* SPDX-License-Identifier: Apache-2.0 */
#include "report_int.h"

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
