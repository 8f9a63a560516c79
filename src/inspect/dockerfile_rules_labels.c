/* SPDX-License-Identifier: Apache-2.0
 *
 * Rules about labels: the form of keys (Docker's guidelines: lower case, dots and dashes, no reserved
 * namespace), and a schema that a site configures: required keys and what their values must be.
 */
#include "inspect/dockerfile_rules_int.h"

#include "codec/spdx.h"

static bool is_lower(char c)
{
    return c >= 'a' && c <= 'z';
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool key_is_good(plm_sv k)
{
    if (!k.n || !is_lower(k.p[0]) || !(is_lower(k.p[k.n - 1]) || is_digit(k.p[k.n - 1])))
        return false;
    for (size_t i = 0; i < k.n; i++)
        if (!is_lower(k.p[i]) && !is_digit(k.p[i]) && k.p[i] != '.' && k.p[i] != '-')
            return false;
    return !plm_sv_has(k, PLM_SV("..")) && !plm_sv_has(k, PLM_SV("--")) &&
           !plm_sv_starts(k, PLM_SV("com.docker.")) && !plm_sv_starts(k, PLM_SV("io.docker.")) &&
           !plm_sv_starts(k, PLM_SV("org.dockerproject."));
}

static void judge_keys(struct plm_df_judging *j)
{
    PLM_DF_EACH(j->r, it)
    for (size_t i = 0; it->in->kind == PLM_DF_LABEL && i < it->in->pairs.n; i++) {
        plm_sv k = it->in->pairs.v[i].key;
        if (plm_sv_find(k, '$') == SIZE_MAX && !key_is_good(k))
            plm_df_fail(j, it->in, "label key \"%.*s\"", PLM_SV_ARG(k));
    }
}

static const struct plm_df_label_rule *rule_of(const struct plm_df_rules *r, plm_sv key)
{
    for (size_t i = 0; i < r->opt->labels.n; i++)
        if (plm_sv_eq(r->opt->labels.v[i].key, key))
            return &r->opt->labels.v[i];
    return NULL;
}

static void judge_strict(struct plm_df_judging *j)
{
    PLM_DF_EACH(j->r, it)
    for (size_t i = 0; j->r->opt->strict_labels && it->in->kind == PLM_DF_LABEL && i < it->in->pairs.n; i++)
        if (!rule_of(j->r, it->in->pairs.v[i].key))
            plm_df_fail(j, it->in, "label %.*s is not in the schema", PLM_SV_ARG(it->in->pairs.v[i].key));
}

/* ---- required keys ------------------------------------------------------------------------------------- */

/* Marks the stages that set the label themselves; a COPY --from source counts for nothing of its own. */
static void mark_stages(const struct plm_df_rules *r, plm_sv key, bool *has, bool *is_silent)
{
    const struct plm_dockerfile *df = r->df;
    PLM_DF_EACH(r, it)
    {
        uint32_t s = it->in->stage;
        if (s == PLM_NONE)
            continue;
        for (size_t i = 0; it->in->kind == PLM_DF_LABEL && i < it->in->pairs.n; i++)
            has[s] = has[s] || plm_sv_eq(it->in->pairs.v[i].key, key);
        plm_sv from = it->in->kind == PLM_DF_COPY ? plm_df_flag(it->in, "from") : PLM_SV_NULL;
        uint32_t source = from.p ? plm_df_stage_find(df, from, s) : PLM_NONE;
        if (source != PLM_NONE)
            is_silent[source] = true;
    }
    for (uint32_t s = 0; s < df->stages.n; s++) {
        uint32_t parent = df->stages.v[s].parent;
        if (parent == PLM_NONE)
            continue;
        is_silent[parent] = is_silent[parent] || has[s];
        has[s] = has[s] || has[parent];
    }
}

static void judge_missing(struct plm_df_judging *j)
{
    const struct plm_dockerfile *df = j->r->df;
    size_t n = df->stages.n;
    bool *has = plm_arena_array(j->r->a, n + 1, sizeof(bool)),
         *is_silent = plm_arena_array(j->r->a, n + 1, 1);
    for (size_t k = 0; has && is_silent && k < j->r->opt->labels.n; k++) {
        memset(has, 0, n);
        memset(is_silent, 0, n);
        plm_sv key = j->r->opt->labels.v[k].key;
        mark_stages(j->r, key, has, is_silent);
        for (uint32_t s = 0; s < n; s++)
            if (!has[s] && !is_silent[s])
                plm_df_fail(j, &df->instrs.v[df->stages.v[s].first], "label %.*s is missing",
                            PLM_SV_ARG(key));
    }
}

/* ---- values ----------------------------------------------------------------------------------------------
 */

static bool digits(plm_sv s, size_t at, size_t n)
{
    for (size_t i = at; i < at + n; i++)
        if (i >= s.n || !is_digit(s.p[i]))
            return false;
    return true;
}

static unsigned two(plm_sv s, size_t at)
{
    return (unsigned)(s.p[at] - '0') * 10 + (unsigned)(s.p[at + 1] - '0');
}

/* RFC 3339 date-time: 2006-01-02T15:04:05[.0]Z or +01:00 */
static bool is_time(plm_sv s)
{
    static const char shape[] = "####-##-##T##:##:##";
    for (size_t i = 0; i < sizeof(shape) - 1; i++) {
        if (i >= s.n)
            return false;
        bool is_separator = i == 10 && (s.p[i] == ' ' || s.p[i] == 't');
        if (shape[i] == '#' ? !is_digit(s.p[i]) : s.p[i] != shape[i] && !is_separator)
            return false;
    }
    if (two(s, 5) < 1 || two(s, 5) > 12 || two(s, 8) < 1 || two(s, 8) > 31 || two(s, 11) > 23 ||
        two(s, 14) > 59 || two(s, 17) > 60)
        return false;
    size_t i = 19;
    if (i < s.n && s.p[i] == '.')
        for (i++; i < s.n && is_digit(s.p[i]); i++)
            ;
    if (i + 1 == s.n && (s.p[i] == 'Z' || s.p[i] == 'z'))
        return true;
    return s.n == i + 6 && (s.p[i] == '+' || s.p[i] == '-') && digits(s, i + 1, 2) && s.p[i + 3] == ':' &&
           digits(s, i + 4, 2);
}

static bool is_url(plm_sv s)
{
    size_t i = 0;
    while (i < s.n && (is_lower(s.p[i]) || is_digit(s.p[i]) || (s.p[i] >= 'A' && s.p[i] <= 'Z') ||
                       (s.p[i] && strchr("+-.", s.p[i]))))
        i++;
    if (i == 0 || i + 1 >= s.n || s.p[i] != ':')
        return false;
    for (; i < s.n; i++)
        if (s.p[i] <= ' ' || strchr("\"<>\\^`{|}", s.p[i]))
            return false;
    return true;
}

static bool is_hash(plm_sv s)
{
    for (size_t i = 0; i < s.n; i++)
        if (!is_digit(s.p[i]) && !(s.p[i] >= 'a' && s.p[i] <= 'f') && !(s.p[i] >= 'A' && s.p[i] <= 'F'))
            return false;
    return s.n == 7 || s.n == 40 || s.n == 64;
}

/* semver.org 2.0: numbers without leading zeros, then identifiers. */
static bool identifiers(plm_sv s, bool numbers_are_strict)
{
    plm_sv part;
    while (plm_sv_field(&s, '.', &part)) {
        bool is_number = part.n != 0;
        for (size_t i = 0; i < part.n; i++) {
            char c = part.p[i];
            if (!is_digit(c) && !is_lower(c) && !(c >= 'A' && c <= 'Z') && c != '-')
                return false;
            is_number = is_number && is_digit(c);
        }
        if (!part.n || (numbers_are_strict && is_number && part.n > 1 && part.p[0] == '0'))
            return false;
    }
    return true;
}

static bool is_semver(plm_sv s)
{
    plm_sv core, build, release, part;
    if (plm_sv_cut(s, '+', &core, &build) && (!build.n || !identifiers(build, false)))
        return false;
    if (plm_sv_cut(core, '-', &core, &release) && (!release.n || !identifiers(release, true)))
        return false;
    size_t n = 0;
    while (plm_sv_field(&core, '.', &part)) {
        if (!part.n || !digits(part, 0, part.n) || (part.n > 1 && part.p[0] == '0'))
            return false;
        n++;
    }
    return n == 3;
}

static bool is_email(plm_sv s)
{
    plm_sv user, domain;
    if (!plm_sv_cut(s, '@', &user, &domain) || !user.n || plm_sv_find(domain, '@') != SIZE_MAX)
        return false;
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] <= ' ' || strchr("<>(),;:\\\"[]", s.p[i]))
            return false;
    size_t dot = plm_sv_rfind(domain, '.');
    return dot != SIZE_MAX && dot > 0 && dot + 1 < domain.n && !plm_sv_has(domain, PLM_SV(".."));
}

