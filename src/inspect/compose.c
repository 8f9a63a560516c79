/* SPDX-License-Identifier: Apache-2.0
 *
 * The Compose loader (Compose Specification: services, extension by `extends` and YAML merge keys,
 * interpolation). Anchors and aliases are the YAML reader's; `<<` is taken up on lookup, so nothing is
 * copied: a service is a chain of mappings, its own first, then those that it extends.
 *
 *   - `extends: NAME` and `extends: {service: NAME}` are followed within the file; `file:` and a top-level
 *     `include:` name other files, which is said (compose.elsewhere);
 *   - the first mapping of the chain that has a key decides for scalars; lists (ports, volumes,
 *     environment ...) are those of the whole chain together, as Compose merges them;
 *   - files of version 1 have their services at the top;
 *   - interpolation: $X, ${X}, ${X:-d}, ${X-d}, ${X:+d}, ${X?e}, $$; defaults may hold variables.
 *
 * Cost: services times keys times the length of chains, each bounded.
 */
#include "inspect/compose_int.h"

#include "base/buf.h"

#include <stdarg.h>

enum { MERGE_DEPTH = 16, EXPAND_DEPTH = 8 };

/* ---- sniffing ------------------------------------------------------------------------------------- */

bool plm_compose_sniff(plm_sv name, plm_sv head)
{
    static const char *const names[] = {
        "docker-compose*.yml", "docker-compose*.yaml", "compose.yml", "compose.yaml",
        "compose.*.yml",       "compose.*.yaml",       NULL};
    size_t slash = plm_sv_rfind(name, '/');
    plm_sv base = plm_sv_from_off(name, slash == SIZE_MAX ? 0 : slash + 1), rest = head, line;
    for (size_t i = 0; names[i]; i++)
        if (plm_sv_glob(plm_sv_from(names[i]), base))
            return true;
    bool is_yaml = plm_sv_ends(base, PLM_SV(".yml")) || plm_sv_ends(base, PLM_SV(".yaml"));
    while (is_yaml && plm_sv_line(&rest, &line))
        if (plm_sv_is(plm_sv_trim(line), "services:") && line.p[0] == 's')
            return true;
    return false;
}

/* ---- keys ----------------------------------------------------------------------------------------- */

static const struct plm_yaml_node *own_key(const struct plm_yaml_node *map, plm_sv key)
{
    for (size_t i = 0; map && map->kind == PLM_YAML_MAPPING && i < map->n; i++)
        if (map->keys[i]->kind == PLM_YAML_SCALAR && plm_sv_eq(map->keys[i]->text, key))
            return map->items[i];
    return NULL;
}

/* YAML merge key: explicit keys first, then what `<<` names, in its order. */
static const struct plm_yaml_node *merged_key(const struct plm_yaml_node *map, plm_sv key, unsigned depth)
{
    const struct plm_yaml_node *n = own_key(map, key);
    const struct plm_yaml_node *merge = n || depth >= MERGE_DEPTH ? NULL : own_key(map, PLM_SV("<<"));
    if (!merge)
        return n;
    if (merge->kind == PLM_YAML_MAPPING)
        return merged_key(merge, key, depth + 1);
    for (size_t i = 0; merge->kind == PLM_YAML_SEQUENCE && i < merge->n; i++)
        if ((n = merged_key(merge->items[i], key, depth + 1)))
            return n;
    return NULL;
}

const struct plm_yaml_node *plm_compose_key(const struct plm_yaml_node *map, plm_sv key)
{
    return merged_key(map, key, 0);
}

const struct plm_yaml_node *plm_compose_get(const struct plm_compose_service *s, ...)
{
    for (size_t i = 0; i < s->n_chain; i++) {
        const struct plm_yaml_node *n = s->chain[i];
        va_list ap;
        va_start(ap, s);
        for (const char *key; n && (key = va_arg(ap, const char *));)
            n = plm_compose_key(n, plm_sv_from(key));
        va_end(ap);
        if (n && n->kind != PLM_YAML_NULL)
            return n;
    }
    return NULL;
}

