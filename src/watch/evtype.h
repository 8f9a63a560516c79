/* SPDX-License-Identifier: Apache-2.0
 *
 * The ids of the event types as constants, PLM_EVT_openat …, for decoders that switch over them. They are the
 * indices of the table behind plm_evtype_get (evtype.c).
 */
#pragma once

#include "watch/event.h"

enum plm_evt {
#define EV(name, nr, category)      PLM_EVT_##name,
#define EVP(name, nr, category, fd) PLM_EVT_##name,
#include "watch/evtype_list.inc"
#undef EV
#undef EVP
    PLM_EVT_COUNT_
};
_Static_assert(PLM_EVT_COUNT_ <= PLM_EVTYPE_MAX, "bit sets of event types are too small");
