/* SPDX-License-Identifier: Apache-2.0
 *
 * Dates by the civil-from-days algorithm (400-year eras), so nothing depends on the C
 * library's time zone state.
 */
#include "base/time.h"

#include <time.h>

static bool is_leap(int y)
{
    return (y % 4 == 0 && y % 100 != 0) || y % 400 == 0;
}

bool plm_time_days(int year, unsigned month, unsigned day, int64_t *out)
{
    static const unsigned char len[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    if (year < 1 || year > 9999 || month < 1 || month > 12 || day < 1)
        return false;
    if (day > len[month - 1] + (month == 2 && is_leap(year) ? 1u : 0u))
        return false;
    int y = year - (month <= 2);
    int64_t era = y / 400;
    unsigned yoe = (unsigned)(y - (int)era * 400);
    unsigned doy = (153 * (month + (month > 2 ? -3u : 9u)) + 2) / 5 + day - 1;
    unsigned doe = yoe * 365 + yoe / 4 - yoe / 100 + doy;
    *out = era * 146097 + (int64_t)doe - 719468;
    return true;
}

static bool digits(plm_sv *s, size_t n, unsigned *out)
{
    uint64_t v;
    if (s->n < n || !plm_sv_u64(plm_sv_sub(*s, 0, n), &v))
        return false;
    *s = plm_sv_from_off(*s, n);
    *out = (unsigned)v;
    return true;
}

static bool take(plm_sv *s, char c)
{
    if (s->n == 0 || s->p[0] != c)
        return false;
    *s = plm_sv_from_off(*s, 1);
    return true;
}

/* "+02:00", "+0200" or "Z"; seconds east of UTC. */
static bool zone(plm_sv *s, int64_t *out)
{
    unsigned h, m;
    if (take(s, 'Z') || take(s, 'z')) {
        *out = 0;
        return true;
    }
    int sign = take(s, '+') ? 1 : take(s, '-') ? -1 : 0;
    if (!sign || !digits(s, 2, &h))
        return false;
    (void)take(s, ':');
    if (!digits(s, 2, &m) || h > 23 || m > 59)
        return false;
    *out = sign * (int64_t)(h * 3600 + m * 60);
    return true;
}

static bool clock_part(plm_sv *s, int64_t *out)
{
    unsigned h, m, sec;
    if (!digits(s, 2, &h) || !take(s, ':') || !digits(s, 2, &m) || !take(s, ':') || !digits(s, 2, &sec))
        return false;
    if (h > 23 || m > 59 || sec > 60)
        return false;
    *out = (int64_t)(h * 3600 + m * 60 + sec);
    return true;
}

bool plm_time_parse(plm_sv s, int64_t *out)
{
    unsigned y, m, d;
    int64_t days, day_seconds = 0, east = 0;
    if (!digits(&s, 4, &y) || !take(&s, '-') || !digits(&s, 2, &m) || !take(&s, '-') || !digits(&s, 2, &d))
        return false;
    if (!plm_time_days((int)y, m, d, &days))
        return false;
    if (s.n) {
        if (!take(&s, 'T') && !take(&s, 't') && !take(&s, ' '))
            return false;
        if (!clock_part(&s, &day_seconds))
            return false;
        if (take(&s, '.'))
            while (s.n && s.p[0] >= '0' && s.p[0] <= '9')
                s = plm_sv_from_off(s, 1);
        if (s.n && !zone(&s, &east))
            return false;
        if (s.n)
            return false;
    }
    *out = days * 86400 + day_seconds - east;
    return true;
}

bool plm_time_parse_rfc2822(plm_sv s, int64_t *out)
{
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    plm_sv head, tail, word;
    if (plm_sv_cut(s, ',', &head, &tail))
        s = tail;
    uint64_t day, year;
    int64_t days, secs = 0, east = 0;
    if (!plm_sv_word(&s, &word) || !plm_sv_u64(word, &day) || !plm_sv_word(&s, &word) || word.n < 3)
        return false;
    size_t month = 0;
    while (month < 12 && memcmp(months + 3 * month, word.p, 3) != 0)
        month++;
    if (month == 12 || !plm_sv_word(&s, &word) || !plm_sv_u64(word, &year) || year > 9999 || day > 31)
        return false;
    if (!plm_time_days((int)year, (unsigned)month + 1, (unsigned)day, &days))
        return false;
    if (plm_sv_word(&s, &word)) {
        plm_sv t = word;
        /* Debian writes hours without a leading zero in some Release files. */
        char fixed[9] = "0";
        if (t.n == 7) {
            memcpy(fixed + 1, t.p, 7);
            t = plm_sv_n(fixed, 8);
        }
        if (!clock_part(&t, &secs) || t.n)
            return false;
    }
    if (plm_sv_word(&s, &word) && !plm_sv_is(word, "GMT") && !plm_sv_is(word, "UTC") && !zone(&word, &east))
        return false;
    *out = days * 86400 + secs - east;
    return true;
}

static void civil(int64_t days, int64_t *y, unsigned *m, unsigned *d)
{
    days += 719468;
    int64_t era = (days >= 0 ? days : days - 146096) / 146097;
    unsigned doe = (unsigned)(days - era * 146097);
    unsigned yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
    unsigned doy = doe - (365 * yoe + yoe / 4 - yoe / 100), mp = (5 * doy + 2) / 153;
    *d = doy - (153 * mp + 2) / 5 + 1;
    *m = mp < 10 ? mp + 3 : mp - 9;
    *y = (int64_t)yoe + era * 400 + (*m <= 2);
}

void plm_time_put_date(struct plm_buf *b, int64_t t)
{
    int64_t y, days = t / 86400 - (t % 86400 < 0);
    unsigned m, d;
    civil(days, &y, &m, &d);
    plm_buf_printf(b, "%04lld-%02u-%02u", (long long)y, m, d);
}

void plm_time_put(struct plm_buf *b, int64_t t)
{
    int64_t in_day = t % 86400;
    unsigned s = (unsigned)(in_day < 0 ? in_day + 86400 : in_day);
    plm_time_put_date(b, t);
    plm_buf_printf(b, "T%02u:%02u:%02uZ", s / 3600, s / 60 % 60, s % 60);
}

bool plm_duration_parse(plm_sv s, uint64_t *out_ms)
{
    uint64_t total = 0, v;
    if (plm_sv_is(s, "none")) {
        *out_ms = UINT64_MAX;
        return true;
    }
    if (s.n == 0)
        return false;
    while (s.n) {
        size_t n = 0;
        while (n < s.n && s.p[n] >= '0' && s.p[n] <= '9')
            n++;
        if (!plm_sv_u64(plm_sv_sub(s, 0, n), &v))
            return false;
        s = plm_sv_from_off(s, n);
        n = 0;
        while (n < s.n && s.p[n] >= 'a' && s.p[n] <= 'z')
            n++;
        plm_sv unit = plm_sv_sub(s, 0, n);
        uint64_t ms = plm_sv_is(unit, "ms")                 ? 1
                      : unit.n == 0 || plm_sv_is(unit, "s") ? 1000
                      : plm_sv_is(unit, "m")                ? 60000
                      : plm_sv_is(unit, "h")                ? 3600000
                      : plm_sv_is(unit, "d")                ? 86400000
                      : plm_sv_is(unit, "w")                ? 604800000
                                                            : 0;
        if (!ms || (unit.n == 0 && s.n))
            return false;
        if (__builtin_mul_overflow(v, ms, &v) || __builtin_add_overflow(total, v, &total))
            return false;
        s = plm_sv_from_off(s, n);
    }
    *out_ms = total;
    return true;
}

uint64_t plm_clock_ms(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}
