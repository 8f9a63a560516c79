/* SPDX-License-Identifier: Apache-2.0
 *
 * Policies: which images may pass. One model for Anchore bundles (`1_0` and v2) and our YAML:
 * rule sets of rules (gate, trigger, parameters, action), allowlists, mappings of images to both, allowed and
 * denied images.
 *
 *     p = plm_policy_load(ctx, text, "bundle.json", PLM_POLICY_FIXED, err);    // UNSUPPORTED: its version
 *     plm_policy_wants(p, &wants);                                             // what must be looked at
 *     plm_policy_evaluate(ctx, p, facts, "docker.io/app:1.2", NULL, arena, &result, err);
 *
 * A bundle with faults loads: the faults are its problems, and evaluating it gives `stop` with them, as the
 * original does. Modes: COMPAT is the open-source engine's behaviour, defects included; FIXED the
 * documented intent. Messages and finding ids are the original's, character by character, in
 * the vocabulary ("blacklist" or "denylist") of the bundle.
 */
#pragma once

#include "base/buf.h"
#include "base/ctx.h"
#include "model/facts.h"

enum plm_policy_mode { PLM_POLICY_FIXED, PLM_POLICY_COMPAT };
enum plm_action { PLM_ACTION_STOP, PLM_ACTION_WARN, PLM_ACTION_GO }; /* order: the lowest decides */
const char *plm_action_name(enum plm_action a);                      /* "stop" */

struct plm_policy; /* policy_int.h */

struct plm_policy *plm_policy_load(const struct plm_ctx *ctx, plm_sv text, const char *name,
                                   enum plm_policy_mode mode, plm_err **err);
void plm_policy_free(struct plm_policy *p);
PLM_CLEANUP(struct plm_policy, plm_policy_free)
plm_sv plm_policy_id(const struct plm_policy *p);
plm_sv plm_policy_name(const struct plm_policy *p);

/* What must be looked at so that every rule can be judged. */
struct plm_policy_wants {
    uint32_t facts;               /* PLM_FACT_* */
    plm_sv_vec retrieve, digests; /* paths; in the policy's arena */
    bool needs_history;           /* reads the Dockerfile or its reconstruction */
};
void plm_policy_wants(const struct plm_policy *p, struct plm_policy_wants *out);

/* A fault of the bundle, or of one rule at run time. */
struct plm_policy_problem {
    bool is_warning;
    plm_sv type;           /* "ParameterValueInvalidError": the original's class names */
    plm_sv details;        /* text for people: object and cause */
    uint32_t line, column; /* in the file; 0: not known */
};
typedef PLM_VEC(struct plm_policy_problem) plm_policy_problems;
/* The faults found when all of it is looked at, reachable or not; for `policy lint` and validation. */
const plm_policy_problems *plm_policy_all_problems(const struct plm_policy *p);

struct plm_policy_row {
    plm_sv trigger_id, gate, trigger, message; /* names in the bundle's vocabulary */
    plm_sv extended_id; /* a second id that allowlists may name ("CVE-1+openssl@3.0"; fixed mode), or null */
    enum plm_action action;      /* GO for an allowlisted one */
    enum plm_action rule_action; /* as the rule says */
    plm_sv policy_id, rule_id, recommendation;
    bool is_allowlisted;
    plm_sv allowlist_id, allowlist_name, allowlist_item;
    plm_sv allowed_by; /* "allowlist", or "exception" of ours (then reason, owner, until below) */
    plm_sv reason, owner, until;
    bool is_not_judged; /* the rule could not be evaluated: message says why (fixed mode) */
    uint32_t line;      /* of the rule in its file */
};

struct plm_policy_result {
    bool is_init_error; /* the bundle could not be built: stop, no rows */
    bool is_mapped;     /* a mapping matched */
    plm_sv mapping_id, mapping_name;
    plm_sv allowed_image, denied_image; /* name or id of the selector; null: none */
    enum plm_action policy_action;      /* before the image lists */
    enum plm_action action;
    plm_sv reason; /* "policy_evaluation", "whitelisted", "denylisted", ... */
    PLM_VEC(struct plm_policy_row) rows;
    plm_policy_problems problems;
};

struct plm_exceptions;
struct plm_policy_options {
    struct plm_exceptions *exceptions;    /* ours, applied after the bundle's allowlists; NULL: none */
    const struct plm_image_facts *before; /* facts that ratchet rules compare with; NULL: none */
    struct plm_policy_trace *trace;       /* `policy explain`; NULL: none */
};