/* ---- interpolation --------------------------------------------------------------------------------- */

static bool is_name_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

/* The end of ${...} that starts at `at` (on the '$'), braces nested; SIZE_MAX: it does not end. */
static size_t brace_end(plm_sv s, size_t at)
{
    size_t depth = 0;
    for (size_t i = at + 1; i < s.n; i++) {
        depth += s.p[i] == '{' && s.p[i - 1] == '$';
        if (s.p[i] == '}' && --depth == 0)
            return i + 1;
    }
    return SIZE_MAX;
}

static bool expand_into(struct plm_buf *b, plm_sv raw, unsigned depth);

/* ${NAME...}; true if its value is known. */
static bool expand_braces(struct plm_buf *b, plm_sv whole, unsigned depth)
{
    plm_sv inner = plm_sv_sub(whole, 2, whole.n - 3);
    size_t n = 0;
    while (n < inner.n && is_name_char(inner.p[n]))
        n++;
    plm_sv op = plm_sv_from_off(inner, n);
    if (plm_sv_starts(op, PLM_SV(":-")))
        return expand_into(b, plm_sv_from_off(op, 2), depth + 1);
    if (plm_sv_starts(op, PLM_SV("-")))
        return expand_into(b, plm_sv_from_off(op, 1), depth + 1);
    if (plm_sv_starts(op, PLM_SV(":+")) || plm_sv_starts(op, PLM_SV("+")))
        return true; /* not set: nothing */
    plm_buf_sv_put(b, whole);
    return false;
}

static bool expand_into(struct plm_buf *b, plm_sv raw, unsigned depth)
{
    bool is_known = true;
    for (size_t i = 0; i < raw.n;) {
        char next = i + 1 < raw.n ? raw.p[i + 1] : 0;
        if (raw.p[i] != '$' || depth >= EXPAND_DEPTH || !(next == '$' || next == '{' || is_name_char(next))) {
            plm_buf_byte(b, (unsigned char)raw.p[i++]);
        } else if (next == '$') {
            plm_buf_byte(b, '$');
            i += 2;
        } else if (next == '{') {
            size_t end = brace_end(raw, i);
            if (end == SIZE_MAX) {
                plm_buf_sv_put(b, plm_sv_from_off(raw, i));
                return false;
            }
            is_known = expand_braces(b, plm_sv_sub(raw, i, end - i), depth) && is_known;
            i = end;
        } else {
            is_known = false;
            plm_buf_byte(b, '$');
            for (i++; i < raw.n && is_name_char(raw.p[i]); i++)
                plm_buf_byte(b, (unsigned char)raw.p[i]);
        }
    }
    return is_known;
}

struct plm_compose_text plm_compose_expand(struct plm_arena *a, plm_sv raw)
{
    if (!raw.p || plm_sv_find(raw, '$') == SIZE_MAX)
        return (struct plm_compose_text){.text = raw};
    plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(PLM_MIB(1));
    bool is_known = expand_into(&b, raw, 0);
    return (struct plm_compose_text){.text = plm_arena_sv(a, plm_buf_sv(&b)),
                                     .is_symbolic = !is_known || b.failed};
}

struct plm_compose_text plm_compose_scalar(const struct plm_compose *c, const struct plm_yaml_node *n)
{
    if (!n || n->kind != PLM_YAML_SCALAR)
        return (struct plm_compose_text){.text = PLM_SV_NULL};
    return plm_compose_expand(c->arena, n->text);
}

bool plm_compose_true(const struct plm_compose *c, const struct plm_yaml_node *n)
{
    struct plm_compose_text t = plm_compose_scalar(c, n);
    return !t.is_symbolic && (plm_sv_ieq(t.text, PLM_SV("true")) || plm_sv_ieq(t.text, PLM_SV("yes")) ||
                              plm_sv_ieq(t.text, PLM_SV("on")));
}

/* ---- lists ---------------------------------------------------------------------------------------- */

