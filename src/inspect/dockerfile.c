/* SPDX-License-Identifier: Apache-2.0
 *
 * Dockerfile reader: physical lines to instructions, instructions to stages. The reference is
 * https://docs.docker.com/reference/dockerfile/ and, where that is silent, BuildKit's own parser:
 *   - directives (# syntax=, # escape=, # check=) count only before anything else, even a blank line;
 *   - a line ends in a continuation if its last character but blanks is the escape character, unless an
 *     escape character stands right before it; comment lines and blank lines inside a continued instruction
 *     vanish, blanks at the start of a continuation line stay;
 *   - heredocs are looked for in the words of ADD, COPY, RUN and ONBUILD of those: a word `<<NAME`, no
 *     `cat<<NAME`; their bodies follow in the order of the words;
 *   - an ARG before the first FROM is seen by FROM lines only, until a stage names it again; a stage that
 *     continues another has its ENVs and none of its ARGs.
 * One pass, linear in the text; variables are looked up in a list.
 */
#include "inspect/dockerfile_int.h"

#include "base/text.h"

#include <stdarg.h>

static const char *const kind_names[PLM_DF_KINDS_] = {
    [PLM_DF_UNKNOWN] = "",        [PLM_DF_ADD] = "ADD",
    [PLM_DF_ARG] = "ARG",         [PLM_DF_CMD] = "CMD",
    [PLM_DF_COPY] = "COPY",       [PLM_DF_ENTRYPOINT] = "ENTRYPOINT",
    [PLM_DF_ENV] = "ENV",         [PLM_DF_EXPOSE] = "EXPOSE",
    [PLM_DF_FROM] = "FROM",       [PLM_DF_HEALTHCHECK] = "HEALTHCHECK",
    [PLM_DF_LABEL] = "LABEL",     [PLM_DF_MAINTAINER] = "MAINTAINER",
    [PLM_DF_ONBUILD] = "ONBUILD", [PLM_DF_RUN] = "RUN",
    [PLM_DF_SHELL] = "SHELL",     [PLM_DF_STOPSIGNAL] = "STOPSIGNAL",
    [PLM_DF_USER] = "USER",       [PLM_DF_VOLUME] = "VOLUME",
    [PLM_DF_WORKDIR] = "WORKDIR",
};

const char *plm_df_kind_name(enum plm_df_kind kind)
{
    return kind_names[kind];
}

enum plm_df_kind plm_df_kind_of(plm_sv keyword)
{
    for (enum plm_df_kind k = PLM_DF_ADD; k < PLM_DF_KINDS_; k++)
        if (plm_sv_ieq(keyword, plm_sv_from(kind_names[k])))
            return k;
    return PLM_DF_UNKNOWN;
}

void plm_df_fault(struct plm_df_parser *p, uint32_t line, uint32_t column, const char *fmt, ...)
{
    if (++p->df->n_faults > PLM_DF_FAULTS_MAX)
        return;
    struct plm_df_fault *f = plm_vec_push(p->a, &p->df->faults);
    if (!f)
        return;
    va_list ap;
    va_start(ap, fmt);
    f->text = plm_arena_vprintf(p->a, fmt, ap);
    va_end(ap);
    f->line = line;
    f->column = column ? column : 1;
}

plm_sv plm_df_flag(const struct plm_df_instr *in, const char *name)
{
    for (size_t i = 0; i < in->flags.n; i++)
        if (plm_sv_is(in->flags.v[i].name, name))
            return in->flags.v[i].value.p ? in->flags.v[i].value : PLM_SV("");
    return PLM_SV_NULL;
}

uint32_t plm_df_stage_find(const struct plm_dockerfile *df, plm_sv name, uint32_t before)
{
    uint64_t number;
    if (plm_sv_u64(name, &number))
        return number < before && number < df->stages.n ? (uint32_t)number : PLM_NONE;
    uint32_t end = before < df->stages.n ? before : (uint32_t)df->stages.n;
    for (uint32_t i = end; i-- > 0;)
        if (df->stages.v[i].alias.p && plm_sv_ieq(df->stages.v[i].alias, name))
            return i;
    return PLM_NONE;
}

