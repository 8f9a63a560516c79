/* SPDX-License-Identifier: Apache-2.0
 *
 * Values and facts as the gates' rules read them.
 */
#include "policy/gate_common.h"
#include "version/version.h"

#include <errno.h>

const char *const plm_policy_comparisons[] = {"=", "!=", "<", ">", "<=", ">=", NULL};
const char *const plm_policy_severities[] = {"unknown", "negligible", "low", "medium",
                                             "high",    "critical",   NULL};
const char *const plm_policy_list_types[] = {"allowlist", "denylist", "whitelist", "blacklist", NULL};
const char *const plm_policy_origins[] = {"all", "base", "own", NULL};
const char *const plm_policy_unchecked[] = {"not_judged", "fire", "ignore", NULL};

struct plm_policy_op plm_policy_op(const struct plm_policy_rule *r, const char *param, const char *otherwise)
{
    plm_sv op = plm_policy_param(r, param);
    if (!op.n)
        op = plm_sv_from(otherwise);
    if (plm_sv_is(op, "!="))
        return (struct plm_policy_op){true, false, true};
    bool is_strict = plm_sv_is(op, "<") || plm_sv_is(op, ">");
    return (struct plm_policy_op){op.p[0] == '<', !is_strict, op.p[0] == '>'};
}

bool plm_policy_listed(const plm_sv_vec *list, plm_sv item)
{
    for (size_t i = 0; i < list->n; i++)
        if (plm_sv_eq(list->v[i], item))
            return true;
    return false;
}

int plm_policy_fits(struct plm_policy_eval *ev, const plm_sv_vec *patterns, plm_sv text, plm_err **err)
{
    for (size_t i = 0; i < patterns->n; i++) {
        int fits = plm_policy_pattern(ev, patterns->v[i], text, err);
        if (fits != 0)
            return fits;
    }
    return 0;
}

struct plm_policy_filter plm_policy_filter(const struct plm_policy_rule *r)
{
    plm_sv origin = plm_policy_param(r, "origin");
    struct plm_policy_filter f = {.op = plm_policy_op(r, "severity_comparison", ">="),
                                  .base = !plm_sv_is(origin, "own"),
                                  .own = !plm_sv_is(origin, "base")};
    plm_severity_parse(plm_policy_param(r, "severity"), &f.severity);
    return f;
}

bool plm_policy_param_number(const struct plm_policy_rule *r, const char *name, uint64_t *out)
{
    plm_sv text = plm_policy_param(r, name);
    if (!text.p)
        return false;
    if (!plm_sv_u64(plm_sv_trim(text), out))
        *out = UINT64_MAX; /* digits by the parameter's type: too many of them */
    return true;
}

int plm_policy_param_float(const struct plm_policy_rule *r, const char *name, double *out, plm_err **err)
{
    plm_sv text = plm_policy_param(r, name);
    if (!text.p)
        return 0;
    plm_sv trimmed = plm_sv_trim(text);
    plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(PLM_KIB(4));
    plm_buf_sv_put(&b, trimmed);
    const char *s = plm_buf_cstr(&b);
    if (!s)
        return plm_buf_check(&b, err) < 0 ? -1 : plm_fail_oom(err);
    char *end;
    *out = strtod(s, &end);
    if (!trimmed.n || end != s + trimmed.n)
        return plm_fail(err, PLM_E_POLICY, "could not convert string to float: '%.*s'", PLM_SV_ARG(text));
    return 1;
}

int64_t plm_policy_days_ago(int64_t now, uint64_t days)
{
    int64_t seconds, at;
    if (days > INT64_MAX || __builtin_mul_overflow((int64_t)days, 86400, &seconds) ||
        __builtin_sub_overflow(now, seconds, &at))
        return INT64_MIN;
    return at;
}

/* ---- Python ------------------------------------------------------------------------------ */

/* Line and word separators beyond ASCII (U+0085, U+00A0, U+2028 ...) are left alone: the files here are lists
 * of accounts and settings. */
static bool is_line_end(char c)
{
    return (c >= '\n' && c <= '\r') || (c >= 0x1c && c <= 0x1e);
}
static bool is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r') || (c >= 0x1c && c <= 0x1f);
}

bool plm_python_line(plm_sv *rest, plm_sv *line)
{
    if (!rest->n)
        return false;
    size_t i = 0;
    while (i < rest->n && !is_line_end(rest->p[i]))
        i++;
    *line = plm_sv_sub(*rest, 0, i);
    if (i + 1 < rest->n && rest->p[i] == '\r' && rest->p[i + 1] == '\n')
        i++;
    *rest = plm_sv_from_off(*rest, i < rest->n ? i + 1 : i);
    return true;
}