static void add_item(const struct plm_compose *c, plm_compose_items *out, const struct plm_yaml_node *key,
                     const struct plm_yaml_node *node)
{
    struct plm_compose_text t = plm_compose_scalar(c, node);
    struct plm_compose_item *i = plm_vec_push(c->arena, out);
    if (!i)
        return;
    *i = (struct plm_compose_item){
        .text = t.text, .is_symbolic = t.is_symbolic, .node = node, .line = key ? key->line : node->line};
    if (key)
        i->text = t.text.p
                      ? plm_arena_printf(c->arena, "%.*s=%.*s", PLM_SV_ARG(key->text), PLM_SV_ARG(t.text))
                      : key->text;
}

static void add_items(const struct plm_compose *c, plm_compose_items *out, const struct plm_yaml_node *n,
                      unsigned depth)
{
    if (n->kind == PLM_YAML_SCALAR)
        add_item(c, out, NULL, n);
    for (size_t i = 0; n->kind == PLM_YAML_SEQUENCE && i < n->n; i++)
        add_item(c, out, NULL, n->items[i]);
    for (size_t i = 0; n->kind == PLM_YAML_MAPPING && i < n->n; i++) {
        const struct plm_yaml_node *key = n->keys[i], *value = n->items[i];
        bool is_merge = plm_sv_is(key->text, "<<");
        if (!is_merge)
            add_item(c, out, key, value);
        else if (value->kind == PLM_YAML_MAPPING && depth < MERGE_DEPTH)
            add_items(c, out, value, depth + 1);
        for (size_t k = 0;
             is_merge && value->kind == PLM_YAML_SEQUENCE && depth < MERGE_DEPTH && k < value->n; k++)
            add_items(c, out, value->items[k], depth + 1);
    }
}

plm_compose_items plm_compose_list(const struct plm_compose *c, const struct plm_compose_service *s,
                                   const char *key)
{
    plm_compose_items out = {0};
    for (size_t i = 0; i < s->n_chain; i++) {
        const struct plm_yaml_node *n = plm_compose_key(s->chain[i], plm_sv_from(key));
        if (n)
            add_items(c, &out, n, 0);
    }
    return out;
}

/* ---- the document --------------------------------------------------------------------------------- */

struct loading {
    struct plm_compose *c;
    struct plm_report *r;
    uint32_t target;
    const struct plm_yaml_node *services;
};

static void elsewhere(struct loading *l, const struct plm_yaml_node *n, const char *what)
{
    plm_diag(l->r, "compose.elsewhere", PLM_SEV_LOW, l->target, l->c->name,
             "line %u: %s names another file, which is not read", n->line, what);
}

/* Follows `extends` from the chain's last mapping. */
static void extend(struct loading *l, struct plm_compose_service *s)
{
    while (s->n_chain < PLM_COMPOSE_CHAIN_MAX) {
        const struct plm_yaml_node *e = plm_compose_key(s->chain[s->n_chain - 1], PLM_SV("extends"));
        plm_sv name = plm_yaml_text(e);
        if (e && e->kind == PLM_YAML_MAPPING) {
            if (plm_compose_key(e, PLM_SV("file"))) {
                elsewhere(l, e, "extends");
                return;
            }
            name = plm_yaml_text(plm_compose_key(e, PLM_SV("service")));
        }
        const struct plm_yaml_node *parent = name.n ? plm_compose_key(l->services, name) : NULL;
        for (size_t i = 0; i < s->n_chain; i++)
            if (parent == s->chain[i])
                return; /* a circle, which Compose refuses */
        if (!parent || parent->kind != PLM_YAML_MAPPING)
            return;
        s->chain[s->n_chain++] = parent;
    }
}

static bool is_service(const struct plm_yaml_node *n)
{
    return n->kind == PLM_YAML_MAPPING &&
           (plm_compose_key(n, PLM_SV("image")) || plm_compose_key(n, PLM_SV("build")));
}

