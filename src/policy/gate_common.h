/* SPDX-License-Identifier: Apache-2.0
 *
 * What the files of gates share: the value lists of common parameters, comparisons, Python's way to write
 * values (messages are part of ids, so they must be the original's to the byte), and rules about issues.
 */
#pragma once

#include "policy/policy_int.h"

/* ---- values ------------------------------------------------------------------------------ */

extern const char *const plm_policy_comparisons[]; /* "=" "!=" "<" ">" "<=" ">=" */
extern const char *const plm_policy_severities[];  /* "unknown" to "critical", by enum plm_severity */
extern const char *const plm_policy_list_types[];  /* "allowlist" "denylist" and the old words */
extern const char *const plm_policy_origins[];     /* "all" "base" "own" */
extern const char *const plm_policy_unchecked[];   /* "not_judged" "fire" "ignore" */

/* A comparison, read once per rule. An absent operator is `otherwise`. */
struct plm_policy_op {
    bool less, equal, greater; /* which orders fit */
};
struct plm_policy_op plm_policy_op(const struct plm_policy_rule *r, const char *param, const char *otherwise);
/* `order`: sign of left compared with right. */
static inline bool plm_policy_compare(struct plm_policy_op op, int order)
{
    return order < 0 ? op.less : order > 0 ? op.greater : op.equal;
}
static inline int plm_policy_order(double a, double b)
{
    return (a > b) - (a < b);
}
bool plm_policy_listed(const plm_sv_vec *list, plm_sv item);
/* Is one of the list's patterns ('*', "regexp:") the text's? 1, 0, -1. */
int plm_policy_fits(struct plm_policy_eval *ev, const plm_sv_vec *patterns, plm_sv text, plm_err **err);
/* The parameters severity, severity_comparison (>= when absent: with neither everything fits) and origin of
 * our rules, read once per rule. */
struct plm_policy_filter {
    enum plm_severity severity;
    struct plm_policy_op op;
    bool base, own; /* which origins fit */
};
struct plm_policy_filter plm_policy_filter(const struct plm_policy_rule *r);
static inline bool plm_policy_filter_fits(const struct plm_policy_filter *f, enum plm_severity s,
                                          bool is_base)
{
    return plm_policy_compare(f->op, (int)s - (int)f->severity) && (is_base ? f->base : f->own);
}

/* Whole numbers of the parameter, saturated; false when it was not given. */
bool plm_policy_param_number(const struct plm_policy_rule *r, const char *name, uint64_t *out);
/* 1, 0 when it was not given, -1 when Python's float() would not take it. */
int plm_policy_param_float(const struct plm_policy_rule *r, const char *name, double *out, plm_err **err);
/* now - days, saturated. */
int64_t plm_policy_days_ago(int64_t now, uint64_t days);

/* ---- Python ------------------------------------------------------------------------------ */

/* str.splitlines() and str.split(): takes one off *rest; false at the end. */
bool plm_python_line(plm_sv *rest, plm_sv *line);
bool plm_python_word(plm_sv *rest, plm_sv *word);
/* repr() of a float, at least one decimal; of a list of strings. */
void plm_python_float(struct plm_buf *b, double v);
void plm_python_list(struct plm_buf *b, const plm_sv *v, size_t n);

/* ---- facts ------------------------------------------------------------------------------- */

/* How versions of the image's distribution compare; NULL where none is known ("unsupported distro"). */
const struct plm_scheme *plm_policy_distro_scheme(const struct plm_image_facts *f);
/* The same for one package: by its type, else by the distribution. */
const struct plm_scheme *plm_policy_package_scheme(const struct plm_image_facts *f,
                                                   const struct plm_fact_package *p);
/* The severity as Anchore spells it; false: not one of its words. */
bool plm_policy_severity(plm_sv text, enum plm_severity *out);

/* The facts a rule needs are not there: what its parameter `when_not_checked` says. 0, or -1: not judged. */
int plm_policy_not_checked(struct plm_policy_eval *ev, const struct plm_policy_rule *r, const char *what,
                           plm_err **err);
#define PLM_PARAM_WHEN_NOT_CHECKED                                                                           \
    {                                                                                                        \
        .name = "when_not_checked", .type = PLM_PARAM_ENUM, .values = plm_policy_unchecked,                  \
        .description = "What the rule does where this was not looked at: it cannot be judged (which is a "   \
                       "finding of its own), it fires, or it stays silent.",                                 \
        .example = "fire", .otherwise = "not_judged", .origin = PLM_ORIGIN_OURS                              \
    }
