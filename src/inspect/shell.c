/* SPDX-License-Identifier: Apache-2.0
 *
 * Shell text to a flat list of simple commands (POSIX.1-2017, Shell Command Language, 2.10; bash's
 * additions). Parentheses and substitutions recurse, because their end decides where the text goes on;
 * keywords do not: `if`, `while`, `{` and the like are frames on a small stack of the list in which they
 * stand. So a command knows whether it is a condition and in which list it stands, and broken nesting costs
 * nothing but that.
 */
#include "inspect/shell_int.h"

enum frame_kind { FRAME_BRACE, FRAME_IF, FRAME_LOOP, FRAME_CASE };

struct frame {
    enum frame_kind kind;
    bool was_condition;
    uint32_t group;
};

/* One list: what is known between two commands. */
struct list {
    struct plm_sh_lex *x;
    char closer;
    struct frame frames[PLM_SH_DEPTH_MAX];
    size_t n_frames;
    enum plm_sh_link link;
    bool is_condition, is_negated, wants_pattern, is_subst, is_done;
    uint32_t group;
    size_t last; /* index of the last command + 1; 0: none */
};

void plm_sh_fault(struct plm_sh_lex *x, const char *why)
{
    if (x->out->is_partial)
        return;
    x->out->is_partial = true;
    x->out->fault = plm_sv_from(why);
    x->out->fault_line = plm_sh_line(x, x->at);
}

uint32_t plm_sh_line(struct plm_sh_lex *x, size_t at)
{
    for (; x->counted < at && x->counted < x->text.n; x->counted++)
        x->line += x->text.p[x->counted] == '\n';
    return x->line;
}

static struct plm_sh_command *last_command(const struct list *l)
{
    return l->last ? &l->x->out->commands.v[l->last - 1] : NULL;
}

/* ---- blanks, line ends, heredocs -------------------------------------------------------------------- */

static void skip_blanks(struct plm_sh_lex *x)
{
    for (;;) {
        int c = plm_sh_peek(x, 0);
        if (c == ' ' || c == '\t' || c == '\r')
            x->at++;
        else if (c == '\\' && plm_sh_peek(x, 1) == '\n')
            x->at += 2;
        else if (c == '#')
            while (x->at < x->text.n && x->text.p[x->at] != '\n')
                x->at++;
        else
            return;
    }
}

static void heredoc_body(struct plm_sh_lex *x, const struct plm_sh_pending *h)
{
    size_t from = x->at, end = from;
    while (x->at < x->text.n) {
        plm_sv rest = plm_sv_from_off(x->text, x->at), line;
        size_t before = rest.n;
        if (!plm_sv_line(&rest, &line))
            break;
        x->at += before - rest.n;
        while (h->chomps && line.n && line.p[0] == '\t')
            line = plm_sv_from_off(line, 1);
        if (plm_sv_eq(line, h->delimiter))
            break;
        end = x->at;
    }
    struct plm_sh_command *c = &x->out->commands.v[h->command];
    c->redirects.v[h->redirect].heredoc = plm_sv_sub(x->text, from, end - from);
}

/* At a line end. */
static void line_end(struct plm_sh_lex *x)
{
    x->at++;
    for (size_t i = 0; i < x->pending.n; i++)
        heredoc_body(x, &x->pending.v[i]);
    x->pending.n = 0;
}

/* ---- simple commands -------------------------------------------------------------------------------- */

static bool is_assignment(plm_sv raw, size_t *eq)
{
    size_t i = 0;
    while (i < raw.n && (raw.p[i] == '_' || (raw.p[i] >= 'a' && raw.p[i] <= 'z') ||
                         (raw.p[i] >= 'A' && raw.p[i] <= 'Z') || (i && raw.p[i] >= '0' && raw.p[i] <= '9')))
        i++;
    *eq = i;
    bool is_append = i + 1 < raw.n && raw.p[i] == '+' && raw.p[i + 1] == '=';
    return i && (is_append || (i < raw.n && raw.p[i] == '='));
}

