/* SPDX-License-Identifier: Apache-2.0
 *
 * What the files of the pipeline share.
 */
#pragma once

#include "scan/scan.h"

/* Do the inspectors run for this source? */
bool plm_scan_inspects(const struct plm_scan_options *opt, enum plm_scheme_kind kind);
/* Findings and facts of one target (scan/facts.c), after its packages and vulnerabilities. */
int plm_scan_inspect(const struct plm_ctx *ctx, const struct plm_source *src,
                     const struct plm_scan_options *opt, const struct plm_analysis *a, struct plm_report *r,
                     uint32_t target, plm_err **err);
/* Sources that are no image but a text to be judged (scan/text_source.c). */
bool plm_scan_is_text(enum plm_scheme_kind kind);
int plm_scan_text(const struct plm_ctx *ctx, const struct plm_source *src, const struct plm_scan_options *opt,
                  struct plm_report *r, plm_err **err);
/* The parts of the facts that come from the finished report. */
int plm_scan_fill_facts(const struct plm_scan_options *opt, struct plm_report *r, plm_err **err);

/* Marks the layers of a target that belong to an image that was scanned before (scan/base.c), and remembers
 * the target for others. */
int plm_scan_detect_base(const struct plm_ctx *ctx, struct plm_target *t, plm_err **err);
