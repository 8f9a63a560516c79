/* SPDX-License-Identifier: Apache-2.0
 *
 * One check as cubes: what it says of the event that the kernel can test. Each row of the table knows one
 * field. A check may speak about some types of events only (evt.is_open_read is false for every other type);
 * where it says nothing about the rest, the rest is a cube of its own, which the `evt.type` of the rule
 * usually removes.
 *
 * A negated check is taken where the field has a value at every event, or where "no value" is a pair that the
 * kernel skips; everything else under `not` restricts nothing.
 */
#include "watch/kplan_int.h"

struct leaf {
    const struct plm_kplan *plan;
    const struct plm_cond *c;
    const struct plm_check *check;
    bool is_not;
    struct plm_arena *arena;
    struct plm_kcubes *out;
    plm_err **err;
};

const char *plm_kfield_name(const struct plm_operand *o)
{
    return o->kind == PLM_OPERAND_FIELD && o->ref.field && !o->ref.key.p && !o->ref.has_index
               ? o->ref.field->name
               : "";
}

static int put(const struct leaf *l, const struct plm_kcube *cube)
{
    return plm_kcubes_add(l->arena, l->out, cube) < 0 ? plm_fail_oom(l->err) : 0;
}

/* A cube of these dimensions, for the types of `only` (NULL: all), and the free rest of the types. */
static int put_split(const struct leaf *l, uint32_t dims, const struct plm_evset *only, bool keeps_rest)
{
    struct plm_kcube cube = plm_kcube_all(), rest = plm_kcube_all();
    cube.dims = dims;
    for (size_t i = 0; only && i < PLM_EVTYPE_MAX / 64; i++) {
        cube.types.w[i] &= only->w[i];
        rest.types.w[i] &= ~only->w[i];
    }
    if (put(l, &cube) < 0)
        return -1;
    return only && keeps_rest ? put(l, &rest) : 0;
}

/* Dimensions without those of a pair that cannot be. `first` is the pair's first one. */
static uint32_t pair_dims(enum plm_kdim first, bool can_first, bool can_second)
{
    uint32_t dims = PLM_KDIMS_ALL;
    if (!can_first)
        dims &= ~(1u << first);
    if (!can_second)
        dims &= ~(1u << (first + 1));
    return dims;
}

/* ---- what values a check lets through
 * ------------------------------------------------------------------------ */

/* Is the check, with its sign, true for this one value? */
static bool true_for(const struct leaf *l, const struct plm_value *v)
{
    struct plm_value copy = *v;
    struct plm_values one = {.v = &copy, .n = 1, .cap = 1};
    return plm_check_values(l->check, NULL, &one) != l->is_not;
}

static bool true_for_text(const struct leaf *l, const char *text)
{
    return true_for(l, &(struct plm_value){.s = plm_sv_from(text)});
}

/* Can a negative, and can another number make it true? Tried at the operands and beside them, which is where
 * the result changes. */
static void number_signs(const struct leaf *l, bool *can_negative, bool *can_other)
{
    *can_negative = *can_other = false;
    for (size_t i = 0; i <= l->c->n_values; i++) {
        int64_t n = 0;
        if (i < l->c->n_values && !plm_number_parse(l->c->values[i].text, true, &n))
            n = 0;
        const int64_t tries[] = {
            n, n > INT64_MIN ? n - 1 : n, n < INT64_MAX ? n + 1 : n, -1, 0, 1, INT64_MIN, INT64_MAX};
        for (size_t k = 0; k < sizeof tries / sizeof *tries; k++) {
            bool hit = true_for(l, &(struct plm_value){.i = tries[k]});
            *can_negative |= hit && tries[k] < 0;
            *can_other |= hit && tries[k] >= 0;
        }
    }
}

/* Equality and membership: only the operands can be it. */
static bool is_choice(const struct plm_cond *c)
{
    return c->op == PLM_OP_EQ || c->op == PLM_OP_IN || c->op == PLM_OP_INTERSECTS;
}

/* Is some operand another text than this? */
static bool has_other_operand(const struct plm_cond *c, const char *text)
{
    for (size_t i = 0; i < c->n_values; i++)
        if (!plm_sv_is(c->values[i].text, text))
            return true;
    return false;
}

/* May a text other than `text` make the check true? */
static bool can_other_text(const struct leaf *l, const char *text)
{
    if (is_choice(l->c) && !l->is_not)
        return has_other_operand(l->c, text);
    return !(l->c->op == PLM_OP_NE && l->is_not) || has_other_operand(l->c, text);
}

/* ---- fields
 * ------------------------------------------------------------------------------------------------------ */

