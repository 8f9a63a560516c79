/* SPDX-License-Identifier: Apache-2.0
 *
 * Findings as CSV (RFC 4180 quoting, LF). A text that a spreadsheet would take for a formula
 * (= + - @ or a control byte in front) gets an apostrophe in front of it; control bytes are
 * escaped, so a package name cannot start a new row.
 */
#include "report_int.h"

static void cell(struct plm_buf *out, plm_sv s, bool last)
{
    plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(PLM_MIB(16));
    plm_text_escape(&b, s);
    plm_sv t = plm_buf_sv(&b);
    bool is_formula = t.n && strchr("=+-@", t.p[0]);
    bool quoted = is_formula || plm_sv_find(t, ',') != SIZE_MAX || plm_sv_find(t, '"') != SIZE_MAX ||
                  (t.n && (t.p[0] == ' ' || t.p[t.n - 1] == ' '));
    plm_buf_str(out, quoted ? "\"" : "");
    plm_buf_str(out, is_formula ? "'" : "");
    for (size_t i = 0; i < t.n; i++) {
        plm_buf_byte(out, (unsigned char)t.p[i]);
        if (t.p[i] == '"')
            plm_buf_byte(out, '"');
    }
    plm_buf_str(out, quoted ? "\"" : "");
    plm_buf_byte(out, last ? '\n' : ',');
    if (b.failed && !out->failed)
        out->failed = b.failed;
}

static void number_cell(struct plm_buf *out, double v)
{
    if (v >= 0)
        plm_report_number(out, v);
    plm_buf_byte(out, ',');
}

static void put_row(struct plm_buf *out, const struct plm_report *r, const struct plm_finding *f)
{
    const struct plm_package *p = plm_report_package_of(r, f);
    cell(out, plm_report_target_id(r, f->target), false);
    cell(out, plm_sv_from(plm_kind_name(f->kind)), false);
    cell(out, f->id, false);
    cell(out, plm_sv_from(plm_severity_name(f->severity)), false);
    cell(out, p ? p->name : f->object, false);
    cell(out, p ? p->version : PLM_SV_NULL, false);
    cell(out, p ? p->type : PLM_SV_NULL, false);
    cell(out, plm_sv_from(plm_fix_state_name(f->fix)), false);
    plm_auto_done(plm_buf_done) struct plm_buf fixes = PLM_BUF(PLM_MIB(1));
    for (size_t i = 0; i < f->fix_versions.n; i++)
        plm_buf_printf(&fixes, "%s%.*s", i ? " " : "", PLM_SV_ARG(f->fix_versions.v[i]));
    cell(out, plm_buf_sv(&fixes), false);
    number_cell(out, f->cvss.n ? f->cvss.v[0].score : -1);
    number_cell(out, f->epss);
    plm_buf_str(out, f->kev ? "true," : "false,");
    number_cell(out, f->risk);
    cell(out, f->path, false);
    plm_buf_str(out, f->is_base ? "true," : "false,");
    cell(out, f->suppressed ? f->suppressed->by : PLM_SV_NULL, false);
    cell(out, f->key, false);
    cell(out, f->title, true);
}

static int write_csv(const struct plm_report *r, const struct plm_report_options *opt, struct plm_buf *out,
                     plm_err **err)
{
    const struct plm_finding **list;
    size_t n;
    if (plm_report_select(r, opt, &list, &n, err) < 0)
        return -1;
    plm_buf_str(out,
                "target,kind,id,severity,package,version,type,fix,fix_versions,cvss,epss,kev,risk,path,base,"
                "suppressed,key,title\n");
    for (size_t i = 0; i < n; i++)
        put_row(out, r, list[i]);
    free(list);
    return plm_buf_check(out, err);
}

static const struct plm_format csv = {
    .id = "csv",
    .summary = "findings as comma-separated values with a header line",
    .extension = "csv",
    .write = write_csv,
};
PLM_REGISTER(plm_formats, struct plm_format, csv);
