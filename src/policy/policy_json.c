/* SPDX-License-Identifier: Apache-2.0
 *
 * Anchore bundles: JSON, `1_0` and v2. The vocabulary may change at every level (policies or rule_sets,
 * whitelist_ids or allowlist_ids ...); which one the bundle speaks follows from its version. Unknown keys are
 * ignored, as in the original; in v2, whose schema forbids them, each is a warning.
 *
 * Lines: yyjson keeps the values of a document in one array, in the order of the text, keys included. A
 * second walk over the (valid) text notes where each value begins, so that the n-th value stands at the n-th
 * place.
 */
#include "codec/json.h"
#include "policy/policy_int.h"

struct reader {
    struct plm_policy *p;
    const yyjson_val *root;
    plm_sv text;
    size_t *at; /* byte of each value */
    size_t n;
    size_t *lines; /* byte of each line's start */
    size_t n_lines;
};

struct where {
    uint32_t line, column;
};

/* ---- places ------------------------------------------------------------------------------ */

static bool ends_scalar(char c)
{
    return c == ',' || c == ']' || c == '}' || c == ':' || c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* Notes values and lines; counts only where the arrays are NULL. */
static void walk_text(struct reader *r)
{
    size_t n = 0, lines = 0;
    if (r->lines)
        r->lines[lines] = 0;
    lines++;
    for (size_t i = 0; i < r->text.n; i++) {
        char c = r->text.p[i];
        if (c == '\n') {
            if (r->lines)
                r->lines[lines] = i + 1;
            lines++;
            continue;
        }
        if (ends_scalar(c))
            continue;
        if (r->at && n < r->n)
            r->at[n] = i;
        n++;
        if (c == '"') {
            for (i++; i < r->text.n && r->text.p[i] != '"'; i++)
                i += r->text.p[i] == '\\';
        } else if (c != '{' && c != '[') {
            while (i + 1 < r->text.n && !ends_scalar(r->text.p[i + 1]))
                i++;
        }
    }
    r->n = n;
    r->n_lines = lines;
}

static struct where place(const struct reader *r, const yyjson_val *v)
{
    size_t index = v ? (size_t)(v - r->root) : SIZE_MAX;
    if (index >= r->n)
        return (struct where){0, 0};
    size_t at = r->at[index], low = 0, high = r->n_lines;
    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        if (r->lines[middle] <= at)
            low = middle;
        else
            high = middle;
    }
    return (struct where){(uint32_t)low + 1, (uint32_t)(at - r->lines[low]) + 1};
}

/* The text of a value that is no string, as it was written: numbers keep every digit. */
static plm_sv raw_text(const struct reader *r, const yyjson_val *v)
{
    size_t index = (size_t)(v - r->root), at = index < r->n ? r->at[index] : r->text.n, end = at;
    while (end < r->text.n && !ends_scalar(r->text.p[end]))
        end++;
    return plm_arena_sv(r->p->arena, plm_sv_sub(r->text, at, end - at));
}

/* ---- values ------------------------------------------------------------------------------ */

/* Of a key that stands twice the last counts, as in Python. `other`: the same in the other vocabulary. */
static yyjson_val *member(yyjson_val *obj, const char *name, const char *other)
{
    size_t i, n;
    yyjson_val *key, *value, *first = NULL, *second = NULL;
    yyjson_obj_foreach(obj, i, n, key, value)
    {
        if (plm_sv_is(plm_json_sv(key), name))
            first = value;
        else if (other && plm_sv_is(plm_json_sv(key), other))
            second = value;
    }
    return first ? first : second;
}

static plm_sv text_of(const struct reader *r, yyjson_val *obj, const char *name, const char *other)
{
    yyjson_val *v = member(obj, name, other);
    if (!v || yyjson_is_null(v) || yyjson_is_ctn(v))
        return PLM_SV_NULL;
    return yyjson_is_str(v) ? plm_arena_sv(r->p->arena, plm_json_sv(v)) : raw_text(r, v);
}

