/* SPDX-License-Identifier: Apache-2.0
 *
 * Names of the enumerations, and the foreign severity vocabularies of design.md part 2.
 */
#include "model/model.h"

static const char *const severities[PLM_SEV_COUNT_] = {"unknown", "negligible", "low",
                                                       "medium",  "high",       "critical"};

const char *plm_severity_name(enum plm_severity s)
{
    return s < PLM_SEV_COUNT_ ? severities[s] : "unknown";
}

static const struct {
    const char *word;
    enum plm_severity severity;
} severity_words[] = {
    // clang-format off
    {"critical", PLM_SEV_CRITICAL}, {"emergency", PLM_SEV_CRITICAL}, {"alert", PLM_SEV_CRITICAL}, {"fatal", PLM_SEV_CRITICAL},
    {"high", PLM_SEV_HIGH}, {"important", PLM_SEV_HIGH}, {"error", PLM_SEV_HIGH}, {"e", PLM_SEV_HIGH},
    {"medium", PLM_SEV_MEDIUM}, {"moderate", PLM_SEV_MEDIUM}, {"warning", PLM_SEV_MEDIUM}, {"warn", PLM_SEV_MEDIUM}, {"w", PLM_SEV_MEDIUM},
    {"low", PLM_SEV_LOW}, {"notice", PLM_SEV_LOW}, {"i", PLM_SEV_LOW},
    {"negligible", PLM_SEV_NEGLIGIBLE}, {"unimportant", PLM_SEV_NEGLIGIBLE}, {"informational", PLM_SEV_NEGLIGIBLE},
    {"debug", PLM_SEV_NEGLIGIBLE}, {"info", PLM_SEV_NEGLIGIBLE}, {"s", PLM_SEV_NEGLIGIBLE}, {"none", PLM_SEV_NEGLIGIBLE},
    {"unknown", PLM_SEV_UNKNOWN}, {"untriaged", PLM_SEV_UNKNOWN},
    // clang-format on
};

bool plm_severity_parse(plm_sv s, enum plm_severity *out)
{
    *out = PLM_SEV_UNKNOWN;
    for (size_t i = 0; i < sizeof(severity_words) / sizeof(severity_words[0]); i++) {
        if (plm_sv_ieq(s, plm_sv_from(severity_words[i].word))) {
            *out = severity_words[i].severity;
            return true;
        }
    }
    return false;
}

enum plm_severity plm_severity_of_score(double score)
{
    return score >= 9.0   ? PLM_SEV_CRITICAL
           : score >= 7.0 ? PLM_SEV_HIGH
           : score >= 4.0 ? PLM_SEV_MEDIUM
           : score > 0.0  ? PLM_SEV_LOW
           : score == 0.0 ? PLM_SEV_NEGLIGIBLE
                          : PLM_SEV_UNKNOWN;
}

static const char *const kinds[PLM_KIND_COUNT_] = {"vulnerability", "secret",  "misconfiguration",
                                                   "license",       "malware", "signature",
                                                   "audit",         "runtime", "code"};

const char *plm_kind_name(enum plm_kind k)
{
    return k < PLM_KIND_COUNT_ ? kinds[k] : "vulnerability";
}

bool plm_kind_parse(plm_sv s, enum plm_kind *out)
{
    for (size_t i = 0; i < PLM_KIND_COUNT_; i++) {
        if (plm_sv_is(s, kinds[i])) {
            *out = (enum plm_kind)i;
            return true;
        }
    }
    return false;
}

const char *plm_result_name(enum plm_result r)
{
    static const char *const names[] = {"none", "pass", "warn", "incomplete", "fail"};
    return names[r];
}

const char *plm_fix_state_name(enum plm_fix_state s)
{
    static const char *const names[PLM_FIX_COUNT_] = {"unknown",  "fixed",        "not-fixed",  "wont-fix",
                                                      "deferred", "not-affected", "end-of-life"};
    return s < PLM_FIX_COUNT_ ? names[s] : "unknown";
}

const char *plm_outcome_name(enum plm_outcome o)
{
    static const char *const names[] = {"pass", "fail", "manual", "na", "unknown"};
    return names[o];
}
