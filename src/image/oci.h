/* SPDX-License-Identifier: Apache-2.0
 *
 * OCI content inside src/image: choosing from an index, filling a plan from a manifest.
 */
#pragma once

#include "image/doc.h"
#include "image/image_int.h"

/* From the text of an index.json (an image layout's entry point) to a plan. `tag` may be null. */
int plm_oci_plan_index(const struct plm_ctx *ctx, const struct plm_image_options *opt,
                       const struct plm_blobs *blobs, plm_sv text, plm_sv tag, struct plm_plan *plan,
                       plm_err **err);
/* The descriptor that an index offers for a platform (null: this machine's; an only one is taken as it is).
 * Attestations are passed over. `tag`: only those of that name. */
const struct plm_doc_descriptor *plm_oci_choose(const struct plm_doc_oci *index, plm_sv platform, plm_sv tag,
                                                plm_err **err);
/* "linux/arm/v7" against what a descriptor or config says; missing variants stand for the usual one. */
bool plm_platform_fits(plm_sv want, plm_sv os, plm_sv arch, plm_sv variant);
/* A bounded read of a range, for documents. */
int plm_extent_read(const struct plm_ctx *ctx, const struct plm_extent *x, struct plm_buf *out,
                    plm_err **err);
/* Is what starts there compressed? (first bytes only) */
bool plm_extent_is_plain(int fd, uint64_t offset, uint64_t bytes);