static void assignment(struct plm_sh_lex *x, size_t command, struct plm_sh_word *w, size_t eq)
{
    struct plm_sh_assign *as = plm_vec_push(x->a, &x->out->commands.v[command].assigns);
    if (!as)
        return;
    as->is_append = w->raw.p[eq] == '+';
    as->name = plm_sv_sub(w->raw, 0, eq);
    as->value = *w;
    size_t skip = eq + 1 + as->is_append;
    as->value.raw = plm_sv_from_off(w->raw, skip);
    as->value.text = plm_sv_from_off(w->text, skip);
    if (as->value.raw.n == 0 && plm_sh_peek(x, 0) == '(') {
        size_t from = x->at;
        plm_sh_array_skip(x);
        as->value.raw = as->value.text = plm_sv_sub(x->text, from, x->at - from);
        as->value.is_literal = false;
    }
}

/* Length of a redirection operator at x->at, 0: none. */
static size_t redirect_op(const struct plm_sh_lex *x)
{
    static const char *const ops[] = {"<<<", "<<-", "&>>", "<<", ">>", "<&",
                                      ">&",  "&>",  "<>",  ">|", "<",  ">"};
    plm_sv rest = plm_sv_from_off(x->text, x->at);
    for (size_t i = 0; i < sizeof(ops) / sizeof(*ops); i++) {
        size_t n = strlen(ops[i]);
        if (plm_sv_starts(rest, plm_sv_n(ops[i], n)))
            return n == 1 && plm_sh_peek(x, 1) == '(' ? 0 : n; /* <(..): a word */
    }
    return 0;
}

static bool redirect(struct plm_sh_lex *x, size_t command)
{
    size_t from = x->at;
    while (plm_sh_peek(x, 0) >= '0' && plm_sh_peek(x, 0) <= '9')
        x->at++;
    plm_sv fd = plm_sv_sub(x->text, from, x->at - from);
    size_t n = redirect_op(x);
    if (!n) {
        x->at = from;
        return false;
    }
    plm_sv op = plm_sv_sub(x->text, x->at, n);
    x->at += n;
    skip_blanks(x);
    struct plm_sh_word target;
    plm_sh_word_read(x, &target);
    struct plm_sh_command *c = &x->out->commands.v[command];
    struct plm_sh_redirect *r = plm_vec_push(x->a, &c->redirects);
    if (!r)
        return true;
    *r = (struct plm_sh_redirect){.op = op, .fd = fd.n ? fd : PLM_SV_NULL, .target = target};
    if (!plm_sv_is(op, "<<") && !plm_sv_is(op, "<<-"))
        return true;
    struct plm_sh_pending *h = plm_vec_push(x->a, &x->pending);
    if (h)
        *h = (struct plm_sh_pending){.command = command,
                                     .redirect = c->redirects.n - 1,
                                     .delimiter = target.text,
                                     .chomps = op.n == 3};
    return true;
}

static bool ends_command(const struct plm_sh_lex *x)
{
    int c = plm_sh_peek(x, 0);
    return c < 0 || c == '\n' || c == ';' || c == '|' || c == ')' || (c == '&' && plm_sh_peek(x, 1) != '>');
}

static size_t command_begin(struct list *l)
{
    struct plm_sh_lex *x = l->x;
    struct plm_sh_command *c = plm_vec_push(x->a, &x->out->commands);
    if (!c)
        return SIZE_MAX;
    if (l->link == PLM_SH_PIPE)
        x->out->has_pipe = true;
    c->link = l->link;
    c->is_negated = l->is_negated;
    c->is_condition = l->is_condition;
    c->is_subst = l->is_subst;
    c->depth = x->depth + (unsigned)l->n_frames;
    c->group = l->group;
    c->line = plm_sh_line(x, x->at);
    l->last = x->out->commands.n;
    l->is_negated = false;
    l->link = PLM_SH_SEQ;
    return x->out->commands.n - 1;
}

