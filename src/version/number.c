/* SPDX-License-Identifier: Apache-2.0
 *
 * Decimal numbers without a size limit: dates and hashes in versions exceed 64 bits.
 */
#include "version_int.h"

plm_sv plm_version_take_digits(plm_sv *rest)
{
    size_t n = 0;
    while (n < rest->n && version_is_digit(rest->p[n]))
        n++;
    plm_sv digits = plm_sv_sub(*rest, 0, n);
    *rest = plm_sv_from_off(*rest, n);
    return digits;
}

plm_sv plm_version_strip_zeros(plm_sv digits)
{
    size_t n = 0;
    while (n < digits.n && digits.p[n] == '0')
        n++;
    return plm_sv_from_off(digits, n);
}

int plm_version_cmp_digits(plm_sv a, plm_sv b)
{
    a = plm_version_strip_zeros(a);
    b = plm_version_strip_zeros(b);
    if (a.n != b.n)
        return a.n < b.n ? -1 : 1;
    return a.n ? memcmp(a.p, b.p, a.n) : 0;
}

void plm_version_put_digits(struct plm_buf *key, plm_sv digits)
{
    plm_sv s = plm_version_strip_zeros(digits);
    if (s.n < 255) {
        plm_buf_byte(key, (unsigned char)s.n);
    } else {
        plm_buf_byte(key, 255);
        for (unsigned shift = 64; shift > 0; shift -= 8)
            plm_buf_byte(key, (unsigned char)((uint64_t)s.n >> (shift - 8)));
    }
    plm_buf_sv_put(key, s);
}