/* ---- lines ---------------------------------------------------------------------------------------- */

static bool next_line(struct plm_df_parser *p, plm_sv *line)
{
    if (!plm_sv_line(&p->rest, line))
        return false;
    p->line++;
    return true;
}

static plm_sv trim_left(plm_sv s)
{
    size_t i = 0;
    while (i < s.n && (s.p[i] == ' ' || s.p[i] == '\t' || s.p[i] == '\v' || s.p[i] == '\f' || s.p[i] == '\r'))
        i++;
    return plm_sv_from_off(s, i);
}

/* Is the line continued? Then *body is what stands before the escape character. */
static bool is_continued(plm_sv line, char escape, plm_sv *body)
{
    size_t n = line.n;
    while (n && (line.p[n - 1] == ' ' || line.p[n - 1] == '\t'))
        n--;
    if (!n || line.p[n - 1] != escape || (n > 1 && line.p[n - 2] == escape))
        return false;
    *body = plm_sv_sub(line, 0, n - 1);
    return true;
}

/* "# name=value" before anything else. */
static bool directive(struct plm_df_parser *p, plm_sv comment)
{
    plm_sv key, value;
    if (!p->in_directives || !plm_sv_cut(comment, '=', &key, &value))
        return false;
    key = plm_sv_trim(key);
    value = plm_sv_trim(value);
    bool is_escape = plm_sv_ieq(key, PLM_SV("escape"));
    plm_sv *slot = plm_sv_ieq(key, PLM_SV("syntax"))  ? &p->df->syntax
                   : plm_sv_ieq(key, PLM_SV("check")) ? &p->df->check
                                                      : NULL;
    if (is_escape && (plm_sv_is(value, "`") || plm_sv_is(value, "\\")))
        p->df->escape = value.p[0];
    else if (is_escape)
        plm_df_fault(p, p->line, 0, "the escape directive takes \\ or `, not %.*s", PLM_SV_ARG(value));
    else if (slot && slot->p)
        plm_df_fault(p, p->line, 0, "the directive %.*s is there twice", PLM_SV_ARG(key));
    else if (slot)
        *slot = value;
    return is_escape || slot;
}

static bool cut_word(plm_sv *s, const char *word)
{
    if (!plm_sv_starts(*s, plm_sv_from(word)))
        return false;
    *s = trim_left(plm_sv_from_off(*s, strlen(word)));
    return true;
}

static void ignore_add(struct plm_df_parser *p, plm_sv id, uint32_t line)
{
    if (++p->words > PLM_DF_WORDS_MAX) {
        p->is_over = true;
        return;
    }
    struct plm_df_ignore *ig = plm_vec_push(p->a, &p->df->ignores);
    if (ig)
        *ig = (struct plm_df_ignore){.id = id, .line = line, .at = p->line};
}

/* "hadolint [global] ignore=A,B [# why]" and "hadolint shell=NAME". `line` of ignores is set when the next
 * instruction starts (pending: PLM_NONE). */
static void pragma(struct plm_df_parser *p, plm_sv comment)
{
    plm_sv s = trim_left(comment), head, tail;
    if (!cut_word(&s, "hadolint"))
        return;
    bool is_shell = cut_word(&s, "shell"), is_global = !is_shell && cut_word(&s, "global");
    if ((!is_shell && !cut_word(&s, "ignore")) || !cut_word(&s, "="))
        return;
    plm_sv_cut(s, '#', &head, &tail);
    head = plm_sv_trim(head);
    if (is_shell) {
        p->df->shell_dialect = head;
        return;
    }
    plm_sv id;
    while (plm_sv_field(&head, ',', &id) && !p->is_over)
        if (plm_sv_trim(id).n)
            ignore_add(p, plm_sv_trim(id), is_global ? 0 : PLM_NONE);
}

