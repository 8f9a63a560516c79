/* SPDX-License-Identifier: Apache-2.0
 *
 * Checkstyle's XML (checkstyle.sourceforge.io), which editors, Jenkins' Warnings and review bots read: errors
 * by file. Severities are its own three. Suppressed findings are left out; what could not be looked at is an
 * error of the file "plimsoll". No receiver documents a limit; FINDINGS_MAX is ours. O(n log n).
 */
#include "escape.h"
#include "report_int.h"

#include <stdlib.h>

enum { FINDINGS_MAX = 20000 };

struct placed {
    const struct plm_finding *f;
    plm_sv place;
    size_t rank; /* worst first */
};

static void attribute(struct plm_buf *b, const char *name, plm_sv value, size_t max)
{
    plm_buf_printf(b, " %s=\"", name);
    plm_esc_html(b, value, max);
    plm_buf_byte(b, '"');
}

static const char *severity_of(enum plm_severity s)
{
    return s >= PLM_SEV_HIGH ? "error" : s == PLM_SEV_MEDIUM ? "warning" : "info";
}

static int by_place(const void *va, const void *vb)
{
    const struct placed *a = va, *b = vb;
    int c = plm_sv_cmp(a->place, b->place);
    c = c ? c : (a->f->line > b->f->line) - (a->f->line < b->f->line);
    return c ? c : (a->rank > b->rank) - (a->rank < b->rank);
}

static void put_error(const struct plm_report *r, const struct plm_finding *f, struct plm_buf *out)
{
    plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(PLM_MIB(4));
    plm_buf_printf(out, "<error line=\"%u\" severity=\"%s\"", f->line ? f->line : 1,
                   severity_of(f->severity));
    plm_report_sentence(r, f, &b);
    attribute(out, "message", plm_buf_sv(&b), PLM_ESC_LONG);
    plm_buf_clear(&b);
    plm_buf_printf(&b, "plimsoll.%s.%.*s", plm_kind_name(f->kind), PLM_SV_ARG(f->id));
    attribute(out, "source", plm_buf_sv(&b), PLM_ESC_LINE);
    plm_buf_str(out, "/>\n");
}

static void put_run(const struct plm_report *r, size_t left_out, struct plm_buf *out)
{
    size_t start = out->n, n = 0;
    plm_buf_str(out, "<file name=\"plimsoll\">\n");
    for (size_t i = 0; i < r->diagnostics.n; i++) {
        const struct plm_diagnostic *d = &r->diagnostics.v[i];
        plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(PLM_MIB(4));
        plm_buf_printf(&b, "%.*s%s%.*s", PLM_SV_ARG(d->object), d->object.n ? ": " : "",
                       PLM_SV_ARG(d->message));
        plm_buf_printf(out, "<error line=\"1\" severity=\"%s\"", severity_of(d->severity));
        attribute(out, "message", plm_buf_sv(&b), PLM_ESC_LONG);
        attribute(out, "source", d->code, PLM_ESC_LINE);
        plm_buf_str(out, "/>\n");
        n++;
    }
    if (left_out)
        plm_buf_printf(
            out,
            "<error line=\"1\" severity=\"warning\" message=\"%zu more findings are not in this file; "
            "-o json has all of them\" source=\"report.cut\"/>\n",
            left_out);
    plm_buf_str(out, "</file>\n");
    if (!n && !left_out && !out->failed)
        out->n = start;
}

static int write_checkstyle(const struct plm_report *r, const struct plm_report_options *opt,
                            struct plm_buf *out, plm_err **err)
{
    plm_auto(plm_arena_free) struct plm_arena *arena = plm_arena_new(PLM_ARENA_NO_LIMIT);
    plm_auto_free const struct plm_finding **list = NULL;
    size_t all, n = 0;
    if (plm_report_worst_first(r, opt, &list, &all, err) < 0)
        return -1;
    while (n < all && !list[n]->suppressed)
        n++;
    size_t left_out = n > FINDINGS_MAX ? n - FINDINGS_MAX : 0;
    n -= left_out;
    struct placed *v = arena ? plm_arena_array(arena, n + 1, sizeof(*v)) : NULL;
    if (!v)
        return plm_fail_oom(err);
    for (size_t i = 0; i < n; i++) {
        plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(PLM_MIB(1));
        plm_report_place(r, list[i], false, &b);
        v[i] = (struct placed){list[i], plm_arena_sv(arena, plm_buf_sv(&b)), i};
    }
    qsort(v, n, sizeof(*v), by_place);
    plm_buf_str(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<checkstyle version=\"8.0\">\n");
    for (size_t i = 0; i < n; i++) {
        if (i == 0 || !plm_sv_eq(v[i].place, v[i - 1].place)) {
            plm_buf_str(out, i ? "</file>\n<file" : "<file");
            attribute(out, "name", v[i].place, PLM_ESC_LONG);
            plm_buf_str(out, ">\n");
        }
        put_error(r, v[i].f, out);
    }
    plm_buf_str(out, n ? "</file>\n" : "");
    put_run(r, left_out, out);
    plm_buf_str(out, "</checkstyle>\n");
    if (left_out)
        plm_report_note(opt, "checkstyle: %zu findings are left out, -o json has all of them", left_out);
    return plm_arena_check(arena, err) < 0 ? -1 : plm_buf_check(out, err);
}

static const struct plm_format checkstyle = {
    .id = "checkstyle",
    .summary = "Checkstyle's XML: findings by file, for editors, review bots and Jenkins",
    .extension = "xml",
    .write = write_checkstyle,
};
PLM_REGISTER(plm_formats, struct plm_format, checkstyle);
