/* SPDX-License-Identifier: Apache-2.0
 *
 * YAML over libyaml as a small read-only tree with line numbers: for configuration,
 * exceptions, secdb files. Anchors and aliases are resolved under limits->yaml_events
 * (no "billion laughs"); duplicate keys are an error.
 *
 *     plm_auto(plm_yaml_free) struct plm_yaml *doc = plm_yaml_parse(text, "plimsoll.yaml", limits, err);
 *     const struct plm_yaml_node *n = plm_yaml_get(plm_yaml_root(doc), "db", "max-age", NULL);
 */
#pragma once

#include "base/err.h"
#include "base/limits.h"
#include "base/sv.h"

enum plm_yaml_kind { PLM_YAML_NULL, PLM_YAML_SCALAR, PLM_YAML_SEQUENCE, PLM_YAML_MAPPING };

struct plm_yaml_node {
    enum plm_yaml_kind kind;
    bool is_quoted;               /* scalar written with quotes: a string whatever it looks like */
    plm_sv text;                  /* scalar */
    uint32_t line, column;        /* from 1 */
    uint32_t offset;              /* byte of the text, from 0 */
    size_t n;                     /* items of a sequence, pairs of a mapping */
    struct plm_yaml_node **items; /* values */
    struct plm_yaml_node **keys;  /* mapping only */
};

struct plm_yaml;

/* One document; an empty text gives a NULL node root. PARSE with name, line, column. */
struct plm_yaml *plm_yaml_parse(plm_sv text, const char *name, const struct plm_limits *limits,
                                plm_err **err);
/* Any number of documents: the root is the sequence of their roots. Where a key stands twice the first one
 * counts (plm_yaml_get finds it), as in other readers of such files. *out_fault (if not NULL) says where the
 * text is not YAML: line and column from 1, the offset in bytes. */
struct plm_yaml_fault {
    uint32_t line, column, offset;
};
struct plm_yaml *plm_yaml_parse_stream(plm_sv text, const char *name, const struct plm_limits *limits,
                                       struct plm_yaml_fault *out_fault, plm_err **err);
void plm_yaml_free(struct plm_yaml *doc);
PLM_CLEANUP(struct plm_yaml, plm_yaml_free)
const struct plm_yaml_node *plm_yaml_root(const struct plm_yaml *doc);
/* Walks mapping keys, NULL-ended; NULL if any step is missing. */
const struct plm_yaml_node *plm_yaml_get(const struct plm_yaml_node *n, ...) __attribute__((sentinel));
/* The scalar's text, or a null view for NULL nodes, nulls ("~", "null", "") and non-scalars. */
plm_sv plm_yaml_text(const struct plm_yaml_node *n);
/* YAML 1.2 booleans (true, false), and yes/no/on/off; false if neither. */
bool plm_yaml_bool(const struct plm_yaml_node *n, bool *out);

struct plm_buf;
/* Writes a scalar that reads back as this text: plain where nothing could take it for something else.
 * in_flow: inside {} or []. */
void plm_yaml_put(struct plm_buf *b, plm_sv text, bool in_flow);
