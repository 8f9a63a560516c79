/* SPDX-License-Identifier: Apache-2.0
 *
 * The pipeline: source → analysis → packages → findings → verdict, for any number of
 * sources into one report. What `plimsoll scan`, `check` and the server call.
 *
 *     plm_auto(plm_report_free) struct plm_report *r = plm_report_new(err);
 *     for each source: plm_scan_source(ctx, &src, &opts, r, err);
 *     plm_scan_finish(ctx, &opts, r, err);
 *     plm_gates_judge(r, gates, n, given, err);
 *
 * An error is one of the named target as a whole (not found, not an image); everything less is
 * a diagnostic in the report.
 */
#pragma once

#include "image/image.h"
#include "inspect/inspect.h"
#include "match/match.h"
#include "model/facts.h"
#include "model/model.h"
#include "policy/policy.h"
#include "repo/repo.h"
#include "vulndb/vulndb.h"

/* One condition of --fail-on: [KIND:]LEVEL[:fixable][:own][:new], update, kev, epss>=N, risk>=N. */
struct plm_gate {
    enum { PLM_GATE_LEVEL, PLM_GATE_UPDATE, PLM_GATE_KEV, PLM_GATE_EPSS, PLM_GATE_RISK } what;
    enum plm_kind kind;
    bool any_kind, fixable, own, only_new;
    enum plm_severity level;
    double bound;
    plm_sv text; /* as written */
};
/* "high:fixable,kev" into the arena; "none" gives zero conditions. USAGE on nonsense. */
int plm_gates_parse(plm_sv text, enum plm_kind default_kind, struct plm_arena *a, struct plm_gate **out,
                    size_t *out_n, plm_err **err);
/* Does this unsuppressed finding fulfil the condition? */
bool plm_gate_hits(const struct plm_gate *g, const struct plm_finding *f);
/* Sets the verdicts of the targets and of the report from the conditions and from what was not examined. */
int plm_gates_judge(struct plm_report *r, const struct plm_gate *gates, size_t n, bool is_gate_given,
                    plm_err **err);

struct plm_scan_options {
    struct plm_image_options image;
    struct plm_match_options match;
    const struct plm_db *db;             /* NULL: no store */
    struct plm_exceptions *exceptions;   /* NULL: none */
    const struct plm_repo_options *repo; /* NULL: no repository feed */
    bool want_vulnerabilities;           /* else packages only */
    bool want_owned;                     /* fill package.files */
    bool all_layers;                     /* also what later layers deleted or replaced */
    bool only_fixed;
    bool exceptions_later; /* the caller calls plm_exceptions_note, after it judged by a policy */
    plm_sv base;           /* --base REF, or null */
    struct plm_inspect_options inspect; /* kinds beside vulnerabilities, and what facts are to hold */
    bool want_facts;                    /* report->facts: one for each target */
    bool inspect_trees;                 /* host: and container: too, where a walk of all files is dear */
};

/* One word of the command line to an analysis: each meaning of an unprefixed reference is tried in turn.
 * out_source (or NULL) says which it was; its views live in the arena. */
struct plm_analysis *plm_scan_open(const struct plm_ctx *ctx, const char *word,
                                   const struct plm_image_options *io, struct plm_arena *a,
                                   struct plm_source *out_source, plm_err **err);
/* Scans one word, or one source (not images: or running:, see plm_source_expand), into a new target of r. */
int plm_scan_word(const struct plm_ctx *ctx, const char *word, const struct plm_scan_options *opt,
                  struct plm_report *r, plm_err **err);
int plm_scan_source(const struct plm_ctx *ctx, const struct plm_source *src,
                    const struct plm_scan_options *opt, struct plm_report *r, plm_err **err);
/* After the last source: merges, suppresses, marks what is new against `before` (or NULL), sorts and counts.
 */
int plm_scan_finish(const struct plm_ctx *ctx, const struct plm_scan_options *opt,
                    const struct plm_report *before, struct plm_report *r, plm_err **err);
/* Age of the data in seconds: of each target's the oldest dated feed that covers it, of those the oldest;
 * INT64_MAX if nothing covers one of them: a repository counts only for the targets that it could judge.
 * False if no target is of a known distribution. */
bool plm_scan_data_age(const struct plm_ctx *ctx, const struct plm_db *db, const plm_sv_vec *channels,
                       const struct plm_report *r, int64_t *out);

/* ---- policies (scan/verdict.c) ---------------------------------------------------------------- */

struct plm_scan_policy {
    struct plm_policy *policy;
    enum plm_policy_mode mode;
    plm_sv name;                          /* as it stands in verdicts */
    plm_sv tag;                           /* judge as this reference; null: as the facts say */
    struct plm_exceptions *exceptions;    /* NULL: none */
    const struct plm_image_facts *before; /* for ratchets; NULL: none */
    struct plm_policy_trace *trace;       /* NULL: none */
    bool images_only;                     /* targets without facts are not its matter; one reason for all */
};
/* Judges every target of the report that has facts and joins the result into its verdict and the report's;
 * after plm_gates_judge. A target without facts makes the report incomplete, unless images_only.
 * *out_unmapped: targets to which no mapping applied (fixed mode). */
int plm_scan_policy_judge(const struct plm_ctx *ctx, const struct plm_scan_policy *p, struct plm_report *r,
                          size_t *out_unmapped, plm_err **err);