bool plm_python_word(plm_sv *rest, plm_sv *word)
{
    size_t i = 0;
    while (i < rest->n && is_space(rest->p[i]))
        i++;
    size_t start = i;
    while (i < rest->n && !is_space(rest->p[i]))
        i++;
    *word = plm_sv_sub(*rest, start, i - start);
    *rest = plm_sv_from_off(*rest, i);
    return i > start;
}

/* The fewest digits that read back as the same number, as Python does; exponents do not occur in scores. */
void plm_python_float(struct plm_buf *b, double v)
{
    size_t start = b->n;
    for (int digits = 1; digits <= 17; digits++) {
        b->n = start;
        plm_buf_printf(b, "%.*g", digits, v);
        const char *s = plm_buf_cstr(b);
        if (!s)
            return; /* the buffer's failure */
        if (strtod(s + start, NULL) == v)
            break;
    }
    plm_sv text = plm_sv_from_off(plm_buf_sv(b), start);
    if (plm_sv_find(text, '.') == SIZE_MAX && plm_sv_find(text, 'e') == SIZE_MAX)
        plm_buf_str(b, ".0");
}

/* Text of ids: other than quotes, backslashes and control bytes everything stays as it is. */
static void put_string(struct plm_buf *b, plm_sv s)
{
    char quote = plm_sv_find(s, '\'') != SIZE_MAX && plm_sv_find(s, '"') == SIZE_MAX ? '"' : '\'';
    plm_buf_byte(b, (unsigned char)quote);
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];
        if (c == (unsigned char)quote || c == '\\')
            plm_buf_printf(b, "\\%c", c);
        else if (c == '\n' || c == '\r' || c == '\t')
            plm_buf_str(b, c == '\n' ? "\\n" : c == '\r' ? "\\r" : "\\t");
        else if (c < 0x20 || c == 0x7f)
            plm_buf_printf(b, "\\x%02x", c);
        else
            plm_buf_byte(b, c);
    }
    plm_buf_byte(b, (unsigned char)quote);
}

void plm_python_list(struct plm_buf *b, const plm_sv *v, size_t n)
{
    plm_buf_byte(b, '[');
    for (size_t i = 0; i < n; i++) {
        if (i)
            plm_buf_str(b, ", ");
        put_string(b, v[i]);
    }
    plm_buf_byte(b, ']');
}

/* ---- facts ------------------------------------------------------------------------------- */

static const struct plm_scheme *os_scheme(plm_sv name)
{
    const struct plm_scheme *s = name.n ? plm_scheme_find(name) : NULL;
    bool is_os = s && (strcmp(s->id, "deb") == 0 || strcmp(s->id, "rpm") == 0 || strcmp(s->id, "apk") == 0);
    return is_os ? s : NULL;
}

const struct plm_scheme *plm_policy_distro_scheme(const struct plm_image_facts *f)
{
    const struct plm_scheme *s = os_scheme(f->distro);
    plm_sv rest = f->like_distro, word;
    while (!s && plm_sv_field(&rest, ',', &word)) {
        plm_sv words = word, one;
        while (!s && plm_sv_word(&words, &one))
            s = os_scheme(one);
    }
    return s;
}

const struct plm_scheme *plm_policy_package_scheme(const struct plm_image_facts *f,
                                                   const struct plm_fact_package *p)
{
    plm_sv type = plm_sv_ieq(p->type, PLM_SV("APKG")) ? PLM_SV("apk") : p->type;
    const struct plm_scheme *s = type.n ? plm_scheme_find(type) : NULL;
    if (!s && !plm_policy_is_os_package(p->type))
        s = plm_scheme_find(PLM_SV("semver"));
    return s ? s : plm_policy_distro_scheme(f);
}

bool plm_policy_severity(plm_sv text, enum plm_severity *out)
{
    static const plm_sv words[PLM_SEV_COUNT_] = {{"unknown", 7}, {"negligible", 10}, {"low", 3},
                                                 {"medium", 6},  {"high", 4},        {"critical", 8}};
    for (unsigned i = 0; i < PLM_SEV_COUNT_; i++) {
        *out = (enum plm_severity)i;
        if (text.n == words[i].n && plm_sv_ieq(text, words[i]))
            return true;
    }
    *out = PLM_SEV_UNKNOWN;
    return !text.n;
}

int plm_policy_not_checked(struct plm_policy_eval *ev, const struct plm_policy_rule *r, const char *what,
                           plm_err **err)
{
    plm_sv how = plm_policy_param(r, "when_not_checked");
    if (plm_sv_is(how, "ignore"))
        return 0;
    if (plm_sv_is(how, "fire"))
        return plm_policy_fire(ev, r, PLM_SV("not_checked"), "Not checked: %s", what);
    return plm_fail_id(err, PLM_E_POLICY, "policy.not-checked", "not checked: %s", what);
}