/* Ignores that wait: for the instruction that starts here; a line that is no comment in between ends them. */
static void settle_ignores(struct plm_df_parser *p, uint32_t line)
{
    struct plm_df_ignore *v = p->df->ignores.v;
    for (size_t i = p->df->ignores.n; i-- > 0 && v[i].line == PLM_NONE;)
        v[i].line = line;
}

/* ---- heredocs ------------------------------------------------------------------------------------- */

/* A word `[fd]<<[-]NAME`: *name is as written, with its quotes. */
static bool heredoc_word(plm_sv word, plm_sv *fd, bool *chomps, plm_sv *name)
{
    size_t i = 0;
    while (i < word.n && word.p[i] >= '0' && word.p[i] <= '9')
        i++;
    plm_sv rest = plm_sv_from_off(word, i);
    if (!plm_sv_starts(rest, PLM_SV("<<")))
        return false;
    *fd = plm_sv_sub(word, 0, i);
    rest = plm_sv_from_off(rest, 2);
    *chomps = rest.n && rest.p[0] == '-';
    *name = plm_sv_from_off(rest, *chomps);
    return name->n && plm_sv_find(*name, '<') == SIZE_MAX;
}

static plm_sv without_tabs(plm_sv line)
{
    size_t i = 0;
    while (i < line.n && line.p[i] == '\t')
        i++;
    return plm_sv_from_off(line, i);
}

static void heredoc_body(struct plm_df_parser *p, struct plm_df_heredoc *h, bool chomps, uint32_t line)
{
    const char *from = p->rest.p;
    plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(PLM_DF_BYTES_MAX);
    plm_sv text;
    h->line = p->line + 1;
    const char *end = from;
    while (!h->is_terminated && next_line(p, &text)) {
        plm_sv bare = chomps ? without_tabs(text) : text;
        if (plm_sv_eq(bare, h->name)) {
            h->is_terminated = true;
            break;
        }
        end = p->rest.p ? p->rest.p : text.p + text.n;
        if (chomps) {
            plm_buf_sv_put(&b, bare);
            plm_buf_byte(&b, '\n');
        }
    }
    if (chomps)
        h->text = plm_arena_sv(p->a, plm_buf_sv(&b));
    else
        h->text = from ? plm_sv_n(from, (size_t)(end - from)) : PLM_SV("");
    if (!h->is_terminated)
        plm_df_fault(p, line, 0, "the heredoc %.*s has no end", PLM_SV_ARG(h->name));
}

static void heredocs(struct plm_df_parser *p, struct plm_df_instr *in, uint32_t line)
{
    plm_sv rest = in->args, word, fd, name;
    bool chomps;
    while (plm_df_word_next(&rest, p->df->escape, &word) && !p->is_over) {
        if (!heredoc_word(word, &fd, &chomps, &name))
            continue;
        if (++p->words > PLM_DF_WORDS_MAX) {
            p->is_over = true;
            return;
        }
        struct plm_df_heredoc *h = plm_vec_push(p->a, &in->heredocs);
        if (!h)
            return;
        uint64_t number = 0;
        h->name = plm_df_unquote(name, p->df->escape, p->a);
        h->is_quoted = !plm_sv_eq(h->name, name);
        h->fd = plm_sv_u64(fd, &number) && number < 1024 ? (unsigned)number : 0;
        heredoc_body(p, h, chomps, line);
    }
}

/* ---- variables and stages ------------------------------------------------------------------------- */

static void var_add(struct plm_df_parser *p, const struct plm_df_var **list, const struct plm_df_instr *in,
                    const struct plm_df_pair *pair)
{
    struct plm_df_var *v = plm_arena_make(p->a, struct plm_df_var);
    if (!v)
        return;
    v->name = pair->key;
    v->is_env = in->kind == PLM_DF_ENV;
    v->line = in->line;
    v->next = *list;
    bool is_unset = false;
    if (pair->raw_value.p) {
        v->value = plm_df_expand(pair->raw_value, in->vars, p->df->escape, p->a, &is_unset);
        p->expanded += v->value.n;
    } else if (in->stage != PLM_NONE) {
        const struct plm_df_var *global = plm_df_var_find(p->globals, pair->key);
        v->value = global ? global->value : PLM_SV_NULL;
    }
    if (is_unset || p->expanded > PLM_DF_BYTES_MAX)
        v->value = PLM_SV_NULL;
    *list = v;
}