static void word_add(struct plm_sh_lex *x, size_t command, const struct plm_sh_word *w)
{
    struct plm_sh_word *to = plm_vec_push(x->a, &x->out->commands.v[command].words);
    if (to)
        *to = *w;
}

/* `keyword` is that of for, case ...: words only. */
static void command(struct list *l, plm_sv keyword)
{
    struct plm_sh_lex *x = l->x;
    size_t ci = command_begin(l), eq;
    if (ci == SIZE_MAX)
        return;
    x->out->commands.v[ci].keyword = keyword;
    for (;;) {
        skip_blanks(x);
        if (ends_command(x) || *x->is_over)
            return;
        if (redirect(x, ci))
            continue;
        size_t n = x->out->commands.v[ci].words.n;
        if (plm_sh_peek(x, 0) == '(') {
            if (n != 1 || keyword.p) {
                plm_sh_fault(x, "a parenthesis where none may be");
                x->at++;
                continue;
            }
            x->at++; /* NAME () */
            skip_blanks(x);
            x->at += plm_sh_peek(x, 0) == ')';
            x->out->commands.v[ci].keyword = PLM_SV("function");
            l->link = PLM_SH_FIRST;
            return;
        }
        struct plm_sh_word w;
        plm_sh_word_read(x, &w);
        if (!n && !keyword.p && is_assignment(w.raw, &eq))
            assignment(x, ci, &w, eq);
        else
            word_add(x, ci, &w);
        if (n == 1 && plm_sv_is(keyword, "case") && plm_sv_is(w.raw, "in"))
            return; /* patterns follow */
    }
}

/* [[ ... ]]: one command; its operators are no connectors. */
static void double_brackets(struct list *l)
{
    struct plm_sh_lex *x = l->x;
    size_t ci = command_begin(l);
    if (ci == SIZE_MAX)
        return;
    x->out->commands.v[ci].keyword = PLM_SV("[[");
    while (x->at < x->text.n && !*x->is_over) {
        skip_blanks(x);
        struct plm_sh_word w;
        int c = plm_sh_peek(x, 0);
        if (c < 0)
            break;
        if (strchr("&|<>()\n;", c)) {
            x->at++;
            continue;
        }
        plm_sh_word_read(x, &w);
        word_add(x, ci, &w);
        if (plm_sv_is(w.raw, "]]"))
            return;
    }
    plm_sh_fault(x, "[[ has no end");
}

/* ---- keywords ---------------------------------------------------------------------------------------- */

static void push(struct list *l, enum frame_kind kind, bool is_condition)
{
    if (l->n_frames == PLM_SH_DEPTH_MAX) {
        plm_sh_fault(l->x, "nested too deep");
        l->x->at = l->x->text.n;
        return;
    }
    l->frames[l->n_frames++] =
        (struct frame){.kind = kind, .was_condition = l->is_condition, .group = l->group};
    l->is_condition = is_condition || l->is_condition;
    l->group = ++*l->x->groups;
    l->link = PLM_SH_FIRST;
}

static void pop(struct list *l, enum frame_kind kind)
{
    if (!l->n_frames || l->frames[l->n_frames - 1].kind != kind) {
        plm_sh_fault(l->x, "an end without its beginning");
        return;
    }
    const struct frame *f = &l->frames[--l->n_frames];
    l->is_condition = f->was_condition;
    l->group = f->group;
}

/* then, do, else: what follows is no condition (but of what is around it). */
static void branch(struct list *l, bool is_condition)
{
    bool outer = l->n_frames && l->frames[l->n_frames - 1].was_condition;
    l->is_condition = is_condition || outer;
    l->link = PLM_SH_FIRST;
}

