/* SPDX-License-Identifier: Apache-2.0
 *
 * What the files of the pipeline share.
 */
#pragma once

#include "scan/scan.h"

/* Marks the layers of a target that belong to an image that was scanned before (scan/base.c), and remembers
 * the target for others. */
int plm_scan_detect_base(const struct plm_ctx *ctx, struct plm_target *t, plm_err **err);
