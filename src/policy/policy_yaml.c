/* SPDX-License-Identifier: Apache-2.0
 *
 * Our form of a policy: the model of a bundle as YAML that people write. The common case:
 *
 *     policy: web
 *     rules:
 *       - stop: vulnerabilities.package
 *         with: {package_type: all, severity_comparison: ">=", severity: high, fix_available: true}
 *         reason: A hole with a fix is a rebuild away.
 *         reference: NIST SP 800-190 4.1.1
 *     allow:
 *       - vulnerabilities: CVE-2018-0737+openssl
 *         until: 2027-01-31T00:00:00Z
 *         reason: not reachable
 *
 * One rule set, one allowlist, for every image. Beyond it `rule_sets`, `allowlists`, `mappings` (first match
 * decides), `allowed_images` and `denied_images` say what a bundle can. A list as a parameter's value is the
 * comma list of its items.
 */
#include "policy_int.h"

#include "base/buf.h"
#include "codec/yaml.h"

#include <stdarg.h>

#define ONE_SET  PLM_SV("rules")
#define ONE_LIST PLM_SV("allow")
#define ONE_MAP  PLM_SV("every-image")

struct reader {
    struct plm_policy *p;
    struct plm_arena *a;
};

static void __attribute__((format(printf, 3, 4)))
problem(struct reader *r, const struct plm_yaml_node *n, const char *fmt, ...)
{
    struct plm_policy_problem *x = plm_vec_push(r->a, &r->p->problems);
    if (!x)
        return;
    va_list ap;
    va_start(ap, fmt);
    *x = (struct plm_policy_problem){.type = PLM_SV("ValidationError"),
                                     .details = plm_arena_vprintf(r->a, fmt, ap),
                                     .line = n->line,
                                     .column = n->column};
    va_end(ap);
}

/* A text; an empty one where it is null. False, and a problem, where it is a list or a mapping. */
static bool read_text(struct reader *r, const struct plm_yaml_node *n, plm_sv key, plm_sv *out)
{
    if (n->kind != PLM_YAML_SCALAR && n->kind != PLM_YAML_NULL) {
        problem(r, n, "%.*s must be a text", PLM_SV_ARG(key));
        return false;
    }
    *out = plm_arena_sv(r->a, n->kind == PLM_YAML_NULL ? PLM_SV("") : n->text);
    return true;
}

static bool read_texts(struct reader *r, const struct plm_yaml_node *n, plm_sv key, plm_sv_vec *out)
{
    plm_sv text;
    if (n->kind == PLM_YAML_SCALAR)
        return read_text(r, n, key, &text) && plm_sv_vec_add(r->a, out, text);
    if (n->kind != PLM_YAML_SEQUENCE) {
        problem(r, n, "%.*s must be a list", PLM_SV_ARG(key));
        return false;
    }
    for (size_t i = 0; i < n->n; i++)
        if (!read_text(r, n->items[i], key, &text) || !plm_sv_vec_add(r->a, out, text))
            return false;
    return true;
}

/* A key of a mapping to a plm_sv of a struct. */
struct text_row {
    const char *key;
    size_t offset;
};

static bool read_row(struct reader *r, const struct text_row *rows, size_t n, void *to, plm_sv key,
                     const struct plm_yaml_node *value)
{
    for (size_t i = 0; i < n; i++) {
        if (!plm_sv_is(key, rows[i].key))
            continue;
        plm_sv text;
        if (read_text(r, value, key, &text))
            *(plm_sv *)(void *)((char *)to + rows[i].offset) = text;
        return true;
    }
    return false;
}

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static bool is_mapping(struct reader *r, const struct plm_yaml_node *n, const char *what)
{
    if (n->kind != PLM_YAML_MAPPING)
        problem(r, n, "%s must be a mapping", what);
    return n->kind == PLM_YAML_MAPPING;
}

