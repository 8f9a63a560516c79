/* SPDX-License-Identifier: Apache-2.0
 *
 * Lines of the Dockerfile for rules. Compat: as the original splits them; a trailing backslash continues
 * nothing (a line with the two characters \$ is joined with the next one), and history entries that BuildKit
 * wrote become RUN. Fixed: instructions of the Dockerfile reader; without a Dockerfile the configuration says
 * what it knows (user, ports, volumes, command ...), and only the rest comes from the history.
 */
#include "policy/dockerfile_lines.h"
#include "base/text.h"
#include "inspect/dockerfile.h"

static struct plm_policy_line *add(struct plm_policy_eval *ev, struct plm_policy_lines *l, plm_sv directive,
                                   plm_sv rest, plm_sv text)
{
    struct plm_policy_line *line = plm_vec_push(ev->arena, &l->v);
    if (line)
        *line = (struct plm_policy_line){directive, plm_sv_trim(rest), text};
    return line;
}

static plm_sv upper(struct plm_arena *a, plm_sv s)
{
    char *p = plm_arena_cstr(a, s);
    for (size_t i = 0; p && i < s.n; i++)
        if (p[i] >= 'a' && p[i] <= 'z')
            p[i] = (char)(p[i] - 32);
    return plm_sv_n(p, p ? s.n : 0);
}

/* ---- compat ------------------------------------------------------------------------------ */

/* Without the two characters wherever they stand. */
static void put_joined(struct plm_buf *b, plm_sv line)
{
    for (size_t at; (at = plm_sv_find_sv(line, PLM_SV("\\$"))) != SIZE_MAX;
         line = plm_sv_from_off(line, at + 2))
        plm_buf_sv_put(b, plm_sv_sub(line, 0, at));
    plm_buf_sv_put(b, line);
}

static int add_compat(struct plm_policy_eval *ev, struct plm_policy_lines *l, plm_sv text, plm_err **err)
{
    plm_auto_done(plm_buf_done) struct plm_buf joined = PLM_BUF(PLM_MIB(64));
    plm_sv rest = text, line;
    while (plm_sv_line(&rest, &line)) {
        line = plm_sv_trim(line);
        if (!line.n || line.p[0] == '#')
            continue;
        put_joined(&joined, line);
        if (plm_sv_has(line, PLM_SV("\\$")) || !joined.n)
            continue;
        plm_sv whole = plm_arena_sv(ev->arena, plm_buf_sv(&joined)), head, tail;
        plm_sv_cut(whole, ' ', &head, &tail);
        if (plm_buf_check(&joined, err) < 0)
            return -1;
        if (!add(ev, l, upper(ev->arena, head), plm_sv_from_off(whole, head.n), whole))
            return plm_arena_check(ev->arena, err);
        plm_buf_clear(&joined);
    }
    return 0;
}

/* "/bin/sh -c #(nop)  CMD ..." is an instruction, everything else a RUN. */
static plm_sv history_line(struct plm_arena *a, plm_sv created_by)
{
    const plm_sv mark = PLM_SV("/bin/sh -c #(nop)");
    plm_sv rest = plm_sv_from_off(created_by, mark.n), line = plm_sv_trim(rest);
    if (plm_sv_starts(created_by, mark) && line.n < rest.n && rest.n &&
        (rest.p[0] == ' ' || rest.p[0] == '\t'))
        return line;
    return created_by.n ? plm_arena_printf(a, "RUN %.*s", PLM_SV_ARG(created_by)) : PLM_SV("");
}

static int add_guessed_compat(struct plm_policy_eval *ev, struct plm_policy_lines *l, plm_err **err)
{
    const struct plm_image_config *c = &ev->facts->config;
    if (ev->facts->dockerfile.n) /* a test case brings the reconstruction itself */
        return add_compat(ev, l, ev->facts->dockerfile, err);
    if (add_compat(ev, l, PLM_SV("FROM scratch"), err) < 0)
        return -1;
    for (size_t i = 0; i < c->history.n; i++)
        if (add_compat(ev, l, history_line(ev->arena, c->history.v[i].created_by), err) < 0)
            return -1;
    return 0;
}

/* ---- fixed ------------------------------------------------------------------------------- */

static bool is_expanded(enum plm_df_kind k)
{
    return k == PLM_DF_FROM || k == PLM_DF_EXPOSE || k == PLM_DF_USER || k == PLM_DF_WORKDIR ||
           k == PLM_DF_VOLUME || k == PLM_DF_STOPSIGNAL || k == PLM_DF_ADD || k == PLM_DF_COPY;
}

/* What follows the instruction: as it was written where that is one line, else joined; variables replaced
 * where they have values. */
