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
    int kind;                                           /* enum plm_kind, or -1: any */
    uint32_t at_line;                                   /* `where.line`; 0: any */
    plm_sv reason, owner, ticket, until_text;
    int64_t until; /* last second of its last day, UTC; 0: no end */
    plm_sv file;   /* where it was read */
    uint32_t line;
    bool is_used;
};

/* A row of another tool's file that says what an exception of ours cannot: it suppresses nothing here. */
struct plm_exception_skip {
    plm_sv file, what;
    uint32_t line;
};

struct plm_exceptions {
    struct plm_arena *arena;
    PLM_VEC(struct plm_exception) rows;
    PLM_VEC(struct plm_exception_skip) skipped;
};

struct plm_exceptions *plm_exceptions_new(plm_err **err);
void plm_exceptions_free(struct plm_exceptions *e);
PLM_CLEANUP(struct plm_exceptions, plm_exceptions_free)
/* Adds the rows of one file, ours or one of another tool (plm_exceptions_format). CONFIG with file and line
 * on unknown keys, missing ids and bad dates. */
int plm_exceptions_load(const struct plm_ctx *ctx, struct plm_exceptions *e, const char *path, plm_err **err);
/* The same from a text of our format. */
int plm_exceptions_parse(const struct plm_ctx *ctx, struct plm_exceptions *e, plm_sv yaml, const char *name,
                         plm_err **err);
/* The same, but a row with a fault does not end it: its message goes into out_faults. */
int plm_exceptions_parse_all(const struct plm_ctx *ctx, struct plm_exceptions *e, plm_sv yaml,
                             const char *name, plm_sv_vec *out_faults, plm_err **err);
/* "trivyignore", "trivyignore-yaml", "grype", "osv-scanner", "gitleaksignore", "gitleaks", "hadolint", by the
 * file's name, else by what a YAML text holds; NULL: ours. */
const char *plm_exceptions_format(const struct plm_ctx *ctx, const char *path, plm_sv text);
int plm_exceptions_parse_foreign(const struct plm_ctx *ctx, struct plm_exceptions *e, const char *format,
                                 plm_sv text, const char *name, plm_err **err);

/* Writing: one row at an indent; and rows at the end of a file's text, whose own bytes stay as they are.
 * CONFIG where the list is written in a way that nothing can be added to (flow style, several documents). */
void plm_exception_put(struct plm_buf *out, const struct plm_exception *x, unsigned indent);
int plm_exceptions_append(const struct plm_ctx *ctx, plm_sv old, const char *name,
                          const struct plm_exception *rows, size_t n, struct plm_buf *out, plm_err **err);

/* Does it fit the finding, ended or not? */
bool plm_exception_fits(const struct plm_exception *x, const struct plm_report *r,
                        const struct plm_finding *f);
bool plm_exception_is_expired(const struct plm_exception *x, int64_t now);
/* Same id and the same conditions? */
bool plm_exception_same(const struct plm_exception *a, const struct plm_exception *b);
/* The first that covers a row of a policy's verdict and has not ended, marked as used; NULL: none. A row is
 * named by `id`: its trigger id, "gate.trigger", for vulnerabilities.package the vulnerability; `where.check`
 * is "gate.trigger", `where.image` the reference it is judged as, `where.purl` without version may name the
 * package of a vulnerability. One with another condition covers no row. */
const struct plm_exception *plm_exceptions_rule(const struct plm_ctx *ctx, struct plm_exceptions *e,
                                                plm_sv gate, plm_sv trigger, plm_sv trigger_id, plm_sv image);
/* Is there one by layer? Diff ids count only where they were verified. */
bool plm_exceptions_want_diff_ids(const struct plm_exceptions *e);
/* Suppresses what applies. */
int plm_exceptions_apply(const struct plm_ctx *ctx, struct plm_exceptions *e, struct plm_report *r,
                         plm_err **err);
/* After everything that can use them: ended and unused ones, and rows that were not carried over, become
 * diagnostics. */
int plm_exceptions_note(const struct plm_ctx *ctx, const struct plm_exceptions *e, struct plm_report *r,
                        plm_err **err);
