/* SPDX-License-Identifier: Apache-2.0
 *
 * TOML 1.0 (toml.io/en/v1.0.0) as a small read-only tree with line numbers: for the configuration files of
 * other tools (gitleaks, osv-scanner).
 *
 *     plm_auto(plm_toml_free) struct plm_toml *doc = plm_toml_parse(text, ".gitleaks.toml", limits, err);
 *     const struct plm_toml_node *rules = plm_toml_get(plm_toml_root(doc), "rules", NULL);
 */
#pragma once

#include "base/err.h"
#include "base/limits.h"
#include "base/sv.h"

enum plm_toml_kind {
    PLM_TOML_STRING,
    PLM_TOML_INTEGER,
    PLM_TOML_FLOAT,
    PLM_TOML_BOOL,
    PLM_TOML_DATETIME, /* offset and local date-times, dates and times: text as written */
    PLM_TOML_ARRAY,
    PLM_TOML_TABLE,
};

struct plm_toml_node {
    enum plm_toml_kind kind;
    plm_sv key;  /* in its table; null in an array */
    plm_sv text; /* a string's value; of numbers and times what is written */
    int64_t integer;
    double number; /* of an integer too */
    bool boolean;
    uint32_t line, column; /* from 1: of the key, of the header, of the item */
    size_t n;              /* items of an array, keys of a table in their order */
    struct plm_toml_node **items;
};

struct plm_toml;

/* PARSE with name, line and column; LIMIT for depth (limits->depth) and nodes (limits->yaml_events). The text
 * is copied. Linear in it. */
struct plm_toml *plm_toml_parse(plm_sv text, const char *name, const struct plm_limits *limits,
                                plm_err **err);
void plm_toml_free(struct plm_toml *doc);
PLM_CLEANUP(struct plm_toml, plm_toml_free)
/* A table, never NULL. */
const struct plm_toml_node *plm_toml_root(const struct plm_toml *doc);
/* Walks keys of tables, NULL-ended; NULL if any step is missing. */
const struct plm_toml_node *plm_toml_get(const struct plm_toml_node *n, ...) __attribute__((sentinel));
/* The value of a string, or a null view for NULL and other kinds. */
plm_sv plm_toml_text(const struct plm_toml_node *n);
