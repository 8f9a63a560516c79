/* SPDX-License-Identifier: Apache-2.0
 *
 * Gate `files`: names, attributes, set-id bits and contents of the image's files. Paths are absolute,
 * expressions match at their start. Cost: entries times rules of name_match.
 */
#include "policy/gate_common.h"

static const char *const equalities[] = {"equals", "not_equals", NULL};

/* ---- the order of findings ---------------------------------------------------------------- */

struct place {
    uint32_t rank, index;
};

static int by_rank(const void *a, const void *b)
{
    const struct place *x = a, *y = b;
    if (x->rank != y->rank)
        return x->rank < y->rank ? -1 : 1;
    return (x->index > y->index) - (x->index < y->index);
}

/* Facts are sorted by path; findings come in the order of the document that the facts were read from, as the
 * original's do. Made once per evaluation. */
static const struct place *places_of(struct plm_policy_eval *ev, const struct plm_policy_rule *r,
                                     plm_err **err)
{
    size_t n = ev->facts->files.n;
    void **slot = plm_policy_prepared(ev, r->gate);
    if (slot && *slot)
        return *slot;
    struct place *v = slot ? plm_arena_array(ev->arena, n + 1, sizeof(*v)) : NULL;
    if (!v)
        return PLM_NULL(plm_fail_oom(err));
    bool is_ordered = true;
    for (size_t i = 0; i < n; i++) {
        v[i] = (struct place){ev->facts->files.v[i].rank, (uint32_t)i};
        is_ordered = is_ordered && (i == 0 || v[i - 1].rank <= v[i].rank);
    }
    if (!is_ordered)
        qsort(v, n, sizeof(*v), by_rank);
    *slot = v;
    return v;
}

/* ---- content_regex_match ----------------------------------------------------------------- */

/* Compares with the pattern's name or its expression. The original's example value looks like an expression,
 * but it only tests equality; FIXED takes an expression of the name, and the whole text, as well. */
static int content_fits(struct plm_policy_eval *ev, plm_sv wanted, plm_sv pattern, plm_err **err)
{
    plm_sv name, regex;
    if (!plm_sv_cut(pattern, '=', &name, &regex)) {
        name = PLM_SV_NULL;
        regex = pattern;
    }
    if (!wanted.n || plm_sv_eq(wanted, regex) || (name.n && plm_sv_eq(wanted, name)))
        return 1;
    if (ev->mode == PLM_POLICY_COMPAT)
        return 0;
    return plm_sv_eq(wanted, pattern) ? 1 : name.n ? plm_policy_match(ev, wanted, name, err) : 0;
}

static int content_regex_match(struct plm_policy_eval *ev, const struct plm_policy_rule *r, plm_err **err)
{
    plm_sv wanted = plm_policy_param(r, "regex_name");
    for (size_t i = 0; i < ev->facts->content.n; i++) {
        const struct plm_fact_match *m = &ev->facts->content.v[i];
        int fits = content_fits(ev, wanted, m->pattern, err);
        if (fits < 0)
            return -1;
        if (fits &&
            plm_policy_fire(ev, r, PLM_SV_NULL,
                            "File content analyzer found regexp match in container: file=%.*s regexp=%.*s",
                            PLM_SV_ARG(m->path), PLM_SV_ARG(m->pattern)) < 0)
            return plm_fail_oom(err);
    }
    return 0;
}

static const struct plm_policy_param_type content_params[] = {
    {.name = "regex_name",
     .type = PLM_PARAM_STRING,
     .description =
         "Name of a configured content pattern, or its expression. Fixed mode also takes an expression "
         "that the name matches.",
     .example = "PASSWORD",
     .otherwise = "every pattern"},
    {0}};

/* ---- name_match -------------------------------------------------------------------------- */

static int name_match(struct plm_policy_eval *ev, const struct plm_policy_rule *r, plm_err **err)
{
    plm_sv regex = plm_policy_param(r, "regex");
    const struct place *places = places_of(ev, r, err);
    for (size_t i = 0; places && i < ev->facts->files.n; i++) {
        plm_sv path = ev->facts->files.v[places[i].index].path;
        int fits = plm_policy_match(ev, regex, path, err);
        if (fits < 0)
            return -1;
        if (fits &&
            plm_policy_fire(ev, r, PLM_SV_NULL,
                            "Application of regex matched file found in container: file=%.*s regexp=%.*s",
                            PLM_SV_ARG(path), PLM_SV_ARG(regex)) < 0)
            return plm_fail_oom(err);
    }
    return places ? 0 : -1;
}

