/* SPDX-License-Identifier: Apache-2.0
 *
 * The pipeline: source → analysis → packages → findings → verdict, for any number of
 * sources into one report. What `plimsoll scan`, `check` and the server call.
 */
#pragma once

#include "image/image.h"
#include "match/match.h"
#include "model/model.h"
#include "vulndb/vulndb.h"

/* One condition of --fail-on: [KIND:]LEVEL[:fixable][:own][:new], kev, epss>=N, risk>=N. */
struct plm_gate {
    enum { PLM_GATE_LEVEL, PLM_GATE_KEV, PLM_GATE_EPSS, PLM_GATE_RISK } what;
    enum plm_kind kind;
    bool any_kind, fixable, own, only_new;
    enum plm_severity level;
    double bound;
    plm_sv text; /* as written */
};
/* "high:fixable,kev" into the arena; "none" gives zero conditions. USAGE on nonsense. */
int plm_gates_parse(plm_sv text, enum plm_kind default_kind, struct plm_arena *a, struct plm_gate **out,
                    size_t *out_n, plm_err **err);
/* Sets report and target verdicts from the gates and the diagnostics. */
int plm_gates_judge(struct plm_report *r, const struct plm_gate *gates, size_t n, bool gate_given,
                    plm_err **err);

struct plm_repo_options; /* repo/repo.h */

struct plm_scan_options {
    struct plm_image_options image;
    struct plm_match_options match;
    const struct plm_db *db; /* NULL: no store */
    struct plm_exceptions *exceptions;
    const struct plm_repo_options *repo; /* NULL: no repository feed */
    bool want_vulnerabilities;
    bool only_fixed;
    plm_sv base;         /* --base REF, or null */
    uint64_t db_max_age; /* seconds; UINT64_MAX: none */
};

/* Scans one source into r (a new target, or several for images:). */
int plm_scan_source(const struct plm_ctx *ctx, const struct plm_source *src,
                    const struct plm_scan_options *opt, struct plm_report *r, plm_err **err);