enum keyword {
    KW_IF,
    KW_ELIF,
    KW_THEN,
    KW_ELSE,
    KW_FI,
    KW_WHILE,
    KW_FOR,
    KW_DO,
    KW_DONE,
    KW_CASE,
    KW_ESAC,
    KW_OPEN,
    KW_CLOSE,
    KW_NOT,
    KW_TIME,
    KW_FUNCTION,
    KW_TEST,
    KW_NONE,
};

static const struct {
    const char *word;
    enum keyword keyword;
} keywords[] = {
    {"if", KW_IF},      {"elif", KW_ELIF},   {"then", KW_THEN},         {"else", KW_ELSE},
    {"fi", KW_FI},      {"while", KW_WHILE}, {"until", KW_WHILE},       {"for", KW_FOR},
    {"select", KW_FOR}, {"do", KW_DO},       {"done", KW_DONE},         {"case", KW_CASE},
    {"esac", KW_ESAC},  {"{", KW_OPEN},      {"}", KW_CLOSE},           {"!", KW_NOT},
    {"time", KW_TIME},  {"coproc", KW_TIME}, {"function", KW_FUNCTION}, {"[[", KW_TEST},
};

static enum keyword keyword_at(const struct plm_sh_lex *x, plm_sv *word)
{
    size_t n = 0;
    while (x->at + n < x->text.n && !strchr(" \t\r\n;&|()<>\"'$`\\", x->text.p[x->at + n]))
        n++;
    *word = plm_sv_sub(x->text, x->at, n);
    int next = plm_sh_peek(x, n);
    if (next > 0 && strchr("\"'$`\\", next))
        return KW_NONE; /* a word that only begins so */
    for (size_t i = 0; i < sizeof(keywords) / sizeof(*keywords); i++)
        if (plm_sv_is(*word, keywords[i].word))
            return keywords[i].keyword;
    return KW_NONE;
}

/* The word and "in", then patterns. */
static void case_head(struct list *l)
{
    command(l, PLM_SV("case"));
    push(l, FRAME_CASE, false);
    l->wants_pattern = true;
}

/* for NAME [in ...]; for ((..;..;..)) */
static void for_head(struct list *l, plm_sv keyword)
{
    struct plm_sh_lex *x = l->x;
    skip_blanks(x);
    if (plm_sh_peek(x, 0) == '(' && plm_sh_peek(x, 1) == '(') {
        x->at += 2;
        if (!plm_sh_arithmetic_skip(x))
            plm_sh_fault(x, "(( has no end");
    } else {
        command(l, keyword);
    }
    push(l, FRAME_LOOP, false);
}

static void function_head(struct list *l)
{
    struct plm_sh_lex *x = l->x;
    skip_blanks(x);
    size_t ci = command_begin(l);
    if (ci == SIZE_MAX || ends_command(x))
        return;
    struct plm_sh_word w;
    x->out->commands.v[ci].keyword = PLM_SV("function");
    plm_sh_word_read(x, &w);
    word_add(x, ci, &w);
    skip_blanks(x);
    if (plm_sh_peek(x, 0) == '(') {
        x->at++;
        skip_blanks(x);
        x->at += plm_sh_peek(x, 0) == ')';
    }
    l->link = PLM_SH_FIRST;
}

/* A reserved word at the place of a command's name; false: it is none. */
static bool keyword(struct list *l)
{
    plm_sv word;
    enum keyword k = keyword_at(l->x, &word);
    if (k == KW_NONE)
        return false;
    if (k != KW_TEST)
        l->x->at += word.n;
    switch (k) {
    case KW_IF:
        push(l, FRAME_IF, true);
        break;
    case KW_WHILE:
        push(l, FRAME_LOOP, true);
        break;
    case KW_ELIF:
        branch(l, true);
        break;
    case KW_THEN:
    case KW_ELSE:
    case KW_DO:
        branch(l, false);
        break;
    case KW_FI:
        pop(l, FRAME_IF);
        break;
    case KW_DONE:
        pop(l, FRAME_LOOP);
        break;
    case KW_ESAC:
        pop(l, FRAME_CASE);
        break;
    case KW_CLOSE:
        pop(l, FRAME_BRACE);
        break;
    case KW_OPEN:
        push(l, FRAME_BRACE, false);
        break;
    case KW_FOR:
        for_head(l, word);
        break;
    case KW_CASE:
        case_head(l);
        break;
    case KW_FUNCTION:
        function_head(l);
        break;
    case KW_TEST:
        double_brackets(l);
        break;
    case KW_NOT:
        l->is_negated = true;
        break;
    case KW_TIME:
    case KW_NONE:
        break;
    }
    return true;
}

