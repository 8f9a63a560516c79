/* SPDX-License-Identifier: Apache-2.0
 *
 * Loading in the order of precedence, lowest first, and the getters. The command line is read
 * first of all (its values wins over every later file, because a lower origin never replaces a
 * higher one): it names --config and --no-project-config.
 */
#include "base/fs.h"
#include "config_int.h"

#include <assert.h>

static const char *const origin_names[] = {"default",  "system",      "user", "project",
                                           "--config", "environment", "flag", "locked"};

const char *plm_config_origin_name(enum plm_config_origin o)
{
    return origin_names[o];
}

static const char *variable(char *const *list, const char *name)
{
    size_t n = strlen(name);
    for (; list && *list; list++)
        if (strncmp(*list, name, n) == 0 && (*list)[n] == '=')
            return *list + n + 1;
    return NULL;
}

static const char *user_file(struct plm_arena *a, const struct plm_config_sources *s)
{
    if (s->user_file)
        return s->user_file;
    /* The XDG specification: a relative path is ignored. */
    const char *xdg = variable(s->environ_list, "XDG_CONFIG_HOME"), *home = variable(s->environ_list, "HOME");
    if (xdg && xdg[0] == '/')
        return plm_arena_printf(a, "%s/plimsoll/plimsoll.yaml", xdg).p;
    if (home && home[0] == '/')
        return plm_arena_printf(a, "%s/.config/plimsoll/plimsoll.yaml", home).p;
    return NULL;
}

static int set_defaults(struct plm_config *c, plm_err **err)
{
    for (size_t i = 0; i < plm_options_n; i++) {
        const struct plm_option *o = &plm_options[i];
        if (o->fallback && plm_config_set(c, o, plm_sv_from(o->fallback), PLM_CFG_DEFAULT,
                                          PLM_SV("built-in default"), err) < 0)
            return -1;
        c->slots[i].where = PLM_SV_NULL;
    }
    return 0;
}

static int read_all(struct plm_config *c, const struct plm_config_sources *s, plm_err **err)
{
    const char *system_file = s->system_file ? s->system_file : "/etc/plimsoll/plimsoll.yaml";
    const char *project_file = s->project_file ? s->project_file : "plimsoll.yaml";
    /* The system file first: what it locks is locked for the flags as well. */
    if (plm_config_read_file(c, system_file, PLM_CFG_SYSTEM, s->system_file != NULL, err) < 0 ||
        plm_config_read_argv(c, s->argv, s->command, err) < 0 ||
        plm_config_read_env(c, s->environ_list, err) < 0)
        return -1;
    plm_sv named = plm_config_text(c, "config");
    if (named.p && plm_config_read_file(c, named.p, PLM_CFG_FILE, true, err) < 0)
        return -1;
    const char *of_user = user_file(c->arena, s);
    if (of_user && plm_config_read_file(c, of_user, PLM_CFG_USER, s->user_file != NULL, err) < 0)
        return -1;
    if (plm_config_flag(c, "no-project-config"))
        return 0;
    return plm_config_read_file(c, project_file, PLM_CFG_PROJECT, s->project_file != NULL, err);
}

static struct plm_config *config_new(const struct plm_ctx *ctx, plm_err **err)
{
    struct plm_arena *a = plm_arena_new(PLM_MIB(16));
    struct plm_config *c = a ? plm_arena_make(a, struct plm_config) : NULL;
    if (!c) {
        plm_arena_free(a);
        return PLM_NULL(plm_fail_oom(err));
    }
    c->arena = a;
    c->ctx = ctx;
    c->slots = plm_arena_array(a, plm_options_n, sizeof(*c->slots));
    if (!c->slots || set_defaults(c, err) < 0) {
        int rc = c->slots ? 0 : plm_fail_oom(err);
        (void)rc;
        plm_config_free(c);
        return NULL;
    }
    return c;
}

struct plm_config *plm_config_load(const struct plm_ctx *ctx, const struct plm_config_sources *s,
                                   plm_err **err)
{
    plm_auto(plm_config_free) struct plm_config *c = config_new(ctx, err);
    if (!c || read_all(c, s, err) < 0 || plm_arena_check(c->arena, err) < 0)
        return NULL;
    plm_config_sort_targets(c);
    return plm_take(c);
}

int plm_config_check_file(const struct plm_ctx *ctx, const char *path, bool as_project, plm_err **err)
{
    plm_auto(plm_config_free) struct plm_config *c = config_new(ctx, err);
    return c ? plm_config_read_file(c, path, as_project ? PLM_CFG_PROJECT : PLM_CFG_FILE, true, err) : -1;
}

void plm_config_free(struct plm_config *c)
{
    if (c)
        plm_arena_free(c->arena);
}

static const struct plm_config_slot *slot_of(const struct plm_config *c, const char *name)
{
    const struct plm_option *o = plm_option_find(plm_sv_from(name));
    assert(o && "an option that is not in the table");
    return &c->slots[o - plm_options];
}

size_t plm_config_words(const struct plm_config *c, const char *const **out)
{
    *out = c->words.v;
    return c->words.n;
}

plm_sv plm_config_text(const struct plm_config *c, const char *name)
{
    const struct plm_config_slot *slot = slot_of(c, name);
    if (slot->values.n < 2)
        return slot->values.n ? slot->values.v[0] : PLM_SV_NULL;
    plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(PLM_MIB(1));
    for (size_t i = 0; i < slot->values.n; i++)
        plm_buf_printf(&b, "%s%.*s", i ? "," : "", PLM_SV_ARG(slot->values.v[i]));
    return plm_arena_sv(c->arena, plm_buf_sv(&b));
}

bool plm_config_flag(const struct plm_config *c, const char *name)
{
    return slot_of(c, name)->number != 0;
}

uint64_t plm_config_number(const struct plm_config *c, const char *name)
{
    return slot_of(c, name)->number;
}

size_t plm_config_list(const struct plm_config *c, const char *name, const plm_sv **out)
{
    const struct plm_config_slot *slot = slot_of(c, name);
    *out = slot->values.v;
    return slot->values.n;
}

bool plm_config_is_set(const struct plm_config *c, const char *name)
{
    return slot_of(c, name)->origin != PLM_CFG_DEFAULT;
}

enum plm_config_origin plm_config_origin(const struct plm_config *c, const char *name, plm_sv *out_where)
{
    const struct plm_config_slot *slot = slot_of(c, name);
    *out_where = slot->where;
    return slot->origin;
}