static const struct plm_policy_param_type name_params[] = {
    {.name = "regex",
     .type = PLM_PARAM_REGEX,
     .is_required = true,
     .description = "Expression that the start of the absolute path must match.",
     .example = ".*\\.pem"},
    {0}};

/* ---- attribute_match --------------------------------------------------------------------- */

/* Python's int(text, 8): blanks around it, a sign, "0o", single underscores between digits. */
static bool octal(plm_sv text, uint32_t *out)
{
    plm_sv s = plm_sv_trim(text);
    if (s.n && s.p[0] == '+')
        s = plm_sv_from_off(s, 1);
    if (plm_sv_starts(s, PLM_SV("0o")) || plm_sv_starts(s, PLM_SV("0O")))
        s = plm_sv_from_off(s, 2);
    uint32_t v = 0;
    bool may_be_digit_only = true;
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        if (c == '_' && !may_be_digit_only && i + 1 < s.n) {
            may_be_digit_only = true;
            continue;
        }
        if (c < '0' || c > '7' || v >> 29)
            return false;
        v = v * 8 + (uint32_t)(c - '0');
        may_be_digit_only = false;
    }
    *out = v;
    return s.n > 0;
}

/* 1: holds and is part of the message, 0: does not hold, -1: cannot be told. */
static int checksum_holds(struct plm_policy_eval *ev, const struct plm_policy_rule *r,
                          const struct plm_fact_file *f, struct plm_buf *message, plm_err **err)
{
    plm_sv checksum = plm_policy_param(r, "checksum"), op = plm_policy_param(r, "checksum_match");
    bool is_fixed = ev->mode == PLM_POLICY_FIXED,
         is_file = (f->mode & 0170000u) == 0100000u || !(f->mode & 0170000u);
    if (is_fixed && !f->sha256.p && is_file)
        return plm_fail_id(err, PLM_E_POLICY, "policy.not-checked", "the checksum of %.*s was not computed",
                           PLM_SV_ARG(f->path));
    bool is_equal = is_fixed ? plm_sv_ieq(f->sha256, checksum) : plm_sv_eq(f->sha256, checksum);
    if (is_equal == plm_sv_is(op, "not_equals"))
        return 0;
    plm_buf_printf(message, " and checksum=%.*s op=%s specified_checksum=%.*s", PLM_SV_ARG(f->sha256),
                   is_equal ? "equals" : "not_equals", PLM_SV_ARG(checksum));
    return 1;
}

static int mode_holds(const struct plm_policy_rule *r, const struct plm_fact_file *f, struct plm_buf *message,
                      plm_err **err)
{
    plm_sv text = plm_policy_param(r, "mode"), op = plm_policy_param(r, "mode_op");
    uint32_t mode = 0, actual = f->mode & 07777u;
    if (!octal(text, &mode))
        return plm_fail(err, PLM_E_POLICY, "invalid literal for int() with base 8: '%.*s'", PLM_SV_ARG(text));
    bool is_equal = mode == actual;
    if (is_equal == plm_sv_is(op, "not_equals"))
        return 0;
    plm_buf_printf(message, " and mode=0o%o op=%s specified_mode=0o%o", actual,
                   is_equal ? "equals" : "not_equals", mode);
    return 1;
}

static int attribute_match(struct plm_policy_eval *ev, const struct plm_policy_rule *r, plm_err **err)
{
    plm_sv name = plm_policy_param(r, "filename");
    const struct plm_fact_file *f = plm_image_facts_file(ev->facts, name);
    plm_auto_done(plm_buf_done) struct plm_buf message = PLM_BUF(PLM_MIB(1));
    if (!f) {
        if (plm_policy_param_bool(r, "skip_missing", true))
            return 0;
        plm_buf_str(&message, " and skip_missing=False");
    } else {
        int holds = plm_policy_param(r, "checksum").n ? checksum_holds(ev, r, f, &message, err) : 1;
        if (holds > 0 && plm_policy_param(r, "mode").n)
            holds = mode_holds(r, f, &message, err);
        if (holds <= 0 || !message.n)
            return holds < 0 ? -1 : plm_buf_check(&message, err);
    }
    if (plm_buf_check(&message, err) < 0)
        return -1;
    if (plm_policy_fire(ev, r, PLM_SV_NULL, "filename=%.*s%.*s", PLM_SV_ARG(name), (int)message.n,
                        message.p) < 0)
        return plm_fail_oom(err);
    return 0;
}