/* a|b) of a case, or esac. */
static void case_pattern(struct list *l)
{
    struct plm_sh_lex *x = l->x;
    plm_sv word;
    int c = plm_sh_peek(x, 0);
    if (c == '\n') {
        line_end(x);
        return;
    }
    l->wants_pattern = false;
    if (keyword_at(x, &word) == KW_ESAC)
        return;
    x->at += c == '(';
    while (x->at < x->text.n && !*x->is_over) {
        skip_blanks(x);
        c = plm_sh_peek(x, 0);
        if (c == ')') {
            x->at++;
            l->link = PLM_SH_FIRST;
            return;
        }
        struct plm_sh_word w;
        if (c == '|' || c == '\n' || c == ';')
            x->at++;
        else if (c >= 0)
            plm_sh_word_read(x, &w);
    }
    plm_sh_fault(x, "case has no end");
}

/* ---- lists ------------------------------------------------------------------------------------------- */

static void connect(struct list *l, enum plm_sh_link link, size_t n)
{
    struct plm_sh_command *c = last_command(l);
    if (c && c->next == PLM_SH_FIRST)
        c->next = link;
    if (c && link == PLM_SH_PIPE) {
        c->is_piped = true;
        l->x->out->has_pipe = true;
    }
    l->link = link;
    l->x->at += n;
}

/* A connector at x->at; false: there is none. */
static bool connector(struct list *l)
{
    struct plm_sh_lex *x = l->x;
    int c = plm_sh_peek(x, 0), next = plm_sh_peek(x, 1);
    if (c == '\n') {
        bool goes_on = l->link == PLM_SH_AND || l->link == PLM_SH_OR || l->link == PLM_SH_PIPE;
        if (!goes_on && l->last)
            connect(l, PLM_SH_SEQ, 0);
        line_end(x);
    } else if (c == ';') {
        bool is_case = next == ';' || next == '&';
        connect(l, PLM_SH_SEQ, is_case ? 2 : 1);
        x->at += is_case && plm_sh_peek(x, 0) == '&';
        l->wants_pattern = is_case && l->n_frames && l->frames[l->n_frames - 1].kind == FRAME_CASE;
    } else if (c == '&' && next == '&') {
        connect(l, PLM_SH_AND, 2);
    } else if (c == '&' && next != '>') {
        connect(l, PLM_SH_BACK, 1);
    } else if (c == '|' && next == '|') {
        connect(l, PLM_SH_OR, 2);
    } else if (c == '|') {
        connect(l, PLM_SH_PIPE, next == '&' ? 2 : 1);
    } else {
        return false;
    }
    return true;
}

/* At "(": a subshell, or (( arithmetic )). */
static void parenthesis(struct list *l)
{
    struct plm_sh_lex *x = l->x;
    x->at++;
    if (plm_sh_peek(x, 0) == '(') {
        size_t from = x->at++;
        if (plm_sh_arithmetic_skip(x))
            return;
        x->at = from;
    }
    if (++x->depth > PLM_SH_DEPTH_MAX) {
        plm_sh_fault(x, "nested too deep");
        x->at = x->text.n;
    } else {
        plm_sh_list(x, ')', l->is_subst);
    }
    x->depth--;
    l->link = PLM_SH_SEQ;
    l->last = x->out->commands.n;
}

