/* SPDX-License-Identifier: Apache-2.0
 *
 * dockerfile: instructions, effective user and exposed ports, by the Dockerfile (mode Actual) or by the
 * image's own record of its build (mode Guessed). policy/dockerfile_lines.c prepares the lines; this file
 * judges them.
 *
 * Compat mode is the original: lines as they stand, the last USER of all stages, ports as words. In fixed
 * mode instructions are real ones, the user is the one that the image runs as (users are compared by name and
 * by number) and ports are a set of number and protocol.
 */
#include "policy/dockerfile_lines.h"

static const char *const instructions[] = {"ADD",        "ARG",     "COPY",    "CMD",         "ENTRYPOINT",
                                           "ENV",        "EXPOSE",  "FROM",    "HEALTHCHECK", "LABEL",
                                           "MAINTAINER", "ONBUILD", "USER",    "RUN",         "SHELL",
                                           "STOPSIGNAL", "VOLUME",  "WORKDIR", NULL};
static const char *const checks[] = {"=",        "!=", "exists", "not_exists", "like",
                                     "not_like", "in", "not_in", NULL};
static const char *const list_types[] = {"allowlist", "denylist", "whitelist", "blacklist", NULL};

#define ACTUAL_ONLY                                                                                          \
    {                                                                                                        \
        .name = "actual_dockerfile_only", .type = PLM_PARAM_BOOLEAN,                                         \
        .description = "Only where the Dockerfile itself was given, not what the image says of its build.",  \
        .example = "true", .otherwise = "false"                                                              \
    }
#define LIST_TYPE                                                                                            \
    {                                                                                                        \
        .name = "type", .type = PLM_PARAM_ENUM, .values = list_types, .is_required = true,                   \
        .description = "Whether the list says what is allowed or what is not.", .example = "denylist"        \
    }

static bool is_allowing(const struct plm_policy_rule *r)
{
    plm_sv type = plm_policy_param(r, "type");
    return plm_sv_is(type, "allowlist") || plm_sv_is(type, "whitelist");
}

/* The lines, or NULL where the rule stays silent (*out_rc 0) or cannot be judged (-1). */
static const struct plm_policy_lines *lines_for(struct plm_policy_eval *ev, const struct plm_policy_rule *r,
                                                int *out_rc, plm_err **err)
{
    const struct plm_image_facts *f = ev->facts;
    *out_rc = 0;
    if (plm_policy_param_bool(r, "actual_dockerfile_only", false) &&
        f->dockerfile_mode != PLM_DOCKERFILE_ACTUAL)
        return NULL;
    if (ev->mode == PLM_POLICY_FIXED && f->dockerfile_mode != PLM_DOCKERFILE_ACTUAL &&
        !(f->known & PLM_FACT_CONFIG)) {
        *out_rc = plm_fail(err, PLM_E_POLICY, "neither a Dockerfile nor the image's configuration is known");
        return NULL;
    }
    if (f->dockerfile_mode == PLM_DOCKERFILE_UNKNOWN)
        return NULL;
    const struct plm_policy_lines *l = plm_policy_lines(ev, r->gate, err);
    *out_rc = l ? 0 : -1;
    return l && l->v.n ? l : NULL; /* an empty Dockerfile is none to the original */
}

/* ---- instruction ------------------------------------------------------------------------- */

static bool is_in(struct plm_policy_eval *ev, const struct plm_policy_rule *r, plm_sv rest)
{
    plm_sv_vec list = plm_policy_param_list(ev, r, "value");
    for (size_t i = 0; i < list.n; i++)
        if (plm_sv_eq(list.v[i], rest))
            return true;
    return false;
}

static int line_fits(struct plm_policy_eval *ev, const struct plm_policy_rule *r, plm_sv check, plm_sv value,
                     plm_sv rest, plm_err **err)
{
    if (plm_sv_is(check, "exists") || plm_sv_is(check, "not_exists"))
        return plm_sv_is(check, "exists");
    if (plm_sv_is(check, "=") || plm_sv_is(check, "!="))
        return plm_sv_eq(rest, value) == plm_sv_is(check, "=");
    if (plm_sv_is(check, "in") || plm_sv_is(check, "not_in"))
        return is_in(ev, r, rest) == plm_sv_is(check, "in");
    int like = plm_policy_match(ev, value, rest, err);
    return like < 0 ? -1 : like == plm_sv_is(check, "like");
}

