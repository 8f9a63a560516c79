/* SPDX-License-Identifier: Apache-2.0
 *
 * required_engine_version and required_plugin_versions (falco-rules.md 1.1, 1.2). A version is satisfied by
 * one with the same major number that is not lower. Container support is built in and stands for the plugin
 * of that name.
 */
#include "watch/rules_int.h"

struct semver {
    uint64_t part[3];
};

static bool semver_parse(plm_sv s, struct semver *out)
{
    plm_sv version, core, more, part;
    plm_sv_cut(s, '+', &version, &more);
    plm_sv_cut(version, '-', &core, &more);
    for (size_t i = 0; i < 3; i++)
        if (!plm_sv_field(&core, '.', &part) || !plm_sv_u64(part, &out->part[i]) || out->part[i] > UINT32_MAX)
            return false;
    return core.p == NULL;
}

static bool is_compatible(const struct semver *have, const struct semver *need)
{
    if (have->part[0] != need->part[0])
        return false;
    if (have->part[1] != need->part[1])
        return have->part[1] > need->part[1];
    return have->part[2] >= need->part[2];
}

int plm_rules_read_engine_version(struct plm_rules_loader *l, const struct plm_yaml_node *item,
                                  const struct plm_rules_place *parent)
{
    const struct plm_rules_place *at =
        plm_rules_place(l, parent, "required_engine_version", PLM_SV_NULL, item);
    struct semver need, have;
    plm_sv text;
    uint64_t n;
    if (plm_rules_text(l, item, "required_engine_version", false, at, &text) < 0)
        return -1;
    if (plm_sv_u64(text, &n))
        text = plm_arena_printf(l->arena, "0.%.*s.0", PLM_SV_ARG(text));
    if (!text.p)
        return -1;
    if (!semver_parse(text, &need))
        return plm_rules_error(l, PLM_LOAD_ERR_YAML_VALIDATE, at,
                               "Unable to parse engine version '%.*s' as a semver string. Expected \"x.y.z\" "
                               "semver format.",
                               PLM_SV_ARG(text));
    if (!semver_parse(PLM_SV(PLM_FALCO_ENGINE), &have) || !is_compatible(&have, &need))
        return plm_rules_error(l, PLM_LOAD_ERR_VALIDATE, at,
                               "Rules require engine version %.*s, but engine version is %s",
                               PLM_SV_ARG(text), PLM_FALCO_ENGINE);
    return 0;
}

static const struct {
    const char *name, *version;
} plugins[] = {{"container", PLM_CONTAINER_PLUGIN}};

struct requirement {
    plm_sv name, version;
};
typedef PLM_VEC(struct requirement) requirement_vec;

static int read_requirement(struct plm_rules_loader *l, const struct plm_yaml_node *n,
                            const struct plm_rules_place *at, requirement_vec *all, bool *satisfied)
{
    struct requirement r = {0};
    struct semver need, have;
    if (plm_rules_text(l, n, "name", false, at, &r.name) < 0 ||
        plm_rules_text(l, n, "version", false, at, &r.version) < 0)
        return -1;
    if (!semver_parse(r.version, &need))
        return plm_rules_error(l, PLM_LOAD_ERR_VALIDATE, at,
                               "Invalid required version '%.*s' for plugin '%.*s'", PLM_SV_ARG(r.version),
                               PLM_SV_ARG(r.name));
    for (size_t i = 0; i < all->n; i++)
        if (plm_sv_eq(all->v[i].name, r.name))
            return plm_rules_error(l, PLM_LOAD_ERR_VALIDATE, at,
                                   "Defined multiple alternative version requirements for plugin '%.*s'",
                                   PLM_SV_ARG(r.name));
    for (size_t i = 0; i < sizeof(plugins) / sizeof(plugins[0]); i++)
        if (plm_sv_is(r.name, plugins[i].name) && semver_parse(plm_sv_from(plugins[i].version), &have) &&
            is_compatible(&have, &need))
            *satisfied = true;
    struct requirement *slot = plm_vec_push(l->arena, all);
    if (!slot)
        return -1;
    *slot = r;
    return 0;
}

static int read_entry(struct plm_rules_loader *l, const struct plm_yaml_node *n,
                      const struct plm_rules_place *parent)
{
    const struct plm_rules_place *at =
        plm_rules_place(l, parent, "required plugin versions entry", PLM_SV_NULL, n);
    requirement_vec all = {0};
    bool satisfied = false;
    if (n->kind != PLM_YAML_MAPPING)
        return plm_rules_error(l, PLM_LOAD_ERR_YAML_VALIDATE, at, "Plugin version must be a mapping");
    if (read_requirement(l, n, at, &all, &satisfied) < 0)
        return -1;
    const struct plm_yaml_node *more = plm_yaml_get(n, "alternatives", NULL);
    if (more && more->kind != PLM_YAML_SEQUENCE)
        return plm_rules_error(l, PLM_LOAD_ERR_YAML_VALIDATE, at,
                               "Value of plugin version alternatives must be a sequence");
    for (size_t i = 0; more && i < more->n; i++) {
        const struct plm_rules_place *alt =
            plm_rules_place(l, at, "required plugin versions alternative", PLM_SV_NULL, more->items[i]);
        if (more->items[i]->kind != PLM_YAML_MAPPING)
            return plm_rules_error(l, PLM_LOAD_ERR_YAML_VALIDATE, alt,
                                   "Plugin version alternative must be a mapping");
        if (read_requirement(l, more->items[i], alt, &all, &satisfied) < 0)
            return -1;
    }
    if (satisfied || !all.n)
        return 0;
    return plm_rules_error(l, PLM_LOAD_ERR_VALIDATE, at,
                           "Plugin requirement not satisfied: '%.*s' (>= %.*s)%s is needed, and only the "
                           "built-in 'container' %s is there",
                           PLM_SV_ARG(all.v[0].name), PLM_SV_ARG(all.v[0].version),
                           all.n > 1 ? " or one of its alternatives" : "", PLM_CONTAINER_PLUGIN);
}

int plm_rules_read_plugin_versions(struct plm_rules_loader *l, const struct plm_yaml_node *item,
                                   const struct plm_rules_place *parent)
{
    const struct plm_yaml_node *n = plm_yaml_get(item, "required_plugin_versions", NULL);
    const struct plm_rules_place *at = plm_rules_place(l, parent, "required plugin versions", PLM_SV_NULL, n);
    if (n->kind != PLM_YAML_SEQUENCE)
        return plm_rules_error(l, PLM_LOAD_ERR_YAML_VALIDATE, at,
                               "Value of required_plugin_versions must be a sequence");
    for (size_t i = 0; i < n->n; i++)
        if (read_entry(l, n->items[i], at) < 0)
            return -1;
    return 0;
}
