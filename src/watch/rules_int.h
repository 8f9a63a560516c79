/* SPDX-License-Identifier: Apache-2.0
 *
 * What the files of the loader share: places (the location chains of messages), the items as read, and the
 * compiled set. The steps, file by file:
 *
 *     rules_read.c      YAML to items; shapes, keys, overrides      rules_version.c     required_* items
 *     rules_collect.c   define, append, replace                     rules_exceptions.c  exceptions to text
 *     rules_compile.c   lists, macros, rules to trees               rules_check.c       fields, types, values
 *     rules_types.c     event types of a condition                  rules_report.c      messages, snippets
 *
 * Everything returns 0 or -1; -1 means that an error was reported or that memory ran out (the arena knows).
 */
#pragma once

#include "base/map.h"
#include "codec/yaml.h"
#include "watch/condition_int.h"
#include "watch/rules.h"

#define PLM_RULES_FILE_MAX    ((size_t)16 << 20)
#define PLM_RULES_MEMORY_MAX  ((size_t)512 << 20)
#define PLM_RULES_MESSAGE_MAX 10000   /* messages of one file */
#define PLM_RULES_NODES_MAX   100000  /* of one condition, macros expanded */
#define PLM_RULES_NODES_ALL   5000000 /* of all conditions */

/* ---- places ----------------------------------------------------------------------------------------- */

struct plm_rules_place {
    const struct plm_rules_place *parent;
    const char *type; /* "rule condition" */
    plm_sv name;      /* of the item; null: none */
    plm_sv file, content;
    uint32_t line, column, offset; /* from 0 */
};

/* ---- items as read ------------------------------------------------------------------------------------ */

struct plm_rules_list {
    plm_sv name;
    const struct plm_rules_place *place;
    uint32_t index, visibility;
    plm_sv *items;
    size_t n;
};

struct plm_rules_macro {
    plm_sv name;
    const struct plm_rules_place *place, *condition_place;
    uint32_t index, visibility;
    plm_sv condition;
};

/* A scalar or a list of them: `fields`, `comps` and elements of `values`. */
struct plm_rules_entry {
    bool is_set, is_list;
    plm_sv item;
    struct plm_rules_entry *items;
    size_t n;
};

struct plm_rules_exception {
    plm_sv name;
    const struct plm_rules_place *place;
    struct plm_rules_entry fields, comps;
    struct plm_rules_entry *values;
    size_t n;
};

enum plm_rules_key { /* which keys a rule item has; also of overrides */
                     PLM_RK_CONDITION = 1 << 0,
                     PLM_RK_OUTPUT = 1 << 1,
                     PLM_RK_DESC = 1 << 2,
                     PLM_RK_PRIORITY = 1 << 3,
                     PLM_RK_TAGS = 1 << 4,
                     PLM_RK_EXCEPTIONS = 1 << 5,
                     PLM_RK_ENABLED = 1 << 6,
                     PLM_RK_WARN_EVTTYPES = 1 << 7,
                     PLM_RK_SKIP_UNKNOWN = 1 << 8,
                     PLM_RK_CAPTURE = 1 << 9,
                     PLM_RK_CAPTURE_DURATION = 1 << 10,
                     PLM_RK_SOURCE = 1 << 11,
                     PLM_RK_ITEMS = 1 << 12, /* lists */
};

typedef PLM_VEC(struct plm_rules_exception) plm_rules_exception_vec;

struct plm_rules_item {
    plm_sv name, condition, output, desc, source; /* source null: syscall */
    const struct plm_rules_place *place, *condition_place, *output_place;
    uint32_t index, visibility;
    uint32_t keys; /* enum plm_rules_key: those that the YAML item had */
    enum plm_priority priority;
    bool is_enabled, warn_evttypes, skip_unknown, capture, is_unknown_source;
    uint32_t capture_duration;
    plm_sv_vec tags;
    plm_rules_exception_vec exceptions;
    const struct plm_output_format *format; /* compiled with an earlier file */
};

/* ---- the loader --------------------------------------------------------------------------------------- */

struct plm_rules {
    unsigned refs;
    struct plm_arena *texts, *compiled;
    struct plm_rule *rules;
    size_t n;
    struct plm_map *by_name;
    struct plm_evset types;
    uint32_t needs;
    bool match_all;
    plm_sv digest;
};

struct plm_rules_loader {
    const struct plm_ctx *ctx;
    const struct plm_rules_config *conf;
    struct plm_arena *arena;    /* items: goes into the set */
    struct plm_arena *messages; /* the report's */
    struct plm_load_report *report;
    struct plm_map *said; /* warnings of earlier files are not repeated */
    size_t n_errors;      /* of the file at hand */
    bool is_oom;          /* outside the arenas */
    plm_sv file, content;
    PLM_VEC(struct plm_rules_list *) lists;
    PLM_VEC(struct plm_rules_macro *) macros;
    PLM_VEC(struct plm_rules_item *) items;
    struct plm_map *list_names, *macro_names, *item_names; /* name: position + 1 */
    uint32_t next_index;
};