static int instruction(struct plm_policy_eval *ev, const struct plm_policy_rule *r, plm_err **err)
{
    int rc;
    const struct plm_policy_lines *l = lines_for(ev, r, &rc, err);
    plm_sv name = plm_policy_param(r, "instruction"), check = plm_policy_param(r, "check");
    plm_sv value = plm_policy_param(r, "value");
    bool needs_value = !plm_sv_is(check, "exists") && !plm_sv_is(check, "not_exists"), is_there = false;
    if (!l || (needs_value && !value.p))
        return rc;
    for (size_t i = 0; i < l->v.n; i++) {
        const struct plm_policy_line *line = &l->v.v[i];
        if (!plm_sv_eq(line->directive, name))
            continue;
        is_there = true;
        int fits = line_fits(ev, r, check, value, line->rest, err);
        if (fits < 0)
            return -1;
        if (fits && plm_policy_fire(
                        ev, r, PLM_SV_NULL,
                        "Dockerfile directive '%.*s' check '%.*s' matched against '%.*s' for line "
                        "'%.*s'",
                        PLM_SV_ARG(name), PLM_SV_ARG(check), PLM_SV_ARG(value), PLM_SV_ARG(line->rest)) < 0)
            return -1;
    }
    if (is_there || !plm_sv_is(check, "not_exists"))
        return 0;
    return plm_policy_fire(ev, r, PLM_SV_NULL,
                           "Dockerfile directive '%.*s' not found, matching condition 'not_exists' check",
                           PLM_SV_ARG(name));
}

static const struct plm_policy_param_type instruction_params[] = {
    {.name = "instruction",
     .type = PLM_PARAM_ENUM,
     .values = instructions,
     .is_required = true,
     .description = "The instruction, in upper case.",
     .example = "FROM"},
    {.name = "check",
     .type = PLM_PARAM_ENUM,
     .values = checks,
     .is_required = true,
     .description = "How what follows the instruction is compared; like and not_like take a regular "
                    "expression, in and not_in a list.",
     .example = "="},
    {.name = "value",
     .type = PLM_PARAM_STRING,
     .description = "What it is compared with; without it only exists and not_exists do anything.",
     .example = "scratch"},
    ACTUAL_ONLY,
    {0}};

/* ---- effective_user ---------------------------------------------------------------------- */

static int fire_user(struct plm_policy_eval *ev, const struct plm_policy_rule *r, plm_sv user, bool is_listed)
{
    if (is_allowing(r))
        return is_listed
                   ? 0
                   : plm_policy_fire(ev, r, PLM_SV_NULL,
                                     "User %.*s found as effective user, which is not on the allowed list",
                                     PLM_SV_ARG(user));
    return is_listed ? plm_policy_fire(ev, r, PLM_SV_NULL,
                                       "User %.*s found as effective user, which is explicity not allowed",
                                       PLM_SV_ARG(user))
                     : 0;
}

static int effective_user(struct plm_policy_eval *ev, const struct plm_policy_rule *r, plm_err **err)
{
    int rc;
    const struct plm_policy_lines *l = lines_for(ev, r, &rc, err);
    if (!l)
        return rc;
    plm_sv names[PLM_POLICY_USER_NAMES];
    size_t n = 0;
    if (ev->mode == PLM_POLICY_COMPAT)
        n = plm_policy_user_of_lines(l, &names[0]) ? 1 : 0;
    else
        n = plm_policy_user_of_image(ev, l, names);
    plm_sv_vec list = plm_policy_param_list(ev, r, "users");
    bool is_listed = false;
    for (size_t i = 0; i < list.n; i++)
        for (size_t k = 0; k < n; k++)
            is_listed |= plm_sv_eq(list.v[i], names[k]);
    return n ? fire_user(ev, r, names[0], is_listed) : 0;
}

static const struct plm_policy_param_type user_params[] = {{.name = "users",
                                                            .type = PLM_PARAM_STRING,
                                                            .is_required = true,
                                                            .description = "User names, commas between.",
                                                            .example = "root,docker"},
                                                           LIST_TYPE,
                                                           {0}};

/* ---- exposed_ports ----------------------------------------------------------------------- */

