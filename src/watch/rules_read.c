/* SPDX-License-Identifier: Apache-2.0
 *
 * A rules file, YAML to items (falco-rules.md part 1): a stream of documents, each a sequence of mappings.
 * The kind of an item is the first of required_engine_version, required_plugin_versions, list, macro, rule
 * that is a key of it. The first fault ends the file.
 */
#include "watch/rules_int.h"

#define APPEND_AND_OVERRIDE                                                                                  \
    "Keys 'override' and 'append: true' cannot be used together. Add an 'append' entry (e.g. 'condition: "   \
    "append') under override instead."
#define APPEND_DEPRECATED                                                                                    \
    "'append' key is deprecated. Add an 'append' entry (e.g. 'condition: append') under 'override' instead."
#define ENABLED_DEPRECATED                                                                                   \
    "The standalone 'enabled' key usage is deprecated. The correct approach requires also a 'replace' "      \
    "entry "                                                                                                 \
    "under the 'override' key (i.e. 'enabled: replace')."

/* ---- values ------------------------------------------------------------------------------------------ */

/* The value of a key that must be a scalar with something in it: 1, 0: absent and optional, -1. */
static int scalar(struct plm_rules_loader *l, const struct plm_yaml_node *item, const char *key,
                  bool is_optional, const struct plm_rules_place *at, const struct plm_yaml_node **out)
{
    const struct plm_yaml_node *n = plm_yaml_get(item, key, NULL);
    if (!n && is_optional)
        return 0;
    if (!n)
        return plm_rules_error(l, PLM_LOAD_ERR_YAML_VALIDATE, at, "Item has no mapping for key '%s'", key);
    if (n->kind == PLM_YAML_NULL)
        return plm_rules_error(l, PLM_LOAD_ERR_YAML_VALIDATE, at, "Mapping for key '%s' is empty", key);
    at = plm_rules_place(l, at, "value for", plm_sv_from(key), n);
    if (n->kind != PLM_YAML_SCALAR)
        return plm_rules_error(l, PLM_LOAD_ERR_YAML_VALIDATE, at, "Value is not a scalar value");
    if (!n->text.n)
        return plm_rules_error(l, PLM_LOAD_ERR_YAML_VALIDATE, at, "Value must be non-empty");
    *out = n;
    return 1;
}

int plm_rules_text(struct plm_rules_loader *l, const struct plm_yaml_node *item, const char *key,
                   bool is_optional, const struct plm_rules_place *at, plm_sv *out)
{
    const struct plm_yaml_node *n = NULL;
    int r = scalar(l, item, key, is_optional, at, &n);
    if (r <= 0 || !n)
        return r;
    *out = plm_arena_sv(l->arena, n->text);
    return out->p ? 0 : -1;
}

int plm_rules_flag(struct plm_rules_loader *l, const struct plm_yaml_node *item, const char *key,
                   const struct plm_rules_place *at, bool *out)
{
    const struct plm_yaml_node *n = NULL;
    int r = scalar(l, item, key, true, at, &n);
    if (r <= 0 || !n)
        return r;
    if (plm_yaml_bool(n, out))
        return 0;
    if (plm_sv_ieq(n->text, PLM_SV("y")) || plm_sv_ieq(n->text, PLM_SV("n"))) {
        *out = plm_sv_ieq(n->text, PLM_SV("y"));
        return 0;
    }
    return plm_rules_error(l, PLM_LOAD_ERR_YAML_VALIDATE,
                           plm_rules_place(l, at, "value for", plm_sv_from(key), n),
                           "Can't decode YAML scalar value");
}

static int texts(struct plm_rules_loader *l, const struct plm_yaml_node *item, const char *key,
                 bool is_optional, const struct plm_rules_place *at, plm_sv_vec *out)
{
    const struct plm_yaml_node *n = plm_yaml_get(item, key, NULL);
    if (!n && is_optional)
        return 0;
    if (!n)
        return plm_rules_error(l, PLM_LOAD_ERR_YAML_VALIDATE, at, "Item has no mapping for key '%s'", key);
    at = plm_rules_place(l, at, "value for", plm_sv_from(key), n);
    if (n->kind != PLM_YAML_SEQUENCE)
        return plm_rules_error(l, PLM_LOAD_ERR_YAML_VALIDATE, at, "Value is not a sequence");
    for (size_t i = 0; i < n->n; i++) {
        const struct plm_yaml_node *v = n->items[i];
        if (v->kind != PLM_YAML_SCALAR && v->kind != PLM_YAML_NULL)
            return plm_rules_error(l, PLM_LOAD_ERR_YAML_VALIDATE,
                                   plm_rules_place(l, at, "list item", PLM_SV_NULL, v),
                                   "sequence value is not scalar");
        if (!plm_sv_vec_add(l->arena, out, v->text.p ? v->text : PLM_SV("")))
            return -1;
    }
    return 0;
}

