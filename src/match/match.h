/* SPDX-License-Identifier: Apache-2.0
 *
 * Packages × store → vulnerability findings; and the exceptions that suppress findings.
 *
 *     plm_match_target(ctx, db, report, target_index, &opts, err);
 *
 * Rules: dpkg by source package and source version, apk by origin, rpm by binary name (and
 * module) with epoch; one finding per flaw and package (aliases merged, CVE id primary, all
 * provenance in `matched`). What cannot be judged becomes a diagnostic (db.no-coverage,
 * distro.unknown, distro.eol), never silence.
 */
#pragma once

#include "model/model.h"
#include "vulndb/vulndb.h"

struct plm_match_options {
    plm_sv_vec channels; /* opt-in channels: "esm", "elts" */
    bool include_withdrawn;
};

int plm_match_target(const struct plm_ctx *ctx, const struct plm_db *db, struct plm_report *r,
                     uint32_t target, const struct plm_match_options *opt, plm_err **err);

/* Why `id` does or does not touch a package: lines for people, in order, one per range that was looked at. */
int plm_match_explain(const struct plm_ctx *ctx, const struct plm_db *db, const struct plm_report *r,
                      uint32_t package, plm_sv id, const struct plm_match_options *opt, struct plm_arena *a,
                      plm_sv_vec *out, plm_err **err);

/* ---- exceptions (design.md 4.1) ---------------------------------------------------------- */

struct plm_exception {
    plm_sv id, purl, image, path, layer, base, check, object;
    plm_sv reason, owner, ticket;
    int64_t until; /* last second of its last day; 0: no end */
    plm_sv file;   /* where it was read */
    uint32_t line;
    bool used;
};

struct plm_exceptions {
    struct plm_arena *arena;
    PLM_VEC(struct plm_exception) rows;
};

struct plm_exceptions *plm_exceptions_new(plm_err **err);
void plm_exceptions_free(struct plm_exceptions *e);
PLM_CLEANUP(struct plm_exceptions, plm_exceptions_free)
/* Our YAML format; CONFIG with file and line on unknown keys and bad dates. */
int plm_exceptions_load(const struct plm_ctx *ctx, struct plm_exceptions *e, const char *path, plm_err **err);
/* Suppresses what applies, reports expired and unused ones as diagnostics. */
int plm_exceptions_apply(const struct plm_ctx *ctx, struct plm_exceptions *e, struct plm_report *r,
                         plm_err **err);
