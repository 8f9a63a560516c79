/* SPDX-License-Identifier: Apache-2.0
 *
 * What the files of fields share. A getter is written as
 *
 *     GETTER(get_tty)
 *     {
 *         return plm_field_u64(view, out, view->thread->info.tty);
 *     }
 *
 * and returns 0 with no value added where there is none.
 */
#pragma once

#include "watch/field.h"

#define GETTER(name)                                                                                         \
    static int name(const struct plm_view *view __attribute__((unused)),                                     \
                    const struct plm_fieldref *ref __attribute__((unused)),                                  \
                    struct plm_values *out __attribute__((unused)))

#define PLM_ANCESTORS_MAX 64

/* One more value; a null view is none. -1: out of memory. */
int plm_field_str(const struct plm_view *view, struct plm_values *out, plm_sv s);
int plm_field_u64(const struct plm_view *view, struct plm_values *out, uint64_t u);
int plm_field_i64(const struct plm_view *view, struct plm_values *out, int64_t i);
int plm_field_bool(const struct plm_view *view, struct plm_values *out, bool b);
int plm_field_ip(const struct plm_view *view, struct plm_values *out, const struct plm_ip *ip);
/* Text that was put together: a copy in the view's arena. -1 also when the buffer failed. */
int plm_field_buf(const struct plm_view *view, struct plm_values *out, const struct plm_buf *b);
#define PLM_FIELD_TEXT_MAX PLM_MIB(1)
/* The getter of fields that nothing fills. */
int plm_field_none(const struct plm_view *view, const struct plm_fieldref *ref, struct plm_values *out);

/* Takes the next NUL-ended string off *rest; false at the end. */
bool plm_strings_next(plm_sv *rest, plm_sv *out);

/* The process of a thread: its group's leader, itself where that is not known. */
static inline const struct plm_thread *plm_thread_process(const struct plm_thread *t)
{
    return t->leader ? t->leader : t;
}
/* Parameter of the event by name; NULL: the event has none of that name, or it is not there. */
const struct plm_param *plm_event_param(const struct plm_event *e, const char *name);
/* Path parameter: absolute where that is known, else as given; null: none. */
plm_sv plm_event_path(const struct plm_event *e, const char *name);
/* The path of open, openat, openat2, open_by_handle_at or creat. */
const struct plm_param *plm_event_open_path(const struct plm_event *e);
/* "10:02:11.004210337" (local), "2026-07-01T10:02:11.004210337+0000", in out. */
void plm_time_text(uint64_t ns, bool with_date, bool with_ns, struct plm_buf *out);
void plm_time_iso(uint64_t ns, const char *zone, struct plm_buf *out);
/* First 12 characters of the container's id, "host" on the host. */
plm_sv plm_thread_container_id(const struct plm_thread *t);
/* Names of users and groups; "<NA>" where they are not known. */
plm_sv plm_view_user(const struct plm_view *view, uint32_t uid);
plm_sv plm_view_group(const struct plm_view *view, uint32_t gid);
