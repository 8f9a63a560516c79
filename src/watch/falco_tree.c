/* SPDX-License-Identifier: Apache-2.0
 *
 * falco.yaml as a tree that later files and -o may change.
 *
 * ${NAME} in a value is the variable of the environment, empty where there is none; $${NAME} stands for
 * itself. Merging works on top-level keys only: `append` (the default) appends to sequences and replaces the
 * rest, `override` replaces, `add-only` takes only keys that are not there yet.
 */
#include "watch/falco_int.h"

enum { INDEX_MAX = 10000, DEPTH_MAX = 32 };

/* ---- variables ------------------------------------------------------------------------------------ */

static plm_sv expand(plm_sv s, struct plm_arena *a)
{
    plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(PLM_MIB(1));
    if (!plm_sv_has(s, PLM_SV("${")))
        return plm_arena_sv(a, s);
    for (size_t i = 0; i < s.n; i++) {
        bool is_plain = s.p[i] == '$' && i + 2 < s.n && s.p[i + 1] == '$' && s.p[i + 2] == '{';
        bool is_start = s.p[i] == '$' && i + 1 < s.n && s.p[i + 1] == '{';
        size_t end = is_start || is_plain ? plm_sv_find(plm_sv_from_off(s, i), '}') : SIZE_MAX;
        if (end == SIZE_MAX) {
            plm_buf_byte(&b, (unsigned char)s.p[i]);
        } else if (is_plain) {
            plm_buf_sv_put(&b, plm_sv_sub(s, i + 1, end));
            i += end;
        } else {
            const char *name = plm_arena_cstr(a, plm_sv_sub(s, i + 2, end - 2));
            const char *value = name ? getenv(name) : NULL;
            plm_buf_str(&b, value ? value : "");
            i += end;
        }
    }
    return plm_arena_sv(a, plm_buf_sv(&b));
}

struct plm_falco_node *plm_falco_tree_of(const struct plm_yaml_node *n, const char *name, struct plm_arena *a)
{
    struct plm_falco_node *t = plm_arena_make(a, struct plm_falco_node);
    if (!t || !n)
        return t;
    t->kind = n->kind;
    t->where = plm_arena_printf(a, "%s:%u", name, n->line);
    if (n->kind == PLM_YAML_SCALAR)
        t->text = expand(n->text, a);
    for (size_t i = 0; i < n->n; i++) {
        struct plm_falco_pair *p = plm_vec_push(a, &t->items);
        if (!p)
            return t;
        *p = (struct plm_falco_pair){.value = plm_falco_tree_of(n->items[i], name, a)};
        if (n->kind == PLM_YAML_MAPPING)
            p->key = plm_arena_sv(a, n->keys[i]->text);
    }
    return t;
}

/* ---- reading and changing ------------------------------------------------------------------------- */

static struct plm_falco_pair *find(const struct plm_falco_node *n, plm_sv key)
{
    for (size_t i = 0; n && n->kind == PLM_YAML_MAPPING && i < n->items.n; i++)
        if (plm_sv_eq(n->items.v[i].key, key))
            return &n->items.v[i];
    return NULL;
}

struct plm_falco_node *plm_falco_get(const struct plm_falco_node *n, const char *key)
{
    struct plm_falco_pair *p = find(n, plm_sv_from(key));
    return p ? p->value : NULL;
}

static int put(struct plm_falco_node *to, plm_sv key, struct plm_falco_node *value, struct plm_arena *a,
               plm_err **err)
{
    struct plm_falco_pair *p = find(to, key);
    if (!p)
        p = plm_vec_push(a, &to->items);
    if (!p)
        return plm_arena_check(a, err);
    *p = (struct plm_falco_pair){.key = key, .value = value};
    return 0;
}

int plm_falco_merge(struct plm_falco_node *to, const struct plm_falco_node *from, plm_sv strategy,
                    struct plm_arena *a, plm_err **err)
{
    bool is_append = !strategy.n || plm_sv_is(strategy, "append");
    for (size_t i = 0; i < from->items.n; i++) {
        struct plm_falco_pair *old = find(to, from->items.v[i].key);
        struct plm_falco_node *value = from->items.v[i].value;
        if (old && plm_sv_is(strategy, "add-only"))
            continue;
        if (old && is_append && old->value->kind == PLM_YAML_SEQUENCE && value->kind == PLM_YAML_SEQUENCE) {
            for (size_t k = 0; k < value->items.n; k++) {
                struct plm_falco_pair *p = plm_vec_push(a, &old->value->items);
                if (!p)
                    return plm_arena_check(a, err);
                *p = value->items.v[k];
            }
            continue;
        }
        if (put(to, from->items.v[i].key, value, a, err) < 0)
            return -1;
    }
    return 0;
}

/* One step of a path: ".key" or "[N]" or "[]". */
static int step(struct plm_falco_node *n, plm_sv *path, struct plm_falco_node ***out, struct plm_arena *a,
                plm_err **err)
{
    struct plm_falco_pair *p = NULL;
    if (path->p[0] == '[') {
        size_t end = plm_sv_find(*path, ']');
        uint64_t index = n->kind == PLM_YAML_SEQUENCE ? n->items.n : 0;
        if (end == SIZE_MAX || (end > 1 && !plm_sv_u64(plm_sv_sub(*path, 1, end - 1), &index)) ||
            index > INDEX_MAX)
            return plm_fail(err, PLM_E_USAGE, "[%.*s is no index", PLM_SV_ARG(*path));
        if (n->kind != PLM_YAML_SEQUENCE)
            *n = (struct plm_falco_node){.kind = PLM_YAML_SEQUENCE};
        while (n->items.n <= index) {
            p = plm_vec_push(a, &n->items);
            if (!p)
                break;
        }
        p = index < n->items.n ? &n->items.v[index] : NULL;
        *path = plm_sv_from_off(*path, end + 1);
    } else {
        plm_sv rest = path->p[0] == '.' ? plm_sv_from_off(*path, 1) : *path;
        size_t end = 0;
        while (end < rest.n && rest.p[end] != '.' && rest.p[end] != '[')
            end++;
        if (!end)
            return plm_fail(err, PLM_E_USAGE, "a key is missing in front of '%.*s'", PLM_SV_ARG(rest));
        if (n->kind != PLM_YAML_MAPPING)
            *n = (struct plm_falco_node){.kind = PLM_YAML_MAPPING};
        plm_sv key = plm_arena_sv(a, plm_sv_sub(rest, 0, end));
        p = find(n, key);
        if (!p) {
            p = plm_vec_push(a, &n->items);
            if (p)
                p->key = key;
        }
        *path = plm_sv_from_off(rest, end);
    }
    if (!p)
        return plm_fail_oom(err);
    *out = &p->value;
    return 0;
}

int plm_falco_assign(struct plm_falco_node *root, plm_sv path, struct plm_falco_node *value,
                     struct plm_arena *a, plm_err **err)
{
    struct plm_falco_node *n = root, **slot = NULL;
    for (unsigned depth = 0; path.n; depth++) {
        if (depth >= DEPTH_MAX)
            return plm_fail(err, PLM_E_USAGE, "too deep");
        if (step(n, &path, &slot, a, err) < 0)
            return -1;
        if (!*slot)
            *slot = plm_arena_make(a, struct plm_falco_node);
        if (!*slot)
            return plm_arena_check(a, err);
        n = *slot;
    }
    if (!slot)
        return plm_fail(err, PLM_E_USAGE, "a key is missing");
    *slot = value;
    return 0;
}
