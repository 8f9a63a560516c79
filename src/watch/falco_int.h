/* SPDX-License-Identifier: Apache-2.0
 *
 * The merged tree of falco.yaml (falco_tree.c), which falco_yaml.c reads.
 */
#pragma once

#include "codec/yaml.h"
#include "watch/falco_yaml.h"

struct plm_falco_node {
    enum plm_yaml_kind kind;
    plm_sv text; /* scalar; ${VAR} expanded */
    PLM_VEC(struct plm_falco_pair {
        plm_sv key; /* mapping only */
        struct plm_falco_node *value;
    })
    items;
    plm_sv where; /* "falco.yaml:12", "-o …" */
};

/* A copy with variables expanded. */
struct plm_falco_node *plm_falco_tree_of(const struct plm_yaml_node *n, const char *name,
                                         struct plm_arena *a);
struct plm_falco_node *plm_falco_get(const struct plm_falco_node *n, const char *key); /* NULL: not there */
/* Takes the members of `from` over: append, override or add-only (top-level keys, as Falco does). */
int plm_falco_merge(struct plm_falco_node *to, const struct plm_falco_node *from, plm_sv strategy,
                    struct plm_arena *a, plm_err **err);
/* "a.b[0].c" = value; makes what is missing. */
int plm_falco_assign(struct plm_falco_node *root, plm_sv path, struct plm_falco_node *value,
                     struct plm_arena *a, plm_err **err);
