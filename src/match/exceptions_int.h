/* SPDX-License-Identifier: Apache-2.0
 *
 * Inside the exceptions: what the readers of other tools' ignore files share. A row that says more
 * than an exception can is skipped by name, never widened: nothing is suppressed that its own tool would
 * have shown.
 */
#pragma once

#include "match/match.h"

/* A new row with its file, line and "any" values, a null reason and id; NULL if the arena failed. */
struct plm_exception *plm_foreign_row(struct plm_exceptions *e, const char *name, uint32_t line);
void plm_foreign_skip(struct plm_exceptions *e, const char *name, uint32_t line, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
/* The other tools end a row at an instant, ours after a last day: the last day that lies before it whole.
 * False: not a time. */
bool plm_foreign_until(struct plm_exceptions *e, struct plm_exception *x, plm_sv text);
/* A pattern of paths as ours: relative ones stand below the root. */
plm_sv plm_foreign_path(struct plm_exceptions *e, plm_sv path);
/* A regular expression as a pattern of ours, where it is simple enough to be one; null: it is not. */
plm_sv plm_foreign_glob(struct plm_exceptions *e, plm_sv regex, bool is_anchored);
/* Text as it stands in a purl. */
void plm_foreign_purl_put(struct plm_buf *b, plm_sv text);

typedef int plm_foreign_reader(const struct plm_ctx *ctx, struct plm_exceptions *e, plm_sv text,
                               const char *name, plm_err **err);
plm_foreign_reader plm_foreign_trivyignore, plm_foreign_trivyignore_yaml, plm_foreign_grype,
    plm_foreign_osv_scanner, plm_foreign_gitleaksignore, plm_foreign_gitleaks, plm_foreign_hadolint;
