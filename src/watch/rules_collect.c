/* SPDX-License-Identifier: Apache-2.0
 *
 * Definitions by name: a later one takes the place (index) of an earlier one of its name, and every change
 * makes its "visibility" the newest index: what was defined before that may be referred to (falco-rules.md
 * part 1). Items are never changed in place but copied, so that the loader can go back to what it had before
 * a bad file by restoring three arrays of pointers.
 */
#include "watch/rules_int.h"

/* Position of a name, SIZE_MAX: none. Names of a file that was taken back may still stand in the map. */
static size_t position(const struct plm_map *names, plm_sv name, size_t n)
{
    uintptr_t at = (uintptr_t)plm_map_get(names, name);
    return at && at <= n ? at - 1 : SIZE_MAX;
}

static bool remember(struct plm_rules_loader *l, struct plm_map *names, plm_sv name, size_t at)
{
    void **slot = plm_map_put(names, name);
    if (slot)
        *slot = (void *)(uintptr_t)(at + 1); /* NOLINT(performance-no-int-to-ptr): a number, not an address */
    else
        l->is_oom = true;
    return slot != NULL;
}

/* Puts x where its name is, or at the end; sets index and visibility. */
#define DEFINE(l, vec, names, x)                                                                             \
    ({                                                                                                       \
        size_t at_ = position((names), (x)->name, (vec)->n);                                                 \
        __typeof__((vec)->v) slot_ = NULL;                                                                   \
        (x)->index = (x)->visibility = (l)->next_index++;                                                    \
        if (at_ != SIZE_MAX) {                                                                               \
            (x)->index = (vec)->v[at_]->index;                                                               \
            slot_ = &(vec)->v[at_];                                                                          \
        } else if (remember((l), (names), (x)->name, (vec)->n)) {                                            \
            slot_ = plm_vec_push((l)->arena, (vec));                                                         \
        }                                                                                                    \
        if (slot_)                                                                                           \
            *slot_ = (x);                                                                                    \
        slot_ ? 0 : -1;                                                                                      \
    })

static plm_sv joined(struct plm_rules_loader *l, plm_sv a, plm_sv b)
{
    return plm_arena_printf(l->arena, "%.*s %.*s", PLM_SV_ARG(a), PLM_SV_ARG(b));
}

int plm_rules_define_list(struct plm_rules_loader *l, struct plm_rules_list *x)
{
    return DEFINE(l, &l->lists, l->list_names, x);
}

int plm_rules_append_list(struct plm_rules_loader *l, const struct plm_rules_list *x)
{
    size_t at = position(l->list_names, x->name, l->lists.n);
    if (at == SIZE_MAX)
        return plm_rules_error(l, PLM_LOAD_ERR_VALIDATE, x->place,
                               "List uses 'append' or 'override.items: append' but no list by that name "
                               "already exists");
    struct plm_rules_list *copy = plm_arena_make(l->arena, struct plm_rules_list);
    if (!copy)
        return -1;
    *copy = *l->lists.v[at];
    copy->items = plm_arena_array(l->arena, copy->n + x->n, sizeof(*copy->items));
    if (!copy->items)
        return -1;
    for (size_t i = 0; i < copy->n; i++)
        copy->items[i] = l->lists.v[at]->items[i];
    for (size_t i = 0; i < x->n; i++)
        copy->items[copy->n++] = x->items[i];
    copy->visibility = l->next_index++;
    l->lists.v[at] = copy;
    return 0;
}

int plm_rules_define_macro(struct plm_rules_loader *l, struct plm_rules_macro *x)
{
    return DEFINE(l, &l->macros, l->macro_names, x);
}

