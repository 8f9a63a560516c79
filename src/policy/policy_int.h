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

struct plm_policy_eval;

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
    enum plm_policy_origin origin;
    const char *const *values; /* ENUM: NULL-ended */
    bool is_required;
    const char *description, *example;
    const char *otherwise; /* value when absent, for the reference page; NULL: not checked */
};

enum plm_policy_state { PLM_STATE_ACTIVE, PLM_STATE_DEPRECATED, PLM_STATE_EOL };

struct plm_policy_eval;
struct plm_policy_rule;

struct plm_policy_trigger {
    const char *name;        /* v2: "denylist" */
    const char *legacy_name; /* 1_0: "blacklist"; NULL: the same */
    const char *description;
    enum plm_policy_state state;
    enum plm_policy_origin origin;
    const char *superseded_by;
    const struct plm_policy_param_type *params; /* NULL-named end; NULL: none */
    uint32_t needs;                             /* PLM_FACT_*: without them the rule cannot be judged */
    /* Parameters that depend on each other (metadata.attribute's value); NULL: nothing more. Details into
     * *why where it says false. */
    bool (*validate)(const struct plm_policy *p, const struct plm_policy_rule *rule, struct plm_arena *a,
                     plm_sv *why);
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
    bool is_not_text;                         /* was no string; `value` is what was written */
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
    bool is_broken; /* its structure is wrong and has a problem: nothing more is looked at */
    uint32_t line, column;
};

struct plm_policy_set { /* rule set, "policy" */
    plm_sv id, name, version, description, artifact_type;
    PLM_VEC(struct plm_policy_rule) rules;
    uint32_t line;
    plm_policy_problems problems; /* faults of it: they count where a mapping that applies names it */
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
    plm_policy_problems problems;
};

struct plm_policy_selector {
    plm_sv id, name, registry, repository, type, value; /* type: "tag", "id", "digest" */
    uint32_t line;
};
struct plm_policy_mapping {
    struct plm_policy_selector select;
    plm_sv_vec set_ids, allowlist_ids;
    plm_policy_problems problems;      /* the whole file is not evaluated */
    plm_policy_problems late_problems; /* of its own use only */
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
    plm_policy_problems list_problems; /* of the file's frame: nothing of it is evaluated */
    plm_policy_problems problems; /* everything that is wrong, for validation; made by plm_policy_check */
};

/* Our YAML (policy_yaml.c): fills the names, texts and parameters of *p, whose arena and file are set, as a
 * bundle's reader does; what they mean (gates, triggers, expiry, references) is resolved by the caller in the
 * same way for all dialects. Faults of the format become p->problems; -1: no YAML at all (CONFIG). */
int plm_policy_read_yaml(const struct plm_ctx *ctx, plm_sv text, const char *name, struct plm_policy *p,
                         plm_err **err);
/* One image's facts out of a JSON value. */
struct yyjson_val;
struct plm_image_facts *plm_policy_facts_of(struct yyjson_val *outer, const char *name, plm_err **err);
/* A bundle (policy_json.c), in the same way. UNSUPPORTED: its version. */
int plm_policy_read_json(const struct plm_ctx *ctx, plm_sv text, const char *name, struct plm_policy *p,
                         plm_err **err);
/* Finds gates and triggers, checks parameters, references and ids; fills the problems of each part and of the
 * whole. */
int plm_policy_check(struct plm_policy *p, plm_err **err);
/* One more problem; memory failures stay in the arena. */
void plm_policy_problem(struct plm_policy *p, plm_policy_problems *to, const char *type, uint32_t line,
                        uint32_t column, const char *fmt, ...) __attribute__((format(printf, 6, 7)));
/* Is the value one that the parameter takes? *why: what it would take. */
bool plm_policy_value_ok(const struct plm_policy *p, const struct plm_policy_param_type *t, plm_sv value,
                         const char **why);
/* The three forms of an instant that allowlists know, UTC; parts of a second round up. */
bool plm_policy_expiry_parse(plm_sv text, int64_t *out);

/* ---- image references ------------------------------------------------------------------- */

struct plm_policy_reference {
    plm_sv registry, repository, tag, digest, image_id; /* null: the text has none */
};
/* Anchore's own reading: no library/ is put in front. A null text is its wildcard. */
void plm_policy_reference_parse(plm_sv text, struct plm_arena *a, struct plm_policy_reference *out);
/* 1, 0, or -1 where the original raises (compat mode): *out_type its class. */
int plm_policy_selector_match(struct plm_policy_eval *ev, const struct plm_policy_selector *s,
                              const struct plm_policy_reference *ref, bool has_image, const char **out_type,
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

/* What `policy explain` wants to hear; every member may be NULL. */
struct plm_policy_trace {
    /* A mapping that was tried, in order; after the first that matches none is. */
    void (*mapping)(struct plm_policy_trace *t, const struct plm_policy_mapping *m, bool matches);
    /* A rule that ran: its rows are result->rows.v[first_row .. rows.n); `failure`: it could not be judged.
     */
    void (*rule)(struct plm_policy_trace *t, const struct plm_policy_set *set,
                 const struct plm_policy_rule *rule, const struct plm_policy_result *result, size_t first_row,
                 const plm_err *failure);
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

/* Lower-case hexadecimal MD5 of the pieces, in the arena of the result; null: memory failed. */
plm_sv plm_policy_md5(struct plm_policy_eval *ev, const plm_sv *pieces, size_t n);

/* Python's `re` by PCRE2 under match limits; compiled once per text and evaluation. Match at the start of the
 * subject, not anchored at the end. 1: matches, 0: not, -1: not a valid expression, or a limit was reached.
 */
int plm_policy_match(struct plm_policy_eval *ev, plm_sv regex, plm_sv subject, plm_err **err);
int plm_policy_cache_new(struct plm_policy_eval *ev, plm_err **err);
void plm_policy_cache_free(struct plm_policy_eval *ev);
/* A gate's prepared data of this evaluation: *slot is NULL the first time; it lives in the result's arena. */
void **plm_policy_prepared(struct plm_policy_eval *ev, const struct plm_policy_gate *gate);
/* "regexp:..." or '*' wildcards (mappings, allowlists). */
int plm_policy_pattern(struct plm_policy_eval *ev, plm_sv pattern, plm_sv subject, plm_err **err);
