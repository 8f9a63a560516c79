/* SPDX-License-Identifier: Apache-2.0
 *
 * JSON lines: one finding a line, as in the json format, then checks, scores, fixes, diagnostics and a
 * summary; `record` names what a line is. For log pipelines and `jq -c`. Display options apply.
 */
#include "report_int.h"

/* Puts {"record":"x", in front of what an object writer adds. */
static void put_line(struct plm_buf *out, const char *record, struct plm_buf *object)
{
    plm_sv body = plm_sv_from_off(plm_buf_sv(object), 1);
    plm_buf_printf(out, "{\"record\":\"%s\",", record);
    plm_buf_sv_put(out, body);
    plm_buf_byte(out, '\n');
    if (object->failed && !out->failed)
        out->failed = object->failed;
    plm_buf_clear(object);
}

static int write_jsonl(const struct plm_report *r, const struct plm_report_options *opt, struct plm_buf *out,
                       plm_err **err)
{
    const struct plm_finding **list;
    size_t n;
    if (plm_report_select(r, opt, &list, &n, err) < 0)
        return -1;
    plm_auto_done(plm_buf_done) struct plm_buf object = PLM_BUF(PLM_MIB(16));
    for (size_t i = 0; i < r->targets.n; i++) {
        plm_json_put_target(&object, &r->targets.v[i]);
        put_line(out, "target", &object);
    }
    for (size_t i = 0; i < n; i++) {
        plm_json_put_finding(&object, r, list[i]);
        put_line(out, "finding", &object);
    }
    free(list);
    for (size_t i = 0; i < r->checks.n; i++) {
        plm_json_put_check(&object, r, &r->checks.v[i]);
        put_line(out, "check", &object);
    }
    for (size_t i = 0; i < r->scores.n; i++) {
        plm_json_put_score(&object, &r->scores.v[i]);
        put_line(out, "score", &object);
    }
    for (size_t i = 0; i < r->fixes.n; i++) {
        plm_json_put_fix(&object, &r->fixes.v[i]);
        put_line(out, "fix", &object);
    }
    for (size_t i = 0; i < r->diagnostics.n; i++) {
        plm_json_put_diagnostic(&object, r, &r->diagnostics.v[i]);
        put_line(out, "diagnostic", &object);
    }
    plm_json_put_verdict(&object, &r->verdict);
    put_line(out, "verdict", &object);
    plm_json_put_summary(&object, r);
    put_line(out, "summary", &object);
    return plm_buf_check(out, err);
}

static const struct plm_format jsonl = {
    .id = "jsonl",
    .summary =
        "one JSON object a line: targets, findings, checks, scores, fixes, diagnostics, verdict, summary",
    .extension = "jsonl",
    .write = write_jsonl,
};
PLM_REGISTER(plm_formats, struct plm_format, jsonl);