/* Version 1: the services are the document. */
static const struct plm_yaml_node *find_services(const struct plm_yaml_node *root)
{
    const struct plm_yaml_node *n = plm_compose_key(root, PLM_SV("services"));
    if (n || !root || root->kind != PLM_YAML_MAPPING || !root->n)
        return n && n->kind == PLM_YAML_MAPPING ? n : NULL;
    for (size_t i = 0; i < root->n; i++)
        if (!is_service(root->items[i]))
            return NULL;
    return root;
}

static bool load(struct loading *l, const struct plm_yaml_node *root)
{
    l->services = find_services(root);
    l->c->volumes = plm_compose_key(root, PLM_SV("volumes"));
    const struct plm_yaml_node *include = plm_compose_key(root, PLM_SV("include"));
    if (include)
        elsewhere(l, include, "include");
    if (!l->services)
        return include != NULL;
    for (size_t i = 0; i < l->services->n; i++) {
        const struct plm_yaml_node *key = l->services->keys[i], *body = l->services->items[i];
        if (body->kind != PLM_YAML_MAPPING || plm_sv_is(key->text, "<<"))
            continue;
        if (l->c->services.n == PLM_COMPOSE_SERVICES_MAX) {
            plm_diag(l->r, "compose.many", PLM_SEV_HIGH, l->target, l->c->name,
                     "more than %d services: the others are not judged", PLM_COMPOSE_SERVICES_MAX);
            break;
        }
        struct plm_compose_service *s = plm_vec_push(l->c->arena, &l->c->services);
        if (!s)
            break;
        *s =
            (struct plm_compose_service){.name = key->text, .line = key->line, .chain = {body}, .n_chain = 1};
        extend(l, s);
    }
    return true;
}

void plm_compose_fail(struct plm_judging *j, const struct plm_compose_service *s, plm_sv item, uint32_t line,
                      const char *fmt, ...)
{
    const struct plm_compose *c = j->subject;
    struct plm_arena *a = j->in->report->arena;
    va_list ap;
    va_start(ap, fmt);
    plm_sv text = plm_arena_vprintf(a, fmt, ap);
    va_end(ap);
    plm_sv object =
        item.n ? plm_arena_printf(a, "%.*s %.*s", PLM_SV_ARG(s->name), PLM_SV_ARG(item)) : s->name;
    struct plm_finding *f =
        plm_judge_fail(j, object, "compose", line ? line : s->line, PLM_NONE, "%.*s", PLM_SV_ARG(text));
    if (f)
        f->path = plm_arena_sv(a, c->name);
}

int plm_compose_check(const struct plm_ctx *ctx, plm_sv text, plm_sv name,
                      const struct plm_inspect_options *opt, struct plm_report *r, uint32_t target,
                      plm_err **err)
{
    plm_auto(plm_arena_free) struct plm_arena *scratch = plm_arena_new(PLM_MIB(256));
    char *label = scratch ? plm_arena_cstr(scratch, name) : NULL;
    if (!label)
        return plm_fail_oom(err);
    plm_err *bad = NULL;
    plm_auto(plm_yaml_free) struct plm_yaml *doc = plm_yaml_parse(text, label, ctx->limits, &bad);
    if (!doc) {
        if (plm_err_code(bad) == PLM_E_OOM)
            return plm_err_move(err, &bad);
        plm_diag_err(r, "compose.malformed", PLM_SEV_HIGH, target, name, bad);
        plm_err_free(bad);
        return plm_arena_check(r->arena, err);
    }
    struct plm_compose c = {.doc = doc, .arena = scratch, .name = name};
    struct loading l = {.c = &c, .r = r, .target = target};
    if (!load(&l, plm_yaml_root(doc))) {
        plm_diag(r, "compose.malformed", PLM_SEV_HIGH, target, name, "no services are in it");
        return plm_arena_check(r->arena, err);
    }
    struct plm_inspection in = {.ctx = ctx, .opt = opt, .report = r, .target = target};
    if (plm_judge_all_of(&in, &c, plm_compose_setting_judges, plm_compose_setting_judges_n, err) < 0 ||
        plm_judge_all_of(&in, &c, plm_compose_reach_judges, plm_compose_reach_judges_n, err) < 0)
        return -1;
    return plm_arena_check(scratch, err);
}