static bool is_good(struct plm_df_rules *r, enum plm_df_label_type type, plm_sv value)
{
    const struct plm_spdx *e;
    switch (type) {
    case PLM_DF_LABEL_URL:
        return is_url(value);
    case PLM_DF_LABEL_TIME:
        return is_time(value);
    case PLM_DF_LABEL_SPDX:
        return plm_spdx_parse(value, r->a, &e, NULL) == 0;
    case PLM_DF_LABEL_HASH:
        return is_hash(value);
    case PLM_DF_LABEL_SEMVER:
        return is_semver(value);
    case PLM_DF_LABEL_EMAIL:
        return is_email(value);
    case PLM_DF_LABEL_TEXT:
        break;
    }
    return true;
}

struct value_rule {
    enum plm_df_label_type type; /* TEXT: of any type, and empty */
    const char *what;
};

static void judge_values(struct plm_df_judging *j)
{
    const struct value_rule *v = j->rule->arg;
    PLM_DF_EACH(j->r, it)
    for (size_t i = 0; it->in->kind == PLM_DF_LABEL && i < it->in->pairs.n; i++) {
        const struct plm_df_pair *p = &it->in->pairs.v[i];
        const struct plm_df_label_rule *rule = rule_of(j->r, p->key);
        bool is_unset = false;
        if (!rule)
            continue;
        plm_sv value = plm_df_expand(p->raw_value, it->in->vars, j->r->df->escape, j->r->a, &is_unset);
        if (is_unset)
            continue;
        bool is_bad =
            v->type == PLM_DF_LABEL_TEXT ? !value.n : rule->type == v->type && !is_good(j->r, v->type, value);
        if (is_bad)
            plm_df_fail(j, it->in, "label %.*s %s: \"%.*s\"", PLM_SV_ARG(p->key), v->what, PLM_SV_ARG(value));
    }
}

