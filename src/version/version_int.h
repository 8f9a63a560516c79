/* SPDX-License-Identifier: Apache-2.0
 *
 * What the scheme files share: numbers of any length, compared and encoded the same way.
 */
#pragma once

#include "version/version.h"

static inline bool version_is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static inline bool version_is_lower(char c)
{
    return c >= 'a' && c <= 'z';
}

static inline bool version_is_alpha(char c)
{
    return version_is_lower(c) || (c >= 'A' && c <= 'Z');
}

/* Takes the run of digits off the front of *rest. */
plm_sv plm_version_take_digits(plm_sv *rest);
/* The digits without leading zeros; empty for zero. */
plm_sv plm_version_strip_zeros(plm_sv digits);
/* Numeric order of two runs of digits of any length. */
int plm_version_cmp_digits(plm_sv a, plm_sv b);
/* Appends the number so that keys order as the numbers do: number of significant digits
 * (one byte below 255, else 255 and eight bytes), then the digits. Zero is one byte 0. */
void plm_version_put_digits(struct plm_buf *key, plm_sv digits);