int plm_rules_append_macro(struct plm_rules_loader *l, const struct plm_rules_macro *x)
{
    size_t at = position(l->macro_names, x->name, l->macros.n);
    if (at == SIZE_MAX)
        return plm_rules_error(
            l, PLM_LOAD_ERR_VALIDATE, x->place,
            "Macro uses 'append' or 'override.condition: append' but no macro by that name "
            "already exists");
    struct plm_rules_macro *copy = plm_arena_make(l->arena, struct plm_rules_macro);
    if (!copy)
        return -1;
    *copy = *l->macros.v[at];
    copy->condition = joined(l, copy->condition, x->condition);
    copy->visibility = l->next_index++;
    l->macros.v[at] = copy;
    return copy->condition.p ? 0 : -1;
}

/* ---- rules ----------------------------------------------------------------------------------------------
 */

static plm_sv source_of(const struct plm_rules_item *x)
{
    return x->source.p ? x->source : PLM_SV("syscall");
}

int plm_rules_define_rule(struct plm_rules_loader *l, struct plm_rules_item *x)
{
    size_t at = position(l->item_names, x->name, l->items.n);
    if (at != SIZE_MAX && !plm_sv_eq(source_of(l->items.v[at]), source_of(x)))
        return plm_rules_error(l, PLM_LOAD_ERR_VALIDATE, x->place,
                               "Rule has been re-defined with a different source");
    if (!plm_sv_is(source_of(x), "syscall")) {
        x->is_unknown_source = true;
        plm_sv source = source_of(x);
        plm_rules_warn(l, PLM_LOAD_UNKNOWN_SOURCE, x->place, PLM_SV_NULL, "Unknown source %.*s, skipping",
                       PLM_SV_ARG(source));
    }
    for (size_t i = 0; i < x->exceptions.n; i++)
        if (plm_rules_check_exception(l, &x->exceptions.v[i], !x->is_unknown_source) < 0)
            return -1;
    return DEFINE(l, &l->items, l->item_names, x);
}

/* A copy of the rule that x changes, in its place; its exceptions are copied too, as they may grow. */
static struct plm_rules_item *change(struct plm_rules_loader *l, const struct plm_rules_item *x,
                                     const char *how)
{
    size_t at = position(l->item_names, x->name, l->items.n);
    if (at == SIZE_MAX)
        return PLM_NULL(plm_rules_error(l, PLM_LOAD_ERR_VALIDATE, x->place,
                                        "%s but no rule by that name already exists", how));
    struct plm_rules_item *copy = plm_arena_make(l->arena, struct plm_rules_item);
    if (!copy)
        return NULL;
    *copy = *l->items.v[at];
    copy->exceptions = (plm_rules_exception_vec){0};
    for (size_t i = 0; i < l->items.v[at]->exceptions.n; i++) {
        struct plm_rules_exception *e = plm_vec_push(l->arena, &copy->exceptions);
        if (!e)
            return NULL;
        *e = l->items.v[at]->exceptions.v[i];
    }
    copy->visibility = l->next_index++;
    copy->format = NULL;
    l->items.v[at] = copy;
    return copy;
}

static int append_values(struct plm_rules_loader *l, struct plm_rules_exception *to,
                         const struct plm_rules_exception *from)
{
    if (from->fields.is_set || from->comps.is_set)
        return plm_rules_error(l, PLM_LOAD_ERR_VALIDATE, from->place,
                               "Can not append exception %s to existing exception, only values",
                               from->fields.is_set ? "fields" : "comps");
    struct plm_rules_entry *all = plm_arena_array(l->arena, to->n + from->n, sizeof(*all));
    if (!all)
        return -1;
    for (size_t i = 0; i < to->n; i++)
        all[i] = to->values[i];
    for (size_t i = 0; i < from->n; i++)
        all[to->n + i] = from->values[i];
    to->values = all;
    to->n += from->n;
    return 0;
}

