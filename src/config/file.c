/* SPDX-License-Identifier: Apache-2.0
 *
 * plimsoll.yaml: a mapping whose keys, joined by dots, are the keys of the options table.
 *
 *     fail-on: [high:fixable, kev]
 *     db:
 *       max-age: 5d
 *     lock: [db.max-age]        # the system file only
 *
 * Who may write a file decides whether it is read: no file that group or others may write, and
 * none of a foreign owner. A project file comes out of a pull request, so it is no symlink, and
 * it may not set what is marked system_only nor name files to write.
 */
#include "base/fs.h"
#include "codec/yaml.h"
#include "config_int.h"

#include <errno.h>
#include <fcntl.h>

enum { MAX_DEPTH = 4 };
#define FILE_MAX PLM_MIB(1)

struct reader {
    struct plm_config *c;
    const char *path;
    enum plm_config_origin origin;
};

static plm_sv where_of(const struct reader *rd, const struct plm_yaml_node *n)
{
    return plm_arena_printf(rd->c->arena, "%s:%u", rd->path, n->line);
}

static int fail_key(const struct reader *rd, const struct plm_yaml_node *n, plm_sv key, plm_err **err)
{
    plm_sv where = where_of(rd, n);
    int rc = plm_fail_id(err, PLM_E_CONFIG, "config.key", "%.*s: unknown key \"%.*s\"", PLM_SV_ARG(where),
                         PLM_SV_ARG(key));
    const struct plm_option *near = plm_option_nearest(key, true, NULL), *o = plm_option_find(key);
    if (plm_sv_is(key, "lock"))
        plm_err_hint(err, "only /etc/plimsoll/plimsoll.yaml may lock keys");
    else if (o && o->key)
        plm_err_hint(err, "%s", o->key);
    else if (o)
        plm_err_hint(err, "--%s is a flag only", o->name);
    else if (near)
        plm_err_hint(err, "%s", near->key);
    else
        plm_err_hint(err, "plimsoll config init writes a file with every key");
    return rc;
}

static int set_scalar(const struct reader *rd, const struct plm_option *o, const struct plm_yaml_node *n,
                      plm_err **err)
{
    plm_sv where = where_of(rd, n), text = n->kind == PLM_YAML_SCALAR ? n->text : PLM_SV_NULL;
    if (!text.p)
        return plm_fail_id(err, PLM_E_CONFIG, "config.value", "%.*s: %s has no value", PLM_SV_ARG(where),
                           o->key);
    bool names_file = strcmp(o->name, "output") == 0 && plm_sv_find(text, '=') != SIZE_MAX;
    if (rd->origin == PLM_CFG_PROJECT && names_file) {
        int rc = plm_fail_id(err, PLM_E_CONFIG, "config.project",
                             "%.*s: a project file may not name files to write", PLM_SV_ARG(where));
        plm_err_hint(err, "give -o %.*s on the command line", PLM_SV_ARG(text));
        return rc;
    }
    return plm_config_set(rd->c, o, text, rd->origin, where, err);
}

static int set_option(const struct reader *rd, const struct plm_option *o, const struct plm_yaml_node *n,
                      plm_err **err)
{
    plm_sv where = where_of(rd, n);
    if (rd->origin == PLM_CFG_PROJECT && o->system_only) {
        int rc = plm_fail_id(err, PLM_E_CONFIG, "config.project", "%.*s: a project file may not set %s",
                             PLM_SV_ARG(where), o->key);
        plm_err_hint(err, "set it in the user's or system's file, or run with --no-project-config");
        return rc;
    }
    bool is_many = o->type == PLM_OPT_LIST || o->type == PLM_OPT_WORDS;
    if (n->kind != PLM_YAML_SEQUENCE)
        return set_scalar(rd, o, n, err);
    if (!is_many)
        return plm_fail_id(err, PLM_E_CONFIG, "config.value", "%.*s: %s takes one value, not a list",
                           PLM_SV_ARG(where), o->key);
    for (size_t i = 0; i < n->n; i++)
        if (set_scalar(rd, o, n->items[i], err) < 0)
            return -1;
    return 0;
}

static int walk(const struct reader *rd, const struct plm_yaml_node *map, plm_sv prefix, int depth,
                plm_err **err)
{
    for (size_t i = 0; i < map->n; i++) {
        const struct plm_yaml_node *k = map->keys[i], *v = map->items[i];
        plm_sv name = k->kind == PLM_YAML_SCALAR ? k->text : PLM_SV("");
        plm_sv key = prefix.n
                         ? plm_arena_printf(rd->c->arena, "%.*s.%.*s", PLM_SV_ARG(prefix), PLM_SV_ARG(name))
                         : name;
        if (rd->origin == PLM_CFG_SYSTEM && plm_sv_is(key, "lock"))
            continue;
        if (!prefix.n && plm_sv_is(key, "notify")) {
            const struct plm_config_file at = {rd->path, rd->origin};
            if (plm_config_read_targets(rd->c, &at, k, v, err) < 0)
                return -1;
            continue;
        }
        const struct plm_option *o = plm_option_by_key(key);
        if (o) {
            if (set_option(rd, o, v, err) < 0)
                return -1;
        } else if (v->kind == PLM_YAML_MAPPING && depth < MAX_DEPTH) {
            if (v->n == 0)
                return fail_key(rd, k, key, err);
            if (walk(rd, v, key, depth + 1, err) < 0)
                return -1;
        } else {
            return fail_key(rd, k, key, err);
        }
    }
    return 0;
}

