/* SPDX-License-Identifier: Apache-2.0
 *
 * What the files of transformers share.
 */
#pragma once

#include "watch/condition_int.h"
#include "watch/output_format.h"

/* All values of an argument as texts. False: it has none. */
bool plm_transform_texts(const struct plm_operand *o, const struct plm_view *view, plm_sv_vec *out);
/* getopt(list, "optstring") and getopt(...)[c]. */
int plm_transform_getopt(const struct plm_operand *o, const struct plm_view *view, struct plm_values *out);