static int append_exception(struct plm_rules_loader *l, struct plm_rules_item *to,
                            struct plm_rules_exception *x)
{
    for (size_t i = 0; i < to->exceptions.n; i++)
        if (plm_sv_eq(to->exceptions.v[i].name, x->name))
            return append_values(l, &to->exceptions.v[i], x);
    if (!x->fields.is_set || !x->n)
        return plm_rules_error(l, PLM_LOAD_ERR_VALIDATE, x->place,
                               "Rule exception new item must have %s property with a list of %s",
                               x->fields.is_set ? "values" : "fields",
                               x->fields.is_set ? "values" : "fields");
    struct plm_rules_exception *slot = NULL;
    if (plm_rules_check_exception(l, x, !to->is_unknown_source) == 0)
        slot = plm_vec_push(l->arena, &to->exceptions);
    if (slot)
        *slot = *x;
    return slot ? 0 : -1;
}

static int append_text(struct plm_rules_loader *l, plm_sv *to, plm_sv more)
{
    if (more.p)
        *to = joined(l, *to, more);
    return to->p ? 0 : -1;
}

int plm_rules_append_rule(struct plm_rules_loader *l, const struct plm_rules_item *x, uint32_t keys)
{
    struct plm_rules_item *to = change(l, x, "Rule uses 'append' or 'override.<key>: append'");
    if (!to)
        return -1;
    if (x->source.p && !plm_sv_eq(source_of(x), source_of(to)))
        return plm_rules_error(l, PLM_LOAD_ERR_VALIDATE, x->place,
                               "Rule has been re-defined with a different source");
    if (((keys & PLM_RK_CONDITION) && append_text(l, &to->condition, x->condition) < 0) ||
        ((keys & PLM_RK_OUTPUT) && append_text(l, &to->output, x->output) < 0) ||
        ((keys & PLM_RK_DESC) && append_text(l, &to->desc, x->desc) < 0))
        return -1;
    if (keys & PLM_RK_TAGS) {
        plm_sv_vec all = {0};
        for (size_t i = 0; i < to->tags.n; i++)
            if (!plm_sv_vec_add(l->arena, &all, to->tags.v[i]))
                return -1;
        for (size_t i = 0; i < x->tags.n; i++)
            if (!plm_sv_vec_add(l->arena, &all, x->tags.v[i]))
                return -1;
        plm_sv_vec_sort_unique(&all);
        to->tags = all;
    }
    for (size_t i = 0; (keys & PLM_RK_EXCEPTIONS) && i < x->exceptions.n; i++)
        if (append_exception(l, to, &x->exceptions.v[i]) < 0)
            return -1;
    return 0;
}

int plm_rules_replace_rule(struct plm_rules_loader *l, const struct plm_rules_item *x, uint32_t keys)
{
    struct plm_rules_item *to = change(l, x,
                                       keys == PLM_RK_ENABLED ? "Rule has 'enabled' key"
                                                              : "An 'override.<key>: replace' was specified");
    if (!to)
        return -1;
    if (keys & PLM_RK_CONDITION) {
        to->condition = x->condition;
        to->condition_place = x->condition_place;
    }
    if (keys & PLM_RK_OUTPUT) {
        to->output = x->output;
        to->output_place = x->output_place;
    }
    if (keys & PLM_RK_DESC)
        to->desc = x->desc;
    if (keys & PLM_RK_PRIORITY)
        to->priority = x->priority;
    if (keys & PLM_RK_TAGS)
        to->tags = x->tags;
    if (keys & PLM_RK_ENABLED)
        to->is_enabled = x->is_enabled;
    if (keys & PLM_RK_WARN_EVTTYPES)
        to->warn_evttypes = x->warn_evttypes;
    if (keys & PLM_RK_SKIP_UNKNOWN)
        to->skip_unknown = x->skip_unknown;
    if (keys & PLM_RK_CAPTURE)
        to->capture = x->capture;
    if (keys & PLM_RK_CAPTURE_DURATION)
        to->capture_duration = x->capture_duration;
    if (!(keys & PLM_RK_EXCEPTIONS))
        return 0;
    to->exceptions = x->exceptions;
    for (size_t i = 0; i < to->exceptions.n; i++)
        if (plm_rules_check_exception(l, &to->exceptions.v[i], !to->is_unknown_source) < 0)
            return -1;
    return 0;
}
