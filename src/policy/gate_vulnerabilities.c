/* SPDX-License-Identifier: Apache-2.0
 *
 * Gate `vulnerabilities`: known vulnerabilities of packages, and how current the data about them is. The
 * trigger `package` is vulnerability_rule.c.
 */
#include "base/time.h"
#include "policy/vulnerability_rule.h"

/* ---- denylist ---------------------------------------------------------------------------- */

static bool is_matched(const struct plm_policy_eval *ev, plm_sv id, bool vendor_only)
{
    for (size_t i = 0; i < ev->facts->vulnerabilities.n; i++) {
        const struct plm_fact_vulnerability *v = &ev->facts->vulnerabilities.v[i];
        if (plm_sv_eq(v->id, id) && !(vendor_only && v->will_not_fix))
            return true;
    }
    return false;
}

static int denylist(struct plm_policy_eval *ev, const struct plm_policy_rule *r, plm_err **err)
{
    plm_sv_vec wanted = plm_policy_param_list(ev, r, "vulnerability_ids"), found = {0};
    bool vendor_only = plm_policy_param_bool(r, "vendor_only", true);
    for (size_t i = 0; i < wanted.n; i++)
        if (is_matched(ev, wanted.v[i], vendor_only) && !plm_sv_vec_add(ev->arena, &found, wanted.v[i]))
            return plm_fail_oom(err);
    if (!found.n)
        return 0;
    plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(PLM_MIB(4));
    const char *word = plm_policy_word(r, "Blacklisted", "Denylisted");
    if (ev->mode == PLM_POLICY_COMPAT) {
        plm_python_list(&b, found.v, found.n);
        plm_sv list = plm_buf_sv(&b);
        if (plm_buf_check(&b, err) < 0)
            return -1;
        return plm_policy_fire(ev, r, PLM_SV_NULL, "%s vulnerabilities detected: %.*s", word,
                               PLM_SV_ARG(list)) < 0
                   ? plm_fail_oom(err)
                   : 0;
    }
    /* one finding each, so that one of them can be allowlisted */
    for (size_t i = 0; i < found.n; i++) {
        b.n = 0;
        plm_python_list(&b, &found.v[i], 1);
        plm_sv list = plm_buf_sv(&b);
        if (plm_buf_check(&b, err) < 0)
            return -1;
        size_t before = ev->result->rows.n;
        if (plm_policy_fire(ev, r, PLM_SV_NULL, "%s vulnerabilities detected: %.*s", word, PLM_SV_ARG(list)) <
            0)
            return plm_fail_oom(err);
        if (ev->result->rows.n > before)
            ev->result->rows.v[before].extended_id = found.v[i];
    }
    return 0;
}

static const struct plm_policy_param_type denylist_params[] = {
    {.name = "vulnerability_ids",
     .type = PLM_PARAM_LIST,
     .is_required = true,
     .description = "Ids, exactly as they are reported.",
     .example = "CVE-2019-1234,CVE-2020-5678"},
    {.name = "vendor_only",
     .type = PLM_PARAM_BOOLEAN,
     .description = "Leaves out what the vendor says it will not fix.",
     .example = "false",
     .otherwise = "true"},
    {0}};

/* ---- the data ---------------------------------------------------------------------------- */

static int stale_feed_data(struct plm_policy_eval *ev, const struct plm_policy_rule *r, plm_err **err)
{
    uint64_t days = 0;
    plm_policy_param_number(r, "max_days_since_sync", &days);
    if (ev->facts->feed_as_of && ev->facts->feed_as_of >= plm_policy_days_ago(ev->now, days))
        return 0;
    return plm_policy_fire(ev, r, PLM_SV_NULL,
                           "The vulnerability feed for this image distro is older than MAXAGE (%llu) days",
                           (unsigned long long)days) < 0
               ? plm_fail_oom(err)
               : 0;
}

static const struct plm_policy_param_type stale_params[] = {
    {.name = "max_days_since_sync",
     .type = PLM_PARAM_INTEGER,
     .is_required = true,
     .description = "Age in days from which the data counts as stale.",
     .example = "10"},
    {0}};

static int data_unavailable(struct plm_policy_eval *ev, const struct plm_policy_rule *r, plm_err **err)
{
    if (ev->facts->has_feed_for_distro)
        return 0;
    return plm_policy_fire(
               ev, r, PLM_SV_NULL,
               "Distro-specific feed data not found for distro namespace: %.*s:%.*s. Cannot perform CVE "
               "scan OS/distro packages",
               PLM_SV_ARG(ev->facts->distro), PLM_SV_ARG(ev->facts->distro_version)) < 0
               ? plm_fail_oom(err)
               : 0;
}

/* ---- known exploited, overdue fixes ------------------------------------------------------ */

static int kev_list(struct plm_policy_eval *ev, const struct plm_policy_rule *r, plm_err **err)
{
    struct plm_policy_vulnerability_filter filter = plm_policy_vulnerability_filter(r);
    for (size_t i = 0; i < ev->facts->vulnerabilities.n; i++) {
        const struct plm_fact_vulnerability *v = &ev->facts->vulnerabilities.v[i];
        if (!v->kev || !plm_policy_vulnerability_fits(&filter, v))
            continue;
        plm_sv message =
            plm_arena_printf(ev->arena, "Known exploited vulnerability %.*s found in package %.*s %.*s",
                             PLM_SV_ARG(v->id), PLM_SV_ARG(v->package), PLM_SV_ARG(v->version));
        if (plm_policy_vulnerability_fire(ev, r, v, message, err) < 0)
            return -1;
    }
    return 0;
}

