/* SPDX-License-Identifier: Apache-2.0
 *
 * Inside the policy module: the bundle as it was read, and what a gate's file needs. A gate is one
 * file that ends in a struct plm_policy_gate (PLM_REGISTER): its triggers, their parameters
 * and one function per trigger that reads the facts and fires.
 *
 *     static int always(struct plm_policy_eval *ev, const struct plm_policy_rule *rule, plm_err **err)
 *     {
 *         return plm_policy_fire(ev, rule, PLM_SV("always"), "Unconditional trigger match");
 *     }
 */
#pragma once

#include "base/register.h"
#include "policy/policy.h"

/* ---- gates and triggers -------------------------------------------------------------- */

enum plm_param_type {
    PLM_PARAM_STRING,
    PLM_PARAM_ENUM,
    PLM_PARAM_LIST,    /* comma list */
    PLM_PARAM_NUMBERS, /* comma numbers */
    PLM_PARAM_INTEGER,
    PLM_PARAM_FLOAT,
    PLM_PARAM_BOOLEAN,
    PLM_PARAM_REGEX, /* a string for the validator; lint compiles it */
};

enum plm_policy_origin {
    PLM_ORIGIN_OPEN,       /* of the open-source engine */
    PLM_ORIGIN_COMMERCIAL, /* documented for the commercial product only: our reading */
    PLM_ORIGIN_OURS,
};

struct plm_policy_param_type {
    const char *name;
    const char *alias; /* old name, or NULL */
    enum plm_param_type type;
    const char *const *values; /* ENUM: NULL-ended */
    bool is_required;
    const char *description, *example;
    const char *otherwise; /* value when absent, for the reference page; NULL: not checked */
    enum plm_policy_origin origin;
};

enum plm_policy_state { PLM_STATE_ACTIVE, PLM_STATE_DEPRECATED, PLM_STATE_EOL };

struct plm_policy_eval;
struct plm_policy_rule;

struct plm_policy_trigger {
    const char *name;        /* v2: "denylist" */
    const char *legacy_name; /* 1_0: "blacklist"; NULL: the same */
    const char *description;
    enum plm_policy_state state;
    const char *superseded_by;
    enum plm_policy_origin origin;
    const struct plm_policy_param_type *params; /* NULL-named end; NULL: none */
    uint32_t needs;                             /* PLM_FACT_*: without them the rule cannot be judged */
    /* Parameters that depend on each other (metadata.attribute's value); NULL: nothing more. Details into
     * *why where it says false. */
    bool (*validate)(const struct plm_policy_rule *rule, struct plm_arena *a, plm_sv *why);
    /* -1: this rule could not be evaluated (bad expression, malformed data). */
    int (*evaluate)(struct plm_policy_eval *ev, const struct plm_policy_rule *rule, plm_err **err);
};

struct plm_policy_gate {
    const char *name;
    const char *description;
    enum plm_policy_state state;
    const char *superseded_by;
    enum plm_policy_origin origin;
    const struct plm_policy_trigger *triggers; /* NULL-named end */
    /* Gates of generated triggers (dockle, hadolint: one per check id): finds one by name in the bundle's
     * vocabulary; NULL: only the table. Several names may share what it finds: the canonical name of such a
     * trigger is the rule's own text in upper case. */
    const struct plm_policy_trigger *(*find)(plm_sv name);
    /* What a rule reads beyond `needs`: paths to retrieve, digests. NULL: nothing. */
    void (*wants)(const struct plm_policy_rule *rule, struct plm_arena *a, struct plm_policy_wants *out);
};
PLM_SET_DECLARE(plm_policy_gates, struct plm_policy_gate);

const struct plm_policy_gate *plm_policy_gate_find(plm_sv name); /* any case */
const struct plm_policy_trigger *plm_policy_trigger_find(const struct plm_policy_gate *g, plm_sv name,
                                                         bool *out_is_legacy);

/* ---- the bundle ------------------------------------------------------------------------ */

enum plm_policy_dialect { PLM_DIALECT_LEGACY, PLM_DIALECT_V2, PLM_DIALECT_OURS };

struct plm_policy_param {
    plm_sv name, value; /* name in lower case; the last of a name wins (earlier ones are not here) */
    const struct plm_policy_param_type *type; /* NULL: unknown */
    bool is_json_bool;                        /* was true or false, not a string */
    uint32_t line;
};