static void step(struct list *l)
{
    struct plm_sh_lex *x = l->x;
    skip_blanks(x);
    int c = plm_sh_peek(x, 0);
    if (c < 0)
        return;
    if (l->wants_pattern) {
        case_pattern(l);
    } else if (c == ')') {
        x->at++;
        l->is_done = l->closer == ')';
        if (!l->is_done)
            plm_sh_fault(x, "a parenthesis that closes nothing");
    } else if (connector(l)) {
        return;
    } else if (c == '(') {
        parenthesis(l);
    } else if (!keyword(l)) {
        command(l, PLM_SV_NULL);
    }
}

void plm_sh_list(struct plm_sh_lex *x, char closer, bool is_subst)
{
    struct list *l = plm_arena_make(x->a, struct list);
    if (!l) {
        x->at = x->text.n;
        return;
    }
    l->x = x;
    l->closer = closer;
    l->is_subst = is_subst;
    l->group = ++*x->groups;
    while (x->at < x->text.n && !l->is_done && !*x->is_over && !plm_arena_failed(x->a))
        step(l);
    if (l->n_frames)
        plm_sh_fault(x, "the text ends inside a group");
    if (closer && !l->is_done)
        plm_sh_fault(x, "a parenthesis has no end");
}

int plm_shell_parse(plm_sv text, struct plm_arena *a, struct plm_shell *out, plm_err **err)
{
    *out = (struct plm_shell){0};
    if (text.n > PLM_SH_BYTES_MAX)
        return plm_fail(err, PLM_E_LIMIT, "shell text of %zu bytes is over the limit of %d", text.n,
                        PLM_SH_BYTES_MAX);
    size_t words = 0;
    bool is_over = false;
    uint32_t groups = 0;
    struct plm_sh_lex x = {
        .text = text, .a = a, .out = out, .words = &words, .is_over = &is_over, .groups = &groups, .line = 1};
    plm_sh_list(&x, 0, false);
    if (is_over)
        return plm_fail(err, PLM_E_LIMIT, "shell text has more than %d words", PLM_SH_WORDS_MAX);
    return plm_arena_check(a, err);
}

/* ---- what checks ask --------------------------------------------------------------------------------- */

plm_sv plm_sh_name(const struct plm_sh_command *c)
{
    return c->words.n && !c->keyword.p ? c->words.v[0].text : PLM_SV_NULL;
}

plm_sv plm_sh_base(const struct plm_sh_command *c)
{
    plm_sv name = plm_sh_name(c);
    size_t slash = plm_sv_rfind(name, '/');
    return slash == SIZE_MAX ? name : plm_sv_from_off(name, slash + 1);
}

bool plm_sh_has_flag(const struct plm_sh_command *c, const char *flag)
{
    plm_sv f = plm_sv_from(flag);
    for (size_t i = 1; i < c->words.n; i++) {
        plm_sv w = c->words.v[i].text, name, value;
        if (w.n < 2 || w.p[0] != '-')
            continue;
        if (w.p[1] == '-') {
            plm_sv_cut(plm_sv_from_off(w, 2), '=', &name, &value);
            if (plm_sv_eq(name, f))
                return true;
        } else if (f.n == 1 && plm_sv_find(plm_sv_from_off(w, 1), f.p[0]) != SIZE_MAX) {
            return true;
        }
    }
    return false;
}

void plm_sh_operands(const struct plm_sh_command *c, struct plm_arena *a, plm_sv_vec *out)
{
    bool is_after = false;
    for (size_t i = 1; i < c->words.n; i++) {
        plm_sv w = c->words.v[i].text;
        bool is_flag = !is_after && w.n > 1 && w.p[0] == '-';
        if (is_flag)
            is_after = plm_sv_is(w, "--");
        else {
            plm_sv *to = plm_vec_push(a, out);
            if (to)
                *to = w;
        }
    }
}