/* ---- unknown keys and overrides
 * ---------------------------------------------------------------------------- */

static void warn_unknown_keys(struct plm_rules_loader *l, const struct plm_yaml_node *item, uint32_t known,
                              const char *kind, const struct plm_rules_place *at)
{
    for (size_t i = 0; i < item->n; i++) {
        plm_sv k = item->keys[i]->text;
        if (plm_sv_is(k, kind) || plm_sv_is(k, "append") || plm_sv_is(k, "override") ||
            (plm_rules_key_find(k) & known))
            continue;
        plm_rules_warn(l, PLM_LOAD_UNKNOWN_KEY,
                       plm_rules_place(l, at, "value for", plm_arena_sv(l->arena, k), item->keys[i]),
                       PLM_SV_NULL, "Unknown key '%.*s'", PLM_SV_ARG(k));
    }
}

static int read_override(struct plm_rules_loader *l, const struct plm_yaml_node *item, plm_sv name,
                         const struct plm_yaml_node *value, uint32_t may[2], const struct plm_rules_place *at,
                         uint32_t out[2])
{
    uint32_t key = plm_rules_key_find(name);
    plm_sv how = plm_yaml_text(value);
    bool is_append = plm_sv_is(how, "append");
    if (!is_append && !plm_sv_is(how, "replace"))
        return plm_rules_error(
            l, PLM_LOAD_ERR_YAML_VALIDATE, at,
            "Invalid override operation for key '%.*s': '%.*s'. Allowed values are: append, replace",
            PLM_SV_ARG(name), PLM_SV_ARG(how));
    if (!key || !(may[!is_append] & key))
        return plm_rules_error(l, PLM_LOAD_ERR_YAML_VALIDATE, at, "Key '%.*s' cannot be %s%s",
                               PLM_SV_ARG(name), is_append ? "appended to" : "replaced",
                               is_append && (may[1] & key) ? ": use 'replace' instead" : "");
    if (!plm_yaml_get(item, plm_rules_key_name(key), NULL))
        return plm_rules_error(l, PLM_LOAD_ERR_YAML_VALIDATE, at,
                               "An %s override for '%.*s' was specified but '%.*s' is not defined",
                               is_append ? "append" : "replace", PLM_SV_ARG(name), PLM_SV_ARG(name));
    out[!is_append] |= key;
    return 0;
}

int plm_rules_read_overrides(struct plm_rules_loader *l, const struct plm_yaml_node *item,
                             uint32_t may_append, uint32_t may_replace, const struct plm_rules_place *at,
                             uint32_t *out_append, uint32_t *out_replace)
{
    const struct plm_yaml_node *o = plm_yaml_get(item, "override", NULL);
    uint32_t may[2] = {may_append, may_replace}, got[2] = {0, 0};
    *out_append = *out_replace = 0;
    if (!o)
        return 0;
    const struct plm_rules_place *oat = plm_rules_place(l, at, "overrides", PLM_SV_NULL, o);
    if (o->kind != PLM_YAML_MAPPING)
        return plm_rules_error(l, PLM_LOAD_ERR_YAML_VALIDATE, oat,
                               "Value of 'override' must be a mapping of key to operation");
    for (size_t i = 0; i < o->n; i++)
        if (read_override(l, item, o->keys[i]->text, o->items[i], may, oat, got) < 0)
            return -1;
    for (size_t i = 0; i < item->n && o->n; i++) {
        plm_sv k = item->keys[i]->text;
        bool is_frame = plm_sv_is(k, "rule") || plm_sv_is(k, "macro") || plm_sv_is(k, "list") ||
                        plm_sv_is(k, "override") || plm_sv_is(k, "append");
        if (!is_frame && !(plm_rules_key_find(k) & (got[0] | got[1])))
            return plm_rules_error(
                l, PLM_LOAD_ERR_YAML_VALIDATE, at,
                "Unexpected key '%.*s': no corresponding entry under 'override' is present.", PLM_SV_ARG(k));
    }
    *out_append = got[0];
    *out_replace = got[1];
    return 0;
}

