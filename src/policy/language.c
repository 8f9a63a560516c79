/* SPDX-License-Identifier: Apache-2.0
 *
 * The policy language as it is documented: gates, triggers and parameters from their descriptors, as the body
 * of the reference page and as rows for `plimsoll list gates`.
 */
#include "policy/policy_int.h"

static int by_name(const void *a, const void *b)
{
    return strcmp((*(const struct plm_policy_gate *const *)a)->name,
                  (*(const struct plm_policy_gate *const *)b)->name);
}

static const struct plm_policy_gate *const *sorted_gates(struct plm_arena *a)
{
    size_t n = 0;
    const struct plm_policy_gate **v =
        plm_arena_array(a, PLM_SET_COUNT(plm_policy_gates) + 1, sizeof(*v)); /* ended by NULL */
    if (!v)
        return NULL;
    PLM_SET_FOREACH (plm_policy_gates, struct plm_policy_gate, g)
        v[n++] = g;
    qsort(v, n, sizeof(*v), by_name);
    return v;
}

static const char *origin_text(enum plm_policy_origin o)
{
    switch (o) {
    case PLM_ORIGIN_OPEN:
        return "anchore";
    case PLM_ORIGIN_COMMERCIAL:
        return "commercial";
    case PLM_ORIGIN_OURS:
        return "plimsoll";
    }
    return "plimsoll";
}

static const char *type_text(enum plm_param_type t)
{
    switch (t) {
    case PLM_PARAM_STRING:
        return "text";
    case PLM_PARAM_ENUM:
        return "one of";
    case PLM_PARAM_LIST:
        return "comma list";
    case PLM_PARAM_NUMBERS:
        return "comma list of numbers";
    case PLM_PARAM_INTEGER:
        return "whole number";
    case PLM_PARAM_FLOAT:
        return "number";
    case PLM_PARAM_BOOLEAN:
        return "true or false";
    case PLM_PARAM_REGEX:
        return "expression";
    }
    return "text";
}

/* Text of a table's cell. */
static void put_cell(struct plm_buf *b, const char *s)
{
    for (; s && *s; s++) {
        if (*s == '|')
            plm_buf_byte(b, '\\');
        plm_buf_byte(b, (unsigned char)*s);
    }
}
static void put_code(struct plm_buf *b, const char *s)
{
    if (!s || !*s)
        return;
    plm_buf_byte(b, '`');
    put_cell(b, s);
    plm_buf_byte(b, '`');
}

static void put_param(struct plm_buf *b, const struct plm_policy_param_type *p,
                      enum plm_policy_origin inherited)
{
    plm_buf_printf(b, "| `%s`", p->name);
    if (p->alias)
        plm_buf_printf(b, " (`%s`)", p->alias);
    plm_buf_printf(b, " | %s", type_text(p->type));
    for (const char *const *v = p->values; v && *v; v++) {
        plm_buf_byte(b, ' ');
        put_code(b, *v);
    }
    plm_buf_printf(b, " | %s | ",
                   p->is_required ? "required"
                   : p->otherwise ? p->otherwise
                                  : "not looked at");
    put_cell(b, p->description);
    if (p->origin != PLM_ORIGIN_OPEN && p->origin != inherited)
        plm_buf_printf(b, " (%s)", origin_text(p->origin));
    plm_buf_str(b, " | ");
    put_code(b, p->example);
    plm_buf_str(b, " |\n");
}

static void put_trigger(struct plm_buf *b, const struct plm_policy_gate *g,
                        const struct plm_policy_trigger *t)
{
    enum plm_policy_origin origin = t->origin > g->origin ? t->origin : g->origin;
    plm_buf_printf(b, "### %s.%s\n\n", g->name, t->name);
    if (t->legacy_name)
        plm_buf_printf(b, "In bundles of the old form: `%s`. ", t->legacy_name);
    if (origin != PLM_ORIGIN_OPEN && origin != g->origin)
        plm_buf_printf(b, "Origin: %s. ", origin_text(origin));
    plm_buf_printf(b, "%s\n\n", t->description);
    if (!t->params || !t->params->name)
        return;
    plm_buf_str(b, "| parameter | value | otherwise | meaning | example |\n|---|---|---|---|---|\n");
    for (const struct plm_policy_param_type *p = t->params; p->name; p++)
        put_param(b, p, origin);
    plm_buf_byte(b, '\n');
}

/* Gates of which every trigger has the same parameters (checks by their ids) are one table. */
static bool is_uniform(const struct plm_policy_gate *g)
{
    size_t n = 0;
    for (const struct plm_policy_trigger *t = g->triggers; t->name; t++, n++)
        if (t->params != g->triggers->params)
            return false;
    return n > 8;
}

