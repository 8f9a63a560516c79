/* SPDX-License-Identifier: Apache-2.0
 *
 * Items to a rule set (falco-rules.md 1.8): lists are expanded, macros parsed and resolved, then each rule is
 * parsed with its exceptions, resolved and checked. A list stands for its values wherever a value is written
 * without quotes (Falco replaces text; on tokens the same comes out, but never inside quotes). A macro's tree
 * is shared by all that use it; levels and expanded nodes are counted as if it were not, and bounded.
 */
#include "watch/rules_int.h"

#include "base/buf.h"

enum state { FRESH, BUSY, READY };

struct list {
    struct plm_literal *values;
    size_t n;
    enum state state;
    bool is_used;
};

struct macro {
    struct plm_cond *tree;
    enum state state;
    bool is_used;
};

struct compiler {
    struct plm_rules_loader *l;
    struct plm_arena *arena, *scratch;
    struct list *lists;
    struct macro *macros;
    uint64_t n_nodes;
};

typedef PLM_VEC(struct plm_literal) literal_vec;

/* ---- lists -----------------------------------------------------------------------------------------------
 */

static size_t find(const struct plm_map *names, plm_sv name, size_t n)
{
    uintptr_t at = (uintptr_t)plm_map_get(names, name);
    return at && at <= n ? at - 1 : SIZE_MAX;
}

static bool add_values(struct compiler *c, literal_vec *to, const struct plm_literal *v, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        struct plm_literal *slot = plm_vec_push(c->arena, to);
        if (!slot)
            return false;
        *slot = v[i];
    }
    return true;
}

/* An item's text as it would be read inside a list: with quotes of its own, or several values, or as it is.
 */
static bool add_item(struct compiler *c, literal_vec *to, plm_sv item)
{
    bool is_quoted = item.n && (item.p[0] == '"' || item.p[0] == '\'');
    bool is_bare = plm_cond_is_bare(item), has_blank = plm_sv_find(item, ' ') != SIZE_MAX;
    struct plm_literal one = {.text = item, .is_bare = is_bare, .offset = UINT32_MAX}, *v = &one;
    size_t n = 1;
    if ((is_quoted || is_bare || !has_blank) && plm_cond_values_parse(item, c->arena, &v, &n) < 0) {
        v = &one;
        n = 1;
    }
    return add_values(c, to, v, n);
}

static int expand_list(struct compiler *c, size_t at, unsigned depth)
{
    struct plm_rules_loader *l = c->l;
    struct list *list = &c->lists[at];
    const struct plm_rules_list *x = l->lists.v[at];
    literal_vec values = {0};
    if (list->state == READY)
        return 0;
    if (depth > PLM_COND_DEPTH)
        return plm_rules_error(l, PLM_LOAD_ERR_VALIDATE, x->place, "lists refer to lists more than %d deep",
                               PLM_COND_DEPTH);
    list->state = BUSY;
    for (size_t i = 0; i < x->n; i++) {
        size_t ref = find(l->list_names, x->items[i], l->lists.n);
        bool is_ref =
            ref != SIZE_MAX && l->lists.v[ref]->index < x->visibility && c->lists[ref].state != BUSY;
        if (is_ref && expand_list(c, ref, depth + 1) < 0)
            return -1;
        if (is_ref)
            c->lists[ref].is_used = true;
        if (!(is_ref ? add_values(c, &values, c->lists[ref].values, c->lists[ref].n)
                     : add_item(c, &values, x->items[i])))
            return -1;
    }
    list->values = values.v;
    list->n = values.n;
    list->state = READY;
    return 0;
}

/* The list that a value names; NULL: it is a value. */
static struct list *list_of(struct compiler *c, const struct plm_literal *v)
{
    size_t at = v->is_bare ? find(c->l->list_names, v->text, c->l->lists.n) : SIZE_MAX;
    if (at == SIZE_MAX)
        return NULL;
    c->lists[at].is_used = true;
    return &c->lists[at];
}