static int fire_port(struct plm_policy_eval *ev, const struct plm_policy_rule *r, plm_sv port)
{
    return is_allowing(r)
               ? plm_policy_fire(
                     ev, r, PLM_SV_NULL,
                     "Dockerfile exposes port (%.*s) which is not in policy file ALLOWEDPORTS list",
                     PLM_SV_ARG(port))
               : plm_policy_fire(ev, r, PLM_SV_NULL,
                                 "Dockerfile exposes port (%.*s) which is in policy file DENIEDPORTS list",
                                 PLM_SV_ARG(port));
}

/* Python's int() drops leading zeros. */
static plm_sv plain_number(plm_sv s)
{
    while (s.n > 1 && s.p[0] == '0')
        s = plm_sv_from_off(s, 1);
    return s;
}

static bool is_port(plm_sv word, plm_sv port, const char *suffix)
{
    plm_sv rest = plm_sv_from_off(word, port.n);
    return plm_sv_starts(word, port) && plm_sv_is(rest, suffix);
}

static bool take(plm_sv_vec *words, plm_sv port, const char *suffix)
{
    for (size_t i = 0; i < words->n; i++)
        if (is_port(words->v[i], port, suffix)) {
            memmove(&words->v[i], &words->v[i + 1], (words->n - i - 1) * sizeof(*words->v));
            words->n--;
            return true;
        }
    return false;
}

/* One line of the original: at most one finding per denied port; what is left when the allowed ones went. */
static int ports_of_line(struct plm_policy_eval *ev, const struct plm_policy_rule *r, const plm_sv_vec *list,
                         plm_sv_vec *words)
{
    static const char *const suffixes[] = {"", "/tcp", "/udp"};
    for (size_t i = 0; i < list->n; i++) {
        plm_sv port = plain_number(list->v[i]);
        plm_sv found = PLM_SV_NULL;
        for (size_t s = 0; s < 3 && !found.p && !is_allowing(r); s++)
            for (size_t k = 0; k < words->n && !found.p; k++)
                if (is_port(words->v[k], port, suffixes[s]))
                    found = words->v[k];
        if (found.p && fire_port(ev, r, found) < 0)
            return -1;
        while (is_allowing(r)) { /* again as long as there was one of udp */
            take(words, port, "");
            take(words, port, "/tcp");
            if (!take(words, port, "/udp"))
                break;
        }
    }
    for (size_t k = 0; k < words->n && is_allowing(r); k++)
        if (fire_port(ev, r, words->v[k]) < 0)
            return -1;
    return 0;
}

static int ports_compat(struct plm_policy_eval *ev, const struct plm_policy_rule *r,
                        const struct plm_policy_lines *l, const plm_sv_vec *list)
{
    for (size_t i = 0; i < l->v.n; i++) {
        const struct plm_policy_line *line = &l->v.v[i];
        bool is_ours =
            plm_sv_starts(line->text, PLM_SV("EXPOSE")) || plm_sv_starts(line->text, PLM_SV("expose"));
        plm_sv_vec words = {0};
        plm_sv rest = line->rest, word;
        if (!is_ours || !plm_sv_is(line->directive, "EXPOSE"))
            continue;
        while (plm_sv_word(&rest, &word)) {
            plm_sv *slot = plm_vec_push(ev->arena, &words);
            if (!slot)
                return -1;
            *slot = word;
        }
        if (words.n && ports_of_line(ev, r, list, &words) < 0)
            return -1;
    }
    return 0;
}

static bool has_port(const plm_sv_vec *list, uint32_t port)
{
    uint64_t n;
    for (size_t i = 0; i < list->n; i++)
        if (plm_sv_u64(list->v[i], &n) && n == port)
            return true;
    return false;
}

/* The dead branch of the original, which its documentation promises: 0 is any port. */
static int fire_any(struct plm_policy_eval *ev, const struct plm_policy_rule *r,
                    const struct plm_policy_ports *ports)
{
    plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(PLM_MIB(1));
    for (size_t i = 0; i < ports->n; i++)
        plm_buf_printf(&b, "%s'%.*s'", i ? ", " : "", PLM_SV_ARG(ports->v[i].text));
    plm_sv all = plm_buf_sv(&b);
    return ports->n
               ? plm_policy_fire(ev, r, PLM_SV_NULL,
                                 "Dockerfile exposes network ports but policy sets DENIEDPORTS=0: [%.*s]",
                                 PLM_SV_ARG(all))
               : 0;
}