/* ---- messages (rules_report.c) ------------------------------------------------------------------------- */

const struct plm_rules_place *plm_rules_place(struct plm_rules_loader *l,
                                              const struct plm_rules_place *parent, const char *type,
                                              plm_sv name, const struct plm_yaml_node *at);
/* Inside a condition: the chain ends with "condition expression", counted in the text itself. */
const struct plm_rules_place *plm_rules_place_in(struct plm_rules_loader *l,
                                                 const struct plm_rules_place *parent, const char *type,
                                                 plm_sv text, size_t offset);
int plm_rules_error(struct plm_rules_loader *l, enum plm_load_code code, const struct plm_rules_place *at,
                    const char *fmt, ...) __attribute__((format(printf, 4, 5), warn_unused_result));
void plm_rules_warn(struct plm_rules_loader *l, enum plm_load_code code, const struct plm_rules_place *at,
                    plm_sv deprecated_field, const char *fmt, ...) __attribute__((format(printf, 5, 6)));

/* ---- steps ------------------------------------------------------------------------------------------------
 */

/* Reads one file's content into the loader's items. */
int plm_rules_read(struct plm_rules_loader *l);

/* Scalars and sequences of an item. Optional ones that are absent leave *out as it is. */
int plm_rules_text(struct plm_rules_loader *l, const struct plm_yaml_node *item, const char *key,
                   bool is_optional, const struct plm_rules_place *at, plm_sv *out);
int plm_rules_flag(struct plm_rules_loader *l, const struct plm_yaml_node *item, const char *key,
                   const struct plm_rules_place *at, bool *out);
int plm_rules_read_overrides(struct plm_rules_loader *l, const struct plm_yaml_node *item,
                             uint32_t may_append, uint32_t may_replace, const struct plm_rules_place *at,
                             uint32_t *out_append, uint32_t *out_replace);
uint32_t plm_rules_key_find(plm_sv name); /* 0: no such key */
const char *plm_rules_key_name(uint32_t key);
int plm_rules_read_exceptions(struct plm_rules_loader *l, const struct plm_yaml_node *item, bool is_append,
                              const struct plm_rules_place *at, plm_rules_exception_vec *out);
int plm_rules_read_engine_version(struct plm_rules_loader *l, const struct plm_yaml_node *item,
                                  const struct plm_rules_place *parent);
int plm_rules_read_plugin_versions(struct plm_rules_loader *l, const struct plm_yaml_node *item,
                                   const struct plm_rules_place *parent);

/* The items are taken as they are; what they view is of the loader's arena. */
int plm_rules_define_list(struct plm_rules_loader *l, struct plm_rules_list *x);
int plm_rules_append_list(struct plm_rules_loader *l, const struct plm_rules_list *x);
int plm_rules_define_macro(struct plm_rules_loader *l, struct plm_rules_macro *x);
int plm_rules_append_macro(struct plm_rules_loader *l, const struct plm_rules_macro *x);
int plm_rules_define_rule(struct plm_rules_loader *l, struct plm_rules_item *x);
/* `keys` of the item are joined to, or put in place of, those of the rule of that name. */
int plm_rules_append_rule(struct plm_rules_loader *l, const struct plm_rules_item *x, uint32_t keys);
int plm_rules_replace_rule(struct plm_rules_loader *l, const struct plm_rules_item *x, uint32_t keys);

/* comps by default, lengths, operators, fields. */
int plm_rules_check_exception(struct plm_rules_loader *l, struct plm_rules_exception *x, bool check_fields);
/* The condition with " and not (...)" for each exception that has values. */
int plm_rules_apply_exceptions(struct plm_rules_loader *l, const struct plm_rules_item *x, plm_sv *out);

/* Compiles all items read so far into *out (arrays in its arena); warns. */
int plm_rules_compile(struct plm_rules_loader *l, struct plm_rules *out);

/* Fields, operators against types, values of a resolved tree. */
struct plm_rules_check {
    struct plm_rules_loader *loader;
    struct plm_arena *arena, *scratch;
    const struct plm_rules_place *place; /* of the rule's condition */
    bool is_quiet; /* an unknown field or event type is no error: the caller makes a warning of it */
    bool is_unknown;
    plm_sv unknown; /* message */
    const struct plm_rules_place *unknown_place;
};
int plm_rules_check_tree(struct plm_rules_check *c, struct plm_cond *tree);
/* What fields a checked tree reads. */
void plm_rules_needs_of(const struct plm_cond *tree, uint32_t *needs, bool *needs_metadata);

void plm_rules_types_of(const struct plm_cond *tree, struct plm_evset *out, unsigned *out_n);