static int substitute(struct compiler *c, struct plm_cond *check, const struct plm_rules_place *at)
{
    bool takes_list = check->is_list_form || plm_op_is_list(check->op) || check->modifier != PLM_MOD_NONE;
    literal_vec values = {0};
    struct list *first = check->n_values == 1 ? list_of(c, &check->values[0]) : NULL;
    if (first && !takes_list && first->n != 1)
        return plm_rules_error(
            c->l, PLM_LOAD_ERR_COMPILE_CONDITION,
            plm_rules_place_in(c->l, at, "condition expression", check->source, check->values[0].offset),
            "a list of %zu values cannot stand after '%s'", first->n, plm_op_name(check->op));
    if (first) {
        check->values = first->values;
        check->n_values = first->n;
        check->is_list_form = takes_list;
        return 0;
    }
    bool any = false;
    for (size_t i = 0; i < check->n_values && !any; i++)
        any = list_of(c, &check->values[i]) != NULL;
    for (size_t i = 0; i < check->n_values && any; i++) {
        const struct list *list = list_of(c, &check->values[i]);
        if (!(list ? add_values(c, &values, list->values, list->n)
                   : add_values(c, &values, &check->values[i], 1)))
            return -1;
    }
    if (any) {
        check->values = values.v;
        check->n_values = values.n;
    }
    return 0;
}

static int substitute_all(struct compiler *c, struct plm_cond *tree, const struct plm_rules_place *at)
{
    if (tree->kind == PLM_COND_CHECK)
        return substitute(c, tree, at);
    for (size_t i = 0; i < tree->n_children; i++)
        if (substitute_all(c, tree->children[i], at) < 0)
            return -1;
    return 0;
}

/* ---- macros
 * ------------------------------------------------------------------------------------------------ */

static struct plm_cond *parse(struct compiler *c, plm_sv text, const struct plm_rules_place *at)
{
    plm_auto(plm_err_free) plm_err *err = NULL;
    size_t offset = 0;
    struct plm_cond *tree = plm_cond_parse(text, c->arena, &offset, &err);
    if (!tree && plm_err_code(err) == PLM_E_PARSE)
        return PLM_NULL(plm_rules_error(c->l, PLM_LOAD_ERR_COMPILE_CONDITION,
                                        plm_rules_place_in(c->l, at, "condition expression", text, offset),
                                        "%s", err->message));
    return tree && substitute_all(c, tree, at) == 0 ? tree : NULL;
}

static int resolve(struct compiler *c, struct plm_cond **node, uint32_t visibility, unsigned depth,
                   const struct plm_rules_place *at);

static int resolve_macro(struct compiler *c, struct plm_cond **node, uint32_t visibility, unsigned depth,
                         const struct plm_rules_place *at)
{
    struct plm_rules_loader *l = c->l;
    plm_sv name = (*node)->macro;
    size_t i = find(l->macro_names, name, l->macros.n);
    bool is_known = i != SIZE_MAX && l->macros.v[i]->index < visibility;
    if (!is_known || c->macros[i].state == BUSY)
        return plm_rules_error(
            l, PLM_LOAD_ERR_VALIDATE,
            plm_rules_place_in(l, at, "condition expression", (*node)->source, (*node)->offset),
            is_known ? "reference loop in macro '%.*s'" : "Undefined macro '%.*s' used in filter.",
            PLM_SV_ARG(name));
    struct macro *m = &c->macros[i];
    m->is_used = true;
    if (m->state == FRESH) {
        m->state = BUSY;
        if (resolve(c, &m->tree, l->macros.v[i]->visibility, depth + 1, l->macros.v[i]->condition_place) < 0)
            return -1;
        m->state = READY;
    }
    *node = m->tree;
    return 0;
}