static void put_uniform(struct plm_buf *b, const struct plm_policy_gate *g)
{
    plm_buf_str(b, "| trigger | fires for |\n|---|---|\n");
    for (const struct plm_policy_trigger *t = g->triggers; t->name; t++)
        plm_buf_printf(b, "| `%s` | %s |\n", t->name, t->description);
    plm_buf_str(b, "\nParameters of each:\n\n| parameter | value | otherwise | meaning | example "
                   "|\n|---|---|---|---|---|\n");
    for (const struct plm_policy_param_type *p = g->triggers->params; p && p->name; p++)
        put_param(b, p, g->origin);
    plm_buf_byte(b, '\n');
}

static void put_gate(struct plm_buf *b, const struct plm_policy_gate *g)
{
    plm_buf_printf(b, "## %s\n\n%s", g->name, g->description);
    if (g->origin != PLM_ORIGIN_OPEN)
        plm_buf_printf(b, " Origin: %s.", origin_text(g->origin));
    plm_buf_str(b, "\n\n");
    if (is_uniform(g)) {
        put_uniform(b, g);
        return;
    }
    for (const struct plm_policy_trigger *t = g->triggers; t->name; t++)
        if (t->state != PLM_STATE_EOL)
            put_trigger(b, g, t);
}

static void put_ended(struct plm_buf *b, const struct plm_policy_gate *g)
{
    plm_buf_printf(b, "| `%s` |", g->name);
    for (const struct plm_policy_trigger *t = g->triggers; t->name; t++)
        plm_buf_printf(b, " `%s`", t->name);
    if (g->superseded_by)
        plm_buf_printf(b, " | `%s` |\n", g->superseded_by);
    else
        plm_buf_str(b, " | nothing |\n");
}

void plm_policy_reference(struct plm_buf *b, struct plm_arena *a)
{
    const struct plm_policy_gate *const *list = sorted_gates(a);
    for (const struct plm_policy_gate *const *g = list; g && *g; g++)
        if ((*g)->state != PLM_STATE_EOL)
            put_gate(b, *g);
    plm_buf_str(
        b, "## Gates that ended\n\nBundles that name them load; their rules do nothing and are reported as "
           "problems.\n\n| gate | triggers | now |\n|---|---|---|\n");
    for (; list && *list; list++)
        if ((*list)->state == PLM_STATE_EOL)
            put_ended(b, *list);
}

static const char *joined_params(const struct plm_policy_trigger *t, struct plm_arena *a)
{
    plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(PLM_KIB(64));
    for (const struct plm_policy_param_type *p = t->params; p && p->name; p++)
        plm_buf_printf(&b, "%s%s%s", b.n ? ", " : "", p->name, p->is_required ? " (required)" : "");
    return b.n ? plm_arena_cstr(a, plm_buf_sv(&b)) : NULL;
}

size_t plm_policy_language_count(void)
{
    size_t n = 0;
    PLM_SET_FOREACH (plm_policy_gates, struct plm_policy_gate, g)
        for (const struct plm_policy_trigger *t = g->triggers; t->name; t++)
            n++;
    return n;
}

static void fill_row(const struct plm_policy_gate *g, const struct plm_policy_trigger *t, struct plm_arena *a,
                     struct plm_policy_language_row *out)
{
    enum plm_policy_state state = t->state > g->state ? t->state : g->state;
    enum plm_policy_origin origin = t->origin > g->origin ? t->origin : g->origin;
    *out = (struct plm_policy_language_row){.id = plm_arena_printf(a, "%s.%s", g->name, t->name).p,
                                            .legacy_name = t->legacy_name,
                                            .description = t->description,
                                            .origin = origin_text(origin),
                                            .state = state == PLM_STATE_ACTIVE ? "active"
                                                     : state == PLM_STATE_EOL  ? "eol"
                                                                               : "deprecated",
                                            .superseded_by =
                                                t->superseded_by ? t->superseded_by : g->superseded_by,
                                            .params = joined_params(t, a)};
}

bool plm_policy_language_get(size_t i, struct plm_arena *a, struct plm_policy_language_row *out)
{
    PLM_SET_FOREACH (plm_policy_gates, struct plm_policy_gate, g) {
        for (const struct plm_policy_trigger *t = g->triggers; t->name; t++) {
            if (i--)
                continue;
            fill_row(g, t, a, out);
            return true;
        }
    }
    return false;
}