static const char *const algorithms[] = {"sha256", NULL};
static const struct plm_policy_param_type attribute_params[] = {
    {.name = "filename",
     .type = PLM_PARAM_STRING,
     .is_required = true,
     .description = "Absolute path of the one file to look at.",
     .example = "/etc/passwd"},
    {.name = "checksum_algorithm",
     .type = PLM_PARAM_ENUM,
     .values = algorithms,
     .description = "Algorithm of the checksum.",
     .example = "sha256",
     .otherwise = "sha256"},
    {.name = "checksum",
     .type = PLM_PARAM_STRING,
     .description = "Checksum to compare with, hexadecimal.",
     .example = "832cd0f75b227d13aac82b1f70b7f90191a4186c151f9db50851d209c45ede11"},
    {.name = "checksum_match",
     .type = PLM_PARAM_ENUM,
     .values = equalities,
     .description = "Fire on the same checksum or on another one.",
     .example = "not_equals",
     .otherwise = "equals"},
    {.name = "mode",
     .type = PLM_PARAM_STRING,
     .description = "Permission bits to compare with, in octal, set-id and sticky bits included.",
     .example = "00644"},
    {.name = "mode_op",
     .type = PLM_PARAM_ENUM,
     .values = equalities,
     .description = "Fire on the same permission bits or on others.",
     .example = "not_equals",
     .otherwise = "equals"},
    {.name = "skip_missing",
     .type = PLM_PARAM_BOOLEAN,
     .description =
         "Whether a file that is not there passes; if not, its absence fires whatever else is given.",
     .example = "false",
     .otherwise = "true"},
    {0}};

/* ---- suid_or_guid_set -------------------------------------------------------------------- */

static int suid_or_guid_set(struct plm_policy_eval *ev, const struct plm_policy_rule *r, plm_err **err)
{
    const struct place *places = places_of(ev, r, err);
    for (size_t i = 0; places && i < ev->facts->files.n; i++) {
        const struct plm_fact_file *f = &ev->facts->files.v[places[i].index];
        if ((f->mode & 06000u) &&
            plm_policy_fire(ev, r, PLM_SV_NULL, "SUID or SGID found set on file %.*s. Mode: 0o%o",
                            PLM_SV_ARG(f->path), f->mode) < 0)
            return plm_fail_oom(err);
    }
    return places ? 0 : -1;
}

/* ---- the gate ---------------------------------------------------------------------------- */

static void wants(const struct plm_policy_rule *r, struct plm_arena *a, struct plm_policy_wants *out)
{
    if (plm_policy_param(r, "checksum").n)
        (void)plm_sv_vec_add(a, &out->digests,
                             plm_policy_param(r, "filename")); /* the arena says if it failed */
}

static const struct plm_policy_trigger triggers[] = {
    {.name = "content_regex_match",
     .description = "Fires for each file in which a configured content pattern was found.",
     .params = content_params,
     .needs = PLM_FACT_CONTENT,
     .evaluate = content_regex_match},
    {.name = "name_match",
     .description = "Fires for each file, directory or other entry whose path matches.",
     .params = name_params,
     .needs = PLM_FACT_FILES,
     .evaluate = name_match},
    {.name = "attribute_match",
     .description =
         "Fires if one file has the given checksum and mode (or has not); all that is given must hold.",
     .params = attribute_params,
     .needs = PLM_FACT_FILES,
     .evaluate = attribute_match},
    {.name = "suid_or_guid_set",
     .description = "Fires for each entry with the set-user-id or set-group-id bit.",
     .needs = PLM_FACT_FILES,
     .evaluate = suid_or_guid_set},
    {0}};

static const struct plm_policy_gate files = {
    .name = "files",
    .description = "Files of the image: names, contents, attributes.",
    .triggers = triggers,
    .wants = wants,
};
PLM_REGISTER(plm_policy_gates, struct plm_policy_gate, files);