/* `append: true` and `override` of an item: what is appended and what replaced. */
static int read_how(struct plm_rules_loader *l, const struct plm_yaml_node *item, uint32_t may_append,
                    uint32_t may_replace, const struct plm_rules_place *at, bool *out_is_append,
                    uint32_t *out_append, uint32_t *out_replace)
{
    *out_is_append = false;
    if (plm_rules_flag(l, item, "append", at, out_is_append) < 0)
        return -1;
    if (plm_yaml_get(item, "append", NULL))
        plm_rules_warn(l, PLM_LOAD_DEPRECATED_ITEM, at, PLM_SV("append"), APPEND_DEPRECATED);
    if (*out_is_append && plm_yaml_get(item, "override", NULL))
        return plm_rules_error(l, PLM_LOAD_ERR_YAML_VALIDATE, at, APPEND_AND_OVERRIDE);
    return plm_rules_read_overrides(l, item, may_append, may_replace, at, out_append, out_replace);
}

/* ---- lists and macros
 * ------------------------------------------------------------------------------------------ */

static bool is_macro_name(plm_sv s)
{
    bool ok = s.n > 0 && ((s.p[0] >= 'a' && s.p[0] <= 'z') || (s.p[0] >= 'A' && s.p[0] <= 'Z'));
    for (size_t i = 0; i < s.n && ok; i++)
        ok = (s.p[i] >= 'a' && s.p[i] <= 'z') || (s.p[i] >= 'A' && s.p[i] <= 'Z') ||
             (s.p[i] >= '0' && s.p[i] <= '9') || s.p[i] == '_';
    return ok;
}

/* The item's name and its place with the name in it. */
static int read_name(struct plm_rules_loader *l, const struct plm_yaml_node *item, const char *kind,
                     const struct plm_rules_place *parent, plm_sv *out_name,
                     const struct plm_rules_place **out_place)
{
    const struct plm_rules_place *at = plm_rules_place(l, parent, kind, PLM_SV_NULL, item);
    if (plm_rules_text(l, item, kind, false, at, out_name) < 0)
        return -1;
    *out_place = plm_rules_place(l, parent, kind, *out_name, item);
    return *out_place ? 0 : -1;
}

static int read_list(struct plm_rules_loader *l, const struct plm_yaml_node *item,
                     const struct plm_rules_place *parent)
{
    struct plm_rules_list *x = plm_arena_make(l->arena, struct plm_rules_list);
    plm_sv_vec items = {0};
    bool is_append = false;
    uint32_t append = 0, replace = 0;
    if (!x || read_name(l, item, "list", parent, &x->name, &x->place) < 0)
        return -1;
    if (!plm_cond_is_bare(x->name))
        plm_rules_warn(l, PLM_LOAD_INVALID_LIST_NAME, x->place, PLM_SV_NULL,
                       "List has an invalid name. List names must match a regular expression: "
                       "[^()\"'\\s=,]+");
    if (texts(l, item, "items", false, x->place, &items) < 0 ||
        read_how(l, item, PLM_RK_ITEMS, PLM_RK_ITEMS, x->place, &is_append, &append, &replace) < 0)
        return -1;
    warn_unknown_keys(l, item, PLM_RK_ITEMS, "list", x->place);
    x->items = items.v;
    x->n = items.n;
    return is_append || append ? plm_rules_append_list(l, x) : plm_rules_define_list(l, x);
}

static const struct plm_rules_place *key_place(struct plm_rules_loader *l, const struct plm_yaml_node *item,
                                               const char *key, const char *type,
                                               const struct plm_rules_place *parent)
{
    const struct plm_yaml_node *n = plm_yaml_get(item, key, NULL);
    return n ? plm_rules_place(l, parent, type, PLM_SV_NULL, n) : NULL;
}

static int read_macro(struct plm_rules_loader *l, const struct plm_yaml_node *item,
                      const struct plm_rules_place *parent)
{
    struct plm_rules_macro *x = plm_arena_make(l->arena, struct plm_rules_macro);
    bool is_append = false;
    uint32_t append = 0, replace = 0;
    if (!x || read_name(l, item, "macro", parent, &x->name, &x->place) < 0)
        return -1;
    if (!is_macro_name(x->name))
        plm_rules_warn(l, PLM_LOAD_INVALID_MACRO_NAME, x->place, PLM_SV_NULL,
                       "Macro has an invalid name. Macro names must match a regular expression: "
                       "[a-zA-Z]+[a-zA-Z0-9_]*");
    if (plm_rules_text(l, item, "condition", false, x->place, &x->condition) < 0)
        return -1;
    x->condition_place = key_place(l, item, "condition", "macro condition", x->place);
    if (read_how(l, item, PLM_RK_CONDITION, PLM_RK_CONDITION, x->place, &is_append, &append, &replace) < 0)
        return -1;
    warn_unknown_keys(l, item, PLM_RK_CONDITION, "macro", x->place);
    return is_append || append ? plm_rules_append_macro(l, x) : plm_rules_define_macro(l, x);
}