/* Variables of a stage that continues another: a mark, then those of the parent. */
static const struct plm_df_var *inherit(struct plm_df_parser *p, const struct plm_df_var *parent)
{
    if (!parent)
        return NULL;
    struct plm_df_var *mark = plm_arena_make(p->a, struct plm_df_var);
    if (mark)
        mark->next = parent;
    return mark;
}

static void stage_begin(struct plm_df_parser *p, struct plm_df_instr *in)
{
    struct plm_dockerfile *df = p->df;
    uint32_t index = (uint32_t)df->stages.n;
    struct plm_df_stage *s = plm_vec_push(p->a, &df->stages);
    if (!s)
        return;
    in->stage = index;
    in->vars = p->globals;
    s->line = in->line;
    s->first = (uint32_t)df->instrs.n - 1;
    s->image = in->words.n ? in->words.v[0] : PLM_SV("");
    s->alias = in->words.n == 3 ? in->words.v[2] : PLM_SV_NULL;
    s->platform = plm_df_flag(in, "platform");
    s->resolved = plm_df_expand(s->image, p->globals, df->escape, p->a, &s->is_unset);
    s->parent = PLM_NONE;
    for (uint32_t i = index; i-- > 0 && s->parent == PLM_NONE;)
        if (df->stages.v[i].alias.p && plm_sv_ieq(df->stages.v[i].alias, s->resolved))
            s->parent = i;
    if (s->parent != PLM_NONE) {
        const struct plm_df_stage *parent = &df->stages.v[s->parent];
        s->shell = parent->shell;
        p->vars = inherit(p, parent->vars);
    } else {
        p->vars = NULL;
    }
}

/* What the instruction changes for those that follow. */
static void apply(struct plm_df_parser *p, struct plm_df_instr *in)
{
    struct plm_dockerfile *df = p->df;
    bool is_global = !df->stages.n;
    in->stage = is_global ? PLM_NONE : (uint32_t)df->stages.n - 1;
    in->vars = is_global ? p->globals : p->vars;
    if (in->kind == PLM_DF_FROM) {
        stage_begin(p, in);
    } else if (in->kind == PLM_DF_ARG || in->kind == PLM_DF_ENV) {
        for (size_t i = 0; i < in->pairs.n; i++)
            var_add(p, is_global ? &p->globals : &p->vars, in, &in->pairs.v[i]);
    } else if (in->kind == PLM_DF_SHELL && in->is_json && !is_global) {
        df->stages.v[in->stage].shell = in->words;
    }
    if (df->stages.n) {
        struct plm_df_stage *s = &df->stages.v[df->stages.n - 1];
        s->n = (uint32_t)df->instrs.n - s->first;
        s->vars = p->vars;
    }
}

/* ---- instructions --------------------------------------------------------------------------------- */

static bool takes_heredocs(enum plm_df_kind k)
{
    return k == PLM_DF_ADD || k == PLM_DF_COPY || k == PLM_DF_RUN;
}

static void cut_keyword(struct plm_df_instr *in, plm_sv text)
{
    plm_sv_word(&text, &in->keyword);
    in->args = plm_sv_trim(text);
    in->kind = plm_df_kind_of(in->keyword);
}

/* ONBUILD: the instruction that it registers. */
static void trigger(struct plm_df_parser *p, struct plm_df_instr *in)
{
    struct plm_df_instr *t = in->args.n ? plm_arena_make(p->a, struct plm_df_instr) : NULL;
    if (!t)
        return;
    t->line = in->line;
    t->layer = t->stage = PLM_NONE;
    cut_keyword(t, in->args);
    t->raw = in->args;
    plm_df_flags(p, t);
    if (t->kind == PLM_DF_UNKNOWN)
        plm_df_fault(p, in->line, 0, "ONBUILD: there is no instruction %.*s", PLM_SV_ARG(t->keyword));
    else if (t->kind != PLM_DF_ONBUILD)
        plm_df_operands(p, t);
    in->trigger = t;
}