/* tag: the reference to judge it as; null: none (the original's wildcard). Fails with PLM_E_POLICY and the id
 * policy.execution where the original produces no evaluation (compat mode), else never for what a bundle
 * says. Strings live in the arena or the policy. */
int plm_policy_evaluate(const struct plm_ctx *ctx, struct plm_policy *p, const struct plm_image_facts *facts,
                        plm_sv tag, const struct plm_policy_options *opt, struct plm_arena *a,
                        struct plm_policy_result *out, plm_err **err);

/* Facts from JSON: a document of `-o facts`, or the image of a test case with its vulnerabilities (either may
 * be null). */
struct plm_image_facts *plm_policy_facts_read(const struct plm_ctx *ctx, plm_sv json, const char *name,
                                              plm_err **err);
/* The same for one of several images ({"images": [...]}); out_n (may be NULL): how many there are. */
struct plm_image_facts *plm_policy_facts_read_at(const struct plm_ctx *ctx, plm_sv json, const char *name,
                                                 size_t index, size_t *out_n, plm_err **err);

/* ---- test cases (policy_test.c) ---------------------------------------------------------------- */

struct plm_policy_test_counts {
    size_t passed, failed;
};
/* Runs the cases of a document ({"cases": [{name, bundle, tag, image, vulnerabilities, expected}],
 * "suid_trigger_id_vectors": [...]}); what differs is written to out, a line each. */
int plm_policy_test_run(const struct plm_ctx *ctx, plm_sv json, const char *name, enum plm_policy_mode mode,
                        struct plm_buf *out, struct plm_policy_test_counts *counts, plm_err **err);

/* ---- lint (policy_lint.c) ---------------------------------------------------------------------- */

struct plm_policy_lint {
    bool is_error;         /* the policy cannot be used as it is */
    uint32_t line, column; /* 0: not known */
    plm_sv what;
};
typedef PLM_VEC(struct plm_policy_lint) plm_policy_lints;
/* Faults, and what is there without an effect: mappings behind one that takes everything, rules that never
 * fire, parameters that nothing reads, items that no rule can produce, dangerous expressions. By line. */
int plm_policy_lint(const struct plm_ctx *ctx, const struct plm_policy *p, struct plm_arena *a,
                    plm_policy_lints *out, plm_err **err);

/* ---- explaining (policy_explain.c) ---------------------------------------------------------------- */

/* One evaluation told for people: which mapping and why the others not, each rule with what it read and why
 * it fired or not, what accepted a row. */
int plm_policy_explain(const struct plm_ctx *ctx, struct plm_policy *p, const struct plm_image_facts *facts,
                       plm_sv tag, const struct plm_policy_options *opt, struct plm_arena *a,
                       struct plm_buf *out, struct plm_policy_result *result, plm_err **err);

/* ---- writing (policy_write.c) -------------------------------------------------------------- */

enum plm_policy_form { PLM_POLICY_FORM_OURS, PLM_POLICY_FORM_LEGACY, PLM_POLICY_FORM_V2 };
/* The policy in another form. What the form has no place for, and ids that change with the names of triggers,
 * are said in out_notes (in the arena). */
int plm_policy_write(const struct plm_policy *p, enum plm_policy_form form, struct plm_arena *a,
                     struct plm_buf *out, plm_sv_vec *out_notes, plm_err **err);

/* ---- built in (policies/) --------------------------------------------------------------------- */

struct plm_policy_builtin {
    const char *name, *summary;
    const char *text;
    const size_t *n; /* bytes of it */
};
extern const struct plm_policy_builtin plm_policy_builtins[];
extern const size_t plm_policy_builtins_n;

/* ---- the language, for documentation ------------------------------------------------------ */

struct plm_policy_language_row {
    const char *id;          /* "packages.denylist" */
    const char *legacy_name; /* of the trigger in bundles of the old form, or NULL */
    const char *description;
    const char *origin; /* "anchore", "commercial", "plimsoll" */
    const char *state;  /* "active", "deprecated", "eol" */
    const char *superseded_by;
    const char *params; /* "name (required), version", or NULL */
};
/* All triggers of all gates, in no order. Texts live in the arena or are static. */
size_t plm_policy_language_count(void);
bool plm_policy_language_get(size_t i, struct plm_arena *a, struct plm_policy_language_row *out);
/* The body of the reference page. */
void plm_policy_reference(struct plm_buf *b, struct plm_arena *a);
