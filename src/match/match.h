/* SPDX-License-Identifier: Apache-2.0
 *
 * Packages × store → vulnerability findings; one finding per flaw; and the exceptions that
 * suppress findings.
 *
 *     plm_match_target(ctx, db, report, target_index, &opts, err);
 *     plm_findings_merge(report, err);              // after every source of findings has spoken
 *     plm_exceptions_apply(ctx, exceptions, report, err);
 *
 * Rules: dpkg by source package and source version, apk by origin, rpm by binary name (and
 * module) with epoch, or by source package where the feed speaks of sources. Aliases are
 * merged, the CVE id is primary, all provenance stays in `matched`; matched[0] decided fix and
 * severity. What cannot be judged becomes a diagnostic (distro.unknown, distro.eol,
 * db.no-coverage), never silence. Everything handed out lives in the report's arena.
 */
#pragma once

#include "model/model.h"
#include "vulndb/vulndb.h"

struct plm_match_options {
    plm_sv_vec channels;       /* opt-in channels: "esm", "elts" */
    bool is_covered_elsewhere; /* another feed spoke about the target: a store without it is no hole */
};

/* db may be NULL: then only what needs no data is said (unknown or ended distributions). */
int plm_match_target(const struct plm_ctx *ctx, const struct plm_db *db, struct plm_report *r,
                     uint32_t target, const struct plm_match_options *opt, plm_err **err);

/* Findings of the same flaw on the same package become one; provenance is joined. */
int plm_findings_merge(struct plm_report *r, plm_err **err);

/* Why `id` does or does not touch a package: lines for people, in order, one per range that was looked at.
 * An empty list: no record of the store speaks about `id` and this package. */
int plm_match_explain(const struct plm_ctx *ctx, const struct plm_db *db, const struct plm_report *r,
                      uint32_t package, plm_sv id, const struct plm_match_options *opt, struct plm_arena *a,
                      plm_sv_vec *out, plm_err **err);

/* ---- exceptions (design.md 4.1) ---------------------------------------------------------- */

struct plm_exception {
    plm_sv id, purl, image, path, layer, check, object; /* patterns; null: any */
    int base;                                           /* -1: any, 0, 1 */
    plm_sv reason, owner, ticket, until_text;
    int64_t until; /* last second of its last day, UTC; 0: no end */
    plm_sv file;   /* where it was read */
    uint32_t line;
    bool is_used;
};

struct plm_exceptions {
    struct plm_arena *arena;
    PLM_VEC(struct plm_exception) rows;
};

struct plm_exceptions *plm_exceptions_new(plm_err **err);
void plm_exceptions_free(struct plm_exceptions *e);
PLM_CLEANUP(struct plm_exceptions, plm_exceptions_free)
/* Adds the rows of one file. CONFIG with file and line on unknown keys, missing ids and bad dates. */
int plm_exceptions_load(const struct plm_ctx *ctx, struct plm_exceptions *e, const char *path, plm_err **err);
int plm_exceptions_parse(const struct plm_ctx *ctx, struct plm_exceptions *e, plm_sv yaml, const char *name,
                         plm_err **err);
/* Is there one by layer? Diff ids count only where they were verified. */
bool plm_exceptions_want_diff_ids(const struct plm_exceptions *e);
/* Suppresses what applies; expired and unused ones become diagnostics. */
int plm_exceptions_apply(const struct plm_ctx *ctx, struct plm_exceptions *e, struct plm_report *r,
                         plm_err **err);