static int leaf_types(const struct leaf *l)
{
    struct plm_evset set;
    struct plm_kcube cube = plm_kcube_all();
    if (plm_cond_types(l->c, &set))
        for (size_t i = 0; i < PLM_EVTYPE_MAX / 64; i++)
            cube.types.w[i] = l->is_not ? ~set.w[i] : set.w[i];
    return plm_evset_is_empty(&cube.types) ? 0 : put(l, &cube);
}

static int leaf_number(const struct leaf *l)
{
    int fixed = plm_cond_constant(l->c);
    struct plm_kcube cube = plm_kcube_all();
    return fixed >= 0 && (fixed != 0) == l->is_not ? 0 : put(l, &cube);
}

static int leaf_rawres(const struct leaf *l)
{
    bool negative, other;
    number_signs(l, &negative, &other);
    return put_split(l, pair_dims(PLM_KD_SUCCESS, other, negative), NULL, false);
}

static int leaf_res(const struct leaf *l)
{
    bool success = true_for_text(l, "SUCCESS");
    return put_split(l, pair_dims(PLM_KD_SUCCESS, success, can_other_text(l, "SUCCESS")), NULL, false);
}

static int leaf_failed(const struct leaf *l)
{
    bool failed = true_for(l, &(struct plm_value){.b = true});
    bool success = true_for(l, &(struct plm_value){.b = false});
    return put_split(l, pair_dims(PLM_KD_SUCCESS, success, failed), NULL, false);
}

/* The descriptor that an open made is its result; of other events it is an argument. */
static int leaf_fd_num(const struct leaf *l)
{
    bool negative, other;
    number_signs(l, &negative, &other);
    return put_split(l, pair_dims(PLM_KD_SUCCESS, other, negative), &l->plan->opens, true);
}

static int leaf_container(const struct leaf *l)
{
    bool host = true_for_text(l, "host");
    return put_split(l, pair_dims(PLM_KD_IN_CONTAINER, can_other_text(l, "host"), host), NULL, false);
}

/* Only at execve is the terminal of the table the kernel's of this moment for certain. */
static int leaf_tty(const struct leaf *l)
{
    bool zero = true_for(l, &(struct plm_value){.u = 0});
    /* `> 0` and its like may be true for some number that is not tried. */
    bool some =
        (!is_choice(l->c) && l->c->op != PLM_OP_NE) || true_for(l, &(struct plm_value){.u = UINT32_MAX});
    for (size_t i = 0; i < l->c->n_values; i++) {
        int64_t n;
        some |= plm_number_parse(l->c->values[i].text, false, &n) && n != 0;
    }
    return put_split(l, pair_dims(PLM_KD_TTY, some, zero), &l->plan->execs, true);
}

/* The flags of an open as booleans: false for every other type of event. */
static int leaf_open_flag(const struct leaf *l, enum plm_kdim dim)
{
    bool yes = true_for(l, &(struct plm_value){.b = true});
    bool no = true_for(l, &(struct plm_value){.b = false});
    struct plm_kcube cube = plm_kcube_all();
    if (no)
        return put(l, &cube);
    return yes ? put_split(l, pair_dims(dim, true, false), &l->plan->opens, false) : 0;
}

static int leaf_is_read(const struct leaf *l)
{
    return leaf_open_flag(l, PLM_KD_READ);
}
static int leaf_is_write(const struct leaf *l)
{
    return leaf_open_flag(l, PLM_KD_WRITE);
}
static int leaf_is_create(const struct leaf *l)
{
    return leaf_open_flag(l, PLM_KD_CREATE);
}

static const struct {
    const char *name;
    enum plm_kdim dim;
} flag_words[] = {
    {"O_CREAT", PLM_KD_CREATE}, {"O_TMPFILE", PLM_KD_CREATE}, {"O_TRUNC", PLM_KD_TRUNC},
    {"O_WRONLY", PLM_KD_WRITE}, {"O_RDWR", PLM_KD_WRITE},
};

/* evt.arg.flags contains O_CREAT: the flag is there, if the event is an open. Several operands: any of them.
 */
static int leaf_arg_flags(const struct leaf *l)
{
    for (size_t i = 0; i < l->c->n_values; i++) {
        uint32_t dims = PLM_KDIMS_ALL;
        for (size_t k = 0; k < sizeof flag_words / sizeof *flag_words; k++)
            if (plm_sv_has(l->c->values[i].text, plm_sv_from(flag_words[k].name)))
                dims &= pair_dims(flag_words[k].dim, true, false);
        if (put_split(l, dims, &l->plan->opens, true) < 0)
            return -1;
    }
    return 0;
}