static int lock_keys(const struct reader *rd, const struct plm_yaml_node *list, plm_err **err)
{
    for (size_t i = 0; list && i < list->n; i++) {
        const struct plm_yaml_node *n = list->items[i];
        if (n->kind == PLM_YAML_SCALAR && plm_sv_is(n->text, "notify")) {
            rd->c->targets_locked = true;
            continue;
        }
        const struct plm_option *o = n->kind == PLM_YAML_SCALAR ? plm_option_by_key(n->text) : NULL;
        if (!o)
            return fail_key(rd, n, n->kind == PLM_YAML_SCALAR ? n->text : PLM_SV(""), err);
        struct plm_config_slot *slot = &rd->c->slots[o - plm_options];
        slot->locked = true;
        slot->origin = PLM_CFG_LOCKED;
        slot->where = where_of(rd, n);
    }
    return 0;
}

static int check_owner(const struct reader *rd, int fd, plm_err **err)
{
    struct stat st;
    if (fstat(fd, &st) < 0)
        return plm_fail_sys(err, "%s", rd->path);
    if (!S_ISREG(st.st_mode))
        return plm_fail_id(err, PLM_E_CONFIG, "config.file", "%s: not a regular file", rd->path);
    bool is_owner = st.st_uid == 0 || (rd->origin != PLM_CFG_SYSTEM && st.st_uid == geteuid());
    bool open_to_others = (st.st_mode & (S_IWGRP | S_IWOTH)) != 0;
    if (is_owner && !open_to_others)
        return 0;
    int rc =
        is_owner
            ? plm_fail_id(err, PLM_E_CONFIG, "config.owner", "%s: others may write this file (mode %04o)",
                          rd->path, (unsigned)(st.st_mode & 07777))
            : plm_fail_id(err, PLM_E_CONFIG, "config.owner", "%s: owned by uid %u, not by uid %u or root",
                          rd->path, (unsigned)st.st_uid, (unsigned)geteuid());
    const char *way_out = rd->origin == PLM_CFG_PROJECT ? ", or run with --no-project-config" : "";
    if (is_owner)
        plm_err_hint(err, "chmod go-w %s%s", rd->path, way_out);
    else
        plm_err_hint(err, "chown it%s", way_out);
    return rc;
}

/* Every fault of a configuration file is CONFIG, whatever caused it. */
static int as_config(plm_err **err)
{
    if (err && *err && (*err)->code != PLM_E_OOM)
        (*err)->code = PLM_E_CONFIG;
    return -1;
}

static int parse_file(const struct reader *rd, plm_sv text, plm_err **err)
{
    plm_auto(plm_yaml_free) struct plm_yaml *doc = plm_yaml_parse(text, rd->path, rd->c->ctx->limits, err);
    if (!doc)
        return -1;
    const struct plm_yaml_node *root = plm_yaml_root(doc);
    if (root->kind == PLM_YAML_NULL)
        return 0;
    if (root->kind != PLM_YAML_MAPPING)
        return plm_fail_id(err, PLM_E_CONFIG, "config.file", "%s:%u: not a mapping of keys", rd->path,
                           root->line);
    if (walk(rd, root, PLM_SV(""), 0, err) < 0)
        return -1;
    const struct plm_yaml_node *lock = plm_yaml_get(root, "lock", NULL);
    if (rd->origin != PLM_CFG_SYSTEM || !lock)
        return 0;
    if (lock->kind != PLM_YAML_SEQUENCE)
        return plm_fail_id(err, PLM_E_CONFIG, "config.value", "%s:%u: lock is a list of keys", rd->path,
                           lock->line);
    return lock_keys(rd, lock, err);
}

int plm_config_read_file(struct plm_config *c, const char *path, enum plm_config_origin origin,
                         bool must_exist, plm_err **err)
{
    struct reader rd = {.c = c, .path = path, .origin = origin};
    int no_link = origin == PLM_CFG_PROJECT ? O_NOFOLLOW : 0;
    plm_auto_fd int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK | no_link);
    if (fd < 0 && !must_exist && (errno == ENOENT || errno == ENOTDIR))
        return 0;
    if (fd < 0 && no_link && errno == ELOOP)
        return plm_fail_id(err, PLM_E_CONFIG, "config.owner", "%s: a project file may not be a symbolic link",
                           path);
    if (fd < 0) {
        int rc = plm_fail_sys(err, "%s", path);
        (void)rc;
        return as_config(err);
    }
    plm_auto_done(plm_buf_done) struct plm_buf text = PLM_BUF(FILE_MAX);
    if (check_owner(&rd, fd, err) < 0 || plm_fs_read_fd(fd, path, FILE_MAX, &text, err) < 0 ||
        parse_file(&rd, plm_buf_sv(&text), err) < 0)
        return as_config(err);
    return 0;
}