#define PROBLEM(r, to, type, v, ...)                                                                         \
    do {                                                                                                     \
        struct where w_ = place((r), (v));                                                                   \
        plm_policy_problem((r)->p, (to), (type), w_.line, w_.column, __VA_ARGS__);                           \
    } while (0)

/* A list; where it is none, a problem. NULL: absent or none. */
static yyjson_val *list_of(const struct reader *r, yyjson_val *obj, const char *name, const char *other,
                           plm_policy_problems *to)
{
    yyjson_val *v = member(obj, name, other);
    if (!v || yyjson_is_null(v) || yyjson_is_arr(v))
        return yyjson_is_arr(v) ? v : NULL;
    PROBLEM(r, to, "TypeError", v, "%s is no list", name);
    return NULL;
}

/* v2 forbids what it does not know. `known`: words with blanks around. */
static void note_unknown(const struct reader *r, yyjson_val *obj, const char *known, plm_policy_problems *to)
{
    if (r->p->dialect != PLM_DIALECT_V2)
        return;
    size_t i, n;
    yyjson_val *key, *value;
    yyjson_obj_foreach(obj, i, n, key, value)
    {
        plm_sv k = plm_json_sv(key);
        plm_sv padded = plm_arena_printf(r->p->arena, " %.*s ", PLM_SV_ARG(k));
        if (plm_sv_has(plm_sv_from(known), padded))
            continue;
        PROBLEM(r, to, "UnknownKeyWarning", key, "the key %.*s means nothing here", PLM_SV_ARG(k));
        if (to->n)
            to->v[to->n - 1].is_warning = true;
    }
}

/* ---- rules ------------------------------------------------------------------------------- */

static void lower(plm_sv s, char *to)
{
    for (size_t i = 0; i < s.n; i++)
        to[i] = (char)(s.p[i] >= 'A' && s.p[i] <= 'Z' ? s.p[i] + 32 : s.p[i]);
}

static void read_param(const struct reader *r, struct plm_policy_set *set, struct plm_policy_rule *rule,
                       yyjson_val *v)
{
    plm_sv name = plm_json_sv(yyjson_is_obj(v) ? member(v, "name", NULL) : NULL);
    if (!name.p) {
        PROBLEM(r, &set->problems, "PolicyError", v, "a parameter without a name");
        return;
    }
    char *key = plm_arena_alloc(r->p->arena, name.n + 1);
    if (!key)
        return;
    lower(name, key);
    yyjson_val *value = member(v, "value", NULL);
    struct plm_policy_param *p = NULL;
    for (size_t i = 0; i < rule->params.n && !p; i++)
        if (plm_sv_eq(rule->params.v[i].name, plm_sv_n(key, name.n)))
            p = &rule->params.v[i];
    if (!p) {
        struct plm_policy_param *added = plm_vec_push(r->p->arena, &rule->params);
        p = added;
    }
    if (!p)
        return;
    *p = (struct plm_policy_param){.name = plm_sv_n(key, name.n), .line = place(r, v).line};
    p->is_json_bool = yyjson_is_bool(value);
    p->is_not_text = value && !yyjson_is_str(value) && !yyjson_is_null(value);
    if (yyjson_is_str(value))
        p->value = plm_arena_sv(r->p->arena, plm_json_sv(value));
    else if (p->is_not_text)
        p->value = yyjson_is_ctn(value) ? PLM_SV("(a structure)") : raw_text(r, value);
}

