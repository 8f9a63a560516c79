/* SPDX-License-Identifier: Apache-2.0
 *
 * What responses and drift prevention share.
 */
#pragma once

#include "watch/alert.h"

/* A pattern with *, over everything. */
bool plm_wild(plm_sv pattern, plm_sv text);
/* Never true for an empty text. */
bool plm_wild_any(const plm_sv *patterns, size_t n, plm_sv text);
/* Whether this process has the capability (linux/capability.h) in its effective set. */
bool plm_has_capability(unsigned cap);