static const struct value_rule empty = {PLM_DF_LABEL_TEXT, "is empty"},
                               url = {PLM_DF_LABEL_URL, "is not a URL"},
                               date = {PLM_DF_LABEL_TIME, "is not an RFC 3339 time"},
                               spdx = {PLM_DF_LABEL_SPDX, "is not an SPDX license"},
                               hash = {PLM_DF_LABEL_HASH, "is not a git hash"},
                               semver = {PLM_DF_LABEL_SEMVER, "is not a semantic version"},
                               email = {PLM_DF_LABEL_EMAIL, "is not an e-mail address"};

const struct plm_df_rule plm_df_rules_labels[] = {
    {"DL3048", "style", false, judge_keys, NULL},
    {"DL3049", "info", false, judge_missing, NULL},
    {"DL3050", "info", false, judge_strict, NULL},
    {"DL3051", "warning", false, judge_values, &empty},
    {"DL3052", "warning", false, judge_values, &url},
    {"DL3053", "warning", false, judge_values, &date},
    {"DL3054", "warning", false, judge_values, &spdx},
    {"DL3055", "warning", false, judge_values, &hash},
    {"DL3056", "warning", false, judge_values, &semver},
    {"DL3058", "warning", false, judge_values, &email},
    {NULL, NULL, false, NULL, NULL},
};