static void read_rule(const struct reader *r, struct plm_policy_set *set, yyjson_val *v)
{
    struct plm_policy_rule *rule = plm_vec_push(r->p->arena, &set->rules);
    if (!rule)
        return;
    struct where w = place(r, v);
    rule->line = w.line;
    rule->column = w.column;
    if (!yyjson_is_obj(v)) {
        rule->is_broken = true;
        PROBLEM(r, &set->problems, "PolicyError", v, "a rule is no object");
        return;
    }
    rule->id = text_of(r, v, "id", NULL);
    rule->gate_text = text_of(r, v, "gate", NULL);
    rule->trigger_text = text_of(r, v, "trigger", NULL);
    rule->action_text = text_of(r, v, "action", NULL);
    rule->description = text_of(r, v, "description", NULL);
    rule->recommendation = text_of(r, v, "recommendation", NULL);
    note_unknown(r, v, " id gate trigger action params description recommendation ", &set->problems);
    yyjson_val *params = member(v, "params", NULL), *item;
    if (!yyjson_is_arr(params)) {
        rule->is_broken = true;
        PROBLEM(r, &set->problems, "PolicyError", v, "a rule without a list params (an empty one is fine)");
        return;
    }
    size_t i, n, before = set->problems.n;
    yyjson_arr_foreach(params, i, n, item)
    {
        read_param(r, set, rule, item);
    }
    rule->is_broken = set->problems.n > before;
}

static int read_sets(const struct reader *r, yyjson_val *root, plm_err **err)
{
    struct plm_policy *p = r->p;
    yyjson_val *sets = list_of(r, root, "rule_sets", "policies", &p->list_problems), *v, *rule;
    size_t i, n, k, m;
    yyjson_arr_foreach(sets, i, n, v)
    {
        struct plm_policy_set *set = plm_vec_push(p->arena, &p->sets);
        if (!set)
            return plm_arena_check(p->arena, err);
        set->line = place(r, v).line;
        set->id = text_of(r, v, "id", NULL);
        set->name = text_of(r, v, "name", NULL);
        set->version = text_of(r, v, "version", NULL);
        set->description = text_of(r, v, "description", "comment");
        set->artifact_type = text_of(r, v, "artifact_type", NULL);
        note_unknown(r, v, " id name version description comment artifact_type rules ", &set->problems);
        yyjson_val *rules = list_of(r, v, "rules", NULL, &set->problems);
        if (!rules && set->problems.n == 0)
            PROBLEM(r, &set->problems, "TypeError", v, "a policy without a list of rules");
        yyjson_arr_foreach(rules, k, m, rule)
        {
            read_rule(r, set, rule);
        }
    }
    return 0;
}

/* ---- allowlists -------------------------------------------------------------------------- */

static void read_item(const struct reader *r, struct plm_policy_allowlist *list, yyjson_val *v)
{
    struct plm_policy_item *item = plm_vec_push(r->p->arena, &list->items);
    if (!item)
        return;
    item->line = place(r, v).line;
    item->id = text_of(r, v, "id", NULL);
    item->gate = text_of(r, v, "gate", NULL);
    item->trigger_id = text_of(r, v, "trigger_id", NULL);
    item->expires_text = text_of(r, v, "expires_on", NULL);
    item->description = text_of(r, v, "description", "comment");
    note_unknown(r, v, " id gate trigger_id expires_on description comment ", &list->problems);
    if (!item->gate.p || !item->trigger_id.p)
        PROBLEM(r, &list->problems, "AttributeError", v, "an item without a %s",
                item->gate.p ? "trigger_id" : "gate");
}

static int read_allowlists(const struct reader *r, yyjson_val *root, plm_err **err)
{
    struct plm_policy *p = r->p;
    yyjson_val *lists = list_of(r, root, "allowlists", "whitelists", &p->list_problems), *v, *item;
    size_t i, n, k, m;
    yyjson_arr_foreach(lists, i, n, v)
    {
        struct plm_policy_allowlist *list = plm_vec_push(p->arena, &p->allowlists);
        if (!list)
            return plm_arena_check(p->arena, err);
        list->line = place(r, v).line;
        list->id = text_of(r, v, "id", NULL);
        list->name = text_of(r, v, "name", NULL);
        list->version = text_of(r, v, "version", NULL);
        list->description = text_of(r, v, "description", "comment");
        note_unknown(r, v, " id name version description comment items ", &list->problems);
        yyjson_val *items = list_of(r, v, "items", NULL, &list->problems);
        if (!items && list->problems.n == 0)
            PROBLEM(r, &list->problems, "TypeError", v, "an allowlist without a list of items");
        yyjson_arr_foreach(items, k, m, item)
        {
            read_item(r, list, item);
        }
    }
    return 0;
}

