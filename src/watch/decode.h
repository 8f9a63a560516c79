/* SPDX-License-Identifier: Apache-2.0
 *
 * Records of the kernel programs (wire.h) into items: events with all parameters of their type, and tasks.
 * The bytes are not trusted: every length is checked, what is missing or malformed is left out or refused,
 * never guessed.
 *
 *     plm_auto(plm_decoder_free) struct plm_decoder *d = plm_decoder_new(0, err);
 *     if (plm_decode(d, record, &item, err) < 0) ...        // EVENT, IO_URING, TASK or NONE
 *
 * What an item points to lies in the record and in the decoder: good until the next call.
 */
#pragma once

#include "watch/source.h"

struct plm_decoder;

/* boot: nanoseconds of the epoch at boot, for the records' CLOCK_BOOTTIME; 0: asked of the clocks, now and
 * again every minute of the records' time. */
struct plm_decoder *plm_decoder_new(uint64_t boot, plm_err **err);
void plm_decoder_free(struct plm_decoder *d);
PLM_CLEANUP(struct plm_decoder, plm_decoder_free)
/* The size that a record claims, for walking a buffer of them; 0: not even a head. */
size_t plm_decode_size(plm_sv bytes);
/* One record. PARSE: malformed (the item is NONE then). Events are numbered from 1 in the order of the calls.
 * A fork whose call is not known (nr -1) is a TASK. */
int plm_decode(struct plm_decoder *d, plm_sv record, struct plm_item *out, plm_err **err);
/* The moment of the record on the clock of events; 0: malformed. */
uint64_t plm_decode_time(const struct plm_decoder *d, plm_sv record);
