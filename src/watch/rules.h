/* SPDX-License-Identifier: Apache-2.0
 *
 * Rule files to a rule set (falco-rules.md part 1): read, merge, check, compile. A rule set is immutable and
 * may be shared by threads; what evaluation remembers between events stands in a matcher. Hot reload builds a
 * new set beside the old one and swaps.
 *
 *     plm_auto(plm_rules_unref) struct plm_rules *r = plm_rules_load(ctx, &conf, arena, &report, err);
 *     struct plm_rule_matcher *m = plm_rule_matcher_new(r, err);
 *     n = plm_rule_matcher_run(m, &view, hits, PLM_HITS_MAX);      // rules that fired, in order of
 * definition
 */
#pragma once

#include "base/ctx.h"
#include "watch/condition.h"
#include "watch/field.h"
#include "watch/output_format.h"

#define PLM_FALCO_ENGINE     "0.63.0" /* the engine version that we announce */
#define PLM_CONTAINER_PLUGIN "0.7.0"  /* the version of Falco's container plugin that is built in */
#define PLM_HITS_MAX         256

enum plm_priority {
    PLM_PRIO_EMERGENCY,
    PLM_PRIO_ALERT,
    PLM_PRIO_CRITICAL,
    PLM_PRIO_ERROR,
    PLM_PRIO_WARNING,
    PLM_PRIO_NOTICE,
    PLM_PRIO_INFORMATIONAL,
    PLM_PRIO_DEBUG,
};
const char *plm_priority_name(enum plm_priority p);           /* "Informational" */
bool plm_priority_parse(plm_sv text, enum plm_priority *out); /* case-insensitive, INFO too */

/* ---- what loading says (falco-rules.md part 10) ------------------------------------------------- */

enum plm_load_code {
    PLM_LOAD_ERR_FILE_READ,
    PLM_LOAD_ERR_YAML_PARSE,
    PLM_LOAD_ERR_YAML_VALIDATE,
    PLM_LOAD_ERR_COMPILE_CONDITION,
    PLM_LOAD_ERR_COMPILE_OUTPUT,
    PLM_LOAD_ERR_VALIDATE,
    PLM_LOAD_ERR_EXTENSION,
    PLM_LOAD_UNKNOWN_SOURCE, /* warnings from here on */
    PLM_LOAD_UNSAFE_NA_CHECK,
    PLM_LOAD_NO_EVTTYPE,
    PLM_LOAD_UNKNOWN_FILTER,
    PLM_LOAD_UNUSED_MACRO,
    PLM_LOAD_UNUSED_LIST,
    PLM_LOAD_UNKNOWN_ITEM,
    PLM_LOAD_DEPRECATED_ITEM,
    PLM_LOAD_WARNING_EXTENSION,
    PLM_LOAD_APPEND_NO_VALUES,
    PLM_LOAD_EXCEPTION_NAME_NOT_UNIQUE,
    PLM_LOAD_INVALID_MACRO_NAME,
    PLM_LOAD_INVALID_LIST_NAME,
    PLM_LOAD_COMPILE_CONDITION,
    PLM_LOAD_UNKNOWN_KEY,
};
const char *plm_load_code_name(enum plm_load_code c);  /* "LOAD_ERR_YAML_PARSE" */
const char *plm_load_code_short(enum plm_load_code c); /* "YAML parse error" */
const char *plm_load_code_long(enum plm_load_code c);
static inline bool plm_load_is_error(enum plm_load_code c)
{
    return c < PLM_LOAD_UNKNOWN_SOURCE;
}

struct plm_load_place {            /* one link of the location chain, outermost first */
    plm_sv item_type, item_name;   /* "rules content", FILE */
    plm_sv file;                   /* or the beginning of a condition, in quotes */
    uint32_t line, column, offset; /* from 0 */
};

struct plm_load_message {
    enum plm_load_code code;
    plm_sv message;
    plm_sv deprecated_field; /* or null */
    plm_sv snippet;
    struct plm_load_place *places;
    size_t n_places;
};

struct plm_load_file {
    plm_sv name;
    PLM_VEC(struct plm_load_message) errors, warnings;
};

struct plm_load_report {
    PLM_VEC(struct plm_load_file) files; /* in load order */
};

/* Chain of places, snippet, code and message, as falco -V prints them. */
void plm_load_message_text(const struct plm_load_message *m, struct plm_buf *out);
/* "FILE: Ok" and the errors; the warnings to `details`. */
void plm_load_file_text(const struct plm_load_file *f, struct plm_buf *out, struct plm_buf *details);
/* `{"falco_load_results":[...]`: the caller may add members, and closes the object. */
void plm_load_report_json(const struct plm_load_report *r, struct plm_buf *out);

/* ---- the rule set ------------------------------------------------------------------------------- */