static int leaf_path(const struct leaf *l)
{
    struct plm_kcube cube = plm_kcube_all();
    if (plm_kpath_tests(l->c, l->arena, &cube) < 0)
        return plm_fail_oom(l->err);
    return put(l, &cube);
}

/* fd.nameraw with ".." in every operand. */
static int leaf_nameraw(const struct leaf *l)
{
    for (size_t i = 0; i < l->c->n_values; i++) {
        plm_sv s = l->c->values[i].text;
        bool is_plain = l->c->op != PLM_OP_GLOB || (plm_sv_find(s, '[') == SIZE_MAX);
        uint32_t dims =
            plm_sv_has(s, PLM_SV("..")) && is_plain ? pair_dims(PLM_KD_DOTDOT, true, false) : PLM_KDIMS_ALL;
        if (put_split(l, dims, &l->plan->opens, true) < 0)
            return -1;
    }
    return 0;
}

/* What kinds of descriptors meet a check of fd.type, fd.typechar or fd.sockfamily. */
static int leaf_fd_kind(const struct leaf *l, const char *(*text_of)(enum plm_fdtype t, char *space))
{
    bool ip = false, unix_socket = false, other = false;
    for (unsigned t = 0; t < PLM_FD_COUNT_; t++) {
        char space[2] = "";
        const char *text = text_of((enum plm_fdtype)t, space);
        if (!text || !*text)
            continue;
        bool hit = true_for_text(l, text);
        ip |= hit && (t == PLM_FD_IPV4 || t == PLM_FD_IPV6);
        unix_socket |= hit && t == PLM_FD_UNIX;
        other |= hit && t != PLM_FD_IPV4 && t != PLM_FD_IPV6 && t != PLM_FD_UNIX;
    }
    uint32_t dims = pair_dims(PLM_KD_IP, ip, unix_socket || other);
    dims &= pair_dims(PLM_KD_UNIX, unix_socket, ip || other);
    struct plm_kcube cube = plm_kcube_all();
    cube.dims = dims;
    /* A pair with neither side allowed: no known kind of descriptor meets it, so nothing is concluded. */
    return ip || unix_socket || other ? put(l, &cube) : put_split(l, PLM_KDIMS_ALL, NULL, false);
}

static const char *typechar_of(enum plm_fdtype t, char *space)
{
    space[0] = plm_fdtype_char(t);
    return space;
}
static const char *type_of(enum plm_fdtype t, char *space)
{
    (void)space;
    return plm_fdtype_name(t);
}
static const char *family_of(enum plm_fdtype t, char *space)
{
    (void)space;
    return t == PLM_FD_IPV4 || t == PLM_FD_IPV6 ? "ip" : t == PLM_FD_UNIX ? "unix" : NULL;
}
static int leaf_typechar(const struct leaf *l)
{
    return leaf_fd_kind(l, typechar_of);
}
static int leaf_type(const struct leaf *l)
{
    return leaf_fd_kind(l, type_of);
}
static int leaf_family(const struct leaf *l)
{
    return leaf_fd_kind(l, family_of);
}

static int leaf_l4(const struct leaf *l)
{
    bool tcp = true_for_text(l, "tcp");
    return put_split(l, pair_dims(PLM_KD_TCP, tcp, can_other_text(l, "tcp")), NULL, false);
}

static int leaf_port(const struct leaf *l)
{
    struct plm_kcube cube = plm_kcube_all();
    cube.has_ports = l->c->n_values <= PLM_KPORTS_MAX;
    for (size_t i = 0; cube.has_ports && i < l->c->n_values; i++) {
        uint64_t port;
        uint16_t *at =
            plm_port_parse(l->c->values[i].text, &port) ? plm_vec_push(l->arena, &cube.ports) : NULL;
        if (!at)
            return plm_fail_oom(l->err);
        *at = (uint16_t)port;
    }
    return put(l, &cube);
}

/* ---- the table
 * ----------------------------------------------------------------------------------------------------- */

