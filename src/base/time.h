/* SPDX-License-Identifier: Apache-2.0
 *
 * Instants are int64_t seconds since the epoch, UTC. No time zones, no locale.
 */
#pragma once

#include "base/buf.h"
#include "base/sv.h"

/* RFC 3339: "2026-11-24T11:25:00Z", with offset, fraction (dropped), or a plain date (midnight). */
bool plm_time_parse(plm_sv s, int64_t *out);
/* RFC 822 / RFC 2822 as in HTTP, Debian Release files and changelogs: "Sat, 17 May 2025 10:00:00 UTC" or
 * "+0200". */
bool plm_time_parse_rfc2822(plm_sv s, int64_t *out);
/* "2026-11-24T11:25:00Z" and "2026-11-24". */
void plm_time_put(struct plm_buf *b, int64_t t);
void plm_time_put_date(struct plm_buf *b, int64_t t);
/* Days since the epoch of a proleptic Gregorian date; false if there is no such date. */
bool plm_time_days(int year, unsigned month, unsigned day, int64_t *out);
/* "90s", "15m", "12h", "5d", "2w", "1h30m"; a plain number is seconds. "none" is UINT64_MAX. */
bool plm_duration_parse(plm_sv s, uint64_t *out_ms);
/* Monotonic milliseconds, for measuring. */
uint64_t plm_clock_ms(void);