#define PLM_PARAM_ORIGIN                                                                                     \
    {                                                                                                        \
        .name = "origin", .type = PLM_PARAM_ENUM, .values = plm_policy_origins,                              \
        .description = "Only what came with the base image, or only what the layers above it brought.",      \
        .example = "own", .otherwise = "all", .origin = PLM_ORIGIN_OURS                                      \
    }
#define PLM_PARAM_SEVERITY                                                                                   \
    {                                                                                                        \
        .name = "severity", .type = PLM_PARAM_ENUM, .values = plm_policy_severities,                         \
        .description = "Severity to compare with.", .example = "high", .otherwise = "unknown",               \
        .origin = PLM_ORIGIN_OURS                                                                            \
    }
#define PLM_PARAM_SEVERITY_COMPARISON                                                                        \
    {                                                                                                        \
        .name = "severity_comparison", .type = PLM_PARAM_ENUM, .values = plm_policy_comparisons,             \
        .description = "How the severity is compared.",                                                      \
        .example = ">=", .otherwise = ">=", .origin = PLM_ORIGIN_OURS                                        \
    }

/* ---- issues ------------------------------------------------------------------------------ */

/* A rule about facts.issues; members that are null or zero do not restrict. */
struct plm_policy_issues {
    enum plm_kind kind;
    plm_sv id;           /* this id or alias */
    plm_sv_vec ids;      /* patterns of ids or aliases */
    plm_sv_vec excluded; /* patterns of ids or aliases */
    const char *noun;    /* "Check": how the message begins */
    struct plm_policy_filter filter;
    plm_sv object_regex;
};
/* Reads the parameters that all such rules share: severity, origin, object_regex, ids, exclude_ids. */
struct plm_policy_issues plm_policy_issues_of(struct plm_policy_eval *ev, const struct plm_policy_rule *r,
                                              enum plm_kind kind, const char *noun);
/* 1, 0, -1. */
int plm_policy_issue_fits(struct plm_policy_eval *ev, const struct plm_policy_issues *w,
                          const struct plm_fact_issue *i, plm_err **err);
/* Fires for each that fits; the id is "<issue id>+<object>". */
int plm_policy_issues_fire(struct plm_policy_eval *ev, const struct plm_policy_rule *r,
                           const struct plm_policy_issues *w, plm_err **err);
/* Triggers that are named by the id of a check: their parameters, and their evaluation by the rule's name. */
extern const struct plm_policy_param_type plm_policy_check_params[];
int plm_policy_check_evaluate(struct plm_policy_eval *ev, const struct plm_policy_rule *r, const char *noun,
                              plm_err **err);
#define PLM_PARAM_OBJECT_REGEX                                                                               \
    {                                                                                                        \
        .name = "object_regex", .type = PLM_PARAM_REGEX,                                                     \
        .description = "Only where the start of the object (path, instruction, port) matches.",              \
        .example = "/etc/.*", .origin = PLM_ORIGIN_OURS                                                      \
    }

/* ---- vulnerabilities --------------------------------------------------------------------- */

/* "<id>+<key>" as allowlists name it. */
plm_sv plm_policy_vulnerability_id(struct plm_arena *a, const struct plm_fact_vulnerability *v);
bool plm_policy_vulnerability_has_fix(const struct plm_fact_vulnerability *v);
/* Fires with that id, so that what allows a vulnerability allows it in every rule; in fixed mode the row gets
 * "<id>+<package>@<version>" as its second id. */
int plm_policy_vulnerability_fire(struct plm_policy_eval *ev, const struct plm_policy_rule *r,
                                  const struct plm_fact_vulnerability *v, plm_sv message, plm_err **err);
bool plm_policy_is_os_package(plm_sv package_type);
/* The parameters package_type, severity, origin and fix_available of our rules, read once per rule. */
struct plm_policy_vulnerability_filter {
    struct plm_policy_filter filter;
    bool os, others; /* which classes of packages fit */
    bool with_fix, without_fix;
};
struct plm_policy_vulnerability_filter plm_policy_vulnerability_filter(const struct plm_policy_rule *r);
bool plm_policy_vulnerability_fits(const struct plm_policy_vulnerability_filter *f,
                                   const struct plm_fact_vulnerability *v);
extern const char *const plm_policy_package_types[]; /* "all" "os" "non-os" */