struct plm_selection { /* falco.yaml `rules:` and -T, -t, -D: in order */
    bool is_enable;
    plm_sv rule; /* wildcard with *; null: by tag */
    plm_sv tag;
};

struct plm_append_output { /* falco.yaml append_output */
    plm_sv rule, source;   /* match; null: any */
    plm_sv *tags;
    size_t n_tags;
    bool has_suggested;
    plm_sv extra_output;
    plm_sv *field_names, *field_formats; /* extra_fields; format null: the plain field */
    size_t n_fields;
};

struct plm_rules_config {
    const plm_sv *files; /* files and directories (lexical), in order */
    size_t n_files;
    const plm_sv *texts; /* instead of reading: contents of files[i]; NULL: read */
    enum plm_priority min_priority;
    bool match_all; /* rule_matching: all */
    const struct plm_selection *selections;
    size_t n_selections;
    const struct plm_append_output *append;
    size_t n_append;
    bool lenient; /* a bad file is left out of the set instead of failing it: `watch check` of many */
};

struct plm_rule {
    plm_sv name, desc, source;
    plm_sv file;
    uint32_t line; /* from 1 */
    enum plm_priority priority;
    bool is_enabled;
    plm_sv *tags; /* sorted */
    size_t n_tags;
    plm_sv condition_text, output_text; /* after appends and exceptions */
    const struct plm_cond *condition;   /* resolved: no macros, every field known, every check passed
                                           plm_check_new (operators.h) */
    struct plm_evset types;
    unsigned n_types;
    const struct plm_output_format *output;
    const struct plm_output_format *const *extra_formats;
    const plm_sv *extra_names; /* extra_fields of append_output */
    size_t n_extra;
    bool needs_metadata; /* a PLM_F_CONTAINER field in condition or output */
    uint32_t index;      /* position in plm_rules */
};

struct plm_rules;
/* Loads all; NULL with POLICY when any file has an error (the report says which), unless lenient. The arena
 * holds the report; the set is its own. report may be NULL. */
struct plm_rules *plm_rules_load(const struct plm_ctx *ctx, const struct plm_rules_config *conf,
                                 struct plm_arena *a, struct plm_load_report *report, plm_err **err);
struct plm_rules *plm_rules_ref(struct plm_rules *r);
void plm_rules_unref(struct plm_rules *r);
PLM_CLEANUP(struct plm_rules, plm_rules_unref)
size_t plm_rules_count(const struct plm_rules *r); /* all, disabled ones too */
const struct plm_rule *plm_rules_get(const struct plm_rules *r, size_t i);
const struct plm_rule *plm_rules_find(const struct plm_rules *r, plm_sv name);
/* Event types that any enabled rule can be true for; parts of tasks that fields need (enum plm_need). */
const struct plm_evset *plm_rules_types(const struct plm_rules *r);
uint32_t plm_rules_needs(const struct plm_rules *r);
bool plm_rules_match_all(const struct plm_rules *r); /* as the configuration said */
/* Lists and macros as they ended, for explain and describe. */
plm_sv plm_rules_digest(const struct plm_rules *r); /* sha256 of the files' bytes */

/* ---- evaluation (match.c) ------------------------------------------------------------------------ */

struct plm_rule_matcher;
struct plm_rule_matcher *plm_rule_matcher_new(struct plm_rules *r, plm_err **err);
void plm_rule_matcher_free(struct plm_rule_matcher *m);
PLM_CLEANUP(struct plm_rule_matcher, plm_rule_matcher_free)
/* Rules that are true for the event, in order of definition; with `first` matching at most one. The view's
 * thread may carry a cache (plm_thread.cache) that the matcher makes and plm_rule_matcher_drop_cache frees.
 */
size_t plm_rule_matcher_run(struct plm_rule_matcher *m, const struct plm_view *view,
                            const struct plm_rule **out, size_t max);
void plm_rule_matcher_drop_cache(void *cache);

struct plm_rule_stats {
    uint64_t n_evaluated, n_matched, ns; /* ns: only while costs are measured */
};
void plm_rule_matcher_measure(struct plm_rule_matcher *m, bool is_on);
void plm_rule_matcher_stats(const struct plm_rule_matcher *m, size_t rule, struct plm_rule_stats *out);

/* Why a rule fired or not for this event, predicate by predicate, evaluated without short cuts. Decisive are
 * those that made the result: of an `and` that is false the parts that are false, of one that is true all. */
struct plm_explained {
    const struct plm_cond *cond; /* NULL: the event type itself excluded the rule */
    unsigned depth;
    bool is_true, is_decisive;
    plm_sv actual; /* the values of the left side as text; null: no value */
};
int plm_rule_matcher_explain(struct plm_rule_matcher *m, const struct plm_view *view,
                             const struct plm_rule *rule, struct plm_arena *a, struct plm_explained **out,
                             size_t *out_n, bool *out_matched, plm_err **err);
