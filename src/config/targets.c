/* SPDX-License-Identifier: Apache-2.0
 *
 * `notify:` of plimsoll.yaml, the one part of it that is no list of options: names that users choose, each
 * with a kind and the keys of that kind. What keys a kind has is known in src/notify.
 *
 *     notify:
 *       ops:
 *         kind: slack
 *         url: "@/etc/plimsoll/slack-url"
 *       oncall:
 *         kind: email
 *         to: [a@example.org, b@example.org]      # a list is joined by commas
 *
 * A target that a higher file has too replaces the lower one whole. A project file may have none: it comes
 * out of a pull request, and would send what this machine knows to whoever wrote it.
 */
#include "config_int.h"

enum { TARGETS_MAX = 256, KEYS_MAX = 64 };

static int fail_at(const struct plm_config_file *at, const struct plm_yaml_node *n, const char *what,
                   plm_sv name, plm_err **err)
{
    return plm_fail_id(err, PLM_E_CONFIG, "config.notify", "%s:%u: %s%s%.*s", at->path, n->line, what,
                       name.n ? ": " : "", PLM_SV_ARG(name));
}

/* A scalar, or a list of them joined by commas. */
static int value_of(struct plm_config *c, const struct plm_config_file *at, const struct plm_yaml_node *n,
                    plm_sv key, plm_sv *out, plm_err **err)
{
    plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(PLM_KIB(64));
    if (n->kind != PLM_YAML_SEQUENCE) {
        plm_sv text = plm_yaml_text(n);
        if (!text.p)
            return fail_at(at, n, "notify: a key without a value", key, err);
        plm_buf_sv_put(&b, text);
    }
    for (size_t i = 0; n->kind == PLM_YAML_SEQUENCE && i < n->n; i++) {
        plm_sv text = plm_yaml_text(n->items[i]);
        if (!text.p)
            return fail_at(at, n, "notify: a list of something else than texts", key, err);
        plm_buf_printf(&b, "%s%.*s", i ? "," : "", PLM_SV_ARG(text));
    }
    if (plm_buf_check(&b, err) < 0)
        return -1;
    *out = plm_arena_sv(c->arena, plm_buf_sv(&b));
    return out->p ? 0 : plm_fail_oom(err);
}

static int read_target(struct plm_config *c, const struct plm_config_file *at,
                       const struct plm_yaml_node *name, const struct plm_yaml_node *map,
                       struct plm_config_target *t, plm_err **err)
{
    plm_sv text = plm_yaml_text(name);
    if (map->kind != PLM_YAML_MAPPING)
        return fail_at(at, name, "notify: a target is a mapping with a kind", text, err);
    if (map->n > KEYS_MAX)
        return fail_at(at, name, "notify: too many keys", text, err);
    plm_sv *keys = plm_arena_array(c->arena, map->n + 1, sizeof(plm_sv));
    plm_sv *values = plm_arena_array(c->arena, map->n + 1, sizeof(plm_sv));
    if (!keys || !values)
        return plm_fail_oom(err);
    t->keys = keys;
    t->values = values;
    for (size_t i = 0; i < map->n; i++) {
        plm_sv value, key = plm_yaml_text(map->keys[i]);
        if (value_of(c, at, map->items[i], key, &value, err) < 0)
            return -1;
        if (plm_sv_is(key, "kind")) {
            t->kind = value;
            continue;
        }
        keys[t->n] = plm_arena_sv(c->arena, key);
        values[t->n++] = value;
    }
    t->name = plm_arena_sv(c->arena, text);
    t->where = plm_arena_printf(c->arena, "%s:%u", at->path, name->line);
    t->origin = at->origin;
    return plm_arena_check(c->arena, err);
}

static struct plm_config_target *find(struct plm_config *c, plm_sv name)
{
    for (size_t i = 0; i < c->targets.n; i++)
        if (plm_sv_eq(c->targets.v[i].name, name))
            return &c->targets.v[i];
    return NULL;
}

int plm_config_read_targets(struct plm_config *c, const struct plm_config_file *at,
                            const struct plm_yaml_node *key, const struct plm_yaml_node *map, plm_err **err)
{
    if (at->origin == PLM_CFG_PROJECT) {
        int rc = plm_fail_id(err, PLM_E_CONFIG, "config.project", "%s:%u: a project file may not set notify",
                             at->path, key->line);
        plm_err_hint(err, "set it in the user's or system's file, or run with --no-project-config");
        return rc;
    }
    if (map->kind == PLM_YAML_NULL)
        return 0;
    if (map->kind != PLM_YAML_MAPPING)
        return fail_at(at, key, "notify is a mapping of names", PLM_SV(""), err);
    for (size_t i = 0; i < map->n; i++) {
        struct plm_config_target t = {0};
        if (read_target(c, at, map->keys[i], map->items[i], &t, err) < 0)
            return -1;
        struct plm_config_target *same = find(c, t.name);
        if (c->targets_locked || (same && same->origin > t.origin))
            continue;
        if (!same && c->targets.n == TARGETS_MAX)
            return fail_at(at, key, "notify: too many targets", PLM_SV(""), err);
        if (!same && !(same = plm_vec_push(c->arena, &c->targets)))
            return plm_fail_oom(err);
        *same = t;
    }
    return 0;
}

static int by_name(const void *a, const void *b)
{
    const struct plm_config_target *x = a, *y = b;
    return plm_sv_cmp(x->name, y->name);
}

void plm_config_sort_targets(struct plm_config *c)
{
    if (c->targets.n)
        qsort(c->targets.v, c->targets.n, sizeof(*c->targets.v), by_name);
}

size_t plm_config_targets(const struct plm_config *c, const struct plm_config_target **out)
{
    *out = c->targets.v;
    return c->targets.n;
}
