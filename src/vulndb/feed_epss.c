/* SPDX-License-Identifier: Apache-2.0
 *
 * EPSS scores, FIRST's daily CSV (https://www.first.org/epss/data_stats):
 *
 *     #model_version:v2025.03.14,score_date:2026-08-21T12:55:00Z
 *     cve,epss,percentile
 *     CVE-1999-0001,0.01025,0.76547
 *
 * The comment line is missing in files before 2021-04. Columns are found by name. Linear.
 */
#include "base/time.h"
#include "vulndb/feed_int.h"

enum { COLUMNS_MAX = 16, DIGITS_MAX = 15 };

struct columns {
    int cve, epss, percentile;
};

static bool find_columns(plm_sv line, struct columns *out)
{
    *out = (struct columns){-1, -1, -1};
    plm_sv field;
    for (int i = 0; i < COLUMNS_MAX && plm_sv_field(&line, ',', &field); i++) {
        field = plm_sv_trim(field);
        if (plm_sv_is(field, "cve"))
            out->cve = i;
        else if (plm_sv_is(field, "epss"))
            out->epss = i;
        else if (plm_sv_is(field, "percentile"))
            out->percentile = i;
    }
    return out->cve >= 0 && out->epss >= 0;
}

/* "0.01025", "1", "1e-05": a probability, without the locale of strtod. */
static bool probability(plm_sv s, double *out)
{
    plm_sv mantissa = s, exponent = PLM_SV_NULL;
    size_t e = plm_sv_find(s, 'e');
    if (e == SIZE_MAX)
        e = plm_sv_find(s, 'E');
    if (e != SIZE_MAX) {
        mantissa = plm_sv_sub(s, 0, e);
        exponent = plm_sv_from_off(s, e + 1);
        if (exponent.n < 2 || exponent.p[0] != '-')
            return false;
    }
    double value = 0, unit = 1;
    bool has_point = false, has_digit = false;
    for (size_t i = 0; i < mantissa.n; i++) {
        char c = mantissa.p[i];
        if (c == '.' && !has_point) {
            has_point = true;
        } else if (c >= '0' && c <= '9') {
            has_digit = true;
            if (i > DIGITS_MAX + 2)
                continue; /* beyond what a double holds */
            value = value * 10 + (c - '0');
            unit *= has_point ? 10 : 1;
        } else {
            return false;
        }
    }
    uint64_t power = 0;
    if (exponent.p && (!plm_sv_u64(plm_sv_from_off(exponent, 1), &power) || power > 300))
        return false;
    value /= unit;
    while (power-- > 0)
        value /= 10;
    *out = value;
    return has_digit && value <= 1.0;
}

/* "#model_version:v2025.03.14,score_date:2026-08-21T00:00:00+0000" */
static void take_comment(struct plm_feed_sink *s, plm_sv line)
{
    size_t at = plm_sv_find_sv(line, PLM_SV("score_date:"));
    if (at == SIZE_MAX)
        return;
    plm_sv rest = plm_sv_from_off(line, at + sizeof("score_date:") - 1), date;
    int64_t t;
    if (!plm_sv_field(&rest, ',', &date))
        return;
    date = plm_sv_trim(date);
    /* an offset without colon is not RFC 3339; the date alone is enough then */
    if (plm_time_parse(date, &t) || plm_time_parse(plm_sv_sub(date, 0, sizeof("2026-08-21") - 1), &t))
        s->as_of(s, t);
}

static bool take_row(plm_sv line, const struct columns *c, plm_sv *cve, double *score, double *percentile)
{
    plm_sv field;
    bool has_cve = false, has_score = false;
    *percentile = 0;
    for (int i = 0; i < COLUMNS_MAX && plm_sv_field(&line, ',', &field); i++) {
        field = plm_sv_trim(field);
        if (i == c->cve) {
            *cve = field;
            has_cve = plm_feed_is_cve(field);
        } else if (i == c->epss) {
            has_score = probability(field, score);
        } else if (i == c->percentile && !probability(field, percentile)) {
            return false;
        }
    }
    return has_cve && has_score;
}

static int epss_file(struct plm_feed_sink *s, const struct plm_feed_file *f, plm_err **err)
{
    plm_sv rest = f->data, line, cve;
    struct columns c = {-1, -1, -1};
    bool has_header = false;
    for (size_t n = 1; plm_sv_line(&rest, &line); n++) {
        double score, percentile;
        if (plm_sv_trim(line).n == 0)
            continue;
        if (line.p[0] == '#') {
            take_comment(s, line);
        } else if (!has_header) {
            if (!find_columns(line, &c)) {
                plm_feed_bad_line(s, f->name, n, "no header \"cve,epss,percentile\"");
                return 0;
            }
            has_header = true;
        } else if (!take_row(line, &c, &cve, &score, &percentile)) {
            plm_feed_bad_line(s, f->name, n, "not understood: %.*s", PLM_SV_ARG(line));
        } else if (s->epss(s, cve, score, percentile, err) < 0) {
            return -1;
        }
    }
    return 0;
}

static const struct plm_feed_format epss = {
    .id = "epss",
    .summary = "EPSS: probability that a CVE is exploited within 30 days",
    .upstream = "https://epss.empiricalsecurity.com/epss_scores-current.csv.gz",
    .tested = "shape from documentation",
    .globs = (const char *const[]){"**/epss_scores*.csv", "**/epss_scores*.csv.gz", NULL},
    .file = epss_file,
};
PLM_REGISTER(plm_feeds, struct plm_feed_format, epss);