static plm_sv rest_of(struct plm_policy_eval *ev, const struct plm_dockerfile *df,
                      const struct plm_df_instr *in)
{
    if (in->kind == PLM_DF_RUN && in->heredocs.n) {
        plm_sv shell = plm_df_shell_text(in, ev->arena);
        if (shell.p)
            return plm_sv_trim(shell);
    }
    plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(PLM_MIB(8));
    for (size_t i = 0; i < in->flags.n; i++) {
        const struct plm_df_flag *f = &in->flags.v[i];
        plm_buf_printf(&b, "--%.*s%s%.*s ", PLM_SV_ARG(f->name), f->value.p ? "=" : "", PLM_SV_ARG(f->value));
    }
    plm_buf_sv_put(&b, in->args);
    plm_sv text = plm_sv_trim(plm_sv_find(in->raw, '\n') == SIZE_MAX ? plm_sv_from_off(in->raw, in->keyword.n)
                                                                     : plm_buf_sv(&b));
    bool is_unset = false;
    if (is_expanded(in->kind) && plm_sv_find(text, '$') != SIZE_MAX) {
        plm_sv full = plm_df_expand(text, in->vars, df->escape, ev->arena, &is_unset);
        if (full.p && !is_unset)
            return full;
    }
    return plm_arena_sv(ev->arena, text);
}

static int add_actual(struct plm_policy_eval *ev, struct plm_policy_lines *l, plm_err **err)
{
    plm_sv text = ev->facts->dockerfile.p ? ev->facts->dockerfile : PLM_SV("");
    const struct plm_dockerfile *df = plm_dockerfile_parse(text, ev->arena, err);
    if (!df)
        return -1;
    l->parsed = df;
    for (size_t i = 0; i < df->instrs.n; i++) {
        const struct plm_df_instr *in = &df->instrs.v[i];
        plm_sv name = in->kind == PLM_DF_UNKNOWN ? upper(ev->arena, in->keyword)
                                                 : plm_sv_from(plm_df_kind_name(in->kind));
        if (!add(ev, l, name, rest_of(ev, df, in), in->raw))
            return plm_arena_check(ev->arena, err);
    }
    return 0;
}

static bool is_of_config(enum plm_df_kind k)
{
    return k != PLM_DF_ADD && k != PLM_DF_COPY && k != PLM_DF_RUN && k != PLM_DF_ARG &&
           k != PLM_DF_MAINTAINER && k != PLM_DF_ONBUILD && k != PLM_DF_FROM && k != PLM_DF_UNKNOWN;
}

static void add_text(struct plm_policy_eval *ev, struct plm_policy_lines *l, const char *name, plm_sv value)
{
    if (value.n)
        (void)add(ev, l, plm_sv_from(name), value, value);
}

static void add_each(struct plm_policy_eval *ev, struct plm_policy_lines *l, const char *name,
                     const plm_sv_vec *values)
{
    for (size_t i = 0; i < values->n; i++)
        add_text(ev, l, name, values->v[i]);
}

/* The exec form: ["a", "b"]. */
static void add_words(struct plm_policy_eval *ev, struct plm_policy_lines *l, const char *name,
                      const char *before, const plm_sv_vec *words, size_t from)
{
    plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(PLM_MIB(8));
    if (from >= words->n)
        return;
    plm_buf_printf(&b, "%s[", before);
    for (size_t i = from; i < words->n; i++) {
        plm_buf_str(&b, i > from ? ", " : "");
        plm_text_json(&b, words->v[i]);
    }
    plm_buf_byte(&b, ']');
    add_text(ev, l, name, plm_arena_sv(ev->arena, plm_buf_sv(&b)));
}

static void add_healthcheck(struct plm_policy_eval *ev, struct plm_policy_lines *l,
                            const struct plm_image_healthcheck *h)
{
    if (!h->is_set || !h->test.n)
        return;
    if (h->is_none)
        add_text(ev, l, "HEALTHCHECK", PLM_SV("NONE"));
    else if (plm_sv_is(h->test.v[0], "CMD-SHELL") && h->test.n > 1)
        add_text(ev, l, "HEALTHCHECK", plm_arena_printf(ev->arena, "CMD %.*s", PLM_SV_ARG(h->test.v[1])));
    else
        add_words(ev, l, "HEALTHCHECK", "CMD ", &h->test, 1);
}

