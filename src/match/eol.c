/* SPDX-License-Identifier: Apache-2.0
 *
 * End-of-life dates that are built in (feeds/end-of-life.tsv), for runs without an endoflife
 * feed: a release that nobody mends any more must be told from the first run on. A few hundred
 * lines, scanned once per target.
 */
#include "match/match_int.h"

#include "base/time.h"

extern const char plm_match_end_of_life[];
extern const size_t plm_match_end_of_life_n;

bool plm_match_eol_builtin(plm_sv product, plm_sv cycle, int64_t *out)
{
    plm_sv rest = plm_sv_n(plm_match_end_of_life, plm_match_end_of_life_n), line;
    while (plm_sv_line(&rest, &line)) {
        plm_sv a, b, date;
        if (plm_sv_cut(line, '\t', &a, &date) && plm_sv_cut(date, '\t', &b, &date) && plm_sv_eq(a, product) &&
            plm_sv_eq(b, cycle))
            return plm_time_parse(date, out);
    }
    return false;
}
