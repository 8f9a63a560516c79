/* SPDX-License-Identifier: Apache-2.0
 *
 * evt.arg.*, evt.rawarg.*, evt.args: the parameters of events. A name must be a parameter of some event, else
 * the rule is refused; at an event that lacks it the field has no value. A parameter that could not be read
 * is the text <NA>.
 */
#include "watch/evtype.h"
#include "watch/field_int.h"

#include "base/buf.h"

/* Parameters of Falco's events that are no typed events here: rules may name them, nothing has them. */
static const char *const foreign_names[] = {
    "ID",
    "action",
    "addr_len",
    "args",
    "cpu",
    "cpu_sys",
    "cpu_usr",
    "cur",
    "dqb_bhardlimit",
    "dqb_bsoftlimit",
    "dqb_btime",
    "dqb_curspace",
    "dqb_ihardlimit",
    "dqb_isoftlimit",
    "dqb_itime",
    "dqi_bgrace",
    "dqi_flags",
    "dqi_igrace",
    "error",
    "event_data",
    "event_type",
    "fds",
    "id",
    "image",
    "interval",
    "ip",
    "max",
    "maxevents",
    "nativeID",
    "newcur",
    "newmax",
    "next",
    "nsems",
    "nsops",
    "oldcur",
    "oldmax",
    "op",
    "plugin_id",
    "quota_fmt",
    "quota_fmt_out",
    "quotafilepath",
    "ratio",
    "resource",
    "sem_flg_0",
    "sem_flg_1",
    "sem_num_0",
    "sem_num_1",
    "sem_op_0",
    "sem_op_1",
    "semflg",
    "semid",
    "semnum",
    "sigmask",
    "special",
    "timeout",
    "whence",
};

/* The first event type that has the parameter: socket and openat before all others, for `type` is a number
 * and `name` a path in most of them. */
static const struct plm_param_info *find_param(plm_sv name)
{
    static const uint16_t first[] = {PLM_EVT_socket, PLM_EVT_openat};
    for (unsigned i = 0; i < plm_evtype_count() + 2; i++) {
        const struct plm_evtype *t = plm_evtype_get(i < 2 ? first[i] : i - 2);
        int at = t ? plm_evtype_param(t, name) : -1;
        if (at >= 0)
            return &t->params[at];
    }
    return NULL;
}

static int check_name(struct plm_fieldref *ref, plm_err **err)
{
    if (ref->has_index || find_param(ref->key))
        return 0;
    for (size_t i = 0; i < sizeof(foreign_names) / sizeof(foreign_names[0]); i++)
        if (plm_sv_is(ref->key, foreign_names[i]))
            return 0;
    return plm_fail(err, PLM_E_NOTFOUND, "no event has the parameter %.*s", PLM_SV_ARG(ref->key));
}

static enum plm_vtype type_of(enum plm_param_type t)
{
    switch (t) {
    case PLM_P_ERRNO:
    case PLM_P_FD:
    case PLM_P_PID:
    case PLM_P_INT:
        return PLM_V_I64;
    case PLM_P_UINT:
    case PLM_P_HEX:
    case PLM_P_FLAGS:
    case PLM_P_ENUM:
    case PLM_P_MODE:
    case PLM_P_UID:
    case PLM_P_GID:
    case PLM_P_SIGNAL:
        return PLM_V_U64;
    case PLM_P_PATH:
        return PLM_V_PATH;
    case PLM_P_BYTES:
    case PLM_P_STRINGS:
        return PLM_V_BYTES;
    case PLM_P_STR:
    case PLM_P_TUPLE:
    case PLM_P_ADDR:
        return PLM_V_STR;
    }
    return PLM_V_STR;
}

static int check_raw(struct plm_fieldref *ref, plm_err **err)
{
    if (check_name(ref, err) < 0)
        return -1;
    const struct plm_param_info *info = find_param(ref->key);
    ref->type = info ? type_of(info->type) : PLM_V_STR;
    return 0;
}