/* Puts macros in place below *node. A node that has a size is done. */
static int resolve(struct compiler *c, struct plm_cond **node, uint32_t visibility, unsigned depth,
                   const struct plm_rules_place *at)
{
    struct plm_cond *n = *node;
    uint64_t size = 1;
    uint32_t height = 0;
    if (n->size)
        return 0;
    if (depth > PLM_COND_DEPTH)
        return plm_rules_error(c->l, PLM_LOAD_ERR_COMPILE_CONDITION, at, "nested more than %d deep",
                               PLM_COND_DEPTH);
    if (n->kind == PLM_COND_MACRO)
        return resolve_macro(c, node, visibility, depth, at);
    for (size_t i = 0; i < n->n_children; i++) {
        if (resolve(c, &n->children[i], visibility, depth + 1, at) < 0)
            return -1;
        size += n->children[i]->size;
        height = n->children[i]->height > height ? n->children[i]->height : height;
    }
    if (size > PLM_RULES_NODES_MAX || height >= PLM_COND_DEPTH)
        return plm_rules_error(c->l, PLM_LOAD_ERR_COMPILE_CONDITION, at,
                               size > PLM_RULES_NODES_MAX
                                   ? "with its macros the condition has more than %d parts"
                                   : "with its macros the condition is nested more than "
                                     "%d deep",
                               size > PLM_RULES_NODES_MAX ? PLM_RULES_NODES_MAX : PLM_COND_DEPTH);
    n->size = (uint32_t)size;
    n->height = height + 1;
    return 0;
}

static int compile_macros(struct compiler *c)
{
    struct plm_rules_loader *l = c->l;
    for (size_t i = 0; i < l->macros.n; i++) {
        c->macros[i].tree = parse(c, l->macros.v[i]->condition, l->macros.v[i]->condition_place);
        if (!c->macros[i].tree)
            return -1;
    }
    for (size_t i = 0; i < l->macros.n; i++) {
        struct macro *m = &c->macros[i];
        if (m->state == READY)
            continue;
        m->state = BUSY;
        if (resolve(c, &m->tree, l->macros.v[i]->visibility, 0, l->macros.v[i]->condition_place) < 0)
            return -1;
        m->state = READY;
    }
    return 0;
}

static void warn_unused(struct compiler *c)
{
    struct plm_rules_loader *l = c->l;
    for (size_t i = 0; i < l->macros.n; i++)
        if (!c->macros[i].is_used)
            plm_rules_warn(l, PLM_LOAD_UNUSED_MACRO, l->macros.v[i]->place, PLM_SV_NULL,
                           "Macro not referred to by any other rule/macro");
    for (size_t i = 0; i < l->lists.n; i++)
        if (!c->lists[i].is_used)
            plm_rules_warn(l, PLM_LOAD_UNUSED_LIST, l->lists.v[i]->place, PLM_SV_NULL,
                           "List not referred to by any other rule/macro/list");
}

/* ---- outputs
 * ------------------------------------------------------------------------------------------------ */

#define SUGGESTED                                                                                            \
    " container_id=%container.id container_name=%container.name "                                            \
    "container_image_repository=%container.image.repository container_image_tag=%container.image.tag "       \
    "k8s_pod_name=%k8s.pod.name k8s_ns_name=%k8s.ns.name"

static bool append_fits(const struct plm_append_output *a, const struct plm_rules_item *x)
{
    if ((a->rule.p && !plm_sv_eq(a->rule, x->name)) || (a->source.p && !plm_sv_is(a->source, "syscall")))
        return false;
    for (size_t i = 0; i < a->n_tags; i++) {
        bool has = false;
        for (size_t k = 0; k < x->tags.n && !has; k++)
            has = plm_sv_eq(a->tags[i], x->tags.v[k]);
        if (!has)
            return false;
    }
    return true;
}

/* The output with what append_output adds to it. */
static int full_output(struct compiler *c, const struct plm_rules_item *x, plm_sv *out)
{
    const struct plm_rules_config *conf = c->l->conf;
    *out = x->output;
    for (size_t i = 0; i < conf->n_append; i++) {
        const struct plm_append_output *a = &conf->append[i];
        if (!append_fits(a, x))
            continue;
        if (a->extra_output.p)
            *out = plm_arena_printf(c->l->arena, "%.*s %.*s", PLM_SV_ARG(*out), PLM_SV_ARG(a->extra_output));
        if (a->has_suggested)
            *out = plm_arena_printf(c->l->arena, "%.*s%s", PLM_SV_ARG(*out), SUGGESTED);
    }
    return out->p ? 0 : -1;
}

