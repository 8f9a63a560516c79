/* SPDX-License-Identifier: Apache-2.0
 *
 * Accounts of an image: /etc/passwd, /etc/group and /etc/shadow as the extractor `accounts` read them.
 */
#pragma once

#include "inspect/inspect_int.h"

extern const struct plm_extractor plm_accounts_extractor;

enum plm_uid_found { PLM_UID_NO_FILE, PLM_UID_UNKNOWN, PLM_UID_FOUND };
/* The uid of a name in the image's own /etc/passwd; the first line of that name decides, as in getpwnam. */
enum plm_uid_found plm_accounts_uid(const struct plm_analysis *an, struct plm_arena *scratch, plm_sv name,
                                    uint64_t *out);
