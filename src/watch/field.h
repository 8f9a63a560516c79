/* SPDX-License-Identifier: Apache-2.0
 *
 * Fields of conditions and outputs: one row each (falco-rules.md part 4), `{name, type, flags, get, help}`.
 * A getter appends zero or more values; none means "no value", and then every check is false. Fields that
 * only plugins fill stand in the table too, marked PLM_F_PLUGIN: they have no value here and are listed so.
 */
#pragma once

#include "base/buf.h"
#include "base/register.h"
#include "watch/event.h"
#include "watch/meta.h"
#include "watch/proc.h"

enum plm_vtype {
    PLM_V_STR,
    PLM_V_PATH, /* a string that is a path: pmatch, basename */
    PLM_V_I64,
    PLM_V_U64,
    PLM_V_BOOL,
    PLM_V_IP,
    PLM_V_NET, /* values are addresses, operands are nets */
    PLM_V_PORT,
    PLM_V_BYTES,
    PLM_V_RELTIME, /* u64 nanoseconds */
    PLM_V_ABSTIME, /* u64 nanoseconds since the epoch */
};

struct plm_value {
    union {
        plm_sv s;
        int64_t i;
        uint64_t u; /* U64, PORT, RELTIME, ABSTIME */
        bool b;
        struct plm_ip ip;
    };
};

/* At most `max` of them are kept (64); a longer list is cut and counted. */
struct plm_values {
    struct plm_value *v;
    size_t n, cap;
};

struct plm_hosts; /* watch/hosts.h */

/* What an evaluation may read. */
struct plm_view {
    const struct plm_event *event;
    struct plm_thread *thread; /* never NULL; not const: the matcher keeps its cache there */
    struct plm_procs *procs;
    struct plm_meta *meta;          /* NULL: none */
    struct plm_arena *arena;        /* scratch, reset after the event */
    uint64_t first_ts, previous_ts; /* of the stream: evt.reltime, evt.deltatime */
    plm_sv hostname;
    const struct plm_ip *local_ips; /* of this machine's interfaces */
    size_t n_local_ips;
    struct plm_hosts *hosts; /* addresses of host names; NULL: none is known */
    bool is_live;            /* the processes are those of this machine, now: /proc may be asked */
};

enum {
    PLM_F_LIST = 1 << 0,        /* many values: only in, intersects, exists */
    PLM_F_NO_RHS = 1 << 1,      /* may not be compared with another field */
    PLM_F_FILTER_ONLY = 1 << 2, /* not in outputs */
    PLM_F_ARG_INDEX = 1 << 3,   /* [N] allowed */
    PLM_F_ARG_KEY = 1 << 4,     /* [NAME] allowed */
    PLM_F_ARG_NEEDED = 1 << 5,
    PLM_F_NAME_SUFFIX = 1 << 6, /* evt.arg.NAME: the row is a prefix, the rest is the key */
    PLM_F_ANY = 1 << 7,         /* any value may match (=, in …), all must differ (!=): fd.ip, proc.aname */
    PLM_F_PLUGIN = 1 << 8,      /* filled by plugins only */
    PLM_F_DEPRECATED = 1 << 9,
    PLM_F_PROCESS = 1 << 10,   /* reads only the process and its ancestors: cached until they change */
    PLM_F_CONTAINER = 1 << 11, /* reads container metadata: such alerts wait for it */
    PLM_F_NO_TRANSFORM = 1 << 12,
    PLM_F_OUTPUT_JOINS = 1 << 13, /* in outputs the values are joined with a blank */
    /* Operands are host names: whoever compares resolves them to addresses and compares those as text, for
     * outside of outputs the values are addresses as text. */
    PLM_F_HOSTNAME = 1 << 14,
};

struct plm_field;

/* A field as a rule names it. */
struct plm_fieldref {
    const struct plm_field *field;
    plm_sv text; /* as written: "proc.aname[2]" */
    plm_sv key;  /* [NAME] or the rest of evt.arg.NAME; null: none */
    bool has_index;
    int64_t index;
    enum plm_vtype type; /* field->type, or what the argument makes of it (evt.rawarg.*) */
    bool for_output;
};

struct plm_field {
    const char *name; /* "proc.name" */
    enum plm_vtype type;
    uint32_t flags;
    const char *help;
    /* Appends values; what it allocates is of view->arena. 0, or -1: out of memory. */
    int (*get)(const struct plm_view *view, const struct plm_fieldref *ref, struct plm_values *out);
    /* Which parts of a task a source must bring for it (environment …): enum plm_need, 0: what it always has.
     */
    uint32_t needs;
    /* What the argument adds to `needs`, checks of it (and its type); NULL: nothing. */
    uint32_t (*needs_of)(const struct plm_fieldref *ref);
    int (*check)(struct plm_fieldref *ref, plm_err **err);
};

enum plm_need {
    PLM_NEED_ENV = 1 << 0,
    PLM_NEED_CGROUPS = 1 << 1,
    PLM_NEED_MEMORY = 1 << 2,
    PLM_NEED_BUFFER = 1 << 3
};

/* One file holds the fields of one class: a table of rows. */
struct plm_field_class {
    const char *name; /* "proc" */
    const char *summary;
    const struct plm_field *fields; /* ends with a NULL name */
};
PLM_SET_DECLARE(plm_field_classes, struct plm_field_class);

/* Resolves a field name with its argument as written in a rule: the longest row that fits. NOTFOUND, or PARSE
 * for a bad argument. `text` must outlive out. */
int plm_field_resolve(plm_sv text, struct plm_fieldref *out, plm_err **err);
/* The row of a bare name; NULL: none. */
const struct plm_field *plm_field_find(plm_sv name);
/* enum plm_need of the field with this argument. */
uint32_t plm_field_needs(const struct plm_fieldref *ref);
int plm_field_get(const struct plm_view *view, const struct plm_fieldref *ref, struct plm_values *out);
/* Appends one more value; NULL: out of memory (or the list is full: then a scratch value). */
struct plm_value *plm_values_add(const struct plm_view *view, struct plm_values *out);

/* Output: %field text, and its JSON form. False: no value (`<NA>`, null). */
bool plm_field_text(const struct plm_view *view, const struct plm_fieldref *ref, struct plm_buf *out);
void plm_value_text(enum plm_vtype type, const struct plm_value *v, struct plm_buf *out);
/* "(a,b)" for a list field, else joined with blanks. */
void plm_values_text(enum plm_vtype type, bool is_list, const struct plm_values *values, struct plm_buf *out);
/* Numbers and booleans as such, everything else as a string. */
void plm_value_json(enum plm_vtype type, const struct plm_value *v, struct plm_buf *out);
const char *plm_vtype_name(enum plm_vtype t); /* as `watch fields` prints it */