static void instruction(struct plm_df_parser *p, plm_sv text, const char *raw, uint32_t line, uint32_t column)
{
    if (p->df->instrs.n >= PLM_DF_INSTRS_MAX) {
        p->is_over = true;
        return;
    }
    struct plm_df_instr *in = plm_vec_push(p->a, &p->df->instrs);
    if (!in)
        return;
    in->line = line;
    in->layer = PLM_NONE;
    cut_keyword(in, text);
    plm_df_flags(p, in);
    if (in->kind == PLM_DF_UNKNOWN)
        plm_df_fault(p, line, column, "there is no instruction %.*s", PLM_SV_ARG(in->keyword));
    plm_sv rest = in->args, word = {0};
    bool is_onbuild = in->kind == PLM_DF_ONBUILD && plm_sv_word(&rest, &word);
    if (takes_heredocs(in->kind) || (is_onbuild && takes_heredocs(plm_df_kind_of(word))))
        heredocs(p, in, line);
    in->end_line = p->line;
    const char *end = p->rest.p ? p->rest.p : p->start + p->text_n;
    in->raw = plm_sv_trim(plm_sv_n(raw, (size_t)(end - raw)));
    plm_df_operands(p, in);
    if (in->kind == PLM_DF_ONBUILD) {
        trigger(p, in);
        if (in->trigger)
            memcpy(&in->trigger->heredocs, &in->heredocs, sizeof(in->heredocs));
    }
    apply(p, in);
    if (in->trigger) {
        in->trigger->stage = in->stage;
        in->trigger->vars = in->vars;
        in->trigger->end_line = in->end_line;
    }
}

/* The first line is `line`; reads on as long as it is continued. */
static void logical_line(struct plm_df_parser *p, plm_sv line)
{
    uint32_t first = p->line;
    plm_sv text = trim_left(line), body;
    const char *raw = text.p;
    uint32_t column = (uint32_t)(line.n - text.n) + 1;
    settle_ignores(p, first);
    if (!is_continued(text, p->df->escape, &body)) {
        instruction(p, text, raw, first, column);
        return;
    }
    plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(PLM_DF_BYTES_MAX);
    plm_buf_sv_put(&b, body);
    bool goes_on = true;
    while (goes_on && next_line(p, &line)) {
        text = trim_left(line);
        if (!text.n || text.p[0] == '#')
            continue;
        goes_on = is_continued(line, p->df->escape, &body);
        plm_buf_sv_put(&b, goes_on ? body : line);
    }
    instruction(p, plm_arena_sv(p->a, plm_buf_sv(&b)), raw, first, column);
}

static void read_all(struct plm_df_parser *p)
{
    plm_sv line;
    while (!p->is_over && !plm_arena_failed(p->a) && next_line(p, &line)) {
        plm_sv text = trim_left(line);
        if (text.n && text.p[0] == '#') {
            plm_sv comment = plm_sv_from_off(text, 1);
            bool was_directive = directive(p, comment);
            p->in_directives = p->in_directives && was_directive;
            if (!was_directive)
                pragma(p, comment);
            continue;
        }
        p->in_directives = false;
        if (!text.n)
            settle_ignores(p, p->line); /* a blank line: they are for nothing */
        else
            logical_line(p, line);
    }
    settle_ignores(p, p->line + 1);
}