static bool is_list(struct reader *r, const struct plm_yaml_node *n, plm_sv key)
{
    if (n->kind == PLM_YAML_NULL)
        return false;
    if (n->kind != PLM_YAML_SEQUENCE)
        problem(r, n, "%.*s must be a list", PLM_SV_ARG(key));
    return n->kind == PLM_YAML_SEQUENCE;
}

static void unknown(struct reader *r, const struct plm_yaml_node *key, const char *where)
{
    problem(r, key, "%.*s: no such key in %s", PLM_SV_ARG(key->text), where);
}

/* ---- rules ------------------------------------------------------------------------------------- */

static plm_sv lower(struct plm_arena *a, plm_sv s)
{
    char *copy = plm_arena_cstr(a, s);
    for (size_t i = 0; copy && i < s.n; i++)
        if (copy[i] >= 'A' && copy[i] <= 'Z')
            copy[i] = (char)(copy[i] + 32);
    return copy ? plm_sv_n(copy, s.n) : PLM_SV_NULL;
}

static void read_params(struct reader *r, const struct plm_yaml_node *n, struct plm_policy_rule *rule)
{
    if (!is_mapping(r, n, "`with`"))
        return;
    for (size_t i = 0; i < n->n; i++) {
        const struct plm_yaml_node *v = n->items[i];
        plm_sv key = n->keys[i]->text, text = PLM_SV_NULL;
        plm_sv_vec list = {0};
        plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(PLM_MIB(4));
        if (v->kind == PLM_YAML_SEQUENCE) {
            if (!read_texts(r, v, key, &list))
                continue;
            for (size_t k = 0; k < list.n; k++)
                plm_buf_printf(&b, "%s%.*s", k ? "," : "", PLM_SV_ARG(list.v[k]));
            text = plm_arena_sv(r->a, plm_buf_sv(&b));
        } else if (!read_text(r, v, key, &text)) {
            continue;
        }
        struct plm_policy_param *p = plm_vec_push(r->a, &rule->params);
        if (p)
            *p = (struct plm_policy_param){.name = lower(r->a, key), .value = text, .line = n->keys[i]->line};
    }
}

static bool read_action(struct reader *r, plm_sv key, const struct plm_yaml_node *v,
                        struct plm_policy_rule *rule)
{
    static const char *const words[] = {"stop", "warn", "go"};
    for (size_t i = 0; i < COUNT(words); i++) {
        plm_sv text;
        if (!plm_sv_is(key, words[i]))
            continue;
        if (rule->action_text.n)
            problem(r, v, "a rule has one action, not two");
        if (!read_text(r, v, key, &text))
            return true;
        rule->action_text = plm_sv_from(words[i]);
        rule->action = (enum plm_action)i;
        if (!plm_sv_cut(text, '.', &rule->gate_text, &rule->trigger_text) || !rule->gate_text.n ||
            !rule->trigger_text.n)
            problem(r, v, "%.*s: a rule names its gate and trigger (vulnerabilities.package)",
                    PLM_SV_ARG(text));
        return true;
    }
    return false;
}

static void read_rule(struct reader *r, const struct plm_yaml_node *n, struct plm_policy_set *set)
{
    static const struct text_row rows[] = {
        {"id", offsetof(struct plm_policy_rule, id)},
        {"description", offsetof(struct plm_policy_rule, description)},
        {"recommendation", offsetof(struct plm_policy_rule, recommendation)},
        {"reason", offsetof(struct plm_policy_rule, reason)},
        {"reference", offsetof(struct plm_policy_rule, reference)},
    };
    if (!is_mapping(r, n, "a rule"))
        return;
    struct plm_policy_rule rule = {.line = n->line, .column = n->column};
    for (size_t i = 0; i < n->n; i++) {
        plm_sv key = n->keys[i]->text;
        if (plm_sv_is(key, "with"))
            read_params(r, n->items[i], &rule);
        else if (!read_action(r, key, n->items[i], &rule) &&
                 !read_row(r, rows, COUNT(rows), &rule, key, n->items[i]))
            unknown(r, n->keys[i], "a rule");
    }
    if (!rule.action_text.n)
        problem(r, n, "a rule needs `stop`, `warn` or `go` with its gate.trigger");
    struct plm_policy_rule *slot = plm_vec_push(r->a, &set->rules);
    if (slot)
        *slot = rule;
}

