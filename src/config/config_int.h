/* SPDX-License-Identifier: Apache-2.0
 *
 * What the files of src/config share: one slot per option and origin-ordered setting.
 */
#pragma once

#include "base/buf.h"
#include "codec/yaml.h"
#include "config/config.h"

struct plm_config_slot {
    plm_sv_vec values; /* one unless LIST or WORDS */
    uint64_t number;   /* parsed form of NUMBER, SIZE, DURATION, TIME, COUNT, FLAG */
    enum plm_config_origin origin;
    plm_sv where;
    bool locked;
};

struct plm_config {
    struct plm_arena *arena;
    const struct plm_ctx *ctx;
    struct plm_config_slot *slots; /* parallel to plm_options */
    PLM_VEC(const char *) words;
    PLM_VEC(struct plm_config_target) targets;
    bool targets_locked; /* the system's file locks `notify` */
};

struct plm_config_file {
    const char *path;
    enum plm_config_origin origin;
};
/* The mapping below `notify:`. */
int plm_config_read_targets(struct plm_config *c, const struct plm_config_file *at,
                            const struct plm_yaml_node *key, const struct plm_yaml_node *map, plm_err **err);
void plm_config_sort_targets(struct plm_config *c);

/* Checks a text against the option's type. 0, or -1 with `code` and a message that names `where`. */
int plm_value_check(const struct plm_option *o, plm_sv text, plm_sv where, enum plm_code code,
                    uint64_t *out_number, plm_err **err);
/* Sets an option from one origin. The first value of an origin replaces those of lower ones, later values of
 * the same origin are added (LIST, WORDS), counted (COUNT) or win (others). Slots that are locked or set by a
 * higher origin stay as they are, but the value is checked all the same. */
int plm_config_set(struct plm_config *c, const struct plm_option *o, plm_sv text,
                   enum plm_config_origin origin, plm_sv where, plm_err **err);

int plm_config_read_argv(struct plm_config *c, char *const *argv, const char *command, plm_err **err);
int plm_config_read_env(struct plm_config *c, char *const *environ_list, plm_err **err);
/* Reads a YAML file. must_exist: a missing file is CONFIG, else it is no file. */
int plm_config_read_file(struct plm_config *c, const char *path, enum plm_config_origin origin,
                         bool must_exist, plm_err **err);
/* The option whose name or key is nearest to a word, or NULL when none is near. */
const struct plm_option *plm_option_nearest(plm_sv word, bool by_key, const char *command);
