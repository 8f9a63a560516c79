/* SPDX-License-Identifier: Apache-2.0
 *
 * A Compose file as its checks see it: services, and lookups that know merge keys, `extends` and variables.
 */
#pragma once

#include "codec/yaml.h"
#include "inspect/compose.h"
#include "inspect/inspect_int.h"

#define PLM_COMPOSE_EACH(j, c, s)                                                                            \
    const struct plm_compose *c = (j)->subject;                                                              \
    for (const struct plm_compose_service *s = c->services.v; s && s < c->services.v + c->services.n; s++)

/* ---- the document, for the checks ----------------------------------------------------------------- */

enum { PLM_COMPOSE_CHAIN_MAX = 32, PLM_COMPOSE_SERVICES_MAX = 10000 };

/* A service with the services that it extends: its own mapping first. */
struct plm_compose_service {
    plm_sv name;
    uint32_t line;
    const struct plm_yaml_node *chain[PLM_COMPOSE_CHAIN_MAX];
    size_t n_chain;
};

struct plm_compose {
    struct plm_yaml *doc;
    struct plm_arena *arena;
    plm_sv name;                         /* of the file */
    const struct plm_yaml_node *volumes; /* top-level, or NULL */
    PLM_VEC(struct plm_compose_service) services;
};

/* A key of a service, by its path ("deploy", "resources", NULL-ended): of the service itself, of what it
 * merges
 * (`<<`), of what it extends; NULL: nowhere. */
const struct plm_yaml_node *plm_compose_get(const struct plm_compose_service *s, ...)
    __attribute__((sentinel));
/* One key of a mapping with its merge keys. */
const struct plm_yaml_node *plm_compose_key(const struct plm_yaml_node *map, plm_sv key);

/* A scalar as Compose will see it when no variable is set: ${X:-y} is y, ${X} stays as it is. */
struct plm_compose_text {
    plm_sv text;      /* null: no scalar */
    bool is_symbolic; /* a variable without a default is in it: its value is not known */
};
struct plm_compose_text plm_compose_scalar(const struct plm_compose *c, const struct plm_yaml_node *n);
struct plm_compose_text plm_compose_expand(struct plm_arena *a, plm_sv raw);
/* YAML booleans; false where it is none or not known. */
bool plm_compose_true(const struct plm_compose *c, const struct plm_yaml_node *n);

/* Walks a key that is a list, or a mapping read as "KEY=VALUE" (environment, labels, sysctls), over all that
 * the service extends. `value` null: a name without value. */
struct plm_compose_item {
    plm_sv text; /* the whole item, expanded; of a mapping "KEY=VALUE" */
    bool is_symbolic;
    const struct plm_yaml_node *node; /* the item: may be a mapping (long syntax) */
    uint32_t line;
};
typedef PLM_VEC(struct plm_compose_item) plm_compose_items;
plm_compose_items plm_compose_list(const struct plm_compose *c, const struct plm_compose_service *s,
                                   const char *key);

/* A finding about a service: object "SERVICE" or "SERVICE ITEM", in the file at that line. */
void plm_compose_fail(struct plm_judging *j, const struct plm_compose_service *s, plm_sv item, uint32_t line,
                      const char *fmt, ...) __attribute__((format(printf, 5, 6)));

/* One table of rows per file of checks. */
extern const struct plm_judge plm_compose_setting_judges[], plm_compose_reach_judges[];
extern const size_t plm_compose_setting_judges_n, plm_compose_reach_judges_n;