struct plm_dockerfile *plm_dockerfile_parse(plm_sv text, struct plm_arena *a, plm_err **err)
{
    if (text.n > PLM_DF_BYTES_MAX)
        return PLM_NULL(plm_fail(err, PLM_E_LIMIT, "a Dockerfile of %zu bytes is over the limit of %d",
                                 text.n, PLM_DF_BYTES_MAX));
    struct plm_dockerfile *df = plm_arena_make(a, struct plm_dockerfile);
    if (!df)
        return PLM_NULL(plm_arena_check(a, err));
    if (plm_sv_starts(text, PLM_SV("\xef\xbb\xbf")))
        text = plm_sv_from_off(text, 3);
    df->escape = '\\';
    struct plm_df_parser p = {.a = a,
                              .df = df,
                              .rest = text,
                              .start = text.p ? text.p : "",
                              .text_n = text.n,
                              .in_directives = true};
    read_all(&p);
    if (plm_arena_check(a, err) < 0)
        return NULL;
    if (p.is_over)
        return PLM_NULL(plm_fail(err, PLM_E_LIMIT, "line %u: more than %d instructions or %d words", p.line,
                                 PLM_DF_INSTRS_MAX, PLM_DF_WORDS_MAX));
    if (!df->instrs.n)
        plm_df_fault(&p, 1, 0, "there is no instruction in it");
    return df;
}

/* ---- what a shell sees ---------------------------------------------------------------------------- */

static bool is_shell_name(plm_sv path)
{
    size_t slash = plm_sv_rfind(path, '/');
    plm_sv base = slash == SIZE_MAX ? path : plm_sv_from_off(path, slash + 1);
    static const char *const shells[] = {"sh", "bash", "dash", "ash", "ksh", "zsh"};
    for (size_t i = 0; i < sizeof(shells) / sizeof(*shells); i++)
        if (plm_sv_is(base, shells[i]))
            return true;
    return false;
}

/* ["sh", "-c", TEXT] and ["bash", "-o", "pipefail", "-c", TEXT] */
static plm_sv exec_text(const struct plm_df_instr *in)
{
    if (in->words.n < 3 || !is_shell_name(in->words.v[0]))
        return PLM_SV_NULL;
    for (size_t i = 1; i + 1 < in->words.n; i++) {
        plm_sv w = in->words.v[i];
        if (w.n > 1 && w.p[0] == '-' && w.p[1] != '-' && w.p[w.n - 1] == 'c')
            return in->words.v[i + 1];
    }
    return PLM_SV_NULL;
}

/* A heredoc that is the whole command: its body is the script, for the shell or for what "#!" names. */
static plm_sv script_text(plm_sv text)
{
    plm_sv line, word, rest = text;
    if (!plm_sv_starts(text, PLM_SV("#!")) || !plm_sv_line(&rest, &line))
        return text;
    line = plm_sv_from_off(line, 2);
    while (plm_sv_word(&line, &word)) {
        if (is_shell_name(word))
            return text;
        bool is_env = plm_sv_ends(word, PLM_SV("/env")) || plm_sv_starts(word, PLM_SV("-"));
        if (!is_env)
            break;
    }
    return PLM_SV_NULL;
}

plm_sv plm_df_shell_text(const struct plm_df_instr *in, struct plm_arena *a)
{
    if (in->is_json)
        return exec_text(in);
    if (!in->heredocs.n)
        return in->args;
    plm_sv fd, name, rest = in->args, word;
    bool chomps;
    if (in->heredocs.n == 1 && plm_sv_word(&rest, &word) && !plm_sv_trim(rest).n &&
        heredoc_word(word, &fd, &chomps, &name))
        return script_text(in->heredocs.v[0].text);
    plm_auto_done(plm_buf_done) struct plm_buf b = PLM_BUF(2u * PLM_DF_BYTES_MAX);
    plm_buf_sv_put(&b, in->args);
    plm_buf_byte(&b, '\n');
    for (size_t i = 0; i < in->heredocs.n; i++) {
        plm_buf_sv_put(&b, in->heredocs.v[i].text);
        plm_buf_sv_put(&b, in->heredocs.v[i].name);
        plm_buf_byte(&b, '\n');
    }
    return b.failed ? PLM_SV_NULL : plm_arena_sv(a, plm_buf_sv(&b));
}