static void read_rules(struct reader *r, const struct plm_yaml_node *n, struct plm_policy_set *set)
{
    if (!is_list(r, n, PLM_SV("rules")))
        return;
    for (size_t i = 0; i < n->n; i++)
        read_rule(r, n->items[i], set);
}

static void read_set(struct reader *r, const struct plm_yaml_node *n)
{
    static const struct text_row rows[] = {
        {"id", offsetof(struct plm_policy_set, id)},
        {"name", offsetof(struct plm_policy_set, name)},
        {"version", offsetof(struct plm_policy_set, version)},
        {"description", offsetof(struct plm_policy_set, description)},
        {"artifact_type", offsetof(struct plm_policy_set, artifact_type)},
    };
    struct plm_policy_set *set = is_mapping(r, n, "a rule set") ? plm_vec_push(r->a, &r->p->sets) : NULL;
    if (!set)
        return;
    set->line = n->line;
    for (size_t i = 0; i < n->n; i++)
        if (plm_sv_is(n->keys[i]->text, "rules"))
            read_rules(r, n->items[i], set);
        else if (!read_row(r, rows, COUNT(rows), set, n->keys[i]->text, n->items[i]))
            unknown(r, n->keys[i], "a rule set");
    if (!set->id.n)
        problem(r, n, "a rule set needs an `id`");
}

/* ---- allowlists --------------------------------------------------------------------------------- */

/* The gate is the key: `vulnerabilities: CVE-2018-0737+openssl`. */
static void read_item(struct reader *r, const struct plm_yaml_node *n, struct plm_policy_allowlist *list)
{
    static const struct text_row rows[] = {
        {"id", offsetof(struct plm_policy_item, id)},
        {"until", offsetof(struct plm_policy_item, expires_text)},
        {"reason", offsetof(struct plm_policy_item, description)},
    };
    if (!is_mapping(r, n, "an item of an allowlist"))
        return;
    struct plm_policy_item item = {.line = n->line};
    for (size_t i = 0; i < n->n; i++) {
        plm_sv key = n->keys[i]->text;
        if (read_row(r, rows, COUNT(rows), &item, key, n->items[i]))
            continue;
        if (item.gate.p)
            problem(r, n->keys[i], "%.*s: an item names one gate, and only id, until and reason beside it",
                    PLM_SV_ARG(key));
        else if (read_text(r, n->items[i], key, &item.trigger_id))
            item.gate = plm_arena_sv(r->a, key);
    }
    if (!item.gate.p)
        problem(r, n, "an item needs its gate with a trigger id (vulnerabilities: CVE-2018-0737+openssl)");
    struct plm_policy_item *slot = plm_vec_push(r->a, &list->items);
    if (slot)
        *slot = item;
}

static void read_items(struct reader *r, const struct plm_yaml_node *n, struct plm_policy_allowlist *list)
{
    if (!is_list(r, n, PLM_SV("allow")))
        return;
    for (size_t i = 0; i < n->n; i++)
        read_item(r, n->items[i], list);
}

static void read_allowlist(struct reader *r, const struct plm_yaml_node *n)
{
    static const struct text_row rows[] = {
        {"id", offsetof(struct plm_policy_allowlist, id)},
        {"name", offsetof(struct plm_policy_allowlist, name)},
        {"version", offsetof(struct plm_policy_allowlist, version)},
        {"description", offsetof(struct plm_policy_allowlist, description)},
    };
    struct plm_policy_allowlist *list =
        is_mapping(r, n, "an allowlist") ? plm_vec_push(r->a, &r->p->allowlists) : NULL;
    if (!list)
        return;
    list->line = n->line;
    for (size_t i = 0; i < n->n; i++)
        if (plm_sv_is(n->keys[i]->text, "allow"))
            read_items(r, n->items[i], list);
        else if (!read_row(r, rows, COUNT(rows), list, n->keys[i]->text, n->items[i]))
            unknown(r, n->keys[i], "an allowlist");
    if (!list->id.n)
        problem(r, n, "an allowlist needs an `id`");
}