static void add_config(struct plm_policy_eval *ev, struct plm_policy_lines *l)
{
    const struct plm_image_config *c = &ev->facts->config;
    add_each(ev, l, "ENV", &c->env);
    for (size_t i = 0; i < c->label_keys.n && i < c->label_values.n; i++)
        add_text(ev, l, "LABEL",
                 plm_arena_printf(ev->arena, "%.*s=%.*s", PLM_SV_ARG(c->label_keys.v[i]),
                                  PLM_SV_ARG(c->label_values.v[i])));
    add_each(ev, l, "EXPOSE", &c->exposed_ports);
    add_each(ev, l, "VOLUME", &c->volumes);
    add_each(ev, l, "ONBUILD", &c->onbuild);
    add_text(ev, l, "WORKDIR", c->workdir);
    add_text(ev, l, "USER", c->user);
    add_text(ev, l, "STOPSIGNAL", c->stop_signal);
    add_words(ev, l, "SHELL", "", &c->shell, 0);
    add_healthcheck(ev, l, &c->healthcheck);
    add_words(ev, l, "ENTRYPOINT", "", &c->entrypoint, 0);
    add_words(ev, l, "CMD", "", &c->cmd, 0);
}

static int add_guessed(struct plm_policy_eval *ev, struct plm_policy_lines *l, plm_err **err)
{
    if (ev->facts->dockerfile.n)
        return add_actual(ev, l, err);
    const struct plm_dockerfile *df = plm_dockerfile_of_history(&ev->facts->config, ev->arena, err);
    if (!df)
        return -1;
    add_text(ev, l, "FROM", PLM_SV("scratch"));
    for (size_t i = 0; i < df->instrs.n; i++) {
        const struct plm_df_instr *in = &df->instrs.v[i];
        if (!is_of_config(in->kind) && in->kind != PLM_DF_ONBUILD && in->kind != PLM_DF_UNKNOWN)
            add_text(ev, l, plm_df_kind_name(in->kind), in->args);
    }
    add_config(ev, l);
    return plm_arena_check(ev->arena, err);
}

const struct plm_policy_lines *plm_policy_lines(struct plm_policy_eval *ev,
                                                const struct plm_policy_gate *gate, plm_err **err)
{
    void **slot = plm_policy_prepared(ev, gate);
    if (!slot)
        return PLM_NULL(plm_fail_oom(err));
    struct plm_policy_lines *l = *slot;
    if (l)
        return l;
    l = plm_arena_make(ev->arena, struct plm_policy_lines);
    if (!l)
        return PLM_NULL(plm_arena_check(ev->arena, err));
    bool is_actual = ev->facts->dockerfile_mode == PLM_DOCKERFILE_ACTUAL;
    int rc = ev->mode == PLM_POLICY_COMPAT ? (is_actual ? add_compat(ev, l, ev->facts->dockerfile, err)
                                                        : add_guessed_compat(ev, l, err))
                                           : (is_actual ? add_actual(ev, l, err) : add_guessed(ev, l, err));
    if (rc < 0)
        return NULL;
    *slot = l;
    return l;
}

/* ---- user -------------------------------------------------------------------------------- */

/* "USER [root]": what stands behind the first "USER" and blanks, in brackets or not. */
bool plm_policy_user_of_lines(const struct plm_policy_lines *l, plm_sv *out)
{
    plm_sv line = PLM_SV("USER root");
    for (size_t i = 0; i < l->v.n; i++)
        if (plm_sv_is(l->v.v[i].directive, "USER"))
            line = plm_sv_trim(l->v.v[i].text);
    size_t at = plm_sv_find_sv(line, PLM_SV("USER"));
    if (at == SIZE_MAX)
        return false;
    plm_sv rest = plm_sv_from_off(line, at + 4), user = plm_sv_trim(rest);
    if (!user.n || user.p == rest.p)
        return false;
    if (user.p[0] == '[')
        user = plm_sv_from_off(user, 1);
    *out = plm_sv_sub(user, 0, plm_sv_find(user, ']'));
    return out->n > 0;
}

/* Of the last stage, else of the stage it continues. */
static plm_sv user_of_stages(const struct plm_dockerfile *df)
{
    uint32_t stage = (uint32_t)df->stages.n - 1;
    for (size_t guard = 0; stage < df->stages.n && guard <= df->stages.n; guard++) {
        const struct plm_df_stage *s = &df->stages.v[stage];
        for (uint32_t i = s->n; i-- > 0;) {
            const struct plm_df_instr *in = &df->instrs.v[s->first + i];
            if (in->kind == PLM_DF_USER && in->words.n)
                return in->words.v[0];
        }
        stage = s->parent;
    }
    return PLM_SV_NULL;
}

static plm_sv without_quotes(plm_sv s)
{
    if (s.n >= 2 && (s.p[0] == '"' || s.p[0] == '\'' || s.p[0] == '[') &&
        (s.p[s.n - 1] == s.p[0] || (s.p[0] == '[' && s.p[s.n - 1] == ']')))
        return plm_sv_sub(s, 1, s.n - 2);
    return s;
}

