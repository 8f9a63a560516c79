/* SPDX-License-Identifier: Apache-2.0
 *
 * The configuration keys of the image checks (inspect.*, audit.allowed-*) as options of src/inspect.
 */
#pragma once

#include "config/config.h"
#include "inspect/inspect.h"

/* Adds to *io what the configuration says; views live in the arena and the configuration. */
int plm_inspect_options_read(const struct plm_config *c, struct plm_arena *a, struct plm_inspect_options *io,
                             plm_err **err);
