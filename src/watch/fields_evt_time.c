/* SPDX-License-Identifier: Apache-2.0
 *
 * The times of an event. Texts are in local time but for the ISO 8601 one.
 */
#include "watch/field_int.h"

#include "base/buf.h"

#include <time.h>

enum { NS = 1000000000 };

void plm_time_text(uint64_t ns, bool with_date, bool with_ns, struct plm_buf *out)
{
    time_t s = (time_t)(ns / NS);
    struct tm tm = {0};
    localtime_r(&s, &tm);
    if (with_date)
        plm_buf_printf(out, "%04d-%02d-%02d ", tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday);
    plm_buf_printf(out, "%02d:%02d:%02d", tm.tm_hour, tm.tm_min, tm.tm_sec);
    if (with_ns)
        plm_buf_printf(out, ".%09u", (unsigned)(ns % NS));
}

void plm_time_iso(uint64_t ns, const char *zone, struct plm_buf *out)
{
    time_t s = (time_t)(ns / NS);
    struct tm tm = {0};
    gmtime_r(&s, &tm);
    plm_buf_printf(out, "%04d-%02d-%02dT%02d:%02d:%02d.%09u%s", tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday,
                   tm.tm_hour, tm.tm_min, tm.tm_sec, (unsigned)(ns % NS), zone);
}

static int put_text(const struct plm_view *view, struct plm_values *out, bool with_date, bool with_ns)
{
    plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(PLM_FIELD_TEXT_MAX);
    if (!view->event)
        return 0;
    plm_time_text(view->event->ts, with_date, with_ns, &b);
    return plm_field_buf(view, out, &b);
}
GETTER(get_time)
{
    return put_text(view, out, false, true);
}
GETTER(get_time_s)
{
    return put_text(view, out, false, false);
}
GETTER(get_datetime)
{
    return put_text(view, out, true, true);
}
GETTER(get_datetime_s)
{
    return put_text(view, out, true, false);
}
GETTER(get_iso)
{
    plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(PLM_FIELD_TEXT_MAX);
    if (!view->event)
        return 0;
    plm_time_iso(view->event->ts, "+0000", &b);
    return plm_field_buf(view, out, &b);
}

/* A number of nanoseconds: all of it, the whole seconds, the rest. */
enum part { ALL, SECONDS, REST };
static int put_part(const struct plm_view *view, struct plm_values *out, uint64_t ns, enum part part)
{
    if (!view->event)
        return 0;
    return plm_field_u64(view, out, part == ALL ? ns : part == SECONDS ? ns / NS : ns % NS);
}
static uint64_t raw(const struct plm_view *view)
{
    return view->event ? view->event->ts : 0;
}
static uint64_t since_first(const struct plm_view *view)
{
    return view->first_ts && raw(view) > view->first_ts ? raw(view) - view->first_ts : 0;
}
static uint64_t since_previous(const struct plm_view *view)
{
    return view->previous_ts && raw(view) > view->previous_ts ? raw(view) - view->previous_ts : 0;
}
#define PART(fn, ns, part)                                                                                   \
    GETTER(fn)                                                                                               \
    {                                                                                                        \
        return put_part(view, out, ns(view), part);                                                          \
    }
PART(get_raw, raw, ALL)
PART(get_raw_s, raw, SECONDS)
PART(get_raw_ns, raw, REST)
PART(get_rel, since_first, ALL)
PART(get_rel_s, since_first, SECONDS)
PART(get_rel_ns, since_first, REST)
PART(get_delta, since_previous, ALL)
PART(get_delta_s, since_previous, SECONDS)
PART(get_delta_ns, since_previous, REST)

/* Milliseconds between the event and the time in the argument. */
GETTER(get_around)
{
    if (!view->event)
        return 0;
    uint64_t at = 0, ts = view->event->ts;
    if (!plm_sv_u64(ref->key, &at))
        return 0;
    return plm_field_u64(view, out, (ts > at ? ts - at : at - ts) / 1000000);
}
static int check_around(struct plm_fieldref *ref, plm_err **err)
{
    uint64_t at;
    if (!plm_sv_u64(ref->key, &at))
        return plm_fail(err, PLM_E_PARSE, "evt.around: %.*s is no time in nanoseconds", PLM_SV_ARG(ref->key));
    return 0;
}

// clang-format off
static const struct plm_field fields[] = {
    {"evt.around", PLM_V_U64, PLM_F_ARG_KEY | PLM_F_ARG_NEEDED | PLM_F_FILTER_ONLY | PLM_F_NO_RHS, "Milliseconds between the event and a time: evt.around[NANOSECONDS] <= 500", .get = get_around, .check = check_around},
    {"evt.datetime", PLM_V_STR, 0, "Local date and time with nanoseconds", .get = get_datetime},
    {"evt.datetime.s", PLM_V_STR, 0, "Local date and time", .get = get_datetime_s},
    {"evt.deltatime", PLM_V_RELTIME, 0, "Nanoseconds since the previous event", .get = get_delta},
    {"evt.deltatime.ns", PLM_V_RELTIME, 0, "Nanoseconds of that below a second", .get = get_delta_ns},
    {"evt.deltatime.s", PLM_V_RELTIME, 0, "Whole seconds of that", .get = get_delta_s},
    {"evt.outputtime", PLM_V_STR, 0, "Local time with nanoseconds", .get = get_time},
    {"evt.rawtime", PLM_V_ABSTIME, 0, "Nanoseconds since the epoch", .get = get_raw},
    {"evt.rawtime.ns", PLM_V_ABSTIME, 0, "Nanoseconds of that below a second", .get = get_raw_ns},
    {"evt.rawtime.s", PLM_V_ABSTIME, 0, "Whole seconds of that", .get = get_raw_s},
    {"evt.reltime", PLM_V_RELTIME, 0, "Nanoseconds since the first event", .get = get_rel},
    {"evt.reltime.ns", PLM_V_RELTIME, 0, "Nanoseconds of that below a second", .get = get_rel_ns},
    {"evt.reltime.s", PLM_V_RELTIME, 0, "Whole seconds of that", .get = get_rel_s},
    {"evt.time", PLM_V_STR, 0, "Local time with nanoseconds; in JSON a number of nanoseconds", .get = get_time},
    {"evt.time.iso8601", PLM_V_STR, 0, "Time as ISO 8601 in UTC; in JSON a number of nanoseconds", .get = get_iso},
    {"evt.time.s", PLM_V_STR, 0, "Local time without nanoseconds", .get = get_time_s},
    {.name = NULL},
};
// clang-format on
static const struct plm_field_class class = {"evt", "Times of the event", fields};
PLM_REGISTER(plm_field_classes, struct plm_field_class, class);