/* What is no number (a variable without a value) is on no list; a range is, if each of its ports is. */
static int fire_unlisted(struct plm_policy_eval *ev, const struct plm_policy_rule *r, const plm_sv_vec *list,
                         const struct plm_policy_port *p)
{
    bool is_listed = !p->is_word;
    for (uint32_t n = p->first; n <= p->last && is_listed; n++)
        is_listed = has_port(list, n);
    return is_listed ? 0 : fire_port(ev, r, p->text);
}

static int fire_denied(struct plm_policy_eval *ev, const struct plm_policy_rule *r, const plm_sv_vec *list,
                       const struct plm_policy_port *p)
{
    uint64_t n;
    for (size_t i = 0; i < list->n && !p->is_word; i++) {
        if (!plm_sv_u64(list->v[i], &n) || n < p->first || n > p->last)
            continue;
        plm_sv text = p->text;
        if (p->first != p->last)
            text = plm_arena_printf(ev->arena, "%llu/%.*s", (unsigned long long)n, PLM_SV_ARG(p->protocol));
        if (!text.p || fire_port(ev, r, text) < 0)
            return -1;
    }
    return 0;
}

static int ports_fixed(struct plm_policy_eval *ev, const struct plm_policy_rule *r,
                       const struct plm_policy_lines *l, const plm_sv_vec *list, plm_err **err)
{
    struct plm_policy_ports ports = {0};
    if (plm_policy_ports_of_image(ev, l, &ports, err) < 0)
        return -1;
    if (has_port(list, 0))
        return is_allowing(r) ? 0 : fire_any(ev, r, &ports);
    for (size_t i = 0; i < ports.n; i++) {
        const struct plm_policy_port *p = &ports.v[i];
        if ((is_allowing(r) ? fire_unlisted(ev, r, list, p) : fire_denied(ev, r, list, p)) < 0)
            return -1;
    }
    return 0;
}

static int exposed_ports(struct plm_policy_eval *ev, const struct plm_policy_rule *r, plm_err **err)
{
    int rc;
    const struct plm_policy_lines *l = lines_for(ev, r, &rc, err);
    if (!l)
        return rc;
    plm_sv_vec list = plm_policy_param_list(ev, r, "ports");
    return ev->mode == PLM_POLICY_COMPAT ? ports_compat(ev, r, l, &list) : ports_fixed(ev, r, l, &list, err);
}

static const struct plm_policy_param_type ports_params[] = {
    {.name = "ports",
     .type = PLM_PARAM_NUMBERS,
     .is_required = true,
     .description = "Port numbers; 0 is any port (fixed mode).",
     .example = "80,8080,8088"},
    LIST_TYPE,
    ACTUAL_ONLY,
    {0}};

/* ---- the gate ---------------------------------------------------------------------------- */

static int no_dockerfile(struct plm_policy_eval *ev, const struct plm_policy_rule *r, plm_err **err)
{
    (void)err;
    return ev->facts->dockerfile_mode == PLM_DOCKERFILE_ACTUAL
               ? 0
               : plm_policy_fire(ev, r, PLM_SV_NULL, "Image was not analyzed with an actual Dockerfile");
}

static const struct plm_policy_trigger triggers[] = {
    {.name = "instruction",
     .description = "Fires for each instruction of a kind that compares true, or when there is none.",
     .params = instruction_params,
     .evaluate = instruction},
    {.name = "effective_user",
     .description = "Fires when the user that the image runs as is denied or not allowed.",
     .params = user_params,
     .evaluate = effective_user},
    {.name = "exposed_ports",
     .description = "Fires for each exposed port that is denied or not allowed.",
     .params = ports_params,
     .evaluate = exposed_ports},
    {.name = "no_dockerfile_provided",
     .description = "Fires when the Dockerfile itself was not given.",
     .evaluate = no_dockerfile},
    {0}};

static void wants(const struct plm_policy_rule *r, struct plm_arena *a, struct plm_policy_wants *out)
{
    out->facts |= PLM_FACT_CONFIG;
    if (strcmp(r->trigger->name, "effective_user") == 0) {
        out->facts |= PLM_FACT_STORED;
        (void)plm_sv_vec_add(a, &out->retrieve, PLM_SV("/etc/passwd"));
    }
}

static const struct plm_policy_gate dockerfile = {
    .name = "dockerfile",
    .description = "Instructions, user and ports by the Dockerfile, or by what the image says of its build.",
    .triggers = triggers,
    .wants = wants};
PLM_REGISTER(plm_policy_gates, struct plm_policy_gate, dockerfile);
