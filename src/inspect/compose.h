/* SPDX-License-Identifier: Apache-2.0
 *
 * Compose files (the Compose Specification; docker-compose.yml, compose.yaml): what the services of a file
 * will be started with, judged by the checks that the audit applies to containers that run.
 *
 *     if (plm_compose_sniff(name, head)) ...                     // is it one?
 *     plm_compose_check(ctx, text, name, &opt, report, target, err);
 *
 * Pure: nothing but the text is read; files that it includes or extends from are a diagnostic
 * (compose.elsewhere). A file that is not valid is the diagnostic compose.malformed, and the target
 * incomplete.
 */
#pragma once

#include "inspect/inspect.h"

/* By its base name (docker-compose*.yml, compose*.yaml ...), else by a top-level `services:` whose first
 * lines say so. */
bool plm_compose_sniff(plm_sv name, plm_sv head);

/* Findings of kind misconfiguration, rows of checks and diagnostics into the report's target. Errors: OOM. */
int plm_compose_check(const struct plm_ctx *ctx, plm_sv text, plm_sv name,
                      const struct plm_inspect_options *opt, struct plm_report *r, uint32_t target,
                      plm_err **err);
