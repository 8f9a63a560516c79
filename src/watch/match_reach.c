/* SPDX-License-Identifier: Apache-2.0
 *
 * What a check reads, and the checks that need no field at all: of the event type, and those that are always
 * or never true (falco-rules.md 2.4: evt.num starts at 1, so `evt.num = 0` is the official never_true).
 */
#include "watch/match_int.h"

/* Fields that only the process itself can change (plm_thread.version tells). A PLM_F_PROCESS field that is
 * not here reads ancestors or metadata. */
static const char *const own_fields[] = {
    "proc.name",
    "proc.exe",
    "proc.exepath",
    "proc.args",
    "proc.cmdline",
    "proc.exeline",
    "proc.cmdnargs",
    "proc.cmdlenargs",
    "proc.env",
    "proc.cwd",
    "proc.tty",
    "proc.pid",
    "proc.vpid",
    "proc.sid",
    "proc.pgid",
    "proc.vpgid",
    "proc.exe_ino",
    "user.uid",
    "user.loginuid",
    "group.gid",
    "container.id",
    "container.full_id",
    "thread.tid",
    "thread.vtid",
    "proc.is_exe_writable",
    "proc.is_exe_upper_layer",
    "proc.is_exe_lower_layer",
    "proc.is_exe_from_memfd",
    "thread.cap_permitted",
    "thread.cap_effective",
    "thread.cap_inheritable",
    "proc.is_vpgid_leader",
    "proc.is_sid_leader",
    "proc.is_pgid_leader",
};

/* Names that the files of a container decide: no change of the process tells that they changed. */
static const char *const volatile_fields[] = {"user.name", "user.homedir", "user.shell", "user.loginname",
                                              "group.name"};

static bool is_one_of(const char *name, const char *const *v, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(name, v[i]) == 0)
            return true;
    return false;
}

static enum plm_node_reach field_reach(const struct plm_field *f)
{
    if (!f || !(f->flags & PLM_F_PROCESS) ||
        is_one_of(f->name, volatile_fields, sizeof volatile_fields / sizeof *volatile_fields))
        return REACH_EVENT;
    if (!(f->flags & PLM_F_CONTAINER) &&
        is_one_of(f->name, own_fields, sizeof own_fields / sizeof *own_fields))
        return REACH_OWN;
    return REACH_PROCESS;
}

enum plm_node_reach plm_operand_reach(const struct plm_operand *o)
{
    if (o->kind == PLM_OPERAND_FIELD)
        return field_reach(o->ref.field);
    enum plm_node_reach reach = REACH_OWN;
    for (size_t i = 0; i < o->n_args; i++) {
        enum plm_node_reach r = plm_operand_reach(&o->args[i]);
        reach = r > reach ? r : reach;
    }
    return reach;
}

enum plm_node_reach plm_cond_reach(const struct plm_cond *c)
{
    enum plm_node_reach reach = plm_operand_reach(c->lhs);
    if (!c->rhs)
        return reach;
    enum plm_node_reach r = plm_operand_reach(c->rhs);
    return r > reach ? r : reach;
}

static bool is_field(const struct plm_operand *o, const char *name)
{
    return o->kind == PLM_OPERAND_FIELD && o->ref.field && strcmp(o->ref.field->name, name) == 0;
}

bool plm_cond_types(const struct plm_cond *c, struct plm_evset *out)
{
    bool is_set =
        c->op == PLM_OP_EQ || c->op == PLM_OP_NE || c->op == PLM_OP_IN || c->op == PLM_OP_INTERSECTS;
    if (!is_field(c->lhs, "evt.type") || c->rhs || !is_set || c->modifier != PLM_MOD_NONE)
        return false;
    struct plm_evset set = {0};
    for (unsigned id = 0; id < plm_evtype_count(); id++) {
        const struct plm_evtype *t = plm_evtype_get(id);
        bool is_named = false;
        for (size_t i = 0; t && i < c->n_values; i++)
            is_named |= plm_sv_is(c->values[i].text, t->name);
        if (t && is_named == (c->op != PLM_OP_NE))
            plm_evset_add(&set, id);
    }
    *out = set;
    return true;
}

int plm_cond_constant(const struct plm_cond *c)
{
    int64_t n;
    if (!is_field(c->lhs, "evt.num") || c->rhs || c->n_values != 1 || c->modifier != PLM_MOD_NONE ||
        !plm_number_parse(c->values[0].text, false, &n))
        return -1;
    switch (c->op) {
    case PLM_OP_EQ:
    case PLM_OP_IN:
    case PLM_OP_INTERSECTS:
        return n == 0 ? 0 : -1;
    case PLM_OP_NE:
    case PLM_OP_GT:
        return n == 0 ? 1 : -1;
    case PLM_OP_GE:
        return n == 0 || n == 1 ? 1 : -1;
    case PLM_OP_LT:
        return n == 0 || n == 1 ? 0 : -1;
    case PLM_OP_LE:
        return n == 0 ? 0 : -1;
    case PLM_OP_EXISTS:
    case PLM_OP_PMATCH:
    case PLM_OP_CONTAINS:
    case PLM_OP_ICONTAINS:
    case PLM_OP_BCONTAINS:
    case PLM_OP_STARTSWITH:
    case PLM_OP_BSTARTSWITH:
    case PLM_OP_ENDSWITH:
    case PLM_OP_GLOB:
    case PLM_OP_IGLOB:
    case PLM_OP_REGEX:
    case PLM_OP_COUNT_:
        return -1;
    }
    return -1;
}