/* The entry of /etc/passwd by name or number. */
static bool find_account(const struct plm_image_facts *f, plm_sv user, plm_sv *name, plm_sv *uid)
{
    const struct plm_fact_stored *s = plm_image_facts_stored(f, PLM_SV("/etc/passwd"));
    plm_sv rest = s ? s->text : PLM_SV_NULL, line;
    while (plm_sv_line(&rest, &line)) {
        plm_sv tail, password;
        if (plm_sv_cut(line, ':', name, &tail) && plm_sv_cut(tail, ':', &password, &tail)) {
            plm_sv_cut(tail, ':', uid, &tail);
            if (plm_sv_eq(*name, user) || plm_sv_eq(*uid, user))
                return true;
        }
    }
    bool is_root = plm_sv_is(user, "root") || plm_sv_is(user, "0");
    *name = PLM_SV("root");
    *uid = PLM_SV("0");
    return is_root;
}

size_t plm_policy_user_of_image(struct plm_policy_eval *ev, const struct plm_policy_lines *l,
                                plm_sv out[PLM_POLICY_USER_NAMES])
{
    plm_sv whole = ev->facts->config.user, user, group, name, uid;
    if (!whole.n && l->parsed && l->parsed->stages.n)
        whole = user_of_stages(l->parsed);
    bool is_unset = false;
    if (whole.n && plm_sv_find(whole, '$') != SIZE_MAX && l->parsed && l->parsed->stages.n) {
        plm_sv full = plm_df_expand(whole, l->parsed->stages.v[l->parsed->stages.n - 1].vars,
                                    l->parsed->escape, ev->arena, &is_unset);
        whole = full.n && !is_unset ? full : whole;
    }
    whole = without_quotes(plm_sv_trim(whole));
    plm_sv_cut(whole, ':', &user, &group);
    if (!user.n)
        user = PLM_SV("root");
    size_t n = 0;
    out[n++] = user;
    if (whole.n)
        out[n++] = whole;
    if (find_account(ev->facts, user, &name, &uid)) {
        out[n++] = name;
        out[n++] = uid;
    }
    return n;
}

/* ---- ports ------------------------------------------------------------------------------- */

/* Once each: what a range covers already (configurations list each port of it) is not added again. */
static int add_port(struct plm_policy_eval *ev, struct plm_policy_ports *out, struct plm_policy_port port,
                    plm_err **err)
{
    for (size_t i = 0; i < out->n; i++) {
        const struct plm_policy_port *x = &out->v[i];
        if (x->is_word == port.is_word && (port.is_word ? plm_sv_eq(x->text, port.text)
                                                        : x->first <= port.first && port.last <= x->last &&
                                                              plm_sv_ieq(x->protocol, port.protocol)))
            return 0;
    }
    struct plm_policy_port *slot = plm_vec_push(ev->arena, out);
    if (!slot)
        return plm_arena_check(ev->arena, err);
    *slot = port;
    return 0;
}

/* "80", "80/udp", "8000-8010/tcp". */
static int add_word(struct plm_policy_eval *ev, struct plm_policy_ports *out, plm_sv word, plm_err **err)
{
    struct plm_policy_port p = {.text = word};
    plm_sv ports, first, last;
    uint64_t a, b;
    if (!plm_sv_cut(word, '/', &ports, &p.protocol) || !p.protocol.n)
        p.protocol = PLM_SV("tcp");
    bool is_range = plm_sv_cut(ports, '-', &first, &last);
    p.is_word = !plm_sv_u64(first, &a) || !plm_sv_u64(is_range ? last : first, &b) || a > b || b > 65535;
    if (!p.is_word) {
        p.first = (uint32_t)a;
        p.last = (uint32_t)b;
    }
    return add_port(ev, out, p, err);
}

int plm_policy_ports_of_image(struct plm_policy_eval *ev, const struct plm_policy_lines *l,
                              struct plm_policy_ports *out, plm_err **err)
{
    for (size_t i = 0; i < l->v.n; i++) {
        plm_sv rest = l->v.v[i].rest, word;
        if (!plm_sv_is(l->v.v[i].directive, "EXPOSE"))
            continue;
        while (plm_sv_word(&rest, &word))
            if (add_word(ev, out, without_quotes(word), err) < 0)
                return -1;
    }
    const plm_sv_vec *c = &ev->facts->config.exposed_ports;
    for (size_t i = 0; i < c->n; i++)
        if (add_word(ev, out, c->v[i], err) < 0)
            return -1;
    return 0;
}