static void warn_deprecated_output(struct compiler *c, const struct plm_rules_item *x,
                                   const struct plm_output_format *f)
{
    if (f->had_container_info)
        plm_rules_warn(c->l, PLM_LOAD_DEPRECATED_ITEM, x->output_place, PLM_SV("container.info"),
                       "%%container.info is deprecated and replaced by nothing");
    for (size_t i = 0; i < f->n; i++) {
        const struct plm_operand *o = f->tokens[i].operand;
        if (o && o->kind == PLM_OPERAND_FIELD && o->ref.field && (o->ref.field->flags & PLM_F_DEPRECATED))
            plm_rules_warn(c->l, PLM_LOAD_DEPRECATED_ITEM, x->output_place, plm_sv_from(o->ref.field->name),
                           "field '%s' is deprecated", o->ref.field->name);
    }
}

/* 1, 0: the rule is skipped, -1. */
static int compile_output(struct compiler *c, const struct plm_rules_item *x, plm_sv text,
                          const struct plm_output_format **out)
{
    plm_auto(plm_err_free) plm_err *err = NULL;
    size_t offset = 0;
    *out = plm_output_compile(text, c->l->arena, &offset, &err);
    if (*out)
        return 1;
    if (plm_err_code(err) == PLM_E_OOM)
        return -1;
    const struct plm_rules_place *at =
        plm_rules_place_in(c->l, x->output_place, "rule output expression", text, offset);
    const char *what = err ? err->message : "not an output";
    if (!x->skip_unknown)
        return plm_rules_error(c->l, PLM_LOAD_ERR_COMPILE_OUTPUT, at, "%s", what);
    plm_rules_warn(c->l, PLM_LOAD_UNKNOWN_FILTER, at, PLM_SV_NULL, "%s", what);
    return 0;
}

/* extra_fields of append_output: 1, 0: skipped, -1. */
static int compile_extra(struct compiler *c, const struct plm_rules_item *x, struct plm_rule *r)
{
    const struct plm_rules_config *conf = c->l->conf;
    size_t max = 0;
    for (size_t i = 0; i < conf->n_append; i++)
        max += append_fits(&conf->append[i], x) ? conf->append[i].n_fields : 0;
    const struct plm_output_format **formats =
        plm_arena_array(c->arena, max, sizeof(struct plm_output_format *));
    plm_sv *names = plm_arena_array(c->arena, max, sizeof(plm_sv));
    if (!formats || !names)
        return -1;
    for (size_t i = 0; i < conf->n_append; i++) {
        const struct plm_append_output *a = &conf->append[i];
        for (size_t k = 0; k < a->n_fields && append_fits(a, x); k++) {
            plm_sv name = plm_arena_sv(c->arena, a->field_names[k]);
            plm_sv text = plm_arena_sv(c->arena, a->field_formats ? a->field_formats[k] : PLM_SV_NULL);
            if (!text.p)
                text = plm_arena_printf(c->arena, "%%%.*s", PLM_SV_ARG(name));
            int got = compile_output(c, x, text, &formats[r->n_extra]);
            if (got <= 0)
                return got;
            names[r->n_extra++] = name;
        }
    }
    r->extra_formats = formats;
    r->extra_names = names;
    return 1;
}

/* ---- rules
 * --------------------------------------------------------------------------------------------------- */