/* ---- images -------------------------------------------------------------------------------------- */

/* `tag`, `image_id` or `digest`; registry, repository and tag are "*" where they are left out. False: the key
 * is none of a selector. */
static bool read_selector(struct reader *r, plm_sv key, const struct plm_yaml_node *v,
                          struct plm_policy_selector *s)
{
    static const struct text_row rows[] = {
        {"id", offsetof(struct plm_policy_selector, id)},
        {"name", offsetof(struct plm_policy_selector, name)},
        {"registry", offsetof(struct plm_policy_selector, registry)},
        {"repository", offsetof(struct plm_policy_selector, repository)},
    };
    static const struct {
        const char *key, *type;
    } types[] = {{"tag", "tag"}, {"image_id", "id"}, {"digest", "digest"}};
    if (read_row(r, rows, COUNT(rows), s, key, v))
        return true;
    for (size_t i = 0; i < COUNT(types); i++) {
        if (!plm_sv_is(key, types[i].key))
            continue;
        if (s->type.p)
            problem(r, v, "an image is selected by one of tag, image_id and digest");
        s->type = plm_sv_from(types[i].type);
        plm_sv text;
        if (read_text(r, v, key, &text))
            s->value = text;
        return true;
    }
    return false;
}

static void complete(struct plm_policy_selector *s)
{
    if (!s->registry.p)
        s->registry = PLM_SV("*");
    if (!s->repository.p)
        s->repository = PLM_SV("*");
    if (!s->type.p) {
        s->type = PLM_SV("tag");
        s->value = PLM_SV("*");
    }
}

static void read_mapping(struct reader *r, const struct plm_yaml_node *n)
{
    if (!is_mapping(r, n, "a mapping"))
        return;
    struct plm_policy_mapping m = {.select.line = n->line};
    for (size_t i = 0; i < n->n; i++) {
        plm_sv key = n->keys[i]->text;
        bool is_sets = plm_sv_is(key, "rule_sets"), is_lists = plm_sv_is(key, "allowlists");
        if (is_sets || is_lists)
            read_texts(r, n->items[i], key, is_sets ? &m.set_ids : &m.allowlist_ids);
        else if (!read_selector(r, key, n->items[i], &m.select))
            unknown(r, n->keys[i], "a mapping");
    }
    complete(&m.select);
    struct plm_policy_mapping *slot = plm_vec_push(r->a, &r->p->mappings);
    if (slot)
        *slot = m;
}

static void read_image(struct reader *r, const struct plm_yaml_node *n, bool is_denied)
{
    if (!is_mapping(r, n, "an image"))
        return;
    struct plm_policy_selector s = {.line = n->line};
    for (size_t i = 0; i < n->n; i++)
        if (!read_selector(r, n->keys[i]->text, n->items[i], &s))
            unknown(r, n->keys[i], "an image");
    complete(&s);
    struct plm_policy_selector *slot =
        is_denied ? plm_vec_push(r->a, &r->p->denied) : plm_vec_push(r->a, &r->p->allowed);
    if (slot)
        *slot = s;
}

/* ---- the whole ------------------------------------------------------------------------------------- */

/* The short form: one rule set, one allowlist. */
static void read_short(struct reader *r, const struct plm_yaml_node *n, bool is_rules)
{
    if (is_rules) {
        struct plm_policy_set *set = plm_vec_push(r->a, &r->p->sets);
        if (!set)
            return;
        *set = (struct plm_policy_set){.id = ONE_SET, .line = n->line};
        read_rules(r, n, set);
        return;
    }
    struct plm_policy_allowlist *list = plm_vec_push(r->a, &r->p->allowlists);
    if (!list)
        return;
    *list = (struct plm_policy_allowlist){.id = ONE_LIST, .line = n->line};
    read_items(r, n, list);
}

