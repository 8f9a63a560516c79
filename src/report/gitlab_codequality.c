/* SPDX-License-Identifier: Apache-2.0
 *
 * GitLab's code quality report: the part of Code Climate's format that its merge requests read
 * (docs.gitlab.com, "Code Quality", "Implement a custom tool"): description, check_name, fingerprint,
 * severity, location.path and location.lines.begin, one array. The fingerprint is what tells an old finding
 * from a new one and must not repeat: it is the finding's key, with a count behind it where several share
 * one. The array has no room for a remark, so what is left out is only said on standard error. O(n).
 */
#include "base/map.h"
#include "escape.h"
#include "object.h"

enum { FINDINGS_MAX = 5000, TEXT_MAX = 500 };

static const char *severity_of(enum plm_severity s)
{
    static const char *const names[] = {"info", "info", "minor", "major", "critical", "blocker"};
    return names[s];
}

static int put_fingerprint(struct plm_obj *o, struct plm_map *seen, plm_sv key, plm_err **err)
{
    plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(PLM_MIB(1));
    void **slot = plm_map_put(seen, key);
    if (!slot)
        return plm_fail_oom(err);
    uintptr_t before = (uintptr_t)*slot;
    *slot = (void *)(before + 1);
    plm_buf_sv_put(&b, key);
    if (before)
        plm_buf_printf(&b, ":%zu", (size_t)before + 1);
    plm_obj_text(o, "fingerprint", plm_buf_sv(&b));
    return 0;
}

static int put_finding(const struct plm_report *r, const struct plm_finding *f, struct plm_map *seen,
                       struct plm_arr *list, plm_err **err)
{
    plm_auto_done(plm_buf_done) struct plm_buf text = PLM_BUF(PLM_MIB(4));
    plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(PLM_MIB(4));
    struct plm_obj o = plm_arr_object(list);
    plm_buf_printf(&text, "%.*s: ", PLM_SV_ARG(f->id));
    plm_report_sentence(r, f, &text);
    plm_esc_plain(&b, plm_buf_sv(&text), TEXT_MAX);
    plm_obj_text(&o, "description", plm_buf_sv(&b));
    plm_buf_clear(&b);
    plm_buf_printf(&b, "%s/", plm_kind_name(f->kind));
    plm_esc_plain(&b, f->id, PLM_ESC_LINE);
    plm_obj_text(&o, "check_name", plm_buf_sv(&b));
    if (put_fingerprint(&o, seen, f->key, err) < 0)
        return -1;
    plm_obj_word(&o, "severity", severity_of(f->severity));
    struct plm_obj place = plm_obj_sub(&o, "location");
    plm_buf_clear(&b);
    plm_report_place(r, f, false, &b);
    plm_obj_text(&place, "path", plm_buf_sv(&b));
    struct plm_obj lines = plm_obj_sub(&place, "lines");
    plm_obj_number(&lines, "begin", f->line ? f->line : 1);
    plm_obj_close(&lines);
    plm_obj_close(&place);
    plm_obj_close(&o);
    plm_buf_byte(o.b, '\n');
    return plm_buf_check(o.b, err);
}

static int write_codequality(const struct plm_report *r, const struct plm_report_options *opt,
                             struct plm_buf *out, plm_err **err)
{
    plm_auto(plm_map_free) struct plm_map *seen = plm_map_new();
    plm_auto_free const struct plm_finding **list = NULL;
    size_t all, n = 0;
    if (!seen)
        return plm_fail_oom(err);
    if (plm_report_worst_first(r, opt, &list, &all, err) < 0)
        return -1;
    while (n < all && !list[n]->suppressed)
        n++;
    plm_buf_byte(out, '[');
    struct plm_arr rows = {out, true};
    for (size_t i = 0; i < n && i < FINDINGS_MAX; i++)
        if (put_finding(r, list[i], seen, &rows, err) < 0)
            return -1;
    plm_buf_str(out, "]\n");
    if (n > FINDINGS_MAX)
        plm_report_note(
            opt,
            "gitlab-codequality: %d of %zu findings are in this file, the worst first; -o json has "
            "all of them",
            FINDINGS_MAX, n);
    return plm_buf_check(out, err);
}

static const struct plm_format gitlab_codequality = {
    .id = "gitlab-codequality",
    .summary = "GitLab's code quality report: what a merge request brings, for every edition",
    .extension = "json",
    .write = write_codequality,
};
PLM_REGISTER(plm_formats, struct plm_format, gitlab_codequality);
