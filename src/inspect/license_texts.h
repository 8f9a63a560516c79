/* SPDX-License-Identifier: Apache-2.0
 *
 * Which license a text is, by our own fingerprints.
 */
#pragma once

#include "base/buf.h"

/* The SPDX expression of a license text, or a null view where it is not recognised. Static. */
plm_sv plm_license_of_text(plm_sv text);
