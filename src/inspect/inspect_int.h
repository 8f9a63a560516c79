/* SPDX-License-Identifier: Apache-2.0
 *
 * What the inspectors share: judging checks one by one, with a row in the report for each (pass, fail,
 * manual, na or unknown) beside its findings.
 *
 *     static void judge_user(struct plm_judging *j)
 *     {
 *         if (is_root(...))
 *             plm_judge_fail(j, user, "config", 0, PLM_NONE, "User is %.*s", ...);
 *     }
 *     static const struct plm_judge judges[] = {{"4.1", judge_user}};
 *     return plm_judge_all(in, judges, 1, err);
 */
#pragma once

#include "inspect/inspect.h"

/* Findings of one check about one target; the rest is counted (diagnostic inspect.many). */
enum { PLM_JUDGE_FINDINGS_MAX = 1000 };

struct plm_judging {
    struct plm_inspection *in;
    const struct plm_inspect_check *check;
    enum plm_outcome outcome; /* PASS until something else was said */
    size_t failed;
    plm_sv_vec said;
    const void *subject; /* of plm_judge_all_of */
    const void *arg;     /* of the row */
};
struct plm_judge {
    const char *id;
    void (*judge)(struct plm_judging *j);
    const void *arg;
};

/* Sets the outcome (a failure stays one) and adds a line of evidence to the check's row. */
void plm_judge_say(struct plm_judging *j, enum plm_outcome o, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* plm_inspect_find and the outcome fail; NULL past PLM_JUDGE_FINDINGS_MAX or if memory failed. */
struct plm_finding *plm_judge_fail(struct plm_judging *j, plm_sv object, const char *from, uint32_t line,
                                   uint32_t layer, const char *fmt, ...)
    __attribute__((format(printf, 6, 7)));
int plm_judge_all(struct plm_inspection *in, const struct plm_judge *v, size_t n, plm_err **err);
/* The same about something that is not in the inspection. */
int plm_judge_all_of(struct plm_inspection *in, const void *subject, const struct plm_judge *v, size_t n,
                     plm_err **err);

/* The visible facts of an extractor about a path (the analysis's are sorted), or NULL. O(log facts). */
const struct plm_facts *plm_inspect_facts_of(const struct plm_analysis *an, const struct plm_extractor *x,
                                             plm_sv path);
