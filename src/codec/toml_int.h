/* SPDX-License-Identifier: Apache-2.0
 *
 * What the two halves of the TOML reader share: toml.c has the lines and tables, toml_value.c the values.
 */
#pragma once

#include "codec/toml.h"

#include "base/arena.h"
#include "base/map.h"

/* How a table or array came to be: says who may add to it. */
enum toml_origin {
    TOML_VALUE,    /* not a table, or an array or a table written inline: closed */
    TOML_IMPLICIT, /* a step of a header */
    TOML_HEADER,   /* [x], or the root */
    TOML_DOTTED,   /* a step of a dotted key */
    TOML_ELEMENTS, /* [[x]] */
};

struct toml_build {
    struct plm_toml_node node;
    enum toml_origin origin;
    uint32_t id; /* for the map of keys */
    size_t cap;
};

struct toml_parser {
    plm_sv text;
    size_t at;
    size_t line_start;
    uint32_t line;
    uint64_t nodes;
    const char *name;
    const struct plm_limits *limits;
    struct plm_arena *arena;
    struct plm_map *keys; /* id of the table + key: struct toml_build */
    plm_err **err;
};

int plm_toml_fault(struct toml_parser *p, enum plm_code code, const char *fmt, ...)
    __attribute__((format(printf, 3, 4), warn_unused_result));
/* A new node at the current place; NULL if memory or the limit of nodes ended it. */
struct toml_build *plm_toml_make(struct toml_parser *p, enum plm_toml_kind kind, enum toml_origin origin);
/* Appends `child` to an array, or under `key` to a table. */
int plm_toml_append(struct toml_parser *p, struct toml_build *to, struct toml_build *child);
int plm_toml_put(struct toml_parser *p, struct toml_build *table, plm_sv key, struct toml_build *child);

static inline int plm_toml_peek(const struct toml_parser *p, size_t ahead)
{
    return ahead < p->text.n - p->at ? (unsigned char)p->text.p[p->at + ahead] : -1;
}

/* Blanks (tab and space); then also line ends and comments. */
void plm_toml_skip_blanks(struct toml_parser *p);
int plm_toml_skip_lines(struct toml_parser *p);
/* A comment, if there is one, and the end of the line or of the text. */
int plm_toml_end_of_line(struct toml_parser *p);
/* "key = value" with a dotted key into `table`. */
int plm_toml_key_value(struct toml_parser *p, struct toml_build *table, unsigned depth);
int plm_toml_string(struct toml_parser *p, bool may_be_long, plm_sv *out);
struct toml_build *plm_toml_value(struct toml_parser *p, unsigned depth);
