/* SPDX-License-Identifier: Apache-2.0
 *
 * What the image checks share with others and with their tests.
 */
#pragma once

#include "audit/facts.h"
#include "base/buf.h"
#include "base/fs.h"

#include <fcntl.h>

enum plm_user_kind {
    PLM_USER_ROOT,  /* empty, root, or uid 0 in any spelling ("0:0", "+0", "00") */
    PLM_USER_OTHER, /* another number */
    PLM_USER_NAMED, /* a name: the image's passwd decides */
};
/* What a `user[:group]` of a config is; out_name: the part before the colon. */
enum plm_user_kind plm_user_kind(plm_sv user, plm_sv *out_name);
/* "registry.example:5000" of a reference; names without a host are docker.io's. */
plm_sv plm_image_registry(plm_sv reference);
/* The scan of this image in the report, or NULL. */
const struct plm_target *plm_image_scan(const struct plm_checking *k, uint32_t *out_index);
/* No scan: said once for the check, as what it is. */
void plm_image_say_no_scan(struct plm_checking *k);
/* Judges of one history step (CreatedBy). */
bool plm_step_only_refreshes(plm_sv step, bool is_first);
bool plm_step_adds(plm_sv step, bool is_first);
bool plm_step_is_unverified(plm_sv step, bool is_first);