/* ---- mappings and lists of images ----------------------------------------------------------- */

static void read_selector(const struct reader *r, yyjson_val *v, struct plm_policy_selector *s,
                          plm_policy_problems *to)
{
    s->line = place(r, v).line;
    s->id = text_of(r, v, "id", NULL);
    s->name = text_of(r, v, "name", NULL);
    s->registry = text_of(r, v, "registry", NULL);
    s->repository = text_of(r, v, "repository", NULL);
    yyjson_val *image = member(v, "image", NULL);
    s->type = text_of(r, image, "type", NULL);
    s->value = text_of(r, image, "value", NULL);
    if (!yyjson_is_obj(image))
        PROBLEM(r, to, "AttributeError", v, "no image {type, value} is given");
    else if (!s->registry.p || !s->repository.p || !s->value.p)
        PROBLEM(r, to, "AttributeError", v, "%s is missing",
                !s->registry.p     ? "registry"
                : !s->repository.p ? "repository"
                                   : "the image's value");
}

static void read_ids(const struct reader *r, yyjson_val *list, plm_sv_vec *out, plm_policy_problems *to)
{
    size_t i, n;
    yyjson_val *v;
    yyjson_arr_foreach(list, i, n, v)
    {
        if (yyjson_is_str(v))
            (void)plm_sv_vec_add(r->p->arena, out, plm_json_sv(v));
        else
            PROBLEM(r, to, "TypeError", v, "an id is no text");
    }
}

static void read_mapping(const struct reader *r, struct plm_policy_mapping *m, yyjson_val *v)
{
    read_selector(r, v, &m->select, &m->problems);
    note_unknown(
        r, v,
        " id name description comment registry repository image rule_set_ids allowlist_ids policy_id "
        "policy_ids whitelist_ids ",
        &m->problems);
    plm_sv one = text_of(r, v, "policy_id", NULL);
    yyjson_val *many = list_of(r, v, "rule_set_ids", "policy_ids", &m->problems);
    if (one.n && yyjson_arr_size(many))
        PROBLEM(r, &m->problems, "ValidationError", v, "policy_id and policy_ids exclude each other");
    else if (one.n)
        (void)plm_sv_vec_add(r->p->arena, &m->set_ids, one);
    else if (yyjson_arr_size(many))
        read_ids(r, many, &m->set_ids, &m->problems);
    else
        PROBLEM(r, &m->problems, "ValidationError", v,
                "neither policy_id nor policy_ids (rule_set_ids) is given");
    yyjson_val *lists = list_of(r, v, "allowlist_ids", "whitelist_ids", &m->problems);
    if (!lists)
        PROBLEM(r, &m->late_problems, "TypeError", v, "whitelist_ids (allowlist_ids) is missing");
    read_ids(r, lists, &m->allowlist_ids, &m->problems);
}

static int read_images(const struct reader *r, yyjson_val *root, plm_err **err)
{
    struct plm_policy *p = r->p;
    static const char *const keys[2][2] = {{"allowlisted_images", "whitelisted_images"},
                                           {"denylisted_images", "blacklisted_images"}};
    size_t i, n;
    yyjson_val *v;
    for (size_t k = 0; k < 2; k++) {
        yyjson_val *list = list_of(r, root, keys[k][0], keys[k][1], &p->list_problems);
        yyjson_arr_foreach(list, i, n, v)
        {
            struct plm_policy_selector *s =
                k == 0 ? plm_vec_push(p->arena, &p->allowed) : plm_vec_push(p->arena, &p->denied);
            if (!s)
                return plm_arena_check(p->arena, err);
            read_selector(r, v, s, &p->list_problems);
            note_unknown(r, v, " id name description comment registry repository image ", &p->list_problems);
        }
    }
    return 0;
}