static void read_list(struct reader *r, plm_sv key, const struct plm_yaml_node *n)
{
    if (!is_list(r, n, key))
        return;
    for (size_t i = 0; i < n->n; i++) {
        if (plm_sv_is(key, "rule_sets"))
            read_set(r, n->items[i]);
        else if (plm_sv_is(key, "allowlists"))
            read_allowlist(r, n->items[i]);
        else if (plm_sv_is(key, "mappings"))
            read_mapping(r, n->items[i]);
        else
            read_image(r, n->items[i], plm_sv_is(key, "denied_images"));
    }
}

/* Without mappings every rule set and allowlist is for every image. */
static void map_all(struct reader *r, const struct plm_yaml_node *root)
{
    struct plm_policy_mapping m = {.select = {.id = ONE_MAP, .line = root->line}};
    complete(&m.select);
    for (size_t i = 0; i < r->p->sets.n; i++)
        if (!plm_sv_vec_add(r->a, &m.set_ids, r->p->sets.v[i].id))
            return;
    for (size_t i = 0; i < r->p->allowlists.n; i++)
        if (!plm_sv_vec_add(r->a, &m.allowlist_ids, r->p->allowlists.v[i].id))
            return;
    struct plm_policy_mapping *slot = plm_vec_push(r->a, &r->p->mappings);
    if (slot)
        *slot = m;
}

static void read_root(struct reader *r, const struct plm_yaml_node *root)
{
    static const struct text_row rows[] = {
        {"policy", offsetof(struct plm_policy, id)},
        {"name", offsetof(struct plm_policy, name)},
        {"version", offsetof(struct plm_policy, version)},
        {"description", offsetof(struct plm_policy, description)},
    };
    static const char *const lists[] = {"rule_sets", "allowlists", "mappings", "allowed_images",
                                        "denied_images"};
    bool has_mappings = false;
    for (size_t i = 0; i < root->n; i++) {
        plm_sv key = root->keys[i]->text;
        bool is_known = read_row(r, rows, COUNT(rows), r->p, key, root->items[i]);
        if (plm_sv_is(key, "rules") || plm_sv_is(key, "allow")) {
            read_short(r, root->items[i], plm_sv_is(key, "rules"));
            is_known = true;
        }
        for (size_t k = 0; k < COUNT(lists); k++)
            if (plm_sv_is(key, lists[k])) {
                read_list(r, key, root->items[i]);
                is_known = true;
            }
        has_mappings = has_mappings || plm_sv_is(key, "mappings");
        if (!is_known)
            unknown(r, root->keys[i], "a policy");
    }
    if (!r->p->id.n)
        problem(r, root, "a policy needs its name: `policy: NAME`");
    if (!has_mappings)
        map_all(r, root);
}

int plm_policy_read_yaml(const struct plm_ctx *ctx, plm_sv text, const char *name, struct plm_policy *p,
                         plm_err **err)
{
    plm_auto(plm_yaml_free) struct plm_yaml *doc = plm_yaml_parse(text, name, ctx->limits, err);
    if (!doc) {
        if (err && *err && ((*err)->code == PLM_E_PARSE || (*err)->code == PLM_E_LIMIT))
            (*err)->code = PLM_E_CONFIG;
        return -1;
    }
    struct reader r = {.p = p, .a = p->arena};
    const struct plm_yaml_node *root = plm_yaml_root(doc);
    p->dialect = PLM_DIALECT_OURS;
    if (root->kind == PLM_YAML_MAPPING)
        read_root(&r, root);
    else
        return plm_fail(err, PLM_E_CONFIG, "%s: no policy: it must be a mapping with `policy` and `rules`",
                        name);
    return plm_arena_check(p->arena, err);
}