#define PACKAGE_TYPE                                                                                         \
    {                                                                                                        \
        .name = "package_type", .type = PLM_PARAM_ENUM, .values = plm_policy_package_types,                  \
        .description = "Packages of the distribution (`os`), of programming languages (`non-os`), or all.",  \
        .example = "os", .otherwise = "all"                                                                  \
    }

static const struct plm_policy_param_type kev_params[] = {
    PACKAGE_TYPE, PLM_PARAM_SEVERITY, PLM_PARAM_SEVERITY_COMPARISON, PLM_PARAM_ORIGIN, {0}};

static int fix_overdue(struct plm_policy_eval *ev, const struct plm_policy_rule *r, plm_err **err)
{
    uint64_t days = 0;
    plm_policy_param_number(r, "max_days", &days);
    int64_t newest = plm_policy_days_ago(ev->now, days);
    struct plm_policy_vulnerability_filter filter = plm_policy_vulnerability_filter(r);
    bool counts_unknown = plm_policy_param_bool(r, "unknown_dates", true);
    for (size_t i = 0; i < ev->facts->vulnerabilities.n; i++) {
        const struct plm_fact_vulnerability *v = &ev->facts->vulnerabilities.v[i];
        if (!plm_policy_vulnerability_has_fix(v) || !plm_policy_vulnerability_fits(&filter, v) ||
            (v->fixed_at ? v->fixed_at > newest : !counts_unknown))
            continue;
        plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(PLM_KIB(64));
        plm_buf_printf(&b, "The fix of %.*s in package %.*s was published ", PLM_SV_ARG(v->id),
                       PLM_SV_ARG(v->package));
        if (v->fixed_at) {
            plm_buf_str(&b, "on ");
            plm_time_put_date(&b, v->fixed_at);
            plm_buf_printf(&b, ", more than %llu days ago", (unsigned long long)days);
        } else {
            plm_buf_str(&b, "at an unknown date");
        }
        if (plm_buf_check(&b, err) < 0 || plm_policy_vulnerability_fire(ev, r, v, plm_buf_sv(&b), err) < 0)
            return -1;
    }
    return 0;
}

static const struct plm_policy_param_type overdue_params[] = {
    {.name = "max_days",
     .type = PLM_PARAM_INTEGER,
     .is_required = true,
     .description = "Days after the publication of a fix within which it must be installed.",
     .example = "30",
     .origin = PLM_ORIGIN_OURS},
    {.name = "unknown_dates",
     .type = PLM_PARAM_BOOLEAN,
     .description = "Whether a fix of unknown date counts as overdue.",
     .example = "false",
     .otherwise = "true",
     .origin = PLM_ORIGIN_OURS},
    PACKAGE_TYPE,
    PLM_PARAM_SEVERITY,
    PLM_PARAM_SEVERITY_COMPARISON,
    PLM_PARAM_ORIGIN,
    {0}};

/* ---- the gate ---------------------------------------------------------------------------- */

static const struct plm_policy_trigger triggers[] = {
    {.name = "package",
     .description = "Fires for each matched vulnerability that meets every given condition.",
     .params = plm_policy_vulnerability_params,
     .needs = PLM_FACT_VULNERABILITIES,
     .evaluate = plm_policy_vulnerability_evaluate},
    {.name = "denylist",
     .legacy_name = "blacklist",
     .description = "Fires if any of the listed vulnerabilities was matched.",
     .params = denylist_params,
     .needs = PLM_FACT_VULNERABILITIES,
     .evaluate = denylist},
    {.name = "stale_feed_data",
     .description = "Fires if the data for the image's distribution is too old, or there is none.",
     .params = stale_params,
     .needs = PLM_FACT_FEED_AGE,
     .evaluate = stale_feed_data},
    {.name = "vulnerability_data_unavailable",
     .description = "Fires if there is no data for the image's distribution.",
     .needs = PLM_FACT_FEED_AGE,
     .evaluate = data_unavailable},
    {.name = "kev_list",
     .description = "Fires for each vulnerability of the catalogue of known exploited ones.",
     .origin = PLM_ORIGIN_COMMERCIAL,
     .params = kev_params,
     .needs = PLM_FACT_VULNERABILITIES,
     .evaluate = kev_list},
    {.name = "fix_overdue",
     .description = "Fires for each vulnerability whose fix was published too long ago.",
     .origin = PLM_ORIGIN_OURS,
     .params = overdue_params,
     .needs = PLM_FACT_VULNERABILITIES,
     .evaluate = fix_overdue},
    {0}};

static const struct plm_policy_gate vulnerabilities = {
    .name = "vulnerabilities",
    .description = "Known vulnerabilities of packages, and the age of the data about them.",
    .triggers = triggers,
};
PLM_REGISTER(plm_policy_gates, struct plm_policy_gate, vulnerabilities);