enum {
    EQUALS = 1 << PLM_OP_EQ | 1 << PLM_OP_IN | 1 << PLM_OP_INTERSECTS,
    NOT_EQUAL = 1 << PLM_OP_NE,
    ORDER = 1 << PLM_OP_LT | 1 << PLM_OP_LE | 1 << PLM_OP_GT | 1 << PLM_OP_GE,
    PARTS = 1 << PLM_OP_CONTAINS | 1 << PLM_OP_STARTSWITH | 1 << PLM_OP_ENDSWITH | 1 << PLM_OP_GLOB,
};
static const struct {
    const char *field;
    unsigned ops;
    bool takes_not;
    int (*cubes)(const struct leaf *l);
} rows[] = {
    {"evt.type", EQUALS | NOT_EQUAL, true, leaf_types},
    {"evt.num", EQUALS | NOT_EQUAL | ORDER, true, leaf_number},
    {"evt.rawres", EQUALS | NOT_EQUAL | ORDER, true, leaf_rawres},
    {"evt.res", EQUALS | NOT_EQUAL | PARTS, true, leaf_res},
    {"evt.failed", EQUALS | NOT_EQUAL, true, leaf_failed},
    {"fd.num", EQUALS | NOT_EQUAL | ORDER, false, leaf_fd_num},
    {"container.id", EQUALS | NOT_EQUAL, true, leaf_container},
    {"proc.tty", EQUALS | NOT_EQUAL | ORDER, true, leaf_tty},
    {"evt.is_open_read", EQUALS | NOT_EQUAL, true, leaf_is_read},
    {"evt.is_open_write", EQUALS | NOT_EQUAL, true, leaf_is_write},
    {"evt.is_open_create", EQUALS | NOT_EQUAL, true, leaf_is_create},
    {"evt.is_open_exec", EQUALS | NOT_EQUAL, true, leaf_is_create},
    {"fd.nameraw", EQUALS | PARTS, false, leaf_nameraw},
    {"fd.typechar", EQUALS | NOT_EQUAL, false, leaf_typechar},
    {"fd.type", EQUALS | NOT_EQUAL, false, leaf_type},
    {"fd.sockfamily", EQUALS | NOT_EQUAL, false, leaf_family},
    {"fd.l4proto", EQUALS | NOT_EQUAL, false, leaf_l4},
    {"fd.port", EQUALS, false, leaf_port},
    {"fd.sport", EQUALS, false, leaf_port},
    {"fd.cport", EQUALS, false, leaf_port},
    {"fd.lport", EQUALS, false, leaf_port},
    {"fd.rport", EQUALS, false, leaf_port},
};

static bool is_flags_word(const struct plm_cond *c)
{
    const struct plm_operand *o = c->lhs;
    return o->kind == PLM_OPERAND_FIELD && o->ref.field && strcmp(o->ref.field->name, "evt.arg") == 0 &&
           plm_sv_is(o->ref.key, "flags") && c->op == PLM_OP_CONTAINS;
}

static int (*row_of(const struct plm_cond *c, bool is_not))(const struct leaf *l)
{
    if (c->rhs)
        return NULL;
    if (!is_not && is_flags_word(c))
        return leaf_arg_flags;
    if (!is_not && plm_kpath_is_known(c))
        return leaf_path;
    const char *name = plm_kfield_name(c->lhs);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (strcmp(rows[i].field, name) == 0)
            return rows[i].ops >> c->op & 1 && (rows[i].takes_not || !is_not) ? rows[i].cubes : NULL;
    return NULL;
}

bool plm_kleaf_is_known(const struct plm_cond *c, bool is_not)
{
    return row_of(c, is_not) && (c->modifier == PLM_MOD_NONE || (!is_not && plm_kpath_is_known(c)));
}

int plm_kleaf_cubes(const struct plm_kplan *p, const struct plm_cond *c, bool is_not, struct plm_arena *a,
                    struct plm_kcubes *out, plm_err **err)
{
    struct leaf l = {.plan = p, .c = c, .is_not = is_not, .arena = a, .out = out, .err = err};
    l.check = plm_check_new(c, a, err);
    if (!l.check)
        return -1;
    return row_of(c, is_not)(&l);
}

/* Attributes whose every change is an event of kplan.c's `changes`. Not the terminal, the working directory,
 * the login user: those change without one; nor ids, which a child does not inherit. */
bool plm_kmask_is_own(const struct plm_cond *c)
{
    static const char *const names[] = {"proc.name",
                                        "proc.exe",
                                        "proc.exepath",
                                        "proc.args",
                                        "proc.cmdline",
                                        "proc.exeline",
                                        "proc.cmdnargs",
                                        "proc.cmdlenargs",
                                        "proc.env",
                                        "proc.exe_ino",
                                        "proc.is_exe_writable",
                                        "proc.is_exe_upper_layer",
                                        "proc.is_exe_lower_layer",
                                        "proc.is_exe_from_memfd",
                                        "user.uid",
                                        "group.gid",
                                        "thread.cap_permitted",
                                        "thread.cap_effective",
                                        "thread.cap_inheritable",
                                        "container.id"};
    if (c->rhs || c->lhs->kind != PLM_OPERAND_FIELD || !c->lhs->ref.field ||
        !(c->lhs->ref.field->flags & PLM_F_PROCESS))
        return false;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(c->lhs->ref.field->name, names[i]) == 0)
            return true;
    return false;
}