/* ---- rules
 * ---------------------------------------------------------------------------------------------------- */

static int read_priority(struct plm_rules_loader *l, const struct plm_yaml_node *item,
                         const struct plm_rules_place *at, bool is_optional, enum plm_priority *out)
{
    const struct plm_yaml_node *n = NULL;
    int r = scalar(l, item, "priority", is_optional, at, &n);
    if (r > 0 && n && !plm_priority_parse(n->text, out))
        return plm_rules_error(l, PLM_LOAD_ERR_YAML_VALIDATE,
                               plm_rules_place(l, at, "rule priority", PLM_SV_NULL, n), "Invalid priority");
    return r < 0 ? -1 : 0;
}

static int read_duration(struct plm_rules_loader *l, const struct plm_yaml_node *item,
                         const struct plm_rules_place *at, uint32_t *out)
{
    const struct plm_yaml_node *n = NULL;
    uint64_t v;
    int r = scalar(l, item, "capture_duration", true, at, &n);
    if (r <= 0 || !n)
        return r;
    if (!plm_sv_u64(n->text, &v) || v > UINT32_MAX)
        return plm_rules_error(l, PLM_LOAD_ERR_YAML_VALIDATE,
                               plm_rules_place(l, at, "value for", PLM_SV("capture_duration"), n),
                               "Can't decode YAML scalar value");
    *out = (uint32_t)v;
    return 0;
}

/* Whatever keys are there. needed: keys that must be. */
static int read_rule_keys(struct plm_rules_loader *l, const struct plm_yaml_node *item,
                          struct plm_rules_item *x, uint32_t needed, bool is_append)
{
    const struct plm_rules_place *at = x->place;
    x->condition_place = key_place(l, item, "condition", "rule condition", at);
    x->output_place = key_place(l, item, "output", "rule output", at);
    if (plm_rules_text(l, item, "condition", !(needed & PLM_RK_CONDITION), at, &x->condition) < 0 ||
        plm_rules_text(l, item, "output", !(needed & PLM_RK_OUTPUT), at, &x->output) < 0 ||
        plm_rules_text(l, item, "desc", !(needed & PLM_RK_DESC), at, &x->desc) < 0 ||
        read_priority(l, item, at, !(needed & PLM_RK_PRIORITY), &x->priority) < 0 ||
        plm_rules_text(l, item, "source", true, at, &x->source) < 0 ||
        plm_rules_flag(l, item, "enabled", at, &x->is_enabled) < 0 ||
        plm_rules_flag(l, item, "warn_evttypes", at, &x->warn_evttypes) < 0 ||
        plm_rules_flag(l, item, "skip-if-unknown-filter", at, &x->skip_unknown) < 0 ||
        plm_rules_flag(l, item, "capture", at, &x->capture) < 0 ||
        read_duration(l, item, at, &x->capture_duration) < 0 ||
        texts(l, item, "tags", true, at, &x->tags) < 0)
        return -1;
    if (x->output.p)
        x->output = plm_sv_trim(x->output);
    plm_sv_vec_sort_unique(&x->tags);
    return plm_rules_read_exceptions(l, item, is_append, at, &x->exceptions);
}

static int toggle(struct plm_rules_loader *l, struct plm_rules_item *x)
{
    plm_rules_warn(l, PLM_LOAD_DEPRECATED_ITEM, x->place, PLM_SV("enabled"), ENABLED_DEPRECATED);
    return plm_rules_replace_rule(l, x, PLM_RK_ENABLED);
}

static uint32_t keys_of(const struct plm_yaml_node *item)
{
    uint32_t keys = 0;
    for (size_t i = 0; i < item->n; i++)
        keys |= plm_rules_key_find(item->keys[i]->text);
    return keys;
}

