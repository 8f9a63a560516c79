/* SPDX-License-Identifier: Apache-2.0
 *
 * Reports out (one file per format) and back in.
 *
 *     const struct plm_format *f = plm_format_find(PLM_SV("table"));
 *     f->write(report, &opts, &buf, err);
 *
 * Formats are pure functions of the report and the options: same input, same bytes. One that has limits
 * (sarif, markdown) says in its output and in options.notes what it left out.
 */
#pragma once

#include "base/ctx.h"
#include "base/register.h"
#include "model/model.h"

enum plm_group { PLM_GROUP_FIX, PLM_GROUP_PACKAGE, PLM_GROUP_LAYER, PLM_GROUP_SEVERITY, PLM_GROUP_NONE };
enum plm_sort { PLM_SORT_SEVERITY, PLM_SORT_RISK, PLM_SORT_EPSS, PLM_SORT_PACKAGE, PLM_SORT_ID };

struct plm_report_options {
    unsigned width; /* columns; 0: 80 */
    bool color, is_tty;
    bool one_screen;                /* table: the page of `check`, unless verbose */
    bool only_verdict;              /* table: what was judged and the verdict, no findings */
    enum plm_severity min_severity; /* display only */
    enum plm_group group_by;
    enum plm_sort sort;
    plm_sv template_text; /* of template=FILE */
    bool show_suppressed, quiet;
    unsigned verbose;
    struct plm_buf *notes; /* what a format had to leave out, a line each, for standard error; or NULL */
};

struct plm_format {
    const char *id;
    const char *summary;
    const char *extension; /* for -o FORMAT=DIR/ : "json" */
    int (*write)(const struct plm_report *r, const struct plm_report_options *opt, struct plm_buf *out,
                 plm_err **err);
};
PLM_SET_DECLARE(plm_formats, struct plm_format);

const struct plm_format *plm_format_find(plm_sv id);

/* Is it a template that can be run? CONFIG with the line. */
int plm_template_check(plm_sv text, plm_err **err);

/* A saved json report (schema plimsoll/report/v1) back into a model. */
struct plm_report *plm_report_read(const struct plm_ctx *ctx, plm_sv json, const char *name, plm_err **err);