struct plm_policy_rule {
    plm_sv id, gate_text, trigger_text, action_text;
    const struct plm_policy_gate *gate;
    const struct plm_policy_trigger *trigger; /* NULL: unknown, the bundle has a problem */
    bool is_legacy;                           /* the trigger was named in the old vocabulary */
    plm_sv trigger_name;                      /* canonical, in that vocabulary */
    enum plm_action action;
    PLM_VEC(struct plm_policy_param) params;
    plm_sv description, recommendation, reason, reference;
    uint32_t line, column;
};

struct plm_policy_set { /* rule set, "policy" */
    plm_sv id, name, version, description, artifact_type;
    PLM_VEC(struct plm_policy_rule) rules;
    uint32_t line;
};

struct plm_policy_item {
    plm_sv id, gate, trigger_id, expires_text, description;
    int64_t expires; /* 0: never; sub-second parts round up */
    uint32_t line;
};
struct plm_policy_allowlist {
    plm_sv id, name, version, description;
    PLM_VEC(struct plm_policy_item) items;
    uint32_t line;
};

struct plm_policy_selector {
    plm_sv id, name, registry, repository, type, value; /* type: "tag", "id", "digest" */
    uint32_t line;
};
struct plm_policy_mapping {
    struct plm_policy_selector select;
    plm_sv_vec set_ids, allowlist_ids;
};

struct plm_policy {
    struct plm_arena *arena;
    enum plm_policy_mode mode;
    enum plm_policy_dialect dialect;
    const char *file;
    plm_sv id, name, version, description;
    PLM_VEC(struct plm_policy_set) sets;
    PLM_VEC(struct plm_policy_allowlist) allowlists;
    PLM_VEC(struct plm_policy_mapping) mappings;
    PLM_VEC(struct plm_policy_selector) allowed, denied;
    plm_policy_problems problems; /* of the whole file */
};

/* Our YAML (policy_yaml.c): fills the names, texts and parameters of *p, whose arena and file are set, as a
 * bundle's reader does; what they mean (gates, triggers, expiry, references) is resolved by the caller in the
 * same way for all dialects. Faults of the format become p->problems; -1: no YAML at all (CONFIG). */
int plm_policy_read_yaml(const struct plm_ctx *ctx, plm_sv text, const char *name, struct plm_policy *p,
                         plm_err **err);

/* ---- for the files of gates --------------------------------------------------------------- */

struct plm_policy_eval {
    const struct plm_ctx *ctx;
    struct plm_policy *policy;
    enum plm_policy_mode mode;
    const struct plm_image_facts *facts;
    const struct plm_policy_options *opt;
    const struct plm_policy_set *set;
    struct plm_arena *arena; /* of the result */
    struct plm_policy_result *result;
    struct plm_policy_cache *cache; /* compiled expressions, the prepared Dockerfile: by policy_eval.c */
    int64_t now;
};

/* The parameter's value by its canonical name; null view when it was not given. */
plm_sv plm_policy_param(const struct plm_policy_rule *r, const char *name);
bool plm_policy_param_bool(const struct plm_policy_rule *r, const char *name, bool otherwise);
/* Items of a comma list, each without blanks around it. */
plm_sv_vec plm_policy_param_list(const struct plm_policy_eval *ev, const struct plm_policy_rule *r,
                                 const char *name);
/* The word of the bundle's vocabulary. */
static inline const char *plm_policy_word(const struct plm_policy_rule *r, const char *legacy,
                                          const char *now)
{
    return r->is_legacy ? legacy : now;
}

/* One finding. A null trigger_id is made by the rule of the format: MD5 of gate, trigger and message.
 * 0, or -1 when memory failed. */
int plm_policy_fire(struct plm_policy_eval *ev, const struct plm_policy_rule *r, plm_sv trigger_id,
                    const char *fmt, ...) __attribute__((format(printf, 4, 5)));

/* Python's `re` by PCRE2 under match limits; compiled once per text and evaluation. Match at the start of the
 * subject, not anchored at the end. 1: matches, 0: not, -1: not a valid expression, or a limit was reached.
 */
int plm_policy_match(struct plm_policy_eval *ev, plm_sv regex, plm_sv subject, plm_err **err);
/* "regexp:..." or '*' wildcards (mappings, allowlists). */
int plm_policy_pattern(struct plm_policy_eval *ev, plm_sv pattern, plm_sv subject, plm_err **err);