static int read_rule(struct plm_rules_loader *l, const struct plm_yaml_node *item,
                     const struct plm_rules_place *parent)
{
    static const uint32_t must = PLM_RK_CONDITION | PLM_RK_OUTPUT | PLM_RK_DESC | PLM_RK_PRIORITY;
    static const uint32_t may_append =
        PLM_RK_CONDITION | PLM_RK_OUTPUT | PLM_RK_DESC | PLM_RK_TAGS | PLM_RK_EXCEPTIONS;
    static const uint32_t may_replace = may_append | PLM_RK_PRIORITY | PLM_RK_ENABLED | PLM_RK_WARN_EVTTYPES |
                                        PLM_RK_SKIP_UNKNOWN | PLM_RK_CAPTURE | PLM_RK_CAPTURE_DURATION;
    struct plm_rules_item *x = plm_arena_make(l->arena, struct plm_rules_item);
    bool is_append = false;
    uint32_t append = 0, replace = 0;
    if (!x || read_name(l, item, "rule", parent, &x->name, &x->place) < 0 ||
        read_how(l, item, may_append, may_replace, x->place, &is_append, &append, &replace) < 0)
        return -1;
    x->is_enabled = x->warn_evttypes = true;
    x->keys = keys_of(item);
    warn_unknown_keys(l, item, ~(uint32_t)PLM_RK_ITEMS, "rule", x->place);
    bool is_toggle = !is_append && !append && !replace && (x->keys & PLM_RK_ENABLED) && !(x->keys & must);
    bool is_whole = !is_append && !append && !replace && !is_toggle;
    bool appends_exceptions = is_append || (append & PLM_RK_EXCEPTIONS);
    if (read_rule_keys(l, item, x, is_whole ? must : 0, appends_exceptions) < 0)
        return -1;
    if (is_toggle)
        return toggle(l, x);
    if (is_whole)
        return plm_rules_define_rule(l, x);
    if (is_append)
        append = PLM_RK_CONDITION | PLM_RK_EXCEPTIONS;
    if (append && plm_rules_append_rule(l, x, append) < 0)
        return -1;
    return replace ? plm_rules_replace_rule(l, x, replace) : 0;
}

/* ---- items
 * ------------------------------------------------------------------------------------------------------ */

static int read_item(struct plm_rules_loader *l, const struct plm_yaml_node *item,
                     const struct plm_rules_place *parent)
{
    static const struct {
        const char *key;
        int (*read)(struct plm_rules_loader *l, const struct plm_yaml_node *item,
                    const struct plm_rules_place *parent);
    } kinds[] = {
        {"required_engine_version", plm_rules_read_engine_version},
        {"required_plugin_versions", plm_rules_read_plugin_versions},
        {"list", read_list},
        {"macro", read_macro},
        {"rule", read_rule},
    };
    const struct plm_rules_place *at = plm_rules_place(l, parent, "rules content item", PLM_SV_NULL, item);
    if (item->kind == PLM_YAML_NULL)
        return 0;
    if (item->kind != PLM_YAML_MAPPING)
        return plm_rules_error(l, PLM_LOAD_ERR_YAML_VALIDATE, at,
                               "Unexpected element type. Each element should be a yaml associative array.");
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
        if (plm_yaml_get(item, kinds[i].key, NULL))
            return kinds[i].read(l, item, parent);
    plm_rules_warn(l, PLM_LOAD_UNKNOWN_ITEM, at, PLM_SV_NULL, "Unknown top level item");
    return 0;
}

static int read_document(struct plm_rules_loader *l, const struct plm_yaml_node *doc)
{
    if (doc->kind == PLM_YAML_NULL)
        return 0;
    const struct plm_rules_place *at = plm_rules_place(l, NULL, "rules content", PLM_SV_NULL, doc);
    if (doc->kind != PLM_YAML_SEQUENCE)
        return plm_rules_error(l, PLM_LOAD_ERR_YAML_VALIDATE, at,
                               "Rules content is not yaml array of objects");
    for (size_t i = 0; i < doc->n; i++)
        if (read_item(l, doc->items[i], at) < 0 || plm_arena_failed(l->arena))
            return -1;
    return 0;
}

int plm_rules_read(struct plm_rules_loader *l)
{
    plm_err *err = NULL;
    struct plm_yaml_fault at = {0};
    plm_auto_free char *name = strndup(l->file.p, l->file.n);
    plm_auto(plm_yaml_free) struct plm_yaml *doc =
        name ? plm_yaml_parse_stream(l->content, name, l->ctx->limits, &at, &err) : NULL;
    if (!doc) {
        struct plm_yaml_node where = {.line = at.line, .column = at.column, .offset = at.offset};
        int r = -1;
        if (name && plm_err_code(err) != PLM_E_OOM)
            r = plm_rules_error(l, PLM_LOAD_ERR_YAML_PARSE,
                                plm_rules_place(l, NULL, "rules content", PLM_SV_NULL, &where), "%s",
                                err->message);
        else
            l->is_oom = true;
        plm_err_free(err);
        return r;
    }
    const struct plm_yaml_node *root = plm_yaml_root(doc);
    for (size_t i = 0; i < root->n; i++)
        if (read_document(l, root->items[i]) < 0)
            return -1;
    return 0;
}