/* The condition: parsed, resolved and checked. 1, 0: skipped, -1. */
static int compile_condition(struct compiler *c, const struct plm_rules_item *x, struct plm_rule *r)
{
    struct plm_cond *tree = parse(c, r->condition_text, x->condition_place);
    if (!tree || resolve(c, &tree, UINT32_MAX, 0, x->condition_place) < 0)
        return -1;
    c->n_nodes += tree->size;
    if (c->n_nodes > PLM_RULES_NODES_ALL)
        return plm_rules_error(c->l, PLM_LOAD_ERR_COMPILE_CONDITION, x->condition_place,
                               "with their macros the conditions of all rules have more than %d parts",
                               PLM_RULES_NODES_ALL);
    struct plm_rules_check check = {.loader = c->l,
                                    .arena = c->arena,
                                    .scratch = c->scratch,
                                    .place = x->condition_place,
                                    .is_quiet = x->skip_unknown};
    if (plm_rules_check_tree(&check, tree) < 0) {
        if (!check.is_unknown)
            return -1;
        plm_rules_warn(c->l, PLM_LOAD_UNKNOWN_FILTER, check.unknown_place, PLM_SV_NULL, "%.*s",
                       PLM_SV_ARG(check.unknown));
        return 0;
    }
    r->condition = tree;
    plm_rules_types_of(tree, &r->types, &r->n_types);
    if (x->warn_evttypes && (r->n_types == 0 || r->n_types > 100))
        plm_rules_warn(c->l, PLM_LOAD_NO_EVTTYPE, x->place, PLM_SV_NULL,
                       "Rule matches too many evt.type values. This has a significant performance penalty.");
    return 1;
}

static int compile_rule(struct compiler *c, struct plm_rules_item *x, struct plm_rule *r)
{
    plm_sv output;
    *r = (struct plm_rule){.name = x->name,
                           .desc = x->desc,
                           .source = PLM_SV("syscall"),
                           .file = x->place->file,
                           .line = x->place->line + 1,
                           .priority = x->priority,
                           .is_enabled = x->is_enabled,
                           .tags = x->tags.v,
                           .n_tags = x->tags.n};
    if (plm_rules_apply_exceptions(c->l, x, &r->condition_text) < 0 || full_output(c, x, &output) < 0)
        return -1;
    r->output_text = output;
    int got = x->format ? 1 : compile_output(c, x, output, &x->format);
    r->output = x->format;
    if (got > 0)
        got = compile_extra(c, x, r);
    if (got > 0) {
        warn_deprecated_output(c, x, r->output);
        got = compile_condition(c, x, r);
    }
    return got;
}

static int compile_rules(struct compiler *c, struct plm_rules *out)
{
    struct plm_rules_loader *l = c->l;
    out->rules = plm_arena_array(c->arena, l->items.n, sizeof(*out->rules));
    if (!out->rules)
        return -1;
    for (size_t i = 0; i < l->items.n; i++) {
        struct plm_rules_item *x = l->items.v[i];
        if (x->is_unknown_source || x->priority > l->conf->min_priority)
            continue;
        plm_arena_reset(c->scratch);
        int got = compile_rule(c, x, &out->rules[out->n]);
        if (got < 0)
            return -1;
        out->rules[out->n].index = (uint32_t)out->n;
        out->n += got > 0;
    }
    return 0;
}

int plm_rules_compile(struct plm_rules_loader *l, struct plm_rules *out)
{
    plm_auto(plm_arena_free) struct plm_arena *scratch = plm_arena_new(PLM_RULES_MEMORY_MAX);
    struct compiler c = {.l = l, .arena = out->compiled, .scratch = scratch};
    if (!scratch) {
        l->is_oom = true;
        return -1;
    }
    c.lists = plm_arena_array(c.arena, l->lists.n, sizeof(*c.lists));
    c.macros = plm_arena_array(c.arena, l->macros.n, sizeof(*c.macros));
    if (!c.lists || !c.macros)
        return -1;
    for (size_t i = 0; i < l->lists.n; i++)
        if (expand_list(&c, i, 0) < 0)
            return -1;
    if (compile_macros(&c) < 0 || compile_rules(&c, out) < 0)
        return -1;
    warn_unused(&c);
    return plm_arena_failed(c.arena) || plm_arena_failed(scratch) ? -1 : 0;
}
