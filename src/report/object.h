/* SPDX-License-Identifier: Apache-2.0
 *
 * JSON objects into a buffer, for the formats that are JSON (json, jsonl, sarif). Not known is null, or left
 * out (the _extra forms).
 *
 *     struct plm_obj o = plm_obj_open(b);
 *     plm_obj_text(&o, "id", f->id);
 *     struct plm_obj at = plm_obj_sub(&o, "location");
 *     ...
 *     plm_obj_close(&at);
 *     plm_obj_close(&o);
 */
#pragma once

#include "report_int.h"

/* A writer that knows when a comma is due: `first` is true at the start of each object. */
struct plm_obj {
    struct plm_buf *b;
    bool first;
};

static inline struct plm_obj plm_obj_open(struct plm_buf *b)
{
    plm_buf_byte(b, '{');
    return (struct plm_obj){b, true};
}

static inline void plm_obj_key(struct plm_obj *o, const char *name)
{
    plm_buf_printf(o->b, "%s\"%s\":", o->first ? "" : ",", name);
    o->first = false;
}

static inline void plm_obj_close(struct plm_obj *o)
{
    plm_buf_byte(o->b, '}');
}

/* The value of a key that is an object of its own. */
static inline struct plm_obj plm_obj_sub(struct plm_obj *o, const char *name)
{
    plm_obj_key(o, name);
    return plm_obj_open(o->b);
}

struct plm_arr {
    struct plm_buf *b;
    bool first;
};

static inline struct plm_arr plm_obj_list(struct plm_obj *o, const char *name)
{
    plm_obj_key(o, name);
    plm_buf_byte(o->b, '[');
    return (struct plm_arr){o->b, true};
}

/* Before each element. */
static inline void plm_arr_next(struct plm_arr *a)
{
    plm_buf_str(a->b, a->first ? "" : ",");
    a->first = false;
}

static inline struct plm_obj plm_arr_object(struct plm_arr *a)
{
    plm_arr_next(a);
    return plm_obj_open(a->b);
}

static inline void plm_arr_close(struct plm_arr *a)
{
    plm_buf_byte(a->b, ']');
}

static inline void plm_obj_value(struct plm_buf *b, plm_sv s)
{
    if (s.p)
        plm_text_json(b, s);
    else
        plm_buf_str(b, "null");
}

static inline void plm_obj_text(struct plm_obj *o, const char *name, plm_sv s)
{
    plm_obj_key(o, name);
    plm_obj_value(o->b, s);
}

/* Left out where not known. */
static inline void plm_obj_extra(struct plm_obj *o, const char *name, plm_sv s)
{
    if (s.p)
        plm_obj_text(o, name, s);
}

static inline void plm_obj_word(struct plm_obj *o, const char *name, const char *s)
{
    plm_obj_text(o, name, plm_sv_from(s));
}

static inline void plm_obj_number(struct plm_obj *o, const char *name, uint64_t v)
{
    plm_obj_key(o, name);
    plm_buf_printf(o->b, "%llu", (unsigned long long)v);
}

static inline void plm_obj_flag(struct plm_obj *o, const char *name, bool v)
{
    plm_obj_key(o, name);
    plm_buf_str(o->b, v ? "true" : "false");
}

/* Negative: not known. So is what no score can be: JSON has no infinity. */
static inline void plm_obj_real(struct plm_obj *o, const char *name, double v)
{
    plm_obj_key(o, name);
    if (!(v >= 0 && v <= PLM_REPORT_NUMBER_MAX))
        plm_buf_str(o->b, "null");
    else
        plm_report_number(o->b, v);
}

static inline void plm_obj_index(struct plm_obj *o, const char *name, uint32_t v)
{
    plm_obj_key(o, name);
    if (v == PLM_NONE)
        plm_buf_str(o->b, "null");
    else
        plm_buf_printf(o->b, "%u", v);
}

static inline void plm_obj_instant(struct plm_obj *o, const char *name, int64_t t)
{
    plm_obj_key(o, name);
    if (t == 0) {
        plm_buf_str(o->b, "null");
        return;
    }
    plm_buf_byte(o->b, '"');
    plm_time_put(o->b, t);
    plm_buf_byte(o->b, '"');
}

static inline void plm_obj_instant_extra(struct plm_obj *o, const char *name, int64_t t)
{
    if (t)
        plm_obj_instant(o, name, t);
}

static inline void plm_obj_texts(struct plm_obj *o, const char *name, const plm_sv_vec *v)
{
    struct plm_arr list = plm_obj_list(o, name);
    for (size_t i = 0; i < v->n; i++) {
        plm_arr_next(&list);
        plm_obj_value(o->b, v->v[i]);
    }
    plm_arr_close(&list);
}