static int read_mappings(const struct reader *r, yyjson_val *root, plm_err **err)
{
    struct plm_policy *p = r->p;
    yyjson_val *list = list_of(r, root, "mappings", NULL, &p->list_problems), *v;
    size_t i, n;
    yyjson_arr_foreach(list, i, n, v)
    {
        struct plm_policy_mapping *m = plm_vec_push(p->arena, &p->mappings);
        if (!m)
            return plm_arena_check(p->arena, err);
        read_mapping(r, m, v);
    }
    return 0;
}

/* ---- the bundle -------------------------------------------------------------------------- */

static bool is_newer_version(plm_sv v)
{
    return plm_sv_is(v, "2") || plm_sv_is(v, "2_0") || plm_sv_is(v, "2.0") || plm_sv_ieq(v, PLM_SV("V2"));
}

static int read_version(const struct reader *r, yyjson_val *root, plm_err **err)
{
    struct plm_policy *p = r->p;
    bool speaks_new = member(root, "rule_sets", "allowlists") != NULL;
    p->version = text_of(r, root, "version", NULL);
    bool is_new = is_newer_version(p->version) && (speaks_new || p->mode == PLM_POLICY_FIXED);
    if (!is_new && !plm_sv_is(p->version, "1_0")) {
        struct where w = place(r, member(root, "version", NULL));
        return plm_fail_id(err, PLM_E_UNSUPPORTED, "policy.version",
                           "%s:%u:%u: Found version %.*s, expected one of supported versions 1_0, 2", p->file,
                           w.line ? w.line : 1, w.column ? w.column : 1,
                           p->version.p ? (int)(p->version.n > 64 ? 64 : p->version.n) : 4,
                           p->version.p ? p->version.p : "None");
    }
    p->dialect = is_new || speaks_new ? PLM_DIALECT_V2 : PLM_DIALECT_LEGACY;
    return 0;
}

static int read_bundle(struct reader *r, yyjson_val *root, plm_err **err)
{
    struct plm_policy *p = r->p;
    r->root = root;
    walk_text(r); /* counts */
    r->at = plm_arena_array(p->arena, r->n, sizeof(*r->at));
    r->lines = plm_arena_array(p->arena, r->n_lines, sizeof(*r->lines));
    if (!r->at || !r->lines)
        return plm_arena_check(p->arena, err);
    walk_text(r);
    if (!yyjson_is_obj(root))
        return plm_fail_id(err, PLM_E_PARSE, "policy.bundle", "%s: a bundle is a JSON object", p->file);
    if (read_version(r, root, err) < 0)
        return -1;
    p->id = text_of(r, root, "id", NULL);
    p->name = text_of(r, root, "name", NULL);
    p->description = text_of(r, root, "description", "comment");
    note_unknown(r, root,
                 " id name version description comment rule_sets policies allowlists whitelists mappings "
                 "source_mappings sbom_mappings allowlisted_images whitelisted_images denylisted_images "
                 "blacklisted_images last_updated created_at last_modified ",
                 &p->list_problems);
    if (read_sets(r, root, err) < 0 || read_allowlists(r, root, err) < 0 || read_mappings(r, root, err) < 0 ||
        read_images(r, root, err) < 0)
        return -1;
    return plm_arena_check(p->arena, err);
}

int plm_policy_read_json(const struct plm_ctx *ctx, plm_sv text, const char *name, struct plm_policy *p,
                         plm_err **err)
{
    plm_auto(plm_json_free) struct plm_json *doc = plm_json_parse(text, name, ctx->limits, err);
    if (!doc)
        return -1;
    struct reader r = {.p = p, .text = text};
    return read_bundle(&r, plm_json_root(doc), err);
}
