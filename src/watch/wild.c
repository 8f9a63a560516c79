/* SPDX-License-Identifier: Apache-2.0
 *
 * Patterns of the configuration of responses and drift prevention: `*` stands for anything, also for slashes;
 * nothing else is special. Linear in the text for one star, at most pattern times text.
 */
#include "respond_int.h"

bool plm_wild(plm_sv pattern, plm_sv text)
{
    size_t p = 0, t = 0, star = SIZE_MAX, mark = 0;
    while (t < text.n) {
        if (p < pattern.n && pattern.p[p] == '*') {
            star = p++;
            mark = t;
        } else if (p < pattern.n && pattern.p[p] == text.p[t]) {
            p++;
            t++;
        } else if (star != SIZE_MAX) {
            p = star + 1;
            t = ++mark;
        } else {
            return false;
        }
    }
    while (p < pattern.n && pattern.p[p] == '*')
        p++;
    return p == pattern.n;
}

bool plm_wild_any(const plm_sv *patterns, size_t n, plm_sv text)
{
    for (size_t i = 0; text.n && i < n; i++)
        if (plm_wild(patterns[i], text))
            return true;
    return false;
}