static uint32_t needs_of(const struct plm_fieldref *ref)
{
    static const struct {
        const char *name;
        uint32_t need;
    } rows[] = {
        {"data", PLM_NEED_BUFFER},     {"env", PLM_NEED_ENV},         {"cgroups", PLM_NEED_CGROUPS},
        {"pgft_maj", PLM_NEED_MEMORY}, {"pgft_min", PLM_NEED_MEMORY}, {"vm_size", PLM_NEED_MEMORY},
        {"vm_rss", PLM_NEED_MEMORY},   {"vm_swap", PLM_NEED_MEMORY},  {"fdlimit", PLM_NEED_MEMORY},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        if (plm_sv_is(ref->key, rows[i].name))
            return rows[i].need;
    return ref->has_index ? PLM_NEED_BUFFER | PLM_NEED_ENV : 0;
}

/* Index of the parameter at this event, -1: it has none. */
static int param_index(const struct plm_event *e, const struct plm_fieldref *ref)
{
    if (!ref->has_index)
        return plm_evtype_param(e->type, ref->key);
    return ref->index < e->type->n_params ? (int)ref->index : -1;
}

GETTER(get_arg)
{
    int at = view->event ? param_index(view->event, ref) : -1;
    if (at < 0)
        return 0;
    plm_auto_done(plm_buf_done) struct plm_buf raw = PLM_BUF(PLM_FIELD_TEXT_MAX);
    plm_auto_done(plm_buf_done) struct plm_buf resolved = PLM_BUF(PLM_FIELD_TEXT_MAX);
    plm_param_text(view, (unsigned)at, &raw, &resolved);
    return plm_field_buf(view, out, resolved.n || resolved.failed ? &resolved : &raw);
}

static int put_address(const struct plm_view *view, const struct plm_param *p, struct plm_values *out)
{
    plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(PLM_FIELD_TEXT_MAX);
    if (p->addr)
        plm_addr_text(p->addr, &b);
    return plm_field_buf(view, out, &b);
}

/* Parameters of one name may be of several types; at an event where it is another than the field's there is
 * no value, except between signed and unsigned. */
GETTER(get_rawarg)
{
    int at = view->event ? param_index(view->event, ref) : -1;
    if (at < 0 || (unsigned)at >= view->event->n_params || !view->event->params[at].is_present)
        return 0;
    const struct plm_param *p = &view->event->params[at];
    enum plm_param_type t = view->event->type->params[at].type;
    enum plm_vtype has = type_of(t), wants = ref->type;
    bool is_number = has == PLM_V_I64 || has == PLM_V_U64;
    if (is_number != (wants == PLM_V_I64 || wants == PLM_V_U64))
        return 0;
    if (has == PLM_V_I64)
        return plm_field_i64(view, out, p->i);
    if (has == PLM_V_U64)
        return plm_field_u64(view, out, p->u);
    return t == PLM_P_TUPLE || t == PLM_P_ADDR ? put_address(view, p, out) : plm_field_str(view, out, p->s);
}

GETTER(get_args)
{
    const struct plm_event *e = view->event;
    if (!e)
        return 0;
    plm_auto_done(plm_buf_done) struct plm_buf all = PLM_BUF(PLM_FIELD_TEXT_MAX);
    plm_auto_done(plm_buf_done) struct plm_buf raw = PLM_BUF(PLM_FIELD_TEXT_MAX);
    plm_auto_done(plm_buf_done) struct plm_buf resolved = PLM_BUF(PLM_FIELD_TEXT_MAX);
    for (unsigned i = 0; i < e->type->n_params; i++) {
        plm_buf_clear(&raw);
        plm_buf_clear(&resolved);
        plm_param_text(view, i, &raw, &resolved);
        if (plm_buf_check(&raw, NULL) < 0 || plm_buf_check(&resolved, NULL) < 0)
            return -1;
        plm_buf_printf(&all, "%s%s=", i ? " " : "", e->type->params[i].name);
        plm_buf_sv_put(&all, plm_buf_sv(&raw));
        if (resolved.n) {
            plm_buf_byte(&all, '(');
            plm_buf_sv_put(&all, plm_buf_sv(&resolved));
            plm_buf_byte(&all, ')');
        }
    }
    return plm_field_buf(view, out, &all);
}

#define NAMED (PLM_F_NAME_SUFFIX | PLM_F_ARG_NEEDED)
// clang-format off
static const struct plm_field fields[] = {
    {"evt.arg", PLM_V_STR, NAMED | PLM_F_ARG_INDEX, "A parameter as text, numbers as names where they have one: evt.arg.flags, evt.arg[0]", .get = get_arg, .needs_of = needs_of, .check = check_name},
    {"evt.args", PLM_V_STR, 0, "All parameters: name=raw(resolved), joined with blanks", .get = get_args, .needs = PLM_NEED_BUFFER},
    {"evt.info", PLM_V_STR, 0, "The same as evt.args", .get = get_args, .needs = PLM_NEED_BUFFER},
    {"evt.rawarg", PLM_V_STR, NAMED | PLM_F_NO_RHS | PLM_F_NO_TRANSFORM, "A parameter as it is, flags as numbers; of the parameter's own type: evt.rawarg.res", .get = get_rawarg, .needs_of = needs_of, .check = check_raw},
    {.name = NULL},
};
// clang-format on
static const struct plm_field_class class = {"evt", "Parameters of the event", fields};
PLM_REGISTER(plm_field_classes, struct plm_field_class, class);
