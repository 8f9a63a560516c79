/* SPDX-License-Identifier: Apache-2.0
 *
 * What the formats share.
 */
#pragma once

#include "base/text.h"
#include "base/time.h"
#include "report/report.h"

/* Scores, probabilities and risks are far below it; anything above is not one. */
#define PLM_REPORT_NUMBER_MAX 1e9

/* Id of a target; null where there is none. */
plm_sv plm_report_target_id(const struct plm_report *r, uint32_t target);
const struct plm_package *plm_report_package_of(const struct plm_report *r, const struct plm_finding *f);
/* The row of the check whose failure this is, on the same object; NULL: not a failed check. */
const struct plm_check_row *plm_report_check_of(const struct plm_report *r, const struct plm_finding *f);
/* Audit findings by what they are about, for plm_report_finding_of; the keys live in the arena. */
struct plm_map;
int plm_report_audited(const struct plm_report *r, struct plm_arena *a, struct plm_map *out, plm_err **err);
/* The finding that a failed row made; NULL: none. */
const struct plm_finding *plm_report_finding_of(const struct plm_map *audited, struct plm_arena *a,
                                                const struct plm_check_row *c);
/* As people read ids: 2.9 before 2.10, numbers before letters. */
int plm_report_id_cmp(plm_sv a, plm_sv b);
/* Six significant digits: what every number of ours needs, and it survives being read and written again. */
void plm_report_number(struct plm_buf *b, double v);
/* Is the finding displayed: severity and suppression. */
bool plm_report_shows(const struct plm_finding *f, const struct plm_report_options *opt);
/* The displayed findings in the order asked for; free() the list. */
int plm_report_select(const struct plm_report *r, const struct plm_report_options *opt,
                      const struct plm_finding ***out, size_t *out_n, plm_err **err);

/* Findings as code hosts want them: those that count before suppressed ones, worst and riskiest first. Only
 * min_severity chooses. free() the list. */
int plm_report_worst_first(const struct plm_report *r, const struct plm_report_options *opt,
                           const struct plm_finding ***out, size_t *out_n, plm_err **err);
/* Says it to options.notes. */
void plm_report_note(const struct plm_report_options *opt, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
/* "openssl 3.0.11-1 (fixed in 3.0.15-1): a buffer ..." or "object: title". */
void plm_report_sentence(const struct plm_report *r, const struct plm_finding *f, struct plm_buf *b);
/* Path of the finding as code hosts want it, relative to the repository: of a `dir:` with a relative path the
 * file, of anything else the made-up SCHEME/TARGET/PATH. Percent-encoded if is_uri. */
void plm_report_place(const struct plm_report *r, const struct plm_finding *f, bool is_uri,
                      struct plm_buf *b);
/* Web page about the finding: its first https reference, else the CVE record's; null: none. In the buffer. */
plm_sv plm_report_page(const struct plm_finding *f, struct plm_buf *b);

/* JSON objects of the schema, shared by json and jsonl (json.c). */
void plm_json_put_finding(struct plm_buf *b, const struct plm_report *r, const struct plm_finding *f);
void plm_json_put_package(struct plm_buf *b, const struct plm_report *r, const struct plm_package *p);
void plm_json_put_diagnostic(struct plm_buf *b, const struct plm_report *r, const struct plm_diagnostic *d);
void plm_json_put_target(struct plm_buf *b, const struct plm_target *t);
void plm_json_put_check(struct plm_buf *b, const struct plm_report *r, const struct plm_check_row *c);
void plm_json_put_score(struct plm_buf *b, const struct plm_stage_score *s);
void plm_json_put_fix(struct plm_buf *b, const struct plm_fix_row *f);
void plm_json_put_run(struct plm_buf *b, const struct plm_report *r);
void plm_json_put_summary(struct plm_buf *b, const struct plm_report *r);
void plm_json_put_verdict(struct plm_buf *b, const struct plm_verdict *v);
